//! Accounts: roles, sessions, tokens, set-up links of others.

use super::keys;
use crate::{
    answer::{Created, Done, Json, Page, Result, Tagged},
    auth::Caller,
    error::Problem,
    extract::{self, Both, IfMatch, Named, Query},
    house::House,
};
use axum::{extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenure_app::register::{AccountRecord, StoredToken};
use tenure_model::{
    access::{
        Action, Actor, Authority, Caller as Known, Held, Object, ObjectKind, PersonId, Role, Sort,
        Unit, Via,
    },
    moment::Moment,
    session, setup_link,
};

/// The most roles of one person.
const MOST_ROLES: usize = 100;

/// A role in a unit.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeldRole {
    role: Role,
    /// The business unit, by its path; `*` is the whole organisation.
    #[serde(default = "Unit::whole")]
    unit: Unit,
    /// How far a risk owner's signature reaches; of risk owners alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authority: Option<Authority>,
}

impl From<&Held> for HeldRole {
    fn from(held: &Held) -> Self {
        Self {
            role: held.role(),
            unit: held.unit().clone(),
            authority: held.authority(),
        }
    }
}

impl HeldRole {
    fn held(self) -> Result<Held> {
        match (self.role, self.authority) {
            (Role::RiskOwner, Some(authority)) => Ok(Held::risk_owner(self.unit, authority)),
            (role, None) => Ok(Held::new(role, self.unit)),
            (_, Some(_)) => {
                let detail = "authority: only a risk owner has one; leave it out";
                Err(Problem::field("authority", detail))
            }
        }
    }
}

/// An account.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Account {
    person: PersonId,
    name: Option<String>,
    email: Option<String>,
    roles: Vec<HeldRole>,
    /// Whether they still work here, as the people list says.
    active: bool,
    made_at: Moment,
    signed_in_at: Option<Moment>,
}

impl From<AccountRecord> for Account {
    fn from(record: AccountRecord) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let account = record.account;
        Self {
            roles: account.roles.iter().map(HeldRole::from).collect(),
            person: account.person,
            name: some(account.name),
            email: some(account.email),
            active: record.active,
            made_at: account.made_at,
            signed_in_at: account.signed_in_at,
        }
    }
}

fn tag(version: u64) -> String {
    format!("\"a{version}\"")
}

fn tagged(record: AccountRecord) -> Tagged<Account> {
    Tagged {
        tag: Some(tag(record.account.version)),
        value: record.into(),
    }
}

pub(crate) fn person(text: &str) -> Result<PersonId> {
    PersonId::new(text).map_err(|error| Problem::field("person", error.to_string()))
}

/// Where a page begins, and how long it is.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Paged {
    /// `next` of the page before.
    after: Option<String>,
    /// How many a page has.
    #[schemars(range(min = 1, max = 200))]
    #[serde(deserialize_with = "extract::given")]
    limit: Option<u16>,
}

pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller,
    Query(paged): Query<Paged>,
) -> Result<Json<Page<Account>>> {
    let most = keys::limit(paged.limit, 50, 200)?;
    let desk = house.register.desk(caller.actor());
    let found = desk.accounts(paged.after.as_deref(), most).await?;
    let is_full = u64::try_from(found.len()).is_ok_and(|found| found == most);
    let last = found.last().map(|record| record.account.person.to_string());
    Ok(Json(Page {
        next: last.filter(|_| is_full),
        items: found.into_iter().map(Account::from).collect(),
    }))
}

pub(crate) async fn one(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Tagged<Account>> {
    let desk = house.register.desk(caller.actor());
    Ok(tagged(desk.account(&person(&id)?).await?))
}

/// The roles that somebody is to hold, and no other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roles {
    #[schemars(length(max = 100))]
    roles: Vec<HeldRole>,
}

pub(crate) async fn set_roles(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
    seen: IfMatch,
    extract::Json(wanted): extract::Json<Roles>,
) -> Result<Tagged<Account>> {
    if wanted.roles.len() > MOST_ROLES {
        return Err(Problem::field(
            "roles",
            format!("roles: at most {MOST_ROLES}"),
        ));
    }
    let roles: Vec<Held> = wanted
        .roles
        .into_iter()
        .map(HeldRole::held)
        .collect::<Result<_>>()?;
    let version = match &seen {
        IfMatch::Any => None,
        // What is no tag of ours was never the version.
        IfMatch::Tag(text) => Some(
            text.strip_prefix("\"a")
                .and_then(|rest| rest.strip_suffix('"')?.parse().ok())
                .unwrap_or(u64::MAX),
        ),
    };
    let desk = house.register.desk(caller.actor());
    match desk.set_roles(&person(&id)?, roles, version).await {
        Ok(record) => Ok(tagged(record)),
        Err(error) => Err(match Problem::from(error) {
            problem if problem.status == StatusCode::CONFLICT => extract::was_changed(),
            problem => problem,
        }),
    }
}

