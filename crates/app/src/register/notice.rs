//! Notices: each person what needs them, a team how things stand, a pager what has to be contained at once. A notice
//! leads to a page and carries no action.

use super::{Desk, Entry, Facet, Filter, RegisterError, Result, Signing, Sort};
use crate::channels::{Channel, Channels, Gets};
use crate::report::{text, words};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tenure_connect::notify::Notice;
use tenure_model::{
    access::{Action, Actor, Caller, Held, PersonId, Role, Unit, Via},
    brief::{self, Brief, Item},
    day::Day,
    decide::Urgency,
    event::Change,
    exception::Stage,
    key::PersonState,
    key_request,
    moment::Moment,
};
use tenure_store::{ChannelState, StoreError};

/// How many keys of one person are looked at.
const KEYS: u64 = 200;
/// How many accounts are read at once.
const CHUNK: u64 = 500;
/// Days before an end or a review in which somebody is told.
const SOON: i64 = 30;
/// More alarms than this at once are one message.
const ALARMS: usize = 10;
/// How many alarms are looked at in one turn.
const MOST_ALARMS: u64 = 500;
/// Seconds after which what was told is forgotten: longer than the same is kept from being told again.
const FORGET: i64 = 60 * 86_400;

/// One channel with how it does.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ChannelShown {
    /// What it is called.
    pub name: String,
    /// `e-mail`, `webhook`, `incoming webhook`.
    pub kind: &'static str,
    /// What goes over it.
    pub gets: Gets,
    /// Where it leads, without what is secret in it.
    pub to: String,
    /// When something last arrived.
    pub arrived_at: Option<Moment>,
    /// Since when nothing arrives.
    pub failing_since: Option<Moment>,
    /// It is dead until somebody mends it.
    pub dead: bool,
    /// Why nothing arrives; empty where it does.
    pub why: String,
}

/// Somebody who can be told.
struct Reached {
    caller: Actor,
    person: PersonId,
    /// The address of mail; `None` where nobody knows one.
    email: Option<String>,
}

/// A message on its way: what it is known by beside its own id, and to whom it goes.
struct Message {
    notice: Notice,
    covers: Vec<String>,
    to: Option<String>,
}

