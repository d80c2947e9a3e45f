//! Opening the register's database, bringing its tables up to date, and what can go wrong with it.

use crate::dialect::{Arg, Pool, Row, Tx, args, may_pass};
use std::path::{Path, PathBuf};
use tenure_model::{digest, moment::Moment};

/// The file of SQLite in the state folder.
pub const FILE: &str = "tenure.db";

/// The steps that make the tables, in order; a step that was ever released never changes.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001_log.sql"),
    include_str!("../../../migrations/0002_register.sql"),
    include_str!("../../../migrations/0003_work.sql"),
    include_str!("../../../migrations/0004_accounts.sql"),
    include_str!("../../../migrations/0005_governance.sql"),
    include_str!("../../../migrations/0006_owners.sql"),
    include_str!("../../../migrations/0007_stale.sql"),
    include_str!("../../../migrations/0008_notices.sql"),
];

/// Where the register is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A PostgreSQL database, by its URL. May hold a password: never printed.
    Postgres(String),
}

impl Place {
    /// The register in a state folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self::File(folder.join(FILE))
    }
}

/// What the database says, for a log; a URL or a password is not in it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Fault(#[from] sqlx::Error);

/// Why the store cannot do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no database, or it lets nobody in.
    #[error(
        "the database {place} cannot be opened: {fault}; check that it runs and that its address is right"
    )]
    Closed {
        /// The file, or `PostgreSQL`.
        place: String,
        /// The reason.
        fault: Fault,
    },
    /// Written by a later release.
    #[error(
        "the database is of schema version {found}, and this release knows versions up to {known}; \
         install a release that is at least as new as the one that wrote it, or restore a backup"
    )]
    Newer {
        /// The version found.
        found: u64,
        /// The latest version that is known.
        known: u64,
    },
    /// A step that made its tables is not the step of this release.
    #[error(
        "schema step {version} of the database is not the one of this release; use an official release"
    )]
    OtherSteps {
        /// The step.
        version: u64,
    },
    /// The database refuses a statement.
    #[error("the database refuses: {0}")]
    Refused(#[from] Fault),
    /// Somebody else wrote first.
    #[error("{0} was changed by somebody else meanwhile; read it again")]
    Conflict(String),
    /// There is no such thing.
    #[error("there is no {0}")]
    Unknown(String),
    /// No change without a record.
    #[error("{0} rows were to change without an event that says so; report this as a defect")]
    Unrecorded(u64),
    /// What is in the database is not what was written.
    #[error("the database holds {0}; restore a backup")]
    Broken(String),
    /// The log is shorter than it was, or another one.
    #[error(
        "the log was set back: {0}; find out who replaced the database, and restore the latest backup"
    )]
    SetBack(String),
    /// There is something where a backup is to be restored.
    #[error("{0}; restore where there is no register, or move away what is there")]
    NotEmpty(String),
    /// What was to be a backup.
    #[error("the backup {0}")]
    Backup(String),
    /// The system refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: std::io::Error,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Refused(Fault(error))
    }
}

impl StoreError {
    /// Whether the same thing may work when tried again.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Refused(fault) | Self::Closed { fault, .. } => may_pass(&fault.0),
            Self::Conflict(_) => true,
            _ => false,
        }
    }

    /// Whether a rule of the tables was broken: a duplicate, a missing reference, a check.
    #[must_use]
    pub fn is_constraint(&self) -> bool {
        match self {
            Self::Refused(Fault(sqlx::Error::Database(error))) => {
                !matches!(error.kind(), sqlx::error::ErrorKind::Other)
            }
            _ => false,
        }
    }
}

/// What a function of the store gives.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The register's database. Cheap to clone; all clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: Pool,
}

impl Store {
    /// Opens a database and brings its tables up to date. Where there is none yet, a file is made, readable by
    /// its user alone; a database of PostgreSQL has to be there.
    ///
    /// # Errors
    /// It cannot be opened, or was written by a later release.
    pub async fn open(place: &Place, now: Moment) -> Result<Self> {
        let store = Self::connect(place).await?;
        migrate(&store.pool, MIGRATIONS, now).await?;
        store.pool.index_search().await?;
        Ok(store)
    }

