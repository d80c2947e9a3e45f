//! What was looked at before, and where something was found: positions alone, never a secret.
//!
//! The file belongs into a folder of its user's own. One that lies in a repository is never read, since it could
//! hide what it likes.

use super::{
    look::{Hit, Look},
    objects::{Buffer, Number, Objects, Reader, index},
    texts::{is_binary, message_or_text, window_of},
};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, fs, io, io::Write, path::Path};

const MAGIC: &[u8] = b"tenure history 1\n";
/// The largest cache that is read, in bytes.
const LARGEST: u64 = 2 << 30;

/// What is known from earlier runs with the same rules.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// By number: whether the object was looked at.
    looked: Vec<bool>,
    /// What was found in those.
    pub(crate) hits: HashMap<Number, Vec<Hit>>,
}

impl Cache {
    /// Whether an object was looked at.
    pub(crate) fn knows(&self, number: Number) -> bool {
        self.looked.get(index(number)).copied().unwrap_or(false)
    }

    /// What was found in an object.
    pub(crate) fn hits(&self, number: Number) -> &[Hit] {
        self.hits.get(&number).map_or(&[], Vec::as_slice)
    }

    /// Reads a cache. One that is missing, broken, or of other rules knows nothing: everything is looked at
    /// again.
    pub(crate) fn read<L: Look>(path: &Path, objects: &Objects, look: &L) -> Self {
        let small = fs::metadata(path).is_ok_and(|meta| meta.len() <= LARGEST);
        let bytes = if small { fs::read(path).ok() } else { None };
        bytes
            .and_then(|bytes| Self::parse(&bytes, objects, look))
            .unwrap_or_default()
    }

    fn parse<L: Look>(bytes: &[u8], objects: &Objects, look: &L) -> Option<Self> {
        let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
        if Sha256::digest(body).as_slice() != sum {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?.strip_prefix(&look.digest())?;
        if take_number(&mut rest)? != u64::try_from(objects.width).ok()? {
            return None;
        }
        let mut found = Self {
            looked: vec![false; objects.len()],
            hits: HashMap::new(),
        };
        for _ in 0..take_number(&mut rest)? {
            let id = take(&mut rest, objects.width)?;
            // An object that is gone is no loss.
            if let Some(number) = objects.number(id)
                && let Some(place) = found.looked.get_mut(index(number))
            {
                *place = true;
            }
        }
        let mut secrets: HashMap<u64, Vec<(Number, Hit)>> = HashMap::new();
        for _ in 0..take_number(&mut rest)? {
            let number = objects.number(take(&mut rest, objects.width)?);
            for _ in 0..take_number(&mut rest)? {
                let secret = take_number(&mut rest)?;
                let start = usize::try_from(take_number(&mut rest)?).ok()?;
                let len = usize::try_from(take_number(&mut rest)?).ok()?;
                let classes = u32::try_from(take_number(&mut rest)?).ok()?;
                let hit = Hit {
                    span: start..start.checked_add(len)?,
                    identity: 0,
                    classes,
                };
                if let Some(number) = number {
                    secrets.entry(secret).or_default().push((number, hit));
                }
            }
        }
        if !rest.is_empty() {
            return None;
        }
        for mut hits in secrets.into_values() {
            let (number, first) = hits.first()?;
            let identity = identify(*number, first, objects, look)?;
            for (_, hit) in &mut hits {
                hit.identity = identity;
            }
            for (number, hit) in hits {
                found.hits.entry(number).or_default().push(hit);
            }
        }
        for hits in found.hits.values_mut() {
            hits.sort_by_key(|hit| (hit.span.start, hit.span.end));
        }
        Some(found)
    }

    /// Writes what is known now, in place of what was.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn write<'h>(
        path: &Path,
        objects: &Objects,
        digest: [u8; 32],
        looked: impl Iterator<Item = Number>,
        hits: impl Iterator<Item = (Number, &'h [Hit])>,
    ) -> io::Result<()> {
        let mut body = MAGIC.to_vec();
        body.extend_from_slice(&digest);
        put(&mut body, objects.width);
        let looked: Vec<Number> = looked.collect();
        put(&mut body, looked.len());
        for number in looked {
            body.extend_from_slice(objects.id(number));
        }
        let mut hits: Vec<_> = hits.filter(|(_, hits)| !hits.is_empty()).collect();
        hits.sort_by_key(|(number, _)| *number);
        put(&mut body, hits.len());
        // Secrets are told apart by the order in which they come, which says nothing of them.
        let mut secrets: HashMap<u128, usize> = HashMap::new();
        for (number, hits) in hits {
            body.extend_from_slice(objects.id(number));
            put(&mut body, hits.len());
            for hit in hits {
                let next = secrets.len();
                put(&mut body, *secrets.entry(hit.identity).or_insert(next));
                put(&mut body, hit.span.start);
                put(&mut body, hit.span.len());
                put(&mut body, index(hit.classes));
            }
        }
        let sum = Sha256::digest(&body);
        body.extend_from_slice(&sum);
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&beside)
            .and_then(|mut file| file.write_all(&body))
            .and_then(|()| fs::rename(&beside, path))
            .inspect_err(|_| {
                let _ = fs::remove_file(&beside);
            })
    }
}

/// What the secret at a known place is called in this run; none where nothing is found there.
fn identify<L: Look>(number: Number, hit: &Hit, objects: &Objects, look: &L) -> Option<u128> {
    let mut text = Buffer::default();
    let kind = objects
        .read(number, &mut Reader::default(), &mut text)
        .ok()?;
    let text = message_or_text(kind, &text);
    let mut found = None;
    if is_binary(&text) && look.opens(&text) {
        let _ = look.unpack(&text, &mut |one| {
            if one.span == hit.span && one.classes == hit.classes {
                found.get_or_insert(one.identity);
            }
        });
        return found;
    }
    for window in [window_of(&text, &hit.span), 0..text.len()] {
        look.look(&text, std::slice::from_ref(&window), &mut |one| {
            if one.span == hit.span && one.classes == hit.classes {
                found.get_or_insert(one.identity);
            }
        });
        if found.is_some() {
            break;
        }
    }
    found
}

fn put(to: &mut Vec<u8>, number: usize) {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    to.extend_from_slice(&number.to_le_bytes());
}

fn take<'b>(from: &mut &'b [u8], len: usize) -> Option<&'b [u8]> {
    let (one, rest) = from.split_at_checked(len)?;
    *from = rest;
    Some(one)
}

fn take_number(from: &mut &[u8]) -> Option<u64> {
    take(from, 8)?.try_into().ok().map(u64::from_le_bytes)
}
