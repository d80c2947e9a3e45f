//! Keys: the list, and one of them.

use super::owners::Owner;
use crate::{
    answer::{Json, Page, Result, Tagged},
    auth::Caller,
    error::Problem,
    extract::{self, Named, Query},
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use tenure_app::register::{Cursor, Entry, Facet, Filter, KeyRecord, MOST_COUNTED, Sort};
use tenure_model::{
    assessment::{ControlNote, Key, VerdictAnswer},
    day::Day,
    event::{Change, Event},
    facts::Verdict,
    id::KeyId,
    key::Basis,
    level::Level,
    moment::Moment,
    note::FactNote,
};

/// The usual and the largest size of a page.
const USUAL: u16 = 50;
const MOST: u16 = 500;

/// Which keys, in which order.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Wanted {
    /// Of these providers, by slug. Several values of one parameter are alternatives.
    pub(crate) provider: Vec<String>,
    /// Of these kinds, by slug.
    pub(crate) credential: Vec<String>,
    /// Of these accounts.
    pub(crate) account: Vec<String>,
    /// Of these owners.
    pub(crate) owner: Vec<String>,
    /// Of these systems.
    pub(crate) system: Vec<String>,
    /// With these findings.
    pub(crate) verdict: Vec<Verdict>,
    /// At these levels.
    pub(crate) level: Vec<Level>,
    /// As urgent as this: `now`, `overdue`, `due`, `planned`, `covered`, `none`.
    pub(crate) urgency: Vec<String>,
    /// With an exception in this state: `requested`, `approved`, `granted`.
    pub(crate) exception: Vec<String>,
    /// Words that name, provider, account, owner, system or id contain.
    #[schemars(length(max = 200))]
    pub(crate) q: Option<String>,
    /// Keys that no source names any more are wanted too.
    pub(crate) gone: bool,
    /// Due on this day or before.
    #[serde(deserialize_with = "extract::given")]
    pub(crate) due_by: Option<Day>,
    /// The order.
    #[serde(deserialize_with = "extract::given")]
    pub(crate) sort: Option<Sort>,
    /// Where the page begins: `next` of the page before.
    pub(crate) after: Option<String>,
    /// How many keys a page has.
    #[schemars(range(min = 1, max = 500))]
    #[serde(deserialize_with = "extract::given")]
    pub(crate) limit: Option<u16>,
}

/// One row of the list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Row {
    id: KeyId,
    label: String,
    provider: String,
    credential: Option<String>,
    account: Option<String>,
    owner: Option<String>,
    owner_basis: Basis,
    system: Option<String>,
    verdict: Verdict,
    level: Level,
    urgency: String,
    due: Option<Day>,
    last_used: Option<Day>,
    created: Option<Day>,
    copies: u64,
    gone: bool,
    exception: Option<String>,
}

impl From<Entry> for Row {
    fn from(entry: Entry) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: entry.id,
            label: entry.label,
            provider: entry.provider,
            credential: some(entry.credential),
            account: some(entry.account),
            owner: some(entry.owner),
            owner_basis: entry.owner_basis,
            system: some(entry.system),
            verdict: entry.verdict,
            level: entry.level,
            urgency: entry.urgency,
            due: entry.due,
            last_used: entry.last_used,
            created: entry.created,
            copies: entry.copies,
            gone: entry.gone,
            exception: some(entry.exception),
        }
    }
}

impl Wanted {
    pub(crate) fn filter(&self) -> Result<Filter> {
        if self.q.as_deref().is_some_and(|q| q.chars().count() > 200) {
            return Err(Problem::field("q", "q: at most 200 characters"));
        }
        let mut facets = BTreeMap::new();
        let words = |list: &[Verdict]| list.iter().map(|one| one.word().to_owned()).collect();
        let levels = self.level.iter().map(ToString::to_string).collect();
        for (facet, values) in [
            (Facet::Provider, self.provider.clone()),
            (Facet::Credential, self.credential.clone()),
            (Facet::Account, self.account.clone()),
            (Facet::Owner, self.owner.clone()),
            (Facet::System, self.system.clone()),
            (Facet::Verdict, words(&self.verdict)),
            (Facet::Level, levels),
            (Facet::Urgency, self.urgency.clone()),
            (Facet::Exception, self.exception.clone()),
        ] {
            let values: Vec<String> = values;
            if values.len() > 100 {
                return Err(Problem::field(
                    facet.word(),
                    format!("{facet}: at most 100 values"),
                ));
            }
            if !values.is_empty() {
                facets.insert(facet, values);
            }
        }
        Ok(Filter {
            seen: false,
            facets,
            search: self.q.clone(),
            gone: self.gone,
            due_by: self.due_by,
        })
    }
}

/// A size of a page within its bounds.
pub(crate) fn limit(wanted: Option<u16>, usual: u16, most: u16) -> Result<u64> {
    let limit = wanted.unwrap_or(usual);
    if limit == 0 || limit > most {
        return Err(Problem::field("limit", format!("limit: 1 to {most}")));
    }
    Ok(u64::from(limit))
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Row>>> {
    let after = match &wanted.after {
        None => None,
        Some(text) => Some(Cursor::of(text).ok_or_else(|| {
            Problem::field("after", "after: send `next` of the page before, as it is")
        })?),
    };
    let most = limit(wanted.limit, USUAL, MOST)?;
    let sort = wanted.sort.unwrap_or(Sort::Due);
    let desk = house.register.desk(caller.actor());
    let page = desk
        .list(&wanted.filter()?, sort, after.as_ref(), most)
        .await?;
    Ok(Json(Page {
        items: page.entries.into_iter().map(Row::from).collect(),
        next: page.next.map(|next| next.text()),
    }))
}

/// How many keys there are.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Count {
    /// So many; at most 10,000.
    count: u64,
    /// There are more than are counted.
    is_more: bool,
}

