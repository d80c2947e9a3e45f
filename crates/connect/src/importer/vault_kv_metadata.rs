//! Metadata of the key-value store (version 2) of HashiCorp Vault and OpenBao: which secrets are kept where,
//! since when, and in how many versions; never the secrets.
//!
//! Read are answers to `LIST` and `SCAN` (paths alone), to OpenBao's `detailed-metadata`, and to
//! `GET …/metadata/PATH`. The last does not name its path: it has to stand beside it, as the key of an object
//! of answers, as a field `path`, or in the name of the file. Fields: openbao `kv-v2.mdx` at 006212f.
//!
//! Answers name no mount: paths of one folder of files are taken as those of one mount, and equal paths in two
//! folders are two secrets.
//!
//! `delete_version_after` ends a version, not the key in it; and a new version is no proof that its value
//! changed (hashicorp/vault-plugin-secrets-kv#58). Which provider's key it is, is not told.

use super::{
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::{guard, json as reading},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tenure_model::key::{Row, When};

/// The name of this kind.
pub(super) const KIND: &str = "vault-kv-metadata";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let metadata = reading::shaped(
        input,
        &["current_version", "versions", "max_versions"],
        |answer| {
            is_metadata(answer)
                || answer
                    .as_object()
                    .is_some_and(|answers| answers.values().any(is_metadata))
        },
    );
    if metadata == Recognition::Yes {
        return metadata;
    }
    reading::shaped(input, &["data", "keys"], |answer| list(answer).is_some())
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    // `vault kv list -format=json` prints the paths alone.
    let opened = reading::documents(input)?
        .into_iter()
        .flat_map(|document| match &document {
            Value::Array(paths) if !paths.is_empty() && paths.iter().all(Value::is_string) => {
                vec![json!({"data": {"keys": document}})]
            }
            _ => reading::elements(vec![document]),
        });
    let answers: Vec<Value> = opened.collect();
    let mut gathered = Gathered::new(input, KIND, None);
    let mut told = Told::default();
    let one = answers.len() == 1;
    for (number, answer) in answers.iter().enumerate() {
        let at = if one {
            String::new()
        } else {
            format!("/{number}")
        };
        if let Some(keys) = list(answer) {
            listed(answer, keys, &at, input, &mut told, &mut gathered);
        } else if is_metadata(answer) {
            let path = ["path", "request_path"]
                .iter()
                .find_map(|field| reading::text(answer, field))
                .map(str::to_owned);
            let path = path.or_else(|| in_name(input.name).filter(|_| one));
            let row = kept(&Entry::new(answer, &at, input), path, &mut told);
            gathered.take(answer, row, &[]);
        } else {
            let beside: Vec<(&String, &Value)> = answer
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, value)| is_metadata(value))
                .collect();
            if beside.is_empty() {
                return Err(ImportError::Shape {
                    file: input.name.to_owned(),
                    kind: KIND,
                    why: format!("document {} is no list and no metadata", number + 1),
                    todo: "save the answer of `vault kv metadata get -format=json PATH` or of LIST as it is"
                        .to_owned(),
                });
            }
            for (path, value) in beside {
                let at = format!("{at}/{path}");
                let row = kept(
                    &Entry::new(value, &at, input),
                    Some(path.clone()),
                    &mut told,
                );
                gathered.take(value, row, &[]);
            }
        }
    }
    cover(&told, &mut gathered);
    Ok(gathered.finish(false))
}

/// What was met on the way.
#[derive(Default)]
struct Told {
    listed: usize,
    metadata: usize,
    folders: Vec<String>,
    gone: usize,
    timed: usize,
}

fn cover(told: &Told, gathered: &mut Gathered) {
    if !told.folders.is_empty() {
        gathered.partial(format!(
            "{} folder{} named and not listed: {}",
            told.folders.len(),
            if told.folders.len() == 1 {
                " is"
            } else {
                "s are"
            },
            guard::quoted(&told.folders.join(", "))
        ));
    }
    gathered.read("secrets kept at the paths listed");
    if told.metadata > 0 {
        gathered.read_rows("creation and versions", told.metadata);
    } else {
        gathered.not_offered(
            "creation and versions",
            "a list names paths alone; `vault kv metadata get -format=json PATH` tells the rest",
        );
    }
    gathered.not_offered("provider", "a path does not tell whose key is kept there");
    gathered.not_offered("last use", "only the audit log tells who read a secret");
    gathered.not_offered(
        "expiry",
        "delete_version_after ends a version, not the key in it",
    );
    if told.metadata > 0 {
        gathered.note("the age of a version does not prove that its value was rotated");
    }
    if told.timed > 0 {
        gathered.note(format!(
            "{} secret(s) with delete_version_after: that ends the copy, and the key lives on at its provider",
            told.timed
        ));
    }
    if told.gone > 0 {
        gathered.note(format!(
            "{} secret(s) whose current version is deleted or destroyed: the copy is gone, and the key may live on",
            told.gone
        ));
    }
}

