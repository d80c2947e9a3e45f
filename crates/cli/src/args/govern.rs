//! What was typed of what people sign and state: exceptions, campaigns, requests for keys, facts, comments.

use super::At;
use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use tenure_model::{
    attest::Said, day::Day, exception::Stage, facts::ReplacementOption, key_request::State,
    place::Runtime,
};

/// How the answer is printed, and where the register is.
#[derive(Debug, ClapArgs)]
pub(crate) struct Plain {
    /// How to print it
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) at: At,
}

/// What is said for an exception.
#[derive(Debug, ClapArgs)]
pub(crate) struct Reasons {
    /// The control that is bypassed
    #[arg(long, value_name = "TEXT")]
    pub(crate) bypassed: String,
    /// Why the key is needed
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: String,
    /// What stands in the way of doing without it
    #[arg(long, value_name = "TEXT")]
    pub(crate) blocker: String,
    /// What is done in its place; may be given several times
    #[arg(long, value_name = "TEXT", required = true)]
    pub(crate) compensating: Vec<String>,
    /// Who uses the key, as far as is known: they cannot sign
    #[arg(long, value_name = "PERSON")]
    pub(crate) user: Vec<String>,
    /// In whose name it is asked for; that person cannot sign
    #[arg(long = "for", value_name = "PERSON")]
    pub(crate) in_name_of: String,
}

