//! Jobs: what the workers do, claimed by lease. A lease is a number that grows with each claim, so that a worker
//! that was frozen while another went on cannot finish what is no longer its own.

use crate::{
    db::{Result, Store, StoreError, new_id},
    dialect::{Kind, among, args, for_update_skipping},
    txn::Txn,
};
use tenure_model::{event::Change, id::JobId, moment::Moment};

/// A job is given up after so many attempts.
pub const MOST_ATTEMPTS: u32 = 8;
/// The first pause before a job is tried again, in seconds; each following one is twice as long.
const FIRST_PAUSE: i64 = 5;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 3600;

/// A piece of work to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// What is to be done: `assess`, `notify`, `expire`.
    pub kind: String,
    /// On what. While one of this kind about this waits, another one is not added.
    pub about: String,
    /// What else the worker has to know, as JSON; never a secret.
    pub body: String,
    /// Not before this moment.
    pub due_at: Moment,
}

/// A claimed job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// Its kind.
    pub kind: String,
    /// On what.
    pub about: String,
    /// What else is to be known.
    pub body: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Until when it is held.
    pub until: Moment,
    /// The number of the claim.
    number: i64,
    worker: String,
}

/// How many jobs there are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobCounts {
    /// Waiting.
    pub ready: u64,
    /// Held by a worker.
    pub leased: u64,
    /// Given up.
    pub failed: u64,
}

impl Txn {
    /// Adds jobs; one that waits already is not added again. Stands or falls with the transaction.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn enqueue(&mut self, jobs: &[NewJob]) -> Result<()> {
        let at = self.at().micros();
        let rows = jobs
            .iter()
            .map(|job| {
                Ok(args![
                    new_id('j')?,
                    job.kind.as_str(),
                    job.about.as_str(),
                    job.body.as_str(),
                    "ready",
                    job.due_at.micros(),
                    0i64,
                    0i64,
                    0i64,
                    at,
                ])
            })
            .collect::<Result<_>>()?;
        self.bulk(
            "jobs",
            &[
                ("id", Kind::Text),
                ("kind", Kind::Text),
                ("about", Kind::Text),
                ("body", Kind::Text),
                ("state", Kind::Text),
                ("due_at", Kind::Int),
                ("attempts", Kind::Int),
                ("lease", Kind::Int),
                ("lease_until", Kind::Int),
                ("made_at", Kind::Int),
            ],
            rows,
            "ON CONFLICT DO NOTHING",
        )
        .await?;
        Ok(())
    }

    /// Ends a job in the transaction that holds what it did: both stand or neither does.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the lease is another worker's by now: what was done must not stand.
    pub async fn finish_job(&mut self, lease: &Lease) -> Result<()> {
        let ended = self
            .run(
                "UPDATE jobs SET state = 'done', ended_at = $1, worker = NULL, error = NULL \
                 WHERE id = $2 AND lease = $3 AND state = 'leased'",
                args![self.at().micros(), lease.job.as_str(), lease.number],
            )
            .await?;
        held(ended, lease)
    }
}

fn held(rows: u64, lease: &Lease) -> Result<()> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict(format!("job {}", lease.job)))
    }
}

impl Store {
    /// Puts a recurring job in line for a slot of time, once, whoever asks first; `false` where that slot or a later one
    /// had its turn. Nothing of the register changes, so that this is no event.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn tick(&self, job: &NewJob, slot: i64, at: Moment) -> Result<bool> {
        let mut tx = self.pool.begin().await?;
        let kind = job.kind.as_str();
        let sql = "INSERT INTO ticks (kind, slot) VALUES ($1, $2) \
                   ON CONFLICT (kind) DO UPDATE SET slot = excluded.slot WHERE ticks.slot < excluded.slot";
        if tx.run(sql, args![kind, slot]).await? == 0 {
            return Ok(false);
        }
        tx.run(
            "INSERT INTO jobs (id, kind, about, body, state, due_at, attempts, lease, lease_until, made_at) \
             VALUES ($1, $2, $3, $4, 'ready', $5, 0, 0, 0, $6) ON CONFLICT DO NOTHING",
            args![
                new_id('j')?,
                kind,
                job.about.as_str(),
                job.body.as_str(),
                job.due_at.micros(),
                at.micros(),
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends a job whose work stands already and would do nothing a second time.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is another worker's by now.
    pub async fn close_job(&self, lease: &Lease, at: Moment) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let ended = tx
            .run(
                "UPDATE jobs SET state = 'done', ended_at = $1, worker = NULL, error = NULL \
                 WHERE id = $2 AND lease = $3 AND state = 'leased'",
                args![at.micros(), lease.job.as_str(), lease.number],
            )
            .await?;
        held(ended, lease)?;
        Ok(tx.commit().await?)
    }

    /// Claims jobs of these kinds that are due, or whose worker let its lease run out, oldest first, at most `most`,
    /// for `seconds`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn claim(
        &self,
        worker: &str,
        kinds: &[&str],
        at: Moment,
        seconds: i64,
        most: u64,
    ) -> Result<Vec<Lease>> {
        let mut tx = self.pool.begin().await?;
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let until = at.plus_seconds(seconds);
        let is_postgres = tx.is_postgres();
        let of_kinds = among(is_postgres, "kind", 4);
        let skip = for_update_skipping(is_postgres);
        let next = |clause: &str| {
            format!(
                "SELECT id FROM jobs WHERE {clause} AND {of_kinds} ORDER BY due_at, id LIMIT $5{skip}"
            )
        };
        // Two searches, each along its own index.
        let mut leases = Vec::new();
        for clause in [
            "state = 'leased' AND lease_until <= $3",
            "state = 'ready' AND due_at <= $3",
        ] {
            let left = most.saturating_sub(u64::try_from(leases.len()).unwrap_or(u64::MAX));
            if left == 0 {
                break;
            }
            let sql = format!(
                "UPDATE jobs SET state = 'leased', worker = $1, lease = lease + 1, lease_until = $2, \
                 attempts = attempts + 1 WHERE id IN ({}) \
                 RETURNING id, kind, about, body, attempts, lease",
                next(clause)
            );
            let rows = tx
                .rows(
                    &sql,
                    args![worker, until.micros(), at.micros(), kinds.clone(), left],
                )
                .await?;
            for row in rows {
                leases.push(Lease {
                    job: JobId::new(row.text(0)?),
                    kind: row.text(1)?,
                    about: row.text(2)?,
                    body: row.text(3)?,
                    attempt: u32::try_from(row.int(4)?).unwrap_or(u32::MAX),
                    number: row.int(5)?,
                    until,
                    worker: worker.to_owned(),
                });
            }
        }
        tx.commit().await?;
        Ok(leases)
    }

