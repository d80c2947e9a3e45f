//! The log: events, checkpoints, proofs, and the whole of it.

use super::keys;
use crate::{
    answer::{Json, Page, Result},
    auth::Caller,
    error::Problem,
    extract::{self, Named, Query},
    house::House,
};
use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::Seek as _;
use tenure_app::register::{Checked, EventFilter, Logged};
use tenure_model::event::Event;
use tokio_util::io::ReaderStream;

/// The media type of JSON Lines.
pub(crate) const LINES: &str = "application/jsonl";
/// How much of an export is sent at once, in bytes.
const PART: usize = 64 * 1024;

/// Which events.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Wanted {
    /// About this key, source, run, account.
    about: Option<String>,
    /// By this actor, as `person:ann`.
    who: Option<String>,
    /// Of this kind, as `decided`.
    what: Option<String>,
    /// Those that were refused alone.
    denied: bool,
    /// Before the event of this number: `next` of the page before.
    #[serde(deserialize_with = "extract::given")]
    before: Option<u64>,
    /// How many a page has.
    #[schemars(range(min = 1, max = 500))]
    #[serde(deserialize_with = "extract::given")]
    limit: Option<u16>,
}

/// One event with its place in the log.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Entry {
    index: u64,
    /// The hash of its bytes, the leaf of the tree: 64 hex characters.
    leaf: String,
    /// The event; absent where the log is broken.
    event: Option<Event>,
}

impl From<Logged> for Entry {
    fn from(logged: Logged) -> Self {
        Self {
            index: logged.index,
            leaf: logged.leaf.to_string(),
            event: logged.event,
        }
    }
}

pub(crate) async fn events(
    State(house): State<House>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Entry>>> {
    let most = keys::limit(wanted.limit, 50, 500)?;
    let filter = EventFilter {
        about: wanted.about,
        who: wanted.who,
        what: wanted.what,
        denied: wanted.denied,
    };
    let desk = house.register.desk(caller.actor());
    let found = desk.log(&filter, wanted.before, most).await?;
    let is_full = u64::try_from(found.len()).is_ok_and(|found| found == most);
    let last = found.last().map(|entry| entry.index);
    Ok(Json(Page {
        next: last
            .filter(|last| is_full && *last > 0)
            .map(|last| last.to_string()),
        items: found.into_iter().map(Entry::from).collect(),
    }))
}

pub(crate) async fn event(
    State(house): State<House>,
    caller: Caller,
    Named(index): Named,
) -> Result<Json<Entry>> {
    let index = index
        .parse()
        .map_err(|_| Problem::no_such("event of this number"))?;
    Ok(Json(
        house
            .register
            .desk(caller.actor())
            .event(index)
            .await?
            .into(),
    ))
}

/// A checkpoint.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Checkpoint {
    /// The name of the log.
    origin: String,
    /// How many events.
    size: u64,
    /// The root of the tree.
    root: String,
    /// The signed note (C2SP tlog-checkpoint), whole.
    note: String,
}

pub(crate) async fn checkpoint(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<Checkpoint>> {
    let desk = house.register.desk(caller.actor());
    let (checkpoint, note) = desk.checkpoint(house.register.state()).await?;
    Ok(Json(Checkpoint {
        origin: checkpoint.origin,
        size: checkpoint.size,
        root: checkpoint.root.to_string(),
        note,
    }))
}

/// The public key of the log.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LogKey {
    /// As `tenure verify --key` takes it.
    key: String,
}

pub(crate) async fn key(State(house): State<House>, caller: Caller) -> Result<Json<LogKey>> {
    let desk = house.register.desk(caller.actor());
    let key = desk.log_key(house.register.state()).await?;
    Ok(Json(LogKey { key }))
}

/// Of which event, in which tree.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfEvent {
    /// The event.
    index: u64,
    /// The size of the tree; the present one where none is named.
    #[serde(default, deserialize_with = "extract::given")]
    size: Option<u64>,
}

