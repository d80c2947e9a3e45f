//! The assessment on a screen: the sentence, one row per verdict or per key, what to begin with, what could
//! not be seen.

use crate::text::{count, fit, number, pad, wrap};
use anstyle::{AnsiColor, Style};
use std::{collections::BTreeSet, fmt::Write as _};
use tenure_model::{
    assessment::{Assessment, Key},
    classify::Level,
    day::Day,
    decide::Urgency,
    facts::Verdict,
    horizon::{is_living, signed_until},
    key::CoverageState,
    reason::{reason, short},
};

/// How the table is drawn.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) width: usize,
    pub(crate) colour: bool,
    pub(crate) all: bool,
    pub(crate) verbose: bool,
}

/// Draws an assessment.
pub(crate) fn table(assessment: &Assessment, look: Look) -> String {
    let mut out = String::new();
    head(&mut out, assessment, look);
    if assessment.keys.is_empty() {
        nothing(&mut out, assessment);
    } else if look.all {
        every_key(&mut out, assessment, look);
    } else {
        by_verdict(&mut out, assessment, look);
    }
    start_here(&mut out, assessment, look);
    not_seen(&mut out, assessment, look);
    out
}

/// Draws keys alone, one row each.
pub(crate) fn list(assessment: &Assessment, look: Look) -> String {
    let mut out = String::new();
    every_key(&mut out, assessment, look);
    out
}

fn head(out: &mut String, assessment: &Assessment, look: Look) {
    let summary = &assessment.summary;
    let facts = [
        assessment.title.clone(),
        format!(
            "{}, {}",
            count(summary.keys, "key"),
            count(summary.providers, "provider")
        ),
        format!(
            "{} of {} read whole",
            number(summary.sources_whole),
            count(summary.sources, "source")
        ),
        "nothing left this machine".to_owned(),
    ];
    lines(out, &facts, "", look.width);
    if summary.keys == 0 {
        return;
    }
    let signed = match summary.signed {
        0 => "Nobody has signed for any of them.".to_owned(),
        1 => "Somebody has signed for 1 of them.".to_owned(),
        n => format!("Somebody has signed for {} of them.", number(n)),
    };
    let endless = [
        format!(
            "{} of {} no end date.",
            number(summary.endless),
            if summary.living == 1 {
                "1 living key has".to_owned()
            } else {
                format!("{} living keys have", number(summary.living))
            }
        ),
        signed,
    ];
    lines(out, &endless, "  ", look.width);
    let better = [
        format!(
            "{} need not exist: their vendor already offers something better.",
            number(summary.better_way)
        ),
        format!(
            "{} can change production.",
            number(summary.change_production)
        ),
    ];
    lines(out, &better, "  ", look.width);
    out.push('\n');
}

/// Puts phrases on as few lines as hold them.
fn lines(out: &mut String, phrases: &[String], indent: &str, width: usize) {
    let mut line = String::new();
    for phrase in phrases {
        let phrase = crate::text::tame(phrase);
        let longer = line.chars().count().saturating_add(phrase.chars().count());
        if !line.is_empty() && longer.saturating_add(3) > width {
            let _ = writeln!(out, "{line}");
            line.clear();
        }
        if line.is_empty() {
            line.push_str(indent);
        } else {
            line.push_str("   ");
        }
        line.push_str(&phrase);
    }
    let _ = writeln!(out, "{line}");
}

fn nothing(out: &mut String, assessment: &Assessment) {
    let _ = writeln!(
        out,
        "No key was found in {}.",
        count(assessment.summary.files, "file")
    );
    let _ = writeln!(
        out,
        "Not looked at: git history, container images, live accounts, chat, tickets and documentation."
    );
}

const VERDICT: usize = 19;

