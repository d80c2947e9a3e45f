//! Embeds the provider catalogue: every file of `catalog/providers`, in the order of their names.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../catalog/providers");
    let mut files: Vec<_> = fs::read_dir(&folder)?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.sort();
    let mut list = String::from("&[\n");
    for path in &files {
        let name = path
            .file_stem()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        writeln!(
            list,
            "    ({name:?}, include_str!({:?})),",
            path.canonicalize()?.display().to_string()
        )?;
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("providers.rs"), list)?;
    // INVARIANT: a new file changes the folder, and a changed file is tracked by `include_str!`.
    let mut out = std::io::stdout();
    std::io::Write::write_all(
        &mut out,
        format!("cargo::rerun-if-changed={}\n", folder.display()).as_bytes(),
    )?;
    Ok(())
}
