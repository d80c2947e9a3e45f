//! The register lives: imported, judged, looked at, owned and proved, each by who may.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

use serde_json::{Value, json};
use std::path::Path;
use tenure_app::{
    catalog,
    progress::Silent,
    register::{
        self, Checked, Desk, Facet, Filter, Place, Reading, RegisterError, Rules, Sort, Store,
        Taken, verify_export,
    },
    state::State,
};
use tenure_model::{
    access::{Actor, Caller, Held, PersonId, Role, Unit, Via},
    catalog::Provider,
    event::Outcome,
    moment::Moment,
    policy::Policy,
    secret::Pepper,
};

const KIND: &str = "databricks-tokens";

/// A register on a new database, and a clock that the test moves.
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

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Moment::from_micros(1_795_721_000_000_000);
        let place = Place::in_folder(folder.path());
        Self {
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
        }
    }

    fn state(&self) -> State {
        State::at(self.folder.path())
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

    fn reading(&self) -> Reading<'_> {
        Reading {
            providers: &self.providers,
            policy: &self.policy,
            pepper: &self.pepper,
            today: self.now.day(),
        }
    }

    fn days_pass(&mut self, days: i64) {
        self.now = self.now.plus_seconds(days * 86_400);
    }

    fn calls(&mut self, person: &str, role: Role) {
        self.caller = Actor::Person(Caller {
            person: PersonId::new(person).unwrap(),
            active: true,
            roles: vec![Held::new(role, Unit::whole())],
            via: Via::Session { fresh: true },
        });
    }

    fn read(&self, tokens: &[Value]) -> Taken {
        let file = self.folder.path().join("tokens.json");
        std::fs::write(&file, json!({"token_infos": tokens}).to_string()).unwrap();
        Taken::export(self.reading(), KIND, &file, "tokens.json").unwrap()
    }

    async fn list(&self) -> Vec<register::Entry> {
        let filter = Filter {
            gone: true,
            ..Filter::default()
        };
        let desk = self.desk();
        desk.list(&filter, Sort::Name, None, 100)
            .await
            .unwrap()
            .entries
    }

    async fn size(&self) -> u64 {
        self.store.head().await.unwrap().tree.size()
    }
}

/// A token of one of two people, so that the list is whole.
fn token(n: u32) -> Value {
    json!({
        "token_id": format!("{n:064}"), "creation_time": 1_640_995_200_000_u64, "expiry_time": -1,
        "comment": format!("job {n}"), "created_by_id": n, "created_by_username": format!("p{n}@example.com"),
        "owner_id": n, "workspace_id": 12,
    })
}

#[tokio::test]
async fn importing_again_and_again_doubles_nothing_and_tells_what_changed() {
    let mut house = House::new().await;
    let first = house.read(&[token(1), token(2), token(3)]);
    let done = house.desk().import(&first).await.unwrap();
    assert_eq!((done.records, done.counts.new), (3, 3));
    let judged = house.desk().reassess().await.unwrap();
    assert_eq!((judged.keys, judged.new, judged.changed), (3, 3, 0));

    let before = house.size().await;
    let judged = house.desk().reassess().await.unwrap();
    assert_eq!((judged.new, judged.changed), (0, 0));
    assert_eq!(
        house.size().await,
        before,
        "what did not change writes nothing"
    );

    // On another day, the same list with one token less and one renamed.
    house.days_pass(3);
    let mut renamed = token(2);
    renamed["comment"] = json!("renamed");
    let second = house.read(&[token(1), renamed]);
    let done = house.desk().import(&second).await.unwrap();
    assert_eq!(
        (done.counts.new, done.counts.changed, done.counts.vanished),
        (0, 1, 1)
    );
    let judged = house.desk().reassess().await.unwrap();
    assert_eq!((judged.keys, judged.new), (2, 0));
    let list = house.list().await;
    assert_eq!(list.len(), 3, "no doubles, and what is gone is still known");
    let gone: Vec<_> = list.iter().filter(|entry| entry.gone).collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].label, "job 3");
    let renamed = list.iter().find(|entry| entry.label == "renamed").unwrap();
    let history = house.desk().history(&renamed.id, 99).await.unwrap();
    let told: String = history.events.iter().map(|one| one.body.as_str()).collect();
    assert!(
        told.contains("\"from\":\"job 2\",\"source\":\"identity\",\"to\":\"renamed\""),
        "{told}"
    );
    let name = history.facts.iter().filter(|row| row.name == "key.name");
    assert_eq!(name.count(), 2, "the earlier name has its time");

    // A finding that stood keeps its day.
    let key = house.desk().key(&renamed.id).await.unwrap().registered.key;
    let since = format!("since.{}", key.verdict.id);
    let day = key.facts[since.as_str()].value.as_str().unwrap().to_owned();
    assert_eq!(day, house.now.day().plus(-3).to_string());
}

