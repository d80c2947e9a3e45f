//! Controls, each evaluated from evidence. What no evidence speaks of is unknown, never met.

use crate::{
    assessment::{ControlNote, ControlState},
    attest::Attestation,
    catalog::{Credential, Scoping, SourceRule},
    classify::Level,
    control::Control,
    day::Day,
    decide::Judgement,
    explain::FactName,
    facts::{Facts, LastUsed, OwnerState, Privilege, Publishable, Spend},
    infer::{Inferred, Subject},
    key::Basis,
    place::{Part, PlaceKind},
    policy::Policy,
};

/// What the evaluation reads.
#[derive(Clone, Copy)]
pub struct Evidence<'e> {
    /// Rows and sightings.
    pub subject: &'e Subject,
    /// The facts and how they came about.
    pub inferred: &'e Inferred,
    /// The kind in the catalogue.
    pub kind: Option<&'e Credential>,
    /// What was last signed of it in a campaign.
    pub attested: Option<&'e Attestation>,
    /// Numbers.
    pub policy: &'e Policy,
    /// The clock reading.
    pub today: Day,
}

/// Evaluates every control that the judgement asks for.
#[must_use]
pub fn evaluate(judgement: &Judgement, evidence: Evidence<'_>) -> Vec<ControlNote> {
    judgement
        .controls
        .controls()
        .map(|id| {
            let Finding { state, since, why } = one(id, judgement.radius.level, evidence);
            ControlNote {
                id,
                state,
                since,
                why,
            }
        })
        .collect()
}

struct Finding {
    state: ControlState,
    since: Option<Day>,
    why: String,
}

fn met(why: impl Into<String>) -> Finding {
    Finding {
        state: ControlState::Met,
        since: None,
        why: why.into(),
    }
}

fn failing(why: impl Into<String>) -> Finding {
    Finding {
        state: ControlState::Failing,
        since: None,
        why: why.into(),
    }
}

fn failing_since(since: Option<Day>, why: impl Into<String>) -> Finding {
    Finding {
        since,
        ..failing(why)
    }
}

fn unknown(why: impl Into<String>) -> Finding {
    Finding {
        state: ControlState::Unknown,
        since: None,
        why: why.into(),
    }
}

fn holds(fact: bool, yes: &str, no: &str) -> Finding {
    if fact { met(yes) } else { failing(no) }
}

