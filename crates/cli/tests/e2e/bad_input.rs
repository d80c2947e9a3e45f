//! Every line of "Bad input": what is wrong is named with file, line or field, the rest is still assessed, and
//! the exit code and the last line say so.

use crate::bench::{Bench, TODAY, coverage, keys, of, only, skipped};
use serde_json::Value;
use std::{io::Write as _, process::Stdio};
use tenure_testkit::sample;

const REPORT: &str =
    include_str!("../../../connect/tests/fixtures/aws_credential_report_22col.csv");
const REFUSED: &str = "{\"message\": \"Resource not accessible by integration\", \"documentation_url\": \
     \"https://docs.github.com/rest\", \"status\": \"403\"}";

/// A folder with one key that has to be found whatever else lies beside it.
fn beside() -> Bench {
    Bench::with(&[(
        "app/.env",
        &format!(
            "OPENAI_API_KEY={}\n",
            sample::secret("openai", "project_api_key", 1)
        ),
    )])
}

#[track_caller]
fn rest_was_assessed(assessment: &Value) {
    of(assessment, "openai");
}

/// Assesses with this file in the folder: it is read in part, the reason is named, the rest is assessed.
#[track_caller]
fn partly(file: &str, bytes: impl AsRef<[u8]>, words: &[&str]) -> Value {
    let bench = beside();
    bench.write(file, bytes);
    partly_with(&bench, file, &[], words)
}

#[track_caller]
fn partly_with(bench: &Bench, file: &str, more: &[&str], words: &[&str]) -> Value {
    let mut args = vec!["-f", "json"];
    args.extend(more);
    let assessment = bench.assess(&args).ends(3).json();
    rest_was_assessed(&assessment);
    assert_eq!(assessment["complete"], false);
    let named = skipped(&assessment, file);
    let covered: Vec<String> = coverage(&assessment, file)
        .iter()
        .filter(|part| part["state"] != "complete")
        .map(|part| format!("{} {}", part["source"], part["reason"]))
        .collect();
    let said = format!("{}\n{}", named.join("\n"), covered.join("\n"));
    for word in words {
        assert!(said.contains(word), "{word:?} in {said}\n{assessment:#}");
    }
    let screen = bench.assess(more).ends(3);
    assert!(screen.out.contains("NOT SEEN"), "{}", screen.out);
    assessment
}

/// The same file given by --import.
#[track_caller]
fn imported(kind: &str, file: &str, bytes: impl AsRef<[u8]>, words: &[&str]) -> Value {
    let bench = beside();
    let path = tempfile::tempdir().unwrap();
    let path = path.path().join(file);
    std::fs::write(&path, bytes).unwrap();
    let import = format!("{kind}{}", path.display());
    let name = path.to_str().unwrap();
    partly_with(&bench, name, &["--import", &import], words)
}

/// The same, where everything is well.
#[track_caller]
fn wholly(file: &str, bytes: impl AsRef<[u8]>) -> Value {
    let bench = beside();
    bench.write(file, bytes);
    let assessment = bench.assess(&["-f", "json"]).ends(0).json();
    rest_was_assessed(&assessment);
    assert_eq!(assessment["complete"], true);
    assessment
}

