//! `tenure watchlist`: what is known is found again, and no secret is in a list or an output.

use crate::bench::Bench;
use tenure_model::catalog::template::{Template, numbers};

fn key(seed: u64) -> String {
    Template::parse("{base62:40}")
        .unwrap()
        .example(numbers(seed))
}

fn no_part_of(secret: &str, bytes: &[u8]) {
    for part in secret.as_bytes().windows(6) {
        assert!(!bytes.windows(6).any(|six| six == part));
    }
}

#[test]
fn what_was_seen_is_known_again_by_whoever_has_the_list() {
    let (one, other) = (key(1), key(2));
    let bench = Bench::with(&[(
        ".env",
        &format!("PAYMENT_API_KEY={one}\nDB_PASSWORD=gr8-Wine!77\n"),
    )]);
    assert_eq!(bench.assess(&[]).code, 0);
    let exported = bench.run(&["watchlist", "export", "-o", "keys.wl"]);
    assert_eq!(exported.code, 0, "{exported:?}");
    assert!(
        exported
            .err
            .contains("1 key in keys.wl; 1 cannot be watched for"),
        "{exported:?}"
    );
    assert!(
        exported
            .out
            .contains("DB_PASSWORD: has fewer than 16 characters"),
        "{exported:?}"
    );
    let list = std::fs::read(bench.tree().join("keys.wl")).unwrap();
    no_part_of(&one, &list);
    no_part_of("gr8-Wine!77", &list);

    let runner = Bench::new();
    runner.write("keys.wl", &list);
    let lines = format!("{other}\n{one}\n");
    let known = runner.fed(
        &["watchlist", "check", "-", "--watchlist", "keys.wl"],
        &lines,
    );
    assert_eq!(known.code, 1, "{known:?}");
    assert_eq!(known.out, "line 2: PAYMENT_API_KEY\n");
    assert!(known.err.ends_with("exit 1: 1 of 2 known\n"), "{known:?}");
    let unknown = runner.fed(
        &[
            "watchlist",
            "check",
            "-",
            "--watchlist",
            "keys.wl",
            "-f",
            "json",
        ],
        &other,
    );
    assert_eq!(unknown.code, 0, "{unknown:?}");
    assert_eq!(unknown.json()["known"].as_array().unwrap().len(), 0);
    for ran in [&exported, &known, &unknown] {
        for secret in [&one, &other] {
            no_part_of(secret, ran.out.as_bytes());
            no_part_of(secret, ran.err.as_bytes());
        }
    }
    // What is kept between runs holds no secret either.
    for entry in std::fs::read_dir(bench.state()).unwrap() {
        no_part_of(&one, &std::fs::read(entry.unwrap().path()).unwrap());
    }
}

#[test]
fn bad_input_says_what_to_do() {
    let bench = Bench::with(&[("no.wl", "hello"), ("some", "x\n")]);
    for (args, said) in [
        (&["watchlist", "export", "-o", "x.wl"][..], "tenure assess"),
        (
            &["watchlist", "check", "some", "--watchlist", "no.wl"],
            "no.wl: is no watch list",
        ),
        (
            &["watchlist", "check", "some", "--watchlist", "none.wl"],
            "none.wl",
        ),
        (&["watchlist", "check", "some"], "tenure assess"),
    ] {
        let ran = bench.run(args);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(said), "{ran:?}");
    }
}
