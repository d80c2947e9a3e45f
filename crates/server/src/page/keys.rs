//! Keys: the list, one of them, and what is done to them.

use super::{Said, Visit, cursor, exceptions, html, refused, then, told};
use crate::{
    answer::Result,
    error::Problem,
    extract::{self, Named, Upload, form_of},
    house::House,
    ui::{
        form::{self, Act, Choice, How, Typed},
        frame::Place,
        key, keys,
        life::{Life, Point},
        sheet,
    },
};
use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use tenure_app::register::{About, Desk, Entry, Facet, Filter, MOST_COUNTED};
use tenure_model::{access::Action, decide::Urgency, horizon::label, id::KeyId};

/// How many keys a page has.
const PAGE: u64 = 50;
/// How many values of a facet are offered.
const VALUES: usize = 8;
/// How many events of a key are shown.
const EVENTS: u64 = 50;

/// What a list is narrowed by, as the address says it.
pub(crate) fn asked(query: Option<&str>) -> Result<keys::Asked> {
    let pairs: Vec<(String, String)> = extract::query(query.unwrap_or_default())?;
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(keys::Asked::of(pairs))
}

fn filter(asked: &keys::Asked) -> Filter {
    let mut facets: BTreeMap<Facet, Vec<String>> = BTreeMap::new();
    for (facet, value) in &asked.values {
        if let Ok(facet) = facet.word().parse::<Facet>() {
            facets.entry(facet).or_default().push(value.clone());
        }
    }
    let search: String = asked.search.chars().take(200).collect();
    Filter {
        facets,
        search: Some(search).filter(|words| !words.is_empty()),
        seen: false,
        gone: asked.gone,
        due_by: asked.due_by,
    }
}

fn line(entry: Entry) -> keys::Line {
    keys::Line {
        id: entry.id.to_string(),
        name: entry.label,
        provider: entry.provider,
        account: entry.account,
        owner: entry.owner,
        owner_basis: entry.owner_basis,
        system: entry.system,
        verdict: entry.verdict,
        level: entry.level,
        urgency: entry.urgency.parse().unwrap_or(Urgency::None),
        due: entry.due,
        last_used: entry.last_used,
        copies: entry.copies,
        gone: entry.gone,
    }
}

pub(crate) async fn list(
    State(house): State<House>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    let asked = asked(query.as_deref())?;
    let desk = visit.desk(&house);
    let filter = filter(&asked);
    let sort = asked
        .sort
        .word()
        .parse()
        .unwrap_or(tenure_app::register::Sort::Due);
    let after = cursor(asked.after.as_deref())?;
    let page = desk.list(&filter, sort, after.as_ref(), PAGE).await?;
    let count = desk
        .count(&filter)
        .await?
        .min(MOST_COUNTED.saturating_add(1));
    let mut known = desk.facets().await?;
    let facets = keys::Facet::ALL.iter().filter_map(|facet| {
        let of: Facet = facet.word().parse().ok()?;
        let mut values = known.remove(&of).unwrap_or_default();
        values.truncate(VALUES);
        Some((*facet, values))
    });
    let facets = facets.collect();
    let may_assign = desk.allows_somewhere(Action::OwnerAssignMany).await?;
    let bulk = if may_assign {
        vec![("assign", "Assign an owner")]
    } else {
        Vec::new()
    };
    html(
        &house,
        keys::render(&keys::Keys {
            frame: visit.frame(&house, Place::Keys, "Keys").await?,
            asked,
            lines: page.entries.into_iter().map(line).collect(),
            count,
            facets,
            views: Vec::new(),
            next: page.next.map(|cursor| cursor.text()),
            bulk,
            saves: false,
        }),
    )
}

pub(crate) async fn one(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
) -> Result<Response> {
    shown(&house, &visit, &KeyId::new(id), Typed::default()).await
}

