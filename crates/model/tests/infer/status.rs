//! Row "status, P1": the provider's state in a complete listing of the same account.

use crate::build::*;
use std::collections::BTreeSet;
use tenure_model::{
    explain::FactName,
    facts::{Proof, Status, Verdict},
    identity::{Known, Listing, merge},
    infer::SourcedRow,
    key::{Basis, Row, When},
};

fn inactive(row: &mut Row) {
    row.status = Some(Status::Inactive);
}

#[test]
fn a_whole_listing_that_says_inactive_is_the_first_grade_of_proof() {
    for status in [Status::Inactive, Status::Refused] {
        let facts = scene().observed(|row| row.status = Some(status)).facts();
        assert_eq!((facts.status, facts.proof), (status, Proof::P1));
    }
    let facts = scene()
        .observed(|row| row.status = Some(Status::Active))
        .facts();
    assert_eq!(facts.proof, Proof::None);
}

#[test]
fn a_listing_that_is_not_whole_proves_nothing() {
    let scene = scene().observed_in_part(inactive);
    assert_eq!(scene.facts().status, Status::Inactive);
    assert_eq!(scene.facts().proof, Proof::None);
    let without_probe = scene.declares(FactName::ProbePossible, false);
    assert_ne!(without_probe.judged().verdict, Verdict::ProvenRevoked);
}

#[test]
fn a_declaration_never_proves_anything() {
    for word in ["P0", "P1", "P2", "P3"] {
        let file = scene().declares(FactName::Proof, word);
        let table = scene().tabled(|row| {
            row.declared.insert(FactName::Proof, word.into());
        });
        for scene in [file, table] {
            let scene = scene.declares(FactName::ProbePossible, false);
            assert_eq!(scene.facts().proof, Proof::None, "{word}");
            assert_ne!(scene.judged().verdict, Verdict::ProvenRevoked, "{word}");
        }
    }
    let spreadsheet = scene().tabled(inactive);
    assert_eq!(spreadsheet.facts().proof, Proof::None);
}

#[test]
fn a_spreadsheet_that_calls_itself_whole_proves_nothing_either() {
    let mut scene = scene().tabled(inactive);
    scene.subject.rows[0].complete = true;
    assert_eq!(scene.facts().proof, Proof::None);
}

#[test]
fn a_provider_that_says_active_is_not_proved_revoked_by_another_of_its_answers() {
    let active = |row: &mut Row| row.status = Some(Status::Active);
    for scene in [
        scene().observed(inactive).observed(active),
        scene().observed(active).observed(inactive),
        scene().observed(inactive).observed_in_part(active),
    ] {
        let scene = scene.declares(FactName::ProbePossible, false);
        assert_eq!(scene.facts().proof, Proof::None);
        assert_ne!(scene.judged().verdict, Verdict::ProvenRevoked);
        assert!(scene.infer().disputes.iter().any(|d| d.fact == "status"));
    }
}

#[test]
fn what_a_spreadsheet_says_of_the_state_gives_way_to_the_provider() {
    let scene = scene()
        .observed(inactive)
        .tabled(|row| row.status = Some(Status::Active));
    assert_eq!(scene.facts().status, Status::Inactive);
}

#[test]
fn absence_from_a_whole_listing_proves_as_much_as_is_to_be_had() {
    let mut gone = scene().tabled(|row| row.key_id = Some("KEYID-000000001".to_owned()));
    gone.subject.absent_from = Some("keys.json".to_owned());
    assert_eq!(gone.facts().proof, Proof::P1);
    assert!(!gone.facts().probe_possible);
    assert_eq!(gone.judged().verdict, Verdict::ProvenRevoked);
    // With the secret at hand a probe is possible, and asked for.
    let held = gone.seen("a.env", |_| {});
    assert!(held.facts().probe_possible);
    assert_ne!(held.judged().verdict, Verdict::ProvenRevoked);
}

#[test]
fn an_observed_end_that_has_come_means_refused_and_proves_nothing() {
    let ends = |text: &str| scene().observed(|row| row.expires = When::On(day(text)));
    assert_eq!(ends("2026-11-23").facts().status, Status::Refused);
    assert_eq!(ends("2026-11-23").facts().proof, Proof::None);
    assert_eq!(ends("2026-11-24").facts().status, Status::Unknown);
    let hoped = scene().tabled(|row| row.expires = When::On(day("2026-01-01")));
    assert_eq!(hoped.facts().status, Status::Unknown);
}

fn known(id: &str, account: Option<&str>) -> SourcedRow {
    SourcedRow {
        row: Row {
            provider: "acme".to_owned(),
            credential: Some("api_key".to_owned()),
            account: account.map(str::to_owned),
            key_id: Some(id.to_owned()),
            ..Row::default()
        },
        source: "sheet.csv".to_owned(),
        basis: Basis::Declared,
        complete: false,
    }
}

fn listing(account: &str, credential: &str, ids: &[&str]) -> Listing {
    Listing {
        source: format!("{account}.json"),
        provider: "acme".to_owned(),
        credential: credential.to_owned(),
        account: account.to_owned(),
        key_ids: ids
            .iter()
            .map(|id| (*id).to_owned())
            .collect::<BTreeSet<_>>(),
    }
}

fn absent(row: SourcedRow, listings: &[Listing]) -> Option<String> {
    let (known, _): (Vec<Known>, _) = merge(vec![row], Vec::new(), listings);
    known[0].subject.absent_from.clone()
}

#[test]
fn only_the_listing_of_the_keys_own_account_and_kind_can_miss_it() {
    let key = "KEYID-000000001";
    let row = || known(key, Some("one"));
    assert_eq!(
        absent(row(), &[listing("one", "api_key", &["other"])]).as_deref(),
        Some("one.json")
    );
    for (name, row, listings) in [
        (
            "it is listed",
            row(),
            vec![listing("one", "api_key", &[key])],
        ),
        (
            "another account",
            row(),
            vec![listing("two", "api_key", &[])],
        ),
        ("another kind", row(), vec![listing("one", "token", &[])]),
        (
            "no account is known",
            known(key, None),
            vec![listing("one", "api_key", &[])],
        ),
        ("no listing", row(), vec![]),
        (
            "one of two listings names it",
            row(),
            vec![
                listing("one", "api_key", &[]),
                listing("one", "api_key", &[key]),
            ],
        ),
    ] {
        assert_eq!(absent(row, &listings), None, "{name}");
    }
}
