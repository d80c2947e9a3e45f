//! One question per person about all their keys; an answer is a declared fact; silence leads to the manager.

use crate::house::{House, rule};
use tenure_app::register::{GivenAnswer, RegisterError, StoreError};
use tenure_model::{
    access::Role,
    ask::AskAnswer,
    container::ContainerKind::Account,
    facts::Verdict,
    id::KeyId,
    key::Basis,
    policy::{Backlog, Policy},
};

const PEOPLE: &str = "id,email,name,manager,active\nu1,ann@x.io,ann,u9,true\nu2,bob@x.io,bob,u9,true\n\
                      u3,cid@x.io,cid,u2,false\nu9,mia@x.io,mia,,true\n";

/// Keys of ann, of bob by way of cid who left, of nobody, and one with an owner.
async fn fill(house: &House) {
    house.people(PEOPLE).await;
    let keys = "provider,name,account,owner,created_by\n\
                stripe,a1,acc-a,,ann@x.io\nstripe,a2,acc-a,,ann\nstripe,c1,acc-c,,cid\n\
                stripe,n1,acc-n,,\nstripe,o1,acc-n,bob@x.io,\n";
    house.take("table", "keys.csv", keys).await;
}

fn given(key: &KeyId, answer: AskAnswer, next: Option<&str>) -> GivenAnswer {
    GivenAnswer {
        key: key.clone(),
        answer,
        next: next.map(str::to_owned),
    }
}

async fn each_person_is_asked_once_and_answers_three_ways(mut house: House) {
    fill(&house).await;
    let before = house.store.head().await.unwrap();
    let plan = house.desk().ask_plan().await.unwrap();
    assert_eq!(
        house.store.head().await.unwrap(),
        before,
        "a plan changes nothing"
    );
    let who: Vec<(&str, usize)> = plan
        .questions
        .iter()
        .map(|one| (one.person.as_str(), one.keys.len()))
        .collect();
    // The manager of who left, and the neighbour in the account, are one person.
    assert_eq!(who, [("u1", 2), ("u2", 2)]);
    let told = format!("{:?}", plan.questions[1]);
    assert!(told.contains("manager of cid, who left"), "{told}");
    assert!(
        told.contains("answers for 1 of 1 keys in account acc-n"),
        "{told}"
    );
    assert_eq!(plan.nobody, []);

    let sent = house.desk().ask_send(&[]).await.unwrap();
    assert_eq!(sent.len(), 2);
    assert!(
        house.desk().ask_plan().await.unwrap().questions.is_empty(),
        "what is asked is not asked again"
    );
    assert!(house.desk().ask_send(&[]).await.unwrap().is_empty());
    let to_ann = sent.iter().find(|ask| ask.person == "u1").unwrap();
    let (a1, a2) = (house.id("a1").await, house.id("a2").await);

    // She signs in by her address, and sees her question alone.
    house.calls("ann@x.io", &[(Role::KeyOwner, "*")]);
    let seen = house.desk().asks(true).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].id, to_ann.id);
    let other = sent.iter().find(|ask| ask.person == "u2").unwrap();
    let refused = house.desk().ask(&other.id).await;
    assert!(matches!(refused, Err(RegisterError::Denied(_))));
    let c1 = house.id("c1").await;
    let foreign = [given(&c1, AskAnswer::Mine, None)];
    let refused = house.desk().ask_answer(&other.id, &foreign).await;
    assert!(matches!(refused, Err(RegisterError::Denied(_))));
    // What is no part of the question, or says two things, changes nothing: not even the good half.
    let head = house.store.head().await.unwrap();
    for bad in [
        given(&c1, AskAnswer::Mine, None),
        given(&a2, AskAnswer::Mine, Some("bob")),
        given(&a2, AskAnswer::NotMine, Some(" ")),
    ] {
        let both = [given(&a1, AskAnswer::Mine, None), bad];
        let refused = house.desk().ask_answer(&to_ann.id, &both).await;
        assert!(matches!(refused, Err(RegisterError::Nothing(_))));
    }
    assert_eq!(house.store.head().await.unwrap(), head);

    let mine = [given(&a1, AskAnswer::Mine, None)];
    house.desk().ask_answer(&to_ann.id, &mine).await.unwrap();
    let record = house.desk().key(&a1).await.unwrap();
    let owner = record.registered.key.owner;
    assert_eq!(
        (owner.value.as_deref(), owner.basis),
        (Some("u1"), Basis::Declared)
    );
    assert_eq!(record.assigned.unwrap().assigned_by, "person:ann@x.io");
    assert_ne!(record.registered.key.verdict.id, Verdict::Unowned);
    let again = house.desk().ask_answer(&to_ann.id, &mine).await;
    assert!(matches!(
        again,
        Err(RegisterError::Store(StoreError::Conflict(_)))
    ));

    let off = [given(&a2, AskAnswer::CanBeTurnedOff, None)];
    house.desk().ask_answer(&to_ann.id, &off).await.unwrap();
    assert!(!house.store.ask(&to_ann.id).await.unwrap().open, "closed");
    house.operator_calls();
    let key = house.desk().key(&a2).await.unwrap().registered.key;
    assert_eq!(key.verdict.id, Verdict::NoLongerNeeded);
    let note = key.facts["integration"].clone();
    assert_eq!(note.basis, Basis::Declared);
    assert!(note.source.contains("person:ann@x.io"), "{}", note.source);
    // Somebody takes it on after all.
    house.calls("anna", &[(Role::Analyst, "*")]);
    house.days_pass(1);
    let desk = house.desk();
    desk.assign_owner(std::slice::from_ref(&a2), Some("u2"), None)
        .await
        .unwrap();
    let key = house.desk().key(&a2).await.unwrap().registered.key;
    assert_ne!(key.verdict.id, Verdict::NoLongerNeeded);
}

