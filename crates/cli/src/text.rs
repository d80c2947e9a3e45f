//! Text on a terminal: what a source says cannot move the cursor, widths are columns, colour only where seen.

use std::io::IsTerminal as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Makes control characters and characters that turn the direction of text visible, as `\u{1b}`.
pub(crate) fn tame(text: &str) -> String {
    let harmless = |c: char| {
        !(c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
    };
    if text.chars().all(harmless) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| {
            if harmless(c) {
                c.to_string()
            } else {
                c.escape_unicode().to_string()
            }
        })
        .collect()
}

/// A cell of a Markdown table.
pub(crate) fn cell(text: &str) -> String {
    tame(text)
        .replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('<', "&lt;")
        .replace('`', "\\`")
}

/// Text in Markdown that can neither link, nor call people, nor begin anything.
pub(crate) fn plain(text: &str) -> String {
    let text = tame(text);
    let mut out = String::new();
    for (at, c) in text.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            ':' if text.get(at..).is_some_and(|rest| rest.starts_with("://")) => {
                out.push_str("&#58;");
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Bytes for people: `3.2 MB`.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if n < 1000 {
        return count(n, "byte");
    }
    let (mut scaled, mut unit) = (n, "B");
    let mut rest = 0;
    for next in UNITS {
        if scaled < 1000 {
            break;
        }
        rest = scaled % 1000;
        scaled /= 1000;
        unit = next;
    }
    if scaled < 10 {
        format!("{scaled}.{} {unit}", rest / 100)
    } else {
        format!("{scaled} {unit}")
    }
}

/// Cuts a text to a width, with an ellipsis where something is lost.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let text = tame(text);
    if text.width() <= width {
        return text;
    }
    let mut cut = String::new();
    let mut used = 0usize;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used.saturating_add(wide) >= width {
            break;
        }
        used = used.saturating_add(wide);
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// Cuts or fills a text to exactly a width.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let text = fit(text, width);
    let missing = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

/// Wraps a text at spaces, each line after the first indented.
pub(crate) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let text = tame(text);
    let words = text.trim_start_matches(' ');
    let mut used = text.len().saturating_sub(words.len());
    let mut out = " ".repeat(used);
    let mut begun = false;
    for word in words.split(' ') {
        let wide = word.width();
        if begun && used.saturating_add(wide).saturating_add(1) > width {
            out.push('\n');
            out.push_str(indent);
            used = indent.width();
        } else if begun {
            out.push(' ');
            used = used.saturating_add(1);
        }
        out.push_str(word);
        used = used.saturating_add(wide);
        begun = true;
    }
    out
}

/// How wide the output may be: the terminal's width, else `COLUMNS`, else 100.
pub(crate) fn width() -> usize {
    let named = || std::env::var("COLUMNS").ok()?.parse::<usize>().ok();
    let seen = || {
        std::io::stdout()
            .is_terminal()
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(width, _)| usize::from(width.0))
    };
    seen().or_else(named).unwrap_or(100).clamp(60, 160)
}

/// Whether standard output shows colour.
pub(crate) fn colour(refused: bool) -> bool {
    !refused
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        && std::io::stdout().is_terminal()
}

/// A number with thousands apart.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 key`, `2 keys`.
pub(crate) fn count(n: u64, one: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {one}{s}", number(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_source_says_moves_the_cursor() {
        assert_eq!(tame("a\u{1b}[2Jb\u{202e}"), "a\\u{1b}[2Jb\\u{202e}");
        assert_eq!(tame("Ünïcode…"), "Ünïcode…");
    }

    #[test]
    fn a_name_in_markdown_is_only_a_name() {
        assert_eq!(
            plain("a](http://x) @b <i>\u{1b}"),
            "a\\]\\(http&#58;//x\\) &#64;b &lt;i&gt;\\\\u{1b}"
        );
    }

    #[test]
    fn widths_are_columns() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(pad("ab", 4), "ab  ");
        assert_eq!(pad("鍵鍵鍵", 5), "鍵鍵…");
        assert_eq!(wrap("aa bb cc", 5, "  "), "aa bb\n  cc");
        assert_eq!(wrap("  aa bb cc", 7, "    "), "  aa bb\n    cc");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(count(1, "key"), "1 key");
        for (n, said) in [
            (1, "1 byte"),
            (999, "999 bytes"),
            (3_260_000, "3.2 MB"),
            (41_000, "41 kB"),
        ] {
            assert_eq!(bytes(n), said);
        }
    }
}
