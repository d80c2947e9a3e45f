//! What people sign and state about keys: exceptions, campaigns, requests, facts, comments, each by who may, over a
//! clock that the test moves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

use std::collections::BTreeMap;
use tenure_app::{
    catalog,
    register::{
        self, About, Asked, Desk, Filter, Place, Reading, RegisterError, Rules, Shown, Signature,
        Sort, Starting, Store, Taken, Term, Wish,
    },
    state::State,
};
use tenure_model::{
    access::{Actor, Authority, Caller, Held, PersonId, Role, Unit, Via},
    assessment::{ControlState, Key},
    attest::{Answers, Outcome, Said},
    catalog::Provider,
    control::Control,
    day::Day,
    decide::Urgency,
    exception::{Reasons, Stage},
    facts::{ReplacementOption, Verdict},
    id::{ExceptionId, KeyId},
    key_request,
    moment::Moment,
    place::Runtime,
    policy::Policy,
    secret::Pepper,
};

struct House {
    folder: tempfile::TempDir,
    store: Store,
    access: Rules,
    providers: Vec<Provider>,
    policy: Policy,
    pepper: Pepper,
    caller: Actor,
    now: Moment,
}

/// Columns of a table that a person keeps: what nobody can do without, and what is minor.
const TABLE: &str = "provider,key_id,name,owner,status,held_by,privilege,data,consumers,environments_shared,\
customer_tenants,privileged_path,spend,options.workload_identity_federation,options.private_key_jwt_or_mtls,\
options.oauth_client_secret,options.vendor_short_lived,isolated,monitored\n";

const PEOPLE: &str = "id,email,active\nu1,ann@x.io,true\nu2,olga@x.io,true\nu3,bob@x.io,true\nu4,cleo@x.io,true\n\
u5,dan@x.io,true\n";

fn row(id: &str, privilege: &str, data: &str, isolated: bool) -> String {
    format!(
        "acme,{id},key {id},olga@x.io,active,us,{privilege},{data},1,false,0,none,none,no,no,no,no,{isolated},true\n"
    )
}

impl House {
    /// Three keys of olga's: one that needs isolation (constrain), one that nothing replaces, one that is minor.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Moment::from_micros(1_795_721_000_000_000);
        let place = Place::in_folder(folder.path());
        let mut house = Self {
            store: register::open(&place, &State::at(folder.path()), now)
                .await
                .unwrap(),
            folder,
            access: Rules::builtin(),
            providers: catalog::load(None).unwrap(),
            policy: Policy::builtin(),
            pepper: Pepper::new([7; 32]),
            caller: Actor::Operator("root".to_owned()),
            now,
        };
        house.import("people", "people.csv", PEOPLE).await;
        house.keys("write_wide").await;
        house.calls("u1", Role::Analyst);
        house
    }

    async fn keys(&mut self, privilege: &str) {
        let rows = [
            row("open", privilege, "confidential", false),
            row("last", "write_wide", "confidential", true),
            row("small", "read_narrow", "internal", true),
        ];
        let text = format!("{TABLE}{}", rows.concat());
        let before = std::mem::replace(&mut self.caller, Actor::Operator("root".to_owned()));
        self.import("table", "keys.csv", &text).await;
        self.desk().reassess().await.unwrap();
        self.caller = before;
    }

    async fn import(&self, kind: &str, name: &str, text: &str) {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let reading = Reading {
            providers: &self.providers,
            policy: &self.policy,
            pepper: &self.pepper,
            today: self.now.day(),
        };
        let taken = Taken::export(reading, kind, &file, name).unwrap();
        self.desk().import(&taken).await.unwrap();
    }

    fn desk(&self) -> Desk<'_> {
        Desk {
            store: &self.store,
            access: &self.access,
            providers: &self.providers,
            policy: &self.policy,
            pepper: &self.pepper,
            caller: &self.caller,
            now: self.now,
        }
    }

    fn days_pass(&mut self, days: i64) {
        self.now = self.now.plus_seconds(days * 86_400);
    }

    fn today(&self) -> Day {
        self.now.day()
    }

    fn calls(&mut self, person: &str, role: Role) {
        self.calls_as(person, Held::new(role, Unit::whole()), true);
    }

    fn calls_as(&mut self, person: &str, role: Held, fresh: bool) {
        self.caller = Actor::Person(Caller {
            person: PersonId::new(person).unwrap(),
            active: true,
            roles: vec![role],
            via: Via::Session { fresh },
        });
    }

    async fn id(&self, name: &str) -> KeyId {
        let all = self.store.keys(None, 99).await.unwrap();
        let called = format!("key {name}");
        let found = all
            .into_iter()
            .find(|one| one.key.name.as_ref() == Some(&called));
        found.unwrap().id
    }

    async fn key(&self, name: &str) -> Key {
        self.store.key(&self.id(name).await).await.unwrap().key
    }

    async fn ask(&self, name: &str, days: i64) -> register::Result<Shown> {
        let term = Term::Until(self.today().plus(days));
        let key = self.id(name).await;
        self.desk().request_exception(&key, term, &asked()).await
    }

    /// Approved by bob, accepted by cleo.
    async fn grant(&mut self, asked: &Shown) -> Shown {
        let id = ExceptionId::new(asked.id.as_str());
        self.calls("u3", Role::Approver);
        let digest = asked.statement.digest().to_owned();
        let desk = self.desk();
        desk.approve_exception(&id, sign(&digest)).await.unwrap();
        self.calls_as(
            "u4",
            Held::risk_owner(Unit::whole(), Authority::Executive),
            true,
        );
        let granted = self.desk().accept_risk(&id, sign(&digest)).await.unwrap();
        self.calls("u1", Role::Analyst);
        granted
    }

    async fn denials(&self) -> usize {
        let all = self.store.entries(0, 10_000).await.unwrap();
        all.iter()
            .filter(|one| one.body.contains("\"kind\":\"denied\""))
            .count()
    }
}

