//! Whole sign-ins against a provider that can be told to misbehave.

use super::{
    forge::{Forge, set},
    *,
};
use crate::http::{Limits, address::AddressPolicy};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};
use tenure_testkit::server::{Seen, Server, reply};

const NOW: Moment = Moment::from_micros(1_790_000_000_000_000);
const AT: i64 = 1_790_000_000;
const SECRET: &str = "made-up secret: +&=%";

/// What the provider does.
#[derive(Default)]
struct Script {
    metadata: Value,
    keys: String,
    /// Status and body.
    token: (u16, String),
    userinfo: (u16, String),
    metadata_status: u16,
}

struct Provider {
    server: Server,
    script: Arc<Mutex<Script>>,
}

impl Provider {
    fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let told = Arc::clone(&script);
        let server = Server::start(move |seen, out| {
            let script = told.lock().unwrap();
            match seen.path.as_str() {
                "/.well-known/openid-configuration" => reply(
                    out,
                    script.metadata_status,
                    &[],
                    &script.metadata.to_string(),
                ),
                "/keys" => reply(out, 200, &[], &script.keys),
                "/token" => reply(out, script.token.0, &[], &script.token.1),
                "/me" => reply(out, script.userinfo.0, &[], &script.userinfo.1),
                _ => reply(out, 404, &[], ""),
            }
        });
        let url = server.url();
        let mut provider = Self { server, script };
        provider.script().metadata_status = 200;
        provider.script().metadata = json!({
            "issuer": url,
            "authorization_endpoint": format!("{url}/auth?tenant=1"),
            "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/keys"),
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["ES256", "EdDSA"],
            "token_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "end_session_endpoint": format!("{url}/out"),
        });
        provider
    }

    fn script(&mut self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    fn party(&self, auth: ClientAuth) -> RelyingParty {
        let limits = Limits {
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(5),
            most_bytes: 100_000,
        };
        let policy = AddressPolicy::allowing(["127.0.0.1"]).unwrap();
        RelyingParty::new(
            registration(&self.server.url(), auth),
            Client::new(limits, policy),
        )
        .unwrap()
    }

    fn asked(&self, path: &str) -> Vec<Seen> {
        self.server
            .seen()
            .into_iter()
            .filter(|seen| seen.path == path)
            .collect()
    }

    /// Makes the provider give a token of these keys for this sign-in.
    fn gives(&mut self, forge: &Forge, begun: &Begun, change: impl Fn(&mut Value)) {
        let mut claims = json!({
            "iss": self.server.url(), "sub": "ann", "aud": "tenure",
            "nonce": query(&begun.url)["nonce"], "exp": AT + 300, "iat": AT,
            "email": "ann@example.com", "email_verified": true, "name": "Ann", "groups": ["iam"],
        });
        change(&mut claims);
        let body = json!({
            "id_token": forge.token(&claims), "access_token": "access-1", "token_type": "bearer",
        });
        let mut script = self.script();
        script.token = (200, body.to_string());
        if script.keys.is_empty() {
            script.keys = set(&[forge]);
        }
    }
}

fn registration(issuer: &str, auth: ClientAuth) -> Registration {
    Registration {
        issuer: Issuer::parse(issuer).unwrap(),
        client_id: "tenure".to_owned(),
        auth,
        redirect_uri: "https://tenure.example.com/login/back".parse().unwrap(),
        after_logout: Some("https://tenure.example.com/bye".parse().unwrap()),
        scopes: vec!["email".to_owned(), "profile".to_owned()],
        groups_claim: "groups".to_owned(),
    }
}

fn secret() -> ClientSecret {
    ClientSecret::new(format!("{SECRET}\n").as_bytes()).unwrap()
}

