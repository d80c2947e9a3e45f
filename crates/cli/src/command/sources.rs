//! `tenure sources`: what can be read.

use crate::{command, exit::Failure, text};
use std::{fmt::Write as _, path::Path, process::ExitCode};
use tenure_app::sources::{self, SourceKind};

pub(crate) fn run(
    kind: Option<&str>,
    format: &str,
    folder: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let mut kinds = sources::all();
    if let Some(wanted) = kind {
        let names: Vec<&str> = kinds.iter().map(|known| known.kind).collect();
        let names = names.join(", ");
        kinds.retain(|known| known.kind == wanted);
        if kinds.is_empty() {
            return Err(Failure::input(
                format!("no kind of export is called `{}`", text::tame(wanted)),
                format!("there are {names}"),
            ));
        }
    }
    if let Some(folder) = folder {
        return pages(&kinds, folder, kind.is_none());
    }
    match format {
        "json" => command::print_json(&kinds),
        "md" => {
            let page = match kinds.as_slice() {
                [one] if kind.is_some() => sources::page(one),
                all => sources::index(all),
            };
            command::print(None, page.as_bytes())
        }
        _ if kind.is_some() => command::print(None, told(&kinds).as_bytes()),
        _ => command::print(None, listed(&kinds).as_bytes()),
    }
}

/// Writes the page of each kind, and the one that names them all.
fn pages(kinds: &[SourceKind], folder: &Path, index: bool) -> Result<ExitCode, Failure> {
    let below = folder.join("sources");
    std::fs::create_dir_all(&below).map_err(|error| Failure::Output {
        to: below.display().to_string(),
        error,
    })?;
    for kind in kinds {
        let path = below.join(format!("{}.md", kind.kind));
        command::print(Some(&path), sources::page(kind).as_bytes())?;
    }
    if index {
        let path = folder.join("sources.md");
        command::print(Some(&path), sources::index(kinds).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn listed(kinds: &[SourceKind]) -> String {
    let widest = kinds
        .iter()
        .map(|known| known.kind.len())
        .max()
        .unwrap_or(0);
    let room = text::width().saturating_sub(widest.saturating_add(2));
    kinds.iter().fold(String::new(), |mut out, known| {
        let name = text::pad(known.kind, widest);
        let _ = writeln!(out, "{name}  {}", text::fit(known.title, room));
        out
    })
}

fn told(kinds: &[SourceKind]) -> String {
    let width = text::width();
    kinds.iter().fold(String::new(), |mut out, known| {
        let _ = writeln!(out, "{}: {}\n", known.kind, known.title);
        for (label, says) in [("Where from", known.get), ("Cannot tell", known.cannot)] {
            let line = format!("{label}: {says}");
            let _ = writeln!(out, "{}", text::wrap(&line, width, "  "));
        }
        for (label, offered) in [("Tells", true), ("Not offered", false)] {
            let parts = known.tells.iter().filter(|part| part.offered == offered);
            let parts: Vec<&str> = parts.map(|part| part.part.as_str()).collect();
            if !parts.is_empty() {
                let line = format!("{label}: {}", parts.join(", "));
                let _ = writeln!(out, "{}", text::wrap(&line, width, "  "));
            }
        }
        out
    })
}
