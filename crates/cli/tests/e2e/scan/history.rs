//! Histories of repositories that git itself made: what was committed and removed, where, by whom.

use super::{assigned, findings, json, openai, scan};
use crate::bench::{Bench, Ran};
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Stdio},
};
use tenure_testkit::sample;

/// Runs git as Ann, at a fixed time.
#[track_caller]
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let out = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Ann")
        .env("GIT_AUTHOR_EMAIL", "ann@example.com")
        .env("GIT_COMMITTER_NAME", "Ann")
        .env("GIT_COMMITTER_EMAIL", "ann@example.com")
        .env("GIT_AUTHOR_DATE", "2026-03-03T12:00:00+0000")
        .env("GIT_COMMITTER_DATE", "2026-03-03T12:00:00+0000")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(out.status.success(), "git {args:?}: {out:?}");
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

pub(super) fn repository() -> Bench {
    let bench = Bench::new();
    git(bench.tree(), &["init", "-q", "-b", "main"]);
    bench
}

/// Commits everything that is there and gives the id.
pub(super) fn commit(bench: &Bench, message: &str) -> String {
    git(bench.tree(), &["add", "-A", "-f"]);
    git(
        bench.tree(),
        &["commit", "-q", "--allow-empty", "-m", message],
    );
    git(bench.tree(), &["rev-parse", "HEAD"])
}

fn remove(bench: &Bench, path: &str) {
    std::fs::remove_file(bench.tree().join(path)).unwrap();
}

/// A key that was committed and taken out again; gives both commits.
fn removed() -> (Bench, String, String) {
    let bench = repository();
    bench.write("app/.env", assigned(1));
    bench.write("a.txt", "nothing\n");
    let one = commit(&bench, "one");
    remove(&bench, "app/.env");
    let two = commit(&bench, "two");
    (bench, one, two)
}

/// All places, in order, as their sentences.
fn sentences(scan: &Value) -> Vec<String> {
    findings(scan)
        .iter()
        .flat_map(|finding| finding["places"].as_array().unwrap())
        .map(|place| place["sentence"].as_str().unwrap().to_owned())
        .collect()
}

fn short(id: &str) -> &str {
    &id[..7]
}

#[test]
fn a_key_that_was_removed_is_found_with_who_brought_it_and_who_took_it_out() {
    let (bench, one, two) = removed();
    let found = json(&bench, &[]);
    let place = &findings(&found)[0]["places"][0];
    assert_eq!(place["kind"], "commit");
    assert_eq!(place["path"], "app/.env");
    assert_eq!(place["line"], 1);
    assert_eq!(place["commit"], *one);
    assert_eq!(place["author"], "Ann <ann@example.com>");
    assert_eq!(place["date"], "2026-03-03");
    assert_eq!(place["at_tip"], false);
    assert_eq!(
        sentences(&found),
        [format!(
            "app/.env at {} by Ann, 3 March 2026; removed in {}; on no branch any more",
            short(&one),
            short(&two)
        )]
    );
    assert_eq!(found["stats"]["commits"], 2);
    assert_eq!(found["stats"]["files"], 1);
    let table = scan(&bench, &[]).ends(1);
    assert!(
        table
            .out
            .ends_with("1 key in 1 file and 2 commits, all read whole\n"),
        "{}",
        table.out
    );
    let schema: Value = bench.run(&["schema", "scan"]).json();
    assert!(jsonschema::is_valid(&schema, &found));
}

#[test]
fn files_alone_are_searched_where_no_history_is_wanted() {
    let (bench, ..) = removed();
    let ran = scan(&bench, &["--history", "none"]).ends(0);
    assert_eq!(ran.out, "No keys in 1 file, all read whole\n");
    // Of a folder that is no top of a repository, the files; and it is said that there is more.
    bench.write("app/b.txt", "nothing\n");
    let below = scan(&bench, &["./app"]).ends(0);
    assert!(
        below
            .err
            .contains("note: the history of the repository that ./app lies in"),
        "{}",
        below.err
    );
}

