//! What no role outweighs.

use super::{ann, object, role, unit, via, who};
use proptest::prelude::*;
use std::sync::LazyLock;
use tenure_access::Rules;
use tenure_model::{
    access::{
        Action, Actor, Authority, Caller, Held, Involved, Object, ObjectKind, Permitted, Role,
        Sort, Unit, Via,
    },
    level::Level,
};

static RULES: LazyLock<Rules> = LazyLock::new(Rules::builtin);

/// Every role everywhere, with the widest authority.
fn all_roles() -> Vec<Held> {
    let all = Role::ALL.iter().map(|one| Held::new(*one, Unit::whole()));
    all.chain([Held::risk_owner(Unit::whole(), Authority::GoverningBody)])
        .collect()
}

fn forbids(actor: &Actor, act: Action, object: &Object) -> Vec<String> {
    let denial = RULES.decide(actor, act, object).unwrap_err();
    assert!(!denial.failed);
    assert_eq!(denial.act.policies.len(), denial.because.len());
    assert!(denial.because.iter().all(|one| !one.says.is_empty()));
    denial.act.policies
}

const SIGNED: [Action; 5] = [
    Action::ExceptionApprove,
    Action::RiskAccept,
    Action::ExceptionReview,
    Action::ExceptionReaffirm,
    Action::KeyRequestApprove,
];

#[test]
fn nobody_signs_what_they_request_own_or_use_whatever_roles_they_hold() {
    for act in SIGNED {
        let base = object(act.object());
        assert!(
            RULES.allows(&ann(all_roles()), act, &base),
            "{act} is possible at all"
        );
        let with = |people: Involved| Object {
            people,
            ..base.clone()
        };
        let me = || vec![who("Ann")];
        for (policy, people) in [
            (
                "separation.requester",
                Involved {
                    requested_by: me(),
                    ..Involved::default()
                },
            ),
            (
                "separation.owner",
                Involved {
                    owners: me(),
                    ..Involved::default()
                },
            ),
            (
                "separation.user",
                Involved {
                    users: me(),
                    ..Involved::default()
                },
            ),
        ] {
            assert_eq!(
                forbids(&ann(all_roles()), act, &with(people)),
                [policy],
                "{act}"
            );
        }
    }
}

#[test]
fn from_b3_approver_and_acceptor_are_two_people() {
    for level in Level::ALL {
        let base = Object {
            level: *level,
            authority: Authority::for_level(*level),
            ..object(ObjectKind::Exception)
        };
        let approved = Object {
            people: Involved {
                approved_by: vec![who("ann")],
                ..Involved::default()
            },
            ..base.clone()
        };
        let accepted = Object {
            people: Involved {
                accepted_by: vec![who("ann")],
                ..Involved::default()
            },
            ..base
        };
        let one_person = *level < Level::B3;
        assert_eq!(
            RULES.allows(&ann(all_roles()), Action::RiskAccept, &approved),
            one_person,
            "{level}"
        );
        assert_eq!(
            RULES.allows(&ann(all_roles()), Action::ExceptionApprove, &accepted),
            one_person,
            "{level}"
        );
    }
}

#[test]
fn a_signature_reaches_as_far_as_its_authority_and_where_it_is_held() {
    for act in [
        Action::RiskAccept,
        Action::ExceptionReview,
        Action::ExceptionReaffirm,
    ] {
        for has in Authority::ALL {
            for needed in Authority::ALL {
                let object = Object {
                    authority: *needed,
                    ..object(ObjectKind::Exception)
                };
                let held = vec![Held::risk_owner(unit("emea"), *has)];
                assert_eq!(
                    RULES.allows(&ann(held), act, &object),
                    has >= needed,
                    "{act} {has} {needed}"
                );
                // An executive of another unit is none here.
                let mixed = vec![
                    Held::risk_owner(unit("apac"), *has),
                    Held::new(Role::RiskOwner, unit("emea")),
                ];
                let here = *needed == Authority::SystemRiskOwner;
                assert_eq!(
                    RULES.allows(&ann(mixed), act, &object),
                    here,
                    "{act} {has} {needed}"
                );
            }
        }
    }
}

#[test]
fn nobody_gives_roles_or_links_to_themselves() {
    let mine = Object::account(&who("ann"), unit("emea"));
    let other = Object::account(&who("bob"), unit("emea"));
    for act in [Action::RoleAssign, Action::SetupLinkMake] {
        assert_eq!(
            forbids(&ann(all_roles()), act, &mine),
            ["separation.own_roles"]
        );
        assert!(RULES.allows(&ann(all_roles()), act, &other));
    }
}

