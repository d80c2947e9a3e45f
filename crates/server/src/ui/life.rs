//! The life of a key on a line: what happened to it, today, and what is to come.

use tenure_app::report::text;
use tenure_model::{
    assessment::Key, day::Day, decide::Urgency, horizon::signed_until, reason::short,
};

/// One point of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub day: Day,
    /// What, in a few words.
    pub text: String,
}

/// The line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The day that divides it.
    pub today: Day,
    /// Its points, the earliest first.
    pub points: Vec<Point>,
}

impl Life {
    /// What a judged key says of its own life; `more` comes from its history.
    #[must_use]
    pub fn of(key: &Key, more: Vec<Point>, today: Day) -> Self {
        let outcome = &key.verdict.outcome;
        let mut points = more;
        let mut add = |day: Option<Day>, text: &str| {
            points.extend(day.map(|day| Point {
                day,
                text: text.to_owned(),
            }));
        };
        add(key.created_at.value, "issued");
        add(key.last_used.value, "last used");
        add(key.expires_at.value, "its provider ends it");
        add(
            outcome.due.filter(|_| outcome.urgency != Urgency::Covered),
            "due",
        );
        add(signed_until(key), "its exception ends");
        for sunset in &key.sunsets {
            let day = sunset
                .on
                .parse()
                .or_else(|_| format!("{}-01", sunset.on).parse());
            let what = match sunset.effect.as_str() {
                "no_new" => "the vendor issues no new ones",
                _ => "the vendor refuses this kind",
            };
            add(day.ok(), what);
        }
        points.sort_by(|a, b| (a.day, &a.text).cmp(&(b.day, &b.text)));
        points.dedup();
        Self { today, points }
    }

    /// Whether a point lies ahead.
    #[must_use]
    pub fn is_ahead(&self, point: &Point) -> bool {
        point.day > self.today
    }

    /// The drawing. The same stands in a list beside it.
    #[must_use]
    pub fn svg(&self) -> String {
        const LANES: usize = 4;
        const RAIL: f64 = 20.0 + 18.0 * 4.0;
        let days = || {
            self.points
                .iter()
                .map(|point| point.day)
                .chain([self.today])
        };
        let (Some(first), Some(last)) = (days().min(), days().max()) else {
            return String::new();
        };
        let whole = last.since(first).max(1);
        let x = |day: Day| {
            let part = float(day.since(first)) / float(whole);
            20.0 + part * 920.0
        };
        let mut lanes = [f64::MIN; LANES];
        let mut body = format!(
            r#"<path d="M10 {RAIL}H950" stroke="currentColor" stroke-opacity=".55" stroke-width="2"/>"#
        );
        for point in &self.points {
            let at = x(point.day);
            let label = format!("{}, {}", text::brief(&point.text, 34), short(point.day));
            let wide = 6.3 * float(i64::try_from(label.chars().count()).unwrap_or(0));
            // Labels of the right half end at their point, so that none leaves the drawing.
            let (from, anchor) = if at > 620.0 {
                (at - wide, "end")
            } else {
                (at, "start")
            };
            let free = lanes.iter().position(|end| *end + 12.0 < from);
            let fill = if self.is_ahead(point) {
                r#"fill="none" stroke="currentColor" stroke-width="2""#
            } else {
                r#"fill="currentColor""#
            };
            body.push_str(&format!(
                r#"<circle cx="{at:.1}" cy="{RAIL}" r="5" {fill}/>"#
            ));
            let Some(lane) = free else { continue };
            if let Some(end) = lanes.get_mut(lane) {
                *end = from + wide;
            }
            let y = RAIL - 16.0 - 18.0 * float(i64::try_from(lane).unwrap_or(0));
            body.push_str(&format!(
                r#"<path d="M{at:.1} {:.1}V{:.1}" stroke="currentColor" stroke-opacity=".35"/><text x="{at:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="12">{}</text>"#,
                RAIL - 6.0,
                y + 3.0,
                text::escaped(&label)
            ));
        }
        let now = x(self.today);
        let anchor = if now > 860.0 {
            "end"
        } else if now < 100.0 {
            "start"
        } else {
            "middle"
        };
        body.push_str(&format!(
            r#"<path d="M{now:.1} {:.1}V{:.1}" stroke="currentColor" stroke-width="3"/><text x="{now:.1}" y="{:.1}" text-anchor="{anchor}" font-size="12" font-weight="700">today, {}</text>"#,
            RAIL - 10.0,
            RAIL + 10.0,
            RAIL + 26.0,
            short(self.today)
        ));
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 124" width="960" height="124" role="img" aria-label="The life of this key; the same stands in the list below""#,
                r#" font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif" fill="currentColor">{}</svg>"#
            ),
            body
        )
    }
}

fn float(n: i64) -> f64 {
    f64::from(i32::try_from(n).unwrap_or(i32::MAX))
}
