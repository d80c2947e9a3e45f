//! Keys: known again from import to import, with their facts, decisions and controls.

use crate::{
    db::{Result, Store, StoreError, Via, json, read, word},
    dialect::{Kind, Row, among, args, pair_args, pairs},
    imports::{Evidence, Record},
    key_list::{self, resolve},
    pack::{pack, unpack},
    txn::Txn,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tenure_model::{
    access::Unit,
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

/// Facts that are counted over time.
const COUNTED: [&str; 1] = ["owner"];

/// What was said of keys before.
#[derive(Default)]
struct Earlier {
    /// Since when a key is known, and its facts, by its id.
    facts: HashMap<String, (i64, BTreeMap<String, FactNote>)>,
    /// Since when a fact is as it is, by key and name, and the end of the latest row of it.
    spans: HashMap<(String, String), (i64, i64)>,
}

/// A row of a fact over a time; nothing, where nobody said anything.
fn fact_row(
    key: &str,
    name: &str,
    note: Option<&FactNote>,
    (since, until): (i64, i64),
) -> Vec<crate::dialect::Arg> {
    let value = note.map_or_else(|| "null".to_owned(), |note| json(&note.value));
    let basis = note.map_or(Basis::Unknown, |note| note.basis);
    let source = note.map_or("", |note| note.source.as_str());
    args![key, name, value, basis.word(), source, since, until]
}

/// A key with what `assess` says of it, and the records that it was put together from.
#[derive(Debug, Clone)]
pub struct Judged<'k> {
    /// What is said of it. Its id is the one that a run over the same sources gives it, and not yet [`KeyId`].
    pub key: &'k Key,
    /// Its records.
    pub records: &'k [RecordRef],
    /// The keys that it is, as [`Store::identify`] says: several where they turned out to be one, none where it is
    /// new.
    pub known: &'k [KeyId],
    /// The keys that its records were of when they were read.
    pub links: &'k [KeyId],
}

/// How much speaks for it that a group of records is a key: records that did not change since, records.
pub type Weight = (u64, u64);

/// What tells which key a group of records is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// [`alias::of_known`].
    pub aliases: Vec<String>,
    /// The public id.
    pub key_id: Option<String>,
    /// The credential kind's slug.
    pub credential: Option<String>,
    /// The keys that its records are of so far.
    pub links: Vec<(KeyId, Weight)>,
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
    /// When it changed, in microseconds, where its key is not judged by what it says now; else 0.
    pub stale_at: i64,
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

    /// These keys, in the order of their ids; those that are not there are left out.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn keys_of(&self, ids: &[KeyId]) -> Result<Vec<Registered>> {
        let sql = format!(
            "SELECT id, added_at, changed_at, body FROM keys WHERE {} ORDER BY id",
            among(self.pool.is_postgres(), "id", 1)
        );
        let rows = self.pool.rows(&sql, args![texts(ids)]).await?;
        rows.iter().map(registered).collect()
    }

    /// The facts of a key over time, the present first.
    ///
    /// # Errors
    /// There is no such key, or the database refuses.
    pub async fn facts(&self, id: &KeyId) -> Result<Vec<FactRow>> {
        let registered = self.key(id).await?;
        let sql = "SELECT name, value, basis, source, since, until FROM facts WHERE key_id = $1 \
                   ORDER BY until DESC, name";
        let rows = self.pool.rows(sql, args![registered.id.as_str()]).await?;
        let mut begun: HashMap<String, i64> = HashMap::new();
        let mut past = Vec::new();
        for row in &rows {
            let (name, since, until) = (row.text(0)?, row.int(4)?, row.int(5)?);
            let begin = if until == NOW { since } else { until };
            begun.entry(name.clone()).or_insert(begin);
            let note = fact(row, 1)?;
            if until != NOW && !note.value.is_null() {
                past.push(FactRow {
                    name,
                    note,
                    since: Moment::from_micros(since),
                    until: Some(Moment::from_micros(until)),
                });
            }
        }
        let added = registered.added_at.micros();
        let now = facts_of(&registered.key)
            .into_iter()
            .map(|(name, note)| FactRow {
                since: Moment::from_micros(begun.get(&name).copied().unwrap_or(added)),
                name,
                note,
                until: None,
            });
        Ok(now.chain(past).collect())
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
                    answer: read(&unpack(row.text(4)?)?, "decision")?,
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

    /// Which keys groups of records are: those that their records are of so far, each in one group alone; and of a
    /// group whose records are of none, what its aliases lead to and no other record is of any more.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn identify(&self, groups: &[Marks]) -> Result<Vec<Vec<KeyId>>> {
        let found = identify(&mut Via::Pool(&self.pool), groups).await?;
        let ids = |same: Vec<Stored>| same.into_iter().map(|stored| stored.id).collect();
        Ok(found.into_iter().map(ids).collect())
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
                "SELECT t.source, t.identity, t.key_id, t.body, t.gone_at, t.stale_at FROM record_aliases a \
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

    pub(crate) async fn kept(
        &self,
        clause: &str,
        args: impl Fn() -> Vec<crate::dialect::Arg>,
    ) -> Result<Vec<Kept>> {
        let mut all = Vec::new();
        for (table, name) in TABLES {
            let sql = format!(
                "SELECT source, identity, key_id, body, gone_at, stale_at FROM {name} {clause}"
            );
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
        stale_at: row.int(5)?,
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
        key: read(&unpack(row.text(3)?)?, "key")?,
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
#[derive(Clone)]
struct Stored {
    id: KeyId,
    added_at: i64,
    digest: String,
    key_id: Option<String>,
    credential: Option<String>,
}

impl Stored {
    /// Whether it can be the same key: ids and kinds do not contradict each other.
    fn fits(&self, key: &Marks) -> bool {
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
        let earlier = self.earlier(&changed).await?;
        self.write_keys(&changed).await?;
        for one in &changed {
            self.join(one).await?;
        }
        let linked = self.link_records(&saving).await?;
        let moved = moved(&saving);
        self.write_facts(&changed, earlier).await?;
        self.write_decisions(&changed).await?;
        self.write_controls(&changed).await?;
        self.write_list(&changed).await?;
        self.set_gone(&moved).await?;
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

    /// Gives each key its id, and says what is kept of it.
    async fn identify<'k>(&mut self, keys: &'k [Judged<'k>]) -> Result<Vec<Saving<'k>>> {
        let mut marks: Vec<Marks> = keys.iter().map(marks).collect();
        self.put_links(keys, &mut marks).await?;
        let found = identify(&mut self.via(), &marks).await?;
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
            let first: Option<Stored> = same.next();
            let id = match first {
                Some(ref stored) => stored.id.clone(),
                None if used.insert(judged.key.id.clone()) => KeyId::new(judged.key.id.clone()),
                // The short id is another key's: a longer one, which nobody can have.
                None => KeyId::new(crate::db::new_id('k')?),
            };
            let body = body_of(judged.key, &id);
            saving.push(Saving {
                judged,
                before: first.map(|stored| stored.digest),
                digest: digest::of_bytes(body.as_bytes()),
                body,
                joined: same.map(|stored| stored.id.clone()).collect(),
                id,
            });
        }
        Ok(saving)
    }

    /// Of keys that are new, those that somebody else put the same records to meanwhile.
    async fn put_links(&mut self, keys: &[Judged<'_>], marks: &mut [Marks]) -> Result<()> {
        let is_new = |one: &&Judged<'_>| one.known.is_empty();
        let mut links: HashMap<(String, String), KeyId> = HashMap::new();
        for (is_sighting, table) in [(false, "source_rows"), (true, "sightings")] {
            let records = keys.iter().filter(is_new).flat_map(|one| one.records);
            let records = records.filter(|record| record.is_sighting == is_sighting);
            let records: Vec<(String, String)> = records
                .map(|record| (record.source.to_string(), record.identity.clone()))
                .collect();
            if records.is_empty() {
                continue;
            }
            let sql = format!(
                "SELECT t.source, t.identity, t.key_id FROM {} JOIN {table} t ON t.source = v.s AND t.identity = v.i \
                 WHERE t.key_id IS NOT NULL",
                pairs(self.is_postgres(), 1)
            );
            let args = pair_args(self.is_postgres(), records);
            for row in self.rows(&sql, args).await? {
                links.insert((row.text(0)?, row.text(1)?), KeyId::new(row.text(2)?));
            }
        }
        for (one, marks) in keys.iter().zip(marks).filter(|(one, _)| is_new(one)) {
            for record in one.records {
                let at = (record.source.to_string(), record.identity.clone());
                if let Some(key) = links.get(&at).filter(|key| !one.links.contains(key)) {
                    marks.links.push((key.clone(), (0, 1)));
                }
            }
        }
        Ok(())
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
                    pack(&one.body),
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
            // Who was made to answer for the one answers for both, unless somebody does already.
            self.run(
                "INSERT INTO owners (key_id, owner, backup, assigned_by, assigned_at) \
                 SELECT $1, owner, backup, assigned_by, assigned_at FROM owners WHERE key_id = $2 \
                 ON CONFLICT (key_id) DO NOTHING",
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
            self.displace(from, &one.id).await?;
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

    /// What was said of keys that are known, and since when they are; to be asked before they are written.
    async fn earlier(&mut self, changed: &[&Saving<'_>]) -> Result<Earlier> {
        let known = changed.iter().filter(|one| one.before.is_some());
        let ids: Vec<String> = known.map(|one| one.id.to_string()).collect();
        let mut earlier = Earlier::default();
        if ids.is_empty() {
            return Ok(earlier);
        }
        let is_postgres = self.is_postgres();
        let of = |column| among(is_postgres, column, 1);
        let sql = format!("SELECT id, added_at, body FROM keys WHERE {}", of("id"));
        for row in self.rows(&sql, args![ids.clone()]).await? {
            let key: Key = read(&unpack(row.text(2)?)?, "key")?;
            earlier
                .facts
                .insert(row.text(0)?, (row.int(1)?, facts_of(&key)));
        }
        let sql = format!(
            "SELECT key_id, name, since, until FROM facts WHERE {}",
            of("key_id")
        );
        for row in self.rows(&sql, args![ids]).await? {
            let (since, until) = (row.int(2)?, row.int(3)?);
            let begun = if until == NOW { since } else { until };
            let span = earlier.spans.entry((row.text(0)?, row.text(1)?));
            let span = span.or_insert((begun, until));
            if until >= span.1 {
                *span = (begun, until);
            }
        }
        Ok(earlier)
    }

    /// Writes what was said and no longer is. What is said now stands in the key, and only what is counted over time
    /// has a row from its beginning on.
    async fn write_facts(&mut self, changed: &[&Saving<'_>], mut earlier: Earlier) -> Result<()> {
        let at = self.at().micros();
        let (mut rows, mut ended) = (Vec::new(), Vec::new());
        for one in changed {
            let known = earlier.facts.remove(one.id.as_str());
            let is_known = known.is_some();
            let (added, was) = known.unwrap_or((at, BTreeMap::new()));
            let now = facts_of(one.judged.key);
            let mut changes = Vec::new();
            let names: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
            for name in names {
                let (was, is) = (was.get(name), now.get(name));
                if was == is {
                    continue;
                }
                let id = one.id.as_str();
                let span = earlier.spans.get(&(id.to_owned(), name.clone()));
                let (since, until) = span.copied().unwrap_or((added, 0));
                if until == NOW {
                    ended.push((id.to_owned(), name.clone()));
                }
                // What held for no time is no history.
                if is_known && since < at {
                    rows.push(fact_row(id, name, was, (since, at)));
                }
                if is.is_some() && COUNTED.contains(&name.as_str()) {
                    rows.push(fact_row(id, name, is, (at, NOW)));
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
            self.run(
                "DELETE FROM facts WHERE key_id = $1 AND name = $2 AND until = $3",
                args![key, name, NOW],
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
            rows,
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
                pack(&json(answer)),
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
                let unit = earlier.map_or_else(Unit::whole, |entry| entry.unit.clone());
                let mut entry = key_list::of_key(&one.id, one.judged.key, exception, unit);
                entry.gone = earlier.is_some_and(|entry| entry.gone);
                entry
            })
            .collect();
        self.list(&before, &now).await
    }
}

fn marks(judged: &Judged<'_>) -> Marks {
    let key = judged.key;
    Marks {
        aliases: alias::of_key(key),
        key_id: key.key_id.clone(),
        credential: key.credential.clone(),
        links: judged.known.iter().map(|id| (id.clone(), (1, 1))).collect(),
    }
}

/// Which keys groups of records are, those that were known first before the others. See [`Store::identify`].
async fn identify(via: &mut Via<'_>, groups: &[Marks]) -> Result<Vec<Vec<Stored>>> {
    let of = "k.id, k.added_at, k.digest, k.provider_id, k.credential";
    let is_postgres = via.is_postgres();
    let links: BTreeSet<&KeyId> = groups
        .iter()
        .flat_map(|one| &one.links)
        .map(|(id, _)| id)
        .collect();
    let sql = format!(
        "SELECT k.id, {of} FROM keys k WHERE {}",
        among(is_postgres, "k.id", 1)
    );
    let by_id = stored(via, &sql, links.iter().map(ToString::to_string)).await?;
    let linked = claims(groups, &by_id);
    let alone = groups
        .iter()
        .zip(&linked)
        .filter(|(_, same)| same.is_empty());
    let aliases = alone.flat_map(|(one, _)| one.aliases.iter().cloned());
    let sql = format!(
        "SELECT a.alias, {of} FROM key_aliases a JOIN keys k ON k.id = a.key_id WHERE {}",
        among(is_postgres, "a.alias", 1)
    );
    let by_alias = stored(via, &sql, aliases).await?;
    let hit: BTreeSet<&KeyId> = by_alias.values().map(|stored| &stored.id).collect();
    let hit: Vec<KeyId> = hit.into_iter().cloned().collect();
    let mut taken = BTreeSet::new();
    for chunk in hit.chunks(AT_ONCE) {
        taken.extend(key_list::living(via, chunk).await?);
    }
    let found = groups.iter().zip(linked).map(|(group, mut same)| {
        if same.is_empty() {
            for alias in &group.aliases {
                if let Some(stored) = by_alias.get(alias)
                    && stored.fits(group)
                    && taken.insert(stored.id.clone())
                {
                    same.push(stored.clone());
                }
            }
        }
        same.sort_by(|a, b| (a.added_at, &a.id).cmp(&(b.added_at, &b.id)));
        same
    });
    Ok(found.collect())
}

/// How many ids are asked for at once.
const AT_ONCE: usize = 5000;

/// The keys that each group is, of those that its records are of so far: each key is in one, in the first of those
/// that it fits and for which most speaks.
fn claims(groups: &[Marks], by_id: &HashMap<String, Stored>) -> Vec<Vec<Stored>> {
    let mut best: HashMap<&KeyId, (Weight, usize)> = HashMap::new();
    for (at, group) in groups.iter().enumerate() {
        for (id, weight) in &group.links {
            let fits = by_id
                .get(id.as_str())
                .is_some_and(|stored| stored.fits(group));
            let better = best.get(id).is_none_or(|(other, _)| weight > other);
            if fits && better {
                best.insert(id, (*weight, at));
            }
        }
    }
    let mine = |at: usize, group: &Marks| {
        let ids = group.links.iter().map(|(id, _)| id);
        let ids = ids.filter(|id| best.get(id).is_some_and(|(_, best)| *best == at));
        ids.filter_map(|id| by_id.get(id.as_str()).cloned())
            .collect()
    };
    groups
        .iter()
        .enumerate()
        .map(|(at, group)| mine(at, group))
        .collect()
}

/// What is kept of keys, by the first column.
async fn stored(
    via: &mut Via<'_>,
    sql: &str,
    of: impl Iterator<Item = String>,
) -> Result<HashMap<String, Stored>> {
    let of: Vec<String> = of.collect();
    let mut all = HashMap::new();
    for chunk in of.chunks(AT_ONCE) {
        for row in via.rows(sql, args![chunk.to_vec()]).await? {
            let stored = Stored {
                id: KeyId::new(row.text(1)?),
                added_at: row.int(2)?,
                digest: row.text(3)?,
                key_id: row.maybe_text(4)?,
                credential: row.maybe_text(5)?,
            };
            all.insert(row.text(0)?, stored);
        }
    }
    Ok(all)
}

/// Keys that records left or came to without being imported: whether they are still there is told anew.
fn moved(saving: &[Saving<'_>]) -> Vec<KeyId> {
    let mut all = Vec::new();
    for one in saving.iter().filter(|one| !one.judged.records.is_empty()) {
        let links = one.judged.links;
        let stays = |id: &&KeyId| **id == one.id || one.joined.contains(id);
        all.extend(links.iter().filter(|id| !stays(id)).cloned());
        if one.before.is_some() && !links.contains(&one.id) {
            all.push(one.id.clone());
        }
    }
    all
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
