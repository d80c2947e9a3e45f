//! The front door: somebody asks for a key that does not exist yet, and the rules judge it before it is issued.
//!
//! Nothing is issued here. An approval says that it may be, until a day.

use crate::{
    access::{Involved, Object, ObjectKind, PersonId, Unit},
    assessment::Key,
    day::Day,
    digest,
    exception::{Closing, Statement, line},
    explain::FactName,
    facts::{ReplacementOption, StandsOn, Verdict},
    level::Level,
    moment::Moment,
    note::OptionNote,
    place::Runtime,
    policy::Policy,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "WantedKey")]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The provider's slug.
    pub provider: String,
    /// The kind's slug in the catalogue.
    pub credential: String,
    /// What it is for.
    pub purpose: String,
    /// Why not each option that could stand in its place.
    pub why_not: BTreeMap<ReplacementOption, String>,
    /// Who will answer for it.
    pub owner: PersonId,
    /// The last day on which it may live.
    pub expires: Day,
    /// Where what uses it runs.
    pub consumers: Vec<Runtime>,
    /// Facts of the contract that are known already: `data`, `privilege` and so on.
    #[serde(default)]
    #[schemars(with = "BTreeMap<FactName, crate::value::FactValue>")]
    pub facts: BTreeMap<FactName, Value>,
}

/// What the rules say of a key before there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// What it would be judged as.
    pub verdict: Verdict,
    /// Its blast radius.
    pub level: Level,
    /// The first option that can be used in its place today.
    pub instead: Option<ReplacementOption>,
    /// Every option that is better than what it would stand on, with its state and why.
    pub options: Vec<OptionNote>,
    /// Whether it could stay only with an exception.
    pub needs_exception: bool,
    /// The facts that verdict and level rest on, as sentences.
    pub because: Vec<String>,
    /// The digest of those facts.
    pub facts: String,
    /// The digest of the policy in force.
    pub policy: String,
}

impl Forecast {
    /// What was judged of a key that is put together from what somebody wants.
    #[must_use]
    pub fn of(judged: &Key, stands_on: StandsOn) -> Self {
        let outcome = &judged.verdict.outcome;
        let options: Vec<OptionNote> = judged
            .options
            .iter()
            .map(|note| OptionNote::clone(note))
            .filter(|note| {
                note.option != ReplacementOption::Gateway && note.option.improves_on(stands_on)
            })
            .collect();
        let rests_on: Vec<_> = outcome
            .because
            .iter()
            .filter(|one| one.fact != FactName::LastUsed.word())
            .collect();
        let facts: Vec<_> = rests_on.iter().map(|one| (&one.fact, &one.value)).collect();
        Self {
            verdict: judged.verdict.id,
            level: outcome.level,
            instead: options
                .iter()
                .find(|note| note.state == "now")
                .map(|note| note.option),
            needs_exception: matches!(
                judged.verdict.id,
                Verdict::Later | Verdict::Constrain | Verdict::Irreplaceable
            ),
            because: rests_on.iter().map(|one| one.text.clone()).collect(),
            facts: digest::of_bytes(&digest::canonical(&facts)),
            policy: outcome.policy.clone(),
            options,
        }
    }

    /// The options of which somebody has to say why they do not do: whatever is not known to be impossible.
    pub fn to_explain(&self) -> impl Iterator<Item = ReplacementOption> {
        let open = self.options.iter().filter(|note| note.state != "no");
        open.map(|note| note.option)
    }

    /// Who has to approve, and what has to follow, as sentences.
    #[must_use]
    pub fn approval(&self) -> Vec<String> {
        let mut lines = vec![
            "An approver who neither asks for it nor will answer for it has to approve.".to_owned(),
        ];
        if let Some(option) = self.instead {
            lines.push(format!("There is another way today: {}.", option.title()));
        }
        if self.needs_exception {
            let who = crate::access::Authority::for_level(self.level);
            lines.push(format!(
                "Once it is issued it needs an exception, accepted by: {who}."
            ));
        }
        lines
    }
}

