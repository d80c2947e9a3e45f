//! Jobs: each is done once, whoever is killed, frozen or slow.

use crate::setup::{Setup, who};
use std::collections::BTreeSet;
use tenure_model::event::Change;
use tenure_store::{EventFilter, Lease, MOST_ATTEMPTS, NewJob, Store, StoreError};

async fn enqueue(setup: &Setup, abouts: &[&str]) {
    let jobs: Vec<NewJob> = abouts
        .iter()
        .map(|about| NewJob {
            kind: "assess".to_owned(),
            about: (*about).to_owned(),
            body: "{}".to_owned(),
            due_at: setup.now(),
        })
        .collect();
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.enqueue(&jobs).await.unwrap();
    txn.commit(done("asked")).await.unwrap();
}

fn done(act: &str) -> Change {
    Change::Act {
        act: act.to_owned(),
        kind: "job".to_owned(),
        id: "x".to_owned(),
        detail: serde_json::Value::Null,
    }
}

async fn claim(setup: &Setup, worker: &str, most: u64) -> Vec<Lease> {
    setup
        .store
        .claim(worker, &["assess"], setup.now(), 60, most)
        .await
        .unwrap()
}

async fn finish(setup: &Setup, lease: &Lease) -> Result<(), StoreError> {
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.finish_job(lease).await?;
    txn.commit(done("done")).await.map(drop)
}

async fn a_job_that_waits_is_not_added_again(setup: Setup) {
    enqueue(&setup, &["k1", "k2", "k1"]).await;
    enqueue(&setup, &["k1"]).await;
    assert_eq!(setup.store.job_counts().await.unwrap().ready, 2);
    let leases = claim(&setup, "w1", 9).await;
    assert_eq!(leases.len(), 2);
    // While one is worked on, what changed meanwhile asks for another one.
    enqueue(&setup, &["k1"]).await;
    assert_eq!(setup.store.job_counts().await.unwrap().ready, 1);
    assert!(
        setup
            .store
            .claim("w1", &["other"], setup.now(), 60, 9)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn many_workers_claim_each_job_once(setup: Setup) {
    let abouts: Vec<String> = (0..60).map(|n| format!("k{n:02}")).collect();
    let abouts: Vec<&str> = abouts.iter().map(String::as_str).collect();
    enqueue(&setup, &abouts).await;
    let other = Store::open(&setup.place(), setup.now()).await.unwrap();
    let at = setup.now();
    let mut tasks = Vec::new();
    for worker in 0..6u32 {
        let store = if worker % 2 == 0 {
            setup.store.clone()
        } else {
            other.clone()
        };
        tasks.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let some = store
                    .claim(&format!("w{worker}"), &["assess"], at, 60, 4)
                    .await
                    .unwrap();
                if some.is_empty() {
                    return mine;
                }
                mine.extend(some.into_iter().map(|lease| lease.about));
            }
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    let each: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), each.len()), (60, 60));
}

async fn a_killed_workers_job_goes_on_elsewhere_and_a_frozen_one_cannot_finish(setup: Setup) {
    enqueue(&setup, &["k1"]).await;
    let mut frozen = claim(&setup, "w1", 9).await.remove(0);
    assert_eq!(frozen.attempt, 1);
    assert!(claim(&setup, "w2", 9).await.is_empty(), "it is held");
    setup.pass(50);
    setup
        .store
        .heartbeat(&mut frozen, setup.now(), 60)
        .await
        .unwrap();
    setup.pass(30);
    assert!(
        claim(&setup, "w2", 9).await.is_empty(),
        "it was held for longer"
    );
    setup.pass(60);
    let taken = claim(&setup, "w2", 9).await.remove(0);
    assert_eq!((taken.job.clone(), taken.attempt), (frozen.job.clone(), 2));
    // The first wakes up: nothing of what it did stands.
    let before = setup.store.head().await.unwrap();
    assert!(matches!(
        finish(&setup, &frozen).await,
        Err(StoreError::Conflict(_))
    ));
    assert!(
        setup
            .store
            .heartbeat(&mut frozen, setup.now(), 60)
            .await
            .is_err()
    );
    assert!(
        setup
            .store
            .retry(&frozen, setup.now(), "late")
            .await
            .is_err()
    );
    assert_eq!(setup.store.head().await.unwrap(), before);
    finish(&setup, &taken).await.unwrap();
    assert!(
        matches!(finish(&setup, &taken).await, Err(StoreError::Conflict(_))),
        "done once"
    );
    setup.pass(9999);
    assert!(claim(&setup, "w3", 9).await.is_empty());
}

