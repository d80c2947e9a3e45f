//! Canaries of each kind are planted, and everything that Tenure writes is searched for them: raw, base64 at
//! each offset, hex, URL-encoded, JSON-escaped, and in pieces longer than a hint.

use crate::{
    bench::{Bench, Ran, TODAY, keys},
    scan::history::git,
};
use aho_corasick::AhoCorasick;
use base64::Engine as _;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use tenure_model::place::Part;
use tenure_testkit::{
    disguise::{PIECE, forms},
    sample,
};

/// Secrets, and what would give them away.
#[derive(Default)]
struct Canaries {
    /// Where each stands, for messages; the secret; how much of its start is fixed by its format.
    all: Vec<(String, String, usize)>,
}

impl Canaries {
    /// Notes a secret that is about to be planted.
    fn plant(&mut self, place: impl Into<String>, secret: impl Into<String>) -> String {
        let secret = secret.into();
        self.all.push((place.into(), secret.clone(), 0));
        secret
    }

    fn search(&self) -> Search {
        let mut needles: Vec<String> = Vec::new();
        let mut names = Vec::new();
        for (place, secret, fixed) in &self.all {
            for (form, text) in forms(secret, *fixed) {
                assert!(
                    text.len() >= PIECE,
                    "{place}: {form} is too short to be told"
                );
                needles.push(text);
                names.push(format!("{place}, {form}"));
            }
        }
        Search {
            finder: AhoCorasick::new(&needles).unwrap(),
            names,
        }
    }
}

struct Search {
    finder: AhoCorasick,
    names: Vec<String>,
}

impl Search {
    fn found(&self, bytes: &[u8]) -> BTreeSet<&str> {
        self.finder
            .find_overlapping_iter(bytes)
            .map(|hit| self.names[hit.pattern().as_usize()].as_str())
            .collect()
    }

    #[track_caller]
    fn clean(&self, what: &str, bytes: &[u8]) {
        let found = self.found(bytes);
        assert!(found.is_empty(), "{what} gives away: {found:#?}");
    }

    #[track_caller]
    fn clean_run(&self, what: &str, ran: &Ran) {
        self.clean(&format!("standard output of {what}"), ran.out.as_bytes());
        self.clean(&format!("standard error of {what}"), ran.err.as_bytes());
    }

