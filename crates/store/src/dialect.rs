//! The one file that knows which database it is: connections, begin, bulk writes, lists as arguments, claims.
//!
//! Both take the same SQL with `$1` for the first argument. Arguments are integers, texts, lists of them, and bytes: times
//! are microseconds, ids and JSON are texts, booleans are 0 and 1.

use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use sqlx::{
    AssertSqlSafe, Row as _, Transaction,
    postgres::{PgPool, PgPoolOptions, PgRow, Postgres},
    sqlite::{
        Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};
use std::{fmt::Write as _, path::Path, time::Duration};

/// How long a statement waits for another writer.
const BUSY: Duration = Duration::from_secs(10);
/// How long a caller waits for a free connection.
const WAIT: Duration = Duration::from_secs(10);
/// Connections that read at the same time.
const READERS: u32 = 4;
/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 10;
/// Parameters of one statement that SQLite takes for sure.
const PARAMETERS: usize = 30_000;
/// Rows of one statement, so that a few prepared statements serve all.
const ROWS: usize = 500;

/// What a statement is given.
#[derive(Debug, Clone)]
pub(crate) enum Arg {
    Int(Option<i64>),
    Text(Option<String>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
    Bytes(Vec<u8>),
}

macro_rules! arg {
    ($($from:ty => |$value:ident| $arg:expr;)+) => { $(
        impl From<$from> for Arg {
            fn from($value: $from) -> Self {
                $arg
            }
        }
    )+ };
}

arg! {
    i64 => |value| Self::Int(Some(value));
    Option<i64> => |value| Self::Int(value);
    bool => |value| Self::Int(Some(i64::from(value)));
    u64 => |value| Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)));
    String => |value| Self::Text(Some(value));
    &str => |value| Self::Text(Some(value.to_owned()));
    Option<String> => |value| Self::Text(value);
    Option<&str> => |value| Self::Text(value.map(str::to_owned));
    Vec<String> => |value| Self::Texts(value);
    Vec<i64> => |value| Self::Ints(value);
    Vec<u8> => |value| Self::Bytes(value);
}

/// The arguments of a statement, in order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::dialect::Arg::from($value)),*] };
}
pub(crate) use args;

/// What a column of a bulk write holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Int,
    Text,
    Bytes,
}

/// One row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub(crate) fn int(&self, at: usize) -> Result<i64, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(at),
            Self::Postgres(row) => row.try_get(at),
        }
    }

    pub(crate) fn maybe_int(&self, at: usize) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(at),
            Self::Postgres(row) => row.try_get(at),
        }
    }

    pub(crate) fn text(&self, at: usize) -> Result<String, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(at),
            Self::Postgres(row) => row.try_get(at),
        }
    }

    pub(crate) fn bytes(&self, at: usize) -> Result<Vec<u8>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(at),
            Self::Postgres(row) => row.try_get(at),
        }
    }

    pub(crate) fn maybe_text(&self, at: usize) -> Result<Option<String>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(at),
            Self::Postgres(row) => row.try_get(at),
        }
    }
}

/// Open connections to one database.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    /// One connection that writes, several that read.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction. Dropped, it leaves nothing.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

macro_rules! bound {
    ($sql:expr, $args:expr, |$arg:ident| $ints:expr, $texts:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql.to_owned()));
        for arg in $args {
            query = match arg {
                Arg::Int(value) => query.bind(value),
                Arg::Text(value) => query.bind(value),
                Arg::Bytes(value) => query.bind(value),
                Arg::Ints($arg) => query.bind($ints),
                Arg::Texts($arg) => query.bind($texts),
            };
        }
        query
    }};
}

macro_rules! sqlite {
    ($sql:expr, $args:expr) => {
        bound!(
            $sql,
            $args,
            |list| serde_json::to_string(&list).unwrap_or_default(),
            serde_json::to_string(&list).unwrap_or_default()
        )
    };
}

macro_rules! postgres {
    ($sql:expr, $args:expr) => {
        bound!($sql, $args, |list| list, list)
    };
}

