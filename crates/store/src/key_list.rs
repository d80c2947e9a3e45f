//! The list page: one narrow row per key, pages by cursor, counts that stop counting, facets.

use crate::{
    db::{Result, Store, StoreError, Via, word},
    dialect::{Arg, Kind, Row, among, args, like},
    scope::Scope,
    txn::Txn,
};
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    access::Unit,
    assessment::Key,
    day::Day,
    facts::Verdict,
    id::KeyId,
    key::{Basis, Told},
    level::Level,
};

/// Counting stops here: more is shown as "10,000+".
pub const MOST_COUNTED: u64 = 10_000;
/// The largest page.
const LARGEST: u64 = 500;
/// The shortest word that the index of searches knows, in characters.
const INDEXED: usize = 3;
/// Up to this many keys that hold a word are looked at one by one.
const FEW: u64 = 2000;
/// What stands for no day.
const NO_DAY: i64 = i64::MAX;

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub id: KeyId,
    /// What to call it.
    pub label: String,
    /// The provider's slug.
    pub provider: String,
    /// The kind's slug; empty where unknown.
    pub credential: String,
    /// The account; empty where unknown.
    pub account: String,
    /// The accountable person; empty where there is none.
    pub owner: String,
    /// How sure that is.
    pub owner_basis: Basis,
    /// The system; empty where unknown.
    pub system: String,
    /// The finding.
    pub verdict: Verdict,
    /// The level.
    pub level: Level,
    /// `now`, `overdue`, `due`, `planned`, `covered`, `none`.
    pub urgency: String,
    /// When it is due.
    pub due: Option<Day>,
    /// When it was last used, where known.
    pub last_used: Option<Day>,
    /// When it was issued, where known.
    pub created: Option<Day>,
    /// In how many places a copy was seen.
    pub copies: u64,
    /// No source names it any more.
    pub gone: bool,
    /// `requested`, `approved` or `granted`; empty where there is no exception.
    pub exception: String,
    /// The business unit that it lies in.
    pub unit: Unit,
}

tenure_model::words! {
    /// What the list is sorted by; the id decides among equals.
    pub enum Sort {
        /// What is due first comes first.
        Due = "due",
        /// The most urgent finding first: in the order of the rules.
        Verdict = "verdict",
        /// The highest level first.
        Level = "level",
        /// By name.
        Name = "name",
        /// What was used longest ago comes first.
        LastUsed = "last_used",
        /// The oldest first.
        Created = "created",
    }
}

impl Sort {
    /// The column, and whether it is a number.
    fn column(self) -> (&'static str, Kind) {
        match self {
            Self::Due => ("due", Kind::Int),
            Self::Verdict => ("rank", Kind::Int),
            Self::Level => ("level", Kind::Int),
            Self::Name => ("name", Kind::Text),
            Self::LastUsed => ("last_used", Kind::Int),
            Self::Created => ("created", Kind::Int),
        }
    }

    fn is_descending(self) -> bool {
        matches!(self, Self::Level)
    }
}

tenure_model::words! {
    /// What the list can be narrowed by; several values of one are alternatives.
    pub enum Facet {
        Provider = "provider", Credential = "credential", Account = "account", Owner = "owner", System = "system",
        Verdict = "verdict", Level = "level", Urgency = "urgency", Exception = "exception",
        Unit = "unit",
    }
}

impl Facet {
    /// Facets with few values, whose counts are kept.
    const COUNTED: [Self; 7] = [
        Self::Provider,
        Self::Verdict,
        Self::Level,
        Self::Urgency,
        Self::Owner,
        Self::Exception,
        Self::Unit,
    ];
}

/// Which keys are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Allowed values by facet.
    pub facets: BTreeMap<Facet, Vec<String>>,
    /// Words that name, provider, account, owner, system or id contain, in any case.
    pub search: Option<String>,
    /// Only keys of which copies were seen.
    pub seen: bool,
    /// Keys that no source names any more are wanted too.
    pub gone: bool,
    /// Due on this day or before.
    pub due_by: Option<Day>,
}

/// Where a page begins: after this key, in this order. Opaque to whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    value: String,
    id: KeyId,
}

impl Cursor {
    /// The text to be handed out.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}~{}", self.id, self.value)
    }

    /// A cursor that was handed out; anything else begins at some place or other, and harms nothing.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let (id, value) = text.split_once('~')?;
        Some(Self {
            value: value.to_owned(),
            id: KeyId::new(id),
        })
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its rows.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
}

