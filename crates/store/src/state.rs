//! The state folder: the pepper, made at first run, and the last assessment. Never a secret of anybody's key.

mod watched;

use std::{
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};
use tenure_model::{assessment::Assessment, secret::Pepper, shared, watch::Kept};
use zeroize::Zeroizing;

/// Names another state folder.
pub const ENVIRONMENT: &str = "TENURE_DATA_DIR";

const PEPPER: &str = "pepper";
const LOG_KEY: &str = "log.key";
const CHECKPOINT: &str = "log.checkpoint";
const LAST: &str = "last-assessment.json";
const WATCHED: &str = "watched.jsonl";
const EDITS: &str = "edits.toml";
const LOCK: &str = "lock";
const HISTORIES: &str = "histories";
const SETUP_LINK: &str = "setup-link";
/// The longest assessment that is read back, in bytes.
const LONGEST: u64 = 4 << 30;

/// The state folder of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    folder: PathBuf,
}

/// The folder, held. The system lets go of it with the file.
#[derive(Debug)]
pub struct Held {
    _file: std::fs::File,
}

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Nobody says where it is.
    #[error("no folder for data is known on this machine; name one in {ENVIRONMENT}")]
    Nowhere,
    /// The system refuses.
    #[error("{}: {error}; name a folder that you may write to in {ENVIRONMENT}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(String),
    /// What is there is not what was written.
    #[error("{}: {problem}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
}

impl State {
    /// The folder that [`ENVIRONMENT`] names, else the usual one for a user's data (XDG base directories on
    /// Linux). Nothing is made yet.
    ///
    /// # Errors
    /// Neither is known.
    pub fn of_user() -> Result<Self, StateError> {
        let named = std::env::var_os(ENVIRONMENT)
            .filter(|name| !name.is_empty())
            .map(PathBuf::from);
        let folder = named
            .or_else(|| dirs::data_local_dir().map(|folder| folder.join("tenure")))
            .ok_or(StateError::Nowhere)?;
        Ok(Self::at(folder))
    }

    /// A given folder.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The pepper; made of 32 random bytes where there is none yet, readable by its user alone. Of several
    /// processes that make one at once, the first wins and all use it.
    ///
    /// # Errors
    /// The folder cannot be used, or the file is not what was written.
    pub fn pepper(&self) -> Result<Pepper, StateError> {
        self.kept_secret(&PEPPER_FILE)
            .map(|bytes| Pepper::new(*bytes))
    }

    /// The secret key that signs the log's checkpoints ([`tenure_model::log::Signer`]); made where there is none
    /// yet, as the pepper is.
    ///
    /// # Errors
    /// The folder cannot be used, or the file is not what was written.
    pub fn log_key(&self) -> Result<Zeroizing<[u8; 32]>, StateError> {
        self.kept_secret(&LOG_KEY_FILE)
    }

