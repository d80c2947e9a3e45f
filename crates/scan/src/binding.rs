//! What a value is bound to: the setting, header, flag, argument or element before it.

use std::ops::Range;

/// How far before a value its name is looked for, in bytes.
const FARTHEST: usize = 192;
/// The longest name, in bytes.
const LONGEST_NAME: usize = 96;

/// How a value is tied to its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// `name = value`, `name: value`, `<name>value`, a header, a flag with `=`.
    Set,
    /// `name(value)`, `("name", value)`.
    Argument,
    /// `--name value`, `ENV NAME value`, `password value`.
    Space,
}

/// A name and how it is tied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The name, as it is written.
    pub name: String,
    /// The name with the word before it, where both are plain words: `API key`.
    pub phrase: String,
    /// How it is tied.
    pub tie: Tie,
}

/// Where a value begins and ends that holds the byte at `at`, and whether quotes hold it.
#[must_use]
pub fn extent(text: &[u8], at: usize) -> (Range<usize>, bool) {
    const LONGEST: usize = 4096;
    let back = text
        .get(at.saturating_sub(LONGEST_NAME)..at)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|byte| !ends_value(**byte) && !matches!(byte, b'=' | b':' | b'|'))
        .count();
    let from = at.saturating_sub(back);
    let before = |n: usize| from.checked_sub(n).and_then(|at| text.get(at)).copied();
    let quote = before(1).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let escaped = quote.is_some() && before(2) == Some(b'\\');
    let ahead = text.get(from..).unwrap_or_default();
    let ahead = ahead.get(..LONGEST.min(ahead.len())).unwrap_or_default();
    if let Some(quote) = quote {
        let ends = |byte: u8| byte == quote || byte == b'\n' || (escaped && byte == b'\\');
        let length = ahead.iter().take_while(|byte| !ends(**byte)).count();
        let inside = ahead.get(..length).unwrap_or_default();
        let closed = ahead
            .get(length)
            .is_some_and(|byte| *byte == quote || *byte == b'\\');
        if closed
            && !inside.iter().any(|byte| byte.is_ascii_whitespace())
            && length > at.saturating_sub(from)
        {
            return (from..from.saturating_add(length), true);
        }
    }
    let length = ahead.iter().take_while(|byte| !ends_value(**byte)).count();
    (from..from.saturating_add(length), quote.is_some())
}

fn ends_value(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(
            byte,
            b'"' | b'\''
                | b'`'
                | b','
                | b';'
                | b'<'
                | b'>'
                | b'('
                | b')'
                | b'['
                | b']'
                | b'{'
                | b'}'
                | b'\\'
                | b'&'
        )
}

/// Whether an odd number of quotes of one kind stands before `at` on its line: it is inside a string.
#[must_use]
pub fn within_string(text: &[u8], at: usize) -> bool {
    let line = line_before(text, at);
    [b'"', b'\'', b'`'].iter().any(|quote| {
        let mut open = false;
        let mut before = b' ';
        for byte in line {
            if byte == quote && before != b'\\' {
                open = !open;
            }
            before = *byte;
        }
        open
    })
}

