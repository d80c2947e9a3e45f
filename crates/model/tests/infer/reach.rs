//! Rows "consumers", "environments_shared", "customer_tenants" and "data".

use crate::build::*;
use tenure_model::{
    explain::FactName,
    facts::{DataClass, Verdict},
    key::Basis,
    place::{Purpose, Runtime},
};

fn named(name: &str) -> Scene {
    let name = name.to_owned();
    scene().observed(|row| row.name = Some(name))
}

#[test]
fn none_seen_is_never_no_consumer() {
    for scene in [
        scene(),
        named("batch"),
        scene().observed(|row| row.associates.push(made_it("ann"))),
        scene().seen("README.md", |_| {}),
    ] {
        assert_eq!(scene.facts().consumers, None);
        assert!(!leads_to(&scene.judged(), Verdict::NoLongerNeeded));
    }
}

#[test]
fn consumers_are_taken_as_declared() {
    let scene = scene().declares(FactName::Consumers, 3);
    assert_eq!(scene.facts().consumers, Some(3));
    assert_eq!(scene.basis(FactName::Consumers), Some(Basis::Declared));
}

#[test]
fn the_same_key_in_places_of_two_environments_is_shared() {
    let scene = scene()
        .seen("prod/a.env", |_| {})
        .seen("staging/a.env", |_| {});
    assert_eq!(scene.facts().environments_shared, Some(true));
    let denied = scene.declares(FactName::EnvironmentsShared, false);
    assert_eq!(denied.facts().environments_shared, Some(true));
}

#[test]
fn it_is_not_shared_only_where_name_tags_and_places_agree_on_exactly_one() {
    assert_eq!(
        named("web-prod")
            .seen("prod/a.env", |_| {})
            .facts()
            .environments_shared,
        Some(false)
    );
    for (name, scene) in [
        ("nothing says", scene().seen("src/a.py", |_| {})),
        (
            "name and place disagree",
            named("web-staging").seen("prod/a.env", |_| {}),
        ),
        (
            "the name is of two",
            named("web-prod-and-staging").seen("prod/a.env", |_| {}),
        ),
        (
            "a tag disagrees",
            named("web-prod").observed(|row| {
                row.tags.insert("env".to_owned(), "test".to_owned());
            }),
        ),
    ] {
        assert_eq!(scene.facts().environments_shared, None, "{name}");
    }
}

#[test]
fn a_known_purpose_that_serves_no_customer_has_none() {
    let scene = scene().seen(".github/workflows/deploy.yml", |_| {});
    assert_eq!(scene.facts().customer_tenants, Some(0));
    assert_eq!(
        scene.basis(FactName::CustomerTenants),
        Some(Basis::Inferred)
    );
}

#[test]
fn one_tenant_is_never_inferred_for_any_purpose() {
    for purpose in Purpose::ALL {
        let scene = scene().file(|declaration| declaration.purpose = Some(*purpose));
        assert_ne!(scene.facts().customer_tenants, Some(1), "{purpose}");
    }
}

#[test]
fn nothing_is_inferred_for_a_customer_facing_or_vendor_held_key() {
    let purposes = [
        Purpose::CustomerIntegration,
        Purpose::ThirdPartySaas,
        Purpose::SupportScript,
        Purpose::WebhookSigning,
        Purpose::Unknown,
    ];
    for purpose in purposes {
        let scene = scene().file(|declaration| declaration.purpose = Some(purpose));
        assert_eq!(scene.facts().customer_tenants, None, "{purpose}");
    }
    let held = scene()
        .seen(".github/workflows/deploy.yml", |_| {})
        .declares(FactName::HeldBy, "third_party");
    assert_eq!(held.facts().customer_tenants, None);
    let other_vendor = scene()
        .seen(".github/workflows/deploy.yml", |_| {})
        .observed(|row| row.runtimes.push(Runtime::Saas));
    assert_eq!(other_vendor.facts().customer_tenants, None);
    for name in ["customer-export-batch", "partner-etl", "tenant-sync agent"] {
        assert_eq!(named(name).facts().customer_tenants, None, "{name}");
    }
}

#[test]
fn the_data_of_a_test_environment_is_internal() {
    let scene = named("web-test").seen("test/a.env", |_| {});
    assert_eq!(scene.facts().data, DataClass::Internal);
    assert_eq!(scene.basis(FactName::Data), Some(Basis::Inferred));
}

#[test]
fn data_is_never_inferred_public_nor_lower_where_any_other_environment_is_named() {
    for scene in [
        scene(),
        scene().kind(&fact("publishable", "yes")),
        named("public-docs"),
        named("web-prod"),
        named("web-test-and-prod").seen("test/a.env", |_| {}),
        named("web-test").seen("prod/a.env", |_| {}),
    ] {
        assert_eq!(scene.facts().data, DataClass::Unknown);
    }
}

#[test]
fn the_declared_class_of_the_system_counts() {
    let scene = named("web-test").declares(FactName::Data, "restricted");
    assert_eq!(scene.facts().data, DataClass::Restricted);
}

#[test]
fn a_place_that_is_an_agents_is_told_apart_from_program_text() {
    assert_ne!(kind_of(".mcp.json"), kind_of("src/a.py"));
}
