//! `tenure assess`: the main job.

use crate::{
    args::{Assess, Format, Output},
    command,
    exit::{self, Failure},
    output::{self, FailOn},
    progress::Bar,
    table::Look,
    text,
};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};
use tenure_app::{
    apart::Child,
    assess::{self, AssessError, Assessed, Request},
    report::{self, ReportOptions},
    scan::Apart,
    state::{State, StateError},
};
use tenure_model::{assessment::Assessment, secret::Pepper};

pub(crate) fn run(args: &Assess) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let conditions = conditions(&args.output)?;
    let policy = command::policy(args.policy.as_deref())?;
    let providers = command::providers(args.catalog.as_deref())?;
    let since = args.since_assessment.as_deref().map(earlier).transpose()?;
    let columns = args
        .columns
        .as_deref()
        .map(|path| {
            let text = command::read(path)?;
            toml::from_str(&text).map_err(|error: toml::de::Error| {
                // The error's own words quote the line, and the line may hold anything.
                let before = error.span().and_then(|span| text.get(..span.start));
                let line = before.map_or(1, |text| text.matches('\n').count().saturating_add(1));
                Failure::input(
                    format!("{}: line {line}: {}", path.display(), error.message()),
                    "--save-columns writes a file to start from",
                )
            })
        })
        .transpose()?;
    let mut facts: Vec<(String, String)> = args
        .facts
        .iter()
        .map(|path| Ok((path.display().to_string(), command::read(path)?)))
        .collect::<Result<_, Failure>>()?;
    let imports: Vec<_> = args.import.iter().map(|import| import_of(import)).collect();
    let state = State::of_user();
    let (pepper, state) = pepper(state)?;
    if !args.no_edits
        && let Some(edits) = edits(state.as_ref())?
    {
        facts.push(edits);
    }
    let validation = command::validation(&args.validate, &providers)?;
    let apart = Child::itself().ok();
    let assessed = assess::assess(
        &Request {
            paths: &args.paths,
            imports: &imports,
            people: &args.people,
            facts: &facts,
            columns,
            exclude: &args.exclude,
            since: since.as_ref(),
            providers: &providers,
            policy: &policy,
            pepper: &pepper,
            today: command::today(args.today),
            title: args.title.clone(),
            validation: validation.as_ref(),
            apart: apart.as_ref().map(|apart| apart as &dyn Apart),
        },
        &Bar::new(args.output.quiet),
    )
    .map_err(failure)?;
    if let Some(path) = &args.save_columns {
        save_columns(path, &assessed)?;
    }
    show_columns(&assessed, &args.output);
    if let Some(state) = &state
        && let Err(error) = state.keep(&assessed.assessment)
    {
        let _ = writeln!(
            std::io::stderr(),
            "note: `tenure why` will not know this run: {error}"
        );
    }
    if let Some(state) = &state
        && let Err(error) = state.keep_watched(&assessed.watched)
    {
        command::say(&format!(
            "note: `tenure watchlist export` will not know this run: {error}"
        ));
    }
    finish(
        assessed.assessment,
        &args.output,
        &conditions,
        started,
        Partly::Counts,
    )
}

/// The edits of exported lists that were applied, as a facts file.
fn edits(state: Option<&State>) -> Result<Option<(String, String)>, Failure> {
    let Some(state) = state else { return Ok(None) };
    let text = state
        .edits()
        .map_err(|error| Failure::input(error.to_string(), "--no-edits leaves it out"))?;
    Ok(text.map(|text| (state.edits_path().display().to_string(), text)))
}

/// Keeps an assessment for `tenure why`.
pub(crate) fn keep(state: Option<&State>, assessment: &Assessment) {
    if let Some(state) = state
        && let Err(error) = state.keep(assessment)
    {
        command::say(&format!(
            "note: `tenure why` will not know this run: {error}"
        ));
    }
}

/// Whether what was read in part ends with a code of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partly {
    Counts,
    IsMeant,
}

/// Writes an assessment, its report, and the last line.
pub(crate) fn finish(
    mut assessment: Assessment,
    args: &Output,
    conditions: &[(String, FailOn)],
    started: Instant,
    partly: Partly,
) -> Result<ExitCode, Failure> {
    if args.anonymise {
        assessment = report::anonymise(&assessment);
    }
    let format = output::format(args.format, args.output.as_deref());
    let look = Look {
        width: text::width(),
        colour: format == Format::Table && args.output.is_none() && text::colour(args.no_color),
        all: args.all,
        verbose: args.verbose,
    };
    if let Some(path) = &args.report {
        write_report(&assessment, path)?;
    }
    command::print_with(args.output.as_deref(), |out| {
        output::render(&assessment, format, look, out)
    })?;
    let failures = output::failures(&assessment, conditions);
    let (code, why) = if !failures.is_empty() {
        (1, failures.join(", "))
    } else if !assessment.complete && partly == Partly::Counts {
        (
            3,
            "not everything could be read; NOT SEEN says what".to_owned(),
        )
    } else {
        (0, String::new())
    };
    if !args.quiet {
        let mut err = std::io::stderr().lock();
        let seconds = started.elapsed().as_secs_f64();
        let wrote = args.report.as_ref().map_or_else(String::new, |path| {
            format!("; report in {}", path.display())
        });
        let _ = writeln!(
            err,
            "{} in {} in {seconds:.1} s{wrote}",
            text::count(assessment.summary.keys, "key"),
            text::count(assessment.summary.files, "file"),
        );
    }
    exit::because(code, &why);
    Ok(ExitCode::from(code))
}

