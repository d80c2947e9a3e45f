//! The front door: somebody asks for a key, and the rules judge it before it is issued. Nothing is issued here.

use super::{Desk, RegisterError, Result, Signing, Stale, named::Named};
use crate::{
    assess::nearest,
    judging::{Earlier, Judging},
};
use serde::Serialize;
use std::collections::BTreeMap;
use tenure_model::{
    access::{Action, PersonId},
    catalog::Credential,
    day::Day,
    declare,
    exception::{Closing, Statement},
    explain::FactName,
    facts::ReplacementOption,
    identity::Known,
    infer::{Declaration, Subject},
    key_request::{Forecast, KeyRequest, State, Wanted},
    place::Runtime,
};
use tenure_store::{StoreError, StoredRequest, new_key_request_id};

/// How many are given where nobody asks for pages.
const MOST: usize = 1000;
/// How many are read at once.
const CHUNK: u64 = 1000;

/// What somebody wishes for, as they write it.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The provider's slug.
    pub provider: String,
    /// The kind's slug.
    pub credential: String,
    /// What it is for.
    pub purpose: String,
    /// Why not each option.
    pub why_not: BTreeMap<ReplacementOption, String>,
    /// Who will answer for it.
    pub owner: String,
    /// The last day on which it may live.
    pub expires: Day,
    /// Where what uses it runs.
    pub consumers: Vec<Runtime>,
    /// Facts that are known already, as [`Desk::state_facts`] takes them.
    pub facts: Vec<(String, String)>,
    /// At the machine: in whose name.
    pub in_name_of: Option<String>,
}

/// A request as it is shown.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct RequestShown {
    /// What it is.
    #[serde(flatten)]
    pub request: KeyRequest,
    /// How often its row was written.
    pub version: u64,
    /// What is approved, word for word, and its digest.
    pub statement: Statement,
    /// What it would say today, where that is different and it waits still.
    pub today: Option<Statement>,
    /// Who has to approve, and what has to follow.
    pub approval: Vec<String>,
}

