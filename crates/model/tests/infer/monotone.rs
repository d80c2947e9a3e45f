//! What one more voice can never do, for any voices before it.

use crate::build::*;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::json;
use tenure_model::{
    explain::FactName,
    facts::{Exposure, OwnerState, Privilege, PrivilegedPath, Proof, Status, Verdict},
    place::{Audience, Liveness, Part, Sighting},
};

const PATHS: &[&str] = &[
    ".env",
    "src/a.py",
    "prod/.env",
    "test/a.yaml",
    ".mcp.json",
    ".github/workflows/ci.yml",
    ".github/workflows/release.yml",
    "scripts/support/x.sh",
    "admin/a.toml",
    "home/.aws/credentials",
];

fn sightings() -> impl Strategy<Value = Sighting> {
    (
        select(PATHS),
        select(Audience::ALL),
        select(Liveness::ALL),
        select(Part::ALL),
        any::<bool>(),
    )
        .prop_map(|(path, audience, liveness, part, test_mode)| Sighting {
            audience,
            liveness,
            part,
            test_mode,
            ..sighting(path)
        })
}

fn scenes() -> impl Strategy<Value = Scene> {
    (
        vec(sightings(), 0..4),
        option::of(select(Privilege::ALL)),
        option::of(select(Status::ALL)),
        any::<bool>(),
        select(&["", "web-prod", "etl test", "terraform", "svc-x"][..]),
    )
        .prop_map(|(seen, privilege, status, whole, name)| {
            let fill = |row: &mut tenure_model::key::Row| {
                row.privilege = privilege
                    .filter(|p| *p != Privilege::Unknown)
                    .map(|p| (p, "its policy".to_owned()));
                row.status = status;
                row.name = Some(name.to_owned());
                row.associates.push(made_it(name));
            };
            let mut scene = if whole {
                scene().observed(fill)
            } else {
                scene().observed_in_part(fill)
            };
            scene.subject.sightings = seen;
            scene
        })
}

/// Facts that somebody may declare, true or not.
fn claims() -> impl Strategy<Value = (FactName, serde_json::Value)> {
    prop_oneof![
        select(Privilege::ALL).prop_map(|p| (FactName::Privilege, json!(p.word()))),
        select(PrivilegedPath::ALL).prop_map(|p| (FactName::PrivilegedPath, json!(p.word()))),
        select(Exposure::ALL).prop_map(|e| (FactName::Exposure, json!(e.word()))),
        select(Status::ALL).prop_map(|s| (FactName::Status, json!(s.word()))),
        select(Proof::ALL).prop_map(|p| (FactName::Proof, json!(p.word()))),
        any::<bool>().prop_map(|flag| (FactName::TestMode, json!(flag))),
        any::<bool>().prop_map(|flag| (FactName::EnvironmentsShared, json!(flag))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_more_copy_never_lowers_exposure_nor_the_observed_path(
        scene in scenes(), more in sightings()
    ) {
        let before = scene.facts();
        let observed = scene.subject.sightings.iter().filter_map(|s| s.privileged_path).max();
        let mut after = scene;
        after.subject.sightings.push(more);
        let facts = after.facts();
        prop_assert!(facts.exposure >= before.exposure);
        if let Some(path) = observed {
            prop_assert!(facts.privileged_path >= path);
        }
        prop_assert!(before.environments_shared != Some(true) || facts.environments_shared == Some(true));
    }

    #[test]
    fn one_more_declaration_lowers_nothing_that_was_observed(
        scene in scenes(), claims in vec(claims(), 1..4)
    ) {
        let before = scene.facts();
        let privilege = scene.subject.rows[0].row.privilege.is_some();
        let status = scene.subject.rows[0].row.status.is_some_and(|s| s != Status::Unknown);
        let seen_path = scene.subject.sightings.iter().filter_map(|s| s.privileged_path).max();
        let mut after = scene;
        for (fact, value) in claims {
            after = after.declares(fact, value);
        }
        let facts = after.facts();
        prop_assert!(facts.exposure >= before.exposure);
        prop_assert_eq!(facts.proof, before.proof);
        if privilege {
            prop_assert_eq!(facts.privilege, before.privilege);
            prop_assert_eq!(facts.test_mode, before.test_mode);
        }
        if status {
            prop_assert_eq!(facts.status, before.status);
        }
        if let Some(path) = seen_path {
            prop_assert!(facts.privileged_path >= path);
        }
    }

    #[test]
    fn without_a_source_of_it_nothing_is_ever_said(scene in scenes()) {
        let inferred = scene.infer();
        let facts = inferred.facts;
        prop_assert_eq!(facts.consumers, None);
        prop_assert!(!facts.last_used.offered);
        prop_assert!(!leads_to(&scene.judged(), Verdict::Unused));
        prop_assert_ne!(facts.customer_tenants, Some(1));
        prop_assert_ne!(facts.data, tenure_model::facts::DataClass::Public);
        prop_assert!(!facts.isolated && !facts.monitored && facts.exception.is_none());
        let inside = scene.subject.sightings.iter().all(|s| s.audience != Audience::Public);
        prop_assert!(!inside || facts.exposure != Exposure::Confirmed);
        if scene.subject.rows[0].row.name.as_deref() == Some("svc-x") {
            prop_assert_eq!(facts.owner, OwnerState::None);
        }
        // Whatever went in is named with a source.
        prop_assert!(inferred.notes.values().all(|note| !note.source.is_empty()));
    }
}
