//! Sign-in by `OpenID Connect`, as the relying party: no server, no store, no clock of its own.
//!
//! The authorization code flow with PKCE (RFC 7636, S256), `state`, `nonce` and the check of RFC 9207, as RFC 9700 asks
//! for. One [`RelyingParty`] knows one identity provider and one redirect URI:
//!
//! 1. [`RelyingParty::begin`] gives the address to send the browser to, and a [`Pending`] that the caller keeps.
//! 2. The browser comes back to the redirect URI; [`Callback::parse`] reads its query.
//! 3. [`RelyingParty::finish`] uses the pending sign-in up: it exchanges the code, checks the ID token, and says who
//!    [`SignedIn`].
//!
//! Every request goes through [`crate::http`], within its limits and to addresses that it allows. It blocks.

mod callback;
mod claims;
mod client_auth;
mod discovery;
mod document;
mod error;
#[cfg(test)]
mod flow_tests;
#[cfg(test)]
mod forge;
mod id_token;
mod keys;
mod pending;
mod random;

pub use callback::{Callback, CallbackError};
pub use claims::{Groups, SignedIn};
pub use client_auth::{AssertionAudience, BadCredential, ClientAuth, ClientSecret, SigningKey};
pub use discovery::{BadIssuer, Issuer, Metadata};
pub use document::DocumentError;
pub use error::LoginError;
pub use id_token::{SKEW, TokenError};
pub use keys::{Algorithm, KeySet};
pub use pending::{Fresh, LIFE, NotLocal, Pending, ReturnTo, SealKey, TooMany, Waiting};

use crate::http::{Answer, Client, Request};
use ::http::Method;
use callback::Outcome;
use claims::Claims;
use id_token::Expected;
use serde::Deserialize;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tenure_model::moment::Moment;
use url::Url;
use zeroize::Zeroizing;

/// How long the discovery document and the keys count, in seconds.
pub const KEPT: u32 = 3_600;
/// How long after the keys were fetched an unknown one makes them be fetched again, in seconds.
pub const REFETCH: u32 = 60;
/// How long a failure is told again without asking, in seconds.
pub const FAILED: u32 = 10;

const DISCOVERY: &str = "the discovery document";
const KEYS: &str = "the key set";
const TOKEN: &str = "the token endpoint";
const USERINFO: &str = "the UserInfo endpoint";

/// How this server is registered at an identity provider.
#[derive(Debug)]
pub struct Registration {
    /// The provider.
    pub issuer: Issuer,
    /// The id that it gave this server.
    pub client_id: String,
    /// How this server proves itself.
    pub auth: ClientAuth,
    /// Where the browser comes back to: this one, and no other.
    pub redirect_uri: Url,
    /// Where the browser comes back to after it signed out, if it does.
    pub after_logout: Option<Url>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that holds the groups.
    pub groups_claim: String,
}

/// What of a registration cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRegistration {
    /// There is no id.
    #[error("the client id is empty")]
    NoClient,
    /// An address is none that a browser may be sent to.
    #[error(
        "`{0}` is not https (http only on this machine itself), or has a user or fragment in it"
    )]
    Address(&'static str),
    /// A scope is none (RFC 6749, 3.3).
    #[error("a scope is empty, or has a character that none has")]
    Scope,
}

impl Registration {
    fn check(&self) -> Result<(), BadRegistration> {
        if self.client_id.is_empty() {
            return Err(BadRegistration::NoClient);
        }
        if !is_ours(&self.redirect_uri) {
            return Err(BadRegistration::Address("redirect_uri"));
        }
        if !self.after_logout.as_ref().is_none_or(is_ours) {
            return Err(BadRegistration::Address("after_logout"));
        }
        let of_scope = |byte: u8| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
        let well = |scope: &String| !scope.is_empty() && scope.bytes().all(of_scope);
        if self.scopes.iter().all(well) {
            Ok(())
        } else {
            Err(BadRegistration::Scope)
        }
    }
}

/// An address of this server: with TLS, or on this very machine (RFC 8252, 8.3).
fn is_ours(url: &Url) -> bool {
    let here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && here);
    safe && url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
}

/// A sign-in that began.
pub struct Begun {
    /// Where to send the browser.
    pub url: Url,
    /// What to keep.
    pub pending: Pending,
}

/// A sign-in that came to its end.
pub struct Finished {
    /// Who.
    pub who: SignedIn,
    /// Where they wanted to go.
    pub return_to: ReturnTo,
    /// The ID token, with which the provider knows at sign-out whom to sign out.
    pub id_token: IdToken,
}

