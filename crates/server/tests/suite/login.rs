//! Sign-in from the first page to a session, against `oidc-provider`, which the OpenID Foundation has certified.
//! `scripts/test` installs it under target/; without Node these tests say that they were skipped.

use crate::setup::{SITE, Server, call, set_cookie};
use serde_json::json;
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use tenure_app::register::{Clock, Login, LoginSettings};
use tenure_model::access::Role;
use url::Url;

const SECRET: &str = "made-up secret of a test";
/// More pages than any sign-in has.
const MOST: usize = 20;

fn folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TENURE_OIDC_PROVIDER") {
        return Some(PathBuf::from(named));
    }
    let made = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/oidc-provider"
    ));
    made.join("installed").exists().then_some(made)
}

struct Provider {
    child: Child,
    issuer: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Provider {
    fn start() -> Option<Self> {
        let Some(folder) = folder() else {
            let said = b"\nSKIPPED: a sign-in at the server against oidc-provider; scripts/test installs it\n";
            std::io::stderr().write_all(said).unwrap();
            return None;
        };
        let clients = json!([{
            "client_id": "tenure", "client_secret": SECRET,
            "redirect_uris": [format!("{SITE}/login/callback")],
            "token_endpoint_auth_method": "client_secret_basic",
        }]);
        let program = folder.join(format!(
            "server-{}-{:?}.mjs",
            std::process::id(),
            std::thread::current().id()
        ));
        let text = include_str!("../../../connect/tests/oidc/provider/provider.mjs");
        fs::write(&program, text).unwrap();
        let mut child = Command::new("node")
            .arg(&program)
            .env("TENURE_CLIENTS", clients.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut issuer = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut issuer)
            .unwrap();
        let _ = fs::remove_file(&program);
        let issuer = issuer.trim().to_owned();
        assert!(issuer.starts_with("http://127.0.0.1:"), "{issuer:?}");
        Some(Self { child, issuer })
    }

    async fn server(&self, strangers: bool) -> Server {
        // The provider looks at the system's clock.
        Server::under(Clock::system(), |register| {
            let secret = tempfile::NamedTempFile::new().unwrap();
            fs::write(secret.path(), SECRET).unwrap();
            let settings: LoginSettings = serde_json::from_value(json!({
                "issuer": self.issuer, "client_id": "tenure", "client_secret_file": secret.path(),
                "networks": ["127.0.0.1"], "strangers": strangers,
            }))
            .unwrap();
            Some(Login::new(&settings, &SITE.parse().unwrap(), register).unwrap())
        })
        .await
    }
}

/// As much of a browser as the provider's pages need.
struct Pages {
    agent: ureq::Agent,
    cookies: Vec<(String, String, String)>,
    asked: usize,
}

impl Pages {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Self {
            agent: config.into(),
            cookies: Vec::new(),
            asked: 0,
        }
    }

    /// From an address of the provider back to this server, as `login`.
    fn walk(&mut self, start: &str, login: &str) -> String {
        let mut url: Url = start.parse().unwrap();
        let mut form: Option<String> = None;
        for _ in 0..MOST {
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .filter(|(_, _, path)| url.path().starts_with(path.as_str()))
                .map(|(name, value, _)| format!("{name}={value}"))
                .collect();
            let cookies = cookies.join("; ");
            let mut answer = match form.take() {
                None => self
                    .agent
                    .get(url.as_str())
                    .header("cookie", &cookies)
                    .call(),
                Some(form) => self
                    .agent
                    .post(url.as_str())
                    .header("cookie", &cookies)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .send(form.as_bytes()),
            }
            .unwrap();
            for set in answer.headers().get_all("set-cookie") {
                let set = set.to_str().unwrap();
                let mut parts = set.split("; ");
                let (name, value) = parts.next().unwrap().split_once('=').unwrap();
                let path = parts
                    .find_map(|part| part.strip_prefix("path="))
                    .unwrap_or("/");
                self.cookies
                    .retain(|(known, _, at)| known != name || at != path);
                if !value.is_empty() {
                    self.cookies
                        .push((name.to_owned(), value.to_owned(), path.to_owned()));
                }
            }
            if let Some(to) = answer.headers().get("location") {
                url = url.join(to.to_str().unwrap()).unwrap();
                if let Some(path) = url.as_str().strip_prefix(SITE) {
                    return path.to_owned();
                }
                continue;
            }
            let page = answer.body_mut().read_to_string().unwrap();
            let value = |before: &str| {
                let (_, rest) = page
                    .split_once(before)
                    .unwrap_or_else(|| panic!("no {before}: {page}"));
                rest.split_once('"').unwrap().0.to_owned()
            };
            form = Some(if value("name=\"prompt\" value=\"") == "login" {
                self.asked += 1;
                format!("prompt=login&login={login}&password=any")
            } else {
                "prompt=consent".to_owned()
            });
            url = url.join(&value("action=\"")).unwrap();
        }
        panic!("it leads nowhere: {}", url.path());
    }
}

fn pair(answer: &crate::setup::Answer, name: &str) -> String {
    let set = set_cookie(answer);
    let found = set.iter().find(|set| set.starts_with(name));
    let found = found.unwrap_or_else(|| panic!("no {name} in {set:?}: {}", answer.text));
    found.split(';').next().unwrap().to_owned()
}

const SESSION: &str = "__Host-tenure_session=";
const STATE: &str = "__Host-tenure_sign_in=";

