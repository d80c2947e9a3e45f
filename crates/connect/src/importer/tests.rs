use super::*;
use proptest::prelude::*;

const REPORT: &str = include_str!("../../tests/fixtures/aws_credential_report_22col.csv");
const KEYS: &str = include_str!("../../tests/fixtures/aws_list_access_keys.json");
const USED: &str = include_str!("../../tests/fixtures/aws_get_access_key_last_used.json");
const PATS: &str = include_str!("../../tests/fixtures/github_org_personal_access_tokens.json");
const DEPLOY: &str = include_str!("../../tests/fixtures/github_deploy_keys.json");
const GITHUB_ALERTS: &str = include_str!("../../tests/fixtures/github_secret_scanning_alerts.json");
const GITLEAKS: &str = include_str!("../../tests/fixtures/gitleaks.json");
const BETTERLEAKS: &str = include_str!("../../tests/fixtures/betterleaks.jsonl");
const TRUFFLEHOG: &str = include_str!("../../tests/fixtures/trufflehog.jsonl");
const KINGFISHER: &str = include_str!("../../tests/fixtures/kingfisher.json");
const SARIF: &str = include_str!("../../tests/fixtures/results.sarif");
const KUBERNETES: &str = include_str!("../../tests/fixtures/kubernetes_secrets.json");
const STATE: &str = include_str!("../../tests/fixtures/terraform.tfstate");
const CMDB: &str = include_str!("../../tests/fixtures/cmdb.json");
const SERVICE: &str =
    include_str!("../../tests/fixtures/aws_list_service_specific_credentials.json");
const INSTALLED: &str = include_str!("../../tests/fixtures/github_org_installations.json");
const AUTHORISED: &str = include_str!("../../tests/fixtures/github_credential_authorizations.json");
const GCP_ACCOUNTS: &str = include_str!("../../tests/fixtures/gcp_service_account_keys.json");
const GCP_KEYS: &str = include_str!("../../tests/fixtures/gcp_api_keys.json");
const ENTRA: &str = include_str!("../../tests/fixtures/azure_applications.json");
const VAULT: &str = include_str!("../../tests/fixtures/openbao_kv_list.json");
const OKTA: &str = include_str!("../../tests/fixtures/okta_api_tokens.json");
const ANTHROPIC: &str = include_str!("../../tests/fixtures/anthropic_api_keys.json");
const OPENAI: &str = include_str!("../../tests/fixtures/openai_project_api_keys.json");
const CLOUDFLARE: &str = include_str!("../../tests/fixtures/cloudflare_tokens.json");
const DATADOG: &str = include_str!("../../tests/fixtures/datadog_application_keys.json");
const STRIPE: &str = include_str!("../../tests/fixtures/stripe_v2_api_keys.json");
const SLACK: &str = include_str!("../../tests/fixtures/slack_admin_apps_approved.json");
const SNOWFLAKE_TOKENS: &str = include_str!("../../tests/fixtures/snowflake_access_tokens.csv");
const SNOWFLAKE_USERS: &str = include_str!("../../tests/fixtures/snowflake_users.csv");
const DATABRICKS: &str = include_str!("../../tests/fixtures/databricks_tokens.json");
const GITLAB: &str = include_str!("../../tests/fixtures/gitlab_project_access_tokens.json");
const GITLAB_DEPLOY: &str = include_str!("../../tests/fixtures/gitlab_deploy_tokens.json");
const ATLASSIAN: &str = include_str!("../../tests/fixtures/atlassian_api_tokens.json");
const ATLAS: &str = include_str!("../../tests/fixtures/mongodb_atlas_api_keys.json");
const TERRAFORM: &str = include_str!("../../tests/fixtures/hcp_terraform_team_tokens.json");
const HCP: &str = include_str!("../../tests/fixtures/hcp_service_principal_keys.json");
const PEOPLE: &str = "id,email,manager,active,until\n1,bob@x.io,,true,\n";
const TABLE: &str = "name,provider,owner,expires\nbatch,Anthropic,bob,never\n";

