//! Containers: an account, a repository, a path of a secret store; and the rules that give every key in one an owner
//! and a business unit, now and later.

use crate::{
    access::{Unit, visible},
    infer::Subject,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

words! {
    /// What keys lie in.
    pub enum ContainerKind {
        /// An account, organisation or project at a provider.
        Account = "account",
        /// A repository, or a folder that was searched.
        Repository = "repository",
        /// A path of a secret store.
        Path = "path",
    }
}

/// One place of a key, as sources tell it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Place {
    /// What it is.
    pub kind: ContainerKind,
    /// Its name or path.
    pub text: String,
}

/// A container: one place, or one with all that lies below it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Container {
    kind: ContainerKind,
    place: String,
    // INVARIANT: set for repositories, since a repository is what lies in it.
    within: bool,
}

/// A text that names no container.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} `{text}`: {problem}")]
pub struct BadContainer {
    /// Which kind was meant.
    pub kind: ContainerKind,
    /// What was written.
    pub text: String,
    /// What is wrong and what to do.
    pub problem: &'static str,
}

impl Container {
    /// Reads a container: a name or path is that place alone, with `/*` at its end all that lies below it too. A
    /// repository always holds what lies in it. Capitals matter, as they do in paths.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(kind: ContainerKind, text: &str) -> Result<Self, BadContainer> {
        const LONGEST: usize = 1000;
        let bad = |problem| {
            Err(BadContainer {
                kind,
                text: text.chars().take(80).filter(|c| visible(*c)).collect(),
                problem,
            })
        };
        let trimmed = text.trim();
        let (place, within) = match trimmed.strip_suffix("/*") {
            Some(place) => (place, true),
            None => (trimmed, kind == ContainerKind::Repository),
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        if place.is_empty() {
            return bad("is empty; name a place, as in acme/payments or kv/prod/*");
        }
        if place.contains('*') {
            return bad("`*` stands at the end alone, after a `/`, as in kv/prod/*");
        }
        if place.chars().count() > LONGEST {
            return bad("is longer than 1000 characters");
        }
        if !place.chars().all(visible) {
            return bad("holds a control or an invisible character; leave it out");
        }
        Ok(Self {
            kind,
            place: place.to_owned(),
            within,
        })
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ContainerKind {
        self.kind
    }

    /// Its name or path.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether what lies below is in it too.
    #[must_use]
    pub fn within(&self) -> bool {
        self.within
    }

    /// Whether a place lies in it. A name that only begins alike does not.
    #[must_use]
    pub fn holds(&self, place: &Place) -> bool {
        self.kind == place.kind && self.reaches(&place.text)
    }

    /// Whether another container lies in it, or is it.
    #[must_use]
    pub fn encloses(&self, other: &Self) -> bool {
        self.kind == other.kind && self.reaches(&other.place) && (self.within || !other.within)
    }

    fn reaches(&self, text: &str) -> bool {
        text == self.place
            || (self.within
                && text
                    .strip_prefix(&self.place)
                    .is_some_and(|rest| rest.starts_with('/')))
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below = if self.within && self.kind != ContainerKind::Repository {
            "/*"
        } else {
            ""
        };
        write!(f, "{} {}{below}", self.kind, self.place)
    }
}

/// What holds for every key in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "ContainerRule")]
pub struct Rule {
    /// The container.
    pub container: Container,
    /// Who answers for its keys; `None` says nothing about that.
    pub owner: Option<String>,
    /// Who stands in for them.
    pub backup: Option<String>,
    /// The business unit of its keys; `None` says nothing about that.
    pub unit: Option<Unit>,
}

/// The rules that apply to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied<'r> {
    /// The one that names its owner.
    pub owner: Option<&'r Rule>,
    /// The one that names its unit.
    pub unit: Option<&'r Rule>,
}

