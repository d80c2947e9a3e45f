//! Who calls, what they want to do, and to what: the words that rules of access speak. The rules themselves are
//! policies, and stand in the crate `access`.

use crate::{decide::Acceptor, level::Level};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

mod act;
pub use act::{Action, ObjectKind, Sort};

/// Who a person is, whatever they signed in with: the id of the people list or of the identity provider, without
/// outer blanks and in lower case, so that nobody is two people by a capital.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct PersonId(String);

/// A text that names no person, unit or worker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {problem}")]
pub struct BadName {
    /// What it should have named.
    pub what: &'static str,
    /// What is wrong and what to do.
    pub problem: &'static str,
}

impl PersonId {
    /// Reads an id: 1 to 200 characters, none of them a control character.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, BadName> {
        named("person", text).map(|text| Self(text.to_lowercase()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for PersonId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

fn named<'t>(what: &'static str, text: &'t str) -> Result<&'t str, BadName> {
    const LONGEST: usize = 200;
    let bad = |problem| Err(BadName { what, problem });
    let text = text.trim();
    if text.is_empty() {
        return bad("is empty; name one");
    }
    if text.chars().count() > LONGEST {
        return bad("is longer than 200 characters");
    }
    if !text.chars().all(visible) {
        return bad("holds a control or an invisible character; leave it out");
    }
    Ok(text)
}

/// Whether a character shows in a line of text as itself. Control characters, and those that are not seen or
/// turn what follows around (Unicode's Cf, fillers, separators of lines), make one name look like another.
#[must_use]
pub fn visible(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'))
}

/// A business unit, by its path from the top: `emea/payments` lies in `emea`, and everything lies in `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Unit(String);

impl Unit {
    /// The whole organisation.
    #[must_use]
    pub fn whole() -> Self {
        Self("*".to_owned())
    }

    /// Reads a path: names with `/` between them, in any case; `*` is the whole organisation.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let text = named("business unit", text)?;
        if text == "*" {
            return Ok(Self::whole());
        }
        if text
            .split('/')
            .any(|part| part.trim() != part || matches!(part, "" | "*" | "." | ".."))
        {
            return Err(BadName {
                what: "business unit",
                problem: "is no path; write names with `/` between them, as in emea/payments, or `*` for all",
            });
        }
        Ok(Self(text.to_lowercase()))
    }

    /// The path; `*` for the whole organisation.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the whole organisation.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.0 == "*"
    }

    /// The unit that this one is a part of.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        match self.0.rsplit_once('/') {
            _ if self.is_whole() => None,
            Some((above, _)) => Some(Self(above.to_owned())),
            None => Some(Self::whole()),
        }
    }

    /// Whether `other` is this unit or lies below it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.is_whole()
            || self == other
            || other
                .0
                .strip_prefix(&self.0)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Unit {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

words! {
    /// What somebody is to the register, always within a business unit.
    pub enum Role {
        /// Sees keys, verdicts and exceptions.
        Viewer = "viewer",
        /// Answers for keys: acts on those, and on what was asked of them.
        KeyOwner = "key_owner",
        /// Brings facts in and keeps them right; asks for decisions and takes none.
        Analyst = "analyst",
        /// Approves or denies exceptions and requests for keys.
        Approver = "approver",
        /// Accepts a risk, up to their authority.
        RiskOwner = "risk_owner",
        /// Contains: rotates, disables, revokes, offboards.
        Responder = "responder",
        /// Reads everything, changes nothing.
        Auditor = "auditor",
        /// Runs the installation; decides on no key.
        Administrator = "administrator",
    }
}

impl Role {
    /// The role as one says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::KeyOwner => "key owner",
            Self::Analyst => "analyst",
            Self::Approver => "approver",
            Self::RiskOwner => "risk owner",
            Self::Responder => "responder",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }
}

words! {
    /// How far a risk owner's signature reaches, rising.
    pub enum Authority {
        /// The owner of the risk of one system: up to B2.
        SystemRiskOwner = "system_risk_owner",
        /// An executive: every level.
        Executive = "executive",
        /// The governing body (ISO/IEC 27014): what an executive renewed twice already.
        GoverningBody = "governing_body",
    }
}

impl Authority {
    /// The authority that a risk of this level needs.
    #[must_use]
    pub fn for_level(level: Level) -> Self {
        if level >= Level::B3 {
            Self::Executive
        } else {
            Self::SystemRiskOwner
        }
    }

    /// One level of authority up; nothing above the governing body.
    #[must_use]
    pub const fn up(self) -> Option<Self> {
        match self {
            Self::SystemRiskOwner => Some(Self::Executive),
            Self::Executive => Some(Self::GoverningBody),
            Self::GoverningBody => None,
        }
    }

    /// 1 to 3, as policies compare it.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::SystemRiskOwner => 1,
            Self::Executive => 2,
            Self::GoverningBody => 3,
        }
    }
}

