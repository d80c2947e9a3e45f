//! Today: what stands, what changed since the caller last looked, what waits for them.

use super::{Result, frame::Frame, happened::Happened, shown::filters};
use askama::Template;
use tenure_app::report::{
    horizon_svg::{Canvas, Place, Width, svg},
    text,
};
use tenure_model::{
    day::Day, decide::Urgency, facts::Verdict, horizon::Horizon, level::Level, moment::Moment,
};

/// The page. It shows one of three bodies, by what the caller is here for.
#[derive(Template)]
#[template(path = "today.html")]
pub struct Today {
    /// What stands around it.
    pub frame: Frame,
    /// What it shows.
    pub body: Body,
}

/// What the page shows.
pub enum Body {
    /// For who works on the register: the whole picture. Filled by `Desk::assessment` (the Horizon, kept by the worker
    /// and not made for every call), the log since the last look, and the queue of the caller.
    Team(Box<Team>),
    /// For who only answers for keys: theirs, and nothing else. Filled by the list narrowed to them.
    Owner(Owner),
    /// For who signs: what they signed, what ends, what waits. Filled by the register of exceptions.
    RiskOwner(RiskOwner),
}

/// The whole picture.
pub struct Team {
    /// It in one sentence: `4,012 keys, 2,800 of them nobody answers for`.
    pub sentence: String,
    /// The picture; `None` before the first import.
    pub horizon: Option<Drawing>,
    /// Counts with their lists: name, count, address.
    pub figures: Vec<Figure>,
    /// What changed since the caller last looked.
    pub since: Since,
    /// What waits for the caller, most urgent first.
    pub queue: Vec<Waiting>,
    /// How much more waits.
    pub queue_left: u64,
    /// The backlog of day one, where a policy has one.
    pub backlog: Option<Backlog>,
}

/// The Horizon, drawn for wide and for narrow screens.
pub struct Drawing {
    wide: String,
    narrow: String,
    rows: Vec<HorizonRow>,
}

/// The picture's numbers, for those who do not see it.
struct HorizonRow {
    level: Level,
    keys: u64,
    endless: u64,
}

impl Drawing {
    /// Draws the picture with links to the console's lists.
    #[must_use]
    pub fn of(horizon: &Horizon) -> Self {
        let draw = |width| {
            let place = Place::Console;
            svg(horizon, Canvas { width, place })
        };
        Self {
            wide: draw(Width::Wide),
            narrow: draw(Width::Narrow),
            rows: horizon
                .rows
                .iter()
                .map(|row| HorizonRow {
                    level: row.level,
                    keys: row.keys(),
                    endless: row.endless(),
                })
                .collect(),
        }
    }
}

/// A count that leads to its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What is counted.
    pub name: String,
    /// How many.
    pub count: u64,
    /// Its list.
    pub address: String,
}

/// What changed since the caller last looked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Since {
    /// When they last looked; `None` at the first time.
    pub when: Option<Moment>,
    /// What happened, newest first.
    pub events: Vec<Happened>,
    /// How much more happened.
    pub left: u64,
}

/// Something that waits for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// It as an order: `Assign an owner to stripe-live`.
    pub text: String,
    /// Why, in a few words.
    pub why: String,
    /// How bad the key is.
    pub level: Option<Level>,
    /// How pressing it is.
    pub urgency: Urgency,
    /// When it is due.
    pub due: Option<Day>,
    /// The page where it is done.
    pub address: String,
}

/// The backlog: keys that were there when the register was made.
pub struct Backlog {
    /// The day of the baseline.
    pub baseline: Day,
    /// Keys without an owner, by week.
    pub unowned: Burn,
    /// Keys without a decision, by week.
    pub undecided: Burn,
    /// New keys that came without an owner since the baseline: the ratchet, which has to stay at none.
    pub new_unowned: u64,
}

/// One burn-down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Burn {
    /// How many were left on each day, the first first.
    pub real: Vec<(Day, u64)>,
    /// How many ought to be left on each day.
    pub planned: Vec<(Day, u64)>,
}

impl Burn {
    /// Where it stands, as a sentence.
    #[must_use]
    pub fn says(&self) -> String {
        let (Some((first, start)), Some((_, left))) = (self.real.first(), self.real.last()) else {
            return "nothing was counted yet".to_owned();
        };
        format!(
            "{} left of {} on {}",
            text::number(*left),
            text::number(*start),
            tenure_model::reason::short(*first)
        )
    }

