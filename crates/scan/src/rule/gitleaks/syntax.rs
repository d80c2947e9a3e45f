//! From the syntax of Go's regular expressions (RE2) to that of the `regex` crate, where they part.

/// The same expression. What differs: a `[` inside a class is itself, as are `&&`, `--` and `~~` there; a `{`
/// that begins no count is itself; `\Q…\E` quotes; `\z` and `(?P<…>)` are alike.
pub(super) fn from_go(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len().saturating_add(8));
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let tail = rest.get(c.len_utf8()..).unwrap_or_default();
        if let Some(quoted) = rest.strip_prefix("\\Q").filter(|_| !in_class) {
            let (text, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            out.push_str(&regex::escape(text));
            rest = after;
            continue;
        }
        match c {
            '\\' => {
                out.push(c);
                let next = tail.chars().next();
                out.extend(next);
                rest = tail
                    .get(next.map_or(0, char::len_utf8)..)
                    .unwrap_or_default();
                continue;
            }
            '[' if in_class => {
                // A named class stays one.
                match rest
                    .starts_with("[:")
                    .then(|| rest.split_once(":]"))
                    .flatten()
                {
                    Some((name, after)) => {
                        out.push_str(name);
                        out.push_str(":]");
                        rest = after;
                        continue;
                    }
                    None => out.push_str("\\["),
                }
            }
            '[' => {
                in_class = true;
                out.push(c);
                let (start, after) = match tail.strip_prefix('^') {
                    Some(after) => ("^", after),
                    None => ("", tail),
                };
                out.push_str(start);
                // A closing bracket that comes first is itself.
                rest = match after.strip_prefix(']') {
                    Some(after) => {
                        out.push_str("\\]");
                        after
                    }
                    None => after,
                };
                continue;
            }
            ']' if in_class => {
                in_class = false;
                out.push(c);
            }
            '&' | '~' | '-' if in_class && tail.starts_with(c) => {
                out.push('\\');
                out.push(c);
            }
            '{' if !in_class && !begins_count(tail) => out.push_str("\\{"),
            _ => out.push(c),
        }
        rest = tail;
    }
    out
}

/// Whether `3}`, `3,}` or `3,5}` comes next.
fn begins_count(text: &str) -> bool {
    text.split_once('}').is_some_and(|(inside, _)| {
        let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        !least.is_empty() && digits(least) && digits(most)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_written_anew_and_the_rest_stays() {
        for (go, ours) in [
            (r"(?i)ex_[a-z0-9]{32}\b", r"(?i)ex_[a-z0-9]{32}\b"),
            (r"[\w[\]]", r"[\w\[\]]"),
            (r"[^]a]", r"[^\]a]"),
            (r"[[:alpha:]_]", r"[[:alpha:]_]"),
            (r"[a&&b--]", r"[a\&&b\--]"),
            (r"a{x}", r"a\{x}"),
            (r"a{3,}b{2}c{1,4}", r"a{3,}b{2}c{1,4}"),
            (r"\Qa.b\Ec", r"a\.bc"),
            (r"\[\{", r"\[\{"),
        ] {
            let written = from_go(go);
            assert_eq!(written, ours);
            assert!(regex::bytes::Regex::new(&written).is_ok(), "{written}");
        }
    }
}