impl Desk<'_> {
    /// What the rules would say of such a key. Nothing is kept.
    ///
    /// # Errors
    /// The caller may not; the catalogue knows no such kind; a fact has no such value.
    pub async fn forecast(&self, wish: &Wish) -> Result<Forecast> {
        self.permit_all(Action::PolicyView).await?;
        let named = self.named().await?;
        let wanted = self.wanted(&named, wish)?;
        self.judge_wanted(&named, &wanted)
    }

    /// Asks for a key. It is judged before it is kept.
    ///
    /// # Errors
    /// As of [`Desk::forecast`]; an option is not spoken of, or the policy does not allow its end.
    pub async fn request_key(&self, wish: &Wish) -> Result<RequestShown> {
        let permit = self.permit_all(Action::KeyRequestMake).await?;
        let named = self.named().await?;
        let (by, filed) = self.on_behalf(&named, wish.in_name_of.as_deref())?;
        let wanted = self.wanted(&named, wish)?;
        let forecast = self.judge_wanted(&named, &wanted)?;
        let id = new_key_request_id()?;
        let request = KeyRequest::make(&id, wanted, forecast, &by, self.policy, self.now)?;
        let request = match filed {
            Some(operator) => request.filed_by(&operator),
            None => request,
        };
        let mut txn = self.store.begin(&permit, self.now).await?;
        txn.add_key_request(&request).await?;
        txn.commit_noted().await?;
        self.key_request_shown(&named, self.store.key_request(&id).await?)
    }

    /// Approves a request: the key may be issued. `seen` is the digest of the statement that was read.
    ///
    /// # Errors
    /// The caller may not sign it, or the statement is not what they read or what is true now.
    pub async fn approve_key_request(
        &self,
        id: &str,
        reason: &str,
        seen: &str,
        version: Option<u64>,
    ) -> Result<RequestShown> {
        let act = Action::KeyRequestApprove;
        self.decide_request(id, act, reason, version, |request, closing, today| {
            let statement = request.statement();
            if request.state() == State::Requested
                && (statement.digest() != seen || *today != statement)
            {
                return Err(RegisterError::Stale(Box::new(Stale {
                    difference: statement.difference(today),
                    seen: seen.to_owned(),
                    statement,
                    today: today.clone(),
                })));
            }
            Ok(request.approve(closing, seen)?)
        })
        .await
    }

    /// Denies a request.
    ///
    /// # Errors
    /// The caller may not, or it does not wait any more.
    pub async fn deny_key_request(
        &self,
        id: &str,
        reason: &str,
        version: Option<u64>,
    ) -> Result<RequestShown> {
        let act = Action::KeyRequestDeny;
        self.decide_request(id, act, reason, version, |request, closing, _| {
            Ok(request.deny(closing)?)
        })
        .await
    }

    /// Withdraws a request that one made.
    ///
    /// # Errors
    /// As of [`Desk::deny_key_request`].
    pub async fn withdraw_key_request(
        &self,
        id: &str,
        reason: &str,
        version: Option<u64>,
    ) -> Result<RequestShown> {
        let act = Action::KeyRequestWithdraw;
        self.decide_request(id, act, reason, version, |request, closing, _| {
            Ok(request.withdraw(closing)?)
        })
        .await
    }

    /// One request.
    ///
    /// # Errors
    /// There is none of this id, or the caller may not see it.
    pub async fn key_request(&self, id: &str) -> Result<RequestShown> {
        let stored = self.store.key_request(id).await?;
        let named = self.named().await?;
        let object = named.widen(stored.request.object(tenure_model::access::Unit::whole()));
        self.permit(Action::KeyRequestView, &object).await?;
        self.key_request_shown(&named, stored)
    }

    /// What the rules say to a decision of the caller about it, before it is made. It is not recorded.
    ///
    /// # Errors
    /// There is none of this id, or the database refuses.
    pub async fn may_decide_request(&self, action: Action, id: &str) -> Result<Signing> {
        let stored = self.store.key_request(id).await?;
        let whole = tenure_model::access::Unit::whole();
        let object = self.named().await?.widen(stored.request.object(whole));
        Ok(self.signing(action, &object))
    }

    /// The requests that the caller may see, newest first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn key_requests(&self, state: Option<State>) -> Result<Vec<RequestShown>> {
        let (all, _) = self.key_requests_after(state, None, MOST).await?;
        Ok(all)
    }

    /// One page of them: those after `after`, at most `most`, and the last one's id where there are more.
    ///
    /// # Errors
    /// There is no request `after` that the caller may see, or the database refuses.
    pub async fn key_requests_after(
        &self,
        state: Option<State>,
        after: Option<String>,
        most: usize,
    ) -> Result<(Vec<RequestShown>, Option<String>)> {
        let named = self.named().await?;
        let whole = tenure_model::access::Unit::whole;
        let sees = |stored: &StoredRequest| {
            let object = named.widen(stored.request.object(whole()));
            let act = Action::KeyRequestView;
            self.access.allows(self.caller, act, &object)
        };
        let mut after = after;
        if let Some(id) = &after {
            // Whether there is a request of an id is told to those who may see it alone.
            match self.store.key_request(id).await {
                Ok(stored) if sees(&stored) => {}
                Ok(_) | Err(StoreError::Unknown(_)) => {
                    let problem = "send `next` of the page before, as it is".to_owned();
                    return Err(RegisterError::Field("after", problem));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let chunk = u64::try_from(most).unwrap_or(CHUNK).clamp(1, CHUNK);
        let mut page: Vec<RequestShown> = Vec::new();
        loop {
            let read = self.store.key_requests(state, after.as_deref(), chunk);
            let read = read.await?;
            let Some(last) = read.last() else {
                return Ok((page, None));
            };
            after = Some(last.request.id().to_owned());
            for stored in read.into_iter().filter(&sees) {
                if page.len() >= most {
                    let last = page.last().map(|last| last.request.id().to_owned());
                    return Ok((page, last));
                }
                page.push(self.key_request_shown(&named, stored)?);
            }
        }
    }

    async fn decide_request(
        &self,
        id: &str,
        action: Action,
        reason: &str,
        version: Option<u64>,
        decide: impl FnOnce(KeyRequest, Closing, &Statement) -> Result<KeyRequest>,
    ) -> Result<RequestShown> {
        let stored = self.store.key_request(id).await?;
        let named = self.named().await?;
        let object = named.widen(stored.request.object(tenure_model::access::Unit::whole()));
        let permit = self.permit(action, &object).await?;
        if version.is_some_and(|seen| seen != stored.version) {
            return Err(StoreError::Conflict(format!("request {id}")).into());
        }
        let by: PersonId = named.id(self.caller()?.person.as_str())?;
        let closing = Closing {
            by,
            reason: reason.trim().to_owned(),
            at: self.now,
        };
        let now = self.judge_wanted(&named, stored.request.wanted())?;
        let today = stored.request.statement_for(&now);
        let decided = decide(stored.request, closing, &today)?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        txn.save_key_request(&decided, stored.version).await?;
        txn.commit_noted().await?;
        self.key_request_shown(&named, self.store.key_request(id).await?)
    }

    fn key_request_shown(&self, named: &Named, stored: StoredRequest) -> Result<RequestShown> {
        let request = stored.request;
        let statement = request.statement();
        let today = match request.state() {
            State::Requested => {
                let now = self.judge_wanted(named, request.wanted())?;
                Some(request.statement_for(&now)).filter(|today| *today != statement)
            }
            State::Approved | State::Denied | State::Withdrawn => None,
        };
        Ok(RequestShown {
            approval: request.forecast().approval(),
            version: stored.version,
            statement,
            today,
            request,
        })
    }

    fn wanted(&self, named: &Named, wish: &Wish) -> Result<Wanted> {
        self.kind(&wish.provider, &wish.credential)?;
        let today = self.now.day();
        let mut facts: BTreeMap<FactName, serde_json::Value> = BTreeMap::new();
        for (name, value) in &wish.facts {
            let said = declare::stated("", name, value, today).map_err(RegisterError::Fact)?;
            if said.values.is_empty() {
                return Err(RegisterError::Name(format!(
                    "{name}: is no fact of the contract; docs/facts.md names them"
                )));
            }
            facts.extend(said.values);
        }
        Ok(Wanted {
            provider: wish.provider.clone(),
            credential: wish.credential.clone(),
            purpose: wish.purpose.trim().to_owned(),
            why_not: wish.why_not.clone(),
            owner: named.known(&wish.owner)?,
            expires: wish.expires,
            consumers: wish.consumers.clone(),
            facts,
        })
    }

    fn kind(&self, provider: &str, credential: &str) -> Result<&Credential> {
        let slugs: Vec<&str> = self
            .providers
            .iter()
            .map(|known| known.provider.as_str())
            .collect();
        let unknown = |what: &str, name: &str, near: Option<&str>| {
            let near = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
            RegisterError::Name(format!(
                "the catalogue knows no {what} `{name}`{near}; `tenure catalog show` names them"
            ))
        };
        let Some(known) = self
            .providers
            .iter()
            .find(|known| known.provider == provider)
        else {
            return Err(unknown("provider", provider, nearest(provider, &slugs)));
        };
        let kinds: Vec<&str> = known
            .credentials
            .iter()
            .map(|kind| kind.kind.as_str())
            .collect();
        known
            .credentials
            .iter()
            .find(|kind| kind.kind == credential)
            .ok_or_else(|| unknown("kind of key", credential, nearest(credential, &kinds)))
    }

    /// The key as it would be on the day after it was issued: live, ours unless somebody says otherwise, owned by whoever
    /// will answer for it, seen nowhere.
    fn judge_wanted(&self, named: &Named, wanted: &Wanted) -> Result<Forecast> {
        let kind = self.kind(&wanted.provider, &wanted.credential)?;
        let mut values = wanted.facts.clone();
        values
            .entry(FactName::Status)
            .or_insert_with(|| "active".into());
        values
            .entry(FactName::HeldBy)
            .or_insert_with(|| "us".into());
        let subject = Subject {
            declarations: vec![Declaration {
                source: "the request".to_owned(),
                values,
                owner: Some(wanted.owner.to_string()),
                runtimes: wanted.consumers.clone(),
                ..Declaration::default()
            }],
            ..Subject::default()
        };
        let known = Known {
            id: "request".to_owned(),
            provider: wanted.provider.clone(),
            credential: Some(wanted.credential.clone()),
            account: None,
            key_id: None,
            name: None,
            hint: None,
            fingerprint: None,
            subject,
            merged: Vec::new(),
        };
        let judging = Judging::new(self.providers, self.policy, named.people(), self.now.day());
        let (judged, skipped) = judging.judge(known, Earlier::Nothing);
        match skipped.first() {
            Some(left_out) => Err(RegisterError::Name(left_out.reason.clone())),
            None => Ok(Forecast::of(&judged, kind.stands_on)),
        }
    }
}
