//! From headers to fields: the words that people write above their columns.

use super::synonyms;
use crate::importer::{
    column_map::{Column, ColumnMap, Field},
    reading::{guard, sheet::normal},
};
use tenure_model::{explain::FactName, facts::Verdict};

/// What a header may mean before the cells below it were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Just this.
    Is(Field),
    /// `key`, `api key`: a name, an id, or the secret itself.
    SomeKey { secret_beside_a_name: bool },
    /// `id`: the key's id, or the number of the row.
    SomeId,
    /// `service`: the provider, or the system that the key serves.
    Service,
    /// A word of the contract that people also use for something else.
    FactOr(FactName, Field),
    /// Nothing that is known here.
    Unknown,
}

/// What a header says, by itself.
pub(super) fn meaning(header: &str) -> (Meaning, usize) {
    let words = normal(header);
    if words.is_empty() {
        return (Meaning::Unknown, 0);
    }
    match words.as_str() {
        "key" | "keys" => {
            return (
                Meaning::SomeKey {
                    secret_beside_a_name: false,
                },
                50,
            );
        }
        "api key" | "apikey" | "access key" | "api keys" => {
            return (
                Meaning::SomeKey {
                    secret_beside_a_name: true,
                },
                50,
            );
        }
        "id" => return (Meaning::SomeId, 50),
        "service" | "service name" => return (Meaning::Service, 50),
        "issuer" => return (Meaning::FactOr(FactName::Issuer, Field::Provider), 50),
        "holder" => {
            return (
                Meaning::FactOr(FactName::Holder, Field::Tag("holder".to_owned())),
                50,
            );
        }
        "integration" => return (Meaning::FactOr(FactName::Integration, Field::System), 50),
        "used by" => return (Meaning::FactOr(FactName::UsedBy, Field::Consumers), 50),
        "issued to" => return (Meaning::FactOr(FactName::IssuedTo, Field::CreatedBy), 50),
        _ => {}
    }
    let stripped = strip(&words);
    for wanted in [words.as_str(), stripped] {
        if let Some((field, rank)) = synonyms::field(wanted) {
            return (Meaning::Is(field), rank);
        }
        if let Some(field) = contract(wanted) {
            return (Meaning::Is(field), 0);
        }
    }
    (Meaning::Unknown, 0)
}

/// A fact of the contract, under its own name.
fn contract(words: &str) -> Option<Field> {
    match words {
        "owner state" => return Some(Field::Fact(FactName::Owner)),
        "exception approved until" | "approved until" => {
            return Some(Field::Fact(FactName::Exception));
        }
        _ => {}
    }
    let same = |known: &str| {
        let known = known.replace(['.', '_'], " ");
        known == words || known.strip_prefix("options ") == Some(words)
    };
    if let Some(fact) = FactName::ALL.iter().find(|fact| same(fact.word())) {
        return Some(Field::Fact(*fact));
    }
    let verdict = words.strip_prefix("since ")?.replace(' ', "_");
    verdict.parse::<Verdict>().ok().map(Field::Since)
}

fn strip(words: &str) -> &str {
    [" date", " on", " at", " time", " day", " utc"]
        .iter()
        .find_map(|end| words.strip_suffix(end))
        .unwrap_or(words)
}

/// Whether a header row is that of an inventory of keys, and not of any other table.
pub(super) fn is_inventory(header: &[String]) -> bool {
    let meanings: Vec<(Meaning, String)> = header
        .iter()
        .map(|cell| (meaning(cell).0, normal(cell)))
        .collect();
    // The keys that Tenure itself wrote beside a report are its answer, not an inventory.
    let own = ["verdict", "set by"]
        .iter()
        .all(|wanted| meanings.iter().any(|(_, words)| words == wanted));
    if own {
        return false;
    }
    let known = meanings
        .iter()
        .filter(|(meaning, _)| *meaning != Meaning::Unknown)
        .count();
    // What only tables about keys say above a column.
    let governs = |(meaning, words): &&(Meaning, String)| match meaning {
        Meaning::Is(Field::Fact(_) | Field::Since(_) | Field::LastUsedOffered) => true,
        Meaning::Is(Field::Owner | Field::Expires | Field::LastUsed | Field::Runtime) => true,
        Meaning::Is(Field::Tag(tag)) => {
            tag == "environment" || words == "scope" || words == "scopes"
        }
        _ => false,
    };
    let governed = meanings.iter().any(|one| governs(&one));
    let names_a_key = |(meaning, words): &(Meaning, String)| match meaning {
        Meaning::SomeKey {
            secret_beside_a_name,
        } => *secret_beside_a_name,
        Meaning::Is(
            Field::Name | Field::KeyId | Field::Secret | Field::Credential | Field::Hint,
        ) => [
            "key id",
            "key name",
            "api",
            "token",
            "secret",
            "credential",
            "access key",
            "key owner",
            "key type",
        ]
        .iter()
        .any(|word| words.contains(word)),
        _ => false,
    };
    let weakly = |(meaning, _): &(Meaning, String)| {
        matches!(
            meaning,
            Meaning::SomeKey { .. } | Meaning::Service | Meaning::Is(Field::Provider)
        )
    };
    let beside_it = |words: &str| {
        meanings.iter().any(|(meaning, other)| {
            *meaning != Meaning::Unknown
                && other != words
                && meaning != &Meaning::Is(Field::Tag("notes".to_owned()))
        })
    };
    meanings.iter().any(|one| {
        names_a_key(one) && (governed || one.1 != "token" && one.1 != "secret") && beside_it(&one.1)
    }) || known >= 3 && governed && meanings.iter().any(weakly)
}

