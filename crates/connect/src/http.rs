//! The one way out: every request that Tenure sends goes through this client.
//!
//! It has limits of time and size, looks at every address before it connects and connects to that address and no
//! other, follows no redirect, uses no proxy, reuses no connection, and its errors name a host and a reason:
//! never a path, a query, a header or a body. It blocks; whoever serves others at the same time calls it on a
//! thread for that (`spawn_blocking`).
//!
//! **Proxies** are refused: a proxy resolves names itself, so that nothing said here of addresses would hold, and
//! it would see who is asked. `HTTP_PROXY`, `HTTPS_PROXY` and `ALL_PROXY` change nothing.

pub mod address;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use address::{AddressPolicy, Reach};
use std::{
    io::{self, Read as _},
    sync::Arc,
    time::Duration,
};
use ureq::{
    Agent,
    config::Config,
    tls::{RootCerts, TlsConfig},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};
use url::Url;
use zeroize::Zeroizing;

/// How long and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the name, the connection and TLS, together.
    pub connect: Duration,
    /// For the whole exchange, from the name to the last byte of the answer.
    pub whole: Duration,
    /// The longest body that is taken, in bytes.
    pub most_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(10),
            most_bytes: 256 * 1024,
        }
    }
}

/// One request. What is secret in it is wiped when it is dropped, the copies in the buffers of TLS excepted.
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers in order.
    pub headers: Vec<(String, Zeroizing<String>)>,
    /// The body, if any.
    pub body: Option<Zeroizing<Vec<u8>>>,
}

impl Request {
    /// The host, with the port where it is not the usual one: all of an address that an error or report may show.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({} {} ***)", self.method, self.host())
    }
}

/// What came back. It may repeat what was sent, so that it is treated as secret too.
pub struct Answer {
    /// The status (RFC 9110, 15).
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({} ***)", self.status)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The name leads to an address that may not be reached.
    #[error("{host} is {what}, and no allowance names it")]
    Address {
        /// The host.
        host: String,
        /// What the address is.
        what: &'static str,
    },
    /// Without TLS, only to an address that an allowance names.
    #[error("{host} would be asked without TLS, and no allowance names its address")]
    Plain {
        /// The host.
        host: String,
    },
    /// There is no such name.
    #[error("{host}: no such name, or no name server answers")]
    Name {
        /// The host.
        host: String,
    },
    /// It does not let anybody connect.
    #[error("{host}: {what}")]
    Connect {
        /// The host.
        host: String,
        /// What the system says.
        what: String,
    },
    /// TLS failed.
    #[error("{host}: TLS: {what}")]
    Tls {
        /// The host.
        host: String,
        /// What is wrong.
        what: &'static str,
    },
    /// It took too long.
    #[error("{host}: no whole answer in time")]
    Timeout {
        /// The host.
        host: String,
    },
    /// It is too long.
    #[error("{host}: the answer is longer than is taken")]
    TooLarge {
        /// The host.
        host: String,
    },
    /// It is no HTTP.
    #[error("{host}: the answer is broken")]
    Broken {
        /// The host.
        host: String,
    },
    /// The request itself cannot be sent.
    #[error("the request cannot be sent: {0}")]
    Request(&'static str),
}

/// The client.
pub struct Client {
    agent: Agent,
    most: u64,
}

impl Client {
    /// A client with its limits and addresses. Certificates are checked as the system does, with its roots, or
    /// those that `SSL_CERT_FILE` names.
    #[must_use]
    pub fn new(limits: Limits, policy: AddressPolicy) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        Self::with_names(limits, policy, tls, DefaultResolver::default())
    }

