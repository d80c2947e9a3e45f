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
    scan::Scan,
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

/// Secrets by fingerprint, provider and kind.
type Held = BTreeMap<(Fingerprint, String, String), Secret>;

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

    /// Asks about the keys of findings, and says of each what came of it.
    pub fn scan(&self, scan: &mut Scan, progress: &dyn Progress) {
        let mut held = self.take();
        let wanted = scan.findings.iter().map(|finding| {
            let print = Fingerprint::parse(&finding.fingerprint)?;
            let name = (print, finding.provider.clone(), finding.credential.clone());
            Some((name, finding.key_id.clone()))
        });
        let (results, requests) = self.ask(&mut held, wanted.collect(), progress);
        for (finding, checked) in scan.findings.iter_mut().zip(results) {
            let count = scan
                .stats
                .validated
                .entry(checked.liveness.word().to_owned())
                .or_default();
            *count = count.saturating_add(1);
            finding.liveness = checked.liveness;
            finding.check = Some(checked.check);
        }
        scan.stats.requests = requests;
        scan.notes.extend(self.notes());
    }

    /// Asks about the keys of sightings, each once. What is known of a key already stays where nothing better
    /// comes of it.
    pub(crate) fn sightings(&self, seen: &mut [Sighting], progress: &dyn Progress) -> Vec<String> {
        let mut held = self.take();
        let mut first: BTreeMap<Fingerprint, (String, String, Option<String>)> = BTreeMap::new();
        for one in seen.iter() {
            let Some(print) = one.fingerprint.clone() else {
                continue;
            };
            let entry = first.entry(print).or_insert_with(|| {
                (
                    one.provider.clone(),
                    one.credential.clone(),
                    one.key_id.clone(),
                )
            });
            entry.2 = entry.2.take().or_else(|| one.key_id.clone());
        }
        let wanted = first.iter().map(|(print, (provider, kind, id))| {
            Some(((print.clone(), provider.clone(), kind.clone()), id.clone()))
        });
        let (results, _) = self.ask(&mut held, wanted.collect(), progress);
        let told: BTreeMap<&Fingerprint, Checked> = first.keys().zip(results).collect();
        for one in seen {
            let Some(checked) = one.fingerprint.as_ref().and_then(|print| told.get(print)) else {
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
    fn ask(
        &self,
        held: &mut Held,
        wanted: Vec<Option<((Fingerprint, String, String), Option<String>)>>,
        progress: &dyn Progress,
    ) -> (Vec<Checked>, u64) {
        let nothing = |liveness, why: &str| Checked::without_answer(liveness, None, why.to_owned());
        let mut results: Vec<Checked> = Vec::new();
        let (mut asked, mut places) = (Vec::new(), Vec::new());
        for (at, one) in wanted.into_iter().enumerate() {
            let kind = one
                .as_ref()
                .and_then(|((_, provider, kind), _)| self.kind(provider, kind));
            let secret = one.as_ref().and_then(|(name, _)| held.remove(name));
            results.push(match (kind, secret) {
                (Some((provider, kind)), Some(secret)) => {
                    asked.push(Asked {
                        provider: &provider.provider,
                        kind,
                        secret,
                        key_id: one.and_then(|(_, id)| id),
                    });
                    places.push(at);
                    nothing(Liveness::NotChecked, "")
                }
                (Some((_, kind)), None) if validate::has_request(kind) => {
                    nothing(Liveness::NotChecked, "its secret is not at hand")
                }
                _ => nothing(
                    Liveness::CannotCheck,
                    "no request is known that would check it",
                ),
            });
        }
        // What nobody wants is wiped before the first request.
        held.clear();
        progress.begin(
            "asking providers",
            u64::try_from(asked.len()).unwrap_or(u64::MAX),
        );
        let outcome = validate::validate(
            asked,
            &self.settings,
            Pace::default(),
            &self.client,
            &|| progress.file(),
        );
        progress.end();
        for (at, checked) in places.into_iter().zip(outcome.checked) {
            if let Some(slot) = results.get_mut(at) {
                *slot = checked;
            }
        }
        (results, outcome.requests)
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
