//! The whole database as lines, and back: one text for SQLite and PostgreSQL, so that what one kept the other can hold.
//!
//! A line is `{"table": NAME}` and then one array per row, in the order of the columns; the last line is `{"end": ROWS}`.
//! What is read back is checked against what [`Contents`] says before anything stands: tables, counts, and the log, whose
//! tree is made anew from the events.

use crate::{
    db::{MIGRATIONS, Place, Result, Store, StoreError, apply},
    dialect::{Arg, Kind, Row, Tx, args},
    txn::TILE,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead, Read as _, Write},
    path::{Path, PathBuf},
};
use tenure_model::{
    digest,
    log::{Hash, NodeId, Tree, leaf},
    moment::Moment,
};

/// Rows that are written at once.
const ROWS: usize = 500;
/// Bytes of lines that are held before they are written.
const MOST: usize = 4 << 20;
/// The longest line that is read, in bytes: a row with the largest attachment is a tenth of it.
const LONGEST: u64 = 64 << 20;

/// What a dump holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// `sqlite` or `postgresql`.
    pub database: String,
    /// The digest of each step that made the tables.
    steps: Vec<String>,
    tables: Vec<Table>,
    /// The origin of the log.
    pub origin: String,
    /// How many events it has.
    pub events: u64,
    /// The root over them.
    pub root: String,
}

/// A table: its columns, and how many rows it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Table {
    name: String,
    columns: Vec<(String, Kind)>,
    rows: u64,
}

impl Contents {
    /// The version of the schema.
    #[must_use]
    pub fn version(&self) -> u64 {
        u64::try_from(self.steps.len()).unwrap_or(u64::MAX)
    }

    /// Rows by table.
    pub fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.tables
            .iter()
            .map(|table| (table.name.as_str(), table.rows))
    }

    /// Whether this release can take it: it has to know every step.
    ///
    /// # Errors
    /// It was made by a later release, or by another product.
    pub fn is_known(&self) -> Result<()> {
        let known = u64::try_from(MIGRATIONS.len()).unwrap_or(u64::MAX);
        if self.version() > known {
            return Err(StoreError::Backup(format!(
                "is of schema version {}, and this release knows versions up to {known}; restore it with a release that is \
                 at least as new as the one that made it",
                self.version()
            )));
        }
        for (at, (found, step)) in (1u64..).zip(self.steps.iter().zip(MIGRATIONS)) {
            if *found != digest::of_bytes(step.as_bytes()) {
                return Err(StoreError::OtherSteps { version: at });
            }
        }
        Ok(())
    }
}

/// The tables in the order in which they are made, which is one in which no row names a row of a later table.
fn tables_of(steps: &[&str]) -> Vec<String> {
    let made = steps.iter().flat_map(|step| step.lines());
    made.filter_map(|line| line.strip_prefix("CREATE TABLE "))
        .filter_map(|rest| rest.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// The database as it is at one moment, whatever is written meanwhile.
pub struct Snapshot {
    tx: Tx,
    contents: Contents,
    frontier: Tree,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshot({} events)", self.contents.events)
    }
}

impl Store {
    /// Takes a snapshot.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let mut tx = self.pool.snapshot().await?;
        let steps = tx
            .rows("SELECT digest FROM schema_steps ORDER BY version", args![])
            .await?;
        let steps: Vec<String> = steps
            .iter()
            .map(|row| row.text(0))
            .collect::<std::result::Result<_, _>>()?;
        let mut tables = shape(&mut tx, MIGRATIONS).await?;
        for table in &mut tables {
            let rows = tx
                .rows(&format!("SELECT COUNT(*) FROM \"{}\"", table.name), args![])
                .await?;
            table.rows = rows.first().map_or(Ok(0), |row| row.int(0))?.unsigned_abs();
        }
        let head = crate::txn::head(&mut crate::db::Via::Tx(&mut tx), "").await?;
        let (origin, tree) = head.map_or_else(Default::default, |head| (head.origin, head.tree));
        let contents = Contents {
            database: if tx.is_postgres() {
                "postgresql"
            } else {
                "sqlite"
            }
            .to_owned(),
            steps,
            tables,
            origin,
            events: tree.size(),
            root: tree.root().to_string(),
        };
        Ok(Snapshot {
            tx,
            contents,
            frontier: tree,
        })
    }
}

