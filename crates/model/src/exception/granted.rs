//! Exceptions in force: what was signed, until when it holds, and what brings it back.

use super::{Acceptance, Approval, Refusal, Request, Standing, Subject};
use crate::{
    access::{Authority, PersonId},
    day::Day,
    facts::Verdict,
    level::Level,
    moment::Moment,
};
use serde::{Deserialize, Serialize};

/// Days within which an acceptance is reaffirmed after its acceptor left.
pub const REAFFIRM_DAYS: i64 = 30;

/// Days for which a permanent exception still holds after a missed review.
pub const LAPSE_DAYS: i64 = 14;

/// A request with the two signatures it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Signed {
    // INVARIANT: approval and acceptance passed the checks of the request.
    request: Request,
    approval: Approval,
    acceptance: Acceptance,
    /// The day on which the acceptor left, unless it was reaffirmed since.
    left: Option<Day>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    request: Request,
    approval: Approval,
    acceptance: Acceptance,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<Day>,
}

impl TryFrom<Parts> for Signed {
    type Error = Refusal;
    fn try_from(parts: Parts) -> Result<Self, Refusal> {
        let signed = Self::join(parts.request, parts.approval, parts.acceptance)?;
        Ok(Self {
            left: parts.left,
            ..signed
        })
    }
}

impl From<Signed> for Parts {
    fn from(signed: Signed) -> Self {
        Self {
            request: signed.request,
            approval: signed.approval,
            acceptance: signed.acceptance,
            left: signed.left,
        }
    }
}

impl Signed {
    /// Joins a request with its signatures.
    ///
    /// # Errors
    /// A signature that the request does not take.
    pub fn join(
        request: Request,
        approval: Approval,
        acceptance: Acceptance,
    ) -> Result<Self, Refusal> {
        request.check_approval(&approval)?;
        request.check_acceptance(&approval, &acceptance)?;
        Ok(Self {
            request,
            approval,
            acceptance,
            left: None,
        })
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The approval.
    #[must_use]
    pub fn approval(&self) -> &Approval {
        &self.approval
    }

    /// The acceptance.
    #[must_use]
    pub fn acceptance(&self) -> &Acceptance {
        &self.acceptance
    }

    /// The last day on which an acceptance whose acceptor left can be reaffirmed.
    #[must_use]
    pub fn reaffirm_by(&self) -> Option<Day> {
        self.left.map(|day| day.plus(REAFFIRM_DAYS))
    }

    /// What of the key makes the acceptance be signed again: its level rose, or the statement would read
    /// differently today.
    #[must_use]
    pub fn reopened(&self, now: &Standing) -> Option<Reopened> {
        let then = self.request.subject.standing()?;
        if now.level > then.level {
            return Some(Reopened::LevelRose {
                from: then.level,
                to: now.level,
            });
        }
        let changed = self.request.statement_for(now) != self.request.statement();
        changed.then_some(Reopened::StatementChanged)
    }

    fn acceptor_left(&mut self, person: &PersonId, on: Day) -> bool {
        let theirs = self.acceptance.by == *person && self.left.is_none();
        if theirs {
            self.left = Some(on);
        }
        theirs
    }

    fn reaffirm(
        &mut self,
        by: &PersonId,
        authority: Authority,
        reason: &str,
        seen: &str,
        now: Moment,
    ) -> Result<(), Refusal> {
        let refuse = |state| {
            Err(Refusal::State {
                state,
                act: "reaffirmed",
            })
        };
        match self.reaffirm_by() {
            None => return refuse("accepted by somebody who is still here"),
            Some(by) if now.day() > by => return refuse("expired"),
            Some(_) => {}
        }
        if self.acceptance.by == *by {
            return Err(Refusal::State {
                state: "accepted by this person, who left",
                act: "reaffirmed",
            });
        }
        self.acceptance = self
            .request
            .accept(&self.approval, by, authority, reason, seen, now)?;
        self.left = None;
        Ok(())
    }

    /// The state, of an exception that ends on `ends` if nothing of the key changed.
    fn status(&self, ends: Day, lapsed: bool, key: Option<&Standing>, today: Day) -> Status {
        if today >= ends {
            return Status::Expired { on: ends };
        }
        if let Some(reopened) = key.and_then(|key| self.reopened(key)) {
            return Status::Reopened(reopened);
        }
        match self.reaffirm_by() {
            Some(by) => Status::ReaffirmDue { by },
            None if lapsed => Status::Lapsed { until: ends },
            None => Status::InForce { until: ends },
        }
    }

    /// The earlier of an end date and the day after the last for reaffirming.
    fn ends(&self, end: Day) -> Day {
        self.reaffirm_by().map_or(end, |by| end.min(by.plus(1)))
    }
}

/// Why an acceptance has to be signed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reopened {
    /// The blast radius rose.
    LevelRose {
        /// What was signed.
        from: Level,
        /// What is true.
        to: Level,
    },
    /// A fact that the statement names is another now.
    StatementChanged,
}

