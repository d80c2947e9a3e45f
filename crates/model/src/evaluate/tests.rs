use super::*;
use crate::{
    decide::judge,
    explain::FactName,
    facts::{BackupOwner, Exception, ReplacementOption, Since},
    infer::{Declaration, SourcedRow, World, infer},
    key::{Row, When},
    level,
    place::{Audience, Liveness, Sighting},
    sample,
    secret::{Pepper, Secret},
};
use serde_json::{Value, json};

/// Every control of a key with this evidence, required or not.
fn all(subject: &Subject, inferred: &Inferred) -> Vec<ControlNote> {
    let policy = Policy::builtin();
    let evidence = Evidence {
        subject,
        inferred,
        kind: None,
        attested: None,
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
                attested: None,
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

/// What is found on one control.
fn found(
    subject: &Subject,
    inferred: &Inferred,
    kind: Option<&Credential>,
    id: Control,
) -> Finding {
    let policy = Policy::builtin();
    let evidence = Evidence {
        subject,
        inferred,
        kind,
        attested: None,
        policy: &policy,
        today: sample::today(),
    };
    one(id, level::Level::B4, evidence)
}

#[track_caller]
fn says(finding: &Finding, state: ControlState, why: &str) {
    assert_eq!(finding.state, state, "{}", finding.why);
    assert!(finding.why.contains(why), "{}", finding.why);
}

fn copy(kind: PlaceKind, part: Part) -> Subject {
    let seen = Sighting {
        source: "repo".to_owned(),
        kind,
        path: "agent.json".to_owned(),
        line: Some(1),
        audience: Audience::You,
        audience_why: "a test".to_owned(),
        liveness: Liveness::NotChecked,
        part,
        provider: "acme".to_owned(),
        credential: "api_key".to_owned(),
        key_id: None,
        fingerprint: (part == Part::Secret)
            .then(|| Pepper::new([7; 32]).fingerprint(&Secret::new(b"one key"))),
        hint: None,
        variable: None,
        runtime: None,
        purpose: None,
        privileged_path: None,
        environment: None,
        commit: None,
        code_owners: Vec::new(),
        test_mode: false,
    };
    Subject {
        sightings: vec![seen],
        ..Subject::default()
    }
}

/// A kind of which the catalogue knows this one fact.
fn kind(fact: &str, value: &str) -> Credential {
    let text = format!(
        "schema='tenure.provider/1'\nprovider='acme'\nname='Acme'\ncategory='test'\n\
         [[credential]]\nkind='api_key'\nname='API key'\nstands_on='static'\nnames=['ACME_KEY']\n\
         [credential.{fact}]\nvalue='{value}'\nsource='https://acme.example'\nread_on='2026-11-01'\nbasis='documented'\n"
    );
    let mut provider = crate::catalog::Provider::parse("acme.toml", &text).unwrap();
    provider.credentials.remove(0)
}

#[test]
fn an_end_starts_a_retirement_only_where_owner_and_system_are_known() {
    let of = |owner, system: Option<&str>| {
        let mut inferred = Inferred::nothing();
        inferred.facts.owner = owner;
        inferred.system.value = system.map(str::to_owned);
        found(
            &Subject::default(),
            &inferred,
            None,
            Control::OffboardingTrigger,
        )
    };
    let failing = ControlState::Failing;
    says(
        &of(OwnerState::None, Some("shop")),
        failing,
        "no accountable owner",
    );
    says(&of(OwnerState::Active, None), failing, "bound to no system");
    says(
        &of(OwnerState::Active, Some("shop")),
        ControlState::Unknown,
        "whether their end",
    );
}

#[test]
fn a_copy_can_be_recognised_once_its_fingerprint_is_known() {
    let of = |subject: &Subject| {
        found(
            subject,
            &Inferred::nothing(),
            None,
            Control::ExposureMonitoring,
        )
    };
    let print = Pepper::new([7; 32]).fingerprint(&Secret::new(b"one key"));
    let listed = row(Basis::Observed, |row| row.fingerprint = Some(print));
    let seen = copy(PlaceKind::Source, Part::Secret);
    says(&of(&listed), ControlState::Unknown, "one look");
    says(&of(&seen), ControlState::Unknown, "one look");
    let id_alone = copy(PlaceKind::Source, Part::KeyId);
    says(&of(&id_alone), ControlState::Failing, "never seen");
    says(
        &of(&row(Basis::Observed, |_| {})),
        ControlState::Failing,
        "never seen",
    );
}

#[test]
fn what_the_provider_cannot_do_is_told_from_what_nobody_did() {
    let of =
        |kind: Option<&Credential>, id| found(&Subject::default(), &Inferred::nothing(), kind, id);
    let failing = ControlState::Failing;
    let untied = kind("source_restriction", "none");
    says(
        &of(Some(&untied), Control::SourceRestriction),
        failing,
        "its provider cannot",
    );
    let tied = kind("source_restriction", "ip_allowlist");
    says(
        &of(Some(&tied), Control::SourceRestriction),
        failing,
        "nothing says",
    );
    says(
        &of(None, Control::SourceRestriction),
        failing,
        "nothing says",
    );
    let unscoped = kind("scoping", "none");
    says(
        &of(Some(&unscoped), Control::LeastScope),
        failing,
        "cannot scope",
    );
    let scoped = kind("scoping", "fine");
    says(
        &of(Some(&scoped), Control::LeastScope),
        ControlState::Unknown,
        "declared need",
    );
    let (subject, admin) = with(&[(FactName::Privilege, json!("admin"))]);
    let wide = found(&subject, &admin, Some(&scoped), Control::LeastScope);
    says(&wide, failing, "it can do everything");
}

#[test]
fn only_a_secret_in_an_agents_configuration_is_in_its_context() {
    let of = |subject: &Subject, id| found(subject, &Inferred::nothing(), None, id);
    let agent = copy(PlaceKind::AgentConfig, Part::Secret);
    let elsewhere = copy(PlaceKind::Source, Part::Secret);
    let id_alone = copy(PlaceKind::AgentConfig, Part::KeyId);
    let id = Control::NotInAgentContext;
    says(&of(&agent, id), ControlState::Failing, "repo/agent.json");
    says(
        &of(&elsewhere, id),
        ControlState::Unknown,
        "no copy was seen",
    );
    says(
        &of(&id_alone, id),
        ControlState::Unknown,
        "no copy was seen",
    );
    let id = Control::ManagedStorageVerified;
    says(
        &of(&elsewhere, id),
        ControlState::Failing,
        "repo/agent.json",
    );
    says(
        &of(&id_alone, id),
        ControlState::Unknown,
        "no managed store",
    );
}

#[test]
fn a_restriction_counts_where_the_provider_says_so() {
    let of = |publishable, basis: Option<Basis>| {
        let mut inferred = Inferred::nothing();
        inferred.facts.publishable = publishable;
        if let Some(basis) = basis {
            let note = crate::note::FactNote {
                value: json!("restricted").into(),
                basis,
                source: "list.json".to_owned(),
            };
            inferred.notes.insert(FactName::Publishable, note);
        }
        found(
            &Subject::default(),
            &inferred,
            None,
            Control::RestrictionVerified,
        )
    };
    let restricted = Publishable::Restricted;
    says(
        &of(restricted, Some(Basis::Observed)),
        ControlState::Met,
        "its provider says",
    );
    says(
        &of(restricted, Some(Basis::Declared)),
        ControlState::Unknown,
        "not read back",
    );
    says(
        &of(restricted, None),
        ControlState::Unknown,
        "not read back",
    );
    let open = of(Publishable::Unrestricted, Some(Basis::Observed));
    says(&open, ControlState::Failing, "was not read back");
}

#[test]
fn who_is_accountable_is_said_of_every_state() {
    let of = |owner, backup, until: Option<&str>| {
        let mut inferred = Inferred::nothing();
        inferred.owner.value = Some("ada@x.example".to_owned());
        inferred.facts.owner = owner;
        inferred.facts.backup_owner = backup;
        inferred.facts.owner_until = until.map(|day| day.parse().unwrap());
        found(&Subject::default(), &inferred, None, Control::OwnerActive)
    };
    let (met, failing) = (ControlState::Met, ControlState::Failing);
    let none = BackupOwner::None;
    says(
        &of(OwnerState::Active, none, None),
        met,
        "ada@x.example is accountable",
    );
    says(&of(OwnerState::OnLeave, none, None), met, "on leave");
    says(
        &of(OwnerState::Inactive, BackupOwner::Active, None),
        met,
        "its backup owner",
    );
    says(
        &of(OwnerState::Inactive, none, None),
        failing,
        "ada@x.example left",
    );
    says(
        &of(OwnerState::Active, none, Some("2026-11-01")),
        failing,
        "ada@x.example left",
    );
    says(
        &of(OwnerState::None, none, None),
        failing,
        "nobody is accountable",
    );
}
