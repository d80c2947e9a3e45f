//! Inventories: exports, spreadsheets and people lists, read by the importers; what cannot be read is named.

use crate::{
    reported::{self, Finding},
    tree::{Document, Lens},
};
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::PathBuf,
};
use tenure_connect::importer::{self, ColumnMap, Field, Imported, Input, Recognised};
use tenure_model::{
    assessment::Skipped,
    day::Day,
    identity::Listing,
    infer::SourcedRow,
    key::{Basis, Coverage, CoverageState, Person, Row},
    place::{Audience, Liveness, Part, PlaceKind, Sighting},
    system::System,
    watch::{Kept, WINDOW, WatchKeys},
};
use tenure_scan::watchlist;
use tenure_store::Listed;
use zeroize::Zeroizing;

/// The longest file that is read as an inventory where it was named, in bytes.
const LONGEST_NAMED: u64 = 512 << 20;
/// The longest file that is looked at as a possible inventory where it was not.
const LONGEST_FOUND: u64 = 32 << 20;
/// The kind whose rows are declarations of people rather than a provider's answer.
const TABLE: &str = "table";
/// The kind of people lists.
pub const PEOPLE: &str = "people";

/// How a file came to be read as an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'k> {
    /// It lies in a tree; its content decides.
    Found,
    /// The user named it, and its content decides what it is.
    Named,
    /// The user named it and says what it is.
    As(&'k str),
}

/// What all inventories tell.
#[derive(Default)]
pub struct Inventories {
    /// Rows with their sources; their secrets are gone.
    pub rows: Vec<SourcedRow>,
    /// Plaintext that stood in inventories.
    pub sightings: Vec<Sighting>,
    /// What a watch list can hold of that plaintext.
    pub watched: Vec<Kept>,
    /// Copies that other tools report.
    pub findings: Vec<Finding>,
    /// The systems of configuration databases.
    pub systems: Vec<System>,
    /// The people, where a list was given.
    pub people: Option<Vec<Person>>,
    /// What each covers.
    pub coverage: Vec<Coverage>,
    /// Whole listings.
    pub listings: Vec<Listing>,
    /// What could not be taken.
    pub skipped: Vec<Skipped>,
    /// How the columns of tables were understood, by file.
    pub columns: Vec<(String, ColumnMap)>,
    /// What a reader should know, and of which files.
    pub remarks: Vec<(String, Vec<String>)>,
    /// Files that were read as inventories.
    pub read: BTreeSet<PathBuf>,
    /// Column maps that the user gave, for tables.
    pub given_columns: Option<ColumnMap>,
}

impl Inventories {
    /// The remarks as sentences, each said once.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.remarks.iter().map(|(note, files)| {
            let first = files.first().map_or("", String::as_str);
            let note = note.strip_prefix(&format!("{first} ")).unwrap_or(note);
            match files.len().saturating_sub(1) {
                0 => format!("{first}: {note}"),
                1 => format!("{first} and 1 more: {note}"),
                n => format!("{first} and {n} more: {note}"),
            }
        })
    }

    /// Reads files, if they are inventories, all cores at once; what they say is taken in their order.
    pub fn take(&mut self, documents: &[(Document, Asked<'_>)], lens: Lens<'_>, today: Day) {
        let (read, columns) = (&self.read, self.given_columns.as_ref());
        let looks: Vec<(&Document, Look)> = documents
            .par_iter()
            .filter(|(document, _)| !read.contains(&document.path))
            .map(|(document, asked)| (document, look(document, *asked, columns, today)))
            .filter(|(_, look)| !matches!(look, Look::Nothing))
            .collect();
        for (document, look) in looks {
            self.put(document, look, lens);
        }
    }

    fn put(&mut self, document: &Document, look: Look, lens: Lens<'_>) {
        match look {
            Look::Nothing => {}
            Look::Unreadable(reason) => self.refuse(document, reason),
            // Two sources may hold one file.
            _ if !self.read.insert(document.path.clone()) => {}
            Look::Broken(reason) => self.refuse(document, reason),
            Look::NotCovered(part) => self.coverage.push(*part),
            Look::Inventory(imported) => self.keep(document, *imported, lens),
        }
    }

    fn refuse(&mut self, document: &Document, reason: String) {
        self.coverage.push(Coverage {
            source: document.name.clone(),
            part: "keys".to_owned(),
            state: CoverageState::NotCovered,
            reason: Some(reason.clone()),
            rows: None,
            hash: None,
        });
        self.skipped.push(Skipped {
            path: document.name.clone(),
            reason,
        });
    }

    fn keep(&mut self, document: &Document, imported: Imported, lens: Lens<'_>) {
        let basis = if imported.kind == TABLE {
            Basis::Declared
        } else {
            Basis::Observed
        };
        if imported.kind == PEOPLE || !imported.people.is_empty() {
            self.people.get_or_insert_default().extend(imported.people);
        }
        self.systems.extend(imported.systems);
        for finding in imported.sightings {
            let taken = reported::take(finding, document, lens);
            self.findings.extend(taken.elsewhere);
            self.sightings.extend(taken.here);
        }
        self.coverage.extend(imported.coverage);
        self.skipped
            .extend(imported.problems.into_iter().map(|problem| Skipped {
                path: format!("{} {}", document.name, problem.at),
                reason: format!("{}; {}", problem.what, problem.todo),
            }));
        if let Some(map) = imported.column_map {
            self.columns.push((document.name.clone(), map));
        }
        for note in imported.notes {
            match self.remarks.iter_mut().find(|(known, _)| *known == note) {
                Some((_, files)) => files.push(document.name.clone()),
                None => self.remarks.push((note, vec![document.name.clone()])),
            }
        }
        let from = self.rows.len();
        self.rows.reserve(imported.rows.len());
        for mut row in imported.rows {
            if let Some((sighting, kept)) = fingerprinted(&mut row, document, lens) {
                self.sightings.push(sighting);
                self.watched.push(kept);
            }
            self.rows.push(SourcedRow {
                source: format!("{} {}", document.name, row.at),
                row,
                basis,
                complete: imported.whole,
            });
        }
        let new = self.rows.get(from..).unwrap_or_default();
        self.listings.extend(listings(&document.name, new));
    }
}

/// The whole listings that rows of one source make up.
pub(crate) fn listings<'r>(
    source: &str,
    rows: impl IntoIterator<Item = &'r SourcedRow>,
) -> Vec<Listing> {
    let mut listings: BTreeMap<(&str, &str, &str), BTreeSet<String>> = BTreeMap::new();
    for told in rows.into_iter().filter(|told| told.complete) {
        let row = &told.row;
        if let (Some(kind), Some(account), Some(id)) = (&row.credential, &row.account, &row.key_id)
        {
            listings
                .entry((&row.provider, kind, account))
                .or_default()
                .insert(id.clone());
        }
    }
    listings
        .into_iter()
        .map(|((provider, credential, account), key_ids)| Listing {
            source: source.to_owned(),
            provider: provider.to_owned(),
            credential: credential.to_owned(),
            account: account.to_owned(),
            key_ids,
        })
        .collect()
}

