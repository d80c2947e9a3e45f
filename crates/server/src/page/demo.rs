//! The example company's switches: another role, another day. They exist where the example is served, and nowhere else.

use super::then;
use crate::{answer::Result, auth, error::Problem, extract::form_of, house::House};
use axum::{body::Bytes, extract::State, response::Response};
use serde::Deserialize;
use tenure_model::access::Role;

/// The days that the clock may be moved at once.
const MOST_DAYS: i64 = 366;

fn is_demo(house: &House) -> Result<()> {
    match house.settings.demo {
        true => Ok(()),
        false => Err(Problem::no_such("such address")),
    }
}

#[derive(Deserialize)]
pub(crate) struct Taken {
    role: Role,
}

pub(crate) async fn role(State(house): State<House>, body: Bytes) -> Result<Response> {
    is_demo(&house)?;
    let form: Taken = form_of(&body)?;
    let begun = house.register.demo_sign_in(form.role).await?;
    let mut answer = then(&house, "/", None)?;
    auth::set_session(&house, answer.headers_mut(), begun.cookie.expose());
    Ok(answer)
}

#[derive(Deserialize)]
pub(crate) struct Days {
    days: i64,
}

/// Moves the clock, and judges what the new day makes of every key.
pub(crate) async fn clock(
    State(house): State<House>,
    visit: super::Visit,
    body: Bytes,
) -> Result<Response> {
    is_demo(&house)?;
    let form: Days = form_of(&body)?;
    if !(1..=MOST_DAYS).contains(&form.days) {
        return Err(Problem::field("days", format!("days: 1 to {MOST_DAYS}")));
    }
    let role = visit.caller.0.account.roles.first().map(|held| held.role());
    house.register.clock().pass(form.days * 86_400);
    let worker = tenure_model::access::Actor::Worker("demo".to_owned());
    let desk = house.register.desk(&worker);
    desk.settle_exceptions().await?;
    desk.reassess().await?;
    // The session began days ago now: a new one.
    let mut answer = then(&house, "/", None)?;
    if let Some(role) = role {
        let begun = house.register.demo_sign_in(role).await?;
        auth::set_session(&house, answer.headers_mut(), begun.cookie.expose());
    }
    Ok(answer)
}