/// The paths of an answer to `LIST`.
fn list(answer: &Value) -> Option<&Vec<Value>> {
    const ENVELOPE: [&str; 10] = [
        "request_id",
        "lease_id",
        "renewable",
        "lease_duration",
        "data",
        "wrap_info",
        "warnings",
        "auth",
        "mount_type",
        "path",
    ];
    let around = answer.as_object()?;
    let data = answer.get("data")?.as_object()?;
    let keys = data.get("keys")?.as_array()?;
    let sound = around.keys().all(|name| ENVELOPE.contains(&name.as_str()))
        && data
            .keys()
            .all(|name| matches!(name.as_str(), "keys" | "key_info"))
        && keys.iter().all(Value::is_string);
    sound.then_some(keys)
}

fn is_metadata(answer: &Value) -> bool {
    let data = data_of(answer);
    data.get("versions").is_some_and(Value::is_object) && data.get("current_version").is_some()
}

/// Vault wraps an answer in `data`.
fn data_of(answer: &Value) -> &Value {
    answer.get("data").unwrap_or(answer)
}

fn listed(
    answer: &Value,
    keys: &[Value],
    at: &str,
    input: &Input<'_>,
    told: &mut Told,
    gathered: &mut Gathered,
) {
    let folder = reading::text(answer, "path").map(|path| path.trim_end_matches('/'));
    let info = answer.pointer("/data/key_info").and_then(Value::as_object);
    // SCAN also names the folders through which it went.
    let paths: Vec<&str> = keys.iter().filter_map(Value::as_str).collect();
    for (nth, key) in paths.iter().enumerate() {
        let at = format!("{at}/data/keys/{nth}");
        let path = match folder {
            Some(folder) => format!("{folder}/{key}"),
            None => (*key).to_owned(),
        };
        if key.ends_with('/') {
            let walked = paths
                .iter()
                .any(|other| other != key && other.starts_with(key));
            if !walked {
                told.folders.push(path);
            }
            continue;
        }
        let about = info.and_then(|info| info.get(*key));
        let value = about.unwrap_or(&Value::Null);
        let entry = Entry::new(value, &at, input);
        let row = if about.is_some_and(is_metadata) {
            kept(&entry, Some(path), told)
        } else {
            told.listed += 1;
            place(&entry, Some(path))
        };
        gathered.take(value, row, &[]);
    }
}

/// A secret by its path alone.
fn place(entry: &Entry<'_>, path: Option<String>) -> Result<Row, Problem> {
    let path = path
        .map(|path| guard::id(path.trim_matches('/')))
        .filter(|path| !path.is_empty() && path != "…")
        .ok_or_else(|| {
            Problem::new(
                if entry.at.is_empty() { "/" } else { entry.at },
                "the answer does not say of which path it speaks",
                "name the file after the path, or put the path beside the answer, as \"path\"",
            )
        })?;
    let mut row = entry::row(entry, "unknown", None, Some(path.clone()));
    row.name = Some(path);
    row.account = folder(entry.input.name);
    row.tags.insert(
        "kept_in".to_owned(),
        "a key-value store of Vault or OpenBao".to_owned(),
    );
    Ok(row)
}

