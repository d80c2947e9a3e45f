//! Importing again and again: no duplicates, changes seen, what vanished noticed, nothing half done.

use crate::setup::{Setup, new_import, place, records, row, who};
use std::process::{Command, Stdio};
use tenure_model::{key::Row, moment::Moment};
use tenure_store::{Counts, EventFilter, Evidence, Store, StoreError};
use tenure_testkit::database::{Database, Engine};

async fn importing_again_adds_nothing(setup: Setup) {
    let rows = [row("a1"), row("a2"), row("a2"), row("a3")];
    let first = setup.import("h1", &rows).await;
    assert_eq!(
        first.counts,
        Counts {
            new: 4,
            ..Counts::default()
        }
    );
    let again = setup.import("h1", &rows).await;
    assert_eq!(again.counts, Counts::default());
    // The order of a file says nothing, and lines move.
    let moved = [row("a3"), row("new"), row("a1"), row("a2"), row("a2")];
    let third = setup.import("h2", &moved).await;
    assert_eq!(
        third.counts,
        Counts {
            new: 1,
            ..Counts::default()
        }
    );
    let kept = setup.store.records_without_key(100).await.unwrap();
    assert_eq!(kept.len(), 5);
    // What is kept says where it stands now.
    let first = kept
        .iter()
        .find(|kept| kept.at.identity.ends_with("|a1"))
        .unwrap();
    let Evidence::Row(told) = &first.evidence else {
        panic!("{first:?}");
    };
    assert_eq!(told.source, "keys.csv line 2");
    let sources = setup.store.sources().await.unwrap();
    assert_eq!(sources.len(), 1);
    assert_eq!(sources[0].hash.as_deref(), Some("h2"));
}

async fn what_changed_and_what_vanished_is_noticed(setup: Setup) {
    setup.import("h1", &[row("a1"), row("a2"), row("a3")]).await;
    let changed = Row {
        owner: Some("ann@example.com".to_owned()),
        ..row("a2")
    };
    let second = setup.import("h2", &[row("a1"), changed.clone()]).await;
    let counts = Counts {
        new: 0,
        changed: 1,
        vanished: 1,
    };
    assert_eq!(second.counts, counts);
    // Gone once, and back once.
    assert_eq!(
        setup
            .import("h2", &[row("a1"), changed.clone()])
            .await
            .counts,
        Counts::default()
    );
    let back = setup.import("h3", &[row("a1"), changed, row("a3")]).await;
    assert_eq!(
        back.counts,
        Counts {
            changed: 1,
            ..Counts::default()
        }
    );
    let what = EventFilter {
        what: Some("import_finished".to_owned()),
        ..EventFilter::default()
    };
    let events = setup.store.events(&what, None, 10).await.unwrap();
    assert_eq!(events.len(), 4);
    assert!(
        events[2].body.contains("\"vanished\":1"),
        "{}",
        events[2].body
    );
}

async fn a_source_that_is_not_whole_loses_nothing(setup: Setup) {
    setup.import("h1", &[row("a1"), row("a2")]).await;
    let partial = tenure_store::NewImport {
        complete: false,
        ..new_import("h2")
    };
    let mut import = setup
        .store
        .begin_import(&who(), setup.now(), &partial)
        .await
        .unwrap();
    let some = records(&[row("a1")]);
    setup
        .store
        .import(&mut import, &who(), setup.now(), &some)
        .await
        .unwrap();
    let ended = setup
        .store
        .finish_import(import, &who(), setup.now(), &[])
        .await
        .unwrap();
    assert_eq!(ended.counts, Counts::default());
}

async fn an_import_that_was_cut_off_goes_on(setup: Setup) {
    let rows: Vec<Row> = (0..30).map(|n| row(&format!("a{n}"))).collect();
    let all = records(&rows);
    let mut import = setup.begin("h1").await;
    setup
        .store
        .import(&mut import, &who(), setup.now(), &all[..10])
        .await
        .unwrap();
    let stale = import.clone();
    // The same content: it goes on after what is written.
    let mut again = setup.begin("h1").await;
    assert_eq!((again.done, &again.run), (10, &import.run));
    setup
        .store
        .import(&mut again, &who(), setup.now(), &all[10..])
        .await
        .unwrap();
    // Whoever was slow cannot write on.
    let mut late = stale.clone();
    let error = setup
        .store
        .import(&mut late, &who(), setup.now(), &all[10..])
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    let ended = setup
        .store
        .finish_import(again, &who(), setup.now(), &[])
        .await
        .unwrap();
    assert_eq!(
        ended.counts,
        Counts {
            new: 30,
            ..Counts::default()
        }
    );
    let error = setup
        .store
        .finish_import(stale, &who(), setup.now(), &[])
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    // Other content: the one that was cut off is given up.
    let mut cut = setup.begin("h2").await;
    setup
        .store
        .import(&mut cut, &who(), setup.now(), &all[..5])
        .await
        .unwrap();
    let ended = setup.import("h3", &rows).await;
    assert_eq!(ended.counts, Counts::default());
    let states: Vec<String> = setup
        .store
        .runs(9)
        .await
        .unwrap()
        .into_iter()
        .map(|r| r.state)
        .collect();
    assert_eq!(states, ["finished", "abandoned", "finished"]);
}

