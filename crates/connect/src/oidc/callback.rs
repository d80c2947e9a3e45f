//! What the browser brings back from the identity provider (RFC 6749, 4.1.2).

use zeroize::Zeroizing;

/// The longest query that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// Why a query is no answer. It never quotes it: anybody can send one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// It is too long.
    #[error("the answer of the identity provider is too long")]
    TooLong,
    /// A parameter stands in it twice (RFC 6749, 3.1).
    #[error("the answer of the identity provider says `{0}` twice")]
    Twice(&'static str),
    /// A parameter is missing.
    #[error("the answer of the identity provider has no `{0}`")]
    Missing(&'static str),
}

/// An answer of the authorization endpoint.
pub struct Callback {
    pub(super) state: Zeroizing<String>,
    pub(super) issuer: Option<String>,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Code(Zeroizing<String>),
    /// The code of an error, or nothing where it is none of the shape that such codes have.
    Error(Option<String>),
}

impl Callback {
    /// Reads the query of the request to the redirect URI, without its `?`.
    ///
    /// # Errors
    /// What is missing, or said twice.
    pub fn parse(query: &str) -> Result<Self, CallbackError> {
        if query.len() > LONGEST {
            return Err(CallbackError::TooLong);
        }
        let one = |name: &'static str| {
            let mut values = url::form_urlencoded::parse(query.as_bytes())
                .filter(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned());
            match (values.next(), values.next()) {
                (_, Some(_)) => Err(CallbackError::Twice(name)),
                (value, None) => Ok(value),
            }
        };
        let state = one("state")?.map(Zeroizing::new);
        let code = one("code")?.map(Zeroizing::new);
        let error = one("error")?;
        let issuer = one("iss")?;
        let outcome = match (error, code) {
            (Some(error), _) => Outcome::Error(code_of(&error)),
            (None, Some(code)) if !code.is_empty() => Outcome::Code(code),
            (None, _) => return Err(CallbackError::Missing("code")),
        };
        Ok(Self {
            state: state.ok_or(CallbackError::Missing("state"))?,
            issuer,
            outcome,
        })
    }

    /// The `state`, by which the caller finds what it keeps of this sign-in.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }
}

/// A code of an error as all of them are written; any other text is a stranger's.
pub(super) fn code_of(text: &str) -> Option<String> {
    let shape = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let well = !text.is_empty() && text.len() <= 64 && text.bytes().all(shape);
    well.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(query: &str) -> CallbackError {
        Callback::parse(query).err().unwrap()
    }

    #[test]
    fn an_answer_says_each_thing_once() {
        assert!(Callback::parse("code=a&state=b").is_ok());
        assert_eq!(error("code=a&state=b&code=c"), CallbackError::Twice("code"));
        assert_eq!(
            error("code=a&state=b&state=b"),
            CallbackError::Twice("state")
        );
        assert_eq!(
            error("code=a&state=b&iss=1&iss=2"),
            CallbackError::Twice("iss")
        );
        assert_eq!(error("state=b"), CallbackError::Missing("code"));
        assert_eq!(error("code=&state=b"), CallbackError::Missing("code"));
        assert_eq!(error("code=a"), CallbackError::Missing("state"));
        assert_eq!(error(&"a".repeat(LONGEST + 1)), CallbackError::TooLong);
    }

    #[test]
    fn a_strangers_text_is_no_code_of_an_error() {
        let of = |query: &str| match Callback::parse(query).unwrap().outcome {
            Outcome::Error(code) => code,
            Outcome::Code(_) => panic!("a code"),
        };
        assert_eq!(
            of("error=access_denied&state=b").as_deref(),
            Some("access_denied")
        );
        // INVARIANT: an error wins over a code.
        assert_eq!(
            of("error=access_denied&state=b&code=a").as_deref(),
            Some("access_denied")
        );
        for text in ["%3Cscript%3E", "Call+us+at+555", "", &"a".repeat(65)] {
            assert_eq!(of(&format!("error={text}&state=b")), None, "{text}");
        }
    }
}
