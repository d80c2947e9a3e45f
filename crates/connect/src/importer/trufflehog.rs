//! `trufflehog … --json`: one finding per line. Fields: <https://github.com/trufflesecurity/trufflehog>,
//! `pkg/output/json.go`, read 2026-11-26.
//!
//! `Verified: false` says nothing: it stands there also where nobody asked (`--no-verification`) or where the
//! detector cannot ask. `Raw` may be an id of which `RawV2` holds the secret behind it.

use super::{
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::{findings, guard, json},
};
use serde_json::Value;
use tenure_model::{place::Liveness, reported::Reported};

/// The name of this kind.
pub(super) const KIND: &str = "trufflehog";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let fields = ["SourceMetadata", "DetectorName", "Raw"];
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
        // Its log stands on standard error, and in the report where somebody sent both there.
        if entry.get("level").is_some() && entry.get("msg").is_some() {
            continue;
        }
        match finding(entry, &format!("/{at}")) {
            Some(found) => imported.sightings.push(found),
            None => imported.problems.push(Problem::new(
                format!("/{at}/DetectorName"),
                "the entry is no finding: it names no detector",
                "write the report again with `--json`",
            )),
        }
    }
    Ok(findings::imported(input, imported, None))
}

fn finding(entry: &Value, at: &str) -> Option<Reported> {
    let detector = json::text(entry, "DetectorName")?;
    let mut found = findings::finding("TruffleHog", detector, at);
    let raw = json::text(entry, "Raw");
    findings::hold(&mut found, raw);
    if let (Some(raw), Some(both), true) = (raw, json::text(entry, "RawV2"), found.key_id.is_some())
    {
        let behind = both
            .strip_prefix(raw)
            .map(|rest| rest.trim_start_matches(':'));
        findings::hold(&mut found, behind);
    }
    if found.secret.is_none() && found.key_id.is_none() && found.hint.is_none() {
        found.hint = json::text(entry, "Redacted")
            .filter(|text| guard::is_masked(text))
            .map(guard::name);
    }
    let data = entry
        .pointer("/SourceMetadata/Data")
        .and_then(Value::as_object);
    let place = data
        .and_then(|data| data.values().next())
        .unwrap_or(&Value::Null);
    let text = |names: &[&str]| names.iter().find_map(|name| json::text(place, name));
    found.repository =
        text(&["repository", "bucket", "channel_name", "image", "project"]).map(guard::name);
    findings::place(
        &mut found,
        text(&["file", "path", "layer", "link"]),
        place.get("line"),
        text(&["commit"]),
    );
    let verified = entry.get("Verified").and_then(Value::as_bool) == Some(true);
    found.liveness = if verified {
        Liveness::Live
    } else if json::text(entry, "VerificationError").is_some() {
        Liveness::FailedToCheck
    } else {
        Liveness::NotChecked
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDING: &str = r#"{"SourceMetadata":{"Data":{"Git":{"commit":"0123456789abcdef0123456789abcdef01234567",
        "file":"deploy/ci.env","email":"a@x.io","repository":"https://github.com/acme/app.git",
        "timestamp":"2026-01-01 00:00:00 +0000","line":7}}},"SourceID":1,"SourceType":16,"SourceName":"trufflehog - git",
        "DetectorType":9,"DetectorName":"Gitlab","DecoderName":"PLAIN","Verified":false,"Raw":"SECRET","RawV2":"",
        "Redacted":"","ExtraData":null,"StructuredData":null}"#;

    fn got(text: &str) -> Imported {
        let input = Input::new("hog.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn lines_of_findings_and_of_the_log_between_them() {
        let line = FINDING
            .replace('\n', " ")
            .replace("SECRET", "a-made-up-secret-of-nobody");
        let log = r#"{"level":"info-0","ts":"2026-01-01T00:00:00Z","msg":"finished scanning"}"#;
        let got = got(&format!("{log}\n{line}\n{log}\n"));
        assert_eq!((got.sightings.len(), got.problems.len()), (1, 0));
        let one = &got.sightings[0];
        assert_eq!(one.path.as_deref(), Some("deploy/ci.env"));
        assert_eq!(
            one.repository.as_deref(),
            Some("https://github.com/acme/app.git")
        );
        assert_eq!(
            (one.line, one.commit.as_deref()),
            (Some(7), Some("0123456"))
        );
        assert!(got.plaintext);
    }

    #[test]
    fn unverified_is_not_refused() {
        let with = |change: &str| {
            got(&FINDING.replace("\"Verified\":false", change)).sightings[0].liveness
        };
        assert_eq!(with("\"Verified\":false"), Liveness::NotChecked);
        assert_eq!(with("\"Verified\":true"), Liveness::Live);
        assert_eq!(
            with("\"Verified\":false,\"VerificationError\":\"timeout\""),
            Liveness::FailedToCheck
        );
    }

    #[test]
    fn an_id_and_the_secret_behind_it_are_one_finding() {
        let text = FINDING
            .replace("\"Gitlab\"", "\"AWS\"")
            .replace("SECRET", "AKIAIOSFODNN7EXAMPLE")
            .replace(
                "\"RawV2\":\"\"",
                "\"RawV2\":\"AKIAIOSFODNN7EXAMPLE:a-made-up-secret\"",
            );
        let got = got(&text);
        let one = &got.sightings[0];
        assert_eq!(one.key_id.as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
        assert_eq!(one.secret.as_ref().unwrap().expose(), b"a-made-up-secret");
    }
}
