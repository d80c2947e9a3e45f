//! What has to be judged again: the records and keys that changed since they were.

use crate::{
    db::{Result, Store, json},
    dialect::{among, args},
    imports::{ALIAS_COLUMNS, ALIAS_TAIL, ALIASES, TABLES},
    keys::Kept,
    sources::Listed,
    txn::Txn,
};
use tenure_model::{
    id::{KeyId, SourceId},
    moment::Moment,
};

/// What changed since it was judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stale {
    /// Records, those that are gone among them.
    pub records: Vec<Kept>,
    /// Keys of which people said something, and when.
    pub keys: Vec<(KeyId, Moment)>,
}

impl Stale {
    /// Whether everything is judged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.keys.is_empty()
    }
}

impl Store {
    /// What changed since it was judged, at most `most` rows, as many sightings and as many keys.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn stale(&self, most: u64) -> Result<Stale> {
        let records = self
            .kept(
                "WHERE stale_at <> 0 ORDER BY source, identity LIMIT $1",
                || args![most],
            )
            .await?;
        let sql = "SELECT id, stale_at FROM keys WHERE stale_at <> 0 ORDER BY id LIMIT $1";
        let keys = self.pool.rows(sql, args![most]).await?;
        let keys = keys.iter().map(|row| {
            let since = Moment::from_micros(row.int(1)?);
            Ok((KeyId::new(row.text(0)?), since))
        });
        Ok(Stale {
            records,
            keys: keys.collect::<Result<_>>()?,
        })
    }

    /// Says that this was judged. What changed again meanwhile stays to be judged. It is no change of the register,
    /// and no event.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn settle(&self, stale: &Stale) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        for (is_sighting, table) in [(false, "source_rows"), (true, "sightings")] {
            let mine = |kept: &&Kept| kept.at.is_sighting == is_sighting && kept.stale_at != 0;
            let rows: Vec<_> = stale
                .records
                .iter()
                .filter(mine)
                .map(|kept| {
                    let at = &kept.at;
                    (
                        at.source.to_string(),
                        at.identity.clone(),
                        kept.stale_at.to_string(),
                    )
                })
                .collect();
            if !rows.is_empty() {
                tx.settle(table, rows).await?;
            }
        }
        let latest = stale.keys.iter().map(|(_, at)| at.micros()).max();
        if let Some(latest) = latest {
            let sql = format!(
                "UPDATE keys SET stale_at = 0 WHERE stale_at <= $1 AND {}",
                among(tx.is_postgres(), "id", 2)
            );
            let ids: Vec<String> = stale.keys.iter().map(|(id, _)| id.to_string()).collect();
            tx.run(&sql, args![latest, ids]).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Takes up what an older version kept of a source: aliases of its records that were not kept then, and what it
    /// lists whole. It is no change of the register, and no event.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn take_up(&self, source: &SourceId, of: &[Kept], listings: &[Listed]) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        for part in of.chunks(1000) {
            let mut rows = Vec::new();
            for kept in part {
                let table = TABLES
                    .get(kept.evidence.table())
                    .copied()
                    .unwrap_or_default();
                let identity = kept.at.identity.as_str();
                let aliases = kept.evidence.aliases().into_iter();
                rows.extend(aliases.map(|alias| args![alias, table, source.as_str(), identity]));
            }
            tx.bulk(ALIASES, &ALIAS_COLUMNS, rows, ALIAS_TAIL).await?;
        }
        tx.run(
            "UPDATE sources SET listings = $1 WHERE id = $2",
            args![json(&listings), source.as_str()],
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// What every key was judged with; `None` before the first time.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn judged_with(&self) -> Result<Option<String>> {
        let sql = "SELECT basis FROM judged_with WHERE id = 1";
        let rows = self.pool.rows(sql, args![]).await?;
        Ok(rows.first().map(|row| row.text(0)).transpose()?)
    }

    /// Says what every key was judged with. It is no change of the register, and no event.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn keep_judged_with(&self, basis: &str) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        tx.run(
            "INSERT INTO judged_with (id, basis) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET basis = excluded.basis",
            args![basis],
        )
        .await?;
        Ok(tx.commit().await?)
    }
}

impl Txn {
    /// Says that people said something of these keys, or that something they are judged by moved: they are judged
    /// again.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn mark_stale(&mut self, ids: &[KeyId]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "UPDATE keys SET stale_at = $1 WHERE {} OR id IN (SELECT key_id FROM joined_keys WHERE {})",
            among(self.is_postgres(), "id", 2),
            among(self.is_postgres(), "old_id", 2)
        );
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let at = self.at().micros().max(1);
        self.run_aside(&sql, args![at, ids]).await?;
        Ok(())
    }
}