#[tokio::test]
async fn nothing_happens_without_a_permit_and_each_denial_is_recorded() {
    let mut house = House::new().await;
    let taken = house.read(&[token(1), token(2)]);
    house.calls("vera", Role::Viewer);
    let error = house.desk().import(&taken).await.unwrap_err();
    assert!(matches!(error, RegisterError::Denied(_)), "{error}");
    assert!(error.to_string().contains("analyst"), "{error}");
    assert!(house.store.sources().await.unwrap().is_empty());
    let events = house.store.entries(0, 99).await.unwrap();
    let denied: tenure_model::event::Event = serde_json::from_str(&events[1].body).unwrap();
    assert_eq!(denied.who.label(), "person:vera");
    assert!(matches!(denied.outcome, Outcome::Denied { .. }));
    assert!(events[1].body.contains("import.run"), "{}", events[1].body);

    house.calls("anna", Role::Analyst);
    house.desk().import(&taken).await.unwrap();
    house.desk().reassess().await.unwrap();
    let last = house.store.entries(2, 1).await.unwrap();
    assert!(
        last[0].body.contains("\"policies\":[\"analyst\"]"),
        "{}",
        last[0].body
    );
    let error = house
        .desk()
        .audit_export(&house.state(), &mut Vec::new())
        .await;
    assert!(matches!(error, Err(RegisterError::Denied(_))));
    // Who is no key owner of it and has no role at all sees nothing.
    house.caller = Actor::Person(Caller {
        person: PersonId::new("nobody").unwrap(),
        active: true,
        roles: Vec::new(),
        via: Via::Session { fresh: true },
    });
    let desk = house.desk();
    let list = desk.list(&Filter::default(), Sort::Due, None, 9).await;
    assert!(matches!(list, Err(RegisterError::Denied(_))));
}

#[tokio::test]
async fn an_owner_is_a_declared_fact_and_who_runs_the_machine_decides_on_no_key() {
    let mut house = House::new().await;
    let taken = house.read(&[token(1), token(2)]);
    house.desk().import(&taken).await.unwrap();
    house.desk().reassess().await.unwrap();
    let id = house.list().await[0].id.clone();
    let ids = [id.clone()];
    let error = house.desk().assign_owner(&ids, Some("olga"), None).await;
    assert!(matches!(error, Err(RegisterError::Denied(_))));
    house.calls("anna", Role::Analyst);
    let done = house
        .desk()
        .assign_owner(&ids, Some("olga"), None)
        .await
        .unwrap();
    assert_eq!(done.changed, 1, "the other key stays as it is");
    let record = house.desk().key(&id).await.unwrap();
    let owner = &record.registered.key.owner;
    assert_eq!(owner.value.as_deref(), Some("olga"));
    assert_eq!(owner.basis, tenure_model::key::Basis::Declared);
    assert_eq!(record.assigned.unwrap().assigned_by, "person:anna");
    // It is hers now: she sees it, and not the other one.
    house.calls("olga", Role::KeyOwner);
    assert!(house.desk().key(&id).await.is_ok());
    let other = house.store.keys(None, 9).await.unwrap();
    let other = other.into_iter().find(|key| key.id != id).unwrap();
    assert!(matches!(
        house.desk().key(&other.id).await,
        Err(RegisterError::Denied(_))
    ));
}

