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
};
use tenure_store::state::State;

/// The longest line of an export that is read, in bytes.
const LONGEST: u64 = 64 << 20;

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
        let Some(signer) = signer(self.store, state).await? else {
            return Ok(None);
        };
        let mut checking = Checking::new(signer.verifier(), kept_checkpoint(state)?);
        let exported = self.store.export(&signer, None, &mut checking).await;
        if checking.found.is_none() {
            exported?;
        }
        Ok(Some(checking.end()))
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
        let permit = self.permit_all(Action::AuditExport).await?;
        let act = permit.act();
        let change = Change::Act {
            act: act.action.word().to_owned(),
            kind: act.object.word().to_owned(),
            id: act.object_id.clone(),
            detail: serde_json::Value::Null,
        };
        let txn = self.store.begin(&permit, self.now).await?;
        txn.commit(change).await?;
        let signer = signer(self.store, state)
            .await?
            .ok_or_else(|| RegisterError::Nothing("the log is empty".to_owned()))?;
        Ok(self.store.export(&signer, None, out).await?)
    }
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