impl Snapshot {
    /// What it holds.
    #[must_use]
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The tree of its log.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.frontier
    }

    /// Writes every row.
    ///
    /// # Errors
    /// The database refuses, or the writer does.
    pub async fn write(mut self, out: &mut (impl Write + Send)) -> Result<()> {
        let mut written = 0u64;
        for table in &self.contents.tables {
            line(out, &serde_json::json!({"table": table.name}))?;
            let mut put = |row: Row| -> Result<()> {
                written = written.saturating_add(1);
                line(out, &values(&row, &table.columns)?)
            };
            let names: Vec<String> = table
                .columns
                .iter()
                .map(|(name, _)| format!("\"{name}\""))
                .collect();
            let select = format!("SELECT {} FROM \"{}\"", names.join(", "), table.name);
            if table.columns.iter().any(|(_, kind)| *kind == Kind::Bytes) {
                // Large ones, one at a time: a database hands over many rows at once.
                let ids = format!("SELECT id FROM \"{}\" ORDER BY id", table.name);
                let ids = self.tx.rows(&ids, args![]).await?;
                for id in ids {
                    let one = format!("{select} WHERE id = $1");
                    for row in self.tx.rows(&one, args![id.text(0)?]).await? {
                        put(row)?;
                    }
                }
            } else {
                let order = if table.name == EVENTS {
                    " ORDER BY log_index"
                } else {
                    ""
                };
                self.tx.each_row(&format!("{select}{order}"), put).await?;
            }
        }
        line(out, &serde_json::json!({"end": written}))
    }
}

const EVENTS: &str = "events";

/// The tables that the steps make, with the columns that the database says they have.
async fn shape(tx: &mut Tx, steps: &[&str]) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for name in tables_of(steps) {
        let mut columns = Vec::new();
        for (column, kind) in tx.columns(&name).await? {
            let kind = kind.ok_or_else(|| {
                StoreError::Broken(format!("a column {name}.{column} of its own"))
            })?;
            columns.push((column, kind));
        }
        tables.push(Table {
            name,
            columns,
            rows: 0,
        });
    }
    Ok(tables)
}

fn values(row: &Row, columns: &[(String, Kind)]) -> Result<Vec<Value>> {
    let value = |(at, (_, kind)): (usize, &(String, Kind))| {
        Ok(match kind {
            Kind::Int => row.maybe_int(at)?.map_or(Value::Null, Value::from),
            Kind::Text => row.maybe_text(at)?.map_or(Value::Null, Value::from),
            Kind::Bytes => STANDARD.encode(row.bytes(at)?).into(),
        })
    };
    columns.iter().enumerate().map(value).collect()
}

fn line<T: Serialize>(out: &mut impl Write, value: &T) -> Result<()> {
    let io = |error| StoreError::Io {
        path: PathBuf::from("the backup"),
        error,
    };
    serde_json::to_writer(&mut *out, value).map_err(|error| io(error.into()))?;
    out.write_all(b"\n").map_err(io)
}

/// A line that is read back.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Row(Vec<Value>),
    Table { table: String },
    End { end: u64 },
}

/// Reads lines back, and holds them against what is said of them.
struct Reader<'r, R> {
    lines: &'r mut R,
    contents: &'r Contents,
    log: Relog<'r>,
    at: Option<usize>,
    found: Vec<u64>,
    number: u64,
}

/// Rows of one table.
struct Batch<'r> {
    table: &'r Table,
    rows: Vec<Vec<Arg>>,
}

impl<'r, R: BufRead> Reader<'r, R> {
    fn new(contents: &'r Contents, earlier: &'r [(u64, Hash)], lines: &'r mut R) -> Self {
        Self {
            lines,
            contents,
            log: Relog::new(earlier),
            at: None,
            found: vec![0; contents.tables.len()],
            number: 0,
        }
    }

    fn wrong(&self, what: impl std::fmt::Display) -> StoreError {
        StoreError::Backup(format!("cannot be read at line {}: {what}", self.number))
    }

