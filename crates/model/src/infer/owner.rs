//! Who answers for a key: by the people list, by declaration, by who made it. Never a machine user.

use super::{Ballot, Subject, World};
use crate::{
    catalog::Credential,
    explain::FactName,
    facts::IssuedTo,
    key::{Basis, PersonState, Told},
    note::{Confidence, Dispute, OwnerCandidate},
    place::{Purpose, Runtime},
};

/// The owner and who else it may be.
pub(super) struct Owner {
    pub(super) owner: Told<String>,
    pub(super) candidates: Vec<OwnerCandidate>,
    pub(super) disputes: Vec<Dispute>,
}

pub(super) fn owner(subject: &Subject, world: &World<'_>, ballot: &mut Ballot) -> Owner {
    let from_files = subject
        .declarations
        .iter()
        .filter_map(|d| Some((d.owner.as_deref()?, Basis::Declared, d.source.as_str())));
    let from_rows = subject
        .rows
        .iter()
        .filter_map(|told| Some((told.row.owner.as_deref()?, told.basis, told.source.as_str())));
    let named: Vec<(&str, Basis, &str)> = from_files
        .chain(from_rows)
        .filter(|(who, ..)| !is_machine(who) && !called_machine(subject, who))
        .collect();
    let makers = || {
        subject
            .rows
            .iter()
            .flat_map(|told| told.row.associates.iter().map(move |a| (a, told)))
    };
    let maker = makers().find(|(a, _)| !a.machine && !is_machine(&a.who));

    let mut disputes = Vec::new();
    let chosen = named
        .first()
        .copied()
        .map(|(who, basis, source)| (who.to_owned(), basis, source.to_owned()))
        .or_else(|| {
            maker.map(|(a, told)| {
                (
                    a.who.clone(),
                    Basis::Inferred,
                    format!("{}: {}", told.source, a.why),
                )
            })
        });
    if let Some((first, ..)) = named.first() {
        disputes.extend(
            named
                .iter()
                .filter(|(who, ..)| !who.eq_ignore_ascii_case(first))
                .map(|(who, _, source)| Dispute {
                    fact: "owner".to_owned(),
                    taken: (*first).to_owned(),
                    also: format!("{who} ({source})"),
                }),
        );
    }
    if let Some((who, basis, source)) = &chosen {
        state(who, *basis, source, world, ballot);
    }
    let candidates = candidates(
        subject,
        world,
        chosen.as_ref().map(|(who, ..)| who.as_str()),
    );
    let owner = chosen.map_or_else(Told::unknown, |(who, basis, source)| {
        Told::new(who, basis, source)
    });
    Owner {
        owner,
        candidates,
        disputes,
    }
}

/// The owner's state, by the people list where there is one.
fn state(who: &str, basis: Basis, source: &str, world: &World<'_>, ballot: &mut Ballot) {
    let Some(people) = world.people else {
        ballot.say(
            FactName::Owner,
            "active",
            basis,
            format!("{source}: {who}; no people list says otherwise"),
        );
        return;
    };
    match people.find(who) {
        Some(person) => {
            let word = match person.state {
                PersonState::Active => "active",
                PersonState::OnLeave => "on_leave",
                PersonState::Inactive => "inactive",
            };
            ballot.say(
                FactName::Owner,
                word,
                Basis::Observed,
                format!("people list: {who}"),
            );
            if let Some(until) = person.until {
                ballot.say(
                    FactName::OwnerUntil,
                    until.to_string(),
                    Basis::Observed,
                    format!("people list: {who}"),
                );
            }
        }
        None => ballot.say(
            FactName::Owner,
            "none",
            Basis::Inferred,
            format!("{who} ({source}) is not in the people list"),
        ),
    }
}

fn is_machine(who: &str) -> bool {
    let lower = who.to_ascii_lowercase();
    lower.ends_with("[bot]")
        || lower.ends_with("-bot")
        || lower.starts_with("svc-")
        || lower.ends_with(".gserviceaccount.com")
        || lower.starts_with("service-account")
        || lower.contains("noreply")
}

/// A source says that this is no person.
fn called_machine(subject: &Subject, who: &str) -> bool {
    let mut all = subject.rows.iter().flat_map(|told| &told.row.associates);
    all.any(|known| known.machine && known.who.eq_ignore_ascii_case(who.trim()))
}

