//! `tenure exception`: the exceptions register.

use crate::{
    args::{Close, ExceptionCommand, ExceptionRequest, Plain, Reasons, Sign},
    command::{self, register, remark},
    exit::Failure,
    text,
};
use serde_json::json;
use std::{fmt::Write as _, process::ExitCode};
use tenure_app::register::{Asked, Desk, Result as Done, Shown, Signature, Term};
use tenure_model::{
    exception::{self, Stage, Statement},
    id::ExceptionId,
};

pub(super) fn run(command: &ExceptionCommand) -> Result<ExitCode, Failure> {
    match command {
        ExceptionCommand::Request(args) => request(args),
        ExceptionCommand::Approve(args) => sign(args, async |desk, id, signature| {
            desk.approve_exception(id, signature).await
        }),
        ExceptionCommand::Accept(args) => sign(args, async |desk, id, signature| {
            desk.accept_risk(id, signature).await
        }),
        ExceptionCommand::Review(args) => sign(args, async |desk, id, signature| {
            desk.review_exception(id, signature).await
        }),
        ExceptionCommand::Reaffirm(args) => sign(args, async |desk, id, signature| {
            desk.reaffirm_exception(id, signature).await
        }),
        ExceptionCommand::Deny(args) => close(args, async |desk, id, reason| {
            desk.deny_exception(id, reason, None).await
        }),
        ExceptionCommand::Withdraw(args) => close(args, async |desk, id, reason| {
            desk.withdraw_exception(id, reason, None).await
        }),
        ExceptionCommand::End(args) => close(args, async |desk, id, reason| {
            desk.end_exception(id, reason, None).await
        }),
        ExceptionCommand::Renew(args) => {
            let (id, asked) = (ExceptionId::new(args.id.as_str()), asked(&args.reasons));
            one(&args.plain, async |desk| {
                desk.renew_exception(&id, args.until, &asked).await
            })
        }
        ExceptionCommand::Restate(args) => {
            let id = ExceptionId::new(args.id.as_str());
            one(&args.plain, async |desk| {
                desk.restate_exception(&id, Some(&args.in_name_of)).await
            })
        }
        ExceptionCommand::List(args) => list(args.stage, &args.plain),
        ExceptionCommand::Show(args) => {
            let id = ExceptionId::new(args.id.as_str());
            one(&args.plain, async |desk| desk.exception(&id).await)
        }
        ExceptionCommand::Comment(args) => remark::exception(args),
    }
}

fn asked(reasons: &Reasons) -> Asked {
    Asked {
        reasons: exception::Reasons {
            bypassed: reasons.bypassed.clone(),
            why: reasons.why.clone(),
            blocker: reasons.blocker.clone(),
            compensating: reasons.compensating.clone(),
        },
        users: reasons.user.clone(),
        in_name_of: Some(reasons.in_name_of.clone()),
    }
}

fn request(args: &ExceptionRequest) -> Result<ExitCode, Failure> {
    let asked = asked(&args.reasons);
    if let Some(selector) = &args.class {
        return one(&args.plain, async |desk| {
            desk.request_class(selector, &asked).await
        });
    }
    let term = match (args.until, args.permanent) {
        (Some(until), _) => Term::Until(until),
        (None, true) => Term::Permanent,
        (None, false) => {
            return Err(Failure::input(
                "when it ends is missing",
                "write --until YYYY-MM-DD, or --permanent for a key that nothing can replace",
            ));
        }
    };
    let at = register::needed(&args.plain.at)?;
    let key = register::key(&at, args.key.as_deref().unwrap_or_default())?;
    one(&args.plain, async |desk| {
        desk.request_exception(&key, term, &asked).await
    })
}

fn sign(
    args: &Sign,
    act: impl for<'d> AsyncFnOnce(Desk<'d>, &ExceptionId, Signature<'d>) -> Done<Shown>,
) -> Result<ExitCode, Failure> {
    let id = ExceptionId::new(args.id.as_str());
    let signature = Signature {
        reason: &args.reason,
        seen: &args.statement,
        version: None,
    };
    one(&args.plain, async |desk| act(desk, &id, signature).await)
}

fn close(
    args: &Close,
    act: impl for<'d> AsyncFnOnce(Desk<'d>, &ExceptionId, &str) -> Done<Shown>,
) -> Result<ExitCode, Failure> {
    let id = ExceptionId::new(args.id.as_str());
    one(&args.plain, async |desk| act(desk, &id, &args.reason).await)
}

fn one(
    plain: &Plain,
    act: impl for<'d> AsyncFnOnce(Desk<'d>) -> Done<Shown>,
) -> Result<ExitCode, Failure> {
    let at = register::needed(&plain.at)?;
    let shown = register::look(&at, async |desk, _| act(desk).await)?;
    if plain.format == "json" {
        return command::print_json(&shown);
    }
    command::print(None, told(&shown).as_bytes())
}

fn list(stage: Option<Stage>, plain: &Plain) -> Result<ExitCode, Failure> {
    let at = register::needed(&plain.at)?;
    let (all, counts) = register::look(&at, async |desk, _| {
        Ok((
            desk.exceptions(stage).await?,
            desk.exception_counts().await?,
        ))
    })?;
    if plain.format == "json" {
        return command::print_json(&json!({"exceptions": all, "counts": counts}));
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            vec![
                one.id.clone(),
                one.kind.to_owned(),
                one.name.clone(),
                one.level.word().to_owned(),
                one.told.clone(),
            ]
        })
        .collect();
    let mut out = register::columns(&rows);
    let number = text::number;
    let _ = writeln!(
        out,
        "Eligible {} \u{b7} awaiting approval {} \u{b7} awaiting acceptance {} \u{b7} approved {} \u{b7} reopened {} \
         \u{b7} expired {}",
        number(counts.eligible),
        number(counts.awaiting_approval),
        number(counts.awaiting_acceptance),
        number(counts.approved),
        number(counts.reopened),
        number(counts.expired)
    );
    command::print(None, out.as_bytes())
}

/// A statement as it is printed, with its digest.
pub(super) fn statement(statement: &Statement) -> String {
    let mut out = String::new();
    for line in statement.text().lines() {
        let _ = writeln!(out, "{}", text::wrap(line, text::width(), "  ").trim_end());
    }
    let _ = writeln!(out, "\nStatement {}", statement.digest());
    out
}

fn told(shown: &Shown) -> String {
    let mut out = statement(&shown.statement);
    let _ = writeln!(out, "State: {}", text::tame(&shown.told));
    let mut say = |what: &str, by: &str, on: String, reason: &str| {
        let reason = reason.replace('\n', " / ");
        let line = format!("{what} by {by} on {on}: {reason}");
        let _ = writeln!(out, "{}", text::wrap(&line, text::width(), "  ").trim_end());
    };
    if let Some(one) = &shown.approval {
        let on = one.at().day().to_string();
        say("Approved", one.by().as_str(), on, one.reason());
    }
    if let Some(one) = &shown.acceptance {
        let on = one.at().day().to_string();
        say("Accepted", one.by().as_str(), on, one.reason());
    }
    if let Some(one) = &shown.closed {
        say(
            "Closed",
            one.by.as_str(),
            one.at.day().to_string(),
            &one.reason,
        );
    }
    if !shown.difference.is_empty() {
        let _ = writeln!(out, "What is true now reads differently:");
        for line in &shown.difference {
            let _ = writeln!(out, "  {}", text::tame(line));
        }
    }
    out
}
