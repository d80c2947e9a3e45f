//! Exceptions, requests for keys, campaigns and questions over the API, by the people who do them.

use crate::setup::{Answer, Browser, Server, call};
use serde_json::{Value, json};
use tenure_model::access::{Authority, Held, Role, Unit};

async fn get(server: &Server, by: &Browser, path: &str) -> Answer {
    let path = format!("/api/v1/{path}");
    call("GET", &path).by(by).to(server).await
}

async fn post(server: &Server, by: &Browser, path: &str, sent: Value) -> Answer {
    let path = format!("/api/v1/{path}");
    call("POST", &path).json(&sent).by(by).to(server).await
}

async fn made(server: &Server, by: &Browser, path: &str, sent: Value) -> Value {
    let answer = post(server, by, path, sent).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text);
    answer.json()
}

fn why() -> Value {
    json!({
        "bypassed": "no standing credential", "why": "the nightly job needs it",
        "blocker": "no federation before March", "compensating": ["one source address"],
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_is_approved_and_accepted_by_others_who_read_it_and_then_ended() {
    let server = Server::new().await;
    server.keys().await;
    let anna = server
        .person("anna", &[Role::Analyst, Role::Approver])
        .await;
    let bo = server.person("bo", &[Role::Approver]).await;
    let whole = Held::risk_owner(Unit::whole(), Authority::GoverningBody);
    let rita = server.signed_in("rita", vec![whole]).await;
    let class = json!({"selector": "provider=databricks", "reasons": why()});
    let asked = made(&server, &anna, "class-exceptions", class).await;
    let one = format!("exceptions/{}", asked["id"].as_str().unwrap());
    let signed = json!({"reason": "it was looked at", "seen": asked["statement"]["digest"]});
    let approval = format!("{one}/approval");

    let own = post(&server, &anna, &approval, signed.clone()).await;
    assert!(matches!(own.status.as_u16(), 403 | 409), "{}", own.text);
    let unread = json!({"reason": "it was looked at", "seen": "0000"});
    let unread = post(&server, &bo, &approval, unread).await;
    assert_eq!(unread.status, 409, "{}", unread.text);
    let early = post(&server, &rita, &format!("{one}/acceptance"), signed.clone()).await;
    assert_eq!(early.status, 422, "{}", early.text);
    let still = get(&server, &bo, &one).await.json();
    assert_eq!(still["stage"], "awaiting_approval");

    let approved = made(&server, &bo, &approval, signed.clone()).await;
    assert_eq!(approved["stage"], "awaiting_acceptance");
    let accepted = made(&server, &rita, &format!("{one}/acceptance"), signed).await;
    assert_eq!(accepted["stage"], "approved");
    let counts = get(&server, &anna, "exception-counts").await.json();
    assert_eq!(counts["approved"], 1);
    let said = json!({"text": "looked at in the weekly meeting"});
    made(&server, &anna, &format!("{one}/comments"), said).await;
    let remarks = get(&server, &anna, &format!("{one}/remarks")).await.json();
    assert_eq!(remarks["comments"].as_array().unwrap().len(), 1);
    let page = call("GET", &format!("/{one}")).with("cookie", &anna.cookie);
    let page = page.to(&server).await;
    assert!(
        page.text.contains("looked at in the weekly meeting"),
        "{}",
        page.text
    );
    let ended = json!({"reason": "it is not needed"});
    let ended = made(&server, &rita, &format!("{one}/end"), ended).await;
    assert_eq!(ended["stage"], "ended");
    let list = get(&server, &anna, "exceptions?stage=ended").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_and_a_question_are_sent_answered_and_closed() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let anna = server.person("anna", &[Role::Analyst]).await;
    let olga = server.person("olga", &[Role::KeyOwner]).await;
    let start = json!({
        "title": "autumn", "selector": "provider=databricks", "due": "2030-01-01",
        "reviewers": ["olga"],
    });
    let review = made(&server, &anna, "reviews", start).await;
    let one = format!("reviews/{}", review["id"].as_str().unwrap());
    let said = json!({
        "key": keys[0], "need": "yes", "scope": "yes", "use": "yes", "ownership": "yes",
    });
    let answers = format!("{one}/answers");
    let other = post(&server, &anna, &answers, said.clone()).await;
    assert_eq!(other.status, 403, "{}", other.text);
    let item = made(&server, &olga, &answers, said).await;
    assert_eq!(item["attestation"]["by"], "olga", "{item}");
    made(&server, &anna, &format!("{one}/reminders"), json!({})).await;
    made(&server, &anna, &format!("{one}/close"), json!({})).await;
    let again = post(&server, &anna, &format!("{one}/close"), json!({})).await;
    assert_eq!(again.status, 409, "{}", again.text);

    let facts = json!({"facts": {"data": "confidential"}});
    let stated = format!("keys/{}/stated-facts", keys[0]);
    made(&server, &anna, &stated, facts).await;
    let list = get(&server, &anna, &stated).await.json();
    assert_eq!(list["items"][0]["value"], "confidential");
    let unknown = post(&server, &anna, &stated, json!({"facts": {"colour": "red"}})).await;
    assert_eq!(unknown.status, 422, "{}", unknown.text);
}

/// What a list gives page by page.
async fn paged(server: &Server, by: &Browser, path: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut next = String::new();
    loop {
        let page = get(server, by, &format!("{path}limit=2{next}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let page = page.json();
        let items = page["items"].as_array().unwrap();
        assert!(!items.is_empty() && items.len() <= 2, "{page}");
        ids.extend(
            items
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(after) => next = format!("&after={after}"),
            None => return ids,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_listed_page_by_page() {
    let server = Server::new().await;
    server.keys().await;
    let anna = server.person("anna", &[Role::Analyst]).await;
    let options = tenure_model::facts::ReplacementOption::ALL.iter();
    let why_not: serde_json::Map<String, Value> = options
        .map(|option| (option.word().to_owned(), "the vendor cannot".into()))
        .collect();
    let wish = json!({
        "provider": "stripe", "credential": "restricted_key", "purpose": "nightly export",
        "owner": "olga", "expires": "2026-12-20", "consumers": ["server"], "why_not": why_not,
    });
    let mut requests = Vec::new();
    let mut exceptions = Vec::new();
    for n in 0..4 {
        let asked = made(&server, &anna, "key-requests", wish.clone()).await;
        requests.push(asked["id"].as_str().unwrap().to_owned());
        // Two at one time are told apart by their ids.
        server.clock.pass(n % 2);
        let selector = format!("provider=databricks name=tok-{n}");
        let class = json!({"selector": selector, "reasons": why()});
        let asked = made(&server, &anna, "class-exceptions", class).await;
        exceptions.push(asked["id"].as_str().unwrap().to_owned());
    }
    exceptions.sort();
    assert_eq!(paged(&server, &anna, "exceptions?").await, exceptions);
    let waiting = "exceptions?stage=awaiting_approval&";
    assert_eq!(paged(&server, &anna, waiting).await, exceptions);
    let whole = get(&server, &anna, "key-requests").await.json();
    let items = whole["items"].as_array().unwrap().iter();
    let whole: Vec<&str> = items.map(|one| one["id"].as_str().unwrap()).collect();
    let listed = paged(&server, &anna, "key-requests?").await;
    assert_eq!(listed, whole);
    let mut sorted = listed;
    sorted.sort();
    requests.sort();
    assert_eq!(sorted, requests);

    // An id that nobody may see, or that there is none of, is no place to go on from; and who may not see, sees no page.
    let eve = server.person("eve", &[Role::KeyOwner]).await;
    for (by, after) in [(&eve, requests[0].as_str()), (&anna, "q0")] {
        let refused = get(&server, by, &format!("key-requests?after={after}")).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
    }
    let refused = get(&server, &anna, "exceptions?limit=0").await;
    assert_eq!(refused.status, 422, "{}", refused.text);
}
