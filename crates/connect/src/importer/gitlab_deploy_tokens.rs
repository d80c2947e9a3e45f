//! `GET /projects/{id}/deploy_tokens`, `/groups/{id}/deploy_tokens` and `/deploy_tokens` of GitLab.
//!
//! Fields: <https://docs.gitlab.com/api/deploy_tokens>, read 2026-11-26.

use super::{
    answer::{self, Form, Rest},
    entry::{self, Entry},
    gathered::Gathered,
    gitlab_tokens::full_page,
    imported::{ImportError, Imported, Input, Problem, Recognition},
};
use tenure_model::{
    facts::{IssuedTo, Privilege, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "gitlab-deploy-tokens";

const FORM: Form = Form {
    kind: KIND,
    lists: &[],
    entry: |value| {
        ["id", "username", "scopes", "expires_at", "revoked"]
            .iter()
            .all(|field| value.get(field).is_some())
    },
    rest: |_| Rest::End,
    bare: None,
    save: "the answer of GitLab's API",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(
        input,
        &FORM,
        &["username", "scopes", "expires_at", "revoked"],
    )
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let why = [
        pages.why_partial.clone(),
        full_page(pages.entries().count()),
    ];
    let why: Vec<String> = why.into_iter().flatten().collect();
    let why = (!why.is_empty()).then(|| why.join("; "));
    let mut gathered = Gathered::new(input, KIND, why);
    for (at, value) in pages.entries() {
        gathered.take(value, token(&Entry::new(value, at, input)), &["token"]);
    }
    gathered.read("deploy tokens of the project, group or instance listed");
    gathered.read("expiry");
    gathered.not_offered("last use", "GitLab does not tell it of deploy tokens");
    gathered.not_offered(
        "creation",
        "the list does not tell when or by whom a token was made",
    );
    Ok(gathered.finish(true))
}

fn token(entry: &Entry<'_>) -> Result<Row, Problem> {
    let mut row = entry::row(entry, "gitlab", Some("deploy_token"), Some(entry.id("id")?));
    row.name = entry.name("name");
    row.expires = entry.moment("expires_at", When::Never, When::NotOffered)?;
    row.status = match (entry.flag("revoked"), entry.flag("expired")) {
        (Some(true), _) | (_, Some(true)) => Some(Status::Refused),
        (Some(false), _) => Some(Status::Active),
        _ => None,
    };
    let scopes = entry.texts("scopes");
    let writes = scopes.iter().any(|scope| !scope.starts_with("read_"));
    row.privilege = (!scopes.is_empty()).then(|| {
        let privilege = if writes {
            Privilege::WriteNarrow
        } else {
            Privilege::ReadNarrow
        };
        (privilege, format!("scopes: {}", entry::listed(&scopes)))
    });
    row.issued_to = Some(IssuedTo::Service);
    if let Some(user) = entry.who("username") {
        row.tags.insert("username".to_owned(), user);
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/gitlab_deploy_tokens.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("t.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn deploy_tokens_tell_little() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.credential.as_deref(), Some("deploy_token"));
        assert_eq!(row.expires, When::Never);
        assert_eq!(
            (row.created, row.last_used),
            (When::NotOffered, When::NotOffered)
        );
        assert_eq!(row.privilege.as_ref().unwrap().0, Privilege::ReadNarrow);
        assert_eq!(row.status, Some(Status::Active));
        assert_eq!(row.tags["username"], "gitlab+deploy-token-1");
    }

    #[test]
    fn writing_expired_and_secret() {
        let writes = got(&LIST.replace("read_registry", "write_registry"));
        assert_eq!(
            writes.rows[0].privilege.as_ref().unwrap().0,
            Privilege::WriteNarrow
        );
        let expired = got(&LIST.replace("\"expired\": false", "\"expired\": true"));
        assert_eq!(expired.rows[0].status, Some(Status::Refused));
        let held = got(&LIST.replace("\"username\"", "\"token\": \"not-for-you\", \"username\""));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
