//! Sign-in against `oidc-provider`, which the OpenID Foundation has certified and which was not written from our code.
//! `scripts/test` installs it under target/; without Node these tests say that they were skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

mod browser;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use browser::{Browser, Came};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};
use tenure_connect::{
    http::{Client, Limits, address::AddressPolicy},
    oidc::{
        Callback, ClientAuth, ClientSecret, Finished, Fresh, Groups, Issuer, LoginError,
        Registration, RelyingParty, ReturnTo, SigningKey,
    },
};
use tenure_model::{moment::Moment, session};

const BACK: &str = "https://tenure.example.com/login/back";
const BYE: &str = "https://tenure.example.com/bye";
const SECRET: &str = "made-up secret of a test: +&=%";

/// Where `scripts/test` puts it, or where TENURE_OIDC_PROVIDER says it is.
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
    key: Key,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key pair of a client: the private half in PEM, the public one as the provider knows it.
struct Key {
    pem: String,
    jwk: Value,
}

impl Key {
    fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public = pair.public_key().as_ref();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "ours",
            "x": encode(&public[1..33]), "y": encode(&public[33..]),
        });
        let kind = "PRIVATE KEY";
        let body = STANDARD.encode(pair.to_pkcs8v1().unwrap().as_ref());
        Self {
            pem: format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n"),
            jwk,
        }
    }

    fn auth(&self) -> ClientAuth {
        ClientAuth::PrivateKeyJwt(
            SigningKey::from_pem(self.pem.as_bytes())
                .unwrap()
                .named("ours"),
        )
    }
}

fn secret(text: &str) -> ClientSecret {
    ClientSecret::new(text.as_bytes()).unwrap()
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Moment::from_micros(i64::try_from(since.as_micros()).unwrap())
}

fn web() -> Client {
    Client::new(
        Limits::default(),
        AddressPolicy::allowing(["127.0.0.1"]).unwrap(),
    )
}

impl Provider {
    /// Starts it, or says loudly that nothing is tested.
    fn start() -> Option<Self> {
        let Some(folder) = folder() else {
            // Not by `eprintln!`, which a test that passes keeps to itself.
            let said = b"\nSKIPPED: sign-in against oidc-provider. scripts/test installs it into target/oidc-provider where \
                Node is; TENURE_OIDC_PROVIDER names another folder with it\n";
            std::io::stderr().write_all(said).unwrap();
            return None;
        };
        let key = Key::new();
        let client = |id: &str, auth: &str, algorithm: &str| {
            json!({
                "client_id": id, "client_secret": SECRET, "redirect_uris": [BACK],
                "post_logout_redirect_uris": [BYE], "token_endpoint_auth_method": auth,
                "id_token_signed_response_alg": algorithm,
            })
        };
        let mut by_key = client("key", "private_key_jwt", "ES256");
        by_key.as_object_mut().unwrap().remove("client_secret");
        by_key["jwks"] = json!({ "keys": [key.jwk] });
        let clients = json!([
            client("basic-RS256", "client_secret_basic", "RS256"),
            client("post-PS256", "client_secret_post", "PS256"),
            client("post-EdDSA", "client_secret_post", "EdDSA"),
            by_key,
        ]);
        // Beside its packages, as modules want it; one file per process, so that none reads half of another's.
        let program = folder.join(format!(
            "provider-{}-{:?}.mjs",
            std::process::id(),
            std::thread::current().id()
        ));
        let text = include_str!("provider/provider.mjs");
        fs::write(&program, text).expect("TENURE_OIDC_PROVIDER names a folder");
        let mut child = Command::new("node")
            .arg(&program)
            .env("TENURE_CLIENTS", clients.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("oidc-provider is installed, so node is");
        let mut issuer = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut issuer)
            .unwrap();
        let _ = fs::remove_file(&program);
        let issuer = issuer.trim().to_owned();
        assert!(
            issuer.starts_with("http://127.0.0.1:"),
            "oidc-provider does not start: {issuer:?}"
        );
        Some(Self { child, issuer, key })
    }

    fn party(&self, client: &str, auth: ClientAuth) -> RelyingParty {
        let registration = Registration {
            issuer: Issuer::parse(&self.issuer).unwrap(),
            client_id: client.to_owned(),
            auth,
            redirect_uri: BACK.parse().unwrap(),
            after_logout: Some(BYE.parse().unwrap()),
            scopes: ["email", "profile", "groups"].map(str::to_owned).to_vec(),
            groups_claim: "groups".to_owned(),
        };
        RelyingParty::new(registration, web()).unwrap()
    }
}

/// A whole sign-in of `login`, and how often they were asked who they are.
fn sign_in(
    party: &RelyingParty,
    browser: &mut Browser,
    login: &str,
    fresh: Fresh,
) -> (Result<Finished, LoginError>, usize) {
    let begun = party
        .begin(fresh, ReturnTo::parse("/keys").unwrap(), now())
        .unwrap();
    let Came { back, asked } = browser.go(&begun.url, login, BACK);
    let callback = Callback::parse(back.query().unwrap()).unwrap();
    assert_eq!(callback.state(), begun.pending.state());
    (party.finish(begun.pending, callback, now()), asked)
}

