//! SARIF 2.1.0 of any tool (OASIS Standard, <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>, read 2026-11-26):
//! its results about secrets become sightings, the others are counted.
//!
//! `region.snippet` may hold the secret or the line around it: it is searched for known forms and dropped.

use super::{
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::{findings, guard, json},
};
use serde_json::Value;
use tenure_model::{reported::Reported, secret::Secret};

/// The name of this kind.
pub(super) const KIND: &str = "sarif";
/// Tools that look for nothing but secrets.
const SECRET_SCANNERS: [&str; 8] = [
    "gitleaks",
    "betterleaks",
    "trufflehog",
    "kingfisher",
    "ggshield",
    "gitguardian",
    "noseyparker",
    "detectsecrets",
];
/// Words in a rule's id, name or tags that say that it is about a secret in a file, and the weaknesses of that sort:
/// hard-coded credentials, passwords, keys (<https://cwe.mitre.org/data/definitions/798.html>). `token` and `password`
/// alone are no such words: most rules that have them are about forgery or storage.
const ABOUT: [&str; 10] = [
    "secret",
    "hardcoded",
    "hard-coded",
    "api-key",
    "apikey",
    "access-key",
    "private-key",
    "cwe-798",
    "cwe-259",
    "cwe-321",
];

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    json::shaped(input, &["runs", "tool", "driver"], |log| {
        let runs = log.get("runs").and_then(Value::as_array);
        runs.is_some_and(|runs| {
            runs.iter()
                .any(|run| run.pointer("/tool/driver/name").is_some())
        })
    })
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    let (mut others, mut settled) = (0u64, 0u64);
    for log in json::held(input)?.iter() {
        let version = json::text(log, "version").unwrap_or("none");
        let Some(runs) = log
            .get("runs")
            .and_then(Value::as_array)
            .filter(|_| version == "2.1.0")
        else {
            return Err(ImportError::Shape {
                file: input.name.to_owned(),
                kind: KIND,
                why: format!(
                    "its version is {}, and 2.1.0 is read",
                    guard::quoted(version)
                ),
                todo: "have the tool write SARIF 2.1.0".to_owned(),
            });
        };
        for (nth, run) in runs.iter().enumerate() {
            let tool = run.pointer("/tool/driver").unwrap_or(&Value::Null);
            let name = json::text(tool, "name").unwrap_or("a tool without a name");
            let results = run.get("results").and_then(Value::as_array);
            for (at, result) in results.into_iter().flatten().enumerate() {
                let at = format!("/runs/{nth}/results/{at}");
                let rule = Rule::of(result, tool);
                if !rule.is_about_secrets(name) {
                    others = others.saturating_add(1);
                } else if is_settled(result) {
                    settled = settled.saturating_add(1);
                } else if rule.id.is_empty() {
                    imported.problems.push(Problem::new(
                        format!("{at}/ruleId"),
                        "the result names no rule",
                        "have the tool write SARIF 2.1.0 with rules",
                    ));
                } else {
                    imported
                        .sightings
                        .extend(sightings(result, name, rule.id, &at));
                }
            }
        }
    }
    for (count, what) in [
        (others, "about other things than secrets"),
        (
            settled,
            "that somebody suppressed, or that are not there any more,",
        ),
    ] {
        if count > 0 {
            let s = if count == 1 { "" } else { "s" };
            imported
                .notes
                .push(format!("{count} result{s} {what} left out"));
        }
    }
    Ok(findings::imported(
        input,
        imported,
        Some("SARIF has no field for it"),
    ))
}

struct Rule<'r> {
    id: &'r str,
    /// The rule as the tool describes it.
    described: Option<&'r Value>,
}

impl<'r> Rule<'r> {
    fn of(result: &'r Value, tool: &'r Value) -> Self {
        let rules = tool
            .get("rules")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let index = result
            .get("ruleIndex")
            .or_else(|| result.pointer("/rule/index"))
            .and_then(Value::as_u64)
            .and_then(|index| rules.get(usize::try_from(index).ok()?));
        let id = json::text(result, "ruleId")
            .or_else(|| result.pointer("/rule/id").and_then(Value::as_str))
            .or_else(|| json::text(index?, "id"))
            .unwrap_or_default();
        let named = || rules.iter().find(|rule| json::text(rule, "id") == Some(id));
        Self {
            id,
            described: index.or_else(named),
        }
    }

    fn is_about_secrets(&self, tool: &str) -> bool {
        let plain: String = tool.chars().filter(char::is_ascii_alphanumeric).collect();
        let plain = plain.to_ascii_lowercase();
        if SECRET_SCANNERS.iter().any(|known| plain.contains(known)) {
            return true;
        }
        let tags = self
            .described
            .and_then(|rule| rule.pointer("/properties/tags"));
        let tags = tags.and_then(Value::as_array).into_iter().flatten();
        let name = self.described.and_then(|rule| json::text(rule, "name"));
        [Some(self.id), name]
            .into_iter()
            .flatten()
            .chain(tags.filter_map(Value::as_str))
            .any(|text| {
                let text = text.to_ascii_lowercase();
                ABOUT.iter().any(|word| text.contains(word))
            })
    }
}

