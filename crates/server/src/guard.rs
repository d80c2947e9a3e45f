//! What stands before every handler: how often one may call, who it is, that no other site sends it in their name, and
//! that a call that is sent again is done once.

use crate::{
    auth::{self, Caller},
    error::Problem,
    extract,
    house::House,
    idempotent,
    route::{Access, Again, Route, Sends},
};
use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tenure_app::register::Signed;

/// The header in which a script of the console sends the token of its form.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";
/// What the token of such a call is made for.
pub(crate) const CSRF_OF_API: &str = "/api/";
/// What the token of the forms of pages is made for: one for all forms of a session.
pub(crate) const CSRF_OF_PAGES: &str = "/";

/// What the guard knows of a route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gate {
    path: &'static str,
    access: Access,
    again: Again,
    is_api: bool,
    uploads: bool,
    patience: u64,
}

impl Gate {
    pub(crate) fn of(route: &Route) -> Self {
        Self {
            path: route.path,
            access: route.access,
            again: route.again,
            is_api: route.is_api(),
            uploads: matches!(route.sends, Sends::Upload),
            patience: route.patience,
        }
    }
}

/// Which route a call was for; the log and the counts have it from the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At(pub(crate) &'static str);

pub(crate) async fn guard(
    State((house, gate)): State<(House, Arc<Gate>)>,
    request: Request,
    next: Next,
) -> Response {
    let patience = Duration::from_secs(gate.patience);
    let walked = tokio::time::timeout(patience, walk(&house, &gate, request, next));
    let mut answer = match walked.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => {
            let detail =
                "this took too long and was given up; nothing was changed by what was left";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_slow", detail).into_response()
        }
    };
    answer.extensions_mut().insert(At(gate.path));
    answer
}

async fn walk(
    house: &House,
    gate: &Gate,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let too_often = |wait: crate::rate::TooOften| Problem::too_often(wait.0);
    let from = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| {
            house
                .settings
                .proxies
                .caller(info.0.ip(), request.headers())
        });
    if let Some(from) = from {
        house.limiter.address(from).map_err(too_often)?;
        if gate.access == Access::Door {
            house.limiter.sign_in(from).map_err(too_often)?;
        }
    }
    let known = match (
        auth::authenticate(house, request.headers()).await,
        gate.access,
    ) {
        (Ok(known), _) => known,
        (Err(error), Access::Known(_)) => return Err(error.into()),
        // The database is away: said here too, where it matters.
        (Err(tenure_app::register::RegisterError::Refused(_)), _) => None,
        (Err(error), _) => return Err(error.into()),
    };
    if matches!(gate.access, Access::Known(_)) && known.is_none() {
        return Err(tenure_app::register::Refused::Nobody.into());
    }
    if !request.method().is_safe() {
        from_here(house, request.headers())?;
        request = of_a_form_of_ours(house, gate, known.as_ref(), request).await?;
    }
    let Some(signed) = known else {
        return Ok(next.run(request).await);
    };
    let person = signed.account.person.to_string();
    house.limiter.caller(&person).map_err(too_often)?;
    let caller = Caller(Arc::new(signed));
    request.extensions_mut().insert(caller.clone());
    if gate.is_api && request.method() == Method::POST && gate.again != Again::Harmless {
        return idempotent::once(house, &person, gate.again == Again::Told, request, next).await;
    }
    Ok(next.run(request).await)
}

/// Whether an unsafe call comes from a page of this server, or from no page at all. Browsers say so (Fetch Metadata,
/// `Origin`); programs say nothing.
fn from_here(house: &House, headers: &HeaderMap) -> Result<(), Problem> {
    let elsewhere = || {
        let detail = "this was sent by a page of another site; use this server's own";
        Problem::new(StatusCode::FORBIDDEN, "elsewhere", detail)
    };
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if !matches!(text("sec-fetch-site"), None | Some("same-origin" | "none")) {
        return Err(elsewhere());
    }
    match text(header::ORIGIN.as_str()) {
        None => Ok(()),
        Some(origin) if origin == house.origin() => Ok(()),
        Some(_) => Err(elsewhere()),
    }
}

#[derive(Deserialize)]
struct Token {
    csrf: Option<String>,
}

/// An unsafe call by a cookie carries the token of a form of that session: in a header, or in the form.
async fn of_a_form_of_ours(
    house: &House,
    gate: &Gate,
    known: Option<&Signed>,
    request: Request,
) -> Result<Request, Problem> {
    let Some(session) = known.and_then(|signed| signed.session.as_ref()) else {
        return Ok(request);
    };
    if gate.access == Access::Door {
        // Nobody's session gives these their right.
        return Ok(request);
    }
    let header = request.headers().get(CSRF_HEADER);
    let form = if gate.is_api {
        CSRF_OF_API
    } else {
        CSRF_OF_PAGES
    };
    let holds = |token: &str| house.form.holds(&session.hash, form, token);
    let forged = || {
        let detail = "this form is old, or was not made for this session; open the page again";
        Problem::new(StatusCode::FORBIDDEN, "csrf", detail)
    };
    if let Some(token) = header {
        return if holds(token.to_str().unwrap_or_default()) {
            Ok(request)
        } else {
            Err(forged())
        };
    }
    if gate.uploads && extract::media(request.headers()) == "multipart/form-data" {
        let (parts, body) = request.into_parts();
        let bytes = extract::whole(&parts.headers, body, extract::MOST_UPLOAD).await?;
        let form = extract::upload(&parts.headers, &bytes).await?;
        let token = form.iter().find(|part| part.name == "csrf");
        let token = token.and_then(|part| std::str::from_utf8(&part.content).ok());
        if !token.is_some_and(holds) {
            return Err(forged());
        }
        return Ok(Request::from_parts(parts, Body::from(bytes)));
    }
    if gate.is_api || extract::media(request.headers()) != "application/x-www-form-urlencoded" {
        return Err(forged());
    }
    let (parts, body) = request.into_parts();
    let bytes = extract::whole(&parts.headers, body, extract::MOST).await?;
    let token: Token = serde_html_form::from_bytes(&bytes).map_err(|_| forged())?;
    if !token.csrf.is_some_and(|token| holds(&token)) {
        return Err(forged());
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
