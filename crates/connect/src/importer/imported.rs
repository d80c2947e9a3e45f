//! What goes into an importer and what comes out of it.

use super::column_map::ColumnMap;
use tenure_model::{
    day::Day,
    digest,
    key::{Coverage, CoverageState, Person, Row},
    reported::Reported,
    system::System,
};

/// One file to be imported. Has no `Debug`: its bytes may hold secrets.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The file as the user named it; coverage and errors repeat it.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
    /// The kind that the user declared with `--import KIND=FILE`.
    pub declared_kind: Option<&'a str>,
    /// A column map that the user saved, for the kind `table`.
    pub columns: Option<&'a ColumnMap>,
    /// The clock reading, against which dates of the past are held.
    pub today: Day,
}

impl<'a> Input<'a> {
    /// A file of which nothing is declared.
    #[must_use]
    pub fn new(name: &'a str, bytes: &'a [u8], today: Day) -> Self {
        Self {
            name,
            bytes,
            declared_kind: None,
            columns: None,
            today,
        }
    }

    /// The same file with a declared kind.
    #[must_use]
    pub fn declared(mut self, kind: &'a str) -> Self {
        self.declared_kind = Some(kind);
        self
    }

    /// The same file with a saved column map.
    #[must_use]
    pub fn with_columns(mut self, columns: &'a ColumnMap) -> Self {
        self.columns = Some(columns);
        self
    }
}

/// What one file told.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// The kind of export that it is.
    pub kind: &'static str,
    /// The keys.
    pub rows: Vec<Row>,
    /// The people, where it is a people list.
    pub people: Vec<Person>,
    /// Copies of keys: findings of other scanners, and secrets that stand in this file.
    pub sightings: Vec<Reported>,
    /// The systems that keys serve, where it is an export of a configuration database.
    pub systems: Vec<System>,
    /// What it covers, one entry per part that a source of this kind could speak of.
    pub coverage: Vec<Coverage>,
    /// It lists every key of its kind in its account, so that a key's state in it, or its absence from
    /// it, says something about that key.
    pub whole: bool,
    /// The file holds plaintext secrets: it is an exposure itself.
    pub plaintext: bool,
    /// What was wrong with single rows or cells.
    pub problems: Vec<Problem>,
    /// How the columns were understood, where it is a table.
    pub column_map: Option<ColumnMap>,
    /// What a reader of this import should know.
    pub notes: Vec<String>,
}

/// One row or cell that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `line 3`, or `/data/0/created_at`.
    pub at: String,
    /// What is wrong with it.
    pub what: String,
    /// What the user can do about it.
    pub todo: String,
}

impl Problem {
    /// A problem from its three parts.
    #[must_use]
    pub fn new(at: impl Into<String>, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            what: what.into(),
            todo: todo.into(),
        }
    }
}

/// Why a whole file could not be used. Says what is wrong, and where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// `--import KIND=FILE` with a kind that does not exist.
    #[error("`{kind}` is not a kind of import{}; there are: {kinds}", nearest.map(|n| format!(", did you mean `{n}`?")).unwrap_or_default())]
    UnknownKind {
        /// The kind as given.
        kind: String,
        /// The kind that looks most like it.
        nearest: Option<&'static str>,
        /// Every kind.
        kinds: String,
    },
    /// Nothing in it.
    #[error("{file}: the file is empty; export it again, or leave it out")]
    Empty {
        /// The file.
        file: String,
    },
    /// Not text.
    #[error(
        "{file}, line {line}: this is not UTF-8 text; save the file as UTF-8 (in a spreadsheet: CSV UTF-8)"
    )]
    Encoding {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// JSON that ends too early or is none.
    #[error("{file}, line {line}, column {column}: {what}; {todo}")]
    Json {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        what: String,
        /// What to do.
        todo: String,
        /// It ends too early, and is sound up to there.
        cut_off: bool,
    },
    /// The declared or recognised kind looks different.
    #[error("{file} is not a file of kind {kind}: {why}; {todo}")]
    Shape {
        /// The file.
        file: String,
        /// The kind that it was read as.
        kind: &'static str,
        /// What is missing or wrong.
        why: String,
        /// What to do.
        todo: String,
    },
    /// An error answer saved in place of an export.
    #[error(
        "{file} is an error answer, not an export ({reason}); repeat the export with an account that may read it, or say with --import KIND=FILE what it was meant to be"
    )]
    ErrorAnswer {
        /// The file.
        file: String,
        /// The answer in short, as `403: Resource not accessible by integration`.
        reason: String,
    },
    /// The header row of a table cannot be used.
    #[error("{file}: {what}; {todo}")]
    Header {
        /// The file.
        file: String,
        /// What is wrong.
        what: String,
        /// What to do.
        todo: String,
    },
    /// No importer knows it.
    #[error(
        "{file}: no importer recognises this content; say what it is with --import KIND=FILE (kinds: {kinds})"
    )]
    Unrecognised {
        /// The file.
        file: String,
        /// Every kind.
        kinds: String,
    },
}

/// Whether content is of an importer's kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognition {
    /// It is something else.
    No,
    /// It is of this kind.
    Yes,
    /// It is an error answer to the request for this kind, as `403: Resource not accessible`.
    Refusal(String),
}

/// Makes the coverage entries of one file.
pub(crate) struct Cover {
    source: String,
    hash: String,
}

impl Cover {
    pub(crate) fn of(input: &Input<'_>) -> Self {
        Self {
            source: input.name.to_owned(),
            hash: digest::of_bytes(input.bytes),
        }
    }

    /// SHA-256 of the file.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    fn part(
        &self,
        part: &str,
        state: CoverageState,
        reason: Option<String>,
        rows: Option<usize>,
    ) -> Coverage {
        Coverage {
            source: self.source.clone(),
            part: part.to_owned(),
            state,
            reason,
            rows: rows.and_then(|rows| u64::try_from(rows).ok()),
            hash: Some(self.hash.clone()),
        }
    }

    /// Read whole, or in part where there is a reason why not.
    pub(crate) fn read(&self, part: &str, rows: usize, why_partial: Option<String>) -> Coverage {
        let state = match why_partial {
            None => CoverageState::Complete,
            Some(_) => CoverageState::Partial,
        };
        self.part(part, state, why_partial, Some(rows))
    }

    pub(crate) fn not_offered(&self, part: &str, reason: &str) -> Coverage {
        self.part(
            part,
            CoverageState::NotOffered,
            Some(reason.to_owned()),
            None,
        )
    }

    pub(crate) fn not_covered(&self, part: &str, reason: &str) -> Coverage {
        self.part(
            part,
            CoverageState::NotCovered,
            Some(reason.to_owned()),
            None,
        )
    }
}

/// Why a listing with rejected rows is not whole.
pub(crate) fn rejected(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 row was rejected".to_owned()),
        n => Some(format!("{n} rows were rejected")),
    }
}