async fn shown(house: &House, visit: &Visit, id: &KeyId, typed: Typed) -> Result<Response> {
    let desk = visit.desk(house);
    let record = desk.key(id).await?;
    let id = record.registered.id.clone();
    let history = desk.history(&id, EVENTS).await?;
    let today = desk.now.day();
    let key = record.registered.key;
    let mut exceptions = Vec::new();
    for one in &record.exceptions {
        let id = tenure_model::id::ExceptionId::new(one.exception.request().id());
        exceptions.push(excepted(&desk.exception(&id).await?));
    }
    let remarks = desk.remarks(&About::Key(id.clone())).await?;
    let logged: Vec<_> = history
        .events
        .iter()
        .map(|entry| tenure_app::register::Logged {
            index: entry.index,
            leaf: entry.leaf,
            event: serde_json::from_str(&entry.body).ok(),
        })
        .collect();
    let events = told(&desk, &logged).await?;
    let mut points: Vec<Point> = history
        .decisions
        .iter()
        .map(|decision| Point {
            day: decision.at.day(),
            text: format!(
                "judged {}",
                tenure_app::report::words::verdict(decision.verdict).to_lowercase()
            ),
        })
        .collect();
    points.push(Point {
        day: record.registered.added_at.day(),
        text: "came to be known here".to_owned(),
    });
    let view = key::OneKey {
        frame: visit.frame(house, Place::Keys, &label(&key)).await?,
        gone: false,
        assigned: record.assigned.map(|one| key::Assigned {
            owner: one.owner,
            backup: one.backup,
            until: None,
        }),
        exceptions,
        comments: comments(remarks),
        may_comment: desk.allows_on(Action::KeyComment, &id).await?,
        may_attach: desk.allows_on(Action::EvidenceAttach, &id).await?,
        typed: typed.clone(),
        life: Life::of(&key, points, today),
        events: events.into_iter().map(|(_, event)| event).collect(),
        acts: acts(&desk, &id, &key).await?,
        key: Box::new(key),
    };
    Ok(refused(&typed, html(house, key::render(&view))?))
}

fn excepted(shown: &tenure_app::register::Shown) -> key::Excepted {
    let mut says = format!("asked for by {}", shown.requested_by);
    match (&shown.approval, &shown.acceptance) {
        (None, _) => says.push_str("; nobody approved it yet"),
        (Some(approval), None) => {
            says.push_str(&format!(
                "; approved by {}, nobody accepted its risk yet",
                approval.by()
            ));
        }
        (Some(approval), Some(acceptance)) => says.push_str(&format!(
            "; approved by {}, its risk accepted by {}",
            approval.by(),
            acceptance.by()
        )),
    }
    key::Excepted {
        id: shown.id.clone(),
        address: exceptions::address(&shown.id),
        stage: shown.stage,
        permanent: shown.kind == "permanent",
        day: shown.ends.or(shown.review_due),
        says,
    }
}

/// What was said and kept, oldest first.
pub(super) fn comments(remarks: tenure_app::register::Remarks) -> Vec<key::Comment> {
    let mut all: Vec<key::Comment> = remarks
        .comments
        .into_iter()
        .map(|one| key::Comment {
            by: one.said_by,
            at: one.said_at,
            text: one.text,
            attachments: Vec::new(),
        })
        .collect();
    for file in remarks.attachments {
        all.push(key::Comment {
            by: file.added_by,
            at: file.added_at,
            text: String::new(),
            attachments: vec![key::Attachment {
                address: format!(
                    "/attachments/{}",
                    tenure_app::report::text::segment(&file.id)
                ),
                name: file.name,
                bytes: file.size,
                digest: file.sha256,
            }],
        });
    }
    all.sort_by_key(|one| one.at);
    all
}

/// What the caller may do now, the right thing first.
async fn acts(
    desk: &Desk<'_>,
    id: &KeyId,
    key: &tenure_model::assessment::Key,
) -> Result<Vec<Act>> {
    let address = form::key(id.as_str());
    let mut acts = Vec::new();
    let unowned = key.verdict.id == tenure_model::facts::Verdict::Unowned;
    let outcome = &key.verdict.outcome;
    if desk.allows_on(Action::OwnerAssign, id).await? {
        let why = unowned.then_some("nobody answers for it");
        acts.push(Act::open(
            "Assign an owner",
            why,
            format!("{address}/owner"),
        ));
    }
    if outcome.exception_allowed && desk.allows_on(Action::ExceptionRequest, id).await? {
        let why = Some("its verdict allows one");
        acts.push(Act::open(
            "Ask for an exception",
            why,
            format!("{address}/exception"),
        ));
    }
    if !unowned {
        acts.reverse();
    }
    if desk.allows_somewhere(Action::JobControl).await? {
        acts.push(Act {
            label: "Judge everything again".to_owned(),
            why: None,
            how: How::Send("/judge".to_owned(), vec![("back", address)]),
        });
    }
    Ok(acts)
}