/// Settles what every column says. `cells` gives the cells of a column, from 0.
pub(super) fn settle<'s, I: Iterator<Item = &'s str>>(
    header: &[String],
    saved: Option<&ColumnMap>,
    cells: impl Fn(usize) -> I,
) -> ColumnMap {
    let meanings: Vec<(Meaning, usize)> = header.iter().map(|cell| meaning(cell)).collect();
    let has = |wanted: &Field| {
        meanings
            .iter()
            .any(|(meaning, _)| matches!(meaning, Meaning::Is(field) if field == wanted))
    };
    let mut columns = Vec::new();
    let mut ranks = Vec::new();
    for (at, (cell, (meaning, rank))) in header.iter().zip(&meanings).enumerate() {
        let by_map = saved.and_then(|map| map.field(at + 1, cell)).cloned();
        let by_word = |field: Field| {
            let named = field.word().replace(['.', '_'], " ") == normal(cell);
            let why = if named {
                "named so"
            } else {
                "guessed from the header"
            };
            (field, why)
        };
        let (field, why) = match (by_map, meaning) {
            (Some(field), _) => (field, "saved map"),
            (None, Meaning::Is(field)) => by_word(field.clone()),
            (None, Meaning::Unknown) => (Field::Ignore, "not known here"),
            (None, Meaning::Service) if has(&Field::Provider) => by_word(Field::System),
            (None, Meaning::Service) => by_word(Field::Provider),
            (None, Meaning::SomeId) => by_cells(&some_id(cells(at))),
            (
                None,
                Meaning::SomeKey {
                    secret_beside_a_name,
                },
            ) => by_cells(&some_key(
                cells(at),
                has(&Field::Name),
                has(&Field::KeyId),
                *secret_beside_a_name,
            )),
            (None, Meaning::FactOr(fact, other)) => {
                let fact_words = cells(at).any(|cell| super::cells::is_word_of(*fact, cell));
                if fact_words || cells(at).all(str::is_empty) {
                    by_word(Field::Fact(*fact))
                } else {
                    by_cells(other)
                }
            }
        };
        ranks.push(if why == "saved map" { 0 } else { rank + 1 });
        columns.push(Column {
            position: at + 1,
            header: guard::quoted(cell),
            field,
            why: why.to_owned(),
        });
    }
    one_column_per_field(&mut columns, &ranks);
    ColumnMap { columns }
}

fn by_cells(field: &Field) -> (Field, &'static str) {
    (field.clone(), "guessed from its cells")
}

/// Leaves each field to the column with the best name for it. All secret columns stay what they are.
fn one_column_per_field(columns: &mut [Column], ranks: &[usize]) {
    let mut taken: Vec<(Field, usize, usize)> = Vec::new();
    for (at, (column, rank)) in columns.iter().zip(ranks).enumerate() {
        if matches!(column.field, Field::Ignore | Field::Secret) {
            continue;
        }
        match taken.iter_mut().find(|(field, ..)| *field == column.field) {
            Some(entry) if *rank < entry.1 => *entry = (column.field.clone(), *rank, at),
            Some(_) => {}
            None => taken.push((column.field.clone(), *rank, at)),
        }
    }
    let headers: Vec<String> = columns.iter().map(|c| c.header.clone()).collect();
    for (at, column) in columns.iter_mut().enumerate() {
        let Some((field, _, winner)) = taken.iter().find(|(field, ..)| *field == column.field)
        else {
            continue;
        };
        if *winner != at {
            let other = headers.get(*winner).cloned().unwrap_or_default();
            column.why = format!("`{other}` already gives {}", field.word());
            column.field = Field::Ignore;
        }
    }
}

