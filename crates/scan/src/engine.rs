//! One text in, its candidates out: catalogue formats, private keys, generic assignments, and what is
//! base64 within.

use crate::{
    judge::{self, Dismissal},
    rule::Rules,
};
use regex::bytes::Regex;
use std::{ops::Range, sync::LazyLock};
use tenure_model::{place::Part, secret::Secret};
use zeroize::Zeroizing;

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
    /// The variable or setting that holds it.
    pub variable: Option<String>,
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

/// How deep base64 is looked into.
const DEPTH: u8 = 1;

/// Finds the candidates of one text.
pub fn scan(rules: &Rules, text: &[u8], context: Context, sink: &mut dyn Sink) {
    scan_at(rules, text, context, DEPTH, None, sink);
}

fn scan_at(
    rules: &Rules,
    text: &[u8],
    context: Context,
    depth: u8,
    outer: Option<(u32, &str)>,
    sink: &mut dyn Sink,
) {
    let mut taken: Vec<Range<usize>> = Vec::new();
    let line_at = |offset: usize| outer.map_or_else(|| line_of(text, offset), |(line, _)| line);
    let name_at = |offset: usize| {
        variable_before(text, offset).or_else(|| outer.map(|(_, name)| name.to_owned()))
    };
    for found in rules.find(text) {
        let overlaps =
            |taken: &Range<usize>| taken.start < found.span.end && found.span.start < taken.end;
        if taken
            .iter()
            .any(|span| overlaps(span) && *span != found.span)
        {
            continue;
        }
        let same = taken.contains(&found.span);
        let Some(bytes) = text.get(found.span.clone()) else {
            continue;
        };
        let readable = std::str::from_utf8(bytes).unwrap_or_default();
        if judge::is_placeholder(readable, &found.rule.prefix) {
            sink.dismissed(Dismissal::Placeholder);
            taken.push(found.span);
            continue;
        }
        if same {
            continue;
        }
        sink.candidate(Candidate {
            provider: found.rule.provider.clone(),
            credential: found.rule.credential.clone(),
            part: found.rule.part,
            prefix: found.rule.prefix.clone(),
            secret: Secret::new(bytes),
            line: line_at(found.span.start),
            offset: found.span.start,
            variable: name_at(found.span.start),
        });
        taken.push(found.span);
    }
    private_keys(text, context, &mut taken, &line_at, sink);
    assignments(rules, text, context, depth, &mut taken, &line_at, sink);
}

/// PEM private keys (RFC 7468), also on one line with literal `\n`.
fn private_keys(
    text: &[u8],
    context: Context,
    taken: &mut Vec<Range<usize>>,
    line_at: &dyn Fn(usize) -> u32,
    sink: &mut dyn Sink,
) {
    static PEM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex::bytes::RegexBuilder::new(
            r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s:,.\-]|\\n|\\r|[A-Za-z-]+: ){64,16384}?-----END (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----",
        )
        .unicode(false)
        .size_limit(64 << 20)
        .build()
        .ok()
    });
    let Some(pem) = PEM.as_ref() else { return };
    for found in pem.find_iter(text) {
        if taken
            .iter()
            .any(|span| span.start < found.end() && found.start() < span.end)
        {
            continue;
        }
        taken.push(found.range());
        let readable = std::str::from_utf8(found.as_bytes()).unwrap_or_default();
        let lower = readable.to_ascii_lowercase();
        if context.test_material {
            sink.dismissed(Dismissal::TestMaterial);
            continue;
        }
        if lower.contains("example")
            || lower.contains("...")
            || judge::entropy(found.as_bytes()) < 4.0
        {
            sink.dismissed(Dismissal::Placeholder);
            continue;
        }
        sink.candidate(Candidate {
            provider: "unknown".to_owned(),
            credential: "private_key".to_owned(),
            part: Part::Secret,
            prefix: String::new(),
            secret: Secret::new(found.as_bytes()),
            line: line_at(found.start()),
            offset: found.start(),
            variable: variable_before(text, found.start()),
        });
    }
}

