//! A detection for tests: short words that need a border, and long blocks over many lines.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    ops::Range,
};
use tenure_scan::history::{Hit, Look, Opener};

/// Finds `KEY_` with eight to sixty letters or digits behind a border, and `LONG{ … }LONG` without `BAD` in it.
/// Words count in all files but those below `tests/`; blocks in all.
pub struct Marker;

pub const REACH: usize = 3000;

/// What the marker finds: where, what, and in which classes of paths.
pub fn find(text: &[u8]) -> Vec<(Range<usize>, Vec<u8>, u32)> {
    let mut found = Vec::new();
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    for at in memchr::memmem::find_iter(text, b"KEY_") {
        let border = at == 0 || !text[at - 1].is_ascii_alphanumeric();
        let end = at + 4 + text[at + 4..].iter().take_while(|b| word(**b)).count();
        if border && (12..=64).contains(&(end - at)) {
            found.push((at..end, text[at..end].to_vec(), 0b01));
        }
    }
    for at in memchr::memmem::find_iter(text, b"LONG{") {
        let upto = text.len().min(at + REACH);
        let Some(len) = memchr::memmem::find(&text[at..upto], b"}LONG") else {
            continue;
        };
        let block = &text[at..at + len];
        if memchr::memmem::find(block, b"BAD").is_none() {
            found.push((at..at + len, block.to_vec(), 0b11));
        }
    }
    found
}

fn identity(secret: &[u8]) -> u128 {
    let of = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, secret).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    of(1) << 64 | of(2)
}

impl Look for Marker {
    type Found = (Vec<u8>, usize);

    fn digest(&self) -> [u8; 32] {
        [1; 32]
    }

    fn class(&self, path: &str) -> u8 {
        u8::from(path.starts_with("tests/"))
    }

    fn openers(&self) -> &[Opener] {
        &[Opener {
            bytes: b"LONG{",
            reach: REACH,
        }]
    }

    fn look(&self, text: &[u8], windows: &[Range<usize>], hits: &mut dyn FnMut(Hit)) {
        let mut end = 0;
        for window in windows {
            assert!(window.start >= end, "windows are in order and apart");
            end = window.end;
            for (span, secret, classes) in find(&text[window.clone()]) {
                hits(Hit {
                    span: span.start + window.start..span.end + window.start,
                    identity: identity(&secret),
                    classes,
                });
            }
        }
    }

    fn take(&self, text: &[u8], hit: &Hit, _: &str) -> Option<Self::Found> {
        let secret = text.get(hit.span.clone())?.to_vec();
        assert_eq!(
            identity(&secret),
            hit.identity,
            "another secret stands there"
        );
        let line = text[..hit.span.start]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        Some((secret, line))
    }
}
