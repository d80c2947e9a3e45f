//! A scan in every format.

mod gitlab;
mod markdown;
mod sarif;
mod table;

use crate::{args::ScanFormat, text};
use std::{
    io::{self, Write},
    path::Path,
};
use tenure_model::{
    cell::neutral,
    scan::{Finding, Scan, Seen},
};

pub(crate) use markdown::markdown;

/// How it is shown.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) width: usize,
    pub(crate) colour: bool,
    pub(crate) verbose: bool,
    /// There was a baseline.
    pub(crate) compared: bool,
    /// The day was given, so that no clock may show.
    pub(crate) dated: bool,
}

/// The format: as named, else by the name of the file that is written, else a table.
pub(crate) fn format(named: Option<ScanFormat>, to: Option<&Path>) -> ScanFormat {
    let lower = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| part.to_string_lossy().to_ascii_lowercase())
            .unwrap_or_default()
    };
    let name = lower(to.and_then(Path::file_name));
    let guessed = match lower(to.and_then(Path::extension)).as_str() {
        // The name that GitLab's own documentation gives to the report.
        "json" if name == "gl-secret-detection-report.json" => Some(ScanFormat::Gitlab),
        "json" if name.ends_with(".sarif.json") => Some(ScanFormat::Sarif),
        "json" => Some(ScanFormat::Json),
        "jsonl" | "ndjson" => Some(ScanFormat::Jsonl),
        "csv" => Some(ScanFormat::Csv),
        "md" => Some(ScanFormat::Md),
        "sarif" => Some(ScanFormat::Sarif),
        _ => None,
    };
    named.or(guessed).unwrap_or(ScanFormat::Table)
}

/// Writes a scan.
pub(crate) fn render(
    scan: &Scan,
    format: ScanFormat,
    look: Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut json = |value: &dyn erased::Json| {
        value.pretty(out)?;
        out.write_all(b"\n")
    };
    match format {
        ScanFormat::Table => out.write_all(table::table(scan, look).as_bytes()),
        ScanFormat::Json => json(scan),
        ScanFormat::Sarif => json(&sarif::sarif(scan, look)),
        ScanFormat::Gitlab => json(&gitlab::report(scan, look)),
        ScanFormat::Jsonl => scan.findings.iter().try_for_each(|finding| {
            serde_json::to_writer(&mut *out, finding)?;
            out.write_all(b"\n")
        }),
        ScanFormat::Csv => csv(scan, out),
        ScanFormat::Md => out.write_all(markdown(scan, look).as_bytes()),
    }
}

/// A list that is made while it is written, so that a scan with very many places takes no memory for it.
struct Streamed<F>(F);

impl<F, I> serde::Serialize for Streamed<F>
where
    F: Fn() -> I,
    I: Iterator<Item: serde::Serialize>,
{
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq((self.0)())
    }
}

mod erased {
    use std::io::{self, Write};

    /// Whatever can be written as JSON.
    pub(super) trait Json {
        fn pretty(&self, out: &mut dyn Write) -> io::Result<()>;
    }

    impl<T: serde::Serialize> Json for T {
        fn pretty(&self, out: &mut dyn Write) -> io::Result<()> {
            Ok(serde_json::to_writer_pretty(out, self)?)
        }
    }
}

const COLUMNS: [&str; 18] = [
    "id",
    "standing",
    "rule",
    "provider",
    "credential",
    "key_id",
    "hint",
    "liveness",
    "source",
    "kind",
    "path",
    "line",
    "column",
    "commit",
    "author",
    "date",
    "audience",
    "sentence",
];

