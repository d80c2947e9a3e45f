//! `tenure scan`: formats, decisions, what is allowed, bad input.

mod bad_input;
mod decisions;
mod formats;
pub(crate) mod history;
mod hooks;
pub(crate) mod sources;

use crate::bench::{Bench, Ran, TODAY};
use serde_json::Value;
use tenure_testkit::sample;

/// An assignment that a scan finds.
fn assigned(seed: u64) -> String {
    format!("PAYMENT_API_KEY=\"{}\"\n", sample::generic(seed))
}

fn openai(seed: u64) -> String {
    sample::secret("openai", "project_api_key", seed)
}

fn scan(bench: &Bench, more: &[&str]) -> Ran {
    let mut args = vec!["scan", "--today", TODAY];
    if !more.iter().any(|one| *one == "-" || one.starts_with("./")) {
        args.push(".");
    }
    args.extend(more);
    bench.run(&args)
}

fn json(bench: &Bench, more: &[&str]) -> Value {
    let mut args = vec!["-f", "json", "--fail-on", "none"];
    args.extend(more);
    scan(bench, &args).json()
}

fn findings(scan: &Value) -> &[Value] {
    scan["findings"].as_array().unwrap()
}

/// Every place as `path:line standing`.
fn places(scan: &Value) -> Vec<String> {
    findings(scan)
        .iter()
        .flat_map(|finding| finding["places"].as_array().unwrap())
        .map(|place| {
            let words = [&place["path"], &place["standing"]].map(|v| v.as_str().unwrap());
            format!("{}:{} {}", words[0], place["line"], words[1])
        })
        .collect()
}

#[test]
fn a_clean_folder_says_how_much_was_read() {
    let bench = Bench::with(&[("a.txt", "nothing\n"), ("b/c.txt", "nothing\n")]);
    let ran = scan(&bench, &[]).ends(0);
    assert_eq!(ran.out, "No keys in 2 files, all read whole\n");
    let quiet = scan(&bench, &["-q"]).ends(0);
    assert_eq!(quiet.err, "");
}

#[test]
fn findings_end_with_1_and_say_how_many() {
    let bench = Bench::with(&[
        (".env", &assigned(1)),
        ("b.py", &format!("k = \"{}\"\n", openai(2))),
    ]);
    scan(&bench, &[]).ends(1).says(&["exit 1: 2 new keys"]);
    scan(&bench, &["--fail-on", "any"])
        .ends(1)
        .says(&["exit 1: 2 keys"]);
    scan(&bench, &["--fail-on", "none"]).ends(0);
    scan(&bench, &["--fail-on", "live"]).ends(0);
    scan(&bench, &["--fail-on", "live,new"]).ends(1);
    scan(&bench, &["--fail-on", "some"]).ends(2);
}

