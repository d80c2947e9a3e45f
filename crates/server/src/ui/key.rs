//! One key: the verdict as a sentence, who holds it and what it opens, and everything that it rests on.

use super::{
    Result,
    form::{self, Act, Typed},
    frame::Frame,
    happened::{self, Happened},
    life::Life,
    picture::Picture,
    shown::filters,
};
use askama::Template;
use tenure_app::report::words;
use tenure_model::{
    assessment::Key, day::Day, decide::Urgency, exception::Stage, horizon::label, moment::Moment,
    reason,
};

/// The page. Filled by `Desk::key` and `Desk::history`; acts by asking `access` for each, with the key as object.
#[derive(Template)]
#[template(path = "key.html")]
pub struct OneKey {
    /// What stands around it.
    pub frame: Frame,
    /// The key with its verdict.
    pub key: Box<Key>,
    /// No source names it any more.
    pub gone: bool,
    /// Who was made to answer for it here.
    pub assigned: Option<Assigned>,
    /// Its exceptions, newest first.
    pub exceptions: Vec<Excepted>,
    /// What people said of it, oldest first.
    pub comments: Vec<Comment>,
    /// The caller may say something.
    pub may_comment: bool,
    /// The caller may keep a file beside it.
    pub may_attach: bool,
    /// A comment that came back.
    pub typed: Typed,
    /// Its life.
    pub life: Life,
    /// What happened to it, newest first.
    pub events: Vec<Happened>,
    /// What the caller may do now, the right thing first.
    pub acts: Vec<Act>,
}

/// Who was made to answer for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// The person.
    pub owner: String,
    /// Who stands in for them.
    pub backup: Option<String>,
    /// On which day they stop, where that is known.
    pub until: Option<Day>,
}

/// An exception of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excepted {
    /// Its id.
    pub id: String,
    /// The page of its statement.
    pub address: String,
    /// Under what reports count it.
    pub stage: Stage,
    /// It is permanent: the day is that of its review.
    pub permanent: bool,
    /// When it ends, or is to be reviewed.
    pub day: Option<Day>,
    /// Who asked, approved, accepted: as a sentence.
    pub says: String,
}

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Who.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Their words.
    pub text: String,
    /// Files beside them.
    pub attachments: Vec<Attachment>,
}

/// A file that is kept as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hex.
    pub digest: String,
    /// Where it can be read; it is always sent as a download.
    pub address: String,
}

/// One fact as a row.
struct FactRow {
    name: String,
    value: String,
    basis: &'static str,
    source: String,
    /// What other sources say.
    also: Vec<String>,
}

impl OneKey {
    fn name(&self) -> String {
        label(&self.key)
    }

    /// `Unowned at B3, nobody is named. Assign an owner by 7 Dec 2026.`
    fn sentence(&self) -> String {
        let outcome = &self.key.verdict.outcome;
        let by = match (outcome.urgency, outcome.due) {
            (Urgency::Covered, _) => "; an exception covers it".to_owned(),
            (Urgency::Overdue, Some(day)) => format!("; that was due on {}", reason::short(day)),
            (Urgency::Now, _) | (_, None) => String::new(),
            (_, Some(day)) => format!(" by {}", reason::short(day)),
        };
        format!(
            "{} at {}, {}. {}{by}.",
            words::verdict(self.key.verdict.id),
            outcome.level,
            reason::cause(&self.key),
            words::action(outcome.action),
        )
    }

    /// The finding behind the gate, where there is one.
    fn then(&self) -> Option<&'static str> {
        let then = self.key.verdict.outcome.then?;
        (then != self.key.verdict.id).then(|| words::verdict(then))
    }

    fn picture(&self) -> Picture {
        Picture::of(&self.key)
    }

    fn facts(&self) -> Vec<FactRow> {
        self.key
            .facts
            .iter()
            .map(|(name, note)| FactRow {
                name: name.replace(['_', '.'], " "),
                value: happened::value(&note.value),
                basis: basis(&note.basis),
                source: note.source.clone(),
                also: self
                    .key
                    .disputes
                    .iter()
                    .filter(|dispute| dispute.fact == **name)
                    .map(|dispute| dispute.also.clone())
                    .collect(),
            })
            .collect()
    }

    /// Disputes about what is no fact of the table, such as the name.
    fn other_disputes(&self) -> Vec<&tenure_model::note::Dispute> {
        self.key
            .disputes
            .iter()
            .filter(|dispute| !self.key.facts.contains_key(dispute.fact.as_str()))
            .collect()
    }

    fn option_state(state: &serde_json::Value) -> String {
        match state {
            serde_json::Value::Object(later) => match later.get("later") {
                Some(serde_json::Value::String(day)) => format!("from {day}"),
                _ => match later.get("needs") {
                    Some(needs) => format!("later, needs {}", happened::value(needs)),
                    None => "later".to_owned(),
                },
            },
            other => happened::value(other),
        }
    }
}

/// A basis as a reader knows it.
fn basis(basis: &tenure_model::key::Basis) -> &'static str {
    match basis.word() {
        "not_offered" => "cannot tell",
        word => word,
    }
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &OneKey) -> Result<String> {
    view.render()
}
