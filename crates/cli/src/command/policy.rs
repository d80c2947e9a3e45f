//! `tenure policy show|check`.

use crate::{args::PolicyCommand, command, exit::Failure};
use std::process::ExitCode;
use tenure_model::policy;

pub(crate) fn run(command: &PolicyCommand) -> Result<ExitCode, Failure> {
    match command {
        PolicyCommand::Show {
            policy,
            digest: true,
        } => {
            let digest = command::policy(policy.as_deref())?.digest();
            command::print(None, format!("{digest}\n").as_bytes())
        }
        PolicyCommand::Show {
            policy: None,
            digest: false,
        } => command::print(None, policy::DEFAULT_TOML.as_bytes()),
        PolicyCommand::Show {
            policy: Some(path),
            digest: false,
        } => {
            command::policy(Some(path))?;
            command::print(None, command::read(path)?.as_bytes())
        }
        PolicyCommand::Check { file } => {
            let policy = command::policy(Some(file))?;
            let line = format!(
                "{}: policy {} is whole, digest {}\n",
                file.display(),
                policy.version,
                policy.digest()
            );
            command::print(None, line.as_bytes())
        }
    }
}
