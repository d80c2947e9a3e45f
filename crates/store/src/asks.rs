//! Questions to people about keys, and what they answered. A person has one open question at a time.

use crate::{
    db::{Result, Store, StoreError, new_id, word},
    dialect::{Kind, Row, among, args},
    txn::Txn,
};
use std::collections::BTreeMap;
use tenure_model::{
    ask::AskAnswer,
    day::Day,
    event::Change,
    id::{AskId, KeyId},
    moment::Moment,
};

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Ask {
    /// Its id.
    pub id: AskId,
    /// Who is asked.
    pub person: String,
    /// Something of it is still to be answered.
    pub open: bool,
    /// Who asks.
    pub sent_by: String,
    /// When they were first asked.
    pub sent_at: Moment,
    /// When an answer is due.
    pub due: Day,
    /// How often they were reminded.
    pub reminders: u32,
    /// When they were last reminded.
    pub reminded_at: Option<Moment>,
    /// The manager who was asked in the end.
    pub escalated_to: Option<String>,
    /// When that was.
    pub escalated_at: Option<Moment>,
    /// Its keys.
    pub keys: Vec<Asked>,
}

/// One key of a question.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[schemars(rename = "AskedAbout")]
pub struct Asked {
    /// The key.
    pub key: KeyId,
    /// What points to the person.
    pub why: String,
    /// When they were asked about it.
    pub asked_at: Moment,
    /// The answer, once there is one.
    pub answer: Option<Answered>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Answered {
    /// What it says.
    pub answer: AskAnswer,
    /// Whom to ask in their place.
    pub next: Option<String>,
    /// Who answered.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// An answer about a key, with who was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidOf {
    /// The key.
    pub key: KeyId,
    /// Who was asked.
    pub person: String,
    /// What was answered.
    pub answered: Answered,
}

const COLUMNS: &str =
    "id, person, state, sent_by, sent_at, due, reminders, reminded_at, escalated_to, escalated_at";

impl Store {
    /// Questions, the newest first, at most `most`: the open ones alone, or all.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn asks(&self, open: bool, most: u64) -> Result<Vec<Ask>> {
        let clause = if open { "WHERE state = 'open'" } else { "" };
        let sql = format!("SELECT {COLUMNS} FROM asks {clause} ORDER BY sent_at DESC, id LIMIT $1");
        let rows = self.pool.rows(&sql, args![most]).await?;
        let asks = rows.iter().map(ask).collect::<Result<Vec<_>>>()?;
        self.with_keys(asks).await
    }

    /// One question.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn ask(&self, id: &AskId) -> Result<Ask> {
        let sql = format!("SELECT {COLUMNS} FROM asks WHERE id = $1");
        let rows = self.pool.rows(&sql, args![id.as_str()]).await?;
        let found = rows.first().map(ask).transpose()?;
        let mut asks = self.with_keys(found.into_iter().collect()).await?;
        asks.pop()
            .ok_or_else(|| StoreError::Unknown(format!("question {id}")))
    }

    async fn with_keys(&self, mut asks: Vec<Ask>) -> Result<Vec<Ask>> {
        let sql = format!(
            "SELECT ask, key_id, why, asked_at, answer, next, answered_by, answered_at FROM asked_keys WHERE {} \
             ORDER BY ask, key_id",
            among(self.pool.is_postgres(), "ask", 1)
        );
        let ids: Vec<String> = asks.iter().map(|ask| ask.id.to_string()).collect();
        let mut keys: BTreeMap<String, Vec<Asked>> = BTreeMap::new();
        for row in self.pool.rows(&sql, args![ids]).await? {
            keys.entry(row.text(0)?).or_default().push(Asked {
                key: KeyId::new(row.text(1)?),
                why: row.text(2)?,
                asked_at: Moment::from_micros(row.int(3)?),
                answer: answered(&row, 4)?,
            });
        }
        for ask in &mut asks {
            ask.keys = keys.remove(ask.id.as_str()).unwrap_or_default();
        }
        Ok(asks)
    }

    /// About how many keys each person was asked since a moment.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn asked_since(&self, since: Moment) -> Result<BTreeMap<String, u64>> {
        let sql = "SELECT a.person, COUNT(*) FROM asked_keys k JOIN asks a ON a.id = k.ask \
                   WHERE k.asked_at >= $1 GROUP BY a.person";
        let rows = self.pool.rows(sql, args![since.micros()]).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.int(1)?.unsigned_abs())))
            .collect()
    }

    /// Everything that was answered about these keys, the earliest first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn said_of(&self, keys: &[KeyId]) -> Result<Vec<SaidOf>> {
        let sql = format!(
            "SELECT k.key_id, a.person, k.answer, k.next, k.answered_by, k.answered_at FROM asked_keys k \
             JOIN asks a ON a.id = k.ask WHERE k.answer IS NOT NULL AND {} ORDER BY k.answered_at, k.ask",
            among(self.pool.is_postgres(), "k.key_id", 1)
        );
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let mut all = Vec::new();
        for row in self.pool.rows(&sql, args![keys]).await? {
            if let Some(answered) = answered(&row, 2)? {
                all.push(SaidOf {
                    key: KeyId::new(row.text(0)?),
                    person: row.text(1)?,
                    answered,
                });
            }
        }
        Ok(all)
    }
}

