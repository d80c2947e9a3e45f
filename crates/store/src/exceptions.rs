//! The exceptions register. The tables hold what DECISION.md, section 5, demands whatever the code above says:
//! nobody signs what they asked for, own or use, two people from B3, an end or a review on everything that is
//! granted. What day it is decides whether a granted exception still holds, not its row.

use crate::{
    db::{Result, Store, StoreError, json, new_id, read, word},
    dialect::{Arg, Row, among, args},
    txn::Txn,
};
use tenure_model::{
    access::Authority,
    day::Day,
    event::Change,
    exception::{Exception, Outcome, Signed, Subject},
    id::{ExceptionId, KeyId},
};

tenure_model::words! {
    /// Where an exception stands, whatever day it is.
    pub enum ExceptionState {
        /// Waits for an approver.
        Requested = "requested",
        /// Waits for an acceptor.
        Approved = "approved",
        /// Was granted; its dates say whether it still holds.
        Granted = "granted",
        Denied = "denied", Withdrawn = "withdrawn", Ended = "ended",
        /// Was granted, and a later one of the same key took its place.
        Superseded = "superseded",
    }
}

/// An exception as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredException {
    /// What it is.
    pub exception: Exception,
    /// Where it stands.
    pub state: ExceptionState,
    /// How often its row was written; a change names the version that it saw.
    pub version: u64,
}

const COLUMNS: &str = "body, state, version";

impl Store {
    /// One exception.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn exception(&self, id: &ExceptionId) -> Result<StoredException> {
        let sql = format!("SELECT {COLUMNS} FROM exceptions WHERE id = $1");
        let rows = self.pool.rows(&sql, args![id.as_str()]).await?;
        rows.first()
            .map(stored)
            .unwrap_or_else(|| Err(StoreError::Unknown(format!("exception {id}"))))
    }

    /// Every exception that a key ever had, newest first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn exceptions_of(&self, key: &KeyId) -> Result<Vec<StoredException>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM exceptions WHERE key_id = $1 ORDER BY requested_at DESC, id"
        );
        let rows = self.pool.rows(&sql, args![key.as_str()]).await?;
        rows.iter().map(stored).collect()
    }

    /// The exceptions in a state, in the order of their ids, after `after`, at most `most`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn exceptions(
        &self,
        state: ExceptionState,
        after: Option<&ExceptionId>,
        most: u64,
    ) -> Result<Vec<StoredException>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM exceptions WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3"
        );
        let after = after.map(ExceptionId::as_str).unwrap_or_default();
        let args = args![state.word(), after, most];
        let rows = self.pool.rows(&sql, args).await?;
        rows.iter().map(stored).collect()
    }

    /// The exceptions in any of these states, in the order of their ids, after `after`, at most `most`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn exceptions_in(
        &self,
        states: &[ExceptionState],
        after: Option<&ExceptionId>,
        most: u64,
    ) -> Result<Vec<StoredException>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM exceptions WHERE {} AND id > $2 ORDER BY id LIMIT $3",
            among(self.pool.is_postgres(), "state", 1)
        );
        let states: Vec<String> = states.iter().map(ToString::to_string).collect();
        let after = after.map(ExceptionId::as_str).unwrap_or_default();
        let rows = self.pool.rows(&sql, args![states, after, most]).await?;
        rows.iter().map(stored).collect()
    }

    /// Granted exceptions that end, or whose review falls, on this day or before.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn exceptions_due(&self, by: Day, most: u64) -> Result<Vec<StoredException>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM exceptions WHERE state = 'granted' \
             AND (ends_on <= $1 OR review_on <= $1) ORDER BY id LIMIT $2"
        );
        let args = args![i64::from(by.number()), most];
        let rows = self.pool.rows(&sql, args).await?;
        rows.iter().map(stored).collect()
    }
}

/// A granted exception, with the key that its own turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Granted {
    /// What it is.
    pub stored: StoredException,
    /// The key, under the id that it has now; none of a class.
    pub key: Option<KeyId>,
    /// What was last told of it; empty where nothing was.
    pub told: String,
}

