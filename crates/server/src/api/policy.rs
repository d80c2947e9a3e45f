//! The policy, and the rules on their own.

use crate::{
    answer::{Json, Result, Tagged},
    auth::Caller,
    error::Problem,
    extract,
    house::House,
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tenure_model::{
    access::Action,
    explain::{self, Answer},
    facts::Case,
    policy::Policy,
};

/// The policy in force.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InForce {
    /// Its digest, which every decision names.
    digest: String,
    version: String,
    /// Every number of it.
    policy: Policy,
    /// The digest of the rules of access.
    access: String,
}

pub(crate) async fn show(State(house): State<House>, caller: Caller) -> Result<Tagged<InForce>> {
    let register = &house.register;
    register
        .desk(caller.actor())
        .may(Action::PolicyView)
        .await?;
    let policy = register.policy();
    Ok(Tagged {
        value: InForce {
            digest: policy.digest(),
            version: policy.version.clone(),
            policy: policy.clone(),
            access: register.access().digest().to_owned(),
        },
        tag: None,
    })
}

pub(crate) async fn decide(
    State(house): State<House>,
    caller: Caller,
    extract::Json(facts): extract::Json<serde_json::Map<String, Value>>,
) -> Result<Json<Answer>> {
    let register = &house.register;
    register
        .desk(caller.actor())
        .may(Action::PolicyView)
        .await?;
    let today = register.now().day();
    let case = Case::parse(&Value::Object(facts).to_string(), today)
        .map_err(|error| Problem::field("facts", error.to_string()))?;
    let policy = register.policy();
    let answer = explain::answer(&case, policy, &policy.digest(), today);
    Ok(Json(answer))
}