/// The state of a granted exception on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    InForce {
        /// The day on which it ends if nobody does anything.
        until: Day,
    },
    /// It holds; its acceptor left, and somebody has to reaffirm it.
    ReaffirmDue {
        /// The last day for that.
        by: Day,
    },
    /// Its review was missed: it holds as a transitional one.
    Lapsed {
        /// The end date.
        until: Day,
    },
    /// It does not hold: what was signed is not what is true.
    Reopened(Reopened),
    /// It does not hold any more.
    Expired {
        /// Since this day.
        on: Day,
    },
}

impl Status {
    /// Whether the key is covered.
    #[must_use]
    pub fn holds(self) -> bool {
        matches!(
            self,
            Self::InForce { .. } | Self::ReaffirmDue { .. } | Self::Lapsed { .. }
        )
    }
}

/// A key that may stay until a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Signed", into = "Signed")]
pub struct Transitional {
    signed: Signed,
    until: Day,
}

impl Transitional {
    /// Grants it. Cannot be built without a request, an approval and an acceptance of the same statement, or with
    /// a signature of somebody who requests, owns or uses the key.
    ///
    /// # Errors
    /// What the request does not take.
    pub fn grant(
        request: Request,
        approval: Approval,
        acceptance: Acceptance,
    ) -> Result<Self, Refusal> {
        Signed::join(request, approval, acceptance)?.try_into()
    }

    /// What was signed.
    #[must_use]
    pub fn signed(&self) -> &Signed {
        &self.signed
    }

    /// The end date that was signed. It never moves: a renewal is a new exception.
    #[must_use]
    pub fn until(&self) -> Day {
        self.until
    }

    /// The first day on which it does not hold.
    #[must_use]
    pub fn ends(&self) -> Day {
        self.signed.ends(self.until)
    }

    /// Its state, for what is judged of the key now.
    #[must_use]
    pub fn status(&self, key: &Standing, today: Day) -> Status {
        self.signed.status(self.ends(), false, Some(key), today)
    }
}

impl TryFrom<Signed> for Transitional {
    type Error = Refusal;
    fn try_from(signed: Signed) -> Result<Self, Refusal> {
        let Subject::Transitional { until, .. } = signed.request.subject else {
            return Err(Refusal::OtherKind("transitional"));
        };
        let today = signed.acceptance.at.day();
        // A reaffirmation is signed later than the grant, and no later than its own end.
        if today >= until {
            return Err(Refusal::EndsBeforeItBegins { until, today });
        }
        Ok(Self { signed, until })
    }
}

impl From<Transitional> for Signed {
    fn from(granted: Transitional) -> Self {
        granted.signed
    }
}

/// What holds as long as its reviews are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    signed: Signed,
    /// Each review is signed as an acceptance is.
    #[serde(default)]
    reviews: Vec<Acceptance>,
}

impl Kept {
    fn review_days(&self) -> u32 {
        match self.signed.request.subject {
            Subject::Permanent { review_days, .. } | Subject::Class { review_days, .. } => {
                review_days
            }
            Subject::Transitional { .. } => 0,
        }
    }

    /// From the last review, or from the first acceptance: a reaffirmation is no review, and the approval stands
    /// before both.
    fn review_due(&self) -> Day {
        let last = self.reviews.last().map(|review| review.at);
        let from = last.unwrap_or(self.signed.approval.at).day();
        from.plus(i64::from(self.review_days()))
    }

    fn ends(&self) -> Day {
        self.signed.ends(self.review_due().plus(LAPSE_DAYS))
    }

    fn status(&self, key: Option<&Standing>, today: Day) -> Status {
        self.signed
            .status(self.ends(), today > self.review_due(), key, today)
    }

    fn review(
        &mut self,
        key: Option<&Standing>,
        by: &PersonId,
        authority: Authority,
        reason: &str,
        now: Moment,
    ) -> Result<(), Refusal> {
        match self.status(key, now.day()) {
            Status::InForce { .. } => {}
            other => {
                let state = match other {
                    Status::ReaffirmDue { .. } => "to be reaffirmed first",
                    Status::Reopened(_) => "reopened",
                    Status::Lapsed { .. } => "lapsed; ask for it again",
                    _ => "expired",
                };
                return Err(Refusal::State {
                    state,
                    act: "reviewed",
                });
            }
        }
        let seen = self.signed.request.statement();
        // A review is a signature like the acceptance, by somebody who could have given that.
        let signature = self.signed.request.accept(
            &self.signed.approval,
            by,
            authority,
            reason,
            seen.digest(),
            now,
        )?;
        self.reviews.push(signature);
        Ok(())
    }

