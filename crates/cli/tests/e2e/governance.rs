//! What people sign and state, on the command line: requests are put in at the machine, and nobody signs there.

use crate::bench::{Bench, Ran};
use serde_json::Value;

pub(crate) const TABLE: &str = "provider,key_id,name,owner,status,held_by,privilege,data,consumers,environments_shared,\
customer_tenants,privileged_path,spend,options.workload_identity_federation,options.private_key_jwt_or_mtls,\
options.oauth_client_secret,options.vendor_short_lived,isolated,monitored\n\
acme,one,billing export,olga@x.io,active,us,write_wide,confidential,1,false,0,none,none,no,no,no,no,false,true\n\
acme,two,small one,olga@x.io,active,us,read_narrow,internal,1,false,0,none,none,no,no,no,no,true,true\n";

const PEOPLE: &str = "id,email,active\nu1,ann@x.io,true\nu2,olga@x.io,true\n";

/// A day that many days ahead.
pub(crate) fn ahead(days: i64) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let day = i64::try_from(now.as_secs()).unwrap() + days * 86_400;
    tenure_model::day::Day::from_unix_seconds(day).to_string()
}

pub(crate) fn bench() -> Bench {
    let bench = Bench::with(&[("keys.csv", TABLE), ("people.csv", PEOPLE)]);
    bench.run(&["import", "people", "people.csv"]).ends(0);
    bench.run(&["import", "table", "keys.csv"]).ends(0);
    bench
}

pub(crate) const REASONS: [&str; 8] = [
    "--bypassed",
    "no standing credential",
    "--why",
    "the vendor offers nothing else",
    "--blocker",
    "no federation before March",
    "--compensating",
    "one source address",
];

fn request(bench: &Bench, more: &[&str]) -> Ran {
    let mut args = vec!["exception", "request"];
    args.extend(more);
    args.extend(REASONS);
    bench.run(&args)
}

#[test]
fn an_exception_is_asked_for_at_the_machine_and_signed_by_nobody_there() {
    let bench = bench();
    let until = ahead(20);
    let nobody = request(
        &bench,
        &["billing export", "--until", &until, "--for", "zoe"],
    );
    assert!(nobody.ends(2).err.contains("people list"));
    let endless = request(&bench, &["billing export", "--for", "ann@x.io"]).ends(2);
    assert!(endless.err.contains("--until"), "{}", endless.err);
    let late = request(
        &bench,
        &[
            "billing export",
            "--until",
            "2099-01-01",
            "--for",
            "ann@x.io",
        ],
    );
    assert!(
        late.ends(2)
            .err
            .contains("the latest that the policy allows")
    );
    let asked = request(
        &bench,
        &[
            "billing export",
            "--until",
            &until,
            "--for",
            "ann@x.io",
            "-f",
            "json",
        ],
    );
    let asked = asked.ends(0).json();
    assert_eq!(asked["stage"], "awaiting_approval");
    assert_eq!(asked["requested_by"], "u1");
    let id = asked["id"].as_str().unwrap();
    let digest = asked["statement"]["digest"].as_str().unwrap();
    for act in ["approve", "accept", "review", "reaffirm"] {
        let args = [
            "exception",
            act,
            id,
            "--reason",
            "fine",
            "--statement",
            digest,
        ];
        let refused = bench.run(&args).ends(2);
        assert!(
            refused.err.contains("in the console"),
            "{act}: {}",
            refused.err
        );
    }
    for act in ["deny", "withdraw", "end"] {
        let refused = bench.run(&["exception", act, id, "--reason", "no"]).ends(2);
        assert!(
            refused.err.contains("in the console"),
            "{act}: {}",
            refused.err
        );
    }
    let log = bench.run(&["audit", "export"]).ends(0).out;
    assert_eq!(
        log.matches("\"kind\":\"denied\"").count(),
        7,
        "each refusal is recorded"
    );
    let shown = bench.run(&["exception", "show", id]).ends(0).out;
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Put in at the machine by",
        "Requested by u1",
        digest,
        "State: awaiting approval",
    ] {
        assert!(words.contains(said), "{said}: {shown}");
    }
    let list = bench
        .run(&["exception", "list", "-f", "json"])
        .ends(0)
        .json();
    assert_eq!(list["counts"]["awaiting_approval"], 1);
    assert_eq!(list["exceptions"].as_array().unwrap().len(), 1);
    let table = bench.run(&["exception", "list"]).ends(0).out;
    assert!(table.contains("awaiting approval 1"), "{table}");
    let class = request(&bench, &["--class", "provider=acme", "--for", "u1"]);
    assert!(
        class
            .ends(0)
            .out
            .contains("Only keys whose verdict is `minor`")
    );
    let bad = request(&bench, &["--class", "provder=acme", "--for", "u1"]).ends(2);
    assert!(bad.err.contains("provder"), "{}", bad.err);
    bench.run(&["exception", "show", "x0"]).ends(2);
    let comment = ["exception", "comment", id, "asked the vendor again"];
    assert!(
        bench
            .run(&comment)
            .ends(0)
            .out
            .contains("asked the vendor again")
    );
}

