//! The list of keys: filtered, in every format, out as a workbook, edited, and back.

use crate::bench::{Bench, TODAY, keys, only};
use calamine::{DataType as _, Reader as _};
use rust_xlsxwriter::Workbook;
use serde_json::Value;
use std::path::Path;

const KEYS: &str = "name,provider,key id,system,owner,created\n\
    billing,OpenAI,key_billing_01,web-shop,ann@example.com,2024-01-01\n\
    =cmd,OpenAI,key_formula_01,,,2024-01-01\n\
    ledger,Stripe,key_ledger_001,,bob@example.com,2024-01-01\n";

fn assessed() -> Bench {
    let bench = Bench::with(&[("keys.csv", KEYS)]);
    bench.assess(&["--exclude", "*.xlsx"]).ends(0);
    bench
}

/// What stands in the workbook, cell by cell.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let mut book = calamine::open_workbook_auto(path).unwrap();
    let range = book.worksheet_range("Keys").unwrap();
    range
        .rows()
        .map(|row| {
            row.iter()
                .map(|cell| cell.as_string().unwrap_or_default())
                .collect()
        })
        .collect()
}

/// The workbook as another program saves it: the cells alone, nothing locked.
fn save(path: &Path, cells: &[Vec<String>]) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Keys").unwrap();
    for (row, line) in (0u32..).zip(cells) {
        for (column, cell) in (0u16..).zip(line) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    book.save(path).unwrap();
}

/// Exports, puts a text into a column of the row of a key, and saves.
fn edit(bench: &Bench, edits: &[(&str, &str, &str)]) -> String {
    let path = bench.tree().join("keys.xlsx");
    let file = path.to_str().unwrap().to_owned();
    bench
        .run(&["key", "list", "--editable", "-o", &file])
        .ends(0);
    let mut all = cells(&path);
    for (key, column, text) in edits {
        let at = all[0].iter().position(|header| header == column).unwrap();
        let row = all
            .iter_mut()
            .find(|row| row.iter().any(|cell| cell == key))
            .unwrap();
        row[at] = (*text).to_owned();
    }
    save(&path, &all);
    file
}

#[test]
fn filters_fit_together_and_every_format_lists_the_same() {
    let bench = assessed();
    let ids = |more: &[&str]| -> usize {
        let mut args = vec!["key", "list", "-f", "json"];
        args.extend(more);
        bench.run(&args).ends(0).json().as_array().unwrap().len()
    };
    assert_eq!(ids(&[]), 3);
    assert_eq!(ids(&["--provider", "openai"]), 2);
    assert_eq!(ids(&["--provider", "openai,stripe"]), 3);
    assert_eq!(ids(&["--owner", "ANN"]), 1);
    assert_eq!(ids(&["--owner", "none"]), 1);
    assert_eq!(ids(&["--verdict", "unowned"]), 1);
    assert_eq!(ids(&["--verdict", "unowned", "--owner", "ann"]), 0);
    assert_eq!(ids(&["--level", "b0"]), 3);
    assert_eq!(ids(&["--level", "B4", "--provider", "nobody"]), 0);
    let lines = |format: &str| {
        bench
            .run(&["key", "list", "-f", format])
            .ends(0)
            .out
            .lines()
            .count()
    };
    assert_eq!(
        (lines("jsonl"), lines("csv"), lines("md"), lines("table")),
        (3, 4, 5, 4)
    );
    assert_eq!(
        bench.run(&["key", "list", "--provider", "x"]).ends(0).out,
        "No key fits.\n"
    );
    bench.run(&["key", "list", "--verdict", "fun"]).ends(2);
    bench.run(&["key", "list", "--level", "B9"]).ends(2);
    let csv = bench.run(&["key", "list", "-f", "csv"]).ends(0).out;
    assert!(csv.contains("'=cmd") && !csv.contains(",=cmd"), "{csv}");
}

#[test]
fn show_is_the_record_and_names_each_source() {
    let bench = assessed();
    let shown = bench.run(&["key", "show", "billing"]).ends(0).out;
    for word in [
        "billing",
        "ann@example.com (declared, keys.csv line 2)",
        "web-shop",
        "openai",
    ] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let json = bench
        .run(&["key", "show", "billing", "-f", "json"])
        .ends(0)
        .json();
    assert_eq!(json["key_id"], "key_billing_01");
    bench
        .run(&["key", "show", "nothing"])
        .ends(2)
        .says(&["no key has that"]);
    Bench::new()
        .run(&["key", "list"])
        .ends(2)
        .says(&["nothing was assessed"]);
}

#[test]
fn a_workbook_is_for_editing_and_nothing_else_is() {
    let bench = assessed();
    bench
        .run(&["key", "list", "-o", "k.xlsx"])
        .ends(2)
        .says(&["--editable -o FILE.xlsx"]);
    bench
        .run(&["key", "list", "--editable", "-o", "k.csv"])
        .ends(2)
        .says(&["--editable -o FILE.xlsx"]);
    bench.run(&["key", "list", "--editable"]).ends(2);
}

