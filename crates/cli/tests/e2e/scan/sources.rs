//! What lies in files that hold texts of their own: archives, notebooks, logs, exports.

use super::{findings, json, openai, places, scan};
use crate::bench::Bench;
use serde_json::{Value, json as value};
use std::io::Write as _;
use tenure_testkit::sample;

/// A zip with these members.
pub(crate) fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sentences(scan: &Value) -> Vec<&str> {
    findings(scan)
        .iter()
        .flat_map(|finding| finding["places"].as_array().unwrap())
        .map(|place| place["sentence"].as_str().unwrap())
        .collect()
}

#[test]
fn a_member_of_an_archive_is_a_place_with_a_line() {
    let bench = Bench::new();
    let env = format!("a=1\nOPENAI_API_KEY={}\n", openai(1));
    let inner = zipped(&[("conf/.env", env.as_bytes())]);
    bench.write(
        "app.zip",
        zipped(&[("lib/in.jar", &inner), ("a.txt", b"nothing")]),
    );
    let found = json(&bench, &[]);
    assert_eq!(places(&found), ["app.zip!lib/in.jar!conf/.env:2 new"]);
    assert_eq!(found["stats"]["files"], 1);
    assert_eq!(found["stats"]["blobs"], 2);
    scan(&bench, &["--write-baseline", "b.jsonl", "-q"]).ends(0);
    scan(&bench, &["-b", "b.jsonl"]).ends(0);
    bench.write("app.zip", zipped(&[("a.txt", b"nothing")]));
    let stale = scan(&bench, &["-b", "b.jsonl", "-v"]).ends(0);
    assert!(stale.out.contains("STALE"), "{}", stale.out);
}

#[test]
fn a_broken_archive_is_not_read_whole_and_the_rest_is() {
    let bench = Bench::new();
    let whole = zipped(&[("a.env", format!("K={}\n", openai(1)).as_bytes())]);
    bench.write("cut.zip", &whole[..whole.len() - 10]);
    bench.write("b.txt", "nothing\n");
    scan(&bench, &[])
        .ends(3)
        .says(&["exit 3: 1 place not read whole: cut.zip"]);
    bench.write("whole.zip", &whole);
    scan(&bench, &[]).ends(1);
    // Nobody knows what a container holds that is broken, so its decisions stay.
    bench.write("cut.zip", &whole);
    scan(&bench, &["--write-baseline", "b.jsonl", "-q"]).ends(0);
    bench.write("cut.zip", &whole[..whole.len() - 10]);
    let again = json(&bench, &["--write-baseline", "b.jsonl", "-v"]);
    assert_eq!(again["stale"], value!([]));
    let kept = std::fs::read_to_string(bench.tree().join("b.jsonl")).unwrap();
    assert!(kept.contains("cut.zip!a.env"), "{kept}");
}

#[test]
fn exports_are_told_as_people_would_tell_them() {
    let bench = Bench::new();
    bench.write(
        "slack/deploys/2026-03-03.json",
        value!([{"type": "message", "user": "U1", "ts": "1772533800.000100", "thread_ts": "1772533800.000100",
            "reply_count": 3, "text": format!("use {} for now", openai(1))}])
        .to_string(),
    );
    bench.write(
        "jira.json",
        value!({"issues": [{"key": "OPS-12", "fields": {"summary": "x", "comment": {"comments": [
            {"author": {"displayName": "Bob"}, "created": "2026-03-04T09:00:00.000+0000", "body": openai(2)}]}}}]})
        .to_string(),
    );
    bench.write(
        "claude.jsonl",
        format!("{}\n", value!({"type": "user", "sessionId": "s", "message": {"content": format!("export K={}", openai(3))}})),
    );
    bench.write(
        "Inbox.mbox",
        format!("From a@example.com Tue Mar  3 10:00:00 2026\nFrom: Ann <a@example.com>\nSubject: access\nDate: Tue, 3 Mar 2026 10:00:00 +0000\n\n{}\n", openai(4)),
    );
    bench.write(
        "job.log",
        format!("2026-03-03T10:00:00.1234567Z ##[group]Run deploy\n2026-03-03T10:00:01.1234567Z token {}\n", openai(5)),
    );
    let mut found: Vec<String> = sentences(&json(&bench, &[]))
        .iter()
        .map(|s| (*s).to_owned())
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "Claude Code transcript, turn 1",
            "GitHub Actions, step Run deploy, line 2",
            "Jira OPS-12, comment 1, by Bob, 4 March 2026",
            "Slack #deploys, by U1, 3 March 2026, thread of 4",
            "the mail “access”, by Ann, 3 March 2026",
        ]
    );
}

#[test]
fn a_key_over_several_lines_of_a_log_or_a_cell_is_found() {
    let pem = sample::private_key(1);
    let bench = Bench::new();
    let stamped: String = pem
        .lines()
        .map(|line| format!("2026-03-03T10:00:00.1234567Z {line}\n"))
        .collect();
    bench.write("job.log", stamped);
    let lines: Vec<String> = pem.lines().map(|line| format!("{line}\n")).collect();
    bench.write(
        "x.ipynb",
        serde_json::to_string_pretty(
            &value!({"cells": [{"cell_type": "code", "source": lines, "outputs": []}],
            "metadata": {}, "nbformat": 4}),
        )
        .unwrap(),
    );
    let found = json(&bench, &[]);
    assert_eq!(findings(&found).len(), 1, "{found:#}");
    assert_eq!(
        sentences(&found),
        ["GitHub Actions, line 1", "x.ipynb, cell 1, line 6"]
    );
}

#[test]
fn a_cell_of_a_notebook_has_the_line_of_its_file() {
    let bench = Bench::new();
    bench.write(
        "x.ipynb",
        format!(
            "{{\n \"cells\": [\n  {{\n   \"source\": [\n    \"k = \\\"{}\\\"\\n\"\n   ],\n   \"outputs\": []\n  }}\n ],\n \"metadata\": {{}}\n}}\n",
            openai(1)
        ),
    );
    let found = json(&bench, &[]);
    assert_eq!(sentences(&found), ["x.ipynb, cell 1, line 5"]);
}
