//! Embeds the provider catalogue, its detectors and the example company: every file, in the order of its name.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let top = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let providers = top.join("catalog/providers");
    let detectors = top.join("catalog/detectors");
    for (folder, list) in [(&providers, "providers.rs"), (&detectors, "detectors.rs")] {
        let mut text = String::from("&[\n");
        for (name, path) in files(folder)? {
            if let Some(slug) = name.strip_suffix(".toml") {
                writeln!(text, "    ({slug:?}, include_str!({path:?})),")?;
            }
        }
        text.push_str("]\n");
        fs::write(out.join(list), text)?;
    }

    let example = top.join("examples/northwind");
    let mut list = String::from("&[\n");
    for (name, path) in files(&example)? {
        writeln!(list, "    ({name:?}, include_str!({path:?})),")?;
    }
    list.push_str("]\n");
    fs::write(out.join("northwind.rs"), list)?;

    // INVARIANT: a new file changes a folder, and a changed file is tracked by `include_str!`.
    let mut said = std::io::stdout();
    for folder in [&providers, &detectors, &example] {
        std::io::Write::write_all(
            &mut said,
            format!("cargo::rerun-if-changed={}\n", folder.display()).as_bytes(),
        )?;
    }
    Ok(())
}

/// Every file below a folder: its path relative to it, with `/`, and its full path; sorted.
fn files(folder: &Path) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let folder = folder.canonicalize()?;
    let mut found = Vec::new();
    let mut ahead = vec![folder.clone()];
    while let Some(next) = ahead.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                ahead.push(path);
                continue;
            }
            let parts: Vec<_> = path
                .strip_prefix(&folder)?
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            found.push((parts.join("/"), path.display().to_string()));
        }
    }
    found.sort();
    Ok(found)
}
