//! What was told over which channel, and how the channels do.

use crate::{
    db::{Result, Store},
    dialect::{Row, among, args},
    txn::Txn,
};
use std::collections::BTreeSet;
use tenure_model::{event::Change, moment::Moment};

/// How a channel does.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ChannelState {
    /// Its name in the settings.
    pub name: String,
    /// When something last arrived.
    pub arrived_at: Option<Moment>,
    /// Since when nothing arrives.
    pub failing_since: Option<Moment>,
    /// It is dead until somebody mends it.
    pub dead: bool,
    /// Why nothing arrives; empty where it does. Holds a host and a reason, nothing of what was sent.
    pub why: String,
}

const COLUMNS: &str = "name, arrived_at, failing_since, dead, why";

impl Store {
    /// Of these notices, the ids of those that went over this channel already.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn told(&self, channel: &str, notices: &[String]) -> Result<BTreeSet<String>> {
        let sql = format!(
            "SELECT notice FROM told WHERE channel = $1 AND {}",
            among(self.pool.is_postgres(), "notice", 2)
        );
        let rows = self
            .pool
            .rows(&sql, args![channel, notices.to_vec()])
            .await?;
        Ok(rows
            .iter()
            .map(|row| row.text(0))
            .collect::<std::result::Result<_, _>>()?)
    }

    /// Notes that notices arrived over a channel, and forgets those from before `old`: whether that channel was failing
    /// until then. Nothing of the register changes, so that this is no event.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn note_told(
        &self,
        channel: &str,
        notices: &[String],
        at: Moment,
        old: Moment,
    ) -> Result<bool> {
        let mut tx = self.pool.begin().await?;
        for notice in notices {
            let sql =
                "INSERT INTO told (channel, notice, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            tx.run(sql, args![channel, notice.as_str(), at.micros()])
                .await?;
        }
        tx.run("DELETE FROM told WHERE at < $1", args![old.micros()])
            .await?;
        let sql = "INSERT INTO channels (name, arrived_at) VALUES ($1, $2) \
                   ON CONFLICT (name) DO UPDATE SET arrived_at = excluded.arrived_at";
        tx.run(sql, args![channel, at.micros()]).await?;
        let sql = "SELECT failing_since FROM channels WHERE name = $1";
        let rows = tx.rows(sql, args![channel]).await?;
        tx.commit().await?;
        Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0) != 0)
    }

    /// How each channel does that something was ever sent over.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn channels(&self) -> Result<Vec<ChannelState>> {
        let sql = format!("SELECT {COLUMNS} FROM channels ORDER BY name");
        self.pool
            .rows(&sql, args![])
            .await?
            .iter()
            .map(state)
            .collect()
    }
}

impl Txn {
    /// A channel over which nothing arrived is well again.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn channel_mended(&mut self, channel: &str) -> Result<()> {
        let sql = "UPDATE channels SET failing_since = 0, dead = 0, why = '' \
                   WHERE name = $1 AND failing_since <> 0";
        if self.run(sql, args![channel]).await? > 0 {
            self.note(happened(channel, "channel.mended", ""));
        }
        Ok(())
    }

    /// Nothing arrives over a channel. That it begins to fail, or is dead, is an event; that it still does is none.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn channel_failing(&mut self, channel: &str, why: &str, dead: bool) -> Result<()> {
        let was = self.channel(channel).await?;
        if was.is_some_and(|was| was.failing_since.is_some() && was.dead == dead) {
            return Ok(());
        }
        let sql = "INSERT INTO channels (name, failing_since, dead, why) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (name) DO UPDATE SET dead = excluded.dead, why = excluded.why, failing_since = \
                   CASE WHEN channels.failing_since = 0 THEN excluded.failing_since ELSE channels.failing_since END";
        let at = self.at().micros();
        self.run(sql, args![channel, at, i64::from(dead), why])
            .await?;
        let act = if dead {
            "channel.dead"
        } else {
            "channel.failing"
        };
        self.note(happened(channel, act, why));
        Ok(())
    }

    async fn channel(&mut self, name: &str) -> Result<Option<ChannelState>> {
        let sql = format!("SELECT {COLUMNS} FROM channels WHERE name = $1");
        self.rows(&sql, args![name])
            .await?
            .first()
            .map(state)
            .transpose()
    }
}

fn happened(channel: &str, act: &str, why: &str) -> Change {
    Change::Act {
        act: act.to_owned(),
        kind: "channel".to_owned(),
        id: channel.to_owned(),
        detail: match why {
            "" => serde_json::json!({}),
            why => serde_json::json!({ "why": why }),
        },
    }
}

fn state(row: &Row) -> Result<ChannelState> {
    let moment = |micros: i64| (micros != 0).then(|| Moment::from_micros(micros));
    Ok(ChannelState {
        name: row.text(0)?,
        arrived_at: moment(row.int(1)?),
        failing_since: moment(row.int(2)?),
        dead: row.int(3)? != 0,
        why: row.text(4)?,
    })
}
