//! What was typed of `serve`.

use super::At;
use clap::{Args as ClapArgs, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};

/// What one process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServeRole {
    All,
    Api,
    Worker,
}

/// Serves the register: the console, the API under /api/v1/ (its document at /openapi.json), and /healthz, /readyz,
/// /metrics.
///
/// At the first start it shows a link by which the first administrator comes in, once: at a terminal, else in a file of
/// the state folder that its user alone can read. It stops at SIGTERM and
/// SIGINT, when calls that are under way have ended.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit codes: 0 it was told to stop; 2 usage, or what it needs cannot be read; 4 Tenure itself failed."
)]
pub(crate) struct Serve {
    /// The address to listen at
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// What this process does, of several on one PostgreSQL: all, or answer calls (api), or work through jobs and answer
    /// only /healthz, /readyz and /metrics (worker)
    #[arg(
        long,
        value_enum,
        value_name = "ROLE",
        default_value = "all",
        conflicts_with = "demo",
        hide_possible_values = true
    )]
    pub(crate) role: ServeRole,
    /// Serve the example company from a folder that is gone afterwards: everybody takes any role, and the clock is
    /// moved by hand. For this machine alone
    #[arg(long, conflicts_with_all = ["data_dir", "database", "settings", "public_url"])]
    pub(crate) demo: bool,
    /// The address under which browsers know this server; https, unless it is this machine alone. Where none is
    /// named, the one it listens at
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// The settings; `tenure.toml` in the state folder where there is one
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// The certificate chain, in PEM; a renewed one is taken without a restart
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The policy in force; the built-in one where none is named
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// A folder of provider files of your own
    #[arg(long, value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) at: At,
}

/// Asks a server on this machine whether it is ready: that it answers, and its database too. For health checks of
/// containers, which have no other program.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit codes: 0 it is ready; 1 it is not; 2 usage.")]
pub(crate) struct Healthy {
    /// Where it listens, by a number of this machine: http://127.0.0.1:8080
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
}
