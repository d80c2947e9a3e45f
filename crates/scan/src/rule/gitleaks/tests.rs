use super::*;

const RULES: &str = r#"
title = "ours"

[[allowlists]]
description = "not ours"
paths = ['''(?:^|/)vendor/''']
regexes = ['''^abc_0+$''']
commits = ["0123456789abcdef0123456789abcdef01234567"]

[[rules]]
id = "abc-token"
description = "ABC"
regex = '''(?i)abc[\w[\]]*\s*=\s*"(abc_[0-9a-z]{16})"'''
secretGroup = 1
entropy = 3.0
keywords = ["abc"]
tags = ["x"]

    [[rules.allowlists]]
    condition = "AND"
    paths = ['''\.md$''']
    stopwords = ["Sample"]

    [rules.allowlist]
    regexTarget = "line"
    regexes = ['''noscan''']

[[rules]]
id = "pem-file"
path = '''\.p12$'''
"#;

fn find(text: &str, path: &str, commit: Option<&str>) -> Vec<(String, String)> {
    Gitleaks::parse(RULES)
        .unwrap()
        .find(text.as_bytes(), Origin { path, commit })
        .into_iter()
        .map(|hit| (hit.rule.to_owned(), text[hit.span].to_owned()))
        .collect()
}

const LINE: &str = "ABC_key = \"abc_q8zk2lmx7vtr4wny\"";

#[test]
fn a_rule_finds_its_group_with_enough_entropy() {
    let hit = vec![("abc-token".to_owned(), "abc_q8zk2lmx7vtr4wny".to_owned())];
    assert_eq!(find(LINE, "a.txt", None), hit);
    assert!(
        find(
            &LINE.replace("q8zk2lmx7vtr4wny", "aaaaaaaaaaaabbbb"),
            "a.txt",
            None
        )
        .is_empty()
    );
    assert!(find(&LINE.replace("ABC_key", "key"), "a.txt", None).is_empty());
    assert_eq!(
        find("", "keys/x.p12", None),
        [("pem-file".to_owned(), String::new())]
    );
}

#[test]
fn allowlists_allow_by_path_commit_line_and_both() {
    let commit = "0123456789ABCDEF0123456789abcdef01234567";
    assert!(find(LINE, "vendor/a.txt", None).is_empty());
    assert!(find(LINE, "a.txt", Some(commit)).is_empty());
    assert_eq!(find(LINE, "a.txt", Some("ff")).len(), 1);
    assert!(find(&format!("{LINE} # noscan"), "a.txt", None).is_empty());
    assert_eq!(find(&format!("# noscan\n{LINE}"), "a.txt", None).len(), 1);
    let sample = LINE.replace("q8zk2lmx7v", "q8zksample");
    assert!(find(&sample, "a.md", None).is_empty());
    assert_eq!(find(&sample, "a.txt", None).len(), 1);
    assert_eq!(find(LINE, "a.md", None).len(), 1);
}

#[test]
fn what_cannot_be_done_names_rule_and_field() {
    let rule = |more: &str| format!("[[rules]]\nid = \"r1\"\nregex = '''x(y)'''\n{more}\n");
    for (text, at, said) in [
        (
            rule("filter = '''filter.entropy(x) < 3'''"),
            "rule r1, filter",
            "CEL",
        ),
        (
            rule("[[rules.required]]\nid = \"r2\""),
            "rule r1, required",
            "not supported",
        ),
        (rule("secretGroup = 2"), "rule r1, secretGroup", "1 groups"),
        (
            rule("[[rules.allowlists]]\ncondition = \"XOR\"\npaths = [\"a\"]"),
            "rule r1, allowlists[0].condition",
            "XOR",
        ),
        (
            rule("[[rules.allowlists]]\nregexTarget = \"file\"\npaths = [\"a\"]"),
            "rule r1, allowlists[0].regexTarget",
            "file",
        ),
        (
            rule("[[rules.allowlists]]\ndescription = \"x\""),
            "rule r1, allowlists[0]",
            "empty",
        ),
        (rule("path = '''(?=x)'''"), "rule r1, path", "look-around"),
        (rule("colour = 1"), "line 4", "colour"),
        (rule("[[rules]]\nid = \"r1\"\nregex = \"x\""), "r1", "twice"),
        ("[[rules]]\nregex = \"x\"".to_owned(), "rules[0]", "`id`"),
        (
            "[[rules]]\nid = \"x\"".to_owned(),
            "rule x, regex",
            "missing",
        ),
        (
            format!("[extend]\nuseDefault = true\n{}", rule("")),
            "extend",
            "not done here",
        ),
        (
            format!("prefilter = \"true\"\n{}", rule("")),
            "prefilter",
            "CEL",
        ),
        ("title = \"x\"".to_owned(), "rules", "none"),
        ("rules = 3".to_owned(), "line 1", "expected"),
    ] {
        let error = Gitleaks::parse(&text).unwrap_err();
        assert_eq!(error.at, at, "{error}");
        assert!(error.problem.contains(said), "{error}");
    }
}

#[test]
fn a_rule_that_is_not_reported_takes_no_keyword_of_another() {
    let text = "[[rules]]\nid = \"a\"\nregex = \"q.\"\nkeywords = [\"q\"]\nskipReport = true\n[[rules]]\nid = \"b\"\nregex = \"w.\"\nkeywords = [\"w\"]\n";
    let rules = Gitleaks::parse(text).unwrap();
    assert_eq!(rules.len(), 1);
    let hits = rules.find(b"q1 w2", Origin::default());
    assert_eq!(hits.iter().map(|hit| hit.rule).collect::<Vec<_>>(), ["b"]);
    assert!(rules.find(b"q1", Origin::default()).is_empty());
}
