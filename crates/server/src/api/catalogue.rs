//! The catalogue: providers, kinds of keys, and the dates on which they end.

use crate::{
    answer::{Json, Page, Result},
    auth::Caller,
    error::Problem,
    extract::Named,
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use tenure_app::sunsets::{self, SunsetDate};
use tenure_model::{access::Action, catalog};

/// A provider, in short.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Provider {
    slug: String,
    name: String,
    /// The slugs of its kinds of keys.
    kinds: Vec<String>,
}

impl From<&catalog::Provider> for Provider {
    fn from(provider: &catalog::Provider) -> Self {
        let kinds = provider.credentials.iter();
        Self {
            slug: provider.provider.clone(),
            name: provider.name.clone(),
            kinds: kinds.map(|kind| kind.kind.clone()).collect(),
        }
    }
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<Page<Provider>>> {
    house
        .register
        .desk(caller.actor())
        .may(Action::CatalogView)
        .await?;
    let all = house.register.providers().iter().map(Provider::from);
    Ok(Json(Page::whole(all.collect())))
}

/// What the catalogue says of a provider.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Whole {
    slug: String,
    name: String,
    /// A rough category.
    category: String,
    note: Option<String>,
    /// Its kinds of keys.
    kinds: Vec<Kind>,
}

/// A kind of key.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Kind {
    slug: String,
    name: String,
    /// Every fact of it is known.
    complete: bool,
    note: Option<String>,
    /// Variable and setting names that usually hold it.
    names: Vec<String>,
    /// Of how many formats examples are looked for.
    formats: usize,
    /// How many ways to replace it are known.
    options: usize,
    /// How many dates end it.
    sunsets: usize,
}

impl From<&catalog::Credential> for Kind {
    fn from(kind: &catalog::Credential) -> Self {
        Self {
            slug: kind.kind.clone(),
            name: kind.name.clone(),
            complete: kind.complete,
            note: kind.note.clone(),
            names: kind.names.clone(),
            formats: kind.formats.len(),
            options: kind.options.len(),
            sunsets: kind.sunsets.len(),
        }
    }
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(slug): Named,
) -> Result<Json<Whole>> {
    house
        .register
        .desk(caller.actor())
        .may(Action::CatalogView)
        .await?;
    let found = house
        .register
        .providers()
        .iter()
        .find(|one| one.provider == slug);
    let provider = found.ok_or_else(|| Problem::no_such("provider of this slug"))?;
    Ok(Json(Whole {
        slug: provider.provider.clone(),
        name: provider.name.clone(),
        category: provider.category.to_string(),
        note: provider.note.clone(),
        kinds: provider.credentials.iter().map(Kind::from).collect(),
    }))
}

pub(crate) async fn sunsets(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<Page<SunsetDate>>> {
    let register = &house.register;
    let desk = register.desk(caller.actor());
    desk.may(Action::CatalogView).await?;
    let assessment = desk.assessment().await?;
    let dates = sunsets::dates(
        register.providers(),
        Some(&assessment),
        register.now().day(),
    );
    Ok(Json(Page::whole(dates)))
}
