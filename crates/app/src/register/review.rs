//! Attestation campaigns: started, reminded, answered, closed. What is answered is evidence of the control `attested`.

use super::{Desk, RegisterError, Result};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    access::{Action, Involved, Object, ObjectKind, PersonId, Unit},
    attest::{Answers, Campaign, Item, Outcome, Refusal, Reviewers},
    day::Day,
    id::KeyId,
    pick::Pick,
};
use tenure_store::{StoredReview, new_review_id};

/// How a campaign begins.
#[derive(Debug, Clone)]
pub struct Starting {
    /// What people call it.
    pub title: String,
    /// Which keys, as [`Pick`] reads it.
    pub selector: String,
    /// Who is asked about every key; whoever answers for each where nobody is named.
    pub reviewers: Vec<String>,
    /// The day by which answers are due.
    pub due: Day,
}

/// A campaign as it is shown.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct ReviewShown {
    /// What it is.
    #[serde(flatten)]
    pub campaign: Campaign,
    /// How often its row was written.
    pub version: u64,
    /// Whether its day has passed and it is open still.
    pub overdue: bool,
    /// How many keys came out how.
    pub counts: BTreeMap<Outcome, u64>,
    /// Its keys.
    pub items: Vec<Item>,
    /// Whom it waits for, and for how many keys; keys that nobody answers for count for `nobody`.
    pub waits_for: BTreeMap<String, u64>,
}

