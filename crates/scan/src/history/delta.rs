//! One text told as copies from another and insertions.
//!
//! Source: gitformat-pack(5), "Deltified representation", <https://git-scm.com/docs/gitformat-pack>, read
//! 2026-11-26.

/// A part of a text that was made by a delta, in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Where it starts, in bytes.
    pub start: usize,
    /// Its length, in bytes; never 0.
    pub len: usize,
    /// Where the same bytes stand in the base; none where the delta brings them.
    pub from: Option<usize>,
}

impl Piece {
    /// Behind its last byte.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start.saturating_add(self.len)
    }
}

/// The sizes that a delta states: of its base and of its result, and where its instructions start.
///
/// # Errors
/// It ends too soon, or a size does not fit.
pub(crate) fn sizes(delta: &[u8]) -> Result<(u64, u64, usize), &'static str> {
    let (base, at) = size(delta, 0)?;
    let (result, at) = size(delta, at)?;
    Ok((base, result, at))
}

fn size(delta: &[u8], mut at: usize) -> Result<(u64, usize), &'static str> {
    let mut value = 0u64;
    let mut shift = 0u32;
    loop {
        let byte = *delta.get(at).ok_or("a delta ends too soon")?;
        at = at.saturating_add(1);
        if shift > 56 {
            return Err("a delta states a size beyond all bounds");
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok((value, at));
        }
        shift = shift.saturating_add(7);
    }
}

/// Makes the text that a delta tells from its base, and says which part came from where. Neighbouring copies
/// of neighbouring bytes are one piece.
///
/// # Errors
/// The delta does not belong to this base, is broken, or makes more than it says or than `limit` bytes.
pub fn apply(
    base: &[u8],
    delta: &[u8],
    limit: u64,
    text: &mut Vec<u8>,
    pieces: &mut Vec<Piece>,
) -> Result<(), &'static str> {
    text.clear();
    pieces.clear();
    let (of, result, mut at) = sizes(delta)?;
    if usize::try_from(of).ok() != Some(base.len()) {
        return Err("a delta belongs to another base");
    }
    if result > limit {
        return Err("a delta makes more than is read");
    }
    let result = usize::try_from(result).map_err(|_| "a delta makes more than is read")?;
    text.reserve(result);
    while let Some(&code) = delta.get(at) {
        at = at.saturating_add(1);
        let start = text.len();
        let (bytes, from) = if code & 0x80 != 0 {
            let (from, len) = copy(code, delta, &mut at)?;
            let part = base
                .get(from..from.saturating_add(len))
                .ok_or("a delta copies from beyond its base")?;
            (part, Some(from))
        } else if code != 0 {
            let end = at.saturating_add(usize::from(code));
            let part = delta.get(at..end).ok_or("a delta ends too soon")?;
            at = end;
            (part, None)
        } else {
            return Err("a delta holds an instruction that is not defined");
        };
        if start.saturating_add(bytes.len()) > result {
            return Err("a delta makes more than it says");
        }
        text.extend_from_slice(bytes);
        join(
            pieces,
            Piece {
                start,
                len: bytes.len(),
                from,
            },
        );
    }
    if text.len() != result {
        return Err("a delta makes less than it says");
    }
    Ok(())
}

fn copy(code: u8, delta: &[u8], at: &mut usize) -> Result<(usize, usize), &'static str> {
    let mut value = 0u64;
    for bit in 0..7u32 {
        if code & (1 << bit) != 0 {
            let byte = *delta.get(*at).ok_or("a delta ends too soon")?;
            *at = at.saturating_add(1);
            value |= u64::from(byte) << (8 * bit);
        }
    }
    let from = usize::try_from(value & 0xffff_ffff).unwrap_or(usize::MAX);
    let len = match usize::try_from(value >> 32).unwrap_or(usize::MAX) {
        0 => 0x10000,
        len => len,
    };
    Ok((from, len))
}

fn join(pieces: &mut Vec<Piece>, piece: Piece) {
    if let Some(last) = pieces.last_mut() {
        let goes_on = match (last.from, piece.from) {
            (Some(before), Some(from)) => before.saturating_add(last.len) == from,
            (None, None) => true,
            _ => false,
        };
        if goes_on {
            last.len = last.len.saturating_add(piece.len);
            return;
        }
    }
    pieces.push(piece);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(base: &[u8], delta: &[u8]) -> Result<(Vec<u8>, Vec<Piece>), &'static str> {
        let (mut text, mut pieces) = (Vec::new(), Vec::new());
        apply(base, delta, 64, &mut text, &mut pieces).map(|()| (text, pieces))
    }

    #[test]
    fn copies_and_insertions_make_the_text_and_its_pieces() {
        // 8 bytes to 9: the first three, two more, then bytes 4 to 7 in two copies.
        let delta = [8, 9, 0x90, 3, 2, b'x', b'y', 0x91, 4, 2, 0x91, 6, 2];
        let (text, pieces) = made(b"abcdefgh", &delta).unwrap();
        assert_eq!(text, b"abcxyefgh");
        let piece = |start, len, from| Piece { start, len, from };
        assert_eq!(
            pieces,
            [
                piece(0, 3, Some(0)),
                piece(3, 2, None),
                piece(5, 4, Some(4))
            ]
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for (delta, why) in [
            (&[7, 1, 1, b'x'][..], "another base"),
            (&[8, 1, 0x91, 7, 2], "beyond its base"),
            (&[8, 1, 2, b'x', b'y'], "more than it says"),
            (&[8, 3, 1, b'x'], "less than it says"),
            (&[8, 3, 5, b'x'], "too soon"),
            (&[8, 3, 0], "not defined"),
            (&[8, 65, 1, b'x'], "than is read"),
            (&[0xff; 12], "beyond all bounds"),
        ] {
            let said = made(b"abcdefgh", delta).unwrap_err();
            assert!(said.contains(why), "{said} / {why}");
        }
    }
}
