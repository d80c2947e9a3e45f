//! Workbooks, XLSX and ODS: every sheet with the header of an inventory or of a people list, read as the
//! importers of tables read it. Dates are dates, whatever they look like on the screen.

use super::{
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition},
    people, table,
};
use calamine::{Data, Range, Reader as _, Sheets};
use std::io::Cursor;
use zeroize::Zeroizing;

/// The name of this kind.
pub(super) const KIND: &str = "workbook";
/// The most cells that a sheet may have.
const LARGEST: usize = 20_000_000;

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let known = open(input).is_ok_and(|mut book| {
        book.sheet_names().iter().any(|name| {
            book.worksheet_range(name)
                .is_ok_and(|range| Sheet::of(input, name, &range).kind().is_some())
        })
    });
    if known {
        Recognition::Yes
    } else {
        Recognition::No
    }
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let shape = |why: String, todo: &str| ImportError::Shape {
        file: input.name.to_owned(),
        kind: KIND,
        why,
        todo: todo.to_owned(),
    };
    let mut book = open(input).map_err(|why| {
        shape(
            why,
            "save it anew as XLSX, or export the sheet as CSV UTF-8",
        )
    })?;
    let mut imported = Imported {
        kind: table::KIND,
        ..Imported::default()
    };
    let mut read = 0;
    let mut left = Vec::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).map_err(|error| {
            shape(
                format!("sheet `{name}` cannot be read: {error}"),
                "save it anew as XLSX",
            )
        })?;
        if range.is_empty() {
            continue;
        }
        let sheet = Sheet::of(input, &name, &range);
        match sheet.kind() {
            None => left.push(name),
            Some(kind) => {
                read += 1;
                join(&mut imported, sheet.read(kind)?);
            }
        }
    }
    if read == 0 {
        return Err(shape(
            "no sheet has the header of an inventory or of a people list".to_owned(),
            "write a header row such as `name, provider, owner, created, expires, last used`",
        ));
    }
    let hash = Cover::of(input);
    for part in &mut imported.coverage {
        part.hash = Some(hash.hash().to_owned());
    }
    if !left.is_empty() {
        imported.notes.push(format!(
            "sheets without the header of an inventory were left out: {}",
            left.join(", ")
        ));
    }
    Ok(imported)
}

type Book<'b> = Sheets<Cursor<&'b [u8]>>;

fn open<'b>(input: &Input<'b>) -> Result<Book<'b>, String> {
    // Both forms are ZIP archives.
    if !input.bytes.starts_with(b"PK\x03\x04") {
        return Err("it is no XLSX or ODS file".to_owned());
    }
    calamine::open_workbook_auto_from_rs(Cursor::new(input.bytes))
        .map_err(|error| format!("it cannot be opened: {error}"))
}

/// What a sheet is read as.
#[derive(Clone, Copy)]
enum Kind {
    Keys,
    People,
}

/// One sheet as delimited text, in which a line is a row of the sheet.
struct Sheet<'i> {
    input: Input<'i>,
    name: String,
    label: String,
    text: Zeroizing<Vec<u8>>,
    cut: bool,
}

impl<'i> Sheet<'i> {
    fn of(input: &Input<'i>, name: &str, range: &Range<Data>) -> Self {
        let (rows, columns) = range.get_size();
        let most = LARGEST.checked_div(columns.max(1)).unwrap_or(0);
        let mut text = Zeroizing::new(Vec::new());
        // Rows above the first one that holds something keep the numbers right.
        let above = range.start().map_or(0, |(row, _)| row);
        for _ in 0..above {
            text.push(b'\n');
        }
        for row in range.rows().take(most) {
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    text.push(b',');
                }
                let cell = Zeroizing::new(shown(cell));
                text.push(b'"');
                for c in cell.chars() {
                    match c {
                        '\n' | '\r' => text.push(b' '),
                        '"' => text.extend_from_slice(b"\"\""),
                        other => text.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
                    }
                }
                text.push(b'"');
            }
            text.push(b'\n');
        }
        Self {
            input: *input,
            name: name.to_owned(),
            label: format!("{} sheet {name}", input.name),
            text,
            cut: rows > most,
        }
    }

    fn as_input(&self) -> Input<'_> {
        Input {
            name: &self.label,
            bytes: &self.text,
            declared_kind: None,
            columns: self.input.columns,
            today: self.input.today,
        }
    }

    fn kind(&self) -> Option<Kind> {
        let input = self.as_input();
        if people::recognise(&input) == Recognition::Yes {
            Some(Kind::People)
        } else if table::recognise(&input) == Recognition::Yes {
            Some(Kind::Keys)
        } else {
            None
        }
    }

    /// Reads it as a table; whatever speaks of a place in it also names the sheet.
    fn read(&self, kind: Kind) -> Result<Imported, ImportError> {
        let input = self.as_input();
        let mut imported = match kind {
            Kind::Keys => table::read(&input),
            Kind::People => people::read(&input),
        }?;
        let placed = |at: &str| {
            let at = at.strip_prefix("line ").map(|row| format!("row {row}"));
            at.map(|at| format!("sheet {} {at}", self.name))
        };
        for problem in &mut imported.problems {
            if let Some(at) = placed(&problem.at) {
                problem.at = at;
            }
        }
        for row in &mut imported.rows {
            if let Some(at) = placed(&row.at) {
                row.at = at;
            }
        }
        for part in &mut imported.coverage {
            part.source = self.input.name.to_owned();
            part.part = format!("{} (sheet {})", part.part, self.name);
        }
        if self.cut {
            imported.problems.push(Problem::new(
                format!("sheet {}", self.name),
                format!("holds more than {LARGEST} cells; the rest was not read"),
                "split it into several files",
            ));
        }
        Ok(imported)
    }
}

