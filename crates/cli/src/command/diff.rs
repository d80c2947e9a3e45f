//! `tenure diff`: what changed between two assessments.

use crate::{args::Diff, command, exit::Failure, text};
use std::{fmt::Write as _, process::ExitCode};
use tenure_model::diff::{self, Change};

pub(crate) fn run(args: &Diff) -> Result<ExitCode, Failure> {
    let before = command::assess::earlier(&args.old)?;
    let now = command::assess::earlier(&args.new)?;
    let diff = diff::diff(&before, &now);
    if args.format == "json" {
        return command::print_json(&diff);
    }
    command::print(None, told(&diff).as_bytes())
}

fn told(diff: &diff::Diff) -> String {
    let width = text::width();
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} to {}   {} changed, {} the same{}",
        diff.from,
        diff.to,
        text::count(u64::try_from(diff.keys.len()).unwrap_or(u64::MAX), "key"),
        text::number(diff.same),
        if diff.policy_changed {
            "   another policy was in force"
        } else {
            ""
        }
    );
    let mut last = None;
    for key in &diff.keys {
        if last != Some(key.change) {
            let title = match key.change {
                Change::Worse => "WORSE",
                Change::Appeared => "APPEARED",
                Change::NotSeen => {
                    "NOT SEEN any more, and not everything was read: not counted as gone"
                }
                Change::Other => "CHANGED",
                Change::Better => "BETTER",
                Change::Gone => "GONE from what was read whole",
            };
            let _ = writeln!(out, "\n{title}");
            last = Some(key.change);
        }
        let standing = |standing: Option<diff::Standing>| {
            standing.map(|s| format!("{} {}", s.verdict.title(), s.level))
        };
        let moved = match (standing(key.before), standing(key.now)) {
            (Some(before), Some(now)) if before != now => format!("{before} -> {now}"),
            (_, Some(now)) => now,
            (Some(before), None) => format!("was {before}"),
            (None, None) => String::new(),
        };
        let _ = writeln!(
            out,
            "  {}  {}  {}",
            key.id,
            text::pad(&key.key, 36),
            text::fit(&moved, width.saturating_sub(54)),
        );
        for field in &key.fields {
            let line = format!("{}: {} -> {}", field.name, field.before, field.now);
            let _ = writeln!(
                out,
                "                {}",
                text::fit(&line, width.saturating_sub(16))
            );
        }
    }
    for (at, (source, reason)) in diff.lost_sources.iter().enumerate() {
        if at == 0 {
            let _ = writeln!(out, "\nREAD WHOLE BEFORE, AND NOT NOW");
        }
        let _ = writeln!(out, "  {}: {}", text::tame(source), text::tame(reason));
    }
    out
}
