//! The log: whoever edits the database, puts an old one back or refuses in silence is found out.

use crate::{
    keys::save,
    setup::{Setup, place, who},
};
use serde_json::{Value, json};
use tenure_model::{
    access::{Act, Action, ObjectKind, Unit},
    event::Change,
    log::{
        Checkpoint, Signer,
        export::{Tampered, verify},
        proof,
    },
};
use tenure_store::{EventFilter, Place, Store, StoreError};
use tenure_testkit::judged;

fn act(n: u64) -> Change {
    Change::Act {
        act: "login".to_owned(),
        kind: "person".to_owned(),
        id: format!("p{n}"),
        detail: Value::Null,
    }
}

async fn acts(setup: &Setup, how_many: u64) {
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    for n in 1..how_many {
        txn.note(act(n));
    }
    txn.commit(act(0)).await.unwrap();
}

async fn export(store: &Store, signer: &Signer) -> String {
    let mut out = Vec::new();
    store.export(signer, None, &mut out).await.unwrap();
    String::from_utf8(out).unwrap()
}

async fn proofs_of_the_store_hold(setup: Setup) {
    for n in [1, 2, 300, 1, 211] {
        acts(&setup, n).await;
    }
    let store = &setup.store;
    let head = store.head().await.unwrap();
    // One more than the acts: the register was made.
    assert_eq!(head.tree.size(), 516);
    let entries = store.entries(0, 1000).await.unwrap();
    assert_eq!(entries.len(), 516);
    for size in [1, 2, 255, 256, 257, 515, 516] {
        let root = store.root_at(size).await.unwrap();
        for index in [0, 1, 254, 255, 256, 300, 514, 515]
            .into_iter()
            .filter(|at| *at < size)
        {
            let path = store.inclusion(index, size).await.unwrap();
            let leaf = entries[usize::try_from(index).unwrap()].leaf;
            proof::check_inclusion(leaf, index, size, root, &path).unwrap();
        }
        for earlier in [1, 3, 255, 256, 511, 516]
            .into_iter()
            .filter(|at| *at <= size)
        {
            let path = store.consistency(earlier, size).await.unwrap();
            let before = store.root_at(earlier).await.unwrap();
            proof::check_consistency(earlier, before, size, root, &path).unwrap();
        }
    }
    assert_eq!(store.root_at(516).await.unwrap(), head.tree.root());
    assert!(matches!(
        store.inclusion(516, 516).await,
        Err(StoreError::Unknown(_))
    ));
    assert!(matches!(
        store.inclusion(0, 517).await,
        Err(StoreError::Unknown(_))
    ));
    let signer = setup.signer().await;
    let text = export(store, &signer).await;
    assert!(verify(&text, &signer.verifier(), None).unwrap().is_whole());
    let mut part = Vec::new();
    store
        .export(&signer, Some(250..260), &mut part)
        .await
        .unwrap();
    let part = String::from_utf8(part).unwrap();
    let verified = verify(&part, &signer.verifier(), None).unwrap();
    assert_eq!((verified.from, verified.to), (250, 260));
}

async fn a_denial_is_an_event_and_changes_nothing(setup: Setup) {
    acts(&setup, 1).await;
    let at = setup.now();
    let refused = Act {
        actor: "person:ann".to_owned(),
        action: Action::ExceptionApprove,
        object: ObjectKind::Exception,
        object_id: "x7".to_owned(),
        unit: Unit::whole(),
        policies: vec!["separation-of-duties".to_owned()],
        rules: "d".to_owned(),
    };
    let index = setup
        .store
        .deny(&refused, at, "nobody approves what they asked for")
        .await
        .unwrap();
    let denied = EventFilter {
        denied: true,
        ..EventFilter::default()
    };
    let events = setup.store.events(&denied, None, 9).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].index, index);
    let event: tenure_model::event::Event = serde_json::from_str(&events[0].body).unwrap();
    assert_eq!(event.who.label(), "person:ann");
    assert!(
        events[0]
            .body
            .contains("\"policies\":[\"separation-of-duties\"]")
    );
    assert_eq!(event.change.about(), ("act", "x7".to_owned()));
    assert_eq!(event.bytes(), events[0].body.as_bytes());
}

