//! Who calls: what they hold, their sessions, their tokens.

use super::accounts::{HeldRole, Session, Token, session, token};
use crate::{
    answer::{Created, Done, Json, Page, Result},
    auth::Caller,
    door,
    extract::{self, Named},
    guard::CSRF_OF_API,
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenure_app::register::StoredToken;
use tenure_model::{
    access::{Actor, PersonId, Sort, Unit, Via},
    token::{USUAL_DAYS, Wanted},
};

/// Who calls.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Me {
    person: PersonId,
    name: Option<String>,
    roles: Vec<HeldRole>,
    /// Whether they still work here.
    active: bool,
    /// How the call came in: `session` or `token`.
    via: &'static str,
    /// Whether the sign-in is young enough to sign with.
    fresh: bool,
    /// What a script sends as `X-CSRF-Token` with its calls in this session; absent for tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf: Option<String>,
}

pub(crate) async fn me(State(house): State<House>, caller: Caller) -> Result<Json<Me>> {
    let account = &caller.0.account;
    let (active, fresh, is_session) = match caller.actor() {
        Actor::Person(known) => match known.via {
            Via::Session { fresh } => (known.active, fresh, true),
            Via::Token { .. } => (known.active, false, false),
        },
        Actor::Operator(_) | Actor::Worker(_) => (true, false, false),
    };
    let csrf = door::csrf(&house, &caller, CSRF_OF_API)?;
    Ok(Json(Me {
        person: account.person.clone(),
        name: Some(account.name.clone()).filter(|name| !name.is_empty()),
        roles: account.roles.iter().map(HeldRole::from).collect(),
        active,
        via: if is_session { "session" } else { "token" },
        fresh,
        csrf: Some(csrf).filter(|token| !token.is_empty()),
    }))
}

pub(crate) async fn sessions(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<Page<Session>>> {
    let desk = house.register.desk(caller.actor());
    let all = desk.sessions(caller.person()).await?.into_iter();
    Ok(Json(Page::whole(
        all.map(|one| session(one, &caller)).collect(),
    )))
}

pub(crate) async fn end_sessions(State(house): State<House>, caller: Caller) -> Result<Done> {
    let desk = house.register.desk(caller.actor());
    desk.end_sessions(caller.person(), None).await?;
    Ok(Done)
}

pub(crate) async fn end_session(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Done> {
    let desk = house.register.desk(caller.actor());
    desk.end_sessions(caller.person(), Some(&id)).await?;
    Ok(Done)
}

pub(crate) async fn tokens(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<Page<Token>>> {
    let desk = house.register.desk(caller.actor());
    let all = desk.tokens(caller.person()).await?.into_iter();
    Ok(Json(Page::whole(all.map(token).collect())))
}

/// A token that is wanted. It can do what its person may at the time of a call, and no more than this.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedToken {
    /// What it is for.
    #[schemars(length(min = 1, max = 200))]
    name: String,
    /// What it may be used for: `read`, `supply`, `work`, `administer`.
    #[schemars(length(min = 1, max = 4))]
    sorts: Vec<Sort>,
    /// Where: a business unit, by its path; everywhere where none is named.
    #[serde(default = "Unit::whole")]
    within: Unit,
    /// Days until it expires.
    #[serde(default = "usual_days")]
    #[schemars(range(min = 1, max = 365))]
    days: u32,
}

fn usual_days() -> u32 {
    USUAL_DAYS
}

/// A new token.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NewToken {
    #[serde(flatten)]
    token: Token,
    /// Its text, which is shown once and kept nowhere.
    text: String,
}

pub(crate) async fn make_token(
    State(house): State<House>,
    caller: Caller,
    extract::Json(wanted): extract::Json<WantedToken>,
) -> Result<Created<NewToken>> {
    let is_name = wanted.name.chars().count() <= 200
        && wanted.name.chars().all(tenure_model::access::visible);
    if !is_name {
        let detail = "name: 1 to 200 visible characters";
        return Err(crate::Problem::field("name", detail));
    }
    let mut sorts = wanted.sorts;
    sorts.sort();
    sorts.dedup();
    let wanted = Wanted {
        id: String::new(),
        name: wanted.name,
        person: caller.person().clone(),
        sorts,
        within: wanted.within,
        days: wanted.days,
    };
    let desk = house.register.desk(caller.actor());
    let made = desk.make_token(wanted).await?;
    let stored = StoredToken {
        token: made.kept,
        used: None,
    };
    Ok(Created {
        at: "/api/v1/me/tokens".to_owned(),
        value: NewToken {
            token: token(stored),
            text: made.text.expose().to_owned(),
        },
    })
}

pub(crate) async fn revoke_token(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Done> {
    let desk = house.register.desk(caller.actor());
    desk.revoke_token(caller.person(), &id).await?;
    Ok(Done)
}
