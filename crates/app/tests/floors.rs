//! The floors of ARCHITECTURE.md: which crate may know which, and no circle between the files of a crate.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// What each crate may depend on, of ours. A crate without a line here fails the test.
const FLOORS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("scan", &["model"]),
    ("access", &["model"]),
    ("connect", &["model"]),
    ("store", &["model"]),
    ("app", &["model", "scan", "connect", "store", "access"]),
    ("server", &["app", "model"]),
    ("cli", &["app", "server", "model"]),
    // For tests alone; nothing that is shipped depends on it.
    ("testkit", &["app", "access", "model"]),
];

/// Files that know each other in a circle. This list can only shrink: a circle that is gone has to go from here
/// too, and a new one is not to be added.
const CIRCLES: &[(&str, &[&str])] = &[];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn names() -> BTreeSet<String> {
    fs::read_dir(crates())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

/// Our crates in one table of a manifest, `dependencies` at top level or of a target.
fn ours(manifest: &toml::Table, kinds: &[&str]) -> BTreeSet<String> {
    let of = |table: &toml::Table| -> Vec<String> {
        kinds
            .iter()
            .filter_map(|kind| table.get(*kind)?.as_table())
            .flat_map(|dependencies| dependencies.iter())
            .map(|(name, entry)| {
                let renamed = entry.get("package").and_then(toml::Value::as_str);
                renamed.unwrap_or(name).to_owned()
            })
            .collect()
    };
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let targets = targets
        .into_iter()
        .flat_map(|targets| targets.values())
        .filter_map(toml::Value::as_table)
        .flat_map(of);
    of(manifest)
        .into_iter()
        .chain(targets)
        .filter_map(|name| name.strip_prefix("tenure-").map(str::to_owned))
        .collect()
}

#[test]
fn every_crate_knows_only_the_floors_below_it() {
    let allowed: BTreeMap<&str, BTreeSet<String>> = FLOORS
        .iter()
        .map(|(name, below)| (*name, below.iter().map(|b| (*b).to_owned()).collect()))
        .collect();
    for name in names() {
        let text = fs::read_to_string(crates().join(&name).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let allowed = allowed
            .get(name.as_str())
            .unwrap_or_else(|| panic!("crates/{name} has no floor; give it one in this test"));
        let known = ours(&manifest, &["dependencies", "build-dependencies"]);
        let above: Vec<_> = known.difference(allowed).collect();
        assert!(above.is_empty(), "{name} must not depend on {above:?}");
        let tested = ours(&manifest, &["dev-dependencies"]);
        let above: Vec<_> = tested
            .difference(allowed)
            .filter(|one| *one != "testkit")
            .collect();
        assert!(
            above.is_empty(),
            "the tests of {name} must not depend on {above:?}"
        );
    }
}

#[test]
fn the_floors_name_no_crate_that_is_gone_and_make_no_circle() {
    let names = names();
    for (at, (name, below)) in FLOORS.iter().enumerate() {
        assert!(names.contains(*name), "{name} is gone");
        for one in *below {
            let where_it_is = FLOORS.iter().position(|(name, _)| name == one);
            assert!(
                where_it_is.is_some_and(|below| below < at) || *name == "cli",
                "{name}: {one}"
            );
        }
    }
}

/// The files of a crate, by the path of the module that each is; the roots are left out, since they only name
/// the others.
fn modules(src: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut ahead = vec![src.to_owned()];
    while let Some(folder) = ahead.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                ahead.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let relative = path.strip_prefix(src).unwrap().with_extension("");
                let parts: Vec<_> = relative
                    .components()
                    .map(|part| part.as_os_str().to_string_lossy().into_owned())
                    .collect();
                let last = parts.last().unwrap().as_str();
                if !matches!(last, "lib" | "main" | "tests" | "sample") {
                    found.insert(parts.join("::"), fs::read_to_string(&path).unwrap());
                }
            }
        }
    }
    found
}

/// The text without comments, strings, and the tests at its end.
fn code(text: &str) -> String {
    let upto = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..upto]
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every path that starts with `crate::`, groups in braces taken apart.
fn paths(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let own = code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$'));
        if !own {
            spread("", &code[at + "crate::".len()..], &mut found);
        }
    }
    found
}

/// Reads one path, or one group of paths, and gives back what follows it.
fn spread<'t>(before: &str, text: &'t str, found: &mut BTreeSet<String>) -> &'t str {
    let mut text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        text = group.trim_start();
        while !text.is_empty() && !text.starts_with('}') {
            text = spread(before, text, found).trim_start();
            text = text.strip_prefix(',').unwrap_or(text).trim_start();
        }
        return text.strip_prefix('}').unwrap_or(text);
    }
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*'))
        .unwrap_or(text.len());
    if end == 0 {
        // Nothing that a path is made of: passed over, so that reading ends.
        found.insert(before.to_owned());
        return text.get(1..).unwrap_or_default();
    }
    let (name, rest) = text.split_at(end);
    let path = if before.is_empty() {
        name.to_owned()
    } else {
        format!("{before}::{name}")
    };
    match rest.strip_prefix("::") {
        Some(rest) => spread(&path, rest, found),
        None => {
            found.insert(path);
            let renamed = rest.trim_start().strip_prefix("as ");
            renamed.map_or(rest, |rest| {
                rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
            })
        }
    }
}

