//! The only way to change the register: begin, write, commit with what changed. The event is a leaf of the log
//! in the same transaction; a transaction that is dropped leaves nothing.

use crate::{
    db::{Result, Store, StoreError, Via, new_id},
    dialect::{Arg, Kind, Row, Tx, args, for_update},
};
use tenure_model::{
    access::{Act, Permitted},
    event::{Actor, Change, Event, Outcome},
    log::{Hash, NodeId, Tree, leaf},
    moment::Moment,
};

/// Hashes of whole subtrees are kept at every eighth level: a proof reads at most 255 hashes for each of its own.
pub(crate) const TILE: u8 = 8;

/// What lets a change be made.
#[derive(Clone)]
enum By {
    /// An act that was permitted.
    Act(Act),
    /// What the store keeps of itself, by the name of the part.
    Product(String),
}

impl By {
    fn who(&self) -> Actor {
        match self {
            Self::Act(act) => Actor::of(act),
            Self::Product(part) => Actor::System { part: part.clone() },
        }
    }
}

/// A change under way, by somebody, at a moment.
pub struct Txn {
    tx: Tx,
    by: By,
    at: Moment,
    events: Vec<Event>,
    /// Rows that are changed.
    written: u64,
}

impl std::fmt::Debug for Txn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Txn({} at {})", self.who().label(), self.at)
    }
}

impl Store {
    /// Begins a change that was permitted: there is no other way, so that nothing changes without a permit. Who acts
    /// and which policies permit it stand in each event of the change.
    ///
    /// # Errors
    /// The database does not answer, or other writers do not let go in time.
    pub async fn begin(&self, permit: &impl Permitted, at: Moment) -> Result<Txn> {
        self.begin_by(By::Act(permit.act().clone()), at).await
    }

    /// Begins what the product does of itself, such as giving a job up.
    pub(crate) async fn begin_of_product(&self, part: String, at: Moment) -> Result<Txn> {
        self.begin_by(By::Product(part), at).await
    }

    async fn begin_by(&self, by: By, at: Moment) -> Result<Txn> {
        Ok(Txn {
            tx: self.pool.begin().await?,
            by,
            at,
            events: Vec::new(),
            written: 0,
        })
    }

    /// Records that an act was refused: `act` names the policies that forbid it. Nothing else changes.
    ///
    /// # Errors
    /// The database refuses: then the act has to be refused all the same.
    pub async fn deny(&self, act: &Act, at: Moment, why: &str) -> Result<u64> {
        let mut txn = self.begin_by(By::Act(act.clone()), at).await?;
        txn.events.push(Event::denied(act, at, why));
        txn.finish().await
    }
}

impl Txn {
    /// The moment of the change.
    #[must_use]
    pub fn at(&self) -> Moment {
        self.at
    }

    /// Who makes it.
    #[must_use]
    pub fn who(&self) -> Actor {
        self.by.who()
    }

    /// Notes one more thing that changes with this transaction.
    pub fn note(&mut self, change: Change) {
        self.events.push(match &self.by {
            By::Act(act) => Event::done(act, self.at, change),
            By::Product(part) => Event::of_product(part, self.at, change),
        });
    }

    /// Notes an event as it is.
    pub(crate) fn note_event(&mut self, event: Event) {
        self.events.push(event);
    }

    /// How many changes are noted so far.
    #[must_use]
    pub fn noted(&self) -> usize {
        self.events.len()
    }

    /// Makes everything stand, with this change as the last event. Gives the index of that event.
    ///
    /// # Errors
    /// The database refuses; then nothing stands.
    pub async fn commit(mut self, change: Change) -> Result<u64> {
        self.note(change);
        self.finish().await
    }

    /// Makes everything stand that was noted. Where nothing was changed, nothing is written.
    ///
    /// # Errors
    /// The database refuses, or rows were changed without a note: then nothing stands.
    pub async fn commit_noted(self) -> Result<Option<u64>> {
        if self.events.is_empty() {
            return match self.written {
                0 => Ok(None),
                rows => Err(StoreError::Unrecorded(rows)),
            };
        }
        self.finish().await.map(Some)
    }

    async fn finish(mut self) -> Result<u64> {
        let events = std::mem::take(&mut self.events);
        let last = append(&mut self.tx, &events, self.at).await?;
        self.tx.commit().await?;
        Ok(last)
    }

    pub(crate) async fn rows(&mut self, sql: &str, args: Vec<Arg>) -> Result<Vec<Row>> {
        Ok(self.tx.rows(sql, args).await?)
    }

    /// The rows that a statement changed, as it returns them.
    pub(crate) async fn changed_rows(&mut self, sql: &str, args: Vec<Arg>) -> Result<Vec<Row>> {
        let rows = self.tx.rows(sql, args).await?;
        let changed = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        self.written = self.written.saturating_add(changed);
        Ok(rows)
    }

    pub(crate) async fn run(&mut self, sql: &str, args: Vec<Arg>) -> Result<u64> {
        let changed = self.tx.run(sql, args).await?;
        self.written = self.written.saturating_add(changed);
        Ok(changed)
    }

    /// Writes what the register keeps of its own work, and not of what it is about: no change, and no event.
    pub(crate) async fn run_aside(&mut self, sql: &str, args: Vec<Arg>) -> Result<u64> {
        Ok(self.tx.run(sql, args).await?)
    }

