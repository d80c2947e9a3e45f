//! The numbers of the picture as a table.

use crate::report::{
    horizon_svg::flag_text,
    text::{self, number},
    words,
};
use tenure_model::{
    day::Day,
    horizon::{End, Fill, Horizon, Row},
};

/// The table below the picture.
pub(super) struct Numbers {
    pub(super) fills: Vec<&'static str>,
    pub(super) rows: Vec<NumberRow>,
    pub(super) until: String,
    pub(super) flags: Vec<(usize, String)>,
    pub(super) flags_left: usize,
}

/// One level, or all.
pub(super) struct NumberRow {
    pub(super) level: String,
    pub(super) keys: String,
    pub(super) endless: Vec<Cell>,
    pub(super) ending: Vec<Cell>,
    pub(super) ends_until: String,
    pub(super) ends_later: String,
    pub(super) unknown_age: String,
    pub(super) overdue: String,
    pub(super) due: String,
}

/// A number with the list behind it.
pub(super) struct Cell {
    pub(super) number: String,
    pub(super) link: Option<String>,
}

impl Numbers {
    pub(super) fn of(horizon: &Horizon) -> Self {
        const FLAGS: usize = 30;
        let last = horizon.points.last().copied().unwrap_or(horizon.today);
        let mut rows: Vec<NumberRow> = horizon
            .rows
            .iter()
            .map(|row| counted(&[row], row.level.to_string(), horizon.today, last, true))
            .collect();
        let all: Vec<&Row> = horizon.rows.iter().collect();
        rows.push(counted(&all, "All".to_owned(), horizon.today, last, false));
        let flags = || (1..).zip(&horizon.flags);
        Self {
            fills: Fill::ALL
                .iter()
                .map(|fill| words::fill_short(*fill))
                .collect(),
            rows,
            until: text::long_date(last),
            flags: flags()
                .take(FLAGS)
                .map(|(at, flag)| (at, flag_text(flag)))
                .collect(),
            flags_left: horizon.flags.len().saturating_sub(FLAGS),
        }
    }
}

fn counted(rows: &[&Row], level: String, today: Day, last: Day, linked: bool) -> NumberRow {
    let sum = |count: &dyn Fn(&Row) -> u64| rows.iter().map(|row| count(row)).sum::<u64>();
    let cells = |end: End| {
        Fill::ALL
            .iter()
            .map(|fill| {
                let count = sum(&|row| {
                    row.areas
                        .iter()
                        .filter(|area| area.fill == *fill && area.end == end)
                        .map(|area| area.keys)
                        .sum()
                });
                let link = rows
                    .first()
                    .filter(|_| linked && count > 0)
                    .map(|row| words::area_anchor(row.level, end, *fill));
                let number = number(count);
                Cell { number, link }
            })
            .collect()
    };
    let keys = sum(&Row::keys);
    let ends_until = sum(&|row| row.ends_until(last));
    NumberRow {
        keys: number(keys),
        endless: cells(End::Endless),
        ending: cells(End::Ending),
        ends_until: number(ends_until),
        ends_later: number(keys - sum(&Row::endless) - ends_until),
        unknown_age: number(sum(&|row| {
            row.areas.iter().map(|area| area.unknown_age).sum()
        })),
        overdue: number(sum(&|row| row.due_within(Day::MIN, today))),
        due: number(sum(&|row| row.due_within(today, last.plus(1)))),
        level,
    }
}
