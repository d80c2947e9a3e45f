//! Asking people about keys: one question per person with all their keys, three answers, reminders, the manager.

use super::{Desk, Permit, Reassessed, RegisterError, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    access::{Action, Involved, Object, ObjectKind, PersonId, Unit, visible},
    ask::{self, AskAnswer, Nudge, Plan, Unowned},
    assessment::Key,
    container::Place,
    facts::Verdict,
    id::{AskId, KeyId},
    key::Basis,
    note::{Confidence, OwnerCandidate},
    people::{People, callers},
};
use tenure_store::{
    Ask, SaidOf, Scope,
    key_list::{Cursor, Entry, Filter, Sort},
};

/// How many rows are read at once.
const CHUNK: u64 = 500;
/// How many questions are shown at most.
const MOST: u64 = 10_000;
/// Seconds of the week in which nobody is asked about more keys than the policy says.
const WEEK: i64 = 7 * 86_400;

/// An answer about one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenAnswer {
    /// The key.
    pub key: KeyId,
    /// What somebody says of it.
    pub answer: AskAnswer,
    /// Whom to ask in their place; with `not_mine` alone.
    #[serde(default)]
    pub next: Option<String>,
}

/// What reminding did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct Nudged {
    /// Questions of which somebody was reminded.
    pub reminded: Vec<AskId>,
    /// Questions that now go to the manager too, and to whom.
    pub escalated: Vec<(AskId, String)>,
    /// Questions that would go to a manager of whom nothing is known.
    pub stuck: Vec<AskId>,
}

