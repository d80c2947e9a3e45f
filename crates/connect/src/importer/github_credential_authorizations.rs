//! `GET /orgs/{org}/credential-authorizations`: what members authorised for single sign-on, among it classic
//! personal access tokens, which no other list holds.
//!
//! Only organisations with SAML on GitHub Enterprise Cloud have it. Fields: @octokit/openapi 23.0.2; the
//! organisation is not among them. How scopes become a privilege, the strongest that applies:
//!
//! | scope | privilege |
//! |---|---|
//! | `admin:org`, `admin:enterprise`, `site_admin`, `manage_runners:…` | `admin` |
//! | `repo`, `workflow`, `delete_repo`, `write:…`, `delete:…`, any other `admin:…` | `write_wide` |
//! | `public_repo`, `repo:status`, `gist`, `user`, `notifications`, `project`, unknown ones | `write_narrow` |
//! | `read:…`, `security_events` | `read_wide` |
//! | none | `read_narrow` |

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    github::{self, Pages},
    imported::{ImportError, Imported, Input, Problem, Recognition},
};
use tenure_model::{
    facts::{IssuedTo, Privilege, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "github-credential-authorizations";

const FORM: Form = Form {
    kind: KIND,
    lists: &[],
    entry: |value| value.get("credential_id").is_some() && value.get("credential_type").is_some(),
    rest: |_| answer::Rest::End,
    bare: None,
    save: "the answer of GitHub's API",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["credential_id", "credential_type"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let Pages {
        entries,
        why_partial,
    } = github::pages(input, KIND, "credential_id")?;
    let mut gathered = Gathered::new(input, KIND, why_partial);
    let mut ssh = 0_usize;
    for (at, value) in &entries {
        let entry = Entry::new(value, at, input);
        let kind = entry.text("credential_type").unwrap_or_default();
        if kind.to_ascii_lowercase().contains("ssh") {
            ssh += 1;
            continue;
        }
        gathered.take(value, token(&entry), &["token"]);
    }
    gathered.read("classic personal access tokens authorised for SAML");
    gathered.read("last use");
    gathered.read("expiry");
    gathered.not_offered(
        "classic personal access tokens that are not authorised",
        "a token without authorisation does not reach the organisation, and may reach others",
    );
    if ssh > 0 {
        let reason =
            format!("{ssh} in it, left out: a member's own SSH key is no key of the provider");
        gathered.not_covered("SSH keys of members", &reason);
    }
    Ok(gathered.finish(false))
}

fn token(entry: &Entry<'_>) -> Result<Row, Problem> {
    // One token that two organisations authorised has one id, and two authorisations.
    let id = entry.who("authorized_credential_id").filter(|id| id != "…");
    let authorisation = entry.id("credential_id")?;
    let mut row = entry::row(entry, "github", Some("pat_classic"), id);
    if row.key_id.is_none() {
        row.slot = Some(format!("authorisation {authorisation}"));
    }
    row.name = ["authorized_credential_note", "authorized_credential_title"]
        .iter()
        .find_map(|field| entry.name(field));
    row.hint = entry.text("token_last_eight").and_then(entry::tail);
    // The token was made before it was authorised; how long before is not told.
    row.created = entry.past("credential_authorized_at", When::Unknown, When::Unknown)?;
    row.last_used = entry.past("credential_accessed_at", When::Never, When::NotOffered)?;
    row.expires = entry.moment(
        "authorized_credential_expires_at",
        When::Never,
        When::NotOffered,
    )?;
    row.status = match row.expires {
        When::On(day) if day <= entry.input.today => Some(Status::Refused),
        _ => Some(Status::Active),
    };
    row.privilege = entry
        .has("scopes")
        .then(|| privilege(&entry.texts("scopes")));
    row.issued_to = Some(IssuedTo::Person);
    if let Some(login) = entry.who("login") {
        let machine = login.ends_with("[bot]");
        row.associates = vec![entry::associate(login, "holds it", machine)];
    }
    row.tags.insert("authorisation".to_owned(), authorisation);
    Ok(row)
}

fn privilege(scopes: &[&str]) -> (Privilege, String) {
    let of = |scope: &str| {
        if matches!(scope, "admin:org" | "admin:enterprise" | "site_admin")
            || scope.starts_with("manage_runners:")
        {
            Privilege::Admin
        } else if matches!(scope, "repo" | "workflow" | "delete_repo")
            || ["write:", "delete:", "admin:"]
                .iter()
                .any(|p| scope.starts_with(p))
        {
            Privilege::WriteWide
        } else if scope.starts_with("read:") || scope == "security_events" {
            Privilege::ReadWide
        } else {
            Privilege::WriteNarrow
        }
    };
    let strongest = scopes.iter().map(|scope| of(scope)).max();
    match strongest {
        Some(privilege) => (privilege, format!("scopes: {}", entry::listed(scopes))),
        None => (
            Privilege::ReadNarrow,
            "no scope: public data alone".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/github_credential_authorizations.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("c.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_classic_token_by_its_last_eight() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.credential.as_deref(), Some("pat_classic"));
        assert_eq!(row.key_id, None);
        assert_eq!(row.slot.as_deref(), Some("authorisation 161195"));
        assert_eq!(row.hint.as_deref(), Some("…71c3fc11"));
        assert_eq!(row.name.as_deref(), Some("jenkins"));
        assert_eq!((row.last_used, row.expires), (When::Never, When::Never));
        assert_eq!(row.privilege.as_ref().unwrap().0, Privilege::Admin);
        assert_eq!(row.associates[0].who, "bob");
        assert!(!got.whole, "what is not authorised is not dead");
    }

    #[test]
    fn the_credential_has_an_id_of_its_own_where_it_is_told() {
        let told = LIST.replace(
            "\"scopes\"",
            "\"authorized_credential_id\": 12345678, \"scopes\"",
        );
        assert_eq!(got(&told).rows[0].key_id.as_deref(), Some("12345678"));
        assert_eq!(got(&told).rows[0].slot, None);
        let expired = LIST.replace(
            "\"authorized_credential_expires_at\": null",
            "\"authorized_credential_expires_at\": \"2026-01-01T00:00:00Z\"",
        );
        assert_eq!(got(&expired).rows[0].status, Some(Status::Refused));
        let silent = LIST.replace("\"credential_accessed_at\"", "\"other\"");
        assert_eq!(got(&silent).rows[0].last_used, When::NotOffered);
    }

    #[test]
    fn ssh_keys_are_counted_and_left_out() {
        let ssh = got(&LIST.replace("personal access token", "SSH key"));
        assert_eq!(ssh.rows.len(), 0);
        let last = ssh.coverage.last().unwrap();
        assert_eq!(last.state.word(), "not_covered");
        assert!(last.reason.as_deref().unwrap().starts_with("1 in it"));
    }

    #[test]
    fn scopes_become_a_privilege() {
        let of = |scopes: &[&str]| privilege(scopes).0;
        assert_eq!(of(&["repo", "read:org"]), Privilege::WriteWide);
        assert_eq!(of(&["read:org"]), Privilege::ReadWide);
        assert_eq!(of(&["gist"]), Privilege::WriteNarrow);
        assert_eq!(of(&["admin:public_key"]), Privilege::WriteWide);
        assert_eq!(of(&[]), Privilege::ReadNarrow);
    }
}
