//! A scan on a screen: one block per key, its places, and what was not read.

use super::{Look, checked, spot, verdict};
use crate::text::{count, fit, number, pad, tame, wrap};
use anstyle::{AnsiColor, Style};
use std::fmt::Write as _;
use tenure_model::{
    document::name_of,
    place::{Audience, Liveness, PlaceKind},
    scan::{Finding, Scan, Seen, Standing},
};
use unicode_width::UnicodeWidthStr as _;

/// Places that are shown of one key, unless all are asked for.
const PLACES: usize = 5;

/// Draws a scan.
pub(super) fn table(scan: &Scan, look: Look) -> String {
    let mut out = String::new();
    let shown = scan
        .findings
        .iter()
        .filter(|finding| look.verbose || finding.standing == Standing::New);
    let mut any = false;
    for finding in shown {
        if any {
            out.push('\n');
        }
        any = true;
        key(&mut out, finding, look);
    }
    if any {
        out.push('\n');
    }
    let mut sentence = verdict(scan);
    let hidden = scan
        .findings
        .iter()
        .any(|finding| finding.standing != Standing::New);
    if hidden && !look.verbose {
        sentence.push_str(" (-v lists them)");
    }
    let _ = writeln!(out, "{}", wrap(&sentence, look.width, "  "));
    if look.verbose {
        details(&mut out, scan, look);
    }
    list(
        &mut out,
        "NOT READ",
        scan.skipped
            .iter()
            .map(|one| format!("{}: {}", one.path, one.reason)),
        look,
    );
    out
}

fn key(out: &mut String, finding: &Finding, look: Look) {
    const LABEL: usize = 8;
    const ID: usize = 15;
    let (word, colour) = match finding.standing {
        Standing::New => ("NEW", AnsiColor::Red),
        Standing::Known => ("KNOWN", AnsiColor::Yellow),
        Standing::Allowed => ("ALLOWED", AnsiColor::Green),
    };
    let label = pad(word, LABEL);
    let label = if look.colour {
        let style = Style::new().bold().fg_color(Some(colour.into()));
        format!("{style}{label}{style:#}")
    } else {
        label
    };
    let room = look.width.saturating_sub(LABEL + ID + 2);
    let liveness = Some(finding.liveness)
        .filter(|liveness| *liveness != Liveness::NotChecked)
        .map(|_| checked(finding));
    let known = finding.known_key.as_ref().map(|known| {
        let named = known.name.as_ref().or(known.id.as_ref());
        format!("= {}", named.map_or("a known key", String::as_str))
    });
    let parts = [
        finding.hint.clone(),
        known,
        liveness,
        finding.key_id.clone(),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .map(|part| tame(&part))
        .collect();
    // The title gives way to the hint, and the public id to both.
    let hint = parts
        .first()
        .map_or(0, |part| part.width().saturating_add(2));
    let mut what = fit(&finding.title, room.saturating_sub(hint));
    for part in parts {
        if what.width().saturating_add(part.width()).saturating_add(2) <= room {
            let _ = write!(what, "  {part}");
        }
    }
    let id: String = finding.id.chars().take(ID).collect();
    let _ = writeln!(out, "{label}{}  {id}", pad(&what, room));
    let most = if look.verbose { usize::MAX } else { PLACES };
    for place in finding.places.iter().take(most) {
        place_line(out, place, look, LABEL);
    }
    let more = finding.places.len().saturating_sub(most);
    if more > 0 {
        let more = count(u64::try_from(more).unwrap_or(u64::MAX), "place");
        let _ = writeln!(out, "{}and {more} more (-v lists them)", " ".repeat(LABEL));
    }
}

fn place_line(out: &mut String, place: &Seen, look: Look, indent: usize) {
    let room = look.width.saturating_sub(indent);
    // A file has a spot; what is no file, or is one no more, reads better as a sentence.
    let of_file = place.kind != PlaceKind::Commit
        && (place.author.is_none() || place.sentence.starts_with(&place.path));
    let mut line = if place.line.is_some() && of_file && place.path != "-" {
        fit(&spot(place), room)
    } else {
        fit(&place.sentence, room)
    };
    let mut notes: Vec<String> = Vec::new();
    if of_file && let Some(author) = &place.author {
        let date = place.date.map(|day| format!(", {}", day.long()));
        notes.push(format!(
            "by {}{}",
            tame(name_of(author)),
            date.unwrap_or_default()
        ));
    }
    if !matches!(place.audience, Audience::You | Audience::Unknown) {
        notes.push(place.audience.word().to_owned());
    }
    if place.standing != Standing::New {
        notes.push(place.standing.word().to_owned());
    }
    let reason = place
        .allow
        .as_ref()
        .filter(|_| place.standing == Standing::Allowed);
    if let Some(allow) = reason {
        let until = allow
            .until
            .map(|day| format!(" until {day}"))
            .unwrap_or_default();
        notes.push(format!(
            "“{}”{until}",
            allow.reason.as_deref().unwrap_or_default()
        ));
    }
    let left = room.saturating_sub(line.width()).saturating_sub(2);
    if !notes.is_empty() && left >= 12 {
        let _ = write!(line, "  {}", fit(&notes.join(", "), left));
    }
    let _ = writeln!(out, "{}{line}", " ".repeat(indent));
}

fn details(out: &mut String, scan: &Scan, look: Look) {
    list(
        out,
        "STALE",
        scan.stale.iter().map(|decision| {
            let hint = decision.hint.as_deref().unwrap_or_default();
            format!(
                "{} {} {} {hint}: the key is not there any more",
                decision.id, decision.path, decision.rule
            )
        }),
        look,
    );
    let counts = |map: &std::collections::BTreeMap<String, u64>| {
        map.iter()
            .map(|(word, n)| format!("{} {word}", number(*n)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for (label, map) in [
        ("DISMISSED", &scan.stats.dismissed),
        ("LEFT OUT", &scan.stats.left_out),
    ] {
        if !map.is_empty() {
            list(out, label, std::iter::once(counts(map)), look);
        }
    }
}

/// A label, and what belongs to it line by line.
fn list(out: &mut String, label: &str, lines: impl Iterator<Item = String>, look: Look) {
    const MOST: usize = 20;
    let indent = " ".repeat(11);
    let mut more = 0u64;
    for (at, line) in lines.enumerate() {
        if at >= MOST && !look.verbose {
            more = more.saturating_add(1);
            continue;
        }
        let label = if at == 0 { label } else { "" };
        let room = look.width.saturating_sub(indent.len());
        let wrapped = wrap(&line, room, "");
        for (row, part) in wrapped.lines().enumerate() {
            let label = if row == 0 { label } else { "" };
            let _ = writeln!(
                out,
                "{}",
                format!("{label:<11}{}", fit(part, room)).trim_end()
            );
        }
    }
    if more > 0 {
        let _ = writeln!(out, "{indent}and {more} more (-v lists them)");
    }
}
