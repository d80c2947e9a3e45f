//! `SHOW USERS` of Snowflake, as CSV or JSON: which users have an RSA key.
//!
//! Columns: <https://docs.snowflake.com/sql-reference/sql/show-users>, read 2026-11-26. It tells that a user
//! has a key, not since when; `last_success_login` is the user's, by whatever means, and `created_on` the
//! user's age.

use super::{
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
    snowflake,
};
use tenure_model::{
    facts::{IssuedTo, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "snowflake-users";
const COLUMNS: [&str; 4] = ["has_rsa_public_key", "login_name", "disabled", "name"];

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    snowflake::recognise(input, &COLUMNS)
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    /// `SHOW USERS` prints no more rows than this.
    const MOST: usize = 10_000;
    let rows = snowflake::rows(input, KIND, &COLUMNS, "SHOW USERS")?;
    let mut why: Vec<String> = Vec::new();
    why.extend(
        rows.stopped
            .as_ref()
            .map(|stopped| format!("reading stopped at {}", stopped.at)),
    );
    if rows.entries.len() >= MOST {
        why.push(format!("{MOST} users: SHOW prints no more"));
    }
    let why = (!why.is_empty()).then(|| why.join("; "));
    let mut gathered = Gathered::new(input, KIND, why);
    let mut unclear = 0_usize;
    for (at, value) in &rows.entries {
        let entry = Entry::new(value, at, input);
        match entry.flag("has_rsa_public_key") {
            Some(true) => gathered.take(value, key(&entry), &[]),
            Some(false) => {}
            None => unclear += 1,
        }
    }
    if unclear > 0 {
        gathered.partial(format!(
            "of {unclear} user(s) it does not say whether they have a key: ask with a role that sees them"
        ));
    }
    gathered.read("RSA keys of the users listed");
    gathered.not_offered(
        "creation",
        "the command tells the age of the user, not of the key",
    );
    gathered.not_offered(
        "last use",
        "the last login of a user may have been by other means",
    );
    gathered.not_offered("expiry", "RSA keys have no end date");
    gathered.not_offered(
        "second keys",
        "a user may have two keys; the command tells that there is one",
    );
    let mut imported = gathered.finish(false);
    imported.problems.extend(rows.stopped);
    Ok(imported)
}

fn key(entry: &Entry<'_>) -> Result<Row, Problem> {
    let user = entry.id("name")?;
    let mut row = entry::row(entry, "snowflake", Some("key_pair"), None);
    row.slot = Some(format!("RSA key of {user}"));
    row.name = Some(user.clone());
    row.status = Some(match entry.flag("disabled") {
        Some(true) => Status::Inactive,
        _ => Status::Active,
    });
    let service = entry
        .text("type")
        .map(|kind| kind.to_ascii_uppercase().contains("SERVICE"));
    row.issued_to = service.map(|service| {
        if service {
            IssuedTo::Service
        } else {
            IssuedTo::Person
        }
    });
    let machine = service == Some(true);
    let email = entry.who("email").filter(|_| !machine);
    row.associates = vec![entry::associate(
        email.unwrap_or_else(|| user.clone()),
        "holds it",
        machine,
    )];
    for (tag, field) in [("default_role", "default_role"), ("comment", "comment")] {
        if let Some(text) = entry.text(field) {
            row.tags.insert(tag.to_owned(), guard::name(text));
        }
    }
    if let When::On(day) = entry.moment("expires_at_time", When::Unknown, When::Unknown)? {
        row.tags.insert("user_ends".to_owned(), day.to_string());
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = include_str!("../../tests/fixtures/snowflake_users.csv");

    fn got(text: &str) -> Imported {
        let input = Input::new("u", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn only_users_with_a_key_and_nothing_of_the_user_is_taken_for_the_key() {
        let got = got(CSV);
        assert_eq!(got.problems, []);
        assert_eq!(got.rows.len(), 2, "one of three has none");
        let row = &got.rows[0];
        assert_eq!(row.slot.as_deref(), Some("RSA key of ETL_SVC"));
        assert_eq!(row.credential.as_deref(), Some("key_pair"));
        assert_eq!(
            (row.created, row.last_used, row.expires),
            (When::NotOffered, When::NotOffered, When::NotOffered)
        );
        assert_eq!(row.issued_to, Some(IssuedTo::Service));
        assert!(row.associates[0].machine);
        assert_eq!(row.tags["default_role"], "LOADER");
        let person = &got.rows[1];
        assert_eq!(person.status, Some(Status::Inactive));
        assert_eq!(person.associates[0].who, "bob@example.com");
        assert_eq!(person.tags["user_ends"], "2027-03-01");
    }

    #[test]
    fn what_the_role_does_not_see_is_not_no() {
        let hidden = got(&CSV.replace(",true,SERVICE", ",,SERVICE"));
        assert_eq!(hidden.rows.len(), 1);
        assert_eq!(hidden.coverage[0].state.word(), "partial");
    }

    #[test]
    fn as_json() {
        let text = r#"{"name": "A", "login_name": "A", "disabled": "false", "has_rsa_public_key": "true"}"#;
        assert_eq!(got(text).rows[0].status, Some(Status::Active));
    }
}
