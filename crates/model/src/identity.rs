//! Which rows and sightings are one key: by its id, by its fingerprint, by slot and creation time.
//!
//! What may be the same and is not surely so stays apart, and is listed.

use crate::{
    digest,
    infer::{Declaration, SourcedRow, Subject},
    key::{Basis, When},
    note::{Confidence, Joined, JoinedBy},
    place::{Part, Sighting},
    system::{self, System},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

/// A whole listing of the keys of one kind in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The source, as the user named it.
    pub source: String,
    /// The provider's slug.
    pub provider: String,
    /// The credential kind's slug.
    pub credential: String,
    /// The account.
    pub account: String,
    /// The ids that it lists.
    pub key_ids: BTreeSet<String>,
}

/// One key, and everything that is known about it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Stable across runs over the same sources.
    pub id: String,
    /// The provider's slug; `unknown` where nothing tells.
    pub provider: String,
    /// The credential kind's slug.
    pub credential: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// The public id.
    pub key_id: Option<String>,
    /// The name that people know it by.
    pub name: Option<String>,
    /// What may be shown of it.
    pub hint: Option<String>,
    /// Its fingerprint.
    pub fingerprint: Option<String>,
    /// Rows, sightings, declarations.
    pub subject: Subject,
    /// How records came together.
    pub merged: Vec<Joined>,
}

/// Two keys, by position, that may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The one.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// Why they may be one and why that is not sure.
    pub why: String,
}

/// Ids shorter than this are counted within an account, so that equal ids in two accounts are two keys.
const GLOBALLY_UNIQUE: usize = 12;
/// An id of nobody knows which provider, such as a path in a secret store, is unique nowhere.
fn is_globally_unique(provider: &str, id: &str) -> bool {
    id.len() >= GLOBALLY_UNIQUE && provider != "unknown"
}

/// At most this many pairs are listed.
const MOST_PAIRS: usize = 1000;

/// What comes of bringing records together.
#[derive(Debug, Clone, Default)]
pub struct Merged {
    /// The keys.
    pub known: Vec<Known>,
    /// Keys that may be one.
    pub pairs: Vec<Pair>,
    /// Of each record, rows first and sightings behind them, the position of its key.
    pub places: Vec<usize>,
}

/// Brings rows and sightings together.
#[must_use]
pub fn merge(
    rows: Vec<SourcedRow>,
    sightings: Vec<Sighting>,
    listings: &[Listing],
) -> (Vec<Known>, Vec<Pair>) {
    let merged = merge_placed(rows, sightings, listings);
    (merged.known, merged.pairs)
}

/// The same, and says which record went where.
#[must_use]
pub fn merge_placed(
    rows: Vec<SourcedRow>,
    mut sightings: Vec<Sighting>,
    listings: &[Listing],
) -> Merged {
    let mut pairs_of_ids = separate_ambiguous(&mut sightings);
    let mut groups = Groups::new(rows.len().saturating_add(sightings.len()));
    let mut joins: Vec<(usize, JoinedBy, Confidence)> = Vec::new();

    // One id, one key: within a kind, and for short ids within an account.
    let mut by_id: HashMap<(&str, &str, &str, &str), usize> = HashMap::new();
    let mut by_print: HashMap<&str, usize> = HashMap::new();
    let records = rows
        .iter()
        .map(Record::of_row)
        .chain(sightings.iter().map(Record::of_sighting));
    let kinds = kinds_of_ids(records.clone());
    for (at, record) in records.enumerate() {
        if let Some(id) = record.key_id {
            let account = record.within(id);
            let kind = record
                .credential
                .or_else(|| {
                    kinds
                        .get(&(record.provider, account, id))
                        .copied()
                        .flatten()
                })
                .unwrap_or_default();
            match by_id.entry((record.provider, kind, account, id)) {
                Entry::Vacant(free) => {
                    free.insert(at);
                }
                Entry::Occupied(first) => {
                    if groups.join(*first.get(), at) {
                        joins.push(if record.beside {
                            (at, JoinedBy::StandsBeside, Confidence::Medium)
                        } else {
                            (at, JoinedBy::KeyId, Confidence::High)
                        });
                    }
                }
            }
        }
        if let Some(print) = record.fingerprint {
            match by_print.entry(print) {
                Entry::Vacant(free) => {
                    free.insert(at);
                }
                Entry::Occupied(first) => {
                    if groups.join(*first.get(), at) {
                        joins.push((at, JoinedBy::Fingerprint, Confidence::High));
                    }
                }
            }
        }
    }
    drop((by_id, by_print, kinds));
    let unsure = join_slots(&rows, &mut groups, &mut joins);
    let (mut known, position) = build(rows, sightings, &mut groups, &joins);
    let mut pairs: Vec<Pair> = unsure
        .into_iter()
        .filter_map(|(a, b, why)| {
            Some(Pair {
                a: *position.get(a)?,
                b: *position.get(b)?,
                why,
            })
        })
        .collect();
    pairs.append(
        &mut pairs_of_ids
            .drain(..)
            .filter_map(|(print, ids)| {
                let a = known
                    .iter()
                    .position(|k| k.fingerprint.as_ref() == Some(&print))?;
                let b = known
                    .iter()
                    .position(|k| k.key_id.as_ref().is_some_and(|id| ids.contains(id)))?;
                (a != b).then(|| Pair {
                    a,
                    b,
                    why: "the same secret stands beside different ids in different places"
                        .to_owned(),
                })
            })
            .collect(),
    );
    pairs.append(&mut same_names(&known));
    pairs.sort_by_key(|pair| (pair.a, pair.b));
    pairs.dedup_by_key(|pair| (pair.a, pair.b));
    pairs.truncate(MOST_PAIRS);
    for key in &mut known {
        key.subject.absent_from = absent(key, listings);
    }
    Merged {
        known,
        pairs,
        places: position,
    }
}