/// A proof that an event is in the log (RFC 6962, 2.1.1).
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Inclusion {
    index: u64,
    size: u64,
    leaf: String,
    root: String,
    path: Vec<String>,
}

pub(crate) async fn inclusion(
    State(house): State<House>,
    caller: Caller,
    Query(of): Query<OfEvent>,
) -> Result<Json<Inclusion>> {
    let desk = house.register.desk(caller.actor());
    let proof = desk.inclusion(of.index, of.size).await?;
    Ok(Json(Inclusion {
        index: proof.index,
        size: proof.size,
        leaf: proof.leaf.to_string(),
        root: proof.root.to_string(),
        path: proof.path.iter().map(ToString::to_string).collect(),
    }))
}

/// Between which sizes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Between {
    /// The earlier size, from 1.
    #[schemars(range(min = 1))]
    from: u64,
    /// The later one; the present one where none is named.
    #[serde(default, deserialize_with = "extract::given")]
    to: Option<u64>,
}

/// A proof that the log only grew (RFC 6962, 2.1.2).
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Consistency {
    from: u64,
    from_root: String,
    to: u64,
    to_root: String,
    path: Vec<String>,
}

pub(crate) async fn consistency(
    State(house): State<House>,
    caller: Caller,
    Query(between): Query<Between>,
) -> Result<Json<Consistency>> {
    let desk = house.register.desk(caller.actor());
    let proof = desk.consistency(between.from, between.to).await?;
    Ok(Json(Consistency {
        from: proof.from.0,
        from_root: proof.from.1.to_string(),
        to: proof.to.0,
        to_root: proof.to.1.to_string(),
        path: proof.path.iter().map(ToString::to_string).collect(),
    }))
}

/// Whether the log holds.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Verified {
    /// Whether it does.
    holds: bool,
    /// What was checked, or what was found first.
    detail: String,
}

pub(crate) async fn verify(State(house): State<House>, caller: Caller) -> Result<Json<Verified>> {
    let desk = house.register.desk(caller.actor());
    let checked = desk.verify(house.register.state()).await?;
    Ok(Json(match checked {
        None => Verified {
            holds: true,
            detail: "the log is empty".to_owned(),
        },
        Some(Checked::Holds(verified)) => Verified {
            holds: true,
            detail: format!("{} events", verified.to.saturating_sub(verified.from)),
        },
        Some(Checked::Tampered(found)) => Verified {
            holds: false,
            detail: found.to_string(),
        },
    }))
}

/// In which form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// tenure.audit/1, which verifies offline.
    #[default]
    Tenure,
    /// OCSF, the Open Cybersecurity Schema Framework: an object a line, without proofs.
    Ocsf,
}

/// What is wanted of the log.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exported {
    /// In which form; to be verified, where none is named.
    #[serde(default)]
    format: Form,
}

/// The whole log as JSON Lines, as `tenure audit export` writes it. It is put together in a file first, so that a
/// caller who reads slowly holds nothing up.
pub(crate) async fn export(
    State(house): State<House>,
    caller: Caller,
    Query(wanted): Query<Exported>,
) -> Result<Response> {
    let file = tempfile::tempfile().map_err(|error| Problem::ours(&error))?;
    let mut out = std::io::BufWriter::new(file);
    let desk = house.register.desk(caller.actor());
    let name = match wanted.format {
        Form::Tenure => {
            desk.audit_export(house.register.state(), &mut out).await?;
            "attachment; filename=\"tenure-log.jsonl\""
        }
        Form::Ocsf => {
            desk.ocsf_export(&mut out).await?;
            "attachment; filename=\"tenure-log.ocsf.jsonl\""
        }
    };
    let mut file = out
        .into_inner()
        .map_err(|error| Problem::ours(error.error()))?;
    file.rewind().map_err(|error| Problem::ours(&error))?;
    let file = tokio::fs::File::from_std(file);
    let body = Body::from_stream(ReaderStream::with_capacity(file, PART));
    Ok((
        [
            (header::CONTENT_TYPE, LINES),
            (header::CONTENT_DISPOSITION, name),
        ],
        body,
    )
        .into_response())
}