impl Desk<'_> {
    /// The channels, each with how it does.
    ///
    /// # Errors
    /// The caller may not manage channels, or the database refuses.
    pub async fn channels(&self, channels: &Channels) -> Result<Vec<ChannelShown>> {
        self.may(Action::ChannelManage).await?;
        let states = self.store.channels().await?;
        Ok(channels
            .list()
            .iter()
            .map(|one| shown(one, &states))
            .collect())
    }

    /// Channels over which nothing arrives: a finding of Tenure about itself.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn failing_channels(&self, channels: &Channels) -> Result<Vec<ChannelShown>> {
        if channels.list().is_empty() || !self.allows_everywhere(Action::ChannelManage) {
            return Ok(Vec::new());
        }
        let states = self.store.channels().await?;
        let all = channels.list().iter().map(|one| shown(one, &states));
        Ok(all.filter(|one| one.failing_since.is_some()).collect())
    }

    /// Sends a message that says nothing but that the channel works: to the caller where it is one for people.
    ///
    /// # Errors
    /// There is no such channel, the caller may not manage channels, or it did not arrive.
    pub async fn try_channel(&self, channels: &Channels, name: &str) -> Result<ChannelShown> {
        let permit = self.permit_all(Action::ChannelManage).await?;
        let channel = channels
            .list()
            .iter()
            .find(|one| one.name() == name)
            .ok_or_else(|| StoreError::Unknown(format!("channel {name}")))?;
        let to = match (channel.gets(), self.calling()) {
            (Gets::People, Some(person)) => {
                let reached = self.reached(person).await?;
                let no_address =
                    || RegisterError::Nothing("nobody knows an e-mail address of yours".to_owned());
                Some(reached.and_then(|one| one.email).ok_or_else(no_address)?)
            }
            _ => None,
        };
        let id = format!("try-{}", self.now.micros());
        let lines = [format!("The channel {name} works. Nothing needs you.")];
        let notice = self.notice(channels, &id, "Tenure: a try", &lines, "/")?;
        let message = Message {
            notice,
            covers: Vec::new(),
            to,
        };
        let outcome = self.send(channel, &message).await?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        if let Err(error) = &outcome {
            txn.channel_failing(name, &error.to_string(), error.is_for_good())
                .await?;
        }
        txn.commit(Change::Act {
            act: "channel.try".to_owned(),
            kind: "channel".to_owned(),
            id: name.to_owned(),
            detail: serde_json::json!({ "arrived": outcome.is_ok() }),
        })
        .await?;
        if outcome.is_ok() {
            self.arrived(name, &[]).await?;
        }
        match outcome {
            Ok(()) => Ok(shown(channel, &self.store.channels().await?)),
            Err(error) => Err(RegisterError::Nothing(format!(
                "the message did not arrive: {error}"
            ))),
        }
    }

    /// Tells each person what needs them, and teams how things stand. Who was told the same within a week is not told
    /// again; what changed is told.
    ///
    /// # Errors
    /// Something did not arrive and may later: what arrived is kept in mind, so that trying again repeats nothing.
    pub(crate) async fn tell_people(&self, channels: &Channels) -> Result<()> {
        let mut pauses = Vec::new();
        if channels.that_get(Gets::People).next().is_some() {
            for reached in self.everybody().await? {
                let desk = Desk {
                    caller: &reached.caller,
                    ..*self
                };
                let brief = desk.brief().await?;
                if brief.count() == 0 || reached.email.is_none() {
                    continue;
                }
                let id = brief.id(&reached.person, self.now.day());
                let notice = self.notice(channels, &id, &brief.subject(), &brief.lines(), "/")?;
                let message = Message {
                    notice,
                    covers: Vec::new(),
                    to: reached.email,
                };
                for channel in channels.that_get(Gets::People) {
                    pauses.extend(self.deliver(channel, &message).await?);
                }
            }
        }
        if channels.that_get(Gets::Team).next().is_some() {
            let lines = self.standing().await?;
            let id = format!("team-{}", self.now.day());
            let notice = self.notice(channels, &id, "Tenure: how the keys stand", &lines, "/")?;
            let message = Message {
                notice,
                covers: Vec::new(),
                to: None,
            };
            for channel in channels.that_get(Gets::Team) {
                pauses.extend(self.deliver(channel, &message).await?);
            }
        }
        tried(pauses)
    }

    /// Tells pagers which keys have to be contained now, each once for as long as that is so.
    ///
    /// # Errors
    /// As of [`Desk::tell_people`].
    pub(crate) async fn tell_pagers(&self, channels: &Channels) -> Result<()> {
        if channels.that_get(Gets::Pager).next().is_none() {
            return Ok(());
        }
        let words = vec![Urgency::Now.word().to_owned()];
        let filter = Filter {
            facets: BTreeMap::from([(Facet::Urgency, words)]),
            ..Filter::default()
        };
        let all = tenure_store::Scope::whole();
        let page = self
            .store
            .key_page(&all, &filter, Sort::Due, None, MOST_ALARMS)
            .await?;
        let alarms: Vec<(String, Entry)> = page
            .entries
            .into_iter()
            .map(|entry| (brief::alarm(entry.id.as_str(), entry.due), entry))
            .collect();
        let ids: Vec<String> = alarms.iter().map(|(id, _)| id.clone()).collect();
        let mut pauses = Vec::new();
        for channel in channels.that_get(Gets::Pager) {
            let told = self.store.told(channel.name(), &ids).await?;
            let new: Vec<&(String, Entry)> =
                alarms.iter().filter(|(id, _)| !told.contains(id)).collect();
            for message in self.alarms(channels, &new)? {
                pauses.extend(self.deliver(channel, &message).await?);
            }
        }
        tried(pauses)
    }

    fn alarms(&self, channels: &Channels, new: &[&(String, Entry)]) -> Result<Vec<Message>> {
        let named =
            |entry: &Entry| format!("{} of {}, {}", entry.label, entry.provider, entry.level);
        if new.len() > ALARMS {
            let subject = format!(
                "Tenure: {} have to be contained now",
                text::keys(new.len() as u64)
            );
            let mut lines: Vec<String> = new
                .iter()
                .take(ALARMS)
                .map(|(_, entry)| named(entry))
                .collect();
            lines.push(format!("and {} more", new.len() - ALARMS));
            let covers: Vec<String> = new.iter().map(|(id, _)| id.clone()).collect();
            let id = brief::alarm(&covers.join(" "), None);
            let notice = self.notice(channels, &id, &subject, &lines, "/keys")?;
            return Ok(vec![Message {
                notice,
                covers,
                to: None,
            }]);
        }
        let one = |(id, entry): &&(String, Entry)| {
            let subject = format!("Tenure: contain {} now", entry.label);
            let page = format!("/keys/{}", text::segment(entry.id.as_str()));
            let notice = self.notice(channels, id, &subject, &[named(entry)], &page)?;
            Ok(Message {
                notice,
                covers: Vec::new(),
                to: None,
            })
        };
        new.iter().map(one).collect()
    }

    /// What needs the person who calls: what they would see on their page, by the same use cases.
    async fn brief(&self) -> Result<Brief> {
        let mut brief = Brief::default();
        let own = self.own_keys(KEYS).await?;
        let pressing = own
            .iter()
            .filter(|entry| matches!(entry.urgency.as_str(), "now" | "overdue" | "due"));
        brief.keys = pressing
            .map(|entry| Item {
                what: format!(
                    "{}: {}",
                    entry.label,
                    words::verdict(entry.verdict).to_lowercase()
                ),
                due: entry.due,
            })
            .collect();
        for (ask, _) in self.asked_of_me().await? {
            let open = ask.keys.iter().filter(|key| key.answer.is_none()).count();
            brief.asked = brief.asked.saturating_add(open as u64);
        }
        let me = self.calling();
        for review in self.reviews(true).await? {
            let is_mine = |item: &&tenure_model::attest::Item| {
                item.attestation.is_none() && me.is_some_and(|me| item.reviewers.contains(me))
            };
            let left = review.items.iter().filter(is_mine).count();
            if left > 0 {
                brief.reviews.push(Item {
                    what: format!("{} in {}", text::keys(left as u64), review.campaign.title),
                    due: Some(review.campaign.due),
                });
            }
        }
        self.signatures(&mut brief).await?;
        Ok(brief)
    }

    /// What waits for the caller's signature, and what they signed.
    async fn signatures(&self, brief: &mut Brief) -> Result<()> {
        let may = |signing: Signing| matches!(signing, Signing::May | Signing::AfterSignIn);
        if self.allows_everywhere(Action::ExceptionList) {
            for shown in self.exceptions(None).await? {
                let id = tenure_model::id::ExceptionId::new(shown.id.clone());
                let due = shown.ends.or(shown.review_due);
                if let Some((action, _)) = self.awaits(&id).await?
                    && may(self.may_sign(action, &id).await?)
                {
                    brief.signatures.push(Item {
                        what: format!("{} exception for {}", shown.kind, shown.name),
                        due,
                    });
                    continue;
                }
                let is_mine = |by: &PersonId| self.calling() == Some(by);
                let signed = shown
                    .acceptance
                    .as_ref()
                    .is_some_and(|one| is_mine(one.by()));
                let near = due.is_some_and(|day: Day| day.since(self.now.day()) <= SOON);
                let stands = matches!(shown.stage, Stage::Approved | Stage::Reopened);
                if stands
                    && (signed || is_mine(&shown.requested_by))
                    && (near || shown.stage == Stage::Reopened)
                {
                    brief.ends.push(Item {
                        what: format!("{}: {}", shown.name, shown.told),
                        due,
                    });
                }
            }
        }
        for shown in self
            .key_requests(Some(key_request::State::Requested))
            .await?
        {
            let id = shown.request.id().to_owned();
            if may(self
                .may_decide_request(Action::KeyRequestApprove, &id)
                .await?)
            {
                let what = format!(
                    "a new key of {} {}",
                    shown.request.wanted().provider,
                    shown.request.wanted().credential
                );
                brief.signatures.push(Item { what, due: None });
            }
        }
        Ok(())
    }

    /// How the keys stand, in counts: who reads a channel of a team is not known, so that it names nothing.
    async fn standing(&self) -> Result<Vec<String>> {
        let all = tenure_store::Scope::whole();
        let mut lines = vec![text::keys(
            self.store.key_count(&all, &Filter::default()).await?,
        )];
        for (value, n) in self.store.facet(&all, Facet::Urgency, 10).await? {
            let what = match value.as_str() {
                "now" => "to contain now",
                "overdue" => "overdue",
                "due" => "due soon",
                _ => continue,
            };
            lines.push(format!("{} {what}", text::number(n)));
        }
        let verdicts = self.store.facet(&all, Facet::Verdict, 30).await?;
        if let Some((_, n)) = verdicts.iter().find(|(verdict, _)| verdict == "unowned") {
            lines.push(format!("{} without an owner", text::number(*n)));
        }
        Ok(lines)
    }

    /// Everybody who can be told: who has an account, and who is in the people list. Who left is told nothing.
    async fn everybody(&self) -> Result<Vec<Reached>> {
        let mut names = BTreeSet::new();
        let mut after: Option<String> = None;
        loop {
            let chunk = self.store.accounts(after.as_deref(), CHUNK).await?;
            names.extend(chunk.iter().map(|account| account.person.clone()));
            after = chunk.last().map(|account| account.person.to_string());
            if after.is_none() {
                break;
            }
        }
        let listed = self.store.people().await?;
        names.extend(
            listed
                .iter()
                .filter_map(|person| PersonId::new(&person.id).ok()),
        );
        let mut all = Vec::with_capacity(names.len());
        for person in &names {
            all.extend(self.reached(person).await?);
        }
        Ok(all)
    }

    /// Somebody as a caller who has just looked and cannot sign, with their address.
    async fn reached(&self, person: &PersonId) -> Result<Option<Reached>> {
        let account = self.store.account(person).await?;
        let list = self.people_list().await?;
        let listed = list.as_ref().and_then(|list| list.find(person.as_str()));
        if listed.is_some_and(|one| one.state == PersonState::Inactive) {
            return Ok(None);
        }
        let email = listed
            .and_then(|one| one.email.clone())
            .or_else(|| account.as_ref().map(|one| one.email.clone()))
            .filter(|email| !email.is_empty());
        Ok(Some(Reached {
            caller: Actor::Person(Caller {
                person: person.clone(),
                active: true,
                // Whose a key is hears of it, whether they were let into the console yet or not.
                roles: account
                    .map(|one| one.roles)
                    .unwrap_or_default()
                    .into_iter()
                    .chain([Held::new(Role::KeyOwner, Unit::whole())])
                    .collect(),
                via: Via::Session { fresh: false },
            }),
            person: person.clone(),
            email,
        }))
    }

    fn notice(
        &self,
        channels: &Channels,
        id: &str,
        subject: &str,
        lines: &[String],
        page: &str,
    ) -> Result<Notice> {
        let page = channels.page(page).ok_or_else(|| {
            RegisterError::Nothing("the address of the pages is not known".to_owned())
        })?;
        Notice::new(id, self.now, subject, lines, page)
            .map_err(|bad| RegisterError::Nothing(bad.to_string()))
    }

    /// Sends a message over a channel unless it went there before, and keeps in mind what came of it: why it did not
    /// arrive, where trying again may help.
    async fn deliver(&self, channel: &Arc<Channel>, message: &Message) -> Result<Option<String>> {
        // Two people may share an address, and each gets their own.
        let mut ids = message.covers.clone();
        ids.push(message.notice.id().to_owned());
        let told = self.store.told(channel.name(), &ids).await?;
        if told.len() == ids.len() {
            return Ok(None);
        }
        let outcome = self.send(channel, message).await?;
        match outcome {
            Ok(()) => {
                self.arrived(channel.name(), &ids).await?;
                Ok(None)
            }
            Err(error) => {
                let why = error.to_string();
                let permit = self.permit_part("notices", Action::NoticeSend).await?;
                let mut txn = self.store.begin(&permit, self.now).await?;
                txn.channel_failing(channel.name(), &why, error.is_for_good())
                    .await?;
                txn.commit_noted().await?;
                Ok((!error.is_for_good()).then(|| format!("{}: {why}", channel.name())))
            }
        }
    }

    /// Keeps in mind what arrived; a channel that was failing is well again.
    async fn arrived(&self, channel: &str, notices: &[String]) -> Result<()> {
        let old = self.now.plus_seconds(-FORGET);
        if self
            .store
            .note_told(channel, notices, self.now, old)
            .await?
        {
            let permit = self.permit_part("notices", Action::NoticeSend).await?;
            let mut txn = self.store.begin(&permit, self.now).await?;
            txn.channel_mended(channel).await?;
            txn.commit_noted().await?;
        }
        Ok(())
    }

    async fn send(
        &self,
        channel: &Arc<Channel>,
        message: &Message,
    ) -> Result<std::result::Result<(), crate::channels::NotifyError>> {
        let (channel, now) = (channel.clone(), self.now);
        let (notice, to) = (message.notice.clone(), message.to.clone());
        let sending =
            tokio::task::spawn_blocking(move || channel.send(&notice, to.as_deref(), now));
        sending
            .await
            .map_err(|error| RegisterError::Nothing(format!("the sending broke off: {error}")))
    }
}

fn tried(pauses: Vec<String>) -> Result<()> {
    match pauses.into_iter().next() {
        None => Ok(()),
        Some(why) => Err(RegisterError::Nothing(format!(
            "a notice did not arrive over {why}"
        ))),
    }
}

fn shown(channel: &Channel, states: &[ChannelState]) -> ChannelShown {
    let state = states.iter().find(|state| state.name == channel.name());
    ChannelShown {
        name: channel.name().to_owned(),
        kind: channel.kind(),
        gets: channel.gets(),
        to: channel.place().to_owned(),
        arrived_at: state.and_then(|state| state.arrived_at),
        failing_since: state.and_then(|state| state.failing_since),
        dead: state.is_some_and(|state| state.dead),
        why: state.map(|state| state.why.clone()).unwrap_or_default(),
    }
}