#[test]
fn a_clean_repository_says_how_many_commits_were_read() {
    let bench = repository();
    bench.write("a.txt", "nothing\n");
    commit(&bench, "one");
    let ran = scan(&bench, &[]).ends(0);
    assert_eq!(ran.out, "No keys in 1 file and 1 commit, all read whole\n");
}

#[test]
fn a_file_that_stands_as_it_was_committed_is_one_place_and_one_finding() {
    let bench = repository();
    bench.write("a.env", assigned(1));
    let one = commit(&bench, "one");
    bench.write("a.txt", "more\n");
    commit(&bench, "two");
    let found = json(&bench, &[]);
    assert_eq!(findings(&found).len(), 1, "{found:#}");
    assert_eq!(
        sentences(&found),
        [format!(
            "a.env, line 1, since {} by Ann, 3 March 2026",
            short(&one)
        )]
    );
    let place = &findings(&found)[0]["places"][0];
    assert_eq!(place["kind"], "env_file");
    assert_eq!(place["commit"], *one);
    assert_eq!(place["at_tip"], true);
    // The same key under the same id, whether it is seen in the file or in the history.
    let files = json(&bench, &["--history", "none"]);
    assert_eq!(findings(&files)[0]["id"], findings(&found)[0]["id"]);
}

#[test]
fn branches_merges_and_renames_are_told() {
    let bench = repository();
    bench.write("a.txt", "nothing\n");
    commit(&bench, "one");
    git(bench.tree(), &["checkout", "-q", "-b", "dev"]);
    bench.write("old.env", assigned(1));
    let brought = commit(&bench, "key");
    git(bench.tree(), &["checkout", "-q", "main"]);
    let start = format!("old.env at {} by Ann, 3 March 2026", short(&brought));
    assert_eq!(
        sentences(&json(&bench, &[])),
        [format!("{start}; still on dev")]
    );
    git(
        bench.tree(),
        &["merge", "-q", "--no-ff", "-m", "both", "dev"],
    );
    git(bench.tree(), &["mv", "old.env", "new.env"]);
    let renamed = commit(&bench, "rename");
    let found = json(&bench, &[]);
    assert_eq!(findings(&found).len(), 1, "{found:#}");
    assert_eq!(
        sentences(&found),
        [
            format!(
                "new.env, line 1, since {} by Ann, 3 March 2026",
                short(&renamed)
            ),
            format!("{start}; removed in {}; still on dev", short(&renamed)),
        ]
    );
}

#[test]
fn parts_of_a_history_are_searched_alone() {
    let bench = repository();
    bench.write("a.env", assigned(1));
    let one = commit(&bench, "one");
    remove(&bench, "a.env");
    bench.write("b.env", assigned(2));
    commit(&bench, "two");
    remove(&bench, "b.env");
    commit(&bench, "three");
    let paths = |more: &[&str]| -> Vec<String> {
        let found = json(&bench, more);
        let all = findings(&found).iter();
        all.map(|finding| finding["places"][0]["path"].as_str().unwrap().to_owned())
            .collect()
    };
    std::fs::write(bench.tree().join("c.txt"), "nothing\n").unwrap();
    assert_eq!(paths(&[]), ["a.env", "b.env"]);
    assert_eq!(paths(&["--since", &one]), ["b.env"]);
    assert_eq!(paths(&["--since", "2026-03-03"]), ["a.env", "b.env"]);
    assert_eq!(paths(&["--since", "2026-03-04"]), [] as [&str; 0]);
    assert_eq!(paths(&["--diff", "HEAD~2..HEAD~1"]), ["b.env"]);
    assert_eq!(
        paths(&["--diff", &format!("{}..main", short(&one))]),
        ["b.env"]
    );
    scan(&bench, &["--diff", "HEAD~1..HEAD"]).ends(0);
    scan(&bench, &["--diff", "HEAD..HEAD"]).ends(0);
    // What lies about is no part of a range.
    bench.write("d.env", assigned(3));
    assert_eq!(paths(&["--diff", "HEAD~1.."]), [] as [&str; 0]);
    for (args, why) in [
        (&["--diff", "main"][..], "is no range"),
        (&["--diff", "nobody..main"], "`nobody` is no branch"),
        (&["--since", "HEAD~9"], "goes back beyond"),
        (
            &["--since", "2026-03-03", "--staged"],
            "cannot be used with",
        ),
        (&["--history", "none", "--unreachable"], "--history none"),
    ] {
        let ran = scan(&bench, args);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(why), "{why}: {}", ran.err);
    }
}

