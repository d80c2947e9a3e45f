//! What the Snowflake importers share: the result of a `SHOW` command, as CSV or as JSON.

use super::{
    imported::{ImportError, Input, Problem, Recognition},
    reading::{json, sheet, text},
};
use serde_json::{Map, Value};

/// The rows of a result, with field names in lower case, and why reading stopped early.
pub(super) struct Rows {
    pub(super) entries: Vec<(String, Value)>,
    pub(super) stopped: Option<Problem>,
}

/// Whether it is a result with all these columns.
pub(super) fn recognise(input: &Input<'_>, columns: &[&str]) -> Recognition {
    if !columns.iter().all(|column| mentions(input.bytes, column)) {
        return Recognition::No;
    }
    let has = |names: &mut dyn Iterator<Item = String>| {
        let names: Vec<String> = names.collect();
        columns
            .iter()
            .all(|column| names.iter().any(|name| name == column))
    };
    let by_header = sheet::header(input)
        .is_some_and(|header| has(&mut header.iter().map(|cell| cell.to_lowercase())));
    if by_header {
        return Recognition::Yes;
    }
    let object = |value: &Value| {
        value
            .as_object()
            .is_some_and(|fields| has(&mut fields.keys().map(|name| name.to_lowercase())))
    };
    let upper: Vec<String> = columns.iter().map(|column| column.to_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    match json::shaped(input, columns, object) {
        Recognition::Yes => Recognition::Yes,
        _ => json::shaped(input, &upper, object),
    }
}

/// Whether the first 64 KiB hold this word, in any case and encoding: a cheap look before anything is read.
fn mentions(bytes: &[u8], word: &str) -> bool {
    const HEAD: usize = 64 * 1024;
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let plain: Vec<u8> = head
        .iter()
        .filter(|byte| **byte != 0)
        .map(u8::to_ascii_lowercase)
        .collect();
    memchr::memmem::find(&plain, word.as_bytes()).is_some()
}

/// Reads a result in either form.
pub(super) fn rows(
    input: &Input<'_>,
    kind: &'static str,
    columns: &[&str],
    command: &str,
) -> Result<Rows, ImportError> {
    let first = input
        .bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(input.bytes);
    let rows = if text_is_json(input, first) {
        let entries = json::elements(json::documents(input)?);
        let numbered = entries.into_iter().enumerate();
        Rows {
            entries: numbered
                .map(|(at, value)| (format!("/{at}"), lower(value)))
                .collect(),
            stopped: None,
        }
    } else {
        let decoded = text::of_table(input)?;
        let mut sheet = sheet::parse(input, &decoded.text)?;
        let stopped = sheet.stopped.take();
        let names: Vec<String> = sheet
            .header
            .iter()
            .map(|cell| cell.to_lowercase())
            .collect();
        check(input, kind, columns, command, &names)?;
        Rows {
            entries: objects(&sheet),
            stopped,
        }
    };
    if let Some((_, first)) = rows.entries.first() {
        let names: Vec<String> = first
            .as_object()
            .into_iter()
            .flatten()
            .map(|(n, _)| n.clone())
            .collect();
        check(input, kind, columns, command, &names)?;
    }
    Ok(rows)
}

fn text_is_json(input: &Input<'_>, first: &[u8]) -> bool {
    let decoded = text::of_table(input).ok();
    let text = decoded
        .as_ref()
        .map_or(first, |decoded| decoded.text.as_bytes());
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn check(
    input: &Input<'_>,
    kind: &'static str,
    columns: &[&str],
    command: &str,
    names: &[String],
) -> Result<(), ImportError> {
    match columns
        .iter()
        .find(|column| !names.iter().any(|name| name == *column))
    {
        None => Ok(()),
        Some(missing) => Err(ImportError::Shape {
            file: input.name.to_owned(),
            kind,
            why: format!("there is no column `{missing}`"),
            todo: format!("save the whole result of {command}, with its header"),
        }),
    }
}

fn lower(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name.to_lowercase(), value))
                .collect::<Map<_, _>>(),
        ),
        other => other,
    }
}

/// A table as JSON entries: one object per row, its fields named as the header, in lower case.
fn objects(sheet: &sheet::Sheet) -> Vec<(String, Value)> {
    let header: Vec<String> = sheet
        .header
        .iter()
        .map(|cell| cell.to_lowercase())
        .collect();
    let object = |record: &sheet::Record| {
        let cells = header.iter().enumerate();
        let fields: Map<String, Value> = cells
            .map(|(at, name)| (name.clone(), Value::String(record.cell(at).to_owned())))
            .collect();
        (format!("line {}", record.line), Value::Object(fields))
    };
    sheet.records.iter().map(object).collect()
}
