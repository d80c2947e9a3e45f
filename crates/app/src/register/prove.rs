//! Proof: the log on its way out, and whether it holds.

use super::{Desk, RegisterError, Result, kept_checkpoint, signer};
use std::io::{self, BufRead, Write};
use tenure_model::{
    access::{Action, Permitted as _},
    event::Change,
    log::{
        Checkpoint, Verifier,
        export::{Check, Tampered, Verified},
    },
    ocsf::ocsf,
};
use tenure_store::{Store, StoreError, state::State};

/// The longest line of an export that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// Events that are read at once.
const PAGE: u64 = 1_000;

/// What checking a log gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Checked {
    /// It holds.
    Holds(Verified),
    /// It does not: what was found first.
    Tampered(Tampered),
}

/// Checks an export with nothing but itself, the public key of its log, and where there is one, a checkpoint that was
/// kept somewhere else.
///
/// # Errors
/// It cannot be read.
pub fn verify_export(
    mut export: impl BufRead,
    verifier: &Verifier,
    earlier: Option<Checkpoint>,
) -> io::Result<Checked> {
    let mut checking = Checking::new(verifier.clone(), earlier);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut export, LONGEST).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(checking.end());
        }
        // What was found wrong is told by the end; nothing more needs to be read.
        if checking.write_all(&line).is_err() {
            return Ok(checking.end());
        }
    }
}

impl Desk<'_> {
    /// Checks the log of the database itself, event by event, against the checkpoint that was kept beside it.
    ///
    /// # Errors
    /// The caller may not, or the database cannot be read.
    pub async fn verify(&self, state: &State) -> Result<Option<Checked>> {
        self.permit_all(Action::LogVerify).await?;
        verify(self.store, state).await
    }

    /// Writes the whole log as JSON Lines that verify offline. That it was taken is an event, and in it.
    ///
    /// # Errors
    /// The caller may not, the database refuses, or the writer does.
    pub async fn audit_export(
        &self,
        state: &State,
        out: &mut (impl Write + Send),
    ) -> Result<Checkpoint> {
        self.note_export(serde_json::Value::Null).await?;
        let signer = signer(self.store, state)
            .await?
            .ok_or_else(|| RegisterError::Nothing("the log is empty".to_owned()))?;
        Ok(self.store.export(&signer, None, out).await?)
    }

    /// Writes every event of the log in the words of OCSF, a line each, and says how many. It carries no proofs; that it
    /// was taken is an event, and in it.
    ///
    /// # Errors
    /// The caller may not, an event is none any more, the database refuses, or the writer does.
    pub async fn ocsf_export(&self, out: &mut (impl Write + Send)) -> Result<u64> {
        self.note_export(serde_json::json!({"format": "ocsf"}))
            .await?;
        let head = self.store.head().await?;
        let (origin, size) = (head.origin, head.tree.size());
        let mut next = 0;
        while next < size {
            let entries = self
                .store
                .entries(next, PAGE.min(size.saturating_sub(next)))
                .await?;
            if entries.is_empty() {
                return Err(RegisterError::Nothing(format!(
                    "event {next} is missing; `tenure verify` says more"
                )));
            }
            for entry in entries {
                let event = serde_json::from_str(&entry.body).map_err(|_| {
                    RegisterError::Nothing(format!(
                        "event {} is none any more; `tenure verify` says more",
                        entry.index
                    ))
                })?;
                let made = ocsf(entry.index, &event, &origin, env!("CARGO_PKG_VERSION"));
                let unwritten = |error| StoreError::Io {
                    path: "the export".into(),
                    error,
                };
                serde_json::to_writer(&mut *out, &made).map_err(|error| unwritten(error.into()))?;
                out.write_all(b"\n").map_err(unwritten)?;
                next = entry.index.saturating_add(1);
            }
        }
        Ok(size)
    }

    /// Asks whether the caller may take the log along, and notes that they do.
    async fn note_export(&self, detail: serde_json::Value) -> Result<()> {
        let permit = self.permit_all(Action::AuditExport).await?;
        let act = permit.act();
        let change = Change::Act {
            act: act.action.word().to_owned(),
            kind: act.object.word().to_owned(),
            id: act.object_id.clone(),
            detail,
        };
        let txn = self.store.begin(&permit, self.now).await?;
        txn.commit(change).await?;
        Ok(())
    }
}

/// Checks the log of a database against the checkpoint beside it; `None` where it is empty.
pub(super) async fn verify(store: &Store, state: &State) -> Result<Option<Checked>> {
    let Some(signer) = signer(store, state).await? else {
        return Ok(None);
    };
    let mut checking = Checking::new(signer.verifier(), kept_checkpoint(state)?);
    let exported = store.export(&signer, None, &mut checking).await;
    if checking.found.is_none() {
        exported?;
    }
    let checked = checking.end();
    if let Checked::Holds(_) = checked {
        let mut from = 0;
        loop {
            let (misfiled, looked_at) = store.misfiled(from, PAGE).await?;
            if let Some(index) = misfiled {
                return Ok(Some(Checked::Tampered(Tampered::Misfiled { index })));
            }
            if looked_at == 0 {
                break;
            }
            from = from.saturating_add(looked_at);
        }
    }
    Ok(Some(checked))
}

/// Checks what is written to it, line by line.
struct Checking {
    verifier: Verifier,
    earlier: Option<Checkpoint>,
    check: Option<Check>,
    rest: Vec<u8>,
    found: Option<Tampered>,
}

impl Checking {
    fn new(verifier: Verifier, earlier: Option<Checkpoint>) -> Self {
        Self {
            verifier,
            earlier,
            check: None,
            rest: Vec::new(),
            found: None,
        }
    }

    fn line(&mut self, line: &[u8]) -> std::result::Result<(), Tampered> {
        // What is no UTF-8 is no JSON either, and fails as such.
        let text = String::from_utf8_lossy(line);
        match &mut self.check {
            Some(check) => check.line(&text),
            None => {
                let earlier = self.earlier.take();
                self.check = Some(Check::begin(&text, &self.verifier, earlier)?);
                Ok(())
            }
        }
    }

    fn end(mut self) -> Checked {
        let rest = std::mem::take(&mut self.rest);
        if self.found.is_none() && (!rest.is_empty() || self.check.is_none()) {
            self.found = self.line(&rest).err();
        }
        match (self.found, self.check) {
            (None, Some(check)) => check.end().map_or_else(Checked::Tampered, Checked::Holds),
            (Some(found), _) => Checked::Tampered(found),
            (None, None) => Checked::Tampered(Tampered::Header("the file is empty".to_owned())),
        }
    }
}

impl Write for Checking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            if let Err(found) = self.line(line) {
                self.found = Some(found);
                return Err(io::Error::other("the log does not hold"));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
