//! A rule of a container gives its keys owner and unit, now and later; what somebody said of one key wins.

use crate::house::{House, rule};
use std::collections::BTreeSet;
use tenure_app::register::{Facet, Filter, RegisterError, StoreError};
use tenure_model::{
    access::{Role, Unit},
    container::ContainerKind::Account,
    key::Basis,
};

async fn a_rule_reaches_the_keys_of_now_and_of_later(mut house: House) {
    house
        .import(&[
            ("a1", "emea-1", ""),
            ("a2", "emea-1", ""),
            ("b1", "apac-1", ""),
        ])
        .await;
    let made = rule(Account, "emea-1", Some("olga"), Some("emea"));
    let preview = house.desk().container_preview(&made).await.unwrap();
    assert_eq!(
        (
            preview.keys,
            preview.without_owner,
            preview.get_owner,
            preview.get_unit
        ),
        (2, 2, 2, 2)
    );
    let names: BTreeSet<&str> = preview.names.iter().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["a1", "a2"]));
    assert_eq!(preview.replaces, None);
    let before = house.store.head().await.unwrap();
    house.desk().container_preview(&made).await.unwrap();
    assert_eq!(
        house.store.head().await.unwrap(),
        before,
        "a look changes nothing"
    );

    let done = house.desk().set_container(&made).await.unwrap();
    assert_eq!(done.changed, 2);
    // A key that comes later.
    house.days_pass(1);
    house
        .import(&[
            ("a1", "emea-1", ""),
            ("a2", "emea-1", ""),
            ("a3", "emea-1", ""),
            ("b1", "apac-1", ""),
        ])
        .await;
    for name in ["a1", "a2", "a3"] {
        let id = house.id(name).await;
        let key = house.desk().key(&id).await.unwrap().registered.key;
        assert_eq!(key.owner.value.as_deref(), Some("olga"), "{name}");
        assert_eq!(key.owner.basis, Basis::Declared);
        let source = key.owner.source.unwrap();
        assert!(source.contains("account emea-1"), "{source}");
    }
    let units = house.desk().facet(Facet::Unit, 9).await.unwrap();
    assert_eq!(units, [("emea".to_owned(), 3), ("*".to_owned(), 1)]);
    // Judging again writes nothing.
    let before = house.store.head().await.unwrap();
    house.desk().reassess().await.unwrap();
    assert_eq!(house.store.head().await.unwrap(), before);
    // The rule goes, and with it what it gave.
    house.desk().drop_container(&made.container).await.unwrap();
    let id = house.id("a1").await;
    let key = house.desk().key(&id).await.unwrap().registered.key;
    assert_eq!(key.owner.value, None);
    let again = house.desk().drop_container(&made.container).await;
    assert!(matches!(
        again,
        Err(RegisterError::Store(StoreError::Unknown(_)))
    ));
}

async fn who_was_named_for_a_key_and_longer_containers_win(mut house: House) {
    house
        .import(&[
            ("a1", "acme/pay", ""),
            ("a2", "acme/pay", ""),
            ("a3", "acme/web", ""),
        ])
        .await;
    let ids = [house.id("a1").await];
    house.calls("anna", &[(Role::Analyst, "*")]);
    house
        .desk()
        .assign_owner(&ids, Some("nils"), None)
        .await
        .unwrap();
    let wide = rule(Account, "acme/*", Some("olga"), Some("emea"));
    let narrow = rule(Account, "acme/pay", Some("pia"), Some("emea/payments"));
    house.desk().set_container(&narrow).await.unwrap();
    let preview = house.desk().container_preview(&wide).await.unwrap();
    assert_eq!(
        (
            preview.keys,
            preview.keep_owner,
            preview.get_owner,
            preview.follow_others
        ),
        (3, 1, 1, 2)
    );
    house.desk().set_container(&wide).await.unwrap();
    let mut got = BTreeSet::new();
    for entry in house.listed(&Filter::default()).await {
        got.insert((entry.label, entry.owner, entry.unit.to_string()));
    }
    let want = [
        ("a1", "nils", "emea/payments"),
        ("a2", "pia", "emea/payments"),
        ("a3", "olga", "emea"),
    ];
    let want: BTreeSet<_> = want
        .into_iter()
        .map(|(name, owner, unit)| (name.to_owned(), owner.to_owned(), unit.to_owned()))
        .collect();
    assert_eq!(got, want);
}

async fn nobody_reaches_out_of_their_unit_with_a_rule(mut house: House) {
    house
        .import(&[("a1", "emea-1", ""), ("b1", "apac-1", "")])
        .await;
    let emea = rule(Account, "emea-1", None, Some("emea"));
    let apac = rule(Account, "apac-1", None, Some("apac"));
    house.desk().set_container(&emea).await.unwrap();
    house.desk().set_container(&apac).await.unwrap();
    let before = house.store.container_rules().await.unwrap();
    house.calls("anna", &[(Role::Analyst, "emea")]);
    for refused in [
        // Of another unit; of nobody yet; into another unit; out of one's own into all.
        rule(Account, "apac-1", Some("olga"), None),
        rule(Account, "new-1", Some("olga"), Some("emea")),
        rule(Account, "emea-1", Some("olga"), Some("apac")),
        rule(Account, "emea-1", Some("olga"), Some("*")),
    ] {
        let error = house.desk().set_container(&refused).await.unwrap_err();
        assert!(matches!(error, RegisterError::Denied(_)), "{error}");
        let error = house.desk().container_preview(&refused).await.unwrap_err();
        assert!(matches!(error, RegisterError::Denied(_)), "{error}");
    }
    assert_eq!(house.store.container_rules().await.unwrap(), before);
    let mine = rule(Account, "emea-1", Some("olga"), Some("emea"));
    house.desk().set_container(&mine).await.unwrap();
    for (who, role) in [("vera", Role::Viewer), ("ada", Role::Administrator)] {
        house.calls(who, &[(role, "*")]);
        let error = house.desk().set_container(&mine).await.unwrap_err();
        assert!(matches!(error, RegisterError::Denied(_)), "{who}");
    }
    let units = house.store.units().await.unwrap();
    let wanted = ["*", "apac", "emea"].map(|unit| Unit::parse(unit).unwrap());
    assert_eq!(units, BTreeSet::from(wanted));
}

crate::on_both!(
    a_rule_reaches_the_keys_of_now_and_of_later,
    who_was_named_for_a_key_and_longer_containers_win,
    nobody_reaches_out_of_their_unit_with_a_rule,
);
