//! `tenure schema`: the contracts as JSON Schema.

use crate::{args::Schema, command, exit::Failure};
use std::process::ExitCode;
use tenure_model::contract;

pub(crate) fn run(args: &Schema) -> Result<ExitCode, Failure> {
    let schema = match args.contract.as_str() {
        "answer" => contract::answer(),
        "scan" => contract::scan(),
        _ => contract::assessment(),
    };
    let mut text = serde_json::to_string_pretty(&schema).map_err(|error| Failure::Output {
        to: "the schema".to_owned(),
        error: error.into(),
    })?;
    text.push('\n');
    command::print(None, text.as_bytes())
}