    /// The next rows; `None` at the end, after which nothing follows.
    fn next(&mut self) -> Result<Option<Batch<'r>>> {
        let mut rows = Vec::new();
        let mut held = 0usize;
        let mut text = Vec::new();
        loop {
            text.clear();
            self.number = self.number.saturating_add(1);
            let read = (&mut *self.lines)
                .take(LONGEST)
                .read_until(b'\n', &mut text);
            read.map_err(|error| {
                StoreError::Backup(format!("is cut off, or was altered: {error}"))
            })?;
            let parsed = serde_json::from_slice(&text).map_err(|_| self.wrong("is no row"))?;
            match parsed {
                Line::Row(row) => {
                    let table = self
                        .table()
                        .ok_or_else(|| self.wrong("a row of no table"))?;
                    let row =
                        typed(table, row).ok_or_else(|| self.wrong("a row of another table"))?;
                    self.log
                        .take(&table.name, &row)
                        .map_err(|what| self.wrong(what))?;
                    if let Some(found) = self.at.and_then(|at| self.found.get_mut(at)) {
                        *found = found.saturating_add(1);
                    }
                    rows.push(row);
                    held = held.saturating_add(text.len());
                    if rows.len() >= ROWS || held >= MOST {
                        return Ok(Some(Batch { table, rows }));
                    }
                }
                Line::Table { table } => {
                    let before = self.table();
                    let next = self.at.map_or(0, |at| at.saturating_add(1));
                    if self
                        .contents
                        .tables
                        .get(next)
                        .is_none_or(|due| due.name != table)
                    {
                        return Err(self.wrong(format!("the table {table} is not due")));
                    }
                    self.at = Some(next);
                    if let (Some(table), false) = (before, rows.is_empty()) {
                        return Ok(Some(Batch { table, rows }));
                    }
                }
                Line::End { end } if rows.is_empty() => return self.end(end).map(|()| None),
                Line::End { end } => {
                    let table = self
                        .table()
                        .ok_or_else(|| self.wrong("a row of no table"))?;
                    self.end(end)?;
                    // Asked again, the end is read again.
                    self.at = Some(usize::MAX);
                    return Ok(Some(Batch { table, rows }));
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.at == Some(usize::MAX)
    }

    fn table(&self) -> Option<&'r Table> {
        self.contents.tables.get(self.at?)
    }

    fn end(&mut self, rows: u64) -> Result<()> {
        for (table, found) in self.contents.tables.iter().zip(&self.found) {
            if table.rows != *found {
                return Err(self.wrong(format!(
                    "of the table {} there are {found} rows in place of {}",
                    table.name, table.rows
                )));
            }
        }
        if rows != self.found.iter().sum::<u64>() {
            return Err(self.wrong("rows are missing"));
        }
        let mut rest = [0u8; 1];
        match self.lines.read(&mut rest) {
            Ok(0) => {}
            Ok(_) => return Err(self.wrong("something follows the end")),
            Err(error) => {
                return Err(StoreError::Backup(format!(
                    "is cut off, or was altered: {error}"
                )));
            }
        }
        self.log
            .end(self.contents)
            .map_err(|what| StoreError::Backup(format!("holds a log that does not hold: {what}")))
    }
}

fn typed(table: &Table, row: Vec<Value>) -> Option<Vec<Arg>> {
    if row.len() != table.columns.len() {
        return None;
    }
    let cell = |(value, (_, kind)): (Value, &(String, Kind))| {
        Some(match (kind, value) {
            (Kind::Int, Value::Null) => Arg::Int(None),
            (Kind::Int, Value::Number(value)) => Arg::Int(Some(value.as_i64()?)),
            (Kind::Text, Value::Null) => Arg::Text(None),
            (Kind::Text, Value::String(value)) => Arg::Text(Some(value)),
            (Kind::Bytes, Value::String(value)) => Arg::Bytes(STANDARD.decode(value).ok()?),
            _ => return None,
        })
    };
    row.into_iter().zip(&table.columns).map(cell).collect()
}

/// The log, made anew from the rows that are read.
struct Relog<'r> {
    tree: Tree,
    nodes: BTreeMap<(i64, i64), String>,
    earlier: &'r [(u64, Hash)],
    head: Option<(String, i64, String, String)>,
}

impl<'r> Relog<'r> {
    fn new(earlier: &'r [(u64, Hash)]) -> Self {
        Self {
            tree: Tree::default(),
            nodes: BTreeMap::new(),
            earlier,
            head: None,
        }
    }