fn kept(entry: &Entry<'_>, path: Option<String>, told: &mut Told) -> Result<Row, Problem> {
    let data = data_of(entry.value);
    let inner = Entry::new(data, entry.at, entry.input);
    let mut row = place(entry, path)?;
    // The value is at most as old as its entry, and nothing proves that it is younger.
    row.created = inner.past("created_time", When::Unknown, When::Unknown)?;
    told.metadata += 1;
    let custom = inner.field("custom_metadata").and_then(Value::as_object);
    for (name, value) in custom.into_iter().flatten() {
        let Some(text) = value.as_str().filter(|text| !text.trim().is_empty()) else {
            continue;
        };
        let text = guard::name(text.trim());
        let label = guard::name(name);
        if matches!(label.to_lowercase().as_str(), "owner" | "team" | "contact") {
            let why = format!("custom_metadata {label}");
            row.associates
                .push(entry::associate(text.clone(), &why, false));
        }
        row.tags.insert(label, text);
    }
    for (field, why) in [
        ("created_by", "created it"),
        ("last_updated_by", "updated it last"),
    ] {
        if let Some(who) = actor(&inner, field) {
            row.associates.push(entry::associate(who, why, true));
        }
    }
    if let Some(version) = inner.who("current_version") {
        if let Some(state) = state_of(&inner, &version) {
            told.gone += 1;
            row.tags.insert("current_version".to_owned(), state);
        }
        row.tags.insert("version".to_owned(), version);
    }
    if let Some(after) = inner
        .text("delete_version_after")
        .filter(|after| *after != "0s")
    {
        told.timed += 1;
        row.tags
            .insert("delete_version_after".to_owned(), guard::name(after));
    }
    Ok(row)
}

/// Vault Enterprise names an entity or a client; these are no people until somebody says so.
fn actor(inner: &Entry<'_>, field: &str) -> Option<String> {
    let names = ["actor", "entity_id", "client_id"];
    inner.who(field).or_else(|| {
        names
            .iter()
            .find_map(|name| inner.who(&format!("/{field}/{name}")))
    })
}

/// `deleted` or `destroyed`, where the current version is.
fn state_of(inner: &Entry<'_>, version: &str) -> Option<String> {
    let versions: BTreeMap<&str, &Value> = inner
        .field("versions")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(number, value)| (number.as_str(), value))
        .collect();
    let current = Entry::new(versions.get(version)?, inner.at, inner.input);
    if current.flag("destroyed") == Some(true) {
        return Some("destroyed".to_owned());
    }
    // A version that will be deleted has the time already.
    match current.moment("deletion_time", When::Unknown, When::Unknown) {
        Ok(When::On(day)) if day <= inner.input.today => Some(format!("deleted {day}")),
        _ => None,
    }
}

/// `exports/vault-prod/list.json`: the folder.
fn folder(name: &str) -> Option<String> {
    let mut parts = name.rsplit(['/', '\\']).skip(1);
    let folder = parts
        .next()
        .filter(|folder| !matches!(*folder, "" | "." | ".."));
    folder.map(guard::id)
}