/// What of a record tells which key it is.
#[derive(Clone, Copy)]
struct Record<'r> {
    provider: &'r str,
    credential: Option<&'r str>,
    account: Option<&'r str>,
    key_id: Option<&'r str>,
    fingerprint: Option<&'r str>,
    /// The id was found beside the secret, not with it.
    beside: bool,
}

impl<'r> Record<'r> {
    fn of_row(told: &'r SourcedRow) -> Self {
        let row = &told.row;
        Self {
            provider: &row.provider,
            credential: row.credential.as_deref(),
            account: row.account.as_deref(),
            key_id: row.key_id.as_deref(),
            fingerprint: row.fingerprint.as_ref().map(|print| print.as_str()),
            beside: false,
        }
    }

    /// The account that its id is unique within; empty where it is unique everywhere.
    fn within(&self, id: &str) -> &'r str {
        if is_globally_unique(self.provider, id) {
            ""
        } else {
            self.account.unwrap_or_default()
        }
    }

    fn of_sighting(sighting: &'r Sighting) -> Self {
        Self {
            provider: &sighting.provider,
            credential: Some(&sighting.credential),
            account: None,
            key_id: sighting.key_id.as_deref(),
            fingerprint: sighting.fingerprint.as_ref().map(|print| print.as_str()),
            beside: sighting.part == Part::Secret,
        }
    }
}

/// The kind that records name for each id; none where they name several.
fn kinds_of_ids<'r>(
    records: impl Iterator<Item = Record<'r>>,
) -> HashMap<(&'r str, &'r str, &'r str), Option<&'r str>> {
    let mut kinds: HashMap<(&str, &str, &str), Option<&str>> = HashMap::new();
    for record in records {
        if let (Some(id), Some(kind)) = (record.key_id, record.credential) {
            kinds
                .entry((record.provider, record.within(id), id))
                .and_modify(|known| *known = known.filter(|known| *known == kind))
                .or_insert(Some(kind));
        }
    }
    kinds
}

/// Where one secret stands beside two ids, neither counts: the ids are taken off those sightings.
fn separate_ambiguous(sightings: &mut [Sighting]) -> Vec<(String, BTreeSet<String>)> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for sighting in sightings.iter() {
        if let (Some(print), Some(id)) = (&sighting.fingerprint, &sighting.key_id) {
            ids.entry(print.as_str().to_owned())
                .or_default()
                .insert(id.clone());
        }
    }
    ids.retain(|_, ids| ids.len() > 1);
    for sighting in sightings.iter_mut() {
        if sighting
            .fingerprint
            .as_ref()
            .is_some_and(|print| ids.contains_key(print.as_str()))
        {
            sighting.key_id = None;
        }
    }
    ids.into_iter().collect()
}

type Unsure = (usize, usize, String);