/// An ID token that was checked. Debug shows stars; dropping it wipes the memory.
pub struct IdToken(Zeroizing<String>);

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdToken(***)")
    }
}

/// What is known of the provider, and since when.
#[derive(Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, Moment)>,
    keys: Option<(Arc<KeySet>, Moment)>,
    failed: Option<(LoginError, Moment)>,
}

/// One identity provider, as this server is registered there.
pub struct RelyingParty {
    registration: Registration,
    client: Client,
    /// Held while documents are fetched, so that many sign-ins at once fetch them once.
    known: Mutex<Known>,
}

impl RelyingParty {
    /// With the client that every request goes through.
    ///
    /// # Errors
    /// What of the registration cannot be.
    pub fn new(registration: Registration, client: Client) -> Result<Self, BadRegistration> {
        registration.check()?;
        Ok(Self {
            registration,
            client,
            known: Mutex::default(),
        })
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    /// The provider cannot be asked, or does not do what is needed.
    pub fn begin(
        &self,
        fresh: Fresh,
        return_to: ReturnTo,
        now: Moment,
    ) -> Result<Begun, LoginError> {
        let metadata = self.metadata(now)?;
        let issuer = &self.registration.issuer;
        let pending = Pending::begin(issuer, fresh, return_to, now).ok_or(LoginError::Random)?;
        let mut url = metadata.authorization_endpoint.clone();
        let mut scope = "openid".to_owned();
        for one in self
            .registration
            .scopes
            .iter()
            .filter(|one| *one != "openid")
        {
            scope.push(' ');
            scope.push_str(one);
        }
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &self.registration.client_id)
                .append_pair("redirect_uri", self.registration.redirect_uri.as_str())
                .append_pair("scope", &scope)
                .append_pair("state", &pending.state)
                .append_pair("nonce", &pending.nonce)
                .append_pair("code_challenge", &pending.challenge())
                .append_pair("code_challenge_method", "S256");
            match fresh {
                Fresh::Any => {}
                Fresh::Within(seconds) => {
                    query.append_pair("max_age", &seconds.to_string());
                }
                // With `max_age` the provider has to say when (Core 3.1.2.1); with `prompt` it has to ask.
                Fresh::Again => {
                    query
                        .append_pair("max_age", "0")
                        .append_pair("prompt", "login");
                }
            }
        }
        Ok(Begun { url, pending })
    }

    /// Ends a sign-in with what the browser brought back. The pending one is used up, whatever comes of it.
    ///
    /// # Errors
    /// Why nobody is signed in.
    pub fn finish(
        &self,
        pending: Pending,
        callback: Callback,
        now: Moment,
    ) -> Result<Finished, LoginError> {
        if !pending.lasts(now) {
            return Err(LoginError::Expired);
        }
        if !pending.is_of(&callback.state) {
            return Err(LoginError::State);
        }
        // RFC 9207, 2.4: before anything of the answer is used, its error included.
        let issuer = self.registration.issuer.as_str();
        let other = callback
            .issuer
            .as_deref()
            .is_some_and(|named| named != issuer);
        if other || pending.issuer.as_str() != issuer {
            return Err(LoginError::MixUp);
        }
        let metadata = self.metadata(now)?;
        if metadata.names_itself && callback.issuer.is_none() {
            return Err(LoginError::NoIssuer);
        }
        let code = match callback.outcome {
            Outcome::Code(code) => code,
            Outcome::Error(code) => return Err(refused(code)),
        };
        let tokens = self.exchange(&metadata, &code, &pending, now)?;
        let expected = Expected {
            issuer,
            client: &self.registration.client_id,
            algorithms: &metadata.algorithms,
            nonce: &pending.nonce,
            access_token: tokens.access.as_ref().map(|token| token.as_str()),
            fresh: pending.fresh,
            began: pending.began,
        };
        let claims = self.verify(&metadata, &tokens.id, &expected, now)?;
        let groups = &self.registration.groups_claim;
        let mut who = claims.signed_in(&self.registration.issuer, groups, now);
        if let (true, Some(at), Some(token)) =
            (who.is_thin(), &metadata.userinfo_endpoint, &tokens.access)
        {
            let told = self.userinfo(at, token)?;
            // Core 5.3.2: another subject would lend its address and groups.
            if told.sub != who.subject {
                return Err(LoginError::OtherSubject);
            }
            who.add(&told, groups);
        }
        Ok(Finished {
            who,
            return_to: pending.return_to,
            id_token: IdToken(tokens.id),
        })
    }

    /// Where to send the browser to sign out there too, if the provider has such a place
    /// (`OpenID Connect` RP-Initiated Logout 1.0, 2). With `id_token` it need not ask whom; without it, the address
    /// tells nothing of the person.
    ///
    /// # Errors
    /// The provider cannot be asked.
    pub fn logout_url(
        &self,
        id_token: Option<&IdToken>,
        now: Moment,
    ) -> Result<Option<Url>, LoginError> {
        let Some(mut url) = self.metadata(now)?.end_session_endpoint.clone() else {
            return Ok(None);
        };
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("client_id", &self.registration.client_id);
            if let Some(token) = id_token {
                query.append_pair("id_token_hint", &token.0);
            }
            if let Some(after) = &self.registration.after_logout {
                query.append_pair("post_logout_redirect_uri", after.as_str());
            }
        }
        Ok(Some(url))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Whoever panicked left a value behind that is whole: it is only ever replaced.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn metadata(&self, now: Moment) -> Result<Arc<Metadata>, LoginError> {
        let mut known = self.known();
        if let Some((metadata, at)) = &known.metadata
            && at.within(KEPT, now)
        {
            return Ok(Arc::clone(metadata));
        }
        let fetched = known.unless_failed(now, || {
            let url = self.registration.issuer.document()?;
            let answer = self.get(DISCOVERY, url, None)?;
            Ok(Metadata::parse(&answer.body, &self.registration.issuer)?)
        })?;
        let metadata = Arc::new(fetched);
        known.metadata = Some((Arc::clone(&metadata), now));
        Ok(metadata)
    }

    /// The keys, not older than `most` seconds.
    fn keys(&self, metadata: &Metadata, most: u32, now: Moment) -> Result<Arc<KeySet>, LoginError> {
        let mut known = self.known();
        if let Some((keys, at)) = &known.keys
            && at.within(most, now)
        {
            return Ok(Arc::clone(keys));
        }
        let fetched = known.unless_failed(now, || {
            let answer = self.get(KEYS, metadata.jwks_uri.clone(), None)?;
            Ok(KeySet::parse(&answer.body)?)
        })?;
        let keys = Arc::new(fetched);
        known.keys = Some((Arc::clone(&keys), now));
        Ok(keys)
    }

    /// Checks an ID token; one of an unknown key once more with keys fetched anew, at most once in [`REFETCH`].
    fn verify(
        &self,
        metadata: &Metadata,
        token: &str,
        expected: &Expected<'_>,
        now: Moment,
    ) -> Result<Claims, LoginError> {
        let keys = self.keys(metadata, KEPT, now)?;
        match id_token::verify(token, &keys, expected, now) {
            Err(TokenError::UnknownKey) => {
                let keys = self.keys(metadata, REFETCH, now)?;
                Ok(id_token::verify(token, &keys, expected, now)?)
            }
            other => Ok(other?),
        }
    }

    fn exchange(
        &self,
        metadata: &Metadata,
        code: &str,
        pending: &Pending,
        now: Moment,
    ) -> Result<Tokens, LoginError> {
        let registration = &self.registration;
        let issuer = registration.issuer.as_str();
        let proof = registration
            .auth
            .prove(&registration.client_id, issuer, metadata, now)?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", registration.redirect_uri.as_str()),
            ("code_verifier", &pending.verifier),
        ];
        let proofs = proof
            .form
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let body = encoded(form.into_iter().chain(proofs));
        let mut headers = vec![
            header("Accept", "application/json"),
            header("Content-Type", "application/x-www-form-urlencoded"),
        ];
        headers.extend(proof.header);
        let answer = self.client.send(&Request {
            method: Method::POST,
            url: metadata.token_endpoint.clone(),
            headers,
            body: Some(body),
        })?;
        match answer.status {
            200 => Tokens::parse(&answer.body).ok_or_else(|| {
                DocumentError::new(
                    TOKEN,
                    "it gives no `id_token`, or no `token_type` of Bearer",
                )
                .into()
            }),
            // RFC 6749, 5.2.
            400 | 401 => {
                let said = serde_json::from_slice::<Said>(&answer.body).ok();
                Err(refused(
                    said.and_then(|said| callback::code_of(&said.error)),
                ))
            }
            status => Err(LoginError::Status {
                what: TOKEN,
                status,
            }),
        }
    }

    fn userinfo(&self, at: &Url, token: &str) -> Result<Claims, LoginError> {
        let mut value = Zeroizing::new(String::with_capacity(7 + token.len()));
        value.push_str("Bearer ");
        value.push_str(token);
        let answer = self.get(USERINFO, at.clone(), Some(value))?;
        Claims::parse(&answer.body)
            .ok_or_else(|| DocumentError::new(USERINFO, "it is no JSON with a `sub`").into())
    }

    fn get(
        &self,
        what: &'static str,
        url: Url,
        authorization: Option<Zeroizing<String>>,
    ) -> Result<Answer, LoginError> {
        let mut headers = vec![header("Accept", "application/json")];
        headers.extend(authorization.map(|value| ("Authorization".to_owned(), value)));
        let answer = self.client.send(&Request {
            method: Method::GET,
            url,
            headers,
            body: None,
        })?;
        match answer.status {
            200 => Ok(answer),
            status => Err(LoginError::Status { what, status }),
        }
    }
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelyingParty({})", self.registration.issuer)
    }
}

