//! What the catalogue checker refuses, one fault at a time, and what `--catalog DIR` does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

use std::{fs, path::Path};
use tempfile::TempDir;
use tenure_app::catalog::{check, load};
use tenure_model::{
    bearer::{Bearer, Kind},
    catalog::{CatalogError, Provider},
    session::Cookie,
    setup_link::Setup,
    token::Api,
};
use tenure_scan::rule::Rules;

/// A provider file without a fault.
const SOUND: &str = r#"
schema = "tenure.provider/1"
provider = "acme-test"
name = "Acme"
category = "test"

[[credential]]
kind = "api_key"
name = "API key"
stands_on = "static"
names = ["ACME_TEST_KEY"]

[[credential.format]]
part = "secret"
template = "acme_live_{base62:32}"
since = "2023-05"
counter = ["acme_live_{base62:20}", "acme_dead_{base62:32}"]
source = "https://acme.example/keys"
read_on = "2026-11-01"
basis = "documented"
words = "every key starts with acme_live_"

[credential.privilege]
value = "admin"
source = "https://acme.example/rights"
read_on = "2026-11-01"
basis = "documented"
words = "a key can call every endpoint"

[credential.expiry]
value = "optional"
max_days = 365
source = "https://acme.example/expiry"
read_on = "2026-11-01"
basis = "reported"

[credential.propagation]
not_found = true
read_on = "2026-11-01"

[[credential.option]]
option = "workload_identity_federation"
state = "offered"
for = "machine"
source = "https://acme.example/oidc"
read_on = "2026-11-01"
basis = "documented"
words = "exchange the token of your workload"

[[credential.sunset]]
effect = "no_new"
on = "2027-02"
source = "https://acme.example/sunset"
read_on = "2026-11-01"
basis = "documented"
words = "no new keys from February 2027"

[credential.recipe.validate]
by = "api"
request = "GET https://acme.example/me"
auth = "bearer"
read_only = true
live = [200]
refused = [401]
source = "https://acme.example/me"
read_on = "2026-11-01"
basis = "documented"
words = "tells whose key it is"
"#;

fn folder(name: &str, text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    folder
}

/// What loading and checking say about the file.
fn faults(name: &str, text: &str) -> Vec<String> {
    let folder = folder(name, text);
    let found: Vec<CatalogError> = match load(Some(folder.path())) {
        Ok(providers) => {
            let own: Vec<Provider> = providers
                .into_iter()
                .filter(|provider| provider.provider == name.trim_end_matches(".toml"))
                .collect();
            assert_eq!(own.len(), 1);
            check(&own)
        }
        Err(faults) => faults,
    };
    found.iter().map(ToString::to_string).collect()
}

/// The one fault that this change makes.
fn fault(from: &str, to: &str) -> String {
    assert_eq!(SOUND.matches(from).count(), 1, "{from}");
    let found = faults("acme-test.toml", &SOUND.replacen(from, to, 1));
    let [one] = found.as_slice() else {
        panic!("{from} -> {to}: {found:#?}");
    };
    assert!(one.contains("acme-test.toml"), "{one}");
    one.clone()
}

#[test]
fn a_sound_file_has_no_fault() {
    assert_eq!(faults("acme-test.toml", SOUND), Vec::<String>::new());
}

#[test]
fn a_value_without_a_source_a_day_or_a_basis_is_a_fault() {
    let source = "source = \"https://acme.example/rights\"\n";
    assert!(fault(source, "").ends_with("api_key.privilege: has no `source`"));
    assert!(fault(source, "source = \" \"\n").ends_with("api_key.privilege: has no `source`"));
    let whole = format!("{source}read_on = \"2026-11-01\"\nbasis = \"documented\"\n");
    let without_day = format!("{source}basis = \"documented\"\n");
    assert!(fault(&whole, &without_day).ends_with("api_key.privilege: has no `read_on`"));
    let without_basis = format!("{source}read_on = \"2026-11-01\"\n");
    assert!(fault(&whole, &without_basis).ends_with("api_key.privilege: has no `basis`"));
}

#[test]
fn a_fact_is_either_a_value_or_not_found() {
    let neither = fault("not_found = true\n", "");
    assert!(
        neither.contains("api_key.propagation: needs either a value or"),
        "{neither}"
    );
    let both = fault(
        "value = \"admin\"\n",
        "value = \"admin\"\nnot_found = true\n",
    );
    assert!(
        both.contains("api_key.privilege: needs either a value or"),
        "{both}"
    );
}

