//! The register of exceptions: who asks, who approves, who accepts the risk, when it ends, and what brings it back.
//!
//! Every rule takes a clock reading and gives a value; what day it is decides the state of an exception, not
//! whether some job ran. Nothing here can be built without its parts: an exception in force holds a request, an
//! approval and an acceptance of the same statement, signed by people who neither ask for, own nor use the key.
//! What was read back from storage passes the same checks.

use crate::{
    access::{Authority, Involved, Object, ObjectKind, PersonId, Unit},
    day::Day,
    facts::Verdict,
    level::Level,
    moment::Moment,
    policy::Policy,
};
use serde::{Deserialize, Serialize};

mod granted;
mod register;
mod standing;
mod statement;

pub use granted::{
    ClassAcceptance, LAPSE_DAYS, Permanent, REAFFIRM_DAYS, Reopened, Signed, Status, Transitional,
};
pub use register::{Closing, Event, Exception, Outcome, Stage};
pub use statement::Statement;
pub(crate) use statement::line;

/// Renewals of a transitional exception by the usual authority; from the next on it is one level up.
pub const RENEWALS: u32 = 2;

/// The longest text of one field, in characters.
const LONGEST: usize = 4_000;

/// What was judged of a key, as far as an exception rests on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The key's id.
    pub key: String,
    /// The key's name.
    pub name: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The blast radius.
    pub level: Level,
    /// Whether the verdict allows an exception.
    pub exception_allowed: bool,
    /// The facts that verdict and level rest on, as sentences.
    pub because: Vec<String>,
    /// The digest of those facts; not of facts that change with every use, as the day of the last one.
    pub facts: String,
    /// The digest of the policy that was in force.
    pub policy: String,
}

/// What an exception is for, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Subject {
    /// One key until a date. On that day it is expired.
    Transitional {
        /// The key.
        key: Standing,
        /// The end date.
        until: Day,
    },
    /// One key that nothing can replace, for as long as its reviews are kept.
    Permanent {
        /// The key.
        key: Standing,
        /// Days between reviews.
        review_days: u32,
    },
    /// Every key that a selector picks and that is `minor`, now and later. Never above B1.
    Class {
        /// The selector, as people write it.
        selector: String,
        /// Days between reviews.
        review_days: u32,
    },
}

impl Subject {
    /// The highest level that this exception can cover.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Transitional { key, .. } | Self::Permanent { key, .. } => key.level,
            Self::Class { .. } => Level::B1,
        }
    }

    /// What was judged of its key.
    #[must_use]
    pub fn standing(&self) -> Option<&Standing> {
        match self {
            Self::Transitional { key, .. } | Self::Permanent { key, .. } => Some(key),
            Self::Class { .. } => None,
        }
    }

    fn with(&self, standing: Standing) -> Self {
        let mut other = self.clone();
        match &mut other {
            Self::Transitional { key, .. } | Self::Permanent { key, .. } => *key = standing,
            Self::Class { .. } => {}
        }
        other
    }
}

/// What the one who asks has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reasons {
    /// The control that is bypassed.
    pub bypassed: String,
    /// Why the key is needed.
    pub why: String,
    /// What stands in the way of doing without it.
    pub blocker: String,
    /// What is done in its place; at least one.
    pub compensating: Vec<String>,
}

