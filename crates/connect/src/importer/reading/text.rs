//! Bytes to text: UTF-8, UTF-16 with a byte order mark, and Windows-1252 where it plainly is that.

use crate::importer::imported::{ImportError, Input};
use std::borrow::Cow;

/// The text of a file.
pub(crate) struct Text<'a> {
    pub(crate) text: Cow<'a, str>,
    /// What had to be assumed to read it.
    pub(crate) note: Option<String>,
}

/// Decodes a file that may come from a spreadsheet.
pub(crate) fn of_table<'a>(input: &Input<'a>) -> Result<Text<'a>, ImportError> {
    match of_json(input) {
        Err(ImportError::Encoding { .. }) if is_windows_1252(input.bytes) => {
            let (text, _, _) = encoding_rs::WINDOWS_1252.decode(input.bytes);
            Ok(Text {
                text,
                note: Some("not UTF-8: read as Windows-1252".to_owned()),
            })
        }
        other => other,
    }
}

/// Decodes a file that has to be UTF-8 or say what it is by a byte order mark.
pub(crate) fn of_json<'a>(input: &Input<'a>) -> Result<Text<'a>, ImportError> {
    let bytes = input.bytes;
    let file = || input.name.to_owned();
    let (text, note) = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding != encoding_rs::UTF_8 => {
            let (text, damaged) = encoding.decode_with_bom_removal(bytes);
            if damaged {
                let line = line_of(&text, text.find('\u{fffd}').unwrap_or(0));
                return Err(ImportError::Encoding { file: file(), line });
            }
            (text, Some(format!("read as {}", encoding.name())))
        }
        mark => {
            let skip = mark.map_or(0, |(_, length)| length);
            let body = bytes.get(skip..).unwrap_or_default();
            let text = std::str::from_utf8(body).map_err(|error| {
                let good = body.get(..error.valid_up_to()).unwrap_or_default();
                let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
                ImportError::Encoding { file: file(), line }
            })?;
            (Cow::Borrowed(text), None)
        }
    };
    if text.trim().is_empty() {
        return Err(ImportError::Empty { file: file() });
    }
    Ok(Text { text, note })
}

/// The line of a byte offset, from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Only letters and signs that Western spreadsheets use, no control bytes, and not a single sound
/// multi-byte UTF-8 sequence: otherwise it is damaged UTF-8, and damage is not to be guessed away.
fn is_windows_1252(bytes: &[u8]) -> bool {
    #[rustfmt::skip]
    let plausible = |byte: u8| {
        matches!(byte,
            b'\t' | b'\n' | b'\r' | 0x20..=0x7e
            | 0x80 | 0x84 | 0x85 | 0x8a | 0x8e | 0x91..=0x97 | 0x9a | 0x9c | 0x9e
            | 0xa0 | 0xa3 | 0xa7 | 0xa9 | 0xab | 0xae | 0xb0 | 0xb4 | 0xb7 | 0xbb | 0xbf
            | 0xc0 | 0xc1 | 0xc4..=0xc7 | 0xc9 | 0xd1 | 0xd6 | 0xd8 | 0xdc | 0xdf
            | 0xe0..=0xef | 0xf1..=0xf6 | 0xf8..=0xfc)
    };
    let sound = |window: &[u8]| {
        (2..=4).any(|length| {
            window
                .get(..length)
                .is_some_and(|part| part.iter().all(|b| !b.is_ascii()))
                && window
                    .get(..length)
                    .is_some_and(|part| std::str::from_utf8(part).is_ok())
        })
    };
    bytes.iter().all(|byte| plausible(*byte))
        && !(0..bytes.len()).any(|at| {
            bytes.get(at).is_some_and(|byte| !byte.is_ascii())
                && sound(bytes.get(at..).unwrap_or_default())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(bytes: &[u8]) -> Input<'_> {
        Input::new("f.csv", bytes, "2026-11-23".parse().unwrap())
    }

    #[test]
    fn marks_and_old_code_pages() {
        assert_eq!(of_table(&input(b"\xef\xbb\xbfname")).unwrap().text, "name");
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("na\u{fc}".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(of_table(&input(&utf16)).unwrap().text, "naü");
        let old = of_table(&input(b"name\nM\xfcller")).unwrap();
        assert_eq!(old.text, "name\nMüller");
        assert!(old.note.unwrap().contains("Windows-1252"));
    }

    #[test]
    fn damage_names_its_line() {
        let text = |bytes: &[u8]| of_table(&input(bytes)).err().map(|e| e.to_string());
        assert!(
            text(b"name\nx\xc3(y\n")
                .unwrap()
                .starts_with("f.csv, line 2:")
        );
        assert!(
            text(b"name\nM\xc3\xbcller\nb\xfcro\n")
                .unwrap()
                .contains("line 3")
        );
        assert!(text(b"").unwrap().contains("empty"));
        assert!(text(b"\xef\xbb\xbf \n").unwrap().contains("empty"));
        assert!(of_json(&input(b"M\xfcller")).is_err());
    }
}
