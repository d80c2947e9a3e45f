//! Set-up links: the first administrator comes in by one, and whoever lost every way to sign in. Each works once.

use crate::{
    access::PersonId,
    bearer::{Bearer, Hashed, Kind},
    moment::Moment,
};
use serde::{Deserialize, Serialize};

/// The secret of a set-up link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {}

impl Kind for Setup {
    const PREFIX: &'static str = "tenure_setup_";
    const NAME: &'static str = "set-up link";
}

/// How long a link works, in seconds: one day.
pub const LASTS: u32 = 86_400;

/// What is kept of a link that was not used yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetupLink {
    /// The hash of its secret.
    pub hash: Hashed<Setup>,
    /// For whom it is; the first one of an installation is for whoever uses it.
    pub person: Option<PersonId>,
    /// When it was made.
    pub made: Moment,
    /// When it was used.
    pub used: Option<Moment>,
}

/// Why a link does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// There is none like this.
    #[error("this link is not known: make a new one")]
    Unknown,
    /// It was used.
    #[error("this link was used already: if that was not you, end all sessions and make a new one")]
    Used,
    /// Its day is over.
    #[error("this link is older than a day: make a new one")]
    Expired,
}

impl SetupLink {
    /// A new link.
    #[must_use]
    pub fn make(secret: &Bearer<Setup>, person: Option<PersonId>, now: Moment) -> Self {
        Self {
            hash: secret.hash(),
            person,
            made: now,
            used: None,
        }
    }

    /// The link after its use. It has to be kept in place of this one where that is still unused, by compare and
    /// swap, before anybody is let in.
    ///
    /// # Errors
    /// Why it does not work.
    pub fn redeem(&self, presented: &Bearer<Setup>, now: Moment) -> Result<Self, SetupError> {
        if self.hash != presented.hash() {
            return Err(SetupError::Unknown);
        }
        if self.used.is_some() {
            return Err(SetupError::Used);
        }
        if !self.made.within(LASTS, now) {
            return Err(SetupError::Expired);
        }
        Ok(Self {
            used: Some(now),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_works_once_and_for_a_day() {
        let now = Moment::from_micros(1_790_000_000_000_000);
        let secret = Bearer::of(&[1; 32]);
        let link = SetupLink::make(&secret, None, now);
        let last = now.plus_seconds(86_400);
        let used = link.redeem(&secret, last).unwrap();
        assert_eq!(used.redeem(&secret, last), Err(SetupError::Used));
        assert_eq!(
            link.redeem(&secret, last.plus_seconds(1)),
            Err(SetupError::Expired)
        );
        assert_eq!(
            link.redeem(&secret, now.plus_seconds(-1)),
            Err(SetupError::Expired)
        );
        let other = Bearer::of(&[2; 32]);
        assert_eq!(link.redeem(&other, now), Err(SetupError::Unknown));
        assert_eq!(
            used.redeem(&other, now),
            Err(SetupError::Unknown),
            "tells strangers nothing"
        );
    }
}
