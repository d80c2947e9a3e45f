//! What of the keys the caller may see: the rules are asked about each business unit.

use super::{Desk, Result};
use std::collections::BTreeSet;
use tenure_model::{
    access::{Action, Actor, Involved, Object, PersonId, Unit},
    level::Level,
};
use tenure_store::Scope;

impl Desk<'_> {
    /// The keys that the caller may list: all in units where a role lets them, and in others those that they answer
    /// for.
    ///
    /// # Errors
    /// They may see none at all, which is a denial; the database refuses.
    pub(crate) async fn scope(&self) -> Result<Scope> {
        let units = self.store.units().await?;
        let may = |action, object: &Object| self.access.allows(self.caller, action, object);
        let (listed, others): (Vec<Unit>, Vec<Unit>) = units
            .into_iter()
            .partition(|unit| may(Action::KeyList, &Object::unit(unit.clone())));
        if others.is_empty() {
            return Ok(Scope::whole());
        }
        let own = self.calling().map(|person| {
            let theirs = |unit: &Unit| {
                let key = owned_by(person, unit.clone());
                may(Action::KeyView, &key)
            };
            (person.clone(), others.into_iter().filter(theirs).collect())
        });
        let own = own.filter(|(_, units): &(PersonId, Vec<Unit>)| !units.is_empty());
        if listed.is_empty() && own.is_none() {
            // Nothing permits it: refused and recorded.
            self.permit_all(Action::KeyList).await?;
        }
        Ok(Scope::part(listed, own))
    }

    /// The person who calls.
    pub(crate) fn calling(&self) -> Option<&PersonId> {
        match self.caller {
            Actor::Person(caller) => Some(&caller.person),
            Actor::Operator(_) | Actor::Worker(_) => None,
        }
    }

    /// Asks for a permit in each of these units, and gives one of them: all or none.
    pub(crate) async fn permit_in(
        &self,
        action: Action,
        units: &BTreeSet<Unit>,
    ) -> Result<super::Permit> {
        let mut units = units.iter();
        let first = units.next().cloned().unwrap_or_else(Unit::whole);
        let permit = self.permit(action, &Object::unit(first)).await?;
        for unit in units {
            self.permit(action, &Object::unit(unit.clone())).await?;
        }
        Ok(permit)
    }
}

/// Some key in a unit that a person answers for.
fn owned_by(person: &PersonId, unit: Unit) -> Object {
    let people = Involved {
        owners: vec![person.clone()],
        ..Involved::default()
    };
    Object::key("*", unit, Level::B0, people)
}
