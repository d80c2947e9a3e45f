//! Sign-in with an identity provider: from settings to a session.

use super::{
    Register, RegisterError, Result,
    account::{Refused, Signed, SignedIn},
};
use serde::Deserialize;
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tenure_connect::{
    http::{Client, Limits, address::AddressPolicy},
    oidc::{
        self, AssertionAudience, Callback, ClientAuth, ClientSecret, Fresh, Issuer, Pending,
        Registration, RelyingParty, ReturnTo, SealKey, SigningKey,
    },
};
use tenure_model::{moment::Moment, session::Proof};
use url::Url;
use zeroize::Zeroizing;

pub use tenure_connect::oidc::LoginError;

/// The path that the identity provider sends the browser back to.
const BACK: &str = "/login/callback";

/// How this server is registered at an identity provider: `[login]` of the settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginSettings {
    /// The issuer, letter by letter as the provider writes it.
    pub issuer: String,
    /// The id that it gave this server.
    pub client_id: String,
    /// A file with a private key in PEM, by which this server proves itself: the best way.
    pub private_key_file: Option<PathBuf>,
    /// The name under which the provider knows that key.
    pub key_id: Option<String>,
    /// Whether assertions are for the `issuer` or for the `token_endpoint`, as Entra and Okta want it.
    #[serde(default)]
    pub assertion_for: AssertionFor,
    /// A file with a client secret.
    pub client_secret_file: Option<PathBuf>,
    /// Whether the secret goes into the `header` or the `body`.
    #[serde(default)]
    pub client_secret_in: SecretIn,
    /// What is asked for beside `openid`.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// Networks, beside the public ones, in which the provider may be reached: `10.1.0.0/16`.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Whether those are let in whom neither the people list nor an account knows. They hold no role.
    #[serde(default)]
    pub strangers: bool,
}

/// Whom an assertion is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssertionFor {
    /// The issuer.
    #[default]
    Issuer,
    /// The token endpoint.
    TokenEndpoint,
}

/// Where the secret of a client goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretIn {
    /// The header (`client_secret_basic`).
    #[default]
    Header,
    /// The body (`client_secret_post`).
    Body,
}

fn usual_scopes() -> Vec<String> {
    vec!["email".to_owned(), "profile".to_owned()]
}

/// What of the settings cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("login.{field}: {problem}")]
pub struct SettingsError {
    /// The field.
    pub field: &'static str,
    /// What is wrong.
    pub problem: String,
}

/// Who the identity provider says somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Its id of the person.
    pub subject: String,
    /// The address, only where the provider verified it.
    pub email: Option<String>,
    /// A name to show.
    pub name: Option<String>,
    /// The proof that a session begins with.
    pub proof: Proof,
}

/// One identity provider, as this server is registered there.
pub struct Login {
    party: Arc<RelyingParty>,
    key: SealKey,
    strangers: bool,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

/// A sign-in that began.
#[derive(Debug)]
pub struct Begun {
    /// Where to send the browser.
    pub url: Url,
    /// What its cookie has to bring back.
    pub state: Zeroizing<String>,
}

/// A sign-in that ended well.
#[derive(Debug)]
pub struct Ended {
    /// The session.
    pub signed_in: SignedIn,
    /// The path of this server that they wanted.
    pub return_to: String,
}

fn bad(field: &'static str) -> impl Fn(&dyn fmt::Display) -> SettingsError {
    move |problem| SettingsError {
        field,
        problem: problem.to_string(),
    }
}

fn read(
    field: &'static str,
    file: &Path,
) -> std::result::Result<Zeroizing<Vec<u8>>, SettingsError> {
    std::fs::read(file)
        .map(Zeroizing::new)
        .map_err(|error| SettingsError {
            field,
            problem: format!("{}: {error}", file.display()),
        })
}

impl LoginSettings {
    fn auth(&self) -> std::result::Result<ClientAuth, SettingsError> {
        match (&self.private_key_file, &self.client_secret_file) {
            (Some(file), None) => {
                let field = "private_key_file";
                let key = SigningKey::from_pem(&read(field, file)?)
                    .map_err(|error| bad(field)(&error))?;
                let key = match &self.key_id {
                    Some(id) => key.named(id),
                    None => key,
                };
                Ok(ClientAuth::PrivateKeyJwt(key.for_audience(
                    match self.assertion_for {
                        AssertionFor::Issuer => AssertionAudience::Issuer,
                        AssertionFor::TokenEndpoint => AssertionAudience::TokenEndpoint,
                    },
                )))
            }
            (None, Some(file)) => {
                let field = "client_secret_file";
                let secret =
                    ClientSecret::new(&read(field, file)?).map_err(|error| bad(field)(&error))?;
                Ok(match self.client_secret_in {
                    SecretIn::Header => ClientAuth::SecretBasic(secret),
                    SecretIn::Body => ClientAuth::SecretPost(secret),
                })
            }
            _ => Err(bad("private_key_file")(
                &"name either this or client_secret_file, by which this server proves itself",
            )),
        }
    }
}

impl Login {
    /// From the settings and the address under which browsers know this server.
    ///
    /// # Errors
    /// What of the settings cannot be.
    pub fn new(
        settings: &LoginSettings,
        public: &Url,
        register: &Register,
    ) -> std::result::Result<Self, SettingsError> {
        let redirect_uri = public
            .join(BACK)
            .map_err(|error| bad("public_url")(&error))?;
        let registration = Registration {
            issuer: Issuer::parse(&settings.issuer).map_err(|error| bad("issuer")(&error))?,
            client_id: settings.client_id.clone(),
            auth: settings.auth()?,
            redirect_uri,
            after_logout: None,
            scopes: settings.scopes.clone(),
            groups_claim: "groups".to_owned(),
        };
        let policy = AddressPolicy::allowing(settings.networks.iter().map(String::as_str))
            .map_err(|error| bad("networks")(&error))?;
        let client = Client::new(Limits::default(), policy);
        let party =
            RelyingParty::new(registration, client).map_err(|error| bad("client_id")(&error))?;
        let bits = register.pepper().derived("tenure pending sign-ins v1");
        let key = SealKey::new(&bits).ok_or_else(|| bad("issuer")(&"no key can be made"))?;
        Ok(Self {
            party: Arc::new(party),
            key,
            strangers: settings.strangers,
        })
    }

