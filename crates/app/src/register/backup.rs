//! Backups: one snapshot of the register with what the state folder holds of it, encrypted with age.
//!
//! Inside: one line of JSON, the [`Manifest`]; the bytes of the files it names; the rows, packed. Everything streams. A
//! restore is checked whole before anything stands, and its log is held against what is signed in the manifest.

use super::{Checked, Desk, Place, RegisterError, Result, Rules, kept_checkpoint, seal};
use age::secrecy::SecretString;
use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, BufReader, Read, Write};
use tenure_model::{
    access::{Act, Action, Actor, Object, Permitted as _, Unit},
    event::Change,
    log::{Checkpoint, Hash, Signer},
    moment::Moment,
};
use tenure_store::{Contents, Filled, Staged, Store, StoreError, carried, check, state::State};

/// The contract of the manifest.
const SCHEMA: &str = "tenure.backup/1";
/// The longest manifest, in bytes.
const LONGEST: u64 = 1 << 20;
/// The most work for a passphrase that is done for a file, as the exponent of scrypt: some ten seconds.
const MOST_WORK: u8 = 22;

/// What a backup says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    schema: String,
    /// The release that made it.
    pub tenure: String,
    /// When.
    pub made_at: Moment,
    /// Files of the state folder, with their bytes, in order.
    pub files: Vec<(String, u64)>,
    /// The log as it is in here, signed.
    checkpoint: String,
    /// The database.
    pub contents: Contents,
}

/// For whom a backup is encrypted.
pub enum Sealed {
    /// Who holds one of the identities of these recipients.
    For(Vec<Box<dyn age::Recipient + Send>>),
    /// Who knows the passphrase.
    By(SecretString),
}

/// What opens a backup.
pub enum Opener {
    /// One of these identities.
    Identities(Vec<Box<dyn age::Identity + Send + Sync>>),
    /// The passphrase.
    Passphrase(SecretString),
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed")
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opener")
    }
}

impl Sealed {
    /// For recipients as `age` writes them (`age1…`).
    ///
    /// # Errors
    /// One is none; its place in the list is named.
    pub fn recipients<'r>(named: impl IntoIterator<Item = &'r str>) -> Result<Self> {
        let mut recipients: Vec<Box<dyn age::Recipient + Send>> = Vec::new();
        for (at, name) in named.into_iter().enumerate() {
            let recipient: age::x25519::Recipient = name.parse().map_err(|_| {
                RegisterError::Field(
                    "recipient",
                    format!(
                        "number {} is no recipient of age; write the public key, age1…, that `age-keygen` prints",
                        at.saturating_add(1)
                    ),
                )
            })?;
            recipients.push(Box::new(recipient));
        }
        Ok(Self::For(recipients))
    }

    /// By a passphrase.
    #[must_use]
    pub fn passphrase(phrase: &str) -> Self {
        Self::By(SecretString::from(phrase.to_owned()))
    }
}

impl Opener {
    /// The identities of a file as `age-keygen` writes it.
    ///
    /// # Errors
    /// It holds none.
    pub fn identities(file: &str) -> Result<Self> {
        let bad = || {
            RegisterError::Field(
                "identity",
                "the file holds no identity of age (AGE-SECRET-KEY-1…); `age-keygen` makes one"
                    .to_owned(),
            )
        };
        let file = age::IdentityFile::from_buffer(file.as_bytes()).map_err(|_| bad())?;
        let identities = file.into_identities().map_err(|_| bad())?;
        if identities.is_empty() {
            return Err(bad());
        }
        Ok(Self::Identities(identities))
    }

    /// A passphrase.
    #[must_use]
    pub fn passphrase(phrase: &str) -> Self {
        Self::Passphrase(SecretString::from(phrase.to_owned()))
    }

