//! `kubectl get secrets -A -o json` and `-o yaml`: the secrets of a cluster, with or without their values.
//!
//! Shape and types: <https://kubernetes.io/docs/concepts/configuration/secret/>, read 2026-11-26. Values of `data` are
//! base64, of `stringData` plain; the annotation `kubectl.kubernetes.io/last-applied-configuration` repeats what was
//! applied, values included. All of them go into [`Secret`] and nowhere else.

mod values;

use super::{
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition, rejected},
    reading::{guard, json, text},
};
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::BTreeMap;
use tenure_model::{
    facts::IssuedTo,
    key::{Associate, Row, When},
    place::Runtime,
    secret::Secret,
};
use values::{Entry, entries};

/// The name of this kind.
pub(super) const KIND: &str = "kubernetes-secrets";
const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let listed = json::shaped(input, &["kind", "metadata"], |document| {
        is_export(document) || is_export_of_one(document)
    });
    if listed == Recognition::Yes || !is_yaml_export(input) {
        return listed;
    }
    match yaml(input) {
        Ok(documents)
            if documents
                .iter()
                .any(|d| is_export(d) || is_export_of_one(d)) =>
        {
            Recognition::Yes
        }
        _ => Recognition::No,
    }
}

/// A list as a cluster answers it. A manifest that somebody wrote is searched as a file instead.
fn is_export(document: &Value) -> bool {
    let items = document.get("items").and_then(Value::as_array);
    let kind = json::text(document, "kind");
    matches!(kind, Some("List" | "SecretList"))
        && items.is_some_and(|items| match kind {
            Some("SecretList") => true,
            _ => items
                .iter()
                .any(|item| json::text(item, "kind") == Some("Secret")),
        })
}

/// One secret with what only a cluster gives it.
fn is_export_of_one(document: &Value) -> bool {
    json::text(document, "kind") == Some("Secret") && document.pointer("/metadata/uid").is_some()
}