#[tokio::test]
async fn a_copy_that_is_seen_and_a_row_of_the_same_key_are_one() {
    let house = House::new().await;
    let places = house.folder.path().join("src");
    std::fs::create_dir(&places).unwrap();
    let secret = tenure_testkit::sample::secret("github", "pat_classic", 3);
    std::fs::write(
        places.join("deploy.env"),
        format!("GITHUB_TOKEN={secret}\n"),
    )
    .unwrap();
    let seen = Taken::place(house.reading(), &places, &[], &Silent).unwrap();
    let done = house.desk().import(&seen).await.unwrap();
    assert_eq!(done.counts.new, 1);
    house.desk().reassess().await.unwrap();
    let table = house.folder.path().join("keys.csv");
    std::fs::write(
        &table,
        format!("provider,name,secret\ngithub,deploy bot,{secret}\n"),
    )
    .unwrap();
    let rows = Taken::export(house.reading(), "table", &table, "keys.csv").unwrap();
    house.desk().import(&rows).await.unwrap();
    house.desk().reassess().await.unwrap();
    let list = house.list().await;
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!(list[0].label, "deploy bot");
    let facets = house
        .store
        .facet(&register::Scope::whole(), Facet::Provider, 9)
        .await
        .unwrap();
    assert_eq!(facets, [("github".to_owned(), 1)]);
    // The secret died on the way.
    for file in ["tenure.db", "tenure.db-wal"] {
        if let Ok(bytes) = std::fs::read(house.folder.path().join(file)) {
            let found = bytes
                .windows(secret.len())
                .any(|at| at == secret.as_bytes());
            assert!(!found, "{file} holds the secret");
        }
    }
}

#[tokio::test]
async fn an_export_verifies_with_a_public_key_alone_and_the_database_by_itself() {
    let house = House::new().await;
    let taken = house.read(&[token(1), token(2)]);
    house.desk().import(&taken).await.unwrap();
    house.desk().reassess().await.unwrap();
    let state = house.state();
    register::seal(&house.store, &state).await.unwrap();
    let mut export = Vec::new();
    let desk = house.desk();
    let checkpoint = desk.audit_export(&state, &mut export).await.unwrap();
    let key = register::public_key(&house.store, &state)
        .await
        .unwrap()
        .unwrap();
    let Checked::Holds(verified) = verify_export(export.as_slice(), &key, None).unwrap() else {
        panic!("a good export does not hold");
    };
    assert!(verified.is_whole());
    assert_eq!(verified.checkpoint, checkpoint);
    assert!(matches!(
        desk.verify(&state).await.unwrap(),
        Some(Checked::Holds(_))
    ));
    // Without its last line end it holds as well; with nothing in it, it does not.
    let cut = export.strip_suffix(b"\n").unwrap();
    assert!(matches!(
        verify_export(cut, &key, None).unwrap(),
        Checked::Holds(_)
    ));
    assert!(matches!(
        verify_export(&b""[..], &key, None).unwrap(),
        Checked::Tampered(_)
    ));
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (providers, policy) = (catalog::load(None).unwrap(), Policy::builtin());
    let pepper = Pepper::new([7; 32]);
    let reading = Reading {
        providers: &providers,
        policy: &policy,
        pepper: &pepper,
        today: "2026-11-26".parse().unwrap(),
    };
    let file = folder.path().join("x.json");
    std::fs::write(&file, "{").unwrap();
    let refused = |kind: &str, file: &Path| {
        let error = Taken::export(reading, kind, file, "x").unwrap_err();
        error.to_string()
    };
    assert!(refused("databricks-token", &file).contains("did you mean `databricks-tokens`"));
    assert!(refused(KIND, &file).contains("x.json"));
    assert!(refused(KIND, &folder.path().join("none")).contains("none"));
    assert!(Taken::place(reading, &folder.path().join("none"), &[], &Silent).is_err());
}

