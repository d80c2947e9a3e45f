//! Row "options": the catalogue's options, narrowed by each known consumer's runtime.

use crate::build::*;
use serde_json::json;
use tenure_model::{
    explain::FactName,
    facts::{Needs, OptionState, ReplacementOption, Verdict},
    place::Runtime,
};

const ALL: [&str; 4] = [
    FEDERATION,
    "private_key_jwt_or_mtls",
    "oauth_client_secret",
    "vendor_short_lived",
];

fn state(scene: &Scene) -> OptionState {
    scene.facts().options.workload_identity_federation
}

fn runs_on(runtimes: &[Runtime]) -> Scene {
    let runtimes = runtimes.to_vec();
    scene().kind(&federates()).observed(move |row| {
        row.runtimes = runtimes;
        row.associates.push(made_it("ann"));
    })
}

#[test]
fn a_consumer_that_can_prove_who_it_is_makes_federation_now() {
    for runtime in Runtime::ALL.iter().filter(|r| r.proves_identity()) {
        let scene = runs_on(&[*runtime]);
        assert_eq!(state(&scene), OptionState::Now, "{runtime}");
        assert_eq!(scene.judged().verdict, Verdict::Replaceable, "{runtime}");
    }
}

#[test]
fn a_job_seen_in_a_workflow_and_a_manifest_are_known_consumers() {
    for path in [".github/workflows/ci.yml", "k8s/secret.yaml"] {
        let scene = scene().kind(&federates()).seen(path, |_| {});
        assert_eq!(state(&scene), OptionState::Now, "{path}");
    }
}

#[test]
fn no_known_consumer_gives_unknown_for_every_option_and_never_now() {
    let tables: String = ALL
        .iter()
        .map(|name| option(name, "state='offered'\nfor='machine'"))
        .collect();
    let scene = scene()
        .kind(&tables)
        .observed(|row| row.associates.push(made_it("ann")));
    let facts = scene.facts();
    for option in ReplacementOption::REPLACING {
        assert_eq!(
            facts.options.state(option),
            OptionState::Unknown,
            "{option}"
        );
    }
    assert_eq!(scene.judged().verdict, Verdict::Unassessed);
}

#[test]
fn a_place_that_names_no_runtime_is_no_known_consumer() {
    let scene = scene().kind(&federates()).seen("src/main.py", |_| {});
    assert_eq!(state(&scene), OptionState::Unknown);
}

#[test]
fn laptops_servers_appliances_and_other_vendors_cannot_prove_who_they_are() {
    for runtime in [
        Runtime::Laptop,
        Runtime::Server,
        Runtime::Appliance,
        Runtime::Saas,
        Runtime::Jenkins,
    ] {
        let needs = OptionState::Later {
            on: None,
            needs: Some(Needs::ConsumerChange),
        };
        assert_eq!(state(&runs_on(&[runtime])), needs, "{runtime}");
    }
}

#[test]
fn one_consumer_that_cannot_is_enough_that_it_is_not_now() {
    for other in Runtime::ALL.iter().filter(|r| !r.proves_identity()) {
        let scene = runs_on(&[Runtime::GithubActions, *other]);
        assert_ne!(state(&scene), OptionState::Now, "{other}");
    }
}

#[test]
fn a_runtime_that_the_vendor_does_not_accept_is_not_now() {
    let aws_only = option(
        FEDERATION,
        "state='offered'\nfor='machine'\nruntimes=['aws']",
    );
    let on = |runtime| {
        state(
            &scene()
                .kind(&aws_only)
                .observed(move |row| row.runtimes.push(runtime)),
        )
    };
    assert_eq!(on(Runtime::Aws), OptionState::Now);
    assert_ne!(on(Runtime::GithubActions), OptionState::Now);
}

#[test]
fn what_was_not_found_in_the_catalogue_is_unknown_and_never_no() {
    let cases = [
        ("no kind", None),
        ("nothing said", Some(String::new())),
        (
            "looked for and not found",
            Some(format!(
                "[[credential.option]]\noption='{FEDERATION}'\nnot_found=true\nread_on='2026-11-01'\n"
            )),
        ),
        (
            "for persons only",
            Some(option(FEDERATION, "state='offered'\nfor='user_only'")),
        ),
        (
            "for another API",
            Some(option(FEDERATION, "state='offered'\nfor='other_api'")),
        ),
        (
            "the same secret",
            Some(option(FEDERATION, "state='offered'\nfor='same_secret'")),
        ),
    ];
    for (name, tables) in cases {
        let mut scene = scene().observed(|row| {
            row.runtimes.push(Runtime::GithubActions);
            row.associates.push(made_it("ann"));
        });
        scene.kind = tables.as_deref().map(kind);
        assert_eq!(state(&scene), OptionState::Unknown, "{name}");
        assert_eq!(scene.judged().verdict, Verdict::Unassessed, "{name}");
    }
}

#[test]
fn only_a_source_that_says_so_gives_no() {
    let none = option(FEDERATION, "state='none'");
    assert_eq!(state(&scene().kind(&none)), OptionState::No);
}

