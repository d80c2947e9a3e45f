//! One row of a table to one key.

use super::{
    cells::{self, BadCell},
    provider, runtime,
};
use crate::importer::{
    column_map::{ColumnMap, Field},
    imported::Problem,
    reading::{
        dates::{self, Order},
        guard,
        sheet::Record,
    },
};
use serde_json::json;
use tenure_model::{
    day::Day,
    explain::FactName,
    facts::{OwnerState, Privilege},
    key::{Associate, Row, When},
    secret::Secret,
};

/// Words for "it never ends".
const NO_END: &[&str] = &[
    "never",
    "none",
    "no",
    "no expiry",
    "no expiration",
    "does not expire",
    "never expires",
    "unlimited",
    "∞",
];
/// Words for "it was never used".
const NO_USE: &[&str] = &["never", "never used", "not used", "unused"];

/// What reading a row needs.
pub(super) struct Reader<'t> {
    pub(super) map: &'t ColumnMap,
    pub(super) orders: &'t [Option<Order>],
    pub(super) today: Day,
}

/// What one row gave.
pub(super) struct Taken {
    /// `None` where nothing in it says which key it is about.
    pub(super) row: Option<Row>,
    pub(super) problems: Vec<Problem>,
    /// The columns, from 0, that held a secret.
    pub(super) plaintext: Vec<usize>,
}

/// A row while it is read.
struct Draft {
    row: Row,
    at: String,
    problems: Vec<Problem>,
    plaintext: Vec<usize>,
    /// What `last_used.offered` says.
    offered: Option<bool>,
}

