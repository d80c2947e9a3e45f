//! `aws iam get-access-key-last-used`: when one key was last used.
//!
//! The answer itself does not say of which key it speaks. The id has to stand beside it: as the key of
//! an object of answers, as a field `AccessKeyId`, or in the name of the file.

use super::{
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition, rejected},
    reading::{dates, guard, json},
};
use serde_json::Value;
use tenure_model::key::{Row, When};

/// The name of this kind.
pub(super) const KIND: &str = "aws-access-key-last-used";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let used = |answer: &Value| {
        answer
            .get("AccessKeyLastUsed")
            .is_some_and(Value::is_object)
    };
    let keyed = |answer: &Value| {
        answer.as_object().is_some_and(|answers| {
            answers
                .iter()
                .any(|(id, value)| guard::is_aws_key_id(id) && value.is_object())
        })
    };
    let full = json::shaped(input, &["AccessKeyLastUsed"], |answer| {
        used(answer) || keyed(answer)
    });
    if full == Recognition::Yes {
        return full;
    }
    json::shaped(input, &["LastUsedDate", "ServiceName", "Region"], keyed)
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let answers = json::elements(json::documents(input)?);
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    let one = answers.len() == 1;
    let mut told = Vec::new();
    for (number, answer) in answers.iter().enumerate() {
        let at = if one {
            String::new()
        } else {
            format!("/{number}")
        };
        if is_answer(answer) {
            let id = json::text(answer, "AccessKeyId").map(str::to_owned);
            told.push((
                at,
                id.or_else(|| in_name(input.name).filter(|_| one)),
                answer,
            ));
            continue;
        }
        let keyed: Vec<(&String, &Value)> = answer
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(id, value)| guard::is_aws_key_id(id) && value.is_object())
            .collect();
        if keyed.is_empty() {
            imported.problems.push(Problem::new(
                if at.is_empty() {
                    "/".to_owned()
                } else {
                    at.clone()
                },
                "this is no answer of get-access-key-last-used",
                "save each answer under its access key id, as {\"AKIA…\": {…}}",
            ));
        }
        for (id, value) in keyed {
            told.push((format!("{at}/{id}"), Some(id.clone()), value));
        }
    }
    for (at, id, answer) in told {
        match key(answer, at, id, input) {
            Ok(row) => imported.rows.push(row),
            Err(problem) => imported.problems.push(problem),
        }
    }
    let cover = Cover::of(input);
    imported.coverage = vec![
        cover.read(
            "last use of the keys named",
            imported.rows.len(),
            rejected(imported.problems.len()),
        ),
        cover.not_offered("access keys", "the answers list no keys"),
        cover.not_offered(
            "creation",
            "only list-access-keys and the credential report tell it",
        ),
    ];
    imported.notes.push(
        "AWS records last use since 2015-04-22: of an older key, no date does not mean never"
            .to_owned(),
    );
    Ok(imported)
}

fn is_answer(value: &Value) -> bool {
    value.get("AccessKeyLastUsed").is_some() || value.get("AccessKeyId").is_some()
}

/// An access key id in the name of the file.
fn in_name(name: &str) -> Option<String> {
    let mut ids = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| guard::is_aws_key_id(word));
    let id = ids.next()?;
    ids.all(|other| other == id).then(|| id.to_owned())
}

fn key(answer: &Value, at: String, id: Option<String>, input: &Input<'_>) -> Result<Row, Problem> {
    let at = if at.is_empty() { "/".to_owned() } else { at };
    let problem = |what: String, todo: &str| Problem::new(at.clone(), what, todo);
    let id = id.filter(|id| !guard::has_secret_prefix(id)).ok_or_else(|| {
        problem(
            "the answer does not say of which key it speaks".to_owned(),
            "put the access key id into the file's name or beside the answer, as \"AccessKeyId\"",
        )
    })?;
    let used = answer.get("AccessKeyLastUsed").unwrap_or(answer);
    if !used.is_object() {
        return Err(problem(
            "AccessKeyLastUsed is no object".to_owned(),
            "export it again",
        ));
    }
    let last_used = match used.get("LastUsedDate") {
        None | Some(Value::Null)
            if used.get("ServiceName").is_some() || used.get("Region").is_some() =>
        {
            When::Never
        }
        None | Some(Value::Null) => When::Unknown,
        Some(value) => {
            let text = value.as_str().unwrap_or_default().trim();
            if text.eq_ignore_ascii_case("n/a") {
                When::Never
            } else {
                let (day, _) = dates::stamp(text).ok_or_else(|| {
                    problem(
                        format!("LastUsedDate `{}` is no date", guard::quoted(text)),
                        "export it again",
                    )
                })?;
                if day > input.today {
                    return Err(problem(
                        format!("LastUsedDate {day} is after today ({})", input.today),
                        "export it again",
                    ));
                }
                When::On(day)
            }
        }
    };
    let mut row = Row {
        provider: "aws".to_owned(),
        credential: Some("iam_access_key".to_owned()),
        key_id: Some(id),
        name: json::text(answer, "UserName").map(guard::id),
        last_used,
        ..Row::default()
    };
    if let Some(service) = json::text(used, "ServiceName").filter(|service| *service != "N/A") {
        row.tags
            .insert("last_used_service".to_owned(), guard::id(service));
    }
    row.at = at;
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USED: &str = include_str!("../../tests/fixtures/aws_get_access_key_last_used.json");
    const NEVER: &str =
        include_str!("../../tests/fixtures/aws_get_access_key_last_used_never.json");
    const ID: &str = "AKIAEXAMPLE000000001";

    fn got(name: &str, text: &str) -> Imported {
        let input = Input::new(name, text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes, "{text}");
        read(&input).unwrap()
    }

    #[test]
    fn the_id_may_stand_in_several_places() {
        let beside = USED.replacen('{', &format!("{{\"AccessKeyId\":\"{ID}\","), 1);
        for (name, text) in [
            ("x.json", format!("{{\"{ID}\": {USED}}}")),
            ("x.json", format!("[{beside}]")),
            ("x.json", beside.clone()),
            ("aws/AKIAEXAMPLE000000001.json", USED.to_owned()),
        ] {
            let got = got(name, &text);
            assert_eq!(got.problems, [], "{text}");
            assert_eq!(got.rows[0].key_id.as_deref(), Some(ID));
            assert_eq!(
                got.rows[0].last_used,
                When::On("2026-11-20".parse().unwrap())
            );
            assert_eq!(got.rows[0].created, When::NotOffered);
        }
        let never = got("x.json", &format!("{{\"{ID}\": {NEVER}}}"));
        assert_eq!(never.rows[0].last_used, When::Never);
    }

    #[test]
    fn an_answer_without_an_id_is_no_guess() {
        let got = got("x.json", &format!("{USED}{NEVER}"));
        assert!(got.rows.is_empty());
        assert_eq!(got.problems.len(), 2);
        assert!(got.problems[0].todo.contains("AccessKeyId"));
        assert_eq!(got.coverage[0].state.word(), "partial");
    }
}