fn query(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn form(seen: &Seen) -> HashMap<String, String> {
    url::form_urlencoded::parse(&seen.body)
        .into_owned()
        .collect()
}

fn begin(party: &RelyingParty) -> Begun {
    party
        .begin(Fresh::Any, ReturnTo::parse("/keys?owner=ann").unwrap(), NOW)
        .unwrap()
}

fn back(begun: &Begun, more: &str) -> Callback {
    Callback::parse(&format!(
        "code=code-1&state={}{more}",
        begun.pending.state()
    ))
    .unwrap()
}

fn error(party: &RelyingParty, begun: Begun, callback: Callback) -> LoginError {
    party.finish(begun.pending, callback, NOW).err().unwrap()
}

#[test]
fn a_sign_in_goes_through_and_sends_its_secret_only_where_it_belongs() {
    let forge = Forge::new(Algorithm::Es256, "1");
    let key = SigningKey::from_pem(forge.pem.as_bytes())
        .unwrap()
        .named("ours");
    let ways = [
        ClientAuth::SecretBasic(secret()),
        ClientAuth::SecretPost(secret()),
        ClientAuth::PrivateKeyJwt(key),
    ];
    for auth in ways {
        let name = auth.name();
        let mut provider = Provider::start();
        let party = provider.party(auth);
        let begun = begin(&party);
        let asked = query(&begun.url);
        assert_eq!(asked["tenant"], "1", "what stood in the address stays");
        assert_eq!(asked["scope"], "openid email profile");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["code_challenge"], begun.pending.challenge());
        assert_eq!(
            asked["redirect_uri"],
            "https://tenure.example.com/login/back"
        );
        assert!(!asked.contains_key("prompt") && !asked.contains_key("max_age"));
        assert!(!begun.url.as_str().contains(begun.pending.verifier.as_str()));
        provider.gives(&forge, &begun, |_| {});
        let verifier = begun.pending.verifier.to_string();
        let callback = back(&begun, "");
        let done = party.finish(begun.pending, callback, NOW).unwrap();
        assert_eq!(done.who.subject, "ann");
        assert_eq!(done.who.email.as_deref(), Some("ann@example.com"));
        assert_eq!(done.return_to.as_str(), "/keys?owner=ann");
        assert_eq!(format!("{:?}", done.id_token), "IdToken(***)");

        let seen = provider.asked("/token").pop().unwrap();
        let sent = form(&seen);
        assert_eq!(sent["grant_type"], "authorization_code");
        assert_eq!(
            (sent["code"].as_str(), &sent["code_verifier"]),
            ("code-1", &verifier)
        );
        assert_eq!(
            sent["redirect_uri"],
            "https://tenure.example.com/login/back"
        );
        match name {
            // `tenure:made-up secret: +&=%`, each half encoded as in a form.
            "client_secret_basic" => {
                use base64::{Engine as _, engine::general_purpose::STANDARD};
                let text = STANDARD.encode("tenure:made-up+secret%3A+%2B%26%3D%25");
                assert_eq!(seen.header("authorization"), format!("Basic {text}"));
                assert!(!sent.contains_key("client_secret"));
            }
            "client_secret_post" => assert_eq!(sent["client_secret"], SECRET),
            _ => {
                assert!(seen.header("authorization").is_empty());
                let keys = KeySet::parse(
                    set(&[&Forge {
                        jwk: {
                            let mut jwk = forge.jwk.clone();
                            jwk["kid"] = json!("ours");
                            jwk
                        },
                        ..forge_like(&forge)
                    }])
                    .as_bytes(),
                )
                .unwrap();
                let (message, signature) = sent["client_assertion"].rsplit_once('.').unwrap();
                assert!(
                    keys.verify(Some("ours"), Algorithm::Es256, message, signature)
                        .is_ok()
                );
                let claims = payload(&sent["client_assertion"]);
                assert_eq!(claims["aud"], json!(provider.server.url()));
                assert_eq!(
                    (&claims["iss"], &claims["sub"]),
                    (&json!("tenure"), &json!("tenure"))
                );
                assert_eq!(claims["exp"], json!(AT + 60));
            }
        }
        // INVARIANT: nothing secret stands in an address or in what is printed.
        let secrets = ["made-up", "code-1", verifier.as_str()];
        for seen in provider.server.seen() {
            assert!(
                secrets.iter().all(|secret| !seen.path.contains(secret)),
                "{}",
                seen.path
            );
        }
        assert!(!format!("{party:?} {:?}", party.registration).contains("made-up"));
    }
}

