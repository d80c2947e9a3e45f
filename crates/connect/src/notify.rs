//! Notices on their way out, one file per channel. A notice says what waits and links to a page; it never carries an
//! action, so that whoever reads it in somebody's inbox can approve nothing with it.

pub mod email;
mod request;
pub mod slack;
pub mod webhook;

use crate::http::HttpError;
use tenure_model::moment::Moment;
use url::Url;

/// The longest subject, in characters.
const SUBJECT: usize = 200;
/// The most lines of one notice.
const LINES: usize = 100;

/// What one person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    id: String,
    at: Moment,
    subject: String,
    lines: Vec<String>,
    page: Url,
}

/// A notice that cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNotice {
    /// The link holds more than a place.
    #[error("a notice links to a page by its path alone: no query, fragment, user or password")]
    Link,
    /// It is not one of the web.
    #[error("a notice links to a page over https, or http on this machine")]
    Scheme,
    /// The id is none that a header can hold.
    #[error("the id of a notice is 1 to 100 letters, digits, `-` and `_`")]
    Id,
}

impl Notice {
    /// A notice: what it is known by (whoever gets it twice knows it again), when it was made, subject and lines, and
    /// the page that it leads to. A link with a query could carry a token that does something, and is refused.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn new(
        id: &str,
        at: Moment,
        subject: &str,
        lines: &[String],
        page: Url,
    ) -> Result<Self, BadNotice> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if id.is_empty() || id.len() > 100 || !id.chars().all(fits) {
            return Err(BadNotice::Id);
        }
        let is_here = matches!(page.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if !(page.scheme() == "https" || (page.scheme() == "http" && is_here)) {
            return Err(BadNotice::Scheme);
        }
        if page.query().is_some()
            || page.fragment().is_some()
            || !page.username().is_empty()
            || page.password().is_some()
        {
            return Err(BadNotice::Link);
        }
        // A line end in a subject would begin another header.
        let one_line = |text: &str| -> String {
            let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            plain.take(SUBJECT).collect()
        };
        Ok(Self {
            id: id.to_owned(),
            at,
            subject: one_line(subject),
            lines: lines
                .iter()
                .take(LINES)
                .map(|line| one_line(line))
                .collect(),
            page,
        })
    }

    /// What it is known by.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Why a notice did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// There was no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The answer says no.
    #[error("{host} answered {status}")]
    Refused {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// The mail server does not take it.
    #[error("{host}: {what}")]
    Mail {
        /// The host.
        host: String,
        /// What is wrong; nothing of what it said.
        what: &'static str,
        /// Trying again leads nowhere.
        for_good: bool,
    },
    /// The channel itself is broken.
    #[error("the channel cannot be used: {0}")]
    Channel(&'static str),
}

impl NotifyError {
    /// Whether the channel is dead until somebody mends it, rather than away for a while.
    #[must_use]
    pub fn is_for_good(&self) -> bool {
        match self {
            Self::Refused { status, .. } => {
                matches!(status, 400..=499) && !matches!(status, 408 | 425 | 429)
            }
            Self::Channel(_) => true,
            Self::Mail { for_good, .. } => *for_good,
            Self::Http(error) => matches!(
                error,
                HttpError::Address { .. } | HttpError::Plain { .. } | HttpError::Request(_)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(id: &str, subject: &str, page: &str) -> Result<Notice, BadNotice> {
        let at = Moment::from_micros(1_795_721_000_000_000);
        Notice::new(id, at, subject, &[], page.parse().unwrap())
    }

    #[test]
    fn a_link_is_a_place_and_does_nothing() {
        assert!(notice("d1", "s", "https://tenure.example/today").is_ok());
        assert!(notice("d1", "s", "http://localhost:8080/today").is_ok());
        for bad in [
            "https://tenure.example/approve?token=x",
            "https://tenure.example/today#approve",
            "https://u:p@tenure.example/today",
            "http://tenure.example/today",
            "javascript:alert(1)",
            "mailto:a@example.com",
        ] {
            assert!(notice("d1", "s", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_text_begins_another_header() {
        let page = "https://tenure.example/today";
        let made = notice("d1", "a\r\nBcc: x@example.com", page).unwrap();
        assert_eq!(made.subject, "a  Bcc: x@example.com");
        for bad in ["", "a b", "a\r\nx", &"x".repeat(101)] {
            assert_eq!(notice(bad, "s", page), Err(BadNotice::Id), "{bad:?}");
        }
    }

    #[test]
    fn what_refuses_is_dead_and_what_is_away_is_not() {
        let refused = |status| NotifyError::Refused {
            host: "h".to_owned(),
            status,
        };
        for status in [400, 401, 403, 404, 410] {
            assert!(refused(status).is_for_good(), "{status}");
        }
        for status in [301, 408, 429, 500, 503] {
            assert!(!refused(status).is_for_good(), "{status}");
        }
        let timeout = HttpError::Timeout {
            host: "h".to_owned(),
        };
        assert!(!NotifyError::from(timeout).is_for_good());
    }
}
