//! Row "exposure": the audience of a place against who may use the key.

use crate::build::*;
use tenure_model::{
    decide::Action,
    explain::FactName,
    facts::{Exposure, Verdict},
    key::Basis,
    place::{Audience, Liveness},
};

fn at(audience: Audience) -> Scene {
    scene()
        .observed(|row| row.associates.push(made_it("ann")))
        .seen("app/config.toml", |sighting| sighting.audience = audience)
}

#[test]
fn the_audience_of_a_place_decides_what_a_copy_in_it_is() {
    for (audience, exposure) in [
        (Audience::You, Exposure::None),
        (Audience::Machine, Exposure::Internal),
        (Audience::Repository, Exposure::Internal),
        (Audience::Organisation, Exposure::Internal),
        (Audience::Public, Exposure::Confirmed),
        (Audience::Unknown, Exposure::Suspected),
    ] {
        assert_eq!(at(audience).facts().exposure, exposure, "{audience}");
    }
}

#[test]
fn a_developers_own_repository_with_one_ignored_env_file_yields_no_rotate_now() {
    for kind in [String::new(), federates()] {
        let scene = scene().kind(&kind).seen(".env", |sighting| {
            sighting.variable = Some("ACME_KEY".to_owned());
            sighting.audience_why = "ignored by git, readable by its user alone".to_owned();
        });
        let judgement = scene.judged();
        assert_eq!(scene.facts().exposure, Exposure::None);
        assert_ne!(judgement.verdict.action(), Action::RotateNow);
        assert!(!leads_to(&judgement, Verdict::ExposureOpen));
    }
}

#[test]
fn the_same_file_once_tracked_or_readable_by_others_is_rotated_now() {
    for audience in [Audience::Repository, Audience::Machine] {
        let judgement = at(audience).judged();
        assert_eq!(judgement.verdict.action(), Action::RotateNow, "{audience}");
    }
}

#[test]
fn places_inside_the_organisation_are_never_confirmed_however_many_they_are() {
    let inside = [
        Audience::You,
        Audience::Machine,
        Audience::Repository,
        Audience::Organisation,
        Audience::Unknown,
    ];
    let mut scene = scene();
    for (nth, audience) in inside.iter().cycle().take(20).enumerate() {
        scene = scene.seen(&format!("a/{nth}"), |s| s.audience = *audience);
        assert_ne!(scene.facts().exposure, Exposure::Confirmed);
        assert_ne!(scene.judged().verdict, Verdict::Exposed);
    }
}

#[test]
fn a_place_outside_the_organisation_is_exposed() {
    let scene = at(Audience::Public);
    assert_eq!(scene.judged().verdict, Verdict::Exposed);
    assert_eq!(scene.basis(FactName::Exposure), Some(Basis::Observed));
}

#[test]
fn a_public_id_opens_nothing() {
    let scene = scene().seen("README.md", |sighting| {
        sighting.audience = Audience::Public;
        public_half(sighting);
    });
    assert_eq!(scene.facts().exposure, Exposure::None);
}

#[test]
fn a_copy_that_is_refused_is_no_exposure_and_one_that_was_not_checked_is() {
    let with = |liveness| {
        scene()
            .seen("a", |s| {
                s.audience = Audience::Public;
                s.liveness = liveness;
            })
            .facts()
            .exposure
    };
    assert_eq!(with(Liveness::Refused), Exposure::None);
    for liveness in [
        Liveness::Live,
        Liveness::NotChecked,
        Liveness::CannotCheck,
        Liveness::FailedToCheck,
    ] {
        assert_eq!(with(liveness), Exposure::Confirmed, "{liveness}");
    }
}

#[test]
fn a_declaration_raises_an_exposure_and_never_takes_one_away() {
    let declares = |scene: Scene, word: &str| scene.declares(FactName::Exposure, word);
    assert_eq!(
        declares(at(Audience::You), "confirmed").facts().exposure,
        Exposure::Confirmed
    );
    for word in ["none", "suspected", "internal"] {
        assert_eq!(
            declares(at(Audience::Public), word).facts().exposure,
            Exposure::Confirmed,
            "{word}"
        );
    }
    let tabled = at(Audience::Repository).tabled(|row| {
        row.declared.insert(FactName::Exposure, "none".into());
    });
    assert_eq!(tabled.facts().exposure, Exposure::Internal);
}

#[test]
fn the_worst_copy_counts_and_of_equal_ones_the_first_is_named() {
    let source = |scene: &Scene| scene.infer().notes[&FactName::Exposure].source.clone();
    let also = |scene: Scene, path: &str, audience| {
        scene.seen(path, |sighting| {
            sighting.audience = audience;
            sighting.line = None;
        })
    };
    let inside = at(Audience::Repository);
    assert_eq!(
        source(&inside),
        "repo/app/config.toml:1, readable by everyone who can read the repository"
    );
    let equal = also(inside.clone(), "b.env", Audience::Organisation);
    assert_eq!(source(&equal), source(&inside));
    let worse = also(inside, "b.env", Audience::Public);
    assert_eq!(worse.facts().exposure, Exposure::Confirmed);
    assert!(source(&worse).starts_with("repo/b.env, readable by "));
    let better = also(worse.clone(), "c.env", Audience::Unknown);
    assert_eq!(source(&better), source(&worse));
}