    /// Keeps a signed checkpoint of the log in place of the one before: beside the database, so that an old
    /// database that is put back is noticed.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn keep_checkpoint(&self, note: &str) -> Result<(), StateError> {
        let path = self.folder.join(CHECKPOINT);
        let file = self.written(|file| file.write_all(note.as_bytes()))?;
        file.persist(&path)
            .map(|_| ())
            .map_err(|error| StateError::Io {
                path,
                error: error.error,
            })
    }

    /// The checkpoint that was kept last, signed.
    ///
    /// # Errors
    /// The file cannot be read, or is no text.
    pub fn checkpoint(&self) -> Result<Option<String>, StateError> {
        let path = self.folder.join(CHECKPOINT);
        let Some(bytes) = read(&path, 1 << 20)? else {
            return Ok(None);
        };
        String::from_utf8(bytes.to_vec())
            .map(Some)
            .map_err(|_| StateError::Broken {
                path,
                problem: "is not UTF-8; put it back from a backup".to_owned(),
            })
    }

    /// 32 random bytes, made once, readable by their user alone.
    fn kept_secret(&self, secret: &SecretFile) -> Result<Zeroizing<[u8; 32]>, StateError> {
        let path = self.folder.join(secret.name);
        if let Some(bytes) = read_secret(&path, secret)? {
            return Ok(bytes);
        }
        let bytes = random()?;
        let file = self.written(|file| file.write_all(bytes.as_slice()))?;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(bytes),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                read_secret(&path, secret)?.ok_or_else(|| StateError::Broken {
                    path,
                    problem: "appeared and vanished".to_owned(),
                })
            }
            Err(error) => Err(StateError::Io {
                path,
                error: error.error,
            }),
        }
    }

    /// A pepper that nobody keeps: fingerprints made with it hold for one run.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn passing_pepper() -> Result<Pepper, StateError> {
        random().map(|bytes| Pepper::new(*bytes))
    }

    /// Keeps an assessment as the last one, whole or not at all. What many keys say alike is written once.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn keep(&self, assessment: &Assessment) -> Result<(), StateError> {
        let path = self.folder.join(LAST);
        let file = self.written(|file| {
            let mut out = io::BufWriter::new(file);
            shared::brief(|| serde_json::to_writer(&mut out, assessment))?;
            out.flush()
        })?;
        file.persist(&path)
            .map(|_| ())
            .map_err(|error| StateError::Io {
                path,
                error: error.error,
            })
    }

    /// The last assessment, if there was one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn last(&self) -> Result<Option<Assessment>, StateError> {
        let path = self.folder.join(LAST);
        let Some(bytes) = read(&path, LONGEST)? else {
            return Ok(None);
        };
        shared::brief(|| serde_json::from_slice(&bytes))
            .map(Some)
            .map_err(|error| StateError::Broken {
                path,
                problem: format!("{error}; run `tenure assess` again"),
            })
    }

    /// Keeps what a watch list can hold of secrets, beside what is kept of others; a secret seen again takes the
    /// place of itself.
    ///
    /// # Errors
    /// The folder cannot be used, or what is there is not what was written.
    pub fn keep_watched(&self, kept: &[Kept]) -> Result<(), StateError> {
        if kept.is_empty() {
            return Ok(());
        }
        let path = self.folder.join(WATCHED);
        let fail = |error| StateError::Io {
            path: path.clone(),
            error,
        };
        let before = || match std::fs::File::open(&path) {
            Ok(file) => Ok(Some(io::BufReader::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fail(error)),
        };
        let new = watched::lines(kept).map_err(fail)?;
        if let Some(before) = before()?
            && watched::has_all(before, &new).map_err(fail)?
        {
            return Ok(());
        }
        let _held = self.hold()?;
        let before = before()?;
        let file = self.written(|file| {
            let mut out = io::BufWriter::new(file);
            match before {
                Some(before) => watched::merge(before, &new, &mut out)?,
                None => watched::merge(io::empty(), &new, &mut out)?,
            }
            out.flush()
        })?;
        file.persist(&path)
            .map(|_| ())
            .map_err(|error| fail(error.error))
    }

    /// What a watch list can hold of every secret that was ever fingerprinted here, in order.
    ///
    /// # Errors
    /// The file cannot be read; the line is named.
    pub fn watched(&self) -> Result<Vec<Kept>, StateError> {
        let path = self.folder.join(WATCHED);
        let Some(bytes) = read(&path, LONGEST)? else {
            return Ok(Vec::new());
        };
        bytes
            .split(|byte| *byte == b'\n')
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
            .map(|(at, line)| {
                serde_json::from_slice(line).map_err(|error| StateError::Broken {
                    path: path.clone(),
                    problem: format!(
                        "line {}: {error}; remove the file and run `tenure assess` again",
                        at.saturating_add(1)
                    ),
                })
            })
            .collect()
    }

    /// The folder where it is noted what of histories was looked at, made where there is none.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn histories(&self) -> Result<PathBuf, StateError> {
        let path = self.folder.join(HISTORIES);
        match make_folder(&path) {
            Ok(()) => Ok(path),
            Err(error) => Err(StateError::Io { path, error }),
        }
    }

    /// Holds the folder for who reads, changes and writes back, until it is dropped: others wait.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn hold(&self) -> Result<Held, StateError> {
        let path = self.folder.join(LOCK);
        let fail = |error| StateError::Io {
            path: path.clone(),
            error,
        };
        make_folder(&self.folder).map_err(fail)?;
        let mut open = std::fs::OpenOptions::new();
        let file = open
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(fail)?;
        file.lock().map_err(fail)?;
        Ok(Held { _file: file })
    }

    /// Writes the link of the first administrator into a file of its user alone, in place of an earlier one, and says
    /// where it is: for where what is printed is kept by others, as in a journal.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn keep_setup_link(&self, link: &str) -> Result<PathBuf, StateError> {
        let path = self.folder.join(SETUP_LINK);
        let file = self.written(|file| file.write_all(format!("{link}\n").as_bytes()))?;
        match file.persist(&path) {
            Ok(_) => Ok(path),
            Err(error) => Err(StateError::Io {
                path,
                error: error.error,
            }),
        }
    }

    /// How many seconds ago that file was written, by the system's clock; `None` where there is none.
    #[must_use]
    pub fn setup_link_age(&self) -> Option<u64> {
        let about = std::fs::metadata(self.folder.join(SETUP_LINK)).ok()?;
        // One that is written in the future is as old as can be.
        Some(
            about
                .modified()
                .ok()?
                .elapsed()
                .map_or(u64::MAX, |age| age.as_secs()),
        )
    }

    /// Removes that file, where there is one.
    ///
    /// # Errors
    /// The folder refuses.
    pub fn drop_setup_link(&self) -> Result<(), StateError> {
        let path = self.folder.join(SETUP_LINK);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StateError::Io { path, error })
            }
            _ => Ok(()),
        }
    }

    /// Where edits of exported lists are kept, as a facts file.
    #[must_use]
    pub fn edits_path(&self) -> PathBuf {
        self.folder.join(EDITS)
    }

    /// The edits that were applied, if there are any: the text of a facts file.
    ///
    /// # Errors
    /// The file cannot be read, or is no text.
    pub fn edits(&self) -> Result<Option<String>, StateError> {
        let path = self.edits_path();
        let Some(bytes) = read(&path, LONGEST)? else {
            return Ok(None);
        };
        String::from_utf8(bytes.to_vec())
            .map(Some)
            .map_err(|_| StateError::Broken {
                path,
                problem: "is not UTF-8; put it back from a backup, or remove it to begin anew"
                    .to_owned(),
            })
    }

    /// Keeps edits in place of those before, whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn keep_edits(&self, text: &str) -> Result<(), StateError> {
        let path = self.edits_path();
        let file = self.written(|file| file.write_all(text.as_bytes()))?;
        file.persist(&path)
            .map(|_| ())
            .map_err(|error| StateError::Io {
                path,
                error: error.error,
            })
    }

    /// A new file in the folder, readable by its user alone, not yet in place.
    fn written(
        &self,
        write: impl FnOnce(&mut std::fs::File) -> io::Result<()>,
    ) -> Result<tempfile::NamedTempFile, StateError> {
        let fail = |error| StateError::Io {
            path: self.folder.clone(),
            error,
        };
        make_folder(&self.folder).map_err(fail)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(fail)?;
        write(file.as_file_mut()).map_err(fail)?;
        file.as_file().sync_all().map_err(fail)?;
        Ok(file)
    }
}

