//! Who calls: accounts with their roles, how they sign in, sessions, tokens, set-up links, and sign-ins under way.
//! Of every secret only the hash is here.

use crate::{
    db::{Result, Store, StoreError, json, new_id, read, word},
    dialect::{Row, args},
    txn::Txn,
};
use tenure_model::{
    access::{Held, PersonId, Unit},
    bearer::Hashed,
    event::{Actor, Change, Event, Outcome},
    id,
    key::Person,
    moment::Moment,
    session::{Cookie, Proof, Session},
    setup_link::SetupLink,
    token::Token,
};

/// Somebody who can call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Who.
    pub person: PersonId,
    /// A name to show; empty where none is known.
    pub name: String,
    /// The address, lower case; empty where none is known.
    pub email: String,
    /// The roles that they hold.
    pub roles: Vec<Held>,
    /// When it was made.
    pub made_at: Moment,
    /// When they last signed in.
    pub signed_in_at: Option<Moment>,
    /// How often its row was written; a change names the version that it saw. 0 where it is not kept yet.
    pub version: u64,
}

/// An identity of a provider: only issuer and subject together identify anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The identity provider.
    pub issuer: String,
    /// Its id of the person.
    pub subject: String,
}

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// What it is.
    pub token: Token,
    /// When it was last used, to the minute.
    pub used: Option<Moment>,
}

/// What a call with an idempotency key was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The digest of the request.
    pub request: String,
    /// The status; 0 while it is under way.
    pub status: u16,
    /// The media type.
    pub media: String,
    /// The body.
    pub body: String,
}

/// Where somebody stands with the people list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// They never were on it.
    Unlisted,
    /// They are on it.
    Listed(Person),
    /// They were on it, and are no more.
    Gone,
}

const ACCOUNT: &str = "a.person, a.name, a.email, a.roles, a.made_at, a.signed_in_at, a.version";
const SESSION: &str = "id, hash, person, began, method, proof_at, seen, ended";
const TOKEN: &str = "id, hash, person, name, sorts, within_unit, made, expires, revoked, used";
/// The most sign-ins that are under way at once.
const MOST_SIGN_INS: u64 = 10_000;

fn person(text: &str) -> Result<PersonId> {
    PersonId::new(text).map_err(|_| StoreError::Broken("an account of nobody".to_owned()))
}

fn hashed<K>(text: &str) -> Result<Hashed<K>> {
    Hashed::from_hex(text).ok_or_else(|| StoreError::Broken("a broken hash".to_owned()))
}

fn account(row: &Row) -> Result<Account> {
    Ok(Account {
        person: person(&row.text(0)?)?,
        name: row.text(1)?,
        email: row.text(2)?,
        roles: read(&row.text(3)?, "list of roles")?,
        made_at: Moment::from_micros(row.int(4)?),
        signed_in_at: row.maybe_int(5)?.map(Moment::from_micros),
        version: row.int(6)?.unsigned_abs(),
    })
}

fn session(row: &Row) -> Result<Session> {
    Ok(Session {
        id: row.text(0)?,
        hash: hashed(&row.text(1)?)?,
        person: person(&row.text(2)?)?,
        began: Moment::from_micros(row.int(3)?),
        proof: Proof {
            method: word(&row.text(4)?, "method of a sign-in")?,
            at: Moment::from_micros(row.int(5)?),
        },
        seen: Moment::from_micros(row.int(6)?),
        ended: row.maybe_int(7)?.map(Moment::from_micros),
    })
}

fn token(row: &Row) -> Result<StoredToken> {
    Ok(StoredToken {
        token: Token {
            id: row.text(0)?,
            hash: hashed(&row.text(1)?)?,
            person: person(&row.text(2)?)?,
            name: row.text(3)?,
            sorts: read(&row.text(4)?, "scope of a token")?,
            within: Unit::parse(&row.text(5)?)
                .map_err(|_| StoreError::Broken("the unit of a token".to_owned()))?,
            made: Moment::from_micros(row.int(6)?),
            expires: Moment::from_micros(row.int(7)?),
            revoked: row.maybe_int(8)?.map(Moment::from_micros),
        },
        used: row.maybe_int(9)?.map(Moment::from_micros),
    })
}