/// Why something about an exception is refused: what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A text is missing or too long.
    #[error("{field} {problem}")]
    Text {
        /// Which one.
        field: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// The verdict allows no exception.
    #[error("`{0}` allows no exception: clear the finding itself")]
    NotAllowed(Verdict),
    /// Only an irreplaceable key gets a permanent one.
    #[error(
        "a permanent exception is for `irreplaceable` alone, and this key is `{0}`: ask for one with an end date"
    )]
    NotIrreplaceable(Verdict),
    /// The end date is not ahead.
    #[error("{until} is not after {today}: name a later end date")]
    EndsBeforeItBegins {
        /// The end date asked for.
        until: Day,
        /// Today.
        today: Day,
    },
    /// The end date is beyond the cap.
    #[error(
        "{until} is later than {latest}, the latest that the policy allows at {level}: name an earlier end date"
    )]
    TooLong {
        /// The end date asked for.
        until: Day,
        /// The latest.
        latest: Day,
        /// The level of the key.
        level: Level,
    },
    /// The signer has to do with the key.
    #[error("{person} {tie} this and cannot sign it: ask somebody else")]
    Conflict {
        /// Who wanted to sign.
        person: PersonId,
        /// How they are tied to it.
        tie: Tie,
    },
    /// From B3 two people sign, and two sign what was put in at the machine.
    #[error(
        "{person} approved this already, and somebody else has to accept the risk: from B3, and of what was put in at \
         the machine"
    )]
    SamePerson {
        /// Who wanted to do both.
        person: PersonId,
    },
    /// The authority does not reach.
    #[error("accepting this needs the authority `{needed}`, and {person} has `{has}` here")]
    Authority {
        /// Who wanted to sign.
        person: PersonId,
        /// What is needed.
        needed: Authority,
        /// What they have.
        has: Authority,
    },
    /// The statement is not the one that was read.
    #[error("the statement has changed since it was opened: read it again")]
    OtherStatement,
    /// Signatures are not in the order of time.
    #[error("the signature is dated before what it signs")]
    OutOfOrder,
    /// The parts are of another kind of exception.
    #[error("this is not a {0} exception")]
    OtherKind(&'static str),
    /// The state does not allow it.
    #[error("this exception is {state}: it cannot be {act}")]
    State {
        /// The state.
        state: &'static str,
        /// What was wanted.
        act: &'static str,
    },
    /// Somebody other than who asked.
    #[error("only {0}, who asked for it, can withdraw it: deny it instead")]
    NotTheirs(PersonId),
    /// The earlier exception is for another key.
    #[error("the exception before this one is for another key")]
    OtherKey,
}

words! {
    /// How a person is tied to what they wanted to sign.
    pub enum Tie { Requested = "requested", Owns = "answers for", Uses = "uses" }
}

/// Somebody asks for an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    id: String,
    subject: Subject,
    reasons: Reasons,
    by: PersonId,
    at: Moment,
    owners: Vec<PersonId>,
    users: Vec<PersonId>,
    /// How often the same key was renewed before.
    renewals: u32,
    supersedes: Option<String>,
    /// Who put it in at the machine, in the name of the one who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filed_by: Option<String>,
}

