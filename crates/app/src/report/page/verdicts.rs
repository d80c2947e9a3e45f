//! Every verdict, and the reasons behind it key by key.

use super::{Shown, because, keys};
use crate::report::{text, words};
use serde_json::Value;
use std::collections::BTreeMap;
use tenure_model::{
    assessment::{Assessment, ControlState, Key, SightingNote},
    classify::Level,
    decide::{Action, Urgency},
    explain::FactName,
    facts::Verdict,
    horizon::{self, label},
    key::Basis,
};

/// One verdict with its keys.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) action: &'static str,
    pub(super) keys: String,
    pub(super) high: String,
    pub(super) first_due: String,
    pub(super) reasons: Vec<Reasons>,
    pub(super) left: usize,
}

/// The reasons behind the verdict on one key.
pub(super) struct Reasons {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) level: &'static str,
    pub(super) urgency: &'static str,
    pub(super) due: Option<String>,
    pub(super) main: String,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) digest: String,
}

pub(super) fn sections(assessment: &Assessment, shown: &Shown) -> Vec<Section> {
    Verdict::ALL
        .iter()
        .filter_map(|verdict| {
            let those: Vec<(usize, &Key)> = assessment
                .keys
                .iter()
                .enumerate()
                .filter(|(_, key)| key.verdict.id == *verdict)
                .collect();
            (!those.is_empty()).then(|| section(*verdict, &those, shown))
        })
        .collect()
}

fn section(verdict: Verdict, those: &[(usize, &Key)], shown: &Shown) -> Section {
    let explained: Vec<&(usize, &Key)> = those
        .iter()
        .filter(|(at, _)| shown.explained.contains(at))
        .collect();
    let high = those
        .iter()
        .filter(|(_, key)| key.verdict.outcome.level >= Level::B3)
        .count();
    let first_due = those.iter().filter_map(|(_, key)| key.verdict.outcome.due);
    Section {
        id: verdict.word(),
        name: words::verdict(verdict),
        action: words::action(verdict.action()),
        keys: text::counted(those.len()),
        high: text::counted(high),
        first_due: first_due
            .min()
            .map_or_else(|| "–".to_owned(), |day| day.to_string()),
        left: those.len() - explained.len(),
        reasons: explained
            .into_iter()
            .map(|(at, key)| reasons(*at, key))
            .collect(),
    }
}

fn reasons(at: usize, key: &Key) -> Reasons {
    let outcome = &key.verdict.outcome;
    let (urgency, due) = match (outcome.urgency, horizon::signed_until(key)) {
        (Urgency::Covered, Some(until)) => ("covered until", Some(until)),
        (Urgency::None, _) => ("", None),
        (urgency, _) => (words::urgency(urgency), outcome.due),
    };
    Reasons {
        number: at + 1,
        name: text::brief(&label(key), 90),
        level: outcome.level.word(),
        urgency,
        due: due.map(|day| day.to_string()),
        main: text::brief(&because(key), 200),
        facts: facts(key),
        digest: text::brief(&outcome.facts, 64),
    }
}

fn facts(key: &Key) -> Vec<(&'static str, String)> {
    let outcome = &key.verdict.outcome;
    let visible = |text: &str| text::visible(text);
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let mut say = |what: &'static str, text: String| {
        if !text.is_empty() {
            facts.push((what, text));
        }
    };
    say(
        "Because",
        joined(outcome.because.iter().map(|b| visible(&b.text))),
    );
    say("Level", level(key));
    say("What to do", what_to_do(key));
    say("Replacement", options(key));
    say("Owner", keys::owner(key));
    say(
        "May be the owner",
        joined(key.owner_candidates.iter().take(3).map(|candidate| {
            format!(
                "{} ({}, {})",
                text::brief(&candidate.who, 60),
                visible(&candidate.why),
                candidate.confidence
            )
        })),
    );
    say("Copies", copies(&key.sightings));
    say("Known from", sources(key));
    say(
        "To find out",
        joined(
            outcome
                .tasks
                .iter()
                .map(|task| words::task(*task).to_owned()),
        ),
    );
    let failing = |state: ControlState| {
        joined(
            key.controls
                .iter()
                .filter(move |control| control.state == state)
                .map(|control| words::control(control.id)),
        )
    };
    say("Controls failing", failing(ControlState::Failing));
    say("Controls unknown", failing(ControlState::Unknown));
    say(
        "Would change it",
        joined(outcome.would_change.iter().map(|w| visible(&w.text))),
    );
    say(
        "Sources disagree",
        joined(key.disputes.iter().take(4).map(|dispute| {
            format!(
                "{}: taken {}; also {}",
                visible(&dispute.fact),
                visible(&dispute.taken),
                visible(&dispute.also)
            )
        })),
    );
    facts
}

