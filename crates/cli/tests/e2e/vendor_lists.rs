//! Vendors' lists of keys: all in one folder, with what was there before, and what each of them covers.

use crate::bench::{Bench, coverage, keys, of, only, skipped};
use serde_json::{Value, json};
use tenure_testkit::sample;

macro_rules! lists {
    ($($path:literal = $fixture:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../connect/tests/fixtures/", $fixture)))),+]
    };
}

const LISTS: &[(&str, &str)] = lists! {
    "aws/bedrock.json" = "aws_list_service_specific_credentials.json",
    "github/installations.json" = "github_org_installations.json",
    "github/authorizations.json" = "github_credential_authorizations.json",
    "gcp/account_keys.json" = "gcp_service_account_keys.json",
    "gcp/api_keys.json" = "gcp_api_keys.json",
    "azure/applications.json" = "azure_applications.json",
    "vault/list.json" = "openbao_kv_list.json",
    "vault/stripe.json" = "openbao_kv_metadata.json",
    "okta.json" = "okta_api_tokens.json",
    "anthropic.json" = "anthropic_api_keys.json",
    "openai/admin.json" = "openai_admin_api_keys.json",
    "openai/project.json" = "openai_project_api_keys.json",
    "cloudflare.json" = "cloudflare_tokens.json",
    "datadog/api.json" = "datadog_api_keys.json",
    "datadog/application.json" = "datadog_application_keys.json",
    "stripe.json" = "stripe_v2_api_keys.json",
    "slack.json" = "slack_admin_apps_approved.json",
    "snowflake/tokens.csv" = "snowflake_access_tokens.csv",
    "snowflake/users.csv" = "snowflake_users.csv",
    "databricks.json" = "databricks_tokens.json",
    "gitlab/project.json" = "gitlab_project_access_tokens.json",
    "gitlab/deploy.json" = "gitlab_deploy_tokens.json",
    "atlassian.json" = "atlassian_api_tokens.json",
    "atlas/keys.json" = "mongodb_atlas_api_keys.json",
    "atlas/accounts.json" = "mongodb_atlas_service_accounts.json",
    "terraform.json" = "hcp_terraform_team_tokens.json",
    "hcp.json" = "hcp_service_principal_keys.json",
};

/// How many keys each provider's lists hold: what Google and Microsoft manage themselves, users without a
/// key and folders of a secret store are none.
const COUNTS: &[(&str, usize)] = &[
    ("anthropic", 1),
    ("atlassian", 1),
    ("aws", 1),
    ("azure", 3),
    ("cloudflare", 1),
    ("databricks", 2),
    ("datadog", 2),
    ("gcp", 3),
    ("github", 2),
    ("gitlab", 3),
    ("hcp", 1),
    ("hcp-terraform", 1),
    ("mongodb-atlas", 3),
    ("okta", 1),
    ("openai", 2),
    ("slack", 1),
    ("snowflake", 4),
    ("stripe", 3),
    ("unknown", 1),
];

fn state<'a>(assessment: &'a Value, source: &str, part: &str) -> &'a str {
    let parts = coverage(assessment, source);
    let found = parts.iter().find(|entry| entry["part"] == part);
    found.unwrap_or_else(|| panic!("{source} has no part {part}: {parts:#?}"))["state"]
        .as_str()
        .unwrap()
}

#[test]
fn every_list_is_read_by_its_content_and_every_key_counted_once() {
    let bench = Bench::with(LISTS);
    let assessment = bench.assessment(&[]);
    for (provider, count) in COUNTS {
        let found = keys(&assessment)
            .iter()
            .filter(|key| key["provider"] == *provider);
        assert_eq!(found.count(), *count, "{provider}");
    }
    let all: usize = COUNTS.iter().map(|(_, count)| count).sum();
    assert_eq!(keys(&assessment).len(), all);
    assert!(
        skipped(&assessment, "").is_empty(),
        "{:#}",
        assessment["skipped"]
    );
    for (path, _) in LISTS {
        let parts = coverage(&assessment, path);
        assert!(!parts.is_empty(), "{path} was not read as a list");
        for part in parts {
            let partial =
                *path == "vault/list.json" && part["part"] == "secrets kept at the paths listed";
            let expected = if partial {
                &["partial"][..]
            } else {
                &["complete", "not_offered"]
            };
            assert!(
                expected.contains(&part["state"].as_str().unwrap()),
                "{part:#}"
            );
            let silent = part["state"] == "not_offered" && part["reason"].is_null();
            assert!(!silent, "says why: {part:#}");
        }
    }
}

