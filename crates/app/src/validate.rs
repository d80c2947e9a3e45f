//! Live validation: secrets wait, wiped when they go, until their providers were asked about them.

use crate::progress::Progress;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tenure_connect::{
    http::{
        Client, Limits,
        address::{AddressPolicy, NoNetwork},
    },
    validate::{
        self, Asked,
        settings::{self, Control, NoAddress, Pace, Settings},
    },
};
use tenure_model::{
    catalog::{Credential, Provider},
    check::Checked,
    place::{Liveness, Sighting},
    scan::{Finding, Scan},
    secret::{Fingerprint, Secret},
};
use zeroize::Zeroizing;

/// Secrets that wait at most; of more, the rest is not checked, and a note says so.
const MOST: usize = 20_000;

/// What the user asks for, as typed.
#[derive(Debug, Default)]
pub struct Options {
    /// `PROVIDER=URL`.
    pub at: Vec<String>,
    /// `PROVIDER=NAME`.
    pub account: Vec<String>,
    /// `PROVIDER/KIND=FILE` or `PROVIDER/KIND=env:NAME`.
    pub control: Vec<String>,
    /// Networks that may be reached beyond public addresses.
    pub allow_address: Vec<String>,
    /// For one whole exchange.
    pub timeout: Option<Duration>,
}

