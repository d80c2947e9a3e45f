//! The legend below the picture, and the patterns that tell the fills apart without colour.

use super::{Frame, Pen, Size, axis, silhouette::paint, tenths, text, words};
use tenure_model::horizon::{Detail, Fill, Horizon};

/// The patterns: diagonal lines, dots, and the hatching of an unknown age.
pub(super) fn patterns(ids: &str) -> String {
    format!(
        concat!(
            r##"<defs><pattern id="{ids}-b" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"##,
            r##"<path d="M0 0h7v7h-7z" fill="#b5d4f1"/><path d="M1.2 0v7" stroke="#245f9c" stroke-width="1.7"/></pattern>"##,
            r##"<pattern id="{ids}-t" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 0h6v6h-6z" fill="#ffe59a"/>"##,
            r##"<circle cx="1.5" cy="1.5" r=".95" fill="#6b4e00"/><circle cx="4.5" cy="4.5" r=".95" fill="#6b4e00"/></pattern>"##,
            r##"<pattern id="{ids}-u" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">"##,
            r##"<path d="M0 0h4v4h-4z" fill="#fff"/><path d="M2 0v4" stroke="#444" stroke-width="1"/></pattern></defs>"##
        ),
        ids = ids
    )
}

/// One entry: what is drawn, and what it means.
struct Entry {
    swatch: String,
    words: String,
}

/// Draws the legend at `y` and returns where it ends.
pub(super) fn draw(pen: &mut Pen, horizon: &Horizon, frame: &Frame, rows: &[Size], y: f64) -> f64 {
    let left = if frame.narrow() { 0.0 } else { frame.plot };
    let (mut x, mut y) = (left, y + 8.0);
    for entry in entries(horizon, frame, rows) {
        let letters = f64::from(u32::try_from(entry.words.chars().count()).unwrap_or(u32::MAX));
        let width = 30.0 + letters * 6.1;
        if x > left && x + width > frame.right {
            x = left;
            y += 19.0;
        }
        pen.raw(&format!(
            r#"<g transform="translate({} {})">{}</g>"#,
            tenths(x),
            tenths(y),
            entry.swatch
        ));
        pen.words(
            x + 28.0,
            y + 10.0,
            "start",
            r#" font-size="11.5""#,
            &entry.words,
        );
        x += width + 16.0;
    }
    y + 20.0
}

fn entries(horizon: &Horizon, frame: &Frame, rows: &[Size]) -> Vec<Entry> {
    let entry = |swatch: String, words: &str| Entry {
        swatch,
        words: words.to_owned(),
    };
    let mut entries: Vec<Entry> = Fill::ALL
        .iter()
        .map(|fill| {
            let swatch = format!(
                r#"<rect x=".5" y=".5" width="21" height="11" {}/>"#,
                paint(frame.ids, *fill)
            );
            entry(swatch, words::fill(*fill))
        })
        .collect();
    if horizon.unknown_age() > 0 {
        let swatch = format!(
            r#"<rect x="4.5" y=".5" width="13" height="11" fill="url(#{}-u)" stroke="currentColor" stroke-width=".8"/>"#,
            frame.ids
        );
        entries.push(entry(swatch, "age unknown"));
    }
    let tick = r#"<path d="M11 0v12" stroke="currentColor" stroke-width="1.8"/>"#;
    entries.push(entry(tick.to_owned(), "computed due date: ends nothing"));
    if axis::shown(horizon).next().is_some() {
        let flag = r#"<path d="M3 12v-12h13l4 4.5-4 4.5h-13" fill="none" stroke="currentColor"/>"#;
        entries.push(entry(flag.to_owned(), "the vendor ends this kind"));
    }
    if let Some(previous) = horizon.previous {
        let dashes = r#"<path d="M0 6h22" stroke="currentColor" stroke-width="1.3" stroke-dasharray="5 3"/>"#;
        let words = format!("as seen on {}", text::long_date(previous));
        entries.push(entry(dashes.to_owned(), &words));
    }
    if rows.iter().any(|row| row.raised) && horizon.detail != Detail::Labelled {
        let star = r#"<text x="8" y="14" font-size="15">*</text>"#;
        entries.push(entry(star.to_owned(), "drawn higher than to scale"));
    }
    entries
}
