//! Reading the log: where it stands, signed checkpoints, proofs, events.

use crate::{
    db::{Result, Store, StoreError, Via},
    dialect::args,
    txn::{Filing, Head, TILE, head},
};
use tenure_model::{
    event::Event,
    log::{Checkpoint, Hash, NodeId, Signer, proof, tree},
    moment::Moment,
};

/// One event as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Its canonical bytes.
    pub body: String,
    /// The hash of them.
    pub leaf: Hash,
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// About this key, source, run.
    pub about: Option<String>,
    /// By this actor, as [`tenure_model::event::Actor::label`] writes it.
    pub who: Option<String>,
    /// Of this kind, such as `decided`.
    pub what: Option<String>,
    /// Those that were refused alone.
    pub denied: bool,
}

impl Store {
    /// Where the log stands; an empty one before the first change.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn head(&self) -> Result<Head> {
        Ok(head(&mut Via::Pool(&self.pool), "").await?.unwrap_or(Head {
            origin: String::new(),
            tree: tree::Tree::default(),
        }))
    }

    /// A checkpoint of the log as it stands, signed. The signer's name has to be the log's origin.
    ///
    /// # Errors
    /// The database refuses; the signer is of another log.
    pub async fn checkpoint(&self, signer: &Signer) -> Result<(Checkpoint, String)> {
        let head = self.head().await?;
        let checkpoint = Checkpoint {
            origin: head.origin,
            size: head.tree.size(),
            root: head.tree.root(),
        };
        if signer.verifier().name() != checkpoint.origin {
            return Err(StoreError::Conflict("the origin of the log".to_owned()));
        }
        let note = checkpoint.sign(signer).map_err(|error| {
            StoreError::Broken(format!("an origin that cannot be signed: {error}"))
        })?;
        Ok((checkpoint, note))
    }

    /// Checks that the log still begins as it did at a checkpoint.
    ///
    /// # Errors
    /// [`StoreError::SetBack`] where it does not: an old or another database.
    pub async fn check_begins_with(&self, earlier: &Checkpoint) -> Result<()> {
        let head = self.head().await?;
        if head.origin != earlier.origin {
            return Err(StoreError::SetBack(format!(
                "it is the log {}, and the checkpoint is of {}",
                head.origin, earlier.origin
            )));
        }
        let size = head.tree.size();
        if earlier.size > size {
            return Err(StoreError::SetBack(format!(
                "event {size} is gone; the checkpoint has {} events",
                earlier.size
            )));
        }
        let found = self.root_at(earlier.size).await?;
        if found != earlier.root {
            return Err(StoreError::SetBack(format!(
                "the events before {} are not those of the checkpoint",
                earlier.size
            )));
        }
        Ok(())
    }

    /// The root over the first `size` events.
    ///
    /// # Errors
    /// There are not as many.
    pub async fn root_at(&self, size: u64) -> Result<Hash> {
        let hashes = self.hashes(&proof::whole(size)).await?;
        Ok(tree::fold(&hashes))
    }

    /// What proves that an event is in the log of `size` events, from the leaf upward.
    ///
    /// # Errors
    /// There is no such event.
    pub async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>> {
        self.proof(proof::inclusion(index, size), size).await
    }

    /// What proves that the log of `size` events begins with the log of `earlier` events.
    ///
    /// # Errors
    /// There are not as many.
    pub async fn consistency(&self, earlier: u64, size: u64) -> Result<Vec<Hash>> {
        self.proof(proof::consistency(earlier, size), size).await
    }

    pub(crate) async fn range_proof(&self, from: u64, to: u64, size: u64) -> Result<Vec<Hash>> {
        self.proof(proof::range(from, to, size), size).await
    }

    async fn proof(
        &self,
        plan: std::result::Result<Vec<proof::Element>, proof::Bad>,
        size: u64,
    ) -> Result<Vec<Hash>> {
        let unknown = || StoreError::Unknown(format!("such event in a log of {size} events"));
        let plan = plan.map_err(|_| unknown())?;
        if self.head().await?.tree.size() < size {
            return Err(unknown());
        }
        let mut made = Vec::with_capacity(plan.len());
        for element in plan {
            made.push(tree::fold(&self.hashes(&element).await?));
        }
        Ok(made)
    }

    /// The hashes of perfect subtrees, from what is kept of every eighth level.
    async fn hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>> {
        let mut hashes = Vec::with_capacity(nodes.len());
        for node in nodes {
            let above = node.level % TILE;
            let kept = node.level.saturating_sub(above);
            let from = node.index << above;
            let to = from.saturating_add(1 << above);
            let rows = if kept == 0 {
                self.pool
                    .rows(
                        "SELECT leaf FROM events WHERE log_index >= $1 AND log_index < $2 ORDER BY log_index",
                        args![from, to],
                    )
                    .await?
            } else {
                self.pool
                    .rows(
                        "SELECT hash FROM log_nodes WHERE level = $1 AND node_index >= $2 AND node_index < $3 \
                         ORDER BY node_index",
                        args![i64::from(kept), from, to],
                    )
                    .await?
            };
            let mut tree = tree::Tree::default();
            for row in &rows {
                tree.push(hash(&row.text(0)?)?, |_, _| ());
            }
            if tree.size() != to.saturating_sub(from) {
                return Err(StoreError::Broken(format!(
                    "no event or node {from} at level {kept} of its log"
                )));
            }
            hashes.push(tree.root());
        }
        Ok(hashes)
    }

    /// Events from `from` on, in order, at most `most`.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn entries(&self, from: u64, most: u64) -> Result<Vec<Entry>> {
        let rows = self
            .pool
            .rows(
                "SELECT log_index, at, body, leaf FROM events WHERE log_index >= $1 ORDER BY log_index LIMIT $2",
                args![from, most],
            )
            .await?;
        rows.iter().map(entry).collect()
    }

    /// Of events from `from` on, at most `most`: the first that is filed under what it does not say, and how many were
    /// looked at. The tree holds their bodies; this is for the columns beside them, by which they are found.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn misfiled(&self, from: u64, most: u64) -> Result<(Option<u64>, u64)> {
        let sql = "SELECT log_index, at, who, what, about, denied, body FROM events \
                   WHERE log_index >= $1 ORDER BY log_index LIMIT $2";
        let rows = self.pool.rows(sql, args![from, most]).await?;
        for row in &rows {
            let filed = Filing {
                at: Moment::from_micros(row.int(1)?),
                who: row.text(2)?,
                what: row.text(3)?,
                about: row.text(4)?,
                is_denied: row.int(5)? != 0,
            };
            let event: Option<Event> = serde_json::from_str(&row.text(6)?).ok();
            // What is no event any more is found by its hash.
            if event.is_some_and(|event| Filing::of(&event) != filed) {
                return Ok((Some(row.int(0)?.unsigned_abs()), 0));
            }
        }
        Ok((None, u64::try_from(rows.len()).unwrap_or(u64::MAX)))
    }

    /// The first event that is missing in the tables, as far as the head says; `None` where all are there.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn missing_entry(&self) -> Result<Option<u64>> {
        let size = self.head().await?.tree.size();
        let rows = self
            .pool
            .rows(
                "SELECT MIN(e.log_index) FROM events e \
                 WHERE NOT EXISTS (SELECT 1 FROM events n WHERE n.log_index = e.log_index + 1)",
                args![],
            )
            .await?;
        let has_first = !self
            .entries(0, 1)
            .await?
            .iter()
            .all(|entry| entry.index > 0);
        let last = rows.first().map_or(Ok(None), |row| row.maybe_int(0))?;
        let next = match last {
            Some(last) if has_first => last.unsigned_abs().saturating_add(1),
            _ => 0,
        };
        Ok((next < size).then_some(next))
    }

    /// The latest events of a kind, newest first, at most `most`, all before event `before` where one is given.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn events(
        &self,
        filter: &EventFilter,
        before: Option<u64>,
        most: u64,
    ) -> Result<Vec<Entry>> {
        let mut sql =
            "SELECT log_index, at, body, leaf FROM events WHERE log_index < $1".to_owned();
        let mut args = args![before.unwrap_or(u64::MAX)];
        for (column, value) in [
            ("about", &filter.about),
            ("who", &filter.who),
            ("what", &filter.what),
        ] {
            if let Some(value) = value {
                args.push(value.as_str().into());
                sql.push_str(&format!(" AND {column} = ${}", args.len()));
            }
        }
        if filter.denied {
            sql.push_str(" AND denied = 1");
        }
        args.push(most.into());
        sql.push_str(&format!(" ORDER BY log_index DESC LIMIT ${}", args.len()));
        let rows = self.pool.rows(&sql, args).await?;
        rows.iter().map(entry).collect()
    }
}

fn hash(text: &str) -> Result<Hash> {
    text.parse()
        .map_err(|_| StoreError::Broken("a broken hash in its log".to_owned()))
}

fn entry(row: &crate::dialect::Row) -> Result<Entry> {
    Ok(Entry {
        index: row.int(0)?.unsigned_abs(),
        at: Moment::from_micros(row.int(1)?),
        body: row.text(2)?,
        leaf: hash(&row.text(3)?)?,
    })
}
