use super::*;
use tenure_model::explain::FactName;

fn input(text: &[u8]) -> Input<'_> {
    Input::new("keys.csv", text, "2026-11-23".parse().unwrap())
}
fn imported(text: &str) -> Imported {
    read(&input(text.as_bytes())).unwrap()
}
fn error(text: &str) -> String {
    read(&input(text.as_bytes())).unwrap_err().to_string()
}
fn day(text: &str) -> When {
    When::On(text.parse().unwrap())
}

#[test]
fn a_common_spreadsheet() {
    let got = imported(
        "\u{feff}Key name;Vendor;Owner;Created;Expires;Last used;Status;Environment;Runs on;Consumers;Team\r\n\
         batch;Hugging Face;bob@x.io;03/04/2026;never;24.10.2026;Enabled;prod;GitHub Actions;\"web, worker\";data\r\n\
         \r\n\
         old;Acme GmbH;none;25/04/2025;2027-01-01;never;revoked;;laptop;3;\r\n",
    );
    assert_eq!(got.problems, []);
    let [batch, old] = got.rows.as_slice() else {
        panic!("{:?}", got.rows)
    };
    assert_eq!(batch.at, "line 2");
    assert_eq!(old.at, "line 4");
    assert_eq!(batch.provider, "huggingface");
    assert_eq!(old.provider, "acme-gmbh");
    assert_eq!(batch.created, day("2026-04-03"));
    assert_eq!(batch.expires, When::Never);
    assert_eq!(batch.last_used, day("2026-10-24"));
    assert_eq!(old.last_used, When::Never);
    assert_eq!(batch.owner.as_deref(), Some("bob@x.io"));
    assert_eq!(old.declared[&FactName::Owner], "none");
    assert_eq!(batch.declared[&FactName::Consumers], 2);
    assert_eq!(old.declared[&FactName::Consumers], 3);
    assert_eq!(batch.tags["environment"], "prod");
    assert_eq!(
        batch.runtimes,
        [tenure_model::place::Runtime::GithubActions]
    );
    assert_eq!(old.status, Some(tenure_model::facts::Status::Refused));
    assert!(!got.whole && !got.plaintext);
    assert!(
        got.coverage
            .iter()
            .all(|part| part.source == "keys.csv" && part.hash.is_some())
    );
}

#[test]
fn columns_named_as_facts() {
    let got = imported(
        "name,provider,privilege,test_mode,customer_tenants,options.workload_identity_federation,last_used.at,last_used.offered,exception.approved_until,since.unowned,owner_until,exposure,held by\n\
         a,stripe,Read wide,no,2,later 2027-02-01,2026-01-01,true,2027-01-01,2026-09-01,2027-01-31,internal,us\n\
         b,stripe,unknown,,unknown,now,2026-01-01,false,,,,none,\n\
         c,stripe,godlike,maybe,x,soon,,true,,2027-01-01,,,\n",
    );
    let [a, b, c] = got.rows.as_slice() else {
        panic!("{:?}", got.rows)
    };
    assert_eq!(a.declared[&FactName::Privilege], "read_wide");
    assert_eq!(a.declared[&FactName::TestMode], false);
    assert_eq!(
        a.declared[&FactName::WorkloadIdentityFederation],
        serde_json::json!({"later": "2027-02-01"})
    );
    assert_eq!(a.last_used, day("2026-01-01"));
    assert_eq!(a.tags["since.unowned"], "2026-09-01");
    assert_eq!(b.last_used, When::NotOffered);
    assert_eq!(
        b.declared[&FactName::LastUsed],
        serde_json::json!({"offered": false, "at": "2026-01-01"})
    );
    assert!(!b.declared.contains_key(&FactName::Exposure));
    assert_eq!(c.last_used, When::Never);
    assert_eq!(got.problems.len(), 5, "{:?}", got.problems);
    assert!(
        got.problems
            .iter()
            .all(|p| p.at.starts_with("line 4, column"))
    );
    assert!(got.problems[0].what.contains("godlike"));
    assert!(got.problems[0].todo.contains("reads_secrets"));
    assert_eq!(got.coverage[0].state.word(), "partial");
}

