//! What happened: who did what to what, when, and with which outcome. One event is one leaf of the log.

use crate::{
    access::Act,
    day::Day,
    digest,
    facts::Verdict,
    id::{ExceptionId, JobId, KeyId, PersonId, RunId, SourceId},
    level::Level,
    moment::Moment,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The schema name that every event carries.
pub const SCHEMA: &str = "tenure.event/1";

/// One event of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// When.
    pub at: Moment,
    /// Who.
    pub who: Actor,
    /// What, and on what.
    pub change: Change,
    /// How it came out.
    pub outcome: Outcome,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Actor {
    /// A person who logged in.
    Person {
        /// Their id.
        id: PersonId,
    },
    /// An API token.
    Token {
        /// The id of the token; nothing of its secret.
        id: String,
        /// Whose it is.
        of: PersonId,
    },
    /// Somebody with a shell on this machine.
    Operator {
        /// The user name.
        user: String,
    },
    /// The product itself.
    System {
        /// Which part: `scheduler`, `worker`.
        part: String,
    },
    /// Nobody who is known.
    Anonymous,
}

/// How an act came out, and which policies decided that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// It was done.
    Done {
        /// The ids of the policies that permit it; empty where no policy was asked, as for what the product does.
        policies: Vec<String>,
        /// Digest of all policies that were in force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rules: Option<String>,
    },
    /// It was refused, and nothing changed.
    Denied {
        /// The ids of the policies that forbid it; empty where none permits it.
        policies: Vec<String>,
        /// Digest of all policies that were in force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rules: Option<String>,
        /// Why, as a sentence.
        why: String,
    },
}

/// One fact of a key that is now said to be different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactChange {
    /// The fact, or the field of the key.
    pub fact: String,
    /// What it was; `null` where nobody had said anything.
    #[schemars(with = "crate::value::FactValue")]
    pub from: Value,
    /// What it is.
    #[schemars(with = "crate::value::FactValue")]
    pub to: Value,
    /// Who says so.
    pub source: String,
}

/// What changed, and on what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// The register was made.
    RegisterMade {
        /// The origin line of its checkpoints.
        origin: String,
    },
    /// An import began.
    ImportBegun {
        /// The run.
        run: RunId,
        /// The source.
        source: SourceId,
        /// SHA-256 of what is imported.
        hash: String,
    },
    /// A part of an import was written.
    ImportContinued {
        /// The run.
        run: RunId,
        /// The source.
        source: SourceId,
        /// How many records of it are written now.
        records: u64,
    },
    /// An import is whole.
    ImportFinished {
        /// The run.
        run: RunId,
        /// The source.
        source: SourceId,
        /// How many records it has.
        records: u64,
        /// How many of them were new.
        new: u64,
        /// How many say something else than before.
        changed: u64,
        /// How many the source no longer has, though it was read whole.
        vanished: u64,
    },
    /// An import was given up for a newer one of the same source; what it had written stands until that one ends.
    ImportAbandoned {
        /// The run.
        run: RunId,
        /// The source.
        source: SourceId,
    },
    /// A key came to be known.
    KeyAdded {
        /// The key.
        key: KeyId,
        /// The provider's slug.
        provider: String,
        /// The name that people know it by.
        name: Option<String>,
    },
    /// Facts of a key changed.
    FactsChanged {
        /// The key.
        key: KeyId,
        /// Each of them.
        facts: Vec<FactChange>,
    },
    /// A source that was read whole no longer has this key.
    KeyVanished {
        /// The key.
        key: KeyId,
        /// The source.
        source: SourceId,
    },
    /// A source has this key again.
    KeyReturned {
        /// The key.
        key: KeyId,
        /// The source.
        source: SourceId,
    },
    /// Two keys turned out to be one.
    KeysJoined {
        /// The key that stays.
        key: KeyId,
        /// The id that leads to it from now on.
        from: KeyId,
    },
    /// A key is judged differently.
    Decided {
        /// The key.
        key: KeyId,
        /// The finding before.
        from: Option<Verdict>,
        /// The finding now.
        to: Verdict,
        /// The level now.
        level: Level,
        /// When it is due.
        due: Option<Day>,
        /// Digest of the facts.
        facts: String,
        /// Digest of the policy.
        policy: String,
    },
    /// A person answers for keys.
    OwnerAssigned {
        /// The keys.
        keys: Vec<KeyId>,
        /// The person; `None` takes the owner away.
        owner: Option<String>,
    },
    /// An exception moved on.
    Exception {
        /// The exception.
        exception: ExceptionId,
        /// The key; `None` for a class.
        key: Option<KeyId>,
        /// What was done: `requested`, `approved`, `denied`, `withdrawn`, `accepted`, `ended`, `reviewed`,
        /// `reaffirmed`, `superseded`, `acceptor_left`; and what day and facts made of a granted one: `in_force`,
        /// `reaffirm_due`, `lapsed`, `reopened`, `expired`.
        step: String,
        /// Digest of the statement that it is about.
        statement: Option<String>,
    },
    /// The people list changed.
    PeopleChanged {
        /// Who is new or different.
        people: Vec<PersonId>,
    },
    /// A system, an integration or a vendor is declared differently.
    Declared {
        /// `system`, `integration`, `vendor`, `settings` or another room of the register.
        kind: String,
        /// Its id.
        id: String,
        /// What is declared now.
        now: Value,
    },
    /// A run of other work began, went on or ended.
    Run {
        /// The run.
        run: RunId,
        /// `begun`, `finished`, `failed`.
        step: String,
        /// What it did.
        counts: Value,
    },
    /// A piece of work was given up after its last attempt.
    JobFailed {
        /// The job.
        job: JobId,
        /// Its kind.
        kind: String,
        /// What stood in its way.
        why: String,
    },
    /// An act without a form of its own: a login, an export, an attempt that was refused.
    Act {
        /// The verb: `login`, `export`, `approve_exception`.
        act: String,
        /// The kind of what it is about.
        kind: String,
        /// The id of what it is about.
        id: String,
        /// More about it; never a secret.
        detail: Value,
    },
}