#[test]
fn what_a_list_cannot_tell_is_neither_never_nor_no() {
    let bench = Bench::with(LISTS);
    let assessment = bench.assessment(&[]);
    for (source, part, told) in [
        ("aws/bedrock.json", "last use", "not_offered"),
        ("gcp/account_keys.json", "last use", "not_offered"),
        ("gcp/api_keys.json", "expiry", "not_offered"),
        ("azure/applications.json", "last use", "not_offered"),
        ("vault/stripe.json", "expiry", "not_offered"),
        ("okta.json", "expiry", "not_offered"),
        ("okta.json", "last use", "not_offered"),
        ("anthropic.json", "last use", "not_offered"),
        ("anthropic.json", "expiry", "complete"),
        ("cloudflare.json", "last use", "complete"),
        ("slack.json", "tokens", "not_offered"),
        ("snowflake/users.csv", "creation", "not_offered"),
    ] {
        assert_eq!(state(&assessment, source, part), told, "{source}: {part}");
    }
    // Never, by the provider's own word.
    for provider in ["anthropic", "cloudflare", "hcp-terraform"] {
        let end = &of(&assessment, provider)["expires_at"];
        assert_eq!(
            (&end["value"], &end["basis"]),
            (&Value::Null, &json!("observed")),
            "{provider}"
        );
    }
    // Not told: neither an end nor its absence, neither use nor disuse.
    let okta = of(&assessment, "okta");
    assert_eq!(okta["expires_at"]["basis"], "not_offered");
    assert_eq!(okta["last_used"]["basis"], "not_offered");
    let endless = only(&assessment, |key| {
        key["key_id"] == "0001" && key["provider"] == "gcp"
    });
    assert_eq!(endless["expires_at"]["basis"], "observed");
    assert_eq!(endless["expires_at"]["value"], Value::Null);
}

#[test]
fn a_listed_key_and_its_copy_in_a_tree_are_one() {
    let id = sample::key_id("gcp", "service_account_key", 1);
    let list = include_str!("../../../connect/tests/fixtures/gcp_service_account_keys.json")
        .replace("keys/0001", &format!("keys/{id}"));
    let copy = json!({
        "type": "service_account",
        "project_id": "acme-prod",
        "private_key_id": id,
        "client_email": "etl@acme-prod.iam.gserviceaccount.com",
    });
    let bench = Bench::with(&[
        ("gcp/account_keys.json", &list),
        (
            "repo/etl.json",
            &serde_json::to_string_pretty(&copy).unwrap(),
        ),
    ]);
    let assessment = bench.assessment(&[]);
    let key = only(&assessment, |key| key["key_id"] == id.as_str());
    assert_eq!(key["merged"][0]["by"], "key_id");
    assert_eq!(key["account"], "etl@acme-prod.iam.gserviceaccount.com");
}

#[test]
fn a_listed_key_and_a_row_of_a_spreadsheet_are_one() {
    let bench = Bench::with(&[
        (
            "anthropic.json",
            include_str!("../../../connect/tests/fixtures/anthropic_api_keys.json"),
        ),
        (
            "keys.csv",
            "name,provider,key id,owner\nagent,anthropic,apikey_01EXAMPLE,ann@example.com\n",
        ),
    ]);
    let assessment = bench.assessment(&[]);
    let key = of(&assessment, "anthropic");
    assert_eq!(key["owner"]["value"], "ann@example.com");
    assert_eq!(key["name"], "agent-prod", "observed beats declared");
}

