//! The rows of one file with what they cover, and the secrets that stood in it.

use super::{
    imported::{Cover, Imported, Input, Problem, rejected},
    reading::guard,
};
use serde_json::Value;
use tenure_model::{facts::Status, key::Row, secret::Secret};

/// Collects the rows of one file.
pub(super) struct Gathered {
    cover: Cover,
    imported: Imported,
    rejections: usize,
    why: Vec<String>,
}

impl Gathered {
    pub(super) fn new(input: &Input<'_>, kind: &'static str, why_partial: Option<String>) -> Self {
        Self {
            cover: Cover::of(input),
            imported: Imported {
                kind,
                ..Imported::default()
            },
            rejections: 0,
            why: why_partial.into_iter().collect(),
        }
    }

    /// Takes a row, or why there is none. A secret that stands in one of these fields, or with the form of
    /// a secret in any other, goes with the row, to be fingerprinted and dropped.
    pub(super) fn take(&mut self, entry: &Value, row: Result<Row, Problem>, secrets: &[&str]) {
        match row {
            Ok(mut row) => {
                row.secret = secret(entry, secrets);
                self.imported.plaintext |= row.secret.is_some();
                self.imported.rows.push(row);
            }
            Err(problem) => {
                self.rejections += 1;
                self.imported.problems.push(problem);
            }
        }
    }

    /// What else makes the list less than whole.
    pub(super) fn partial(&mut self, why: impl Into<String>) {
        self.why.push(why.into());
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.imported.notes.push(note.into());
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.imported.rows
    }

    pub(super) fn rows_mut(&mut self) -> &mut Vec<Row> {
        &mut self.imported.rows
    }

    fn why(&self) -> Option<String> {
        let why: Vec<String> = rejected(self.rejections)
            .into_iter()
            .chain(self.why.iter().cloned())
            .collect();
        (!why.is_empty()).then(|| why.join("; "))
    }

    /// A part that was read, as far as the list goes.
    pub(super) fn read(&mut self, part: &str) {
        let rows = self.imported.rows.len();
        self.read_rows(part, rows);
    }

    /// A part of which so many rows were read.
    pub(super) fn read_rows(&mut self, part: &str, rows: usize) {
        let entry = self.cover.read(part, rows, self.why());
        self.imported.coverage.push(entry);
    }

    /// A part that was read where the field that tells it stands there, and else is not offered.
    pub(super) fn read_if(&mut self, told: bool, part: &str, reason: &str) {
        if told {
            self.read(part);
        } else {
            self.not_offered(part, reason);
        }
    }

    pub(super) fn not_offered(&mut self, part: &str, reason: &str) {
        let entry = self.cover.not_offered(part, reason);
        self.imported.coverage.push(entry);
    }

    pub(super) fn not_covered(&mut self, part: &str, reason: &str) {
        let entry = self.cover.not_covered(part, reason);
        self.imported.coverage.push(entry);
    }

    /// The import. `lists_all`: a list of this kind holds every key of its account, so that a key's absence
    /// says something.
    pub(super) fn finish(mut self, lists_all: bool) -> Imported {
        // A list in which nothing is active may have been asked for what is not.
        let inactive = |row: &Row| matches!(row.status, Some(Status::Inactive | Status::Refused));
        let filtered = !self.rows().is_empty() && self.rows().iter().all(inactive);
        self.imported.whole = lists_all && self.why().is_none() && !filtered;
        let held = self
            .rows()
            .iter()
            .filter(|row| row.secret.is_some())
            .count();
        if held > 0 {
            self.imported
                .coverage
                .push(self.cover.read("plaintext secrets", held, None));
            self.note(format!(
                "holds {held} secret{} in plaintext: the file itself is an exposure",
                if held == 1 { "" } else { "s" }
            ));
        }
        self.imported
    }
}

/// The secret that an entry holds in one of these fields, or with the form of one in any other.
fn secret(entry: &Value, fields: &[&str]) -> Option<Secret> {
    let named = fields.iter().find_map(|field| {
        let value = if field.starts_with('/') {
            entry.pointer(field)
        } else {
            entry.get(field)
        };
        let text = value?.as_str()?.trim();
        let shown = !text.is_empty() && !guard::is_masked(text) && !guard::is_remark(text);
        shown.then(|| Secret::new(text.as_bytes()))
    });
    named.or_else(|| stray(entry))
}

fn stray(value: &Value) -> Option<Secret> {
    match value {
        Value::String(text) => guard::prefixed(text),
        Value::Array(items) => items.iter().find_map(stray),
        Value::Object(fields) => fields.values().find_map(stray),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_in_a_field_goes_with_its_row_and_is_not_shown() {
        let input = Input::new("x", b"", "2026-11-23".parse().unwrap());
        let taken = |entry: Value| {
            let mut gathered = Gathered::new(&input, "table", None);
            gathered.take(&entry, Ok(Row::default()), &["secret"]);
            gathered.finish(true)
        };
        let held = taken(json!({"secret": "not-for-you"}));
        assert_eq!(
            held.rows[0].secret.as_ref().unwrap().expose(),
            b"not-for-you"
        );
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
        assert!(
            held.coverage
                .iter()
                .any(|part| part.part == "plaintext secrets")
        );
        let stray = taken(json!({"a": [{"b": "ghp_0123456789abcdefghijABCDEFGHIJ012345"}]}));
        assert!(stray.plaintext);
        for none in [
            json!({"secret": null}),
            json!({"secret": "****1234"}),
            json!({"secret": ""}),
            json!({"secret": "[REDACTED]"}),
        ] {
            assert!(!taken(none).plaintext);
        }
    }

    #[test]
    fn a_list_of_nothing_active_proves_no_absence() {
        let input = Input::new("x", b"", "2026-11-23".parse().unwrap());
        let whole = |states: &[Status]| {
            let mut gathered = Gathered::new(&input, "table", None);
            for status in states {
                let row = Row {
                    status: Some(*status),
                    ..Row::default()
                };
                gathered.take(&Value::Null, Ok(row), &[]);
            }
            gathered.finish(true).whole
        };
        assert!(whole(&[Status::Active, Status::Inactive]) && whole(&[]));
        assert!(!whole(&[Status::Inactive, Status::Refused]));
    }
}
