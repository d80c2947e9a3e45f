//! How fast the store is on this machine, on both databases: rows per second of an import, keys per second of
//! saving what was judged, and the time of list pages.
//!
//! `cargo run --release -p tenure-store --example load -- 100000`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "measures, and is not shipped"
)]

use serde_json::json;
use std::{collections::BTreeMap, time::Instant};
use tenure_model::{
    access::{Action, Permitted},
    alias::Identities,
    assessment::Key,
    id::KeyId,
    infer::SourcedRow,
    key::{Basis, Row, Told},
    moment::Moment,
};
use tenure_store::{
    Evidence, Judged, NewImport, Place, Record, Store,
    key_list::{Facet, Filter, Sort},
};
use tenure_testkit::{
    database::{Database, Engine},
    judged, permit,
};

const AT: Moment = Moment::from_micros(1_795_721_000_000_000);

#[tokio::main]
async fn main() {
    let n: usize = std::env::args()
        .nth(1)
        .map_or(100_000, |text| text.parse().unwrap());
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if let Some(database) = Database::new(engine) {
            println!("{engine:?}, {n} keys");
            measure(&database, n).await;
        }
    }
}

fn who() -> impl Permitted {
    permit::to(Action::ImportRun)
}

async fn measure(database: &Database, n: usize) {
    let place = database.file().map_or_else(
        || Place::Postgres(database.url().unwrap().to_owned()),
        Place::File,
    );
    let store = Store::open(&place, AT).await.unwrap();
    let records = records(n);
    for (name, hash) in [("import", "h1"), ("import again, nothing changed", "h2")] {
        let begun = Instant::now();
        let new = NewImport {
            kind: "load".to_owned(),
            name: "load".to_owned(),
            account: "main".to_owned(),
            hash: hash.to_owned(),
            complete: true,
            coverage: Vec::new(),
        };
        let mut import = store.begin_import(&who(), AT, &new).await.unwrap();
        for chunk in records.chunks(2000) {
            store.import(&mut import, &who(), AT, chunk).await.unwrap();
        }
        store.finish_import(import, &who(), AT, &[]).await.unwrap();
        rate(name, n, begun);
    }
    let mut keys = keys(n);
    save(&store, &keys, "save new keys", AT).await;
    save(&store, &keys, "save again, nothing changed", AT).await;
    let changed = judged::key("k", &json!({"owner": "none"}), AT.day());
    for key in keys.iter_mut().step_by(100) {
        key.facts.clone_from(&changed.facts);
        key.verdict.clone_from(&changed.verdict);
    }
    save(
        &store,
        &keys,
        "save again, 1 % changed",
        AT.plus_seconds(60),
    )
    .await;
    pages(&store).await;
    let begun = Instant::now();
    for key in keys.iter().step_by(keys.len().div_ceil(100)) {
        store.key(&KeyId::new(key.id.clone())).await.unwrap();
    }
    println!("  one key: {:.2} ms", begun.elapsed().as_secs_f64() * 10.0);
    if let Some(file) = database.file() {
        println!(
            "  file: {} MiB",
            std::fs::metadata(file).unwrap().len() >> 20
        );
    }
    store.close().await;
}

/// Two pages and a count, in every order.
async fn pages(store: &Store) {
    let by = |facet, value: &str| Filter {
        facets: BTreeMap::from([(facet, vec![value.to_owned()])]),
        ..Filter::default()
    };
    let search = |words: &str| Filter {
        search: Some(words.to_owned()),
        ..Filter::default()
    };
    let filters = [
        ("all", Filter::default()),
        ("one provider of fifty", by(Facet::Provider, "provider7")),
        ("one verdict, 1 %", by(Facet::Verdict, "unowned")),
        ("one owner of a thousand", by(Facet::Owner, "person77")),
        ("search, one hit", search("deploy-00777")),
    ];
    for (name, filter) in &filters {
        let mut times = Vec::new();
        for sort in Sort::ALL {
            for _ in 0..5 {
                let begun = Instant::now();
                let page = store
                    .key_page(&tenure_store::Scope::whole(), filter, *sort, None, 50)
                    .await
                    .unwrap();
                if let Some(next) = page.next {
                    store
                        .key_page(
                            &tenure_store::Scope::whole(),
                            filter,
                            *sort,
                            Some(&next),
                            50,
                        )
                        .await
                        .unwrap();
                }
                store
                    .key_count(&tenure_store::Scope::whole(), filter)
                    .await
                    .unwrap();
                times.push((begun.elapsed().as_micros(), *sort));
            }
        }
        times.sort_unstable();
        let (slowest, sort) = times[times.len() - 1];
        println!(
            "  two pages and a count, {name}: median {:.1} ms, slowest {:.1} ms (by {sort})",
            times[times.len() / 2].0 as f64 / 1000.0,
            slowest as f64 / 1000.0
        );
    }
}

fn rate(name: &str, n: usize, begun: Instant) {
    let took = begun.elapsed().as_secs_f64();
    println!("  {name}: {took:.1} s, {:.0} a second", n as f64 / took);
}

async fn save(store: &Store, keys: &[Key], name: &str, at: Moment) {
    let begun = Instant::now();
    for chunk in keys.chunks(2000) {
        let judged: Vec<Judged<'_>> = chunk
            .iter()
            .map(|key| Judged {
                key,
                records: &[],
                known: &[],
                links: &[],
            })
            .collect();
        let mut txn = store.begin(&who(), at).await.unwrap();
        txn.save_keys(&judged).await.unwrap();
        txn.commit_noted().await.unwrap();
    }
    rate(name, keys.len(), begun);
}

fn records(n: usize) -> Vec<Record> {
    let mut identities = Identities::default();
    (0..n)
        .map(|n| {
            let told = SourcedRow {
                row: Row {
                    at: format!("line {n}"),
                    provider: "acme".to_owned(),
                    credential: Some("api_key".to_owned()),
                    account: Some("main".to_owned()),
                    key_id: Some(format!("key-of-the-load-{n:07}")),
                    name: Some(format!("deploy-{n:05}")),
                    owner: Some(format!("person{}", n % 1000)),
                    ..Row::default()
                },
                source: format!("load line {n}"),
                basis: Basis::Observed,
                complete: true,
            };
            Record {
                identity: identities.of_row(&told),
                evidence: Evidence::Row(Box::new(told)),
            }
        })
        .collect()
}

fn keys(n: usize) -> Vec<Key> {
    let one = judged::key("k", &json!({}), AT.day());
    (0..n)
        .map(|n| Key {
            id: format!("k{n:011}"),
            key_id: Some(format!("key-of-the-load-{n:07}")),
            provider: format!("provider{}", n % 50),
            name: Some(format!("deploy-{n:05}")),
            owner: Told::new(format!("person{}", n % 1000), Basis::Declared, "load"),
            ..one.clone()
        })
        .collect()
}
