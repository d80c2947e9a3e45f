//! What was typed.

mod backup;
mod govern;
mod owners;
mod register;
mod scan;
mod serve;

pub(crate) use backup::{Backup, Restore};
pub(crate) use govern::{
    Close, Evidence, ExceptionCommand, ExceptionRequest, KeyEdit, KeyRequest, KeyRequestsCommand,
    One, Plain, Reasons, Remark, ReviewAnswer, ReviewCommand, ReviewStart, Sign,
};
pub(crate) use owners::{
    AskAnswerArgs, AskCommand, AskList, AskLook, AskSend, Backlog, In, OwnerAssign, OwnerCommand,
};
pub(crate) use register::{At, AuditCommand, Import, ImportExport, KeyHistory, Verify};
pub(crate) use scan::{FailOn, Scan, ScanFormat, Validate, Whole};
pub(crate) use serve::{Healthy, Serve, ServeRole};

use clap::{Args as ClapArgs, Parser, Subcommand};
use std::path::PathBuf;
use tenure_model::{classify::Level, day::Day, facts::Verdict};

/// Every API key you hold: who owns it, what it opens, and what should end it.
#[derive(Debug, Parser)]
#[command(name = "tenure", version, max_term_width = 100)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find every key in folders and exports, and give each a verdict
    Assess(Box<Assess>),
    /// Find copies of keys in folders, files and standard input: for CI and hooks
    Scan(Box<Scan>),
    /// Explain the verdict of one key of the last assessment
    Why(Why),
    /// List keys, show one, state facts of it, ask for a new one
    #[command(subcommand)]
    Key(KeyCommand),
    /// Read an export into the register; take back what people edited in an exported list
    Import(Box<Import>),
    /// Who answers for the keys of an account, a repository or a path
    #[command(subcommand)]
    Owner(OwnerCommand),
    /// Ask people about the keys that nobody answers for
    #[command(subcommand)]
    Ask(AskCommand),
    /// How the keys without an owner are worked off, and whether new ones come
    Backlog(Backlog),
    /// Exceptions: ask for one, sign it, review it, see what holds and what ended
    #[command(subcommand)]
    Exception(Box<ExceptionCommand>),
    /// Campaigns in which whoever answers for keys confirms them
    #[command(subcommand)]
    Review(ReviewCommand),
    /// Serve the register: the console, the API, and the log that nobody can edit
    Serve(Box<Serve>),
    /// Ask a server on this machine whether it is ready
    Healthy(Healthy),
    /// The few changes that end the most keys, and the few answers that decide the most
    Top(Top),
    /// What changed between two assessments
    Diff(Diff),
    /// Assess an example company, the same every day
    Demo(Box<Demo>),
    /// The exports that Tenure reads: where each comes from, and what it cannot tell
    Sources {
        /// One kind, as --import KIND=FILE takes it
        kind: Option<String>,
        /// How to print it
        #[arg(short, long, value_parser = ["table", "json", "md"], default_value = "table")]
        format: String,
        /// Write a page per kind into DIR/sources, and the page that names them as DIR/sources.md
        #[arg(long, value_name = "DIR")]
        output_dir: Option<PathBuf>,
    },
    /// Judge facts by the rules alone: one answer per facts object
    Decide(Decide),
    /// Show or check the policy: the numbers that the rules use
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// What is known about the keys of each provider, with sources
    Catalog(Catalog),
    /// Write the whole register into one encrypted file, or check such a file
    Backup(Backup),
    /// Restore a backup where there is no register
    Restore(Restore),
    /// Check that a log is whole and unaltered, the register's own or an export
    Verify(Verify),
    /// The log of the register on its way out: an export that verifies offline, and its public key
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Fingerprints of known keys: whoever holds the list finds copies, and holds no key
    #[command(subcommand)]
    Watchlist(WatchlistCommand),
    /// Print the JSON Schema of a contract
    Schema(Schema),
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of `tenure`, or write one per command into a folder
    Man {
        /// Write the pages here
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
}

