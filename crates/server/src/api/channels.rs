//! Channels: where notices go, and how they do.

use crate::{
    answer::{Json, Page, Result},
    auth::Caller,
    extract::Named,
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use tenure_app::register::ChannelShown;
use tenure_model::moment::Moment;

/// One channel of the settings.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Channel {
    name: String,
    /// `e-mail`, `webhook` or `incoming webhook`.
    kind: String,
    /// `people`, `team` or `pager`.
    gets: String,
    /// Where it leads, without what is secret in it.
    to: String,
    /// When something last arrived.
    arrived_at: Option<Moment>,
    /// Since when nothing arrives.
    failing_since: Option<Moment>,
    /// It is dead until somebody mends it.
    dead: bool,
    /// Why nothing arrives.
    why: Option<String>,
}

impl From<ChannelShown> for Channel {
    fn from(one: ChannelShown) -> Self {
        Self {
            name: one.name,
            kind: one.kind.to_owned(),
            gets: one.gets.word().to_owned(),
            to: one.to,
            arrived_at: one.arrived_at,
            failing_since: one.failing_since,
            dead: one.dead,
            why: Some(one.why).filter(|why| !why.is_empty()),
        }
    }
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<Page<Channel>>> {
    let desk = house.register.desk(caller.actor());
    let all = desk.channels(house.register.channels()).await?;
    Ok(Json(Page::whole(
        all.into_iter().map(Channel::from).collect(),
    )))
}

pub(crate) async fn try_one(
    State(house): State<House>,
    caller: Caller,
    Named(name): Named,
) -> Result<Json<Channel>> {
    let desk = house.register.desk(caller.actor());
    let tried = desk.try_channel(house.register.channels(), &name).await?;
    Ok(Json(tried.into()))
}
