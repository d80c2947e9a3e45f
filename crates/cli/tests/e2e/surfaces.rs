//! What a reader sees, word for word.

use crate::bench::Bench;
use unicode_width::UnicodeWidthStr as _;

/// Standard output at this many columns.
fn shown(args: &[&str], columns: &str) -> String {
    shown_by(&Bench::new(), args, columns)
}

pub(crate) fn shown_by(bench: &Bench, args: &[&str], columns: &str) -> String {
    let output = bench
        .command(args)
        .env("COLUMNS", columns)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let most: usize = columns.parse().unwrap();
    for line in text.lines() {
        assert!(line.width() <= most, "{} columns: {line}", line.width());
        assert_eq!(line, line.trim_end(), "spaces at the end of a line");
        assert!(
            !line.contains('\u{1b}'),
            "colour where none is wanted: {line}"
        );
    }
    text
}

macro_rules! snapshots {
    ($($name:ident: $args:expr, $columns:literal;)+) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(shown(&$args, $columns));
        }
    )+};
}

snapshots! {
    tenure_alone_says_what_it_is_and_four_commands: [], "100";
    help_lists_every_command_at_100_columns: ["--help"], "100";
    help_lists_every_command_at_80_columns: ["--help"], "80";
    the_demo_at_100_columns: ["demo"], "100";
    the_demo_at_80_columns: ["demo"], "80";
    every_key_of_the_demo_at_100_columns: ["demo", "--all"], "100";
}

#[test]
fn every_key_of_the_demo_fits_80_columns() {
    shown(&["demo", "--all", "-v"], "80");
}

/// The commands that a page of help lists; `help` is clap's own.
fn listed(page: &str) -> Vec<&str> {
    let block = page
        .split_once("\nCommands:\n")
        .map_or("", |(_, rest)| rest.split("\n\n").next().unwrap());
    let lines = block.lines().filter(|line| !line.starts_with("   "));
    lines
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

/// The pages of a command and of those below it, one after the other.
fn pages(path: &[&str], all: &mut Vec<String>) {
    let args = [path, &["--help"]].concat();
    shown(&args, "100");
    let page = shown(&args, "80");
    all.push(format!("$ tenure {}\n{page}", args.join(" ")));
    for name in listed(&page) {
        pages(&[path, &[name]].concat(), all);
    }
}

#[test]
fn every_page_of_help() {
    let first = shown(&["--help"], "80");
    let commands = listed(&first);
    assert!(commands.len() > 20, "{commands:?}");
    let mut count = 0;
    for command in commands {
        let mut all = Vec::new();
        pages(&[command], &mut all);
        count += all.len();
        insta::assert_snapshot!(format!("help_of_{command}"), all.join("\n"));
    }
    assert!(count > 60, "{count}");
}

#[test]
fn why_explains_an_exposed_key() {
    let bench = Bench::new();
    bench.run(&["demo"]).ends(0);
    insta::assert_snapshot!(same_everywhere(&shown_by(
        &bench,
        &["why", "ci-deploy-prod"],
        "100"
    )));
}

#[test]
fn why_explains_a_key_that_has_something_better() {
    let bench = Bench::new();
    bench.run(&["demo"]).ends(0);
    insta::assert_snapshot!(same_everywhere(&shown_by(
        &bench,
        &["why", "batch summaries"],
        "80"
    )));
}

#[test]
fn sunsets_name_the_keys_that_each_date_hits() {
    let bench = Bench::new();
    bench.run(&["demo"]).ends(0);
    let args = ["catalog", "sunsets", "--today", "2026-11-26"];
    insta::assert_snapshot!(shown_by(&bench, &args, "80"));
}

#[test]
fn sunsets_without_an_assessment_hit_nobody_knows_whom() {
    let bench = Bench::new();
    let args = ["catalog", "sunsets", "--today", "2026-11-26"];
    let text = shown_by(&bench, &args, "80");
    assert!(
        text.starts_with("Keys: nothing was assessed on this machine yet"),
        "{text}"
    );
    let told = bench.run(&[&args[..], &["-f", "json"]].concat()).ends(0);
    let json: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert!(json["assessment"].is_null());
    let dates = json["sunsets"].as_array().unwrap();
    assert!(dates.len() > 10 && dates.iter().all(|date| date["keys"].is_null()));
}

#[test]
fn sunsets_take_the_keys_of_the_assessment_that_is_named() {
    let bench = Bench::new();
    let told = bench.run(&["demo", "-f", "json"]).ends(0);
    let other = Bench::new();
    other.write("demo.json", &told.out);
    let run = other
        .run(&[
            "catalog",
            "sunsets",
            "--assessment",
            "demo.json",
            "--today",
            "2026-11-26",
            "-f",
            "json",
        ])
        .ends(0);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let hit = |provider: &str| -> Vec<&serde_json::Value> {
        let dates = json["sunsets"].as_array().unwrap().iter();
        dates
            .filter(|date| date["provider"] == provider && date["kind"] == "api_token")
            .flat_map(|date| date["keys"].as_array().unwrap())
            .collect()
    };
    let labels: Vec<&str> = hit("atlassian")
        .iter()
        .filter_map(|key| key["label"].as_str())
        .collect();
    assert!(labels.contains(&"atlassian jira sync"), "{labels:?}");
    assert!(
        hit("zendesk").is_empty(),
        "the example company has no key of Zendesk"
    );
    other
        .run(&["catalog", "sunsets", "--assessment", "gone.json"])
        .ends(2);
}

/// The demo's files lie in a folder whose name differs from run to run, but not in its length.
pub(crate) fn same_everywhere(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/.tmp") {
        let folder = before.rfind([' ', '(']).map_or(0, |at| at + 1);
        out.push_str(&before[..folder]);
        out.push_str("[folder]");
        rest = after.find('/').map_or("", |at| &after[at..]);
    }
    out + rest
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let block = readme
        .split_once("<!-- demo -->")
        .and_then(|(_, rest)| rest.split_once("<!-- /demo -->"))
        .map(|(block, _)| block)
        .expect("README.md has a block between the markers <!-- demo --> and <!-- /demo -->");
    let block = block
        .trim()
        .trim_start_matches("```text")
        .trim_start_matches("```")
        .trim_end_matches("```")
        .trim_matches('\n');
    let demo = shown(&["demo"], "100");
    assert_eq!(
        block,
        demo.trim_end(),
        "\nREADME.md is not what `COLUMNS=100 tenure demo` prints; put this in its place:\n{demo}"
    );
}
