//! What people declare beside keys: systems, integrations, vendors; and the policies that were in force.

use crate::{
    db::{Result, Store, StoreError, json, read},
    dialect::args,
    txn::Txn,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json as value};
use tenure_model::{digest, event::Change, moment::Moment, policy::Policy};

tenure_model::words! {
    /// What is declared.
    pub enum DeclaredKind { System = "system", Integration = "integration", Vendor = "vendor" }
}

/// One declaration.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared<T> {
    /// Its id, unique among those of its kind.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What is declared of it.
    pub body: T,
    /// Which import or person said so.
    pub source: String,
    /// When that last changed.
    pub changed_at: Moment,
    /// Since when it is no longer there.
    pub ended_at: Option<Moment>,
}

impl Store {
    /// Everything of a kind that has not ended. `T` is what was declared: [`tenure_model::system::System`] for
    /// systems.
    ///
    /// # Errors
    /// The database refuses, or holds another type.
    pub async fn declared<T: DeserializeOwned>(
        &self,
        kind: DeclaredKind,
    ) -> Result<Vec<Declared<T>>> {
        let sql = "SELECT id, name, body, source, changed_at, ended_at FROM declarations \
                   WHERE kind = $1 AND ended_at IS NULL ORDER BY name, id";
        let rows = self.pool.rows(sql, args![kind.word()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Declared {
                    id: row.text(0)?,
                    name: row.text(1)?,
                    body: read(&row.text(2)?, kind.word())?,
                    source: row.text(3)?,
                    changed_at: Moment::from_micros(row.int(4)?),
                    ended_at: row.maybe_int(5)?.map(Moment::from_micros),
                })
            })
            .collect()
    }

    /// The policy of a digest, as it was adopted.
    ///
    /// # Errors
    /// It was never adopted here.
    pub async fn policy(&self, digest: &str) -> Result<Value> {
        let sql = "SELECT body FROM policies WHERE digest = $1";
        let rows = self.pool.rows(sql, args![digest]).await?;
        let row = rows
            .first()
            .ok_or_else(|| StoreError::Unknown(format!("policy {digest}")))?;
        read(&row.text(0)?, "policy")
    }
}

impl Txn {
    /// Declares one thing. Notes it where it is new or different; `true` then.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn declare<T: Serialize + Sync>(
        &mut self,
        kind: DeclaredKind,
        id: &str,
        name: &str,
        body: &T,
        source: &str,
    ) -> Result<bool> {
        let body = json(body);
        let changed = self
            .run(
                "INSERT INTO declarations (kind, id, name, body, source, changed_at) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, body = excluded.body, \
                 source = excluded.source, changed_at = excluded.changed_at, ended_at = NULL \
                 WHERE declarations.body <> excluded.body OR declarations.name <> excluded.name \
                 OR declarations.ended_at IS NOT NULL",
                args![kind.word(), id, name, body.as_str(), source, self.at().micros()],
            )
            .await?;
        if changed > 0 {
            self.note(Change::Declared {
                kind: kind.word().to_owned(),
                id: id.to_owned(),
                now: read(&body, kind.word())?,
            });
        }
        Ok(changed > 0)
    }

    /// Ends one thing: a retired integration, a vendor whose contract is over.
    ///
    /// # Errors
    /// There is none of this id that stands.
    pub async fn end_declared(&mut self, kind: DeclaredKind, id: &str) -> Result<()> {
        let ended = self
            .run(
                "UPDATE declarations SET ended_at = $1, changed_at = $1 WHERE kind = $2 AND id = $3 AND ended_at IS NULL",
                args![self.at().micros(), kind.word(), id],
            )
            .await?;
        if ended == 0 {
            return Err(StoreError::Unknown(format!("{kind} {id}")));
        }
        self.note(Change::Declared {
            kind: kind.word().to_owned(),
            id: id.to_owned(),
            now: value!({"ended": self.at().to_string()}),
        });
        Ok(())
    }

    /// Keeps a policy under its digest, so that an old decision can be replayed. Notes it where it is new.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn keep_policy(&mut self, policy: &Policy) -> Result<String> {
        let digest = policy.digest();
        let body = String::from_utf8(digest::canonical(policy)).unwrap_or_default();
        let is_new = self
            .run(
                "INSERT INTO policies (digest, version, body, adopted_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (digest) DO NOTHING",
                args![
                    digest.as_str(),
                    policy.version.as_str(),
                    body,
                    self.at().micros()
                ],
            )
            .await?;
        if is_new > 0 {
            self.note(Change::Declared {
                kind: "policy".to_owned(),
                id: digest.clone(),
                now: value!({"version": policy.version}),
            });
        }
        Ok(digest)
    }
}