#[test]
fn a_secret_is_one_finding_however_many_copies_there_are() {
    let key = openai(3);
    let bench = Bench::with(&[
        ("a.env", &format!("OPENAI_API_KEY={key}\n")),
        ("deep/b.py", &format!("x = 1\n  key = \"{key}\"\n")),
        ("c.env", &assigned(4)),
    ]);
    let scan = json(&bench, &[]);
    let found = findings(&scan);
    assert_eq!(found.len(), 2, "{scan:#}");
    assert_eq!(found[0]["rule"], "openai/project_api_key");
    assert_eq!(found[0]["known_key"], Value::Null);
    assert_eq!(found[0]["liveness"], "not_checked");
    let spots: Vec<(u64, u64)> = found[0]["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| {
            (
                place["line"].as_u64().unwrap(),
                place["column"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(spots, [(1, 16), (2, 10)]);
    assert_eq!(found[0]["places"][1]["sentence"], "deep/b.py, line 2");
}

#[test]
fn standard_input_is_a_place() {
    let bench = Bench::new();
    let ran = bench.fed(&["scan", "-", "-f", "json"], &format!("a\n{}", assigned(1)));
    let scan = ran.ends(1).json();
    assert_eq!(places(&scan), ["-:2 new"]);
    assert_eq!(
        findings(&scan)[0]["places"][0]["sentence"],
        "standard input, line 2"
    );
    let clean = bench.fed(&["scan", "-"], "nothing\n").ends(0);
    assert_eq!(clean.out, "No keys in 1 file, all read whole\n");
}

#[test]
fn ids_are_the_same_on_every_machine_and_fingerprints_are_not() {
    let weak = format!("SIGNING_SECRET={}\n", sample::text("{base62:17}", 3));
    let files = [(".env", &*assigned(1)), ("weak.env", &*weak)];
    let (one, two) = (Bench::with(&files), Bench::with(&files));
    let (one, two) = (json(&one, &[]), json(&two, &[]));
    assert_eq!(findings(&one).len(), 2, "{one:#}");
    let starts: Vec<String> = findings(&one)
        .iter()
        .map(|finding| finding["id"].as_str().unwrap()[..3].to_owned())
        .collect();
    assert_eq!(starts, ["k1_", "n1_"]);
    for (a, b) in findings(&one).iter().zip(findings(&two)) {
        assert_eq!(a["id"], b["id"]);
        assert_ne!(a["fingerprint"], b["fingerprint"]);
    }
}

#[test]
fn filters_leave_out_paths_and_rules() {
    let bench = Bench::with(&[
        ("a.env", &assigned(1)),
        ("vendor/x/b.env", &assigned(2)),
        ("c.py", &format!("k = \"{}\"\n", openai(3))),
    ]);
    let only = |more: &[&str]| places(&json(&bench, more));
    assert_eq!(
        only(&["--exclude", "vendor"]),
        ["a.env:1 new", "c.py:1 new"]
    );
    for rule in ["openai", "project_api_key", "openai/project_api_key"] {
        assert_eq!(only(&["--rule", rule]), ["c.py:1 new"], "{rule}");
        assert_eq!(
            only(&["--no-rule", rule]),
            ["a.env:1 new", "vendor/x/b.env:1 new"]
        );
    }
    assert_eq!(only(&["--rule", "openai,generic_secret"]).len(), 3);
    scan(&bench, &["--rule", "opena1"])
        .ends(2)
        .says(&["no rule, provider or kind", "did you mean `openai`?"]);
    scan(&bench, &["--exclude", "a[", "--rule", "openai"])
        .ends(2)
        .says(&["--exclude a["]);
}

#[test]
fn files_named_one_by_one_have_the_paths_that_the_folder_gives_them() {
    let bench = Bench::with(&[
        ("x/a.env", &assigned(1)),
        ("x/b.env", &assigned(2)),
        ("c.env", &assigned(3)),
    ]);
    let whole = places(&json(&bench, &[]));
    let named = bench
        .run(&["scan", "x/a.env", "./x/b.env", "c.env", "-f", "json"])
        .ends(1);
    assert_eq!(places(&named.json()), whole);
    let below = bench.run(&["scan", "x", "-f", "json"]).ends(1).json();
    assert_eq!(places(&below), ["x/a.env:1 new", "x/b.env:1 new"]);
    let full = bench.tree().join("x/a.env");
    let full = bench
        .run(&["scan", full.to_str().unwrap(), "-f", "json"])
        .ends(1);
    assert_eq!(places(&full.json()), ["x/a.env:1 new"]);
}

#[test]
fn a_watch_list_finds_copies_in_any_form_and_names_the_key() {
    use base64::Engine as _;
    let key = openai(1);
    let at_home = Bench::with(&[(
        "keys.csv",
        &format!("name,provider,secret\nbilling,OpenAI,{key}\n"),
    )]);
    at_home.assess(&[]);
    let list = at_home.tree().join("list.tenure-watch");
    at_home
        .run(&["watchlist", "export", "-o", list.to_str().unwrap()])
        .ends(0);
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("user:{key}"));
    let runner = Bench::with(&[(
        "a.txt",
        &format!("nothing\nAuthorization: Basic {encoded}\n"),
    )]);
    let found = json(&runner, &["--watchlist", list.to_str().unwrap()]);
    assert_eq!(findings(&found).len(), 1, "{found:#}");
    assert_eq!(findings(&found)[0]["known_key"]["name"], "billing");
    assert_eq!(places(&found), ["a.txt:2 new"]);
    scan(&runner, &["--watchlist", "a.txt"])
        .ends(2)
        .says(&["a.txt", "tenure watchlist export"]);
}
