//! By what a record or a key is known again: its id at the provider, its fingerprint.

use crate::{assessment::Key, identity::Known, infer::SourcedRow, key::Row, place::Sighting};
use std::collections::HashMap;

/// Ids shorter than this are counted within an account.
const GLOBALLY_UNIQUE: usize = 12;

/// What an id is unique within: nothing where it is long enough, else its account.
fn within<'a>(provider: &str, key_id: &str, account: Option<&'a str>) -> &'a str {
    if key_id.len() >= GLOBALLY_UNIQUE && provider != "unknown" {
        ""
    } else {
        account.unwrap_or_default()
    }
}

fn id(provider: &str, credential: &str, key_id: &str, account: Option<&str>) -> String {
    let account = within(provider, key_id, account);
    format!("id|{provider}|{credential}|{account}|{key_id}")
}

/// The aliases under which a row of a source is kept: kin have one in common.
#[must_use]
pub fn of_row(row: &Row) -> Vec<String> {
    let by_id = row
        .key_id
        .as_deref()
        .map(|key_id| id(&row.provider, "", key_id, row.account.as_deref()));
    let by_print = row
        .fingerprint
        .as_ref()
        .map(|print| format!("print|{}", print.as_str()));
    let provider = row.provider.as_str();
    let by_user: Vec<String> = match &row.key_id {
        Some(_) => {
            let users = row.users().into_iter();
            users.map(|user| of_user(provider, user)).collect()
        }
        None => {
            let of_slot = row.slot_user().map(|user| of_slot(provider, user));
            let named = row.slot.as_deref().or(row.name.as_deref());
            let only = (row.slot.is_some() || row.fingerprint.is_none())
                .then(|| only(provider, named.unwrap_or_default()));
            of_slot.into_iter().chain(only).collect()
        }
    };
    by_id.into_iter().chain(by_print).chain(by_user).collect()
}

/// Of what has nothing but a name: keys of one name are told apart by their number.
fn only(provider: &str, name: &str) -> String {
    let provider = if provider.is_empty() {
        "unknown"
    } else {
        provider
    };
    format!("only|{provider}|{name}")
}

fn of_slot(provider: &str, user: &str) -> String {
    format!("slot|{provider}|{user}")
}

fn of_user(provider: &str, user: &str) -> String {
    format!("user|{provider}|{user}")
}

/// The aliases of the kin of a row, in whatever source it is: what can be the same key has one of these.
#[must_use]
pub fn kin_of_row(row: &Row) -> Vec<String> {
    let slot = row.slot_user().filter(|_| row.key_id.is_none());
    let users = slot.map(|user| of_user(&row.provider, user));
    of_row(row).into_iter().map(kin).chain(users).collect()
}

/// The alias of the kin of what is kept under this one. Many keys may be of one name; only a slot makes that tell
/// something.
#[must_use]
pub fn kin(alias: String) -> String {
    match alias.strip_prefix("user|") {
        Some(rest) => format!("slot|{rest}"),
        None => alias,
    }
}

/// The aliases under which a copy that was seen is kept.
#[must_use]
pub fn of_sighting(seen: &Sighting) -> Vec<String> {
    let by_id = seen
        .key_id
        .as_deref()
        .map(|key_id| id(&seen.provider, "", key_id, None));
    let by_print = seen
        .fingerprint
        .as_ref()
        .map(|print| format!("print|{}", print.as_str()));
    let only = (seen.key_id.is_none() && seen.fingerprint.is_none())
        .then(|| only(&seen.provider, seen.variable.as_deref().unwrap_or_default()));
    by_id.into_iter().chain(by_print).chain(only).collect()
}

/// The aliases of a key, strongest first: id of its kind, id, fingerprint, and the id that a run over the same
/// sources gives it.
#[must_use]
pub fn of_key(key: &Key) -> Vec<String> {
    of(
        (&key.provider, key.account.as_deref()),
        (key.key_id.as_deref(), key.credential.as_deref()),
        key.fingerprint.as_deref(),
        &key.id,
    )
}

/// The same of a key that is not judged yet.
#[must_use]
pub fn of_known(key: &Known) -> Vec<String> {
    of(
        (&key.provider, key.account.as_deref()),
        (key.key_id.as_deref(), key.credential.as_deref()),
        key.fingerprint.as_deref(),
        &key.id,
    )
}

fn of(
    (provider, account): (&str, Option<&str>),
    (key_id, credential): (Option<&str>, Option<&str>),
    print: Option<&str>,
    run: &str,
) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(key_id) = key_id {
        if let Some(credential) = credential {
            all.push(id(provider, credential, key_id, account));
        }
        all.push(id(provider, "", key_id, account));
    }
    if let Some(print) = print {
        all.push(format!("print|{print}"));
    }
    all.push(format!("{OF_RUN}{run}"));
    all
}

const OF_RUN: &str = "run|";

/// Gives the records of one source identities that stay the same from import to import, in the order of the
/// source: of several alike, the first is the first again.
#[derive(Debug, Default)]
pub struct Identities(HashMap<String, u32>);

impl Identities {
    /// The identity of a row.
    pub fn of_row(&mut self, told: &SourcedRow) -> String {
        let row = &told.row;
        let kind = row.credential.as_deref().unwrap_or_default();
        let account = row.account.as_deref().unwrap_or_default();
        let base = match (&row.key_id, &row.slot, &row.fingerprint, &row.name) {
            (Some(id), ..) => format!("id|{}|{kind}|{account}|{id}", row.provider),
            (_, Some(slot), ..) => format!("slot|{}|{kind}|{account}|{slot}", row.provider),
            (_, _, Some(print), _) => format!("print|{}", print.as_str()),
            (.., Some(name)) => format!("name|{}|{kind}|{account}|{name}", row.provider),
            _ => format!("at|{}", row.at),
        };
        self.numbered(base)
    }

    /// The identity of a copy: its file and what it is a copy of; lines move.
    pub fn of_sighting(&mut self, seen: &Sighting) -> String {
        let what = match (&seen.fingerprint, &seen.key_id) {
            (Some(print), _) => format!("print|{}", print.as_str()),
            (None, Some(id)) => format!("id|{}|{id}", seen.provider),
            (None, None) => format!("kind|{}|{}", seen.provider, seen.credential),
        };
        let commit = match seen.kind {
            // What stands in a history never moves, and stays apart from what is checked out.
            crate::place::PlaceKind::Commit => seen.commit.as_deref().unwrap_or_default(),
            _ => "",
        };
        self.numbered(format!("{}|{commit}|{what}", seen.path))
    }

    fn numbered(&mut self, base: String) -> String {
        let nth = self.0.entry(base.clone()).or_default();
        *nth = nth.saturating_add(1);
        if *nth == 1 {
            base
        } else {
            format!("{base}|#{nth}")
        }
    }
}
