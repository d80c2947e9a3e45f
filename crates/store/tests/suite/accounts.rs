//! Accounts, sessions, tokens, set-up links, sign-ins under way, answers: what must hold of their rows.

use crate::setup::Setup;
use tenure_model::{
    access::{Action, Held, PersonId, Role, Unit},
    bearer::Bearer,
    event::{Change, Outcome},
    moment::Moment,
    session::{Method, Proof, Session},
    setup_link::SetupLink,
    token::{Api, Token, Wanted},
};
use tenure_store::{Account, Answer, EventFilter, Login, Standing, StoreError};
use tenure_testkit::permit;

fn account(person: &str) -> Account {
    Account {
        person: PersonId::new(person).unwrap(),
        name: "Ann".to_owned(),
        email: format!("{person}@example.com"),
        roles: vec![Held::new(Role::Administrator, Unit::whole())],
        made_at: Moment::from_micros(5),
        signed_in_at: None,
        version: 0,
    }
}

fn session(person: &str, bits: u8, at: Moment) -> (Session, Bearer<tenure_model::session::Cookie>) {
    let secret = Bearer::of(&[bits; 32]);
    let proof = Proof {
        method: Method::Oidc,
        at,
    };
    let person = PersonId::new(person).unwrap();
    let session = Session::begin(&format!("s{bits}"), &secret, person, proof, at);
    (session, secret)
}

async fn a_sign_in_keeps_the_account_and_ends_the_session_before(setup: Setup) {
    let store = &setup.store;
    assert!(!store.is_administered().await.unwrap());
    let login = Login {
        issuer: "https://id.example.com".to_owned(),
        subject: "1".to_owned(),
    };
    let (first, secret) = session("ann", 1, setup.now());
    let at = setup.now();
    store
        .sign_in(&account("ann"), Some(&login), &first, None, at)
        .await
        .unwrap();
    assert!(store.is_administered().await.unwrap());
    let kept = store.account_of_login(&login).await.unwrap().unwrap();
    assert_eq!((kept.version, &kept.roles), (1, &account("ann").roles));
    assert_eq!(
        store.session_of(&secret.hash()).await.unwrap().unwrap(),
        first
    );
    let (second, other) = session("ann", 2, setup.now());
    store
        .sign_in(&kept, None, &second, Some("s1"), setup.now())
        .await
        .unwrap();
    let old = store.session_of(&secret.hash()).await.unwrap().unwrap();
    assert!(old.ended.is_some());
    assert!(store.session_of(&other.hash()).await.unwrap().is_some());
    // An account that was changed meanwhile is not overwritten.
    let (third, _) = session("ann", 3, setup.now());
    let error = store
        .sign_in(&kept, None, &third, None, setup.now())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    assert_eq!(store.sessions(&kept.person).await.unwrap().len(), 2);
    // A second identity of the same provider, or the same one of another person, breaks a rule of the tables.
    let now = store.account(&kept.person).await.unwrap().unwrap();
    let twin = Login {
        subject: "2".to_owned(),
        ..login.clone()
    };
    let refused = store.sign_in(&now, Some(&twin), &third, None, setup.now());
    assert!(refused.await.unwrap_err().is_constraint());
    let bob = account("bob");
    let refused = store.sign_in(&bob, Some(&login), &third, None, setup.now());
    assert!(refused.await.unwrap_err().is_constraint());
    assert!(
        store
            .account(&PersonId::new("bob").unwrap())
            .await
            .unwrap()
            .is_none()
    );
    // Nothing of a secret is in the log.
    for entry in store.entries(0, 100).await.unwrap() {
        assert!(!entry.body.contains(&first.hash.hex()[..16]));
        assert!(!entry.body.contains(secret.expose()));
    }
}

