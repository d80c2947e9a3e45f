//! Decisions: what waits for a signature, the statement that is signed, and the signature itself.

use super::{Said, Visit, html, keys::form_of, then};
use crate::{
    answer::Result,
    error::Problem,
    extract::Named,
    house::House,
    ui::{
        decisions::{self, Chosen, Kind, Sign, Waiting},
        form::{self, Typed},
        frame::Place,
    },
};
use axum::{body::Bytes, extract::State, response::Response};
use serde::Deserialize;
use tenure_app::register::{Desk, RegisterError, Shown, Signature, Signing};
use tenure_model::{
    access::{Action, Sort},
    exception::Stage,
    id::ExceptionId,
};

/// What waits.
pub(crate) struct Queue {
    list: Vec<(Waiting, Shown)>,
}

impl Queue {
    /// How much waits for the caller.
    pub(crate) fn count(&self) -> u64 {
        let theirs = self.list.iter().filter(|(one, _)| one.theirs).count();
        u64::try_from(theirs).unwrap_or(u64::MAX)
    }

    /// What waits for the caller.
    pub(crate) fn theirs(&self) -> impl Iterator<Item = &Waiting> {
        self.list
            .iter()
            .map(|(one, _)| one)
            .filter(|one| one.theirs)
    }
}

/// The act that an exception waits for.
fn awaited(stage: Stage) -> Option<(Action, Kind, &'static str)> {
    match stage {
        Stage::AwaitingApproval => Some((
            Action::ExceptionApprove,
            Kind::Approve,
            "Approve the exception",
        )),
        Stage::AwaitingAcceptance => Some((Action::RiskAccept, Kind::Accept, "Accept the risk")),
        _ => None,
    }
}

/// What waits for signatures, as far as the caller may see it.
pub(crate) async fn waiting(desk: &Desk<'_>) -> Result<Queue> {
    let mut list = Vec::new();
    if !desk.allows_everywhere(Action::ExceptionList) {
        return Ok(Queue { list });
    }
    for stage in [Stage::AwaitingApproval, Stage::AwaitingAcceptance] {
        for shown in desk.exceptions(Some(stage)).await? {
            let Some((action, kind, _)) = awaited(shown.stage) else {
                continue;
            };
            let id = ExceptionId::new(shown.id.clone());
            let signing = desk.may_sign(action, &id).await?;
            let kind = match (shown.kind, shown.today.is_some()) {
                (_, true) => Kind::Reopened,
                ("class", false) => Kind::Class,
                (_, false) => kind,
            };
            let waiting = Waiting {
                id: shown.id.clone(),
                kind,
                name: shown.name.clone(),
                level: shown.level,
                by: shown.requested_by.to_string(),
                since: desk.now.day(),
                due: None,
                theirs: !matches!(signing, Signing::Not(_)),
            };
            list.push((waiting, shown));
        }
    }
    list.sort_by_key(|(one, _)| (!one.theirs, std::cmp::Reverse(one.level)));
    Ok(Queue { list })
}

pub(crate) async fn list(State(house): State<House>, visit: Visit) -> Result<Response> {
    page(&house, &visit, None, Typed::default()).await
}

pub(crate) async fn one(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
) -> Result<Response> {
    page(&house, &visit, Some(&id), Typed::default()).await
}

async fn page(house: &House, visit: &Visit, id: Option<&str>, typed: Typed) -> Result<Response> {
    let desk = visit.desk(house);
    if !desk.allows_everywhere(Action::ExceptionList) {
        // Refused and recorded.
        desk.may(Action::ExceptionList).await?;
    }
    let queue = waiting(&desk).await?;
    let chosen = match id {
        None => None,
        Some(id) => match queue.list.iter().find(|(one, _)| one.id == id) {
            Some((waiting, shown)) => Some(opened(&desk, waiting, shown, typed).await?),
            None => {
                // Decided by now, or never there.
                desk.exception(&ExceptionId::new(id)).await?;
                return then(
                    house,
                    &format!("/exceptions/{}", tenure_app::report::text::segment(id)),
                    None,
                );
            }
        },
    };
    html(
        house,
        decisions::render(&decisions::Decisions {
            frame: visit.frame(house, Place::Decisions, "Decisions").await?,
            list: queue.list.into_iter().map(|(one, _)| one).collect(),
            next: None,
            chosen,
        }),
    )
}