/// What rows of one source list whole, without the ids.
pub(crate) fn listed<'r>(
    source: &str,
    rows: impl IntoIterator<Item = &'r SourcedRow>,
) -> Vec<Listed> {
    let heads = listings(source, rows).into_iter().map(|listing| Listed {
        provider: listing.provider,
        credential: listing.credential,
        account: listing.account,
    });
    heads.collect()
}

/// What came of looking at one file.
enum Look {
    /// No inventory.
    Nothing,
    /// It was named as one, or names itself one, and cannot be read; it is searched all the same.
    Unreadable(String),
    /// It is one, and cannot be used.
    Broken(String),
    /// An error answer in place of one.
    NotCovered(Box<Coverage>),
    /// One that was read.
    Inventory(Box<Imported>),
}

/// Reads one file, if it is an inventory. Takes from nobody, so that many can be read at once.
fn look(document: &Document, asked: Asked<'_>, columns: Option<&ColumnMap>, today: Day) -> Look {
    let named = asked != Asked::Found;
    let longest = if named { LONGEST_NAMED } else { LONGEST_FOUND };
    let bytes = match read(document, longest) {
        Ok(Some(bytes)) => bytes,
        Ok(None) if named => {
            return Look::Unreadable(format!("is longer than {} MiB", longest >> 20));
        }
        Ok(None) => return Look::Nothing,
        Err(error) if named => return Look::Unreadable(error.to_string()),
        // The search of the tree meets the same error and reports it.
        Err(_) => return Look::Nothing,
    };
    let mut input = Input::new(&document.name, &bytes, today);
    if let Asked::As(kind) = asked {
        input = input.declared(kind);
    }
    if let Some(columns) = columns {
        input = input.with_columns(columns);
    }
    if !named {
        match importer::recognise(&input) {
            Recognised::Kind(_) => {}
            Recognised::Refused { reason, guess }
                if is_named_as_inventory(document) || is_named_as_list(document) =>
            {
                return Look::NotCovered(Box::new(Coverage {
                    source: document.name.clone(),
                    part: guess.unwrap_or("keys").to_owned(),
                    state: CoverageState::NotCovered,
                    reason: Some(format!("an error answer, not a list: {reason}")),
                    rows: None,
                    hash: Some(tenure_model::digest::of_bytes(&bytes)),
                }));
            }
            Recognised::Refused { .. } => return Look::Nothing,
            Recognised::Nothing => {
                return match by_its_name(document, &input) {
                    Some(imported) => Look::Inventory(Box::new(imported)),
                    None => broken(document, &bytes).map_or(Look::Nothing, Look::Unreadable),
                };
            }
        }
    }
    match importer::read(&input) {
        Ok(imported) => Look::Inventory(Box::new(imported)),
        Err(error) => {
            let text = error.to_string();
            let reason = text
                .strip_prefix(&document.name)
                .map(|rest| rest.trim_start_matches([':', ',', ' ']).to_owned())
                .unwrap_or(text);
            Look::Broken(reason)
        }
    }
}

