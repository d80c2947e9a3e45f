//! `betterleaks … --report-format json` and `jsonl`, version 2: an array of findings, or one per line.
//!
//! Fields: <https://github.com/betterleaks/betterleaks>, `report/finding.go` and `sources/attribute.go`, read
//! 2026-11-26. `secret`, `match`, `matchContext`, `captureGroups` and the components of a set may hold plaintext;
//! only `secret` is read.

use super::{
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::{findings, guard, json},
};
use serde_json::Value;
use tenure_model::{place::Liveness, reported::Reported};

/// The name of this kind.
pub(super) const KIND: &str = "betterleaks";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let fields = ["ruleID", "secret", "location"];
    json::shaped(input, &fields, |entry| {
        fields.iter().all(|field| entry.get(field).is_some())
    })
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    for (at, entry) in json::held(input)?.iter().enumerate() {
        let at = format!("/{at}");
        let Some(found) = finding(entry, &at) else {
            imported.problems.push(Problem::new(
                format!("{at}/ruleID"),
                "the entry is no finding: it names no rule",
                "write the report again with `--report-format json`",
            ));
            continue;
        };
        imported.sightings.extend(components(entry, &found, &at));
        imported.sightings.push(found);
    }
    Ok(findings::imported(input, imported, None))
}

fn finding(entry: &Value, at: &str) -> Option<Reported> {
    let rule = json::text(entry, "ruleID")?;
    let mut found = findings::finding("Betterleaks", rule, at);
    findings::hold(&mut found, json::text(entry, "secret"));
    // Names of attributes hold dots, so that no pointer is needed.
    let attributes = entry.get("attributes").unwrap_or(&Value::Null);
    found.repository = json::text(attributes, "git.remote_url").map(guard::name);
    findings::place(
        &mut found,
        json::text(attributes, "path").or_else(|| json::text(attributes, "url")),
        entry.pointer("/location/startLine"),
        json::text(attributes, "git.sha"),
    );
    let status = entry.pointer("/validation/status").and_then(Value::as_str);
    found.liveness = liveness(status);
    Some(found)
}

/// The other halves of a credential: ids and secrets that were found beside it.
fn components(entry: &Value, main: &Reported, at: &str) -> Vec<Reported> {
    let sets = entry.get("componentSets").and_then(Value::as_array);
    let all = sets
        .into_iter()
        .flatten()
        .filter_map(|set| set.get("components")?.as_array());
    let mut known: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for component in all.flatten() {
        let (Some(rule), Some(secret)) = (
            json::text(component, "ruleID"),
            json::text(component, "secret"),
        ) else {
            continue;
        };
        if known.contains(&secret) {
            continue;
        }
        known.push(secret);
        let mut one = findings::finding("Betterleaks", rule, at);
        findings::hold(&mut one, Some(secret));
        one.repository.clone_from(&main.repository);
        findings::place(
            &mut one,
            main.path.as_deref(),
            component.pointer("/location/startLine"),
            None,
        );
        one.commit.clone_from(&main.commit);
        one.audience = main.audience;
        one.audience_why.clone_from(&main.audience_why);
        found.push(one);
    }
    found
}

/// `valid` and `revoked` come from the provider; what was not asked, or could not be, says nothing.
pub(super) fn liveness(status: Option<&str>) -> Liveness {
    match status {
        Some("valid") => Liveness::Live,
        Some("invalid" | "revoked") => Liveness::Refused,
        Some("error" | "unknown") => Liveness::FailedToCheck,
        Some("needs_validation") => Liveness::CannotCheck,
        _ => Liveness::NotChecked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDING: &str = r#"{"ruleID":"gitlab-pat","description":"d","confidence":"high","match":"X=SECRET",
        "secret":"SECRET","matchContext":"X=SECRET","captureGroups":{"a":"SECRET"},
        "attributes":{"path":"deploy/ci.env","git.sha":"0123456789abcdef0123456789abcdef01234567",
        "git.remote_url":"https://github.com/acme/app","git.message":"m"},
        "location":{"startLine":7,"endLine":7,"startColumn":2,"endColumn":27},
        "validation":{"status":"valid","metadata":{"x":1}},
        "componentSets":[{"components":[{"ruleID":"aws-access-token","match":"m","secret":"AKIAIOSFODNN7EXAMPLE",
        "location":{"startLine":6,"endLine":6,"startColumn":1,"endColumn":1}}]}],"tags":[]}"#;

    fn got(text: &str) -> Imported {
        let input = Input::new("leaks.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn findings_of_an_array_and_of_lines_are_the_same() {
        let one_line = FINDING.replace('\n', " ");
        let lines = got(&format!("{one_line}\n{one_line}\n"));
        let array = got(&format!("[{FINDING},{FINDING}]"));
        for got in [lines, array] {
            assert_eq!(got.sightings.len(), 4);
            let (beside, found) = (&got.sightings[0], &got.sightings[1]);
            assert_eq!(found.liveness, Liveness::Live);
            assert_eq!(found.path.as_deref(), Some("deploy/ci.env"));
            assert_eq!(
                found.repository.as_deref(),
                Some("https://github.com/acme/app")
            );
            assert_eq!(found.line, Some(7));
            assert_eq!(beside.key_id.as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
            assert_eq!(beside.line, Some(6));
        }
    }

    #[test]
    fn only_an_answer_of_the_provider_tells_liveness() {
        for (status, liveness) in [
            ("valid", Liveness::Live),
            ("revoked", Liveness::Refused),
            ("invalid", Liveness::Refused),
            ("error", Liveness::FailedToCheck),
            ("", Liveness::NotChecked),
        ] {
            let text = FINDING.replace("\"status\":\"valid\"", &format!("\"status\":\"{status}\""));
            assert_eq!(got(&text).sightings[1].liveness, liveness, "{status}");
        }
    }
}