#[test]
fn signing_needs_a_fresh_sign_in_and_no_token_signs() {
    let every: Vec<Sort> = Sort::ALL.to_vec();
    for act in Action::ALL.iter().filter(|act| act.sort() == Sort::Sign) {
        let object = match act {
            Action::KeyAttest => super::hers(ObjectKind::Key),
            act => object(act.object()),
        };
        assert!(RULES.allows(&ann(all_roles()), *act, &object), "{act}");
        let stale = via(all_roles(), Via::Session { fresh: false });
        assert_eq!(forbids(&stale, *act, &object), ["session.stale"], "{act}");
        let token = via(
            all_roles(),
            Via::Token {
                sorts: every.clone(),
                within: Unit::whole(),
            },
        );
        assert!(
            forbids(&token, *act, &object).contains(&"token.signs".to_owned()),
            "{act}"
        );
    }
}

#[test]
fn a_token_does_only_what_it_was_made_for_and_where() {
    for act in Action::ALL {
        if matches!(act.sort(), Sort::Sign | Sort::Carry) {
            continue;
        }
        let object = super::hers(act.object());
        let with = |sorts: &[Sort], within: &str| {
            via(
                all_roles(),
                Via::Token {
                    sorts: sorts.to_vec(),
                    within: unit(within),
                },
            )
        };
        let person = RULES.allows(&ann(all_roles()), *act, &object);
        let never = matches!(
            act,
            Action::RoleAssign | Action::TokenMake | Action::SetupLinkMake
        );
        assert_eq!(
            RULES.allows(&with(&[act.sort()], "emea"), *act, &object),
            person && !never,
            "{act}"
        );
        let others: Vec<Sort> = Sort::ALL
            .iter()
            .copied()
            .filter(|sort| *sort != act.sort())
            .collect();
        assert!(
            !RULES.allows(&with(&others, "*"), *act, &object),
            "{act}: another sort"
        );
        assert!(
            !RULES.allows(&with(&[act.sort()], "apac"), *act, &object),
            "{act}: elsewhere"
        );
        assert!(
            !RULES.allows(&with(&[], "*"), *act, &object),
            "{act}: no sort"
        );
    }
}

#[test]
fn who_left_may_do_nothing() {
    for act in Action::ALL {
        let gone = Actor::Person(Caller {
            person: who("ann"),
            active: false,
            roles: all_roles(),
            via: Via::Session { fresh: true },
        });
        assert!(
            forbids(&gone, *act, &super::hers(act.object())).contains(&"session.gone".to_owned()),
            "{act}"
        );
    }
}

#[test]
fn a_permit_carries_who_what_and_by_which_policies() {
    let permit = RULES
        .decide(
            &ann(role(Role::Analyst, "emea")),
            Action::KeyEdit,
            &object(ObjectKind::Key),
        )
        .unwrap();
    let act = permit.act();
    assert_eq!(
        (act.actor.as_str(), act.action, act.object_id.as_str()),
        ("person:ann", Action::KeyEdit, "1")
    );
    assert_eq!(
        (act.policies.clone(), act.rules.as_str()),
        (vec!["analyst".to_owned()], RULES.digest())
    );
    assert_eq!(
        permit.because()[0].says,
        "Analysts bring facts in, keep them right and ask for decisions in their unit."
    );
}

#[test]
fn a_denial_says_what_is_missing_or_what_forbids() {
    let says = |actor: &Actor, act: Action, object: &Object| {
        RULES.decide(actor, act, object).unwrap_err().to_string()
    };
    let nobody = ann(Vec::new());
    assert_eq!(
        says(&nobody, Action::KeyEdit, &object(ObjectKind::Key)),
        "To state facts of a key, you need the role analyst in emea/payments, or it has to concern you."
    );
    assert_eq!(
        says(&nobody, Action::BackupMake, &Object::unit(Unit::whole())),
        "To make a backup, you need the role administrator for the whole organisation."
    );
    assert_eq!(
        says(&nobody, Action::KeyAttest, &object(ObjectKind::Key)),
        "Only those whom it concerns may attest need, scope, use and ownership of a key."
    );
    assert_eq!(
        says(&nobody, Action::RunStep, &object(ObjectKind::Unit)),
        "No role may take the next step of a run."
    );
    let mine = super::hers(ObjectKind::Exception);
    assert_eq!(
        says(&ann(all_roles()), Action::RiskAccept, &mine),
        "You answer for this key, so that somebody else has to sign it. You asked for this, so that somebody else has to sign it."
    );
}

