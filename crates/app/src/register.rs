//! The register: what was imported and searched, judged, and kept with a log that nobody can edit.
//!
//! Every use case asks the rules of access first; a denial is an event of the log. Nothing here holds a lock while it
//! reads files: reading gives a [`Taken`], which an import then writes.

mod account;
mod ask;
mod backlog;
mod backup;
mod browse;
mod comment;
pub mod demo;
mod exception;
mod house;
mod login;
mod look;
mod named;
mod notice;
mod own;
mod prove;
mod reassess;
mod request;
mod review;
mod scope;
mod state_facts;
mod take;
mod unit;
mod what_if;
mod work;

pub use account::{AccountRecord, Made, Refused, Signed, SignedIn};
pub use ask::{GivenAnswer, Nudged};
pub use backup::{Manifest, Opener, Restored, Sealed, check_backup, restore};
pub use browse::{Consistency, Inclusion, Logged};
pub use comment::{MOST_BYTES, MOST_CHARACTERS, Remarks};
pub use exception::{Asked, ExceptionCounts, Shown, Signature, Signing, Stale, Term};
pub use house::{Clock, Register};
pub use login::{Identity, Login, LoginError, LoginSettings, SettingsError};
pub use look::{History, KeyRecord};
pub use notice::ChannelShown;
pub use prove::{Checked, verify_export};
pub use reassess::Reassessed;
pub use request::{RequestShown, Wish};
pub use review::{ReviewShown, Starting};
pub use take::{Imported, Reading, Taken};
pub use unit::Preview;
pub use what_if::{Moved, WhatIf};
pub use work::{Bench, Turn, Worker, run_worker};

pub use tenure_access::{Denial, Permit, Rules, form};
pub use tenure_store::{
    About, Account, Answer, Ask, Attachment, Comment, Decision, Declared, EventFilter, FactRow,
    JobCounts, Ownership, Place, Run, Scope, Source, Stated, Store, StoreError, StoredException,
    StoredRule, StoredToken,
    key_list::{Cursor, Entry, Facet, Filter, MOST_COUNTED, Page, Sort},
};

use std::path::PathBuf;
use tenure_model::{
    access::{Action, Actor, Object, ObjectKind, Unit},
    catalog::Provider,
    log::{Checkpoint, Signer, Verifier},
    moment::Moment,
    policy::Policy,
    secret::Pepper,
};
use tenure_store::state::{State, StateError};

/// What a use case of the register works with: handles alone.
#[derive(Clone, Copy)]
pub struct Desk<'d> {
    /// Rows and log.
    pub store: &'d Store,
    /// Who may do what.
    pub access: &'d Rules,
    /// The catalogue.
    pub providers: &'d [Provider],
    /// The numbers in force.
    pub policy: &'d Policy,
    /// The key of fingerprints.
    pub pepper: &'d Pepper,
    /// Who calls.
    pub caller: &'d Actor,
    /// The clock reading.
    pub now: Moment,
}

/// Why the register does not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Who calls may not. It is recorded.
    #[error("{0}")]
    Denied(Box<Denial>),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state folder.
    #[error(transparent)]
    State(#[from] StateError),
    /// A database that is named in another form.
    #[error("this is no address of a database: write postgresql://USER@HOST/NAME, or sqlite:FILE")]
    Address,
    /// A kind of export that does not exist.
    #[error("there is no kind of export `{kind}`{}; `tenure sources` names them all", nearest.map(|n| format!(", did you mean `{n}`?")).unwrap_or_default())]
    Kind {
        /// The kind.
        kind: String,
        /// The nearest one.
        nearest: Option<&'static str>,
    },
    /// What was read is not what is true.
    #[error("{0}")]
    Stale(Box<Stale>),
    /// The rules of exceptions do not take it.
    #[error(transparent)]
    Exception(#[from] tenure_model::exception::Refusal),
    /// The rules of requests for keys do not take it.
    #[error(transparent)]
    Request(#[from] tenure_model::key_request::Refusal),
    /// The rules of campaigns do not take it.
    #[error(transparent)]
    Review(#[from] tenure_model::attest::Refusal),
    /// Somebody without a name.
    #[error("this is done in the name of a person, and nobody is named")]
    NeedsPerson,
    /// Something that was named or written does not do.
    #[error("{0}")]
    Name(String),
    /// A fact that cannot be stated.
    #[error("{}: {}", .0.at, .0.problem)]
    Fact(tenure_model::declare::DeclareError),
    /// Nothing of a file or folder could be used.
    #[error("{0}")]
    Nothing(String),
    /// A format of the catalogue that cannot be used.
    #[error("catalogue: {0}")]
    Catalog(String),
    /// Who calls is not known.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nobody is signed in.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// A field of what was asked for cannot be.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    /// A backup that cannot be made or read.
    #[error("the backup {0}")]
    Backup(String),
    /// What the log was signed with is not what it is checked with.
    #[error(
        "log.checkpoint in the state folder: {0}; find out who changed it, or restore a backup"
    )]
    Checkpoint(String),
}

/// What a use case gives.
pub type Result<T> = std::result::Result<T, RegisterError>;

/// Where the register is: the database that is named, else the one in the state folder.
///
/// # Errors
/// It is no address of a database.
pub fn place(state: &State, database: Option<&str>) -> Result<Place> {
    match database {
        None => Ok(Place::in_folder(state.folder())),
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(Place::Postgres(url.to_owned()))
        }
        Some(url) => url
            .strip_prefix("sqlite://")
            .or_else(|| url.strip_prefix("sqlite:"))
            .filter(|path| !path.is_empty())
            .map(|path| Place::File(PathBuf::from(path)))
            .ok_or(RegisterError::Address),
    }
}