/// A session, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Session {
    id: String,
    began: Moment,
    /// The last call, to the minute.
    seen: Moment,
    /// How the person proved who they are.
    method: session::Method,
    ended: Option<Moment>,
    /// It is the one of this call.
    is_this: bool,
}

pub(crate) fn session(one: session::Session, caller: &Caller) -> Session {
    let this = caller.0.session.as_ref();
    Session {
        is_this: this.is_some_and(|this| this.id == one.id),
        id: one.id,
        began: one.began,
        seen: one.seen,
        method: one.proof.method,
        ended: one.ended,
    }
}

/// A token, without its text.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Token {
    id: String,
    name: String,
    /// What it may be used for.
    sorts: Vec<Sort>,
    /// Where.
    within: Unit,
    made: Moment,
    expires: Moment,
    revoked: Option<Moment>,
    /// Its last use, to the minute.
    used: Option<Moment>,
}

pub(crate) fn token(stored: StoredToken) -> Token {
    let StoredToken { token, used } = stored;
    Token {
        id: token.id,
        name: token.name,
        sorts: token.sorts,
        within: token.within,
        made: token.made,
        expires: token.expires,
        revoked: token.revoked,
        used,
    }
}

pub(crate) async fn sessions(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Page<Session>>> {
    let desk = house.register.desk(caller.actor());
    let all = desk.sessions(&person(&id)?).await?.into_iter();
    Ok(Json(Page::whole(
        all.map(|one| session(one, &caller)).collect(),
    )))
}

pub(crate) async fn end_sessions(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Done> {
    let desk = house.register.desk(caller.actor());
    desk.end_sessions(&person(&id)?, None).await?;
    Ok(Done)
}

pub(crate) async fn end_session(
    State(house): State<House>,
    caller: Caller,
    Both(id, session): Both,
) -> Result<Done> {
    let desk = house.register.desk(caller.actor());
    desk.end_sessions(&person(&id)?, Some(&session)).await?;
    Ok(Done)
}

pub(crate) async fn tokens(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Json<Page<Token>>> {
    let desk = house.register.desk(caller.actor());
    let all = desk.tokens(&person(&id)?).await?.into_iter();
    Ok(Json(Page::whole(all.map(token).collect())))
}

pub(crate) async fn revoke_token(
    State(house): State<House>,
    caller: Caller,
    Both(id, token): Both,
) -> Result<Done> {
    let desk = house.register.desk(caller.actor());
    desk.revoke_token(&person(&id)?, &token).await?;
    Ok(Done)
}

/// A set-up link.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Link {
    /// The link, shown once. Whoever has it signs in as this person.
    url: String,
    /// Until when it works.
    until: Moment,
}

pub(crate) async fn make_link(
    State(house): State<House>,
    caller: Caller,
    Named(id): Named,
) -> Result<Created<Link>> {
    let who = person(&id)?;
    let desk = house.register.desk(caller.actor());
    let made = desk.make_setup_link(&who).await?;
    let lasts = i64::from(setup_link::LASTS);
    Ok(Created {
        at: format!("/api/v1/accounts/{}", crate::answer::segment(who.as_str())),
        value: Link {
            url: crate::house::link(&house.settings.public_url, &made.text),
            until: made.kept.made.plus_seconds(lasts),
        },
    })
}

/// A role, and what it may do.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RoleActs {
    role: Role,
    name: String,
    /// What it may do to what lies in its unit, leaving out what separation of duties forbids.
    acts: Vec<Action>,
}

pub(crate) async fn roles(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<Page<RoleActs>>> {
    let desk = house.register.desk(caller.actor());
    desk.may(Action::RoleView).await?;
    let somebody = person("?")?;
    let acts = |role: Role| {
        let held = match role {
            Role::RiskOwner => Held::risk_owner(Unit::whole(), Authority::GoverningBody),
            role => Held::new(role, Unit::whole()),
        };
        let actor = Actor::Person(Known {
            person: somebody.clone(),
            active: true,
            roles: vec![held],
            via: Via::Session { fresh: true },
        });
        let may = |action: &&Action| {
            let object = match action.object() {
                ObjectKind::Unit => Object::unit(Unit::whole()),
                kind => Object::new(kind, "?", Unit::whole()),
            };
            house.register.access().allows(&actor, **action, &object)
        };
        Action::ALL.iter().filter(may).copied().collect()
    };
    let all = Role::ALL.iter().map(|role| RoleActs {
        role: *role,
        name: role.name().to_owned(),
        acts: acts(*role),
    });
    Ok(Json(Page::whole(all.collect())))
}
