//! Baselines and `tenure:allow`.

use super::{assigned, findings, json, openai, places, scan};
use crate::bench::Bench;
use std::{path::Path, process::Command};

fn read(bench: &Bench, path: &str) -> String {
    std::fs::read_to_string(bench.tree().join(path)).unwrap()
}

#[test]
fn what_the_baseline_holds_is_known_wherever_its_line_or_file_moves() {
    let key = assigned(1);
    let bench = Bench::with(&[("src/a.env", &key), ("src/b.env", &assigned(2))]);
    scan(&bench, &["--write-baseline", "base.jsonl"])
        .ends(0)
        .says(&["2 decisions, 0 before"]);
    scan(&bench, &["-b", "base.jsonl"]).ends(0);
    bench.write("src/a.env", format!("\n\n\n# moved\n{key}"));
    scan(&bench, &["-b", "base.jsonl"]).ends(0);
    std::fs::rename(bench.tree().join("src"), bench.tree().join("lib")).unwrap();
    let ran = scan(&bench, &["-b", "base.jsonl"]).ends(0);
    assert_eq!(
        ran.out,
        "No new keys in 3 files, all read whole; 2 known (-v lists them)\n"
    );
    bench.write("lib/c.env", assigned(3));
    scan(&bench, &["-b", "base.jsonl"])
        .ends(1)
        .says(&["exit 1: 1 new key"]);
    scan(&bench, &["-b", "base.jsonl", "--fail-on", "any"])
        .ends(1)
        .says(&["3 keys"]);
}

#[test]
fn a_copy_in_a_further_file_is_not_covered() {
    let bench = Bench::with(&[("a.env", &assigned(1))]);
    scan(&bench, &["--write-baseline", "base.jsonl"]).ends(0);
    bench.write("public/b.env", assigned(1));
    scan(&bench, &["-b", "base.jsonl"])
        .ends(1)
        .says(&["1 new key"]);
    let compared = json(&bench, &["-b", "base.jsonl"]);
    assert_eq!(places(&compared), ["a.env:1 known", "public/b.env:1 new"]);
    // Of files named one by one, nobody knows what the others hold.
    bench
        .run(&["scan", "public/b.env", "-b", "base.jsonl"])
        .ends(1);
}

#[test]
fn the_file_is_sorted_and_writing_it_again_changes_nothing() {
    let bench = Bench::with(&[
        ("a.env", &assigned(1)),
        ("b.env", &assigned(2)),
        ("c.py", &format!("k=\"{}\"\n", openai(3))),
    ]);
    scan(&bench, &["--write-baseline", "base.jsonl"]).ends(0);
    let first = read(&bench, "base.jsonl");
    let mut lines: Vec<&str> = first.lines().collect();
    assert_eq!(lines.len(), 3);
    lines.sort_unstable();
    assert_eq!(lines, first.lines().collect::<Vec<_>>());
    scan(&bench, &["--write-baseline", "base.jsonl"]).ends(0);
    assert_eq!(read(&bench, "base.jsonl"), first);
    // A reason that somebody wrote stays, and a key that is gone goes.
    let reasoned = first.replacen("\"}\n", "\",\"reason\":\"sandbox\"}\n", 3);
    bench.write("base.jsonl", &reasoned);
    std::fs::remove_file(bench.tree().join("a.env")).unwrap();
    let ran = scan(&bench, &["-b", "base.jsonl", "-v"]).ends(0);
    assert!(
        ran.out.contains("STALE") && ran.out.contains("a.env"),
        "{}",
        ran.out
    );
    scan(&bench, &["--write-baseline", "base.jsonl"]).ends(0);
    let last = read(&bench, "base.jsonl");
    assert_eq!(
        (last.lines().count(), last.matches("sandbox").count()),
        (2, 2)
    );
}

#[test]
fn a_scan_as_json_is_a_baseline_too() {
    let bench = Bench::with(&[("a.env", &assigned(1))]);
    let out = tempfile::tempdir().unwrap();
    let path = |name: &str| out.path().join(name).to_str().unwrap().to_owned();
    for name in ["scan.json", "scan.jsonl"] {
        scan(&bench, &["-o", &path(name)]).ends(1);
        scan(&bench, &["-b", &path(name)]).ends(0);
    }
}

#[test]
fn a_baseline_that_is_none_is_named_with_its_line() {
    let bench = Bench::with(&[
        ("a.env", &assigned(1)),
        ("b.jsonl", "{\"id\":\"x\"}\n"),
        ("m.jsonl", "<<<<<<< HEAD\n"),
    ]);
    scan(&bench, &["-b", "b.jsonl"])
        .ends(2)
        .says(&["b.jsonl: line 1", "path"]);
    scan(&bench, &["-b", "m.jsonl"])
        .ends(2)
        .says(&["a merge left its marks"]);
    scan(&bench, &["-b", "none.jsonl"])
        .ends(2)
        .says(&["none.jsonl"]);
}

fn git(folder: &Path, args: &[&str]) -> bool {
    let status = Command::new("git")
        .args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    status.status.success()
}