#[test]
fn every_declared_value_is_one_that_the_contract_takes() {
    let got = imported(
        "name,privilege,rotatable,gateway,exception,last_used,owner,consumers,spend,data,stands_on\n\
         a,admin,false,{\"later\":null},2027-01-01,2026-01-01,active,4,capped,restricted,static\n",
    );
    assert_eq!(got.problems, []);
    for (fact, value) in &got.rows[0].declared {
        let (outer, inner) = fact.word().split_once('.').unwrap_or((fact.word(), ""));
        let value = if inner.is_empty() {
            value.clone()
        } else {
            serde_json::json!({inner: value})
        };
        let text = serde_json::json!({"id": "k", outer: value}).to_string();
        assert!(
            tenure_model::facts::Case::parse(&text, "2026-11-23".parse().unwrap()).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn proof_never_comes_from_a_table() {
    let got = imported("name,proof\na,P2\n");
    assert!(got.rows[0].declared.is_empty());
    assert!(got.problems[0].todo.contains("proof"));
}

#[test]
fn dates_that_cannot_be() {
    let got = imported("name,created,last used,expires\na,03/04/2026,2027-01-01,2020-01-01\n");
    assert_eq!(got.rows[0].created, When::Unknown);
    assert_eq!(got.rows[0].last_used, When::Unknown);
    assert_eq!(got.rows[0].expires, day("2020-01-01"));
    assert!(got.problems[0].what.contains("day or with the month"));
    assert!(got.problems[1].what.contains("after today"));
}

#[test]
fn headers_that_cannot_be_used() {
    let twice = error("name,owner,Owner\na,b,c\n");
    assert!(
        twice.contains("columns 2 and 3 are both named `Owner`"),
        "{twice}"
    );
    let map = ColumnMap::from_toml(
        "[columns]\n\"owner (column 2)\" = \"owner\"\n\"Owner (column 3)\" = \"ignore\"\ngone = \"name\"\n",
    )
    .unwrap();
    let got = read(&input(b"name,owner,Owner\na,b,c\n").with_columns(&map)).unwrap();
    assert_eq!(got.rows[0].owner.as_deref(), Some("b"));
    assert!(got.notes[0].contains("`gone`"));

    let none = error("billing,hunter2hunter2,bob\nweb,hunter3hunter3,al\n");
    assert!(
        none.contains("line 1") && none.contains("header row"),
        "{none}"
    );
    assert!(!none.contains("hunter2"));
    assert!(error("").contains("empty"));
    assert!(error(&format!("name{}\n", ",".repeat(300))).contains("columns"));
}

#[test]
fn rows_that_say_nothing_or_too_much_are_rejected() {
    let got = imported("name,owner\n,bob\nx,bob,what,else\ny,bob\n");
    assert_eq!(got.rows.len(), 1);
    assert_eq!(got.problems[0].at, "line 2");
    assert!(got.problems[0].what.contains("identity"));
    assert!(got.problems[1].what.contains("4 cells"));
    assert_eq!(
        got.coverage[0].reason.as_deref(),
        Some("2 rows were rejected")
    );
}

#[test]
fn a_long_line_ends_the_reading_and_not_the_import() {
    let text = format!("name,provider\na,aws\nb,{}\nc,aws\n", "x".repeat(2 << 20));
    let got = imported(&text);
    assert_eq!(got.rows.len(), 1);
    assert_eq!(got.problems[0].at, "line 3");
    assert_eq!(
        got.coverage[0].reason.as_deref(),
        Some("reading stopped at line 3")
    );
}

#[test]
fn no_secret_is_ever_shown() {
    const CANARIES: [&str; 6] = [
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "correct horse battery staple",
        "hunter2",
        "Zx8Kq2Lm9Pw4Rt6Yv1Bn",
        "sk-ant-api03-AbCdEfGhIjKlMnOp",
    ];
    let text = format!(
        "name,key id,secret,notes,created,privilege,owner,colour\n\
         a,AKIAIOSFODNN7EXAMPLE,{},fine,2026-01-01,admin,bob,red\n\
         {},k2,,rotate {} soon,{},{},{},{}\n\
         c,k3,{},x,,,,\n\
         d,k4,{},x,,,,\n\
         {},k5,x,{},soon,,,,{}\n\
         e,{},,,,,,\n",
        CANARIES[1],
        CANARIES[0],
        CANARIES[5],
        CANARIES[0],
        CANARIES[4],
        CANARIES[5],
        CANARIES[4],
        CANARIES[2],
        CANARIES[3],
        CANARIES[0],
        CANARIES[4],
        CANARIES[5],
        CANARIES[0],
    );
    let got = imported(&text);
    let shown = format!("{got:?}\n{}", got.column_map.clone().unwrap());
    for canary in CANARIES {
        assert!(!shown.contains(canary), "{canary} in {shown}");
    }
    assert!(got.plaintext);
    assert!(got.notes.iter().any(|note| note.contains("plaintext")));
    assert_eq!(got.rows[0].provider, "aws");
    assert_eq!(
        got.rows[0].secret.as_ref().unwrap().expose(),
        CANARIES[1].as_bytes()
    );
    assert_eq!(got.rows[1].name, None);
    assert_eq!(
        got.rows[2].secret.as_ref().unwrap().expose(),
        b"correct horse battery staple"
    );
    assert_eq!(got.rows[4].key_id, None);
    for header in [
        format!("{},name,owner\nx,y,z\n", CANARIES[0]),
        format!("{},{}\nx,y\n", CANARIES[0], CANARIES[3]),
    ] {
        let shown = match read(&input(header.as_bytes())) {
            Ok(got) => format!("{got:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(
            !shown.contains("0123456789abc") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}

#[test]
fn remarks_and_masks_in_a_secret_column_are_no_secrets() {
    let got = imported("name,secret\na,see 1Password\nb,sk-…abcd\nc,op://vault/x\nd,\n");
    assert!(got.rows.iter().all(|row| row.secret.is_none()));
    assert_eq!(got.rows[1].hint.as_deref(), Some("sk-…abcd"));
    assert!(!got.plaintext);
}

#[test]
fn a_formula_is_text() {
    let got = imported("name,provider\n=HYPERLINK(\"http://x\"),aws\n");
    assert_eq!(
        got.rows[0].name.as_deref(),
        Some("=HYPERLINK(\"http://x\")")
    );
}
