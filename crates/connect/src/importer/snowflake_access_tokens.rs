//! `SHOW USER PROGRAMMATIC ACCESS TOKENS` of Snowflake: the tokens of one user, as CSV or JSON.
//!
//! Columns: <https://docs.snowflake.com/sql-reference/sql/show-user-programmatic-access-tokens>, read
//! 2026-11-26. Tokens that expired more than 30 days ago are not in it. A token has a name within its user,
//! and no id.

use super::{
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
    snowflake,
};
use tenure_model::{
    facts::{Privilege, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "snowflake-access-tokens";
const COLUMNS: [&str; 5] = [
    "role_restriction",
    "user_name",
    "expires_at",
    "status",
    "name",
];
/// Roles that come with every account and govern it.
const GOVERN: [&str; 5] = [
    "ACCOUNTADMIN",
    "SECURITYADMIN",
    "USERADMIN",
    "ORGADMIN",
    "GLOBALORGADMIN",
];

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    snowflake::recognise(input, &COLUMNS)
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let command = "SHOW USER PROGRAMMATIC ACCESS TOKENS";
    let rows = snowflake::rows(input, KIND, &COLUMNS, command)?;
    let why = rows
        .stopped
        .as_ref()
        .map(|stopped| format!("reading stopped at {}", stopped.at));
    let mut gathered = Gathered::new(input, KIND, why);
    for (at, value) in &rows.entries {
        gathered.take(
            value,
            token(&Entry::new(value, at, input)),
            &["token_secret"],
        );
    }
    gathered.read("programmatic access tokens of the users listed");
    gathered.not_offered(
        "programmatic access tokens of other users",
        "the command answers for one user; ACCOUNT_USAGE.CREDENTIALS holds all",
    );
    gathered.read("expiry");
    gathered.not_offered(
        "last use",
        "the command does not tell it; ACCOUNT_USAGE.CREDENTIALS does",
    );
    let mut imported = gathered.finish(false);
    imported.problems.extend(rows.stopped);
    Ok(imported)
}

fn token(entry: &Entry<'_>) -> Result<Row, Problem> {
    let name = entry.id("name")?;
    let user = entry.id("user_name")?;
    let mut row = entry::row(entry, "snowflake", Some("programmatic_access_token"), None);
    row.slot = Some(format!("{user} / {name}"));
    row.name = Some(guard::name(&name));
    row.created = entry.past("created_on", When::Unknown, When::Unknown)?;
    row.expires = entry.moment("expires_at", When::Unknown, When::Unknown)?;
    row.status = entry.status(
        "status",
        &[
            ("ACTIVE", Status::Active),
            ("DISABLED", Status::Inactive),
            ("EXPIRED", Status::Refused),
        ],
    );
    if let Some(role) = entry.text("role_restriction") {
        if GOVERN.contains(&role.to_ascii_uppercase().as_str()) {
            row.privilege = Some((Privilege::Admin, format!("role {}", guard::quoted(role))));
        }
        row.tags.insert("role".to_owned(), guard::name(role));
    }
    if let Some(comment) = entry.name("comment") {
        row.tags.insert("comment".to_owned(), comment);
    }
    row.associates = vec![entry::associate(user, "holds it", false)];
    if let Some(maker) = entry.who("created_by")
        && !row.associates.iter().any(|known| known.who == maker)
    {
        row.associates
            .push(entry::associate(maker, "created it", false));
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = include_str!("../../tests/fixtures/snowflake_access_tokens.csv");

    fn got(text: &str) -> Imported {
        let input = Input::new("t", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn tokens_as_csv() {
        let got = got(CSV);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.at, "line 2");
        assert_eq!(row.slot.as_deref(), Some("ETL_SVC / nightly"));
        assert_eq!(row.key_id, None);
        assert_eq!(row.created, When::On("2026-01-10".parse().unwrap()));
        assert_eq!(row.expires, When::On("2027-01-10".parse().unwrap()));
        assert_eq!(row.status, Some(Status::Active));
        assert_eq!(row.privilege.as_ref().unwrap().0, Privilege::Admin);
        assert_eq!(row.last_used, When::NotOffered);
        let who: Vec<_> = row
            .associates
            .iter()
            .map(|a| (a.who.as_str(), a.why.as_str()))
            .collect();
        assert_eq!(who, [("ETL_SVC", "holds it"), ("ANN", "created it")]);
        assert_eq!(got.rows[1].status, Some(Status::Refused));
        assert_eq!(got.rows[1].privilege, None, "the roles of the user");
    }

    #[test]
    fn the_same_as_json_in_either_case() {
        let object = r#"[{"NAME": "nightly", "USER_NAME": "ETL_SVC", "ROLE_RESTRICTION": null, "EXPIRES_AT": "2027-01-10T00:00:00Z", "STATUS": "DISABLED"}]"#;
        for text in [
            object.to_owned(),
            object.to_lowercase().replace("etl_svc", "ETL_SVC"),
        ] {
            let row = got(&text).rows.remove(0);
            assert_eq!(row.slot.as_deref(), Some("ETL_SVC / nightly"));
            assert_eq!(row.status, Some(Status::Inactive));
        }
    }

    #[test]
    fn bad_rows_and_missing_columns() {
        let bad = got(&CSV.replace("2027-01-10 00:00:00.000 -0800", "soon"));
        assert_eq!(bad.problems[0].at, "line 2/expires_at");
        assert_eq!(bad.coverage[0].state.word(), "partial");
        let input = Input::new("t", b"name,x\na,b\n", "2026-11-23".parse().unwrap());
        assert!(
            read(&input)
                .unwrap_err()
                .to_string()
                .contains("no column `role_restriction`")
        );
        let held = got(&CSV.replace("nightly", "ghp_0123456789abcdefghijABCDEFGHIJ012345"));
        assert_eq!(held.problems.len(), 1, "no name to know it by");
        let held = got(&CSV.replace(
            "keeps the warehouse",
            "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        ));
        assert!(held.plaintext);
    }
}