#[test]
fn a_wrong_date_is_a_fault_that_names_it() {
    let read = fault(
        "not_found = true\nread_on = \"2026-11-01\"",
        "not_found = true\nread_on = \"2026-13-01\"",
    );
    assert!(
        read.contains("propagation") && read.contains("2026-13-01"),
        "{read}"
    );
    for wrong in ["2027-13", "soon", "27-02", "2027-02-30", "2027-2"] {
        let on = fault("on = \"2027-02\"", &format!("on = \"{wrong}\""));
        assert!(on.contains("api_key.sunset.on: is no date"), "{on}");
    }
    let since = fault("since = \"2023-05\"", "since = \"May 2023\"");
    assert!(
        since.contains("api_key.format.since: is no date"),
        "{since}"
    );
}

#[test]
fn a_counter_example_that_is_found_is_a_fault() {
    let found = fault("\"acme_live_{base62:20}\"", "\"acme_live_{base62:32}\"");
    assert!(
        found.contains("api_key.format[0]: finds its counter-example"),
        "{found}"
    );
}

#[test]
fn an_example_that_the_scanner_does_not_find_is_a_fault() {
    // The text ends with a dash, and so its checksum can never hold.
    let missed = fault(
        "template = \"acme_live_{base62:32}\"",
        "template = \"acme_live_{base62:32}-\"\nchecksum = \"crc32_base62_6\"",
    );
    assert!(
        missed.contains("generated examples are not found by the scanner"),
        "{missed}"
    );
}

#[test]
fn an_unknown_field_is_refused_by_name_wherever_it_stands() {
    let places = [
        ("name = \"Acme\"\n", "provider"),
        ("kind = \"api_key\"\n", "credential"),
        ("part = \"secret\"\n", "format"),
        ("value = \"admin\"\n", "fact"),
        ("max_days = 365\n", "fact with a further field"),
        ("not_found = true\n", "fact that was not found"),
        ("option = \"workload_identity_federation\"\n", "option"),
        ("effect = \"no_new\"\n", "sunset"),
        ("auth = \"bearer\"\n", "recipe"),
    ];
    for (line, place) in places {
        let refused = fault(line, &format!("{line}raed_on = \"2026-11-01\"\n"));
        assert!(
            refused.contains("unknown field `raed_on`"),
            "{place}: {refused}"
        );
    }
}

#[test]
fn a_word_that_the_format_does_not_know_is_refused() {
    let word = fault("value = \"admin\"", "value = \"root\"");
    assert!(
        word.contains("privilege") && word.contains("root"),
        "{word}"
    );
    let schema = fault("tenure.provider/1", "tenure.provider/9");
    assert!(
        schema.contains("schema: write `tenure.provider/1`"),
        "{schema}"
    );
}

#[test]
fn a_slug_that_is_not_the_files_name_is_a_fault() {
    let named = fault("provider = \"acme-test\"", "provider = \"acme\"");
    assert!(
        named.contains("provider: is `acme`; it has to be the file's name, `acme-test`"),
        "{named}"
    );
}

#[test]
fn what_the_format_promises_of_the_whole_file_is_checked() {
    let option = fault("for = \"machine\"\n", "");
    assert!(option.contains("has no `for`"), "{option}");
    let words = fault("a key can call every endpoint", &"word ".repeat(16));
    assert!(words.contains("quotes more than 15 words"), "{words}");
    let read_only = fault("read_only = true\n", "");
    assert!(
        read_only.contains("is not marked `read_only = true`"),
        "{read_only}"
    );
    let complete = faults(
        "acme-test.toml",
        &SOUND.replacen(
            "stands_on = \"static\"\n",
            "stands_on = \"static\"\ncomplete = true\n",
            1,
        ),
    );
    assert!(complete.len() > 5, "{complete:#?}");
    assert!(
        complete
            .iter()
            .all(|fault| fault.contains("is missing although"))
    );
}

fn named<'p>(providers: &'p [Provider], slug: &str) -> Option<&'p Provider> {
    providers.iter().find(|provider| provider.provider == slug)
}