/// Finds every key below the given places and in the given exports, brings together what belongs together,
/// classifies and decides each, and prints one row per verdict. Nothing leaves this
/// machine unless --validate is given.
///
/// Files below a folder that are inventories by their content (an AWS credential report, lists of keys,
/// spreadsheets saved as CSV, people lists) are read as such; everything else is searched for copies of keys.
/// Configuration, policy or facts files that lie in an assessed folder never apply unless a flag names them.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Assess {
    /// Folders and files
    #[arg(value_name = "PATH", required_unless_present = "import")]
    pub(crate) paths: Vec<PathBuf>,
    /// An export to read: FILE alone is recognised by its content, KIND=FILE says what it is
    #[arg(long, value_name = "KIND=FILE")]
    pub(crate) import: Vec<String>,
    /// A list of people: SCIM, or a table with id, e-mail, manager, active, until
    #[arg(long, value_name = "FILE")]
    pub(crate) people: Vec<PathBuf>,
    /// Facts that a person declares about keys and places, by selector (TOML; see docs/facts.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) facts: Vec<PathBuf>,
    /// Leave out the edits that `tenure import edits --apply` kept
    #[arg(long)]
    pub(crate) no_edits: bool,
    /// How the columns of tables are to be understood, as saved with --save-columns
    #[arg(long, value_name = "FILE")]
    pub(crate) columns: Option<PathBuf>,
    /// Write how the columns of tables were understood, to mend it and give it back with --columns
    #[arg(long, value_name = "FILE")]
    pub(crate) save_columns: Option<PathBuf>,
    /// An earlier assessment (JSON): what stood then keeps the day on which it began
    #[arg(long, value_name = "FILE")]
    pub(crate) since_assessment: Option<PathBuf>,
    /// Leave out what matches, relative to each PATH, for example `vendor` or `**/*.min.js`
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// The policy in force; the built-in one where none is named
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// A folder of provider files of your own: added, or put in place of built-in ones of the same name
    #[arg(long, value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// The day that the rules go by; today in UTC where none is named
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) today: Option<Day>,
    /// What to call the whole; the first folder's name where it is not given
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) validate: Validate,
}

/// How an assessment is written.
#[derive(Debug, ClapArgs)]
pub(crate) struct Output {
    /// One row per key in place of one per verdict
    #[arg(long)]
    pub(crate) all: bool,
    /// How to print it; guessed from the file name that -o gives
    #[arg(short, long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Write it here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write a report that opens in any browser; above 1,000 keys with a CSV of all reasons beside it
    #[arg(long, value_name = "FILE.html")]
    pub(crate) report: Option<PathBuf>,
    /// Replace people, names, accounts, paths and ids by pseudonyms, in everything that is written
    #[arg(long)]
    pub(crate) anonymise: bool,
    /// End with code 1 where a key has this verdict, act, level (or above) or urgency: `exposed`,
    /// `contain_now`, `B3`, `overdue`; `any` for every key that is not kept or closed
    #[arg(long, value_name = "WHAT")]
    pub(crate) fail_on: Vec<String>,
    /// Say nothing on standard error but errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more: how columns were understood, what was dismissed
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// No colour, as with NO_COLOR in the environment
    #[arg(long)]
    pub(crate) no_color: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// The whole assessment (tenure.assessment/1)
    Json,
    /// One key per line
    Jsonl,
    /// One key per row, for a spreadsheet
    Csv,
    /// A Markdown table
    Md,
}

const EXIT_CODES: &str = "\
Exit codes: 0 read whole; 1 something that --fail-on names; 2 usage, a path that is not there, or nothing
read; 3 read in part (1 wins over 3); 4 Tenure itself failed. The last line on standard error says why.";

