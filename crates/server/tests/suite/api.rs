//! What the API does: keys, owners, conditional writes, calls that are sent again, the log and its proofs.

use crate::setup::{Server, call};
use serde_json::json;
use tenure_app::register::{Checked, verify_export};
use tenure_model::access::Role;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_listed_page_by_page_and_looked_at() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let ann = server.person("ann", &[Role::Viewer]).await;
    let get = async |path: &str| call("GET", path).by(&ann).to(&server).await;
    let first = get("/api/v1/keys?limit=1&sort=name").await.json();
    assert_eq!(first["items"][0]["id"], keys[0].as_str());
    let next = first["next"].as_str().unwrap();
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    let second = get(&format!("/api/v1/keys?limit=1&sort=name&after={next}"))
        .await
        .json();
    assert_eq!(second["items"][0]["id"], keys[1].as_str());
    assert_eq!(second.get("next"), None);
    let none = get("/api/v1/keys?provider=aws&provider=github")
        .await
        .json();
    assert_eq!(none["items"], json!([]));
    let some = get("/api/v1/key-count?provider=aws&provider=databricks")
        .await
        .json();
    assert_eq!(some, json!({"count": 2, "is_more": false}));
    let facets = get("/api/v1/key-facets").await.json();
    assert_eq!(
        facets["provider"][0],
        json!({"value": "databricks", "count": 2})
    );
    let key = &keys[0];
    let one = get(&format!("/api/v1/keys/{key}")).await;
    assert_eq!(one.json()["key"]["id"], key.as_str());
    let tag = one.header("etag").to_owned();
    let same = call("GET", &format!("/api/v1/keys/{key}")).with("if-none-match", &tag);
    let same = same.by(&ann).to(&server).await;
    assert_eq!((same.status.as_u16(), same.text.as_str()), (304, ""));
    for part in ["facts", "decisions", "history", "controls"] {
        let list = get(&format!("/api/v1/keys/{key}/{part}")).await.json();
        assert!(!list["items"].as_array().unwrap().is_empty(), "{part}");
    }
    let top = get("/api/v1/top").await.json();
    assert!(top["answers"].is_array());
    assert_eq!(
        get("/api/v1/assessment").await.json()["keys"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        get("/api/v1/sources").await.json()["items"][0]["name"],
        "prod"
    );
    let decided = call("POST", "/api/v1/decide").json(&json!({"id": "x", "owner": "nobody"}));
    let decided = decided.by(&ann).to(&server).await;
    assert!(
        matches!(decided.status.as_u16(), 200 | 422),
        "{}",
        decided.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_assign_an_owner_the_second_is_told() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let ann = server.person("ann", &[Role::Analyst]).await;
    let path = format!("/api/v1/keys/{}/owner", keys[0]);
    let none = call("GET", &path).by(&ann).to(&server).await;
    assert_eq!(none.text, "null");
    let tag = none.header("etag").to_owned();
    let put = async |tag: &str, owner: &str| {
        let made = call("PUT", &path)
            .with("if-match", tag)
            .json(&json!({"owner": owner}));
        made.by(&ann).to(&server).await
    };
    server.clock.pass(1);
    let (one, two) = tokio::join!(put(&tag, "bob"), put(&tag, "eve"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "{} {}", one.text, two.text);
    let won = if one.status == 200 { &one } else { &two };
    server.clock.pass(1);
    assert_eq!(put(won.header("etag"), "zoe").await.status, 200);
    assert_eq!(put(won.header("etag"), "eve").await.status, 412);
    let now = call("GET", &path).by(&ann).to(&server).await;
    assert_eq!(now.json()["owner"], "zoe");
    assert_eq!(now.json()["assigned_by"], "person:ann");
    let gone = call("DELETE", &path).with("if-match", now.header("etag"));
    assert_eq!(gone.by(&ann).to(&server).await.status, 204);
    assert_eq!(call("GET", &path).by(&ann).to(&server).await.text, "null");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_is_sent_again_is_done_once() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let ann = server.person("ann", &[Role::Analyst]).await;
    let eve = server.person("eve", &[Role::Analyst]).await;
    let assign = |owner: &str| {
        call("POST", "/api/v1/owner-assignments")
            .json(&json!({"keys": [keys[0]], "owner": owner}))
            .with("idempotency-key", "once")
    };
    let first = assign("bob").by(&ann).to(&server).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let size = server.log_size().await;
    let again = assign("bob").by(&ann).to(&server).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(server.log_size().await, size, "nothing was done");
    let other = assign("zoe").by(&ann).to(&server).await;
    assert_eq!(
        (other.status.as_u16(), other.code().as_str()),
        (422, "idempotency")
    );
    let theirs = assign("zoe").by(&eve).to(&server).await;
    assert_eq!(theirs.status, 200, "a key is of its caller");
    // What was refused is refused again as it was.
    let bad = || call("POST", "/api/v1/owner-assignments").json(&json!({"keys": []}));
    let bad = || bad().with("idempotency-key", "bad").by(&ann);
    let refused = bad().to(&server).await;
    let again = bad().to(&server).await;
    assert_eq!((again.status.as_u16(), again.text), (422, refused.text));
    server.clock.pass(12 * 60);
    let ann = server.person("ann", &[Role::Analyst]).await;
    let later = assign("bob").by(&ann).to(&server).await;
    assert_eq!(
        later.header("idempotent-replayed"),
        "true",
        "whatever the session"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_proved_and_taken_away() {
    let server = Server::new().await;
    server.keys().await;
    let ann = server.person("ann", &[Role::Auditor]).await;
    let get = async |path: &str| call("GET", path).by(&ann).to(&server).await;
    let page = get("/api/v1/log/events?limit=2").await.json();
    let last = page["items"][0]["index"].as_u64().unwrap();
    let next = page["next"].as_str().unwrap();
    let before = get(&format!("/api/v1/log/events?limit=2&before={next}"))
        .await
        .json();
    assert_eq!(before["items"][0]["index"], last - 2);
    let signed = get("/api/v1/log/events?what=act&about=ann").await.json();
    assert_eq!(signed["items"][0]["event"]["change"]["act"], "sign_in");
    let one = get("/api/v1/log/events/0").await.json();
    assert_eq!(one["event"]["change"]["what"], "register_made");
    assert_eq!(get("/api/v1/log/events/999999").await.status, 404);
    let head = get("/api/v1/log/checkpoint").await.json();
    let size = head["size"].as_u64().unwrap();
    let proof = get(&format!("/api/v1/log/inclusion?index=1&size={size}"))
        .await
        .json();
    assert_eq!(proof["root"], head["root"]);
    assert!(!proof["path"].as_array().unwrap().is_empty());
    let grown = get(&format!("/api/v1/log/consistency?from=2&to={size}"))
        .await
        .json();
    assert_eq!(grown["to_root"], head["root"]);
    assert_eq!(get("/api/v1/log/verification").await.json()["holds"], true);
    let key = get("/api/v1/log/key").await.json()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let export = get("/api/v1/log/export").await;
    assert_eq!(export.header("content-type"), "application/jsonl");
    let checked = verify_export(export.text.as_bytes(), &key.parse().unwrap(), None).unwrap();
    assert!(matches!(checked, Checked::Holds(_)), "{checked:?}");
    let altered = export.text.replacen("sign_in", "sign_on", 1);
    let checked = verify_export(altered.as_bytes(), &key.parse().unwrap(), None).unwrap();
    assert!(matches!(checked, Checked::Tampered(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_the_server_says_so_and_lives() {
    let server = Server::new().await;
    let ann = server.person("ann", &[Role::Viewer]).await;
    assert_eq!(call("GET", "/readyz").to(&server).await.status, 200);
    server.house.register().close().await;
    assert_eq!(call("GET", "/readyz").to(&server).await.status, 503);
    assert_eq!(call("GET", "/healthz").to(&server).await.status, 200);
    let list = call("GET", "/api/v1/keys").by(&ann).to(&server).await;
    assert_eq!(
        (list.status.as_u16(), list.code().as_str()),
        (503, "database")
    );
    assert!(!list.header("retry-after").is_empty());
}
