//! Who is calling: an API token in the header, else the session of a cookie; and the cookies themselves.

use crate::{error::Problem, house::Inner};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use cookie::{Cookie, SameSite};
use std::sync::Arc;
use tenure_app::register::{Refused, Signed};
use tenure_model::access::{Actor, PersonId};

/// How long the cookie of a sign-in lasts, in seconds: as long as the sign-in.
const SIGN_IN: i64 = 600;

/// Who calls, known by the guard before any handler.
#[derive(Clone)]
pub(crate) struct Caller(pub(crate) Arc<Signed>);

impl Caller {
    /// As rules of access see them.
    pub(crate) fn actor(&self) -> &Actor {
        &self.0.actor
    }

    /// Whose account it is.
    pub(crate) fn person(&self) -> &PersonId {
        &self.0.account.person
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| Refused::Nobody.into())
    }
}

/// Who calls, where anybody may.
pub(crate) struct Perhaps(pub(crate) Option<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for Perhaps {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(parts.extensions.get::<Caller>().cloned()))
    }
}

/// The names of the cookies. `__Host-` makes browsers hold them to this host, over TLS.
struct Names {
    session: &'static str,
    state: &'static str,
}

fn names(house: &Inner) -> Names {
    if house.is_tls() {
        Names {
            session: "__Host-tenure_session",
            state: "__Host-tenure_sign_in",
        }
    } else {
        Names {
            session: "tenure_session",
            state: "tenure_sign_in",
        }
    }
}

/// Who calls, if anybody is known. What is presented and not taken is refused, and not passed over: but a cookie that
/// is over, where anybody may call, is as good as none.
pub(crate) async fn authenticate(
    house: &Inner,
    headers: &HeaderMap,
) -> Result<Option<Signed>, tenure_app::register::RegisterError> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    if let Some(value) = given.next() {
        let text = value.to_str().ok().filter(|_| given.next().is_none());
        let token = text.and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(token) = token else {
            return Err(Refused::Nobody.into());
        };
        return house.register.by_token(token).await.map(Some);
    }
    match cookie(headers, names(house).session) {
        Some(text) => house.register.by_cookie(&text).await.map(Some),
        None => Ok(None),
    }
}

/// The value of a cookie, where it is sent once: of two, one may have been planted from a sibling host.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == name);
    let one = found.next()?;
    found.next().is_none().then(|| one.value().to_owned())
}

fn baked(
    house: &Inner,
    name: &'static str,
    value: &str,
    seconds: Option<i64>,
) -> Option<HeaderValue> {
    let mut cookie = Cookie::build((name, value.to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(house.is_tls());
    if let Some(seconds) = seconds {
        cookie = cookie.max_age(cookie::time::Duration::seconds(seconds));
    }
    let mut value = HeaderValue::from_str(&cookie.build().to_string()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn set(headers: &mut HeaderMap, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// Keeps a word of ours in the browser for some seconds; none for 0.
pub(crate) fn set_word(
    house: &Inner,
    headers: &mut HeaderMap,
    name: &'static str,
    word: &str,
    seconds: i64,
) {
    set(headers, baked(house, name, word, Some(seconds)));
}

/// Hands the secret of a session over.
pub(crate) fn set_session(house: &Inner, headers: &mut HeaderMap, secret: &str) {
    set(headers, baked(house, names(house).session, secret, None));
}

/// Takes it back.
pub(crate) fn drop_session(house: &Inner, headers: &mut HeaderMap) {
    set(headers, baked(house, names(house).session, "", Some(0)));
}

/// Binds a sign-in to this browser.
pub(crate) fn set_state(house: &Inner, headers: &mut HeaderMap, state: &str) {
    set(
        headers,
        baked(house, names(house).state, state, Some(SIGN_IN)),
    );
}

/// The sign-in that began in this browser.
pub(crate) fn state(house: &Inner, headers: &HeaderMap) -> Option<String> {
    cookie(headers, names(house).state)
}

/// Ends that.
pub(crate) fn drop_state(house: &Inner, headers: &mut HeaderMap) {
    set(headers, baked(house, names(house).state, "", Some(0)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_is_sent_twice_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; b=2"));
        assert_eq!(cookie(&headers, "a").as_deref(), Some("1"));
        assert_eq!(cookie(&headers, "c"), None);
        headers.append(header::COOKIE, HeaderValue::from_static("a=3"));
        assert_eq!(cookie(&headers, "a"), None);
        assert_eq!(cookie(&headers, "b").as_deref(), Some("2"));
    }
}