#[test]
fn a_higher_plan_or_a_preview_is_later_with_what_it_needs() {
    for (needs, word) in [
        (Needs::PlanTier, "plan_tier"),
        (Needs::VendorFeature, "vendor_feature"),
    ] {
        let tables = option(
            FEDERATION,
            &format!("state='offered'\nfor='machine'\nneeds=['{word}']"),
        );
        let scene = scene()
            .kind(&tables)
            .observed(|row| row.runtimes.push(Runtime::GithubActions));
        assert_eq!(
            state(&scene),
            OptionState::Later {
                on: None,
                needs: Some(needs)
            }
        );
    }
}

#[test]
fn an_announced_option_is_later_on_its_day_and_unknown_once_that_has_come() {
    let on = |date: &str| {
        let tables = option(
            FEDERATION,
            &format!("state='announced'\nfor='machine'\non='{date}'"),
        );
        let scene = scene().kind(&tables).observed(|row| {
            row.runtimes.push(Runtime::GithubActions);
            row.associates.push(made_it("ann"));
        });
        scene.judged().verdict
    };
    assert_eq!(on("2027-02-01"), Verdict::Later);
    assert_eq!(on("2026-11-23"), Verdict::Unassessed);
}

#[test]
fn an_option_for_one_path_only_is_not_taken_for_a_key_that_is_not_known_to_be_on_it() {
    let tables = option(
        FEDERATION,
        "state='offered'\nfor='machine'\ncovers=['publishing']",
    );
    let at = |path: &str| state(&scene().kind(&tables).seen(path, |_| {}));
    assert_eq!(at(".github/workflows/publish.yml"), OptionState::Now);
    assert_eq!(at(".github/workflows/ci.yml"), OptionState::Unknown);
}

#[test]
fn the_gateway_replaces_nothing_and_says_so() {
    let inferred = runs_on(&[Runtime::Kubernetes]).infer();
    assert_eq!(inferred.facts.options.gateway, OptionState::Unknown);
    assert_eq!(inferred.options.len(), ReplacementOption::ALL.len());
    assert!(inferred.options.iter().all(|note| !note.note.is_empty()));
}

#[test]
fn a_declared_option_is_taken_and_its_source_is_named() {
    let inferred = scene()
        .declares(FactName::VendorShortLived, json!({"later": "2027-03-01"}))
        .infer();
    assert_eq!(
        inferred.facts.options.vendor_short_lived,
        OptionState::Later {
            on: Some(day("2027-03-01")),
            needs: None
        }
    );
    let note = inferred
        .options
        .iter()
        .find(|note| note.option == ReplacementOption::VendorShortLived)
        .unwrap();
    assert_eq!(note.source.as_deref(), Some("facts.toml key[0]"));
}

#[test]
fn what_a_key_already_stands_on_is_no_option() {
    let mut scene = runs_on(&[Runtime::Server]);
    scene.kind = Some({
        let mut kind = kind(
            &ALL[..2]
                .iter()
                .map(|name| option(name, "state='none'"))
                .chain([
                    option(ALL[2], "state='offered'\nfor='machine'"),
                    option(ALL[3], "state='offered'\nfor='machine'"),
                ])
                .collect::<String>(),
        );
        kind.stands_on = tenure_model::facts::StandsOn::OauthClientSecret;
        kind
    });
    assert!(!leads_to(&scene.judged(), Verdict::Replaceable));
}

#[test]
fn the_gateway_constrains_whatever_the_catalogue_says() {
    let tables = option("gateway", "state='offered'\nfor='machine'");
    for kind in [None, Some(tables)] {
        let bare = scene().observed(|row| row.runtimes = vec![Runtime::GithubActions]);
        let scene = kind.map_or(bare.clone(), |tables| bare.kind(&tables));
        let notes = scene.infer().options;
        let gateway = notes
            .iter()
            .find(|note| note.option == ReplacementOption::Gateway);
        assert_eq!(
            gateway.unwrap().note,
            "constrains the key, does not replace it"
        );
        assert_eq!(gateway.unwrap().state, json!("unknown"));
    }
}

#[test]
fn an_option_is_offered_where_its_vendor_has_it_for_machines_today() {
    let offered = |rest: &str| {
        let notes = scene().kind(&option(FEDERATION, rest)).infer().options;
        notes[0].offered
    };
    assert!(offered("state='offered'\nfor='machine'"));
    assert!(!offered("state='offered'\nfor='user_only'"));
    assert!(!offered("state='announced'\nfor='machine'"));
    assert!(!offered("state='none'"));
    assert!(!scene().infer().options[0].offered);
}

#[test]
fn the_root_of_other_options_needs_a_place_of_ours_that_is_no_laptop() {
    for (at, name) in ALL.iter().enumerate().skip(1) {
        for runtime in Runtime::ALL {
            let scene = scene()
                .kind(&option(name, "state='offered'\nfor='machine'"))
                .observed(|row| row.runtimes = vec![*runtime]);
            let state = scene
                .facts()
                .options
                .state(ReplacementOption::REPLACING[at]);
            let outside = matches!(
                runtime,
                Runtime::Laptop | Runtime::Appliance | Runtime::Saas
            );
            assert_eq!(state == OptionState::Now, !outside, "{name} on {runtime}");
        }
    }
}
