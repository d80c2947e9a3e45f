//! Keys are known again, what changes is recorded, `since` never moves later, and nothing is written for nothing.

use crate::setup::{Setup, row, who};
use serde_json::{Value, json};
use tenure_model::{
    assessment::{ControlState, Key},
    control::Control,
    facts::Verdict,
    id::KeyId,
    key::Row,
};
use tenure_store::{EventFilter, Judged, Marks, RecordRef, Saved};
use tenure_testkit::judged;

fn key(setup: &Setup, id: &str, changes: &Value) -> Key {
    judged::key(id, changes, setup.now().day())
}

/// Saves keys without records.
pub(crate) async fn save(setup: &Setup, keys: &[Key]) -> Vec<(KeyId, Saved)> {
    let judged: Vec<Judged<'_>> = keys
        .iter()
        .map(|key| Judged {
            key,
            records: &[],
            known: &[],
            links: &[],
        })
        .collect();
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    let saved = txn.save_keys(&judged).await.unwrap();
    txn.commit_noted().await.unwrap();
    saved
}

async fn nothing_is_written_where_nothing_changed(setup: Setup) {
    let keys = [
        key(&setup, "k1", &json!({})),
        key(&setup, "k2", &json!({"owner": "none"})),
    ];
    let saved = save(&setup, &keys).await;
    assert_eq!(saved[0], (KeyId::new("k1"), Saved::New));
    let before = setup.store.head().await.unwrap();
    assert_eq!(save(&setup, &keys).await[1].1, Saved::Same);
    assert_eq!(setup.store.head().await.unwrap(), before);
    let found = setup.store.key(&KeyId::new("k2")).await.unwrap();
    assert_eq!(found.key, keys[1]);
    assert_eq!(found.added_at, found.changed_at);
}

async fn changed_facts_are_recorded_as_changes(setup: Setup) {
    save(&setup, &[key(&setup, "k1", &json!({}))]).await;
    let saved = save(&setup, &[key(&setup, "k1", &json!({"owner": "none"}))]).await;
    assert_eq!(saved[0].1, Saved::Changed);
    let id = &saved[0].0;
    let facts = setup.store.facts(id).await.unwrap();
    let owner: Vec<_> = facts.iter().filter(|fact| fact.name == "owner").collect();
    assert_eq!(owner.len(), 2);
    assert_eq!(
        (owner[0].note.value.clone(), owner[0].until),
        (json!("none").into(), None)
    );
    assert_eq!(*owner[1].note.value, json!("active"));
    assert_eq!(owner[1].until, Some(owner[0].since));
    let decisions = setup.store.decisions(id).await.unwrap();
    let verdicts: Vec<Verdict> = decisions.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Unowned, Verdict::Irreplaceable]);
    let about = EventFilter {
        about: Some("k1".to_owned()),
        ..EventFilter::default()
    };
    let events = setup.store.events(&about, None, 9).await.unwrap();
    let bodies: Vec<&str> = events
        .iter()
        .rev()
        .map(|event| event.body.as_str())
        .collect();
    assert!(
        bodies[0].contains("\"what\":\"key_added\""),
        "{}",
        bodies[0]
    );
    assert!(bodies[1].contains("\"what\":\"decided\""));
    assert!(bodies[2].contains("\"from\":\"active\"") && bodies[2].contains("\"to\":\"none\""));
    assert!(bodies[3].contains("\"from\":\"irreplaceable\""));
    let unknown = setup
        .store
        .controls(Control::OwnerActive, ControlState::Unknown, 9)
        .await
        .unwrap();
    assert_eq!(unknown[0].0, *id);
    // Back again within the same second, and once more: history holds no time twice.
    for _ in 0..3 {
        save(&setup, &[key(&setup, "k1", &json!({}))]).await;
        save(&setup, &[key(&setup, "k1", &json!({"owner": "none"}))]).await;
    }
    let facts = setup.store.facts(id).await.unwrap();
    assert_eq!(facts.iter().filter(|fact| fact.name == "owner").count(), 8);
}

async fn the_day_of_a_finding_is_kept_and_never_moves_later(setup: Setup) {
    let unowned = json!({"owner": "none"});
    let id = save(&setup, &[key(&setup, "k1", &unowned)]).await[0]
        .0
        .clone();
    let first = setup.store.since(std::slice::from_ref(&id)).await.unwrap()[&id];
    let day = first.of(Verdict::Unowned).unwrap();
    setup.pass(40 * 86_400);
    let later = json!({"owner": "none", "privilege": "admin"});
    save(&setup, &[key(&setup, "k1", &later)]).await;
    // Somebody says that it began later: it did not.
    let claimed = json!({"owner": "none", "since": {"unowned": day.plus(30).to_string()}});
    save(&setup, &[key(&setup, "k1", &claimed)]).await;
    let since = setup.store.since(std::slice::from_ref(&id)).await.unwrap()[&id];
    assert_eq!(since.of(Verdict::Unowned), Some(day));
    // Earlier counts.
    let earlier = json!({"owner": "none", "since": {"unowned": day.plus(-5).to_string()}});
    save(&setup, &[key(&setup, "k1", &earlier)]).await;
    let since = setup.store.since(std::slice::from_ref(&id)).await.unwrap()[&id];
    assert_eq!(since.of(Verdict::Unowned), Some(day.plus(-5)));
}