/// A register that judges what changed is, after each change, the one that judges everything: the same records in
/// any order of imports, with names, ids, slots, secrets and copies that meet and part.
#[tokio::test]
async fn judging_what_changed_comes_to_the_same_as_judging_everything() {
    for seed in 0..12 {
        let mut house = House::new().await;
        let mut random = Random(seed);
        for step in 0..8 {
            let taken = some_source(&house, &mut random);
            house.desk().import(&taken).await.unwrap();
            house.desk().settle().await.unwrap();
            if random.below(3) == 0 {
                let list = house.list().await;
                let some = list[random.below(list.len())].id.clone();
                house.calls("anna", Role::Analyst);
                let owner = ["olga", "otto"][random.below(2)];
                let desk = house.desk();
                desk.assign_owner(&[some], Some(owner), None).await.unwrap();
                house.caller = Actor::Operator("root".to_owned());
            }
            assert!(house.store.stale(9).await.unwrap().is_empty());
            house
                .store
                .keep_judged_with("something else")
                .await
                .unwrap();
            let before = house.size().await;
            house.desk().reassess().await.unwrap();
            let moved = house.store.entries(before, 9).await.unwrap();
            let moved: Vec<&str> = moved.iter().map(|one| one.body.as_str()).collect();
            assert!(moved.is_empty(), "seed {seed}, step {step}: {moved:#?}");
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }
}

fn some_source(house: &House, random: &mut Random) -> Taken {
    let folder = house.folder.path();
    let secret = |n: usize| {
        tenure_testkit::sample::secret("github", "pat_classic", u64::try_from(n).unwrap())
    };
    match random.below(4) {
        0 => {
            let mut rows = "provider,account,key id,name,secret,environment\n".to_owned();
            for _ in 0..random.below(9) + 1 {
                let secret = if random.below(3) == 0 {
                    secret(random.below(4))
                } else {
                    String::new()
                };
                rows += &format!(
                    "{},{},{},{},{},{}\n",
                    random.of(&["github", "aws", "acme", ""]),
                    random.of(&["", "12", "34"]),
                    random.of(&["", "", "7", "8", "AKIAEXAMPLE000000001"]),
                    random.of(&["deploy", "ci", "ann", "other"]),
                    secret,
                    random.of(&["production", "test", ""]),
                );
            }
            let name = random.of(&["keys.csv", "more.csv"]);
            let file = folder.join(name);
            std::fs::write(&file, rows).unwrap();
            Taken::export(house.reading(), "table", &file, name).unwrap()
        }
        1 => {
            let places = folder.join("src");
            let _ = std::fs::remove_dir_all(&places);
            std::fs::create_dir(&places).unwrap();
            for n in 0..random.below(4) + 1 {
                let text = format!("\nGITHUB_TOKEN={}\n", secret(random.below(4)));
                let lines = random.below(3);
                std::fs::write(places.join(format!("{n}.env")), "\n".repeat(lines) + &text)
                    .unwrap();
            }
            Taken::place(house.reading(), &places, &[], &Silent).unwrap()
        }
        2 => {
            let mut rows = "user,arn,user_creation_time,access_key_1_active,access_key_1_last_rotated,\
                access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,\
                access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
                access_key_2_last_used_region,access_key_2_last_used_service\n".to_owned();
            for user in ["deploy", "ci", "ann"].iter().take(random.below(3) + 1) {
                let made = random.of(&["2024-03-01T10:00:00+00:00", "2024-03-01T12:00:00+00:00"]);
                rows += &format!(
                    "{user},arn:aws:iam::123456789012:user/{user},2024-01-01T00:00:00+00:00,true,{made},N/A,N/A,N/A,\
                     {},2025-01-01T00:00:00+00:00,N/A,N/A,N/A\n",
                    random.of(&["true", "false"])
                );
            }
            let file = folder.join("report.csv");
            std::fs::write(&file, rows).unwrap();
            Taken::export(
                house.reading(),
                "aws-credential-report",
                &file,
                "report.csv",
            )
            .unwrap()
        }
        _ => {
            let keys: Vec<Value> = (0..random.below(4) + 1)
                .map(|n| {
                    json!({
                        "UserName": random.of(&["deploy", "ci", "ann"]),
                        "AccessKeyId": format!("AKIAEXAMPLE{n:09}"),
                        "Status": random.of(&["Active", "Inactive"]),
                        "CreateDate": random.of(&["2024-03-01T10:00:00+00:00", "2025-01-01T00:00:00+00:00"]),
                    })
                })
                .collect();
            let file = folder.join("keys.json");
            std::fs::write(&file, json!({"AccessKeyMetadata": keys}).to_string()).unwrap();
            Taken::export(house.reading(), "aws-access-keys", &file, "keys.json").unwrap()
        }
    }
}
