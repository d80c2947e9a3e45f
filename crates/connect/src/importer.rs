//! Every importer on one page: what it reads, how it knows it, and where it is.

mod aws_access_keys;
mod aws_credential_report;
mod aws_last_used;
mod betterleaks;
mod cmdb;
mod column_map;
mod github;
mod github_deploy_keys;
mod github_fine_grained_pats;
mod github_secret_scanning;
mod gitleaks;
mod imported;
mod kingfisher;
mod kubernetes_secrets;
mod people;
mod reading;
mod refusal;
mod sarif;
mod table;
mod terraform_state;
mod trufflehog;
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