#[test]
fn a_project_key_under_the_name_of_an_admin_key_is_one_key() {
    let project = include_str!("../../../connect/tests/fixtures/openai_project_api_keys.json");
    let wrong = include_str!("../../../connect/tests/fixtures/openai_admin_api_keys.json")
        .replace("key_abc", "key_p1")
        .replace("sk-admin...", "sk-abc...");
    let bench = Bench::with(&[("admin_keys.json", &wrong), ("project_keys.json", project)]);
    let assessment = bench.assessment(&[]);
    let key = of(&assessment, "openai");
    assert_eq!(key["credential"], "project_api_key");
}

#[test]
fn a_path_in_a_secret_store_is_one_secret_within_its_folder_alone() {
    let metadata = include_str!("../../../connect/tests/fixtures/openbao_kv_metadata.json");
    let list = include_str!("../../../connect/tests/fixtures/openbao_kv_list.json");
    let bench = Bench::with(&[
        ("prod/list.json", list),
        ("prod/stripe.json", metadata),
        ("dev/stripe.json", metadata),
    ]);
    let assessment = bench.assessment(&[]);
    assert_eq!(keys(&assessment).len(), 2);
    let prod = only(&assessment, |key| key["account"] == "prod");
    assert_eq!(prod["created_at"]["value"], "2023-03-22");
    assert_eq!(prod["merged"].as_array().unwrap().len(), 1);
}

#[test]
fn refusals_are_not_covered_and_say_so() {
    for (path, body, reason) in [
        (
            "slack/apps.json",
            r#"{"ok":false,"error":"not_an_enterprise"}"#,
            "not_an_enterprise",
        ),
        (
            "okta/tokens.json",
            r#"{"errorCode":"E0000006","errorSummary":"You do not have permission"}"#,
            "E0000006: You do not have permission",
        ),
        (
            "gcp/service_account_keys.json",
            r#"{"error":{"code":403,"message":"Permission 'iam.serviceAccountKeys.list' denied","status":"PERMISSION_DENIED"}}"#,
            "403: Permission 'iam.serviceAccountKeys.list' denied",
        ),
        (
            "azure/applications.json",
            r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges"}}"#,
            "Authorization_RequestDenied: Insufficient privileges",
        ),
        (
            "cloudflare/tokens.json",
            r#"{"success":false,"errors":[{"code":9109,"message":"Unauthorized to access requested resource"}],"result":null}"#,
            "401: Unauthorized to access requested resource",
        ),
    ] {
        let bench = Bench::with(&[(path, body), ("README.md", "nothing here\n")]);
        let assessment = bench.assess(&["-f", "json"]).ends(3).json();
        let parts = coverage(&assessment, path);
        assert_eq!(parts.len(), 1, "{path}");
        assert_eq!(parts[0]["state"], "not_covered", "{path}");
        assert!(
            parts[0]["reason"].as_str().unwrap().contains(reason),
            "{}",
            parts[0]
        );
        assert_eq!(parts[0]["rows"], Value::Null);
    }
}

#[test]
fn a_secret_in_a_list_is_fingerprinted_and_nowhere_repeated() {
    let secret = sample::secret("azure", "app_client_secret", 7);
    let list = include_str!("../../../connect/tests/fixtures/azure_applications.json").replacen(
        "\"secretText\": null",
        &format!("\"secretText\": \"{secret}\""),
        1,
    );
    let bench = Bench::with(&[
        ("azure/applications.json", &list),
        (".env", &format!("AZURE_CLIENT_SECRET={secret}\n")),
    ]);
    let ran = bench.assess(&["-f", "json"]);
    assert!(!ran.out.contains(&secret) && !ran.err.contains(&secret));
    let assessment = ran.json();
    let key = only(&assessment, |key| {
        key["key_id"] == "00000000-0000-0000-0000-00000000c001"
    });
    let places = key["sightings"].as_array().unwrap();
    assert_eq!(
        places.len(),
        2,
        "the list, and the file that holds a copy: {places:#?}"
    );
    assert_eq!(
        state(&assessment, "azure/applications.json", "plaintext secrets"),
        "complete"
    );
}
