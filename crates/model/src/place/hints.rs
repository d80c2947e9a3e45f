//! What a path alone says: the kind of place, the runtime that reads it, purpose, path, environment.

use super::{Environment, PlaceKind, Purpose, Runtime};
use crate::facts::PrivilegedPath;

/// What the path of a file says about a key in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hints {
    /// The kind of place.
    pub kind: PlaceKind,
    /// The runtime of the workload that reads it.
    pub runtime: Option<Runtime>,
    /// What a key there is for.
    pub purpose: Option<Purpose>,
    /// The privileged path of a key there.
    pub privileged_path: Option<PrivilegedPath>,
    /// The environment that the path names.
    pub environment: Option<Environment>,
    /// A test, an example or documentation: made-up values are at home there.
    pub test_material: bool,
    /// Program text.
    pub code: bool,
    /// Values may be base64.
    pub encoded: bool,
}

/// Reads a path, relative to its source, with `/`.
#[must_use]
pub fn of_path(path: &str) -> Hints {
    let lower = path.to_ascii_lowercase();
    let file = lower.rsplit('/').next().unwrap_or(&lower);
    let folders: Vec<&str> = lower.split('/').rev().skip(1).collect();
    let within = |is: fn(&str) -> bool| folders.iter().any(|folder| is(folder));
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let kind = kind(&lower, file, extension, &within);
    let words = words(&lower);
    let has = |is: fn(&str) -> bool| words.iter().any(|word| is(word));
    let publishes = has(|word| matches!(word, "publish" | "publishing" | "release"));
    let releases = publishes
        || has(|word| matches!(word, "deploy" | "deployment" | "rollout" | "cd" | "ship"));
    let supports = has(|word| matches!(word, "support" | "helpdesk" | "servicedesk"));
    let admin = has(|word| matches!(word, "admin" | "provisioner" | "provisioning" | "scim"));

    let runtime = match kind {
        PlaceKind::Workflow if lower.contains(".github/workflows/") => Some(Runtime::GithubActions),
        PlaceKind::Workflow if file.contains("gitlab-ci") => Some(Runtime::GitlabCi),
        PlaceKind::Workflow if lower.contains(".circleci/") => Some(Runtime::Circleci),
        PlaceKind::Workflow if lower.contains(".buildkite/") => Some(Runtime::Buildkite),
        PlaceKind::Workflow if file.starts_with("jenkinsfile") => Some(Runtime::Jenkins),
        PlaceKind::Manifest => Some(Runtime::Kubernetes),
        PlaceKind::ShellHistory
        | PlaceKind::CloudProfile
        | PlaceKind::KubeConfig
        | PlaceKind::AgentConfig
        | PlaceKind::PackageManager => Some(Runtime::Laptop),
        _ => None,
    };
    let (purpose, privileged_path) = match kind {
        PlaceKind::Workflow if publishes => (Some(Purpose::CiCd), Some(PrivilegedPath::Publishing)),
        PlaceKind::Workflow if releases => {
            (Some(Purpose::Deployment), Some(PrivilegedPath::Deployment))
        }
        PlaceKind::Workflow => (Some(Purpose::CiCd), None),
        PlaceKind::AgentConfig => (Some(Purpose::AgentTool), Some(PrivilegedPath::AgentWrite)),
        PlaceKind::ShellHistory | PlaceKind::CloudProfile | PlaceKind::KubeConfig => {
            (Some(Purpose::HumanUse), None)
        }
        PlaceKind::Infrastructure => (Some(Purpose::Deployment), Some(PrivilegedPath::Deployment)),
        _ if supports => (
            Some(Purpose::SupportScript),
            Some(PrivilegedPath::SupportScript),
        ),
        _ if admin => (
            Some(Purpose::AdminConnector),
            Some(PrivilegedPath::AdminConnector),
        ),
        PlaceKind::Script if releases => {
            (Some(Purpose::Deployment), Some(PrivilegedPath::Deployment))
        }
        PlaceKind::Notebook => (Some(Purpose::DataPipeline), None),
        PlaceKind::Manifest | PlaceKind::Compose => (Some(Purpose::ServiceToService), None),
        _ => (None, None),
    };
    let named = ["readme", "license", "licence", "changelog", "test_"]
        .iter()
        .any(|start| file.starts_with(start))
        || file.contains("_test.")
        || file.contains(".test.")
        || file.contains(".spec.")
        || file.contains(".example")
        || file.contains(".sample")
        || file.contains(".template")
        || file.contains(".dist")
        // The tests of a module beside it, as in Rust.
        || (kind == PlaceKind::Source && (file.starts_with("tests.") || file.starts_with("test.")));
    Hints {
        kind,
        runtime,
        purpose,
        privileged_path,
        environment: environment(&lower),
        // A plain text may be a page of documentation, or somebody's list of keys.
        test_material: within(is_material)
            || named
            || (kind == PlaceKind::Documentation && extension != "txt"),
        code: kind == PlaceKind::Source,
        encoded: matches!(kind, PlaceKind::Manifest) || matches!(extension, "yaml" | "yml"),
    }
}