    #[track_caller]
    fn clean_folder(&self, what: &str, folder: &Path) {
        for path in files(folder) {
            let bytes = std::fs::read(&path).unwrap();
            self.clean(&format!("{} after {what}", path.display()), &bytes);
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}

/// A folder with canaries of each kind.
fn planted() -> (Bench, Canaries) {
    let bench = Bench::new();
    let mut canaries = Canaries::default();
    every_format(&bench, &mut canaries);
    places(&bench, &mut canaries);
    tables(&bench, &mut canaries);
    exports(&bench, &mut canaries);
    reports(&bench, &mut canaries);
    broken(&bench, &mut canaries);
    (bench, canaries)
}

/// Every form of every kind in the catalogue.
fn every_format(bench: &Bench, canaries: &mut Canaries) {
    let mut seed = 1000;
    for (provider, kind) in sample::kinds() {
        let secrets = kind.formats.iter().filter(|f| f.part == Part::Secret);
        for (version, format) in secrets.enumerate() {
            seed += 1;
            let file = format!("formats/{}_{}_{version}.env", provider.provider, kind.kind);
            let secret = canaries.plant(&file, sample::of_format(format, seed));
            canaries.all.last_mut().unwrap().2 = format.template.prefix().len();
            let name = kind.names.first().map_or("API_KEY", String::as_str);
            bench.write(
                &file,
                format!("# v{version}\n{name}={secret}\nexport B=\"{secret}\"\n"),
            );
        }
    }
    assert!(canaries.all.len() > 40, "{}", canaries.all.len());
}

/// Files of all sorts.
fn places(bench: &Bench, canaries: &mut Canaries) {
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let openai = |seed| sample::secret("openai", "project_api_key", seed);
    let plain = canaries.plant("a generic assignment in .env", sample::generic(1));
    let ours = canaries.plant("a key in .env", openai(2));
    let short = canaries.plant("a short secret in .env", sample::text("{base62:17}", 3));
    bench.write(
        ".env",
        format!("PAYMENT_API_KEY={plain}\nOPENAI_API_KEY='{ours}'\nSIGNING_SECRET={short}\n"),
    );
    let pem = canaries.plant("a private key", sample::private_key(4));
    bench.write("deploy/id_rsa", &pem);
    let one_line = canaries.plant("a private key on one line", sample::private_key(5));
    bench.write(
        "app/service-account-main.json",
        serde_json::json!({"type": "service_account", "private_key": one_line}).to_string(),
    );
    let inner = canaries.plant("base64 in a Kubernetes secret", sample::generic(6));
    let known = canaries.plant("a key in base64 in a Kubernetes secret", openai(7));
    bench.write(
        "k8s/secret.yaml",
        format!(
            "kind: Secret\ndata:\n  api-token: {}\n  openai-token: {}\n",
            base64(&inner),
            base64(&known)
        ),
    );
    let cell = canaries.plant("a notebook", sample::generic(8));
    let output = canaries.plant("the output of a notebook", openai(9));
    bench.write(
        "notebooks/model.ipynb",
        serde_json::json!({"cells": [{"source": [format!("api_key = \"{cell}\"\n")],
            "outputs": [{"text": [output]}]}]})
        .to_string(),
    );
    let agent = canaries.plant("an MCP configuration", openai(10));
    let argument = canaries.plant("an argument in an MCP configuration", sample::generic(11));
    bench.write(
        ".mcp.json",
        serde_json::json!({"mcpServers": {"x": {"command": "npx",
            "args": ["--api-key", argument, format!("--token={argument}")],
            "env": {"OPENAI_API_KEY": agent}}}})
        .to_string(),
    );
    let code = canaries.plant("program text", sample::generic(12));
    bench.write("src/client.py", format!("CLIENT_SECRET = \"{code}\"\n"));
    let history = canaries.plant("a shell history", openai(13));
    bench.write(
        ".bash_history",
        format!("ls\ncurl -H 'Authorization: Bearer {history}' https://api.example.net\n"),
    );
    let utf16 = canaries.plant("a file in UTF-16", openai(14));
    let mut wide = vec![0xff, 0xfe];
    wide.extend(
        format!("API_KEY={utf16}\r\n")
            .encode_utf16()
            .flat_map(u16::to_le_bytes),
    );
    bench.write("settings.env", wide);
}

/// Spreadsheets: a secret where it has a column, and where it has none.
fn tables(bench: &Bench, canaries: &mut Canaries) {
    let openai = |seed| sample::secret("openai", "project_api_key", seed);
    let column = canaries.plant("a secret column", openai(20));
    let generic = canaries.plant("a secret column without a form", sample::generic(21));
    let note = canaries.plant("a notes column", openai(22));
    let note_generic = canaries.plant("a notes column without a form", sample::generic(23));
    let url = canaries.plant(
        "a password in a URL in a note",
        sample::text("{base62:22}", 24),
    );
    let named = canaries.plant("a name column", openai(25));
    let id = canaries.plant("a key id column", openai(26));
    let owner = canaries.plant("an owner column", openai(27));
    let stray = canaries.plant("a cell without a header", openai(28));
    let date = canaries.plant("a date column", openai(29));
    let status = canaries.plant("a status column", openai(30));
    let provider = canaries.plant("a provider column", openai(31));
    let level = canaries.plant("a fact column", openai(32));
    bench.write(
        "keys.csv",
        format!(
            "name,provider,key id,secret,owner,created,status,notes,privilege\n\
             billing,OpenAI,key_1,{column},ann@example.com,2024-01-01,active,,\n\
             ledger,Ledgerline,led_1,{generic},,2024-01-01,active,,\n\
             noted,OpenAI,key_2,,,2024-01-01,active,the key is {note} until May,\n\
             noted too,Ledgerline,led_2,,,2024-01-01,active,use {note_generic},\n\
             database,Ledgerline,led_3,,,2024-01-01,active,postgres://app:{url}@db.example.net/app,\n\
             {named},OpenAI,key_3,,,2024-01-01,active,,\n\
             by id,OpenAI,{id},,,2024-01-01,active,,\n\
             owned,OpenAI,key_4,,{owner},2024-01-01,active,,\n\
             stray,OpenAI,key_5,,,2024-01-01,active,,,{stray}\n\
             dated,OpenAI,key_6,,,{date},active,,\n\
             state,OpenAI,key_7,,,2024-01-01,{status},,\n\
             vendor,{provider},key_8,,,2024-01-01,active,,\n\
             level,OpenAI,key_9,,,2024-01-01,active,,{level}\n"
        ),
    );
    let header = canaries.plant("a header", openai(33));
    bench.write(
        "tokens.csv",
        format!("name,provider,{header}\nx,OpenAI,1\n"),
    );
    let only = canaries.plant("a table without a header", openai(34));
    let two = canaries.plant("a second row of a table without a header", openai(35));
    bench.write("apikeys.csv", format!("prod,{only}\ntest,{two}\n"));
    let person = canaries.plant("a people list", openai(36));
    bench.write(
        "people.csv",
        format!("id,email,name,manager,active,until\np1,a@example.com,{person},,true,\np2,{person},b,,true,\np3,c@example.com,c,{person},{person},{person}\n"),
    );
}

/// Exports whose fields hold what does not belong there.
fn exports(bench: &Bench, canaries: &mut Canaries) {
    let openai = |seed| sample::secret("openai", "project_api_key", seed);
    let name = canaries.plant("a token's name in an export", openai(40));
    let login = canaries.plant("a login in an export", openai(41));
    bench.write(
        "github/pats.json",
        serde_json::json!([{"id": 1, "owner": {"login": login, "type": "User"},
            "repository_selection": "all",
            "permissions": {"repository": {"contents": "write"}},
            "access_granted_at": "2025-05-16T08:47:09Z", "token_id": 2, "token_name": name,
            "token_expired": false, "token_expires_at": null, "token_last_used_at": null}])
        .to_string(),
    );
    let user = canaries.plant("a user name in an export", openai(42));
    let secret = canaries.plant(
        "SecretAccessKey in an export",
        sample::secret("aws", "iam_access_key", 43),
    );
    bench.write(
        "aws/list.json",
        serde_json::json!({"AccessKeyMetadata": [{"UserName": user,
            "AccessKeyId": sample::key_id("aws", "iam_access_key", 44),
            "SecretAccessKey": secret, "Status": "Active",
            "CreateDate": "2021-01-11T09:00:00Z"}], "IsTruncated": false})
        .to_string(),
    );
    let title = canaries.plant("a deploy key's title", openai(45));
    bench.write(
        "github/deploy-keys.json",
        serde_json::json!([{"id": 1, "key": "ssh-ed25519 AAAA", "url": "https://api.github.com/repos/o/r/keys/1",
            "title": title, "verified": true, "created_at": "2024-01-01T00:00:00Z", "read_only": true,
            "added_by": title, "last_used": null, "enabled": true}])
        .to_string(),
    );
    let refused = canaries.plant("the message of an error answer", openai(46));
    bench.write(
        "github/more-pats.json",
        serde_json::json!({"message": format!("Bad credentials: {refused}"), "status": "401",
            "documentation_url": "https://docs.github.com/rest"})
        .to_string(),
    );
}

/// Reports of other scanners, states and secrets of a cluster: a canary in every field that may hold one.
fn reports(bench: &Bench, canaries: &mut Canaries) {
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let mut seed = 7000;
    // Every other one has no form. In a path, what has none is a file's name.
    let mut plant = |place: &str| {
        seed += 1;
        let formless = seed % 2 == 0 && !place.contains("a path");
        canaries.plant(
            place,
            if formless {
                sample::generic(seed)
            } else {
                sample::secret("openai", "project_api_key", seed)
            },
        )
    };
    let (one, two) = (
        plant("Secret in a Gitleaks report"),
        plant("RuleID in a Gitleaks report"),
    );
    let message = plant("Message in a Gitleaks report");
    let path = plant("a path in reports");
    bench.write(
        "reports/gitleaks.json",
        serde_json::json!([{"RuleID": "openai-api-key", "StartLine": 3, "File": "a/b.env", "Secret": one,
            "Match": format!("K={one}"), "Line": format!("K={one}"), "Message": message, "Commit": "0123456789abcdef"},
            {"RuleID": two, "StartLine": 3, "File": format!("a/{path}"), "Secret": "REDACTED", "Commit": two}])
        .to_string(),
    );
    let (raw, group) = (
        plant("secret in a Betterleaks report"),
        plant("a capture group"),
    );
    bench.write(
        "reports/betterleaks.jsonl",
        serde_json::json!({"ruleID": "x", "secret": raw, "match": raw, "matchContext": group, "captureGroups": {"a": group},
            "attributes": {"path": "a/c.env", "git.remote_url": group, "git.message": group},
            "location": {"startLine": 1}, "validation": {"status": group, "reason": group},
            "componentSets": [{"components": [{"ruleID": group, "secret": group, "match": group}]}]})
        .to_string(),
    );
    let (raw, both) = (
        plant("Raw in a TruffleHog report"),
        plant("RawV2 in a TruffleHog report"),
    );
    bench.write(
        "reports/trufflehog.jsonl",
        serde_json::json!({"SourceMetadata": {"Data": {"Git": {"file": "a/d.env", "line": 2, "repository": both, "commit": both}}},
            "DetectorName": "OpenAI", "Verified": true, "Raw": raw, "RawV2": format!("{raw}{both}"), "Redacted": both,
            "ExtraData": {"x": both}})
        .to_string(),
    );
    let (snippet, response) = (
        plant("a Kingfisher snippet"),
        plant("a Kingfisher response"),
    );
    bench.write(
        "reports/kingfisher.json",
        serde_json::json!({"findings": [{"rule": {"id": "betterleaks.openai", "name": response},
            "finding": {"snippet": snippet, "line": 2, "path": "a/e.env",
                "validation": {"status": "Active Credential", "response": response},
                "validate_command": format!("kingfisher validate '{snippet}'")}}],
            "metadata": {"kingfisher_version": "2.14.0"}})
        .to_string(),
    );
    let (whole, around) = (plant("a SARIF snippet"), plant("a SARIF message"));
    bench.write(
        "reports/all.sarif",
        serde_json::json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": around}},
            "results": [{"ruleId": format!("secret/{around}"), "message": {"text": around},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": format!("x/{path}")},
                    "region": {"startLine": 1, "snippet": {"text": format!("key = \"{whole}\"")}}}}]}]}]})
        .to_string(),
    );
    let (alert, comment) = (
        plant("the secret of an alert"),
        plant("the comment of an alert"),
    );
    bench.write(
        "reports/alerts.json",
        serde_json::json!([{"number": 1, "state": "open", "secret_type": "openai_api_key", "secret": alert,
            "validity": "active", "resolution_comment": comment, "repository": {"full_name": format!("acme/{comment}")},
            "first_location_detected": {"path": format!("b/{path}"), "start_line": 2}}])
        .to_string(),
    );
    let (value, earlier) = (
        plant("a value of a cluster's secret"),
        plant("a value that was once applied"),
    );
    let (file, label) = (
        plant("a settings file in a cluster's secret"),
        plant("a label of a cluster's secret"),
    );
    let applied =
        serde_json::json!({"kind": "Secret", "data": {"token": base64(&earlier)}}).to_string();
    bench.write(
        "reports/cluster.json",
        serde_json::json!({"kind": "List", "items": [{"kind": "Secret", "type": "Opaque",
            "metadata": {"name": "web", "namespace": "shop", "uid": "1", "labels": {"app": label, "team": label},
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied, "x": label}},
            "data": {"token": base64(&value), "settings.ini": base64(&format!("[api]\nurl = https://x\ntoken = {file}\n"))}}]})
        .to_string(),
    );
    let (secret, password) = (plant("a secret in a state"), plant("a password in a state"));
    let (output, index) = (plant("an output of a state"), plant("an index in a state"));
    bench.write(
        "reports/prod.tfstate",
        serde_json::json!({"version": 4, "serial": 1, "lineage": "x",
            "outputs": {"o": {"value": [output], "sensitive": true}},
            "resources": [{"mode": "managed", "type": "datadog_api_key", "name": "main", "instances": [{"index_key": index,
                "attributes": {"id": "abcd-1", "name": index, "key": secret}}]},
                {"mode": "managed", "type": "aws_db_instance", "name": index, "instances": [{"attributes": {"password": password}}]}]})
        .to_string(),
    );
    let (owner, class) = (plant("an owner in a CMDB"), plant("a class in a CMDB"));
    bench.write(
        "reports/cmdb.json",
        serde_json::json!({"result": [{"name": owner, "owned_by": owner, "business_criticality": class,
            "operational_status": class, "data_classification": class}]})
        .to_string(),
    );
}

