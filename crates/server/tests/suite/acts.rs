//! What is done on the console's pages: by whom, by whom not, sent again, sent late, sent from elsewhere.

use crate::setup::{Answer, Browser, SITE, Server, call};
use axum::http::Method;
use serde_json::json;
use tenure_app::channels::{ChannelSettings, Channels};
use tenure_model::{
    access::{
        Action, Actor, Authority, Caller, Held, Object, ObjectKind, PersonId, Role, Unit, Via,
    },
    event::Outcome,
};
use tenure_server::{
    route::{Access, Route},
    router::routes,
};
use tenure_testkit::mail;

const WHY: &str = "bypassed=Expiry&why=The+job+runs+each+night.&blocker=The+vendor+offers+no+other+way.\
                   &compensating=An+alert+on+use";

/// The token of the forms of a session's pages, as a page has it.
async fn token(server: &Server, browser: &Browser) -> String {
    let page = get(server, browser, "/settings/sessions").await;
    let token = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap();
    token.split('"').next().unwrap().to_owned()
}

async fn get(server: &Server, browser: &Browser, path: &str) -> Answer {
    let asked = call("GET", path).with("cookie", &browser.cookie);
    asked.to(server).await
}

async fn post(server: &Server, browser: &Browser, path: &str, fields: &str) -> Answer {
    let token = token(server, browser).await;
    call("POST", path)
        .with("cookie", &browser.cookie)
        .with("sec-fetch-site", "same-origin")
        .with("origin", SITE)
        .form(&format!("csrf={token}&{fields}"))
        .to(server)
        .await
}

/// A hidden field of a page.
fn hidden<'t>(page: &'t Answer, name: &str) -> &'t str {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page.text.split(&start).nth(1);
    let rest = rest.unwrap_or_else(|| panic!("no {name}: {}", page.text));
    rest.split('"').next().unwrap()
}

/// A key that somebody answers for, and a request for an exception to it. Gives both ids.
async fn asked(server: &Server, by: &Browser) -> (String, String) {
    let key = server.keys().await.remove(0);
    let owned = post(
        server,
        by,
        &format!("/keys/{key}/owner"),
        "owner=olga&backup=",
    )
    .await;
    assert_eq!(owned.status, 303, "{}", owned.text);
    let fields = format!("kind=until&until=2027-01-15&users=&{WHY}");
    let made = post(server, by, &format!("/keys/{key}/exception"), &fields).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let list = call("GET", &format!("/api/v1/keys/{key}/exceptions")).by(by);
    let list = list.to(server).await.json();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    (key, id)
}

fn signing(page: &Answer, act: &str, reason: &str) -> String {
    let (statement, version) = (hidden(page, "statement"), hidden(page, "version"));
    format!("act={act}&reason={reason}&statement={statement}&version={version}")
}

