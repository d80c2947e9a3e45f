//! A row of few keys: one bar for each, with its name where there is room.

use super::{Frame, Leads, Pen, Size, linked, pen, pen::tenths, silhouette::paint, text, words};
use tenure_model::horizon::{Detail, Enforcer, Fill, Row, Span};

pub(super) fn draw(pen: &mut Pen, frame: &Frame, row: &Row, size: &Size, y: f64) {
    let labelled = frame.detail == Detail::Labelled;
    let pitch = size.scale;
    let gap = if pitch >= 5.0 { 1.2 } else { 0.0 };
    for (at, span) in row.spans.iter().enumerate() {
        let top = y + pitch * f64::from(u32::try_from(at).unwrap_or(u32::MAX));
        let (bar, height) = match (labelled, frame.narrow()) {
            (true, true) => (top + 14.0, 9.0),
            (true, false) => (top + 3.0, 12.0),
            (false, _) => (top, pitch - gap),
        };
        let shape = shape(frame, span, bar, height);
        let name = match (labelled, frame.narrow()) {
            (true, true) => name(span, 0.0, top + 10.0, 54),
            (true, false) => name(span, 34.0, top + 12.5, 31),
            (false, _) => String::new(),
        };
        let inner = format!("{name}<g>{shape}<title>{}</title></g>", title(row, span));
        let leads = Leads::Key(span.key, &span.id);
        pen.raw(&linked(frame, &leads, &inner));
    }
    outline(pen, frame, row, size, y);
}

fn name(span: &Span, x: f64, y: f64, longest: usize) -> String {
    format!(
        r#"<text x="{}" y="{}" font-size="11.5">{}</text>"#,
        tenths(x),
        tenths(y),
        text::escaped(&text::brief(&span.label, longest))
    )
}

fn shape(frame: &Frame, span: &Span, y: f64, height: f64) -> String {
    let from = span.created.map_or(frame.today, |day| frame.x(day));
    let to = match span.end {
        None => frame.right,
        Some((day, _)) => frame.x(day).max(frame.today + 2.0),
    };
    let from = from.min(to - 2.0);
    let inset = if span.fill == Fill::SignedPermanent {
        0.5
    } else {
        0.0
    };
    let mut shape = format!(
        r#"<rect x="{}" y="{}" width="{}" height="{}" {}/>"#,
        tenths(from + inset),
        tenths(y + inset),
        tenths(to - from - 2.0 * inset),
        tenths((height - 2.0 * inset).max(0.6)),
        paint(frame.ids, span.fill),
    );
    if span.created.is_none() {
        shape.push_str(&format!(
            r#"<rect x="{}" y="{}" width="14" height="{}" fill="url(#{}-u)" stroke="currentColor" stroke-width=".6"/>"#,
            tenths(frame.today - 14.0),
            tenths(y),
            tenths(height),
            frame.ids
        ));
    }
    if let Some(due) = span
        .due
        .filter(|day| *day >= frame.first && *day <= frame.last)
    {
        let x = tenths(frame.x(due));
        let (top, long) = if height >= 5.0 {
            (tenths(y - 2.0), tenths(height + 4.0))
        } else {
            (tenths(y), tenths(height))
        };
        shape.push_str(&format!(
            r##"<path d="M{x} {top}v{long}" stroke="#fff" stroke-width="3.4"/><path d="M{x} {top}v{long}" stroke="#111" stroke-width="1.4"/>"##
        ));
    }
    shape
}

fn title(row: &Row, span: &Span) -> String {
    let end = match span.end {
        None => "nothing ends it".to_owned(),
        Some((day, Enforcer::Expiry)) => format!("its provider ends it on {day}"),
        Some((day, Enforcer::Exception)) if span.fill == Fill::SignedPermanent => {
            format!("review due {day}")
        }
        Some((day, Enforcer::Exception)) => format!("its exception ends on {day}"),
    };
    let issued = span
        .created
        .map_or_else(|| "age unknown".to_owned(), |day| format!("issued {day}"));
    let due = span
        .due
        .map_or_else(String::new, |day| format!(", due {day}"));
    text::escaped(&format!(
        "{}: {}, {}, {issued}, {end}{due}",
        text::visible(&span.label),
        row.level.word(),
        words::fill(span.fill),
    ))
}

/// What the previous assessment saw: how many stood today, as a mark at the row's side.
fn outline(pen: &mut Pen, frame: &Frame, row: &Row, size: &Size, y: f64) {
    let Some(counts) = &row.outline else { return };
    let Some(peak) = counts.iter().max().filter(|peak| **peak > 0) else {
        return;
    };
    let height = super::precise(*peak) * size.scale;
    pen.raw(&format!(
        r#"<path d="M{} {}v{}" stroke="currentColor" stroke-width="1.3" stroke-dasharray="5 3"><title>{}: {} in the previous assessment</title></path>"#,
        tenths(frame.right - 0.8),
        tenths(y),
        pen::tenths(height),
        row.level.word(),
        text::keys(*peak),
    ));
}