#[test]
fn a_whole_sign_in_and_out_with_each_way_to_prove_oneself() {
    let Some(provider) = Provider::start() else {
        return;
    };
    for (client, auth) in [
        ("basic-RS256", ClientAuth::SecretBasic(secret(SECRET))),
        ("post-PS256", ClientAuth::SecretPost(secret(SECRET))),
        ("post-EdDSA", ClientAuth::SecretPost(secret(SECRET))),
        ("key", provider.key.auth()),
    ] {
        let party = provider.party(client, auth);
        let mut browser = Browser::new(web());
        let (done, asked) = sign_in(&party, &mut browser, "ann", Fresh::Any);
        let done = done.unwrap_or_else(|error| panic!("{client}: {error}"));
        assert_eq!(asked, 1, "{client}");
        assert_eq!(done.who.issuer.as_str(), provider.issuer);
        assert_eq!(done.who.subject, "ann");
        assert_eq!(done.who.email.as_deref(), Some("ann@example.com"));
        assert_eq!(done.who.name.as_deref(), Some("ann of the tests"));
        let groups = ["iam", "risk"].map(str::to_owned).into();
        assert_eq!(done.who.groups, Groups::Told(groups));
        assert_eq!(done.return_to.as_str(), "/keys");

        // An address that was not verified is none.
        let (done_too, _) = sign_in(&party, &mut Browser::new(web()), "mallory", Fresh::Any);
        assert_eq!(done_too.unwrap().who.email, None);

        let out = party
            .logout_url(Some(&done.id_token), now())
            .unwrap()
            .unwrap();
        let left = browser.sign_out(&out, BYE);
        assert!(left.as_str().starts_with(BYE), "{left}");
        let (_, asked) = sign_in(&party, &mut browser, "ann", Fresh::Any);
        assert_eq!(asked, 1, "after signing out one is asked again");
    }
}

#[test]
fn a_fresh_sign_in_asks_again_and_is_fresh_enough_to_sign() {
    let Some(provider) = Provider::start() else {
        return;
    };
    let party = provider.party("key", provider.key.auth());
    let mut browser = Browser::new(web());
    let (done, asked) = sign_in(&party, &mut browser, "ann", Fresh::Any);
    assert_eq!(
        (done.unwrap().who.auth_time, asked),
        (None, 1),
        "nobody asked when"
    );
    // The provider remembers: no question, and no proof.
    let (done, asked) = sign_in(&party, &mut browser, "ann", Fresh::Any);
    assert_eq!((done.unwrap().who.subject.as_str(), asked), ("ann", 0));

    let (done, asked) = sign_in(&party, &mut browser, "ann", Fresh::Within(3_600));
    let first = done.unwrap().who.auth_time.unwrap();
    assert_eq!(asked, 0, "young enough");

    let before = now();
    let (done, asked) = sign_in(&party, &mut browser, "ann", Fresh::Again);
    let who = done.unwrap().who;
    assert_eq!(asked, 1, "asked again, though the provider remembers");
    let again = who.auth_time.unwrap();
    assert!(
        again >= first && again >= before.plus_seconds(-1),
        "{again:?}"
    );
    assert!(who.proof().is_fresh(&session::Limits::default(), now()));
}

#[test]
fn a_wrong_secret_or_key_signs_nobody_in() {
    let Some(provider) = Provider::start() else {
        return;
    };
    let refused = |client: &str, auth| {
        let party = provider.party(client, auth);
        let (done, _) = sign_in(&party, &mut Browser::new(web()), "ann", Fresh::Any);
        done.err()
    };
    let invalid = Some(LoginError::Refused {
        code: "invalid_client".to_owned(),
    });
    assert_eq!(
        refused("basic-RS256", ClientAuth::SecretBasic(secret("another"))),
        invalid
    );
    assert_eq!(
        refused("post-PS256", ClientAuth::SecretPost(secret("another"))),
        invalid
    );
    assert_eq!(refused("key", Key::new().auth()), invalid, "another key");
}

#[test]
fn an_answer_of_one_client_is_of_no_use_to_another() {
    let Some(provider) = Provider::start() else {
        return;
    };
    let victim = provider.party("post-PS256", ClientAuth::SecretPost(secret(SECRET)));
    let other = provider.party("post-EdDSA", ClientAuth::SecretPost(secret(SECRET)));
    // A code that was given to one, put into the answer to another.
    let theirs = other
        .begin(Fresh::Any, ReturnTo::parse("/").unwrap(), now())
        .unwrap();
    let came = Browser::new(web()).go(&theirs.url, "mallory", BACK);
    let code = came
        .back
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let ours = victim
        .begin(Fresh::Any, ReturnTo::parse("/").unwrap(), now())
        .unwrap();
    let query = format!(
        "code={code}&state={}&iss={}",
        ours.pending.state(),
        provider.issuer.replace(':', "%3A").replace('/', "%2F")
    );
    let error = victim
        .finish(ours.pending, Callback::parse(&query).unwrap(), now())
        .err();
    let expected = LoginError::Refused {
        code: "invalid_grant".to_owned(),
    };
    assert_eq!(error, Some(expected));
    // And one of the same client, whose verifier is another: PKCE.
    let first = victim
        .begin(Fresh::Any, ReturnTo::parse("/").unwrap(), now())
        .unwrap();
    let came = Browser::new(web()).go(&first.url, "mallory", BACK);
    let second = victim
        .begin(Fresh::Any, ReturnTo::parse("/").unwrap(), now())
        .unwrap();
    let query = came
        .back
        .query()
        .unwrap()
        .replace(first.pending.state(), second.pending.state());
    let error = victim
        .finish(second.pending, Callback::parse(&query).unwrap(), now())
        .err();
    let expected = LoginError::Refused {
        code: "invalid_grant".to_owned(),
    };
    assert_eq!(error, Some(expected));
}
