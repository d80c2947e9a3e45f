//! `tenure why`: one verdict, explained.

use crate::{args::Why, command, exit::Failure, text};
use std::{fmt::Write as _, path::Path, process::ExitCode};
use tenure_app::state::State;
use tenure_model::{
    assessment::{Assessment, ControlState, Key},
    reason::short,
};

pub(crate) fn run(args: &Why) -> Result<ExitCode, Failure> {
    let assessment = assessment(args.assessment.as_deref())?;
    let key = find(&assessment, &args.key)?;
    if args.facts {
        command::print_json(&key.facts_document())
    } else if args.format == "json" {
        command::print_json(key)
    } else {
        command::print(None, explained(&assessment, key).as_bytes())
    }
}

/// The assessment that is named, else the last one on this machine.
pub(crate) fn assessment(named: Option<&Path>) -> Result<Assessment, Failure> {
    named.map_or_else(last, command::assess::earlier)
}

/// The same, or nothing where nothing was assessed on this machine yet.
pub(crate) fn assessment_if_any(named: Option<&Path>) -> Result<Option<Assessment>, Failure> {
    named.map_or_else(kept, |path| command::assess::earlier(path).map(Some))
}

fn last() -> Result<Assessment, Failure> {
    kept()?.ok_or_else(|| {
        Failure::input(
            "nothing was assessed on this machine yet",
            "`tenure assess PATH` does, or name an assessment with --assessment FILE",
        )
    })
}

fn kept() -> Result<Option<Assessment>, Failure> {
    let kept = State::of_user().and_then(|state| state.last());
    kept.map_err(|error| Failure::input(error.to_string(), ""))
}

/// The one key that a text names: exactly if possible, else by how something of it begins.
pub(crate) fn find<'a>(assessment: &'a Assessment, named: &str) -> Result<&'a Key, Failure> {
    let wanted = named.trim().to_lowercase();
    // Somebody may paste the key itself: what was typed is not repeated.
    let texts = |key: &Key| -> Vec<String> {
        [
            Some(&key.id),
            key.key_id.as_ref(),
            key.name.as_ref(),
            key.hint.as_ref(),
        ]
        .into_iter()
        .flatten()
        .map(|text| text.to_lowercase())
        .collect()
    };
    let by = |fits: &dyn Fn(&str) -> bool| -> Vec<&'a Key> {
        assessment
            .keys
            .iter()
            .filter(|key| texts(key).iter().any(|text| fits(text)))
            .collect()
    };
    let tail = wanted.trim_start_matches(['…', '.']);
    let tries: [Vec<&Key>; 3] = [
        by(&|text| text == wanted),
        by(&|text| text.starts_with(&wanted)),
        by(&|text| !tail.is_empty() && text.contains(tail)),
    ];
    let found = tries
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::input(
            "no key has that id, key id, name or hint",
            "`tenure assess --all` lists ids and names",
        )),
        several => {
            let lines: Vec<String> = several
                .iter()
                .take(12)
                .map(|key| {
                    format!(
                        "{}  {} {} {}",
                        key.id,
                        text::tame(&key.provider),
                        text::tame(key.name.as_deref().unwrap_or("")),
                        text::tame(key.hint.as_deref().unwrap_or("")),
                    )
                })
                .collect();
            Err(Failure::input(
                format!(
                    "that names {} keys; give an id:\n  {}",
                    several.len(),
                    lines.join("\n  ")
                ),
                "",
            ))
        }
    }
}

