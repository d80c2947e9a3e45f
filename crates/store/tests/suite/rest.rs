//! People, owners, systems, policies, runs, coverage.

use crate::{
    keys::save,
    setup::{Setup, new_import, who},
};
use serde_json::json;
use tenure_model::{
    id::KeyId,
    key::{Coverage, CoverageState, Person},
    policy::Policy,
    system::System,
};
use tenure_store::{DeclaredKind, EventFilter, NewImport};
use tenure_testkit::judged;

fn person(id: &str) -> Person {
    Person {
        id: id.to_owned(),
        email: Some(format!("{id}@example.com")),
        ..Person::default()
    }
}

async fn a_people_list_takes_the_place_of_the_one_before(setup: Setup) {
    let set = async |people: &[Person]| {
        let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
        let changed = txn.set_people(people).await.unwrap();
        txn.commit_noted().await.unwrap();
        changed
    };
    let (ann, bob) = (person("ann"), person("bob"));
    assert_eq!(set(&[ann.clone(), bob.clone()]).await, 2);
    assert_eq!(set(&[bob.clone(), ann.clone()]).await, 0);
    let gone = Person {
        until: Some("2026-12-01".parse().unwrap()),
        ..ann
    };
    assert_eq!(set(std::slice::from_ref(&gone)).await, 2);
    assert_eq!(setup.store.people().await.unwrap(), [gone]);
    assert_eq!(set(std::slice::from_ref(&bob)).await, 2);
    assert_eq!(setup.store.people().await.unwrap(), [bob]);
    let events = EventFilter {
        what: Some("people_changed".to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(setup.store.events(&events, None, 9).await.unwrap().len(), 3);
}

async fn an_owner_is_assigned_and_taken_away(setup: Setup) {
    let day = setup.now().day();
    save(
        &setup,
        &[
            judged::key("k1", &json!({}), day),
            judged::key("k2", &json!({}), day),
        ],
    )
    .await;
    let keys = [KeyId::new("k1"), KeyId::new("k2")];
    for (owner, left) in [(Some("ann"), 2), (Some("bob"), 2), (None, 0)] {
        let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
        txn.assign_owner(&keys, owner, Some("cleo")).await.unwrap();
        txn.commit_noted().await.unwrap();
        let owners = setup.store.owners(&keys).await.unwrap();
        assert_eq!(owners.len(), left);
        assert!(owners.iter().all(|one| Some(one.owner.as_str()) == owner));
    }
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    let unknown = [KeyId::new("nobody")];
    let error = txn
        .assign_owner(&unknown, Some("ann"), None)
        .await
        .unwrap_err();
    assert!(error.is_constraint(), "{error}");
}

async fn what_is_declared_is_kept_once_and_ends(setup: Setup) {
    let system = System {
        name: "Billing".to_owned(),
        owner: Some("ann".to_owned()),
        ..System::default()
    };
    for (retired, changed) in [(false, true), (false, false), (true, true)] {
        let system = System {
            retired,
            ..system.clone()
        };
        let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
        let is_new = txn
            .declare(DeclaredKind::System, "s1", "Billing", &system, "cmdb.csv")
            .await
            .unwrap();
        assert_eq!(is_new, changed);
        txn.commit_noted().await.unwrap();
    }
    let all = setup
        .store
        .declared::<System>(DeclaredKind::System)
        .await
        .unwrap();
    assert_eq!(all.len(), 1);
    assert!(all[0].body.retired);
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.end_declared(DeclaredKind::System, "s1").await.unwrap();
    assert!(txn.end_declared(DeclaredKind::Vendor, "s1").await.is_err());
    txn.commit_noted().await.unwrap();
    assert!(
        setup
            .store
            .declared::<System>(DeclaredKind::System)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn an_old_policy_is_found_by_its_digest(setup: Setup) {
    let policy = Policy::builtin();
    for _ in 0..2 {
        let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
        txn.keep_policy(&policy).await.unwrap();
        txn.commit_noted().await.unwrap();
    }
    let kept = setup.store.policy(&policy.digest()).await.unwrap();
    assert_eq!(tenure_model::digest::of(&kept), policy.digest());
    assert!(setup.store.policy("other").await.is_err());
}

async fn runs_and_coverage_say_what_was_read(setup: Setup) {
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    let run = txn.begin_run("assess").await.unwrap();
    txn.commit_noted().await.unwrap();
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.end_run(&run, json!({"keys": 3}), None).await.unwrap();
    txn.commit_noted().await.unwrap();
    let found = setup.store.run(&run).await.unwrap();
    assert_eq!(
        (found.state.as_str(), found.counts),
        ("finished", json!({"keys": 3}))
    );
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    assert!(txn.end_run(&run, json!({}), Some("late")).await.is_err());
    drop(txn);
    let part = |part: &str, state| Coverage {
        source: "keys.csv".to_owned(),
        part: part.to_owned(),
        state,
        reason: None,
        rows: Some(7),
        hash: None,
    };
    let with = |hash: &str, coverage| NewImport {
        coverage,
        ..new_import(hash)
    };
    let (keys, use_) = (
        part("access keys", CoverageState::Complete),
        part("last use", CoverageState::NotOffered),
    );
    for (hash, coverage) in [("h1", vec![keys.clone(), use_]), ("h2", vec![keys.clone()])] {
        let new = with(hash, coverage);
        let import = setup
            .store
            .begin_import(&who(), setup.now(), &new)
            .await
            .unwrap();
        setup
            .store
            .finish_import(import, &who(), setup.now(), &[])
            .await
            .unwrap();
    }
    assert_eq!(setup.store.coverage().await.unwrap(), [keys]);
}

crate::on_both!(
    a_people_list_takes_the_place_of_the_one_before,
    an_owner_is_assigned_and_taken_away,
    what_is_declared_is_kept_once_and_ends,
    an_old_policy_is_found_by_its_digest,
    runs_and_coverage_say_what_was_read,
);
