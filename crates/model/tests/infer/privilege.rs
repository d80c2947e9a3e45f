//! Rows "privilege, spend, publishable, test_mode" and "privileged_path, purpose".

use crate::build::*;
use tenure_model::{
    classify::Level,
    explain::FactName,
    facts::{Exposure, Privilege, PrivilegedPath, Publishable, Spend, Verdict},
    key::Basis,
    place::{Audience, Purpose},
};

fn can(privilege: Privilege) -> Scene {
    scene().observed(move |row| row.privilege = Some((privilege, "its policy".to_owned())))
}

#[test]
fn the_providers_answer_comes_before_the_ceiling_of_the_kind() {
    let ceiling = fact("privilege", "admin");
    let scene = can(Privilege::ReadNarrow).kind(&ceiling);
    assert_eq!(scene.facts().privilege, Privilege::ReadNarrow);
    assert_eq!(scene.basis(FactName::Privilege), Some(Basis::Observed));
}

#[test]
fn without_an_answer_the_ceiling_of_the_kind_is_inferred_and_without_a_kind_nothing_is() {
    let by_kind = scene().kind(&(fact("privilege", "admin") + &fact("spend", "uncapped")));
    assert_eq!(by_kind.facts().privilege, Privilege::Admin);
    assert_eq!(by_kind.facts().spend, Spend::Uncapped);
    assert_eq!(by_kind.basis(FactName::Privilege), Some(Basis::Inferred));
    let nothing = scene().facts();
    assert_eq!(
        (nothing.privilege, nothing.spend, nothing.test_mode),
        (Privilege::Unknown, Spend::Unknown, false)
    );
}

#[test]
fn no_declaration_lowers_privilege_below_what_was_observed() {
    for word in Privilege::ALL {
        let scene = can(Privilege::Admin)
            .declares(FactName::Privilege, word.word())
            .tabled(|row| row.privilege = Some((*word, "said so".to_owned())));
        assert_eq!(scene.facts().privilege, Privilege::Admin, "{word}");
    }
}

#[test]
fn no_name_lowers_privilege() {
    for name in [
        "readonly",
        "read-only-internal",
        "test key",
        "not customer-facing",
    ] {
        let scene = can(Privilege::Admin).observed(|row| row.name = Some(name.to_owned()));
        assert_eq!(scene.facts().privilege, Privilege::Admin, "{name}");
        assert!(!scene.facts().test_mode, "{name}");
    }
}

#[test]
fn of_two_answers_of_the_provider_the_wider_one_counts() {
    let wide = |row: &mut tenure_model::key::Row| {
        row.privilege = Some((Privilege::Admin, "a policy".to_owned()));
    };
    let first = can(Privilege::ReadNarrow).observed(wide);
    let second = scene()
        .observed(wide)
        .observed(|row| row.privilege = Some((Privilege::ReadNarrow, "another".to_owned())));
    for scene in [first, second] {
        assert_eq!(scene.facts().privilege, Privilege::Admin);
        assert!(scene.infer().disputes.iter().any(|d| d.fact == "privilege"));
    }
}

#[test]
fn a_test_key_is_known_by_its_form_or_by_its_provider() {
    let kind = "[credential.test_mode]\nvalue='by_prefix'\nprefixes=['acme_test_']\nsource='x'\nread_on='2026-11-01'\nbasis='documented'\n";
    let seen = |test_mode| {
        scene()
            .kind(kind)
            .seen("a.env", |sighting| sighting.test_mode = test_mode)
            .facts()
            .test_mode
    };
    assert!(seen(true));
    assert!(!seen(false));
}

#[test]
fn calling_a_key_a_test_key_does_not_lower_what_was_observed() {
    let plain = can(Privilege::Admin);
    let called = plain.clone().declares(FactName::TestMode, true);
    let tabled = plain.clone().tabled(|row| {
        row.declared.insert(FactName::TestMode, true.into());
    });
    for scene in [called, tabled] {
        assert_eq!(
            scene.judged().radius.level,
            plain.judged().radius.level,
            "a declared test mode lowered an observed privilege"
        );
    }
}

