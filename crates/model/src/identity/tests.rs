use super::*;
use crate::{
    day::Day,
    facts::Status,
    key::Row,
    place::{Audience, Liveness, PlaceKind},
    secret::{Fingerprint, Pepper, Secret},
};

fn row(source: &str, set: impl FnOnce(&mut Row)) -> SourcedRow {
    let mut row = Row {
        provider: "aws".into(),
        credential: Some("iam_access_key".into()),
        account: Some("111122223333".into()),
        ..Row::default()
    };
    set(&mut row);
    SourcedRow {
        row,
        source: source.into(),
        basis: Basis::Observed,
        complete: true,
    }
}

fn print(of: &str) -> Fingerprint {
    Pepper::new([7; 32]).fingerprint(&Secret::new(of.as_bytes()))
}

fn seen(path: &str, id: Option<&str>, secret: Option<&str>) -> Sighting {
    Sighting {
        source: "web".into(),
        kind: PlaceKind::EnvFile,
        path: path.into(),
        line: Some(1),
        audience: Audience::You,
        audience_why: String::new(),
        liveness: Liveness::NotChecked,
        part: if secret.is_some() {
            Part::Secret
        } else {
            Part::KeyId
        },
        provider: "aws".into(),
        credential: "iam_access_key".into(),
        key_id: id.map(str::to_owned),
        fingerprint: secret.map(print),
        hint: None,
        variable: None,
        runtime: None,
        purpose: None,
        privileged_path: None,
        environment: None,
        commit: None,
        code_owners: vec![],
        test_mode: false,
    }
}

const ID: &str = "AKIAQYLPMN5HFIQR7XYA";

fn slot(row: &mut Row, user: &str, nth: u8, second: i64) {
    row.slot = Some(format!("{user} slot {nth}"));
    row.created_second = Some(second);
    row.created = When::On(Day::from_unix_seconds(second));
}

fn listed(row: &mut Row, user: &str, id: &str, second: i64) {
    row.name = Some(user.into());
    row.key_id = Some(id.into());
    row.created_second = Some(second);
    row.created = When::On(Day::from_unix_seconds(second));
}

#[test]
fn one_id_is_one_key_wherever_it_stands() {
    let rows = vec![
        row("list", |r| r.key_id = Some(ID.into())),
        row("sheet", |r| {
            r.key_id = Some(ID.into());
            r.credential = None;
        }),
    ];
    let (keys, pairs) = merge(rows, vec![seen(".env", Some(ID), Some("s"))], &[]);
    assert_eq!((keys.len(), pairs.len()), (1, 0));
    assert_eq!(keys[0].merged.len(), 2);
    assert_eq!(keys[0].merged[1].by, JoinedBy::StandsBeside);
}

#[test]
fn short_ids_of_two_accounts_are_two_keys() {
    let of = |account: &str| {
        row("list", |r| {
            r.key_id = Some("1".into());
            r.account = Some(account.into());
        })
    };
    assert_eq!(merge(vec![of("a"), of("b")], vec![], &[]).0.len(), 2);
    assert_eq!(merge(vec![of("a"), of("a")], vec![], &[]).0.len(), 1);
}

#[test]
fn the_same_secret_in_two_places_is_one_key() {
    let (keys, _) = merge(
        vec![],
        vec![
            seen("a", None, Some("s")),
            seen("b", None, Some("s")),
            seen("c", None, Some("t")),
        ],
        &[],
    );
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0].subject.sightings.len(), 2);
}

#[test]
fn a_secret_beside_two_ids_belongs_to_neither_and_is_listed() {
    let (keys, pairs) = merge(
        vec![row("list", |r| r.key_id = Some(ID.into()))],
        vec![
            seen("a", Some(ID), Some("s")),
            seen("b", Some("AKIAQYLPMN5HFIQR7XYB"), Some("s")),
        ],
        &[],
    );
    assert_eq!(keys.len(), 2);
    assert_eq!(pairs.len(), 1);
}

