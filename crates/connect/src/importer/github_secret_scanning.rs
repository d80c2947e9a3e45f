//! `GET /orgs/{org}/secret-scanning/alerts` and `GET /repos/{owner}/{repo}/secret-scanning/alerts`
//! (<https://docs.github.com/rest/secret-scanning/secret-scanning>, read 2026-11-26): secrets that GitHub found, with
//! what their providers say of them.
//!
//! `secret` is the plaintext unless `hide_secret=true` was asked for. `validity` is the answer of the provider.

use super::{
    github::{self, Pages},
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::{findings, guard, json},
};
use serde_json::Value;
use tenure_model::{
    place::{Audience, Liveness},
    reported::Reported,
};

/// The name of this kind.
pub(super) const KIND: &str = "github-secret-scanning-alerts";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let fields = ["number", "secret_type", "state"];
    json::shaped(input, &fields, |entry| {
        fields.iter().all(|field| entry.get(field).is_some())
    })
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let Pages {
        entries,
        why_partial,
    } = github::pages(input, KIND, "number")?;
    let (places, values): (Vec<String>, Vec<Value>) = entries.into_iter().unzip();
    let values = json::Held::new(values);
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    let (mut no_secrets, mut more) = (0u64, 0u64);
    for (at, alert) in places.iter().zip(values.iter()) {
        if matches!(
            json::text(alert, "resolution"),
            Some("false_positive" | "pattern_edited" | "pattern_deleted")
        ) {
            no_secrets = no_secrets.saturating_add(1);
            continue;
        }
        let further = alert.get("has_more_locations").and_then(Value::as_bool);
        more = more.saturating_add(u64::from(further == Some(true)));
        match sighting(alert, at) {
            Some(found) => imported.sightings.push(found),
            None => imported.problems.push(Problem::new(
                format!("{at}/secret_type"),
                "the alert names no type of secret",
                "export the list again",
            )),
        }
    }
    if no_secrets > 0 {
        let s = if no_secrets == 1 { "" } else { "s" };
        imported.notes.push(format!(
            "{no_secrets} alert{s} resolved as no secret left out"
        ));
    }
    let mut imported = findings::imported(input, imported, None);
    if more > 0 {
        imported.notes.push(format!(
            "{more} of the secrets stand in further places, which the list does not name: `gh api` with each alert's locations_url does"
        ));
    }
    if let (Some(why), Some(part)) = (why_partial, imported.coverage.first_mut()) {
        part.state = tenure_model::key::CoverageState::Partial;
        part.reason = Some(
            part.reason
                .take()
                .map_or(why.clone(), |known| format!("{known}; {why}")),
        );
    }
    Ok(imported)
}

fn sighting(alert: &Value, at: &str) -> Option<Reported> {
    let kind = json::text(alert, "secret_type")?;
    let mut found = findings::finding("GitHub secret scanning", kind, at);
    findings::hold(&mut found, json::text(alert, "secret"));
    let repository = alert.get("repository").unwrap_or(&Value::Null);
    let name =
        json::text(repository, "full_name").or_else(|| json::text(alert, "url").and_then(of_url));
    found.repository = name.map(|name| {
        let parts: Vec<String> = name.split('/').map(guard::name).collect();
        format!("github.com/{}", parts.join("/"))
    });
    let first = alert.get("first_location_detected").unwrap_or(&Value::Null);
    let flag = |value: &Value, field: &str| value.get(field).and_then(Value::as_bool);
    let (audience, why) = if flag(alert, "publicly_leaked") == Some(true) {
        (
            Audience::Public,
            "GitHub found it in public, outside the organisation",
        )
    } else if flag(repository, "private") == Some(false) {
        (Audience::Public, "its repository is public")
    } else {
        (
            Audience::Repository,
            "GitHub secret scanning found it in the repository",
        )
    };
    found.audience = audience;
    found.audience_why = if flag(alert, "multi_repo") == Some(true) {
        format!("{why}; it stands in several repositories")
    } else {
        why.to_owned()
    };
    let elsewhere = || {
        first.as_object()?.iter().find_map(|(field, url)| {
            let what = field.strip_suffix("_url")?;
            url.as_str().filter(|_| !matches!(what, "blob" | "commit"))
        })
    };
    let nameless =
        json::id(alert, "number").map(|number| format!("secret scanning alert {number}"));
    findings::place(
        &mut found,
        json::text(first, "path")
            .or_else(elsewhere)
            .or(nameless.as_deref()),
        first.get("start_line"),
        json::text(first, "commit_sha"),
    );
    found.liveness = match json::text(alert, "validity") {
        Some("active") => Liveness::Live,
        Some("inactive") => Liveness::Refused,
        _ => Liveness::NotChecked,
    };
    Some(found)
}