#[test]
fn what_is_staged_is_stopped_before_it_is_committed() {
    let bench = repository();
    bench.write("old.env", assigned(1));
    commit(&bench, "one");
    let staged = |bench: &Bench| bench.run(&["scan", "--staged"]);
    staged(&bench).ends(0);
    bench.write("new.env", format!("a=1\n{}", assigned(2)));
    staged(&bench).ends(0);
    git(bench.tree(), &["add", "-f", "new.env"]);
    // What lies in the folder does not count: the staged text does.
    bench.write("new.env", "nothing\n");
    let ran = staged(&bench).ends(1);
    assert!(ran.out.contains("new.env:2:18"), "{}", ran.out);
    assert!(!ran.out.contains("old.env"), "{}", ran.out);
    let outside = Bench::new();
    staged(&outside).ends(2).says(&["no git repository here"]);
}

#[test]
fn a_push_is_searched_by_the_lines_of_its_hook() {
    let (bench, one, two) = removed();
    let none = "0".repeat(40);
    git(bench.tree(), &["update-ref", "-d", "refs/heads/main"]);
    let pushed = |old: &str, new: &str| -> Ran {
        let line = format!("{old} {new} refs/heads/main\n");
        bench.fed(&["scan", "--pre-receive"], &line)
    };
    let ran = pushed(&none, &two).ends(1);
    assert!(ran.out.contains("1 key in 2 commits"), "{}", ran.out);
    pushed(&one, &two).ends(0);
    pushed(&two, &none).ends(0);
    bench
        .fed(&["scan", "--pre-receive"], "hello\n")
        .ends(2)
        .says(&["line 1 of what git tells the hook"]);
}

#[test]
fn bare_repositories_and_shallow_clones_are_read_as_far_as_they_go() {
    let (bench, _, two) = removed();
    let tree = bench.tree().to_owned();
    let other = Bench::new();
    let url = format!("file://{}", tree.display());
    git(other.tree(), &["clone", "-q", "--bare", &url, "bare.git"]);
    git(
        other.tree(),
        &["clone", "-q", "--depth", "1", &url, "shallow"],
    );
    let bare = json(&other, &["./bare.git"]);
    assert_eq!(bare["complete"], true, "{bare:#}");
    assert_eq!(findings(&bare)[0]["places"][0]["path"], "bare.git/app/.env");
    let verdict = scan(&other, &["./bare.git"]).ends(1).out;
    assert!(
        verdict.contains("1 key in 2 commits, all read whole"),
        "{verdict}"
    );
    let shallow = scan(&other, &["./shallow"])
        .ends(3)
        .says(&["shallow/.git: commits", "git fetch --unshallow"]);
    assert!(
        shallow.out.contains("not all read whole"),
        "{}",
        shallow.out
    );
    scan(&other, &["./shallow", "--history", "none"]).ends(0);
    assert_eq!(two.len(), 40);
}

