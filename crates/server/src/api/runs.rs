//! Runs and jobs: what the server does of itself.

use super::keys;
use crate::{
    answer::{Json, Page, Result},
    auth::Caller,
    extract::{self, Named, Query},
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_app::register;
use tenure_model::{
    id::{RunId, SourceId},
    moment::Moment,
};

/// One run.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Run {
    id: RunId,
    /// `import`, `scan`, `assess` or another verb.
    kind: String,
    source: Option<SourceId>,
    /// `running`, `finished`, `failed` or `abandoned`.
    state: String,
    begun_at: Moment,
    ended_at: Option<Moment>,
    /// How many records are written.
    records: u64,
    /// What it did.
    #[schemars(with = "std::collections::BTreeMap<String, u64>")]
    counts: Value,
    /// What stood in its way.
    error: Option<String>,
}

impl From<register::Run> for Run {
    fn from(run: register::Run) -> Self {
        Self {
            id: run.id,
            kind: run.kind,
            source: run.source,
            state: run.state,
            begun_at: run.begun_at,
            ended_at: run.ended_at,
            records: run.records,
            counts: run.counts,
            error: run.error,
        }
    }
}

/// How many runs.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limit {
    /// At most so many.
    #[schemars(range(min = 1, max = 200))]
    #[serde(deserialize_with = "extract::given")]
    limit: Option<u16>,
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
    Query(wanted): Query<Limit>,
) -> Result<Json<Page<Run>>> {
    let most = keys::limit(wanted.limit, 50, 200)?;
    let desk = house.register.desk(caller.actor());
    let runs = desk.runs(most).await?.into_iter().map(Run::from);
    Ok(Json(Page::whole(runs.collect())))
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Run>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.run(&RunId::new(id)).await?.into()))
}

/// How many jobs there are in each state.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Jobs {
    /// Wait.
    ready: u64,
    /// Are held by a worker.
    leased: u64,
    /// Were given up.
    failed: u64,
}

pub(crate) async fn jobs(State(house): State<House>, caller: Caller) -> Result<Json<Jobs>> {
    let jobs = house.register.desk(caller.actor()).jobs().await?;
    Ok(Json(Jobs {
        ready: jobs.ready,
        leased: jobs.leased,
        failed: jobs.failed,
    }))
}
