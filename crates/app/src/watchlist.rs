//! Watch lists: what was ever fingerprinted here as a file that holds no key, and secrets held against one.

use serde::Serialize;
use std::{collections::BTreeMap, path::Path};
use tenure_model::{
    assessment::Assessment,
    secret::Pepper,
    watch::{Kept, Unwatchable, WatchKeys, Watched},
};
use tenure_scan::watchlist::{self, WatchKey};
pub use tenure_scan::watchlist::{Known, Watch, WatchError};

/// The longest list that is read, in bytes.
const LONGEST: u64 = 1 << 30;

/// A list, and what is not in it.
#[derive(Debug)]
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many keys it holds.
    pub keys: usize,
    /// The keys that cannot be watched for, by name.
    pub left_out: Vec<LeftOut>,
}

/// A key that cannot be watched for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOut {
    /// Its id in the last assessment; absent where it is not in there.
    pub id: Option<String>,
    /// Its name as it was imported, where it has one.
    pub name: Option<String>,
    /// Who issued it, where that is known.
    pub provider: Option<String>,
    /// Why.
    pub reason: Unwatchable,
}

/// Makes a list of what is kept, with the ids and names of the last assessment.
///
/// # Errors
/// There is more than a list can hold.
pub fn export(
    pepper: &Pepper,
    kept: &[Kept],
    last: Option<&Assessment>,
) -> Result<Exported, WatchError> {
    let by_fingerprint: BTreeMap<&str, &tenure_model::assessment::Key> = last
        .into_iter()
        .flat_map(|assessment| &assessment.keys)
        .filter_map(|key| Some((key.fingerprint.as_deref()?, key)))
        .collect();
    let mut all = Vec::with_capacity(kept.len());
    let mut left_out = Vec::new();
    for one in kept {
        let key = by_fingerprint.get(one.fingerprint.as_str());
        let id = key.map(|key| key.id.clone());
        let name = key.and_then(|key| key.name.clone());
        match one.watched {
            Watched::Mark { mark, letters_only } => all.push(WatchKey {
                mark,
                letters_only,
                known: Known { id, name },
            }),
            Watched::Not(reason) => left_out.push(LeftOut {
                id,
                name,
                provider: key.map(|key| key.provider.clone()),
                reason,
            }),
        }
    }
    left_out.sort();
    Ok(Exported {
        keys: all.len(),
        bytes: watchlist::write(&WatchKeys::of(pepper), all)?,
        left_out,
    })
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is no list, or not whole.
    #[error(transparent)]
    Watch(#[from] WatchError),
}

/// Reads a list.
///
/// # Errors
/// The file cannot be read, or is no list.
pub fn read(path: &Path) -> Result<Watch, ReadError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(LONGEST)
        .read_to_end(&mut bytes)?;
    Ok(Watch::parse(bytes)?)
}

/// A secret that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// On which line it stood, from 1.
    pub line: usize,
    /// The id of the key, where it has one.
    pub id: Option<String>,
    /// Its name as it was imported, where it has one.
    pub name: Option<String>,
}

/// Which of some secrets, one a line, are in a list; and how many lines were held against it.
#[must_use]
pub fn check(watch: &Watch, secrets: &[u8]) -> (Vec<Hit>, usize) {
    let mut held = 0usize;
    let hits = secrets
        .split(|byte| *byte == b'\n')
        .enumerate()
        .filter_map(|(at, line)| {
            let secret = line.trim_ascii();
            if secret.is_empty() {
                return None;
            }
            held = held.saturating_add(1);
            let Known { id, name } = watch.knows(secret)?;
            Some(Hit {
                line: at.saturating_add(1),
                id,
                name,
            })
        })
        .collect();
    (hits, held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::{
        catalog::template::{Template, numbers},
        secret::Secret,
    };

    #[test]
    fn what_was_kept_is_exported_and_known_again_and_the_rest_is_named() {
        let pepper = Pepper::new([4; 32]);
        let keys = WatchKeys::of(&pepper);
        let secret = Template::parse("ex_{base62:32}")
            .unwrap()
            .example(numbers(1));
        let kept = |text: &str| {
            let window = watchlist::window(text.as_bytes(), None);
            Kept {
                fingerprint: text.len().to_string(),
                watched: keys.watched(&Secret::new(text.as_bytes()), window),
            }
        };
        let exported = export(&pepper, &[kept(&secret), kept("gr8-Wine!77")], None).unwrap();
        assert_eq!(exported.keys, 1);
        let reasons: Vec<_> = exported.left_out.iter().map(|one| one.reason).collect();
        assert_eq!(reasons, [Unwatchable::TooShort]);
        let watch = Watch::parse(exported.bytes).unwrap();
        let lines = format!("x\n\n  {secret}\r\n{}\n", &secret[1..]);
        let (hits, held) = check(&watch, lines.as_bytes());
        assert_eq!(held, 3);
        assert_eq!(hits.iter().map(|hit| hit.line).collect::<Vec<_>>(), [3]);
    }
}
