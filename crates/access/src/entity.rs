//! From the words of the model to Cedar's entities, and back to nothing else.

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
    Schema,
};
use std::collections::{HashMap, HashSet};
use tenure_model::access::{
    Action, Actor, Authority, Caller, Held, Object, ObjectKind, PersonId, Role, Unit, Via,
};

/// The names of the schema, read once.
pub(crate) struct Names {
    person: EntityTypeName,
    operator: EntityTypeName,
    worker: EntityTypeName,
    unit: EntityTypeName,
    objects: HashMap<ObjectKind, EntityTypeName>,
    /// The entity of each act, with the sort that it belongs to.
    actions: HashMap<Action, (EntityUid, Entity)>,
}

/// What Cedar is asked.
pub(crate) struct Question {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
}

/// A question that has no form in Cedar. No value of the model leads here; it is denied.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoQuestion(String);

fn no(error: impl std::fmt::Display) -> NoQuestion {
    NoQuestion(error.to_string())
}

impl Names {
    /// The names, with acts as the schema sorts them.
    pub(crate) fn new(schema: &Schema) -> Result<Self, NoQuestion> {
        let name = |text: &str| text.parse::<EntityTypeName>().map_err(no);
        let mut objects = HashMap::new();
        for kind in ObjectKind::ALL {
            objects.insert(*kind, name(kind.entity())?);
        }
        let action = name("Action")?;
        let known = schema.action_entities().map_err(no)?;
        let mut actions = HashMap::new();
        for act in Action::ALL {
            let uid = EntityUid::from_type_name_and_id(action.clone(), EntityId::new(act.word()));
            let entity = known
                .get(&uid)
                .ok_or_else(|| no(format_args!("the schema has no action {act}")))?;
            actions.insert(*act, (uid, entity.clone()));
        }
        Ok(Self {
            person: name("Person")?,
            operator: name("Operator")?,
            worker: name("Worker")?,
            unit: name("Unit")?,
            objects,
            actions,
        })
    }

    /// The question whether an actor may do an act to an object. Checked against the schema where one is given;
    /// what the types of the model allow always passes, which tests show, so that answering needs no check.
    pub(crate) fn question(
        &self,
        actor: &Actor,
        action: Action,
        object: &Object,
        schema: Option<&Schema>,
    ) -> Result<Question, NoQuestion> {
        let (action, action_entity) = self
            .actions
            .get(&action)
            .ok_or_else(|| no("an unknown act"))?;
        let principal = self.actor(actor)?;
        let resource = self.object(object)?;
        let request = Request::new(
            principal.uid(),
            action.clone(),
            resource.uid(),
            self.context(actor)?,
            schema,
        )
        .map_err(no)?;
        // The schema brings its own acts, and takes them only as they are.
        let entities =
            Entities::from_entities([principal, resource, action_entity.clone()], schema)
                .map_err(no)?;
        Ok(Question { request, entities })
    }

    fn actor(&self, actor: &Actor) -> Result<Entity, NoQuestion> {
        let plain = |kind: &EntityTypeName, name: &str| {
            Entity::with_uid(EntityUid::from_type_name_and_id(
                kind.clone(),
                EntityId::new(name),
            ))
        };
        match actor {
            Actor::Person(caller) => self.caller(caller),
            Actor::Operator(name) => Ok(plain(&self.operator, name)),
            Actor::Worker(name) => Ok(plain(&self.worker, name)),
        }
    }

    fn caller(&self, caller: &Caller) -> Result<Entity, NoQuestion> {
        let units = |wanted: &dyn Fn(&Held) -> bool| {
            let held = caller.roles.iter().filter(|held| wanted(held));
            RestrictedExpression::new_set(
                held.map(|held| RestrictedExpression::new_entity_uid(self.unit_uid(held.unit()))),
            )
        };
        let reaches = |authority: Authority| {
            units(&|held: &Held| held.authority().is_some_and(|has| has >= authority))
        };
        let mut attributes: HashMap<String, RestrictedExpression> = Role::ALL
            .iter()
            .map(|role| {
                (
                    role.word().to_owned(),
                    units(&|held: &Held| held.role() == *role),
                )
            })
            .collect();
        attributes.insert("executive".to_owned(), reaches(Authority::Executive));
        attributes.insert(
            "governing_body".to_owned(),
            reaches(Authority::GoverningBody),
        );
        attributes.insert(
            "active".to_owned(),
            RestrictedExpression::new_bool(caller.active),
        );
        Entity::new(self.person_uid(&caller.person), attributes, HashSet::new()).map_err(no)
    }