#[test]
fn a_kind_that_is_public_by_design_is_unrestricted_until_its_restriction_is_read() {
    let public = scene()
        .kind(&fact("publishable", "yes"))
        .seen("web/app.js", |s| s.audience = Audience::Public);
    assert_eq!(public.facts().publishable, Publishable::Unrestricted);
    assert_eq!(public.judged().verdict, Verdict::ExposureOpen);
    let declared = public.declares(FactName::Publishable, "restricted");
    assert_eq!(declared.facts().publishable, Publishable::Restricted);
}

#[test]
fn a_kind_that_is_secret_is_not_made_public_by_a_declaration() {
    for word in ["restricted", "unrestricted"] {
        let scene = scene()
            .kind(&fact("publishable", "no"))
            .seen("web/app.js", |s| s.audience = Audience::Public)
            .declares(FactName::Publishable, word);
        assert_eq!(scene.facts().exposure_in_effect(), Exposure::Confirmed);
        assert_eq!(scene.judged().verdict, Verdict::Exposed, "{word}");
        assert!(
            scene
                .infer()
                .disputes
                .iter()
                .any(|d| d.fact == "publishable"),
            "what was declared is shown"
        );
    }
}

#[test]
fn a_place_shows_the_privileged_path() {
    for (path, expected) in [
        (".github/workflows/release.yml", PrivilegedPath::Publishing),
        (".github/workflows/deploy.yml", PrivilegedPath::Deployment),
        ("admin/connector.yaml", PrivilegedPath::AdminConnector),
        (".mcp.json", PrivilegedPath::AgentWrite),
        ("scripts/support/refund.py", PrivilegedPath::SupportScript),
    ] {
        let scene = scene().seen(path, |_| {});
        assert_eq!(scene.facts().privileged_path, expected, "{path}");
        assert_eq!(
            scene.basis(FactName::PrivilegedPath),
            Some(Basis::Observed),
            "{path}"
        );
    }
}

#[test]
fn a_name_shows_it_where_no_place_does() {
    for (name, purpose, path) in [
        (
            "argocd-prod",
            Purpose::Deployment,
            PrivilegedPath::Deployment,
        ),
        (
            "scim provisioning",
            Purpose::AdminConnector,
            PrivilegedPath::AdminConnector,
        ),
        (
            "helpdesk-macro",
            Purpose::SupportScript,
            PrivilegedPath::SupportScript,
        ),
        (
            "mcp-tickets",
            Purpose::AgentTool,
            PrivilegedPath::AgentWrite,
        ),
        ("grafana", Purpose::Monitoring, PrivilegedPath::Unknown),
        ("xyz", Purpose::Unknown, PrivilegedPath::Unknown),
    ] {
        let inferred = scene()
            .observed(|row| row.name = Some(name.to_owned()))
            .infer();
        assert_eq!(inferred.purpose, purpose, "{name}");
        assert_eq!(inferred.facts.privileged_path, path, "{name}");
    }
}

#[test]
fn a_declaration_raises_the_path_and_never_lowers_what_a_place_shows() {
    let seen = || scene().seen(".github/workflows/deploy.yml", |_| {});
    for word in PrivilegedPath::ALL {
        let file = seen().declares(FactName::PrivilegedPath, word.word());
        let table = seen().tabled(|row| {
            row.declared
                .insert(FactName::PrivilegedPath, word.word().into());
        });
        for scene in [file, table] {
            let path = scene.facts().privileged_path;
            assert!(path >= PrivilegedPath::Deployment, "{word} gave {path}");
            assert!(scene.judged().radius.level >= Level::B3, "{word}");
        }
    }
    let raised = seen().declares(FactName::PrivilegedPath, "publishing");
    assert_eq!(raised.facts().privileged_path, PrivilegedPath::Publishing);
}

