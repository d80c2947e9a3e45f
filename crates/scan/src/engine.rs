//! One text in, its candidates out: catalogue formats, private keys, addresses with a password, and values
//! that a name says are secret.
//!
//! A text is gone through by its runs of token bytes (`run`), where every format and every longer value
//! begins, and by a few words that lead to what is shorter.

mod find;
mod look;

use crate::{
    decode::{self, Coding},
    judge::{self, Dismissal},
    rule::{Rule, Rules},
    watchlist::Known,
};
use find::{Find, What};
use look::looks;
use std::{collections::BTreeMap, ops::Range};
use tenure_model::{place::Part, secret::Secret, watch::WINDOW};

/// What a text is, as far as detection depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Program text: a value counts only where it is quoted.
    pub code: bool,
    /// A test, an example or documentation: only formats that vouch for themselves count.
    pub test_material: bool,
    /// A Kubernetes secret or the like: values may be base64.
    pub encoded: bool,
}

/// Something that is, by all that the text shows, a credential.
#[derive(Debug)]
pub struct Candidate {
    /// The provider's slug; `unknown` where no format vouches.
    pub provider: String,
    /// The credential kind's slug.
    pub credential: String,
    /// Which half.
    pub part: Part,
    /// The fixed start of its format, which may be shown.
    pub prefix: String,
    /// The credential itself.
    pub secret: Secret,
    /// The line, from 1.
    pub line: u32,
    /// Where in the text it starts.
    pub offset: usize,
    /// How many bytes of the text hold it: more than the secret has where it is encoded.
    pub length: usize,
    /// The variable or setting that holds it.
    pub variable: Option<String>,
    /// The key of the watch list that it is a copy of.
    pub known: Option<Known>,
    /// In which forms it is written, the outermost first; none where it stands as it is.
    pub decoded: Vec<Coding>,
    /// How many bits of choice its last 16 bytes carry by its format; absent where none vouches.
    pub tail_bits: Option<f64>,
}

/// Takes what a scan finds.
pub trait Sink {
    /// A candidate; the sink is its last holder.
    fn candidate(&mut self, candidate: Candidate);
    /// Something that looked like one and is none.
    fn dismissed(&mut self, why: Dismissal);
    /// The text that all candidates since the last call were found in, and the number of lines before it.
    fn searched(&mut self, _text: &[u8], _lines_before: u32) {}
}

/// How far around a window a name or the start of a value is looked for, in bytes.
pub const AROUND: usize = 192;

/// Finds the candidates of one text, first come first.
pub fn scan(rules: &Rules, text: &[u8], context: Context, sink: &mut dyn Sink) {
    let whole = 0..text.len();
    scan_within(rules, text, std::slice::from_ref(&whole), context, sink);
}

/// Finds the candidates that overlap one of `windows`, which are in order and apart. What stands around a
/// window is looked at, so that a value whose name or whose start or end is outside is found all the same.
pub fn scan_within(
    rules: &Rules,
    text: &[u8],
    windows: &[Range<usize>],
    context: Context,
    sink: &mut dyn Sink,
) {
    let mut limits = Limits {
        depth: decode::DEPTH,
        budget: decode::BUDGET,
    };
    scan_deep(rules, text, windows, context, &mut limits, sink);
}

/// How much deeper, and how much more, may be read in other forms.
#[derive(Debug, Clone, Copy)]
struct Limits {
    depth: u8,
    budget: usize,
}

fn scan_deep(
    rules: &Rules,
    text: &[u8],
    windows: &[Range<usize>],
    context: Context,
    limits: &mut Limits,
    sink: &mut dyn Sink,
) {
    let mut seen = looks(rules, text, windows, context, limits, sink);
    seen.finds.retain(|find| overlaps_any(&find.span, windows));
    let finds = settled(with_known(seen.finds));
    hand_out(text, finds, seen.inner, sink);
}

/// Something that has the form of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'r> {
    /// Which rule found it.
    pub rule: &'r Rule,
    /// Where.
    pub span: Range<usize>,
}

impl Rules {
    /// Every format of the catalogue in a text, with its place: what [`scan`] finds before it is judged.
    /// Where two overlap, the longer one stays; where they are alike, all stay.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Vec<Found<'_>> {
        let whole = 0..text.len();
        let context = Context {
            code: false,
            test_material: false,
            encoded: false,
        };
        let windows = std::slice::from_ref(&whole);
        let mut limits = Limits {
            depth: 0,
            budget: 0,
        };
        longest(looks(self, text, windows, context, &mut limits, &mut Deaf).finds)
            .into_iter()
            .filter_map(|find| match find.what {
                What::Format(rule) => Some(Found {
                    rule,
                    span: find.span,
                }),
                _ => None,
            })
            .collect()
    }
}

