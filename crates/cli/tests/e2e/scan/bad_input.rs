//! Hostile and broken input: bounded, named, and never in the way of the rest.

use super::{assigned, findings, json, places, scan, sources::zipped};
use crate::bench::{Bench, Ran};

const FORMATS: [&str; 7] = ["table", "json", "jsonl", "csv", "md", "sarif", "gitlab"];

#[test]
fn nothing_read_is_2_and_says_what() {
    let bench = Bench::new();
    scan(&bench, &[])
        .ends(2)
        .says(&["nothing was read", "no file"]);
    bench
        .fed(&["scan", "-"], "")
        .ends(2)
        .says(&["standard input is empty"]);
    scan(&bench, &["./missing"]).ends(2).says(&["missing"]);
    bench.write("a.bin", b"\x7fELF\0\0\0\0");
    scan(&bench, &[]).ends(2).says(&["none of the 1 files"]);
    bench.run(&["scan"]).ends(2);
}

#[test]
#[cfg(unix)]
fn names_that_attack_the_terminal_are_escaped_in_every_format() {
    let bench = Bench::new();
    bench.write("a\u{1b}[2J\u{1b}]0;x\u{7}\nb\u{202e}.env", assigned(1));
    bench.write("=cmd|' .env", assigned(2));
    bench.write("](http://evil) @all | <b>`.env", assigned(3));
    for format in FORMATS {
        for more in [&[][..], &["-v"]] {
            let mut args = vec!["-f", format];
            args.extend(more);
            let ran = scan(&bench, &args).ends(1);
            for (what, text) in [("output", &ran.out), ("standard error", &ran.err)] {
                let bad = text.chars().find(|c| c.is_control() && *c != '\n');
                assert_eq!(bad, None, "{format}: {what}: {text}");
            }
            if !format.starts_with("json") && format != "gitlab" {
                assert!(!ran.out.contains('\u{202e}'), "{format}: {}", ran.out);
            }
        }
    }
    let md = scan(&bench, &["-f", "md"]).out;
    assert!(
        !md.contains("](http") && !md.contains("@all") && !md.contains("<b>"),
        "{md}"
    );
    let rows = scan(&bench, &["-f", "csv"]).out;
    assert_eq!(rows.lines().count(), 4, "{rows}");
    assert!(rows.contains("'=cmd"), "{rows}");
}

#[test]
#[cfg(unix)]
fn a_name_that_is_no_utf8_is_still_a_place() {
    use std::os::unix::ffi::OsStrExt as _;
    let bench = Bench::new();
    let name = std::ffi::OsStr::from_bytes(b"a\xff\xfe.env");
    std::fs::write(bench.tree().join(name), assigned(1)).unwrap();
    let scan = scan(&bench, &["-f", "json"]).ends(1).json();
    assert_eq!(places(&scan), ["a\u{fffd}\u{fffd}.env:1 new"]);
}

#[test]
fn bytes_that_are_no_utf8_do_not_hide_a_key() {
    let bench = Bench::new();
    let mut bytes = b"caf\xe9 \xff\xfe\xc3\n".to_vec();
    bytes.extend(assigned(1).into_bytes());
    bytes.extend(b"\xff\xff");
    bench.write("latin.env", bytes);
    assert_eq!(places(&json(&bench, &[])), ["latin.env:2 new"]);
}

#[test]
fn a_line_without_end_is_searched_to_its_end() {
    let bench = Bench::new();
    let mut long = "x,".repeat(5 << 20);
    long.push_str(&assigned(1));
    bench.write("min.env", long);
    let scan = json(&bench, &[]);
    assert_eq!(places(&scan), ["min.env:1 new"]);
    assert_eq!(scan["complete"], true);
}

#[test]
fn many_keys_on_one_line_are_all_found() {
    let bench = Bench::new();
    let line: String = (0..2000)
        .map(|seed| assigned(seed).replace('\n', " "))
        .collect();
    bench.write("all.env", line);
    // A few of so many look like placeholders by chance.
    assert!(findings(&json(&bench, &[])).len() > 1950);
}

#[test]
#[cfg(unix)]
fn a_circle_of_links_ends_and_links_are_not_followed() {
    let bench = Bench::with(&[("a/b.env", &assigned(1))]);
    std::os::unix::fs::symlink(bench.tree(), bench.tree().join("a/up")).unwrap();
    std::os::unix::fs::symlink("self", bench.tree().join("self")).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", bench.tree().join("broken")).unwrap();
    let scan = scan(&bench, &["-f", "json"]).ends(1).json();
    assert_eq!(places(&scan), ["a/b.env:1 new"]);
    assert_eq!(scan["complete"], true);
    bench.run(&["scan", "self"]).ends(2).says(&["self"]);
    bench.run(&["scan", "broken"]).ends(2).says(&["broken"]);
}

