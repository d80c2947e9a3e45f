//! Reports of other scanners, secrets of a cluster, states and configuration databases, in their real shapes.

use crate::bench::{Bench, coverage, keys, of, only, skipped};
use base64::Engine as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tenure_testkit::sample;

/// One token in one file, and what every tool reports of it.
fn one_token(bench: &Bench) -> String {
    let token = sample::secret("gitlab", "personal_access_token", 1);
    bench.write(
        "deploy/ci.env",
        format!("A=1\nB=2\nC=3\nD=4\nE=5\nF=6\nGITLAB_TOKEN={token}\n"),
    );
    token
}

fn gitleaks(secret: &str) -> Value {
    json!([{"RuleID": "gitlab-pat", "StartLine": 7, "EndLine": 7, "Match": secret, "Secret": secret,
        "File": "deploy/ci.env", "Commit": "", "Tags": [], "Fingerprint": "deploy/ci.env:gitlab-pat:7"}])
}

fn betterleaks(secret: &str) -> Value {
    json!([{"ruleID": "gitlab-pat", "secret": secret, "match": secret, "attributes": {"path": "deploy/ci.env"},
        "location": {"startLine": 7}, "validation": {"status": "valid"}, "tags": []}])
}

fn trufflehog(secret: &str) -> Value {
    json!({"SourceMetadata": {"Data": {"Filesystem": {"file": "deploy/ci.env", "line": 7}}}, "DetectorName": "Gitlab",
        "Verified": false, "Raw": secret, "RawV2": "", "Redacted": ""})
}

fn kingfisher(secret: &str) -> Value {
    json!({"findings": [{"rule": {"id": "betterleaks.gitlab-pat"}, "finding": {"snippet": secret, "line": 7,
        "path": "./deploy/ci.env", "validation": {"outcome": "not_attempted", "status": "Not Attempted"}}}],
        "metadata": {"kingfisher_version": "2.14.0"}})
}

fn sarif(snippet: &str) -> Value {
    json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "gitleaks"}}, "results": [{"ruleId": "gitlab-pat",
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": "deploy/ci.env"},
            "region": {"startLine": 7, "snippet": {"text": snippet}}}}]}]}]})
}

#[test]
fn one_token_that_six_tools_report_is_one_key() {
    for hidden in [false, true] {
        let bench = Bench::new();
        let token = one_token(&bench);
        let secret = if hidden { "REDACTED" } else { &token };
        bench.write("gitleaks.json", gitleaks(secret).to_string());
        bench.write("betterleaks.json", betterleaks(secret).to_string());
        bench.write("trufflehog.jsonl", trufflehog(secret).to_string());
        bench.write("kingfisher.json", kingfisher(secret).to_string());
        bench.write("leaks.sarif", sarif(secret).to_string());
        let found = bench.assessment(&[]);
        assert_eq!(keys(&found).len(), 1, "hidden: {hidden}");
        let key = of(&found, "gitlab");
        let sightings = key["sightings"].as_array().unwrap();
        let source: Vec<&Value> = sightings
            .iter()
            .filter(|s| s["path"] == "deploy/ci.env")
            .collect();
        assert_eq!(source.len(), 1, "one copy in one place: {sightings:#?}");
        assert_eq!(source[0]["liveness"], "live", "Betterleaks asked");
        let in_reports: BTreeSet<&str> = sightings
            .iter()
            .filter(|s| s["kind"] == "inventory")
            .map(|s| s["path"].as_str().unwrap())
            .collect();
        assert_eq!(
            in_reports.len(),
            if hidden { 0 } else { 5 },
            "{sightings:#?}"
        );
        for file in [
            "gitleaks.json",
            "betterleaks.json",
            "trufflehog.jsonl",
            "kingfisher.json",
            "leaks.sarif",
        ] {
            let parts = coverage(&found, file);
            assert_eq!(parts[0]["part"], "findings", "{file}");
            assert_eq!(parts[0]["rows"], 1, "{file}");
        }
    }
}

#[test]
fn a_report_alone_is_enough_and_says_what_it_does_not_know() {
    let bench = Bench::new();
    let token = sample::secret("gitlab", "personal_access_token", 2);
    bench.write("gitleaks.json", gitleaks(&token).to_string());
    let found = bench.assessment(&[]);
    let key = of(&found, "gitlab");
    assert_eq!(key["credential"], "personal_access_token");
    assert!(key["fingerprint"].is_string());
    assert_eq!(
        key["verdict"]["id"], "exposure_open",
        "the report itself is passed on"
    );
    assert_eq!(keys(&found).len(), 1);
}

#[test]
fn a_hidden_finding_in_another_file_is_a_key_of_its_own_without_a_fingerprint() {
    let bench = Bench::new();
    one_token(&bench);
    let report = gitleaks("REDACTED")
        .to_string()
        .replace("ci.env", "other.env");
    bench.write("gitleaks.json", report);
    let found = bench.assessment(&[]);
    assert_eq!(keys(&found).len(), 2);
    let other = only(&found, |key| key["fingerprint"].is_null());
    assert_eq!(
        (other["provider"].as_str(), other["credential"].as_str()),
        (Some("gitlab"), Some("personal_access_token"))
    );
}