    fn with_names(
        limits: Limits,
        policy: AddressPolicy,
        tls: TlsConfig,
        names: impl Resolver,
    ) -> Self {
        let config = Config::builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .max_response_header_size(64 * 1024)
            .timeout_connect(Some(limits.connect.min(limits.whole)))
            .timeout_resolve(Some(limits.connect.min(limits.whole)))
            .timeout_global(Some(limits.whole))
            .user_agent(concat!("tenure/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("")
            .tls_config(tls)
            .build();
        let resolver = Vetting {
            policy,
            inner: names,
        };
        Self {
            agent: Agent::with_parts(config, DefaultConnector::default(), resolver),
            most: limits.most_bytes,
        }
    }

    /// Sends one request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// Says why there is no answer, and nothing of what was sent.
    pub fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        let host = request.host();
        if !matches!(request.url.scheme(), "https" | "http") {
            return Err(HttpError::Request("its address is neither https nor http"));
        }
        if !request.url.username().is_empty() || request.url.password().is_some() {
            return Err(HttpError::Request("its address holds a user or password"));
        }
        let mut made = ::http::Request::builder()
            .method(request.method.clone())
            .uri(request.url.as_str());
        if let Some(headers) = made.headers_mut() {
            for (name, value) in &request.headers {
                let name = HeaderName::try_from(name.as_str())
                    .map_err(|_| HttpError::Request("a header has a name that is none"))?;
                let mut value = HeaderValue::from_str(value)
                    .map_err(|_| HttpError::Request("a header holds what no header can"))?;
                value.set_sensitive(true);
                headers.append(name, value);
            }
        }
        let unsendable = |_| HttpError::Request("its address is none");
        let failed = |error| told(error, &host);
        // POST without a body is POST with an empty one (RFC 9110, 8.6).
        let empty = Zeroizing::new(Vec::new());
        let body = match request.method {
            Method::GET | Method::HEAD => request.body.as_ref(),
            _ => Some(request.body.as_ref().unwrap_or(&empty)),
        };
        let mut answer = match body {
            Some(body) => {
                let made = made.body(body.as_slice()).map_err(unsendable)?;
                self.agent.run(made).map_err(failed)?
            }
            None => {
                let made = made.body(()).map_err(unsendable)?;
                self.agent.run(made).map_err(failed)?
            }
        };
        // The room is made at once, so that no copy of a part is left behind.
        let room = usize::try_from(self.most).unwrap_or(usize::MAX);
        let mut body = Zeroizing::new(Vec::with_capacity(room.saturating_add(1)));
        answer
            .body_mut()
            .as_reader()
            .take(self.most.saturating_add(1))
            .read_to_end(&mut body)
            .map_err(|error| told(ureq::Error::from(error), &host))?;
        if body.len() > room {
            return Err(HttpError::TooLarge { host });
        }
        Ok(Answer {
            status: answer.status().as_u16(),
            headers: std::mem::take(answer.headers_mut()),
            body,
        })
    }
}

/// An error of the library in our words. Its own text may quote an address, and so a query.
fn told(error: ureq::Error, host: &str) -> HttpError {
    use ureq::Error as E;
    let host = host.to_owned();
    match error {
        E::Timeout(_) => HttpError::Timeout { host },
        E::HostNotFound => HttpError::Name { host },
        E::BodyExceedsLimit(_) | E::LargeResponseHeader(..) => HttpError::TooLarge { host },
        E::Tls(_) => HttpError::Tls {
            host,
            what: "the name is none that a certificate can hold",
        },
        E::Rustls(error) => of_tls(&error, host),
        E::Io(error) => of_io(&error, host),
        E::Other(error) => match error.downcast_ref::<HttpError>() {
            Some(error) => error.clone(),
            None => HttpError::Broken { host },
        },
        E::Http(_) | E::BadUri(_) => HttpError::Request("its address or a header is none"),
        _ => HttpError::Broken { host },
    }
}

fn of_io(error: &io::Error, host: String) -> HttpError {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(inner) = inner {
        return of_tls(inner, host);
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => HttpError::Timeout { host },
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => HttpError::Broken { host },
        kind => HttpError::Connect {
            host,
            what: kind.to_string(),
        },
    }
}

fn of_tls(error: &rustls::Error, host: String) -> HttpError {
    use rustls::{CertificateError as C, Error as E};
    let what = match error {
        E::InvalidCertificate(C::UnknownIssuer) => {
            "its certificate is of an authority that this machine does not trust"
        }
        E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "its certificate is for another name"
        }
        E::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
            "its certificate has expired"
        }
        E::InvalidCertificate(_) => "its certificate is not valid",
        E::NoCertificatesPresented => "it shows no certificate",
        _ => "the handshake failed",
    };
    HttpError::Tls { host, what }
}

/// Names to addresses, each of which is looked at. The connection goes to what comes back from here, so that a
/// name that changes meanwhile changes nothing.
#[derive(Debug)]
struct Vetting<R> {
    policy: AddressPolicy,
    inner: R,
}

impl<R: Resolver> Resolver for Vetting<R> {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = || {
            uri.authority()
                .map_or_else(String::new, ToString::to_string)
        };
        let refused = |error: HttpError| ureq::Error::Other(Box::new(error));
        let addresses = self
            .inner
            .resolve(uri, config, timeout)
            .map_err(|error| match error {
                // Whatever the system says of a name, there is no address.
                ureq::Error::Io(_) => ureq::Error::HostNotFound,
                other => other,
            })?;
        for address in addresses.iter() {
            match self.policy.reach(address.ip()) {
                Reach::Refused(what) => {
                    return Err(refused(HttpError::Address { host: host(), what }));
                }
                Reach::Public if uri.scheme_str() != Some("https") => {
                    return Err(refused(HttpError::Plain { host: host() }));
                }
                Reach::Public | Reach::Allowed => {}
            }
        }
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::Write as _,
        net::{SocketAddr, TcpListener},
        sync::{
            Mutex,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    /// A name that leads elsewhere each time it is asked.
    #[derive(Debug)]
    struct Turning {
        answers: Mutex<Vec<Vec<SocketAddr>>>,
    }

    impl Resolver for Turning {
        fn resolve(
            &self,
            _: &ureq::http::Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut out = self.empty();
            for address in self.answers.lock().unwrap().remove(0) {
                out.push(address);
            }
            Ok(out)
        }
    }

    fn listener(host: &str) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        thread::spawn(move || {
            for stream in listener.incoming() {
                seen.fetch_add(1, Ordering::SeqCst);
                let _ = stream
                    .unwrap()
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        });
        (address, count)
    }

    #[test]
    fn a_name_that_turns_leads_to_no_address_that_was_not_looked_at() {
        let (good, good_seen) = listener("127.0.0.1");
        let (bad, bad_seen) = listener("127.0.0.2");
        let names = Turning {
            answers: Mutex::new(vec![vec![good], vec![bad], vec![good, bad], vec![good]]),
        };
        let policy = AddressPolicy::allowing(["127.0.0.1"]).unwrap();
        let client = Client::with_names(Limits::default(), policy, TlsConfig::default(), names);
        let ask = || {
            client.send(&Request {
                method: Method::GET,
                url: "http://turning.example/".parse().unwrap(),
                headers: Vec::new(),
                body: None,
            })
        };
        // INVARIANT: one look per request, and the connection goes where it led.
        assert_eq!(ask().unwrap().status, 200);
        assert!(matches!(ask(), Err(HttpError::Address { .. })), "it turned");
        assert!(
            matches!(ask(), Err(HttpError::Address { .. })),
            "one of two is bad"
        );
        assert_eq!(ask().unwrap().status, 200);
        assert_eq!(good_seen.load(Ordering::SeqCst), 2);
        assert_eq!(bad_seen.load(Ordering::SeqCst), 0);
    }
}
