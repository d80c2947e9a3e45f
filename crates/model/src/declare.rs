//! The facts file of `--facts FILE`: what a person declares about keys and places, by selector.
//!
//! ```toml
//! [[key]]
//! provider = "stripe"          # selector: provider, key_id, name, fingerprint; at least one beside provider
//! name = "billing-export"
//! owner = "ann@example.com"    # a person, or a state of the facts contract
//! isolated = true              # every other key as in the facts file of `tenure decide`
//! exception = { approved_until = 2027-03-01 }
//!
//! [[place]]
//! path = "web"                 # below the folder that is assessed, or absolute
//! audience = "anyone outside the organisation"
//! ```

use crate::{
    day::Day,
    explain::FactName,
    facts::OwnerState,
    identity::Selector,
    infer::Declaration,
    place::{Audience, Purpose, Runtime},
};
use serde_json::Value;
use std::{fmt::Display, str::FromStr};

/// What a facts file declares.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// About keys, in the order of the file.
    pub keys: Vec<(Selector, Declaration)>,
    /// About who can read what lies below a path.
    pub places: Vec<(String, Audience)>,
}

/// What is wrong with a facts file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {at}: {problem}")]
pub struct DeclareError {
    /// The file.
    pub file: String,
    /// The line, or the entry and field.
    pub at: String,
    /// What is wrong, and what to write.
    pub problem: String,
}

/// Reads a facts file.
///
/// # Errors
/// The line or field that cannot be taken; then nothing of the file is taken.
pub fn parse(file: &str, text: &str, today: Day) -> Result<Declared, DeclareError> {
    let fail = |at: String, problem: String| DeclareError {
        file: file.to_owned(),
        at,
        problem,
    };
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let upto = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or("");
        let line = upto.matches('\n').count().saturating_add(1);
        fail(format!("line {line}"), error.message().to_owned())
    })?;
    let mut declared = Declared::default();
    for (name, value) in table {
        let entries = value.as_array().cloned().unwrap_or_default();
        let entries = entries.into_iter().enumerate().map(|(nth, entry)| {
            let at = format!("{name}[{nth}]");
            match entry {
                toml::Value::Table(table) => Ok((at, table)),
                _ => Err(fail(at, format!("write it as a table, [[{name}]]"))),
            }
        });
        match name.as_str() {
            "key" => {
                for entry in entries {
                    let (at, entry) = entry?;
                    let key = key(file, &at, entry, today)
                        .map_err(|(field, problem)| fail(format!("{at}.{field}"), problem))?;
                    crate::infer::check(&key.1.values, today)
                        .map_err(|error| fail(at, error.to_string()))?;
                    declared.keys.push(key);
                }
            }
            "place" => {
                for entry in entries {
                    let (at, entry) = entry?;
                    let place = place(entry)
                        .map_err(|(field, problem)| fail(format!("{at}.{field}"), problem))?;
                    declared.places.push(place);
                }
            }
            _ => {
                let at = if name.is_empty() {
                    "\"\"".to_owned()
                } else {
                    name
                };
                return Err(fail(
                    at,
                    "is not known here; write [[key]] and [[place]] entries".to_owned(),
                ));
            }
        }
    }
    Ok(declared)
}

/// One fact that a person states of one key, as an entry of a facts file has it: a fact of the contract, `system`,
/// `purpose`, `note` or `runtimes`. `value` is as in TOML; a text may stand without quotes.
///
/// # Errors
/// The fact is not stated so, or the value is not one of it.
pub fn stated(
    source: &str,
    fact: &str,
    value: &str,
    today: Day,
) -> Result<Declaration, DeclareError> {
    let fail = |problem: &str| DeclareError {
        file: source.to_owned(),
        at: fact.to_owned(),
        problem: problem.to_owned(),
    };
    match fact {
        "provider" | "key_id" | "name" | "fingerprint" | "source" | "since" => {
            return Err(fail("is not stated of a key; its sources say so"));
        }
        "owner" | "backup_owner" | "owner_until" => {
            return Err(fail("is not stated: an owner is assigned"));
        }
        "exception" => {
            return Err(fail(
                "is not stated: an exception is requested, approved and accepted",
            ));
        }
        _ => {}
    }
    let is_one_line = !value.contains(['\n', '\r']);
    let read = toml::from_str::<toml::Table>(&format!("value = {value}"));
    let value = read
        .ok()
        .filter(|_| is_one_line)
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut entry = toml::Table::new();
    entry.insert("key_id".to_owned(), "-".into());
    match fact.strip_prefix("options.") {
        Some(option) => {
            let option: toml::Table = [(option.to_owned(), value)].into_iter().collect();
            entry.insert("options".to_owned(), option.into());
        }
        None => {
            entry.insert(fact.to_owned(), value);
        }
    }
    let (_, mut declaration) =
        key(source, fact, entry, today).map_err(|(_, problem)| fail(&problem))?;
    crate::infer::check(&declaration.values, today).map_err(|error| fail(&error.to_string()))?;
    source.clone_into(&mut declaration.source);
    Ok(declaration)
}

/// The field and what is wrong with it.
type Wrong = (String, String);

