//! Every key with the times in which somebody answered for it, for counting how that goes.

use crate::{
    db::{Result, Store},
    dialect::args,
    scope::Scope,
};
use std::collections::BTreeMap;
use tenure_model::{backlog::Counted, id::KeyId, level::Level, moment::Moment};

impl Store {
    /// The keys of a scope, those that are gone too.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn counted(&self, scope: &Scope) -> Result<Vec<Counted>> {
        let mut args = args![];
        let clause = scope
            .clause(self.pool.is_postgres(), &mut args)
            .map_or_else(String::new, |clause| format!("WHERE {clause}"));
        let within = format!("SELECT id FROM key_list {clause}");
        let sql = format!(
            "SELECT l.id, l.label, l.level, k.added_at, CASE WHEN l.gone = 1 THEN (SELECT MAX(r.gone_at) FROM \
             (SELECT gone_at, key_id FROM source_rows UNION ALL SELECT gone_at, key_id FROM sightings) r \
             WHERE r.key_id = l.id) END FROM key_list l JOIN keys k ON k.id = l.id WHERE l.id IN ({within})"
        );
        let day = |micros: i64| Moment::from_micros(micros).day();
        let mut all: BTreeMap<KeyId, Counted> = BTreeMap::new();
        for row in self.pool.rows(&sql, args.clone()).await? {
            let counted = Counted {
                name: row.text(1)?,
                level: Level::of(u8::try_from(row.int(2)?).unwrap_or(4)),
                added: day(row.int(3)?),
                gone: row.maybe_int(4)?.map(day),
                owned: Vec::new(),
            };
            all.insert(KeyId::new(row.text(0)?), counted);
        }
        let sql = format!(
            "SELECT key_id, since, until FROM facts WHERE name = 'owner' AND value IN ('\"active\"', '\"on_leave\"') \
             AND key_id IN ({within})"
        );
        for row in self.pool.rows(&sql, args).await? {
            if let Some(counted) = all.get_mut(&KeyId::new(row.text(0)?)) {
                let until = Some(row.int(2)?).filter(|until| *until != i64::MAX);
                counted.owned.push((day(row.int(1)?), until.map(day)));
            }
        }
        Ok(all.into_values().collect())
    }

    /// When the register was made; `None` before its first change.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn made_at(&self) -> Result<Option<Moment>> {
        let sql = "SELECT at FROM events WHERE log_index = 0";
        let rows = self.pool.rows(sql, args![]).await?;
        rows.first()
            .map(|row| Ok(Moment::from_micros(row.int(0)?)))
            .transpose()
    }
}
