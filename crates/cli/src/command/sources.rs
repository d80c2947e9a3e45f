//! `tenure sources`: what can be read.

use crate::{command, exit::Failure, text};
use std::{fmt::Write as _, process::ExitCode};
use tenure_app::sources::{self, SourceKind};

pub(crate) fn run(kind: Option<&str>, format: &str) -> Result<ExitCode, Failure> {
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
    match format {
        "json" => command::print_json(&kinds),
        "md" => command::print(None, sources::page(&kinds).as_bytes()),
        _ if kind.is_some() => command::print(None, told(&kinds).as_bytes()),
        _ => command::print(None, listed(&kinds).as_bytes()),
    }
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
        out
    })
}
