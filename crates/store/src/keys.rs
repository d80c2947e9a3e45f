//! Keys: known again from import to import, with their facts, decisions and controls.

use crate::{
    db::{Result, Store, StoreError, Via, json, read, word},
    dialect::{Kind, Row, among, args},
    imports::{Evidence, Record},
    key_list::{self, resolve},
    txn::Txn,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tenure_model::{
    alias,
    assessment::{ControlNote, Key},
    day::Day,
    digest,
    event::{Change, FactChange},
    facts::{Since, Verdict},
    id::{KeyId, SourceId},
    key::{Basis, Told},
    moment::Moment,
    note::FactNote,
};

/// The rule that says which records are one key, as the source of what a key is called.
const IDENTITY: &str = "identity";

/// What stands in `until` of a fact that still holds.
const NOW: i64 = i64::MAX;

/// A key with what `assess` says of it, and the records that it was put together from.
#[derive(Debug, Clone)]
pub struct Judged<'k> {
    /// What is said of it. Its id is the one that a run over the same sources gives it, and not yet [`KeyId`].
    pub key: &'k Key,
    /// Its records.
    pub records: &'k [RecordRef],
}

/// One record of one source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordRef {
    /// The source.
    pub source: SourceId,
    /// What the record is known by within it.
    pub identity: String,
    /// A copy that was seen, and no row.
    pub is_sighting: bool,
}

/// A record with where it is and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Where it is.
    pub at: RecordRef,
    /// The key, once that is known.
    pub key: Option<KeyId>,
    /// What it says.
    pub evidence: Evidence,
    /// Since when its source no longer names it.
    pub gone_at: Option<Moment>,
}

/// What became of a key that was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It was not known.
    New,
    /// Something of it changed.
    Changed,
    /// Nothing did, and nothing was written.
    Same,
}

/// A key of the register.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// Its id.
    pub id: KeyId,
    /// What was last said of it, under its id.
    pub key: Key,
    /// When it came to be known.
    pub added_at: Moment,
    /// When something of it last changed.
    pub changed_at: Moment,
}

/// One fact over a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRow {
    /// The fact.
    pub name: String,
    /// Value, basis, source.
    pub note: FactNote,
    /// From when on.
    pub since: Moment,
    /// Until when; `None` where it still holds.
    pub until: Option<Moment>,
}

/// One decision of the past or present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// When it was made.
    pub at: Moment,
    /// The finding.
    pub verdict: Verdict,
    /// Digest of the facts.
    pub facts: String,
    /// Digest of the policy.
    pub policy: String,
    /// The whole answer, as `tenure decide` prints it.
    pub answer: serde_json::Value,
}

