//! Runs of token bytes: the only places where a key can stand. Short words and punctuation are stepped over,
//! so that most bytes of a text are never looked at.

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
    at: usize,
}

/// The runs of [`LEAST`] and more bytes that begin in `text`, by offset.
#[must_use]
pub fn runs(text: &[u8]) -> Runs<'_> {
    Runs { text, at: 0 }
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        // INVARIANT: no run begins before `at` and reaches it.
        loop {
            let probe = self.at.checked_add(LEAST - 1)?;
            if !is_member(*self.text.get(probe)?) {
                self.at = probe.saturating_add(1);
                continue;
            }
            let behind = self.text.get(self.at..probe)?;
            let back = behind
                .iter()
                .rev()
                .take_while(|byte| is_member(**byte))
                .count();
            let from = probe.saturating_sub(back);
            let ahead = self.text.get(probe..)?;
            let on = ahead.iter().take_while(|byte| is_member(**byte)).count();
            let to = probe.saturating_add(on);
            self.at = to.saturating_add(1);
            if to.saturating_sub(from) >= LEAST {
                return Some(from..to);
            }
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
    fn stepping_finds_what_looking_at_every_byte_finds() {
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
