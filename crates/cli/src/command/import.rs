//! `tenure import`: an export into the register; and `tenure import edits`: what people edited in an exported list, previewed, and kept with `--apply`.

use crate::{
    args::{Import, ImportCommand, ImportEdits, ImportExport},
    command::{self, register},
    exit::{self, Failure},
    text,
};
use serde_json::json;
use std::{fmt::Write as _, io::Read as _, path::Path, process::ExitCode};
use tenure_app::state::{Held, State};
use tenure_app::{
    edits::{self, Preview},
    progress::Silent,
    register::{Reading, Taken},
};
use tenure_model::edit;

pub(crate) fn run(args: &Import) -> Result<ExitCode, Failure> {
    let export_of = &args.export;
    match (&args.command, &export_of.kind, &export_of.file) {
        (Some(ImportCommand::Edits(args)), ..) => import(args),
        (None, Some(kind), Some(file)) => export(export_of, kind, file),
        // The parser lets neither be left out.
        (None, ..) => Err(Failure::input("KIND and FILE are missing", "")),
    }
}

/// The kind that is no export: a folder to be searched.
const FILES: &str = "files";

fn export(args: &ImportExport, kind: &str, file: &Path) -> Result<ExitCode, Failure> {
    let providers = command::providers(args.catalog.as_deref())?;
    let policy = command::policy(args.policy.as_deref())?;
    let at = register::place(&args.at)?;
    let pepper = at.0.pepper();
    let pepper = pepper.map_err(|error| Failure::input(error.to_string(), ""))?;
    let reading = Reading {
        providers: &providers,
        policy: &policy,
        pepper: &pepper,
        today: register::now().day(),
    };
    let taken = if kind == FILES {
        Taken::place(reading, file, &args.exclude, &Silent)
    } else {
        let name = args.name.clone().unwrap_or_else(|| {
            let name = file.file_name();
            name.map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default()
        });
        Taken::export(reading, kind, file, &name)
    };
    let taken = taken.map_err(|error| register::failure(&error))?;
    let (imported, judged) = register::with(&at, &providers, &policy, async |desk, state| {
        let imported = desk.import(&taken).await?;
        let judged = desk.reassess().await?;
        desk.settle_exceptions().await?;
        state.keep_watched(&taken.watched)?;
        Ok((imported, judged))
    })?;
    for note in &taken.notes {
        command::say(&format!("note: {}", text::tame(note)));
    }
    let skipped: Vec<_> = taken.skipped.iter().chain(&judged.skipped).collect();
    for one in &skipped {
        command::say(&format!(
            "skipped: {}: {}",
            text::tame(&one.path),
            text::tame(&one.reason)
        ));
    }
    if args.format == "json" {
        command::print_json(&json!({"import": imported, "judged": judged, "skipped": skipped}))?;
    } else {
        let mut out = format!(
            "{}: {} new, {} changed, {} gone.\n",
            text::count(imported.records, "record"),
            text::number(imported.counts.new),
            text::number(imported.counts.changed),
            text::number(imported.counts.vanished),
        );
        if imported.resumed > 0 {
            let _ = writeln!(
                out,
                "{} were there from an attempt that was cut off.",
                text::number(imported.resumed)
            );
        }
        if imported.people > 0 {
            let _ = writeln!(out, "People: {} new, different or gone.", imported.people);
        }
        if imported.systems > 0 {
            let _ = writeln!(out, "Systems: {} new or different.", imported.systems);
        }
        let _ = writeln!(
            out,
            "{} judged: {} new, {} changed.",
            text::count(judged.keys, "key"),
            text::number(judged.new),
            text::number(judged.changed)
        );
        command::print(None, out.as_bytes())?;
    }
    if skipped.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    exit::because(3, "not everything could be read");
    Ok(ExitCode::from(3))
}

fn hold() -> Result<Held, Failure> {
    let state = State::of_user().and_then(|state| state.hold());
    state.map_err(|error| Failure::input(error.to_string(), ""))
}

fn import(args: &ImportEdits) -> Result<ExitCode, Failure> {
    let file = args.file.display().to_string();
    let bytes = read(args)?;
    let today = command::today(args.today);
    let assessment = command::why::assessment(None)?;
    // Two who apply at once do it one after the other: each sees what the other kept.
    let _held = args.apply.then(hold).transpose()?;
    let (state, register) = command::key::register(today)?;
    let providers = command::providers(None)?;
    let called = args
        .file
        .file_name()
        .map_or_else(|| file.clone(), |name| name.to_string_lossy().into_owned());
    let source = edit::source(&text::tame(&called), today);
    let preview = edits::preview(&bytes, &assessment, register, &providers, &source)
        .map_err(|error| Failure::input(format!("{file}: {error}"), ""))?;
    let applied = args.apply && !preview.changes.is_empty();
    if applied {
        state
            .keep_edits(&preview.register.to_toml())
            .map_err(|error| Failure::Output {
                to: state.edits_path().display().to_string(),
                error: std::io::Error::other(error),
            })?;
    }
    if args.format == "json" {
        command::print_json(&json!({
            "file": file,
            "applied": applied,
            "changes": preview.changes,
            "refused": preview.refused,
            "same": preview.same,
        }))?;
    } else {
        command::print(None, told(&file, &preview).as_bytes())?;
    }
    command::say(if applied {
        "kept; the next `tenure assess` reads them as declared, `--no-edits` leaves them out"
    } else if preview.changes.is_empty() {
        "nothing to keep"
    } else {
        "nothing was written; --apply keeps these edits"
    });
    if preview.refused.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let refused = u64::try_from(preview.refused.len()).unwrap_or(u64::MAX);
    exit::because(3, &format!("{} refused", text::count(refused, "row")));
    Ok(ExitCode::from(3))
}

fn read(args: &ImportEdits) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let longest = u64::try_from(edits::LARGEST)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    std::fs::File::open(&args.file)
        .and_then(|file| file.take(longest).read_to_end(&mut bytes))
        .map_err(|error| {
            Failure::input(
                format!("{}: {error}", args.file.display()),
                "name a workbook that exists and that you may read",
            )
        })?;
    Ok(bytes)
}

fn told(file: &str, preview: &Preview) -> String {
    let width = text::width();
    let mut out = String::new();
    let count = |n: usize, what: &str| text::count(u64::try_from(n).unwrap_or(u64::MAX), what);
    let _ = writeln!(
        out,
        "{}   {} changed   {} refused   {} the same",
        text::tame(file),
        count(preview.changes.len(), "cell"),
        count(preview.refused.len(), "row"),
        text::number(preview.same),
    );
    let mut last = "";
    for change in &preview.changes {
        if change.key != last {
            let _ = writeln!(
                out,
                "\n  {}  {}",
                change.key,
                text::fit(&change.name, width.saturating_sub(17))
            );
            last = &change.key;
        }
        let or_nothing = |text: &str| {
            if text.is_empty() {
                "(nothing)".to_owned()
            } else {
                text.to_owned()
            }
        };
        let line = format!(
            "{}: {} -> {}",
            change.field,
            or_nothing(&change.before),
            or_nothing(&change.after)
        );
        let _ = writeln!(out, "      {}", text::fit(&line, width.saturating_sub(7)));
    }
    for (at, refused) in preview.refused.iter().enumerate() {
        if at == 0 {
            let _ = writeln!(out, "\nREFUSED");
        }
        let key = refused.key.as_deref().unwrap_or("no key");
        let line = format!(
            "  row {}, {}: {}",
            refused.row,
            text::tame(key),
            refused.reason
        );
        let _ = writeln!(out, "{}", text::wrap(&line, width, "    "));
    }
    out
}
