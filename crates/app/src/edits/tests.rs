use super::*;
use crate::{assess, catalog, demo, progress::Silent};
use proptest::prelude::*;
use std::sync::OnceLock;
use tenure_model::policy::Policy;

fn providers() -> &'static [Provider] {
    static ALL: OnceLock<Vec<Provider>> = OnceLock::new();
    ALL.get_or_init(|| catalog::load(None).unwrap())
}

fn today() -> Day {
    demo::TODAY.parse().unwrap()
}

/// The example company.
fn company() -> &'static Assessment {
    static COMPANY: OnceLock<Assessment> = OnceLock::new();
    COMPANY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        demo::write(folder.path(), providers()).unwrap();
        let request = assess::Request {
            paths: &[folder.path().to_owned()],
            imports: &[],
            people: &[],
            facts: &[],
            columns: None,
            exclude: &[demo::FACTS.to_owned()],
            since: None,
            providers: providers(),
            policy: &Policy::builtin(),
            pepper: &demo::pepper(),
            today: today(),
            title: None,
            validation: None,
            apart: None,
        };
        assess::assess(&request, &Silent).unwrap().assessment
    })
}

/// Exports all keys, lets somebody edit the rows, and holds them against what is known.
fn edited(register: &Register, edit: impl FnOnce(&mut Vec<Line>)) -> Preview {
    let keys: Vec<&Key> = company().keys.iter().collect();
    let bytes = export(&keys, register).unwrap();
    let mut lines: Vec<Line> = edits::read(&bytes)
        .unwrap()
        .into_iter()
        .map(|row| row.line.unwrap())
        .collect();
    edit(&mut lines);
    again(&lines, register)
}

fn again(lines: &[Line], register: &Register) -> Preview {
    let bytes = edits::write(lines).unwrap();
    preview(
        &bytes,
        company(),
        register.clone(),
        providers(),
        "edits of keys.xlsx, 2026-11-26",
    )
    .unwrap()
}

/// The first row whose key can be told from all others.
fn row(lines: &mut [Line]) -> &mut Line {
    lines
        .iter_mut()
        .find(|line| {
            let key = company().keys.iter().find(|key| key.id == line.id).unwrap();
            edit::selector(key, &company().keys).is_some()
        })
        .unwrap()
}

#[test]
fn an_untouched_list_changes_nothing() {
    let preview = edited(&Register::default(), |_| {});
    assert_eq!((preview.changes.len(), preview.refused.len()), (0, 0));
    assert_eq!(preview.same, u64::try_from(company().keys.len()).unwrap());
}

#[test]
fn every_key_of_the_example_can_be_edited_or_says_why_not() {
    let preview = edited(&Register::default(), |lines| {
        for line in lines {
            line.edit.note = "seen".to_owned();
        }
    });
    let refused: Vec<_> = preview
        .refused
        .iter()
        .map(|one| one.reason.as_str())
        .collect();
    assert!(
        refused
            .iter()
            .all(|why| why.contains("nothing tells this key")),
        "{refused:?}"
    );
    assert!(
        preview.changes.len() > refused.len() * 4,
        "{} {refused:?}",
        preview.changes.len()
    );
    // What was kept speaks of exactly these keys.
    let kept = Register::parse(&preview.register.to_toml(), today()).unwrap();
    for key in &company().keys {
        let noted = kept.now(key).note == "seen";
        assert_eq!(
            noted,
            preview.changes.iter().any(|change| change.key == key.id),
            "{}",
            key.id
        );
    }
}

#[test]
fn what_was_applied_is_known_and_an_older_export_is_stale() {
    let mut first = Vec::new();
    let applied = edited(&Register::default(), |lines| {
        first = lines.clone();
        row(lines).edit.system = "Ledger".to_owned();
    });
    assert_eq!(applied.changes.len(), 1);
    let kept = Register::parse(&applied.register.to_toml(), today()).unwrap();
    // The same list again says what is known.
    let mut same = first.clone();
    row(&mut same).edit.system = "Ledger".to_owned();
    assert_eq!(again(&same, &kept).changes, []);
    assert!(again(&same, &kept).refused.is_empty());
    // Another edit of the list of then is refused, and that row alone.
    row(&mut first).edit.system = "Billing".to_owned();
    let stale = again(&first, &kept);
    assert_eq!((stale.changes.len(), stale.refused.len()), (0, 1));
    assert!(
        stale.refused[0].reason.contains("changed since"),
        "{:?}",
        stale.refused
    );
    assert_eq!(stale.same, u64::try_from(company().keys.len()).unwrap() - 1);
    // An export of now is not.
    let later = edited(&kept, |lines| row(lines).edit.system = "Billing".to_owned());
    assert_eq!((later.changes.len(), later.refused.len()), (1, 0));
    assert_eq!(later.changes[0].before, "Ledger");
}

