//! `tenure serve`: from settings to a server that runs until it is told to stop.

use super::register;
use crate::{
    args::{Serve, ServeRole},
    command,
    exit::{self, Failure},
    text,
};
use serde::Deserialize;
use std::{
    io::{self, IsTerminal as _, Write as _},
    net::{SocketAddr, TcpListener},
    num::NonZeroU32,
    path::Path,
    process::ExitCode,
};
use tenure_app::{
    channels::{ChannelSettings, Channels},
    register::{Clock, Login, LoginSettings, Register},
};
use tenure_server::{
    House, Proxies, Role, Says, Settings, link,
    serve::{Held, Tls, serve, until_told},
};
use tracing_subscriber::EnvFilter;
use url::Url;

/// Says what is logged, as `info` or `tenure_server=debug`.
const LOG: &str = "TENURE_LOG";
const USUAL_LOG: &str = "info,sqlx=warn,hyper=warn,rustls=warn";
/// The settings in the state folder.
const FILE: &str = "tenure.toml";

/// `tenure.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    server: Server,
    login: Option<LoginSettings>,
    channel: Vec<ChannelSettings>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Server {
    public_url: Option<String>,
    most_upload: Option<u64>,
    calls_per_minute: Calls,
    trusted_proxies: Vec<ipnet::IpNet>,
    proxies_say: Says,
}

/// How often callers may call in a minute.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Calls {
    address: Option<NonZeroU32>,
    caller: Option<NonZeroU32>,
    sign_in: Option<NonZeroU32>,
}

pub(crate) fn run(args: &Serve) -> Result<ExitCode, Failure> {
    if args.demo && !args.listen.ip().is_loopback() {
        return Err(Failure::input(
            format!("{}: the example lets everybody take any role", args.listen),
            "--demo is for this machine alone: listen at 127.0.0.1 or ::1",
        ));
    }
    let (state, place) = register::place(&args.at)?;
    let providers = command::providers(args.catalog.as_deref())?;
    let policy = command::policy(args.policy.as_deref())?;
    let beside = state.folder().join(FILE);
    let written = match &args.settings {
        Some(file) => written(file)?,
        None if !args.demo && beside.is_file() => written(&beside)?,
        None => Written::default(),
    };
    let listener = TcpListener::bind(args.listen)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| {
            Failure::input(
                format!("{}: {error}", args.listen),
                "--listen names an address of this machine and a port that is free",
            )
        })?;
    let at = listener
        .local_addr()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let tls = args.tls_cert.clone().zip(args.tls_key.clone());
    let tls = tls.map(|(cert, key)| Tls { cert, key });
    let named = args
        .public_url
        .as_ref()
        .or(written.server.public_url.as_ref());
    let public = public(named.map(String::as_str), at, tls.is_some())?;
    log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let example = match args.demo {
            true => Some(tempfile::tempdir().map_err(|error| Failure::Failed(error.to_string()))?),
            false => None,
        };
        let register = match &example {
            Some(folder) => Register::of_demo(folder.path(), providers, policy).await,
            None => Register::open(&place, state, providers, policy, Clock::system()).await,
        };
        let register = register.map_err(|error| register::failure(&error))?;
        let channels = Channels::new(&written.channel, &public)
            .map_err(|error| Failure::input(error.to_string(), "docs/notices.md says how"))?;
        let register = register.telling(channels);
        let login = match &written.login {
            None => None,
            Some(settings) => Some(
                Login::new(settings, &public, &register)
                    .map_err(|error| Failure::input(error.to_string(), "docs/login.md says how"))?,
            ),
        };
        let first = match args.demo {
            true => None,
            // Whoever answers calls can use one; a worker would make another's worthless.
            false if args.role == ServeRole::Worker => None,
            false => {
                let first = register.first_link().await;
                first.map_err(|error| register::failure(&error))?
            }
        };
        register
            .seal()
            .await
            .map_err(|error| register::failure(&error))?;
        let mut settings = Settings::at(public.clone());
        settings.demo = args.demo;
        settings.role = match args.role {
            ServeRole::All => Role::All,
            ServeRole::Api => Role::Api,
            ServeRole::Worker => Role::Worker,
        };
        settings.proxies = Proxies {
            trusted: written.server.trusted_proxies.clone(),
            says: written.server.proxies_say,
        };
        if let Some(most) = written.server.most_upload {
            settings.most_upload = most;
        }
        let calls = &written.server.calls_per_minute;
        settings.rates.address = calls.address.unwrap_or(settings.rates.address);
        settings.rates.caller = calls.caller.unwrap_or(settings.rates.caller);
        settings.rates.sign_in = calls.sign_in.unwrap_or(settings.rates.sign_in);
        let mut said = format!("Serving at {public}\n");
        if let Some(secret) = first {
            said.push_str(&told(&link(&public, &secret), &register)?);
        }
        let house = House::new(register, login, settings);
        // To whoever starts it, and never into the log.
        io::stderr()
            .write_all(said.as_bytes())
            .map_err(|error| Failure::Failed(error.to_string()))?;
        let handle = Held::new();
        tokio::spawn(until_told(handle.clone()));
        let served = serve(house, listener, tls, handle).await;
        served.map_err(|error| Failure::Failed(format!("the server: {error}")))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a server on this machine is ready.
