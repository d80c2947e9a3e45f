//! `tenure demo`: the example company.

use crate::{args::Demo, exit::Failure};
use std::process::ExitCode;

pub(crate) fn run(args: &Demo) -> Result<ExitCode, Failure> {
    let _ = args;
    Ok(ExitCode::SUCCESS)
}
