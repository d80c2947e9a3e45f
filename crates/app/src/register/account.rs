//! Who calls, and their accounts: sign-in, sessions, tokens, set-up links, roles.
//!
//! An account is found by issuer and subject, nothing else. The first time it is linked: to whoever the people list has
//! with the address that the provider verified, else to the account of that address; in a session that a set-up link
//! began, to that session's account, whatever the address. An identity that nobody knows is let in only where the
//! settings say so, and holds no role then.

use super::{Desk, Register, RegisterError, Result, login::Identity};
use tenure_access::mint;
use tenure_model::{
    access::{Action, Actor, Caller, Held, Object, PersonId, Role, Unit},
    bearer::{BadBearer, Bearer},
    day::Day,
    event::Change,
    key::PersonState,
    session::{Cookie, Limits, Method, Proof, Session, SessionError},
    setup_link::{LASTS, Setup, SetupError, SetupLink},
    token::{Api, Token, TokenError, Wanted},
};
use tenure_store::{Account, Login, Standing, StoreError, StoredToken, new_account_id};

/// How old `seen` of a session, or the last use of a token, gets before it is written again, in seconds.
const SEEN_EVERY: u32 = 60;

/// Why a caller is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing was presented.
    #[error("sign in, or send an API token")]
    Nobody,
    /// What was presented has not the form.
    #[error(transparent)]
    Form(#[from] BadBearer),
    /// The session is not taken.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The token is not taken.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The set-up link does not work.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// They are known, and not let in.
    #[error("{0}")]
    NotLetIn(String),
}

/// Somebody who calls, with what they called by.
#[derive(Debug, Clone)]
pub struct Signed {
    /// As rules of access see them.
    pub actor: Actor,
    /// Their account.
    pub account: Account,
    /// The session, for a browser.
    pub session: Option<Session>,
    /// The id of the token, for a program.
    pub token: Option<String>,
}

/// A session that begins. Its cookie is handed over once.
#[derive(Debug)]
pub struct SignedIn {
    /// The secret of the session.
    pub cookie: Bearer<Cookie>,
    /// What is kept of it.
    pub session: Session,
    /// Whose it is.
    pub account: Account,
}

/// Something new, with its text, which is shown once.
#[derive(Debug)]
pub struct Made<T, K> {
    /// What is kept.
    pub kept: T,
    /// Its text.
    pub text: Bearer<K>,
}

/// An account with where its person stands.
#[derive(Debug, Clone)]
pub struct AccountRecord {
    /// The account.
    pub account: Account,
    /// Whether its person still works here.
    pub active: bool,
}

/// Whether somebody of this standing works here on this day. The day that the list names is the last.
pub(super) fn is_active(standing: &Standing, today: Day) -> bool {
    match standing {
        Standing::Unlisted => true,
        Standing::Gone => false,
        Standing::Listed(person) => {
            person.state != PersonState::Inactive && person.until.is_none_or(|last| today <= last)
        }
    }
}

fn person_of(text: &str) -> Result<PersonId> {
    PersonId::new(text).map_err(|error| RegisterError::Field("person", error.to_string()))
}

impl Register {
    /// Who calls with the cookie of a session.
    ///
    /// # Errors
    /// The session is not taken, or the database refuses.
    pub async fn by_cookie(&self, text: &str) -> Result<Signed> {
        let secret = Bearer::<Cookie>::parse(text).map_err(Refused::from)?;
        let (store, now) = (self.store(), self.now());
        let found = store.session_of(&secret.hash()).await?;
        let mut session = found.ok_or(Refused::Session(SessionError::Unknown))?;
        let via = session
            .check(&secret, &Limits::default(), now)
            .map_err(Refused::from)?;
        if !session.seen.within(SEEN_EVERY, now) {
            store.touch_session(&session.id, now).await?;
            session.seen = now;
        }
        let account = self.account_of(&session.person).await?;
        let caller = Caller {
            person: session.person.clone(),
            active: self.works_here(&account).await?,
            roles: account.roles.clone(),
            via,
        };
        Ok(Signed {
            actor: Actor::Person(caller),
            account,
            session: Some(session),
            token: None,
        })
    }