const ALL: &[(&str, &str)] = &[
    ("aws-credential-report", REPORT),
    ("aws-access-keys", KEYS),
    ("aws-access-key-last-used", USED),
    ("github-fine-grained-pats", PATS),
    ("github-deploy-keys", DEPLOY),
    ("aws-service-specific-credentials", SERVICE),
    ("github-org-installations", INSTALLED),
    ("github-credential-authorizations", AUTHORISED),
    ("gcp-service-account-keys", GCP_ACCOUNTS),
    ("gcp-api-keys", GCP_KEYS),
    ("entra-app-credentials", ENTRA),
    ("vault-kv-metadata", VAULT),
    ("okta-api-tokens", OKTA),
    ("anthropic-api-keys", ANTHROPIC),
    ("openai-api-keys", OPENAI),
    ("cloudflare-api-tokens", CLOUDFLARE),
    ("datadog-keys", DATADOG),
    ("stripe-api-keys", STRIPE),
    ("slack-approved-apps", SLACK),
    ("snowflake-access-tokens", SNOWFLAKE_TOKENS),
    ("snowflake-users", SNOWFLAKE_USERS),
    ("databricks-tokens", DATABRICKS),
    ("gitlab-tokens", GITLAB),
    ("gitlab-deploy-tokens", GITLAB_DEPLOY),
    ("atlassian-api-tokens", ATLASSIAN),
    ("mongodb-atlas-keys", ATLAS),
    ("hcp-terraform-tokens", TERRAFORM),
    ("hcp-service-principal-keys", HCP),
    ("github-secret-scanning-alerts", GITHUB_ALERTS),
    ("gitleaks", GITLEAKS),
    ("betterleaks", BETTERLEAKS),
    ("trufflehog", TRUFFLEHOG),
    ("kingfisher", KINGFISHER),
    ("sarif", SARIF),
    ("kubernetes-secrets", KUBERNETES),
    ("terraform-state", STATE),
    ("cmdb", CMDB),
    ("people", PEOPLE),
    ("table", TABLE),
];

fn input<'a>(name: &'a str, bytes: &'a [u8]) -> Input<'a> {
    Input::new(name, bytes, "2026-11-23".parse().unwrap())
}

fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match recognise(&input("file", bytes)) {
        Recognised::Kind(importer) => Some(importer.kind),
        _ => None,
    }
}

fn error(input: &Input<'_>) -> String {
    read(input).unwrap_err().to_string()
}

