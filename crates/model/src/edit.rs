//! Edits of an exported list: what may be edited, which export a row belongs to, and what changes.

use crate::{assessment::Key, day::Day, digest, identity::Selector, place::Purpose};
use serde::Serialize;

words! {
    /// What of a key a person may edit in a list: facts that are declared.
    pub enum Field { Owner = "owner", Purpose = "purpose", System = "system", Note = "note" }
}

/// The editable cells of one key; empty where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// The accountable person, or a state of the facts contract.
    pub owner: String,
    /// What it is for, a word of the contract.
    pub purpose: String,
    /// The system it serves.
    pub system: String,
    /// What somebody noted, to the byte.
    pub note: String,
}

impl Edit {
    /// What is known of a key now.
    #[must_use]
    pub fn of(key: &Key) -> Self {
        let purpose = match key.purpose {
            Purpose::Unknown => "",
            purpose => purpose.word(),
        };
        Self {
            owner: key.owner.value.clone().unwrap_or_default(),
            purpose: purpose.to_owned(),
            system: key.system.value.clone().unwrap_or_default(),
            note: key.note.clone().unwrap_or_default(),
        }
    }

    /// One cell.
    #[must_use]
    pub fn cell(&self, field: Field) -> &str {
        match field {
            Field::Owner => &self.owner,
            Field::Purpose => &self.purpose,
            Field::System => &self.system,
            Field::Note => &self.note,
        }
    }

    /// Puts a cell.
    pub fn set(&mut self, field: Field, text: String) {
        *match field {
            Field::Owner => &mut self.owner,
            Field::Purpose => &mut self.purpose,
            Field::System => &mut self.system,
            Field::Note => &mut self.note,
        } = text;
    }
}

/// The cells that tell which key a row is about, as a list shows them: provider, kind, account, key id, name, hint.
#[must_use]
pub fn identifying(key: &Key) -> [String; 6] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    [
        key.provider.clone(),
        text(&key.credential),
        text(&key.account),
        text(&key.key_id),
        text(&key.name),
        text(&key.hint),
    ]
}

/// What a row was at its export: 32 hex digits of a digest over the key's id, and its identifying and editable
/// cells. Another version means that somebody or something else has changed the key since.
#[must_use]
pub fn version(id: &str, identifying: &[String; 6], edit: &Edit) -> String {
    let editable: Vec<&str> = Field::ALL.iter().map(|field| edit.cell(*field)).collect();
    let cells = serde_json::json!([id, identifying, editable]);
    let digest = digest::of_bytes(cells.to_string().as_bytes());
    digest.get(..32).unwrap_or(&digest).to_owned()
}

/// One cell that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The key.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// Which cell.
    pub field: Field,
    /// What it was.
    pub before: String,
    /// What it becomes.
    pub after: String,
}

/// What changes from one edit to another, in the order of the fields.
#[must_use]
pub fn changes(key: &Key, before: &Edit, after: &Edit) -> Vec<Change> {
    let called = key
        .name
        .as_deref()
        .or(key.key_id.as_deref())
        .unwrap_or("unnamed");
    Field::ALL
        .iter()
        .filter(|field| before.cell(**field) != after.cell(**field))
        .map(|field| Change {
            key: key.id.clone(),
            name: format!("{} {called}", key.provider),
            field: *field,
            before: before.cell(*field).to_owned(),
            after: after.cell(*field).to_owned(),
        })
        .collect()
}

/// The selector that speaks of this key and of no other of these.
#[must_use]
pub fn selector(key: &Key, all: &[Key]) -> Option<Selector> {
    let by = |id: bool, name: bool, print: bool| Selector {
        provider: Some(key.provider.clone()),
        key_id: key.key_id.clone().filter(|_| id),
        // A facts file takes no spaces around a name.
        name: key.name.clone().filter(|text| name && text.trim() == text),
        fingerprint: key.fingerprint.clone().filter(|_| print),
    };
    [
        by(true, false, false),
        by(false, false, true),
        by(true, true, false),
        by(false, true, false),
    ]
    .into_iter()
    .filter(|selector| {
        selector.key_id.is_some() || selector.name.is_some() || selector.fingerprint.is_some()
    })
    .find(|selector| {
        all.iter()
            .filter(|other| speaks_of(selector, other))
            .count()
            == 1
    })
}

/// Whether a selector speaks of a key of an assessment.
#[must_use]
pub fn speaks_of(selector: &Selector, key: &Key) -> bool {
    let same = |wanted: &Option<String>, is: Option<&str>| {
        wanted
            .as_deref()
            .is_none_or(|wanted| is.is_some_and(|is| is.eq_ignore_ascii_case(wanted)))
    };
    let print = selector.fingerprint.as_deref().is_none_or(|wanted| {
        key.fingerprint
            .as_deref()
            .is_some_and(|is| is.starts_with(wanted))
    });
    same(&selector.provider, Some(&key.provider))
        && same(&selector.key_id, key.key_id.as_deref())
        && same(&selector.name, key.name.as_deref())
        && print
}

/// Who says so: `edits of keys.xlsx, 2026-11-26`.
#[must_use]
pub fn source(file: &str, day: Day) -> String {
    format!("{SOURCE} {file}, {day}")
}

/// How the source of an edit begins.
pub const SOURCE: &str = "edits of";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_every_cell_apart() {
        let cells = ["a", "b", "c", "d", "e", "f"].map(str::to_owned);
        let edit = Edit {
            owner: "ann".to_owned(),
            ..Edit::default()
        };
        let first = version("k1", &cells, &edit);
        assert_eq!(first, version("k1", &cells, &edit.clone()));
        assert_eq!(first.len(), 32);
        assert_ne!(first, version("k2", &cells, &edit));
        for field in Field::ALL {
            let mut other = edit.clone();
            other.set(*field, "x".to_owned());
            assert_ne!(first, version("k1", &cells, &other), "{field}");
        }
        for at in 0..cells.len() {
            let mut other = cells.clone();
            other[at].push('x');
            assert_ne!(first, version("k1", &other, &edit));
        }
        // What moves from one cell to the next is another row.
        let moved = Edit {
            purpose: "ann".to_owned(),
            ..Edit::default()
        };
        assert_ne!(first, version("k1", &cells, &moved));
    }
}
