//! Owners and business units by container: hundreds of answers in place of thousands.

use super::{Desk, Reassessed, RegisterError, Result};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    access::{Action, visible},
    container::{Container, Place, Rule, applied, touched},
    id::KeyId,
};
use tenure_store::{StoredRule, key_list::Entry};

/// How many keys are read at once.
const CHUNK: usize = 1000;
/// How many keys a preview names.
const NAMED: usize = 10;

/// What a rule would do, before it does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Preview {
    /// The rule that the container has now.
    pub replaces: Option<Rule>,
    /// How many keys lie in the container.
    pub keys: u64,
    /// How many of them nobody answers for now.
    pub without_owner: u64,
    /// How many get another owner than the containers give them now.
    pub get_owner: u64,
    /// How many get another unit.
    pub get_unit: u64,
    /// How many keep the owner that somebody gave them by name.
    pub keep_owner: u64,
    /// How many follow a longer container in owner or unit.
    pub follow_others: u64,
    /// The names of a few that change.
    pub names: Vec<String>,
}

/// Whether somebody could be called so.
fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 200 && text.chars().all(visible)
}

impl Desk<'_> {
    /// The rules of containers.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn containers(&self) -> Result<Vec<StoredRule>> {
        self.permit_all(Action::PeopleView).await?;
        Ok(self.store.container_rules().await?)
    }

    /// What a rule would do to the keys that are in its container now. Asks for the same permit as making it.
    ///
    /// # Errors
    /// The caller may not make it, or the database refuses.
    pub async fn container_preview(&self, rule: &Rule) -> Result<Preview> {
        Ok(self.looked_ahead(rule).await?.preview)
    }

    /// Makes a rule: all keys in the container get its owner and unit, now and later, where nobody was made to answer
    /// for them by name and no longer container says otherwise. Judges again.
    ///
    /// # Errors
    /// The caller may not in every unit that this reaches into, or the database refuses.
    pub async fn set_container(&self, rule: &Rule) -> Result<Reassessed> {
        let ahead = self.looked_ahead(rule).await?;
        let mut txn = self.store.begin(&ahead.permit, self.now).await?;
        txn.set_container(rule).await?;
        txn.mark_stale(&ahead.keys).await?;
        txn.commit_noted().await?;
        self.settle().await
    }

    /// Takes the rule of a container away, and judges again.
    ///
    /// # Errors
    /// There is none, the caller may not, or the database refuses.
    pub async fn drop_container(&self, container: &Container) -> Result<Reassessed> {
        let nothing = Rule {
            container: container.clone(),
            owner: None,
            backup: None,
            unit: None,
        };
        let ahead = self.looked_ahead(&nothing).await?;
        let mut txn = self.store.begin(&ahead.permit, self.now).await?;
        txn.drop_container(container).await?;
        txn.mark_stale(&ahead.keys).await?;
        txn.commit_noted().await?;
        self.settle().await
    }

    /// The permit for a rule in every unit that it reaches into, and what it would do.
    async fn looked_ahead(&self, rule: &Rule) -> Result<Ahead> {
        for (field, name) in [("owner", &rule.owner), ("backup", &rule.backup)] {
            if name.as_deref().is_some_and(|name| !is_name(name)) {
                let problem = "1 to 200 visible characters".to_owned();
                return Err(RegisterError::Field(field, problem));
            }
        }
        let rules: Vec<Rule> = self
            .store
            .container_rules()
            .await?
            .into_iter()
            .map(|stored| stored.rule)
            .collect();
        let replaces = rules.iter().find(|one| one.container == rule.container);
        let mut then = rules.clone();
        then.retain(|one| one.container != rule.container);
        then.push(rule.clone());

        let ids = self.store.keys_in(&rule.container).await?;
        let mut preview = Preview {
            replaces: replaces.cloned(),
            keys: u64::try_from(ids.len()).unwrap_or(u64::MAX),
            without_owner: 0,
            get_owner: 0,
            get_unit: 0,
            keep_owner: 0,
            follow_others: 0,
            names: Vec::new(),
        };
        let mut units = touched(&rules, rule);
        for chunk in ids.chunks(CHUNK) {
            let places = self.store.places_of(chunk).await?;
            let owners = self.store.owners(chunk).await?;
            let assigned: BTreeSet<&KeyId> = owners.iter().map(|one| &one.key).collect();
            for entry in self.store.entries_of(chunk).await? {
                units.insert(entry.unit.clone());
                count(
                    &mut preview,
                    &entry,
                    (&rules, &then),
                    rule,
                    &places,
                    &assigned,
                );
            }
        }
        let permit = self.permit_in(Action::OwnerAssignMany, &units).await?;
        Ok(Ahead {
            permit,
            keys: ids,
            preview,
        })
    }
}

/// What is known of a rule before it is made: that it may be, the keys in its container, what it would do.
struct Ahead {
    permit: super::Permit,
    keys: Vec<KeyId>,
    preview: Preview,
}

/// Counts what becomes of one key.
fn count(
    preview: &mut Preview,
    entry: &Entry,
    (now, then): (&[Rule], &[Rule]),
    rule: &Rule,
    places: &BTreeMap<KeyId, BTreeSet<Place>>,
    assigned: &BTreeSet<&KeyId>,
) {
    let none = BTreeSet::new();
    let places = places.get(&entry.id).unwrap_or(&none);
    let (before, after) = (applied(now, places), applied(then, places));
    let owner = |rule: Option<&Rule>| rule.and_then(|rule| rule.owner.clone());
    let add = |n: &mut u64, when: bool| *n = n.saturating_add(u64::from(when));
    let is_assigned = assigned.contains(&entry.id);
    let gets_owner = !is_assigned && owner(before.owner) != owner(after.owner);
    let gets_unit = entry.unit != after.unit();
    let follows = |named: bool, found: Option<&Rule>| named && found != Some(rule);
    add(&mut preview.without_owner, entry.owner.is_empty());
    add(&mut preview.get_owner, gets_owner);
    add(&mut preview.get_unit, gets_unit);
    add(&mut preview.keep_owner, is_assigned && rule.owner.is_some());
    add(
        &mut preview.follow_others,
        follows(rule.owner.is_some() && !is_assigned, after.owner)
            || follows(rule.unit.is_some(), after.unit),
    );
    if (gets_owner || gets_unit) && preview.names.len() < NAMED {
        preview.names.push(entry.label.clone());
    }
}
