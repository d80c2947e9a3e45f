//! Each format: its schema, the same bytes twice, and how it reads.

use super::{assigned, findings, json, openai, scan};
use crate::{
    bench::{Bench, TODAY},
    contract::{schema, valid},
    surfaces::shown_by,
};
use serde_json::Value;
use tenure_testkit::sample;

/// A folder with a bit of everything, and a pepper that is the same in every run.
fn mixed() -> Bench {
    let key = openai(7);
    let bench = Bench::with(&[
        (
            "app/.env",
            &format!(
                "OPENAI_API_KEY={key}\nPAYMENT_API_KEY={}\n",
                sample::generic(8)
            ),
        ),
        ("deploy/run.py", &format!("client = connect(\"{key}\")\n")),
        (
            "sandbox/conf.ini",
            &format!(
                "# tenure:allow reason=\"sandbox | no data\" until=2027-01-31\ntoken = {}\n",
                sample::generic(9)
            ),
        ),
        ("notes.txt", "nothing\n"),
        (
            "old.ini",
            &format!("token = {}  # tenure:allow\n", sample::generic(10)),
        ),
    ]);
    std::fs::write(bench.state().join("pepper"), [7u8; 32]).unwrap();
    // Who can read the folder must not depend on who runs the test.
    #[cfg(unix)]
    std::fs::set_permissions(
        bench.tree(),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    bench
}

#[test]
fn every_scan_keeps_to_its_schema() {
    let bench = mixed();
    let schema = schema(&bench, "scan");
    valid(&schema, &json(&bench, &[]));
    scan(&bench, &["--write-baseline", "b.jsonl"]).ends(0);
    std::fs::remove_file(bench.tree().join("old.ini")).unwrap();
    let compared = json(&bench, &["-b", "b.jsonl"]);
    assert_eq!(
        compared["stale"].as_array().unwrap().len(),
        1,
        "{compared:#}"
    );
    valid(&schema, &compared);
    valid(&schema, &json(&Bench::with(&[("a", "nothing")]), &[]));
    assert!(!schema.is_valid(&serde_json::json!({"schema": "tenure.scan/1"})));
}

#[test]
fn sarif_keeps_to_the_schema_of_oasis() {
    let official: Value =
        serde_json::from_str(include_str!("../../fixtures/sarif-schema-2.1.0.json")).unwrap();
    let official = jsonschema::validator_for(&official).unwrap();
    let bench = mixed();
    bench.write("we ird/\u{1b}[2J\nü#?.env", assigned(11));
    let log = scan(&bench, &["-f", "sarif"]).ends(1).json();
    valid(&official, &log);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 6, "{log:#}");
    for result in results {
        let print = result["partialFingerprints"]["tenureFinding/v1"]
            .as_str()
            .unwrap();
        let line = result["partialFingerprints"]["primaryLocationLineHash"]
            .as_str()
            .unwrap();
        assert!(line.starts_with(print) && line.len() > print.len());
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .unwrap();
        assert!(uri.bytes().all(|b| b.is_ascii_graphic()), "{uri}");
    }
    let suppressed: Vec<&Value> = results
        .iter()
        .filter(|r| r["suppressions"] != Value::Null)
        .collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["suppressions"][0]["kind"], "inSource");
    scan(&bench, &["--write-baseline", "b.jsonl", "-q"]).ends(0);
    let log = scan(&bench, &["-f", "sarif", "-b", "b.jsonl"])
        .ends(0)
        .json();
    valid(&official, &log);
    assert_eq!(log["runs"][0]["results"][0]["baselineState"], "unchanged");
    valid(
        &official,
        &scan(&Bench::with(&[("a", "x")]), &["-f", "sarif"])
            .ends(0)
            .json(),
    );
    assert!(!official.is_valid(&serde_json::json!({"version": "2.1.0"})));
}

#[test]
fn sarif_tells_every_place_of_a_key_with_many_and_the_others_of_a_few() {
    let bench = Bench::with(&[("a.env", &assigned(1).repeat(150))]);
    let log = scan(&bench, &["-f", "sarif"]).ends(1).json();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 150);
    let prints: std::collections::BTreeSet<&str> = results
        .iter()
        .map(|one| {
            one["partialFingerprints"]["primaryLocationLineHash"]
                .as_str()
                .unwrap()
        })
        .collect();
    assert_eq!(prints.len(), 150);
    let others = |at: usize| results[at]["relatedLocations"].as_array().map(Vec::len);
    assert_eq!(
        (others(0), others(99), others(100)),
        (Some(20), Some(20), None)
    );
}