fn named(setup: &Setup, run: &str, key_id: Option<&str>, print: Option<&str>) -> Key {
    Key {
        key_id: key_id.map(str::to_owned),
        fingerprint: print.map(str::to_owned),
        ..key(setup, run, &json!({}))
    }
}

async fn a_key_is_known_again_by_any_of_its_names(setup: Setup) {
    // First seen by a scan alone, then named by an export: one key, whatever a run calls it.
    let first = save(&setup, &[named(&setup, "k1", None, Some("f1"))]).await;
    let second = save(&setup, &[named(&setup, "k2", Some("id-1"), Some("f1"))]).await;
    assert_eq!(second[0], (first[0].0.clone(), Saved::Changed));
    // And by its id alone, after the copy is gone.
    let third = save(&setup, &[named(&setup, "k3", Some("id-1"), None)]).await;
    assert_eq!(third[0].0, first[0].0);
    assert_eq!(setup.store.keys(None, 9).await.unwrap().len(), 1);
    // The same secret beside another id is another key.
    let other = save(&setup, &[named(&setup, "k4", Some("id-2"), Some("f1"))]).await;
    assert_eq!(other[0].1, Saved::New);
    // A short run id that is taken by another key gives way.
    let taken = save(&setup, &[named(&setup, "k1", Some("id-9"), None)]).await;
    assert_eq!(taken[0].1, Saved::New);
    assert_ne!(taken[0].0, first[0].0);
}