pub(crate) fn healthy(at: &str) -> Result<ExitCode, Failure> {
    let url: Url = at.parse().map_err(|_| {
        Failure::input(
            format!("{at}: is no address"),
            "write it as http://127.0.0.1:8080",
        )
    })?;
    let why = match tenure_app::ready(&url) {
        Ok(200) => return command::print(None, b"ready\n"),
        Ok(status) => format!("it answers {status}"),
        Err(error) => error.to_string(),
    };
    exit::because(1, &text::tame(&why));
    Ok(ExitCode::from(1))
}

/// The link of the first administrator: shown at a terminal. Elsewhere what is printed goes into a journal, which more
/// people read: there it is in a file of the state folder, which goes when the link is used or its day is over.
fn told(link: &str, register: &Register) -> Result<String, Failure> {
    let nobody = "Nobody runs this installation yet. The first administrator comes in by";
    if io::stderr().is_terminal() {
        return Ok(format!(
            "{nobody} this link, once, within a day:\n  {link}\n"
        ));
    }
    let kept = register.state().keep_setup_link(link);
    let path = kept.map_err(|error| Failure::input(error.to_string(), ""))?;
    let path = text::tame(&path.display().to_string());
    Ok(format!(
        "{nobody} the link in this file, once, within a day:\n  {path}\n"
    ))
}

/// Reads the settings. Files that they name lie beside them.
fn written(file: &Path) -> Result<Written, Failure> {
    let text = command::read(file)?;
    let mut written: Written = toml::from_str(&text).map_err(|error| {
        Failure::input(
            format!("{}: {error}", file.display()),
            "docs/server.md names every setting",
        )
    })?;
    if let (Some(login), Some(folder)) = (&mut written.login, file.parent()) {
        for named in [&mut login.private_key_file, &mut login.client_secret_file] {
            *named = named.take().map(|named| folder.join(named));
        }
    }
    if let Some(folder) = file.parent() {
        for channel in &mut written.channel {
            channel.beside(folder);
        }
    }
    Ok(written)
}

/// The address under which browsers know the server.
fn public(named: Option<&str>, at: SocketAddr, has_tls: bool) -> Result<Url, Failure> {
    let help = "--public-url is https://HOST; http is for this machine alone, since it shows sessions to the network";
    let Some(named) = named else {
        let scheme = if has_tls { "https" } else { "http" };
        if !at.ip().is_loopback() {
            let problem = format!(
                "{at} is not for this machine alone, and nobody said how browsers come there"
            );
            return Err(Failure::input(problem, help));
        }
        let url = format!("{scheme}://{at}/").parse();
        return url.map_err(|error| Failure::Failed(format!("{error}")));
    };
    let bad = |problem: &str| Failure::input(format!("public URL {named}: {problem}"), help);
    let url: Url = named.parse().map_err(|_| bad("is no address"))?;
    let is_here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => return Err(bad("has no host")),
    };
    if !(url.scheme() == "https" || (url.scheme() == "http" && is_here)) {
        return Err(bad("is not https"));
    }
    if url.path() != "/"
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
    {
        return Err(bad("has more than a host and a port"));
    }
    Ok(url)
}

/// To standard error: for people on a terminal, as JSON for programs.
fn log() {
    let filter = EnvFilter::try_from_env(LOG).unwrap_or_else(|_| EnvFilter::new(USUAL_LOG));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // One that is there already stays.
    let _ = if io::stderr().is_terminal() {
        log.try_init()
    } else {
        log.json().flatten_event(true).try_init()
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_never_served_over_a_network_in_the_clear() {
        let here: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        let everywhere: SocketAddr = "0.0.0.0:8080".parse().unwrap();
        let ok = |named, at, tls| public(named, at, tls).ok().map(String::from);
        assert_eq!(
            ok(None, here, false).as_deref(),
            Some("http://127.0.0.1:8080/")
        );
        assert_eq!(
            ok(None, here, true).as_deref(),
            Some("https://127.0.0.1:8080/")
        );
        assert_eq!(ok(None, everywhere, true), None);
        let behind = ok(Some("https://tenure.example.com"), everywhere, false);
        assert_eq!(behind.as_deref(), Some("https://tenure.example.com/"));
        for bad in [
            "http://tenure.example.com",
            "https://tenure.example.com/path",
            "https://ann@tenure.example.com",
            "ftp://localhost",
            "tenure",
        ] {
            assert_eq!(ok(Some(bad), here, false), None, "{bad}");
        }
        assert!(ok(Some("http://localhost:8080"), here, false).is_some());
    }
}
