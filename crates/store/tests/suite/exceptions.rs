//! The exceptions register: what the tables forbid, whoever asks.

use crate::setup::{Setup, who};
use serde_json::json;
use tenure_model::{
    access::{Authority, Involved, PersonId},
    day::Day,
    exception::{Closing, Event, Exception, Reasons, Request, Standing, Subject, Transitional},
    facts::Verdict,
    id::{ExceptionId, KeyId},
    level::Level,
    policy::Policy,
};
use tenure_store::{EventFilter, ExceptionState, StoreError, key_list::Facet, new_exception_id};
use tenure_testkit::judged;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn person(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

fn standing(level: Level) -> Standing {
    Standing {
        key: "k1".to_owned(),
        name: "deploy key".to_owned(),
        verdict: Verdict::Constrain,
        level,
        exception_allowed: true,
        because: vec!["The vendor has nothing better.".to_owned()],
        facts: "f".to_owned(),
        policy: "p".to_owned(),
    }
}

/// What ann asks for; olga owns the key and ulf uses it.
async fn ask(setup: &Setup, level: Level, earlier: Option<&Transitional>) -> Request {
    let key = judged::key("k1", &json!({}), setup.now().day());
    crate::keys::save(setup, &[key]).await;
    let subject = Subject::Transitional {
        key: standing(level),
        until: setup.now().day().plus(30),
    };
    let reasons = Reasons {
        bypassed: "expires".to_owned(),
        why: "the vendor has nothing better before March".to_owned(),
        blocker: "vendor_feature".to_owned(),
        compensating: vec!["restricted to one address".to_owned()],
    };
    let involved = Involved {
        owners: vec![person("olga")],
        users: vec![person("ulf")],
        ..Involved::default()
    };
    let id = new_exception_id().unwrap();
    let (by, policy) = (person("ann"), Policy::builtin());
    let (id, now) = (id.as_str(), setup.now());
    let earlier = earlier.map(|earlier| earlier.signed().request());
    Request::make(id, subject, reasons, &by, &involved, earlier, &policy, now).unwrap()
}

/// Approved by bob, accepted by cleo.
fn grant(setup: &Setup, request: &Request) -> Transitional {
    let statement = request.statement();
    let seen = statement.digest();
    let approval = request
        .approve(&person("bob"), "looked at", seen, setup.now())
        .unwrap();
    let executive = Authority::Executive;
    let acceptance = request
        .accept(
            &approval,
            &person("cleo"),
            executive,
            "mine",
            seen,
            setup.now(),
        )
        .unwrap();
    Transitional::grant(request.clone(), approval, acceptance).unwrap()
}

fn closing(setup: &Setup) -> Closing {
    Closing {
        by: person("bob"),
        reason: "not needed".to_owned(),
        at: setup.now(),
    }
}

async fn add(setup: &Setup, new: &Exception) -> Result<(), StoreError> {
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.add_exception(new).await?;
    txn.commit_noted().await.map(drop)
}

async fn write(setup: &Setup, changed: &Exception, seen: u64) -> Result<(), StoreError> {
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.save_exception(changed, seen, "accepted").await?;
    txn.commit_noted().await.map(drop)
}

fn id(request: &Request) -> ExceptionId {
    ExceptionId::new(request.id())
}

async fn the_tables_forbid_what_nobody_may_sign(setup: Setup) {
    let request = ask(&setup, Level::B3, None).await;
    add(&setup, &Exception::Requested(request.clone()))
        .await
        .unwrap();
    let granted = Exception::Transitional(grant(&setup, &request));
    write(&setup, &granted, 1).await.unwrap();
    // The types do not let any of this be made, and neither does somebody with the database's password.
    for (what, sql) in [
        (
            "who asked approves",
            "UPDATE exceptions SET approver = 'ann'",
        ),
        (
            "who asked accepts",
            "UPDATE exceptions SET acceptor = 'ann'",
        ),
        (
            "the owner approves",
            "UPDATE exceptions SET approver = 'olga'",
        ),
        ("the user accepts", "UPDATE exceptions SET acceptor = 'ulf'"),
        ("no approver", "UPDATE exceptions SET approver = NULL"),
        ("no acceptor", "UPDATE exceptions SET acceptor = NULL"),
        ("no end", "UPDATE exceptions SET ends_on = NULL"),
        (
            "permanent without a review",
            "UPDATE exceptions SET kind = 'permanent'",
        ),
        ("one person at B3", "UPDATE exceptions SET acceptor = 'bob'"),
        (
            "too little authority at B3",
            "UPDATE exceptions SET authority = 1",
        ),
        ("no authority", "UPDATE exceptions SET authority = NULL"),
        ("B3 for less", "UPDATE exceptions SET needs = 1"),
        ("a class of a key", "UPDATE exceptions SET kind = 'class'"),
    ] {
        let error = setup.attempt(sql).await.unwrap_err();
        let database = error.as_database_error().unwrap();
        assert!(database.is_check_violation(), "{what}: {error}");
    }
    // Somebody whose id is a part of another's is not tied to the key.
    setup
        .attempt("UPDATE exceptions SET approver = 'ol', acceptor = 'an'")
        .await
        .unwrap();
    let found = setup.store.exception(&id(&request)).await.unwrap();
    assert_eq!((found.exception, found.version), (granted, 2));
}

async fn of_two_who_decide_at_once_one_is_told(setup: Setup) {
    let request = ask(&setup, Level::B2, None).await;
    let asked = Exception::Requested(request.clone());
    add(&setup, &asked).await.unwrap();
    let granted = Exception::Transitional(grant(&setup, &request));
    write(&setup, &granted, 1).await.unwrap();
    let late = asked.next(Event::Denied(closing(&setup))).unwrap();
    let error = write(&setup, &late, 1).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    let found = setup.store.exception(&id(&request)).await.unwrap();
    assert_eq!((found.state, found.version), (ExceptionState::Granted, 2));
}

async fn a_renewal_takes_the_place_of_what_it_renews(setup: Setup) {
    let request = ask(&setup, Level::B2, None).await;
    let first = grant(&setup, &request);
    add(&setup, &Exception::Transitional(first.clone()))
        .await
        .unwrap();
    let renewal = ask(&setup, Level::B2, Some(&first)).await;
    add(&setup, &Exception::Requested(renewal.clone()))
        .await
        .unwrap();
    let state = |request: &Request| {
        let id = id(request);
        let store = &setup.store;
        async move { store.exception(&id).await.unwrap().state }
    };
    assert_eq!(state(&request).await, ExceptionState::Granted);
    let second = Exception::Transitional(grant(&setup, &renewal));
    write(&setup, &second, 1).await.unwrap();
    assert_eq!(state(&request).await, ExceptionState::Superseded);
    assert_eq!(state(&renewal).await, ExceptionState::Granted);
    let ended = second.next(Event::Ended(closing(&setup))).unwrap();
    write(&setup, &ended, 2).await.unwrap();
    let again = Exception::Transitional(first);
    let error = write(&setup, &again, 2).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Conflict(_)),
        "what was superseded stays so: {error}"
    );
    let twice = setup
        .attempt("UPDATE exceptions SET state = 'granted'")
        .await;
    // `ended` has no signatures any more, so that a check refuses before the index does.
    assert!(twice.is_err());
}

