//! What of the keys the caller may see: the rules are asked about each business unit.

use super::{Desk, Result};
use std::collections::BTreeSet;
use tenure_model::{
    access::{Action, Actor, Involved, Object, PersonId, Unit},
    id::KeyId,
    level::Level,
};
use tenure_store::{
    Scope,
    key_list::{Entry, Filter, Sort},
};

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

    /// Whether the caller may do this in some unit at least. It is asked to show what can be done, and is not
    /// recorded: whoever does it asks anew.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn allows_somewhere(&self, action: Action) -> Result<bool> {
        let units = self.store.units().await?;
        let may = |unit| self.access.allows(self.caller, action, &Object::unit(unit));
        Ok(may(Unit::whole()) || units.into_iter().any(may))
    }

    /// The business units that keys lie in, the whole organisation first.
    ///
    /// # Errors
    /// The caller may not see roles, or the database refuses.
    pub async fn units_known(&self) -> Result<Vec<Unit>> {
        self.may(Action::RoleView).await?;
        let mut units = vec![Unit::whole()];
        let others = self.store.units().await?.into_iter();
        units.extend(others.filter(|unit| !unit.is_whole()));
        Ok(units)
    }

    /// Whether the caller may list any key: those of some unit, or their own. Not recorded.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn lists_any(&self) -> Result<bool> {
        if self.allows_somewhere(Action::KeyList).await? {
            return Ok(true);
        }
        let Some(person) = self.calling() else {
            return Ok(false);
        };
        let may = |unit| {
            let key = owned_by(person, unit);
            self.access.allows(self.caller, Action::KeyView, &key)
        };
        Ok(self.store.units().await?.into_iter().any(may))
    }

    /// Asks whether the caller may do this in some unit at least. A denial is recorded.
    ///
    /// # Errors
    /// They may not, or the database refuses.
    pub async fn may_somewhere(&self, action: Action) -> Result<()> {
        match self.allows_somewhere(action).await? {
            true => Ok(()),
            false => self.may(action).await,
        }
    }

    /// The keys that the caller answers for and may see, most pressing first, at most `most`; none where there are none.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn own_keys(&self, most: u64) -> Result<Vec<Entry>> {
        let Some(person) = self.calling() else {
            return Ok(Vec::new());
        };
        let units = self.store.units().await?.into_iter().filter(|unit| {
            let key = owned_by(person, unit.clone());
            self.access.allows(self.caller, Action::KeyView, &key)
        });
        let units: Vec<Unit> = units.collect();
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let scope = Scope::part(Vec::new(), Some((person.clone(), units)));
        let page = self
            .store
            .key_page(&scope, &Filter::default(), Sort::Due, None, most)
            .await?;
        Ok(page.entries)
    }

    /// Whether the caller may do this in the whole organisation. Not recorded, as of [`Desk::allows_somewhere`].
    #[must_use]
    pub fn allows_everywhere(&self, action: Action) -> bool {
        let all = Object::unit(Unit::whole());
        self.access.allows(self.caller, action, &all)
    }

    /// The names of keys, of those that the caller may list.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn names(&self, ids: &[KeyId]) -> Result<Vec<(KeyId, String)>> {
        let mut names = Vec::new();
        for entry in self.store.entries_of(ids).await? {
            let unit = Object::unit(entry.unit.clone());
            if self.access.allows(self.caller, Action::KeyList, &unit) {
                names.push((entry.id, entry.label));
            }
        }
        Ok(names)
    }

    /// Whether the caller may do this to a key. Not recorded, as of [`Desk::allows_somewhere`].
    ///
    /// # Errors
    /// There is no such key, or the database refuses.
    pub async fn allows_on(&self, action: Action, key: &KeyId) -> Result<bool> {
        let registered = self.store.key(key).await?;
        let object = self.object(&registered).await?;
        Ok(self.access.allows(self.caller, action, &object))
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
