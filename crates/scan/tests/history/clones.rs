//! The forms that a repository can have on disk.

use super::{
    made::{Made, Random, git, told},
    marker::Marker,
};
use std::fs;
use tempfile::TempDir;
use tenure_scan::history::{Options, Place, Report, Repository, scan};

type Told = Report<(Vec<u8>, usize)>;

fn read(folder: &std::path::Path) -> Told {
    scan(
        &Repository::at(folder).unwrap(),
        &Marker,
        &Options::default(),
        &(),
    )
}

fn url(made: &Made) -> String {
    format!("file://{}", made.path().display())
}

#[test]
fn bare_repositories_linked_work_trees_and_packed_refs_tell_the_same() {
    let made = Made::new(20, 40, "sha1", false);
    let known = made.stories();
    let elsewhere = TempDir::new().unwrap();
    let bare = elsewhere.path().join("bare.git");
    git(
        &made.path(),
        &[
            "clone",
            "-q",
            "--mirror",
            &url(&made),
            bare.to_str().unwrap(),
        ],
    );
    assert_eq!(told(&read(&bare)), known);
    assert_eq!(told(&read(&made.path().join(".git"))), known);
    git(&made.path(), &["pack-refs", "--all"]);
    assert_eq!(told(&read(&made.path())), known);
    let linked = elsewhere.path().join("linked");
    git(
        &made.path(),
        &[
            "worktree",
            "add",
            "-q",
            "--detach",
            linked.to_str().unwrap(),
            "b0",
        ],
    );
    let report = read(&linked);
    assert_eq!(report.skipped, []);
    let paths = |report: &Told| {
        report
            .findings
            .iter()
            .map(|one| one.place.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(&report), paths(&read(&bare)));
    let heads: Vec<&String> = report.findings.iter().flat_map(|one| &one.tips).collect();
    assert!(heads.iter().any(|tip| *tip == "HEAD"), "{heads:?}");
}

#[test]
fn objects_of_alternates_are_read_and_a_missing_folder_is_told() {
    let made = Made::new(21, 40, "sha256", false);
    let elsewhere = TempDir::new().unwrap();
    let borrower = elsewhere.path().join("borrower");
    let made_at = made.path();
    git(
        &made_at,
        &[
            "clone",
            "-q",
            "--bare",
            "--shared",
            made_at.to_str().unwrap(),
            borrower.to_str().unwrap(),
        ],
    );
    assert!(
        fs::read_dir(borrower.join("objects/pack"))
            .unwrap()
            .next()
            .is_none()
    );
    let report = read(&borrower);
    assert_eq!(report.skipped, []);
    assert_eq!(told(&report), made.stories());
    // A folder that names itself ends nevertheless; one that is gone is told.
    let itself = format!(
        "{0}\n{0}/../objects\n/nowhere/objects\n",
        borrower.join("objects").display()
    );
    fs::write(borrower.join("objects/info/alternates"), itself).unwrap();
    let report = read(&borrower);
    let gone = report
        .skipped
        .iter()
        .filter(|one| one.what == "/nowhere/objects");
    assert_eq!(gone.count(), 1, "{:?}", report.skipped);
}

#[test]
fn a_shallow_clone_tells_what_it_has_and_that_it_is_shallow() {
    let made = Made::new(22, 50, "sha1", false);
    let elsewhere = TempDir::new().unwrap();
    let clone = elsewhere.path().join("clone");
    git(
        &made.path(),
        &[
            "clone",
            "-q",
            "--bare",
            "--depth=3",
            "--no-single-branch",
            &url(&made),
            clone.to_str().unwrap(),
        ],
    );
    let report = read(&clone);
    assert!(
        report
            .skipped
            .iter()
            .any(|one| one.reason.contains("--unshallow")),
        "{:?}",
        report.skipped
    );
    assert_eq!(report.skipped.len(), 1);
    let known = made.stories();
    let now = |all: super::made::Stories| -> Vec<_> {
        let mut now: Vec<_> = all
            .into_iter()
            .filter(|(_, story)| !story.2.is_empty())
            .map(|(key, story)| (key, story.2))
            .collect();
        now.sort();
        now
    };
    let edge = report
        .findings
        .iter()
        .flat_map(|one| &one.introduced)
        .any(|commit| commit.edge);
    assert!(edge, "what the edge brings in is told apart");
    assert_eq!(now(told(&report)), now(known));
}

#[test]
fn a_partial_clone_tells_that_files_are_missing() {
    let made = Made::new(23, 30, "sha1", false);
    git(&made.path(), &["config", "uploadpack.allowFilter", "true"]);
    let elsewhere = TempDir::new().unwrap();
    let clone = elsewhere.path().join("clone");
    git(
        &made.path(),
        &[
            "clone",
            "-q",
            "--bare",
            "--filter=blob:none",
            &url(&made),
            clone.to_str().unwrap(),
        ],
    );
    let report = read(&clone);
    assert!(report.findings.is_empty());
    assert_eq!(report.commits, made.reached().len() as u64);
    assert!(
        report
            .skipped
            .iter()
            .any(|one| one.reason.contains("partial clone")),
        "{:?}",
        report.skipped
    );
}

#[test]
fn stashes_messages_tags_and_lost_objects_are_searched() {
    let random = &mut Random(9);
    let mut key = |name: &str| format!("KEY_{name}{}", random.next() % 1_000_000 + 1_000_000);
    let (stashed, committed, tagged, lost) =
        (key("stashed"), key("committed"), key("tagged"), key("lost"));
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    git(at, &["init", "-q", "-b", "main"]);
    let write = |text: &str| {
        fs::write(at.join("a.txt"), text).unwrap();
        git(at, &["add", "a.txt"]);
    };
    write("nothing\n");
    git(at, &["commit", "-qm", &format!("use {committed} for now")]);
    git(
        at,
        &["tag", "-a", "v1", "-m", &format!("signed with {tagged}")],
    );
    write(&format!("x {stashed}\n"));
    git(at, &["stash", "-q"]);
    write(&format!("x {lost}\n"));
    git(at, &["commit", "-qm", "a mistake"]);
    git(at, &["reset", "-q", "--hard", "HEAD~1"]);
    git(
        at,
        &[
            "reflog",
            "expire",
            "--expire=now",
            "HEAD",
            "refs/heads/main",
        ],
    );

    let report = read(at);
    assert_eq!(report.skipped, []);
    let found = |report: &Told, key: &str| -> Vec<(Place, Vec<String>)> {
        let of = report
            .findings
            .iter()
            .filter(|one| one.found.0 == key.as_bytes());
        of.map(|one| (one.place.clone(), one.tips.clone()))
            .collect()
    };
    assert_eq!(
        found(&report, &stashed),
        [(Place::File("a.txt".into()), vec![])]
    );
    // The messages of a stash repeat the one of its commit.
    let messages = found(&report, &committed);
    let main = git(at, &["rev-parse", "main"]);
    let main = gix_hash::ObjectId::from_hex(main.as_bytes()).unwrap();
    let of_main = |place: &Place| matches!(place, Place::Message(id) if *id == main);
    assert_eq!(
        messages.iter().filter(|(place, _)| of_main(place)).count(),
        1
    );
    assert_eq!(
        found(&report, &tagged),
        [(
            Place::Tag("refs/tags/v1".into()),
            vec!["refs/tags/v1".into()]
        )]
    );
    assert_eq!(found(&report, &lost), [], "nothing reaches it");
    let options = Options {
        unreachable: true,
        ..Options::default()
    };
    let report = scan(&Repository::at(at).unwrap(), &Marker, &options, &());
    assert!(matches!(
        &found(&report, &lost)[..],
        [(Place::Unreachable(_), _)]
    ));
    // A second stash pushes the first one back, where only its log still names it.
    write("y\n");
    git(at, &["stash", "-q"]);
    assert_eq!(found(&read(at), &stashed).len(), 1);
}
