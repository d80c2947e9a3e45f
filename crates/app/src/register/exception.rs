//! Exceptions: asked for, approved, accepted, denied, ended, renewed, reviewed; and what day and facts make of them.

use super::{Denial, Desk, RegisterError, Result, named::Named};
use crate::judging::status_text;
use serde::Serialize;
use tenure_model::{
    access::{
        Action, Actor, Authority, Involved, Object, ObjectKind, PersonId, Unit, Via, authority_in,
    },
    day::Day,
    exception::{
        Acceptance, Approval, ClassAcceptance, Closing, Event, Exception, Outcome, Permanent,
        Reasons, Request, Signed, Stage, Standing, Statement, Status, Subject, Transitional,
    },
    id::{ExceptionId, KeyId},
    key::PersonState,
    level::Level,
    moment::Moment,
    pick::Pick,
};
use tenure_store::{ExceptionState, Registered, StoreError, StoredException, new_exception_id};

/// How many are read at once.
const CHUNK: u64 = 1000;

/// How long it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// Until a day.
    Until(Day),
    /// As long as its reviews are kept: for `irreplaceable` alone. The policy says how often.
    Permanent,
}

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What they say for it.
    pub reasons: Reasons,
    /// Who uses the key, as far as they know: those cannot sign.
    pub users: Vec<String>,
    /// At the machine: in whose name.
    pub in_name_of: Option<String>,
}

/// What a signature rests on.
#[derive(Debug, Clone, Copy)]
pub struct Signature<'s> {
    /// The words of who signs.
    pub reason: &'s str,
    /// The digest of the statement that they read.
    pub seen: &'s str,
    /// The version that they saw; whichever there is where none is named.
    pub version: Option<u64>,
}

/// An exception as it is shown.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[schemars(rename = "ExceptionShown")]
pub struct Shown {
    /// Its id.
    pub id: String,
    /// `transitional`, `permanent` or `class`.
    pub kind: &'static str,
    /// The key; none of a class.
    pub key: Option<KeyId>,
    /// What people call the key; the selector of a class.
    pub name: String,
    /// The blast radius that was signed, or is to be.
    pub level: Level,
    /// Under what it is counted today.
    pub stage: Stage,
    /// The same in words, with its date.
    pub told: String,
    /// The day on which it ends if nobody does anything.
    pub ends: Option<Day>,
    /// The last day for its next review.
    pub review_due: Option<Day>,
    /// Who asked.
    pub requested_by: PersonId,
    /// The authority that has to accept it.
    pub needs: Authority,
    /// How often its row was written.
    pub version: u64,
    /// What is signed, word for word, and its digest.
    pub statement: Statement,
    /// What it would say today, where that is different: then nobody can sign it as it is.
    pub today: Option<Statement>,
    /// The lines that differ.
    pub difference: Vec<String>,
    /// Who approved it.
    pub approval: Option<Approval>,
    /// Who accepted the risk.
    pub acceptance: Option<Acceptance>,
    /// How a person closed it.
    pub closed: Option<Closing>,
    /// A later one took its place.
    pub superseded: bool,
}

/// Whether the caller may sign something.
#[derive(Debug)]
pub enum Signing {
    /// They may, now.
    May,
    /// They may after they proved anew who they are.
    AfterSignIn,
    /// They may not, and why.
    Not(Box<Denial>),
}

impl Signing {
    /// Whether the signature is theirs to give, now or after they proved anew who they are.
    #[must_use]
    pub const fn is_theirs(&self) -> bool {
        matches!(self, Self::May | Self::AfterSignIn)
    }
}

/// Days before a review is due in which it waits for its signature.
const REVIEW_NEAR: i64 = 30;

fn is_review_near(exception: &Exception, today: Day) -> bool {
    let due = match exception {
        Exception::Permanent(granted) => granted.review_due(),
        Exception::Class(granted) => granted.review_due(),
        _ => return false,
    };
    due.since(today) <= REVIEW_NEAR
}

/// What reports count, each apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ExceptionCounts {
    /// Keys whose verdict allows one and that have none, nor one that waits.
    pub eligible: u64,
    /// Waiting for an approver.
    pub awaiting_approval: u64,
    /// Waiting for an acceptor.
    pub awaiting_acceptance: u64,
    /// In force.
    pub approved: u64,
    /// What was signed is not what is true.
    pub reopened: u64,
    /// Past their day.
    pub expired: u64,
}

