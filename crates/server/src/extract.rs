//! What a call brings, checked on its way in: unknown names are refused with the name.

use crate::error::Problem;
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// The most that a body of JSON or a form may hold, in bytes.
pub(crate) const MOST: usize = 256 * 1024;

/// The query of a call.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// A form of a page, without the token that the guard has checked: what is not known is refused, as in the API.
pub(crate) fn form_of<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::bad("the form is no UTF-8"))?;
    let fields = text.split('&').filter(|field| !field.starts_with("csrf="));
    query(&fields.collect::<Vec<_>>().join("&"))
}

/// Reads a query or a form.
pub(crate) fn query<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    // PostgreSQL keeps no NUL in a text, and no name of anything here has one.
    if text.contains("%00") || text.contains('\0') {
        return Err(Problem::bad(
            "a parameter holds a NUL character; leave it out",
        ));
    }
    let is_text = |part: &str| {
        let part = part.replace('+', " ");
        percent_decoded(&part).is_some()
    };
    if !is_text(text) {
        return Err(Problem::bad("a parameter is no UTF-8; encode it anew"));
    }
    let parsed = serde_html_form::Deserializer::new(url::form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(parsed).map_err(|error| {
        let at = error.path().to_string();
        let problem = error.into_inner().to_string();
        match at.as_str() {
            "." | "?" | "" => Problem::field("query", problem),
            name => Problem::field(name, format!("{name}: {problem}")),
        }
    })
}

/// Reads a parameter that can be left out: where it is there, it says something. `limit=` is no number, and not none.
pub(crate) fn given<'de, T, D>(value: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(value).map(Some)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
        match (first, hex(after.first()), hex(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).ok()?);
                rest = after.get(2..)?;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// The one name in the path of a call, such as an id; or the two of them.
pub(crate) struct Named(pub(crate) String);

/// Two names in a path.
pub(crate) struct Both(pub(crate) String, pub(crate) String);

async fn names<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Vec<String>, Problem> {
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::bad("the path is no UTF-8; encode it anew"))?;
    let all: Vec<String> = params.iter().map(|(_, value)| value.to_owned()).collect();
    if all.iter().any(|name| name.contains('\0')) {
        return Err(Problem::bad("the path holds a NUL character; leave it out"));
    }
    Ok(all)
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let name = names(parts, state).await?.into_iter().next();
        name.map(Self)
            .ok_or_else(|| Problem::no_such("such address"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Both {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut names = names(parts, state).await?.into_iter();
        match (names.next(), names.next()) {
            (Some(one), Some(other)) => Ok(Self(one, other)),
            _ => Err(Problem::no_such("such address")),
        }
    }
}

/// The media type that a call says its body is of, without parameters.
pub(crate) fn media(headers: &HeaderMap) -> String {
    let named = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media = named.split(';').next().unwrap_or_default();
    media.trim().to_ascii_lowercase()
}

/// A whole body, up to a size.
pub(crate) async fn whole(
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::too_large(u64::try_from(most).unwrap_or(u64::MAX));
    let told = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|told| told > u64::try_from(most).unwrap_or(u64::MAX)) {
        return Err(too_large());
    }
    let bytes = axum::body::to_bytes(body, most).await;
    bytes.map(Vec::from).map_err(|_| too_large())
}

/// The most that a form with a file may hold, in bytes: the largest file and what stands around it.
pub(crate) const MOST_UPLOAD: usize = tenure_app::register::MOST_BYTES + 64 * 1024;

/// One part of a form with a file.
pub(crate) struct Part {
    /// The field.
    pub(crate) name: String,
    /// What its sender calls the file; empty where it is none.
    pub(crate) file_name: String,
    /// What it holds.
    pub(crate) content: Vec<u8>,
}

/// A form with a file (`multipart/form-data`, RFC 7578).
pub(crate) struct Upload(pub(crate) Vec<Part>);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = whole(&parts.headers, body, MOST_UPLOAD).await?;
        upload(&parts.headers, &bytes).await.map(Self)
    }
}