fn asked() -> Asked {
    Asked {
        reasons: Reasons {
            bypassed: "no standing credential".to_owned(),
            why: "the vendor offers nothing else".to_owned(),
            blocker: "no federation before March".to_owned(),
            compensating: vec!["one source address".to_owned()],
        },
        users: Vec::new(),
        in_name_of: None,
    }
}

fn sign(seen: &str) -> Signature<'_> {
    Signature {
        reason: "read it",
        seen,
        version: None,
    }
}

fn control(key: &Key, id: Control) -> ControlState {
    key.controls
        .iter()
        .find(|note| note.id == id)
        .unwrap()
        .state
}

#[tokio::test]
async fn an_exception_covers_its_key_until_its_day_and_not_on_it() {
    let mut house = House::new().await;
    assert_eq!(house.key("open").await.verdict.id, Verdict::Constrain);
    let asked = house.ask("open", 20).await.unwrap();
    assert_eq!(asked.stage, Stage::AwaitingApproval);
    let counts = house.desk().exception_counts().await.unwrap();
    assert_eq!((counts.eligible, counts.awaiting_approval), (1, 1));
    assert_ne!(
        house.key("open").await.verdict.outcome.urgency,
        Urgency::Covered
    );
    let granted = house.grant(&asked).await;
    assert_eq!(granted.stage, Stage::Approved);
    let until = house.today().plus(20);
    let key = house.key("open").await;
    assert_eq!(key.verdict.outcome.urgency, Urgency::Covered);
    assert_eq!(
        key.facts["exception"].value["approved_until"],
        until.to_string()
    );
    assert!(key.facts["exception"].source.contains(&granted.id));
    assert_eq!(
        control(&key, Control::FormalRiskAcceptance),
        ControlState::Met
    );
    let counts = house.desk().exception_counts().await.unwrap();
    assert_eq!((counts.eligible, counts.approved), (1, 1));

    house.days_pass(19);
    assert_eq!(house.desk().settle_exceptions().await.unwrap(), 0);
    house.desk().reassess().await.unwrap();
    assert_eq!(
        house.key("open").await.verdict.outcome.urgency,
        Urgency::Covered
    );
    // On its day it is expired, before any worker ran.
    house.days_pass(1);
    let id = ExceptionId::new(granted.id.as_str());
    let shown = house.desk().exception(&id).await.unwrap();
    assert_eq!(
        (shown.stage, shown.told.as_str()),
        (Stage::Expired, format!("expired on {until}").as_str())
    );
    assert_eq!(house.desk().settle_exceptions().await.unwrap(), 1);
    assert_eq!(
        house.desk().settle_exceptions().await.unwrap(),
        0,
        "told once"
    );
    house.desk().reassess().await.unwrap();
    let key = house.key("open").await;
    assert_ne!(key.verdict.outcome.urgency, Urgency::Covered);
    assert!(
        key.facts["exception"]
            .source
            .contains(&format!("expired on {until}"))
    );
    assert_eq!(
        control(&key, Control::FormalRiskAcceptance),
        ControlState::Failing
    );
    let list = house
        .desk()
        .list(&Filter::default(), Sort::Name, None, 9)
        .await
        .unwrap();
    assert!(
        list.entries
            .iter()
            .any(|entry| entry.exception == "expired")
    );
    let expired = house.desk().exceptions(Some(Stage::Expired)).await.unwrap();
    assert_eq!(expired.len(), 1);
}