fn key(
    file: &str,
    at: &str,
    entry: toml::Table,
    today: Day,
) -> Result<(Selector, Declaration), Wrong> {
    let mut selector = Selector::default();
    let mut declaration = Declaration {
        source: format!("{file} {at}"),
        ..Declaration::default()
    };
    for (field, value) in entry {
        let wrong = |problem: String| (field.clone(), problem);
        match field.as_str() {
            "provider" => selector.provider = Some(text(&value).map_err(wrong)?),
            "key_id" => selector.key_id = Some(text(&value).map_err(wrong)?),
            "name" => selector.name = Some(text(&value).map_err(wrong)?),
            "fingerprint" => {
                let print = text(&value).map_err(&wrong)?;
                if print.len() < 12 || !print.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(wrong("write at least 12 hex characters of it".to_owned()));
                }
                selector.fingerprint = Some(print.to_ascii_lowercase());
            }
            "system" => declaration.system = Some(text(&value).map_err(wrong)?),
            "note" => {
                // To the byte, as somebody wrote it; only line ends are the same everywhere.
                let note = value.as_str().map(|note| note.replace("\r\n", "\n"));
                let plain = |note: &String| {
                    !note.is_empty()
                        && !note.contains(|c: char| c.is_control() && c != '\n' && c != '\t')
                };
                let note = note.filter(plain);
                declaration.note =
                    Some(note.ok_or_else(|| {
                        wrong("write a text without control characters".to_owned())
                    })?);
            }
            "source" => declaration.source = text(&value).map_err(wrong)?,
            "purpose" => declaration.purpose = Some(word::<Purpose>(&value).map_err(wrong)?),
            "runtimes" => {
                let list = value
                    .as_array()
                    .ok_or_else(|| wrong("write a list".to_owned()))?;
                declaration.runtimes = list
                    .iter()
                    .map(word::<Runtime>)
                    .collect::<Result<_, _>>()
                    .map_err(wrong)?;
            }
            "owner"
                if value
                    .as_str()
                    .is_some_and(|who| who.parse::<OwnerState>().is_err()) =>
            {
                declaration.owner = Some(text(&value).map_err(wrong)?);
            }
            "since" => {
                let table = value
                    .as_table()
                    .ok_or_else(|| wrong("write a table of verdict = date".to_owned()))?;
                for (verdict, day) in table {
                    let verdict = verdict
                        .parse()
                        .map_err(|error| wrong(format!("`{verdict}` {error}")))?;
                    let day = plain(day)
                        .as_str()
                        .and_then(|day| day.parse().ok())
                        .ok_or_else(|| wrong("write a date, YYYY-MM-DD".to_owned()))?;
                    if day > today {
                        return Err(wrong(format!("{day} is after today, {today}")));
                    }
                    declaration.since.push((verdict, day));
                }
            }
            "options" => {
                let table = value
                    .as_table()
                    .ok_or_else(|| wrong("write a table of option = state".to_owned()))?;
                for (option, state) in table {
                    let name = format!("options.{option}");
                    let fact = fact(&name).map_err(|problem| (name.clone(), problem))?;
                    declaration.values.insert(fact, plain(state));
                }
            }
            _ => {
                let fact = fact(&field).map_err(wrong)?;
                declaration.values.insert(fact, plain(&value));
            }
        }
    }
    let names_a_key =
        selector.key_id.is_some() || selector.name.is_some() || selector.fingerprint.is_some();
    if !names_a_key {
        return Err((
            "name".to_owned(),
            "is missing: name the keys by provider with key_id, name or fingerprint".to_owned(),
        ));
    }
    Ok((selector, declaration))
}

fn fact(name: &str) -> Result<FactName, String> {
    match name.parse::<FactName>() {
        Ok(FactName::Proof) => Err(
            "proof never comes from a declaration; import a whole listing of the account"
                .to_owned(),
        ),
        Ok(fact) => Ok(fact),
        Err(error) => Err(error.to_string()),
    }
}

fn place(entry: toml::Table) -> Result<(String, Audience), Wrong> {
    let mut path = None;
    let mut audience = None;
    for (field, value) in entry {
        let wrong = |problem: String| (field.clone(), problem);
        match field.as_str() {
            "path" => path = Some(text(&value).map_err(wrong)?),
            "audience" => audience = Some(word::<Audience>(&value).map_err(wrong)?),
            _ => {
                return Err(wrong(
                    "is not known; there are path and audience".to_owned(),
                ));
            }
        }
    }
    match (path, audience) {
        (Some(path), Some(audience)) => Ok((path, audience)),
        (None, _) => Err(("path".to_owned(), "is missing".to_owned())),
        (_, None) => Err(("audience".to_owned(), "is missing".to_owned())),
    }
}

fn text(value: &toml::Value) -> Result<String, String> {
    let text = value.as_str().map(str::trim).unwrap_or_default();
    if text.is_empty() {
        return Err("write a text".to_owned());
    }
    Ok(text.to_owned())
}

fn word<T: FromStr<Err: Display>>(value: &toml::Value) -> Result<T, String> {
    text(value)?
        .parse()
        .map_err(|error: T::Err| error.to_string())
}