/// Whether there is a register. A named database of PostgreSQL is one.
#[must_use]
pub fn is_there(place: &Place) -> bool {
    match place {
        Place::File(file) => file.is_file(),
        Place::Postgres(_) => true,
    }
}

/// Opens the register, and makes it where there is none. The log has to begin as it did when its last checkpoint was
/// kept beside it.
///
/// # Errors
/// The database cannot be opened, or was set back.
pub async fn open(place: &Place, state: &State, now: Moment) -> Result<Store> {
    let store = Store::open(place, now).await?;
    if let Some(kept) = kept_checkpoint(state)? {
        store.check_begins_with(&kept).await?;
    }
    Ok(store)
}

/// Signs the log as it stands and keeps that beside the database, so that one that is set back is noticed.
///
/// # Errors
/// The database or the folder refuses.
pub async fn seal(store: &Store, state: &State) -> Result<()> {
    let Some(signer) = signer(store, state).await? else {
        return Ok(());
    };
    let (_, note) = store.checkpoint(&signer).await?;
    Ok(state.keep_checkpoint(&note)?)
}

/// The public key of the log, which whoever checks an export needs; `None` before the first change.
///
/// # Errors
/// The database or the folder refuses.
pub async fn public_key(store: &Store, state: &State) -> Result<Option<Verifier>> {
    Ok(signer(store, state).await?.map(|signer| signer.verifier()))
}

/// What signs this log; `None` before its first event.
pub(crate) async fn signer(store: &Store, state: &State) -> Result<Option<Signer>> {
    let origin = store.head().await?.origin;
    if origin.is_empty() {
        return Ok(None);
    }
    let key = state.log_key()?;
    let signer = Signer::new(&origin, &key);
    signer
        .map(Some)
        .map_err(|error| RegisterError::Checkpoint(error.to_string()))
}

/// The checkpoint that was kept beside the database, with its signature checked.
pub(crate) fn kept_checkpoint(state: &State) -> Result<Option<Checkpoint>> {
    let Some(note) = state.checkpoint()? else {
        return Ok(None);
    };
    let wrong = |error: &dyn std::fmt::Display| RegisterError::Checkpoint(error.to_string());
    let origin = note.lines().next().unwrap_or_default();
    let signer = Signer::new(origin, &*state.log_key()?).map_err(|error| wrong(&error))?;
    Checkpoint::open(&note, &signer.verifier())
        .map(Some)
        .map_err(|error| wrong(&error))
}

impl Desk<'_> {
    /// Asks the rules whether the caller may. A denial is recorded.
    ///
    /// # Errors
    /// They may not, or the denial cannot be recorded.
    pub(crate) async fn permit(&self, action: Action, object: &Object) -> Result<Permit> {
        self.permit_to(self.caller, action, object).await
    }

    /// The same for what is done to the register as a whole.
    pub(crate) async fn permit_all(&self, action: Action) -> Result<Permit> {
        self.permit(action, &Object::unit(Unit::whole())).await
    }

    /// The permit of a worker that judges keys: that follows from what was permitted before.
    pub(crate) async fn permit_worker(&self) -> Result<Permit> {
        let worker = Actor::Worker("assess".to_owned());
        let all = Object::new(ObjectKind::Key, "*", Unit::whole());
        self.permit_to(&worker, Action::KeyAssess, &all).await
    }

    pub(crate) async fn permit_to(
        &self,
        actor: &Actor,
        action: Action,
        object: &Object,
    ) -> Result<Permit> {
        match self.access.decide(actor, action, object) {
            Ok(permit) => Ok(permit),
            Err(denial) => {
                let why = denial.to_string();
                self.store.deny(&denial.act, self.now, &why).await?;
                Err(RegisterError::Denied(denial))
            }
        }
    }
}