impl Pool {
    /// Opens a file of SQLite, made where there is none: write-ahead log, foreign keys checked, durable at every
    /// commit.
    pub(crate) async fn sqlite(file: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("cache_size", "-32768")
            // A page that is written again and again goes into the file once in a while.
            .pragma("wal_autocheckpoint", "4000")
            // A row is handed over from the thread of a connection: many at once.
            .row_buffer_size(1000)
            .pragma("trusted_schema", "OFF");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(WAIT)
            .connect_with(options.clone())
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(0)
            .acquire_timeout(WAIT)
            .connect_lazy_with(options.create_if_missing(false).pragma("query_only", "ON"));
        Ok(Self::Sqlite { writer, readers })
    }

    /// Connects to PostgreSQL by a URL.
    pub(crate) async fn postgres(url: &str) -> Result<Self, sqlx::Error> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
            .connect(url)
            .await?;
        Ok(Self::Postgres(pool))
    }

    /// Begins a transaction that writes: on SQLite it takes the one writer's lock at once, so that it cannot fail
    /// half way for want of it.
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        match self {
            Self::Sqlite { writer, .. } => {
                writer.begin_with("BEGIN IMMEDIATE").await.map(Tx::Sqlite)
            }
            Self::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
        }
    }

    /// Begins a transaction that reads, and sees the database all through as it is at its first statement.
    pub(crate) async fn snapshot(&self) -> Result<Tx, sqlx::Error> {
        match self {
            Self::Sqlite { readers, .. } => readers.begin().await.map(Tx::Sqlite),
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                pool.begin_with(begin).await.map(Tx::Postgres)
            }
        }
    }

    pub(crate) async fn rows(&self, sql: &str, args: Vec<Arg>) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite { readers, .. } => {
                let rows = sqlite!(sql, args).fetch_all(readers).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(pool) => {
                let rows = postgres!(sql, args).fetch_all(pool).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Makes the index that finds a text anywhere in the list of keys, where there is none. On PostgreSQL that is an
    /// extension which comes with it; where it may not be made, a search looks at every row.
    pub(crate) async fn index_search(&self) -> Result<(), sqlx::Error> {
        let mut tx = self.begin().await?;
        tx.lock_schema().await?;
        match self {
            Self::Sqlite { .. } => {
                let known = "SELECT name FROM sqlite_schema WHERE name = 'key_search'";
                if tx.rows(known, args![]).await?.is_empty() {
                    tx.script(SEARCH_IN_SQLITE).await?;
                }
            }
            Self::Postgres(_) => {
                let known = "SELECT indexname FROM pg_indexes WHERE indexname = 'key_list_search' \
                             AND schemaname = current_schema()";
                if tx.rows(known, args![]).await?.is_empty() {
                    tx.script("SAVEPOINT search").await?;
                    if tx.script(SEARCH_IN_POSTGRES).await.is_err() {
                        tx.script("ROLLBACK TO SAVEPOINT search").await?;
                    }
                }
            }
        }
        tx.commit().await
    }

    /// The ids of keys in whose search text a word of three characters or more stands, at most `most`.
    pub(crate) async fn holding(&self, word: &str, most: u64) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite { .. } => {
                let phrase = format!("\"{}\"", word.replace('"', "\"\""));
                let sql = "SELECT r.id FROM key_search JOIN key_search_rows r ON r.n = key_search.rowid \
                           WHERE key_search MATCH $1 LIMIT $2";
                self.rows(sql, args![phrase, most]).await
            }
            Self::Postgres(_) => {
                let sql = "SELECT id FROM key_list WHERE search LIKE $1 ESCAPE '!' LIMIT $2";
                self.rows(sql, args![like(word), most]).await
            }
        }
    }

    /// Copies the whole database to a new file. SQLite alone: PostgreSQL has its own tools.
    pub(crate) async fn copy_to(&self, file: &Path) -> Result<bool, sqlx::Error> {
        let Self::Sqlite { writer, .. } = self else {
            return Ok(false);
        };
        sqlx::query("VACUUM INTO $1")
            .bind(file.to_string_lossy().into_owned())
            .execute(writer)
            .await?;
        Ok(true)
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

impl Tx {
    pub(crate) async fn rows(
        &mut self,
        sql: &str,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(tx) => {
                let rows = sqlite!(sql, args).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(tx) => {
                let rows = postgres!(sql, args).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Hands over one row after the other, without holding all of them.
    pub(crate) async fn each_row<E: From<sqlx::Error>>(
        &mut self,
        sql: &str,
        mut take: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Sqlite(tx) => {
                let mut rows = sqlite!(sql, args![]).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await? {
                    take(Row::Sqlite(row))?;
                }
            }
            Self::Postgres(tx) => {
                let mut rows = postgres!(sql, args![]).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await? {
                    take(Row::Postgres(row))?;
                }
            }
        }
        Ok(())
    }

    /// The tables of the register that are there, of those named.
    pub(crate) async fn tables(&mut self, named: Vec<String>) -> Result<Vec<String>, sqlx::Error> {
        let is_postgres = self.is_postgres();
        let from = if is_postgres {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND"
        } else {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND"
        };
        let column = if is_postgres { "tablename" } else { "name" };
        let sql = format!("{from} {}", among(is_postgres, column, 1));
        let rows = self.rows(&sql, args![named]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The columns of a table, in order. `None` for one of a kind that no column of the register is of.
    pub(crate) async fn columns(
        &mut self,
        table: &str,
    ) -> Result<Vec<(String, Option<Kind>)>, sqlx::Error> {
        let sql = if self.is_postgres() {
            "SELECT column_name::text, data_type::text FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position"
        } else {
            "SELECT name, type FROM pragma_table_info($1) ORDER BY cid"
        };
        let rows = self.rows(sql, args![table]).await?;
        let column = |row: &Row| {
            let kind = match row.text(1)?.to_ascii_lowercase().as_str() {
                "bigint" => Some(Kind::Int),
                "text" => Some(Kind::Text),
                "bytea" => Some(Kind::Bytes),
                _ => None,
            };
            Ok((row.text(0)?, kind))
        };
        rows.iter().map(column).collect()
    }

    /// References need not hold until the transaction ends: only of exceptions does one name another row of its table.
    pub(crate) async fn put_references_off(&mut self) -> Result<(), sqlx::Error> {
        self.script(match self {
            Self::Sqlite(_) => "PRAGMA defer_foreign_keys = ON",
            Self::Postgres(_) => {
                "ALTER TABLE exceptions ALTER CONSTRAINT exceptions_supersedes_fkey DEFERRABLE INITIALLY DEFERRED"
            }
        })
        .await
    }

    /// They have to hold again from here on. SQLite checks them when the transaction ends.
    pub(crate) async fn hold_references(&mut self) -> Result<(), sqlx::Error> {
        if self.is_postgres() {
            self.script(
                "SET CONSTRAINTS ALL IMMEDIATE; \
                 ALTER TABLE exceptions ALTER CONSTRAINT exceptions_supersedes_fkey NOT DEFERRABLE",
            )
            .await?;
        }
        Ok(())
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) async fn run(&mut self, sql: &str, args: Vec<Arg>) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(tx) => Ok(sqlite!(sql, args).execute(&mut **tx).await?.rows_affected()),
            Self::Postgres(tx) => Ok(postgres!(sql, args)
                .execute(&mut **tx)
                .await?
                .rows_affected()),
        }
    }

    /// Runs the statements of a migration.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                .execute(&mut **tx)
                .await
                .map(|_| ()),
            // Texts compare by their bytes, as on SQLite, whatever the database was made with.
            Self::Postgres(tx) => {
                let sql = sql.replace(" TEXT", " TEXT COLLATE \"C\"");
                sqlx::raw_sql(AssertSqlSafe(sql))
                    .execute(&mut **tx)
                    .await
                    .map(|_| ())
            }
        }
    }

    /// Waits until nobody else migrates this database.
    pub(crate) async fn lock_schema(&mut self) -> Result<(), sqlx::Error> {
        match self {
            // BEGIN IMMEDIATE holds the lock already.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(tx) => sqlx::query("SELECT pg_advisory_xact_lock(7355608)")
                .execute(&mut **tx)
                .await
                .map(|_| ()),
        }
    }

    /// Writes many rows: `INSERT INTO table (columns) …` and then `tail`, such as `ON CONFLICT (id) DO NOTHING`.
    /// `INVARIANT`: every row has as many arguments as there are columns.
    pub(crate) async fn bulk(
        &mut self,
        table: &str,
        columns: &[(&str, Kind)],
        rows: Vec<Vec<Arg>>,
        tail: &str,
    ) -> Result<u64, sqlx::Error> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let mut written = 0u64;
        match self {
            Self::Sqlite(tx) => {
                let most = (PARAMETERS / columns.len().max(1)).clamp(1, ROWS);
                let mut rows = rows.into_iter().peekable();
                while rows.peek().is_some() {
                    let some: Vec<Vec<Arg>> = rows.by_ref().take(most).collect();
                    let mut sql = format!("INSERT INTO {table} ({names}) VALUES ");
                    let one = format!("({})", vec!["?"; columns.len()].join(", "));
                    for at in 0..some.len() {
                        sql.push_str(if at > 0 { ", " } else { "" });
                        sql.push_str(&one);
                    }
                    let _ = write!(sql, " {tail}");
                    let is_full = some.len() == most;
                    let query = sqlite!(sql, some.into_iter().flatten()).persistent(is_full);
                    let done = query.execute(&mut **tx).await?;
                    written = written.saturating_add(done.rows_affected());
                }
            }
            Self::Postgres(tx) => {
                let arrays: Vec<String> = columns
                    .iter()
                    .enumerate()
                    .map(|(at, (_, kind))| {
                        let kind = match kind {
                            Kind::Int => "bigint",
                            Kind::Text => "text",
                            Kind::Bytes => "bytea",
                        };
                        format!("${}::{kind}[]", at.saturating_add(1))
                    })
                    .collect();
                let arrays = arrays.join(", ");
                let sql =
                    format!("INSERT INTO {table} ({names}) SELECT * FROM UNNEST({arrays}) {tail}");
                let mut rows = rows.into_iter().peekable();
                while rows.peek().is_some() {
                    let mut ints: Vec<Vec<Option<i64>>> = vec![Vec::new(); columns.len()];
                    let mut texts: Vec<Vec<Option<String>>> = vec![Vec::new(); columns.len()];
                    let mut bytes: Vec<Vec<Vec<u8>>> = vec![Vec::new(); columns.len()];
                    for row in rows.by_ref().take(ROWS.saturating_mul(10)) {
                        let slots = ints.iter_mut().zip(&mut texts).zip(&mut bytes);
                        for (arg, ((ints, texts), bytes)) in row.into_iter().zip(slots) {
                            match arg {
                                Arg::Int(value) => ints.push(value),
                                Arg::Text(value) => texts.push(value),
                                Arg::Bytes(value) => bytes.push(value),
                                Arg::Ints(_) | Arg::Texts(_) => {}
                            }
                        }
                    }
                    let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
                    for ((_, kind), ((ints, texts), bytes)) in
                        columns.iter().zip(ints.into_iter().zip(texts).zip(bytes))
                    {
                        query = match kind {
                            Kind::Int => query.bind(ints),
                            Kind::Text => query.bind(texts),
                            Kind::Bytes => query.bind(bytes),
                        };
                    }
                    let done = query.execute(&mut **tx).await?;
                    written = written.saturating_add(done.rows_affected());
                }
            }
        }
        Ok(written)
    }

    /// Says of records, each by source and identity, which key they are of.
    pub(crate) async fn link(
        &mut self,
        table: &str,
        rows: Vec<(String, String, String)>,
    ) -> Result<u64, sqlx::Error> {
        let moved = format!("{table}.key_id IS DISTINCT FROM v.k");
        self.each_record(table, "key_id = v.k", &moved, rows).await
    }

    /// Says of records, by source and identity, that they are judged, where they did not change since the moment that
    /// stands third.
    pub(crate) async fn settle(
        &mut self,
        table: &str,
        rows: Vec<(String, String, String)>,
    ) -> Result<u64, sqlx::Error> {
        let same = format!("{table}.stale_at = CAST(v.k AS BIGINT)");
        self.each_record(table, "stale_at = 0", &same, rows).await
    }

    async fn each_record(
        &mut self,
        table: &str,
        set: &str,
        where_: &str,
        rows: Vec<(String, String, String)>,
    ) -> Result<u64, sqlx::Error> {
        let set = format!("UPDATE {table} SET {set} FROM");
        let on = format!("WHERE {table}.source = v.s AND {table}.identity = v.i AND {where_}");
        match self {
            Self::Sqlite(_) => {
                let from = "(SELECT value ->> 0 AS s, value ->> 1 AS i, value ->> 2 AS k FROM json_each($1)) AS v";
                let list = serde_json::to_string(&rows).unwrap_or_default();
                self.run(&format!("{set} {from} {on}"), args![list]).await
            }
            Self::Postgres(_) => {
                let from = "UNNEST($1::text[], $2::text[], $3::text[]) AS v(s, i, k)";
                let mut lists = (Vec::new(), Vec::new(), Vec::new());
                for (source, identity, key) in rows {
                    lists.0.push(source);
                    lists.1.push(identity);
                    lists.2.push(key);
                }
                self.run(
                    &format!("{set} {from} {on}"),
                    args![lists.0, lists.1, lists.2],
                )
                .await
            }
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Makes it stand. Called by the transaction with its event, and by what moves leases.
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// The pattern that finds a word anywhere, with `!` before what would stand for other characters.
pub(crate) fn like(word: &str) -> String {
    let mut pattern = "%".to_owned();
    for c in word.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Rows of the list have numbers of their own here: those that SQLite gives are others after a VACUUM.
const SEARCH_IN_SQLITE: &str = "
CREATE TABLE key_search_rows (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE key_search USING fts5(search, content='', tokenize='trigram');
INSERT INTO key_search_rows (id) SELECT id FROM key_list;
INSERT INTO key_search (rowid, search)
  SELECT r.n, k.search FROM key_list k JOIN key_search_rows r ON r.id = k.id;
CREATE TRIGGER key_search_added AFTER INSERT ON key_list BEGIN
  INSERT INTO key_search_rows (id) VALUES (new.id);
  INSERT INTO key_search (rowid, search) SELECT n, new.search FROM key_search_rows WHERE id = new.id;
END;
CREATE TRIGGER key_search_changed AFTER UPDATE OF search ON key_list WHEN old.search <> new.search BEGIN
  INSERT INTO key_search (key_search, rowid, search)
    SELECT 'delete', n, old.search FROM key_search_rows WHERE id = old.id;
  INSERT INTO key_search (rowid, search) SELECT n, new.search FROM key_search_rows WHERE id = new.id;
END;
CREATE TRIGGER key_search_gone AFTER DELETE ON key_list BEGIN
  INSERT INTO key_search (key_search, rowid, search)
    SELECT 'delete', n, old.search FROM key_search_rows WHERE id = old.id;
  DELETE FROM key_search_rows WHERE id = old.id;
END;";

const SEARCH_IN_POSTGRES: &str = "
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX key_list_search ON key_list USING gin (search gin_trgm_ops);";

/// Pairs of texts as a table `v(s, i)`, from argument `at` on; [`pair_args`] makes the arguments.
pub(crate) fn pairs(is_postgres: bool, at: usize) -> String {
    if is_postgres {
        format!(
            "UNNEST(${at}::text[], ${}::text[]) AS v(s, i)",
            at.saturating_add(1)
        )
    } else {
        format!("(SELECT value ->> 0 AS s, value ->> 1 AS i FROM json_each(${at})) AS v")
    }
}

pub(crate) fn pair_args(is_postgres: bool, pairs: Vec<(String, String)>) -> Vec<Arg> {
    if is_postgres {
        let (first, second): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
        args![first, second]
    } else {
        args![serde_json::to_string(&pairs).unwrap_or_default()]
    }
}

/// `column IN (…)` over a list that is argument `at`.
pub(crate) fn among(is_postgres: bool, column: &str, at: usize) -> String {
    if is_postgres {
        format!("{column} = ANY(${at})")
    } else {
        format!("{column} IN (SELECT value FROM json_each(${at}))")
    }
}

/// What follows a SELECT whose rows the transaction is about to write, so that it waits for whoever does now.
pub(crate) fn for_update(is_postgres: bool) -> &'static str {
    if is_postgres { " FOR UPDATE" } else { "" }
}

/// The same, where rows that another transaction holds are passed over.
pub(crate) fn for_update_skipping(is_postgres: bool) -> &'static str {
    if is_postgres {
        " FOR UPDATE SKIP LOCKED"
    } else {
        ""
    }
}

/// Whether an error says that the same thing may work when tried again: another writer was there first, or the
/// connection broke.
pub(crate) fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // SQLite: busy, locked. PostgreSQL: serialization failure, deadlock, shutdown, starting up.
            matches!(
                code.as_ref(),
                "5" | "6" | "261" | "517" | "40001" | "40P01" | "57P01" | "57P02" | "57P03"
            )
        }),
        _ => false,
    }
}