impl Reader<'_> {
    pub(super) fn row(&self, record: &Record) -> Taken {
        let mut draft = Draft {
            row: Row {
                at: format!("line {}", record.line),
                ..Row::default()
            },
            at: format!("line {}", record.line),
            problems: Vec::new(),
            plaintext: Vec::new(),
            offered: None,
        };
        if record.width() > self.map.columns.len() {
            draft.problem(
                None,
                format!(
                    "the row has {} cells and the header has {}, so that its cells stand in wrong columns",
                    record.width(),
                    self.map.columns.len()
                ),
                "put quotes around cells that hold the delimiter".to_owned(),
            );
            return Taken {
                row: None,
                problems: draft.problems,
                plaintext: Vec::new(),
            };
        }
        for (at, column) in self.map.columns.iter().enumerate() {
            let cell = record.cell(at);
            let order = self.orders.get(at).copied().flatten();
            if let Err(bad) = self.cell(&mut draft, at, &column.field, cell, order) {
                draft.problem(Some(&column.header), bad.what, bad.todo);
            }
        }
        self.finish(draft)
    }

    /// Puts one cell where it belongs.
    fn cell(
        &self,
        draft: &mut Draft,
        at: usize,
        field: &Field,
        cell: &str,
        order: Option<Order>,
    ) -> Result<(), BadCell> {
        let row = &mut draft.row;
        match field {
            Field::Secret => draft.secret(at, cell),
            // Ids may look random; only the prefix of a secret gives a secret away.
            Field::KeyId if guard::prefixed(cell).is_none() => row.key_id = said(cell),
            Field::Account if guard::prefixed(cell).is_none() => row.account = said(cell),
            Field::Created => {
                if cell.is_empty() || dates::is_unknown(&cell.to_lowercase()) {
                    row.created = When::Unknown;
                } else {
                    row.created = When::Unknown;
                    row.created = When::On(cells::past(cell, order, self.today)?);
                    row.created_second = dates::stamp(cell).and_then(|(_, second)| second);
                }
            }
            Field::LastUsed => {
                row.last_used = When::Unknown;
                let when = dates::when(cell, NO_USE, order)
                    .map_err(|error| cells::bad_date(cell, error))?;
                if let Some(When::On(_)) = when {
                    row.last_used = When::On(cells::past(cell, order, self.today)?);
                } else if let Some(when) = when {
                    row.last_used = when;
                }
            }
            Field::Expires => {
                row.expires = When::Unknown;
                let when = dates::when(cell, NO_END, order)
                    .map_err(|error| cells::bad_date(cell, error))?;
                row.expires = when.unwrap_or(When::Unknown);
            }
            Field::LastUsedOffered => {
                let word = cells::word(cell);
                if !word.is_empty() && !dates::is_unknown(&word) && word != "unknown" {
                    draft.offered = Some(cells::truth(&word)?);
                }
            }
            Field::Status => row.status = cells::status(cell)?,
            Field::Fact(fact) => {
                if let Some(value) = cells::fact(*fact, cell, order, self.today)? {
                    row.declared.insert(*fact, value);
                }
            }
            Field::Since(verdict) => {
                if !cell.is_empty() && !dates::is_unknown(&cell.to_lowercase()) {
                    let day = cells::past(cell, order, self.today)?;
                    row.tags.insert(format!("since.{verdict}"), day.to_string());
                }
            }
            Field::Ignore => {
                // It is not kept, but a secret in it is in plaintext all the same. A column that nobody
                // knows may hold hashes, so that only the prefix of a secret counts here.
                if let Some(secret) = guard::prefixed(cell) {
                    draft.keep(at, secret);
                }
            }
            text => return self.text(draft, at, text, cell),
        }
        Ok(())
    }

    /// Puts a cell of text where it belongs, without what looks like a secret in it.
    fn text(&self, draft: &mut Draft, at: usize, field: &Field, cell: &str) -> Result<(), BadCell> {
        let Some(text) = draft.clean(at, cell) else {
            return Ok(());
        };
        let row = &mut draft.row;
        match field {
            Field::Name => row.name = Some(text),
            Field::KeyId => row.key_id = Some(text),
            Field::Provider => row.provider = provider::slug(&text),
            Field::Credential => row.credential = said(&cells::word(&text)),
            Field::Account => row.account = Some(text),
            Field::Hint => row.hint = Some(text),
            Field::System => row.system = Some(text),
            Field::Owner => match text.to_lowercase().replace(' ', "_").parse::<OwnerState>() {
                Ok(state) => {
                    row.declared
                        .insert(FactName::Owner, json!(state.to_string()));
                }
                Err(_) if dates::is_unknown(&text.to_lowercase()) => {}
                Err(_) => row.owner = Some(text),
            },
            Field::CreatedBy => row.associates.push(Associate {
                who: text,
                why: "created it".to_owned(),
                machine: false,
            }),
            Field::Runtime => {
                for part in list(&text) {
                    match runtime::of(part) {
                        Some(known) if row.runtimes.contains(&known) => {}
                        Some(known) => row.runtimes.push(known),
                        None if dates::is_unknown(&part.to_lowercase()) => {}
                        None => {
                            return Err(BadCell {
                                what: format!("`{}` is not a runtime", guard::quoted(part)),
                                todo: format!(
                                    "write one of {}",
                                    tenure_model::place::Runtime::ALL
                                        .iter()
                                        .map(|runtime| runtime.word())
                                        .collect::<Vec<_>>()
                                        .join(", ")
                                ),
                            });
                        }
                    }
                }
            }
            Field::Consumers => consumers(row, &text)?,
            Field::Tag(tag) => {
                if tag == "scope"
                    && let Ok(privilege) = cells::word(&text).parse::<Privilege>()
                    && privilege != Privilege::Unknown
                {
                    row.declared
                        .entry(FactName::Privilege)
                        .or_insert_with(|| json!(privilege.to_string()));
                }
                row.tags.insert(tag.clone(), text);
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&self, mut draft: Draft) -> Taken {
        let row = &mut draft.row;
        match (draft.offered, row.last_used) {
            (Some(true), When::Unknown) => row.last_used = When::Never,
            (Some(false), when) => {
                row.last_used = When::NotOffered;
                if let When::On(day) = when {
                    row.declared
                        .insert(FactName::LastUsed, json!({"offered": false, "at": day}));
                }
            }
            _ => {}
        }
        let nameless = row.name.is_none() && row.key_id.is_none() && row.hint.is_none();
        if nameless && row.secret.is_none() && row.provider.is_empty() {
            draft.problem(
                None,
                "the row is empty of identity: no name, key id, secret or provider".to_owned(),
                "say which key it is about, or delete the row".to_owned(),
            );
            return Taken {
                row: None,
                problems: draft.problems,
                plaintext: draft.plaintext,
            };
        }
        if row.provider.is_empty() {
            let by_id = row.key_id.as_deref().and_then(guard::provider);
            let by_secret = || {
                let secret = row.secret.as_ref()?;
                guard::provider(std::str::from_utf8(secret.expose()).ok()?)
            };
            row.provider = by_id.or_else(by_secret).unwrap_or("unknown").to_owned();
        }
        if row.credential.is_none()
            && row.provider == "aws"
            && row.key_id.as_deref().is_some_and(guard::is_aws_key_id)
        {
            row.credential = Some("iam_access_key".to_owned());
        }
        Taken {
            row: Some(draft.row),
            problems: draft.problems,
            plaintext: draft.plaintext,
        }
    }
}

impl Draft {
    fn problem(&mut self, column: Option<&str>, what: String, todo: String) {
        let at = match column {
            Some(column) => format!("{}, column `{column}`", self.at),
            None => self.at.clone(),
        };
        self.problems.push(Problem { at, what, todo });
    }

    /// A cell of a secret column. It is never repeated.
    fn secret(&mut self, at: usize, cell: &str) {
        if guard::is_masked(cell) {
            if self.row.hint.is_none() {
                self.row.hint = Some(cell.to_owned());
            }
        } else if !guard::is_remark(cell) {
            self.keep(at, Secret::new(cell.as_bytes()));
        }
    }

    /// A cell of another column without what looks like a secret in it; `None` where nothing is left.
    fn clean(&mut self, at: usize, cell: &str) -> Option<String> {
        let (text, secret) = guard::scrub(cell);
        let text =
            said(&text).filter(|text| secret.is_none() || text != "…" && text != "(private key)");
        if let Some(secret) = secret {
            self.keep(at, secret);
        }
        text
    }

    fn keep(&mut self, at: usize, secret: Secret) {
        self.plaintext.push(at);
        match &self.row.secret {
            None => self.row.secret = Some(secret),
            Some(first) if *first == secret => {}
            Some(_) => self.problem(
                None,
                "the row holds more than one secret; only the first one was fingerprinted"
                    .to_owned(),
                "write one row per key".to_owned(),
            ),
        }
    }
}

fn said(cell: &str) -> Option<String> {
    let text = cell.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '|', '\n', '+'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// A number, or names: then their number counts, and those that are runtimes say where they run.
fn consumers(row: &mut Row, text: &str) -> Result<(), BadCell> {
    let word = cells::word(text);
    if dates::is_unknown(&word) || word == "unknown" {
        return Ok(());
    }
    let count = if word
        .bytes()
        .all(|b| b.is_ascii_digit() || b == b'.' || b == b'_')
        || word.starts_with('-')
    {
        cells::whole(&word)?
    } else if word == "none" {
        0
    } else {
        for part in list(text) {
            if let Some(known) = runtime::of(part)
                && !row.runtimes.contains(&known)
            {
                row.runtimes.push(known);
            }
        }
        row.tags.insert("consumers".to_owned(), text.to_owned());
        u64::try_from(list(text).count()).unwrap_or(u64::MAX)
    };
    row.declared.insert(FactName::Consumers, json!(count));
    Ok(())
}
