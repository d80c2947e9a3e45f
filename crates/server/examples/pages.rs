//! Writes every page of the console with sample data (the example company) and its files into a folder, to be looked at
//! in a browser: `cargo run -p tenure-server --example pages DIR [long]`. With `long`, texts of people have no place to break.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "an example"
)]

#[path = "../tests/console/sample.rs"]
mod sample;

use std::{fs, io, path::PathBuf, process::ExitCode};
use tenure_server::ui::asset::{ASSETS, asset};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return ExitCode::from(2);
    };
    let northwind = tempfile::tempdir().unwrap();
    let (assessment, providers) = sample::northwind(northwind.path());
    let long = std::env::args().nth(2).is_some_and(|word| word == "long");
    let say = |text: &str| match long {
        true => format!("{text}{}", "-unbroken_word".repeat(12).replace('-', "_")),
        false => text.to_owned(),
    };
    let sample = sample::Sample {
        assessment: &assessment,
        providers: &providers,
        say: &say,
    };
    match write(&folder, &sample.pages()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(4),
    }
}

fn write(folder: &std::path::Path, pages: &[sample::Page]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, text) in pages {
        fs::write(folder.join(format!("{name}.html")), text)?;
    }
    for one in ASSETS {
        let file = folder.join(asset(one.name).trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(file, one.bytes)?;
    }
    Ok(())
}