/// The same key once more, since a key is not copied.
fn forge_like(forge: &Forge) -> Forge {
    Forge {
        algorithm: forge.algorithm,
        key: SigningKey::from_pem(forge.pem.as_bytes()).unwrap(),
        jwk: forge.jwk.clone(),
        public: forge.public.clone(),
        pem: forge.pem.clone(),
    }
}

fn payload(token: &str) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn an_answer_of_another_sign_in_or_another_provider_is_not_taken() {
    let forge = Forge::new(Algorithm::EdDsa, "1");
    let mut provider = Provider::start();
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let begun = begin(&party);
    provider.gives(&forge, &begun, |_| {});

    let other = begin(&party);
    let callback = back(&other, "");
    assert_eq!(error(&party, begun, callback), LoginError::State);

    for issuer in [
        "https%3A%2F%2Fevil.example",
        "",
        "http%3A%2F%2F127.0.0.1%2F",
    ] {
        let begun = begin(&party);
        let callback = back(&begun, &format!("&iss={issuer}"));
        assert_eq!(
            error(&party, begun, callback),
            LoginError::MixUp,
            "{issuer}"
        );
    }
    // An error of another provider is not taken for one of this either.
    let begun = begin(&party);
    let query = format!("error=access_denied&iss=x&state={}", begun.pending.state());
    assert_eq!(
        error(&party, begun, Callback::parse(&query).unwrap()),
        LoginError::MixUp
    );

    // A pending sign-in of another provider.
    let another = Provider::start();
    let begun = begin(&another.party(ClientAuth::SecretPost(secret())));
    let callback = back(&begun, "");
    assert_eq!(error(&party, begun, callback), LoginError::MixUp);

    // One that says that it always names itself has to.
    let mut provider = Provider::start();
    provider.script().metadata["authorization_response_iss_parameter_supported"] = json!(true);
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let begun = begin(&party);
    let callback = back(&begun, "");
    assert_eq!(error(&party, begun, callback), LoginError::NoIssuer);
    assert!(provider.asked("/token").is_empty(), "no code goes out");
    let begun = begin(&party);
    provider.gives(&forge, &begun, |_| {});
    let callback = back(&begun, &format!("&iss={}", provider.server.url()));
    assert!(party.finish(begun.pending, callback, NOW).is_ok());
}

#[test]
fn a_replayed_answer_finds_nothing_and_a_slow_one_is_too_late() {
    let provider = Provider::start();
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let mut waiting = Waiting::new(10);
    let begun = begin(&party);
    let callback = back(&begun, "");
    waiting.keep(begun.pending, NOW).unwrap();
    assert!(waiting.take(callback.state()).is_some());
    assert!(waiting.take(callback.state()).is_none());

    let begun = begin(&party);
    let callback = back(&begun, "");
    let later = NOW.plus_seconds(i64::from(LIFE) + 1);
    assert_eq!(
        party.finish(begun.pending, callback, later).err(),
        Some(LoginError::Expired)
    );
    assert!(provider.asked("/token").is_empty());
}

#[test]
fn what_is_wrong_with_a_token_ends_the_sign_in() {
    let forge = Forge::new(Algorithm::EdDsa, "1");
    let mut provider = Provider::start();
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let changes: [(&str, Value, TokenError); 5] = [
        ("iss", json!("https://evil.example"), TokenError::Issuer),
        ("aud", json!("another"), TokenError::Audience),
        ("nonce", json!("another"), TokenError::Nonce),
        ("exp", json!(AT - 3_600), TokenError::Expired),
        (
            "at_hash",
            json!("AAAAAAAAAAAAAAAAAAAAAA"),
            TokenError::AccessToken,
        ),
    ];
    for (name, value, expected) in changes {
        let begun = begin(&party);
        provider.gives(&forge, &begun, |claims| claims[name] = value.clone());
        let callback = back(&begun, "");
        assert_eq!(error(&party, begun, callback), LoginError::Token(expected));
    }
}

