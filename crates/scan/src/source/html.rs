//! HTML as text, line for line: marks are taken out, so that a word that they tear apart is whole; what links,
//! pictures and fields say stays, and so do comments and scripts. Takes anything, and nothing is nested.

use zeroize::Zeroizing;

/// Attributes that are said.
const SAID: [&[u8]; 6] = [b"href", b"src", b"value", b"content", b"title", b"alt"];
/// Elements within a line of text: where one begins or ends, no word does.
const INLINE: [&[u8]; 18] = [
    b"a", b"abbr", b"b", b"big", b"code", b"em", b"font", b"i", b"kbd", b"mark", b"s", b"small",
    b"span", b"strong", b"sub", b"sup", b"u", b"wbr",
];

/// The text of a page. Its lines are those of the page.
pub(super) fn text(html: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(html.len()));
    let mut rest = html;
    while let Some((first, after)) = rest.split_first() {
        match first {
            b'<' => rest = tag(after, &mut out),
            b'&' => rest = entity(after, &mut out),
            byte => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    out
}

/// The title of a page, as text in one line.
pub(super) fn title(html: &[u8]) -> Option<String> {
    between(html, b"<title>", b"</title>")
}

/// What stands between two marks, as text in one line.
pub(super) fn between(html: &[u8], from: &[u8], to: &[u8]) -> Option<String> {
    const MOST: usize = 1000;
    let at = memchr::memmem::find(html, from)?.checked_add(from.len())?;
    let rest = html.get(at..)?;
    let rest = rest.get(..rest.len().min(MOST)).unwrap_or(rest);
    let inner = rest.get(..memchr::memmem::find(rest, to)?)?;
    let said = text(inner);
    let said = String::from_utf8_lossy(&said);
    let words: Vec<&str> = said.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Passes a tag, behind its `<`; gives what comes after it.
fn tag<'h>(html: &'h [u8], out: &mut Vec<u8>) -> &'h [u8] {
    // Comments and sections of characters are text.
    for (from, to) in [(&b"!--"[..], &b"-->"[..]), (b"![CDATA[", b"]]>")] {
        if let Some(rest) = html.strip_prefix(from) {
            let end = memchr::memmem::find(rest, to).unwrap_or(rest.len());
            out.push(b' ');
            out.extend_from_slice(rest.get(..end).unwrap_or_default());
            out.push(b' ');
            return rest.get(end.saturating_add(to.len())..).unwrap_or_default();
        }
    }
    let begins = html
        .first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!' | b'?'));
    let Some(end) = begins.then(|| end_of(html)).flatten() else {
        out.push(b'<');
        return html;
    };
    let inner = html.get(..end).unwrap_or_default();
    let name = inner.strip_prefix(b"/").unwrap_or(inner);
    let length = name
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let name = name.get(..length).unwrap_or_default().to_ascii_lowercase();
    if !INLINE.contains(&name.as_slice()) {
        out.push(b' ');
    }
    attributes(inner, out);
    html.get(end.saturating_add(1)..).unwrap_or_default()
}

/// Where a tag ends: its `>` that stands in no quotes.
fn end_of(tag: &[u8]) -> Option<usize> {
    const MOST: usize = 64 << 10;
    let mut quote = None;
    for (at, byte) in tag.iter().enumerate().take(MOST) {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Says the values of a tag, and keeps its line breaks.
fn attributes(tag: &[u8], out: &mut Vec<u8>) {
    let mut at = 0usize;
    while let Some(step) = tag
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'=', b'\n', rest))
    {
        let here = at.saturating_add(step);
        at = here.saturating_add(1);
        if tag.get(here) == Some(&b'\n') {
            out.push(b'\n');
            continue;
        }
        let before = tag.get(..here).unwrap_or_default().trim_ascii_end();
        let length = before
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'_'))
            .count();
        let name = before
            .get(before.len().saturating_sub(length)..)
            .unwrap_or_default();
        let behind = tag.get(at..).unwrap_or_default();
        let Some(quote) = behind.first().filter(|byte| matches!(byte, b'"' | b'\'')) else {
            continue;
        };
        let value = behind.get(1..).unwrap_or_default();
        let value = value
            .get(..memchr::memchr(*quote, value).unwrap_or(value.len()))
            .unwrap_or_default();
        at = at.saturating_add(value.len()).saturating_add(2);
        if SAID.iter().any(|said| name.eq_ignore_ascii_case(said)) {
            out.push(b' ');
            let mut rest = value;
            while let Some((first, after)) = rest.split_first() {
                if *first == b'&' {
                    rest = entity(after, out);
                } else {
                    out.push(*first);
                    rest = after;
                }
            }
            out.push(b' ');
        } else {
            let breaks = value.iter().filter(|byte| **byte == b'\n').count();
            out.extend(std::iter::repeat_n(b'\n', breaks));
        }
    }
}

/// Passes a character reference, behind its `&`; gives what comes after it.
fn entity<'h>(html: &'h [u8], out: &mut Vec<u8>) -> &'h [u8] {
    const LONGEST: usize = 10;
    let head = html.get(..html.len().min(LONGEST)).unwrap_or_default();
    let named = memchr::memchr(b';', head).and_then(|end| {
        let name = std::str::from_utf8(head.get(..end)?).ok()?;
        let one = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "nbsp" => ' ',
            _ => {
                let digits = name.strip_prefix('#')?;
                let value = match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => digits.parse().ok()?,
                };
                char::from_u32(value)?
            }
        };
        Some((one, html.get(end.checked_add(1)?..)?))
    });
    let Some((one, rest)) = named else {
        out.push(b'&');
        return html;
    };
    // No-break spaces part words as others do; line breaks stay those of the page.
    let one = if matches!(one, '\u{a0}' | '\n' | '\r') {
        ' '
    } else {
        one
    };
    let mut buffer = [0u8; 4];
    out.extend_from_slice(one.encode_utf8(&mut buffer).as_bytes());
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(html: &str) -> String {
        String::from_utf8_lossy(&text(html.as_bytes())).into_owned()
    }

    #[test]
    fn marks_tear_no_word_apart_and_lines_stay() {
        assert_eq!(said("a<b>b</b>c<td>d"), "abc d");
        assert_eq!(
            said("A&amp;B &lt;x&gt; &#65;&#x42;&nbsp;&bogus; &"),
            "A&B <x> AB &bogus; &"
        );
        assert_eq!(
            said("<a\n  class=\"x\ny\" href=\"https://u:p@h/?a=1&amp;b\">t</a>\nz"),
            "\n\n https://u:p@h/?a=1&b t\nz"
        );
        assert_eq!(
            said("<!-- K=1 --><![CDATA[<x>&amp;]]>"),
            "  K=1   <x>&amp; "
        );
        assert_eq!(said("1 < 2 <3"), "1 < 2 <3");
        assert_eq!(said("<p title='never closed"), "<p title='never closed");
        assert_eq!(
            title(b"<html><title>Ops :\n  Keys</title>").as_deref(),
            Some("Ops : Keys")
        );
    }
}
