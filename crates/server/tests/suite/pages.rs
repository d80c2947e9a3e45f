//! The console as people use it: what each role sees and does not, what forms do, and who may not.

use crate::setup::{Answer, Browser, Call, SITE, Server, call};
use tenure_model::{
    access::{Authority, Held, Role, Unit},
    event::Outcome,
};
use tenure_server::{route::Access, router::routes};

/// A page, as a browser asks for it.
async fn look(server: &Server, browser: &Browser, path: &str) -> Answer {
    call("GET", path)
        .with("cookie", &browser.cookie)
        .with("accept", "text/html")
        .to(server)
        .await
}

/// The token of forms that stands in a page.
fn token(page: &Answer) -> String {
    let (_, rest) = page
        .text
        .split_once("name=\"csrf\" value=\"")
        .unwrap_or_else(|| panic!("no form: {}", page.text));
    rest.split('"').next().unwrap().to_owned()
}

/// The values of an attribute in a page, with what stands for a character put back.
fn values<'p>(page: &'p str, name: &str) -> impl Iterator<Item = String> + use<'p> {
    let begins = format!(" {name}=\"");
    let at: Vec<usize> = page.match_indices(&begins).map(|(at, _)| at).collect();
    at.into_iter().map(move |at| {
        let rest = &page[at + begins.len()..];
        let value = rest.split('"').next().unwrap();
        value.replace("&#38;", "&").replace("&amp;", "&")
    })
}

/// Whether the server has a route for this.
fn is_route(method: &str, address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    routes().into_iter().any(|route| {
        let known: Vec<&str> = route.path.split('/').collect();
        let fits = |(known, part): (&&str, &&str)| known.starts_with('{') || known == part;
        route.method == method && known.len() == parts.len() && known.iter().zip(&parts).all(fits)
    })
}

fn sent(browser: &Browser, path: &str, form: &str) -> Call {
    call("POST", path)
        .with("cookie", &browser.cookie)
        .with("sec-fetch-site", "same-origin")
        .with("origin", SITE)
        .form(form)
}

/// Fills a form in and sends it.
async fn send(
    server: &Server,
    browser: &Browser,
    on: &str,
    to: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let token = token(&look(server, browser, on).await);
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("csrf", &token);
    form.extend_pairs(fields);
    sent(browser, to, &form.finish()).to(server).await
}

