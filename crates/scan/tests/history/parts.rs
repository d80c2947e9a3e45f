//! Parts of a history: since a day, between two commits, what is staged, what a push brings, what is new.

use super::{
    made::{Made, git, told},
    marker::Marker,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use tenure_scan::history::{Options, Place, Report, Repository, Scope, pushed, scan, staged};

type Told = Report<(Vec<u8>, usize)>;

fn part(made: &Made, scope: Scope) -> Told {
    let options = Options {
        scope,
        ..Options::default()
    };
    scan(
        &Repository::at(&made.path()).unwrap(),
        &Marker,
        &options,
        &(),
    )
}

fn id(text: &str) -> gix_hash::ObjectId {
    gix_hash::ObjectId::from_hex(text.as_bytes()).unwrap()
}

/// What a part of the history brought in, by secret and path.
fn brought(
    made: &Made,
    commits: &BTreeSet<usize>,
) -> BTreeSet<(Vec<u8>, String, BTreeSet<String>)> {
    let ids: BTreeSet<&String> = commits.iter().map(|at| &made.ids[*at]).collect();
    let all = made.stories().into_iter();
    let of = all.map(|((secret, path), story)| {
        let here = story
            .0
            .into_iter()
            .filter(|id| ids.contains(id))
            .collect::<BTreeSet<_>>();
        (secret, path, here)
    });
    of.filter(|(_, _, here)| !here.is_empty()).collect()
}

fn told_brought(report: &Told) -> BTreeSet<(Vec<u8>, String, BTreeSet<String>)> {
    let all = told(report).into_iter();
    all.map(|((secret, path), story)| (secret, path, story.0))
        .collect()
}

fn reach(made: &Made, from: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(at) = ahead.pop() {
        if seen.insert(at) {
            ahead.extend(&made.parents[at]);
        }
    }
    seen
}

#[test]
fn a_range_tells_what_its_commits_brought_in() {
    for seed in 40..46 {
        let made = Made::new(
            seed,
            60,
            if seed == 43 { "sha256" } else { "sha1" },
            seed % 2 == 0,
        );
        let last = *made.tips.values().max().unwrap();
        for earlier in [last - 1, last - 7, last - 25] {
            let scope = Scope::Between {
                from: vec![id(&made.ids[last])],
                without: vec![id(&made.ids[earlier])],
            };
            let report = part(&made, scope);
            let commits: BTreeSet<usize> = reach(&made, last)
                .difference(&reach(&made, earlier))
                .copied()
                .collect();
            assert_eq!(report.commits, commits.len() as u64, "seed {seed}");
            assert_eq!(
                told_brought(&report),
                brought(&made, &commits),
                "seed {seed}, {earlier}..{last}"
            );
            let full = made.stories();
            for (key, story) in told(&report) {
                assert_eq!(story.2, full[&key].2, "the tips of {key:?}");
            }
        }
    }
}

#[test]
fn since_a_day_tells_what_came_later() {
    let made = Made::new(50, 60, "sha1", false);
    let report = part(&made, Scope::Since(1_600_000_000 + 40 * 100));
    let commits: BTreeSet<usize> = made.reached().into_iter().filter(|at| *at >= 40).collect();
    assert_eq!(report.commits, commits.len() as u64);
    assert_eq!(told_brought(&report), brought(&made, &commits));
    assert!(report.stats.blobs < made.snapshots.len() as u64 * 2);
}

#[test]
fn a_commit_that_is_not_here_is_told() {
    let made = Made::new(51, 5, "sha1", false);
    let scope = Scope::Between {
        from: vec![id(&"ab".repeat(20))],
        without: vec![],
    };
    let report = part(&made, scope);
    assert!(
        report
            .skipped
            .iter()
            .any(|one| one.reason.contains("not here")),
        "{:?}",
        report.skipped
    );
}

#[test]
fn staged_tells_what_a_commit_would_bring_in_and_nothing_else() {
    for format in ["sha1", "sha256"] {
        let folder = TempDir::new().unwrap();
        let at = folder.path();
        git(at, &["init", "-q", &format!("--object-format={format}")]);
        let write = |path: &str, text: &str| fs::write(at.join(path), text).unwrap();
        let found = || {
            let repository = Repository::at(at).unwrap();
            let report = staged(&repository, &Marker, &Options::default());
            assert_eq!(report.skipped, []);
            report
                .findings
                .into_iter()
                .map(|one| (one.place, String::from_utf8(one.found.0).unwrap()))
                .collect::<Vec<_>>()
        };
        let place = |path: &str| Place::Staged(path.to_owned());
        assert_eq!(found(), [], "no index yet");
        write("old.txt", "x KEY_oldoldold \n");
        git(at, &["add", "."]);
        assert_eq!(
            found(),
            [(place("old.txt"), "KEY_oldoldold".into())],
            "before the first commit"
        );
        git(at, &["commit", "-qm", "one"]);
        assert_eq!(found(), []);
        write("old.txt", "changed KEY_oldoldold \nx KEY_newnewnew \n");
        assert_eq!(found(), [], "not staged yet");
        git(at, &["add", "."]);
        write("old.txt", "changed KEY_oldoldold \nx KEY_neverstaged \n");
        assert_eq!(found(), [(place("old.txt"), "KEY_newnewnew".into())]);
    }
}

#[test]
fn a_push_is_searched_before_it_is_accepted() {
    let elsewhere = TempDir::new().unwrap();
    let (server, client, kept) = (
        elsewhere.path().join("server.git"),
        elsewhere.path().join("client"),
        elsewhere.path().join("kept"),
    );
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    git(
        elsewhere.path(),
        &["init", "-q", "--bare", "-b", "main", &text(&server)],
    );
    git(
        elsewhere.path(),
        &["init", "-q", "-b", "main", &text(&client)],
    );
    let commit = |name: &str, content: &str| {
        fs::write(client.join(name), content).unwrap();
        git(&client, &["add", "."]);
        git(&client, &["commit", "-qm", "one"]);
    };
    commit("old.txt", "x KEY_onserver1 \n");
    git(&client, &["push", "-q", &text(&server), "main"]);
    // A hook that keeps what git shows it, and refuses.
    let hook = format!(
        "#!/bin/sh\nmkdir -p {0}\ncp -r \"$GIT_OBJECT_DIRECTORY\" {0}/objects\ncat >{0}/lines\nexit 1\n",
        kept.display()
    );
    let hook_at = server.join("hooks/pre-receive");
    fs::write(&hook_at, hook).unwrap();
    #[cfg(unix)]
    fs::set_permissions(
        &hook_at,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    commit("new.txt", "x KEY_pushed000 \n");
    commit("new.txt", "taken back\n");
    git(&client, &["tag", "-a", "v1", "-m", "by KEY_tagged000 "]);
    let refused = std::process::Command::new("git")
        .current_dir(&client)
        .args(["push", "-q", &text(&server), "main", "v1"])
        .output()
        .unwrap();
    assert!(!refused.status.success());

    let repository = Repository::at(&server).unwrap();
    let lines = fs::read_to_string(kept.join("lines")).unwrap();
    let options = Options {
        scope: pushed(&repository, &lines).unwrap(),
        ..Options::default()
    };
    let without = scan(&repository, &Marker, &options, &());
    assert!(
        !without.skipped.is_empty(),
        "what is not accepted does not lie in the repository"
    );
    let report = scan(
        &repository.with_objects([kept.join("objects")]),
        &Marker,
        &options,
        &(),
    );
    assert_eq!(report.skipped, []);
    assert_eq!(report.commits, 2);
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|one| String::from_utf8_lossy(&one.found.0).into_owned())
        .collect();
    assert_eq!(found, ["KEY_pushed000", "KEY_tagged000"]);
    assert_eq!(
        report.findings[0].removed.len(),
        1,
        "it is taken back, and is in the history all the same"
    );
}

#[test]
fn a_broken_line_of_a_push_is_named() {
    let made = Made::new(52, 2, "sha1", false);
    let repository = Repository::at(&made.path()).unwrap();
    let fine = format!("{} {} refs/heads/x\n", "0".repeat(40), made.ids[0]);
    assert!(pushed(&repository, &fine).is_ok());
    for broken in [
        "nonsense\n",
        "a b c\n",
        &format!("{} {} x\n", "0".repeat(64), "1".repeat(64)),
    ] {
        let error = pushed(&repository, &format!("{fine}{broken}")).unwrap_err();
        assert_eq!(error.line, 2);
    }
}

fn with_cache(folder: &Path, cache: &Path) -> Told {
    let options = Options {
        cache: Some(cache.to_owned()),
        ..Options::default()
    };
    scan(&Repository::at(folder).unwrap(), &Marker, &options, &())
}

#[test]
fn what_was_looked_at_is_not_looked_at_again_and_tells_the_same() {
    for seed in 60..66 {
        let made = Made::new(
            seed,
            50,
            if seed == 61 { "sha256" } else { "sha1" },
            seed % 2 == 0,
        );
        let elsewhere = TempDir::new().unwrap();
        let cache = elsewhere.path().join("cache");
        // First a clone with one branch, then the others.
        let clone = elsewhere.path().join("clone");
        let url = format!("file://{}", made.path().display());
        git(
            &made.path(),
            &[
                "clone",
                "-q",
                "--bare",
                "--single-branch",
                "-b",
                "b0",
                &url,
                clone.to_str().unwrap(),
            ],
        );
        let first = with_cache(&clone, &cache);
        assert_eq!((first.stats.known, first.skipped.len()), (0, 0));
        git(&clone, &["fetch", "-q", &url, "refs/heads/*:refs/heads/*"]);
        let second = with_cache(&clone, &cache);
        assert_eq!(told(&second), made.stories(), "seed {seed}");
        assert_eq!(second.stats.known, first.stats.blobs);
        git(&clone, &["repack", "-adfq", "--depth=100"]);
        let third = with_cache(&clone, &cache);
        assert_eq!(told(&third), made.stories());
        assert_eq!((third.stats.blobs, third.stats.looked), (0, 0));
    }
}

#[test]
fn a_broken_cache_is_a_new_start_and_holds_no_secret() {
    let made = Made::new(67, 30, "sha1", false);
    let elsewhere = TempDir::new().unwrap();
    let cache = elsewhere.path().join("cache");
    let first = with_cache(&made.path(), &cache);
    let whole = fs::read(&cache).unwrap();
    for one in &first.findings {
        let tail = &one.found.0[4..];
        assert!(
            memchr::memmem::find(&whole, tail).is_none(),
            "a secret in the cache"
        );
    }
    for at in [0, 20, whole.len() / 2, whole.len() - 1] {
        let mut broken = whole.clone();
        broken[at] ^= 1;
        fs::write(&cache, &broken).unwrap();
        let again = with_cache(&made.path(), &cache);
        assert_eq!(
            (again.stats.known, told(&again)),
            (0, told(&first)),
            "byte {at}"
        );
        assert_eq!(fs::read(&cache).unwrap(), whole, "it is written anew");
    }
    fs::write(&cache, &whole[..whole.len() - 5]).unwrap();
    assert_eq!(with_cache(&made.path(), &cache).stats.known, 0);
    // A place that cannot be written is told.
    let report = with_cache(&made.path(), &elsewhere.path().join("no/where"));
    assert_eq!(report.skipped.len(), 1, "{:?}", report.skipped);
}
