//! The list of keys as a workbook to be edited, and the workbook that comes back.
//!
//! Every row carries, hidden, the key's id and the row's version. Owner, purpose, system and note can be typed into;
//! all else is locked. Who unlocks it changes nothing by that: of a row only its editable cells are taken, and only
//! where its other cells still are those of its key.

use calamine::{Data, DataType as _, Reader as _};
use rust_xlsxwriter::{
    Color, DataValidation, Format, ProtectionOptions, Workbook, Worksheet, XlsxError,
};
use std::{collections::BTreeMap, io::Cursor};
use tenure_model::{
    cell::{neutral, restored},
    edit::{Edit, Field},
    place::Purpose,
};

/// The sheet.
const SHEET: &str = "Keys";
/// Columns that tell which key a row is about, in the order of [`tenure_model::edit::identifying`].
const IDENTIFYING: [&str; 6] = ["Provider", "Kind", "Account", "Key id", "Name", "Hint"];
/// Columns that help to decide.
const SHOWN: [&str; 5] = ["Verdict", "Level", "Urgency", "Due", "Because"];
/// Hidden columns.
const ID: &str = "Row id";
const VERSION: &str = "Row version";
/// The longest cell of a workbook, in characters
/// (<https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3>, read
/// 2026-11-26).
pub const LONGEST: usize = 32_767;
/// The largest workbook that is read, in bytes.
pub const LARGEST: usize = 64 << 20;

/// One key in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// The key's id.
    pub id: String,
    /// The version of the row, as at its export.
    pub version: String,
    /// The cells that tell which key it is.
    pub identifying: [String; 6],
    /// The cells that help to decide; not read back.
    pub shown: [String; 5],
    /// The editable cells.
    pub edit: Edit,
}

/// A row that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number in the sheet, from 1.
    pub number: usize,
    /// What it holds, or why it cannot be taken.
    pub line: Result<Line, String>,
}

/// Why a workbook cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EditsError {
    /// It cannot be written.
    #[error("the workbook cannot be written: {0}")]
    Write(#[from] XlsxError),
    /// A cell that no workbook can hold.
    #[error(
        "key {id}: its {what} has more than {LONGEST} characters, and no workbook can hold that"
    )]
    TooLong {
        /// The key.
        id: String,
        /// The column.
        what: &'static str,
    },
    /// It is none that was exported for editing.
    #[error("{0}; give a workbook that `tenure key list --editable -o FILE.xlsx` wrote")]
    Shape(String),
}

/// Writes the workbook.
///
/// # Errors
/// A cell that is too long, or more rows than a sheet has.
pub fn write(lines: &[Line]) -> Result<Vec<u8>, EditsError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name(SHEET)?;
    let locked = Format::new().set_locked();
    let head = Format::new()
        .set_locked()
        .set_bold()
        .set_background_color(Color::RGB(0xE7_E7_E7));
    let open = Format::new()
        .set_unlocked()
        .set_background_color(Color::RGB(0xFF_F8_E1));
    let shown = IDENTIFYING.iter().chain(&SHOWN);
    let headers: Vec<&str> = shown
        .copied()
        .chain(Field::ALL.iter().map(|field| title(*field)))
        .chain([ID, VERSION])
        .collect();
    for (column, header) in (0u16..).zip(&headers) {
        sheet.write_string_with_format(0, column, *header, &head)?;
    }
    for (row, line) in (1u32..).zip(lines) {
        let mut column = 0u16;
        let fixed = line
            .identifying
            .iter()
            .zip(IDENTIFYING)
            .chain(line.shown.iter().zip(SHOWN));
        for (cell, what) in fixed {
            put(sheet, row, column, line, cell, what, &locked)?;
            column = column.saturating_add(1);
        }
        for field in Field::ALL {
            put(
                sheet,
                row,
                column,
                line,
                line.edit.cell(*field),
                title(*field),
                &open,
            )?;
            column = column.saturating_add(1);
        }
        for cell in [&line.id, &line.version] {
            sheet.write_string_with_format(row, column, cell, &locked)?;
            column = column.saturating_add(1);
        }
    }
    dress(sheet, &headers, lines.len())?;
    Ok(book.save_to_buffer()?)
}

fn put(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    line: &Line,
    cell: &str,
    what: &'static str,
    format: &Format,
) -> Result<(), EditsError> {
    let cell = neutral(cell);
    if cell.chars().count() > LONGEST {
        return Err(EditsError::TooLong {
            id: line.id.clone(),
            what,
        });
    }
    sheet.write_string_with_format(row, column, &cell, format)?;
    Ok(())
}

