//! Containers and their rules; and where each key stands: its unit, its places, who answers for it.

use crate::{
    db::{Result, Store, StoreError, word},
    dialect::{Kind, Row, among, args},
    key_list::Entry,
    txn::Txn,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tenure_model::{
    access::{PersonId, Unit},
    container::{Container, Place, Rule},
    digest,
    event::{Change, FactChange},
    id::KeyId,
    moment::Moment,
};

/// What a fact of the unit is called in events.
const UNIT: &str = "key.unit";

/// A rule, with who made it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct StoredRule {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Who said so.
    pub said_by: String,
    /// When.
    pub said_at: Moment,
}

/// Where a key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStanding {
    /// The key.
    pub key: KeyId,
    /// Its business unit.
    pub unit: Unit,
    /// Everybody who answers for it, by every id that they may call under.
    pub people: BTreeSet<PersonId>,
    /// Where it lies.
    pub places: BTreeSet<Place>,
}

impl KeyStanding {
    fn digest(&self) -> String {
        digest::of(&(&self.unit, &self.people, &self.places))
    }
}

impl Store {
    /// Every rule of a container, in the order of places.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn container_rules(&self) -> Result<Vec<StoredRule>> {
        let sql = "SELECT kind, place, within, owner, backup, unit, said_by, said_at FROM containers \
                   ORDER BY kind, place, within";
        let rows = self.pool.rows(sql, args![]).await?;
        rows.iter().map(stored).collect()
    }

    /// The units that any key or rule has ever named, and the whole organisation.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn units(&self) -> Result<BTreeSet<Unit>> {
        let sql = "SELECT value FROM key_facets WHERE facet = 'unit' \
                   UNION SELECT unit FROM containers WHERE unit IS NOT NULL";
        let mut units = BTreeSet::from([Unit::whole()]);
        for row in self.pool.rows(sql, args![]).await? {
            units.insert(unit(&row.text(0)?)?);
        }
        Ok(units)
    }

    /// The unit of a key, and who answers for it, as it was last judged.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn key_standing(&self, id: &KeyId) -> Result<(Unit, BTreeSet<PersonId>)> {
        let sql = "SELECT unit FROM key_list WHERE id = $1";
        let rows = self.pool.rows(sql, args![id.as_str()]).await?;
        let unit = match rows.first() {
            Some(row) => unit(&row.text(0)?)?,
            None => Unit::whole(),
        };
        let sql = "SELECT person FROM key_people WHERE key_id = $1";
        let mut people = BTreeSet::new();
        for row in self.pool.rows(sql, args![id.as_str()]).await? {
            people.extend(PersonId::new(&row.text(0)?));
        }
        Ok((unit, people))
    }

    /// The living keys that lie in a container.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn keys_in(&self, container: &Container) -> Result<Vec<KeyId>> {
        let mut args = args![container.kind().word(), container.place()];
        let mut clause = "p.place = $2".to_owned();
        if container.within() {
            // `0` follows `/`: an index range of all that lies below.
            args.extend(args![
                format!("{}/", container.place()),
                format!("{}0", container.place())
            ]);
            clause = "(p.place = $2 OR (p.place >= $3 AND p.place < $4))".to_owned();
        }
        let sql = format!(
            "SELECT DISTINCT p.key_id FROM key_places p JOIN key_list l ON l.id = p.key_id \
             WHERE p.kind = $1 AND {clause} AND l.gone = 0 ORDER BY p.key_id"
        );
        let rows = self.pool.rows(&sql, args).await?;
        rows.iter()
            .map(|row| Ok(KeyId::new(row.text(0)?)))
            .collect()
    }

    /// Where these keys lie.
    ///
    /// # Errors
    /// The database refuses, or holds an unknown kind.
    pub async fn places_of(&self, keys: &[KeyId]) -> Result<BTreeMap<KeyId, BTreeSet<Place>>> {
        let sql = format!(
            "SELECT key_id, kind, place FROM key_places WHERE {}",
            among(self.pool.is_postgres(), "key_id", 1)
        );
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let mut all: BTreeMap<KeyId, BTreeSet<Place>> = BTreeMap::new();
        for row in self.pool.rows(&sql, args![keys]).await? {
            let place = Place {
                kind: word(&row.text(1)?, "kind of container")?,
                text: row.text(2)?,
            };
            all.entry(KeyId::new(row.text(0)?))
                .or_default()
                .insert(place);
        }
        Ok(all)
    }
}

