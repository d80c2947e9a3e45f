//! The register on the command line: import, list, history, and a log that nobody edits unseen.

use crate::bench::Bench;
use serde_json::{Value, json};

const KIND: &str = "databricks-tokens";

/// Tokens of several people, so that the list is whole.
fn tokens(of: &[(u32, &str)]) -> String {
    let infos: Vec<Value> = of
        .iter()
        .map(|(n, name)| {
            json!({
                "token_id": format!("{n:064}"), "creation_time": 1_640_995_200_000_u64, "expiry_time": -1,
                "comment": name, "created_by_id": n, "created_by_username": format!("p{n}@example.com"),
                "owner_id": n, "workspace_id": 12,
            })
        })
        .collect();
    json!({ "token_infos": infos }).to_string()
}

fn with_register() -> Bench {
    let bench = Bench::with(&[(
        "tokens.json",
        &tokens(&[(1, "etl"), (2, "deploy"), (3, "old")]),
    )]);
    bench.run(&["import", KIND, "tokens.json"]).ends(0);
    bench
}

#[test]
fn what_is_imported_is_listed_shown_and_has_a_history() {
    let bench = with_register();
    let list = bench.run(&["key", "list", "-f", "json"]).ends(0).json();
    assert_eq!(list.as_array().unwrap().len(), 3);
    bench.write("tokens.json", tokens(&[(1, "etl"), (2, "deploy to prod")]));
    let again = bench.run(&["import", KIND, "tokens.json", "-f", "json"]);
    let again = again.ends(0).json();
    assert_eq!(again["import"]["new"], 0);
    assert_eq!(again["import"]["changed"], 1);
    assert_eq!(again["import"]["vanished"], 1);
    assert_eq!(again["judged"]["new"], 0);
    let list = bench.run(&["key", "list", "-f", "json"]).ends(0).json();
    assert_eq!(
        list.as_array().unwrap().len(),
        2,
        "what is gone is not listed"
    );
    let shown = bench.run(&["key", "show", "deploy to prod"]).ends(0).out;
    assert!(shown.contains("databricks"), "{shown}");
    let history = bench.run(&["key", "history", "deploy to prod"]).ends(0).out;
    // However the lines are broken.
    let history = history.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        history.contains("came to be known, of databricks"),
        "{history}"
    );
    assert!(
        history.contains("key.name \"deploy\" \u{2192} \"deploy to prod\""),
        "{history}"
    );
    assert!(history.contains("event "), "{history}");
    let told = bench.run(&["key", "history", "deploy to prod", "-f", "json"]);
    let told = told.ends(0).json();
    assert!(!told["facts"].as_array().unwrap().is_empty());
    assert!(!told["decisions"].as_array().unwrap().is_empty());
    // Who sits at the machine is recorded, with the policy that lets them.
    let log = bench.run(&["audit", "export"]).ends(0).out;
    assert!(log.contains("\"kind\":\"operator\""), "{log}");
    assert!(log.contains("\"policies\":[\"operator\"]"), "{log}");
}

#[test]
fn another_folder_is_another_register() {
    let bench = with_register();
    let other = bench.tree().join("other");
    let other = other.to_str().unwrap();
    let none = bench
        .run(&["key", "history", "etl", "--data-dir", other])
        .ends(2);
    assert!(
        none.err.contains("there is no register yet"),
        "{}",
        none.err
    );
    bench
        .run(&["import", KIND, "tokens.json", "--data-dir", other])
        .ends(0);
    bench
        .run(&["key", "history", "etl", "--data-dir", other])
        .ends(0);
    let file = format!("sqlite:{other}/tenure.db");
    let list = [
        "key",
        "list",
        "-f",
        "json",
        "--data-dir",
        other,
        "--database",
        &file,
    ];
    assert_eq!(bench.run(&list).ends(0).json().as_array().unwrap().len(), 3);
    let secret = bench.run(&[
        "verify",
        "--database",
        "postgresql://ann:x@localhost/tenure",
    ]);
    let secret = secret.ends(2);
    assert!(secret.err.contains("TENURE_DATABASE"), "{}", secret.err);
    bench.run(&["verify", "--database", "oracle:x"]).ends(2);
}

