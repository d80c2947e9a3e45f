//! What a process of one role answers, and whose word about a caller's address counts.

use crate::setup::{Server, call};
use axum::{body::Body, extract::ConnectInfo, http::Request};
use std::{net::SocketAddr, num::NonZeroU32};
use tenure_server::{Role, Says, router::routes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_answers_whether_it_lives_and_nothing_else() {
    let server = Server::with(|settings| settings.role = Role::Worker).await;
    let mut answered = Vec::new();
    for route in routes() {
        let path = route.path.replace(['{', '}'], "");
        let answer = call(route.method.as_str(), &path).to(&server).await;
        if answer.status != 404 {
            answered.push(route.path);
        }
    }
    assert_eq!(answered, ["/healthz", "/readyz", "/metrics"]);
    assert_eq!(call("GET", "/openapi.json").to(&server).await.status, 404);
    let server = Server::with(|settings| settings.role = Role::Api).await;
    assert_eq!(call("GET", "/openapi.json").to(&server).await.status, 200);
    assert_eq!(call("GET", "/api/v1/me").to(&server).await.status, 401);
}

/// How many calls of a door each of these are taken until one is not, all from one peer.
async fn taken(server: &Server, peer: &str, headers: &[(&str, String)]) -> usize {
    let peer: SocketAddr = peer.parse().unwrap();
    let mut taken = 0;
    for (name, value) in headers {
        let request = Request::builder()
            .uri("/setup?token=tenure_setup_guess")
            .header(*name, value)
            .extension(ConnectInfo(peer))
            .body(Body::empty())
            .unwrap();
        match server.send(request).await.status.as_u16() {
            401 => taken += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spoofed_header_buys_no_further_attempt_and_a_named_proxy_speaks_for_its_callers() {
    let few = NonZeroU32::new(3).unwrap();
    let each = |name: &'static str, of: fn(usize) -> String| -> Vec<(&'static str, String)> {
        (1..=9).map(|n| (name, of(n))).collect()
    };
    let xff = each("x-forwarded-for", |n| format!("192.0.2.{n}"));
    let rfc = each("forwarded", |n| format!("for=192.0.2.{n}"));
    let one_behind = each("x-forwarded-for", |n| format!("192.0.2.{n}, 198.51.100.7"));

    // Nobody is named: the peer counts.
    let server = Server::with(|settings| settings.rates.sign_in = few).await;
    assert_eq!(taken(&server, "10.0.0.1:1", &xff).await, 3);
    assert_eq!(taken(&server, "10.0.0.2:1", &rfc).await, 3);

    let under = async |says| {
        Server::with(|settings| {
            settings.rates.sign_in = few;
            settings.proxies.trusted = vec!["10.0.0.0/24".parse().unwrap()];
            settings.proxies.says = says;
        })
        .await
    };
    let server = under(Says::XForwardedFor).await;
    assert_eq!(
        taken(&server, "10.0.1.1:1", &xff).await,
        3,
        "another peer is not believed"
    );
    assert_eq!(
        taken(&server, "10.0.0.2:1", &rfc).await,
        3,
        "nor is the header that is not read"
    );
    assert_eq!(
        taken(&server, "10.0.0.1:1", &one_behind).await,
        3,
        "what the caller wrote itself does not count"
    );
    assert_eq!(
        taken(&server, "10.0.0.1:1", &xff).await,
        9,
        "each caller has their own"
    );
    let server = under(Says::Forwarded).await;
    assert_eq!(taken(&server, "10.0.0.1:1", &xff).await, 3);
    assert_eq!(taken(&server, "10.0.0.2:1", &rfc).await, 9);
}