/// Folders of tests, examples and documentation, and of other people's packages.
fn is_material(folder: &str) -> bool {
    matches!(
        folder,
        "test"
            | "tests"
            | "testdata"
            | "__tests__"
            | "spec"
            | "specs"
            | "fixtures"
            | "fixture"
            | "examples"
            | "example"
            | "samples"
            | "sample"
            | "mocks"
            | "mock"
            | "molecule"
            | "fuzz"
            | "fuzzer"
            | "testing"
            | "testserver"
            | "docs"
            | "doc"
            | "node_modules"
            | "site-packages"
    )
}

fn kind(
    lower: &str,
    file: &str,
    extension: &str,
    within: &dyn Fn(fn(&str) -> bool) -> bool,
) -> PlaceKind {
    let agent_files = [
        ".mcp.json",
        "mcp.json",
        "mcp_config.json",
        "mcp_settings.json",
        "claude_desktop_config.json",
        ".claude.json",
        "cline_mcp_settings.json",
        "settings.local.json",
    ];
    // Nearly no path has such a folder.
    let forge = within(|folder| {
        folder.ends_with(".github")
            || folder.ends_with(".circleci")
            || folder.ends_with(".buildkite")
    });
    if (forge
        && (lower.contains(".github/workflows/")
            || lower.contains(".circleci/")
            || lower.contains(".buildkite/")))
        || file.contains("gitlab-ci")
        || file.starts_with("jenkinsfile")
        || file.starts_with("azure-pipelines")
        || file.starts_with("bitbucket-pipelines")
    {
        PlaceKind::Workflow
    } else if agent_files.contains(&file)
        || within(|folder| {
            matches!(
                folder,
                ".claude"
                    | ".cursor"
                    | ".codeium"
                    | ".windsurf"
                    | ".continue"
                    | ".codex"
                    | ".gemini"
                    | ".goose"
                    | ".cline"
                    | ".roo"
            )
        })
    {
        PlaceKind::AgentConfig
    } else if file.starts_with(".env") || extension == "env" {
        PlaceKind::EnvFile
    } else if (within(|folder| matches!(folder, ".aws" | "gcloud" | ".azure"))
        || file == "application_default_credentials.json")
        && extension != "md"
    {
        PlaceKind::CloudProfile
    } else if matches!(
        file,
        ".npmrc"
            | ".pypirc"
            | ".yarnrc.yml"
            | "pip.conf"
            | ".netrc"
            | "_netrc"
            | ".git-credentials"
            | ".dockercfg"
    ) || lower.ends_with(".docker/config.json")
        || lower.ends_with(".cargo/credentials.toml")
    {
        PlaceKind::PackageManager
    } else if file == "kubeconfig" || lower.ends_with(".kube/config") {
        PlaceKind::KubeConfig
    } else if file.ends_with("_history") || file == ".histfile" {
        PlaceKind::ShellHistory
    } else if extension == "ipynb" {
        PlaceKind::Notebook
    } else if matches!(extension, "tf" | "tfvars" | "tfstate") {
        PlaceKind::Infrastructure
    } else if file.starts_with("docker-compose") || file.starts_with("compose.") {
        PlaceKind::Compose
    } else if matches!(extension, "yaml" | "yml")
        && within(|folder| {
            matches!(
                folder,
                "k8s"
                    | "kubernetes"
                    | "manifests"
                    | "helm"
                    | "charts"
                    | "deploy"
                    | "overlays"
                    | "base"
            )
        })
    {
        PlaceKind::Manifest
    } else if matches!(extension, "pem" | "key" | "p8")
        || matches!(file, "id_rsa" | "id_ed25519" | "id_ecdsa")
    {
        PlaceKind::PrivateKeyFile
    } else if matches!(extension, "md" | "rst" | "adoc" | "txt" | "html") {
        PlaceKind::Documentation
    } else if matches!(extension, "sh" | "bash" | "zsh" | "ps1" | "bat") || file == "makefile" {
        PlaceKind::Script
    } else if matches!(
        extension,
        "py" | "js"
            | "ts"
            | "jsx"
            | "tsx"
            | "go"
            | "java"
            | "rb"
            | "rs"
            | "c"
            | "h"
            | "cc"
            | "cpp"
            | "cs"
            | "php"
            | "kt"
            | "swift"
            | "scala"
            | "pl"
            | "lua"
            | "ex"
            | "exs"
            | "clj"
            | "dart"
            | "m"
            | "mjs"
            | "cjs"
            | "vue"
            | "sql"
            | "r"
    ) {
        PlaceKind::Source
    } else {
        PlaceKind::Config
    }
}