    fn checked(self) -> Result<Self, Refusal> {
        let mut before = self.signed.approval.at;
        for review in &self.reviews {
            self.signed
                .request
                .check_acceptance(&self.signed.approval, review)?;
            if review.at < before {
                return Err(Refusal::OutOfOrder);
            }
            before = review.at;
        }
        Ok(self)
    }
}

macro_rules! kept {
    ($(#[$meta:meta])* $name:ident, $kind:literal, $subject:pat) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "Kept", into = "Kept")]
        pub struct $name(Kept);

        impl $name {
            /// Grants it. Cannot be built without a request, an approval and an acceptance of the same statement,
            /// or with a signature of somebody who requests, owns or uses the key.
            ///
            /// # Errors
            /// What the request does not take.
            pub fn grant(request: Request, approval: Approval, acceptance: Acceptance) -> Result<Self, Refusal> {
                let signed = Signed::join(request, approval, acceptance)?;
                Kept { signed, reviews: Vec::new() }.try_into()
            }

            /// What was signed.
            #[must_use]
            pub fn signed(&self) -> &Signed {
                &self.0.signed
            }

            /// The last day for its next review; it is always shown with this date.
            #[must_use]
            pub fn review_due(&self) -> Day {
                self.0.review_due()
            }

            /// The first day on which it does not hold if nobody does anything.
            #[must_use]
            pub fn ends(&self) -> Day {
                self.0.ends()
            }

            pub(super) fn acceptor_left(&mut self, person: &PersonId, on: Day) -> bool {
                self.0.signed.acceptor_left(person, on)
            }

            pub(super) fn reaffirm(&mut self, by: &PersonId, authority: Authority, reason: &str, seen: &str, now: Moment) -> Result<(), Refusal> {
                self.0.signed.reaffirm(by, authority, reason, seen, now)
            }
        }

        impl TryFrom<Kept> for $name {
            type Error = Refusal;
            fn try_from(kept: Kept) -> Result<Self, Refusal> {
                match kept.signed.request.subject {
                    $subject => kept.checked().map(Self),
                    _ => Err(Refusal::OtherKind($kind)),
                }
            }
        }

        impl From<$name> for Kept {
            fn from(granted: $name) -> Self {
                granted.0
            }
        }
    };
}

kept!(
    /// A key that nothing can replace, as long as its reviews are kept.
    Permanent, "permanent", Subject::Permanent { .. }
);
kept!(
    /// One signed statement for every minor key that a selector picks.
    ClassAcceptance, "class", Subject::Class { .. }
);

impl Permanent {
    /// Its state, for what is judged of the key now.
    #[must_use]
    pub fn status(&self, key: &Standing, today: Day) -> Status {
        self.0.status(Some(key), today)
    }

    /// A review: signed by somebody who could accept it, before the last one is missed.
    ///
    /// # Errors
    /// It does not hold as it was signed, or the reviewer could not have accepted it.
    pub fn review(
        &mut self,
        key: &Standing,
        by: &PersonId,
        authority: Authority,
        reason: &str,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.0.review(Some(key), by, authority, reason, now)
    }
}

impl ClassAcceptance {
    /// Whether a key that its selector picks is covered: only a `minor` one, never above B1.
    #[must_use]
    pub fn covers(&self, verdict: Verdict, level: Level, today: Day) -> bool {
        verdict == Verdict::Minor && level <= Level::B1 && self.status(today).holds()
    }

    /// Its state.
    #[must_use]
    pub fn status(&self, today: Day) -> Status {
        self.0.status(None, today)
    }

    /// A review, as of a permanent exception.
    ///
    /// # Errors
    /// It does not hold any more, or the reviewer could not have accepted it.
    pub fn review(
        &mut self,
        by: &PersonId,
        authority: Authority,
        reason: &str,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.0.review(None, by, authority, reason, now)
    }
}

impl Transitional {
    pub(super) fn acceptor_left(&mut self, person: &PersonId, on: Day) -> bool {
        self.signed.acceptor_left(person, on)
    }

    pub(super) fn reaffirm(
        &mut self,
        by: &PersonId,
        authority: Authority,
        reason: &str,
        seen: &str,
        now: Moment,
    ) -> Result<(), Refusal> {
        if now.day() >= self.until {
            return Err(Refusal::State {
                state: "expired",
                act: "reaffirmed",
            });
        }
        self.signed.reaffirm(by, authority, reason, seen, now)
    }
}