/// The file at the top level of the crate that holds a path: the file and its folder are one room.
fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

/// Which room knows which others.
fn knows(src: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let modules = modules(src);
    let rooms: BTreeSet<String> = modules.keys().map(|m| room(m).to_owned()).collect();
    let mut knows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, text) in &modules {
        let known = knows.entry(room(module).to_owned()).or_default();
        for path in paths(&code(text)) {
            let other = room(&path);
            if rooms.contains(other) && other != room(module) {
                known.insert(other.to_owned());
            }
        }
    }
    knows
}

/// Rooms that reach each other, in the order of their names.
fn circles(knows: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<Vec<String>> {
    let reaches = |from: &String| {
        let mut seen: BTreeSet<&String> = BTreeSet::new();
        let mut ahead = vec![from];
        while let Some(at) = ahead.pop() {
            for next in knows.get(at).into_iter().flatten() {
                if seen.insert(next) {
                    ahead.push(next);
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&String, BTreeSet<&String>> =
        knows.keys().map(|room| (room, reaches(room))).collect();
    knows
        .keys()
        .filter(|room| reach[room].contains(room))
        .map(|room| {
            knows
                .keys()
                .filter(|other| reach[room].contains(other) && reach[other].contains(room))
                .cloned()
                .collect()
        })
        .collect()
}

#[test]
fn the_files_of_a_crate_know_each_other_in_no_circle() {
    let mut found = BTreeSet::new();
    for name in names() {
        let src = crates().join(&name).join("src");
        let all = circles(&knows(&src));
        found.extend(all.into_iter().map(|circle| (name.clone(), circle)));
    }
    let allowed: BTreeSet<(String, Vec<String>)> = CIRCLES
        .iter()
        .map(|(name, circle)| {
            let circle = circle.iter().map(|room| (*room).to_owned()).collect();
            ((*name).to_owned(), circle)
        })
        .collect();
    let new: Vec<_> = found.difference(&allowed).collect();
    assert!(new.is_empty(), "circles between files: {new:#?}");
    let gone: Vec<_> = allowed.difference(&found).collect();
    assert!(gone.is_empty(), "strike these off the list: {gone:#?}");
}

#[test]
fn the_test_sees_paths_in_groups_and_circles_through_others() {
    let seen =
        paths("use crate::{a::{self, B}, c::D as E, f};\nfn g() { crate::h::i(); my_crate::j(); }");
    let rooms: Vec<&str> = seen.iter().map(|path| room(path)).collect();
    assert_eq!(rooms, ["a", "a", "c", "f", "h"]);
    let graph = |edges: &[(&str, &str)]| {
        let mut knows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in edges {
            knows.entry((*to).to_owned()).or_default();
            knows
                .entry((*from).to_owned())
                .or_default()
                .insert((*to).to_owned());
        }
        circles(&knows)
    };
    assert!(graph(&[("a", "b"), ("b", "c"), ("a", "c")]).is_empty());
    let one = graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]);
    assert_eq!(one.into_iter().next().unwrap(), ["a", "b", "c"]);
}

#[test]
fn the_model_reads_no_file_no_clock_and_no_network() {
    let forbidden = [
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "SystemTime",
        "Instant::now",
        "tokio",
    ];
    for (module, text) in modules(&crates().join("model/src")) {
        let code = code(&text);
        for word in forbidden {
            assert!(!code.contains(word), "model::{module} names {word}");
        }
    }
}

#[test]
fn only_access_makes_a_permit_and_only_it_knows_cedar() {
    for name in names() {
        let folder = crates().join(&name);
        let manifest: toml::Table =
            toml::from_str(&fs::read_to_string(folder.join("Cargo.toml")).unwrap()).unwrap();
        let cedar = ["dependencies", "dev-dependencies", "build-dependencies"]
            .iter()
            .filter_map(|kind| manifest.get(*kind)?.as_table())
            .any(|table| table.keys().any(|library| library.starts_with("cedar")));
        assert_eq!(cedar, name == "access", "{name} and Cedar");
        for (module, text) in modules(&folder.join("src")) {
            let makes = code(&text).contains("Permitted for");
            let maker = name == "access" && module == "permit";
            assert_eq!(makes, maker, "{name}::{module} and permits");
        }
    }
}
