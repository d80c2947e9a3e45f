//! `aws iam list-access-keys`: the keys of one user per answer, with their ids and without last use.

use super::{
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition, rejected},
    reading::{dates, guard, json},
};
use serde_json::Value;
use std::collections::BTreeSet;
use tenure_model::{
    facts::Status,
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "aws-access-keys";

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let listed = json::shaped(input, &["AccessKeyMetadata"], |answer| {
        answer.get("AccessKeyMetadata").is_some_and(Value::is_array)
    });
    if listed == Recognition::Yes {
        return listed;
    }
    json::shaped(input, &["AccessKeyId", "CreateDate", "Status"], |entry| {
        json::text(entry, "AccessKeyId").is_some()
            && entry.get("CreateDate").is_some()
            && entry.get("SecretAccessKey").is_none()
    })
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let answers = json::elements(json::documents(input)?);
    let mut imported = Imported {
        kind: KIND,
        ..Imported::default()
    };
    let mut pages: Vec<(BTreeSet<String>, bool)> = Vec::new();
    let mut rejections = 0;
    let many = answers.len() > 1;
    for (number, answer) in answers.iter().enumerate() {
        let place = |path: String| {
            if many {
                format!("/{number}{path}")
            } else {
                path
            }
        };
        let (items, prefix): (&[Value], _) = match answer.get("AccessKeyMetadata") {
            Some(Value::Array(items)) => (items, "/AccessKeyMetadata"),
            // `--query 'AccessKeyMetadata[]'` leaves the bare entries.
            None if answer.get("AccessKeyId").is_some() => (std::slice::from_ref(answer), ""),
            _ => {
                return Err(ImportError::Shape {
                    file: input.name.to_owned(),
                    kind: KIND,
                    why: format!("document {} has no list `AccessKeyMetadata`", number + 1),
                    todo: "save the answer of `aws iam list-access-keys --user-name USER` as it is"
                        .to_owned(),
                });
            }
        };
        let mut users = BTreeSet::new();
        for (at, item) in items.iter().enumerate() {
            let at = if prefix.is_empty() {
                format!("/{number}")
            } else {
                place(format!("{prefix}/{at}"))
            };
            users.extend(json::text(item, "UserName").map(str::to_owned));
            match key(item, at, input) {
                Ok(row) => imported.rows.push(row),
                Err(problem) => {
                    rejections += 1;
                    imported.problems.push(problem);
                }
            }
        }
        let truncated = answer.get("IsTruncated").and_then(Value::as_bool) == Some(true);
        pages.push((users, truncated));
    }
    let mut why: Vec<String> = rejected(rejections).into_iter().collect();
    why.extend(cut_off(&pages));
    let why = (!why.is_empty()).then(|| why.join("; "));
    let cover = Cover::of(input);
    let keys = imported.rows.len();
    imported.coverage = vec![
        cover.read("access keys of the users listed", keys, why),
        cover.not_offered(
            "access keys of other users",
            "list-access-keys answers for one user at a time; a credential report covers all users of an account",
        ),
        cover.not_offered("last use", "only get-access-key-last-used and the credential report tell it"),
        cover.not_offered("expiry", "AWS access keys have no end date"),
    ];
    Ok(imported)
}

/// Users of whose answer a further page is missing.
fn cut_off(pages: &[(BTreeSet<String>, bool)]) -> Option<String> {
    let open: BTreeSet<&str> = pages
        .iter()
        .enumerate()
        .filter(|(at, (users, truncated))| {
            *truncated
                && pages
                    .get(at + 1)
                    .is_none_or(|(next, _)| next.is_disjoint(users))
        })
        .flat_map(|(_, (users, _))| users.iter().map(String::as_str))
        .collect();
    let any = pages.last().is_some_and(|(_, truncated)| *truncated) || !open.is_empty();
    any.then(|| {
        let users: Vec<&str> = open.into_iter().collect();
        format!(
            "the answer for {} was cut off (`IsTruncated`): a further page is missing",
            guard::quoted(&users.join(", "))
        )
    })
}

