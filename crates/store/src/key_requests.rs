//! Requests for keys that do not exist yet.

use crate::{
    db::{Result, Store, StoreError, json, new_id, read},
    dialect::{Row, args},
    txn::Txn,
};
use serde_json::json as value;
use tenure_model::{
    event::Change,
    key_request::{KeyRequest, State},
};

/// A request as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRequest {
    /// What it is.
    pub request: KeyRequest,
    /// How often its row was written; a change names the version that it saw.
    pub version: u64,
}

/// A new id for a request.
///
/// # Errors
/// The system gives no random bytes.
pub fn new_key_request_id() -> Result<String> {
    new_id('q')
}

fn stored(row: &Row) -> Result<StoredRequest> {
    Ok(StoredRequest {
        request: read(&row.text(0)?, "request for a key")?,
        version: row.int(1)?.unsigned_abs(),
    })
}

impl Store {
    /// One request.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn key_request(&self, id: &str) -> Result<StoredRequest> {
        let sql = "SELECT body, version FROM key_requests WHERE id = $1";
        let rows = self.pool.rows(sql, args![id]).await?;
        rows.first()
            .map(stored)
            .unwrap_or_else(|| Err(StoreError::Unknown(format!("request {id}"))))
    }

    /// The requests in a state, or all, newest first, after `after`, at most `most`.
    ///
    /// # Errors
    /// There is no request `after`, or the database refuses.
    pub async fn key_requests(
        &self,
        state: Option<State>,
        after: Option<&str>,
        most: u64,
    ) -> Result<Vec<StoredRequest>> {
        let state = state.map(State::word).unwrap_or_default();
        let rows = match after {
            None => {
                let sql = "SELECT body, version FROM key_requests WHERE $1 = '' OR state = $1 \
                           ORDER BY requested_at DESC, id LIMIT $2";
                self.pool.rows(sql, args![state, most]).await?
            }
            Some(id) => {
                let before = self.key_request(id).await?.request.at().micros();
                let sql = "SELECT body, version FROM key_requests WHERE ($1 = '' OR state = $1) \
                           AND (requested_at < $3 OR (requested_at = $3 AND id > $4)) \
                           ORDER BY requested_at DESC, id LIMIT $2";
                self.pool.rows(sql, args![state, most, before, id]).await?
            }
        };
        rows.iter().map(stored).collect()
    }
}

impl Txn {
    /// Adds a request.
    ///
    /// # Errors
    /// The tables do not allow it.
    pub async fn add_key_request(&mut self, new: &KeyRequest) -> Result<()> {
        let wanted = new.wanted();
        self.run(
            "INSERT INTO key_requests (id, provider, credential, state, level, requested_by, requested_at, owner, \
             decided_by, version, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)",
            args![
                new.id(),
                wanted.provider.as_str(),
                wanted.credential.as_str(),
                new.state().word(),
                new.forecast().level as i64,
                new.by().as_str(),
                new.at().micros(),
                wanted.owner.as_str(),
                new.closing().map(|closing| closing.by.as_str()),
                json(new),
            ],
        )
        .await?;
        self.note(told(new));
        Ok(())
    }

    /// Writes a request back. `seen` is the version that was read.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else wrote it; the tables do not allow it.
    pub async fn save_key_request(&mut self, changed: &KeyRequest, seen: u64) -> Result<()> {
        let written = self
            .run(
                "UPDATE key_requests SET state = $2, decided_by = $3, body = $4, version = version + 1 \
                 WHERE id = $1 AND version = $5",
                args![
                    changed.id(),
                    changed.state().word(),
                    changed.closing().map(|closing| closing.by.as_str()),
                    json(changed),
                    seen,
                ],
            )
            .await?;
        if written == 0 {
            return Err(StoreError::Conflict(format!("request {}", changed.id())));
        }
        self.note(told(changed));
        Ok(())
    }
}

fn told(request: &KeyRequest) -> Change {
    Change::Act {
        act: request.state().word().to_owned(),
        kind: "key_request".to_owned(),
        id: request.id().to_owned(),
        detail: value!({
            "provider": request.wanted().provider, "credential": request.wanted().credential,
            "for": request.by(), "verdict": request.forecast().verdict, "level": request.forecast().level,
            "statement": request.statement().digest(),
        }),
    }
}
