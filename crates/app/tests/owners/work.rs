//! What recurs is done once for each turn of the clock, whoever is killed, and at whatever step.

use crate::house::{House, Shop};
use std::{future::Future, pin::pin, task::Poll};
use tenure_app::{
    channels::Channels,
    register::{Checked, Filter, Reading, Taken, Turn, Worker, run_worker},
    schedule::Work,
    state::State,
};
use tenure_model::access::Role;

/// Goes on with something for so many steps, and drops it then.
async fn killed_after<F: Future>(steps: usize, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut step = 0;
    std::future::poll_fn(|context| {
        if step == steps {
            return Poll::Ready(None);
        }
        step += 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// Imports a key that nobody judges yet.
async fn import_unjudged(house: &House, n: usize) {
    let file = house.folder.path().join("keys.csv");
    let mut text = "provider,name\n".to_owned();
    for n in 0..=n {
        text.push_str(&format!("stripe,k{n}\n"));
    }
    std::fs::write(&file, text).unwrap();
    let reading = Reading {
        providers: &house.providers,
        policy: &house.policy,
        pepper: &house.pepper,
        today: house.now.day(),
    };
    let taken = Taken::export(reading, "table", &file, "keys.csv").unwrap();
    house.desk().import(&taken).await.unwrap();
}

async fn work_off(house: &House, worker: &Worker) -> Vec<Turn> {
    let shop = Shop::of(house, &Channels::default());
    let mut turns = Vec::new();
    loop {
        match worker.turn(&shop).await.unwrap() {
            Turn::Idle => return turns,
            turn => turns.push(turn),
        }
    }
}

async fn what_a_killed_worker_left_is_done_by_another(mut house: House) {
    let (first, second) = (Worker::new("w1"), Worker::new("w2"));
    work_off(&house, &second).await;
    let mut was_cut = 0;
    for (n, steps) in [1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64]
        .into_iter()
        .enumerate()
    {
        house.days_pass(1);
        import_unjudged(&house, n).await;
        let shop = Shop::of(&house, &Channels::default());
        if killed_after(steps, first.turn(&shop)).await.is_none() {
            was_cut += 1;
        }
        drop(shop);
        // Nobody takes over while the lease holds; after that somebody does.
        house.now = house.now.plus_seconds(61);
        let turns = work_off(&house, &second).await;
        assert!(
            turns.iter().all(|turn| matches!(turn, Turn::Done(_))),
            "{turns:?}"
        );
        let counts = house.store.job_counts().await.unwrap();
        assert_eq!((counts.ready, counts.leased, counts.failed), (0, 0, 0));
        assert_eq!(house.names(&Filter::default()).await.len(), n + 1);
    }
    assert!(was_cut > 3, "{was_cut}");
    let desk = house.desk();
    let checked = desk.verify(&State::at(house.folder.path())).await.unwrap();
    assert!(matches!(checked, Some(Checked::Holds(_))));
}

async fn two_workers_share_a_day_and_do_nothing_twice(mut house: House) {
    import_unjudged(&house, 0).await;
    let (first, second) = (Worker::new("w1"), Worker::new("w2"));
    let (a, b) = tokio::join!(work_off(&house, &first), work_off(&house, &second));
    let mut all: Vec<String> = a.iter().chain(&b).map(|turn| format!("{turn:?}")).collect();
    all.sort();
    let mut once: Vec<String> = Work::ALL
        .iter()
        .map(|work| format!("{:?}", Turn::Done(*work)))
        .collect();
    once.sort();
    assert_eq!(all, once);
    assert!(work_off(&house, &first).await.is_empty());
    // Three days of nobody: one turn of each, and not three.
    house.days_pass(3);
    assert_eq!(work_off(&house, &second).await.len(), Work::ALL.len());
}

async fn silence_is_noticed_by_the_clock_alone(mut house: House) {
    house
        .people("id,email,name,manager,active\nu1,ann@x.io,ann,u9,true\nu9,mia@x.io,mia,,true\n")
        .await;
    let keys = "provider,name,account,owner,created_by\nstripe,a1,acc-a,,ann\n";
    house.take("table", "keys.csv", keys).await;
    house.desk().ask_send(&[]).await.unwrap();
    let worker = Worker::new("w1");
    for _ in 0..25 {
        house.days_pass(1);
        work_off(&house, &worker).await;
    }
    let ask = house.store.asks(true, 9).await.unwrap().remove(0);
    assert_eq!(
        (ask.reminders, ask.escalated_to.as_deref()),
        (2, Some("u9"))
    );
}

async fn a_worker_runs_until_it_is_stopped(mut house: House) {
    import_unjudged(&house, 2).await;
    house.calls("anna", &[(Role::Analyst, "*")]);
    let shop = Shop::of(&house, &Channels::default());
    let worker = Worker::new("w1");
    let judged = async {
        // Stops once all is done.
        loop {
            let counts = house.store.job_counts().await.unwrap();
            let known = house.desk().count(&Filter::default()).await.unwrap();
            if known == 3 && counts.ready + counts.leased == 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    run_worker(&shop, &worker, judged).await;
    assert_eq!(house.names(&Filter::default()).await.len(), 3);
}

crate::on_both!(
    what_a_killed_worker_left_is_done_by_another,
    two_workers_share_a_day_and_do_nothing_twice,
    silence_is_noticed_by_the_clock_alone,
    a_worker_runs_until_it_is_stopped,
);
