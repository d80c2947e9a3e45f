//! `tenure scan`: copies of keys in folders, files and standard input.

use crate::{
    args::{Scan as Args, ScanFormat, Whole},
    command,
    exit::{self, Failure},
    findings::{self, Look},
    progress::Bar,
    text,
};
use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};
use tenure_app::{
    apart::Child,
    rule_files::{BadRule, RuleFiles},
    scan::{self, History, Lens, ScanError, Scanned, Wanted},
    state::State,
};
use tenure_model::{
    baseline::Baseline,
    place::Liveness,
    scan::{Scan, Standing},
};

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let baseline = baseline(args)?;
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() {
        &here
    } else {
        args.paths.as_slice()
    };
    // Rules are compiled only where there is something to search.
    let places = scan::list(paths, &args.exclude, &history(args)?).map_err(failure)?;
    let policy = command::policy(args.policy.as_deref())?;
    let providers = command::providers(args.catalog.as_deref())?;
    let mut rules = if args.only_known || args.only_rules {
        scan::no_rules().map_err(failure)?
    } else {
        scan::rules(&providers).map_err(failure)?
    };
    for path in &args.watchlist {
        rules = rules.watching(command::watchlist::read(path)?);
    }
    let rule_files = rule_files(args)?;
    let validation = command::validation(&args.validate, &providers)?;
    let apart = Child::itself().ok();
    let (pepper, state) = command::assess::pepper(State::of_user())?;
    let cache = state
        .as_ref()
        .filter(|_| !args.past.no_cache)
        .and_then(|state| state.histories().ok());
    let Scanned {
        mut scan,
        read,
        whole,
        watched,
    } = places
        .search(
            Lens {
                rules: &rules,
                providers: &providers,
                pepper: &pepper,
                policy: &policy,
                rule_files: &rule_files,
                validation: validation.as_ref(),
                apart: apart.as_ref().map(|apart| apart as &dyn scan::Apart),
            },
            &Wanted {
                only: &args.rule,
                without: &args.no_rule,
                allow: !args.no_allow,
                today: command::today(args.today),
                cache: cache.as_deref(),
            },
            &mut std::io::stdin().lock(),
            &Bar::of_bytes(args.quiet),
        )
        .map_err(failure)?;
    if let Some(validation) = &validation {
        validation.scan(&mut scan, &Bar::of_keys(args.quiet));
    }
    if let Some(before) = &baseline {
        let partly: Vec<String> = scan.skipped.iter().map(|one| one.path.clone()).collect();
        let gone = |path: &str| !is_below(path, &partly) && gone(path, &read, paths);
        let after = before.apply(&mut scan, &gone, whole);
        scan.sort();
        if let Some(path) = &args.write_baseline {
            write_baseline(path, before, &after, args.quiet)?;
        }
    }
    if let Some(state) = &state
        && let Err(error) = state.keep_watched(&watched)
    {
        command::say(&format!(
            "note: `tenure watchlist export` will not know this run: {error}"
        ));
    }
    scan.stats.wall = seconds(started.elapsed().as_secs_f64());
    scan.stats.cpu = processor_time().map(seconds);
    write(&scan, args, baseline.is_some())?;
    Ok(last_words(&scan, args))
}

/// The part of the histories that was asked for.
fn history(args: &Args) -> Result<History, Failure> {
    let past = &args.past;
    if past.pre_receive {
        let mut lines = String::new();
        std::io::stdin()
            .lock()
            .take(LONGEST_PUSH)
            .read_to_string(&mut lines)
            .map_err(|error| {
                Failure::input(
                    format!("standard input: {error}"),
                    "--pre-receive is for a hook, to which git gives `old new ref` lines",
                )
            })?;
        return Ok(History::Pushed(lines));
    }
    if past.staged {
        return Ok(History::Staged);
    }
    if let Some(range) = &past.diff {
        return Ok(History::Between(range.clone()));
    }
    Ok(match (past.history, &past.since) {
        (Some(Whole::None), None) if !past.unreachable => History::None,
        (Some(Whole::None), _) => {
            return Err(Failure::input(
                "--history none goes with no part of the history".to_owned(),
                "leave out --since or --unreachable",
            ));
        }
        (_, Some(since)) => History::Since(since.clone()),
        (_, None) => History::All {
            unreachable: past.unreachable,
        },
    })
}