/// Widths, the frozen header, the filter, the lock, and the words of purposes.
fn dress(sheet: &mut Worksheet, headers: &[&str], rows: usize) -> Result<(), XlsxError> {
    let last = u32::try_from(rows).unwrap_or(u32::MAX);
    let width = |header: &str| match header {
        "Because" | "Note" => 50.0,
        "Name" | "Owner" | "System" | "Account" | "Key id" => 26.0,
        "Level" => 7.0,
        _ => 15.0,
    };
    for (column, header) in (0u16..).zip(headers) {
        sheet.set_column_width(column, width(header))?;
        if matches!(*header, ID | VERSION) {
            sheet.set_column_hidden(column)?;
        }
        if *header == title(Field::Purpose) && last > 0 {
            let words: Vec<&str> = Purpose::ALL
                .iter()
                .map(|purpose| purpose.word())
                .filter(|word| *word != "unknown")
                .collect();
            let choice = DataValidation::new().allow_list_strings(&words)?;
            sheet.add_data_validation(1, column, last, column, &choice)?;
        }
    }
    let end = u16::try_from(headers.len().saturating_sub(1)).unwrap_or(u16::MAX);
    sheet.autofilter(0, 0, last, end)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.protect_with_options(&ProtectionOptions {
        use_autofilter: true,
        format_columns: true,
        format_rows: true,
        ..ProtectionOptions::default()
    });
    Ok(())
}

fn title(field: Field) -> &'static str {
    match field {
        Field::Owner => "Owner",
        Field::Purpose => "Purpose",
        Field::System => "System",
        Field::Note => "Note",
    }
}

/// Reads a workbook that came back. Rows without any text are passed over; a row that cannot be taken says why.
///
/// # Errors
/// It is no workbook, or none that was exported for editing.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, EditsError> {
    let shape = |why: &str| EditsError::Shape(why.to_owned());
    if bytes.len() > LARGEST {
        return Err(EditsError::Shape(format!(
            "it is larger than {} MiB",
            LARGEST >> 20
        )));
    }
    if !bytes.starts_with(b"PK\x03\x04") {
        return Err(shape("it is no XLSX or ODS file"));
    }
    let mut book = calamine::open_workbook_auto_from_rs(Cursor::new(bytes))
        .map_err(|error| EditsError::Shape(format!("it cannot be opened: {error}")))?;
    let range = book
        .worksheet_range(SHEET)
        .map_err(|_| shape("it has no sheet `Keys` that can be read"))?;
    let mut rows = (range.start().map_or(0, |(row, _)| row)..).zip(range.rows());
    let headers: BTreeMap<String, usize> = rows
        .next()
        .map(|(_, cells)| cells)
        .unwrap_or_default()
        .iter()
        .enumerate()
        .filter_map(|(at, cell)| Some((cell.as_string()?, at)))
        .collect();
    let editable = Field::ALL.iter().map(|field| title(*field));
    if let Some(missing) = IDENTIFYING
        .into_iter()
        .chain(editable)
        .chain([ID, VERSION])
        .find(|header| !headers.contains_key(*header))
    {
        return Err(EditsError::Shape(format!("it has no column `{missing}`")));
    }
    Ok(rows
        .filter(|(_, cells)| {
            cells
                .iter()
                .any(|cell| !text(cell).is_ok_and(|text| text.trim().is_empty()))
        })
        .map(|(row, cells)| Row {
            number: usize::try_from(row).unwrap_or(usize::MAX).saturating_add(1),
            line: line(cells, &headers),
        })
        .collect())
}

fn line(cells: &[Data], headers: &BTreeMap<String, usize>) -> Result<Line, String> {
    let cell = |header: &str| -> Result<String, String> {
        let at = headers.get(header).copied().unwrap_or(usize::MAX);
        let text = cells.get(at).map_or(Ok(String::new()), text);
        let text = text.map_err(|why| format!("{header}: {why}"))?;
        Ok(restored(&text).to_owned())
    };
    let mut line = Line {
        id: cell(ID)?.trim().to_owned(),
        version: cell(VERSION)?.trim().to_owned(),
        ..Line::default()
    };
    if line.id.is_empty() || line.version.is_empty() {
        return Err(
            "its hidden row id or row version is gone; rows cannot be added to this list"
                .to_owned(),
        );
    }
    for (slot, header) in line.identifying.iter_mut().zip(IDENTIFYING) {
        *slot = cell(header)?;
    }
    for field in Field::ALL {
        let text = cell(title(*field))?;
        // A note stays as it is; spaces around a name are none of it.
        let text = if *field == Field::Note {
            text
        } else {
            text.trim().to_owned()
        };
        line.edit.set(*field, text);
    }
    Ok(line)
}

