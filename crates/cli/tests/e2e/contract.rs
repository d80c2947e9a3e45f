//! The contracts: the schema, the same bytes twice, `decide` on what `why` says, the demo as an assessment.

use crate::bench::{Bench, TODAY, keys};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tenure_testkit::sample;

/// Every verdict of the procedure.
const VERDICTS: [&str; 16] = [
    "proven_revoked",
    "exposed",
    "no_longer_needed",
    "unused",
    "exposure_open",
    "unowned",
    "human_use",
    "borrowed_identity",
    "public",
    "replaceable",
    "later",
    "unassessed",
    "minor",
    "shared_too_widely",
    "constrain",
    "irreplaceable",
];

fn demo(bench: &Bench) -> Value {
    bench.run(&["demo", "-f", "json"]).ends(0).json()
}

pub(crate) fn schema(bench: &Bench, contract: &str) -> jsonschema::Validator {
    let schema = bench.run(&["schema", contract]).ends(0).json();
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
pub(crate) fn valid(schema: &jsonschema::Validator, value: &Value) {
    let faults: Vec<String> = schema
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .take(10)
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_assessment_keeps_to_its_schema() {
    let bench = Bench::with(&[
        (".env", &format!("PAYMENT_API_KEY={}\n", sample::generic(1))),
        ("keys.csv", "name,provider\nx,OpenAI\n\"y\n"),
        ("tokens.json", "{"),
    ]);
    let schema = schema(&bench, "assessment");
    valid(&schema, &demo(&bench));
    valid(&schema, &bench.assessment(&[]));
    valid(&schema, &bench.assessment(&["--anonymise"]));
    let empty = Bench::with(&[("a.txt", "nothing\n")]);
    valid(&schema, &empty.assessment(&[]));
    assert!(!schema.is_valid(&json!({"schema": "tenure.assessment/1"})));
}

#[test]
fn every_line_of_jsonl_is_a_key_of_the_assessment() {
    let bench = Bench::new();
    let whole = demo(&bench);
    let lines = bench.run(&["demo", "-f", "jsonl"]).ends(0);
    let lines: Vec<Value> = lines
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), keys(&whole).len());
    for (line, key) in lines.iter().zip(keys(&whole)) {
        assert_eq!(line["id"], key["id"]);
        assert_eq!(line["verdict"], key["verdict"]);
    }
}

#[test]
fn every_answer_keeps_to_its_schema() {
    let bench = Bench::new();
    let schema = schema(&bench, "answer");
    let ran = bench.fed(
        &["decide", "--facts", "-", "--today", TODAY],
        "{\"id\": \"x\"}",
    );
    valid(&schema, &ran.ends(0).json());
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let bench = Bench::new();
    let kept = bench.tree().join("northwind");
    bench
        .run(&["demo", "--keep", kept.to_str().unwrap()])
        .ends(0);
    for format in ["table", "json", "jsonl", "csv", "md"] {
        let run = || {
            bench
                .run(&["assess", "northwind", "--today", TODAY, "-f", format])
                .out
        };
        let first = run();
        assert!(first.len() > 1000, "{format}");
        assert_eq!(first, run(), "{format}");
    }
    let report = |name: &str| {
        let path = bench.state().join(name);
        bench.run(&[
            "assess",
            "northwind",
            "--today",
            TODAY,
            "--report",
            path.to_str().unwrap(),
        ]);
        std::fs::read_to_string(path).unwrap()
    };
    assert_eq!(report("a.html"), report("b.html"));
    let facts = "[{\"id\": 1, \"owner\": \"active\"}, {\"id\": \"b\"}]".replace("1", "\"a\"");
    let decide = || bench.fed(&["decide", "--facts", "-", "--today", TODAY], &facts);
    assert_eq!(decide().ends(0).out, decide().out);
}

#[test]
fn where_output_goes_does_not_change_it() {
    let bench = Bench::new();
    let plain = bench.run(&["demo", "-f", "csv"]).ends(0).out;
    let path = bench.tree().join("keys.csv");
    let ran = bench.run(&["demo", "-o", path.to_str().unwrap()]).ends(0);
    assert!(ran.out.is_empty(), "{}", ran.out);
    assert_eq!(std::fs::read_to_string(path).unwrap(), plain);
}

