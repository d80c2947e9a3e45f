//! Runs of token bytes: the only places where a key can stand. 64 bytes are looked at together, so that short words
//! and punctuation cost next to nothing.

use std::ops::Range;

/// The length from which a run is one, in bytes.
pub const LEAST: usize = 16;

/// Bytes that tokens are made of: letters, digits and `_ - + / . ~`.
const MEMBER: [bool; 256] = {
    let mut member = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let one = byte as u8;
        #[expect(clippy::indexing_slicing, reason = "below 256, and at compile time")]
        {
            member[byte] = one.is_ascii_alphanumeric()
                || matches!(one, b'_' | b'-' | b'+' | b'/' | b'.' | b'~');
        }
        byte += 1;
    }
    member
};

/// Whether a byte can stand in a run.
#[must_use]
pub fn is_member(byte: u8) -> bool {
    MEMBER.get(usize::from(byte)) == Some(&true)
}

/// The runs of one part of a text, first come first.
#[derive(Debug)]
pub struct Runs<'t> {
    text: &'t [u8],
    /// Where the block at hand begins.
    block: usize,
    /// Which of its bytes can stand in a run: the first is the lowest bit. Bits of bytes that are done are cleared.
    members: u64,
    /// Where the run began that reaches up to the block at hand.
    open: Option<usize>,
}

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// The runs of [`LEAST`] and more bytes that begin in `text`, by offset.
#[must_use]
pub fn runs(text: &[u8]) -> Runs<'_> {
    Runs {
        text,
        block: 0,
        members: members_from(text, 0),
        open: None,
    }
}

/// Which bytes of the block at `from` can stand in a run; behind the end of the text none can.
fn members_from(text: &[u8], from: usize) -> u64 {
    let ahead = text.get(from..).unwrap_or_default();
    match ahead.first_chunk::<BLOCK>() {
        Some(block) => members(block),
        None => {
            let mut block = [b' '; BLOCK];
            for (slot, byte) in block.iter_mut().zip(ahead) {
                *slot = *byte;
            }
            members(&block)
        }
    }
}

/// The same as [`is_member`] of each byte, without a table or a branch, so that many are told at once.
fn members(block: &[u8; BLOCK]) -> u64 {
    let mut flags = [0u8; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        // `-`, `.`, `/` and the digits stand in a row.
        let digit = byte.wrapping_sub(b'-') <= b'9' - b'-';
        let other = (*byte == b'_') | (*byte == b'+') | (*byte == b'~');
        *flag = u8::from(letter | digit | other);
    }
    // Eight bytes of 0 or 1 become eight bits.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut bits = 0u64;
    for eight in flags.chunks_exact(8).rev() {
        let eight = eight.first_chunk().copied().unwrap_or_default();
        bits = (bits << 8) | (u64::from_le_bytes(eight).wrapping_mul(GATHER) >> 56);
    }
    bits
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        const WIDE: u32 = u64::BITS;
        loop {
            if let Some(start) = self.open {
                let on = self.members.trailing_ones();
                if on < WIDE {
                    let end = self
                        .block
                        .saturating_add(usize::try_from(on).unwrap_or(BLOCK));
                    self.open = None;
                    self.members &= u64::MAX << on;
                    if end.saturating_sub(start) >= LEAST {
                        return Some(start..end);
                    }
                    continue;
                }
            } else {
                let members = self.members;
                // Where a member begins sixteen of them, of which all are in this block.
                let mut long = members & (members >> 1);
                long &= long >> 2;
                long &= long >> 4;
                long &= long >> 8;
                let last = WIDE.saturating_sub(members.leading_ones());
                let first = long.trailing_zeros().min(last);
                if first < WIDE {
                    let start = self
                        .block
                        .saturating_add(usize::try_from(first).unwrap_or(BLOCK));
                    let on = (members >> first).trailing_ones();
                    let end = first.saturating_add(on);
                    if end < WIDE {
                        self.members &= u64::MAX << end;
                        let length = usize::try_from(on).unwrap_or(BLOCK);
                        return Some(start..start.saturating_add(length));
                    }
                    self.open = Some(start);
                }
            }
            if self.block >= self.text.len() {
                return None;
            }
            self.block = self.block.saturating_add(BLOCK);
            self.members = members_from(self.text, self.block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly(text: &[u8]) -> Vec<Range<usize>> {
        let mut all = Vec::new();
        let mut from = None;
        for (at, byte) in text.iter().copied().chain([b' ']).enumerate() {
            match (is_member(byte), from) {
                (true, None) => from = Some(at),
                (false, Some(start)) => {
                    if at - start >= LEAST {
                        all.push(start..at);
                    }
                    from = None;
                }
                _ => {}
            }
        }
        all
    }

    #[test]
    fn a_byte_is_told_alike_alone_and_among_others() {
        for first in (0..=u8::MAX).step_by(BLOCK) {
            let block: [u8; BLOCK] = std::array::from_fn(|at| first + u8::try_from(at).unwrap());
            let bits = members(&block);
            for (at, byte) in block.into_iter().enumerate() {
                assert_eq!(bits >> at & 1 == 1, is_member(byte), "{byte:#x}");
            }
        }
    }

    #[test]
    fn looking_at_blocks_finds_what_looking_at_every_byte_finds() {
        let mut random = tenure_model::catalog::template::numbers(11);
        for length in 0..400 {
            let text: Vec<u8> = (0..length)
                .map(|_| {
                    if random().is_multiple_of(17) {
                        b' '
                    } else {
                        b'a'
                    }
                })
                .collect();
            assert_eq!(runs(&text).collect::<Vec<_>>(), plainly(&text), "{length}");
        }
    }
}
