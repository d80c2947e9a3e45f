//! Imports: an export is uploaded, read, written, and every key is judged again.

use crate::{
    answer::{Created, Result},
    auth::Caller,
    error::Problem,
    extract::Query,
    house::House,
};
use axum::{
    body::{Body, HttpBody as _},
    extract::State,
    http::{HeaderMap, header},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{io::Write as _, pin::Pin};
use tenure_app::register::{Imported, Reading, Reassessed, Taken};
use tenure_model::{access::Action, assessment::Skipped, id::RunId};

/// What is uploaded.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upload {
    /// The kind of export, one of `GET /api/v1/source-kinds`.
    kind: String,
    /// What to know this source by from import to import.
    #[schemars(length(min = 1, max = 200))]
    name: String,
}

/// What an import did.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Done {
    /// Its run.
    run: RunId,
    /// How many records the source has, and what became of them.
    counts: Imported,
    /// What judging again did.
    judged: Reassessed,
    /// What a reader should know.
    notes: Vec<String>,
    /// What could not be taken, and why.
    skipped: Vec<Skipped>,
}

/// Writes a body to a file that goes with it, up to a size.
async fn spool(headers: &HeaderMap, body: Body, most: u64) -> Result<tempfile::NamedTempFile> {
    let told = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|told| told > most) {
        return Err(Problem::too_large(most));
    }
    let mut file = tempfile::NamedTempFile::new().map_err(|error| Problem::ours(&error))?;
    let mut body = body;
    let mut left = most;
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| Problem::bad("the body broke off; send it again"))?;
        let Some(bytes) = frame.data_ref() else {
            continue;
        };
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        left = left
            .checked_sub(length)
            .ok_or_else(|| Problem::too_large(most))?;
        // A file of this machine: what waits is the caller's next part.
        file.write_all(bytes)
            .map_err(|error| Problem::ours(&error))?;
    }
    Ok(file)
}

fn read(house: &House, upload: &Upload, file: &tempfile::NamedTempFile) -> Result<Taken> {
    let register = &house.register;
    let reading = Reading {
        providers: register.providers(),
        policy: register.policy(),
        pepper: register.pepper(),
        today: register.now().day(),
    };
    Taken::export(reading, &upload.kind, file.path(), &upload.name).map_err(|error| {
        let mut problem = Problem::from(error);
        // The file's place on this server is nobody's business.
        let path = file.path().display().to_string();
        problem.detail = problem.detail.replace(&path, &upload.name);
        problem
    })
}

pub(crate) async fn upload(
    State(house): State<House>,
    caller: Caller,
    Query(upload): Query<Upload>,
    headers: HeaderMap,
    body: Body,
) -> Result<Created<Done>> {
    let name = upload.name.trim();
    if name.is_empty()
        || name.chars().count() > 200
        || !name.chars().all(tenure_model::access::visible)
    {
        return Err(Problem::field("name", "name: 1 to 200 visible characters"));
    }
    // Before anything of a body is taken.
    house
        .register
        .desk(caller.actor())
        .may(Action::ImportRun)
        .await?;
    let file = spool(&headers, body, house.settings.most_upload).await?;
    let reader = house.clone();
    let taken = tokio::task::spawn_blocking(move || read(&reader, &upload, &file))
        .await
        .map_err(|error| Problem::ours(&error))??;
    let desk = house.register.desk(caller.actor());
    let imported: Imported = desk.import(&taken).await?;
    let judged = desk.reassess().await?;
    Ok(Created {
        at: format!(
            "/api/v1/runs/{}",
            crate::answer::segment(imported.run.as_str())
        ),
        value: Done {
            run: imported.run.clone(),
            counts: imported,
            judged,
            notes: taken.notes.clone(),
            skipped: taken.skipped.clone(),
        },
    })
}
