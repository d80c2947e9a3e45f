use super::*;
use crate::{
    assessment::{BlastRadius, SCHEMA, Summary, SunsetNote, VerdictAnswer},
    explain,
    facts::{Case, ReplacementOption},
    key::Told,
    note::FactNote,
    place::Purpose,
    policy::Policy,
    shared::Shared,
};
use proptest::prelude::*;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn today() -> Day {
    day("2026-11-23")
}

fn key(verdict: Verdict, level: Level) -> Key {
    let policy = Policy::builtin();
    let case = Case::parse(r#"{"id":"k"}"#, today()).unwrap();
    let mut outcome = explain::answer(&case, &policy, "", today()).outcome;
    outcome.level = level;
    outcome.urgency = Urgency::Planned;
    outcome.then = None;
    Key {
        id: "k".into(),
        provider: "aws".into(),
        credential: None,
        key_id: None,
        name: Some("deploy".into()),
        hint: None,
        fingerprint: None,
        account: None,
        owner: Told::unknown(),
        system: Told::unknown(),
        created_at: Told::unknown(),
        last_used: Told::unknown(),
        expires_at: Told::unknown(),
        purpose: Purpose::Unknown,
        blast_radius: BlastRadius {
            level,
            set_by: outcome.set_by,
            factors: vec![],
            nearest_change: None,
        },
        options: vec![],
        verdict: VerdictAnswer {
            id: verdict,
            outcome,
        },
        controls: vec![],
        owner_candidates: vec![],
        sightings: vec![],
        facts: BTreeMap::new(),
        disputes: vec![],
        merged: vec![],
        runtimes: vec![],
        note: None,
        sunsets: vec![],
    }
}

fn assessment(keys: Vec<Key>) -> Assessment {
    Assessment {
        schema: SCHEMA.into(),
        title: "t".into(),
        complete: true,
        today: today(),
        policy: String::new(),
        policy_version: String::new(),
        keys,
        coverage: vec![],
        unmerged: vec![],
        skipped: vec![],
        summary: Summary {
            keys: 0,
            living: 0,
            providers: 0,
            endless: 0,
            signed: 0,
            better_way: 0,
            change_production: 0,
            high: 0,
            by_verdict: BTreeMap::new(),
            by_level: BTreeMap::new(),
            sources_whole: 0,
            sources: 0,
            files: 0,
            dismissed: BTreeMap::new(),
            notes: vec![],
            changes: vec![],
        },
    }
}

fn excepted(mut key: Key, until: &str) -> Key {
    key.facts.insert(
        "exception".into(),
        FactNote {
            value: serde_json::json!({ "approved_until": until }).into(),
            basis: Basis::Declared,
            source: "facts.toml".into(),
        }
        .into(),
    );
    key
}

#[test]
fn only_what_is_enforced_ends_a_key() {
    let expires = |text: &str, basis| {
        let mut key = key(Verdict::Replaceable, Level::B2);
        key.expires_at = Told::new(day(text), basis, "s");
        key.verdict.outcome.due = Some(day("2026-12-24"));
        end(&key, today()).map(|(day, by)| (day.to_string(), by))
    };
    let until = Some(("2027-02-01".to_owned(), Enforcer::Expiry));
    assert_eq!(expires("2027-02-01", Basis::Observed), until);
    assert_eq!(expires("2027-02-01", Basis::Declared), until);
    assert_eq!(expires("2027-02-01", Basis::Inferred), None);
    assert_eq!(expires("2026-11-23", Basis::Observed), None, "is past");

    let unapplied = excepted(key(Verdict::Unowned, Level::B3), "2027-02-01");
    assert_eq!(
        end(&unapplied, today()),
        None,
        "an unowned key is never excepted"
    );
}

#[test]
fn fills_follow_verdict_gate_and_signature() {
    let of = |key: &Key| fill(key, today());
    let gate = |then| {
        let mut key = key(Verdict::HumanUse, Level::B2);
        key.verdict.outcome.then = Some(then);
        key
    };
    assert_eq!(of(&key(Verdict::Exposed, Level::B4)), Fill::ToBeEnded);
    assert_eq!(of(&key(Verdict::Later, Level::B4)), Fill::BetterWay);
    assert_eq!(of(&gate(Verdict::Replaceable)), Fill::BetterWay);
    assert_eq!(of(&gate(Verdict::Constrain)), Fill::ToBeEnded);
    let mut open = gate(Verdict::Replaceable);
    open.verdict.id = Verdict::ExposureOpen;
    assert_eq!(of(&open), Fill::ToBeEnded);

    let covered = |verdict| {
        let mut key = excepted(key(verdict, Level::B2), "2027-02-01");
        key.verdict.outcome.urgency = Urgency::Covered;
        key
    };
    assert_eq!(of(&covered(Verdict::Later)), Fill::TimeBoxed);
    assert_eq!(of(&covered(Verdict::Irreplaceable)), Fill::SignedPermanent);
    assert_eq!(of(&key(Verdict::Irreplaceable, Level::B2)), Fill::ToBeEnded);
    assert_eq!(of(&key(Verdict::Minor, Level::B1)), Fill::ToBeEnded);
}

#[test]
fn unknown_age_begins_today_and_revoked_keys_are_not_drawn() {
    let horizon = Horizon::of(
        &assessment(vec![
            key(Verdict::Exposed, Level::B4),
            key(Verdict::ProvenRevoked, Level::B4),
        ]),
        None,
    );
    assert_eq!((horizon.living, horizon.closed), (1, 1));
    assert_eq!(horizon.points.get(TODAY), Some(&today()));
    assert_eq!(horizon.tally(TODAY - 1).unknown_age, 1);
    assert_eq!(horizon.tally(TODAY).standing, 1);
    assert!(horizon.points.len() <= 81, "at most 80 steps");
}

#[test]
fn sunsets_are_flags_and_the_previous_assessment_an_outline() {
    let mut one = key(Verdict::Replaceable, Level::B3);
    one.sunsets = vec![Shared::new(SunsetNote {
        effect: "refused".into(),
        on: "2027-03".into(),
        whom: None,
        source: "s".into(),
    })];
    let now = assessment(vec![one.clone(), one]);
    let mut then = assessment(vec![key(Verdict::Unowned, Level::B3); 5]);
    then.today = day("2026-08-23");
    let horizon = Horizon::of(&now, Some(&then));
    let flag = horizon.flags.first().unwrap();
    assert_eq!((flag.day, flag.keys), (day("2027-03-01"), 2));
    let b3 = horizon.rows.get(1).unwrap().outline.as_ref().unwrap();
    assert_eq!((b3.get(TODAY - 4), b3.get(TODAY)), (Some(&0), Some(&5)));
}

fn any_key() -> impl Strategy<Value = Key> {
    (
        proptest::sample::select(Verdict::ALL),
        proptest::sample::select(Level::ALL),
        proptest::option::of(-4000i64..400),
        proptest::option::of((-400i64..900, proptest::sample::select(Basis::ALL))),
        proptest::option::of((-100i64..900, any::<bool>())),
        proptest::option::of(proptest::sample::select(Verdict::ALL)),
    )
        .prop_map(|(verdict, level, created, expires, exception, then)| {
            let mut key = key(verdict, level);
            if let Some(days) = created {
                key.created_at = Told::new(today().plus(days), Basis::Observed, "s");
            }
            if let Some((days, basis)) = expires {
                key.expires_at = Told::new(today().plus(days), basis, "s");
            }
            if let Some((days, covered)) = exception {
                key = excepted(key, &today().plus(days).to_string());
                if covered {
                    key.verdict.outcome.urgency = Urgency::Covered;
                }
            }
            key.verdict.outcome.then = then;
            key.verdict.outcome.to = Some(ReplacementOption::Gateway);
            key
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counts_add_up_to_the_living_at_every_point(keys in proptest::collection::vec(any_key(), 0..400)) {
        let horizon = Horizon::of(&assessment(keys), None);
        for point in 0..horizon.points.len() {
            let Tally { standing, not_yet, ended, unknown_age } = horizon.tally(point);
            prop_assert_eq!(standing + not_yet + ended + unknown_age, horizon.living);
        }
        prop_assert_eq!(horizon.tally(TODAY).standing, horizon.living);
    }

    #[test]
    fn no_key_is_lost_or_drawn_twice(keys in proptest::collection::vec(any_key(), 0..400)) {
        let assessment = assessment(keys);
        let horizon = Horizon::of(&assessment, None);
        let mut drawn: Vec<usize> = horizon.rows.iter().flat_map(|row| &row.spans).map(|span| span.key).collect();
        drawn.sort_unstable();
        let living: Vec<usize> = (0..assessment.keys.len())
            .filter(|at| is_living(&assessment.keys[*at]))
            .collect();
        prop_assert_eq!(drawn, living);
        for row in &horizon.rows {
            prop_assert_eq!(row.areas.iter().map(|area| area.keys).sum::<u64>(), row.keys());
            for area in &row.areas {
                let before = area.standing.iter().take(TODAY);
                prop_assert!(before.clone().zip(before.skip(1)).all(|(a, b)| a <= b), "only grows before today");
                let after = area.standing.iter().skip(TODAY);
                prop_assert!(after.clone().zip(after.skip(1)).all(|(a, b)| a >= b), "only shrinks after today");
            }
        }
    }
}