#[test]
fn messages_tags_and_what_nothing_reaches_are_searched() {
    let bench = repository();
    bench.write("a.txt", "nothing\n");
    commit(&bench, &format!("use {} for now", openai(1)));
    git(
        bench.tree(),
        &["tag", "-a", "v1", "-m", &format!("with {}", openai(2))],
    );
    bench.write("lost.env", format!("OPENAI_API_KEY={}\n", openai(3)));
    commit(&bench, "lost");
    git(bench.tree(), &["reset", "-q", "--hard", "HEAD~1"]);
    let told = |more: &[&str]| {
        let mut all = sentences(&json(&bench, more));
        all.sort();
        all
    };
    let usual = told(&[]);
    assert_eq!(usual.len(), 2, "{usual:?}");
    assert!(usual[0].starts_with("a commit message, line 1, commit "));
    assert!(usual[1].starts_with("the message of tag v1"));
    let lost = told(&["--unreachable"]);
    assert_eq!(lost.len(), 3, "{lost:?}");
    assert!(lost[1].ends_with("which no name reaches"), "{lost:?}");
}

#[test]
fn what_was_searched_is_not_searched_again_and_tells_the_same() {
    let (bench, ..) = removed();
    let histories = bench.state().join("histories");
    let noted = || std::fs::read_dir(&histories).map_or(0, Iterator::count);
    let told = |more: &[&str]| {
        let mut found = json(&bench, more);
        let bytes = found["stats"]["bytes"].take();
        found["stats"] = Value::Null;
        (found, bytes.as_u64().unwrap())
    };
    let (anew, all) = told(&["--no-cache"]);
    assert_eq!(noted(), 0);
    let (first, _) = told(&[]);
    assert_eq!(noted(), 1);
    let (second, fewer) = told(&[]);
    assert_eq!(anew, first);
    assert_eq!(first, second);
    assert!(fewer < all, "{fewer} of {all} bytes");
}

#[test]
fn decisions_hold_for_a_history_and_for_a_file_that_is_renamed() {
    let (bench, ..) = removed();
    bench.write("b.env", assigned(2));
    commit(&bench, "three");
    scan(&bench, &["--write-baseline", "t.jsonl", "-q"]).ends(0);
    scan(&bench, &["-b", "t.jsonl"]).ends(0);
    git(bench.tree(), &["mv", "b.env", "c.env"]);
    commit(&bench, "four");
    scan(&bench, &["-b", "t.jsonl"]).ends(0);
    // A run that does not read the history takes no decision about it for stale.
    let before = std::fs::read_to_string(bench.tree().join("t.jsonl")).unwrap();
    scan(
        &bench,
        &["--write-baseline", "t.jsonl", "-q", "--history", "none"],
    )
    .ends(0);
    let after = std::fs::read_to_string(bench.tree().join("t.jsonl")).unwrap();
    assert!(
        before.contains("app/.env") && after.contains("app/.env"),
        "{after}"
    );
    // A copy in a further file is new.
    bench.write("d.env", assigned(2));
    scan(&bench, &["-b", "t.jsonl"]).ends(1);
}

#[test]
fn known_keys_are_found_in_a_history_by_whoever_has_the_list() {
    let register = Bench::with(&[(".env", &assigned(1))]);
    assert_eq!(register.assess(&[]).code, 0);
    assert_eq!(
        register.run(&["watchlist", "export", "-o", "keys.wl"]).code,
        0
    );
    let other = Bench::with(&[(".env", &assigned(2))]);
    assert_eq!(other.assess(&[]).code, 0);
    assert_eq!(other.run(&["watchlist", "export", "-o", "keys.wl"]).code, 0);
    let bench = repository();
    let value = sample::generic(1);
    // In words that no format and no name leads to.
    bench.write(
        "notes.txt",
        format!("call it with {value} please\n{}", openai(3)),
    );
    commit(&bench, "one");
    remove(&bench, "notes.txt");
    commit(&bench, "two");
    let lists = [&register, &other].map(|from| from.tree().join("keys.wl"));
    let lists = lists.map(|path| path.display().to_string());
    let args = ["--watchlist", &lists[1], "--watchlist", &lists[0]];
    let found = json(&bench, &args);
    assert_eq!(findings(&found).len(), 2, "{found:#}");
    let known = json(&bench, &[&args[..], &["--only-known"]].concat());
    assert_eq!(findings(&known).len(), 1, "{known:#}");
    assert_eq!(findings(&known)[0]["known_key"]["name"], "PAYMENT_API_KEY");
    assert!(!known.to_string().contains(&value));
    // The list of another register knows nothing of it.
    let none = json(&bench, &["--watchlist", &lists[1], "--only-known"]);
    assert_eq!(findings(&none).len(), 0, "{none:#}");
    assert_eq!(scan(&bench, &["--only-known"]).code, 2);
}

