//! Every importer on one page: what it reads, how it knows it, and where it is.

mod answer;
mod anthropic_api_keys;
mod atlassian_api_tokens;
mod aws_access_keys;
mod aws_credential_report;
mod aws_last_used;
mod aws_service_credentials;
mod betterleaks;
mod cloudflare_api_tokens;
mod cmdb;
mod column_map;
mod databricks_tokens;
mod datadog_keys;
mod entra_app_credentials;
mod entry;
mod gathered;
mod gcp_api_keys;
mod gcp_service_account_keys;
mod github;
mod github_credential_authorizations;
mod github_deploy_keys;
mod github_fine_grained_pats;
mod github_org_installations;
mod github_secret_scanning;
mod gitlab_deploy_tokens;
mod gitlab_tokens;
mod gitleaks;
mod hcp_service_principal_keys;
mod hcp_terraform_tokens;
mod imported;
mod kingfisher;
mod kubernetes_secrets;
mod mongodb_atlas_keys;
mod okta_api_tokens;
mod openai_api_keys;
mod people;
mod reading;
mod refusal;
mod sarif;
mod slack_approved_apps;
mod snowflake;
mod snowflake_access_tokens;
mod snowflake_users;
mod stripe_api_keys;
mod table;
mod terraform_state;
mod trufflehog;
mod vault_kv_metadata;
mod workbook;

pub use column_map::{Column, ColumnMap, Field, UnknownField};
pub use imported::{ImportError, Imported, Input, Problem, Recognition};
pub use reading::detectors::DETECTORS;

