//! `tenure watchlist export|check`.

use crate::{args::WatchlistCommand, command, exit, exit::Failure, text};
use serde_json::json;
use std::{fmt::Write as _, io::Read as _, path::Path, process::ExitCode};
use tenure_app::{
    state::{State, StateError},
    watchlist::{self, Exported, Watch},
};
use zeroize::Zeroizing;

pub(crate) fn run(command: &WatchlistCommand) -> Result<ExitCode, Failure> {
    match command {
        WatchlistCommand::Export { output, format } => export(output, format == "json"),
        WatchlistCommand::Check {
            secrets,
            watchlist,
            format,
        } => check(secrets, watchlist.as_deref(), format == "json"),
    }
}

fn export(to: &Path, json: bool) -> Result<ExitCode, Failure> {
    let exported = own_list()?;
    let piped = to == Path::new("-");
    command::print((!piped).then_some(to), &exported.bytes)?;
    let keys = text::count(u64::try_from(exported.keys).unwrap_or(u64::MAX), "key");
    let mut told = String::new();
    if json {
        let value = json!({"keys": exported.keys, "left_out": exported.left_out});
        let _ = writeln!(told, "{value:#}");
    } else {
        for one in &exported.left_out {
            let name = one.name.as_deref().or(one.id.as_deref());
            let name = name.unwrap_or("a key that is not in the last assessment");
            let _ = writeln!(told, "{}: {}", text::tame(name), one.reason.sentence());
        }
    }
    let left_out = match exported.left_out.len() {
        0 => String::new(),
        n => format!("; {n} cannot be watched for"),
    };
    command::say(&format!("{keys} in {}{left_out}", to.display()));
    if piped {
        for line in told.lines() {
            command::say(line);
        }
        return Ok(ExitCode::SUCCESS);
    }
    command::print(None, told.as_bytes())
}

/// The list of what was seen here.
fn own_list() -> Result<Exported, Failure> {
    let broken = |error: StateError| Failure::input(error.to_string(), "");
    let state = State::of_user().map_err(broken)?;
    let kept = state.watched().map_err(broken)?;
    if kept.is_empty() {
        return Err(Failure::input(
            "no secret was seen here yet, so there is nothing to watch for",
            "run `tenure assess` over the places and exports that hold keys, then export",
        ));
    }
    let pepper = state.pepper().map_err(broken)?;
    let last = state.last().map_err(broken)?;
    watchlist::export(&pepper, &kept, last.as_ref())
        .map_err(|error| Failure::input(format!("the list {error}"), ""))
}

/// A list from a file.
pub(crate) fn read(path: &Path) -> Result<Watch, Failure> {
    watchlist::read(path).map_err(|error| {
        Failure::input(
            format!("{}: {error}", path.display()),
            "`tenure watchlist export -o FILE` writes a list",
        )
    })
}

fn check(secrets: &Path, list: Option<&Path>, json: bool) -> Result<ExitCode, Failure> {
    let watch = match list {
        Some(path) => read(path)?,
        None => Watch::parse(own_list()?.bytes)
            .map_err(|error| Failure::input(format!("the list {error}"), ""))?,
    };
    let mut bytes = Zeroizing::new(Vec::new());
    let read = if secrets == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(secrets).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| {
        Failure::input(
            format!("{}: {error}", secrets.display()),
            "name a file with one secret a line, or - for standard input",
        )
    })?;
    let (hits, held) = watchlist::check(&watch, &bytes);
    if held == 0 {
        return Err(Failure::input(
            "no secret was given",
            "give one a line, for example `pbpaste | tenure watchlist check -`",
        ));
    }
    let mut told = String::new();
    if json {
        let _ = writeln!(told, "{:#}", json!({"checked": held, "known": hits}));
    } else {
        for hit in &hits {
            let name = hit.name.as_deref().or(hit.id.as_deref());
            let name = name.unwrap_or("a key that is not in the last assessment");
            let _ = writeln!(told, "line {}: {}", hit.line, text::tame(name));
        }
        if hits.is_empty() {
            let _ = writeln!(told, "none of {held} is known");
        }
    }
    command::print(None, told.as_bytes())?;
    if hits.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    exit::because(1, &format!("{} of {held} known", hits.len()));
    Ok(ExitCode::from(1))
}