fn unit(text: &str) -> Result<Unit> {
    Unit::parse(text).map_err(|_| StoreError::Broken(format!("the unit `{text}`")))
}

fn stored(row: &Row) -> Result<StoredRule> {
    let place = row.text(1)?;
    let kind = word(&row.text(0)?, "kind of container")?;
    let text = if row.int(2)? != 0 {
        format!("{place}/*")
    } else {
        place
    };
    let container = Container::parse(kind, &text)
        .map_err(|error| StoreError::Broken(format!("a broken container ({error})")))?;
    Ok(StoredRule {
        rule: Rule {
            container,
            owner: row.maybe_text(3)?,
            backup: row.maybe_text(4)?,
            unit: row.maybe_text(5)?.as_deref().map(unit).transpose()?,
        },
        said_by: row.text(6)?,
        said_at: Moment::from_micros(row.int(7)?),
    })
}

impl Txn {
    /// Puts a rule in place of the one that its container had. What it does to keys follows when they are judged.
    ///
    /// # Errors
    /// The database refuses; the rule names neither owner nor unit.
    pub async fn set_container(&mut self, rule: &Rule) -> Result<()> {
        let (container, at, by) = (&rule.container, self.at().micros(), self.who().label());
        self.run(
            "INSERT INTO containers (kind, place, within, owner, backup, unit, said_by, said_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (kind, place, within) DO UPDATE SET \
             owner = excluded.owner, backup = excluded.backup, unit = excluded.unit, said_by = excluded.said_by, \
             said_at = excluded.said_at",
            args![
                container.kind().word(),
                container.place(),
                container.within(),
                rule.owner.as_deref(),
                rule.backup.as_deref(),
                rule.unit.as_ref().map(Unit::as_str),
                by,
                at,
            ],
        )
        .await?;
        self.note(Change::Declared {
            kind: "container".to_owned(),
            id: container.to_string(),
            now: serde_json::json!({"owner": rule.owner, "backup": rule.backup, "unit": rule.unit}),
        });
        Ok(())
    }

    /// Takes the rule of a container away.
    ///
    /// # Errors
    /// It has none.
    pub async fn drop_container(&mut self, container: &Container) -> Result<()> {
        let gone = self
            .run(
                "DELETE FROM containers WHERE kind = $1 AND place = $2 AND within = $3",
                args![
                    container.kind().word(),
                    container.place(),
                    container.within()
                ],
            )
            .await?;
        if gone == 0 {
            return Err(StoreError::Unknown(format!("rule for {container}")));
        }
        self.note(Change::Declared {
            kind: "container".to_owned(),
            id: container.to_string(),
            now: serde_json::Value::Null,
        });
        Ok(())
    }

