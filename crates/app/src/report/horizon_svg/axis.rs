//! The axis of time: what stands above and below the rows, and the lines through them.

use super::{Frame, Pen, tenths, text};
use tenure_model::{day::Day, horizon::Horizon};

/// Draws the head and returns where the rows begin.
pub(super) fn head(pen: &mut Pen, horizon: &Horizon, frame: &Frame) -> f64 {
    let today = format!("today, {}", text::long_date(horizon.today));
    let middle = (frame.gutter + frame.right) / 2.0;
    let bold = r#" font-weight="700""#;
    pen.words(frame.today, 13.0, "middle", bold, &today);
    if frame.narrow() {
        pen.words(frame.today - 6.0, 31.0, "end", "", "5 years back");
        pen.words(frame.today + 7.0, 31.0, "start", "", "13 months ahead");
        pen.words(frame.right, 17.0, "end", bold, "nothing");
        pen.words(frame.right, 31.0, "end", bold, "ends these");
    } else {
        pen.words(frame.today - 8.0, 32.0, "end", "", "issued, last 5 years");
        pen.words(frame.today + 9.0, 32.0, "start", "", "next 13 months");
        pen.words(middle, 32.0, "middle", bold, "nothing ends these");
    }
    let lanes = flags(pen, horizon, frame);
    44.0 + lanes * 15.0
}

/// Draws a pennant for each vendor date in the picture; returns how many lanes they take.
fn flags(pen: &mut Pen, horizon: &Horizon, frame: &Frame) -> f64 {
    let mut lanes = [f64::MIN; 3];
    let mut used = 0.0_f64;
    for (number, flag) in shown(horizon) {
        let x = frame.x(flag.day);
        let free = lanes
            .iter_mut()
            .enumerate()
            .find(|(_, end)| **end + 2.0 < x);
        let Some((lane, end)) = free else { continue };
        *end = x + 24.0;
        let lane = f64::from(u32::try_from(lane).unwrap_or(0));
        used = used.max(lane + 1.0);
        let y = 40.0 + lane * 15.0;
        let (px, py) = (tenths(x), tenths(y));
        let title = text::escaped(&says(flag));
        pen.raw(&format!(
            concat!(
                r#"<g><title>{title}</title><path d="M{px} {py}v13M{px} {py}h18l4 5.5-4 5.5h-18z" fill="none" stroke="currentColor"/>"#,
                r#"<text x="{tx}" y="{ty}" font-size="10" font-weight="700" text-anchor="middle">{number}</text></g>"#
            ),
            title = title,
            px = px,
            py = py,
            tx = tenths(x + 9.0),
            ty = tenths(y + 9.2),
            number = number,
        ));
    }
    used
}

/// The vendor dates that lie in the picture, numbered from 1.
pub(super) fn shown(
    horizon: &Horizon,
) -> impl Iterator<Item = (usize, &tenure_model::horizon::Flag)> {
    let first = horizon.points.first().copied().unwrap_or(horizon.today);
    let last = horizon.points.last().copied().unwrap_or(horizon.today);
    horizon
        .flags
        .iter()
        .enumerate()
        .map(|(at, flag)| (at + 1, flag))
        .filter(move |(_, flag)| flag.day >= first && flag.day <= last)
}

/// What a vendor date means, as a sentence.
#[must_use]
pub(super) fn says(flag: &tenure_model::horizon::Flag) -> String {
    let what = match &flag.credential {
        Some(credential) => format!("{} {credential}", flag.provider),
        None => flag.provider.clone(),
    };
    let effect = match flag.effect.as_str() {
        "no_new" => "the vendor issues no new ones",
        "refused" => "the vendor refuses them",
        other => other,
    };
    let whom = flag
        .whom
        .as_ref()
        .map_or_else(String::new, |whom| format!("; of them {whom}"));
    text::unhidden(&format!(
        "{}: {what}: {effect} ({} of this kind{whom})",
        flag.on,
        text::keys(flag.keys)
    ))
}

/// The faint lines behind the rows, and what stands below them.
pub(super) fn grid(
    pen: &mut Pen,
    horizon: &Horizon,
    frame: &Frame,
    stretches: &[(f64, f64)],
    bottom: f64,
) {
    let faint = r#" stroke-width="1" opacity=".13""#;
    let label = bottom + 15.0;
    let small = r#" font-size="11" opacity=".8""#;
    let mut room = f64::MIN;
    for year in years(frame.first, frame.now) {
        let x = frame.x(year);
        down(pen, x, stretches, faint);
        let fits = x > room && x - frame.plot > 12.0 && frame.today - x > 16.0;
        if fits {
            let number = year.date().year().to_string();
            pen.words(x, label, "middle", small, &number);
            room = x + if frame.narrow() { 33.0 } else { 36.0 };
        }
    }
    let pitch = (frame.gutter - frame.today) / 13.0;
    let every = if pitch >= 32.0 {
        1
    } else if pitch >= 17.0 {
        2
    } else {
        3
    };
    for month in months(frame.now, frame.last) {
        let x = frame.x(month);
        down(pen, x, stretches, faint);
        let date = month.date();
        let january = date.month() == 1;
        let half = if january { 19.0 } else { 11.0 };
        let fits = x - half > frame.today + 3.0 && x + half < frame.gutter + 12.0;
        if fits && (date.month() - 1) % every == 0 {
            let mut name: String = text::month(month).chars().take(3).collect();
            if january {
                name.push_str(&format!(" {:02}", date.year().rem_euclid(100)));
            }
            pen.words(x, label, "middle", small, &name);
        }
    }
    for (_, flag) in shown(horizon) {
        let x = frame.x(flag.day);
        let dots = r#" stroke-dasharray="1 3" opacity=".5""#;
        down(pen, x, stretches, dots);
    }
    pen.line(
        (frame.plot, bottom),
        (frame.right, bottom),
        r#" opacity=".45""#,
    );
}

/// The heavy line of today, and the edge of the gutter.
pub(super) fn lines(pen: &mut Pen, frame: &Frame, stretches: &[(f64, f64)], bottom: f64) {
    let head = (20.0, if frame.narrow() { 36.0 } else { 40.0 });
    let foot = (bottom - 3.0, bottom + 4.0);
    let mut today = vec![head, foot];
    today.extend(stretches);
    if !frame.narrow() {
        today = vec![(20.0, bottom + 4.0)];
    }
    down(pen, frame.today, &today, r#" stroke-width="2.4""#);
    let mut edge = vec![foot];
    edge.extend(stretches);
    let dashes = r#" stroke-dasharray="3 3" stroke-width="1.2""#;
    down(pen, frame.gutter, &edge, dashes);
}

/// A line down the picture, left out where words stand.
fn down(pen: &mut Pen, x: f64, stretches: &[(f64, f64)], more: &str) {
    let path: String = stretches
        .iter()
        .map(|(from, to)| format!("M{} {}v{}", tenths(x), tenths(*from), tenths(to - from)))
        .collect();
    pen.raw(&format!(
        r#"<path d="{path}" stroke="currentColor"{more}/>"#
    ));
}

/// The first days of the years in `from..=to`.
fn years(from: Day, to: Day) -> impl Iterator<Item = Day> {
    let years = from.date().year()..=to.date().year();
    years
        .filter_map(|year| format!("{year:04}-01-01").parse().ok())
        .filter(move |day: &Day| *day >= from && *day <= to)
}

/// The first days of the months in `from..=to`.
fn months(from: Day, to: Day) -> impl Iterator<Item = Day> {
    (0..=to.since(from))
        .map(move |days| from.plus(days))
        .filter(|day| day.date().day() == 1)
}