/// A cell as a table of text would hold it.
fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::DateTime(time) => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
        }
        other => other.to_string(),
    }
}

fn join(whole: &mut Imported, part: Imported) {
    whole.rows.extend(part.rows);
    whole.people.extend(part.people);
    whole.coverage.extend(part.coverage);
    whole.problems.extend(part.problems);
    whole.notes.extend(part.notes);
    whole.plaintext |= part.plaintext;
    match (&mut whole.column_map, part.column_map) {
        (Some(map), Some(more)) => map.columns.extend(more.columns),
        (None, map) => whole.column_map = map,
        (Some(_), None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    use tenure_model::{day::Day, key::When};

    fn today() -> Day {
        "2026-11-23".parse().unwrap()
    }

    fn book() -> Vec<u8> {
        let mut book = Workbook::new();
        let notes = book.add_worksheet();
        notes.set_name("Read me").unwrap();
        notes.write(0, 0, "ask the platform team").unwrap();
        let keys = book.add_worksheet();
        keys.set_name("Keys").unwrap();
        for (column, header) in ["Key name", "Provider", "Owner", "Created", "Secret"]
            .into_iter()
            .enumerate()
        {
            keys.write(2, u16::try_from(column).unwrap(), header)
                .unwrap();
        }
        let made = ExcelDateTime::from_ymd(2024, 3, 1).unwrap();
        let style = Format::new().set_num_format("dd.mm.yyyy");
        keys.write(3, 0, "billing \"live\"\nexport").unwrap();
        keys.write(3, 1, "Stripe").unwrap();
        keys.write(3, 2, "ann@x.example").unwrap();
        keys.write_with_format(3, 3, &made, &style).unwrap();
        keys.write(3, 4, format!("sk_{}_{}", "live", "8Zk2LmX7vTr4WnYb1CdP0aa"))
            .unwrap();
        keys.write(4, 0, "old").unwrap();
        keys.write(4, 1, "Okta").unwrap();
        keys.write(4, 3, "sometime").unwrap();
        let people = book.add_worksheet();
        people.set_name("People").unwrap();
        for (column, header) in ["id", "email", "manager", "active"].into_iter().enumerate() {
            people
                .write(0, u16::try_from(column).unwrap(), header)
                .unwrap();
        }
        for (column, cell) in ["1", "ann@x.example", "", "true"].into_iter().enumerate() {
            people
                .write(1, u16::try_from(column).unwrap(), cell)
                .unwrap();
        }
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn sheets_of_keys_and_people_are_read_and_others_named() {
        let bytes = book();
        let input = Input::new("keys.xlsx", &bytes, today());
        assert_eq!(recognise(&input), Recognition::Yes);
        let imported = read(&input).unwrap();
        let first = &imported.rows[0];
        assert_eq!(first.at, "sheet Keys row 4");
        assert_eq!(first.name.as_deref(), Some("billing \"live\" export"));
        assert_eq!(first.created, When::On("2024-03-01".parse().unwrap()));
        assert!(first.secret.is_some());
        assert_eq!(imported.people.len(), 1);
        assert!(imported.plaintext);
        assert!(imported.problems[0].at.starts_with("sheet Keys row 5"));
        assert!(imported.notes.iter().any(|note| note.contains("Read me")));
        assert!(!format!("{imported:?}").contains("8Zk2LmX7vTr4WnYb1CdP0aa"));
    }

    #[test]
    fn workbooks_of_other_programs_are_read() {
        for (name, bytes) in [
            (
                "keys.xlsx",
                &include_bytes!("../../tests/fixtures/keys.xlsx")[..],
            ),
            ("keys.ods", include_bytes!("../../tests/fixtures/keys.ods")),
        ] {
            let input = Input::new(name, bytes, today());
            assert_eq!(recognise(&input), Recognition::Yes, "{name}");
            let imported = read(&input).unwrap();
            assert!(
                imported.problems.is_empty(),
                "{name}: {:?}",
                imported.problems
            );
            let told: Vec<_> = imported
                .rows
                .iter()
                .map(|row| (row.provider.as_str(), row.created, row.expires))
                .collect();
            let day = |text: &str| When::On(text.parse().unwrap());
            assert_eq!(
                told,
                [
                    ("stripe", day("2024-03-01"), When::Never),
                    ("okta", day("2025-05-09"), day("2027-01-31"))
                ],
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_no_workbook_says_so() {
        let problem = |bytes: &[u8]| {
            read(&Input::new("keys.xlsx", bytes, today()))
                .unwrap_err()
                .to_string()
        };
        assert!(problem(b"name,provider\n").contains("no XLSX or ODS"));
        let whole = book();
        assert!(problem(&whole[..whole.len() / 2]).contains("keys.xlsx"));
        let mut empty = Workbook::new();
        empty.add_worksheet();
        assert!(problem(&empty.save_to_buffer().unwrap()).contains("no sheet has the header"));
    }
}
