//! Acts that are of no place: the look, judging again, answers about one's keys.

use super::{Said, Visit, html, keep_theme, refused, then};
use crate::{
    answer::Result,
    error::Problem,
    extract::{Named, form_of},
    house::House,
    ui::{
        answers,
        form::{Problem as Wrong, Typed},
        frame::{Place, Theme},
    },
};
use axum::{body::Bytes, extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use tenure_app::register::GivenAnswer;
use tenure_model::{
    access::Action,
    ask::AskAnswer,
    id::{AskId, KeyId},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Look {
    theme: String,
}

pub(crate) async fn theme(
    State(house): State<House>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let form: Look = form_of(&body)?;
    let theme: Theme = form
        .theme
        .parse()
        .map_err(|_| Problem::field("theme", "theme: light, dark or system"))?;
    drop(visit);
    let mut answer = then(&house, &came_from(&house, &headers), None)?;
    keep_theme(&house, theme, &mut answer);
    Ok(answer)
}

/// The page of this server that a form was on, where the browser says it; else the first one.
fn came_from(house: &House, headers: &HeaderMap) -> String {
    let from = headers
        .get(axum::http::header::REFERER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| url::Url::parse(text).ok())
        .filter(|url| url.origin().ascii_serialization() == house.origin());
    from.map_or_else(
        || "/".to_owned(),
        |url| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        },
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Again {
    #[serde(default)]
    back: String,
}

pub(crate) async fn judge(
    State(house): State<House>,
    visit: Visit,
    body: Bytes,
) -> Result<Response> {
    let form: Again = form_of(&body)?;
    let desk = visit.desk(&house);
    desk.may(Action::JobControl).await?;
    desk.reassess().await?;
    // Only a page of a key, or the first one.
    let back = form
        .back
        .strip_prefix("/keys/")
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .map_or_else(|| "/".to_owned(), |id| format!("/keys/{id}"));
    then(&house, &back, Some(Said::Judged))
}

async fn page(house: &House, visit: &Visit, id: &str, typed: Typed) -> Result<Response> {
    let desk = visit.desk(house);
    let mine = desk.asked_of_me().await?;
    let Some((ask, entries)) = mine.into_iter().find(|(ask, _)| ask.id.as_str() == id) else {
        // Answered by now, or asked of another: the rules say which.
        let ask = desk.ask(&AskId::new(id)).await?;
        return Err(Problem::no_such(&format!("open question {}", ask.id)));
    };
    let keys = ask.keys.iter().map(|asked| {
        let entry = entries.get(&asked.key);
        answers::Asked {
            id: asked.key.to_string(),
            name: entry.map_or_else(|| asked.key.to_string(), |entry| entry.label.clone()),
            says: entry.map_or_else(String::new, |entry| {
                let verdict = tenure_app::report::words::verdict(entry.verdict);
                format!("{}, {}", entry.provider, verdict.to_lowercase())
            }),
            why: asked.why.clone(),
            level: entry.map_or(tenure_model::level::Level::B0, |entry| entry.level),
            answer: asked.answer.as_ref().map(|given| match given.answer {
                AskAnswer::Mine => answers::Answer::Mine,
                AskAnswer::NotMine => answers::Answer::NotMine,
                AskAnswer::CanBeTurnedOff => answers::Answer::Off,
            }),
        }
    });
    let view = answers::Answers {
        address: format!("/answers/{}", tenure_app::report::text::segment(id)),
        asker: ask.sent_by.clone(),
        due: Some(ask.due),
        keys: keys.collect(),
        people: Vec::new(),
        typed: typed.clone(),
        done: false,
        frame: visit.frame(house, Place::Today, "Your keys").await?,
    };
    Ok(refused(&typed, html(house, answers::render(&view))?))
}

/// The oldest question that waits for the caller's answers; the first page where there is none.
pub(crate) async fn mine(State(house): State<House>, visit: Visit) -> Result<Response> {
    let mine = visit.desk(&house).asked_of_me().await?;
    let to = mine.first().map_or_else(
        || "/".to_owned(),
        |(ask, _)| {
            let id = tenure_app::report::text::segment(ask.id.as_str());
            format!("/answers/{id}")
        },
    );
    then(&house, &to, None)
}

pub(crate) async fn answers(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
) -> Result<Response> {
    page(&house, &visit, &id, Typed::default()).await
}

/// Answers of a form: those that were chosen; the others stay open.
fn given(fields: &BTreeMap<String, String>) -> std::result::Result<Vec<GivenAnswer>, Wrong> {
    let mut all = Vec::new();
    for (name, key) in fields {
        let Some(n) = name.strip_prefix("key-") else {
            continue;
        };
        let field = |name: &str| fields.get(&format!("{name}-{n}")).map(|text| text.trim());
        let answer = match field("answer") {
            None | Some("") => continue,
            Some("mine") => AskAnswer::Mine,
            Some("not_mine") => AskAnswer::NotMine,
            Some("off") => AskAnswer::CanBeTurnedOff,
            Some(_) => {
                return Err(Wrong {
                    field: "1",
                    text: "Choose one of the three answers".to_owned(),
                });
            }
        };
        let next = field("other").filter(|text| !text.is_empty() && answer == AskAnswer::NotMine);
        all.push(GivenAnswer {
            key: KeyId::new(key.clone()),
            answer,
            next: next.map(str::to_owned),
        });
    }
    Ok(all)
}

pub(crate) async fn answer(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    let fields: BTreeMap<String, String> = form_of(&body)?;
    let wrong = |problem| Typed {
        values: Vec::new(),
        problems: vec![problem],
    };
    let answers = match given(&fields) {
        Ok(answers) => answers,
        Err(problem) => return page(&house, &visit, &id, wrong(problem)).await,
    };
    let desk = visit.desk(&house);
    let open: Vec<_> = desk
        .asked_of_me()
        .await?
        .into_iter()
        .filter(|(ask, _)| ask.id.as_str() == id)
        .flat_map(|(ask, _)| ask.keys)
        .filter(|asked| asked.answer.is_none())
        .map(|asked| asked.key)
        .collect();
    // What was answered before stays as it was.
    let answers: Vec<GivenAnswer> = answers
        .into_iter()
        .filter(|given| open.contains(&given.key))
        .collect();
    if answers.is_empty() {
        let problem = Wrong {
            field: "1",
            text: "Choose an answer for one key at least".to_owned(),
        };
        return page(&house, &visit, &id, wrong(problem)).await;
    }
    match desk.ask_answer(&AskId::new(id.clone()), &answers).await {
        Ok(_) => then(&house, "/", Some(Said::Answered)),
        Err(tenure_app::register::RegisterError::Name(text)) => {
            page(&house, &visit, &id, wrong(Wrong { field: "1", text })).await
        }
        Err(error) => Err(error.into()),
    }
}
