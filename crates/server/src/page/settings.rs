//! Settings: sources and their health, the policy, people, roles, channels, tokens, sessions.

use super::{Said, Visit, html, refused, then};
use crate::{
    answer::Result,
    error::Problem,
    extract::{Named, Query, form_of},
    house::House,
    ui::{
        form::{self, Act, Choice, How, Problem as Wrong, Typed},
        frame::Place,
        settings::{self, Body, Room},
    },
};
use axum::{body::Bytes, extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use tenure_app::{
    register::{Desk, RegisterError, WhatIf},
    report::words,
};
use tenure_model::{
    access::{Action, Held, PersonId, Role, Sort, Unit},
    day::Day,
    facts::Verdict,
    policy::Policy,
    secret::Secret,
    token::{USUAL_DAYS, Wanted},
};

/// The most accounts that are shown.
const ACCOUNTS: u64 = 500;
/// A source that was not read for so many days is stale.
const STALE_DAYS: i64 = 30;

fn rooms(desk: &Desk<'_>) -> Vec<Room> {
    let may = |action| desk.allows_everywhere(action);
    Room::ALL
        .iter()
        .copied()
        .filter(|room| match room {
            Room::Sources => may(Action::SourceView),
            Room::Policy => may(Action::PolicyView),
            Room::People => may(Action::PeopleView),
            Room::Roles => may(Action::RoleView),
            Room::Channels => may(Action::ChannelManage),
            Room::Tokens | Room::Sessions => true,
        })
        .collect()
}

async fn page(house: &House, visit: &Visit, body: Body) -> Result<Response> {
    let rooms = rooms(&visit.desk(house));
    let frame = visit.frame(house, Place::Settings, "Settings").await?;
    html(
        house,
        settings::render(&settings::Settings { frame, rooms, body }),
    )
}

/// The first room that the caller may enter.
pub(crate) async fn first(State(house): State<House>, visit: Visit) -> Result<Response> {
    let desk = visit.desk(&house);
    let room = rooms(&desk).first().copied().unwrap_or(Room::Sessions);
    then(&house, &format!("/settings/{room}"), None)
}

pub(crate) async fn sources(State(house): State<House>, visit: Visit) -> Result<Response> {
    let desk = visit.desk(&house);
    let mut parts: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for part in desk.coverage().await? {
        parts.entry(part.source).or_default().push((
            part.part,
            part.state,
            part.rows.unwrap_or_default(),
        ));
    }
    let today = desk.now.day();
    let sources = desk.sources().await?.into_iter().map(|source| {
        let covered = parts.get(&source.name).cloned().unwrap_or_default();
        settings::Source {
            id: source.name,
            kind: source.kind,
            records: covered.iter().map(|(_, _, rows)| rows).sum(),
            parts: covered
                .into_iter()
                .map(|(part, state, _)| (part, state))
                .collect(),
            failed: None,
            stale: source
                .imported_at
                .is_none_or(|at| today.since(at.day()) > STALE_DAYS),
            last: source.imported_at,
            acts: Vec::new(),
        }
    });
    let sources = sources.collect();
    page(&house, &visit, Body::Sources(sources)).await
}

/// The policy in force, with what was tried out and what came of it.
async fn policy_page(
    house: &House,
    visit: &Visit,
    tried: Option<String>,
    told: std::result::Result<Option<WhatIf>, String>,
) -> Result<Response> {
    let policy = house.register.policy();
    let text = toml_of(policy)?;
    let (what_if, problem) = match told {
        Ok(what_if) => (what_if, None),
        Err(problem) => (None, Some(problem)),
    };
    let is_wrong = problem.is_some();
    let body = settings::Policy {
        version: policy.version.clone(),
        digest: policy.digest(),
        tried: tried.unwrap_or_else(|| text.clone()),
        text,
        problem,
        what_if: what_if.map(shown),
        may_change: false,
        tries: true,
    };
    let mut answer = page(house, visit, Body::Policy(Box::new(body))).await?;
    if is_wrong {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

fn shown(told: WhatIf) -> settings::WhatIf {
    let says = |(verdict, due): (Verdict, Option<Day>)| {
        let verdict = words::verdict(verdict);
        due.map_or_else(
            || verdict.to_owned(),
            |day| format!("{verdict}, by {}", day.long()),
        )
    };
    settings::WhatIf {
        digest: told.digest,
        keys: told.keys,
        verdicts: told
            .verdicts
            .into_iter()
            .map(|(verdict, (now, then))| (verdict, now, then))
            .collect(),
        changed: told
            .changed
            .into_iter()
            .map(|key| settings::Moved {
                address: form::key(key.id.as_str()),
                name: key.name,
                level: key.level,
                before: says(key.before),
                after: says(key.after),
            })
            .collect(),
        left: told.left,
    }
}

pub(crate) async fn policy(State(house): State<House>, visit: Visit) -> Result<Response> {
    visit.desk(&house).may(Action::PolicyView).await?;
    policy_page(&house, &visit, None, Ok(None)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tried {
    policy: String,
}

/// What another policy would do. Nothing of it is kept.
pub(crate) async fn what_if(
    State(house): State<House>,
    visit: Visit,
    body: Bytes,
) -> Result<Response> {
    let form: Tried = form_of(&body)?;
    let desk = visit.desk(&house);
    desk.may(Action::PolicyView).await?;
    desk.may(Action::KeyList).await?;
    let told = match Policy::parse(&form.policy) {
        Ok(policy) => Ok(Some(desk.what_if(&policy).await?)),
        Err(error) => Err(error.to_string()),
    };
    policy_page(&house, &visit, Some(form.policy), told).await
}

/// As a policy file has it: what is tried is read as one.
fn toml_of(policy: &Policy) -> Result<String> {
    toml::to_string_pretty(policy).map_err(|error| Problem::ours(&error))
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Find {
    q: String,
}

pub(crate) async fn people(
    State(house): State<House>,
    visit: Visit,
    Query(find): Query<Find>,
) -> Result<Response> {
    let desk = visit.desk(&house);
    let list = desk.people().await?;
    let owned = super::facets(&desk).await?;
    let owned = owned.get(&tenure_app::register::Facet::Owner);
    let keys = |person: &tenure_model::key::Person| {
        let values = owned.map(Vec::as_slice).unwrap_or_default();
        let is = |name: &str| *name == person.id || person.email.as_deref() == Some(name);
        values
            .iter()
            .filter(|(name, _)| is(name))
            .map(|(_, n)| n)
            .sum()
    };
    let low = find.q.trim().to_lowercase();
    let found: Vec<_> = list
        .iter()
        .filter(|person| {
            let mail = person.email.as_deref().unwrap_or_default();
            low.is_empty() || person.id.to_lowercase().contains(&low) || mail.contains(&low)
        })
        .collect();
    let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let people = found.into_iter().take(200).map(|person| settings::Person {
        id: person.id.clone(),
        name: person.email.clone().unwrap_or_else(|| person.id.clone()),
        state: person.state.word().replace('_', " "),
        until: person.until,
        keys: keys(person),
    });
    let body = settings::People {
        people: people.collect(),
        count,
        search: find.q,
        next: None,
    };
    page(&house, &visit, Body::People(body)).await
}

fn choice(value: &str, label: &str, chosen: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen,
    }
}

async fn roles_page(house: &House, visit: &Visit, typed: Typed) -> Result<Response> {
    let desk = visit.desk(house);
    let may_assign = desk.allows_everywhere(Action::RoleAssign);
    let mut held = Vec::new();
    for record in desk.accounts(None, ACCOUNTS).await? {
        let person = record.account.person.to_string();
        for one in &record.account.roles {
            let fields = vec![
                ("person", person.clone()),
                ("role", one.role().word().to_owned()),
                ("unit", one.unit().to_string()),
            ];
            held.push(settings::Held {
                person: person.clone(),
                role: one.role().name().to_owned(),
                unit: if one.unit().is_whole() {
                    "the whole organisation".to_owned()
                } else {
                    one.unit().to_string()
                },
                acts: vec![Act {
                    label: "Take it away".to_owned(),
                    why: None,
                    how: How::Send("/settings/roles/take".to_owned(), fields),
                }],
            });
        }
    }
    let units = desk.units_known().await?;
    let body = settings::Roles {
        held,
        roles: Role::ALL
            .iter()
            .map(|role| choice(role.word(), role.name(), typed.value("role") == role.word()))
            .collect(),
        units: units
            .iter()
            .map(|unit| {
                let label = if unit.is_whole() {
                    "the whole organisation"
                } else {
                    unit.as_str()
                };
                choice(unit.as_str(), label, typed.value("unit") == unit.as_str())
            })
            .collect(),
        may_assign,
        typed: typed.clone(),
    };
    Ok(refused(
        &typed,
        page(house, visit, Body::Roles(body)).await?,
    ))
}

pub(crate) async fn roles(State(house): State<House>, visit: Visit) -> Result<Response> {
    roles_page(&house, &visit, Typed::default()).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleForm {
    person: String,
    role: Role,
    unit: Unit,
}

async fn change_role(
    house: &House,
    visit: &Visit,
    form: RoleForm,
    gives: bool,
) -> Result<Response> {
    let desk = visit.desk(house);
    let held = Held::new(form.role, form.unit.clone());
    let wrong = |text: String| Typed {
        values: vec![
            ("person", form.person.clone()),
            ("role", form.role.word().to_owned()),
            ("unit", form.unit.to_string()),
        ],
        problems: vec![Wrong {
            field: "person",
            text,
        }],
    };
    let person = match PersonId::new(&form.person) {
        Ok(person) => person,
        Err(error) => return roles_page(house, visit, wrong(error.to_string())).await,
    };
    let known = match desk.account(&person).await {
        Ok(record) => Some(record.account),
        Err(RegisterError::Store(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let mut roles = known
        .as_ref()
        .map(|account| account.roles.clone())
        .unwrap_or_default();
    let same = |one: &Held| one.role() == held.role() && one.unit() == held.unit();
    roles.retain(|one| !same(one));
    if gives {
        roles.push(held.clone());
    }
    let seen = known.map(|account| account.version);
    match desk.set_roles(&person, roles, seen).await {
        Ok(_) => then(house, "/settings/roles", Some(Said::RolesGiven)),
        Err(RegisterError::Field(_, problem)) => roles_page(house, visit, wrong(problem)).await,
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn give_role(
    State(house): State<House>,
    visit: Visit,
    body: Bytes,
) -> Result<Response> {
    change_role(&house, &visit, form_of(&body)?, true).await
}

pub(crate) async fn take_role(
    State(house): State<House>,
    visit: Visit,
    body: Bytes,
) -> Result<Response> {
    change_role(&house, &visit, form_of(&body)?, false).await
}

/// The sorts of acts that a token may be for.
const SORTS: [Sort; 4] = [Sort::Read, Sort::Supply, Sort::Work, Sort::Administer];

fn sort_says(sort: Sort) -> &'static str {
    match sort {
        Sort::Read => "read",
        Sort::Supply => "bring facts in",
        Sort::Work => "change what is recorded",
        Sort::Sign => "sign",
        Sort::Administer => "run the installation",
        Sort::Carry => "carry out",
    }
}

async fn tokens_page(
    house: &House,
    visit: &Visit,
    made: Option<settings::Made>,
    typed: Typed,
) -> Result<Response> {
    let desk = visit.desk(house);
    let tokens = desk.tokens(visit.caller.person()).await?.into_iter();
    let tokens = tokens.filter(|one| one.token.revoked.is_none()).map(|one| {
        let scopes: Vec<&str> = one
            .token
            .sorts
            .iter()
            .map(|sort| sort_says(*sort))
            .collect();
        settings::Token {
            acts: vec![Act {
                label: "Revoke".to_owned(),
                why: None,
                how: How::Send(
                    "/settings/tokens/revoke".to_owned(),
                    vec![("token", one.token.id.clone())],
                ),
            }],
            id: one.token.id,
            name: one.token.name,
            scopes: scopes.join(", "),
            ends: one.token.expires,
            last_used: one.used,
        }
    });
    let body = settings::Tokens {
        tokens: tokens.collect(),
        made,
        scopes: SORTS
            .iter()
            .map(|sort| choice(sort.word(), sort_says(*sort), *sort == Sort::Read))
            .collect(),
        may_make: true,
        typed: typed.clone(),
    };
    Ok(refused(
        &typed,
        page(house, visit, Body::Tokens(body)).await?,
    ))
}

pub(crate) async fn tokens(State(house): State<House>, visit: Visit) -> Result<Response> {
    tokens_page(&house, &visit, None, Typed::default()).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenForm {
    name: String,
    #[serde(default)]
    scope: Vec<Sort>,
    #[serde(default)]
    days: String,
}

pub(crate) async fn make_token(
    State(house): State<House>,
    visit: Visit,
    body: Bytes,
) -> Result<Response> {
    let form: TokenForm = form_of(&body)?;
    let days = match form.days.trim() {
        "" => Some(USUAL_DAYS),
        text => text.parse().ok(),
    };
    let back = |field, text: String| Typed {
        values: vec![("name", form.name.clone()), ("days", form.days.clone())],
        problems: vec![Wrong { field, text }],
    };
    let Some(days) = days else {
        let typed = back("days", "Write a number of days".to_owned());
        return tokens_page(&house, &visit, None, typed).await;
    };
    let mut sorts = form.scope.clone();
    sorts.sort();
    sorts.dedup();
    let wanted = Wanted {
        id: String::new(),
        name: form.name.clone(),
        person: visit.caller.person().clone(),
        sorts,
        within: Unit::whole(),
        days,
    };
    match visit.desk(&house).make_token(wanted).await {
        Ok(made) => {
            let made = settings::Made {
                name: made.kept.name,
                secret: Secret::new(made.text.expose().as_bytes()),
            };
            tokens_page(&house, &visit, Some(made), Typed::default()).await
        }
        Err(RegisterError::Field(_, problem)) => {
            tokens_page(&house, &visit, None, back("name", problem)).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenNamed {
    token: String,
}

pub(crate) async fn channels(State(house): State<House>, visit: Visit) -> Result<Response> {
    let desk = visit.desk(&house);
    let all = desk.channels(house.register.channels()).await?.into_iter();
    let shown = all.map(|one| settings::Channel {
        acts: vec![Act {
            label: "Try it".to_owned(),
            why: None,
            how: How::Send(
                "/settings/channels/try".to_owned(),
                vec![("channel", one.name.clone())],
            ),
        }],
        name: one.name,
        kind: one.kind.to_owned(),
        gets: one.gets.word().to_owned(),
        to: one.to,
        last: one.arrived_at,
        failed: (!one.why.is_empty()).then_some(one.why),
        dead: one.dead,
    });
    let shown = shown.collect();
    page(&house, &visit, Body::Channels(shown)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelNamed {
    channel: String,
}

pub(crate) async fn try_channel(
    State(house): State<House>,
    visit: Visit,
    body: Bytes,
) -> Result<Response> {
    let form: ChannelNamed = form_of(&body)?;
    visit
        .desk(&house)
        .try_channel(house.register.channels(), &form.channel)
        .await?;
    then(&house, "/settings/channels", Some(Said::ChannelTried))
}

pub(crate) async fn revoke_token(
    State(house): State<House>,
    visit: Visit,
    body: Bytes,
) -> Result<Response> {
    let form: TokenNamed = form_of(&body)?;
    visit
        .desk(&house)
        .revoke_token(visit.caller.person(), &form.token)
        .await?;
    then(&house, "/settings/tokens", Some(Said::TokenRevoked))
}

pub(crate) async fn sessions(State(house): State<House>, visit: Visit) -> Result<Response> {
    let desk = visit.desk(&house);
    let this = visit
        .caller
        .0
        .session
        .as_ref()
        .map(|session| session.id.clone());
    let sessions = desk.sessions(visit.caller.person()).await?.into_iter();
    let sessions = sessions.map(|one| settings::Session {
        since: one.began,
        last: one.seen,
        browser: format!(
            "a browser, signed in by {}",
            one.proof.method.word().replace('_', " ")
        ),
        this: this.as_ref() == Some(&one.id),
        acts: vec![Act {
            label: "End it".to_owned(),
            why: None,
            how: How::Send(
                format!(
                    "/settings/sessions/{}/end",
                    tenure_app::report::text::segment(&one.id)
                ),
                Vec::new(),
            ),
        }],
    });
    let sessions = sessions.collect();
    page(&house, &visit, Body::Sessions(sessions)).await
}

pub(crate) async fn end_session(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
) -> Result<Response> {
    let desk = visit.desk(&house);
    desk.end_sessions(visit.caller.person(), Some(&id)).await?;
    then(&house, "/settings/sessions", Some(Said::SessionEnded))
}
