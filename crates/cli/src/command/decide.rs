//! `tenure decide`: the rules on their own.

use crate::{args::Decide, command, exit::Failure};
use std::process::ExitCode;
use tenure_model::{day::Day, explain, facts::Case};

/// How the facts came, which is how the answers go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Object,
    Array,
    Lines,
}

pub(crate) fn run(args: &Decide) -> Result<ExitCode, Failure> {
    let policy = command::policy(args.policy.as_deref())?;
    let today = command::today(args.today);
    let name = args.facts.display().to_string();
    let text = command::read(&args.facts)?;
    let lines = args
        .facts
        .extension()
        .is_some_and(|ext| ext == "jsonl" || ext == "ndjson");
    let (shape, cases) = cases(&name, &text, lines, today)?;

    let digest = policy.digest();
    let answers = cases
        .iter()
        .map(|case| explain::answer(case, &policy, &digest, today));
    let mut out = Vec::new();
    let written = match shape {
        Shape::Object => answers
            .take(1)
            .try_for_each(|answer| serde_json::to_writer_pretty(&mut out, &answer)),
        Shape::Array => serde_json::to_writer_pretty(&mut out, &answers.collect::<Vec<_>>()),
        Shape::Lines => answers
            .into_iter()
            .enumerate()
            .try_for_each(|(index, answer)| {
                if index > 0 {
                    out.push(b'\n');
                }
                serde_json::to_writer(&mut out, &answer)
            }),
    };
    written.map_err(|error| Failure::Output {
        to: "the answers".to_owned(),
        error: error.into(),
    })?;
    out.push(b'\n');
    command::print(args.output.as_deref(), &out)
}

fn cases(name: &str, text: &str, lines: bool, today: Day) -> Result<(Shape, Vec<Case>), Failure> {
    let trimmed = text.trim();
    let todo = "the contract is in `tenure decide --help` and in docs/facts.md";
    let fail = |at: String, problem: String| Failure::input(format!("{name}: {at}{problem}"), todo);
    if trimmed.is_empty() {
        return Err(Failure::input(
            format!("{name}: is empty"),
            "write one JSON object, an array, or JSON Lines of facts",
        ));
    }
    if trimmed.starts_with('[') {
        let values: Vec<&serde_json::value::RawValue> =
            serde_json::from_str(trimmed).map_err(|e| fail(String::new(), e.to_string()))?;
        let cases = values
            .iter()
            .enumerate()
            .map(|(index, raw)| {
                Case::parse(raw.get(), today)
                    .map_err(|e| fail(format!("[{index}] "), e.to_string()))
            })
            .collect::<Result<_, _>>()?;
        return Ok((Shape::Array, cases));
    }
    let first = trimmed.lines().next().unwrap_or_default();
    let several = trimmed
        .lines()
        .filter(|line| !line.trim().is_empty())
        .nth(1)
        .is_some();
    let complete = serde_json::from_str::<serde::de::IgnoredAny>(first).is_ok();
    if lines || (several && complete) {
        let cases = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(index, line)| {
                Case::parse(line, today)
                    .map_err(|e| fail(format!("line {}: ", index.saturating_add(1)), e.to_string()))
            })
            .collect::<Result<_, _>>()?;
        return Ok((Shape::Lines, cases));
    }
    let case = Case::parse(trimmed, today).map_err(|e| fail(String::new(), e.to_string()))?;
    Ok((Shape::Object, vec![case]))
}