#[test]
fn a_folder_of_ones_own_adds_providers_and_replaces_embedded_ones() {
    let before = load(None).unwrap();
    assert!(named(&before, "acme-test").is_none());
    let own = folder("acme-test.toml", SOUND);
    fs::write(
        own.path().join("stripe.toml"),
        SOUND.replace("acme-test", "stripe"),
    )
    .unwrap();
    fs::write(own.path().join("README.md"), "no provider").unwrap();
    let after = load(Some(own.path())).unwrap();
    assert_eq!(after.len(), before.len() + 1);
    assert!(named(&after, "acme-test").is_some());
    assert_eq!(named(&after, "stripe").unwrap().name, "Acme");
    assert_ne!(named(&before, "stripe").unwrap().name, "Acme");
}

#[test]
fn a_folder_that_is_not_there_and_a_file_that_is_no_text_are_named() {
    let gone = load(Some(Path::new("/nonexistent-catalogue"))).unwrap_err();
    assert!(gone[0].to_string().contains("/nonexistent-catalogue"));
    let own = tempfile::tempdir().unwrap();
    fs::write(own.path().join("acme-test.toml"), [0xff, 0xfe, 0x00]).unwrap();
    let binary = load(Some(own.path())).unwrap_err();
    assert!(binary[0].to_string().contains("acme-test.toml"));
    let broken = faults(
        "acme-test.toml",
        "schema = \"tenure.provider/1\"\n[[credential\n",
    );
    assert!(broken[0].contains("line 2"), "{broken:?}");
}

/// A file of detectors without a fault, of a provider without a file.
const DETECTORS: &str = r#"
schema = "tenure.detectors/1"
category = "test"

[[detector]]
provider = "acme-test"
provider_name = "Acme"
kind = "api_key"
name = "API key"

[[detector.format]]
part = "secret"
template = "acmet_{base62:32}"
counter = ["acmet_{base62:31}"]
source = "https://acme.example/keys"
read_on = "2026-11-01"
basis = "documented"
words = "Keys start with acmet_"
"#;

#[test]
fn detectors_of_ones_own_are_added_and_held_to_the_rules() {
    assert_eq!(faults("acme-test.toml", DETECTORS), Vec::<String>::new());
    for (from, to, said) in [
        ("read_on = \"2026-11-01\"\n", "", "read_on"),
        ("base62:31", "base62:32", "counter-example"),
        (
            "template = \"acmet_{base62:32}\"",
            "template = \"{base62:32}\"",
            "no `names`",
        ),
    ] {
        let found = faults("acme-test.toml", &DETECTORS.replacen(from, to, 1));
        assert!(
            found
                .iter()
                .any(|one| one.contains(said) && one.contains("acme-test.toml")),
            "{said}: {found:#?}"
        );
    }
}

#[test]
fn a_detector_stands_behind_the_kinds_of_its_providers_own_file() {
    let folder = folder("more.toml", &DETECTORS.replace("acme-test", "npm"));
    let providers = load(Some(folder.path())).unwrap();
    let npm = providers.iter().find(|one| one.provider == "npm").unwrap();
    assert_eq!(npm.name, "npm registry");
    let last = npm.credentials.last().unwrap();
    assert_eq!(last.kind, "api_key");
    assert!(last.detected_by.as_deref().unwrap().ends_with("more.toml"));
}

/// What the scanner says of a secret that Tenure hands out, and of the same with a wrong character.
fn found<K: Kind>(rules: &Rules, seed: u8) -> Vec<String> {
    let bits: [u8; 32] = std::array::from_fn(|at| (at as u8).wrapping_mul(seed) ^ seed);
    let secret = Bearer::<K>::of(&bits);
    let kinds = |text: &str| -> Vec<String> {
        let hits = rules.find(format!("x = {text}\n").as_bytes());
        hits.iter().map(|hit| hit.rule.credential.clone()).collect()
    };
    let last = if secret.expose().ends_with('0') {
        "1"
    } else {
        "0"
    };
    let wrong = format!("{}{last}", &secret.expose()[..secret.expose().len() - 1]);
    assert!(kinds(&wrong).is_empty(), "its checksum is wrong");
    kinds(secret.expose())
}

#[test]
fn what_tenure_hands_out_is_found_by_its_own_scanner() {
    let rules = Rules::compile(&load(None).unwrap()).unwrap();
    for seed in [3, 7, 11, 101] {
        assert_eq!(found::<Api>(&rules, seed), ["api_token"]);
        assert_eq!(found::<Cookie>(&rules, seed), ["session"]);
        assert_eq!(found::<Setup>(&rules, seed), ["setup_link"]);
    }
}