    /// Says where keys stand. What did not change writes nothing; a change of unit is noted for its key. Gives how
    /// many changed.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn place_keys(&mut self, keys: &[KeyStanding]) -> Result<usize> {
        let noted = self.noted();
        let texts = |keys: &[&KeyStanding]| -> Vec<String> {
            keys.iter().map(|one| one.key.to_string()).collect()
        };
        let sql = format!(
            "SELECT key_id, unit, digest FROM key_standing WHERE {}",
            among(self.is_postgres(), "key_id", 1)
        );
        let all: Vec<&KeyStanding> = keys.iter().collect();
        let mut before: HashMap<String, (String, String)> = HashMap::new();
        for row in self.rows(&sql, args![texts(&all)]).await? {
            before.insert(row.text(0)?, (row.text(1)?, row.text(2)?));
        }
        let changed: Vec<(&KeyStanding, String)> = keys
            .iter()
            .map(|one| (one, one.digest()))
            .filter(|(one, digest)| {
                before
                    .get(one.key.as_str())
                    .is_none_or(|(_, before)| before != digest)
            })
            .collect();
        if changed.is_empty() {
            return Ok(0);
        }
        let ids = texts(&changed.iter().map(|(one, _)| *one).collect::<Vec<_>>());
        for table in ["key_places", "key_people"] {
            let sql = format!(
                "DELETE FROM {table} WHERE {}",
                among(self.is_postgres(), "key_id", 1)
            );
            self.run(&sql, args![ids.clone()]).await?;
        }
        let (mut places, mut people, mut standings) = (Vec::new(), Vec::new(), Vec::new());
        let whole = Unit::whole();
        for (one, digest) in &changed {
            let id = one.key.as_str();
            places.extend(
                one.places
                    .iter()
                    .map(|place| args![id, place.kind.word(), place.text.as_str()]),
            );
            people.extend(one.people.iter().map(|person| args![id, person.as_str()]));
            standings.push(args![id, one.unit.as_str(), digest.as_str()]);
            let earlier = before
                .get(id)
                .map_or(whole.as_str(), |(unit, _)| unit.as_str());
            if earlier != one.unit.as_str() {
                self.note(Change::FactsChanged {
                    key: one.key.clone(),
                    facts: vec![FactChange {
                        fact: UNIT.to_owned(),
                        from: earlier.into(),
                        to: one.unit.as_str().into(),
                        source: "containers".to_owned(),
                    }],
                });
            }
        }
        let place = [
            ("key_id", Kind::Text),
            ("kind", Kind::Text),
            ("place", Kind::Text),
        ];
        self.bulk("key_places", &place, places, "").await?;
        let person = [("key_id", Kind::Text), ("person", Kind::Text)];
        self.bulk("key_people", &person, people, "").await?;
        let standing = [
            ("key_id", Kind::Text),
            ("unit", Kind::Text),
            ("digest", Kind::Text),
        ];
        self.bulk(
            "key_standing",
            &standing,
            standings,
            "ON CONFLICT (key_id) DO UPDATE SET unit = excluded.unit, digest = excluded.digest",
        )
        .await?;
        let ids: Vec<KeyId> = changed.iter().map(|(one, _)| one.key.clone()).collect();
        let listed = self.listed(&ids).await?;
        let now: Vec<Entry> = changed
            .iter()
            .filter_map(|(one, _)| {
                let entry = listed.get(&one.key)?.clone();
                let unit = one.unit.clone();
                Some(Entry { unit, ..entry })
            })
            .collect();
        self.list(&listed, &now).await?;
        if self.noted() == noted {
            // Places or people of keys of whose unit nothing changed.
            self.note(Change::Act {
                act: "place_keys".to_owned(),
                kind: "keys".to_owned(),
                id: String::new(),
                detail: serde_json::Value::from(changed.len()),
            });
        }
        Ok(changed.len())
    }

    /// Forgets where a key stood that turned out to be another, which takes over what was asked about it.
    pub(crate) async fn displace(&mut self, key: &KeyId, by: &KeyId) -> Result<()> {
        self.run(
            "UPDATE asked_keys SET key_id = $1 WHERE key_id = $2 \
             AND ask NOT IN (SELECT ask FROM asked_keys WHERE key_id = $1)",
            args![by.as_str(), key.as_str()],
        )
        .await?;
        for table in ["key_places", "key_people", "key_standing"] {
            let sql = format!("DELETE FROM {table} WHERE key_id = $1");
            self.run(&sql, args![key.as_str()]).await?;
        }
        Ok(())
    }
}