/// Why nothing is validated.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// A pair without its sign.
    #[error("{flag} {given}: write {form}")]
    Form {
        /// The flag.
        flag: &'static str,
        /// What was given.
        given: String,
        /// What is meant.
        form: &'static str,
    },
    /// A provider or kind that the catalogue does not know.
    #[error("{flag}: the catalogue knows no `{name}`")]
    Unknown {
        /// The flag.
        flag: &'static str,
        /// The name.
        name: String,
    },
    /// No address.
    #[error("--validate-at {provider}: {error}")]
    Address {
        /// The provider.
        provider: String,
        /// What is wrong.
        error: NoAddress,
    },
    /// No network.
    #[error("--validate-allow-address: {0}")]
    Network(#[from] NoNetwork),
    /// A key that is to live cannot be read.
    #[error("--validate-control {name}: {problem}")]
    Control {
        /// Provider and kind.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// A run that asks providers.
pub struct Validation<'v> {
    providers: &'v [Provider],
    client: Client,
    settings: Settings,
    waiting: Waiting,
}

/// A secret as it is known: fingerprint, provider, kind.
type Name = (Fingerprint, String, String);
/// Secrets at hand.
type Held = BTreeMap<Name, Secret>;
/// Secrets to ask about, with the public id that is known of each.
type Wanted = BTreeMap<Name, Option<String>>;

/// Secrets that wait to be asked about.
#[derive(Default)]
struct Waiting {
    held: Mutex<Held>,
    full: AtomicBool,
}

impl<'v> Validation<'v> {
    /// Makes ready to ask.
    ///
    /// # Errors
    /// What of the options cannot be.
    pub fn new(providers: &'v [Provider], options: &Options) -> Result<Self, ValidateError> {
        let mut settings = Settings::default();
        let known = |flag: &'static str, name: &str| {
            let found = providers.iter().find(|provider| provider.provider == name);
            found.ok_or_else(|| ValidateError::Unknown {
                flag,
                name: name.to_owned(),
            })
        };
        for given in &options.at {
            const FLAG: &str = "--validate-at";
            let (provider, address) = pair(FLAG, given, "PROVIDER=URL")?;
            known(FLAG, provider)?;
            let url = settings::address(address).map_err(|error| ValidateError::Address {
                provider: provider.to_owned(),
                error,
            })?;
            settings.at.insert(provider.to_owned(), url);
        }
        for given in &options.account {
            const FLAG: &str = "--validate-account";
            let (provider, account) = pair(FLAG, given, "PROVIDER=NAME")?;
            known(FLAG, provider)?;
            settings
                .account
                .insert(provider.to_owned(), account.to_owned());
        }
        for given in &options.control {
            const FLAG: &str = "--validate-control";
            const FORM: &str = "PROVIDER/KIND=FILE or PROVIDER/KIND=env:NAME";
            let (name, from) = pair(FLAG, given, FORM)?;
            let (provider, kind) = name.split_once('/').ok_or(ValidateError::Form {
                flag: FLAG,
                given: name.to_owned(),
                form: FORM,
            })?;
            let kinds = &known(FLAG, provider)?.credentials;
            if !kinds.iter().any(|known| known.kind == kind) {
                return Err(ValidateError::Unknown {
                    flag: FLAG,
                    name: name.to_owned(),
                });
            }
            let (key_id, secret) = living(from).map_err(|problem| ValidateError::Control {
                name: name.to_owned(),
                problem,
            })?;
            settings.controls.push(Control {
                provider: provider.to_owned(),
                kind: kind.to_owned(),
                key_id,
                secret,
            });
        }
        let policy = AddressPolicy::allowing(options.allow_address.iter().map(String::as_str))?;
        let limits = Limits::default();
        let limits = Limits {
            whole: options.timeout.unwrap_or(limits.whole),
            ..limits
        };
        Ok(Self {
            providers,
            client: Client::new(limits, policy),
            settings,
            waiting: Waiting::default(),
        })
    }

    fn kind(&self, provider: &str, kind: &str) -> Option<(&Provider, &Credential)> {
        let of = self.providers.iter().find(|one| one.provider == provider)?;
        let kind = of.credentials.iter().find(|one| one.kind == kind)?;
        Some((of, kind))
    }

    /// Keeps a secret until [`Self::scan`] or [`Self::sightings`], where its kind has a request that checks it.
    pub(crate) fn keep(
        &self,
        fingerprint: &Fingerprint,
        provider: &str,
        kind: &str,
        secret: &Secret,
    ) {
        if !self
            .kind(provider, kind)
            .is_some_and(|(_, kind)| validate::has_request(kind))
        {
            return;
        }
        let mut held = self
            .waiting
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let name = (fingerprint.clone(), provider.to_owned(), kind.to_owned());
        if held.len() < MOST || held.contains_key(&name) {
            held.entry(name).or_insert_with(|| secret.clone());
        } else {
            self.waiting.full.store(true, Ordering::Relaxed);
        }
    }

    /// Asks about the keys of findings, each once, and says of each what came of it.
    pub fn scan(&self, scan: &mut Scan, progress: &dyn Progress) {
        let name = |finding: &Finding| {
            let print = Fingerprint::parse(&finding.fingerprint)?;
            Some((print, finding.provider.clone(), finding.credential.clone()))
        };
        let mut wanted = Wanted::new();
        for finding in &scan.findings {
            if let Some(name) = name(finding) {
                let id = wanted.entry(name).or_default();
                *id = id.take().or_else(|| finding.key_id.clone());
            }
        }
        let (told, requests) = self.ask(wanted, progress);
        for checked in told.values() {
            let word = checked.liveness.word().to_owned();
            let count = scan.stats.validated.entry(word).or_default();
            *count = count.saturating_add(1);
        }
        for finding in &mut scan.findings {
            if let Some(checked) = name(finding).and_then(|name| told.get(&name)) {
                finding.liveness = checked.liveness;
                finding.check = Some(checked.check.clone());
            }
        }
        scan.stats.requests = requests;
        scan.notes.extend(self.notes());
    }

    /// Asks about the keys of sightings, each once. What is known of a key already stays where nothing better
    /// comes of it.
    pub(crate) fn sightings(&self, seen: &mut [Sighting], progress: &dyn Progress) -> Vec<String> {
        let name = |one: &Sighting| {
            let print = one.fingerprint.clone()?;
            Some((print, one.provider.clone(), one.credential.clone()))
        };
        let mut wanted = Wanted::new();
        for one in seen.iter() {
            if let Some(name) = name(one) {
                let id = wanted.entry(name).or_default();
                *id = id.take().or_else(|| one.key_id.clone());
            }
        }
        let (told, _) = self.ask(wanted, progress);
        for one in seen {
            let Some(checked) = name(one).and_then(|name| told.get(&name)) else {
                continue;
            };
            let firm = matches!(checked.liveness, Liveness::Live | Liveness::Refused);
            if firm || one.liveness == Liveness::NotChecked {
                one.liveness = checked.liveness;
            }
        }
        self.notes()
    }

    fn take(&self) -> Held {
        let mut held = self
            .waiting
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *held)
    }

    /// One result for each that is wanted, and the number of requests.
    fn ask(&self, wanted: Wanted, progress: &dyn Progress) -> (BTreeMap<Name, Checked>, u64) {
        let mut held = self.take();
        let nothing = |liveness, why: &str| Checked::without_answer(liveness, None, why.to_owned());
        let mut told = BTreeMap::new();
        let (mut asked, mut names) = (Vec::new(), Vec::new());
        for (name, key_id) in wanted {
            let kind = self.kind(&name.1, &name.2);
            match (kind, held.remove(&name)) {
                (Some((provider, kind)), Some(secret)) => {
                    asked.push(Asked {
                        provider: &provider.provider,
                        kind,
                        secret,
                        key_id,
                    });
                    names.push(name);
                }
                (Some((_, kind)), None) if validate::has_request(kind) => {
                    let why = "its secret is not at hand";
                    told.insert(name, nothing(Liveness::NotChecked, why));
                }
                _ => {
                    let why = "no request is known that would check it";
                    told.insert(name, nothing(Liveness::CannotCheck, why));
                }
            }
        }
        // What nobody wants is wiped before the first request.
        drop(held);
        let count = u64::try_from(asked.len()).unwrap_or(u64::MAX);
        progress.begin("asking providers", count);
        let outcome = validate::validate(
            asked,
            &self.settings,
            Pace::default(),
            &self.client,
            &|| progress.file(),
        );
        progress.end();
        told.extend(names.into_iter().zip(outcome.checked));
        (told, outcome.requests)
    }

    fn notes(&self) -> Vec<String> {
        let full = self
            .waiting
            .full
            .load(Ordering::Relaxed)
            .then(|| format!("more than {MOST} keys were to be checked; the others were not"));
        let proxy = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
            .into_iter()
            .find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
            .map(|name| format!("{name} is set and was not used: providers are asked directly, so that addresses can be looked at"));
        full.into_iter().chain(proxy).collect()
    }
}

