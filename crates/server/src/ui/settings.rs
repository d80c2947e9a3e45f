//! Settings: sources, policy, people, roles, channels, tokens, sessions.

use super::{
    Result,
    form::{Act, Choice, Typed},
    frame::Frame,
    shown::filters,
};
use askama::Template;
use tenure_app::report::{text, words};
use tenure_model::{day::Day, facts::Verdict, key::CoverageState, level::Level, moment::Moment};

tenure_model::words! {
    /// The rooms of the place.
    pub enum Room {
        Sources = "sources", Policy = "policy", People = "people", Roles = "roles", Channels = "channels",
        Tokens = "tokens", Sessions = "sessions",
    }
}

impl Room {
    const fn title(self) -> &'static str {
        match self {
            Self::Sources => "Sources",
            Self::Policy => "Policy",
            Self::People => "People",
            Self::Roles => "Roles",
            Self::Channels => "Channels",
            Self::Tokens => "Tokens",
            Self::Sessions => "Sessions",
        }
    }
}

/// The page: one room of the place. What the caller may not see is not among `rooms`.
#[derive(Template)]
#[template(path = "settings.html")]
pub struct Settings {
    /// What stands around it.
    pub frame: Frame,
    /// The rooms that the caller may enter.
    pub rooms: Vec<Room>,
    /// The room that is shown.
    pub body: Body,
}

/// What a room shows.
pub enum Body {
    /// Where keys come from. Filled by coverage and runs.
    Sources(Vec<Source>),
    /// The numbers in force, and what other ones would do. Filled by the policy and `what-if`.
    Policy(Box<Policy>),
    /// The people list. Filled by the people's use case, with what each answers for.
    People(People),
    /// Who holds which role.
    Roles(Roles),
    /// Where notices go.
    Channels(Vec<Channel>),
    /// Tokens of the API.
    Tokens(Tokens),
    /// Where the caller is signed in; an administrator sees those of one person.
    Sessions(Vec<Session>),
}

impl Body {
    fn room(&self) -> Room {
        match self {
            Self::Sources(_) => Room::Sources,
            Self::Policy(_) => Room::Policy,
            Self::People(_) => Room::People,
            Self::Roles(_) => Room::Roles,
            Self::Channels(_) => Room::Channels,
            Self::Tokens(_) => Room::Tokens,
            Self::Sessions(_) => Room::Sessions,
        }
    }
}

/// One source and its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: String,
    /// What kind it is.
    pub kind: String,
    /// When it was last read.
    pub last: Option<Moment>,
    /// How many records it gave.
    pub records: u64,
    /// Each part and how much of it was read.
    pub parts: Vec<(String, CoverageState)>,
    /// What is wrong with it.
    pub failed: Option<String>,
    /// It was not read for longer than it should be.
    pub stale: bool,
    /// What the caller may do with it.
    pub acts: Vec<Act>,
}

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its edition.
    pub version: String,
    /// SHA-256 of it, in hex.
    pub digest: String,
    /// It as text.
    pub text: String,
    /// The text that was tried out; that in force at first.
    pub tried: String,
    /// What is wrong with what was tried.
    pub problem: Option<String>,
    /// What it would do.
    pub what_if: Option<WhatIf>,
    /// The caller may put another one in force.
    pub may_change: bool,
    /// Another policy can be tried.
    pub tries: bool,
}

/// What another policy would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIf {
    /// The digest of what was tried: what is put in force is what was tried.
    pub digest: String,
    /// How many keys were judged.
    pub keys: u64,
    /// Verdicts and how many keys have them now and then.
    pub verdicts: Vec<(Verdict, u64, u64)>,
    /// Keys that are judged differently: id, name, level, now, then, due.
    pub changed: Vec<Moved>,
    /// How many more are.
    pub left: u64,
}

/// A key that another policy would judge differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its page.
    pub address: String,
    /// Its name.
    pub name: String,
    /// Its level then.
    pub level: Level,
    /// What it is now, with its due date.
    pub before: String,
    /// What it would be.
    pub after: String,
}

/// The people list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// One page of it.
    pub people: Vec<Person>,
    /// How many there are.
    pub count: u64,
    /// What was searched for.
    pub search: String,
    /// Where the next page begins, as an address.
    pub next: Option<String>,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Whether they are here: `active`, `on leave`, `left`.
    pub state: String,
    /// On which day they leave, where that is known.
    pub until: Option<Day>,
    /// How many keys they answer for.
    pub keys: u64,
}

/// Who holds what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// Each holding.
    pub held: Vec<Held>,
    /// Roles that can be given.
    pub roles: Vec<Choice>,
    /// Units in which.
    pub units: Vec<Choice>,
    /// The caller may give and take roles.
    pub may_assign: bool,
    /// What came back.
    pub typed: Typed,
}

/// One role of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The person.
    pub person: String,
    /// The role, with its authority.
    pub role: String,
    /// In which unit.
    pub unit: String,
    /// How it can be taken away, where the caller may.
    pub acts: Vec<Act>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// `e-mail`, `webhook`, `incoming webhook`.
    pub kind: String,
    /// `people`, `team`, `pager`.
    pub gets: String,
    /// Where it leads, without what is secret in it.
    pub to: String,
    /// When something last arrived.
    pub last: Option<Moment>,
    /// Why nothing arrives.
    pub failed: Option<String>,
    /// It is dead until somebody mends it.
    pub dead: bool,
    /// What the caller may do with it.
    pub acts: Vec<Act>,
}

/// Tokens of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Each token; nothing of its secret.
    pub tokens: Vec<Token>,
    /// A token that was made just now: shown once and never again.
    pub made: Option<Made>,
    /// What a token may do.
    pub scopes: Vec<Choice>,
    /// The caller may make one.
    pub may_make: bool,
    /// What came back.
    pub typed: Typed,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: String,
    /// When it ends.
    pub ends: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// How it can be ended.
    pub acts: Vec<Act>,
}

/// A token that was made just now. It has no form of text but the page's, so that it gets into no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Made {
    /// What it is for.
    pub name: String,
    /// The token itself.
    pub secret: tenure_model::secret::Secret,
}

impl Made {
    /// The token as text, for its one showing.
    fn shown(&self) -> String {
        String::from_utf8_lossy(self.secret.expose()).into_owned()
    }
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Made")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Where somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Since when.
    pub since: Moment,
    /// When it was last seen.
    pub last: Moment,
    /// From where, as the browser names itself.
    pub browser: String,
    /// It is the one that this page is shown to.
    pub this: bool,
    /// How it can be ended.
    pub acts: Vec<Act>,
}

/// How many keys a change moves: those that are shown and those that are not.
fn more(shown: usize, left: u64) -> u64 {
    u64::try_from(shown)
        .unwrap_or(u64::MAX)
        .saturating_add(left)
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &Settings) -> Result<String> {
    view.render()
}
