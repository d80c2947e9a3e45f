//! Looking at changes tells the same as looking at everything.

use super::{
    made::{Files, Made, Random, git, told},
    marker::Marker,
};
use base64::Engine as _;
use std::collections::BTreeMap;
use tenure_scan::{
    history::{Depth, Detect, Options, Place, Repository, Stats, scan},
    rule::Rules,
};

fn check(made: &Made, what: &str) -> Stats {
    let repository = Repository::at(&made.path()).unwrap();
    let report = scan(&repository, &Marker, &Options::default(), &());
    assert_eq!(report.skipped, [], "{what}");
    let (told, known) = (told(&report), made.stories());
    for key in known.keys().chain(told.keys()) {
        assert_eq!(
            told.get(key),
            known.get(key),
            "{what}: {:?}",
            (String::from_utf8_lossy(&key.0), &key.1)
        );
    }
    assert!(!known.is_empty(), "{what}: nothing to compare");
    assert_eq!(report.commits, made.reached().len() as u64, "{what}");
    report.stats
}

#[test]
fn made_histories_tell_the_same_in_every_packing() {
    // More of them on request, in the form FROM..TO.
    let asked = std::env::var("TENURE_HISTORY_SEEDS").unwrap_or_default();
    let (from, to) = asked.split_once("..").unwrap_or(("0", "12"));
    for seed in from.parse::<u64>().unwrap()..to.parse().unwrap() {
        let format = if seed % 3 == 2 { "sha256" } else { "sha1" };
        let made = Made::new(seed, 60, format, seed % 2 == 0);
        let what = |packing: &str| format!("seed {seed}, {packing}");
        check(&made, &what("as it came"));
        made.repack(250, 30);
        let stats = check(&made, &what("long chains"));
        assert!(
            stats.looked < stats.bytes / 5 * 4,
            "seed {seed}: looked at {} of {} bytes",
            stats.looked,
            stats.bytes
        );
        made.repack(0, 0);
        check(&made, &what("no chains"));
        git(
            &made.path(),
            &["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"],
        );
        check(&made, &what("bases by name"));
    }
}

#[test]
fn deep_chains_of_one_file_carry_findings_to_their_end() {
    let random = &mut Random(5);
    let mut snapshots = Vec::new();
    let mut text: Vec<u8> = (0..400)
        .flat_map(|n| format!("line {n} of many\n").into_bytes())
        .collect();
    text.extend_from_slice(b"x = KEY_standsfromthefirst \n");
    for at in 0..600 {
        let place = random.below(text.len() / 2);
        text.splice(place..place, format!("\n{at}\n").into_bytes());
        snapshots.push([("one.txt".to_owned(), text.clone())].into());
    }
    let parents = (0..600usize)
        .map(|at| at.checked_sub(1).into_iter().collect())
        .collect();
    let tips = [("refs/heads/b0".to_owned(), 599)].into();
    let made = Made::write(snapshots, parents, tips, "sha1", false);
    made.repack(4095, 50);
    let deepest = git(
        &made.path(),
        &[
            "cat-file",
            "--batch-all-objects",
            "--batch-check=%(deltabase)",
        ],
    );
    assert!(
        deepest
            .lines()
            .filter(|base| !base.trim_start_matches('0').is_empty())
            .count()
            > 500
    );
    let stats = check(&made, "one file");
    assert!(stats.looked * 5 < stats.bytes, "{stats:?}");
}

#[test]
fn looking_in_full_tells_the_same_and_reads_more() {
    let made = Made::new(77, 80, "sha1", false);
    made.repack(50, 10);
    let repository = Repository::at(&made.path()).unwrap();
    let options = Options {
        depth: Depth::Full,
        ..Options::default()
    };
    let full = scan(&repository, &Marker, &options, &());
    let changes = scan(&repository, &Marker, &Options::default(), &());
    assert_eq!(told(&full), told(&changes));
    assert_eq!(full.stats.hits, changes.stats.hits);
    assert!(full.stats.looked > changes.stats.looked);
}

#[test]
fn the_same_history_gives_the_same_report_each_time() {
    let made = Made::new(3, 60, "sha1", false);
    made.repack(50, 10);
    let repository = Repository::at(&made.path()).unwrap();
    let words = || {
        let report = scan(&repository, &Marker, &Options::default(), &());
        let lines: Vec<String> = report
            .findings
            .iter()
            .map(|one| format!("{one:?}"))
            .collect();
        lines
    };
    assert_eq!(words(), words());
}

