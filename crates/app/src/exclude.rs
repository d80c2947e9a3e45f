//! Paths that are left out, as globs.

use globset::{Glob, GlobSet, GlobSetBuilder};

/// A glob that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("--exclude {glob}: {problem}")]
pub struct BadGlob {
    /// The glob.
    pub glob: String,
    /// What is wrong with it.
    pub problem: String,
}

/// All globs as one set. A folder stands for all that lies in it.
pub(crate) fn globs(exclude: &[String]) -> Result<GlobSet, BadGlob> {
    let fail = |glob: &str, error: &globset::Error| BadGlob {
        glob: glob.to_owned(),
        problem: error.kind().to_string(),
    };
    let mut set = GlobSetBuilder::new();
    for glob in exclude {
        set.add(Glob::new(glob).map_err(|error| fail(glob, &error))?);
        let below = format!("{}/**", glob.trim_end_matches('/'));
        set.add(Glob::new(&below).map_err(|error| fail(glob, &error))?);
    }
    set.build().map_err(|error| fail("", &error))
}