pub(crate) fn conditions(args: &Output) -> Result<Vec<(String, FailOn)>, Failure> {
    args.fail_on
        .iter()
        .flat_map(|words| words.split(','))
        .map(|word| Ok((word.trim().to_owned(), FailOn::parse(word)?)))
        .collect()
}

/// The pepper of this user; where no folder for it can be used, one for this run alone.
pub(crate) fn pepper(state: Result<State, StateError>) -> Result<(Pepper, Option<State>), Failure> {
    let made = state.and_then(|state| Ok((state.pepper()?, Some(state))));
    match made {
        Ok(made) => Ok(made),
        Err(error @ StateError::Broken { .. }) => Err(Failure::input(error.to_string(), "")),
        Err(error) => {
            command::say(&format!(
                "note: fingerprints hold for this run only: {error}"
            ));
            State::passing_pepper()
                .map(|pepper| (pepper, None))
                .map_err(|error| Failure::input(error.to_string(), ""))
        }
    }
}

/// `KIND=FILE`, or `FILE` where that names a file or no kind stands before the sign.
fn import_of(text: &str) -> (Option<String>, PathBuf) {
    match text.split_once('=') {
        Some((kind, file))
            if !Path::new(text).exists()
                && kind
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') =>
        {
            (Some(kind.to_owned()), PathBuf::from(file))
        }
        _ => (None, PathBuf::from(text)),
    }
}

/// An assessment from a file.
pub(crate) fn earlier(path: &Path) -> Result<Assessment, Failure> {
    serde_json::from_str(&command::read(path)?).map_err(|error| {
        Failure::input(
            format!("{}: {error}", path.display()),
            "name a file that `tenure assess -f json` wrote",
        )
    })
}

pub(crate) fn failure(error: AssessError) -> Failure {
    let todo = match &error {
        AssessError::Missing { .. } => "name a file or folder that exists and that you may read",
        AssessError::Kind { .. } => "leave KIND= out to have the file recognised by its content",
        AssessError::Exclude(_) => "write a glob such as `vendor` or `**/*.min.js`",
        AssessError::Facts(_) => "the format is in docs/facts.md",
        AssessError::Catalog(_) => "`tenure catalog check` names every fault",
        AssessError::Nothing(_) => "name folders or exports that hold something",
    };
    Failure::input(error.to_string(), todo)
}

fn save_columns(path: &Path, assessed: &Assessed) -> Result<(), Failure> {
    let Some((_, map)) = assessed.columns.first() else {
        return Err(Failure::input(
            "--save-columns: no table was read",
            "give one with --import table=FILE",
        ));
    };
    let text = toml::to_string_pretty(map).map_err(|error| Failure::Output {
        to: path.display().to_string(),
        error: std::io::Error::other(error),
    })?;
    command::print(Some(path), text.as_bytes()).map(|_| ())
}

/// Says how the columns of tables were understood.
fn show_columns(assessed: &Assessed, args: &Output) {
    if args.quiet {
        return;
    }
    let mut err = std::io::stderr().lock();
    for (file, map) in &assessed.columns {
        if args.verbose {
            let _ = writeln!(err, "{}: columns read as", text::tame(file));
            for column in &map.columns {
                let _ = writeln!(
                    err,
                    "  {} is {}",
                    text::pad(&column.header, 24),
                    column.field.word()
                );
            }
        } else {
            let used: Vec<String> = map
                .columns
                .iter()
                .map(|column| format!("{} = {}", text::tame(&column.header), column.field.word()))
                .collect();
            let _ = writeln!(
                err,
                "{}: read {}",
                text::tame(file),
                text::fit(&used.join(", "), 100)
            );
        }
    }
}

/// Writes the report, and beside it the reasons of a large one.
fn write_report(assessment: &Assessment, path: &Path) -> Result<(), Failure> {
    let csv = path.with_extension("csv");
    let csv_name = csv
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let options = ReportOptions {
        csv_name: &csv_name,
        ..ReportOptions::default()
    };
    let made = report::html(assessment, &options).map_err(|error| Failure::Output {
        to: path.display().to_string(),
        error: std::io::Error::other(error),
    })?;
    command::print(Some(path), made.html.as_bytes())?;
    if let Some(text) = &made.csv {
        command::print(Some(&csv), text.as_bytes())?;
    }
    Ok(())
}