    fn open<R: BufRead>(&self, file: R) -> Result<BufReader<age::stream::StreamReader<R>>> {
        let decryptor = age::Decryptor::new_buffered(file).map_err(|error| unread(&error))?;
        if decryptor.is_scrypt() != matches!(self, Self::Passphrase(_)) {
            return Err(RegisterError::Backup(if decryptor.is_scrypt() {
                "is opened by a passphrase".to_owned()
            } else {
                "is opened by an identity, and not by a passphrase; name its file with --identity"
                    .to_owned()
            }));
        }
        let opened = match self {
            Self::Identities(identities) => {
                decryptor.decrypt(identities.iter().map(|one| &**one as &dyn age::Identity))
            }
            Self::Passphrase(phrase) => {
                let mut identity = age::scrypt::Identity::new(phrase.clone());
                identity.set_max_work_factor(MOST_WORK);
                decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity))
            }
        };
        use age::DecryptError::{DecryptionFailed, KeyDecryptionFailed, NoMatchingKeys};
        let wrong = match self {
            Self::Identities(_) => "is for none of the identities in the file",
            Self::Passphrase(_) => "has another passphrase",
        };
        opened.map(BufReader::new).map_err(|error| match error {
            DecryptionFailed | KeyDecryptionFailed | NoMatchingKeys => {
                RegisterError::Backup(wrong.to_owned())
            }
            error => unread(&error),
        })
    }
}

fn unread(error: &age::DecryptError) -> RegisterError {
    use age::DecryptError::{ExcessiveWork, InvalidMac, Io, UnknownFormat};
    RegisterError::Backup(match error {
        InvalidMac => "was altered: its header does not hold".to_owned(),
        Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => "is cut off".to_owned(),
        Io(error) if error.kind() != io::ErrorKind::InvalidData => {
            format!("cannot be read: {error}")
        }
        ExcessiveWork { .. } => "asks for more work than any backup does".to_owned(),
        UnknownFormat => "is of a version of age that is not known here".to_owned(),
        _ => "is no file of age; name one that `tenure backup` made".to_owned(),
    })
}

/// What reading inside gives: age fails where a piece does not hold or the last one is missing.
fn broken(error: &io::Error) -> RegisterError {
    RegisterError::Backup(format!("is cut off, or was altered: {error}"))
}

fn unwritten(error: io::Error) -> RegisterError {
    StoreError::Io {
        path: "the backup".into(),
        error,
    }
    .into()
}

impl Desk<'_> {
    /// Writes a backup. That it was made is an event, and in it.
    ///
    /// # Errors
    /// The caller may not, the database refuses, or the writer does.
    pub async fn backup(
        &self,
        state: &State,
        sealed: &Sealed,
        out: &mut (impl Write + Send),
    ) -> Result<Manifest> {
        let permit = self.permit_all(Action::BackupMake).await?;
        let txn = self.store.begin(&permit, self.now).await?;
        txn.commit(done(permit.act(), serde_json::Value::Null))
            .await?;
        let snapshot = self.store.snapshot().await?;
        let contents = snapshot.contents().clone();
        let signed = Signer::new(&contents.origin, &*state.log_key()?)
            .map_err(|error| RegisterError::Checkpoint(error.to_string()))
            .and_then(|signer| {
                let checkpoint = Checkpoint {
                    origin: contents.origin.clone(),
                    size: snapshot.tree().size(),
                    root: snapshot.tree().root(),
                };
                let signed = checkpoint.sign(&signer);
                signed.map_err(|error| RegisterError::Checkpoint(error.to_string()))
            })?;
        // Both keys are made where the state folder has none yet.
        state.pepper()?;
        let files = carried(state).map_err(unwritten)?;
        let manifest = Manifest {
            schema: SCHEMA.to_owned(),
            tenure: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: self.now,
            files: files
                .iter()
                .map(|file| (file.name.to_owned(), file.size))
                .collect(),
            checkpoint: signed,
            contents,
        };
        let encryptor = match sealed {
            Sealed::For(recipients) => {
                let recipients = recipients.iter().map(|one| &**one as &dyn age::Recipient);
                age::Encryptor::with_recipients(recipients)
                    .map_err(|error| RegisterError::Field("recipient", error.to_string()))?
            }
            Sealed::By(phrase) => age::Encryptor::with_user_passphrase(phrase.clone()),
        };
        let mut inside = encryptor.wrap_output(out).map_err(unwritten)?;
        serde_json::to_writer(&mut inside, &manifest).map_err(|error| unwritten(error.into()))?;
        inside.write_all(b"\n").map_err(unwritten)?;
        // Not packed: a packer keeps what it saw.
        for file in files {
            let copied =
                io::copy(&mut file.file.take(file.size), &mut inside).map_err(unwritten)?;
            if copied != file.size {
                return Err(RegisterError::Backup(format!(
                    "could not be made: {} in the state folder became shorter meanwhile; try again",
                    file.name
                )));
            }
        }
        let mut packed = GzEncoder::new(inside, Compression::fast());
        snapshot.write(&mut packed).await?;
        let inside = packed.finish().map_err(unwritten)?;
        inside
            .finish()
            .and_then(|out| out.flush())
            .map_err(unwritten)?;
        Ok(manifest)
    }
}