const COLUMNS: &str = "id, label, provider, credential, account, owner, owner_basis, system, verdict, level, urgency, \
                       due, last_used, created, copies, gone, exception, name, rank, unit";

impl Store {
    /// One page of keys.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn key_page(
        &self,
        scope: &Scope,
        filter: &Filter,
        sort: Sort,
        after: Option<&Cursor>,
        most: u64,
    ) -> Result<Page> {
        let most = most.clamp(1, LARGEST);
        let (mut clauses, mut args) = self.narrowed(scope, filter);
        let from = self.among_found(filter, &mut args).await?;
        let (column, kind) = sort.column();
        let (direction, beyond) = if sort.is_descending() {
            ("DESC", "<")
        } else {
            ("ASC", ">")
        };
        if let Some(cursor) = after {
            let value: Arg = match kind {
                Kind::Int => cursor.value.parse::<i64>().unwrap_or(0).into(),
                Kind::Text | Kind::Bytes => cursor.value.as_str().into(),
            };
            args.push(value);
            let at = args.len();
            args.push(cursor.id.as_str().into());
            let id = args.len();
            // Equal values are few or many: one comparison of pairs is an index range on both databases.
            clauses.push(if sort.is_descending() {
                format!("({column} < ${at} OR ({column} = ${at} AND id > ${id}))")
            } else {
                format!("({column}, id) {beyond} (${at}, ${id})")
            });
        }
        args.push(most.saturating_add(1).into());
        let sql = format!(
            "SELECT {COLUMNS} FROM {from}{} ORDER BY {column} {direction}, id LIMIT ${}",
            all_of(&clauses),
            args.len()
        );
        let mut rows = self.pool.rows(&sql, args).await?;
        let wanted = usize::try_from(most).unwrap_or(usize::MAX);
        let has_more = rows.len() > wanted;
        rows.truncate(wanted);
        let next = match rows.last().filter(|_| has_more) {
            Some(row) => Some(cursor(row, sort)?),
            None => None,
        };
        let entries = rows.iter().map(entry).collect::<Result<_>>()?;
        Ok(Page { entries, next })
    }

    /// How many keys there are, up to one more than [`MOST_COUNTED`].
    ///
    /// # Errors
    /// The database refuses.
    pub async fn key_count(&self, scope: &Scope, filter: &Filter) -> Result<u64> {
        let (clauses, mut args) = self.narrowed(scope, filter);
        let from = self.among_found(filter, &mut args).await?;
        args.push(MOST_COUNTED.saturating_add(1).into());
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT id FROM {from}{} LIMIT ${}) AS few",
            all_of(&clauses),
            args.len()
        );
        let rows = self.pool.rows(&sql, args).await?;
        Ok(rows.first().map_or(Ok(0), |row| row.int(0))?.unsigned_abs())
    }

    /// How many living keys have each value of a facet, most first, at most `most` values. Kept for providers,
    /// verdicts, levels, urgencies, owners, exceptions and units; other facets have none. For a part of the keys they
    /// are counted anew.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn facet(
        &self,
        scope: &Scope,
        facet: Facet,
        most: u64,
    ) -> Result<Vec<(String, u64)>> {
        if !scope.is_whole() {
            return self.recounted(scope, facet, most).await;
        }
        let sql = "SELECT value, n FROM key_facets WHERE facet = $1 AND n > 0 ORDER BY n DESC, value LIMIT $2";
        let rows = self.pool.rows(sql, args![facet.word(), most]).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.int(1)?.unsigned_abs())))
            .collect()
    }

    /// The same of a part of the keys.
    async fn recounted(
        &self,
        scope: &Scope,
        facet: Facet,
        most: u64,
    ) -> Result<Vec<(String, u64)>> {
        if !Facet::COUNTED.contains(&facet) {
            return Ok(Vec::new());
        }
        let (clauses, mut args) = self.narrowed(scope, &Filter::default());
        args.push(most.into());
        // A number and a text are read differently.
        let column = match facet {
            Facet::Level => "'B' || level",
            facet => facet.word(),
        };
        let sql = format!(
            "SELECT {column} AS value, COUNT(*) AS n FROM key_list{} GROUP BY 1 ORDER BY n DESC, value LIMIT ${}",
            all_of(&clauses),
            args.len()
        );
        let rows = self.pool.rows(&sql, args).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.int(1)?.unsigned_abs())))
            .collect()
    }

    /// The list rows of keys, as they are.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn entries_of(&self, ids: &[KeyId]) -> Result<Vec<Entry>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM key_list WHERE {} ORDER BY id",
            among(self.pool.is_postgres(), "id", 1)
        );
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let rows = self.pool.rows(&sql, args![ids]).await?;
        rows.iter().map(entry).collect()
    }

    /// The list, or, where few keys hold a word that is searched for, those alone: the index finds them at once, and a
    /// word that many hold fills a page soon in any order.
    async fn among_found(&self, filter: &Filter, args: &mut Vec<Arg>) -> Result<String> {
        for word in words(filter).filter(|word| word.chars().count() >= INDEXED) {
            let rows = self
                .pool
                .holding(&word.to_lowercase(), FEW.saturating_add(1))
                .await?;
            if rows.len() > usize::try_from(FEW).unwrap_or(usize::MAX) {
                continue;
            }
            let ids: Vec<String> = rows
                .iter()
                .map(|row| row.text(0))
                .collect::<std::result::Result<_, _>>()?;
            args.push(ids.into());
            let found = among(self.pool.is_postgres(), "id", args.len());
            // The limit keeps it apart, so that the order does not lead the way through the whole list.
            return Ok(format!(
                "(SELECT * FROM key_list WHERE {found} LIMIT {FEW}) AS key_list"
            ));
        }
        Ok("key_list".to_owned())
    }

    fn narrowed(&self, scope: &Scope, filter: &Filter) -> (Vec<String>, Vec<Arg>) {
        let is_postgres = self.pool.is_postgres();
        let (mut clauses, mut args) = (Vec::new(), Vec::new());
        clauses.extend(scope.clause(is_postgres, &mut args));
        for (facet, values) in &filter.facets {
            let column = facet.word();
            let value: Arg = match (facet, values.as_slice()) {
                (Facet::Level, _) => {
                    let levels = values.iter().filter_map(|text| text.parse::<Level>().ok());
                    levels
                        .map(|level| level as i64)
                        .collect::<Vec<i64>>()
                        .into()
                }
                (_, [one]) => {
                    args.push(one.as_str().into());
                    clauses.push(format!("{column} = ${}", args.len()));
                    continue;
                }
                _ => values.clone().into(),
            };
            args.push(value);
            clauses.push(among(is_postgres, column, args.len()));
        }
        for word in words(filter) {
            args.push(like(word).into());
            clauses.push(format!("search LIKE ${} ESCAPE '!'", args.len()));
        }
        if filter.seen {
            clauses.push("copies > 0".to_owned());
        }
        if !filter.gone {
            clauses.push("gone = 0".to_owned());
        }
        if let Some(day) = filter.due_by {
            args.push(i64::from(day.number()).into());
            clauses.push(format!("due <= ${}", args.len()));
        }
        (clauses, args)
    }
}

