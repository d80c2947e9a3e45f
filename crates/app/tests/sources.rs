//! The pages of the documentation about sources are what the importers say and what their real content tells.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a test"
)]

#[path = "../../../fuzz/src/targets.rs"]
mod targets;

use std::{collections::BTreeMap, fs, path::Path};
use tenure_app::sources::{self, Part};
use tenure_connect::importer::{self, Input};
use tenure_model::key::CoverageState;

/// What the real content of each kind covers. A part that one export leaves out and another has is offered.
fn told() -> BTreeMap<String, Vec<Part>> {
    let today = "2026-11-23".parse().unwrap();
    let mut all: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for (target, kind) in targets::IMPORTERS.iter().zip(targets::KINDS) {
        let parts = all.entry((*kind).to_owned()).or_default();
        for bytes in (target.corpus)() {
            let imported =
                importer::read(&Input::new("file", &bytes, today).declared(kind)).unwrap();
            for coverage in imported.coverage {
                let offered = match coverage.state {
                    CoverageState::Complete | CoverageState::Partial => true,
                    CoverageState::NotOffered => false,
                    CoverageState::NotCovered => continue,
                };
                let reason = coverage.reason.filter(|_| !offered);
                match parts.iter_mut().find(|part| part.part == coverage.part) {
                    None => parts.push(Part {
                        part: coverage.part,
                        offered,
                        reason,
                    }),
                    Some(known) if offered && !known.offered => {
                        known.offered = true;
                        known.reason = None;
                    }
                    Some(_) => {}
                }
            }
        }
    }
    all
}

/// The file holds this text; with TENURE_WRITE_DOCS it is made to.
#[track_caller]
fn holds(path: &Path, text: &str) {
    if std::env::var_os("TENURE_WRITE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let known = fs::read_to_string(path).unwrap_or_default();
    assert!(
        known == text,
        "{} has drifted; run `TENURE_WRITE_DOCS=1 cargo test -p tenure-app --test sources` twice: first what is told, \
         then the pages",
        path.display()
    );
}

#[test]
fn what_each_kind_tells_is_what_its_real_content_tells() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sources/tells.json");
    let told = told();
    assert!(
        told.values()
            .all(|parts| parts.iter().any(|part| part.offered)),
        "a kind that tells nothing"
    );
    holds(
        &path,
        &(serde_json::to_string_pretty(&told).unwrap() + "\n"),
    );
}

#[test]
fn every_source_has_its_page_and_no_page_is_left_over() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let kinds = sources::all();
    holds(&docs.join("sources.md"), &sources::index(&kinds));
    for kind in &kinds {
        holds(
            &docs.join(format!("sources/{}.md", kind.kind)),
            &sources::page(kind),
        );
    }
    for entry in fs::read_dir(docs.join("sources")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            kinds.iter().any(|kind| kind.kind == name),
            "{}: no such kind",
            path.display()
        );
    }
}