/// A TOML value as the facts contract writes it: dates as text.
fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Datetime(date) => Value::from(date.to_string()),
        toml::Value::Array(list) => list.iter().map(plain).collect(),
        toml::Value::Table(table) => table
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Day {
        "2026-11-23".parse().unwrap()
    }

    #[test]
    fn an_entry_without_a_name_is_named_all_the_same() {
        let error = parse("f.toml", "\"\" = 1", today()).unwrap_err();
        assert!(
            error.to_string().starts_with("f.toml: \"\": is not known"),
            "{error}"
        );
    }

    #[test]
    fn a_facts_file_declares_keys_and_places() {
        let declared = parse(
            "f.toml",
            "[[key]]\nprovider='stripe'\nname='x'\nowner='ann@example.com'\nisolated=true\npurpose='ci_cd'\n\
             exception={approved_until=2027-03-01}\noptions={gateway='now'}\nruntimes=['kubernetes']\n\
             since={unowned=2026-01-01}\n[[key]]\nkey_id='1'\nowner='inactive'\n\
             [[place]]\npath='web'\naudience='anyone outside the organisation'\n",
            today(),
        )
        .unwrap();
        let (selector, first) = &declared.keys[0];
        assert_eq!(selector.name.as_deref(), Some("x"));
        assert_eq!(first.owner.as_deref(), Some("ann@example.com"));
        assert_eq!(
            first.values[&FactName::Exception],
            serde_json::json!({"approved_until": "2027-03-01"})
        );
        assert_eq!(first.since.len(), 1);
        assert_eq!(declared.keys[1].1.values[&FactName::Owner], "inactive");
        assert_eq!(declared.places, [("web".to_owned(), Audience::Public)]);
    }

    #[test]
    fn a_note_stays_as_it_is_and_an_entry_may_say_who_says_so() {
        let text = "[[key]]\nname='x'\nnote=\"\"\"  a\n\tb \"\"\"\nsource='the register of May'\n";
        let declared = parse("f.toml", text, today()).unwrap();
        let entry = &declared.keys[0].1;
        assert_eq!(entry.note.as_deref(), Some("  a\n\tb "));
        assert_eq!(entry.source, "the register of May");
        assert!(parse("f", "[[key]]\nname='x'\nnote=''\n", today()).is_err());
        assert!(parse("f", "[[key]]\nname='x'\nnote=\"\\u0007\"\n", today()).is_err());
    }

    #[test]
    fn one_fact_is_stated_as_an_entry_has_it() {
        let said = |fact: &str, value: &str| stated("ann", fact, value, today());
        assert_eq!(
            said("isolated", "true").unwrap().values[&FactName::Isolated],
            true
        );
        assert_eq!(
            said("data", "restricted").unwrap().values[&FactName::Data],
            "restricted"
        );
        assert_eq!(
            said("consumers", "3").unwrap().values[&FactName::Consumers],
            3
        );
        let later = said("options.vendor_short_lived", "{later = 2027-03-01}").unwrap();
        assert_eq!(
            later.values[&FactName::VendorShortLived]["later"],
            "2027-03-01"
        );
        let drill = said("revocation_drill_passed_on", "2026-11-01").unwrap();
        assert_eq!(
            drill.values[&FactName::RevocationDrillPassedOn],
            "2026-11-01"
        );
        assert_eq!(
            said("system", "billing").unwrap().system.as_deref(),
            Some("billing")
        );
        assert_eq!(said("system", "billing").unwrap().source, "ann");
        for (fact, value) in [
            ("proof", "P2"),
            ("exception", "{approved_until = 2027-01-01}"),
            ("owner", "ann"),
            ("name", "x"),
            ("isolated", "perhaps"),
            ("data", "secret"),
            ("islated", "true"),
            ("data", "restricted\nproof = 'P3'"),
            ("created_at", "2090-01-01"),
        ] {
            assert!(said(fact, value).is_err(), "{fact}={value}");
        }
    }

    #[test]
    fn errors_name_entry_and_field() {
        let problem = |text: &str| parse("f.toml", text, today()).unwrap_err().to_string();
        assert!(problem("[[key]]\nname='x'\nproof='P2'\n").contains("key[0].proof: proof never"));
        assert!(problem("[[key]]\nname='x'\nislated=true\n").contains("key[0].islated"));
        assert!(problem("[[key]]\nprovider='x'\n").contains("key[0].name: is missing"));
        assert!(problem("[[key]\n").contains("line 1"));
        assert!(problem("[keys]\n").contains("[[key]]"));
        assert!(problem("[[place]]\npath='x'\naudience='all'\n").contains("place[0].audience"));
        assert!(problem("[[key]]\nname='x'\npurpose='fun'\n").contains("key[0].purpose"));
        let status = problem("[[key]]\nname='x'\nstatus='fine'\n");
        assert!(
            status.contains("key[0]") && status.contains("status"),
            "{status}"
        );
        assert!(problem("[[key]]\nname='x'\ncreated_at=2090-01-01\n").contains("created_at"));
    }
}
