//! What other scanners call what they find: names that surely stand for one provider, and where the name says
//! so, for one kind of key. Read 2026-11-26 in the tools' own lists of names:
//! <https://github.com/gitleaks/gitleaks>, <https://github.com/betterleaks/betterleaks>,
//! <https://github.com/mongodb/kingfisher>, <https://github.com/trufflesecurity/trufflehog> and
//! <https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns>.

/// Names in lower case without signs; the provider's slug; the credential kind's slug, where it is sure.
#[rustfmt::skip]
pub static DETECTORS: &[(&str, &str, Option<&str>)] = &[
    ("1passwordserviceaccounttoken", "1password", None),
    ("anthropic", "anthropic", None),
    ("anthropicapikey", "anthropic", Some("api_key")),
    ("anthropicadminapikey", "anthropic", Some("admin_api_key")),
    ("aws", "aws", Some("iam_access_key")),
    ("awsaccesstoken", "aws", Some("iam_access_key")),
    ("awsaccesskeyid", "aws", Some("iam_access_key")),
    ("awssecretaccesskey", "aws", Some("iam_access_key")),
    ("awssecretkey", "aws", Some("iam_access_key")),
    ("awsbedrockapikeylonglived", "aws", Some("bedrock_long_term_api_key")),
    ("amazonbedrockapikeylonglived", "aws", Some("bedrock_long_term_api_key")),
    ("azureadclientsecret", "azure", Some("app_client_secret")),
    ("azureactivedirectoryapplicationsecret", "azure", Some("app_client_secret")),
    ("azurestorageaccountkey", "azure", Some("storage_account_key")),
    ("azurestorage", "azure", Some("storage_account_key")),
    ("azuredevopspersonalaccesstoken", "azure", Some("pat")),
    ("cloudflareapikey", "cloudflare", None),
    ("cloudflareapitoken", "cloudflare", None),
    ("cloudflareglobalapikey", "cloudflare", Some("global_api_key")),
    ("cloudflareorigincakey", "cloudflare", Some("origin_ca_key")),
    ("databricksapitoken", "databricks", None),
    ("databrickstoken", "databricks", None),
    ("datadogaccesstoken", "datadog", None),
    ("datadogapikey", "datadog", Some("api_key")),
    ("datadogtoken", "datadog", None),
    ("digitaloceanpat", "digitalocean", Some("personal_access_token")),
    ("digitaloceanpersonalaccesstoken", "digitalocean", Some("personal_access_token")),
    ("digitaloceanaccesstoken", "digitalocean", Some("oauth_access_token")),
    ("digitaloceanv2", "digitalocean", None),
    ("dockerhub", "docker-hub", None),
    ("gcp", "gcp", Some("service_account_key")),
    ("gcpapikey", "gcp", None),
    ("googleapikey", "gcp", None),
    ("gcpserviceaccountcredentials", "gcp", Some("service_account_key")),
    ("googlecloudserviceaccountcredentials", "gcp", Some("service_account_key")),
    ("github", "github", None),
    ("githubpat", "github", Some("pat_classic")),
    ("githubfinegrainedpat", "github", Some("pat_fine_grained")),
    ("githubpersonalaccesstoken", "github", None),
    ("githuboauth", "github", Some("oauth_app_token")),
    ("githuboauthaccesstoken", "github", Some("oauth_app_token")),
    ("githubapptoken", "github", None),
    ("githubappinstallationaccesstoken", "github", Some("app_installation_token")),
    ("gitlab", "gitlab", None),
    ("gitlabpat", "gitlab", Some("personal_access_token")),
    ("gitlabdeploytoken", "gitlab", Some("deploy_token")),
    ("gitlabptt", "gitlab", Some("pipeline_trigger_token")),
    ("gitlabrrt", "gitlab", None),
    ("grafanaserviceaccounttoken", "grafana", Some("service_account_token")),
    ("grafanacloudapitoken", "grafana", Some("cloud_access_policy_token")),
    ("grafanaapikey", "grafana", Some("legacy_api_key")),
    ("hashicorptfapitoken", "hcp-terraform", Some("api_token")),
    ("vaultservicetoken", "hashicorp-vault", Some("service_token")),
    ("vaultbatchtoken", "hashicorp-vault", Some("batch_token")),
    ("hashicorpvaultservicetoken", "hashicorp-vault", Some("service_token")),
    ("hashicorpvaultbatchtoken", "hashicorp-vault", Some("batch_token")),
    ("huggingface", "huggingface", None),
    ("huggingfaceaccesstoken", "huggingface", None),
    ("huggingfaceuseraccesstoken", "huggingface", None),
    ("linearapikey", "linear", None),
    ("newrelicuserapikey", "newrelic", Some("user_key")),
    ("npmaccesstoken", "npm", Some("granular_access_token")),
    ("npmtoken", "npm", None),
    ("npmtokenv2", "npm", Some("granular_access_token")),
    ("oktaaccesstoken", "okta", Some("api_token")),
    ("okta", "okta", None),
    ("openai", "openai", None),
    ("openaiapikey", "openai", None),
    ("openaiapikeyv2", "openai", None),
    ("privatekey", "unknown", Some("private_key")),
    ("pulumiapitoken", "pulumi", None),
    ("pypiuploadtoken", "pypi", None),
    ("pypiapitoken", "pypi", None),
    ("sendgrid", "sendgrid", Some("api_key")),
    ("sendgridapitoken", "sendgrid", Some("api_key")),
    ("sendgridapikey", "sendgrid", Some("api_key")),
    ("sentryusertoken", "sentry", None),
    ("sentryorgtoken", "sentry", None),
    ("shopifyaccesstoken", "shopify", None),
    ("slack", "slack", None),
    ("slackbottoken", "slack", Some("bot_token")),
    ("slackusertoken", "slack", Some("user_token")),
    ("slackapptoken", "slack", Some("app_level_token")),
    ("slackwebhook", "slack", Some("incoming_webhook")),
    ("slackwebhookurl", "slack", Some("incoming_webhook")),
    ("slackincomingwebhookurl", "slack", Some("incoming_webhook")),
    ("slackapitoken", "slack", None),
    ("snykapitoken", "snyk", None),
    ("stripe", "stripe", None),
    ("stripeaccesstoken", "stripe", None),
    ("stripeapikey", "stripe", None),
    ("stripeapirestrictedkey", "stripe", Some("restricted_key")),
    ("twilioapikey", "twilio", None),
];

/// What a rule's or detector's name surely stands for.
pub(crate) fn stands_for(rule: &str) -> Option<(String, Option<String>)> {
    let name = rule
        .rsplit_once("betterleaks.")
        .map_or(rule, |(_, name)| name);
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    DETECTORS
        .iter()
        .find(|(known, ..)| *known == plain)
        .map(|(_, provider, kind)| ((*provider).to_owned(), kind.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_every_spelling_and_nothing_is_guessed() {
        let pat = Some((
            "gitlab".to_owned(),
            Some("personal_access_token".to_owned()),
        ));
        assert_eq!(stands_for("gitlab-pat"), pat);
        assert_eq!(stands_for("betterleaks.gitlab-pat"), pat);
        assert_eq!(stands_for("Gitlab"), Some(("gitlab".to_owned(), None)));
        for vague in ["generic-api-key", "jwt", "gitlab-patch", ""] {
            assert_eq!(stands_for(vague), None, "{vague}");
        }
    }
}
