//! What was typed of the register.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// Where the register is.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct At {
    /// The state folder, in place of the usual one; TENURE_DATA_DIR says the same
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The database, in place of the one in the state folder: postgresql://USER@HOST/NAME or sqlite:FILE.
    /// TENURE_DATABASE says the same, and alone may hold a password
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
}

/// Reads an export into the register and judges every key again, or takes back what people edited in an exported
/// list (`tenure import edits`).
///
/// KIND is one that `tenure sources` names, or `files` to search a folder. What the same source said before is
/// replaced: nothing doubles, changed facts are recorded as changes, and a key that a whole list no longer names is
/// gone from it. An import that was cut off goes on where it stopped when the same file is imported again.
#[derive(Debug, ClapArgs)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Exit codes: 0 read whole; 2 usage, or nothing could be read; 3 read in part; 4 Tenure itself failed."
)]
pub(crate) struct Import {
    #[command(subcommand)]
    pub(crate) command: Option<super::ImportCommand>,
    #[command(flatten)]
    pub(crate) export: ImportExport,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ImportExport {
    /// The kind of export, as `aws-credential-report`, `people`, `cmdb`; `files` searches a folder
    #[arg(value_name = "KIND", required = true)]
    pub(crate) kind: Option<String>,
    /// The export, or the folder
    #[arg(value_name = "FILE", required = true)]
    pub(crate) file: Option<PathBuf>,
    /// What to know this source by; the file's name where none is given. Exports of one list under new file names
    /// need one name
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Below a folder, leave out what matches
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// The policy in force; the built-in one where none is named
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// A folder of provider files of your own
    #[arg(long, value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// How to print what it did
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) at: At,
}

/// Shows what happened to one key of the register: its events, newest first, each with its number in the log.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyHistory {
    /// The id, key id, name or hint of a key, or the start of one
    #[arg(value_name = "NAME|ID")]
    pub(crate) key: String,
    /// How to print it; JSON holds facts over time and decisions too
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) at: At,
}

/// Checks that a log is whole and unaltered: with FILE and --key an export, wherever it is; without FILE the
/// register's own.
///
/// Whoever gives you an export should give you its public key (`tenure audit key`) another way.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit codes: 0 the log holds; 1 it does not, and the event is named; 2 usage, or nothing could be read;\n4 Tenure itself failed."
)]
pub(crate) struct Verify {
    /// An export of `tenure audit export`; - for standard input
    #[arg(value_name = "FILE", requires = "key")]
    pub(crate) file: Option<PathBuf>,
    /// The public key of the log, or a file that holds it
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// An earlier checkpoint of the same log (a file): shows that nothing before it was changed since
    #[arg(long, value_name = "FILE", requires = "file")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// How to print it
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Write the whole log as JSON Lines that anybody can verify offline, or as events of OCSF for a SIEM
    Export {
        /// tenure verifies offline (tenure.audit/1); ocsf is an object of OCSF 1.3 a line, without proofs
        #[arg(short, long, value_parser = ["tenure", "ocsf"], default_value = "tenure")]
        format: String,
        /// Write it here in place of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// Print the public key of the log, which `tenure verify --key` asks for
    Key {
        #[command(flatten)]
        at: At,
    },
}