#[test]
fn rows_that_do_not_belong_together_are_refused() {
    // Somebody sorted the visible columns and not the hidden ones.
    let sorted = edited(&Register::default(), |lines| {
        let ids: Vec<(String, String)> = lines
            .iter()
            .map(|line| (line.id.clone(), line.version.clone()))
            .collect();
        let count = lines.len();
        for (at, line) in lines.iter_mut().enumerate() {
            let (id, version) = ids[(at + 1) % count].clone();
            (line.id, line.version) = (id, version);
            line.edit.note = "x".to_owned();
        }
    });
    assert_eq!(sorted.changes, []);
    assert!(
        sorted
            .refused
            .iter()
            .all(|one| one.reason.contains("not those of this key"))
    );
    let twice = edited(&Register::default(), |lines| {
        let copy = row(lines).clone();
        lines.push(copy);
    });
    assert_eq!(twice.refused.len(), 2);
    let unknown = edited(&Register::default(), |lines| {
        row(lines).id = "k00000000000".to_owned()
    });
    assert!(unknown.refused[0].reason.contains("no such key"));
}

#[test]
fn a_cell_that_cannot_be_declared_is_refused_with_its_row() {
    let with = |field, text: &str| {
        let preview = edited(&Register::default(), |lines| {
            row(lines).edit.set(field, text.to_owned())
        });
        preview
            .refused
            .first()
            .map(|one| one.reason.clone())
            .unwrap_or_default()
    };
    assert!(with(Field::Purpose, "fun").contains("purpose: `fun` is not one of"));
    assert!(with(Field::Owner, "ann\nbob").contains("on one line"));
    assert!(with(Field::Note, "a\u{7}b").contains("control character"));
    let token = {
        let kinds = providers().iter().flat_map(|p| &p.credentials);
        let format = kinds
            .flat_map(|kind| &kind.formats)
            .find(|f| f.part == Part::Secret && f.template.is_anchored())
            .unwrap();
        let raw = format
            .template
            .example(tenure_model::catalog::template::numbers(5));
        format
            .checksum
            .and_then(|sum| sum.mended(&raw, format.template.prefix()))
            .unwrap_or(raw)
    };
    let why = with(Field::Note, &format!("use {token} until May"));
    assert!(
        why.contains("key in plaintext") && !why.contains(&token),
        "{why}"
    );
    assert_eq!(with(Field::Owner, "none"), "");
    // What a source shows is not edited away.
    let shown = edited(&Register::default(), |lines| {
        let line = lines
            .iter_mut()
            .find(|line| !line.edit.owner.is_empty())
            .unwrap();
        line.edit.owner.clear();
    });
    assert!(shown.refused[0].reason.contains("a source says so"));
}

#[test]
fn an_edit_can_be_taken_back() {
    let noted = edited(&Register::default(), |lines| {
        row(lines).edit.note = "x".to_owned()
    });
    let kept = Register::parse(&noted.register.to_toml(), today()).unwrap();
    let cleared = edited(&kept, |lines| row(lines).edit.note.clear());
    assert_eq!((cleared.changes.len(), cleared.refused.len()), (1, 0));
    assert!(!cleared.register.to_toml().contains("[[key]]"));
    Register::parse(&cleared.register.to_toml(), today()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_note_survives_list_preview_register_and_list_to_the_byte(note in "([\t\n -~]|\\PC|[=+@'-]){1,24}", system in "[=+@a-z'][\\PC&&[^ ]]{0,8}") {
        let applied = edited(&Register::default(), |lines| {
            let line = row(lines);
            line.edit.note = note.clone();
            line.edit.system = system.clone();
        });
        prop_assert_eq!(&applied.refused, &[]);
        let kept = Register::parse(&applied.register.to_toml(), today()).unwrap();
        let keys: Vec<&Key> = company().keys.iter().collect();
        let rows = edits::read(&export(&keys, &kept).unwrap()).unwrap();
        let mut lines: Vec<Line> = rows.into_iter().map(|row| row.line.unwrap()).collect();
        prop_assert_eq!(&row(&mut lines).edit.note, &note);
        prop_assert_eq!(&row(&mut lines).edit.system, &system);
    }
}