    /// Who calls with an API token.
    ///
    /// # Errors
    /// The token is not taken, or the database refuses.
    pub async fn by_token(&self, text: &str) -> Result<Signed> {
        let secret = Bearer::<Api>::parse(text).map_err(Refused::from)?;
        let (store, now) = (self.store(), self.now());
        let found = store.token_of(&secret.hash()).await?;
        let StoredToken { token, used } = found.ok_or(Refused::Token(TokenError::Unknown))?;
        let via = token.check(&secret, now).map_err(Refused::from)?;
        if !used.is_some_and(|used| used.within(SEEN_EVERY, now)) {
            store.touch_token(&token.id, now).await?;
        }
        let account = self.account_of(&token.person).await?;
        let caller = Caller {
            person: token.person,
            active: self.works_here(&account).await?,
            roles: account.roles.clone(),
            via,
        };
        Ok(Signed {
            actor: Actor::Person(caller),
            account,
            session: None,
            token: Some(token.id),
        })
    }

    async fn account_of(&self, person: &PersonId) -> Result<Account> {
        let account = self.store().account(person).await?;
        account.ok_or_else(|| StoreError::Unknown(format!("account {person}")).into())
    }

    async fn works_here(&self, account: &Account) -> Result<bool> {
        let standing = self
            .store()
            .standing(account.person.as_str(), &account.email);
        Ok(is_active(&standing.await?, self.now().day()))
    }

    /// Begins a session for whoever the identity provider says it is. `current` is the session of the same browser: it
    /// ends, and where a set-up link began it, the identity is linked to its account. An identity that nobody knows is
    /// let in where `strangers` are.
    ///
    /// # Errors
    /// They are not let in, which is recorded, or the database refuses.
    pub async fn sign_in(
        &self,
        who: &Identity,
        current: Option<&Signed>,
        strangers: bool,
    ) -> Result<SignedIn> {
        let (store, now) = (self.store(), self.now());
        let login = Login {
            issuer: who.issuer.clone(),
            subject: who.subject.clone(),
        };
        let known = store.account_of_login(&login).await?;
        let is_new = known.is_none();
        let mut account = match known {
            Some(account) => account,
            None => match self.linked(who, current, strangers).await? {
                Ok(account) => account,
                Err((person, why)) => return Err(self.keep_out(who, person, why).await?),
            },
        };
        if !self.works_here(&account).await? {
            let why = "This account is not active any more.".to_owned();
            return Err(self.keep_out(who, Some(account.person), why).await?);
        }
        if account.name.is_empty() {
            account.name = who.name.clone().unwrap_or_default();
        }
        account.signed_in_at = Some(now);
        let begun = self.begin_session(&account, who.proof)?;
        // Only one's own session is ended by one's sign-in.
        let replaced = current
            .filter(|current| current.account.person == account.person)
            .and_then(|current| current.session.as_ref());
        let replaced = replaced.map(|session| session.id.as_str());
        let link = is_new.then_some(&login);
        store
            .sign_in(&account, link, &begun.session, replaced, now)
            .await?;
        Ok(begun)
    }

    /// The account that a new identity is linked to, or why none.
    async fn linked(
        &self,
        who: &Identity,
        current: Option<&Signed>,
        strangers: bool,
    ) -> Result<std::result::Result<Account, (Option<PersonId>, String)>> {
        let store = self.store();
        let by_link = current.filter(|current| {
            let session = current.session.as_ref();
            session.is_some_and(|session| session.proof.method == Method::SetupLink)
        });
        let account = if let Some(current) = by_link {
            Some(self.account_of(&current.account.person).await?)
        } else if let Some(email) = &who.email {
            self.account_of_email(email, strangers).await?
        } else {
            let why = "The identity provider vouches for no address of yours, so that Tenure does not know who you \
                       are: ask an administrator for a set-up link.";
            return Ok(Err((None, why.to_owned())));
        };
        let Some(account) = account else {
            let why = "Nobody here knows this address: ask an administrator to put you on the people list, or to give \
                       you a role.";
            return Ok(Err((None, why.to_owned())));
        };
        if store.has_login(&account.person, &who.issuer).await? {
            let why = "Somebody else of this identity provider signs in with this account: ask an administrator for a \
                       set-up link.";
            return Ok(Err((Some(account.person), why.to_owned())));
        }
        Ok(Ok(account))
    }