fn explained(assessment: &Assessment, key: &Key) -> String {
    let outcome = &key.verdict.outcome;
    let width = text::width();
    let mut out = String::new();
    let called = [
        Some(key.provider.as_str()),
        key.name.as_deref(),
        key.hint.as_deref(),
    ];
    let called: Vec<&str> = called.into_iter().flatten().collect();
    let mut say = |line: String| {
        let _ = writeln!(out, "{}", line.trim_end());
    };
    say(format!(
        "{}   {}   {}",
        text::tame(&called.join(" ")),
        key.credential.as_deref().unwrap_or("kind unknown"),
        key.id
    ));
    let due = outcome
        .due
        .map_or_else(|| "no date".to_owned(), |day| format!("by {}", short(day)));
    say(format!(
        "{} ({})   {}   {}   {due}",
        key.verdict.id.title(),
        key.verdict.id,
        outcome.level,
        outcome.urgency,
    ));
    say(text::wrap(&tenure_model::reason::reason(key), width, "  "));
    if let Some(then) = outcome.then {
        say(format!("Once that is cleared: {} ({then})", then.title()));
    }
    say(String::new());
    say("BECAUSE".to_owned());
    for because in &outcome.because {
        let basis = key.facts.get(because.fact.as_str()).map_or_else(
            || "nobody says".to_owned(),
            |note| format!("{}, {}", note.basis, note.source),
        );
        say(text::wrap(
            &format!("  {} ({basis})", because.text),
            width,
            "    ",
        ));
    }
    say(String::new());
    say(format!("LEVEL {} set by {}", outcome.level, outcome.set_by));
    for factor in &key.blast_radius.factors {
        let assumed = if factor.assumed {
            ", assumed: nobody knows"
        } else {
            ""
        };
        say(format!(
            "  {} counts {}{assumed}",
            factor.factor, factor.counts
        ));
    }
    say(String::new());
    say("WHAT COULD REPLACE IT".to_owned());
    for option in &key.options {
        let state = option.state.as_str().map_or_else(
            || {
                let day = option.state.get("later").and_then(|day| day.as_str());
                format!(
                    "later{}",
                    day.map_or_else(String::new, |day| format!(", {day}"))
                )
            },
            str::to_owned,
        );
        say(text::wrap(
            &format!("  {}: {state} ({})", option.option.title(), option.note),
            width,
            "    ",
        ));
    }
    list(
        &mut say,
        "WHAT WOULD CHANGE IT",
        outcome.would_change.iter().map(|change| {
            format!(
                "{} -> {} at {}",
                change.text,
                change.verdict.title(),
                change.level
            )
        }),
        width,
    );
    list(
        &mut say,
        "CONTROLS",
        key.controls.iter().map(|control| {
            let state = match control.state {
                ControlState::Met => "met",
                ControlState::Failing => "FAILING",
                ControlState::Unknown => "unknown",
                ControlState::NotApplicable => "not applicable",
            };
            format!("{state}  {}: {}", control.id, control.why)
        }),
        width,
    );
    list(
        &mut say,
        "WHO MAY OWN IT",
        key.owner_candidates
            .iter()
            .map(|who| format!("{} ({}; {})", who.who, who.why, who.confidence)),
        width,
    );
    list(
        &mut say,
        "SEEN IN",
        key.sightings.iter().map(|seen| {
            let line = seen
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            format!(
                "{}/{}{line} ({}), readable by {}: {}",
                seen.source, seen.path, seen.part, seen.audience, seen.audience_why
            )
        }),
        width,
    );
    list(
        &mut say,
        "BROUGHT TOGETHER",
        key.merged
            .iter()
            .map(|joined| format!("{} by {} ({})", joined.source, joined.by, joined.confidence)),
        width,
    );
    list(
        &mut say,
        "SOURCES DISAGREE",
        key.disputes.iter().map(|dispute| {
            format!(
                "{}: took {}, also {}",
                dispute.fact, dispute.taken, dispute.also
            )
        }),
        width,
    );
    say(String::new());
    say(text::wrap(
        &format!(
            "Replay: tenure why {} --facts | tenure decide --facts - --today {}",
            key.id, assessment.today
        ),
        width,
        "  ",
    ));
    say(format!("policy {}", outcome.policy));
    say(format!("facts  {}", outcome.facts));
    out
}

fn list(
    say: &mut dyn FnMut(String),
    title: &str,
    items: impl Iterator<Item = String>,
    width: usize,
) {
    for (at, item) in items.enumerate() {
        if at == 0 {
            say(String::new());
            say(title.to_owned());
        }
        say(text::wrap(&format!("  {item}"), width, "    "));
    }
}
