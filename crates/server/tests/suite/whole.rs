//! One success of every operation that takes more than a call: things that stand in a state, and what somebody has to
//! be told of first. The others succeed in `matrix`, which asks that none is left out.

use crate::setup::{Browser, SITE, Server, call};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Mutex};
use tenure_app::channels::{ChannelSettings, Channels};
use tenure_model::access::{Actor, Authority, Held, Role, Unit};
use tenure_testkit::mail;

/// What succeeded, as the table of routes writes it.
#[derive(Default)]
struct Done(Mutex<BTreeSet<String>>);

impl Done {
    /// Calls an operation, whose path has `names` in place of what stands in braces, and gives its answer.
    async fn call(
        &self,
        (server, by): (&Server, &Browser),
        method: &str,
        path: &str,
        names: &[&str],
        sent: Option<Value>,
    ) -> Value {
        let mut names = names.iter();
        let named: Vec<String> = path
            .split('/')
            .map(|part| match part.starts_with('{') {
                true => (*names.next().unwrap()).to_owned(),
                false => part.to_owned(),
            })
            .collect();
        let made = call(method, &format!("/api/v1/{}", named.join("/"))).by(by);
        let made = match &sent {
            Some(sent) => made.json(sent),
            None => made,
        };
        let answer = made.to(server).await;
        assert!(
            answer.status.is_success(),
            "{method} {path} {names:?}: {}",
            answer.text
        );
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        let done = format!("{method} /api/v1/{path}");
        self.0.lock().unwrap().insert(done);
        match answer.text.is_empty() {
            true => Value::Null,
            false => answer.json(),
        }
    }

    async fn post(
        &self,
        at: (&Server, &Browser),
        path: &str,
        names: &[&str],
        sent: Value,
    ) -> Value {
        self.call(at, "POST", path, names, Some(sent)).await
    }
}

