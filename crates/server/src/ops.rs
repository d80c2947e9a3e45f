//! For those who run the server: is it alive, is it ready, how much does it do.

use crate::{answer::Result, error::Problem, house::House};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

/// The media type of OpenMetrics text.
pub(crate) const METRICS: &str = "application/openmetrics-text";

pub(crate) async fn health() -> &'static str {
    "ok\n"
}

pub(crate) async fn ready(State(house): State<House>) -> Result<&'static str> {
    house.register.ping().await?;
    Ok("ready\n")
}

pub(crate) async fn metrics(State(house): State<House>) -> Response {
    let store = house.register.store();
    let metrics = &house.metrics;
    // Where the database is away, the counts are told all the same.
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    if let Ok(head) = store.head().await {
        metrics.log_size.set(whole(head.tree.size()));
    }
    if let Ok(jobs) = store.job_counts().await {
        metrics.jobs_ready.set(whole(jobs.ready));
        metrics.jobs_leased.set(whole(jobs.leased));
        metrics.jobs_failed.set(whole(jobs.failed));
    }
    if let Ok(states) = store.channels().await {
        let named = house.register.channels().list();
        let failing = states.iter().filter(|state| {
            state.failing_since.is_some() && named.iter().any(|one| one.name() == state.name)
        });
        metrics.channels_failing.set(whole(failing.count() as u64));
    }
    let media = format!("{METRICS}; version=1.0.0; charset=utf-8");
    ([(header::CONTENT_TYPE, media)], metrics.text()).into_response()
}

/// What is at no address.
pub(crate) async fn nothing_here() -> Problem {
    Problem::no_such("such address; /openapi.json names all of the API")
}

/// What is there, but not for this method.
pub(crate) async fn not_so() -> Problem {
    let detail = "this address does not take this method; Allow names those that it takes";
    Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, "method", detail)
}
