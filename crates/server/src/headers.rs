//! What every answer carries: an id, and what browsers are to keep to. And the one line that the log has of each call.

use crate::{error::Problem, guard::At, house::House, ui::CONTENT_SECURITY_POLICY};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::time::Instant;

const ALWAYS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];
const HSTS: &str = "max-age=31536000";
const REQUEST_ID: &str = "x-request-id";

/// An id of our own for each call: one that a caller sends could be anything.
fn id() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    let random = || RandomState::new().hash_one(Instant::now());
    format!("{:016x}{:016x}", random(), random())
}

/// The outermost layer.
pub(crate) async fn dress(State(house): State<House>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = id();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let asks = request.headers().get(header::IF_NONE_MATCH).cloned();
    let span = tracing::info_span!("call", id = %id);
    let mut answer = tracing::Instrument::instrument(next.run(request), span).await;
    let is_static = path.starts_with("/static/");
    let is_page = !(path.starts_with("/api/") || is_static || path == "/openapi.json");
    if is_page && let Some(problem) = answer.extensions().get::<Problem>().cloned() {
        answer = crate::door::problem_page(&house, &problem, &id, answer);
    }
    let is_same = method.is_safe()
        && answer.status() == StatusCode::OK
        && answer
            .headers()
            .get(header::ETAG)
            .is_some_and(|tag| asks.is_some_and(|asks| names(&asks, tag)));
    if is_same {
        let tag = answer.headers_mut().remove(header::ETAG);
        let at = answer.extensions().get::<At>().copied();
        answer = StatusCode::NOT_MODIFIED.into_response();
        if let Some(tag) = tag {
            answer.headers_mut().insert(header::ETAG, tag);
        }
        if let Some(at) = at {
            answer.extensions_mut().insert(at);
        }
    }
    let headers = answer.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    if house.is_tls() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(HSTS),
        );
    }
    if !is_static {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    // The path as the router has it: neither an id nor a query of a caller gets into the log or the counts.
    let at = answer.extensions().get::<At>().map_or("-", |at| at.0);
    let status = answer.status().as_u16();
    let took = began.elapsed();
    house.metrics.count(&method, at, status, took);
    tracing::info!(id = %id, method = %method, at, status, ms = took.as_millis(), "answered");
    answer
}

/// Whether `If-None-Match` names a tag.
fn names(asked: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(asked), Ok(tag)) = (asked.to_str(), tag.to_str()) else {
        return false;
    };
    asked
        .split(',')
        .any(|one| matches!(one.trim(), one if one == "*" || one.trim_start_matches("W/") == tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_named_among_others() {
        let tag = HeaderValue::from_static("\"a\"");
        let named = |text| names(&HeaderValue::from_static(text), &tag);
        assert!(named("\"a\"") && named("\"b\", W/\"a\"") && named("*"));
        assert!(!named("\"ab\"") && !named(""));
    }

    #[test]
    fn no_two_ids_are_alike() {
        assert_ne!(id(), id());
    }
}