fn candidates(subject: &Subject, world: &World<'_>, owner: Option<&str>) -> Vec<OwnerCandidate> {
    let mut all: Vec<OwnerCandidate> = Vec::new();
    let mut add = |who: &str, why: String, confidence| {
        if is_machine(who) || called_machine(subject, who) {
            return;
        }
        // Who left cannot own it, and is a trace all the same; their manager knows who took over.
        let left = world
            .people
            .and_then(|people| people.find(who))
            .filter(|person| person.state == PersonState::Inactive);
        let mut push = |who: &str, why: String, confidence| {
            if !all.iter().any(|known| known.who.eq_ignore_ascii_case(who)) {
                all.push(OwnerCandidate {
                    who: who.to_owned(),
                    why,
                    confidence,
                });
            }
        };
        match left {
            None => push(who, why, confidence),
            Some(person) => {
                if let Some(manager) = person.manager.as_deref() {
                    let manages = format!("manager of {who}, who left; {why}");
                    push(manager, manages, Confidence::Medium);
                }
                push(who, format!("{why}; left"), Confidence::Low);
            }
        }
    };
    for told in &subject.rows {
        for associate in told.row.associates.iter().filter(|a| !a.machine) {
            add(
                &associate.who,
                format!("{} ({})", associate.why, told.source),
                Confidence::High,
            );
        }
    }
    for system in &subject.systems {
        let depends = system
            .criticality
            .as_deref()
            .map_or_else(String::new, |how| format!(", business criticality {how}"));
        for (who, does) in [(&system.owner, "owns"), (&system.manager, "manages")] {
            if let Some(who) = who {
                let why = format!("{does} {}{depends} ({})", system.name, system.source);
                add(who, why, Confidence::Medium);
            }
        }
    }
    for sighting in &subject.sightings {
        for who in &sighting.code_owners {
            add(
                who,
                format!("CODEOWNERS of {}", sighting.path),
                Confidence::Medium,
            );
        }
    }
    for (name, value) in subject.rows.iter().flat_map(|told| &told.row.tags) {
        if matches!(
            name.to_ascii_lowercase().as_str(),
            "owner" | "team" | "contact" | "created_by"
        ) && !value.trim().is_empty()
        {
            add(value.trim(), format!("tag {name}"), Confidence::Medium);
        }
    }
    if let Some(owner) = owner {
        let left = world
            .people
            .and_then(|people| people.find(owner))
            .is_some_and(|person| person.state == PersonState::Inactive);
        if left {
            add(
                owner,
                "declared or inferred owner".to_owned(),
                Confidence::Medium,
            );
        }
    }
    all
}

/// Whom it was issued to, who uses it and who holds it.
pub(super) fn parties(subject: &Subject, kind: Option<&Credential>, ballot: &mut Ballot) {
    for told in &subject.rows {
        if let Some(issued) = told
            .row
            .issued_to
            .filter(|issued| *issued != IssuedTo::Unknown)
        {
            ballot.say(FactName::IssuedTo, issued.word(), told.basis, &told.source);
        }
    }
    if let Some(issued) = kind
        .and_then(|kind| kind.issued_to.as_ref())
        .and_then(|fact| fact.value)
        .filter(|i| *i != IssuedTo::Unknown)
    {
        ballot.say(
            FactName::IssuedTo,
            issued.word(),
            Basis::Inferred,
            "the nature of this kind of key",
        );
    }
    let at = |person: bool| {
        subject
            .sightings
            .iter()
            .find(|sighting| match (sighting.purpose, sighting.runtime) {
                (Some(Purpose::HumanUse), _) => person,
                (_, Some(Runtime::Laptop) | None) => false,
                (_, Some(_)) => !person,
            })
    };
    let used_by = match (at(true), at(false)) {
        (Some(_), Some(place)) => Some(("both", place)),
        (Some(place), None) => Some(("person", place)),
        (None, Some(place)) => Some(("workload", place)),
        (None, None) => None,
    };
    if let Some((who, place)) = used_by {
        ballot.say(
            FactName::UsedBy,
            who,
            Basis::Inferred,
            format!("seen in {}/{}", place.source, place.path),
        );
    }
    if let Some(place) = subject
        .sightings
        .iter()
        .find(|sighting| sighting.fingerprint.is_some())
    {
        ballot.say(
            FactName::HeldBy,
            "us",
            Basis::Observed,
            format!("a copy in {}/{}", place.source, place.path),
        );
    }
}
