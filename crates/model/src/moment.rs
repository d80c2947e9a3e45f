//! Moments: readings of a clock to the microsecond, for rows and events, and for what happens within a day (sign-in,
//! sessions, tokens, signatures).

use crate::day::Day;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// Microseconds since 1970-01-01T00:00:00Z; written as RFC 3339 in UTC with six decimals. Arithmetic saturates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(i64);

/// A text that is no RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: write RFC 3339, such as 2026-11-23T09:00:00Z")]
pub struct BadMoment(String);

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

    /// The moment so many seconds later (earlier, where negative).
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Its day in UTC.
    #[must_use]
    pub fn day(self) -> Day {
        Day::from_unix_seconds(self.0.div_euclid(1_000_000))
    }

    /// Whether this moment lies at most `seconds` before `now`. What lies after `now` is never fresh: a clock
    /// that was set back, or a forged time, does not make anything younger.
    #[must_use]
    pub const fn within(self, seconds: u32, now: Self) -> bool {
        let age = now.0.saturating_sub(self.0);
        age >= 0 && age <= (seconds as i64).saturating_mul(1_000_000)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        });
        f.pad(&format!("{stamp:.6}"))
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Moment {
    type Err = BadMoment;

    fn from_str(text: &str) -> Result<Self, BadMoment> {
        let stamp: Timestamp = text
            .parse()
            .map_err(|_| BadMoment(text.chars().take(40).collect()))?;
        Ok(Self(stamp.as_microsecond()))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl schemars::JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_to_the_microsecond_and_read_back() {
        let moment = Moment::from_micros(1_795_721_000_000_007);
        assert_eq!(moment.to_string(), "2026-11-26T19:23:20.000007Z");
        assert_eq!(moment.to_string().parse::<Moment>().unwrap(), moment);
        assert_eq!(moment.day().to_string(), "2026-11-26");
        assert!("yesterday".parse::<Moment>().is_err());
    }

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
