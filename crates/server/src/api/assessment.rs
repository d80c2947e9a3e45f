//! Everything at once: the assessment, its summary, what ends the most keys, and judging again.

use crate::{
    answer::{Json, Result, Tagged},
    auth::Caller,
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use tenure_app::register::Reassessed;
use tenure_model::{
    access::Action,
    answers,
    assessment::{Assessment, Change, Summary},
};

/// How many changes and answers are named.
const MOST: usize = 10;

async fn all(house: &House, caller: &Caller) -> Result<Assessment> {
    let desk = house.register.desk(caller.actor());
    Ok(desk.assessment().await?)
}

pub(crate) async fn whole(
    State(house): State<House>,
    caller: Caller,
) -> Result<Tagged<Assessment>> {
    Ok(Tagged {
        value: all(&house, &caller).await?,
        tag: None,
    })
}

pub(crate) async fn summary(State(house): State<House>, caller: Caller) -> Result<Json<Summary>> {
    Ok(Json(all(&house, &caller).await?.summary))
}

/// What ends the most keys, and which answers decide the most.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Top {
    /// Changes, the one that ends most keys first.
    changes: Vec<Change>,
    /// Questions to people, the one that decides most keys first.
    answers: Vec<answers::Answer>,
}

pub(crate) async fn top(State(house): State<House>, caller: Caller) -> Result<Json<Top>> {
    let assessment = all(&house, &caller).await?;
    Ok(Json(Top {
        answers: answers::answers(&assessment, MOST),
        changes: assessment.summary.changes,
    }))
}

/// What judging again did.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Judged {
    /// In numbers.
    counts: Reassessed,
}

impl From<Reassessed> for Judged {
    fn from(done: Reassessed) -> Self {
        Self { counts: done }
    }
}

pub(crate) async fn again(State(house): State<House>, caller: Caller) -> Result<Json<Judged>> {
    let desk = house.register.desk(caller.actor());
    desk.may(Action::JobControl).await?;
    Ok(Json(desk.reassess().await?.into()))
}