/// Files that provoke errors just where a secret stands.
fn broken(bench: &Bench, canaries: &mut Canaries) {
    let openai = |seed| sample::secret("openai", "project_api_key", seed);
    let cut = canaries.plant("JSON that is cut off in a secret", openai(50));
    bench.write("vault/tokens.json", format!("[{{\"token\": \"{cut}"));
    let bare = canaries.plant("JSON with a bare secret in it", openai(51));
    bench.write("vault/secrets.json", format!("{{\"token\": {bare}}}"));
    let kind = canaries.plant("a field of the wrong type", openai(52));
    bench.write(
        "aws/keys.json",
        serde_json::json!({"AccessKeyMetadata": [{"UserName": "u", "AccessKeyId": kind,
            "Status": kind, "CreateDate": kind}], "IsTruncated": kind})
        .to_string(),
    );
    let row = canaries.plant("a bad row of a credential report", openai(53));
    let header = include_str!("../../../connect/tests/fixtures/aws_credential_report_22col.csv")
        .lines()
        .next()
        .unwrap();
    bench.write(
        "aws/credential-report.csv",
        format!(
            "{header}\n{row},arn:aws:iam::111122223333:user/{row},{row},false,{row},N/A,N/A,false,{row},{row},{row},{row},{row},true,{row},N/A,N/A,N/A,false,N/A,false,N/A\n\
             deploy,{row},2022-05-02T09:00:00Z\n"
        ),
    );
    let invalid = canaries.plant("a file that is not UTF-8", openai(54));
    let mut bytes = format!("name,secret\nx,{invalid}").into_bytes();
    bytes.extend_from_slice(b"\xff\xfe\xff\n");
    bench.write("latin/credentials.csv", bytes);
    let open = canaries.plant("a quote that is never closed", openai(55));
    bench.write(
        "open/tokens.csv",
        format!("name,provider,secret\na,OpenAI,\"{open}\nb,c,d\n"),
    );
}