/// A new id of a session or token.
///
/// # Errors
/// The system gives no random bytes.
pub fn new_account_id(letter: char) -> Result<String> {
    new_id(letter)
}

impl Store {
    async fn one<T>(
        &self,
        sql: &str,
        args: Vec<crate::dialect::Arg>,
        read: fn(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let rows = self.pool.rows(sql, args).await?;
        rows.first().map(read).transpose()
    }

    /// The account of a person.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn account(&self, person: &PersonId) -> Result<Option<Account>> {
        let sql = format!("SELECT {ACCOUNT} FROM accounts a WHERE a.person = $1");
        self.one(&sql, args![person.as_str()], account).await
    }

    /// Accounts in the order of their persons, after `after`, at most `most`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn accounts(&self, after: Option<&str>, most: u64) -> Result<Vec<Account>> {
        let sql = format!(
            "SELECT {ACCOUNT} FROM accounts a WHERE a.person > $1 ORDER BY a.person LIMIT $2"
        );
        let args = args![after.unwrap_or_default(), most];
        let rows = self.pool.rows(&sql, args).await?;
        rows.iter().map(account).collect()
    }

    /// The account that an identity belongs to.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn account_of_login(&self, login: &Login) -> Result<Option<Account>> {
        let sql = format!(
            "SELECT {ACCOUNT} FROM accounts a JOIN logins l ON l.person = a.person \
             WHERE l.issuer = $1 AND l.subject = $2"
        );
        let args = args![login.issuer.as_str(), login.subject.as_str()];
        self.one(&sql, args, account).await
    }

    /// Whether an account has an identity of this provider already.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn has_login(&self, person: &PersonId, issuer: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM logins WHERE person = $1 AND issuer = $2";
        let rows = self.pool.rows(sql, args![person.as_str(), issuer]).await?;
        Ok(!rows.is_empty())
    }

    /// The account that has this address, where exactly one has.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn account_of_email(&self, email: &str) -> Result<Option<Account>> {
        let sql = format!("SELECT {ACCOUNT} FROM accounts a WHERE a.email = $1 LIMIT 2");
        let rows = self.pool.rows(&sql, args![email]).await?;
        match rows.as_slice() {
            [one] => account(one).map(Some),
            _ => Ok(None),
        }
    }

    /// Whether anybody runs this installation: holds the role of an administrator of the whole.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn is_administered(&self) -> Result<bool> {
        let sql = "SELECT roles FROM accounts WHERE roles LIKE '%\"administrator\"%'";
        for row in self.pool.rows(sql, args![]).await? {
            let roles: Vec<Held> = read(&row.text(0)?, "list of roles")?;
            let runs = |held: &Held| {
                held.role() == tenure_model::access::Role::Administrator && held.unit().is_whole()
            };
            if roles.iter().any(runs) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where somebody stands with the people list: by their id in any case, else by their address.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn standing(&self, person: &str, email: &str) -> Result<Standing> {
        let by_id = "SELECT body, gone_at FROM people WHERE LOWER(id) = $1";
        let mut rows = self.pool.rows(by_id, args![person.to_lowercase()]).await?;
        if rows.is_empty() && !email.is_empty() {
            let by_email = "SELECT body, gone_at FROM people WHERE email = $1";
            rows = self.pool.rows(by_email, args![email]).await?;
        }
        let mut standing = Standing::Unlisted;
        for row in &rows {
            if row.maybe_int(1)?.is_none() {
                return Ok(Standing::Listed(read(&row.text(0)?, "person")?));
            }
            standing = Standing::Gone;
        }
        Ok(standing)
    }

    /// The session of a cookie.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn session_of(&self, hash: &Hashed<Cookie>) -> Result<Option<Session>> {
        let sql = format!("SELECT {SESSION} FROM sessions WHERE hash = $1");
        self.one(&sql, args![hash.hex()], session).await
    }

    /// The sessions of a person, newest first, at most a hundred.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn sessions(&self, person: &PersonId) -> Result<Vec<Session>> {
        let sql = format!(
            "SELECT {SESSION} FROM sessions WHERE person = $1 ORDER BY began DESC, id LIMIT 100"
        );
        let rows = self.pool.rows(&sql, args![person.as_str()]).await?;
        rows.iter().map(session).collect()
    }

    /// The token of a text.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn token_of(
        &self,
        hash: &Hashed<tenure_model::token::Api>,
    ) -> Result<Option<StoredToken>> {
        let sql = format!("SELECT {TOKEN} FROM tokens WHERE hash = $1");
        self.one(&sql, args![hash.hex()], token).await
    }

    /// The tokens of a person, newest first.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn tokens(&self, person: &PersonId) -> Result<Vec<StoredToken>> {
        let sql = format!("SELECT {TOKEN} FROM tokens WHERE person = $1 ORDER BY made DESC, id");
        let rows = self.pool.rows(&sql, args![person.as_str()]).await?;
        rows.iter().map(token).collect()
    }

    /// The set-up link of a text.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn setup_link(
        &self,
        hash: &Hashed<tenure_model::setup_link::Setup>,
    ) -> Result<Option<SetupLink>> {
        let sql = "SELECT hash, person, made, used FROM setup_links WHERE hash = $1";
        self.one(sql, args![hash.hex()], |row| {
            Ok(SetupLink {
                hash: hashed(&row.text(0)?)?,
                person: row.maybe_text(1)?.as_deref().map(person).transpose()?,
                made: Moment::from_micros(row.int(2)?),
                used: row.maybe_int(3)?.map(Moment::from_micros),
            })
        })
        .await
    }

    /// Begins a session at a sign-in: keeps the account as it is now, the identity that it came by where it is a new
    /// one, and ends the session that stood in the same browser. One event.
    ///
    /// # Errors
    /// Somebody else changed the account meanwhile, or the database refuses.
    pub async fn sign_in(
        &self,
        account: &Account,
        link: Option<&Login>,
        begun: &Session,
        replaces: Option<&str>,
        at: Moment,
    ) -> Result<()> {
        let mut txn = self.begin_of_product("sign_in".to_owned(), at).await?;
        txn.put_account(account).await?;
        if let Some(login) = link {
            txn.link_login(login, &account.person).await?;
        }
        if let Some(old) = replaces {
            txn.end_session(&account.person, old).await?;
        }
        txn.add_session(begun).await?;
        txn.commit(Change::Act {
            act: "sign_in".to_owned(),
            kind: "account".to_owned(),
            id: account.person.to_string(),
            detail: serde_json::json!({
                "session": begun.id,
                "method": begun.proof.method.word(),
                "is_new": account.version == 0,
                "linked": link.is_some(),
            }),
        })
        .await?;
        Ok(())
    }

    /// Uses a set-up link up and begins a session with it. The identities that the account came by before are taken
    /// off, so that the next sign-in links it anew. One event.
    ///
    /// # Errors
    /// It was used by somebody else meanwhile, or the database refuses.
    pub async fn redeem(
        &self,
        link: &SetupLink,
        account: &Account,
        begun: &Session,
        at: Moment,
    ) -> Result<()> {
        let mut txn = self.begin_of_product("sign_in".to_owned(), at).await?;
        let sql = "UPDATE setup_links SET used = $1 WHERE hash = $2 AND used IS NULL";
        if txn.run(sql, args![at.micros(), link.hash.hex()]).await? != 1 {
            return Err(StoreError::Conflict("the set-up link".to_owned()));
        }
        txn.put_account(account).await?;
        let sql = "DELETE FROM logins WHERE person = $1";
        txn.run(sql, args![account.person.as_str()]).await?;
        txn.add_session(begun).await?;
        txn.commit(Change::Act {
            act: "setup_link.use".to_owned(),
            kind: "account".to_owned(),
            id: account.person.to_string(),
            detail: serde_json::json!({
                "session": begun.id,
                "roles": account.roles,
                "is_new": account.version == 0,
            }),
        })
        .await?;
        Ok(())
    }

    /// Keeps the set-up link for the first administrator, in place of any that was not used.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn keep_first_link(&self, link: &SetupLink, at: Moment) -> Result<()> {
        let mut txn = self.begin_of_product("setup".to_owned(), at).await?;
        let sql = "DELETE FROM setup_links WHERE person IS NULL AND used IS NULL";
        txn.run(sql, args![]).await?;
        txn.add_setup_link(link).await?;
        txn.commit(Change::Act {
            act: "setup_link.make".to_owned(),
            kind: "account".to_owned(),
            id: String::new(),
            detail: serde_json::json!({"for": "the first administrator"}),
        })
        .await?;
        Ok(())
    }

    /// Records that somebody was not let in, or that what they presented is not taken any more. Nothing else changes.
    ///
    /// # Errors
    /// The database refuses: then they have to be kept out all the same.
    pub async fn refuse(
        &self,
        who: Option<&PersonId>,
        act: &str,
        detail: serde_json::Value,
        why: &str,
        at: Moment,
    ) -> Result<()> {
        let mut txn = self.begin_of_product("sign_in".to_owned(), at).await?;
        txn.note_event(Event {
            schema: tenure_model::event::SCHEMA.to_owned(),
            at,
            who: who.map_or(Actor::Anonymous, |person| Actor::Person {
                id: id::PersonId::new(person.as_str()),
            }),
            change: Change::Act {
                act: act.to_owned(),
                kind: "account".to_owned(),
                id: who.map(ToString::to_string).unwrap_or_default(),
                detail,
            },
            outcome: Outcome::Denied {
                policies: Vec::new(),
                rules: None,
                why: why.to_owned(),
            },
        });
        txn.commit_noted().await?;
        Ok(())
    }

    /// Notes that a session is used. Of no interest to the log; called at most once a minute.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn touch_session(&self, id: &str, at: Moment) -> Result<()> {
        let sql = "UPDATE sessions SET seen = $1 WHERE id = $2 AND ended IS NULL AND seen < $1";
        self.quietly(sql, args![at.micros(), id]).await.map(drop)
    }

    /// Notes that a token is used, likewise.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn touch_token(&self, id: &str, at: Moment) -> Result<()> {
        let sql = "UPDATE tokens SET used = $1 WHERE id = $2 AND (used IS NULL OR used < $1)";
        self.quietly(sql, args![at.micros(), id]).await.map(drop)
    }

    /// Keeps a sign-in that is under way, sealed, by the hash of its state; drops those that began before `old`.
    ///
    /// # Errors
    /// Too many are under way, or the database refuses.
    pub async fn keep_sign_in(
        &self,
        state_hash: &str,
        sealed: &str,
        at: Moment,
        old: Moment,
    ) -> Result<bool> {
        let mut tx = self.pool.begin().await?;
        tx.run("DELETE FROM sign_ins WHERE began < $1", args![old.micros()])
            .await?;
        let rows = tx.rows("SELECT COUNT(*) FROM sign_ins", args![]).await?;
        let under_way = rows.first().map_or(Ok(0), |row| row.int(0))?;
        if under_way.unsigned_abs() >= MOST_SIGN_INS {
            return Ok(false);
        }
        let sql = "INSERT INTO sign_ins (state_hash, sealed, began) VALUES ($1, $2, $3)";
        tx.run(sql, args![state_hash, sealed, at.micros()]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes a sign-in that is under way out: it is found once, by one of all replicas.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn take_sign_in(&self, state_hash: &str) -> Result<Option<String>> {
        let mut tx = self.pool.begin().await?;
        let sql = "SELECT sealed FROM sign_ins WHERE state_hash = $1";
        let rows = tx.rows(sql, args![state_hash]).await?;
        let Some(sealed) = rows.first().map(|row| row.text(0)).transpose()? else {
            return Ok(None);
        };
        let sql = "DELETE FROM sign_ins WHERE state_hash = $1";
        let is_ours = tx.run(sql, args![state_hash]).await? == 1;
        tx.commit().await?;
        Ok(is_ours.then_some(sealed))
    }

    /// Claims an idempotency key for a call: `None` where it is this call's now, else what an earlier one of the same
    /// key was answered. Forgets what is older than `old`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn claim_answer(
        &self,
        caller: &str,
        key: &str,
        request: &str,
        at: Moment,
        old: Moment,
    ) -> Result<Option<Answer>> {
        let mut tx = self.pool.begin().await?;
        tx.run("DELETE FROM answers WHERE at < $1", args![old.micros()])
            .await?;
        let sql = "INSERT INTO answers (caller, idempotency_key, request, status, media, body, at) \
                   VALUES ($1, $2, $3, 0, '', '', $4) ON CONFLICT (caller, idempotency_key) DO NOTHING";
        let is_ours = tx
            .run(sql, args![caller, key, request, at.micros()])
            .await?
            == 1;
        let sql = "SELECT request, status, media, body FROM answers \
                   WHERE caller = $1 AND idempotency_key = $2";
        let rows = tx.rows(sql, args![caller, key]).await?;
        tx.commit().await?;
        if is_ours {
            return Ok(None);
        }
        rows.first()
            .map(|row| {
                Ok(Answer {
                    request: row.text(0)?,
                    status: u16::try_from(row.int(1)?).unwrap_or_default(),
                    media: row.text(2)?,
                    body: row.text(3)?,
                })
            })
            .transpose()
    }

    /// Keeps what a call was answered; `None` gives its key back, for a call that came to nothing and may be tried
    /// again.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn keep_answer(
        &self,
        caller: &str,
        key: &str,
        answer: Option<&Answer>,
    ) -> Result<()> {
        match answer {
            None => {
                let sql =
                    "DELETE FROM answers WHERE caller = $1 AND idempotency_key = $2 AND status = 0";
                self.quietly(sql, args![caller, key]).await
            }
            Some(answer) => {
                let sql = "UPDATE answers SET status = $3, media = $4, body = $5 \
                           WHERE caller = $1 AND idempotency_key = $2 AND status = 0";
                let args = args![
                    caller,
                    key,
                    i64::from(answer.status),
                    answer.media.as_str(),
                    answer.body.as_str(),
                ];
                self.quietly(sql, args).await
            }
        }
        .map(drop)
    }

    /// Changes what the log has no interest in.
    async fn quietly(&self, sql: &str, args: Vec<crate::dialect::Arg>) -> Result<u64> {
        let mut tx = self.pool.begin().await?;
        let changed = tx.run(sql, args).await?;
        tx.commit().await?;
        Ok(changed)
    }
}

