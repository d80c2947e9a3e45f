//! What a backup carries beside the database: the files of the state folder without which the register is not the one
//! that it was. They are put in place together, when everything else is there.

use crate::state::State;
use std::{
    fs::{self, File},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
};

/// By name: the key of fingerprints, the key of the log, the settings, edits, what can be watched for.
const NAMES: [&str; 5] = [
    "pepper",
    "log.key",
    "tenure.toml",
    "edits.toml",
    "watched.jsonl",
];
/// Where they wait. What a restore that was killed left here is removed by the next one.
const WAITING: &str = "restoring";

/// One file, opened.
#[derive(Debug)]
pub struct Carried {
    /// Its name in the state folder.
    pub name: &'static str,
    /// Its bytes, as many as `size` says.
    pub file: File,
    /// How long it is.
    pub size: u64,
}

/// The files of a state folder that a backup carries, as they are now.
///
/// # Errors
/// One cannot be read.
pub fn carried(state: &State) -> io::Result<Vec<Carried>> {
    let mut found = Vec::new();
    for name in NAMES {
        match File::open(state.folder().join(name)) {
            Ok(file) => {
                let size = file.metadata()?.len();
                found.push(Carried { name, file, size });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Files on their way into a state folder. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Staged {
    folder: PathBuf,
    names: Vec<&'static str>,
    is_new: bool,
    _lock: File,
}

impl Staged {
    /// Begins, and removes what one that was killed left behind.
    ///
    /// # Errors
    /// The folder cannot be written to, or another restore works there.
    pub fn begin(state: &State) -> io::Result<Self> {
        let folder = state.folder().to_owned();
        let is_new = !folder.exists();
        let waiting = folder.join(WAITING);
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&waiting)?;
        let lock = new_file(&waiting.join("lock"), true)?;
        lock.try_lock()
            .map_err(|_| io::Error::other("another restore works here; wait for it to end"))?;
        for name in NAMES {
            remove(&waiting.join(name))?;
        }
        Ok(Self {
            folder,
            names: Vec::new(),
            is_new,
            _lock: lock,
        })
    }

    /// Takes a file of that name and length.
    ///
    /// # Errors
    /// It is none that a backup carries, it ends too early, another one has its place, or the folder refuses.
    pub fn add(&mut self, name: &str, size: u64, from: &mut impl Read) -> io::Result<()> {
        let known = NAMES
            .into_iter()
            .find(|known| *known == name && !self.names.contains(known));
        let Some(name) = known else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "names a file that no backup carries",
            ));
        };
        let path = self.folder.join(WAITING).join(name);
        let mut file = new_file(&path, false)?;
        if io::copy(&mut from.take(size), &mut file)? != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.flush()?;
        file.sync_all()?;
        self.names.push(name);
        let there = self.folder.join(name);
        if there.exists() && !alike(&there, &path)? {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!("{} is another one than the backup's", there.display()),
            ));
        }
        Ok(())
    }

    /// The bytes of a file that was taken.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, name: &str) -> io::Result<zeroize::Zeroizing<Vec<u8>>> {
        fs::read(self.folder.join(WAITING).join(name)).map(zeroize::Zeroizing::new)
    }

    /// Puts all of them where they belong. What is there already is the same.
    ///
    /// # Errors
    /// The folder refuses.
    pub fn put(&self) -> io::Result<()> {
        for name in &self.names {
            let (from, to) = (self.folder.join(WAITING).join(name), self.folder.join(name));
            match fs::hard_link(&from, &to) {
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists && alike(&from, &to)? => {}
                done => done?,
            }
        }
        File::open(&self.folder)?.sync_all()
    }

    /// Takes them back out, where what they belong to did not come about.
    pub fn take_back(&self, before: &[&'static str]) {
        for name in self.names.iter().filter(|name| !before.contains(name)) {
            let _ = fs::remove_file(self.folder.join(name));
        }
    }

    /// Those of them that were in place before.
    #[must_use]
    pub fn there_before(&self) -> Vec<&'static str> {
        let is_there = |name: &&&str| self.folder.join(name).exists();
        self.names.iter().filter(is_there).copied().collect()
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.folder.join(WAITING));
        if self.is_new {
            // Only where nothing came into it.
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

fn new_file(path: &Path, is_kept: bool) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).truncate(!is_kept);
    options.create(is_kept).create_new(!is_kept);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether two files hold the same.
fn alike(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (
        io::BufReader::new(File::open(one)?).bytes(),
        io::BufReader::new(File::open(other)?).bytes(),
    );
    loop {
        match (one.next().transpose()?, other.next().transpose()?) {
            (None, None) => return Ok(true),
            (a, b) if a != b => return Ok(false),
            _ => {}
        }
    }
}