/// A row that names a user's slot and a row that names an id of that user are one key where both were made
/// in the same second, and no other row fits as well; of several made in one second, the one in the same state.
fn join_slots(
    rows: &[SourcedRow],
    groups: &mut Groups,
    joins: &mut Vec<(usize, JoinedBy, Confidence)>,
) -> Vec<Unsure> {
    let mut of_user: BTreeMap<(&str, Option<&str>, &str), Vec<usize>> = BTreeMap::new();
    for (at, told) in rows.iter().enumerate() {
        if told.row.key_id.is_some() {
            for user in told.row.users() {
                of_user
                    .entry((&told.row.provider, told.row.credential.as_deref(), user))
                    .or_default()
                    .push(at);
            }
        }
    }
    let mut unsure = Vec::new();
    for (at, told) in rows.iter().enumerate() {
        let Some(user) = told.row.slot_user() else {
            continue;
        };
        if told.row.key_id.is_some() {
            continue;
        }
        let same_account = |other: &SourcedRow| match (&told.row.account, &other.row.account) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        let others: Vec<usize> = of_user
            .get(&(&told.row.provider, told.row.credential.as_deref(), user))
            .into_iter()
            .flatten()
            .copied()
            .filter(|other| rows.get(*other).is_some_and(same_account))
            .collect();
        let made = |close: &dyn Fn(&SourcedRow) -> bool| -> Vec<usize> {
            others
                .iter()
                .copied()
                .filter(|other| rows.get(*other).is_some_and(close))
                .collect()
        };
        let second = made(
            &|other| match (told.row.created_second, other.row.created_second) {
                (Some(a), Some(b)) => a.abs_diff(b) <= 1,
                _ => false,
            },
        );
        let day = made(
            &|other| matches!((told.row.created, other.row.created), (When::On(a), When::On(b)) if a == b),
        );
        let alike: Vec<usize> = second
            .iter()
            .copied()
            .filter(|other| {
                let of = |told: &SourcedRow| told.row.status;
                of(told).is_some() && rows.get(*other).map(of) == Some(of(told))
            })
            .collect();
        let distinct = |found: &[usize]| -> BTreeSet<String> {
            found
                .iter()
                .filter_map(|at| rows.get(*at)?.row.key_id.clone())
                .collect()
        };
        let (found, confidence) = if distinct(&second).len() == 1 {
            (second, Confidence::High)
        } else if distinct(&alike).len() == 1 {
            (alike, Confidence::Medium)
        } else if second.is_empty() && distinct(&day).len() == 1 {
            (day, Confidence::Medium)
        } else {
            let among = if second.is_empty() { &others } else { &second };
            unsure.extend(among.iter().map(|other| {
                (
                    at,
                    *other,
                    format!("both belong to {user}, and nothing tells which slot holds this id"),
                )
            }));
            continue;
        };
        if let Some(first) = found.first()
            && groups.join(*first, at)
        {
            joins.push((at, JoinedBy::SlotAndCreation, confidence));
        }
    }
    unsure
}

/// Keys of one provider with one name, of which one has nothing but that name.
fn same_names(known: &[Known]) -> Vec<Pair> {
    let mut by_name: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (at, key) in known.iter().enumerate() {
        if let Some(name) = &key.name {
            by_name
                .entry((&key.provider, name.to_lowercase()))
                .or_default()
                .push(at);
        }
    }
    let bare = |at: &usize| {
        known
            .get(*at)
            .is_some_and(|key| key.key_id.is_none() && key.fingerprint.is_none())
    };
    let mut pairs = Vec::new();
    for same in by_name.values() {
        for (place, a) in same.iter().enumerate() {
            for b in same.iter().skip(place.saturating_add(1)) {
                if pairs.len() >= MOST_PAIRS {
                    return pairs;
                }
                if bare(a) || bare(b) {
                    pairs.push(Pair {
                        a: *a,
                        b: *b,
                        why: "the same provider and name; a name does not identify a key, a key id or a \
                              fingerprint would"
                            .to_owned(),
                    });
                }
            }
        }
    }
    pairs
}

/// The whole listing of the key's own account that does not name it.
fn absent(key: &Known, listings: &[Listing]) -> Option<String> {
    let (id, account) = (key.key_id.as_ref()?, key.account.as_ref()?);
    let own = |listing: &&Listing| {
        listing.provider == key.provider
            && Some(&listing.credential) == key.credential.as_ref()
            && listing.account == *account
    };
    let mut all = listings.iter().filter(own).peekable();
    all.peek()?;
    let naming = listings.iter().filter(own).any(|l| l.key_ids.contains(id));
    (!naming)
        .then(|| all.next().map(|l| l.source.clone()))
        .flatten()
}

