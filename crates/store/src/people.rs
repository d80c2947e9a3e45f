//! People, as the people list gives them, and who answers for which key.

use crate::{
    db::{Result, Store, json, read},
    dialect::{Kind, among, args},
    txn::Txn,
};
use std::collections::BTreeMap;
use tenure_model::{
    event::Change,
    id::{KeyId, PersonId},
    key::Person,
    moment::Moment,
};

/// Who answers for a key, as somebody declared it here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// The key.
    pub key: KeyId,
    /// The person: an id, a user name or an e-mail address.
    pub owner: String,
    /// Who stands in for them.
    pub backup: Option<String>,
    /// Who said so.
    pub assigned_by: String,
    /// When.
    pub assigned_at: Moment,
}

impl Store {
    /// Everybody who is on the people list.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn people(&self) -> Result<Vec<Person>> {
        let sql = "SELECT body FROM people WHERE gone_at IS NULL ORDER BY id";
        let rows = self.pool.rows(sql, args![]).await?;
        rows.iter()
            .map(|row| read(&row.text(0)?, "person"))
            .collect()
    }

    /// Who answers for these keys, where somebody was assigned here.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn owners(&self, keys: &[KeyId]) -> Result<Vec<Ownership>> {
        let sql = format!(
            "SELECT key_id, owner, backup, assigned_by, assigned_at FROM owners WHERE {} ORDER BY key_id",
            among(self.pool.is_postgres(), "key_id", 1)
        );
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let rows = self.pool.rows(&sql, args![keys]).await?;
        rows.iter()
            .map(|row| {
                Ok(Ownership {
                    key: KeyId::new(row.text(0)?),
                    owner: row.text(1)?,
                    backup: row.maybe_text(2)?,
                    assigned_by: row.text(3)?,
                    assigned_at: Moment::from_micros(row.int(4)?),
                })
            })
            .collect()
    }
}

impl Txn {
    /// Puts a people list in place of the one before, and notes who is new, different or gone. Gives how many.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn set_people(&mut self, people: &[Person]) -> Result<usize> {
        let sql = "SELECT id, body FROM people WHERE gone_at IS NULL";
        let mut before = BTreeMap::new();
        for row in self.rows(sql, args![]).await? {
            before.insert(row.text(0)?, row.text(1)?);
        }
        let at = self.at().micros();
        let now: BTreeMap<&str, (&Person, String)> = people
            .iter()
            .map(|person| (person.id.as_str(), (person, json(person))))
            .collect();
        let mut changed = Vec::new();
        let mut rows = Vec::new();
        for (id, (person, body)) in &now {
            if before.remove(*id).as_ref() == Some(body) {
                continue;
            }
            changed.push(PersonId::new(*id));
            rows.push(args![
                *id,
                person.email.as_deref().unwrap_or_default(),
                person.state.word(),
                body.as_str(),
                at,
            ]);
        }
        self.bulk(
            "people",
            &[
                ("id", Kind::Text),
                ("email", Kind::Text),
                ("state", Kind::Text),
                ("body", Kind::Text),
                ("changed_at", Kind::Int),
            ],
            rows,
            "ON CONFLICT (id) DO UPDATE SET email = excluded.email, state = excluded.state, body = excluded.body, \
             changed_at = excluded.changed_at, gone_at = NULL",
        )
        .await?;
        let gone: Vec<String> = before.into_keys().collect();
        if !gone.is_empty() {
            changed.extend(gone.iter().map(PersonId::new));
            let sql = format!(
                "UPDATE people SET gone_at = $1, changed_at = $1 WHERE {}",
                among(self.is_postgres(), "id", 2)
            );
            self.run(&sql, args![at, gone]).await?;
        }
        let count = changed.len();
        if count > 0 {
            self.note(Change::PeopleChanged { people: changed });
        }
        Ok(count)
    }

    /// Makes a person answer for keys; `None` takes the owner away. What the keys are judged to be follows when they
    /// are judged again.
    ///
    /// # Errors
    /// The database refuses; there is no such key.
    pub async fn assign_owner(
        &mut self,
        keys: &[KeyId],
        owner: Option<&str>,
        backup: Option<&str>,
    ) -> Result<()> {
        let (at, by) = (self.at().micros(), self.who().label());
        match owner {
            None => {
                let sql = format!(
                    "DELETE FROM owners WHERE {}",
                    among(self.is_postgres(), "key_id", 1)
                );
                let ids: Vec<String> = keys.iter().map(ToString::to_string).collect();
                self.run(&sql, args![ids]).await?;
            }
            Some(owner) => {
                let rows = keys
                    .iter()
                    .map(|key| args![key.as_str(), owner, backup, by.as_str(), at])
                    .collect();
                self.bulk(
                    "owners",
                    &[
                        ("key_id", Kind::Text),
                        ("owner", Kind::Text),
                        ("backup", Kind::Text),
                        ("assigned_by", Kind::Text),
                        ("assigned_at", Kind::Int),
                    ],
                    rows,
                    "ON CONFLICT (key_id) DO UPDATE SET owner = excluded.owner, backup = excluded.backup, \
                     assigned_by = excluded.assigned_by, assigned_at = excluded.assigned_at",
                )
                .await?;
            }
        }
        self.note(Change::OwnerAssigned {
            keys: keys.to_vec(),
            owner: owner.map(str::to_owned),
        });
        Ok(())
    }
}