impl Store {
    /// One key; an id that leads to another key gives that key.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn key(&self, id: &KeyId) -> Result<Registered> {
        let via = &mut Via::Pool(&self.pool);
        let id = resolve(via, id).await?;
        let sql = "SELECT id, added_at, changed_at, body FROM keys WHERE id = $1";
        let rows = via.rows(sql, args![id.as_str()]).await?;
        rows.first()
            .map(registered)
            .unwrap_or_else(|| Err(StoreError::Unknown(format!("key {id}"))))
    }

    /// Keys in the order of their ids, after `after`, at most `most`: to go through all of them.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn keys(&self, after: Option<&KeyId>, most: u64) -> Result<Vec<Registered>> {
        let sql = "SELECT id, added_at, changed_at, body FROM keys \
                   WHERE id > $1 AND id NOT IN (SELECT old_id FROM joined_keys) ORDER BY id LIMIT $2";
        let after = after.map(KeyId::as_str).unwrap_or_default();
        let rows = self.pool.rows(sql, args![after, most]).await?;
        rows.iter().map(registered).collect()
    }

    /// The facts of a key over time, the present first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn facts(&self, id: &KeyId) -> Result<Vec<FactRow>> {
        let sql = "SELECT name, value, basis, source, since, until FROM facts WHERE key_id = $1 \
                   ORDER BY until DESC, name";
        let rows = self.pool.rows(sql, args![id.as_str()]).await?;
        rows.iter()
            .map(|row| {
                let until = row.int(5)?;
                Ok(FactRow {
                    name: row.text(0)?,
                    note: fact(row, 1)?,
                    since: Moment::from_micros(row.int(4)?),
                    until: (until != NOW).then(|| Moment::from_micros(until)),
                })
            })
            .collect()
    }

    /// The decisions about a key, newest first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn decisions(&self, id: &KeyId) -> Result<Vec<Decision>> {
        let sql = "SELECT at, verdict, facts_digest, policy_digest, body FROM decisions WHERE key_id = $1 \
                   ORDER BY at DESC";
        let rows = self.pool.rows(sql, args![id.as_str()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Decision {
                    at: Moment::from_micros(row.int(0)?),
                    verdict: word(&row.text(1)?, "verdict")?,
                    facts: row.text(2)?,
                    policy: row.text(3)?,
                    answer: read(&row.text(4)?, "decision")?,
                })
            })
            .collect()
    }

    /// The keys whose control is in a state, at most `most`, with since when and why.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn controls(
        &self,
        control: tenure_model::control::Control,
        state: tenure_model::assessment::ControlState,
        most: u64,
    ) -> Result<Vec<(KeyId, ControlNote)>> {
        let sql = "SELECT key_id, since, why FROM controls WHERE control = $1 AND state = $2 ORDER BY key_id LIMIT $3";
        let rows = self
            .pool
            .rows(sql, args![control.word(), state.word(), most])
            .await?;
        rows.iter()
            .map(|row| {
                let note = ControlNote {
                    id: control,
                    state,
                    since: row.maybe_int(1)?.map(day),
                    why: row.text(2)?,
                };
                Ok((KeyId::new(row.text(0)?), note))
            })
            .collect()
    }

    /// Since when each finding of these keys has stood, for judging them again.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn since(&self, ids: &[KeyId]) -> Result<BTreeMap<KeyId, Since>> {
        let sql = format!(
            "SELECT key_id, verdict, since FROM findings WHERE {}",
            among(self.pool.is_postgres(), "key_id", 1)
        );
        let mut since: BTreeMap<KeyId, Since> = BTreeMap::new();
        for row in self.pool.rows(&sql, args![texts(ids)]).await? {
            let verdict = word(&row.text(1)?, "verdict")?;
            since
                .entry(KeyId::new(row.text(0)?))
                .or_default()
                .set(verdict, Some(day(row.int(2)?)));
        }
        Ok(since)
    }

    /// The records of these keys.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn records_of(&self, ids: &[KeyId]) -> Result<Vec<Kept>> {
        let clause = among(self.pool.is_postgres(), "key_id", 1);
        self.kept(&format!("WHERE {clause} ORDER BY source, identity"), || {
            args![texts(ids)]
        })
        .await
    }

    /// Records that have one of these aliases: the kin of a record that is new. See [`alias`].
    ///
    /// # Errors
    /// The database refuses.
    pub async fn records_by_alias(&self, aliases: &[String]) -> Result<Vec<Kept>> {
        let mut all = Vec::new();
        for (table, name) in TABLES {
            let sql = format!(
                "SELECT t.source, t.identity, t.key_id, t.body, t.gone_at FROM record_aliases a \
                 JOIN {name} t ON t.source = a.source AND t.identity = a.identity \
                 WHERE a.kind = '{name}' AND {} ORDER BY t.source, t.identity",
                among(self.pool.is_postgres(), "a.alias", 1)
            );
            for row in self.pool.rows(&sql, args![aliases.to_vec()]).await? {
                all.push(kept(&row, table)?);
            }
        }
        all.dedup_by(|a, b| a.at == b.at);
        Ok(all)
    }

    /// Records that nobody has put to a key yet, at most `most` rows and as many sightings.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn records_without_key(&self, most: u64) -> Result<Vec<Kept>> {
        self.kept(
            "WHERE key_id IS NULL AND gone_at IS NULL ORDER BY source, identity LIMIT $1",
            || args![most],
        )
        .await
    }

    /// The records of a source after `after`, at most `most` rows and as many sightings: to go through all of them.
    /// Those that are gone are left out.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn records_in(
        &self,
        source: &SourceId,
        after: Option<&str>,
        most: u64,
    ) -> Result<Vec<Kept>> {
        self.kept(
            "WHERE source = $1 AND identity > $2 AND gone_at IS NULL ORDER BY identity LIMIT $3",
            || args![source.as_str(), after.unwrap_or_default(), most],
        )
        .await
    }

    async fn kept(
        &self,
        clause: &str,
        args: impl Fn() -> Vec<crate::dialect::Arg>,
    ) -> Result<Vec<Kept>> {
        let mut all = Vec::new();
        for (table, name) in TABLES {
            let sql =
                format!("SELECT source, identity, key_id, body, gone_at FROM {name} {clause}");
            for row in self.pool.rows(&sql, args()).await? {
                all.push(kept(&row, table)?);
            }
        }
        Ok(all)
    }
}

