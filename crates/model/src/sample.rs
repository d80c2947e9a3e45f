//! Keys for unit tests, made from facts by the real rules.

use crate::{
    assessment::{BlastRadius, Key, VerdictAnswer},
    day::Day,
    decide::judge,
    explain,
    facts::{Case, ReplacementOption, Verdict},
    key::{Basis, Told},
    note::{FactNote, OptionNote},
    place::Purpose,
    policy::Policy,
    shared::Shared,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The clock reading of these tests.
pub(crate) fn today() -> Day {
    "2026-11-23".parse().unwrap()
}

/// Facts of a key that nothing replaces and that needs nothing but a signature, with some of them changed.
pub(crate) fn facts(changes: &Value) -> Value {
    let no = json!({
        "workload_identity_federation": "no", "private_key_jwt_or_mtls": "no",
        "oauth_client_secret": "no", "vendor_short_lived": "no",
    });
    let mut facts = json!({
        "id": "k", "owner": "active", "held_by": "us", "status": "active",
        "last_used": {"offered": true, "at": "2026-11-20"},
        "privilege": "write_wide", "data": "confidential", "consumers": 1, "environments_shared": false,
        "customer_tenants": 0, "privileged_path": "none", "spend": "none", "options": no,
        "isolated": true, "monitored": true,
    });
    for (name, value) in changes.as_object().unwrap() {
        facts[name] = value.clone();
    }
    facts
}

/// One set of facts for every verdict, in the order of the rules.
pub(crate) fn one_of_each() -> Vec<(Verdict, Value)> {
    let federation = |state: Value| json!({"options": {"workload_identity_federation": state}});
    [
        (Verdict::ProvenRevoked, json!({"proof": "P2"})),
        (Verdict::Exposed, json!({"exposure": "confirmed"})),
        (Verdict::NoLongerNeeded, json!({"status": "inactive"})),
        (
            Verdict::Unused,
            json!({"last_used": {"offered": true, "at": "2026-01-01"}}),
        ),
        (Verdict::ExposureOpen, json!({"exposure": "internal"})),
        (Verdict::Unowned, json!({"owner": "none"})),
        (
            Verdict::HumanUse,
            json!({"issued_to": "service", "used_by": "person"}),
        ),
        (
            Verdict::BorrowedIdentity,
            json!({"issued_to": "person", "used_by": "workload"}),
        ),
        (Verdict::Public, json!({"publishable": "restricted"})),
        (Verdict::Replaceable, federation(json!("now"))),
        (Verdict::Later, federation(json!({"later": "2027-02-01"}))),
        (Verdict::Unassessed, federation(json!("unknown"))),
        (
            Verdict::Minor,
            json!({"privilege": "read_narrow", "data": "internal"}),
        ),
        (Verdict::SharedTooWidely, json!({"customer_tenants": 3})),
        (Verdict::Constrain, json!({"isolated": false})),
        (Verdict::Irreplaceable, json!({})),
    ]
    .into_iter()
    .map(|(verdict, changes)| (verdict, facts(&changes)))
    .collect()
}

/// The key that these facts make, judged today.
pub(crate) fn key(id: &str, facts: &Value) -> Key {
    let policy = Policy::builtin();
    let case = Case::parse(&facts.to_string(), today()).unwrap();
    let judgement = judge(&case.facts, &case.since, &policy, today());
    let outcome = explain::outcome(
        &case.facts,
        &case.since,
        &judgement,
        &policy,
        "digest",
        today(),
    );
    let notes: BTreeMap<_, _> = facts
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "id" | "options"))
        .map(|(name, value)| {
            let note = FactNote {
                value: value.clone().into(),
                basis: Basis::Observed,
                source: "a test".to_owned(),
            };
            (name.clone().into(), note.into())
        })
        .collect();
    Key {
        id: id.to_owned(),
        provider: "acme".to_owned(),
        credential: None,
        key_id: None,
        name: Some(format!("name of {id}")),
        hint: None,
        fingerprint: None,
        account: None,
        owner: Told::unknown(),
        system: Told::unknown(),
        created_at: Told::unknown(),
        last_used: Told::unknown(),
        expires_at: Told::unknown(),
        purpose: Purpose::Unknown,
        runtimes: Vec::new(),
        blast_radius: BlastRadius {
            level: judgement.radius.level,
            set_by: judgement.radius.set_by,
            factors: Vec::new(),
            nearest_change: None,
        },
        options: ReplacementOption::ALL
            .iter()
            .map(|option| OptionNote {
                option: *option,
                state: serde_json::to_value(case.facts.options.state(*option)).unwrap(),
                offered: false,
                note: String::new(),
                source: None,
            })
            .map(Shared::new)
            .collect(),
        verdict: VerdictAnswer {
            id: judgement.verdict,
            outcome,
        },
        controls: Vec::new(),
        owner_candidates: Vec::new(),
        sightings: Vec::new(),
        facts: notes,
        disputes: Vec::new(),
        merged: Vec::new(),
        note: None,
        sunsets: Vec::new(),
    }
}

#[test]
fn there_is_a_sample_of_every_verdict() {
    let all = one_of_each();
    assert_eq!(all.len(), Verdict::ALL.len());
    for (verdict, facts) in all {
        assert_eq!(key("k", &facts).verdict.id, verdict, "{facts}");
    }
}
