//! Pictures of what callers may see, held for a while: each is drawn from every key.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tenure_model::{access::PersonId, horizon::Horizon, moment::Moment};

/// How long a picture counts, in seconds.
const FRESH: u32 = 60;
/// How many callers' pictures are held.
const HELD: usize = 64;

type Held = BTreeMap<PersonId, (Moment, Arc<Horizon>)>;

/// The pictures, by caller.
#[derive(Debug, Default)]
pub(crate) struct Pictures(Mutex<Held>);

impl Pictures {
    fn all(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The picture of a caller, where it is of just now and of this day.
    pub(crate) fn of(&self, person: &PersonId, now: Moment) -> Option<Arc<Horizon>> {
        let all = self.all();
        let (at, picture) = all.get(person)?;
        let counts = at.within(FRESH, now) && at.day() == now.day();
        counts.then(|| Arc::clone(picture))
    }

    /// Holds a picture; where there are many, the others are drawn anew.
    pub(crate) fn hold(&self, person: &PersonId, now: Moment, picture: &Arc<Horizon>) {
        let mut all = self.all();
        if all.len() >= HELD {
            all.clear();
        }
        all.insert(person.clone(), (now, Arc::clone(picture)));
    }
}