fn done(act: &Act, detail: serde_json::Value) -> Change {
    Change::Act {
        act: act.action.word().to_owned(),
        kind: act.object.word().to_owned(),
        id: act.object_id.clone(),
        detail,
    }
}

fn manifest(inside: &mut impl BufRead) -> Result<Manifest> {
    let mut line = Vec::new();
    let read = inside.take(LONGEST).read_until(b'\n', &mut line);
    read.map_err(|error| broken(&error))?;
    let manifest: Manifest = serde_json::from_slice(&line).map_err(|_| {
        RegisterError::Backup(
            "is a file of age, and no backup of Tenure that this release knows".to_owned(),
        )
    })?;
    if manifest.schema != SCHEMA {
        return Err(RegisterError::Backup(format!(
            "is {}, and this release reads {SCHEMA}; use a newer release",
            manifest.schema
        )));
    }
    manifest.contents.is_known()?;
    Ok(manifest)
}

/// Nothing may follow the rows; what ends too early fails here.
fn ends(mut inside: impl Read) -> Result<()> {
    match io::copy(&mut inside, &mut io::sink()) {
        Ok(0) => Ok(()),
        Ok(_) => Err(RegisterError::Backup("goes on after its end".to_owned())),
        Err(error) => Err(broken(&error)),
    }
}

/// Reads a backup through, and writes nothing: every piece is whole, every row there, and the log holds.
///
/// # Errors
/// It cannot be opened, or it is not whole.
pub fn check_backup(file: impl BufRead, opener: &Opener) -> Result<Manifest> {
    let mut inside = opener.open(file)?;
    let manifest = manifest(&mut inside)?;
    for (name, size) in &manifest.files {
        let read = io::copy(&mut (&mut inside).take(*size), &mut io::sink());
        if read.map_err(|error| broken(&error))? != *size {
            return Err(RegisterError::Backup(format!("is cut off in {name}")));
        }
    }
    let mut rows = BufReader::new(GzDecoder::new(&mut inside));
    check(&manifest.contents, &mut rows)?;
    drop(rows);
    ends(inside)?;
    Ok(manifest)
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What the backup said of itself.
    pub manifest: Manifest,
    /// Whether the log holds now, event by event.
    pub checked: Checked,
}

