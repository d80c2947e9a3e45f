//! Text from outside made fit for a page: visible, short, and safe as a link target. The console uses the same.

use tenure_model::day::Day;

/// The longest text from outside that a page shows, in characters.
const LONGEST: usize = 160;

/// A text in which nothing is hidden, at its full length.
#[must_use]
pub fn unhidden(text: &str) -> String {
    text.chars()
        .map(|c| match is_hidden(c) {
            true => format!("⟨U+{:04X}⟩", u32::from(c)),
            false => c.to_string(),
        })
        .collect()
}

/// A text in which nothing is hidden: control characters and characters that change the direction
/// of the text are written as their code point; long texts are cut in the middle.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LONGEST * 2));
    let mut push = |c: char| {
        if is_hidden(c) {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
        } else {
            shown.push(c);
        }
    };
    let length = text.chars().count();
    if length <= LONGEST {
        text.chars().for_each(push);
    } else {
        let half = LONGEST / 2 - 1;
        text.chars().take(half).for_each(&mut push);
        push('…');
        text.chars().skip(length - half).for_each(push);
    }
    shown
}

/// The same for a place where little room is left: cut at the end.
#[must_use]
pub fn brief(text: &str, longest: usize) -> String {
    let text = visible(text);
    if text.chars().count() <= longest {
        return text;
    }
    let mut short: String = text.chars().take(longest.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Whether a character does not show itself: controls, marks without width, changes of direction.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// `5,000`.
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A length as a number for a page.
#[must_use]
pub fn counted(n: usize) -> String {
    number(u64::try_from(n).unwrap_or(u64::MAX))
}

/// `1 key`, `5,000 keys`.
#[must_use]
pub fn keys(n: u64) -> String {
    plural(n, "key", "keys")
}

/// A number with its noun.
#[must_use]
pub fn plural(n: u64, one: &str, many: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{} {many}", number(n))
    }
}

/// `23 November 2026`.
#[must_use]
pub fn long_date(day: Day) -> String {
    let date = day.date();
    format!("{} {} {}", date.day(), month(day), date.year())
}

/// The name of a day's month.
#[must_use]
pub fn month(day: Day) -> &'static str {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let at = usize::from(day.date().month().unsigned_abs()).saturating_sub(1);
    MONTHS.get(at).copied().unwrap_or("?")
}

/// A text for XML, escaped.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A file name as the target of a relative link: no folder, no scheme, nothing but plain characters.
#[must_use]
pub fn link_target(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '_'
            }
        })
        .collect()
}

/// A text as one segment of a path, or as a value of a query (RFC 3986, unreserved characters alone stand as they are).
#[must_use]
pub fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    // A segment of dots alone would be taken away by whoever reads the address.
    if out.bytes().all(|byte| byte == b'.') {
        return out.replace('.', "%2E");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_hidden_is_shown() {
        assert_eq!(visible("a\u{202e}b\u{0}\n"), "a⟨U+202E⟩b⟨U+0000⟩⟨U+000A⟩");
        assert_eq!(visible(&"x".repeat(500)).chars().count(), LONGEST - 1);
        assert_eq!(brief("abcdef", 4), "abc…");
    }

    #[test]
    fn numbers_and_links() {
        assert_eq!(
            [0, 999, 1000, 1234567].map(number),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(segment("k1/a b&c=<é>"), "k1%2Fa%20b%26c%3D%3C%C3%A9%3E");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(link_target("javascript:alert(1)/../x y.csv"), "x_y.csv");
    }
}