fn by_verdict(out: &mut String, assessment: &Assessment, look: Look) {
    let groups = groups(&assessment.keys);
    let last = groups
        .iter()
        .filter_map(|(_, keys)| keys.first())
        .map(|key| by(key, assessment.today).chars().count())
        .max()
        .unwrap_or(0);
    let rest = look
        .width
        .saturating_sub(VERDICT + 5 + 5 + 4)
        .saturating_sub(last);
    let first = (rest.saturating_mul(2) / 5).clamp(16, 28);
    let because = rest.saturating_sub(first);
    let header = format!(
        "{} {:>4}  LVL  {} {} BY",
        pad("VERDICT", VERDICT),
        "N",
        pad("THE FIRST ONE", first),
        pad("BECAUSE", because)
    );
    let _ = writeln!(out, "{}", styled(&header, Style::new().bold(), look.colour));
    for (verdict, keys) in groups {
        let Some(key) = keys.first() else { continue };
        let row = format!(
            "{} {:>4}  {:<3}  {} {} {}",
            pad(verdict.title(), VERDICT),
            number(u64::try_from(keys.len()).unwrap_or(u64::MAX)),
            key.verdict.outcome.level.word(),
            pad(&name(key, first), first),
            pad(&reason(key), because),
            by(key, assessment.today),
        );
        let _ = writeln!(out, "{}", styled(row.trim_end(), style(key), look.colour));
    }
}

fn every_key(out: &mut String, assessment: &Assessment, look: Look) {
    let last = assessment
        .keys
        .iter()
        .map(|key| by(key, assessment.today).chars().count())
        .max()
        .unwrap_or(0);
    let rest = look
        .width
        .saturating_sub(12 + 1 + VERDICT + 6 + 2)
        .saturating_sub(last);
    let first = (rest.saturating_mul(2) / 5).clamp(14, 30);
    let because = rest.saturating_sub(first);
    let header = format!(
        "{} {} LVL  {} {} BY",
        pad("ID", 12),
        pad("VERDICT", VERDICT),
        pad("KEY", first),
        pad("BECAUSE", because)
    );
    let _ = writeln!(out, "{}", styled(&header, Style::new().bold(), look.colour));
    for key in &assessment.keys {
        let row = format!(
            "{} {} {:<3}  {} {} {}",
            pad(&key.id, 12),
            pad(key.verdict.id.title(), VERDICT),
            key.verdict.outcome.level.word(),
            pad(&name(key, first), first),
            pad(&reason(key), because),
            by(key, assessment.today),
        );
        let _ = writeln!(out, "{}", styled(row.trim_end(), style(key), look.colour));
    }
}

/// The keys of each verdict, the verdict with the most urgent key first.
fn groups(keys: &[Key]) -> Vec<(Verdict, Vec<&Key>)> {
    let mut groups: Vec<(Verdict, Vec<&Key>)> = Vec::new();
    for key in keys {
        match groups
            .iter_mut()
            .find(|(verdict, _)| *verdict == key.verdict.id)
        {
            Some((_, group)) => group.push(key),
            None => groups.push((key.verdict.id, vec![key])),
        }
    }
    groups
}

/// Provider and name to the left, the hint to the right where there is room for it.
fn name(key: &Key, width: usize) -> String {
    let called = key
        .name
        .as_deref()
        .or(key.key_id.as_deref())
        .or(key.credential.as_deref())
        .unwrap_or("unnamed");
    let left = format!("{} {called}", key.provider);
    let tail = key
        .hint
        .as_deref()
        .and_then(|hint| hint.rsplit_once('…'))
        .map(|(_, tail)| tail)
        .or(key.key_id.as_deref().filter(|id| *id != called))
        .filter(|tail| !tail.is_empty())
        .map(|tail| {
            let all: Vec<char> = tail.chars().collect();
            let from = all.len().saturating_sub(4);
            all.get(from..).unwrap_or(&all).iter().collect::<String>()
        });
    match tail {
        Some(tail) if width > 20 => {
            let room = width.saturating_sub(tail.chars().count().saturating_add(2));
            format!("{} …{tail}", pad(&left, room))
        }
        _ => fit(&left, width),
    }
}

/// When: `now`, `overdue`, a day, or until when it is signed.
fn by(key: &Key, today: Day) -> String {
    let outcome = &key.verdict.outcome;
    match (outcome.urgency, outcome.due) {
        (Urgency::Now, _) => "now".to_owned(),
        (Urgency::Covered, _) => signed_until(key).map_or_else(
            || "signed".to_owned(),
            |until| format!("to {}", near(until, today)),
        ),
        (_, None) => "-".to_owned(),
        (Urgency::Overdue, Some(_)) => "overdue".to_owned(),
        (_, Some(due)) => near(due, today),
    }
}

