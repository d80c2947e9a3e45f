//! Which list an error answer was most likely meant to be.

use super::super::{
    anthropic_api_keys, atlassian_api_tokens, aws_access_keys, aws_credential_report,
    aws_last_used, aws_service_credentials, cloudflare_api_tokens, databricks_tokens, datadog_keys,
    entra_app_credentials, gcp_api_keys, gcp_service_account_keys,
    github_credential_authorizations, github_deploy_keys, github_fine_grained_pats,
    github_org_installations, gitlab_deploy_tokens, gitlab_tokens, hcp_service_principal_keys,
    hcp_terraform_tokens, mongodb_atlas_keys, okta_api_tokens, openai_api_keys, people,
    slack_approved_apps, snowflake_access_tokens, snowflake_users, stripe_api_keys,
    vault_kv_metadata,
};

/// The kind that an answer itself names, by its documentation or its operation.
pub(super) fn by_content(text: &str) -> Option<&'static str> {
    const NAMED: [(&str, &str); 24] = [
        ("personal-access-tokens", github_fine_grained_pats::KIND),
        ("fine-grained", github_fine_grained_pats::KIND),
        ("deploy-keys", github_deploy_keys::KIND),
        ("ListAccessKeys", aws_access_keys::KIND),
        ("GetAccessKeyLastUsed", aws_last_used::KIND),
        ("GetCredentialReport", aws_credential_report::KIND),
        ("GenerateCredentialReport", aws_credential_report::KIND),
        ("scim/v2/Users", people::KIND),
        ("scim:api:messages:2.0:Error", people::KIND),
        ("list-users", people::KIND),
        (
            "ListServiceSpecificCredentials",
            aws_service_credentials::KIND,
        ),
        ("app-installations", github_org_installations::KIND),
        (
            "saml-sso-authorizations",
            github_credential_authorizations::KIND,
        ),
        (
            "credential-authorizations",
            github_credential_authorizations::KIND,
        ),
        ("iam.serviceAccountKeys", gcp_service_account_keys::KIND),
        (
            "gcloud.iam.service-accounts.keys",
            gcp_service_account_keys::KIND,
        ),
        ("apikeys.keys", gcp_api_keys::KIND),
        ("gcloud.services.api-keys", gcp_api_keys::KIND),
        ("Authorization_RequestDenied", entra_app_credentials::KIND),
        ("api.management.read", openai_api_keys::KIND),
        ("x-api-key", anthropic_api_keys::KIND),
        ("sqlState", snowflake_users::KIND),
        ("PROGRAMMATIC ACCESS TOKEN", snowflake_access_tokens::KIND),
        ("admin.apps", slack_approved_apps::KIND),
    ];
    NAMED
        .iter()
        .find(|(name, _)| text.contains(name))
        .map(|(_, kind)| *kind)
}

/// Words that together hint at one list of one vendor; the first that are all there count.
const VENDORS: [(&[&str], &str); 25] = [
    (&["service-specific"], aws_service_credentials::KIND),
    (&["installations"], github_org_installations::KIND),
    (
        &["credential-authorizations"],
        github_credential_authorizations::KIND,
    ),
    (&["service-account-key"], gcp_service_account_keys::KIND),
    (&["gcp", "api-key"], gcp_api_keys::KIND),
    (&["google", "api-key"], gcp_api_keys::KIND),
    (&["azure", "application"], entra_app_credentials::KIND),
    (&["entra"], entra_app_credentials::KIND),
    (&["vault"], vault_kv_metadata::KIND),
    (&["openbao"], vault_kv_metadata::KIND),
    (&["okta"], okta_api_tokens::KIND),
    (&["anthropic"], anthropic_api_keys::KIND),
    (&["openai"], openai_api_keys::KIND),
    (&["cloudflare"], cloudflare_api_tokens::KIND),
    (&["datadog"], datadog_keys::KIND),
    (&["stripe"], stripe_api_keys::KIND),
    (&["slack"], slack_approved_apps::KIND),
    (&["snowflake", "token"], snowflake_access_tokens::KIND),
    (&["databricks"], databricks_tokens::KIND),
    (&["gitlab", "deploy-token"], gitlab_deploy_tokens::KIND),
    (&["gitlab"], gitlab_tokens::KIND),
    (&["atlassian"], atlassian_api_tokens::KIND),
    (&["atlas"], mongodb_atlas_keys::KIND),
    (&["terraform"], hcp_terraform_tokens::KIND),
    (&["hcp"], hcp_service_principal_keys::KIND),
];

/// The kind that the name of a file hints at, where its content says no more than "no".
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase().replace('_', "-");
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&[
        "personal-access-token",
        "fine-grained",
        "/pats",
        "pats.",
        "-pats",
    ]) || lower.starts_with("pats")
    {
        Some(github_fine_grained_pats::KIND)
    } else if has(&["deploy-key", "deploykey"]) {
        Some(github_deploy_keys::KIND)
    } else if has(&["credential-report"]) {
        Some(aws_credential_report::KIND)
    } else if has(&["last-used"]) {
        Some(aws_last_used::KIND)
    } else if has(&["access-keys", "accesskeys"]) {
        Some(aws_access_keys::KIND)
    } else if has(&["people", "scim", "employees"]) {
        Some(people::KIND)
    } else {
        VENDORS
            .iter()
            .find(|(words, _)| words.iter().all(|word| lower.contains(word)))
            .map(|(_, kind)| *kind)
    }
}
