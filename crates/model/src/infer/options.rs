//! Replacement options: what the catalogue offers for the kind, narrowed by each known consumer's runtime.

use super::{Ballot, Subject};
use crate::{
    catalog::{Credential, OptionFact, OptionFor, OptionOffer},
    explain::FactName,
    facts::{Needs, PrivilegedPath, ReplacementOption, StandsOn},
    note::OptionNote,
    place::Runtime,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn options(
    kind: Option<&Credential>,
    consumers: &BTreeSet<Runtime>,
    ballot: &Ballot,
) -> Vec<OptionNote> {
    let path = ballot
        .settle(FactName::PrivilegedPath)
        .and_then(|(vote, _)| vote.value.as_str()?.parse::<PrivilegedPath>().ok());
    ReplacementOption::ALL
        .iter()
        .map(|option| {
            let declared = format!("options.{option}")
                .parse::<FactName>()
                .ok()
                .and_then(|fact| ballot.settle(fact));
            if let Some((vote, _)) = declared {
                return OptionNote {
                    option: *option,
                    state: vote.value.clone(),
                    offered: false,
                    note: "declared".to_owned(),
                    source: Some(vote.source.clone()),
                };
            }
            let fact = kind.and_then(|kind| kind.option(*option));
            let (state, note) = match (fact, kind) {
                _ if *option == ReplacementOption::Gateway => (
                    json!("unknown"),
                    "constrains the key, does not replace it".to_owned(),
                ),
                (_, None) => (
                    json!("unknown"),
                    "the catalogue does not know this kind of key".to_owned(),
                ),
                (None, Some(_)) => (
                    json!("unknown"),
                    "the catalogue says nothing; that is not a no".to_owned(),
                ),
                (Some(fact), Some(_)) => state(*option, fact, consumers, path),
            };
            OptionNote {
                option: *option,
                state,
                offered: fact.is_some_and(|fact| {
                    fact.state == Some(OptionOffer::Offered)
                        && fact.reach == Some(OptionFor::Machine)
                }),
                note,
                source: fact.and_then(|fact| fact.evidence.source.clone()),
            }
        })
        .collect()
}

/// The runtimes of every known consumer: where it was seen in use, and where it is declared to run.
pub(super) fn consumers(subject: &Subject) -> BTreeSet<Runtime> {
    let seen = subject
        .sightings
        .iter()
        .filter_map(|sighting| sighting.runtime);
    let told = subject
        .rows
        .iter()
        .flat_map(|told| told.row.runtimes.iter().copied());
    let declared = subject
        .declarations
        .iter()
        .flat_map(|d| d.runtimes.iter().copied());
    seen.chain(told).chain(declared).collect()
}

fn state(
    option: ReplacementOption,
    fact: &OptionFact,
    consumers: &BTreeSet<Runtime>,
    path: Option<PrivilegedPath>,
) -> (Value, String) {
    let unknown = |note: String| (json!("unknown"), note);
    match fact.state {
        None => return unknown("looked for, and no source found; that is not a no".to_owned()),
        Some(OptionOffer::None) => {
            return (json!("no"), "its vendor says that there is none".to_owned());
        }
        Some(OptionOffer::Offered | OptionOffer::Announced) => {}
    }
    match fact.reach {
        Some(OptionFor::Machine) => {}
        Some(OptionFor::UserOnly) => {
            return unknown(
                "only for a person's delegation; nothing was found for a machine".to_owned(),
            );
        }
        Some(OptionFor::OtherApi) => {
            return unknown("only for another API of this vendor".to_owned());
        }
        Some(OptionFor::SameSecret) => {
            return unknown("the key already is this option's secret".to_owned());
        }
        None => return unknown("the catalogue does not say whom it is for".to_owned()),
    }
    if !fact.covers.is_empty() && !path.is_some_and(|path| fact.covers.contains(&path)) {
        let covers: Vec<_> = fact.covers.iter().map(|path| path.word()).collect();
        return unknown(format!(
            "covers {} only, and this key is not known to be for that alone",
            covers.join(", ")
        ));
    }
    if fact.state == Some(OptionOffer::Announced) {
        return (json!({"later": fact.on}), "announced".to_owned());
    }
    if let Some(needs) = fact
        .needs
        .iter()
        .find(|needs| matches!(needs, Needs::PlanTier | Needs::VendorFeature))
    {
        return (
            json!({"later": null, "needs": needs}),
            format!("needs a {}", needs.title()),
        );
    }
    if consumers.is_empty() {
        return unknown("offered; no consumer of this key is known that could use it".to_owned());
    }
    let cannot: Vec<_> = consumers
        .iter()
        .filter(|runtime| !can_use(option, fact, **runtime))
        .map(|runtime| runtime.word())
        .collect();
    if cannot.is_empty() {
        let all: Vec<_> = consumers.iter().map(|runtime| runtime.word()).collect();
        return (
            json!("now"),
            format!("offered, and its consumers can use it: {}", all.join(", ")),
        );
    }
    (
        json!({"later": null, "needs": "consumer_change"}),
        format!("offered, but {} cannot prove who it is", cannot.join(", ")),
    )
}

/// Whether a workload on this runtime can take the option.
fn can_use(option: ReplacementOption, fact: &OptionFact, runtime: Runtime) -> bool {
    if option != ReplacementOption::WorkloadIdentityFederation {
        // The other options need a place for their own root, which any workload of ours has; a laptop or an
        // appliance is no such place.
        return !matches!(
            runtime,
            Runtime::Laptop | Runtime::Appliance | Runtime::Saas
        );
    }
    let accepted = fact.runtimes.is_empty()
        || fact.runtimes.contains(&Runtime::Oidc)
        || fact.runtimes.contains(&runtime);
    runtime.proves_identity() && accepted
}

/// What the key already stands on, by its kind.
pub(super) fn stands_on(kind: Option<&Credential>, ballot: &mut Ballot) {
    let stands_on = kind.map_or(StandsOn::Static, |kind| kind.stands_on);
    if stands_on != StandsOn::Static {
        ballot.say(
            FactName::StandsOn,
            stands_on.word(),
            crate::key::Basis::Inferred,
            "the nature of this kind of key",
        );
    }
}
