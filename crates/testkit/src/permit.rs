//! Permits as the built-in policies give them.

use std::sync::LazyLock;
use tenure_access::{Permit, Rules};
use tenure_model::access::{
    Action, Actor, Authority, Caller, Held, Object, ObjectKind, PersonId, Role, Sort, Unit, Via,
};

static RULES: LazyLock<Rules> = LazyLock::new(Rules::builtin);

/// A permit for an act on something that nobody else has to do with: by the operator `tester` or a worker where they
/// may, otherwise by `tess`, who holds every role and has just signed in.
pub fn to(action: Action) -> Permit {
    let actor = match action.sort() {
        Sort::Carry => Actor::Worker("tester".to_owned()),
        Sort::Work | Sort::Sign => Actor::Person(Caller {
            person: PersonId::new("tess").unwrap(),
            active: true,
            roles: Role::ALL
                .iter()
                .map(|role| match role {
                    Role::RiskOwner => Held::risk_owner(Unit::whole(), Authority::GoverningBody),
                    role => Held::new(*role, Unit::whole()),
                })
                .collect(),
            via: Via::Session { fresh: true },
        }),
        Sort::Read | Sort::Supply | Sort::Administer => Actor::Operator("tester".to_owned()),
    };
    let object = match action.object() {
        ObjectKind::Unit => Object::unit(Unit::whole()),
        kind => Object::new(kind, "x", Unit::whole()),
    };
    RULES.decide(&actor, action, &object).unwrap()
}
