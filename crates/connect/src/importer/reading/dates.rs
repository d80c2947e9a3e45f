//! Dates as exports and spreadsheets write them. What can be read in two ways is not guessed.

use tenure_model::{day::Day, key::When};

/// Which part of `03/04/2026` is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    DayFirst,
    MonthFirst,
}

/// Why a cell is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadDate {
    /// It can be read with the day or with the month first.
    Ambiguous,
    /// It is none.
    NotADate,
}

/// What an ISO time stamp of an API says: absent and `null` are for the caller to judge.
pub(crate) fn stamp(text: &str) -> Option<(Day, Option<i64>)> {
    let day: Day = text.parse().ok()?;
    let second = text
        .parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_second);
    Some((day, second))
}

/// Reads one cell.
pub(crate) fn day(cell: &str, order: Option<Order>) -> Result<Day, BadDate> {
    let cell = cell.trim();
    if let Ok(day) = cell.parse() {
        return Ok(day);
    }
    let date = date_part(cell);
    if date.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && let Some(day) = number(date)
    {
        return Ok(day);
    }
    let parts: Vec<&str> = date
        .split(['-', '/', '.', ' ', ','])
        .filter(|part| !part.is_empty())
        .collect();
    let [first, second, third] = parts.as_slice() else {
        return Err(BadDate::NotADate);
    };
    let (year, month, day) = if first.len() == 4 && first.bytes().all(|b| b.is_ascii_digit()) {
        (Some(*first), month(second), *third)
    } else if let Some(month) = month_name(first) {
        (Some(*third), Some(month), *second)
    } else if let Some(month) = month_name(second) {
        (Some(*third), Some(month), *first)
    } else {
        let (a, b) = (small(first), small(second));
        let (Some(a), Some(b)) = (a, b) else {
            return Err(BadDate::NotADate);
        };
        // Dates with dots are written day first wherever they are written.
        let order = if date.contains('.') || a > 12 {
            Some(Order::DayFirst)
        } else if b > 12 {
            Some(Order::MonthFirst)
        } else {
            order
        };
        match order {
            Some(Order::DayFirst) => (Some(*third), Some(b), *first),
            Some(Order::MonthFirst) => (Some(*third), Some(a), *second),
            None if a == b => (Some(*third), Some(a), *second),
            None => return Err(BadDate::Ambiguous),
        }
    };
    let year = year.filter(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()));
    let (Some(year), Some(month), Some(day)) = (year, month, small(ordinal(day))) else {
        return Err(BadDate::NotADate);
    };
    format!("{year}-{month:02}-{day:02}")
        .parse()
        .map_err(|_| BadDate::NotADate)
}

/// Which order the values of a whole column prove, if they agree.
pub(crate) fn order<'c>(cells: impl Iterator<Item = &'c str>) -> Option<Order> {
    let mut found = None;
    for cell in cells {
        let date = date_part(cell.trim());
        let mut parts = date.split(['-', '/']).map(small);
        let (Some(Some(a)), Some(Some(b)), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let order = match (a > 12, b > 12) {
            (true, false) => Order::DayFirst,
            (false, true) => Order::MonthFirst,
            _ => continue,
        };
        if found.is_some_and(|known| known != order) {
            return None;
        }
        found = Some(order);
    }
    found
}

/// What a date cell says, with the words that people use for "never" and for "nobody knows".
pub(crate) fn when(
    cell: &str,
    never: &[&str],
    order: Option<Order>,
) -> Result<Option<When>, BadDate> {
    let word = cell.trim().to_lowercase();
    if word.is_empty() {
        return Ok(None);
    }
    if never.contains(&word.as_str()) {
        return Ok(Some(When::Never));
    }
    if is_unknown(&word) {
        return Ok(Some(When::Unknown));
    }
    day(cell, order).map(|day| Some(When::On(day)))
}

/// Words that say that nobody knows.
pub(crate) fn is_unknown(lower: &str) -> bool {
    matches!(
        lower,
        "unknown" | "?" | "-" | "–" | "n/a" | "na" | "tbd" | "null" | "nil" | "#n/a"
    )
}

/// The cell without a time of day behind the date.
fn date_part(cell: &str) -> &str {
    let time = |tail: &str| {
        tail.trim_start()
            .as_bytes()
            .first()
            .is_some_and(u8::is_ascii_digit)
            && tail.contains(':')
    };
    cell.char_indices()
        .find(|(at, c)| {
            matches!(c, ' ' | 'T' | ',') && cell.get(at + c.len_utf8()..).is_some_and(time)
        })
        .and_then(|(at, _)| {
            let head = cell.get(..at)?;
            // `24 Nov 2026 10:00`: the first space with a time behind it, not the first space.
            let tail = cell.get(at + 1..)?.trim_start();
            let first = tail.split(' ').next()?;
            first.contains(':').then_some(head)
        })
        .or_else(|| {
            let (head, tail) = cell.rsplit_once(' ')?;
            if !tail.contains(':') && !matches!(tail, "AM" | "PM" | "UTC" | "Z") {
                return None;
            }
            let head = if tail.contains(':') {
                head
            } else {
                date_part(head)
            };
            Some(head.trim_end())
        })
        .unwrap_or(cell)
}

/// Unix seconds, Unix milliseconds, or the day number of a spreadsheet.
fn number(text: &str) -> Option<Day> {
    const SPREADSHEET_EPOCH: i64 = -25_569; // 1899-12-30
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        9..=10 => Some(Day::from_unix_seconds(number)),
        12..=13 if fraction.is_empty() => Some(Day::from_unix_seconds(number / 1000)),
        5 if number > 20_000 => Some(Day::from_unix_seconds(0).plus(SPREADSHEET_EPOCH + number)),
        _ => None,
    }
}

