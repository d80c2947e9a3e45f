//! `tenure completions` and `tenure man`, from the definition of the command line itself.

use crate::{args::Args, command, exit::Failure};
use clap::CommandFactory as _;
use std::{path::Path, process::ExitCode};

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<ExitCode, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "tenure", &mut bytes);
    command::print(None, &bytes)
}

pub(crate) fn manual(folder: Option<&Path>) -> Result<ExitCode, Failure> {
    let fail = |to: &Path, error| Failure::Output {
        to: to.display().to_string(),
        error,
    };
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|error| fail(folder, error))?;
            clap_mangen::generate_to(Args::command(), folder)
                .map_err(|error| fail(folder, error))?;
            Ok(ExitCode::SUCCESS)
        }
        None => {
            let mut bytes = Vec::new();
            clap_mangen::Man::new(Args::command())
                .render(&mut bytes)
                .map_err(|error| fail(Path::new("standard output"), error))?;
            command::print(None, &bytes)
        }
    }
}