/// `secret/pay/stripe.json`: the file's name without its folder and its end.
fn in_name(name: &str) -> Option<String> {
    let file = name.rsplit(['/', '\\']).next()?;
    let stem = file.split('.').next()?;
    (!stem.is_empty()).then(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/openbao_kv_list.json");
    const METADATA: &str = include_str!("../../tests/fixtures/openbao_kv_metadata.json");

    fn named(name: &str, text: &str) -> Imported {
        let input = Input::new(name, text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes, "{text}");
        read(&input).unwrap()
    }

    fn got(text: &str) -> Imported {
        named("vault/stripe.json", text)
    }

    #[test]
    fn a_list_names_paths_and_folders_that_it_does_not_open() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        assert_eq!(got.rows.len(), 1);
        assert_eq!(got.rows[0].key_id.as_deref(), Some("stripe"));
        assert_eq!(got.rows[0].provider, "unknown");
        assert_eq!(got.rows[0].account.as_deref(), Some("vault"), "its folder");
        assert_eq!(named("./list.json", LIST).rows[0].account, None);
        assert_eq!(got.coverage[0].state.word(), "partial");
        assert!(
            got.coverage[0]
                .reason
                .as_deref()
                .unwrap()
                .contains("teams/")
        );
        assert_eq!(got.coverage[1].state.word(), "not_offered");
        let scan = LIST.replace("\"teams/\"", "\"teams/\", \"teams/pay\"");
        assert_eq!(self::got(&scan).coverage[0].state.word(), "complete");
        assert_eq!(self::got(&scan).rows.len(), 2);
    }

    #[test]
    fn metadata_has_the_age_of_the_entry_and_no_end() {
        let got = got(METADATA);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(
            row.key_id.as_deref(),
            Some("stripe"),
            "the name of the file"
        );
        assert_eq!(row.created, When::On("2023-03-22".parse().unwrap()));
        assert_eq!(
            (row.expires, row.last_used),
            (When::NotOffered, When::NotOffered)
        );
        assert_eq!(row.status, None);
        assert_eq!(row.associates[0].who, "pay-team@example.com");
        assert_eq!(row.tags["owner"], "pay-team@example.com");
        assert!(got.notes[0].contains("does not prove"));
        assert!(!got.whole, "absence from a vault says nothing about a key");
    }

    #[test]
    fn an_end_of_a_version_is_no_end_of_the_key() {
        let timed = got(&METADATA.replace("\"0s\"", "\"3h25m19s\""));
        assert_eq!(timed.rows[0].expires, When::NotOffered);
        assert_eq!(timed.rows[0].tags["delete_version_after"], "3h25m19s");
        assert!(timed.notes[1].contains("lives on"));
    }

    #[test]
    fn a_version_that_is_gone_leaves_the_key_alive() {
        let destroyed = got(&METADATA.replace("\"destroyed\": false", "\"destroyed\": true"));
        assert_eq!(destroyed.rows[0].tags["current_version"], "destroyed");
        assert_eq!(destroyed.rows[0].status, None);
        let deleted = METADATA.replace(
            "\"deletion_time\": \"\"",
            "\"deletion_time\": \"2026-01-01T00:00:00Z\"",
        );
        assert_eq!(
            got(&deleted).rows[0].tags["current_version"],
            "deleted 2026-01-01"
        );
        assert!(got(&deleted).notes[1].contains("may live on"));
        let later = METADATA.replace(
            "\"deletion_time\": \"\"",
            "\"deletion_time\": \"2027-01-01T00:00:00Z\"",
        );
        assert!(!got(&later).rows[0].tags.contains_key("current_version"));
    }

    #[test]
    fn one_or_many_in_a_file_and_where_the_path_stands() {
        let many = format!("{{\"pay/stripe\": {METADATA}, \"pay/adyen\": {METADATA}}}");
        let ids: Vec<_> = got(&many)
            .rows
            .iter()
            .filter_map(|r| r.key_id.clone())
            .collect();
        let ids: std::collections::BTreeSet<_> = ids.iter().map(String::as_str).collect();
        assert_eq!(ids, ["pay/adyen", "pay/stripe"].into());
        let beside = METADATA.replacen('{', "{\"path\": \"pay/stripe\",", 1);
        let lines = format!("{beside}{}", beside.replace("pay/stripe", "pay/adyen"));
        assert_eq!(got(&lines).rows.len(), 2);
        let nameless = got(&format!("{METADATA}{METADATA}"));
        assert_eq!(nameless.problems.len(), 2);
        assert!(nameless.problems[0].what.contains("which path"));
        let detailed = format!(
            "{{\"data\": {{\"keys\": [\"a\", \"b\"], \"key_info\": {{\"a\": {}}}}}}}",
            serde_json::from_str::<Value>(METADATA).unwrap()["data"]
        );
        let detailed = got(&detailed);
        assert_eq!(
            detailed.rows[0].created,
            When::On("2023-03-22".parse().unwrap())
        );
        assert_eq!(detailed.rows[1].created, When::NotOffered);
    }

    #[test]
    fn paths_alone_have_to_be_declared() {
        let input = Input::new(
            "l.json",
            br#"["stripe", "teams/"]"#,
            "2026-11-23".parse().unwrap(),
        );
        assert_eq!(recognise(&input), Recognition::No);
        assert_eq!(read(&input).unwrap().rows.len(), 1);
    }

    #[test]
    fn other_files_with_data_and_keys_are_not_lists() {
        for text in [
            r#"{"data": {"keys": ["a"], "more": 1}}"#,
            r#"{"data": {"keys": [{"id": 1}]}}"#,
            r#"{"data": {"keys": ["a"]}, "title": "x"}"#,
        ] {
            let input = Input::new("x.json", text.as_bytes(), "2026-11-23".parse().unwrap());
            assert_eq!(recognise(&input), Recognition::No, "{text}");
        }
    }

    #[test]
    fn a_secret_in_the_metadata_is_taken_out() {
        let held = got(&METADATA.replace(
            "pay-team@example.com",
            "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        ));
        assert!(held.plaintext && !format!("{held:?}").contains("0123456789abcdef"));
    }
}