/// What git gives to a hook at most, in bytes.
const LONGEST_PUSH: u64 = 64 << 20;

/// The rule files that were named.
fn rule_files(args: &Args) -> Result<RuleFiles, Failure> {
    let mut files = RuleFiles::default();
    let bad = if args.skip_bad_rules {
        BadRule::LeaveOut
    } else {
        BadRule::Refuse
    };
    for path in &args.rules {
        files.add(path, bad).map_err(|error| {
            Failure::input(
                format!("{}: {error}", path.display()),
                "name a rule file of gitleaks or Betterleaks (docs/from-gitleaks.md says what of it is read), or go on without such rules with --skip-bad-rules",
            )
        })?;
    }
    if !args.quiet {
        for note in files.notes() {
            command::say(&format!("note: {}", text::tame(note)));
        }
    }
    let unused = files.unused();
    if !unused.is_empty() && !args.quiet {
        command::say(&format!(
            "note: not used, since they look for paths and not for keys: {}",
            text::tame(&unused.join(", "))
        ));
    }
    Ok(files)
}

/// The decisions to hold the findings against. A baseline that is written for the first time begins empty.
fn baseline(args: &Args) -> Result<Option<Baseline>, Failure> {
    let held = args
        .write_baseline
        .as_ref()
        .filter(|path| args.baseline.is_none() && path.exists());
    let Some(path) = args.baseline.as_ref().or(held) else {
        return Ok(args.write_baseline.is_some().then(Baseline::default));
    };
    let text = command::read(path)?;
    Baseline::parse(&text).map(Some).map_err(|error| {
        Failure::input(
            format!("{}: {error}", path.display()),
            "name a file that `tenure scan --write-baseline` or `tenure scan -f json` wrote",
        )
    })
}

/// Whether a path, or a folder or container that it lies in, was not read whole.
fn is_below(path: &str, partly: &[String]) -> bool {
    partly.iter().any(|one| {
        let rest = path.strip_prefix(one.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '!']))
    })
}

/// Whether a path cannot hold a copy any more: it was read to its end, or it is not there.
fn gone(path: &str, read: &BTreeSet<String>, sources: &[PathBuf]) -> bool {
    if read.contains(path) {
        return true;
    }
    let file = path
        .split_once('!')
        .map_or(path, |(container, _)| container);
    // A container that was read does not hold the member any more.
    if file != path && read.contains(file) {
        return true;
    }
    let below = sources.iter().filter(|source| source.is_absolute());
    let there = |root: &Path| root.join(path).exists() || root.join(file).exists();
    !there(Path::new("")) && !below.map(PathBuf::as_path).any(there)
}

fn write_baseline(
    path: &Path,
    before: &Baseline,
    after: &Baseline,
    quiet: bool,
) -> Result<(), Failure> {
    command::print(Some(path), after.to_text().as_bytes())?;
    if !quiet {
        let count = |n: usize| text::count(u64::try_from(n).unwrap_or(u64::MAX), "decision");
        command::say(&format!(
            "{}: {}, {} before",
            text::tame(&path.display().to_string()),
            count(after.len()),
            before.len(),
        ));
        if before.is_empty() {
            command::say(
                "note: `*.jsonl merge=union` in .gitattributes lets any two branches merge",
            );
        }
    }
    Ok(())
}

/// Writes the scan to every place that was asked for.
fn write(scan: &Scan, args: &Args, compared: bool) -> Result<(), Failure> {
    let look = |format: ScanFormat, to: Option<&Path>| Look {
        width: text::width(),
        colour: format == ScanFormat::Table && to.is_none() && text::colour(args.no_color),
        verbose: args.verbose,
        compared,
        dated: args.today.is_some(),
    };
    let one = |to: Option<&Path>| {
        let format = findings::format(args.format, to);
        command::print_with(to, |out| {
            findings::render(scan, format, look(format, to), out)
        })
        .map(|_| ())
    };
    if args.output.is_empty() {
        one(None)?;
    }
    args.output.iter().try_for_each(|path| one(Some(path)))?;
    if args.summary {
        summary(scan, look(ScanFormat::Md, None))?;
    }
    Ok(())
}