impl Desk<'_> {
    /// Whom to ask what, of the keys in units in which the caller may ask. Changes nothing.
    ///
    /// # Errors
    /// The caller may ask nowhere, or the database refuses.
    pub async fn ask_plan(&self) -> Result<Plan> {
        let (plan, _) = self.planned().await?;
        Ok(plan)
    }

    /// Sends the questions of the plan, all of them or those to some people, and gives them.
    ///
    /// # Errors
    /// The caller may ask nowhere, a named person is in no question, or the database refuses.
    pub async fn ask_send(&self, people: &[String]) -> Result<Vec<Ask>> {
        let (plan, units) = self.planned().await?;
        let wanted = |person: &str| people.is_empty() || people.iter().any(|one| one == person);
        if let Some(unknown) = people.iter().find(|one| {
            let mut all = plan.questions.iter();
            !all.any(|question| question.person == **one)
        }) {
            return Err(RegisterError::Nothing(format!(
                "no question goes to {unknown}; `tenure ask plan` names whom"
            )));
        }
        let mut questions = plan.questions;
        questions.retain(|one| wanted(&one.person) && !one.keys.is_empty());
        let terms = self.policy.backlog();
        let mut sent = Vec::with_capacity(questions.len());
        for question in &questions {
            let within: BTreeSet<Unit> = question
                .keys
                .iter()
                .filter_map(|asked| units.get(&asked.key).cloned())
                .collect();
            let permit = self.permit_in(Action::AskSend, &within).await?;
            let worst = question.keys.iter().map(|asked| asked.level).max();
            let days = worst.map_or(0, |level| terms.due.at(level));
            let keys: Vec<(KeyId, String)> = question
                .keys
                .iter()
                .map(|asked| (asked.key.clone(), asked.why.clone()))
                .collect();
            let mut txn = self.store.begin(&permit, self.now).await?;
            let id = txn
                .ask(&question.person, &keys, self.now.day().plus(days))
                .await?;
            txn.commit_noted().await?;
            sent.push(self.store.ask(&id).await?);
        }
        Ok(sent)
    }

    /// The questions that the caller may see: of their unit, or put to them.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn asks(&self, open: bool) -> Result<Vec<Ask>> {
        let list = self.people_list().await?;
        let mut seen = Vec::new();
        for ask in self.store.asks(open, MOST).await? {
            let object = self.asked(&ask, list.as_ref()).await?;
            if self.access.allows(self.caller, Action::AskView, &object) {
                seen.push(ask);
            }
        }
        Ok(seen)
    }

    /// One question.
    ///
    /// # Errors
    /// There is none, the caller may not see it, or the database refuses.
    pub async fn ask(&self, id: &AskId) -> Result<Ask> {
        let ask = self.store.ask(id).await?;
        let object = self.asked(&ask, self.people_list().await?.as_ref()).await?;
        self.permit(Action::AskView, &object).await?;
        Ok(ask)
    }

    /// The open questions that the caller is to answer, each with the names of its keys: what was asked of them.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn asked_of_me(&self) -> Result<Vec<(Ask, BTreeMap<KeyId, Entry>)>> {
        let list = self.people_list().await?;
        let mut mine = Vec::new();
        for ask in self.store.asks(true, MOST).await? {
            let object = self.asked(&ask, list.as_ref()).await?;
            let me = self.calling();
            let is_asked = me.is_some_and(|me| object.people.asked.contains(me));
            if is_asked && self.access.allows(self.caller, Action::AskAnswer, &object) {
                let ids: Vec<KeyId> = ask.keys.iter().map(|asked| asked.key.clone()).collect();
                let entries = self.store.entries_of(&ids).await?.into_iter();
                mine.push((
                    ask,
                    entries.map(|entry| (entry.id.clone(), entry)).collect(),
                ));
            }
        }
        Ok(mine)
    }

    /// Answers about some keys of a question, and judges again. All of the answers stand or none.
    ///
    /// # Errors
    /// The caller was not asked, an answer is none or was given before, or the database refuses.
    pub async fn ask_answer(&self, id: &AskId, answers: &[GivenAnswer]) -> Result<Reassessed> {
        let question = self.store.ask(id).await?;
        let list = self.people_list().await?;
        let object = self.asked(&question, list.as_ref()).await?;
        let permit = self.permit(Action::AskAnswer, &object).await?;
        for given in answers {
            checked(given, &question)?;
        }
        let manager = question.escalated_to.as_deref().filter(|manager| {
            let me = self.calling();
            let is_me = |who: &str| me.is_some_and(|me| callers(who, list.as_ref()).contains(me));
            is_me(manager) && !is_me(&question.person)
        });
        let answerer = manager.unwrap_or(&question.person);
        let mut txn = self.store.begin(&permit, self.now).await?;
        for given in answers {
            txn.answer(id, &given.key, given.answer, given.next.as_deref())
                .await?;
        }
        let mine = answers
            .iter()
            .filter(|given| given.answer == AskAnswer::Mine);
        let mine: Vec<KeyId> = mine.map(|given| given.key.clone()).collect();
        if !mine.is_empty() {
            txn.assign_owner(&mine, Some(answerer), None).await?;
        }
        let answered: Vec<KeyId> = answers.iter().map(|given| given.key.clone()).collect();
        txn.mark_stale(&answered).await?;
        txn.commit_noted().await?;
        self.settle().await
    }

    /// Reminds everybody whose silence lasts, and asks managers after that.
    ///
    /// # Errors
    /// The caller may not in every unit of a question that is due, or the database refuses.
    pub async fn ask_remind(&self) -> Result<Nudged> {
        self.nudged(false).await
    }

    /// The same by a worker, since asking was permitted before.
    pub(crate) async fn ask_remind_due(&self) -> Result<Nudged> {
        self.nudged(true).await
    }

    async fn nudged(&self, by_worker: bool) -> Result<Nudged> {
        let list = self.people_list().await?;
        let mut done = Nudged::default();
        for ask in self.store.asks(true, MOST).await? {
            let times = (ask.sent_at, ask.reminded_at);
            let terms = self.policy.backlog();
            let escalated = ask.escalated_to.is_some();
            let Some(nudge) = ask::nudge(times, ask.reminders, escalated, &terms, self.now) else {
                continue;
            };
            let manager = list.as_ref().and_then(|list| {
                ask::reached(list.find(&ask.person)?.manager.as_deref()?, Some(list))
            });
            let permit = if by_worker {
                self.permit_part("asks", Action::NoticeSend).await?
            } else {
                let keys = ask.keys.iter().map(|asked| asked.key.clone());
                let keys: Vec<KeyId> = keys.collect();
                let entries = self.store.entries_of(&keys).await?;
                let units = entries.into_iter().map(|entry| entry.unit).collect();
                self.permit_in(Action::AskSend, &units).await?
            };
            let mut txn = self.store.begin(&permit, self.now).await?;
            match (nudge, manager) {
                (Nudge::Remind, _) => {
                    txn.remind(&ask.id, ask.reminders).await?;
                    done.reminded.push(ask.id);
                }
                (Nudge::Escalate, Some(manager)) => {
                    txn.escalate(&ask.id, &manager).await?;
                    done.escalated.push((ask.id, manager));
                }
                (Nudge::Escalate, None) => {
                    done.stuck.push(ask.id);
                    continue;
                }
            }
            txn.commit_noted().await?;
        }
        Ok(done)
    }

    /// The people list, where there is one.
    pub(crate) async fn people_list(&self) -> Result<Option<People>> {
        let list = self.store.people().await?;
        Ok((!list.is_empty()).then(|| People::new(list)))
    }

    /// A question as rules of access see it: in the unit of its keys where that is one, put to the person and the
    /// manager.
    async fn asked(&self, ask: &Ask, list: Option<&People>) -> Result<Object> {
        let keys: Vec<KeyId> = ask.keys.iter().map(|asked| asked.key.clone()).collect();
        let entries = self.store.entries_of(&keys).await?;
        let units: BTreeSet<Unit> = entries.into_iter().map(|entry| entry.unit).collect();
        let mut units = units.into_iter();
        let unit = match (units.next(), units.next()) {
            (Some(unit), None) => unit,
            _ => Unit::whole(),
        };
        let asked = std::iter::once(ask.person.as_str()).chain(ask.escalated_to.as_deref());
        let asked: BTreeSet<PersonId> = asked.flat_map(|who| callers(who, list)).collect();
        Ok(Object {
            people: Involved {
                asked: asked.into_iter().collect(),
                ..Involved::default()
            },
            ..Object::new(ObjectKind::Ask, ask.id.as_str(), unit)
        })
    }

    /// The plan, and the unit of each key in it.
    async fn planned(&self) -> Result<(Plan, BTreeMap<KeyId, Unit>)> {
        let units = self.store.units().await?;
        let (may, others): (Vec<Unit>, Vec<Unit>) = units.into_iter().partition(|unit| {
            let object = Object::unit(unit.clone());
            self.access.allows(self.caller, Action::AskSend, &object)
        });
        if may.is_empty() {
            self.permit_all(Action::AskSend).await?;
        }
        let scope = if others.is_empty() {
            Scope::whole()
        } else {
            Scope::part(may, None)
        };
        let list = self.people_list().await?;
        let open: BTreeSet<KeyId> = self
            .store
            .asks(true, MOST)
            .await?
            .into_iter()
            .flat_map(|ask| ask.keys)
            .filter(|asked| asked.answer.is_none())
            .map(|asked| asked.key)
            .collect();
        let entries = self.entries(&scope).await?;
        let owned = self.owned_places(&entries, list.as_ref()).await?;
        let mut unowned = Vec::new();
        let size = usize::try_from(CHUNK).unwrap_or(usize::MAX);
        let ids: Vec<KeyId> = entries.iter().map(|entry| entry.id.clone()).collect();
        for chunk in ids.chunks(size) {
            let mut places = self.store.places_of(chunk).await?;
            let mut said: BTreeMap<KeyId, Vec<SaidOf>> = BTreeMap::new();
            for one in self.store.said_of(chunk).await? {
                said.entry(one.key.clone()).or_default().push(one);
            }
            for registered in self.store.keys_of(chunk).await? {
                let id = registered.id;
                if open.contains(&id) || !is_asked_about(&registered.key) {
                    continue;
                }
                let places = places.remove(&id).unwrap_or_default();
                let said = said.remove(&id).unwrap_or_default();
                unowned.push(evidence(
                    id,
                    &registered.key,
                    places,
                    &said,
                    &owned,
                    list.as_ref(),
                ));
            }
        }
        let cap = u64::from(self.policy.backlog().weekly_cap);
        let since = self.now.plus_seconds(WEEK.saturating_neg());
        let asked = self.store.asked_since(since).await?;
        let left = asked
            .into_iter()
            .map(|(person, n)| (person, cap.saturating_sub(n)))
            .collect();
        let plan = ask::plan(&unowned, list.as_ref(), &left, cap);
        let units = entries.into_iter().map(|entry| (entry.id, entry.unit));
        Ok((plan, units.collect()))
    }

    /// Every living key of a scope.
    async fn entries(&self, scope: &Scope) -> Result<Vec<Entry>> {
        let (mut all, mut after): (Vec<Entry>, Option<Cursor>) = (Vec::new(), None);
        loop {
            let filter = Filter::default();
            let page = self
                .store
                .key_page(scope, &filter, Sort::Name, after.as_ref(), CHUNK)
                .await?;
            all.extend(page.entries);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Who answers for how many keys in each place, as far as that is no guess.
    async fn owned_places(
        &self,
        entries: &[Entry],
        list: Option<&People>,
    ) -> Result<BTreeMap<Place, BTreeMap<String, u64>>> {
        let sure: BTreeMap<&KeyId, String> = entries
            .iter()
            .filter(|entry| matches!(entry.owner_basis, Basis::Declared | Basis::Observed))
            .filter_map(|entry| Some((&entry.id, ask::reached(&entry.owner, list)?)))
            .collect();
        let ids: Vec<KeyId> = sure.keys().map(|id| (*id).clone()).collect();
        let mut owned: BTreeMap<Place, BTreeMap<String, u64>> = BTreeMap::new();
        let size = usize::try_from(CHUNK).unwrap_or(usize::MAX);
        for chunk in ids.chunks(size) {
            for (id, places) in self.store.places_of(chunk).await? {
                for place in places {
                    let Some(owner) = sure.get(&id) else { continue };
                    let n = owned
                        .entry(place)
                        .or_default()
                        .entry(owner.clone())
                        .or_default();
                    *n = n.saturating_add(1);
                }
            }
        }
        Ok(owned)
    }

    /// The permit of a part of the product that carries out what was permitted before.
    pub(crate) async fn permit_part(&self, part: &str, action: Action) -> Result<Permit> {
        let worker = tenure_model::access::Actor::Worker(part.to_owned());
        self.permit_to(&worker, action, &Object::unit(Unit::whole()))
            .await
    }
}

/// Nobody answers for it, or somebody is only guessed to, and it is not over yet.
fn is_asked_about(key: &Key) -> bool {
    let state = key.facts.get("owner").and_then(|note| note.value.as_str());
    let is_owned = matches!(state, Some("active" | "on_leave"));
    let is_guess = key.owner.basis == Basis::Inferred;
    let is_over = matches!(
        key.verdict.id,
        Verdict::ProvenRevoked | Verdict::NoLongerNeeded
    );
    (!is_owned || is_guess) && !is_over
}

/// What points at whom. Whom somebody else named stands alone.
fn evidence(
    id: KeyId,
    key: &Key,
    places: BTreeSet<Place>,
    said: &[SaidOf],
    owned: &BTreeMap<Place, BTreeMap<String, u64>>,
    list: Option<&People>,
) -> Unowned {
    let refused: BTreeSet<String> = said
        .iter()
        .filter(|one| one.answered.answer == AskAnswer::NotMine)
        .map(|one| one.person.clone())
        .collect();
    let named = said.iter().rev().find_map(|one| {
        let next = ask::reached(one.answered.next.as_deref()?, list)?;
        (!refused.contains(&next)).then(|| OwnerCandidate {
            who: next,
            why: format!("{} says that it is theirs", one.person),
            confidence: Confidence::High,
        })
    });
    let mut leads = Vec::new();
    match named {
        Some(named) => leads.push(named),
        None => {
            leads.extend(key.owner_candidates.iter().cloned());
            let guessed = key.owner.value.as_ref();
            if let Some(who) = guessed.filter(|_| key.owner.basis == Basis::Inferred)
                && !leads.iter().any(|lead| lead.who.eq_ignore_ascii_case(who))
            {
                leads.push(OwnerCandidate {
                    who: who.clone(),
                    why: key.owner.source.clone().unwrap_or_default(),
                    confidence: Confidence::High,
                });
            }
            leads.extend(ask::neighbours(&places, owned));
        }
    }
    Unowned {
        key: id,
        level: key.verdict.outcome.level,
        places,
        leads,
        refused,
    }
}

/// Whether an answer can stand.
fn checked(given: &GivenAnswer, question: &Ask) -> Result<()> {
    let refuse = |why: &str| Err(RegisterError::Nothing(format!("key {}: {why}", given.key)));
    if !question.keys.iter().any(|asked| asked.key == given.key) {
        return refuse("is no part of this question");
    }
    match (given.answer, given.next.as_deref()) {
        (AskAnswer::NotMine, Some(next))
            if next.trim().is_empty() || next.len() > 200 || !next.chars().all(visible) =>
        {
            refuse("name whom to ask in at most 200 letters, or nobody")
        }
        (AskAnswer::NotMine, _) | (_, None) => Ok(()),
        (_, Some(_)) => refuse("somebody else to ask goes with `not_mine` alone"),
    }
}