/// One kind of export that Tenure can read.
pub struct Importer {
    /// Its name in `--import KIND=FILE`.
    pub kind: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// Where this file comes from: the command or page, and the right that it needs.
    pub get: &'static str,
    /// What it can never tell.
    pub cannot: &'static str,
    /// Whether content is of this kind. Looks at the content, never at the name alone.
    pub recognise: fn(&Input<'_>) -> Recognition,
    /// Reads it.
    pub read: fn(&Input<'_>) -> Result<Imported, ImportError>,
}

/// All importers. The first that recognises a content reads it: exact shapes first, tables last.
pub static IMPORTERS: &[Importer] = &[
    Importer {
        kind: aws_credential_report::KIND,
        title: "AWS IAM credential report",
        get: "`aws iam generate-credential-report`, then `aws iam get-credential-report`; it needs iam:GenerateCredentialReport and iam:GetCredentialReport.",
        cannot: "Key ids, end dates, and service-specific credentials. AWS makes it at most every four hours.",
        recognise: aws_credential_report::recognise,
        read: aws_credential_report::read,
    },
    Importer {
        kind: aws_access_keys::KIND,
        title: "AWS list-access-keys",
        get: "`aws iam list-access-keys --user-name NAME` for each user; it needs iam:ListAccessKeys. Several answers may stand in one file.",
        cannot: "Last use, end dates, and the keys of other users.",
        recognise: aws_access_keys::recognise,
        read: aws_access_keys::read,
    },
    Importer {
        kind: aws_last_used::KIND,
        title: "AWS get-access-key-last-used",
        get: "`aws iam get-access-key-last-used --access-key-id ID` for each key; it needs iam:GetAccessKeyLastUsed. The answer does not name its key: put the id into the file's name or beside the answer.",
        cannot: "Anything but last use. AWS records it since 22 April 2015.",
        recognise: aws_last_used::recognise,
        read: aws_last_used::read,
    },
    Importer {
        kind: github_fine_grained_pats::KIND,
        title: "GitHub fine-grained personal access tokens of an organisation",
        get: "`gh api --paginate /orgs/ORG/personal-access-tokens`; only a GitHub App of the organisation may ask, with the organisation permission for personal access tokens.",
        cannot: "Classic tokens, and fine-grained tokens that reach no resource of the organisation.",
        recognise: github_fine_grained_pats::recognise,
        read: github_fine_grained_pats::read,
    },
    Importer {
        kind: github_deploy_keys::KIND,
        title: "GitHub deploy keys of a repository",
        get: "`gh api --paginate /repos/OWNER/REPO/keys` for each repository; it needs administration of the repository.",
        cannot: "End dates: deploy keys have none. Keys of other repositories.",
        recognise: github_deploy_keys::recognise,
        read: github_deploy_keys::read,
    },
    Importer {
        kind: aws_service_credentials::KIND,
        title: "AWS service-specific credentials",
        get: "`aws iam list-service-specific-credentials --all-users`; it needs iam:ListServiceSpecificCredentials.",
        cannot: "Last use; whether all users were asked for. Kinds other than Bedrock keys have no facts in the catalogue yet.",
        recognise: aws_service_credentials::recognise,
        read: aws_service_credentials::read,
    },
    Importer {
        kind: github_org_installations::KIND,
        title: "GitHub Apps installed in an organisation",
        get: "`gh api '/orgs/ORG/installations?per_page=100'`; it needs an owner of the organisation.",
        cannot: "Last use; the private keys behind the apps, which only their owners see.",
        recognise: github_org_installations::recognise,
        read: github_org_installations::read,
    },
    Importer {
        kind: github_credential_authorizations::KIND,
        title: "GitHub credentials authorised for SAML",
        get: "`gh api --paginate /orgs/ORG/credential-authorizations`; only organisations with SAML on Enterprise Cloud have it, and it needs an owner.",
        cannot: "The organisation; when a token was made, only when it was authorised; classic tokens that are not authorised.",
        recognise: github_credential_authorizations::recognise,
        read: github_credential_authorizations::read,
    },
    Importer {
        kind: gcp_service_account_keys::KIND,
        title: "Google Cloud keys of a service account",
        get: "`gcloud iam service-accounts keys list --iam-account=EMAIL --managed-by=user --format=json` for each account; it needs iam.serviceAccountKeys.list. Several answers may stand in one file.",
        cannot: "Last use, which the Policy Analyzer tells; what the account may do; keys of other accounts.",
        recognise: gcp_service_account_keys::recognise,
        read: gcp_service_account_keys::read,
    },
    Importer {
        kind: gcp_api_keys::KIND,
        title: "Google Cloud API keys of a project",
        get: "`gcloud services api-keys list --format=json` for each project; it needs apikeys.keys.list.",
        cannot: "End dates: they have none. Last use, and who made a key.",
        recognise: gcp_api_keys::recognise,
        read: gcp_api_keys::read,
    },
    Importer {
        kind: entra_app_credentials::KIND,
        title: "Microsoft Entra applications and service principals",
        get: "`az rest --url 'https://graph.microsoft.com/v1.0/applications?$select=id,appId,displayName,passwordCredentials,keyCredentials&$expand=owners&$top=999'`, and the same of `servicePrincipals`; it needs Application.Read.All.",
        cannot: "Last use, which only a beta report tells; what an application may do. Each of the two lists lacks what the other holds.",
        recognise: entra_app_credentials::recognise,
        read: entra_app_credentials::read,
    },
    Importer {
        kind: vault_kv_metadata::KIND,
        title: "key-value metadata of Vault or OpenBao",
        get: "The answer of LIST on MOUNT/metadata/PATH, or of `vault kv metadata get -format=json PATH`; it needs list and read on MOUNT/metadata/. Name a file of one answer after its path. What `vault kv list -format=json` prints has to be declared.",
        cannot: "The secrets; whose keys they are; last use and end dates. The age of a version does not prove a rotation.",
        recognise: vault_kv_metadata::recognise,
        read: vault_kv_metadata::read,
    },
    Importer {
        kind: okta_api_tokens::KIND,
        title: "Okta API tokens",
        get: "`GET /api/v1/api-tokens`; it needs okta.apiTokens.read.",
        cannot: "Last use and an end: a token ends only when it is not used for its window. Tokens that are not active.",
        recognise: okta_api_tokens::recognise,
        read: okta_api_tokens::read,
    },
    Importer {
        kind: anthropic_api_keys::KIND,
        title: "Anthropic API keys",
        get: "`GET /v1/organizations/api_keys?limit=1000` with an Admin API key.",
        cannot: "Last use; the key's organisation.",
        recognise: anthropic_api_keys::recognise,
        read: anthropic_api_keys::read,
    },
    Importer {
        kind: openai_api_keys::KIND,
        title: "OpenAI admin and project keys",
        get: "`GET /v1/organization/admin_api_keys?limit=100`, and for each project `GET /v1/organization/projects/ID/api_keys?limit=100&owner_project_access=any`, with an admin key.",
        cannot: "The project; and without owner_project_access=any, perhaps, keys whose owner lost access.",
        recognise: openai_api_keys::recognise,
        read: openai_api_keys::read,
    },
    Importer {
        kind: cloudflare_api_tokens::KIND,
        title: "Cloudflare API tokens",
        get: "`GET /user/tokens?per_page=50` for each user, `GET /accounts/ID/tokens?per_page=50` for each account; it needs API Tokens Read.",
        cannot: "Tokens of other users, and Global API Keys.",
        recognise: cloudflare_api_tokens::recognise,
        read: cloudflare_api_tokens::read,
    },
    Importer {
        kind: datadog_keys::KIND,
        title: "Datadog API keys, application keys and access tokens",
        get: "`GET /api/v2/api_keys`, `/application_keys` and `/personal_access_tokens` with `page[size]=100` and `include`; it needs the permission to read keys of the organisation.",
        cannot: "End dates of keys; whether a last use of null means never; what was revoked.",
        recognise: datadog_keys::recognise,
        read: datadog_keys::read,
    },
    Importer {
        kind: stripe_api_keys::KIND,
        title: "Stripe API keys",
        get: "`GET /v2/iam/api_keys`, which not every account has. What the Dashboard exports is read as a table.",
        cannot: "What a restricted key may do, and who made a key.",
        recognise: stripe_api_keys::recognise,
        read: stripe_api_keys::read,
    },
    Importer {
        kind: slack_approved_apps::KIND,
        title: "Slack apps approved in an Enterprise organisation",
        get: "`admin.apps.approved.list?limit=1000`; it needs admin.apps:read, and an Enterprise organisation.",
        cannot: "Whether an app is installed and how many tokens it holds; when they were made, used, and end.",
        recognise: slack_approved_apps::recognise,
        read: slack_approved_apps::read,
    },
    Importer {
        kind: snowflake_access_tokens::KIND,
        title: "Snowflake programmatic access tokens",
        get: "`SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER NAME` for each user, as CSV or JSON.",
        cannot: "Last use, an id, and tokens that expired more than 30 days ago.",
        recognise: snowflake_access_tokens::recognise,
        read: snowflake_access_tokens::read,
    },
    Importer {
        kind: snowflake_users::KIND,
        title: "Snowflake users with RSA keys",
        get: "`SHOW USERS`, as CSV or JSON; it needs a role that sees them.",
        cannot: "When a key was made or used: what stands in it is the user's.",
        recognise: snowflake_users::recognise,
        read: snowflake_users::read,
    },
    Importer {
        kind: databricks_tokens::KIND,
        title: "Databricks personal access tokens",
        get: "`databricks token-management list -o json`; it needs an administrator of the workspace.",
        cannot: "What a token may do; tokens of other workspaces; secrets of service principals.",
        recognise: databricks_tokens::recognise,
        read: databricks_tokens::read,
    },
    Importer {
        kind: gitlab_tokens::KIND,
        title: "GitLab personal, project and group access tokens",
        get: "`GET /personal_access_tokens?per_page=100`, `/projects/ID/access_tokens`, `/groups/ID/access_tokens`; it needs an administrator, or a maintainer of the project.",
        cannot: "The project or group; the name of the user.",
        recognise: gitlab_tokens::recognise,
        read: gitlab_tokens::read,
    },
    Importer {
        kind: gitlab_deploy_tokens::KIND,
        title: "GitLab deploy tokens",
        get: "`GET /projects/ID/deploy_tokens?per_page=100`, and likewise of groups; it needs a maintainer.",
        cannot: "When a token was made and used, and by whom; the project or group.",
        recognise: gitlab_deploy_tokens::recognise,
        read: gitlab_deploy_tokens::read,
    },
    Importer {
        kind: atlassian_api_tokens::KIND,
        title: "Atlassian API tokens of managed accounts",
        get: "`GET https://api.atlassian.com/admin/api-access/v1/orgs/ID/api-tokens` with an organisation API key that has read:tokens:admin.",
        cannot: "Tokens of accounts that are not managed; scopes; organisation API keys.",
        recognise: atlassian_api_tokens::recognise,
        read: atlassian_api_tokens::read,
    },
    Importer {
        kind: mongodb_atlas_keys::KIND,
        title: "MongoDB Atlas API keys and service accounts",
        get: "`GET /api/atlas/v2/orgs/ID/apiKeys?itemsPerPage=500`, and `/serviceAccounts`; it needs Organization Member.",
        cannot: "When a programmatic key was made and used; it has no end.",
        recognise: mongodb_atlas_keys::recognise,
        read: mongodb_atlas_keys::read,
    },
    Importer {
        kind: hcp_terraform_tokens::KIND,
        title: "HCP Terraform tokens",
        get: "`GET /api/v2/organizations/NAME/team-tokens?page[size]=100`; it needs an owner of the organisation.",
        cannot: "Tokens of users and of the organisation; what a team may do.",
        recognise: hcp_terraform_tokens::recognise,
        read: hcp_terraform_tokens::read,
    },
    Importer {
        kind: hcp_service_principal_keys::KIND,
        title: "HashiCorp Cloud Platform service principal keys",
        get: "`hcp iam service-principals keys list NAME --format=json` for each service principal.",
        cannot: "Last use and end dates. The catalogue has no facts on this provider yet.",
        recognise: hcp_service_principal_keys::recognise,
        read: hcp_service_principal_keys::read,
    },
    Importer {
        kind: github_secret_scanning::KIND,
        title: "GitHub secret scanning alerts",
        get: "`gh api --paginate /orgs/ORG/secret-scanning/alerts?hide_secret=false`, or of a repository; it needs the right to read secret scanning alerts. With `hide_secret=true` nothing in it can be matched with other sources.",
        cannot: "Places beyond the first of each secret, and repositories in which secret scanning is off.",
        recognise: github_secret_scanning::recognise,
        read: github_secret_scanning::read,
    },
    Importer {
        kind: gitleaks::KIND,
        title: "Gitleaks report (JSON)",
        get: "`gitleaks git --report-format json --report-path leaks.json`, or `gitleaks dir`. With `--redact` its findings cannot be matched with other sources but by file and line.",
        cannot: "Whether a key still works, who owns it, and what was searched.",
        recognise: gitleaks::recognise,
        read: gitleaks::read,
    },
    Importer {
        kind: betterleaks::KIND,
        title: "Betterleaks report (JSON, JSON Lines)",
        get: "`betterleaks git --report-format json --report-path leaks.json`, or `jsonl`. With `--redact` its findings cannot be matched with other sources but by file and line.",
        cannot: "Who owns a key, and what was searched; whether it still works only where it was validated.",
        recognise: betterleaks::recognise,
        read: betterleaks::read,
    },
    Importer {
        kind: trufflehog::KIND,
        title: "TruffleHog report (JSON Lines)",
        get: "`trufflehog git file://. --json > findings.jsonl`, or any other source of it. Keep its log on standard error.",
        cannot: "Who owns a key, and what was searched. `Verified: false` says nothing: it stands there also where nobody asked.",
        recognise: trufflehog::recognise,
        read: trufflehog::read,
    },
    Importer {
        kind: kingfisher::KIND,
        title: "Kingfisher report (JSON, JSON Lines)",
        get: "`kingfisher scan . --format json --output findings.json`, or `jsonl`. With `--redact` its findings cannot be matched with other sources but by file and line.",
        cannot: "Who owns a key; whether it still works only where it was validated.",
        recognise: kingfisher::recognise,
        read: kingfisher::read,
    },
    Importer {
        kind: sarif::KIND,
        title: "SARIF 2.1.0 log of any tool",
        get: "What a scanner writes as SARIF 2.1.0. Results about secrets are read, all others are counted and left out.",
        cannot: "Whether a key still works, and often the secret itself: then findings are matched by file and line alone.",
        recognise: sarif::recognise,
        read: sarif::read,
    },
    Importer {
        kind: kubernetes_secrets::KIND,
        title: "Kubernetes secrets of a cluster (JSON, YAML)",
        get: "`kubectl get secrets -A -o json`; it needs get and list on secrets. Values are fingerprinted and dropped; to leave them out: `| jq 'del(.items[].data, .items[].metadata.annotations)'`.",
        cannot: "Who reads a secret, when its key was made and when it ends, and secrets of namespaces that the account may not read.",
        recognise: kubernetes_secrets::recognise,
        read: kubernetes_secrets::read,
    },
    Importer {
        kind: terraform_state::KIND,
        title: "Terraform or OpenTofu state",
        get: "`terraform state pull > terraform.tfstate`; it needs read access to the backend. The file holds secrets in plaintext: delete it afterwards.",
        cannot: "What is there now: state is as old as the last run. Last use, and states of other workspaces.",
        recognise: terraform_state::recognise,
        read: terraform_state::read,
    },
    Importer {
        kind: cmdb::KIND,
        title: "applications of a configuration database (ServiceNow CMDB; JSON, CSV)",
        get: "`GET /api/now/table/cmdb_ci_business_app?sysparm_display_value=true`, or the list of applications saved as CSV; it needs read access to the table.",
        cannot: "Anything about keys: it says who owns the systems that keys name, and what data these hold. All of it is declared.",
        recognise: cmdb::recognise,
        read: cmdb::read,
    },
    Importer {
        kind: people::KIND,
        title: "people list (SCIM or CSV)",
        get: "The people system's SCIM list (`GET /Users`), or any table with id, e-mail, manager, active and until.",
        cannot: "Anything about keys. Who is not in it counts as nobody.",
        recognise: people::recognise,
        read: people::read,
    },
    Importer {
        kind: workbook::KIND,
        title: "workbook of keys or people (XLSX, ODS)",
        get: "Any workbook with a sheet of keys or of people, as XLSX or ODS.",
        cannot: "What its authors do not know; everything in it is declared, nothing observed.",
        recognise: workbook::recognise,
        read: workbook::read,
    },
    Importer {
        kind: table::KIND,
        title: "spreadsheet or inventory (CSV, TSV)",
        get: "Any table of keys as CSV or TSV. `--save-columns` writes how its columns were understood, `--columns` gives that back, mended.",
        cannot: "What its authors do not know; everything in it is declared, nothing observed.",
        recognise: table::recognise,
        read: table::read,
    },
];

/// What a file is, by its content.
pub enum Recognised {
    /// An export of this kind.
    Kind(&'static Importer),
    /// An error answer saved in place of an export.
    Refused {
        /// The answer in short, as `403: Resource not accessible by integration`.
        reason: String,
        /// The kind that it was most likely meant to be.
        guess: Option<&'static str>,
    },
    /// Nothing that an importer knows.
    Nothing,
}

/// Every kind, in the order of [`IMPORTERS`].
#[must_use]
pub fn kinds() -> Vec<&'static str> {
    IMPORTERS.iter().map(|importer| importer.kind).collect()
}

/// Says what a file is: by the declared kind where there is one, else by its content.
///
/// A declared kind that does not exist is `Nothing`; [`read()`] says so.
#[must_use]
pub fn recognise(input: &Input<'_>) -> Recognised {
    if let Some(refusal) = refusal::of(input) {
        let declared = input.declared_kind.and_then(named);
        return Recognised::Refused {
            reason: refusal.reason,
            guess: declared.map(|importer| importer.kind).or(refusal.guess),
        };
    }
    if let Some(kind) = input.declared_kind {
        return named(kind).map_or(Recognised::Nothing, Recognised::Kind);
    }
    for importer in IMPORTERS {
        match (importer.recognise)(input) {
            Recognition::Yes => return Recognised::Kind(importer),
            Recognition::Refusal(reason) => {
                return Recognised::Refused {
                    reason,
                    guess: Some(importer.kind),
                };
            }
            Recognition::No => {}
        }
    }
    Recognised::Nothing
}

/// Reads a file as what it was declared to be or is recognised as.
///
/// An error answer whose kind is known is not an error here: it gives no rows, and coverage that says
/// "not covered" and why.
///
/// # Errors
/// The whole file cannot be used; the message names file, line or field, and what to do.
pub fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let file = || input.name.to_owned();
    if let Some(kind) = input.declared_kind
        && named(kind).is_none()
    {
        return Err(ImportError::UnknownKind {
            kind: kind.to_owned(),
            nearest: nearest(kind),
            kinds: kinds().join(", "),
        });
    }
    // A byte order mark alone is nothing either.
    let text = input.bytes.strip_prefix(b"\xef\xbb\xbf");
    if text.unwrap_or(input.bytes).trim_ascii().is_empty() {
        return Err(ImportError::Empty { file: file() });
    }
    match recognise(input) {
        Recognised::Kind(importer) => (importer.read)(input),
        Recognised::Refused {
            reason,
            guess: Some(kind),
        } => Ok(refusal::not_covered(input, kind, &reason)),
        Recognised::Refused {
            reason,
            guess: None,
        } => Err(ImportError::ErrorAnswer {
            file: file(),
            reason,
        }),
        Recognised::Nothing => Err(ImportError::Unrecognised {
            file: file(),
            kinds: kinds().join(", "),
        }),
    }
}

fn named(kind: &str) -> Option<&'static Importer> {
    IMPORTERS.iter().find(|importer| importer.kind == kind)
}

/// The kind that is written most like this one, if any comes near.
fn nearest(kind: &str) -> Option<&'static str> {
    const FARTHEST: usize = 6;
    // A kind is a short word; nothing longer comes near one.
    let wanted: Vec<char> = kind
        .to_lowercase()
        .replace('_', "-")
        .chars()
        .take(64)
        .collect();
    let part = |known: &&'static str| {
        wanted.len() >= 3 && known.contains(&wanted.iter().collect::<String>())
    };
    let by_distance = || {
        kinds()
            .into_iter()
            .map(|known| (distance(&wanted, known), known))
            .filter(|(distance, known)| *distance <= FARTHEST.min(known.len() / 2))
            .min()
            .map(|(_, known)| known)
    };
    kinds().into_iter().find(part).or_else(by_distance)
}

/// Levenshtein distance.
fn distance(wanted: &[char], known: &str) -> usize {
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (at, c) in known.chars().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        for (cell, w) in row
            .iter_mut()
            .zip(std::iter::once(None).chain(wanted.iter().map(Some)))
        {
            let Some(w) = w else {
                *cell = left;
                continue;
            };
            let up = *cell;
            left = (diagonal + usize::from(*w != c)).min(up + 1).min(left + 1);
            diagonal = up;
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
