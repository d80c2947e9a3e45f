//! Files below a folder: what git ignores is left out, but never a place where credentials live.

use ignore::{WalkBuilder, overrides::OverrideBuilder};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// The same, relative to the source, with `/`.
    pub relative: String,
    /// The rules of git ignore it.
    pub ignored: bool,
}

/// What a walk found and could not see.
#[derive(Debug, Default)]
pub struct Listing {
    /// The files, in the order of their names.
    pub entries: Vec<Entry>,
    /// Folders and files that could not be read, with the reason.
    pub refused: Vec<(String, String)>,
    /// Folders that tools fill and that were left out, by name.
    pub left_out: BTreeMap<String, u64>,
}

/// Names of places where credentials live: looked at even where git ignores them.
pub const CREDENTIAL_PLACES: [&str; 34] = [
    ".env",
    ".env.*",
    "*.env",
    ".envrc",
    ".mcp.json",
    "mcp.json",
    "mcp_config.json",
    "mcp_settings.json",
    "claude_desktop_config.json",
    ".claude.json",
    "settings.local.json",
    "config.toml",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    "pip.conf",
    ".netrc",
    "_netrc",
    ".git-credentials",
    "credentials",
    "credentials.json",
    "credentials.toml",
    "*.pem",
    "*.p8",
    "*.key",
    "id_rsa",
    "id_ed25519",
    "service-account*.json",
    "*.tfvars",
    "*.tfstate",
    "kubeconfig",
    ".dockercfg",
    "secrets.*",
    "secret.*",
];

/// Where credentials live below a home folder, most telling first: looked at before everything else there.
const HOME_PLACES: [&str; 30] = [
    ".aws/",
    ".config/gcloud/",
    ".azure/",
    ".kube/",
    ".docker/",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".config/pip/",
    ".cargo/credentials",
    ".gem/credentials",
    ".m2/settings.xml",
    ".netrc",
    ".git-credentials",
    ".config/gh/",
    ".config/hub",
    ".terraform.d/",
    ".vault-token",
    ".databrickscfg",
    ".snowflake/",
    ".claude.json",
    ".claude/",
    ".cursor/",
    ".codeium/",
    ".codex/",
    ".gemini/",
    ".config/Claude/",
    ".bash_history",
    ".zsh_history",
    ".env",
];

/// Puts the known places of a home folder first; the order is otherwise that of the names.
pub fn known_places_first(entries: &mut [Entry]) -> usize {
    let rank = |entry: &Entry| {
        HOME_PLACES
            .iter()
            .position(|place| entry.relative.starts_with(place))
            .unwrap_or(HOME_PLACES.len())
    };
    entries.sort_by_cached_key(|entry| (rank(entry), entry.relative.clone()));
    entries
        .iter()
        .filter(|entry| rank(entry) < HOME_PLACES.len())
        .count()
}

/// Folders that hold only what tools put there, and hold far too much of it.
const TOOL_FOLDERS: [&str; 12] = [
    ".git",
    "node_modules",
    "target",
    ".venv",
    "venv",
    "__pycache__",
    ".tox",
    ".gradle",
    ".terraform",
    "bower_components",
    ".cargo",
    ".rustup",
];

/// Folders of other people's packages and of caches: left out, and counted.
const LEFT_OUT: [&str; 10] = [
    ".cache",
    ".npm",
    "node_modules",
    ".venv",
    "venv",
    "__pycache__",
    ".tox",
    ".gradle",
    ".terraform",
    ".rustup",
];

