//! Who answers for keys.

use crate::{
    answer::{Done, Json, Result, Tagged},
    auth::Caller,
    error::Problem,
    extract::{self, IfMatch, Named},
    house::House,
};
use axum::{extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenure_app::register::Ownership;
use tenure_model::{id::KeyId, moment::Moment};

/// The most keys of one call.
const MOST: usize = 1_000;

/// Who was made to answer for a key.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Owner {
    /// The person.
    owner: String,
    /// Who stands in for them.
    backup: Option<String>,
    /// Who said so.
    assigned_by: String,
    /// When.
    assigned_at: Moment,
}

impl From<Ownership> for Owner {
    fn from(one: Ownership) -> Self {
        Self {
            owner: one.owner,
            backup: one.backup,
            assigned_by: one.assigned_by,
            assigned_at: one.assigned_at,
        }
    }
}

/// Who is to answer for a key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assign {
    /// An id, a user name or an address of the people list.
    #[schemars(length(min = 1, max = 200))]
    owner: String,
    /// Who stands in for them.
    #[schemars(length(min = 1, max = 200))]
    backup: Option<String>,
}

/// Who is to answer for several keys: for all of them, or none changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignMany {
    /// The keys.
    #[schemars(length(min = 1, max = 1000))]
    keys: Vec<KeyId>,
    /// Who; absent takes owners away.
    #[schemars(length(min = 1, max = 200))]
    owner: Option<String>,
    /// Who stands in for them.
    #[schemars(length(min = 1, max = 200))]
    backup: Option<String>,
}

/// What an assignment did.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Assigned {
    /// Of how many keys.
    keys: usize,
}

fn name(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    let is_name = !text.is_empty()
        && text.chars().count() <= 200
        && text.chars().all(tenure_model::access::visible);
    if is_name {
        Ok(text.to_owned())
    } else {
        let detail = format!("{field}: 1 to 200 visible characters");
        Err(Problem::field(field, detail))
    }
}

/// What the tag of an owner is made of.
fn tag(since: Option<Moment>) -> String {
    format!("\"o{}\"", since.map_or(0, Moment::micros))
}

async fn present(house: &House, caller: &Caller, id: &str) -> Result<Option<Ownership>> {
    let desk = house.register.desk(caller.actor());
    Ok(desk.key(&KeyId::new(id)).await?.assigned)
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Tagged<Option<Owner>>> {
    let assigned = present(&house, &caller, &id).await?;
    Ok(Tagged {
        tag: Some(tag(assigned.as_ref().map(|one| one.assigned_at))),
        value: assigned.map(Owner::from),
    })
}

async fn change(
    house: &House,
    caller: &Caller,
    id: &str,
    seen: &IfMatch,
    owner: Option<&str>,
    backup: Option<&str>,
) -> Result<()> {
    let desk = house.register.desk(caller.actor());
    let key = KeyId::new(id);
    if *seen == IfMatch::Any {
        desk.assign_owner(&[key], owner, backup).await?;
        return Ok(());
    }
    let since = house.register.store().owners(std::slice::from_ref(&key));
    let since = since
        .await
        .map_err(tenure_app::register::RegisterError::from)?;
    let since = since.first().map(|one| one.assigned_at);
    // A tag of another version is asked for as no version ever was, so that the caller's right is looked at first.
    let is_seen = *seen == IfMatch::Tag(tag(since));
    let asked = if is_seen {
        since
    } else {
        Some(Moment::from_micros(-1))
    };
    match desk.assign_owner_seen(&key, owner, backup, asked).await {
        Ok(_) => Ok(()),
        Err(error) => Err(match Problem::from(error) {
            problem if problem.status == StatusCode::CONFLICT => extract::was_changed(),
            problem => problem,
        }),
    }
}

pub(crate) async fn assign(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    seen: IfMatch,
    extract::Json(wanted): extract::Json<Assign>,
) -> Result<Tagged<Option<Owner>>> {
    let owner = name("owner", &wanted.owner)?;
    let backup = wanted.backup.as_deref().map(|text| name("backup", text));
    let backup = backup.transpose()?;
    change(&house, &caller, &id, &seen, Some(&owner), backup.as_deref()).await?;
    let store = house.register.store();
    let now = store.owners(&[KeyId::new(id)]).await;
    let now = now.map_err(tenure_app::register::RegisterError::from)?;
    let now = now.into_iter().next();
    Ok(Tagged {
        tag: Some(tag(now.as_ref().map(|one| one.assigned_at))),
        value: now.map(Owner::from),
    })
}

pub(crate) async fn take_away(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    seen: IfMatch,
) -> Result<Done> {
    change(&house, &caller, &id, &seen, None, None).await?;
    Ok(Done)
}

pub(crate) async fn assign_many(
    State(house): State<House>,
    caller: Caller,
    extract::Json(wanted): extract::Json<AssignMany>,
) -> Result<Json<Assigned>> {
    if wanted.keys.is_empty() || wanted.keys.len() > MOST {
        return Err(Problem::field("keys", format!("keys: 1 to {MOST} of them")));
    }
    let owner = wanted.owner.as_deref().map(|text| name("owner", text));
    let owner = owner.transpose()?;
    let backup = wanted.backup.as_deref().map(|text| name("backup", text));
    let backup = backup.transpose()?;
    let desk = house.register.desk(caller.actor());
    desk.assign_owner(&wanted.keys, owner.as_deref(), backup.as_deref())
        .await?;
    Ok(Json(Assigned {
        keys: wanted.keys.len(),
    }))
}
