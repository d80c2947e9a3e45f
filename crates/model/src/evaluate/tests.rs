use super::*;
use crate::{
    decide::judge,
    explain::FactName,
    facts::{Exception, ReplacementOption, Since},
    infer::{Declaration, SourcedRow, World, infer},
    key::{Row, When},
    level, sample,
};
use serde_json::{Value, json};

/// Every control of a key with this evidence, required or not.
fn all(subject: &Subject, inferred: &Inferred) -> Vec<ControlNote> {
    let policy = Policy::builtin();
    let evidence = Evidence {
        subject,
        inferred,
        kind: None,
        policy: &policy,
        today: sample::today(),
    };
    Control::ALL
        .iter()
        .map(|id| {
            let Finding { state, since, why } = one(*id, level::Level::B4, evidence);
            ControlNote {
                id: *id,
                state,
                since,
                why,
            }
        })
        .collect()
}

fn state(notes: &[ControlNote], id: Control) -> ControlState {
    notes.iter().find(|note| note.id == id).unwrap().state
}

fn with(values: &[(FactName, Value)]) -> (Subject, Inferred) {
    let subject = Subject {
        declarations: vec![Declaration {
            source: "facts.toml".to_owned(),
            values: values.iter().cloned().collect(),
            ..Declaration::default()
        }],
        ..Subject::default()
    };
    let inferred = inferred(&subject);
    (subject, inferred)
}

fn inferred(subject: &Subject) -> Inferred {
    let world = World {
        people: None,
        today: sample::today(),
    };
    infer(subject, None, &world).unwrap()
}

fn row(basis: Basis, change: impl FnOnce(&mut Row)) -> Subject {
    let mut row = Row::default();
    change(&mut row);
    Subject {
        rows: vec![SourcedRow {
            row,
            source: "list.json".to_owned(),
            basis,
            complete: true,
        }],
        ..Subject::default()
    }
}

#[test]
fn what_no_evidence_speaks_of_is_never_met() {
    for note in all(&Subject::default(), &Inferred::nothing()) {
        assert_ne!(note.state, ControlState::Met, "{}: {}", note.id, note.why);
        assert!(!note.why.is_empty(), "{}", note.id);
    }
}

#[test]
fn one_piece_of_evidence_meets_no_more_than_what_it_speaks_of() {
    let day = json!("2026-11-20");
    let cases: [(FactName, Value, &[Control]); 9] = [
        (FactName::Isolated, json!(true), &[Control::Isolation]),
        (
            FactName::Monitored,
            json!(true),
            &[Control::EnhancedMonitoring],
        ),
        (
            FactName::SourceRestricted,
            json!(true),
            &[Control::SourceRestriction],
        ),
        (
            FactName::Spend,
            json!("capped"),
            &[Control::SpendOrRateLimit],
        ),
        (
            FactName::RevocationDrillPassedOn,
            day.clone(),
            &[Control::BreakGlassDrill, Control::RevocationDrill],
        ),
        (
            FactName::Exception,
            json!({"approved_until": "2027-01-01"}),
            &[Control::FormalRiskAcceptance, Control::ScheduledReview],
        ),
        (FactName::CreatedAt, day.clone(), &[Control::Rotation]),
        // Said, not observed: last use and the provider's restriction.
        (FactName::LastUsed, json!({"offered": true, "at": day}), &[]),
        (FactName::Publishable, json!("restricted"), &[]),
    ];
    for (fact, value, expected) in cases {
        let (subject, inferred) = with(&[(fact, value)]);
        let met: Vec<Control> = all(&subject, &inferred)
            .into_iter()
            .filter(|note| note.state == ControlState::Met)
            .map(|note| note.id)
            .collect();
        assert_eq!(met, expected, "{fact}");
    }
}

#[test]
fn usage_is_known_only_from_the_provider() {
    let used = |basis| {
        let subject = row(basis, |row| row.last_used = When::On(sample::today()));
        state(&all(&subject, &inferred(&subject)), Control::UsageKnown)
    };
    assert_eq!(used(Basis::Observed), ControlState::Met);
    assert_eq!(used(Basis::Declared), ControlState::Unknown);
    let silent = row(Basis::Observed, |_| {});
    assert_eq!(
        state(&all(&silent, &inferred(&silent)), Control::UsageKnown),
        ControlState::Failing
    );
}

#[test]
fn rotation_fails_from_the_day_on_which_its_interval_ran_out() {
    let made = |text: &str| {
        let subject = row(Basis::Observed, |row| {
            row.created = When::On(text.parse().unwrap());
        });
        let notes = all(&subject, &inferred(&subject));
        let note = notes
            .into_iter()
            .find(|n| n.id == Control::Rotation)
            .unwrap();
        (note.state, note.since.map(|day| day.to_string()))
    };
    // B4: 30 days.
    assert_eq!(made("2026-10-24"), (ControlState::Met, None));
    assert_eq!(
        made("2026-10-23"),
        (ControlState::Failing, Some("2026-11-22".to_owned()))
    );
}

#[test]
fn a_signature_counts_until_the_day_before_it_ends() {
    let signed = |until: &str| {
        let mut inferred = Inferred::nothing();
        inferred.facts.exception = Some(Exception {
            approved_until: Some(until.parse().unwrap()),
        });
        state(
            &all(&Subject::default(), &inferred),
            Control::FormalRiskAcceptance,
        )
    };
    assert_eq!(signed("2026-11-24"), ControlState::Met);
    assert_eq!(signed("2026-11-23"), ControlState::Failing);
}

#[test]
fn an_owner_who_left_fails_since_that_day() {
    let mut inferred = Inferred::nothing();
    inferred.facts.owner = OwnerState::Active;
    assert_eq!(
        state(&all(&Subject::default(), &inferred), Control::OwnerActive),
        ControlState::Met
    );
    let left = "2026-06-30".parse().unwrap();
    inferred.facts.owner_until = Some(left);
    let notes = all(&Subject::default(), &inferred);
    let note = notes.iter().find(|n| n.id == Control::OwnerActive).unwrap();
    assert_eq!(
        (note.state, note.since),
        (ControlState::Failing, Some(left))
    );
}

#[test]
fn exactly_the_required_controls_are_evaluated_for_every_verdict() {
    let policy = Policy::builtin();
    for (verdict, facts) in sample::one_of_each() {
        let case = crate::facts::Case::parse(&facts.to_string(), sample::today()).unwrap();
        let judgement = judge(&case.facts, &Since::default(), &policy, sample::today());
        let inferred = Inferred {
            facts: case.facts,
            ..Inferred::nothing()
        };
        let notes = evaluate(
            &judgement,
            Evidence {
                subject: &Subject::default(),
                inferred: &inferred,
                kind: None,
                policy: &policy,
                today: sample::today(),
            },
        );
        let asked: Vec<Control> = judgement.controls.controls().collect();
        let answered: Vec<Control> = notes.iter().map(|note| note.id).collect();
        assert_eq!(asked, answered, "{verdict}");
    }
    assert_eq!(ReplacementOption::REPLACING.len(), 4);
}
