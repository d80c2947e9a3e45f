//! `kingfisher scan --format json` and `jsonl`: one object with `findings`, or one finding per line and a closing
//! record. Fields: <https://github.com/mongodb/kingfisher>, `docs/viewer/sample-report.json`, and what version
//! 2.14.0 writes; read 2026-11-26.
//!
//! `snippet` is the plaintext unless `--redact` was given; `validate_command`, `blast_radius_command` and the
//! provider's `response` may hold it as well and are not read.

use super::{
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::{findings, guard, json},
};
use serde_json::Value;
use tenure_model::{place::Liveness, reported::Reported};

/// The name of this kind.
pub(super) const KIND: &str = "kingfisher";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let findings = json::shaped(input, &["rule", "finding", "snippet"], |entry| {
        let nested = entry.get("findings").and_then(Value::as_array);
        is_finding(entry) || nested.is_some_and(|all| all.iter().any(is_finding))
    });
    if findings == Recognition::Yes {
        return findings;
    }
    json::shaped(input, &["findings", "kingfisher_version"], |entry| {
        entry.get("findings").is_some_and(Value::is_array)
    })
}

fn is_finding(entry: &Value) -> bool {
    entry.pointer("/rule/id").is_some() && entry.pointer("/finding/snippet").is_some()
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    let documents = json::held(input)?;
    let mut seen = false;
    for (number, document) in documents.iter().enumerate() {
        let entries: Vec<(String, &Value)> = match document.get("findings") {
            Some(Value::Array(all)) => {
                seen = true;
                let all = all.iter().enumerate();
                all.map(|(at, one)| (format!("/{number}/findings/{at}"), one))
                    .collect()
            }
            _ if document.get("finding").is_some() => vec![(format!("/{number}"), document)],
            // Counts, audit and access map behind the findings.
            _ => Vec::new(),
        };
        seen |= !entries.is_empty();
        for (at, entry) in entries {
            match finding(entry, &at) {
                Some(found) => imported.sightings.push(found),
                None => imported.problems.push(Problem::new(
                    format!("{at}/rule/id"),
                    "the entry is no finding: it names no rule",
                    "write the report again with `--format json`",
                )),
            }
        }
    }
    // A report by lines without a finding is its closing record alone.
    let closing =
        |document: &Value| document.get("audit").is_some() || document.get("metadata").is_some();
    if !seen && !documents.iter().any(closing) {
        return Err(ImportError::Shape {
            file: input.name.to_owned(),
            kind: KIND,
            why: "it has neither `findings` nor a finding".to_owned(),
            todo: "write the report again with `kingfisher scan --format json`".to_owned(),
        });
    }
    Ok(findings::imported(input, imported, None))
}

fn finding(entry: &Value, at: &str) -> Option<Reported> {
    let rule = json::text(entry.get("rule")?, "id")?;
    let told = entry.get("finding")?;
    let mut found = findings::finding("Kingfisher", rule, at);
    findings::hold(&mut found, json::text(told, "snippet"));
    let git = told.get("git_metadata").unwrap_or(&Value::Null);
    found.repository = json::text(git, "repository_url")
        .filter(|url| *url != ".")
        .map(guard::name);
    let within = git.pointer("/file/path").and_then(Value::as_str);
    findings::place(
        &mut found,
        within.or_else(|| json::text(told, "path")),
        told.get("line"),
        git.pointer("/commit/id").and_then(Value::as_str),
    );
    found.liveness = liveness(told.get("validation").unwrap_or(&Value::Null));
    Some(found)
}

/// The outcome where the version writes one. Older versions write `Inactive Credential` also where they did not
/// ask, and say so in the response.
fn liveness(validation: &Value) -> Liveness {
    match json::text(validation, "outcome") {
        Some("verified_active") => return Liveness::Live,
        Some("verified_inactive") => return Liveness::Refused,
        Some("unavailable") => return Liveness::FailedToCheck,
        Some(_) => return Liveness::NotChecked,
        None => {}
    }
    let skipped = json::text(validation, "response").is_none_or(|response| {
        response
            .to_ascii_lowercase()
            .starts_with("validation skipped")
    });
    match json::text(validation, "status") {
        Some("Active Credential") => Liveness::Live,
        Some("Inactive Credential") if !skipped => Liveness::Refused,
        Some("Inconclusive Validation") => Liveness::FailedToCheck,
        _ => Liveness::NotChecked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDING: &str = r#"{"rule":{"title":"t","name":"gitlab-pat","id":"betterleaks.gitlab-pat"},
        "finding":{"snippet":"SECRET","fingerprint":"1","confidence":"high","entropy":"4.3",
        "validation":{"outcome":"not_attempted","status":"Not Attempted","response":""},"language":"Unknown","line":2,
        "column_start":14,"column_end":39,"path":"a.env","git_metadata":{"repository_url":".",
        "commit":{"id":"69e5ffdcf76a36093924b025c8863f2bc011c5d1"},"file":{"path":"a.env"}},
        "validate_command":"kingfisher validate 'SECRET'"}}"#;
    const END: &str = r#"{"audit":{"schema":"kingfisher.repository-audit.v1"}}"#;

    fn got(text: &str) -> Imported {
        let input = Input::new("kf.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn findings_of_one_object_and_of_lines_are_the_same() {
        let line = FINDING.replace('\n', " ");
        let whole = format!(
            r#"{{"findings":[{FINDING}],"metadata":{{"kingfisher_version":"2.14.0"}}}} {{"findings":1}}"#
        );
        for got in [got(&whole), got(&format!("{line}\n{END}\n"))] {
            assert_eq!((got.sightings.len(), got.problems.len()), (1, 0));
            let one = &got.sightings[0];
            assert_eq!(one.path.as_deref(), Some("a.env"));
            assert_eq!(
                (one.line, one.commit.as_deref()),
                (Some(2), Some("69e5ffd"))
            );
            assert_eq!(one.repository, None);
            assert_eq!(one.stands_for.as_ref().unwrap().0, "gitlab");
        }
    }

    #[test]
    fn a_report_without_findings_covers_and_holds_nothing() {
        let got = got(r#"{"findings":[],"metadata":{"kingfisher_version":"2.14.0"}}"#);
        assert_eq!(got.coverage[0].rows, Some(0));
        let input = Input::new("x", b"{\"a\":1}", "2026-11-23".parse().unwrap());
        assert!(
            read(&input)
                .unwrap_err()
                .to_string()
                .contains("--format json")
        );
    }

    #[test]
    fn what_was_skipped_is_not_refused() {
        let with = |validation: &str| {
            let text = FINDING.replace(
                r#"{"outcome":"not_attempted","status":"Not Attempted","response":""}"#,
                validation,
            );
            got(&text).sightings[0].liveness
        };
        assert_eq!(with(r#"{"outcome":"verified_active"}"#), Liveness::Live);
        assert_eq!(
            with(r#"{"outcome":"verified_inactive"}"#),
            Liveness::Refused
        );
        assert_eq!(
            with(r#"{"outcome":"skipped","status":"Inactive Credential"}"#),
            Liveness::NotChecked
        );
        let old = |response: &str| {
            with(&format!(
                r#"{{"status":"Inactive Credential","response":"{response}"}}"#
            ))
        };
        assert_eq!(
            old("Validation skipped - missing dependent rules: x"),
            Liveness::NotChecked
        );
        assert_eq!(old("key not found"), Liveness::Refused);
    }
}