    fn take(&mut self, table: &str, row: &[Arg]) -> std::result::Result<(), String> {
        match (table, row) {
            (
                EVENTS,
                [
                    Arg::Int(Some(index)),
                    _,
                    _,
                    _,
                    _,
                    _,
                    Arg::Text(Some(body)),
                    Arg::Text(Some(said)),
                ],
            ) => {
                if u64::try_from(*index) != Ok(self.tree.size()) {
                    return Err(format!("event {} is missing", self.tree.size()));
                }
                let leaf = leaf(body.as_bytes());
                if leaf.to_string() != *said {
                    return Err(format!("event {index} was altered"));
                }
                let nodes = &mut self.nodes;
                self.tree.push(leaf, |node: NodeId, hash| {
                    if node.level > 0 && node.level.is_multiple_of(TILE) {
                        let index = i64::try_from(node.index).unwrap_or(i64::MAX);
                        nodes.insert((i64::from(node.level), index), hash.to_string());
                    }
                });
                let due = self
                    .earlier
                    .iter()
                    .find(|(size, _)| *size == self.tree.size());
                if due.is_some_and(|(_, root)| *root != self.tree.root()) {
                    return Err(format!(
                        "the events up to {index} are not those of the checkpoint in the state folder"
                    ));
                }
            }
            (EVENTS, _) => return Err("no event".to_owned()),
            (
                "log_nodes",
                [
                    Arg::Int(Some(level)),
                    Arg::Int(Some(index)),
                    Arg::Text(Some(hash)),
                ],
            ) => {
                let made = self.nodes.remove(&(*level, *index));
                if made.as_ref() != Some(hash) {
                    return Err(format!(
                        "the hash {index} of level {level} of the log is another one"
                    ));
                }
            }
            (
                "log_head",
                [
                    _,
                    Arg::Text(Some(origin)),
                    Arg::Int(Some(size)),
                    Arg::Text(Some(root)),
                    Arg::Text(Some(frontier)),
                ],
            ) => self.head = Some((origin.clone(), *size, root.clone(), frontier.clone())),
            _ => {}
        }
        Ok(())
    }

    fn end(&self, contents: &Contents) -> std::result::Result<(), String> {
        if let Some((level, index)) = self.nodes.keys().next() {
            return Err(format!("the hash {index} of its level {level} is missing"));
        }
        let (size, root) = (self.tree.size(), self.tree.root().to_string());
        let frontier: Vec<String> = self
            .tree
            .frontier()
            .iter()
            .map(ToString::to_string)
            .collect();
        let made = (
            contents.origin.clone(),
            i64::try_from(size).unwrap_or(i64::MAX),
            root.clone(),
            frontier.join(" "),
        );
        let is_same = match &self.head {
            Some(head) => *head == made,
            None => size == 0,
        };
        if !is_same || size != contents.events || root != contents.root {
            return Err("its head is not that of its events".to_owned());
        }
        if let Some((due, _)) = self.earlier.iter().find(|(due, _)| *due > size) {
            return Err(format!(
                "it has {size} events, and the checkpoint in the state folder has {due}"
            ));
        }
        Ok(())
    }
}

/// Reads a dump through, and writes nothing.
///
/// # Errors
/// It is not what `contents` says, or its log does not hold.
pub fn check(contents: &Contents, lines: &mut impl BufRead) -> Result<()> {
    contents.is_known()?;
    let mut reader = Reader::new(contents, &[], lines);
    while !reader.is_over() && reader.next()?.is_some() {}
    Ok(())
}

/// A database that is filled and does not stand yet. Dropped, it leaves nothing.
pub struct Filled {
    tx: Tx,
    store: Store,
    waiting: Option<Waiting>,
}

impl std::fmt::Debug for Filled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filled({:?})", self.store)
    }
}

impl Filled {
    /// Fills an empty database, within one transaction. `earlier` are sizes and roots that its log has to begin with.
    ///
    /// # Errors
    /// There is a register already; the dump is not what `contents` says, or its log does not hold; the database refuses.
    pub async fn with(
        place: &Place,
        contents: &Contents,
        earlier: &[(u64, Hash)],
        lines: &mut (impl BufRead + Send),
        now: Moment,
    ) -> Result<Self> {
        contents.is_known()?;
        let waiting = match place {
            Place::File(file) => Some(Waiting::beside(file)?),
            Place::Postgres(_) => None,
        };
        let at = waiting.as_ref().map_or_else(
            || place.clone(),
            |waiting| Place::File(waiting.file.clone()),
        );
        let store = Store::connect(&at).await?;
        let mut tx = store.pool.begin().await?;
        tx.lock_schema().await?;
        let mut ours = tables_of(MIGRATIONS);
        ours.push("schema_steps".to_owned());
        if let Some(table) = tx.tables(ours).await?.first() {
            return Err(StoreError::NotEmpty(format!(
                "the database of PostgreSQL has a table {table} already"
            )));
        }
        let steps = MIGRATIONS.get(..contents.steps.len()).unwrap_or(MIGRATIONS);
        apply(&mut tx, steps, now).await?;
        fill(&mut tx, steps, contents, earlier, lines).await?;
        apply(&mut tx, MIGRATIONS, now).await?;
        Ok(Self { tx, store, waiting })
    }

    /// Makes it stand.
    ///
    /// # Errors
    /// The database refuses, or somebody else made one there meanwhile: then nothing stands.
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await?;
        self.store.close().await;
        match self.waiting {
            Some(waiting) => waiting.put(),
            None => Ok(()),
        }
    }
}

