//! Pictures of what callers may see, held for a while: each is drawn from every key.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tenure_app::register::Account;
use tenure_model::{
    access::{Held, PersonId},
    horizon::Horizon,
    moment::Moment,
};

/// How long a picture counts, in seconds.
const FRESH: u32 = 60;
/// How many callers' pictures are held.
const HELD: usize = 64;

/// When a picture was drawn, and with which roles: who has others now sees other keys.
struct Drawn {
    at: Moment,
    roles: Vec<Held>,
    picture: Arc<Horizon>,
}

type All = BTreeMap<PersonId, Drawn>;

/// The pictures, by caller.
#[derive(Default)]
pub(crate) struct Pictures(Mutex<All>);

impl Pictures {
    fn all(&self) -> std::sync::MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The picture of a caller, where it is of just now, of this day, and of the roles that they hold.
    pub(crate) fn of(&self, who: &Account, now: Moment) -> Option<Arc<Horizon>> {
        let all = self.all();
        let held = all.get(&who.person)?;
        let counts =
            held.at.within(FRESH, now) && held.at.day() == now.day() && held.roles == who.roles;
        counts.then(|| Arc::clone(&held.picture))
    }

    /// Holds a picture; where there are many, the others are drawn anew.
    pub(crate) fn hold(&self, who: &Account, now: Moment, picture: &Arc<Horizon>) {
        let mut all = self.all();
        if all.len() >= HELD {
            all.clear();
        }
        let drawn = Drawn {
            at: now,
            roles: who.roles.clone(),
            picture: Arc::clone(picture),
        };
        all.insert(who.person.clone(), drawn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::{
        access::{Role, Unit},
        horizon::Detail,
    };

    #[test]
    fn a_picture_counts_for_its_caller_their_roles_and_a_minute_alone() {
        let account = |name: &str, roles: &[Role]| Account {
            person: PersonId::new(name).unwrap(),
            name: String::new(),
            email: String::new(),
            roles: roles
                .iter()
                .map(|role| Held::new(*role, Unit::whole()))
                .collect(),
            made_at: Moment::from_micros(0),
            signed_in_at: None,
            version: 1,
        };
        let now = Moment::from_micros(0).plus_seconds(1_000_000);
        let picture = Arc::new(Horizon {
            today: now.day(),
            points: Vec::new(),
            living: 0,
            closed: 0,
            detail: Detail::Bars,
            rows: Vec::new(),
            flags: Vec::new(),
            previous: None,
        });
        let pictures = Pictures::default();
        let ann = account("ann", &[Role::Analyst, Role::Auditor]);
        pictures.hold(&ann, now, &picture);
        assert!(pictures.of(&ann, now.plus_seconds(59)).is_some());
        assert!(pictures.of(&ann, now.plus_seconds(61)).is_none());
        for other in [
            account("ann", &[Role::Analyst]),
            account("ann", &[]),
            account("bo", &[Role::Analyst, Role::Auditor]),
        ] {
            assert!(pictures.of(&other, now).is_none(), "{other:?}");
        }
    }
}