/// Hears nothing.
struct Deaf;

impl Sink for Deaf {
    fn candidate(&mut self, _: Candidate) {}
    fn dismissed(&mut self, _: Dismissal) {}
}

fn overlaps_any(span: &Range<usize>, windows: &[Range<usize>]) -> bool {
    let first = windows.partition_point(|window| window.end <= span.start);
    windows
        .get(first)
        .is_some_and(|window| window.start < span.end)
}

/// Known keys told to the find that they are, where there is one.
fn with_known(finds: Vec<Find<'_>>) -> Vec<Find<'_>> {
    let (known, mut others): (Vec<_>, Vec<_>) = finds
        .into_iter()
        .partition(|find| matches!(find.what, What::Known));
    for copy in known {
        let same = others
            .iter_mut()
            .find(|find| find.span == copy.span && matches!(find.what, What::Format(_)));
        match same {
            Some(find) => find.known = copy.known,
            None => others.push(copy),
        }
    }
    others
}

/// What stays where finds overlap: the more telling one, else the longer, else the first by name. In order.
fn settled(finds: Vec<Find<'_>>) -> Vec<Find<'_>> {
    let mut finds = longest(finds);
    finds.sort_by_key(|find| (find.known.is_none(), find.what.rank()));
    let mut taken: BTreeMap<(usize, usize), Find<'_>> = BTreeMap::new();
    for (at, find) in finds.into_iter().enumerate() {
        let before = taken.range(..(find.span.end, 0)).next_back();
        // Several may come out of one text in another form.
        let apart = before.is_none_or(|(_, before)| {
            let both_inner = matches!((before.what, find.what), (What::Inner(_), What::Inner(_)));
            before.span.end <= find.span.start || (both_inner && before.span == find.span)
        });
        if apart {
            taken.insert((find.span.start, at), find);
        }
    }
    taken.into_values().collect()
}

/// Drops what lies inside something longer of the same rank; in order.
fn longest(mut finds: Vec<Find<'_>>) -> Vec<Find<'_>> {
    finds.sort_by(|a, b| a.order().cmp(&b.order()));
    finds.dedup_by(|a, b| a.order() == b.order());
    let mut kept: Vec<Find<'_>> = Vec::with_capacity(finds.len());
    for find in finds {
        let inside = kept.iter().rev().take(8).any(|longer| {
            longer.what.rank() == find.what.rank()
                && longer.span != find.span
                && longer.span.start <= find.span.start
                && find.span.end <= longer.span.end
        });
        if !inside {
            kept.push(find);
        }
    }
    kept
}

/// Judges what is left and hands it over, with its line.
fn hand_out(
    text: &[u8],
    finds: Vec<Find<'_>>,
    mut inner: Vec<Option<Candidate>>,
    sink: &mut dyn Sink,
) {
    let mut counted = 0usize;
    let mut line = 1u32;
    for find in finds {
        let Some(bytes) = text.get(find.span.clone()) else {
            continue;
        };
        if let What::Format(rule) = find.what
            && find.known.is_none()
            && judge::is_stand_in(
                std::str::from_utf8(bytes).unwrap_or_default(),
                &rule.prefix,
                rule.anchored,
            )
        {
            sink.dismissed(Dismissal::Placeholder);
            continue;
        }
        let passed = text.get(counted..find.span.start).unwrap_or_default();
        let breaks = memchr::memchr_iter(b'\n', passed).count();
        line = line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        counted = find.span.start;
        if let What::Inner(at) = find.what {
            if let Some(mut candidate) = inner.get_mut(at).and_then(Option::take) {
                candidate.line = line;
                sink.candidate(candidate);
            }
            continue;
        }
        let format = match find.what {
            What::Format(rule) => Some(rule),
            _ => None,
        };
        sink.candidate(Candidate {
            provider: format.map_or("unknown", |rule| &rule.provider).to_owned(),
            credential: format
                .map_or_else(|| find.what.credential(), |rule| &rule.credential)
                .to_owned(),
            part: format.map_or(Part::Secret, |rule| rule.part),
            prefix: format.map_or("", |rule| &rule.prefix).to_owned(),
            secret: Secret::new(bytes),
            line,
            offset: find.span.start,
            length: find.span.len(),
            variable: find.name,
            known: find.known,
            decoded: Vec::new(),
            tail_bits: format.map(|rule| rule.tail_bits(WINDOW)),
        });
    }
}

#[cfg(test)]
mod tests;
