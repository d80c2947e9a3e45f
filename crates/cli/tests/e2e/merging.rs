//! What is one key is one, and what may be one stays apart and is listed.

use crate::bench::{Bench, keys, of, only};
use serde_json::{Value, json};
use tenure_testkit::sample;

const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

/// A credential report on one user, whose two slots were filled at these times.
fn report(user: &str, one: &str, two: Option<&str>) -> String {
    let second = two.map_or_else(
        || "false,N/A,N/A,N/A,N/A".to_owned(),
        |made| format!("true,{made},N/A,N/A,N/A"),
    );
    format!(
        "{HEADER}\n{user},arn:aws:iam::111122223333:user/{user},2021-01-01T09:00:00Z,false,N/A,N/A,N/A,false,\
         true,{one},2026-11-22T23:41:00Z,eu-west-1,sts,{second},false,N/A,false,N/A\n"
    )
}

fn list(user: &str, made: &[(&str, &str)]) -> String {
    let keys: Vec<Value> = made
        .iter()
        .map(|(id, at)| json!({"UserName": user, "AccessKeyId": id, "Status": "Active", "CreateDate": at}))
        .collect();
    json!({"AccessKeyMetadata": keys, "IsTruncated": false}).to_string()
}

fn merged(key: &Value) -> Vec<(&str, &str)> {
    key["merged"]
        .as_array()
        .unwrap()
        .iter()
        .map(|joined| {
            (
                joined["by"].as_str().unwrap(),
                joined["confidence"].as_str().unwrap(),
            )
        })
        .collect()
}

fn unmerged(assessment: &Value) -> &[Value] {
    assessment["unmerged"].as_array().unwrap()
}

#[test]
fn a_report_and_a_list_are_one_key_by_slot_and_time_of_creation() {
    let id = sample::key_id("aws", "iam_access_key", 1);
    let made = "2022-05-02T09:05:00Z";
    let bench = Bench::with(&[
        ("aws/report.csv", &report("deploy", made, None)),
        ("aws/list.json", &list("deploy", &[(&id, made)])),
    ]);
    let assessment = bench.assessment(&[]);
    let key = of(&assessment, "aws");
    assert_eq!(key["key_id"], id.as_str());
    // The list knows the id and nothing of last use; the report knows last use and no id.
    assert_eq!(key["last_used"]["value"], "2026-11-22");
    assert_eq!(merged(key), [("slot_and_creation", "high")]);
    assert!(unmerged(&assessment).is_empty());
}

#[test]
fn two_slots_go_to_the_two_ids_made_at_their_times() {
    let ids = [1, 2].map(|seed| sample::key_id("aws", "iam_access_key", seed));
    let made = ["2022-05-02T09:05:00Z", "2024-08-01T10:00:00Z"];
    let bench = Bench::with(&[
        ("report.csv", &report("deploy", made[0], Some(made[1]))),
        (
            "list.json",
            &list("deploy", &[(&ids[1], made[1]), (&ids[0], made[0])]),
        ),
    ]);
    let assessment = bench.assessment(&[]);
    assert_eq!(keys(&assessment).len(), 2);
    for (id, day) in ids.iter().zip(["2022-05-02", "2024-08-01"]) {
        let key = only(&assessment, |key| key["key_id"] == id.as_str());
        assert_eq!(key["created_at"]["value"], day);
        assert_eq!(merged(key).len(), 1);
    }
}

#[test]
fn the_same_day_is_less_sure_than_the_same_second() {
    let id = sample::key_id("aws", "iam_access_key", 1);
    let bench = Bench::with(&[
        (
            "report.csv",
            &report("deploy", "2022-05-02T09:05:00Z", None),
        ),
        (
            "list.json",
            &list("deploy", &[(&id, "2022-05-02T11:47:12Z")]),
        ),
    ]);
    let assessment = bench.assessment(&[]);
    assert_eq!(
        merged(of(&assessment, "aws")),
        [("slot_and_creation", "medium")]
    );
}

#[test]
fn what_may_be_one_key_stays_apart_and_is_listed() {
    let ids = [1, 2].map(|seed| sample::key_id("aws", "iam_access_key", seed));
    let made = "2022-05-02T09:05:00Z";
    let bench = Bench::with(&[
        ("report.csv", &report("deploy", made, None)),
        (
            "list.json",
            &list("deploy", &[(&ids[0], made), (&ids[1], made)]),
        ),
    ]);
    let assessment = bench.assessment(&[]);
    assert_eq!(keys(&assessment).len(), 3);
    assert_eq!(
        unmerged(&assessment).len(),
        2,
        "{:#}",
        assessment["unmerged"]
    );
    let all: Vec<&str> = keys(&assessment)
        .iter()
        .map(|key| key["id"].as_str().unwrap())
        .collect();
    for pair in unmerged(&assessment) {
        assert!(
            all.contains(&pair["a"].as_str().unwrap())
                && all.contains(&pair["b"].as_str().unwrap())
        );
        assert!(pair["why"].as_str().unwrap().contains("deploy"), "{pair}");
    }
}

