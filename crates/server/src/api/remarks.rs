//! What people say of keys: facts that they state, comments, and files that are kept as evidence.

use crate::{
    answer::{Json, Page, Result},
    auth::Caller,
    extract::{self, Named},
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use tenure_app::register::{About, Comment, Reassessed, Remarks, Stated};
use tenure_model::id::{ExceptionId, KeyId};

/// A comment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Says {
    /// The words.
    text: String,
}

/// Facts that are stated.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct States {
    /// Each by its name, as a facts file has it; null takes back what was stated.
    facts: BTreeMap<String, Option<String>>,
}

pub(crate) async fn stated(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Page<Stated>>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(Page::whole(desk.stated(&KeyId::new(id)).await?)))
}

pub(crate) async fn state(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    extract::Json(states): extract::Json<States>,
) -> Result<Json<Reassessed>> {
    let desk = house.register.desk(caller.actor());
    let facts: Vec<(String, Option<String>)> = states.facts.into_iter().collect();
    Ok(Json(desk.state_facts(&KeyId::new(id), &facts).await?))
}

async fn remarks(house: &House, caller: &Caller, about: About) -> Result<Json<Remarks>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.remarks(&about).await?))
}

async fn say(house: &House, caller: &Caller, about: About, says: &Says) -> Result<Json<Comment>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.comment(&about, &says.text).await?))
}

pub(crate) async fn of_key(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Remarks>> {
    remarks(&house, &caller, About::Key(KeyId::new(id))).await
}

pub(crate) async fn on_key(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    extract::Json(says): extract::Json<Says>,
) -> Result<Json<Comment>> {
    say(&house, &caller, About::Key(KeyId::new(id)), &says).await
}

pub(crate) async fn of_exception(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Remarks>> {
    let about = About::Exception(ExceptionId::new(id));
    remarks(&house, &caller, about).await
}

pub(crate) async fn on_exception(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    extract::Json(says): extract::Json<Says>,
) -> Result<Json<Comment>> {
    let about = About::Exception(ExceptionId::new(id));
    say(&house, &caller, about, &says).await
}
