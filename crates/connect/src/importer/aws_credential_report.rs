//! The AWS IAM credential report: users with two key slots each, and no key ids.
//!
//! CSV of 22 or 23 columns, read by header; or the answer of `get-credential-report`, which holds that
//! CSV as base64. AWS makes it at most every four hours.

use super::{
    imported::{Cover, ImportError, Imported, Input, Problem, Recognition, rejected},
    reading::{
        dates::{self, Order},
        guard, json,
        sheet::{self, Record, Sheet},
        text,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::collections::BTreeMap;
use tenure_model::{
    day::Day,
    facts::{IssuedTo, Privilege, Status},
    key::{Associate, Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "aws-credential-report";
const ROOT: &str = "<root_account>";
const NEEDED: [&str; 4] = [
    "user",
    "arn",
    "access_key_1_active",
    "access_key_1_last_rotated",
];

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    let packed = json::shaped(input, &["Content", "ReportFormat"], |answer| {
        json::text(answer, "Content").is_some() && json::text(answer, "ReportFormat").is_some()
    });
    let by_header = sheet::header(input).is_some_and(|header| {
        NEEDED
            .iter()
            .all(|name| header.iter().any(|cell| cell.eq_ignore_ascii_case(name)))
    });
    if by_header || packed == Recognition::Yes {
        Recognition::Yes
    } else {
        Recognition::No
    }
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    if matches!(input.bytes.trim_ascii_start().first(), Some(b'{')) {
        let report = unpack(input)?;
        let unpacked = Input {
            bytes: &report,
            ..*input
        };
        let mut imported = read_csv(&unpacked)?;
        let cover = Cover::of(input);
        for part in &mut imported.coverage {
            part.hash = Some(cover.hash().to_owned());
        }
        return Ok(imported);
    }
    read_csv(input)
}

/// The CSV within the answer of `get-credential-report`.
fn unpack(input: &Input<'_>) -> Result<Vec<u8>, ImportError> {
    let documents = json::documents(input)?;
    let content = documents
        .first()
        .and_then(|answer| json::text(answer, "Content"))
        .and_then(|content| {
            let packed: String = content.split_whitespace().collect();
            STANDARD.decode(packed).ok()
        });
    content.ok_or_else(|| ImportError::Shape {
        file: input.name.to_owned(),
        kind: KIND,
        why: "it holds no `Content` in base64".to_owned(),
        todo: "save the answer of `aws iam get-credential-report` as it is".to_owned(),
    })
}

fn read_csv(input: &Input<'_>) -> Result<Imported, ImportError> {
    let decoded = text::of_table(input)?;
    let sheet = sheet::parse(input, &decoded.text)?;
    let report = Report::new(input, &sheet)?;
    let mut imported = Imported {
        kind: KIND,
        notes: decoded.note.into_iter().collect(),
        ..Imported::default()
    };
    let mut bad_rows = 0;
    for record in &sheet.records {
        let before = imported.problems.len();
        for slot in [1, 2] {
            match report.slot(record, slot) {
                Ok(row) => imported.rows.extend(row),
                Err(problem) => imported.problems.push(problem),
            }
        }
        bad_rows += usize::from(imported.problems.len() > before);
    }
    let mut why = rejected(bad_rows);
    if let Some(stopped) = sheet.stopped {
        why = Some(format!("reading stopped at {}", stopped.at));
        imported.problems.push(stopped);
    }
    let keys = imported.rows.len();
    let cover = Cover::of(input);
    imported.whole = why.is_none();
    imported.coverage = vec![
        cover.read("access keys", keys, why.clone()),
        cover.read("last use", keys, why),
        cover.not_offered("key ids", "the report numbers keys 1 and 2 and names none"),
        cover.not_offered("expiry", "AWS access keys have no end date in the report"),
        cover.not_offered(
            "service-specific credentials",
            "Bedrock, CloudWatch Logs and CodeCommit keys are not in the report; aws iam list-service-specific-credentials lists them",
        ),
    ];
    imported.notes.push(
        "AWS makes this report at most every four hours; dates of creation are those of the last change"
            .to_owned(),
    );
    Ok(imported)
}

/// The report with its columns found.
struct Report<'s> {
    columns: BTreeMap<String, usize>,
    orders: BTreeMap<usize, Option<Order>>,
    today: Day,
    sheet: &'s Sheet,
}

impl<'s> Report<'s> {
    fn new(input: &Input<'_>, sheet: &'s Sheet) -> Result<Self, ImportError> {
        let columns: BTreeMap<String, usize> = sheet
            .header
            .iter()
            .enumerate()
            .rev()
            .map(|(at, name)| (name.to_ascii_lowercase(), at))
            .collect();
        for name in NEEDED {
            if !columns.contains_key(name) {
                return Err(ImportError::Shape {
                    file: input.name.to_owned(),
                    kind: KIND,
                    why: format!(
                        "its header in line {} has no column `{name}`",
                        sheet.header_line
                    ),
                    todo:
                        "export it again: aws iam get-credential-report --query Content --output text | base64 -d"
                            .to_owned(),
                });
            }
        }
        let orders = columns
            .values()
            .map(|at| {
                (
                    *at,
                    dates::order(sheet.records.iter().map(|record| record.cell(*at))),
                )
            })
            .collect();
        Ok(Self {
            columns,
            orders,
            today: input.today,
            sheet,
        })
    }

    /// A cell by the name of its column; empty where the report has no such column.
    fn cell<'r>(&self, record: &'r Record, name: &str) -> &'r str {
        self.columns.get(name).map_or("", |at| record.cell(*at))
    }

    /// The key in one slot of a user, if there is one.
    fn slot(&self, record: &Record, slot: u8) -> Result<Option<Row>, Problem> {
        let at = format!("line {}", record.line);
        let problem = |what: String, todo: &str| Err(Problem::new(at.clone(), what, todo));
        if record.width() > self.sheet.header.len() {
            return if slot == 1 {
                problem(
                    "the row has more cells than the header".to_owned(),
                    "export the report again",
                )
            } else {
                Ok(None)
            };
        }
        let of = |what: &str| self.cell(record, &format!("access_key_{slot}_{what}"));
        let (active, rotated) = (of("active"), of("last_rotated"));
        let active = match active.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            "" | "n/a" | "not_supported" | "no_information"
                if slot == 2 || says_nothing(rotated) =>
            {
                return Ok(None);
            }
            _ => {
                return problem(
                    format!(
                        "access_key_{slot}_active is `{}`, neither TRUE nor FALSE",
                        guard::quoted(active)
                    ),
                    "export the report again",
                );
            }
        };
        // FALSE without a date is an empty slot, FALSE with a date an inactive key.
        if !active && says_nothing(rotated) {
            return Ok(None);
        }
        let user = self.cell(record, "user");
        if user.is_empty() {
            return problem(
                "the row names no user".to_owned(),
                "export the report again",
            );
        }
        let (created, created_second) =
            match self.past(record, &format!("access_key_{slot}_last_rotated")) {
                Ok(found) => found,
                Err(what) => {
                    return problem(what, "export the report again; open it in no spreadsheet");
                }
            };
        let used = format!("access_key_{slot}_last_used_date");
        let last_used = match self.cell(record, &used).to_ascii_lowercase().as_str() {
            "n/a" => self.never_used(created),
            _ => match self.past(record, &used) {
                Ok((when, _)) => when,
                Err(what) => {
                    return problem(what, "export the report again; open it in no spreadsheet");
                }
            },
        };
        let root = user == ROOT;
        let person = self
            .cell(record, "password_enabled")
            .eq_ignore_ascii_case("true");
        let service = self
            .cell(record, "password_enabled")
            .eq_ignore_ascii_case("false");
        let user = guard::id(user);
        let name = format!("{user} slot {slot}");
        let mut row = Row {
            at,
            provider: "aws".to_owned(),
            credential: Some("iam_access_key".to_owned()),
            account: account(self.cell(record, "arn")),
            slot: Some(name.clone()),
            name: Some(name),
            created,
            created_second,
            last_used,
            expires: When::NotOffered,
            status: Some(if active {
                Status::Active
            } else {
                Status::Inactive
            }),
            privilege: root.then(|| (Privilege::Admin, "the root user of the account".to_owned())),
            ..Row::default()
        };
        if person && !root {
            row.issued_to = Some(IssuedTo::Person);
            row.associates.push(Associate {
                who: user,
                why: "holds it: an IAM user with a password".to_owned(),
                machine: false,
            });
        } else if service && !root {
            row.issued_to = Some(IssuedTo::Service);
        }
        let service_used = of("last_used_service");
        if !says_nothing(service_used) {
            row.tags
                .insert("last_used_service".to_owned(), guard::id(service_used));
        }
        Ok(Some(row))
    }

    /// Last use was not recorded before 22 April 2015: an older key may have been used before.
    fn never_used(&self, created: When) -> When {
        // 2015-04-22 as days since 1970-01-01.
        const RECORDED_SINCE: i64 = 16_547;
        let since = Day::from_unix_seconds(0).plus(RECORDED_SINCE);
        match created {
            When::On(day) if day >= since => When::Never,
            _ => When::Unknown,
        }
    }

    fn past(&self, record: &Record, name: &str) -> Result<(When, Option<i64>), String> {
        let cell = self.cell(record, name);
        if says_nothing(cell) {
            return Ok((When::Unknown, None));
        }
        let order = self
            .columns
            .get(name)
            .and_then(|at| self.orders.get(at))
            .copied()
            .flatten();
        let day = dates::day(cell, order)
            .map_err(|_| format!("{name} is `{}`, which is no date", guard::quoted(cell)))?;
        if day > self.today {
            return Err(format!("{name} is {day}, after today ({})", self.today));
        }
        Ok((
            When::On(day),
            dates::stamp(cell).and_then(|(_, second)| second),
        ))
    }
}

