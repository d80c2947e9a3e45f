use super::*;
use crate::{
    assessment::SightingNote,
    key::{Basis, Told},
    place::{Liveness, PlaceKind},
    sample,
};
use serde_json::json;

#[test]
fn every_verdict_has_a_title_and_no_two_are_alike() {
    let titles: std::collections::BTreeSet<_> =
        Verdict::ALL.iter().map(|verdict| verdict.title()).collect();
    assert_eq!(titles.len(), Verdict::ALL.len());
    assert!(titles.iter().all(|title| !title.trim().is_empty()));
}

#[test]
fn every_verdict_has_a_reason() {
    for (verdict, facts) in sample::one_of_each() {
        let key = sample::key("k", &facts);
        assert!(!cause(&key).trim().is_empty(), "{verdict}");
        assert!(reason(&key).starts_with(&cause(&key)), "{verdict}");
    }
}

#[test]
fn every_verdict_has_a_reason_even_where_nothing_else_is_known_of_the_key() {
    for (verdict, facts) in sample::one_of_each() {
        let mut key = sample::key("k", &facts);
        key.facts.clear();
        key.options.clear();
        key.name = None;
        for to in [key.verdict.outcome.to, None] {
            key.verdict.outcome.to = to;
            let cause = cause(&key);
            assert!(!cause.trim().is_empty(), "{verdict}");
            assert_eq!(cause.trim(), cause, "{verdict}");
        }
    }
}

#[test]
fn behind_a_gate_the_reason_says_what_comes_then() {
    let mut facts = sample::facts(&json!({"owner": "none"}));
    facts["options"] = json!({"workload_identity_federation": "now"});
    let key = sample::key("k", &facts);
    assert_eq!(reason(&key), "nobody answers for it; then migrate");
}

fn copy(audience: Audience) -> SightingNote {
    SightingNote {
        source: "repo".to_owned(),
        kind: PlaceKind::Config,
        path: "deep/down/conf/app.toml".to_owned(),
        line: Some(7),
        audience,
        audience_why: String::new(),
        liveness: Liveness::NotChecked,
        part: Part::Secret,
        commit: None,
    }
}

#[test]
fn an_exposure_names_the_copy_with_the_widest_audience() {
    let mut key = sample::key("k", &sample::facts(&json!({"exposure": "confirmed"})));
    for audience in [Audience::Machine, Audience::Public, Audience::Repository] {
        key.sightings.push(copy(audience));
    }
    key.sightings.push(SightingNote {
        part: Part::KeyId,
        path: "public-id.md".to_owned(),
        ..copy(Audience::Public)
    });
    assert_eq!(cause(&key), "public: conf/app.toml:7");
    key.last_used = Told::new(sample::today(), Basis::Observed, "x");
    assert_eq!(cause(&key), "public: conf/app.toml:7; used 23 Nov 2026");
}

#[test]
fn an_end_of_use_says_what_ended() {
    for (fact, value, words) in [
        ("status", "inactive", "its provider says inactive"),
        ("status", "refused", "its provider refuses it"),
        ("integration", "retired", "its integration is retired"),
        ("issuer", "ended", "the contract with its provider ended"),
        ("holder", "ended", "the contract with its holder ended"),
    ] {
        let mut changes = json!({});
        changes[fact] = json!(value);
        let key = sample::key("k", &sample::facts(&changes));
        assert_eq!(cause(&key), words);
    }
    let gone = sample::key("k", &sample::facts(&json!({"consumers": 0})));
    assert_eq!(cause(&gone), "its last consumer is gone");
}

#[test]
fn a_day_is_written_short() {
    assert_eq!(short(sample::today()), "23 Nov 2026");
    assert_eq!(short("2027-02-01".parse().unwrap()), "1 Feb 2027");
}
