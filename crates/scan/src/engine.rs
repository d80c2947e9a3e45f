//! One text in, its candidates out: catalogue formats, private keys, addresses with a password, and values
//! that a name says are secret.
//!
//! A text is gone through by its runs of token bytes (`run`), where every format and every longer value
//! begins, and by a few words that lead to what is shorter.

mod look;

use crate::{
    judge::{self, Dismissal},
    rule::{Rule, Rules},
};
use look::{Find, What, looks};
use std::{collections::BTreeMap, ops::Range};
use tenure_model::{place::Part, secret::Secret};

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
}

/// Takes what a scan finds.
pub trait Sink {
    /// A candidate; the sink is its last holder.
    fn candidate(&mut self, candidate: Candidate);
    /// Something that looked like one and is none.
    fn dismissed(&mut self, why: Dismissal);
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
    let mut finds = looks(rules, text, windows, context, sink);
    finds.retain(|find| overlaps_any(&find.span, windows));
    hand_out(text, settled(finds), sink);
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
        longest(looks(self, text, windows, context, &mut Deaf))
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

/// What stays where finds overlap: the more telling one, else the longer, else the first by name. In order.
fn settled(finds: Vec<Find<'_>>) -> Vec<Find<'_>> {
    let mut finds = longest(finds);
    finds.sort_by_key(|find| find.what.rank());
    let mut taken: BTreeMap<usize, (usize, Find<'_>)> = BTreeMap::new();
    for find in finds {
        let before = taken.range(..find.span.end).next_back();
        if before.is_none_or(|(_, (end, _))| *end <= find.span.start) {
            taken.insert(find.span.start, (find.span.end, find));
        }
    }
    taken.into_values().map(|(_, find)| find).collect()
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
fn hand_out(text: &[u8], finds: Vec<Find<'_>>, sink: &mut dyn Sink) {
    let mut counted = 0usize;
    let mut line = 1u32;
    for find in finds {
        let Some(bytes) = text.get(find.span.clone()) else {
            continue;
        };
        let (provider, credential, part, prefix) = match find.what {
            What::Format(rule) => {
                let readable = std::str::from_utf8(bytes).unwrap_or_default();
                if judge::is_stand_in(readable, &rule.prefix, rule.anchored) {
                    sink.dismissed(Dismissal::Placeholder);
                    continue;
                }
                let kind = (rule.provider.as_str(), rule.credential.as_str());
                (kind.0, kind.1, rule.part, rule.prefix.as_str())
            }
            other => ("unknown", other.credential(), Part::Secret, ""),
        };
        let passed = text.get(counted..find.span.start).unwrap_or_default();
        let breaks = memchr::memchr_iter(b'\n', passed).count();
        line = line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        counted = find.span.start;
        sink.candidate(Candidate {
            provider: provider.to_owned(),
            credential: credential.to_owned(),
            part,
            prefix: prefix.to_owned(),
            secret: Secret::new(bytes),
            line,
            offset: find.span.start,
            length: find.span.len(),
            variable: find.name,
        });
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Vec<(String, String, u32, Option<String>)>, usize);

    impl Sink for Seen {
        fn candidate(&mut self, c: Candidate) {
            self.0.push((c.provider, c.credential, c.line, c.variable));
        }
        fn dismissed(&mut self, _: Dismissal) {
            self.1 += 1;
        }
    }

    const PLAIN: Context = Context {
        code: false,
        test_material: false,
        encoded: false,
    };

    fn seen(text: &str, context: Context) -> Seen {
        let rules = Rules::compile(&[]).unwrap();
        let mut seen = Seen::default();
        scan(&rules, text.as_bytes(), context, &mut seen);
        seen
    }

    #[test]
    fn a_generic_assignment_has_its_line_and_name() {
        let seen = seen("a=1\nPAYMENT_API_KEY=\"q8Zk2LmX7vTr4WnYb1CdP0\"\n", PLAIN);
        assert_eq!(
            seen.0,
            [(
                "unknown".into(),
                "generic_secret".into(),
                2,
                Some("PAYMENT_API_KEY".into())
            )]
        );
    }

    #[test]
    fn code_counts_only_quoted_values_and_tests_none() {
        let text = "token = q8Zk2LmX7vTr4WnYb1CdP0\n";
        assert!(
            seen(
                text,
                Context {
                    code: true,
                    ..PLAIN
                }
            )
            .0
            .is_empty()
        );
        assert_eq!(seen(text, PLAIN).0.len(), 1);
        assert!(
            seen(
                text,
                Context {
                    test_material: true,
                    ..PLAIN
                }
            )
            .0
            .is_empty()
        );
    }

    #[test]
    fn placeholders_are_counted_and_dropped() {
        let seen = seen(
            "api_key = your_api_key_goes_here_1\nsecret: ${SOME_SECRET_1}\n",
            PLAIN,
        );
        assert!(seen.0.is_empty());
        assert!(seen.1 >= 1);
    }

    #[test]
    fn an_assignment_within_a_json_text_counts_as_in_a_notebook() {
        let text = r#"{"cells":[{"source":["api_key = \"q8Zk2LmX7vTr4WnYb1CdP0\"\n"]}]}"#;
        assert_eq!(seen(text, PLAIN).0.len(), 1);
    }

    #[test]
    fn windows_see_what_overlaps_them_and_what_is_around_them() {
        let text =
            "x\nPAYMENT_API_KEY=\"q8Zk2LmX7vTr4WnYb1CdP0\"\nDB_PASSWORD: 'gr8-Wine!77'\nend\n";
        let rules = Rules::compile(&[]).unwrap();
        let within = |windows: &[Range<usize>]| {
            let mut seen = Seen::default();
            scan_within(&rules, text.as_bytes(), windows, PLAIN, &mut seen);
            seen.0.into_iter().map(|one| one.2).collect::<Vec<_>>()
        };
        let whole = 0..text.len();
        assert_eq!(within(std::slice::from_ref(&whole)), [2, 3]);
        let at = text.find("Zk2").unwrap();
        let second = text.find("8-Wine").unwrap();
        assert_eq!(within(&[at..at + 1]), [2]);
        assert_eq!(within(&[second..second + 1]), [3]);
        assert_eq!(within(&[at..at + 1, second..second + 1]), [2, 3]);
        // A name alone is no value.
        assert_eq!(within(&[2..5]), Vec::<u32>::new());
        assert_eq!(within(&[text.len()..text.len() + 9]), Vec::<u32>::new());
        assert_eq!(within(&[]), Vec::<u32>::new());
    }

    #[test]
    fn base64_in_a_manifest_is_looked_into() {
        use base64::Engine as _;
        let inner = base64::engine::general_purpose::STANDARD.encode("q8Zk2LmX7vTr4WnYb1CdP0");
        let seen = seen(
            &format!("data:\n  api-token: {inner}\n"),
            Context {
                encoded: true,
                ..PLAIN
            },
        );
        assert_eq!(
            seen.0,
            [(
                "unknown".into(),
                "generic_secret".into(),
                2,
                Some("api-token".into())
            )]
        );
    }

    #[test]
    fn a_private_key_is_one_candidate() {
        let mut random = tenure_model::catalog::template::numbers(3);
        let body = tenure_model::catalog::template::Template::parse("{base64:64}").unwrap();
        let lines: Vec<_> = (0..6).map(|_| body.example(&mut random)).collect();
        let text = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines.join("\n")
        );
        assert_eq!(
            seen(&text, PLAIN).0,
            [("unknown".into(), "private_key".into(), 1, None)]
        );
    }
}
