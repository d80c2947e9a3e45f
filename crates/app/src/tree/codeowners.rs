//! CODEOWNERS: whom a repository names for a path. The last pattern that matches wins.

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Where the file may stand, in the order in which forges look for it
/// (<https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>).
const PLACES: [&str; 4] = [
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitlab/CODEOWNERS",
];
/// The longest such file that a forge takes, in bytes.
const LONGEST: u64 = 3 << 20;

type Rules = Vec<(Gitignore, Vec<String>)>;

/// The files of all work trees, read once each.
#[derive(Default)]
pub(super) struct CodeOwners(BTreeMap<PathBuf, Rules>);

impl CodeOwners {
    /// The people and teams that the work tree at `top` names for a path below it.
    pub(super) fn of(&mut self, top: &Path, path: &str) -> Vec<String> {
        let rules = self
            .0
            .entry(top.to_owned())
            .or_insert_with(|| read(top).unwrap_or_default());
        rules
            .iter()
            .rev()
            .find(|(pattern, _)| pattern.matched_path_or_any_parents(path, false).is_ignore())
            .map(|(_, who)| who.clone())
            .unwrap_or_default()
    }
}

fn read(top: &Path) -> Option<Rules> {
    let path = PLACES.iter().map(|place| top.join(place)).find(|path| {
        std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() < LONGEST)
    })?;
    Some(parse(&String::from_utf8_lossy(&std::fs::read(path).ok()?)))
}

fn parse(text: &str) -> Rules {
    text.lines()
        .filter_map(|line| {
            let line = line.split(" #").next().unwrap_or(line).trim();
            let mut words = line.split_whitespace();
            let pattern = words
                .next()
                .filter(|word| !word.starts_with(['#', '[', '^', '!']))?;
            let mut builder = GitignoreBuilder::new("");
            builder.add_line(None, pattern).ok()?;
            let who = words
                .map(|word| word.trim_start_matches('@').to_owned())
                .filter(|word| !word.is_empty())
                .collect();
            Some((builder.build().ok()?, who))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_matches_wins() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("CODEOWNERS"),
            "# who\n*  @northwind/platform\n/apps/ ann@example.com @ben # two\n*.md\n",
        )
        .unwrap();
        let mut owners = CodeOwners::default();
        let mut of = |path| owners.of(folder.path(), path);
        assert_eq!(of("x/y.py"), ["northwind/platform"]);
        assert_eq!(of("apps/web/.env"), ["ann@example.com", "ben"]);
        assert!(of("apps/README.md").is_empty());
    }
}