fn some_id<'s>(cells: impl Iterator<Item = &'s str>) -> Field {
    let mut said = cells.filter(|cell| !cell.is_empty()).peekable();
    let row_number = |cell: &str| cell.len() <= 5 && cell.bytes().all(|b| b.is_ascii_digit());
    if said.peek().is_none() || said.all(row_number) {
        Field::Ignore
    } else {
        Field::KeyId
    }
}

fn some_key<'s>(
    cells: impl Iterator<Item = &'s str>,
    has_name: bool,
    has_id: bool,
    secret_beside_a_name: bool,
) -> Field {
    let (mut all, mut secrets, mut ids, mut masked) = (0_usize, 0_usize, 0_usize, 0_usize);
    for cell in cells.filter(|cell| !cell.is_empty()) {
        all += 1;
        secrets += usize::from(guard::looks_secret(cell));
        ids += usize::from(guard::is_aws_key_id(cell));
        masked += usize::from(guard::is_masked(cell));
    }
    let most = |count: usize| count > 0 && count * 2 >= all;
    if most(secrets) {
        Field::Secret
    } else if most(masked) {
        Field::Hint
    } else if most(ids) && !has_id {
        Field::KeyId
    } else if (has_name || has_id) && secret_beside_a_name {
        Field::Secret
    } else if !has_name {
        Field::Name
    } else if !has_id {
        Field::KeyId
    } else {
        Field::Ignore
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(header: &[&str], row: &[&str]) -> Vec<String> {
        let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
        let map = settle(&header, None, |at| row.get(at).copied().into_iter());
        map.columns
            .iter()
            .map(|column| column.field.word())
            .collect()
    }

    #[test]
    fn headers_in_many_words() {
        assert_eq!(
            fields(
                &[
                    "Key Name",
                    "Vendor",
                    "Service",
                    "Owner (e-mail)",
                    "createdAt",
                    "Expiry date",
                    "Last used on",
                    "Env",
                    "Colour"
                ],
                &[]
            ),
            [
                "name",
                "provider",
                "system",
                "owner",
                "created_at",
                "expires_at",
                "last_used",
                "tag.environment",
                "ignore"
            ]
        );
        assert_eq!(
            fields(
                &[
                    "options.workload_identity_federation",
                    "gateway",
                    "last_used.at",
                    "last_used.offered",
                    "exception.approved_until",
                    "since.unowned",
                    "held by",
                    "proof"
                ],
                &[]
            ),
            [
                "options.workload_identity_federation",
                "options.gateway",
                "last_used",
                "last_used.offered",
                "exception.approved_until",
                "since.unowned",
                "held_by",
                "proof"
            ]
        );
    }

    #[test]
    fn cells_tell_what_a_word_means() {
        assert_eq!(fields(&["API key"], &["billing"]), ["name"]);
        assert_eq!(fields(&["API key"], &["AKIAIOSFODNN7EXAMPLE"]), ["key_id"]);
        assert_eq!(
            fields(&["API key"], &["ghp_0123456789abcdefghijABCDEFGHIJ012345"]),
            ["secret"]
        );
        assert_eq!(
            fields(&["API key", "Name"], &["hunter2", "x"]),
            ["secret", "name"]
        );
        assert_eq!(
            fields(&["key", "Name"], &["sk-…abcd", "x"]),
            ["hint", "name"]
        );
        assert_eq!(fields(&["ID", "Name"], &["3", "x"]), ["ignore", "name"]);
        assert_eq!(fields(&["Issuer"], &["Stripe"]), ["provider"]);
        assert_eq!(fields(&["Issuer"], &["ended"]), ["issuer"]);
        assert_eq!(fields(&["Used by"], &["billing, web"]), ["consumers"]);
        assert_eq!(fields(&["name", "title"], &[]), ["name", "ignore"]);
        assert_eq!(fields(&["title", "name"], &[]), ["ignore", "name"]);
    }

    #[test]
    fn only_tables_about_keys_are_inventories() {
        let is = |header: &str| {
            let cells: Vec<String> = header.split(',').map(str::to_owned).collect();
            is_inventory(&cells)
        };
        for header in [
            "name,provider,owner,created",
            "Key name,Vendor,Owner",
            "API key,Owner",
            "provider,key_id,privilege",
            "Access key ID,Secret access key",
            "service,key,expires,owner",
            "Token name,Created",
            "key id,status",
        ] {
            assert!(is(header), "{header}");
        }
        for header in [
            "key,value",
            "key,value,description",
            "id,name,created_at,status",
            "token,count,label",
            "token,type,notes",
            "date,temperature",
            "Issue key,Summary,Status,Owner,Created",
            "vendor,name,price",
            "provider,model,created",
            "name,email,phone,owner",
            "id,provider,key_id,name,owner,level,set_by,verdict,expires_at",
            "",
        ] {
            assert!(!is(header), "{header}");
        }
    }
}