#[test]
fn every_kind_is_recognised_by_its_content_alone() {
    // A workbook is no text; its own tests make one.
    let texts: Vec<_> = kinds().into_iter().filter(|k| *k != "workbook").collect();
    assert_eq!(ALL.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), texts);
    for &(kind, text) in ALL {
        assert_eq!(kind_of(text.as_bytes()), Some(kind));
        let marked = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(kind_of(marked.as_bytes()), Some(kind), "BOM and CRLF");
        let wide: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(kind_of(&wide), Some(kind), "UTF-16");
        for bytes in [marked.as_bytes(), &wide] {
            let plain = read(&input("file", text.as_bytes())).unwrap();
            let other = read(&input("file", bytes)).unwrap();
            assert_eq!(
                (plain.rows.len(), plain.people.len()),
                (other.rows.len(), other.people.len())
            );
        }
    }
    for text in [
        "",
        "{}",
        "[]",
        "a,b\n1,2\n",
        "fn main() {}",
        "key,value\na,b\n",
        "{\"members\": [\"AccessKeyMetadata\", \"AccessKeyLastUsed\"]}",
    ] {
        assert_eq!(kind_of(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_list_with_nothing_in_it_is_one_where_its_name_leaves_no_doubt() {
    for (kind, text) in [
        (
            "aws-service-specific-credentials",
            r#"{"ServiceSpecificCredentials": [], "IsTruncated": false}"#,
        ),
        (
            "github-org-installations",
            r#"{"total_count": 0, "installations": []}"#,
        ),
        (
            "slack-approved-apps",
            r#"{"ok": true, "approved_apps": [], "response_metadata": {"next_cursor": ""}}"#,
        ),
    ] {
        assert_eq!(kind_of(text.as_bytes()), Some(kind));
        let got = read(&input("file", text.as_bytes())).unwrap();
        assert_eq!(got.coverage[0].rows, Some(0));
        assert_eq!(got.coverage[0].state.word(), "complete");
    }
    for text in [
        r#"{"installations": []}"#,
        r#"{"data": [], "has_more": false}"#,
    ] {
        assert_eq!(kind_of(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn coverage_names_the_file_and_its_hash() {
    for &(kind, text) in ALL {
        let got = read(&input("dir/file.x", text.as_bytes())).unwrap();
        assert_eq!(got.kind, kind);
        assert!(!got.coverage.is_empty());
        for part in &got.coverage {
            assert_eq!(part.source, "dir/file.x");
            assert_eq!(
                part.hash.as_deref(),
                Some(tenure_model::digest::of_bytes(text.as_bytes()).as_str())
            );
        }
    }
}

#[test]
fn a_declared_kind_decides_and_a_wrong_one_names_the_nearest() {
    let wrong = error(&input("f", TABLE.as_bytes()).declared("tabel"));
    assert!(
        wrong.contains("did you mean `table`") && wrong.contains("github-deploy-keys"),
        "{wrong}"
    );
    let wrong = error(&input("f", TABLE.as_bytes()).declared("credential-report"));
    assert!(
        wrong.contains("did you mean `aws-credential-report`"),
        "{wrong}"
    );
    assert!(!error(&input("f", b"x").declared("zzzzzzzzzzzzzzzz")).contains("did you mean"));
    assert_eq!(
        read(&input("f", b"name\nx\n").declared("table"))
            .unwrap()
            .rows
            .len(),
        1
    );
    assert!(
        error(&input("f", b"name\nx\n").declared("aws-credential-report"))
            .contains("no column `user`")
    );
    let empty = read(&input("f", b"[]").declared("github-deploy-keys")).unwrap();
    assert_eq!(empty.coverage[0].state.word(), "complete");
    assert_eq!(empty.coverage[0].rows, Some(0));
}

#[test]
fn bad_files_say_where_and_what_to_do() {
    assert!(error(&input("f.csv", b"")).contains("f.csv: the file is empty"));
    assert!(error(&input("f.csv", b"\xef\xbb\xbf").declared("table")).contains("empty"));
    assert!(error(&input("f.bin", &[0, 159, 146, 150])).contains("--import KIND=FILE"));
    let cut = &KEYS.as_bytes()[..KEYS.len() / 2];
    let cut = error(&input("keys.json", cut));
    assert!(
        cut.starts_with("keys.json, line ") && cut.contains("ends in the middle"),
        "{cut}"
    );
    let bad = error(&input("k.csv", b"name,owner\na,\xff\xc3\n").declared("table"));
    assert!(bad.contains("line 2") && bad.contains("UTF-8"), "{bad}");
}

#[test]
fn an_error_answer_is_not_covered_and_never_none() {
    let body = br#"{"message":"Resource not accessible by integration","documentation_url":"https://docs.github.com/rest/orgs/personal-access-tokens","status":"403"}"#;
    let got = read(&input("x.json", body)).unwrap();
    assert_eq!(got.kind, "github-fine-grained-pats");
    assert_eq!(got.coverage.len(), 1);
    assert_eq!(got.coverage[0].state.word(), "not_covered");
    assert_eq!(got.coverage[0].rows, None);
    assert_eq!(
        got.coverage[0].reason.as_deref(),
        Some("403: Resource not accessible by integration")
    );
    assert!(!got.whole);
    let plain = br#"{"message":"Forbidden","status":"403"}"#;
    assert!(error(&input("x.json", plain)).contains("403: Forbidden"));
    for &(kind, _) in ALL {
        let got = read(&input("x.json", plain).declared(kind)).unwrap();
        assert_eq!((got.kind, got.rows.len()), (kind, 0));
        assert_eq!(got.coverage[0].state.word(), "not_covered");
    }
}

#[test]
fn a_secret_in_any_field_of_any_export_is_not_repeated() {
    const CANARY: &str = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    for &(kind, text) in ALL {
        // Put the canary in place of each value in turn.
        let words: Vec<&str> = text
            .split(|c: char| "\",:{}[]\n".contains(c))
            .map(str::trim)
            .filter(|word| word.len() > 2)
            .collect();
        for word in words {
            let poisoned = text.replace(word, CANARY);
            let shown = match read(&input("f", poisoned.as_bytes()).declared(kind)) {
                Ok(got) => format!("{got:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(
                !shown.contains("0123456789abcdef"),
                "{kind}: {word}: {shown}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_an_importer_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&input("f", &bytes));
        for kind in kinds() {
            let _ = read(&input("f", &bytes).declared(kind));
        }
    }

    #[test]
    fn no_text_in_the_right_shape_makes_an_importer_panic(
        which in 0..ALL.len(),
        at in any::<prop::sample::Index>(),
        length in 0..20_usize,
        noise in "[\\x00-\\x7f\u{e9}\u{1F600},;\"\n\r0-9/:.-]{0,12}",
    ) {
        let (kind, text) = ALL[which];
        let mut bytes = text.as_bytes().to_vec();
        let start = at.index(bytes.len());
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, noise.bytes());
        let _ = recognise(&input("f", &bytes));
        let _ = read(&input("f", &bytes).declared(kind));
    }

    #[test]
    fn no_cell_makes_the_table_panic(cells in prop::collection::vec("\\PC{0,24}", 12), columns in Just(
        "name,key id,created,expires,last used,status,gateway,consumers,runs on,data,since.unowned,exception"
    )) {
        let row: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        let text = format!("{columns}\n{}\n", row.join(","));
        let _ = read(&input("f", text.as_bytes()).declared("table"));
    }
}