/// An exception that is being acted on.
struct Open {
    stored: StoredException,
    /// Its key as it is now; none of a class.
    key: Option<Registered>,
    standing: Option<Standing>,
    object: Object,
    named: Named,
}

/// What is judged of a key now.
fn standing(registered: &Registered) -> Standing {
    let key = &registered.key;
    let name = key
        .name
        .as_deref()
        .or(key.key_id.as_deref())
        .unwrap_or("unnamed");
    let verdict = &key.verdict;
    Standing::of(registered.id.as_str(), name, verdict.id, &verdict.outcome)
}

impl Desk<'_> {
    /// Asks for an exception for a key.
    ///
    /// # Errors
    /// The caller may not; verdict, policy or texts do not allow it; one waits already.
    pub async fn request_exception(&self, key: &KeyId, term: Term, asked: &Asked) -> Result<Shown> {
        let registered = self.store.key(key).await?;
        let object = self.object(&registered).await?;
        let permit = self.permit(Action::ExceptionRequest, &object).await?;
        let earlier = self.earlier(&registered.id).await?;
        let new = self
            .make(&registered, term, asked, earlier.as_ref())
            .await?;
        self.add(&permit, &registered, new).await
    }

    /// Asks for the acceptance of every minor key that a selector picks, now and later.
    ///
    /// # Errors
    /// The caller may not, or the selector picks by nothing.
    pub async fn request_class(&self, selector: &str, asked: &Asked) -> Result<Shown> {
        let permit = self.permit_all(Action::ClassRequest).await?;
        let pick = Pick::parse(selector).map_err(|error| RegisterError::Name(error.to_string()))?;
        let named = self.named().await?;
        let (by, filed) = self.on_behalf(&named, asked.in_name_of.as_deref())?;
        let subject = Subject::Class {
            selector: pick.to_string(),
            review_days: self.policy.review.minor,
        };
        let involved = Involved {
            users: users(&named, asked)?,
            ..Involved::default()
        };
        let id = new_exception_id()?;
        let reasons = asked.reasons.clone();
        let (policy, now) = (self.policy, self.now);
        let request = Request::make(
            id.as_str(),
            subject,
            reasons,
            &by,
            &involved,
            None,
            policy,
            now,
        )?;
        let request = match filed {
            Some(operator) => request.filed_by(&operator),
            None => request,
        };
        let mut txn = self.store.begin(&permit, self.now).await?;
        txn.add_exception(&Exception::Requested(request)).await?;
        txn.commit_noted().await?;
        self.shown(&self.store.exception(&id).await?).await
    }

    /// Asks for another term of a transitional exception: a new exception, which takes the place of this one when
    /// it is granted.
    ///
    /// # Errors
    /// As of [`Desk::request_exception`]; it is no transitional one.
    pub async fn renew_exception(
        &self,
        id: &ExceptionId,
        until: Day,
        asked: &Asked,
    ) -> Result<Shown> {
        let open = self.open(id).await?;
        let permit = self.permit(Action::ExceptionRenew, &open.object).await?;
        let (Some(registered), Exception::Transitional(granted)) =
            (&open.key, &open.stored.exception)
        else {
            return Err(RegisterError::Name(
                "only a granted exception with an end date is renewed; a permanent one is reviewed"
                    .to_owned(),
            ));
        };
        let earlier = granted.signed().request().clone();
        let term = Term::Until(until);
        let new = self.make(registered, term, asked, Some(&earlier)).await?;
        self.add(&permit, registered, new).await
    }

    /// Asks again with what is true of the key now, after an exception was reopened: its end stays, it is no renewal,
    /// and it needs both signatures again.
    ///
    /// # Errors
    /// The caller may not, the verdict of today allows none, or nothing changed.
    pub async fn restate_exception(
        &self,
        id: &ExceptionId,
        in_name_of: Option<&str>,
    ) -> Result<Shown> {
        let open = self.open(id).await?;
        let permit = self.permit(Action::ExceptionRenew, &open.object).await?;
        let (Some(registered), Some(now)) = (&open.key, &open.standing) else {
            return Err(RegisterError::Name(
                "a class is not restated: its keys come and go".to_owned(),
            ));
        };
        let request = open.stored.exception.request();
        if open.stored.state != ExceptionState::Granted
            || request.statement_for(now) == request.statement()
        {
            return Err(RegisterError::Name(format!(
                "{id} is not reopened: there is nothing to sign again"
            )));
        }
        self.nothing_waits(&registered.id).await?;
        let (by, filed) = self.on_behalf(&open.named, in_name_of)?;
        let involved = Involved {
            owners: self.owners(&open.named, registered).await?,
            users: open.object.people.users.clone(),
            ..Involved::default()
        };
        let new = new_exception_id()?;
        let mut restated = request.restated(new.as_str(), now.clone(), &by, &involved, self.now)?;
        if let Some(operator) = filed {
            restated = restated.filed_by(&operator);
        }
        self.add(&permit, registered, restated).await
    }

    /// Approves a request.
    ///
    /// # Errors
    /// The caller may not sign it, or the statement is not what they read or what is true now.
    pub async fn approve_exception(
        &self,
        id: &ExceptionId,
        signature: Signature<'_>,
    ) -> Result<Shown> {
        let open = self.open(id).await?;
        let permit = self.permit(Action::ExceptionApprove, &open.object).await?;
        let by = self.signer(&open, signature)?;
        let request = open.stored.exception.request();
        let approval = request.approve(&by, signature.reason, signature.seen, self.now)?;
        self.save(&permit, &open, Event::Approved(approval), "approved")
            .await
    }

    /// Accepts the risk: the exception is granted, and the key is judged with it.
    ///
    /// # Errors
    /// As of [`Desk::approve_exception`]; the caller's authority does not reach.
    pub async fn accept_risk(&self, id: &ExceptionId, signature: Signature<'_>) -> Result<Shown> {
        let open = self.open(id).await?;
        let permit = self.permit(Action::RiskAccept, &open.object).await?;
        let by = self.signer(&open, signature)?;
        let authority = self.authority(&open)?;
        let event = match &open.stored.exception {
            Exception::Approved { request, approval } => Event::Accepted(request.accept(
                approval,
                &by,
                authority,
                signature.reason,
                signature.seen,
                self.now,
            )?),
            Exception::Requested(_) => {
                return Err(RegisterError::Name(format!(
                    "{id} waits for approval: it is accepted after that"
                )));
            }
            other => {
                let stage = other.stage(open.compared().as_ref(), self.now.day());
                return Err(RegisterError::Name(format!(
                    "{id} is {} already: it cannot be accepted",
                    stage.word().replace('_', " ")
                )));
            }
        };
        let shown = self.save(&permit, &open, event, "accepted").await?;
        self.judge_again(&shown).await?;
        Ok(shown)
    }

    /// Denies a request.
    ///
    /// # Errors
    /// The caller may not, or it does not wait any more.
    pub async fn deny_exception(
        &self,
        id: &ExceptionId,
        reason: &str,
        version: Option<u64>,
    ) -> Result<Shown> {
        let close = (Action::ExceptionDeny, "denied");
        self.close(id, close, reason, version, Event::Denied).await
    }

    /// Withdraws a request that one made.
    ///
    /// # Errors
    /// As of [`Desk::deny_exception`].
    pub async fn withdraw_exception(
        &self,
        id: &ExceptionId,
        reason: &str,
        version: Option<u64>,
    ) -> Result<Shown> {
        let close = (Action::ExceptionWithdraw, "withdrawn");
        self.close(id, close, reason, version, Event::Withdrawn)
            .await
    }

    /// Judges what an exception reaches: its key, or, of a class, every key.
    async fn judge_again(&self, shown: &Shown) -> Result<()> {
        match shown.key {
            Some(_) => self.settle().await.map(drop),
            None => self.reassess().await.map(drop),
        }
    }

    /// Ends a granted exception before its day; the key is judged without it.
    ///
    /// # Errors
    /// As of [`Desk::deny_exception`].
    pub async fn end_exception(
        &self,
        id: &ExceptionId,
        reason: &str,
        version: Option<u64>,
    ) -> Result<Shown> {
        let close = (Action::ExceptionEnd, "ended");
        let shown = self.close(id, close, reason, version, Event::Ended).await?;
        self.judge_again(&shown).await?;
        Ok(shown)
    }

    /// Reviews a permanent exception, or the acceptance of a class, before its review is missed.
    ///
    /// # Errors
    /// As of [`Desk::accept_risk`]; it does not hold as it was signed.
    pub async fn review_exception(
        &self,
        id: &ExceptionId,
        signature: Signature<'_>,
    ) -> Result<Shown> {
        let open = self.open(id).await?;
        let permit = self.permit(Action::ExceptionReview, &open.object).await?;
        let by = self.signer(&open, signature)?;
        let event = Event::Reviewed {
            key: open.compared(),
            by,
            authority: self.authority(&open)?,
            reason: signature.reason.trim().to_owned(),
            at: self.now,
        };
        let shown = self.save(&permit, &open, event, "reviewed").await?;
        self.judge_again(&shown).await?;
        Ok(shown)
    }

    /// Takes over the acceptance of somebody who left.
    ///
    /// # Errors
    /// As of [`Desk::accept_risk`]; its acceptor is still here, or the 30 days are over.
    pub async fn reaffirm_exception(
        &self,
        id: &ExceptionId,
        signature: Signature<'_>,
    ) -> Result<Shown> {
        let open = self.open(id).await?;
        let permit = self.permit(Action::ExceptionReaffirm, &open.object).await?;
        let by = self.signer(&open, signature)?;
        let event = Event::Reaffirmed {
            statement: signature.seen.to_owned(),
            by,
            authority: self.authority(&open)?,
            reason: signature.reason.trim().to_owned(),
            at: self.now,
        };
        let shown = self.save(&permit, &open, event, "reaffirmed").await?;
        self.judge_again(&shown).await?;
        Ok(shown)
    }

    /// One exception with its statement.
    ///
    /// # Errors
    /// There is none of this id, or the caller may not see it.
    pub async fn exception(&self, id: &ExceptionId) -> Result<Shown> {
        let open = self.open(id).await?;
        self.permit(Action::ExceptionView, &open.object).await?;
        self.shown(&open.stored).await
    }

    /// The exceptions, in the order of their ids: of a stage, or every one that waits or was granted and is not
    /// superseded.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn exceptions(&self, stage: Option<Stage>) -> Result<Vec<Shown>> {
        self.permit_all(Action::ExceptionList).await?;
        let states = kept_as(stage);
        let mut all = Vec::new();
        for state in states {
            let mut after: Option<ExceptionId> = None;
            loop {
                let read = self.store.exceptions(*state, after.as_ref(), CHUNK).await?;
                let Some(last) = read.last() else { break };
                after = Some(ExceptionId::new(last.exception.request().id()));
                for stored in &read {
                    let shown = self.shown(stored).await?;
                    if stage.is_none_or(|stage| shown.stage == stage) {
                        all.push(shown);
                    }
                }
            }
        }
        Ok(all)
    }

    /// One page of them in the order of their ids: those after `after`, at most `most`, and the last one's id where
    /// there are more.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn exceptions_after(
        &self,
        stage: Option<Stage>,
        after: Option<ExceptionId>,
        most: usize,
    ) -> Result<(Vec<Shown>, Option<ExceptionId>)> {
        self.permit_all(Action::ExceptionList).await?;
        let chunk = u64::try_from(most).unwrap_or(CHUNK).clamp(1, CHUNK);
        let mut page: Vec<Shown> = Vec::new();
        let mut after = after;
        loop {
            let read = self
                .store
                .exceptions_in(kept_as(stage), after.as_ref(), chunk)
                .await?;
            if read.is_empty() {
                return Ok((page, None));
            }
            for stored in &read {
                let shown = self.shown(stored).await?;
                if stage.is_none_or(|stage| shown.stage == stage) {
                    if page.len() >= most {
                        let last = page.last().map(|last| ExceptionId::new(last.id.clone()));
                        return Ok((page, last));
                    }
                    page.push(shown);
                }
                after = Some(ExceptionId::new(stored.exception.request().id()));
            }
        }
    }

    /// How many keys could have an exception, how many wait, hold, were reopened and ran out: each apart.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn exception_counts(&self) -> Result<ExceptionCounts> {
        let mut counts = ExceptionCounts::default();
        let all = self.exceptions(None).await?;
        for one in &all {
            let slot = match one.stage {
                Stage::AwaitingApproval => &mut counts.awaiting_approval,
                Stage::AwaitingAcceptance => &mut counts.awaiting_acceptance,
                Stage::Approved => &mut counts.approved,
                Stage::Reopened => &mut counts.reopened,
                Stage::Expired => &mut counts.expired,
                Stage::Denied | Stage::Withdrawn | Stage::Ended => continue,
            };
            *slot = slot.saturating_add(1);
        }
        let asked: std::collections::BTreeSet<&KeyId> = all
            .iter()
            .filter(|one| one.stage != Stage::Expired)
            .filter_map(|one| one.key.as_ref())
            .collect();
        let living = self.assessment().await?;
        let eligible = living.keys.iter().filter(|key| {
            key.verdict.outcome.exception_allowed && !asked.contains(&KeyId::new(key.id.as_str()))
        });
        counts.eligible = u64::try_from(eligible.count()).unwrap_or(u64::MAX);
        Ok(counts)
    }

    /// What the worker does each day, and whenever keys were judged: sees who of the acceptors left, and tells of each
    /// granted exception what day and facts made of it. Whatever it tells, an exception that is past its day does not
    /// hold: that is a matter of the clock and not of this. Gives how many it told something new of.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn settle_exceptions(&self) -> Result<u64> {
        let worker = Actor::Worker("exceptions".to_owned());
        let all = Object::new(ObjectKind::Exception, "*", Unit::whole());
        let permit = self
            .permit_to(&worker, Action::ExceptionExpire, &all)
            .await?;
        let named = self.named().await?;
        let today = self.now.day();
        let mut told = 0u64;
        for mut granted in self.all_granted().await? {
            let exception = &granted.stored.exception;
            if let Some((person, on)) = left(exception, &named, today) {
                let event = Event::PersonLeft { person, on };
                let next = exception.clone().next(event)?;
                if next != *exception {
                    let mut txn = self.store.begin(&permit, self.now).await?;
                    let version = granted.stored.version;
                    txn.save_exception(&next, version, "acceptor_left").await?;
                    txn.commit_noted().await?;
                    granted.stored.exception = next;
                }
            }
            let exception = &granted.stored.exception;
            let now = match &granted.key {
                Some(key) => Some(compared(exception, standing(&self.store.key(key).await?))),
                None => None,
            };
            let Some(status) = exception.status(now.as_ref(), today) else {
                continue;
            };
            let word = word(status);
            if word == granted.told || (granted.told.is_empty() && word == "in_force") {
                continue;
            }
            let mut txn = self.store.begin(&permit, self.now).await?;
            if txn.tell_exception(&granted, word).await? {
                told = told.saturating_add(1);
            }
            txn.commit_noted().await?;
        }
        Ok(told)
    }

    /// The last transitional exception of a key that was granted.
    async fn earlier(&self, key: &KeyId) -> Result<Option<Request>> {
        let all = self.store.exceptions_of(key).await?;
        let granted = all.into_iter().filter_map(|stored| {
            let request = stored.exception.request();
            let was_granted = matches!(
                stored.exception,
                Exception::Transitional(_)
                    | Exception::Closed {
                        outcome: Outcome::Ended,
                        ..
                    }
            );
            let is_transitional = matches!(request.subject(), Subject::Transitional { .. });
            (was_granted && is_transitional).then(|| request.clone())
        });
        // Of two of one moment, the one that was renewed more often came later.
        Ok(granted.max_by_key(|request| (request.at(), request.renewals())))
    }

    async fn nothing_waits(&self, key: &KeyId) -> Result<()> {
        let all = self.store.exceptions_of(key).await?;
        let waits = all.iter().find(|stored| {
            matches!(
                stored.state,
                ExceptionState::Requested | ExceptionState::Approved
            )
        });
        match waits {
            None => Ok(()),
            Some(stored) => Err(RegisterError::Name(format!(
                "{} waits for this key already: sign, deny or withdraw it first",
                stored.exception.request().id()
            ))),
        }
    }

    async fn make(
        &self,
        registered: &Registered,
        term: Term,
        asked: &Asked,
        earlier: Option<&Request>,
    ) -> Result<Request> {
        self.nothing_waits(&registered.id).await?;
        let named = self.named().await?;
        let (by, filed) = self.on_behalf(&named, asked.in_name_of.as_deref())?;
        let key = standing(registered);
        let subject = match term {
            Term::Until(until) => Subject::Transitional { key, until },
            Term::Permanent => Subject::Permanent {
                review_days: u32::try_from(self.policy.review.irreplaceable.at(key.level))
                    .unwrap_or(u32::MAX),
                key,
            },
        };
        let involved = Involved {
            owners: self.owners(&named, registered).await?,
            users: users(&named, asked)?,
            ..Involved::default()
        };
        let id = new_exception_id()?;
        let request = Request::make(
            id.as_str(),
            subject,
            asked.reasons.clone(),
            &by,
            &involved,
            earlier.filter(|_| matches!(term, Term::Until(_))),
            self.policy,
            self.now,
        )?;
        Ok(match filed {
            Some(operator) => request.filed_by(&operator),
            None => request,
        })
    }

    async fn add(
        &self,
        permit: &tenure_access::Permit,
        registered: &Registered,
        request: Request,
    ) -> Result<Shown> {
        let id = ExceptionId::new(request.id());
        let mut txn = self.store.begin(permit, self.now).await?;
        let added = txn.add_exception(&Exception::Requested(request)).await;
        if added.as_ref().is_err_and(StoreError::is_constraint) {
            // Of two who ask at once, one is too late.
            self.nothing_waits(&registered.id).await?;
        }
        added?;
        txn.commit_noted().await?;
        self.shown(&self.store.exception(&id).await?).await
    }

    /// What the rules say to a signature of the caller, before it is given: to show a form or the reason why there is
    /// none. It is not recorded; whoever signs is asked anew.
    ///
    /// # Errors
    /// There is no such exception, or the database refuses.
    pub async fn may_sign(&self, action: Action, id: &ExceptionId) -> Result<Signing> {
        Ok(self.signing(action, &self.open(id).await?.object))
    }

    /// The signature that an exception waits for now, and since when it was asked for; `None` where it waits for none.
    ///
    /// # Errors
    /// As of [`Desk::may_sign`].
    pub async fn awaits(&self, id: &ExceptionId) -> Result<Option<(Action, Moment)>> {
        let open = self.open(id).await?;
        let exception = &open.stored.exception;
        let today = self.now.day();
        let status = || exception.status(open.compared().as_ref(), today);
        let action = match exception {
            _ if open.stored.state == ExceptionState::Superseded => None,
            Exception::Requested(_) => Some(Action::ExceptionApprove),
            Exception::Approved { .. } => Some(Action::RiskAccept),
            Exception::Closed { .. } => None,
            Exception::Transitional(_) | Exception::Permanent(_) | Exception::Class(_) => {
                match status() {
                    Some(Status::ReaffirmDue { .. }) => Some(Action::ExceptionReaffirm),
                    Some(Status::InForce { .. }) if is_review_near(exception, today) => {
                        Some(Action::ExceptionReview)
                    }
                    _ => None,
                }
            }
        };
        Ok(action.map(|action| (action, exception.request().at())))
    }

    /// Whether the caller may do this to an exception. Not recorded, as of [`Desk::may_sign`].
    ///
    /// # Errors
    /// As of [`Desk::may_sign`].
    pub async fn allows_on_exception(&self, action: Action, id: &ExceptionId) -> Result<bool> {
        let open = self.open(id).await?;
        Ok(self.access.allows(self.caller, action, &open.object))
    }

    /// What the rules say to a signature of the caller, now and after they proved anew who they are.
    pub(super) fn signing(&self, action: Action, object: &Object) -> Signing {
        if self.access.allows(self.caller, action, object) {
            return Signing::May;
        }
        let mut fresh = self.caller.clone();
        if let Actor::Person(caller) = &mut fresh
            && let Via::Session { fresh } = &mut caller.via
        {
            *fresh = true;
        }
        match self.access.decide(&fresh, action, object) {
            Ok(_) => Signing::AfterSignIn,
            Err(denial) => Signing::Not(denial),
        }
    }

    async fn open(&self, id: &ExceptionId) -> Result<Open> {
        let stored = self.store.exception(id).await?;
        let named = self.named().await?;
        let request = stored.exception.request();
        let (approval, acceptance) = signatures(&stored.exception);
        let key = match request.subject().standing() {
            Some(signed) => Some(self.store.key(&KeyId::new(signed.key.as_str())).await?),
            None => None,
        };
        let (unit, owners) = match &key {
            // Who came to answer for it since cannot sign either.
            Some(registered) => {
                let object = self.object(registered).await?;
                (object.unit, object.people.owners)
            }
            None => (Unit::whole(), Vec::new()),
        };
        let mut object = request.object(unit, approval, acceptance);
        object.people.owners.extend(owners);
        if let Some(registered) = &key {
            // What has become wider needs whoever may sign that.
            object.level = object.level.max(registered.key.verdict.outcome.level);
        }
        Ok(Open {
            standing: key.as_ref().map(standing),
            object: named.widen(object),
            stored,
            key,
            named,
        })
    }

    /// Who signs, once it is sure that they read what is true.
    fn signer(&self, open: &Open, signature: Signature<'_>) -> Result<PersonId> {
        let by = open.named.id(self.caller()?.person.as_str())?;
        open.is_version(signature.version)?;
        let request = open.stored.exception.request();
        let statement = request.statement();
        let today = open
            .standing
            .as_ref()
            .map_or_else(|| statement.clone(), |now| request.statement_for(now));
        if statement.digest() != signature.seen || today != statement {
            return Err(RegisterError::Stale(Box::new(Stale {
                difference: statement.difference(&today),
                seen: signature.seen.to_owned(),
                statement,
                today,
            })));
        }
        Ok(by)
    }

    fn authority(&self, open: &Open) -> Result<Authority> {
        let roles = &self.caller()?.roles;
        Ok(authority_in(roles, &open.object.unit).unwrap_or(Authority::SystemRiskOwner))
    }

    async fn close(
        &self,
        id: &ExceptionId,
        (action, step): (Action, &str),
        reason: &str,
        version: Option<u64>,
        event: impl FnOnce(Closing) -> Event,
    ) -> Result<Shown> {
        let open = self.open(id).await?;
        let permit = self.permit(action, &open.object).await?;
        open.is_version(version)?;
        let closing = Closing {
            by: open.named.id(self.caller()?.person.as_str())?,
            reason: reason.trim().to_owned(),
            at: self.now,
        };
        self.save(&permit, &open, event(closing), step).await
    }

    async fn save(
        &self,
        permit: &tenure_access::Permit,
        open: &Open,
        event: Event,
        step: &str,
    ) -> Result<Shown> {
        let next = open.stored.exception.clone().next(event)?;
        let mut txn = self.store.begin(permit, self.now).await?;
        txn.save_exception(&next, open.stored.version, step).await?;
        txn.commit_noted().await?;
        let id = ExceptionId::new(next.request().id());
        self.shown(&self.store.exception(&id).await?).await
    }

    /// As people see it today.
    async fn shown(&self, stored: &StoredException) -> Result<Shown> {
        let exception = &stored.exception;
        let request = exception.request();
        let today = self.now.day();
        let key = match request.subject().standing() {
            Some(signed) => Some(self.store.key(&KeyId::new(signed.key.as_str())).await?),
            None => None,
        };
        let now = key
            .as_ref()
            .map(|registered| compared(exception, standing(registered)));
        let statement = request.statement();
        let said = now.as_ref().map(|now| request.statement_for(now));
        let said = said.filter(|said| *said != statement);
        let waits_or_holds = !matches!(exception, Exception::Closed { .. })
            && stored.state != ExceptionState::Superseded;
        let said = said.filter(|_| waits_or_holds);
        let (approval, acceptance) = signatures(exception);
        let (ends, review_due) = match exception {
            Exception::Transitional(granted) => (Some(granted.ends()), None),
            Exception::Permanent(granted) => (Some(granted.ends()), Some(granted.review_due())),
            Exception::Class(granted) => (Some(granted.ends()), Some(granted.review_due())),
            _ => match request.subject() {
                Subject::Transitional { until, .. } => (Some(*until), None),
                _ => (None, None),
            },
        };
        let stage = exception.stage(now.as_ref(), today);
        let superseded = stored.state == ExceptionState::Superseded;
        let told = match exception.status(now.as_ref(), today) {
            _ if superseded => "a later one took its place".to_owned(),
            Some(status) => status_text(exception, status),
            None => stage.word().replace('_', " "),
        };
        let (kind, name) = match request.subject() {
            Subject::Transitional { key, .. } => ("transitional", key.name.clone()),
            Subject::Permanent { key, .. } => ("permanent", key.name.clone()),
            Subject::Class { selector, .. } => ("class", selector.clone()),
        };
        Ok(Shown {
            id: request.id().to_owned(),
            kind,
            key: key.map(|registered| registered.id),
            name,
            level: request.subject().level(),
            stage,
            told,
            ends,
            review_due,
            requested_by: request.by().clone(),
            needs: request.authority(),
            version: stored.version,
            difference: said
                .as_ref()
                .map(|said| statement.difference(said))
                .unwrap_or_default(),
            statement,
            today: said,
            approval: approval.cloned(),
            acceptance: acceptance.cloned(),
            closed: match exception {
                Exception::Closed { closing, .. } => Some(closing.clone()),
                _ => None,
            },
            superseded,
        })
    }
}

