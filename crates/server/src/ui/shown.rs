//! How text gets into a page: escaped, and with nothing hidden in it.

use askama::filters::Escaper;
use std::fmt::{self, Write};
use tenure_app::report::text;

/// The escaper of every template. Characters of HTML are escaped; what would not show itself, or would turn the text
/// around, is written as its code point. Line ends stay.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown;

impl Escaper for Shown {
    fn write_escaped_str<W: Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        string.chars().try_for_each(|c| match c {
            '&' => dest.write_str("&amp;"),
            '<' => dest.write_str("&lt;"),
            '>' => dest.write_str("&gt;"),
            '"' => dest.write_str("&quot;"),
            '\'' => dest.write_str("&#39;"),
            '\n' => dest.write_char('\n'),
            c if text::is_hidden(c) => write!(dest, "⟨U+{:04X}⟩", u32::from(c)),
            c => dest.write_char(c),
        })
    }
}

/// A small value, behind however many references a template hands it over.
pub(super) trait Plain<T> {
    fn plain(&self) -> T;
}

impl<T: Copy> Plain<T> for T {
    fn plain(&self) -> T {
        *self
    }
}

impl<T: Copy> Plain<T> for &T {
    fn plain(&self) -> T {
        **self
    }
}

impl<T: Copy> Plain<T> for &&T {
    fn plain(&self) -> T {
        ***self
    }
}

/// What the templates call.
#[expect(unreachable_pub, reason = "askama's macro makes public items")]
pub(super) mod filters {
    use super::Plain;
    use tenure_app::report::text;
    use tenure_model::{day::Day, moment::Moment};

    /// A text for a place with little room: cut at the end.
    #[askama::filter_fn]
    pub(in super::super) fn brief(
        text: impl std::fmt::Display,
        _: &dyn askama::Values,
        longest: usize,
    ) -> askama::Result<String> {
        Ok(cut(text.to_string(), longest))
    }

    fn cut(text: String, longest: usize) -> String {
        match text.char_indices().nth(longest) {
            None => text,
            Some(_) => text
                .chars()
                .take(longest.saturating_sub(1))
                .chain(['…'])
                .collect(),
        }
    }

    /// A text as a segment of a path, or as a value of a query.
    #[askama::filter_fn]
    pub(in super::super) fn segment(
        text: impl std::fmt::Display,
        _: &dyn askama::Values,
    ) -> askama::Result<String> {
        Ok(text::segment(&text.to_string()))
    }

    /// `5,000`.
    #[askama::filter_fn]
    pub(in super::super) fn number(
        n: impl Plain<u64>,
        _: &dyn askama::Values,
    ) -> askama::Result<String> {
        Ok(text::number(n.plain()))
    }

    /// `7 Dec 2026`, or a dash.
    #[askama::filter_fn]
    pub(in super::super) fn short(
        day: impl Plain<Option<Day>>,
        _: &dyn askama::Values,
    ) -> askama::Result<String> {
        Ok(day
            .plain()
            .map_or_else(|| "–".to_owned(), tenure_model::reason::short))
    }

    /// `7 Dec 2026`.
    #[askama::filter_fn]
    pub(in super::super) fn date(
        day: impl Plain<Day>,
        _: &dyn askama::Values,
    ) -> askama::Result<String> {
        Ok(tenure_model::reason::short(day.plain()))
    }

    /// `7 Dec 2026, 09:30 UTC`.
    #[askama::filter_fn]
    pub(in super::super) fn minute(
        at: impl Plain<Moment>,
        _: &dyn askama::Values,
    ) -> askama::Result<String> {
        let at = at.plain();
        let day = tenure_model::reason::short(at.day());
        let clock = at.to_string();
        Ok(format!("{day}, {} UTC", clock.get(11..16).unwrap_or("")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup_and_nothing_stays_hidden() {
        let mut out = String::new();
        Shown
            .write_escaped_str(&mut out, "<b a='\"'>&\u{202e}\u{0}\r\nx")
            .unwrap();
        assert_eq!(
            out,
            "&lt;b a=&#39;&quot;&#39;&gt;&amp;⟨U+202E⟩⟨U+0000⟩⟨U+000D⟩\nx"
        );
    }
}
