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
    the_help_of_assess_at_100_columns: ["assess", "--help"], "100";
    the_help_of_assess_at_80_columns: ["assess", "--help"], "80";
    the_help_of_scan_at_100_columns: ["scan", "--help"], "100";
    the_help_of_scan_at_80_columns: ["scan", "--help"], "80";
    the_demo_at_100_columns: ["demo"], "100";
    the_demo_at_80_columns: ["demo"], "80";
    every_key_of_the_demo_at_100_columns: ["demo", "--all"], "100";
}

#[test]
fn every_key_of_the_demo_fits_80_columns() {
    shown(&["demo", "--all", "-v"], "80");
}

#[test]
fn every_help_fits_80_columns() {
    for command in [
        &["why", "--help"][..],
        &["demo", "--help"],
        &["decide", "--help"],
        &["policy", "--help"],
        &["policy", "show", "--help"],
        &["catalog", "--help"],
        &["schema", "--help"],
        &["completions", "--help"],
        &["man", "--help"],
    ] {
        shown(command, "80");
    }
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

/// The demo's files lie in a folder whose name differs from run to run, but not in its length.
fn same_everywhere(text: &str) -> String {
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
