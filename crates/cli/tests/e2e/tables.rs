//! Every table and every report, word for word: of an assessment, of the catalogue, of the register.

use crate::{
    bench::Bench,
    governance::{self, REASONS, ahead},
    owners,
    surfaces::same_everywhere,
};
use tenure_testkit::sample;

/// What a run printed, whatever its exit code, with its arguments above.
fn said(bench: &Bench, args: &[&str]) -> String {
    let ran = bench.run(args);
    assert!(ran.code < 2, "{args:?}: {}", ran.err);
    assert!(!ran.out.is_empty(), "{args:?} prints nothing");
    ran.out
}

/// Days, times, ids, digests and folders differ from run to run; their lengths do not.
fn with_filters(check: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    for (found, shown) in [
        (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z", "[time]"),
        (r"\b20\d\d-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?\b", "[day]"),
        (r"\bsha256:[0-9a-f]{64}\b", "sha256:[digest]"),
        (r"\b[0-9a-f]{64}\b", "[digest]"),
        (r"\b([g-z])[0-9a-f]{12,40}\b", "$1[id]"),
        (r"\b[0-9a-f]{8,40}\b", "[hex]"),
        (r"at the machine by [^:]+:", "at the machine by [user]:"),
    ] {
        settings.add_filter(found, shown);
    }
    settings.bind(check);
}

#[test]
fn tables_of_an_assessment() {
    let bench = Bench::new();
    bench.run(&["demo"]).ends(0);
    for (name, args) in [
        ("key_list", &["key", "list"][..]),
        ("key_list_as_csv", &["key", "list", "-f", "csv"]),
        ("key_list_as_markdown", &["key", "list", "-f", "md"]),
        ("key_show", &["key", "show", "ci-deploy-prod"]),
        ("top", &["top"]),
    ] {
        insta::assert_snapshot!(name, same_everywhere(&said(&bench, args)));
    }
    let before = Bench::with(&[("keys.csv", governance::TABLE)]);
    let first = before.assessment(&[]).to_string();
    let table = governance::TABLE.replace("olga@x.io,active,us", ",active,us");
    before.write("keys.csv", table.replace("acme,two", "acme,three"));
    let then = before.assessment(&[]).to_string();
    before.write("before.json", first);
    before.write("now.json", then);
    let told = said(&before, &["diff", "before.json", "now.json"]);
    insta::assert_snapshot!("diff", same_everywhere(&told));
}

#[test]
fn an_assessment_in_each_format_and_its_report() {
    let key = sample::secret("openai", "project_api_key", 7);
    let bench = Bench::with(&[
        ("app/.env", &format!("OPENAI_API_KEY={}\n", key)),
        ("keys.csv", governance::TABLE),
    ]);
    std::fs::write(bench.state().join("pepper"), [7u8; 32]).unwrap();
    // Who can read the folder must not depend on who runs the test.
    #[cfg(unix)]
    std::fs::set_permissions(
        bench.tree(),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    for format in ["table", "json", "jsonl", "csv", "md"] {
        let out = bench.assess(&["-f", format]).ends(0).out;
        insta::assert_snapshot!(format!("assessment_as_{format}"), same_everywhere(&out));
    }
    bench.assess(&["--report", "report.html"]).ends(0);
    let report = std::fs::read_to_string(bench.tree().join("report.html")).unwrap();
    insta::assert_snapshot!("report", same_everywhere(&report));
    assert!(!report.contains(&key));
}

#[test]
fn tables_of_what_is_known() {
    let bench = Bench::new();
    for (name, args) in [
        ("sources", &["sources"][..]),
        ("source", &["sources", "aws-credential-report"]),
        ("policy_show", &["policy", "show"]),
        ("catalog_list", &["catalog", "list"]),
        ("catalog_show", &["catalog", "show", "databricks"]),
        ("catalog_check", &["catalog", "check"]),
        ("schema_of_assessments", &["schema", "assessment"]),
        ("schema_of_answers", &["schema", "answer"]),
        ("schema_of_scans", &["schema", "scan"]),
    ] {
        insta::assert_snapshot!(name, said(&bench, args));
    }
    bench.write("policy.toml", said(&bench, &["policy", "show"]));
    insta::assert_snapshot!(
        "policy_check",
        said(&bench, &["policy", "check", "policy.toml"])
    );
}

#[test]
fn tables_of_the_register() {
    let bench = governance::bench();
    let until = ahead(20);
    let people = ["--until", &until, "--for", "ann@x.io"];
    let asked = [
        &["exception", "request", "billing export"],
        &people[..],
        &REASONS,
    ]
    .concat();
    let due = ahead(14);
    let started = [
        "review",
        "start",
        "--title",
        "autumn",
        "--keys",
        "provider=acme",
        "--due",
        &due,
    ];
    with_filters(|| {
        insta::assert_snapshot!("register_exception_requested", said(&bench, &asked));
        insta::assert_snapshot!("register_review_started", said(&bench, &started));
        for (name, args) in [
            ("register_key_list", &["key", "list"][..]),
            ("register_key_show", &["key", "show", "billing export"]),
            ("register_exceptions", &["exception", "list"]),
            ("register_reviews", &["review", "list"]),
            ("register_key_requests", &["key", "requests", "list"]),
            ("register_verify", &["verify"]),
            ("register_backlog", &["backlog"]),
        ] {
            insta::assert_snapshot!(name, said(&bench, args));
        }
        bench.write(
            "keys.csv",
            governance::TABLE.replace("small one", "smaller one"),
        );
        let again = ["import", "table", "keys.csv"];
        insta::assert_snapshot!("register_import", said(&bench, &again));
    });
}

#[test]
fn tables_of_owners() {
    let bench = owners::with_register();
    let assign = [
        "owner",
        "assign",
        "--account",
        "acme/*",
        "--owner",
        "mia@x.io",
    ];
    with_filters(|| {
        insta::assert_snapshot!("owners_looked_at", said(&bench, &assign));
        for (name, args) in [
            ("owners_ask_plan", &["ask", "plan"][..]),
            ("owners_ask_send", &["ask", "send"]),
            ("owners_ask_list", &["ask", "list"]),
            ("owners_ask_remind", &["ask", "remind"]),
            ("owners_assigned", &[&assign[..], &["--yes"]].concat()),
            ("owners_rules", &["owner", "rules"]),
        ] {
            insta::assert_snapshot!(name, said(&bench, args));
        }
    });
}
