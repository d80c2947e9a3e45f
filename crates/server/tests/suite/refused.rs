//! Bad input and attacks: the right status, said as a problem, and nothing changed.

use crate::setup::{Server, call, set_cookie};
use axum::{body::Body, extract::ConnectInfo, http::Request};
use serde_json::json;
use std::{net::SocketAddr, num::NonZeroU32};
use tenure_model::access::Role;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unsafe_call_by_a_cookie_has_to_come_from_a_page_of_that_session() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let ann = server.person("ann", &[Role::Analyst]).await;
    let eve = server.person("eve", &[Role::Analyst]).await;
    let path = format!("/api/v1/keys/{}/owner", keys[0]);
    let size = server.log_size().await;
    let put = || {
        call("PUT", &path)
            .with("if-match", "*")
            .json(&json!({"owner": "eve"}))
    };
    let forged = put().with("cookie", &ann.cookie).to(&server).await;
    assert_eq!(
        (forged.status.as_u16(), forged.code().as_str()),
        (403, "csrf")
    );
    let of_other = put()
        .with("cookie", &ann.cookie)
        .with("x-csrf-token", &eve.csrf);
    assert_eq!(of_other.to(&server).await.code(), "csrf");
    // The token of another form does not do.
    let login = call("GET", "/login").by(&ann).to(&server).await;
    let token = login.text.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap().to_owned();
    let of_form = put()
        .with("cookie", &ann.cookie)
        .with("x-csrf-token", &token);
    assert_eq!(of_form.to(&server).await.code(), "csrf");
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "https://tenure.example.com.evil.example"),
    ] {
        let sent = put()
            .with("cookie", &ann.cookie)
            .with("x-csrf-token", &ann.csrf)
            .with(name, value);
        assert_eq!(
            sent.to(&server).await.code(),
            "elsewhere",
            "{name}: {value}"
        );
    }
    assert_eq!(server.log_size().await, size, "nothing changed");
    assert_eq!(put().by(&ann).to(&server).await.status, 200);
    // Signing out is a form with a token of its own.
    let out = call("POST", "/logout")
        .with("cookie", &ann.cookie)
        .form("csrf=x")
        .to(&server)
        .await;
    assert_eq!(out.status, 403);
    let out = call("POST", "/logout")
        .with("cookie", &ann.cookie)
        .form(&format!("csrf={token}"))
        .to(&server)
        .await;
    assert_eq!(
        (out.status.as_u16(), out.header("location")),
        (303, "/login")
    );
    assert!(set_cookie(&out)[0].contains("Max-Age=0"));
    assert_eq!(
        call("GET", "/api/v1/me").by(&ann).to(&server).await.status,
        401
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_refused_as_a_problem_that_says_what() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let ann = server
        .person("ann", &[Role::Analyst, Role::Administrator])
        .await;
    let owner = format!("/api/v1/keys/{}/owner", keys[0]);
    let size = server.log_size().await;
    let refused = async |made: crate::setup::Call, status: u16, code: &str, says: &str| {
        let answer = made.by(&ann).to(&server).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        assert_eq!(answer.code(), code);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{detail}");
        answer
    };
    refused(call("GET", "/api/v1/nothing"), 404, "unknown", "address").await;
    refused(
        call("GET", "/api/v1/keys/nothing"),
        404,
        "unknown",
        "nothing",
    )
    .await;
    let answer = refused(call("PATCH", "/api/v1/keys"), 405, "method", "Allow").await;
    assert!(answer.header("allow").contains("GET"));
    refused(call("GET", "/api/v1/keys?ownr=ann"), 422, "field", "ownr").await;
    refused(call("GET", "/api/v1/keys?limit=0"), 422, "field", "limit").await;
    refused(call("GET", "/api/v1/keys?limit=x"), 422, "field", "limit").await;
    refused(
        call("GET", "/api/v1/keys?verdict=x"),
        422,
        "field",
        "verdict",
    )
    .await;
    refused(call("GET", "/api/v1/keys?after=x"), 422, "field", "after").await;
    refused(
        call("GET", "/api/v1/keys?owner=%FF"),
        400,
        "malformed",
        "UTF-8",
    )
    .await;
    refused(
        call("GET", "/api/v1/keys?owner=%00"),
        400,
        "malformed",
        "NUL",
    )
    .await;
    refused(call("GET", "/api/v1/keys/%00"), 400, "malformed", "NUL").await;
    refused(call("GET", "/api/v1/keys/%FF"), 400, "malformed", "UTF-8").await;
    refused(
        call("GET", "/api/v1/keys/..%2F..%2Fetc%2Fpasswd"),
        404,
        "unknown",
        "key",
    )
    .await;
    let put = || call("PUT", &owner).with("if-match", "*");
    refused(put().bytes("{}"), 415, "media", "application/json").await;
    let json = |text: &[u8]| put().with("content-type", "application/json").bytes(text);
    refused(json(b"{"), 400, "malformed", "JSON").await;
    refused(json(b"\xff\xfe"), 400, "malformed", "UTF-8").await;
    refused(json(b"{}"), 422, "field", "owner").await;
    refused(json(br#"{"owner": "x", "evil": 1}"#), 422, "field", "evil").await;
    refused(json(br#"{"owner": " "}"#), 422, "field", "visible").await;
    refused(json(br#"{"owner": "a\u202eb"}"#), 422, "field", "visible").await;
    refused(json(&vec![b' '; 300 * 1024]), 413, "too_large", "bytes").await;
    refused(
        call("PUT", &owner).json(&json!({"owner": "x"})),
        428,
        "no_if_match",
        "ETag",
    )
    .await;
    refused(
        call("GET", "/api/v1/log/consistency?from=0"),
        422,
        "field",
        "from",
    )
    .await;
    refused(
        call("GET", "/api/v1/log/inclusion?index=0&size=99999"),
        422,
        "field",
        "log",
    )
    .await;
    let import = |kind: &str| call("POST", &format!("/api/v1/imports?kind={kind}&name=x"));
    refused(
        import("databricks-token"),
        422,
        "field",
        "databricks-tokens",
    )
    .await;
    refused(
        import("databricks-tokens").bytes("no export"),
        422,
        "nothing",
        "",
    )
    .await;
    refused(call("POST", "/api/v1/imports?kind=x"), 422, "field", "name").await;
    let denied = server.log_size().await - size;
    assert_eq!(denied, 0, "nothing changed");
    // Characters that mean something elsewhere mean nothing here.
    for odd in ["' OR 1=1 --", "%25_!", "../..", "\u{202e}", "a\u{1f600}"] {
        let odd = url::form_urlencoded::byte_serialize(odd.as_bytes()).collect::<String>();
        let found = call("GET", &format!("/api/v1/keys?owner={odd}&q={odd}"))
            .by(&ann)
            .to(&server)
            .await;
        assert_eq!(found.status, 200, "{odd}: {}", found.text);
        assert_eq!(found.json()["items"], json!([]), "{odd}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_too_large_is_refused_before_it_is_kept() {
    let server = Server::with(|settings| settings.most_upload = 100).await;
    let ann = server.person("ann", &[Role::Analyst]).await;
    let size = server.log_size().await;
    let import = || call("POST", "/api/v1/imports?kind=people&name=x").by(&ann);
    let told = import()
        .with("content-length", "101")
        .bytes("")
        .to(&server)
        .await;
    assert_eq!(told.code(), "too_large");
    let sent = import().bytes(vec![b'a'; 101]).to(&server).await;
    assert_eq!(sent.code(), "too_large");
    assert_eq!(server.log_size().await, size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_carries_what_browsers_are_to_keep_to() {
    let server = Server::new().await;
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/login",
        "/setup",
        "/nothing",
        "/api/v1/keys",
        "/openapi.json",
        "/login/start",
        "/login/callback?state=x",
    ] {
        let answer = call("GET", path).to(&server).await;
        let csp = answer.header("content-security-policy");
        assert!(csp.starts_with("default-src 'none'"), "{path}");
        assert!(csp.contains("frame-ancestors 'none'"), "{path}");
        assert!(!csp.contains("unsafe") && !csp.contains('*'), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(
            answer.header("cross-origin-opener-policy"),
            "same-origin",
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(
            answer
                .header("strict-transport-security")
                .contains("max-age"),
            "{path}"
        );
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        assert!(
            !answer.text.contains("style=")
                && answer.text.matches("<script").count()
                    == answer.text.matches("<script src=\"/static/").count(),
            "{path}"
        );
    }
    // What a caller sends is in no header, and ours is not theirs.
    let mine = call("GET", "/healthz")
        .with("x-request-id", "mine")
        .to(&server)
        .await;
    assert_ne!(mine.header("x-request-id"), "mine");
    for evil in [
        "/login?return_to=%0d%0aSet-Cookie:%20a=b",
        "/login?return_to=//evil.example",
        "/login?return_to=%22%3E%3Cscript%3E",
    ] {
        let answer = call("GET", evil).to(&server).await;
        assert!(set_cookie(&answer).is_empty(), "{evil}");
        assert!(!answer.text.contains("<script>"), "{evil}");
        assert!(answer.header("location").is_empty(), "{evil}");
    }
    let page = call("GET", "/nothing").to(&server).await;
    assert!(page.header("content-type").starts_with("text/html"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_calls_too_often_waits_and_counts_name_no_caller() {
    let few = NonZeroU32::new(3).unwrap();
    let server = Server::with(|settings| settings.rates.sign_in = few).await;
    let look = async |from: &str| {
        let from: SocketAddr = from.parse().unwrap();
        let request = Request::builder()
            .uri("/setup?token=tenure_setup_guess")
            .extension(ConnectInfo(from))
            .body(Body::empty())
            .unwrap();
        server.send(request).await
    };
    for _ in 0..3 {
        assert_eq!(look("192.0.2.1:1").await.status, 401);
    }
    let refused = look("192.0.2.1:2").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(
        look("192.0.2.2:1").await.status,
        401,
        "others are not held up"
    );
    call("GET", "/api/v1/keys/secret-looking-id")
        .to(&server)
        .await;
    call("GET", "/unheard-of").to(&server).await;
    let counts = call("GET", "/metrics").to(&server).await.text;
    assert!(counts.contains("tenure_http_requests_total{"), "{counts}");
    assert!(
        counts.contains("route=\"/api/v1/keys/{key}\",status=\"401\""),
        "{counts}"
    );
    for word in ["secret-looking", "unheard-of", "guess", "192.0.2"] {
        assert!(!counts.contains(word), "{word}");
    }
}
