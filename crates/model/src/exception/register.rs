//! One exception from its request to its end: a pure function over what happened, which folds.

use super::{
    Acceptance, Approval, ClassAcceptance, Permanent, Refusal, Request, Standing, Status, Subject,
    Transitional,
};
use crate::{
    access::{Authority, PersonId},
    day::Day,
    moment::Moment,
};
use serde::{Deserialize, Serialize};

/// Who closed an exception, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// Who.
    pub by: PersonId,
    /// Their words.
    pub reason: String,
    /// When.
    pub at: Moment,
}

words! {
    /// How an exception was closed.
    pub enum Outcome { Denied = "denied", Withdrawn = "withdrawn", Ended = "ended" }
}

words! {
    /// What reports count. *Eligible* keys have no exception yet, so that they are counted elsewhere.
    pub enum Stage {
        AwaitingApproval = "awaiting_approval",
        AwaitingAcceptance = "awaiting_acceptance",
        Approved = "approved",
        Reopened = "reopened",
        Expired = "expired",
        Denied = "denied",
        Withdrawn = "withdrawn",
        Ended = "ended",
    }
}

/// What can happen to an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Somebody approved the request.
    Approved(Approval),
    /// Somebody denied it.
    Denied(Closing),
    /// Who asked does not want it any more.
    Withdrawn(Closing),
    /// Somebody accepted the risk: it is granted.
    Accepted(Acceptance),
    /// A review was kept.
    Reviewed {
        /// What was judged of the key then; none for a class.
        key: Option<Standing>,
        /// Who reviewed.
        by: PersonId,
        /// With which authority.
        authority: Authority,
        /// Their words.
        reason: String,
        /// When.
        at: Moment,
    },
    /// A person left; it matters if they are the acceptor.
    PersonLeft {
        /// Who.
        person: PersonId,
        /// On which day.
        on: Day,
    },
    /// Somebody took the acceptance over.
    Reaffirmed {
        /// The digest of the statement that they read.
        statement: String,
        /// Who.
        by: PersonId,
        /// With which authority.
        authority: Authority,
        /// Their words.
        reason: String,
        /// When.
        at: Moment,
    },
    /// It was ended before its day.
    Ended(Closing),
}

/// An exception in one of its states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Exception {
    /// Waits for an approver.
    Requested(Request),
    /// Waits for an acceptor.
    Approved {
        /// The request.
        request: Request,
        /// Its approval.
        approval: Approval,
    },
    /// Granted until a date.
    Transitional(Transitional),
    /// Granted as long as it is reviewed.
    Permanent(Permanent),
    /// Granted for a class of keys.
    Class(ClassAcceptance),
    /// Closed by a person; what merely ran out is not.
    Closed {
        /// The request.
        request: Request,
        /// How.
        outcome: Outcome,
        /// By whom and why.
        closing: Closing,
    },
}

