//! What a call is answered: JSON, pages of lists, things with their version.

use crate::error::Problem;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// What a handler gives.
pub(crate) type Result<T> = std::result::Result<T, Problem>;

/// A value as JSON.
pub(crate) struct Json<T>(pub(crate) T);

/// A value as JSON, with its version.
pub(crate) struct Tagged<T> {
    pub(crate) value: T,
    /// The version; a digest of the value where none is named.
    pub(crate) tag: Option<String>,
}

/// Something that was made, with where it is.
pub(crate) struct Created<T> {
    pub(crate) value: T,
    pub(crate) at: String,
}

/// Nothing, since it is done.
pub(crate) struct Done;

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Page<T> {
    /// What is on it.
    pub(crate) items: Vec<T>,
    /// What to send as `after` for the next page; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

fn bytes<T: Serialize>(value: &T) -> std::result::Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| Problem::ours(&error))
}

fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        bytes(&self.0).map(json).into_response()
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let body = match bytes(&self.value) {
            Ok(body) => body,
            Err(problem) => return problem.into_response(),
        };
        let tag = self.tag.unwrap_or_else(|| {
            let digest = Sha256::digest(&body);
            let half: String = digest
                .iter()
                .take(16)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("\"{half}\"")
        });
        let mut answer = json(body);
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            answer.headers_mut().insert(header::ETAG, tag);
        }
        answer
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut answer = (StatusCode::CREATED, Json(self.value)).into_response();
        if let Ok(at) = HeaderValue::from_str(&self.at) {
            answer.headers_mut().insert(header::LOCATION, at);
        }
        answer
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// A part of a path, so that nothing in it is taken for more than a name.
pub(crate) fn segment(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}
