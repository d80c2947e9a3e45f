//! Spreadsheets and inventories: any delimited table, by a map of its columns.
//!
//! What stands in a secret column goes into [`Secret`] and nowhere else; what looks like a secret in
//! another column is treated as one.

mod cells;
mod header;
mod provider;
mod row;
mod runtime;
mod synonyms;

use super::{
    column_map::{Column, ColumnMap, Field},
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition},
    reading::{
        dates::{self, Order},
        sheet::{self, Sheet},
        text,
    },
};
use std::collections::BTreeSet;
use tenure_model::key::{Coverage, When};

/// The name of this kind.
pub(super) const KIND: &str = "table";
/// After this many problems the rest is only counted.
const MOST_PROBLEMS: usize = 1000;

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let Some(header) = sheet::header(input) else {
        return Recognition::No;
    };
    if header::is_inventory(&header) {
        Recognition::Yes
    } else {
        Recognition::No
    }
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let decoded = text::of_table(input)?;
    let sheet = sheet::parse(input, &decoded.text)?;
    let map = columns(input, &sheet)?;
    let mut imported = Imported {
        kind: KIND,
        notes: decoded.note.into_iter().collect(),
        ..Imported::default()
    };
    let orders: Vec<Option<Order>> = (0..map.columns.len())
        .map(|at| dates::order(sheet.records.iter().map(|record| record.cell(at))))
        .collect();
    let reader = row::Reader {
        map: &map,
        orders: &orders,
        today: input.today,
    };
    let mut rejected = 0;
    let mut seen_secret = BTreeSet::new();
    for record in &sheet.records {
        let taken = reader.row(record);
        seen_secret.extend(taken.plaintext);
        imported.problems.extend(taken.problems);
        match taken.row {
            Some(row) => imported.rows.push(row),
            None => rejected += 1,
        }
    }
    imported.notes.extend(missing_columns(input, &map));
    let plaintext = imported
        .rows
        .iter()
        .filter(|row| row.secret.is_some())
        .count();
    if plaintext > 0 {
        imported.plaintext = true;
        imported.notes.push(format!(
            "{} holds {plaintext} secret{} in plaintext (column{} {}): the file itself is an exposure",
            input.name,
            if plaintext == 1 { "" } else { "s" },
            if seen_secret.len() == 1 { "" } else { "s" },
            names(&map, &seen_secret),
        ));
    }
    let mut why = Vec::new();
    why.extend(super::imported::rejected(rejected));
    let cells = imported.problems.len().saturating_sub(rejected);
    if cells > 0 {
        why.push(format!(
            "{cells} cell{} could not be read",
            if cells == 1 { "" } else { "s" }
        ));
    }
    if let Some(problem) = sheet.stopped {
        why.push(format!("reading stopped at {}", problem.at));
        imported.problems.push(problem);
    }
    cap(&mut imported.problems);
    let why = (!why.is_empty()).then(|| why.join("; "));
    imported.coverage = coverage(input, &map, &imported, why);
    imported.column_map = Some(map);
    Ok(imported)
}

