//! What is done about an exception beside signing it: another term, asking again, withdrawing, ending.

use super::{Said, Visit, html, keys::form_of, refused, then};
use crate::{
    answer::Result,
    extract::Named,
    house::House,
    ui::{
        form::{Act, Problem as Wrong, Typed},
        frame::Place,
        sheet::{self, Field},
    },
};
use axum::{body::Bytes, extract::State, response::Response};
use serde::Deserialize;
use tenure_app::register::{Asked, Desk, RegisterError, Shown};
use tenure_app::report::text;
use tenure_model::{
    access::Action,
    exception::{Reasons, Stage},
    id::ExceptionId,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Renew,
    Restate,
    Withdraw,
    End,
}

impl What {
    const ALL: [Self; 4] = [Self::Renew, Self::Restate, Self::Withdraw, Self::End];

    const fn word(self) -> &'static str {
        match self {
            Self::Renew => "renew",
            Self::Restate => "restate",
            Self::Withdraw => "withdraw",
            Self::End => "end",
        }
    }

    const fn order(self) -> &'static str {
        match self {
            Self::Renew => "Ask for another term",
            Self::Restate => "Ask again with what is true now",
            Self::Withdraw => "Withdraw the request",
            Self::End => "End the exception",
        }
    }

    const fn lead(self) -> &'static str {
        match self {
            Self::Renew => {
                "Another term is another exception: somebody else approves it, and a risk owner accepts it."
            }
            Self::Restate => {
                "Its end stays as it is. Both signatures are given anew, to a statement of what is true now."
            }
            Self::Withdraw => "Nobody can sign it then. It stays in the register.",
            Self::End => "Its key is judged without it from now on.",
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::Renew | Self::Restate => Action::ExceptionRenew,
            Self::Withdraw => Action::ExceptionWithdraw,
            Self::End => Action::ExceptionEnd,
        }
    }

    /// Whether it is something to do with an exception that stands so.
    fn fits(self, shown: &Shown) -> bool {
        let waits = matches!(
            shown.stage,
            Stage::AwaitingApproval | Stage::AwaitingAcceptance
        );
        let granted = matches!(shown.stage, Stage::Approved | Stage::Reopened);
        !shown.superseded
            && match self {
                Self::Renew => granted && shown.kind == "transitional",
                Self::Restate => shown.stage == Stage::Reopened,
                Self::Withdraw => waits,
                Self::End => granted,
            }
    }
}

/// What the caller may do about an exception, as acts of its page.
pub(crate) async fn acts(desk: &Desk<'_>, shown: &Shown) -> Result<Vec<Act>> {
    let id = ExceptionId::new(shown.id.clone());
    let mut all = Vec::new();
    for what in What::ALL {
        if what.fits(shown) && desk.allows_on_exception(what.action(), &id).await? {
            let to = format!("{}/{}", address(&shown.id), what.word());
            all.push(Act::open(what.order(), None, to));
        }
    }
    Ok(all)
}

fn address(id: &str) -> String {
    format!("/exceptions/{}", text::segment(id))
}

async fn page(
    house: &House,
    visit: &Visit,
    id: &str,
    what: What,
    typed: Typed,
) -> Result<Response> {
    let shown = visit.desk(house).exception(&ExceptionId::new(id)).await?;
    let field = |name, label: &str, hint: &str, kind| Field {
        name,
        label: label.to_owned(),
        hint: hint.to_owned(),
        optional: name == "users",
        kind,
    };
    let fields = match what {
        What::Restate => Vec::new(),
        What::Withdraw | What::End => vec![field(
            "reason",
            "Your reason",
            "It stands in the log beside your name.",
            sheet::Kind::Sentences,
        )],
        What::Renew => vec![
            field(
                "until",
                "The last day",
                "Within what the policy allows.",
                sheet::Kind::Day,
            ),
            field(
                "bypassed",
                "Control that is bypassed",
                "",
                sheet::Kind::Line(4_000),
            ),
            field(
                "why",
                "Why it is still needed",
                "A sentence that stands alone.",
                sheet::Kind::Sentences,
            ),
            field(
                "blocker",
                "What stands in the way of a better one",
                "",
                sheet::Kind::Sentences,
            ),
            field(
                "compensating",
                "What limits the risk meanwhile",
                "One a line.",
                sheet::Kind::Sentences,
            ),
            field(
                "users",
                "Who uses the key",
                "People, one a line: they cannot sign.",
                sheet::Kind::Sentences,
            ),
        ],
    };
    let version = shown.version.to_string();
    let view = sheet::Sheet {
        frame: visit.frame(house, Place::Decisions, what.order()).await?,
        back: (shown.name, address(&shown.id)),
        order: what.order().to_owned(),
        lead: vec![what.lead().to_owned()],
        address: format!("{}/{}", address(&shown.id), what.word()),
        fixed: match what {
            What::Withdraw | What::End => vec![("version", version)],
            What::Renew | What::Restate => Vec::new(),
        },
        fields,
        typed: typed.clone(),
        button: what.order().to_owned(),
    };
    Ok(refused(&typed, html(house, sheet::render(&view))?))
}

