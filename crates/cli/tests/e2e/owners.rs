//! Owners on the command line: by container with a look before, by asking people, and how that goes over time.

use crate::bench::Bench;
use serde_json::json;

const PEOPLE: &str =
    "id,email,name,manager,active\nu1,ann@x.io,ann,u9,true\nu9,mia@x.io,mia,,true\n";
const KEYS: &str = "provider,name,account,owner,created_by\nstripe,a1,acme/pay,,ann\nstripe,a2,acme/pay,,ann\n\
                    stripe,w1,acme/web,,\n";

pub(crate) fn with_register() -> Bench {
    let bench = Bench::with(&[("people.csv", PEOPLE), ("keys.csv", KEYS)]);
    bench.run(&["import", "people", "people.csv"]).ends(0);
    bench.run(&["import", "table", "keys.csv"]).ends(0);
    bench
}

#[test]
fn a_container_is_looked_at_before_it_is_assigned() {
    let bench = with_register();
    let args = [
        "owner",
        "assign",
        "--account",
        "acme/*",
        "--owner",
        "mia@x.io",
        "--unit",
        "emea",
    ];
    let looked = bench.run(&args).ends(0).out;
    assert!(looked.contains("3 keys lie in it now"), "{looked}");
    assert!(looked.contains("add --yes"), "{looked}");
    let rules = bench.run(&["owner", "rules", "-f", "json"]).ends(0).json();
    assert_eq!(rules, json!([]), "a look makes no rule");
    let mut yes = args.to_vec();
    yes.extend(["--yes", "-f", "json"]);
    let made = bench.run(&yes).ends(0).json();
    assert_eq!(made["made"], json!(true));
    assert_eq!(made["judged"]["changed"], json!(3));
    let list = bench.run(&["key", "list", "-f", "json"]).ends(0).json();
    for key in list.as_array().unwrap() {
        assert_eq!(key["owner"]["value"], "mia@x.io", "{key}");
        assert_eq!(key["owner"]["basis"], "declared");
    }
    let rules = bench.run(&["owner", "rules"]).ends(0).out;
    assert!(
        rules.contains("account acme/*: owner mia@x.io, unit emea"),
        "{rules}"
    );
    bench
        .run(&["owner", "remove", "--account", "acme/*"])
        .ends(0);
    bench
        .run(&["owner", "remove", "--account", "acme/*"])
        .ends(2);
    // Bad input names what to mend.
    let bad = bench
        .run(&["owner", "assign", "--path", "kv/*/x", "--owner", "a"])
        .ends(2);
    assert!(bad.err.contains("kv/*/x"), "{}", bad.err);
    bench.run(&["owner", "assign", "--account", "a"]).ends(2);
    bench.run(&["owner", "assign", "--owner", "a"]).ends(2);
    bench
        .run(&["owner", "assign", "--account", "a", "--unit", "a//b"])
        .ends(2);
    bench.run(&["verify"]).ends(0);
}

#[test]
fn people_are_asked_and_nobody_answers_for_them_at_the_machine() {
    let bench = with_register();
    let plan = bench.run(&["ask", "plan"]).ends(0).out;
    assert!(plan.contains("u1: 2 keys"), "{plan}");
    assert!(plan.contains("1 key point at nobody"), "{plan}");
    let none = bench.run(&["ask", "list", "-f", "json"]).ends(0).json();
    assert_eq!(none, json!([]));
    let sent = bench.run(&["ask", "send", "-f", "json"]).ends(0).json();
    let keys = sent[0]["keys"].as_array().unwrap();
    assert_eq!((sent[0]["person"].as_str(), keys.len()), (Some("u1"), 2));
    let (ask, key) = (
        sent[0]["id"].as_str().unwrap(),
        keys[0]["key"].as_str().unwrap(),
    );
    let refused = bench.run(&["ask", "answer", ask, key, "mine"]).ends(2);
    assert!(refused.err.contains("in the console"), "{}", refused.err);
    let log = bench.run(&["audit", "export"]).ends(0).out;
    assert!(
        log.contains("ask.answer") && log.contains("\"kind\":\"denied\""),
        "{log}"
    );
    let listed = bench.run(&["ask", "list"]).ends(0).out;
    assert!(listed.contains("0 of 2 answered"), "{listed}");
    let reminded = bench.run(&["ask", "remind"]).ends(0).out;
    assert!(reminded.contains("0 questions reminded"), "{reminded}");
    let unknown = bench.run(&["ask", "send", "nobody"]).ends(2);
    assert!(
        unknown.err.contains("no question goes to nobody"),
        "{}",
        unknown.err
    );
}

#[test]
fn the_backlog_is_told_and_its_ratchet_fails() {
    let bench = with_register();
    let told = bench.run(&["backlog", "--ratchet"]).ends(0).out;
    assert!(told.contains("No new key is without an owner"), "{told}");
    let policy = bench.run(&["policy", "show"]).ends(0).out;
    let early = "\n[backlog]\nbaseline = \"2020-01-01\"\ndue = { b4 = 14, b3 = 30, other = 90 }\nweekly_cap = 1\n\
                 remind_days = 7\nreminders = 2\n";
    bench.write("policy.toml", format!("{policy}{early}"));
    let broken = bench.run(&[
        "backlog",
        "--ratchet",
        "--policy",
        "policy.toml",
        "-f",
        "json",
    ]);
    let broken = broken.ends(1).json();
    assert_eq!(broken["holds"], json!(false));
    let plan = bench
        .run(&["ask", "plan", "--policy", "policy.toml"])
        .ends(0)
        .out;
    assert!(plan.contains("1 more wait for another week"), "{plan}");
}