fn small(text: &str) -> Option<u8> {
    (1..=2)
        .contains(&text.len())
        .then(|| text.parse().ok())
        .flatten()
}

fn month(text: &str) -> Option<u8> {
    small(text).or_else(|| month_name(text))
}

fn month_name(text: &str) -> Option<u8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let lower = text.to_ascii_lowercase();
    let position = MONTHS
        .iter()
        .position(|month| lower.len() >= 3 && month.starts_with(&lower))?;
    u8::try_from(position + 1).ok()
}

fn ordinal(day: &str) -> &str {
    ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|end| day.strip_suffix(end))
        .unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_ways_to_write_one_day() {
        for cell in [
            "2026-11-24",
            "2026-11-24T10:00:00Z",
            "2026-11-24 10:00",
            "2026-11-24 10:00:00",
            "2026-11-24T10:00",
            "2026/11/24",
            "2026/11/24 10:00",
            "24 Nov 2026",
            "24-Nov-2026",
            "24 November 2026",
            "Nov 24, 2026",
            "November 24th, 2026",
            "Nov 24, 2026 10:00",
            "24 Nov 2026 10:00",
            "24.11.2026",
            "24/11/2026",
            "11/24/2026",
            "11/24/2026 10:00:00 AM",
            "24/11/2026, 10:00",
            "1795514400",
            "1795514400000",
            "46350",
            "46350.41667",
        ] {
            assert_eq!(
                day(cell, None).map(|d| d.to_string()),
                Ok("2026-11-24".to_owned()),
                "{cell}"
            );
        }
        assert_eq!(
            day("Sept 3 2026", None),
            Ok("2026-09-03".parse().unwrap_or(Day::MIN))
        );
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_guessed() {
        assert_eq!(day("03/04/2026", None), Err(BadDate::Ambiguous));
        assert_eq!(
            day("03/04/2026", Some(Order::DayFirst)),
            Ok("2026-04-03".parse().unwrap_or(Day::MIN))
        );
        assert_eq!(
            order(["03/04/2026", "25/04/2026"].into_iter()),
            Some(Order::DayFirst)
        );
        assert_eq!(
            order(["03/04/2026", "04/25/2026 10:00"].into_iter()),
            Some(Order::MonthFirst)
        );
        assert_eq!(order(["25/04/2026", "04/25/2026"].into_iter()), None);
        assert_eq!(order(["2026-11-24"].into_iter()), None);
        assert!(day("04/04/2026", None).is_ok());
    }

    #[test]
    fn what_is_no_date() {
        for cell in [
            "soon",
            "",
            "32/01/2026",
            "2026-02-30",
            "12",
            "19999",
            "1/2",
            "a b c",
            "1/1/26",
            "éé Nov 2026",
        ] {
            assert_eq!(day(cell, None), Err(BadDate::NotADate), "{cell}");
        }
    }

    #[test]
    fn words_for_never_and_unknown() {
        assert_eq!(
            when("Never", &["never"], None),
            Ok(Some(tenure_model::key::When::Never))
        );
        assert_eq!(
            when("n/a", &["never"], None),
            Ok(Some(tenure_model::key::When::Unknown))
        );
        assert_eq!(when(" ", &["never"], None), Ok(None));
    }
}
