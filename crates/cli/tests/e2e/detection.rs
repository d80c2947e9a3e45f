//! What is found in a folder, what it means by where it lies, and what is none.

use crate::{
    bench::{Bench, coverage, keys, of, only, told},
    sample,
};
use base64::Engine as _;
use serde_json::Value;
use std::process::Command;

fn verdict(key: &Value) -> &str {
    key["verdict"]["id"].as_str().unwrap()
}

fn action(key: &Value) -> &str {
    key["verdict"]["action"].as_str().unwrap()
}

#[cfg(unix)]
fn mode(bench: &Bench, path: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(
        bench.tree().join(path),
        std::fs::Permissions::from_mode(mode),
    )
    .unwrap();
}

/// Runs git in the folder; false where there is no git.
fn git(bench: &Bench, args: &[&str]) -> bool {
    let Ok(status) = Command::new("git")
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
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
    else {
        return false;
    };
    assert!(status.status.success(), "{args:?}");
    true
}

#[cfg(unix)]
#[test]
fn a_developers_own_ignored_env_is_no_exposure_and_the_same_file_tracked_is() {
    let secret = sample::secret("openai", "project_api_key", 1);
    let bench = Bench::with(&[
        (".gitignore", ".env\n"),
        (".env", &format!("OPENAI_API_KEY={secret}\n")),
        ("main.py", "print('hello')\n"),
    ]);
    mode(&bench, ".", 0o700);
    mode(&bench, ".env", 0o600);
    if !git(&bench, &["init", "-q"]) {
        return;
    }
    git(&bench, &["add", "."]);
    git(&bench, &["commit", "-q", "-m", "first"]);
    let before = bench.assessment(&[]);
    let key = of(&before, "openai");
    assert_ne!(action(key), "rotate_now");
    assert_ne!(action(key), "contain_now");
    assert_eq!(key["sightings"][0]["audience"], "you");

    git(&bench, &["add", "-f", ".env"]);
    git(&bench, &["commit", "-q", "-m", "second"]);
    let after = bench.assessment(&[]);
    let key = of(&after, "openai");
    assert_eq!(verdict(key), "exposure_open");
    assert_eq!(action(key), "rotate_now");
    assert_eq!(
        key["sightings"][0]["audience"],
        "everyone who can read the repository"
    );
    assert!(key["sightings"][0]["commit"].is_string());

    // The same from below the top of the repository, and from a folder above it.
    bench.write("inner/.env", format!("OPENAI_API_KEY={secret}\n"));
    mode(&bench, "inner/.env", 0o600);
    let inner = bench
        .run(&["assess", "inner", "--today", "2026-11-23", "-f", "json"])
        .ends(0)
        .json();
    assert_ne!(action(of(&inner, "openai")), "rotate_now");
    git(&bench, &["add", "-f", "inner/.env"]);
    let inner = bench
        .run(&["assess", "inner", "--today", "2026-11-23", "-f", "json"])
        .ends(0)
        .json();
    assert_eq!(action(of(&inner, "openai")), "rotate_now");
}

#[cfg(unix)]
#[test]
fn a_mode_that_lets_others_read_counts() {
    let secret = sample::secret("openai", "project_api_key", 1);
    let bench = Bench::with(&[("app/.env", &format!("OPENAI_API_KEY={secret}\n"))]);
    let audience = || bench.assessment(&[])["keys"][0]["sightings"][0]["audience"].clone();
    mode(&bench, ".", 0o755);
    mode(&bench, "app", 0o755);
    mode(&bench, "app/.env", 0o600);
    assert_eq!(audience(), "you");
    mode(&bench, "app/.env", 0o644);
    mode(&bench, "app", 0o700);
    assert_eq!(audience(), "you");
}

#[test]
fn a_place_that_is_declared_public_has_its_keys_contained() {
    let secret = sample::secret("openai", "project_api_key", 1);
    let facts = "[[place]]\npath = \"site\"\naudience = \"anyone outside the organisation\"\n";
    let bench = Bench::with(&[
        ("site/app.js", &format!("const k = \"{secret}\"\n")),
        ("facts.toml", facts),
    ]);
    // The file lies in the folder and does nothing there.
    assert_ne!(action(of(&bench.assessment(&[]), "openai")), "contain_now");
    let assessment = bench.assessment(&["--facts", "facts.toml"]);
    let key = of(&assessment, "openai");
    assert_eq!(verdict(key), "exposed");
    assert_eq!(action(key), "contain_now");
    assert_eq!(key["verdict"]["urgency"], "now");
    bench
        .assess(&["--facts", "facts.toml", "--fail-on", "contain_now"])
        .ends(1)
        .says(&["exit 1: 1 key at contain_now"]);
}