/// Explains one verdict: the rule, the facts with basis and source, what would change it, the controls.
#[derive(Debug, ClapArgs)]
pub(crate) struct Why {
    /// The id, key id, name or hint of a key, or the start of one
    #[arg(value_name = "NAME|ID")]
    pub(crate) key: String,
    /// An assessment (JSON) in place of the last one on this machine
    #[arg(long, value_name = "FILE")]
    pub(crate) assessment: Option<PathBuf>,
    /// How to print it
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
    /// Print only its facts, as a facts file for `tenure decide`
    #[arg(long)]
    pub(crate) facts: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// List keys, all or those that every filter fits
    List(KeyList),
    /// Show the record of one key; `tenure why` explains its verdict
    Show(KeyShow),
    /// Show what happened to one key of the register
    History(KeyHistory),
    /// State facts of a key in the register
    Edit(KeyEdit),
    /// Say something about a key, keep a file beside it, or read what was said
    Comment(Remark),
    /// Write a file that is kept as evidence
    Evidence(Evidence),
    /// Ask for a key that does not exist yet: it is judged before it is issued
    Request(Box<KeyRequest>),
    /// Requests for keys: list, show, approve, deny, withdraw
    #[command(subcommand)]
    Requests(KeyRequestsCommand),
}

/// Lists the keys of the register, most urgent first; of the last assessment where there is no register.
///
/// With --editable and -o FILE.xlsx it writes the last assessment as a workbook in which owner, purpose, system and note can be edited;
/// `tenure import edits FILE.xlsx` takes it back.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyList {
    /// Only keys with this verdict, as `unowned`; several may be named
    #[arg(long, value_name = "VERDICT", value_delimiter = ',')]
    pub(crate) verdict: Vec<Verdict>,
    /// Only keys at this level or above, B0 to B4
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub(crate) level: Option<Level>,
    /// Only keys of this provider; several may be named
    #[arg(long, value_name = "PROVIDER", value_delimiter = ',')]
    pub(crate) provider: Vec<String>,
    /// Only keys whose owner is called so, in part; `none` for keys without one
    #[arg(long, value_name = "TEXT")]
    pub(crate) owner: Option<String>,
    /// How to print it; guessed from the file name that -o gives
    #[arg(short, long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Write it here in place of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write a workbook (-o FILE.xlsx) in which owner, purpose, system and note can be edited
    #[arg(long, requires = "output")]
    pub(crate) editable: bool,
    /// An assessment (JSON) in place of the register
    #[arg(long, value_name = "FILE")]
    pub(crate) assessment: Option<PathBuf>,
    /// No colour, as with NO_COLOR in the environment
    #[arg(long)]
    pub(crate) no_color: bool,
    #[command(flatten)]
    pub(crate) at: At,
}

/// Shows what is known of one key: its facts with basis and source, its copies, and who may own it.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyShow {
    /// The id, key id, name or hint of a key, or the start of one
    #[arg(value_name = "NAME|ID")]
    pub(crate) key: String,
    /// An assessment (JSON) in place of the register
    #[arg(long, value_name = "FILE")]
    pub(crate) assessment: Option<PathBuf>,
    /// How to print it
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Preview the edits of a workbook that `tenure key list --editable` wrote, and keep them with --apply
    Edits(ImportEdits),
}

/// Holds an edited workbook against the last assessment and shows what would change. A row whose key has changed
/// since the export is refused, and so is one whose locked cells were changed; the others are not.
///
/// With --apply the edits are kept in the state folder, as declared facts (docs/facts.md) that every `tenure assess`
/// of this user reads; `tenure assess --no-edits` leaves them out.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit codes: 0 every row was taken; 2 nothing could be read; 3 rows were refused; 4 Tenure itself failed."
)]
pub(crate) struct ImportEdits {
    /// The workbook
    #[arg(value_name = "FILE.xlsx")]
    pub(crate) file: PathBuf,
    /// Keep the edits; without this nothing is written
    #[arg(long)]
    pub(crate) apply: bool,
    /// How to print what changes
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
    /// The day that the edits are dated by; today in UTC where none is named
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) today: Option<Day>,
}

/// Names the ten changes that end the most keys at B3 and B4, and the ten answers (who owns this account, this
/// repository, this system?) that decide the most unowned keys; each counts only what those before it leave.
#[derive(Debug, ClapArgs)]
pub(crate) struct Top {
    /// An assessment (JSON) in place of the last one on this machine
    #[arg(long, value_name = "FILE")]
    pub(crate) assessment: Option<PathBuf>,
    /// How to print it
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
}

