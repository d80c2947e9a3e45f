//! `tenure catalog sunsets`: when vendors end kinds of keys, and which keys that hits.

use crate::{args::Sunsets, command, exit::Failure, text};
use serde_json::json;
use std::{fmt::Write as _, process::ExitCode};
use tenure_app::sunsets::{self, SunsetDate};
use tenure_model::{
    assessment::Assessment,
    catalog::{Provider, SunsetEffect},
};

/// How many keys are named under a date.
const NAMED: usize = 5;

/// Where what is said of a date begins.
const INDENT: usize = 12;

/// Where the kind stands.
const KIND: usize = 28;

pub(super) fn run(args: &Sunsets, providers: &[Provider]) -> Result<ExitCode, Failure> {
    let assessment = command::why::assessment_if_any(args.assessment.as_deref())?;
    let today = command::today(args.today);
    let dates = sunsets::dates(providers, assessment.as_ref(), today);
    if args.format == "json" {
        let from = assessment.map(|told| json!({"title": told.title, "today": told.today}));
        return command::print_json(&json!({
            "today": today, "assessment": from, "sunsets": dates,
        }));
    }
    command::print(None, told(&dates, assessment.as_ref()).as_bytes())
}

fn told(dates: &[SunsetDate], assessment: Option<&Assessment>) -> String {
    let width = text::width();
    let mut out = String::new();
    let known = match assessment {
        Some(told) => format!("Keys: those of {}, as of {}.", told.title, told.today),
        None => {
            "Keys: nothing was assessed on this machine yet; `tenure assess PATH` does.".to_owned()
        }
    };
    let _ = writeln!(out, "{}", text::wrap(&known, width, "  "));
    for (past, heading) in [(false, "AHEAD"), (true, "PAST")] {
        let mut begun = false;
        for date in dates.iter().filter(|date| date.past == past) {
            if !begun {
                let _ = writeln!(out, "\n{heading:<12}WHAT      KEYS  KIND");
                begun = true;
            }
            line(&mut out, date, width);
        }
    }
    out
}

fn line(out: &mut String, date: &SunsetDate, width: usize) {
    let what = match date.effect {
        SunsetEffect::NoNew => "no new",
        SunsetEffect::Refused => "refused",
    };
    let keys = date.keys.as_ref().map_or_else(
        || "?".to_owned(),
        |keys| text::number(u64::try_from(keys.len()).unwrap_or(u64::MAX)),
    );
    let kind = format!("{}: {}", date.provider_name, date.kind_name);
    let _ = writeln!(
        out,
        "{:<10}  {what:<8}  {keys:>4}  {}",
        date.on,
        text::fit(&kind, width.saturating_sub(KIND))
    );
    let indent = " ".repeat(INDENT);
    let mut more = |label: &str, says: &str| {
        let says = format!("{indent}{label}: {says}");
        let _ = writeln!(out, "{}", text::wrap(&says, width, &format!("{indent}  ")));
    };
    if let Some(whom) = &date.whom {
        more("Which", whom);
    }
    let hit = date.keys.as_deref().unwrap_or_default();
    if !hit.is_empty() {
        let mut named: Vec<&str> = hit
            .iter()
            .take(NAMED)
            .map(|key| key.label.as_str())
            .collect();
        let rest = format!("{} more", hit.len().saturating_sub(NAMED));
        if hit.len() > NAMED {
            named.push(&rest);
        }
        let label = match date.whom {
            Some(_) => "May hit",
            None => "Hits",
        };
        more(label, &named.join(", "));
    }
    let basis = date
        .basis
        .map_or_else(String::new, |basis| basis.to_string());
    let read = date.read_on.map_or_else(String::new, |day| day.to_string());
    more("Source", &format!("{basis}, read on {read}"));
    let room = width.saturating_sub(INDENT).saturating_sub(2);
    for part in parts(date.source.as_deref().unwrap_or_default(), room) {
        let _ = writeln!(out, "{indent}  {part}");
    }
}

/// A text without spaces, whole, in pieces of at most a width.
fn parts(text: &str, width: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in text::tame(text).chars() {
        match parts.last_mut() {
            Some(part) if part.chars().count() < width => part.push(c),
            _ => parts.push(c.to_string()),
        }
    }
    parts
}