#[test]
#[cfg(unix)]
fn what_may_not_be_read_is_named_and_the_rest_is_scanned() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::with(&[
        ("closed/a.env", &assigned(1)),
        ("secret.env", &assigned(2)),
        ("b.txt", "nothing\n"),
    ]);
    let set = |path: &str, mode: u32| {
        std::fs::set_permissions(
            bench.tree().join(path),
            std::fs::Permissions::from_mode(mode),
        )
        .unwrap();
    };
    set("closed", 0o000);
    set("secret.env", 0o000);
    // The superuser may read everything, so there is nothing to see.
    let superuser = std::fs::read(bench.tree().join("secret.env")).is_ok();
    let ran: Ran = scan(&bench, &[]);
    let both = scan(&bench, &["-f", "json"]);
    set("closed", 0o755);
    if superuser {
        return;
    }
    let ran = ran
        .ends(3)
        .says(&["exit 3: 2 places not read whole: closed"]);
    assert!(
        ran.out.contains("not all read whole") && ran.out.contains("NOT READ"),
        "{}",
        ran.out
    );
    let scan = both.ends(3).json();
    assert_eq!(scan["complete"], false);
    let paths: Vec<&str> = scan["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["closed", "secret.env"]);
}

#[test]
fn a_broken_git_index_is_named_and_findings_win_over_it() {
    let bench = Bench::with(&[
        ("a.env", &assigned(1)),
        (".git/HEAD", "ref: refs/heads/main\n"),
        (
            ".git/index",
            "no index at all, though long enough to be one",
        ),
    ]);
    let scan_json = scan(&bench, &["-f", "json"]).ends(1).json();
    assert_eq!(scan_json["complete"], false);
    std::fs::remove_file(bench.tree().join("a.env")).unwrap();
    bench.write("b.txt", "nothing\n");
    let ran = scan(&bench, &[]).ends(3).says(&[".git", "not read whole"]);
    assert!(
        ran.out.starts_with("No keys in 1 file, not all read whole"),
        "{}",
        ran.out
    );
}

/// What was not read whole, and why.
fn skipped(scan: &serde_json::Value) -> Vec<(String, String)> {
    let all = scan["skipped"].as_array().unwrap().iter();
    all.map(|one| ["path", "reason"].map(|name| one[name].as_str().unwrap().to_owned()))
        .map(|[path, reason]| (path, reason))
        .collect()
}

#[test]
fn files_of_twenty_gibibytes_take_no_time_where_they_are_no_text() {
    let bench = Bench::new();
    bench.write("k.env", assigned(1));
    for (name, head) in [
        ("empty.bin", &b"\0"[..]),
        ("a.zip", b"PK\x03\x04\0\0"),
        ("a.pdf", b"%PDF-1.7\n\0"),
        ("a.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\0"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
    ] {
        bench.write(name, head);
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(bench.tree().join(name))
            .unwrap();
        // It has no blocks where nothing was written.
        file.set_len(20 << 30).unwrap();
    }
    let began = std::time::Instant::now();
    let found = json(&bench, &[]);
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    assert_eq!(places(&found), ["k.env:1 new"]);
    let mut names: Vec<String> = skipped(&found).into_iter().map(|(path, _)| path).collect();
    names.sort();
    names.dedup();
    assert_eq!(names, ["a.7z", "a.gz", "a.pdf", "a.zip"], "{found:#}");
    assert_eq!(found["stats"]["binary"], 1);
}

#[test]
fn names_in_archives_that_attack_the_terminal_are_escaped_too() {
    let bench = Bench::new();
    let text = assigned(1);
    let name = "a\u{1b}[2J\u{1b}]0;x\u{7}\nb\u{202e}.env";
    bench.write(
        "a.zip",
        zipped(&[(name, text.as_bytes()), ("../../up.env", b"x")]),
    );
    let broken = zipped(&[("bad\u{1b}[31m\n.zip", b"PK\x03\x04 is none")]);
    bench.write("b.zip", broken);
    for format in FORMATS {
        let ran = scan(&bench, &["-f", format, "-v"]).ends(1);
        for text in [&ran.out, &ran.err] {
            let bad = text.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(bad, None, "{format}: {text}");
        }
    }
    assert!(!bench.tree().join("../../up.env").exists());
}

#[test]
fn containers_come_by_a_pipe_too() {
    let bench = Bench::new();
    let text = assigned(1);
    let zip = zipped(&[("conf/.env", text.as_bytes())]);
    let found = bench
        .fed_bytes(&["scan", "-", "-f", "json"], &zip)
        .ends(1)
        .json();
    assert_eq!(places(&found), ["-!conf/.env:1 new"]);
    assert_eq!(
        findings(&found)[0]["places"][0]["sentence"],
        "standard input!conf/.env, line 1"
    );
    let cut = &zip[..zip.len() - 10];
    bench.fed_bytes(&["scan", "-"], cut).says(&["no whole zip"]);
}

#[test]
fn more_keys_than_are_held_are_counted() {
    let bench = Bench::new();
    let many: String = (0..22_000).map(assigned).collect();
    bench.write("all.env", many);
    let found = json(&bench, &[]);
    assert_eq!(found["complete"], false);
    assert!(findings(&found).len() <= 20_000);
    let reason = &skipped(&found)[0].1;
    assert!(reason.contains("more than 20000 keys"), "{reason}");
}