#[test]
fn slot_and_creation_time_join_with_a_stated_confidence() {
    let rows = |shift: i64| {
        vec![
            row("report", |r| slot(r, "ci", 1, 1_700_000_000)),
            row("report", |r| slot(r, "ci", 2, 1_600_000_000)),
            row("list", |r| listed(r, "ci", ID, 1_700_000_000 + shift)),
            row("list", |r| {
                listed(r, "ci", "AKIAQYLPMN5HFIQR7XYB", 1_600_000_000)
            }),
        ]
    };
    let (keys, pairs) = merge(rows(1), vec![], &[]);
    assert_eq!((keys.len(), pairs.len()), (2, 0));
    assert_eq!(keys[0].key_id.as_deref(), Some(ID));
    assert!(keys.iter().all(|key| key.merged.len() == 1
        && key.merged[0].by == JoinedBy::SlotAndCreation
        && key.merged[0].confidence == Confidence::High));
    let (keys, _) = merge(rows(60), vec![], &[]);
    assert_eq!(keys[0].merged[0].confidence, Confidence::Medium);
    // Made at another time: the pair stays apart, and is listed.
    let (keys, pairs) = merge(rows(10 * 86_400), vec![], &[]);
    assert_eq!(keys.len(), 3);
    assert!(!pairs.is_empty());
}

#[test]
fn two_ids_of_one_second_stay_apart_and_are_listed() {
    let (keys, pairs) = merge(
        vec![
            row("report", |r| slot(r, "ci", 1, 1_700_000_000)),
            row("list", |r| listed(r, "ci", ID, 1_700_000_000)),
            row("list", |r| {
                listed(r, "ci", "AKIAQYLPMN5HFIQR7XYB", 1_700_000_000)
            }),
        ],
        vec![],
        &[],
    );
    assert_eq!((keys.len(), pairs.len()), (3, 2));
}

#[test]
fn of_two_ids_of_one_second_the_state_tells() {
    let of = |status| {
        move |r: &mut Row, slot_of: Option<u8>, id: &str| {
            match slot_of {
                Some(nth) => slot(r, "ci", nth, 1_700_000_000),
                None => listed(r, "ci", id, 1_700_000_000),
            }
            r.status = Some(status);
        }
    };
    let (active, inactive) = (of(Status::Active), of(Status::Inactive));
    let second = "AKIAQYLPMN5HFIQR7XYB";
    let rows = |other: &dyn Fn(&mut Row, Option<u8>, &str)| {
        vec![
            row("report", |r| active(r, Some(1), "")),
            row("report", |r| other(r, Some(2), "")),
            row("list", |r| active(r, None, ID)),
            row("list", |r| other(r, None, second)),
        ]
    };
    let (keys, pairs) = merge(rows(&inactive), vec![], &[]);
    assert_eq!((keys.len(), pairs.len()), (2, 0));
    assert!(keys.iter().all(|key| {
        let states: BTreeSet<_> = key
            .subject
            .rows
            .iter()
            .map(|told| told.row.status)
            .collect();
        key.merged[0].confidence == Confidence::Medium && states.len() == 1
    }));
    // Where both are in the same state, nothing tells.
    let (keys, pairs) = merge(rows(&active), vec![], &[]);
    assert_eq!((keys.len(), pairs.len()), (4, 4));
}

#[test]
fn equal_names_are_listed_and_not_joined() {
    let mut sheet = row("sheet", |r| {
        r.name = Some("Deploy".into());
        r.credential = None;
        r.account = None;
    });
    sheet.basis = Basis::Declared;
    let rows = vec![
        row("list", |r| {
            r.key_id = Some(ID.into());
            r.name = Some("deploy".into());
        }),
        sheet,
    ];
    let (keys, pairs) = merge(rows, vec![], &[]);
    assert_eq!((keys.len(), pairs.len()), (2, 1));
}

#[test]
fn ids_stay_when_sources_come_in_another_order() {
    let a = row("list", |r| r.key_id = Some(ID.into()));
    let b = row("list", |r| slot(r, "x", 1, 5));
    let ids = |rows| {
        merge(rows, vec![], &[])
            .0
            .into_iter()
            .map(|key| key.id)
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(ids(vec![a.clone(), b.clone()]), ids(vec![b, a]));
}

#[test]
fn absent_means_absent_from_a_whole_listing_of_the_same_account() {
    let listing = |account: &str| Listing {
        source: "keys.json".into(),
        provider: "aws".into(),
        credential: "iam_access_key".into(),
        account: account.into(),
        key_ids: BTreeSet::from(["AKIAQYLPMN5HFIQR7XYB".to_owned()]),
    };
    let of = |listing| {
        let mut sheet = row("sheet", |r| r.key_id = Some(ID.into()));
        sheet.basis = Basis::Declared;
        merge(vec![sheet], vec![], &[listing]).0[0]
            .subject
            .absent_from
            .clone()
    };
    assert_eq!(of(listing("111122223333")).as_deref(), Some("keys.json"));
    assert_eq!(of(listing("999999999999")), None);
}

#[test]
fn equal_ids_of_nobody_knows_whom_are_one_within_an_account_alone() {
    let kept = |source: &str, account: &str| {
        row(source, |r| {
            r.provider = "unknown".into();
            r.credential = None;
            r.key_id = Some("payments/stripe-live".into());
            r.account = Some(account.into());
        })
    };
    let (keys, _) = merge(
        vec![
            kept("list", "prod"),
            kept("metadata", "prod"),
            kept("list", "dev"),
        ],
        vec![],
        &[],
    );
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0].id, keys[1].id);
}

