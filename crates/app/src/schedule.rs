//! What recurs, and when its next turn is: values alone, by a reading of the clock.

use tenure_model::moment::Moment;

tenure_model::words! {
    /// Work that recurs.
    pub enum Work {
        /// What the day makes of exceptions is told: those that ended, lapsed, or whose acceptor left.
        ExceptionEnds = "exception_ends",
        /// Every key is judged again: a verdict depends on the day.
        Reassess = "reassess",
        /// Who is silent is reminded, managers are asked.
        AskRemind = "ask_remind",
        /// People are told what needs them, teams how things stand.
        Digest = "digest",
        /// Pagers are told what has to be contained at once.
        Page = "page",
        /// The log is signed and kept beside the database.
        Seal = "seal",
    }
}

/// How often work has its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rhythm {
    /// Seconds between two turns.
    every: i64,
    /// Seconds after the start of a slot, so that not all falls on midnight.
    offset: i64,
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

impl Work {
    fn rhythm(self) -> Rhythm {
        let (every, offset) = match self {
            Self::ExceptionEnds => (DAY, 2 * 60),
            Self::Reassess => (DAY, 5 * 60),
            Self::AskRemind => (DAY, 7 * HOUR),
            Self::Digest => (DAY, 7 * HOUR + 30 * 60),
            Self::Page => (60, 0),
            Self::Seal => (5 * 60, 0),
        };
        Rhythm { every, offset }
    }

    /// How long a worker holds it without a sign of life, in seconds.
    #[must_use]
    pub fn lease(self) -> i64 {
        60
    }
}

/// A turn that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// What is to be done.
    pub work: Work,
    /// Which turn it is, counted from 1970: a later one stands for all before it.
    pub number: i64,
    /// When it came.
    pub due: Moment,
}

/// The latest turn of each piece of work at a moment.
#[must_use]
pub fn due(now: Moment) -> Vec<Slot> {
    let seconds = now.micros().div_euclid(1_000_000);
    let slot = |work: &Work| {
        let Rhythm { every, offset } = work.rhythm();
        let number = seconds.saturating_sub(offset).div_euclid(every);
        let began = number.saturating_mul(every).saturating_add(offset);
        Slot {
            work: *work,
            number,
            due: Moment::from_micros(began.saturating_mul(1_000_000)),
        }
    };
    Work::ALL.iter().map(slot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn slot(work: Work, now: Moment) -> Slot {
        due(now).into_iter().find(|slot| slot.work == work).unwrap()
    }

    #[test]
    fn a_day_begins_its_turns_at_their_time() {
        let before = slot(Work::Reassess, at("2026-11-27T00:04:59Z"));
        let first = slot(Work::Reassess, at("2026-11-27T00:05:00Z"));
        let last = slot(Work::Reassess, at("2026-11-28T00:04:59.999999Z"));
        assert_eq!(before.due, at("2026-11-26T00:05:00Z"));
        assert_eq!(first.due, at("2026-11-27T00:05:00Z"));
        assert_eq!((first.number, first), (before.number + 1, last));
        assert_eq!(
            slot(Work::AskRemind, at("2026-11-27T07:00:00Z")).due,
            at("2026-11-27T07:00:00Z")
        );
    }

    #[test]
    fn however_the_clock_is_read_each_turn_has_one_number() {
        let start = at("2026-11-27T00:00:00Z");
        for work in Work::ALL {
            let Rhythm { every, .. } = work.rhythm();
            let mut numbers: Vec<i64> = (0..3 * every)
                .step_by(7)
                .map(|seconds| slot(*work, start.plus_seconds(seconds)).number)
                .collect();
            assert!(numbers.is_sorted(), "{work}");
            numbers.dedup();
            assert!((3..=4).contains(&numbers.len()), "{work}: {numbers:?}");
            assert!(numbers.windows(2).all(|two| two[1] == two[0] + 1));
        }
    }
}
