//! What every object is, and what it is told from: what a walk through all of them needs.

use super::{
    Skipped,
    inflate::Inflater,
    layout::printable,
    loose,
    objects::{Base, DEEPEST, NONE, Objects, Spot, index},
    pack::Kind,
};

impl Objects {
    /// Finds out what each object is and what it is told from.
    pub(crate) fn survey(&mut self) {
        self.kinds = vec![Kind::Unknown; self.spots.len()];
        for at in 0..self.packs.len() {
            self.find_bases(at);
        }
        self.find_loose_kinds();
    }

    /// Reads the head of every entry of a pack: what it is, or what it is a delta on.
    fn find_bases(&mut self, at: usize) {
        let Some(packed) = self.packs.get(at) else {
            return;
        };
        let count = u32::try_from(packed.offsets.len()).unwrap_or(NONE);
        let mut bases = Vec::with_capacity(packed.offsets.len());
        let mut whole = Vec::new();
        let mut broken_heads = None;
        for entry in 0..count {
            bases.push(match self.stored(packed, entry) {
                Ok(Base::Whole(kind)) => {
                    whole.push((entry, kind));
                    entry
                }
                Ok(Base::Entry(base)) => base,
                Ok(Base::Missing) => NONE,
                Err(error) => {
                    broken_heads.get_or_insert(error);
                    NONE
                }
            });
        }
        if let Some(error) = broken_heads {
            self.skipped.push(Skipped {
                what: packed.name.clone(),
                reason: format!("entries that cannot be read, of which the first says: {error}"),
            });
        }
        let mut kinds = vec![Kind::Unknown; bases.len()];
        for (entry, kind) in whole {
            if let Some(place) = kinds.get_mut(index(entry)) {
                *place = kind;
            }
        }
        resolve(&bases, &mut kinds);
        let mut lost = 0usize;
        for (number, kind) in packed.numbers.iter().zip(kinds) {
            if kind == Kind::Unknown {
                lost = lost.saturating_add(1);
            } else if let Some(place) = self.kinds.get_mut(index(*number)) {
                *place = kind;
            }
        }
        if lost > 0 {
            self.skipped.push(Skipped {
                what: packed.name.clone(),
                reason: format!("{lost} objects are told from others that are missing or broken"),
            });
        }
        if let Some(packed) = self.packs.get_mut(at) {
            packed.bases = bases;
        }
    }

    fn find_loose_kinds(&mut self) {
        let mut inflater = Inflater::default();
        let mut found = Vec::new();
        for (spot, number) in self.spots.iter().zip(0u32..) {
            if let Spot::Loose(folder) = spot {
                let path = self.loose_path(*folder, number);
                found.push((number, loose::kind(&path, &mut inflater), path));
            }
        }
        for (number, kind, path) in found {
            match kind {
                Ok(kind) => {
                    if let Some(place) = self.kinds.get_mut(index(number)) {
                        *place = kind;
                    }
                }
                Err(error) => self.skipped.push(Skipped {
                    what: printable(&path.to_string_lossy()),
                    reason: error.to_string(),
                }),
            }
        }
    }
}

/// Hands down what a chain's first object is. An entry that is reached from no whole one stays unknown.
fn resolve(bases: &[u32], kinds: &mut [Kind]) {
    let mut path = Vec::new();
    for start in 0..bases.len() {
        path.clear();
        let mut at = start;
        let kind = loop {
            match kinds.get(at) {
                Some(Kind::Unknown) => {}
                Some(kind) => break *kind,
                None => break Kind::Unknown,
            }
            if path.len() > DEEPEST {
                break Kind::Unknown;
            }
            path.push(at);
            match bases.get(at) {
                Some(&base) if base != NONE => at = index(base),
                _ => break Kind::Unknown,
            }
        };
        for at in &path {
            if let Some(place) = kinds.get_mut(*at) {
                *place = kind;
            }
        }
    }
}
