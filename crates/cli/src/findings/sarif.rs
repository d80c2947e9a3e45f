//! SARIF 2.1.0 (OASIS, <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), one result per place, in
//! the subset that GitHub reads
//! (<https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support>, read 2026-11-26).

use super::{Look, Streamed};
use crate::text::tame;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use tenure_model::scan::{Finding, Scan, Seen, Standing};

#[derive(Serialize)]
struct Log<R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<R>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R> {
    tool: Value,
    column_kind: &'static str,
    invocations: Value,
    results: R,
}

/// For how many of a finding's places the others are told, and how many of them.
const TELLING: usize = 100;
const TOLD: usize = 20;

/// The log with its one run.
pub(super) fn sarif(scan: &Scan, look: Look) -> impl Serialize {
    let rules: BTreeMap<&str, &Finding> = scan
        .findings
        .iter()
        .rev()
        .map(|finding| (finding.rule.as_str(), finding))
        .collect();
    let driver = json!({
        "name": "Tenure",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules.values().map(|finding| rule(finding)).collect::<Vec<_>>(),
    });
    let index: HashMap<String, usize> = rules
        .keys()
        .enumerate()
        .map(|(at, rule)| ((*rule).to_owned(), at))
        .collect();
    let notices: Vec<Value> = scan
        .skipped
        .iter()
        .map(|one| {
            json!({
                "level": "warning",
                "message": {"text": format!("not read whole: {}", tame(&one.reason))},
                "locations": [{"physicalLocation": {"artifactLocation": artifact(&one.path)}}],
            })
        })
        .collect();
    let results = move || {
        let index = index.clone();
        scan.findings.iter().flat_map(move |finding| {
            let at = index.get(&finding.rule).copied().unwrap_or(0);
            results_of(finding, at, look)
        })
    };
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: json!({"driver": driver}),
            column_kind: "unicodeCodePoints",
            invocations: json!([{
                "executionSuccessful": true,
                "toolExecutionNotifications": notices,
            }]),
            results: Streamed(results),
        }],
    }
}

fn results_of(finding: &Finding, at: usize, look: Look) -> impl Iterator<Item = Value> {
    let mut of_files: HashMap<&str, usize> = HashMap::new();
    let numbered = finding.places.iter().enumerate();
    numbered.map(move |(number, place)| {
        let of_file = of_files.entry(&place.path).or_default();
        *of_file = of_file.saturating_add(1);
        result(finding, place, (number, *of_file), at, look)
    })
}

fn rule(finding: &Finding) -> Value {
    let (vouched, severity) = if finding.provider == "unknown" {
        ("medium", "6.0")
    } else {
        ("high", "8.0")
    };
    json!({
        "id": finding.rule,
        "name": finding.rule,
        "shortDescription": {"text": finding.title},
        "fullDescription": {"text": format!("A copy of a key ({}) lies in the text.", finding.title)},
        "help": {"text": "Revoke the key at its provider, then remove the copy. Removing it alone ends nothing: \
            whoever could read it may hold it."},
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["security", "secret"],
            "precision": vouched,
            "security-severity": severity,
        },
    })
}

/// One place; the numbers are its place among all of the finding's, and from 1 among those of its file.
fn result(
    finding: &Finding,
    place: &Seen,
    (number, of_file): (usize, usize),
    at: usize,
    look: Look,
) -> Value {
    let hint = finding
        .hint
        .as_ref()
        .map_or_else(String::new, |hint| format!(" {hint}"));
    let text = format!(
        "{}{hint}, readable by {}: {}",
        finding.title,
        place.audience.word(),
        place.sentence
    );
    let told = if number < TELLING {
        finding.places.as_slice()
    } else {
        &[]
    };
    let others: Vec<Value> = told
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != number)
        .take(TOLD)
        .map(|(other, place)| {
            let mut location = location(place);
            location.insert("id".to_owned(), other.into());
            location.insert("message".to_owned(), json!({"text": tame(&place.sentence)}));
            Value::Object(location)
        })
        .collect();
    let mut result = Map::new();
    let mut set = |name: &str, value: Value| {
        result.insert(name.to_owned(), value);
    };
    set("ruleId", finding.rule.as_str().into());
    set("ruleIndex", at.into());
    let level = if place.standing == Standing::New {
        "error"
    } else {
        "note"
    };
    set("level", level.into());
    set("message", json!({"text": tame(&text)}));
    set("locations", json!([location(place)]));
    if !others.is_empty() {
        set("relatedLocations", others.into());
    }
    // The first is the one that GitHub goes by, together with file and rule.
    set(
        "partialFingerprints",
        json!({
            "primaryLocationLineHash": format!("{}:{of_file}", finding.id),
            "tenureFinding/v1": finding.id,
        }),
    );
    if look.compared {
        let state = if place.standing == Standing::Known {
            "unchanged"
        } else {
            "new"
        };
        set("baselineState", state.into());
    }
    match place.standing {
        Standing::New => {}
        Standing::Known => set(
            "suppressions",
            json!([{"kind": "external", "status": "accepted", "justification": "in the baseline"}]),
        ),
        Standing::Allowed => {
            let reason = place
                .allow
                .as_ref()
                .and_then(|allow| allow.reason.as_deref());
            set(
                "suppressions",
                json!([{"kind": "inSource", "status": "accepted", "justification": tame(reason.unwrap_or_default())}]),
            );
        }
    }
    let mut properties = json!({
        "audience": place.audience,
        "liveness": finding.liveness,
        "commit": place.commit,
        "atTip": place.at_tip,
    });
    if let (Some(check), Some(all)) = (&finding.check, properties.as_object_mut()) {
        all.insert("check".to_owned(), json!(check));
    }
    set("properties", properties);
    Value::Object(result)
}

fn location(place: &Seen) -> Map<String, Value> {
    let mut physical = Map::new();
    physical.insert("artifactLocation".to_owned(), artifact(&place.path));
    if let Some(line) = place.line {
        let mut region = Map::new();
        region.insert("startLine".to_owned(), line.into());
        if let Some(column) = place.column {
            region.insert("startColumn".to_owned(), column.into());
        }
        physical.insert("region".to_owned(), region.into());
    }
    let mut location = Map::new();
    location.insert("physicalLocation".to_owned(), physical.into());
    location
}

fn artifact(path: &str) -> Value {
    json!({"uri": uri(path), "uriBaseId": "%SRCROOT%"})
}

/// A path as a relative reference (RFC 3986): everything that is not plainly part of a segment is encoded.
fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    path.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_path_is_still_a_reference() {
        assert_eq!(
            uri("a b/\u{1b}[2J\n?#:ü.py"),
            "a%20b/%1B%5B2J%0A%3F%23%3A%C3%BC.py"
        );
    }
}
