//! Every route as every role, from the router's own table. A route without a row here fails.

use crate::setup::{Browser, Call, Server, call};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tenure_model::{
    access::{
        Action, Actor, Authority, Caller, Held, Object, ObjectKind, PersonId, Role, Unit, Via,
    },
    event::Outcome,
};
use tenure_server::{route::Access, router::routes};

/// How to call a route so that it would do something: what stands for the names in its path, the query, the body.
struct Row {
    query: &'static str,
    body: Option<Value>,
    conditional: bool,
}

fn row(query: &'static str) -> Row {
    Row {
        query,
        body: None,
        conditional: false,
    }
}

fn body(body: Value) -> Row {
    Row {
        body: Some(body),
        ..row("")
    }
}

fn seen(row: Row) -> Row {
    Row {
        conditional: true,
        ..row
    }
}

fn why() -> Value {
    json!({
        "bypassed": "no standing credential", "why": "the nightly job needs it",
        "blocker": "no federation before March", "compensating": ["one source address"],
    })
}

fn wish() -> Value {
    let options = tenure_model::facts::ReplacementOption::ALL.iter();
    let why_not: serde_json::Map<String, Value> = options
        .map(|option| {
            (
                option.word().to_owned(),
                "the vendor takes keys alone".into(),
            )
        })
        .collect();
    json!({
        "provider": "stripe", "credential": "restricted_key", "purpose": "nightly export",
        "owner": "target", "expires": "2026-12-20", "consumers": ["server"],
        "why_not": why_not,
        "facts": {"data": "confidential"},
    })
}

fn campaign() -> Value {
    json!({"title": "autumn", "selector": "provider=databricks", "due": "2030-01-01"})
}

/// Acts on things that stand in a state: a role that may is told 409 where the state, or what was read, does not fit.
fn is_of_a_state(path: &str) -> bool {
    let things = ["/exceptions/{", "/key-requests/{", "/reviews/{", "/asks/{"];
    things.iter().any(|thing| path.contains(thing)) || path.ends_with("/exceptions")
}

/// The rows, by method and path.
fn rows(method: &str, path: &str, key: &str) -> Option<Row> {
    let noun = path.strip_prefix("/api/v1/").unwrap_or(path);
    Some(match (method, noun) {
        (
            "GET",
            "keys"
            | "keys/{key}"
            | "keys/{key}/facts"
            | "keys/{key}/decisions"
            | "keys/{key}/history"
            | "keys/{key}/controls"
            | "keys/{key}/exceptions"
            | "keys/{key}/owner"
            | "key-count"
            | "key-facets"
            | "assessment"
            | "summary"
            | "top"
            | "sunsets"
            | "sources"
            | "sources/{source}"
            | "coverage"
            | "source-kinds"
            | "runs"
            | "runs/{run}"
            | "jobs"
            | "people"
            | "people/{person}"
            | "roles"
            | "accounts"
            | "accounts/{person}"
            | "accounts/{person}/sessions"
            | "accounts/{person}/tokens"
            | "me"
            | "me/sessions"
            | "me/tokens"
            | "log/events"
            | "log/events/{index}"
            | "log/checkpoint"
            | "log/key"
            | "log/verification"
            | "log/export"
            | "catalogue"
            | "catalogue/{provider}"
            | "policy"
            | "exceptions"
            | "exceptions/{exception}"
            | "exceptions/{exception}/remarks"
            | "exception-counts"
            | "key-requests"
            | "key-requests/{request}"
            | "reviews"
            | "reviews/{review}"
            | "ask-plan"
            | "asks"
            | "asks/{ask}"
            | "backlog"
            | "keys/{key}/stated-facts"
            | "keys/{key}/remarks"
            | "containers"
            | "channels",
        )
        | ("POST", "accounts/{person}/setup-links" | "assessment" | "channels/{channel}/try")
        | (
            "DELETE",
            "accounts/{person}/sessions"
            | "accounts/{person}/sessions/{session}"
            | "accounts/{person}/tokens/{token}"
            | "me/sessions"
            | "me/sessions/{session}"
            | "me/tokens/{token}",
        ) => row(""),
        ("GET", "log/inclusion") => row("?index=0"),
        ("GET", "log/consistency") => row("?from=1"),
        ("PUT", "keys/{key}/owner") => seen(body(json!({"owner": "ann@example.com"}))),
        ("DELETE", "keys/{key}/owner") => seen(row("")),
        ("POST", "owner-assignments") => body(json!({"keys": [key], "owner": "ann"})),
        ("POST", "imports") => Row {
            body: Some(json!({"token_infos": []})),
            ..row("?kind=databricks-tokens&name=other")
        },
        ("PUT", "accounts/{person}/roles") => seen(body(json!({"roles": [{"role": "viewer"}]}))),
        ("POST", "me/tokens") => body(json!({"name": "x", "sorts": ["read"]})),
        ("POST", "decide") => body(json!({"id": "x"})),
        ("POST", "exceptions") => {
            body(json!({"key": key, "until": "2030-01-01", "reasons": why()}))
        }
        ("POST", "class-exceptions") => {
            body(json!({"selector": "provider=databricks", "reasons": why()}))
        }
        ("POST", "exceptions/{exception}/renewal") => {
            body(json!({"until": "2030-01-01", "reasons": why()}))
        }
        (
            "POST",
            "exceptions/{exception}/approval"
            | "exceptions/{exception}/acceptance"
            | "exceptions/{exception}/review"
            | "exceptions/{exception}/reaffirmation"
            | "key-requests/{request}/approval",
        ) => body(json!({"reason": "it was looked at", "seen": "another digest"})),
        (
            "POST",
            "exceptions/{exception}/denial"
            | "exceptions/{exception}/withdrawal"
            | "exceptions/{exception}/end"
            | "key-requests/{request}/denial"
            | "key-requests/{request}/withdrawal",
        ) => body(json!({"reason": "it is not needed"})),
        ("POST", "exceptions/{exception}/comments" | "keys/{key}/comments") => {
            body(json!({"text": "looked at"}))
        }
        ("POST", "keys/{key}/stated-facts") => body(json!({"facts": {"data": "confidential"}})),
        ("POST", "key-requests" | "key-forecast") => body(wish()),
        ("POST", "reviews") => body(campaign()),
        ("POST", "reviews/{review}/answers") => body(json!({
            "key": key, "need": "yes", "scope": "yes", "use": "yes", "ownership": "yes", "note": "",
        })),
        ("POST", "asks") => body(json!({})),
        ("POST", "asks/{ask}/answers") => {
            body(json!({"answers": [{"key": key, "answer": "mine"}]}))
        }
        ("PUT", "containers") | ("POST", "container-preview") => {
            body(json!({"kind": "repository", "place": "acme/x", "owner": "ann"}))
        }
        ("DELETE", "containers") => row("?kind=repository&place=acme/x"),
        (
            "POST",
            "exceptions/{exception}/restatement"
            | "reviews/{review}/reminders"
            | "reviews/{review}/close"
            | "ask-reminders",
        ) => row(""),
        ("POST", "/logout") => row(""),
        // Pages: what they ask is tested in `pages`.
        _ if !path.starts_with("/api/") => row(""),
        _ => return None,
    })
}

