//! The Horizon as SVG: presentation attributes alone, no style, no script, no outside reference.
//!
//! The same drawing serves the report, the console and, with [`Place::Standalone`], an image file.

mod axis;
mod bars;
mod legend;
mod pen;
mod silhouette;

use super::{text, words};
use pen::{Pen, tenths};
use tenure_model::{
    day::Day,
    horizon::{Detail, End, Fill, Horizon, Row},
    level::Level,
};

/// How wide the drawing is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 960 units, for a screen or a page of paper.
    Wide,
    /// 344 units, for a telephone.
    Narrow,
}

/// Where the drawing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Inside a page that holds the lists: takes the page's text colour and links to the lists.
    Page,
    /// A file of its own: with paper under it and without links.
    Standalone,
    /// The console: takes the page's text colour and links to the console's lists and keys.
    Console,
}

/// What the drawing is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canvas {
    /// How wide.
    pub width: Width,
    /// Where it goes.
    pub place: Place,
}

/// The height that all rows of a silhouette share.
const ROWS_HEIGHT: f64 = 430.0;
/// The least height of a row that has keys.
const LEAST: f64 = 12.0;
/// The line above a row of a narrow drawing.
const HEADING: f64 = 18.0;
/// The strip below a row that holds its due dates.
const DUE_STRIP: f64 = 9.0;

/// Draws the picture.
#[must_use]
pub fn svg(horizon: &Horizon, canvas: Canvas) -> String {
    let frame = Frame::of(horizon, canvas);
    let mut pen = Pen::default();
    let rows = frame.rows(horizon);
    let top = axis::head(&mut pen, horizon, &frame);
    let mut y = top;
    let mut body = Pen::default();
    let mut stretches = Vec::new();
    for (row, size) in horizon.rows.iter().zip(&rows) {
        let next = draw_row(&mut body, horizon, &frame, row, size, y);
        frame.stretches(row, size, y, &mut stretches);
        y = next;
    }
    let bottom = y;
    if !frame.narrow() {
        stretches = vec![(top - 7.0, bottom)];
    }
    axis::grid(&mut pen, horizon, &frame, &stretches, bottom);
    pen.raw(body.text());
    axis::lines(&mut pen, &frame, &stretches, bottom);
    let height = legend::draw(&mut pen, horizon, &frame, &rows, bottom + 30.0);
    wrap(horizon, &frame, height, pen.text())
}

fn wrap(horizon: &Horizon, frame: &Frame, height: f64, body: &str) -> String {
    let (width, height) = (tenths(frame.right), tenths(height.ceil()));
    let id = frame.ids;
    let title = format!(
        "The Horizon: {} of {} have no end",
        text::number(horizon.endless()),
        text::keys(horizon.living)
    );
    let paper = match frame.place {
        Place::Page | Place::Console => String::new(),
        Place::Standalone => {
            format!(r##"<rect width="{width}" height="{height}" fill="#ffffff"/>"##)
        }
    };
    let ink = match frame.place {
        Place::Page | Place::Console => "",
        Place::Standalone => r##" color="#1b1f24""##,
    };
    format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}""#,
            r#" role="group" aria-labelledby="{id}-title"{ink} font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif""#,
            r#" font-size="12" fill="currentColor"><title id="{id}-title">{title}</title>{defs}{paper}{body}</svg>"#
        ),
        width = width,
        height = height,
        id = id,
        ink = ink,
        title = text::escaped(&title),
        defs = legend::patterns(id),
        paper = paper,
        body = body,
    )
}

/// Where things lie from left to right.
struct Frame {
    ids: &'static str,
    width: Width,
    place: Place,
    detail: Detail,
    /// The names of rows and keys end here.
    plot: f64,
    today: f64,
    gutter: f64,
    right: f64,
    first: Day,
    now: Day,
    last: Day,
    /// Units per key, before the least height of a row.
    scale: f64,
}

/// How high one row is.
struct Size {
    height: f64,
    scale: f64,
    /// The least height applies.
    raised: bool,
}

impl Frame {
    fn of(horizon: &Horizon, canvas: Canvas) -> Self {
        let (ids, right, plot, past, future) = match (canvas.width, horizon.detail) {
            (Width::Wide, Detail::Labelled) => ("hw", 960.0, 236.0, 0.30, 0.50),
            (Width::Wide, _) => ("hw", 960.0, 104.0, 0.31, 0.50),
            (Width::Narrow, _) => ("hn", 344.0, 0.0, 0.29, 0.46),
        };
        let room = right - plot;
        let tallest: u64 = horizon.rows.iter().map(peak).sum();
        let total = precise(tallest.max(1));
        let scale = match (horizon.detail, canvas.width) {
            (Detail::Labelled, Width::Wide) => 18.0,
            (Detail::Labelled, Width::Narrow) => 28.0,
            (Detail::Bars, _) => (520.0 / total).clamp(2.0, 9.0),
            (Detail::Silhouette, _) => ROWS_HEIGHT / total,
        };
        Self {
            ids,
            width: canvas.width,
            place: canvas.place,
            detail: horizon.detail,
            plot,
            today: plot + room * past,
            gutter: plot + room * (past + future),
            right,
            first: horizon.points.first().copied().unwrap_or(horizon.today),
            now: horizon.today,
            last: horizon.points.last().copied().unwrap_or(horizon.today),
            scale,
        }
    }

