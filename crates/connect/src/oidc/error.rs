//! Why a sign-in comes to nothing. No text of these holds a code, a token, a secret or anything that a stranger wrote.

use super::{callback::CallbackError, document::DocumentError, id_token::TokenError};
use crate::http::HttpError;

/// Why a sign-in comes to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The identity provider cannot be reached.
    #[error("the identity provider cannot be asked: {0}")]
    Http(#[from] HttpError),
    /// It answered with a status that is none of success.
    #[error("{what} of the identity provider: it answers with the status {status}")]
    Status {
        /// What was asked for.
        what: &'static str,
        /// The status (RFC 9110, 15).
        status: u16,
    },
    /// A document of it cannot be used.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It does not know the way in which this client is registered.
    #[error(
        "the identity provider does not take {0}: register this client with another way to prove itself"
    )]
    Method(&'static str),
    /// It says no at the authorization or token endpoint.
    #[error("the identity provider says {code}")]
    Refused {
        /// The code (RFC 6749, 4.1.2.1 and 5.2; `OpenID Connect` Core 3.1.2.6), or that there is none.
        code: String,
    },
    /// What came back with the browser is no answer.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The `state` is another one.
    #[error("this answer belongs to another sign-in: begin again")]
    State,
    /// It took too long.
    #[error("this sign-in took too long: begin again")]
    Expired,
    /// The answer comes from another issuer (RFC 9207): somebody mixes up two of them.
    #[error("this answer comes from another identity provider than the one that was asked")]
    MixUp,
    /// The answer does not name its issuer, though the identity provider says that its answers do.
    #[error("this answer does not say which identity provider it comes from (`iss` is missing)")]
    NoIssuer,
    /// The ID token is not taken.
    #[error("the ID token is not taken: {0}")]
    Token(#[from] TokenError),
    /// What the `UserInfo` endpoint says is of somebody else.
    #[error("the identity provider tells of another person than the one who signed in")]
    OtherSubject,
    /// A signature could not be made with the client's key.
    #[error("the client's key does not sign")]
    Sign,
    /// No random numbers.
    #[error("this system has no random numbers")]
    Random,
}