/// Restores a backup where there is no register: wholly, or not at all.
///
/// # Errors
/// The caller may not; there is a register, or the state folder holds other files than the backup's; the backup cannot be
/// opened or is not whole; the database or the folder refuses. Nothing stands then.
pub async fn restore(
    place: &Place,
    state: &State,
    access: &Rules,
    caller: &Actor,
    file: impl BufRead + Send,
    opener: &Opener,
    now: Moment,
) -> Result<Restored> {
    let whole = Object::unit(Unit::whole());
    // There is no log yet that could say that it was refused.
    let permit = access
        .decide(caller, Action::BackupRestore, &whole)
        .map_err(RegisterError::Denied)?;
    if let Place::File(file) = place
        && file.exists()
    {
        return Err(StoreError::NotEmpty(format!("{} is there already", file.display())).into());
    }
    let mut inside = opener.open(file)?;
    let manifest = manifest(&mut inside)?;
    let mut staged = Staged::begin(state).map_err(refused)?;
    for (name, size) in &manifest.files {
        staged
            .add(name, *size, &mut inside)
            .map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => broken(&error),
                _ => refused(error),
            })?;
    }
    let earlier = signed(&manifest, &staged, state)?;
    let mut rows = BufReader::new(GzDecoder::new(&mut inside));
    let filled = Filled::with(place, &manifest.contents, &earlier, &mut rows, now).await?;
    drop(rows);
    ends(inside)?;
    // The keys first: a register without them would make new ones. Killed in between, they are there alone, and are the
    // same when the backup is restored again.
    let before = staged.there_before();
    staged.put().map_err(refused)?;
    if let Err(error) = filled.commit().await {
        staged.take_back(&before);
        return Err(error.into());
    }
    drop(staged);
    let store = Store::open(place, now).await?;
    let detail =
        serde_json::json!({"made_at": manifest.made_at, "events": manifest.contents.events});
    let txn = store.begin(&permit, now).await?;
    txn.commit(done(permit.act(), detail)).await?;
    seal(&store, state).await?;
    let checked = super::prove::verify(&store, state).await;
    store.close().await;
    let checked = checked?.ok_or_else(|| RegisterError::Nothing("the log is empty".to_owned()))?;
    Ok(Restored { manifest, checked })
}

fn refused(error: io::Error) -> RegisterError {
    RegisterError::Backup(format!("is not restored: {error}"))
}

/// The sizes and roots that the log has to begin with: what the backup was signed with, and the last one that the state
/// folder knows of.
fn signed(manifest: &Manifest, staged: &Staged, state: &State) -> Result<Vec<(u64, Hash)>> {
    let bad = RegisterError::Backup;
    let key = staged
        .read("log.key")
        .map_err(|_| bad("holds no key of its log".to_owned()))?;
    let key: zeroize::Zeroizing<[u8; 32]> = key
        .as_slice()
        .try_into()
        .map(zeroize::Zeroizing::new)
        .map_err(|_| bad("holds no key of its log".to_owned()))?;
    let signer = Signer::new(&manifest.contents.origin, &key)
        .map_err(|error| bad(format!("cannot be read: {error}")))?;
    let own = Checkpoint::open(&manifest.checkpoint, &signer.verifier())
        .map_err(|error| bad(format!("is signed wrongly: {error}")))?;
    let mut due = vec![(own.size, own.root)];
    if let Some(note) = state.checkpoint()? {
        // With the key that lies beside it, if one does: else with the backup's, which is to lie there.
        let kept = if state.folder().join("log.key").exists() {
            kept_checkpoint(state).ok().flatten()
        } else {
            Checkpoint::open(&note, &signer.verifier()).ok()
        };
        let kept = kept.filter(|kept| kept.origin == manifest.contents.origin);
        let kept = kept.ok_or_else(|| {
            bad("is not restored: log.checkpoint in the state folder is of another log; name another folder, or move it away"
                .to_owned())
        })?;
        if kept.size > own.size {
            return Err(bad(format!(
                "is not restored: it ends at event {}, and log.checkpoint in the state folder knows of {}; to go back all \
                 the same, move log.checkpoint away and keep it: it proves what was lost",
                own.size, kept.size
            )));
        }
        due.push((kept.size, kept.root));
    }
    Ok(due)
}