fn random() -> Result<Zeroizing<[u8; 32]>, StateError> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    getrandom::fill(bytes.as_mut_slice())
        .map(|()| bytes)
        .map_err(|error| StateError::NoRandomness(error.to_string()))
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn read(path: &Path, longest: u64) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
    let fail = |error| StateError::Io {
        path: path.to_owned(),
        error,
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(longest).read_to_end(&mut bytes).map_err(fail)?;
    Ok(Some(bytes))
}

/// A file of 32 random bytes, and what is lost without it.
struct SecretFile {
    name: &'static str,
    loss: &'static str,
}

const PEPPER_FILE: SecretFile = SecretFile {
    name: PEPPER,
    loss: "no fingerprint of an earlier run is known again",
};
const LOG_KEY_FILE: SecretFile = SecretFile {
    name: LOG_KEY,
    loss: "the log cannot be signed with the key that others know",
};

fn read_secret(
    path: &Path,
    secret: &SecretFile,
) -> Result<Option<Zeroizing<[u8; 32]>>, StateError> {
    let Some(bytes) = read(path, 64)? else {
        return Ok(None);
    };
    let mut kept = Zeroizing::new([0u8; 32]);
    if bytes.len() != kept.len() {
        return Err(StateError::Broken {
            path: path.to_owned(),
            problem: format!(
                "has {} bytes in place of 32; without it {}. Put it back from a backup, or remove it to begin anew",
                bytes.len(),
                secret.loss
            ),
        });
    }
    kept.copy_from_slice(&bytes);
    Ok(Some(kept))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::secret::Secret;

    fn mark(pepper: &Pepper) -> String {
        pepper.fingerprint(&Secret::new(b"x")).as_str().to_owned()
    }

    #[test]
    fn the_pepper_stays_and_is_its_users_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path().join("new"));
        let first = mark(&state.pepper().unwrap());
        assert_eq!(first, mark(&state.pepper().unwrap()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&state.folder().join(PEPPER)), 0o600);
            assert_eq!(mode(state.folder()), 0o700);
        }
        let other = State::at(folder.path().join("other"));
        assert_ne!(first, mark(&other.pepper().unwrap()));
    }

    #[test]
    fn the_key_of_the_log_and_its_checkpoint_stay() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path());
        let key = state.log_key().unwrap();
        assert_eq!(*state.log_key().unwrap(), *key);
        assert_eq!(state.checkpoint().unwrap(), None);
        for note in ["one", "two"] {
            state.keep_checkpoint(note).unwrap();
            assert_eq!(state.checkpoint().unwrap().as_deref(), Some(note));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let key = std::fs::metadata(folder.path().join(LOG_KEY)).unwrap();
            assert_eq!(key.permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(folder.path().join(LOG_KEY), b"short").unwrap();
        let error = state.log_key().unwrap_err().to_string();
        assert!(error.contains("cannot be signed"), "{error}");
    }

    #[test]
    fn many_at_once_make_one_pepper() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path());
        let all: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| mark(&state.pepper().unwrap())))
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert_eq!(all.len(), 1);
    }

    #[test]
    fn a_broken_pepper_is_not_replaced_in_silence() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(PEPPER), b"short").unwrap();
        let error = State::at(folder.path()).pepper().unwrap_err().to_string();
        assert!(
            error.contains("5 bytes") && error.contains("backup"),
            "{error}"
        );
    }

    #[test]
    fn what_can_be_watched_for_is_kept_once_and_a_broken_line_is_named() {
        use tenure_model::watch::{Unwatchable, Watched};
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path());
        let kept = |fingerprint: &str, why| Kept {
            fingerprint: fingerprint.to_owned(),
            watched: Watched::Not(why),
        };
        assert!(state.watched().unwrap().is_empty());
        let (a, b) = (
            kept("a", Unwatchable::TooShort),
            kept("b", Unwatchable::TooLong),
        );
        state.keep_watched(&[b.clone(), a]).unwrap();
        let again = kept("a", Unwatchable::TooGuessable);
        state.keep_watched(std::slice::from_ref(&again)).unwrap();
        assert_eq!(state.watched().unwrap(), [again.clone(), b.clone()]);
        let (c, first) = (
            kept("c", Unwatchable::TooShort),
            kept("0", Unwatchable::TooLong),
        );
        state
            .keep_watched(&[c.clone(), b.clone(), first.clone()])
            .unwrap();
        assert_eq!(state.watched().unwrap(), [first, again, b.clone(), c]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let which = || folder.path().join(WATCHED).metadata().unwrap().ino();
            let file = which();
            state.keep_watched(&[b]).unwrap();
            assert_eq!(which(), file, "nothing new writes nothing");
        }
        std::fs::write(folder.path().join(WATCHED), b"\n{}\n").unwrap();
        let error = state.watched().unwrap_err().to_string();
        assert!(
            error.contains("line 2") && error.contains("assess"),
            "{error}"
        );
    }

    #[test]
    fn many_who_keep_at_once_lose_nothing() {
        use tenure_model::watch::{Unwatchable, Watched};
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path());
        let kept = |name: String| Kept {
            fingerprint: name,
            watched: Watched::Not(Unwatchable::TooShort),
        };
        std::thread::scope(|scope| {
            for n in 0..8 {
                let state = &state;
                scope.spawn(move || {
                    for m in 0..8 {
                        state.keep_watched(&[kept(format!("{n}-{m}"))]).unwrap();
                    }
                });
            }
        });
        assert_eq!(state.watched().unwrap().len(), 64);
    }

    #[test]
    fn edits_are_kept_whole_and_for_their_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path());
        assert_eq!(state.edits().unwrap(), None);
        state.keep_edits("[[key]]").unwrap();
        state.keep_edits("[[key]]\nname = 'x'").unwrap();
        assert_eq!(
            state.edits().unwrap().as_deref(),
            Some("[[key]]\nname = 'x'")
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(state.edits_path())
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(state.edits_path(), [0xff]).unwrap();
        assert!(state.edits().unwrap_err().to_string().contains("UTF-8"));
    }

    #[test]
    fn no_assessment_is_none_and_a_broken_one_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path());
        assert!(state.last().unwrap().is_none());
        std::fs::write(folder.path().join(LAST), b"{").unwrap();
        assert!(
            state
                .last()
                .unwrap_err()
                .to_string()
                .contains("tenure assess")
        );
    }
}
