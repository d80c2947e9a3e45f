//! The reason for a verdict in one line.

use super::text;
use serde_json::Value;
use tenure_model::{
    assessment::Key,
    explain::{Because, FactName},
    facts::Verdict,
    place::Audience,
};

/// The one fact that a reader has to know, as a sentence without its full stop.
pub(super) fn main(key: &Key) -> String {
    let outcome = &key.verdict.outcome;
    let find = |name: FactName| outcome.because.iter().find(|b| b.fact == name.word());
    let text = |name: FactName| find(name).map(|because| text::visible(&because.text));
    let first = |names: &[FactName], bad: &[&str]| {
        names
            .iter()
            .filter_map(|name| find(*name))
            .find(|because| is_one_of(because, bad))
            .map(|because| text::visible(&because.text))
    };
    let found = match key.verdict.id {
        Verdict::ProvenRevoked => text(FactName::Proof),
        Verdict::Exposed | Verdict::ExposureOpen => copy(key).or_else(|| text(FactName::Exposure)),
        Verdict::NoLongerNeeded => first(
            &[
                FactName::Status,
                FactName::Integration,
                FactName::Issuer,
                FactName::Holder,
                FactName::Consumers,
            ],
            &["inactive", "refused", "retired", "ended", "0"],
        ),
        Verdict::Unused => text(FactName::LastUsed),
        Verdict::Unowned => match find(FactName::OwnerUntil) {
            Some(until) if !until.value.is_null() => text(FactName::OwnerUntil),
            _ => text(FactName::Owner),
        },
        Verdict::HumanUse | Verdict::BorrowedIdentity => {
            match (text(FactName::IssuedTo), text(FactName::UsedBy)) {
                (Some(issued), Some(used)) => Some(format!("{issued}, {used}")),
                (issued, used) => issued.or(used),
            }
        }
        Verdict::Public => text(FactName::Publishable),
        Verdict::Replaceable | Verdict::Later => outcome.to.and_then(|option| {
            let fact = format!("options.{}", option.word());
            let because = outcome.because.iter().find(|b| b.fact == fact);
            because.map(|because| text::visible(&because.text))
        }),
        Verdict::Unassessed => first(&OPTIONS, &["unknown"]),
        Verdict::Minor => Some("nothing better exists, and little is at stake".to_owned()),
        Verdict::SharedTooWidely => text(FactName::CustomerTenants)
            .filter(|_| {
                find(FactName::CustomerTenants)
                    .and_then(|b| b.value.as_u64())
                    .is_some_and(|n| n >= 2)
            })
            .or_else(|| text(FactName::EnvironmentsShared)),
        Verdict::Constrain => first(
            &[
                FactName::Isolated,
                FactName::Monitored,
                FactName::CustomerTenants,
                FactName::EnvironmentsShared,
            ],
            &["false", "null"],
        )
        .or_else(|| text(FactName::RevocationDrillPassedOn)),
        Verdict::Irreplaceable => {
            Some("nothing better exists; it is bounded, isolated and monitored".to_owned())
        }
    };
    // What it counts for belongs to the level, and which option to take to what is to be done.
    let found = found.unwrap_or_default();
    let short = found.strip_suffix("; the one to take").unwrap_or(&found);
    let short = short.split(": reach counts").next().unwrap_or(short);
    let short = short.split(": never below").next().unwrap_or(short);
    short.to_owned()
}

const OPTIONS: [FactName; 4] = [
    FactName::WorkloadIdentityFederation,
    FactName::PrivateKeyJwtOrMtls,
    FactName::OauthClientSecret,
    FactName::VendorShortLived,
];

fn is_one_of(because: &Because, words: &[&str]) -> bool {
    let word = match &because.value {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    };
    words.contains(&word.as_str())
}

/// The copy with the widest audience.
fn copy(key: &Key) -> Option<String> {
    let width = |audience: Audience| match audience {
        Audience::Public => 5,
        Audience::Unknown => 4,
        Audience::Organisation => 3,
        Audience::Repository => 2,
        Audience::Machine => 1,
        Audience::You => 0,
    };
    let widest = key
        .sightings
        .iter()
        .max_by_key(|sighting| width(sighting.audience))?;
    if width(widest.audience) == 0 {
        return None;
    }
    let line = widest.line.map_or_else(String::new, |n| format!(":{n}"));
    let who = match widest.audience {
        Audience::Unknown => "nobody knows who can read it".to_owned(),
        known => format!("readable by {known}"),
    };
    Some(format!("{}{line}, {who}", text::brief(&widest.path, 70)))
}