struct Target<'t> {
    key: &'t str,
    source: String,
    run: String,
    exception: String,
    request: String,
    review: String,
    ask: String,
}

fn made(method: &str, path: &str, target: &Target<'_>) -> Call {
    let row = rows(method, path, target.key)
        .unwrap_or_else(|| panic!("{method} {path} has no row in this test: give it one"));
    let path = path
        .replace("{key}", target.key)
        .replace("{source}", &target.source)
        .replace("{run}", &target.run)
        .replace("{person}", "target")
        .replace("{session}", "none")
        .replace("{token}", "none")
        .replace("{channel}", "none")
        .replace("{index}", "0")
        .replace("{exception}", &target.exception)
        .replace("{request}", &target.request)
        .replace("{ask}", &target.ask)
        .replace("{review}", &target.review)
        .replace("{file}", "f0")
        .replace("{provider}", "databricks");
    let mut made = call(method, &format!("{path}{}", row.query));
    if row.conditional {
        made = made.with("if-match", "*");
    }
    match row.body {
        Some(body) => made.json(&body),
        None => made,
    }
}

fn object(action: Action, key: &str) -> Object {
    match action.object() {
        ObjectKind::Unit => Object::unit(Unit::whole()),
        ObjectKind::Account => Object::account(&PersonId::new("target").unwrap(), Unit::whole()),
        kind => Object::new(kind, key, Unit::whole()),
    }
}