async fn opened(desk: &Desk<'_>, waiting: &Waiting, shown: &Shown, typed: Typed) -> Result<Chosen> {
    let id = ExceptionId::new(shown.id.clone());
    let (action, _, order) =
        awaited(shown.stage).ok_or_else(|| Problem::no_such("decision that waits"))?;
    let form = |stale| Sign::Form {
        typed: typed.clone(),
        order,
        refuse: Some("Deny it"),
        may_ask: true,
        stale,
    };
    let sign = match desk.may_sign(action, &id).await? {
        Signing::May => form(false),
        Signing::AfterSignIn => form(true),
        Signing::Not(denial) => Sign::Not {
            why: denial.to_string(),
            policies: denial
                .because
                .iter()
                .map(|one| one.policy.clone())
                .collect(),
            who: denial
                .roles
                .iter()
                .map(|role| role.name().to_owned())
                .collect(),
        },
    };
    Ok(Chosen {
        waiting: waiting.clone(),
        key: shown.key.as_ref().map(|key| form::key(key.as_str())),
        statement: shown.statement.text().to_owned(),
        digest: shown.statement.digest().to_owned(),
        signed: signed(shown),
        sign,
    })
}

fn signed(shown: &Shown) -> Vec<decisions::Signature> {
    let mut all = Vec::new();
    if let Some(one) = &shown.approval {
        all.push(decisions::Signature {
            by: one.by().to_string(),
            what: "approved".to_owned(),
            reason: one.reason().to_owned(),
            at: one.at(),
        });
    }
    if let Some(one) = &shown.acceptance {
        all.push(decisions::Signature {
            by: one.by().to_string(),
            what: "accepted the risk".to_owned(),
            reason: one.reason().to_owned(),
            at: one.at(),
        });
    }
    all
}

/// The statement of an exception, to be read and printed.
pub(crate) async fn statement(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
) -> Result<Response> {
    let shown = visit.desk(&house).exception(&ExceptionId::new(id)).await?;
    html(
        &house,
        decisions::render_statement(&decisions::Statement {
            frame: visit.frame(&house, Place::Decisions, "Statement").await?,
            name: shown.name.clone(),
            key: shown.key.as_ref().map(|key| form::key(key.as_str())),
            statement: shown.statement.text().to_owned(),
            digest: shown.statement.digest().to_owned(),
            signed: signed(&shown),
            holds: shown.told.clone(),
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    #[expect(dead_code, reason = "the guard has checked it")]
    csrf: Option<String>,
    statement: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    reason: String,
}

pub(crate) async fn sign(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    let form: Signed = form_of(&body)?;
    let desk = visit.desk(&house);
    let exception = ExceptionId::new(id.clone());
    let shown = desk.exception(&exception).await?;
    let back = |field, text: &str| Typed {
        values: vec![("act", form.act.clone()), ("reason", form.reason.clone())],
        problems: vec![form::Problem {
            field,
            text: text.to_owned(),
        }],
    };
    let Some((action, ..)) = awaited(shown.stage) else {
        let detail = format!("this was decided meanwhile: {}", shown.told);
        return Err(Problem::new(
            axum::http::StatusCode::CONFLICT,
            "decided",
            detail,
        ));
    };
    if form.reason.trim().is_empty() {
        let typed = back("reason", "Write your reason, in your own words");
        return page(&house, &visit, Some(&id), typed).await;
    }
    let signature = Signature {
        reason: form.reason.trim(),
        seen: &form.statement,
        version: Some(shown.version),
    };
    let (action, said) = match form.act.as_str() {
        "approve" => (action, Said::Signed),
        "deny" => (Action::ExceptionDeny, Said::Refused),
        "question" => {
            let about = tenure_app::register::About::Exception(exception.clone());
            desk.comment(&about, form.reason.trim()).await?;
            return then(&house, &format!("/decisions/{id}"), Some(Said::Commented));
        }
        _ => {
            let typed = back("act", "Choose what you decide");
            return page(&house, &visit, Some(&id), typed).await;
        }
    };
    if action.sort() == Sort::Sign
        && matches!(
            desk.may_sign(action, &exception).await?,
            Signing::AfterSignIn
        )
    {
        let path = format!("/decisions/{}", tenure_app::report::text::segment(&id));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("return_to", &path)
            .append_pair("again", "true")
            .finish();
        return then(&house, &format!("/login?{query}"), None);
    }
    let done = match action {
        Action::ExceptionApprove => desk.approve_exception(&exception, signature).await,
        Action::RiskAccept => desk.accept_risk(&exception, signature).await,
        _ => {
            desk.deny_exception(&exception, signature.reason, Some(shown.version))
                .await
        }
    };
    match done {
        Ok(_) => then(&house, "/decisions", Some(said)),
        Err(RegisterError::Stale(stale)) => html(
            &house,
            decisions::render_changed(&decisions::Changed {
                frame: visit
                    .frame(&house, Place::Decisions, "Facts changed")
                    .await?,
                name: shown.name,
                before: stale.statement.text().to_owned(),
                after: stale.today.text().to_owned(),
                digest: stale.today.digest().to_owned(),
                reason: form.reason,
                again: format!("/decisions/{}", tenure_app::report::text::segment(&id)),
            }),
        ),
        Err(RegisterError::Exception(refusal)) => {
            let typed = back("reason", &refusal.to_string());
            page(&house, &visit, Some(&id), typed).await
        }
        Err(error) => Err(error.into()),
    }
}
