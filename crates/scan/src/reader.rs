//! A file of any size through the engine, in bounded memory.

use crate::{
    engine::{self, Candidate, Context, Sink},
    judge::Dismissal,
    rule::Rules,
};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};
use zeroize::Zeroizing;

/// Bytes that are searched at once.
pub const CHUNK: usize = 8 << 20;
/// Bytes that two neighbouring chunks share; no credential is longer.
pub const OVERLAP: usize = 64 << 10;
/// Bytes at the start of a file that tell text from everything else.
const HEAD: usize = 8 << 10;

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was searched.
    Searched,
    /// It is no text, so it was not.
    Binary,
}

/// Searches a file.
///
/// # Errors
/// The file cannot be opened or read to its end.
pub fn search(
    rules: &Rules,
    path: &Path,
    context: Context,
    sink: &mut dyn Sink,
) -> io::Result<Outcome> {
    search_from(rules, &mut File::open(path)?, context, sink)
}

/// Searches what a reader gives, chunk by chunk.
///
/// # Errors
/// The reader fails.
pub fn search_from(
    rules: &Rules,
    from: &mut dyn Read,
    context: Context,
    sink: &mut dyn Sink,
) -> io::Result<Outcome> {
    let mut buffer = Zeroizing::new(Vec::new());
    let mut lines = 0u32;
    let mut first = true;
    loop {
        let held = buffer.len();
        let want = CHUNK.saturating_sub(held);
        let got = from
            .take(u64::try_from(want).unwrap_or(u64::MAX))
            .read_to_end(&mut buffer)?;
        let last = got < want;
        if first {
            if let Some(text) = wide(&buffer, last) {
                engine::scan(rules, text.as_bytes(), context, sink);
                sink.searched(text.as_bytes(), 0);
                return Ok(Outcome::Searched);
            }
            if buffer.iter().take(HEAD).any(|byte| *byte == 0) {
                return Ok(Outcome::Binary);
            }
            first = false;
        }
        let border = if last {
            buffer.len()
        } else {
            buffer.len().saturating_sub(OVERLAP)
        };
        let mut window = Window {
            inner: sink,
            border,
            lines,
        };
        engine::scan(rules, &buffer, context, &mut window);
        sink.searched(&buffer, lines);
        if last {
            return Ok(Outcome::Searched);
        }
        let passed = buffer.get(..border).unwrap_or(&[]);
        let breaks = passed.iter().filter(|byte| **byte == b'\n').count();
        lines = lines.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        let rest = Zeroizing::new(buffer.get(border..).unwrap_or(&[]).to_vec());
        buffer.clear();
        buffer.extend_from_slice(&rest);
    }
}

/// UTF-16 with a byte order mark, of a file that fits one chunk, as UTF-8.
fn wide(bytes: &[u8], whole: bool) -> Option<Zeroizing<String>> {
    let little = match bytes {
        [0xff, 0xfe, ..] => true,
        [0xfe, 0xff, ..] => false,
        _ => return None,
    };
    if !whole {
        return None;
    }
    let units = bytes.get(2..)?.chunks_exact(2).filter_map(|pair| {
        let pair: [u8; 2] = pair.try_into().ok()?;
        Some(if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    });
    let text = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Some(Zeroizing::new(text))
}

/// Passes on what starts before the border; what starts behind it comes again with the next chunk.
struct Window<'s> {
    inner: &'s mut dyn Sink,
    border: usize,
    lines: u32,
}

impl Sink for Window<'_> {
    fn candidate(&mut self, mut candidate: Candidate) {
        if candidate.offset < self.border {
            candidate.line = candidate.line.saturating_add(self.lines);
            self.inner.candidate(candidate);
        }
    }

    fn dismissed(&mut self, why: Dismissal) {
        self.inner.dismissed(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Vec<u32>);

    impl Sink for Seen {
        fn candidate(&mut self, candidate: Candidate) {
            self.0.push(candidate.line);
        }
        fn dismissed(&mut self, _: Dismissal) {}
    }

    const PLAIN: Context = Context {
        code: false,
        test_material: false,
        encoded: false,
    };

    fn found(bytes: &[u8]) -> (Outcome, Vec<u32>) {
        let rules = Rules::compile(&[]).unwrap();
        let mut seen = Seen::default();
        let outcome = search_from(&rules, &mut &bytes[..], PLAIN, &mut seen).unwrap();
        (outcome, seen.0)
    }

    const LINE: &str = "PAYMENT_API_KEY=\"q8Zk2LmX7vTr4WnYb1CdP0\"\n";

    #[test]
    fn what_lies_across_a_border_is_found_once_and_with_its_line() {
        for before in [
            CHUNK - OVERLAP - 20,
            CHUNK - 20,
            CHUNK - OVERLAP,
            CHUNK - OVERLAP - LINE.len(),
        ] {
            let mut bytes = b".".repeat(before - 1);
            bytes.push(b'\n');
            bytes.extend_from_slice(LINE.as_bytes());
            bytes.extend_from_slice(&b"-\n".repeat(OVERLAP));
            bytes.extend_from_slice(LINE.as_bytes());
            assert_eq!(
                found(&bytes).1,
                [2, 3 + u32::try_from(OVERLAP).unwrap()],
                "{before}"
            );
        }
    }

    #[test]
    fn a_binary_is_told_and_utf16_is_read() {
        assert_eq!(found(b"\x7fELF\0\0\0").0, Outcome::Binary);
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend(LINE.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(found(&bytes), (Outcome::Searched, vec![1]));
    }
}