async fn fill(
    tx: &mut Tx,
    steps: &[&str],
    contents: &Contents,
    earlier: &[(u64, Hash)],
    lines: &mut (impl BufRead + Send),
) -> Result<()> {
    // Names come from the file: only those that the steps made get into a statement.
    let made = shape(tx, steps).await?;
    let same =
        |(made, said): (&Table, &Table)| made.name == said.name && made.columns == said.columns;
    if made.len() != contents.tables.len() || !made.iter().zip(&contents.tables).all(same) {
        return Err(StoreError::Backup(
            "has other tables than its version".to_owned(),
        ));
    }
    for table in made.iter().rev() {
        tx.run(&format!("DELETE FROM \"{}\"", table.name), args![])
            .await?;
    }
    let has_exceptions = made.iter().any(|table| table.name == "exceptions");
    if has_exceptions {
        tx.put_references_off().await?;
    }
    let mut reader = Reader::new(contents, earlier, lines);
    while !reader.is_over()
        && let Some(Batch { table, rows }) = reader.next()?
    {
        let names: Vec<String> = table
            .columns
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let columns: Vec<(&str, Kind)> = names
            .iter()
            .map(String::as_str)
            .zip(table.columns.iter().map(|(_, kind)| *kind))
            .collect();
        tx.bulk(&table.name, &columns, rows, "").await?;
    }
    if has_exceptions {
        tx.hold_references().await?;
    }
    Ok(())
}

/// A file of SQLite that is put in its place when it is whole.
struct Waiting {
    file: PathBuf,
    place: PathBuf,
}

impl Waiting {
    /// Begins one, and removes what a restore that was killed left behind.
    fn beside(place: &Path) -> Result<Self> {
        if place.exists() {
            return Err(StoreError::NotEmpty(format!(
                "{} is there already",
                place.display()
            )));
        }
        let mut name = place.as_os_str().to_owned();
        name.push(".restoring");
        let waiting = Self {
            file: PathBuf::from(name),
            place: place.to_owned(),
        };
        waiting.remove();
        Ok(waiting)
    }

    fn with(&self, tail: &str) -> PathBuf {
        let mut name = self.file.as_os_str().to_owned();
        name.push(tail);
        PathBuf::from(name)
    }

    fn remove(&self) {
        for tail in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(self.with(tail));
        }
    }

    fn put(self) -> Result<()> {
        let fail = |error| StoreError::Io {
            path: self.place.clone(),
            error,
        };
        // The last connection that closes brings everything into the file.
        if std::fs::metadata(self.with("-wal")).is_ok_and(|wal| wal.len() > 0) {
            return Err(fail(std::io::Error::other("the database did not close")));
        }
        // Unlike a rename, this never takes the place of another file.
        std::fs::hard_link(&self.file, &self.place).map_err(fail)?;
        let folder = self
            .place
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::fs::File::open(folder.unwrap_or(Path::new("."))).map_err(fail)?;
        folder.sync_all().map_err(fail)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use tenure_testkit::database::{Database, Engine};

    /// What is made anew at a start, and is in no backup.
    const MADE_ANEW: &str = "key_search";

    async fn no_table_is_left_out(engine: Engine) {
        let Some(database) = Database::new(engine) else {
            return;
        };
        let place = database.file().map_or_else(
            || Place::Postgres(database.url().unwrap().to_owned()),
            Place::File,
        );
        let now = Moment::from_micros(1_795_721_000_000_000);
        let store = Store::open(&place, now).await.unwrap();
        let sql = if store.pool.is_postgres() {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()"
        } else {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        };
        let rows = store.pool.rows(sql, args![]).await.unwrap();
        let there: BTreeSet<String> = rows
            .iter()
            .map(|row| row.text(0).unwrap())
            .filter(|name| !name.starts_with(MADE_ANEW))
            .collect();
        let snapshot = store.snapshot().await.unwrap();
        let mut taken: BTreeSet<String> = snapshot
            .contents()
            .counts()
            .map(|(name, _)| name.to_owned())
            .collect();
        taken.insert("schema_steps".to_owned());
        assert_eq!(there, taken);
        assert!(
            snapshot
                .contents()
                .tables
                .iter()
                .all(|table| !table.columns.is_empty())
        );
    }

    #[tokio::test]
    async fn no_table_of_sqlite_is_left_out() {
        no_table_is_left_out(Engine::Sqlite).await;
    }

    #[tokio::test]
    async fn no_table_of_postgresql_is_left_out() {
        no_table_is_left_out(Engine::Postgres).await;
    }
}