/// What every column says, or why the header row cannot be used.
fn columns(input: &Input<'_>, sheet: &Sheet) -> Result<ColumnMap, ImportError> {
    let error = |what: String, todo: &str| {
        Err(ImportError::Header {
            file: input.name.to_owned(),
            what,
            todo: todo.to_owned(),
        })
    };
    let map = header::settle(&sheet.header, input.columns, |at| {
        sheet.records.iter().map(move |record| record.cell(at))
    });
    let identity = |column: &Column| {
        matches!(
            column.field,
            Field::Name | Field::KeyId | Field::Provider | Field::Secret | Field::Hint
        )
    };
    if !map.columns.iter().any(identity) {
        // INVARIANT: without a header row the first row may hold secrets, so that none of it is shown.
        let todo = "write a header row such as `name,provider,owner,created,expires,last used`, or give a column map";
        return error(
            format!(
                "line {}: none of the {} columns says which key a row is about, so that there is no header row, or one in other words",
                sheet.header_line,
                sheet.header.len()
            ),
            todo,
        );
    }
    for (at, cell) in sheet.header.iter().enumerate() {
        let name = sheet::normal(cell);
        let twin = sheet
            .header
            .iter()
            .take(at)
            .position(|other| !name.is_empty() && sheet::normal(other) == name);
        let Some(twin) = twin else { continue };
        let told_apart = input.columns.is_some_and(|saved| {
            saved.field(at + 1, cell).is_some() && saved.field(twin + 1, cell).is_some()
        });
        // Two columns of which nothing is used cannot be confused.
        let unused = [at, twin].iter().all(|column| {
            map.columns
                .get(*column)
                .is_some_and(|column| column.field == Field::Ignore)
        });
        if !told_apart && !unused {
            let shown = map
                .columns
                .get(at)
                .map_or("", |column| column.header.as_str());
            return error(
                format!(
                    "columns {} and {} are both named `{shown}`",
                    twin + 1,
                    at + 1
                ),
                "rename one of them, or say in a column map which is which, as `\"NAME (column 2)\" = \"ignore\"`",
            );
        }
    }
    Ok(map)
}

/// Columns that a saved map names and this file does not have.
fn missing_columns(input: &Input<'_>, map: &ColumnMap) -> Vec<String> {
    let Some(saved) = input.columns else {
        return Vec::new();
    };
    let here = |column: &&Column| {
        !map.columns
            .iter()
            .any(|other| other.header.eq_ignore_ascii_case(column.header.trim()))
    };
    saved
        .columns
        .iter()
        .filter(here)
        .map(|column| {
            format!(
                "the column map names a column `{}` that is not in {}",
                column.header, input.name
            )
        })
        .collect()
}

fn names(map: &ColumnMap, positions: &BTreeSet<usize>) -> String {
    let names: Vec<String> = positions
        .iter()
        .filter_map(|at| map.columns.get(*at))
        .map(|column| format!("`{}`", column.header))
        .collect();
    names.join(", ")
}

fn cap(problems: &mut Vec<Problem>) {
    let more = problems.len().saturating_sub(MOST_PROBLEMS);
    if more > 0 {
        problems.truncate(MOST_PROBLEMS);
        problems.push(Problem::new(
            "the rest of the file",
            format!("{more} more problems"),
            "look at the column map first: a column may be taken for something else",
        ));
    }
}

fn coverage(
    input: &Input<'_>,
    map: &ColumnMap,
    imported: &Imported,
    why: Option<String>,
) -> Vec<Coverage> {
    let cover = Cover::of(input);
    let has = |wanted: &Field| map.columns.iter().any(|column| column.field == *wanted);
    let count = |said: &dyn Fn(&tenure_model::key::Row) -> bool| {
        imported.rows.iter().filter(|row| said(row)).count()
    };
    let told = |when: When| !matches!(when, When::NotOffered | When::Unknown);
    let mut parts = vec![cover.read("keys", imported.rows.len(), why)];
    let mut part = |name: &str, fields: &[Field], rows: usize| {
        parts.push(if fields.iter().any(has) {
            cover.read(name, rows, None)
        } else {
            cover.not_offered(name, "no column says it")
        });
    };
    part("owners", &[Field::Owner], count(&|row| row.owner.is_some()));
    part(
        "creation",
        &[Field::Created],
        count(&|row| told(row.created)),
    );
    part(
        "last use",
        &[Field::LastUsed],
        count(&|row| told(row.last_used)),
    );
    part("expiry", &[Field::Expires], count(&|row| told(row.expires)));
    part(
        "status",
        &[Field::Status],
        count(&|row| row.status.is_some()),
    );
    if imported.plaintext {
        parts.push(cover.read(
            "plaintext secrets",
            count(&|row| row.secret.is_some()),
            None,
        ));
    }
    parts
}

#[cfg(test)]
mod tests;
