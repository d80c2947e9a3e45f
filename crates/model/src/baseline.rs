//! Decisions about findings, as a file: JSON Lines, sorted by id, one decision per line: this key, at this place.
//!
//! A decision is known by the durable id of the key and by the path. Lines of code may move; a file may be
//! renamed, as long as the copy at the old path is gone. A copy in a further file is a new finding.

use crate::{
    day::Day,
    scan::{Decision, Finding, Scan, Seen, Standing},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// All decisions of a file, by key and place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline(BTreeMap<(String, String), Decision>);

/// A line that is no decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct BaselineError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl Baseline {
    /// Reads decisions from JSON Lines, or takes what `tenure scan -f json` or `-f jsonl` wrote as decisions.
    /// The order does not matter, and a decision may stand there twice, as after a merge.
    ///
    /// # Errors
    /// Names the first line that is neither.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        if let Ok(scan) = serde_json::from_str::<Scan>(text) {
            let mut baseline = Self::default();
            scan.findings
                .iter()
                .for_each(|finding| baseline.take(finding));
            return Ok(baseline);
        }
        let mut baseline = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            let fail = |problem: String| BaselineError {
                line: at.saturating_add(1),
                problem,
            };
            if line.is_empty() {
                continue;
            }
            if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
                .iter()
                .any(|mark| line.starts_with(mark))
            {
                return Err(fail(
                    "a merge left its marks here; both sides may stay, so remove the lines of marks".to_owned(),
                ));
            }
            let value: Value = serde_json::from_str(line)
                .ok()
                .filter(Value::is_object)
                .ok_or_else(|| fail("is no JSON object of its own".to_owned()))?;
            if value.get("places").is_some() {
                let finding: Finding =
                    serde_json::from_value(value).map_err(|error| fail(error.to_string()))?;
                baseline.take(&finding);
                continue;
            }
            let decision: Decision =
                serde_json::from_value(value).map_err(|error| fail(error.to_string()))?;
            baseline.add(decision);
        }
        Ok(baseline)
    }

    /// The file: one decision per line, sorted by id and path.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.values().fold(String::new(), |mut text, decision| {
            text.push_str(&serde_json::to_string(decision).unwrap_or_default());
            text.push('\n');
            text
        })
    }

    /// How many decisions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of two decisions about the same key and place, the one that counts longer and gives a reason stays.
    fn add(&mut self, decision: Decision) {
        let key = (decision.id.clone(), decision.path.clone());
        match self.0.get_mut(&key) {
            None => {
                self.0.insert(key, decision);
            }
            Some(held) => {
                held.until = held.until.zip(decision.until).map(|(a, b)| a.max(b));
                held.reason = held.reason.take().max(decision.reason);
                held.hint = held.hint.take().or(decision.hint);
            }
        }
    }

    fn take(&mut self, finding: &Finding) {
        for place in finding
            .places
            .iter()
            .filter(|place| place.standing != Standing::Allowed)
        {
            self.add(Decision {
                id: finding.id.clone(),
                path: place.path.clone(),
                rule: finding.rule.clone(),
                hint: finding.hint.clone(),
                reason: None,
                until: None,
            });
        }
    }

    /// Holds a scan against the decisions: places that they cover are `known`, decisions that nothing answers to
    /// are `stale`. `gone` says whether nothing of a path can hold a copy any more: it was read and holds none,
    /// or it does not exist. Returns the decisions as they stand now, with those of moved files at their new
    /// place, without stale ones, and with every new place: what `--write-baseline` writes. Where a history was
    /// not read `whole`, nobody knows whether a decision is about something in it, so none is stale.
    pub fn apply(&self, scan: &mut Scan, gone: &dyn Fn(&str) -> bool, whole: bool) -> Self {
        let today = scan.today;
        let mut next = Self::default();
        let mut used: BTreeSet<(String, String)> = BTreeSet::new();
        // Findings may share the id of a guessable secret, so paths are taken per id.
        let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for finding in &scan.findings {
            let paths = finding.places.iter().map(|place| place.path.clone());
            seen.entry(finding.id.clone()).or_default().extend(paths);
        }
        let mut known: BTreeMap<(String, String), &Decision> = BTreeMap::new();
        for (id, paths) in &seen {
            let of_key: Vec<&Decision> = self.0.values().filter(|d| d.id == *id).collect();
            let (direct, apart): (Vec<&Decision>, Vec<&Decision>) =
                of_key.into_iter().partition(|d| paths.contains(&d.path));
            for decision in &direct {
                known.insert((id.clone(), decision.path.clone()), decision);
            }
            let current: BTreeSet<&str> = scan
                .findings
                .iter()
                .filter(|finding| finding.id == *id)
                .flat_map(|finding| &finding.places)
                .filter(|place| place.at_tip != Some(false) && place.standing != Standing::Allowed)
                .map(|place| place.path.as_str())
                .collect();
            let unanswered = paths.iter().filter(|path| {
                current.contains(path.as_str()) && !direct.iter().any(|d| d.path == **path)
            });
            // A file that was renamed still stands at its old path in the history.
            let past = direct
                .iter()
                .copied()
                .filter(|d| !current.contains(d.path.as_str()));
            let moved = apart.into_iter().chain(past).filter(|d| gone(&d.path));
            for (path, decision) in unanswered.zip(moved) {
                known.insert((id.clone(), path.clone()), decision);
            }
        }
        let counts = |decision: &Decision| decision.until.is_none_or(|until| until >= today);
        for finding in &mut scan.findings {
            let any = self.0.values().any(|d| d.id == finding.id && counts(d));
            let stands = finding
                .places
                .iter()
                .any(|p| p.at_tip != Some(false) && p.standing != Standing::Allowed);
            for place in finding
                .places
                .iter_mut()
                .filter(|p| p.standing != Standing::Allowed)
            {
                let decision = known
                    .get(&(finding.id.clone(), place.path.clone()))
                    .copied();
                // A version that no branch holds any more went with the decision about its key.
                let past = place.at_tip == Some(false) && any;
                if decision.is_some_and(counts) || past {
                    place.standing = Standing::Known;
                }
                if let Some(decision) = decision {
                    used.insert((decision.id.clone(), decision.path.clone()));
                }
                // The decision about where it stands now is enough for where it stood.
                if place.at_tip != Some(false) || !stands {
                    next.add(now(
                        finding.id.as_str(),
                        &finding.rule,
                        finding.hint.as_ref(),
                        place,
                        decision,
                        today,
                    ));
                }
            }
            finding.settle();
        }
        for (key, decision) in &self.0 {
            if used.contains(key) {
                continue;
            }
            if whole && gone(&decision.path) {
                scan.stale.push(decision.clone());
            } else {
                next.add(decision.clone());
            }
        }
        next
    }
}

/// The decision about a place as it stands now. An end that has passed is not carried on.
fn now(
    id: &str,
    rule: &str,
    hint: Option<&String>,
    place: &Seen,
    held: Option<&Decision>,
    today: Day,
) -> Decision {
    Decision {
        id: id.to_owned(),
        path: place.path.clone(),
        rule: rule.to_owned(),
        hint: hint.cloned(),
        reason: held.and_then(|held| held.reason.clone()),
        until: held
            .and_then(|held| held.until)
            .filter(|until| *until >= today),
    }
}

#[cfg(test)]
mod tests;