/// A signature: only a person gives one.
#[derive(Debug, ClapArgs)]
pub(crate) struct Sign {
    /// Its id
    pub(crate) id: String,
    /// Why, in a sentence of your own
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// The digest of the statement that was read, as `show` prints it
    #[arg(long, value_name = "SHA256")]
    pub(crate) statement: String,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

/// Something that is closed, with the reason.
#[derive(Debug, ClapArgs)]
pub(crate) struct Close {
    /// Its id
    pub(crate) id: String,
    /// Why, in a sentence of your own
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

/// One thing of the register.
#[derive(Debug, ClapArgs)]
pub(crate) struct One {
    /// Its id
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

/// The exceptions register: who asked, who approved, who accepts the risk, and when it ends.
///
/// At the machine requests are put in, in the name of a person. Signing needs that person themselves, after a sign-in of
/// just now: at the machine it is refused, and recorded (docs/exceptions.md).
#[derive(Debug, Subcommand)]
pub(crate) enum ExceptionCommand {
    /// Ask for an exception for a key, or for the acceptance of a class of minor keys
    #[command(
        override_usage = "tenure exception request [OPTIONS] --for <PERSON>\n       --bypassed <TEXT> --why <TEXT> --blocker <TEXT>\n       --compensating <TEXT> [NAME|ID]"
    )]
    Request(ExceptionRequest),
    /// Approve a request
    #[command(
        override_usage = "tenure exception approve [OPTIONS] --reason <TEXT>\n       --statement <SHA256> <ID>"
    )]
    Approve(Sign),
    /// Accept the risk of an approved request: that grants it
    #[command(
        override_usage = "tenure exception accept [OPTIONS] --reason <TEXT>\n       --statement <SHA256> <ID>"
    )]
    Accept(Sign),
    /// Deny a request
    Deny(Close),
    /// Withdraw a request that one made
    Withdraw(Close),
    /// Ask for another term of an exception with an end date
    #[command(
        override_usage = "tenure exception renew [OPTIONS] --until <YYYY-MM-DD> --for <PERSON>\n       --bypassed <TEXT> --why <TEXT> --blocker <TEXT>\n       --compensating <TEXT> <ID>"
    )]
    Renew(ExceptionRenew),
    /// Ask again, with what is true now, for an exception that was reopened
    Restate(ExceptionRestate),
    /// End an exception before its day
    End(Close),
    /// Review a permanent exception or an accepted class
    #[command(
        override_usage = "tenure exception review [OPTIONS] --reason <TEXT>\n       --statement <SHA256> <ID>"
    )]
    Review(Sign),
    /// Take over the acceptance of somebody who left
    #[command(
        override_usage = "tenure exception reaffirm [OPTIONS] --reason <TEXT>\n       --statement <SHA256> <ID>"
    )]
    Reaffirm(Sign),
    /// List exceptions: those that wait or were granted, or those of a stage
    List(ExceptionList),
    /// Show one exception with its statement, ready to print
    Show(One),
    /// Say something about an exception, keep a file beside it, or read what was said
    Comment(Remark),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExceptionRequest {
    /// The id, key id, name or hint of a key, or the start of one
    #[arg(value_name = "NAME|ID", required_unless_present = "class")]
    pub(crate) key: Option<String>,
    /// The day on which it ends
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["permanent", "class"])]
    pub(crate) until: Option<Day>,
    /// For as long as its reviews are kept: for `irreplaceable` alone
    #[arg(long, conflicts_with = "class")]
    pub(crate) permanent: bool,
    /// For every minor key that this picks, as `provider=stripe account="Main"`
    #[arg(long, value_name = "SELECTOR", conflicts_with = "key")]
    pub(crate) class: Option<String>,
    #[command(flatten)]
    pub(crate) reasons: Reasons,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExceptionRenew {
    /// Its id
    pub(crate) id: String,
    /// The day on which the new one ends
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) until: Day,
    #[command(flatten)]
    pub(crate) reasons: Reasons,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExceptionRestate {
    /// Its id
    pub(crate) id: String,
    /// In whose name it is asked for; that person cannot sign
    #[arg(long = "for", value_name = "PERSON")]
    pub(crate) in_name_of: String,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExceptionList {
    /// Only those of a stage, as `awaiting_approval`, `approved`, `expired`
    #[arg(long, value_name = "STAGE")]
    pub(crate) stage: Option<Stage>,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

/// Without TEXT and --attach it prints what was said and kept. Neither may hold a key.
#[derive(Debug, ClapArgs)]
pub(crate) struct Remark {
    /// What it is about: the name or id of a key, or the id of an exception
    #[arg(value_name = "NAME|ID")]
    pub(crate) about: String,
    /// What to say, up to 10,000 characters
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// A file to keep as evidence, up to 5 MiB: pdf, png, jpg, txt, md, log, csv, json
    #[arg(long, value_name = "FILE")]
    pub(crate) attach: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Evidence {
    /// The id of the file, as `comment` prints it
    pub(crate) id: String,
    /// Where to write it; - for standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) at: At,
}

/// Attestation campaigns: whoever answers for keys says whether each is needed, no wider than it has to be, used as is
/// known, and theirs. Only who is asked answers, signed in (docs/reviews.md).
#[derive(Debug, Subcommand)]
pub(crate) enum ReviewCommand {
    /// Start a campaign about the keys that a selector picks now
    #[command(
        override_usage = "tenure review start [OPTIONS] --title <TEXT>\n       --keys <SELECTOR> --due <YYYY-MM-DD>"
    )]
    Start(ReviewStart),
    /// Note that people are reminded, and print whom it waits for
    Remind(One),
    /// Answer for one key of a campaign
    #[command(
        override_usage = "tenure review answer [OPTIONS] --need <NEED> --scope <SCOPE>\n       --use <USAGE> --ownership <OWNERSHIP> <ID> <NAME|ID>"
    )]
    Answer(ReviewAnswer),
    /// Close a campaign and list what nobody answered
    Close(One),
    /// List campaigns, newest first
    List {
        /// Only those that are open
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        plain: Plain,
    },
    /// Show one campaign with its keys
    Show(One),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReviewStart {
    /// What people will call it
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: String,
    /// Which keys, as `provider=stripe level=B3`
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) keys: String,
    /// The day by which answers are due
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) due: Day,
    /// Who is asked about every key; whoever answers for each where nobody is named
    #[arg(long, value_name = "PERSON")]
    pub(crate) reviewer: Vec<String>,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReviewAnswer {
    /// The id of the campaign
    pub(crate) id: String,
    /// The id, key id, name or hint of a key, or the start of one
    #[arg(value_name = "NAME|ID")]
    pub(crate) key: String,
    /// It is still needed: yes, no, unknown
    #[arg(long)]
    pub(crate) need: Said,
    /// It opens no more than it has to: yes, no, unknown
    #[arg(long)]
    pub(crate) scope: Said,
    /// It is used as is known: yes, no, unknown
    #[arg(long = "use")]
    pub(crate) usage: Said,
    /// The one on record answers for it: yes, no, unknown
    #[arg(long)]
    pub(crate) ownership: Said,
    /// Words to it; needed with a no
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

/// Asks for a key that does not exist yet. It is judged by the rules before anything is issued: what it would be, what
/// could stand in its place, who has to approve. Nothing is issued.
#[derive(Debug, ClapArgs)]
#[command(
    override_usage = "tenure key request [OPTIONS] --purpose <TEXT> --owner <PERSON>\n       --expires <YYYY-MM-DD> <PROVIDER> <KIND>"
)]
pub(crate) struct KeyRequest {
    /// The provider, as `tenure catalog list` prints it
    pub(crate) provider: String,
    /// The kind of key, as `tenure catalog show` prints it
    pub(crate) kind: String,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: String,
    /// Why not an option that is not known to be impossible, as `vendor_short_lived="..."`; one for each
    #[arg(long, value_name = "OPTION=TEXT", value_parser = why_not)]
    pub(crate) why_not: Vec<(ReplacementOption, String)>,
    /// Who will answer for it
    #[arg(long, value_name = "PERSON")]
    pub(crate) owner: String,
    /// The last day on which it may live
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) expires: Day,
    /// Where what uses it runs, as `github_actions`, `kubernetes`, `server`; one for each
    #[arg(long, value_name = "RUNTIME")]
    pub(crate) consumer: Vec<Runtime>,
    /// A fact that is known already, as `data=restricted`; one for each (docs/facts.md)
    #[arg(long, value_name = "FACT=VALUE", value_parser = pair)]
    pub(crate) fact: Vec<(String, String)>,
    /// In whose name it is asked for
    #[arg(
        long = "for",
        value_name = "PERSON",
        required_unless_present = "dry_run"
    )]
    pub(crate) in_name_of: Option<String>,
    /// Only say what the rules say of it
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