impl Applied<'_> {
    /// The business unit: the whole organisation where no rule names one.
    #[must_use]
    pub fn unit(&self) -> Unit {
        let named = self.unit.and_then(|rule| rule.unit.clone());
        named.unwrap_or_else(Unit::whole)
    }
}

/// The rules that apply to a key that lies in these places: of those that hold it the longest one that names an
/// owner, and the longest one that names a unit. One place alone wins over the same with what lies below, and a path
/// over a repository over an account.
#[must_use]
pub fn applied<'r>(rules: &'r [Rule], places: &BTreeSet<Place>) -> Applied<'r> {
    let longest = |names: &dyn Fn(&Rule) -> bool| {
        rules
            .iter()
            .filter(|rule| names(rule) && places.iter().any(|place| rule.container.holds(place)))
            .max_by_key(|rule| {
                let container = &rule.container;
                (
                    container.place.len(),
                    !container.within,
                    container.kind,
                    &container.place,
                )
            })
    };
    Applied {
        owner: longest(&|rule| rule.owner.is_some()),
        unit: longest(&|rule| rule.unit.is_some()),
    }
}

/// The units that a rule for this container reaches into by what rules say of places: that of the container itself,
/// and those of containers in it. Who makes the rule has to be allowed to in each.
#[must_use]
pub fn touched(rules: &[Rule], rule: &Rule) -> BTreeSet<Unit> {
    let container = &rule.container;
    let above = rules
        .iter()
        .filter(|one| one.unit.is_some() && one.container.encloses(container))
        .max_by_key(|one| (one.container.place.len(), !one.container.within));
    let itself = above.and_then(|one| one.unit.clone());
    let inside = rules
        .iter()
        .filter(|one| container.encloses(&one.container))
        .filter_map(|one| one.unit.clone());
    inside
        .chain([itself.unwrap_or_else(Unit::whole)])
        .chain(rule.unit.clone())
        .collect()
}

/// How many places of one key are kept: a key that was copied everywhere lies nowhere.
const MOST_PLACES: usize = 100;

