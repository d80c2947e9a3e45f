//! What was typed of owners, questions and the backlog.

use super::At;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;
use tenure_model::{ask::AskAnswer, container::ContainerKind};

#[derive(Debug, Subcommand)]
pub(crate) enum OwnerCommand {
    /// Give all keys in an account, a repository or a path an owner or a business unit, now and later
    #[command(
        override_usage = "tenure owner assign [OPTIONS]\n       <--account <ACCOUNT>|--repository <REPOSITORY>|--path <PATH>>"
    )]
    Assign(OwnerAssign),
    /// Take the rule of a container away
    #[command(
        override_usage = "tenure owner remove [OPTIONS]\n       <--account <ACCOUNT>|--repository <REPOSITORY>|--path <PATH>>"
    )]
    Remove(OwnerRemove),
    /// List the rules of containers
    Rules {
        /// How to print them
        #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
        format: String,
        #[command(flatten)]
        at: At,
    },
}

/// A container: exactly one.
#[derive(Debug, Clone, ClapArgs)]
#[group(required = true, multiple = false)]
pub(crate) struct In {
    /// An account, organisation or project: `acme`, `aws/123456789012`, `acme/*` with all below
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// A repository, or a folder that was searched, with all that lies in it
    #[arg(long, value_name = "REPOSITORY")]
    pub(crate) repository: Option<String>,
    /// A path of a secret store: `kv/prod/stripe`, `kv/prod/*` with all below
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
}

impl In {
    pub(crate) fn named(&self) -> (ContainerKind, &str) {
        let all = [
            (ContainerKind::Account, &self.account),
            (ContainerKind::Repository, &self.repository),
            (ContainerKind::Path, &self.path),
        ];
        let mut named = all
            .into_iter()
            .filter_map(|(kind, text)| Some((kind, text.as_deref()?)));
        named.next().unwrap_or((ContainerKind::Account, ""))
    }
}

/// Shows what a rule would do to the keys of its container; with --yes it does that, and judges every key again.
///
/// Who was made to answer for one key by name, or said so, stays; of containers the longest one wins, for owner and
/// unit apart. Keys that come later follow the rule too.
#[derive(Debug, ClapArgs)]
pub(crate) struct OwnerAssign {
    #[command(flatten)]
    pub(crate) within: In,
    /// Who answers for its keys: an id, an e-mail address or a user name of the people list
    #[arg(long, value_name = "PERSON", required_unless_present = "unit")]
    pub(crate) owner: Option<String>,
    /// Who stands in for them
    #[arg(long, value_name = "PERSON", requires = "owner")]
    pub(crate) backup: Option<String>,
    /// The business unit of its keys, by its path from the top: `emea/payments`
    #[arg(long, value_name = "UNIT")]
    pub(crate) unit: Option<String>,
    /// Make it so; without this it is only shown
    #[arg(long)]
    pub(crate) yes: bool,
    /// The policy in force; the built-in one where none is named
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// How to print it
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) at: At,
}

/// Takes the rule of a container away and judges every key again.
#[derive(Debug, ClapArgs)]
pub(crate) struct OwnerRemove {
    #[command(flatten)]
    pub(crate) within: In,
    /// The policy in force; the built-in one where none is named
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AskCommand {
    /// Whom to ask about which keys, and why; the question that decides the most keys first
    Plan(AskLook),
    /// Ask: put the questions of the plan to people, one each with all their keys
    Send(AskSend),
    /// List questions and what was answered
    List(AskList),
    /// Answer about a key: only whom it was put to, in the console
    Answer(AskAnswerArgs),
    /// Remind those who are silent, and ask their managers after that
    Remind(AskLook),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AskLook {
    /// The policy in force, whose [backlog] says how much and how often; the built-in one where none is named
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// How to print it
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AskSend {
    /// Ask only these people, as the plan names them; all of the plan where none is named
    #[arg(value_name = "PERSON")]
    pub(crate) people: Vec<String>,
    #[command(flatten)]
    pub(crate) look: AskLook,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AskList {
    /// Those that are answered too
    #[arg(long)]
    pub(crate) all: bool,
    /// How to print them
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) at: At,
}

/// What somebody says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Says {
    /// I answer for it
    Mine,
    /// Somebody else does
    NotMine,
    /// Nobody needs it any more
    CanBeTurnedOff,
}

impl From<Says> for AskAnswer {
    fn from(says: Says) -> Self {
        match says {
            Says::Mine => Self::Mine,
            Says::NotMine => Self::NotMine,
            Says::CanBeTurnedOff => Self::CanBeTurnedOff,
        }
    }
}

/// Answers about a key. An answer is somebody's word, so that it takes a person who is signed in: at the machine it is
/// refused, and the refusal is recorded.
#[derive(Debug, ClapArgs)]
pub(crate) struct AskAnswerArgs {
    /// The question
    #[arg(value_name = "QUESTION")]
    pub(crate) ask: String,
    /// The id of a key in it
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// What is said of it
    #[arg(value_enum)]
    pub(crate) says: Says,
    /// Whom to ask in their place, with not-mine
    #[arg(long, value_name = "PERSON")]
    pub(crate) next: Option<String>,
    #[command(flatten)]
    pub(crate) at: At,
}

/// Shows how the keys are worked off that nobody answers for: those that were there at the baseline, and those that
/// came since.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit codes: 0 shown; 1 with --ratchet, where a new key has no owner; 2 usage, or nothing could be read;\n4 Tenure itself failed."
)]
pub(crate) struct Backlog {
    /// Fail where a key that came after the baseline has no owner
    #[arg(long)]
    pub(crate) ratchet: bool,
    #[command(flatten)]
    pub(crate) look: AskLook,
}