#[test]
fn two_branches_that_both_decide_merge_without_conflict() {
    let bench = Bench::with(&[
        (".gitattributes", "*.jsonl merge=union\n"),
        ("a.env", &assigned(1)),
    ]);
    let tree = bench.tree();
    scan(&bench, &["--write-baseline", "base.jsonl", "-q"]).ends(0);
    assert!(git(tree, &["init", "-q", "-b", "main"]));
    assert!(git(tree, &["add", "-A"]) && git(tree, &["commit", "-qm", "one"]));
    for (branch, seeds) in [("left", [2u64, 3, 4]), ("right", [4u64, 5, 6])] {
        assert!(git(tree, &["checkout", "-q", "-b", branch, "main"]));
        for seed in seeds {
            bench.write(&format!("{seed}.env"), assigned(seed));
        }
        scan(&bench, &["--write-baseline", "base.jsonl", "-q"]).ends(0);
        assert!(git(tree, &["add", "-A"]) && git(tree, &["commit", "-qm", branch]));
    }
    assert!(
        git(tree, &["merge", "-q", "-m", "both", "left"]),
        "{}",
        read(&bench, "base.jsonl")
    );
    scan(&bench, &["-b", "base.jsonl"]).ends(0);
    let known = json(&bench, &["-b", "base.jsonl"]);
    assert_eq!(findings(&known).len(), 6);
    scan(&bench, &["--write-baseline", "base.jsonl", "-q"]).ends(0);
    assert_eq!(read(&bench, "base.jsonl").lines().count(), 6);
}

#[test]
fn allow_counts_with_a_reason_until_its_end() {
    let key = assigned(1);
    let line = key.trim_end();
    let allow = "tenure:allow reason=\"sandbox\" until=2026-12-31";
    let bench = Bench::new();
    let ends = |text: &str, more: &[&str]| {
        bench.write("a.env", text);
        let mut args = vec!["scan", "."];
        args.extend(more);
        if !more.contains(&"--today") {
            args.extend(["--today", "2026-12-31"]);
        }
        bench.run(&args).code
    };
    let beside = format!("{line} # {allow}\n");
    assert_eq!(ends(&beside, &[]), 0);
    assert_eq!(ends(&format!("# {allow}\n{line}\n"), &[]), 0);
    assert_eq!(ends(&beside, &["--today", "2027-01-01"]), 1);
    assert_eq!(ends(&beside, &["--no-allow"]), 1);
    assert_eq!(ends(&beside, &["--fail-on", "any"]), 0);
    assert_eq!(ends(&format!("{line} # tenure:allow\n"), &[]), 1);
    assert_eq!(
        ends(&format!("{line} # tenure:allow reason=\"\"\n"), &[]),
        1
    );
    assert_eq!(
        ends(
            &format!("{line} # tenure:allow reason=\"x\" until=never\n"),
            &[]
        ),
        1
    );
    // Two lines before is too far, and the line after speaks of nothing before it.
    assert_eq!(ends(&format!("# {allow}\n\n{line}\n"), &[]), 1);
    assert_eq!(ends(&format!("{line}\n# {allow}\n"), &[]), 1);
    // A line with a key of its own speaks of that key alone.
    assert_eq!(ends(&format!("{beside}{}", assigned(2)), &[]), 1);
    let told = bench.run(&["scan", ".", "--today", "2027-01-01"]).ends(1);
    assert!(
        told.err
            .contains("a.env:1: tenure:allow does not count: it ended on 2026-12-31"),
        "{}",
        told.err
    );
}

#[test]
fn allowed_keys_are_counted_and_listed_on_request() {
    let bench = Bench::with(&[(
        "a.env",
        &format!(
            "{} # tenure:allow reason=\"sandbox\"\n",
            assigned(1).trim_end()
        ),
    )]);
    let short = scan(&bench, &[]).ends(0);
    assert_eq!(
        short.out,
        "No new keys in 1 file, all read whole; 1 allowed (-v lists them)\n"
    );
    let long = scan(&bench, &["-v"]).ends(0);
    assert!(
        long.out.contains("ALLOWED") && long.out.contains("“sandbox”"),
        "{}",
        long.out
    );
    scan(&bench, &["--write-baseline", "b.jsonl", "-q"]).ends(0);
    assert_eq!(
        read(&bench, "b.jsonl"),
        "",
        "what is allowed needs no decision"
    );
}

#[test]
fn no_file_of_a_scanned_folder_lowers_the_verdict() {
    let bench = Bench::with(&[("a.env", &assigned(1))]);
    let id = findings(&json(&bench, &[]))[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let decision = format!("{{\"id\":\"{id}\",\"path\":\"a.env\",\"rule\":\"generic_secret\"}}\n");
    for (name, text) in [
        (".tenureignore", "*\n"),
        ("tenure.toml", "[scan]\nexclude = [\"*\"]\n"),
        (".tenure/baseline.jsonl", &decision),
        ("baseline.jsonl", &decision),
        (".gitleaksignore", "a.env:generic:1\n"),
        (".gitleaks.toml", "[allowlist]\npaths = ['''.*''']\n"),
        (".secrets.baseline", "{}"),
        (".ignore", "*\n"),
        (".rgignore", "*\n"),
        (".trivyignore", "*\n"),
    ] {
        bench.write(name, text);
    }
    let scan = scan(&bench, &["-f", "json"]).ends(1).json();
    assert_eq!(places(&scan), ["a.env:1 new"]);
}
