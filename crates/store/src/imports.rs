//! Imports: the records of one source, written in chunks with a mark of how far it got. An import that was cut
//! off goes on where it stopped when the same content is imported again.

use crate::{
    db::{Result, Store, StoreError, json, new_id, read},
    dialect::{Kind, among, args},
    sources::Listed,
    txn::Txn,
};
use std::collections::{BTreeSet, HashMap};
use tenure_model::{
    access::Permitted,
    alias, digest,
    event::Change,
    id::{KeyId, RunId, SourceId},
    infer::SourcedRow,
    key::Coverage,
    moment::Moment,
    place::Sighting,
};

/// What is to be imported.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// The importer or the kind of scan.
    pub kind: String,
    /// The source, as the user named it.
    pub name: String,
    /// The account; empty where there is none.
    pub account: String,
    /// SHA-256 of what is imported; the same content goes on where it was cut off.
    pub hash: String,
    /// The source is read whole: what it does not name is no longer there.
    pub complete: bool,
    /// What it covers.
    pub coverage: Vec<Coverage>,
}

/// An import under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its run.
    pub run: RunId,
    /// Its source.
    pub source: SourceId,
    /// How many records are written, over all chunks. Where it is more than zero at the start, that many records
    /// of the source are to be passed over.
    pub done: u64,
    counts: Counts,
    complete: bool,
}

/// What one source says: a row of an export, or a copy that was seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// A row.
    Row(Box<SourcedRow>),
    /// A copy.
    Sighting(Box<Sighting>),
}

/// One record with what it is known by from import to import; [`alias::Identities`] gives that.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What it is known by within its source.
    pub identity: String,
    /// What it says.
    pub evidence: Evidence,
}

/// What an import did.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[schemars(rename = "ImportCounts")]
#[serde(default)]
pub struct Counts {
    /// Records that were not there before.
    pub new: u64,
    /// Records that say something else than before.
    pub changed: u64,
    /// Records that were there and are gone, from a source that was read whole.
    pub vanished: u64,
}

/// How an import ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// What it did.
    pub counts: Counts,
    /// Keys that this source no longer has.
    pub vanished: Vec<KeyId>,
}

/// Which of the two tables a record is in.
pub(crate) const TABLES: [&str; 2] = ["source_rows", "sightings"];

/// The table of aliases of records, its columns, and what becomes of one that is there.
pub(crate) const ALIASES: &str = "record_aliases";
pub(crate) const ALIAS_COLUMNS: [(&str, Kind); 4] = [
    ("alias", Kind::Text),
    ("kind", Kind::Text),
    ("source", Kind::Text),
    ("identity", Kind::Text),
];
pub(crate) const ALIAS_TAIL: &str = "ON CONFLICT (alias, kind, source, identity) DO NOTHING";

impl Evidence {
    pub(crate) fn table(&self) -> usize {
        match self {
            Self::Row(_) => 0,
            Self::Sighting(_) => 1,
        }
    }

    pub(crate) fn aliases(&self) -> Vec<String> {
        match self {
            Self::Row(told) => alias::of_row(&told.row),
            Self::Sighting(seen) => alias::of_sighting(seen),
        }
    }

    /// The aliases of its kin: what can be the same key has one of these.
    #[must_use]
    pub fn kin(&self) -> Vec<String> {
        match self {
            Self::Row(told) => alias::kin_of_row(&told.row),
            Self::Sighting(seen) => alias::of_sighting(seen),
        }
    }

    /// What is kept of it: all but its secret.
    fn body(&self) -> String {
        match self {
            Self::Row(told) => json(told),
            Self::Sighting(seen) => json(seen),
        }
    }

    /// What it says, whatever its place in the file: that changes with every row before it.
    fn said(&self) -> String {
        match self {
            Self::Row(told) => {
                let mut told = told.clone();
                told.source.clear();
                told.row.at.clear();
                json(&told)
            }
            Self::Sighting(seen) => {
                let mut seen = seen.clone();
                seen.line = None;
                seen.commit = None;
                json(&seen)
            }
        }
    }

    pub(crate) fn read(table: usize, body: &str) -> Result<Self> {
        if table == 0 {
            read(body, "row of a source").map(Self::Row)
        } else {
            read(body, "sighting").map(Self::Sighting)
        }
    }
}