fn one(id: Control, level: Level, evidence: Evidence<'_>) -> Finding {
    let facts: &Facts = &evidence.inferred.facts;
    let today = evidence.today;
    let signed = facts
        .exception
        .and_then(|exception| exception.approved_until)
        .is_some_and(|until| until > today);
    match id {
        Control::OwnerActive => owner(facts, evidence.inferred, today),
        Control::ManagedStorageVerified => storage(evidence.subject),
        Control::LeastScope => scope(facts, evidence.kind),
        Control::Rotation => rotation(level, evidence),
        Control::OffboardingTrigger => {
            if !facts.is_owned(today) {
                failing("no accountable owner whose leaving could start its retirement")
            } else if evidence.inferred.system.value.is_none() {
                failing("bound to no system whose end could start its retirement")
            } else {
                unknown("owner and system are known; whether their end starts anything is not")
            }
        }
        Control::ExposureMonitoring => {
            if evidence
                .subject
                .sightings
                .iter()
                .any(|s| s.fingerprint.is_some())
                || evidence
                    .subject
                    .rows
                    .iter()
                    .any(|r| r.row.fingerprint.is_some())
            {
                unknown("its fingerprint is known; this was one look, not a watch")
            } else {
                failing("its secret was never seen, so a copy of it would not be recognised")
            }
        }
        Control::UsageKnown => match (facts.last_used, evidence.inferred.last_used.basis) {
            (LastUsed { offered: true, .. }, Basis::Observed) => met("the provider tells last use"),
            (LastUsed { offered: true, .. }, _) => unknown("last use is declared, not observed"),
            _ => failing("no source tells its last use"),
        },
        Control::Attested => match evidence.attested {
            None => unknown("no confirmation by its owner is on record"),
            Some(signed) => {
                let days = &evidence.policy.evidence.attestation_days;
                let (state, why) = signed.control(level, days, today);
                Finding {
                    state,
                    since: None,
                    why,
                }
            }
        },
        Control::SourceRestriction => {
            let cannot = evidence
                .kind
                .and_then(|kind| kind.source_restriction.as_ref())
                .is_some_and(|fact| fact.value == Some(SourceRule::None));
            if facts.source_restricted {
                met("declared: restricted to a source or workload")
            } else if cannot {
                failing("its provider cannot tie this kind of key to a source; a gateway can")
            } else {
                failing("nothing says that it is restricted to a source or workload")
            }
        }
        Control::RevocationDrill => {
            let days = evidence.policy.evidence.revocation_drill_days;
            let fresh = Policy::fresh(facts.revocation_drill_passed_on, days, today);
            holds(
                fresh,
                "a drill passed within its interval",
                "no revocation drill passed within its interval",
            )
        }
        Control::BreakGlassDrill => {
            let days = evidence.policy.evidence.break_glass_drill_days;
            let fresh = Policy::fresh(facts.revocation_drill_passed_on, days, today);
            holds(
                fresh,
                "a drill passed within its interval",
                "no drill passed within its interval",
            )
        }
        Control::Isolation => holds(
            facts.isolated,
            "declared: one consumer or one gateway route, one tenant",
            "nothing says that it is isolated",
        ),
        Control::EnhancedMonitoring => holds(
            facts.monitored,
            "declared: each use is recorded",
            "nothing says that each use is recorded",
        ),
        Control::FormalRiskAcceptance => holds(
            signed,
            "an exception is approved",
            "nobody has signed for it",
        ),
        Control::ScheduledReview => holds(
            signed,
            "its exception ends on a day ahead",
            "no review date is set",
        ),
        Control::NotInAgentContext => {
            let seen = evidence.subject.sightings.iter().find(|sighting| {
                sighting.part == Part::Secret && sighting.kind == PlaceKind::AgentConfig
            });
            match seen {
                Some(place) => failing(format!(
                    "the agent can read it in {}/{}",
                    place.source, place.path
                )),
                None => unknown("no copy was seen in what an agent reads; that is no proof"),
            }
        }
        Control::SpendOrRateLimit => match facts.spend {
            Spend::None | Spend::Capped => met("its spend is capped or there is none"),
            Spend::Uncapped => failing("its spend has no cap"),
            Spend::Unknown => unknown("whether its spend has a cap is not known"),
        },
        Control::RestrictionVerified => {
            let read = evidence.inferred.notes.get(&FactName::Publishable);
            match (facts.publishable, read.map(|note| note.basis)) {
                (Publishable::Restricted, Some(Basis::Observed)) => {
                    met("its provider says that it is restricted to origin, app or API")
                }
                (Publishable::Restricted, _) => {
                    unknown("declared restricted; not read back from its provider")
                }
                _ => failing("its restriction was not read back from the provider"),
            }
        }
        Control::MigrationPlan => failing("no plan with steps, owner and date is on record"),
        Control::ThirdPartyTerms => {
            unknown("contract, contact and the time to be told of a breach are not on record")
        }
        Control::PerAgentKey => unknown("whether only one agent uses it is not known"),
        Control::UseBaselineAlert | Control::UseAlert => {
            unknown("no alert on unexpected use is on record")
        }
        Control::SealedStorage | Control::TwoPersonRelease => unknown("no evidence is on record"),
    }
}

fn owner(facts: &Facts, inferred: &Inferred, today: Day) -> Finding {
    let who = inferred.owner.value.as_deref().unwrap_or("nobody");
    if facts.is_owned(today) {
        return met(match facts.owner {
            OwnerState::Active => format!("{who} is accountable"),
            OwnerState::OnLeave => format!("{who} is accountable, and on leave"),
            OwnerState::Inactive | OwnerState::None => "its backup owner is accountable".to_owned(),
        });
    }
    let left = facts.owner_until.filter(|until| *until <= today);
    failing_since(
        left,
        match facts.owner {
            OwnerState::Inactive => format!("{who} left without a successor"),
            _ if left.is_some() => format!("{who} left without a successor"),
            _ => "nobody is accountable".to_owned(),
        },
    )
}

fn storage(subject: &Subject) -> Finding {
    let plain = subject
        .sightings
        .iter()
        .find(|sighting| sighting.part == Part::Secret);
    match plain {
        Some(place) => failing(format!(
            "a copy stands outside any managed store, in {}/{}",
            place.source, place.path
        )),
        None => unknown("no managed store was read"),
    }
}

fn scope(facts: &Facts, kind: Option<&Credential>) -> Finding {
    let unscoped = kind
        .and_then(|kind| kind.scoping.as_ref())
        .is_some_and(|fact| fact.value == Some(Scoping::None));
    if unscoped {
        failing("its provider cannot scope this kind of key")
    } else if facts.privilege == Privilege::Admin {
        failing("it can do everything; no declared need says that it has to")
    } else {
        unknown("the declared need is not on record")
    }
}

fn rotation(level: Level, evidence: Evidence<'_>) -> Finding {
    let interval = evidence.policy.evidence.rotation_days.at(level);
    match evidence.inferred.created_at.value {
        None => unknown("when it was made is not known"),
        Some(made) => {
            let until = made.plus(interval);
            if until >= evidence.today {
                met(format!("made on {made}; the interval is {interval} days"))
            } else {
                failing_since(
                    Some(until),
                    format!("made on {made}; the interval is {interval} days"),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests;