    /// Begins a sign-in. `again` asks the provider to make them prove themselves now, to sign with. A `return_to` that
    /// is no path of this server leads to its first page.
    ///
    /// # Errors
    /// The provider cannot be asked, or too many sign in at once.
    pub async fn begin(&self, register: &Register, again: bool, return_to: &str) -> Result<Begun> {
        let home = || {
            ReturnTo::parse("/")
                .map_err(|_| RegisterError::Field("return_to", "is no path".to_owned()))
        };
        let return_to = ReturnTo::parse(return_to).or_else(|_| home())?;
        let fresh = if again { Fresh::Again } else { Fresh::Any };
        let now = register.now();
        let party = Arc::clone(&self.party);
        let begun = blocking(move || party.begin(fresh, return_to, now)).await??;
        let oidc::Begun { url, pending } = begun;
        let sealed = pending.seal(&self.key).ok_or(LoginError::Random)?;
        let name = Pending::name_of(pending.state());
        let old = now.plus_seconds(-i64::from(oidc::LIFE));
        if !register
            .store()
            .keep_sign_in(&name, &sealed, now, old)
            .await?
        {
            return Err(Refused::NotLetIn(oidc::TooMany.to_string()).into());
        }
        Ok(Begun {
            url,
            state: Zeroizing::new(pending.state().to_owned()),
        })
    }

    /// Ends a sign-in with the query that the browser came back with, and the state of its cookie: the answer counts
    /// only in the browser in which the sign-in began.
    ///
    /// # Errors
    /// Why nobody is signed in.
    pub async fn finish(
        &self,
        register: &Register,
        query: &str,
        state: Option<&str>,
        current: Option<&Signed>,
    ) -> Result<Ended> {
        let callback = Callback::parse(query).map_err(LoginError::from)?;
        if state != Some(callback.state()) {
            return Err(LoginError::State.into());
        }
        let name = Pending::name_of(callback.state());
        let sealed = register.store().take_sign_in(&name).await?;
        let pending = sealed
            .and_then(|sealed| Pending::unseal(&sealed, &self.key))
            .ok_or(LoginError::Expired)?;
        let now = register.now();
        let party = Arc::clone(&self.party);
        let finished = blocking(move || party.finish(pending, callback, now)).await??;
        let identity = Identity {
            issuer: finished.who.issuer.as_str().to_owned(),
            proof: proof(finished.who.proof(), now),
            subject: finished.who.subject,
            email: finished.who.email,
            name: finished.who.name,
        };
        let signed_in = register.sign_in(&identity, current, self.strangers).await?;
        Ok(Ended {
            signed_in,
            return_to: finished.return_to.as_str().to_owned(),
        })
    }
}

/// A proof is never from the future, however the clocks differ.
fn proof(proof: Proof, now: Moment) -> Proof {
    Proof {
        at: proof.at.min(now),
        ..proof
    }
}

/// What blocks, on a thread for that.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        RegisterError::Nothing(format!("the sign-in broke off ({error}); begin again"))
    })
}