/// The tables of records, as [`Evidence::read`] numbers them.
const TABLES: [(usize, &str); 2] = [(0, "source_rows"), (1, "sightings")];

fn kept(row: &Row, table: usize) -> Result<Kept> {
    Ok(Kept {
        at: RecordRef {
            source: SourceId::new(row.text(0)?),
            identity: row.text(1)?,
            is_sighting: table == 1,
        },
        key: row.maybe_text(2)?.map(KeyId::new),
        evidence: Evidence::read(table, &row.text(3)?)?,
        gone_at: row.maybe_int(4)?.map(Moment::from_micros),
    })
}

impl Kept {
    /// The record, to be imported again.
    #[must_use]
    pub fn record(&self) -> Record {
        Record {
            identity: self.at.identity.clone(),
            evidence: self.evidence.clone(),
        }
    }
}

fn registered(row: &Row) -> Result<Registered> {
    Ok(Registered {
        id: KeyId::new(row.text(0)?),
        added_at: Moment::from_micros(row.int(1)?),
        changed_at: Moment::from_micros(row.int(2)?),
        key: read(&row.text(3)?, "key")?,
    })
}

fn fact(row: &Row, at: usize) -> Result<FactNote> {
    Ok(FactNote {
        value: read(&row.text(at)?, "fact")?,
        basis: word(&row.text(at.saturating_add(1))?, "basis")?,
        source: row.text(at.saturating_add(2))?,
    })
}

fn day(number: i64) -> Day {
    Day::from_unix_seconds(number.saturating_mul(86_400))
}

