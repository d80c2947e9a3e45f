//! An assessment in every format, and what ends a run with code 1.

use crate::{args::Format, exit::Failure, table, text};
use std::{
    io::{self, Write},
    path::Path,
};
use tenure_model::{
    assessment::{Assessment, Key},
    cell::neutral,
    classify::Level,
    decide::{Action, Urgency},
    facts::Verdict,
    key::Told,
    reason::reason,
};

/// The format: as named, else by the extension of the file that is written, else a table.
pub(crate) fn format(named: Option<Format>, to: Option<&Path>) -> Format {
    let extension = to
        .and_then(Path::extension)
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    named.unwrap_or(match extension.as_deref() {
        Some("json") => Format::Json,
        Some("jsonl" | "ndjson") => Format::Jsonl,
        Some("csv") => Format::Csv,
        Some("md") => Format::Md,
        _ => Format::Table,
    })
}

/// Writes an assessment.
pub(crate) fn render(
    assessment: &Assessment,
    format: Format,
    look: table::Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Table => out.write_all(table::table(assessment, look).as_bytes()),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, assessment)?;
            out.write_all(b"\n")
        }
        Format::Jsonl => assessment.keys.iter().try_for_each(|key| {
            serde_json::to_writer(&mut *out, key)?;
            out.write_all(b"\n")
        }),
        Format::Csv => csv(assessment, out),
        Format::Md => out.write_all(markdown(assessment).as_bytes()),
    }
}

const COLUMNS: [&str; 19] = [
    "id",
    "provider",
    "credential",
    "account",
    "key_id",
    "name",
    "hint",
    "verdict",
    "action",
    "level",
    "urgency",
    "due",
    "because",
    "owner",
    "system",
    "purpose",
    "created_at",
    "last_used",
    "expires_at",
];

fn cells(key: &Key) -> [String; 19] {
    let outcome = &key.verdict.outcome;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    [
        key.id.clone(),
        key.provider.clone(),
        text(&key.credential),
        text(&key.account),
        text(&key.key_id),
        text(&key.name),
        text(&key.hint),
        key.verdict.id.word().to_owned(),
        outcome.action.word().to_owned(),
        outcome.level.word().to_owned(),
        outcome.urgency.word().to_owned(),
        outcome.due.map(|day| day.to_string()).unwrap_or_default(),
        reason(key),
        text(&key.owner.value),
        text(&key.system.value),
        key.purpose.word().to_owned(),
        day(&key.created_at),
        day(&key.last_used),
        day(&key.expires_at),
    ]
}

/// A day, `never` where a source says so, or nothing.
fn day(told: &Told<tenure_model::day::Day>) -> String {
    use tenure_model::key::Basis;
    match (told.value, told.basis) {
        (Some(day), _) => day.to_string(),
        (None, Basis::Observed | Basis::Declared) => "never".to_owned(),
        (None, _) => String::new(),
    }
}

fn csv(assessment: &Assessment, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for key in &assessment.keys {
        writer.write_record(cells(key).map(|cell| neutral(&text::tame(&cell))))?;
    }
    writer.flush()
}

fn markdown(assessment: &Assessment) -> String {
    let shown = [7usize, 9, 1, 5, 6, 12, 13, 11];
    let row = |cells: &[String]| {
        let picked: Vec<String> = shown
            .iter()
            .map(|at| text::cell(cells.get(*at).map_or("", String::as_str)))
            .collect();
        format!("| {} |\n", picked.join(" | "))
    };
    let mut out = row(&COLUMNS.map(str::to_owned));
    out.push_str(&format!("|{}\n", " --- |".repeat(shown.len())));
    for key in &assessment.keys {
        out.push_str(&row(&cells(key)));
    }
    out
}

/// One condition of `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailOn {
    Verdict(Verdict),
    Action(Action),
    Level(Level),
    Urgency(Urgency),
    Any,
}

impl FailOn {
    pub(crate) fn parse(word: &str) -> Result<Self, Failure> {
        let lower = word.trim().to_ascii_lowercase().replace('-', "_");
        let level = lower.to_ascii_uppercase().parse().map(Self::Level);
        if lower == "any" {
            return Ok(Self::Any);
        }
        level
            .or_else(|_| lower.parse().map(Self::Verdict))
            .or_else(|_| lower.parse().map(Self::Action))
            .or_else(|_| lower.parse().map(Self::Urgency))
            .map_err(|_| {
                let words = |all: Vec<&str>| all.join(", ");
                Failure::input(
                    format!("--fail-on {word}: is no verdict, act, level or urgency"),
                    format!(
                        "write any, B0 to B4, {}, {} or {}",
                        words(Urgency::ALL.iter().map(|u| u.word()).collect()),
                        words(Action::ALL.iter().map(|a| a.word()).collect()),
                        words(Verdict::ALL.iter().map(|v| v.word()).collect()),
                    ),
                )
            })
    }

    fn hits(self, key: &Key) -> bool {
        let outcome = &key.verdict.outcome;
        match self {
            Self::Verdict(verdict) => key.verdict.id == verdict,
            Self::Action(action) => outcome.action == action,
            Self::Level(level) => outcome.level >= level && outcome.action != Action::Closed,
            Self::Urgency(urgency) => outcome.urgency == urgency,
            Self::Any => !matches!(outcome.action, Action::Keep | Action::Closed),
        }
    }
}

/// What the conditions hit, as the last line says it: `2 keys at contain_now`.
pub(crate) fn failures(assessment: &Assessment, conditions: &[(String, FailOn)]) -> Vec<String> {
    conditions
        .iter()
        .filter_map(|(word, condition)| {
            let hits = assessment
                .keys
                .iter()
                .filter(|key| condition.hits(key))
                .count();
            let hits = u64::try_from(hits).unwrap_or(u64::MAX);
            (hits > 0).then(|| format!("{} at {word}", text::count(hits, "key")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_fail_on_is_a_verdict_an_act_a_level_or_an_urgency() {
        assert_eq!(FailOn::parse("b3").unwrap(), FailOn::Level(Level::B3));
        assert_eq!(
            FailOn::parse("contain-now").unwrap(),
            FailOn::Action(Action::ContainNow)
        );
        assert_eq!(
            FailOn::parse("unowned").unwrap(),
            FailOn::Verdict(Verdict::Unowned)
        );
        assert_eq!(
            FailOn::parse("overdue").unwrap(),
            FailOn::Urgency(Urgency::Overdue)
        );
        assert!(FailOn::parse("b9").is_err());
    }
}