/// Begins at this server, walks through the provider's pages, and gives the way back with the cookie of the sign-in.
async fn walk(server: &Server, pages: &mut Pages, path: &str, login: &str) -> (String, String) {
    let begun = call("GET", path).to(server).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    let state = pair(&begun, STATE);
    let start = begun.header("location").to_owned();
    let login = login.to_owned();
    let back = tokio::task::block_in_place(|| pages.walk(&start, &login));
    (back, state)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_once_for_all_and_anew_to_sign() {
    let Some(provider) = Provider::start() else {
        return;
    };
    let server = provider.server(false).await;
    let admin = server.person("boss", &[Role::Administrator]).await;
    let given = call("PUT", "/api/v1/accounts/ann@example.com/roles")
        .with("if-match", "*")
        .json(&json!({"roles": [{"role": "viewer"}]}))
        .by(&admin)
        .to(&server)
        .await;
    assert_eq!(given.status, 200, "{}", given.text);
    let mut pages = Pages::new();
    let (back, state) = walk(
        &server,
        &mut pages,
        "/login/start?return_to=/keys%3Fq=1",
        "ann",
    )
    .await;
    // Only the browser in which it began comes in by the answer.
    let elsewhere = call("GET", &back).to(&server).await;
    assert_eq!(elsewhere.status, 403);
    assert!(
        !set_cookie(&elsewhere)
            .iter()
            .any(|set| set.starts_with(SESSION))
    );
    let in_ = call("GET", &back).with("cookie", &state).to(&server).await;
    assert_eq!(
        (in_.status.as_u16(), in_.header("location")),
        (303, "/keys?q=1"),
        "{}",
        in_.text
    );
    let cookie = pair(&in_, SESSION);
    let replayed = call("GET", &back).with("cookie", &state).to(&server).await;
    assert_eq!(replayed.status, 403, "an answer counts once");
    let me = |cookie: &str| call("GET", "/api/v1/me").with("cookie", cookie);
    let first = me(&cookie).to(&server).await.json();
    assert_eq!(first["person"], "ann@example.com");
    assert_eq!(first["name"], "ann of the tests");
    assert_eq!(first["roles"][0]["role"], "viewer");
    // Anew, in the same browser: the provider asks once more, the session is another and the old one is over.
    let asked = pages.asked;
    let (back, state) = walk(&server, &mut pages, "/login/start?again=true", "ann").await;
    assert_eq!(pages.asked, asked + 1);
    let both = format!("{state}; {cookie}");
    let anew = call("GET", &back).with("cookie", &both).to(&server).await;
    assert_eq!((anew.status.as_u16(), anew.header("location")), (303, "/"));
    let fresh = pair(&anew, SESSION);
    assert_ne!(fresh, cookie);
    assert_eq!(
        me(&cookie).to(&server).await.status,
        401,
        "the session before is over"
    );
    assert_eq!(me(&fresh).to(&server).await.json()["fresh"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_known_is_kept_out_and_it_is_recorded() {
    let Some(provider) = Provider::start() else {
        return;
    };
    let server = provider.server(false).await;
    let enter = async |server: &Server, login: &str, cookie: &str| {
        let (back, state) = walk(server, &mut Pages::new(), "/login/start", login).await;
        let cookies = format!("{state}; {cookie}");
        call("GET", &back).with("cookie", &cookies).to(server).await
    };
    let out = enter(&server, "eve", "x=y").await;
    assert_eq!(out.status, 403);
    assert!(
        out.text.contains("Nobody here knows this address"),
        "{}",
        out.text
    );
    let event = server.last().await;
    assert!(matches!(
        event.outcome,
        tenure_model::event::Outcome::Denied { .. }
    ));
    // An address that the provider does not vouch for is nobody's; a set-up link says whose the identity is.
    let unverified = enter(&server, "mallory", "x=y").await;
    assert!(
        unverified.text.contains("vouches for no address"),
        "{}",
        unverified.text
    );
    let admin = server.person("boss", &[Role::Administrator]).await;
    call("PUT", "/api/v1/accounts/mal/roles")
        .with("if-match", "*")
        .json(&json!({"roles": []}))
        .by(&admin)
        .to(&server)
        .await;
    let made = call("POST", "/api/v1/accounts/mal/setup-links")
        .by(&admin)
        .to(&server)
        .await;
    let url = made.json()["url"].as_str().unwrap().to_owned();
    let token = url.split("token=").nth(1).unwrap().to_owned();
    let by_link = call("POST", "/setup")
        .form(&format!("token={token}"))
        .to(&server)
        .await;
    let by_link = pair(&by_link, SESSION);
    assert_eq!(enter(&server, "mallory", &by_link).await.status, 303);
    let later = enter(&server, "mallory", "x=y").await;
    assert_eq!(later.status, 303, "linked from now on: {}", later.text);
    let me = call("GET", "/api/v1/me")
        .with("cookie", &pair(&later, SESSION))
        .to(&server)
        .await;
    assert_eq!(me.json()["person"], "mal");
    // Where strangers are let in, they hold no role.
    let open = provider.server(true).await;
    let stranger = enter(&open, "eve", "x=y").await;
    let cookie = pair(&stranger, SESSION);
    let list = call("GET", "/api/v1/keys")
        .with("cookie", &cookie)
        .to(&open)
        .await;
    assert_eq!(list.status, 403);
}
