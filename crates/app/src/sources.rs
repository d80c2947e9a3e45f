//! The exports that can be read, as the importers themselves describe them.

use serde::Serialize;
use std::fmt::Write as _;
use tenure_connect::importer::IMPORTERS;

/// One kind of export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SourceKind {
    /// Its name in `--import KIND=FILE`.
    pub kind: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Where the file comes from, and the right that it needs.
    pub get: &'static str,
    /// What it can never tell.
    pub cannot: &'static str,
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
        })
        .collect()
}

/// The kinds as a page of documentation.
#[must_use]
pub fn page(kinds: &[SourceKind]) -> String {
    let mut page = String::from(
        "# Sources\n\nThe exports that `tenure assess` reads. Each is recognised by its content; `--import \
         KIND=FILE` says what a file is.\nThis page is what `tenure sources -f md` prints.\n",
    );
    for kind in kinds {
        let _ = write!(
            page,
            "\n## {}\n\n`{}`\n\n- **Where from:** {}\n- **Cannot tell:** {}\n",
            kind.title, kind.kind, kind.get, kind.cannot
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_documentation_is_what_the_importers_say() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sources.md");
        let page = page(&all());
        if std::env::var_os("TENURE_WRITE_DOCS").is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            page,
            "run the tests once with TENURE_WRITE_DOCS=1"
        );
    }

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
}
