//! Edits of an exported list: out as a workbook, back as declared facts in a file of the state folder.
//!
//! What comes back is previewed, and each row that was exported before something changed is refused. What is applied
//! is a facts file (docs/facts.md): the next `assess` reads it as declared, behind the files that `--facts` names.

use std::collections::BTreeMap;
pub use tenure_connect::edits::LARGEST;
use tenure_connect::edits::{self, EditsError, Line, Row};
use tenure_model::{
    assessment::{Assessment, Key},
    catalog::Provider,
    day::Day,
    declare::{self, DeclareError},
    edit::{self, Change, Edit, Field},
    facts::OwnerState,
    identity::Selector,
    place::{Part, Purpose},
    reason,
};
use tenure_scan::rule::Rules;

/// How the file of edits calls itself in messages.
const FILE: &str = "edits.toml";
const HEAD: &str = "# Edits of exported lists, written by `tenure import edits --apply` and read by `tenure assess`\n\
    # (docs/facts.md). `tenure assess --no-edits` leaves them out; without this file there are none.\n";

/// The workbook of these keys, as they are now.
///
/// # Errors
/// A cell that no workbook can hold.
pub fn export(keys: &[&Key], register: &Register) -> Result<Vec<u8>, EditsError> {
    let lines: Vec<Line> = keys
        .iter()
        .map(|key| {
            let edit = register.now(key);
            let identifying = edit::identifying(key);
            let outcome = &key.verdict.outcome;
            Line {
                id: key.id.clone(),
                version: edit::version(&key.id, &identifying, &edit),
                identifying,
                shown: [
                    key.verdict.id.title().to_owned(),
                    outcome.level.word().to_owned(),
                    outcome.urgency.word().to_owned(),
                    outcome.due.map(|day| day.to_string()).unwrap_or_default(),
                    reason::reason(key),
                ],
                edit,
            }
        })
        .collect();
    edits::write(&lines)
}

/// The edits that were applied before.
#[derive(Debug, Clone, Default)]
pub struct Register {
    entries: Vec<Entry>,
}

/// One entry of the file: a key, and what was said about it.
#[derive(Debug, Clone)]
struct Entry {
    selector: Selector,
    source: String,
    said: BTreeMap<Field, String>,
}

impl Register {
    /// Reads the file of edits.
    ///
    /// # Errors
    /// It is no facts file any more.
    pub fn parse(text: &str, today: Day) -> Result<Self, DeclareError> {
        let declared = declare::parse(FILE, text, today)?;
        let entries = declared.keys.into_iter().map(|(selector, declaration)| {
            let mut said = BTreeMap::new();
            let state = declaration
                .values
                .get(&tenure_model::explain::FactName::Owner);
            let owner = declaration
                .owner
                .or_else(|| Some(state?.as_str()?.to_owned()));
            for (field, text) in [
                (Field::Owner, owner),
                (
                    Field::Purpose,
                    declaration.purpose.map(|purpose| purpose.word().to_owned()),
                ),
                (Field::System, declaration.system),
                (Field::Note, declaration.note),
            ] {
                said.extend(text.map(|text| (field, text)));
            }
            Entry {
                selector,
                source: declaration.source,
                said,
            }
        });
        Ok(Self {
            entries: entries.collect(),
        })
    }

    fn of(&self, key: &Key) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| edit::speaks_of(&entry.selector, key))
    }

    /// The editable cells of a key: as assessed, and what was said since.
    #[must_use]
    pub fn now(&self, key: &Key) -> Edit {
        let mut now = Edit::of(key);
        if let Some(entry) = self.of(key) {
            for (field, text) in &entry.said {
                now.set(*field, text.clone());
            }
        }
        now
    }

    /// The register with a key's changes.
    fn put(&mut self, selector: Selector, key: &Key, source: &str, changes: &[Change]) {
        let known = self
            .entries
            .iter()
            .position(|entry| edit::speaks_of(&entry.selector, key));
        let at = known.unwrap_or(self.entries.len());
        if known.is_none() {
            self.entries.push(Entry {
                selector,
                source: String::new(),
                said: BTreeMap::new(),
            });
        }
        if let Some(entry) = self.entries.get_mut(at) {
            source.clone_into(&mut entry.source);
            for change in changes {
                if change.after.is_empty() {
                    entry.said.remove(&change.field);
                } else {
                    entry.said.insert(change.field, change.after.clone());
                }
            }
        }
    }

    /// The file of edits. An entry that says nothing any more is left out.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut keys = toml::value::Array::new();
        for entry in self.entries.iter().filter(|entry| !entry.said.is_empty()) {
            let mut table = toml::Table::new();
            let selector = &entry.selector;
            for (name, value) in [
                ("provider", &selector.provider),
                ("key_id", &selector.key_id),
                ("name", &selector.name),
                ("fingerprint", &selector.fingerprint),
            ] {
                if let Some(value) = value {
                    table.insert(name.to_owned(), value.as_str().into());
                }
            }
            for (field, text) in &entry.said {
                table.insert(field.word().to_owned(), text.as_str().into());
            }
            table.insert("source".to_owned(), entry.source.as_str().into());
            keys.push(table.into());
        }
        let mut file = toml::Table::new();
        if !keys.is_empty() {
            file.insert("key".to_owned(), keys.into());
        }
        format!("{HEAD}\n{file}")
    }
}

