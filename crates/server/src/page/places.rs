//! The places that are only read: search, exposures, work, proof, catalogue.

use super::{Visit, cursor, html, told};
use crate::{
    answer::Result,
    error::Problem,
    extract::{Named, Query},
    house::House,
    ui::{catalogue, door, exposures, form, frame::Place, proof, work},
};
use axum::{extract::State, response::Response};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;
use tenure_app::{
    register::{Checked, EventFilter, Facet, Filter, RegisterError, Sort},
    sunsets,
};
use tenure_model::{access::Action, key::CoverageState};

/// How many hits of a kind are shown.
const HITS: u64 = 20;
/// How many secrets, and how many events, a page has.
const PAGE: u64 = 50;
/// How many pages of which nothing is shown are passed over at once.
const MOST_PASSED: usize = 20;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Words {
    /// What is searched for.
    q: String,
}

pub(crate) async fn search(
    State(house): State<House>,
    visit: Visit,
    Query(words): Query<Words>,
) -> Result<Response> {
    let desk = visit.desk(&house);
    let q: String = words.q.trim().chars().take(200).collect();
    let mut groups = Vec::new();
    if !q.is_empty() {
        let filter = Filter {
            search: Some(q.clone()),
            ..Filter::default()
        };
        let page = desk.list(&filter, Sort::Due, None, HITS).await?;
        let more = page.next.is_some();
        let hits = page.entries.into_iter().map(|entry| door::Hit {
            address: form::key(entry.id.as_str()),
            detail: match (entry.owner.is_empty(), entry.system.is_empty()) {
                (true, true) => entry.provider,
                (false, true) => format!("{}, {} answers for it", entry.provider, entry.owner),
                (true, false) => format!("{}, {}", entry.provider, entry.system),
                (false, false) => format!(
                    "{}, {}, {} answers for it",
                    entry.provider, entry.system, entry.owner
                ),
            },
            name: entry.label,
        });
        groups.push(door::Group {
            heading: "Keys".to_owned(),
            hits: hits.collect(),
            all: more.then(|| format!("/keys?q={}", tenure_app::report::text::segment(&q))),
        });
        if desk.allows_everywhere(Action::PeopleView) {
            let low = q.to_lowercase();
            let people = desk.people().await?;
            let hits = people.iter().filter(|person| {
                let mail = person.email.as_deref().unwrap_or_default();
                person.id.to_lowercase().contains(&low) || mail.contains(&low)
            });
            let hits = hits.take(20).map(|person| door::Hit {
                name: person.id.clone(),
                address: format!(
                    "/keys?owner={}",
                    tenure_app::report::text::segment(&person.id)
                ),
                detail: person.email.clone().unwrap_or_default(),
            });
            groups.push(door::Group {
                heading: "People".to_owned(),
                hits: hits.collect(),
                all: None,
            });
        }
    }
    let mut frame = visit.frame(&house, Place::Keys, "Found").await?;
    frame.place = None;
    frame.search = q;
    html(&house, door::render_found(&door::Found { frame, groups }))
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct After {
    /// Where the page begins.
    after: Option<String>,
}

/// Keys of which copies were seen, by secret.
pub(crate) async fn exposures(
    State(house): State<House>,
    visit: Visit,
    Query(asked): Query<After>,
) -> Result<Response> {
    let desk = visit.desk(&house);
    desk.may_somewhere(Action::ExposureView).await?;
    let filter = Filter {
        seen: true,
        ..Filter::default()
    };
    let mut after = cursor(asked.after.as_deref())?;
    let mut part = after.is_some();
    let mut secrets = Vec::new();
    // Copies that their owner alone reads are listed too, and are not shown: a page of those alone is passed over.
    for _ in 0..MOST_PASSED {
        let page = desk
            .list(&filter, Sort::Level, after.as_ref(), PAGE)
            .await?;
        for entry in &page.entries {
            let key = desk.key(&entry.id).await?.registered.key;
            let acts = vec![form::Act::open(
                "See to it",
                None,
                form::key(entry.id.as_str()),
            )];
            secrets.extend(exposures::Secret::of(&key, acts));
        }
        after = page.next;
        if !secrets.is_empty() || after.is_none() {
            break;
        }
    }
    part |= after.is_some();
    let unseen = if desk.allows_everywhere(Action::SourceView) {
        let parts = desk.coverage().await?.into_iter();
        let parts = parts.filter(|part| {
            matches!(
                part.state,
                CoverageState::Partial | CoverageState::NotCovered
            )
        });
        parts.map(|part| part.source).collect()
    } else {
        BTreeSet::new()
    };
    html(
        &house,
        exposures::render(&exposures::Exposures {
            frame: visit.frame(&house, Place::Exposures, "Exposures").await?,
            secrets,
            part,
            next: after.map(|cursor| {
                format!(
                    "/exposures?after={}",
                    tenure_app::report::text::segment(&cursor.text())
                )
            }),
            unseen,
        }),
    )
}

pub(crate) async fn work(State(house): State<House>, visit: Visit) -> Result<Response> {
    let desk = visit.desk(&house);
    let jobs = desk.jobs().await?;
    let job = |name: &str, waiting, failed: Option<String>| work::Job {
        name: name.to_owned(),
        last: None,
        next: None,
        waiting,
        failed,
        acts: Vec::new(),
    };
    html(
        &house,
        work::render(&work::Work {
            frame: visit.frame(&house, Place::Work, "Work").await?,
            cases: Vec::new(),
            jobs: vec![
                job("Waiting", jobs.ready, None),
                job("Under way", jobs.leased, None),
                job(
                    "Given up",
                    jobs.failed,
                    (jobs.failed > 0)
                        .then(|| "after several attempts; the log says why".to_owned()),
                ),
            ],
        }),
    )
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    who: String,
    what: String,
    about: String,
    denied: Option<String>,
    before: Option<u64>,
}

pub(crate) async fn proof(
    State(house): State<House>,
    visit: Visit,
    Query(asked): Query<Log>,
) -> Result<Response> {
    proven(&house, &visit, asked, None).await
}

/// Checks the whole log. It reads, and changes nothing; it is a form since it takes long.
pub(crate) async fn verify(State(house): State<House>, visit: Visit) -> Result<Response> {
    let desk = visit.desk(&house);
    let checked = desk.verify(house.register.state()).await?;
    let (whole, says) = match checked {
        None => (true, "The log is empty.".to_owned()),
        Some(Checked::Holds(verified)) => (
            true,
            format!(
                "It holds: {} events, from the first to the last.",
                verified.to.saturating_sub(verified.from)
            ),
        ),
        Some(Checked::Tampered(found)) => (false, found.to_string()),
    };
    let verified = proof::Verified {
        at: desk.now,
        whole,
        says,
    };
    proven(&house, &visit, Log::default(), Some(verified)).await
}

async fn proven(
    house: &House,
    visit: &Visit,
    asked: Log,
    verified: Option<proof::Verified>,
) -> Result<Response> {
    let desk = visit.desk(house);
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let filter = EventFilter {
        about: some(&asked.about),
        who: some(&asked.who),
        what: some(&asked.what),
        denied: asked.denied.is_some(),
    };
    let logged = desk.log(&filter, asked.before, PAGE).await?;
    let last = logged
        .last()
        .map(|one| one.index)
        .filter(|index| *index > 0);
    let next = last.filter(|_| logged.len() as u64 == PAGE).map(|index| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("who", &asked.who),
            ("what", &asked.what),
            ("about", &asked.about),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if asked.denied.is_some() {
            query.append_pair("denied", "yes");
        }
        query.append_pair("before", &index.to_string());
        format!("/proof?{}", query.finish())
    });
    let state = house.register.state();
    let head = if desk.allows_everywhere(Action::ProofView) {
        match desk.checkpoint(state).await {
            Ok((checkpoint, note)) => Some(proof::Head {
                size: checkpoint.size,
                root: checkpoint.root.to_string(),
                checkpoint: note,
                public_key: desk.log_key(state).await?,
            }),
            Err(RegisterError::Nothing(_)) => None,
            Err(error) => return Err(error.into()),
        }
    } else {
        None
    };
    html(
        house,
        proof::render(&proof::Proof {
            frame: visit.frame(house, Place::Proof, "Proof").await?,
            head,
            verified,
            events: told(&desk, &logged).await?,
            asked: proof::Asked {
                who: asked.who,
                what: asked.what,
                about: asked.about,
                denied: asked.denied.is_some(),
            },
            next,
            may_verify: desk.allows_everywhere(Action::LogVerify),
            may_export: desk.allows_everywhere(Action::AuditExport),
        }),
    )
}