/// Appends to the summary of a GitHub Actions job
/// (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>, read 2026-11-26).
fn summary(scan: &Scan, look: Look) -> Result<(), Failure> {
    const VARIABLE: &str = "GITHUB_STEP_SUMMARY";
    let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) else {
        command::say(&format!(
            "note: --summary writes nothing, since {VARIABLE} is not set"
        ));
        return Ok(());
    };
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(findings::markdown(scan, look).as_bytes()))
        .map_err(|error| Failure::Output {
            to: Path::new(&path).display().to_string(),
            error,
        })
}

/// Notes, what was done in how long, and why the run ends as it ends.
fn last_words(scan: &Scan, args: &Args) -> ExitCode {
    let failures = failures(scan, args);
    let (code, why) = if !failures.is_empty() {
        (1, failures.join(", "))
    } else if !scan.complete {
        let parts = u64::try_from(scan.skipped.len()).unwrap_or(u64::MAX);
        let first = scan.skipped.first();
        let first = first.map_or_else(String::new, |one| {
            format!(": {}: {}", text::tame(&one.path), text::tame(&one.reason))
        });
        (
            3,
            format!("{} not read whole{first}", text::count(parts, "place")),
        )
    } else {
        (0, String::new())
    };
    if !args.quiet {
        for note in &scan.notes {
            command::say(&format!("note: {}", text::tame(note)));
        }
        let rate = rate(scan.stats.bytes, scan.stats.wall);
        command::say(&format!(
            "{} in {} ({}) in {:.1} s{rate}",
            text::count(
                u64::try_from(scan.findings.len()).unwrap_or(u64::MAX),
                "key"
            ),
            findings::extent(scan),
            text::bytes(scan.stats.bytes),
            scan.stats.wall,
        ));
    }
    exit::because(code, &why);
    ExitCode::from(code)
}

/// What ends the run with code 1, as the last line says it.
fn failures(scan: &Scan, args: &Args) -> Vec<String> {
    use crate::args::FailOn;
    let asked = if args.fail_on.is_empty() && args.write_baseline.is_none() {
        &[FailOn::New][..]
    } else {
        &args.fail_on
    };
    let count = |fits: &dyn Fn(&tenure_model::scan::Finding) -> bool| {
        let count = scan.findings.iter().filter(|finding| fits(finding)).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    };
    asked
        .iter()
        .filter_map(|on| {
            let (n, what) = match on {
                FailOn::New => (count(&|f| f.standing == Standing::New), "new key"),
                FailOn::Any => (count(&|f| f.standing != Standing::Allowed), "key"),
                FailOn::Live => (count(&|f| f.liveness == Liveness::Live), "live key"),
                FailOn::None => (0, ""),
            };
            (n > 0).then(|| text::count(n, what))
        })
        .collect()
}

fn rate(bytes: u64, wall: f64) -> String {
    // Of a short run the rate says nothing.
    if wall < 0.5 {
        return String::new();
    }
    let Ok(wall) = std::time::Duration::try_from_secs_f64(wall) else {
        return String::new();
    };
    let milliseconds = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = bytes.saturating_mul(1000) / milliseconds;
    format!(", {}/s", text::bytes(rate))
}

/// Seconds to the millisecond.
fn seconds(exact: f64) -> f64 {
    (exact * 1000.0).round() / 1000.0
}

/// Processor time of all threads so far, in seconds.
#[cfg(unix)]
fn processor_time() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).ok()?;
    let seconds = u64::try_from(time.tv_sec).ok()?;
    Some(std::time::Duration::new(seconds, nanoseconds).as_secs_f64())
}

#[cfg(not(unix))]
fn processor_time() -> Option<f64> {
    None
}

fn failure(error: ScanError) -> Failure {
    let todo = match &error {
        ScanError::Missing { .. } => "name a file or folder that exists and that you may read",
        ScanError::Exclude(_) => "write a glob such as `vendor` or `**/*.min.js`",
        ScanError::Catalog(_) => "`tenure catalog check` names every fault",
        ScanError::Rule { .. } => "`tenure catalog list` names providers and kinds",
        ScanError::NoRepository(_) => {
            "name the top folder of a repository, or a bare one; --since, --unreachable, --staged, --diff and --pre-receive need one"
        }
        ScanError::History(_) => "name branches, tags or ids of commits, or a day as YYYY-MM-DD",
        ScanError::Nothing(_) => "name folders or files that hold text",
    };
    Failure::input(error.to_string(), todo)
}
