//! Hostile and broken input: bounded, named, and never in the way of the rest.

use super::{assigned, findings, json, places, scan};
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
