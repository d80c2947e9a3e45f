//! `aws iam list-service-specific-credentials`: long-lived keys of single services (Bedrock, CloudWatch
//! Logs, CodeCommit, Keyspaces), which no credential report holds.
//!
//! Fields and `AllUsers`: botocore 1.44.5 `iam/2010-05-08/service-2.json`; a credential of Bedrock or
//! CloudWatch Logs without an end date "will not expire"
//! (<https://docs.aws.amazon.com/goto/WebAPI/iam/CreateServiceSpecificCredential>, read 2026-11-26).

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use std::collections::BTreeSet;
use tenure_model::{
    facts::{IssuedTo, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "aws-service-specific-credentials";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/ServiceSpecificCredentials"],
    entry: |value| value.get("ServiceSpecificCredentialId").is_some(),
    rest: |head| answer::more(head, "/IsTruncated"),
    bare: Some("without `IsTruncated` nothing tells whether further pages are missing"),
    save: "the answer of `aws iam list-service-specific-credentials`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    match answer::recognise(
        input,
        &FORM,
        &["ServiceSpecificCredentialId", "ServiceName"],
    ) {
        Recognition::Yes => Recognition::Yes,
        _ => answer::recognise_empty(input, &FORM, &[]),
    }
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let mut users = BTreeSet::new();
    let mut of_one_user = false;
    for page in &pages.pages {
        let before = users.len();
        for (at, value) in &page.entries {
            let entry = Entry::new(value, at, input);
            users.extend(entry.text("UserName").map(str::to_owned));
            let secrets = ["ServiceCredentialSecret", "ServicePassword"];
            gathered.take(value, credential(&entry), &secrets);
        }
        of_one_user |= users.len() - before <= 1;
    }
    gathered.read("service-specific credentials of the users listed");
    if of_one_user {
        gathered.not_offered(
            "service-specific credentials of other users",
            "without --all-users the answer speaks of one user",
        );
    }
    gathered.read("expiry");
    gathered.not_offered(
        "last use",
        "AWS does not tell it of service-specific credentials",
    );
    // Whether all users were asked for does not stand in the answer.
    Ok(gathered.finish(false))
}

fn credential(entry: &Entry<'_>) -> Result<Row, Problem> {
    let id = entry.id("ServiceSpecificCredentialId")?;
    let service = entry.text("ServiceName").unwrap_or_default();
    let bedrock = service == "bedrock.amazonaws.com";
    let ends = bedrock || service == "logs.amazonaws.com";
    let alias = entry
        .text("ServiceCredentialAlias")
        .or_else(|| entry.text("ServiceUserName"));
    let mut row = entry::row(
        entry,
        "aws",
        match service {
            "bedrock.amazonaws.com" => Some("bedrock_long_term_api_key"),
            "logs.amazonaws.com" => Some("cloudwatch_logs_api_key"),
            "codecommit.amazonaws.com" => Some("codecommit_git_credential"),
            // The catalogue knows no others.
            _ => None,
        },
        Some(id),
    );
    row.name = alias.or_else(|| entry.text("UserName")).map(guard::id);
    row.account = alias.and_then(account);
    row.created = entry.past("CreateDate", When::Unknown, When::Unknown)?;
    let endless = if ends { When::Never } else { When::NotOffered };
    row.expires = entry.moment("ExpirationDate", endless, endless)?;
    row.status = entry.status(
        "Status",
        &[
            ("Active", Status::Active),
            ("Inactive", Status::Inactive),
            ("Expired", Status::Refused),
        ],
    );
    row.issued_to = bedrock.then_some(IssuedTo::Service);
    for (tag, field) in [("user", "UserName"), ("service", "ServiceName")] {
        if let Some(text) = entry.text(field) {
            row.tags.insert(tag.to_owned(), guard::id(text));
        }
    }
    Ok(row)
}