/// `api_key = "…"` and the like, where no format vouches for the value.
fn assignments(
    rules: &Rules,
    text: &[u8],
    context: Context,
    depth: u8,
    taken: &mut Vec<Range<usize>>,
    line_at: &dyn Fn(usize) -> u32,
    sink: &mut dyn Sink,
) {
    static SET: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex::bytes::RegexBuilder::new(
            r#"(?P<name>[A-Za-z0-9_.\-]{0,48}(?:api[_.\-]?key|apikey|secret|token|credential|private[_.\-]?key|access[_.\-]?key|auth[_.\-]?key|encryption[_.\-]?key|signing[_.\-]?key)[A-Za-z0-9_.\-]{0,24})["'`\]\\]{0,4}[ \t]{0,8}(?::=|=>|=|:)[ \t]{0,8}\\{0,2}(?P<quote>["'`]?)(?P<value>[^\s"'`,;<>(){}\[\]\\]{8,4096})"#,
        )
        .unicode(false)
        .case_insensitive(true)
        .build()
        .ok()
    });
    let Some(set) = SET.as_ref() else { return };
    for captures in set.captures_iter(text) {
        let (Some(name), Some(value)) = (captures.name("name"), captures.name("value")) else {
            continue;
        };
        let quoted = captures
            .name("quote")
            .is_some_and(|quote| !quote.is_empty());
        if taken
            .iter()
            .any(|span| span.start < value.end() && value.start() < span.end)
        {
            continue;
        }
        let name_text = String::from_utf8_lossy(name.as_bytes()).into_owned();
        if context.encoded
            && depth > 0
            && let Some(inner) = decoded(value.as_bytes())
        {
            taken.push(value.range());
            let inner_context = Context {
                code: false,
                encoded: false,
                ..context
            };
            let mut line = Zeroizing::new(format!("{name_text}=").into_bytes());
            line.extend_from_slice(&inner);
            scan_at(
                rules,
                &line,
                inner_context,
                depth.saturating_sub(1),
                Some((line_at(value.start()), &name_text)),
                sink,
            );
            continue;
        }
        if context.code && !quoted {
            continue;
        }
        let Ok(readable) = std::str::from_utf8(value.as_bytes()) else {
            continue;
        };
        if is_reference(&name_text, readable) {
            continue;
        }
        if context.test_material {
            sink.dismissed(Dismissal::TestMaterial);
            continue;
        }
        match judge::generic(readable) {
            Err(why) => sink.dismissed(why),
            Ok(()) => {
                taken.push(value.range());
                sink.candidate(Candidate {
                    provider: "unknown".to_owned(),
                    credential: "generic_secret".to_owned(),
                    part: Part::Secret,
                    prefix: String::new(),
                    secret: Secret::new(value.as_bytes()),
                    line: line_at(value.start()),
                    offset: value.start(),
                    variable: Some(name_text),
                });
            }
        }
    }
}

/// A name that points to a secret rather than holding one, or that holds something public.
fn is_reference(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let public = [
        "secret_name",
        "secretname",
        "token_url",
        "tokenurl",
        "token_type",
        "key_id",
        "keyid",
        "_path",
        "_file",
        "public",
        "token_uri",
        "endpoint",
        "secretref",
        "tokenizer",
        "token_count",
        "max_token",
        "secret_arn",
        "sha256",
        "checksum",
        "integrity",
    ];
    let names_an_id = name.ends_with("_id") && !name.ends_with("secret_id");
    names_an_id
        || public.iter().any(|word| name.contains(word))
        || value.starts_with("arn:")
        || value.starts_with("projects/")
        || value.starts_with("vault:")
}

/// The bytes behind a base64 text, where they are text themselves.
fn decoded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    use base64::Engine as _;
    if text.len() < 16 || text.len() > 1 << 16 {
        return None;
    }
    let bytes = Zeroizing::new(
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .ok()?,
    );
    let printable = bytes
        .iter()
        .all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
    printable.then_some(bytes)
}

/// The line of an offset, from 1.
fn line_of(text: &[u8], offset: usize) -> u32 {
    let upto = text.get(..offset).unwrap_or(text);
    u32::try_from(upto.iter().filter(|byte| **byte == b'\n').count())
        .unwrap_or(u32::MAX)
        .saturating_add(1)
}

/// The name that is set to what starts at `offset`, on the same line.
fn variable_before(text: &[u8], offset: usize) -> Option<String> {
    const FARTHEST: usize = 96;
    let from = offset.saturating_sub(FARTHEST);
    let window = text.get(from..offset)?;
    let line = window.rsplit(|b| *b == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let line = line.trim_end_matches([' ', '\t', '"', '\'', '`', '\\']);
    let line = line
        .strip_suffix("=>")
        .or_else(|| line.strip_suffix(['=', ':']))?;
    let line = line.trim_end_matches([' ', '\t', '"', '\'', '`', ']', ':', '\\']);
    let start = line
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .map_or(0, |at| at.saturating_add(1));
    let name = line.get(start..)?;
    (!name.is_empty() && name.len() <= 64).then(|| name.to_owned())
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
