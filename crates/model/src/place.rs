//! Places where copies of keys are seen, who can read them, and what a place says about its key.

pub mod hints;

use crate::{facts::PrivilegedPath, secret::Fingerprint};

words! {
    /// Who can read a place.
    pub enum Audience {
        You = "you", Machine = "every user of this machine", Repository = "everyone who can read the repository",
        Organisation = "everyone in the organisation", Public = "anyone outside the organisation", Unknown = "unknown",
    }
}
words! {
    /// What kind of place it is.
    pub enum PlaceKind {
        Source = "source", EnvFile = "env_file", Workflow = "workflow", Manifest = "manifest", Compose = "compose",
        AgentConfig = "agent_config", Infrastructure = "infrastructure", CloudProfile = "cloud_profile",
        PackageManager = "package_manager", KubeConfig = "kube_config", ShellHistory = "shell_history",
        Notebook = "notebook", Documentation = "documentation", PrivateKeyFile = "private_key_file", Script = "script",
        Inventory = "inventory", Config = "config", CiLog = "ci_log", Ticket = "ticket", Chat = "chat", Mail = "mail",
        Transcript = "transcript", Stream = "stream", Commit = "commit",
    }
}
words! {
    /// What is known of a copy's liveness.
    pub enum Liveness {
        Live = "live", Refused = "refused", CannotCheck = "cannot_check", FailedToCheck = "failed_to_check", NotChecked = "not_checked",
    }
}
words! {
    /// Where a workload runs, as far as that decides whether it can prove who it is.
    pub enum Runtime {
        GithubActions = "github_actions", GitlabCi = "gitlab_ci", Circleci = "circleci", Buildkite = "buildkite",
        Jenkins = "jenkins", Kubernetes = "kubernetes", Aws = "aws", Gcp = "gcp", Azure = "azure", Spiffe = "spiffe",
        Oidc = "oidc", Laptop = "laptop", Server = "server", Appliance = "appliance", Saas = "saas",
    }
}
words! {
    /// What a key is for.
    pub enum Purpose {
        CiCd = "ci_cd", Deployment = "deployment", ServiceToService = "service_to_service",
        CustomerIntegration = "customer_integration", ThirdPartySaas = "third_party_saas", AdminConnector = "admin_connector",
        SupportScript = "support_script", AgentTool = "agent_tool", DataPipeline = "data_pipeline", Monitoring = "monitoring",
        WebhookSigning = "webhook_signing", HumanUse = "human_use", BreakGlass = "break_glass", Unknown = "unknown",
    }
}
words! {
    /// The environment that a name or a place points to.
    pub enum Environment { Production = "production", Staging = "staging", Development = "development", Test = "test" }
}
words! {
    /// Which half of a credential was seen. Only the secret half opens anything.
    pub enum Part { Secret = "secret", KeyId = "key_id" }
}

impl Runtime {
    /// The runtime as a reader knows it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::GithubActions => "GitHub Actions",
            Self::GitlabCi => "GitLab CI",
            Self::Circleci => "CircleCI",
            Self::Buildkite => "Buildkite",
            Self::Jenkins => "Jenkins",
            Self::Kubernetes => "Kubernetes",
            Self::Aws => "AWS",
            Self::Gcp => "Google Cloud",
            Self::Azure => "Azure",
            Self::Spiffe => "SPIFFE",
            Self::Oidc => "an OpenID issuer",
            Self::Laptop => "laptops",
            Self::Server => "servers",
            Self::Appliance => "appliances",
            Self::Saas => "other vendors' services",
        }
    }

    /// Whether a workload there can prove who it is to an outsider, without a stored secret.
    #[must_use]
    pub fn proves_identity(self) -> bool {
        match self {
            Self::GithubActions
            | Self::GitlabCi
            | Self::Circleci
            | Self::Buildkite
            | Self::Kubernetes
            | Self::Aws
            | Self::Gcp
            | Self::Azure
            | Self::Spiffe
            | Self::Oidc => true,
            Self::Jenkins | Self::Laptop | Self::Server | Self::Appliance | Self::Saas => false,
        }
    }
}

/// One copy of a key, or of its public id, seen in one place. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sighting {
    /// The source that was searched, as the user named it.
    pub source: String,
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// The file, relative to the source.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// Who can read it, and how that is known.
    pub audience: Audience,
    /// How the audience is known.
    pub audience_why: String,
    /// Whether the copy still works.
    pub liveness: Liveness,
    /// Which half was seen.
    pub part: Part,
    /// The provider's slug; `unknown` for a generic secret.
    pub provider: String,
    /// The credential kind's slug.
    pub credential: String,
    /// The public id, where it was seen or stands beside the secret.
    pub key_id: Option<String>,
    /// The keyed fingerprint of the secret.
    pub fingerprint: Option<Fingerprint>,
    /// What may be shown of it.
    pub hint: Option<String>,
    /// The variable or setting that holds it.
    pub variable: Option<String>,
    /// The runtime of the workload that reads this place.
    pub runtime: Option<Runtime>,
    /// What the place says about the purpose.
    pub purpose: Option<Purpose>,
    /// What the place says about the privileged path.
    pub privileged_path: Option<PrivilegedPath>,
    /// The environment that the place points to.
    pub environment: Option<Environment>,
    /// The commit that was checked out, short.
    pub commit: Option<String>,
    /// The people whom CODEOWNERS names for this path.
    pub code_owners: Vec<String>,
    /// The value has the form of a test-mode key.
    pub test_mode: bool,
}