fn line_before(text: &[u8], at: usize) -> &[u8] {
    let window = text
        .get(at.saturating_sub(FARTHEST)..at)
        .unwrap_or_default();
    window
        .rsplit(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default()
}

/// What the value starting at `start` is bound to.
#[must_use]
pub fn before(text: &[u8], start: usize) -> Option<Binding> {
    let mut line = line_before(text, start);
    line = opened(line);
    if let Some(rest) = without_scheme(line) {
        line = opened(rest);
        let trimmed = trim(line);
        if !trimmed.ends_with(b":") && !trimmed.ends_with(b"=") && !trimmed.ends_with(b",") {
            let name = "Authorization".to_owned();
            return Some(Binding {
                phrase: name.clone(),
                name,
                tie: Tie::Set,
            });
        }
    }
    let spaced = trim(line);
    let had_space = spaced.len() < line.len();
    let (rest, tie) = operator(spaced, had_space)?;
    let element = spaced.ends_with(b">") && !spaced.ends_with(b"=>") && !spaced.ends_with(b"->");
    let found = if element {
        element_name(rest)
    } else {
        let typed = spaced.ends_with(b"=");
        ident(rest, typed, tie)
    }?;
    let generic = [
        "value",
        "default",
        "content",
        "val",
        "defaultvalue",
        "string",
    ];
    if generic.contains(&found.name.to_ascii_lowercase().as_str())
        && let Some(name) = named_near(text, start)
    {
        return Some(Binding {
            phrase: name.clone(),
            name,
            tie: Tie::Set,
        });
    }
    Some(found)
}

/// A line without the quotes that open the value, and the letter that may stand before them.
fn opened(line: &[u8]) -> &[u8] {
    let mut rest = line;
    let mut quoted = false;
    while let [head @ .., b'"' | b'\'' | b'`' | b'\\'] = rest {
        rest = head;
        quoted = true;
    }
    if quoted
        && let [
            head @ ..,
            b'b' | b'B' | b'r' | b'R' | b'f' | b'u' | b'@' | b'L' | b'$',
        ] = rest
    {
        let alone = head
            .last()
            .is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
        if alone {
            rest = head;
        }
    }
    rest
}

/// A line without the authentication scheme (RFC 9110) that ends it.
fn without_scheme(line: &[u8]) -> Option<&[u8]> {
    const SCHEMES: [&[u8]; 9] = [
        b"bearer",
        b"basic",
        b"token",
        b"apikey",
        b"bot",
        b"oauth",
        b"splunk",
        b"genie" as &[u8],
        b"key",
    ];
    let trimmed = trim(line);
    if trimmed.len() == line.len() {
        return None;
    }
    SCHEMES.iter().find_map(|scheme| {
        let at = trimmed.len().checked_sub(scheme.len())?;
        let (head, tail) = trimmed.split_at(at);
        let begins = head
            .last()
            .is_none_or(|byte| matches!(byte, b' ' | b'"' | b'\'' | b'`' | b':' | b'='));
        // Only what is written as a scheme is one: `token x` alone is prose.
        let sure = scheme.starts_with(b"b")
            || head.ends_with(b": ")
            || head.ends_with(b"\"")
            || head.ends_with(b"'");
        (begins && sure && tail.eq_ignore_ascii_case(scheme)).then_some(head)
    })
}

fn trim(line: &[u8]) -> &[u8] {
    let mut rest = line;
    while let [head @ .., b' ' | b'\t'] = rest {
        rest = head;
    }
    rest
}

/// What stands before the operator that ties a value to its name.
fn operator(line: &[u8], had_space: bool) -> Option<(&[u8], Tie)> {
    match line {
        [head @ .., b'=', b'>'] | [head @ .., b'-', b'>'] => Some((trim(head), Tie::Set)),
        [.., b'='] => {
            let mut rest = line;
            while let [head @ .., b'=' | b':' | b'!' | b'+' | b'?' | b'|'] = rest {
                rest = head;
            }
            Some((trim(rest), Tie::Set))
        }
        [head @ .., b':'] => Some((trim(head.strip_suffix(b":").unwrap_or(head)), Tie::Set)),
        [head @ .., b'>'] => Some((head, Tie::Set)),
        [head @ .., b'('] => Some((trim(head), Tie::Argument)),
        [head @ .., b','] => {
            let head = trim(head);
            matches!(head.last(), Some(b'"' | b'\'')).then_some((head, Tie::Argument))
        }
        [.., last]
            if had_space && (last.is_ascii_alphanumeric() || matches!(last, b'_' | b'-')) =>
        {
            Some((line, Tie::Space))
        }
        _ => None,
    }
}

/// The name at the end of a line.
fn ident(line: &[u8], typed: bool, tie: Tie) -> Option<Binding> {
    let mut rest = line;
    let mut quote = None;
    while let [head @ .., byte] = rest {
        match byte {
            b'"' | b'\'' | b'`' => quote = quote.or(Some(*byte)),
            b']' | b'[' | b'\\' | b'?' | b'*' | b' ' | b'\t' | b')' => {}
            _ => break,
        }
        rest = head;
    }
    let spaces = quote.is_some();
    let part = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-' | b'.' | b'$' | b'@' | b'/')
            || (spaces && byte == b' ')
    };
    let length = rest.iter().rev().take_while(|byte| part(**byte)).count();
    let (head, name) = rest.split_at(rest.len().saturating_sub(length));
    if name.is_empty() || name.len() > LONGEST_NAME {
        return None;
    }
    let head = trim(head);
    if typed && let Some(before_type) = typed_name(head, name) {
        return ident(before_type, false, tie);
    }
    let name = std::str::from_utf8(name).ok()?.trim();
    let flag = name.starts_with('-');
    if tie == Tie::Space && !flag && !spaced_name(head, name) {
        return None;
    }
    let last = head
        .rsplit(|byte| !byte.is_ascii_alphabetic())
        .next()
        .and_then(|word| std::str::from_utf8(word).ok())
        .unwrap_or_default();
    let phrase = if last.is_empty() || spaces {
        name.to_owned()
    } else {
        format!("{last} {name}")
    };
    Some(Binding {
        name: name.trim_start_matches(['-', '$', '@', '.']).to_owned(),
        phrase,
        tie,
    })
}

