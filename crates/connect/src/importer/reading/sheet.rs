//! Delimited text: comma, semicolon, tab or pipe, with quoted newlines, line by line.

use super::text;
use crate::importer::imported::{ImportError, Input, Problem};

/// The longest line or cell that is read.
const LONGEST: usize = 1 << 20;
/// The most columns that a table may have.
const WIDEST: usize = 256;

/// A table as it stands in the file.
pub(crate) struct Sheet {
    /// The cells of the first row, trimmed.
    pub(crate) header: Vec<String>,
    /// The line of the header row.
    pub(crate) header_line: usize,
    /// The rows that are not blank.
    pub(crate) records: Vec<Record>,
    /// Why reading ended before the end of the file.
    pub(crate) stopped: Option<Problem>,
}

/// One row.
pub(crate) struct Record {
    /// Its first line in the file, from 1.
    pub(crate) line: usize,
    cells: Vec<String>,
}

impl Record {
    /// The trimmed cell of a column, from 0; empty where the row is short.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }

    /// How many cells it has, without empty ones at its end.
    pub(crate) fn width(&self) -> usize {
        self.cells
            .iter()
            .rposition(|cell| !cell.trim().is_empty())
            .map_or(0, |last| last + 1)
    }
}

/// Splits text into header and rows.
pub(crate) fn parse(input: &Input<'_>, text: &str) -> Result<Sheet, ImportError> {
    let what = match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => Some("this is JSON, not a table"),
        Some(b'<') => Some("this is a web page or XML, not a table"),
        _ => None,
    };
    if let Some(what) = what {
        return Err(ImportError::Header {
            file: input.name.to_owned(),
            what: what.to_owned(),
            todo: "export it as CSV with a header row, or declare another kind".to_owned(),
        });
    }
    let (delimiter, start) = delimiter(text);
    let (text, mut stopped) = cut_before_a_long_line(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes().get(start..).unwrap_or_default());
    let mut sheet = Sheet {
        header: Vec::new(),
        header_line: 0,
        records: Vec::new(),
        stopped: None,
    };
    let mut lines = Lines::new(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut last_start = 0;
    // The text is sound UTF-8 and rows may differ in length, so that reading cannot fail.
    while let Ok(true) = reader.read_record(&mut record) {
        let offset = record.position().map_or(0, |position| position.byte());
        last_start = start.saturating_add(usize::try_from(offset).unwrap_or(usize::MAX));
        let line = lines.at(last_start);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.iter().any(|cell| cell.len() > LONGEST) {
            stopped = Some(too_long(line, "a cell"));
            break;
        }
        let cells = record.iter();
        if sheet.header.is_empty() {
            sheet.header = cells.map(|cell| cell.trim().to_owned()).collect();
            sheet.header_line = line;
        } else {
            sheet.records.push(Record {
                line,
                cells: cells.map(str::to_owned).collect(),
            });
        }
    }
    let tail = text.as_bytes().get(last_start..).unwrap_or_default();
    let open = tail.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
    if open && stopped.is_none() && record_is_multiline(tail) {
        let line = lines.at(last_start);
        sheet.records.retain(|record| record.line != line);
        stopped = Some(Problem::new(
            format!("line {line}"),
            "a quote is opened here and never closed, so that the rest of the file is one cell",
            "close the quote, or double it if it belongs to the text, and import again",
        ));
    }
    if sheet.header.is_empty() {
        return Err(ImportError::Header {
            file: input.name.to_owned(),
            what: stopped.map_or_else(
                || "there is no row in it".to_owned(),
                |problem| format!("{}: {}", problem.at, problem.what),
            ),
            todo: "export it again as CSV with a header row".to_owned(),
        });
    }
    if sheet.header.len() > WIDEST {
        return Err(ImportError::Header {
            file: input.name.to_owned(),
            what: format!(
                "the first row has {} columns, and {WIDEST} are read",
                sheet.header.len()
            ),
            todo: "delete the columns that say nothing about keys".to_owned(),
        });
    }
    sheet.stopped = stopped;
    Ok(sheet)
}

/// The first row of what may be a table, read from the first 64 KiB; `None` for anything else.
pub(crate) fn header(input: &Input<'_>) -> Option<Vec<String>> {
    const HEAD: usize = 64 * 1024;
    let bytes = input.bytes.get(..HEAD).unwrap_or(input.bytes);
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    let utf16 = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let bytes = match end {
        Some(end) if input.bytes.len() > HEAD && !utf16 => bytes.get(..end)?,
        _ if input.bytes.len() > HEAD => bytes.get(..HEAD - HEAD % 2)?,
        _ => bytes,
    };
    if matches!(bytes.trim_ascii_start().first()?, b'{' | b'[' | b'<') {
        return None;
    }
    let head = Input { bytes, ..*input };
    let decoded = text::of_table(&head).ok()?;
    let first = parse(&head, decoded.text.get(..).unwrap_or_default()).ok()?;
    (first.header.len() > 1).then_some(first.header)
}

