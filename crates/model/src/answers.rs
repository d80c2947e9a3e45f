//! The few answers that decide the most keys: an owner for an account, a repository or a vault path decides
//! all unowned keys in it at once.

use crate::{
    assessment::{Assessment, Key},
    facts::Verdict,
    level::Level,
    note::Confidence,
    place::Part,
};
use serde::Serialize;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

words! {
    /// What holds keys together.
    pub enum ContainerKind { Account = "account", Repository = "repository", Path = "path", System = "system", Leaver = "leaver" }
}

/// What one answer speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[schemars(rename = "AnswerContainer")]
pub struct Container {
    /// What it is.
    pub kind: ContainerKind,
    /// Its name: `aws 111122223333`, a repository's folder, a system.
    pub name: String,
}

impl Container {
    /// The question that the answer answers.
    #[must_use]
    pub fn question(&self) -> String {
        match self.kind {
            ContainerKind::Leaver => format!("who takes over what {} left?", self.name),
            kind => format!("who owns {kind} {}?", self.name),
        }
    }
}

/// One answer, and what it decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(rename = "DecidingAnswer")]
pub struct Answer {
    /// Who owns what is in it?
    pub container: Container,
    /// Who it may be, the one that most keys point to first.
    pub candidates: Vec<(String, u64)>,
    /// The unowned keys that the answer decides and no earlier answer does, most urgent first.
    pub keys: Vec<String>,
    /// How many of them are at B3 or B4.
    pub high: u64,
    /// What they become once they have an owner.
    pub then: BTreeMap<Verdict, u64>,
}

/// The answers that decide the most keys, most first. Each counts only what those before it leave.
#[must_use]
pub fn answers(assessment: &Assessment, most: usize) -> Vec<Answer> {
    let unowned: Vec<&Key> = assessment
        .keys
        .iter()
        .filter(|key| key.verdict.id == Verdict::Unowned)
        .collect();
    let mut members: BTreeMap<Container, BTreeSet<usize>> = BTreeMap::new();
    for (at, key) in unowned.iter().enumerate() {
        for container in containers(key) {
            members.entry(container).or_default().insert(at);
        }
    }
    let weight = |set: &BTreeSet<usize>| {
        let high = set
            .iter()
            .filter_map(|at| unowned.get(*at))
            .filter(|key| is_high(key))
            .count();
        (set.len(), high)
    };
    let mut found = Vec::new();
    while found.len() < most {
        let best = members
            .iter()
            .max_by_key(|(container, set)| (weight(set), Reverse(*container)))
            .map(|(container, set)| (container.clone(), set.clone()));
        let Some((container, decided)) = best.filter(|(_, set)| !set.is_empty()) else {
            break;
        };
        let keys: Vec<&Key> = decided
            .iter()
            .filter_map(|at| unowned.get(*at).copied())
            .collect();
        found.push(answer(container, &keys));
        members.retain(|_, set| {
            set.retain(|at| !decided.contains(at));
            !set.is_empty()
        });
    }
    found
}

fn is_high(key: &Key) -> bool {
    key.verdict.outcome.level >= Level::B3
}

/// Where a key belongs: its account, its system, the folders that hold copies of it, whom it was left by.
fn containers(key: &Key) -> BTreeSet<Container> {
    let mut all = BTreeSet::new();
    let mut add = |kind, name: String| {
        all.insert(Container { kind, name });
    };
    if let Some(account) = &key.account {
        let kind = if account.contains('/') {
            ContainerKind::Repository
        } else {
            ContainerKind::Account
        };
        add(kind, format!("{} {account}", key.provider));
    }
    let left = key
        .facts
        .get("owner")
        .is_some_and(|note| *note.value == "inactive");
    if let Some(who) = key.owner.value.as_ref().filter(|_| left) {
        add(ContainerKind::Leaver, who.clone());
    }
    if let Some(system) = &key.system.value {
        add(ContainerKind::System, system.clone());
    }
    for seen in key
        .sightings
        .iter()
        .filter(|seen| seen.part == Part::Secret)
    {
        // The first two folders: where repositories and laptops usually lie.
        let folders: Vec<&str> = seen.path.split('/').collect();
        let depth = folders.len().saturating_sub(1).min(2);
        let name = match folders.get(..depth) {
            Some(top) if !top.is_empty() => top.join("/"),
            _ => seen.source.clone(),
        };
        add(ContainerKind::Path, name);
    }
    all
}

fn answer(container: Container, keys: &[&Key]) -> Answer {
    let mut votes: BTreeMap<&str, u64> = BTreeMap::new();
    let mut then: BTreeMap<Verdict, u64> = BTreeMap::new();
    for key in keys {
        let likely = key
            .owner_candidates
            .iter()
            .filter(|candidate| candidate.confidence != Confidence::Low);
        for candidate in likely {
            let count = votes.entry(&candidate.who).or_default();
            *count = count.saturating_add(1);
        }
        if let Some(verdict) = key.verdict.outcome.then {
            let count = then.entry(verdict).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut candidates: Vec<(String, u64)> = votes
        .into_iter()
        .map(|(who, count)| (who.to_owned(), count))
        .collect();
    candidates.sort_by_key(|(who, count)| (Reverse(*count), who.clone()));
    candidates.truncate(3);
    Answer {
        container,
        candidates,
        high: u64::try_from(keys.iter().filter(|key| is_high(key)).count()).unwrap_or(u64::MAX),
        keys: keys.iter().map(|key| key.id.clone()).collect(),
        then,
    }
}
