//! Exit codes, and the last line on standard error that says why.
//!
//! 0 read whole, nothing to fail on; 1 findings; 2 usage, missing path or nothing read; 3 partly read;
//! 4 Tenure itself failed; 130 interrupted.

use crate::text;
use std::{io::Write, process::ExitCode};
use tenure_app::discreet::discreet;

/// Why a command ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The caller has to mend something: exit 2.
    #[error("{what}")]
    Input {
        /// What happened, with the file, line or field.
        what: String,
        /// What to do about it.
        todo: String,
    },
    /// Tenure itself failed: exit 4.
    #[error("{0}")]
    Failed(String),
    /// Writing the result failed: exit 4.
    #[error("cannot write {to}: {error}")]
    Output {
        /// Where to.
        to: String,
        /// The reason.
        error: std::io::Error,
    },
}

impl Failure {
    pub(crate) fn input(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::Input {
            what: what.into(),
            todo: todo.into(),
        }
    }
}

/// The last line on standard error; nothing where all is well.
pub(crate) fn because(code: u8, why: &str) {
    if code != 0 {
        let _ = writeln!(std::io::stderr(), "exit {code}: {why}");
    }
}

/// Ends with the reason on standard error.
pub(crate) fn failed(failure: &Failure) -> ExitCode {
    let mut err = std::io::stderr().lock();
    let (code, why) = match failure {
        Failure::Input { what, todo } => {
            let _ = writeln!(err, "error: {}", tame(&discreet(what, is_typed)));
            if !todo.is_empty() {
                let _ = writeln!(err, "  {todo}");
            }
            (2, "the input could not be used")
        }
        Failure::Output { error, .. } if error.kind() == std::io::ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        Failure::Failed(what) => {
            let _ = writeln!(err, "error: {}", tame(&discreet(what, is_typed)));
            (4, "Tenure itself failed")
        }
        Failure::Output { .. } => {
            let _ = writeln!(err, "error: {}", tame(&failure.to_string()));
            (4, "the result could not be written")
        }
    };
    let _ = writeln!(err, "exit {code}: {why}");
    ExitCode::from(code)
}

/// Lines that cannot move the cursor.
fn tame(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(text::tame).collect();
    lines.join("\n")
}

/// A path, or a part of one, that the user typed: no secret, however random it looks.
fn is_typed(word: &str) -> bool {
    std::env::args().any(|typed| typed.contains(word)) || std::path::Path::new(word).exists()
}

/// Ends after a command line that was not understood, or after help.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() {
        let _ = writeln!(
            std::io::stderr(),
            "exit 2: the command line was not understood"
        );
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}
