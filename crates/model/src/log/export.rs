//! A log on its way out, as JSON Lines, checked by whoever holds the public key and nothing else.
//!
//! The first line is a [`Header`] with a signed checkpoint. Then, for every 256 events, a [`Block`]: the hashes of
//! its leaves, and the proof that they are in the tree of the checkpoint. After it, a [`Line`] for each event.
//! Every line stands for itself, so that a change names the event that it was made to.

use super::{
    note::{Checkpoint, NoteError, Verifier},
    proof::check_range,
    tree::{Hash, Tree, fold, leaf},
};
use crate::digest;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The schema name of an export.
pub const SCHEMA: &str = "tenure.audit/1";
/// Events of one block.
pub const BLOCK: u64 = 256;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The first event that follows.
    pub from: u64,
    /// The number of the event after the last that follows.
    pub to: u64,
    /// The signed checkpoint that everything is proved against.
    pub checkpoint: String,
}

/// The hashes of up to 256 leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The first event; a multiple of 256.
    pub block: u64,
    /// The hash of each leaf.
    pub leaves: Vec<Hash>,
    /// That they are in the tree, from the leaves upward.
    pub proof: Vec<Hash>,
}

/// One event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line<'l> {
    /// Its place in the log.
    pub index: u64,
    /// Its canonical bytes.
    #[serde(borrow)]
    pub event: &'l RawValue,
}

/// What does not hold, with the event that it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// The file does not begin as an export does.
    #[error("line 1 is not the header of an export of schema {SCHEMA}: {0}")]
    Header(String),
    /// The checkpoint is not the log's.
    #[error("the checkpoint {0}")]
    Checkpoint(#[from] NoteError),
    /// A line in no form of an export.
    #[error(
        "line {line} is neither a block nor an event ({why}), where event {index} was to stand"
    )]
    Form {
        /// The line, from 1.
        line: u64,
        /// The event that was to come.
        index: u64,
        /// What is wrong.
        why: String,
    },
    /// An event is missing, or another stands in its place.
    #[error("event {index} is missing; line {line} holds event {found}")]
    Missing {
        /// The event.
        index: u64,
        /// Which one stands there.
        found: u64,
        /// The line, from 1.
        line: u64,
    },
    /// An event is not what was written.
    #[error("event {index} was altered (line {line})")]
    Altered {
        /// The event.
        index: u64,
        /// The line, from 1.
        line: u64,
    },
    /// In the register's own tables an event is found under what it does not say: who, what, when, whether denied.
    #[error("event {index} is filed under what it does not say")]
    Misfiled {
        /// The event.
        index: u64,
    },
    /// The hashes of a block are not those of the signed log.
    #[error("events {from} to {last} are not those of the signed log (line {line})")]
    Block {
        /// The first event of the block.
        from: u64,
        /// The last event of the block.
        last: u64,
        /// The line, from 1.
        line: u64,
    },
    /// The file ends too early.
    #[error("the file was cut off: event {index} and what follows are missing")]
    Cut {
        /// The first event that is missing.
        index: u64,
    },
    /// The log was longer at an earlier checkpoint.
    #[error("the log was set back: event {index} is gone; an earlier checkpoint has {size} events")]
    SetBack {
        /// The first event that is gone.
        index: u64,
        /// How many events the earlier checkpoint has.
        size: u64,
    },
    /// The log does not begin as it did at an earlier checkpoint.
    #[error(
        "the log was written anew: the events before {size} are not those of the earlier checkpoint"
    )]
    Rewritten {
        /// How many events the earlier checkpoint has.
        size: u64,
    },
}

impl Tampered {
    /// The first event that does not hold, where one can be named.
    #[must_use]
    pub fn index(&self) -> Option<u64> {
        match self {
            Self::Form { index, .. }
            | Self::Missing { index, .. }
            | Self::Altered { index, .. }
            | Self::Misfiled { index }
            | Self::Cut { index }
            | Self::SetBack { index, .. } => Some(*index),
            Self::Block { from, .. } => Some(*from),
            Self::Header(_) | Self::Checkpoint(_) | Self::Rewritten { .. } => None,
        }
    }
}

/// What was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The first event of the file.
    pub from: u64,
    /// The number of the event after its last.
    pub to: u64,
    /// The checkpoint that it was checked against.
    pub checkpoint: Checkpoint,
    /// Whether the earlier checkpoint was checked too.
    pub since: Option<u64>,
}

impl Verified {
    /// Whether the file holds the whole log of its checkpoint.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.from == 0 && self.to == self.checkpoint.size
    }
}

/// An export being checked, line by line.
#[derive(Debug)]
pub struct Check {
    header: Header,
    checkpoint: Checkpoint,
    earlier: Option<Checkpoint>,
    line: u64,
    next: u64,
    block: Option<Block>,
    /// Grown from the first event on, where an earlier checkpoint has to be met.
    tree: Option<Tree>,
    since: Option<u64>,
}