/// Sets of records that are one key.
struct Groups {
    parent: Vec<usize>,
}

impl Groups {
    fn new(len: usize) -> Self {
        Self {
            parent: (0..len).collect(),
        }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while let Some(parent) = self.parent.get(at).copied() {
            if parent == at {
                break;
            }
            let above = self.parent.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parent.get_mut(at) {
                *slot = above;
            }
            at = above;
        }
        at
    }

    /// Makes two sets one; false where they already were. The earlier record leads.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return false;
        }
        let (first, second) = (a.min(b), a.max(b));
        if let Some(slot) = self.parent.get_mut(second) {
            *slot = first;
        }
        true
    }
}

/// Puts the records of each set together, in the order of their first records; also says at which position
/// each record ended up.
fn build(
    rows: Vec<SourcedRow>,
    sightings: Vec<Sighting>,
    groups: &mut Groups,
    joins: &[(usize, JoinedBy, Confidence)],
) -> (Vec<Known>, Vec<usize>) {
    let records = rows.len().saturating_add(sightings.len());
    let mut known: Vec<Known> = Vec::with_capacity(records);
    let mut place: HashMap<usize, usize> = HashMap::with_capacity(records);
    let mut position = Vec::with_capacity(records);
    let joined: HashMap<usize, (JoinedBy, Confidence)> = joins
        .iter()
        .map(|(at, by, confidence)| (*at, (*by, *confidence)))
        .collect();
    let records = rows
        .into_iter()
        .map(Ok)
        .chain(sightings.into_iter().map(Err))
        .enumerate();
    for (at, record) in records {
        let root = groups.root(at);
        let next = known.len();
        let slot = *place.entry(root).or_insert(next);
        if slot == next {
            known.push(Known::default());
        }
        position.push(slot);
        let Some(key) = known.get_mut(slot) else {
            continue;
        };
        if let Some((by, confidence)) = joined.get(&at) {
            let source = match &record {
                Ok(row) => row.source.clone(),
                Err(sighting) => format!("{}/{}", sighting.source, sighting.path),
            };
            key.merged.push(Joined {
                source,
                by: *by,
                confidence: *confidence,
            });
        }
        match record {
            // Most keys have one: a list that grows by itself has room for four.
            Ok(row) => {
                if key.subject.rows.is_empty() {
                    key.subject.rows.reserve_exact(1);
                }
                key.subject.rows.push(row);
            }
            Err(sighting) => key.subject.sightings.push(sighting),
        }
    }
    for key in &mut known {
        key.subject.rows.sort_by_key(|told| told.basis);
        name(key);
    }
    give_ids(&mut known);
    (known, position)
}

/// Fills in what a key is called, strongest source first.
fn name(key: &mut Known) {
    let rows = &key.subject.rows;
    let sightings = &key.subject.sightings;
    let first = |of: &dyn Fn(&SourcedRow) -> Option<String>| rows.iter().find_map(of);
    // A format vouches for provider and kind more than a spreadsheet does.
    let seen = sightings
        .iter()
        .find(|sighting| sighting.provider != "unknown");
    let observed = rows.iter().find(|told| told.basis == Basis::Observed);
    key.provider = observed
        .map(|told| told.row.provider.clone())
        .or_else(|| seen.map(|sighting| sighting.provider.clone()))
        .or_else(|| first(&|told| Some(told.row.provider.clone()).filter(|p| !p.is_empty())))
        .filter(|provider| !provider.is_empty())
        .unwrap_or_else(|| "unknown".to_owned());
    key.credential = observed
        .and_then(|told| told.row.credential.clone())
        .or_else(|| seen.map(|sighting| sighting.credential.clone()))
        .or_else(|| first(&|told| told.row.credential.clone()))
        .or_else(|| {
            sightings
                .first()
                .map(|sighting| sighting.credential.clone())
        });
    key.account = first(&|told| told.row.account.clone());
    key.key_id = first(&|told| told.row.key_id.clone()).or_else(|| {
        sightings
            .iter()
            .find_map(|sighting| sighting.key_id.clone())
    });
    key.name = first(&|told| told.row.name.clone()).or_else(|| {
        sightings
            .iter()
            .find_map(|sighting| sighting.variable.clone())
    });
    key.hint = sightings
        .iter()
        .find_map(|sighting| sighting.hint.clone())
        .or_else(|| first(&|told| told.row.hint.clone()));
    key.fingerprint = first(&|told| told.row.fingerprint.as_ref().map(|f| f.as_str().to_owned()))
        .or_else(|| {
            sightings
                .iter()
                .find_map(|s| s.fingerprint.as_ref().map(|f| f.as_str().to_owned()))
        });
}