impl Exception {
    /// The state after all that happened.
    ///
    /// # Errors
    /// The first event that the rules do not take: a log that was tampered with does not fold.
    pub fn fold(
        request: Request,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<Self, Refusal> {
        events
            .into_iter()
            .try_fold(Self::Requested(request), Self::next)
    }

    /// The state after one more event.
    ///
    /// # Errors
    /// The state or the rules do not take it.
    pub fn next(self, event: Event) -> Result<Self, Refusal> {
        let state = self.word();
        let refuse = |act| Err(Refusal::State { state, act });
        match (self, event) {
            (Self::Requested(request), Event::Approved(approval)) => {
                request.check_approval(&approval)?;
                Ok(Self::Approved { request, approval })
            }
            (_, Event::Approved(_)) => refuse("approved"),
            (Self::Approved { request, approval }, Event::Accepted(acceptance)) => {
                Self::granted(request, approval, acceptance)
            }
            (_, Event::Accepted(_)) => refuse("accepted"),
            (Self::Requested(request) | Self::Approved { request, .. }, Event::Denied(closing)) => {
                Self::closed(request, Outcome::Denied, closing)
            }
            (_, Event::Denied(_)) => refuse("denied"),
            (
                Self::Requested(request) | Self::Approved { request, .. },
                Event::Withdrawn(closing),
            ) => {
                if closing.by != *request.by() {
                    return Err(Refusal::NotTheirs(request.by().clone()));
                }
                Self::closed(request, Outcome::Withdrawn, closing)
            }
            (_, Event::Withdrawn(_)) => refuse("withdrawn"),
            (
                Self::Permanent(mut granted),
                Event::Reviewed {
                    key: Some(key),
                    by,
                    authority,
                    reason,
                    at,
                },
            ) => {
                granted.review(&key, &by, authority, &reason, at)?;
                Ok(Self::Permanent(granted))
            }
            (
                Self::Class(mut granted),
                Event::Reviewed {
                    key: None,
                    by,
                    authority,
                    reason,
                    at,
                },
            ) => {
                granted.review(&by, authority, &reason, at)?;
                Ok(Self::Class(granted))
            }
            (_, Event::Reviewed { .. }) => refuse("reviewed"),
            (mut any, Event::PersonLeft { person, on }) => {
                match &mut any {
                    Self::Transitional(granted) => granted.acceptor_left(&person, on),
                    Self::Permanent(granted) => granted.acceptor_left(&person, on),
                    Self::Class(granted) => granted.acceptor_left(&person, on),
                    Self::Requested(_) | Self::Approved { .. } | Self::Closed { .. } => false,
                };
                Ok(any)
            }
            (
                mut any,
                Event::Reaffirmed {
                    statement,
                    by,
                    authority,
                    reason,
                    at,
                },
            ) => {
                match &mut any {
                    Self::Transitional(granted) => {
                        granted.reaffirm(&by, authority, &reason, &statement, at)?
                    }
                    Self::Permanent(granted) => {
                        granted.reaffirm(&by, authority, &reason, &statement, at)?
                    }
                    Self::Class(granted) => {
                        granted.reaffirm(&by, authority, &reason, &statement, at)?
                    }
                    Self::Requested(_) | Self::Approved { .. } | Self::Closed { .. } => {
                        return refuse("reaffirmed");
                    }
                }
                Ok(any)
            }
            (Self::Transitional(granted), Event::Ended(closing)) => {
                Self::closed(granted.signed().request().clone(), Outcome::Ended, closing)
            }
            (Self::Permanent(granted), Event::Ended(closing)) => {
                Self::closed(granted.signed().request().clone(), Outcome::Ended, closing)
            }
            (Self::Class(granted), Event::Ended(closing)) => {
                Self::closed(granted.signed().request().clone(), Outcome::Ended, closing)
            }
            (_, Event::Ended(_)) => refuse("ended"),
        }
    }

    fn granted(
        request: Request,
        approval: Approval,
        acceptance: Acceptance,
    ) -> Result<Self, Refusal> {
        match request.subject() {
            Subject::Transitional { .. } => {
                Transitional::grant(request, approval, acceptance).map(Self::Transitional)
            }
            Subject::Permanent { .. } => {
                Permanent::grant(request, approval, acceptance).map(Self::Permanent)
            }
            Subject::Class { .. } => {
                ClassAcceptance::grant(request, approval, acceptance).map(Self::Class)
            }
        }
    }

    fn closed(request: Request, outcome: Outcome, closing: Closing) -> Result<Self, Refusal> {
        super::text("the reason", &closing.reason)?;
        if closing.at < request.at() {
            return Err(Refusal::OutOfOrder);
        }
        Ok(Self::Closed {
            request,
            outcome,
            closing,
        })
    }

    /// The request that it began with.
    #[must_use]
    pub fn request(&self) -> &Request {
        match self {
            Self::Requested(request)
            | Self::Approved { request, .. }
            | Self::Closed { request, .. } => request,
            Self::Transitional(granted) => granted.signed().request(),
            Self::Permanent(granted) => granted.signed().request(),
            Self::Class(granted) => granted.signed().request(),
        }
    }

    /// The state of a granted one; `key` is what is judged of its key now, and nothing for a class.
    #[must_use]
    pub fn status(&self, key: Option<&Standing>, today: Day) -> Option<Status> {
        match (self, key) {
            (Self::Transitional(granted), Some(key)) => Some(granted.status(key, today)),
            (Self::Permanent(granted), Some(key)) => Some(granted.status(key, today)),
            (Self::Class(granted), _) => Some(granted.status(today)),
            _ => None,
        }
    }

    /// What `tenure.facts/1` calls `exception.approved_until`: the first day on which the key is not covered, if it
    /// is covered today. A class covers no single key by this.
    #[must_use]
    pub fn approved_until(&self, key: &Standing, today: Day) -> Option<Day> {
        let (status, ends) = match self {
            Self::Transitional(granted) => (granted.status(key, today), granted.ends()),
            Self::Permanent(granted) => (granted.status(key, today), granted.ends()),
            _ => return None,
        };
        status.holds().then_some(ends)
    }

    /// Under what reports count it on a day.
    #[must_use]
    pub fn stage(&self, key: Option<&Standing>, today: Day) -> Stage {
        match self {
            Self::Requested(_) => Stage::AwaitingApproval,
            Self::Approved { .. } => Stage::AwaitingAcceptance,
            Self::Closed {
                outcome: Outcome::Denied,
                ..
            } => Stage::Denied,
            Self::Closed {
                outcome: Outcome::Withdrawn,
                ..
            } => Stage::Withdrawn,
            Self::Closed {
                outcome: Outcome::Ended,
                ..
            } => Stage::Ended,
            Self::Transitional(_) | Self::Permanent(_) | Self::Class(_) => {
                match self.status(key, today) {
                    Some(status) if status.holds() => Stage::Approved,
                    Some(Status::Expired { .. }) => Stage::Expired,
                    // The key is not known any more: what was signed of it is not what is true.
                    _ => Stage::Reopened,
                }
            }
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Requested(_) => "waiting for approval",
            Self::Approved { .. } => "waiting for acceptance",
            Self::Transitional(_) | Self::Permanent(_) | Self::Class(_) => "granted",
            Self::Closed { outcome, .. } => outcome.word(),
        }
    }
}