async fn a_set_up_link_works_once_whoever_is_first(setup: Setup) {
    let store = &setup.store;
    let secret = Bearer::of(&[7; 32]);
    let link = SetupLink::make(&secret, None, setup.now());
    store.keep_first_link(&link, setup.now()).await.unwrap();
    let found = store.setup_link(&secret.hash()).await.unwrap();
    assert_eq!(found.as_ref(), Some(&link));
    let (one, _) = session("ann", 1, setup.now());
    let (two, _) = session("eve", 2, setup.now());
    let at = setup.now();
    let (first, second) = (account("ann"), account("eve"));
    let (first, second) = tokio::join!(
        store.redeem(&link, &first, &one, at),
        store.redeem(&link, &second, &two, at)
    );
    assert_eq!(
        [first.is_ok(), second.is_ok()]
            .iter()
            .filter(|ok| **ok)
            .count(),
        1
    );
    assert_eq!(store.accounts(None, 9).await.unwrap().len(), 1);
    assert!(
        store
            .setup_link(&secret.hash())
            .await
            .unwrap()
            .unwrap()
            .used
            .is_some()
    );
    // A later one takes the place of one that was not used.
    let later = |bits: u8| SetupLink::make(&Bearer::of(&[bits; 32]), None, at);
    store.keep_first_link(&later(8), at).await.unwrap();
    store.keep_first_link(&later(9), at).await.unwrap();
    assert!(store.setup_link(&later(8).hash).await.unwrap().is_none());
    assert!(store.setup_link(&later(9).hash).await.unwrap().is_some());
}

async fn tokens_and_sessions_end_and_their_last_use_moves_forward_alone(setup: Setup) {
    let store = &setup.store;
    let ann = PersonId::new("ann").unwrap();
    let (begun, secret) = session("ann", 1, setup.now());
    let at = setup.now();
    store
        .sign_in(&account("ann"), None, &begun, None, at)
        .await
        .unwrap();
    let text = Bearer::<Api>::of(&[5; 32]);
    let wanted = Wanted {
        id: "t1".to_owned(),
        name: "nightly".to_owned(),
        person: ann.clone(),
        sorts: vec![tenure_model::access::Sort::Supply],
        within: Unit::parse("emea").unwrap(),
        days: 3,
    };
    let token = Token::make(wanted, &text, at).unwrap();
    let mut txn = store
        .begin(&permit::to(Action::TokenMake), at)
        .await
        .unwrap();
    txn.add_token(&token).await.unwrap();
    assert!(
        matches!(txn.commit_noted().await, Err(StoreError::Unrecorded(1))),
        "no token without an event"
    );
    let act = |act: &str| Change::Act {
        act: act.to_owned(),
        kind: "account".to_owned(),
        id: "ann".to_owned(),
        detail: serde_json::Value::Null,
    };
    let mut txn = store
        .begin(&permit::to(Action::TokenMake), at)
        .await
        .unwrap();
    txn.add_token(&token).await.unwrap();
    txn.commit(act("token.make")).await.unwrap();
    let later = at.plus_seconds(100);
    store.touch_token("t1", later).await.unwrap();
    store.touch_token("t1", at).await.unwrap();
    store.touch_session("s1", later).await.unwrap();
    store.touch_session("s1", at).await.unwrap();
    let kept = store.token_of(&text.hash()).await.unwrap().unwrap();
    assert_eq!((kept.token, kept.used), (token, Some(later)));
    let seen = store
        .session_of(&secret.hash())
        .await
        .unwrap()
        .unwrap()
        .seen;
    assert_eq!(seen, later);
    let mut txn = store
        .begin(&permit::to(Action::TokenRevoke), later)
        .await
        .unwrap();
    let eve = PersonId::new("eve").unwrap();
    assert!(!txn.revoke_token(&eve, "t1").await.unwrap(), "of another");
    assert!(!txn.end_session(&eve, "s1").await.unwrap(), "of another");
    assert!(txn.revoke_token(&ann, "t1").await.unwrap());
    assert!(!txn.revoke_token(&ann, "t1").await.unwrap(), "once");
    assert_eq!(txn.end_sessions(&ann).await.unwrap(), 1);
    txn.commit(act("token.revoke")).await.unwrap();
    store
        .touch_session("s1", later.plus_seconds(9))
        .await
        .unwrap();
    let ended = store.session_of(&secret.hash()).await.unwrap().unwrap();
    assert_eq!((ended.ended, ended.seen), (Some(later), later));
}

