//! Resource types that are keys, and which attribute says what. From each provider's pages on the Terraform Registry,
//! as <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_access_key>, read 2026-11-26.

/// One resource type.
pub(super) struct KeyResource {
    pub(super) kind: &'static str,
    pub(super) provider: &'static str,
    pub(super) credential: Option<&'static str>,
    /// The public id.
    pub(super) id: Option<&'static str>,
    /// The secret first, then others that the same resource holds.
    pub(super) secrets: &'static [&'static str],
    /// The same secret in other forms: no keys of their own.
    pub(super) again: &'static [&'static str],
    pub(super) name: Option<&'static str>,
    pub(super) account: Option<&'static str>,
    /// The machine account that the key belongs to.
    pub(super) holder: Option<&'static str>,
    pub(super) created: Option<&'static str>,
    pub(super) expires: Option<&'static str>,
}

const NONE: KeyResource = KeyResource {
    kind: "",
    provider: "unknown",
    credential: None,
    id: None,
    secrets: &[],
    again: &[],
    name: None,
    account: None,
    holder: None,
    created: None,
    expires: None,
};

#[rustfmt::skip]
pub(super) static RESOURCES: &[KeyResource] = &[
    KeyResource { kind: "aws_iam_access_key", provider: "aws", credential: Some("iam_access_key"), id: Some("id"),
        secrets: &["secret", "ses_smtp_password_v4"], holder: Some("user"), created: Some("create_date"), ..NONE },
    KeyResource { kind: "aws_iam_service_specific_credential", provider: "aws", id: Some("service_specific_credential_id"),
        secrets: &["service_password"], name: Some("service_user_name"), holder: Some("user_name"), ..NONE },
    KeyResource { kind: "google_service_account_key", provider: "gcp", credential: Some("service_account_key"), id: Some("name"),
        secrets: &["private_key"], holder: Some("service_account_id"), created: Some("valid_after"), expires: Some("valid_before"), ..NONE },
    KeyResource { kind: "google_apikeys_key", provider: "gcp", id: Some("uid"),
        secrets: &["key_string"], name: Some("display_name"), account: Some("project"), ..NONE },
    KeyResource { kind: "azuread_application_password", provider: "azure", credential: Some("app_client_secret"), id: Some("key_id"),
        secrets: &["value"], name: Some("display_name"), account: Some("application_id"), created: Some("start_date"), expires: Some("end_date"), ..NONE },
    KeyResource { kind: "azuread_service_principal_password", provider: "azure", credential: Some("app_client_secret"), id: Some("key_id"),
        secrets: &["value"], name: Some("display_name"), account: Some("service_principal_id"), created: Some("start_date"), expires: Some("end_date"), ..NONE },
    KeyResource { kind: "github_repository_deploy_key", provider: "github", credential: Some("deploy_key"), id: Some("id"),
        secrets: &[], name: Some("title"), account: Some("repository"), ..NONE },
    KeyResource { kind: "gitlab_personal_access_token", provider: "gitlab", credential: Some("personal_access_token"), id: Some("id"),
        secrets: &["token"], name: Some("name"), account: Some("user_id"), created: Some("created_at"), expires: Some("expires_at"), ..NONE },
    KeyResource { kind: "gitlab_project_access_token", provider: "gitlab", credential: Some("project_group_access_token"), id: Some("id"),
        secrets: &["token"], name: Some("name"), account: Some("project"), created: Some("created_at"), expires: Some("expires_at"), ..NONE },
    KeyResource { kind: "gitlab_group_access_token", provider: "gitlab", credential: Some("project_group_access_token"), id: Some("id"),
        secrets: &["token"], name: Some("name"), account: Some("group"), created: Some("created_at"), expires: Some("expires_at"), ..NONE },
    KeyResource { kind: "gitlab_deploy_token", provider: "gitlab", credential: Some("deploy_token"), id: Some("id"),
        secrets: &["token"], name: Some("name"), account: Some("project"), expires: Some("expires_at"), ..NONE },
    KeyResource { kind: "tls_private_key", credential: Some("private_key"), secrets: &["private_key_pem"],
        again: &["private_key_openssh", "private_key_pem_pkcs8"], ..NONE },
    KeyResource { kind: "vault_token", provider: "hashicorp-vault", credential: Some("service_token"),
        secrets: &["client_token"], name: Some("display_name"), ..NONE },
    KeyResource { kind: "vault_approle_auth_backend_role_secret_id", provider: "hashicorp-vault", credential: Some("approle_secret_id"),
        id: Some("accessor"), secrets: &["secret_id"], name: Some("role_name"), ..NONE },
    KeyResource { kind: "datadog_api_key", provider: "datadog", credential: Some("api_key"), id: Some("id"),
        secrets: &["key"], name: Some("name"), ..NONE },
    KeyResource { kind: "datadog_application_key", provider: "datadog", credential: Some("application_key"), id: Some("id"),
        secrets: &["key"], name: Some("name"), ..NONE },
    KeyResource { kind: "cloudflare_api_token", provider: "cloudflare", credential: Some("user_api_token"), id: Some("id"),
        secrets: &["value"], name: Some("name"), created: Some("issued_on"), expires: Some("expires_on"), ..NONE },
    KeyResource { kind: "cloudflare_account_token", provider: "cloudflare", credential: Some("account_api_token"), id: Some("id"),
        secrets: &["value"], name: Some("name"), account: Some("account_id"), created: Some("issued_on"), expires: Some("expires_on"), ..NONE },
    KeyResource { kind: "newrelic_api_access_key", provider: "newrelic", id: Some("id"),
        secrets: &["key"], name: Some("name"), account: Some("account_id"), ..NONE },
    KeyResource { kind: "tfe_team_token", provider: "hcp-terraform", credential: Some("api_token"), id: Some("id"),
        secrets: &["token"], account: Some("team_id"), expires: Some("expired_at"), ..NONE },
    KeyResource { kind: "tfe_organization_token", provider: "hcp-terraform", credential: Some("api_token"), id: Some("id"),
        secrets: &["token"], account: Some("organization"), expires: Some("expired_at"), ..NONE },
    KeyResource { kind: "mongodbatlas_project_api_key", provider: "mongodb-atlas", credential: Some("programmatic_api_key"),
        id: Some("api_key_id"), secrets: &["private_key"], name: Some("description"), account: Some("project_id"), ..NONE },
    KeyResource { kind: "mongodbatlas_api_key", provider: "mongodb-atlas", credential: Some("programmatic_api_key"),
        id: Some("api_key_id"), secrets: &["private_key"], name: Some("description"), account: Some("org_id"), ..NONE },
    KeyResource { kind: "confluent_api_key", provider: "confluent", credential: Some("api_key"), id: Some("id"),
        secrets: &["secret"], name: Some("display_name"), ..NONE },
    KeyResource { kind: "snowflake_user_programmatic_access_token", provider: "snowflake", credential: Some("programmatic_access_token"),
        secrets: &["token"], name: Some("name"), holder: Some("user"), ..NONE },
    KeyResource { kind: "grafana_service_account_token", provider: "grafana", credential: Some("service_account_token"), id: Some("id"),
        secrets: &["key"], name: Some("name"), account: Some("service_account_id"), expires: Some("expiration"), ..NONE },
    KeyResource { kind: "okta_app_oauth", provider: "okta", credential: Some("oauth_client_secret"), id: Some("client_id"),
        secrets: &["client_secret"], name: Some("label"), ..NONE },
    KeyResource { kind: "databricks_token", provider: "databricks", credential: Some("personal_access_token"), id: Some("token_id"),
        secrets: &["token_value"], name: Some("comment"), ..NONE },
    KeyResource { kind: "digitalocean_spaces_key", provider: "digitalocean", credential: Some("spaces_access_key"), id: Some("access_key"),
        secrets: &["secret_key"], name: Some("name"), created: Some("created_at"), ..NONE },
    KeyResource { kind: "scaleway_iam_api_key", provider: "scaleway", credential: Some("secret_key"), id: Some("access_key"),
        secrets: &["secret_key"], name: Some("description"), created: Some("created_at"), expires: Some("expires_at"), ..NONE },
    KeyResource { kind: "elasticstack_elasticsearch_security_api_key", provider: "elastic", credential: Some("api_key"), id: Some("key_id"),
        secrets: &["api_key"], again: &["encoded"], name: Some("name"), ..NONE },
    KeyResource { kind: "tailscale_tailnet_key", provider: "tailscale", credential: Some("auth_key"), id: Some("id"),
        secrets: &["key"], name: Some("description"), created: Some("created_at"), expires: Some("expires_at"), ..NONE },
    KeyResource { kind: "sendgrid_api_key", provider: "sendgrid", credential: Some("api_key"), id: Some("id"),
        secrets: &["api_key"], name: Some("name"), ..NONE },
];

/// Names of attributes that hold a secret whether or not the state marks them: older versions mark what the
/// configuration marks, and not what the provider's schema does.
#[rustfmt::skip]
const SECRET_NAMES: &[&str] = &[
    "password", "master_password", "admin_password", "administrator_password", "root_password", "admin_pass", "secret",
    "secret_key", "secret_string", "secret_value", "secret_data", "client_secret", "private_key", "private_key_pem",
    "private_key_openssh", "token", "access_token", "auth_token", "client_token", "api_token", "api_key", "api_secret",
    "primary_access_key", "secondary_access_key", "primary_key", "secondary_key", "primary_connection_string",
    "secondary_connection_string", "connection_string", "primary_shared_key", "secondary_shared_key", "plaintext_value",
    "webhook_secret", "shared_secret", "secret_access_key", "storage_account_access_key", "sas_token", "bearer_token",
];

/// Whether an attribute's name alone says that it holds a secret.
pub(super) fn says_secret(name: &str) -> bool {
    SECRET_NAMES.contains(&name)
}
