//! Sources: what was imported or searched, how much of it was read, and when.

use crate::{
    db::{Result, Store, StoreError, json, read, word},
    dialect::{Kind, Row, args},
    txn::Txn,
};
use serde::{Deserialize, Serialize};
use tenure_model::{
    id::{RunId, SourceId},
    key::Coverage,
    moment::Moment,
};

/// One source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// The importer or the kind of scan: `aws_credential_report`, `files`.
    pub kind: String,
    /// As the user named it.
    pub name: String,
    /// The account; empty where there is none.
    pub account: String,
    /// When it was first imported.
    pub added_at: Moment,
    /// SHA-256 of what was imported last.
    pub hash: Option<String>,
    /// Its last import was whole: what it does not name is not there.
    pub complete: bool,
    /// When its last import ended; `None` where none ever did.
    pub imported_at: Option<Moment>,
    /// Its last run.
    pub run: Option<RunId>,
}

const COLUMNS: &str = "id, kind, name, account, added_at, hash, complete, imported_at, run";

fn source(row: &Row) -> Result<Source> {
    Ok(Source {
        id: SourceId::new(row.text(0)?),
        kind: row.text(1)?,
        name: row.text(2)?,
        account: row.text(3)?,
        added_at: Moment::from_micros(row.int(4)?),
        hash: row.maybe_text(5)?,
        complete: row.int(6)? != 0,
        imported_at: row.maybe_int(7)?.map(Moment::from_micros),
        run: row.maybe_text(8)?.map(RunId::new),
    })
}

/// A kind of key of one account that a source lists whole: what it does not name is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The provider's slug.
    pub provider: String,
    /// The credential kind's slug.
    pub credential: String,
    /// The account.
    pub account: String,
}

/// What a source lists whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listings {
    /// The source.
    pub source: SourceId,
    /// As the user named it.
    pub name: String,
    /// What it lists.
    pub of: Vec<Listed>,
}

impl Store {
    /// Every source, by name.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn sources(&self) -> Result<Vec<Source>> {
        let sql = format!("SELECT {COLUMNS} FROM sources ORDER BY name, kind, account");
        self.pool
            .rows(&sql, args![])
            .await?
            .iter()
            .map(source)
            .collect()
    }

    /// One source.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn source(&self, id: &SourceId) -> Result<Source> {
        let sql = format!("SELECT {COLUMNS} FROM sources WHERE id = $1");
        let rows = self.pool.rows(&sql, args![id.as_str()]).await?;
        rows.first()
            .map(source)
            .unwrap_or_else(|| Err(StoreError::Unknown(format!("source {id}"))))
    }

    /// What every source covers, as of its last import.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn coverage(&self) -> Result<Vec<Coverage>> {
        let sql = "SELECT s.name, c.part, c.state, c.reason, c.row_count, c.hash FROM coverage c \
                   JOIN sources s ON s.id = c.source ORDER BY s.name, c.source, c.part";
        let rows = self.pool.rows(sql, args![]).await?;
        rows.iter()
            .map(|row| {
                Ok(Coverage {
                    source: row.text(0)?,
                    part: row.text(1)?,
                    state: word(&row.text(2)?, "state of coverage")?,
                    reason: row.maybe_text(3)?,
                    rows: row.maybe_int(4)?.map(i64::unsigned_abs),
                    hash: row.maybe_text(5)?,
                })
            })
            .collect()
    }

    /// What sources list whole, of those that do.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn listings(&self) -> Result<Vec<Listings>> {
        let sql = "SELECT id, name, listings FROM sources WHERE listings <> '[]' ORDER BY id";
        let rows = self.pool.rows(sql, args![]).await?;
        rows.iter()
            .map(|row| {
                Ok(Listings {
                    source: SourceId::new(row.text(0)?),
                    name: row.text(1)?,
                    of: read(&row.text(2)?, "listings of a source")?,
                })
            })
            .collect()
    }
}

impl Txn {
    /// Says what a source lists whole. Keys of what it lists now and did not before, or the other way around, are
    /// judged again.
    pub(crate) async fn set_listings(&mut self, source: &SourceId, now: &[Listed]) -> Result<()> {
        let rows = self
            .rows(
                "SELECT listings FROM sources WHERE id = $1",
                args![source.as_str()],
            )
            .await?;
        let before: Vec<Listed> = match rows.first() {
            Some(row) => read(&row.text(0)?, "listings of a source")?,
            None => Vec::new(),
        };
        let moved = |one: &&Listed| !(before.contains(one) && now.contains(one));
        let at = self.at().micros().max(1);
        let mut any = false;
        for one in before.iter().chain(now).filter(moved) {
            any = true;
            self.run(
                "UPDATE keys SET stale_at = $1 WHERE id IN (SELECT id FROM key_list \
                 WHERE account = $2 AND provider = $3 AND credential = $4)",
                args![
                    at,
                    one.account.as_str(),
                    one.provider.as_str(),
                    one.credential.as_str()
                ],
            )
            .await?;
        }
        if any {
            self.run(
                "UPDATE sources SET listings = $1 WHERE id = $2",
                args![json(&now), source.as_str()],
            )
            .await?;
        }
        Ok(())
    }

    /// The source of this name, made where it is new.
    pub(crate) async fn source_of(
        &mut self,
        kind: &str,
        name: &str,
        account: &str,
        new: impl FnOnce() -> Result<String>,
    ) -> Result<SourceId> {
        let find = "SELECT id FROM sources WHERE kind = $1 AND name = $2 AND account = $3";
        if let Some(row) = self.rows(find, args![kind, name, account]).await?.first() {
            return Ok(SourceId::new(row.text(0)?));
        }
        let at = self.at().micros();
        self.run(
            "INSERT INTO sources (id, kind, name, account, added_at, complete) VALUES ($1, $2, $3, $4, $5, 0) \
             ON CONFLICT (kind, name, account) DO NOTHING",
            args![new()?, kind, name, account, at],
        )
        .await?;
        let rows = self.rows(find, args![kind, name, account]).await?;
        let row = rows
            .first()
            .ok_or_else(|| StoreError::Conflict(format!("source {name}")))?;
        Ok(SourceId::new(row.text(0)?))
    }

    pub(crate) async fn set_coverage(
        &mut self,
        source: &SourceId,
        parts: &[Coverage],
    ) -> Result<()> {
        self.run(
            "DELETE FROM coverage WHERE source = $1",
            args![source.as_str()],
        )
        .await?;
        let rows = parts
            .iter()
            .map(|part| {
                args![
                    source.as_str(),
                    part.part.as_str(),
                    part.state.word(),
                    part.reason.as_deref(),
                    part.rows
                        .map(|rows| i64::try_from(rows).unwrap_or(i64::MAX)),
                    part.hash.as_deref(),
                ]
            })
            .collect();
        self.bulk(
            "coverage",
            &[
                ("source", Kind::Text),
                ("part", Kind::Text),
                ("state", Kind::Text),
                ("reason", Kind::Text),
                ("row_count", Kind::Int),
                ("hash", Kind::Text),
            ],
            rows,
            "ON CONFLICT (source, part) DO UPDATE SET state = excluded.state, reason = excluded.reason",
        )
        .await?;
        Ok(())
    }
}