impl Known {
    /// Fetches, unless it failed a moment ago: then the same is told again, so that a provider in trouble is left
    /// alone and nobody waits for it in a queue.
    fn unless_failed<T>(
        &mut self,
        now: Moment,
        fetch: impl FnOnce() -> Result<T, LoginError>,
    ) -> Result<T, LoginError> {
        if let Some((error, at)) = &self.failed
            && at.within(FAILED, now)
        {
            return Err(error.clone());
        }
        let fetched = fetch();
        self.failed = fetched.as_ref().err().map(|error| (error.clone(), now));
        fetched
    }
}

/// What the token endpoint gives.
struct Tokens {
    id: Zeroizing<String>,
    access: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
struct Given {
    id_token: String,
    access_token: Option<String>,
    token_type: String,
}

#[derive(Deserialize)]
struct Said {
    error: String,
}

impl Tokens {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let given: Given = serde_json::from_slice(bytes).ok()?;
        let (id, access) = (
            Zeroizing::new(given.id_token),
            given.access_token.map(Zeroizing::new),
        );
        // Core 3.1.3.3; the word in any case (RFC 6749, 5.1).
        given
            .token_type
            .eq_ignore_ascii_case("Bearer")
            .then_some(Self { id, access })
    }
}

fn refused(code: Option<String>) -> LoginError {
    LoginError::Refused {
        code: code.unwrap_or_else(|| "that something is wrong, not what".to_owned()),
    }
}