fn pair<'g>(
    flag: &'static str,
    given: &'g str,
    form: &'static str,
) -> Result<(&'g str, &'g str), ValidateError> {
    given
        .split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or_else(|| ValidateError::Form {
            flag,
            // What stands behind the sign might be anything.
            given: given.split('=').next().unwrap_or_default().to_owned(),
            form,
        })
}

/// A key that lives, from a file or a variable: the key alone, or its public id on a line before it.
fn living(from: &str) -> Result<(Option<String>, Secret), String> {
    const LONGEST: u64 = 64 * 1024;
    let text = match from.strip_prefix("env:") {
        Some(name) => std::env::var(name)
            .map(Zeroizing::new)
            .map_err(|_| format!("the variable {name} is not set, or holds no text"))?,
        None => {
            let path = PathBuf::from(from);
            let told = |error: std::io::Error| format!("{}: {error}", path.display());
            if std::fs::metadata(&path).map_err(told)?.len() > LONGEST {
                return Err(format!("{}: is too long to be a key", path.display()));
            }
            Zeroizing::new(std::fs::read_to_string(&path).map_err(told)?)
        }
    };
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next(), lines.next()) {
        (Some(secret), None, _) => Ok((None, Secret::new(secret.as_bytes()))),
        (Some(id), Some(secret), None) => Ok((Some(id.to_owned()), Secret::new(secret.as_bytes()))),
        (None, ..) => Err("it is empty".to_owned()),
        _ => Err(
            "it has more than two lines: write the key, or its public id and then the key"
                .to_owned(),
        ),
    }
}
