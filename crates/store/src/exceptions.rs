//! The exceptions register. The tables hold what DECISION.md, section 5, demands whatever the code above says:
//! nobody signs what they asked for, two people from B3, an end or a review on everything that is approved.

use crate::{
    db::{Result, Store, StoreError, json, new_id, read},
    dialect::{Arg, Row, args},
    txn::Txn,
};
use tenure_model::{
    day::Day,
    event::Change,
    exception::{Exception, ExceptionState},
    id::{ExceptionId, KeyId},
};

impl Store {
    /// One exception.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn exception(&self, id: &ExceptionId) -> Result<Exception> {
        let sql = "SELECT body, version FROM exceptions WHERE id = $1";
        let rows = self.pool.rows(sql, args![id.as_str()]).await?;
        rows.first()
            .map(exception)
            .unwrap_or_else(|| Err(StoreError::Unknown(format!("exception {id}"))))
    }

    /// Every exception that a key ever had, newest first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn exceptions_of(&self, key: &KeyId) -> Result<Vec<Exception>> {
        let sql =
            "SELECT body, version FROM exceptions WHERE key_id = $1 ORDER BY requested_at DESC, id";
        let rows = self.pool.rows(sql, args![key.as_str()]).await?;
        rows.iter().map(exception).collect()
    }

    /// The exceptions in a state, oldest request first, after `after`, at most `most`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn exceptions(
        &self,
        state: ExceptionState,
        after: Option<&ExceptionId>,
        most: u64,
    ) -> Result<Vec<Exception>> {
        let sql = "SELECT body, version FROM exceptions WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3";
        let after = after.map(ExceptionId::as_str).unwrap_or_default();
        let rows = self
            .pool
            .rows(sql, args![state.word(), after, most])
            .await?;
        rows.iter().map(exception).collect()
    }

    /// Approved exceptions that end, or whose review falls, on this day or before.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn exceptions_due(&self, by: Day, most: u64) -> Result<Vec<Exception>> {
        let sql = "SELECT body, version FROM exceptions WHERE state = 'approved' \
                   AND (ends_on <= $1 OR review_on <= $1) ORDER BY id LIMIT $2";
        let rows = self
            .pool
            .rows(sql, args![i64::from(by.number()), most])
            .await?;
        rows.iter().map(exception).collect()
    }
}

fn exception(row: &Row) -> Result<Exception> {
    let mut exception: Exception = read(&row.text(0)?, "exception")?;
    exception.version = row.int(1)?.unsigned_abs();
    Ok(exception)
}

fn day(day: Option<Day>) -> Option<i64> {
    day.map(|day| i64::from(day.number()))
}

/// A new id for an exception.
///
/// # Errors
/// The system gives no random bytes.
pub fn new_exception_id() -> Result<ExceptionId> {
    new_id('x').map(ExceptionId::new)
}

impl Txn {
    /// Adds an exception to the register.
    ///
    /// # Errors
    /// The tables do not allow it ([`StoreError::is_constraint`]), or there is no such key.
    pub async fn add_exception(&mut self, new: &Exception) -> Result<()> {
        let mut args = row(new);
        args.push(1i64.into());
        self.run(
            "INSERT INTO exceptions (id, kind, key_id, selector, state, level, requested_by, requested_at, approver, \
             acceptor, authority, ends_on, review_on, supersedes, body, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            args,
        )
        .await?;
        self.show(new).await?;
        self.step(new, new.state.word());
        Ok(())
    }

    /// Writes an exception back, as `step` says: `approved`, `denied`, `ended` and so on. It has to be of the
    /// version that was read.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else wrote it; the tables do not allow it.
    pub async fn save_exception(&mut self, changed: &Exception, step: &str) -> Result<()> {
        let mut args = row(changed);
        args.push(changed.version.into());
        let written = self
            .run(
                "UPDATE exceptions SET kind = $2, key_id = $3, selector = $4, state = $5, level = $6, \
                 requested_by = $7, requested_at = $8, approver = $9, acceptor = $10, authority = $11, ends_on = $12, \
                 review_on = $13, supersedes = $14, body = $15, version = version + 1 WHERE id = $1 AND version = $16",
                args,
            )
            .await?;
        if written == 0 {
            return Err(StoreError::Conflict(format!("exception {}", changed.id)));
        }
        self.show(changed).await?;
        self.step(changed, step);
        Ok(())
    }

    fn step(&mut self, exception: &Exception, step: &str) {
        self.note(Change::Exception {
            exception: exception.id.clone(),
            key: exception.key.clone(),
            step: step.to_owned(),
            statement: Some(exception.statement_digest.clone()),
        });
    }

    /// Shows it in the list of keys.
    async fn show(&mut self, exception: &Exception) -> Result<()> {
        let Some(key) = &exception.key else {
            return Ok(());
        };
        let rows = self
            .rows(
                "SELECT state FROM exceptions WHERE key_id = $1 AND state IN ('approved', 'requested') ORDER BY state",
                args![key.as_str()],
            )
            .await?;
        let shown = rows.first().map_or(Ok(String::new()), |row| row.text(0))?;
        self.set_exception(key, &shown).await
    }
}

fn row(exception: &Exception) -> Vec<Arg> {
    args![
        exception.id.as_str(),
        exception.kind.word(),
        exception.key.as_ref().map(KeyId::as_str),
        exception.selector.as_deref(),
        exception.state.word(),
        exception.level as i64,
        exception.requested_by.as_str(),
        exception.requested_at.micros(),
        exception.approver.as_deref(),
        exception.acceptor.as_deref(),
        exception
            .authority
            .map(tenure_model::exception::Authority::word),
        day(exception.ends_on),
        day(exception.review_on),
        exception.supersedes.as_ref().map(ExceptionId::as_str),
        json(exception),
    ]
}
