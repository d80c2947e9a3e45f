//! What every handler works with.

use crate::{
    forwarded::Proxies,
    metrics::Metrics,
    pictures::Pictures,
    rate::{Limiter, Rates},
};
use std::{fmt, sync::Arc};
use tenure_app::register::{Login, Register, form::FormKey};
use tenure_model::{bearer::Bearer, setup_link::Setup};
use url::Url;

/// The address of a set-up link.
#[must_use]
pub fn link(public: &Url, secret: &Bearer<Setup>) -> String {
    let mut url = public.clone();
    url.set_path("/setup");
    url.query_pairs_mut().append_pair("token", secret.expose());
    url.into()
}

/// What one process of several does: all share one database and the keys of its state folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// Answers calls, and works through jobs.
    #[default]
    All,
    /// Answers calls.
    Api,
    /// Works through jobs, and answers only whether it lives.
    Worker,
}

/// How a server is run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address under which browsers know this server.
    pub public_url: Url,
    /// The largest export that may be uploaded, in bytes.
    pub most_upload: u64,
    /// How often callers may call.
    pub rates: Rates,
    /// Which proxies are believed about the address of a caller.
    pub proxies: Proxies,
    /// What this process does.
    pub role: Role,
    /// The example company is served: whoever comes takes any role, and moves the clock.
    pub demo: bool,
}

impl Settings {
    /// The usual ones, under an address.
    #[must_use]
    pub fn at(public_url: Url) -> Self {
        Self {
            public_url,
            most_upload: 256 << 20,
            rates: Rates::default(),
            proxies: Proxies::default(),
            role: Role::All,
            demo: false,
        }
    }
}

/// The handles of a server. Cheap to clone.
#[derive(Clone)]
pub struct House(Arc<Inner>);

/// What the handles are, for this crate alone.
pub struct Inner {
    pub(crate) register: Register,
    pub(crate) login: Option<Login>,
    pub(crate) form: FormKey,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
    pub(crate) limiter: Limiter,
    pub(crate) pictures: Pictures,
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "House({})", self.settings.public_url)
    }
}

impl std::ops::Deref for House {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl House {
    /// A server of a register.
    #[must_use]
    pub fn new(register: Register, login: Option<Login>, settings: Settings) -> Self {
        Self(Arc::new(Inner {
            form: FormKey::of(register.pepper()),
            limiter: Limiter::new(&settings.rates),
            metrics: Metrics::default(),
            pictures: Pictures::default(),
            register,
            login,
            settings,
        }))
    }

    /// The register.
    #[must_use]
    pub fn register(&self) -> &Register {
        &self.0.register
    }
}

impl Inner {
    /// Whether browsers come over TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.settings.public_url.scheme() == "https"
    }

    /// The origin of this server, as browsers write it.
    pub(crate) fn origin(&self) -> String {
        self.settings.public_url.origin().ascii_serialization()
    }
}