fn texts(ids: &[KeyId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// What is kept of a key that is known already, as far as knowing it again asks for.
struct Stored {
    id: KeyId,
    added_at: i64,
    digest: String,
    key_id: Option<String>,
    credential: Option<String>,
}

impl Stored {
    /// Whether it can be the same key: ids and kinds do not contradict each other.
    fn fits(&self, key: &Key) -> bool {
        let agree = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        agree(&self.key_id, &key.key_id) && agree(&self.credential, &key.credential)
    }
}

/// A key on its way into the tables.
struct Saving<'k> {
    id: KeyId,
    judged: &'k Judged<'k>,
    /// What was stored of it.
    before: Option<String>,
    digest: String,
    body: String,
    /// Keys that turned out to be this one.
    joined: Vec<KeyId>,
}

impl Txn {
    /// Saves keys as they are judged now: finds out which are known, writes what changed, and notes each change.
    /// A key of which nothing changed writes nothing. Gives id and outcome in the order of `keys`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn save_keys(&mut self, keys: &[Judged<'_>]) -> Result<Vec<(KeyId, Saved)>> {
        let saving = self.identify(keys).await?;
        let outcome = saving
            .iter()
            .map(|one| {
                let how = match &one.before {
                    None => Saved::New,
                    Some(digest) if *digest == one.digest && one.joined.is_empty() => Saved::Same,
                    Some(_) => Saved::Changed,
                };
                (one.id.clone(), how)
            })
            .collect::<Vec<_>>();
        let changed: Vec<&Saving<'_>> = saving
            .iter()
            .zip(&outcome)
            .filter(|(_, (_, how))| *how != Saved::Same)
            .map(|(one, _)| one)
            .collect();
        let noted = self.noted();
        self.write_keys(&changed).await?;
        for one in &changed {
            self.join(one).await?;
        }
        let linked = self.link_records(&saving).await?;
        self.write_facts(&changed).await?;
        self.write_decisions(&changed).await?;
        self.write_controls(&changed).await?;
        self.write_list(&changed).await?;
        if linked > 0 && self.noted() == noted {
            // Records were put to keys of which nothing else changed.
            self.note(Change::Act {
                act: "put_records_to_keys".to_owned(),
                kind: "records".to_owned(),
                id: String::new(),
                detail: linked.into(),
            });
        }
        Ok(outcome)
    }

    /// Finds out which keys are known.
    async fn identify<'k>(&mut self, keys: &'k [Judged<'k>]) -> Result<Vec<Saving<'k>>> {
        let aliases: Vec<Vec<String>> = keys.iter().map(|one| alias::of_key(one.key)).collect();
        let all: Vec<String> = aliases.iter().flatten().cloned().collect();
        let sql = format!(
            "SELECT a.alias, k.id, k.added_at, k.digest, k.provider_id, k.credential FROM key_aliases a \
             JOIN keys k ON k.id = a.key_id WHERE {}",
            among(self.is_postgres(), "a.alias", 1)
        );
        let mut by_alias: HashMap<String, Stored> = HashMap::new();
        for row in self.rows(&sql, args![all]).await? {
            let stored = Stored {
                id: KeyId::new(row.text(1)?),
                added_at: row.int(2)?,
                digest: row.text(3)?,
                key_id: row.maybe_text(4)?,
                credential: row.maybe_text(5)?,
            };
            by_alias.insert(row.text(0)?, stored);
        }
        let mut taken: HashSet<KeyId> = HashSet::new();
        let mut found = Vec::with_capacity(keys.len());
        for (judged, aliases) in keys.iter().zip(&aliases) {
            let mut same: Vec<&Stored> = aliases
                .iter()
                .filter_map(|alias| by_alias.get(alias))
                .filter(|stored| stored.fits(judged.key) && !taken.contains(&stored.id))
                .collect();
            same.sort_by(|a, b| (a.added_at, &a.id).cmp(&(b.added_at, &b.id)));
            same.dedup_by(|a, b| a.id == b.id);
            taken.extend(same.iter().map(|stored| stored.id.clone()));
            found.push(same);
        }
        let fresh: Vec<String> = keys
            .iter()
            .zip(&found)
            .filter(|(_, same)| same.is_empty())
            .map(|(judged, _)| judged.key.id.clone())
            .collect();
        let mut used: HashSet<String> = HashSet::new();
        let sql = format!(
            "SELECT id FROM keys WHERE {}",
            among(self.is_postgres(), "id", 1)
        );
        for row in self.rows(&sql, args![fresh]).await? {
            used.insert(row.text(0)?);
        }
        let mut saving = Vec::with_capacity(keys.len());
        for (judged, same) in keys.iter().zip(found) {
            let mut same = same.into_iter();
            let first = same.next();
            let id = match first {
                Some(stored) => stored.id.clone(),
                None if used.insert(judged.key.id.clone()) => KeyId::new(judged.key.id.clone()),
                // The short id is another key's: a longer one, which nobody can have.
                None => KeyId::new(crate::db::new_id('k')?),
            };
            let body = body_of(judged.key, &id);
            saving.push(Saving {
                judged,
                before: first.map(|stored| stored.digest.clone()),
                digest: digest::of_bytes(body.as_bytes()),
                body,
                joined: same.map(|stored| stored.id.clone()).collect(),
                id,
            });
        }
        Ok(saving)
    }

    async fn write_keys(&mut self, changed: &[&Saving<'_>]) -> Result<()> {
        let at = self.at().micros();
        let rows = changed
            .iter()
            .map(|one| {
                let key = one.judged.key;
                args![
                    one.id.as_str(),
                    key.provider.as_str(),
                    key.credential.as_deref(),
                    key.key_id.as_deref(),
                    at,
                    at,
                    one.digest.as_str(),
                    one.body.as_str(),
                ]
            })
            .collect();
        self.bulk(
            "keys",
            &[
                ("id", Kind::Text),
                ("provider", Kind::Text),
                ("credential", Kind::Text),
                ("provider_id", Kind::Text),
                ("added_at", Kind::Int),
                ("changed_at", Kind::Int),
                ("digest", Kind::Text),
                ("body", Kind::Text),
            ],
            rows,
            "ON CONFLICT (id) DO UPDATE SET provider = excluded.provider, credential = excluded.credential, \
             provider_id = excluded.provider_id, changed_at = excluded.changed_at, digest = excluded.digest, \
             body = excluded.body",
        )
        .await?;
        let aliases = changed
            .iter()
            .flat_map(|one| {
                alias::of_key(one.judged.key)
                    .into_iter()
                    .map(|alias| args![alias, one.id.as_str()])
            })
            .collect();
        // An alias stays with the key that had it first: two keys of one id are told apart by their kinds.
        self.bulk(
            "key_aliases",
            &[("alias", Kind::Text), ("key_id", Kind::Text)],
            aliases,
            "ON CONFLICT (alias) DO NOTHING",
        )
        .await?;
        for one in changed.iter().filter(|one| one.before.is_none()) {
            self.note(Change::KeyAdded {
                key: one.id.clone(),
                provider: one.judged.key.provider.clone(),
                name: one.judged.key.name.clone(),
            });
        }
        Ok(())
    }

    /// Makes keys one. The history of the other stays under its id.
    async fn join(&mut self, one: &Saving<'_>) -> Result<()> {
        let (at, id) = (self.at().micros(), one.id.as_str());
        for from in &one.joined {
            let from_id = from.as_str();
            for table in ["key_aliases", "source_rows", "sightings"] {
                let sql = format!("UPDATE {table} SET key_id = $1 WHERE key_id = $2");
                self.run(&sql, args![id, from_id]).await?;
            }
            // The earlier of two days counts.
            self.run(
                "INSERT INTO findings (key_id, verdict, since) SELECT $1, verdict, since FROM findings \
                 WHERE key_id = $2 ON CONFLICT (key_id, verdict) DO UPDATE SET since = excluded.since \
                 WHERE excluded.since < findings.since",
                args![id, from_id],
            )
            .await?;
            // What was stated of either is stated of the one; of two statements, what stands there already.
            self.run(
                "UPDATE stated_facts SET key_id = $1 WHERE key_id = $2 \
                 AND name NOT IN (SELECT name FROM stated_facts WHERE key_id = $1)",
                args![id, from_id],
            )
            .await?;
            for table in ["controls", "owners", "stated_facts"] {
                let sql = format!("DELETE FROM {table} WHERE key_id = $1");
                self.run(&sql, args![from_id]).await?;
            }
            self.run(
                "INSERT INTO joined_keys (old_id, key_id, at) VALUES ($1, $2, $3) ON CONFLICT (old_id) DO NOTHING",
                args![from_id, id, at],
            )
            .await?;
            self.note(Change::KeysJoined {
                key: one.id.clone(),
                from: from.clone(),
            });
        }
        self.unlist(&one.joined).await
    }

    async fn link_records(&mut self, saving: &[Saving<'_>]) -> Result<u64> {
        let mut linked = 0u64;
        for (is_sighting, table) in [(false, "source_rows"), (true, "sightings")] {
            let rows: Vec<(String, String, String)> = saving
                .iter()
                .flat_map(|one| {
                    let records = one.judged.records.iter();
                    records
                        .filter(|record| record.is_sighting == is_sighting)
                        .map(|record| {
                            (
                                record.source.to_string(),
                                record.identity.clone(),
                                one.id.to_string(),
                            )
                        })
                })
                .collect();
            if !rows.is_empty() {
                linked = linked.saturating_add(self.link(table, rows).await?);
            }
        }
        Ok(linked)
    }

    async fn write_facts(&mut self, changed: &[&Saving<'_>]) -> Result<()> {
        let ids: Vec<String> = changed
            .iter()
            .filter(|one| one.before.is_some())
            .map(|one| one.id.to_string())
            .collect();
        let sql = format!(
            "SELECT key_id, name, value, basis, source FROM facts WHERE until = $1 AND {}",
            among(self.is_postgres(), "key_id", 2)
        );
        let mut before: HashMap<String, BTreeMap<String, FactNote>> = HashMap::new();
        if !ids.is_empty() {
            for row in self.rows(&sql, args![NOW, ids]).await? {
                let note = fact(&row, 2)?;
                before
                    .entry(row.text(0)?)
                    .or_default()
                    .insert(row.text(1)?, note);
            }
        }
        let at = self.at().micros();
        let (mut ended, mut begun) = (Vec::new(), Vec::new());
        for one in changed {
            let earlier = before.remove(one.id.as_str()).unwrap_or_default();
            let now = facts_of(one.judged.key);
            let mut changes = Vec::new();
            let names: BTreeSet<&String> = earlier.keys().chain(now.keys()).collect();
            for name in names {
                let (was, is) = (earlier.get(name), now.get(name));
                if was == is {
                    continue;
                }
                if was.is_some() {
                    ended.push((one.id.to_string(), name.clone()));
                }
                if let Some(is) = is {
                    begun.push(args![
                        one.id.as_str(),
                        name.as_str(),
                        json(&is.value),
                        is.basis.word(),
                        is.source.as_str(),
                        at,
                        NOW,
                    ]);
                }
                let value = |note: Option<&FactNote>| {
                    note.map_or(serde_json::Value::Null, |note| (*note.value).clone())
                };
                if value(was) != value(is) {
                    changes.push(FactChange {
                        fact: name.clone(),
                        from: value(was),
                        to: value(is),
                        source: is
                            .or(was)
                            .map(|note| note.source.clone())
                            .unwrap_or_default(),
                    });
                }
            }
            if changes.is_empty() {
                // Something that is no fact: a copy more, another reason. What is kept now is named by its digest.
                changes.push(FactChange {
                    fact: "key".to_owned(),
                    from: one.before.as_deref().into(),
                    to: one.digest.as_str().into(),
                    source: IDENTITY.to_owned(),
                });
            }
            if one.before.is_some() {
                self.note(Change::FactsChanged {
                    key: one.id.clone(),
                    facts: changes,
                });
            }
        }
        for (key, name) in ended {
            // Twice in one moment: what held for no time is no history.
            self.run(
                "DELETE FROM facts WHERE key_id = $1 AND name = $2 AND until = $3 AND since >= $4",
                args![key.as_str(), name.as_str(), NOW, at],
            )
            .await?;
            self.run(
                "UPDATE facts SET until = $1 WHERE key_id = $2 AND name = $3 AND until = $4",
                args![at, key, name, NOW],
            )
            .await?;
        }
        self.bulk(
            "facts",
            &[
                ("key_id", Kind::Text),
                ("name", Kind::Text),
                ("value", Kind::Text),
                ("basis", Kind::Text),
                ("source", Kind::Text),
                ("since", Kind::Int),
                ("until", Kind::Int),
            ],
            begun,
            "",
        )
        .await?;
        Ok(())
    }

    async fn write_decisions(&mut self, changed: &[&Saving<'_>]) -> Result<()> {
        let ids: Vec<String> = changed.iter().map(|one| one.id.to_string()).collect();
        let sql = format!(
            "SELECT d.key_id, d.verdict, d.level, d.due, d.facts_digest, d.policy_digest FROM decisions d \
             WHERE {} AND d.at = (SELECT MAX(l.at) FROM decisions l WHERE l.key_id = d.key_id)",
            among(self.is_postgres(), "d.key_id", 1)
        );
        let mut latest = HashMap::new();
        for row in self.rows(&sql, args![ids]).await? {
            let decision = (
                row.text(1)?,
                row.text(2)?,
                row.maybe_int(3)?,
                row.text(4)?,
                row.text(5)?,
            );
            latest.insert(row.text(0)?, decision);
        }
        let at = self.at();
        let (mut decided, mut findings) = (Vec::new(), Vec::new());
        for one in changed {
            let answer = &one.judged.key.verdict;
            let outcome = &answer.outcome;
            let due = outcome.due.map(|day| i64::from(day.number()));
            findings.push(args![
                one.id.as_str(),
                answer.id.word(),
                i64::from(begun(one.judged.key, at.day()).number()),
            ]);
            let now = (
                answer.id.word().to_owned(),
                outcome.level.word().to_owned(),
                due,
                outcome.facts.clone(),
                outcome.policy.clone(),
            );
            let before = latest.get(one.id.as_str());
            if before == Some(&now) {
                continue;
            }
            let from = match before {
                Some((verdict, ..)) => Some(word(verdict, "verdict")?),
                None => None,
            };
            decided.push(args![
                one.id.as_str(),
                at.micros(),
                now.0,
                now.1,
                due,
                now.3,
                now.4,
                json(answer),
            ]);
            self.note(Change::Decided {
                key: one.id.clone(),
                from,
                to: answer.id,
                level: outcome.level,
                due: outcome.due,
                facts: outcome.facts.clone(),
                policy: outcome.policy.clone(),
            });
        }
        self.bulk(
            "decisions",
            &[
                ("key_id", Kind::Text),
                ("at", Kind::Int),
                ("verdict", Kind::Text),
                ("level", Kind::Text),
                ("due", Kind::Int),
                ("facts_digest", Kind::Text),
                ("policy_digest", Kind::Text),
                ("body", Kind::Text),
            ],
            decided,
            "ON CONFLICT (key_id, at) DO UPDATE SET verdict = excluded.verdict, level = excluded.level, \
             due = excluded.due, facts_digest = excluded.facts_digest, policy_digest = excluded.policy_digest, \
             body = excluded.body",
        )
        .await?;
        // It moves earlier, and never later.
        self.bulk(
            "findings",
            &[
                ("key_id", Kind::Text),
                ("verdict", Kind::Text),
                ("since", Kind::Int),
            ],
            findings,
            "ON CONFLICT (key_id, verdict) DO UPDATE SET since = excluded.since \
             WHERE excluded.since < findings.since",
        )
        .await?;
        Ok(())
    }

    async fn write_controls(&mut self, changed: &[&Saving<'_>]) -> Result<()> {
        let ids: Vec<String> = changed.iter().map(|one| one.id.to_string()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "DELETE FROM controls WHERE {}",
            among(self.is_postgres(), "key_id", 1)
        );
        self.run(&sql, args![ids]).await?;
        let rows = changed
            .iter()
            .flat_map(|one| {
                one.judged.key.controls.iter().map(|note| {
                    args![
                        one.id.as_str(),
                        note.id.word(),
                        note.state.word(),
                        note.since.map(|day| i64::from(day.number())),
                        note.why.as_str(),
                    ]
                })
            })
            .collect();
        self.bulk(
            "controls",
            &[
                ("key_id", Kind::Text),
                ("control", Kind::Text),
                ("state", Kind::Text),
                ("since", Kind::Int),
                ("why", Kind::Text),
            ],
            rows,
            "",
        )
        .await?;
        Ok(())
    }

    async fn write_list(&mut self, changed: &[&Saving<'_>]) -> Result<()> {
        let ids: Vec<KeyId> = changed.iter().map(|one| one.id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let before = self.listed(&ids).await?;
        let now: Vec<key_list::Entry> = changed
            .iter()
            .map(|one| {
                let earlier = before.get(&one.id);
                let exception = earlier
                    .map(|entry| entry.exception.as_str())
                    .unwrap_or_default();
                let mut entry = key_list::of_key(&one.id, one.judged.key, exception);
                entry.gone = earlier.is_some_and(|entry| entry.gone);
                entry
            })
            .collect();
        self.list(&before, &now).await
    }
}

/// The key as it is kept: under its own id.
fn body_of(key: &Key, id: &KeyId) -> String {
    if key.id == id.as_str() {
        return json(key);
    }
    let mut key = key.clone();
    id.as_str().clone_into(&mut key.id);
    json(&key)
}

/// The facts of a key, and what is told of it beside them.
fn facts_of(key: &Key) -> BTreeMap<String, FactNote> {
    fn told<T: serde::Serialize>(told: &Told<T>) -> FactNote {
        FactNote {
            value: serde_json::to_value(&told.value).unwrap_or_default().into(),
            basis: told.basis,
            source: told.source.clone().unwrap_or_default(),
        }
    }
    let named = |text: &Option<String>| FactNote {
        value: serde_json::to_value(text).unwrap_or_default().into(),
        basis: Basis::Inferred,
        source: IDENTITY.to_owned(),
    };
    let beside = [
        ("key.provider", named(&Some(key.provider.clone()))),
        ("key.credential", named(&key.credential)),
        ("key.account", named(&key.account)),
        ("key.key_id", named(&key.key_id)),
        ("key.name", named(&key.name)),
        ("key.fingerprint", named(&key.fingerprint)),
        ("key.owner", told(&key.owner)),
        ("key.system", told(&key.system)),
        ("key.expires_at", told(&key.expires_at)),
    ];
    let beside = beside
        .into_iter()
        .filter(|(_, note)| !note.value.is_null())
        .map(|(name, note)| (name.to_owned(), note));
    // `since.…` is a row of its own, and moves with its own rule.
    let facts = key
        .facts
        .iter()
        .filter(|(name, _)| !name.starts_with("since."));
    facts
        .map(|(name, note)| (name.to_string(), (**note).clone()))
        .chain(beside)
        .collect()
}

/// The day on which the finding of a key began, as far as it says itself.
fn begun(key: &Key, today: Day) -> Day {
    let name = format!("since.{}", key.verdict.id);
    let said = key.facts.get(name.as_str());
    said.and_then(|note| note.value.as_str()?.parse().ok())
        .filter(|day| *day <= today)
        .unwrap_or(today)
}
