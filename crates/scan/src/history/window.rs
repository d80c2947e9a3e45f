//! Which parts of a text have to be looked at again when it is told from another, and what carries over.

use super::{
    delta::Piece,
    look::{AROUND, Hit, LINE, NEAR, Opener},
};
use std::ops::Range;

/// What is known of a text that was looked at.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// What was found, in the order of the text.
    pub(crate) hits: Vec<Hit>,
    /// Where openers stand, with the number of each, in the order of the text.
    pub(crate) marks: Vec<(usize, usize)>,
}

/// What carries over from a base into a text, and where the text has to be looked at.
pub(crate) struct Carried {
    pub(crate) known: Known,
    /// In order, apart from each other, on whole lines where these are not too long.
    pub(crate) windows: Vec<Range<usize>>,
}

/// Carries what is known of `base` over into `text`.
pub(crate) fn carry(
    base: &[u8],
    known: &Known,
    text: &[u8],
    pieces: &[Piece],
    openers: &[Opener],
) -> Carried {
    let mut carried = Known::default();
    let mut windows = Vec::new();
    changes(base.len(), text.len(), pieces, &mut windows);
    for piece in pieces {
        if let Some(from) = piece.from {
            carry_piece(base, known, text, (piece, from), &mut carried, &mut windows);
        }
    }
    widen(text, &mut windows, LINE);
    for window in &windows {
        find_marks(text, window.clone(), openers, &mut carried.marks);
    }
    carried.marks.sort_unstable();
    carried.marks.dedup();
    let mut long = Vec::new();
    for (at, opener) in &carried.marks {
        let reach = openers.get(*opener).map_or(0, |opener| opener.reach);
        let zone = *at..at.saturating_add(reach).min(text.len());
        let behind = windows.partition_point(|window| window.end <= zone.start);
        if windows
            .get(behind)
            .is_some_and(|window| window.start < zone.end)
        {
            long.push(around(&zone, text.len()));
        }
    }
    if !long.is_empty() {
        windows.extend(long);
        widen(text, &mut windows, LINE);
    }
    Carried {
        known: carried,
        windows,
    }
}

/// Where the text differs from its base: what is inserted, and where two copies meet.
fn changes(base: usize, text: usize, pieces: &[Piece], windows: &mut Vec<Range<usize>>) {
    let mut before: Option<&Piece> = None;
    for piece in pieces {
        match (piece.from, before) {
            (None, _) => windows.push(around(&(piece.start..piece.end()), text)),
            (Some(from), None) if from > 0 => windows.push(around(&(0..0), text)),
            (Some(_), Some(last)) if last.from.is_some() => {
                windows.push(around(&(piece.start..piece.start), text));
            }
            _ => {}
        }
        before = Some(piece);
    }
    if let Some(last) = before
        && last
            .from
            .is_some_and(|from| from.saturating_add(last.len) < base)
    {
        windows.push(around(&(text..text), text));
    }
}

/// Carries over what a copy holds with all that it depends on; what a copy cuts is to be looked at again.
fn carry_piece(
    base: &[u8],
    known: &Known,
    text: &[u8],
    (piece, from): (&Piece, usize),
    carried: &mut Known,
    windows: &mut Vec<Range<usize>>,
) {
    let copied = from..from.saturating_add(piece.len);
    let here = |at: usize| at.saturating_sub(from).saturating_add(piece.start);
    let first = copied.start == 0 && piece.start == 0;
    let last = copied.end == base.len() && piece.end() == text.len();
    let hits = known
        .hits
        .partition_point(|hit| hit.span.start.saturating_add(LONGEST) < copied.start);
    for hit in known.hits.get(hits..).unwrap_or(&[]) {
        if hit.span.start >= copied.end {
            break;
        }
        if hit.span.end <= copied.start {
            continue;
        }
        let left = first || hit.span.start >= copied.start.saturating_add(NEAR);
        let right = last || hit.span.end.saturating_add(NEAR) <= copied.end;
        if left && right {
            carried.hits.push(Hit {
                span: here(hit.span.start)..here(hit.span.end),
                ..hit.clone()
            });
        } else {
            let start = here(hit.span.start.max(copied.start));
            let end = here(hit.span.end.min(copied.end));
            windows.push(around(&(start..end), text.len()));
        }
    }
    let marks = known.marks.partition_point(|(at, _)| *at < copied.start);
    for (at, opener) in known.marks.get(marks..).unwrap_or(&[]) {
        if *at >= copied.end {
            break;
        }
        // One that is cut stands in a window, and is found there if it still is one.
        carried.marks.push((here(*at), *opener));
    }
}

/// No finding is longer, in bytes.
const LONGEST: usize = 64 << 10;
/// Windows that are nearer than this are one.
const GAP: usize = 64;

fn around(range: &Range<usize>, len: usize) -> Range<usize> {
    range.start.saturating_sub(AROUND)..range.end.saturating_add(AROUND).min(len)
}