#[test]
fn truncated_json_is_named_with_its_line() {
    let text = "[\n {\"id\": 1,\n  \"token_id\": 2, \"token_name\": \"rel";
    partly(
        "github/pats.json",
        text,
        &["github/pats.json", "line 3", "export it again"],
    );
    imported(
        "github-fine-grained-pats=",
        "x.json",
        text,
        &[
            "x.json",
            "line 3",
            "ends in the middle of a string",
            "export it again",
        ],
    );
    let keys = "{\"AccessKeyMetadata\": [{\"UserName\": \"a\",\n\"AccessKeyId\": \"AKIA";
    partly("aws/list.json", keys, &["list.json", "line 2"]);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_fault() {
    let text = "\u{feff}Name,Provider,Owner\r\nledger,Ledgerline,ann@example.com\r\nbilling,Ledgerline,\r\n";
    let assessment = wholly("keys.csv", text);
    assert_eq!(
        only(&assessment, |key| key["name"] == "ledger")["provider"],
        "ledgerline"
    );
    only(&assessment, |key| key["name"] == "billing");
    let report = format!("\u{feff}{}", REPORT.replace('\n', "\r\n"));
    let assessment = wholly("report.csv", report);
    assert!(keys(&assessment).iter().any(|key| key["provider"] == "aws"));
}

#[test]
fn a_header_that_stands_twice_is_named_with_its_columns() {
    let text = "key name,provider,owner,owner\nledger,Ledgerline,ann@example.com,bob@example.com\n";
    let words = ["keys.csv", "columns 3 and 4", "`owner`", "rename one"];
    partly("keys.csv", text, &words);
    imported("table=", "keys.csv", text, &words);
}

#[test]
fn a_table_without_a_header_row_is_refused_by_name() {
    imported(
        "table=",
        "list.csv",
        "prod,q1,x\ntest,q2,y\n",
        &["list.csv", "header"],
    );
}

#[test]
fn an_unclosed_quote_is_named_with_its_line() {
    let text = "key name,provider\nledger,Ledgerline\nopen,\"Ledgerline\nc,d\n";
    let assessment = partly("keys.csv", text, &["keys.csv", "line 3", "close the quote"]);
    only(&assessment, |key| key["name"] == "ledger");
}

#[test]
fn a_giant_line_stops_one_file_and_not_the_run() {
    let mut text = b"key name,provider\nledger,Ledgerline\nbig,".to_vec();
    text.resize(70 << 20, b'x');
    text.extend_from_slice(b"\nbilling,Ledgerline\n");
    let assessment = imported(
        "table=",
        "keys.csv",
        &text,
        &["keys.csv", "line 3", "longer than 1 MiB"],
    );
    only(&assessment, |key| key["name"] == "ledger");
    // Where nobody names it, it is text to be searched, and what stands behind the line is found.
    let bench = beside();
    let secret = sample::secret("stripe", "secret_key", 2);
    text.extend_from_slice(format!("STRIPE_SECRET_KEY={secret}\n").as_bytes());
    bench.write("dump.sql.txt", &text);
    let assessment = bench.assess(&["-f", "json"]).json();
    rest_was_assessed(&assessment);
    assert_eq!(of(&assessment, "stripe")["sightings"][0]["line"], 5);
}

#[test]
#[ignore = "2 GiB: a minute and more; `scripts/long large` runs it"]
fn a_line_of_two_gibibytes_is_survived() {
    let bench = beside();
    let file = std::fs::File::create(bench.tree().join("keys.csv")).unwrap();
    file.set_len(2 << 30).unwrap();
    drop(file);
    let assessment = bench.assess(&["-f", "json"]).json();
    rest_was_assessed(&assessment);
    bench
        .assess(&["--import", "table=keys.csv"])
        .ends(3)
        .says(&["exit 3"]);
    let line = std::fs::File::create(bench.tree().join("line.txt")).unwrap();
    let mut line = std::io::BufWriter::new(line);
    for _ in 0..(2 << 10) {
        line.write_all(&[b'x'; 1 << 20]).unwrap();
    }
    drop(line);
    rest_was_assessed(
        &bench
            .assess(&["-f", "json", "--exclude", "keys.csv"])
            .ends(0)
            .json(),
    );
}

#[test]
fn what_is_not_utf8_is_named_with_its_line_or_read_all_the_same() {
    let mut bytes = b"key name,provider\nledger,Ledgerline\n".to_vec();
    bytes.extend_from_slice(b"caf\xe9,Ledgerline\n");
    let bench = beside();
    bench.write("keys.csv", &bytes);
    let ran = bench.assess(&["-f", "json"]);
    let assessment = ran.json();
    rest_was_assessed(&assessment);
    only(&assessment, |key| key["name"] == "ledger");
    imported(
        "aws-access-keys=",
        "k.json",
        b"{\"AccessKeyMetadata\":\n[{\"UserName\": \"\xff\xfe\"}]}",
        &["k.json", "line 2", "UTF-8"],
    );
    // Nobody takes it for an inventory: it is searched, and what is sound in it is found.
    let mut source = b"# \xff\xfe\xfa\n".to_vec();
    source.extend_from_slice(
        format!("STRIPE={}\n", sample::secret("stripe", "secret_key", 3)).as_bytes(),
    );
    of(&wholly("src/latin.rb", source), "stripe");
}

#[test]
fn a_binary_is_counted_and_no_fault() {
    let assessment = wholly("logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let notes = assessment["summary"]["notes"].to_string();
    assert!(notes.contains("1 file is no text"), "{notes}");
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = beside();
    bench.write("closed/.env", "x=1\n");
    let closed = bench.tree().join("closed");
    let set =
        |mode| std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o000);
    if std::fs::read_dir(&closed).is_ok() {
        // Root reads everything. What is left is a .git that points nowhere, which cannot be read either.
        set(0o700);
        std::fs::create_dir_all(closed.join(".git")).unwrap();
        std::fs::write(closed.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        std::fs::write(closed.join(".git/index"), "no index").unwrap();
        partly_with(
            &bench,
            "closed",
            &[],
            &["closed/.git", "what it tracks is not known"],
        );
        return;
    }
    let ran = bench.assess(&["-f", "json"]);
    set(0o700);
    let assessment = ran.ends(3).json();
    rest_was_assessed(&assessment);
    let said = skipped(&assessment, "closed").join("\n");
    assert!(said.contains("permission denied"), "{said}");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_in_circles_nor_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    let bench = beside();
    let outside = Bench::with(&[(
        "secret.env",
        &format!("STRIPE={}\n", sample::secret("stripe", "secret_key", 4)),
    )]);
    symlink(bench.tree(), bench.tree().join("app/again")).unwrap();
    symlink("loop", bench.tree().join("loop")).unwrap();
    symlink("nowhere", bench.tree().join("dangling.csv")).unwrap();
    symlink(outside.tree(), bench.tree().join("out")).unwrap();
    let assessment = bench.assess(&["-f", "json"]).ends(0).json();
    rest_was_assessed(&assessment);
    assert_eq!(keys(&assessment).len(), 1);
    assert_eq!(
        keys(&assessment)[0]["sightings"].as_array().unwrap().len(),
        1
    );
}

#[cfg(unix)]
#[test]
fn a_dangling_or_circular_path_that_is_named_ends_the_run() {
    use std::os::unix::fs::symlink;
    let bench = beside();
    symlink("loop", bench.tree().join("loop")).unwrap();
    symlink("nowhere", bench.tree().join("dangling.csv")).unwrap();
    for path in ["loop", "dangling.csv"] {
        bench.run(&["assess", ".", path]).ends(2).says(&[path]);
        bench
            .run(&["assess", ".", "--import", &format!("table={path}")])
            .ends(2)
            .says(&[path]);
        bench
            .run(&["assess", ".", "--people", path])
            .ends(2)
            .says(&[path]);
    }
}

#[test]
fn a_403_saved_as_an_export_is_not_covered_and_never_0() {
    let assessment = partly(
        "github/pats.json",
        REFUSED,
        &["github/pats.json", "403", "Resource not accessible"],
    );
    let part = coverage(&assessment, "pats.json");
    assert_eq!(part[0]["state"], "not_covered");
    assert_eq!(part[0]["rows"], Value::Null);
    for kind in [
        "github-fine-grained-pats=",
        "github-deploy-keys=",
        "aws-access-keys=",
        "table=",
        "people=",
    ] {
        let assessment = imported(kind, "answer.json", REFUSED, &["answer.json", "403"]);
        let part = coverage(&assessment, "answer.json");
        assert!(
            part.iter().all(|part| part["state"] == "not_covered"),
            "{part:?}"
        );
        assert!(part.iter().all(|part| part["rows"].is_null()), "{part:?}");
    }
    let bench = beside();
    bench.write("github/pats.json", REFUSED);
    let screen = bench.assess(&[]).ends(3);
    assert!(screen.out.contains("Never counted as 0"), "{}", screen.out);
}

#[test]
fn other_refusals_are_known_too() {
    for body in [
        "An error occurred (AccessDenied) when calling the GenerateCredentialReport operation: User is not authorized",
        "{\"Error\": {\"Code\": \"AccessDenied\", \"Message\": \"not authorized\"}}",
        "gh: Must have admin rights to Repository. (HTTP 403)",
        "{\"schemas\": [\"urn:ietf:params:scim:api:messages:2.0:Error\"], \"detail\": \"no\", \"status\": \"403\"}",
    ] {
        for kind in ["aws-credential-report=", "people="] {
            imported(kind, "answer.json", body, &["answer.json"]);
        }
    }
}

#[test]
fn an_empty_file_is_an_error_where_it_was_to_be_an_inventory_and_only_there() {
    for kind in [
        "",
        "table=",
        "aws-credential-report=",
        "github-deploy-keys=",
        "people=",
    ] {
        for text in ["", "\n \n", "\u{feff}"] {
            imported(kind, "e.csv", text, &["e.csv", "empty"]);
        }
    }
    for name in [
        "keys.csv",
        "exports/api-keys.json",
        "people.csv",
        "credential_report.csv",
    ] {
        partly(name, "", &[name, "is empty"]);
    }
    for name in [
        "data.csv",
        "empty.json",
        "src/empty.py",
        "monkeys.csv",
        "keys.md",
        ".env.local",
        "x/__init__.py",
    ] {
        wholly(name, "");
    }
}

#[test]
fn a_broken_file_that_nobody_takes_for_an_inventory_is_just_searched() {
    for (name, text) in [
        ("tsconfig.json", "{ // comments are no JSON\n}"),
        ("data.json", "[1, 2"),
        ("notes.csv", "\"open\nx"),
        ("lock.json", "{{{{"),
        (".gitignore", "[[["),
        ("app/Cargo.toml", "[package"),
        ("k8s/x.yaml", ": : :\n\t-"),
        ("numbers.csv", "1,2,3\n4,5,6\n"),
    ] {
        let secret = sample::secret("stripe", "secret_key", 5);
        let assessment = wholly(name, format!("{text}\nkey = {secret}\n"));
        of(&assessment, "stripe");
    }
}

#[test]
fn an_unknown_kind_names_the_nearest() {
    let bench = beside();
    bench.write("x.csv", REPORT);
    bench
        .run(&["assess", ".", "--import", "aws-credentials-report=x.csv"])
        .ends(2)
        .says(&[
            "aws-credentials-report",
            "did you mean `aws-credential-report`",
            "github-deploy-keys",
        ]);
    bench
        .run(&["assess", "--import", "zzzz=x.csv"])
        .ends(2)
        .says(&["there is no such kind", "table"]);
}

#[test]
fn a_file_of_another_kind_says_what_is_missing() {
    for (kind, text) in [
        ("aws-credential-report=", "key name,provider\nx,y\n"),
        ("aws-access-keys=", "[]"),
        ("aws-access-keys=", "{\"a\": 1}"),
        ("github-fine-grained-pats=", "{\"a\": [1, 2]}"),
        ("github-deploy-keys=", "name,title\n"),
        ("people=", "colour,shape\nred,round\n"),
        ("table=", "{\"a\": 1}"),
        ("table=", "<html><body>Sign in</body></html>"),
        ("aws-access-key-last-used=", "\"text\""),
        ("", "What is this?\nNobody knows.\n"),
        ("aws-credential-report=", "\0\u{1}\u{2}"),
    ] {
        // An empty list is a list with nothing in it.
        if (kind, text) == ("aws-access-keys=", "[]") {
            continue;
        }
        imported(kind, "wrong.txt", text, &["wrong.txt"]);
    }
}

#[test]
fn a_bad_row_is_named_and_its_neighbours_are_taken() {
    let bad = REPORT.replace("2022-05-02T09:05:00Z", "yesterday");
    let assessment = partly(
        "report.csv",
        bad,
        &["report.csv", "line 3", "access_key_1_last_rotated"],
    );
    assert!(keys(&assessment).iter().any(|key| key["provider"] == "aws"));
    let text = "key name,provider,created\na,Ledgerline,2024-01-01\nb,Ledgerline,31.31.2024\nc,Ledgerline,2024-01-03\n";
    let assessment = partly("keys.csv", text, &["keys.csv", "line 3", "created"]);
    only(&assessment, |key| key["name"] == "a");
    only(&assessment, |key| key["name"] == "c");
}

/// Runs that have to end with 2 and name what is wrong, in the file and at the place.
#[track_caller]
fn refused(flag: &str, text: &str, words: &[&str]) {
    let bench = beside();
    let path = bench.write("given.txt", text);
    let path = path.to_str().unwrap();
    bench
        .assess(&[flag, path])
        .ends(2)
        .says(&["given.txt"])
        .says(words);
    bench
        .assess(&[flag, "not-there.txt"])
        .ends(2)
        .says(&["not-there.txt"]);
}

#[test]
fn a_bad_facts_file_is_named_with_its_entry() {
    refused("--facts", "[[key]\n", &["line 1"]);
    refused(
        "--facts",
        "[[key]]\nprovider = \"aws\"\nname = \"x\"\ncolour = 3\n",
        &["key[0]", "colour"],
    );
    refused(
        "--facts",
        "[[key]]\nprovider = \"aws\"\nname = \"x\"\nprivilege = \"much\"\n",
        &["privilege", "much", "read_narrow"],
    );
    refused(
        "--facts",
        "[[key]]\nprovider = \"aws\"\nname = \"x\"\nproof = \"P2\"\n",
        &["proof"],
    );
    refused(
        "--facts",
        "[[place]]\npath = \"x\"\naudience = \"all\"\n",
        &["place[0]", "audience", "all"],
    );
    refused(
        "--facts",
        "[[key]]\nowner = \"ann@example.com\"\n",
        &["key[0]", "provider"],
    );
}

#[test]
fn a_bad_policy_is_named_with_its_field() {
    refused("--policy", "", &[]);
    refused("--policy", "version = \"x\"\nfoo = 1\n", &["foo"]);
    refused("--policy", "version = \n", &["1"]);
    let bench = beside();
    let shown = bench.run(&["policy", "show"]).ends(0).out;
    let line = shown
        .lines()
        .find(|line| line.contains("= ") && line.ends_with(|c: char| c.is_ascii_digit()));
    let line = line.unwrap();
    let name = line.split(' ').next().unwrap();
    let bad = shown.replace(line, &format!("{name} = \"soon\""));
    let path = bench.write("bad.toml", bad);
    bench
        .run(&["policy", "check", path.to_str().unwrap()])
        .ends(2)
        .says(&["bad.toml", name]);
}

#[test]
fn bad_columns_are_named() {
    refused(
        "--columns",
        "[columns]\nowner = \"colour\"\n",
        &["colour", "is not a field"],
    );
    refused("--columns", "owner =\n", &["line 1"]);
}

#[test]
fn a_bad_earlier_assessment_is_named() {
    refused("--since-assessment", "", &["tenure assess -f json"]);
    refused(
        "--since-assessment",
        "{\"schema\": \"other/1\"}",
        &["tenure assess -f json"],
    );
    refused("--since-assessment", "{\"keys\":\n[{", &["line 2"]);
}

#[test]
fn bad_globs_and_conditions_and_dates_are_named() {
    let bench = beside();
    bench
        .assess(&["--exclude", "a{b"])
        .ends(2)
        .says(&["--exclude a{b"]);
    bench.assess(&["--fail-on", "contain"]).ends(2).says(&[
        "--fail-on contain",
        "contain_now",
        "exposed",
        "overdue",
        "B4",
    ]);
    bench
        .run(&["assess", ".", "--today", "23.11.2026"])
        .ends(2)
        .says(&["23.11.2026"]);
    bench
        .assess(&["--format", "xml"])
        .ends(2)
        .says(&["xml", "jsonl"]);
    bench
        .assess(&["--no-such-flag"])
        .ends(2)
        .says(&["--no-such-flag"]);
    bench
        .assess(&["--catalog", "not-there"])
        .ends(2)
        .says(&["not-there"]);
}

#[test]
fn a_missing_path_and_nothing_to_read_end_with_2() {
    let bench = beside();
    bench
        .run(&["assess", "not-there"])
        .ends(2)
        .says(&["not-there", "exists"]);
    bench
        .run(&["assess", "app", "not-there"])
        .ends(2)
        .says(&["not-there"]);
    bench
        .run(&["assess", "--import", "not-there.csv"])
        .ends(2)
        .says(&["not-there.csv"]);
    bench.run(&["assess"]).ends(2).says(&["PATH"]);
    std::fs::create_dir(bench.tree().join("empty")).unwrap();
    bench
        .run(&["assess", "empty"])
        .ends(2)
        .says(&["nothing was read"]);
    bench
        .run(&["assess", "app", "--exclude", "**"])
        .ends(2)
        .says(&["nothing was read"]);
    bench.write("e.csv", "");
    bench
        .run(&["assess", "--import", "table=e.csv"])
        .ends(2)
        .says(&["nothing was read", "e.csv", "empty"]);
}

#[test]
fn what_was_assessed_without_a_key_says_what_was_not_looked_at() {
    let bench = Bench::with(&[("a.txt", "nothing here\n")]);
    let ran = bench.assess(&[]).ends(0);
    assert!(
        ran.out.contains("No key was found in 1 file"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("Not looked at: git history"),
        "{}",
        ran.out
    );
}

#[test]
fn what_is_to_fail_comes_before_what_was_read_in_part() {
    let bench = beside();
    bench.write("keys.csv", "");
    let ran = bench
        .assess(&["-f", "json", "--fail-on", "any"])
        .ends(1)
        .says(&["exit 1: 1 key at any"]);
    assert_eq!(ran.json()["complete"], false);
    bench.assess(&["--fail-on", "exposed"]).ends(3);
    std::fs::remove_file(bench.tree().join("keys.csv")).unwrap();
    bench.assess(&["--fail-on", "exposed"]).ends(0);
    bench
        .assess(&["--fail-on", "exposed,B0"])
        .ends(1)
        .says(&["exit 1: 1 key at B0"]);
    bench
        .assess(&["--fail-on", "exposed", "--fail-on", "b0", "-q"])
        .ends(1)
        .says(&["exit 1: "]);
}

#[test]
fn an_unknown_command_names_the_nearest() {
    let bench = Bench::new();
    for (typed, meant) in [
        ("asess", "assess"),
        ("whyy", "why"),
        ("dmeo", "demo"),
        ("polcy", "policy"),
    ] {
        bench
            .run(&[typed])
            .ends(2)
            .says(&[typed, &format!("'{meant}'")]);
    }
    bench
        .run(&["policy", "chek", "x"])
        .ends(2)
        .says(&["'check'"]);
}

#[test]
fn why_without_an_assessment_or_without_a_match_says_what_to_do() {
    let bench = beside();
    bench
        .run(&["why", "x"])
        .ends(2)
        .says(&["nothing was assessed", "tenure assess PATH"]);
    bench.assess(&[]).ends(0);
    bench
        .run(&["why", "nobody"])
        .ends(2)
        .says(&["no key", "--all"]);
    bench.write(
        "two.csv",
        "key name,provider\nsame,Ledgerline\nsame,Fixerish\n",
    );
    bench.assess(&[]);
    bench
        .run(&["why", "same"])
        .ends(2)
        .says(&["2 keys", "ledgerline", "fixerish"]);
    std::fs::write(bench.state().join("last-assessment.json"), "{").unwrap();
    bench
        .run(&["why", "same"])
        .ends(2)
        .says(&["last-assessment.json"]);
    bench.assess(&[]).ends(0);
    bench
        .run(&["why", "same", "--assessment", "not-there"])
        .ends(2)
        .says(&["not-there"]);
}

#[test]
fn bad_facts_for_decide_are_named_with_line_and_field() {
    let bench = Bench::new();
    for (text, words) in [
        ("", &["is empty"][..]),
        ("{\"id\": \"x\", \"colour\": 1}", &["colour"]),
        (
            "{\"id\": \"x\", \"status\": \"sleeping\"}",
            &["status", "sleeping", "inactive"],
        ),
        (
            "{\"id\": \"x\"}\n{\"id\": \"y\", \"proof\": \"P9\"}\n",
            &["line 2", "proof", "P9"],
        ),
        ("[{\"id\": \"x\"}, {}]", &["[1]", "id"]),
        (
            "{\"id\": \"x\", \"created_at\": \"2026-11-24\"}",
            &["created_at", "2026-11-24"],
        ),
        (
            "{\"id\": \"x\", \"created_at\": \"1.1.2024\"}",
            &["created_at", "YYYY-MM-DD"],
        ),
        (
            "{\"id\": \"x\", \"last_used\": {\"offered\": true, \"at\": \"2027-01-01\"}}",
            &["last_used", "2027-01-01"],
        ),
        (
            "{\"id\": \"x\", \"since\": {\"unowned\": \"2027-01-01\"}}",
            &["since", "2027-01-01"],
        ),
        ("{\"id\": \"x\", \"consumers\": -1}", &["consumers"]),
        ("{\"id\": \"x\", \"data\": 7}", &["data"]),
        ("{\"id\": \"x\"", &["line 1"]),
        ("not json", &["line 1"]),
    ] {
        bench
            .fed(&["decide", "--facts", "-", "--today", TODAY], text)
            .ends(2)
            .says(words);
    }
    bench
        .run(&["decide", "--facts", "not-there.json"])
        .ends(2)
        .says(&["not-there.json"]);
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let bench = beside();
    for args in [
        &["demo", "--all"][..],
        &["demo", "-f", "json"],
        &["catalog", "list"],
        &["schema", "assessment"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
        &["policy", "show"],
        &[],
    ] {
        let mut child = bench
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The reading end is closed before anything is written.
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(
            !err.contains("panicked") && !err.contains("error:"),
            "{args:?}: {err}"
        );
        assert!(
            matches!(output.status.code(), Some(0)),
            "{args:?}: {:?} {err}",
            output.status
        );
    }
}

#[test]
fn what_cannot_be_written_ends_with_4() {
    let bench = beside();
    bench
        .assess(&["-o", "not-there/x.json"])
        .ends(4)
        .says(&["not-there/x.json"]);
    bench
        .assess(&["--report", "not-there/x.html"])
        .ends(4)
        .says(&["not-there/x.html"]);
    bench.assess(&["--report", "app"]).ends(4).says(&["app"]);
    bench.write("keys.csv", "key name,provider\nx,Ledgerline\n");
    bench
        .assess(&["--save-columns", "not-there/c.toml"])
        .ends(4)
        .says(&["not-there/c.toml"]);
    bench
        .fed(
            &["decide", "--facts", "-", "-o", "not-there/a.json"],
            "{\"id\": \"x\"}",
        )
        .ends(4)
        .says(&["not-there/a.json"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_with_4() {
    let bench = beside();
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    for args in [
        &["demo", "-f", "json"][..],
        &["policy", "show"],
        &["catalog", "list"],
    ] {
        let output = bench.command(args).stdout(full()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{args:?}: {err}");
        assert!(err.lines().last().unwrap().starts_with("exit 4: "), "{err}");
    }
    bench
        .assess(&["-o", "/dev/full"])
        .ends(4)
        .says(&["/dev/full"]);
}

#[test]
fn a_state_folder_that_cannot_be_used_costs_only_what_it_is_for() {
    let bench = beside();
    let blocked = bench.write("state", "a file where a folder should be");
    let output = bench
        .command(&["assess", "app", "--today", TODAY, "-f", "json"])
        .env("TENURE_DATA_DIR", blocked.join("inner"))
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(err.contains("fingerprints hold for this run only"), "{err}");
    rest_was_assessed(&serde_json::from_slice(&output.stdout).unwrap());
    // A pepper that is not what was written is an error: new fingerprints would fit no earlier ones.
    std::fs::write(bench.state().join("pepper"), "short").unwrap();
    bench.assess(&[]).ends(2).says(&["pepper"]);
}

#[test]
fn columns_are_saved_mended_and_given_back() {
    let bench = beside();
    bench.write(
        "list.csv",
        "Title,Vendor,Who\nledger,Ledgerline,ann@example.com\n",
    );
    bench.assess(&["--save-columns", "c.toml", "--import", "table=list.csv"]);
    let saved = std::fs::read_to_string(bench.tree().join("c.toml")).unwrap();
    assert!(saved.contains("Title"), "{saved}");
    let mended = saved
        .lines()
        .map(|line| {
            if line.starts_with("Who") {
                "Who = \"owner\""
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n");
    bench.write("c.toml", mended);
    let assessment = bench.assessment(&["--columns", "c.toml", "--import", "table=list.csv"]);
    let key = only(&assessment, |key| key["name"] == "ledger");
    assert_eq!(key["owner"]["value"], "ann@example.com");
    let none = beside();
    none.assess(&["--save-columns", "c.toml"])
        .ends(2)
        .says(&["no table was read"]);
}
