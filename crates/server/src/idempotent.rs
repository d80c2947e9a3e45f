//! A POST that is sent again with the same `Idempotency-Key` is done once: within a day, by the same caller, it is
//! answered as it was.

use crate::{error::Problem, extract, house::House};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest as _, Sha256};
use tenure_app::register::Answer;

const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "idempotent-replayed";
/// How long an answer is kept, in seconds.
const DAY: i64 = 86_400;
/// The longest body that is kept.
const MOST_KEPT: usize = 256 * 1024;

/// Runs a call once. `is_secret`: its answer is not kept, and a second call is told that it was done.
pub(crate) async fn once(
    house: &House,
    person: &str,
    is_secret: bool,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(key) = request.headers().get(HEADER) else {
        return Ok(next.run(request).await);
    };
    let key = key.to_str().unwrap_or_default().to_owned();
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::bad("Idempotency-Key: 1 to 255 visible characters"));
    }
    let (parts, body) = request.into_parts();
    let bytes = extract::whole(&parts.headers, body, extract::MOST).await?;
    let mut digest = Sha256::new();
    for part in [parts.method.as_str(), &parts.uri.to_string()] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.update(&bytes);
    let digest: String = digest
        .finalize()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let store = house.register.store();
    let now = house.register.now();
    let claimed = store
        .claim_answer(person, &key, &digest, now, now.plus_seconds(-DAY))
        .await
        .map_err(tenure_app::register::RegisterError::from)?;
    if let Some(answer) = claimed {
        return told_again(&answer, &digest, is_secret);
    }
    let answer = next
        .run(Request::from_parts(parts, Body::from(bytes)))
        .await;
    let status = answer.status();
    let kept = if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        (None, answer)
    } else {
        keep(answer, &digest, is_secret).await?
    };
    let (kept, answer) = kept;
    store
        .keep_answer(person, &key, kept.as_ref())
        .await
        .map_err(tenure_app::register::RegisterError::from)?;
    Ok(answer)
}

/// What is kept of an answer, and the answer.
async fn keep(
    answer: Response,
    digest: &str,
    is_secret: bool,
) -> Result<(Option<Answer>, Response), Problem> {
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, MOST_KEPT)
        .await
        .map_err(|error| Problem::ours(&error))?;
    let media = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_hidden = is_secret && parts.status.is_success();
    let kept = Answer {
        request: digest.to_owned(),
        status: parts.status.as_u16(),
        media: media.to_owned(),
        body: if is_hidden {
            String::new()
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        },
    };
    Ok((Some(kept), Response::from_parts(parts, Body::from(bytes))))
}

fn told_again(answer: &Answer, digest: &str, is_secret: bool) -> Result<Response, Problem> {
    let conflict = |detail: &str| Err(Problem::new(StatusCode::CONFLICT, "idempotency", detail));
    if answer.request != digest {
        let detail = "this Idempotency-Key was sent with another request; take a new one";
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency",
            detail,
        ));
    }
    if answer.status == 0 {
        return conflict(
            "the first call with this Idempotency-Key is still under way; ask again later",
        );
    }
    if is_secret && answer.status < 300 {
        return conflict(
            "this was done already, and its answer held a secret, which is shown once",
        );
    }
    let status = StatusCode::from_u16(answer.status).map_err(|error| Problem::ours(&error))?;
    let mut again = (status, answer.body.clone()).into_response();
    if let Ok(media) = HeaderValue::from_str(&answer.media) {
        again.headers_mut().insert(header::CONTENT_TYPE, media);
    }
    again
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(again)
}