/// Why something about a request for a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A text is missing or too long.
    #[error(transparent)]
    Text(#[from] crate::exception::Refusal),
    /// An option is not spoken of.
    #[error(
        "say why not {0}: it is not known to be impossible here. The answer belongs to the request"
    )]
    WhyNot(String),
    /// The end is not ahead.
    #[error("{expires} is not after {today}: name a later day")]
    EndsBeforeItBegins {
        /// The end.
        expires: Day,
        /// Today.
        today: Day,
    },
    /// It would live too long.
    #[error(
        "{expires} is later than {latest}, when a key at {level} has to be rotated: name an earlier day"
    )]
    TooLong {
        /// The end.
        expires: Day,
        /// The latest.
        latest: Day,
        /// The level.
        level: Level,
    },
    /// The one who decides has to do with it.
    #[error(
        "{0} asks for this key or will answer for it, and cannot approve it: ask somebody else"
    )]
    Conflict(PersonId),
    /// Another statement was read.
    #[error("the statement has changed since it was opened: read it again")]
    OtherStatement,
    /// The state does not allow it.
    #[error("this request is {state}: it cannot be {act}")]
    State {
        /// The state.
        state: &'static str,
        /// What was wanted.
        act: &'static str,
    },
    /// Somebody else than who asked.
    #[error("only {0}, who asked for it, can withdraw it: deny it instead")]
    NotTheirs(PersonId),
}

words! {
    /// Where a request stands.
    pub enum State {
        /// Waits for an approver.
        Requested = "requested",
        /// It may be issued.
        Approved = "approved",
        /// It may not.
        Denied = "denied",
        /// Nobody wants it any more.
        Withdrawn = "withdrawn",
    }
}

/// A request for a key, from its making to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    id: String,
    wanted: Wanted,
    forecast: Forecast,
    by: PersonId,
    at: Moment,
    /// Who put it in at the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filed_by: Option<String>,
    state: State,
    /// Who decided, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closing: Option<Closing>,
}

impl KeyRequest {
    /// A request that was judged.
    ///
    /// # Errors
    /// A part is missing, or policy does not allow the end.
    pub fn make(
        id: &str,
        wanted: Wanted,
        forecast: Forecast,
        by: &PersonId,
        policy: &Policy,
        now: Moment,
    ) -> Result<Self, Refusal> {
        let today = now.day();
        crate::exception::text("purpose", &wanted.purpose)?;
        for said in wanted.why_not.values() {
            crate::exception::text("why not", said)?;
        }
        let unsaid = forecast
            .to_explain()
            .find(|option| !wanted.why_not.contains_key(option));
        if let Some(option) = unsaid {
            return Err(Refusal::WhyNot(format!("{} ({option})", option.title())));
        }
        if wanted.expires <= today {
            return Err(Refusal::EndsBeforeItBegins {
                expires: wanted.expires,
                today,
            });
        }
        let latest = today.plus(policy.evidence.rotation_days.at(forecast.level));
        if wanted.expires > latest {
            return Err(Refusal::TooLong {
                expires: wanted.expires,
                latest,
                level: forecast.level,
            });
        }
        Ok(Self {
            id: id.to_owned(),
            wanted,
            forecast,
            by: by.clone(),
            at: now,
            filed_by: None,
            state: State::Requested,
            closing: None,
        })
    }