#[test]
fn what_a_window_cuts_in_a_long_line_is_told_as_it_stands() {
    let random = &mut Random(11);
    let filler: String = (0..2000)
        .map(|_| char::from(b'a' + random.below(26) as u8))
        .collect();
    let mut snapshots = Vec::new();
    // The change stands ever farther from the key, on both sides of where a window ends.
    for distance in 200..330 {
        let base = format!("{filler};KEY_thekeythatiscut;{filler}");
        let key = base.find("KEY_").unwrap();
        let mut text = base.repeat(8);
        text.replace_range(key - distance..key - distance + 1, "-");
        text.replace_range(key + 30 + distance..key + 31 + distance, "+");
        snapshots.push([("one.txt".to_owned(), text.into_bytes())].into());
    }
    let count = snapshots.len();
    let parents = (0..count)
        .map(|at: usize| at.checked_sub(1).into_iter().collect())
        .collect();
    let tips = [("refs/heads/b0".to_owned(), count - 1)].into();
    let made = Made::write(snapshots, parents, tips, "sha1", false);
    made.repack(200, 20);
    let stats = check(&made, "one line");
    assert!(stats.looked < stats.bytes / 2, "{stats:?}");
}

/// The made texts with what the real detection looks for in place of what the marker does.
fn real(mut made: Made) -> Made {
    let swap = |text: &[u8], from: &[u8], to: &[u8]| {
        let mut out = Vec::new();
        let mut rest = text;
        while let Some(at) = memchr::memmem::find(rest, from) {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(to);
            rest = &rest[at + from.len()..];
        }
        out.extend_from_slice(rest);
        out
    };
    for files in &mut made.snapshots {
        for text in files.values_mut() {
            *text = swap(text, b"KEY_", b"api_key=Q7");
            *text = swap(text, b"LONG{", b"-----BEGIN PRIVATE KEY-----");
            *text = swap(text, b"}LONG", b"-----END PRIVATE KEY-----");
        }
    }
    Made::write(made.snapshots, made.parents, made.tips, "sha1", false)
}

#[test]
fn the_real_detection_finds_the_same_at_changes_and_in_full() {
    let rules = Rules::compile(&[]).unwrap();
    let mut kinds = BTreeMap::new();
    for seed in 100..106 {
        let made = real(Made::new(seed, 50, "sha1", false));
        made.repack(250, 30);
        let repository = Repository::at(&made.path()).unwrap();
        let mut told = |depth| {
            let look = Detect::new(&rules, [0; 32]);
            let options = Options {
                depth,
                ..Options::default()
            };
            let report = scan(&repository, &look, &options, &());
            assert_eq!(report.skipped, []);
            let all = report.findings.into_iter().map(|one| {
                *kinds.entry(one.found.credential.clone()).or_insert(0) += 1;
                let secret = one.found.secret.expose().to_vec();
                (
                    one.place,
                    secret,
                    one.found.line,
                    one.found.variable,
                    one.introduced,
                    one.removed,
                    one.tips,
                )
            });
            all.collect::<Vec<_>>()
        };
        let (changes, full) = (told(Depth::Changes), told(Depth::Full));
        assert_eq!(changes, full, "seed {seed}");
    }
    assert!(
        kinds["generic_secret"] > 20 && kinds["private_key"] > 20,
        "{kinds:?}"
    );
}

#[test]
fn a_value_in_a_manifest_is_read_in_base64_and_in_other_files_stands_as_it_is() {
    let inner = "q8Zk2LmX7vTr4WnYb1CdP0";
    let value = base64::engine::general_purpose::STANDARD.encode(inner);
    let head = "apiVersion: v1\nkind: Secret\ndata:\n";
    let filler = "# nothing to see in this line of the file\n".repeat(60);
    let text = |n: usize| {
        format!("{head}{filler}  payment-api-token: {value}\n{filler}# {n}\n").into_bytes()
    };
    let snapshots: Vec<Files> = (0..6)
        .map(|n| {
            [
                ("k8s.yaml".to_owned(), text(n)),
                ("notes.txt".to_owned(), text(n)),
            ]
            .into()
        })
        .collect();
    let parents = (0..6usize)
        .map(|at| at.checked_sub(1).into_iter().collect())
        .collect();
    let made = Made::write(
        snapshots,
        parents,
        [("refs/heads/b0".to_owned(), 5)].into(),
        "sha1",
        false,
    );
    made.repack(50, 10);
    let rules = Rules::compile(&[]).unwrap();
    for depth in [Depth::Changes, Depth::Full] {
        let options = Options {
            depth,
            ..Options::default()
        };
        let look = Detect::new(&rules, [0; 32]);
        let report = scan(&Repository::at(&made.path()).unwrap(), &look, &options, &());
        assert_eq!(report.skipped, []);
        let found: Vec<_> = report
            .findings
            .iter()
            .map(|one| {
                let secret = one.found.secret.expose().to_vec();
                (
                    one.place.clone(),
                    secret,
                    one.tips.len(),
                    one.introduced.len(),
                )
            })
            .collect();
        let place = |path: &str| Place::File(path.to_owned());
        assert_eq!(
            found,
            [
                (place("k8s.yaml"), inner.as_bytes().to_vec(), 1, 1),
                (place("notes.txt"), value.clone().into_bytes(), 1, 1)
            ]
        );
    }
}