/// Grows windows to whole lines, by at most `most` bytes at each end, puts them in order, and joins those that
/// meet.
pub(crate) fn widen(text: &[u8], windows: &mut Vec<Range<usize>>, most: usize) {
    for window in windows.iter_mut() {
        *window = lines(text, window, most);
    }
    windows.sort_unstable_by_key(|window| (window.start, window.end));
    windows.dedup_by(|next, before| {
        let meet = next.start <= before.end.saturating_add(GAP);
        if meet {
            before.end = before.end.max(next.end);
        }
        meet
    });
}

/// A window grown to whole lines, by at most `most` bytes at each end.
pub(crate) fn lines(text: &[u8], window: &Range<usize>, most: usize) -> Range<usize> {
    let from = window.start.saturating_sub(most);
    let before = text.get(from..window.start).unwrap_or(&[]);
    let start = match memchr::memrchr(b'\n', before) {
        Some(at) => from.saturating_add(at).saturating_add(1),
        None if from == 0 => 0,
        None => window.start,
    };
    let upto = window.end.saturating_add(most).min(text.len());
    let after = text.get(window.end..upto).unwrap_or(&[]);
    let end = match memchr::memchr(b'\n', after) {
        Some(at) => window.end.saturating_add(at).saturating_add(1),
        None if upto == text.len() => upto,
        None => window.end,
    };
    start..end
}

/// Whether a window ends within a line at a place where something that was found could be cut.
pub(crate) fn is_cut(text: &[u8], window: &Range<usize>, span: &Range<usize>) -> bool {
    const CLOSE: usize = 32;
    let breaks = |at: usize| text.get(at) == Some(&b'\n');
    let free_start = window.start == 0 || breaks(window.start.saturating_sub(1));
    let free_end = window.end >= text.len() || breaks(window.end.saturating_sub(1));
    let start = !free_start && span.start < window.start.saturating_add(CLOSE);
    let end = !free_end && span.end.saturating_add(CLOSE) > window.end;
    start || end
}

/// Finds openers in a window; one that ends within it belongs to it.
pub(crate) fn find_marks(
    text: &[u8],
    window: Range<usize>,
    openers: &[Opener],
    marks: &mut Vec<(usize, usize)>,
) {
    let part = text.get(window.clone()).unwrap_or(&[]);
    for (number, opener) in openers.iter().enumerate() {
        for at in memchr::memmem::find_iter(part, opener.bytes) {
            marks.push((window.start.saturating_add(at), number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start: usize, len: usize, from: usize) -> Piece {
        Piece {
            start,
            len,
            from: Some(from),
        }
    }

    fn windows(base: usize, text: usize, pieces: &[Piece]) -> Vec<(usize, usize)> {
        let mut windows = Vec::new();
        changes(base, text, pieces, &mut windows);
        windows.iter().map(|w| (w.start, w.end)).collect()
    }

    #[test]
    fn a_text_that_begins_or_ends_elsewhere_than_its_base_is_looked_at_there() {
        assert_eq!(windows(2000, 1000, &[piece(0, 1000, 0)]), [(744, 1000)]);
        assert_eq!(windows(2000, 1000, &[piece(0, 1000, 1000)]), [(0, 256)]);
        assert!(windows(1000, 1000, &[piece(0, 1000, 0)]).is_empty());
    }

    #[test]
    fn what_lies_near_the_border_of_a_copy_does_not_carry_over() {
        let text = vec![b'.'; 2000];
        let known = |start: usize| Known {
            hits: vec![Hit {
                span: start..start + 20,
                identity: 1,
                classes: 1,
            }],
            marks: Vec::new(),
        };
        // Copied from the middle of a longer base: both borders are new.
        let base = vec![b'.'; 4000];
        let carried = |start: usize| {
            carry(&base, &known(start), &text, &[piece(0, 2000, 1000)], &[])
                .known
                .hits
                .into_iter()
                .map(|hit| hit.span.start)
                .collect::<Vec<_>>()
        };
        assert_eq!(carried(1000 + NEAR), [NEAR]);
        assert_eq!(carried(1000 + NEAR - 1), [0; 0]);
        assert_eq!(carried(3000 - NEAR - 20), [2000 - NEAR - 20]);
        assert_eq!(carried(3000 - NEAR - 19), [0; 0]);
        assert_eq!(carried(3001), [0; 0]);
    }

    #[test]
    fn a_cut_finding_is_seen_as_such_only_within_a_line() {
        let text = b"aaaa\nbbbb\ncccc".repeat(100);
        assert!(!is_cut(&text, &(5..10), &(5..9)));
        assert!(is_cut(&text, &(6..10), &(6..9)));
        assert!(is_cut(&text, &(5..9), &(5..9)));
        assert!(!is_cut(&text, &(0..text.len()), &(0..text.len())));
    }
}
