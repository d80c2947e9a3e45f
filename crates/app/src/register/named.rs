//! Who is meant: people are told apart by the id of the people list, whatever they are called elsewhere.

use super::{Desk, RegisterError, Result};
use std::collections::BTreeSet;
use tenure_model::{
    access::{Actor, Caller, Involved, Object, PersonId},
    people::People,
};
use tenure_store::Registered;

/// The people list, for telling people apart.
pub(crate) struct Named {
    people: People,
    is_empty: bool,
}

impl Named {
    /// The id under which somebody is known: that of the people list where they are on it.
    pub(crate) fn id(&self, who: &str) -> Result<PersonId> {
        let known = self.people.find(who).map(|person| person.id.as_str());
        PersonId::new(known.unwrap_or(who)).map_err(|error| RegisterError::Name(error.to_string()))
    }

    /// Somebody who has to be on the people list, where there is one.
    pub(crate) fn known(&self, who: &str) -> Result<PersonId> {
        if !self.is_empty && self.people.find(who).is_none() {
            return Err(RegisterError::Name(format!(
                "{who} is not on the people list; name a person by id, e-mail address or user name"
            )));
        }
        self.id(who)
    }

    /// Somebody with every name that they have, so that nobody signs their own under another one.
    fn names(&self, who: &PersonId) -> Vec<PersonId> {
        let mut names = vec![who.clone()];
        if let Some(person) = self.people.find(who.as_str()) {
            let more = std::iter::once(&person.id)
                .chain(&person.email)
                .chain(&person.names);
            names.extend(more.filter_map(|name| PersonId::new(name).ok()));
        }
        names
    }

    fn all(&self, people: &[PersonId]) -> Vec<PersonId> {
        let all: BTreeSet<PersonId> = people.iter().flat_map(|who| self.names(who)).collect();
        all.into_iter().collect()
    }

    /// An object with everybody under every name.
    pub(crate) fn widen(&self, object: Object) -> Object {
        let people = &object.people;
        Object {
            people: Involved {
                owners: self.all(&people.owners),
                users: self.all(&people.users),
                requested_by: self.all(&people.requested_by),
                approved_by: self.all(&people.approved_by),
                accepted_by: self.all(&people.accepted_by),
                asked: self.all(&people.asked),
            },
            ..object
        }
    }

    /// The people list.
    pub(crate) fn people(&self) -> Option<&People> {
        (!self.is_empty).then_some(&self.people)
    }
}

impl Desk<'_> {
    pub(crate) async fn named(&self) -> Result<Named> {
        let list = self.store.people().await?;
        Ok(Named {
            is_empty: list.is_empty(),
            people: People::new(list),
        })
    }

    /// The person who calls.
    ///
    /// # Errors
    /// It is nobody with a name.
    pub(crate) fn caller(&self) -> Result<&Caller> {
        match self.caller {
            Actor::Person(caller) => Ok(caller),
            Actor::Operator(_) | Actor::Worker(_) => Err(RegisterError::NeedsPerson),
        }
    }

    /// Who asks: the person who calls, or the one in whose name somebody at the machine puts it in; and the name of
    /// that one.
    ///
    /// # Errors
    /// At the machine nobody is named, or nobody whom the people list knows; somebody names another.
    pub(crate) fn on_behalf(
        &self,
        named: &Named,
        in_name_of: Option<&str>,
    ) -> Result<(PersonId, Option<String>)> {
        match (self.caller, in_name_of) {
            (Actor::Person(caller), None) => Ok((named.id(caller.person.as_str())?, None)),
            (Actor::Person(_), Some(_)) => Err(RegisterError::Name(
                "nobody asks in the name of another person: sign in as them, or leave it out"
                    .to_owned(),
            )),
            (Actor::Operator(user), Some(person)) => Ok((named.known(person)?, Some(user.clone()))),
            (Actor::Operator(_) | Actor::Worker(_), None) => Err(RegisterError::NeedsPerson),
            (Actor::Worker(_), Some(_)) => Err(RegisterError::NeedsPerson),
        }
    }

    /// Who answers for a key now, each once, by the id of the people list.
    pub(crate) async fn owners(
        &self,
        named: &Named,
        registered: &Registered,
    ) -> Result<Vec<PersonId>> {
        let object = self.object(registered).await?;
        let owners: Result<BTreeSet<PersonId>> = object
            .people
            .owners
            .iter()
            .map(|owner| named.id(owner.as_str()))
            .collect();
        Ok(owners?.into_iter().collect())
    }
}