async fn not_mine_leads_to_whom_they_name_and_never_back(mut house: House) {
    fill(&house).await;
    house.desk().ask_send(&["u1".to_owned()]).await.unwrap();
    let ask = house.desk().asks(true).await.unwrap().remove(0);
    let (a1, a2) = (house.id("a1").await, house.id("a2").await);
    house.calls("u1", &[(Role::KeyOwner, "*")]);
    let answers = [
        given(&a1, AskAnswer::NotMine, Some("mia@x.io")),
        given(&a2, AskAnswer::NotMine, None),
    ];
    house.desk().ask_answer(&ask.id, &answers).await.unwrap();
    house.operator_calls();
    let plan = house.desk().ask_plan().await.unwrap();
    let mia = plan
        .questions
        .iter()
        .find(|one| one.person == "u9")
        .unwrap();
    assert_eq!(mia.keys.len(), 1);
    assert_eq!(mia.keys[0].key, a1);
    assert_eq!(mia.keys[0].why, "u1 says that it is theirs");
    assert!(plan.nobody.contains(&a2), "{plan:?}");
    let unknown = house.desk().ask_send(&["nobody".to_owned()]).await;
    assert!(matches!(unknown, Err(RegisterError::Nothing(_))));
}

async fn nobody_is_asked_about_more_than_the_cap_in_a_week(mut house: House) {
    house.policy = Policy {
        backlog: Some(Backlog {
            weekly_cap: 2,
            ..Backlog::STANDARD
        }),
        ..Policy::builtin()
    };
    house.people(PEOPLE).await;
    let mut keys = "provider,name,account,owner,created_by\n".to_owned();
    for n in 0..5 {
        keys.push_str(&format!("stripe,k{n},acc-{n},,ann\n"));
    }
    house.take("table", "keys.csv", &keys).await;
    let plan = house.desk().ask_plan().await.unwrap();
    assert_eq!(
        (plan.questions[0].keys.len(), plan.questions[0].waiting),
        (2, 3)
    );
    house.desk().ask_send(&[]).await.unwrap();
    house.days_pass(6);
    assert!(house.desk().ask_send(&[]).await.unwrap().is_empty());
    house.days_pass(2);
    let sent = house.desk().ask_send(&[]).await.unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].keys.len(), 4, "the open question grows");
    assert_eq!(house.desk().asks(true).await.unwrap().len(), 1);
}

async fn silence_is_followed_by_reminders_and_the_manager_who_then_answers(mut house: House) {
    fill(&house).await;
    house.desk().ask_send(&["u1".to_owned()]).await.unwrap();
    let id = house.desk().asks(true).await.unwrap().remove(0).id;
    let mut told = Vec::new();
    for _ in 0..5 {
        house.days_pass(7);
        let done = house.desk().ask_remind().await.unwrap();
        let twice = house.desk().ask_remind().await.unwrap();
        assert!(twice.reminded.is_empty() && twice.escalated.is_empty());
        told.push((done.reminded.len(), done.escalated));
    }
    let to_mia = vec![(id.clone(), "u9".to_owned())];
    assert_eq!(
        told,
        [
            (1, vec![]),
            (1, vec![]),
            (0, to_mia),
            (0, vec![]),
            (0, vec![])
        ]
    );
    let a1 = house.id("a1").await;
    house.calls("mia@x.io", &[(Role::KeyOwner, "*")]);
    let mine = [given(&a1, AskAnswer::Mine, None)];
    house.desk().ask_answer(&id, &mine).await.unwrap();
    let key = house.desk().key(&a1).await.unwrap().registered.key;
    assert_eq!(key.owner.value.as_deref(), Some("u9"), "hers, not ann's");
    house.calls("bob@x.io", &[(Role::KeyOwner, "*")]);
    let refused = house.desk().ask(&id).await;
    assert!(matches!(refused, Err(RegisterError::Denied(_))));
}

