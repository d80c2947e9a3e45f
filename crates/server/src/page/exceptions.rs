//! What is done about an exception beside signing it: another term, asking again, withdrawing, ending.

use super::{Said, Visit, html, refused, then};
use crate::{
    answer::Result,
    error::Problem,
    extract::{Named, form_of},
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

/// The page of an exception.
pub(crate) fn address(id: &str) -> String {
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
    let fields = match what {
        What::Restate => Vec::new(),
        What::Withdraw | What::End => vec![Field {
            name: "reason",
            label: "Your reason".to_owned(),
            hint: "It stands in the log beside your name.".to_owned(),
            optional: false,
            kind: sheet::Kind::Sentences,
        }],
        What::Renew => fields("Why it is still needed", false),
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

/// A form that holds nothing but the token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

pub(crate) async fn restate(
    State(house): State<House>,
    visit: Visit,
    Named(id): Named,
    body: Bytes,
) -> Result<Response> {
    let Nothing {} = form_of(&body)?;
    let desk = visit.desk(&house);
    let shown = desk.restate_exception(&ExceptionId::new(id), None).await?;
    then(&house, &address(&shown.id), Some(Said::Requested))
}

/// What is asked for with an exception; `kind` stands in the form of a first request alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) kind: String,
    pub(crate) until: String,
    bypassed: String,
    why: String,
    blocker: String,
    compensating: String,
    users: String,
}

/// The fields of such a form, but `kind`.
pub(crate) fn fields(why: &str, may_have_no_day: bool) -> Vec<Field> {
    let field = |name, label: &str, hint: &str, kind| Field {
        name,
        label: label.to_owned(),
        hint: hint.to_owned(),
        optional: name == "users" || (name == "until" && may_have_no_day),
        kind,
    };
    use sheet::Kind::{Day, Line, Sentences};
    vec![
        field(
            "until",
            "The last day",
            "Within what the policy allows.",
            Day,
        ),
        field("bypassed", "Control that is bypassed", "", Line(4_000)),
        field("why", why, "A sentence that stands alone.", Sentences),
        field(
            "blocker",
            "What stands in the way of a better one",
            "",
            Sentences,
        ),
        field(
            "compensating",
            "What limits the risk meanwhile",
            "One a line.",
            Sentences,
        ),
        field(
            "users",
            "Who uses the key",
            "People, one a line: they cannot sign.",
            Sentences,
        ),
    ]
}

impl Wanted {
    /// The form as it comes back.
    pub(crate) fn back(&self, problem: Wrong) -> Typed {
        Typed {
            values: vec![
                ("kind", self.kind.clone()),
                ("until", self.until.clone()),
                ("bypassed", self.bypassed.clone()),
                ("why", self.why.clone()),
                ("blocker", self.blocker.clone()),
                ("compensating", self.compensating.clone()),
                ("users", self.users.clone()),
            ],
            problems: vec![problem],
        }
    }

    /// The same, where it names no day.
    pub(crate) fn without_day(&self) -> Typed {
        self.back(Wrong {
            field: "until",
            text: "Name the last day".to_owned(),
        })
    }

    /// What it asks for.
    pub(crate) fn asked(&self) -> Asked {
        Asked {
            reasons: Reasons {
                bypassed: self.bypassed.trim().to_owned(),
                why: self.why.trim().to_owned(),
                blocker: self.blocker.trim().to_owned(),
                compensating: lines(&self.compensating),
            },
            users: lines(&self.users),
            in_name_of: None,
        }
    }
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
    let form: Wanted = form_of(&body)?;
    if !form.kind.is_empty() {
        return Err(Problem::field(
            "kind",
            "kind: another term is of the same kind; leave it out",
        ));
    }
    let Ok(until) = form.until.parse() else {
        return page(&house, &visit, &id, What::Renew, form.without_day()).await;
    };
    let desk = visit.desk(&house);
    match desk
        .renew_exception(&ExceptionId::new(id.clone()), until, &form.asked())
        .await
    {
        Ok(shown) => then(&house, &address(&shown.id), Some(Said::Requested)),
        Err(error) => {
            let typed = form.back(wrong(error, "why")?);
            page(&house, &visit, &id, What::Renew, typed).await
        }
    }
}