#[test]
fn a_fact_is_stated_shown_with_who_said_it_and_taken_back() {
    let bench = bench();
    let edit = |more: &[&str]| {
        let mut args = vec!["key", "edit", "small one", "-f", "json"];
        args.extend(more);
        bench.run(&args)
    };
    let after = edit(&["data=restricted", "break_glass=true"])
        .ends(0)
        .json();
    assert_eq!(after["stated"].as_array().unwrap().len(), 2);
    assert_ne!(after["verdict"], "minor");
    let disputes: Vec<&Value> = after["disputes"].as_array().unwrap().iter().collect();
    assert!(
        disputes.iter().any(|dispute| dispute["fact"] == "data"),
        "{after}"
    );
    for (wrong, says) in [
        ("proof=P2", "proof"),
        (
            "exception={approved_until=2099-01-01}",
            "requested, approved and accepted",
        ),
        ("owner=ann", "assigned"),
        ("islated=true", "islated"),
        ("data=top", "data"),
    ] {
        let refused = edit(&[wrong]).ends(2);
        assert!(refused.err.contains(says), "{wrong}: {}", refused.err);
    }
    let back = edit(&["--unset", "data", "--unset", "break_glass"])
        .ends(0)
        .json();
    assert_eq!(back["verdict"], "minor");
    let history = bench.run(&["key", "history", "small one"]).ends(0).out;
    let history = history.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        history.contains("data \"restricted\" \u{2192} null"),
        "{history}"
    );
}

#[test]
fn a_key_is_judged_before_it_is_asked_for() {
    let bench = bench();
    let until = ahead(30);
    let wish = |more: &[&str]| {
        let mut args = vec![
            "key",
            "request",
            "stripe",
            "restricted_key",
            "--purpose",
            "nightly export",
            "--owner",
            "olga@x.io",
            "--expires",
            &until,
            "--consumer",
            "server",
            "-f",
            "json",
        ];
        args.extend(more);
        bench.run(&args)
    };
    let told = wish(&["--dry-run"]).ends(0).json();
    let open: Vec<String> = told["options"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|note| note["state"] != "no")
        .map(|note| format!("{}=the tool cannot", note["option"].as_str().unwrap()))
        .collect();
    assert!(!open.is_empty(), "{told}");
    let unsaid = wish(&["--for", "ann@x.io"]).ends(2);
    assert!(unsaid.err.contains("say why not"), "{}", unsaid.err);
    let mut more = vec!["--for", "ann@x.io"];
    for one in &open {
        more.extend(["--why-not", one.as_str()]);
    }
    let asked = wish(&more).ends(0).json();
    let id = asked["id"].as_str().unwrap();
    assert_eq!(asked["state"], "requested");
    let digest = asked["statement"]["digest"].as_str().unwrap();
    let args = [
        "key",
        "requests",
        "approve",
        id,
        "--reason",
        "fine",
        "--statement",
        digest,
    ];
    let refused = bench.run(&args).ends(2);
    assert!(refused.err.contains("in the console"), "{}", refused.err);
    let list = bench.run(&["key", "requests", "list"]).ends(0).out;
    assert!(list.contains("stripe restricted_key"), "{list}");
    let shown = bench.run(&["key", "requests", "show", id]).ends(0).out;
    assert!(shown.contains("the tool cannot"), "{shown}");
    let keys = bench.run(&["key", "list", "-f", "json"]).ends(0).json();
    assert_eq!(keys.as_array().unwrap().len(), 2, "nothing is issued");
}

#[test]
fn a_campaign_is_started_reminded_and_closed_and_answered_by_nobody_at_the_machine() {
    let bench = bench();
    let due = ahead(14);
    let start = [
        "review",
        "start",
        "--title",
        "autumn",
        "--keys",
        "provider=acme",
        "--due",
        &due,
        "-f",
        "json",
    ];
    let started = bench.run(&start).ends(0).json();
    let id = started["id"].as_str().unwrap();
    assert_eq!(started["waits_for"]["u2"], 2);
    let answer = [
        "review",
        "answer",
        id,
        "small one",
        "--need",
        "yes",
        "--scope",
        "yes",
        "--use",
        "yes",
        "--ownership",
        "yes",
    ];
    let refused = bench.run(&answer).ends(2);
    assert!(refused.err.contains("in the console"), "{}", refused.err);
    assert!(
        bench
            .run(&["review", "remind", id])
            .ends(0)
            .out
            .contains("u2: 2 keys")
    );
    let closed = bench
        .run(&["review", "close", id, "-f", "json"])
        .ends(0)
        .json();
    assert_eq!(closed["counts"]["unanswered"], 2);
    bench.run(&["review", "close", id]).ends(2);
    assert!(
        bench
            .run(&["review", "list"])
            .ends(0)
            .out
            .contains("closed on")
    );
    let none = [
        "review",
        "start",
        "--title",
        "x",
        "--keys",
        "provider=none",
        "--due",
        &due,
    ];
    assert!(bench.run(&none).ends(2).err.contains("picks no key"));
    let past = [
        "review",
        "start",
        "--title",
        "x",
        "--keys",
        "provider=acme",
        "--due",
        "2020-01-01",
    ];
    assert!(bench.run(&past).ends(2).err.contains("name a later day"));
}

#[test]
fn evidence_comes_back_to_the_byte() {
    let bench = bench();
    bench.write("mail.txt", "they said March\n");
    let args = [
        "key",
        "comment",
        "small one",
        "see the mail",
        "--attach",
        "mail.txt",
        "-f",
        "json",
    ];
    // Who sits at the machine attaches (that brings in), comments, and reads.
    let kept = bench.run(&args).ends(0).json();
    assert_eq!(kept["comments"][0]["text"], "see the mail");
    let id = kept["attachments"][0]["id"].as_str().unwrap();
    bench
        .run(&["key", "evidence", id, "-o", "back.txt"])
        .ends(0);
    let back = std::fs::read_to_string(bench.tree().join("back.txt")).unwrap();
    assert_eq!(back, "they said March\n");
    bench.write("page.html", "<html>");
    bench
        .run(&["key", "comment", "small one", "--attach", "page.html"])
        .ends(2);
    bench
        .run(&["key", "comment", "small one", "--attach", "none.txt"])
        .ends(2);
    bench.run(&["key", "evidence", "f0", "-o", "x.txt"]).ends(2);
    assert!(!bench.tree().join("x.txt").exists());
}
