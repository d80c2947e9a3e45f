use super::*;
use tenure_model::secret::Pepper;

fn copy(path: &str, line: u32, provider: &str, secret: Option<&str>) -> Sighting {
    let pepper = Pepper::new([7; 32]);
    Sighting {
        source: "/tree".to_owned(),
        kind: PlaceKind::Config,
        path: path.to_owned(),
        line: Some(line),
        audience: Audience::Repository,
        audience_why: "tracked".to_owned(),
        liveness: Liveness::NotChecked,
        part: Part::Secret,
        provider: provider.to_owned(),
        credential: "x".to_owned(),
        key_id: None,
        fingerprint: secret.map(|secret| pepper.fingerprint(&Secret::new(secret.as_bytes()))),
        hint: None,
        variable: None,
        runtime: None,
        purpose: None,
        privileged_path: None,
        environment: None,
        commit: None,
        code_owners: Vec::new(),
        test_mode: false,
    }
}

fn finding(sighting: Sighting) -> Finding {
    Finding {
        sighting,
        from: PathBuf::from("/tree/repos/web/reports"),
    }
}

fn put(seen: &[Sighting], findings: Vec<Sighting>) -> Vec<Sighting> {
    let mut seen = seen.to_vec();
    put_to(&mut seen, findings.into_iter().map(finding).collect());
    seen
}

#[test]
fn a_hidden_finding_in_the_same_file_and_line_is_the_same_copy() {
    let own = [copy("repos/web/a/b.env", 7, "gitlab", Some("s"))];
    for path in ["a/b.env", "/tree/repos/web/a/b.env", "web/a/b.env"] {
        for provider in ["gitlab", "unknown", "stripe"] {
            let all = put(&own, vec![copy(path, 7, provider, None)]);
            assert_eq!(all.len(), 1, "{path} {provider}");
            assert_eq!(all[0].provider, "gitlab");
        }
    }
    assert_eq!(
        put(&own, vec![copy("a/b.env", 8, "gitlab", None)]).len(),
        2,
        "another line"
    );
    assert_eq!(
        put(&own, vec![copy("a/c.env", 7, "gitlab", None)]).len(),
        2,
        "another file"
    );
}

#[test]
fn two_files_of_one_name_are_not_guessed_apart() {
    let own = [
        copy("x/.env", 1, "gitlab", Some("s")),
        copy("y/.env", 1, "gitlab", Some("t")),
    ];
    assert_eq!(put(&own, vec![copy("z/.env", 1, "gitlab", None)]).len(), 3);
    let mut elsewhere = copy(".env", 1, "gitlab", None);
    elsewhere.source = "github.com/acme/app".to_owned();
    assert_eq!(put(&own, vec![elsewhere]).len(), 3);
}

#[test]
fn two_keys_on_one_line_stay_two() {
    let own = [copy("a.env", 1, "gitlab", Some("s"))];
    assert_eq!(
        put(&own, vec![copy("a.env", 1, "gitlab", Some("t"))]).len(),
        2
    );
    let generic = [copy("a.env", 1, "unknown", Some("s"))];
    assert_eq!(
        put(
            &generic,
            vec![
                copy("a.env", 1, "unknown", Some("s=")),
                copy("a.env", 1, "unknown", Some("t"))
            ]
        )
        .len(),
        3
    );
    assert_eq!(
        put(&generic, vec![copy("a.env", 1, "unknown", Some("s="))]).len(),
        1,
        "one copy, cut in another way"
    );
}

#[test]
fn hidden_findings_of_two_tools_at_one_place_are_one_copy() {
    let all = put(
        &[],
        vec![
            copy("a.env", 1, "gitlab", None),
            copy("a.env", 1, "unknown", None),
        ],
    );
    assert_eq!(all.len(), 1);
    let with_secret = put(
        &[],
        vec![
            copy("a.env", 1, "unknown", None),
            copy("a.env", 1, "gitlab", Some("s")),
        ],
    );
    assert_eq!(with_secret.len(), 1);
    assert!(with_secret[0].fingerprint.is_some() && with_secret[0].provider == "gitlab");
}

#[test]
fn liveness_holds_for_every_copy_of_the_same_secret_alone() {
    let own = [
        copy("a.env", 1, "gitlab", Some("s")),
        copy("b.env", 1, "gitlab", Some("s")),
        copy("c.env", 1, "gitlab", Some("t")),
    ];
    let told = |liveness, secret| {
        let mut new = copy("a.env", 1, "gitlab", secret);
        new.liveness = liveness;
        put(&own, vec![new])
            .iter()
            .map(|one| one.liveness)
            .collect::<Vec<_>>()
    };
    use Liveness::{Live, NotChecked, Refused};
    assert_eq!(told(Refused, Some("s")), [Refused, Refused, NotChecked]);
    assert_eq!(told(Live, Some("s")), [Live, Live, NotChecked]);
    assert_eq!(
        told(Refused, None),
        [NotChecked; 3],
        "a hidden one may be another key"
    );
    let mut both = [
        copy("a.env", 1, "gitlab", Some("s")),
        copy("z.env", 1, "gitlab", Some("s")),
    ];
    both[0].liveness = Refused;
    both[1].liveness = Live;
    let all = put(&own, both.to_vec());
    assert!(
        all.iter()
            .filter(|one| one.path != "c.env")
            .all(|one| one.liveness == Live)
    );
}

#[test]
fn public_is_taken_over() {
    let own = [copy("a.env", 1, "gitlab", Some("s"))];
    let mut new = copy("a.env", 1, "gitlab", Some("s"));
    new.audience = Audience::Public;
    new.audience_why = "leaked".to_owned();
    let all = put(&own, vec![new]);
    assert_eq!(
        (all[0].audience, all[0].audience_why.as_str()),
        (Audience::Public, "leaked")
    );
}

#[test]
fn what_other_tools_call_their_findings_are_kinds_of_the_catalogue() {
    let providers = crate::catalog::load(None).unwrap();
    for (name, provider, kind) in tenure_connect::importer::DETECTORS {
        if *provider == "unknown" {
            continue;
        }
        let known = providers.iter().find(|known| known.provider == *provider);
        let known = known.unwrap_or_else(|| panic!("{name}: no provider {provider}"));
        if let Some(kind) = kind {
            assert!(
                known.credentials.iter().any(|c| c.kind == *kind),
                "{name}: no kind {provider}/{kind}"
            );
        }
    }
}