/// The states of the rows of which some may be counted under a stage: those that wait or were granted where none is named.
fn kept_as(stage: Option<Stage>) -> &'static [ExceptionState] {
    match stage {
        Some(Stage::AwaitingApproval) => &[ExceptionState::Requested],
        Some(Stage::AwaitingAcceptance) => &[ExceptionState::Approved],
        Some(Stage::Approved | Stage::Reopened | Stage::Expired) => &[ExceptionState::Granted],
        Some(Stage::Denied) => &[ExceptionState::Denied],
        Some(Stage::Withdrawn) => &[ExceptionState::Withdrawn],
        Some(Stage::Ended) => &[ExceptionState::Ended],
        None => &[
            ExceptionState::Requested,
            ExceptionState::Approved,
            ExceptionState::Granted,
        ],
    }
}

/// What was read is not what is true: nobody signs it.
#[derive(Debug, Clone, Serialize)]
pub struct Stale {
    /// The digest of the statement that was read.
    pub seen: String,
    /// The statement as it was asked for.
    pub statement: Statement,
    /// What it would say today.
    pub today: Statement,
    /// The lines that differ between the two.
    pub difference: Vec<String>,
}

impl std::fmt::Display for Stale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.difference.is_empty() {
            return f
                .write_str("what you read is not the statement of this request: read it again");
        }
        f.write_str("facts changed since this was asked for, so that nobody can sign it; it has to be asked for again:")?;
        for line in &self.difference {
            write!(f, "\n  {line}")?;
        }
        Ok(())
    }
}