async fn two_keys_that_turn_out_to_be_one_are_joined(setup: Setup) {
    let a = save(&setup, &[named(&setup, "k1", None, Some("f1"))]).await[0]
        .0
        .clone();
    setup.pass(10 * 86_400);
    let b = save(&setup, &[named(&setup, "k2", Some("id-1"), None)]).await[0]
        .0
        .clone();
    assert_ne!(a, b);
    let one = save(&setup, &[named(&setup, "k2", Some("id-1"), Some("f1"))]).await;
    assert_eq!(one[0], (a.clone(), Saved::Changed));
    assert_eq!(setup.store.key(&b).await.unwrap().id, a);
    assert_eq!(setup.store.keys(None, 9).await.unwrap().len(), 1);
    assert_eq!(
        setup
            .store
            .key_count(&tenure_store::Scope::whole(), &Default::default())
            .await
            .unwrap(),
        1
    );
    let what = EventFilter {
        what: Some("keys_joined".to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(setup.store.events(&what, None, 9).await.unwrap().len(), 1);
}

async fn what_changes_while_it_is_judged_is_judged_again(setup: Setup) {
    setup.import("h1", &[row("id-1"), row("id-2")]).await;
    let stale = setup.store.stale(9).await.unwrap();
    assert_eq!(stale.records.len(), 2);
    setup.pass(1);
    let changed = Row {
        owner: Some("ann@example.com".to_owned()),
        ..row("id-2")
    };
    setup.import("h2", &[row("id-1"), changed]).await;
    setup.store.settle(&stale).await.unwrap();
    let left = setup.store.stale(9).await.unwrap();
    assert_eq!(left.records.len(), 1);
    assert!(left.records[0].at.identity.ends_with("id-2"), "{left:?}");
    setup.store.settle(&left).await.unwrap();
    assert!(setup.store.stale(9).await.unwrap().is_empty());

    // And what people say of a key.
    let key = save(&setup, &[named(&setup, "k1", Some("id-9"), None)]).await[0]
        .0
        .clone();
    let mark = async || {
        let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
        txn.mark_stale(std::slice::from_ref(&key)).await.unwrap();
        txn.commit(tenure_model::event::Change::OwnerAssigned {
            keys: vec![key.clone()],
            owner: None,
        })
        .await
        .unwrap();
    };
    mark().await;
    let stale = setup.store.stale(9).await.unwrap();
    assert_eq!(stale.keys.len(), 1);
    setup.pass(1);
    mark().await;
    setup.store.settle(&stale).await.unwrap();
    assert_eq!(setup.store.stale(9).await.unwrap().keys.len(), 1);
}

async fn two_who_judge_the_same_new_records_make_one_key(setup: Setup) {
    setup.import("h1", &[row("id-1")]).await;
    let kept = setup.store.records_without_key(9).await.unwrap();
    let records = [kept[0].at.clone()];
    let one = named(&setup, "k1", Some("id-1"), None);
    let mut saved = Vec::new();
    for _ in 0..2 {
        let judged = [Judged {
            key: &one,
            records: &records,
            known: &[],
            links: &[],
        }];
        let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
        saved.extend(txn.save_keys(&judged).await.unwrap());
        txn.commit_noted().await.unwrap();
    }
    assert_eq!(saved[0].1, Saved::New);
    assert_eq!(saved[1], (saved[0].0.clone(), Saved::Same));
    // A record that moved to another key takes nothing with it.
    let marks = Marks {
        key_id: Some("id-7".to_owned()),
        links: vec![(saved[0].0.clone(), (0, 1))],
        ..Marks::default()
    };
    assert_eq!(setup.store.identify(&[marks]).await.unwrap(), [Vec::new()]);
}

async fn records_lead_to_their_key_and_a_vanished_key_says_so(setup: Setup) {
    setup.import("h1", &[row("id-1"), row("id-2")]).await;
    let kept = setup.store.records_without_key(9).await.unwrap();
    let refs: Vec<[RecordRef; 1]> = kept.iter().map(|one| [one.at.clone()]).collect();
    let keys = [
        named(&setup, "k1", Some("id-1"), None),
        named(&setup, "k2", Some("id-2"), None),
    ];
    let judged: Vec<Judged<'_>> = keys
        .iter()
        .zip(&refs)
        .map(|(key, records)| Judged {
            key,
            records,
            known: &[],
            links: &[],
        })
        .collect();
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    let saved = txn.save_keys(&judged).await.unwrap();
    txn.commit_noted().await.unwrap();
    assert!(setup.store.records_without_key(9).await.unwrap().is_empty());
    let ids: Vec<KeyId> = saved.into_iter().map(|(id, _)| id).collect();
    let of_first = setup.store.records_of(&ids[..1]).await.unwrap();
    assert_eq!(of_first.len(), 1);
    let kin = tenure_model::alias::of_row(&row("id-2"));
    assert_eq!(
        setup.store.records_by_alias(&kin).await.unwrap()[0]
            .key
            .as_ref(),
        Some(&ids[1])
    );

    let ended = setup.import("h2", &[row("id-1")]).await;
    assert_eq!(ended.vanished, [ids[1].clone()]);
    let living = tenure_store::key_list::Filter::default();
    assert_eq!(
        setup
            .store
            .key_count(&tenure_store::Scope::whole(), &living)
            .await
            .unwrap(),
        1
    );
    let all = tenure_store::key_list::Filter {
        gone: true,
        ..living.clone()
    };
    assert_eq!(
        setup
            .store
            .key_count(&tenure_store::Scope::whole(), &all)
            .await
            .unwrap(),
        2
    );
    let gone = EventFilter {
        what: Some("key_vanished".to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(setup.store.events(&gone, None, 9).await.unwrap().len(), 1);

    setup.import("h3", &[row("id-1"), row("id-2")]).await;
    assert_eq!(
        setup
            .store
            .key_count(&tenure_store::Scope::whole(), &living)
            .await
            .unwrap(),
        2
    );
    let back = EventFilter {
        what: Some("key_returned".to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(setup.store.events(&back, None, 9).await.unwrap().len(), 1);
}

async fn a_dropped_transaction_leaves_nothing(setup: Setup) {
    let before = setup.store.head().await.unwrap();
    let key = key(&setup, "k1", &json!({}));
    let judged = [Judged {
        key: &key,
        records: &[],
        known: &[],
        links: &[],
    }];
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.save_keys(&judged).await.unwrap();
    drop(txn);
    assert_eq!(setup.store.head().await.unwrap(), before);
    assert!(setup.store.key(&KeyId::new("k1")).await.is_err());
    // And the next writer finds the way free.
    assert_eq!(save(&setup, &[key]).await[0].1, Saved::New);
}

crate::on_both!(
    nothing_is_written_where_nothing_changed,
    changed_facts_are_recorded_as_changes,
    the_day_of_a_finding_is_kept_and_never_moves_later,
    a_key_is_known_again_by_any_of_its_names,
    two_keys_that_turn_out_to_be_one_are_joined,
    records_lead_to_their_key_and_a_vanished_key_says_so,
    two_who_judge_the_same_new_records_make_one_key,
    what_changes_while_it_is_judged_is_judged_again,
    a_dropped_transaction_leaves_nothing,
);
