//! Today: what stands, what changed since the caller last looked, what waits for them.

use super::{Visit, exceptions, html, told};
use crate::{
    answer::Result,
    auth,
    house::House,
    ui::{form, frame::Place, today},
};
use axum::{extract::State, http::HeaderMap, response::Response};
use std::{collections::BTreeMap, sync::Arc};
use tenure_app::{
    register::{Desk, Entry, EventFilter, Facet, Filter, Sort},
    report::words,
};
use tenure_model::{
    access::{Action, Actor, PersonId, Role},
    decide::Urgency,
    exception::Stage,
    horizon::Horizon,
    moment::Moment,
};

/// How many things of the queue, and how many events, are shown.
const SHOWN: usize = 7;
/// A visit is over after so many seconds without a look.
const VISIT: u32 = 30 * 60;
/// The cookie with when this visit began, and the one before.
const LOOKED: &str = "tenure_looked";
const YEAR: i64 = 365 * 86_400;
/// Ends within so many days are named first.
const SOON: i64 = 90;

/// The picture of what a caller may see: the one that is held, or a new one.
async fn picture(house: &House, desk: &Desk<'_>, visit: &Visit) -> Result<Arc<Horizon>> {
    let account = &visit.caller.0.account;
    if let Some(held) = house.pictures.of(account, desk.now) {
        return Ok(held);
    }
    let assessment = desk.assessment().await?;
    let picture = Arc::new(Horizon::of(&assessment, None));
    house.pictures.hold(account, desk.now, &picture);
    Ok(picture)
}

pub(crate) async fn today(
    State(house): State<House>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response> {
    let desk = visit.desk(&house);
    let (before, began) = looked(&headers, desk.now);
    let only_signs = {
        let roles = &visit.caller.0.account.roles;
        !roles.is_empty() && roles.iter().all(|held| held.role() == Role::RiskOwner)
    };
    let body = if only_signs {
        today::Body::RiskOwner(risk_owner(&house, &desk, &visit).await?)
    } else if desk.allows_somewhere(Action::KeyList).await? {
        today::Body::Team(Box::new(team(&house, &desk, &visit, before).await?))
    } else {
        today::Body::Owner(owner(&desk).await?)
    };
    let frame = visit.frame(&house, Place::Today, "Today").await?;
    let mut answer = html(&house, today::render(&today::Today { frame, body }))?;
    let word = format!("{}.{}", before.map_or(0, Moment::micros), began.micros());
    auth::set_word(&house, answer.headers_mut(), LOOKED, &word, YEAR);
    Ok(answer)
}

/// When the visit before this one was, and when this one began.
fn looked(headers: &HeaderMap, now: Moment) -> (Option<Moment>, Moment) {
    let word = auth::cookie(headers, LOOKED).unwrap_or_default();
    let moment = |text: &str| text.parse::<i64>().ok().map(Moment::from_micros);
    let (before, began) = word
        .split_once('.')
        .map_or((None, None), |(before, began)| {
            (moment(before).filter(|at| at.micros() > 0), moment(began))
        });
    match began {
        Some(began) if began.within(VISIT, now) => (before, began),
        began => (began.filter(|at| *at <= now), now),
    }
}

fn waiting(entry: &Entry) -> today::Waiting {
    today::Waiting {
        text: format!("See to {}", entry.label),
        why: words::verdict(entry.verdict).to_lowercase(),
        level: Some(entry.level),
        urgency: entry.urgency.parse().unwrap_or(Urgency::None),
        due: entry.due,
        address: form::key(entry.id.as_str()),
    }
}

fn signature(one: &crate::ui::decisions::Waiting) -> today::Waiting {
    today::Waiting {
        text: format!("{}: {}", one.kind.title(), one.name),
        why: format!("asked for by {}", one.by),
        level: Some(one.level),
        urgency: Urgency::Due,
        due: one.due,
        address: one.address(),
    }
}

/// Keys that need somebody.
fn pressing() -> Filter {
    let pressing = Urgency::ALL.iter().filter(|urgency| urgency.presses());
    let words = pressing.map(|urgency| urgency.word().to_owned());
    Filter {
        facets: BTreeMap::from([(Facet::Urgency, words.collect())]),
        ..Filter::default()
    }
}

async fn team(
    house: &House,
    desk: &Desk<'_>,
    visit: &Visit,
    before: Option<Moment>,
) -> Result<today::Team> {
    let all = desk.count(&Filter::default()).await?;
    let facets = desk.facets().await?;
    let count = |facet: Facet, value: &str| {
        let values = facets.get(&facet).map(Vec::as_slice).unwrap_or_default();
        let found = values.iter().find(|(known, _)| known == value);
        found.map_or(0, |(_, n)| *n)
    };
    let figure = |name: &str, count, address: &str| today::Figure {
        name: name.to_owned(),
        count,
        address: address.to_owned(),
    };
    let unowned = count(Facet::Verdict, "unowned");
    let queue = desk
        .list(&pressing(), Sort::Due, None, SHOWN as u64)
        .await?;
    let pressing = desk.count(&pressing()).await?;
    let mut waits: Vec<today::Waiting> = visit
        .waiting(house)
        .await?
        .theirs()
        .map(signature)
        .collect();
    let for_signing = u64::try_from(waits.len()).unwrap_or(u64::MAX);
    waits.extend(queue.entries.iter().map(waiting));
    waits.truncate(SHOWN);
    let shown = u64::try_from(waits.len()).unwrap_or(u64::MAX);
    Ok(today::Team {
        sentence: if all == 0 {
            "Nothing is known yet".to_owned()
        } else {
            format!(
                "{}, {} of them nobody answers for",
                tenure_app::report::text::keys(all),
                tenure_app::report::text::number(unowned)
            )
        },
        horizon: if all == 0 {
            None
        } else {
            let picture = picture(house, desk, visit).await?;
            Some(today::Drawing::of(&picture))
        },
        figures: if all == 0 {
            Vec::new()
        } else {
            vec![
                figure("At B4", count(Facet::Level, "B4"), "/keys?level=B4"),
                figure("At B3", count(Facet::Level, "B3"), "/keys?level=B3"),
                figure(
                    "To contain now",
                    count(Facet::Urgency, "now"),
                    "/keys?urgency=now",
                ),
                figure("Without an owner", unowned, "/keys?verdict=unowned"),
                figure(
                    "Signed for",
                    count(Facet::Exception, "granted"),
                    "/keys?exception=granted",
                ),
            ]
        },
        since: since(desk, before).await?,
        queue_left: pressing.saturating_add(for_signing).saturating_sub(shown),
        queue: waits,
        backlog: None,
    })
}

async fn since(desk: &Desk<'_>, before: Option<Moment>) -> Result<today::Since> {
    let mut since = today::Since {
        when: before,
        ..today::Since::default()
    };
    if desk.allows_everywhere(Action::LogView) {
        let logged = desk.log(&EventFilter::default(), None, 50).await?;
        let told = told(desk, &logged).await?;
        let mut events: Vec<_> = told
            .into_iter()
            .map(|(_, event)| event)
            .filter(|event| before.is_none_or(|before| event.at > before))
            .collect();
        since.left = u64::try_from(events.len().saturating_sub(SHOWN)).unwrap_or(u64::MAX);
        events.truncate(SHOWN);
        since.events = events;
    }
    Ok(since)
}

/// The person who calls.
fn visit_person<'d>(desk: &Desk<'d>) -> Option<&'d PersonId> {
    match desk.caller {
        Actor::Person(caller) => Some(&caller.person),
        Actor::Operator(_) | Actor::Worker(_) => None,
    }
}

