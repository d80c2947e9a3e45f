//! How fast the engine goes through the files below a folder, read beforehand:
//! `cargo run --release -p tenure-scan --example throughput -- catalog/providers FOLDER [ROUNDS]`.
//! `WATCH=FILE` looks for the keys of a watch list as well (`benches/scan/watchlist` makes one), `ONLY=1` for nothing else.
//! Prints the time to make the rules, and for each round seconds, bytes per second and what was found.
#![allow(clippy::print_stdout, reason = "a program for measuring")]

use std::{error::Error, fs, path::Path, time::Instant};
use tenure_model::catalog::Provider;
use tenure_scan::{
    engine::{self, Candidate, Context, Sink},
    judge::Dismissal,
    rule::Rules,
    source::files,
    watchlist::Watch,
};

#[derive(Default)]
struct Count(u64, u64);

impl Sink for Count {
    fn candidate(&mut self, candidate: Candidate) {
        self.0 = self.0.saturating_add(1);
        if std::env::var_os("SHOW").is_some() {
            println!(
                "  {}/{} line {} {:?}",
                candidate.provider, candidate.credential, candidate.line, candidate.variable
            );
        }
    }
    fn dismissed(&mut self, _: Dismissal) {
        self.1 = self.1.saturating_add(1);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(catalog), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("name the folder of the catalogue and a folder to go through".into());
    };
    let rounds: u32 = arguments.next().map_or(Ok(5), |rounds| rounds.parse())?;
    let mut providers = Vec::new();
    for entry in fs::read_dir(catalog)? {
        let path = entry?.path();
        providers.push(Provider::parse(
            &path.display().to_string(),
            &fs::read_to_string(&path)?,
        )?);
    }
    let began = Instant::now();
    let rules = Rules::compile(&providers)?;
    println!("{} rules in {:?}", rules.all().len(), began.elapsed());
    let rules = match std::env::var("WATCH") {
        Err(_) => rules,
        Ok(file) => {
            let list = fs::read(file)?;
            let began = Instant::now();
            let watch = Watch::parse(list)?;
            println!("{} known keys in {:?}", watch.len(), began.elapsed());
            if std::env::var_os("ONLY").is_some() {
                Rules::known_only(watch)?
            } else {
                rules.watching(watch)
            }
        }
    };
    let texts: Vec<Vec<u8>> = files::list(Path::new(&folder))
        .entries
        .iter()
        .filter_map(|entry| fs::read(&entry.path).ok())
        .filter(|text| !text.iter().take(8192).any(|byte| *byte == 0))
        .collect();
    let bytes: usize = texts.iter().map(Vec::len).sum();
    for _ in 0..rounds {
        let mut count = Count::default();
        let began = Instant::now();
        for text in &texts {
            let context = Context {
                code: true,
                test_material: false,
                encoded: false,
            };
            engine::scan(&rules, text, context, &mut count);
        }
        let took = began.elapsed();
        println!(
            "{} files, {bytes} bytes in {took:?}: {:.0} MB/s; {} candidates, {} dismissed",
            texts.len(),
            bytes as f64 / 1e6 / took.as_secs_f64(),
            count.0,
            count.1
        );
    }
    Ok(())
}