impl Desk<'_> {
    /// Starts a campaign about the keys that a selector picks now.
    ///
    /// # Errors
    /// The caller may not; the selector picks no key; nobody of that name is known.
    pub async fn start_review(&self, starting: &Starting) -> Result<ReviewShown> {
        let permit = self.permit_all(Action::ReviewStart).await?;
        let named = self.named().await?;
        let pick = Pick::parse(&starting.selector)
            .map_err(|error| RegisterError::Name(error.to_string()))?;
        let people: Result<BTreeSet<PersonId>> = starting
            .reviewers
            .iter()
            .map(|who| named.known(who))
            .collect();
        let people = people?;
        let reviewers = if people.is_empty() {
            Reviewers::Owners
        } else {
            Reviewers::Named(people.into_iter().collect())
        };
        let id = new_review_id()?;
        let campaign = Campaign::start(
            &id,
            &starting.title,
            pick,
            reviewers,
            starting.due,
            &self.caller.id(),
            self.now,
        )?;
        let living = self.assessment().await?;
        let mut items = Vec::new();
        for key in living.keys.iter().filter(|key| campaign.pick.fits(key)) {
            let registered = self.store.key(&KeyId::new(key.id.as_str())).await?;
            let owners = self.owners(&named, &registered).await?;
            items.push(Item {
                key: registered.id.to_string(),
                name: key
                    .name
                    .clone()
                    .or_else(|| key.key_id.clone())
                    .unwrap_or_else(|| "unnamed".to_owned()),
                reviewers: campaign.asks(&owners),
                attestation: None,
            });
        }
        if items.is_empty() {
            return Err(Refusal::NoKeys(campaign.pick.to_string()).into());
        }
        let mut txn = self.store.begin(&permit, self.now).await?;
        txn.add_review(&campaign, &items).await?;
        txn.commit_noted().await?;
        self.shown_review(self.store.review(&id).await?).await
    }

    /// Notes that people are reminded, and says whom: what sends notices goes by that.
    ///
    /// # Errors
    /// The caller may not, or it is closed.
    pub async fn remind_review(&self, id: &str) -> Result<ReviewShown> {
        let stored = self.store.review(id).await?;
        let permit = self
            .permit(Action::ReviewRemind, &self.review_object(&stored).await?)
            .await?;
        let waits_for = self.shown_review(stored.clone()).await?.waits_for;
        let mut campaign = stored.campaign;
        campaign.remind(self.now)?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        let detail = json!({"waits_for": waits_for});
        txn.save_review(&campaign, stored.version, "reminded", detail)
            .await?;
        txn.commit_noted().await?;
        self.shown_review(self.store.review(id).await?).await
    }

    /// Answers for one key of a campaign, and judges with it.
    ///
    /// # Errors
    /// The caller may not sign, is not asked about this key, or the campaign is closed.
    pub async fn answer_review(
        &self,
        id: &str,
        key: &KeyId,
        answers: Answers,
        note: &str,
    ) -> Result<Item> {
        let stored = self.store.review(id).await?;
        let registered = self.store.key(key).await?;
        let named = self.named().await?;
        let mut items = self.store.review_items(id).await?;
        let item = items
            .iter_mut()
            .find(|item| item.key == registered.id.as_str() || item.key == key.as_str());
        let object = self.object(&registered).await?;
        let object = named.widen(Object {
            people: Involved {
                asked: item
                    .as_ref()
                    .map(|item| item.reviewers.clone())
                    .unwrap_or_default(),
                ..object.people.clone()
            },
            ..object
        });
        let permit = self.permit(Action::KeyAttest, &object).await?;
        let by = named.id(self.caller()?.person.as_str())?;
        let Some(item) = item else {
            let key = registered.id.to_string();
            return Err(Refusal::NotAsked { person: by, key }.into());
        };
        stored.campaign.answer(item, answers, note, &by, self.now)?;
        let item = item.clone();
        let mut txn = self.store.begin(&permit, self.now).await?;
        txn.answer_review(&stored.campaign, &item).await?;
        txn.commit_noted().await?;
        self.settle().await?;
        Ok(item)
    }

    /// Closes a campaign; what nobody answered is listed as such, and is no evidence.
    ///
    /// # Errors
    /// The caller may not, or it is closed already.
    pub async fn close_review(&self, id: &str) -> Result<ReviewShown> {
        let stored = self.store.review(id).await?;
        let permit = self
            .permit(Action::ReviewClose, &self.review_object(&stored).await?)
            .await?;
        let counts = self.shown_review(stored.clone()).await?.counts;
        let mut campaign = stored.campaign;
        campaign.close(&self.caller.id(), self.now)?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        let detail = json!({"counts": counts});
        txn.save_review(&campaign, stored.version, "closed", detail)
            .await?;
        txn.commit_noted().await?;
        self.shown_review(self.store.review(id).await?).await
    }

    /// One campaign with its keys.
    ///
    /// # Errors
    /// There is none of this id, or the caller may not see it.
    pub async fn review(&self, id: &str) -> Result<ReviewShown> {
        let stored = self.store.review(id).await?;
        self.permit(Action::ReviewView, &self.review_object(&stored).await?)
            .await?;
        self.shown_review(stored).await
    }

    /// The campaigns that the caller may see, newest first; only open ones, or all.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn reviews(&self, open: bool) -> Result<Vec<ReviewShown>> {
        const MOST: u64 = 1000;
        let mut all = Vec::new();
        for stored in self.store.reviews(open, MOST).await? {
            let object = self.review_object(&stored).await?;
            // Whoever sees none of them gets an empty list, and no denial each.
            if self.access.allows(self.caller, Action::ReviewView, &object) {
                all.push(self.shown_review(stored).await?);
            }
        }
        Ok(all)
    }

    async fn review_object(&self, stored: &StoredReview) -> Result<Object> {
        let id = stored.campaign.id.as_str();
        let asked: BTreeSet<PersonId> = self
            .store
            .review_items(id)
            .await?
            .into_iter()
            .flat_map(|item| item.reviewers)
            .collect();
        let object = Object {
            people: Involved {
                asked: asked.into_iter().collect(),
                ..Involved::default()
            },
            ..Object::new(ObjectKind::Review, id, Unit::whole())
        };
        Ok(self.named().await?.widen(object))
    }

    async fn shown_review(&self, stored: StoredReview) -> Result<ReviewShown> {
        let items = self.store.review_items(&stored.campaign.id).await?;
        let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
        let mut waits_for: BTreeMap<String, u64> = BTreeMap::new();
        let mut add = |who: String| {
            let n = waits_for.entry(who).or_default();
            *n = n.saturating_add(1);
        };
        for item in &items {
            let n = counts.entry(item.outcome()).or_default();
            *n = n.saturating_add(1);
            if item.attestation.is_none() {
                match item.reviewers.as_slice() {
                    [] => add("nobody".to_owned()),
                    people => people.iter().for_each(|who| add(who.to_string())),
                }
            }
        }
        Ok(ReviewShown {
            overdue: stored.campaign.is_overdue(self.now.day()),
            campaign: stored.campaign,
            version: stored.version,
            counts,
            items,
            waits_for,
        })
    }
}