#[test]
fn a_key_of_another_time_is_another_key() {
    let id = sample::key_id("aws", "iam_access_key", 1);
    let bench = Bench::with(&[
        (
            "report.csv",
            &report("deploy", "2022-05-02T09:05:00Z", None),
        ),
        (
            "list.json",
            &list("deploy", &[(&id, "2025-01-01T00:00:00Z")]),
        ),
    ]);
    let assessment = bench.assessment(&[]);
    assert_eq!(keys(&assessment).len(), 2);
    assert_eq!(unmerged(&assessment).len(), 1);
}

#[test]
fn the_same_secret_in_a_file_and_in_a_table_is_one_key() {
    let secret = sample::secret("openai", "project_api_key", 1);
    let plain = sample::generic(2);
    let bench = Bench::with(&[
        (
            ".env",
            &format!("OPENAI_API_KEY={secret}\nLEDGER_TOKEN={plain}\n"),
        ),
        ("src/call.py", &format!("client(api_key=\"{secret}\")\n")),
        (
            "keys.csv",
            &format!(
                "name,provider,key id,owner,secret\nsummaries,OpenAI,key_1,ann@example.com,{secret}\n\
                 ledger,Ledgerline,led_1,,{plain}\n"
            ),
        ),
    ]);
    let assessment = bench.assessment(&[]);
    let key = of(&assessment, "openai");
    assert_eq!(key["name"], "summaries");
    assert_eq!(key["key_id"], "key_1");
    let places: Vec<&str> = key["sightings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|seen| seen["path"].as_str().unwrap())
        .collect();
    for place in [".env", "src/call.py", "keys.csv"] {
        assert!(places.contains(&place), "{places:?}");
    }
    assert!(
        merged(key).contains(&("fingerprint", "high")),
        "{:?}",
        merged(key)
    );
    let key = of(&assessment, "ledgerline");
    assert_eq!(key["sightings"].as_array().unwrap().len(), 2);
    assert_eq!(keys(&assessment).len(), 2);
    let notes = assessment["summary"]["notes"].to_string();
    assert!(
        notes.contains("keys.csv") && notes.contains("plaintext"),
        "{notes}"
    );
}

#[test]
fn an_id_and_its_secret_that_stand_together_are_the_listed_key() {
    let id = sample::key_id("aws", "iam_access_key", 1);
    let secret = sample::secret("aws", "iam_access_key", 2);
    let bench = Bench::with(&[
        (
            ".aws/credentials",
            &format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"),
        ),
        (
            "list.json",
            &list("deploy", &[(&id, "2022-05-02T09:05:00Z")]),
        ),
    ]);
    let assessment = bench.assessment(&[]);
    let key = of(&assessment, "aws");
    assert_eq!(key["key_id"], id.as_str());
    assert!(key["fingerprint"].is_string());
    assert_eq!(key["created_at"]["value"], "2022-05-02");
}

#[test]
fn one_secret_beside_two_ids_belongs_to_neither() {
    let ids = [1, 2].map(|seed| sample::key_id("aws", "iam_access_key", seed));
    let secret = sample::secret("aws", "iam_access_key", 3);
    let file = |id: &str| format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    let bench = Bench::with(&[("a/.env", &file(&ids[0])), ("b/.env", &file(&ids[1]))]);
    let assessment = bench.assessment(&[]);
    assert_eq!(keys(&assessment).len(), 3);
    assert!(!unmerged(&assessment).is_empty());
}

#[test]
fn equal_names_are_not_one_key() {
    let bench = Bench::with(&[
        ("keys.csv", "key name,provider,owner\nbilling,Ledgerline,\n"),
        (
            "more/keys.csv",
            "key name,provider,key id,owner\nbilling,Ledgerline,led_1,\n",
        ),
    ]);
    let assessment = bench.assessment(&[]);
    assert_eq!(keys(&assessment).len(), 2);
    assert_eq!(unmerged(&assessment).len(), 1);
    assert!(
        unmerged(&assessment)[0]["why"]
            .as_str()
            .unwrap()
            .contains("name")
    );
}

#[test]
fn a_short_id_in_two_accounts_is_two_keys() {
    let bench = Bench::with(&[(
        "keys.csv",
        "key name,provider,account,key id,owner\na,Ledgerline,north,17,\nb,Ledgerline,south,17,\n",
    )]);
    assert_eq!(keys(&bench.assessment(&[])).len(), 2);
}

#[test]
fn the_same_export_given_twice_counts_once() {
    let text = "key name,provider,key id,owner\na,Ledgerline,led_0000000000001,\n";
    let bench = Bench::with(&[("keys.csv", text), ("copy/keys.csv", text)]);
    assert_eq!(keys(&bench.assessment(&["--import", "keys.csv"])).len(), 1);
}
