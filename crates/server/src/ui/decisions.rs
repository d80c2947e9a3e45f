//! Decisions: what waits for a signature on the left, the statement on the right.

use super::{
    Result,
    difference::{self, Line},
    form::{Act, Typed},
    frame::Frame,
    key::Comment,
    shown::filters,
};
use askama::Template;
use tenure_app::report::text;
use tenure_model::{day::Day, level::Level, moment::Moment};

tenure_model::words! {
    /// What a decision is about.
    pub enum Kind {
        Approve = "approve", Accept = "accept", Review = "review", Reaffirm = "reaffirm", Reopened = "reopened",
        Class = "class", KeyRequest = "key_request", Attest = "attest",
    }
}

impl Kind {
    /// It as a reader knows it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Approve => "Exception to approve",
            Self::Accept => "Risk to accept",
            Self::Review => "Review that is due",
            Self::Reaffirm => "Its acceptor left",
            Self::Reopened => "Facts changed: sign again",
            Self::Class => "Class of minor keys to accept",
            Self::KeyRequest => "New key asked for",
            Self::Attest => "To attest",
        }
    }
}

/// The page. Filled by the register of exceptions, requests for keys and reviews that wait; whether the caller may sign
/// is `access`'s word and the domain's, asked for each before it is shown.
#[derive(Template)]
#[template(path = "decisions.html")]
pub struct Decisions {
    /// What stands around it.
    pub frame: Frame,
    /// What waits, most urgent first.
    pub list: Vec<Waiting>,
    /// Where the next page of the list begins, as an address.
    pub next: Option<String>,
    /// What is opened.
    pub chosen: Option<Chosen>,
    /// What the caller may ask for here.
    pub acts: Vec<Act>,
}

/// One decision that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// The key's name, or the class.
    pub name: String,
    /// How bad the key is.
    pub level: Level,
    /// Who asks.
    pub by: String,
    /// Since when it waits.
    pub since: Day,
    /// By when it has to be decided.
    pub due: Option<Day>,
    /// The caller may sign it.
    pub theirs: bool,
}

impl Waiting {
    /// Its page.
    #[must_use]
    pub fn address(&self) -> String {
        format!("/decisions/{}", text::segment(&self.id))
    }
}

/// A decision that is opened.
pub struct Chosen {
    /// What waits.
    pub waiting: Waiting,
    /// The key's page, where it is about one.
    pub key: Option<String>,
    /// What is signed, word for word.
    pub statement: String,
    /// SHA-256 of that text, in hex; sent with the signature.
    pub digest: String,
    /// How often what waits was written; sent with the signature.
    pub version: u64,
    /// Who signed so far.
    pub signed: Vec<Signature>,
    /// What was said about it.
    pub comments: Vec<Comment>,
    /// How it is signed, or why not by this caller.
    pub sign: Sign,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who.
    pub by: String,
    /// As what: `approved`, `accepted the risk as executive`.
    pub what: String,
    /// Their words.
    pub reason: String,
    /// When.
    pub at: Moment,
}

/// How something is signed.
pub enum Sign {
    /// The caller may sign.
    Form {
        /// What came back.
        typed: Typed,
        /// It as an order: `Approve`, `Accept the risk`.
        order: &'static str,
        /// What refusing it is called; `None` where there is nothing to refuse.
        refuse: Option<&'static str>,
        /// The caller may ask who asked.
        may_ask: bool,
        /// Signing needs a sign-in that is fresher than the caller's.
        stale: bool,
    },
    /// The caller may not, and why: the determining policy's sentence.
    Not {
        /// Why, as a sentence.
        why: String,
        /// The ids of the policies that say so.
        policies: Vec<String>,
        /// Who may, as words.
        who: Vec<String>,
    },
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &Decisions) -> Result<String> {
    view.render()
}

/// The statement changed between reading and signing: nothing was signed, and this is the difference. Filled from the
/// digest that was sent and the statement of now; the status is 409.
#[derive(Template)]
#[template(path = "changed.html")]
pub struct Changed {
    /// What stands around it.
    pub frame: Frame,
    /// The key's name, or the class.
    pub name: String,
    /// What was read.
    pub before: String,
    /// What is true now.
    pub after: String,
    /// The digest of what is true now.
    pub digest: String,
    /// The reason that was typed: nothing of it is lost.
    pub reason: String,
    /// The page where it is read again.
    pub again: String,
}

impl Changed {
    fn lines(&self) -> Vec<Line> {
        difference::lines(&self.before, &self.after)
    }

    fn count(&self) -> String {
        let n = self
            .lines()
            .iter()
            .filter(|line| !matches!(line, Line::Same(_)))
            .count();
        text::plural(u64::try_from(n).unwrap_or(u64::MAX), "line", "lines")
    }
}

/// Makes the page of a difference.
///
/// # Errors
/// A fault of Tenure.
pub fn render_changed(view: &Changed) -> Result<String> {
    view.render()
}

/// A statement alone, for paper. Filled by the exception as it was signed.
#[derive(Template)]
#[template(path = "statement.html")]
pub struct Statement {
    /// What stands around it.
    pub frame: Frame,
    /// The key's name, or the class.
    pub name: String,
    /// The key's page.
    pub key: Option<String>,
    /// What was signed, word for word.
    pub statement: String,
    /// SHA-256 of that text, in hex.
    pub digest: String,
    /// Who signed.
    pub signed: Vec<Signature>,
    /// What was said about it.
    pub comments: Vec<Comment>,
    /// Whether it holds, as a sentence.
    pub holds: String,
    /// What the caller may do about it.
    pub acts: Vec<Act>,
}

/// Makes the page of a statement.
///
/// # Errors
/// A fault of Tenure.
pub fn render_statement(view: &Statement) -> Result<String> {
    view.render()
}

impl Decisions {
    fn is_open(&self, one: &Waiting) -> bool {
        self.chosen
            .as_ref()
            .is_some_and(|chosen| chosen.waiting.id == one.id)
    }
}