/// `bedrock-agent-at-111122223333`: the account.
fn account(alias: &str) -> Option<String> {
    let (_, account) = alias.rsplit_once("-at-")?;
    (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())).then(|| account.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str =
        include_str!("../../tests/fixtures/aws_list_service_specific_credentials.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("s.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes, "{text}");
        read(&input).unwrap()
    }

    #[test]
    fn a_bedrock_key_that_no_credential_report_holds() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.key_id.as_deref(), Some("ACCAEXAMPLE00000001"));
        assert_eq!(row.credential.as_deref(), Some("bedrock_long_term_api_key"));
        assert_eq!(row.account.as_deref(), Some("111122223333"));
        assert_eq!(row.status, Some(Status::Active));
        assert_eq!(row.expires, When::Never);
        assert_eq!(row.last_used, When::NotOffered);
        assert_eq!(row.tags["user"], "bedrock-agent");
        let states: Vec<_> = got.coverage.iter().map(|part| part.state.word()).collect();
        assert_eq!(
            states,
            ["complete", "not_offered", "complete", "not_offered"]
        );
        assert!(!got.whole);
    }

    #[test]
    fn ends_and_services_are_told_apart() {
        let ends = LIST.replace(
            "\"ServiceName\"",
            "\"ExpirationDate\": \"2027-01-02T00:00:00Z\", \"ServiceName\"",
        );
        assert_eq!(
            got(&ends).rows[0].expires,
            When::On("2027-01-02".parse().unwrap())
        );
        let git = got(&LIST.replace("bedrock.amazonaws.com", "codecommit.amazonaws.com"));
        let kind = |got: &Imported| got.rows[0].credential.clone();
        assert_eq!(kind(&git).as_deref(), Some("codecommit_git_credential"));
        let tables = got(&LIST.replace("bedrock.amazonaws.com", "cassandra.amazonaws.com"));
        assert_eq!(kind(&tables), None);
        let logs = got(&LIST.replace("bedrock.amazonaws.com", "logs.amazonaws.com"));
        assert_eq!(kind(&logs).as_deref(), Some("cloudwatch_logs_api_key"));
        assert_eq!(git.rows[0].expires, When::NotOffered);
        let expired = got(&LIST.replace("\"Active\"", "\"Expired\""));
        assert_eq!(expired.rows[0].status, Some(Status::Refused));
    }

    #[test]
    fn pages_of_all_users() {
        let second = LIST
            .replace("bedrock-agent\"", "other\"")
            .replace("00000001", "00000002");
        let cut = LIST.replace(
            "\"IsTruncated\": false",
            "\"IsTruncated\": true, \"Marker\": \"m\"",
        );
        assert_eq!(got(&cut).coverage[0].state.word(), "partial");
        assert_eq!(
            got(&format!("{cut}{second}")).coverage[0].state.word(),
            "complete"
        );
        let (_, tail) = second.split_once("[\n").unwrap();
        let entry = tail.split_once(']').unwrap().0;
        let all = LIST.replacen("[\n", &format!("[\n{entry},"), 1);
        assert_eq!(got(&all).rows.len(), 2);
        assert!(
            got(&all)
                .coverage
                .iter()
                .all(|part| !part.part.contains("other users"))
        );
    }

    #[test]
    fn a_secret_of_a_create_answer_is_taken_out() {
        let held = LIST.replace(
            "\"ServiceName\"",
            "\"ServiceCredentialSecret\": \"not-for-you\", \"ServiceName\"",
        );
        let held = got(&held);
        assert!(held.plaintext && held.rows[0].secret.is_some());
        assert!(!format!("{held:?}").contains("not-for-you"));
    }

    #[test]
    fn a_bad_entry_names_its_place() {
        let bad = got(&LIST.replace("2026-01-02", "2028-01-02"));
        assert_eq!(
            bad.problems[0].at,
            "/ServiceSpecificCredentials/0/CreateDate"
        );
        assert_eq!(
            bad.coverage[0].reason.as_deref(),
            Some("1 row was rejected")
        );
    }
}
