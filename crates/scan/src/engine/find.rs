//! What was found in a text, before it is settled which of it stays.

use super::Candidate;
use crate::{rule::Rule, watchlist::Known};
use std::{cmp::Reverse, ops::Range};
use tenure_model::place::Part;

/// Something found, and where.
#[derive(Debug, Clone)]
pub(super) struct Find<'r> {
    pub(super) span: Range<usize>,
    pub(super) what: What<'r>,
    pub(super) name: Option<String>,
    pub(super) known: Option<Known>,
}

/// All that was seen: finds, and the candidates inside other forms that some of them stand for.
pub(super) struct Seen<'r> {
    pub(super) finds: Vec<Find<'r>>,
    pub(super) inner: Vec<Option<Candidate>>,
}

/// What it was found as.
#[derive(Debug, Clone, Copy)]
pub(super) enum What<'r> {
    /// By the watch list alone.
    Known,
    /// By a format of the catalogue.
    Format(&'r Rule),
    /// An armoured private key.
    PrivateKey,
    /// Inside another form.
    Inner(usize),
    /// The password in an address.
    UrlPassword,
    /// A signed token (RFC 7519).
    WebToken,
    /// By its name.
    Named,
}

impl What<'_> {
    /// What tells more comes first.
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::Known => 0,
            Self::Format(_) => 1,
            Self::PrivateKey => 2,
            Self::Inner(_) => 3,
            Self::UrlPassword => 4,
            Self::WebToken => 5,
            Self::Named => 6,
        }
    }

    /// The slug of the kind, where no provider is known.
    pub(super) fn credential(self) -> &'static str {
        match self {
            Self::PrivateKey => "private_key",
            Self::UrlPassword => "url_password",
            Self::WebToken => "json_web_token",
            Self::Known => "known_key",
            Self::Format(_) | Self::Inner(_) | Self::Named => "generic_secret",
        }
    }
}

impl Find<'_> {
    /// A copy of a key that the watch list knows.
    pub(super) fn known(name: Option<String>, span: Range<usize>, known: Known) -> Self {
        Self {
            span,
            what: What::Known,
            name,
            known: Some(known),
        }
    }

    /// By place, the longer first, then by name.
    pub(super) fn order(&self) -> (usize, Reverse<usize>, u8, &str, &str, usize) {
        let (provider, credential, at) = match self.what {
            What::Format(rule) => (
                rule.provider.as_str(),
                rule.credential.as_str(),
                usize::from(rule.part == Part::KeyId),
            ),
            What::Inner(at) => ("", "", at),
            _ => ("", "", 0),
        };
        let end = Reverse(self.span.end);
        (
            self.span.start,
            end,
            self.what.rank(),
            provider,
            credential,
            at,
        )
    }
}
