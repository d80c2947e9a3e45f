//! E-mail over a mail server: with TLS, or without it only to an address that an allowance names. As with the client of
//! HTTP, every address that the name leads to is looked at, and the connection goes to one of those.

use super::{Notice, NotifyError};
use crate::http::{
    HttpError,
    address::{AddressPolicy, Reach},
};
use lettre::{
    Message, SmtpTransport, Transport as _,
    message::{
        Mailbox,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use std::{
    net::ToSocketAddrs as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use zeroize::Zeroizing;

/// How long the server may take for each of its answers.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte on (RFC 8314, 3.3), usually on port 465.
    Tls,
    /// TLS after STARTTLS, which has to be offered, usually on port 587.
    StartTls,
    /// None: a relay on this machine or in a network that an allowance names.
    Plain,
}

/// A mail server, and who writes.
pub struct Mail {
    host: String,
    port: u16,
    security: Security,
    from: Mailbox,
    login: Option<(String, Zeroizing<String>)>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Mail({}:{} {:?} ***)",
            self.host, self.port, self.security
        )
    }
}

/// A mail that nobody wrote is answered by no machine (RFC 3834, 5).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Mail {
    /// A mail server. A password is sent over TLS alone.
    ///
    /// # Errors
    /// The sender is no address, or a login would go out without TLS.
    pub fn new(
        host: &str,
        port: u16,
        security: Security,
        from: &str,
        login: Option<(String, Zeroizing<String>)>,
    ) -> Result<Self, NotifyError> {
        if security == Security::Plain && login.is_some() {
            return Err(NotifyError::Channel(
                "a login without TLS would show its password; use TLS or leave the login out",
            ));
        }
        let from = from
            .parse()
            .map_err(|_| NotifyError::Channel("the sender is no e-mail address"))?;
        Ok(Self {
            host: host.to_owned(),
            port,
            security,
            from,
            login,
        })
    }

    /// Sends a notice to a person. Its `Message-ID` is that of the notice, so that mail programs show it once.
    ///
    /// # Errors
    /// It was not taken.
    pub fn send(
        &self,
        policy: &AddressPolicy,
        to: &str,
        notice: &Notice,
    ) -> Result<(), NotifyError> {
        let to: Mailbox = to
            .parse()
            .map_err(|_| NotifyError::Channel("the receiver is no e-mail address"))?;
        let message = self.message(to, notice)?;
        let server = self.address(policy)?;
        let mut builder = SmtpTransport::builder_dangerous(server)
            .port(self.port)
            .timeout(Some(PATIENCE))
            .tls(self.tls()?);
        if let Some((user, password)) = &self.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.to_string()));
        }
        builder
            .build()
            .send(&message)
            .map(drop)
            .map_err(|error| self.told(&error))
    }

    fn message(&self, to: Mailbox, notice: &Notice) -> Result<Message, NotifyError> {
        let mut text = String::new();
        for line in &notice.lines {
            text.push_str(line);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(notice.page.as_str());
        text.push_str("\r\n");
        let micros = u64::try_from(notice.at.micros()).unwrap_or_default();
        let written: SystemTime = UNIX_EPOCH
            .checked_add(Duration::from_micros(micros))
            .unwrap_or(UNIX_EPOCH);
        let domain = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(notice.subject.clone())
            .date(written)
            .message_id(Some(format!("<{}@{domain}>", notice.id)))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|_| NotifyError::Channel("the notice makes no e-mail"))
    }

    /// The address that the connection goes to. Every one that the name leads to has to be allowed.
    fn address(&self, policy: &AddressPolicy) -> Result<String, NotifyError> {
        let host = || format!("{}:{}", self.host, self.port);
        let found = (self.host.as_str(), self.port)
            .to_socket_addrs()
            .map_err(|_| HttpError::Name { host: host() })?;
        let mut first = None;
        for address in found {
            match policy.reach(address.ip()) {
                Reach::Refused(what) => {
                    return Err(HttpError::Address { host: host(), what }.into());
                }
                Reach::Public if self.security == Security::Plain => {
                    return Err(HttpError::Plain { host: host() }.into());
                }
                Reach::Public | Reach::Allowed => {}
            }
            first.get_or_insert(address);
        }
        let first = first.ok_or_else(|| HttpError::Name { host: host() })?;
        Ok(first.ip().to_string())
    }

    fn tls(&self) -> Result<Tls, NotifyError> {
        let parameters = || {
            // The name that the certificate has to be for, and not the address.
            TlsParameters::new_rustls(self.host.clone()).map_err(|_| {
                NotifyError::Channel("the host is no name that a certificate can hold")
            })
        };
        Ok(match self.security {
            Security::Tls => Tls::Wrapper(parameters()?),
            Security::StartTls => Tls::Required(parameters()?),
            Security::Plain => Tls::None,
        })
    }

    /// An error of the library in our words: its own may repeat what the server said.
    fn told(&self, error: &lettre::transport::smtp::Error) -> NotifyError {
        let what = if error.is_timeout() {
            "no answer in time"
        } else if error.is_tls() {
            "TLS failed"
        } else if error.is_permanent() {
            "the server refuses it"
        } else if error.is_transient() {
            "the server does not take it now"
        } else if error.is_client() {
            "the server does not offer what is asked of it"
        } else {
            "nobody answers, or not as a mail server does"
        };
        NotifyError::Mail {
            host: self.host.clone(),
            what,
            for_good: error.is_permanent() || error.is_client(),
        }
    }
}