async fn what_ends_is_found_on_its_day_and_the_list_shows_it(setup: Setup) {
    let request = ask(&setup, Level::B2, None).await;
    add(&setup, &Exception::Requested(request.clone()))
        .await
        .unwrap();
    let shown = || async {
        setup
            .store
            .facet(&tenure_store::Scope::whole(), Facet::Exception, 9)
            .await
            .unwrap()
    };
    assert_eq!(shown().await, [("requested".to_owned(), 1)]);
    let granted = grant(&setup, &request);
    let last = granted.until();
    write(&setup, &Exception::Transitional(granted.clone()), 1)
        .await
        .unwrap();
    let due = |on| setup.store.exceptions_due(on, 9);
    assert!(due(last.plus(-1)).await.unwrap().is_empty());
    let ended = due(last).await.unwrap();
    assert_eq!(ended[0].exception.request().id(), request.id());
    assert_eq!(shown().await, [("granted".to_owned(), 1)]);
    let over = Exception::Transitional(granted)
        .next(Event::Ended(closing(&setup)))
        .unwrap();
    let mut txn = setup.store.begin(&who(), setup.now()).await.unwrap();
    txn.save_exception(&over, 2, "ended").await.unwrap();
    txn.commit_noted().await.unwrap();
    assert!(due(day("2099-01-01")).await.unwrap().is_empty());
    assert_eq!(shown().await, [(String::new(), 1)]);
    let steps = EventFilter {
        what: Some("exception".to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(setup.store.events(&steps, None, 9).await.unwrap().len(), 3);
    let all = setup.store.exceptions_of(&KeyId::new("k1")).await.unwrap();
    assert_eq!(all.len(), 1);
    let ended = setup
        .store
        .exceptions(ExceptionState::Ended, None, 9)
        .await
        .unwrap();
    assert_eq!(ended.len(), 1);
    let states = [ExceptionState::Granted, ExceptionState::Ended];
    let any = setup.store.exceptions_in(&states, None, 9).await.unwrap();
    assert_eq!(any, ended);
    let last = ExceptionId::new(ended[0].exception.request().id());
    let after = setup.store.exceptions_in(&states, Some(&last), 9).await;
    assert!(after.unwrap().is_empty());
    let others = setup.store.exceptions_in(&states[..1], None, 9).await;
    assert!(others.unwrap().is_empty());
    assert!(setup.store.exception(&ExceptionId::new("x")).await.is_err());
}

crate::on_both!(
    the_tables_forbid_what_nobody_may_sign,
    of_two_who_decide_at_once_one_is_told,
    a_renewal_takes_the_place_of_what_it_renews,
    what_ends_is_found_on_its_day_and_the_list_shows_it,
);
