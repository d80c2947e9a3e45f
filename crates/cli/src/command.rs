//! The commands, one file per verb.

pub(crate) mod assess;
mod backup;
mod catalog;
mod decide;
mod demo;
mod diff;
mod exception;
mod import;
mod key;
mod key_request;
mod owner;
mod pages;
mod policy;
mod register;
mod remark;
mod review;
mod scan;
mod schema;
mod serve;
mod sources;
mod state;
mod top;
mod verify;
mod watchlist;
mod why;

use crate::{
    args::{Args, Command, Validate},
    exit::Failure,
};
use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};
use tenure_app::validate::{Options, Validation};
use tenure_model::{catalog::Provider, day::Day, policy::Policy};

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.command {
        None => print(None, FIRST_WORDS.as_bytes()),
        Some(Command::Assess(args)) => assess::run(args),
        Some(Command::Scan(args)) => scan::run(args),
        Some(Command::Why(args)) => why::run(args),
        Some(Command::Key(command)) => key::run(command),
        Some(Command::Import(args)) => import::run(args),
        Some(Command::Owner(command)) => owner::run(command),
        Some(Command::Ask(command)) => owner::ask(command),
        Some(Command::Backlog(args)) => owner::backlog(args),
        Some(Command::Serve(args)) => serve::run(args),
        Some(Command::Healthy(args)) => serve::healthy(&args.url),
        Some(Command::Backup(args)) => backup::run(args),
        Some(Command::Restore(args)) => backup::run_restore(args),
        Some(Command::Verify(args)) => verify::run(args),
        Some(Command::Audit(command)) => verify::audit(command),
        Some(Command::Exception(command)) => exception::run(command),
        Some(Command::Review(command)) => review::run(command),
        Some(Command::Top(args)) => top::run(args),
        Some(Command::Diff(args)) => diff::run(args),
        Some(Command::Demo(args)) => demo::run(args),
        Some(Command::Sources {
            kind,
            format,
            output_dir,
        }) => sources::run(kind.as_deref(), format, output_dir.as_deref()),
        Some(Command::Decide(args)) => decide::run(args),
        Some(Command::Policy(command)) => policy::run(command),
        Some(Command::Catalog(args)) => catalog::run(args),
        Some(Command::Watchlist(command)) => watchlist::run(command),
        Some(Command::Schema(args)) => schema::run(args),
        Some(Command::Completions { shell }) => pages::completions(*shell),
        Some(Command::Man { output }) => pages::manual(output.as_deref()),
    }
}

const FIRST_WORDS: &str = "\
Tenure: every API key you hold, who owns it, what it opens, and what should end it.

  tenure demo            an example company, in one screen
  tenure assess PATH     every key below a folder, and a verdict for each
  tenure why NAME        why one key has its verdict
  tenure help            every command
";

/// Writes data to a file, or to standard output.
fn print(to: Option<&Path>, bytes: &[u8]) -> Result<ExitCode, Failure> {
    print_with(to, |out| out.write_all(bytes))
}

/// Writes to standard output, or to a file: that file is there whole or not at all.
fn print_with(
    to: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<ExitCode, Failure> {
    let written = match to {
        None => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            write(&mut out).and_then(|()| out.flush())
        }
        Some(path) => whole(path, write),
    };
    written
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| Failure::Output {
            to: to.map_or_else(
                || "standard output".to_owned(),
                |path| path.display().to_string(),
            ),
            error,
        })
}

fn whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A pipe or a terminal cannot be put in place of itself.
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        let mut file = io::BufWriter::new(std::fs::OpenOptions::new().write(true).open(path)?);
        return write(&mut file).and_then(|()| file.flush());
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = io::BufWriter::new(builder.tempfile_in(folder)?);
    write(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

/// Writes a value as JSON to standard output.
fn print_json<T: serde::Serialize>(value: &T) -> Result<ExitCode, Failure> {
    print_with(None, |out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        out.write_all(b"\n")
    })
}

/// Says something beside the data, on standard error.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The catalogue, with files of the user's own.
fn providers(folder: Option<&Path>) -> Result<Vec<Provider>, Failure> {
    tenure_app::catalog::load(folder).map_err(|faults| {
        let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
        Failure::input(
            lines.join("\n  "),
            "the format of a provider file is in docs/catalogue-format.md",
        )
    })
}

/// The policy in force.
fn policy(path: Option<&Path>) -> Result<Policy, Failure> {
    let Some(path) = path else {
        return Ok(Policy::builtin());
    };
    let text = read(path)?;
    Policy::parse(&text).map_err(|error| {
        Failure::input(
            format!("{}: {error}", path.display()),
            "`tenure policy show` prints a policy that is whole; change numbers in a copy of it",
        )
    })
}

/// A text file, or standard input for `-`.
fn read(path: &Path) -> Result<String, Failure> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    let bytes = bytes.map_err(|error| {
        Failure::input(
            format!("{}: {error}", path.display()),
            "name a file that exists and that you may read",
        )
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error
            .as_bytes()
            .iter()
            .take(valid)
            .filter(|b| **b == b'\n')
            .count()
            .saturating_add(1);
        Failure::input(
            format!("{}: line {line} is not UTF-8", path.display()),
            "save the file as UTF-8",
        )
    })?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text))
}

/// The day that the rules go by: the one named, else today in UTC.
fn today(named: Option<Day>) -> Day {
    named.unwrap_or_else(|| Day::from_unix_seconds(jiff::Timestamp::now().as_second()))
}

/// How providers are asked; none without `--validate`, and then no client is made at all.
pub(crate) fn validation<'p>(
    args: &Validate,
    providers: &'p [Provider],
) -> Result<Option<Validation<'p>>, Failure> {
    if !args.validate {
        return Ok(None);
    }
    let options = Options {
        at: args.validate_at.clone(),
        account: args.validate_account.clone(),
        control: args.validate_control.clone(),
        allow_address: args.validate_allow_address.clone(),
        timeout: args.validate_timeout.map(std::time::Duration::from_secs),
    };
    Validation::new(providers, &options)
        .map(Some)
        .map_err(|error| Failure::input(error.to_string(), "docs/validation.md shows each flag"))
}
