//! Notices against real servers: what arrives is signed as the receivers' own library asks for, and says no secret.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

mod mail;

use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tenure_connect::{
    http::{Client, HttpError, Limits, address::AddressPolicy},
    notify::{Notice, NotifyError, slack::Incoming, webhook::Webhook},
};
use tenure_model::moment::Moment;
use tenure_testkit::server::{Server, reply};
use zeroize::Zeroizing;

fn client(allowed: &[&str]) -> Client {
    let limits = Limits {
        connect: Duration::from_millis(1500),
        whole: Duration::from_millis(1500),
        most_bytes: 10_000,
    };
    let policy = AddressPolicy::allowing(allowed.iter().copied()).unwrap();
    Client::new(limits, policy)
}

const LOOPBACK: &[&str] = &["127.0.0.1"];

/// A made-up secret: 32 times the same byte.
fn secret(byte: u8) -> Zeroizing<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    Zeroizing::new(format!("whsec_{}", STANDARD.encode([byte; 32])))
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Moment::from_micros(i64::try_from(since.as_micros()).unwrap())
}

fn notice() -> Notice {
    let lines = [
        "key <!channel> & co".to_owned(),
        "due 2026-12-01".to_owned(),
    ];
    let page = "https://tenure.example/today".parse().unwrap();
    Notice::new("digest-1", now(), "2 keys need you", &lines, page).unwrap()
}

#[test]
fn the_receivers_own_library_takes_the_signature_and_no_other() {
    let server = Server::start(|_, out| reply(out, 204, &[], ""));
    let url = format!("{}/hook", server.url()).parse().unwrap();
    let webhook = Webhook::new(url, &secret(7)).unwrap();
    webhook.send(&client(LOOPBACK), &notice(), now()).unwrap();
    let seen = server.seen().remove(0);
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/hook")
    );
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, seen.header(name).parse().unwrap());
    }
    let theirs = standardwebhooks::Webhook::new(&secret(7)).unwrap();
    theirs.verify(&seen.body, &headers).unwrap();
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(body["data"]["subject"], "2 keys need you");
    assert_eq!(body["data"]["page"], "https://tenure.example/today");
    assert_eq!(seen.header("webhook-id"), "digest-1");
    // One byte more, another id, another secret: refused.
    let mut longer = seen.body.clone();
    longer.push(b' ');
    assert!(theirs.verify(&longer, &headers).is_err());
    let other = standardwebhooks::Webhook::new(&secret(8)).unwrap();
    assert!(other.verify(&seen.body, &headers).is_err());
    headers.insert("webhook-id", "digest-2".parse().unwrap());
    assert!(theirs.verify(&seen.body, &headers).is_err());
}

#[test]
fn an_old_signature_is_refused_by_the_receiver() {
    let server = Server::start(|_, out| reply(out, 200, &[], ""));
    let webhook = Webhook::new(server.url().parse().unwrap(), &secret(7)).unwrap();
    let hour_ago = now().plus_seconds(-3600);
    webhook
        .send(&client(LOOPBACK), &notice(), hour_ago)
        .unwrap();
    let seen = server.seen().remove(0);
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, seen.header(name).parse().unwrap());
    }
    let theirs = standardwebhooks::Webhook::new(&secret(7)).unwrap();
    assert!(theirs.verify(&seen.body, &headers).is_err());
}

#[test]
fn an_incoming_webhook_mentions_nobody() {
    let server = Server::start(|_, out| reply(out, 200, &[], "ok"));
    let address = Zeroizing::new(format!("{}/services/made-up", server.url()));
    let incoming = Incoming::new(address);
    incoming.send(&client(LOOPBACK), &notice()).unwrap();
    let body: Value = serde_json::from_slice(&server.seen()[0].body).unwrap();
    let text = "2 keys need you\nkey &lt;!channel&gt; &amp; co\ndue 2026-12-01\nhttps://tenure.example/today";
    assert_eq!(body, serde_json::json!({ "text": text }));
}

#[test]
fn a_dead_channel_says_so_and_nothing_secret() {
    let server = Server::start(|seen, out| {
        let status = seen.path.trim_start_matches('/').parse().unwrap_or(200);
        reply(
            out,
            status,
            &[("Location", "http://127.0.0.1:1/")],
            "made-up",
        )
    });
    for (status, dead) in [
        (302, false),
        (404, true),
        (410, true),
        (429, false),
        (503, false),
    ] {
        let address = Zeroizing::new(format!("{}/{status}", server.url()));
        let error = Incoming::new(address)
            .send(&client(LOOPBACK), &notice())
            .unwrap_err();
        assert!(matches!(error, NotifyError::Refused { status: found, .. } if found == status));
        assert_eq!(error.is_for_good(), dead, "{status}");
        assert!(!error.to_string().contains("made-up"), "{error}");
        assert!(
            !error.to_string().contains(&format!("/{status}")),
            "{error}"
        );
    }
    assert_eq!(server.connections(), 5, "no redirect was followed");
}

#[test]
fn no_channel_leads_to_an_address_that_nobody_allowed() {
    let server = Server::start(|_, out| reply(out, 200, &[], ""));
    let address = Zeroizing::new(format!("{}/services/made-up", server.url()));
    let incoming = Incoming::new(address);
    let error = incoming.send(&client(&[]), &notice()).unwrap_err();
    assert!(
        matches!(error, NotifyError::Http(HttpError::Address { .. })),
        "{error}"
    );
    assert!(error.is_for_good());
    let webhook = Webhook::new(server.url().parse().unwrap(), &secret(7)).unwrap();
    let error = webhook.send(&client(&[]), &notice(), now()).unwrap_err();
    assert!(
        matches!(error, NotifyError::Http(HttpError::Address { .. })),
        "{error}"
    );
    assert_eq!(server.connections(), 0);
    assert!(!format!("{webhook:?} {incoming:?} {error}").contains("made-up"));
}

#[test]
fn a_secret_that_is_none_is_refused_and_not_repeated() {
    for bad in ["", "whsec_", "whsec_c2hvcnQ=", "no-prefix", "whsec_%%%"] {
        let url = "https://hooks.example/x".parse().unwrap();
        let error = Webhook::new(url, &Zeroizing::new(bad.to_owned())).unwrap_err();
        assert!(bad.len() < 7 || !error.to_string().contains(bad), "{error}");
    }
    let error = Incoming::new(Zeroizing::new("made-up secret".to_owned()));
    let error = error.send(&client(&[]), &notice()).unwrap_err();
    assert!(!error.to_string().contains("made-up"), "{error}");
}
