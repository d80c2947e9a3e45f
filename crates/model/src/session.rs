//! Sessions of a browser: who signed in, how, how long it lasts, and whether it is young enough to sign with.

use crate::{
    access::{PersonId, Via},
    bearer::{Bearer, Hashed, Kind},
    moment::Moment,
};
use serde::{Deserialize, Serialize};

/// The secret of a session, which stands in its cookie and nowhere else. A new one is made at every sign-in, so that
/// none that was planted before lives on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {}

impl Kind for Cookie {
    const PREFIX: &'static str = "tenure_ses_";
    const NAME: &'static str = "session";
}

words! {
    /// How somebody proved who they are.
    pub enum Method {
        /// A passkey (WebAuthn) with user verification.
        Passkey = "passkey",
        /// The identity provider, by OpenID Connect.
        Oidc = "oidc",
        /// A set-up link, which proves only that they were given it.
        SetupLink = "setup_link",
    }
}

/// How long sessions last, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Without a call.
    pub idle: u32,
    /// From the sign-in on, whatever happens.
    pub whole: u32,
    /// How long after a proof one may sign.
    pub fresh: u32,
}

impl Default for Limits {
    /// Half an hour without a call, twelve hours in all, five minutes to sign.
    fn default() -> Self {
        Self {
            idle: 30 * 60,
            whole: 12 * 3_600,
            fresh: 5 * 60,
        }
    }
}

/// A proof of who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// How.
    pub method: Method,
    /// When they proved it: of OpenID Connect the `auth_time` of the identity provider, not the time of the redirect,
    /// since a provider may let somebody through on a sign-in of this morning.
    pub at: Moment,
}

/// What is kept of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Its public id, by which it is listed and ended.
    pub id: String,
    /// The hash of its secret.
    pub hash: Hashed<Cookie>,
    /// Whose it is.
    pub person: PersonId,
    /// When it began.
    pub began: Moment,
    /// The latest proof: of the sign-in, or of a signature since.
    pub proof: Proof,
    /// The last call.
    pub seen: Moment,
    /// When it was ended.
    pub ended: Option<Moment>,
}

/// Why a session is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// There is none like this.
    #[error("this session is not known: sign in")]
    Unknown,
    /// It was ended, by its person or an administrator.
    #[error("this session was ended: sign in again")]
    Ended,
    /// Its time is over.
    #[error("this session is over: sign in again")]
    Over,
}

impl Session {
    /// A session that begins with a sign-in.
    #[must_use]
    pub fn begin(
        id: &str,
        secret: &Bearer<Cookie>,
        person: PersonId,
        proof: Proof,
        now: Moment,
    ) -> Self {
        Self {
            id: id.to_owned(),
            hash: secret.hash(),
            person,
            began: now,
            proof,
            seen: now,
            ended: None,
        }
    }

    /// How a call in this session came in, if it is the one presented and still lasts.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn check(
        &self,
        presented: &Bearer<Cookie>,
        limits: &Limits,
        now: Moment,
    ) -> Result<Via, SessionError> {
        if self.hash != presented.hash() {
            return Err(SessionError::Unknown);
        }
        if self.ended.is_some() {
            return Err(SessionError::Ended);
        }
        if !self.began.within(limits.whole, now) || !self.seen.within(limits.idle, now) {
            return Err(SessionError::Over);
        }
        Ok(Via::Session {
            fresh: self.proof.is_fresh(limits, now),
        })
    }
}

impl Proof {
    /// Whether one may sign with it: it is young, not from the future, and proves more than a link that was passed on.
    #[must_use]
    pub fn is_fresh(&self, limits: &Limits, now: Moment) -> bool {
        match self.method {
            Method::Passkey | Method::Oidc => self.at.within(limits.fresh, now),
            Method::SetupLink => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_micros(1_790_000_000_000_000);

    fn begun(method: Method) -> (Session, Bearer<Cookie>) {
        let secret = Bearer::of(&[1; 32]);
        let ann = PersonId::new("ann").unwrap();
        (
            Session::begin("s1", &secret, ann, Proof { method, at: NOW }, NOW),
            secret,
        )
    }

    #[test]
    fn a_session_lasts_while_it_is_used_and_not_beyond_a_day_of_work() {
        let limits = Limits::default();
        let (mut session, secret) = begun(Method::Oidc);
        let later = |seconds| NOW.plus_seconds(seconds);
        assert!(session.check(&secret, &limits, later(30 * 60)).is_ok());
        assert_eq!(
            session.check(&secret, &limits, later(30 * 60 + 1)),
            Err(SessionError::Over)
        );
        session.seen = later(12 * 3_600);
        assert!(session.check(&secret, &limits, later(12 * 3_600)).is_ok());
        assert_eq!(
            session.check(&secret, &limits, later(12 * 3_600 + 1)),
            Err(SessionError::Over)
        );
        assert_eq!(
            session.check(&secret, &limits, later(-1)),
            Err(SessionError::Over),
            "from the future"
        );
        session.ended = Some(NOW);
        assert_eq!(
            session.check(&secret, &limits, NOW),
            Err(SessionError::Ended)
        );
        let other = Bearer::of(&[2; 32]);
        assert_eq!(
            session.check(&other, &limits, NOW),
            Err(SessionError::Unknown)
        );
    }

    #[test]
    fn only_a_young_proof_of_ones_own_signs() {
        let limits = Limits::default();
        let fresh = |method, seconds| {
            let (session, secret) = begun(method);
            session
                .check(&secret, &limits, NOW.plus_seconds(seconds))
                .unwrap()
                == Via::Session { fresh: true }
        };
        for (method, signs) in [
            (Method::Passkey, true),
            (Method::Oidc, true),
            (Method::SetupLink, false),
        ] {
            assert_eq!(fresh(method, 0), signs, "{method}");
            assert_eq!(fresh(method, 300), signs, "{method}");
            assert!(!fresh(method, 301), "{method}");
        }
        let ahead = Proof {
            method: Method::Passkey,
            at: NOW.plus_seconds(1),
        };
        assert!(!ahead.is_fresh(&limits, NOW));
    }
}
