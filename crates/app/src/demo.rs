//! The example company: its files are held in the binary with names in place of values, and values that look
//! like keys are made up on the way, the same every time.
//!
//! A name is `{{provider/kind:seed}}` for the secret of that kind, `{{provider/kind.key_id:seed}}` for its
//! public id, `{{generic:seed}}` for a secret without a form; `base64 ` before it encodes the value.

use base64::Engine as _;
use gix_index::{
    State,
    entry::{Flags, Mode, Stat},
    hash::{Kind, ObjectId},
};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};
use tenure_model::{
    catalog::{
        Provider,
        template::{self, Template},
    },
    digest,
    place::Part,
    secret::Pepper,
};

/// Path and text of every file.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/northwind.rs"));

/// The company's git repositories, and which of their files git does not track.
const REPOSITORIES: [(&str, &[&str]); 4] = [
    ("repos/website", &[]),
    ("repos/web", &[".env"]),
    ("repos/data", &[]),
    ("repos/infra", &["terraform/prod.tfvars"]),
];

/// The day on which the example plays.
pub const TODAY: &str = "2026-11-23";
/// What it is called.
pub const TITLE: &str = "Northwind";
/// The facts file among its files.
pub const FACTS: &str = "facts.toml";
/// The people list among its files.
pub const PEOPLE: &str = "people.csv";

/// Why the example could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The system refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A name in a file that no format of the catalogue answers to.
    #[error("{file}: {name}: {problem}; this is a fault of Tenure")]
    Name {
        /// The file.
        file: String,
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The pepper of the example, which is no secret: nothing in it is.
#[must_use]
pub fn pepper() -> Pepper {
    Pepper::new(*b"northwind is a made-up company..")
}

/// The text of a file of the example, with its values.
///
/// # Errors
/// There is no such file, or a name in it that nothing answers to.
pub fn text(file: &str, providers: &[Provider]) -> Result<String, DemoError> {
    let (_, text) = FILES
        .iter()
        .find(|(name, _)| *name == file)
        .ok_or_else(|| DemoError::Name {
            file: file.to_owned(),
            name: String::new(),
            problem: "there is no such file",
        })?;
    expand(file, text, providers)
}

/// Writes the company's files below a folder, readable by its user alone.
///
/// # Errors
/// The folder cannot be written to, or holds such a file already.
pub fn write(folder: &Path, providers: &[Provider]) -> Result<(), DemoError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |error| DemoError::Io { path, error }
    };
    for (name, text) in FILES {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        make_folder(parent).map_err(fail(parent))?;
        let text = expand(name, text, providers)?;
        write_new(&path, text.as_bytes()).map_err(fail(&path))?;
    }
    for (repository, untracked) in REPOSITORIES {
        let top = folder.join(repository);
        track(&top, repository, untracked).map_err(fail(&top))?;
    }
    Ok(())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, bytes)
}

/// Makes a work tree's index, so that its files count as tracked. It has no objects: git itself would call
/// it damaged.
fn track(top: &Path, repository: &str, untracked: &[&str]) -> io::Result<()> {
    let git = top.join(".git");
    make_folder(&git.join("refs/heads"))?;
    let commit = digest::of_bytes(repository.as_bytes());
    let commit = commit.get(..40).unwrap_or_default();
    write_new(&git.join("HEAD"), b"ref: refs/heads/main\n")?;
    write_new(
        &git.join("refs/heads/main"),
        format!("{commit}\n").as_bytes(),
    )?;
    let mut state = State::new(Kind::Sha1);
    let prefix = format!("{repository}/");
    let tracked = FILES
        .iter()
        .filter_map(|(name, _)| name.strip_prefix(&prefix))
        .filter(|name| !untracked.contains(name));
    for name in tracked {
        state.dangerously_push_entry(
            Stat::default(),
            ObjectId::null(Kind::Sha1),
            Flags::empty(),
            Mode::FILE,
            name.as_bytes().into(),
        );
    }
    state.sort_entries();
    gix_index::File::from_state(state, git.join("index"))
        .write(gix_index::write::Options::default())
        .map_err(io::Error::other)
}

fn expand(file: &str, text: &str, providers: &[Provider]) -> Result<String, DemoError> {
    let mut out = String::new();
    let mut rest = text;
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    while let Some((before, after)) = rest.split_once("{{") {
        let dollar = before.ends_with('$');
        let end = after.split_once("}}");
        let (Some((name, behind)), false) = (end, dollar) else {
            // A workflow's own expression.
            out.push_str(before);
            out.push_str("{{");
            rest = after;
            continue;
        };
        out.push_str(before);
        if !known.contains_key(name) {
            let value = value(name, providers).map_err(|problem| DemoError::Name {
                file: file.to_owned(),
                name: name.to_owned(),
                problem,
            })?;
            known.insert(name, value);
        }
        out.push_str(known.get(name).map_or("", String::as_str));
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// The value behind a name: an example of its format, from numbers that the name itself starts.
fn value(name: &str, providers: &[Provider]) -> Result<String, &'static str> {
    if let Some(inner) = name.strip_prefix("base64 ") {
        let value = value(inner, providers)?;
        return Ok(base64::engine::general_purpose::STANDARD.encode(value));
    }
    let (what, _) = name.split_once(':').ok_or("has no seed")?;
    let mut random = template::numbers(seed(name));
    if what == "generic" {
        return Template::parse("{base62:24}")
            .map(|template| template.example(&mut random))
            .map_err(|_| "is no template");
    }
    let (provider, kind) = what.split_once('/').ok_or("names no provider and kind")?;
    let (kind, part) = match kind.split_once('.') {
        Some((kind, "key_id")) => (kind, Part::KeyId),
        Some(_) => return Err("has only .key_id for a part"),
        None => (kind, Part::Secret),
    };
    let format = providers
        .iter()
        .filter(|known| known.provider == provider)
        .flat_map(|known| &known.credentials)
        .filter(|known| known.kind == kind)
        .flat_map(|known| &known.formats)
        .find(|format| format.part == part)
        .ok_or("has no such format in the catalogue")?;
    let raw = format.template.example(&mut random);
    Ok(format
        .checksum
        .and_then(|sum| sum.mended(&raw, format.template.prefix()))
        .unwrap_or(raw))
}

fn seed(name: &str) -> u64 {
    let digest = digest::of_bytes(name.as_bytes());
    digest
        .get(..16)
        .and_then(|start| u64::from_str_radix(start, 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn values_are_made_the_same_every_time_and_stand_in_no_file() {
        let providers = catalog::load(None).unwrap();
        let one = text("repos/web/.env", &providers).unwrap();
        assert_eq!(one, text("repos/web/.env", &providers).unwrap());
        assert!(!one.contains("{{"));
        assert!(one.contains("${SENTRY_AUTH_TOKEN}"));
        let rules = tenure_scan::rule::Rules::compile(&providers).unwrap();
        for (name, text) in FILES {
            assert!(rules.find(text.as_bytes()).is_empty(), "{name}");
        }
    }

    #[test]
    fn the_files_are_written_once_and_not_over_others() {
        let providers = catalog::load(None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &providers).unwrap();
        let tree = tenure_scan::source::git::WorkTree::at(&folder.path().join("repos/web"))
            .unwrap()
            .unwrap();
        assert!(tree.tracked.contains(".env.staging"));
        assert!(!tree.tracked.contains(".env"));
        assert_eq!(tree.commit.map(|commit| commit.len()), Some(40));
        assert!(matches!(
            write(folder.path(), &providers),
            Err(DemoError::Io { .. })
        ));
    }
}
