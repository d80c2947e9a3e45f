//! `GET /api/v1/api-tokens` of Okta: the active API tokens of an organisation.
//!
//! A token has the full rights of its user, and ends only when it is not used for its window: `expiresAt`
//! moves with every use, and is no end. Only active tokens are listed. Fields: okta 3.4.6;
//! <https://developer.okta.com/docs/reference/api/api-tokens>, read 2026-11-26.

use super::{
    answer::{self, Form, Rest},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use tenure_model::{
    facts::{IssuedTo, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "okta-api-tokens";

const FORM: Form = Form {
    kind: KIND,
    lists: &[],
    entry: |value| value.get("tokenWindow").is_some() && value.get("userId").is_some(),
    rest: |_| Rest::End,
    bare: None,
    save: "the answer of `GET /api/v1/api-tokens`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["tokenWindow", "userId"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    for (at, value) in pages.entries() {
        gathered.take(value, token(&Entry::new(value, at, input)), &["token"]);
    }
    gathered.read("active API tokens");
    gathered.not_offered(
        "expiry",
        "a token ends when it is not used for its window (`tokenWindow`); expiresAt moves with every use",
    );
    gathered.not_offered(
        "last use",
        "lastUpdated and expiresAt move, and none of them is the last use",
    );
    gathered.not_offered("privilege", "a token has the full rights of its user");
    Ok(gathered.finish(true))
}

fn token(entry: &Entry<'_>) -> Result<Row, Problem> {
    let mut row = entry::row(entry, "okta", Some("api_token"), Some(entry.id("id")?));
    let link = ["/_link/self/href", "/_links/self/href"];
    row.account = link
        .iter()
        .find_map(|field| entry.text(field))
        .and_then(host);
    row.name = entry.name("name");
    row.created = entry.past("created", When::Unknown, When::Unknown)?;
    let window = entry.moment("expiresAt", When::Unknown, When::Unknown)?;
    row.status = Some(Status::Active);
    match window {
        // The list is older than that: since then, it was used or it ended.
        When::On(day) if day <= entry.input.today => row.status = Some(Status::Unknown),
        When::On(day) => {
            row.tags
                .insert("ends_if_unused".to_owned(), day.to_string());
        }
        _ => {}
    }
    if let Some(days) = entry.text("tokenWindow") {
        row.tags.insert("window".to_owned(), guard::name(days));
    }
    row.issued_to = Some(IssuedTo::Person);
    if let Some(user) = entry.who("userId") {
        row.associates = vec![entry::associate(user, "holds it", false)];
    }
    // A zone is a set of networks by its id; `ANYWHERE` is none.
    let zones = entry.texts("/network/include");
    if entry.text("/network/connection") == Some("ZONE") {
        entry::from_addresses(&mut row, &zones);
    }
    Ok(row)
}

/// `https://acme.okta.com/api/…`: the organisation.
fn host(url: &str) -> Option<String> {
    let host = url.strip_prefix("https://")?.split('/').next()?;
    (!host.is_empty() && !host.contains('@')).then(|| guard::id(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::explain::FactName;

    const LIST: &str = include_str!("../../tests/fixtures/okta_api_tokens.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("t.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn an_end_that_moves_is_no_end_and_no_last_use() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.key_id.as_deref(), Some("00TEXAMPLE"));
        assert_eq!(row.created, When::On("2021-11-09".parse().unwrap()));
        assert_eq!(row.expires, When::NotOffered);
        assert_eq!(row.last_used, When::NotOffered);
        assert_eq!(row.tags["ends_if_unused"], "2026-12-20");
        assert_eq!(row.tags["window"], "P30D");
        assert_eq!(row.status, Some(Status::Active));
        assert_eq!(row.associates[0].who, "00uEXAMPLE");
        assert!(row.declared.is_empty(), "ANYWHERE is no restriction");
        assert_eq!(row.account, None);
        assert!(got.whole);
    }

    #[test]
    fn zones_links_and_old_lists() {
        let zone = LIST.replace(
            "\"connection\": \"ANYWHERE\"",
            "\"connection\": \"ZONE\", \"include\": [\"nzo1\"]",
        );
        assert!(
            got(&zone).rows[0]
                .declared
                .contains_key(&FactName::SourceRestricted)
        );
        let link = LIST.replace(
            "\"clientName\"",
            "\"_link\": {\"self\": {\"href\": \"https://acme.okta.com/api/v1/api-tokens/00T\"}}, \"clientName\"",
        );
        assert_eq!(got(&link).rows[0].account.as_deref(), Some("acme.okta.com"));
        let old = got(&LIST.replace("2026-12-20", "2026-10-20"));
        assert_eq!(old.rows[0].status, Some(Status::Unknown));
    }
}
