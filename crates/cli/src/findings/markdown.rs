//! A scan as Markdown: for a pull request, or as the summary of a job.

use super::{Look, checked, places, spot, verdict};
use crate::text::{count, plain};
use std::fmt::Write as _;
use tenure_model::scan::{Scan, Standing};

/// Rows of the table; a job summary holds at most 1 MiB.
const MOST: usize = 500;

/// Writes it.
pub(crate) fn markdown(scan: &Scan, look: Look) -> String {
    let mut out = format!("**Tenure: {}.**\n", plain(&verdict(scan)));
    let mut rows = 0usize;
    let shown = |standing: Standing| look.verbose || standing == Standing::New;
    for (finding, place) in places(scan).filter(|(_, place)| shown(place.standing)) {
        rows = rows.saturating_add(1);
        if rows > MOST {
            continue;
        }
        if rows == 1 {
            out.push_str("\n| standing | key | hint | where | who can read it | id |\n");
            out.push_str("| --- | --- | --- | --- | --- | --- |\n");
        }
        let at = if place.author.is_none() && place.line.is_some() && place.path != "-" {
            spot(place)
        } else {
            place.sentence.clone()
        };
        // Whether a key works stands there only where somebody asked.
        let key = match finding.check {
            Some(_) => format!("{}: {}", finding.title, checked(finding)),
            None => finding.title.clone(),
        };
        let cells = [
            place.standing.word(),
            &key,
            finding.hint.as_deref().unwrap_or_default(),
            &at,
            place.audience.word(),
            &finding.id,
        ];
        let _ = writeln!(out, "| {} |", cells.map(plain).join(" | "));
    }
    if rows > MOST {
        let more = u64::try_from(rows.saturating_sub(MOST)).unwrap_or(u64::MAX);
        let _ = writeln!(out, "\nand {} more", count(more, "place"));
    }
    for (at, one) in scan.skipped.iter().take(MOST).enumerate() {
        if at == 0 {
            out.push_str("\nNot read:\n\n");
        }
        let _ = writeln!(out, "- {}: {}", plain(&one.path), plain(&one.reason));
    }
    out
}
