//! Who can read a file: by git, by its mode, and by the folders above it.

use std::path::{Path, PathBuf};
use tenure_model::place::Audience;

/// Answers for the files below one folder.
pub(crate) struct Audiences {
    root: PathBuf,
    /// Every folder from the top of the file system down to the root lets others pass.
    open_above: bool,
}

impl Audiences {
    pub(super) fn of(root: &Path) -> Self {
        let open_above = root
            .canonicalize()
            .is_ok_and(|full| full.ancestors().all(others_pass));
        Self {
            root: root.to_owned(),
            open_above,
        }
    }

    /// The audience of one file, and how that is known.
    pub(super) fn of_file(&self, path: &Path, tracked: bool) -> (Audience, String) {
        if tracked {
            return (Audience::Repository, "tracked by git".to_owned());
        }
        if !others_read(path) {
            return (
                Audience::You,
                "its mode lets nobody else read it".to_owned(),
            );
        }
        let open_below = path
            .ancestors()
            .skip(1)
            .take_while(|folder| *folder != self.root && !folder.as_os_str().is_empty())
            .all(others_pass);
        if self.open_above && open_below {
            (
                Audience::Machine,
                "its mode lets every user of this machine read it".to_owned(),
            )
        } else {
            (
                Audience::You,
                "a folder above it lets nobody else pass".to_owned(),
            )
        }
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|meta| meta.mode())
}

#[cfg(unix)]
fn others_read(path: &Path) -> bool {
    mode(path).is_some_and(|mode| mode & 0o004 != 0)
}

#[cfg(unix)]
fn others_pass(path: &Path) -> bool {
    mode(path).is_some_and(|mode| mode & 0o001 != 0)
}

// Access lists elsewhere are not read: what a user's own folder holds is taken to be theirs.
#[cfg(not(unix))]
fn others_read(_: &Path) -> bool {
    false
}

#[cfg(not(unix))]
fn others_pass(_: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_mode_that_lets_others_read_counts_only_where_they_can_get() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a");
        std::fs::create_dir(&inner).unwrap();
        let file = inner.join("f");
        std::fs::write(&file, "x").unwrap();
        set(folder.path(), 0o755);
        set(&inner, 0o755);
        set(&file, 0o644);
        let of = |tracked| Audiences::of(folder.path()).of_file(&file, tracked).0;
        let reachable = folder
            .path()
            .canonicalize()
            .unwrap()
            .ancestors()
            .all(others_pass);
        if reachable {
            assert_eq!(of(false), Audience::Machine);
        }
        set(&inner, 0o700);
        assert_eq!(of(false), Audience::You);
        set(&inner, 0o755);
        set(folder.path(), 0o700);
        assert_eq!(of(false), Audience::You);
        set(folder.path(), 0o755);
        set(&file, 0o600);
        assert_eq!(of(false), Audience::You);
        assert_eq!(of(true), Audience::Repository);
    }
}