    pub(crate) async fn bulk(
        &mut self,
        table: &str,
        columns: &[(&str, Kind)],
        rows: Vec<Vec<Arg>>,
        tail: &str,
    ) -> Result<u64> {
        let changed = self.tx.bulk(table, columns, rows, tail).await?;
        self.written = self.written.saturating_add(changed);
        Ok(changed)
    }

    pub(crate) async fn link(
        &mut self,
        table: &str,
        rows: Vec<(String, String, String)>,
    ) -> Result<u64> {
        let changed = self.tx.link(table, rows).await?;
        self.written = self.written.saturating_add(changed);
        Ok(changed)
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.tx.is_postgres()
    }

    pub(crate) fn via(&mut self) -> Via<'_> {
        Via::Tx(&mut self.tx)
    }
}

/// Where the log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The origin line of its checkpoints.
    pub origin: String,
    /// The tree over all events.
    pub tree: Tree,
}

/// Under what an event is found in the tables.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filing {
    pub(crate) at: Moment,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) about: String,
    pub(crate) is_denied: bool,
}

impl Filing {
    pub(crate) fn of(event: &Event) -> Self {
        let (what, about) = event.change.about();
        Self {
            at: event.at,
            who: event.who.label(),
            what: what.to_owned(),
            about,
            is_denied: matches!(event.outcome, Outcome::Denied { .. }),
        }
    }
}

pub(crate) async fn head(via: &mut Via<'_>, for_update: &str) -> Result<Option<Head>> {
    let sql = format!("SELECT origin, size, root, frontier FROM log_head WHERE id = 1{for_update}");
    let rows = via.rows(&sql, args![]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let broken = || StoreError::Broken("a broken head of the log".to_owned());
    let frontier: Option<Vec<Hash>> = row
        .text(3)?
        .split_ascii_whitespace()
        .map(|hash| hash.parse().ok())
        .collect();
    let tree = frontier
        .and_then(|frontier| Tree::read_back(row.int(1).ok()?.try_into().ok()?, frontier))
        .ok_or_else(broken)?;
    if tree.root().to_string() != row.text(2)? {
        return Err(broken());
    }
    Ok(Some(Head {
        origin: row.text(0)?,
        tree,
    }))
}

/// Appends events and moves the head, which only one transaction at a time can: the last statement before COMMIT.
async fn append(tx: &mut Tx, events: &[Event], at: Moment) -> Result<u64> {
    // Hashed before the head is held, so that others wait as little as may be.
    let mut leaves: Vec<(&Event, String, Hash)> = events.iter().map(hashed).collect();
    let lock = for_update(tx.is_postgres());
    let made;
    let found = match head(&mut Via::Tx(tx), lock).await? {
        Some(head) => head,
        None => {
            let origin = new_id('r').map(|id| format!("tenure.local/{id}"))?;
            let is_mine = tx
                .run(
                    "INSERT INTO log_head (id, origin, size, root, frontier) VALUES (1, $1, 0, $2, '') \
                     ON CONFLICT (id) DO NOTHING",
                    args![origin.as_str(), Tree::default().root().to_string()],
                )
                .await?;
            if is_mine == 1 {
                made = Event::of_product("store", at, Change::RegisterMade { origin });
                leaves.insert(0, hashed(&made));
            }
            head(&mut Via::Tx(tx), lock)
                .await?
                .ok_or_else(|| StoreError::Broken("no head of the log".to_owned()))?
        }
    };
    let (size, root) = (found.tree.size(), found.tree.root());
    let mut tree = found.tree;
    let mut rows = Vec::with_capacity(leaves.len());
    let mut nodes: Vec<(NodeId, Hash)> = Vec::new();
    for (event, body, leaf) in leaves {
        let Filing {
            at,
            who,
            what,
            about,
            is_denied,
        } = Filing::of(event);
        rows.push(args![
            tree.size(),
            at.micros(),
            who,
            what,
            about,
            is_denied,
            body,
            leaf.to_string(),
        ]);
        tree.push(leaf, |node, hash| {
            if node.level > 0 && node.level % TILE == 0 {
                nodes.push((node, hash));
            }
        });
    }
    tx.bulk(
        "events",
        &[
            ("log_index", Kind::Int),
            ("at", Kind::Int),
            ("who", Kind::Text),
            ("what", Kind::Text),
            ("about", Kind::Text),
            ("denied", Kind::Int),
            ("body", Kind::Text),
            ("leaf", Kind::Text),
        ],
        rows,
        "",
    )
    .await?;
    let nodes = nodes
        .into_iter()
        .map(|(node, hash)| args![i64::from(node.level), node.index, hash.to_string()])
        .collect();
    tx.bulk(
        "log_nodes",
        &[
            ("level", Kind::Int),
            ("node_index", Kind::Int),
            ("hash", Kind::Text),
        ],
        nodes,
        "",
    )
    .await?;
    let frontier: Vec<String> = tree.frontier().iter().map(ToString::to_string).collect();
    let moved = tx
        .run(
            "UPDATE log_head SET size = $1, root = $2, frontier = $3 WHERE id = 1 AND size = $4 AND root = $5",
            args![
                tree.size(),
                tree.root().to_string(),
                frontier.join(" "),
                size,
                root.to_string(),
            ],
        )
        .await?;
    if moved != 1 {
        return Err(StoreError::Conflict("the log".to_owned()));
    }
    Ok(tree.size().saturating_sub(1))
}

fn hashed(event: &Event) -> (&Event, String, Hash) {
    let bytes = event.bytes();
    let leaf = leaf(&bytes);
    (event, String::from_utf8(bytes).unwrap_or_default(), leaf)
}