impl Store {
    /// Begins an import, or goes on with one of the same content that was cut off. Another one of the same source
    /// that was cut off is given up for this.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn begin_import(
        &self,
        permit: &impl Permitted,
        at: Moment,
        new: &NewImport,
    ) -> Result<Import> {
        let mut txn = self.begin(permit, at).await?;
        let source = txn
            .source_of(&new.kind, &new.name, &new.account, || new_id('s'))
            .await?;
        let open = txn
            .rows(
                "SELECT id, hash, records, counts FROM runs \
                 WHERE source = $1 AND state = 'running' AND kind = 'import'",
                args![source.as_str()],
            )
            .await?;
        if let Some(row) = open.first() {
            let run = RunId::new(row.text(0)?);
            if row.maybe_text(1)?.as_ref() == Some(&new.hash) {
                return Ok(Import {
                    run,
                    source,
                    done: row.int(2)?.unsigned_abs(),
                    counts: read(&row.text(3)?, "count of a run")?,
                    complete: new.complete,
                });
            }
            txn.run(
                "UPDATE runs SET state = 'abandoned', ended_at = $1 WHERE id = $2",
                args![at.micros(), run.as_str()],
            )
            .await?;
            let source = source.clone();
            txn.note(Change::ImportAbandoned { run, source });
        }
        let run = RunId::new(new_id('i')?);
        txn.run(
            "INSERT INTO runs (id, kind, source, hash, state, begun_at, records, counts) \
             VALUES ($1, 'import', $2, $3, 'running', $4, 0, '{}')",
            args![
                run.as_str(),
                source.as_str(),
                new.hash.as_str(),
                at.micros()
            ],
        )
        .await?;
        txn.set_coverage(&source, &new.coverage).await?;
        txn.commit(Change::ImportBegun {
            run: run.clone(),
            source: source.clone(),
            hash: new.hash.clone(),
        })
        .await?;
        Ok(Import {
            run,
            source,
            done: 0,
            counts: Counts::default(),
            complete: new.complete,
        })
    }

    /// Writes the next records of an import, all or none. A thousand at a time is a good number.
    ///
    /// # Errors
    /// The database refuses, or somebody else goes on with the same import.
    pub async fn import(
        &self,
        import: &mut Import,
        permit: &impl Permitted,
        at: Moment,
        records: &[Record],
    ) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let mut txn = self.begin(permit, at).await?;
        let mut counts = import.counts;
        for (table, name) in (0..).zip(TABLES) {
            let some: Vec<&Record> = records
                .iter()
                .filter(|record| record.evidence.table() == table)
                .collect();
            if !some.is_empty() {
                txn.take(import, name, &some, &mut counts).await?;
            }
        }
        let done = import
            .done
            .saturating_add(u64::try_from(records.len()).unwrap_or(u64::MAX));
        let moved = txn
            .run(
                "UPDATE runs SET records = $1, counts = $2 WHERE id = $3 AND records = $4 AND state = 'running'",
                args![done, json(&counts), import.run.as_str(), import.done],
            )
            .await?;
        if moved != 1 {
            return Err(StoreError::Conflict(format!("import {}", import.run)));
        }
        txn.commit(Change::ImportContinued {
            run: import.run.clone(),
            source: import.source.clone(),
            records: done,
        })
        .await?;
        import.done = done;
        import.counts = counts;
        Ok(())
    }

    /// Ends an import. What a source that was read whole no longer names is gone from it; `listings` are what it lists
    /// whole.
    ///
    /// # Errors
    /// The database refuses, or somebody else ended it.
    pub async fn finish_import(
        &self,
        import: Import,
        permit: &impl Permitted,
        at: Moment,
        listings: &[Listed],
    ) -> Result<Finished> {
        let mut txn = self.begin(permit, at).await?;
        let Import {
            run,
            source,
            done,
            mut counts,
            complete,
        } = import;
        let mut vanished = BTreeSet::new();
        if complete {
            for table in TABLES {
                let gone = txn
                    .rows(
                        &format!(
                            "UPDATE {table} SET gone_at = $1, stale_at = $4 WHERE source = $2 AND run <> $3 \
                             AND gone_at IS NULL RETURNING key_id"
                        ),
                        args![at.micros(), source.as_str(), run.as_str(), at.micros().max(1)],
                    )
                    .await?;
                counts.vanished = counts
                    .vanished
                    .saturating_add(u64::try_from(gone.len()).unwrap_or(u64::MAX));
                for row in gone {
                    vanished.extend(row.maybe_text(0)?.map(KeyId::new));
                }
            }
        }
        let vanished: Vec<KeyId> = vanished.into_iter().collect();
        txn.set_gone(&vanished).await?;
        txn.set_listings(&source, listings).await?;
        for key in &vanished {
            txn.note(Change::KeyVanished {
                key: key.clone(),
                source: source.clone(),
            });
        }
        let ended = txn
            .run(
                "UPDATE runs SET state = 'finished', ended_at = $1, counts = $2 WHERE id = $3 AND state = 'running'",
                args![at.micros(), json(&counts), run.as_str()],
            )
            .await?;
        if ended != 1 {
            return Err(StoreError::Conflict(format!("import {run}")));
        }
        txn.run(
            "UPDATE sources SET hash = (SELECT hash FROM runs WHERE id = $1), complete = $2, imported_at = $3, \
             run = $1 WHERE id = $4",
            args![run.as_str(), complete, at.micros(), source.as_str()],
        )
        .await?;
        txn.commit(Change::ImportFinished {
            run,
            source,
            records: done,
            new: counts.new,
            changed: counts.changed,
            vanished: counts.vanished,
        })
        .await?;
        Ok(Finished { counts, vanished })
    }
}

/// Half of a digest: enough to tell two texts of one record apart.
fn half(text: &str) -> String {
    let mut digest = digest::of_bytes(text.as_bytes());
    digest.truncate(32);
    digest
}

