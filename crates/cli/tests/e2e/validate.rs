//! `--validate`: real requests to servers on this machine, and none without it.

mod aws;

use crate::bench::{Bench, Ran, TODAY};
use serde_json::Value;
use std::io;
use tenure_testkit::{
    sample,
    server::{Seen, Server, reply},
};

fn token(seed: u64) -> String {
    sample::secret("gitlab", "personal_access_token", seed)
}

/// An instance that knows some tokens by what they are called.
fn gitlab(
    living: Vec<String>,
) -> impl Fn(&Seen, &mut dyn io::Write) -> io::Result<()> + Send + Sync {
    move |seen, out| {
        let lives = living.iter().any(|key| key == seen.header("private-token"));
        if seen.path != "/api/v4/personal_access_tokens/self" {
            return reply(out, 404, &[], "{}");
        }
        if lives {
            reply(
                out,
                200,
                &[],
                r#"{"user_id": 42, "scopes": ["read_api", "read_user"]}"#,
            )
        } else {
            reply(out, 401, &[], r#"{"message": "401 Unauthorized"}"#)
        }
    }
}

fn bench(seeds: &[u64]) -> Bench {
    let bench = Bench::new();
    for seed in seeds {
        bench.write(
            &format!("{seed}.env"),
            format!("GITLAB_TOKEN={}\n", token(*seed)),
        );
        bench.write(
            &format!("copy/{seed}.env"),
            format!("GITLAB_TOKEN={}\n", token(*seed)),
        );
    }
    bench
}

fn scan(bench: &Bench, more: &[&str]) -> Ran {
    let mut args = vec!["scan", ".", "--today", TODAY, "--validate-timeout", "2"];
    if !more.contains(&"--validate") {
        args.truncate(4);
    }
    args.extend(more);
    bench.run(&args)
}

fn of<'s>(scan: &'s Value, path: &str) -> &'s Value {
    let findings = scan["findings"].as_array().unwrap();
    let at = |finding: &&Value| {
        finding["places"]
            .as_array()
            .unwrap()
            .iter()
            .any(|place| place["path"] == path)
    };
    findings.iter().find(at).unwrap()
}

#[test]
fn a_live_key_is_told_from_a_refused_one_with_whose_it_is_and_what_it_may() {
    let server = Server::start(gitlab(vec![token(1)]));
    let bench = bench(&[1, 2]);
    let at = format!("gitlab={}", server.url());
    let flags = [
        "--validate",
        "--validate-at",
        &at,
        "--validate-allow-address",
        "127.0.0.1",
    ];
    let json = scan(
        &bench,
        &[&flags[..], &["-f", "json", "--fail-on", "none"]].concat(),
    )
    .json();
    let (live, dead) = (of(&json, "1.env"), of(&json, "2.env"));
    assert_eq!(live["liveness"], "live", "{live:#}");
    assert_eq!(live["check"]["subject"], "42");
    assert_eq!(
        live["check"]["rights"],
        serde_json::json!(["read_api", "read_user"])
    );
    assert_eq!(live["check"]["status"], 200);
    assert_eq!(dead["liveness"], "refused", "{dead:#}");
    assert_eq!(
        json["stats"]["validated"],
        serde_json::json!({"live": 1, "refused": 1})
    );
    // A made-up key, two keys of which each has two copies, and the living one again.
    assert_eq!(json["stats"]["requests"], 4);
    assert_eq!(server.connections(), 4);
    let ran = scan(&bench, &[&flags[..], &["--fail-on", "live"]].concat()).ends(1);
    assert!(ran.err.contains("exit 1: 1 live key"), "{}", ran.err);
    for (format, wanted) in [
        ("table", "live"),
        ("md", "live as 42"),
        ("sarif", "\"liveness\": \"live\""),
        ("csv", "refused"),
        ("jsonl", "\"liveness\":\"live\""),
    ] {
        let ran = scan(
            &bench,
            &[&flags[..], &["-f", format, "--fail-on", "none"]].concat(),
        );
        assert!(ran.out.contains(wanted), "{format}: {}", ran.out);
        for secret in [token(1), token(2)] {
            assert!(
                !ran.out.contains(&secret) && !ran.err.contains(&secret),
                "{format}"
            );
        }
    }
}