    pub(crate) async fn connect(place: &Place) -> Result<Self> {
        let (name, opened) = match place {
            Place::File(file) => {
                make_file(file).map_err(|error| StoreError::Io {
                    path: file.clone(),
                    error,
                })?;
                (file.display().to_string(), Pool::sqlite(file).await)
            }
            Place::Postgres(url) => ("of PostgreSQL".to_owned(), Pool::postgres(url).await),
        };
        opened
            .map(|pool| Self { pool })
            .map_err(|error| StoreError::Closed {
                place: name,
                fault: Fault(error),
            })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<()> {
        self.pool.rows("SELECT size FROM log_head", args![]).await?;
        Ok(())
    }

    /// Closes every connection, when what is under way has ended.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Copies the database as it is at this moment to a new file. `false` on PostgreSQL, which has its own tools.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub async fn copy_to(&self, file: &Path) -> Result<bool> {
        Ok(self.pool.copy_to(file).await?)
    }
}

/// Makes the file for its user alone before anything is in it.
fn make_file(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

/// Applies the steps that the database does not have yet, all or none.
async fn migrate(pool: &Pool, steps: &[&str], now: Moment) -> Result<()> {
    let mut tx = pool.begin().await?;
    tx.lock_schema().await?;
    apply(&mut tx, steps, now).await?;
    Ok(tx.commit().await?)
}

/// Applies the steps that are missing, within a transaction that holds the lock of the schema.
pub(crate) async fn apply(tx: &mut Tx, steps: &[&str], now: Moment) -> Result<()> {
    tx.script(
        "CREATE TABLE IF NOT EXISTS schema_steps (version BIGINT NOT NULL PRIMARY KEY, digest TEXT NOT NULL, \
         applied_at BIGINT NOT NULL)",
    )
    .await?;
    let applied = tx
        .rows(
            "SELECT version, digest FROM schema_steps ORDER BY version",
            args![],
        )
        .await?;
    for row in &applied {
        let (version, found) = (row.int(0)?, row.text(1)?);
        let step = usize::try_from(version)
            .ok()
            .and_then(|version| steps.get(version.checked_sub(1)?));
        match step {
            Some(step) if digest::of_bytes(step.as_bytes()) == found => {}
            Some(_) => {
                return Err(StoreError::OtherSteps {
                    version: version.unsigned_abs(),
                });
            }
            None => {
                let latest = applied.last().map_or(Ok(0), |row| row.int(0))?;
                return Err(StoreError::Newer {
                    found: latest.unsigned_abs(),
                    known: u64::try_from(steps.len()).unwrap_or(u64::MAX),
                });
            }
        }
    }
    for (version, step) in (1i64..).zip(steps).skip(applied.len()) {
        tx.script(step).await?;
        tx.run(
            "INSERT INTO schema_steps (version, digest, applied_at) VALUES ($1, $2, $3)",
            args![version, digest::of_bytes(step.as_bytes()), now.micros()],
        )
        .await?;
    }
    Ok(())
}

/// Reads either through the pool or within a transaction.
pub(crate) enum Via<'v> {
    Pool(&'v Pool),
    Tx(&'v mut Tx),
}

impl Via<'_> {
    pub(crate) fn is_postgres(&self) -> bool {
        match self {
            Self::Pool(pool) => pool.is_postgres(),
            Self::Tx(tx) => tx.is_postgres(),
        }
    }

    pub(crate) async fn rows(&mut self, sql: &str, args: Vec<Arg>) -> Result<Vec<Row>> {
        Ok(match self {
            Self::Pool(pool) => pool.rows(sql, args).await?,
            Self::Tx(tx) => tx.rows(sql, args).await?,
        })
    }
}

/// JSON for a column.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// A value back from the JSON of a column.
pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str, what: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Broken(format!("a broken {what} ({error})")))
}

/// A word back from a column.
pub(crate) fn word<T: std::str::FromStr>(text: &str, what: &str) -> Result<T> {
    text.parse()
        .map_err(|_| StoreError::Broken(format!("the unknown {what} `{text}`")))
}