async fn target<'t>(server: &Server, key: &'t str) -> Target<'t> {
    let looker = server.person("looker", &[Role::Analyst]).await;
    let first = async |path: &str, field: &str| {
        let list = call("GET", path).by(&looker).to(server).await.json();
        list["items"][0][field].as_str().unwrap().to_owned()
    };
    let maker = server.person("maker", Role::ALL).await;
    let make = async |path: &str, sent: Value| {
        let made = call("POST", path).json(&sent).by(&maker).to(server).await;
        assert!(made.status.is_success(), "{path}: {}", made.text);
        made.json()
    };
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let class = json!({"selector": "provider=databricks", "reasons": why()});
    Target {
        key,
        source: first("/api/v1/sources", "id").await,
        run: first("/api/v1/runs", "id").await,
        exception: id(&make("/api/v1/class-exceptions", class).await),
        request: id(&make("/api/v1/key-requests", wish()).await),
        review: id(&make("/api/v1/reviews", campaign()).await),
        ask: id(&make("/api/v1/asks", json!({})).await["items"][0]),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_asks_the_rules_for_every_role_and_a_denial_is_recorded_and_changes_nothing() {
    let server = Server::new().await;
    let keys = server.keys().await;
    server.person("target", &[]).await;
    let target = target(&server, &keys[0]).await;
    let roles = Role::ALL.iter().copied().map(Some).chain([None]);
    let (mut allowed, mut denied) = (BTreeSet::new(), 0);
    for role in roles {
        let name = role.map_or("nobody", Role::word);
        let held: Vec<Held> = role
            .map(|role| match role {
                Role::RiskOwner => Held::risk_owner(Unit::whole(), Authority::GoverningBody),
                role => Held::new(role, Unit::whole()),
            })
            .into_iter()
            .collect();
        let actor = Actor::Person(Caller {
            person: PersonId::new(name).unwrap(),
            active: true,
            roles: held.clone(),
            via: Via::Session { fresh: true },
        });
        for route in routes() {
            let Access::Known(actions) = route.access else {
                continue;
            };
            if !route.is_api() {
                continue;
            }
            // Some routes end sessions: each call has its own.
            let browser: Browser = server.signed_in(name, held.clone()).await;
            let rules = server.house.register().access();
            let may = actions
                .iter()
                .all(|action| rules.allows(&actor, *action, &object(*action, target.key)));
            let what = format!("{name} {} {}", route.method, route.path);
            let before = server.log_size().await;
            let answer = made(route.method.as_str(), route.path, &target)
                .by(&browser)
                .to(&server)
                .await;
            if may {
                assert!(
                    answer.status.is_success()
                        || matches!(answer.status.as_u16(), 404 | 422)
                        || (answer.status == 409 && is_of_a_state(route.path)),
                    "{what}: {} {}",
                    answer.status,
                    answer.text
                );
                if answer.status.is_success() {
                    allowed.insert(format!("{} {}", route.method, route.path));
                }
                continue;
            }
            // Lists give who answers for keys their own, which are none here.
            let others = actions.iter().filter(|action| **action != Action::KeyList);
            let only_lists = actions.contains(&Action::KeyList)
                && others
                    .clone()
                    .all(|action| rules.allows(&actor, *action, &object(*action, target.key)));
            if role == Some(Role::KeyOwner) && only_lists {
                assert_eq!(answer.status, 200, "{what}: {}", answer.text);
                assert!(!answer.text.contains(target.key), "{what}");
                continue;
            }
            denied += 1;
            assert_eq!(answer.status, 403, "{what}: {}", answer.text);
            assert_eq!(answer.code(), "denied", "{what}");
            let roles = answer.json()["roles"].as_array().unwrap().len();
            let policies = answer.json()["policies"].as_array().unwrap().len();
            let involved = answer.json()["if_involved"] == true;
            assert!(
                roles > 0 || policies > 0 || involved,
                "{what}: it says what would help"
            );
            assert_eq!(server.log_size().await, before + 1, "{what}");
            let event = server.last().await;
            assert!(matches!(event.outcome, Outcome::Denied { .. }), "{what}");
            assert_eq!(event.who.label(), format!("person:{name}"), "{what}");
        }
    }
    assert!(denied > 150, "{denied}");
    allowed.extend(crate::whole::successes().await);
    let served = routes().into_iter().filter(|route| route.is_api());
    let never: Vec<String> = served
        .map(|route| format!("{} {}", route.method, route.path))
        .filter(|route| !allowed.contains(route))
        .collect();
    assert!(never.is_empty(), "these never succeeded: {never:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_anything_without_a_session_or_with_one_that_is_over() {
    let server = Server::new().await;
    let keys = server.keys().await;
    server.person("target", &[]).await;
    let target = target(&server, &keys[0]).await;
    let admin = server.person("admin", Role::ALL).await;
    server.clock.pass(13 * 3_600);
    let ended = server.person("left", Role::ALL).await;
    let done = call("DELETE", "/api/v1/me/sessions")
        .by(&ended)
        .to(&server)
        .await;
    assert_eq!(done.status, 204);
    let size = server.log_size().await;
    for route in routes() {
        if !matches!(route.access, Access::Known(_)) {
            continue;
        }
        let made = || made(route.method.as_str(), route.path, &target);
        let unknown = "tenure_ses_0000000000000000000000000000000000000000000000000";
        for made in [
            made(),
            made().by(&admin),
            made().by(&ended),
            made().with("cookie", &format!("__Host-tenure_session={unknown}")),
            made().with("cookie", "__Host-tenure_session="),
            made().bearer("tenure_api_x"),
            made().bearer(""),
            made().with("authorization", "Basic YTpi"),
            // A cookie that lasts does not help where a token was sent that is not taken.
            made().bearer("x").by(&ended),
        ] {
            let answer = made.to(&server).await;
            assert_eq!(answer.status, 401, "{} {}", route.method, route.path);
            assert!(!answer.text.contains(&keys[0]));
        }
    }
    assert_eq!(server.log_size().await, size, "nothing changed");
}
