//! Questions to people about keys that nobody answers for, and how the backlog of them goes.

use super::exceptions::{page, value};
use crate::{
    answer::{Json, Page, Result},
    auth::Caller,
    extract::{self, Named, Query},
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tenure_app::register::GivenAnswer;
use tenure_model::{
    ask::AskAnswer,
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

pub(crate) async fn plan(State(house): State<House>, caller: Caller) -> Result<Json<Value>> {
    let desk = house.register.desk(caller.actor());
    value(&desk.ask_plan().await?).map(Json)
}

pub(crate) async fn send(
    State(house): State<House>,
    caller: Caller,
    extract::Json(send): extract::Json<Send>,
) -> Result<Json<Page<Value>>> {
    let desk = house.register.desk(caller.actor());
    page(&desk.ask_send(&send.people).await?)
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Value>>> {
    let desk = house.register.desk(caller.actor());
    page(&desk.asks(wanted.open).await?)
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Value>> {
    let desk = house.register.desk(caller.actor());
    value(&desk.ask(&AskId::new(id)).await?).map(Json)
}

pub(crate) async fn answer(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    extract::Json(given): extract::Json<Answers>,
) -> Result<Json<Value>> {
    let desk = house.register.desk(caller.actor());
    let given = given.answers.into_iter().map(|one| GivenAnswer {
        key: one.key,
        answer: one.answer,
        next: one.next,
    });
    let given: Vec<GivenAnswer> = given.collect();
    value(&desk.ask_answer(&AskId::new(id), &given).await?).map(Json)
}

pub(crate) async fn remind(State(house): State<House>, caller: Caller) -> Result<Json<Value>> {
    let desk = house.register.desk(caller.actor());
    value(&desk.ask_remind().await?).map(Json)
}

pub(crate) async fn backlog(State(house): State<House>, caller: Caller) -> Result<Json<Value>> {
    let desk = house.register.desk(caller.actor());
    value(&desk.backlog().await?).map(Json)
}
