//! A developer's own repository: what lies in it for them alone is no exposure; what git tracks is.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};
use tempfile::TempDir;
use tenure_app::{
    assess::{Request, assess},
    catalog,
    progress::Silent,
};
use tenure_model::{
    assessment::Assessment, decide::Action, key::CoverageState, place::Audience, policy::Policy,
    secret::Pepper,
};

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
}

/// A work tree with one key in `.env`, ignored by git, readable by its user alone.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    git(path, &["init", "-q"]);
    fs::write(path.join(".gitignore"), ".env\n").unwrap();
    fs::write(path.join("main.py"), "print('hello')\n").unwrap();
    git(path, &["add", ".gitignore", "main.py"]);
    fs::write(
        path.join(".env"),
        "PAYMENT_API_KEY=q8Zk2LmX7vTr4WnYb1CdP0\n",
    )
    .unwrap();
    mode(path, 0o600);
    folder
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path.join(".env"), fs::Permissions::from_mode(mode)).unwrap();
}

fn assessed(path: &Path) -> Assessment {
    since(path, None, "2026-11-23")
}

fn since(path: &Path, earlier: Option<&Assessment>, today: &str) -> Assessment {
    let providers = catalog::load(None).unwrap();
    assess(
        &Request {
            paths: &[path.to_owned()],
            imports: &[],
            people: &[],
            facts: &[],
            columns: None,
            exclude: &[],
            since: earlier,
            providers: &providers,
            policy: &Policy::builtin(),
            pepper: &Pepper::new([7; 32]),
            today: today.parse().unwrap(),
            title: None,
            validation: None,
            apart: None,
        },
        &Silent,
    )
    .unwrap()
    .assessment
}

fn actions(assessment: &Assessment) -> Vec<Action> {
    assessment
        .keys
        .iter()
        .map(|key| key.verdict.outcome.action)
        .collect()
}

#[test]
fn one_ignored_env_file_readable_by_its_user_alone_yields_no_rotate_now() {
    let folder = repository();
    let assessment = assessed(folder.path());
    let [key] = assessment.keys.as_slice() else {
        panic!("{:?}", actions(&assessment));
    };
    assert_eq!(key.sightings[0].audience, Audience::You);
    assert_ne!(key.verdict.outcome.action, Action::RotateNow);
    assert_ne!(key.verdict.outcome.action, Action::ContainNow);
}

#[test]
fn the_same_file_readable_by_others_or_tracked_is_rotated_now() {
    let readable = repository();
    fs::set_permissions(readable.path(), fs::Permissions::from_mode(0o755)).unwrap();
    mode(readable.path(), 0o644);
    assert_eq!(actions(&assessed(readable.path())), [Action::RotateNow]);

    let tracked = repository();
    git(tracked.path(), &["add", "-f", ".env"]);
    let assessment = assessed(tracked.path());
    assert_eq!(actions(&assessment), [Action::RotateNow]);
    assert_eq!(
        assessment.keys[0].sightings[0].audience,
        Audience::Repository
    );
}

#[test]
fn a_refused_answer_in_place_of_a_list_is_not_covered_and_never_none() {
    let folder = repository();
    fs::create_dir(folder.path().join("github")).unwrap();
    fs::write(
        folder.path().join("github/personal-access-tokens.json"),
        r#"{"message":"Resource not accessible by integration","documentation_url":"https://docs.github.com","status":"403"}"#,
    )
    .unwrap();
    let assessment = assessed(folder.path());
    let refused: Vec<_> = assessment
        .coverage
        .iter()
        .filter(|part| part.source.contains("personal-access-tokens.json"))
        .collect();
    assert!(!refused.is_empty());
    for part in refused {
        assert_eq!(part.state, CoverageState::NotCovered);
        assert_eq!(part.rows, None, "not covered is not a count of 0");
        assert!(part.reason.as_deref().unwrap().contains("403"));
    }
    assert!(!assessment.complete);
}

#[test]
fn a_finding_keeps_the_day_on_which_it_began_and_never_begins_ahead() {
    let folder = repository();
    let due = |assessment: &Assessment| assessment.keys[0].verdict.outcome.due.unwrap();
    let first = assessed(folder.path());
    let second = since(folder.path(), Some(&first), "2026-11-30");
    assert_eq!(due(&second), due(&first));
    let third = since(folder.path(), Some(&second), "2026-12-20");
    assert_eq!(due(&third), due(&first));
    // An assessment that was dated later moves nothing later.
    let ahead = since(folder.path(), None, "2027-06-01");
    assert_eq!(
        due(&since(folder.path(), Some(&ahead), "2026-11-23")),
        due(&first)
    );
}