#[test]
fn a_people_list_makes_an_owner_gone_and_asks_for_another() {
    let bench = Bench::with(&[(
        "keys.csv",
        "key name,provider,owner,status\nledger,Ledgerline,carol@example.com,active\nbilling,Ledgerline,ann@example.com,active\n",
    )]);
    let people = "id,email,name,manager,active,until\np1,ann@example.com,ann,,true,\np2,carol@example.com,carol,ann@example.com,false,2026-06-30\n";
    let elsewhere = Bench::with(&[("people.csv", people)]);
    let before = bench.assessment(&[]);
    let notes = before["summary"]["notes"].to_string();
    assert!(
        notes.contains("owners unknown: no people list given"),
        "{notes}"
    );
    let path = elsewhere.tree().join("people.csv");
    let after = bench.assessment(&["--people", path.to_str().unwrap()]);
    let gone = only(&after, |key| key["name"] == "ledger");
    assert_eq!(verdict(gone), "unowned");
    assert_eq!(action(gone), "assign_owner");
    assert!(gone["verdict"]["then"].is_string());
    let candidates = gone["owner_candidates"].to_string();
    assert!(candidates.contains("ann@example.com"), "{candidates}");
    assert_ne!(
        verdict(only(&after, |key| key["name"] == "billing")),
        "unowned"
    );
    let notes = after["summary"]["notes"].to_string();
    assert!(!notes.contains("owners unknown"), "{notes}");
}

#[test]
fn what_was_refused_is_not_covered_and_no_key_is_called_absent_for_it() {
    let refused = "{\"message\": \"Resource not accessible by integration\", \"status\": \"403\"}";
    let bench = Bench::with(&[
        ("github/pats.json", refused),
        (
            "keys.csv",
            "key name,provider,credential,key id,owner\nrelease,GitHub,fine_grained_pat,1,\n",
        ),
    ]);
    let ran = bench.assess(&["-f", "json"]).ends(3);
    let assessment = ran.json();
    assert_eq!(assessment["complete"], false);
    assert_eq!(
        coverage(&assessment, "pats.json")[0]["state"],
        "not_covered"
    );
    let key = only(&assessment, |key| key["provider"] == "github");
    assert_eq!(
        key["facts"]["proof"]["value"].as_str().unwrap_or("none"),
        "none"
    );
    assert_ne!(verdict(key), "proven_revoked");
}

#[test]
fn files_of_configuration_in_an_assessed_folder_never_apply() {
    let secret = sample::secret("openai", "project_api_key", 1);
    let bench = Bench::with(&[("app/.env", &format!("OPENAI_API_KEY={secret}\n"))]);
    let before = bench.assessment(&[]);
    let shown = bench.run(&["policy", "show"]).ends(0).out;
    let facts = "[[key]]\nprovider = \"openai\"\nname = \"OPENAI_API_KEY\"\nprivilege = \"none\"\nowner = \"active\"\n\
         isolated = true\nmonitored = true\n[[place]]\npath = \"app\"\naudience = \"you\"\n";
    for (name, text) in [
        (
            "tenure.toml",
            "exclude = [\"app\"]\nfail_on = []\ntoday = \"2020-01-01\"\n".to_owned(),
        ),
        (".tenure.toml", "exclude = [\"**\"]\n".to_owned()),
        ("policy.toml", shown.replace('9', "8")),
        ("tenure.policy.toml", shown),
        ("facts.toml", facts.to_owned()),
        ("app/facts.toml", facts.to_owned()),
        ("columns.toml", "[columns]\nname = \"ignore\"\n".to_owned()),
        (".tenureignore", "*\n".to_owned()),
        (".ignore", "*\n.env\n".to_owned()),
        (".gitleaksignore", "*\n".to_owned()),
        (
            "last-assessment.json",
            "{\"schema\": \"tenure.assessment/1\"}".to_owned(),
        ),
        ("catalog/openai.toml", "provider = \"openai\"\n".to_owned()),
    ] {
        bench.write(name, text);
    }
    let after = bench.assessment(&[]);
    assert_eq!(before["keys"], after["keys"]);
    assert_eq!(before["policy"], after["policy"]);
    assert_eq!(after["complete"], true);
}

