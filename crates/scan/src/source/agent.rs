//! Transcripts of coding agents: JSON Lines of Claude Code (`sessionId` and `message`) and Codex (`type` and
//! `payload`), one document per turn, at its line. Their configuration files are plain files of known names.

use super::json::{day, document};
use serde_json::Value;
use tenure_model::{
    document::{Document, Origin, Place},
    place::PlaceKind,
};
use zeroize::Zeroizing;

/// The client that wrote a line.
fn client(line: &Value) -> Option<&'static str> {
    if line.get("sessionId").is_some() && line.get("type").is_some() {
        return Some("Claude Code");
    }
    (line.get("payload").is_some() && line.get("type").is_some() && line.get("timestamp").is_some())
        .then_some("Codex")
}

/// Whether a file begins as a transcript does. Its first line may be longer than what is seen of it.
pub(super) fn is_transcript(head: &[u8]) -> bool {
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let text = String::from_utf8_lossy(first);
    let has = |names: &[&str]| {
        names
            .iter()
            .all(|name| text.contains(&format!("\"{name}\":")))
    };
    has(&["sessionId", "type"]) || has(&["payload", "type", "timestamp"])
}

/// The turns of a transcript; none where it is none.
pub(super) fn turns(place: &Place, bytes: &[u8]) -> Option<Vec<Document>> {
    let mut last = None;
    let mut all = Vec::new();
    for (at, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let number = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
        let value: Option<Value> = serde_json::from_slice(line).ok();
        last = value.as_ref().and_then(client).or(last);
        let place = Place {
            origin: Origin::Turn {
                client: last?,
                number,
            },
            kind: PlaceKind::Transcript,
            date: value.as_ref().and_then(|value| day(value, &["timestamp"])),
            ..place.clone()
        };
        // A line that is cut off, as the last one may be, is searched as it is.
        all.push(match &value {
            Some(value) => document(place, value),
            None => Document {
                place,
                bytes: Zeroizing::new(line.to_vec()),
            },
        });
    }
    (!all.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_told_by_client_and_number_even_where_its_line_is_cut_off() {
        let text = "{\"type\":\"user\",\"sessionId\":\"s\",\"timestamp\":\"2026-03-03T10:00:00Z\",\"message\":{\"content\":\"a \\\"K\\\"\"}}\n\
                    {\"type\":\"user\",\"sessionId\":\"s\",\"message\":{\"content\":\"b";
        assert!(is_transcript(text.as_bytes()));
        let place = Place::of_file("x.jsonl", PlaceKind::Config);
        let found = turns(&place, text.as_bytes()).unwrap();
        assert_eq!(
            found[0].place.sentence(None),
            "Claude Code transcript, turn 1, 3 March 2026"
        );
        assert!(String::from_utf8_lossy(&found[0].bytes).contains("a \"K\""));
        assert_eq!(
            found[1].place.sentence(None),
            "Claude Code transcript, turn 2"
        );
        assert!(turns(&place, b"{\"a\":1}\n").is_none());
    }
}
