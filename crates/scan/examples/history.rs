//! Measures the search of one repository's history: what was read, looked at and found, and what it cost.
//!
//! ```text
//! cargo run --release -p tenure-scan --example history -- REPOSITORY [--full] [--decode] [--since SECONDS]
//! ```
//! `--full` looks at every file in full instead of at changes; `--decode` looks at nothing, which leaves the
//! cost of reading packs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::{env, fs, ops::Range, path::Path, process::ExitCode, time::Instant};
use tenure_model::catalog::Provider;
use tenure_scan::{
    history::{Depth, Detect, Finding, Hit, Look, Opener, Options, Place, Repository, Scope, scan},
    rule::Rules,
};

/// Looks at nothing.
struct Nothing;

impl Look for Nothing {
    type Found = ();
    fn digest(&self) -> [u8; 32] {
        [0; 32]
    }
    fn class(&self, _: &str) -> u8 {
        0
    }
    fn openers(&self) -> &[Opener] {
        &[]
    }
    fn look(&self, _: &[u8], _: &[Range<usize>], _: &mut dyn FnMut(Hit)) {}
    fn take(&self, _: &[u8], _: &Hit, _: &str) -> Option<()> {
        None
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let has = |flag: &str| words.iter().any(|word| word == flag);
    let Some(folder) = words.first() else {
        eprintln!("name a repository");
        return ExitCode::from(2);
    };
    let since = words
        .iter()
        .skip_while(|word| *word != "--since")
        .nth(1)
        .and_then(|seconds| seconds.parse().ok());
    let options = Options {
        scope: since.map_or(Scope::All, Scope::Since),
        depth: if has("--full") {
            Depth::Full
        } else {
            Depth::Changes
        },
        ..Options::default()
    };
    let repository = match Repository::at(Path::new(folder)) {
        Ok(repository) => repository,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let start = Instant::now();
    if has("--decode") {
        print(&scan(&repository, &Nothing, &options, &()), |()| {
            String::new()
        });
    } else {
        let rules = match Rules::compile(&providers()) {
            Ok(rules) => rules,
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::from(2);
            }
        };
        let look = Detect::new(&rules, [0; 32]);
        print(&scan(&repository, &look, &options, &()), |found| {
            format!(
                "{}/{} line {}",
                found.provider, found.credential, found.line
            )
        });
    }
    println!("wall {:.2} s, {}", start.elapsed().as_secs_f64(), cost());
    ExitCode::SUCCESS
}

fn print<F>(report: &tenure_scan::history::Report<F>, words: impl Fn(&F) -> String) {
    let stats = report.stats;
    println!(
        "{} commits, {} blobs, {} MiB, looked at {} MiB, {} binary, {} hits, {} findings, {} skipped",
        report.commits,
        stats.blobs,
        stats.bytes >> 20,
        stats.looked >> 20,
        stats.binary,
        stats.hits,
        report.findings.len(),
        report.skipped.len()
    );
    for one in report.skipped.iter().take(5) {
        println!("  skipped {}: {}", one.what, one.reason);
    }
    for Finding {
        found,
        place,
        introduced,
        removed,
        tips,
        ..
    } in report.findings.iter().take(20)
    {
        let place = match place {
            Place::File(path) => path.clone(),
            other => format!("{other:?}"),
        };
        println!(
            "  {place}: {}, in by {}, out by {}, at {tips:?}",
            words(found),
            introduced.len(),
            removed.len()
        );
    }
}

fn providers() -> Vec<Provider> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog/providers");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
        .iter()
        .filter_map(|path| {
            let text = fs::read_to_string(path).ok()?;
            Provider::parse(&path.display().to_string(), &text).ok()
        })
        .collect()
}

/// Processor time and the most memory in use, as the system counts them.
fn cost() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or("unknown")
        .trim()
        .to_owned();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: f64 = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    format!("processor {:.2} s, peak memory {peak}", ticks / 100.0)
}
