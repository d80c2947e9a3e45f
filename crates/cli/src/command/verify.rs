//! `tenure verify` and `tenure audit`: the log checked, written out, and its public key.

use crate::{
    args::{AuditCommand, Verify},
    command::{self, register},
    exit::{self, Failure},
    text,
};
use serde_json::json;
use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
    process::ExitCode,
};
use tenure_app::register::{Checked, verify_export};
use tenure_model::log::{Checkpoint, Verifier};

pub(crate) fn run(args: &Verify) -> Result<ExitCode, Failure> {
    let checked = match &args.file {
        Some(file) => offline(args, file)?,
        None => {
            let at = register::needed(&args.at)?;
            let checked = register::look(&at, async |desk, state| desk.verify(state).await)?;
            checked.ok_or_else(|| Failure::input("the log is empty", ""))?
        }
    };
    if args.format == "json" {
        command::print_json(&match &checked {
            Checked::Holds(verified) => json!({
                "holds": true, "origin": verified.checkpoint.origin, "from": verified.from, "to": verified.to,
                "size": verified.checkpoint.size, "root": verified.checkpoint.root.to_string(),
                "whole": verified.is_whole(), "since": verified.since,
            }),
            Checked::Tampered(found) => {
                json!({"holds": false, "event": found.index(), "why": found.to_string()})
            }
        })?;
    }
    match checked {
        Checked::Holds(verified) => {
            let what = if verified.is_whole() {
                "The log is whole".to_owned()
            } else {
                format!("Events {} to {} hold", verified.from, verified.to)
            };
            let since = verified.since.map_or_else(String::new, |size| {
                format!(", and begins with the {size} events of the earlier checkpoint")
            });
            let line = format!(
                "{what}: {} of {}{since}.\n",
                text::count(verified.checkpoint.size, "event"),
                text::tame(&verified.checkpoint.origin),
            );
            if args.format != "json" {
                command::print(None, line.as_bytes())?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Checked::Tampered(found) => {
            let line = format!(
                "The log does not hold: {}.\n",
                text::tame(&found.to_string())
            );
            if args.format != "json" {
                command::print(None, line.as_bytes())?;
            }
            exit::because(1, "the log does not hold");
            Ok(ExitCode::from(1))
        }
    }
}

fn offline(args: &Verify, file: &Path) -> Result<Checked, Failure> {
    let verifier = verifier(args.key.as_deref().unwrap_or_default())?;
    let earlier = match &args.checkpoint {
        None => None,
        Some(path) => {
            let note = command::read(path)?;
            let open = Checkpoint::open(&note, &verifier);
            Some(open.map_err(|error| {
                Failure::input(
                    format!("{}: the checkpoint {error}", path.display()),
                    "name a checkpoint of the same log",
                )
            })?)
        }
    };
    let unread = |error: &io::Error| {
        Failure::input(
            format!("{}: {error}", file.display()),
            "name a file that exists and that you may read",
        )
    };
    let export: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(
            File::open(file).map_err(|error| unread(&error))?,
        ))
    };
    verify_export(export, &verifier, earlier).map_err(|error| unread(&error))
}

/// The key itself, or a file that holds it.
fn verifier(named: &str) -> Result<Verifier, Failure> {
    if let Ok(verifier) = named.trim().parse() {
        return Ok(verifier);
    }
    let text = command::read(Path::new(named))?;
    text.trim().parse().map_err(|error| {
        Failure::input(
            format!("{named}: {error}"),
            "`tenure audit key` prints the public key of a log",
        )
    })
}

pub(crate) fn audit(command: &AuditCommand) -> Result<ExitCode, Failure> {
    match command {
        AuditCommand::Export { format, output, at } => {
            let at = register::needed(at)?;
            let mut exported = Vec::new();
            if format == "ocsf" {
                register::look(&at, async |desk, _| desk.ocsf_export(&mut exported).await)?;
                return command::print(output.as_deref(), &exported);
            }
            let checkpoint = register::look(&at, async |desk, state| {
                desk.audit_export(state, &mut exported).await
            })?;
            let code = command::print(output.as_deref(), &exported)?;
            if let Some(path) = output {
                command::say(&format!(
                    "{} in {}; `tenure verify` checks it with the key that `tenure audit key` prints",
                    text::count(checkpoint.size, "event"),
                    text::tame(&path.display().to_string()),
                ));
            }
            Ok(code)
        }
        AuditCommand::Key { at } => {
            let at = register::needed(at)?;
            let key = register::look(&at, async |desk, state| {
                tenure_app::register::public_key(desk.store, state).await
            })?;
            let key = key.ok_or_else(|| Failure::input("the log is empty", ""))?;
            command::print(None, format!("{key}\n").as_bytes())
        }
    }
}