fn words(filter: &Filter) -> impl Iterator<Item = &str> {
    let search = filter.search.as_deref().unwrap_or_default();
    search.split_whitespace()
}

fn all_of(clauses: &[String]) -> String {
    if clauses.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", clauses.join(" AND "))
    }
}

fn entry(row: &Row) -> Result<Entry> {
    let day = |at| -> Result<Option<Day>> {
        let number = row.int(at)?;
        Ok((number != NO_DAY).then(|| Day::from_unix_seconds(number.saturating_mul(86_400))))
    };
    Ok(Entry {
        id: KeyId::new(row.text(0)?),
        label: row.text(1)?,
        provider: row.text(2)?,
        credential: row.text(3)?,
        account: row.text(4)?,
        owner: row.text(5)?,
        owner_basis: word(&row.text(6)?, "basis")?,
        system: row.text(7)?,
        verdict: word(&row.text(8)?, "verdict")?,
        level: Level::of(u8::try_from(row.int(9)?).unwrap_or(4)),
        urgency: row.text(10)?,
        due: day(11)?,
        last_used: day(12)?,
        created: day(13)?,
        copies: row.int(14)?.unsigned_abs(),
        gone: row.int(15)? != 0,
        exception: row.text(16)?,
        unit: word(&row.text(19)?, "unit")?,
    })
}

fn cursor(row: &Row, sort: Sort) -> Result<Cursor> {
    let value = match sort {
        Sort::Due => row.int(11)?.to_string(),
        Sort::Verdict => row.int(18)?.to_string(),
        Sort::Level => row.int(9)?.to_string(),
        Sort::Name => row.text(17)?,
        Sort::LastUsed => row.int(12)?.to_string(),
        Sort::Created => row.int(13)?.to_string(),
    };
    Ok(Cursor {
        value,
        id: KeyId::new(row.text(0)?),
    })
}

