//! The dates on which vendors end kinds of keys, soonest first, and the keys of an assessment that each hits.

use serde::Serialize;
use std::cmp::Reverse;
use tenure_model::{
    assessment::{Assessment, Key},
    catalog::{Credential, Grade, Provider, Sunset, SunsetEffect},
    day::Day,
    horizon::{is_living, label},
};

/// One date of the catalogue.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct SunsetDate {
    /// The provider's slug.
    pub provider: String,
    /// What people call the provider.
    pub provider_name: String,
    /// The kind of key.
    pub kind: String,
    /// What people call the kind.
    pub kind_name: String,
    /// Whether no more can be made, or existing ones stop working.
    pub effect: SunsetEffect,
    /// `YYYY-MM-DD`, or `YYYY-MM` where the vendor names no day.
    pub on: String,
    /// The whole day, or the whole month, is behind us.
    pub past: bool,
    /// Which keys of the kind; absent: all.
    pub whom: Option<String>,
    /// The living keys of that kind in the assessment: all that it hits, or where `whom` is there, all that it
    /// may hit. Absent where there is no assessment: not known, never none.
    pub keys: Option<Vec<HitKey>>,
    /// The page or file that says so.
    pub source: Option<String>,
    /// The day on which it was read.
    pub read_on: Option<Day>,
    /// How well it is known.
    pub basis: Option<Grade>,
    /// The words it rests on.
    pub words: Option<String>,
    /// What a reader should know.
    pub note: Option<String>,
}

/// A key that a date hits.
#[derive(Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct HitKey {
    /// Its id in the assessment.
    pub id: String,
    /// The name that a reader knows it by.
    pub label: String,
}

/// Every date of the catalogue: those ahead of `today` soonest first, then the past ones, latest first.
#[must_use]
pub fn dates(
    providers: &[Provider],
    assessment: Option<&Assessment>,
    today: Day,
) -> Vec<SunsetDate> {
    let mut dates: Vec<SunsetDate> = providers
        .iter()
        .flat_map(|provider| {
            provider
                .credentials
                .iter()
                .map(move |kind| (provider, kind))
        })
        .flat_map(|(provider, kind)| kind.sunsets.iter().map(move |one| (provider, kind, one)))
        .map(|(provider, kind, sunset)| SunsetDate {
            provider: provider.provider.clone(),
            provider_name: provider.name.clone(),
            kind: kind.kind.clone(),
            kind_name: kind.name.clone(),
            effect: sunset.effect,
            on: sunset.on.clone(),
            past: is_past(&sunset.on, today),
            whom: sunset.whom.clone(),
            keys: assessment.map(|told| hit(told, provider, kind, sunset)),
            source: sunset.evidence.source.clone(),
            read_on: sunset.evidence.read_on,
            basis: sunset.evidence.basis,
            words: sunset.evidence.words.clone(),
            note: sunset.evidence.note.clone(),
        })
        .collect();
    dates.sort_by(|a, b| {
        let ahead = a.past.cmp(&b.past);
        let on = if a.past {
            Reverse(&a.on).cmp(&Reverse(&b.on))
        } else {
            a.on.cmp(&b.on)
        };
        ahead
            .then(on)
            .then_with(|| a.provider.cmp(&b.provider))
            .then_with(|| a.kind.cmp(&b.kind))
            .then_with(|| a.whom.cmp(&b.whom))
    });
    dates
}

/// A day is past once it is over, a month once it is over; ISO dates compare as text.
fn is_past(on: &str, today: Day) -> bool {
    let today = today.to_string();
    today
        .get(..on.len())
        .is_some_and(|as_exactly| on < as_exactly)
}

fn hit(
    assessment: &Assessment,
    provider: &Provider,
    kind: &Credential,
    sunset: &Sunset,
) -> Vec<HitKey> {
    let noted = |key: &Key| {
        key.sunsets.iter().any(|note| {
            note.effect == sunset.effect.word() && note.on == sunset.on && note.whom == sunset.whom
        })
    };
    assessment
        .keys
        .iter()
        .filter(|key| key.provider == provider.provider && is_living(key))
        .filter(|key| match &key.credential {
            Some(known) => *known == kind.kind,
            // A key of which no source tells the kind was judged as the only kind of its provider.
            None => noted(key),
        })
        .map(|key| HitKey {
            id: key.id.clone(),
            label: label(key),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> Provider {
        let sunset = |on: &str, effect: &str, more: &str| {
            format!(
                "[[credential.sunset]]\neffect = \"{effect}\"\non = \"{on}\"\n{more}source = \"https://acme.example\"\n\
                 read_on = \"2026-11-26\"\nbasis = \"reported\"\n\n"
            )
        };
        let text = [
            "schema = \"tenure.provider/1\"\nprovider = \"acme\"\nname = \"Acme\"\ncategory = \"test\"\n\n\
             [[credential]]\nkind = \"api_key\"\nname = \"API key\"\nstands_on = \"static\"\n\n"
                .to_owned(),
            sunset("2026-11-25", "refused", ""),
            sunset("2027-01", "no_new", "whom = \"old ones\"\n"),
            sunset("2026-11-26", "refused", ""),
            sunset("2026-10", "refused", ""),
            sunset("2026-11", "refused", ""),
            sunset("2027-01-01", "no_new", ""),
        ]
        .concat();
        Provider::parse("acme.toml", &text).unwrap()
    }

    #[test]
    fn soonest_first_and_the_past_behind() {
        let today: Day = "2026-11-26".parse().unwrap();
        let order: Vec<(String, bool)> = dates(&[provider()], None, today)
            .into_iter()
            .map(|one| (one.on, one.past))
            .collect();
        let expected = [
            ("2026-11", false),
            ("2026-11-26", false),
            ("2027-01", false),
            ("2027-01-01", false),
            ("2026-11-25", true),
            ("2026-10", true),
        ];
        let expected = expected.map(|(on, past)| (on.to_owned(), past));
        assert_eq!(order, expected);
    }

    #[test]
    fn without_an_assessment_nobody_knows_which_keys() {
        let today: Day = "2026-11-26".parse().unwrap();
        assert!(
            dates(&[provider()], None, today)
                .iter()
                .all(|one| one.keys.is_none())
        );
    }
}
