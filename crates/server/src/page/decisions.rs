//! Decisions: what waits for a signature, the statement that is signed, and the signature itself. Exceptions and
//! requests for keys wait here alike; their ids tell them apart.

use super::{Said, Visit, exceptions, html, keys, refused, then};
use crate::{
    answer::Result,
    error::Problem,
    extract::{Named, form_of},
    house::House,
    ui::{
        decisions::{self, Chosen, Kind, Sign, Waiting},
        form::{self, Act, Typed},
        frame::Place,
        key::Comment,
    },
};
use axum::{
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use tenure_app::register::{About, Desk, RegisterError, RequestShown, Shown, Signature, Signing};
use tenure_app::report::text;
use tenure_model::{
    access::Action, exception::Stage, id::ExceptionId, key_request, moment::Moment,
};

/// What waits.
pub(crate) struct Queue {
    list: Vec<Waiting>,
}

impl Queue {
    /// How much waits for the caller.
    pub(crate) fn count(&self) -> u64 {
        let theirs = self.theirs().count();
        u64::try_from(theirs).unwrap_or(u64::MAX)
    }

    /// What waits for the caller.
    pub(crate) fn theirs(&self) -> impl Iterator<Item = &Waiting> {
        self.list.iter().filter(|one| one.theirs)
    }
}

/// What a decision is about.
enum Subject {
    Exception(Box<Shown>),
    Request(Box<RequestShown>),
}

/// Something that may wait, with the signature that it waits for.
struct Open {
    subject: Subject,
    awaited: Option<(Action, Moment, Signing)>,
}

async fn exception(desk: &Desk<'_>, shown: Shown) -> Result<Open> {
    let id = ExceptionId::new(shown.id.clone());
    let awaited = match desk.awaits(&id).await? {
        Some((action, since)) => Some((action, since, desk.may_sign(action, &id).await?)),
        None => None,
    };
    Ok(Open {
        subject: Subject::Exception(Box::new(shown)),
        awaited,
    })
}

async fn request(desk: &Desk<'_>, shown: RequestShown) -> Result<Open> {
    let action = Action::KeyRequestApprove;
    let awaited = if shown.request.state() == key_request::State::Requested {
        let signing = desk.may_decide_request(action, shown.request.id()).await?;
        Some((action, shown.request.at(), signing))
    } else {
        None
    };
    Ok(Open {
        subject: Subject::Request(Box::new(shown)),
        awaited,
    })
}

/// Requests for keys have ids that begin with another letter than those of exceptions.
async fn open(desk: &Desk<'_>, id: &str) -> Result<Open> {
    if id.starts_with('q') {
        request(desk, desk.key_request(id).await?).await
    } else {
        exception(desk, desk.exception(&ExceptionId::new(id)).await?).await
    }
}

impl Open {
    fn id(&self) -> &str {
        match &self.subject {
            Subject::Exception(shown) => &shown.id,
            Subject::Request(shown) => shown.request.id(),
        }
    }

    fn name(&self) -> String {
        match &self.subject {
            Subject::Exception(shown) => shown.name.clone(),
            Subject::Request(shown) => {
                let wanted = shown.request.wanted();
                format!("{} {}", wanted.provider, wanted.credential)
            }
        }
    }

    fn kind(&self) -> Kind {
        let action = self.awaited.as_ref().map(|(action, ..)| *action);
        match (&self.subject, action) {
            (Subject::Request(_), _) => Kind::KeyRequest,
            (_, Some(Action::ExceptionReview)) => Kind::Review,
            (_, Some(Action::ExceptionReaffirm)) => Kind::Reaffirm,
            (Subject::Exception(shown), _)
                if shown.stage == Stage::Reopened || shown.today.is_some() =>
            {
                Kind::Reopened
            }
            (Subject::Exception(shown), _) if shown.kind == "class" => Kind::Class,
            (_, Some(Action::RiskAccept)) => Kind::Accept,
            _ => Kind::Approve,
        }
    }

    fn waiting(&self, now: Moment) -> Waiting {
        let (level, by, due) = match &self.subject {
            Subject::Exception(shown) => (shown.level, &shown.requested_by, shown.review_due),
            Subject::Request(shown) => {
                let request = &shown.request;
                (request.forecast().level, request.by(), None)
            }
        };
        let awaited = self.awaited.as_ref();
        Waiting {
            id: self.id().to_owned(),
            kind: self.kind(),
            name: self.name(),
            level,
            by: by.to_string(),
            since: awaited.map_or(now, |(_, since, _)| *since).day(),
            due,
            theirs: awaited.is_some_and(|(_, _, signing)| !matches!(signing, Signing::Not(_))),
        }
    }

    fn sign(&self, typed: Typed) -> Sign {
        let not = |why: String| Sign::Not {
            why,
            policies: Vec::new(),
            who: Vec::new(),
        };
        let Some((action, _, signing)) = &self.awaited else {
            return not(match &self.subject {
                Subject::Exception(shown) => format!("No signature is awaited: {}.", shown.told),
                Subject::Request(shown) => {
                    format!("No signature is awaited: it is {}.", shown.request.state())
                }
            });
        };
        if let Signing::Not(denial) = signing {
            return Sign::Not {
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
            };
        }
        Sign::Form {
            typed,
            order: match action {
                Action::RiskAccept => "Accept the risk",
                Action::ExceptionReview => "Confirm it until the next review",
                Action::ExceptionReaffirm => "Take the acceptance over",
                Action::KeyRequestApprove => "Approve the key",
                _ => "Approve the exception",
            },
            refuse: refusal(*action).map(|_| "Deny it"),
            may_ask: matches!(self.subject, Subject::Exception(_)),
            stale: matches!(signing, Signing::AfterSignIn),
        }
    }

    fn chosen(&self, now: Moment, typed: Typed, comments: Vec<Comment>) -> Chosen {
        let (key, statement, version, signed) = match &self.subject {
            Subject::Exception(shown) => {
                let key = shown.key.as_ref().map(|key| form::key(key.as_str()));
                (key, &shown.statement, shown.version, signed(shown))
            }
            Subject::Request(shown) => (None, &shown.statement, shown.version, Vec::new()),
        };
        Chosen {
            waiting: self.waiting(now),
            key,
            statement: statement.text().to_owned(),
            digest: statement.digest().to_owned(),
            version,
            signed,
            comments,
            sign: self.sign(typed),
        }
    }
}

/// How what waits for a signature is refused; a review and a reaffirmation are not: the exception is ended.
fn refusal(action: Action) -> Option<Action> {
    match action {
        Action::ExceptionApprove | Action::RiskAccept => Some(Action::ExceptionDeny),
        Action::KeyRequestApprove => Some(Action::KeyRequestDeny),
        _ => None,
    }
}

fn address(id: &str) -> String {
    format!("/decisions/{}", text::segment(id))
}

/// What waits for signatures, as far as the caller may see it: what was asked for.
pub(crate) async fn waiting(desk: &Desk<'_>) -> Result<Queue> {
    queue(desk, &[Stage::AwaitingApproval, Stage::AwaitingAcceptance]).await
}

/// The same, with granted exceptions that wait for a review, a new acceptor, or what to do about changed facts.
async fn everything(desk: &Desk<'_>) -> Result<Queue> {
    let stages = [
        Stage::AwaitingApproval,
        Stage::AwaitingAcceptance,
        Stage::Approved,
        Stage::Reopened,
    ];
    queue(desk, &stages).await
}

async fn queue(desk: &Desk<'_>, stages: &[Stage]) -> Result<Queue> {
    let mut list = Vec::new();
    if desk.allows_everywhere(Action::ExceptionList) {
        for stage in stages {
            for shown in desk.exceptions(Some(*stage)).await? {
                let open = exception(desk, shown).await?;
                if open.awaited.is_some() || *stage == Stage::Reopened {
                    list.push(open.waiting(desk.now));
                }
            }
        }
    }
    for shown in desk
        .key_requests(Some(key_request::State::Requested))
        .await?
    {
        list.push(request(desk, shown).await?.waiting(desk.now));
    }
    list.sort_by_key(|one| (!one.theirs, std::cmp::Reverse(one.level), one.since));
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
    let chosen = match id {
        None => None,
        Some(id) => {
            let open = open(&desk, id).await?;
            if let (None, Subject::Exception(shown)) = (&open.awaited, &open.subject)
                && shown.stage != Stage::Reopened
            {
                // Decided by now.
                return then(house, &exceptions::address(id), None);
            }
            let comments = match &open.subject {
                Subject::Exception(shown) => said(&desk, &shown.id).await?,
                Subject::Request(_) => Vec::new(),
            };
            Some(open.chosen(desk.now, typed.clone(), comments))
        }
    };
    let queue = everything(&desk).await?;
    let text = decisions::render(&decisions::Decisions {
        frame: visit.frame(house, Place::Decisions, "Decisions").await?,
        list: queue.list,
        next: None,
        chosen,
        acts: if desk.allows_everywhere(Action::KeyRequestMake) {
            vec![Act::open("Ask for a key", None, "/requests/new".to_owned())]
        } else {
            Vec::new()
        },
    });
    let answer = html(house, text)?;
    Ok(refused(&typed, answer))
}

/// What was said about an exception, to those who may read what is said of its key.
async fn said(desk: &Desk<'_>, id: &str) -> Result<Vec<Comment>> {
    let about = About::Exception(ExceptionId::new(id));
    Ok(keys::comments(desk.remarks_if_seen(&about).await?))
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
    let desk = visit.desk(&house);
    let shown = desk.exception(&ExceptionId::new(id)).await?;
    let acts = super::exceptions::acts(&desk, &shown).await?;
    html(
        &house,
        decisions::render_statement(&decisions::Statement {
            frame: visit.frame(&house, Place::Decisions, "Statement").await?,
            name: shown.name.clone(),
            key: shown.key.as_ref().map(|key| form::key(key.as_str())),
            statement: shown.statement.text().to_owned(),
            digest: shown.statement.digest().to_owned(),
            signed: signed(&shown),
            comments: said(&desk, &shown.id).await?,
            holds: shown.told.clone(),
            acts,
        }),
    )
}

/// The form, with what was read when it was filled in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    /// The digest of the statement that was read.
    statement: String,
    /// The version that was read.
    version: u64,
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
    let found = open(&desk, &id).await?;
    let back = |field, text: &str| Typed {
        values: vec![("act", form.act.clone()), ("reason", form.reason.clone())],
        problems: vec![form::Problem {
            field,
            text: text.to_owned(),
        }],
    };
    if form.reason.trim().is_empty() {
        let typed = back("reason", "Write your reason, in your own words");
        return page(&house, &visit, Some(&id), typed).await;
    }
    let awaited = found.awaited.as_ref().map(|(action, ..)| *action);
    let action = match (form.act.as_str(), awaited) {
        ("question", _) => Action::KeyComment,
        ("approve", Some(action)) => action,
        ("deny", Some(action)) if refusal(action).is_some() => refusal(action).unwrap_or(action),
        ("approve" | "deny", None) => {
            // Sent again, or somebody else was faster.
            let detail = "this was decided meanwhile; nothing was changed, read what became of it";
            return Err(Problem::new(StatusCode::CONFLICT, "decided", detail));
        }
        _ => {
            let typed = back("act", "Choose what you decide");
            return page(&house, &visit, Some(&id), typed).await;
        }
    };
    let signing = match (&found.subject, action) {
        (_, Action::KeyComment) => Signing::May,
        (Subject::Exception(_), _) => {
            let id = ExceptionId::new(id.clone());
            desk.may_sign(action, &id).await?
        }
        (Subject::Request(_), _) => desk.may_decide_request(action, &id).await?,
    };
    if matches!(signing, Signing::AfterSignIn) {
        return super::sign_in_again(&house, &address(&id));
    }
    match carry(&desk, &id, action, &form).await {
        Ok(said) if said == Said::Commented => then(&house, &address(&id), Some(said)),
        Ok(said) => then(&house, "/decisions", Some(said)),
        Err(RegisterError::Stale(stale)) => {
            let text = decisions::render_changed(&decisions::Changed {
                frame: visit
                    .frame(&house, Place::Decisions, "Facts changed")
                    .await?,
                name: found.name(),
                before: stale.statement.text().to_owned(),
                after: stale.today.text().to_owned(),
                digest: stale.today.digest().to_owned(),
                reason: form.reason,
                again: address(&id),
            });
            Ok((StatusCode::CONFLICT, html(&house, text)?).into_response())
        }
        Err(
            error @ (RegisterError::Exception(_)
            | RegisterError::Request(_)
            | RegisterError::Name(_)),
        ) => {
            let typed = back("reason", &error.to_string());
            page(&house, &visit, Some(&id), typed).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Does what was decided.
async fn carry(
    desk: &Desk<'_>,
    id: &str,
    action: Action,
    form: &Signed,
) -> tenure_app::register::Result<Said> {
    let reason = form.reason.trim();
    let version = Some(form.version);
    let exception = ExceptionId::new(id);
    let signature = Signature {
        reason,
        seen: &form.statement,
        version,
    };
    match action {
        Action::KeyComment => {
            desk.comment(&About::Exception(exception), reason).await?;
            return Ok(Said::Commented);
        }
        Action::ExceptionDeny => {
            desk.deny_exception(&exception, reason, version).await?;
            return Ok(Said::Refused);
        }
        Action::KeyRequestDeny => {
            desk.deny_key_request(id, reason, version).await?;
            return Ok(Said::Refused);
        }
        Action::KeyRequestApprove => {
            desk.approve_key_request(id, reason, &form.statement, version)
                .await?;
        }
        Action::RiskAccept => {
            desk.accept_risk(&exception, signature).await?;
        }
        Action::ExceptionReview => {
            desk.review_exception(&exception, signature).await?;
        }
        Action::ExceptionReaffirm => {
            desk.reaffirm_exception(&exception, signature).await?;
        }
        _ => {
            desk.approve_exception(&exception, signature).await?;
        }
    }
    Ok(Said::Signed)
}