/// Lists the files below `root`, or `root` itself where it is a file. Links are not followed.
#[must_use]
pub fn list(root: &Path) -> Listing {
    let mut listing = Listing::default();
    if root.is_file() {
        let relative = root
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        listing.entries.push(Entry {
            path: root.to_owned(),
            relative,
            ignored: false,
        });
        return listing;
    }
    let mut found: BTreeMap<String, Entry> = BTreeMap::new();
    let mut refused: BTreeMap<String, String> = BTreeMap::new();
    let mut plain = WalkBuilder::new(root);
    // A hostile tree must not hide by `.ignore` files; what git ignores is left out by git's own rules only.
    plain
        .hidden(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(true)
        .git_ignore(true)
        .require_git(false)
        .parents(false)
        .follow_links(false);
    let left_out = Arc::new(Mutex::new(BTreeMap::<String, u64>::new()));
    let counted = Arc::clone(&left_out);
    plain.filter_entry(move |entry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let tool = LEFT_OUT.iter().find(|name| entry.file_name() == **name);
        if let (true, Some(name), true) = (is_folder, tool, entry.depth() > 0) {
            if let Ok(mut counts) = counted.lock() {
                let count = counts.entry((*name).to_owned()).or_default();
                *count = count.saturating_add(1);
            }
            return false;
        }
        entry.file_name() != ".git"
    });
    collect(root, &plain, false, &mut found, &mut refused);

    let mut special = WalkBuilder::new(root);
    special
        .standard_filters(false)
        .hidden(false)
        .follow_links(false);
    special.filter_entry(|entry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        !(is_folder && TOOL_FOLDERS.iter().any(|name| entry.file_name() == *name))
    });
    let mut only = OverrideBuilder::new(root);
    let added = CREDENTIAL_PLACES
        .iter()
        .try_for_each(|glob| only.add(glob).map(|_| ()));
    match added.and_then(|()| only.build()) {
        Ok(only) => {
            special.overrides(only);
            collect(root, &special, true, &mut found, &mut refused);
        }
        Err(error) => {
            refused.insert(root.display().to_string(), error.to_string());
        }
    }
    listing.entries = found.into_values().collect();
    listing.left_out = left_out
        .lock()
        .map(|counts| counts.clone())
        .unwrap_or_default();
    listing.refused = refused.into_iter().collect();
    listing
}

fn collect(
    root: &Path,
    walk: &WalkBuilder,
    ignored: bool,
    found: &mut BTreeMap<String, Entry>,
    refused: &mut BTreeMap<String, String>,
) {
    for entry in walk.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = path_of(&error)
                    .map_or_else(|| root.display().to_string(), |path| relative(root, &path));
                let reason = error
                    .io_error()
                    .map_or_else(|| error.to_string(), |io| io.kind().to_string());
                refused.insert(path, reason);
                continue;
            }
        };
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            let relative = relative(root, entry.path());
            found.entry(relative.clone()).or_insert(Entry {
                path: entry.into_path(),
                relative,
                ignored,
            });
        }
    }
}

fn path_of(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        ignore::Error::Loop { child, .. } => Some(child.clone()),
        ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
        _ => None,
    }
}

fn relative(root: &Path, path: &Path) -> String {
    let rest = path.strip_prefix(root).unwrap_or(path);
    rest.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_places_of_a_home_folder_come_first() {
        let mut entries: Vec<Entry> = ["Documents/a.txt", ".zsh_history", ".aws/credentials"]
            .map(|relative| Entry {
                path: PathBuf::from(relative),
                relative: relative.to_owned(),
                ignored: false,
            })
            .into();
        assert_eq!(known_places_first(&mut entries), 2);
        let names: Vec<_> = entries.iter().map(|e| e.relative.as_str()).collect();
        assert_eq!(
            names,
            [".aws/credentials", ".zsh_history", "Documents/a.txt"]
        );
    }

    #[test]
    fn what_git_ignores_is_left_out_but_not_where_credentials_live() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (path, text) in [
            (".gitignore", "build/\n.env\n"),
            (".ignore", "hidden.txt\n"),
            ("hidden.txt", "x"),
            ("a.py", "x"),
            ("build/out.txt", "x"),
            (".env", "x"),
            ("node_modules/x/.env", "x"),
            (".mcp.json", "{}"),
        ] {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let names: Vec<_> = list(root)
            .entries
            .into_iter()
            .map(|entry| (entry.relative, entry.ignored))
            .collect();
        let has = |name: &str| {
            names
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, ignored)| *ignored)
        };
        assert_eq!(has(".env"), Some(true));
        assert_eq!(has(".mcp.json"), Some(false));
        assert_eq!(has("hidden.txt"), Some(false));
        assert_eq!(has("a.py"), Some(false));
        assert_eq!(has("build/out.txt"), None);
    }
}