    /// The lines, drawn.
    #[must_use]
    pub fn svg(&self, name: &str) -> String {
        let all = || self.real.iter().chain(&self.planned);
        let (Some(first), Some(last)) = (
            all().map(|(day, _)| *day).min(),
            all().map(|(day, _)| *day).max(),
        ) else {
            return String::new();
        };
        let most = all().map(|(_, n)| *n).max().unwrap_or(1).max(1);
        let part = |n: i64, of: i64| {
            f64::from(i32::try_from(n).unwrap_or(i32::MAX))
                / f64::from(i32::try_from(of).unwrap_or(i32::MAX).max(1))
        };
        let line = |points: &[(Day, u64)]| {
            points
                .iter()
                .map(|(day, n)| {
                    let x = 4.0 + 392.0 * part(day.since(first), last.since(first));
                    let n = i64::try_from(*n).unwrap_or(i64::MAX);
                    let y = 96.0 - 88.0 * part(n, i64::try_from(most).unwrap_or(i64::MAX));
                    format!("{x:.1},{y:.1}")
                })
                .collect::<Vec<_>>()
                .join(" ")
        };
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100" width="400" height="100" role="img" aria-label="{}">"#,
                r#"<path d="M4 96H396" stroke="currentColor" stroke-opacity=".4"/>"#,
                r#"<polyline points="{}" fill="none" stroke="currentColor" stroke-opacity=".6" stroke-width="1.5" stroke-dasharray="5 4"/>"#,
                r#"<polyline points="{}" fill="none" stroke="currentColor" stroke-width="2.5"/></svg>"#
            ),
            text::escaped(&format!("{name}: {}", self.says())),
            line(&self.planned),
            line(&self.real),
        )
    }
}

/// What somebody answers for.
pub struct Owner {
    /// How many keys.
    pub keys: u64,
    /// Those that need them.
    pub need: Vec<Waiting>,
    /// The others, by name and address.
    pub rest: Vec<Mine>,
    /// A question about their keys that they have not answered, as an address.
    pub asked: Option<String>,
}

/// A key that needs nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mine {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// What is found.
    pub verdict: Verdict,
    /// How bad it is.
    pub level: Level,
}

impl Owner {
    /// `You answer for 7 keys; 2 need you`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let need = match self.need.len() {
            0 => "none needs you".to_owned(),
            1 => "1 needs you".to_owned(),
            n => format!("{} need you", text::counted(n)),
        };
        match self.keys {
            0 => "You answer for no key".to_owned(),
            1 if self.need.len() == 1 => "You answer for 1 key; it needs you".to_owned(),
            n => format!("You answer for {}; {need}", text::keys(n)),
        }
    }
}

/// What somebody signed for.
pub struct RiskOwner {
    /// Exceptions that wait for their signature.
    pub waits: Vec<Waiting>,
    /// Exceptions that end or are to be reviewed within 90 days.
    pub ends: Vec<Signed>,
    /// Every other one that they signed and that is in force.
    pub signed: Vec<Signed>,
}

/// An exception that they signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key's name, or the class.
    pub name: String,
    /// The page of its statement.
    pub address: String,
    /// How bad the key is.
    pub level: Level,
    /// It is permanent: the day is that of its review, never an end.
    pub permanent: bool,
    /// When it ends, or is to be reviewed.
    pub day: Day,
    /// It does not hold any more, and why.
    pub reopened: Option<String>,
}

impl RiskOwner {
    fn sentence(&self) -> String {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let waits = match self.waits.len() {
            0 => "nothing waits for your signature".to_owned(),
            n => format!(
                "{} for your signature",
                text::plural(count(n), "exception waits", "exceptions wait")
            ),
        };
        let signed = count(self.ends.len() + self.signed.len());
        format!(
            "You signed for {}; {waits}",
            text::plural(signed, "exception", "exceptions")
        )
    }
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &Today) -> Result<String> {
    view.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_told_in_one_sentence() {
        let waiting = Waiting {
            text: "x".to_owned(),
            why: String::new(),
            level: None,
            urgency: Urgency::Due,
            due: None,
            address: "/".to_owned(),
        };
        let owner = |keys, need: usize| Owner {
            keys,
            need: vec![waiting.clone(); need],
            rest: Vec::new(),
            asked: None,
        };
        assert_eq!(owner(7, 2).sentence(), "You answer for 7 keys; 2 need you");
        assert_eq!(owner(1, 1).sentence(), "You answer for 1 key; it needs you");
        assert_eq!(
            owner(1, 0).sentence(),
            "You answer for 1 key; none needs you"
        );
        assert_eq!(owner(0, 0).sentence(), "You answer for no key");
    }

    #[test]
    fn a_burn_down_of_nothing_is_no_drawing() {
        assert_eq!(Burn::default().svg("x"), "");
    }
}