impl From<Acceptor> for Authority {
    fn from(acceptor: Acceptor) -> Self {
        match acceptor {
            Acceptor::Executive => Self::Executive,
            Acceptor::SystemRiskOwner => Self::SystemRiskOwner,
        }
    }
}

/// A role that somebody holds in a unit and all below it. Only a risk owner's carries an authority.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "HeldText", into = "HeldText")]
pub struct Held {
    role: Role,
    unit: Unit,
    // INVARIANT: some exactly where the role is risk owner.
    authority: Option<Authority>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldText {
    role: Role,
    unit: Unit,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authority: Option<Authority>,
}

impl Held {
    /// A role in a unit; a risk owner gets the least authority.
    #[must_use]
    pub fn new(role: Role, unit: Unit) -> Self {
        let authority = (role == Role::RiskOwner).then_some(Authority::SystemRiskOwner);
        Self {
            role,
            unit,
            authority,
        }
    }

    /// A risk owner of this authority.
    #[must_use]
    pub fn risk_owner(unit: Unit, authority: Authority) -> Self {
        Self {
            role: Role::RiskOwner,
            unit,
            authority: Some(authority),
        }
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The unit.
    #[must_use]
    pub fn unit(&self) -> &Unit {
        &self.unit
    }

    /// How far a risk owner's signature reaches.
    #[must_use]
    pub fn authority(&self) -> Option<Authority> {
        self.authority
    }
}

impl TryFrom<HeldText> for Held {
    type Error = BadName;
    fn try_from(text: HeldText) -> Result<Self, BadName> {
        match (text.role, text.authority) {
            (Role::RiskOwner, Some(authority)) => Ok(Self::risk_owner(text.unit, authority)),
            (role, None) => Ok(Self::new(role, text.unit)),
            (_, Some(_)) => Err(BadName {
                what: "authority",
                problem: "only a risk owner has one; leave it out",
            }),
        }
    }
}

impl From<Held> for HeldText {
    fn from(held: Held) -> Self {
        Self {
            role: held.role,
            unit: held.unit,
            authority: held.authority,
        }
    }
}

/// The widest authority with which roles reach a unit.
#[must_use]
pub fn authority_in(roles: &[Held], unit: &Unit) -> Option<Authority> {
    roles
        .iter()
        .filter(|held| held.unit.covers(unit))
        .filter_map(|held| held.authority)
        .max()
}

/// How a call came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// A browser's session; `fresh` if its sign-in is young enough to sign with.
    Session {
        /// Whether the person proved themselves just now.
        fresh: bool,
    },
    /// An API token, which may do what its person may, within its sorts and its unit.
    Token {
        /// What the token may be used for.
        sorts: Vec<Sort>,
        /// Where the token may be used.
        within: Unit,
    },
}

/// A person who calls, with the roles they hold now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub person: PersonId,
    /// Whether they still work here: who left may do nothing, whatever roles are still recorded.
    pub active: bool,
    /// Their roles.
    pub roles: Vec<Held>,
    /// How the call came in.
    pub via: Via,
}

/// Who acts: a person, somebody at the machine, or a part of Tenure itself that does
/// what was decided before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(Caller),
    /// Somebody at the machine itself, by the name that the operating system has for them: who can read the data
    /// directory could do anything, so that what they do here is at least recorded.
    Operator(String),
    /// The scheduler and its workers, by name.
    Worker(String),
}

impl Actor {
    /// The id in the log: `person:ann`, `operator:root` or `worker:scheduler`.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Person(caller) => format!("person:{}", caller.person),
            Self::Operator(name) => format!("operator:{name}"),
            Self::Worker(name) => format!("worker:{name}"),
        }
    }
}

/// What an act is done to, with all that rules of access ask about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Its id within the kind.
    pub id: String,
    /// The business unit that it belongs to.
    pub unit: Unit,
    /// Who has to do with it.
    pub people: Involved,
    /// Its blast radius; B0 for what has none.
    pub level: Level,
    /// The authority that its acceptance needs.
    pub authority: Authority,
}

impl Object {
    /// An object that nobody has to do with, at B0.
    #[must_use]
    pub fn new(kind: ObjectKind, id: &str, unit: Unit) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            unit,
            people: Involved::default(),
            level: Level::B0,
            authority: Authority::SystemRiskOwner,
        }
    }

    /// A business unit itself, for lists and for what is made in it.
    #[must_use]
    pub fn unit(unit: Unit) -> Self {
        Self::new(ObjectKind::Unit, &unit.to_string(), unit)
    }

    /// A key.
    #[must_use]
    pub fn key(id: &str, unit: Unit, level: Level, people: Involved) -> Self {
        Self {
            people,
            level,
            authority: Authority::for_level(level),
            ..Self::new(ObjectKind::Key, id, unit)
        }
    }

    /// The account of a person: its roles, tokens and sessions.
    #[must_use]
    pub fn account(person: &PersonId, unit: Unit) -> Self {
        Self {
            people: Involved {
                owners: vec![person.clone()],
                ..Involved::default()
            },
            ..Self::new(ObjectKind::Account, person.as_str(), unit)
        }
    }
}