/// A row that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refused {
    /// Its number in the sheet, from 1.
    pub row: usize,
    /// The key's id, where the row has one.
    pub key: Option<String>,
    /// Why, and what to do.
    pub reason: String,
}

/// What a workbook that came back would change.
#[derive(Debug, Default)]
pub struct Preview {
    /// The cells that change.
    pub changes: Vec<Change>,
    /// The rows that are not taken.
    pub refused: Vec<Refused>,
    /// How many rows say what is known already.
    pub same: u64,
    /// The edits once these are applied.
    pub register: Register,
}

/// Holds a workbook against what is known now. Nothing is written.
///
/// # Errors
/// It is no workbook that was exported for editing.
pub fn preview(
    bytes: &[u8],
    assessment: &Assessment,
    register: Register,
    providers: &[Provider],
    source: &str,
) -> Result<Preview, EditsError> {
    // Without formats to look for, the check for keys in plaintext would pass in silence.
    let rules = Rules::compile(providers)
        .map_err(|error| EditsError::Shape(format!("catalogue: {error}")))?;
    let rules = &rules;
    let rows = edits::read(bytes)?;
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        if let Ok(line) = &row.line {
            let count = seen.entry(&line.id).or_default();
            *count = count.saturating_add(1);
        }
    }
    let known: BTreeMap<&str, &Key> = assessment
        .keys
        .iter()
        .map(|key| (key.id.as_str(), key))
        .collect();
    let mut preview = Preview {
        register,
        ..Preview::default()
    };
    for Row { number, line } in &rows {
        let taken = match line {
            Err(why) => Err((None, why.clone())),
            Ok(line) if seen.get(line.id.as_str()).is_some_and(|count| *count > 1) => Err((
                Some(line.id.clone()),
                "several rows are about this key: keep one of them".to_owned(),
            )),
            Ok(line) => judged(line, &known, assessment, &preview.register, rules)
                .map_err(|why| (Some(line.id.clone()), why)),
        };
        match taken {
            Ok(None) => preview.same = preview.same.saturating_add(1),
            Ok(Some((key, selector, changes))) => {
                preview.register.put(selector, key, source, &changes);
                preview.changes.extend(changes);
            }
            Err((key, reason)) => preview.refused.push(Refused {
                row: *number,
                key,
                reason,
            }),
        }
    }
    Ok(preview)
}

type Taken<'k> = Option<(&'k Key, Selector, Vec<Change>)>;

/// What one row changes; `None` where it says what is known.
fn judged<'k>(
    line: &Line,
    known: &BTreeMap<&str, &'k Key>,
    assessment: &Assessment,
    register: &Register,
    rules: &Rules,
) -> Result<Taken<'k>, String> {
    let key = *known
        .get(line.id.as_str())
        .ok_or("the last assessment has no such key: assess again, and export anew")?;
    let identifying = edit::identifying(key);
    if line.identifying != identifying {
        return Err("its locked cells are not those of this key: they were changed, or rows were sorted without their hidden cells; export anew".to_owned());
    }
    let now = register.now(key);
    if line.edit == now {
        return Ok(None);
    }
    if line.version != edit::version(&key.id, &identifying, &now) {
        return Err(
            "the key has changed since this list was exported: export anew, and edit that"
                .to_owned(),
        );
    }
    let changes = edit::changes(key, &now, &line.edit);
    for change in &changes {
        check(change, key, register, rules).map_err(|why| format!("{}: {why}", change.field))?;
    }
    let selector = edit::selector(key, &assessment.keys)
        .ok_or("nothing tells this key from others of its provider: give it a name of its own in its source")?;
    Ok(Some((key, selector, changes)))
}

/// Whether a cell can be declared.
fn check(change: &Change, key: &Key, register: &Register, rules: &Rules) -> Result<(), String> {
    let said = register
        .of(key)
        .is_some_and(|entry| entry.said.contains_key(&change.field));
    if change.after.is_empty() {
        // What a source shows cannot be edited away.
        return if said {
            Ok(())
        } else {
            Err("a source says so, and an empty cell does not contradict it; write something else in its place".to_owned())
        };
    }
    let text = change.after.as_bytes();
    if rules
        .find(text)
        .iter()
        .any(|found| found.rule.part == Part::Secret)
        || change.after.contains("PRIVATE KEY-----")
    {
        return Err(
            "this looks like a key in plaintext, and a list is no place for it; take it out"
                .to_owned(),
        );
    }
    match change.field {
        Field::Purpose => change
            .after
            .parse::<Purpose>()
            .map(drop)
            .map_err(|error| error.to_string()),
        Field::Owner if change.after.parse::<OwnerState>().is_ok() => Ok(()),
        Field::Owner | Field::System if change.after.contains(char::is_control) => {
            Err("write it on one line".to_owned())
        }
        // A workbook has no form for all of them that every program reads alike.
        Field::Note
            if change
                .after
                .contains(|c: char| c.is_control() && c != '\n' && c != '\t') =>
        {
            Err("it holds a control character; take it out".to_owned())
        }
        Field::Owner | Field::System | Field::Note => Ok(()),
    }
}

#[cfg(test)]
mod tests;
