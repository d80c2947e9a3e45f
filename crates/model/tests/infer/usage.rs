//! Row "last_used", and the other times: who can tell, and what silence means.

use crate::build::*;
use serde_json::json;
use tenure_model::{
    control::Task,
    explain::FactName,
    facts::{LastUsed, Verdict},
    key::{Basis, When},
};

const OLD: &str = "2024-01-01";

fn old(last_used: When) -> Scene {
    scene().observed(move |row| {
        row.created = When::On(day(OLD));
        row.last_used = last_used;
        row.associates.push(made_it("ann"));
    })
}

#[test]
fn a_day_from_the_provider_is_offered_and_observed() {
    let scene = old(When::On(day("2026-11-20")));
    assert_eq!(
        scene.facts().last_used,
        LastUsed {
            offered: true,
            at: Some(day("2026-11-20"))
        }
    );
    assert_eq!(scene.basis(FactName::LastUsed), Some(Basis::Observed));
}

#[test]
fn a_source_that_cannot_tell_last_use_never_yields_unused() {
    for when in [When::NotOffered, When::Unknown] {
        let scene = old(when);
        assert!(!scene.facts().last_used.offered, "{when:?}");
        let judgement = scene.judged();
        assert!(!leads_to(&judgement, Verdict::Unused), "{when:?}");
        assert!(judgement.tasks.tasks().any(|t| t == Task::FindLastUse));
    }
}

#[test]
fn a_key_that_no_row_speaks_of_is_not_unused() {
    let scene = scene().seen("src/a.py", |_| {});
    assert!(!scene.facts().last_used.offered);
    assert!(!leads_to(&scene.judged(), Verdict::Unused));
}

#[test]
fn never_used_is_taken_only_where_the_source_itself_says_so() {
    let never = LastUsed {
        offered: true,
        at: None,
    };
    for when in [When::NotOffered, When::Unknown, When::On(day("2026-01-01"))] {
        assert_ne!(old(when).facts().last_used, never, "{when:?}");
    }
    assert_eq!(old(When::Never).facts().last_used, never);
    assert_eq!(old(When::Never).judged().verdict, Verdict::Unused);
}

#[test]
fn never_used_without_a_day_of_issue_is_not_unused() {
    let scene = scene().observed(|row| row.last_used = When::Never);
    assert!(!leads_to(&scene.judged(), Verdict::Unused));
}

#[test]
fn the_latest_use_that_any_provider_answer_saw_counts() {
    let latest = day("2026-11-22");
    for whens in [
        [When::On(latest), When::On(day("2025-01-01"))],
        [When::On(day("2025-01-01")), When::On(latest)],
        [When::Never, When::On(latest)],
        [When::On(latest), When::Never],
        [When::NotOffered, When::On(latest)],
        [When::On(latest), When::Unknown],
    ] {
        let scene = whens.into_iter().fold(scene(), |scene, when| {
            scene.observed(|row| row.last_used = when)
        });
        assert_eq!(scene.facts().last_used.at, Some(latest), "{whens:?}");
    }
}

#[test]
fn what_a_spreadsheet_says_gives_way_to_the_provider() {
    let scene = old(When::On(day("2026-11-20")))
        .tabled(|row| row.last_used = When::On(day("2024-02-01")))
        .declares(FactName::LastUsed, json!({"offered": true, "at": null}));
    assert_eq!(scene.facts().last_used.at, Some(day("2026-11-20")));
    assert!(!leads_to(&scene.judged(), Verdict::Unused));
}

#[test]
fn a_declared_last_use_is_declared() {
    let scene = scene().declares(
        FactName::LastUsed,
        json!({"offered": true, "at": "2026-11-01"}),
    );
    assert_eq!(scene.facts().last_used.at, Some(day("2026-11-01")));
    assert_eq!(scene.infer().last_used.basis, Basis::Declared);
}

#[test]
fn a_break_glass_key_is_never_unused() {
    let scene = old(When::Never).declares(FactName::BreakGlass, true);
    assert!(!leads_to(&scene.judged(), Verdict::Unused));
}

#[test]
fn an_observed_day_of_issue_beats_a_declared_one() {
    let scene = old(When::NotOffered).tabled(|row| row.created = When::On(day("2026-01-01")));
    assert_eq!(scene.facts().created_at, Some(day(OLD)));
    let declared = scene.clone().declares(FactName::CreatedAt, "2026-06-01");
    assert_eq!(declared.facts().created_at, Some(day(OLD)));
    assert!(
        declared
            .infer()
            .disputes
            .iter()
            .any(|dispute| dispute.fact == "created_at")
    );
}

#[test]
fn what_a_source_cannot_tell_is_told_from_what_it_does_not_know() {
    let of = |all: &[When]| {
        let scenes = all.iter().fold(scene(), |scene, when| {
            scene.observed(|row| row.expires = *when)
        });
        let told = scenes.infer().expires_at;
        (told.basis, told.value)
    };
    use When::{Never, NotOffered, On, Unknown};
    assert_eq!(of(&[]), (Basis::Unknown, None));
    assert_eq!(of(&[NotOffered]), (Basis::NotOffered, None));
    assert_eq!(of(&[Unknown]), (Basis::Unknown, None));
    assert_eq!(of(&[Unknown, NotOffered]), (Basis::Unknown, None));
    assert_eq!(of(&[NotOffered, Unknown]), (Basis::Unknown, None));
    assert_eq!(of(&[Unknown, Unknown]), (Basis::Unknown, None));
    assert_eq!(of(&[NotOffered, Never]), (Basis::Observed, None));
    let day = day("2027-01-01");
    assert_eq!(of(&[Unknown, On(day)]), (Basis::Observed, Some(day)));
}

#[test]
fn the_source_of_the_latest_use_is_the_one_that_saw_it() {
    let of = |first: &str, second: &str| {
        let scene = scene()
            .observed(|row| row.last_used = When::On(day(first)))
            .observed(|row| row.last_used = When::On(day(second)))
            .tabled(|row| row.last_used = When::On(day("2026-11-22")));
        let told = scene.infer().last_used;
        (told.value, told.source)
    };
    let late = Some(day("2026-11-02"));
    assert_eq!(
        of("2026-11-01", "2026-11-02"),
        (late, Some("source 1".to_owned()))
    );
    assert_eq!(
        of("2026-11-02", "2026-11-01"),
        (late, Some("source 0".to_owned()))
    );
    assert_eq!(
        of("2026-11-02", "2026-11-02"),
        (late, Some("source 0".to_owned()))
    );
}