    /// The account of an address that was verified: of the person of the people list, or the one that has the address.
    async fn account_of_email(&self, email: &str, strangers: bool) -> Result<Option<Account>> {
        let (store, email) = (self.store(), email.to_lowercase());
        let listed = match store.standing(&email, &email).await? {
            Standing::Listed(person) => Some(person_of(&person.id)?),
            Standing::Unlisted | Standing::Gone => None,
        };
        if listed.is_none()
            && let Some(account) = store.account_of_email(&email).await?
        {
            return Ok(Some(account));
        }
        if listed.is_none() && !strangers {
            return Ok(None);
        }
        let person = match listed {
            Some(person) => person,
            None => person_of(&email)?,
        };
        Ok(Some(match store.account(&person).await? {
            Some(account) => account,
            None => self.new_account(person, &email),
        }))
    }

    /// Begins a session of a person with these roles, as if their identity provider had just vouched for them.
    pub(crate) async fn sign_in_as(&self, person: &PersonId, roles: Vec<Held>) -> Result<SignedIn> {
        let (store, now) = (self.store(), self.now());
        let mut account = match store.account(person).await? {
            Some(account) => account,
            None => self.new_account(person.clone(), ""),
        };
        account.roles = roles;
        account.signed_in_at = Some(now);
        let proof = Proof {
            method: Method::Oidc,
            at: now,
        };
        let begun = self.begin_session(&account, proof)?;
        store
            .sign_in(&account, None, &begun.session, None, now)
            .await?;
        Ok(begun)
    }

    fn new_account(&self, person: PersonId, email: &str) -> Account {
        Account {
            person,
            name: String::new(),
            email: email.to_owned(),
            roles: Vec::new(),
            made_at: self.now(),
            signed_in_at: None,
            version: 0,
        }
    }

    fn begin_session(&self, account: &Account, proof: Proof) -> Result<SignedIn> {
        let cookie = mint::<Cookie>().map_err(no_entropy)?;
        let id = new_account_id('s')?;
        let session = Session::begin(&id, &cookie, account.person.clone(), proof, self.now());
        Ok(SignedIn {
            cookie,
            session,
            account: account.clone(),
        })
    }

    async fn keep_out(
        &self,
        who: &Identity,
        person: Option<PersonId>,
        why: String,
    ) -> Result<RegisterError> {
        let detail = serde_json::json!({"issuer": who.issuer, "subject": who.subject});
        let store = self.store();
        store
            .refuse(person.as_ref(), "sign_in", detail, &why, self.now())
            .await?;
        Ok(Refused::NotLetIn(why).into())
    }