#[test]
fn a_tree_cannot_hide_a_credential_place_from_the_search() {
    let secret = sample::secret("openai", "project_api_key", 1);
    let text = format!("OPENAI_API_KEY={secret}\n");
    let bench = Bench::with(&[
        (".gitignore", "*\n"),
        (".env", &text),
        ("deep/er/.env.production", &text),
        (
            ".mcp.json",
            &format!(
                "{{\"mcpServers\": {{\"x\": {{\"env\": {{\"OPENAI_API_KEY\": \"{secret}\"}}}}}}}}"
            ),
        ),
        ("node_modules/dep/index.js", &format!("k = \"{secret}\"\n")),
        ("ignored.py", &format!("k = \"{secret}\"\n")),
    ]);
    let assessment = bench.assessment(&[]);
    let mut places: Vec<&str> = of(&assessment, "openai")["sightings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|seen| seen["path"].as_str().unwrap())
        .collect();
    places.sort_unstable();
    assert_eq!(places, [".env", ".mcp.json", "deep/er/.env.production"]);
}

#[test]
fn what_stands_for_a_secret_is_none() {
    let bench = Bench::with(&[
        (
            ".env",
            "API_KEY=your_api_key_here_12345\nTOKEN=${TOKEN}\nSECRET=<insert-secret-here-1>\nA_TOKEN=xxxxxxxxxxxxxxxxxxxxxxxx\n\
             B_TOKEN=changeme-changeme-1234\nC_SECRET=0000000000000000000000\nD_KEY={{ vault_api_key_1 }}\nE_TOKEN=$(vault read token)\n\
             AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nF_SECRET=vault:secret/data/app#token1\nG_TOKEN=abcdefghijklmnopqrstuvwxyz012345\n",
        ),
        (
            "src/app.py",
            "token = os.environ[\"APP_TOKEN_V2_FROM_ENV\"]\napi_key = settings.API_KEY_2024_PRODUCTION\nsecret_name = \"prod/database/secret1\"\n",
        ),
        (
            "k8s/ref.yaml",
            "env:\n- name: TOKEN\n  valueFrom:\n    secretKeyRef: {name: app-token-2024-v1, key: token}\n",
        ),
        (
            ".github/workflows/ci.yml",
            "env:\n  NPM_TOKEN: ${{ secrets.NPM_TOKEN }}\n",
        ),
        (
            "main.tf",
            "variable \"api_token\" {}\nresource x y { token = var.api_token }\n",
        ),
    ]);
    let assessment = bench.assess(&["-f", "json"]).ends(0).json();
    assert!(keys(&assessment).is_empty(), "{:#?}", told(&assessment));
    assert!(
        !assessment["summary"]["dismissed"]
            .as_object()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_generic_secret_of_a_test_is_none_and_a_known_form_is_one_everywhere() {
    let text = format!("api_key = \"{}\"\n", sample::generic(1));
    for folder in [
        "tests",
        "testdata",
        "spec",
        "fixtures",
        "examples",
        "docs",
        "__tests__",
    ] {
        let bench = Bench::with(&[(&*format!("{folder}/config.py"), &*text)]);
        let assessment = bench.assess(&["-f", "json"]).ends(0).json();
        assert!(
            keys(&assessment).is_empty(),
            "{folder}: {:#?}",
            told(&assessment)
        );
    }
    let bench = Bench::with(&[("src/config.py", &text)]);
    assert_eq!(keys(&bench.assessment(&[])).len(), 1);
    let known = format!(
        "k = \"{}\"\n",
        sample::secret("openai", "project_api_key", 2)
    );
    let bench = Bench::with(&[("tests/config.py", &known)]);
    of(&bench.assessment(&[]), "openai");
}

#[test]
fn each_kind_of_place_is_searched_and_says_what_the_key_is_for() {
    let stripe = |seed| sample::secret("stripe", "secret_key", seed);
    let places = [
        (
            ".github/workflows/release.yml",
            "github_actions",
            "workflow",
        ),
        ("k8s/app.yaml", "kubernetes", "manifest"),
        (".mcp.json", "laptop", "agent_config"),
        (".bash_history", "laptop", "shell_history"),
        ("notebooks/a.ipynb", "", "notebook"),
        ("terraform/prod.tfvars", "", "infrastructure"),
        ("compose.yaml", "", "compose"),
        ("app.py", "", "source"),
        (".npmrc", "laptop", "package_manager"),
    ];
    for (seed, (path, runtime, kind)) in (10..).zip(places) {
        let secret = stripe(seed);
        let encoded = base64::engine::general_purpose::STANDARD.encode(&secret);
        let text = match kind {
            "manifest" => format!("kind: Secret\ndata:\n  stripe-token: {encoded}\n"),
            "agent_config" => {
                format!("{{\"mcpServers\": {{\"s\": {{\"env\": {{\"STRIPE\": \"{secret}\"}}}}}}}}")
            }
            "notebook" => {
                format!("{{\"cells\": [{{\"source\": [\"key = \\\"{secret}\\\"\\n\"]}}]}}")
            }
            _ => format!("stripe_key = \"{secret}\"\n"),
        };
        let bench = Bench::with(&[(path, &*text)]);
        let assessment = bench.assessment(&[]);
        let key = of(&assessment, "stripe");
        assert_eq!(key["sightings"][0]["kind"], kind, "{path}");
        let seen = key["runtimes"][0].as_str().unwrap_or_default();
        assert_eq!(seen, runtime, "{path}");
    }
}

#[test]
fn a_private_key_is_one_key_wherever_its_copies_are() {
    let pem = sample::private_key(1);
    let bench = Bench::with(&[
        ("id_rsa", &pem),
        ("deploy/copy.pem", &pem),
        (".ssh/id_ed25519", &sample::private_key(2)),
    ]);
    let assessment = bench.assessment(&[]);
    assert_eq!(keys(&assessment).len(), 2, "{:#?}", told(&assessment));
    for key in keys(&assessment) {
        assert_eq!(key["provider"], "unknown");
        assert_eq!(key["credential"], "private_key");
        assert_eq!(key["hint"], Value::Null);
    }
}

#[test]
fn without_a_known_consumer_nothing_is_replaceable_now() {
    let secret = sample::secret("openai", "project_api_key", 1);
    let bench = Bench::with(&[("app.py", &format!("k = \"{secret}\"\n"))]);
    let assessment = bench.assessment(&[]);
    for option in of(&assessment, "openai")["options"].as_array().unwrap() {
        assert_ne!(option["state"], "now", "{option}");
    }
}

#[test]
fn a_source_that_cannot_tell_last_use_makes_no_key_unused() {
    let bench = Bench::with(&[(
        "keys.csv",
        "key name,provider,created,owner,last used\nold,Ledgerline,2015-01-01,ann@example.com,\n",
    )]);
    let assessment = bench.assessment(&[]);
    let key = of(&assessment, "ledgerline");
    assert_ne!(verdict(key), "unused");
    assert_ne!(key["verdict"]["then"], "unused");
}

const HOSTILE: [&str; 6] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}name",
    "right\u{202e}left\u{2066}x",
    "=cmd()|'/C calc'!A0",
    "a|b\\|c`d`",
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "@SUM(1+1)\tx",
];

#[test]
fn hostile_names_are_shown_tame_everywhere() {
    let bench = Bench::new();
    let mut table = "key name,provider,key id,owner,system\n".to_owned();
    for (at, name) in HOSTILE.iter().enumerate() {
        table.push_str(&format!(
            "\"{name}\",\"{name}\",hostile_{at},\"{name}\",\"{name}\"\n"
        ));
    }
    bench.write("keys.csv", table);
    let secret = sample::secret("openai", "project_api_key", 1);
    bench.write(
        "a\u{1b}[31m<script>|\u{202e}/.env",
        format!("OPENAI_API_KEY={secret}\n"),
    );
    bench.write("b\u{1b}[2J/keys.csv", "");
    let report = bench.state().join("r.html");
    for args in [
        &[][..],
        &["--all", "-v"],
        &["-f", "md"],
        &["-f", "csv"],
        &["--report", report.to_str().unwrap()],
        &["--anonymise", "--all"],
    ] {
        let ran = bench.assess(args);
        for (stream, text) in [("out", &ran.out), ("err", &ran.err)] {
            let csv = args.contains(&"csv") && stream == "out";
            for wild in ['\u{1b}', '\u{7}', '\u{202e}', '\u{2066}'] {
                assert!(
                    csv || !text.contains(wild),
                    "{args:?} {stream}: {wild:?} in {text}"
                );
            }
        }
        if args.contains(&"md") {
            assert!(
                !ran.out.contains("<script") && !ran.out.contains("<img"),
                "{}",
                ran.out
            );
            let columns = |line: &str| {
                line.replace("\\\\", "")
                    .replace("\\|", "")
                    .matches('|')
                    .count()
            };
            let first = columns(ran.out.lines().next().unwrap());
            for line in ran.out.lines() {
                assert_eq!(columns(line), first, "{line}");
            }
        }
        if args.contains(&"csv") {
            let mut rows = csv::Reader::from_reader(ran.out.as_bytes());
            let mut seen = 0;
            for row in rows.records() {
                for cell in &row.unwrap() {
                    assert!(
                        !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                        "{cell}"
                    );
                    assert!(!cell.contains(|c: char| c.is_control()), "{cell:?}");
                }
                seen += 1;
            }
            assert!(seen > HOSTILE.len());
        }
    }
    let html = std::fs::read_to_string(report).unwrap();
    assert!(
        !html.contains("<script>alert") && !html.contains("<img"),
        "HTML of a name"
    );
    for wild in ['\u{1b}', '\u{7}', '\u{202e}', '\u{2066}'] {
        assert!(!html.contains(wild), "{wild:?} in the report");
    }
    let assessment = bench.assessment(&[]);
    for key in keys(&assessment) {
        let why = bench.run(&["why", key["id"].as_str().unwrap()]).ends(0);
        for wild in ['\u{1b}', '\u{7}', '\u{202e}', '\u{2066}'] {
            assert!(!why.out.contains(wild), "{wild:?} in {}", why.out);
        }
    }
}

#[test]
fn a_hostile_title_or_argument_does_not_move_the_cursor() {
    let bench = Bench::with(&[("a.txt", "x\n")]);
    let wild = "\u{1b}[2J\u{202e}x";
    for ran in [
        bench.run(&["assess", ".", "--title", wild]),
        bench.run(&["assess", wild]),
        bench.run(&["why", wild]),
        bench.run(&["assess", ".", "--fail-on", wild]),
        bench.run(&["assess", "--import", wild]),
        bench.run(&["assess", ".", "--facts", wild]),
    ] {
        assert!(!ran.out.contains('\u{1b}'), "{:?}", ran.out);
        assert!(!ran.err.contains('\u{1b}'), "{:?}", ran.err);
    }
}

#[test]
fn an_earlier_assessment_keeps_the_day_on_which_a_finding_began() {
    let bench = Bench::with(&[("keys.csv", "key name,provider,owner\nledger,Ledgerline,\n")]);
    let first = bench.run(&["assess", ".", "--today", "2026-09-01", "-f", "json"]);
    let before = bench.state().join("before.json");
    std::fs::write(&before, &first.out).unwrap();
    let alone = bench.assessment(&[]);
    let since = bench.assessment(&["--since-assessment", before.to_str().unwrap()]);
    let due = |whole: &Value| {
        of(whole, "ledgerline")["verdict"]["due"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        of(&since, "ledgerline")["facts"]["since.unowned"]["value"],
        "2026-09-01"
    );
    assert!(due(&since) < due(&alone));
}

#[test]
fn a_table_that_calls_itself_an_inventory_is_one_however_little_it_says() {
    let text = "name,provider\nbilling,stripe\n";
    let bench = Bench::with(&[("keys.csv", text), ("src/palette.csv", text)]);
    let found = bench.assessment(&[]);
    assert_eq!(keys(&found).len(), 1);
    assert_eq!(keys(&found)[0]["name"], "billing");
    assert!(!coverage(&found, "keys.csv").is_empty());
}
