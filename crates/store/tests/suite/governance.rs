//! Campaigns, requests, stated facts, comments and evidence: what the tables keep, and what they forbid, whoever asks.

use crate::setup::{Setup, who};
use serde_json::json;
use std::collections::BTreeMap;
use tenure_model::{
    access::PersonId,
    attest::{Answers, Campaign, Item, Reviewers, Said},
    exception::Closing,
    facts::Verdict,
    id::KeyId,
    key_request::{Forecast, KeyRequest, State, Wanted},
    level::Level,
    pick::Pick,
    policy::Policy,
};
use tenure_store::{About, StoreError, new_key_request_id, new_review_id};
use tenure_testkit::judged;

fn person(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

async fn with_key(setup: &Setup) -> KeyId {
    let key = judged::key("k1", &json!({}), setup.now().day());
    crate::keys::save(setup, &[key]).await;
    KeyId::new("k1")
}

async fn facts_are_stated_changed_and_taken_back(setup: Setup) {
    let key = with_key(&setup).await;
    let state = async |facts: &[(String, Option<String>)]| {
        let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
        txn.state(&key, facts).await.unwrap();
        txn.commit_noted().await.unwrap()
    };
    let fact = |value: Option<&str>| [("isolated".to_owned(), value.map(str::to_owned))];
    assert!(state(&fact(Some("true"))).await.is_some());
    assert!(
        state(&fact(Some("true"))).await.is_none(),
        "the same again is no event"
    );
    let stated = setup
        .store
        .stated(std::slice::from_ref(&key))
        .await
        .unwrap();
    assert_eq!(
        (stated[0].name.as_str(), stated[0].value.as_str()),
        ("isolated", "true")
    );
    assert!(state(&fact(Some("false"))).await.is_some());
    assert!(state(&fact(None)).await.is_some());
    assert!(setup.store.stated(&[key]).await.unwrap().is_empty());
}

async fn a_campaign_takes_answers_of_who_is_asked_until_it_is_closed(setup: Setup) {
    let key = with_key(&setup).await;
    let pick = Pick::parse("provider=acme").unwrap();
    let (id, now) = (new_review_id().unwrap(), setup.now());
    let due = now.day().plus(7);
    let campaign =
        Campaign::start(&id, "t", pick, Reviewers::Owners, due, "person:ann", now).unwrap();
    let mut item = Item {
        key: key.to_string(),
        name: "deploy".to_owned(),
        reviewers: vec![person("olga")],
        attestation: None,
    };
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.add_review(&campaign, std::slice::from_ref(&item))
        .await
        .unwrap();
    txn.commit_noted().await.unwrap();
    let yes = Answers::all(Said::Yes);
    let now = setup.now();
    campaign
        .answer(&mut item, yes.clone(), "", &person("olga"), now)
        .unwrap();
    let answer = async |item: &Item| {
        let mut txn = setup.store.begin(&who(), setup.now()).await?;
        txn.answer_review(&campaign, item).await?;
        txn.commit_noted().await.map(drop)
    };
    answer(&item).await.unwrap();
    assert_eq!(setup.store.review_items(&id).await.unwrap(), [item.clone()]);
    assert_eq!(
        setup
            .store
            .attestations(std::slice::from_ref(&key))
            .await
            .unwrap()[&key]
            .answers,
        yes
    );
    // Whoever has the database's password cannot put another name under it.
    for sql in [
        "UPDATE review_items SET answered_by = 'ulf'",
        "UPDATE review_items SET answered_by = NULL",
        "UPDATE review_items SET outcome = 'unanswered'",
    ] {
        assert!(setup.attempt(sql).await.is_err(), "{sql}");
    }
    let mut closed = campaign.clone();
    closed.close("person:ann", setup.now()).unwrap();
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.save_review(&closed, 1, "closed", json!({}))
        .await
        .unwrap();
    txn.commit_noted().await.unwrap();
    let late = answer(&item).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    let twice = txn.save_review(&closed, 1, "closed", json!({})).await;
    assert!(matches!(twice, Err(StoreError::Conflict(_))));
    drop(txn);
    assert!(setup.store.reviews(true, 9).await.unwrap().is_empty());
    assert_eq!(setup.store.reviews(false, 9).await.unwrap().len(), 1);
}

fn request(setup: &Setup) -> KeyRequest {
    let wanted = Wanted {
        provider: "acme".to_owned(),
        credential: "api_key".to_owned(),
        purpose: "export".to_owned(),
        why_not: BTreeMap::new(),
        owner: person("olga"),
        expires: setup.now().day().plus(30),
        consumers: Vec::new(),
        facts: BTreeMap::new(),
    };
    let forecast = Forecast {
        verdict: Verdict::Constrain,
        level: Level::B2,
        instead: None,
        options: Vec::new(),
        needs_exception: true,
        because: Vec::new(),
        facts: "f".to_owned(),
        policy: "p".to_owned(),
    };
    let id = new_key_request_id().unwrap();
    let policy = Policy::builtin();
    KeyRequest::make(&id, wanted, forecast, &person("ann"), &policy, setup.now()).unwrap()
}

async fn a_request_is_decided_once_and_by_nobody_who_has_to_do_with_it(setup: Setup) {
    let request = request(&setup);
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.add_key_request(&request).await.unwrap();
    txn.commit_noted().await.unwrap();
    let id = request.id().to_owned();
    let closing = Closing {
        by: person("bob"),
        reason: "fine".to_owned(),
        at: setup.now(),
    };
    let statement = request.statement();
    let approved = request
        .clone()
        .approve(closing, statement.digest())
        .unwrap();
    let save = async || {
        let mut txn = setup.store.begin(&who(), setup.now()).await?;
        txn.save_key_request(&approved, 1).await?;
        txn.commit_noted().await.map(drop)
    };
    save().await.unwrap();
    assert!(matches!(save().await, Err(StoreError::Conflict(_))));
    let stored = setup.store.key_request(&id).await.unwrap();
    assert_eq!((stored.request, stored.version), (approved.clone(), 2));
    for sql in [
        "UPDATE key_requests SET decided_by = 'ann'",
        "UPDATE key_requests SET decided_by = 'olga'",
        "UPDATE key_requests SET decided_by = NULL",
        "UPDATE key_requests SET state = 'withdrawn'",
    ] {
        assert!(setup.attempt(sql).await.is_err(), "{sql}");
    }
    let waiting = setup
        .store
        .key_requests(Some(State::Requested), None, 9)
        .await
        .unwrap();
    assert!(waiting.is_empty());
    assert_eq!(
        setup.store.key_requests(None, None, 9).await.unwrap().len(),
        1
    );
    // After the only one comes none; after none of the kind, nothing can come.
    let after = setup.store.key_requests(None, Some(id.as_str()), 9);
    assert!(after.await.unwrap().is_empty());
    let after = setup.store.key_requests(None, Some("q0"), 9).await;
    assert!(matches!(after, Err(StoreError::Unknown(_))));
    assert!(matches!(
        setup.store.key_request("q0").await,
        Err(StoreError::Unknown(_))
    ));
}

async fn evidence_is_kept_to_the_byte_and_an_altered_one_is_found(setup: Setup) {
    let about = About::Key(with_key(&setup).await);
    let content: Vec<u8> = (0..=255).collect();
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.add_comment(&about, "gr\u{fc}\u{df}e").await.unwrap();
    let file = txn
        .add_attachment(&about, "a.png", "image/png", &content)
        .await
        .unwrap();
    txn.commit_noted().await.unwrap();
    assert_eq!(
        setup.store.comments(&about).await.unwrap()[0].text,
        "gr\u{fc}\u{df}e"
    );
    let (kept, bytes) = setup.store.attachment(&file.id).await.unwrap();
    assert_eq!((kept, bytes), (file.clone(), content));
    assert_eq!(setup.store.attached_to(&file.id).await.unwrap(), about);
    // The log has the digest, and neither the words nor the bytes.
    let log = setup.store.entries(0, 99).await.unwrap();
    let log: String = log.into_iter().map(|entry| entry.body).collect();
    assert!(
        log.contains(&file.sha256) && !log.contains("gr\u{fc}"),
        "{log}"
    );
    setup
        .tamper("UPDATE attachments SET sha256 = 'another'")
        .await;
    let altered = setup.store.attachment(&file.id).await;
    assert!(matches!(altered, Err(StoreError::Broken(_))), "{altered:?}");
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    let long = "x".repeat(10_001);
    assert!(
        txn.add_comment(&about, &long)
            .await
            .unwrap_err()
            .is_constraint()
    );
}

crate::on_both!(
    facts_are_stated_changed_and_taken_back,
    a_campaign_takes_answers_of_who_is_asked_until_it_is_closed,
    a_request_is_decided_once_and_by_nobody_who_has_to_do_with_it,
    evidence_is_kept_to_the_byte_and_an_altered_one_is_found
);
