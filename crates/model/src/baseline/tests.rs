use super::*;
use crate::{
    place::{Audience, Liveness, PlaceKind},
    scan::{SCHEMA, Stats},
};

fn place(path: &str, line: u32) -> Seen {
    Seen {
        source: ".".to_owned(),
        kind: PlaceKind::Config,
        path: path.to_owned(),
        line: Some(line),
        column: Some(1),
        commit: None,
        author: None,
        date: None,
        at_tip: None,
        audience: Audience::You,
        sentence: format!("{path}, line {line}"),
        standing: Standing::New,
        allow: None,
    }
}

fn finding(id: &str, places: Vec<Seen>) -> Finding {
    Finding {
        id: id.to_owned(),
        rule: "generic_secret".to_owned(),
        provider: "unknown".to_owned(),
        credential: "generic_secret".to_owned(),
        title: "a secret".to_owned(),
        known_key: None,
        key_id: None,
        fingerprint: format!("f{id}"),
        hint: None,
        liveness: Liveness::NotChecked,
        check: None,
        standing: Standing::New,
        places,
    }
}

fn scan(findings: Vec<Finding>) -> Scan {
    Scan {
        schema: SCHEMA.to_owned(),
        complete: true,
        today: "2026-11-23".parse().unwrap(),
        findings,
        stale: Vec::new(),
        skipped: Vec::new(),
        notes: Vec::new(),
        stats: Stats::default(),
    }
}

fn written(findings: Vec<Finding>) -> Baseline {
    Baseline::default().apply(&mut scan(findings), &|_| true, true)
}

fn standings(scan: &Scan) -> Vec<(&str, Standing)> {
    scan.findings
        .iter()
        .flat_map(|f| &f.places)
        .map(|p| (p.path.as_str(), p.standing))
        .collect()
}

#[test]
fn a_decision_survives_moved_lines_and_a_renamed_file() {
    let baseline = written(vec![finding("a", vec![place("x.py", 3)])]);
    let mut moved = scan(vec![finding("a", vec![place("x.py", 90)])]);
    baseline.apply(&mut moved, &|_| true, true);
    assert_eq!(standings(&moved), [("x.py", Standing::Known)]);
    let mut renamed = scan(vec![finding("a", vec![place("y.py", 3)])]);
    let next = baseline.apply(&mut renamed, &|path| path == "x.py", true);
    assert_eq!(standings(&renamed), [("y.py", Standing::Known)]);
    assert!(renamed.stale.is_empty());
    assert!(next.to_text().contains("y.py") && !next.to_text().contains("x.py"));
}

#[test]
fn a_copy_in_a_further_file_is_new() {
    let baseline = written(vec![finding("a", vec![place("x.py", 3)])]);
    let mut copied = scan(vec![finding("a", vec![place("x.py", 3), place("y.py", 1)])]);
    baseline.apply(&mut copied, &|_| false, true);
    assert_eq!(
        standings(&copied),
        [("x.py", Standing::Known), ("y.py", Standing::New)]
    );
    assert_eq!(copied.findings[0].standing, Standing::New);
    // The old file was not read in this run, so nobody knows that its copy is gone.
    let mut partial = scan(vec![finding("a", vec![place("y.py", 1)])]);
    baseline.apply(&mut partial, &|_| false, true);
    assert_eq!(standings(&partial), [("y.py", Standing::New)]);
    // One file is gone and two came: one of them is a copy.
    let mut two = scan(vec![finding("a", vec![place("y.py", 1), place("z.py", 1)])]);
    baseline.apply(&mut two, &|path| path == "x.py", true);
    assert_eq!(
        standings(&two),
        [("y.py", Standing::Known), ("z.py", Standing::New)]
    );
}

#[test]
fn another_key_at_the_same_place_is_new() {
    let baseline = written(vec![finding("a", vec![place("x.py", 3)])]);
    let mut other = scan(vec![finding("b", vec![place("x.py", 3)])]);
    baseline.apply(&mut other, &|_| true, true);
    assert_eq!(standings(&other), [("x.py", Standing::New)]);
    assert_eq!(other.stale.len(), 1);
}

