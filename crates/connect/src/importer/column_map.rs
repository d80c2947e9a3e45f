//! Which column of a table says what: guessed from its header, shown, saved and given back.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use std::{collections::BTreeMap, fmt, str::FromStr};
use tenure_model::{explain::FactName, facts::Verdict};

/// What a column of a table says about the key of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The name that people know the key by.
    Name,
    /// The public id that the provider gives it.
    KeyId,
    /// The provider, in any spelling.
    Provider,
    /// The credential kind.
    Credential,
    /// Account, organisation, project or repository.
    Account,
    /// The secret itself: fingerprinted and dropped.
    Secret,
    /// What may be shown of the secret.
    Hint,
    /// The person who answers for it, or the state of that person.
    Owner,
    /// The system that it serves.
    System,
    /// Who made it.
    CreatedBy,
    /// When it was issued.
    Created,
    /// When it was last used.
    LastUsed,
    /// Whether the source of `last_used` can tell last use at all.
    LastUsedOffered,
    /// When it ends.
    Expires,
    /// Its state at the provider.
    Status,
    /// Where the workloads that use it run.
    Runtime,
    /// How many workloads use it, or their names.
    Consumers,
    /// Free text under this name.
    Tag(String),
    /// A fact of the contract.
    Fact(FactName),
    /// Since when a finding has stood.
    Since(Verdict),
    /// Says nothing that is used here.
    Ignore,
}

const PLAIN: [(&str, Field); 21] = [
    ("name", Field::Name),
    ("key_id", Field::KeyId),
    ("provider", Field::Provider),
    ("credential", Field::Credential),
    ("account", Field::Account),
    ("secret", Field::Secret),
    ("hint", Field::Hint),
    ("owner", Field::Owner),
    ("system", Field::System),
    ("created_by", Field::CreatedBy),
    ("created_at", Field::Created),
    ("last_used", Field::LastUsed),
    ("last_used.at", Field::LastUsed),
    ("last_used.offered", Field::LastUsedOffered),
    ("expires_at", Field::Expires),
    ("status", Field::Status),
    ("runtime", Field::Runtime),
    ("consumers", Field::Consumers),
    ("owner_state", Field::Fact(FactName::Owner)),
    ("exception.approved_until", Field::Fact(FactName::Exception)),
    ("ignore", Field::Ignore),
];

impl Field {
    /// The word of this field in a saved map.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Tag(tag) => format!("tag.{tag}"),
            Self::Since(verdict) => format!("since.{verdict}"),
            other => PLAIN
                .iter()
                .find(|(_, field)| field == other)
                .map(|(word, _)| (*word).to_owned())
                .or_else(|| match other {
                    Self::Fact(fact) => Some(fact.word().to_owned()),
                    _ => None,
                })
                .unwrap_or_default(),
        }
    }
}

/// A word in a column map that names no field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a field: write one of {fields}, `tag.NAME`, `since.VERDICT`, or a fact of tenure.facts/1", fields = PLAIN.map(|(word, _)| word).join(", "))]
pub struct UnknownField(pub String);

impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(word: &str) -> Result<Self, UnknownField> {
        let word = word.trim();
        let bad = || UnknownField(word.chars().take(40).collect());
        if let Some((_, field)) = PLAIN.iter().find(|(plain, _)| *plain == word) {
            return Ok(field.clone());
        }
        if let Some(tag) = word.strip_prefix("tag.").filter(|tag| !tag.is_empty()) {
            return Ok(Self::Tag(tag.to_owned()));
        }
        if let Some(verdict) = word.strip_prefix("since.") {
            return verdict.parse().map(Self::Since).map_err(|_| bad());
        }
        word.parse().map(Self::Fact).map_err(|_| bad())
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its position, from 1; 0 in a saved map that names the column by its header alone.
    pub position: usize,
    /// Its header.
    pub header: String,
    /// What it says.
    pub field: Field,
    /// How that is known.
    pub why: String,
}

/// How the columns of a table were understood.
///
/// As TOML it is a table `[columns]` of headers and fields. A header that stands twice is written with
/// its position, as `"owner (column 5)" = "ignore"`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnMap {
    /// One entry per column, in the order of the file.
    pub columns: Vec<Column>,
}