async fn a_sign_in_under_way_is_taken_once(setup: Setup) {
    let store = &setup.store;
    let (at, old) = (setup.now(), setup.now().plus_seconds(-600));
    assert!(store.keep_sign_in("aa", "sealed", at, old).await.unwrap());
    let (one, two) = tokio::join!(store.take_sign_in("aa"), store.take_sign_in("aa"));
    let taken = [one.unwrap(), two.unwrap()];
    assert_eq!(taken.iter().flatten().collect::<Vec<_>>(), ["sealed"]);
    assert!(store.keep_sign_in("bb", "old", at, old).await.unwrap());
    let later = at.plus_seconds(601);
    assert!(
        store
            .keep_sign_in("cc", "new", later, later.plus_seconds(-600))
            .await
            .unwrap()
    );
    assert_eq!(store.take_sign_in("bb").await.unwrap(), None, "over");
}

async fn an_answer_is_told_again_to_its_caller_alone(setup: Setup) {
    let store = &setup.store;
    let (at, old) = (setup.now(), Moment::from_micros(0));
    let claim = async |caller: &str, request: &str| {
        store
            .claim_answer(caller, "k", request, at, old)
            .await
            .unwrap()
    };
    assert_eq!(claim("ann", "r").await, None);
    assert_eq!(claim("ann", "r").await.unwrap().status, 0, "under way");
    assert_eq!(claim("bob", "r").await, None);
    let answer = Answer {
        request: "r".to_owned(),
        status: 201,
        media: "application/json".to_owned(),
        body: "{}".to_owned(),
    };
    store.keep_answer("ann", "k", Some(&answer)).await.unwrap();
    assert_eq!(claim("ann", "other").await, Some(answer.clone()));
    store.keep_answer("ann", "k", None).await.unwrap();
    assert_eq!(claim("ann", "r").await, Some(answer), "what is kept stays");
    store.keep_answer("bob", "k", None).await.unwrap();
    assert_eq!(
        claim("bob", "r").await,
        None,
        "what came to nothing may be tried again"
    );
    let later = at.plus_seconds(90_000);
    let forgotten = store.claim_answer("ann", "k", "r", later, later.plus_seconds(-86_400));
    assert_eq!(forgotten.await.unwrap(), None);
}

async fn standing_follows_the_people_list(setup: Setup) {
    let store = &setup.store;
    let set = async |people: &[tenure_model::key::Person]| {
        let mut txn = store
            .begin(&crate::setup::who(), setup.now())
            .await
            .unwrap();
        txn.set_people(people).await.unwrap();
        txn.commit_noted().await.unwrap();
    };
    let ann = tenure_model::key::Person {
        id: "Ann".to_owned(),
        email: Some("ann@example.com".to_owned()),
        ..tenure_model::key::Person::default()
    };
    let standing = async |id: &str, email: &str| store.standing(id, email).await.unwrap();
    assert_eq!(standing("ann", "").await, Standing::Unlisted);
    set(std::slice::from_ref(&ann)).await;
    assert_eq!(standing("ann", "").await, Standing::Listed(ann.clone()));
    assert_eq!(
        standing("other", "ann@example.com").await,
        Standing::Listed(ann)
    );
    set(&[]).await;
    assert_eq!(standing("ann", "").await, Standing::Gone);
}

async fn who_is_kept_out_is_recorded(setup: Setup) {
    let detail = serde_json::json!({"issuer": "i"});
    let at = setup.now();
    setup
        .store
        .refuse(None, "sign_in", detail, "nobody knows them", at)
        .await
        .unwrap();
    let denied = EventFilter {
        denied: true,
        ..EventFilter::default()
    };
    let events = setup.store.events(&denied, None, 9).await.unwrap();
    let event: tenure_model::event::Event = serde_json::from_str(&events[0].body).unwrap();
    assert!(matches!(event.outcome, Outcome::Denied { .. }));
    assert_eq!(event.who.label(), "anonymous");
}

crate::on_both!(
    a_sign_in_keeps_the_account_and_ends_the_session_before,
    a_set_up_link_works_once_whoever_is_first,
    tokens_and_sessions_end_and_their_last_use_moves_forward_alone,
    a_sign_in_under_way_is_taken_once,
    an_answer_is_told_again_to_its_caller_alone,
    standing_follows_the_people_list,
    who_is_kept_out_is_recorded,
);
