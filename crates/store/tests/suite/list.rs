//! The list: every key once on the pages of every order, filters, counts and facets that agree with a recount.

use crate::{keys::save, setup::Setup};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    assessment::Key,
    key::{Basis, Told},
};
use tenure_store::key_list::{Cursor, Entry, Facet, Filter, Sort};
use tenure_testkit::judged;

/// Sixty keys of three providers, some owned, some used, at several levels.
async fn fill(setup: &Setup) -> Vec<Key> {
    let day = setup.now().day();
    let kinds: [Value; 4] = [
        json!({}),
        json!({"owner": "none"}),
        json!({"exposure": "confirmed"}),
        json!({"privilege": "read_narrow", "data": "internal"}),
    ];
    let keys: Vec<Key> = (0..60usize)
        .map(|n| {
            let mut key = judged::key(&format!("k{n:02}"), &kinds[n % 4], day);
            key.provider = ["acme", "beta", "gamma_100%"][n % 3].to_owned();
            key.name = Some(format!("{} deploy {n}", ["Zeta", "alpha"][n % 2]));
            if n % 4 != 1 {
                key.owner = Told::new(format!("person{}", n % 5), Basis::Declared, "a test");
            }
            if n % 2 == 0 {
                key.last_used = Told::new(day.plus(-(n as i64 % 7)), Basis::Observed, "a test");
            }
            key
        })
        .collect();
    save(setup, &keys).await;
    keys
}

async fn all_pages(setup: &Setup, filter: &Filter, sort: Sort) -> Vec<Entry> {
    let (mut all, mut after) = (Vec::new(), None::<Cursor>);
    loop {
        let page = setup
            .store
            .key_page(
                &tenure_store::Scope::whole(),
                filter,
                sort,
                after.as_ref(),
                7,
            )
            .await
            .unwrap();
        assert!(page.entries.len() <= 7);
        all.extend(page.entries);
        match page.next {
            Some(next) => after = Some(Cursor::of(&next.text()).unwrap()),
            None => return all,
        }
    }
}

async fn every_key_is_on_one_page_of_every_order(setup: Setup) {
    let keys = fill(&setup).await;
    for sort in Sort::ALL {
        let all = all_pages(&setup, &Filter::default(), *sort).await;
        let ids: BTreeSet<&str> = all.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!((ids.len(), all.len()), (keys.len(), keys.len()), "{sort}");
        let sorted = |a: &Entry, b: &Entry| match sort {
            Sort::Due => {
                a.due.unwrap_or(tenure_model::day::Day::MAX)
                    <= b.due.unwrap_or(tenure_model::day::Day::MAX)
            }
            Sort::Verdict => a.verdict <= b.verdict,
            Sort::Level => a.level >= b.level,
            Sort::Name => a.label.to_lowercase() <= b.label.to_lowercase(),
            Sort::LastUsed | Sort::Created => true,
        };
        assert!(all.windows(2).all(|two| sorted(&two[0], &two[1])), "{sort}");
    }
}

async fn filters_find_what_a_look_at_each_key_finds(setup: Setup) {
    let keys = fill(&setup).await;
    let by = |facet, values: &[&str]| Filter {
        facets: BTreeMap::from([(facet, values.iter().map(|v| (*v).to_owned()).collect())]),
        ..Filter::default()
    };
    type Look = fn(&Key) -> bool;
    let cases: [(Filter, Look); 8] = [
        (by(Facet::Provider, &["beta"]), |k| k.provider == "beta"),
        (by(Facet::Provider, &["beta", "acme"]), |k| {
            k.provider != "gamma_100%"
        }),
        (by(Facet::Owner, &[""]), |k| k.owner.value.is_none()),
        (by(Facet::Verdict, &["exposed"]), |k| {
            k.verdict.id.word() == "exposed"
        }),
        (by(Facet::Level, &["B3", "B4"]), |k| {
            k.verdict.outcome.level >= tenure_model::level::Level::B3
        }),
        (
            Filter {
                search: Some("ALPHA 1".to_owned()),
                ..Filter::default()
            },
            |k| {
                k.name.as_ref().unwrap().contains("alpha")
                    && format!("{k:?}").contains('1')
                    && [
                        k.name.clone().unwrap(),
                        k.id.clone(),
                        k.owner.value.clone().unwrap_or_default(),
                    ]
                    .join(" ")
                    .contains('1')
                    || (k.name.as_ref().unwrap().contains("alpha") && k.provider.contains('1'))
            },
        ),
        (
            Filter {
                search: Some("0%".to_owned()),
                ..Filter::default()
            },
            |k| k.provider.contains('%'),
        ),
        (
            Filter {
                search: Some("a_1".to_owned()),
                ..Filter::default()
            },
            |k| k.provider.contains("a_1"),
        ),
    ];
    for (filter, look) in cases {
        let found: BTreeSet<String> = all_pages(&setup, &filter, Sort::Due)
            .await
            .into_iter()
            .map(|entry| entry.id.to_string())
            .collect();
        let wanted: BTreeSet<String> = keys
            .iter()
            .filter(|key| look(key))
            .map(|key| key.id.clone())
            .collect();
        assert_eq!(found, wanted, "{filter:?}");
        assert!(!wanted.is_empty());
        assert_eq!(
            setup
                .store
                .key_count(&tenure_store::Scope::whole(), &filter)
                .await
                .unwrap(),
            wanted.len() as u64
        );
    }
}

