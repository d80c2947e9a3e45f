//! A file of any size through the engine, in bounded memory; packed ones unpacked on the way.

use crate::{
    decode::{self, Coding},
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
pub const CHUNK: usize = 2 << 20;
/// Bytes that two neighbouring chunks share; no credential is longer.
pub const OVERLAP: usize = 64 << 10;
/// Bytes that a packed file may come to.
pub const LONGEST_UNPACKED: u64 = 2 << 30;
/// How many times a packed file may be packed again.
const LAYERS: u8 = 3;
/// Room behind what is expected, so that the end of it is met without more room being made.
const PROBE: usize = 64;
/// Bytes at the start of a file that tell text from everything else.
pub(crate) const HEAD: usize = 8 << 10;
/// What a PDF begins with.
pub(crate) const PDF: &[u8] = b"%PDF-";

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
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    search_from(rules, &mut file, length, context, sink)
}

/// Searches what a reader gives, chunk by chunk. `expected` is how many bytes it may give, as far as that is known:
/// room for them is made at once, so that no copy of a part is left behind and few reads are enough.
///
/// # Errors
/// The reader fails, or something packed is broken or comes to more than [`LONGEST_UNPACKED`]; what came before
/// was searched.
pub fn search_from(
    rules: &Rules,
    from: &mut dyn Read,
    expected: u64,
    context: Context,
    sink: &mut dyn Sink,
) -> io::Result<Outcome> {
    search_packed(rules, from, expected, context, LAYERS, sink)
}

fn search_packed(
    rules: &Rules,
    from: &mut dyn Read,
    expected: u64,
    context: Context,
    layers: u8,
    sink: &mut dyn Sink,
) -> io::Result<Outcome> {
    const MAGIC: usize = 64;
    let mut head = Zeroizing::new(Vec::with_capacity(MAGIC + PROBE));
    from.take(MAGIC as u64).read_to_end(&mut head)?;
    let packed = decode::packed(&head).filter(|_| layers > 0);
    let mut whole = head.as_slice().chain(from);
    let Some(coding) = packed else {
        return search_plain(rules, &mut whole, expected, context, sink);
    };
    let mut inner = Limited {
        inner: decode::open(coding, whole)?,
        left: LONGEST_UNPACKED,
    };
    let mut sink = Unpacked {
        inner: sink,
        coding,
    };
    search_packed(
        rules,
        &mut inner,
        0,
        context,
        layers.saturating_sub(1),
        &mut sink,
    )
}

/// Gives an error in place of more than so many bytes.
struct Limited<'r> {
    inner: Box<dyn Read + 'r>,
    left: u64,
}

impl Read for Limited<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(to)?;
        let (left, over) = self
            .left
            .overflowing_sub(u64::try_from(got).unwrap_or(u64::MAX));
        if over {
            return Err(io::Error::other(
                "comes to more than 2 GiB when it is unpacked; the rest was not searched",
            ));
        }
        self.left = left;
        Ok(got)
    }
}

/// Says of what it passes on that it was packed.
struct Unpacked<'s> {
    inner: &'s mut dyn Sink,
    coding: Coding,
}

impl Sink for Unpacked<'_> {
    fn candidate(&mut self, mut candidate: Candidate) {
        candidate.decoded.insert(0, self.coding);
        self.inner.candidate(candidate);
    }

    fn dismissed(&mut self, why: Dismissal) {
        self.inner.dismissed(why);
    }

    fn searched(&mut self, text: &[u8], lines_before: u32) {
        self.inner.searched(text, lines_before);
    }
}

fn search_plain(
    rules: &Rules,
    from: &mut dyn Read,
    expected: u64,
    context: Context,
    sink: &mut dyn Sink,
) -> io::Result<Outcome> {
    let room = usize::try_from(expected).map_or(CHUNK, |expected| expected.clamp(HEAD, CHUNK));
    let mut buffer = Zeroizing::new(Vec::with_capacity(room + PROBE));
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
            if decode::utf16(buffer.get(..HEAD.min(buffer.len())).unwrap_or(&[])).is_some() {
                return search_wide(rules, buffer, last, from, context, sink);
            }
            if memchr::memchr(0, buffer.get(..HEAD).unwrap_or(&buffer)).is_some() {
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
        let breaks = memchr::memchr_iter(b'\n', passed).count();
        lines = lines.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        let rest = Zeroizing::new(buffer.get(border..).unwrap_or(&[]).to_vec());
        buffer.clear();
        buffer.extend_from_slice(&rest);
    }
}

/// Searches UTF-16, as much of it as one chunk holds twice over.
fn search_wide(
    rules: &Rules,
    mut buffer: Zeroizing<Vec<u8>>,
    last: bool,
    from: &mut dyn Read,
    context: Context,
    sink: &mut dyn Sink,
) -> io::Result<Outcome> {
    const MOST: u64 = 256 << 20;
    if !last {
        from.take(MOST).read_to_end(&mut buffer)?;
        if from.read(&mut [0])? > 0 {
            return Err(io::Error::other(
                "is UTF-16 of more than 256 MiB; save it as UTF-8 to have it searched",
            ));
        }
    }
    let Some(text) = decode::utf16(&buffer) else {
        return Ok(Outcome::Binary);
    };
    // A file is what its program writes: that it is in wide characters is no disguise.
    engine::scan(rules, &text, context, sink);
    sink.searched(&text, 0);
    Ok(Outcome::Searched)
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
        let outcome = search_from(&rules, &mut &bytes[..], 0, PLAIN, &mut seen).unwrap();
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
        // Without a mark, in either order.
        assert_eq!(found(&bytes[2..]), (Outcome::Searched, vec![1]));
        let big: Vec<u8> = LINE.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(found(&big), (Outcome::Searched, vec![1]));
    }

    #[test]
    fn a_packed_file_is_unpacked_and_a_broken_one_is_an_error() {
        use std::io::Write as _;
        let pack = |bytes: &[u8]| {
            let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            to.write_all(bytes).unwrap();
            to.finish().unwrap()
        };
        let text = format!("one\n{LINE}");
        let packed = pack(text.as_bytes());
        assert_eq!(found(&packed), (Outcome::Searched, vec![2]));
        assert_eq!(found(&pack(&packed)), (Outcome::Searched, vec![2]));
        let rules = Rules::compile(&[]).unwrap();
        let cut = &packed[..packed.len() - 9];
        let mut seen = Seen::default();
        assert!(search_from(&rules, &mut &cut[..], 0, PLAIN, &mut seen).is_err());
        // More layers than are opened: what is inside is no text.
        let deep = (0..5).fold(text.into_bytes(), |bytes, _| pack(&bytes));
        assert_eq!(found(&deep).0, Outcome::Binary);
    }
}
