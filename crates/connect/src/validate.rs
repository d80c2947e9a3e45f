//! Live validation: whether a key still works, as whom, with which rights, from the read-only recipe of its kind.
//!
//! An answer counts only beside controls. A key that was made up is asked about first: where it is not refused,
//! no acceptance means anything. A refusal counts only where the same request accepted a key that lives, asked
//! after it: another key of the run that was accepted, or one that the user named. What the controls show, and
//! what they cannot, is told in docs/validation.md.

pub mod answer;
mod control;
mod request;
pub mod settings;

use crate::http::{Answer, Client, HttpError, Request};
use answer::Reading;
use request::Key;
use settings::{Pace, Settings};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tenure_model::{
    catalog::{Credential, Recipe},
    check::{Check, Checked},
    place::Liveness,
    secret::Secret,
};

/// Sends requests. The client of this crate does; tests put something else in its place.
pub trait Out: Sync {
    /// Sends one.
    ///
    /// # Errors
    /// Why there is no answer.
    fn send(&self, request: &Request) -> Result<Answer, HttpError>;
}

impl Out for Client {
    fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        Self::send(self, request)
    }
}

/// One key to ask about.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Its provider's slug.
    pub provider: &'a str,
    /// Its kind.
    pub kind: &'a Credential,
    /// The secret; wiped as soon as it was asked about.
    pub secret: Secret,
    /// Its public id.
    pub key_id: Option<String>,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One result per key, in the order in which they were given.
    pub checked: Vec<Checked>,
    /// Requests that were sent, controls among them.
    pub requests: u64,
}

/// Whether a request is known that checks keys of this kind. Of others no secret needs to be kept.
#[must_use]
pub fn has_request(kind: &Credential) -> bool {
    kind.recipe.validate.as_ref().is_some_and(|recipe| {
        use tenure_model::catalog::RecipeBy;
        recipe.by == Some(RecipeBy::Api)
            && recipe.read_only == Some(true)
            && recipe.request.is_some()
    })
}

/// Asks about keys, each once. `done` hears of every key that is done with.
#[must_use]
pub fn validate(
    asked: Vec<Asked<'_>>,
    settings: &Settings,
    pace: Pace,
    out: &dyn Out,
    done: &(dyn Fn() + Sync),
) -> Outcome {
    let results: Vec<Mutex<Option<Checked>>> = asked.iter().map(|_| Mutex::new(None)).collect();
    let settle = |at: usize, checked: Checked| {
        if let Some(slot) = results.get(at) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(checked);
            done();
        }
    };
    let mut hosts: BTreeMap<String, BTreeMap<(&str, &str), Group<'_>>> = BTreeMap::new();
    for (at, one) in asked.into_iter().enumerate() {
        let cannot = |why: String| Checked::without_answer(Liveness::CannotCheck, None, why);
        let Some(recipe) = one.kind.recipe.validate.as_ref() else {
            settle(
                at,
                cannot("no request is known that would check it".to_owned()),
            );
            continue;
        };
        let key = Key {
            secret: &one.secret,
            key_id: one.key_id.as_deref(),
        };
        match request::request(recipe, one.provider, settings, key) {
            Err(why) => settle(at, cannot(why)),
            Ok(request) => {
                let group = hosts
                    .entry(request.host())
                    .or_default()
                    .entry((one.provider, one.kind.kind.as_str()))
                    .or_insert_with(|| Group {
                        provider: one.provider,
                        kind: one.kind,
                        recipe,
                        like: one.secret.clone(),
                        ahead: Vec::new(),
                    });
                group.ahead.push((at, request, one.secret));
            }
        }
    }
    let requests = AtomicU64::new(0);
    let threads = pace.hosts.clamp(1, 64).min(hosts.len());
    let queue = Mutex::new(hosts.into_iter());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((host, groups)) = next else { break };
                    let mut line = Line::new(host, pace, out);
                    for group in groups.into_values() {
                        group.check(settings, &mut line, &settle);
                    }
                    requests.fetch_add(line.sent, Ordering::Relaxed);
                }
            });
        }
    });
    let lost = || {
        Checked::without_answer(
            Liveness::FailedToCheck,
            None,
            "it was not reached".to_owned(),
        )
    };
    Outcome {
        checked: results
            .into_iter()
            .map(|slot| {
                slot.into_inner()
                    .unwrap_or_else(PoisonError::into_inner)
                    .unwrap_or_else(lost)
            })
            .collect(),
        requests: requests.into_inner(),
    }
}

