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

/// A PDF with these objects, from number 1; the first is the catalogue.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.5\n".to_vec();
    let mut offsets = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        writeln!(out, "{} 0 obj", at + 1).unwrap();
        out.extend_from_slice(object);
        out.extend_from_slice(b"\nendobj\n");
    }
    let start = out.len();
    writeln!(out, "xref\n0 {}\n0000000000 65535 f ", objects.len() + 1).unwrap();
    for offset in offsets {
        writeln!(out, "{offset:010} 00000 n ").unwrap();
    }
    let size = objects.len() + 1;
    writeln!(
        out,
        "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF"
    )
    .unwrap();
    out
}

/// One page with this content stream, whose dictionary says this of it.
fn page(about: &str, content: &[u8]) -> Vec<u8> {
    let mut stream = format!("<< {about} >>\nstream\n").into_bytes();
    stream.extend_from_slice(content);
    stream.extend_from_slice(b"\nendstream");
    pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 600 800] >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_vec(),
        stream,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>".to_vec(),
    ])
}

fn written(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 10 Tf 20 700 Td ({text}) Tj ET");
    page(&format!("/Length {}", content.len()), content.as_bytes())
}

#[test]
fn a_pdf_is_read_in_a_process_of_its_own() {
    let bench = Bench::new();
    bench.write(
        "handbook.pdf",
        written(&format!("OPENAI_API_KEY={}", openai(1))),
    );
    bench.write(
        "all.zip",
        zipped(&[("in.pdf", &written(&format!("key {}", openai(2))))]),
    );
    let found = json(&bench, &[]);
    let mut said = sentences(&found);
    said.sort_unstable();
    assert_eq!(
        said,
        ["all.zip!in.pdf, page 1", "handbook.pdf, page 1"],
        "{found:#}"
    );
    assert_eq!(found["complete"], true);
}

#[test]
fn a_pdf_that_is_gone_is_read_from_the_history() {
    use super::history::{commit, repository};
    let bench = repository();
    bench.write("docs/a.pdf", written(&format!("key {}", openai(1))));
    bench.write("docs/broken.pdf", b"%PDF-1.7\nnothing of it is true");
    let brought = commit(&bench, "one");
    std::fs::remove_file(bench.tree().join("docs/a.pdf")).unwrap();
    let removed = commit(&bench, "two");
    let found = json(&bench, &[]);
    let [one] = findings(&found) else {
        panic!("{found:#}");
    };
    let place = &one["places"][0];
    assert_eq!(place["path"], "docs/a.pdf", "{found:#}");
    assert_eq!(place["commit"], brought.as_str());
    assert!(
        place["sentence"].as_str().unwrap().contains(&removed[..7]),
        "{found:#}"
    );
    // What cannot be read is said of the file and of the history, and no text of it is taken for content.
    let skipped = found["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 2, "{found:#}");
}

#[test]
fn a_pdf_is_assessed() {
    let bench = Bench::new();
    bench.write("handbook.pdf", written(&format!("key {}", openai(1))));
    let told = bench.assessment(&[]);
    assert_eq!(told["keys"].as_array().unwrap().len(), 1, "{told:#}");
}

/// Deflate (RFC 1951, section 3.2.6) of so many times 258 zeros, without making them first.
fn zeros(times: usize) -> Vec<u8> {
    let (mut out, mut held, mut bits) = (vec![0x78, 0x01], 0u64, 0u32);
    let mut put = |value: u64, length: u32, out: &mut Vec<u8>| {
        held |= value << bits;
        bits += length;
        while bits >= 8 {
            out.push((held & 0xff) as u8);
            held >>= 8;
            bits -= 8;
        }
    };
    // The last block, with the fixed codes; a zero; then copies of 258 bytes from one byte back.
    put(0b011, 3, &mut out);
    put(0b0000_1100, 8, &mut out);
    for _ in 0..times {
        put(0b1010_0011, 8, &mut out);
        put(0, 5, &mut out);
    }
    put(0, 16, &mut out);
    out
}

#[test]
fn a_pdf_that_lies_or_bursts_is_one_entry_and_the_rest_is_read() {
    let bench = Bench::new();
    bench.write("good.env", format!("OPENAI_API_KEY={}\n", openai(1)));
    bench.write("junk.pdf", b"%PDF-1.7\nnothing of it is true");
    // Four GiB behind a few megabytes, packed twice over.
    let bomb = zeros(16 << 20);
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&bomb).unwrap();
    let packed = packed.finish().unwrap();
    bench.write(
        "bomb.pdf",
        page(
            &format!(
                "/Length {} /Filter [/FlateDecode /FlateDecode]",
                packed.len()
            ),
            &packed,
        ),
    );
    let deep = "[".repeat(3 << 20);
    bench.write("deep.pdf", page(&format!("/X {deep}"), b"x"));
    bench.write("lies.pdf", page("/Length 4294967295", b"BT (x) Tj ET"));
    let found = json(&bench, &[]);
    assert_eq!(places(&found), ["good.env:1 new"]);
    let skipped: Vec<(&str, &str)> = found["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["path"].as_str().unwrap(),
                one["reason"].as_str().unwrap(),
            )
        })
        .collect();
    for name in ["bomb.pdf", "deep.pdf", "junk.pdf"] {
        let of: Vec<_> = skipped.iter().filter(|(path, _)| *path == name).collect();
        assert_eq!(of.len(), 1, "{name}: {skipped:?}");
    }
    assert_eq!(found["complete"], false);
    let files = std::fs::read_dir(bench.tree()).unwrap().count();
    assert_eq!(files, 5, "nothing is unpacked beside the files");
}