#[test]
fn a_fresh_sign_in_is_asked_for_and_checked() {
    let forge = Forge::new(Algorithm::EdDsa, "1");
    let mut provider = Provider::start();
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let again = |party: &RelyingParty| {
        party
            .begin(Fresh::Again, ReturnTo::parse("/").unwrap(), NOW)
            .unwrap()
    };
    let begun = again(&party);
    let asked = query(&begun.url);
    assert_eq!(
        (asked["prompt"].as_str(), asked["max_age"].as_str()),
        ("login", "0")
    );
    provider.gives(&forge, &begun, |claims| {
        claims["auth_time"] = json!(AT - 30)
    });
    let callback = back(&begun, "");
    let done = party.finish(begun.pending, callback, NOW).unwrap();
    assert!(
        done.who
            .proof()
            .is_fresh(&tenure_model::session::Limits::default(), NOW)
    );

    // A provider that lets somebody through on a sign-in of this morning.
    let begun = again(&party);
    provider.gives(&forge, &begun, |claims| {
        claims["auth_time"] = json!(AT - 3_600)
    });
    let callback = back(&begun, "");
    assert_eq!(
        error(&party, begun, callback),
        LoginError::Token(TokenError::Stale)
    );

    let begun = party
        .begin(Fresh::Within(300), ReturnTo::parse("/").unwrap(), NOW)
        .unwrap();
    let asked = query(&begun.url);
    assert_eq!(asked["max_age"], "300");
    assert!(!asked.contains_key("prompt"));
    provider.gives(&forge, &begun, |_| {});
    let callback = back(&begun, "");
    assert_eq!(
        error(&party, begun, callback),
        LoginError::Token(TokenError::NoAuthTime)
    );
}

#[test]
fn keys_are_kept_and_fetched_again_for_an_unknown_one_but_not_at_will() {
    let (old, new) = (
        Forge::new(Algorithm::EdDsa, "old"),
        Forge::new(Algorithm::EdDsa, "new"),
    );
    let mut provider = Provider::start();
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let sign_in = |provider: &mut Provider, forge: &Forge, at: i64| {
        let now = NOW.plus_seconds(at);
        let begun = party
            .begin(Fresh::Any, ReturnTo::parse("/").unwrap(), now)
            .unwrap();
        provider.gives(forge, &begun, |claims| {
            claims["iat"] = json!(AT + at);
            claims["exp"] = json!(AT + at + 300);
        });
        let callback = back(&begun, "");
        party
            .finish(begun.pending, callback, now)
            .map(|done| done.who.subject)
    };
    assert!(sign_in(&mut provider, &old, 0).is_ok());
    assert!(sign_in(&mut provider, &old, 10).is_ok());
    assert_eq!(provider.asked("/keys").len(), 1);
    assert_eq!(provider.asked("/.well-known/openid-configuration").len(), 1);

    // Unknown, and fetched a moment ago: not again.
    let unknown = Err(LoginError::Token(TokenError::UnknownKey));
    provider.script().keys = set(&[&new]);
    assert_eq!(sign_in(&mut provider, &new, 20), unknown);
    assert_eq!(provider.asked("/keys").len(), 1);
    // Later it is, once; the old key is gone with that.
    assert!(sign_in(&mut provider, &new, 61).is_ok());
    assert_eq!(sign_in(&mut provider, &old, 62), unknown);
    assert_eq!(provider.asked("/keys").len(), 2);
    // What is kept has an end.
    assert!(sign_in(&mut provider, &new, 62 + i64::from(KEPT)).is_ok());
    assert_eq!(provider.asked("/keys").len(), 3);
    assert_eq!(provider.asked("/.well-known/openid-configuration").len(), 2);
}

