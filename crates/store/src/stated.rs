//! Facts of keys that people state in the register itself.

use crate::{
    db::{Result, Store},
    dialect::{among, args},
    txn::Txn,
};
use serde_json::Value;
use tenure_model::{
    event::{Change, FactChange},
    id::KeyId,
    moment::Moment,
};

/// One fact as somebody stated it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Stated {
    /// The key.
    pub key: KeyId,
    /// The fact, as [`tenure_model::declare::stated`] takes it.
    pub name: String,
    /// Its value, as it was written.
    pub value: String,
    /// Who said so.
    pub said_by: String,
    /// When.
    pub said_at: Moment,
}

impl Store {
    /// What was stated of these keys here.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn stated(&self, keys: &[KeyId]) -> Result<Vec<Stated>> {
        let sql = format!(
            "SELECT key_id, name, value, said_by, said_at FROM stated_facts WHERE {} ORDER BY key_id, name",
            among(self.pool.is_postgres(), "key_id", 1)
        );
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let rows = self.pool.rows(&sql, args![keys]).await?;
        rows.iter()
            .map(|row| {
                Ok(Stated {
                    key: KeyId::new(row.text(0)?),
                    name: row.text(1)?,
                    value: row.text(2)?,
                    said_by: row.text(3)?,
                    said_at: Moment::from_micros(row.int(4)?),
                })
            })
            .collect()
    }
}

impl Txn {
    /// States facts of a key; a fact without a value is taken back. Notes those that are different now.
    ///
    /// # Errors
    /// The database refuses; there is no such key.
    pub async fn state(&mut self, key: &KeyId, facts: &[(String, Option<String>)]) -> Result<()> {
        let (by, at) = (self.who().label(), self.at().micros());
        let mut changes = Vec::new();
        for (name, value) in facts {
            let sql = "SELECT value FROM stated_facts WHERE key_id = $1 AND name = $2";
            let rows = self.rows(sql, args![key.as_str(), name.as_str()]).await?;
            let before = rows.first().map(|row| row.text(0)).transpose()?;
            if before == *value {
                continue;
            }
            match value {
                Some(value) => {
                    self.run(
                        "INSERT INTO stated_facts (key_id, name, value, said_by, said_at) VALUES ($1, $2, $3, $4, $5) \
                         ON CONFLICT (key_id, name) DO UPDATE SET value = excluded.value, said_by = excluded.said_by, \
                         said_at = excluded.said_at",
                        args![key.as_str(), name.as_str(), value.as_str(), by.as_str(), at],
                    )
                    .await?;
                }
                None => {
                    let sql = "DELETE FROM stated_facts WHERE key_id = $1 AND name = $2";
                    self.run(sql, args![key.as_str(), name.as_str()]).await?;
                }
            }
            changes.push(FactChange {
                fact: name.clone(),
                from: before.map_or(Value::Null, Value::from),
                to: value.clone().map_or(Value::Null, Value::from),
                source: format!("stated by {by}"),
            });
        }
        if !changes.is_empty() {
            self.mark_stale(std::slice::from_ref(key)).await?;
            self.note(Change::FactsChanged {
                key: key.clone(),
                facts: changes,
            });
        }
        Ok(())
    }
}
