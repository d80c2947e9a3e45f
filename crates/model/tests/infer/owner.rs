//! Row "owner": by the people list, by declaration, by who made it; never a machine user.

use crate::build::*;
use tenure_model::{
    explain::FactName,
    facts::{HeldBy, IssuedTo, OwnerState, UsedBy, Verdict},
    key::{Associate, Basis, PersonState},
    place::Sighting,
};

const MACHINES: [&str; 7] = [
    "dependabot[bot]",
    "release-bot",
    "svc-deploy",
    "ci@acme.iam.gserviceaccount.com",
    "service-account-7",
    "noreply@acme.example",
    "Release-BOT",
];

fn made_by(who: &str) -> Scene {
    scene().observed(|row| row.associates.push(made_it(who)))
}

#[test]
fn the_human_who_made_it_owns_it_until_a_people_list_says_otherwise() {
    let scene = made_by("ann");
    let inferred = scene.infer();
    assert_eq!(inferred.owner.value.as_deref(), Some("ann"));
    assert_eq!(inferred.owner.basis, Basis::Inferred);
    assert_eq!(inferred.facts.owner, OwnerState::Active);

    for (state, owner) in [
        (PersonState::Active, OwnerState::Active),
        (PersonState::OnLeave, OwnerState::OnLeave),
        (PersonState::Inactive, OwnerState::Inactive),
    ] {
        let listed = scene.clone().people(&[person("ann", state)]);
        assert_eq!(listed.facts().owner, owner);
        assert_eq!(listed.basis(FactName::Owner), Some(Basis::Observed));
    }
}

#[test]
fn somebody_whom_the_people_list_does_not_know_owns_nothing() {
    let scene = made_by("ann").people(&[person("bob", PersonState::Active)]);
    assert_eq!(scene.facts().owner, OwnerState::None);
    assert_eq!(scene.judged().verdict, Verdict::Unowned);
}

#[test]
fn a_person_is_found_by_id_address_user_name_or_the_start_of_an_address() {
    let mut ann = person("u-17", PersonState::OnLeave);
    ann.email = Some("ann@acme.example".to_owned());
    ann.names = vec!["annie".to_owned()];
    for who in ["u-17", "ANN@acme.example", "annie", "ann"] {
        let scene = made_by(who).people(std::slice::from_ref(&ann));
        assert_eq!(scene.facts().owner, OwnerState::OnLeave, "{who}");
    }
    // Two people of one name are nobody in particular.
    let mut other = person("u-18", PersonState::Active);
    other.email = Some("ann@subsidiary.example".to_owned());
    assert_eq!(
        made_by("ann").people(&[ann, other]).facts().owner,
        OwnerState::None
    );
}

#[test]
fn a_machine_user_or_bot_is_never_the_owner_nor_a_candidate() {
    for who in MACHINES {
        let scenes = [
            made_by(who),
            scene().observed(|row| row.owner = Some(who.to_owned())),
            scene().tabled(|row| row.owner = Some(who.to_owned())),
            scene().file(|declaration| declaration.owner = Some(who.to_owned())),
            scene().observed(|row| {
                row.tags.insert("owner".to_owned(), who.to_owned());
            }),
        ];
        for scene in scenes {
            let inferred = scene.infer();
            assert_eq!(inferred.owner.value, None, "{who}");
            assert_eq!(inferred.facts.owner, OwnerState::None, "{who}");
            assert!(inferred.owner_candidates.is_empty(), "{who}");
            assert_eq!(scene.judged().verdict, Verdict::Unowned, "{who}");
        }
    }
}

#[test]
fn whom_a_source_calls_a_machine_is_never_the_owner_whatever_its_name() {
    let machine = || Associate {
        machine: true,
        ..made_it("terraform")
    };
    let maker = scene().observed(|row| row.associates.push(machine()));
    let named = scene()
        .observed(|row| row.associates.push(machine()))
        .tabled(|row| {
            row.owner = Some("Terraform".to_owned());
            row.tags.insert("owner".to_owned(), "terraform".to_owned());
        });
    for scene in [maker, named] {
        let inferred = scene.infer();
        assert_eq!(inferred.owner.value, None);
        assert!(inferred.owner_candidates.is_empty());
    }
}

#[test]
fn a_human_behind_a_machine_is_found() {
    let scene = scene().observed(|row| {
        row.associates.push(made_it("release-bot"));
        row.associates.push(made_it("ann"));
    });
    assert_eq!(scene.infer().owner.value.as_deref(), Some("ann"));
}

#[test]
fn a_declared_owner_comes_before_who_made_it_and_two_declared_ones_are_shown() {
    let scene = made_by("ann")
        .tabled(|row| row.owner = Some("bob".to_owned()))
        .tabled(|row| row.owner = Some("carol".to_owned()));
    let inferred = scene.infer();
    assert_eq!(inferred.owner.value.as_deref(), Some("bob"));
    assert_eq!(inferred.owner.basis, Basis::Declared);
    assert!(inferred.disputes.iter().any(|d| d.also.contains("carol")));
}

#[test]
fn a_declared_state_does_not_bring_back_a_person_who_left() {
    let scene = made_by("ann")
        .people(&[person("ann", PersonState::Inactive)])
        .declares(FactName::Owner, "active");
    assert_eq!(scene.facts().owner, OwnerState::Inactive);
}