impl Txn {
    /// Keeps an account: a new one where its version is 0, else in place of the version that it names.
    ///
    /// # Errors
    /// Somebody else changed it meanwhile, or the database refuses.
    pub async fn put_account(&mut self, account: &Account) -> Result<()> {
        let person = account.person.as_str();
        let roles = json(&account.roles);
        let signed_in = account.signed_in_at.map(Moment::micros);
        let written = if account.version == 0 {
            self.run(
                "INSERT INTO accounts (person, name, email, roles, made_at, signed_in_at, version) \
                 VALUES ($1, $2, $3, $4, $5, $6, 1) ON CONFLICT (person) DO NOTHING",
                args![
                    person,
                    account.name.as_str(),
                    account.email.as_str(),
                    roles,
                    account.made_at.micros(),
                    signed_in,
                ],
            )
            .await?
        } else {
            self.run(
                "UPDATE accounts SET name = $2, email = $3, roles = $4, signed_in_at = $5, version = version + 1 \
                 WHERE person = $1 AND version = $6",
                args![
                    person,
                    account.name.as_str(),
                    account.email.as_str(),
                    roles,
                    signed_in,
                    account.version,
                ],
            )
            .await?
        };
        if written == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict(format!("the account {person}")))
        }
    }

    /// Says that a key is still owned as it was seen: since when, or by nobody. Whoever assigns it meanwhile waits.
    ///
    /// # Errors
    /// It is not.
    pub async fn owner_is_as_of(
        &mut self,
        key: &tenure_model::id::KeyId,
        since: Option<Moment>,
    ) -> Result<()> {
        let lock = crate::dialect::for_update(self.is_postgres());
        let sql = format!("SELECT 1 FROM keys WHERE id = $1{lock}");
        self.rows(&sql, args![key.as_str()]).await?;
        let sql = "SELECT assigned_at FROM owners WHERE key_id = $1";
        let rows = self.rows(sql, args![key.as_str()]).await?;
        let found = rows.first().map(|row| row.int(0)).transpose()?;
        if found == since.map(Moment::micros) {
            Ok(())
        } else {
            Err(StoreError::Conflict(format!("the owner of {key}")))
        }
    }

    async fn link_login(&mut self, login: &Login, person: &PersonId) -> Result<()> {
        let sql = "INSERT INTO logins (issuer, subject, person, linked_at) VALUES ($1, $2, $3, $4)";
        let at = self.at().micros();
        let (issuer, subject) = (login.issuer.as_str(), login.subject.as_str());
        self.run(sql, args![issuer, subject, person.as_str(), at])
            .await
            .map(drop)
    }

    async fn add_session(&mut self, session: &Session) -> Result<()> {
        let sql = "INSERT INTO sessions (id, hash, person, began, method, proof_at, seen) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let args = args![
            session.id.as_str(),
            session.hash.hex(),
            session.person.as_str(),
            session.began.micros(),
            session.proof.method.word(),
            session.proof.at.micros(),
            session.seen.micros(),
        ];
        self.run(sql, args).await.map(drop)
    }

    /// Ends one session of a person; says whether it had not ended before.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn end_session(&mut self, person: &PersonId, id: &str) -> Result<bool> {
        let at = self.at().micros();
        let sql = "UPDATE sessions SET ended = $1 WHERE id = $2 AND person = $3 AND ended IS NULL";
        Ok(self.run(sql, args![at, id, person.as_str()]).await? == 1)
    }

    /// Ends every session of a person; says how many.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn end_sessions(&mut self, person: &PersonId) -> Result<u64> {
        let at = self.at().micros();
        let sql = "UPDATE sessions SET ended = $1 WHERE person = $2 AND ended IS NULL";
        self.run(sql, args![at, person.as_str()]).await
    }

    /// Keeps a new token.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn add_token(&mut self, token: &Token) -> Result<()> {
        let sql = "INSERT INTO tokens (id, hash, person, name, sorts, within_unit, made, expires) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let args = args![
            token.id.as_str(),
            token.hash.hex(),
            token.person.as_str(),
            token.name.as_str(),
            json(&token.sorts),
            token.within.as_str(),
            token.made.micros(),
            token.expires.micros(),
        ];
        self.run(sql, args).await.map(drop)
    }

    /// Revokes a token of a person; says whether it was not revoked before.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn revoke_token(&mut self, person: &PersonId, id: &str) -> Result<bool> {
        let at = self.at().micros();
        let sql =
            "UPDATE tokens SET revoked = $1 WHERE id = $2 AND person = $3 AND revoked IS NULL";
        Ok(self.run(sql, args![at, id, person.as_str()]).await? == 1)
    }

    /// Keeps a new set-up link.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn add_setup_link(&mut self, link: &SetupLink) -> Result<()> {
        let sql = "INSERT INTO setup_links (hash, person, made) VALUES ($1, $2, $3)";
        let person = link.person.as_ref().map(PersonId::as_str);
        let args = args![link.hash.hex(), person, link.made.micros()];
        self.run(sql, args).await.map(drop)
    }
}
