//! The front door: requests for keys that are not issued yet.

use super::{
    exceptions::{Closed, Signed},
    keys,
};
use crate::{
    answer::{Created, Json, Page, Result, segment},
    auth::Caller,
    extract::{self, Named, Query},
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use tenure_app::register::{RequestShown, Wish};
use tenure_model::{
    day::Day,
    facts::ReplacementOption,
    key_request::{self, Forecast},
    place::Runtime,
};

/// What somebody wishes for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wished {
    /// The provider, as the catalogue calls it.
    provider: String,
    /// The kind of credential, as the catalogue calls it.
    credential: String,
    /// What it is for.
    purpose: String,
    /// Why not each option that would do without a key.
    #[serde(default)]
    why_not: BTreeMap<ReplacementOption, String>,
    /// Who will answer for it.
    owner: String,
    /// Its last day.
    expires: Day,
    /// Where what uses it runs.
    #[serde(default)]
    consumers: Vec<Runtime>,
    /// Facts that are known already, by name.
    #[serde(default)]
    facts: BTreeMap<String, String>,
}

impl From<Wished> for Wish {
    fn from(wished: Wished) -> Self {
        Self {
            provider: wished.provider,
            credential: wished.credential,
            purpose: wished.purpose,
            why_not: wished.why_not,
            owner: wished.owner,
            expires: wished.expires,
            consumers: wished.consumers,
            facts: wished.facts.into_iter().collect(),
            in_name_of: None,
        }
    }
}

/// Which requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Those that stand so; absent for all.
    #[serde(default, deserialize_with = "extract::given")]
    state: Option<key_request::State>,
    /// `next` of the page before.
    after: Option<String>,
    /// How many a page has; 100 where nothing is said.
    #[schemars(range(min = 1, max = 500))]
    #[serde(default, deserialize_with = "extract::given")]
    limit: Option<u16>,
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<RequestShown>>> {
    let desk = house.register.desk(caller.actor());
    let most = keys::limit(wanted.limit, 100, 500)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (items, next) = desk
        .key_requests_after(wanted.state, wanted.after, most)
        .await?;
    Ok(Json(Page { items, next }))
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<RequestShown>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.key_request(&id).await?))
}

pub(crate) async fn make(
    State(house): State<House>,
    caller: Caller,
    extract::Json(wished): extract::Json<Wished>,
) -> Result<Created<RequestShown>> {
    let desk = house.register.desk(caller.actor());
    let shown = desk.request_key(&wished.into()).await?;
    Ok(Created {
        at: format!("/api/v1/key-requests/{}", segment(shown.request.id())),
        value: shown,
    })
}

pub(crate) async fn forecast(
    State(house): State<House>,
    caller: Caller,
    extract::Json(wished): extract::Json<Wished>,
) -> Result<Json<Forecast>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.forecast(&wished.into()).await?))
}

pub(crate) async fn approve(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    extract::Json(signed): extract::Json<Signed>,
) -> Result<Json<RequestShown>> {
    let desk = house.register.desk(caller.actor());
    let shown = desk.approve_key_request(&id, &signed.reason, &signed.seen, signed.version);
    Ok(Json(shown.await?))
}

pub(crate) async fn deny(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    extract::Json(closed): extract::Json<Closed>,
) -> Result<Json<RequestShown>> {
    let desk = house.register.desk(caller.actor());
    let shown = desk.deny_key_request(&id, &closed.reason, closed.version);
    Ok(Json(shown.await?))
}

pub(crate) async fn withdraw(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    extract::Json(closed): extract::Json<Closed>,
) -> Result<Json<RequestShown>> {
    let desk = house.register.desk(caller.actor());
    let shown = desk.withdraw_key_request(&id, &closed.reason, closed.version);
    Ok(Json(shown.await?))
}