async fn what_fails_is_tried_again_later_and_given_up_in_the_end(setup: Setup) {
    enqueue(&setup, &["k1"]).await;
    for attempt in 1..=MOST_ATTEMPTS {
        let lease = claim(&setup, "w1", 9).await.remove(0);
        assert_eq!(lease.attempt, attempt);
        let at = setup.now();
        let again = setup
            .store
            .retry(&lease, at, "the vendor is down")
            .await
            .unwrap();
        if attempt == MOST_ATTEMPTS {
            assert_eq!(again, None);
            break;
        }
        let pause = again.unwrap().micros() - at.micros();
        assert_eq!(pause, 5_000_000 << (attempt - 1));
        assert!(
            claim(&setup, "w1", 9).await.is_empty(),
            "not before its time"
        );
        setup.pass(pause / 1_000_000);
    }
    setup.pass(99_999);
    assert!(claim(&setup, "w1", 9).await.is_empty());
    assert_eq!(setup.store.job_counts().await.unwrap().failed, 1);
    let failed = EventFilter {
        what: Some("job_failed".to_owned()),
        ..EventFilter::default()
    };
    let events = setup.store.events(&failed, None, 9).await.unwrap();
    assert!(events[0].body.contains("the vendor is down"));
}

async fn a_job_that_is_given_back_makes_way_for_its_newer_twin(setup: Setup) {
    enqueue(&setup, &["k1"]).await;
    let lease = claim(&setup, "w1", 9).await.remove(0);
    enqueue(&setup, &["k1"]).await;
    setup
        .store
        .retry(&lease, setup.now(), "not now")
        .await
        .unwrap();
    setup.pass(99);
    let leases = claim(&setup, "w1", 9).await;
    assert_eq!(leases.len(), 1);
    assert_ne!(leases[0].job, lease.job);
}

async fn a_job_of_a_dropped_transaction_is_never_done(setup: Setup) {
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    let job = NewJob {
        kind: "assess".to_owned(),
        about: "k1".to_owned(),
        body: String::new(),
        due_at: setup.now(),
    };
    txn.enqueue(std::slice::from_ref(&job)).await.unwrap();
    drop(txn);
    // Nor is one whose transaction says nothing of what it changes.
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.enqueue(&[job]).await.unwrap();
    let error = txn.commit_noted().await.unwrap_err();
    assert!(matches!(error, StoreError::Unrecorded(1)), "{error}");
    assert!(claim(&setup, "w1", 9).await.is_empty());
}

async fn a_slot_has_one_turn_whoever_ticks_and_whatever_the_clock_does(setup: Setup) {
    let other = Store::open(&setup.place(), setup.now()).await.unwrap();
    let at = setup.now();
    let job = NewJob {
        kind: "assess".to_owned(),
        about: "all".to_owned(),
        body: "{}".to_owned(),
        due_at: at,
    };
    let (a, b) = tokio::join!(setup.store.tick(&job, 7, at), other.tick(&job, 7, at));
    assert_ne!(a.unwrap(), b.unwrap(), "one of two");
    let lease = claim(&setup, "w1", 9).await.remove(0);
    setup.store.close_job(&lease, setup.now()).await.unwrap();
    let again = setup.store.close_job(&lease, setup.now()).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))));
    assert!(!other.tick(&job, 7, at).await.unwrap(), "it was done");
    assert!(
        !other.tick(&job, 6, at).await.unwrap(),
        "the clock went back"
    );
    assert!(claim(&setup, "w1", 9).await.is_empty());
    assert!(other.tick(&job, 9, at).await.unwrap());
    assert_eq!(
        claim(&setup, "w1", 9).await.len(),
        1,
        "what was missed is done once"
    );
}

crate::on_both!(
    a_slot_has_one_turn_whoever_ticks_and_whatever_the_clock_does,
    a_job_that_waits_is_not_added_again,
    many_workers_claim_each_job_once,
    a_killed_workers_job_goes_on_elsewhere_and_a_frozen_one_cannot_finish,
    what_fails_is_tried_again_later_and_given_up_in_the_end,
    a_job_that_is_given_back_makes_way_for_its_newer_twin,
    a_job_of_a_dropped_transaction_is_never_done,
);