#[test]
fn what_why_says_of_a_key_decide_says_again() {
    let bench = Bench::new();
    let whole = demo(&bench);
    for key in keys(&whole) {
        let id = key["id"].as_str().unwrap();
        let facts = bench.run(&["why", id, "--facts"]).ends(0);
        let answer = bench
            .fed(&["decide", "--facts", "-", "--today", TODAY], &facts.out)
            .ends(0)
            .json();
        let said = &key["verdict"];
        assert_eq!(answer["verdict"], said["id"], "{id}");
        for field in [
            "action",
            "level",
            "set_by",
            "assumed",
            "to",
            "due",
            "urgency",
            "then",
            "controls",
            "tasks",
            "because",
            "would_change",
            "policy",
            "facts",
        ] {
            assert_eq!(answer[field], said[field], "{id} {field}");
        }
        assert_eq!(answer["policy"], whole["policy"]);
    }
}

#[test]
fn the_demo_is_an_assessment_of_the_files_that_it_keeps() {
    let bench = Bench::new();
    let kept = bench.tree().join("northwind");
    let demo = bench
        .run(&["demo", "-f", "json", "--keep", kept.to_str().unwrap()])
        .ends(0);
    let line = demo
        .err
        .lines()
        .find_map(|line| line.strip_prefix("the same by hand: tenure "))
        .expect("the demo says how to do it by hand");
    let mut args: Vec<&str> = line.split(' ').collect();
    args.extend(["--title", "Northwind", "-f", "json"]);
    let by_hand = bench.run(&args);
    assert!(matches!(by_hand.code, 0 | 3), "{}", by_hand.err);
    // The demo knows its facts file by name, and everybody else by path.
    let facts = format!("{}/facts.toml", kept.display());
    let by_hand: Value = serde_json::from_str(&by_hand.out.replace(&facts, "facts.toml")).unwrap();
    let demo = demo.json();
    assert_eq!(lasting(&demo), lasting(&by_hand));
    for field in [
        "complete", "title", "today", "policy", "coverage", "skipped",
    ] {
        assert_eq!(demo[field], by_hand[field], "{field}");
    }
    for field in [
        "by_verdict",
        "by_level",
        "keys",
        "endless",
        "signed",
        "notes",
    ] {
        assert_eq!(demo["summary"][field], by_hand["summary"][field], "{field}");
    }
}

/// The keys without what the pepper decides, in an order that it does not decide.
fn lasting(assessment: &Value) -> BTreeSet<String> {
    keys(assessment)
        .iter()
        .map(|key| {
            let mut key = key.clone();
            let fields = key.as_object_mut().unwrap();
            fields.remove("fingerprint");
            fields.remove("id");
            key.to_string()
        })
        .collect()
}

