//! Getting in and what one has then: set-up links, sessions, tokens, roles.

use crate::setup::{Browser, Server, call, set_cookie};
use serde_json::{Value, json};
use tenure_model::access::Role;
use tenure_server::link;

async fn first_link(server: &Server) -> String {
    let secret = server.house.register().first_link().await.unwrap().unwrap();
    let url = link(&crate::setup::SITE.parse().unwrap(), &secret);
    url.strip_prefix(crate::setup::SITE).unwrap().to_owned()
}

fn token_of(link: &str) -> &str {
    link.split("token=").nth(1).unwrap()
}

async fn roles(
    server: &Server,
    admin: &Browser,
    person: &str,
    roles: &Value,
) -> crate::setup::Answer {
    call("PUT", &format!("/api/v1/accounts/{person}/roles"))
        .with("if-match", "*")
        .json(&json!({"roles": roles}))
        .by(admin)
        .to(server)
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_administrator_comes_in_by_a_link_that_works_once() {
    let server = Server::new().await;
    let old = first_link(&server).await;
    let link = first_link(&server).await;
    assert_eq!(
        call("GET", &old).to(&server).await.status,
        403,
        "the later one replaced it"
    );
    let size = server.log_size().await;
    for _ in 0..3 {
        let page = call("GET", &link).to(&server).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("method=\"post\""));
    }
    assert_eq!(server.log_size().await, size, "looking uses nothing up");
    let token = token_of(&link);
    let redeem = async |email: &str| {
        call("POST", "/setup")
            // A session that somebody planted in this browser does not live on.
            .with("cookie", "__Host-tenure_session=tenure_ses_planted")
            .form(&format!("token={token}&email={email}"))
            .to(&server)
            .await
    };
    assert_eq!(redeem("nobody").await.status, 422);
    let in_ = redeem("Ann%40example.com").await;
    assert_eq!(
        (in_.status.as_u16(), in_.header("location")),
        (303, "/login")
    );
    let cookie = set_cookie(&in_).remove(0);
    for part in [
        "__Host-tenure_session=tenure_ses_",
        "HttpOnly",
        "Secure",
        "SameSite=Lax",
        "Path=/",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("planted") && !cookie.contains("Domain"));
    assert_eq!(redeem("eve%40example.com").await.status, 403, "once");
    assert_eq!(call("GET", &link).to(&server).await.status, 403);
    assert!(
        server
            .house
            .register()
            .first_link()
            .await
            .unwrap()
            .is_none(),
        "there is one now"
    );
    let cookie = cookie.split(';').next().unwrap();
    let me = call("GET", "/api/v1/me")
        .with("cookie", cookie)
        .to(&server)
        .await
        .json();
    assert_eq!(me["person"], "ann@example.com");
    assert_eq!(me["roles"][0]["role"], "administrator");
    assert_eq!(me["fresh"], false, "a link signs nothing");
    // Elsewhere it is not in the log, nor in any row that is told.
    let store = server.house.register().store();
    for entry in store.entries(0, 100).await.unwrap() {
        assert!(!entry.body.contains(token), "{}", entry.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_lasts_a_day_and_one_for_a_person_lets_that_person_in() {
    let server = Server::new().await;
    let link = first_link(&server).await;
    server.clock.pass(86_401);
    assert_eq!(call("GET", &link).to(&server).await.status, 403);
    let admin = server.person("admin", &[Role::Administrator]).await;
    roles(&server, &admin, "bob", &json!([{"role": "viewer"}])).await;
    let made = call("POST", "/api/v1/accounts/bob/setup-links")
        .by(&admin)
        .to(&server)
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let url = made.json()["url"].as_str().unwrap().to_owned();
    let token = token_of(&url);
    let in_ = call("POST", "/setup")
        .form(&format!("token={token}"))
        .to(&server)
        .await;
    let cookie = set_cookie(&in_).remove(0);
    let me = call("GET", "/api/v1/me").with("cookie", cookie.split(';').next().unwrap());
    assert_eq!(me.to(&server).await.json()["person"], "bob");
    let own = call("POST", "/api/v1/accounts/admin/setup-links")
        .by(&admin)
        .to(&server)
        .await;
    assert_eq!(own.json()["policies"][0]["policy"], "separation.own_roles");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_once_does_what_it_was_made_for_and_ends() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let ann = server.person("ann", &[Role::Analyst]).await;
    let make = || {
        call("POST", "/api/v1/me/tokens")
            .json(&json!({"name": "nightly", "sorts": ["read", "read"], "days": 2}))
            .with("idempotency-key", "k1")
            .by(&ann)
    };
    let made = make().to(&server).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let text = made.json()["text"].as_str().unwrap().to_owned();
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let again = make().to(&server).await;
    assert_eq!(
        (again.status.as_u16(), again.code().as_str()),
        (409, "idempotency")
    );
    let list = call("GET", "/api/v1/me/tokens").by(&ann).to(&server).await;
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 1);
    assert!(!list.text.contains(&text));
    for entry in server
        .house
        .register()
        .store()
        .entries(0, 500)
        .await
        .unwrap()
    {
        assert!(!entry.body.contains(&text[..30]));
    }
    let read = call("GET", "/api/v1/keys").bearer(&text).to(&server).await;
    assert_eq!(read.status, 200);
    let path = format!("/api/v1/keys/{}/owner", keys[0]);
    let write = call("PUT", &path)
        .with("if-match", "*")
        .json(&json!({"owner": "x"}))
        .bearer(&text)
        .to(&server)
        .await;
    assert_eq!(write.json()["policies"][0]["policy"], "token.work");
    let more = call("POST", "/api/v1/me/tokens")
        .json(&json!({"name": "more", "sorts": ["administer"]}))
        .bearer(&text)
        .to(&server)
        .await;
    assert_eq!(more.status, 403, "a token makes no token");
    for bad in [
        json!({"name": "x", "sorts": []}),
        json!({"name": "x", "sorts": ["sign"]}),
        json!({"name": "x", "sorts": ["read"], "days": 366}),
        json!({"name": " ", "sorts": ["read"]}),
    ] {
        let answer = call("POST", "/api/v1/me/tokens")
            .json(&bad)
            .by(&ann)
            .to(&server)
            .await;
        assert_eq!(answer.status, 422, "{bad}");
    }
    server.clock.pass(2 * 86_400);
    let over = call("GET", "/api/v1/keys").bearer(&text).to(&server).await;
    assert_eq!(over.status, 401);
    let ann = server.person("ann", &[Role::Analyst]).await;
    let other = server.person("eve", &[Role::Analyst]).await;
    let revoke = format!("/api/v1/me/tokens/{id}");
    assert_eq!(
        call("DELETE", &revoke).by(&other).to(&server).await.status,
        404
    );
    assert_eq!(
        call("DELETE", &revoke).by(&ann).to(&server).await.status,
        204
    );
    let revoked = call("GET", "/api/v1/keys").bearer(&text).to(&server).await;
    assert!(
        revoked.json()["detail"]
            .as_str()
            .unwrap()
            .contains("revoked")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_count_from_the_next_call_on_and_who_left_may_nothing() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let admin = server.person("admin", &[Role::Administrator]).await;
    let bob = server.person("bob", &[]).await;
    let list = async || {
        call("GET", "/api/v1/keys")
            .by(&bob)
            .to(&server)
            .await
            .status
    };
    assert_eq!(list().await, 403);
    let given = roles(&server, &admin, "bob", &json!([{"role": "viewer"}])).await;
    assert_eq!(given.status, 200, "{}", given.text);
    assert_eq!(list().await, 200);
    let tag = given.header("etag").to_owned();
    let put = async |tag: &str, body: Value| {
        let made = call("PUT", "/api/v1/accounts/bob/roles").with("if-match", tag);
        made.json(&body).by(&admin).to(&server).await
    };
    let role = |role: &str| json!({"roles": [{"role": role, "unit": "emea"}]});
    assert_eq!(put(&tag, role("analyst")).await.status, 200);
    assert_eq!(
        put(&tag, role("auditor")).await.status,
        412,
        "it was changed"
    );
    assert_eq!(put("\"nonsense\"", role("auditor")).await.status, 412);
    assert_eq!(
        put(
            "*",
            json!({"roles": [{"role": "viewer", "authority": "executive"}]})
        )
        .await
        .status,
        422
    );
    assert_eq!(
        put("*", json!({"roles": [{"role": "king"}]})).await.status,
        422
    );
    assert_eq!(list().await, 403, "in another unit");
    let own = roles(&server, &admin, "admin", &json!([{"role": "risk_owner"}])).await;
    assert_eq!(own.json()["policies"][0]["policy"], "separation.own_roles");
    roles(&server, &admin, "bob", &json!([{"role": "viewer"}])).await;
    assert_eq!(list().await, 200);
    // The people list says that bob left.
    let people = "id,email,status\nbob,bob@example.com,terminated\n";
    let analyst = server
        .person("hr", &[Role::Analyst, Role::Administrator])
        .await;
    let import = call("POST", "/api/v1/imports?kind=people&name=hr")
        .bytes(people)
        .by(&analyst);
    let import = import.to(&server).await;
    assert_eq!(import.status, 201, "{}", import.text);
    let left = call("GET", "/api/v1/keys").by(&bob).to(&server).await;
    assert_eq!(
        left.json()["policies"][0]["policy"],
        "session.gone",
        "{}",
        left.text
    );
    let me = call("GET", "/api/v1/me").by(&bob).to(&server).await.json();
    assert_eq!(me["active"], false);
    assert!(!keys.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_listed_and_ended_by_their_person_and_by_an_administrator() {
    let server = Server::new().await;
    let ann = server.person("ann", &[]).await;
    let other = server.person("ann", &[]).await;
    let list = call("GET", "/api/v1/me/sessions")
        .by(&ann)
        .to(&server)
        .await
        .json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let theirs = items.iter().find(|one| one["is_this"] == false).unwrap();
    let path = format!("/api/v1/me/sessions/{}", theirs["id"].as_str().unwrap());
    let eve = server.person("eve", &[]).await;
    assert_eq!(call("DELETE", &path).by(&eve).to(&server).await.status, 404);
    assert_eq!(call("DELETE", &path).by(&ann).to(&server).await.status, 204);
    assert_eq!(
        call("DELETE", &path).by(&ann).to(&server).await.status,
        404,
        "once"
    );
    assert_eq!(
        call("GET", "/api/v1/me")
            .by(&other)
            .to(&server)
            .await
            .status,
        401
    );
    let admin = server.person("admin", &[Role::Administrator]).await;
    let all = call("DELETE", "/api/v1/accounts/ann/sessions")
        .by(&admin)
        .to(&server)
        .await;
    assert_eq!(all.status, 204);
    assert_eq!(
        call("GET", "/api/v1/me").by(&ann).to(&server).await.status,
        401
    );
    // Half an hour without a call is too long; with calls it goes on.
    server.clock.pass(25 * 60);
    assert_eq!(
        call("GET", "/api/v1/me").by(&eve).to(&server).await.status,
        200
    );
    server.clock.pass(25 * 60);
    assert_eq!(
        call("GET", "/api/v1/me").by(&eve).to(&server).await.status,
        200
    );
    server.clock.pass(31 * 60);
    assert_eq!(
        call("GET", "/api/v1/me").by(&eve).to(&server).await.status,
        401
    );
}