async fn owner(desk: &Desk<'_>) -> Result<today::Owner> {
    let mut view = today::Owner {
        keys: 0,
        need: Vec::new(),
        rest: Vec::new(),
        asked: desk.asked_of_me().await?.first().map(|(ask, _)| {
            format!(
                "/answers/{}",
                tenure_app::report::text::segment(ask.id.as_str())
            )
        }),
    };
    let me = visit_person(desk);
    for review in desk.reviews(true).await? {
        if let Some(left) = me.and_then(|me| review.waits_for.get(me.as_str()).copied()) {
            view.need.push(today::Waiting {
                text: format!("Attest {}", tenure_app::report::text::keys(left)),
                why: review.campaign.title.clone(),
                level: None,
                urgency: Urgency::Due,
                due: Some(review.campaign.due),
                address: format!(
                    "/reviews/{}",
                    tenure_app::report::text::segment(&review.campaign.id)
                ),
            });
        }
    }
    // Who answers for nothing is told so, and denied nothing.
    let page = desk.own_keys(200).await?;
    view.keys = u64::try_from(page.len()).unwrap_or(u64::MAX);
    for entry in &page {
        if entry.urgency.parse().is_ok_and(Urgency::presses) {
            view.need.push(waiting(entry));
        } else {
            view.rest.push(today::Mine {
                name: entry.label.clone(),
                address: form::key(entry.id.as_str()),
                verdict: entry.verdict,
                level: entry.level,
            });
        }
    }
    Ok(view)
}

async fn risk_owner(house: &House, desk: &Desk<'_>, visit: &Visit) -> Result<today::RiskOwner> {
    let me = visit.caller.person();
    let mut view = today::RiskOwner {
        waits: visit
            .waiting(house)
            .await?
            .theirs()
            .map(signature)
            .collect(),
        ends: Vec::new(),
        signed: Vec::new(),
    };
    if !desk.allows_everywhere(Action::ExceptionList) {
        return Ok(view);
    }
    for shown in desk.exceptions(None).await? {
        let by_me = shown.acceptance.as_ref().is_some_and(|one| one.by() == me);
        let Some(day) = shown.ends.or(shown.review_due).filter(|_| by_me) else {
            continue;
        };
        let one = today::Signed {
            address: exceptions::address(&shown.id),
            name: shown.name,
            level: shown.level,
            permanent: shown.kind != "transitional",
            day,
            reopened: (shown.stage == Stage::Reopened).then_some(shown.told),
        };
        if day.since(desk.now.day()) <= SOON {
            view.ends.push(one);
        } else {
            view.signed.push(one);
        }
    }
    view.ends.sort_by_key(|one| one.day);
    Ok(view)
}
