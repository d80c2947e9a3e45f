//! Terraform and OpenTofu state, format version 4: resources that are keys, and every other secret in plaintext.
//!
//! Format: <https://developer.hashicorp.com/terraform/language/state> and
//! <https://developer.hashicorp.com/terraform/language/manage-sensitive-data>, read 2026-11-26: state holds all
//! attributes in plaintext, also those marked sensitive, so that the file is an exposure itself. It tells what was
//! there when it was written, not what is there now.

mod resources;

use super::{
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition, rejected},
    reading::{guard, json},
};
use resources::{KeyResource, RESOURCES};
use serde_json::Value;
use std::collections::BTreeSet;
use tenure_model::{
    facts::Privilege,
    key::{Associate, Row, When},
    reported::Reported,
    secret::Secret,
};

/// The name of this kind.
pub(super) const KIND: &str = "terraform-state";
/// The least that is a secret rather than a word.
const SHORTEST: usize = 6;

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let encrypted = json::shaped(input, &["encrypted_data", "encryption_version"], |state| {
        state.get("encrypted_data").is_some()
    });
    if encrypted == Recognition::Yes {
        return encrypted;
    }
    json::shaped(input, &["version", "lineage", "serial"], |state| {
        state.get("lineage").is_some()
            && (state.get("resources").is_some() || state.get("modules").is_some())
    })
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let shape = |why: String, todo: &str| ImportError::Shape {
        file: input.name.to_owned(),
        kind: KIND,
        why,
        todo: todo.to_owned(),
    };
    let documents = json::held(input)?;
    let mut reading = Reading::default();
    for state in documents.iter() {
        if state.get("encrypted_data").is_some() {
            return Err(shape(
                "it is encrypted".to_owned(),
                "give the output of `tofu state pull`, which is decrypted",
            ));
        }
        let version = state.get("version").and_then(Value::as_u64);
        let Some(resources) = state
            .get("resources")
            .and_then(Value::as_array)
            .filter(|_| version == Some(4))
        else {
            let version = version.map_or_else(
                || "no version".to_owned(),
                |version| format!("version {version}"),
            );
            return Err(shape(
                format!("it has {version} of the format, and version 4 is read"),
                "give the output of `terraform state pull` of Terraform 0.12 or later",
            ));
        };
        for (at, resource) in resources.iter().enumerate() {
            reading.resource(resource, &format!("/resources/{at}"), input);
        }
        for (name, output) in state
            .get("outputs")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if output.get("sensitive").and_then(Value::as_bool) == Some(true) {
                let at = format!("/outputs/{}", guard::id(name));
                let value = output.get("value").unwrap_or(&Value::Null);
                reading.plain(value, &format!("output.{}", guard::name(name)), name, &at);
            }
        }
    }
    Ok(reading.finish(input))
}

#[derive(Default)]
struct Reading {
    imported: Imported,
    resources: usize,
    /// Values that were seen already, by address; the same value may stand in several places.
    seen: BTreeSet<String>,
}

impl Reading {
    fn resource(&mut self, resource: &Value, at: &str, input: &Input<'_>) {
        let (Some(kind), Some(name)) = (json::text(resource, "type"), json::text(resource, "name"))
        else {
            self.imported.problems.push(Problem::new(
                at,
                "the resource has no type or no name",
                "write the state anew with `terraform state pull`",
            ));
            return;
        };
        let module =
            json::text(resource, "module").map_or_else(String::new, |module| format!("{module}."));
        let address = format!(
            "{}{}.{}",
            guard::id(&module),
            guard::id(kind),
            guard::name(name)
        );
        let known = RESOURCES.iter().find(|known| known.kind == kind);
        let instances = resource.get("instances").and_then(Value::as_array);
        for (nth, instance) in instances.into_iter().flatten().enumerate() {
            self.resources += 1;
            let index = match instance.get("index_key") {
                Some(Value::String(key)) => format!("[{}]", guard::name(key)),
                Some(Value::Number(number)) => format!("[{number}]"),
                _ => String::new(),
            };
            let at = format!("{at}/instances/{nth}/attributes");
            let address = format!("{address}{index}");
            let attributes = instance.get("attributes").unwrap_or(&Value::Null);
            let mut taken: Vec<&str> = Vec::new();
            if let Some(known) = known {
                taken.extend(known.secrets.iter().chain(known.again));
                let row = row(known, attributes, &address, &at, input);
                self.imported.rows.push(row);
                for more in known.secrets.iter().skip(1) {
                    self.plain(
                        attributes.get(*more).unwrap_or(&Value::Null),
                        &address,
                        more,
                        &at,
                    );
                }
            }
            self.sensitive(instance, attributes, &taken, &address, &at);
        }
    }

