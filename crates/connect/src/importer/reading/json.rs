//! JSON documents: one, several in a row, or one per line; errors that say where.

use super::text;
use crate::importer::imported::{ImportError, Input, Recognition};
use serde_json::Value;
use zeroize::Zeroize as _;

/// Every document of the file, in order.
pub(crate) fn documents(input: &Input<'_>) -> Result<Vec<Value>, ImportError> {
    let text = text::of_json(input)?.text;
    let stream = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let documents: Result<Vec<Value>, serde_json::Error> = stream.collect();
    documents.map_err(|error| broken(input, &error))
}

/// Documents that hold secrets: every text in them is wiped when they are dropped.
pub(crate) struct Held(Vec<Value>);

impl Held {
    /// Takes documents over.
    pub(crate) fn new(documents: Vec<Value>) -> Self {
        Self(documents)
    }
}

impl std::ops::Deref for Held {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(wipe);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, value)| wipe(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Every document of a file that holds secrets, arrays opened, with where each stands.
pub(crate) fn held(input: &Input<'_>) -> Result<Held, ImportError> {
    documents(input).map(|documents| Held::new(elements(documents)))
}

/// The elements of all documents: arrays, and arrays of arrays, are opened.
pub(crate) fn elements(documents: Vec<Value>) -> Vec<Value> {
    let mut all = Vec::new();
    for document in documents {
        match document {
            Value::Array(items) if items.iter().any(Value::is_array) => all.extend(elements(items)),
            Value::Array(items) => all.extend(items),
            other => all.push(other),
        }
    }
    all
}

/// Whether the content may be JSON that names all these fields. Looks at the first 64 KiB, and at the
/// last 4 KiB for what stands behind a long field.
pub(crate) fn mentions(bytes: &[u8], fields: &[&str]) -> bool {
    const HEAD: usize = 64 * 1024;
    const TAIL: usize = 4 * 1024;
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let tail = bytes
        .get(bytes.len().saturating_sub(TAIL).max(head.len())..)
        .unwrap_or_default();
    let utf16 = matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let plain: Vec<u8>;
    let head = if utf16 {
        plain = head.iter().copied().filter(|byte| *byte != 0).collect();
        plain.get(2..).unwrap_or_default()
    } else {
        head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head)
    };
    matches!(head.trim_ascii_start().first(), Some(b'{' | b'['))
        && fields.iter().all(|field| {
            let quoted = format!("\"{field}\"");
            let within = |part: &[u8]| memchr::memmem::find(part, quoted.as_bytes()).is_some();
            within(head) || within(tail)
        })
}

/// Whether the content is JSON in which an answer has the wanted shape, or would be if it were not cut off.
pub(crate) fn shaped(
    input: &Input<'_>,
    fields: &[&str],
    wanted: impl Fn(&Value) -> bool,
) -> Recognition {
    if !mentions(input.bytes, fields) {
        return Recognition::No;
    }
    let yes = match documents(input) {
        Ok(documents) => elements(documents).iter().any(wanted),
        Err(ImportError::Json { cut_off, .. }) => cut_off,
        Err(_) => false,
    };
    if yes {
        Recognition::Yes
    } else {
        Recognition::No
    }
}

/// A text field that says something.
pub(crate) fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value
        .get(field)?
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// A text or a number, as text: ids come as either.
pub(crate) fn id(value: &Value, field: &str) -> Option<String> {
    match value.get(field)? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) => text(value, field).map(str::to_owned),
        _ => None,
    }
}

fn broken(input: &Input<'_>, error: &serde_json::Error) -> ImportError {
    // The message of a syntax error quotes nothing of the file.
    let message = error.to_string();
    let what = message
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned();
    let (what, todo) = if error.is_eof() {
        let within = what.replace("EOF while parsing", "the file ends in the middle of");
        (
            within,
            "it was cut off; export it again and check that the command ended well",
        )
    } else {
        (
            format!("this is not JSON: {what}"),
            "export it again, and save the answer alone, without other output",
        )
    };
    ImportError::Json {
        file: input.name.to_owned(),
        line: error.line(),
        column: error.column(),
        what,
        todo: todo.to_owned(),
        cut_off: error.is_eof(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<Value>, String> {
        let input = Input::new("x.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        documents(&input).map_err(|error| error.to_string())
    }

    #[test]
    fn one_several_and_lines() {
        assert_eq!(all("{\"a\":1}\n{\"a\":2}\n").unwrap().len(), 2);
        assert_eq!(elements(all("[1,2][3]").unwrap()).len(), 3);
        assert_eq!(elements(all("[[1,2],[3]]").unwrap()).len(), 3);
    }

    #[test]
    fn a_cut_off_document_says_where() {
        let error = all("[\n {\"id\": 1,\n  \"name\": \"hunter2hun").unwrap_err();
        assert!(error.starts_with("x.json, line 3, column"), "{error}");
        assert!(error.contains("ends in the middle of a string"), "{error}");
        assert!(!error.contains("hunter2"));
        assert!(all("{oops}").unwrap_err().contains("not JSON"));
        assert!(all(&"[".repeat(10_000)).is_err());
    }
}
