//! Sources: what was imported or searched, how much of it was read, and when.

use crate::{
    db::{Result, Store, StoreError, word},
    dialect::{Kind, Row, args},
    txn::Txn,
};
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
}

impl Txn {
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
