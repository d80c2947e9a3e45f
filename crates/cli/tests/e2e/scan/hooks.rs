//! Where other programs start a scan: git's hooks, pre-commit, GitHub Actions.

use super::{assigned, history::git};
use crate::bench::Bench;
use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

/// A file of this repository that others read.
fn ours(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The program with `tenure` on its path, in the bench's world.
fn program(bench: &Bench, name: &str) -> Command {
    let here = Path::new(env!("CARGO_BIN_EXE_tenure")).parent().unwrap();
    let path = format!("{}:{}", here.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(name);
    command
        .current_dir(bench.tree())
        .env("PATH", path)
        .env("TENURE_DATA_DIR", bench.state())
        .env("HOME", bench.state())
        .env("NO_COLOR", "1");
    command
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

#[test]
fn a_push_that_brings_in_a_key_is_refused_by_the_server() {
    let server = Bench::new();
    git(server.tree(), &["init", "-q", "--bare", "-b", "main"]);
    let hook = server.write(
        "hooks/pre-receive",
        "#!/bin/sh\nexec tenure scan --pre-receive -q\n",
    );
    std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let client = Bench::new();
    git(client.tree(), &["init", "-q", "-b", "main"]);
    let commit = || {
        git(client.tree(), &["add", "-A", "-f"]);
        git(client.tree(), &["commit", "-q", "-m", "more"]);
    };
    let push = || {
        let mut command = program(&client, "git");
        command.args(["push", "-q"]).arg(server.tree());
        command.arg("HEAD:refs/heads/main").output().unwrap()
    };
    let tip = || git(server.tree(), &["rev-parse", "main"]);

    client.write("a.txt", "nothing\n");
    commit();
    let clean = push();
    assert!(clean.status.success(), "{}", said(&clean));
    let before = tip();

    client.write("b.env", assigned(1));
    commit();
    let refused = push();
    assert!(!refused.status.success());
    assert!(
        said(&refused).contains("exit 1: 1 new key"),
        "{}",
        said(&refused)
    );
    assert_eq!(tip(), before);

    // A key that a later commit of the same push takes out is in the history all the same.
    std::fs::remove_file(client.tree().join("b.env")).unwrap();
    commit();
    assert!(!push().status.success());

    git(client.tree(), &["reset", "-q", "--hard", &before]);
    client.write("c.txt", "nothing\n");
    commit();
    let clean = push();
    assert!(clean.status.success(), "{}", said(&clean));
    assert_ne!(tip(), before);
}

#[test]
fn pre_commit_passes_files_whatever_their_names() {
    let hook = ours(".pre-commit-hooks.yaml");
    let field = |name: &str| {
        let lines = hook.lines().map(str::trim);
        let mut found = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.next().unwrap().to_owned()
    };
    let entry = field("entry");
    let args = field("args");
    let args = args.trim_matches(['[', ']']).replace(['"', '\''], "");
    // As pre-commit does: the entry, the arguments, the changed files.
    let run = |bench: &Bench, files: &[&str]| {
        let mut words = entry.split(' ').chain(args.split(", "));
        let mut command = program(bench, words.next().unwrap());
        command.args(words).args(files).output().unwrap()
    };
    let bench = Bench::with(&[("-q.txt", "nothing\n"), ("b c.env", &assigned(1))]);
    let clean = run(&bench, &["-q.txt"]);
    assert_eq!(clean.status.code(), Some(0), "{}", said(&clean));
    let found = run(&bench, &["-q.txt", "b c.env"]);
    assert_eq!(found.status.code(), Some(1), "{}", said(&found));
}

/// The script of the last step of the action, as GitHub takes it out of the file.
fn script() -> String {
    let action = ours("action.yml");
    let (_, run) = action.rsplit_once("run: |\n").unwrap();
    let lines = run
        .lines()
        .map(|line| line.strip_prefix("        ").unwrap_or(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// As a runner does, with what it sets.
fn acted(bench: &Bench, paths: &str, baseline: &str) -> Output {
    let mut command = program(bench, "bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script()]);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", bench.state().join("summary.md"))
        .env("PATHS", paths)
        .env("BASELINE", baseline)
        .env("FAIL_ON", "new")
        .env("SARIF", "tenure.sarif");
    command.output().unwrap()
}

#[test]
fn the_action_fails_on_a_key_and_leaves_results_and_a_summary() {
    let bench = Bench::with(&[("a/b.env", &assigned(1)), ("c/d.txt", "nothing\n")]);
    let summary = || std::fs::read_to_string(bench.state().join("summary.md")).unwrap();
    let clean = acted(&bench, "c", "");
    assert_eq!(clean.status.code(), Some(0), "{}", said(&clean));
    assert!(summary().contains("No keys in 1 file"), "{}", summary());

    let found = acted(&bench, "a c", "");
    assert_eq!(found.status.code(), Some(1), "{}", said(&found));
    assert!(summary().contains("1 key in 2 files"), "{}", summary());
    let log = std::fs::read_to_string(bench.tree().join("tenure.sarif")).unwrap();
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 1);

    bench
        .run(&["scan", "a", "c", "--write-baseline", "known.jsonl", "-q"])
        .ends(0);
    let known = acted(&bench, "a c", "known.jsonl");
    assert_eq!(known.status.code(), Some(0), "{}", said(&known));
}

#[test]
fn the_action_says_where_a_history_is_missing() {
    let origin = Bench::new();
    git(origin.tree(), &["init", "-q", "-b", "main"]);
    for text in ["one\n", "two\n"] {
        origin.write("a.txt", text);
        git(origin.tree(), &["add", "-A"]);
        git(origin.tree(), &["commit", "-q", "-m", "more"]);
    }
    // As actions/checkout does without `fetch-depth: 0`.
    let bench = Bench::new();
    let url = format!("file://{}", origin.tree().display());
    git(bench.tree(), &["clone", "-q", "--depth", "1", &url, "."]);
    let short = acted(&bench, ".", "");
    assert_eq!(short.status.code(), Some(3), "{}", said(&short));
    assert!(said(&short).contains("shallow clone"), "{}", said(&short));
}
