//! Every key with its reasons, as CSV.

use super::{ReportError, text, words};
use tenure_model::{
    assessment::{Assessment, ControlState, Key},
    day::Day,
    horizon, reason,
};

const HEAD: [&str; 27] = [
    "id",
    "provider",
    "credential",
    "key_id",
    "name",
    "hint",
    "account",
    "owner",
    "system",
    "level",
    "set_by",
    "verdict",
    "then",
    "action",
    "urgency",
    "due",
    "because",
    "reasons",
    "would_change",
    "tasks",
    "failing_controls",
    "created_at",
    "last_used",
    "expires_at",
    "ends",
    "ended_by",
    "facts",
];

/// All keys in the order of the assessment.
pub(super) fn csv(assessment: &Assessment) -> Result<String, ReportError> {
    let fault = |error: csv::Error| ReportError::Table(error.to_string());
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(HEAD).map_err(fault)?;
    for key in &assessment.keys {
        writer
            .write_record(row(key, assessment.today).iter().map(|cell| harmless(cell)))
            .map_err(fault)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| ReportError::Table(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| ReportError::Table(error.to_string()))
}

fn row(key: &Key, today: Day) -> [String; 27] {
    let outcome = &key.verdict.outcome;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let day = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
    let end = horizon::is_living(key)
        .then(|| horizon::end(key, today))
        .flatten();
    let list = |items: Vec<String>| items.join("; ");
    [
        key.id.clone(),
        key.provider.clone(),
        text(&key.credential),
        text(&key.key_id),
        text(&key.name),
        text(&key.hint),
        text(&key.account),
        text(&key.owner.value),
        text(&key.system.value),
        outcome.level.to_string(),
        outcome.set_by.to_string(),
        key.verdict.id.to_string(),
        outcome.then.map_or_else(String::new, |v| v.to_string()),
        outcome.action.to_string(),
        outcome.urgency.to_string(),
        day(outcome.due),
        text::visible(&reason::cause(key)),
        list(outcome.because.iter().map(|b| b.text.clone()).collect()),
        list(
            outcome
                .would_change
                .iter()
                .map(|w| w.text.clone())
                .collect(),
        ),
        list(
            outcome
                .tasks
                .iter()
                .map(|t| words::task(*t).to_owned())
                .collect(),
        ),
        list(
            key.controls
                .iter()
                .filter(|control| control.state == ControlState::Failing)
                .map(|control| control.id.to_string())
                .collect(),
        ),
        day(key.created_at.value),
        day(key.last_used.value),
        day(key.expires_at.value),
        day(end.map(|end| end.0)),
        end.map_or_else(String::new, |end| end.1.to_string()),
        outcome.facts.clone(),
    ]
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    tenure_model::cell::neutral(&text::unhidden(cell))
}
