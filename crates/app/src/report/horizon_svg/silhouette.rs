//! A row of many keys: eight areas, stacked, each edge an exact count at every point in time.

use super::{Frame, Leads, Pen, Size, linked, pen, precise, text, words};
use tenure_model::{
    day::Day,
    horizon::{Area, End, Fill, Horizon, Row, TODAY},
};

/// The counts of all areas of a row, from bottom to top, at one place.
struct Column {
    x: f64,
    /// The top of each area above the bottom of the row, in keys.
    tops: Vec<u64>,
}

pub(super) fn draw(
    pen: &mut Pen,
    horizon: &Horizon,
    frame: &Frame,
    row: &Row,
    size: &Size,
    y: f64,
) {
    let bottom = y + size.height;
    let from_bottom: Vec<&Area> = row.areas.iter().rev().collect();
    let columns = columns(horizon, frame, &from_bottom);
    for (at, area) in from_bottom.iter().enumerate() {
        if area.keys > 0 {
            draw_area(pen, frame, row, area, at, &columns, (bottom, size.scale));
        }
    }
    stub(pen, frame, row, size, y, bottom);
    outline(pen, horizon, frame, row, size, bottom);
    dues(pen, horizon, frame, row, bottom);
}

fn columns(horizon: &Horizon, frame: &Frame, areas: &[&Area]) -> Vec<Column> {
    let column = |x: f64, count: &dyn Fn(&Area) -> u64| Column {
        x,
        tops: areas
            .iter()
            .scan(0, |top, area| {
                *top += count(area);
                Some(*top)
            })
            .collect(),
    };
    let mut columns = Vec::with_capacity(horizon.points.len() + 2);
    for (at, day) in horizon.points.iter().enumerate() {
        let x = frame.x(*day);
        if at == TODAY {
            columns.push(column(x, &|area| area.keys - area.unknown_age));
        }
        columns.push(column(x, &|area| {
            area.standing.get(at).copied().unwrap_or(0)
        }));
    }
    columns.push(column(frame.right, &|area| match area.end {
        End::Endless => area.keys,
        End::Ending => 0,
    }));
    columns
}

fn draw_area(
    pen: &mut Pen,
    frame: &Frame,
    row: &Row,
    area: &Area,
    at: usize,
    columns: &[Column],
    (bottom, scale): (f64, f64),
) {
    // What ends does not reach into the gutter, even where its end lies beyond the picture.
    let columns = match area.end {
        End::Endless => columns,
        End::Ending => columns.split_last().map_or(columns, |(_, most)| most),
    };
    let edge = |column: &Column, below: bool| {
        let count = if below {
            at.checked_sub(1)
                .map_or(Some(0), |at| column.tops.get(at).copied())
        } else {
            column.tops.get(at).copied()
        };
        let y = bottom - precise(count.unwrap_or(0)) * scale;
        (pen::quantised(column.x), pen::quantised(y))
    };
    let thick = |column: &Column| edge(column, false) != edge(column, true);
    let Some(first) = columns.iter().position(thick) else {
        return;
    };
    let last = columns.iter().rposition(thick).unwrap_or(first);
    let shown = columns
        .get(first.saturating_sub(1)..=(last + 1).min(columns.len() - 1))
        .unwrap_or_default();
    let mut points: Vec<(i64, i64)> = shown.iter().map(|column| edge(column, false)).collect();
    points.extend(shown.iter().rev().map(|column| edge(column, true)));
    let title = format!(
        "{}, {}, {}: {}",
        row.level.word(),
        words::fill(area.fill),
        words::end(area.end),
        text::keys(area.keys)
    );
    let shape = format!(
        r#"<path d="{}z" {}><title>{title}</title></path>"#,
        pen::path(&points),
        paint(frame.ids, area.fill),
    );
    let leads = Leads::Area(row.level, area.end, area.fill);
    pen.raw(&linked(frame, &leads, &shape));
}

/// The attributes that fill an area.
pub(super) fn paint(ids: &str, fill: Fill) -> String {
    match fill {
        Fill::ToBeEnded => r##"fill="#b8281f""##.to_owned(),
        Fill::BetterWay => format!(r#"fill="url(#{ids}-b)""#),
        Fill::TimeBoxed => format!(r#"fill="url(#{ids}-t)""#),
        Fill::SignedPermanent => r##"fill="#fff" stroke="#1b7f4b""##.to_owned(),
    }
}

/// Keys of unknown age: hatched, just before today, above those whose age is known.
fn stub(pen: &mut Pen, frame: &Frame, row: &Row, size: &Size, _: f64, bottom: f64) {
    let unknown: u64 = row.areas.iter().map(|area| area.unknown_age).sum();
    if unknown == 0 {
        return;
    }
    let height = precise(unknown) * size.scale;
    let top = bottom - precise(row.keys()) * size.scale;
    let width = if frame.narrow() { 9.0 } else { 14.0 };
    pen.raw(&format!(
        r#"<rect x="{}" y="{}" width="{}" height="{}" fill="url(#{}-u)" stroke="currentColor" stroke-width=".8"><title>{}, age unknown: {}</title></rect>"#,
        pen::tenths(frame.today - width),
        pen::tenths(top),
        pen::tenths(width),
        pen::tenths(height),
        frame.ids,
        row.level.word(),
        text::keys(unknown),
    ));
}

/// What the previous assessment saw.
fn outline(pen: &mut Pen, horizon: &Horizon, frame: &Frame, row: &Row, size: &Size, bottom: f64) {
    let (Some(counts), Some(previous)) = (&row.outline, horizon.previous) else {
        return;
    };
    if counts.iter().all(|count| *count == 0) {
        return;
    }
    let points: Vec<(i64, i64)> = horizon
        .points
        .iter()
        .zip(counts)
        .map(|(day, count)| {
            let y = bottom - precise(*count) * size.scale;
            (pen::quantised(frame.x(*day)), pen::quantised(y))
        })
        .collect();
    pen.raw(&format!(
        r#"<path d="{}" fill="none" stroke="currentColor" stroke-width="1.3" stroke-dasharray="5 3"><title>{} as it was seen on {previous}</title></path>"#,
        pen::path(&points),
        row.level.word(),
    ));
}

/// Due dates as ticks below the row, month by month, the longer the more.
fn dues(pen: &mut Pen, horizon: &Horizon, frame: &Frame, row: &Row, bottom: f64) {
    let months = || horizon.points.iter().zip(horizon.points.iter().skip(1));
    let counts: Vec<(f64, u64)> = months()
        .map(|(from, until)| {
            let middle = from.plus(until.since(*from) / 2);
            (frame.x(middle), row.due_within(*from, *until))
        })
        .collect();
    let most = counts.iter().map(|(_, n)| *n).max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let mut path = String::new();
    for (x, n) in counts.iter().filter(|(_, n)| *n > 0) {
        let length = 2.0 + 5.0 * precise(*n) / precise(most);
        path.push_str(&format!(
            "M{} {}v{}",
            pen::tenths(*x),
            pen::tenths(bottom + 2.0),
            pen::tenths(length)
        ));
    }
    let overdue = row.due_within(Day::MIN, horizon.today);
    let ahead = row.due_within(horizon.today, frame.last);
    pen.raw(&format!(
        r#"<path d="{path}" stroke="currentColor" stroke-width="2" fill="none"><title>{}, computed due dates, which end nothing: {} past, {} ahead</title></path>"#,
        row.level.word(),
        text::number(overdue),
        text::number(ahead),
    ));
}