#[test]
fn what_github_says_of_a_key_reaches_its_verdict() {
    let alert = |more: Value| {
        let bench = Bench::new();
        let token = one_token(&bench);
        let mut alert = json!({"number": 1, "state": "open", "secret_type": "gitlab_access_token", "secret": token,
            "validity": "active", "publicly_leaked": false, "repository": {"full_name": "acme/app", "private": true},
            "first_location_detected": {"path": "deploy/ci.env", "start_line": 7}});
        for (field, value) in more.as_object().unwrap() {
            alert[field] = value.clone();
        }
        bench.write("github/alerts.json", json!([alert]).to_string());
        let found = bench.assessment(&[]);
        assert_eq!(keys(&found).len(), 1);
        found["keys"][0].clone()
    };
    let leaked = alert(json!({"publicly_leaked": true}));
    assert_eq!(leaked["verdict"]["id"], "exposed");
    let open = alert(json!({"repository": {"full_name": "acme/app", "private": false}}));
    assert_eq!(open["verdict"]["id"], "exposed");
    let dead = alert(json!({"validity": "inactive"}));
    assert!(
        dead["sightings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|s| s["liveness"] == "refused")
    );
    assert_ne!(dead["verdict"]["id"], "exposed");
}

#[test]
fn secrets_of_a_cluster_meet_the_copies_in_files() {
    let bench = Bench::new();
    let token = one_token(&bench);
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"kind": "Secret", "type": "Opaque", "metadata": {"name": "ci", "namespace": "build", "uid": "1",
            "labels": {"app.kubernetes.io/part-of": "Web shop"}},
            "data": {"token": encode(&token), "url": encode("https://gitlab.example.net")}},
        {"kind": "Secret", "type": "Opaque", "metadata": {"name": "bare", "namespace": "build", "uid": "2"}}]});
    bench.write("cluster.json", list.to_string());
    let found = bench.assessment(&[]);
    assert_eq!(keys(&found).len(), 2);
    let key = of(&found, "gitlab");
    assert_eq!(key["name"], "build/ci token");
    assert_eq!(key["system"]["value"], "Web shop");
    assert!(
        key["runtimes"]
            .as_array()
            .unwrap()
            .contains(&json!("kubernetes"))
    );
    let bare = only(&found, |key| key["name"] == "build/bare");
    assert!(bare["fingerprint"].is_null());
}

#[test]
fn a_state_names_its_keys_and_is_an_exposure() {
    let bench = Bench::new();
    let id = sample::key_id("aws", "iam_access_key", 3);
    let secret = sample::secret("aws", "iam_access_key", 4);
    let state = json!({"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {},
        "resources": [{"mode": "managed", "type": "aws_iam_access_key", "name": "ci", "instances": [{"attributes":
            {"id": id, "user": "ci-deploy", "secret": secret, "create_date": "2024-05-02T09:00:00Z"}}]},
            {"mode": "managed", "type": "random_thing", "name": "x", "instances": [{"attributes": {"password": sample::generic(5)},
                "sensitive_attributes": [[{"type": "get_attr", "value": "password"}]]}]}]});
    bench.write("infra/terraform.tfstate", state.to_string());
    bench.write(
        "aws/keys.json",
        json!({"AccessKeyMetadata": [{"UserName": "ci-deploy", "AccessKeyId": id,
        "Status": "Active", "CreateDate": "2024-05-02T09:00:00Z"}], "IsTruncated": false})
        .to_string(),
    );
    let found = bench.assessment(&[]);
    assert_eq!(keys(&found).len(), 2, "the key by its id, and the password");
    let key = of(&found, "aws");
    assert_eq!(key["key_id"], id);
    assert!(key["fingerprint"].is_string());
    assert!(
        key["sightings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s["path"] == "infra/terraform.tfstate")
    );
    let password = of(&found, "unknown");
    assert_eq!(password["name"], "random_thing.x.password");
    let old = json!({"version": 3, "serial": 1, "lineage": "l", "modules": []});
    bench.write("old/terraform.tfstate", old.to_string());
    let found = bench.assessment(&[]);
    assert!(skipped(&found, "old/terraform.tfstate")[0].contains("version 3"));
}

#[test]
fn a_configuration_database_gives_candidates_and_declared_facts() {
    let bench = Bench::with(&[
        (
            "keys.csv",
            "name,provider,key id,system,owner,created\nbilling,OpenAI,key_1,web-shop,,2024-01-01\nold,OpenAI,key_2,Old portal,,2024-01-01\n",
        ),
        (
            "cmdb.csv",
            "Name,Owned by,Business criticality,Data classification,Operational status\nWeb Shop,ann@example.com,1 - most critical,Restricted,Operational\nOld portal,,,,Retired\n",
        ),
    ]);
    let found = bench.assessment(&[]);
    assert_eq!(keys(&found).len(), 2);
    let key = only(&found, |key| key["name"] == "billing");
    assert_eq!(key["owner"]["value"], Value::Null);
    assert_eq!(key["owner_candidates"][0]["who"], "ann@example.com");
    assert_eq!(key["facts"]["data"]["value"], "restricted");
    assert_eq!(key["facts"]["data"]["basis"], "declared");
    let old = only(&found, |key| key["name"] == "old");
    assert_eq!(old["verdict"]["id"], "no_longer_needed");
}
