//! Moments: readings of a clock, for what happens within a day (sign-in, sessions, tokens, signatures).

use crate::day::Day;
use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z; the form in which times are stored. Arithmetic saturates.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The moment of a Unix time in microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Its day in UTC.
    #[must_use]
    pub fn day(self) -> Day {
        Day::from_unix_seconds(self.0.div_euclid(1_000_000))
    }

    /// The moment so many seconds later (earlier, where negative).
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Whether this moment lies at most `seconds` before `now`. What lies after `now` is never fresh: a clock
    /// that was set back, or a forged time, does not make anything younger.
    #[must_use]
    pub const fn within(self, seconds: u32, now: Self) -> bool {
        let age = now.0.saturating_sub(self.0);
        age >= 0 && age <= (seconds as i64).saturating_mul(1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_fresh_for_its_seconds_and_never_from_the_future() {
        let then = Moment::from_micros(1_000_000_000_000_000);
        assert!(then.within(60, then));
        assert!(then.within(60, then.plus_seconds(60)));
        assert!(!then.within(60, then.plus_seconds(61)));
        assert!(!then.within(60, then.plus_seconds(-1)));
        assert!(!Moment::from_micros(i64::MIN).within(u32::MAX, Moment::from_micros(i64::MAX)));
    }

    #[test]
    fn a_moment_before_1970_has_its_day() {
        assert_eq!(Moment::from_micros(-1).day(), "1969-12-31".parse().unwrap());
        assert_eq!(
            Moment::from_micros(86_400_000_000).day(),
            "1970-01-02".parse().unwrap()
        );
    }
}
