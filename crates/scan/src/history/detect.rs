//! The detection of this crate as history looks at texts.

use super::{
    look::{Hit, Look, Opener},
    texts::window_of,
};
use crate::{
    engine::{self, Candidate, Context, Sink},
    judge::Dismissal,
    private_key,
    rule::Rules,
};
use std::{
    hash::{BuildHasher, RandomState},
    ops::Range,
};
use tenure_model::place::hints;

/// Looks with the rules of the catalogue.
#[derive(Debug)]
pub struct Detect<'r> {
    rules: &'r Rules,
    digest: [u8; 32],
    keys: [RandomState; 2],
}

/// What a text may be, by its path: program text or not, test material or not, with encoded values or not.
const CLASSES: [Context; 8] = [
    context(false, false, false),
    context(true, false, false),
    context(false, true, false),
    context(true, true, false),
    context(false, false, true),
    context(true, false, true),
    context(false, true, true),
    context(true, true, true),
];
/// The class that asks the least where values may be encoded.
const ENCODED: usize = 4;
/// What manifests of Kubernetes begin with, in which values may be base64 behind any name.
const MANIFEST: &[u8] = b"apiVersion";
/// A manifest is taken to end within so many bytes.
const MANIFEST_LENGTH: usize = 1 << 20;

const fn context(code: bool, test_material: bool, encoded: bool) -> Context {
    Context {
        code,
        test_material,
        encoded,
    }
}

impl<'r> Detect<'r> {
    /// Looks with these rules, of which `digest` tells all that decides what they find.
    #[must_use]
    pub fn new(rules: &'r Rules, digest: [u8; 32]) -> Self {
        Self {
            rules,
            digest,
            keys: [RandomState::new(), RandomState::new()],
        }
    }

    /// A number for a secret, keyed anew in each run: 128 bits, so that two secrets never share one.
    fn identity(&self, candidate: &Candidate) -> u128 {
        let [one, two] = &self.keys;
        let of = |state: &RandomState| {
            let secret = candidate.secret.expose();
            u128::from(state.hash_one((&candidate.provider, &candidate.credential, secret)))
        };
        of(one) << 64 | of(two)
    }
}

impl Look for Detect<'_> {
    type Found = Candidate;

    fn digest(&self) -> [u8; 32] {
        self.digest
    }

    fn class(&self, path: &str) -> u8 {
        let hints = hints::of_path(path);
        u8::from(hints.code) | u8::from(hints.test_material) << 1 | u8::from(hints.encoded) << 2
    }

    fn openers(&self) -> &[Opener] {
        &[
            Opener {
                bytes: private_key::BEGIN,
                reach: private_key::LONGEST,
            },
            Opener {
                bytes: MANIFEST,
                reach: MANIFEST_LENGTH,
            },
        ]
    }

    fn look(&self, text: &[u8], windows: &[Range<usize>], hits: &mut dyn FnMut(Hit)) {
        // What counts in some class counts in the first, which asks the least, or in a manifest.
        let mut found = self.spans(text, windows, 0);
        let holds = |window: &&Range<usize>| {
            let part = text.get((*window).clone()).unwrap_or(&[]);
            memchr::memmem::find(part, MANIFEST).is_some()
        };
        let manifests: Vec<Range<usize>> = windows.iter().filter(holds).cloned().collect();
        if !manifests.is_empty() {
            for one in self.spans(text, &manifests, ENCODED) {
                if !found.iter().any(|(s, i, _)| *s == one.0 && *i == one.1) {
                    found.push(one);
                }
            }
        }
        if found.is_empty() {
            return;
        }
        let again: Vec<Range<usize>> = windows
            .iter()
            .filter(|window| {
                found
                    .iter()
                    .any(|(span, ..)| span.start < window.end && window.start < span.end)
            })
            .cloned()
            .collect();
        for class in 1..CLASSES.len() {
            for (span, identity, own) in self.spans(text, &again, class) {
                let same =
                    |(s, i, _): &&mut (Range<usize>, u128, u32)| *s == span && *i == identity;
                if let Some((_, _, classes)) = found.iter_mut().find(same) {
                    *classes |= own;
                }
            }
        }
        for (span, identity, classes) in found {
            hits(Hit {
                span,
                identity,
                classes,
            });
        }
    }

    fn take(&self, text: &[u8], hit: &Hit, path: &str) -> Option<Candidate> {
        let context = CLASSES.get(usize::from(self.class(path)))?;
        let near = window_of(text, &hit.span);
        [near, 0..text.len()].into_iter().find_map(|window| {
            let mut sink = Wanted {
                detect: self,
                at: hit.span.start,
                identity: hit.identity,
                found: None,
            };
            let windows = std::slice::from_ref(&window);
            engine::scan_within(self.rules, text, windows, *context, &mut sink);
            sink.found
        })
    }
}

impl Detect<'_> {
    /// What one class finds, marked as found by it.
    fn spans(
        &self,
        text: &[u8],
        windows: &[Range<usize>],
        class: usize,
    ) -> Vec<(Range<usize>, u128, u32)> {
        let mut sink = Spans {
            detect: self,
            class,
            found: Vec::new(),
        };
        if let Some(context) = CLASSES.get(class) {
            engine::scan_within(self.rules, text, windows, *context, &mut sink);
        }
        sink.found
    }
}

struct Spans<'d> {
    detect: &'d Detect<'d>,
    class: usize,
    found: Vec<(Range<usize>, u128, u32)>,
}

impl Sink for Spans<'_> {
    fn candidate(&mut self, candidate: Candidate) {
        let span = candidate.offset..candidate.offset.saturating_add(candidate.length);
        let identity = self.detect.identity(&candidate);
        self.found.push((span, identity, 1 << self.class));
    }

    fn dismissed(&mut self, _: Dismissal) {}
}

struct Wanted<'d> {
    detect: &'d Detect<'d>,
    at: usize,
    identity: u128,
    found: Option<Candidate>,
}

impl Sink for Wanted<'_> {
    fn candidate(&mut self, candidate: Candidate) {
        if self.found.is_none()
            && candidate.offset == self.at
            && self.detect.identity(&candidate) == self.identity
        {
            self.found = Some(candidate);
        }
    }

    fn dismissed(&mut self, _: Dismissal) {}
}