fn header(name: &str, value: &str) -> (String, Zeroizing<String>) {
    (name.to_owned(), Zeroizing::new(value.to_owned()))
}

/// A form, in room made at once, so that no copy of a part is left behind.
fn encoded<'a>(form: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Zeroizing<Vec<u8>> {
    let most: usize = form
        .clone()
        .map(|(name, value)| 3 * (name.len() + value.len()) + 2)
        .sum();
    let mut body = Zeroizing::new(Vec::with_capacity(most));
    for (name, value) in form {
        if !body.is_empty() {
            body.push(b'&');
        }
        let parts = [name, "=", value];
        for part in parts {
            if part == "=" {
                body.push(b'=');
            } else {
                let bytes = url::form_urlencoded::byte_serialize(part.as_bytes());
                bytes.for_each(|piece| body.extend_from_slice(piece.as_bytes()));
            }
        }
    }
    body
}

/// What the fuzz targets feed: the parsers that are not public, behind the signatures too.
#[doc(hidden)]
#[must_use]
pub fn read_unchecked(bytes: &[u8], now: Moment) -> Option<SignedIn> {
    let issuer = Issuer::parse("https://id.example.com").ok()?;
    let keys = KeySet::parse(br#"{"keys":[]}"#).ok()?;
    let expected = Expected {
        issuer: issuer.as_str(),
        client: "tenure",
        algorithms: &[Algorithm::Rs256, Algorithm::EdDsa],
        nonce: "nonce",
        access_token: None,
        fresh: Fresh::Again,
        began: now,
    };
    if let Some(tokens) = Tokens::parse(bytes) {
        let _ = id_token::verify(&tokens.id, &keys, &expected, now);
    }
    if let Ok(token) = std::str::from_utf8(bytes) {
        let _ = id_token::verify(token, &keys, &expected, now);
    }
    let claims = Claims::parse(bytes)?;
    let _ = id_token::check(&claims, Algorithm::EdDsa, &expected, now);
    Some(claims.signed_in(&issuer, "groups", now))
}
