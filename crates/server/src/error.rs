//! What goes wrong, as one table: error, status, code. Told as problem+json (RFC 9457), or as a page to a browser.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use tenure_app::register::{LoginError, Refused, RegisterError, StoreError};

/// The media type of a problem.
pub(crate) const MEDIA: &str = "application/problem+json";

/// Why a call is not answered as it was meant.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// A word for it, for programs.
    pub code: &'static str,
    /// A sentence, for people: what is wrong and what to do.
    pub detail: String,
    /// What else is told.
    pub more: Box<Map<String, Value>>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            more: Box::default(),
        }
    }

    /// With one more member.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    pub(crate) fn field(field: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "field", detail).with("field", field)
    }

    pub(crate) fn too_large(most: u64) -> Self {
        let detail =
            format!("the body is longer than {most} bytes, which is the most that is taken here");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    pub(crate) fn no_such(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown",
            format!("there is no {what}"),
        )
    }

    /// What Tenure did wrong: the log has it, the caller has nothing of it.
    pub(crate) fn ours(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a call failed");
        let detail = "Tenure failed; its log says why, under the id of this request";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", detail)
    }

    pub(crate) fn too_often(seconds: u64) -> Self {
        let detail = format!("too many calls; call again in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_often", detail).with("retry_after", seconds)
    }

    /// The document.
    pub(crate) fn json(&self) -> Value {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let mut all = json!({
            "type": format!("urn:tenure:problem:{}", self.code),
            "title": title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(all) = all.as_object_mut() {
            all.extend(self.more.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        all
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut answer = (
            self.status,
            [(header::CONTENT_TYPE, MEDIA)],
            self.json().to_string(),
        )
            .into_response();
        let headers = answer.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.more.get("retry_after").and_then(Value::as_u64) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // Pages make their own of it.
        answer.extensions_mut().insert(self);
        answer
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        use RegisterError as E;
        use StatusCode as S;
        let text = error.to_string();
        let (status, code): (S, &'static str) = match &error {
            E::Denied(denial) => {
                let roles: Vec<&str> = denial.roles.iter().map(|role| role.word()).collect();
                let because = serde_json::to_value(&denial.because).unwrap_or_default();
                return Self::new(S::FORBIDDEN, "denied", text)
                    .with("action", denial.act.action.word())
                    .with("policies", because)
                    .with("roles", roles)
                    .with("if_involved", denial.if_involved);
            }
            E::Refused(Refused::NotLetIn(_)) => (S::FORBIDDEN, "not_let_in"),
            E::Refused(Refused::Setup(_)) => (S::FORBIDDEN, "setup_link"),
            E::Refused(_) => (S::UNAUTHORIZED, "not_signed_in"),
            E::Login(LoginError::Http(_) | LoginError::Status { .. } | LoginError::Document(_)) => {
                (S::BAD_GATEWAY, "identity_provider")
            }
            E::Login(_) => (S::FORBIDDEN, "sign_in"),
            E::Field(field, problem) => return Self::field(field, problem.clone()),
            E::Kind { .. } => return Self::field("kind", text),
            E::Stale(stale) => {
                let stale = serde_json::to_value(&**stale).unwrap_or_default();
                return Self::new(S::CONFLICT, "stale", text).with("statements", stale);
            }
            E::Exception(_) | E::Request(_) | E::Review(_) => (S::CONFLICT, "refused"),
            E::NeedsPerson => (S::FORBIDDEN, "needs_person"),
            E::Name(_) | E::Fact(_) => (S::UNPROCESSABLE_ENTITY, "value"),
            E::Nothing(_) => (S::UNPROCESSABLE_ENTITY, "nothing"),
            E::Store(StoreError::Unknown(_)) => (S::NOT_FOUND, "unknown"),
            E::Store(StoreError::Conflict(_)) => (S::CONFLICT, "conflict"),
            E::Store(error) if error.is_constraint() => (S::CONFLICT, "conflict"),
            E::Store(error) if error.may_pass() => {
                tracing::warn!(%error, "the database does not answer");
                let detail =
                    "the database does not answer at this moment; nothing was changed, try again";
                return Self::new(S::SERVICE_UNAVAILABLE, "database", detail)
                    .with("retry_after", 5);
            }
            E::Store(_)
            | E::State(_)
            | E::Address
            | E::Catalog(_)
            | E::Checkpoint(_)
            | E::Backup(_) => {
                return Self::ours(&error);
            }
        };
        let detail: Cow<'_, str> = match &error {
            E::Store(error) if error.is_constraint() => {
                Cow::from("this is there already, or belongs to something else")
            }
            _ => Cow::from(text),
        };
        Self::new(status, code, detail)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        RegisterError::from(refused).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_whole_and_the_databases_words_are_not() {
        let problem = Problem::from(RegisterError::Field(
            "size",
            "the log has 3 events".to_owned(),
        ));
        assert_eq!(problem.json()["field"], "size");
        assert_eq!(problem.json()["status"], 422);
        let broken = StoreError::Broken("a broken hash".to_owned());
        let problem = Problem::from(RegisterError::Store(broken));
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.json().to_string().contains("hash"));
        let answer = Problem::from(Refused::Nobody).into_response();
        assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}