/// What could replace it, and why.
fn options(key: &Key) -> String {
    joined(key.options.iter().take(6).map(|option| {
        let state = match &option.state {
            Value::String(word) => text::brief(word, 40),
            Value::Object(later) => match later.get("later").and_then(Value::as_str) {
                Some(day) => format!("from {}", text::brief(day, 12)),
                None => "later, no date".to_owned(),
            },
            _ => "unknown".to_owned(),
        };
        let note = text::unhidden(&option.note);
        let note = if note.is_empty() {
            note
        } else {
            format!(" ({note})")
        };
        format!("{}: {state}{note}", option.option.title())
    }))
}

/// Which source said what, and how sure that is.
fn sources(key: &Key) -> String {
    let mut said: BTreeMap<(&str, Basis), Vec<String>> = BTreeMap::new();
    for (fact, note) in &key.facts {
        let names = said.entry((&note.source, note.basis)).or_default();
        let fact = fact
            .parse::<FactName>()
            .map_or_else(|_| text::brief(fact, 40), |fact| fact.to_string());
        names.push(fact.replace('_', " "));
    }
    joined(said.into_iter().map(|((source, basis), facts)| {
        let basis = basis.word().replace('_', " ");
        format!(
            "{} ({basis}): {}",
            text::brief(source, 90),
            facts.join(", ")
        )
    }))
}

fn level(key: &Key) -> String {
    let outcome = &key.verdict.outcome;
    let set_by = outcome.set_by.word().replace('_', " ");
    if outcome.assumed.is_empty() {
        return format!("{}, set by {set_by}", outcome.level);
    }
    let assumed: Vec<String> = outcome
        .assumed
        .iter()
        .map(|factor| factor.word().replace('_', " "))
        .collect();
    format!(
        "{}, set by {set_by}; assumed because nobody knew: {}",
        outcome.level,
        assumed.join(", ")
    )
}

fn what_to_do(key: &Key) -> String {
    let outcome = &key.verdict.outcome;
    let mut text = words::action(outcome.action).to_owned();
    if let Some(to) = outcome.to {
        text.push_str(match outcome.action {
            Action::Migrate => " to ",
            _ => ", until ",
        });
        text.push_str(to.title());
    }
    if let Some(then) = outcome.then {
        text.push_str(&format!(
            "; behind it waits: {}",
            words::verdict(then).to_lowercase()
        ));
    }
    text
}

fn copies(sightings: &[SightingNote]) -> String {
    const MOST: usize = 4;
    let mut copies: Vec<String> = sightings
        .iter()
        .take(MOST)
        .map(|sighting| {
            let line = sighting.line.map_or_else(String::new, |n| format!(":{n}"));
            format!(
                "{}{line} ({})",
                text::brief(&sighting.path, 90),
                sighting.audience
            )
        })
        .collect();
    if sightings.len() > MOST {
        copies.push(format!("{} more", sightings.len() - MOST));
    }
    copies.join("; ")
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("; ")
}

/// About how many bytes the reasons of a key take on the page.
pub(super) fn length(key: &Key) -> usize {
    let facts: usize = facts(key)
        .iter()
        .map(|(what, text)| what.len() + text.len() + 24)
        .sum();
    facts + 380
}