const FORMATS: [&[&str]; 9] = [
    &[],
    &["--all"],
    &["-v"],
    &["-f", "json"],
    &["-f", "jsonl"],
    &["-f", "csv"],
    &["-f", "md"],
    &["--all", "-v", "--anonymise"],
    &["-f", "json", "--anonymise"],
];

#[test]
fn no_output_of_an_assessment_holds_a_secret() {
    let (bench, canaries) = planted();
    let search = canaries.search();
    for format in FORMATS {
        let ran = bench.assess(format).ends(3);
        search.clean_run(&format!("assess {format:?}"), &ran);
        search.clean_folder("assess", bench.state());
    }
    let found = bench.assessment(&[]);
    assert!(
        keys(&found).len() > canaries.all.len() * 2 / 3,
        "most canaries have to be found, or this test shows nothing: {} of {}",
        keys(&found).len(),
        canaries.all.len()
    );
}

#[test]
fn no_report_holds_a_secret_nor_the_list_beside_a_large_one() {
    let (bench, mut canaries) = planted();
    let mut many = "name,provider,key id,secret,notes\n".to_owned();
    for row in 0..1200u64 {
        let secret = if row % 10 == 0 {
            canaries.plant(
                format!("row {row} of a large list"),
                sample::generic(5000 + row),
            )
        } else {
            String::new()
        };
        many.push_str(&format!(
            "key {row},Ledgerline,many_{row},{secret},{secret}\n"
        ));
    }
    bench.write("inventory.csv", many);
    let search = canaries.search();
    let out = tempfile::tempdir().unwrap();
    for (name, more) in [
        ("plain.html", None),
        ("anonymous.html", Some("--anonymise")),
    ] {
        let report = out.path().join(name);
        let mut args = vec!["--report", report.to_str().unwrap()];
        args.extend(more);
        let ran = bench.assess(&args).ends(3);
        search.clean_run(name, &ran);
        assert!(report.is_file());
        assert!(
            report.with_extension("csv").is_file(),
            "the list beside {name}"
        );
    }
    search.clean_folder("a report", out.path());
    search.clean_folder("a report", bench.state());
}

