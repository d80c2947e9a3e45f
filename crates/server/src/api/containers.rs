//! Owners and business units by container.

use crate::{
    answer::{Json, Page, Result},
    auth::Caller,
    error::Problem,
    extract,
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use tenure_app::register::{Preview, Reassessed, StoredRule};
use tenure_model::{
    access::Unit,
    container::{Container, ContainerKind, Rule},
};

/// A container.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// What it is.
    kind: ContainerKind,
    /// Its name or path; with `/*` at its end all that lies below it too.
    #[schemars(length(min = 1, max = 1000))]
    place: String,
}

/// What is to hold for every key in a container.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Holds {
    /// What the container is.
    kind: ContainerKind,
    /// Its name or path; with `/*` at its end all that lies below it too.
    #[schemars(length(min = 1, max = 1000))]
    place: String,
    /// Who answers for its keys.
    #[schemars(length(min = 1, max = 200))]
    owner: Option<String>,
    /// Who stands in for them.
    #[schemars(length(min = 1, max = 200))]
    backup: Option<String>,
    /// The business unit of its keys.
    #[schemars(length(min = 1, max = 200))]
    unit: Option<String>,
}

fn container(kind: ContainerKind, place: &str) -> Result<Container> {
    Container::parse(kind, place).map_err(|error| Problem::field("place", error.to_string()))
}

fn rule(holds: Holds) -> Result<Rule> {
    let unit = holds.unit.as_deref().map(str::parse::<Unit>).transpose();
    Ok(Rule {
        container: container(holds.kind, &holds.place)?,
        owner: holds.owner,
        backup: holds.backup,
        unit: unit.map_err(|error| Problem::field("unit", error.to_string()))?,
    })
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<Page<StoredRule>>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(Page::whole(desk.containers().await?)))
}

pub(crate) async fn preview(
    State(house): State<House>,
    caller: Caller,
    extract::Json(holds): extract::Json<Holds>,
) -> Result<Json<Preview>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.container_preview(&rule(holds)?).await?))
}

pub(crate) async fn set(
    State(house): State<House>,
    caller: Caller,
    extract::Json(holds): extract::Json<Holds>,
) -> Result<Json<Reassessed>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.set_container(&rule(holds)?).await?))
}

pub(crate) async fn drop_one(
    State(house): State<House>,
    caller: Caller,
    extract::Query(wanted): extract::Query<Wanted>,
) -> Result<Json<Reassessed>> {
    let desk = house.register.desk(caller.actor());
    let container = container(wanted.kind, &wanted.place)?;
    Ok(Json(desk.drop_container(&container).await?))
}