fn held() -> impl Strategy<Value = Held> {
    let units = prop::sample::select(vec!["*", "emea", "emea/payments", "apac", "apac/x"]);
    let authority = prop::sample::select(Authority::ALL);
    (prop::sample::select(Role::ALL), units, authority).prop_map(|(one, path, authority)| match one
    {
        Role::RiskOwner => Held::risk_owner(unit(path), authority),
        one => Held::new(one, unit(path)),
    })
}

fn people() -> impl Strategy<Value = Involved> {
    let some = || {
        prop::collection::vec(
            prop::sample::select(vec!["ann", "bob", "eve"]).prop_map(who),
            0..3,
        )
    };
    (some(), some(), some(), some(), some(), some()).prop_map(
        |(owners, users, requested_by, approved_by, accepted_by, asked)| Involved {
            owners,
            users,
            requested_by,
            approved_by,
            accepted_by,
            asked,
        },
    )
}

fn anything(act: Action) -> impl Strategy<Value = Object> {
    let paths = prop::sample::select(vec!["*", "emea", "emea/payments", "emea/payments/x"]);
    (
        people(),
        prop::sample::select(Level::ALL),
        prop::sample::select(Authority::ALL),
        paths,
    )
        .prop_map(move |(people, level, authority, path)| match act.object() {
            ObjectKind::Unit => Object::unit(unit(path)),
            kind => Object {
                people,
                level,
                authority,
                ..Object::new(kind, "1", unit(path))
            },
        })
}

fn asked() -> impl Strategy<Value = (Action, Object)> {
    prop::sample::select(Action::ALL).prop_flat_map(|act| (Just(act), anything(act)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A role can lift only the forbids that ask for authority; every other stays whatever roles are added.
    #[test]
    fn more_roles_never_outweigh_a_forbid(
        (act, object) in asked(),
        few in prop::collection::vec(held(), 0..3),
        more in prop::collection::vec(held(), 0..6),
        fresh: bool,
    ) {
        let call = |roles: Vec<Held>| via(roles, Via::Session { fresh });
        let before = RULES.decide(&call(few.clone()), act, &object);
        let after = RULES.decide(&call([few, more].concat()), act, &object);
        match before {
            Ok(_) => prop_assert!(after.is_ok(), "a role takes nothing away"),
            Err(denial) => {
                let lasting: Vec<_> = denial.because.iter().filter(|one| !one.policy.starts_with("separation.authority")).collect();
                if !lasting.is_empty() {
                    let denied = after.unwrap_err();
                    for one in lasting {
                        prop_assert!(denied.because.contains(one));
                    }
                }
            }
        }
    }

    /// Whoever holds roles in one unit only, and has nothing to do with an object of another, may do nothing to it.
    #[test]
    fn another_units_object_is_denied(
        (act, object) in asked(),
        roles in prop::collection::vec(held(), 0..6),
    ) {
        let roles: Vec<Held> = roles.into_iter().filter(|held| held.unit().as_str().starts_with("apac")).collect();
        let eve = Actor::Person(Caller { person: who("stranger"), active: true, roles, via: Via::Session { fresh: true } });
        prop_assert!(!RULES.allows(&eve, act, &object));
    }

    /// The types of the exceptions register and the policies say the same of who may sign.
    #[test]
    fn policies_forbid_what_the_domain_refuses(
        people in people(),
        level in prop::sample::select(Level::ALL),
        authority in prop::sample::select(Authority::ALL),
    ) {
        let needed = Authority::for_level(level);
        let object = Object { people: people.clone(), level, authority: needed, ..object(ObjectKind::Exception) };
        let held = vec![Held::risk_owner(Unit::whole(), authority)];
        let tied = [&people.owners, &people.users, &people.requested_by].iter().any(|them| them.contains(&who("ann")));
        let twice = level >= Level::B3 && people.approved_by.contains(&who("ann"));
        let allowed = !tied && !twice && authority >= needed;
        prop_assert_eq!(RULES.allows(&ann(held), Action::RiskAccept, &object), allowed);
    }
}
