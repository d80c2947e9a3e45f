//! Decisions: a permit that proves that an act was allowed, or a denial that says why not.

use crate::Rules;
use cedar_policy::Decision;
use serde::Serialize;
use std::fmt;
use tenure_model::access::{
    Act, Action, Actor, Authority, Caller, Held, Involved, Object, Permitted, PersonId, Role, Unit,
    Via,
};

/// A policy that determined a decision, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Because {
    /// The id of the policy.
    pub policy: String,
    /// Its sentence, for a person.
    pub says: String,
}

/// Proof that an act was allowed: who, what, to what, and by which policies. Only [`Rules::decide`] makes one, for one
/// act; it cannot be copied, changed or read from anywhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    act: Act,
    because: Vec<Because>,
}

impl Permit {
    /// The policies that allowed it.
    #[must_use]
    pub fn because(&self) -> &[Because] {
        &self.because
    }
}

impl Permitted for Permit {
    fn act(&self) -> &Act {
        &self.act
    }
}

/// An act that was not allowed; it is recorded, and shown to who wanted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// Who, what, to what. Its policies are those that forbid it; none where merely nothing permits it.
    pub act: Act,
    /// The policies that forbid it, each with its sentence.
    pub because: Vec<Because>,
    /// The roles that would permit it in that unit; only told where no policy forbids it.
    pub roles: Vec<Role>,
    /// Whether it is permitted to those who answer for it, asked for it, or were asked.
    pub if_involved: bool,
    /// Whether policies failed: then nothing is allowed, whatever others say.
    pub failed: bool,
}

impl fmt::Display for Denial {
    /// One or two sentences for the person who was denied.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.failed {
            return f.write_str("The rules could not be applied, so that nothing is allowed. Tell an administrator.");
        }
        if !self.because.is_empty() {
            let says: Vec<&str> = self.because.iter().map(|one| one.says.as_str()).collect();
            return f.write_str(&says.join(" "));
        }
        let (what, unit) = (self.act.action.phrase(), &self.act.unit);
        let place = if unit.is_whole() {
            "for the whole organisation".to_owned()
        } else {
            format!("in {unit}")
        };
        let roles = self
            .roles
            .iter()
            .map(|role| role.name())
            .collect::<Vec<_>>()
            .join(" or ");
        match (self.roles.is_empty(), self.if_involved) {
            (true, false) => write!(f, "No role may {what}."),
            (true, true) => write!(f, "Only those whom it concerns may {what}."),
            (false, false) => write!(f, "To {what}, you need the role {roles} {place}."),
            (false, true) => {
                write!(
                    f,
                    "To {what}, you need the role {roles} {place}, or it has to concern you."
                )
            }
        }
    }
}

impl std::error::Error for Denial {}

impl Rules {
    /// Whether an actor may do an act to an object. What no policy permits is denied; so is everything where a policy
    /// fails, and an act on a kind of object that it is not for.
    ///
    /// # Errors
    /// The denial, with what determined it.
    pub fn decide(
        &self,
        actor: &Actor,
        action: Action,
        object: &Object,
    ) -> Result<Permit, Box<Denial>> {
        let answer = self.ask(actor, action, object);
        let act = Act {
            actor: actor.id(),
            action,
            object: object.kind,
            object_id: object.id.clone(),
            unit: object.unit.clone(),
            policies: answer
                .because
                .iter()
                .map(|one| one.policy.clone())
                .collect(),
            rules: self.digest().to_owned(),
        };
        if answer.allowed {
            return Ok(Permit {
                act,
                because: answer.because,
            });
        }
        let asks = answer.because.is_empty() && !answer.failed && action.object() == object.kind;
        let roles = Role::ALL
            .iter()
            .copied()
            .filter(|role| asks && self.would(*role, action, object, false));
        Err(Box::new(Denial {
            roles: roles.collect(),
            if_involved: asks && self.would(Role::KeyOwner, action, object, true),
            act,
            because: answer.because,
            failed: answer.failed,
        }))
    }

    /// Whether an act would be allowed: for what is shown, never for what is done.
    #[must_use]
    pub fn allows(&self, actor: &Actor, action: Action, object: &Object) -> bool {
        self.ask(actor, action, object).allowed
    }

    fn ask(&self, actor: &Actor, action: Action, object: &Object) -> Answer {
        let failed = Answer {
            allowed: false,
            failed: true,
            because: Vec::new(),
        };
        if action.object() != object.kind {
            return failed;
        }
        let Ok(question) = self.names.question(actor, action, object, None) else {
            return failed;
        };
        let response =
            self.authorizer
                .is_authorized(&question.request, &self.policies, &question.entities);
        // A forbid that fails is passed over by Cedar; here it forbids everything.
        if response.diagnostics().errors().next().is_some() {
            return failed;
        }
        let mut because: Vec<Because> = response
            .diagnostics()
            .reason()
            .map(|id| {
                let policy: &str = id.as_ref();
                let says = self.says.get(policy).cloned().unwrap_or_default();
                Because {
                    policy: policy.to_owned(),
                    says,
                }
            })
            .collect();
        because.sort_by(|a, b| a.policy.cmp(&b.policy));
        Answer {
            allowed: response.decision() == Decision::Allow,
            failed: false,
            because,
        }
    }

    /// Whether somebody with this one role in the object's unit could do it.
    fn would(&self, role: Role, action: Action, object: &Object, involved: bool) -> bool {
        let Ok(somebody) = PersonId::new("?") else {
            return false;
        };
        let held = match role {
            Role::RiskOwner => Held::risk_owner(Unit::whole(), Authority::GoverningBody),
            role => Held::new(role, Unit::whole()),
        };
        let people = if involved {
            Involved {
                owners: vec![somebody.clone()],
                requested_by: vec![somebody.clone()],
                asked: vec![somebody.clone()],
                ..Involved::default()
            }
        } else {
            Involved::default()
        };
        let caller = Caller {
            person: somebody,
            active: true,
            roles: vec![held],
            via: Via::Session { fresh: true },
        };
        self.allows(
            &Actor::Person(caller),
            action,
            &Object {
                people,
                ..object.clone()
            },
        )
    }
}

struct Answer {
    allowed: bool,
    failed: bool,
    because: Vec<Because>,
}