#[test]
fn rule_files_of_gitleaks_count_beside_the_catalogue_or_in_its_place() {
    let bench = repository();
    let rules = r#"
[[rules]]
id = "acme-token"
regex = '''acme:([a-z0-9]{24})'''
keywords = ["acme:"]
[[rules.allowlists]]
paths = ['''^docs/''']
"#;
    let outside = Bench::with(&[("rules.toml", rules)]);
    let file = outside.tree().join("rules.toml").display().to_string();
    let token = sample::text("{lower:24}", 7);
    bench.write("src/a.txt", format!("x\nacme:{token}\n"));
    bench.write(
        "docs/a.txt",
        format!("acme:{}\n", sample::text("{lower:24}", 8)),
    );
    bench.write("k.env", format!("OPENAI_API_KEY={}\n", openai(1)));
    commit(&bench, "one");
    remove(&bench, "src/a.txt");
    remove(&bench, "docs/a.txt");
    commit(&bench, "two");
    bench.write("b.txt", format!("acme:{token}\n"));
    let rules_of = |more: &[&str]| -> Vec<String> {
        let found = json(&bench, more);
        assert_eq!(found["complete"], true, "{found:#}");
        assert!(!found.to_string().contains(&token));
        let all = findings(&found).iter();
        let mut all: Vec<String> = all
            .map(|finding| {
                let places = finding["places"].as_array().unwrap().iter();
                let places: Vec<&str> = places.map(|p| p["path"].as_str().unwrap()).collect();
                format!("{} {}", finding["rule"].as_str().unwrap(), places.join(" "))
            })
            .collect();
        all.sort();
        all
    };
    let both = rules_of(&["--rules", &file]);
    assert_eq!(
        both,
        ["acme-token b.txt src/a.txt", "openai/project_api_key k.env"]
    );
    let alone = rules_of(&["--rules", &file, "--only-rules"]);
    assert_eq!(alone, ["acme-token b.txt src/a.txt"]);
    assert_eq!(rules_of(&["--rules", &file, "--rule", "acme-token"]), alone);
    outside.write(
        "bad.toml",
        "[[rules]]\nid = \"x\"\nregex = 'a'\nfilter = 'jwtExpired(finding.secret)'\n\
         [[rules]]\nid = \"acme-token\"\nregex = '''acme:([a-z0-9]{24})'''\n",
    );
    let bad = outside.tree().join("bad.toml").display().to_string();
    scan(&bench, &["--rules", &bad])
        .ends(2)
        .says(&["bad.toml", "rule x, filter"]);
    let partly = json(
        &bench,
        &["--rules", &bad, "--only-rules", "--skip-bad-rules"],
    );
    assert_eq!(partly["complete"], false);
    let reason = partly["skipped"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("rule x, filter"), "{reason}");
    assert!(
        findings(&partly)
            .iter()
            .all(|one| one["rule"] == "acme-token")
    );
}

