//! `GET /repos/{owner}/{repo}/keys`: the deploy keys of a repository. They have no end date.

use super::{
    github::{self, Pages},
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition, rejected},
    reading::{guard, json},
};
use serde_json::Value;
use tenure_model::{
    facts::{IssuedTo, Privilege, Status},
    key::{Associate, Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "github-deploy-keys";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let fields = ["id", "key", "title", "read_only", "url"];
    json::shaped(input, &fields, |entry| {
        fields.iter().all(|field| entry.get(field).is_some())
    })
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let Pages {
        entries,
        why_partial,
    } = github::pages(input, KIND, "id")?;
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    for (at, entry) in &entries {
        match key(entry, at, input) {
            Ok(row) => imported.rows.push(row),
            Err(problem) => imported.problems.push(problem),
        }
    }
    let why: Vec<String> = rejected(imported.problems.len())
        .into_iter()
        .chain(why_partial)
        .collect();
    let why = (!why.is_empty()).then(|| why.join("; "));
    let cover = Cover::of(input);
    let keys = imported.rows.len();
    let tells_use = entries
        .iter()
        .any(|(_, entry)| entry.get("last_used").is_some());
    imported.whole = why.is_none();
    imported.coverage = vec![
        cover.read("deploy keys of the repositories listed", keys, why.clone()),
        if tells_use || entries.is_empty() {
            cover.read("last use", keys, why)
        } else {
            cover.not_offered("last use", "the entries have no field `last_used`")
        },
        cover.not_offered("expiry", "GitHub deploy keys have no end date"),
    ];
    Ok(imported)
}

fn key(entry: &Value, at: &str, input: &Input<'_>) -> Result<Row, Problem> {
    let id = json::id(entry, "id").ok_or_else(|| {
        Problem::new(
            format!("{at}/id"),
            "the entry has no id",
            "export the list again",
        )
    })?;
    let status = entry
        .get("enabled")
        .and_then(Value::as_bool)
        .map(|enabled| {
            if enabled {
                Status::Active
            } else {
                Status::Inactive
            }
        });
    let privilege = entry
        .get("read_only")
        .and_then(Value::as_bool)
        .map(|read_only| {
            if read_only {
                (Privilege::ReadNarrow, "read_only: true".to_owned())
            } else {
                (Privilege::WriteNarrow, "read_only: false".to_owned())
            }
        });
    // The field `key` is the public half: no secret, and of no use here.
    let associates = json::text(entry, "added_by")
        .map(|who| Associate {
            who: guard::id(who),
            why: "added it".to_owned(),
            machine: who.ends_with("[bot]"),
        })
        .into_iter()
        .collect();
    Ok(Row {
        at: at.to_owned(),
        provider: "github".to_owned(),
        credential: Some("deploy_key".to_owned()),
        account: json::text(entry, "url").and_then(repository),
        key_id: Some(guard::id(&id)),
        name: json::text(entry, "title").map(guard::name),
        created: github::past(entry, "created_at", When::Unknown, When::Unknown, input, at)?,
        last_used: github::past(entry, "last_used", When::Never, When::NotOffered, input, at)?,
        status,
        privilege,
        issued_to: Some(IssuedTo::Service),
        associates,
        ..Row::default()
    })
}

/// `https://api.github.com/repos/acme/infra/keys/7`: the repository.
fn repository(url: &str) -> Option<String> {
    let mut parts = url.split('/').skip_while(|part| *part != "repos").skip(1);
    let (owner, name) = (parts.next()?, parts.next()?);
    (!owner.is_empty() && !name.is_empty()).then(|| guard::id(&format!("{owner}/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/github_deploy_keys.json");

    fn got(text: &str) -> Imported {
        let input = Input::new(
            "deploy.json",
            text.as_bytes(),
            "2026-11-23".parse().unwrap(),
        );
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_key_of_a_repository() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.account.as_deref(), Some("acme/infra"));
        assert_eq!(row.key_id.as_deref(), Some("7"));
        assert_eq!(row.name.as_deref(), Some("argocd"));
        assert_eq!(row.last_used, When::On("2026-11-21".parse().unwrap()));
        assert_eq!(row.privilege.as_ref().unwrap().0, Privilege::WriteNarrow);
        assert_eq!(row.associates[0].who, "carol-left");
        assert_eq!(row.expires, When::NotOffered);
        assert_eq!(row.status, Some(Status::Active));
        assert!(row.secret.is_none());
    }

    #[test]
    fn null_is_never_and_absent_is_not_offered() {
        let never = LIST
            .replace("\"2026-11-21T10:00:00Z\"", "null")
            .replace("\"enabled\": true", "\"enabled\": false");
        assert_eq!(got(&never).rows[0].last_used, When::Never);
        assert_eq!(got(&never).rows[0].status, Some(Status::Inactive));
        let absent = LIST
            .replace("\"last_used\"", "\"other\"")
            .replace("\"read_only\": false", "\"read_only\": true");
        assert_eq!(got(&absent).rows[0].last_used, When::NotOffered);
        assert_eq!(got(&absent).coverage[1].state.word(), "not_offered");
        assert_eq!(
            got(&absent).rows[0].privilege.as_ref().unwrap().0,
            Privilege::ReadNarrow
        );
        assert_eq!(got(&format!("{LIST}{LIST}")).rows[1].at, "/1/0");
    }
}