impl Txn {
    /// Takes records into one table: new ones, changed ones, ones that are back.
    async fn take(
        &mut self,
        import: &Import,
        table: &str,
        records: &[&Record],
        counts: &mut Counts,
    ) -> Result<()> {
        let identities: Vec<String> = records.iter().map(|r| r.identity.clone()).collect();
        let sql = format!(
            "SELECT identity, digest, gone_at, key_id FROM {table} WHERE source = $1 AND {}",
            among(self.is_postgres(), "identity", 2)
        );
        let source = import.source.as_str();
        let mut known = HashMap::new();
        for row in self.rows(&sql, args![source, identities]).await? {
            let is_gone = row.maybe_int(2)?.is_some();
            known.insert(row.text(0)?, (row.text(1)?, is_gone, row.maybe_text(3)?));
        }
        let at = self.at().micros();
        let (mut written, mut same, mut aliases, mut realiased) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut returned = BTreeSet::new();
        for record in records {
            let body = record.evidence.body();
            let said = half(&record.evidence.said());
            let digest = format!("{said}{}", half(&body));
            let before = known.get(&record.identity);
            let is_new = before.is_none();
            if let Some((_, true, Some(key))) = before {
                returned.insert(key.clone());
            }
            if before.is_some_and(|(known, is_gone, _)| *known == digest && !is_gone) {
                same.push(record.identity.clone());
                continue;
            }
            let is_moved =
                before.is_some_and(|(known, is_gone, _)| known.starts_with(&said) && !is_gone);
            if is_new {
                counts.new = counts.new.saturating_add(1);
            } else if !is_moved {
                counts.changed = counts.changed.saturating_add(1);
                realiased.push(record.identity.clone());
            }
            let named = if is_moved {
                Vec::new()
            } else {
                record.evidence.aliases()
            };
            for alias in named {
                aliases.push(args![alias, table, source, record.identity.as_str()]);
            }
            written.push(args![
                source,
                record.identity.as_str(),
                digest,
                body,
                at,
                at,
                import.run.as_str(),
                at.max(1),
            ]);
        }
        self.bulk(
            table,
            &[
                ("source", Kind::Text),
                ("identity", Kind::Text),
                ("digest", Kind::Text),
                ("body", Kind::Text),
                ("first_seen", Kind::Int),
                ("changed_at", Kind::Int),
                ("run", Kind::Text),
                ("stale_at", Kind::Int),
            ],
            written,
            "ON CONFLICT (source, identity) DO UPDATE SET digest = excluded.digest, body = excluded.body, \
             changed_at = excluded.changed_at, run = excluded.run, gone_at = NULL, stale_at = excluded.stale_at",
        )
        .await?;
        if !same.is_empty() {
            let sql = format!(
                "UPDATE {table} SET run = $1 WHERE source = $2 AND {}",
                among(self.is_postgres(), "identity", 3)
            );
            self.run(&sql, args![import.run.as_str(), source, same])
                .await?;
        }
        if !realiased.is_empty() {
            self.leave_kin(table, source, &realiased, records).await?;
            let sql = format!(
                "DELETE FROM record_aliases WHERE source = $1 AND kind = $2 AND {}",
                among(self.is_postgres(), "identity", 3)
            );
            self.run(&sql, args![source, table, realiased]).await?;
        }
        self.bulk(ALIASES, &ALIAS_COLUMNS, aliases, ALIAS_TAIL)
            .await?;
        let returned: Vec<KeyId> = returned.into_iter().map(KeyId::new).collect();
        self.set_gone(&returned).await?;
        for key in returned {
            self.note(Change::KeyReturned {
                key,
                source: import.source.clone(),
            });
        }
        Ok(())
    }

    /// What was kin of records that now say something else may come apart from them, or together with others: it is
    /// judged again.
    async fn leave_kin(
        &mut self,
        table: &str,
        source: &str,
        changed: &[String],
        records: &[&Record],
    ) -> Result<()> {
        let sql = format!(
            "SELECT identity, alias FROM record_aliases WHERE source = $1 AND kind = $2 AND {}",
            among(self.is_postgres(), "identity", 3)
        );
        let now: HashMap<&str, Vec<String>> = records
            .iter()
            .map(|record| (record.identity.as_str(), record.evidence.aliases()))
            .collect();
        let mut left = BTreeSet::new();
        for row in self
            .rows(&sql, args![source, table, changed.to_vec()])
            .await?
        {
            let (identity, alias) = (row.text(0)?, row.text(1)?);
            let stays = now.get(identity.as_str());
            if !stays.is_some_and(|now| now.contains(&alias)) {
                left.insert(alias::kin(alias));
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        let left: Vec<String> = left.into_iter().collect();
        let at = self.at().micros().max(1);
        for table in TABLES {
            let sql = format!(
                "UPDATE {table} SET stale_at = $1 WHERE gone_at IS NULL AND EXISTS (SELECT 1 FROM record_aliases a \
                 WHERE a.kind = '{table}' AND a.source = {table}.source AND a.identity = {table}.identity AND {})",
                among(self.is_postgres(), "a.alias", 2)
            );
            self.run_aside(&sql, args![at, left.clone()]).await?;
        }
        Ok(())
    }
}