impl Store {
    /// Every exception that was granted and is neither ended nor superseded, in the order of their ids, after
    /// `after`, at most `most`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn granted(&self, after: Option<&ExceptionId>, most: u64) -> Result<Vec<Granted>> {
        let sql = "SELECT e.body, e.state, e.version, COALESCE(j.key_id, e.key_id), e.told FROM exceptions e \
                   LEFT JOIN joined_keys j ON j.old_id = e.key_id \
                   WHERE e.state = 'granted' AND e.id > $1 ORDER BY e.id LIMIT $2";
        let after = after.map(ExceptionId::as_str).unwrap_or_default();
        let rows = self.pool.rows(sql, args![after, most]).await?;
        rows.iter().map(granted).collect()
    }

    /// The granted exceptions of these keys, also of those that turned out to be one of them.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn granted_of(&self, keys: &[KeyId]) -> Result<Vec<Granted>> {
        let is_postgres = self.pool.is_postgres();
        let sql = format!(
            "SELECT e.body, e.state, e.version, COALESCE(j.key_id, e.key_id), e.told FROM exceptions e \
             LEFT JOIN joined_keys j ON j.old_id = e.key_id \
             WHERE e.state = 'granted' AND ({} OR e.key_id IN (SELECT old_id FROM joined_keys WHERE {})) \
             ORDER BY e.id",
            among(is_postgres, "e.key_id", 1),
            among(is_postgres, "key_id", 1)
        );
        let ids: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let rows = self.pool.rows(&sql, args![ids]).await?;
        rows.iter().map(granted).collect()
    }

    /// Every acceptance of a class that stands, in the order of their ids.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn granted_classes(&self) -> Result<Vec<StoredException>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM exceptions WHERE state = 'granted' AND kind = 'class' ORDER BY id"
        );
        let rows = self.pool.rows(&sql, args![]).await?;
        rows.iter().map(stored).collect()
    }
}

fn granted(row: &Row) -> Result<Granted> {
    Ok(Granted {
        stored: stored(row)?,
        key: row.maybe_text(3)?.map(KeyId::new),
        told: row.text(4)?,
    })
}

/// What is read back passes the checks of the domain once more: a row that was edited by hand is refused.
fn stored(row: &Row) -> Result<StoredException> {
    Ok(StoredException {
        exception: read(&row.text(0)?, "exception")?,
        state: word(&row.text(1)?, "state of an exception")?,
        version: row.int(2)?.unsigned_abs(),
    })
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
        self.supersede(new).await?;
        let mut args = row(new);
        args.push(1i64.into());
        self.run(
            "INSERT INTO exceptions (id, kind, key_id, selector, state, level, requested_by, requested_at, ties, \
             approver, acceptor, authority, needs, ends_on, review_on, supersedes, body, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
            args,
        )
        .await?;
        self.show(new).await?;
        self.step(new, state(new).word());
        Ok(())
    }

    /// Writes an exception back, as `step` says: `approved`, `accepted`, `denied`, `ended`, `reviewed` and so on.
    /// `seen` is the version that was read. What is granted takes the place of what the key had.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else wrote it; the tables do not allow it.
    pub async fn save_exception(
        &mut self,
        changed: &Exception,
        seen: u64,
        step: &str,
    ) -> Result<()> {
        self.supersede(changed).await?;
        let mut args = row(changed);
        args.push(seen.into());
        let written = self
            .run(
                "UPDATE exceptions SET kind = $2, key_id = $3, selector = $4, state = $5, level = $6, \
                 requested_by = $7, requested_at = $8, ties = $9, approver = $10, acceptor = $11, authority = $12, \
                 needs = $13, ends_on = $14, review_on = $15, supersedes = $16, body = $17, version = version + 1 \
                 WHERE id = $1 AND version = $18 AND state <> 'superseded'",
                args,
            )
            .await?;
        if written == 0 {
            let id = changed.request().id();
            return Err(StoreError::Conflict(format!("exception {id}")));
        }
        self.show(changed).await?;
        self.step(changed, step);
        Ok(())
    }

    /// Tells what day and facts made of a granted exception: `expired`, `reopened` and so on. `false` where somebody
    /// else told it first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn tell_exception(&mut self, granted: &Granted, now: &str) -> Result<bool> {
        let exception = &granted.stored.exception;
        let told = self
            .run(
                "UPDATE exceptions SET told = $1 WHERE id = $2 AND state = 'granted' AND told = $3",
                args![now, exception.request().id(), granted.told.as_str()],
            )
            .await?;
        if told == 0 {
            return Ok(false);
        }
        if let Some(key) = &granted.key {
            let shown = if now == "in_force" { "granted" } else { now };
            self.set_exception(key, shown).await?;
        }
        self.step(exception, now);
        Ok(true)
    }

    /// One granted exception per key: a renewal, or what was signed again, is the only one from now on.
    async fn supersede(&mut self, by: &Exception) -> Result<()> {
        let (ExceptionState::Granted, Some(key)) = (state(by), key(by)) else {
            return Ok(());
        };
        let rows = self
            .rows(
                "UPDATE exceptions SET state = 'superseded', version = version + 1 \
                 WHERE key_id = $1 AND state = 'granted' AND id <> $2 RETURNING id",
                args![key, by.request().id()],
            )
            .await?;
        for row in rows {
            self.note(Change::Exception {
                exception: ExceptionId::new(row.text(0)?),
                key: Some(KeyId::new(key)),
                step: ExceptionState::Superseded.word().to_owned(),
                statement: None,
            });
        }
        Ok(())
    }

    fn step(&mut self, exception: &Exception, step: &str) {
        let request = exception.request();
        self.note(Change::Exception {
            exception: ExceptionId::new(request.id()),
            key: key(exception).map(KeyId::new),
            step: step.to_owned(),
            statement: Some(request.statement().digest().to_owned()),
        });
    }

    /// Shows it in the list of keys: what is granted before what waits.
    async fn show(&mut self, exception: &Exception) -> Result<()> {
        let Some(key) = key(exception) else {
            return Ok(());
        };
        let rows = self
            .rows(
                "SELECT state FROM exceptions WHERE key_id = $1 AND state IN ('granted', 'approved', 'requested') \
                 ORDER BY CASE state WHEN 'granted' THEN 0 WHEN 'approved' THEN 1 ELSE 2 END LIMIT 1",
                args![key],
            )
            .await?;
        let shown = rows.first().map_or(Ok(String::new()), |row| row.text(0))?;
        let key = KeyId::new(key);
        self.mark_stale(std::slice::from_ref(&key)).await?;
        self.set_exception(&key, &shown).await
    }
}

