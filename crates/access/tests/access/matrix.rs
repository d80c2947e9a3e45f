//! Every act times every role, against a table that people read.

use super::{ann, hers, object, role};
use std::collections::BTreeMap;
use tenure_access::Rules;
use tenure_model::access::{Action, Actor, Held, ObjectKind, Role};

pub(crate) const TABLE: &str = include_str!("roles.txt");

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// In the role's unit.
    Yes,
    /// Only what is theirs, wherever it lies.
    Own,
    /// In the role's unit, and what is theirs wherever it lies.
    Both,
    /// Never.
    No,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Column {
    Role(Role),
    NoRole,
    Operator,
    Worker,
}

/// The table: rows by act.
pub(crate) fn table() -> BTreeMap<Action, BTreeMap<Column, Cell>> {
    let mut lines = TABLE
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let columns: Vec<Column> = lines
        .next()
        .unwrap()
        .split_whitespace()
        .skip(1)
        .map(|name| match name {
            "no_role" => Column::NoRole,
            "operator" => Column::Operator,
            "worker" => Column::Worker,
            role => Column::Role(role.parse().unwrap()),
        })
        .collect();
    let mut rows = BTreeMap::new();
    for line in lines {
        let mut words = line.split_whitespace();
        let act: Action = words
            .next()
            .unwrap()
            .parse()
            .unwrap_or_else(|e| panic!("{line}: {e}"));
        let cells: Vec<Cell> = words
            .map(|cell| match cell {
                "yes" => Cell::Yes,
                "own" => Cell::Own,
                "both" => Cell::Both,
                "-" => Cell::No,
                other => panic!("{line}: `{other}` is not yes, own, both or -"),
            })
            .collect();
        assert_eq!(cells.len(), columns.len(), "{line}");
        let row = columns.iter().copied().zip(cells).collect();
        assert!(rows.insert(act, row).is_none(), "{act} has two rows");
    }
    rows
}

#[test]
fn every_act_has_a_row_and_every_role_a_column() {
    let table = table();
    for act in Action::ALL {
        let row = table
            .get(act)
            .unwrap_or_else(|| panic!("{act} has no row in roles.txt; say who may do it"));
        for role in Role::ALL {
            assert!(
                row.contains_key(&Column::Role(*role)),
                "{role} has no column in roles.txt"
            );
        }
        assert_eq!(row.len(), Role::ALL.len() + 3);
    }
    assert_eq!(table.len(), Action::ALL.len());
}

fn roles_of(column: Column, path: &str) -> Option<Vec<Held>> {
    match column {
        Column::Role(one) => Some(role(one, path)),
        Column::NoRole => Some(Vec::new()),
        Column::Operator | Column::Worker => None,
    }
}

#[test]
fn every_cell_is_what_the_policies_say() {
    let rules = Rules::builtin();
    let mut wrong = Vec::new();
    for (act, row) in table() {
        for (column, cell) in row {
            let mut expect = |what: &str, actor: &Actor, object, allowed: bool| {
                if rules.allows(actor, act, object) != allowed {
                    wrong.push(format!("{act} {column:?} {what}: expected {allowed}"));
                }
            };
            let (theirs, other) = (hers(act.object()), object(act.object()));
            let inside = matches!(cell, Cell::Yes | Cell::Both);
            match column {
                Column::Operator => expect("", &Actor::Operator("root".to_owned()), &other, inside),
                Column::Worker => {
                    expect("", &Actor::Worker("scheduler".to_owned()), &other, inside)
                }
                Column::Role(_) | Column::NoRole => {
                    let own = matches!(cell, Cell::Own | Cell::Both);
                    let with = |path: &str| ann(roles_of(column, path).unwrap());
                    for path in ["emea/payments", "*"] {
                        expect(path, &with(path), &other, inside);
                    }
                    // Beside it, below it, and a name that only begins alike.
                    for path in ["apac", "emea/payments/cards", "emea/pay"] {
                        expect(path, &with(path), &other, false);
                    }
                    if act.object() != ObjectKind::Unit {
                        expect("own, elsewhere", &with("apac"), &theirs, own);
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cells differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn an_act_is_only_for_its_kind_of_object() {
    let rules = Rules::builtin();
    let all: Vec<_> = Role::ALL.iter().flat_map(|one| role(*one, "*")).collect();
    for act in Action::ALL {
        for kind in ObjectKind::ALL {
            if act.object() != *kind {
                let denial = rules
                    .decide(&ann(all.clone()), *act, &object(*kind))
                    .unwrap_err();
                assert!(denial.failed, "{act} on {kind}");
            }
        }
    }
}