/// Suppressed by somebody, gone since the baseline, or no finding at all.
fn is_settled(result: &Value) -> bool {
    let suppressions = result.get("suppressions").and_then(Value::as_array);
    let suppressed = suppressions.is_some_and(|all| {
        !all.is_empty()
            && all
                .iter()
                .all(|one| !matches!(json::text(one, "status"), Some("rejected" | "underReview")))
    });
    suppressed
        || json::text(result, "baselineState") == Some("absent")
        || matches!(
            json::text(result, "kind"),
            Some("pass" | "notApplicable" | "informational")
        )
}

/// One sighting per location; a result without one is a sighting all the same.
fn sightings(result: &Value, tool: &str, rule: &str, at: &str) -> Vec<Reported> {
    let locations = result.get("locations").and_then(Value::as_array);
    let locations = locations.map_or(&[][..], Vec::as_slice);
    let nowhere = [Value::Null];
    let places = if locations.is_empty() {
        &nowhere
    } else {
        locations
    };
    places
        .iter()
        .map(|location| {
            let mut found = findings::finding(tool, rule, at);
            let physical = location.get("physicalLocation").unwrap_or(&Value::Null);
            let region = physical.get("region").unwrap_or(&Value::Null);
            let snippet = region.pointer("/snippet/text").and_then(Value::as_str);
            found.around = snippet
                .filter(|text| !text.trim().is_empty())
                .map(|text| Secret::new(text.as_bytes()));
            let uri = physical
                .pointer("/artifactLocation/uri")
                .and_then(Value::as_str);
            let path = uri.map(decoded);
            let commit = result
                .pointer("/partialFingerprints/commitSha")
                .or_else(|| location.pointer("/properties/git_metadata/commit/id"))
                .and_then(Value::as_str);
            findings::place(&mut found, path.as_deref(), region.get("startLine"), commit);
            found
        })
        .collect()
}

/// A file of a URI: without `file://`, and with `%20` as the blank that it stands for.
fn decoded(uri: &str) -> String {
    let path = uri.strip_prefix("file://").unwrap_or(uri);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match (byte, digit(ahead.next()), digit(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::place::Audience;

    fn log(tool: &str, rule: &str, more: &str) -> String {
        format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"{tool}","rules":[{{"id":"{rule}",
            "name":"n","properties":{{"tags":["security"]}}}}]}}}},"results":[{{"ruleIndex":0,"message":{{"text":"m"}},
            "locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"my%20app/a.env","uriBaseId":"%SRCROOT%"}},
            "region":{{"startLine":7,"snippet":{{"text":"X=a-made-up-secret-of-nobody"}}}}}}}}]{more}}}]}}]}}"#
        )
    }

    fn got(text: &str) -> Imported {
        let input = Input::new("x.sarif", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_result_about_a_secret_is_a_sighting() {
        let commit = r#","partialFingerprints":{"commitSha":"0123456789abcdef"}"#;
        let got = got(&log("gitleaks", "stripe-access-token", commit));
        let one = &got.sightings[0];
        assert_eq!(one.path.as_deref(), Some("my app/a.env"));
        assert_eq!(
            (one.line, one.commit.as_deref()),
            (Some(7), Some("0123456"))
        );
        assert_eq!(one.audience, Audience::Repository);
        assert_eq!(one.rule, "stripe-access-token");
        assert!(one.around.is_some() && one.secret.is_none() && got.plaintext);
        assert!(!format!("{got:?}").contains("a-made-up"));
    }

    #[test]
    fn results_about_other_things_are_counted_and_no_keys() {
        let other = got(&log("CodeQL", "js/sql-injection", ""));
        assert!(other.sightings.is_empty() && !other.plaintext);
        assert_eq!(
            other.notes,
            ["1 result about other things than secrets left out"]
        );
        assert!(
            got(&log("CodeQL", "js/missing-token-validation", ""))
                .sightings
                .is_empty()
        );
        assert_eq!(
            got(&log("CodeQL", "js/hardcoded-credentials", ""))
                .sightings
                .len(),
            1
        );
    }

    #[test]
    fn what_was_settled_is_left_out_and_a_rejected_suppression_is_none() {
        for settled in [
            r#","suppressions":[{"kind":"external"}]"#,
            r#","baselineState":"absent""#,
            r#","kind":"pass""#,
        ] {
            let got = got(&log("gitleaks", "x", settled));
            assert!(got.sightings.is_empty(), "{settled}");
            assert_eq!(got.notes.len(), 1);
        }
        let rejected = r#","suppressions":[{"kind":"external","status":"rejected"}]"#;
        assert_eq!(got(&log("gitleaks", "x", rejected)).sightings.len(), 1);
    }

    #[test]
    fn another_version_and_a_result_without_location() {
        let old = log("gitleaks", "x", "").replace("2.1.0", "2.0.0");
        let input = Input::new("x.sarif", old.as_bytes(), "2026-11-23".parse().unwrap());
        assert!(
            read(&input)
                .unwrap_err()
                .to_string()
                .contains("2.1.0 is read")
        );
        let nowhere = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"gitleaks"}},
            "results":[{"ruleId":"x","message":{"text":"m"}},{"message":{"text":"m"}}]}]}"#;
        let got = got(nowhere);
        assert_eq!((got.sightings.len(), got.problems.len()), (1, 1));
        assert_eq!(decoded("file:///a%2fb%zz%4"), "/a/b%zz%4");
    }
}