async fn kept_counts_agree_with_a_recount(setup: Setup) {
    let mut keys = fill(&setup).await;
    for key in keys.iter_mut().skip(10).take(20) {
        "delta".clone_into(&mut key.provider);
        key.owner = Told::new("person9".to_owned(), Basis::Declared, "a test");
    }
    save(&setup, &keys).await;
    let all = all_pages(&setup, &Filter::default(), Sort::Name).await;
    for (facet, value) in [
        (
            Facet::Provider,
            (|e: &Entry| e.provider.clone()) as fn(&Entry) -> String,
        ),
        (Facet::Owner, |e| e.owner.clone()),
        (Facet::Verdict, |e| e.verdict.word().to_owned()),
        (Facet::Level, |e| e.level.word().to_owned()),
        (Facet::Urgency, |e| e.urgency.clone()),
    ] {
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for entry in &all {
            *counted.entry(value(entry)).or_default() += 1;
        }
        let kept: BTreeMap<String, u64> = setup
            .store
            .facet(&tenure_store::Scope::whole(), facet, 99)
            .await
            .unwrap()
            .into_iter()
            .collect();
        assert_eq!(kept, counted, "{facet}");
    }
}

/// A search finds what holds the words as they are, whatever they would mean to an index, and follows each change.
async fn a_search_finds_words_as_they_are_and_follows_changes(setup: Setup) {
    let named = |id: &str, name: &str| Key {
        name: Some(name.to_owned()),
        ..judged::key(id, &json!({}), setup.now().day())
    };
    let first = [
        named("k1", "deploy \"prod\" OR nothing"),
        named("k2", "nightly*export (2%)"),
        named("k3", "Łódź-Gateway_1"),
        named("k4", "plain"),
    ];
    save(&setup, &first).await;
    let found = async |words: &str| -> Vec<String> {
        let filter = Filter {
            search: Some(words.to_owned()),
            ..Filter::default()
        };
        let scope = tenure_store::Scope::whole();
        let page = setup
            .store
            .key_page(&scope, &filter, Sort::Name, None, 9)
            .await
            .unwrap();
        let count = setup.store.key_count(&scope, &filter).await.unwrap();
        assert_eq!(count, u64::try_from(page.entries.len()).unwrap(), "{words}");
        let mut ids: Vec<String> = page
            .entries
            .iter()
            .map(|entry| entry.id.to_string())
            .collect();
        ids.sort();
        ids
    };
    for (words, ids) in [
        ("deploy", &["k1"][..]),
        ("\"prod\"", &["k1"]),
        ("prod\" OR", &["k1"]),
        ("NEAR(deploy", &[]),
        ("nightly*", &["k2"]),
        ("*export", &["k2"]),
        ("(2%)", &["k2"]),
        ("%%%", &[]),
        ("___", &[]),
        ("ŁÓDŹ", &["k3"]),
        ("gateway_1", &["k3"]),
        ("search:plain", &[]),
        ("plain deploy", &[]),
        ("ain", &["k4"]),
        ("in", &["k1", "k4"]),
        ("'; DROP TABLE key_list; --", &[]),
    ] {
        assert_eq!(found(words).await, ids, "{words}");
    }
    save(&setup, &[named("k4", "renamed")]).await;
    assert_eq!(found("plain").await, [""; 0]);
    assert_eq!(found("renamed").await, ["k4"]);
}

crate::on_both!(
    a_search_finds_words_as_they_are_and_follows_changes,
    every_key_is_on_one_page_of_every_order,
    filters_find_what_a_look_at_each_key_finds,
    kept_counts_agree_with_a_recount,
);
