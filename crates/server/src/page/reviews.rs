//! Attestation: whoever is asked signs four answers for each key, one key after the other.

use super::{Said as Told, Visit, html, refused, then};
use crate::{
    answer::Result,
    extract::{Named, form_of},
    house::House,
    ui::{
        form::{self, Choice, Problem as Wrong, Typed},
        frame::Place,
        sheet::{self, Field},
    },
};
use axum::{body::Bytes, extract::State, response::Response};
use serde::Deserialize;
use tenure_app::{register::RegisterError, report::text};
use tenure_model::{
    access::{Actor, Via},
    attest::{Answers, Item, Said},
    id::KeyId,
};

fn address(id: &str) -> String {
    format!("/reviews/{}", text::segment(id))
}

/// The first key of which the caller is asked and has not spoken; the first page where there is none.
async fn page(house: &House, visit: &Visit, id: &str, typed: Typed) -> Result<Response> {
    let shown = visit.desk(house).review(id).await?;
    let me = visit.caller.person();
    let mut open = shown
        .items
        .iter()
        .filter(|item| item.attestation.is_none() && item.reviewers.contains(me));
    let (Some(item), None) = (open.next(), &shown.campaign.closed) else {
        return then(house, "/", Some(Told::Attested));
    };
    let left = text::plural(
        u64::try_from(open.count()).unwrap_or(u64::MAX),
        "key",
        "keys",
    );
    let view = sheet::Sheet {
        frame: visit
            .frame(house, Place::Today, &shown.campaign.title)
            .await?,
        back: (item.name.clone(), form::key(&item.key)),
        order: format!("Attest {}", item.name),
        lead: vec![format!(
            "{}, by {}. {left} after this one.",
            shown.campaign.title,
            shown.campaign.due.long()
        )],
        address: address(id),
        fixed: vec![("key", item.key.clone())],
        fields: fields(item, &typed),
        typed: typed.clone(),
        button: "Sign these answers".to_owned(),
    };
    Ok(refused(&typed, html(house, sheet::render(&view))?))
}

fn fields(_: &Item, typed: &Typed) -> Vec<Field> {
    let question = |name, label: &str| Field {
        name,
        label: label.to_owned(),
        hint: String::new(),
        optional: false,
        kind: sheet::Kind::Choice(
            [
                ("", "choose"),
                ("yes", "yes"),
                ("no", "no"),
                ("unknown", "I do not know"),
            ]
            .map(|(value, label)| Choice {
                value: value.to_owned(),
                label: label.to_owned(),
                chosen: typed.value(name) == value,
            })
            .to_vec(),
        ),
    };
    vec![
        question("need", "It is still needed"),
        question("scope", "It opens no more than it has to"),
        question("usage", "It is used as is known"),
        question("ownership", "Whoever is on record answers for it"),
        Field {
            name: "note",
            label: "Your words".to_owned(),
            hint: "Needed where something is answered with no.".to_owned(),
            optional: true,
            kind: sheet::Kind::Sentences,
        },
    ]
}

pub(crate) async fn next(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
) -> Result<Response> {
    page(&house, &visit, &id, Typed::default()).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attested {
    key: String,
    need: Said,
    scope: Said,
    usage: Said,
    ownership: Said,
    #[serde(default)]
    note: String,
}

pub(crate) async fn answer(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    let form: Attested = form_of(&body)?;
    let is_stale = matches!(
        visit.caller.actor(),
        Actor::Person(person) if person.via == (Via::Session { fresh: false })
    );
    if is_stale {
        return super::sign_in_again(&house, &address(&id));
    }
    let answers = Answers {
        need: form.need,
        scope: form.scope,
        usage: form.usage,
        ownership: form.ownership,
    };
    let desk = visit.desk(&house);
    let key = KeyId::new(form.key.clone());
    match desk.answer_review(&id, &key, answers, &form.note).await {
        Ok(_) => then(&house, &address(&id), None),
        Err(error @ RegisterError::Review(_)) => {
            let typed = Typed {
                values: vec![
                    ("need", form.need.word().to_owned()),
                    ("scope", form.scope.word().to_owned()),
                    ("usage", form.usage.word().to_owned()),
                    ("ownership", form.ownership.word().to_owned()),
                    ("note", form.note),
                ],
                problems: vec![Wrong {
                    field: "note",
                    text: error.to_string(),
                }],
            };
            page(&house, &visit, &id, typed).await
        }
        Err(error) => Err(error.into()),
    }
}
