//! Calendar days in UTC: the only time that a rule knows.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// A day of the proleptic Gregorian calendar in UTC, as days since 1970-01-01.
///
/// Read from `YYYY-MM-DD` or from an RFC 3339 time stamp (whose UTC day counts); written as
/// `YYYY-MM-DD`. Arithmetic saturates at the years 0001 and 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

/// A text that is neither `YYYY-MM-DD` nor RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date: write YYYY-MM-DD or an RFC 3339 time such as 2026-11-23T09:00:00Z")]
pub struct BadDay(pub String);

const EPOCH: Date = Date::constant(1970, 1, 1);

impl Day {
    /// 0001-01-01, the earliest day.
    pub const MIN: Self = Self(-719_162);
    /// 9999-12-31, the latest day.
    pub const MAX: Self = Self(2_932_896);

    /// The UTC day of a Unix time in seconds; times outside the years 1 to 9999 are clamped.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        let days = seconds.div_euclid(86_400);
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX })).clamp()
    }

    /// This day and `days` more (or fewer, where negative).
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        let sum = i64::from(self.0).saturating_add(days);
        Self(i32::try_from(sum).unwrap_or(if sum < 0 { i32::MIN } else { i32::MAX })).clamp()
    }

    /// How many days lie between `earlier` and this day; negative where `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        i64::from(self.0) - i64::from(earlier.0)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// The calendar date.
    #[must_use]
    pub fn date(self) -> Date {
        EPOCH
            .checked_add(jiff::Span::new().days(self.0))
            .unwrap_or(EPOCH)
    }

    /// `23 Nov`, the short form of tables: the year is left out where it is the year of `today`.
    #[must_use]
    pub fn short(self, today: Self) -> String {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let date = self.date();
        let month = MONTHS
            .get(usize::from(date.month().unsigned_abs()).saturating_sub(1))
            .unwrap_or(&"?");
        let near = self.since(today).abs() < 300 || date.year() == today.date().year();
        if near {
            format!("{} {month}", date.day())
        } else {
            format!("{} {month} {}", date.day(), date.year())
        }
    }

    /// `3 March 2026`, the form of sentences.
    #[must_use]
    pub fn long(self) -> String {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let date = self.date();
        let month = MONTHS
            .get(usize::from(date.month().unsigned_abs()).saturating_sub(1))
            .unwrap_or(&"?");
        format!("{} {month} {}", date.day(), date.year())
    }

    fn clamp(self) -> Self {
        Self(self.0.clamp(Self::MIN.0, Self::MAX.0))
    }

    fn from_date(date: Date) -> Option<Self> {
        if !(1..=9999).contains(&date.year()) {
            return None;
        }
        i32::try_from(date.duration_since(EPOCH).as_hours() / 24)
            .ok()
            .map(Self)
    }
}

impl FromStr for Day {
    type Err = BadDay;

    fn from_str(text: &str) -> Result<Self, BadDay> {
        let bad = || BadDay(text.chars().take(40).collect());
        let bytes = text.as_bytes();
        let shaped = bytes.len() >= 10
            && bytes.iter().take(10).enumerate().all(|(i, b)| match i {
                4 | 7 => *b == b'-',
                _ => b.is_ascii_digit(),
            });
        if !shaped {
            return Err(bad());
        }
        let date = match bytes.get(10) {
            None => text.parse::<Date>().map_err(|_| bad())?,
            Some(b'T' | b't' | b' ') if rfc3339_tail(bytes.get(11..).unwrap_or_default()) => {
                let stamp: Timestamp = text.parse().map_err(|_| bad())?;
                return Ok(Self::from_unix_seconds(
                    stamp.as_millisecond().div_euclid(1000),
                ));
            }
            Some(_) => return Err(bad()),
        };
        Self::from_date(date).ok_or_else(bad)
    }
}

/// `hh:mm:ss[.fraction](Z|±hh:mm)`, RFC 3339 section 5.6.
fn rfc3339_tail(tail: &[u8]) -> bool {
    let shape = |pattern: &[u8], bytes: &[u8]| {
        pattern.len() == bytes.len()
            && pattern.iter().zip(bytes).all(|(p, b)| match p {
                b'9' => b.is_ascii_digit(),
                b'+' => matches!(b, b'+' | b'-'),
                p => p == b,
            })
    };
    let Some((time, rest)) = tail.split_at_checked(8) else {
        return false;
    };
    let rest = match rest.split_first() {
        Some((b'.', fraction)) => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            fraction.get(digits..).unwrap_or_default()
        }
        _ => rest,
    };
    shape(b"99:99:99", time) && (matches!(rest, b"Z" | b"z") || shape(b"+99:99", rest))
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        f.pad(&format!(
            "{:04}-{:02}-{:02}",
            date.year(),
            date.month(),
            date.day()
        ))
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl schemars::JsonSchema for Day {
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn reads_days_and_rfc3339_by_their_utc_day() {
        assert_eq!(day("1970-01-01").number(), 0);
        assert_eq!(day("2026-11-23T23:30:00-02:00"), day("2026-11-24"));
        assert_eq!(day("2026-11-24T00:30:00.5+02:00"), day("2026-11-23"));
        assert_eq!(day("2026-11-24t00:00:00z"), day("2026-11-24"));
        assert_eq!(day("2024-02-29").plus(366).to_string(), "2025-03-01");
    }

    #[test]
    fn refuses_what_is_neither() {
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2025-02-29",
            "20261124",
            "2026-11-24T10:00",
            "24.11.2026",
            "2026-11-24T10:00:00",
            "2026-11-24Z",
            "2026-11-24T10:00:00.Z",
            "tomorrow",
            "2026-1-1",
            "2026-11-24T10:00:00+0200",
            "2026-11-24T10:00:00Z[UTC]",
            "0000-01-01",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_and_saturation() {
        assert_eq!(day("0001-01-01"), Day::MIN);
        assert_eq!(day("9999-12-31"), Day::MAX);
        assert_eq!(Day::MAX.plus(i64::MAX), Day::MAX);
        assert_eq!(Day::MIN.plus(i64::MIN), Day::MIN);
        assert_eq!(Day::MAX.to_string(), "9999-12-31");
    }

    #[test]
    fn short_form_leaves_out_a_near_year() {
        let today = day("2026-11-23");
        assert_eq!(day("2026-12-07").short(today), "7 Dec");
        assert_eq!(day("2027-01-22").short(today), "22 Jan");
        assert_eq!(day("2029-01-22").short(today), "22 Jan 2029");
    }
}