/// What stands before `: type` where `name` is a type: `key: str = "…"`.
fn typed_name<'l>(head: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    const TYPES: [&[u8]; 12] = [
        b"string",
        b"str",
        b"char",
        b"bytes",
        b"any",
        b"secretstr",
        b"text",
        b"varchar",
        b"optional",
        b"static",
        b"byte",
        b"object",
    ];
    let known = TYPES.iter().any(|one| name.eq_ignore_ascii_case(one));
    let mut rest = head;
    while let [before @ .., byte] = rest {
        match byte {
            b':' if known => return Some(trim(before)),
            b'&' | b'[' | b'|' | b' ' | b'\'' => rest = before,
            _ => {
                // `Optional[str]`: one more name inside the type.
                let length = rest
                    .iter()
                    .rev()
                    .take_while(|b| b.is_ascii_alphabetic())
                    .count();
                let (before, inner) = rest.split_at(rest.len().saturating_sub(length));
                let inside = known && TYPES.iter().any(|one| inner.eq_ignore_ascii_case(one));
                return if inside {
                    trim(before).strip_suffix(b":").map(trim)
                } else {
                    None
                };
            }
        }
    }
    None
}

/// Whether a name followed by a space holds what comes next: after `ENV`, `set` and the like, or in a
/// `.netrc`, or as SQL writes it.
fn spaced_name(head: &[u8], name: &str) -> bool {
    const SETTERS: [&[u8]; 9] = [
        b"ENV", b"ARG", b"set", b"setx", b"SetEnv", b"export", b"setenv", b"add", b"config",
    ];
    if SETTERS.iter().any(|setter| head.ends_with(setter)) {
        return true;
    }
    let lower = name.to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "password" | "passwd" | "account" | "by" | "is" | "pass"
    ) && (head.is_empty()
        || head
            .windows(5)
            .any(|at| matches!(at, b"login" | b"IDENT" | b"machi" | b"user ")))
        || lower.contains("_token")
        || lower.contains("_key")
        || lower.contains("_secret")
        || lower.contains("_password")
        || lower.starts_with('_')
}

/// The name that an XML tag gives its text: of its own, or by an attribute.
fn element_name(tag: &[u8]) -> Option<Binding> {
    let open = tag.iter().rposition(|byte| *byte == b'<')?;
    let tag = std::str::from_utf8(tag.get(open.saturating_add(1)..)?).ok()?;
    let attribute = ["name=\"", "key=\"", "id=\"", "name='"]
        .iter()
        .find_map(|attribute| {
            let (_, rest) = tag.split_once(attribute)?;
            rest.split(['"', '\'']).next()
        });
    let name = attribute.or_else(|| tag.split([' ', '/']).next())?;
    (!name.is_empty() && name.len() <= LONGEST_NAME).then(|| Binding {
        name: name.to_owned(),
        phrase: name.to_owned(),
        tie: Tie::Set,
    })
}

/// The name that stands beside a `value`: `name: API_KEY` on the line before, `<add key="…" value="…"/>`.
fn named_near(text: &[u8], start: usize) -> Option<String> {
    let window = text.get(start.saturating_sub(FARTHEST)..start)?;
    let window = std::str::from_utf8(window)
        .or_else(|error| {
            let valid = window.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid)
        })
        .ok()?;
    let mut best: Option<(usize, &str)> = None;
    for word in ["name", "key", "Name", "Key", "variable"] {
        // As a word of its own: not the end of `encryption_key`.
        let own = |at: &usize| {
            let before = window.get(..*at).and_then(|head| head.bytes().next_back());
            before.is_none_or(|byte| {
                !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-' | b'.')
            })
        };
        let Some(at) = window.rmatch_indices(word).map(|(at, _)| at).find(own) else {
            continue;
        };
        let rest = window.get(at.saturating_add(word.len())..)?;
        let rest = rest.trim_start_matches(['"', '\'', ' ']);
        let quoted = word == "variable";
        let Some(rest) = rest.strip_prefix([':', '=']).or(quoted.then_some(rest)) else {
            continue;
        };
        let name = rest
            .trim_start_matches(['"', '\'', ' '])
            .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .next()?;
        if !name.is_empty() && best.is_none_or(|(known, _)| known < at) {
            best = Some((at, name));
        }
    }
    // Two lines away at most: further up it is the name of something else.
    let (at, name) = best?;
    let lines = window
        .get(at..)?
        .bytes()
        .filter(|byte| *byte == b'\n')
        .count();
    (lines <= 2).then(|| name.to_owned())
}

/// Where the value starts that may be set for the word that ends at `end`.
#[must_use]
pub fn value_after(text: &[u8], end: usize) -> Option<usize> {
    const LONGEST_NAME: usize = 48;
    let mut at = end;
    for _ in 0..3 {
        let ahead = text.get(at..)?;
        let rest = ahead
            .iter()
            .take(LONGEST_NAME)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
            .count();
        let start = value_start(text, at.saturating_add(rest))?;
        // A type or the word `value` is not the value yet.
        let word = text
            .get(start..)?
            .iter()
            .take(16)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let word = text.get(start..start.saturating_add(word))?;
        let on = [
            b"value" as &[u8],
            b"default",
            b"str",
            b"string",
            b"bearer",
            b"basic",
            b"token",
            b"content",
        ];
        if on.iter().any(|one| word.eq_ignore_ascii_case(one)) {
            at = start;
            continue;
        }
        return Some(start);
    }
    None
}

