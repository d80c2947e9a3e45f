//! What was typed.

use clap::{Args as ClapArgs, Parser, Subcommand};
use std::path::PathBuf;
use tenure_model::day::Day;

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
    /// Judge facts by the rules alone: one answer per facts object
    Decide(Decide),
    /// Show or check the policy: the numbers that the rules use
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// What is known about the keys of each provider, with sources
    Catalog(Catalog),
    /// Print the JSON Schema of a contract
    Schema(Schema),
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
    #[arg(value_parser = ["assessment", "answer"])]
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
}
