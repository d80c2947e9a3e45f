//! A register on a new database, a clock that the test moves, and somebody who calls.

use std::{collections::BTreeSet, fmt::Write as _};
use tenure_app::{
    catalog,
    channels::Channels,
    register::{self, Bench, Desk, Entry, Filter, Place, Reading, Rules, Sort, Store, Taken},
    state::State,
};
use tenure_model::{
    access::{Actor, Caller, Held, PersonId, Role, Unit, Via},
    catalog::Provider,
    container::{Container, ContainerKind, Rule},
    id::KeyId,
    moment::Moment,
    policy::Policy,
    secret::Pepper,
};
use tenure_testkit::database::{Database, Engine};

pub(crate) struct House {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
    _database: Database,
    pub(crate) access: Rules,
    pub(crate) providers: Vec<Provider>,
    pub(crate) policy: Policy,
    pub(crate) pepper: Pepper,
    pub(crate) caller: Actor,
    pub(crate) now: Moment,
}

impl House {
    pub(crate) async fn new(engine: Engine) -> Option<Self> {
        let database = Database::new(engine)?;
        let folder = tempfile::tempdir().unwrap();
        let now = Moment::from_micros(1_795_721_000_000_000);
        let place = database.file().map_or_else(
            || Place::Postgres(database.url().unwrap().to_owned()),
            Place::File,
        );
        Some(Self {
            store: register::open(&place, &State::at(folder.path()), now)
                .await
                .unwrap(),
            folder,
            _database: database,
            access: Rules::builtin(),
            providers: catalog::load(None).unwrap(),
            policy: Policy::builtin(),
            pepper: Pepper::new([7; 32]),
            caller: Actor::Operator("root".to_owned()),
            now,
        })
    }

    pub(crate) fn desk(&self) -> Desk<'_> {
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

    pub(crate) fn days_pass(&mut self, days: i64) {
        self.now = self.now.plus_seconds(days * 86_400);
    }

    /// From now on this person calls, with these roles.
    pub(crate) fn calls(&mut self, person: &str, roles: &[(Role, &str)]) {
        self.caller = Actor::Person(Caller {
            person: PersonId::new(person).unwrap(),
            active: true,
            roles: roles
                .iter()
                .map(|(role, unit)| Held::new(*role, Unit::parse(unit).unwrap()))
                .collect(),
            via: Via::Session { fresh: true },
        });
    }

    pub(crate) fn operator_calls(&mut self) {
        self.caller = Actor::Operator("root".to_owned());
    }

    /// Takes a table of keys: name, account and owner of each.
    pub(crate) async fn import(&self, rows: &[(&str, &str, &str)]) {
        let mut text = "provider,name,account,owner\n".to_owned();
        for (name, account, owner) in rows {
            writeln!(text, "stripe,{name},{account},{owner}").unwrap();
        }
        self.take("table", "keys.csv", &text).await;
    }

    pub(crate) async fn people(&self, text: &str) {
        self.take("people", "people.csv", text).await;
    }

    pub(crate) async fn take(&self, kind: &str, name: &str, text: &str) {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let reading = Reading {
            providers: &self.providers,
            policy: &self.policy,
            pepper: &self.pepper,
            today: self.now.day(),
        };
        let taken = Taken::export(reading, kind, &file, name).unwrap();
        let operator = Actor::Operator("root".to_owned());
        let desk = Desk {
            caller: &operator,
            ..self.desk()
        };
        desk.import(&taken).await.unwrap();
        desk.reassess().await.unwrap();
    }

    /// What the caller sees on the list.
    pub(crate) async fn listed(&self, filter: &Filter) -> Vec<Entry> {
        let desk = self.desk();
        let page = desk.list(filter, Sort::Name, None, 100).await.unwrap();
        page.entries
    }

    /// The names on the list of the caller.
    pub(crate) async fn names(&self, filter: &Filter) -> BTreeSet<String> {
        let listed = self.listed(filter).await;
        listed.into_iter().map(|entry| entry.label).collect()
    }

    /// The id of a key by its name, whoever calls.
    pub(crate) async fn id(&self, name: &str) -> KeyId {
        let all = self.store.keys(None, 500).await.unwrap();
        let found = all
            .into_iter()
            .find(|one| one.key.name.as_deref() == Some(name));
        found.unwrap().id
    }
}

pub(crate) fn rule(
    kind: ContainerKind,
    place: &str,
    owner: Option<&str>,
    unit: Option<&str>,
) -> Rule {
    Rule {
        container: Container::parse(kind, place).unwrap(),
        owner: owner.map(str::to_owned),
        backup: None,
        unit: unit.map(|unit| Unit::parse(unit).unwrap()),
    }
}

/// A house as a worker sees it.
pub(crate) struct Shop<'h> {
    house: &'h House,
    state: State,
    channels: Channels,
}

impl<'h> Shop<'h> {
    pub(crate) fn of(house: &'h House, channels: &Channels) -> Self {
        Self {
            house,
            state: State::at(house.folder.path()),
            channels: channels.clone(),
        }
    }
}

impl Bench for Shop<'_> {
    fn desk<'d>(&'d self, caller: &'d Actor) -> Desk<'d> {
        Desk {
            caller,
            ..self.house.desk()
        }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn channels(&self) -> &Channels {
        &self.channels
    }
}