/// Ids that stay the same from run to run: from the strongest thing that identifies the key.
fn give_ids(known: &mut [Known]) {
    let mut used: HashMap<String, u32> = HashMap::with_capacity(known.len());
    for key in known {
        let credential = key.credential.as_deref().unwrap_or_default();
        let slot = key
            .subject
            .rows
            .iter()
            .find_map(|told| told.row.slot.clone());
        let account = key.account.as_deref().unwrap_or_default();
        let base = match (&key.key_id, &slot, &key.fingerprint) {
            (Some(id), ..) if is_globally_unique(&key.provider, id) => {
                format!("id|{}|{credential}|{id}", key.provider)
            }
            (Some(id), ..) => format!("id|{}|{credential}|{account}|{id}", key.provider),
            (None, Some(slot), _) => format!("slot|{}|{account}|{slot}", key.provider),
            (None, None, Some(print)) => format!("print|{print}"),
            (None, None, None) => format!(
                "name|{}|{}",
                key.provider,
                key.name.as_deref().unwrap_or_default()
            ),
        };
        let nth = used.entry(base.clone()).or_default();
        *nth = nth.saturating_add(1);
        let digest = digest::of_bytes(format!("{base}|{nth}").as_bytes());
        key.id = format!("k{}", digest.get(..11).unwrap_or(&digest));
    }
}

/// Which keys a declaration speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// The provider's slug.
    pub provider: Option<String>,
    /// The public id.
    pub key_id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The fingerprint, or its first characters (at least 12).
    pub fingerprint: Option<String>,
}

impl Selector {
    /// Whether it speaks of this key: everything that it names has to fit.
    #[must_use]
    pub fn selects(&self, key: &Known) -> bool {
        let same = |wanted: &Option<String>, is: Option<&str>| {
            wanted
                .as_deref()
                .is_none_or(|wanted| is.is_some_and(|is| is.eq_ignore_ascii_case(wanted)))
        };
        let print = self.fingerprint.as_deref().is_none_or(|wanted| {
            key.fingerprint
                .as_deref()
                .is_some_and(|is| is.starts_with(wanted))
        });
        let rows = &key.subject.rows;
        let names = rows
            .iter()
            .flat_map(|told| [told.row.name.as_deref(), told.row.slot.as_deref()])
            .chain([key.name.as_deref()]);
        let named = self.name.is_none() || names.into_iter().any(|is| same(&self.name, is));
        same(&self.provider, Some(&key.provider))
            && same(&self.key_id, key.key_id.as_deref())
            && named
            && print
    }
}

/// Gives each declaration to the keys that it selects; the positions of declarations that select none come
/// back.
pub fn declare(known: &mut [Known], declarations: &[(Selector, Declaration)]) -> Vec<usize> {
    declarations
        .iter()
        .enumerate()
        .filter_map(|(at, (selector, declaration))| {
            let mut hit = false;
            for key in known.iter_mut().filter(|key| selector.selects(key)) {
                key.subject.declarations.push(declaration.clone());
                hit = true;
            }
            (!hit).then_some(at)
        })
        .collect()
}

/// Gives every key the systems that it is said to serve. Several systems may have one name.
pub fn serve(known: &mut [Known], systems: &[System]) {
    let mut by_name: BTreeMap<String, Vec<&System>> = BTreeMap::new();
    for system in systems {
        let name = system::plain(&system.name);
        by_name.entry(name).or_default().push(system);
    }
    for key in known {
        let rows = key.subject.rows.iter();
        let rows = rows.filter_map(|told| told.row.system.as_deref());
        let declared = key.subject.declarations.iter();
        let declared = declared.filter_map(|d| d.system.as_deref());
        let names: BTreeSet<String> = rows.chain(declared).map(system::plain).collect();
        key.subject.systems = names
            .iter()
            .filter_map(|name| by_name.get(name))
            .flatten()
            .map(|system| (*system).clone())
            .collect();
    }
}

#[cfg(test)]
mod tests;