    /// Attributes that the state marks as sensitive, and those whose name says so.
    fn sensitive(
        &mut self,
        instance: &Value,
        attributes: &Value,
        taken: &[&str],
        address: &str,
        at: &str,
    ) {
        let marked = instance
            .get("sensitive_attributes")
            .and_then(Value::as_array);
        let marked: BTreeSet<&str> = marked
            .into_iter()
            .flatten()
            .filter_map(|path| path.get(0)?.get("value")?.as_str())
            .collect();
        for (name, value) in attributes.as_object().into_iter().flatten() {
            let says = resources::says_secret(name)
                && value.as_str().is_some_and(|text| !guard::is_remark(text));
            if !taken.contains(&name.as_str()) && (marked.contains(name.as_str()) || says) {
                self.plain(value, address, name, at);
            }
        }
    }

    /// Every text in a sensitive value.
    fn plain(&mut self, value: &Value, address: &str, name: &str, at: &str) {
        match value {
            Value::String(text) => {
                let text = text.trim();
                let is_none =
                    text.len() < SHORTEST || guard::is_masked(text) || guard::is_remark(text);
                if is_none
                    || !self.seen.insert(format!(
                        "{address} {name} {}",
                        tenure_model::digest::of_bytes(text.as_bytes())
                    ))
                {
                    return;
                }
                let mut found = Reported::new(
                    "Terraform state",
                    address,
                    format!("{at}/{}", guard::id(name)),
                );
                found.variable = Some(format!("{address}.{}", guard::name(name)));
                found.audience_why =
                    "state is passed between machines; who has a copy of it is not known"
                        .to_owned();
                if guard::is_aws_key_id(text) {
                    return;
                }
                found.secret = Some(Secret::new(text.as_bytes()));
                self.imported.sightings.push(found);
            }
            Value::Array(items) => items
                .iter()
                .for_each(|item| self.plain(item, address, name, at)),
            Value::Object(fields) => fields.iter().for_each(|(field, value)| {
                self.plain(value, address, &format!("{name}.{field}"), at);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn finish(self, input: &Input<'_>) -> Imported {
        let mut imported = self.imported;
        imported.kind = KIND;
        let cover = Cover::of(input);
        let why = rejected(imported.problems.len());
        let plaintext = imported.sightings.len()
            + imported
                .rows
                .iter()
                .filter(|row| row.secret.is_some())
                .count();
        if plaintext > 0 {
            imported.plaintext = true;
            imported.notes.push(format!(
                "{} holds {plaintext} secret{} in plaintext: whoever reads the state has them; encrypt it, and keep it out of repositories",
                input.name,
                if plaintext == 1 { "" } else { "s" }
            ));
        }
        imported.coverage = vec![
            cover.read("resources of this state", self.resources, why),
            cover.read("keys", imported.rows.len(), None),
            cover.read("secrets in plaintext", plaintext, None),
            cover.not_offered("last use", "state does not record it"),
            cover.not_offered("what is there now", "state is as old as the last run"),
        ];
        imported
    }
}

fn row(known: &KeyResource, attributes: &Value, address: &str, at: &str, input: &Input<'_>) -> Row {
    let text = |name: Option<&str>| name.and_then(|name| json::id(attributes, name));
    let first = known
        .secrets
        .first()
        .and_then(|name| json::text(attributes, name));
    let day = |name: Option<&str>, none: When| match name.map(|name| attributes.get(name)) {
        None => When::NotOffered,
        Some(None | Some(Value::Null)) => none,
        Some(Some(value)) => value
            .as_str()
            .and_then(|text| super::reading::dates::stamp(text).map(|(day, _)| day))
            .map_or(When::Unknown, When::On),
    };
    // A day ahead would be an error of the clock that wrote it.
    let created = match day(known.created, When::Unknown) {
        When::On(day) if day > input.today => When::Unknown,
        when => when,
    };
    Row {
        at: at.to_owned(),
        provider: known.provider.to_owned(),
        credential: known.credential.map(str::to_owned),
        account: text(known.account).map(|account| guard::id(&account)),
        key_id: text(known.id)
            .map(|id| id.rsplit(['/', ':']).next().unwrap_or(&id).to_owned())
            .map(|id| guard::id(&id)),
        slot: Some(format!("terraform {address}")),
        name: text(known.name)
            .filter(|name| !name.is_empty())
            .map_or_else(|| Some(address.to_owned()), |name| Some(guard::name(&name))),
        created,
        expires: day(known.expires, When::Unknown),
        privilege: (known.kind == "github_repository_deploy_key")
            .then(|| attributes.get("read_only").and_then(Value::as_bool))
            .flatten()
            .map(|read_only| {
                let may = if read_only {
                    Privilege::ReadNarrow
                } else {
                    Privilege::WriteNarrow
                };
                (may, format!("read_only: {read_only}"))
            }),
        associates: text(known.holder)
            .map(|who| Associate {
                who: guard::id(&who),
                why: "the account that it belongs to".to_owned(),
                machine: true,
            })
            .into_iter()
            .collect(),
        tags: [("terraform".to_owned(), address.to_owned())].into(),
        secret: first
            .filter(|secret| secret.len() >= SHORTEST && !guard::is_masked(secret))
            .map(|secret| Secret::new(secret.as_bytes())),
        ..Row::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(resources: &Value, outputs: &Value) -> String {
        serde_json::json!({"version": 4, "terraform_version": "1.9.0", "serial": 7, "lineage": "x",
            "outputs": outputs, "resources": resources, "check_results": null})
        .to_string()
    }

    fn instance(kind: &str, attributes: &Value, sensitive: &Value) -> Value {
        serde_json::json!({"mode": "managed", "type": kind, "name": "main", "module": "module.ci",
            "provider": "provider[\"registry.terraform.io/hashicorp/x\"]",
            "instances": [{"index_key": "prod", "schema_version": 0, "attributes": attributes, "sensitive_attributes": sensitive}]})
    }

    fn got(text: &str) -> Imported {
        let input = Input::new(
            "terraform.tfstate",
            text.as_bytes(),
            "2026-11-23".parse().unwrap(),
        );
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_resource_that_is_a_key_is_a_row() {
        let key = instance(
            "aws_iam_access_key",
            &serde_json::json!({"id": "AKIAIOSFODNN7EXAMPLE", "user": "ci-deploy", "secret": "a-made-up-secret-of-nobody",
                "ses_smtp_password_v4": "another-made-up-one", "status": "Active", "create_date": "2024-05-02T09:00:00Z"}),
            &serde_json::json!([[{"type": "get_attr", "value": "secret"}]]),
        );
        let got = got(&state(&serde_json::json!([key]), &serde_json::json!({})));
        let row = &got.rows[0];
        assert_eq!(
            (row.provider.as_str(), row.credential.as_deref()),
            ("aws", Some("iam_access_key"))
        );
        assert_eq!(row.key_id.as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
        assert_eq!(
            row.tags["terraform"],
            "module.ci.aws_iam_access_key.main[prod]"
        );
        assert_eq!(row.created, When::On("2024-05-02".parse().unwrap()));
        assert_eq!(
            row.secret.as_ref().unwrap().expose(),
            b"a-made-up-secret-of-nobody"
        );
        assert_eq!(row.status, None, "a state does not know what is active now");
        assert_eq!(got.sightings.len(), 1, "the SMTP password, once");
        assert!(got.plaintext && got.notes[0].contains("2 secrets"));
        assert!(!format!("{got:?}").contains("made-up"));
    }

    #[test]
    fn every_sensitive_attribute_and_output_is_a_sighting_in_the_state_itself() {
        let database = instance(
            "aws_db_instance",
            &serde_json::json!({"password": "a-made-up-password", "username": "app", "arn": "arn:aws:rds:x",
                "password_wo_version": 3, "master_user_secret": [], "settings": {"inner": {"deep": "a-made-up-deep-one"}, "port": 5432}}),
            &serde_json::json!([[{"type": "get_attr", "value": "settings"}, {"type": "get_attr", "value": "inner"}]]),
        );
        let outputs = serde_json::json!({"pass": {"value": "a-made-up-output", "type": "string", "sensitive": true},
            "url": {"value": "https://example.net", "type": "string"}});
        let got = got(&state(&serde_json::json!([database]), &outputs));
        let places: Vec<_> = got
            .sightings
            .iter()
            .filter_map(|one| one.variable.as_deref())
            .collect();
        assert_eq!(
            places,
            [
                "module.ci.aws_db_instance.main[prod].password",
                "module.ci.aws_db_instance.main[prod].settings.inner.deep",
                "output.pass.pass",
            ]
        );
        assert!(
            got.sightings
                .iter()
                .all(|one| one.path.is_none() && one.secret.is_some())
        );
        assert!(got.rows.is_empty());
    }

    #[test]
    fn one_key_in_three_forms_is_one_key() {
        let pem = |kind: &str| format!("-----BEGIN {kind} PRIVATE {}-----\nx\n", "KEY");
        let key = instance(
            "tls_private_key",
            &serde_json::json!({"private_key_pem": pem("RSA"), "private_key_openssh": pem("OPENSSH"),
                "private_key_pem_pkcs8": pem(""), "public_key_pem": "x"}),
            &serde_json::json!([[{"type": "get_attr", "value": "private_key_openssh"}]]),
        );
        let got = got(&state(&serde_json::json!([key]), &serde_json::json!({})));
        assert_eq!((got.rows.len(), got.sightings.len()), (1, 0));
        assert_eq!(got.rows[0].credential.as_deref(), Some("private_key"));
    }

    #[test]
    fn other_formats_say_what_to_do() {
        let error = |text: &str| {
            let input = Input::new("s", text.as_bytes(), "2026-11-23".parse().unwrap());
            assert_eq!(recognise(&input), Recognition::Yes, "{text}");
            read(&input).unwrap_err().to_string()
        };
        assert!(
            error(r#"{"version":3,"serial":1,"lineage":"x","modules":[]}"#).contains("version 3")
        );
        let encrypted = error(
            r#"{"serial":1,"lineage":"x","meta":{},"encrypted_data":"YQ==","encryption_version":"v0"}"#,
        );
        assert!(encrypted.contains("tofu state pull"), "{encrypted}");
    }

    #[test]
    fn an_empty_state_and_a_broken_resource() {
        let empty = got(&state(&serde_json::json!([]), &serde_json::json!({})));
        assert_eq!(empty.coverage[0].rows, Some(0));
        assert!(!empty.plaintext);
        let broken = got(&state(
            &serde_json::json!([{"type": "x"}]),
            &serde_json::json!({}),
        ));
        assert_eq!(broken.problems[0].at, "/resources/0");
        assert_eq!(broken.coverage[0].state.word(), "partial");
    }
}
