//! Two assessments of the same folder: what changed, and which answers decide the most.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

use std::path::Path;
use tenure_app::{
    assess::{Request, assess},
    catalog,
    progress::Silent,
};
use tenure_model::{
    answers::{ContainerKind, answers},
    assessment::Assessment,
    diff::{Change, diff},
    policy::Policy,
    secret::Pepper,
};

const HEAD: &str = "name,provider,key id,account,owner,system,privilege,exposure\n";
const PEOPLE: &str = "id,email,manager,active,until\n1,ann@x.example,,true,\n2,carol@x.example,ann@x.example,false,2026-06-30\n";

fn assessed(folder: &Path) -> Assessment {
    let providers = catalog::load(None).unwrap();
    let policy = Policy::builtin();
    let request = Request {
        paths: &[folder.to_owned()],
        imports: &[],
        people: &[],
        facts: &[],
        columns: None,
        exclude: &[],
        since: None,
        providers: &providers,
        policy: &policy,
        pepper: &Pepper::new([1; 32]),
        today: "2026-11-23".parse().unwrap(),
        title: None,
        validation: None,
        apart: None,
    };
    assess(&request, &Silent).unwrap().assessment
}

fn of(files: &[(&str, &str)]) -> Assessment {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    assessed(folder.path())
}

fn keys(rows: &[&str]) -> String {
    format!("{HEAD}{}\n", rows.join("\n"))
}

#[test]
fn what_is_the_same_is_no_change() {
    let text = keys(&[
        "a,okta,A1,o,ann@x.example,s,admin,",
        "b,okta,B1,o,ann@x.example,s,admin,",
    ]);
    let one = of(&[("keys.csv", &text), ("people.csv", PEOPLE)]);
    let two = of(&[("keys.csv", &text), ("people.csv", PEOPLE)]);
    let diff = diff(&one, &two);
    assert_eq!(
        (diff.keys.len(), diff.same, diff.policy_changed),
        (0, 2, false)
    );
}

#[test]
fn keys_appear_go_and_get_worse_or_better() {
    let before = keys(&[
        "a,okta,A1,o,ann@x.example,s,admin,",
        "b,okta,B1,o,ann@x.example,s,admin,",
        "c,okta,C1,o,carol@x.example,s,admin,",
    ]);
    let now = keys(&[
        "a,okta,A1,o,ann@x.example,s,admin,internal",
        "c,okta,C1,o,ann@x.example,s,admin,",
        "d,okta,D1,o,ann@x.example,s,admin,",
    ]);
    let diff = diff(
        &of(&[("keys.csv", &before), ("people.csv", PEOPLE)]),
        &of(&[("keys.csv", &now), ("people.csv", PEOPLE)]),
    );
    let changes: Vec<(&str, Change)> = diff
        .keys
        .iter()
        .map(|key| (key.key.as_str(), key.change))
        .collect();
    assert_eq!(
        changes,
        [
            ("okta a", Change::Worse),
            ("okta d", Change::Appeared),
            ("okta c", Change::Better),
            ("okta b", Change::Gone)
        ]
    );
    let owner = diff.keys[2]
        .fields
        .iter()
        .find(|f| f.name == "owner")
        .unwrap();
    assert_eq!(
        (owner.before.as_str(), owner.now.as_str()),
        ("carol@x.example", "ann@x.example")
    );
}

#[test]
fn a_key_is_not_gone_where_a_source_was_not_read() {
    let before = keys(&["a,okta,A1,o,ann@x.example,s,admin,"]);
    let diff = diff(
        &of(&[("keys.csv", &before), ("people.csv", PEOPLE)]),
        &of(&[
            (
                "keys.csv",
                r#"{"message":"Resource not accessible","status":"403"}"#,
            ),
            ("people.csv", PEOPLE),
        ]),
    );
    assert_eq!(diff.keys[0].change, Change::NotSeen);
    assert_eq!(diff.lost_sources[0].0, "keys.csv");
}

#[test]
fn one_answer_decides_a_whole_account_and_is_counted_once() {
    let rows: Vec<String> = (0..6)
        .map(|n| format!("k{n},okta,K{n},big,,sys{n},admin,"))
        .chain((0..2).map(|n| format!("l{n},okta,L{n},small,carol@x.example,sys{n},admin,")))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let whole = of(&[("keys.csv", &keys(&rows)), ("people.csv", PEOPLE)]);
    let found = answers(&whole, 10);
    assert_eq!(found[0].container.name, "okta big");
    assert_eq!(found[0].keys.len(), 6);
    let all: usize = found.iter().map(|answer| answer.keys.len()).sum();
    assert_eq!(all, 8);
    let left = &found[1];
    assert_eq!(left.keys.len(), 2);
    assert!(matches!(
        left.container.kind,
        ContainerKind::Account | ContainerKind::Leaver
    ));
    assert_eq!(left.candidates[0].0, "ann@x.example");
}
