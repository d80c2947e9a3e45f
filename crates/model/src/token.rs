//! API tokens: whose they are, what they may be used for, where, and until when.

use crate::{
    access::{PersonId, Sort, Unit, Via},
    bearer::{Bearer, Hashed, Kind},
    moment::Moment,
};
use serde::{Deserialize, Serialize};

/// An API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {}

impl Kind for Api {
    const PREFIX: &'static str = "tenure_api_";
    const NAME: &'static str = "API token";
}

/// The longest life of a token, in days.
pub const LONGEST_DAYS: u32 = 365;

/// The life of a token where none is named, in days.
pub const USUAL_DAYS: u32 = 90;

/// What is kept of a token. It may do what its person may at the time of a call, and no more than this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its public id, by which it is listed and revoked.
    pub id: String,
    /// What it is for, in its person's words.
    pub name: String,
    /// Whose it is.
    pub person: PersonId,
    /// What it may be used for.
    pub sorts: Vec<Sort>,
    /// Where.
    pub within: Unit,
    /// The hash of its text.
    pub hash: Hashed<Api>,
    /// When it was made.
    pub made: Moment,
    /// From when on it is refused.
    pub expires: Moment,
    /// When it was revoked.
    pub revoked: Option<Moment>,
}

/// What somebody wants of a new token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its public id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Whose it will be.
    pub person: PersonId,
    /// What it may be used for.
    pub sorts: Vec<Sort>,
    /// Where.
    pub within: Unit,
    /// Days until it expires.
    pub days: u32,
}

/// Why a token is not made, or not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It would live too long, or not at all.
    #[error("a token lives for 1 to {LONGEST_DAYS} days, not {0}: name another number")]
    Days(u32),
    /// It could do nothing.
    #[error("a token has to be for something: name one of read, supply, work, administer")]
    Nothing,
    /// Tokens are not for that.
    #[error("a token cannot be for `{0}`: name one of read, supply, work, administer")]
    Sort(Sort),
    /// It has no name.
    #[error("name what the token is for")]
    Name,
    /// It is another token.
    #[error("this token is not known: make a new one")]
    Unknown,
    /// It was revoked.
    #[error("this token was revoked: make a new one")]
    Revoked,
    /// Its time is over.
    #[error("this token has expired: make a new one")]
    Expired,
}

impl Token {
    /// A new token: what is kept, for the secret that is handed over once.
    ///
    /// # Errors
    /// What is wanted is too long, for nothing, or for what tokens are not for.
    pub fn make(wanted: Wanted, secret: &Bearer<Api>, now: Moment) -> Result<Self, TokenError> {
        if wanted.days == 0 || wanted.days > LONGEST_DAYS {
            return Err(TokenError::Days(wanted.days));
        }
        if wanted.name.trim().is_empty() {
            return Err(TokenError::Name);
        }
        if wanted.sorts.is_empty() {
            return Err(TokenError::Nothing);
        }
        let never = wanted
            .sorts
            .iter()
            .find(|sort| matches!(sort, Sort::Sign | Sort::Carry));
        if let Some(sort) = never {
            return Err(TokenError::Sort(*sort));
        }
        Ok(Self {
            id: wanted.id,
            name: wanted.name.trim().to_owned(),
            person: wanted.person,
            sorts: wanted.sorts,
            within: wanted.within,
            hash: secret.hash(),
            made: now,
            expires: now.plus_seconds(i64::from(wanted.days) * 86_400),
            revoked: None,
        })
    }

    /// How a call with this token came in, if it is the one presented and its time is not over. The hash is compared
    /// first, so that only who holds the token learns that it is revoked or expired.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn check(&self, presented: &Bearer<Api>, now: Moment) -> Result<Via, TokenError> {
        if self.hash != presented.hash() {
            return Err(TokenError::Unknown);
        }
        if self.revoked.is_some() {
            return Err(TokenError::Revoked);
        }
        if now >= self.expires {
            return Err(TokenError::Expired);
        }
        Ok(Via::Token {
            sorts: self.sorts.clone(),
            within: self.within.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_micros(1_790_000_000_000_000);

    fn wanted(sorts: &[Sort], days: u32) -> Wanted {
        Wanted {
            id: "t1".to_owned(),
            name: " nightly scan ".to_owned(),
            person: PersonId::new("ann").unwrap(),
            sorts: sorts.to_vec(),
            within: Unit::whole(),
            days,
        }
    }

    #[test]
    fn a_token_is_taken_until_it_expires_or_is_revoked() {
        let secret = Bearer::of(&[1; 32]);
        let mut token = Token::make(wanted(&[Sort::Supply], 1), &secret, NOW).unwrap();
        let last = NOW.plus_seconds(86_400 - 1);
        assert_eq!(
            token.check(&secret, last),
            Ok(Via::Token {
                sorts: vec![Sort::Supply],
                within: Unit::whole()
            })
        );
        assert_eq!(
            token.check(&secret, last.plus_seconds(1)),
            Err(TokenError::Expired)
        );
        let other = Bearer::of(&[2; 32]);
        assert_eq!(token.check(&other, NOW), Err(TokenError::Unknown));
        token.revoked = Some(NOW);
        assert_eq!(token.check(&secret, NOW), Err(TokenError::Revoked));
        assert_eq!(
            token.check(&other, NOW),
            Err(TokenError::Unknown),
            "tells strangers nothing"
        );
    }

    #[test]
    fn what_is_kept_holds_no_secret() {
        let secret = Bearer::of(&[3; 32]);
        let token = Token::make(wanted(&[Sort::Read], 90), &secret, NOW).unwrap();
        let kept = format!("{token:?}{}", serde_json::to_string(&token).unwrap());
        assert!(!kept.contains(&secret.expose()[Api::PREFIX.len()..]));
        let back: Token = serde_json::from_str(&serde_json::to_string(&token).unwrap()).unwrap();
        assert_eq!(back, token);
    }

    #[test]
    fn tokens_end_are_for_something_and_never_sign() {
        let secret = Bearer::of(&[4; 32]);
        let make = |wanted| Token::make(wanted, &secret, NOW);
        assert_eq!(make(wanted(&[Sort::Read], 0)), Err(TokenError::Days(0)));
        assert_eq!(make(wanted(&[Sort::Read], 366)), Err(TokenError::Days(366)));
        assert_eq!(make(wanted(&[], 1)), Err(TokenError::Nothing));
        assert_eq!(
            make(wanted(&[Sort::Read, Sort::Sign], 1)),
            Err(TokenError::Sort(Sort::Sign))
        );
        assert_eq!(
            make(wanted(&[Sort::Carry], 1)),
            Err(TokenError::Sort(Sort::Carry))
        );
        let nameless = Wanted {
            name: " ".to_owned(),
            ..wanted(&[Sort::Read], 1)
        };
        assert_eq!(make(nameless), Err(TokenError::Name));
        assert_eq!(make(wanted(&[Sort::Read], 1)).unwrap().name, "nightly scan");
    }
}