/// Compares two assessments of the same places. A key that is not there any more counts as gone only where
/// everything was read.
#[derive(Debug, ClapArgs)]
pub(crate) struct Diff {
    /// The earlier assessment (JSON)
    #[arg(value_name = "OLD.json")]
    pub(crate) old: PathBuf,
    /// The later one
    #[arg(value_name = "NEW.json")]
    pub(crate) new: PathBuf,
    /// How to print it
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
}

/// Northwind, a made-up company with keys at many providers, in files of the real formats. They are held in
/// the binary; values that look like keys are made up on the way. What runs is `tenure assess`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Demo {
    /// Write the company's files here, to look at them and to assess them yourself
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Judges facts without any store, so that anybody can check a verdict by hand, test a policy, or embed
/// the rules. The output mirrors the input: an object for an object, an array for an array, JSON Lines
/// for JSON Lines. The exit code is 0 whatever the verdicts.
#[derive(Debug, ClapArgs)]
pub(crate) struct Decide {
    /// A file of facts (tenure.facts/1): one JSON object, an array, or JSON Lines; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) facts: PathBuf,
    /// The policy in force; the built-in one where none is named
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The day that the rules go by; today in UTC where none is named
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) today: Option<Day>,
    /// Write the answers here instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Print the policy in force, as a file to start from
    Show {
        /// Show this policy file instead of the built-in policy
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// Print only the digest that is stored with each decision
        #[arg(long)]
        digest: bool,
    },
    /// Check a policy file and print its digest
    Check {
        /// The policy file
        file: PathBuf,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Schema {
    /// Which contract
    #[arg(value_parser = ["assessment", "answer", "scan"])]
    pub(crate) contract: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Catalog {
    /// A folder of provider files of your own: added, or put in place of built-in ones of the same name
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// What to do with it
    #[command(subcommand)]
    pub(crate) command: CatalogCommand,
}

/// Lists every date on which a vendor ends a kind of key, soonest first and the past ones behind, with the living
/// keys of that kind in the last assessment. Where a date is for some keys of a kind only, it says which, and all
/// keys of the kind are named as those that it may hit.
#[derive(Debug, ClapArgs)]
pub(crate) struct Sunsets {
    /// An assessment (JSON) in place of the last one on this machine
    #[arg(long, value_name = "FILE")]
    pub(crate) assessment: Option<PathBuf>,
    /// The day that tells what is past; today in UTC where none is named
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) today: Option<Day>,
    /// How to print it
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// List every provider and its kinds of keys
    List {
        /// How to print it
        #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
        format: String,
    },
    /// Show what is known about one provider's keys, and where it was read
    Show {
        /// The provider's slug, as `catalog list` prints it
        provider: String,
        /// How to print it
        #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
        format: String,
    },
    /// Check every file: sources, dates, examples and counter-examples
    Check,
    /// List the dates on which vendors end kinds of keys, soonest first, and the keys that each hits
    Sunsets(Sunsets),
}

#[derive(Debug, Subcommand)]
pub(crate) enum WatchlistCommand {
    /// Write a list of every key whose secret was ever seen here (see docs/watchlist.md)
    Export {
        /// Where to; - for standard output
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// How to name the keys that cannot be watched for
        #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
        format: String,
    },
    /// Say which of some secrets, one a line, are known
    #[command(after_help = "Exit codes: 0 none is known; 1 at least one is; 2 nothing was read.")]
    Check {
        /// The secrets; - for standard input
        #[arg(value_name = "FILE")]
        secrets: PathBuf,
        /// The list to go by; what was seen here where none is named
        #[arg(long, value_name = "FILE")]
        watchlist: Option<PathBuf>,
        /// How to print the answer
        #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
        format: String,
    },
}

fn level(text: &str) -> Result<Level, String> {
    text.to_ascii_uppercase()
        .parse()
        .map_err(|error: tenure_model::word::UnknownWord| error.to_string())
}
