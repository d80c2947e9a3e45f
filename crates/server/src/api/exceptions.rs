//! Exceptions: asked for, signed, ended. What is signed is the statement whose digest is sent as `seen`.

use super::keys;
use crate::{
    answer::{Created, Json, Page, Result, segment},
    auth::Caller,
    extract::{self, Named, Query},
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use tenure_app::register::{Asked, ExceptionCounts, Shown, Signature, Term};
use tenure_model::{
    day::Day,
    exception::{Reasons, Stage},
    id::{ExceptionId, KeyId},
};

/// Which exceptions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Of this stage; absent for all that wait or were granted.
    #[serde(default, deserialize_with = "extract::given")]
    stage: Option<Stage>,
    /// `next` of the page before.
    #[serde(default, deserialize_with = "extract::given")]
    after: Option<ExceptionId>,
    /// How many a page has; 100 where nothing is said.
    #[schemars(range(min = 1, max = 500))]
    #[serde(default, deserialize_with = "extract::given")]
    limit: Option<u16>,
}

/// What somebody says for an exception.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    /// The control that is bypassed.
    bypassed: String,
    /// Why the key is needed.
    why: String,
    /// What stands in the way of doing without it.
    blocker: String,
    /// What is done in its place; at least one.
    compensating: Vec<String>,
    /// Who uses the key, as far as is known: those cannot sign.
    #[serde(default)]
    users: Vec<String>,
}

impl From<Why> for Asked {
    fn from(why: Why) -> Self {
        Self {
            reasons: Reasons {
                bypassed: why.bypassed,
                why: why.why,
                blocker: why.blocker,
                compensating: why.compensating,
            },
            users: why.users,
            in_name_of: None,
        }
    }
}

/// An exception for one key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForKey {
    /// The key.
    key: KeyId,
    /// Its last day; absent for as long as its reviews are kept, which is for `irreplaceable` alone.
    until: Option<Day>,
    /// What is said for it.
    reasons: Why,
}

/// An exception for a class of `minor` keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForClass {
    /// Which keys, as `tenure exception request --class` takes it.
    #[schemars(length(min = 1, max = 1000))]
    selector: String,
    /// What is said for it.
    reasons: Why,
}

/// Another term.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Longer {
    /// The new last day.
    until: Day,
    /// What is said for it.
    reasons: Why,
}

/// A signature: the words of who signs, under what they read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    /// Why, in words of one's own.
    pub(super) reason: String,
    /// The digest of the statement that was read.
    pub(super) seen: String,
    /// The version that was seen; absent for whichever there is.
    pub(super) version: Option<u64>,
}

/// How something is closed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closed {
    /// Why.
    pub(super) reason: String,
    /// The version that was seen; absent for whichever there is.
    pub(super) version: Option<u64>,
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Shown>>> {
    let desk = house.register.desk(caller.actor());
    let most = keys::limit(wanted.limit, 100, 500)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (items, next) = desk
        .exceptions_after(wanted.stage, wanted.after, most)
        .await?;
    Ok(Json(Page {
        items,
        next: next.map(|last| last.to_string()),
    }))
}

pub(crate) async fn counts(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<ExceptionCounts>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.exception_counts().await?))
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Shown>> {
    let desk = house.register.desk(caller.actor());
    Ok(Json(desk.exception(&ExceptionId::new(id)).await?))
}

fn made(shown: Shown) -> Created<Shown> {
    Created {
        at: format!("/api/v1/exceptions/{}", segment(&shown.id)),
        value: shown,
    }
}

pub(crate) async fn request(
    State(house): State<House>,
    caller: Caller,
    extract::Json(wanted): extract::Json<ForKey>,
) -> Result<Created<Shown>> {
    let desk = house.register.desk(caller.actor());
    let term = wanted.until.map_or(Term::Permanent, Term::Until);
    let asked = wanted.reasons.into();
    Ok(made(
        desk.request_exception(&wanted.key, term, &asked).await?,
    ))
}

pub(crate) async fn request_class(
    State(house): State<House>,
    caller: Caller,
    extract::Json(wanted): extract::Json<ForClass>,
) -> Result<Created<Shown>> {
    let desk = house.register.desk(caller.actor());
    let asked = wanted.reasons.into();
    Ok(made(desk.request_class(&wanted.selector, &asked).await?))
}

pub(crate) async fn renew(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    extract::Json(wanted): extract::Json<Longer>,
) -> Result<Created<Shown>> {
    let desk = house.register.desk(caller.actor());
    let (id, asked) = (ExceptionId::new(id), wanted.reasons.into());
    Ok(made(desk.renew_exception(&id, wanted.until, &asked).await?))
}

pub(crate) async fn restate(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Created<Shown>> {
    let desk = house.register.desk(caller.actor());
    Ok(made(
        desk.restate_exception(&ExceptionId::new(id), None).await?,
    ))
}

macro_rules! signatures {
    ($($name:ident $does:ident),+ $(,)?) => { $(
        pub(crate) async fn $name(
            State(house): State<House>,
            caller: Caller,
            Named(id): Named,
            extract::Json(signed): extract::Json<Signed>,
        ) -> Result<Json<Shown>> {
            let desk = house.register.desk(caller.actor());
            let signature = Signature {
                reason: &signed.reason,
                seen: &signed.seen,
                version: signed.version,
            };
            Ok(Json(desk.$does(&ExceptionId::new(id), signature).await?))
        }
    )+ };
}

signatures! {
    approve approve_exception,
    accept accept_risk,
    review review_exception,
    reaffirm reaffirm_exception,
}

macro_rules! closings {
    ($($name:ident $does:ident),+ $(,)?) => { $(
        pub(crate) async fn $name(
            State(house): State<House>,
            caller: Caller,
            Named(id): Named,
            extract::Json(closed): extract::Json<Closed>,
        ) -> Result<Json<Shown>> {
            let desk = house.register.desk(caller.actor());
            let id = ExceptionId::new(id);
            let shown = desk.$does(&id, &closed.reason, closed.version);
            Ok(Json(shown.await?))
        }
    )+ };
}

closings! {
    deny deny_exception,
    withdraw withdraw_exception,
    end end_exception,
}