/// The list row of a key that was judged.
pub(crate) fn of_key(id: &KeyId, key: &Key, exception: &str, unit: Unit) -> Entry {
    let text = |told: &Option<String>| told.clone().unwrap_or_default();
    let told = |told: &Told<String>| told.value.clone().unwrap_or_default();
    let outcome = &key.verdict.outcome;
    let label = key
        .name
        .as_ref()
        .or(key.key_id.as_ref())
        .or(key.hint.as_ref())
        .map_or_else(|| id.to_string(), Clone::clone);
    Entry {
        id: id.clone(),
        label,
        provider: key.provider.clone(),
        credential: text(&key.credential),
        account: text(&key.account),
        owner: told(&key.owner),
        owner_basis: key.owner.basis,
        system: told(&key.system),
        verdict: key.verdict.id,
        level: outcome.level,
        urgency: outcome.urgency.word().to_owned(),
        due: outcome.due,
        last_used: key.last_used.value,
        created: key.created_at.value,
        copies: u64::try_from(key.sightings.len()).unwrap_or(u64::MAX),
        gone: false,
        exception: exception.to_owned(),
        unit,
    }
}

impl Entry {
    fn value(&self, facet: Facet) -> String {
        match facet {
            Facet::Provider => self.provider.clone(),
            Facet::Credential => self.credential.clone(),
            Facet::Account => self.account.clone(),
            Facet::Owner => self.owner.clone(),
            Facet::System => self.system.clone(),
            Facet::Verdict => self.verdict.word().to_owned(),
            Facet::Level => self.level.word().to_owned(),
            Facet::Urgency => self.urgency.clone(),
            Facet::Exception => self.exception.clone(),
            Facet::Unit => self.unit.to_string(),
        }
    }

    fn row(&self) -> Vec<Arg> {
        let day = |day: Option<Day>| day.map_or(NO_DAY, |day| i64::from(day.number()));
        let search = [
            self.label.as_str(),
            self.id.as_str(),
            &self.provider,
            &self.credential,
            &self.account,
            &self.owner,
            &self.system,
        ]
        .join(" ")
        .to_lowercase();
        args![
            self.id.as_str(),
            self.label.to_lowercase(),
            self.label.as_str(),
            self.provider.as_str(),
            self.credential.as_str(),
            self.account.as_str(),
            self.owner.as_str(),
            self.owner_basis.word(),
            self.system.as_str(),
            self.verdict.word(),
            self.verdict as i64,
            self.level as i64,
            self.urgency.as_str(),
            day(self.due),
            day(self.last_used),
            day(self.created),
            self.copies,
            self.gone,
            self.exception.as_str(),
            search,
            self.unit.as_str(),
        ]
    }
}

/// How the kept counts change.
#[derive(Default)]
struct Deltas(BTreeMap<(Facet, String), i64>);

impl Deltas {
    fn count(&mut self, entry: &Entry, by: i64) {
        if entry.gone {
            return;
        }
        for facet in Facet::COUNTED {
            let n = self.0.entry((facet, entry.value(facet))).or_default();
            *n = n.saturating_add(by);
        }
    }
}