impl Request {
    /// A request. `earlier` is what was asked for in the last transitional exception of the same key that was granted,
    /// ended or not: asking again is a renewal, so that letting one run out, or ending it a day before, does not
    /// start the count anew.
    ///
    /// # Errors
    /// What the verdict, the policy or the texts do not allow.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a part that a request has to have"
    )]
    pub fn make(
        id: &str,
        subject: Subject,
        reasons: Reasons,
        by: &PersonId,
        involved: &Involved,
        earlier: Option<&Self>,
        policy: &Policy,
        now: Moment,
    ) -> Result<Self, Refusal> {
        let today = now.day();
        reasons.check()?;
        if let Some(standing) = subject.standing()
            && !standing.exception_allowed
        {
            return Err(Refusal::NotAllowed(standing.verdict));
        }
        match &subject {
            Subject::Transitional { key, until } => {
                let latest = today.plus(policy.due.later_cap.at(key.level));
                if *until <= today {
                    return Err(Refusal::EndsBeforeItBegins {
                        until: *until,
                        today,
                    });
                }
                if *until > latest {
                    return Err(Refusal::TooLong {
                        until: *until,
                        latest,
                        level: key.level,
                    });
                }
            }
            Subject::Permanent { key, .. } if key.verdict != Verdict::Irreplaceable => {
                return Err(Refusal::NotIrreplaceable(key.verdict));
            }
            Subject::Permanent { .. } => {}
            Subject::Class { selector, .. } => text("selector", selector)?,
        }
        let before = earlier;
        let same = |before: &&Self| {
            before.subject.standing().map(|key| &key.key) == subject.standing().map(|key| &key.key)
        };
        if before.is_some_and(|before| !same(&before)) {
            return Err(Refusal::OtherKey);
        }
        Ok(Self {
            id: id.to_owned(),
            renewals: match (&subject, before) {
                (Subject::Transitional { .. }, Some(before)) => before.renewals.saturating_add(1),
                _ => 0,
            },
            supersedes: before.map(|before| before.id.clone()),
            subject,
            reasons,
            by: by.clone(),
            at: now,
            owners: involved.owners.clone(),
            users: involved.users.clone(),
            filed_by: None,
        })
    }

    /// The same, put in at the machine by somebody who is not known as a person there. Whoever signs reads that, and
    /// two people sign, whatever the level.
    #[must_use]
    pub fn filed_by(self, operator: &str) -> Self {
        Self {
            filed_by: Some(operator.to_owned()),
            ..self
        }
    }

    /// Whether it was put in at the machine.
    #[must_use]
    pub fn is_filed(&self) -> bool {
        self.filed_by.is_some()
    }

    /// What the statement would say if it was asked for with what is true of the key now; of a class, what it says.
    #[must_use]
    pub fn statement_for(&self, now: &Standing) -> Statement {
        let subject = match self.subject.standing() {
            Some(signed) => self.subject.with(now.clone().to_compare(signed)),
            None => self.subject.clone(),
        };
        statement::of(&Self {
            subject,
            ..self.clone()
        })
    }

    /// The same exception to what is true of the key now, for signing again after it was reopened. Its end stays
    /// and it is no renewal.
    ///
    /// # Errors
    /// The verdict of today allows none.
    pub fn restated(
        &self,
        id: &str,
        standing: Standing,
        by: &PersonId,
        involved: &Involved,
        now: Moment,
    ) -> Result<Self, Refusal> {
        let before = self
            .subject
            .standing()
            .ok_or(Refusal::OtherKind("single key's"))?;
        if before.key != standing.key {
            return Err(Refusal::OtherKey);
        }
        if !standing.exception_allowed {
            return Err(Refusal::NotAllowed(standing.verdict));
        }
        match &self.subject {
            Subject::Permanent { .. } if standing.verdict != Verdict::Irreplaceable => {
                return Err(Refusal::NotIrreplaceable(standing.verdict));
            }
            Subject::Transitional { until, .. } if *until <= now.day() => {
                return Err(Refusal::EndsBeforeItBegins {
                    until: *until,
                    today: now.day(),
                });
            }
            _ => {}
        }
        Ok(Self {
            id: id.to_owned(),
            subject: self.subject.with(standing),
            by: by.clone(),
            at: now,
            owners: involved.owners.clone(),
            users: involved.users.clone(),
            supersedes: Some(self.id.clone()),
            filed_by: None,
            ..self.clone()
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is for.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What was said for it.
    #[must_use]
    pub fn reasons(&self) -> &Reasons {
        &self.reasons
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

    /// Who may not sign: who asks, who owns the key, who uses it.
    pub fn ties(&self) -> impl Iterator<Item = &PersonId> {
        std::iter::once(&self.by)
            .chain(&self.owners)
            .chain(&self.users)
    }

    /// How often the same key was renewed, this time included.
    #[must_use]
    pub fn renewals(&self) -> u32 {
        self.renewals
    }

    /// The exception that it takes the place of.
    #[must_use]
    pub fn supersedes(&self) -> Option<&str> {
        self.supersedes.as_deref()
    }

    /// The authority that has to accept it: of the level, and one up after two renewals.
    #[must_use]
    pub fn authority(&self) -> Authority {
        let usual = Authority::for_level(self.subject.level());
        if self.renewals > RENEWALS {
            usual.up().unwrap_or(usual)
        } else {
            usual
        }
    }

    /// What is signed, as text.
    #[must_use]
    pub fn statement(&self) -> Statement {
        statement::of(self)
    }

    /// Approves it. `seen` is the digest of the statement that the approver read.
    ///
    /// # Errors
    /// The approver is tied to the key, gives no reason, or read another statement.
    pub fn approve(
        &self,
        by: &PersonId,
        reason: &str,
        seen: &str,
        now: Moment,
    ) -> Result<Approval, Refusal> {
        let approval = Approval {
            statement: seen.to_owned(),
            by: by.clone(),
            reason: reason.trim().to_owned(),
            at: now,
        };
        self.check_approval(&approval)?;
        Ok(approval)
    }

    /// Accepts the risk. `authority` is what the acceptor holds in the key's unit.
    ///
    /// # Errors
    /// The acceptor is tied to the key, approved it (from B3), lacks authority, gives no reason, or read another
    /// statement.
    pub fn accept(
        &self,
        approval: &Approval,
        by: &PersonId,
        authority: Authority,
        reason: &str,
        seen: &str,
        now: Moment,
    ) -> Result<Acceptance, Refusal> {
        let acceptance = Acceptance {
            statement: seen.to_owned(),
            by: by.clone(),
            authority,
            reason: reason.trim().to_owned(),
            at: now,
        };
        self.check_approval(approval)?;
        self.check_acceptance(approval, &acceptance)?;
        Ok(acceptance)
    }

    /// Itself as an object of access; what was signed so far counts for who may sign next.
    #[must_use]
    pub fn object(
        &self,
        unit: Unit,
        approval: Option<&Approval>,
        acceptance: Option<&Acceptance>,
    ) -> Object {
        Object {
            people: Involved {
                owners: self.owners.clone(),
                users: self.users.clone(),
                requested_by: vec![self.by.clone()],
                approved_by: approval.map(|a| a.by.clone()).into_iter().collect(),
                accepted_by: acceptance.map(|a| a.by.clone()).into_iter().collect(),
                asked: Vec::new(),
            },
            level: self.subject.level(),
            authority: self.authority(),
            ..Object::new(ObjectKind::Exception, &self.id, unit)
        }
    }

    fn check_approval(&self, approval: &Approval) -> Result<(), Refusal> {
        self.check_signer(&approval.by)?;
        self.check_signature(&approval.statement, &approval.reason)?;
        if approval.at < self.at {
            return Err(Refusal::OutOfOrder);
        }
        Ok(())
    }

    fn check_acceptance(
        &self,
        approval: &Approval,
        acceptance: &Acceptance,
    ) -> Result<(), Refusal> {
        self.check_signer(&acceptance.by)?;
        let takes_two = self.subject.level() >= Level::B3 || self.is_filed();
        if takes_two && approval.by == acceptance.by {
            return Err(Refusal::SamePerson {
                person: acceptance.by.clone(),
            });
        }
        let needed = self.authority();
        if acceptance.authority < needed {
            return Err(Refusal::Authority {
                person: acceptance.by.clone(),
                needed,
                has: acceptance.authority,
            });
        }
        self.check_signature(&acceptance.statement, &acceptance.reason)?;
        if acceptance.at < approval.at {
            return Err(Refusal::OutOfOrder);
        }
        Ok(())
    }

    /// Nobody signs what they request, own or use.
    fn check_signer(&self, person: &PersonId) -> Result<(), Refusal> {
        let tie = if self.by == *person {
            Tie::Requested
        } else if self.owners.contains(person) {
            Tie::Owns
        } else if self.users.contains(person) {
            Tie::Uses
        } else {
            return Ok(());
        };
        Err(Refusal::Conflict {
            person: person.clone(),
            tie,
        })
    }

    fn check_signature(&self, seen: &str, reason: &str) -> Result<(), Refusal> {
        text("the reason", reason)?;
        if self.statement().digest() != seen {
            return Err(Refusal::OtherStatement);
        }
        Ok(())
    }
}

impl Reasons {
    fn check(&self) -> Result<(), Refusal> {
        text("bypassed", &self.bypassed)?;
        text("why", &self.why)?;
        text("blocker", &self.blocker)?;
        if self.compensating.is_empty() {
            let problem = "is empty: name at least one compensating control";
            return Err(Refusal::Text {
                field: "compensating",
                problem,
            });
        }
        self.compensating
            .iter()
            .try_for_each(|control| text("compensating", control))
    }
}

pub(crate) fn text(field: &'static str, text: &str) -> Result<(), Refusal> {
    let refuse = |problem| Err(Refusal::Text { field, problem });
    if text.trim().is_empty() {
        return refuse("is empty: write a sentence");
    }
    if text.chars().count() > LONGEST {
        return refuse("is longer than 4,000 characters: attach it as evidence");
    }
    Ok(())
}

/// Somebody approved a request. Counts for nothing until it is joined to its request, which checks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    statement: String,
    by: PersonId,
    reason: String,
    at: Moment,
}

impl Approval {
    /// Who approved.
    #[must_use]
    pub fn by(&self) -> &PersonId {
        &self.by
    }

    /// Their words.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Moment {
        self.at
    }
}

/// Somebody accepted a risk. Counts for nothing until it is joined to its request, which checks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    statement: String,
    by: PersonId,
    authority: Authority,
    reason: String,
    at: Moment,
}

impl Acceptance {
    /// Who accepted.
    #[must_use]
    pub fn by(&self) -> &PersonId {
        &self.by
    }

    /// The authority with which they did.
    #[must_use]
    pub fn authority(&self) -> Authority {
        self.authority
    }

    /// Their words.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Moment {
        self.at
    }
}

#[cfg(test)]
mod tests;
