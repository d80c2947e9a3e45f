//! `tenure demo`: the example company, through the same door as everybody else's keys.

use crate::{args::Demo, command, exit::Failure, progress::Bar};
use std::{path::Path, process::ExitCode, time::Instant};
use tenure_app::{
    assess::{self, Request},
    demo::{self, DemoError},
    state::State,
};
use tenure_model::policy::Policy;

pub(crate) fn run(args: &Demo) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let conditions = command::assess::conditions(&args.output)?;
    let providers = command::providers(None)?;
    let made;
    let folder: &Path = match &args.keep {
        Some(folder) => folder,
        None => {
            made = tempfile::tempdir().map_err(|error| Failure::Output {
                to: std::env::temp_dir().display().to_string(),
                error,
            })?;
            made.path()
        }
    };
    demo::write(folder, &providers).map_err(failure)?;
    let facts = demo::text(demo::FACTS, &providers).map_err(failure)?;
    let today = demo::TODAY
        .parse()
        .map_err(|error| Failure::input(format!("{error}"), ""))?;
    let policy = Policy::builtin();
    let assessed = assess::assess(
        &Request {
            paths: &[folder.to_owned()],
            imports: &[],
            people: &[folder.join(demo::PEOPLE)],
            facts: &[(demo::FACTS.to_owned(), facts)],
            columns: None,
            exclude: &[demo::FACTS.to_owned()],
            since: None,
            providers: &providers,
            policy: &policy,
            pepper: &demo::pepper(),
            today,
            title: Some(demo::TITLE.to_owned()),
            validation: None,
            apart: None,
        },
        &Bar::new(args.output.quiet),
    )
    .map_err(command::assess::failure)?;
    let assessment = assessed.assessment;
    command::assess::keep(State::of_user().ok().as_ref(), &assessment);
    if let Some(folder) = &args.keep {
        command::say(&format!(
            "the same by hand: tenure assess {0} --people {0}/{1} --facts {0}/{2} --exclude {2} --today {3}",
            folder.display(),
            demo::PEOPLE,
            demo::FACTS,
            demo::TODAY,
        ));
    }
    command::assess::finish(
        assessment,
        &args.output,
        &conditions,
        started,
        command::assess::Partly::IsMeant,
    )
}

fn failure(error: DemoError) -> Failure {
    match error {
        DemoError::Io { path, error } => Failure::Output {
            to: path.display().to_string(),
            error,
        },
        DemoError::Name { .. } => Failure::input(error.to_string(), ""),
    }
}