pub(crate) async fn count(
    State(house): State<House>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Count>> {
    limit(wanted.limit, USUAL, MOST)?;
    let desk = house.register.desk(caller.actor());
    let count = desk.count(&wanted.filter()?).await?;
    Ok(Json(Count {
        count: count.min(MOST_COUNTED),
        is_more: count > MOST_COUNTED,
    }))
}

/// How many keys have a value.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Share {
    value: String,
    count: u64,
}

pub(crate) async fn facets(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<BTreeMap<Facet, Vec<Share>>>> {
    let desk = house.register.desk(caller.actor());
    let facets = desk.facets().await?;
    let shares = |values: Vec<(String, u64)>| {
        let shares = values
            .into_iter()
            .map(|(value, count)| Share { value, count });
        shares.collect()
    };
    Ok(Json(
        facets
            .into_iter()
            .map(|(facet, values)| (facet, shares(values)))
            .collect(),
    ))
}

/// One key with what people said of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct One {
    /// What is known and decided of it.
    key: Key,
    /// When it came to be known.
    added_at: Moment,
    /// When something of it last changed.
    changed_at: Moment,
    /// Who was made to answer for it here.
    assigned: Option<Owner>,
    /// Its exceptions, newest first.
    exceptions: Vec<Exception>,
}

/// An exception of a key, in short.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Exception {
    id: String,
    state: String,
    version: u64,
}

fn exceptions(record: &KeyRecord) -> Vec<Exception> {
    let all = record.exceptions.iter().map(|stored| Exception {
        id: stored.exception.request().id().to_owned(),
        state: stored.state.word().to_owned(),
        version: stored.version,
    });
    all.collect()
}

async fn record(house: &House, caller: &Caller, id: &str) -> Result<KeyRecord> {
    let desk = house.register.desk(caller.actor());
    Ok(desk.key(&KeyId::new(id)).await?)
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Tagged<One>> {
    let record = record(&house, &caller, &id).await?;
    Ok(Tagged {
        value: One {
            exceptions: exceptions(&record),
            assigned: record.assigned.map(Owner::from),
            added_at: record.registered.added_at,
            changed_at: record.registered.changed_at,
            key: record.registered.key,
        },
        tag: None,
    })
}

/// A fact over a time.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Fact {
    name: String,
    /// Value, basis, source.
    note: FactNote,
    since: Moment,
    /// Until when; absent where it still holds.
    until: Option<Moment>,
}

async fn history(
    house: &House,
    caller: &Caller,
    id: &str,
    most: u64,
) -> Result<tenure_app::register::History> {
    let desk = house.register.desk(caller.actor());
    Ok(desk.history(&KeyId::new(id), most).await?)
}

pub(crate) async fn facts(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Page<Fact>>> {
    let facts = history(&house, &caller, &id, 1).await?.facts.into_iter();
    Ok(Json(Page::whole(
        facts
            .map(|row| Fact {
                name: row.name,
                note: row.note,
                since: row.since,
                until: row.until,
            })
            .collect(),
    )))
}

/// What was decided at a time.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Decided {
    at: Moment,
    verdict: Verdict,
    /// The digest of the facts.
    facts: String,
    /// The digest of the policy.
    policy: String,
    /// The whole answer, as `tenure decide` prints it.
    #[schemars(with = "VerdictAnswer")]
    answer: Value,
}

pub(crate) async fn decisions(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Page<Decided>>> {
    let decisions = history(&house, &caller, &id, 1).await?.decisions;
    Ok(Json(Page::whole(
        decisions
            .into_iter()
            .map(|decision| Decided {
                at: decision.at,
                verdict: decision.verdict,
                facts: decision.facts,
                policy: decision.policy,
                answer: decision.answer,
            })
            .collect(),
    )))
}

/// How many events.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limit {
    /// At most so many.
    #[schemars(range(min = 1, max = 500))]
    #[serde(deserialize_with = "extract::given")]
    limit: Option<u16>,
}

/// An event of a key, without who did it: that takes the right to read the log.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Happened {
    /// Its place in the log.
    index: u64,
    at: Moment,
    /// What changed, as the log has it; absent where the log is broken.
    change: Option<Change>,
}

pub(crate) async fn events(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    Query(wanted): Query<Limit>,
) -> Result<Json<Page<Happened>>> {
    let most = limit(wanted.limit, USUAL, MOST)?;
    let events = history(&house, &caller, &id, most).await?.events;
    let change = |body: &str| {
        let event: Event = serde_json::from_str(body).ok()?;
        Some(event.change)
    };
    Ok(Json(Page::whole(
        events
            .into_iter()
            .map(|entry| Happened {
                index: entry.index,
                at: entry.at,
                change: change(&entry.body),
            })
            .collect(),
    )))
}

pub(crate) async fn controls(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Page<ControlNote>>> {
    let key = record(&house, &caller, &id).await?.registered.key;
    let controls = key.controls.iter().map(|note| (**note).clone());
    Ok(Json(Page::whole(controls.collect())))
}

pub(crate) async fn kept_exceptions(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Page<Exception>>> {
    let record = record(&house, &caller, &id).await?;
    Ok(Json(Page::whole(exceptions(&record))))
}