impl Open {
    fn is_version(&self, seen: Option<u64>) -> Result<()> {
        match seen {
            Some(seen) if seen != self.stored.version => {
                let id = self.stored.exception.request().id();
                Err(StoreError::Conflict(format!("exception {id}")).into())
            }
            _ => Ok(()),
        }
    }

    fn compared(&self) -> Option<Standing> {
        let now = self.standing.clone()?;
        Some(compared(&self.stored.exception, now))
    }
}

fn compared(exception: &Exception, now: Standing) -> Standing {
    match exception.request().subject().standing() {
        Some(signed) => now.to_compare(signed),
        None => now,
    }
}

fn users(named: &Named, asked: &Asked) -> Result<Vec<PersonId>> {
    asked.users.iter().map(|who| named.id(who)).collect()
}

fn signed(exception: &Exception) -> Option<&Signed> {
    match exception {
        Exception::Transitional(granted) => Some(Transitional::signed(granted)),
        Exception::Permanent(granted) => Some(Permanent::signed(granted)),
        Exception::Class(granted) => Some(ClassAcceptance::signed(granted)),
        Exception::Requested(_) | Exception::Approved { .. } | Exception::Closed { .. } => None,
    }
}

fn signatures(exception: &Exception) -> (Option<&Approval>, Option<&Acceptance>) {
    match exception {
        Exception::Approved { approval, .. } => (Some(approval), None),
        other => {
            let signed = signed(other);
            (signed.map(Signed::approval), signed.map(Signed::acceptance))
        }
    }
}

/// The acceptor, where they left and nobody noted it yet.
fn left(exception: &Exception, named: &Named, today: Day) -> Option<(PersonId, Day)> {
    let signed = signed(exception).filter(|signed| signed.reaffirm_by().is_none())?;
    let acceptor = signed.acceptance().by();
    let person = named.people()?.find(acceptor.as_str())?;
    let on = person.until.filter(|until| *until <= today);
    let is_gone = person.state == PersonState::Inactive || on.is_some();
    is_gone.then(|| (acceptor.clone(), on.unwrap_or(today)))
}

fn word(status: Status) -> &'static str {
    match status {
        Status::InForce { .. } => "in_force",
        Status::ReaffirmDue { .. } => "reaffirm_due",
        Status::Lapsed { .. } => "lapsed",
        Status::Reopened(_) => "reopened",
        Status::Expired { .. } => "expired",
    }
}