#[test]
fn no_explanation_holds_a_secret() {
    let (bench, canaries) = planted();
    let search = canaries.search();
    let assessment = bench.assessment(&[]);
    for (at, key) in keys(&assessment).iter().enumerate() {
        let id = key["id"].as_str().unwrap();
        let more: &[&str] = match at % 3 {
            0 => &["why", id],
            1 => &["why", id, "-f", "json"],
            _ => &["why", id, "--facts"],
        };
        let ran = bench.run(more).ends(0);
        search.clean_run(&format!("{more:?}"), &ran);
    }
}

#[test]
fn no_failing_run_holds_a_secret_that_stood_in_its_input() {
    let bench = Bench::new();
    let mut canaries = Canaries::default();
    places(&bench, &mut canaries);
    let mut named = Vec::new();
    for (file, shape) in [
        ("bare.txt", "{}\n"),
        ("assigned.txt", "api_key = {}\n"),
        ("quoted.txt", "api_key = \"{}\"\n"),
        ("json.txt", "{\"schema\": \"{}\"}\n"),
        ("keys.txt", "{\"{}\": 1}\n"),
        ("list.txt", "[\"{}\"]\n"),
        (
            "facts.txt",
            "[[key]]\nprovider = \"openai\"\nname = \"x\"\nowner = 3\nprivilege = \"{}\"\n",
        ),
        (
            "field.txt",
            "[[key]]\nprovider = \"openai\"\nname = \"x\"\n\"{}\" = true\n",
        ),
        ("place.txt", "[[place]]\npath = \"x\"\naudience = \"{}\"\n"),
        ("columns.txt", "[columns]\nname = \"{}\"\n"),
        ("mapped.txt", "[columns]\n\"{}\" = 3\n"),
        ("case.txt", "{\"id\": \"x\", \"status\": \"{}\"}\n"),
        ("date.txt", "{\"id\": \"x\", \"created_at\": \"{}\"}\n"),
        ("policy.txt", "version = \"{}\"\n"),
    ] {
        let seed = 6000 + u64::try_from(named.len()).unwrap();
        let secret = canaries.plant(file, sample::secret("openai", "project_api_key", seed));
        named.push(bench.write(file, shape.replace("{}", &secret)));
    }
    let search = canaries.search();
    let mut failed = 0;
    let mut leaks: Vec<String> = Vec::new();
    let mut look = |what: &str, ran: &Ran| {
        let said = format!("{}{}", ran.out, ran.err);
        if let Some(leak) = search.found(said.as_bytes()).first() {
            leaks.push(format!("{what}: {leak}: {}", ran.err));
        }
    };
    for path in &named {
        let path = path.to_str().unwrap();
        for args in [
            vec!["assess", ".", "--policy", path],
            vec!["assess", ".", "--facts", path],
            vec!["assess", ".", "--columns", path],
            vec!["assess", ".", "--since-assessment", path],
            vec!["assess", ".", "--catalog", path],
            vec!["assess", "--import", path],
            vec!["assess", "--people", path, "--import", path],
            vec!["decide", "--facts", path],
            vec!["decide", "--facts", path, "--policy", path],
            vec!["policy", "check", path],
            vec!["why", "x", "--assessment", path],
        ] {
            let ran = bench.run(&args);
            failed += i32::from(ran.code == 2);
            look(&args.join(" "), &ran);
        }
        for kind in [
            "table",
            "people",
            "aws-credential-report",
            "aws-access-keys",
            "aws-access-key-last-used",
            "github-fine-grained-pats",
            "github-deploy-keys",
            "github-secret-scanning-alerts",
            "gitleaks",
            "betterleaks",
            "trufflehog",
            "kingfisher",
            "sarif",
            "kubernetes-secrets",
            "terraform-state",
            "cmdb",
        ] {
            let import = format!("{kind}={path}");
            let ran = bench.run(&["assess", "--import", &import, "--today", TODAY]);
            assert!(!ran.err.contains("no such kind"), "{}", ran.err);
            look(&import, &ran);
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(failed > 50, "{failed} runs failed");
    search.clean_folder("failing runs", bench.state());
}

#[test]
fn a_secret_that_is_pasted_as_a_name_is_not_repeated() {
    let (bench, canaries) = planted();
    let search = canaries.search();
    bench.assess(&[]).ends(3);
    let long = canaries
        .all
        .iter()
        .filter(|(_, secret, _)| secret.len() > 24);
    for (place, secret, _) in long.step_by(4) {
        let secret = secret.lines().nth(1).unwrap_or(secret);
        let ran = bench
            .run(&["why", "--", secret])
            .ends(2)
            .says(&["no key has that"]);
        search.clean_run(&format!("why, {place}"), &ran);
    }
}

#[test]
fn the_pepper_is_for_its_user_alone_and_fingerprints_differ_between_users() {
    let secret = sample::generic(1);
    let files = [(".env", &*format!("PAYMENT_API_KEY={secret}\n"))];
    let (one, two) = (Bench::with(&files), Bench::with(&files));
    let print = |bench: &Bench| bench.assessment(&[])["keys"][0]["fingerprint"].clone();
    assert_eq!(print(&one), print(&one));
    assert_ne!(print(&one), print(&two));
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        for file in ["pepper", "last-assessment.json"] {
            let mode = std::fs::metadata(one.state().join(file)).unwrap().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}

#[test]
fn no_list_of_keys_holds_a_secret_nor_the_workbook() {
    use calamine::{DataType as _, Reader as _};
    let (bench, canaries) = planted();
    let search = canaries.search();
    let found = bench.assessment(&[]);
    for format in ["table", "json", "jsonl", "csv", "md"] {
        let ran = bench.run(&["key", "list", "-f", format]).ends(0);
        search.clean_run(&format!("key list -f {format}"), &ran);
    }
    for key in keys(&found).iter().step_by(5) {
        let ran = bench
            .run(&["key", "show", key["id"].as_str().unwrap()])
            .ends(0);
        search.clean_run("key show", &ran);
    }
    let file = bench.tree().join("all.xlsx");
    let path = file.to_str().unwrap();
    bench
        .run(&["key", "list", "--editable", "-o", path])
        .ends(0);
    // A workbook is packed, so that its cells are searched.
    let mut book = calamine::open_workbook_auto(&file).unwrap();
    let range = book.worksheet_range("Keys").unwrap();
    let cells: Vec<String> = range
        .cells()
        .filter_map(|(.., cell)| cell.as_string())
        .collect();
    assert!(cells.len() > keys(&found).len() * 6);
    search.clean("the workbook", cells.join("\n").as_bytes());
    let ran = bench.run(&["import", "edits", path, "--apply"]).ends(0);
    search.clean_run("import edits", &ran);
    search.clean_folder("import edits", bench.state());
}

/// Files that hold texts of their own.
fn opened(bench: &Bench, canaries: &mut Canaries) {
    let openai = |seed| sample::secret("openai", "project_api_key", seed);
    let member = canaries.plant("a member of an archive", openai(90));
    let name = canaries.plant("the name of a member", openai(91));
    let zip = crate::scan::sources::zipped(&[
        ("a.env", format!("K={member}\n").as_bytes()),
        (
            &format!("{name}.env"),
            format!("API_KEY={member}\n").as_bytes(),
        ),
    ]);
    bench.write("in/whole.zip", &zip);
    bench.write("in/cut.zip", &zip[..zip.len() - 9]);
    let subject = canaries.plant("the subject of a mail", openai(92));
    let author = canaries.plant("the author of a message", sample::generic(93));
    let ticket = canaries.plant("the key of a ticket", openai(94));
    let step = canaries.plant("the step of a job", openai(95));
    bench.write(
        "in/a.mbox",
        format!("From a@x Tue Mar  3 10:00:00 2026\nFrom: {subject} <a@x>\nSubject: {subject}\n\n{subject}\n"),
    );
    bench.write(
        "in/chat/2026-03-03.json",
        serde_json::json!([{"ts": "1772533800.1", "text": author, "user": author}]).to_string(),
    );
    bench.write(
        "in/jira.json",
        serde_json::json!({"issues": [{"key": ticket, "fields": {"summary": ticket}}]}).to_string(),
    );
    bench.write(
        "in/job.log",
        format!("2026-03-03T10:00:00.1234567Z ##[group]Run {step}\n2026-03-03T10:00:00.1234567Z {step}\n"),
    );
}

const SCANS: [&[&str]; 9] = [
    &[],
    &["-v"],
    &["-f", "json"],
    &["-f", "jsonl"],
    &["-f", "csv"],
    &["-f", "md"],
    &["-f", "sarif"],
    &["-f", "gitlab"],
    &["-v", "--no-allow", "--write-baseline", "decisions.jsonl"],
];

#[test]
fn no_output_of_a_scan_holds_a_secret() {
    let (bench, mut canaries) = planted();
    let openai = |seed| sample::secret("openai", "project_api_key", seed);
    let name = canaries.plant("the name of a file", openai(80));
    let generic = sample::generic(81);
    bench.write(
        &format!("{name}/{name}.env"),
        format!("PAYMENT_API_KEY={generic}\n"),
    );
    let reason = canaries.plant("the reason of an allow", openai(82));
    let reason_generic = canaries.plant(
        "the reason of an allow, without a form",
        sample::generic(83),
    );
    bench.write(
        "allowed.env",
        format!(
            "OPENAI_API_KEY={reason} # tenure:allow reason=\"{reason}\"\n\
             PAYMENT_API_KEY={reason_generic} # tenure:allow reason=\"it is {reason_generic}\" until={reason_generic}\n"
        ),
    );
    opened(&bench, &mut canaries);
    let search = canaries.search();
    for format in SCANS {
        let mut args = vec!["scan", ".", "--today", TODAY, "--fail-on", "none"];
        args.extend(format);
        let ran = bench.run(&args);
        assert!(matches!(ran.code, 0 | 3), "{}", ran.err);
        search.clean_run(&format!("scan {format:?}"), &ran);
        search.clean_folder("scan", bench.state());
    }
    let decisions = std::fs::read(bench.tree().join("decisions.jsonl")).unwrap();
    search.clean("a baseline", &decisions);
    assert!(decisions.len() > 10_000, "most canaries have to be found");
    std::fs::remove_file(bench.tree().join("decisions.jsonl")).unwrap();
    let text = canaries
        .all
        .iter()
        .fold(String::new(), |text, (_, secret, _)| {
            text + "API_KEY=" + secret + "\n"
        });
    let ran = bench.fed(&["scan", "-", "-v"], &text).ends(1);
    search.clean_run("scan of standard input", &ran);
}

#[test]
fn no_output_of_a_scan_of_a_history_holds_a_secret() {
    let mut canaries = Canaries::default();
    let openai = |seed| sample::secret("openai", "project_api_key", seed);
    let bench = Bench::new();
    let tree = bench.tree();
    git(tree, &["init", "-q", "-b", "main"]);
    let path = canaries.plant("the path of a file that is gone", openai(90));
    let inside = canaries.plant("a file that is gone", sample::generic(91));
    bench.write(
        &format!("{path}/a.env"),
        format!("PAYMENT_API_KEY={inside}\n"),
    );
    git(tree, &["add", "-A", "-f"]);
    let author = canaries.plant("the name of an author", openai(92));
    let message = canaries.plant("a message", openai(93));
    let branch = canaries.plant("the name of a branch", openai(94));
    let tag = canaries.plant("the name of a tag", openai(95));
    let by = format!("--author={author} <a@example.com>");
    git(
        tree,
        &["commit", "-q", &by, "-m", &format!("use {message}")],
    );
    git(tree, &["branch", &branch]);
    git(tree, &["tag", "-a", &tag, "-m", &format!("with {message}")]);
    git(tree, &["rm", "-q", "-r", "."]);
    git(tree, &["commit", "-q", "-m", "gone"]);
    let staged = canaries.plant("a staged file", sample::generic(96));
    bench.write("b.env", format!("PAYMENT_API_KEY={staged}\n"));
    git(tree, &["add", "-f", "b.env"]);
    let search = canaries.search();
    for part in [
        &["--unreachable"][..],
        &["--since", "2026-01-01"],
        &["--diff", "HEAD~1..HEAD"],
        &["--staged"],
        &["--diff", "nobody..HEAD"],
    ] {
        for format in ["table", "json", "csv", "md", "sarif", "gitlab"] {
            let mut args = vec!["scan", ".", "-v", "--fail-on", "none", "-f", format];
            args.extend(part);
            let ran = bench.run(&args);
            let bad = part.contains(&"nobody..HEAD");
            assert_eq!(ran.code, if bad { 2 } else { 0 }, "{}", ran.err);
            search.clean_run(&format!("scan {part:?} {format}"), &ran);
        }
    }
    search.clean_folder("scan of a history", bench.state());
    let all = bench.run(&["scan", ".", "-f", "json"]).ends(1).json();
    assert!(
        all["findings"].as_array().unwrap().len() >= 3,
        "the canaries are found: {all:#}"
    );
}

#[test]
fn no_failing_scan_holds_a_secret_that_stood_in_its_input() {
    let bench = Bench::new();
    let mut canaries = Canaries::default();
    let mut named = Vec::new();
    for (at, shape) in [
        "{}\n",
        "{\"{}\": 1}\n",
        "{\"id\": \"{}\", \"path\": \"a\", \"rule\": \"b\", \"{}\": 1}\n",
        "{\"id\": \"a\", \"path\": \"a\", \"rule\": \"b\", \"until\": \"{}\"}\n",
        "[\"{}\"]\n",
    ]
    .iter()
    .enumerate()
    {
        let file = format!("{at}.txt");
        let seed = 7000 + u64::try_from(at).unwrap();
        let secret = canaries.plant(&file, sample::secret("openai", "project_api_key", seed));
        named.push(bench.write(&file, shape.replace("{}", &secret)));
    }
    let search = canaries.search();
    for path in &named {
        let path = path.to_str().unwrap();
        for flag in ["-b", "--policy", "--catalog"] {
            let ran = bench.run(&["scan", ".", flag, path]).ends(2);
            search.clean_run(&format!("scan {flag} {path}"), &ran);
        }
    }
}