/// The environment that a path, name or tag points to, where it points to exactly one.
#[must_use]
pub fn environment(text: &str) -> Option<Environment> {
    match environments(text).as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// Every environment that a path, name or tag points to, each once.
#[must_use]
pub fn environments(text: &str) -> Vec<Environment> {
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<Environment> = words(&lower)
        .into_iter()
        .filter_map(|word| match word {
            "prod" | "production" | "prd" | "live" => Some(Environment::Production),
            "stage" | "staging" | "stg" | "preprod" | "uat" => Some(Environment::Staging),
            "dev" | "develop" | "development" | "local" | "sandbox" => {
                Some(Environment::Development)
            }
            "test" | "testing" | "tst" | "qa" => Some(Environment::Test),
            _ => None,
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The words of a name or path, in lower case.
#[must_use]
pub fn words(lower: &str) -> Vec<&str> {
    lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart() {
        for (path, kind) in [
            (".github/workflows/ci.yml", PlaceKind::Workflow),
            ("web/.env.production", PlaceKind::EnvFile),
            (".mcp.json", PlaceKind::AgentConfig),
            ("home/.aws/credentials", PlaceKind::CloudProfile),
            ("k8s/secret.yaml", PlaceKind::Manifest),
            ("a/b.py", PlaceKind::Source),
            ("infra/main.tf", PlaceKind::Infrastructure),
            ("x.ipynb", PlaceKind::Notebook),
            ("README.md", PlaceKind::Documentation),
            (".bash_history", PlaceKind::ShellHistory),
        ] {
            assert_eq!(of_path(path).kind, kind, "{path}");
        }
    }

    #[test]
    fn a_release_workflow_publishes_and_a_deploy_workflow_deploys() {
        let release = of_path(".github/workflows/release.yml");
        assert_eq!(
            (release.runtime, release.privileged_path),
            (
                Some(Runtime::GithubActions),
                Some(PrivilegedPath::Publishing)
            )
        );
        assert_eq!(
            of_path(".github/workflows/deploy-prod.yml").privileged_path,
            Some(PrivilegedPath::Deployment)
        );
        assert_eq!(
            of_path("scripts/support/refund.py").privileged_path,
            Some(PrivilegedPath::SupportScript)
        );
    }

    #[test]
    fn tests_of_a_module_are_test_material_and_settings_of_tests_are_not() {
        for path in ["src/engine/tests.rs", "pkg/key_test.go", "lib/test.js"] {
            assert!(of_path(path).test_material, "{path}");
        }
        for path in ["src/tester.rs", "src/latest.rs", "test.env", "tests.json"] {
            assert!(!of_path(path).test_material, "{path}");
        }
    }

    #[test]
    fn an_environment_is_named_by_one_word_alone() {
        assert_eq!(environment("ci-deploy-prod"), Some(Environment::Production));
        assert_eq!(environment("prod-and-staging"), None);
        assert_eq!(environment("product"), None);
    }
}
