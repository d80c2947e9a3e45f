//! Sources: what was imported or searched, and how much of it was read.

use crate::{
    answer::{Json, Page, Result, Tagged},
    auth::Caller,
    extract::Named,
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use tenure_app::{register, sources};
use tenure_model::{
    access::Action,
    id::{RunId, SourceId},
    key::Coverage,
    moment::Moment,
};

/// One source.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Source {
    id: SourceId,
    /// The kind of export, or `files`.
    kind: String,
    /// As the user named it.
    name: String,
    account: Option<String>,
    added_at: Moment,
    /// SHA-256 of what was imported last.
    hash: Option<String>,
    /// Its last import was whole: what it does not name is not there.
    complete: bool,
    /// When its last import ended.
    imported_at: Option<Moment>,
    /// Its last run.
    run: Option<RunId>,
}

impl From<register::Source> for Source {
    fn from(one: register::Source) -> Self {
        Self {
            id: one.id,
            kind: one.kind,
            name: one.name,
            account: Some(one.account).filter(|text| !text.is_empty()),
            added_at: one.added_at,
            hash: one.hash,
            complete: one.complete,
            imported_at: one.imported_at,
            run: one.run,
        }
    }
}

pub(crate) async fn list(State(house): State<House>, caller: Caller) -> Result<Json<Page<Source>>> {
    let desk = house.register.desk(caller.actor());
    let all = desk.sources().await?.into_iter().map(Source::from);
    Ok(Json(Page::whole(all.collect())))
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Tagged<Source>> {
    let desk = house.register.desk(caller.actor());
    Ok(Tagged {
        value: desk.source(&SourceId::new(id)).await?.into(),
        tag: None,
    })
}

pub(crate) async fn coverage(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<Page<Coverage>>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(Page::whole(desk.coverage().await?)))
}

/// A kind of export that can be imported.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Kind {
    /// The word for it.
    kind: &'static str,
    /// What it is.
    title: &'static str,
    /// Where the file comes from, and the right that it needs.
    get: &'static str,
    /// What it can never tell.
    cannot: &'static str,
}

pub(crate) async fn kinds(State(house): State<House>, caller: Caller) -> Result<Json<Page<Kind>>> {
    let desk = house.register.desk(caller.actor());
    desk.may(Action::SourceView).await?;
    let kinds = sources::all().into_iter().map(|one| Kind {
        kind: one.kind,
        title: one.title,
        get: one.get,
        cannot: one.cannot,
    });
    Ok(Json(Page::whole(kinds.collect())))
}