#[test]
fn what_is_gone_is_stale_and_what_was_not_read_stays() {
    let baseline = written(vec![
        finding("a", vec![place("x.py", 3)]),
        finding("b", vec![place("unread.py", 3)]),
    ]);
    let mut empty = scan(Vec::new());
    let next = baseline.apply(&mut empty, &|path| path == "x.py", true);
    assert_eq!(empty.stale.len(), 1);
    assert_eq!(
        (next.len(), next.to_text().contains("unread.py")),
        (1, true)
    );
}

#[test]
fn an_end_is_kept_to_and_a_reason_is_carried_on() {
    let line = |until: &str| {
        format!(
            "{{\"id\":\"a\",\"path\":\"x.py\",\"rule\":\"r\",\"reason\":\"sandbox\",\"until\":\"{until}\"}}\n"
        )
    };
    for (until, standing) in [
        ("2026-11-23", Standing::Known),
        ("2026-11-22", Standing::New),
    ] {
        let baseline = Baseline::parse(&line(until)).unwrap();
        let mut again = scan(vec![finding("a", vec![place("x.py", 3)])]);
        let next = baseline.apply(&mut again, &|_| true, true);
        assert_eq!(standings(&again), [("x.py", standing)]);
        assert!(next.to_text().contains("sandbox"));
        assert_eq!(
            next.to_text().contains("until"),
            standing == Standing::Known
        );
    }
}

#[test]
fn a_version_that_no_branch_holds_goes_with_the_decision_about_its_key() {
    let baseline = written(vec![finding("a", vec![place("x.py", 3)])]);
    let old = Seen {
        at_tip: Some(false),
        ..place("older/x.py", 3)
    };
    let mut all = scan(vec![finding("a", vec![place("x.py", 3), old.clone()])]);
    baseline.apply(&mut all, &|_| true, true);
    assert_eq!(all.findings[0].standing, Standing::Known);
    let mut other = scan(vec![finding("b", vec![old])]);
    baseline.apply(&mut other, &|_| true, true);
    assert_eq!(other.findings[0].standing, Standing::New);
}

#[test]
fn both_sides_of_a_merge_count_in_any_order() {
    let one = written(vec![
        finding("a", vec![place("x.py", 3)]),
        finding("c", vec![place("x.py", 4)]),
    ]);
    let two = written(vec![
        finding("b", vec![place("y.py", 3)]),
        finding("a", vec![place("x.py", 9)]),
    ]);
    let union = format!("{}{}", two.to_text(), one.to_text());
    let merged = Baseline::parse(&union).unwrap();
    assert_eq!(merged.len(), 3);
    let ids: Vec<&str> = merged.0.values().map(|d| d.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(Baseline::parse(&merged.to_text()).unwrap(), merged);
}

#[test]
fn a_scan_and_its_lines_are_baselines_too() {
    let whole = scan(vec![finding("a", vec![place("x.py", 3), place("y.py", 3)])]);
    let json = serde_json::to_string_pretty(&whole).unwrap();
    let lines = serde_json::to_string(&whole.findings[0]).unwrap();
    assert_eq!(Baseline::parse(&json).unwrap().len(), 2);
    assert_eq!(Baseline::parse(&json), Baseline::parse(&lines));
    assert_eq!(Baseline::parse("").unwrap().len(), 0);
}

#[test]
fn a_bad_line_is_named() {
    let good = "{\"id\":\"a\",\"path\":\"x\",\"rule\":\"r\"}";
    for (bad, words) in [
        ("{\"id\":\"a\"", "JSON"),
        (
            "{\"id\":\"a\",\"path\":\"x\",\"rule\":\"r\",\"untill\":\"x\"}",
            "untill",
        ),
        (
            "{\"id\":\"a\",\"path\":\"x\",\"rule\":\"r\",\"until\":\"soon\"}",
            "soon",
        ),
        ("<<<<<<< HEAD", "merge"),
        ("[]", "JSON"),
    ] {
        let error = Baseline::parse(&format!("{good}\n{bad}\n")).unwrap_err();
        assert_eq!(error.line, 2, "{bad}");
        assert!(error.problem.contains(words), "{error}");
    }
}
