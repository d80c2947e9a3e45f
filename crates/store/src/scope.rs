//! What of the keys somebody may see: whole business units, and keys that they answer for. Every list, count and facet
//! asks for one, so that none can be read without saying for whom.

use crate::dialect::{Arg, among};
use tenure_model::access::{PersonId, Unit};

/// Which keys may be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(Reach);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reach {
    Whole,
    Part {
        units: Vec<Unit>,
        own: Option<(PersonId, Vec<Unit>)>,
    },
}

impl Scope {
    /// Every key.
    #[must_use]
    pub fn whole() -> Self {
        Self(Reach::Whole)
    }

    /// The keys in these units, and in others those that a person answers for. Each unit stands for itself alone, so
    /// that rules of access are asked about each.
    #[must_use]
    pub fn part(units: Vec<Unit>, own: Option<(PersonId, Vec<Unit>)>) -> Self {
        Self(Reach::Part { units, own })
    }

    /// Whether it is every key.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.0, Reach::Whole)
    }

    /// The condition on rows of the list; `None` where there is none.
    pub(crate) fn clause(&self, is_postgres: bool, args: &mut Vec<Arg>) -> Option<String> {
        let Reach::Part { units, own } = &self.0 else {
            return None;
        };
        let mut of_units = |units: &[Unit]| match units {
            // Along the index of units, in order.
            [one] => {
                args.push(one.as_str().into());
                format!("unit = ${}", args.len())
            }
            units => {
                let units: Vec<String> = units.iter().map(ToString::to_string).collect();
                args.push(units.into());
                among(is_postgres, "unit", args.len())
            }
        };
        let listed = of_units(units);
        let Some((person, others)) = own else {
            return Some(listed);
        };
        let theirs = of_units(others);
        args.push(person.as_str().into());
        let theirs = format!(
            "({theirs} AND id IN (SELECT key_id FROM key_people WHERE person = ${}))",
            args.len()
        );
        Some(if units.is_empty() {
            // Few rows, each by its id; `listed` is false for all, and stands for its argument.
            format!("({theirs} AND NOT {listed})")
        } else {
            format!("({listed} OR {theirs})")
        })
    }
}