async fn risk_owner(server: &Server, name: &str) -> Browser {
    let held = Held::risk_owner(Unit::whole(), Authority::GoverningBody);
    server.signed_in(name, vec![held]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_opens_for_some_and_is_denied_to_others_with_an_event_each() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let paths: Vec<String> = routes()
        .into_iter()
        .filter(|route| !route.is_api() && route.method == "GET")
        .filter(|route| matches!(route.access, Access::Known(_)))
        .map(|route| {
            route
                .path
                .replace("{key}", &keys[0])
                .replace("{provider}", "databricks")
        })
        .filter(|path| !path.contains('{'))
        .collect();
    assert!(paths.len() > 18, "{paths:?}");
    let mut opened = std::collections::BTreeSet::new();
    let mut dead = Vec::new();
    let (mut denied, roles) = (0, Role::ALL.iter().copied().map(Some).chain([None]));
    for role in roles {
        let name = role.map_or("nobody", Role::word);
        let held = role.map(|role| Held::new(role, Unit::whole()));
        let browser = server.signed_in(name, held.into_iter().collect()).await;
        let mut links = std::collections::BTreeSet::new();
        for path in &paths {
            let before = server.log_size().await;
            let page = look(&server, &browser, path).await;
            let grew = server.log_size().await - before;
            match page.status.as_u16() {
                200 => {
                    assert_eq!(grew, 0, "{name} {path}: looking changes nothing");
                    assert!(page.text.contains("<main id=\"main\""), "{name} {path}");
                    let csp = page.header("content-security-policy");
                    assert!(csp.starts_with("default-src 'none'"), "{csp}");
                    opened.insert(path.clone());
                    links.extend(values(&page.text, "href").filter(|to| to.starts_with('/')));
                    for form in page.text.split("<form").skip(1) {
                        let form = form.split('>').next().unwrap();
                        let method = values(form, "method").next().unwrap().to_uppercase();
                        let to = values(form, "action").next().unwrap();
                        assert!(is_route(&method, &to), "{name} {path}: {method} {to}");
                    }
                }
                303 => assert!(path == "/settings" || path == "/answers", "{path}"),
                403 => {
                    assert_eq!(grew, 1, "{name} {path}: a denial is an event");
                    assert!(matches!(
                        server.last().await.outcome,
                        Outcome::Denied { .. }
                    ));
                    assert!(!page.text.contains("job tok-1"), "{name} {path}");
                    denied += 1;
                }
                status => panic!("{name} {path}: {status} {}", page.text),
            }
        }
        for link in &links {
            let page = look(&server, &browser, link).await;
            let is_there = matches!(page.status.as_u16(), 200 | 303);
            if !is_there {
                dead.push(format!("{name} is shown {link}: {}", page.status));
            }
        }
        let today = look(&server, &browser, "/").await;
        let proof = today.text.contains("href=\"/proof\"");
        let auditor = role == Some(Role::Auditor);
        assert!(!auditor || proof, "{name}");
        if role.is_none() || role == Some(Role::KeyOwner) {
            assert!(
                !proof && !today.text.contains("tok-"),
                "{name} sees what is not theirs"
            );
            assert!(today.text.contains("You answer for no key"), "{name}");
        }
    }
    assert_eq!(dead, Vec::<String>::new());
    assert!(denied > 30, "{denied}");
    let never: Vec<&String> = paths
        .iter()
        .filter(|path| *path != "/settings" && *path != "/answers" && !opened.contains(*path))
        .collect();
    assert!(never.is_empty(), "nobody can open {never:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_is_assigned_and_sees_their_key_and_no_other() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let analyst = server.person("anna", &[Role::Analyst]).await;
    let page = format!("/keys/{}", keys[0]);
    let to = format!("{page}/owner");
    // Open fields are told, and nothing is changed.
    let size = server.log_size().await;
    let back = send(
        &server,
        &analyst,
        &to,
        &to,
        &[("owner", " "), ("backup", "bo")],
    )
    .await;
    assert_eq!(back.status, 422);
    assert!(back.text.contains("Name a person") && back.text.contains("value=\"bo\""));
    assert_eq!(server.log_size().await, size);
    let done = send(
        &server,
        &analyst,
        &to,
        &to,
        &[("owner", "olga"), ("backup", "")],
    )
    .await;
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, page.as_str())
    );
    let said = call("GET", &page)
        .with(
            "cookie",
            &format!("{}; tenure_said=owner_assigned", analyst.cookie),
        )
        .to(&server)
        .await;
    assert!(said.text.contains("The owner is assigned"), "{}", said.text);
    assert!(said.text.contains("olga"));

    let olga = server.person("olga", &[Role::KeyOwner]).await;
    let today = look(&server, &olga, "/").await;
    assert!(
        today.text.contains("You answer for 1 key"),
        "{}",
        today.text
    );
    assert_eq!(look(&server, &olga, &page).await.status, 200);
    assert_eq!(
        look(&server, &olga, &format!("/keys/{}", keys[1]))
            .await
            .status,
        403
    );
    let list = look(&server, &olga, "/keys").await;
    assert!(list.text.contains(&keys[0]) && !list.text.contains(&keys[1]));
    let found = look(&server, &olga, "/search?q=job").await;
    assert!(found.text.contains(&keys[0]) && !found.text.contains(&keys[1]));

    // Who may not assign is denied, whatever form they send.
    let viewer = server.person("vera", &[Role::Viewer]).await;
    let size = server.log_size().await;
    let denied = send(&server, &viewer, "/", &to, &[("owner", "vera")]).await;
    assert_eq!(denied.status, 403);
    assert_eq!(server.log_size().await, size + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_counts_in_its_own_session_alone() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let to = format!("/keys/{}/comments", keys[0]);
    let anna = server.person("anna", &[Role::Analyst]).await;
    let bo = server.person("bo", &[Role::Analyst]).await;
    let theirs = token(&look(&server, &anna, "/").await);
    let size = server.log_size().await;
    for form in [
        "text=hello".to_owned(),
        "text=hello&csrf=".to_owned(),
        format!("text=hello&csrf={theirs}"),
    ] {
        let answer = sent(&bo, &to, &form).to(&server).await;
        assert_eq!(answer.status, 403, "{form}");
    }
    // A page of another site, even with the right token.
    let mine = token(&look(&server, &bo, "/").await);
    let elsewhere = call("POST", &to)
        .with("cookie", &bo.cookie)
        .with("sec-fetch-site", "cross-site")
        .form(&format!("text=hello&csrf={mine}"))
        .to(&server)
        .await;
    assert_eq!(elsewhere.status, 403);
    assert_eq!(server.log_size().await, size, "nothing was changed");
    let done = sent(&bo, &to, &format!("text=hello&csrf={mine}"))
        .to(&server)
        .await;
    assert_eq!(done.status, 303, "{}", done.text);
    let page = look(&server, &bo, &format!("/keys/{}", keys[0])).await;
    assert!(page.text.contains("hello"));
    // What would be markup is text.
    let hostile = "<script>alert(1)</script>";
    send(&server, &bo, "/", &to, &[("text", hostile)]).await;
    let page = look(&server, &bo, &format!("/keys/{}", keys[0])).await;
    assert!(!page.text.contains(hostile) && page.text.contains("alert(1)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exception_goes_from_request_to_signature_through_three_people() {
    let server = Server::new().await;
    let keys = server.keys().await;
    let key = format!("/keys/{}", keys[0]);
    let anna = server
        .person("anna", &[Role::Analyst, Role::Approver])
        .await;
    // A key that somebody answers for, that cannot be replaced yet.
    let owner = format!("{key}/owner");
    send(
        &server,
        &anna,
        &owner,
        &owner,
        &[("owner", "olga"), ("backup", "")],
    )
    .await;
    let ask = format!("{key}/exception");
    let until = server.clock.now().day().plus(30).to_string();
    let fields = [
        ("kind", "until"),
        ("until", until.as_str()),
        ("bypassed", "no standing credential"),
        ("why", "the nightly job needs it"),
        ("blocker", "no federation before March"),
        ("compensating", "one source address\nan alert on each use"),
        ("users", ""),
    ];
    let asked = send(&server, &anna, &ask, &ask, &fields).await;
    assert_eq!(asked.status, 303, "{}", asked.text);
    // Who asked does not approve, and is told why.
    let list = look(&server, &anna, "/decisions").await;
    let (_, rest) = list.text.split_once("href=\"/decisions/").unwrap();
    let id = rest.split('"').next().unwrap().to_owned();
    let one = format!("/decisions/{id}");
    let own = look(&server, &anna, &one).await;
    assert!(
        own.text.contains("Why you cannot sign this"),
        "{}",
        own.text
    );
    let hidden = |page: &Answer, name: &str| {
        let field = format!("name=\"{name}\" value=\"");
        let (_, rest) = page.text.split_once(&field).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let bo = server.person("bo", &[Role::Approver]).await;
    let page = look(&server, &bo, &one).await;
    let (seen, version) = (hidden(&page, "statement"), hidden(&page, "version"));
    let forced = send(
        &server,
        &anna,
        "/",
        &one,
        &[
            ("statement", &seen),
            ("version", &version),
            ("act", "approve"),
            ("reason", "mine"),
        ],
    )
    .await;
    assert_eq!(forced.status, 403, "{}", forced.text);
    // Without a reason nothing is signed.
    let back = send(
        &server,
        &bo,
        &one,
        &one,
        &[
            ("statement", &seen),
            ("version", &version),
            ("act", "approve"),
            ("reason", " "),
        ],
    )
    .await;
    assert!(back.text.contains("Write your reason"), "{}", back.text);
    // A statement that was not read is not signed.
    let other = send(
        &server,
        &bo,
        &one,
        &one,
        &[
            ("statement", "0000"),
            ("version", &version),
            ("act", "approve"),
            ("reason", "fine"),
        ],
    )
    .await;
    assert_eq!(other.status, 409, "{}", other.text);
    let done = send(
        &server,
        &bo,
        &one,
        &one,
        &[
            ("statement", &seen),
            ("version", &version),
            ("act", "approve"),
            ("reason", "until March"),
        ],
    )
    .await;
    assert_eq!(done.status, 303, "{}", done.text);
    let rita = risk_owner(&server, "rita").await;
    let version = hidden(&look(&server, &rita, &one).await, "version");
    let done = send(
        &server,
        &rita,
        &one,
        &one,
        &[
            ("statement", &seen),
            ("version", &version),
            ("act", "approve"),
            ("reason", "accepted"),
        ],
    )
    .await;
    assert_eq!(done.status, 303, "{}", done.text);
    let statement = look(&server, &rita, &format!("/exceptions/{id}")).await;
    assert!(statement.text.contains("until March") && statement.text.contains("rita"));
    let page = look(&server, &anna, &key).await;
    assert!(
        page.text.contains("its risk accepted by rita"),
        "{}",
        page.text
    );
    let today = look(&server, &rita, "/").await;
    assert!(
        today.text.contains("You signed for 1 exception"),
        "{}",
        today.text
    );
    // A sign-in of a while ago does not sign: one is sent to prove oneself, and back.
    server.clock.pass(600);
    let late = send(
        &server,
        &rita,
        "/",
        &one,
        &[
            ("statement", &seen),
            ("version", &version),
            ("act", "deny"),
            ("reason", "no"),
        ],
    )
    .await;
    assert!(
        late.status == 409 || late.header("location").starts_with("/login?"),
        "{}",
        late.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_made_shown_once_and_revoked_and_a_role_given_and_taken() {
    let server = Server::new().await;
    let anna = server.person("anna", &[Role::Analyst]).await;
    let tokens = "/settings/tokens";
    let made = send(
        &server,
        &anna,
        tokens,
        tokens,
        &[("name", "nightly"), ("scope", "read"), ("days", "7")],
    )
    .await;
    assert_eq!(made.status, 200, "{}", made.text);
    let (_, rest) = made.text.split_once("tenure_api_").unwrap();
    let text = format!("tenure_api_{}", rest.split('<').next().unwrap().trim());
    let me = call("GET", "/api/v1/me").bearer(&text).to(&server).await;
    assert_eq!(me.status, 200, "{}", me.text);
    let page = look(&server, &anna, tokens).await;
    assert!(page.text.contains("nightly") && !page.text.contains(&text));
    let (_, rest) = page.text.split_once("name=\"token\" value=\"").unwrap();
    let id = rest.split('"').next().unwrap();
    let done = send(
        &server,
        &anna,
        tokens,
        "/settings/tokens/revoke",
        &[("token", id)],
    )
    .await;
    assert_eq!(done.status, 303);
    let me = call("GET", "/api/v1/me").bearer(&text).to(&server).await;
    assert_eq!(me.status, 401);

    let admin = server.person("ada", &[Role::Administrator]).await;
    let roles = "/settings/roles";
    let fields = [("person", "anna"), ("role", "viewer"), ("unit", "*")];
    let given = send(&server, &admin, roles, roles, &fields).await;
    assert_eq!(given.status, 303, "{}", given.text);
    assert!(look(&server, &admin, roles).await.text.contains("viewer"));
    let taken = send(&server, &admin, roles, "/settings/roles/take", &fields).await;
    assert_eq!(taken.status, 303, "{}", taken.text);
    let size = server.log_size().await;
    let denied = send(
        &server,
        &anna,
        "/",
        roles,
        &[("person", "anna"), ("role", "administrator"), ("unit", "*")],
    )
    .await;
    assert_eq!(denied.status, 403);
    assert!(server.log_size().await > size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_pages_are_kept_for_ever_and_nothing_else_is() {
    let server = Server::new().await;
    let anna = server.person("anna", &[Role::Viewer]).await;
    let today = look(&server, &anna, "/").await;
    assert_eq!(today.header("cache-control"), "no-store");
    let (_, rest) = today.text.split_once("href=\"/static/").unwrap();
    let css = format!("/static/{}", rest.split('"').next().unwrap());
    let file = call("GET", &css).to(&server).await;
    assert_eq!(file.status, 200);
    assert!(file.header("cache-control").contains("immutable"));
    assert_eq!(file.header("content-type"), "text/css; charset=utf-8");
    for path in [
        "/static/none/tenure.css",
        "/static/none/..%2f..%2fCargo.toml",
    ] {
        assert_eq!(call("GET", path).to(&server).await.status, 404, "{path}");
    }
    // Light and dark are kept by the browser.
    let look_at = send(&server, &anna, "/", "/theme", &[("theme", "dark")]).await;
    assert_eq!(look_at.status, 303);
    let dark = call("GET", "/")
        .with("cookie", &format!("{}; tenure_look=dark", anna.cookie))
        .to(&server)
        .await;
    assert!(dark.text.contains("data-theme=\"dark\""));
    let odd = call("GET", "/")
        .with(
            "cookie",
            &format!("{}; tenure_look=%22%3E; tenure_said=%3Cb%3E", anna.cookie),
        )
        .to(&server)
        .await;
    assert!(odd.status == 200 && !odd.text.contains("data-theme=\""));
}
