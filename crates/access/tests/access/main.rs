//! Who may do what: the schema, the table of roles, separation of duties, replaceable policies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

mod docs;
mod matrix;
mod replaced;
mod schema;
mod separation;

use tenure_model::{
    access::{
        Actor, Authority, Caller, Held, Involved, Object, ObjectKind, PersonId, Role, Unit, Via,
    },
    level::Level,
};

fn who(name: &str) -> PersonId {
    PersonId::new(name).unwrap()
}

fn unit(path: &str) -> Unit {
    Unit::parse(path).unwrap()
}

/// Ann, in a session with a fresh sign-in.
fn ann(roles: Vec<Held>) -> Actor {
    via(roles, Via::Session { fresh: true })
}

fn via(roles: Vec<Held>, via: Via) -> Actor {
    Actor::Person(Caller {
        person: who("ann"),
        active: true,
        roles,
        via,
    })
}

fn role(role: Role, path: &str) -> Vec<Held> {
    vec![Held::new(role, unit(path))]
}

/// An object of `emea/payments` at B2 that concerns nobody but bob.
fn object(kind: ObjectKind) -> Object {
    let bob = || vec![who("bob")];
    if kind == ObjectKind::Unit {
        return Object::unit(unit("emea/payments"));
    }
    Object {
        people: Involved {
            owners: bob(),
            users: bob(),
            requested_by: bob(),
            approved_by: Vec::new(),
            accepted_by: Vec::new(),
            asked: bob(),
        },
        level: Level::B2,
        authority: Authority::SystemRiskOwner,
        ..Object::new(kind, "1", unit("emea/payments"))
    }
}

/// The same, where it is Ann's: she answers for it, asked for it, and is asked about it.
fn hers(kind: ObjectKind) -> Object {
    let ann = || vec![who("ann")];
    let people = Involved {
        owners: ann(),
        requested_by: ann(),
        asked: ann(),
        ..Involved::default()
    };
    if kind == ObjectKind::Unit {
        return object(kind);
    }
    Object {
        people,
        ..object(kind)
    }
}
