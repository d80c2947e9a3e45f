//! Attestation campaigns and what was answered in them.

use crate::{
    db::{Result, Store, StoreError, json, new_id, read},
    dialect::{Kind, Row, among, args},
    txn::Txn,
};
use serde_json::{Value, json as value};
use std::collections::BTreeMap;
use tenure_model::{
    attest::{Attestation, Campaign, Item},
    event::Change,
    id::KeyId,
};

/// A campaign as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredReview {
    /// What it is.
    pub campaign: Campaign,
    /// How often its row was written; a change names the version that it saw.
    pub version: u64,
}

/// A new id for a campaign.
///
/// # Errors
/// The system gives no random bytes.
pub fn new_review_id() -> Result<String> {
    new_id('v')
}

fn stored(row: &Row) -> Result<StoredReview> {
    Ok(StoredReview {
        campaign: read(&row.text(0)?, "campaign")?,
        version: row.int(1)?.unsigned_abs(),
    })
}

impl Store {
    /// One campaign.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn review(&self, id: &str) -> Result<StoredReview> {
        let sql = "SELECT body, version FROM reviews WHERE id = $1";
        let rows = self.pool.rows(sql, args![id]).await?;
        rows.first()
            .map(stored)
            .unwrap_or_else(|| Err(StoreError::Unknown(format!("campaign {id}"))))
    }

    /// The campaigns, newest first, at most `most`; only those that are open, or all.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn reviews(&self, open: bool, most: u64) -> Result<Vec<StoredReview>> {
        let sql = "SELECT body, version FROM reviews WHERE $1 = 0 OR state = 'open' \
                   ORDER BY started_at DESC, id LIMIT $2";
        let rows = self.pool.rows(sql, args![open, most]).await?;
        rows.iter().map(stored).collect()
    }

    /// The keys of a campaign, in the order of their ids.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn review_items(&self, id: &str) -> Result<Vec<Item>> {
        let sql = "SELECT body FROM review_items WHERE review_id = $1 ORDER BY key_id";
        let rows = self.pool.rows(sql, args![id]).await?;
        rows.iter()
            .map(|row| read(&row.text(0)?, "answer"))
            .collect()
    }

    /// What was last signed of each of these keys, in whichever campaign, also of those that turned out to be one of
    /// them.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn attestations(&self, keys: &[KeyId]) -> Result<BTreeMap<KeyId, Attestation>> {
        let is_postgres = self.pool.is_postgres();
        let sql = format!(
            "SELECT COALESCE(j.key_id, i.key_id), i.body FROM review_items i \
             LEFT JOIN joined_keys j ON j.old_id = i.key_id WHERE i.answered_at IS NOT NULL \
             AND ({} OR i.key_id IN (SELECT old_id FROM joined_keys WHERE {})) ORDER BY i.answered_at",
            among(is_postgres, "i.key_id", 1),
            among(is_postgres, "key_id", 1)
        );
        let ids: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let mut latest = BTreeMap::new();
        for row in self.pool.rows(&sql, args![ids]).await? {
            let item: Item = read(&row.text(1)?, "answer")?;
            if let Some(signed) = item.attestation {
                latest.insert(KeyId::new(row.text(0)?), signed);
            }
        }
        Ok(latest)
    }
}

impl Txn {
    /// Adds a campaign with its keys.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn add_review(&mut self, campaign: &Campaign, items: &[Item]) -> Result<()> {
        self.run(
            "INSERT INTO reviews (id, state, due_on, started_at, version, body) VALUES ($1, 'open', $2, $3, 1, $4)",
            args![
                campaign.id.as_str(),
                i64::from(campaign.due.number()),
                campaign.started_at.micros(),
                json(campaign),
            ],
        )
        .await?;
        let rows = items
            .iter()
            .map(|item| {
                args![
                    campaign.id.as_str(),
                    item.key.as_str(),
                    lines(item),
                    item.outcome().word(),
                    json(item),
                ]
            })
            .collect();
        self.bulk(
            "review_items",
            &[
                ("review_id", Kind::Text),
                ("key_id", Kind::Text),
                ("reviewers", Kind::Text),
                ("outcome", Kind::Text),
                ("body", Kind::Text),
            ],
            rows,
            "",
        )
        .await?;
        let keys = items.len();
        self.told(
            campaign,
            "started",
            value!({"keys": keys, "pick": campaign.pick, "due": campaign.due}),
        );
        Ok(())
    }

    /// Writes a campaign back, as `step` says. `seen` is the version that was read.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else wrote it.
    pub async fn save_review(
        &mut self,
        campaign: &Campaign,
        seen: u64,
        step: &str,
        detail: Value,
    ) -> Result<()> {
        let state = if campaign.closed.is_some() {
            "closed"
        } else {
            "open"
        };
        let written = self
            .run(
                "UPDATE reviews SET state = $2, body = $3, version = version + 1 WHERE id = $1 AND version = $4",
                args![campaign.id.as_str(), state, json(campaign), seen],
            )
            .await?;
        if written == 0 {
            return Err(StoreError::Conflict(format!("campaign {}", campaign.id)));
        }
        self.told(campaign, step, detail);
        Ok(())
    }

    /// Writes what was answered for one key. The campaign has to be open still.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it was closed meanwhile; the tables do not allow it.
    pub async fn answer_review(&mut self, campaign: &Campaign, item: &Item) -> Result<()> {
        let signed = item.attestation.as_ref();
        let written = self
            .run(
                "UPDATE review_items SET outcome = $3, answered_by = $4, answered_at = $5, body = $6 \
                 WHERE review_id = $1 AND key_id = $2 \
                 AND EXISTS (SELECT 1 FROM reviews WHERE id = $1 AND state = 'open')",
                args![
                    campaign.id.as_str(),
                    item.key.as_str(),
                    item.outcome().word(),
                    signed.map(|signed| signed.by.as_str()),
                    signed.map(|signed| signed.at.micros()),
                    json(item),
                ],
            )
            .await?;
        if written == 0 {
            return Err(StoreError::Conflict(format!("campaign {}", campaign.id)));
        }
        self.mark_stale(&[KeyId::new(item.key.clone())]).await?;
        self.note(Change::Act {
            act: "attested".to_owned(),
            kind: "key".to_owned(),
            id: item.key.clone(),
            detail: value!({"review": campaign.id, "outcome": item.outcome(),
                            "answers": signed.map(|signed| &signed.answers)}),
        });
        Ok(())
    }

    fn told(&mut self, campaign: &Campaign, step: &str, detail: Value) {
        self.note(Change::Act {
            act: step.to_owned(),
            kind: "review".to_owned(),
            id: campaign.id.clone(),
            detail,
        });
    }
}

fn lines(item: &Item) -> String {
    let people = item.reviewers.iter().map(|person| format!("{person}\n"));
    format!("\n{}", people.collect::<String>())
}
