//! Keys judged by the real rules from the facts that a test names.

use serde_json::{Value, json};
use tenure_model::{
    assessment::{BlastRadius, ControlNote, ControlState, FactNotes, Key, VerdictAnswer},
    day::Day,
    decide::judge,
    explain,
    facts::Case,
    key::{Basis, Told},
    note::FactNote,
    place::Purpose,
    policy::Policy,
};

/// A key of `acme` that nothing replaces and that needs nothing but a signature, with some of its facts changed.
pub fn key(id: &str, changes: &Value, today: Day) -> Key {
    let no = json!({
        "workload_identity_federation": "no", "private_key_jwt_or_mtls": "no",
        "oauth_client_secret": "no", "vendor_short_lived": "no",
    });
    let mut facts = json!({
        "id": id, "owner": "active", "held_by": "us", "status": "active",
        "privilege": "write_wide", "data": "confidential", "consumers": 1, "environments_shared": false,
        "customer_tenants": 0, "privileged_path": "none", "spend": "none", "options": no,
        "isolated": true, "monitored": true,
    });
    for (name, value) in changes.as_object().unwrap() {
        facts[name] = value.clone();
    }
    let case = Case::parse(&facts.to_string(), today).unwrap();
    let policy = Policy::builtin();
    let judgement = judge(&case.facts, &case.since, &policy, today);
    let outcome = explain::outcome(
        &case.facts,
        &case.since,
        &judgement,
        &policy,
        &policy.digest(),
        today,
    );
    let mut notes = FactNotes::new();
    for (name, value) in facts.as_object().unwrap() {
        let note = |value: &Value| FactNote {
            value: value.clone().into(),
            basis: Basis::Observed,
            source: "a test".to_owned(),
        };
        match (name.as_str(), value.as_object()) {
            ("id" | "options", _) => {}
            ("since", Some(days)) => {
                for (verdict, day) in days {
                    notes.insert(format!("since.{verdict}").into(), note(day).into());
                }
            }
            _ => {
                notes.insert(name.clone().into(), note(value).into());
            }
        }
    }
    let controls = judgement.controls.controls().map(|id| ControlNote {
        id,
        state: ControlState::Unknown,
        since: None,
        why: "nothing speaks of it".to_owned(),
    });
    Key {
        id: id.to_owned(),
        provider: "acme".to_owned(),
        credential: Some("api_key".to_owned()),
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
        options: Vec::new(),
        verdict: VerdictAnswer {
            id: judgement.verdict,
            outcome,
        },
        controls: controls.map(Into::into).collect(),
        owner_candidates: Vec::new(),
        sightings: Vec::new(),
        facts: notes,
        disputes: Vec::new(),
        merged: Vec::new(),
        note: None,
        sunsets: Vec::new(),
    }
}