fn says_nothing(cell: &str) -> bool {
    matches!(
        cell.to_ascii_lowercase().as_str(),
        "" | "n/a" | "no_information" | "not_supported"
    )
}

/// `arn:aws:iam::111122223333:user/x`: the account.
fn account(arn: &str) -> Option<String> {
    arn.split(':')
        .nth(4)
        .filter(|account| !account.is_empty() && account.bytes().all(|b| b.is_ascii_digit()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = include_str!("../../tests/fixtures/aws_credential_report_22col.csv");
    const WIDE: &str = include_str!("../../tests/fixtures/aws_credential_report_23col.csv");

    fn input(text: &str) -> Input<'_> {
        Input::new("report.csv", text.as_bytes(), "2026-11-23".parse().unwrap())
    }

    fn day(text: &str) -> When {
        When::On(text.parse().unwrap())
    }

    #[test]
    fn slots_become_keys() {
        for report in [REPORT, WIDE] {
            assert_eq!(recognise(&input(report)), Recognition::Yes);
            let got = read(&input(report)).unwrap();
            assert_eq!(got.problems, []);
            let names: Vec<_> = got
                .rows
                .iter()
                .filter_map(|row| row.name.as_deref())
                .collect();
            assert_eq!(
                names,
                [
                    "ci-deploy-prod slot 1",
                    "support-tool slot 1",
                    "support-tool slot 2",
                    "old-etl slot 1",
                    "old-etl slot 2",
                    "alice slot 1",
                ]
            );
            let [deploy, _, unused, old, inactive, alice] = got.rows.as_slice() else {
                panic!("rows")
            };
            assert_eq!(deploy.account.as_deref(), Some("111122223333"));
            assert_eq!(deploy.created, day("2022-05-02"));
            assert_eq!(deploy.created_second, Some(1_651_482_300));
            assert_eq!(deploy.last_used, day("2026-11-22"));
            assert_eq!(deploy.issued_to, Some(IssuedTo::Service));
            assert_eq!(deploy.expires, When::NotOffered);
            assert_eq!(unused.last_used, When::Never);
            assert_eq!(old.last_used, day("2024-03-05"));
            assert_eq!(inactive.status, Some(Status::Inactive));
            assert_eq!(alice.issued_to, Some(IssuedTo::Person));
            assert_eq!(alice.associates[0].who, "alice");
            assert!(got.whole);
            assert_eq!(got.coverage[0].rows, Some(6));
        }
    }

    #[test]
    fn sentinels_cases_and_old_keys() {
        let header = REPORT.lines().next().unwrap();
        let text = format!(
            "{header}\r\n<root_account>,arn:aws:iam::1:root,x,not_supported,N/A,N/A,N/A,TRUE,TRUE,2019-01-01T00:00:00+00:00,no_information,N/A,N/A,FALSE,N/A,N/A,N/A,N/A,FALSE,N/A,FALSE,N/A\r\n\
             ancient,arn:aws:iam::1:user/a,x,FALSE,N/A,N/A,N/A,FALSE,True,2014-01-01T00:00:00+00:00,N/A,N/A,N/A,,,,,,,,,\r\n"
        );
        let got = read(&input(&text)).unwrap();
        assert_eq!(got.problems, []);
        assert_eq!(got.rows[0].privilege.as_ref().unwrap().0, Privilege::Admin);
        assert_eq!(got.rows[0].last_used, When::Unknown);
        assert_eq!(got.rows[1].last_used, When::Unknown);
    }

    #[test]
    fn a_bad_row_is_rejected_and_the_rest_stays() {
        let text = REPORT.replace("2020-02-02T09:00:00Z,2024-03-05", "yesterday,2024-03-05");
        let got = read(&input(&text)).unwrap();
        assert_eq!(got.rows.len(), 5);
        assert_eq!(got.problems[0].at, "line 5");
        assert!(!got.whole);
        assert_eq!(got.coverage[0].state.word(), "partial");
        let text = REPORT.replace("2026-11-22T23:41:00Z", "2027-11-22T23:41:00Z");
        assert!(
            read(&input(&text)).unwrap().problems[0]
                .what
                .contains("after today")
        );
    }

    #[test]
    fn the_packed_answer_of_the_api() {
        let text =
            serde_json::json!({"Content": STANDARD.encode(REPORT), "ReportFormat": "text/csv"})
                .to_string();
        assert_eq!(recognise(&input(&text)), Recognition::Yes);
        let got = read(&input(&text)).unwrap();
        assert_eq!(got.rows.len(), 6);
        assert_eq!(
            got.coverage[0].hash.as_deref(),
            Some(tenure_model::digest::of_bytes(text.as_bytes()).as_str())
        );
        assert!(read(&input("{\"Content\":\"%\",\"ReportFormat\":\"x\"}")).is_err());
    }

    #[test]
    fn another_table_is_refused_by_its_missing_column() {
        let error = read(&input("user,arn\nx,y\n")).unwrap_err().to_string();
        assert!(error.contains("access_key_1_active"), "{error}");
    }
}