impl Check {
    /// Begins with the first line. `earlier` is a checkpoint of the same log that was kept somewhere else.
    ///
    /// # Errors
    /// It is no header, or its checkpoint is not signed by this log.
    pub fn begin(
        line: &str,
        verifier: &Verifier,
        earlier: Option<Checkpoint>,
    ) -> Result<Self, Tampered> {
        let header: Header =
            serde_json::from_str(line).map_err(|error| Tampered::Header(error.to_string()))?;
        if header.schema != SCHEMA {
            return Err(Tampered::Header(format!("schema `{}`", header.schema)));
        }
        let checkpoint = Checkpoint::open(&header.checkpoint, verifier)?;
        if header.from > header.to || header.to > checkpoint.size {
            return Err(Tampered::Header(format!(
                "events {} to {} of {}",
                header.from, header.to, checkpoint.size
            )));
        }
        let mut since = None;
        if let Some(earlier) = &earlier {
            if earlier.size > checkpoint.size {
                return Err(Tampered::SetBack {
                    index: checkpoint.size,
                    size: earlier.size,
                });
            }
            if earlier.size == checkpoint.size {
                if earlier.root != checkpoint.root {
                    return Err(Tampered::Rewritten { size: earlier.size });
                }
                since = Some(earlier.size);
            } else if earlier.size == 0 {
                since = Some(0);
            }
        }
        Ok(Self {
            line: 1,
            next: header.from,
            tree: (header.from == 0 && earlier.is_some()).then(Tree::default),
            header,
            checkpoint,
            earlier,
            block: None,
            since,
        })
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// It does not hold.
    pub fn line(&mut self, text: &str) -> Result<(), Tampered> {
        self.line = self.line.saturating_add(1);
        if text.starts_with("{\"block\"") {
            let block = serde_json::from_str(text).map_err(|error| self.form(&error))?;
            return self.take_block(block);
        }
        let line: Line<'_> = serde_json::from_str(text).map_err(|error| self.form(&error))?;
        let index = self.next;
        if line.index != index || index >= self.header.to {
            return Err(Tampered::Missing {
                index,
                found: line.index,
                line: self.line,
            });
        }
        let expected = self.block.as_ref().and_then(|block| {
            let at = usize::try_from(index.checked_sub(block.block)?).ok()?;
            block.leaves.get(at).copied()
        });
        let Some(expected) = expected else {
            return Err(Tampered::Form {
                line: self.line,
                index,
                why: "no block before it speaks of it".to_owned(),
            });
        };
        let bytes = line.event.get().as_bytes();
        let is_canonical = serde_json::from_slice::<serde_json::Value>(bytes)
            .is_ok_and(|value| digest::canonical(&value) == bytes);
        if leaf(bytes) != expected || !is_canonical {
            return Err(Tampered::Altered {
                index,
                line: self.line,
            });
        }
        self.next = index.saturating_add(1);
        Ok(())
    }

    fn form(&self, error: &serde_json::Error) -> Tampered {
        Tampered::Form {
            line: self.line,
            index: self.next,
            why: error.to_string(),
        }
    }

    fn take_block(&mut self, block: Block) -> Result<(), Tampered> {
        // The block in which the next event stands, whole but for the last of the log.
        let from = self.next.saturating_sub(self.next % BLOCK);
        let to = from.saturating_add(BLOCK).min(self.checkpoint.size);
        let is_due = self.next == self.header.from || self.next == from;
        if block.block != from || !is_due || self.next >= self.header.to {
            return Err(Tampered::Missing {
                index: self.next,
                found: block.block,
                line: self.line,
            });
        }
        let wrong = Tampered::Block {
            from,
            last: to.saturating_sub(1),
            line: self.line,
        };
        let mut own = Tree::default();
        for leaf in &block.leaves {
            own.push(*leaf, |_, _| ());
            if let Some(tree) = &mut self.tree {
                tree.push(*leaf, |_, _| ());
                if let Some(earlier) = self.earlier.as_ref().filter(|e| e.size == tree.size()) {
                    if earlier.root != tree.root() {
                        return Err(Tampered::Rewritten { size: earlier.size });
                    }
                    self.since = Some(earlier.size);
                }
            }
        }
        if own.size() != to.saturating_sub(from) {
            return Err(wrong);
        }
        let hash = fold(own.frontier());
        let Checkpoint { size, root, .. } = self.checkpoint;
        check_range(from, to, hash, size, root, &block.proof).map_err(|_| wrong)?;
        self.block = Some(block);
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// More was to come.
    pub fn end(self) -> Result<Verified, Tampered> {
        if self.next < self.header.to {
            return Err(Tampered::Cut { index: self.next });
        }
        Ok(Verified {
            from: self.header.from,
            to: self.header.to,
            checkpoint: self.checkpoint,
            since: self.since,
        })
    }
}

/// Checks a whole export.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(
    text: &str,
    verifier: &Verifier,
    earlier: Option<Checkpoint>,
) -> Result<Verified, Tampered> {
    let mut lines = text.lines();
    let mut check = Check::begin(lines.next().unwrap_or_default(), verifier, earlier)?;
    for line in lines {
        check.line(line)?;
    }
    check.end()
}
