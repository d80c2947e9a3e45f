//! What can be read: every kind of export, where it comes from, what it tells and what it cannot tell.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Write as _, sync::LazyLock};
use tenure_connect::importer::{self, IMPORTERS, Input};
use tenure_model::key::CoverageState;

/// What each kind tells, as its real content told when this was written (`tests/sources.rs`).
static TELLS: LazyLock<BTreeMap<String, Vec<Part>>> =
    LazyLock::new(|| serde_json::from_str(include_str!("sources/tells.json")).unwrap_or_default());

/// One kind of export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceKind {
    /// Its name in `--import KIND=FILE`.
    pub kind: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Where the file comes from, and the right that it needs.
    pub get: &'static str,
    /// What it can never tell.
    pub cannot: &'static str,
    /// The parts that it speaks of, in its own terms.
    pub tells: Vec<Part>,
    /// The part that is not covered where an error answer was saved in place of the export.
    pub refused: Option<String>,
}

/// A part of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name, as coverage has it.
    pub part: String,
    /// The source can tell it.
    pub offered: bool,
    /// Why it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Every kind, in the order in which contents are recognised.
#[must_use]
pub fn all() -> Vec<SourceKind> {
    IMPORTERS
        .iter()
        .map(|importer| SourceKind {
            kind: importer.kind,
            title: importer.title,
            get: importer.get,
            cannot: importer.cannot,
            tells: TELLS.get(importer.kind).cloned().unwrap_or_default(),
            refused: refused(importer.kind),
        })
        .collect()
}

/// What an error answer in place of this kind leaves uncovered.
fn refused(kind: &str) -> Option<String> {
    let answer = br#"{"message":"Forbidden","status":"403"}"#;
    let input = Input::new(
        "answer.json",
        answer,
        tenure_model::day::Day::from_unix_seconds(0),
    );
    let imported = importer::read(&input.declared(kind)).ok()?;
    let refused = |part: &tenure_model::key::Coverage| part.state == CoverageState::NotCovered;
    imported
        .coverage
        .into_iter()
        .find(refused)
        .map(|part| part.part)
}

/// The page of one kind.
#[must_use]
pub fn page(kind: &SourceKind) -> String {
    let name = kind.kind;
    let mut page = format!(
        "# {}\n\nKind `{name}`. This page is what `tenure sources {name} -f md` prints.\n\n\
         ## Where it comes from\n\n{}\n\n\
         ```sh\ntenure assess --import {name}=FILE\n```\n\n\
         In an assessed folder it is recognised by its content.\n",
        capital(kind.title),
        kind.get
    );
    let mut list = |title: &str, offered: bool, before: &str| {
        let parts = kind.tells.iter().filter(|part| part.offered == offered);
        let lines: Vec<String> = parts
            .map(|part| match &part.reason {
                Some(reason) => format!("- {}: {reason}\n", part.part),
                None => format!("- {}\n", part.part),
            })
            .collect();
        if !lines.is_empty() || !before.is_empty() {
            let gap = if lines.is_empty() || before.is_empty() {
                ""
            } else {
                "\n"
            };
            let _ = write!(page, "\n## {title}\n\n{before}{gap}{}", lines.concat());
        }
    };
    list("What it tells", true, "");
    list("What it cannot tell", false, &format!("{}\n", kind.cannot));
    if let Some(part) = &kind.refused {
        let _ = write!(
            page,
            "\n## Refusals\n\nAn error answer saved in place of it is no empty list: `{part}` counts as not covered, with the \
             answer as the reason, and the run ends with code 3.\n"
        );
    }
    page
}

/// The page that names them all.
#[must_use]
pub fn index(kinds: &[SourceKind]) -> String {
    let mut page = String::from(
        "# Sources\n\nThe exports that `tenure assess` reads. Each is recognised by its content; `--import \
         KIND=FILE` says what a file is.\nThis page is what `tenure sources -f md` prints.\n\n\
         | kind | what it is |\n| --- | --- |\n",
    );
    for kind in kinds {
        let _ = writeln!(
            page,
            "| [`{0}`](sources/{0}.md) | {1} |",
            kind.kind,
            kind.title.replace('|', "\\|")
        );
    }
    page
}

fn capital(title: &str) -> String {
    let mut letters = title.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_where_it_comes_from_and_what_it_cannot_tell() {
        for kind in all() {
            assert!(
                kind.get.len() > 30 && kind.get.ends_with('.'),
                "{}",
                kind.kind
            );
            assert!(
                kind.cannot.len() > 20 && kind.cannot.ends_with('.'),
                "{}",
                kind.kind
            );
        }
    }

    #[test]
    fn a_page_says_what_is_told_what_is_not_and_what_a_refusal_is() {
        let kinds = all();
        let one = kinds
            .iter()
            .find(|kind| kind.kind == "github-deploy-keys")
            .unwrap();
        let page = page(one);
        for words in [
            "# GitHub deploy keys",
            "tenure assess --import github-deploy-keys=FILE",
            "- last use\n",
            "- expiry: GitHub deploy keys have no end date",
            "`deploy keys` counts as not covered",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}