fn id(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

fn why() -> Value {
    json!({
        "bypassed": "no standing credential", "why": "the nightly job needs it",
        "blocker": "no federation before March", "compensating": ["one source address"],
    })
}

fn sign(shown: &Value) -> Value {
    json!({"reason": "it was looked at", "seen": shown["statement"]["digest"]})
}

fn no() -> Value {
    json!({"reason": "it is not needed"})
}

/// The people list, with who is there still.
fn people(rita: bool) -> String {
    format!(
        "id,email,active\nanna,anna@example.com,true\nbo,bo@example.com,true\nolga,olga@example.com,true\n\
         ada,ada@example.com,true\nrita,rita@example.com,{rita}\nron,ron@example.com,true\n"
    )
}

async fn take_people(server: &Server, by: &Browser, text: &str) {
    let sent = call("POST", "/api/v1/imports?kind=people&name=people.csv").by(by);
    let answer = sent.bytes(text.to_owned()).to(server).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

/// Operations that succeeded, as `POST /api/v1/…`.
pub(crate) async fn successes() -> BTreeSet<String> {
    let (address, _) = mail::server("250 good\r\n");
    let text = format!(
        "name = \"mail\"\ngets = \"people\"\nkind = \"email\"\nserver = \"127.0.0.1\"\nport = {}\n\
         security = \"none\"\nfrom = \"tenure@x.io\"\nnetworks = [\"127.0.0.1\"]\n",
        address.port()
    );
    let channel: ChannelSettings = toml::from_str(&text).unwrap();
    let channels = Channels::new(&[channel], &SITE.parse().unwrap()).unwrap();
    let server = Server::telling(channels).await;
    let done = Done::default();
    let keys = server.keys().await;
    done.0
        .lock()
        .unwrap()
        .insert("POST /api/v1/imports".to_owned());
    let anna = server.person("anna", &[Role::Analyst]).await;
    let bo = server.person("bo", &[Role::Approver]).await;
    let olga = server.person("olga", &[Role::KeyOwner]).await;
    let ada = server
        .person("ada", &[Role::Analyst, Role::Administrator])
        .await;
    let governs = || vec![Held::risk_owner(Unit::whole(), Authority::GoverningBody)];
    let rita = server.signed_in("rita", governs()).await;
    let ron = server.signed_in("ron", governs()).await;
    let (anna_at, bo_at, ada_at) = ((&server, &anna), (&server, &bo), (&server, &ada));
    take_people(&server, &ada, &people(true)).await;

    done.call(anna_at, "GET", "people/{person}", &["bo"], None)
        .await;
    done.post(anna_at, "decide", &[], json!({"id": "nothing known"}))
        .await;
    done.call(ada_at, "POST", "channels/{channel}/try", &["mail"], None)
        .await;
    accounts(&server, &done, &ada).await;
    questions(&server, &done, &anna, &keys).await;
    exceptions(&server, &done, [&anna, &bo, &rita], &keys).await;

    // A class, whose acceptor leaves.
    let class = json!({"selector": "provider=databricks", "reasons": why()});
    let class = done.post(anna_at, "class-exceptions", &[], class).await;
    let one = id(&class);
    let one = [one.as_str()];
    done.post(bo_at, "exceptions/{exception}/approval", &one, sign(&class))
        .await;
    let rita_at = (&server, &rita);
    for act in [
        "exceptions/{exception}/acceptance",
        "exceptions/{exception}/review",
    ] {
        done.post(rita_at, act, &one, sign(&class)).await;
    }
    let said = json!({"text": "looked at in the weekly meeting"});
    done.post(anna_at, "exceptions/{exception}/comments", &one, said)
        .await;
    take_people(&server, &ada, &people(false)).await;
    let operator = Actor::Operator("root".to_owned());
    let desk = server.house.register().desk(&operator);
    // The class, and the exception of one key.
    assert_eq!(desk.settle_exceptions().await.unwrap(), 2);
    let ron_at = (&server, &ron);
    let taken = "exceptions/{exception}/reaffirmation";
    done.post(ron_at, taken, &one, sign(&class)).await;
    done.post(ron_at, "exceptions/{exception}/end", &one, no())
        .await;

    requests(&server, &done, [&anna, &bo]).await;
    campaign(&server, &done, [&anna, &olga], &keys[0]).await;
    done.0.into_inner().unwrap()
}

async fn accounts(server: &Server, done: &Done, ada: &Browser) {
    let (first, second) = (
        server.person("target", &[]).await,
        server.person("target", &[]).await,
    );
    let sessions = call("GET", "/api/v1/me/sessions").by(&first);
    let sessions = sessions.to(server).await.json();
    let other = sessions["items"].as_array().unwrap().iter();
    let mut others = other.filter(|one| one["is_this"] == false).map(id);
    let other = others.next().unwrap();
    let made = json!({"name": "x", "sorts": ["read"]});
    let token = id(&done
        .post((server, &first), "me/tokens", &[], made.clone())
        .await);
    let mine = (server, &first);
    done.call(mine, "DELETE", "me/tokens/{token}", &[&token], None)
        .await;
    done.call(mine, "DELETE", "me/sessions/{session}", &[&other], None)
        .await;
    drop(second);
    let token = id(&done.post((server, &first), "me/tokens", &[], made).await);
    let path = "accounts/{person}/tokens/{token}";
    let ada = (server, ada);
    done.call(ada, "DELETE", path, &["target", &token], None)
        .await;
    let sessions = done
        .call(ada, "GET", "accounts/{person}/sessions", &["target"], None)
        .await;
    let path = "accounts/{person}/sessions/{session}";
    let left = id(&sessions["items"][0]);
    done.call(ada, "DELETE", path, &["target", &left], None)
        .await;
}

async fn questions(server: &Server, done: &Done, anna: &Browser, keys: &[String]) {
    let sent = done.post((server, anna), "asks", &[], json!({})).await;
    let ask = &sent["items"][0];
    let asked = ask["person"].as_str().unwrap();
    let asked = server.person(asked, &[Role::KeyOwner]).await;
    let answers = json!({"answers": [{"key": keys[0], "answer": "can_be_turned_off"}]});
    done.post((server, &asked), "asks/{ask}/answers", &[&id(ask)], answers)
        .await;
}

/// Exceptions for one key: withdrawn, denied, granted, asked for again as facts changed, renewed.
async fn exceptions(server: &Server, done: &Done, by: [&Browser; 3], keys: &[String]) {
    let [anna, bo, rita] = by.map(|by| (server, by));
    let key = keys[1].as_str();
    let owner = call("PUT", &format!("/api/v1/keys/{key}/owner")).with("if-match", "*");
    let owner = owner.json(&json!({"owner": "olga"})).by(anna.1);
    assert_eq!(owner.to(server).await.status, 200);
    let wish = || json!({"key": key, "until": "2027-01-15", "reasons": why()});
    for (path, by) in [
        ("exceptions/{exception}/withdrawal", anna),
        ("exceptions/{exception}/denial", bo),
    ] {
        let asked = done.post(anna, "exceptions", &[], wish()).await;
        done.post(by, path, &[&id(&asked)], no()).await;
    }
    let grant = async |asked: &Value| {
        let one = id(asked);
        let approval = "exceptions/{exception}/approval";
        done.post(bo, approval, &[&one], sign(asked)).await;
        let acceptance = "exceptions/{exception}/acceptance";
        done.post(rita, acceptance, &[&one], sign(asked)).await;
    };
    let asked = done.post(anna, "exceptions", &[], wish()).await;
    grant(&asked).await;
    let facts = json!({"facts": {"data": "restricted"}});
    done.post(anna, "keys/{key}/stated-facts", &[key], facts)
        .await;
    let path = "exceptions/{exception}/restatement";
    let asked = done.call(anna, "POST", path, &[&id(&asked)], None).await;
    grant(&asked).await;
    let longer = json!({"until": "2027-02-15", "reasons": why()});
    let path = "exceptions/{exception}/renewal";
    let asked = done.post(anna, path, &[&id(&asked)], longer).await;
    assert_eq!(asked["stage"], "awaiting_approval");
}

async fn requests(server: &Server, done: &Done, by: [&Browser; 2]) {
    let [anna, bo] = by.map(|by| (server, by));
    let options = tenure_model::facts::ReplacementOption::ALL.iter();
    let why_not: serde_json::Map<String, Value> = options
        .map(|option| {
            (
                option.word().to_owned(),
                "the vendor takes keys alone".into(),
            )
        })
        .collect();
    let wish = json!({
        "provider": "stripe", "credential": "restricted_key", "purpose": "nightly export",
        "owner": "olga", "expires": "2026-12-20", "consumers": ["server"], "why_not": why_not,
        "facts": {"data": "confidential"},
    });
    for (path, by) in [
        ("key-requests/{request}/withdrawal", anna),
        ("key-requests/{request}/denial", bo),
        ("key-requests/{request}/approval", bo),
    ] {
        let asked = done.post(anna, "key-requests", &[], wish.clone()).await;
        let sent = if path.ends_with("approval") {
            sign(&asked)
        } else {
            no()
        };
        done.post(by, path, &[&id(&asked)], sent).await;
    }
}

async fn campaign(server: &Server, done: &Done, by: [&Browser; 2], key: &str) {
    let [anna, olga] = by.map(|by| (server, by));
    let start = json!({
        "title": "autumn", "selector": "provider=databricks", "due": "2030-01-01", "reviewers": ["olga"],
    });
    let review = id(&done.post(anna, "reviews", &[], start).await);
    let said = json!({
        "key": key, "need": "yes", "scope": "yes", "use": "yes", "ownership": "yes",
    });
    done.post(olga, "reviews/{review}/answers", &[&review], said)
        .await;
    for path in ["reviews/{review}/reminders", "reviews/{review}/close"] {
        done.call(anna, "POST", path, &[&review], None).await;
    }
}
