//! Policies of an operator.

use super::{ann, object, role};
use tenure_access::Rules;
use tenure_model::access::{Action, ObjectKind, Permitted, Role};

fn with(file: &str, text: &str) -> Rules {
    Rules::with([(file.to_owned(), text.to_owned())]).unwrap()
}

#[test]
fn an_added_forbid_holds_and_is_named_in_the_denial() {
    let rules = with(
        "ours.cedar",
        "@id(\"ours.freeze\")\n@says(\"Nothing is revoked in the week of the closing.\")\n\
         forbid (principal is Person, action == Action::\"key.revoke\", resource);",
    );
    let actor = ann(role(Role::Responder, "*"));
    assert!(Rules::builtin().allows(&actor, Action::KeyRevoke, &object(ObjectKind::Key)));
    let denial = rules
        .decide(&actor, Action::KeyRevoke, &object(ObjectKind::Key))
        .unwrap_err();
    assert_eq!(denial.act.policies, ["ours.freeze"]);
    assert_eq!(
        denial.to_string(),
        "Nothing is revoked in the week of the closing."
    );
}

#[test]
fn an_added_permit_outweighs_no_forbid() {
    let rules = with(
        "ours.cedar",
        "@id(\"ours.all\")\n@says(\"All.\")\npermit (principal, action, resource);",
    );
    let actor = ann(Vec::new());
    assert!(rules.allows(&actor, Action::KeyRevoke, &object(ObjectKind::Key)));
    let denial = rules
        .decide(
            &actor,
            Action::RiskAccept,
            &super::hers(ObjectKind::Exception),
        )
        .unwrap_err();
    assert_eq!(
        denial.act.policies,
        ["separation.owner", "separation.requester"]
    );
}

#[test]
fn an_emptied_file_takes_a_role_away() {
    let rules = with("auditor.cedar", "// no auditors\n");
    let actor = ann(role(Role::Auditor, "*"));
    assert!(Rules::builtin().allows(&actor, Action::LogView, &object(ObjectKind::Unit)));
    let denial = rules
        .decide(&actor, Action::LogView, &object(ObjectKind::Unit))
        .unwrap_err();
    assert!(denial.act.policies.is_empty());
    assert_eq!(denial.to_string(), "No role may read the log.");
}

#[test]
fn a_policy_that_fails_while_it_is_asked_allows_nothing() {
    // An overflow is what no schema rules out. Cedar passes over a policy that fails; for a forbid that would allow.
    let rules = with(
        "ours.cedar",
        "@id(\"ours.sum\")\n@says(\"Too much.\")\n\
         forbid (principal is Person, action == Action::\"key.view\", resource)\n\
         when { resource.level + 9223372036854775807 > 1 };",
    );
    let actor = ann(role(Role::Viewer, "*"));
    let denial = rules
        .decide(&actor, Action::KeyView, &object(ObjectKind::Key))
        .unwrap_err();
    assert!(denial.failed);
    assert!(
        denial
            .to_string()
            .starts_with("The rules could not be applied")
    );
    assert!(
        rules
            .decide(&actor, Action::KeyList, &object(ObjectKind::Unit))
            .unwrap()
            .act()
            .policies
            == ["viewer"]
    );
}