pub(crate) async fn catalogue(
    State(house): State<House>,
    visit: Visit,
    Query(words): Query<Words>,
) -> Result<Response> {
    let desk = visit.desk(&house);
    desk.may(Action::CatalogView).await?;
    let facets = super::facets(&desk).await?;
    let keys = |slug: &str| {
        let values = facets.get(&Facet::Provider)?;
        let found = values.iter().find(|(known, _)| known == slug);
        found.map(|(_, n)| *n)
    };
    let low = words.q.trim().to_lowercase();
    let providers = house.register.providers().iter().filter(|provider| {
        low.is_empty()
            || provider.provider.contains(&low)
            || provider.name.to_lowercase().contains(&low)
    });
    let lines = providers.map(|provider| catalogue::Line::of(provider, keys(&provider.provider)));
    html(
        &house,
        catalogue::render(&catalogue::Catalogue {
            providers: lines.collect(),
            sunsets: sunsets::dates(house.register.providers(), None, desk.now.day()),
            search: words.q,
            frame: visit.frame(&house, Place::Catalogue, "Catalogue").await?,
        }),
    )
}

pub(crate) async fn provider(
    State(house): State<House>,
    visit: Visit,
    Named(slug): Named,
) -> Result<Response> {
    let desk = visit.desk(&house);
    desk.may(Action::CatalogView).await?;
    let all = house.register.providers();
    let provider = all
        .iter()
        .find(|provider| provider.provider == slug)
        .ok_or_else(|| Problem::no_such("such provider"))?
        .clone();
    html(
        &house,
        catalogue::render_one(&catalogue::OneProvider {
            sunsets: sunsets::dates(std::slice::from_ref(&provider), None, desk.now.day()),
            frame: visit
                .frame(&house, Place::Catalogue, &provider.name)
                .await?,
            provider,
        }),
    )
}

/// A file that is kept as evidence: always as a download.
pub(crate) async fn attachment(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
) -> Result<Response> {
    use axum::{http::header, response::IntoResponse as _};
    let (file, content) = visit.desk(&house).evidence(&id).await?;
    let plain: String = file
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '_'
            }
        })
        .take(100)
        .collect();
    let headers = [
        (header::CONTENT_TYPE, file.content_type),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{plain}\""),
        ),
    ];
    Ok((headers, content).into_response())
}
