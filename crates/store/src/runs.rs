//! Runs: imports, scans, assessments, with what each of them did.

use crate::{
    db::{Result, Store, StoreError, json, new_id, read},
    dialect::{Row, args},
    txn::Txn,
};
use serde_json::Value;
use tenure_model::{
    event::Change,
    id::{RunId, SourceId},
    moment::Moment,
};

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// `import`, `scan`, `assess` or another verb.
    pub kind: String,
    /// The source, for an import.
    pub source: Option<SourceId>,
    /// `running`, `finished`, `failed` or `abandoned`.
    pub state: String,
    /// When it began.
    pub begun_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// How many records are written.
    pub records: u64,
    /// What it did.
    pub counts: Value,
    /// What stood in its way.
    pub error: Option<String>,
}

const COLUMNS: &str = "id, kind, source, state, begun_at, ended_at, records, counts, error";

fn run(row: &Row) -> Result<Run> {
    Ok(Run {
        id: RunId::new(row.text(0)?),
        kind: row.text(1)?,
        source: row.maybe_text(2)?.map(SourceId::new),
        state: row.text(3)?,
        begun_at: Moment::from_micros(row.int(4)?),
        ended_at: row.maybe_int(5)?.map(Moment::from_micros),
        records: row.int(6)?.unsigned_abs(),
        counts: read(&row.text(7)?, "count of a run")?,
        error: row.maybe_text(8)?,
    })
}

impl Store {
    /// The latest runs, newest first, at most `most`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn runs(&self, most: u64) -> Result<Vec<Run>> {
        let sql = format!("SELECT {COLUMNS} FROM runs ORDER BY begun_at DESC, id LIMIT $1");
        self.pool
            .rows(&sql, args![most])
            .await?
            .iter()
            .map(run)
            .collect()
    }

    /// One run.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn run(&self, id: &RunId) -> Result<Run> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = $1");
        let rows = self.pool.rows(&sql, args![id.as_str()]).await?;
        rows.first()
            .map(run)
            .unwrap_or_else(|| Err(StoreError::Unknown(format!("run {id}"))))
    }
}

impl Txn {
    /// Begins a run that is no import.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn begin_run(&mut self, kind: &str) -> Result<RunId> {
        let id = RunId::new(new_id('r')?);
        self.run(
            "INSERT INTO runs (id, kind, state, begun_at, records, counts) VALUES ($1, $2, 'running', $3, 0, '{}')",
            args![id.as_str(), kind, self.at().micros()],
        )
        .await?;
        self.note(Change::Run {
            run: id.clone(),
            step: "begun".to_owned(),
            counts: Value::Null,
        });
        Ok(id)
    }

    /// Ends a run; with an error, it failed.
    ///
    /// # Errors
    /// It does not run any more.
    pub async fn end_run(&mut self, id: &RunId, counts: Value, error: Option<&str>) -> Result<()> {
        let state = if error.is_some() {
            "failed"
        } else {
            "finished"
        };
        let ended = self
            .run(
                "UPDATE runs SET state = $1, ended_at = $2, counts = $3, error = $4 WHERE id = $5 AND state = 'running'",
                args![state, self.at().micros(), json(&counts), error, id.as_str()],
            )
            .await?;
        if ended == 0 {
            return Err(StoreError::Conflict(format!("run {id}")));
        }
        self.note(Change::Run {
            run: id.clone(),
            step: state.to_owned(),
            counts,
        });
        Ok(())
    }
}
