//! Writing SVG: numbers to a tenth, text escaped.

use crate::report::text::escaped;

/// A growing piece of SVG.
#[derive(Default)]
pub(super) struct Pen(String);

impl Pen {
    pub(super) fn raw(&mut self, svg: &str) {
        self.0.push_str(svg);
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// A bold word and what follows it.
    pub(super) fn heading(&mut self, x: f64, y: f64, bold: &str, rest: &str) {
        let (x, y) = (tenths(x), tenths(y));
        let (bold, rest) = (escaped(bold), escaped(rest));
        self.raw(&format!(
            r#"<text x="{x}" y="{y}"><tspan font-size="14" font-weight="700">{bold}</tspan> <tspan dx="3">{rest}</tspan></text>"#
        ));
    }

    pub(super) fn faint(&mut self, x: f64, y: f64, words: &str) {
        self.words(x, y, "start", r#" opacity=".72""#, words);
    }

    /// A text that is anchored at `start`, `middle` or `end`; `more` are further attributes.
    pub(super) fn words(&mut self, x: f64, y: f64, anchor: &str, more: &str, words: &str) {
        let (x, y) = (tenths(x), tenths(y));
        let anchor = if anchor == "start" {
            String::new()
        } else {
            format!(r#" text-anchor="{anchor}""#)
        };
        let words = escaped(words);
        self.raw(&format!(
            r#"<text x="{x}" y="{y}"{anchor}{more}>{words}</text>"#
        ));
    }

    /// A straight line in the text colour; `more` are further attributes.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), more: &str) {
        let (x, y) = (tenths(from.0), tenths(from.1));
        let (dx, dy) = (tenths(to.0 - from.0), tenths(to.1 - from.1));
        self.raw(&format!(
            r#"<path d="M{x} {y}l{dx} {dy}" stroke="currentColor"{more}/>"#
        ));
    }
}

/// A length to a tenth, as short as SVG allows.
pub(super) fn tenths(value: f64) -> String {
    written(quantised(value))
}

/// A length in whole tenths.
pub(super) fn quantised(value: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "lengths of a drawing are far below the bounds"
    )]
    let whole = (value * 10.0).round() as i64;
    whole
}

/// Whole tenths as a decimal number.
pub(super) fn written(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.abs() / 10, tenths.abs() % 10);
    match (whole, rest) {
        (whole, 0) => format!("{sign}{whole}"),
        (0, rest) => format!("{sign}.{rest}"),
        (whole, rest) => format!("{sign}{whole}.{rest}"),
    }
}

/// A closed or open path through points in tenths, relative, with flat stretches joined.
pub(super) fn path(points: &[(i64, i64)]) -> String {
    let Some(((x, y), rest)) = points.split_first() else {
        return String::new();
    };
    let mut path = format!("M{} {}", written(*x), written(*y));
    let (mut at, mut flat) = ((*x, *y), 0);
    let level = |path: &mut String, flat: &mut i64| {
        if *flat != 0 {
            path.push('h');
            path.push_str(&written(*flat));
            *flat = 0;
        }
    };
    for &(x, y) in rest {
        let (dx, dy) = (x - at.0, y - at.1);
        at = (x, y);
        if dy == 0 {
            flat += dx;
            continue;
        }
        level(&mut path, &mut flat);
        if dx == 0 {
            path.push('v');
            path.push_str(&written(dy));
        } else {
            path.push('l');
            path.push_str(&written(dx));
            if dy > 0 {
                path.push(' ');
            }
            path.push_str(&written(dy));
        }
    }
    level(&mut path, &mut flat);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_paths_are_short() {
        assert_eq!(
            [0.0, 12.04, -0.34, 3.96, -7.5].map(tenths),
            ["0", "12", "-.3", "4", "-7.5"]
        );
        assert_eq!(
            path(&[(0, 10), (5, 10), (10, 10), (15, 12), (15, 20), (0, 18)]),
            "M0 1h1l.5 .2v.8l-1.5-.2"
        );
    }
}
