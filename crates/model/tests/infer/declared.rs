//! Rows "isolated, monitored, …" and "since": what only a person can say, and what no person can.

use crate::build::*;
use serde_json::json;
use tenure_model::{
    declare,
    explain::FactName,
    facts::{Exception, Verdict},
    infer::{World, infer},
    key::Basis,
};

#[test]
fn a_facts_file_declares_what_no_source_shows() {
    let scene = scene().file(|declaration| {
        for fact in [
            FactName::Isolated,
            FactName::Monitored,
            FactName::SourceRestricted,
            FactName::TenantSplit,
            FactName::GatewayFronted,
        ] {
            declaration.values.insert(fact, json!(true));
        }
        declaration
            .values
            .insert(FactName::RevocationDrillPassedOn, json!("2026-11-01"));
        declaration
            .values
            .insert(FactName::Exception, json!({"approved_until": "2027-01-01"}));
    });
    let facts = scene.facts();
    assert!(facts.isolated && facts.monitored && facts.source_restricted);
    assert!(facts.tenant_split && facts.gateway_fronted);
    assert_eq!(facts.revocation_drill_passed_on, Some(day("2026-11-01")));
    assert_eq!(
        facts.exception,
        Some(Exception {
            approved_until: Some(day("2027-01-01"))
        })
    );
    for (fact, note) in &scene.infer().notes {
        if note.source.starts_with("facts.toml") {
            assert_eq!(note.basis, Basis::Declared, "{fact}");
        }
    }
}

#[test]
fn none_of_it_is_ever_inferred() {
    let facts = scene()
        .observed(|row| row.name = Some("isolated monitored gateway".to_owned()))
        .seen("k8s/a.yaml", |_| {})
        .facts();
    assert!(!facts.isolated && !facts.monitored && !facts.source_restricted);
    assert!(!facts.tenant_split && !facts.gateway_fronted);
    assert_eq!(facts.revocation_drill_passed_on, None);
    assert_eq!(facts.exception, None);
}

#[test]
fn a_value_that_the_contract_does_not_know_or_a_future_day_is_an_error() {
    for (fact, value) in [
        (FactName::Status, json!("fine")),
        (FactName::Isolated, json!("yes")),
        (FactName::RevocationDrillPassedOn, json!("2026-11-24")),
        (FactName::CreatedAt, json!("2090-01-01")),
    ] {
        let scene = scene().declares(fact, value.clone());
        let world = World {
            people: None,
            today: today(),
        };
        let error = infer(&scene.subject, None, &world).unwrap_err();
        assert!(error.to_string().contains(fact.word()), "{error}");
    }
}

fn since(verdict: Verdict, days: &[&str]) -> Scene {
    days.iter().fold(scene(), |scene, text| {
        scene.file(|declaration| declaration.since.push((verdict, day(text))))
    })
}

#[test]
fn of_several_days_on_which_a_finding_began_the_earliest_counts() {
    for days in [["2026-09-01", "2026-10-01"], ["2026-10-01", "2026-09-01"]] {
        let inferred = since(Verdict::Unowned, &days).infer();
        assert_eq!(inferred.since.of(Verdict::Unowned), Some(day("2026-09-01")));
    }
}

#[test]
fn a_table_may_say_since_when_and_the_earliest_day_counts_there_too() {
    let scene = since(Verdict::Unowned, &["2026-10-01"]).tabled(|row| {
        row.tags
            .insert("since.unowned".to_owned(), "2026-08-01".to_owned());
        row.tags
            .insert("since.fun".to_owned(), "2026-01-01".to_owned());
        row.tags
            .insert("since.unused".to_owned(), "soon".to_owned());
    });
    let inferred = scene.infer();
    assert_eq!(inferred.since.of(Verdict::Unowned), Some(day("2026-08-01")));
    assert_eq!(inferred.since.of(Verdict::Unused), None);
}

#[test]
fn a_day_ahead_never_moves_a_deadline_later() {
    let ahead = since(Verdict::Unowned, &["2027-06-01"]).tabled(|row| {
        row.tags
            .insert("since.unowned".to_owned(), "2028-01-01".to_owned());
    });
    let (plain, ahead) = (scene().infer(), ahead.infer());
    let without = due(&plain.facts, &plain.since);
    assert!(without.is_some());
    assert!(due(&ahead.facts, &ahead.since) <= without);
}

#[test]
fn a_facts_file_with_a_finding_that_begins_ahead_is_refused() {
    let text = "[[key]]\nname='x'\nsince={unowned=2027-01-01}\n";
    let error = declare::parse("f.toml", text, today()).unwrap_err();
    assert!(error.at.contains("key[0].since"), "{error}");
}

#[test]
fn disagreements_are_shown() {
    let scene = scene()
        .declares(FactName::Data, "internal")
        .declares(FactName::Data, "restricted");
    let disputes = scene.infer().disputes;
    assert!(disputes.iter().any(|d| d.fact == "data"
        && d.taken.contains("internal")
        && d.also.contains("restricted")));
}

#[test]
fn what_a_configuration_database_declares_about_a_system_is_declared_about_its_keys() {
    use tenure_model::{
        facts::{DataClass, Integration},
        note::Confidence,
        system::System,
    };
    let shop = |data, retired| System {
        source: "cmdb.json /result/0".to_owned(),
        name: "Web shop".to_owned(),
        owner: Some("ann@acme.example".to_owned()),
        manager: Some("svc-cmdb".to_owned()),
        criticality: Some("1 - most critical".to_owned()),
        data,
        retired,
        ..System::default()
    };
    let mut scene = scene().observed(|row| row.system = Some("web-shop".to_owned()));
    scene.subject.systems = vec![
        shop(Some(DataClass::Internal), true),
        shop(Some(DataClass::Restricted), false),
    ];
    let inferred = scene.infer();
    assert_eq!(inferred.facts.data, DataClass::Restricted, "the strictest");
    let mut second = shop(Some(DataClass::Restricted), false);
    second.source = "cmdb.json /result/2".to_owned();
    let mut both = scene.clone();
    both.subject.systems.push(second);
    let source = &both.infer().notes[&FactName::Data].source;
    assert_eq!(source, "cmdb.json /result/0", "of two as strict, the first");
    assert_eq!(scene.basis(FactName::Data), Some(Basis::Declared));
    assert_eq!(
        inferred.facts.integration,
        Integration::Live,
        "one of two systems of that name still runs"
    );
    assert_eq!(inferred.owner.value, None, "a candidate is no owner");
    let candidates: Vec<_> = inferred
        .owner_candidates
        .iter()
        .map(|c| (c.who.as_str(), c.confidence))
        .collect();
    assert_eq!(candidates, [("ann@acme.example", Confidence::Medium)]);
    assert!(inferred.owner_candidates[0].why.contains("most critical"));

    // What is declared about the key itself counts more.
    let own = scene
        .clone()
        .declares(FactName::Data, "confidential")
        .infer();
    assert_eq!(own.facts.data, DataClass::Confidential);

    scene.subject.systems = vec![shop(None, true)];
    assert_eq!(scene.facts().integration, Integration::Retired);
    assert_eq!(scene.facts().data, DataClass::Unknown);
}

#[test]
fn a_finding_may_have_begun_today_and_not_ahead() {
    let of = |text: &str| {
        since(Verdict::Unowned, &[text])
            .infer()
            .since
            .of(Verdict::Unowned)
    };
    assert_eq!(of("2026-11-23"), Some(today()));
    assert_eq!(of("2026-11-24"), None);
}
