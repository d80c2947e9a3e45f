//! The people list, and who is meant by a name in it.

use crate::{access::PersonId, key::Person};
use std::collections::{BTreeSet, HashMap};

/// The people of all lists, found by any of their names in the same time however many there are.
#[derive(Debug, Clone, Default)]
pub struct People {
    list: Vec<Person>,
    /// By id, e-mail address and user name, lower case; of two alike, the one that stands first.
    by_name: HashMap<String, usize>,
    /// By what stands before the `@`; `None` where several people have that.
    by_local_part: HashMap<String, Option<usize>>,
}

impl People {
    /// A list of people.
    #[must_use]
    pub fn new(list: Vec<Person>) -> Self {
        let mut by_name = HashMap::new();
        let mut by_local_part = HashMap::new();
        for (at, person) in list.iter().enumerate() {
            let names = std::iter::once(&person.id)
                .chain(&person.email)
                .chain(&person.names);
            for name in names {
                by_name.entry(name.to_ascii_lowercase()).or_insert(at);
            }
            let local = person
                .email
                .as_deref()
                .and_then(|mail| mail.split('@').next());
            if let Some(local) = local {
                by_local_part
                    .entry(local.to_ascii_lowercase())
                    .and_modify(|only| *only = None)
                    .or_insert(Some(at));
            }
        }
        Self {
            list,
            by_name,
            by_local_part,
        }
    }

    /// Everybody on it.
    #[must_use]
    pub fn all(&self) -> &[Person] {
        &self.list
    }

    /// Finds a person by id, e-mail address or user name, else by the local part of the address where only
    /// one person has it. Capitals do not matter.
    #[must_use]
    pub fn find(&self, who: &str) -> Option<&Person> {
        let who = who.trim().to_ascii_lowercase();
        let at = self
            .by_name
            .get(&who)
            .copied()
            .or_else(|| self.by_local_part.get(&who).copied().flatten())?;
        self.list.get(at)
    }

    /// Everybody.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.list.iter()
    }
}

/// The ids under which somebody who is named so may call: the name itself, and the id and e-mail address of the person
/// whom the people list has under that name.
#[must_use]
pub fn callers(who: &str, people: Option<&People>) -> BTreeSet<PersonId> {
    let person = people.and_then(|people| people.find(who));
    let listed = person
        .into_iter()
        .flat_map(|person| std::iter::once(person.id.as_str()).chain(person.email.as_deref()));
    listed
        .chain([who])
        .filter_map(|name| PersonId::new(name).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, email: &str, name: &str) -> Person {
        Person {
            id: id.to_owned(),
            email: Some(email.to_owned()),
            names: vec![name.to_owned()],
            ..Person::default()
        }
    }

    #[test]
    fn each_of_their_names_finds_a_person_and_a_shared_one_finds_nobody() {
        let people = People::new(vec![
            person("u1", "ann@x.io", "Ann-GH"),
            person("u2", "bob@x.io", "ann"),
            person("u3", "bob@y.io", "u1"),
        ]);
        let id = |who: &str| people.find(who).map(|person| person.id.as_str());
        assert_eq!(id("u1"), Some("u1"), "the first in the list");
        assert_eq!(id(" ANN@x.io "), Some("u1"));
        assert_eq!(id("ann-gh"), Some("u1"));
        assert_eq!(id("ann"), Some("u2"), "a user name before a local part");
        assert_eq!(id("bob"), None);
        assert_eq!(id(""), None);
    }
}