/// Requests for keys. Approving needs a person who signed in just now: at the machine it is refused, and recorded.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyRequestsCommand {
    /// List requests, newest first
    List {
        /// Only those that are: requested, approved, denied, withdrawn
        #[arg(long, value_name = "STATE")]
        state: Option<State>,
        #[command(flatten)]
        plain: Plain,
    },
    /// Show one request with its statement, ready to print
    Show(One),
    /// Approve a request: the key may be issued
    #[command(
        override_usage = "tenure key requests approve [OPTIONS] --reason <TEXT>\n       --statement <SHA256> <ID>"
    )]
    Approve(Sign),
    /// Deny a request
    Deny(Close),
    /// Withdraw a request that one made
    Withdraw(Close),
}

/// States facts of a key in the register, as a facts file has them, and judges it again. Without facts it prints what was
/// stated. A source that says another thing is shown as a dispute.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyEdit {
    /// The id, key id, name or hint of a key, or the start of one
    #[arg(value_name = "NAME|ID")]
    pub(crate) key: String,
    /// A fact, `system`, `purpose` or `note`, as `isolated=true`
    #[arg(value_name = "FACT=VALUE", value_parser = pair)]
    pub(crate) facts: Vec<(String, String)>,
    /// Take back what was stated
    #[arg(long, value_name = "FACT")]
    pub(crate) unset: Vec<String>,
    #[command(flatten)]
    pub(crate) plain: Plain,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, value)| !name.trim().is_empty() && !value.trim().is_empty())
        .ok_or_else(|| "write NAME=VALUE".to_owned())?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn why_not(text: &str) -> Result<(ReplacementOption, String), String> {
    let (option, why) = pair(text)?;
    let option = option
        .parse()
        .map_err(|error: tenure_model::word::UnknownWord| error.to_string())?;
    Ok((option, why))
}
