//! Runtimes as people write them.

use tenure_model::place::Runtime;

const ALIASES: &[(Runtime, &[&str])] = &[
    (
        Runtime::GithubActions,
        &["github actions", "gha", "actions", "github workflow"],
    ),
    (
        Runtime::GitlabCi,
        &["gitlab ci", "gitlab", "gitlab runner", "gitlab cicd"],
    ),
    (Runtime::Circleci, &["circleci", "circle ci"]),
    (Runtime::Buildkite, &["buildkite"]),
    (Runtime::Jenkins, &["jenkins"]),
    (
        Runtime::Kubernetes,
        &[
            "kubernetes",
            "k8s",
            "eks",
            "gke",
            "aks",
            "openshift",
            "cluster",
        ],
    ),
    (
        Runtime::Aws,
        &["aws", "ec2", "lambda", "ecs", "fargate", "aws lambda"],
    ),
    (
        Runtime::Gcp,
        &["gcp", "google cloud", "cloud run", "gce", "cloud functions"],
    ),
    (Runtime::Azure, &["azure", "azure functions", "app service"]),
    (Runtime::Spiffe, &["spiffe", "spire"]),
    (Runtime::Oidc, &["oidc"]),
    (
        Runtime::Laptop,
        &[
            "laptop",
            "workstation",
            "desktop",
            "developer machine",
            "dev machine",
            "notebook",
        ],
    ),
    (
        Runtime::Server,
        &[
            "server",
            "vm",
            "on prem",
            "on premises",
            "bare metal",
            "data centre",
            "data center",
        ],
    ),
    (
        Runtime::Appliance,
        &["appliance", "device", "printer", "plc"],
    ),
    (Runtime::Saas, &["saas", "vendor", "third party"]),
];

/// The runtime that a word names.
pub(super) fn of(text: &str) -> Option<Runtime> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let spoken = words.join(" ");
    ALIASES
        .iter()
        .find(|(_, names)| names.contains(&spoken.as_str()))
        .map(|(runtime, _)| *runtime)
        .or_else(|| words.join("_").parse().ok())
}