#[test]
fn filters_and_allowed_commits_of_rule_files_hold_in_histories_too() {
    let bench = repository();
    let outside = Bench::new();
    outside.write(
        "base.toml",
        "[[rules]]\nid = \"acme-token\"\nregex = '''acme:([a-z0-9]{24})'''\n",
    );
    let file = outside.tree().join("rules.toml").display().to_string();
    let versions = |more: &str| -> Vec<(String, String)> {
        outside.write(
            "rules.toml",
            format!("{more}\n[extend]\npath = \"base.toml\"\n"),
        );
        let found = json(&bench, &["--rules", &file, "--only-rules"]);
        assert_eq!(found["complete"], true, "{found:#}");
        let all = findings(&found).iter();
        let mut all: Vec<(String, String)> = all
            .flat_map(|one| one["places"].as_array().unwrap())
            .map(|place| {
                let of = |name: &str| place[name].as_str().unwrap().to_owned();
                (of("path"), of("commit"))
            })
            .collect();
        all.sort();
        all
    };
    let paths = |more: &str| -> Vec<String> {
        let all = versions(more).into_iter();
        all.map(|(path, _)| path).collect()
    };
    for (name, seed) in [("a.txt", 1), ("b.lock", 2), ("c.txt", 3)] {
        bench.write(name, format!("acme:{}\n", sample::text("{lower:24}", seed)));
        commit(&bench, name);
        remove(&bench, name);
        commit(&bench, "gone");
    }
    let all = versions("");
    assert_eq!(paths(""), ["a.txt", "b.lock", "c.txt"]);
    assert_eq!(
        paths("prefilter = '''get(attributes, \"path\", \"\") endsWith \".lock\"'''"),
        ["a.txt", "c.txt"]
    );
    assert_eq!(
        paths(
            "filter = '''attributes[?\"path\"].orValue(\"\").startsWith(\"a\") && entropy(finding[\"secret\"]) > 1.0'''"
        ),
        ["b.lock", "c.txt"]
    );
    assert_eq!(
        paths(&format!("[[allowlists]]\ncommits = [\"{}\"]\n", all[2].1)),
        ["a.txt", "b.lock"]
    );
}

#[test]
fn containers_are_opened_in_histories_too() {
    use super::sources::zipped;
    let bench = repository();
    let env = format!("a=1\nOPENAI_API_KEY={}\n", openai(1));
    let jar = zipped(&[("b/.env", format!("K={}\n", openai(2)).as_bytes())]);
    let zip = zipped(&[("conf/.env", env.as_bytes()), ("lib/in.jar", &jar)]);
    bench.write("app.zip", &zip);
    let one = commit(&bench, "one");
    bench.write("app.zip", zipped(&[("a.txt", b"nothing")]));
    bench.write("broken.zip", &zip[..zip.len() - 10]);
    commit(&bench, "two");
    remove(&bench, "app.zip");
    remove(&bench, "broken.zip");
    commit(&bench, "three");
    // What was looked at before says the same again.
    for _ in 0..2 {
        let found = json(&bench, &[]);
        let all: Vec<(&str, u64, &str)> = findings(&found)
            .iter()
            .flat_map(|finding| finding["places"].as_array().unwrap())
            .map(|place| {
                let of = |name: &str| place[name].as_str().unwrap();
                (of("path"), place["line"].as_u64().unwrap(), of("commit"))
            })
            .collect();
        assert_eq!(
            all,
            [
                ("app.zip!conf/.env", 2, one.as_str()),
                ("app.zip!lib/in.jar!b/.env", 1, one.as_str())
            ],
            "{found:#}"
        );
        let sentence = findings(&found)[0]["places"][0]["sentence"]
            .as_str()
            .unwrap();
        assert!(sentence.starts_with("app.zip!conf/.env at "), "{sentence}");
        assert_eq!(found["complete"], false);
        let skipped = found["skipped"].as_array().unwrap();
        assert_eq!(skipped.len(), 1, "{found:#}");
        assert!(
            skipped[0]["reason"]
                .as_str()
                .unwrap()
                .contains("no whole zip")
        );
    }
}

#[test]
fn a_repository_of_sha256_is_read_whole_with_what_it_tracks() {
    let bench = Bench::new();
    git(
        bench.tree(),
        &["init", "-q", "-b", "main", "--object-format=sha256"],
    );
    bench.write("app/.env", assigned(1));
    let one = commit(&bench, "one");
    let found = json(&bench, &[]);
    let place = &findings(&found)[0]["places"][0];
    assert_eq!(found["complete"], true, "{found:#}");
    assert_eq!(place["commit"], one.as_str(), "{found:#}");
    assert_eq!(place["at_tip"], true, "{found:#}");
}
