//! The rules, held against a table of facts and outcomes and against the properties they promise.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use proptest::prelude::*;
use serde_json::{Value, json};
use tenure_model::{
    classify::{Level, blast_radius},
    day::Day,
    decide::{Action, Judgement, Urgency, judge},
    explain,
    facts::*,
    policy::Policy,
};

fn today() -> Day {
    "2026-11-23".parse().unwrap()
}

#[test]
fn the_table_of_facts_and_outcomes() {
    let policy = Policy::builtin();
    let mut seen = std::collections::BTreeSet::new();
    for line in include_str!("decisions.jsonl").lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let case = Case::parse(&row["facts"].to_string(), today()).unwrap();
        let answer =
            serde_json::to_value(explain::answer(&case, &policy, &policy.digest(), today()))
                .unwrap();
        seen.insert(answer["verdict"].as_str().unwrap().to_owned());
        for (field, expected) in row["expect"].as_object().unwrap() {
            assert_eq!(&answer[field], expected, "{}: {field}", row["name"]);
        }
    }
    assert_eq!(
        seen.len(),
        Verdict::ALL.len(),
        "a verdict without a row: {seen:?}"
    );
}

fn word<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn day(from: i64, to: i64) -> impl Strategy<Value = Day> {
    (from..=to).prop_map(|days| today().plus(days))
}

fn past() -> impl Strategy<Value = Option<Day>> {
    proptest::option::of(day(-500, 0))
}