    /// A set-up link for the first administrator, where nobody runs this installation yet; earlier ones work no more.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn first_link(&self) -> Result<Option<Bearer<Setup>>> {
        let (store, now) = (self.store(), self.now());
        // An earlier one works no more, whatever comes.
        self.state().drop_setup_link()?;
        if store.is_administered().await? {
            return Ok(None);
        }
        let secret = mint::<Setup>().map_err(no_entropy)?;
        let link = SetupLink::make(&secret, None, now);
        store.keep_first_link(&link, now).await?;
        Ok(Some(secret))
    }

    /// Removes the file of the first link when it has served: somebody runs the installation, or its day is over.
    ///
    /// # Errors
    /// The database or the folder refuses.
    pub async fn tidy_first_link(&self) -> Result<()> {
        let Some(age) = self.state().setup_link_age() else {
            return Ok(());
        };
        if age >= u64::from(LASTS) || self.store().is_administered().await? {
            self.state().drop_setup_link()?;
        }
        Ok(())
    }

    /// For whom a set-up link is that still works; `None` in it for the first administrator. Changes nothing.
    ///
    /// # Errors
    /// It does not work.
    pub async fn look_at_link(&self, text: &str) -> Result<Option<PersonId>> {
        Ok(self.link(text).await?.1.person)
    }

    async fn link(&self, text: &str) -> Result<(Bearer<Setup>, SetupLink)> {
        let secret = Bearer::<Setup>::parse(text).map_err(Refused::from)?;
        let found = self.store().setup_link(&secret.hash()).await?;
        let link = found.ok_or(Refused::Setup(SetupError::Unknown))?;
        link.redeem(&secret, self.now()).map_err(Refused::from)?;
        Ok((secret, link))
    }

    /// Uses a set-up link up, and begins a session with it. By the first one whoever names their address becomes the
    /// administrator; nobody can sign in that session, and the next sign-in with the identity provider links it.
    ///
    /// # Errors
    /// The link does not work, or the database refuses.
    pub async fn redeem(&self, text: &str, email: Option<&str>) -> Result<SignedIn> {
        let (_, link) = self.link(text).await?;
        let (store, now) = (self.store(), self.now());
        let account = match &link.person {
            Some(person) => self.account_of(person).await?,
            None => {
                let email = email.map(str::trim).unwrap_or_default().to_lowercase();
                let has_host = email.split_once('@').is_some_and(|(user, host)| {
                    !user.is_empty() && !host.is_empty() && !host.contains('@')
                });
                if !has_host {
                    let problem = "write your address, as ann@example.com".to_owned();
                    return Err(RegisterError::Field("email", problem));
                }
                person_of(&email)?;
                let found = self.account_of_email(&email, true).await?;
                let mut account =
                    found.ok_or_else(|| StoreError::Unknown(format!("account of {email}")))?;
                let runs = Held::new(Role::Administrator, Unit::whole());
                if !account.roles.contains(&runs) {
                    account.roles.push(runs);
                }
                account
            }
        };
        if !self.works_here(&account).await? {
            let why = "This account is not active any more.".to_owned();
            return Err(Refused::NotLetIn(why).into());
        }
        let proof = Proof {
            method: Method::SetupLink,
            at: now,
        };
        let account = Account {
            signed_in_at: Some(now),
            ..account
        };
        let begun = self.begin_session(&account, proof)?;
        match store.redeem(&link, &account, &begun.session, now).await {
            Ok(()) => {
                // It works no more: that its file is still there would be no reason to refuse.
                let _ = self.tidy_first_link().await;
                Ok(begun)
            }
            Err(StoreError::Conflict(_)) => Err(Refused::Setup(SetupError::Used).into()),
            Err(error) => Err(error.into()),
        }
    }
}

fn no_entropy(error: impl std::fmt::Display) -> RegisterError {
    RegisterError::Nothing(error.to_string())
}