fn csv(scan: &Scan, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for (finding, place) in places(scan) {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let number = |value: Option<u32>| value.map(|n| n.to_string()).unwrap_or_default();
        let cells: [String; 18] = [
            finding.id.clone(),
            place.standing.word().to_owned(),
            finding.rule.clone(),
            finding.provider.clone(),
            finding.credential.clone(),
            text(&finding.key_id),
            text(&finding.hint),
            finding.liveness.word().to_owned(),
            place.source.clone(),
            place.kind.word().to_owned(),
            place.path.clone(),
            number(place.line),
            number(place.column),
            text(&place.commit),
            text(&place.author),
            place.date.map(|day| day.to_string()).unwrap_or_default(),
            place.audience.word().to_owned(),
            place.sentence.clone(),
        ];
        writer.write_record(cells.map(|cell| neutral(&text::tame(&cell))))?;
    }
    writer.flush()
}

/// Every place with its finding.
fn places(scan: &Scan) -> impl Iterator<Item = (&Finding, &Seen)> {
    scan.findings
        .iter()
        .flat_map(|finding| finding.places.iter().map(move |place| (finding, place)))
}

/// `path:line:column`.
fn spot(place: &Seen) -> String {
    [place.line, place.column]
        .into_iter()
        .map_while(|number| number)
        .fold(place.path.clone(), |spot, number| {
            format!("{spot}:{number}")
        })
}

/// Whether it still works, and as whom: `live as ann`.
fn checked(finding: &Finding) -> String {
    let word = finding.liveness.word().replace('_', " ");
    let subject = finding
        .check
        .as_ref()
        .and_then(|check| check.subject.as_deref());
    subject.map_or_else(|| word.clone(), |subject| format!("{word} as {subject}"))
}

/// How much was read: `1,284 files and 9,120 commits`.
pub(crate) fn extent(scan: &Scan) -> String {
    match (scan.stats.files, scan.stats.commits) {
        // What is staged is no file of the folder.
        (0, 0) => text::count(scan.stats.blobs, "version"),
        (files, 0) => text::count(files, "file"),
        (0, commits) => text::count(commits, "commit"),
        (files, commits) => format!(
            "{} and {}",
            text::count(files, "file"),
            text::count(commits, "commit")
        ),
    }
}

/// What the whole comes to, in one sentence.
fn verdict(scan: &Scan) -> String {
    use tenure_model::scan::Standing;
    let (new, known, allowed) = (
        scan.count(Standing::New),
        scan.count(Standing::Known),
        scan.count(Standing::Allowed),
    );
    let read = extent(scan);
    let whole = if scan.complete {
        "all read whole"
    } else {
        "not all read whole"
    };
    let decided: Vec<String> = [(known, "known"), (allowed, "allowed")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{} {word}", text::number(n)))
        .collect();
    let decided = decided.join(", ");
    let mut out = match (new, decided.is_empty()) {
        (0, true) => format!("No keys in {read}, {whole}"),
        (0, false) => format!("No new keys in {read}, {whole}; {decided}"),
        (n, true) => format!("{} in {read}, {whole}", text::count(n, "key")),
        (n, false) => format!(
            "{} in {read}, {whole}; {decided}",
            text::count(n, "new key")
        ),
    };
    if scan.stats.binary > 0 {
        out.push_str(&format!(
            "; {} no text",
            text::count(scan.stats.binary, "file")
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_says_the_format() {
        for (name, format_is) in [
            ("a.sarif", ScanFormat::Sarif),
            ("a.sarif.json", ScanFormat::Sarif),
            ("gl-secret-detection-report.json", ScanFormat::Gitlab),
            ("x/a.JSON", ScanFormat::Json),
            ("a.jsonl", ScanFormat::Jsonl),
            ("a.csv", ScanFormat::Csv),
            ("a.md", ScanFormat::Md),
            ("a.txt", ScanFormat::Table),
        ] {
            assert_eq!(format(None, Some(Path::new(name))), format_is, "{name}");
        }
        assert_eq!(
            format(Some(ScanFormat::Md), Some(Path::new("a.json"))),
            ScanFormat::Md
        );
        assert_eq!(format(None, None), ScanFormat::Table);
    }
}