/// What an export of a database says that somebody edited by hand.
async fn found(setup: &Setup, sql: &'static str) -> Tampered {
    let signer = setup.signer_after(400).await;
    verify(
        &export(&setup.store, &signer).await,
        &signer.verifier(),
        None,
    )
    .unwrap();
    setup.tamper(sql).await;
    verify(
        &export(&setup.store, &signer).await,
        &signer.verifier(),
        None,
    )
    .unwrap_err()
}

async fn an_altered_event_is_named(setup: Setup) {
    let sql =
        "UPDATE events SET body = REPLACE(body, '\"login\"', '\"logout\"') WHERE log_index = 123";
    let refusal = found(&setup, sql).await;
    assert!(
        matches!(refusal, Tampered::Altered { index: 123, .. }),
        "{refusal}"
    );
}

async fn an_event_that_is_filed_as_another_is_named(setup: Setup) {
    setup.signer_after(400).await;
    assert_eq!(setup.store.misfiled(0, 1000).await.unwrap().0, None);
    for (column, sql) in [
        (
            "who",
            "UPDATE events SET who = 'person:else' WHERE log_index = 123",
        ),
        (
            "what",
            "UPDATE events SET what = 'decided' WHERE log_index = 122",
        ),
        (
            "about",
            "UPDATE events SET about = 'else' WHERE log_index = 121",
        ),
        ("at", "UPDATE events SET at = at + 1 WHERE log_index = 120"),
        (
            "denied",
            "UPDATE events SET denied = 1 - denied WHERE log_index = 119",
        ),
    ] {
        setup.tamper(sql).await;
        let (misfiled, _) = setup.store.misfiled(0, 1000).await.unwrap();
        let index = sql.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
        assert_eq!(misfiled, Some(index), "{column}");
    }
    let (misfiled, looked_at) = setup.store.misfiled(124, 10).await.unwrap();
    assert_eq!((misfiled, looked_at), (None, 10));
}

async fn an_event_that_is_no_json_any_more_is_named(setup: Setup) {
    let refusal = found(
        &setup,
        "UPDATE events SET body = 'gone' WHERE log_index = 123",
    )
    .await;
    assert!(
        matches!(refusal, Tampered::Altered { index: 123, .. }),
        "{refusal}"
    );
}

async fn a_deleted_event_is_named(setup: Setup) {
    let signer = setup.signer_after(400).await;
    setup
        .tamper("DELETE FROM events WHERE log_index = 123")
        .await;
    // The block that it stood in can no longer be what was signed.
    let refusal = verify(
        &export(&setup.store, &signer).await,
        &signer.verifier(),
        None,
    )
    .unwrap_err();
    assert!(
        matches!(
            refusal,
            Tampered::Block {
                from: 0,
                last: 255,
                ..
            }
        ),
        "{refusal}"
    );
    assert_eq!(setup.store.missing_entry().await.unwrap(), Some(123));
}

async fn reordered_events_are_named(setup: Setup) {
    let sql = "UPDATE events SET log_index = -1 WHERE log_index = 123; \
               UPDATE events SET log_index = 123 WHERE log_index = 124; \
               UPDATE events SET log_index = 124 WHERE log_index = -1";
    let refusal = found(&setup, sql).await;
    assert!(
        matches!(refusal, Tampered::Block { from: 0, .. }),
        "{refusal}"
    );
}

async fn a_log_that_was_cut_off_is_found(setup: Setup) {
    let signer = setup.signer_after(400).await;
    let (kept, _) = setup.store.checkpoint(&signer).await.unwrap();
    setup
        .tamper("DELETE FROM events WHERE log_index >= 300")
        .await;
    assert_eq!(setup.store.missing_entry().await.unwrap(), Some(300));
    // The head moved back by hand as well.
    setup.tamper("UPDATE log_head SET size = 300").await;
    let error = setup.store.check_begins_with(&kept).await.unwrap_err();
    assert!(error.to_string().contains("event 300 is gone"), "{error}");
    // To a size that has other subtrees: it is no head at all.
    setup.tamper("UPDATE log_head SET size = 256").await;
    let error = setup.store.check_begins_with(&kept).await.unwrap_err();
    assert!(matches!(error, StoreError::Broken(_)), "{error}");
}

