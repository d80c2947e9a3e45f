//! Notices: each person what needs them, a team how things stand, a pager what has to be contained at once. A notice
//! leads to a page and carries no action.

use super::{Desk, Entry, Facet, Filter, RegisterError, Result, Sort, account::is_active};
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
    key_request,
    moment::Moment,
    people::{People, callers},
};
use tenure_store::{Account, ChannelState, Standing, StoreError};

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

/// A message on its way.
struct Message {
    notice: Notice,
    /// What it is known by beside its own id.
    covers: Vec<String>,
    /// The one person that it is for, and their address.
    to: Option<(PersonId, String)>,
}

impl Message {
    /// One that is known by its own id, for whom the settings name.
    fn of(notice: Notice) -> Self {
        Self {
            notice,
            covers: Vec::new(),
            to: None,
        }
    }
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
                let account = self.store.account(person).await?;
                let reached = self.reached(person, account.as_ref()).await?;
                let no_address =
                    || RegisterError::Nothing("nobody knows an e-mail address of yours".to_owned());
                let email = reached.and_then(|one| one.email).ok_or_else(no_address)?;
                Some((person.clone(), email))
            }
            _ => None,
        };
        let id = format!("try-{}", self.now.micros());
        let lines = [format!("The channel {name} works. Nothing needs you.")];
        let notice = self.notice(channels, &id, "Tenure: a try", &lines, "/")?;
        let message = Message {
            to,
            ..Message::of(notice)
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
        if outcome.is_ok() && self.note_told(name, &[]).await? {
            self.mended(name).await?;
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
        let mut later = Vec::new();
        if channels.that_get(Gets::People).next().is_some() {
            let mut messages = Vec::new();
            for reached in self.everybody().await? {
                let desk = Desk {
                    caller: &reached.caller,
                    ..*self
                };
                let brief = desk.brief().await?;
                let Some(email) = reached.email.filter(|_| brief.count() > 0) else {
                    continue;
                };
                let id = brief.id(&reached.person, self.now.day());
                let notice = self.notice(channels, &id, &brief.subject(), &brief.lines(), "/")?;
                messages.push(Message {
                    to: Some((reached.person, email)),
                    ..Message::of(notice)
                });
            }
            for channel in channels.that_get(Gets::People) {
                later.extend(self.tell(channel, &messages).await?);
            }
        }
        if channels.that_get(Gets::Team).next().is_some() {
            let lines = self.standing().await?;
            let id = format!("team-{}", self.now.day());
            let notice = self.notice(channels, &id, "Tenure: how the keys stand", &lines, "/")?;
            let messages = [Message::of(notice)];
            for channel in channels.that_get(Gets::Team) {
                later.extend(self.tell(channel, &messages).await?);
            }
        }
        tried(later)
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
        let mut later = Vec::new();
        for channel in channels.that_get(Gets::Pager) {
            let told = self.store.told(channel.name(), &ids).await?;
            let new: Vec<&(String, Entry)> =
                alarms.iter().filter(|(id, _)| !told.contains(id)).collect();
            later.extend(self.tell(channel, &self.alarms(channels, &new)?).await?);
        }
        tried(later)
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
                covers,
                ..Message::of(notice)
            }]);
        }
        let one = |(id, entry): &&(String, Entry)| {
            let subject = format!("Tenure: contain {} now", entry.label);
            let page = format!("/keys/{}", text::segment(entry.id.as_str()));
            let notice = self.notice(channels, id, &subject, &[named(entry)], &page)?;
            Ok(Message::of(notice))
        };
        new.iter().map(one).collect()
    }

    /// What needs the person who calls: what they would see on their page, by the same use cases.
    async fn brief(&self) -> Result<Brief> {
        let mut brief = Brief::default();
        let own = self.own_keys(KEYS).await?;
        let pressing = own
            .iter()
            .filter(|entry| entry.urgency.parse().is_ok_and(Urgency::presses));
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
            if let Some(left) = me.and_then(|me| review.waits_for.get(me.as_str())) {
                brief.reviews.push(Item {
                    what: format!("{} in {}", text::keys(*left), review.campaign.title),
                    due: Some(review.campaign.due),
                });
            }
        }
        self.signatures(&mut brief).await?;
        Ok(brief)
    }

    /// What waits for the caller's signature, and what they signed.
    async fn signatures(&self, brief: &mut Brief) -> Result<()> {
        if self.allows_everywhere(Action::ExceptionList) {
            for shown in self.exceptions(None).await? {
                let id = tenure_model::id::ExceptionId::new(shown.id.clone());
                let due = shown.ends.or(shown.review_due);
                if let Some((action, _)) = self.awaits(&id).await?
                    && self.may_sign(action, &id).await?.is_theirs()
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
            let signing = self.may_decide_request(Action::KeyRequestApprove, &id);
            if signing.await?.is_theirs() {
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

    /// Everybody who may have something to be told: who has an account, and whom keys, questions or campaigns name. Who
    /// left is told nothing, and who has an account under another name than in the people list is one person.
    async fn everybody(&self) -> Result<Vec<Reached>> {
        let list = People::new(self.store.people().await?);
        let mut all = Vec::new();
        let mut met = BTreeSet::new();
        let mut after: Option<String> = None;
        loop {
            let chunk = self.store.accounts(after.as_deref(), CHUNK).await?;
            for account in &chunk {
                met.extend(callers(account.person.as_str(), Some(&list)));
                all.extend(self.reached(&account.person, Some(account)).await?);
            }
            after = chunk.last().map(|account| account.person.to_string());
            if after.is_none() {
                break;
            }
        }
        for name in self.named_people().await? {
            let listed = list.find(&name).map(|person| person.id.as_str());
            let Ok(person) = PersonId::new(listed.unwrap_or(&name)) else {
                continue;
            };
            if !met.contains(&person) {
                met.extend(callers(person.as_str(), Some(&list)));
                all.extend(self.reached(&person, None).await?);
            }
        }
        Ok(all)
    }

    /// Somebody as a caller who cannot sign now, with their address; `None` where they left.
    async fn reached(
        &self,
        person: &PersonId,
        account: Option<&Account>,
    ) -> Result<Option<Reached>> {
        let known = account.map_or("", |one| one.email.as_str());
        let standing = self.store.standing(person.as_str(), known).await?;
        if !is_active(&standing, self.now.day()) {
            return Ok(None);
        }
        let listed = match standing {
            Standing::Listed(listed) => listed.email,
            Standing::Unlisted | Standing::Gone => None,
        };
        let held = account.map(|one| one.roles.clone()).unwrap_or_default();
        // Whose a key is hears of it, whether they were let into the console yet or not.
        let owner = Held::new(Role::KeyOwner, Unit::whole());
        Ok(Some(Reached {
            caller: Actor::Person(Caller {
                person: person.clone(),
                active: true,
                roles: held.into_iter().chain([owner]).collect(),
                via: Via::Session { fresh: false },
            }),
            person: person.clone(),
            email: listed.or_else(|| (!known.is_empty()).then(|| known.to_owned())),
        }))
    }

    /// Whom keys, open questions and open campaigns name, as they are written there.
    async fn named_people(&self) -> Result<BTreeSet<String>> {
        let all = tenure_store::Scope::whole();
        let owners = self.store.facet(&all, Facet::Owner, u64::from(u32::MAX));
        let mut names: BTreeSet<String> = owners.await?.into_iter().map(|(name, _)| name).collect();
        for ask in self.store.asks(true, u64::from(u32::MAX)).await? {
            names.insert(ask.person);
            names.extend(ask.escalated_to);
        }
        for review in self.reviews(true).await? {
            names.extend(review.waits_for.into_keys());
        }
        Ok(names)
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

    /// Sends messages over a channel, each unless it went there before, and keeps in mind what came of it: why one did
    /// not arrive, where trying again may help. A channel fails where nothing arrives over it; where the rest does, an
    /// address is wrong, which is told of its person.
    async fn tell(&self, channel: &Arc<Channel>, messages: &[Message]) -> Result<Option<String>> {
        let name = channel.name();
        let (mut arrived, mut was_failing) = (false, false);
        let mut failed = Vec::new();
        for message in messages {
            let mut ids = message.covers.clone();
            ids.push(message.notice.id().to_owned());
            if self.store.told(name, &ids).await?.len() == ids.len() {
                continue;
            }
            match self.send(channel, message).await? {
                Ok(()) => {
                    arrived = true;
                    was_failing |= self.note_told(name, &ids).await?;
                }
                Err(error) => failed.push((message, error)),
            }
        }
        if was_failing {
            self.mended(name).await?;
        }
        if !failed.is_empty() {
            let permit = self.permit_part("notices", Action::NoticeSend).await?;
            let mut txn = self.store.begin(&permit, self.now).await?;
            if arrived {
                for (message, error) in failed.iter().filter(|(_, error)| error.is_for_good()) {
                    if let Some((person, _)) = &message.to {
                        txn.note(refused(person, name, &error.to_string()));
                    }
                }
            } else if let Some((_, error)) = failed.first() {
                let dead = failed.iter().all(|(_, error)| error.is_for_good());
                txn.channel_failing(name, &error.to_string(), dead).await?;
            }
            txn.commit_noted().await?;
        }
        let later = failed.iter().find(|(_, error)| !error.is_for_good());
        Ok(later.map(|(_, error)| format!("{name}: {error}")))
    }

    /// Keeps in mind what arrived, and says whether its channel was failing until then.
    async fn note_told(&self, channel: &str, notices: &[String]) -> Result<bool> {
        let old = self.now.plus_seconds(-FORGET);
        let noted = self.store.note_told(channel, notices, self.now, old);
        Ok(noted.await?)
    }

    async fn mended(&self, channel: &str) -> Result<()> {
        let permit = self.permit_part("notices", Action::NoticeSend).await?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        txn.channel_mended(channel).await?;
        txn.commit_noted().await?;
        Ok(())
    }

    async fn send(
        &self,
        channel: &Arc<Channel>,
        message: &Message,
    ) -> Result<std::result::Result<(), crate::channels::NotifyError>> {
        let (channel, now) = (channel.clone(), self.now);
        let notice = message.notice.clone();
        let to = message.to.as_ref().map(|(_, email)| email.clone());
        let sending =
            tokio::task::spawn_blocking(move || channel.send(&notice, to.as_deref(), now));
        sending
            .await
            .map_err(|error| RegisterError::Nothing(format!("the sending broke off: {error}")))
    }
}

/// Somebody whose address took no message, while those of others did.
fn refused(person: &PersonId, channel: &str, why: &str) -> Change {
    Change::Act {
        act: "notice.refused".to_owned(),
        kind: "person".to_owned(),
        id: person.to_string(),
        detail: serde_json::json!({ "channel": channel, "why": why }),
    }
}

fn tried(later: Vec<String>) -> Result<()> {
    match later.into_iter().next() {
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
