//! What owns the things that a [`Desk`] borrows: a server holds one, a command makes one for its run.

use super::{Bench, Desk, Place, Result, Rules, Store, open, seal};
use crate::channels::Channels;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tenure_model::{
    access::Actor, catalog::Provider, moment::Moment, policy::Policy, secret::Pepper,
};
use tenure_store::state::State;

/// What time it is: the system's, or one that somebody sets and moves, for demos and tests. Clones of one that is set
/// are moved together.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// One that stands still until it is moved.
    #[must_use]
    pub fn set(at: Moment) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.micros()))))
    }

    /// Moves a clock that was set, and says what it shows then. The system's is not moved.
    pub fn pass(&self, seconds: i64) -> Moment {
        if let Some(at) = &self.0 {
            at.fetch_add(seconds.saturating_mul(1_000_000), Ordering::Relaxed);
        }
        self.now()
    }

    /// A reading.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment::from_micros(self.0.as_ref().map_or_else(
            || jiff::Timestamp::now().as_microsecond(),
            |at| at.load(Ordering::Relaxed),
        ))
    }
}

/// A register with all that its use cases work with.
#[derive(Debug)]
pub struct Register {
    store: Store,
    access: Rules,
    providers: Vec<Provider>,
    policy: Policy,
    pepper: Pepper,
    state: State,
    clock: Clock,
    channels: Channels,
}

impl Bench for Register {
    fn desk<'d>(&'d self, caller: &'d Actor) -> Desk<'d> {
        Self::desk(self, caller)
    }

    fn state(&self) -> &State {
        Self::state(self)
    }

    fn channels(&self) -> &Channels {
        Self::channels(self)
    }
}

impl Register {
    /// Opens the register, and makes it where there is none, with the built-in rules of access.
    ///
    /// # Errors
    /// As of [`open`]; the state folder refuses.
    pub async fn open(
        place: &Place,
        state: State,
        providers: Vec<Provider>,
        policy: Policy,
        clock: Clock,
    ) -> Result<Self> {
        Ok(Self {
            store: open(place, &state, clock.now()).await?,
            access: Rules::builtin(),
            providers,
            policy,
            pepper: state.pepper()?,
            state,
            clock,
            channels: Channels::default(),
        })
    }

    /// With channels for notices.
    #[must_use]
    pub fn telling(mut self, channels: Channels) -> Self {
        self.channels = channels;
        self
    }

    /// Where notices go.
    #[must_use]
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// With other rules of access.
    #[must_use]
    pub fn under(mut self, access: Rules) -> Self {
        self.access = access;
        self
    }

    /// What a use case works with when this actor calls now.
    #[must_use]
    pub fn desk<'r>(&'r self, caller: &'r Actor) -> Desk<'r> {
        Desk {
            store: &self.store,
            access: &self.access,
            providers: &self.providers,
            policy: &self.policy,
            pepper: &self.pepper,
            caller,
            now: self.clock.now(),
        }
    }

    /// Signs the log as it stands and keeps that beside the database.
    ///
    /// # Errors
    /// As of [`seal`].
    pub async fn seal(&self) -> Result<()> {
        seal(&self.store, &self.state).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.store.ping().await?)
    }

    /// Closes the database, when what is under way has ended.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Rows and log.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Who may do what.
    #[must_use]
    pub fn access(&self) -> &Rules {
        &self.access
    }

    /// The catalogue.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The numbers in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The key of fingerprints.
    #[must_use]
    pub fn pepper(&self) -> &Pepper {
        &self.pepper
    }

    /// The state folder.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What time it is here.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A reading of its clock.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_moves_when_it_is_told_to_and_with_its_clones() {
        let noon = Moment::from_micros(1_795_721_000_000_000);
        let clock = Clock::set(noon);
        let other = clock.clone();
        assert_eq!(clock.now(), noon);
        assert_eq!(clock.pass(60), noon.plus_seconds(60));
        assert_eq!(other.now(), noon.plus_seconds(60));
        let system = Clock::system();
        let before = system.now();
        assert!(
            system.pass(86_400) < before.plus_seconds(3_600),
            "the system's clock is nobody's to move"
        );
    }
}