/// What follows a name: closing quotes and brackets, an operator or a space, opening quotes.
fn value_start(text: &[u8], at: usize) -> Option<usize> {
    const FARTHEST: usize = 24;
    let mut tied = false;
    let mut broken = false;
    for (offset, byte) in text.get(at..)?.iter().take(FARTHEST).enumerate() {
        match byte {
            b'=' | b':' | b'(' | b'>' | b',' => tied = true,
            b' ' | b'\t' => tied = true,
            b'"' | b'\'' | b'`' | b']' | b'\\' | b'@' | b'!' | b'?' | b'+' | b'|' => {}
            b'\n' | b'\r' if !broken => broken = true,
            _ if broken => {
                // On the next line only `value:` and the like go on.
                let ahead = text.get(at.saturating_add(offset)..)?;
                return (ahead.starts_with(b"value") || ahead.starts_with(b"default"))
                    .then(|| at.saturating_add(offset));
            }
            _ => return tied.then(|| at.saturating_add(offset)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Option<String> {
        let at = text.find('@').unwrap();
        before(text.as_bytes(), at).map(|binding| binding.name)
    }

    #[test]
    fn names_are_found_in_every_way_of_setting_a_value() {
        for (text, expected) in [
            ("API_KEY=@", "API_KEY"),
            ("export API_KEY=\"@\"", "API_KEY"),
            ("api_key: '@'", "api_key"),
            ("{\"apiKey\": \"@\"}", "apiKey"),
            ("{\\\"apiKey\\\": \\\"@\\\"}", "apiKey"),
            ("'api.key' => '@',", "api.key"),
            ("apiKey := `@`", "apiKey"),
            ("os.environ[\"API_KEY\"] = \"@\"", "API_KEY"),
            ("const apiKey: string = '@'", "apiKey"),
            ("api_key: Optional[str] = '@'", "api_key"),
            ("static API_KEY: &str = \"@\";", "API_KEY"),
            ("private static final String apiKey = \"@\";", "apiKey"),
            ("const char *api_key = \"@\";", "api_key"),
            ("const char api_key[] = \"@\";", "api_key"),
            ("if (token == '@')", "token"),
            ("client.setApiKey(\"@\")", "client.setApiKey"),
            ("config.set('api_key', '@')", "api_key"),
            ("define('API_KEY', '@');", "API_KEY"),
            ("tool --api-key=@", "api-key"),
            ("tool --api-key @", "api-key"),
            ("ENV API_KEY @", "API_KEY"),
            ("$env:API_KEY = '@'", "API_KEY"),
            ("-H 'Authorization: Bearer @'", "Authorization"),
            ("headers={'Authorization': 'token @'}", "Authorization"),
            ("x-api-key: @", "x-api-key"),
            ("Bearer @", "Authorization"),
            ("<apiKey>@</apiKey>", "apiKey"),
            ("<string name=\"api_key\">@</string>", "api_key"),
            ("<add key=\"ApiKey\" value=\"@\"/>", "ApiKey"),
            (
                "<add key=\"encryption_key\" value=\"@\"/>",
                "encryption_key",
            ),
            ("- name: API_KEY\n  value: @", "API_KEY"),
            ("variable \"api_key\" {\n  default = \"@\"", "api_key"),
            ("https://x.example/?api_key=@", "api_key"),
            ("Server=x;Password=@;", "Password"),
            ("machine x login y password @", "password"),
            ("//registry.example/:_authToken=@", "_authToken"),
            ("token = b'@'", "token"),
        ] {
            assert_eq!(name(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["the token @", "foo @", "@", "a + @", "return '@'"] {
            assert_eq!(name(text), None, "{text}");
        }
    }

    #[test]
    fn a_value_ends_where_its_quotes_or_its_word_do() {
        let whole = |text: &str, inner: &str| {
            let at = text.find(inner).unwrap();
            let (range, quoted) = extent(text.as_bytes(), at);
            (text[range].to_owned(), quoted)
        };
        assert_eq!(whole("k='a!b(c', d", "b"), ("a!b(c".to_owned(), true));
        assert_eq!(whole("k=a!bcd,e", "bcd"), ("a!bcd".to_owned(), false));
        assert_eq!(
            whole("{\\\"k\\\":\\\"abc\\\"}", "abc"),
            ("abc".to_owned(), true)
        );
        assert_eq!(whole("?k=abc&d=e", "abc"), ("abc".to_owned(), false));
    }
}
