//! `GET /organizations/{name}/team-tokens` of HCP Terraform and Terraform Enterprise, and the answers that
//! show one token: team, user and organisation tokens.
//!
//! Fields: `website/docs/cloud-docs/api-docs/team-tokens.mdx` of
//! <https://github.com/hashicorp/terraform-docs-common> at 0aeb1c7, read 2026-11-26; `expired-at: null` "will
//! never expire".

use super::{
    answer::{self, Form, Rest},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
};
use serde_json::Value;
use tenure_model::{
    facts::{IssuedTo, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "hcp-terraform-tokens";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/data"],
    entry: |value| {
        value.get("type").and_then(Value::as_str) == Some("authentication-tokens")
            && value.get("attributes").is_some()
    },
    rest: |head| match answer::total(head, "/meta/pagination/total-count") {
        Rest::End => answer::more(head, "/links/next"),
        total => total,
    },
    bare: Some("without `meta` nothing tells whether further pages are missing"),
    save: "the answer of `GET /organizations/NAME/team-tokens`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(
        input,
        &FORM,
        &["type", "attributes", "created-at", "last-used-at"],
    )
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let mut unpaged = false;
    for page in &pages.pages {
        // 20 a page, where the answer does not tell how many there are.
        unpaged |= page.entries.len() == 20 && (FORM.rest)(&page.head) == Rest::End;
        for (at, value) in &page.entries {
            gathered.take(
                value,
                token(&Entry::new(value, at, input)),
                &["/attributes/token"],
            );
        }
    }
    if unpaged {
        gathered
            .partial("exactly 20 rows: perhaps further pages are missing; ask with page[size]=100");
    }
    gathered.read("API tokens listed");
    gathered.read("last use");
    gathered.read("expiry");
    gathered.not_offered(
        "user and organisation tokens",
        "the list holds team tokens; nobody but a user sees that user's tokens",
    );
    // One token shown alone is no list, and the organisation is not named.
    Ok(gathered.finish(false))
}

fn token(entry: &Entry<'_>) -> Result<Row, Problem> {
    let id = entry.id("id")?;
    let mut row = entry::row(entry, "hcp-terraform", Some("api_token"), Some(id));
    row.name = entry.name("/attributes/description");
    row.account = entry.who("/relationships/team/data/id");
    row.created = entry.past("/attributes/created-at", When::Unknown, When::Unknown)?;
    row.last_used = entry.past("/attributes/last-used-at", When::Never, When::NotOffered)?;
    row.expires = entry.moment("/attributes/expired-at", When::Never, When::NotOffered)?;
    row.status = Some(match row.expires {
        When::On(day) if day <= entry.input.today => Status::Refused,
        _ => Status::Active,
    });
    // A team's token is nobody's own.
    row.issued_to = row.account.is_some().then_some(IssuedTo::Service);
    let machine = entry.text("/relationships/created-by/data/type") != Some("users");
    let who = entry.who("/relationships/created-by/data/id");
    row.associates
        .extend(who.map(|who| entry::associate(who, "created it", machine)));
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/hcp_terraform_team_tokens.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("t.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_token_of_a_team() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.key_id.as_deref(), Some("at-EXAMPLE000000001"));
        assert_eq!(row.account.as_deref(), Some("team-EXAMPLE000000001"));
        assert_eq!(row.name.as_deref(), Some("plans of the network team"));
        assert_eq!((row.last_used, row.expires), (When::Never, When::Never));
        assert_eq!(row.associates[0].who, "user-EXAMPLE000000001");
        assert!(!row.associates[0].machine);
        assert!(!got.plaintext, "the token is null");
    }

    #[test]
    fn one_token_alone_ends_pages_and_a_secret() {
        let list: Value = serde_json::from_str(LIST).unwrap();
        let alone = serde_json::json!({"data": [list["data"][0]]}).to_string();
        assert_eq!(got(&alone).rows.len(), 1);
        let expired = got(&LIST.replace(
            "\"expired-at\": null",
            "\"expired-at\": \"2026-01-01T00:00:00Z\"",
        ));
        assert_eq!(expired.rows[0].status, Some(Status::Refused));
        let cut = got(&LIST.replace("\"total-count\": 1", "\"total-count\": 21"));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        let held = got(&LIST.replace("\"token\": null", "\"token\": \"not-for-you\""));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