/// A new random id: a letter and 80 bits in hex.
pub(crate) fn new_id(letter: char) -> Result<String> {
    let mut bytes = [0u8; 10];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Io {
        path: PathBuf::from("the system's random bytes"),
        error: std::io::Error::other(error.to_string()),
    })?;
    Ok(format!("{letter}{}", digest::hex(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_testkit::database::{Database, Engine};

    const AT: Moment = Moment::from_micros(1_795_721_000_000_000);

    fn place(database: &Database) -> Place {
        database.file().map_or_else(
            || Place::Postgres(database.url().unwrap().to_owned()),
            Place::File,
        )
    }

    /// Names and columns of every table.
    async fn schema(store: &Store) -> Vec<String> {
        let sql = if store.pool.is_postgres() {
            "SELECT table_name || '.' || column_name || ' ' || is_nullable FROM information_schema.columns \
             WHERE table_schema = 'public' ORDER BY 1"
        } else {
            "SELECT m.name || '.' || c.name || ' ' || CASE c.\"notnull\" WHEN 1 THEN 'NO' ELSE 'YES' END \
             FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1"
        };
        let rows = store.pool.rows(sql, args![]).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap()).collect()
    }

    async fn every_earlier_version(engine: Engine) {
        let mut seen: Option<Vec<String>> = None;
        for version in 0..=MIGRATIONS.len() {
            let Some(database) = Database::new(engine) else {
                return;
            };
            let store = Store::connect(&place(&database)).await.unwrap();
            migrate(&store.pool, &MIGRATIONS[..version], AT)
                .await
                .unwrap();
            if version > 0 {
                // Something that has to be there afterwards.
                let mut tx = store.pool.begin().await.unwrap();
                let insert = "INSERT INTO events (log_index, at, who, what, about, denied, body, leaf) \
                              VALUES (0, 1, 'w', 'x', 'y', 0, '{}', 'l')";
                tx.run(insert, args![]).await.unwrap();
                tx.commit().await.unwrap();
            }
            store.close().await;
            let store = Store::open(&place(&database), AT).await.unwrap();
            let now = schema(&store).await;
            assert!(now.iter().any(|column| column.starts_with("jobs.lease ")));
            assert_eq!(
                seen.get_or_insert_with(|| now.clone()),
                &now,
                "from {version}"
            );
            let events = store
                .pool
                .rows("SELECT log_index FROM events", args![])
                .await
                .unwrap();
            assert_eq!(events.len(), usize::from(version > 0));
            // A second time nothing happens.
            store.close().await;
            Store::open(&place(&database), AT)
                .await
                .unwrap()
                .close()
                .await;
        }
    }

    async fn a_newer_database_is_refused(engine: Engine) {
        let Some(database) = Database::new(engine) else {
            return;
        };
        let store = Store::open(&place(&database), AT).await.unwrap();
        let mut tx = store.pool.begin().await.unwrap();
        tx.run(
            "INSERT INTO schema_steps (version, digest, applied_at) VALUES (99, 'x', 1)",
            args![],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        store.close().await;
        let error = Store::open(&place(&database), AT).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Newer { found: 99, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("install a release"), "{error}");
    }

    async fn a_changed_step_is_refused(engine: Engine) {
        let Some(database) = Database::new(engine) else {
            return;
        };
        let store = Store::open(&place(&database), AT).await.unwrap();
        let mut steps = MIGRATIONS.to_vec();
        steps[1] = "CREATE TABLE other (id BIGINT)";
        let error = migrate(&store.pool, &steps, AT).await.unwrap_err();
        assert!(
            matches!(error, StoreError::OtherSteps { version: 2 }),
            "{error}"
        );
    }

    async fn a_step_that_fails_leaves_nothing(engine: Engine) {
        let Some(database) = Database::new(engine) else {
            return;
        };
        let store = Store::connect(&place(&database)).await.unwrap();
        let steps = [
            MIGRATIONS[0],
            "CREATE TABLE good (id BIGINT); CREATE TABLE bad (",
        ];
        migrate(&store.pool, &steps, AT).await.unwrap_err();
        assert!(schema(&store).await.is_empty());
    }

    macro_rules! on_both {
        ($($name:ident),+) => {
            mod sqlite { $(
                #[tokio::test]
                async fn $name() {
                    super::$name(tenure_testkit::database::Engine::Sqlite).await;
                }
            )+ }
            mod postgres { $(
                #[tokio::test]
                async fn $name() {
                    super::$name(tenure_testkit::database::Engine::Postgres).await;
                }
            )+ }
        };
    }

    on_both!(
        every_earlier_version,
        a_newer_database_is_refused,
        a_changed_step_is_refused,
        a_step_that_fails_leaves_nothing
    );

    #[tokio::test]
    async fn a_file_is_its_users_alone_and_no_address_is_printed() {
        let database = Database::new(Engine::Sqlite).unwrap();
        let store = Store::open(&place(&database), AT).await.unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let file = database.file().unwrap();
            for file in [file.clone(), file.with_extension("db-wal")] {
                let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{}", file.display());
            }
        }
        store.close().await;
        let place = Place::Postgres("postgres://u:hunter2@127.0.0.1:1/x".to_owned());
        let error = Store::open(&place, AT).await.unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{error:?}"
        );
    }
}
