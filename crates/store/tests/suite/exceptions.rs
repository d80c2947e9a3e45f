//! The exceptions register: what the tables forbid, whoever asks.

use crate::{
    keys::save,
    setup::{Setup, who},
};
use serde_json::json;
use tenure_model::{
    day::Day,
    exception::{Authority, Exception, ExceptionKind, ExceptionState},
    facts::Verdict,
    id::{ExceptionId, KeyId},
    level::Level,
};
use tenure_store::{EventFilter, StoreError, key_list::Facet, new_exception_id};
use tenure_testkit::judged;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

async fn asked(setup: &Setup) -> Exception {
    save(setup, &[judged::key("k1", &json!({}), setup.now().day())]).await;
    Exception {
        id: new_exception_id().unwrap(),
        kind: ExceptionKind::Transitional,
        key: Some(KeyId::new("k1")),
        selector: None,
        state: ExceptionState::Requested,
        verdict: Verdict::Later,
        level: Level::B2,
        bypassed: Vec::new(),
        why: "the vendor has nothing better before March".to_owned(),
        blocker: "vendor_feature".to_owned(),
        compensating: vec!["restricted to one address".to_owned()],
        requested_by: "ann".to_owned(),
        requested_at: setup.now(),
        approver: None,
        decided_at: None,
        acceptor: None,
        authority: None,
        accepted_at: None,
        ends_on: None,
        review_on: None,
        statement: "We accept …".to_owned(),
        statement_digest: "d".to_owned(),
        facts_digest: "f".to_owned(),
        supersedes: None,
        renewals: 0,
        version: 1,
    }
}

fn signed(asked: &Exception) -> Exception {
    Exception {
        state: ExceptionState::Approved,
        approver: Some("bob".to_owned()),
        acceptor: Some("cleo".to_owned()),
        authority: Some(Authority::SystemRiskOwner),
        ends_on: Some(day("2027-03-01")),
        ..asked.clone()
    }
}

async fn add(setup: &Setup, new: &Exception) -> Result<(), StoreError> {
    let mut txn = setup
        .store
        .begin(who(), setup.now(), Vec::new())
        .await
        .unwrap();
    txn.add_exception(new).await?;
    txn.commit_noted().await.map(drop)
}

async fn write(setup: &Setup, changed: &Exception) -> Result<(), StoreError> {
    let mut txn = setup
        .store
        .begin(who(), setup.now(), Vec::new())
        .await
        .unwrap();
    txn.save_exception(changed, "approved").await?;
    txn.commit_noted().await.map(drop)
}

async fn the_tables_forbid_what_nobody_may_sign(setup: Setup) {
    let asked = asked(&setup).await;
    add(&setup, &asked).await.unwrap();
    let good = signed(&asked);
    let high = Exception {
        level: Level::B3,
        authority: Some(Authority::Executive),
        ..good.clone()
    };
    type Change = fn(&mut Exception);
    let forbidden: [(&str, &Exception, Change); 9] = [
        ("approves what they asked for", &good, |e| {
            e.approver = Some("ann".to_owned())
        }),
        ("accepts what they asked for", &good, |e| {
            e.acceptor = Some("ann".to_owned())
        }),
        ("no approver", &good, |e| e.approver = None),
        ("no acceptor", &good, |e| e.acceptor = None),
        ("no end", &good, |e| e.ends_on = None),
        ("permanent without a review", &good, |e| {
            e.kind = ExceptionKind::Permanent
        }),
        ("one person at B3", &high, |e| {
            e.acceptor = Some("bob".to_owned())
        }),
        ("too little authority at B3", &high, |e| {
            e.authority = Some(Authority::SystemRiskOwner)
        }),
        ("a class of a key", &good, |e| e.kind = ExceptionKind::Class),
    ];
    for (what, base, change) in forbidden {
        let mut wrong = base.clone();
        change(&mut wrong);
        let error = write(&setup, &wrong).await.unwrap_err();
        assert!(error.is_constraint(), "{what}: {error}");
        assert_eq!(
            setup.store.exception(&asked.id).await.unwrap(),
            asked,
            "{what}"
        );
    }
    write(&setup, &high).await.unwrap();
}

async fn of_two_who_decide_at_once_one_is_told(setup: Setup) {
    let asked = asked(&setup).await;
    add(&setup, &asked).await.unwrap();
    write(&setup, &signed(&asked)).await.unwrap();
    let late = Exception {
        state: ExceptionState::Denied,
        ..asked.clone()
    };
    assert!(matches!(
        write(&setup, &late).await,
        Err(StoreError::Conflict(_))
    ));
    let found = setup.store.exception(&asked.id).await.unwrap();
    assert_eq!((found.state, found.version), (ExceptionState::Approved, 2));
    // A second one cannot be approved beside it.
    let twin = Exception {
        id: new_exception_id().unwrap(),
        ..signed(&asked)
    };
    assert!(add(&setup, &twin).await.unwrap_err().is_constraint());
}

async fn what_ends_is_found_on_its_day_and_the_list_shows_it(setup: Setup) {
    let asked = asked(&setup).await;
    add(&setup, &asked).await.unwrap();
    let shown = |n| async move { n };
    let facet = setup.store.facet(Facet::Exception, 9).await.unwrap();
    assert_eq!(shown(facet).await, [("requested".to_owned(), 1)]);
    write(&setup, &signed(&asked)).await.unwrap();
    let due = |on| setup.store.exceptions_due(on, 9);
    assert!(due(day("2027-02-28")).await.unwrap().is_empty());
    let ended = due(day("2027-03-01")).await.unwrap();
    assert_eq!(ended[0].id, asked.id);
    assert_eq!(
        setup.store.facet(Facet::Exception, 9).await.unwrap(),
        [("approved".to_owned(), 1)]
    );
    let over = Exception {
        state: ExceptionState::Expired,
        ..ended[0].clone()
    };
    let mut txn = setup
        .store
        .begin(who(), setup.now(), Vec::new())
        .await
        .unwrap();
    txn.save_exception(&over, "expired").await.unwrap();
    txn.commit_noted().await.unwrap();
    assert!(due(day("2099-01-01")).await.unwrap().is_empty());
    assert_eq!(
        setup.store.facet(Facet::Exception, 9).await.unwrap(),
        [(String::new(), 1)]
    );
    let steps = EventFilter {
        what: Some("exception".to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(setup.store.events(&steps, None, 9).await.unwrap().len(), 3);
    let all = setup.store.exceptions_of(&KeyId::new("k1")).await.unwrap();
    assert_eq!(all.len(), 1);
    let expired = setup
        .store
        .exceptions(ExceptionState::Expired, None, 9)
        .await
        .unwrap();
    assert_eq!(expired.len(), 1);
    assert!(setup.store.exception(&ExceptionId::new("x")).await.is_err());
}

crate::on_both!(
    the_tables_forbid_what_nobody_may_sign,
    of_two_who_decide_at_once_one_is_told,
    what_ends_is_found_on_its_day_and_the_list_shows_it,
);
