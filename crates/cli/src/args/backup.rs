//! What was typed of `backup` and `restore`.

use super::At;
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// Writes one encrypted file with the whole register as it is at this moment, and the files of the state folder that
/// belong to it (the key of fingerprints, the key of the log, settings, edits). The server may run meanwhile.
///
/// It is a file of age: for recipients, or under a passphrase. What is made from SQLite can be restored into PostgreSQL,
/// and the other way round. --check reads a backup through and writes nothing.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit codes: 0 it was written, or is whole; 2 usage, or it cannot be read; 4 Tenure itself failed."
)]
pub(crate) struct Backup {
    /// Where to write it; what is there is replaced when the new one is whole
    #[arg(short, long, value_name = "FILE", required_unless_present = "check")]
    pub(crate) output: Option<PathBuf>,
    /// Who can open it: a public key of age (age1…); may be given several times
    #[arg(long, value_name = "KEY", conflicts_with = "passphrase_file")]
    pub(crate) recipient: Vec<String>,
    /// A file of public keys, one a line
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    pub(crate) recipients_file: Option<PathBuf>,
    /// A file whose first line is the passphrase; without it and without recipients it is asked for
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Read a backup through: every piece, every row, and its log
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "recipient", "recipients_file"])]
    pub(crate) check: Option<PathBuf>,
    /// With --check: a file of identities as age-keygen writes it
    #[arg(
        long,
        value_name = "FILE",
        requires = "check",
        conflicts_with = "passphrase_file"
    )]
    pub(crate) identity: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) at: At,
}

/// Restores a backup where there is no register: all of it, or nothing. The log is checked, event by event.
///
/// Whatever was changed after the backup is gone; a log.checkpoint in the state folder that knows of later events stops
/// it. Restoring is an event of the log.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit codes: 0 restored, and its log holds; 2 usage, or it cannot be restored: nothing was written;\n4 Tenure itself failed."
)]
pub(crate) struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// A file of identities as age-keygen writes it
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    pub(crate) identity: Option<PathBuf>,
    /// A file whose first line is the passphrase; without it and without --identity it is asked for
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) at: At,
}