async fn risk_owner(server: &Server) -> Browser {
    let held = Held::risk_owner(Unit::whole(), Authority::GoverningBody);
    server.signed_in("rita", vec![held]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exception_is_asked_for_signed_twice_and_ended_from_its_pages() {
    let server = Server::new().await;
    let ann = server.person("ann", &[Role::Analyst]).await;
    let (_, id) = asked(&server, &ann).await;
    let path = format!("/decisions/{id}");
    let paul = server.person("paul", &[Role::Approver]).await;
    let page = get(&server, &paul, &path).await;
    assert!(page.text.contains("Approve the exception"), "{}", page.text);
    let form = signing(&page, "approve", "Two+alerts+are+enough.");
    let size = server.log_size().await;
    let empty = post(&server, &paul, &path, &signing(&page, "approve", "+")).await;
    assert_eq!(empty.status, 422, "no reason, no signature");
    assert!(empty.text.contains("Write your reason"));
    assert_eq!(server.log_size().await, size);
    let signed = post(&server, &paul, &path, &form).await;
    assert_eq!(
        (signed.status.as_u16(), signed.header("location")),
        (303, "/decisions")
    );
    assert_eq!(server.log_size().await, size + 1);
    // The same form again: what waits now is another signature, of another version.
    let again = post(&server, &paul, &path, &form).await;
    assert!(matches!(again.status.as_u16(), 403 | 409), "{}", again.text);
    let rita = risk_owner(&server).await;
    let late = post(&server, &rita, &path, &form).await;
    assert_eq!(late.status, 409, "a version that is past: {}", late.text);
    let shown = call("GET", &format!("/exceptions/{id}")).with("cookie", &rita.cookie);
    assert!(!shown.to(&server).await.text.contains("accepted the risk"));
    let page = get(&server, &rita, &path).await;
    assert!(page.text.contains("Accept the risk"));
    let done = post(
        &server,
        &rita,
        &path,
        &signing(&page, "approve", "I+carry+it."),
    )
    .await;
    assert_eq!(done.status, 303, "{}", done.text);
    // It is decided: the page of the decision is that of the statement, and nobody signs again.
    let after = get(&server, &rita, &path).await;
    assert_eq!(after.header("location"), format!("/exceptions/{id}"));
    let again = post(&server, &rita, &path, &form).await;
    assert_eq!(again.status, 409);
    let page = get(&server, &ann, &format!("/exceptions/{id}")).await;
    assert!(page.text.contains("I carry it."));
    assert!(!page.text.contains("End the exception"), "not hers to end");
    let page = get(&server, &rita, &format!("/exceptions/{id}")).await;
    assert!(page.text.contains("End the exception"));
    let end = format!("/exceptions/{id}/end");
    let sheet = get(&server, &ann, &end).await;
    let version = hidden(&sheet, "version").to_owned();
    let not = format!("reason=Gone&version={version}");
    assert_eq!(post(&server, &ann, &end, &not).await.status, 403);
    let old = post(&server, &rita, &end, "reason=Gone&version=1").await;
    assert_eq!(old.status, 409, "{}", old.text);
    let ended = format!("reason=Not+needed+any+more&version={version}");
    let ended = post(&server, &rita, &end, &ended).await;
    assert_eq!(ended.status, 303, "{}", ended.text);
    let page = get(&server, &rita, &format!("/exceptions/{id}")).await;
    assert!(!page.text.contains("End the exception"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_sign_is_told_why_and_what_they_send_is_denied_and_recorded() {
    let server = Server::new().await;
    let held = [Role::Analyst, Role::Approver];
    let ann = server.person("ann", &held).await;
    let (_, id) = asked(&server, &ann).await;
    let path = format!("/decisions/{id}");
    let page = get(&server, &ann, &path).await;
    assert!(page.text.contains("Why you cannot sign this"));
    assert!(page.text.contains("separation."), "the policy is named");
    assert!(!page.text.contains("name=\"act\""), "no form");
    let paul = server.person("paul", &[Role::Approver]).await;
    let form = signing(&get(&server, &paul, &path).await, "approve", "Fine.");
    let size = server.log_size().await;
    let denied = post(&server, &ann, &path, &form).await;
    assert_eq!(denied.status, 403);
    assert_eq!(server.log_size().await, size + 1);
    let event = server.last().await;
    assert!(matches!(event.outcome, Outcome::Denied { .. }));
    assert_eq!(event.who.label(), "person:ann");
    // What was read is not what is there: nothing is signed, and the page says so.
    let other = form.replace("statement=", "statement=0");
    let refused = post(&server, &paul, &path, &other).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert!(refused.text.contains("Nothing was signed"));
    assert!(refused.text.contains("Fine."), "what was typed is not lost");
    assert_eq!(server.log_size().await, size + 1);
    let denied = signing(&get(&server, &paul, &path).await, "deny", "Rotate+it.");
    assert_eq!(post(&server, &paul, &path, &denied).await.status, 303);
    let page = get(&server, &ann, &format!("/exceptions/{id}")).await;
    assert_eq!(page.status, 200);
    assert_eq!(post(&server, &paul, &path, &denied).await.status, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_with_an_old_sign_in_leads_to_a_fresh_one_and_back() {
    let server = Server::new().await;
    let ann = server.person("ann", &[Role::Analyst]).await;
    let (_, id) = asked(&server, &ann).await;
    let path = format!("/decisions/{id}");
    let paul = server.person("paul", &[Role::Approver]).await;
    server.clock.pass(600);
    let page = get(&server, &paul, &path).await;
    assert!(page.text.contains("You signed in a while ago"));
    let size = server.log_size().await;
    let sent = post(&server, &paul, &path, &signing(&page, "approve", "Fine.")).await;
    assert_eq!(sent.status, 303);
    let to = format!("/login/start?return_to=%2Fdecisions%2F{id}&again=true");
    assert_eq!(sent.header("location"), to);
    assert_eq!(server.log_size().await, size, "nothing was signed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_withdrawn_by_who_made_it_and_no_other() {
    let server = Server::new().await;
    let ann = server.person("ann", &[Role::Analyst]).await;
    let (_, id) = asked(&server, &ann).await;
    let withdraw = format!("/exceptions/{id}/withdraw");
    let version = hidden(&get(&server, &ann, &withdraw).await, "version").to_owned();
    let fields = format!("reason=A+mistake&version={version}");
    let vic = server.person("vic", &[Role::Auditor]).await;
    assert_eq!(post(&server, &vic, &withdraw, &fields).await.status, 403);
    let event = server.last().await;
    assert!(matches!(event.outcome, Outcome::Denied { .. }));
    let no_reason = post(
        &server,
        &ann,
        &withdraw,
        &format!("reason=&version={version}"),
    )
    .await;
    assert_eq!(no_reason.status, 422, "{}", no_reason.text);
    assert_eq!(post(&server, &ann, &withdraw, &fields).await.status, 303);
    let size = server.log_size().await;
    assert_eq!(post(&server, &ann, &withdraw, &fields).await.status, 409);
    assert_eq!(server.log_size().await, size);
}

/// A form with a file, as browsers send it.
fn with_file(token: &str, name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--b\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--b--\r\n");
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_attached_within_its_size_and_given_only_as_a_download() {
    let server = Server::new().await;
    let key = server.keys().await.remove(0);
    let ann = server.person("ann", &[Role::Analyst]).await;
    let token = token(&server, &ann).await;
    let path = format!("/keys/{key}/attachments");
    let send = async |token: &str, name: &str, content: &[u8]| {
        call("POST", &path)
            .with("cookie", &ann.cookie)
            .with("content-type", "multipart/form-data; boundary=b")
            .bytes(with_file(token, name, content))
            .to(&server)
            .await
    };
    let size = server.log_size().await;
    let forged = send("x", "plan.txt", b"text").await;
    assert_eq!(forged.status, 403, "no token of this session");
    let large = send(&token, "plan.txt", &vec![b'a'; 6 << 20]).await;
    assert_eq!(large.status, 413);
    let just = send(&token, "plan.txt", &vec![b'a'; (5 << 20) + 1]).await;
    assert_eq!(just.status, 422, "{}", just.text);
    let page = send(&token, "page.html", b"<script>").await;
    assert_eq!(page.status, 422, "no type that is taken");
    assert_eq!(server.log_size().await, size, "nothing changed");
    let kept = send(&token, "plan \".txt", b"<script>alert(1)</script>").await;
    let kept = if kept.status == 422 {
        send(&token, "plan.txt", b"<script>alert(1)</script>").await
    } else {
        kept
    };
    assert_eq!(kept.status, 303, "{}", kept.text);
    assert_eq!(server.log_size().await, size + 1);
    let page = get(&server, &ann, &format!("/keys/{key}")).await;
    let id = page.text.split("/attachments/").nth(1).unwrap();
    let file = format!("/attachments/{}", id.split('"').next().unwrap());
    let file = if file.contains('<') || file.len() > 60 {
        panic!("no address of the file: {file}")
    } else {
        file
    };
    let read = get(&server, &ann, &file).await;
    assert_eq!(read.status, 200, "{}", read.text);
    assert!(
        read.header("content-disposition")
            .starts_with("attachment;")
    );
    assert_eq!(read.header("x-content-type-options"), "nosniff");
    assert_eq!(read.header("content-type"), "text/plain");
    let nobody = server.person("nobody", &[]).await;
    assert_eq!(get(&server, &nobody, &file).await.status, 403);
    let event = server.last().await;
    assert!(matches!(event.outcome, Outcome::Denied { .. }));
}

/// The console's forms that change something.
fn forms() -> impl Iterator<Item = Route> {
    let unsafe_pages = routes()
        .into_iter()
        .filter(|route| route.method == Method::POST && !route.is_api());
    unsafe_pages.filter(|route| matches!(route.access, Access::Known(_)))
}

fn address(path: &str, key: &str, exception: &str) -> String {
    path.replace("{key}", key)
        .replace("{exception}", exception)
        .replace("{ask}", "a0")
        .replace("{review}", "v0")
        .replace("{session}", "none")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_needs_the_token_of_its_session_and_looking_changes_nothing() {
    let server = Server::new().await;
    let ann = server.person("ann", Role::ALL).await;
    let eve = server.person("eve", Role::ALL).await;
    let (key, id) = asked(&server, &ann).await;
    let foreign = token(&server, &eve).await;
    let size = server.log_size().await;
    for route in forms() {
        let path = address(route.path, &key, &id);
        for fields in ["", "csrf=", "csrf=x", &format!("csrf={foreign}")] {
            let sent = call("POST", &path).with("cookie", &ann.cookie).form(fields);
            let answer = sent.to(&server).await;
            assert_eq!(answer.status, 403, "{path} {fields}: {}", answer.text);
        }
        let token = token(&server, &ann).await;
        let elsewhere = call("POST", &path)
            .with("cookie", &ann.cookie)
            .with("origin", "https://evil.example")
            .form(&format!("csrf={token}"));
        assert_eq!(elsewhere.to(&server).await.status, 403, "{path}");
    }
    let pages = routes()
        .into_iter()
        .filter(|route| route.method == Method::GET && !route.is_api());
    for route in pages.filter(|route| matches!(route.access, Access::Known(_))) {
        let path = address(route.path, &key, &id)
            .replace("{provider}", "databricks")
            .replace("{file}", "f0");
        let answer = get(&server, &ann, &path).await;
        let known = matches!(answer.status.as_u16(), 200 | 303 | 404);
        assert!(known, "{path}: {} {}", answer.status, answer.text);
    }
    assert_eq!(server.log_size().await, size, "nothing changed");
}

/// What would do something, by path; the rest is without a target here.
fn fields(path: &str, key: &str) -> Option<String> {
    Some(match path {
        "/judge" => "back=".to_owned(),
        "/keys/bulk/assign" => format!("key={key}&person=olga"),
        "/keys/{key}/owner" => "owner=olga&backup=".to_owned(),
        "/keys/{key}/comments" => "text=Hello".to_owned(),
        "/keys/{key}/exception" => format!("kind=until&until=2027-01-15&users=&{WHY}"),
        "/exceptions/{exception}/renew" => format!("until=2027-02-15&{WHY}"),
        "/exceptions/{exception}/restate" => String::new(),
        "/exceptions/{exception}/withdraw" | "/exceptions/{exception}/end" => {
            "reason=Enough&version=999".to_owned()
        }
        "/requests/new" => "provider=github&credential=x&purpose=x&owner=olga&expires=2027-01-15\
                            &why_not=&consumers="
            .to_owned(),
        "/settings/policy/what-if" => "policy=version".to_owned(),
        "/proof/verify" => String::new(),
        "/settings/roles" | "/settings/roles/take" => "person=target&role=viewer&unit=*".to_owned(),
        _ => return None,
    })
}

fn object(action: Action, key: &str, exception: &str) -> Object {
    match action.object() {
        ObjectKind::Unit => Object::unit(Unit::whole()),
        ObjectKind::Account => Object::account(&PersonId::new("target").unwrap(), Unit::whole()),
        ObjectKind::Exception => Object::new(ObjectKind::Exception, exception, Unit::whole()),
        kind => Object::new(kind, key, Unit::whole()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_asks_the_rules_for_every_role_and_a_denial_is_recorded_and_changes_nothing() {
    let server = Server::new().await;
    let ann = server.person("ann", &[Role::Analyst]).await;
    let (key, id) = asked(&server, &ann).await;
    server.person("target", &[]).await;
    let mut denied = 0;
    for role in Role::ALL.iter().copied().map(Some).chain([None]) {
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
        let browser = server.signed_in(name, held).await;
        for route in forms() {
            let Access::Known(actions) = route.access else {
                continue;
            };
            let Some(fields) = fields(route.path, &key) else {
                continue;
            };
            let rules = server.house.register().access();
            let may = actions
                .iter()
                .all(|action| rules.allows(&actor, *action, &object(*action, &key, &id)));
            let what = format!("{name} {}", route.path);
            let path = address(route.path, &key, &id);
            let size = server.log_size().await;
            let answer = post(&server, &browser, &path, &fields).await;
            if may {
                assert_ne!(answer.status, 403, "{what}: {}", answer.text);
                assert!(!answer.status.is_server_error(), "{what}: {}", answer.text);
                continue;
            }
            denied += 1;
            assert_eq!(answer.status, 403, "{what}: {}", answer.text);
            assert_eq!(server.log_size().await, size + 1, "{what}");
            let event = server.last().await;
            assert!(matches!(event.outcome, Outcome::Denied { .. }), "{what}");
            assert_eq!(event.who.label(), format!("person:{name}"), "{what}");
        }
    }
    assert!(denied > 40, "{denied}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_once_and_roles_are_given_and_taken() {
    let server = Server::new().await;
    let ada = server.person("ada", &[Role::Administrator]).await;
    let made = "name=nightly&scope=read&days=3";
    let made = post(&server, &ada, "/settings/tokens", made).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let text = made.text.split("tenure_api_").nth(1).unwrap();
    let text = text.split('<').next().unwrap();
    let list = get(&server, &ada, "/settings/tokens").await;
    assert!(list.text.contains("nightly") && !list.text.contains(text));
    let id = hidden(&list, "token").to_owned();
    let revoke = format!("token={id}");
    let revoked = post(&server, &ada, "/settings/tokens/revoke", &revoke).await;
    assert_eq!(revoked.status, 303);
    let again = post(&server, &ada, "/settings/tokens/revoke", &revoke).await;
    assert_eq!(again.status, 404);
    let read = call("GET", "/api/v1/me").bearer(&format!("tenure_api_{}", text.trim()));
    assert_eq!(read.to(&server).await.status, 401);

    let role = "person=vic&role=viewer&unit=*";
    let given = post(&server, &ada, "/settings/roles", role).await;
    assert_eq!(given.status, 303, "{}", given.text);
    let account = || call("GET", "/api/v1/accounts/vic").by(&ada);
    let held = account().to(&server).await.json();
    assert_eq!(held["roles"], json!([{"role": "viewer", "unit": "*"}]));
    let own = "person=ada&role=analyst&unit=*";
    let own = post(&server, &ada, "/settings/roles", own).await;
    assert_eq!(own.status, 403, "nobody gives themselves a role");
    let taken = post(&server, &ada, "/settings/roles/take", role).await;
    assert_eq!(taken.status, 303, "{}", taken.text);
    let held = account().to(&server).await.json();
    assert_eq!(held["roles"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_policy_is_tried_on_every_key_and_nothing_of_it_is_kept() {
    let server = Server::new().await;
    let ann = server.person("ann", &[Role::Analyst]).await;
    let key = server.keys().await.remove(0);
    post(
        &server,
        &ann,
        &format!("/keys/{key}/owner"),
        "owner=olga&backup=",
    )
    .await;
    let room = get(&server, &ann, "/settings/policy").await;
    let text = toml::to_string(server.house.register().policy()).unwrap();
    let send = async |text: &str| {
        let fields: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("policy", text)
            .finish();
        post(&server, &ann, "/settings/policy/what-if", &fields).await
    };
    assert!(room.text.contains("A policy to try"));
    let size = server.log_size().await;
    let listed = || call("GET", &format!("/api/v1/keys/{key}")).by(&ann);
    let before = listed().to(&server).await.text;
    let same = send(&text).await;
    assert_eq!(same.status, 200, "{}", same.text);
    assert!(
        same.text
            .contains("0 keys of 2 would be judged differently")
    );
    // Ten days more for every finding: every key with a finding is due later.
    let mut longer: toml::Table = text.parse().unwrap();
    later(longer.get_mut("due").unwrap());
    let longer = send(&longer.to_string()).await;
    assert_eq!(longer.status, 200, "{}", longer.text);
    assert!(
        longer
            .text
            .contains("2 keys of 2 would be judged differently")
    );
    let broken = send("version = ").await;
    assert_eq!(broken.status, 422, "{}", broken.text);
    assert!(broken.text.contains("role=\"alert\""));
    assert_eq!(server.log_size().await, size, "nothing changed");
    assert_eq!(listed().to(&server).await.text, before);
}

/// Ten more for every number.
fn later(value: &mut toml::Value) {
    match value {
        toml::Value::Integer(days) => *days += 10,
        toml::Value::Table(all) => all.iter_mut().for_each(|(_, one)| later(one)),
        toml::Value::Array(all) => all.iter_mut().for_each(later),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_asked_for_and_decided_by_somebody_else() {
    let server = Server::new().await;
    let ann = server.person("ann", &[Role::Analyst, Role::Approver]).await;
    let wish = "provider=stripe&credential=restricted_key&purpose=Nightly+export&owner=olga\
                &expires=2026-12-20&consumers=server";
    let ask = |why_not: &str| format!("{wish}&why_not={why_not}");
    let decisions = get(&server, &ann, "/decisions").await;
    assert!(decisions.text.contains("href=\"/requests/new\""));
    let size = server.log_size().await;
    let unsaid = post(&server, &ann, "/requests/new", &ask("")).await;
    assert_eq!(unsaid.status, 422, "{}", unsaid.text);
    assert!(unsaid.text.contains("say why not"), "{}", unsaid.text);
    let no_line = post(&server, &ann, "/requests/new", &ask("because")).await;
    assert_eq!(no_line.status, 422);
    assert_eq!(server.log_size().await, size, "nothing changed");
    let why: String = tenure_model::facts::ReplacementOption::ALL
        .iter()
        .map(|option| format!("{option}:+the+tool+cannot%0A"))
        .collect();
    let made = post(&server, &ann, "/requests/new", &ask(&why)).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let paul = server.person("paul", &[Role::Approver]).await;
    let list = get(&server, &paul, "/decisions").await;
    let id = list.text.split("href=\"/decisions/q").nth(1).unwrap();
    let path = format!("/decisions/q{}", id.split('"').next().unwrap());
    let own = get(&server, &ann, &path).await;
    assert!(own.text.contains("Why you cannot sign this"));
    let page = get(&server, &paul, &path).await;
    let form = signing(&page, "approve", "For+a+month.");
    assert_eq!(post(&server, &ann, &path, &form).await.status, 403);
    let signed = post(&server, &paul, &path, &form).await;
    assert_eq!(signed.status, 303, "{}", signed.text);
    assert_eq!(post(&server, &paul, &path, &form).await.status, 409, "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_is_answered_key_by_key_by_who_is_asked_and_no_other() {
    let server = Server::new().await;
    server.keys().await;
    let olga = server.person("olga", &[Role::KeyOwner]).await;
    let operator = Actor::Operator("root".to_owned());
    let starting = tenure_app::register::Starting {
        title: "Autumn".to_owned(),
        selector: "provider=databricks".to_owned(),
        reviewers: vec!["olga".to_owned()],
        due: "2026-12-20".parse().unwrap(),
    };
    let desk = server.house.register().desk(&operator);
    let id = desk.start_review(&starting).await.unwrap().campaign.id;
    let path = format!("/reviews/{id}");
    let today = get(&server, &olga, "/").await;
    assert!(today.text.contains("Attest 2 keys") && today.text.contains(&path));
    let page = get(&server, &olga, &path).await;
    assert!(page.text.contains("1 key after this one"), "{}", page.text);
    let said = |page: &Answer, scope: &str| {
        let key = hidden(page, "key");
        format!("key={key}&need=yes&scope={scope}&usage=yes&ownership=yes&note=")
    };
    let vic = server.person("vic", &[Role::Auditor]).await;
    let size = server.log_size().await;
    let denied = post(&server, &vic, &path, &said(&page, "yes")).await;
    assert_eq!(denied.status, 403, "{}", denied.text);
    assert_eq!(server.log_size().await, size + 1, "the denial");
    let silent = post(&server, &olga, &path, &said(&page, "no")).await;
    assert_eq!(silent.status, 422, "a no needs words");
    for _ in 0..2 {
        let page = get(&server, &olga, &path).await;
        let done = post(&server, &olga, &path, &said(&page, "yes")).await;
        assert_eq!(done.status, 303, "{}", done.text);
    }
    let over = get(&server, &olga, &path).await;
    assert_eq!(over.header("location"), "/");
    let items = desk.review(&id).await.unwrap().items;
    assert!(items.iter().all(|item| item.attestation.is_some()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_asked_about_keys_answers_on_one_page() {
    let server = Server::new().await;
    server.keys().await;
    let operator = Actor::Operator("root".to_owned());
    let desk = server.house.register().desk(&operator);
    let asks = desk.ask_send(&[]).await.unwrap();
    let [ask] = asks.as_slice() else {
        panic!("one person is asked: {asks:?}");
    };
    let asked = server.person(&ask.person, &[Role::KeyOwner]).await;
    let to = get(&server, &asked, "/answers").await;
    let path = format!("/answers/{}", ask.id);
    assert_eq!(to.header("location"), path);
    let page = get(&server, &asked, &path).await;
    assert!(page.text.contains("Are these 2 keys yours?"));
    let (one, other) = (&ask.keys[0].key, &ask.keys[1].key);
    let answers = format!("key-1={one}&answer-1=mine&other-1=&key-2={other}&answer-2=off&other-2=");
    let vic = server.person("vic", &[Role::KeyOwner]).await;
    let size = server.log_size().await;
    let foreign = post(&server, &vic, &path, &answers).await;
    assert!(foreign.status.is_client_error(), "{}", foreign.text);
    let nothing = post(&server, &asked, &path, "key-1=x").await;
    assert_eq!(nothing.status, 422, "{}", nothing.text);
    let desk = server.house.register().desk(&operator);
    assert!(desk.ask(&ask.id).await.unwrap().open, "nothing is answered");
    assert!(server.log_size().await <= size + 1, "a denial at most");
    let done = post(&server, &asked, &path, &answers).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let desk = server.house.register().desk(&operator);
    assert!(!desk.ask(&ask.id).await.unwrap().open);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_tried_and_a_dead_one_stands_on_every_page_of_who_mends_it() {
    let channels = |port: u16| -> Channels {
        let text = format!(
            "name = \"mail\"\ngets = \"people\"\nkind = \"email\"\nserver = \"127.0.0.1\"\nport = {port}\n\
             security = \"none\"\nfrom = \"tenure@x.io\"\nnetworks = [\"127.0.0.1\"]\n"
        );
        let one: ChannelSettings = toml::from_str(&text).unwrap();
        Channels::new(&[one], &SITE.parse().unwrap()).unwrap()
    };
    let (address, heard) = mail::server("250 good\r\n");
    let server = Server::telling(channels(address.port())).await;
    let ada = server.person("ada", &[Role::Administrator]).await;
    let page = get(&server, &ada, "/settings/channels").await;
    assert!(page.text.contains("never tried"), "{}", page.text);
    let tried = post(&server, &ada, "/settings/channels/try", "channel=mail").await;
    assert_eq!(tried.status, 303, "{}", tried.text);
    let to = heard.lock().unwrap().clone();
    assert!(
        to.contains(&"RCPT TO:<ada@example.com>".to_owned()),
        "{to:?}"
    );
    let listed = call("GET", "/api/v1/channels")
        .by(&ada)
        .to(&server)
        .await
        .json();
    assert_eq!(listed["items"][0]["name"], "mail");
    assert!(listed["items"][0]["arrived_at"].is_string(), "{listed}");
    let again = call("POST", "/api/v1/channels/mail/try");
    assert_eq!(again.by(&ada).to(&server).await.status, 200);

    let (address, _) = mail::server("550 no\r\n");
    let server = Server::telling(channels(address.port())).await;
    let ada = server.person("ada", &[Role::Administrator]).await;
    let tried = call("POST", "/api/v1/channels/mail/try")
        .by(&ada)
        .to(&server)
        .await;
    assert_eq!(tried.status, 422, "{}", tried.text);
    for path in ["/settings/channels", "/catalogue"] {
        let page = get(&server, &ada, path).await;
        assert!(
            page.text.contains("Nothing arrives over the channel mail"),
            "{path}"
        );
    }
    let vera = server.person("vera", &[Role::Viewer]).await;
    let page = get(&server, &vera, "/catalogue").await;
    assert!(!page.text.contains("Nothing arrives"), "not theirs to mend");
}