/// Keys of one kind that are asked about at one host.
struct Group<'a> {
    provider: &'a str,
    kind: &'a Credential,
    recipe: &'a Recipe,
    /// One of them, whose form a made-up key takes.
    like: Secret,
    ahead: Vec<(usize, Request, Secret)>,
}

impl Group<'_> {
    fn check(mut self, settings: &Settings, line: &mut Line<'_>, settle: &dyn Fn(usize, Checked)) {
        let ahead = std::mem::take(&mut self.ahead);
        if let Err(why) = self.made_up_is_refused(settings, line) {
            for (at, ..) in ahead {
                settle(at, line.failed(None, why.clone()));
            }
            return;
        }
        let named = self.named_control(settings);
        let (mut living, mut refused, mut bare) = (None, Vec::new(), Vec::new());
        for (at, request, secret) in ahead {
            let (status, reading) = match line.ask(&request) {
                Ok(answer) => (answer.status, answer::read(self.recipe, &answer)),
                Err(why) => {
                    settle(at, line.failed(None, why));
                    continue;
                }
            };
            match reading {
                Reading::Accepted { subject, rights } => {
                    let echoes = |text: &String| repeats(text, &secret);
                    let subject = subject.filter(|subject| !echoes(subject));
                    let rights = rights.into_iter().filter(|right| !echoes(right)).collect();
                    let vouched = subject.is_some();
                    let check = Check {
                        host: Some(line.host.clone()),
                        status: Some(status),
                        subject,
                        rights,
                        why: "accepted, where a made-up key was refused".to_owned(),
                    };
                    let checked = Checked {
                        liveness: Liveness::Live,
                        check,
                    };
                    if vouched {
                        settle(at, checked);
                    } else {
                        bare.push((at, checked));
                    }
                    living.get_or_insert(request);
                }
                Reading::Refused => refused.push((at, status)),
                Reading::Neither(why) => {
                    settle(at, line.failed(Some(status), format!("the answer {why}")))
                }
            }
        }
        // A bare status could also be that of a block which began on the way: only a made-up key tells.
        if !bare.is_empty() {
            let still = self.made_up_is_refused(settings, line);
            for (at, checked) in bare {
                let status = checked.check.status;
                settle(
                    at,
                    match &still {
                        Ok(()) => checked,
                        Err(why) => line.failed(status, why.clone()),
                    },
                );
            }
        }
        if refused.is_empty() {
            return;
        }
        let meant = refusal_means(
            self.provider,
            self.recipe,
            settings,
            named.or(living).as_ref(),
            line,
        );
        for (at, status) in refused {
            let (liveness, why) = meant.clone();
            let mut checked = Checked::without_answer(liveness, Some(line.host.clone()), why);
            checked.check.status = Some(status);
            settle(at, checked);
        }
    }

    /// The control before all: an endpoint that takes a key nobody issued tells nothing about others.
    fn made_up_is_refused(&self, settings: &Settings, line: &mut Line<'_>) -> Result<(), String> {
        let mut seed = [0u8; 8];
        getrandom::fill(&mut seed).map_err(|_| "no random numbers for the control".to_owned())?;
        let made = control::made_up(self.kind, &self.like, u64::from_le_bytes(seed));
        let key = Key {
            secret: &made.secret,
            key_id: Some(&made.key_id),
        };
        let request = request::request(self.recipe, self.provider, settings, key)?;
        let answer = line.ask(&request)?;
        match answer::read(self.recipe, &answer) {
            Reading::Refused => Ok(()),
            Reading::Accepted { .. } => {
                Err("the control failed: a made-up key is accepted too".to_owned())
            }
            // Where no status is known to be a refusal, any answer that blames the request is one to a made-up key.
            Reading::Neither(_)
                if self.recipe.refused.is_empty()
                    && matches!(answer.status, 400..=428 | 430..=499) =>
            {
                Ok(())
            }
            // Where the body has to show that a key lives, and does not.
            Reading::Neither(_)
                if !self.recipe.live_when.is_empty() && matches!(answer.status, 200..=299) =>
            {
                Ok(())
            }
            Reading::Neither(why) => Err(format!(
                "the control failed: the answer to a made-up key {why}"
            )),
        }
    }

    /// The request for the key that the user named as living.
    fn named_control(&self, settings: &Settings) -> Option<Request> {
        let named = settings
            .controls
            .iter()
            .find(|control| control.provider == self.provider && control.kind == self.kind.kind)?;
        let key = Key {
            secret: &named.secret,
            key_id: named.key_id.as_deref(),
        };
        request::request(self.recipe, self.provider, settings, key).ok()
    }
}

