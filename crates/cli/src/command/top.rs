//! `tenure top`: the few changes that end the most keys, and the few answers that decide the most.

use crate::{args::Top, command, exit::Failure, text};
use serde_json::json;
use std::{fmt::Write as _, process::ExitCode};
use tenure_model::{
    answers::{self, Answer},
    assessment::Assessment,
};

/// How many of each are named.
const MOST: usize = 10;

pub(crate) fn run(args: &Top) -> Result<ExitCode, Failure> {
    let assessment = command::why::assessment(args.assessment.as_deref())?;
    let answers = answers::answers(&assessment, MOST);
    if args.format == "json" {
        let value = json!({"changes": assessment.summary.changes, "answers": answers});
        return command::print_json(&value);
    }
    command::print(None, told(&assessment, &answers).as_bytes())
}

fn told(assessment: &Assessment, answers: &[Answer]) -> String {
    let width = text::width();
    let mut out = String::new();
    let changes = &assessment.summary.changes;
    if changes.is_empty() && answers.is_empty() {
        return "Nothing to change and nobody to ask: every key has an owner, and none can be ended.\n"
            .to_owned();
    }
    let _ = writeln!(out, "CHANGES that end the most keys\n  KEYS  B3–B4");
    for change in changes {
        let keys = u64::try_from(change.keys.len()).unwrap_or(u64::MAX);
        let _ = writeln!(
            out,
            "  {:>4}  {:>5}  {}",
            text::number(keys),
            text::number(change.high),
            text::fit(&change.text, width.saturating_sub(15)),
        );
    }
    let _ = writeln!(out, "\nANSWERS that decide the most keys\n  KEYS  B3–B4");
    for answer in answers {
        let keys = u64::try_from(answer.keys.len()).unwrap_or(u64::MAX);
        let _ = writeln!(
            out,
            "  {:>4}  {:>5}  {}",
            text::number(keys),
            text::number(answer.high),
            text::fit(&answer.container.question(), width.saturating_sub(15)),
        );
        let hints: Vec<String> = answer
            .candidates
            .iter()
            .map(|(who, count)| format!("{who} ({})", text::count(*count, "key")))
            .collect();
        let then: Vec<String> = answer
            .then
            .iter()
            .map(|(verdict, count)| format!("{} {}", text::number(*count), verdict.title()))
            .collect();
        let ask = match hints.as_slice() {
            [] => "nobody is known to ask".to_owned(),
            some => format!("ask {}", some.join(", ")),
        };
        let _ = writeln!(
            out,
            "               {}",
            text::fit(
                &format!("{ask}; then {}", then.join(", ")),
                width.saturating_sub(15)
            ),
        );
    }
    out
}