fn ask(row: &Row) -> Result<Ask> {
    Ok(Ask {
        id: AskId::new(row.text(0)?),
        person: row.text(1)?,
        open: row.text(2)? == "open",
        sent_by: row.text(3)?,
        sent_at: Moment::from_micros(row.int(4)?),
        due: Day::from_unix_seconds(row.int(5)?.saturating_mul(86_400)),
        reminders: u32::try_from(row.int(6)?).unwrap_or(u32::MAX),
        reminded_at: row.maybe_int(7)?.map(Moment::from_micros),
        escalated_to: row.maybe_text(8)?,
        escalated_at: row.maybe_int(9)?.map(Moment::from_micros),
        keys: Vec::new(),
    })
}

fn answered(row: &Row, at: usize) -> Result<Option<Answered>> {
    let Some(answer) = row.maybe_text(at)? else {
        return Ok(None);
    };
    let column = |n: usize| at.saturating_add(n);
    Ok(Some(Answered {
        answer: word(&answer, "answer")?,
        next: row.maybe_text(column(1))?,
        by: row.maybe_text(column(2))?.unwrap_or_default(),
        at: Moment::from_micros(row.maybe_int(column(3))?.unwrap_or_default()),
    }))
}

impl Txn {
    /// Asks a person about keys, in the question that is open to them, else in a new one. What they were asked already
    /// is not asked again.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn ask(&mut self, person: &str, keys: &[(KeyId, String)], due: Day) -> Result<AskId> {
        let (at, by) = (self.at().micros(), self.who().label());
        let due = i64::from(due.number());
        let sql = "INSERT INTO asks (id, person, state, sent_by, sent_at, due, reminders, version) \
                   VALUES ($1, $2, 'open', $3, $4, $5, 0, 1) \
                   ON CONFLICT (person) WHERE state = 'open' DO UPDATE SET version = asks.version + 1 RETURNING id";
        let rows = self
            .changed_rows(sql, args![new_id('q')?, person, by, at, due])
            .await?;
        let id = rows.first().map_or_else(
            || Err(StoreError::Broken("a question without an id".to_owned())),
            |row| Ok(AskId::new(row.text(0)?)),
        )?;
        let rows = keys
            .iter()
            .map(|(key, why)| args![id.as_str(), key.as_str(), why.as_str(), at])
            .collect();
        self.bulk(
            "asked_keys",
            &[
                ("ask", Kind::Text),
                ("key_id", Kind::Text),
                ("why", Kind::Text),
                ("asked_at", Kind::Int),
            ],
            rows,
            "ON CONFLICT (ask, key_id) DO NOTHING",
        )
        .await?;
        self.note(Change::Act {
            act: "ask".to_owned(),
            kind: "ask".to_owned(),
            id: id.to_string(),
            detail: serde_json::json!({
                "person": person,
                "keys": keys.iter().map(|(key, _)| key).collect::<Vec<_>>(),
            }),
        });
        Ok(id)
    }

    /// Keeps an answer about one key. The question is closed with its last one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where that key was answered already, or is no part of the question.
    pub async fn answer(
        &mut self,
        ask: &AskId,
        key: &KeyId,
        answer: AskAnswer,
        next: Option<&str>,
    ) -> Result<()> {
        let (at, by) = (self.at().micros(), self.who().label());
        let kept = self
            .run(
                "UPDATE asked_keys SET answer = $1, next = $2, answered_by = $3, answered_at = $4 \
                 WHERE ask = $5 AND key_id = $6 AND answer IS NULL",
                args![answer.word(), next, by, at, ask.as_str(), key.as_str()],
            )
            .await?;
        if kept != 1 {
            return Err(StoreError::Conflict(format!(
                "the answer about key {key} in question {ask}"
            )));
        }
        self.run(
            "UPDATE asks SET version = version + 1, state = CASE WHEN EXISTS (SELECT 1 FROM asked_keys k \
             WHERE k.ask = asks.id AND k.answer IS NULL) THEN 'open' ELSE 'closed' END WHERE id = $1",
            args![ask.as_str()],
        )
        .await?;
        self.note(Change::Act {
            act: "answer".to_owned(),
            kind: "key".to_owned(),
            id: key.to_string(),
            detail: serde_json::json!({"ask": ask, "answer": answer, "next": next}),
        });
        Ok(())
    }

    /// Notes that somebody was reminded, once: `seen` is how often they had been.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else reminded them meanwhile.
    pub async fn remind(&mut self, ask: &AskId, seen: u32) -> Result<()> {
        let at = self.at().micros();
        let kept = self
            .run(
                "UPDATE asks SET reminders = reminders + 1, reminded_at = $1, version = version + 1 \
                 WHERE id = $2 AND state = 'open' AND reminders = $3",
                args![at, ask.as_str(), i64::from(seen)],
            )
            .await?;
        self.ask_step(kept, ask, "remind", serde_json::Value::Null)
    }

    /// Asks the manager from now on too, once.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody was asked in their place already.
    pub async fn escalate(&mut self, ask: &AskId, to: &str) -> Result<()> {
        let at = self.at().micros();
        let kept = self
            .run(
                "UPDATE asks SET escalated_to = $1, escalated_at = $2, version = version + 1 \
                 WHERE id = $3 AND state = 'open' AND escalated_to IS NULL",
                args![to, at, ask.as_str()],
            )
            .await?;
        self.ask_step(kept, ask, "escalate", serde_json::json!({"to": to}))
    }

    fn ask_step(
        &mut self,
        kept: u64,
        ask: &AskId,
        act: &str,
        detail: serde_json::Value,
    ) -> Result<()> {
        if kept != 1 {
            return Err(StoreError::Conflict(format!("question {ask}")));
        }
        self.note(Change::Act {
            act: act.to_owned(),
            kind: "ask".to_owned(),
            id: ask.to_string(),
            detail,
        });
        Ok(())
    }
}