#[test]
fn a_slot_is_filled_from_its_own_account_alone() {
    let of = |account: Option<&str>| {
        let mut slot_row = row("report", |r| slot(r, "ci", 1, 5));
        slot_row.row.account = account.map(str::to_owned);
        let list = row("list", |r| listed(r, "ci", ID, 5));
        merge(vec![slot_row, list], vec![], &[]).0.len()
    };
    assert_eq!(of(Some("111122223333")), 1);
    assert_eq!(of(None), 1);
    assert_eq!(of(Some("999999999999")), 2);
}

#[test]
fn what_vouches_more_names_provider_and_kind() {
    // A format before a name in a file that no format fits.
    let mut generic = seen("a", None, Some("s"));
    generic.provider = "unknown".into();
    generic.credential = "generic_secret".into();
    let (keys, _) = merge(vec![], vec![generic, seen("b", None, Some("s"))], &[]);
    let told = |key: &Known| (key.provider.clone(), key.credential.clone());
    let aws = ("aws".to_owned(), Some("iam_access_key".to_owned()));
    assert_eq!(told(&keys[0]), aws);
    // A provider's answer before a spreadsheet.
    let mut sheet = row("sheet", |r| {
        r.provider = "acme".into();
        r.credential = Some("api_key".into());
        r.fingerprint = Some(print("s"));
    });
    sheet.basis = Basis::Declared;
    let list = row("list", |r| r.fingerprint = Some(print("s")));
    let (keys, _) = merge(vec![sheet.clone(), list], vec![], &[]);
    assert_eq!(told(&keys[0]), aws);
    let (keys, _) = merge(vec![sheet], vec![], &[]);
    assert_eq!(
        told(&keys[0]),
        ("acme".to_owned(), Some("api_key".to_owned()))
    );
}

#[test]
fn the_account_is_part_of_the_id_of_a_key_whose_own_id_is_short() {
    let of = |id: &str, account: Option<&str>| {
        let list = row("list", |r| {
            r.key_id = Some(id.into());
            r.account = account.map(str::to_owned);
        });
        merge(vec![list], vec![], &[]).0.remove(0).id
    };
    assert_eq!(of(ID, Some("a")), of(ID, None));
    assert_ne!(of("17", Some("a")), of("17", None));
}

#[test]
fn a_selector_has_to_fit_whole() {
    let (mut keys, _) = merge(
        vec![row("list", |r| {
            r.key_id = Some(ID.into());
            r.name = Some("deploy".into());
        })],
        vec![],
        &[],
    );
    let select = |provider: &str, name: &str| Selector {
        provider: Some(provider.into()),
        name: Some(name.into()),
        ..Selector::default()
    };
    let all = [
        (select("aws", "Deploy"), Declaration::default()),
        (select("gcp", "deploy"), Declaration::default()),
    ];
    assert_eq!(declare(&mut keys, &all), [1]);
    assert_eq!(keys[0].subject.declarations.len(), 1);
}

#[test]
fn a_key_gets_the_systems_that_it_names_and_no_other() {
    let key = |system: &str| Known {
        subject: Subject {
            rows: vec![SourcedRow {
                row: Row {
                    system: Some(system.to_owned()),
                    ..Row::default()
                },
                source: "keys.csv line 2".to_owned(),
                basis: Basis::Declared,
                complete: false,
            }],
            ..Subject::default()
        },
        ..Known::default()
    };
    let mut known = [key("web-shop"), key("Web shop 2"), Known::default()];
    let shop = System {
        name: "Web Shop".to_owned(),
        ..System::default()
    };
    serve(&mut known, std::slice::from_ref(&shop));
    assert_eq!(known[0].subject.systems, [shop]);
    assert!(known[1].subject.systems.is_empty() && known[2].subject.systems.is_empty());
}