    fn rows(&self, horizon: &Horizon) -> Vec<Size> {
        horizon
            .rows
            .iter()
            .map(|row| {
                let peak = precise(peak(row));
                let height = peak * self.scale;
                let raised = row.keys() > 0 && height < LEAST;
                let height = if peak < 1.0 { 0.0 } else { height.max(LEAST) };
                Size {
                    height,
                    scale: if peak < 1.0 { 0.0 } else { height / peak },
                    raised,
                }
            })
            .collect()
    }

    /// Where a day lies; days outside the picture lie on its edge.
    fn x(&self, day: Day) -> f64 {
        let part = |day: Day, from: Day, to: Day| {
            let whole = signed(to.since(from)).max(1.0);
            (signed(day.since(from)) / whole).clamp(0.0, 1.0)
        };
        if day <= self.now {
            self.plot + part(day, self.first, self.now) * (self.today - self.plot)
        } else {
            self.today + part(day, self.now, self.last) * (self.gutter - self.today)
        }
    }

    /// Where lines may run down through a row without crossing a word of it: on a narrow drawing
    /// names stand above what they name.
    fn stretches(&self, row: &Row, size: &Size, y: f64, into: &mut Vec<(f64, f64)>) {
        let top = y + HEADING;
        match self.detail {
            Detail::Labelled => into.extend((0..row.spans.len()).map(|at| {
                let at = f64::from(u32::try_from(at).unwrap_or(u32::MAX));
                let bar = top + at * size.scale;
                (bar + 12.0, bar + 25.0)
            })),
            _ if row.keys() == 0 => {}
            _ => into.push((top - 3.0, top + size.height + 4.0)),
        }
    }

    fn narrow(&self) -> bool {
        self.width == Width::Narrow
    }
}

/// Draws one row at `y` and returns where the next one begins.
fn draw_row(
    pen: &mut Pen,
    horizon: &Horizon,
    frame: &Frame,
    row: &Row,
    size: &Size,
    y: f64,
) -> f64 {
    let mut y = y;
    let mark = if size.raised { " *" } else { "" };
    let count = match (row.keys(), frame.narrow()) {
        (0, _) => "no key".to_owned(),
        (n, true) => format!(
            "{}{mark}, {} without an end",
            text::keys(n),
            text::number(row.endless())
        ),
        (n, false) => format!("{}{mark}", text::number(n)),
    };
    if frame.narrow() {
        pen.heading(0.0, y + 12.0, row.level.word(), &count);
        y += HEADING;
    } else if frame.detail == Detail::Labelled {
        pen.heading(0.0, y + 12.0, row.level.word(), "");
        if row.keys() == 0 {
            pen.faint(30.0, y + 12.0, &count);
        }
    } else {
        let middle = y + size.height / 2.0;
        let two = size.height >= 34.0;
        let line = if two { middle - 3.0 } else { middle + 4.0 };
        pen.heading(0.0, line, row.level.word(), &count);
        if two {
            let endless = format!("{} no end", text::number(row.endless()));
            pen.faint(0.0, line + 15.0, &endless);
        }
    }
    match frame.detail {
        Detail::Silhouette => silhouette::draw(pen, horizon, frame, row, size, y),
        Detail::Bars | Detail::Labelled => bars::draw(pen, frame, row, size, y),
    }
    let strip = match (frame.detail, row.keys()) {
        (_, 0) if frame.narrow() => 0.0,
        (_, 0) => 18.0,
        (Detail::Silhouette, _) => DUE_STRIP,
        _ => 0.0,
    };
    y + size.height + strip + 13.0
}

/// The largest number of keys that a row ever shows.
fn peak(row: &Row) -> u64 {
    let before = row.outline.iter().flatten().max().copied().unwrap_or(0);
    row.keys().max(before)
}

/// A count as a length; exact far beyond any number of keys.
fn precise(n: u64) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

fn signed(n: i64) -> f64 {
    f64::from(i32::try_from(n).unwrap_or(if n < 0 { i32::MIN } else { i32::MAX }))
}

/// What an area or a bar leads to.
enum Leads<'l> {
    /// The keys of one area.
    Area(Level, End, Fill),
    /// One key: where it stands in the assessment, and its id.
    Key(usize, &'l str),
}

/// The link around an area or a bar, where there is a page to link to.
fn linked(frame: &Frame, to: &Leads<'_>, inner: &str) -> String {
    let target = match (frame.place, to) {
        (Place::Standalone, _) => return inner.to_owned(),
        (Place::Page, Leads::Area(level, end, fill)) => {
            format!("#{}", words::area_anchor(*level, *end, *fill))
        }
        (Place::Page, Leads::Key(at, _)) => format!("#k{}", at + 1),
        // The list can be narrowed to a level; ends and fills are not among what it is narrowed by.
        (Place::Console, Leads::Area(level, _, _)) => format!("/keys?level={}", level.word()),
        (Place::Console, Leads::Key(_, id)) => format!("/keys/{}", text::segment(id)),
    };
    format!(r#"<a href="{}">{inner}</a>"#, text::escaped(&target))
}

/// What a flag on the axis means, as a sentence.
pub(crate) fn flag_text(flag: &tenure_model::horizon::Flag) -> String {
    axis::says(flag)
}
