//! What one person is told of a day, in one message: what needs them, and nothing else.

use crate::{access::PersonId, day::Day, digest};

/// How many things of one sort are named; the rest is counted.
const NAMED: usize = 10;
/// Days after which the same is told again.
const WEEK: i32 = 7;

/// One thing that needs somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is, by name.
    pub what: String,
    /// By when.
    pub due: Option<Day>,
}

/// What needs one person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Brief {
    /// Keys that they answer for and that need them, the most pressing first.
    pub keys: Vec<Item>,
    /// How many keys they are asked about.
    pub asked: u64,
    /// Campaigns in which their answer is missing.
    pub reviews: Vec<Item>,
    /// What waits for their signature.
    pub signatures: Vec<Item>,
    /// What they signed, and ends or has to be reviewed soon.
    pub ends: Vec<Item>,
}

impl Brief {
    /// How many things need them.
    #[must_use]
    pub fn count(&self) -> usize {
        let lists = [&self.keys, &self.reviews, &self.signatures, &self.ends];
        let listed: usize = lists.iter().map(|list| list.len()).sum();
        listed + usize::from(self.asked > 0)
    }

    /// What the message is about.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.count() {
            1 => "Tenure: one thing needs you".to_owned(),
            count => format!("Tenure: {count} things need you"),
        }
    }

    /// The message, line by line. It carries no link and no action: the notice around it leads to a page.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        section(&mut lines, "Waits for your signature:", &self.signatures);
        section(
            &mut lines,
            "Keys that you answer for, and that need you:",
            &self.keys,
        );
        if self.asked > 0 {
            let keys = if self.asked == 1 { "key" } else { "keys" };
            lines.push(format!(
                "You are asked whether {} {keys} are yours.",
                self.asked
            ));
        }
        section(
            &mut lines,
            "Confirm that they are still needed:",
            &self.reviews,
        );
        section(
            &mut lines,
            "You signed for it, and it ends or is to be reviewed:",
            &self.ends,
        );
        lines
    }

    /// What the message is known by: who is told the same again within a week is not told again.
    #[must_use]
    pub fn id(&self, person: &PersonId, today: Day) -> String {
        let week = today.number().div_euclid(WEEK);
        let text = format!("{person}\n{week}\n{}", self.lines().join("\n"));
        format!("brief-{}", short(&text))
    }
}

/// What a message about keys that have to be contained at once is known by: the key, and since when that is so.
#[must_use]
pub fn alarm(key: &str, due: Option<Day>) -> String {
    let due = due.map(|due| due.to_string()).unwrap_or_default();
    format!("alarm-{}", short(&format!("{key}\n{due}")))
}

fn short(text: &str) -> String {
    digest::of_bytes(text.as_bytes()).chars().take(32).collect()
}

fn section(lines: &mut Vec<String>, heading: &str, items: &[Item]) {
    if items.is_empty() {
        return;
    }
    lines.push(heading.to_owned());
    for item in items.iter().take(NAMED) {
        lines.push(match item.due {
            Some(due) => format!("- {}, by {due}", item.what),
            None => format!("- {}", item.what),
        });
    }
    if items.len() > NAMED {
        lines.push(format!("- and {} more", items.len() - NAMED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn item(what: &str, due: Option<&str>) -> Item {
        Item {
            what: what.to_owned(),
            due: due.map(day),
        }
    }

    #[test]
    fn a_message_names_what_needs_somebody_and_counts_the_rest() {
        let brief = Brief {
            keys: (0..12)
                .map(|n| item(&format!("key {n}"), Some("2026-12-01")))
                .collect(),
            asked: 3,
            signatures: vec![item("Exception for a", None)],
            ..Brief::default()
        };
        let lines = brief.lines();
        assert_eq!(brief.subject(), "Tenure: 14 things need you");
        assert_eq!(
            lines.first().map(String::as_str),
            Some("Waits for your signature:")
        );
        assert!(lines.contains(&"- key 0, by 2026-12-01".to_owned()));
        assert!(lines.contains(&"- and 2 more".to_owned()));
        assert!(!lines.iter().any(|line| line.contains("key 11")));
        assert!(lines.contains(&"You are asked whether 3 keys are yours.".to_owned()));
        assert_eq!(Brief::default().lines(), Vec::<String>::new());
    }

    #[test]
    fn the_same_is_told_once_a_week_and_what_changed_at_once() {
        let ann = PersonId::new("ann").unwrap();
        let bob = PersonId::new("bob").unwrap();
        let mut brief = Brief {
            asked: 1,
            ..Brief::default()
        };
        let first = brief.id(&ann, day("2026-11-26"));
        assert_eq!(first, brief.id(&ann, day("2026-11-27")));
        assert_ne!(first, brief.id(&ann, day("2026-12-03")));
        assert_ne!(first, brief.id(&bob, day("2026-11-26")));
        brief.asked = 2;
        assert_ne!(first, brief.id(&ann, day("2026-11-26")));
    }

    #[test]
    fn a_key_that_has_to_be_contained_anew_is_another_alarm() {
        let first = alarm("k1", Some(day("2026-11-26")));
        assert_eq!(first, alarm("k1", Some(day("2026-11-26"))));
        assert_ne!(first, alarm("k1", Some(day("2027-01-02"))));
        assert_ne!(first, alarm("k2", Some(day("2026-11-26"))));
    }
}