async fn a_secret_never_reaches_the_database(setup: Setup) {
    let canary = "canary-that-stands-in-no-table";
    let rows = [Row {
        secret: Some(tenure_model::secret::Secret::new(canary.as_bytes())),
        ..row("a1")
    }];
    setup.import("h1", &rows).await;
    let kept = setup.store.records_without_key(1).await.unwrap();
    assert!(!format!("{kept:?}").contains(canary));
    let mut export = Vec::new();
    setup
        .store
        .export(&setup.signer().await, None, &mut export)
        .await
        .unwrap();
    assert!(!String::from_utf8(export).unwrap().contains(canary));
    if let Some(file) = setup.database.file() {
        for file in [file.clone(), file.with_extension("db-wal")] {
            let bytes = std::fs::read(file).unwrap();
            let found = bytes
                .windows(canary.len())
                .any(|some| some == canary.as_bytes());
            assert!(!found);
        }
    }
}

/// Rows of the import that is killed.
fn many() -> Vec<Row> {
    (0..4000).map(|n| row(&format!("a{n:05}"))).collect()
}

const PLACE: &str = "TENURE_TEST_PLACE";

/// Not a test of its own: what is killed half way.
#[tokio::test]
#[ignore = "run by the test that kills it"]
async fn imports_until_it_is_killed() {
    let Ok(at) = std::env::var(PLACE) else {
        return;
    };
    let place = if at.starts_with("postgres:") {
        tenure_store::Place::Postgres(at)
    } else {
        tenure_store::Place::File(at.into())
    };
    let now = Moment::from_micros(1_795_800_000_000_000);
    let store = Store::open(&place, now).await.unwrap();
    let mut import = store
        .begin_import(&who(), now, &new_import("h1"))
        .await
        .unwrap();
    let rest = &records(&many())[usize::try_from(import.done).unwrap()..];
    for chunk in rest.chunks(20) {
        store.import(&mut import, &who(), now, chunk).await.unwrap();
    }
}

async fn killed_in_the_middle_it_goes_on_or_is_absent(setup: Setup) {
    let at = setup.database.file().map_or_else(
        || setup.database.url().unwrap().to_owned(),
        |file| file.display().to_string(),
    );
    let all = records(&many());
    let mut last = 0;
    for _ in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "imports::imports_until_it_is_killed",
            ])
            .env(PLACE, &at)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Killed as soon as it has written something more, wherever it is then.
        let written = loop {
            let runs = setup.store.runs(1).await.unwrap();
            let written = runs.first().map_or(0, |run| run.records);
            if written > last {
                break written;
            }
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            tokio::task::yield_now().await;
        };
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(written <= 4000);
        last = setup.store.runs(1).await.unwrap()[0].records;
        // Every record that is marked as written is there, and no other.
        let mut kept = 0u64;
        let source = setup.store.sources().await.unwrap()[0].id.clone();
        let mut after: Option<String> = None;
        loop {
            let page = setup
                .store
                .records_in(&source, after.as_deref(), 1000)
                .await
                .unwrap();
            let Some(end) = page.last() else { break };
            after = Some(end.at.identity.clone());
            kept += page.len() as u64;
        }
        assert_eq!(kept, setup.store.runs(1).await.unwrap()[0].records);
    }
    let mut import = setup.begin("h1").await;
    assert_eq!(import.done, setup.store.runs(1).await.unwrap()[0].records);
    let rest = &all[usize::try_from(import.done).unwrap()..];
    for chunk in rest.chunks(1000) {
        setup
            .store
            .import(&mut import, &who(), setup.now(), chunk)
            .await
            .unwrap();
    }
    let ended = setup
        .store
        .finish_import(import, &who(), setup.now(), &[])
        .await
        .unwrap();
    assert_eq!(
        ended.counts,
        Counts {
            new: 4000,
            ..Counts::default()
        }
    );
    let mut export = Vec::new();
    let signer = setup.signer().await;
    setup
        .store
        .export(&signer, None, &mut export)
        .await
        .unwrap();
    let text = String::from_utf8(export).unwrap();
    tenure_model::log::export::verify(&text, &signer.verifier(), None).unwrap();
}

#[tokio::test]
async fn two_stores_on_one_file_share_it() {
    let database = Database::new(Engine::Sqlite).unwrap();
    let now = Moment::from_micros(1_795_800_000_000_000);
    let a = Store::open(&place(&database), now).await.unwrap();
    let b = Store::open(&place(&database), now).await.unwrap();
    let import = a
        .begin_import(&who(), now, &new_import("h1"))
        .await
        .unwrap();
    let same = b
        .begin_import(&who(), now, &new_import("h1"))
        .await
        .unwrap();
    assert_eq!(import.run, same.run);
}

crate::on_both!(
    importing_again_adds_nothing,
    what_changed_and_what_vanished_is_noticed,
    a_source_that_is_not_whole_loses_nothing,
    an_import_that_was_cut_off_goes_on,
    a_secret_never_reaches_the_database,
    killed_in_the_middle_it_goes_on_or_is_absent,
);