/// `https://api.github.com/repos/acme/infra/secret-scanning/alerts/7`: the repository.
fn of_url(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("/repos/")?;
    rest.split_once("/secret-scanning/").map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALERT: &str = r#"[{"number":2,"created_at":"2026-11-06T18:48:51Z","state":"open","resolution":null,
        "url":"https://api.github.com/repos/acme/app/secret-scanning/alerts/2",
        "secret_type":"npm_access_token","provider":"npm","secret":"a-made-up-secret-of-nobody","validity":"active",
        "publicly_leaked":false,"multi_repo":true,"repository":{"full_name":"acme/app","private":true},
        "first_location_detected":{"path":"deploy/ci.env","start_line":7,"end_line":7,
        "commit_sha":"0123456789abcdef0123456789abcdef01234567","commit_url":"https://api.github.com/x"},
        "has_more_locations":true}]"#;
    const SHORT: &str = include_str!("../../tests/fixtures/github_secret_scanning_alerts.json");

    fn got(text: &str) -> Imported {
        let input = Input::new(
            "alerts.json",
            text.as_bytes(),
            "2026-11-23".parse().unwrap(),
        );
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn an_alert_is_a_sighting_with_the_providers_answer() {
        let got = got(ALERT);
        let one = &got.sightings[0];
        assert_eq!(one.liveness, Liveness::Live);
        assert_eq!(one.repository.as_deref(), Some("github.com/acme/app"));
        assert_eq!(one.path.as_deref(), Some("deploy/ci.env"));
        assert_eq!(
            (one.line, one.commit.as_deref()),
            (Some(7), Some("0123456"))
        );
        assert_eq!(one.audience, Audience::Repository);
        assert!(one.audience_why.contains("several repositories"));
        assert!(got.plaintext && got.notes.iter().any(|note| note.contains("further places")));
    }

    #[test]
    fn one_alert_alone_has_a_place_too() {
        let alone = got(ALERT.trim_start_matches('[').trim_end_matches(']'));
        assert_eq!(alone.sightings[0].at, "/");
        assert_eq!(got(ALERT).sightings[0].at, "/0");
    }

    #[test]
    fn a_leak_in_public_and_a_public_repository_are_public() {
        let leaked = ALERT.replace("\"publicly_leaked\":false", "\"publicly_leaked\":true");
        assert_eq!(got(&leaked).sightings[0].audience, Audience::Public);
        let open = ALERT.replace("\"private\":true", "\"private\":false");
        assert_eq!(got(&open).sightings[0].audience, Audience::Public);
    }

    #[test]
    fn validity_unknown_says_nothing_and_inactive_is_refused() {
        let with = |word: &str| {
            got(&ALERT.replace("\"active\"", &format!("\"{word}\""))).sightings[0].liveness
        };
        assert_eq!(with("inactive"), Liveness::Refused);
        assert_eq!(with("unknown"), Liveness::NotChecked);
    }

    #[test]
    fn an_alert_resolved_as_false_positive_is_no_key_and_a_revoked_one_is() {
        let resolved = |word: &str| {
            got(&ALERT.replace("\"resolution\":null", &format!("\"resolution\":\"{word}\"")))
        };
        assert!(resolved("false_positive").sightings.is_empty());
        assert!(resolved("false_positive").notes[0].contains("resolved as no secret"));
        for kept in ["revoked", "wont_fix", "used_in_tests"] {
            assert_eq!(resolved(kept).sightings.len(), 1, "{kept}");
        }
    }

    #[test]
    fn a_public_id_is_an_id_and_a_hidden_secret_none() {
        let short = got(SHORT);
        let one = &short.sightings[0];
        assert!(one.key_id.is_some() && one.secret.is_none() && !short.plaintext);
        assert_eq!(one.path.as_deref(), Some("secret scanning alert 2"));
        let hidden = got(&ALERT.replace("\"a-made-up-secret-of-nobody\"", "null"));
        assert!(hidden.sightings[0].secret.is_none() && !hidden.plaintext);
    }

    #[test]
    fn a_full_page_may_not_be_the_last() {
        let many: Vec<Value> = (0..30)
            .map(|_| serde_json::from_str::<Vec<Value>>(ALERT).unwrap().remove(0))
            .collect();
        let got = got(&serde_json::to_string(&many).unwrap());
        assert_eq!(got.coverage[0].state.word(), "partial");
    }
}
