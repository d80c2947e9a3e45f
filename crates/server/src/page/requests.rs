//! The front door: asking for a key before it is issued. It is decided at Decisions.

use super::{Said, Visit, exceptions::lines, html, refused, then};
use crate::{
    answer::Result,
    extract::form_of,
    house::House,
    ui::{
        form::{Problem as Wrong, Typed},
        frame::Place,
        sheet::{self, Field},
    },
};
use axum::{body::Bytes, extract::State, response::Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use tenure_app::register::{RegisterError, Wish};
use tenure_model::{access::Action, facts::ReplacementOption, place::Runtime};

const ADDRESS: &str = "/requests/new";

async fn page(house: &House, visit: &Visit, typed: Typed) -> Result<Response> {
    visit.desk(house).may(Action::KeyRequestMake).await?;
    let field = |name, label: &str, hint: String, kind| Field {
        name,
        label: label.to_owned(),
        hint,
        optional: matches!(name, "why_not" | "consumers"),
        kind,
    };
    let words = |all: Vec<&str>| all.join(", ");
    let options = words(
        ReplacementOption::ALL
            .iter()
            .map(|one| one.word())
            .collect(),
    );
    let runtimes = words(Runtime::ALL.iter().map(|one| one.word()).collect());
    let view = sheet::Sheet {
        frame: visit.frame(house, Place::Decisions, "Ask for a key").await?,
        back: ("Today".to_owned(), "/".to_owned()),
        order: "Ask for a key".to_owned(),
        lead: vec!["It is judged before it is issued. An approver who neither asks for it nor will answer for it decides.".to_owned()],
        address: ADDRESS.to_owned(),
        fixed: Vec::new(),
        fields: vec![
            field("provider", "Provider", "By its name in the catalogue, such as github.".to_owned(), sheet::Kind::Line(100)),
            field("credential", "Kind of key", "By its name in the catalogue.".to_owned(), sheet::Kind::Line(100)),
            field("purpose", "What it is for", "A sentence that stands alone.".to_owned(), sheet::Kind::Sentences),
            field("owner", "Who will answer for it", String::new(), sheet::Kind::Person(Vec::new())),
            field("expires", "The last day on which it may live", String::new(), sheet::Kind::Day),
            field("why_not", "Why not something better", format!("One a line, as option: reason. Options: {options}."), sheet::Kind::Sentences),
            field("consumers", "Where what uses it runs", format!("One a line: {runtimes}."), sheet::Kind::Sentences),
        ],
        typed: typed.clone(),
        button: "Ask".to_owned(),
    };
    Ok(refused(&typed, html(house, sheet::render(&view))?))
}

pub(crate) async fn asking(State(house): State<House>, visit: Visit) -> Result<Response> {
    page(&house, &visit, Typed::default()).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wished {
    #[serde(default)]
    provider: String,
    #[serde(default)]
    credential: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    why_not: String,
    #[serde(default)]
    consumers: String,
}

fn wish(form: &Wished) -> std::result::Result<Wish, Wrong> {
    let wrong = |field, text: String| Wrong { field, text };
    let expires = form
        .expires
        .parse()
        .map_err(|_| wrong("expires", "Name the last day".to_owned()))?;
    let mut why_not = BTreeMap::new();
    for line in lines(&form.why_not) {
        let parts = line.split_once(':');
        let option = parts.and_then(|(option, why)| {
            let option: ReplacementOption = option.trim().parse().ok()?;
            Some((option, why.trim().to_owned()))
        });
        let Some((option, why)) = option else {
            let text = format!("“{line}” is no option and reason: write option: reason");
            return Err(wrong("why_not", text));
        };
        why_not.insert(option, why);
    }
    let consumers = lines(&form.consumers).into_iter().map(|line| {
        let unknown = |_| wrong("consumers", format!("“{line}” is none of the words above"));
        line.parse::<Runtime>().map_err(unknown)
    });
    Ok(Wish {
        provider: form.provider.trim().to_owned(),
        credential: form.credential.trim().to_owned(),
        purpose: form.purpose.trim().to_owned(),
        why_not,
        owner: form.owner.trim().to_owned(),
        expires,
        consumers: consumers.collect::<std::result::Result<_, _>>()?,
        facts: Vec::new(),
        in_name_of: None,
    })
}

pub(crate) async fn ask(State(house): State<House>, visit: Visit, body: Bytes) -> Result<Response> {
    let form: Wished = form_of(&body)?;
    let back = |problem| Typed {
        values: vec![
            ("provider", form.provider.clone()),
            ("credential", form.credential.clone()),
            ("purpose", form.purpose.clone()),
            ("owner", form.owner.clone()),
            ("expires", form.expires.clone()),
            ("why_not", form.why_not.clone()),
            ("consumers", form.consumers.clone()),
        ],
        problems: vec![problem],
    };
    let wish = match wish(&form) {
        Ok(wish) => wish,
        Err(problem) => return page(&house, &visit, back(problem)).await,
    };
    match visit.desk(&house).request_key(&wish).await {
        Ok(_) => then(&house, "/", Some(Said::KeyRequested)),
        Err(
            error @ (RegisterError::Request(_) | RegisterError::Name(_) | RegisterError::Fact(_)),
        ) => {
            let problem = Wrong {
                field: "purpose",
                text: error.to_string(),
            };
            page(&house, &visit, back(problem)).await
        }
        Err(error) => Err(error.into()),
    }
}