/// What stands in a cell. Numbers and dates are what somebody typed.
fn text(cell: &Data) -> Result<String, String> {
    match cell {
        Data::Empty => Ok(String::new()),
        Data::String(text) => Ok(text.clone()),
        Data::Error(error) => Err(format!("a formula that gives {error}; write a text")),
        other => other
            .as_string()
            .ok_or_else(|| "a value that is no text; write it as text".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(lines: &[Line]) -> Vec<Line> {
        read(&write(lines).unwrap())
            .unwrap()
            .into_iter()
            .map(|row| row.line.unwrap())
            .collect()
    }

    fn sample() -> Line {
        Line {
            id: "k0123456789a".to_owned(),
            version: "0123".to_owned(),
            identifying: [
                "aws",
                "iam_access_key",
                "111122223333",
                "AKIA",
                "ci",
                "…7QXM",
            ]
            .map(str::to_owned),
            shown: ["Unowned", "B3", "due", "2026-12-01", "nobody owns it"].map(str::to_owned),
            edit: Edit {
                owner: "ann@example.com".to_owned(),
                purpose: "deployment".to_owned(),
                system: "Web shop".to_owned(),
                note: "  two\nlines, \"quoted\" and 'marked'\t".to_owned(),
            },
        }
    }

    fn without_shown(line: &Line) -> Line {
        Line {
            shown: Default::default(),
            ..line.clone()
        }
    }

    #[test]
    fn a_list_comes_back_as_it_was() {
        let line = sample();
        assert_eq!(
            back(&[line.clone(), line.clone()]),
            [without_shown(&line), without_shown(&line)]
        );
        assert!(back(&[]).is_empty());
    }

    /// XML has no way to write most control characters, and reads a carriage return as a line feed: workbooks write
    /// them as `_xHHHH_` (ECMA-376, ST_Xstring), and so a text that looks so.
    #[test]
    fn control_characters_come_back() {
        let mut line = sample();
        line.edit.note = (0..0x21u8).map(char::from).collect::<String>()
            + "_x000D_ _x0041_ \u{7f}\u{85}\u{fffd}\r\n";
        assert_eq!(back(&[line.clone()]), [without_shown(&line)]);
    }

    #[test]
    fn nothing_is_a_formula() {
        let mut line = sample();
        line.identifying[4] = "=HYPERLINK(\"https://evil.example\")".to_owned();
        line.edit.note = "@SUM(1)".to_owned();
        let bytes = write(std::slice::from_ref(&line)).unwrap();
        let mut book: calamine::Xlsx<_> =
            calamine::open_workbook_from_rs(Cursor::new(&bytes[..])).unwrap();
        assert!(book.worksheet_formula(SHEET).unwrap().is_empty());
        let range = book.worksheet_range(SHEET).unwrap();
        let cells: Vec<String> = range
            .cells()
            .filter_map(|(.., cell)| cell.as_string())
            .collect();
        assert!(
            cells.iter().any(|cell| cell.starts_with("'=HYPERLINK"))
                && cells.iter().any(|cell| cell == "'@SUM(1)")
        );
        assert_eq!(back(&[line.clone()]), [without_shown(&line)]);
    }

    #[test]
    fn what_is_no_list_says_so() {
        let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert!(error(b"name,owner\n").contains("no XLSX or ODS"));
        assert!(error(b"PK\x03\x04rubbish").contains("cannot be opened"));
        let mut book = Workbook::new();
        book.add_worksheet()
            .set_name("Keys")
            .unwrap()
            .write_string(0, 0, "Provider")
            .unwrap();
        let wrong = error(&book.save_to_buffer().unwrap());
        assert!(
            wrong.contains("no column `Kind`") && wrong.contains("--editable"),
            "{wrong}"
        );
        let mut book = Workbook::new();
        book.add_worksheet().set_name("Other").unwrap();
        assert!(error(&book.save_to_buffer().unwrap()).contains("no sheet `Keys`"));
    }

    #[test]
    fn a_row_that_somebody_added_is_refused_alone_and_numbers_are_text() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet().set_name("Keys").unwrap();
        let editable = Field::ALL.iter().map(|field| title(*field));
        let headers: Vec<&str> = IDENTIFYING
            .into_iter()
            .chain(editable)
            .chain([ID, VERSION])
            .collect();
        for (column, header) in (0u16..).zip(&headers) {
            sheet.write_string(0, column, *header).unwrap();
        }
        sheet.write_string(1, 6, "ann").unwrap();
        sheet.write_number(3, 9, 42).unwrap();
        sheet.write_string(3, 10, "k1").unwrap();
        sheet.write_string(3, 11, "v").unwrap();
        let rows = read(&book.save_to_buffer().unwrap()).unwrap();
        assert_eq!(rows.len(), 2);
        assert!(
            rows[0]
                .line
                .as_ref()
                .unwrap_err()
                .contains("cannot be added")
        );
        assert_eq!(
            (
                rows[1].number,
                rows[1].line.as_ref().unwrap().edit.note.as_str()
            ),
            (4, "42")
        );
    }

    #[test]
    fn a_cell_that_no_workbook_holds_is_named() {
        let mut line = sample();
        line.edit.note = "x".repeat(LONGEST + 1);
        let error = write(&[line]).unwrap_err().to_string();
        assert!(
            error.contains("k0123456789a") && error.contains("Note"),
            "{error}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_text_comes_back_to_the_byte(
            note in "([\t\n -~]|_x00|\\PC|[=+@'-]){0,24}",
            owner in "[\\PC&&[^ ]]{0,12}",
        ) {
            let mut line = sample();
            line.edit.note = note;
            line.edit.owner = owner.trim().to_owned();
            prop_assert_eq!(back(&[line.clone()]), [without_shown(&line)]);
        }
    }
}