/// Whether a text of an answer gives the key back.
fn repeats(text: &str, secret: &Secret) -> bool {
    // A text of an answer is cut, so that the end of the key may be missing.
    const TELLING: usize = 12;
    let bytes = secret.expose();
    let part = bytes.get(..TELLING.min(bytes.len())).unwrap_or_default();
    let tail = bytes
        .get(bytes.len().saturating_sub(TELLING)..)
        .unwrap_or_default();
    [part, tail].iter().any(|part| {
        !part.is_empty()
            && text
                .as_bytes()
                .windows(part.len())
                .any(|window| window == *part)
    })
}

/// What refusals at one host come to: nothing without a key that is accepted there, asked now, after them.
fn refusal_means(
    provider: &str,
    recipe: &Recipe,
    settings: &Settings,
    control: Option<&Request>,
    line: &mut Line<'_>,
) -> (Liveness, String) {
    if recipe.elsewhere && !settings.at.contains_key(provider) {
        let why = format!(
            "refused at {}, but keys of this form are issued at other addresses too: --validate-at {provider}=https://…",
            line.host
        );
        return (Liveness::CannotCheck, why);
    }
    let Some(control) = control else {
        let why = "refused as a made-up key is, but no key that lives shows that any would be accepted: --validate-control";
        return (Liveness::CannotCheck, why.to_owned());
    };
    let failed = |what: String| {
        (
            Liveness::FailedToCheck,
            format!("the control failed: {what}"),
        )
    };
    match line.ask(control) {
        Err(why) => failed(why),
        Ok(answer) => match answer::read(recipe, &answer) {
            Reading::Accepted { .. } => (
                Liveness::Refused,
                "refused, where a key that lives was accepted".to_owned(),
            ),
            Reading::Refused => failed("the key that is to live is refused too".to_owned()),
            Reading::Neither(why) => failed(format!("the answer to the key that is to live {why}")),
        },
    }
}

/// Failures one after the other after which a host is left alone.
const PATIENCE: u32 = 3;
/// The longest that a host can ask to be waited for, in seconds.
const LONGEST_WAIT: u64 = 10;

/// One host: one request at a time, not faster than its pace, and none after it failed for good.
struct Line<'o> {
    host: String,
    pace: Pace,
    out: &'o dyn Out,
    last: Option<Instant>,
    failures: u32,
    closed: Option<String>,
    sent: u64,
}

impl<'o> Line<'o> {
    fn new(host: String, pace: Pace, out: &'o dyn Out) -> Self {
        Self {
            host,
            pace,
            out,
            last: None,
            failures: 0,
            closed: None,
            sent: 0,
        }
    }

    /// Asks; an answer that says that the provider itself fails, or wants to be left alone, is none.
    fn ask(&mut self, request: &Request) -> Result<Answer, String> {
        let mut answer = self.once(request)?;
        if answer.status == 429 {
            let wait = answer
                .headers
                .get("retry-after")
                .and_then(|value| value.to_str().ok()?.parse().ok());
            if let Some(wait) = wait.filter(|wait| *wait <= LONGEST_WAIT) {
                thread::sleep(Duration::from_secs(wait));
                answer = self.once(request)?;
            }
        }
        if answer.status == 429 {
            let why = "it asks for fewer requests (429)".to_owned();
            self.closed = Some(why.clone());
            return Err(why);
        }
        if answer.status >= 500 {
            return Err(self.failure(format!("the provider itself fails ({})", answer.status)));
        }
        self.failures = 0;
        Ok(answer)
    }

    fn once(&mut self, request: &Request) -> Result<Answer, String> {
        if let Some(why) = &self.closed {
            return Err(why.clone());
        }
        if let Some(last) = self.last {
            thread::sleep(self.pace.gap.saturating_sub(last.elapsed()));
        }
        self.last = Some(Instant::now());
        self.sent = self.sent.saturating_add(1);
        match self.out.send(request) {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.failure(error.to_string())),
        }
    }

    fn failure(&mut self, why: String) -> String {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= PATIENCE {
            self.closed = Some(format!("{why}; not asked again after {PATIENCE} failures"));
        }
        why
    }

    fn failed(&self, status: Option<u16>, why: String) -> Checked {
        let mut checked =
            Checked::without_answer(Liveness::FailedToCheck, Some(self.host.clone()), why);
        checked.check.status = status;
        checked
    }
}

#[cfg(test)]
mod tests;