#[test]
fn an_export_is_verified_offline_and_whatever_was_done_to_it_is_found() {
    let bench = with_register();
    let key = bench.run(&["audit", "key"]).ends(0).out;
    let key = key.trim();
    bench.run(&["audit", "export", "-o", "log.jsonl"]).ends(0);
    bench.run(&["verify"]).ends(0);
    // With nothing but the file and the key: no state folder, no register.
    let away = Bench::new();
    let log = std::fs::read_to_string(bench.tree().join("log.jsonl")).unwrap();
    away.write("log.jsonl", &log);
    away.write("log.key", format!("{key}\n"));
    let good = away.run(&["verify", "log.jsonl", "--key", key]).ends(0).out;
    assert!(good.contains("The log is whole"), "{good}");
    let good = away.run(&["verify", "log.jsonl", "--key", "log.key", "-f", "json"]);
    let good = good.ends(0).json();
    assert_eq!(
        (&good["holds"], &good["whole"]),
        (&json!(true), &json!(true))
    );
    assert!(!away.state().join("tenure.db").exists());

    let lines: Vec<&str> = log.lines().collect();
    let events: Vec<usize> = (0..lines.len())
        .filter(|at| lines[*at].starts_with("{\"index\""))
        .collect();
    let (third, fourth, last) = (events[3], events[4], *events.last().unwrap());
    let without = |at: usize| -> Vec<&str> {
        let kept = lines.iter().enumerate().filter(|(line, _)| *line != at);
        kept.map(|(_, text)| *text).collect()
    };
    let mut swapped = lines.clone();
    swapped.swap(third, fourth);
    let altered_line = lines[third]
        .replacen("2026", "2025", 1)
        .replacen("operator", "operater", 1);
    assert_ne!(altered_line, lines[third]);
    let mut altered = lines.clone();
    altered[third] = &altered_line;
    for (what, changed, event) in [
        ("deleted", without(third), 3),
        ("reordered", swapped, 3),
        ("altered", altered, 3),
        ("truncated", lines[..last].to_vec(), events.len() - 1),
    ] {
        away.write("changed.jsonl", changed.join("\n"));
        let found = away.run(&["verify", "changed.jsonl", "--key", key, "-f", "json"]);
        let found = found.ends(1).json();
        assert_eq!(found["holds"], false, "{what}");
        assert_eq!(found["event"], event, "{what}: {}", found["why"]);
    }
    let table = away.run(&["verify", "changed.jsonl", "--key", key]).ends(1);
    assert!(table.out.contains("event"), "{}", table.out);
    // Somebody else's log, with somebody else's key.
    let other = with_register();
    let stranger = other.run(&["audit", "key"]).ends(0).out;
    away.run(&["verify", "log.jsonl", "--key", stranger.trim()])
        .ends(1);
    away.run(&["verify", "log.jsonl", "--key", "no such file"])
        .ends(2);
    away.run(&["verify", "log.jsonl"]).ends(2);
    away.run(&["verify", "none.jsonl", "--key", key]).ends(2);
}

#[test]
fn an_old_database_that_is_put_back_is_noticed() {
    let bench = with_register();
    let database = bench.state().join("tenure.db");
    let old = std::fs::read(&database).unwrap();
    bench.write("tokens.json", tokens(&[(1, "etl"), (2, "other")]));
    bench.run(&["import", KIND, "tokens.json"]).ends(0);
    for beside in ["tenure.db-wal", "tenure.db-shm"] {
        let _ = std::fs::remove_file(bench.state().join(beside));
    }
    std::fs::write(&database, old).unwrap();
    let back = bench.run(&["key", "list"]).ends(2);
    assert!(back.err.contains("the log was set back"), "{}", back.err);
    assert!(back.err.contains("event "), "{}", back.err);
}

#[test]
fn what_cannot_be_imported_says_so_and_makes_nothing() {
    let bench = Bench::with(&[("tokens.json", "{")]);
    let wrong = bench
        .run(&["import", "databrick-tokens", "tokens.json"])
        .ends(2);
    assert!(
        wrong.err.contains("did you mean `databricks-tokens`"),
        "{}",
        wrong.err
    );
    let broken = bench.run(&["import", KIND, "tokens.json"]).ends(2);
    assert!(broken.err.contains("tokens.json"), "{}", broken.err);
    bench.run(&["import", KIND, "none.json"]).ends(2);
    bench.run(&["import", KIND]).ends(2);
    bench.run(&["import"]).ends(2);
    assert!(!bench.state().join("tenure.db").exists());
}

#[test]
fn a_folder_is_searched_into_the_register() {
    let secret = tenure_testkit::sample::secret("github", "pat_classic", 5);
    let text = format!("GITHUB_TOKEN={secret}\n");
    let bench = Bench::with(&[("src/deploy.env", &text)]);
    let ran = bench.run(&["import", "files", "src"]).ends(0);
    assert!(ran.out.contains("1 new"), "{}", ran.out);
    let list = bench.run(&["key", "list", "-f", "json"]).ends(0);
    assert!(!list.out.contains(&secret));
    assert_eq!(list.json()[0]["provider"], "github");
    std::fs::remove_file(bench.tree().join("src/deploy.env")).unwrap();
    bench.write("src/README", "nothing here\n");
    let ran = bench.run(&["import", "files", "src"]).ends(0);
    assert!(ran.out.contains("1 gone"), "{}", ran.out);
}
