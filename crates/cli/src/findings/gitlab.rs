//! A secret detection report of GitLab, schema 15.2.5
//! (<https://gitlab.com/gitlab-org/security-products/security-report-schemas>, read 2026-11-26).

use super::{Look, Streamed, places};
use crate::text::tame;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tenure_model::{
    digest,
    scan::{Finding, Scan, Seen, Standing},
};

/// What GitLab's own analyser writes where there is no commit to name.
const NO_COMMIT: &str = "0000000";

#[derive(Serialize)]
struct Report<V> {
    version: &'static str,
    scan: Value,
    vulnerabilities: V,
}

/// The report. What is allowed is not in it; what the baseline knows is.
pub(super) fn report(scan: &Scan, look: Look) -> impl Serialize {
    let vulnerabilities = || {
        let mut seen: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        places(scan)
            .filter(|(_, place)| place.standing != Standing::Allowed)
            .map(move |(finding, place)| {
                let number = seen.entry((&finding.id, &place.path)).or_default();
                *number = number.saturating_add(1);
                vulnerability(finding, place, *number)
            })
    };
    let tool = json!({
        "id": "tenure",
        "name": "Tenure",
        "version": env!("CARGO_PKG_VERSION"),
        "vendor": {"name": "Tenure"},
    });
    let messages: Vec<Value> = scan
        .skipped
        .iter()
        .map(|one| json!({"level": "warn", "value": format!("not read whole: {}: {}", tame(&one.path), tame(&one.reason))}))
        .collect();
    let (start, end) = times(scan, look);
    Report {
        version: "15.2.5",
        scan: json!({
            "analyzer": tool,
            "scanner": tool,
            "type": "secret_detection",
            "status": "success",
            "start_time": start,
            "end_time": end,
            "messages": messages,
        }),
        vulnerabilities: Streamed(vulnerabilities),
    }
}

fn vulnerability(finding: &Finding, place: &Seen, number: u32) -> Value {
    let hint = finding
        .hint
        .as_ref()
        .map_or_else(String::new, |hint| format!(" {hint}"));
    let severity = if finding.provider == "unknown" {
        "Medium"
    } else {
        "High"
    };
    let mut location = json!({
        "file": place.path,
        "commit": {"sha": place.commit.as_deref().unwrap_or(NO_COMMIT)},
    });
    if let (Some(line), Some(map)) = (place.line, location.as_object_mut()) {
        map.insert("start_line".to_owned(), line.into());
        map.insert("end_line".to_owned(), line.into());
    }
    json!({
        "id": uuid(&format!("{}\n{}\n{number}", finding.id, place.path)),
        "name": finding.title,
        "description": tame(&format!("{}{hint}, readable by {}: {}", finding.title, place.audience.word(), place.sentence)),
        "severity": severity,
        "solution": "Revoke the key at its provider, then remove the copy.",
        "identifiers": [
            {"type": "tenure_rule", "name": format!("Tenure rule {}", finding.rule), "value": finding.rule},
            {"type": "tenure_finding", "name": format!("Tenure finding {}", finding.id), "value": finding.id},
        ],
        "location": location,
    })
}

/// A UUID of version 8 (RFC 9562) that is the same for the same text.
fn uuid(text: &str) -> String {
    let hash = digest::of_bytes(text.as_bytes());
    let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-8{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}

/// When the scan began and ended; midnight of the day that was given, so that a run can be repeated to the byte.
fn times(scan: &Scan, look: Look) -> (String, String) {
    let written = |stamp: jiff::Timestamp| stamp.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    if look.dated {
        let midnight = format!("{}T00:00:00", scan.today);
        return (midnight.clone(), midnight);
    }
    let end = jiff::Timestamp::now();
    let start = jiff::SignedDuration::try_from_secs_f64(scan.stats.wall)
        .ok()
        .and_then(|wall| end.checked_sub(wall).ok())
        .unwrap_or(end);
    (written(start), written(end))
}
