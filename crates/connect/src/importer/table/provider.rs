//! Provider names as people write them, and the slugs of the catalogue.

/// What is not simply its name in lower case with dashes.
const ALIASES: &[(&str, &str)] = &[
    ("amazon", "aws"),
    ("amazon web services", "aws"),
    ("amazon aws", "aws"),
    ("aws iam", "aws"),
    ("microsoft azure", "azure"),
    ("microsoft entra id", "azure"),
    ("microsoft entra", "azure"),
    ("entra", "azure"),
    ("entra id", "azure"),
    ("azure ad", "azure"),
    ("azure active directory", "azure"),
    ("azure devops", "azure"),
    ("google", "gcp"),
    ("google cloud", "gcp"),
    ("google cloud platform", "gcp"),
    ("gemini", "gcp"),
    ("google gemini", "gcp"),
    ("google gemini api", "gcp"),
    ("github com", "github"),
    ("github enterprise", "github"),
    ("gitlab com", "gitlab"),
    ("hugging face", "huggingface"),
    ("dockerhub", "docker-hub"),
    ("docker", "docker-hub"),
    ("vault", "hashicorp-vault"),
    ("hashicorp", "hashicorp-vault"),
    ("openbao", "hashicorp-vault"),
    ("mongodb atlas", "mongodb-atlas"),
    ("atlas", "mongodb-atlas"),
    ("jira", "atlassian"),
    ("confluence", "atlassian"),
    ("atlassian jira", "atlassian"),
    ("atlassian cloud", "atlassian"),
    ("open ai", "openai"),
    ("chatgpt", "openai"),
    ("anthropic claude", "anthropic"),
    ("claude", "anthropic"),
    ("twilio sendgrid", "sendgrid"),
    ("send grid", "sendgrid"),
    ("pager duty", "pagerduty"),
    ("data dog", "datadog"),
    ("npm registry", "npm"),
    ("npmjs", "npm"),
    ("npmjs com", "npm"),
    ("python package index", "pypi"),
    ("sentry io", "sentry"),
    ("cloudflare r2", "cloudflare"),
    ("new relic", "newrelic"),
    ("weights biases", "wandb"),
    ("fly io", "flyio"),
    ("fal", "fal-ai"),
    ("terraform cloud", "hcp-terraform"),
    ("hcp terraform", "hcp-terraform"),
    ("elastic cloud", "elastic"),
    ("elasticsearch", "elastic"),
    ("grafana cloud", "grafana"),
    ("artifactory", "jfrog"),
    ("jfrog platform", "jfrog"),
    ("hetzner cloud", "hetzner"),
    ("bitbucket cloud", "bitbucket"),
    ("jamf pro", "jamf"),
    ("monday com", "monday"),
    ("mistral ai", "mistral"),
    ("fireworks ai", "fireworks"),
    ("confluent cloud", "confluent"),
    ("pulumi cloud", "pulumi"),
    ("temporal cloud", "temporal"),
    ("launch darkly", "launchdarkly"),
    ("sonarcloud", "sonarqube"),
    ("twitter", "x"),
    ("facebook", "meta"),
    ("crates io", "crates-io"),
];

/// The slug of a provider; unknown names are taken as they are, in lower case with dashes.
pub(super) fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let spoken = words.join(" ");
    ALIASES
        .iter()
        .find(|(alias, _)| *alias == spoken)
        .map_or_else(|| words.join("-"), |(_, slug)| (*slug).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_slugs() {
        for (name, expected) in [
            ("AWS", "aws"),
            ("Amazon Web Services", "aws"),
            ("Microsoft Entra ID", "azure"),
            ("Hugging Face", "huggingface"),
            ("Docker Hub", "docker-hub"),
            ("HashiCorp Vault", "hashicorp-vault"),
            ("MongoDB Atlas", "mongodb-atlas"),
            ("GitHub.com", "github"),
            ("Acme Payments GmbH", "acme-payments-gmbh"),
            ("docker-hub", "docker-hub"),
            (" — ", ""),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }
}