/// Where a key lies, by its records: accounts (alone, and behind the provider's slug), repositories and folders with
/// the file, paths of secret stores (alone, and behind the store's name).
#[must_use]
pub fn places(subject: &Subject) -> BTreeSet<Place> {
    let mut all = BTreeSet::new();
    let mut add = |kind, text: String| {
        let text = text.trim_start_matches("./").to_owned();
        if all.len() < MOST_PLACES && !text.is_empty() && text.chars().all(visible) {
            all.insert(Place { kind, text });
        }
    };
    for told in &subject.rows {
        let row = &told.row;
        let account = row.account.as_deref();
        if row.tags.contains_key("kept_in") {
            if let Some(path) = row.key_id.as_deref() {
                add(ContainerKind::Path, path.to_owned());
                if let Some(store) = account {
                    add(ContainerKind::Path, format!("{store}/{path}"));
                }
            }
        } else if let Some(account) = account {
            add(ContainerKind::Account, account.to_owned());
            add(
                ContainerKind::Account,
                format!("{}/{account}", row.provider),
            );
            if account.contains('/') {
                add(ContainerKind::Repository, account.to_owned());
            }
        }
    }
    for sighting in &subject.sightings {
        let source = sighting.source.trim_end_matches('/');
        add(
            ContainerKind::Repository,
            format!("{source}/{}", sighting.path),
        );
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        infer::SourcedRow,
        key::{Basis, Row},
    };

    fn container(kind: ContainerKind, text: &str) -> Container {
        Container::parse(kind, text).unwrap()
    }

    fn at(kind: ContainerKind, text: &str) -> Place {
        Place {
            kind,
            text: text.to_owned(),
        }
    }

    fn rule(text: &str, owner: Option<&str>, unit: Option<&str>) -> Rule {
        Rule {
            container: container(ContainerKind::Path, text),
            owner: owner.map(str::to_owned),
            backup: None,
            unit: unit.map(|unit| Unit::parse(unit).unwrap()),
        }
    }

    #[test]
    fn a_container_holds_what_lies_in_it_and_not_what_begins_alike() {
        use ContainerKind::{Account, Path, Repository};
        let prod = container(Path, "kv/prod/*");
        assert!(prod.holds(&at(Path, "kv/prod/stripe")));
        assert!(prod.holds(&at(Path, "kv/prod")));
        assert!(!prod.holds(&at(Path, "kv/production/stripe")));
        assert!(!prod.holds(&at(Account, "kv/prod/stripe")), "another kind");
        let one = container(Account, "123456789012");
        assert!(one.holds(&at(Account, "123456789012")));
        assert!(!one.holds(&at(Account, "123456789012/x")));
        assert!(container(Repository, "acme/pay/").holds(&at(Repository, "acme/pay/src/a.env")));
        assert_eq!(prod.to_string(), "path kv/prod/*");
        for bad in [
            "",
            " ",
            "*",
            "/*",
            "kv/*/x",
            "kv*",
            "a\nb",
            &"x".repeat(1001),
        ] {
            assert!(Container::parse(Path, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_longest_container_wins_for_owner_and_unit_apart() {
        let rules = [
            rule("kv/*", Some("ops"), Some("emea")),
            rule("kv/prod/*", Some("ann"), None),
            rule("kv/prod/stripe", None, Some("emea/payments")),
        ];
        let of = |text: &str| {
            let places = BTreeSet::from([at(ContainerKind::Path, text)]);
            let got = applied(&rules, &places);
            let owner = got.owner.and_then(|rule| rule.owner.clone());
            (owner.unwrap_or_default(), got.unit().to_string())
        };
        assert_eq!(of("kv/prod/stripe"), ("ann".into(), "emea/payments".into()));
        assert_eq!(of("kv/prod/other"), ("ann".into(), "emea".into()));
        assert_eq!(of("kv/dev"), ("ops".into(), "emea".into()));
        assert_eq!(of("other"), (String::new(), "*".into()));
    }

    #[test]
    fn a_rule_touches_the_units_above_and_in_it() {
        let rules = [
            rule("kv/*", None, Some("emea")),
            rule("kv/prod/cards/*", None, Some("emea/payments")),
        ];
        let touched = |text: &str, unit: Option<&str>| -> Vec<String> {
            let units = touched(&rules, &rule(text, Some("x"), unit));
            units.iter().map(ToString::to_string).collect()
        };
        assert_eq!(touched("kv/dev/*", None), ["emea"]);
        assert_eq!(touched("kv/prod/*", None), ["emea", "emea/payments"]);
        assert_eq!(touched("kv/dev/*", Some("apac")), ["apac", "emea"]);
        assert_eq!(touched("elsewhere", None), ["*"], "of nobody yet");
    }

    #[test]
    fn a_key_lies_where_its_records_say() {
        let row = |account: &str, key: &str, kept: bool| {
            let mut row = Row {
                provider: "acme".to_owned(),
                account: Some(account.to_owned()),
                key_id: Some(key.to_owned()),
                ..Row::default()
            };
            if kept {
                row.tags.insert("kept_in".to_owned(), "a store".to_owned());
            }
            SourcedRow {
                source: "x".to_owned(),
                row,
                basis: Basis::Observed,
                complete: true,
            }
        };
        let subject = Subject {
            rows: vec![
                row("org/repo", "1", false),
                row("vault", "pay/stripe", true),
            ],
            ..Subject::default()
        };
        let texts: Vec<String> = places(&subject)
            .iter()
            .map(|place| format!("{} {}", place.kind, place.text))
            .collect();
        assert_eq!(
            texts,
            [
                "account acme/org/repo",
                "account org/repo",
                "repository org/repo",
                "path pay/stripe",
                "path vault/pay/stripe"
            ]
        );
    }
}