/// A day; with its year only where it is more than ten months away.
fn near(day: Day, today: Day) -> String {
    let text = short(day);
    if (0..300).contains(&day.since(today)) {
        text.rsplit_once(' ')
            .map(|(day, _)| day.to_owned())
            .unwrap_or(text)
    } else {
        text
    }
}

fn style(key: &Key) -> Style {
    match key.verdict.outcome.urgency {
        Urgency::Now => Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
        Urgency::Overdue => Style::new().fg_color(Some(AnsiColor::Red.into())),
        Urgency::None | Urgency::Covered => Style::new().dimmed(),
        Urgency::Due | Urgency::Planned => Style::new(),
    }
}

fn styled(text: &str, style: Style, colour: bool) -> String {
    if colour {
        format!("{style}{text}{style:#}")
    } else {
        text.trim_end().to_owned()
    }
}

fn start_here(out: &mut String, assessment: &Assessment, look: Look) {
    const HOW_MANY: usize = 3;
    let top: Vec<_> = assessment.summary.changes.iter().take(HOW_MANY).collect();
    if top.is_empty() {
        return;
    }
    let ended: BTreeSet<&str> = top
        .iter()
        .flat_map(|change| change.keys.iter().map(String::as_str))
        .collect();
    let high = assessment
        .keys
        .iter()
        .filter(|key| {
            is_living(key)
                && key.verdict.outcome.level >= Level::B3
                && ended.contains(key.id.as_str())
        })
        .count();
    let n = u64::try_from(top.len()).unwrap_or(u64::MAX);
    let verb = if n == 1 { "ends" } else { "end" };
    let _ = writeln!(
        out,
        "\n{}  {} {verb} {} of the {} keys at B3–B4",
        styled("START HERE", Style::new().bold(), look.colour),
        count(n, "change"),
        number(u64::try_from(high).unwrap_or(u64::MAX)),
        number(assessment.summary.high),
    );
    for change in top {
        let keys = u64::try_from(change.keys.len()).unwrap_or(u64::MAX);
        let _ = writeln!(
            out,
            "  {:>4}  {}",
            number(keys),
            fit(&change.text, look.width.saturating_sub(8))
        );
    }
}

fn not_seen(out: &mut String, assessment: &Assessment, look: Look) {
    const MOST: usize = 8;
    let mut rows: Vec<String> = Vec::new();
    for part in &assessment.coverage {
        let what = match part.state {
            CoverageState::NotCovered => "not covered",
            CoverageState::Partial => "read in part",
            CoverageState::Complete | CoverageState::NotOffered => continue,
        };
        let already = assessment
            .skipped
            .iter()
            .any(|skipped| skipped.path.starts_with(&part.source));
        if !already {
            let reason = part.reason.as_deref().unwrap_or("no reason given");
            rows.push(format!(
                "{}, {}: {what}: {}. Never counted as 0.",
                part.source,
                part.part,
                reason.trim_end_matches('.')
            ));
        }
    }
    rows.extend(
        assessment
            .skipped
            .iter()
            .map(|skipped| format!("{}: {}", skipped.path, skipped.reason)),
    );
    if !assessment.unmerged.is_empty() {
        let pairs = u64::try_from(assessment.unmerged.len()).unwrap_or(u64::MAX);
        rows.push(format!(
            "{} may be one key each and stay apart; -f json lists them as unmerged",
            count(pairs, "pair")
        ));
    }
    rows.extend(assessment.summary.notes.iter().cloned());
    if rows.is_empty() {
        return;
    }
    let shown = if look.verbose { rows.len() } else { MOST };
    out.push('\n');
    for (at, row) in rows.iter().take(shown).enumerate() {
        let label = if at == 0 { "NOT SEEN" } else { "        " };
        let _ = writeln!(
            out,
            "{}  {}",
            styled_label(label, look.colour),
            wrap(row, look.width.saturating_sub(10), "          ")
        );
    }
    if let Some(more) = rows.len().checked_sub(shown).filter(|more| *more > 0) {
        let _ = writeln!(out, "          and {more} more; -v shows them all");
    }
}

fn styled_label(label: &str, colour: bool) -> String {
    if colour && !label.trim().is_empty() {
        let style = Style::new().bold();
        format!("{style}{label}{style:#}")
    } else {
        label.to_owned()
    }
}