async fn who_may_ask_asks_in_their_unit_alone_and_nobody_answers_for_others(mut house: House) {
    fill(&house).await;
    let emea = rule(Account, "acc-a", None, Some("emea"));
    house.desk().set_container(&emea).await.unwrap();
    house.calls("anna", &[(Role::Analyst, "emea")]);
    let plan = house.desk().ask_plan().await.unwrap();
    assert_eq!(plan.questions.len(), 1, "{plan:?}");
    assert_eq!(plan.questions[0].person, "u1");
    assert!(plan.nobody.is_empty());
    house.desk().ask_send(&[]).await.unwrap();
    house.operator_calls();
    house.desk().ask_send(&[]).await.unwrap();
    house.calls("anna", &[(Role::Analyst, "emea")]);
    let seen = house.desk().asks(true).await.unwrap();
    assert_eq!(seen.len(), 1, "not those of other units");
    let a1 = house.id("a1").await;
    let mine = [given(&a1, AskAnswer::Mine, None)];
    // The analyst, an administrator, who sits at the machine, and the person without the role.
    for (who, roles) in [
        ("anna", &[(Role::Analyst, "*")][..]),
        ("ada", &[(Role::Administrator, "*")]),
        ("u1", &[]),
    ] {
        house.calls(who, roles);
        let refused = house.desk().ask_answer(&seen[0].id, &mine).await;
        assert!(matches!(refused, Err(RegisterError::Denied(_))), "{who}");
    }
    house.operator_calls();
    let refused = house.desk().ask_answer(&seen[0].id, &mine).await;
    assert!(matches!(refused, Err(RegisterError::Denied(_))));
    for (who, role) in [("vera", Role::Viewer), ("audi", Role::Auditor)] {
        house.calls(who, &[(role, "*")]);
        let refused = house.desk().ask_plan().await;
        assert!(matches!(refused, Err(RegisterError::Denied(_))), "{who}");
        let refused = house.desk().ask_send(&[]).await;
        assert!(matches!(refused, Err(RegisterError::Denied(_))), "{who}");
    }
}

async fn the_backlog_burns_down_and_the_ratchet_notices_what_is_new(mut house: House) {
    fill(&house).await;
    let began = house.desk().backlog().await.unwrap();
    let open = began.points.last().unwrap().backlog;
    assert_eq!((began.began, began.holds), (open, true));
    assert!(open >= 2, "{began:?}");
    house.days_pass(8);
    let emea = rule(Account, "acc-n", Some("u2"), None);
    house.desk().set_container(&emea).await.unwrap();
    house.days_pass(7);
    let later = house.desk().backlog().await.unwrap();
    assert_eq!(later.began, open);
    assert_eq!(later.points.last().unwrap().backlog, open - 1);
    assert!(later.holds);
    let keys = "provider,name,account,owner,created_by\nstripe,fresh,acc-z,,\n";
    house.take("table", "more.csv", keys).await;
    let broken = house.desk().backlog().await.unwrap();
    assert_eq!(broken.new, ["fresh"]);
    assert!(!broken.holds);
    assert_eq!(broken.points.last().unwrap().since, 1);
    // Of a unit only what is in it.
    house.calls("vera", &[(Role::Viewer, "apac")]);
    let refused = house.desk().backlog().await;
    assert!(matches!(refused, Err(RegisterError::Denied(_))));
}

crate::on_both!(
    each_person_is_asked_once_and_answers_three_ways,
    not_mine_leads_to_whom_they_name_and_never_back,
    nobody_is_asked_about_more_than_the_cap_in_a_week,
    silence_is_followed_by_reminders_and_the_manager_who_then_answers,
    who_may_ask_asks_in_their_unit_alone_and_nobody_answers_for_others,
    the_backlog_burns_down_and_the_ratchet_notices_what_is_new,
);