fn state(exception: &Exception) -> ExceptionState {
    match exception {
        Exception::Requested(_) => ExceptionState::Requested,
        Exception::Approved { .. } => ExceptionState::Approved,
        Exception::Transitional(_) | Exception::Permanent(_) | Exception::Class(_) => {
            ExceptionState::Granted
        }
        Exception::Closed { outcome, .. } => match outcome {
            Outcome::Denied => ExceptionState::Denied,
            Outcome::Withdrawn => ExceptionState::Withdrawn,
            Outcome::Ended => ExceptionState::Ended,
        },
    }
}

fn key(exception: &Exception) -> Option<&str> {
    let standing = exception.request().subject().standing();
    standing.map(|standing| standing.key.as_str())
}

fn row(exception: &Exception) -> Vec<Arg> {
    let request = exception.request();
    let (kind, selector) = match request.subject() {
        Subject::Transitional { .. } => ("transitional", None),
        Subject::Permanent { .. } => ("permanent", None),
        Subject::Class { selector, .. } => ("class", Some(selector.as_str())),
    };
    let (signed, ends, review): (Option<&Signed>, Option<Day>, Option<Day>) = match exception {
        Exception::Transitional(granted) => (Some(granted.signed()), Some(granted.ends()), None),
        Exception::Permanent(granted) => (
            Some(granted.signed()),
            Some(granted.ends()),
            Some(granted.review_due()),
        ),
        Exception::Class(granted) => (
            Some(granted.signed()),
            Some(granted.ends()),
            Some(granted.review_due()),
        ),
        Exception::Requested(_) | Exception::Approved { .. } | Exception::Closed { .. } => {
            (None, None, None)
        }
    };
    let approval = match exception {
        Exception::Approved { approval, .. } => Some(approval),
        _ => signed.map(Signed::approval),
    };
    let acceptance = signed.map(Signed::acceptance);
    let tied = request.ties().map(|person| format!("{person}\n"));
    let authority = |authority: Authority| i64::from(authority.rank());
    let day = |day: Option<Day>| day.map(|day| i64::from(day.number()));
    args![
        request.id(),
        kind,
        key(exception),
        selector,
        state(exception).word(),
        request.subject().level() as i64,
        request.by().as_str(),
        request.at().micros(),
        format!("\n{}", tied.collect::<String>()),
        approval.map(|approval| approval.by().as_str()),
        acceptance.map(|acceptance| acceptance.by().as_str()),
        acceptance.map(|acceptance| authority(acceptance.authority())),
        authority(request.authority()),
        day(ends),
        day(review),
        request.supersedes(),
        json(exception),
    ]
}
