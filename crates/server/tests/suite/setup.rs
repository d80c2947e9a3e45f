//! A server on a new register, called without a network, and a clock that the test moves.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use tenure_app::{
    catalog,
    channels::Channels,
    register::{Account, Clock, EventFilter, Login, Place, Register},
    state::State,
};
use tenure_model::{
    access::{Held, PersonId, Role, Unit},
    bearer::Bearer,
    event::Event,
    moment::Moment,
    policy::Policy,
    session::{Method as How, Proof, Session},
};
use tenure_server::{House, Settings, router::router};
use tower::ServiceExt as _;

pub(crate) const START: Moment = Moment::from_micros(1_795_721_000_000_000);
pub(crate) const SITE: &str = "https://tenure.example.com";

pub(crate) struct Server {
    pub(crate) house: House,
    pub(crate) router: Router,
    pub(crate) clock: Clock,
    _folder: tempfile::TempDir,
    sessions: AtomicU64,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The word of the problem.
    pub(crate) fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text
        );
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        assert!(!json["detail"].as_str().unwrap().is_empty());
        json["type"]
            .as_str()
            .unwrap()
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned()
    }
}

/// Somebody with a session, and the token of their scripts.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

/// A call.
pub(crate) struct Call {
    request: http::request::Builder,
    body: Body,
}

pub(crate) fn call(method: &str, path: &str) -> Call {
    let method: Method = method.parse().unwrap();
    Call {
        request: Request::builder().method(method).uri(path),
        body: Body::empty(),
    }
}

impl Call {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// In a session, as a page of this server sends it.
    pub(crate) fn by(self, browser: &Browser) -> Self {
        self.with("cookie", &browser.cookie)
            .with("x-csrf-token", &browser.csrf)
            .with("sec-fetch-site", "same-origin")
            .with("origin", SITE)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        let mut call = self.with("content-type", "application/json");
        call.body = Body::from(body.to_string());
        call
    }

    pub(crate) fn form(self, body: &str) -> Self {
        let mut call = self.with("content-type", "application/x-www-form-urlencoded");
        call.body = Body::from(body.to_owned());
        call
    }

    pub(crate) fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Body::from(bytes.into());
        self
    }

    pub(crate) async fn to(self, server: &Server) -> Answer {
        let request = self.request.body(self.body).unwrap();
        server.send(request).await
    }
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::made(Clock::set(START), change, Channels::default(), |_| None).await
    }

    /// With an identity provider.
    pub(crate) async fn under(
        clock: Clock,
        login: impl FnOnce(&Register) -> Option<Login>,
    ) -> Self {
        Self::made(clock, |_| {}, Channels::default(), login).await
    }

    /// With channels for notices.
    pub(crate) async fn telling(channels: Channels) -> Self {
        Self::made(Clock::set(START), |_| {}, channels, |_| None).await
    }

    async fn made(
        clock: Clock,
        change: impl FnOnce(&mut Settings),
        channels: Channels,
        login: impl FnOnce(&Register) -> Option<Login>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::in_folder(folder.path());
        let register = Register::open(
            &place,
            State::at(folder.path()),
            catalog::load(None).unwrap(),
            Policy::builtin(),
            clock.clone(),
        );
        let mut settings = Settings::at(SITE.parse().unwrap());
        change(&mut settings);
        let register = register.await.unwrap().telling(channels);
        let login = login(&register);
        let house = House::new(register, login, settings);
        Self {
            router: router(&house),
            house,
            clock,
            _folder: folder,
            sessions: AtomicU64::new(1),
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Signs somebody in who holds these roles for the whole organisation.
    pub(crate) async fn person(&self, name: &str, roles: &[Role]) -> Browser {
        let held = roles.iter().map(|role| Held::new(*role, Unit::whole()));
        self.signed_in(name, held.collect()).await
    }

    pub(crate) async fn signed_in(&self, name: &str, roles: Vec<Held>) -> Browser {
        let store = self.house.register().store();
        let person = PersonId::new(name).unwrap();
        let now = self.clock.now();
        let account = match store.account(&person).await.unwrap() {
            Some(account) => Account { roles, ..account },
            None => Account {
                person: person.clone(),
                name: String::new(),
                email: format!("{name}@example.com"),
                roles,
                made_at: now,
                signed_in_at: None,
                version: 0,
            },
        };
        let n = self.sessions.fetch_add(1, Ordering::Relaxed);
        let mut bits = [7; 32];
        bits[..8].copy_from_slice(&n.to_be_bytes());
        let secret = Bearer::of(&bits);
        let proof = Proof {
            method: How::Oidc,
            at: now,
        };
        let session = Session::begin(&format!("s{n}"), &secret, person, proof, now);
        store
            .sign_in(&account, None, &session, None, now)
            .await
            .unwrap();
        let cookie = format!("__Host-tenure_session={}", secret.expose());
        let me = call("GET", "/api/v1/me")
            .with("cookie", &cookie)
            .to(self)
            .await;
        Browser {
            csrf: me.json()["csrf"].as_str().unwrap().to_owned(),
            cookie,
        }
    }

    /// Two keys, imported through the API by an analyst. Gives their ids.
    pub(crate) async fn keys(&self) -> Vec<String> {
        let analyst = self.person("importer", &[Role::Analyst]).await;
        let token = |id: &str| {
            json!({"token_id": id, "comment": format!("job {id}"), "creation_time": 1_700_000_000_000_u64,
                   "expiry_time": -1, "created_by_username": "ann@example.com"})
        };
        let body = json!({"token_infos": [token("tok-1"), token("tok-2")]});
        let answer = call("POST", "/api/v1/imports?kind=databricks-tokens&name=prod")
            .by(&analyst)
            .bytes(body.to_string())
            .to(self)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let list = call("GET", "/api/v1/keys?sort=name")
            .by(&analyst)
            .to(self)
            .await;
        let items = list.json()["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) async fn log_size(&self) -> u64 {
        self.house
            .register()
            .store()
            .head()
            .await
            .unwrap()
            .tree
            .size()
    }

    /// The latest event.
    pub(crate) async fn last(&self) -> Event {
        let store = self.house.register().store();
        let events = store
            .events(&EventFilter::default(), None, 1)
            .await
            .unwrap();
        serde_json::from_str(&events[0].body).unwrap()
    }
}

pub(crate) fn set_cookie(answer: &Answer) -> Vec<String> {
    let all = answer.headers.get_all(header::SET_COOKIE).iter();
    all.map(|value| value.to_str().unwrap().to_owned())
        .collect()
}
