//! What the parsers of JSON exports share.

use serde_json::Value;
use tenure_model::{day::Day, document::Document, document::Place};
use zeroize::Zeroizing;

/// Whether a JSON text may be an export of messages or tickets, by the names in its first bytes.
pub(super) fn is_export(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let has = |names: &[&str]| {
        names
            .iter()
            .all(|name| text.contains(&format!("\"{name}\"")))
    };
    has(&["ts", "text"])
        || has(&["messageType", "createdDateTime"])
        || has(&["fields", "key"])
        || has(&["html_url", "body"])
        || has(&["iid", "title"])
}

/// The value of a JSON text.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(text).ok()
}

/// A text of one's own out of everything that a value says, so that no field is lost: texts as they are, other
/// fields with their names.
pub(super) fn document(place: Place, value: &Value) -> Document {
    let mut text = Zeroizing::new(String::new());
    say(value, "", &mut text);
    Document {
        place: Place {
            first_line: None,
            ..place
        },
        bytes: Zeroizing::new(text.as_bytes().to_vec()),
    }
}

fn say(value: &Value, name: &str, out: &mut String) {
    match value {
        Value::String(text) => {
            let plain = [
                "",
                "text",
                "body",
                "content",
                "description",
                "summary",
                "title",
                "html",
                "value",
                "note",
            ];
            if !plain.contains(&name) {
                out.push_str(name);
                out.push_str(": ");
            }
            out.push_str(text);
            out.push('\n');
        }
        Value::Array(all) => all.iter().for_each(|one| say(one, name, out)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| say(value, name, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text at a path of field names.
pub(super) fn text(value: &Value, path: &[&str]) -> Option<String> {
    path.iter()
        .try_fold(value, |value, name| value.get(name))?
        .as_str()
        .map(str::to_owned)
        .filter(|text| !text.is_empty())
}

/// A day at a path of field names, from the date that any time stamp begins with.
pub(super) fn day(value: &Value, path: &[&str]) -> Option<Day> {
    text(value, path)?.get(..10)?.parse().ok()
}
