//! The page on roles is what the table and the policies say. `TENURE_WRITE_DOCS=1` writes it.

use super::matrix::{Cell, Column, table};
use std::{fmt::Write as _, fs, path::Path};
use tenure_access::{Rules, rules::FIXED};
use tenure_model::access::{Action, Role, Sort};

const HEAD: &str = include_str!("roles_head.md");

fn cell(cell: Cell) -> &'static str {
    match cell {
        Cell::Yes => "yes",
        Cell::Own => "own",
        Cell::Both => "yes, own",
        Cell::No => "",
    }
}

fn page() -> String {
    let table = table();
    let mut text = HEAD.to_owned();
    let columns: Vec<Column> = Role::ALL
        .iter()
        .map(|role| Column::Role(*role))
        .chain([Column::NoRole, Column::Operator, Column::Worker])
        .collect();
    for (sort, title) in [
        (Sort::Read, "Reading"),
        (Sort::Supply, "Bringing facts in"),
        (Sort::Work, "Working"),
        (
            Sort::Sign,
            "Signing: only in a session, after a sign-in of just now",
        ),
        (Sort::Administer, "Running the installation"),
        (Sort::Carry, "Carrying out what was decided"),
    ] {
        writeln!(text, "\n### {title}\n\n| act | | viewer | key owner | analyst | approver | risk owner | responder | auditor | administrator | no role | operator | worker |").unwrap();
        writeln!(text, "|---|---|{}", "---|".repeat(columns.len())).unwrap();
        for act in Action::ALL.iter().filter(|act| act.sort() == sort) {
            write!(text, "| `{act}` | {} |", act.phrase()).unwrap();
            for column in &columns {
                write!(text, " {} |", cell(table[act][column])).unwrap();
            }
            text.push('\n');
        }
    }
    text.push_str("\n## What is forbidden whatever roles somebody holds\n\n| policy | what it says |\n|---|---|\n");
    for (id, permits, says) in Rules::builtin().list() {
        if !permits {
            writeln!(text, "| `{id}` | {says} |").unwrap();
        }
    }
    let fixed: Vec<_> = FIXED.iter().map(|name| format!("`{name}`")).collect();
    writeln!(
        text,
        "\nThese stand in {}, which cannot be replaced.",
        fixed.join(" and ")
    )
    .unwrap();
    text
}

#[test]
fn the_page_on_roles_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/roles.md");
    if std::env::var_os("TENURE_WRITE_DOCS").is_some() {
        fs::write(&path, page()).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap();
    assert!(
        there == page(),
        "run TENURE_WRITE_DOCS=1 cargo test -p tenure-access --test access docs"
    );
}