#[test]
fn without_the_flag_nothing_leaves_the_machine() {
    let server = Server::start(gitlab(vec![token(1)]));
    let bench = bench(&[1]);
    // The catalogue itself leads to the listener, so that any request at all would arrive there.
    let provider = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../catalog/providers/gitlab.toml"
    ))
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let led = provider.replace("https://{host}", &server.url());
    std::fs::write(folder.path().join("gitlab.toml"), led).unwrap();
    let catalog = folder.path().to_str().unwrap();
    scan(&bench, &["--catalog", catalog]).ends(1);
    bench.run(&["assess", ".", "--catalog", catalog, "--today", TODAY]);
    assert_eq!(server.connections(), 0);
    let flags = [
        "--catalog",
        catalog,
        "--validate",
        "--validate-allow-address",
        "127.0.0.1",
        "--fail-on",
        "live",
    ];
    scan(&bench, &flags).ends(1);
    assert!(
        server.connections() > 0,
        "the listener would have heard of it"
    );
    let server = Server::start(gitlab(Vec::new()));
    let at = format!("gitlab={}", server.url());
    scan(&bench, &["--validate-at", &at]).ends(2);
    assert_eq!(server.connections(), 0, "no flag of validation implies it");
}

#[test]
fn an_address_without_an_allowance_is_not_reached() {
    let server = Server::start(gitlab(vec![token(1)]));
    let bench = bench(&[1]);
    let at = format!("gitlab={}", server.url());
    let json = scan(
        &bench,
        &[
            "--validate",
            "--validate-at",
            &at,
            "-f",
            "json",
            "--fail-on",
            "none",
        ],
    )
    .json();
    let found = of(&json, "1.env");
    assert_eq!(found["liveness"], "failed_to_check");
    assert!(
        found["check"]["why"].as_str().unwrap().contains("loopback"),
        "{found:#}"
    );
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_key_that_cannot_be_asked_about_says_what_is_missing() {
    let bench = bench(&[1]);
    let json = scan(&bench, &["--validate", "-f", "json", "--fail-on", "none"]).json();
    let found = of(&json, "1.env");
    assert_eq!(found["liveness"], "cannot_check");
    assert!(
        found["check"]["why"]
            .as_str()
            .unwrap()
            .contains("--validate-at gitlab="),
        "{found:#}"
    );
    assert_eq!(json["stats"]["requests"], 0);
}

#[test]
fn a_provider_that_answers_everything_alike_tells_nothing() {
    for (status, body) in [
        (200, r#"{"user_id": 1, "scopes": ["api"]}"#),
        (200, "<html>"),
        (401, "{}"),
        (302, ""),
        (503, ""),
    ] {
        let elsewhere = Server::start(gitlab(vec![token(1)]));
        let to = format!("{}/api/v4/personal_access_tokens/self", elsewhere.url());
        let server = Server::start(move |_, out| reply(out, status, &[("Location", &to)], body));
        let at = format!("gitlab={}", server.url());
        let bench = bench(&[1]);
        let json = scan(
            &bench,
            &[
                "--validate",
                "--validate-at",
                &at,
                "--validate-allow-address",
                "127.0.0.1",
                "-f",
                "json",
                "--fail-on",
                "none",
            ],
        )
        .json();
        let state = of(&json, "1.env")["liveness"].as_str().unwrap().to_owned();
        assert!(
            matches!(state.as_str(), "failed_to_check" | "cannot_check"),
            "{status} {body}: {state}"
        );
        assert_eq!(elsewhere.connections(), 0, "no redirect is followed");
    }
}

#[test]
fn a_named_living_key_makes_a_refusal_count() {
    let server = Server::start(gitlab(vec![token(9)]));
    let bench = bench(&[1]);
    let at = format!("gitlab={}", server.url());
    let control = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(control.path(), format!("{}\n", token(9))).unwrap();
    let named = format!("gitlab/personal_access_token={}", control.path().display());
    let state = |more: &[&str]| {
        let flags = [
            "--validate",
            "--validate-at",
            &at,
            "--validate-allow-address",
            "127.0.0.1",
            "-f",
            "json",
            "--fail-on",
            "none",
        ];
        let json = scan(&bench, &[&flags[..], more].concat()).json();
        of(&json, "1.env")["liveness"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(&[]), "cannot_check");
    assert_eq!(state(&["--validate-control", &named]), "refused");
}

#[test]
fn over_tls_the_machine_has_to_trust_the_authority() {
    let server = Server::start_tls(&["127.0.0.1"], gitlab(vec![token(1)]));
    let bench = bench(&[1]);
    let at = format!("gitlab=https://127.0.0.1:{}", server.port());
    let authority = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(authority.path(), server.authority()).unwrap();
    let args = [
        "scan",
        ".",
        "--validate",
        "--validate-at",
        &at,
        "--validate-allow-address",
        "127.0.0.1",
        "-f",
        "json",
        "--fail-on",
        "none",
    ];
    let run = |trusted: bool| {
        let mut command = bench.command(&args);
        if trusted {
            command.env("SSL_CERT_FILE", authority.path());
        }
        let out = command.output().unwrap();
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let json = run(false);
    let found = of(&json, "1.env");
    assert_eq!(found["liveness"], "failed_to_check");
    assert!(
        found["check"]["why"].as_str().unwrap().contains("TLS"),
        "{found:#}"
    );
    assert!(server.seen().is_empty(), "the key is not sent");
    let json = run(true);
    assert_eq!(of(&json, "1.env")["liveness"], "live", "{json:#}");
}

#[test]
fn what_only_a_history_holds_is_asked_about_each_time() {
    let server = Server::start(gitlab(vec![token(1)]));
    let bench = Bench::new();
    let git = |args: &[&str]| {
        let done = std::process::Command::new("git")
            .args([
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@example.com",
                "-c",
                "init.defaultBranch=main",
            ])
            .args(args)
            .current_dir(bench.tree())
            .env("HOME", bench.state())
            .output();
        done.is_ok_and(|done| done.status.success())
    };
    assert!(git(&["init", "-q"]), "this test needs git");
    bench.write("a.env", format!("GITLAB_TOKEN={}\n", token(1)));
    assert!(git(&["add", "."]) && git(&["commit", "-qm", "one"]));
    bench.write("a.env", "nothing\n");
    assert!(git(&["commit", "-qam", "two"]));
    let at = format!("gitlab={}", server.url());
    for run in 0..2 {
        let json = scan(
            &bench,
            &[
                "--validate",
                "--validate-at",
                &at,
                "--validate-allow-address",
                "127.0.0.1",
                "-f",
                "json",
                "--fail-on",
                "none",
            ],
        )
        .json();
        assert_eq!(
            json["findings"][0]["liveness"], "live",
            "run {run}: {json:#}"
        );
    }
}

#[test]
fn an_assessment_knows_a_live_key_as_active_because_its_provider_said_so() {
    let server = Server::start(gitlab(vec![token(1)]));
    let bench = bench(&[1]);
    let at = format!("gitlab={}", server.url());
    let args = [
        "assess",
        ".",
        "--today",
        TODAY,
        "-f",
        "json",
        "--validate",
        "--validate-at",
        &at,
        "--validate-allow-address",
        "127.0.0.1",
    ];
    let json = bench.run(&args).json();
    let text = json.to_string();
    assert!(text.contains("the provider accepted the key"), "{json:#}");
    let key = &json["keys"][0];
    assert_eq!(key["sightings"][0]["liveness"], "live");
    let without = bench.run(&args[..6]).json();
    assert_eq!(
        without["keys"][0]["sightings"][0]["liveness"],
        "not_checked"
    );
    assert!(
        !without
            .to_string()
            .contains("the provider accepted the key")
    );
}

#[test]
fn bad_flags_are_named_and_show_no_secret() {
    let bench = bench(&[1]);
    for (flag, value, says) in [
        ("--validate-at", "gitlab", "PROVIDER=URL"),
        ("--validate-at", "nobody=https://a.example", "nobody"),
        (
            "--validate-at",
            "gitlab=ftp://a.example",
            "--validate-at gitlab",
        ),
        ("--validate-account", "=x", "PROVIDER=NAME"),
        ("--validate-allow-address", "here", "`here`"),
        ("--validate-timeout", "0", "--validate-timeout"),
        ("--validate-control", "gitlab=x", "PROVIDER/KIND"),
        ("--validate-control", "gitlab/nothing=x", "gitlab/nothing"),
        (
            "--validate-control",
            "gitlab/personal_access_token=no-such-file",
            "no-such-file",
        ),
        (
            "--validate-control",
            "gitlab/personal_access_token=env:NO_SUCH_VARIABLE",
            "NO_SUCH_VARIABLE",
        ),
    ] {
        let mut args = vec!["scan", ".", "--validate"];
        args.extend([flag, value]);
        let ran = bench.run(&args).ends(2);
        assert!(ran.err.contains(says), "{flag} {value}: {}", ran.err);
    }
}
