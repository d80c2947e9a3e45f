//! The log on its way out: an export that verifies offline.

use crate::{
    db::{Result, Store, StoreError, json},
    log::Entry,
};
use serde_json::value::RawValue;
use std::{io::Write, ops::Range, path::PathBuf};
use tenure_model::log::{
    Checkpoint, Signer,
    export::{BLOCK, Block, Header, Line, SCHEMA},
};

impl Store {
    /// Writes events as JSON Lines with a checkpoint and proofs; without a range, all of them. Gives the
    /// checkpoint.
    ///
    /// # Errors
    /// The database refuses, or the writer does; the range is beyond the log.
    pub async fn export(
        &self,
        signer: &Signer,
        range: Option<Range<u64>>,
        out: &mut (impl Write + Send),
    ) -> Result<Checkpoint> {
        let (checkpoint, note) = self.checkpoint(signer).await?;
        let size = checkpoint.size;
        let Range { start, end } = range.unwrap_or(0..size);
        if start > end || end > size {
            return Err(StoreError::Unknown(format!(
                "events {start} to {end} in a log of {size} events"
            )));
        }
        let header = Header {
            schema: SCHEMA.to_owned(),
            from: start,
            to: end,
            checkpoint: note,
        };
        write(out, &header)?;
        let mut from = start.saturating_sub(start % BLOCK);
        while from < end {
            let to = from.saturating_add(BLOCK).min(size);
            let mut entries = self.entries(from, BLOCK).await?;
            // Events after the checkpoint are not of this export.
            entries.retain(|entry| entry.index < to);
            let block = Block {
                block: from,
                leaves: entries.iter().map(|entry| entry.leaf).collect(),
                proof: self.range_proof(from, to, size).await?,
            };
            write(out, &block)?;
            for Entry { index, body, .. } in entries {
                if !(start..end).contains(&index) {
                    continue;
                }
                // What is no JSON any more is shown as text: it will not verify, and says so.
                let event = RawValue::from_string(body.clone())
                    .or_else(|_| RawValue::from_string(json(&body)))
                    .map_err(|error| StoreError::Broken(error.to_string()))?;
                let event = &event;
                write(out, &Line { index, event })?;
            }
            from = to;
        }
        Ok(checkpoint)
    }
}

fn write<T: serde::Serialize>(out: &mut impl Write, line: &T) -> Result<()> {
    let io = |error| StoreError::Io {
        path: PathBuf::from("the export"),
        error,
    };
    serde_json::to_writer(&mut *out, line).map_err(|error| io(error.into()))?;
    out.write_all(b"\n").map_err(io)
}