    /// The same, put in at the machine in the name of the one who asks.
    #[must_use]
    pub fn filed_by(self, operator: &str) -> Self {
        Self {
            filed_by: Some(operator.to_owned()),
            ..self
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is wanted.
    #[must_use]
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// What the rules said when it was made.
    #[must_use]
    pub fn forecast(&self) -> &Forecast {
        &self.forecast
    }

    /// Who asks.
    #[must_use]
    pub fn by(&self) -> &PersonId {
        &self.by
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Moment {
        self.at
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Who decided, and why.
    #[must_use]
    pub fn closing(&self) -> Option<&Closing> {
        self.closing.as_ref()
    }

    /// What is approved, as text.
    #[must_use]
    pub fn statement(&self) -> Statement {
        self.statement_for(&self.forecast)
    }

    /// What it would say with what the rules say now. Another policy alone is no difference.
    #[must_use]
    pub fn statement_for(&self, now: &Forecast) -> Statement {
        let wanted = &self.wanted;
        let mut lines = vec![
            format!(
                "Request {}: a key of {} ({}), until {}",
                line(&self.id),
                line(&wanted.provider),
                line(&wanted.credential),
                wanted.expires
            ),
            format!("What it is for: {}", line(&wanted.purpose)),
            format!("Will answer for it: {}", wanted.owner),
        ];
        let runtimes: Vec<_> = wanted.consumers.iter().map(|one| one.word()).collect();
        let runtimes = match runtimes.as_slice() {
            [] => "nobody knows yet".to_owned(),
            all => all.join(", "),
        };
        lines.push(format!("Used on: {runtimes}"));
        lines.push(format!("Would be judged: {}, {}", now.verdict, now.level));
        lines.push("Because:".to_owned());
        lines.extend(now.because.iter().map(|fact| format!("- {}", line(fact))));
        lines.push("In its place:".to_owned());
        lines.extend(now.options.iter().map(|note| {
            let why = wanted.why_not.get(&note.option);
            let why = why.map_or_else(String::new, |why| format!("; why not: {}", line(why)));
            let state = note
                .state
                .as_str()
                .map_or_else(|| note.state.to_string(), str::to_owned);
            format!(
                "- {}: {state}, {}{why}",
                note.option.title(),
                line(&note.note)
            )
        }));
        lines.extend(now.approval());
        lines.push(format!("Requested by {} on {}", self.by, self.at.day()));
        if let Some(operator) = &self.filed_by {
            lines.push(format!("Put in at the machine by {}", line(operator)));
        }
        lines.push(format!("Facts {}", line(&now.facts)));
        Statement::of_lines(&lines)
    }

    /// Somebody approves it: it may be issued. `seen` is the digest of the statement that they read.
    ///
    /// # Errors
    /// It was decided before, the approver has to do with it, gives no reason, or read another statement.
    pub fn approve(self, closing: Closing, seen: &str) -> Result<Self, Refusal> {
        if closing.by == self.by || closing.by == self.wanted.owner {
            return Err(Refusal::Conflict(closing.by));
        }
        if self.statement().digest() != seen {
            return Err(Refusal::OtherStatement);
        }
        self.decided(State::Approved, closing)
    }

    /// Somebody denies it.
    ///
    /// # Errors
    /// It was decided before, or there is no reason.
    pub fn deny(self, closing: Closing) -> Result<Self, Refusal> {
        self.decided(State::Denied, closing)
    }

    /// Who asked does not want it any more.
    ///
    /// # Errors
    /// It was decided before, or somebody else asked.
    pub fn withdraw(self, closing: Closing) -> Result<Self, Refusal> {
        if closing.by != self.by {
            return Err(Refusal::NotTheirs(self.by));
        }
        self.decided(State::Withdrawn, closing)
    }

    fn decided(self, state: State, closing: Closing) -> Result<Self, Refusal> {
        if self.state != State::Requested {
            return Err(Refusal::State {
                state: self.state.word(),
                act: state.word(),
            });
        }
        crate::exception::text("the reason", &closing.reason)?;
        Ok(Self {
            state,
            closing: Some(closing),
            ..self
        })
    }

    /// Itself as an object of access.
    #[must_use]
    pub fn object(&self, unit: Unit) -> Object {
        Object {
            people: Involved {
                owners: vec![self.wanted.owner.clone()],
                requested_by: vec![self.by.clone()],
                ..Involved::default()
            },
            level: self.forecast.level,
            authority: crate::access::Authority::for_level(self.forecast.level),
            ..Object::new(ObjectKind::KeyRequest, &self.id, unit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn who(id: &str) -> PersonId {
        PersonId::new(id).unwrap()
    }

    fn now() -> Moment {
        Moment::from_micros(1_795_721_000_000_000)
    }

    fn forecast(state: &Value) -> Forecast {
        let note = |option: ReplacementOption, state: Value| OptionNote {
            option,
            state,
            offered: true,
            note: "a note".to_owned(),
            source: None,
        };
        Forecast {
            verdict: Verdict::Constrain,
            level: Level::B2,
            instead: None,
            options: vec![
                note(ReplacementOption::WorkloadIdentityFederation, state.clone()),
                note(ReplacementOption::OauthClientSecret, json!("no")),
            ],
            needs_exception: true,
            because: vec!["It may write.".to_owned()],
            facts: "f".to_owned(),
            policy: "p".to_owned(),
        }
    }

    fn wanted(why_not: bool, days: i64) -> Wanted {
        let option = ReplacementOption::WorkloadIdentityFederation;
        let said = [(option, "the appliance has no identity".to_owned())];
        Wanted {
            provider: "acme".to_owned(),
            credential: "api_key".to_owned(),
            purpose: "nightly export".to_owned(),
            why_not: said.into_iter().filter(|_| why_not).collect(),
            owner: who("olga"),
            expires: now().day().plus(days),
            consumers: vec![Runtime::Appliance],
            facts: BTreeMap::new(),
        }
    }

    fn make(why_not: bool, days: i64, state: &Value) -> Result<KeyRequest, Refusal> {
        let (by, policy) = (who("ann"), Policy::builtin());
        KeyRequest::make(
            "q1",
            wanted(why_not, days),
            forecast(state),
            &by,
            &policy,
            now(),
        )
    }

    fn closing(by: &str, reason: &str) -> Closing {
        Closing {
            by: who(by),
            reason: reason.to_owned(),
            at: now(),
        }
    }

    #[test]
    fn every_option_that_is_not_ruled_out_has_to_be_spoken_of() {
        let error = make(false, 30, &json!("now")).unwrap_err();
        assert!(matches!(error, Refusal::WhyNot(_)), "{error}");
        assert!(
            make(false, 30, &json!("unknown")).is_err(),
            "unknown is no no"
        );
        make(false, 30, &json!("no")).unwrap();
        let text = make(true, 30, &json!("now")).unwrap().statement();
        assert!(
            text.text()
                .contains("why not: the appliance has no identity")
        );
    }

    #[test]
    fn a_key_ends_and_not_later_than_it_would_be_rotated() {
        assert!(make(true, 0, &json!("no")).is_err());
        assert!(make(true, 36_500, &json!("no")).is_err());
    }

    proptest! {
        #[test]
        fn nobody_approves_what_they_ask_for_or_answer_for(by in "ann|olga|bob|cleo", reason in "|read it") {
            let request = make(true, 30, &json!("unknown")).unwrap();
            let statement = request.statement();
            let done = request.approve(closing(&by, &reason), statement.digest());
            let may = !matches!(by.as_str(), "ann" | "olga") && !reason.is_empty();
            prop_assert_eq!(done.is_ok(), may);
        }
    }

    #[test]
    fn what_was_decided_is_decided_once_and_on_what_was_read() {
        let request = make(true, 30, &json!("unknown")).unwrap();
        let other = request.clone().approve(closing("bob", "yes"), "other");
        assert_eq!(other, Err(Refusal::OtherStatement));
        assert!(request.clone().withdraw(closing("bob", "no")).is_err());
        let withdrawn = request.clone().withdraw(closing("ann", "no need")).unwrap();
        assert_eq!(withdrawn.state(), State::Withdrawn);
        assert!(withdrawn.deny(closing("bob", "no")).is_err());
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<KeyRequest>(&text).unwrap(), request);
        let mut changed = forecast(&json!("now"));
        changed.instead = Some(ReplacementOption::WorkloadIdentityFederation);
        let difference = request
            .statement()
            .difference(&request.statement_for(&changed));
        assert!(
            difference.iter().any(|line| line.starts_with("- ")),
            "{difference:?}"
        );
        assert!(
            difference
                .iter()
                .any(|line| line.contains("another way today"))
        );
    }
}
