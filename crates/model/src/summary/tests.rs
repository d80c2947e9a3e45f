use super::*;
use crate::{
    key::{Basis, Told},
    sample,
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

fn keys() -> impl Strategy<Value = Vec<Key>> {
    let all = sample::one_of_each();
    vec(
        (select(all), select(&["acme", "unknown", "zeta"][..])),
        0..24,
    )
    .prop_map(|picked| {
        picked
            .into_iter()
            .enumerate()
            .map(|(nth, ((_, facts), provider))| {
                let mut key = sample::key(&format!("k{nth:02}"), &facts);
                key.provider = provider.to_owned();
                key.name = Some(format!("name {}", nth % 3));
                key
            })
            .collect()
    })
}

fn ids(keys: &[Key]) -> Vec<&str> {
    keys.iter().map(|key| key.id.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_does_not_depend_on_the_order_before(
        pair in keys().prop_flat_map(|keys| (Just(keys.clone()), Just(keys).prop_shuffle()))
    ) {
        let (mut one, mut other) = pair;
        sort(&mut one);
        sort(&mut other);
        prop_assert_eq!(ids(&one), ids(&other));
        let again = ids(&one).join(" ");
        sort(&mut one);
        prop_assert_eq!(ids(&one).join(" "), again);
    }

    #[test]
    fn the_most_urgent_come_first(mut keys in keys()) {
        sort(&mut keys);
        let urgency = |key: &Key| key.verdict.outcome.urgency;
        prop_assert!(keys.is_sorted_by_key(|key| Urgency::ALL.iter().position(|u| *u == urgency(key))
            // Covered and done come last, in the order of the words.
            .unwrap_or(usize::MAX)));
        let same_urgency = keys.windows(2).filter(|two| urgency(&two[0]) == urgency(&two[1]));
        for two in same_urgency {
            let due = |key: &Key| key.verdict.outcome.due;
            prop_assert!(due(&two[0]).is_some() || due(&two[1]).is_none());
            if let (Some(a), Some(b)) = (due(&two[0]), due(&two[1])) {
                prop_assert!(a <= b);
            }
        }
    }

    #[test]
    fn counts_add_up(mut keys in keys()) {
        sort(&mut keys);
        let summary = summarise(&keys, &[], sample::today());
        let all = u64::try_from(keys.len()).unwrap();
        prop_assert_eq!(summary.keys, all);
        prop_assert_eq!(summary.by_verdict.values().sum::<u64>(), all);
        prop_assert_eq!(summary.by_level.values().sum::<u64>(), all);
        let closed = summary.by_verdict.get(&Verdict::ProvenRevoked).copied().unwrap_or(0);
        prop_assert_eq!(summary.living, all - closed);
        for part in [summary.endless, summary.signed, summary.better_way, summary.change_production, summary.high] {
            prop_assert!(part <= summary.living);
        }
        let mut ended: Vec<&str> = Vec::new();
        for change in &summary.changes {
            prop_assert!(!change.keys.is_empty());
            prop_assert!(change.high <= u64::try_from(change.keys.len()).unwrap());
            ended.extend(change.keys.iter().map(String::as_str));
        }
        let distinct: BTreeSet<&str> = ended.iter().copied().collect();
        prop_assert_eq!(distinct.len(), ended.len(), "one key is counted in two changes");
        prop_assert!(summary.changes.is_sorted_by_key(|c| (std::cmp::Reverse(c.high), std::cmp::Reverse(c.keys.len()))));
    }
}

#[test]
fn only_an_enforced_end_ends_a_key() {
    let count = |key: &Key| summarise(std::slice::from_ref(key), &[], sample::today()).endless;
    // A computed due date ends nothing.
    let due = sample::key("k", &sample::facts(&json!({"isolated": false})));
    assert!(due.verdict.outcome.due.is_some());
    assert_eq!(count(&due), 1);

    let expires = |day: &str, basis| {
        let mut key = due.clone();
        key.expires_at = Told::new(day.parse().unwrap(), basis, "x");
        count(&key)
    };
    assert_eq!(expires("2027-01-01", Basis::Observed), 0);
    assert_eq!(expires("2027-01-01", Basis::Inferred), 1);
    assert_eq!(expires("2026-11-23", Basis::Observed), 1, "it has passed");

    let excepted = |until: &str| {
        let exception = json!({"isolated": false, "exception": {"approved_until": until}});
        count(&sample::key("k", &sample::facts(&exception)))
    };
    assert_eq!(excepted("2027-01-01"), 0);
    assert_eq!(excepted("2026-11-23"), 1, "it has expired");
}

#[test]
fn an_exception_that_is_not_allowed_signs_for_nothing() {
    let exception = json!({"exception": {"approved_until": "2027-01-01"}, "owner": "none"});
    let key = sample::key("k", &sample::facts(&exception));
    let summary = summarise(&[key], &[], sample::today());
    assert_eq!((summary.signed, summary.endless), (0, 1));
}

#[test]
fn a_closed_key_is_counted_once_and_lives_nowhere() {
    let closed = sample::key("k", &sample::facts(&json!({"proof": "P2"})));
    let summary = summarise(&[closed], &[], sample::today());
    assert_eq!(
        (summary.keys, summary.living, summary.endless, summary.high),
        (1, 0, 0, 0)
    );
    assert!(summary.changes.is_empty());
}

fn part(source: &str, state: CoverageState) -> Coverage {
    Coverage {
        source: source.to_owned(),
        part: "keys".to_owned(),
        state,
        reason: None,
        rows: None,
        hash: None,
    }
}

#[test]
fn a_source_is_whole_only_where_no_part_of_it_is_missing() {
    let whole = |parts: &[Coverage]| {
        let summary = summarise(&[], parts, sample::today());
        (summary.sources_whole, summary.sources)
    };
    let a = |state| part("a", state);
    assert_eq!(
        whole(&[a(CoverageState::Complete), a(CoverageState::NotOffered)]),
        (1, 1)
    );
    // A 403 is "not covered", never "none".
    assert_eq!(whole(&[a(CoverageState::NotCovered)]), (0, 1));
    assert_eq!(
        whole(&[a(CoverageState::Complete), a(CoverageState::Partial)]),
        (0, 1)
    );
    assert_eq!(
        whole(&[
            a(CoverageState::NotCovered),
            part("b", CoverageState::Complete)
        ]),
        (1, 2)
    );
}

#[test]
fn keys_of_unknown_providers_are_of_no_provider() {
    let mut key = sample::key("k", &sample::facts(&json!({})));
    key.provider = "unknown".to_owned();
    assert_eq!(summarise(&[key], &[], sample::today()).providers, 0);
}
