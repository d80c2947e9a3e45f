//! What was typed after `tenure scan`.

use clap::Args as ClapArgs;
use std::path::PathBuf;
use tenure_model::day::Day;

/// Finds copies of keys below the given places and groups them by secret. Secrets are never shown: a finding has a
/// hint, and an id that is the same on every machine and survives moved lines, rebases and renames.
///
/// Of a PATH that is a git repository, the whole history is searched too, unless --history none is given.
///
/// Nothing leaves this machine unless --validate is given. No configuration, ignore file or baseline that lies in a scanned folder applies
/// unless a flag names it. `tenure:allow reason="…" until=YYYY-MM-DD` on the line of a key, or on the line before
/// it, lets that copy stay; it is counted, and `--no-allow` overrules it.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Scan {
    /// Folders, files and bare repositories; `-` is standard input. With --staged, --diff and --pre-receive the
    /// repository around the current folder where none is named
    #[arg(value_name = "PATH", required_unless_present_any = ["staged", "diff", "pre_receive"])]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) past: Past,
    /// Decisions made earlier: a file of --write-baseline, or what `-f json` wrote. What they cover is known
    #[arg(short, long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write every finding of this run as a decision; a file that is there is brought up to date
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Known keys to find copies of, in any form, as `tenure watchlist export` wrote them; may be
    /// given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) watchlist: Vec<PathBuf>,
    /// Known keys alone: no format, no rule
    #[arg(long, requires = "watchlist", conflicts_with_all = ["rules", "only_rules"])]
    pub(crate) only_known: bool,
    /// A rule file of gitleaks or Betterleaks, in addition; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Vec<PathBuf>,
    /// The rules of --rules alone, in place of the catalogue
    #[arg(long, requires = "rules")]
    pub(crate) only_rules: bool,
    /// Go on without the rules of --rules that cannot be used: each is named, and the scan is not complete
    #[arg(long, requires = "rules")]
    pub(crate) skip_bad_rules: bool,
    /// Leave out what matches, relative to each PATH, for example `vendor` or `**/*.min.js`
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Only these rules: `openai/project_api_key`, a provider, a kind, `generic_secret`, `private_key`
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) rule: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) no_rule: Vec<String>,
    /// `tenure:allow` in scanned files does not count
    #[arg(long)]
    pub(crate) no_allow: bool,
    /// What ends with code 1: a key that no decision covers, any key, a key that still works, or nothing
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) fail_on: Vec<FailOn>,
    /// How to print it; guessed from the file name that -o gives
    #[arg(short, long, value_enum)]
    pub(crate) format: Option<ScanFormat>,
    /// Write it here in place of standard output; may be given several times
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// Append a summary to the file that GITHUB_STEP_SUMMARY names
    #[arg(long)]
    pub(crate) summary: bool,
    /// The day that ends of decisions are held against; today in UTC where none is named
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) today: Option<Day>,
    /// The policy in force; the built-in one where none is named
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// A folder of provider files of your own: added, or put in place of built-in ones of the same name
    #[arg(long, value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// Say nothing on standard error but errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more: known and allowed keys, stale decisions, all places, what was dismissed
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// No colour, as with NO_COLOR in the environment
    #[arg(long)]
    pub(crate) no_color: bool,
    #[command(flatten)]
    pub(crate) validate: Validate,
}

/// Whether providers are asked about the keys.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Validation")]
pub(crate) struct Validate {
    /// Ask the provider of each key, by a request that only reads, whether it still works, as whom and with which
    /// rights. This sends keys to their providers (docs/validation.md)
    #[arg(long)]
    pub(crate) validate: bool,
    /// Ask a provider here: your own server, or another region, for example `gitlab=https://gitlab.example.com`
    #[arg(long, value_name = "PROVIDER=URL", requires = "validate")]
    pub(crate) validate_at: Vec<String>,
    /// The account or organisation that a provider's request names
    #[arg(long, value_name = "PROVIDER=NAME", requires = "validate")]
    pub(crate) validate_account: Vec<String>,
    /// A key that is known to live, in a file or a variable: without one that is accepted, no other counts as refused
    #[arg(
        long,
        value_name = "PROVIDER/KIND=FILE|env:NAME",
        requires = "validate"
    )]
    pub(crate) validate_control: Vec<String>,
    /// A network that may be reached although it is not public, for example 10.1.0.0/16
    #[arg(long, value_name = "CIDR", requires = "validate")]
    pub(crate) validate_allow_address: Vec<String>,
    /// The longest that one request may take, in seconds; 10 where it is not given
    #[arg(long, value_name = "SECONDS", requires = "validate", value_parser = clap::value_parser!(u64).range(1..=300))]
    pub(crate) validate_timeout: Option<u64>,
}

/// Which part of the histories is searched.
#[derive(Debug, ClapArgs)]
pub(crate) struct Past {
    /// Whether the history of a repository is searched beside its files
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) history: Option<Whole>,
    /// Of the history, only what was committed on this day (UTC) or later, or what this commit does not reach
    #[arg(long, value_name = "DATE|COMMIT", group = "part")]
    pub(crate) since: Option<String>,
    /// Only what is staged and would be committed now
    #[arg(long, group = "part")]
    pub(crate) staged: bool,
    /// Only what the commits of a range bring in, for example `origin/main..HEAD`
    #[arg(long, value_name = "A..B", group = "part")]
    pub(crate) diff: Option<String>,
    /// Only what a push brings in: for a pre-receive hook, with its lines on standard input
    #[arg(long, group = "part")]
    pub(crate) pre_receive: bool,
    /// Also what no branch, tag or stash reaches any more
    #[arg(long, group = "part")]
    pub(crate) unreachable: bool,
    /// Search the whole history anew, and do not note what was searched
    #[arg(long)]
    pub(crate) no_cache: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Whole {
    /// All that any branch, tag or stash reaches; this holds where the flag is not given
    All,
    /// Files alone
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FailOn {
    /// A key that neither the baseline nor tenure:allow covers; this holds where the flag is not given
    New,
    /// Every key that tenure:allow does not cover
    Any,
    /// A key that its provider still accepts
    Live,
    /// Nothing
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ScanFormat {
    /// For people
    Table,
    /// The whole scan (tenure.scan/1)
    Json,
    /// One finding per line
    Jsonl,
    /// One place per row, for a spreadsheet
    Csv,
    /// A Markdown table
    Md,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// A secret detection report of GitLab
    Gitlab,
}

const EXIT_CODES: &str = "\
Exit codes: 0 read whole, nothing to fail on; 1 findings, as --fail-on says;
2 usage, a path that is not there, or nothing read; 3 read in part (1 wins
over 3); 4 Tenure itself failed. The last line on standard error says why.";