impl Change {
    /// The word for what changed, and the id of what it is about, to find the event by.
    #[must_use]
    pub fn about(&self) -> (&'static str, String) {
        match self {
            Self::RegisterMade { origin } => ("register_made", origin.clone()),
            Self::ImportBegun { source, .. } => ("import_begun", source.to_string()),
            Self::ImportContinued { source, .. } => ("import_continued", source.to_string()),
            Self::ImportFinished { source, .. } => ("import_finished", source.to_string()),
            Self::ImportAbandoned { source, .. } => ("import_abandoned", source.to_string()),
            Self::KeyAdded { key, .. } => ("key_added", key.to_string()),
            Self::FactsChanged { key, .. } => ("facts_changed", key.to_string()),
            Self::KeyVanished { key, .. } => ("key_vanished", key.to_string()),
            Self::KeyReturned { key, .. } => ("key_returned", key.to_string()),
            Self::KeysJoined { key, .. } => ("keys_joined", key.to_string()),
            Self::Decided { key, .. } => ("decided", key.to_string()),
            Self::OwnerAssigned { keys, owner } => (
                "owner_assigned",
                match keys.as_slice() {
                    [one] => one.to_string(),
                    _ => owner.clone().unwrap_or_default(),
                },
            ),
            Self::Exception { exception, key, .. } => (
                "exception",
                key.as_ref()
                    .map_or_else(|| exception.to_string(), ToString::to_string),
            ),
            Self::PeopleChanged { .. } => ("people_changed", String::new()),
            Self::Declared { id, .. } => ("declared", id.clone()),
            Self::Run { run, .. } => ("run", run.to_string()),
            Self::JobFailed { job, .. } => ("job_failed", job.to_string()),
            Self::Act { id, .. } => ("act", id.clone()),
        }
    }
}

impl Actor {
    /// Who did, or wanted to do, an act.
    #[must_use]
    pub fn of(act: &Act) -> Self {
        match act.actor.split_once(':') {
            Some(("person", id)) => Self::Person {
                id: PersonId::new(id),
            },
            Some(("operator", user)) => Self::Operator {
                user: user.to_owned(),
            },
            Some(("worker", part)) => Self::System {
                part: part.to_owned(),
            },
            _ => Self::Anonymous,
        }
    }

    /// Who it is, on one line: `person:anna`, `operator:root`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Person { id } => format!("person:{id}"),
            Self::Token { id, of } => format!("token:{id}:{of}"),
            Self::Operator { user } => format!("operator:{user}"),
            Self::System { part } => format!("system:{part}"),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }
}

impl Event {
    fn new(who: Actor, at: Moment, change: Change, outcome: Outcome) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            at,
            who,
            change,
            outcome,
        }
    }

    /// What came of an act that was permitted.
    #[must_use]
    pub fn done(act: &Act, at: Moment, change: Change) -> Self {
        let outcome = Outcome::Done {
            policies: act.policies.clone(),
            rules: Some(act.rules.clone()),
        };
        Self::new(Actor::of(act), at, change, outcome)
    }

    /// An act that was refused; nothing changed.
    #[must_use]
    pub fn denied(act: &Act, at: Moment, why: impl Into<String>) -> Self {
        let change = Change::Act {
            act: act.action.word().to_owned(),
            kind: act.object.word().to_owned(),
            id: act.object_id.clone(),
            detail: Value::Null,
        };
        let outcome = Outcome::Denied {
            policies: act.policies.clone(),
            rules: Some(act.rules.clone()),
            why: why.into(),
        };
        Self::new(Actor::of(act), at, change, outcome)
    }

    /// What a part of the product does of itself, which no policy is asked about.
    #[must_use]
    pub fn of_product(part: &str, at: Moment, change: Change) -> Self {
        let who = Actor::System {
            part: part.to_owned(),
        };
        let outcome = Outcome::Done {
            policies: Vec::new(),
            rules: None,
        };
        Self::new(who, at, change, outcome)
    }

    /// Its canonical bytes (RFC 8785): the entry of the log.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        digest::canonical(self)
    }
}