fn read(document: &Document, longest: u64) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = std::fs::File::open(&document.path)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(longest.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(u64::try_from(bytes.len())
        .is_ok_and(|len| len <= longest)
        .then_some(bytes))
}

/// Puts a fingerprint in place of a secret that stood in a row; the row's file is a place that holds a copy.
fn fingerprinted(row: &mut Row, document: &Document, lens: Lens<'_>) -> Option<(Sighting, Kept)> {
    let secret = row.secret.take()?;
    let whole = 0..secret.len();
    let format = lens
        .rules
        .find(secret.expose())
        .into_iter()
        .find(|found| found.span == whole && found.rule.part == Part::Secret)
        .map(|found| found.rule);
    let shown = &lens.policy.hint;
    let prefix = format
        .filter(|_| shown.prefix)
        .map_or("", |rule| rule.prefix.as_str());
    if let Some(rule) = format {
        if row.provider.is_empty() || row.provider == "unknown" {
            row.provider.clone_from(&rule.provider);
        }
        if row.credential.is_none() && row.provider == rule.provider {
            row.credential = Some(rule.credential.clone());
        }
    }
    let fingerprint = lens.pepper.fingerprint(&secret);
    if let (Some(validation), Some(kind)) = (lens.validation, &row.credential) {
        validation.keep(&fingerprint, &row.provider, kind, &secret);
    }
    let bits = format.map(|rule| rule.tail_bits(WINDOW));
    let window = watchlist::window(secret.expose(), bits);
    let kept = Kept {
        fingerprint: fingerprint.as_str().to_owned(),
        watched: WatchKeys::of(lens.pepper).watched(&secret, window),
    };
    row.fingerprint = Some(fingerprint.clone());
    row.hint = secret.hint(prefix, shown.last);
    let sighting = Sighting {
        source: document.source.clone(),
        kind: PlaceKind::Inventory,
        path: document.relative.clone(),
        line: row
            .at
            .strip_prefix("line ")
            .and_then(|line| line.parse().ok()),
        audience: Audience::Unknown,
        audience_why: "a list is passed on; who has a copy of it is not known".to_owned(),
        liveness: Liveness::NotChecked,
        part: Part::Secret,
        provider: row.provider.clone(),
        credential: row
            .credential
            .clone()
            .unwrap_or_else(|| "generic_secret".to_owned()),
        key_id: row.key_id.clone(),
        fingerprint: Some(fingerprint),
        hint: row.hint.clone(),
        variable: row.name.clone(),
        runtime: None,
        purpose: None,
        privileged_path: None,
        environment: None,
        commit: None,
        code_owners: Vec::new(),
        test_mode: false,
    };
    Some((sighting, kept))
}

/// A table that calls itself an inventory of keys, and whose header names providers and keys, is one, however
/// little else it says.
fn by_its_name(document: &Document, input: &Input<'_>) -> Option<Imported> {
    if !is_named_as_inventory(document) {
        return None;
    }
    let imported = importer::read(&input.declared(TABLE)).ok()?;
    let columns = &imported.column_map.as_ref()?.columns;
    let has = |field: &Field| columns.iter().any(|column| column.field == *field);
    let says_which = [Field::Name, Field::KeyId, Field::Hint, Field::Secret];
    (has(&Field::Provider) && says_which.iter().any(has)).then_some(imported)
}

/// Whether its name says that it is a vendor's list of what holds keys.
fn is_named_as_list(document: &Document) -> bool {
    let file = stem(document);
    tenure_model::place::hints::words(&file).iter().any(|word| {
        matches!(
            *word,
            "installations" | "authorizations" | "applications" | "principals" | "apps"
        )
    })
}

fn stem(document: &Document) -> String {
    let stem = document.path.file_stem();
    stem.map(|stem| stem.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default()
}

/// Whether its name says that it is an inventory of keys.
fn is_named_as_inventory(document: &Document) -> bool {
    // Manifests and states are called `secrets` as well, and are no lists of keys.
    let extension = document
        .path
        .extension()
        .map(std::ffi::OsStr::to_string_lossy);
    if matches!(
        extension.as_deref(),
        Some("yaml" | "yml" | "sarif" | "tfstate" | "backup")
    ) {
        return false;
    }
    let file = stem(document);
    let words = tenure_model::place::hints::words(&file);
    words.iter().any(|word| {
        matches!(
            *word,
            "keys"
                | "apikeys"
                | "tokens"
                | "pats"
                | "credentials"
                | "inventory"
                | "people"
                | "secrets"
        )
    }) || file
        .replace(['-', '_', ' '], "")
        .contains("credentialreport")
}

/// What is wrong with a file that calls itself an inventory and is not readable as one.
fn broken(document: &Document, bytes: &[u8]) -> Option<String> {
    if !is_named_as_inventory(document) {
        return None;
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.trim_ascii().is_empty() {
        return Some("is empty; export it again, or leave it out".to_owned());
    }
    let json = document
        .path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if json && let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
        return Some(format!(
            "line {}, column {}: is no whole JSON; export it again",
            error.line(),
            error.column()
        ));
    }
    None
}
