//! The way in and out: signing in with the identity provider, signing out, set-up links.

use crate::{
    answer::Result,
    auth::{self, Caller, Perhaps},
    error::Problem,
    extract::{self, Query},
    house::House,
    ui,
};
use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Deserialize;
use tenure_model::secret::Secret;

/// A page.
pub(crate) fn page(text: ui::Result<String>) -> Result<Response> {
    let text = text.map_err(|error| Problem::ours(&error))?;
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response())
}

/// The switches of the example, where that is served.
pub(crate) fn demo_of(
    house: &House,
    role: Option<tenure_model::access::Role>,
) -> Option<ui::frame::Demo> {
    house.settings.demo.then(|| ui::frame::Demo {
        role: role.unwrap_or(tenure_model::access::Role::Viewer),
    })
}

/// What stands around a page for nobody in particular.
fn plain(house: &House, title: &str) -> ui::frame::Frame {
    ui::frame::Frame {
        demo: demo_of(house, None),
        ..ui::frame::Frame::plain(title, house.register.now())
    }
}

/// A problem as a page, with the headers that its answer has.
pub(crate) fn problem_page(
    house: &House,
    problem: &Problem,
    id: &str,
    mut answer: Response,
) -> Response {
    let title = problem.status.canonical_reason().unwrap_or("Error");
    let advice = match problem.status {
        StatusCode::UNAUTHORIZED if house.settings.demo => "Take a role, above.",
        StatusCode::UNAUTHORIZED => "Sign in, and come back.",
        StatusCode::FORBIDDEN => "Ask somebody who may, or an administrator for a role.",
        StatusCode::NOT_FOUND => "It may be gone, or the address is wrong.",
        _ => "",
    };
    let policies = problem.more.get("policies").and_then(|all| all.as_array());
    let policies = policies.into_iter().flatten().filter_map(|one| {
        let name = one.get("policy").and_then(|policy| policy.as_str());
        name.or_else(|| one.as_str()).map(str::to_owned)
    });
    let told = ui::door::render_failed(&ui::door::Failed {
        frame: plain(house, title),
        status: problem.status.as_u16(),
        what: problem.detail.clone(),
        advice: advice.to_owned(),
        policies: policies.collect(),
        request: Some(id.to_owned()),
    });
    let Ok(text) = told else {
        return answer;
    };
    let media = HeaderValue::from_static("text/html; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, media);
    answer.headers_mut().remove(header::CONTENT_LENGTH);
    *answer.body_mut() = text.into();
    answer
}

/// Elsewhere on this server.
fn away(to: &str) -> Result<Response> {
    let to = HeaderValue::from_str(to).map_err(|error| Problem::ours(&error))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Return {
    /// The path of this server to go to afterwards.
    return_to: Option<String>,
    /// Whether to prove oneself anew, to sign something.
    #[serde(default)]
    again: bool,
}

/// The page that says where to sign in, or that one is.
pub(crate) async fn login(
    State(house): State<House>,
    Perhaps(caller): Perhaps,
    Query(wanted): Query<Return>,
) -> Result<Response> {
    let mut start = "/login/start".to_owned();
    let query: Vec<(&str, &str)> = wanted
        .return_to
        .as_deref()
        .map(|path| ("return_to", path))
        .into_iter()
        .chain(wanted.again.then_some(("again", "true")))
        .collect();
    if !query.is_empty() {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        start = format!("{start}?{query}");
    }
    let csrf = match &caller {
        Some(caller) => csrf(&house, caller, crate::guard::CSRF_OF_PAGES)?,
        None => String::new(),
    };
    page(ui::door::render_sign_in(&ui::door::SignIn {
        frame: ui::frame::Frame {
            csrf,
            ..plain(&house, "Sign in")
        },
        who: caller.map(|caller| caller.person().to_string()),
        start: house.login.is_some().then_some(start),
        fresh: wanted.again,
    }))
}

/// A token for a form of a page that this session looks at; `path` is the form's, as the router writes it.
pub(crate) fn csrf(house: &House, caller: &Caller, path: &str) -> Result<String> {
    let Some(session) = &caller.0.session else {
        return Ok(String::new());
    };
    let token = house.form.token(&session.hash, path);
    token.map_err(|error| Problem::ours(&error))
}

fn provider(house: &House) -> Result<&tenure_app::register::Login> {
    house.login.as_ref().ok_or_else(|| {
        let detail = "no identity provider is set up: write [login] into the settings";
        Problem::new(StatusCode::NOT_FOUND, "no_provider", detail)
    })
}

/// Sends the browser to the identity provider.
pub(crate) async fn start(
    State(house): State<House>,
    Query(wanted): Query<Return>,
) -> Result<Response> {
    let return_to = wanted.return_to.as_deref().unwrap_or("/");
    let login = provider(&house)?;
    let begun = login
        .begin(&house.register, wanted.again, return_to)
        .await?;
    let mut answer = away(begun.url.as_str())?;
    auth::set_state(&house, answer.headers_mut(), &begun.state);
    Ok(answer)
}

/// Takes the browser back from there. The session is a new one, whatever the browser had.
pub(crate) async fn back(
    State(house): State<House>,
    Perhaps(caller): Perhaps,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let state = auth::state(&house, &headers);
    let current = caller.as_ref().map(|caller| &*caller.0);
    let query = query.unwrap_or_default();
    let ended = provider(&house)?
        .finish(&house.register, &query, state.as_deref(), current)
        .await;
    let mut answer = match ended {
        Ok(ended) => {
            let mut answer = away(&ended.return_to)?;
            let secret = ended.signed_in.cookie.expose();
            auth::set_session(&house, answer.headers_mut(), secret);
            answer
        }
        Err(error) => {
            tracing::info!(%error, "nobody signed in");
            Problem::from(error).into_response()
        }
    };
    auth::drop_state(&house, answer.headers_mut());
    Ok(answer)
}

/// Ends the session of this browser.
pub(crate) async fn logout(State(house): State<House>, caller: Caller) -> Result<Response> {
    if let Some(session) = &caller.0.session {
        let desk = house.register.desk(caller.actor());
        desk.end_sessions(caller.person(), Some(&session.id))
            .await?;
    }
    let mut answer = away("/login")?;
    auth::drop_session(&house, answer.headers_mut());
    Ok(answer)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetupToken {
    /// The secret of the link.
    #[serde(default)]
    token: String,
}

/// The page of a set-up link. Looking at it uses nothing up.
pub(crate) async fn setup(
    State(house): State<House>,
    Query(link): Query<SetupToken>,
) -> Result<Response> {
    let person = house.register.look_at_link(&link.token).await?;
    page(ui::door::render_set_up(&ui::door::SetUp {
        frame: plain(&house, "Set up"),
        link: Secret::new(link.token.as_bytes()),
        who: person.map(|person| person.to_string()),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redeem {
    token: String,
    email: Option<String>,
}

/// Uses a set-up link up.
pub(crate) async fn redeem(
    State(house): State<House>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    if extract::media(&headers) != "application/x-www-form-urlencoded" {
        let detail = "send the form as application/x-www-form-urlencoded";
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media",
            detail,
        ));
    }
    let form: Redeem = extract::form_of(&body)?;
    let signed_in = house
        .register
        .redeem(&form.token, form.email.as_deref())
        .await?;
    let mut answer = away("/login")?;
    auth::set_session(&house, answer.headers_mut(), signed_in.cookie.expose());
    Ok(answer)
}
