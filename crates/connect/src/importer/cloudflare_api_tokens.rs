//! `GET /user/tokens` and `GET /accounts/{id}/tokens` of Cloudflare: API tokens of a user, or of an account.
//!
//! Fields: cloudflare 5.9.0 SDK. How policies become a privilege, the strongest permission group that is
//! allowed:
//!
//! | permission group | privilege |
//! |---|---|
//! | API tokens, memberships, account settings: write | `admin` |
//! | secrets store: read or write | `reads_secrets` |
//! | any other whose name does not end in `Read` | `write_wide`, or `write_narrow` where only named zones or buckets are reached |
//! | any other | `read_wide` or `read_narrow` likewise |

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use serde_json::Value;
use std::collections::BTreeSet;
use tenure_model::{
    facts::{IssuedTo, Privilege, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "cloudflare-api-tokens";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/result"],
    entry: |value| value.get("issued_on").is_some() && value.get("status").is_some(),
    rest: |head| answer::total(head, "/result_info/total_count"),
    bare: Some("without `result_info` nothing tells whether further pages are missing"),
    save: "the answer of Cloudflare's API",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["issued_on", "status", "id"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let (mut of_user, mut of_account) = (false, false);
    for (at, value) in pages.entries() {
        let entry = Entry::new(value, at, input);
        if is_of_account(&entry) {
            of_account = true;
        } else {
            of_user = true;
        }
        gathered.take(value, token(&entry), &["value", "token"]);
    }
    if of_user || !of_account {
        gathered.read("API tokens of this user");
        gathered.not_offered(
            "API tokens of other users",
            "each user sees their own alone",
        );
    }
    if of_account {
        gathered.read("API tokens of the accounts listed");
    } else {
        gathered.not_offered(
            "API tokens of accounts",
            "a list of their own: GET /accounts/ID/tokens",
        );
    }
    gathered.read("last use");
    gathered.read("expiry");
    gathered.not_offered(
        "Global API Keys",
        "every user has one, and no list holds them",
    );
    Ok(gathered.finish(true))
}

fn is_of_account(entry: &Entry<'_>) -> bool {
    [
        "creator_email_at_creation",
        "provisioner_type",
        "provisioner_id",
    ]
    .iter()
    .any(|field| entry.has(field))
}

fn token(entry: &Entry<'_>) -> Result<Row, Problem> {
    let of_account = is_of_account(entry);
    let groups = allowed(entry);
    let storage = !groups.is_empty()
        && groups
            .iter()
            .all(|(group, _)| group.starts_with("Workers R2 Storage"));
    let kind = match (storage, of_account) {
        (true, _) => "r2_access_key",
        (_, true) => "account_api_token",
        _ => "user_api_token",
    };
    let mut row = entry::row(entry, "cloudflare", Some(kind), Some(entry.id("id")?));
    row.name = entry.name("name");
    row.created = entry.past("issued_on", When::Unknown, When::Unknown)?;
    row.expires = entry.moment("expires_on", When::Never, When::Unknown)?;
    row.last_used = entry.past("last_used_on", When::Never, When::Unknown)?;
    row.status = entry.status(
        "status",
        &[
            ("active", Status::Active),
            ("disabled", Status::Inactive),
            ("expired", Status::Refused),
        ],
    );
    row.privilege = privilege(&groups);
    row.issued_to = Some(if of_account {
        IssuedTo::Service
    } else {
        IssuedTo::Person
    });
    if of_account {
        row.account = account(entry);
    }
    entry::from_addresses(&mut row, &entry.texts("/condition/request_ip/in"));
    if let Some(who) = entry.who("creator_email_at_creation") {
        row.associates = vec![entry::associate(who, "created it", false)];
    } else if let Some(who) = entry.who("provisioner_id") {
        let machine = entry.text("provisioner_type") != Some("user");
        row.associates = vec![entry::associate(who, "created it", machine)];
    }
    Ok(row)
}

/// The permission groups that policies allow, and whether each reaches more than what is named one by one.
fn allowed<'e>(entry: &Entry<'e>) -> Vec<(&'e str, bool)> {
    let policies = entry.field("policies").and_then(Value::as_array);
    let allows = |policy: &&Value| policy.get("effect").and_then(Value::as_str) != Some("deny");
    let mut groups = Vec::new();
    for policy in policies.into_iter().flatten().filter(allows) {
        let wide = policy
            .get("resources")
            .and_then(Value::as_object)
            .is_none_or(|resources| resources.iter().any(|(name, value)| is_wide(name, value)));
        let named = policy.get("permission_groups").and_then(Value::as_array);
        for group in named.into_iter().flatten() {
            if let Some(name) = group.get("name").and_then(Value::as_str) {
                groups.push((name, wide));
            }
        }
    }
    groups
}

/// A single zone or bucket is narrow; a wildcard, an account, a user, and what is not known are wide.
fn is_wide(name: &str, value: &Value) -> bool {
    match value {
        Value::Object(within) => within.iter().any(|(name, value)| is_wide(name, value)),
        _ => {
            let narrow = [
                "com.cloudflare.api.account.zone.",
                "com.cloudflare.edge.r2.bucket.",
            ];
            name.contains('*') || !narrow.iter().any(|prefix| name.starts_with(prefix))
        }
    }
}

fn privilege(groups: &[(&str, bool)]) -> Option<(Privilege, String)> {
    const ADMIN: [&str; 4] = [
        "API Tokens",
        "Account API Tokens",
        "Memberships",
        "Account Settings",
    ];
    let of = |(name, wide): &(&str, bool)| {
        let read = name.strip_suffix(" Read");
        let base = name.rsplit_once(' ').map_or(*name, |(base, _)| base);
        if read.is_none() && ADMIN.contains(&base) {
            Privilege::Admin
        } else if base.contains("Secrets Store") {
            Privilege::ReadsSecrets
        } else {
            match (read.is_none(), *wide) {
                (true, true) => Privilege::WriteWide,
                (true, false) => Privilege::WriteNarrow,
                (false, true) => Privilege::ReadWide,
                (false, false) => Privilege::ReadNarrow,
            }
        }
    };
    let strongest = groups.iter().map(of).max()?;
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in groups.iter().filter(|group| of(group) == strongest) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    Some((strongest, entry::listed(&names)))
}

/// The account, where the policies name exactly one.
fn account(entry: &Entry<'_>) -> Option<String> {
    let policies = entry.field("policies").and_then(Value::as_array)?;
    let accounts: BTreeSet<&str> = policies
        .iter()
        .filter_map(|policy| policy.get("resources")?.as_object())
        .flat_map(|resources| resources.keys())
        .filter_map(|name| name.strip_prefix("com.cloudflare.api.account."))
        .filter(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))
        .collect();
    let mut all = accounts.into_iter();
    all.next().filter(|_| all.next().is_none()).map(guard::id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::explain::FactName;

    const LIST: &str = include_str!("../../tests/fixtures/cloudflare_tokens.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("t.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_token_of_a_user() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(
            row.key_id.as_deref(),
            Some("ed17574386854bf78a67040be0a770b0")
        );
        assert_eq!(row.credential.as_deref(), Some("user_api_token"));
        assert_eq!(row.expires, When::Never);
        assert_eq!(row.last_used, When::On("2026-11-02".parse().unwrap()));
        assert_eq!(
            row.privilege,
            Some((Privilege::WriteWide, "DNS Write".to_owned())),
            "all zones"
        );
        assert!(row.declared.is_empty());
        assert_eq!(row.account, None);
        let states: Vec<_> = got.coverage.iter().map(|part| part.state.word()).collect();
        assert_eq!(
            states,
            [
                "complete",
                "not_offered",
                "not_offered",
                "complete",
                "complete",
                "not_offered"
            ]
        );
    }

    #[test]
    fn a_token_of_an_account_has_a_maker() {
        let id = "0123456789abcdef0123456789abcdef";
        let made = LIST
            .replace(
                "\"modified_on\"",
                "\"creator_email_at_creation\": \"ann@example.com\", \"modified_on\"",
            )
            .replace(
                "com.cloudflare.api.account.zone.*",
                &format!("com.cloudflare.api.account.{id}"),
            );
        let row = got(&made).rows.remove(0);
        assert_eq!(row.credential.as_deref(), Some("account_api_token"));
        assert_eq!(row.account.as_deref(), Some(id));
        assert_eq!(row.associates[0].who, "ann@example.com");
        let made = LIST.replace(
            "\"modified_on\"",
            "\"provisioner_type\": \"api_token\", \"provisioner_id\": \"t1\", \"modified_on\"",
        );
        assert!(got(&made).rows[0].associates[0].machine);
    }

    #[test]
    fn policies_become_a_privilege() {
        let of = |groups: &[(&str, bool)]| privilege(groups).unwrap().0;
        assert_eq!(of(&[("DNS Read", false)]), Privilege::ReadNarrow);
        assert_eq!(
            of(&[("DNS Read", true), ("DNS Write", false)]),
            Privilege::ReadWide
        );
        assert_eq!(of(&[("API Tokens Write", false)]), Privilege::Admin);
        assert_eq!(of(&[("API Tokens Read", true)]), Privilege::ReadWide);
        assert_eq!(of(&[("Secrets Store Read", true)]), Privilege::ReadsSecrets);
        assert_eq!(of(&[("Cache Purge", true)]), Privilege::WriteWide);
        assert!(privilege(&[]).is_none());
        let deny = got(&LIST.replace("\"allow\"", "\"deny\""));
        assert_eq!(deny.rows[0].privilege, None);
        let one = got(&LIST.replace("account.zone.*", "account.zone.0123"));
        assert_eq!(
            one.rows[0].privilege.as_ref().unwrap().0,
            Privilege::WriteNarrow
        );
        let bucket = got(&LIST.replace("DNS Write", "Workers R2 Storage Bucket Item Read"));
        assert_eq!(bucket.rows[0].credential.as_deref(), Some("r2_access_key"));
    }

    #[test]
    fn addresses_states_pages_and_secrets() {
        let ip = got(&LIST.replace(
            "\"condition\": {}",
            "\"condition\": {\"request_ip\": {\"in\": [\"192.0.2.0/24\"]}}",
        ));
        assert!(
            ip.rows[0]
                .declared
                .contains_key(&FactName::SourceRestricted)
        );
        let off = got(&LIST.replace("\"active\"", "\"disabled\""));
        assert_eq!(off.rows[0].status, Some(Status::Inactive));
        let never = got(&LIST.replace("\"2026-11-02T05:20:00Z\"", "null"));
        assert_eq!(never.rows[0].last_used, When::Never);
        let silent = got(&LIST
            .replace("\"last_used_on\"", "\"other\"")
            .replace("\"expires_on\"", "\"more\""));
        assert_eq!(
            (silent.rows[0].last_used, silent.rows[0].expires),
            (When::Unknown, When::Unknown)
        );
        let cut = got(&LIST.replace("\"total_count\": 1", "\"total_count\": 21"));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        let held = got(&LIST.replace("\"condition\"", "\"value\": \"not-for-you\", \"condition\""));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