#[tokio::test]
async fn nobody_signs_what_they_ask_for_or_own_under_whichever_name() {
    let mut house = House::new().await;
    let asked = house.ask("open", 20).await.unwrap();
    let id = ExceptionId::new(asked.id.as_str());
    let digest = asked.statement.digest().to_owned();
    // ann asked, as u1; olga owns it, as olga@x.io, and signs in as u2 or by her address.
    for person in ["u1", "ann@x.io", "u2", "olga@x.io"] {
        house.calls(person, Role::Approver);
        let denied = house.desk().approve_exception(&id, sign(&digest)).await;
        assert!(matches!(denied, Err(RegisterError::Denied(_))), "{person}");
    }
    assert_eq!(house.denials().await, 4);
    // Neither does a stale session, nor who sits at the machine.
    house.calls_as("u3", Held::new(Role::Approver, Unit::whole()), false);
    let stale = house
        .desk()
        .approve_exception(&id, sign(&digest))
        .await
        .unwrap_err();
    assert!(stale.to_string().contains("sign in again"), "{stale}");
    house.caller = Actor::Operator("root".to_owned());
    let machine = house.desk().approve_exception(&id, sign(&digest)).await;
    assert!(matches!(machine, Err(RegisterError::Denied(_))));
    // Without words, or of another statement, there is no signature either.
    house.calls("u3", Role::Approver);
    let bare = Signature {
        reason: " ",
        ..sign(&digest)
    };
    assert!(house.desk().approve_exception(&id, bare).await.is_err());
    let other = house.desk().approve_exception(&id, sign("0123")).await;
    assert!(matches!(other, Err(RegisterError::Stale(_))));
    let old = Signature {
        version: Some(7),
        ..sign(&digest)
    };
    assert!(house.desk().approve_exception(&id, old).await.is_err());
    assert_eq!(
        house.desk().exception(&id).await.unwrap().stage,
        Stage::AwaitingApproval
    );
    house
        .desk()
        .approve_exception(&id, sign(&digest))
        .await
        .unwrap();
    // Only who asked withdraws, and what is granted or closed is not withdrawn.
    house.calls("u1", Role::Analyst);
    let done = house
        .desk()
        .withdraw_exception(&id, "no need", None)
        .await
        .unwrap();
    assert_eq!(done.stage, Stage::Withdrawn);
    assert!(
        house
            .desk()
            .withdraw_exception(&id, "again", None)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn facts_that_change_stop_a_signature_and_reopen_a_signed_one() {
    let mut house = House::new().await;
    let asked = house.ask("open", 20).await.unwrap();
    let id = ExceptionId::new(asked.id.as_str());
    // It becomes wider while it waits.
    house.keys("admin").await;
    house.calls("u3", Role::Approver);
    let digest = asked.statement.digest().to_owned();
    let error = house
        .desk()
        .approve_exception(&id, sign(&digest))
        .await
        .unwrap_err();
    let RegisterError::Stale(stale) = error else {
        panic!("{error}");
    };
    assert!(
        stale.difference.iter().any(|line| line.starts_with("- ")),
        "{stale}"
    );
    assert!(
        stale.difference.iter().any(|line| line.starts_with("+ ")),
        "{stale}"
    );
    // It goes back, is granted, and becomes wider again.
    house.keys("write_wide").await;
    let granted = house.grant(&asked).await;
    assert_eq!(granted.stage, Stage::Approved);
    house.keys("admin").await;
    let key = house.key("open").await;
    assert_ne!(key.verdict.outcome.urgency, Urgency::Covered);
    assert!(
        key.facts["exception"].source.contains("reopened"),
        "{:?}",
        key.facts["exception"]
    );
    let shown = house.desk().exception(&id).await.unwrap();
    assert_eq!(shown.stage, Stage::Reopened);
    assert!(!shown.difference.is_empty());
    assert_eq!(house.desk().settle_exceptions().await.unwrap(), 1);
    // Asked for again with what is true now, it needs both signatures and keeps its end.
    let again = house.desk().restate_exception(&id, None).await.unwrap();
    assert_eq!(again.ends, granted.ends);
    let granted = house.grant(&again).await;
    assert_eq!(granted.stage, Stage::Approved);
    assert_eq!(
        house.key("open").await.verdict.outcome.urgency,
        Urgency::Covered
    );
    let old = house.desk().exception(&id).await.unwrap();
    assert!(old.superseded);
}

#[tokio::test]
async fn an_end_is_renewed_and_ending_it_early_does_not_start_the_count_anew() {
    let mut house = House::new().await;
    let mut id = ExceptionId::new(house.ask("open", 10).await.unwrap().id);
    let twice = house.ask("open", 10).await.unwrap_err();
    assert!(
        twice.to_string().contains("waits for this key already"),
        "{twice}"
    );
    let shown = house.desk().exception(&id).await.unwrap();
    house.grant(&shown).await;
    for renewal in 1..=3u32 {
        let until = house.today().plus(10 + i64::from(renewal));
        let asked = if renewal == 2 {
            house.calls("u3", Role::Approver);
            house
                .desk()
                .end_exception(&id, "not needed", None)
                .await
                .unwrap();
            house.calls("u1", Role::Analyst);
            house.ask("open", 12).await.unwrap()
        } else {
            house
                .desk()
                .renew_exception(&id, until, &asked())
                .await
                .unwrap()
        };
        assert!(
            asked
                .statement
                .text()
                .contains(&format!("renewal {renewal}")),
            "{}",
            asked.statement.text()
        );
        let up = renewal > 2;
        let usual = Authority::for_level(asked.level);
        assert_eq!(asked.needs, if up { usual.up().unwrap() } else { usual });
        id = ExceptionId::new(asked.id.as_str());
        if !up {
            house.grant(&asked).await;
        }
    }
}

#[tokio::test]
async fn a_permanent_one_lives_by_its_reviews_and_by_its_acceptor() {
    let mut house = House::new().await;
    let key = house.id("last").await;
    assert_eq!(house.key("last").await.verdict.id, Verdict::Irreplaceable);
    let wrong = house.id("open").await;
    assert!(
        house
            .desk()
            .request_exception(&wrong, Term::Permanent, &asked())
            .await
            .is_err()
    );
    let asked = house
        .desk()
        .request_exception(&key, Term::Permanent, &asked())
        .await
        .unwrap();
    let granted = house.grant(&asked).await;
    let due = granted.review_due.unwrap();
    assert_eq!(granted.told, format!("permanent, review due {due}"));
    let id = ExceptionId::new(granted.id.as_str());
    let digest = granted.statement.digest().to_owned();
    house.days_pass(due.since(house.today()) - 1);
    house.calls_as(
        "u4",
        Held::risk_owner(Unit::whole(), Authority::Executive),
        true,
    );
    let reviewed = house
        .desk()
        .review_exception(&id, sign(&digest))
        .await
        .unwrap();
    assert!(reviewed.review_due.unwrap() > due);
    // Her acceptor leaves: somebody else has 30 days.
    let people = PEOPLE.replace("cleo@x.io,true", "cleo@x.io,false");
    house.caller = Actor::Operator("root".to_owned());
    house.import("people", "people.csv", &people).await;
    assert_eq!(house.desk().settle_exceptions().await.unwrap(), 1);
    let by = house.today().plus(30);
    let shown = house.desk().exception(&id).await.unwrap();
    assert_eq!(
        shown.told,
        format!("to be reaffirmed by {by}: its acceptor left")
    );
    house.calls_as(
        "u5",
        Held::risk_owner(Unit::whole(), Authority::Executive),
        true,
    );
    let shown = house
        .desk()
        .reaffirm_exception(&id, sign(&digest))
        .await
        .unwrap();
    assert_eq!(shown.acceptance.unwrap().by().as_str(), "u5");
    // A missed review lapses it for 14 days, then it is over.
    house.days_pass(shown.review_due.unwrap().since(house.today()) + 1);
    house.desk().reassess().await.unwrap();
    assert_eq!(
        house.key("last").await.verdict.outcome.urgency,
        Urgency::Covered
    );
    assert_eq!(house.desk().settle_exceptions().await.unwrap(), 1);
    assert!(
        house
            .desk()
            .review_exception(&id, sign(&digest))
            .await
            .is_err()
    );
    house.days_pass(14);
    house.desk().reassess().await.unwrap();
    assert_ne!(
        house.key("last").await.verdict.outcome.urgency,
        Urgency::Covered
    );
}

#[tokio::test]
async fn a_class_covers_what_is_minor_and_nothing_else() {
    let mut house = House::new().await;
    assert_eq!(house.key("small").await.verdict.id, Verdict::Minor);
    assert!(
        house
            .desk()
            .request_class("provder=acme", &asked())
            .await
            .is_err()
    );
    let class = house
        .desk()
        .request_class("provider=acme", &asked())
        .await
        .unwrap();
    house.grant(&class).await;
    let small = house.key("small").await;
    assert_eq!(
        control(&small, Control::FormalRiskAcceptance),
        ControlState::Met
    );
    assert_eq!(control(&small, Control::ScheduledReview), ControlState::Met);
    assert_eq!(
        control(&house.key("last").await, Control::FormalRiskAcceptance),
        ControlState::Failing
    );
    // When its review was missed and its 14 days are over, it covers nothing.
    house.days_pass(400);
    house.desk().reassess().await.unwrap();
    let small = house.key("small").await;
    assert!(
        !small
            .controls
            .iter()
            .any(|note| note.id == Control::FormalRiskAcceptance)
    );
}

#[tokio::test]
async fn what_is_put_in_at_the_machine_is_in_the_name_of_a_person_and_takes_two_to_sign() {
    let mut house = House::new().await;
    house.caller = Actor::Operator("root".to_owned());
    let unnamed = house.ask("open", 20).await.unwrap_err();
    assert!(matches!(unnamed, RegisterError::NeedsPerson), "{unnamed}");
    let key = house.id("open").await;
    let term = Term::Until(house.today().plus(20));
    let put_in = |who: &str| Asked {
        in_name_of: Some(who.to_owned()),
        ..asked()
    };
    let nobody = house
        .desk()
        .request_exception(&key, term, &put_in("zoe"))
        .await;
    assert!(nobody.unwrap_err().to_string().contains("people list"));
    let shown = house
        .desk()
        .request_exception(&key, term, &put_in("ann@x.io"))
        .await
        .unwrap();
    assert_eq!(shown.requested_by.as_str(), "u1");
    assert!(
        shown
            .statement
            .text()
            .contains("Put in at the machine by root")
    );
    // A person asks in nobody else's name.
    house.calls("u1", Role::Analyst);
    let other = house.id("last").await;
    assert!(
        house
            .desk()
            .request_exception(&other, term, &put_in("u3"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_stated_fact_is_declared_with_who_said_it_and_another_source_is_a_dispute() {
    let mut house = House::new().await;
    let key = house.id("small").await;
    let one = |name: &str, value: Option<&str>| [(name.to_owned(), value.map(str::to_owned))];
    for (name, value) in [
        ("exception", "{approved_until = 2027-01-01}"),
        ("proof", "P2"),
        ("isolatd", "true"),
        ("data", "top"),
    ] {
        let refused = house
            .desk()
            .state_facts(&key, &one(name, Some(value)))
            .await;
        assert!(matches!(refused, Err(RegisterError::Fact(_))), "{name}");
    }
    house.calls("vera", Role::Viewer);
    let denied = house
        .desk()
        .state_facts(&key, &one("break_glass", Some("true")))
        .await;
    assert!(matches!(denied, Err(RegisterError::Denied(_))));
    house.calls("u1", Role::Analyst);
    house
        .desk()
        .state_facts(&key, &one("break_glass", Some("true")))
        .await
        .unwrap();
    let after = house.key("small").await;
    let note = &after.facts["break_glass"];
    assert_eq!(*note.value, true);
    assert_eq!(
        note.source,
        format!("the register, person:u1 on {}", house.today())
    );
    // The table says internal.
    house
        .desk()
        .state_facts(&key, &one("data", Some("restricted")))
        .await
        .unwrap();
    let after = house.key("small").await;
    assert!(
        after.disputes.iter().any(|dispute| dispute.fact == "data"),
        "{:?}",
        after.disputes
    );
    assert_eq!(house.desk().stated(&key).await.unwrap().len(), 2);
    house
        .desk()
        .state_facts(&key, &one("break_glass", None))
        .await
        .unwrap();
    assert!(!house.key("small").await.facts.contains_key("break_glass"));
}

#[tokio::test]
async fn a_campaign_is_answered_by_who_is_asked_and_is_evidence() {
    let mut house = House::new().await;
    let starting = Starting {
        title: "autumn".to_owned(),
        selector: "provider=acme".to_owned(),
        reviewers: Vec::new(),
        due: house.today().plus(14),
    };
    let none = Starting {
        selector: "provider=none".to_owned(),
        ..starting.clone()
    };
    assert!(house.desk().start_review(&none).await.is_err());
    let review = house.desk().start_review(&starting).await.unwrap();
    let id = review.campaign.id.clone();
    assert_eq!(review.waits_for, BTreeMap::from([("u2".to_owned(), 3)]));
    let key = house.id("open").await;
    let yes = Answers::all(Said::Yes);
    // Nobody who is not asked answers, whatever role they hold.
    for (who, role) in [("u1", Role::Analyst), ("u3", Role::KeyOwner)] {
        house.calls(who, role);
        let no = house.desk().answer_review(&id, &key, yes.clone(), "").await;
        assert!(matches!(no, Err(RegisterError::Denied(_))), "{who}");
    }
    house.calls("olga@x.io", Role::KeyOwner);
    let item = house
        .desk()
        .answer_review(&id, &key, yes.clone(), "")
        .await
        .unwrap();
    assert_eq!(item.outcome(), Outcome::Confirmed);
    assert_eq!(
        control(&house.key("open").await, Control::Attested),
        ControlState::Met
    );
    let last = house.id("last").await;
    let no = Answers {
        scope: Said::No,
        ..yes.clone()
    };
    assert!(
        house
            .desk()
            .answer_review(&id, &last, no.clone(), "")
            .await
            .is_err(),
        "a no has words"
    );
    house
        .desk()
        .answer_review(&id, &last, no, "it reads everything")
        .await
        .unwrap();
    assert_eq!(
        control(&house.key("last").await, Control::Attested),
        ControlState::Failing
    );
    house.days_pass(15);
    house.calls("u1", Role::Analyst);
    assert!(house.desk().review(&id).await.unwrap().overdue);
    let reminded = house.desk().remind_review(&id).await.unwrap();
    assert_eq!(reminded.campaign.reminded.len(), 1);
    let closed = house.desk().close_review(&id).await.unwrap();
    assert_eq!(closed.counts[&Outcome::Unanswered], 1);
    assert_eq!(closed.waits_for["u2"], 1);
    house.calls("u2", Role::KeyOwner);
    let small = house.id("small").await;
    assert!(
        house
            .desk()
            .answer_review(&id, &small, yes, "")
            .await
            .is_err()
    );
    assert_eq!(
        house.desk().reviews(false).await.unwrap().len(),
        1,
        "she was asked"
    );
    // It is evidence for as long as the policy says.
    house.days_pass(400);
    house.desk().reassess().await.unwrap();
    assert_eq!(
        control(&house.key("open").await, Control::Attested),
        ControlState::Failing
    );
}

fn wish(house: &House) -> Wish {
    Wish {
        provider: "stripe".to_owned(),
        credential: "restricted_key".to_owned(),
        purpose: "nightly export".to_owned(),
        why_not: BTreeMap::new(),
        owner: "olga@x.io".to_owned(),
        expires: house.today().plus(30),
        consumers: vec![Runtime::Server],
        facts: vec![("data".to_owned(), "confidential".to_owned())],
        in_name_of: None,
    }
}

#[tokio::test]
async fn a_key_is_judged_before_it_is_issued_and_nobody_approves_their_own() {
    let mut house = House::new().await;
    let mut wish = wish(&house);
    let forecast = house.desk().forecast(&wish).await.unwrap();
    let open: Vec<ReplacementOption> = forecast.to_explain().collect();
    assert!(!open.is_empty(), "{forecast:?}");
    let unsaid = house.desk().request_key(&wish).await.unwrap_err();
    assert!(unsaid.to_string().contains("say why not"), "{unsaid}");
    wish.why_not = open
        .into_iter()
        .map(|option| (option, "the export tool cannot".to_owned()))
        .collect();
    let bad = Wish {
        credential: "restricted_kye".to_owned(),
        ..wish.clone()
    };
    let error = house.desk().request_key(&bad).await.unwrap_err();
    assert!(
        error.to_string().contains("did you mean `restricted_key`"),
        "{error}"
    );
    let late = Wish {
        expires: house.today().plus(4000),
        ..wish.clone()
    };
    assert!(house.desk().request_key(&late).await.is_err());
    let nobody = Wish {
        owner: "zoe".to_owned(),
        ..wish.clone()
    };
    assert!(house.desk().request_key(&nobody).await.is_err());
    let request = house.desk().request_key(&wish).await.unwrap();
    let id = request.request.id().to_owned();
    let digest = request.statement.digest().to_owned();
    assert!(
        request
            .statement
            .text()
            .contains("why not: the export tool cannot")
    );
    for who in ["u1", "u2", "olga@x.io"] {
        house.calls(who, Role::Approver);
        let own = house
            .desk()
            .approve_key_request(&id, "fine", &digest, None)
            .await;
        assert!(matches!(own, Err(RegisterError::Denied(_))), "{who}");
    }
    house.calls("u3", Role::Approver);
    let other = house
        .desk()
        .approve_key_request(&id, "fine", "0", None)
        .await;
    assert!(matches!(other, Err(RegisterError::Stale(_))));
    let done = house
        .desk()
        .approve_key_request(&id, "fine", &digest, Some(1))
        .await
        .unwrap();
    assert_eq!(done.request.state(), key_request::State::Approved);
    assert!(
        house
            .desk()
            .deny_key_request(&id, "no", None)
            .await
            .is_err()
    );
    assert_eq!(
        house.store.keys(None, 9).await.unwrap().len(),
        3,
        "nothing is issued"
    );
}

#[tokio::test]
async fn comments_and_evidence_are_kept_whole_and_hold_no_key() {
    let mut house = House::new().await;
    let about = About::Key(house.id("open").await);
    house
        .desk()
        .comment(&about, "  asked the vendor  ")
        .await
        .unwrap();
    let secret = tenure_testkit::sample::secret("github", "pat_classic", 3);
    let leaked = house
        .desk()
        .comment(&about, &format!("found\nGITHUB_TOKEN={secret}"))
        .await
        .unwrap_err();
    assert!(leaked.to_string().contains("line 2"), "{leaked}");
    assert!(!leaked.to_string().contains(&secret));
    for text in ["", " ", &"x".repeat(10_001), "a\u{7}"] {
        assert!(house.desk().comment(&about, text).await.is_err());
    }
    let file = house
        .desk()
        .attach(&about, "../mail.txt", b"they said March")
        .await
        .unwrap();
    assert_eq!(
        (file.name.as_str(), file.content_type.as_str()),
        ("mail.txt", "text/plain")
    );
    let leak = format!("token={secret}");
    assert!(
        house
            .desk()
            .attach(&about, "log.txt", leak.as_bytes())
            .await
            .is_err()
    );
    assert!(
        house
            .desk()
            .attach(&about, "big.txt", &vec![b'a'; 5 * 1024 * 1024 + 1])
            .await
            .is_err()
    );
    assert!(
        house
            .desk()
            .attach(&about, "page.html", b"<html>")
            .await
            .is_err()
    );
    let said = house.desk().remarks(&about).await.unwrap();
    assert_eq!(said.comments[0].text, "asked the vendor");
    assert_eq!(said.comments[0].said_by, "person:u1");
    let (_, content) = house.desk().evidence(&file.id).await.unwrap();
    assert_eq!(content, b"they said March");
    // A viewer sees that there is one, and not what is in it.
    house.calls("vera", Role::Viewer);
    assert_eq!(
        house
            .desk()
            .remarks(&about)
            .await
            .unwrap()
            .attachments
            .len(),
        1
    );
    assert!(matches!(
        house.desk().evidence(&file.id).await,
        Err(RegisterError::Denied(_))
    ));
    assert!(matches!(
        house.desk().comment(&about, "me too").await,
        Err(RegisterError::Denied(_))
    ));
    house.calls("u1", Role::Analyst);
    let asked = house.ask("open", 10).await.unwrap();
    let about = About::Exception(ExceptionId::new(asked.id));
    house.desk().comment(&about, "see the mail").await.unwrap();
    assert_eq!(
        house.desk().remarks(&about).await.unwrap().comments.len(),
        1
    );
}