impl ColumnMap {
    /// Position, header, field and reason of every column: the cells of a table to be shown.
    #[must_use]
    pub fn listing(&self) -> Vec<[String; 4]> {
        self.columns
            .iter()
            .map(|column| {
                [
                    column.position.to_string(),
                    column.header.clone(),
                    column.field.word(),
                    column.why.clone(),
                ]
            })
            .collect()
    }

    /// Reads a saved map.
    ///
    /// # Errors
    /// Names the line or the field that is not understood.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The map to be saved.
    ///
    /// # Errors
    /// None that a map of this crate has; the type is the serialiser's.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// What this map says about a column of a file: by header and position, else by header.
    #[must_use]
    pub fn field(&self, position: usize, header: &str) -> Option<&Field> {
        let named = |column: &&Column| column.header.trim().eq_ignore_ascii_case(header.trim());
        let at = |wanted: usize| {
            self.columns
                .iter()
                .find(|column| column.position == wanted && named(column))
        };
        at(position)
            .or_else(|| at(0))
            .map(|column| &column.field)
            .or_else(|| {
                let mut same = self.columns.iter().filter(named);
                same.next()
                    .filter(|_| same.next().is_none())
                    .map(|column| &column.field)
            })
    }

    fn key(&self, column: &Column) -> String {
        let twice = self
            .columns
            .iter()
            .filter(|other| other.header.eq_ignore_ascii_case(&column.header))
            .count()
            > 1;
        if twice {
            format!("{} (column {})", column.header, column.position)
        } else {
            column.header.clone()
        }
    }
}

impl fmt::Display for ColumnMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for column in &self.columns {
            writeln!(
                f,
                "{:>3}  {:<28} {:<34} {}",
                column.position,
                column.header,
                column.field.word(),
                column.why
            )?;
        }
        Ok(())
    }
}

impl Serialize for ColumnMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Columns<'m>(&'m ColumnMap);
        impl Serialize for Columns<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                for column in &self.0.columns {
                    map.serialize_entry(&self.0.key(column), &column.field.word())?;
                }
                map.end()
            }
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("columns", &Columns(self))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for ColumnMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Saved {
            columns: BTreeMap<String, String>,
        }
        let saved = Saved::deserialize(deserializer)?;
        let column = |(key, word): (String, String)| {
            let (header, position) = key
                .strip_suffix(')')
                .and_then(|key| key.rsplit_once(" (column "))
                .and_then(|(header, position)| Some((header.to_owned(), position.parse().ok()?)))
                .unwrap_or((key, 0));
            Ok(Column {
                position,
                header,
                field: word.parse().map_err(de::Error::custom)?,
                why: "saved map".to_owned(),
            })
        };
        let columns: Result<Vec<Column>, D::Error> =
            saved.columns.into_iter().map(column).collect();
        Ok(Self { columns: columns? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_saved_and_given_back() {
        let column = |position, header: &str, field| Column {
            position,
            header: header.to_owned(),
            field,
            why: String::new(),
        };
        let map = ColumnMap {
            columns: vec![
                column(1, "Key name", Field::Name),
                column(2, "Owner", Field::Owner),
                column(3, "owner", Field::Ignore),
                column(4, "Team", Field::Tag("team".to_owned())),
                column(5, "x", Field::Since(Verdict::Unowned)),
                column(6, "y", Field::Fact(FactName::Gateway)),
                column(7, "z", Field::Fact(FactName::Exception)),
            ],
        };
        let text = map.to_toml().unwrap();
        assert!(
            text.starts_with("[columns]\n\"Key name\" = \"name\""),
            "{text}"
        );
        let back = ColumnMap::from_toml(&text).unwrap();
        for column in &map.columns {
            assert_eq!(
                back.field(column.position, &column.header),
                Some(&column.field),
                "{}",
                column.header
            );
        }
        assert_eq!(back.field(1, "other"), None);
        assert!(
            ColumnMap::from_toml("[columns]\na = \"colour\"\n")
                .unwrap_err()
                .to_string()
                .contains("colour")
        );
    }

    #[test]
    fn every_word_is_read_back() {
        for (word, field) in PLAIN {
            assert_eq!(word.parse(), Ok(field.clone()));
            assert_eq!(field.word().parse(), Ok(field));
        }
    }
}