async fn people(desk: &Desk<'_>) -> Vec<Choice> {
    // Who may not see people types a name.
    let list = match desk.allows_everywhere(Action::PeopleView) {
        true => desk.people().await.unwrap_or_default(),
        false => Vec::new(),
    };
    list.into_iter()
        .map(|person| Choice {
            label: person.email.clone().unwrap_or_else(|| person.id.clone()),
            value: person.id,
            chosen: false,
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    owner: String,
    #[serde(default)]
    backup: String,
}

async fn owner_sheet(house: &House, visit: &Visit, id: &KeyId, typed: Typed) -> Result<Response> {
    let desk = visit.desk(house);
    let record = desk.key(id).await?;
    let address = form::key(record.registered.id.as_str());
    let field = |name, label: &str, optional, people| sheet::Field {
        name,
        label: label.to_owned(),
        hint: "By the id of the people list, or an e-mail address.".to_owned(),
        optional,
        kind: sheet::Kind::Person(people),
    };
    let list = people(&desk).await;
    let answer = html(
        house,
        sheet::render(&sheet::Sheet {
            frame: visit.frame(house, Place::Keys, "Assign an owner").await?,
            back: (label(&record.registered.key), address.clone()),
            order: "Assign an owner".to_owned(),
            lead: vec![
                "Who answers for a key is asked about it, and told of what is due.".to_owned(),
            ],
            address: format!("{address}/owner"),
            fixed: Vec::new(),
            fields: vec![
                field("owner", "Who answers for it", false, list.clone()),
                field("backup", "Who stands in for them", true, list),
            ],
            typed: typed.clone(),
            button: "Assign".to_owned(),
        }),
    )?;
    Ok(refused(&typed, answer))
}

pub(crate) async fn owner(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
) -> Result<Response> {
    owner_sheet(&house, &visit, &KeyId::new(id), Typed::default()).await
}

pub(crate) async fn assign(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    let form: Owner = form_of(&body)?;
    let id = KeyId::new(id);
    let (owner, backup) = (form.owner.trim(), form.backup.trim());
    if owner.is_empty() {
        let typed = Typed {
            values: vec![("backup", form.backup.clone())],
            problems: vec![form::Problem {
                field: "owner",
                text: "Name a person".to_owned(),
            }],
        };
        return owner_sheet(&house, &visit, &id, typed).await;
    }
    let backup = Some(backup).filter(|name| !name.is_empty());
    let desk = visit.desk(&house);
    desk.assign_owner(std::slice::from_ref(&id), Some(owner), backup)
        .await?;
    then(&house, &form::key(id.as_str()), Some(Said::OwnerAssigned))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentForm {
    text: String,
}

pub(crate) async fn comment(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    let said: CommentForm = form_of(&body)?;
    let id = KeyId::new(id);
    let desk = visit.desk(&house);
    let record = desk.key(&id).await?;
    let about = About::Key(record.registered.id.clone());
    match desk.comment(&about, &said.text).await {
        Ok(_) => then(&house, &form::key(id.as_str()), Some(Said::Commented)),
        Err(tenure_app::register::RegisterError::Name(problem)) => {
            let typed = Typed {
                values: vec![("text", said.text)],
                problems: vec![form::Problem {
                    field: "text",
                    text: problem,
                }],
            };
            shown(&house, &visit, &id, typed).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Keeps a file as evidence.
pub(crate) async fn attach(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    Upload(parts): Upload,
) -> Result<Response> {
    let id = KeyId::new(id);
    let desk = visit.desk(&house);
    let record = desk.key(&id).await?;
    let about = About::Key(record.registered.id.clone());
    let wrong = |text: String| Typed {
        values: Vec::new(),
        problems: vec![form::Problem {
            field: "file",
            text,
        }],
    };
    let file = parts.into_iter().find(|part| part.name == "file");
    let Some(file) = file.filter(|file| !file.file_name.is_empty()) else {
        let typed = wrong("Choose a file".to_owned());
        return shown(&house, &visit, &id, typed).await;
    };
    match desk.attach(&about, &file.file_name, &file.content).await {
        Ok(_) => then(&house, &form::key(id.as_str()), Some(Said::Attached)),
        Err(tenure_app::register::RegisterError::Name(problem)) => {
            shown(&house, &visit, &id, wrong(problem)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn exception_sheet(
    house: &House,
    visit: &Visit,
    id: &KeyId,
    typed: Typed,
) -> Result<Response> {
    let desk = visit.desk(house);
    let record = desk.key(id).await?;
    let key = &record.registered.key;
    let address = form::key(record.registered.id.as_str());
    let kind = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: typed.value("kind") == value,
    };
    let mut kinds = vec![kind("until", "Until a day")];
    if key.verdict.id == tenure_model::facts::Verdict::Irreplaceable {
        kinds.push(kind("permanent", "Permanent, as long as it is reviewed"));
    }
    let answer = html(
        house,
        sheet::render(&sheet::Sheet {
            frame: visit
                .frame(house, Place::Keys, "Ask for an exception")
                .await?,
            back: (label(key), address.clone()),
            order: "Ask for an exception".to_owned(),
            lead: vec![
                "Somebody else approves it, and a risk owner accepts it. It ends on its day."
                    .to_owned(),
            ],
            address: format!("{address}/exception"),
            fixed: Vec::new(),
            fields: std::iter::once(sheet::Field {
                name: "kind",
                label: "For how long".to_owned(),
                hint: String::new(),
                optional: false,
                kind: sheet::Kind::Choice(kinds),
            })
            .chain(exceptions::fields("Why it is needed", true))
            .collect(),
            typed: typed.clone(),
            button: "Ask".to_owned(),
        }),
    )?;
    Ok(refused(&typed, answer))
}

pub(crate) async fn exception(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
) -> Result<Response> {
    exception_sheet(&house, &visit, &KeyId::new(id), Typed::default()).await
}

pub(crate) async fn request(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    use tenure_app::register::{RegisterError, Term};
    let form: exceptions::Wanted = form_of(&body)?;
    let id = KeyId::new(id);
    let term = match (form.kind.as_str(), form.until.parse()) {
        ("permanent", _) => Term::Permanent,
        (_, Ok(day)) => Term::Until(day),
        (_, Err(_)) => return exception_sheet(&house, &visit, &id, form.without_day()).await,
    };
    let desk = visit.desk(&house);
    match desk.request_exception(&id, term, &form.asked()).await {
        Ok(_) => then(&house, &form::key(id.as_str()), Some(Said::Requested)),
        Err(error @ (RegisterError::Exception(_) | RegisterError::Name(_))) => {
            let problem = form::Problem {
                field: "why",
                text: error.to_string(),
            };
            exception_sheet(&house, &visit, &id, form.back(problem)).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chosen {
    #[serde(default)]
    back: String,
    #[serde(default)]
    key: Vec<String>,
    #[serde(default)]
    act: String,
}

/// What an act on many keys would do.
pub(crate) async fn preview(
    State(house): State<House>,
    visit: Visit,
    body: Bytes,
) -> Result<Response> {
    let chosen: Chosen = form_of(&body)?;
    if chosen.act != "assign" {
        return Err(Problem::field(
            "act",
            "act: this cannot be done to many keys at once",
        ));
    }
    let desk = visit.desk(&house);
    let (mut changes, mut leaves) = (Vec::new(), Vec::new());
    for id in chosen.key.iter().take(500) {
        let id = KeyId::new(id.clone());
        let record = desk.key(&id).await?;
        let owner = record.assigned.map(|one| one.owner);
        let mut one = keys::Preview {
            id: record.registered.id.to_string(),
            name: label(&record.registered.key),
            before: owner
                .or(record.registered.key.owner.value)
                .unwrap_or_else(|| "nobody".to_owned()),
            after: "whom you name".to_owned(),
        };
        if desk.allows_on(Action::OwnerAssign, &id).await? {
            changes.push(one);
        } else {
            one.after = "you may not assign its owner".to_owned();
            leaves.push(one);
        }
    }
    html(
        &house,
        keys::render_bulk(&keys::Bulk {
            frame: visit.frame(&house, Place::Keys, "Assign an owner").await?,
            act: "assign",
            order: "Assign an owner".to_owned(),
            asks: Some(keys::Asks::Person(people(&desk).await)),
            changes,
            leaves,
            back: list_address(&chosen.back),
        }),
    )
}

/// An address of the list, and of nothing else.
fn list_address(text: &str) -> String {
    match text.split_once('?') {
        Some(("/keys", query)) => {
            asked(Some(query)).map_or_else(|_| "/keys".to_owned(), |asked| asked.address())
        }
        _ => "/keys".to_owned(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignMany {
    #[serde(default)]
    back: String,
    #[serde(default)]
    key: Vec<String>,
    person: String,
}

pub(crate) async fn assign_many(
    State(house): State<House>,
    visit: Visit,
    body: Bytes,
) -> Result<Response> {
    let form: AssignMany = form_of(&body)?;
    let ids: Vec<KeyId> = form.key.into_iter().map(KeyId::new).collect();
    let person = form.person.trim();
    if person.is_empty() || ids.is_empty() {
        return Err(Problem::field(
            "person",
            "name a person, and at least one key",
        ));
    }
    visit
        .desk(&house)
        .assign_owner(&ids, Some(person), None)
        .await?;
    then(&house, &list_address(&form.back), Some(Said::OwnerAssigned))
}
