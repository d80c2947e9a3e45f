//! The fuzz targets of `fuzz/` on a stable toolchain: the same functions, changed from real content with a fixed
//! seed. `scripts/long` runs them for minutes each; here each gets a fixed number of inputs.
//!
//! Settings: `TENURE_FUZZ_SECONDS` per target in place of the number, `TENURE_FUZZ_SEED`, `TENURE_FUZZ_TARGET`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test"
)]

#[path = "../../../fuzz/src/targets.rs"]
mod targets;

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};
use targets::Target;

/// Inputs per target where no time is given.
const INPUTS: u64 = 500;
/// The longest input, in bytes.
const LONGEST: usize = 1 << 14;
/// One input takes longer than this only where something does not end.
const PATIENCE: Duration = Duration::from_secs(30);

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`; 0 where that is 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

/// Pieces that parsers trip over.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"'",
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"-0",
    b"18446744073709551616",
    b"9999999999999999999999",
    b"9999-12-31",
    b"0000-00-00",
    b"0001-01-01",
    b"2026-02-30T25:61:61Z",
    b"2026-11-23T10:00:00+99:99",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x94\x91",
    b"N/A",
    b"no_information",
    b"never",
    b"=cmd|' /C calc'!A0",
    b"-----BEGIN PRIVATE KEY-----",
    b"-----END PRIVATE KEY-----",
    b"AKIA",
    b"sk_live_",
    b"ghp_",
    b"eyJ",
    b"api_key=\"",
    b"{hex:999999999999}",
    b"{[a-",
    b"]:1}",
    b"[credential",
    b"[[key]]",
    b"\x7f\xff\xff\xff",
];

fn changed(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    // A few starts are nothing but noise.
    if random.below(40) == 0 {
        bytes = (0..random.below(200)).map(|_| random.byte()).collect();
    }
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(64)).min(bytes.len());
        match random.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.byte(),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            4 => bytes.truncate(at),
            5 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len() + 1);
                let until = (from + random.below(512)).min(other.len());
                bytes.splice(at..end, other[from..until].iter().copied());
            }
            6 => {
                let piece = PIECES[random.below(PIECES.len())];
                for _ in 0..=random.below(3) * random.below(40) {
                    bytes.splice(at..at, piece.iter().copied());
                }
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(at..end, piece.iter().copied());
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

/// Feeds one input; what breaks it is kept in a file and named.
fn feed(target: &Target, bytes: &[u8]) {
    let began = Instant::now();
    let fine = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).is_ok();
    let slow = began.elapsed() > PATIENCE;
    if !fine || slow {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let file = folder.join(format!("fuzz-{}", target.name));
        fs::write(&file, bytes).unwrap();
        let what = if fine {
            "takes too long on"
        } else {
            "breaks on"
        };
        panic!(
            "{} {what} {}: {}",
            target.name,
            file.display(),
            bytes.escape_ascii()
        );
    }
}

fn seed(target: &Target) -> u64 {
    let given = env::var("TENURE_FUZZ_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    // FNV-1a of the name, so that each target walks its own way.
    target
        .name
        .bytes()
        .fold(given.unwrap_or(0xcbf2_9ce4_8422_2325), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

fn fuzz(target: &Target) -> u64 {
    let corpus = (target.corpus)();
    assert!(
        !corpus.is_empty(),
        "{} has nothing to start from",
        target.name
    );
    corpus.iter().for_each(|bytes| feed(target, bytes));
    let seconds = env::var("TENURE_FUZZ_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut random = Random(seed(target));
    let mut inputs = 0;
    while until.map_or(inputs < INPUTS, |until| Instant::now() < until) {
        feed(target, &changed(&mut random, &corpus));
        inputs += 1;
    }
    inputs
}

#[test]
fn no_parser_panics_on_changed_content() {
    let only = env::var("TENURE_FUZZ_TARGET").ok();
    let mut ran = 0;
    for target in targets::all().filter(|t| only.as_deref().is_none_or(|only| only == t.name)) {
        let began = Instant::now();
        let inputs = fuzz(target);
        println!(
            "{:<36} {inputs:>9} inputs  {:>6.1} s",
            target.name,
            began.elapsed().as_secs_f32()
        );
        ran += 1;
    }
    assert!(ran > 0, "there is no target {only:?}");
}

#[test]
fn every_kind_of_import_and_every_target_has_its_binary() {
    assert_eq!(targets::KINDS, tenure_connect::importer::kinds());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for target in targets::all() {
        let name = target.name;
        let text = fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(text.contains(&format!("targets::{name}(")), "{name}");
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name}"
        );
    }
}

#[test]
fn the_real_content_is_understood() {
    // Content that no parser takes would be no start for anything.
    let today: tenure_model::day::Day = "2026-11-23".parse().unwrap();
    for (target, kind) in targets::IMPORTERS.iter().zip(targets::KINDS) {
        for bytes in (target.corpus)() {
            let input = tenure_connect::importer::Input::new("file", &bytes, today).declared(kind);
            assert!(
                tenure_connect::importer::read(&input).is_ok(),
                "{}",
                target.name
            );
        }
    }
    let text = |name: &str| {
        let target = targets::all().find(|target| target.name == name).unwrap();
        let all = (target.corpus)();
        assert!(!all.is_empty());
        all.into_iter()
            .map(|bytes| String::from_utf8(bytes).unwrap())
            .collect::<Vec<_>>()
    };
    for one in text("provider") {
        tenure_model::catalog::Provider::parse("f", &one).unwrap();
    }
    for one in text("declare") {
        tenure_model::declare::parse("f", &one, today).unwrap();
    }
    for one in text("facts") {
        tenure_model::facts::Case::parse(&one, today).unwrap();
    }
    for one in text("template") {
        tenure_model::catalog::template::Template::parse(&one).unwrap();
    }
    let documents = text("oidc_document");
    let issuer = tenure_connect::oidc::Issuer::parse("https://id.example.com").unwrap();
    tenure_connect::oidc::Metadata::parse(documents[0].as_bytes(), &issuer).unwrap();
    let keys = tenure_connect::oidc::KeySet::parse(documents[1].as_bytes()).unwrap();
    assert_eq!(keys.len(), 3);
    let now = tenure_model::moment::Moment::from_micros(1_790_000_000_000_000);
    let who = tenure_connect::oidc::read_unchecked(documents[2].as_bytes(), now).unwrap();
    assert_eq!(who.email.as_deref(), Some("ann@example.com"));
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    let index = targets::all()
        .find(|target| target.name == "git_index")
        .unwrap();
    for bytes in (index.corpus)().into_iter().take(3) {
        fs::write(folder.path().join(".git/index"), bytes).unwrap();
        let tree = tenure_scan::source::git::WorkTree::at(folder.path())
            .unwrap()
            .unwrap();
        assert_eq!(tree.tracked.len(), 3);
        assert!(tree.tracked.contains(".env"));
    }
}

#[test]
#[ignore = "writes fuzz/corpus, for `cargo fuzz`; scripts/long calls it"]
fn the_real_content_is_laid_out_for_cargo_fuzz() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for target in targets::all() {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder).unwrap();
        for (nth, bytes) in (target.corpus)().iter().enumerate() {
            fs::write(folder.join(format!("real-{nth}")), bytes).unwrap();
        }
    }
}