    /// Holds a job for `seconds` more.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is another worker's by now.
    pub async fn heartbeat(&self, lease: &mut Lease, at: Moment, seconds: i64) -> Result<()> {
        let until = at.plus_seconds(seconds);
        let mut tx = self.pool.begin().await?;
        let rows = tx
            .run(
                "UPDATE jobs SET lease_until = $1 WHERE id = $2 AND lease = $3 AND state = 'leased'",
                args![until.micros(), lease.job.as_str(), lease.number],
            )
            .await?;
        held(rows, lease)?;
        tx.commit().await?;
        lease.until = until;
        Ok(())
    }

    /// Gives a job back that could not be done: it is tried again after a pause that doubles each time, and given up
    /// after [`MOST_ATTEMPTS`], which is an event. Gives when it is tried again.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is another worker's by now.
    pub async fn retry(&self, lease: &Lease, at: Moment, error: &str) -> Result<Option<Moment>> {
        let id = lease.job.as_str();
        if lease.attempt >= MOST_ATTEMPTS {
            let part = format!("worker {}", lease.worker);
            let mut txn = self.begin_of_product(part, at).await?;
            let rows = txn
                .run(
                    "UPDATE jobs SET state = 'failed', error = $1, ended_at = $2, worker = NULL \
                     WHERE id = $3 AND lease = $4 AND state = 'leased'",
                    args![error, at.micros(), id, lease.number],
                )
                .await?;
            held(rows, lease)?;
            txn.commit(Change::JobFailed {
                job: lease.job.clone(),
                kind: lease.kind.clone(),
                why: error.to_owned(),
            })
            .await?;
            return Ok(None);
        }
        let due = at.plus_seconds(pause(lease.attempt));
        let mut tx = self.pool.begin().await?;
        // Another one about the same may have been added meanwhile: then that one does the work.
        let sql = "UPDATE jobs SET worker = NULL, error = $1, due_at = $2, \
                   state = CASE WHEN EXISTS (SELECT 1 FROM jobs o WHERE o.kind = jobs.kind AND o.about = jobs.about \
                   AND o.state = 'ready') THEN 'done' ELSE 'ready' END \
                   WHERE id = $3 AND lease = $4 AND state = 'leased'";
        let rows = tx
            .run(sql, args![error, due.micros(), id, lease.number])
            .await?;
        held(rows, lease)?;
        tx.commit().await?;
        Ok(Some(due))
    }

    /// How many jobs wait, are held, were given up.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn job_counts(&self) -> Result<JobCounts> {
        let sql = "SELECT state, COUNT(*) FROM jobs WHERE state <> 'done' GROUP BY state";
        let mut counts = JobCounts::default();
        for row in self.pool.rows(sql, args![]).await? {
            let n = row.int(1)?.unsigned_abs();
            match row.text(0)?.as_str() {
                "ready" => counts.ready = n,
                "leased" => counts.leased = n,
                _ => counts.failed = n,
            }
        }
        Ok(counts)
    }
}

/// Seconds until an attempt after the `attempt`-th.
fn pause(attempt: u32) -> i64 {
    let doubled = 1i64 << attempt.saturating_sub(1).min(20);
    FIRST_PAUSE
        .saturating_mul(doubled)
        .clamp(FIRST_PAUSE, LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end_at_an_hour() {
        let pauses: Vec<i64> = [1, 2, 3, 10, 11, 63, 64, 65, u32::MAX].map(pause).into();
        assert_eq!(pauses, [5, 10, 20, 2560, 3600, 3600, 3600, 3600, 3600]);
    }
}