fn is_yaml_export(input: &Input<'_>) -> bool {
    const HEAD: usize = 64 * 1024;
    let head = input.bytes.get(..HEAD).unwrap_or(input.bytes);
    let has = |word: &str| {
        head.windows(word.len())
            .any(|window| window == word.as_bytes())
    };
    let starts = head.trim_ascii_start().first();
    starts.is_some_and(|byte| !matches!(byte, b'{' | b'[' | b'<'))
        && has("kind: Secret")
        && (has("items:") || has("uid: "))
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let is_json = matches!(input.bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    let documents = if is_json || input.bytes.contains(&0) {
        json::held(input)?
    } else {
        yaml(input)?
    };
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    let mut read = Reading::default();
    let mut lists = 0usize;
    let mut why = None;
    for (number, document) in documents.iter().enumerate() {
        let prefix = if documents.len() > 1 {
            format!("/{number}")
        } else {
            String::new()
        };
        match document.get("items").and_then(Value::as_array) {
            Some(items) => {
                lists += 1;
                for (at, item) in items.iter().enumerate() {
                    read.secret(item, &format!("{prefix}/items/{at}"), &mut imported);
                }
                let left = document
                    .pointer("/metadata/remainingItemCount")
                    .and_then(Value::as_u64);
                if json::text(document.get("metadata").unwrap_or(&Value::Null), "continue")
                    .is_some()
                    || left.is_some()
                {
                    why = Some("the list says that further pages are missing".to_owned());
                }
            }
            None if json::text(document, "kind") == Some("Secret") => {
                lists += 1;
                read.secret(document, &prefix, &mut imported);
                why.get_or_insert("single secrets, not a list".to_owned());
            }
            None => {}
        }
    }
    if lists == 0 {
        return Err(ImportError::Shape {
            file: input.name.to_owned(),
            kind: KIND,
            why: "it holds no list of secrets".to_owned(),
            todo: "save the output of `kubectl get secrets -A -o json`".to_owned(),
        });
    }
    read.finish(input, &mut imported, why);
    Ok(imported)
}

/// The documents of a YAML file.
fn yaml(input: &Input<'_>) -> Result<json::Held, ImportError> {
    let decoded = text::of_json(input)?;
    let mut documents = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(&decoded.text) {
        match Value::deserialize(document) {
            Ok(value) => documents.push(value),
            Err(error) => {
                drop(json::Held::new(documents));
                // The parser's own words may quote the file.
                let place = error.location();
                return Err(ImportError::Json {
                    file: input.name.to_owned(),
                    line: place.as_ref().map_or(1, serde_yaml_ng::Location::line),
                    column: place.as_ref().map_or(1, serde_yaml_ng::Location::column),
                    what: "this is no YAML that can be read".to_owned(),
                    todo: "save the output of `kubectl get secrets -A -o yaml` as it is".to_owned(),
                    cut_off: false,
                });
            }
        }
    }
    Ok(json::Held::new(documents))
}

/// What is counted while secrets are read.
#[derive(Default)]
struct Reading {
    secrets: usize,
    rejected: usize,
    with_values: usize,
    plaintext: usize,
    applied: usize,
    helm: usize,
    settings: usize,
}

impl Reading {
    fn secret(&mut self, item: &Value, at: &str, imported: &mut Imported) {
        let metadata = item.get("metadata").unwrap_or(&Value::Null);
        let Some(name) = json::text(metadata, "name") else {
            self.rejected += 1;
            imported.problems.push(Problem::new(
                format!("{at}/metadata/name"),
                "the secret has no name",
                "export the list again",
            ));
            return;
        };
        self.secrets += 1;
        let kind = json::text(item, "type").unwrap_or("Opaque");
        if kind.starts_with("helm.sh/release") {
            self.helm += 1;
            return;
        }
        let namespace = json::text(metadata, "namespace").unwrap_or("default");
        let base = base_row(metadata, kind, namespace, name, at);
        let mut found = entries(item, kind);
        self.with_values += usize::from(!found.is_empty() || has_values(item));
        self.settings += found
            .iter()
            .filter(|entry| entry.secret.is_none() && entry.key_id.is_none())
            .count();
        found.retain(|entry| entry.secret.is_some());
        for entry in earlier(metadata, kind, &found) {
            self.applied += 1;
            found.push(entry);
        }
        if found.is_empty() {
            // Without its values, a secret that holds settings alone looks the same as any other.
            if !has_values(item) {
                imported.rows.push(base);
            }
            return;
        }
        for entry in found {
            self.plaintext += 1;
            imported.rows.push(row(&base, entry));
        }
    }

    fn finish(self, input: &Input<'_>, imported: &mut Imported, why: Option<String>) {
        let cover = Cover::of(input);
        let why: Vec<String> = rejected(self.rejected).into_iter().chain(why).collect();
        let why = (!why.is_empty()).then(|| why.join("; "));
        imported.plaintext = self.plaintext > 0;
        let mut note = |count: usize, text: &str| {
            if count > 0 {
                imported.notes.push(format!(
                    "{} {text}",
                    if count == 1 {
                        "1 value".to_owned()
                    } else {
                        format!("{count} values")
                    }
                ));
            }
        };
        note(
            self.plaintext,
            "in plaintext: the file itself is an exposure; leave `data` out of such exports",
        );
        note(
            self.applied,
            "in the annotation last-applied-configuration, which repeats what was once applied",
        );
        note(
            self.settings,
            "that are settings rather than secrets left out",
        );
        if self.helm > 0 {
            imported.notes.push(format!(
                "{} Helm release{} left out: what a release holds is not looked into",
                self.helm,
                if self.helm == 1 { "" } else { "s" }
            ));
        }
        imported.coverage = vec![
            cover.read("secrets of the namespaces listed", self.secrets, why),
            if self.with_values > 0 || self.secrets == 0 {
                cover.read("values", self.plaintext, None)
            } else {
                cover.not_offered("values", "the export leaves `data` out")
            },
            cover.not_offered(
                "last use",
                "a cluster does not record who read a secret, unless it audits",
            ),
            cover.not_offered(
                "creation and expiry of the keys",
                "a secret's creation is not its key's",
            ),
        ];
    }
}

fn has_values(item: &Value) -> bool {
    ["data", "stringData"].iter().any(|field| {
        item.get(*field)
            .and_then(Value::as_object)
            .is_some_and(|data| !data.is_empty())
    })
}

/// What all keys of one secret share.
fn base_row(metadata: &Value, kind: &str, namespace: &str, name: &str, at: &str) -> Row {
    let label = |wanted: &[&str]| {
        wanted.iter().find_map(|wanted| {
            ["labels", "annotations"]
                .iter()
                .find_map(|part| json::text(metadata.get(*part)?, wanted))
        })
    };
    let mut tags = BTreeMap::new();
    tags.insert("namespace".to_owned(), guard::name(namespace));
    for (tag, labels) in [
        ("owner", &["owner", "app.kubernetes.io/owner"][..]),
        ("team", &["team"]),
        ("contact", &["contact"]),
        ("environment", &["environment", "env"]),
        ("managed_by", &["app.kubernetes.io/managed-by"]),
    ] {
        if let Some(value) = label(labels) {
            tags.insert(tag.to_owned(), guard::name(value));
        }
    }
    let owners = metadata.get("ownerReferences").and_then(Value::as_array);
    if let Some(kept) = owners
        .into_iter()
        .flatten()
        .find_map(|owner| json::text(owner, "kind"))
    {
        tags.insert("kept_by".to_owned(), guard::name(kept));
    }
    let account = label(&["kubernetes.io/service-account.name"]);
    let is_account = kind == "kubernetes.io/service-account-token";
    let title = format!("{}/{}", guard::name(namespace), guard::name(name));
    Row {
        at: at.to_owned(),
        provider: if is_account { "kubernetes" } else { "unknown" }.to_owned(),
        credential: is_account.then(|| "service_account_token".to_owned()),
        slot: Some(format!("kubernetes {title}")),
        name: Some(title),
        system: label(&["app.kubernetes.io/part-of", "app.kubernetes.io/name", "app"])
            .map(guard::name),
        // Such a token ends with its secret or its account only.
        expires: if is_account {
            When::Never
        } else {
            When::NotOffered
        },
        issued_to: is_account.then_some(IssuedTo::Service),
        associates: account
            .filter(|_| is_account)
            .map(|account| Associate {
                who: guard::id(account),
                why: "the service account that it stands for".to_owned(),
                machine: true,
            })
            .into_iter()
            .collect(),
        tags,
        runtimes: vec![Runtime::Kubernetes],
        ..Row::default()
    }
}

fn row(base: &Row, entry: Entry) -> Row {
    let called = guard::name(&entry.name);
    let about = |text: &Option<String>| text.as_ref().map(|text| format!("{text} {called}"));
    let mut row = base.clone();
    row.at = format!("{}/{}", base.at, guard::id(&entry.name));
    row.name = about(&base.name);
    row.slot = about(&base.slot);
    if let Some((provider, credential)) = entry.kind {
        row.provider = provider.to_owned();
        row.credential = credential.map(str::to_owned);
    }
    row.key_id = entry.key_id;
    row.secret = entry.secret;
    row
}

/// Values that the annotation repeats and that the secret does not hold any more.
fn earlier(metadata: &Value, kind: &str, now: &[Entry]) -> Vec<Entry> {
    let applied = metadata
        .get("annotations")
        .and_then(|all| json::text(all, APPLIED));
    let Some(applied) = applied.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return Vec::new();
    };
    let applied = json::Held::new(vec![applied]);
    let is_known = |secret: &Secret| {
        now.iter()
            .any(|entry| entry.secret.as_ref() == Some(secret))
    };
    applied
        .iter()
        .flat_map(|item| entries(item, kind))
        .filter(|entry| {
            entry
                .secret
                .as_ref()
                .is_some_and(|secret| !is_known(secret))
        })
        .map(|entry| Entry {
            name: format!("{} (last applied)", entry.name),
            ..entry
        })
        .collect()
}

#[cfg(test)]
mod tests;