    fn object(&self, object: &Object) -> Result<Entity, NoQuestion> {
        if object.kind == ObjectKind::Unit {
            return Ok(Entity::new_no_attrs(
                self.unit_uid(&object.unit),
                self.above(object.unit.parent()),
            ));
        }
        let kind = self
            .objects
            .get(&object.kind)
            .ok_or_else(|| no("an unknown kind"))?;
        let uid = EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(&object.id));
        let people = |people: &[PersonId]| {
            RestrictedExpression::new_set(
                people
                    .iter()
                    .map(|person| RestrictedExpression::new_entity_uid(self.person_uid(person))),
            )
        };
        let number = |number: u8| RestrictedExpression::new_long(i64::from(number));
        let involved = &object.people;
        let attributes = [
            ("owners", people(&involved.owners)),
            ("users", people(&involved.users)),
            ("requested_by", people(&involved.requested_by)),
            ("approved_by", people(&involved.approved_by)),
            ("accepted_by", people(&involved.accepted_by)),
            ("asked", people(&involved.asked)),
            ("level", number(object.level as u8)),
            ("authority", number(object.authority.rank())),
        ];
        let attributes = attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Entity::new(
            uid,
            attributes.collect(),
            self.above(Some(object.unit.clone())),
        )
        .map_err(no)
    }

    fn context(&self, actor: &Actor) -> Result<Context, NoQuestion> {
        let mut pairs = Vec::with_capacity(2);
        let fresh = match actor {
            Actor::Person(Caller {
                via: Via::Session { fresh },
                ..
            }) => *fresh,
            Actor::Person(Caller {
                via: Via::Token { sorts, within },
                ..
            }) => {
                let sorts = sorts
                    .iter()
                    .map(|sort| RestrictedExpression::new_string(sort.word().to_owned()));
                let within = RestrictedExpression::new_entity_uid(self.unit_uid(within));
                let token = RestrictedExpression::new_record([
                    ("sorts".to_owned(), RestrictedExpression::new_set(sorts)),
                    ("within".to_owned(), within),
                ])
                .map_err(no)?;
                pairs.push(("token".to_owned(), token));
                false
            }
            Actor::Operator(_) | Actor::Worker(_) => false,
        };
        pairs.push(("fresh".to_owned(), RestrictedExpression::new_bool(fresh)));
        Context::from_pairs(pairs).map_err(no)
    }

    /// A unit and all above it: what lies in it lies in those.
    fn above(&self, from: Option<Unit>) -> HashSet<EntityUid> {
        std::iter::successors(from, Unit::parent)
            .map(|unit| self.unit_uid(&unit))
            .collect()
    }

    fn unit_uid(&self, unit: &Unit) -> EntityUid {
        EntityUid::from_type_name_and_id(self.unit.clone(), EntityId::new(unit.as_str()))
    }

    fn person_uid(&self, person: &PersonId) -> EntityUid {
        EntityUid::from_type_name_and_id(self.person.clone(), EntityId::new(person.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::SCHEMA;
    use tenure_model::{
        access::{Involved, Sort},
        level::Level,
    };

    #[test]
    fn every_question_that_the_types_allow_is_one_of_the_schema() {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
        let names = Names::new(&schema).unwrap();
        let ann = PersonId::new("ann \"x\" ::").unwrap();
        let unit = Unit::parse("emea/payments").unwrap();
        let call = |via: Via| {
            let roles = Role::ALL.iter().map(|role| Held::new(*role, unit.clone()));
            Actor::Person(Caller {
                person: ann.clone(),
                active: true,
                roles: roles.collect(),
                via,
            })
        };
        let token = Via::Token {
            sorts: Sort::ALL.to_vec(),
            within: Unit::whole(),
        };
        for act in Action::ALL {
            let people = Involved {
                owners: vec![ann.clone()],
                ..Involved::default()
            };
            let object = match act.object() {
                ObjectKind::Unit => Object::unit(unit.clone()),
                kind => Object {
                    people,
                    level: Level::B4,
                    ..Object::new(kind, "a\n\"b", unit.clone())
                },
            };
            let person = |via| {
                names
                    .question(&call(via), *act, &object, Some(&schema))
                    .map(|_| ())
            };
            let worker =
                names.question(&Actor::Worker("w".to_owned()), *act, &object, Some(&schema));
            let operator = names.question(
                &Actor::Operator("o".to_owned()),
                *act,
                &object,
                Some(&schema),
            );
            let carried = act.sort() == Sort::Carry;
            assert_eq!(worker.is_ok(), carried, "{act}");
            assert_eq!(
                operator.is_ok(),
                !matches!(act.sort(), Sort::Carry | Sort::Sign),
                "{act}"
            );
            if !carried {
                person(Via::Session { fresh: true }).unwrap();
                person(token.clone()).unwrap();
            }
        }
    }
}