#[test]
fn internal_and_not_customer_facing_lower_nothing() {
    let plain = |path: &str| scene().seen(path, |_| {});
    for path in [
        ".github/workflows/deploy.yml",
        ".mcp.json",
        "scripts/support/refund.py",
        "src/a.py",
    ] {
        for words in [
            "internal",
            "not customer-facing",
            "internal only, not customer facing",
        ] {
            let said = plain(path).tabled(|row| {
                row.name = Some(words.to_owned());
                row.tags.insert("purpose".to_owned(), words.to_owned());
                row.tags.insert("scope".to_owned(), words.to_owned());
                row.system = Some(words.to_owned());
            });
            assert_eq!(
                said.facts().privileged_path,
                plain(path).facts().privileged_path,
                "{path}: {words}"
            );
            assert_eq!(
                said.judged().radius.level,
                plain(path).judged().radius.level,
                "{path}: {words}"
            );
        }
    }
}

#[test]
fn a_declared_purpose_wins_and_lowers_no_observed_path() {
    let scene = scene()
        .seen(".github/workflows/deploy.yml", |_| {})
        .file(|declaration| declaration.purpose = Some(Purpose::Monitoring));
    let inferred = scene.infer();
    assert_eq!(inferred.purpose, Purpose::Monitoring);
    assert_eq!(inferred.facts.privileged_path, PrivilegedPath::Deployment);
}

#[test]
fn a_kind_that_publishes_does_so_wherever_it_lies() {
    let scene = scene()
        .kind(&fact("path", "publishing"))
        .seen("a.env", |_| {});
    assert_eq!(scene.facts().privileged_path, PrivilegedPath::Publishing);
    let denied = scene.declares(FactName::PrivilegedPath, "none");
    assert_eq!(denied.facts().privileged_path, PrivilegedPath::Publishing);
}

#[test]
fn who_says_unknown_says_nothing_and_the_ceiling_of_the_kind_counts() {
    let ceiling = fact("privilege", "admin");
    for scene in [
        can(Privilege::Unknown),
        scene().declares(FactName::Privilege, "unknown"),
        scene().declares(FactName::Privilege, serde_json::Value::Null),
    ] {
        assert_eq!(scene.kind(&ceiling).facts().privilege, Privilege::Admin);
    }
}

#[test]
fn a_copy_in_the_form_of_a_live_key_is_no_test_key_by_declaration() {
    let kind = "[credential.test_mode]\nvalue='by_prefix'\nprefixes=['acme_test_']\nsource='x'\nread_on='2026-11-01'\nbasis='documented'\n";
    let declared = || scene().kind(kind).declares(FactName::TestMode, true);
    assert!(declared().facts().test_mode);
    assert!(!declared().seen("a.env", |_| {}).facts().test_mode);
    // A public id has no form that would tell.
    assert!(declared().seen("a.env", public_half).facts().test_mode);
    // Where the form does not tell, it tells nothing against the declaration.
    let by_provider = kind.replace("by_prefix", "by_provider");
    let declared = scene()
        .kind(&by_provider)
        .declares(FactName::TestMode, true);
    assert!(declared.seen("a.env", |_| {}).facts().test_mode);
}

#[test]
fn a_key_for_emergencies_is_known_by_each_way_of_writing_it() {
    for name in [
        "prod breakglass",
        "break-glass-root",
        "Break Glass root",
        "emergency-admin",
    ] {
        let inferred = scene()
            .observed(|row| row.name = Some(name.to_owned()))
            .infer();
        assert_eq!(inferred.purpose, Purpose::BreakGlass, "{name}");
    }
    let other = scene().observed(|row| row.name = Some("glass-break-report".to_owned()));
    assert_ne!(other.infer().purpose, Purpose::BreakGlass);
}