fn key(item: &Value, at: String, input: &Input<'_>) -> Result<Row, Problem> {
    let problem = |what: String| Problem::new(at.clone(), what, "export the list again");
    let id = json::text(item, "AccessKeyId")
        .filter(|id| !guard::has_secret_prefix(id))
        .ok_or_else(|| problem("the entry has no AccessKeyId".to_owned()))?;
    let (created, created_second) = match json::text(item, "CreateDate") {
        None => (When::Unknown, None),
        Some(text) => {
            let (day, second) = dates::stamp(text).ok_or_else(|| {
                problem(format!("CreateDate `{}` is no date", guard::quoted(text)))
            })?;
            if day > input.today {
                return Err(problem(format!(
                    "CreateDate {day} is after today ({})",
                    input.today
                )));
            }
            (When::On(day), second)
        }
    };
    let status = match json::text(item, "Status") {
        None => None,
        Some(word) => Some(match word.to_ascii_lowercase().as_str() {
            "active" => Status::Active,
            "inactive" => Status::Inactive,
            "expired" => Status::Refused,
            _ => {
                return Err(problem(format!(
                    "Status `{}` is none of Active, Inactive, Expired",
                    guard::quoted(word)
                )));
            }
        }),
    };
    Ok(Row {
        at,
        provider: "aws".to_owned(),
        credential: Some("iam_access_key".to_owned()),
        key_id: Some(id.to_owned()),
        name: json::text(item, "UserName").map(guard::id),
        created,
        created_second,
        status,
        ..Row::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/aws_list_access_keys.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("keys.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes, "{text}");
        read(&input).unwrap()
    }

    #[test]
    fn keys_with_ids_and_without_last_use() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        assert_eq!(got.rows.len(), 2);
        let key = &got.rows[0];
        assert_eq!(key.key_id.as_deref(), Some("AKIAEXAMPLE000000001"));
        assert_eq!(key.name.as_deref(), Some("support-tool"));
        assert_eq!(key.created_second, Some(1_610_355_600));
        assert_eq!(key.last_used, When::NotOffered);
        assert!(!got.whole);
        assert_eq!(got.coverage[0].state.word(), "complete");
    }

    #[test]
    fn several_answers_in_every_form() {
        let twice = format!("{LIST}\n{LIST}");
        assert_eq!(got(&twice).rows.len(), 4);
        assert_eq!(got(&format!("[{LIST},{LIST}]")).rows.len(), 4);
        let bare = r#"[{"UserName":"a","AccessKeyId":"AKIAEXAMPLE000000003","Status":"Expired","CreateDate":"2024-01-01T00:00:00+00:00"}]"#;
        assert_eq!(got(bare).rows[0].status, Some(Status::Refused));
        assert_eq!(got(bare).rows[0].at, "/0");
    }

    #[test]
    fn a_truncated_answer_is_partial_unless_its_rest_follows() {
        let cut = LIST.replace("false", "true");
        let part = |text: &str| got(text).coverage[0].state.word();
        assert_eq!(part(&cut), "partial");
        assert_eq!(part(&format!("{cut}{LIST}")), "complete");
        let other = LIST.replace("support-tool", "someone-else");
        assert_eq!(part(&format!("{cut}{other}")), "partial");
    }

    #[test]
    fn bad_entries_name_their_place() {
        let got = got(&LIST.replace("2021-01-11T09:00:00Z", "long ago").replace(
            "000000002\",\n   \"Status\": \"Active",
            "000000002\",\n   \"Status\": \"Asleep",
        ));
        assert_eq!(got.rows.len(), 0);
        assert_eq!(got.problems[0].at, "/AccessKeyMetadata/0");
        assert!(got.problems[1].what.contains("Asleep"));
    }
}
