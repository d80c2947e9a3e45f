//! What the importers of other scanners' reports share: a finding from its parts, what it hides, and the import
//! that comes of all findings.

use super::{detectors, guard};
use crate::importer::imported::{Cover, Imported, Input, rejected};
use serde_json::Value;
use tenure_model::{place::Audience, reported::Reported, secret::Secret};

/// The least that is a secret rather than a piece of one.
const SHORTEST: usize = 6;

/// A finding with what every report says. Where a report is one finding, that stands at `/`.
pub(crate) fn finding(tool: &str, rule: &str, at: &str) -> Reported {
    let at = if at.is_empty() { "/" } else { at };
    Reported {
        stands_for: detectors::stands_for(rule),
        ..Reported::new(guard::name(tool), by_parts(rule), at)
    }
}

/// A name of several parts; a secret may stand in any of them.
pub(crate) fn by_parts(rule: &str) -> String {
    let parts: Vec<String> = rule.split(['.', '/']).map(guard::name).collect();
    parts.join(".")
}

/// Puts a secret, or what the report shows of it, into a finding.
pub(crate) fn hold(finding: &mut Reported, secret: Option<&str>) {
    let Some(secret) = secret.map(str::trim).filter(|text| !text.is_empty()) else {
        return;
    };
    if guard::is_aws_key_id(secret) {
        finding.key_id = Some(secret.to_owned());
    } else if is_hidden(secret) {
        // What is shown of a secret that was hidden in part is as much as a hint may show.
        let shown = secret.trim_end_matches(['.', '…', '*']);
        let short = shown.len() <= 8 && shown.len() < secret.len() && !shown.is_empty();
        finding.hint = short.then(|| format!("{}…", guard::name(shown)));
    } else if secret.len() >= SHORTEST {
        finding.secret = Some(Secret::new(secret.as_bytes()));
    }
}

/// A tool put something else in the secret's place.
fn is_hidden(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    guard::is_masked(text)
        || guard::is_remark(text)
        || lower.starts_with("[redacted")
        || lower.starts_with("<redacted")
        // A part of it and an ellipsis, however long the part: no whole secret.
        || text.ends_with("...")
        || text.ends_with('…')
        || text.chars().all(|c| c == '*')
}

/// Where the copy is. A copy in a commit is read by all who can read the repository; of any other nothing is said.
pub(crate) fn place(
    finding: &mut Reported,
    path: Option<&str>,
    line: Option<&Value>,
    commit: Option<&str>,
) {
    // A secret may stand in any part of a path; what only looks random is a file's name.
    let path = path.map(|path| {
        let parts = path.trim_start_matches("./").split('/').map(guard::id);
        parts.collect::<Vec<_>>().join("/")
    });
    finding.path = Some(path.filter(|path| !path.is_empty()).unwrap_or_else(|| {
        // A commit message, a ticket, an answer of an API: some place, and the report knows which.
        format!("{} finding {}", finding.tool, finding.at)
    }));
    finding.line = line
        .and_then(Value::as_u64)
        .and_then(|line| u32::try_from(line).ok())
        .filter(|line| *line > 0);
    finding.commit = commit
        .filter(|commit| commit.len() >= 7 && commit.bytes().all(|b| b.is_ascii_hexdigit()))
        .filter(|commit| commit.bytes().any(|b| b != b'0'))
        .map(|commit| commit.chars().take(7).collect());
    if finding.audience == Audience::Unknown && finding.audience_why.is_empty() {
        let (audience, why) = match &finding.commit {
            Some(commit) => (Audience::Repository, format!("in commit {commit}")),
            None => (Audience::Unknown, "who can read it is not known".to_owned()),
        };
        finding.audience = audience;
        finding.audience_why = format!("{} found it; {why}", finding.tool);
    }
}

/// The import of all findings of a report.
pub(crate) fn imported(
    input: &Input<'_>,
    mut imported: Imported,
    tells_liveness: Option<&str>,
) -> Imported {
    let cover = Cover::of(input);
    let why = rejected(imported.problems.len());
    let plaintext = imported.sightings.iter().filter(|one| one.is_plaintext());
    match plaintext.count() {
        0 => {}
        n => {
            imported.plaintext = true;
            imported.notes.push(format!(
                "{} holds {n} secret{} in plaintext: the file itself is an exposure; delete it, and have the tool redact",
                input.name,
                if n == 1 { "" } else { "s" }
            ));
        }
    }
    imported.coverage = vec![
        cover.read("findings", imported.sightings.len(), why),
        match tells_liveness {
            None => cover.read("liveness", imported.sightings.len(), None),
            Some(why) => cover.not_offered("liveness", why),
        },
        cover.not_offered(
            "what was searched",
            "a report names what was found, not what was read",
        ),
    ];
    imported
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_hid_is_no_secret() {
        let hidden = |text: &str| {
            let mut one = finding("x", "y", "/0");
            hold(&mut one, Some(text));
            (one.secret.is_none(), one.hint, one.key_id)
        };
        for text in ["REDACTED", "[REDACTED:21dd7e55]", "********", "", "ab"] {
            assert_eq!(hidden(text), (true, None, None), "{text}");
        }
        assert_eq!(hidden("glpat...").1.as_deref(), Some("glpat…"));
        assert_eq!(
            hidden("abcdefghijklmnop...").1,
            None,
            "more than a hint may show"
        );
        assert_eq!(
            hidden("AKIAIOSFODNN7EXAMPLE").2.as_deref(),
            Some("AKIAIOSFODNN7EXAMPLE")
        );
        assert!(!hidden("correct-horse-battery").0);
    }

    #[test]
    fn a_copy_in_a_commit_is_read_by_all_who_read_the_repository() {
        let mut one = finding("x", "y", "/0");
        place(
            &mut one,
            Some("./a/b.env"),
            Some(&Value::from(3)),
            Some("0123456789abcdef"),
        );
        assert_eq!(one.path.as_deref(), Some("a/b.env"));
        assert_eq!(
            (one.line, one.commit.as_deref()),
            (Some(3), Some("0123456"))
        );
        assert_eq!(one.audience, Audience::Repository);
        let mut two = finding("x", "y", "/0");
        place(
            &mut two,
            None,
            Some(&Value::from(0)),
            Some("0000000000000000"),
        );
        assert_eq!((two.line, two.commit), (None, None));
        assert_eq!(two.audience, Audience::Unknown);
        assert!(two.path.is_some());
    }
}