#[test]
fn edits_are_previewed_then_kept_then_declared_and_can_be_left_out() {
    let bench = assessed();
    let note = "  two\nlines \"quoted\"\t";
    let file = edit(
        &bench,
        &[
            ("key_formula_01", "Owner", "cara@example.com"),
            ("key_formula_01", "Note", note),
            ("key_formula_01", "Purpose", "deployment"),
            ("billing", "System", "'=Web"),
        ],
    );
    let preview = bench
        .run(&["import", "edits", &file, "--today", TODAY])
        .ends(0)
        .says(&["--apply keeps"]);
    assert!(
        preview.out.contains("owner: (nothing) -> cara@example.com"),
        "{}",
        preview.out
    );
    assert!(
        !bench.state().join("edits.toml").exists(),
        "a preview writes nothing"
    );

    let applied = bench
        .run(&[
            "import", "edits", &file, "--apply", "--today", TODAY, "-f", "json",
        ])
        .ends(0)
        .json();
    assert_eq!(applied["applied"], true);
    assert_eq!(applied["changes"].as_array().unwrap().len(), 4);
    let found = bench.assessment(&["--exclude", "*.xlsx"]);
    let key = only(&found, |key| key["key_id"] == "key_formula_01");
    assert_eq!(key["owner"]["value"], "cara@example.com");
    assert_eq!(key["owner"]["basis"], "declared");
    assert_eq!(
        key["owner"]["source"],
        format!("edits of keys.xlsx, {TODAY}")
    );
    assert_eq!(key["purpose"], "deployment");
    assert_eq!(key["note"], note);
    assert_eq!(
        only(&found, |key| key["name"] == "billing")["system"]["value"],
        "=Web"
    );
    assert!(
        found["summary"]["notes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|note| !note.as_str().unwrap().contains("selects no key"))
    );

    let without = bench.assessment(&["--no-edits", "--exclude", "*.xlsx"]);
    let key = only(&without, |key| key["key_id"] == "key_formula_01");
    assert_eq!(
        (&key["owner"]["value"], &key["note"]),
        (&Value::Null, &Value::Null)
    );

    // A list of now comes back unchanged; the list of then says what is known.
    bench.assess(&["--exclude", "*.xlsx"]).ends(0);
    let again = bench
        .run(&["import", "edits", &file, "--apply", "-f", "json"])
        .ends(0)
        .json();
    assert_eq!(
        (again["same"].as_u64(), again["applied"].as_bool()),
        (Some(3), Some(false))
    );

    // Another folder has none of these keys, and nobody is told so.
    let other = Bench::with(&[("keys.csv", "name,provider\nx,Datadog\n")]);
    std::fs::copy(
        bench.state().join("edits.toml"),
        other.state().join("edits.toml"),
    )
    .unwrap();
    let found = other.assessment(&[]);
    assert_eq!(keys(&found).len(), 1);
    assert!(
        found["summary"]["notes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|note| !note.as_str().unwrap().contains("edits of"))
    );
}

#[test]
fn a_stale_row_is_refused_and_the_others_are_kept() {
    let bench = assessed();
    let file = edit(
        &bench,
        &[("billing", "Note", "mine"), ("ledger", "Note", "his")],
    );
    // Meanwhile somebody else owns one of them.
    bench.write(
        "keys.csv",
        KEYS.replace("ann@example.com", "dan@example.com"),
    );
    bench.assess(&["--exclude", "*.xlsx"]).ends(0);
    let ran = bench
        .run(&["import", "edits", &file, "--apply", "-f", "json"])
        .ends(3)
        .says(&["1 row refused"]);
    let told = ran.json();
    assert_eq!(told["changes"].as_array().unwrap().len(), 1);
    assert_eq!(told["changes"][0]["after"], "his");
    assert!(
        told["refused"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("changed since")
    );
    let kept = std::fs::read_to_string(bench.state().join("edits.toml")).unwrap();
    assert!(kept.contains("his") && !kept.contains("mine"), "{kept}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let mode = std::fs::metadata(bench.state().join("edits.toml"))
            .unwrap()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_cannot_be_read_says_what_to_do_and_changes_nothing() {
    let bench = assessed();
    let file = bench.write("bad.xlsx", "name,owner\n");
    bench
        .run(&["import", "edits", file.to_str().unwrap(), "--apply"])
        .ends(2)
        .says(&["no XLSX", "--editable"]);
    bench
        .run(&["import", "edits", "missing.xlsx"])
        .ends(2)
        .says(&["missing.xlsx"]);
    assert!(!bench.state().join("edits.toml").exists());
    std::fs::write(
        bench.state().join("edits.toml"),
        "[[key]]\nname = 'x'\nfun = 1\n",
    )
    .unwrap();
    bench
        .assess(&[])
        .ends(2)
        .says(&["edits.toml", "key[0].fun"]);
    bench
        .run(&["key", "list", "--editable", "-o", "k.xlsx"])
        .ends(2)
        .says(&["edits.toml"]);
    bench.assess(&["--no-edits"]).ends(0);
}
