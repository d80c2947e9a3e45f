//! Attestation campaigns.

use crate::{
    answer::{Created, Json, Page, Result, segment},
    auth::Caller,
    extract::{self, Named, Query},
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use tenure_app::register::{ReviewShown, Starting};
use tenure_model::{
    attest::{Answers, Item, Said},
    day::Day,
    id::KeyId,
};

/// A campaign that is to begin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// What people call it.
    title: String,
    /// Which keys, as `tenure review start` takes it.
    selector: String,
    /// Who is asked about every key; whoever answers for each where nobody is named.
    #[serde(default)]
    reviewers: Vec<String>,
    /// The day by which answers are due.
    due: Day,
}

/// What a reviewer says of a key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attest {
    /// The key.
    key: KeyId,
    /// Is it needed still.
    need: Said,
    /// Does it open no more than it has to.
    scope: Said,
    /// Is it used as is known.
    #[serde(rename = "use")]
    usage: Said,
    /// Does who is on record answer for it.
    ownership: Said,
    /// What the answers rest on.
    #[serde(default)]
    note: String,
}

/// Which campaigns.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Those that are open alone.
    #[serde(default)]
    open: bool,
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<ReviewShown>>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(Page::whole(desk.reviews(wanted.open).await?)))
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<ReviewShown>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.review(&id).await?))
}

pub(crate) async fn start(
    State(house): State<House>,
    caller: Caller,
    extract::Json(start): extract::Json<Start>,
) -> Result<Created<ReviewShown>> {
    let desk = house.register.desk(caller.actor());
    let starting = Starting {
        title: start.title,
        selector: start.selector,
        reviewers: start.reviewers,
        due: start.due,
    };
    let shown = desk.start_review(&starting).await?;
    Ok(Created {
        at: format!("/api/v1/reviews/{}", segment(&shown.campaign.id)),
        value: shown,
    })
}

pub(crate) async fn remind(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<ReviewShown>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.remind_review(&id).await?))
}

pub(crate) async fn answer(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    extract::Json(said): extract::Json<Attest>,
) -> Result<Json<Item>> {
    let desk = house.register.desk(caller.actor());
    let answers = Answers {
        need: said.need,
        scope: said.scope,
        usage: said.usage,
        ownership: said.ownership,
    };
    let item = desk.answer_review(&id, &said.key, answers, &said.note);
    Ok(Json(item.await?))
}

pub(crate) async fn close(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<ReviewShown>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.close_review(&id).await?))
}