#[test]
fn the_day_on_which_an_owner_leaves_comes_with_the_person() {
    let mut ann = person("ann", PersonState::Active);
    ann.until = Some(day("2026-11-23"));
    let scene = made_by("ann").people(&[ann]);
    assert_eq!(scene.facts().owner_until, Some(day("2026-11-23")));
    assert_eq!(scene.judged().verdict, Verdict::Unowned);
}

#[test]
fn candidates_come_with_why_and_how_sure() {
    let mut left = person("ann", PersonState::Inactive);
    left.manager = Some("mia".to_owned());
    let scene = made_by("ann")
        .observed(|row| {
            row.tags.insert("team".to_owned(), "payments".to_owned());
        })
        .seen("src/a.py", |sighting| {
            sighting.code_owners = vec!["@acme/payments".to_owned()];
        })
        .people(&[left]);
    let candidates = scene.infer().owner_candidates;
    let of = |who: &str| candidates.iter().find(|candidate| candidate.who == who);
    assert!(of("ann").unwrap().why.contains("created it"));
    assert!(of("payments").unwrap().why.contains("team"));
    assert!(of("@acme/payments").unwrap().why.contains("CODEOWNERS"));
    assert!(of("mia").unwrap().why.contains("ann, who left"));
}

#[test]
fn nobody_at_all_is_unowned() {
    assert_eq!(scene().facts().owner, OwnerState::None);
    assert_eq!(scene().infer().owner.basis, Basis::Unknown);
}

#[test]
fn a_tag_names_a_candidate_where_it_says_so_and_says_something() {
    let candidates = |name: &str, value: &str| -> Vec<String> {
        let scene = scene().observed(|row| {
            row.tags.insert(name.to_owned(), value.to_owned());
        });
        let all = scene.infer().owner_candidates;
        all.into_iter()
            .map(|c| format!("{}, {}", c.who, c.why))
            .collect()
    };
    for name in ["owner", "Team", "contact", "created_by"] {
        assert_eq!(candidates(name, " ann "), [format!("ann, tag {name}")]);
        assert!(candidates(name, "  ").is_empty());
    }
    assert!(candidates("region", "ann").is_empty());
}

#[test]
fn only_an_owner_who_left_is_a_candidate_as_owner() {
    let candidates = |state| {
        let mut ann = person("ann", state);
        ann.manager = Some("mia".to_owned());
        let scene = scene()
            .tabled(|row| row.owner = Some("ann".to_owned()))
            .people(&[ann, person("mia", PersonState::Active)]);
        let all = scene.infer().owner_candidates;
        all.into_iter().map(|c| c.who).collect::<Vec<_>>()
    };
    assert_eq!(candidates(PersonState::Inactive), ["mia", "ann"]);
    assert!(candidates(PersonState::Active).is_empty());
    assert!(candidates(PersonState::OnLeave).is_empty());
}

#[test]
fn whom_it_was_issued_to_is_told_by_the_provider_before_its_kind() {
    let of = |row: Option<IssuedTo>, kind: Option<&str>| {
        let scene = scene().observed(|told| told.issued_to = row);
        let scene = match kind {
            Some(value) => scene.kind(&fact("issued_to", value)),
            None => scene,
        };
        (scene.facts().issued_to, scene.basis(FactName::IssuedTo))
    };
    use IssuedTo::{Person, Service, Unknown};
    assert_eq!(
        of(Some(Person), Some("service")),
        (Person, Some(Basis::Observed))
    );
    assert_eq!(
        of(Some(Unknown), Some("service")),
        (Service, Some(Basis::Inferred))
    );
    assert_eq!(of(None, Some("person")), (Person, Some(Basis::Inferred)));
    assert_eq!(of(None, Some("unknown")), (Unknown, None));
    assert_eq!(of(Some(Unknown), None), (Unknown, None));
}

#[test]
fn who_uses_a_key_is_told_by_the_places_that_hold_it() {
    use tenure_model::place::{Purpose, Runtime};
    let person = |sighting: &mut Sighting| sighting.purpose = Some(Purpose::HumanUse);
    let on = |runtime| {
        move |sighting: &mut Sighting| {
            sighting.purpose = None;
            sighting.runtime = runtime;
        }
    };
    let used = |scene: &Scene| scene.facts().used_by;
    let job = on(Some(Runtime::Kubernetes));
    assert_eq!(used(&scene().seen("a", person)), UsedBy::Person);
    assert_eq!(used(&scene().seen("a", job)), UsedBy::Workload);
    assert_eq!(
        used(&scene().seen("a", person).seen("b", job)),
        UsedBy::Both
    );
    assert_eq!(
        used(&scene().seen("a", on(Some(Runtime::Laptop)))),
        UsedBy::Unknown
    );
    assert_eq!(used(&scene().seen("a", on(None))), UsedBy::Unknown);
    // A copy of its secret shows that we hold it, its id alone does not.
    assert_eq!(scene().seen("a", on(None)).facts().held_by, HeldBy::Us);
    assert_eq!(
        scene().seen("a", public_half).facts().held_by,
        HeldBy::Unknown
    );
}