/// Lower case, one space between words, `camelCase` opened, brackets and what is in them left out.
pub(crate) fn normal(header: &str) -> String {
    let mut words = String::new();
    let mut depth = 0_usize;
    let mut before = ' ';
    for c in header.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            c if c.is_alphanumeric() => {
                if c.is_uppercase() && before.is_lowercase() {
                    words.push(' ');
                }
                words.extend(c.to_lowercase());
            }
            _ => words.push(' '),
        }
        before = c;
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn record_is_multiline(tail: &[u8]) -> bool {
    let body = tail.trim_ascii();
    body.contains(&b'\n') || body.last() != Some(&b'"')
}

fn too_long(line: usize, what: &str) -> Problem {
    Problem::new(
        format!("line {line}"),
        format!("{what} is longer than 1 MiB; reading stopped here"),
        "look at this line: a table of keys has no such cells; remove it and import again",
    )
}

/// The text up to the first line that is too long to be read.
fn cut_before_a_long_line(text: &str) -> (&str, Option<Problem>) {
    let mut start = 0;
    let end = if text.contains('\n') { '\n' } else { '\r' };
    for (number, line) in text.split(end).enumerate() {
        if line.len() > LONGEST {
            return (
                text.get(..start).unwrap_or(text),
                Some(too_long(number + 1, "it")),
            );
        }
        start += line.len() + 1;
    }
    (text, None)
}

/// The delimiter, and the offset behind a first line `sep=;` as spreadsheets write it.
fn delimiter(text: &str) -> (u8, usize) {
    let (first, rest) = text
        .split_once('\n')
        .map_or((text, ""), |(first, rest)| (first, rest));
    let declared = first
        .trim_end()
        .strip_prefix("sep=")
        .and_then(|d| d.as_bytes().first().copied());
    if let Some(declared) = declared.filter(|d| b",;\t|".contains(d)) {
        return (declared, text.len() - rest.len());
    }
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in text.trim_start_matches(['\r', '\n']).bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if !quoted => {
                for (delimiter, count) in &mut counts {
                    *count += usize::from(*delimiter == byte);
                }
            }
            _ => {}
        }
    }
    let best = counts
        .into_iter()
        .reduce(|best, one| if one.1 > best.1 { one } else { best });
    (best.map_or(b',', |(delimiter, _)| delimiter), 0)
}

/// Counts lines while offsets grow. A lone carriage return ends a line too.
struct Lines<'t> {
    bytes: &'t [u8],
    at: usize,
    line: usize,
}

impl<'t> Lines<'t> {
    fn new(bytes: &'t [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            line: 1,
        }
    }

    /// The line on which the first cell at or behind `offset` stands.
    fn at(&mut self, offset: usize) -> usize {
        while let Some(byte) = self.bytes.get(self.at) {
            let ends = match byte {
                b'\n' => true,
                b'\r' => self.bytes.get(self.at + 1) != Some(&b'\n'),
                _ => false,
            };
            if self.at >= offset && !matches!(byte, b'\n' | b'\r') {
                break;
            }
            self.line += usize::from(ends);
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Sheet {
        parse(
            &Input::new("f.csv", b"", "2026-11-23".parse().unwrap()),
            text,
        )
        .unwrap()
    }

    #[test]
    fn delimiters_line_ends_and_quotes() {
        for text in [
            "a,b\n1,2\n",
            "a;b\r\n1;2\r\n",
            "a\tb\r1\t2\r",
            "sep=|\na|b\n1|2",
        ] {
            let sheet = parsed(text);
            assert_eq!(sheet.header, ["a", "b"], "{text:?}");
            assert_eq!(sheet.records[0].cell(1), "2", "{text:?}");
        }
        let sheet = parsed("\n\nname,note\n\nx,\"two\nlines, \"\"quoted\"\"\"\n,\ny,z\n");
        assert_eq!(sheet.header_line, 3);
        assert_eq!(sheet.records[0].line, 5);
        assert_eq!(sheet.records[0].cell(1), "two\nlines, \"quoted\"");
        assert_eq!(sheet.records[1].line, 8);
        assert!(sheet.stopped.is_none());
    }

    #[test]
    fn what_is_too_long_or_never_closed_stops_the_reading() {
        let long = format!(
            "name,note\na,1\nb,{}\nc,3\n",
            "x".repeat(3 * 1024 * 1024 / 2)
        );
        let sheet = parsed(&long);
        assert_eq!(sheet.records.len(), 1);
        assert_eq!(sheet.stopped.unwrap().at, "line 3");

        let wrapped = format!("name,note\na,1\nb,\"{}\"\n", "x\n".repeat(600_000));
        let sheet = parsed(&wrapped);
        assert_eq!(sheet.stopped.unwrap().at, "line 3");
        assert_eq!(sheet.records.len(), 1);

        let sheet = parsed("name,note\na,1\nb,\"open\nc,3\n");
        assert_eq!(sheet.records.len(), 1);
        assert_eq!(sheet.stopped.unwrap().at, "line 3");
    }
}