async fn an_old_database_is_found_by_a_kept_checkpoint(setup: Setup) {
    acts(&setup, 10).await;
    let signer = setup.signer().await;
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.db");
    if !setup.store.copy_to(&old).await.unwrap() {
        // PostgreSQL is copied by its own tools; what is checked is the same code.
        return;
    }
    acts(&setup, 10).await;
    let (kept, note) = setup.store.checkpoint(&signer).await.unwrap();
    assert_eq!(Checkpoint::open(&note, &signer.verifier()).unwrap(), kept);
    setup.store.check_begins_with(&kept).await.unwrap();
    let back = Store::open(&Place::File(old), setup.now()).await.unwrap();
    let error = back.check_begins_with(&kept).await.unwrap_err();
    assert!(matches!(error, StoreError::SetBack(_)), "{error}");
    assert!(error.to_string().contains("event 11 is gone"), "{error}");
    let text = export(&back, &signer).await;
    let refusal = verify(&text, &signer.verifier(), Some(kept.clone())).unwrap_err();
    assert_eq!(
        refusal,
        Tampered::SetBack {
            index: 11,
            size: 21
        }
    );
    // It went on from there: as long as before, and another log.
    let mut txn = back.begin(&who(), setup.now()).await.unwrap();
    for n in 0..20 {
        txn.note(act(n));
    }
    txn.commit_noted().await.unwrap();
    let error = back.check_begins_with(&kept).await.unwrap_err();
    assert!(
        error.to_string().contains("not those of the checkpoint"),
        "{error}"
    );
}

async fn many_writers_make_one_log(setup: Setup) {
    let other = Store::open(&setup.place(), setup.now()).await.unwrap();
    let mut tasks = Vec::new();
    for task in 0..8u64 {
        let store = if task % 2 == 0 {
            setup.store.clone()
        } else {
            other.clone()
        };
        let at = setup.now();
        let day = at.day();
        tasks.push(tokio::spawn(async move {
            for n in 0..12 {
                let key = judged::key(&format!("k{task}-{n}"), &json!({}), day);
                let judged = [tenure_store::Judged {
                    key: &key,
                    records: &[],
                    known: &[],
                    links: &[],
                }];
                let mut txn = store.begin(&who(), at).await.unwrap();
                txn.save_keys(&judged).await.unwrap();
                txn.commit(act(n)).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    // Three events each, and the making of the register.
    assert_eq!(
        setup.store.head().await.unwrap().tree.size(),
        8 * 12 * 3 + 1
    );
    let signer = setup.signer().await;
    let text = export(&setup.store, &signer).await;
    assert!(verify(&text, &signer.verifier(), None).unwrap().is_whole());
    assert_eq!(
        setup
            .store
            .facet(
                &tenure_store::Scope::whole(),
                tenure_store::key_list::Facet::Provider,
                9
            )
            .await
            .unwrap(),
        [("acme".to_owned(), 96)]
    );
}

async fn another_log_is_told_apart(setup: Setup) {
    save(&setup, &[judged::key("k1", &json!({}), setup.now().day())]).await;
    let signer = setup.signer().await;
    let (mut kept, _) = setup.store.checkpoint(&signer).await.unwrap();
    let stranger = Signer::new("tenure.local/other", &[7; 32]).unwrap();
    assert!(matches!(
        setup.store.checkpoint(&stranger).await,
        Err(StoreError::Conflict(_))
    ));
    "tenure.local/other".clone_into(&mut kept.origin);
    assert!(matches!(
        setup.store.check_begins_with(&kept).await,
        Err(StoreError::SetBack(_))
    ));
    assert_eq!(place(&setup.database), setup.place());
}

impl Setup {
    async fn signer_after(&self, how_many: u64) -> Signer {
        acts(self, how_many).await;
        self.signer().await
    }
}

crate::on_both!(
    proofs_of_the_store_hold,
    a_denial_is_an_event_and_changes_nothing,
    an_altered_event_is_named,
    an_event_that_is_filed_as_another_is_named,
    an_event_that_is_no_json_any_more_is_named,
    a_deleted_event_is_named,
    reordered_events_are_named,
    a_log_that_was_cut_off_is_found,
    an_old_database_is_found_by_a_kept_checkpoint,
    many_writers_make_one_log,
    another_log_is_told_apart,
);