fn option_state() -> impl Strategy<Value = OptionState> {
    prop_oneof![
        1 => Just(OptionState::Now),
        2 => Just(OptionState::No),
        1 => Just(OptionState::Unknown),
        1 => (proptest::option::of(day(-30, 400)), proptest::option::of(word(Needs::ALL)))
            .prop_map(|(on, needs)| OptionState::Later { on, needs }),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    prop_oneof![
        Just(Options {
            workload_identity_federation: OptionState::No,
            private_key_jwt_or_mtls: OptionState::No,
            oauth_client_secret: OptionState::No,
            vendor_short_lived: OptionState::No,
            gateway: OptionState::Unknown,
        }),
        proptest::array::uniform5(option_state()).prop_map(|[a, b, c, d, e]| Options {
            workload_identity_federation: a,
            private_key_jwt_or_mtls: b,
            oauth_client_secret: c,
            vendor_short_lived: d,
            gateway: e,
        }),
    ]
}

prop_compose! {
    fn impact()(
        privilege in word(Privilege::ALL), test_mode in any::<bool>(), data in word(DataClass::ALL),
        consumers in proptest::option::of(0u64..4), environments_shared in any::<Option<bool>>(),
        customer_tenants in proptest::option::of(0u64..12), privileged_path in word(PrivilegedPath::ALL),
        spend in word(Spend::ALL), source_restricted in any::<bool>(), revocation_drill_passed_on in past(),
    ) -> Facts {
        Facts { privilege, test_mode, data, consumers, environments_shared, customer_tenants, privileged_path,
                spend, source_restricted, revocation_drill_passed_on, ..Facts::default() }
    }
}

prop_compose! {
    fn state()(
        status in prop_oneof![4 => Just(Status::Active), 1 => word(Status::ALL)], proof in prop_oneof![9 => Just(Proof::None), 1 => word(Proof::ALL)],
        probe_possible in any::<bool>(), exposure in prop_oneof![4 => Just(Exposure::None), 1 => word(Exposure::ALL)],
        publishable in prop_oneof![4 => Just(Publishable::No), 1 => word(Publishable::ALL)],
        ended in proptest::array::uniform3(proptest::bool::weighted(0.05)),
        created_at in past(), offered in any::<bool>(), at in past(), expected_every_days in proptest::option::of(0u64..500),
    ) -> (Facts, [bool; 3]) {
        (Facts { status, proof, probe_possible, exposure, publishable, created_at,
                 last_used: LastUsed { offered, at }, expected_every_days, ..Facts::default() }, ended)
    }
}

prop_compose! {
    fn facts()(
        impact in impact(), (state, ended) in state(), break_glass in proptest::bool::weighted(0.2),
        owner in prop_oneof![4 => Just(OwnerState::Active), 1 => word(OwnerState::ALL)], backup_owner in word(BackupOwner::ALL),
        owner_until in proptest::option::of(day(-10, 90)), people in (word(IssuedTo::ALL), word(UsedBy::ALL), word(HeldBy::ALL)),
        options in options(), stands_on in word(StandsOn::ALL), flags in any::<[bool; 5]>(), until in proptest::option::of(day(-30, 90)),
    ) -> Facts {
        let contract = |ended| if ended { Contract::Ended } else { Contract::Live };
        Facts {
            status: state.status, proof: state.proof, probe_possible: state.probe_possible, exposure: state.exposure,
            publishable: state.publishable, created_at: state.created_at, last_used: state.last_used,
            expected_every_days: state.expected_every_days,
            integration: if ended[0] { Integration::Retired } else { Integration::Live },
            issuer: contract(ended[1]), holder: contract(ended[2]), break_glass, owner, backup_owner, owner_until,
            issued_to: people.0, used_by: people.1, held_by: people.2, options, stands_on,
            isolated: flags[0], monitored: flags[1], tenant_split: flags[2], gateway_fronted: flags[3], rotatable: flags[4],
            exception: until.map(|day| Exception { approved_until: Some(day) }),
            ..impact
        }
    }
}

fn since() -> impl Strategy<Value = Since> {
    proptest::collection::vec(past(), Verdict::ALL.len()).prop_map(|days| {
        let mut since = Since::default();
        for (verdict, day) in Verdict::ALL.iter().zip(days) {
            since.set(*verdict, day);
        }
        since
    })
}

fn decided(facts: &Facts, since: &Since) -> Judgement {
    judge(facts, since, &Policy::builtin(), today())
}

/// Worse values of each factor, as the table orders them.
fn worse(facts: &Facts) -> Vec<Facts> {
    let count = |facts: &Facts| {
        tenure_model::classify::Factor::ALL
            .iter()
            .map(|f| tenure_model::classify::count(facts, *f).value)
            .collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    let mut push = |changed: Facts| {
        let (before, after) = (count(facts), count(&changed));
        if before.iter().zip(&after).all(|(b, a)| a >= b) {
            all.push(changed);
        }
    };
    for privilege in Privilege::ALL {
        push(Facts {
            privilege: *privilege,
            ..*facts
        });
    }
    for data in DataClass::ALL {
        push(Facts {
            data: *data,
            ..*facts
        });
    }
    for spend in Spend::ALL {
        push(Facts {
            spend: *spend,
            ..*facts
        });
    }
    for path in PrivilegedPath::ALL {
        push(Facts {
            privileged_path: *path,
            ..*facts
        });
    }
    // `unknown` counts 2 although a known worse number counts more, so only known numbers are compared.
    for tenants in facts.customer_tenants.into_iter().flat_map(|n| n..13) {
        push(Facts {
            customer_tenants: Some(tenants),
            ..*facts
        });
    }
    for consumers in facts.consumers.into_iter().flat_map(|n| n..4) {
        push(Facts {
            consumers: Some(consumers),
            ..*facts
        });
    }
    push(Facts {
        environments_shared: Some(true),
        ..*facts
    });
    all
}

/// A harmless key of which everything is known: `minor`, unless `changes` make it something else.
fn harmless(changes: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = Facts {
        owner: OwnerState::Active,
        held_by: HeldBy::Us,
        status: Status::Active,
        last_used: LastUsed {
            offered: true,
            at: Some(today()),
        },
        privilege: Privilege::ReadNarrow,
        data: DataClass::Internal,
        consumers: Some(1),
        environments_shared: Some(false),
        customer_tenants: Some(1),
        privileged_path: PrivilegedPath::None,
        spend: Spend::None,
        options: Options {
            workload_identity_federation: OptionState::No,
            private_key_jwt_or_mtls: OptionState::No,
            oauth_client_secret: OptionState::No,
            vendor_short_lived: OptionState::No,
            gateway: OptionState::No,
        },
        ..Facts::default()
    };
    changes(&mut facts);
    facts
}

fn verdict(changes: impl FnOnce(&mut Facts)) -> Verdict {
    decided(&harmless(changes), &Since::default()).verdict
}

#[test]
fn who_uses_it_counts_only_against_whom_it_was_issued_to() {
    let of = |issued_to, used_by| {
        verdict(|facts| (facts.issued_to, facts.used_by) = (issued_to, used_by))
    };
    use {IssuedTo as To, UsedBy as By};
    for (to, by, expected) in [
        (To::Service, By::Person, Verdict::HumanUse),
        (To::Service, By::Both, Verdict::HumanUse),
        (To::Service, By::Workload, Verdict::Minor),
        (To::Service, By::Unknown, Verdict::Minor),
        (To::Person, By::Person, Verdict::Minor),
        (To::Person, By::Both, Verdict::BorrowedIdentity),
        (To::Person, By::Workload, Verdict::BorrowedIdentity),
        (To::Person, By::Unknown, Verdict::Minor),
        (To::Unknown, By::Person, Verdict::Minor),
        (To::Unknown, By::Workload, Verdict::Minor),
        (To::Unknown, By::Both, Verdict::Minor),
    ] {
        assert_eq!(of(to, by), expected, "{to} used by {by}");
    }
    // Once the gate is cleared, it does not stand in the way again.
    let gated = harmless(|facts| (facts.issued_to, facts.used_by) = (To::Service, By::Person));
    assert_eq!(
        decided(&gated, &Since::default()).then,
        Some(Verdict::Minor)
    );
}

#[test]
fn an_assumption_is_never_minor_even_where_restraint_lowers_the_level() {
    let restrained = |facts: &mut Facts| {
        facts.source_restricted = true;
        facts.revocation_drill_passed_on = Some(today());
    };
    let known = harmless(|facts| {
        restrained(facts);
        facts.data = DataClass::Confidential;
    });
    let assumed = Facts {
        data: DataClass::Unknown,
        ..known
    };
    let of = |facts: &Facts| decided(facts, &Since::default());
    assert_eq!(
        (of(&known).radius.level, of(&known).verdict),
        (Level::B1, Verdict::Minor)
    );
    assert_eq!(
        (of(&assumed).radius.level, of(&assumed).verdict),
        (Level::B1, Verdict::Constrain)
    );
}

#[test]
fn a_deadline_is_overdue_from_the_day_after_it() {
    let unassessed = harmless(|facts| facts.options.vendor_short_lived = OptionState::Unknown);
    let due = decided(&unassessed, &Since::default()).due.unwrap();
    let mut since = Since::default();
    since.set(Verdict::Unassessed, Some(today()));
    let on = |day| {
        let judgement = judge(&unassessed, &since, &Policy::builtin(), day);
        (
            judgement.verdict,
            judgement.exception_allowed,
            judgement.urgency,
        )
    };
    assert_eq!(on(due), (Verdict::Unassessed, true, Urgency::Due));
    assert_eq!(
        on(due.plus(1)),
        (Verdict::Unassessed, false, Urgency::Overdue)
    );
    // A migration that is late may be excepted until it is done, and no sooner.
    let replaceable = harmless(|facts| {
        facts.options.vendor_short_lived = OptionState::Now;
        facts.expected_every_days = Some(365);
    });
    let due = decided(&replaceable, &Since::default()).due.unwrap();
    since.set(Verdict::Replaceable, Some(today()));
    let allowed = |day| judge(&replaceable, &since, &Policy::builtin(), day).exception_allowed;
    assert!(!allowed(due));
    assert!(allowed(due.plus(1)));
}

#[test]
fn an_option_improves_on_what_is_worse_than_itself_alone() {
    use ReplacementOption::*;
    let better = |stands_on| -> Vec<ReplacementOption> {
        let all = ReplacementOption::ALL.iter().copied();
        all.filter(|option| option.improves_on(stands_on)).collect()
    };
    let federation = WorkloadIdentityFederation;
    assert_eq!(
        better(StandsOn::Static),
        [
            federation,
            PrivateKeyJwtOrMtls,
            OauthClientSecret,
            VendorShortLived
        ]
    );
    assert_eq!(better(StandsOn::PrivateKeyJwtOrMtls), [federation]);
    assert_eq!(
        better(StandsOn::OauthClientSecret),
        [federation, PrivateKeyJwtOrMtls]
    );
    assert_eq!(
        better(StandsOn::VendorShortLived),
        [federation, PrivateKeyJwtOrMtls, OauthClientSecret]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_confirmed_exposure_is_never_excepted(facts in facts(), since in since()) {
        let judgement = decided(&facts, &since);
        if facts.exposure_in_effect() == Exposure::Confirmed && !facts.is_proven_revoked() {
            prop_assert_eq!(judgement.verdict, Verdict::Exposed);
            prop_assert!(!judgement.exception_allowed);
            prop_assert_eq!(judgement.urgency, Urgency::Now);
        }
    }

    #[test]
    fn an_unowned_key_gets_neither_migration_nor_exception(facts in facts(), since in since()) {
        let judgement = decided(&facts, &since);
        if !facts.is_owned(today()) {
            prop_assert!(judgement.verdict <= Verdict::Unowned);
            prop_assert!(!judgement.exception_allowed);
            prop_assert!(judgement.to.is_none());
        }
    }

    #[test]
    fn permanent_needs_no_option_bounded_isolated_monitored(facts in facts(), since in since()) {
        let judgement = decided(&facts, &since);
        if judgement.verdict == Verdict::Irreplaceable {
            prop_assert!(facts.isolated && facts.monitored);
            prop_assert!(facts.customer_tenants.is_some() && facts.environments_shared.is_some());
            let wide = facts.customer_tenants >= Some(2) || facts.environments_shared == Some(true);
            prop_assert!(!wide || facts.tenant_split || facts.gateway_fronted);
            if !facts.break_glass {
                for option in ReplacementOption::REPLACING {
                    prop_assert!(!option.improves_on(facts.stands_on) || facts.options.state(option) == OptionState::No);
                }
            }
        }
    }

    #[test]
    fn privileged_paths_and_tenants_never_fall_below_b3(facts in facts()) {
        let level = blast_radius(&facts, &Policy::builtin(), today()).level;
        let path = matches!(facts.privileged_path, PrivilegedPath::SupportScript | PrivilegedPath::AgentWrite
            | PrivilegedPath::Deployment | PrivilegedPath::AdminConnector | PrivilegedPath::Publishing);
        if path || facts.customer_tenants >= Some(2) {
            prop_assert!(level >= Level::B3);
        }
        if facts.customer_tenants >= Some(10) {
            prop_assert_eq!(level, Level::B4);
        }
    }

    #[test]
    fn worse_never_lowers_and_restraint_never_raises(facts in facts()) {
        let policy = Policy::builtin();
        let level = blast_radius(&facts, &policy, today()).level;
        for changed in worse(&facts) {
            // An unknown path has a floor that `agent_read` shares and `none` has not; floors rise with the counts.
            prop_assert!(blast_radius(&changed, &policy, today()).level >= level);
        }
        let restrained = Facts { source_restricted: true, revocation_drill_passed_on: Some(today()), ..facts };
        prop_assert!(blast_radius(&restrained, &policy, today()).level <= level);
    }

    #[test]
    fn the_deadline_of_one_verdict_never_moves_later(facts in facts(), since in since(), days in 0i64..400) {
        let policy = Policy::builtin();
        let early = decided(&facts, &since);
        let late = judge(&facts, &since, &policy, today().plus(days));
        let same = early.verdict == late.verdict && early.radius.level == late.radius.level && early.to == late.to;
        if same && since.of(early.verdict).is_some() {
            prop_assert!(late.due <= early.due, "{:?} then {:?}", early.due, late.due);
        }
    }

    #[test]
    fn gates_say_what_comes_after_and_nothing_else_does(facts in facts(), since in since()) {
        let judgement = decided(&facts, &since);
        prop_assert_eq!(judgement.then.is_some(), judgement.verdict.is_gate());
        if let Some(then) = judgement.then {
            prop_assert!(then >= Verdict::Public);
        }
        prop_assert_eq!(judgement.to.is_some(), matches!(judgement.verdict, Verdict::Replaceable | Verdict::Later));
        prop_assert_eq!(judgement.due.is_none(), matches!(judgement.verdict, Verdict::ProvenRevoked | Verdict::Public | Verdict::Minor));
        prop_assert!(judgement.verdict.action() != Action::Keep || judgement.due.is_none());
    }

    #[test]
    fn what_would_change_does_change(facts in facts(), since in since()) {
        let policy = Policy::builtin();
        let case = Case { id: "k".to_owned(), facts, since };
        let answer = explain::answer(&case, &policy, &policy.digest(), today());
        prop_assert!(answer.outcome.would_change.len() <= 5);
        prop_assert!(answer.outcome.would_change.is_sorted_by_key(|change| change.level));
        for change in &answer.outcome.would_change {
            let mut document = serde_json::to_value(facts).unwrap();
            document["id"] = json!("k");
            document["since"] = json!(Verdict::ALL.iter().map(|v| (v.word().to_owned(), json!(since.of(*v)))).collect::<serde_json::Map<_, _>>());
            match change.fact.split_once('.') {
                Some((outer, inner)) => document[outer][inner] = change.to.clone(),
                None => document[&change.fact] = change.to.clone(),
            }
            let changed = Case::parse(&document.to_string(), today()).unwrap();
            let then = decided(&changed.facts, &changed.since);
            prop_assert_eq!(then.verdict, change.verdict);
            prop_assert_eq!(then.radius.level, change.level);
            prop_assert!(then.verdict != answer.verdict || then.radius.level < answer.outcome.level);
        }
        let names: Vec<_> = answer.outcome.because.iter().map(|because| because.fact.as_str()).collect();
        let order: Vec<_> = explain::FactName::ALL.iter().map(|name| name.word()).filter(|name| names.contains(name)).collect();
        prop_assert_eq!(names, order);
    }

    #[test]
    fn filled_facts_read_back_to_the_same_digest(facts in facts()) {
        let mut document = serde_json::to_value(facts).unwrap();
        document["id"] = json!("x");
        let case = Case::parse(&document.to_string(), today()).unwrap();
        prop_assert_eq!(case.facts, facts);
        prop_assert_eq!(tenure_model::digest::of(&case.facts), tenure_model::digest::of(&facts));
    }
}