/// Who has to do with an object; separation of duties is told from this.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Involved {
    /// Who answers for it (of a key: owner and backup).
    pub owners: Vec<PersonId>,
    /// Who uses the key.
    pub users: Vec<PersonId>,
    /// Who asked for it.
    pub requested_by: Vec<PersonId>,
    /// Who approved it.
    pub approved_by: Vec<PersonId>,
    /// Who accepted its risk.
    pub accepted_by: Vec<PersonId>,
    /// Who was asked about it.
    pub asked: Vec<PersonId>,
}

/// An act that was allowed, as the log records it: who, what, to what, and by which policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// [`Actor::id`].
    pub actor: String,
    /// What was done.
    pub action: Action,
    /// What kind of thing it was done to.
    pub object: ObjectKind,
    /// Which of them.
    pub object_id: String,
    /// In which business unit.
    pub unit: Unit,
    /// The ids of the policies that allowed it.
    pub policies: Vec<String>,
    /// The digest of all policies that were in force.
    pub rules: String,
}

/// Proof that an act was allowed. Only `access::Permit` is one (a test sees to it); it stands here so that what
/// keeps changes can ask for it without knowing how it is decided.
pub trait Permitted {
    /// The act that was allowed.
    fn act(&self) -> &Act;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> Unit {
        Unit::parse(text).unwrap()
    }

    #[test]
    fn nobody_is_two_people_by_a_capital_or_a_blank() {
        assert_eq!(
            PersonId::new(" Ann@X.io ").unwrap(),
            PersonId::new("ann@x.io").unwrap()
        );
        assert_eq!(
            PersonId::new("JÜRGEN").unwrap(),
            PersonId::new("jürgen").unwrap()
        );
        for bad in [
            "",
            "  ",
            "a\nb",
            "a\u{200b}b",
            "a\u{202e}b",
            &"x".repeat(201),
        ] {
            assert!(PersonId::new(bad).is_err(), "{bad:?}");
        }
        assert!(serde_json::from_str::<PersonId>("\"a\\u0000b\"").is_err());
    }

    #[test]
    fn a_unit_covers_itself_and_what_lies_below() {
        assert!(unit("*").covers(&unit("emea/payments")));
        assert!(unit("emea").covers(&unit("EMEA/payments")));
        assert!(unit("emea").covers(&unit("emea")));
        assert!(
            !unit("emea").covers(&unit("emea2/payments")),
            "a name is not a prefix"
        );
        assert!(!unit("emea/payments").covers(&unit("emea")));
        assert!(!unit("emea").covers(&unit("*")));
        assert_eq!(unit("emea/payments").parent(), Some(unit("emea")));
        assert_eq!(unit("emea").parent(), Some(Unit::whole()));
        assert_eq!(Unit::whole().parent(), None);
        for bad in [
            "", "/", "a//b", "a/", "/a", "a/*", "*/a", "a/../b", "a / b", "a\tb",
        ] {
            assert!(Unit::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn authority_is_the_widest_that_reaches_the_unit() {
        let roles = [
            Held::risk_owner(unit("emea"), Authority::Executive),
            Held::new(Role::RiskOwner, unit("*")),
            Held::new(Role::Approver, unit("*")),
        ];
        assert_eq!(
            authority_in(&roles, &unit("emea/x")),
            Some(Authority::Executive)
        );
        assert_eq!(
            authority_in(&roles, &unit("apac")),
            Some(Authority::SystemRiskOwner)
        );
        assert_eq!(authority_in(&roles[2..], &unit("emea")), None);
        assert_eq!(Authority::for_level(Level::B2), Authority::SystemRiskOwner);
        assert_eq!(Authority::for_level(Level::B3), Authority::Executive);
    }

    #[test]
    fn only_a_risk_owner_carries_an_authority() {
        let read = |text: &str| serde_json::from_str::<Held>(text);
        let executive = read(r#"{"role":"risk_owner","unit":"emea","authority":"executive"}"#);
        assert_eq!(
            executive.unwrap(),
            Held::risk_owner(unit("emea"), Authority::Executive)
        );
        assert_eq!(
            read(r#"{"role":"risk_owner","unit":"*"}"#)
                .unwrap()
                .authority(),
            Some(Authority::SystemRiskOwner)
        );
        assert!(read(r#"{"role":"viewer","unit":"*","authority":"executive"}"#).is_err());
        assert!(read(r#"{"role":"king","unit":"*"}"#).is_err());
    }
}