impl Desk<'_> {
    fn account_object(person: &PersonId, unit: Unit) -> Object {
        Object::account(person, unit)
    }

    fn act(&self, action: Action, person: &PersonId, detail: serde_json::Value) -> Change {
        Change::Act {
            act: action.word().to_owned(),
            kind: action.object().word().to_owned(),
            id: person.to_string(),
            detail,
        }
    }

    async fn known(&self, person: &PersonId) -> Result<Account> {
        let found = self.store.account(person).await?;
        found.ok_or_else(|| StoreError::Unknown(format!("account {person}")).into())
    }

    /// Accounts in the order of their persons, after `after`, at most `most`.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn accounts(&self, after: Option<&str>, most: u64) -> Result<Vec<AccountRecord>> {
        self.permit_all(Action::RoleView).await?;
        let mut all = Vec::new();
        for account in self.store.accounts(after, most).await? {
            all.push(self.record(account).await?);
        }
        Ok(all)
    }

    /// One account.
    ///
    /// # Errors
    /// There is none, the caller may not, or the database refuses.
    pub async fn account(&self, person: &PersonId) -> Result<AccountRecord> {
        self.permit_all(Action::RoleView).await?;
        let account = self.known(person).await?;
        self.record(account).await
    }

    async fn record(&self, account: Account) -> Result<AccountRecord> {
        let standing = self.store.standing(account.person.as_str(), &account.email);
        Ok(AccountRecord {
            active: is_active(&standing.await?, self.now.day()),
            account,
        })
    }

    /// Gives a person exactly these roles, and makes their account where there is none. Each role that comes or goes
    /// has to be the caller's to give in its unit. `seen` is the version of the account that the caller looked at; 0
    /// for none.
    ///
    /// # Errors
    /// The caller may not, somebody else changed it meanwhile, or the database refuses.
    pub async fn set_roles(
        &self,
        person: &PersonId,
        roles: Vec<Held>,
        seen: Option<u64>,
    ) -> Result<AccountRecord> {
        let found = self.store.account(person).await?;
        let before: Vec<Held> = found
            .as_ref()
            .map(|account| account.roles.clone())
            .unwrap_or_default();
        let mut after: Vec<Held> = Vec::new();
        for held in roles {
            if !after.contains(&held) {
                after.push(held);
            }
        }
        let came = after.iter().filter(|held| !before.contains(held));
        let went = before.iter().filter(|held| !after.contains(held));
        let mut units: Vec<Unit> = came.chain(went).map(|held| held.unit().clone()).collect();
        units.sort();
        units.dedup();
        let is_same = units.is_empty();
        if is_same {
            units.push(Unit::whole());
        }
        let mut permits = Vec::with_capacity(units.len());
        for unit in units {
            let object = Self::account_object(person, unit);
            permits.push(self.permit(Action::RoleAssign, &object).await?);
        }
        let version = found.as_ref().map_or(0, |account| account.version);
        if seen.is_some_and(|seen| seen != version) {
            return Err(StoreError::Conflict(format!("the account {person}")).into());
        }
        let mut account = match found {
            Some(account) => account,
            None => {
                let listed = self
                    .store
                    .standing(person.as_str(), person.as_str())
                    .await?;
                let email = match listed {
                    Standing::Listed(listed) => listed.email.unwrap_or_default(),
                    _ if person.as_str().contains('@') => person.to_string(),
                    _ => String::new(),
                };
                Account {
                    person: person.clone(),
                    name: String::new(),
                    email,
                    roles: Vec::new(),
                    made_at: self.now,
                    signed_in_at: None,
                    version: 0,
                }
            }
        };
        if is_same && version > 0 {
            return self.record(account).await;
        }
        account.roles = after;
        if let Some(permit) = permits.first() {
            let mut txn = self.store.begin(permit, self.now).await?;
            txn.put_account(&account).await?;
            let detail = serde_json::json!({"from": before, "to": account.roles});
            txn.commit(self.act(Action::RoleAssign, person, detail))
                .await?;
        }
        account.version = version.saturating_add(1);
        self.record(account).await
    }

    /// The sessions of a person, newest first.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn sessions(&self, person: &PersonId) -> Result<Vec<Session>> {
        let object = Self::account_object(person, Unit::whole());
        self.permit(Action::SessionView, &object).await?;
        Ok(self.store.sessions(person).await?)
    }

    /// Ends a session of a person, or all of them. Gives how many.
    ///
    /// # Errors
    /// There is none of this id, the caller may not, or the database refuses.
    pub async fn end_sessions(&self, person: &PersonId, id: Option<&str>) -> Result<u64> {
        let object = Self::account_object(person, Unit::whole());
        let permit = self.permit(Action::SessionEnd, &object).await?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        let ended = match id {
            None => txn.end_sessions(person).await?,
            Some(id) => u64::from(txn.end_session(person, id).await?),
        };
        if ended == 0 {
            return match id {
                None => Ok(0),
                Some(id) => Err(StoreError::Unknown(format!("open session {id}")).into()),
            };
        }
        let detail = serde_json::json!({"session": id, "ended": ended});
        txn.commit(self.act(Action::SessionEnd, person, detail))
            .await?;
        Ok(ended)
    }

    /// The tokens of a person, newest first.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn tokens(&self, person: &PersonId) -> Result<Vec<StoredToken>> {
        let object = Self::account_object(person, Unit::whole());
        self.permit(Action::TokenView, &object).await?;
        Ok(self.store.tokens(person).await?)
    }

    /// Makes a token. Its text is given here and never again.
    ///
    /// # Errors
    /// What is wanted cannot be, the caller may not, or the database refuses.
    pub async fn make_token(&self, wanted: Wanted) -> Result<Made<Token, Api>> {
        let object = Self::account_object(&wanted.person, Unit::whole());
        let permit = self.permit(Action::TokenMake, &object).await?;
        self.known(&wanted.person).await?;
        let text = mint::<Api>().map_err(no_entropy)?;
        let wanted = Wanted {
            id: new_account_id('t')?,
            ..wanted
        };
        let kept = Token::make(wanted, &text, self.now)
            .map_err(|error| RegisterError::Field("token", error.to_string()))?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        txn.add_token(&kept).await?;
        let detail = serde_json::json!({
            "token": kept.id, "name": kept.name, "sorts": kept.sorts, "within": kept.within, "expires": kept.expires,
        });
        txn.commit(self.act(Action::TokenMake, &kept.person, detail))
            .await?;
        Ok(Made { kept, text })
    }

    /// Revokes a token of a person.
    ///
    /// # Errors
    /// There is none of this id, the caller may not, or the database refuses.
    pub async fn revoke_token(&self, person: &PersonId, id: &str) -> Result<()> {
        let object = Self::account_object(person, Unit::whole());
        let permit = self.permit(Action::TokenRevoke, &object).await?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        if !txn.revoke_token(person, id).await? {
            return Err(StoreError::Unknown(format!("living token {id}")).into());
        }
        let detail = serde_json::json!({"token": id});
        txn.commit(self.act(Action::TokenRevoke, person, detail))
            .await?;
        Ok(())
    }

    /// Makes a set-up link for a person who has an account. It works once, for a day.
    ///
    /// # Errors
    /// There is no such account, the caller may not, or the database refuses.
    pub async fn make_setup_link(&self, person: &PersonId) -> Result<Made<SetupLink, Setup>> {
        let object = Self::account_object(person, Unit::whole());
        let permit = self.permit(Action::SetupLinkMake, &object).await?;
        self.known(person).await?;
        let text = mint::<Setup>().map_err(no_entropy)?;
        let kept = SetupLink::make(&text, Some(person.clone()), self.now);
        let mut txn = self.store.begin(&permit, self.now).await?;
        txn.add_setup_link(&kept).await?;
        let until = kept
            .made
            .plus_seconds(i64::from(tenure_model::setup_link::LASTS));
        let detail = serde_json::json!({"until": until});
        txn.commit(self.act(Action::SetupLinkMake, person, detail))
            .await?;
        Ok(Made { kept, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::{key::Person, moment::Moment};

    #[test]
    fn who_left_or_leaves_does_not_work_here_and_who_never_was_listed_does() {
        let today: Day = "2026-11-26".parse().unwrap();
        let listed = |state, until: Option<&str>| {
            Standing::Listed(Person {
                state,
                until: until.map(|day| day.parse().unwrap()),
                ..Person::default()
            })
        };
        assert!(is_active(&Standing::Unlisted, today));
        assert!(!is_active(&Standing::Gone, today));
        assert!(is_active(&listed(PersonState::Active, None), today));
        assert!(is_active(&listed(PersonState::OnLeave, None), today));
        assert!(!is_active(&listed(PersonState::Inactive, None), today));
        let leaves = |day| is_active(&listed(PersonState::Active, Some(day)), today);
        assert!(leaves("2026-11-26"), "the last day");
        assert!(!leaves("2026-11-25"));
    }

    #[test]
    fn a_moment_is_written_once_a_minute() {
        let now = Moment::from_micros(1_790_000_000_000_000);
        assert!(now.within(SEEN_EVERY, now.plus_seconds(60)));
        assert!(!now.within(SEEN_EVERY, now.plus_seconds(61)));
    }
}
