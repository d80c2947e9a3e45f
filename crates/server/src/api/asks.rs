//! Questions to people about keys that nobody answers for, and how the backlog of them goes.

use crate::{
    answer::{Json, Page, Result},
    auth::Caller,
    extract::{self, Named, Query},
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use tenure_app::register::{Ask, GivenAnswer, Nudged, Reassessed};
use tenure_model::{
    ask::{AskAnswer, Plan},
    backlog::Standing,
    id::{AskId, KeyId},
};

/// Whom to ask.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Send {
    /// People of the plan; all of them where nobody is named.
    #[serde(default)]
    people: Vec<String>,
}

/// What somebody answers about one key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    /// The key.
    key: KeyId,
    /// The answer.
    answer: AskAnswer,
    /// Whom to ask in their place; with `not_mine` alone.
    next: Option<String>,
}

/// Answers to a question.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answers {
    /// One for each key that is spoken of.
    #[schemars(length(min = 1, max = 1000))]
    answers: Vec<Given>,
}

/// Which questions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Those that are open alone.
    #[serde(default)]
    open: bool,
}

pub(crate) async fn plan(State(house): State<House>, caller: Caller) -> Result<Json<Plan>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.ask_plan().await?))
}

pub(crate) async fn send(
    State(house): State<House>,
    caller: Caller,
    extract::Json(send): extract::Json<Send>,
) -> Result<Json<Page<Ask>>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(Page::whole(desk.ask_send(&send.people).await?)))
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Ask>>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(Page::whole(desk.asks(wanted.open).await?)))
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Ask>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.ask(&AskId::new(id)).await?))
}

pub(crate) async fn answer(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    extract::Json(given): extract::Json<Answers>,
) -> Result<Json<Reassessed>> {
    let desk = house.register.desk(caller.actor());
    let given = given.answers.into_iter().map(|one| GivenAnswer {
        key: one.key,
        answer: one.answer,
        next: one.next,
    });
    let given: Vec<GivenAnswer> = given.collect();
    Ok(Json(desk.ask_answer(&AskId::new(id), &given).await?))
}

pub(crate) async fn remind(State(house): State<House>, caller: Caller) -> Result<Json<Nudged>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.ask_remind().await?))
}

pub(crate) async fn backlog(State(house): State<House>, caller: Caller) -> Result<Json<Standing>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.backlog().await?))
}