#[test]
fn a_provider_in_trouble_is_left_alone_for_a_moment() {
    let mut provider = Provider::start();
    let party = provider.party(ClientAuth::SecretPost(secret()));
    provider.script().metadata_status = 503;
    let begin = |at| {
        let now = NOW.plus_seconds(at);
        party
            .begin(Fresh::Any, ReturnTo::parse("/").unwrap(), now)
            .map(|_| ())
    };
    let down = Err(LoginError::Status {
        what: DISCOVERY,
        status: 503,
    });
    assert_eq!((begin(0), begin(10)), (down.clone(), down));
    assert_eq!(provider.server.connections(), 1);
    provider.script().metadata_status = 200;
    assert_eq!(begin(11), Ok(()));
    // A redirect is followed nowhere.
    let mut provider = Provider::start();
    provider.script().metadata_status = 302;
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let error = party
        .begin(Fresh::Any, ReturnTo::parse("/").unwrap(), NOW)
        .err();
    assert_eq!(
        error,
        Some(LoginError::Status {
            what: DISCOVERY,
            status: 302
        })
    );
}

#[test]
fn what_the_provider_refuses_is_told_without_a_strangers_words() {
    let mut provider = Provider::start();
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let said = |provider: &mut Provider, status, body: &str| {
        provider.script().token = (status, body.to_owned());
        let begun = begin(&party);
        let callback = back(&begun, "");
        error(&party, begun, callback).to_string()
    };
    let told = said(
        &mut provider,
        400,
        r#"{"error":"invalid_grant","error_description":"made-up"}"#,
    );
    assert_eq!(told, "the identity provider says invalid_grant");
    for (status, body) in [
        (400, "<html>made-up"),
        (401, r#"{"error":"made-up <b>"}"#),
        (500, "made-up"),
        (200, "made-up"),
        (200, r#"{"access_token":"made-up","token_type":"bearer"}"#),
        (200, r#"{"id_token":"made-up","token_type":"N_A"}"#),
        (200, r#"{"id_token":"made-up","token_type":"bearer"}"#),
    ] {
        provider.script().keys = r#"{"keys":[]}"#.to_owned();
        let told = said(&mut provider, status, body);
        assert!(!told.contains("made-up"), "{told}");
    }
}

#[test]
fn a_way_that_the_provider_does_not_take_sends_nothing() {
    let mut provider = Provider::start();
    provider.script().metadata["token_endpoint_auth_methods_supported"] =
        json!(["private_key_jwt"]);
    provider.script().metadata["token_endpoint_auth_signing_alg_values_supported"] =
        json!(["PS256"]);
    let key = || SigningKey::from_pem(Forge::new(Algorithm::EdDsa, "1").pem.as_bytes()).unwrap();
    for (auth, what) in [
        (ClientAuth::SecretBasic(secret()), "client_secret_basic"),
        (ClientAuth::SecretPost(secret()), "client_secret_post"),
        (
            ClientAuth::PrivateKeyJwt(key()),
            "the algorithm of the client's key",
        ),
    ] {
        let party = provider.party(auth);
        let begun = begin(&party);
        let callback = back(&begun, "");
        assert_eq!(error(&party, begun, callback), LoginError::Method(what));
    }
    assert!(provider.asked("/token").is_empty());
}

#[test]
fn what_the_token_leaves_out_is_asked_for_and_is_of_the_same_person() {
    let forge = Forge::new(Algorithm::EdDsa, "1");
    let mut provider = Provider::start();
    let url = provider.server.url();
    provider.script().metadata["userinfo_endpoint"] = json!(format!("{url}/me"));
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let sign_in = |provider: &mut Provider, told: Value| {
        let begun = begin(&party);
        provider.gives(&forge, &begun, |claims| {
            let claims = claims.as_object_mut().unwrap();
            claims.remove("email");
            claims.remove("groups");
        });
        provider.script().userinfo = (200, told.to_string());
        let callback = back(&begun, "");
        party
            .finish(begun.pending, callback, NOW)
            .map(|done| done.who)
    };
    let told = json!({
        "sub": "ann", "email": "ann@example.com", "email_verified": true,
        "groups": ["a"], "name": "Another", "auth_time": AT,
    });
    let who = sign_in(&mut provider, told.clone()).unwrap();
    assert_eq!(who.email.as_deref(), Some("ann@example.com"));
    assert_eq!(who.groups, Groups::Told(["a".to_owned()].into()));
    assert_eq!(
        who.name.as_deref(),
        Some("Ann"),
        "the signed token comes first"
    );
    assert_eq!(who.auth_time, None, "only a signed token says when");
    assert_eq!(
        provider.asked("/me").pop().unwrap().header("authorization"),
        "Bearer access-1"
    );

    let mut other = told;
    other["sub"] = json!("bob");
    assert_eq!(
        sign_in(&mut provider, other).err(),
        Some(LoginError::OtherSubject)
    );
}

#[test]
fn the_way_out_leads_back_here() {
    let provider = Provider::start();
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let url = party.logout_url(None, NOW).unwrap().unwrap();
    assert_eq!(url.path(), "/out");
    let asked = query(&url);
    assert_eq!(asked["client_id"], "tenure");
    assert_eq!(
        asked["post_logout_redirect_uri"],
        "https://tenure.example.com/bye"
    );
    assert!(!asked.contains_key("id_token_hint"));
    let token = IdToken(Zeroizing::new("a.b.c".to_owned()));
    let url = party.logout_url(Some(&token), NOW).unwrap().unwrap();
    assert_eq!(query(&url)["id_token_hint"], "a.b.c");

    let mut provider = Provider::start();
    provider
        .script()
        .metadata
        .as_object_mut()
        .unwrap()
        .remove("end_session_endpoint");
    let party = provider.party(ClientAuth::SecretPost(secret()));
    assert_eq!(party.logout_url(None, NOW), Ok(None));
}

#[test]
fn a_registration_that_cannot_be_is_refused() {
    let made = |change: fn(&mut Registration)| {
        let mut registration =
            registration("https://id.example.com", ClientAuth::SecretPost(secret()));
        change(&mut registration);
        let client = Client::new(Limits::default(), AddressPolicy::default());
        RelyingParty::new(registration, client).err()
    };
    assert_eq!(made(|_| {}), None);
    assert_eq!(
        made(|r| r.redirect_uri = "http://127.0.0.1:8/back".parse().unwrap()),
        None
    );
    assert_eq!(
        made(|r| r.client_id.clear()),
        Some(BadRegistration::NoClient)
    );
    for bad in [
        "http://tenure.example.com/back",
        "https://tenure.example.com/#x",
        "javascript:1",
    ] {
        let mut one = registration("https://id.example.com", ClientAuth::SecretPost(secret()));
        one.redirect_uri = bad.parse().unwrap();
        let client = Client::new(Limits::default(), AddressPolicy::default());
        let error = RelyingParty::new(one, client).err();
        assert_eq!(
            error,
            Some(BadRegistration::Address("redirect_uri")),
            "{bad}"
        );
    }
    assert_eq!(
        made(|r| r.scopes.push("a b".to_owned())),
        Some(BadRegistration::Scope)
    );
}

#[test]
fn an_address_that_is_not_allowed_is_not_asked() {
    let provider = Provider::start();
    let issuer = provider.server.url();
    let client = Client::new(Limits::default(), AddressPolicy::default());
    let registration = registration(&issuer, ClientAuth::SecretPost(secret()));
    let party = RelyingParty::new(registration, client).unwrap();
    let error = party
        .begin(Fresh::Any, ReturnTo::parse("/").unwrap(), NOW)
        .err();
    assert!(
        matches!(
            error,
            Some(LoginError::Http(crate::http::HttpError::Address { .. }))
        ),
        "{error:?}"
    );
    assert_eq!(provider.server.connections(), 0);
}

#[test]
fn an_endless_document_is_not_read_to_its_end() {
    let mut provider = Provider::start();
    provider.script().metadata = json!("x".repeat(200_000));
    let party = provider.party(ClientAuth::SecretPost(secret()));
    let error = party
        .begin(Fresh::Any, ReturnTo::parse("/").unwrap(), NOW)
        .err();
    assert!(
        matches!(
            error,
            Some(LoginError::Http(crate::http::HttpError::TooLarge { .. }))
        ),
        "{error:?}"
    );
}