macro_rules! pages {
    ($($name:ident $what:ident),+) => { $(
        pub(crate) async fn $name(
            State(house): State<House>,
            visit: Visit,
            Named(id): Named,
        ) -> Result<Response> {
            page(&house, &visit, &id, What::$what, Typed::default()).await
        }
    )+ };
}

pages!(renewing Renew, restating Restate, withdrawing Withdraw, ending End);

/// What is wrong with a form, where that is what a use case says; else the error as it is.
fn wrong(error: RegisterError, field: &'static str) -> Result<Wrong> {
    match error {
        RegisterError::Exception(_) | RegisterError::Name(_) => Ok(Wrong {
            field,
            text: error.to_string(),
        }),
        other => Err(other.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    #[expect(dead_code, reason = "the guard has checked it")]
    csrf: Option<String>,
    reason: String,
    /// The version that was read.
    version: u64,
}

async fn close(
    house: &House,
    visit: &Visit,
    id: &str,
    what: What,
    body: &Bytes,
) -> Result<Response> {
    let form: Reason = form_of(body)?;
    let desk = visit.desk(house);
    let (exception, version) = (ExceptionId::new(id), Some(form.version));
    let done = if what == What::End {
        desk.end_exception(&exception, &form.reason, version).await
    } else {
        desk.withdraw_exception(&exception, &form.reason, version)
            .await
    };
    let said = if what == What::End {
        Said::Ended
    } else {
        Said::Withdrawn
    };
    match done {
        Ok(_) => then(house, &address(id), Some(said)),
        Err(error) => {
            let typed = Typed {
                values: vec![("reason", form.reason)],
                problems: vec![wrong(error, "reason")?],
            };
            page(house, visit, id, what, typed).await
        }
    }
}

pub(crate) async fn withdraw(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    close(&house, &visit, &id, What::Withdraw, &body).await
}

pub(crate) async fn end(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    close(&house, &visit, &id, What::End, &body).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {
    #[expect(dead_code, reason = "the guard has checked it")]
    csrf: Option<String>,
}

pub(crate) async fn restate(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    let Nothing { .. } = form_of(&body)?;
    let desk = visit.desk(&house);
    let shown = desk.restate_exception(&ExceptionId::new(id), None).await?;
    then(&house, &address(&shown.id), Some(Said::Requested))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Renewal {
    #[expect(dead_code, reason = "the guard has checked it")]
    csrf: Option<String>,
    #[serde(default)]
    until: String,
    #[serde(default)]
    bypassed: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    blocker: String,
    #[serde(default)]
    compensating: String,
    #[serde(default)]
    users: String,
}

/// Lines that say something.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

pub(crate) async fn renew(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    let form: Renewal = form_of(&body)?;
    let back = |problem| Typed {
        values: vec![
            ("until", form.until.clone()),
            ("bypassed", form.bypassed.clone()),
            ("why", form.why.clone()),
            ("blocker", form.blocker.clone()),
            ("compensating", form.compensating.clone()),
            ("users", form.users.clone()),
        ],
        problems: vec![problem],
    };
    let Ok(until) = form.until.parse() else {
        let problem = Wrong {
            field: "until",
            text: "Name the last day".to_owned(),
        };
        return page(&house, &visit, &id, What::Renew, back(problem)).await;
    };
    let asked = Asked {
        reasons: Reasons {
            bypassed: form.bypassed.trim().to_owned(),
            why: form.why.trim().to_owned(),
            blocker: form.blocker.trim().to_owned(),
            compensating: lines(&form.compensating),
        },
        users: lines(&form.users),
        in_name_of: None,
    };
    let desk = visit.desk(&house);
    match desk
        .renew_exception(&ExceptionId::new(id.clone()), until, &asked)
        .await
    {
        Ok(shown) => then(&house, &address(&shown.id), Some(Said::Requested)),
        Err(error) => {
            let typed = back(wrong(error, "why")?);
            page(&house, &visit, &id, What::Renew, typed).await
        }
    }
}