impl Txn {
    /// The list rows of keys, as they are.
    pub(crate) async fn listed(&mut self, ids: &[KeyId]) -> Result<BTreeMap<KeyId, Entry>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM key_list WHERE {}",
            among(self.is_postgres(), "id", 1)
        );
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let rows = self.rows(&sql, args![ids]).await?;
        rows.iter()
            .map(|row| entry(row).map(|entry| (entry.id.clone(), entry)))
            .collect()
    }

    /// Puts list rows in place of those before, and moves the counts.
    pub(crate) async fn list(
        &mut self,
        before: &BTreeMap<KeyId, Entry>,
        now: &[Entry],
    ) -> Result<()> {
        let mut deltas = Deltas::default();
        let mut rows = Vec::new();
        for entry in now {
            let earlier = before.get(&entry.id);
            if earlier == Some(entry) {
                continue;
            }
            if let Some(earlier) = earlier {
                deltas.count(earlier, -1);
            }
            deltas.count(entry, 1);
            rows.push(entry.row());
        }
        self.bulk(
            "key_list",
            &[
                ("id", Kind::Text),
                ("name", Kind::Text),
                ("label", Kind::Text),
                ("provider", Kind::Text),
                ("credential", Kind::Text),
                ("account", Kind::Text),
                ("owner", Kind::Text),
                ("owner_basis", Kind::Text),
                ("system", Kind::Text),
                ("verdict", Kind::Text),
                ("rank", Kind::Int),
                ("level", Kind::Int),
                ("urgency", Kind::Text),
                ("due", Kind::Int),
                ("last_used", Kind::Int),
                ("created", Kind::Int),
                ("copies", Kind::Int),
                ("gone", Kind::Int),
                ("exception", Kind::Text),
                ("search", Kind::Text),
                ("unit", Kind::Text),
            ],
            rows,
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, label = excluded.label, \
             provider = excluded.provider, credential = excluded.credential, account = excluded.account, \
             owner = excluded.owner, owner_basis = excluded.owner_basis, system = excluded.system, \
             verdict = excluded.verdict, rank = excluded.rank, level = excluded.level, urgency = excluded.urgency, \
             due = excluded.due, last_used = excluded.last_used, created = excluded.created, \
             copies = excluded.copies, gone = excluded.gone, exception = excluded.exception, search = excluded.search, \
             unit = excluded.unit",
        )
        .await?;
        self.move_counts(deltas).await
    }

    /// Takes keys off the list: they turned out to be others.
    pub(crate) async fn unlist(&mut self, ids: &[KeyId]) -> Result<()> {
        let mut deltas = Deltas::default();
        for entry in self.listed(ids).await?.values() {
            deltas.count(entry, -1);
        }
        let sql = format!(
            "DELETE FROM key_list WHERE {}",
            among(self.is_postgres(), "id", 1)
        );
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        self.run(&sql, args![ids]).await?;
        self.move_counts(deltas).await
    }

    /// Says of keys whether any source still names them.
    pub(crate) async fn set_gone(&mut self, ids: &[KeyId]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let before = self.listed(ids).await?;
        let living = living(&mut self.via(), ids).await?;
        let now: Vec<Entry> = before
            .values()
            .filter(|entry| entry.gone == living.contains(&entry.id))
            .map(|entry| Entry {
                gone: !entry.gone,
                ..entry.clone()
            })
            .collect();
        self.list(&before, &now).await
    }

    /// Says of a key which exception it has.
    pub(crate) async fn set_exception(&mut self, id: &KeyId, exception: &str) -> Result<()> {
        let before = self.listed(std::slice::from_ref(id)).await?;
        let now: Vec<Entry> = before
            .values()
            .map(|entry| Entry {
                exception: exception.to_owned(),
                ..entry.clone()
            })
            .collect();
        self.list(&before, &now).await
    }

    /// In one order for everybody, so that two writers cannot wait for each other.
    async fn move_counts(&mut self, deltas: Deltas) -> Result<()> {
        let rows = deltas
            .0
            .into_iter()
            .filter(|(_, n)| *n != 0)
            .map(|((facet, value), n)| args![facet.word(), value, n])
            .collect();
        self.bulk(
            "key_facets",
            &[
                ("facet", Kind::Text),
                ("value", Kind::Text),
                ("n", Kind::Int),
            ],
            rows,
            "ON CONFLICT (facet, value) DO UPDATE SET n = key_facets.n + excluded.n",
        )
        .await?;
        Ok(())
    }
}

/// Those of these keys that a source still names.
pub(crate) async fn living(via: &mut Via<'_>, ids: &[KeyId]) -> Result<BTreeSet<KeyId>> {
    let mut living = BTreeSet::new();
    let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
    for table in ["source_rows", "sightings"] {
        let sql = format!(
            "SELECT DISTINCT key_id FROM {table} WHERE gone_at IS NULL AND {}",
            among(via.is_postgres(), "key_id", 1)
        );
        for row in via.rows(&sql, args![texts.clone()]).await? {
            living.insert(KeyId::new(row.text(0)?));
        }
    }
    Ok(living)
}

/// The id that a key goes by now: its own, or that of the key that it turned out to be.
pub(crate) async fn resolve(via: &mut Via<'_>, id: &KeyId) -> Result<KeyId> {
    let mut at = id.clone();
    for _ in 0..8 {
        let sql = "SELECT key_id FROM joined_keys WHERE old_id = $1";
        match via.rows(sql, args![at.as_str()]).await?.first() {
            Some(row) => at = KeyId::new(row.text(0)?),
            None => return Ok(at),
        }
    }
    Err(StoreError::Broken(format!(
        "a circle of joined keys at {id}"
    )))
}
