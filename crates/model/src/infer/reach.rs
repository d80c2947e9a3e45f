//! Reach: environments, customer tenants, and the data behind the key.

use super::{Ballot, Subject};
use crate::{
    explain::FactName,
    key::Basis,
    place::{Environment, Purpose, Runtime, hints},
};
use std::collections::BTreeSet;

/// The same key in places of different environments is shared; it is not shared only where its name, its
/// tags and its places agree on exactly one.
pub(super) fn environments(subject: &Subject, ballot: &mut Ballot) {
    let places: BTreeSet<Environment> = subject
        .sightings
        .iter()
        .filter_map(|sighting| sighting.environment)
        .collect();
    if places.len() > 1 {
        let names: Vec<_> = places
            .iter()
            .map(|environment| environment.word())
            .collect();
        ballot.say(
            FactName::EnvironmentsShared,
            true,
            Basis::Observed,
            format!("copies in places of {}", names.join(" and ")),
        );
        return;
    }
    let named = subject
        .spoken_names()
        .into_iter()
        .flat_map(hints::environments);
    let systems = subject.systems.iter().filter_map(|s| s.environment);
    let all: BTreeSet<Environment> = places.into_iter().chain(named).chain(systems).collect();
    if let [one] = all.iter().collect::<Vec<_>>().as_slice() {
        ballot.say(
            FactName::EnvironmentsShared,
            false,
            Basis::Inferred,
            format!("name, tags and places agree on {one}"),
        );
    }
}

/// Words in a name that put somebody outside behind a key, whatever else it is for.
const OUTSIDERS: [&str; 7] = [
    "customer",
    "customers",
    "partner",
    "partners",
    "reseller",
    "tenant",
    "tenants",
];

/// No customer is behind a key whose purpose is known and serves neither customer nor vendor.
pub(super) fn tenants(purpose: Purpose, subject: &Subject, ballot: &mut Ballot) {
    let serves_nobody_outside = matches!(
        purpose,
        Purpose::CiCd
            | Purpose::Deployment
            | Purpose::ServiceToService
            | Purpose::AdminConnector
            | Purpose::AgentTool
            | Purpose::DataPipeline
            | Purpose::Monitoring
            | Purpose::HumanUse
            | Purpose::BreakGlass
    );
    let held_outside = super::declarations_of(subject, FactName::HeldBy)
        .any(|(value, _)| value == "third_party")
        || super::options::consumers(subject).contains(&Runtime::Saas);
    let named_for_outside = subject.spoken_names().into_iter().any(|name| {
        hints::words(&name.to_ascii_lowercase())
            .iter()
            .any(|word| OUTSIDERS.contains(word))
    });
    if serves_nobody_outside && !held_outside && !named_for_outside {
        ballot.say(
            FactName::CustomerTenants,
            0,
            Basis::Inferred,
            format!("purpose {purpose} serves no customer"),
        );
    }
}

/// A test environment holds internal data at most; nothing is ever inferred to be public.
pub(super) fn data(subject: &Subject, ballot: &mut Ballot) {
    let named = subject
        .spoken_names()
        .into_iter()
        .flat_map(hints::environments);
    let all: BTreeSet<Environment> = subject
        .sightings
        .iter()
        .filter_map(|s| s.environment)
        .chain(named)
        .chain(subject.systems.iter().filter_map(|s| s.environment))
        .collect();
    let test_only = !all.is_empty()
        && all
            .iter()
            .all(|e| matches!(e, Environment::Test | Environment::Development));
    if test_only {
        ballot.say(
            FactName::Data,
            "internal",
            Basis::Inferred,
            "a test environment",
        );
    }
}
