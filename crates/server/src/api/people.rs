//! The people list.

use crate::{
    answer::{Json, Page, Result, Tagged},
    auth::Caller,
    extract::Named,
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use tenure_model::{
    day::Day,
    key::{self, PersonState},
};

/// Somebody on the people list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Person {
    id: String,
    email: Option<String>,
    /// User names by which sources may know them.
    names: Vec<String>,
    /// The id or address of the manager.
    manager: Option<String>,
    state: PersonState,
    /// Their last day.
    until: Option<Day>,
}

impl From<key::Person> for Person {
    fn from(person: key::Person) -> Self {
        Self {
            id: person.id,
            email: person.email,
            names: person.names,
            manager: person.manager,
            state: person.state,
            until: person.until,
        }
    }
}

pub(crate) async fn list(State(house): State<House>, caller: Caller) -> Result<Json<Page<Person>>> {
    let people = house.register.desk(caller.actor()).people().await?;
    Ok(Json(Page::whole(
        people.into_iter().map(Person::from).collect(),
    )))
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Tagged<Person>> {
    let person = house.register.desk(caller.actor()).person(&id).await?;
    Ok(Tagged {
        value: person.into(),
        tag: None,
    })
}