/// Reads the parts of a form with a file.
pub(crate) async fn upload(headers: &HeaderMap, bytes: &[u8]) -> Result<Vec<Part>, Problem> {
    /// A form has a token and a file.
    const PARTS: usize = 10;
    let broken = |error: multer::Error| Problem::bad(format!("the form cannot be read: {error}"));
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Problem::new(status, "media", "send the form as multipart/form-data")
    })?;
    let mut form = multer::Multipart::with_reader(bytes, boundary);
    let mut all = Vec::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if all.len() == PARTS {
            return Err(Problem::bad("the form has too many parts"));
        }
        all.push(Part {
            name: field.name().unwrap_or_default().to_owned(),
            file_name: field.file_name().unwrap_or_default().to_owned(),
            content: field.bytes().await.map_err(broken)?.to_vec(),
        });
    }
    Ok(all)
}

/// A body of JSON.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if media(&parts.headers) != "application/json" {
            let detail = "send the body as application/json";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media",
                detail,
            ));
        }
        let bytes = whole(&parts.headers, body, MOST).await?;
        json(&bytes).map(Self)
    }
}

/// Reads JSON: what is none is malformed; what is, and is not of the form, names the field.
pub(crate) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::bad("the body is no UTF-8"))?;
    if text.contains("\\u0000") {
        return Err(Problem::field(
            "body",
            "a text holds a NUL character; leave it out",
        ));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let at = error.path().to_string();
        let problem = error.into_inner();
        if problem.is_data() {
            Problem::field(&at, format!("{at}: {problem}"))
        } else {
            Problem::bad(format!("the body is no JSON: {problem}"))
        }
    })?;
    reader
        .end()
        .map_err(|error| Problem::bad(format!("the body goes on after its JSON: {error}")))?;
    Ok(value)
}

/// What a conditional write names as the version that it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Whatever it is now.
    Any,
    /// This one.
    Tag(String),
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            let detail = "say in If-Match which version you saw: the ETag of a GET of the same address, or *";
            return Err(Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "no_if_match",
                detail,
            ));
        };
        let text = value.to_str().unwrap_or_default().trim();
        let is_tag = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .is_some_and(|tag| !tag.contains('"') && text.len() <= 255);
        match text {
            "*" => Ok(Self::Any),
            _ if is_tag => Ok(Self::Tag(text.to_owned())),
            _ => Err(Problem::bad(
                "If-Match: one ETag, in its quotation marks, or *",
            )),
        }
    }
}

/// The answer where somebody else was there first.
pub(crate) fn was_changed() -> Problem {
    let detail = "it was changed by somebody else meanwhile; read it again";
    Problem::new(StatusCode::PRECONDITION_FAILED, "changed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        #[serde(default)]
        owner: Vec<String>,
        #[serde(default, deserialize_with = "given")]
        limit: Option<u16>,
    }

    #[test]
    fn a_query_is_read_and_what_is_unknown_is_named() {
        let read = query::<Asked>("owner=ann&owner=b%C3%B6b&limit=5").unwrap();
        assert_eq!(read.owner, ["ann", "böb"]);
        assert_eq!(read.limit, Some(5));
        assert_eq!(query::<Asked>("owner=ann").unwrap().owner, ["ann"]);
        let problem = query::<Asked>("ownr=ann").unwrap_err();
        assert!(problem.detail.contains("ownr"), "{problem:?}");
        for bad in ["limit=many", "limit="] {
            let problem = query::<Asked>(bad).unwrap_err();
            assert_eq!(problem.json()["field"], "limit", "{bad}");
        }
        for bad in ["owner=%00", "owner=%FF", "owner=a%ff%fe"] {
            assert_eq!(query::<Asked>(bad).unwrap_err().status, 400, "{bad}");
        }
    }

    #[test]
    fn what_is_no_json_is_malformed_and_what_is_of_another_form_names_the_field() {
        assert_eq!(json::<Asked>(b"{").unwrap_err().status, 400);
        assert_eq!(json::<Asked>(b"\xff").unwrap_err().status, 400);
        assert_eq!(json::<Asked>(b"{} {}").unwrap_err().status, 400);
        let problem = json::<Asked>(br#"{"owner": [1]}"#).unwrap_err();
        assert_eq!(problem.status, 422);
        assert_eq!(problem.json()["field"], "owner[0]");
        assert_eq!(
            json::<Asked>(br#"{"owner": ["\u0000"]}"#)
                .unwrap_err()
                .status,
            422
        );
    }
}
