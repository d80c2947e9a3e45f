//! `gitleaks … --report-format json`: an array of findings. Betterleaks 1 writes the same.
//!
//! Fields: <https://github.com/gitleaks/gitleaks#readme>, read 2026-11-26. `Secret` is the plaintext unless
//! `--redact` was given; `Match`, `Line` and `Message` may hold it as well and are not read.

use super::{
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::{findings, json},
};
use serde_json::Value;
use tenure_model::reported::Reported;

/// The name of this kind.
pub(super) const KIND: &str = "gitleaks";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let fields = ["RuleID", "Secret", "StartLine", "File"];
    json::shaped(input, &fields, |entry| {
        fields.iter().all(|field| entry.get(field).is_some())
    })
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    for (at, entry) in json::held(input)?.iter().enumerate() {
        match finding(entry, &format!("/{at}")) {
            Some(found) => imported.sightings.push(found),
            None => imported.problems.push(Problem::new(
                format!("/{at}/RuleID"),
                "the entry is no finding: it names no rule",
                "write the report again with `--report-format json`",
            )),
        }
    }
    let why = "Gitleaks does not ask providers";
    let asked = imported
        .sightings
        .iter()
        .any(|one| one.liveness != tenure_model::place::Liveness::NotChecked);
    Ok(findings::imported(input, imported, (!asked).then_some(why)))
}

fn finding(entry: &Value, at: &str) -> Option<Reported> {
    let rule = json::text(entry, "RuleID")?;
    let mut found = findings::finding("Gitleaks", rule, at);
    findings::hold(&mut found, json::text(entry, "Secret"));
    findings::place(
        &mut found,
        json::text(entry, "File"),
        entry.get("StartLine"),
        json::text(entry, "Commit"),
    );
    found.liveness = super::betterleaks::liveness(json::text(entry, "ValidationStatus"));
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::place::Audience;

    /// The shape of a finding; the secret is put in by each test.
    pub(super) const FINDING: &str = r#"[{"RuleID":"gitlab-pat","Description":"d","StartLine":7,"EndLine":7,
        "StartColumn":2,"EndColumn":27,"Match":"X=SECRET","Secret":"SECRET","File":"deploy/ci.env","SymlinkFile":"",
        "Commit":"0123456789abcdef0123456789abcdef01234567","Entropy":4.1,"Author":"A","Email":"a@x.io",
        "Date":"2026-01-01T00:00:00Z","Message":"m","Tags":[],"Fingerprint":"c:deploy/ci.env:gitlab-pat:7"}]"#;

    fn got(text: &str) -> Imported {
        let input = Input::new("leaks.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        read(&input).unwrap()
    }

    #[test]
    fn a_finding_in_a_commit() {
        let input = Input::new("x", FINDING.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        let got = got(&FINDING.replace("SECRET", "a-made-up-secret-of-nobody"));
        let one = &got.sightings[0];
        assert_eq!(
            one.secret.as_ref().unwrap().expose(),
            b"a-made-up-secret-of-nobody"
        );
        assert_eq!(one.path.as_deref(), Some("deploy/ci.env"));
        assert_eq!(
            (one.line, one.commit.as_deref()),
            (Some(7), Some("0123456"))
        );
        assert_eq!(one.audience, Audience::Repository);
        assert_eq!(one.stands_for.as_ref().unwrap().0, "gitlab");
        assert!(got.plaintext && got.notes[0].contains("exposure"));
        assert_eq!(got.coverage[1].state.word(), "not_offered");
        assert!(!format!("{got:?}").contains("a-made-up-secret"));
    }

    #[test]
    fn a_redacted_report_holds_no_secret() {
        let got = got(&FINDING.replace("SECRET", "REDACTED"));
        assert!(got.sightings[0].secret.is_none() && !got.plaintext && got.notes.is_empty());
    }

    #[test]
    fn an_entry_without_a_rule_is_named_and_the_rest_is_read() {
        let text = FINDING.replacen('[', r#"[{"Secret":"x"},"#, 1);
        let got = got(&text);
        assert_eq!((got.sightings.len(), got.problems.len()), (1, 1));
        assert_eq!(got.problems[0].at, "/0/RuleID");
        assert_eq!(got.coverage[0].state.word(), "partial");
    }
}
