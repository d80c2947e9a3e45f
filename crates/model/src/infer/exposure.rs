//! Exposure: the audience of each place against who may use the key.

use super::{Ballot, Subject, declarations_of};
use crate::{
    catalog::{Credential, YesNo},
    explain::FactName,
    facts::Exposure,
    key::Basis,
    place::{Audience, Liveness, Part, Sighting},
};

/// What one copy means: the strongest of them counts, and a declaration may add to it, never take away.
pub(super) fn exposure(subject: &Subject, ballot: &mut Ballot) {
    let seen = subject.sightings.iter().filter_map(|sighting| {
        of(sighting).map(|exposure| (exposure, Basis::Observed, place(sighting)))
    });
    let declared = declarations_of(subject, FactName::Exposure).filter_map(|(value, source)| {
        let exposure: Exposure = value.as_str()?.parse().ok()?;
        (exposure != Exposure::None).then(|| (exposure, Basis::Declared, source.to_owned()))
    });
    let worst = seen
        .chain(declared)
        .reduce(|worst, one| if one.0 > worst.0 { one } else { worst });
    if let Some((exposure, basis, source)) = worst {
        ballot.say(FactName::Exposure, exposure.word(), basis, source);
    }
}

/// What a single sighting is. A public id opens nothing, and a copy that is refused is no exposure.
fn of(sighting: &Sighting) -> Option<Exposure> {
    if sighting.part == Part::KeyId || sighting.liveness == Liveness::Refused {
        return None;
    }
    match sighting.audience {
        Audience::You => None,
        Audience::Machine | Audience::Repository | Audience::Organisation => {
            Some(Exposure::Internal)
        }
        Audience::Public => Some(Exposure::Confirmed),
        Audience::Unknown => Some(Exposure::Suspected),
    }
}

fn place(sighting: &Sighting) -> String {
    let line = sighting
        .line
        .map_or_else(String::new, |line| format!(":{line}"));
    format!(
        "{}/{}{line}, readable by {}",
        sighting.source, sighting.path, sighting.audience
    )
}

/// Public by design: restricted only once the restriction was read back, so never by the kind alone. A kind that
/// its vendor calls secret is not made public by a word.
pub(super) fn publishable(subject: &Subject, kind: Option<&Credential>, ballot: &mut Ballot) {
    let fact = kind.and_then(|kind| kind.publishable.as_ref());
    let declared: Vec<_> = declarations_of(subject, FactName::Publishable).collect();
    if let Some(fact) = fact
        && fact.value == Some(YesNo::No)
        && !declared.is_empty()
    {
        let source = fact.evidence.source.clone().unwrap_or_default();
        ballot.say(
            FactName::Publishable,
            "no",
            Basis::Declared,
            format!("its vendor, {source}"),
        );
    }
    for (value, source) in declared {
        ballot.say(
            FactName::Publishable,
            value.clone(),
            Basis::Declared,
            source,
        );
    }
    if let Some(fact) = fact
        && fact.value == Some(YesNo::Yes)
    {
        let source = fact.evidence.source.clone().unwrap_or_default();
        ballot.say(
            FactName::Publishable,
            "unrestricted",
            Basis::Inferred,
            format!("catalogue: {source}"),
        );
    }
}