#[test]
fn the_report_for_gitlab_has_all_that_its_schema_asks_for() {
    let wanted: Value =
        serde_json::from_str(include_str!("../../fixtures/gitlab-secret-detection.json")).unwrap();
    let wanted = jsonschema::validator_for(&wanted).unwrap();
    let bench = mixed();
    let report = scan(&bench, &["-o", "gl-secret-detection-report.json"]).ends(1);
    assert_eq!(report.out, "");
    let text =
        std::fs::read_to_string(bench.tree().join("gl-secret-detection-report.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    valid(&wanted, &report);
    let ids: std::collections::BTreeSet<&str> = report["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids.len(),
        4,
        "allowed keys are left out, and every place has an id of its own"
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let bench = mixed();
    for format in ["table", "jsonl", "csv", "md", "sarif", "gitlab"] {
        let run = || scan(&bench, &["-f", format]).ends(1).out;
        let first = run();
        assert!(first.len() > 100, "{format}");
        assert_eq!(first, run(), "{format}");
    }
    let timeless = || {
        let mut scan = json(&bench, &[]);
        for name in ["wall", "cpu"] {
            assert!(scan["stats"][name].is_f64(), "{scan:#}");
            scan["stats"][name] = Value::Null;
        }
        scan
    };
    assert_eq!(timeless(), timeless());
}

#[test]
fn every_line_of_jsonl_is_a_finding_and_every_row_of_csv_a_place() {
    let bench = mixed();
    let whole = json(&bench, &[]);
    let lines = scan(&bench, &["-f", "jsonl"]).ends(1).out;
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, findings(&whole));
    let rows = scan(&bench, &["-f", "csv"]).ends(1).out;
    assert_eq!(rows.lines().count(), 1 + 5, "{rows}");
}

#[test]
fn several_files_are_written_at_once_each_in_its_format() {
    let bench = mixed();
    let ran = scan(&bench, &["-o", "a.sarif", "-o", "b.md", "-o", "c.json"]).ends(1);
    assert_eq!(ran.out, "");
    let read = |name: &str| std::fs::read_to_string(bench.tree().join(name)).unwrap();
    assert!(read("a.sarif").contains("\"runs\""));
    assert!(read("b.md").starts_with("**Tenure: "));
    assert!(read("c.json").contains("tenure.scan/1"));
    scan(&bench, &["-o", "no/such/folder/x.json"]).ends(4);
}

#[test]
fn a_job_summary_is_appended_where_it_is_asked_for() {
    let bench = mixed();
    let path = bench.state().join("summary.md");
    std::fs::write(&path, "before\n").unwrap();
    let run = |more: &[&str]| {
        bench
            .command(more)
            .env("GITHUB_STEP_SUMMARY", &path)
            .output()
            .unwrap()
    };
    run(&["scan", ".", "--today", TODAY]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before\n");
    run(&["scan", ".", "--today", TODAY, "--summary"]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("before\n**Tenure: 3 new keys"), "{text}");
    let unset = bench
        .command(&["scan", ".", "--summary"])
        .env_remove("GITHUB_STEP_SUMMARY")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&unset.stderr).contains("is not set"));
}

#[test]
fn the_table_reads_so() {
    let bench = mixed();
    let shown = |columns: &str, more: &[&str]| {
        let mut args = vec!["scan", ".", "--today", TODAY, "--fail-on", "none"];
        args.extend(more);
        shown_by(&bench, &args, columns)
    };
    insta::assert_snapshot!("scan_table_at_80_columns", shown("80", &[]));
    insta::assert_snapshot!("scan_table_verbose_at_100_columns", shown("100", &["-v"]));
    scan(&bench, &["--write-baseline", "../b.jsonl", "-q"]);
    let _ = std::fs::rename(
        bench.tree().join("deploy/run.py"),
        bench.tree().join("deploy/go.py"),
    );
    std::fs::remove_file(bench.tree().join("old.ini")).unwrap();
    let baseline = bench.tree().join("../b.jsonl");
    insta::assert_snapshot!(
        "scan_table_against_a_baseline",
        shown("80", &["-v", "-b", baseline.to_str().unwrap()])
    );
    std::fs::remove_file(baseline).unwrap();
}

#[test]
fn markdown_and_sarif_read_so() {
    let bench = mixed();
    insta::assert_snapshot!("scan_markdown", scan(&bench, &["-f", "md"]).ends(1).out);
    insta::assert_snapshot!("scan_sarif", scan(&bench, &["-f", "sarif"]).ends(1).out);
}
