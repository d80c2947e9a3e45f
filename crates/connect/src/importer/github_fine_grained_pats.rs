//! `GET /orgs/{org}/personal-access-tokens`: the fine-grained tokens that reach an organisation.
//!
//! Only GitHub Apps may read this list; anybody else gets a 403, which is "not covered". Classic tokens
//! are never in it.
//!
//! How permissions become a privilege, the strongest that applies:
//!
//! | permission | privilege |
//! |---|---|
//! | `administration`, `organization_administration`, `members`, custom roles, token grants: write or admin | `admin` |
//! | any `…secrets`, `secret_scanning_alerts`: read or write | `reads_secrets` |
//! | any other: write or admin | `write_wide` if it reaches all repositories, else `write_narrow` |
//! | any other: read | `read_wide` if it reaches all repositories, else `read_narrow` |

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
pub(super) const KIND: &str = "github-fine-grained-pats";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    json::shaped(input, &["token_id", "token_name"], |entry| {
        entry.get("token_id").is_some()
            && (entry.get("access_granted_at").is_some() || entry.get("token_expired").is_some())
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
    for (at, entry) in entries {
        match token(&entry, &at, input) {
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
    let tokens = imported.rows.len();
    imported.whole = why.is_none();
    imported.coverage = vec![
        cover.read("fine-grained personal access tokens", tokens, why.clone()),
        cover.read("last use", tokens, why.clone()),
        cover.read("expiry", tokens, why),
        cover.not_offered(
            "classic personal access tokens",
            "this list never holds them; GitHub shows them only as credential authorizations under SAML",
        ),
    ];
    Ok(imported)
}

fn token(entry: &Value, at: &str, input: &Input<'_>) -> Result<Row, Problem> {
    let id = json::id(entry, "token_id").ok_or_else(|| {
        Problem::new(
            format!("{at}/token_id"),
            "the entry has no token id",
            "export the list again",
        )
    })?;
    let owner = entry.get("owner").unwrap_or(&Value::Null);
    let login = json::text(owner, "login").map(guard::id);
    let status = match entry.get("token_expired").and_then(Value::as_bool) {
        Some(true) => Some(Status::Refused),
        Some(false) => Some(Status::Active),
        None => None,
    };
    let mut row = Row {
        at: at.to_owned(),
        provider: "github".to_owned(),
        credential: Some("pat_fine_grained".to_owned()),
        account: json::text(entry, "repositories_url").and_then(account),
        key_id: Some(guard::id(&id)),
        name: json::text(entry, "token_name").map(guard::name),
        created: github::past(
            entry,
            "access_granted_at",
            When::Unknown,
            When::Unknown,
            input,
            at,
        )?,
        last_used: github::past(
            entry,
            "token_last_used_at",
            When::Never,
            When::NotOffered,
            input,
            at,
        )?,
        expires: github::moment(entry, "token_expires_at", When::Never, When::NotOffered, at)?,
        status,
        privilege: privilege(entry),
        issued_to: Some(IssuedTo::Person),
        ..Row::default()
    };
    if let Some(login) = login {
        let machine =
            json::text(owner, "type").is_some_and(|kind| kind == "Bot") || login.ends_with("[bot]");
        row.associates.push(Associate {
            who: login,
            why: "holds it".to_owned(),
            machine,
        });
    }
    // The organisation revokes the grant, which has an id of its own.
    if let Some(grant) = json::id(entry, "id") {
        row.tags.insert("grant_id".to_owned(), guard::id(&grant));
    }
    Ok(row)
}

/// The organisation that the URL of the entry names, by name or by number.
fn account(url: &str) -> Option<String> {
    let mut parts = url
        .split('/')
        .skip_while(|part| !matches!(*part, "organizations" | "orgs"));
    let kind = parts.next()?;
    let name = parts.next().filter(|name| !name.is_empty())?;
    Some(if kind == "orgs" {
        guard::id(name)
    } else {
        format!("organization {}", guard::id(name))
    })
}

/// The strongest permission of an entry, and how the answer puts it.
pub(super) fn privilege(entry: &Value) -> Option<(Privilege, String)> {
    const ADMIN: [&str; 6] = [
        "administration",
        "organization_administration",
        "members",
        "organization_custom_roles",
        "organization_custom_org_roles",
        "organization_personal_access_tokens",
    ];
    let permissions = entry.get("permissions")?.as_object()?;
    let selection = json::text(entry, "repository_selection").unwrap_or("unknown selection");
    // An unknown selection is not assumed to be a small one.
    let wide = !matches!(selection, "none" | "subset");
    let of = |name: &str, access: &str| -> Option<Privilege> {
        let writes = matches!(access, "write" | "admin");
        if !writes && access != "read" {
            None
        } else if writes && ADMIN.contains(&name) {
            Some(Privilege::Admin)
        } else if name.ends_with("secrets") || name == "secret_scanning_alerts" {
            Some(Privilege::ReadsSecrets)
        } else {
            Some(match (writes, wide) {
                (true, true) => Privilege::WriteWide,
                (true, false) => Privilege::WriteNarrow,
                (false, true) => Privilege::ReadWide,
                (false, false) => Privilege::ReadNarrow,
            })
        }
    };
    let strongest = permissions
        .values()
        .filter_map(Value::as_object)
        .flatten()
        .filter_map(|(name, access)| {
            let access = access.as_str()?;
            Some((
                of(name, access)?,
                format!("{}: {access}", guard::quoted(name)),
            ))
        })
        // The order of the contract puts narrow writing before wide reading; each later word weighs more.
        .reduce(|best, one| if one.0 > best.0 { one } else { best });
    let (privilege, why) = strongest.unwrap_or((
        Privilege::ReadNarrow,
        "no permission beyond public data".to_owned(),
    ));
    Some((
        privilege,
        format!("{why}; repositories: {}", guard::quoted(selection)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LIST: &str = include_str!("../../tests/fixtures/github_org_personal_access_tokens.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("pats.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_token_with_its_holder_and_reach() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.key_id.as_deref(), Some("98716"));
        assert_eq!(row.name.as_deref(), Some("release-bot"));
        assert_eq!(row.account.as_deref(), Some("organization 9"));
        assert_eq!(row.created, When::On("2025-05-16".parse().unwrap()));
        assert_eq!(row.last_used, When::Never);
        assert_eq!(row.expires, When::Never);
        assert_eq!(row.status, Some(Status::Active));
        assert_eq!(row.associates[0].who, "bob");
        assert_eq!(row.issued_to, Some(IssuedTo::Person));
        assert_eq!(row.privilege.as_ref().unwrap().0, Privilege::WriteWide);
        assert!(got.whole);
        assert_eq!(row.tags["grant_id"], "501");
    }

    #[test]
    fn permissions_become_a_privilege() {
        let of = |selection: &str, permissions: Value| {
            privilege(&json!({"repository_selection": selection, "permissions": permissions}))
                .unwrap()
                .0
        };
        let repository = |permissions: Value| json!({"repository": permissions});
        assert_eq!(
            of("all", repository(json!({"contents": "read"}))),
            Privilege::ReadWide
        );
        assert_eq!(
            of("subset", repository(json!({"contents": "read"}))),
            Privilege::ReadNarrow
        );
        assert_eq!(
            of("subset", repository(json!({"contents": "write"}))),
            Privilege::WriteNarrow
        );
        assert_eq!(
            of(
                "all",
                repository(json!({"secrets": "read", "contents": "write"}))
            ),
            Privilege::ReadsSecrets
        );
        assert_eq!(
            of("subset", repository(json!({"administration": "write"}))),
            Privilege::Admin
        );
        assert_eq!(
            of("none", json!({"organization": {"members": "write"}})),
            Privilege::Admin
        );
        assert_eq!(of("none", json!({})), Privilege::ReadNarrow);
        assert!(privilege(&json!({})).is_none());
    }

    #[test]
    fn a_full_page_is_partial_and_a_bad_entry_rejected() {
        let entry: Value = serde_json::from_str(LIST).unwrap();
        let entries = vec![entry[0].clone(); 100];
        let full = got(&Value::Array(entries).to_string());
        assert!(
            full.coverage[0]
                .reason
                .as_deref()
                .unwrap()
                .contains("100 rows")
        );
        assert!(!full.whole);
        let bad = got(&LIST.replace("98716", "null"));
        assert_eq!(bad.problems[0].at, "/0/token_id");
        let late = got(&LIST.replace("2025-05-16", "2027-05-16"));
        assert_eq!(late.problems[0].at, "/0/access_granted_at");
        let expired = got(&LIST.replace("\"token_expired\": false", "\"token_expired\": true"));
        assert_eq!(expired.rows[0].status, Some(Status::Refused));
    }
}
