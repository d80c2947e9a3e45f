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
            rule("filter = '''filter.jwtExpired(x)'''"),
            "rule r1, filter",
            "`x` is not known",
        ),
        (
            rule("[[rules.required]]\nid = \"r2\""),
            "rule r1, required",
            "no rule that is used",
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
        (rule("colour = 1"), "rule r1", "colour"),
        (rule("[[rules]]\nid = \"r1\"\nregex = \"x\""), "r1", "twice"),
        ("[[rules]]\nregex = \"x\"".to_owned(), "rules[0]", "`id`"),
        (
            "[[rules]]\nid = \"x\"".to_owned(),
            "rule x, regex",
            "missing",
        ),
        (
            format!("[extend]\nurl = \"https://x.example\"\n{}", rule("")),
            "extend.url",
            "network",
        ),
        (
            format!("prefilter = \"finding.secret\"\n{}", rule("")),
            "prefilter",
            "neither true nor false",
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

fn ids(rules: &Gitleaks, text: &str, path: &str) -> Vec<String> {
    let origin = Origin { path, commit: None };
    let hits = rules.find(text.as_bytes(), origin);
    hits.into_iter().map(|hit| hit.rule.to_owned()).collect()
}

#[test]
fn filters_say_what_is_no_finding_and_prefilters_where_none_is_looked_for() {
    let rules = Gitleaks::parse(
        "prefilter = '''matchesAny(get(attributes, \"path\", \"\"), [`\\.lock$`])'''\n\
         filter = '''containsAny(finding[\"secret\"], [\"example\"])'''\n\
         [[rules]]\nid = \"a\"\nregex = '''k=(\\w+)'''\nvalidate = \"let r = 1; r\"\nspecificity = 3\n\
         filter = '''entropy(finding[\"secret\"]) <= 2.0 || attributes[\"git.date\"] == \"x\"'''\n",
    )
    .unwrap();
    assert_eq!(ids(&rules, "k=q8Zk2LmX7v", "a.txt"), ["a"]);
    assert!(ids(&rules, "k=q8Zk2LmX7v", "a.lock").is_empty());
    assert!(ids(&rules, "k=q8Zk2example", "a.txt").is_empty());
    assert!(ids(&rules, "k=aaaaaaaaaa", "a.txt").is_empty());
    assert!(rules.notes()[0].contains("git.date"), "{:?}", rules.notes());
    // Where it is not yet known where a text stands, nothing is dropped.
    assert_eq!(rules.find_anywhere(b"k=q8Zk2example").len(), 1);
}

#[test]
fn a_rule_that_requires_another_finds_only_beside_it() {
    let of = |near: &str| {
        Gitleaks::parse(&format!(
            "[[rules]]\nid = \"id\"\nregex = \"id-[0-9]+\"\nskipReport = true\n\
             [[rules]]\nid = \"key\"\nregex = \"key-[0-9]+\"\n{near}\n"
        ))
        .unwrap()
    };
    let plain = of("[[rules.required]]\nid = \"id\"");
    assert_eq!(plain.len(), 1);
    assert_eq!(ids(&plain, "id-1\n\n\n\nkey-1", "a"), ["key"]);
    assert!(ids(&plain, "key-1", "a").is_empty());
    for near in [
        "[[rules.required]]\nid = \"id\"\nwithinLines = 1",
        "components = [{ id = \"id\", within = \"1L,100C\" }]",
    ] {
        let near = of(near);
        assert_eq!(ids(&near, "id-1\nkey-1", "a"), ["key"]);
        assert!(ids(&near, "id-1\n\nkey-1", "a").is_empty());
    }
    let optional = of("components = [{ id = \"gone\", optional = true }]");
    assert_eq!(ids(&optional, "key-1", "a"), ["key"]);
}

#[test]
fn a_file_takes_rules_from_another_and_leaves_some_out() {
    let base = "[[rules]]\nid = \"a\"\nregex = \"a-[0-9]+\"\n[[rules]]\nid = \"b\"\nregex = \"b-[0-9]+\"\n[[rules]]\nid = \"c\"\nregex = \"c-[0-9]+\"\n";
    let text = "[extend]\npath = \"base.toml\"\nuseDefault = true\ndisabledRules = [\"b\"]\n\
                [[rules]]\nid = \"a\"\n[[rules.allowlists]]\nregexes = [\"a-0\"]\n\
                [[rules]]\nid = \"c\"\nregex = \"cc-[0-9]+\"\n";
    let mut read = |path: &str| match path {
        "base.toml" => Ok(base.to_owned()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let rules = Gitleaks::load(text, BadRule::Refuse, &mut read).unwrap();
    assert_eq!(ids(&rules, "a-1 a-0 b-1 c-1 cc-1", "x"), ["a", "c"]);
    assert!(rules.notes()[0].contains("useDefault"));
    // A circle ends, and a file that is not there is named.
    let circle = "[extend]\npath = \"x\"\n";
    let mut again = |_: &str| Ok(circle.to_owned());
    let error = Gitleaks::load(circle, BadRule::Refuse, &mut again).unwrap_err();
    assert!(error.problem.contains("extend each other"), "{error}");
    let error = Gitleaks::load(circle, BadRule::Refuse, &mut read).unwrap_err();
    assert_eq!(error.at, "extend.path");
}

#[test]
fn a_rule_that_cannot_be_used_is_left_out_only_on_request() {
    let text = "[[rules]]\nid = \"bad\"\nregex = '''(?=x)'''\n[[rules]]\nid = \"odd\"\ncolour = 1\n[[rules]]\nid = \"good\"\nregex = \"g-[0-9]+\"\n";
    assert!(Gitleaks::parse(text).is_err());
    let mut none = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    let rules = Gitleaks::load(text, BadRule::LeaveOut, &mut none).unwrap();
    let left: Vec<&str> = rules.left_out().iter().map(|one| one.at.as_str()).collect();
    assert_eq!(left, ["rule odd", "rule bad, regex"]);
    assert_eq!(ids(&rules, "g-1", "a"), ["good"]);
}

#[test]
fn a_commit_is_allowed_whatever_it_brought_in() {
    let rules = Gitleaks::parse(&format!(
        "{RULES}\n[[rules]]\nid = \"other\"\nregex = \"zz\"\n[[rules.allowlists]]\ncondition = \"AND\"\ncommits = [\"ff\"]\npaths = [\"^a\"]\n"
    ))
    .unwrap();
    let global = "0123456789abcdef0123456789abcdef01234567";
    assert!(rules.allows_commit("abc-token", "x", global));
    assert!(!rules.allows_commit("abc-token", "a", "ff"));
    assert!(rules.allows_commit("other", "a.txt", "ff"));
    assert!(!rules.allows_commit("other", "b.txt", "ff"));
}

#[test]
fn the_more_specific_rule_has_the_finding() {
    let rule = |id: &str, more: &str| {
        format!("[[rules]]\nid = \"{id}\"\nregex = '''key=(acme_[a-z]{{8}})'''\n{more}\n")
    };
    let found = |rules: &[String]| -> Vec<String> {
        let rules = Gitleaks::parse(&rules.concat()).unwrap();
        let hits = rules.find(b"key=acme_qwxzkjvb", Origin::default());
        hits.into_iter().map(|hit| hit.rule.to_owned()).collect()
    };
    assert_eq!(found(&[rule("a-generic", ""), rule("b", "")]), ["b"]);
    assert_eq!(found(&[rule("a-generic", "")]), ["a-generic"]);
    assert_eq!(found(&[rule("a", ""), rule("b", "specificity = 1")]), ["b"]);
    assert_eq!(found(&[rule("a", ""), rule("b", "")]), ["a", "b"]);
    // What a filter drops takes nothing away.
    let none = rule("b", "filter = '''true'''");
    assert_eq!(found(&[rule("a-generic", ""), none]), ["a-generic"]);
}

#[test]
fn version_two_names_the_group_of_the_value() {
    let rules = Gitleaks::parse(
        "[[rules]]\nid = \"r\"\nregex = '''(user)=(?P<value>[a-z]+)'''\nvalueGroup = 2\n",
    );
    let rules = rules.unwrap();
    let hits = rules.find(b"user=someone", Origin::default());
    assert_eq!(hits.first().map(|hit| hit.span.clone()), Some(5..12));
}
