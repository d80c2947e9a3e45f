//! A store on a new database, a clock that the test moves, and rows to put in.

use std::sync::atomic::{AtomicI64, Ordering};
use tenure_model::{
    access::{Action, Permitted},
    alias::Identities,
    infer::SourcedRow,
    key::{Basis, Row},
    log::Signer,
    moment::Moment,
};
use tenure_store::{Evidence, Finished, Import, NewImport, Place, Record, Store};
use tenure_testkit::{
    database::{Database, Engine},
    permit,
};

pub(crate) struct Setup {
    pub(crate) store: Store,
    pub(crate) database: Database,
    clock: AtomicI64,
}

impl Setup {
    pub(crate) async fn new(engine: Engine) -> Option<Self> {
        let database = Database::new(engine)?;
        let store = Store::open(&place(&database), Moment::from_micros(START))
            .await
            .unwrap();
        Some(Self {
            store,
            database,
            clock: AtomicI64::new(START),
        })
    }

    pub(crate) fn place(&self) -> Place {
        place(&self.database)
    }

    /// A second later than the last reading.
    pub(crate) fn now(&self) -> Moment {
        Moment::from_micros(self.clock.fetch_add(1_000_000, Ordering::Relaxed))
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Imports rows as a source that is read whole.
    pub(crate) async fn import(&self, hash: &str, rows: &[Row]) -> Finished {
        let mut import = self.begin(hash).await;
        self.store
            .import(&mut import, &who(), self.now(), &records(rows))
            .await
            .unwrap();
        self.store
            .finish_import(import, &who(), self.now(), &[])
            .await
            .unwrap()
    }

    pub(crate) async fn begin(&self, hash: &str) -> Import {
        self.store
            .begin_import(&who(), self.now(), &new_import(hash))
            .await
            .unwrap()
    }

    /// The signer of this log.
    pub(crate) async fn signer(&self) -> Signer {
        Signer::new(&self.store.head().await.unwrap().origin, &[7; 32]).unwrap()
    }

    /// Runs a statement behind the back of the store, as somebody with the database's password can.
    pub(crate) async fn tamper(&self, sql: &'static str) {
        self.attempt(sql).await.unwrap();
    }

    /// The same, of a statement that the tables may refuse.
    pub(crate) async fn attempt(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        match &self.database {
            Database::Sqlite { .. } => {
                let url = format!("sqlite://{}", self.database.file().unwrap().display());
                let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
                let done = sqlx::raw_sql(sql).execute(&pool).await;
                pool.close().await;
                done.map(drop)
            }
            Database::Postgres { url } => {
                let pool = sqlx::PgPool::connect(url).await.unwrap();
                let done = sqlx::raw_sql(sql).execute(&pool).await;
                pool.close().await;
                done.map(drop)
            }
        }
    }
}

const START: i64 = 1_795_721_000_000_000;

pub(crate) fn place(database: &Database) -> Place {
    database.file().map_or_else(
        || Place::Postgres(database.url().unwrap().to_owned()),
        Place::File,
    )
}

pub(crate) fn who() -> impl Permitted {
    permit::to(Action::ImportRun)
}

pub(crate) fn new_import(hash: &str) -> NewImport {
    NewImport {
        kind: "acme_keys".to_owned(),
        name: "keys.csv".to_owned(),
        account: "main".to_owned(),
        hash: hash.to_owned(),
        complete: true,
        coverage: Vec::new(),
    }
}

pub(crate) fn row(id: &str) -> Row {
    Row {
        provider: "acme".to_owned(),
        credential: Some("api_key".to_owned()),
        account: Some("main".to_owned()),
        key_id: Some(id.to_owned()),
        name: Some(format!("name of {id}")),
        ..Row::default()
    }
}

pub(crate) fn records(rows: &[Row]) -> Vec<Record> {
    let mut identities = Identities::default();
    rows.iter()
        .enumerate()
        .map(|(at, row)| {
            let mut row = row.clone();
            row.at = format!("line {at}");
            let told = SourcedRow {
                source: format!("keys.csv line {at}"),
                row,
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