#[test]
fn the_demo_shows_every_verdict_and_many_providers() {
    let bench = Bench::new();
    let whole = demo(&bench);
    let seen: BTreeSet<&str> = keys(&whole)
        .iter()
        .map(|key| key["verdict"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(seen, VERDICTS.into_iter().collect());
    assert!(keys(&whole).len() >= 60, "{}", keys(&whole).len());
    let known: BTreeSet<&str> = sample::providers()
        .iter()
        .map(|provider| provider.provider.as_str())
        .collect();
    let of_catalogue = keys(&whole)
        .iter()
        .map(|key| key["provider"].as_str().unwrap())
        .filter(|provider| known.contains(provider))
        .collect::<BTreeSet<_>>();
    assert!(of_catalogue.len() >= 12, "{of_catalogue:?}");
}

#[test]
fn a_kept_demo_is_not_written_over() {
    let bench = Bench::new();
    let kept = bench.tree().join("northwind");
    let args = ["demo", "--keep", kept.to_str().unwrap()];
    bench.run(&args).ends(0);
    bench.run(&args).ends(4).says(&["northwind"]);
}

/// One facts object and what has to come of it: the verdict, and other fields of the answer.
type Case = (Value, &'static str, Value);

/// Examples by the text of DECISION.md, section 9.
fn cases() -> Vec<Case> {
    let whole = json!({ "schema": "tenure.facts/1", "id": "anything",
      "status": "active", "proof": "none", "probe_possible": true, "exposure": "none", "publishable": "no",
      "integration": "live", "issuer": "live", "held_by": "us", "holder": "live",
      "privilege": "read_narrow", "test_mode": false, "data": "internal",
      "consumers": 1, "environments_shared": false, "customer_tenants": 1,
      "privileged_path": "none", "spend": "capped", "source_restricted": false,
      "revocation_drill_passed_on": "2026-10-01", "created_at": "2024-01-01",
      "last_used": {"offered": true, "at": "2026-11-20"}, "expected_every_days": 30, "break_glass": false,
      "owner": "active", "backup_owner": "active", "owner_until": "2027-01-31",
      "issued_to": "service", "used_by": "workload",
      "options": {"workload_identity_federation": "now", "private_key_jwt_or_mtls": "no",
        "oauth_client_secret": {"later": "2027-02-01"},
        "vendor_short_lived": {"later": null, "needs": "plan_tier"}, "gateway": "now"},
      "stands_on": "static", "isolated": false, "monitored": false, "tenant_split": false,
      "gateway_fronted": false, "rotatable": true,
      "exception": {"approved_until": "2027-01-01"}, "since": {"unowned": "2026-09-01"} });
    let with = |changes: Value| {
        let mut facts = whole.clone();
        for (name, value) in changes.as_object().unwrap() {
            facts[name] = value.clone();
        }
        facts
    };
    let none = json!({"workload_identity_federation": "no", "private_key_jwt_or_mtls": "no",
        "oauth_client_secret": "no", "vendor_short_lived": "no"});
    vec![
        (
            whole.clone(),
            "replaceable",
            json!({"action": "migrate", "level": "B1", "to": "workload_identity_federation", "due": "2027-05-22",
                "assumed": [], "then": null, "residual_static": false}),
        ),
        (
            with(json!({"proof": "P2"})),
            "proven_revoked",
            json!({"action": "closed", "controls": [], "tasks": [], "due": null}),
        ),
        (
            with(json!({"exposure": "confirmed"})),
            "exposed",
            json!({"action": "contain_now", "urgency": "now", "due": "2026-11-24", "exception_allowed": false}),
        ),
        (
            with(json!({"status": "inactive"})),
            "no_longer_needed",
            json!({"action": "retire", "due": "2026-12-07"}),
        ),
        (with(json!({"consumers": 0})), "no_longer_needed", json!({})),
        (
            with(json!({"last_used": {"offered": true, "at": "2026-01-01"}})),
            "unused",
            json!({"action": "retire", "due": "2026-12-23"}),
        ),
        (
            with(json!({"last_used": {"offered": false}})),
            "replaceable",
            json!({"tasks": ["find_last_use"]}),
        ),
        (
            with(json!({"exposure": "internal"})),
            "exposure_open",
            json!({"action": "rotate_now", "due": "2026-12-23", "then": "replaceable"}),
        ),
        (
            with(json!({"owner": "none", "backup_owner": "none"})),
            "unowned",
            json!({"action": "assign_owner", "due": "2026-10-01", "urgency": "overdue", "then": "replaceable"}),
        ),
        (
            with(json!({"used_by": "both"})),
            "human_use",
            json!({"action": "move_person", "due": "2026-12-07"}),
        ),
        (
            with(json!({"issued_to": "person"})),
            "borrowed_identity",
            json!({"action": "rehome", "due": "2026-12-23"}),
        ),
        (
            with(json!({"publishable": "restricted", "exposure": "confirmed"})),
            "public",
            json!({"action": "keep", "review_days": 365,
                "controls": ["offboarding_trigger", "owner_active", "restriction_verified", "spend_or_rate_limit"]}),
        ),
        (
            with(
                json!({"options": {"workload_identity_federation": "no", "private_key_jwt_or_mtls": "no",
                "oauth_client_secret": {"later": "2027-02-01"}, "vendor_short_lived": "no"}}),
            ),
            "later",
            json!({"action": "request_transitional", "to": "oauth_client_secret", "residual_static": true,
                "due": "2027-02-01", "exception_allowed": true, "urgency": "covered"}),
        ),
        (
            with(json!({"options": {}})),
            "unassessed",
            json!({"action": "request_transitional"}),
        ),
        (
            with(json!({"options": none.clone()})),
            "minor",
            json!({"action": "keep", "review_days": 365, "acceptor": "system_risk_owner"}),
        ),
        (
            with(json!({"options": none.clone(), "customer_tenants": 3})),
            "shared_too_widely",
            json!({"action": "not_acceptable", "level": "B3"}),
        ),
        (
            with(json!({"options": none.clone(), "privilege": "write_wide"})),
            "constrain",
            json!({"action": "request_transitional", "level": "B3", "set_by": "privilege"}),
        ),
        (
            with(
                json!({"options": none, "privilege": "write_wide", "isolated": true, "monitored": true}),
            ),
            "irreplaceable",
            json!({"action": "request_permanent", "level": "B3", "review_days": 180, "acceptor": "executive"}),
        ),
        (
            json!({"id": "bare"}),
            "unowned",
            json!({"level": "B3", "set_by": "privilege", "then": "unassessed",
            "assumed": ["privilege", "data", "reach", "privileged_path", "spend"]}),
        ),
    ]
}

#[test]
fn decide_answers_the_examples_of_the_contract() {
    let bench = Bench::new();
    let cases = cases();
    let facts: Vec<&Value> = cases.iter().map(|(facts, ..)| facts).collect();
    let text = serde_json::to_string(&facts).unwrap();
    let answers = bench
        .fed(&["decide", "--facts", "-", "--today", TODAY], &text)
        .ends(0)
        .json();
    let mut seen = BTreeSet::new();
    for ((facts, verdict, wanted), answer) in cases.iter().zip(answers.as_array().unwrap()) {
        assert_eq!(answer["verdict"], *verdict, "{facts}\n{answer:#}");
        assert_eq!(answer["id"], facts["id"]);
        for (name, value) in wanted.as_object().unwrap() {
            assert_eq!(answer[name], *value, "{verdict} {name}\n{facts}");
        }
        seen.insert(*verdict);
    }
    assert_eq!(seen, VERDICTS.into_iter().collect());
}

#[test]
fn decide_mirrors_the_form_of_its_input() {
    let bench = Bench::new();
    let decide = |text: &str| {
        bench
            .fed(&["decide", "--facts", "-", "--today", TODAY], text)
            .ends(0)
            .out
    };
    assert!(decide("{\"id\": \"a\"}").starts_with("{\n"));
    assert!(decide("[{\"id\": \"a\"}]").starts_with("[\n"));
    assert_eq!(decide("[]").trim(), "[]");
    let lines = decide("{\"id\": \"a\"}\n\n{\"id\": \"b\"}\n");
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.starts_with("{\"id\":\"a\""), "{lines}");
    let one = decide("\u{feff}{\"id\": \"a\",\n \"owner\": null}\n");
    assert!(one.starts_with("{\n"), "{one}");
}

#[test]
fn decide_takes_a_policy_and_its_digest_is_told() {
    let bench = Bench::new();
    let shown = bench.run(&["policy", "show"]).ends(0).out;
    let file = bench.write("mine.toml", &shown);
    let file = file.to_str().unwrap();
    let digest = bench.run(&["policy", "show", "--digest"]).ends(0).out;
    assert!(
        bench
            .run(&["policy", "check", file])
            .ends(0)
            .out
            .contains(digest.trim())
    );
    let ran = bench.fed(
        &["decide", "--facts", "-", "--policy", file, "--today", TODAY],
        "{\"id\": \"a\"}",
    );
    assert_eq!(ran.ends(0).json()["policy"], digest.trim());
}
