//! Broken and hostile repositories: an entry in what was skipped, never a panic, never a wrong answer.

use super::{
    made::{Made, Random, git, told},
    marker::Marker,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use tenure_scan::history::{OpenError, Options, Place, Report, Repository, Scope, scan, staged};

fn read(folder: &Path, options: &Options) -> Report<(Vec<u8>, usize)> {
    scan(&Repository::at(folder).unwrap(), &Marker, options, &())
}

fn one(folder: &Path, ending: &str) -> PathBuf {
    let packs = folder.join(".git/objects/pack");
    let all = fs::read_dir(packs)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    all.into_iter()
        .find(|path| path.extension().is_some_and(|e| e == ending))
        .unwrap()
}

fn overwrite(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn packs_and_indexes_with_changed_bytes_are_told_and_never_make_up_findings() {
    let made = Made::new(30, 30, "sha1", false);
    made.repack(50, 10);
    let known = made.stories();
    let random = &mut Random(4);
    let mut told_broken = 0;
    for ending in ["pack", "idx"] {
        let path = one(&made.path(), ending);
        let whole = fs::read(&path).unwrap();
        for _ in 0..60 {
            let mut broken = whole.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(broken.len());
                broken[at] ^= 1 << random.below(8);
            }
            if random.below(6) == 0 {
                broken.truncate(random.below(whole.len()));
            }
            overwrite(&path, &broken);
            let report = read(&made.path(), &Options::default());
            told_broken += usize::from(!report.skipped.is_empty());
            for key in told(&report).keys() {
                assert!(
                    ending == "idx" || known.contains_key(key),
                    "made up: {key:?}"
                );
            }
            staged(
                &Repository::at(&made.path()).unwrap(),
                &Marker,
                &Options::default(),
            );
        }
        overwrite(&path, &whole);
    }
    assert!(told_broken > 60, "{told_broken}");
    assert_eq!(told(&read(&made.path(), &Options::default())), known);
}

#[test]
fn a_loose_object_that_is_broken_is_told_by_its_name() {
    let made = Made::new(31, 10, "sha1", true);
    let blob = git(&made.path(), &["rev-parse", "b0:a.txt"]);
    let path = made
        .path()
        .join(".git/objects")
        .join(&blob[..2])
        .join(&blob[2..]);
    for bytes in [&b""[..], b"nonsense", &fs::read(&path).unwrap()[..20]] {
        overwrite(&path, bytes);
        let report = read(&made.path(), &Options::default());
        assert!(
            report
                .skipped
                .iter()
                .any(|one| one.what.contains(&blob[2..])),
            "{:?}",
            report.skipped
        );
    }
}

#[test]
fn a_file_over_the_limit_is_told_and_so_is_what_is_told_from_it() {
    let large = |end: &str| {
        format!(
            "{}KEY_inthelargeone {end}\n",
            "0123456789abcdef\n".repeat(10_000)
        )
        .into_bytes()
    };
    let snapshots = vec![
        [
            ("large.txt".to_owned(), large("a")),
            ("small.txt".to_owned(), b"x KEY_inthesmallone \n".to_vec()),
        ]
        .into(),
        [
            ("large.txt".to_owned(), large("b")),
            ("small.txt".to_owned(), b"x KEY_inthesmallone \n".to_vec()),
        ]
        .into(),
    ];
    let tips = [("refs/heads/b0".to_owned(), 1)].into();
    let made = Made::write(snapshots, vec![vec![], vec![0]], tips, "sha1", false);
    made.repack(50, 10);
    let options = Options {
        limit: 100_000,
        ..Options::default()
    };
    let report = read(&made.path(), &options);
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|one| one.place.clone())
        .collect();
    assert_eq!(found, [Place::File("small.txt".into())]);
    assert!(
        report
            .skipped
            .iter()
            .any(|one| one.reason.contains("larger than")),
        "{:?}",
        report.skipped
    );
}

#[test]
fn names_with_control_characters_are_made_visible() {
    let files = [(
        "\"a\\033[2Jb\\nc.txt\"".to_owned(),
        b"x KEY_hostilename \n".to_vec(),
    )]
    .into();
    let tips = [("refs/heads/b0".to_owned(), 0)].into();
    let made = Made::write(vec![files], vec![vec![]], tips, "sha1", false);
    let report = read(&made.path(), &Options::default());
    assert_eq!(report.findings.len(), 1);
    assert_eq!(
        report.findings[0].place,
        Place::File("a\\u{1b}[2Jb\\nc.txt".into())
    );
}

#[test]
fn what_is_no_repository_says_so_and_what_is_not_known_is_named() {
    let folder = TempDir::new().unwrap();
    let error = Repository::at(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::None { .. }));
    assert!(error.to_string().contains("no git repository"));
    git(folder.path(), &["init", "-q"]);
    let config = folder.path().join(".git/config");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(
        &config,
        format!("{text}[extensions]\n\trefStorage = reftable\n"),
    )
    .unwrap();
    let report = read(folder.path(), &Options::default());
    assert!(
        report
            .skipped
            .iter()
            .any(|one| one.reason.contains("reftable")),
        "{:?}",
        report.skipped
    );
    fs::write(
        &config,
        format!("{text}[extensions]\n\tobjectFormat = md5\n"),
    )
    .unwrap();
    assert!(matches!(
        Repository::at(folder.path()),
        Err(OpenError::Unknown { .. })
    ));
}

#[test]
fn a_name_that_stands_for_nothing_is_told() {
    let made = Made::new(33, 5, "sha1", false);
    let head = made.path().join(".git/refs/heads/gone");
    fs::write(&head, format!("{}\n", "12".repeat(20))).unwrap();
    fs::write(made.path().join(".git/refs/heads/broken"), "nonsense\n").unwrap();
    for scope in [Scope::All, Scope::Since(0)] {
        let options = Options {
            scope,
            ..Options::default()
        };
        let report = read(&made.path(), &options);
        assert!(
            report
                .skipped
                .iter()
                .any(|one| one.what == "refs/heads/gone"),
            "{:?}",
            report.skipped
        );
        assert!(
            report.skipped.iter().any(|one| one.what == "refs"),
            "{:?}",
            report.skipped
        );
        assert_eq!(told(&report), made.stories());
    }
}

#[test]
fn names_for_folders_and_files_without_a_commit_are_searched() {
    let made = Made::new(34, 12, "sha1", false);
    let at = made.path();
    fs::write(at.join("loose.txt"), "x KEY_onlyinablob \n").unwrap();
    let blob = git(&at, &["hash-object", "-w", "loose.txt"]);
    git(&at, &["update-ref", "refs/tags/blob", &blob]);
    fs::write(at.join("inner.txt"), "x KEY_onlyinatree \n").unwrap();
    git(&at, &["add", "inner.txt"]);
    let tree = git(&at, &["write-tree"]);
    git(&at, &["update-ref", "refs/tags/tree", &tree]);
    let report = read(&at, &Options::default());
    for (secret, path, tip) in [
        ("KEY_onlyinablob", "refs/tags/blob", "refs/tags/blob"),
        ("KEY_onlyinatree", "inner.txt", "refs/tags/tree"),
    ] {
        let found = report
            .findings
            .iter()
            .find(|one| one.found.0 == secret.as_bytes())
            .unwrap();
        assert_eq!(found.place, Place::File(path.into()));
        assert_eq!(found.tips, [tip]);
    }
}
