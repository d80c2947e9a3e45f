//! `tenure catalog list|show|check|sunsets`.

mod sunsets;

use crate::{
    args::{Catalog, CatalogCommand},
    command,
    exit::Failure,
};
use serde_json::json;
use std::{fmt::Write as _, io::Write as _, process::ExitCode};
use tenure_app::catalog;
use tenure_model::catalog::{Credential, Provider};

pub(crate) fn run(args: &Catalog) -> Result<ExitCode, Failure> {
    let providers = command::providers(args.catalog.as_deref())?;
    match &args.command {
        CatalogCommand::List { format } => list(&providers, format == "json"),
        CatalogCommand::Show { provider, format } => {
            let found = providers
                .iter()
                .find(|known| known.provider == *provider)
                .ok_or_else(|| {
                    Failure::input(
                        format!("no provider `{provider}` in the catalogue"),
                        "`tenure catalog list` names them all",
                    )
                })?;
            show(found, format == "json")
        }
        CatalogCommand::Check => check(&providers),
        CatalogCommand::Sunsets(args) => sunsets::run(args, &providers),
    }
}

fn list(providers: &[Provider], json: bool) -> Result<ExitCode, Failure> {
    let mut text = String::new();
    if json {
        let all: Vec<_> = providers
            .iter()
            .map(|provider| {
                let kinds: Vec<_> = provider
                    .credentials
                    .iter()
                    .map(|kind| json!({"kind": kind.kind, "name": kind.name, "complete": kind.complete}))
                    .collect();
                json!({"provider": provider.provider, "name": provider.name, "category": provider.category, "credentials": kinds})
            })
            .collect();
        let _ = writeln!(text, "{:#}", json!(all));
    } else {
        for provider in providers {
            let _ = writeln!(text, "{:<16} {}", provider.provider, provider.name);
            for kind in &provider.credentials {
                let _ = writeln!(text, "  {:<28} {}", kind.kind, kind.name);
            }
        }
    }
    command::print(None, text.as_bytes())
}

fn show(provider: &Provider, json: bool) -> Result<ExitCode, Failure> {
    let mut text = String::new();
    if json {
        let kinds: Vec<_> = provider
            .credentials
            .iter()
            .map(|kind| {
                let facts: Vec<_> = facts(kind)
                    .into_iter()
                    .map(|fact| {
                        json!({"fact": fact.name, "value": fact.value, "basis": fact.basis, "source": fact.source, "read_on": fact.read_on})
                    })
                    .collect();
                json!({"kind": kind.kind, "name": kind.name, "complete": kind.complete, "facts": facts})
            })
            .collect();
        let _ = writeln!(
            text,
            "{:#}",
            json!({"provider": provider.provider, "name": provider.name, "credentials": kinds})
        );
    } else {
        let _ = writeln!(text, "{} ({})", provider.name, provider.provider);
        for kind in &provider.credentials {
            let _ = writeln!(text, "\n{}: {}", kind.kind, kind.name);
            for fact in facts(kind) {
                let _ = writeln!(
                    text,
                    "  {:<40} {}",
                    fact.name,
                    fact.value.as_deref().unwrap_or("not found")
                );
                if let Some(source) = &fact.source {
                    let _ = writeln!(
                        text,
                        "  {:<40}   {}, read on {}: {source}",
                        "", fact.basis, fact.read_on
                    );
                }
            }
        }
    }
    command::print(None, text.as_bytes())
}

/// One line of `catalog show`.
struct FactLine {
    name: String,
    value: Option<String>,
    basis: String,
    source: Option<String>,
    read_on: String,
}

fn facts(kind: &Credential) -> Vec<FactLine> {
    kind.evidence()
        .into_iter()
        .map(|told| FactLine {
            name: told.name,
            value: told.value,
            basis: told
                .evidence
                .basis
                .map_or_else(String::new, |basis| basis.to_string()),
            source: told.evidence.source.clone(),
            read_on: told
                .evidence
                .read_on
                .map_or_else(String::new, |day| day.to_string()),
        })
        .collect()
}

fn check(providers: &[Provider]) -> Result<ExitCode, Failure> {
    let faults = catalog::check(providers);
    let kinds: usize = providers
        .iter()
        .map(|provider| provider.credentials.len())
        .sum();
    if faults.is_empty() {
        let line = format!(
            "{} providers, {kinds} kinds of keys: every file keeps its promises\n",
            providers.len()
        );
        return command::print(None, line.as_bytes());
    }
    let mut text = String::new();
    for fault in &faults {
        let _ = writeln!(text, "{fault}");
    }
    command::print(None, text.as_bytes())?;
    let _ = writeln!(
        std::io::stderr(),
        "exit 1: {} faults in the catalogue",
        faults.len()
    );
    Ok(ExitCode::from(1))
}
