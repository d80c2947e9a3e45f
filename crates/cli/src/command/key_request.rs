//! `tenure key request` and `tenure key requests`: the front door.

use crate::{
    args::{Close, KeyRequest, KeyRequestsCommand, Plain, Sign},
    command::{self, register},
    exit::Failure,
};
use std::{fmt::Write as _, process::ExitCode};
use tenure_app::register::{Desk, RequestShown, Result as Done, Wish};
use tenure_model::key_request::{Forecast, State};

pub(super) fn request(args: &KeyRequest) -> Result<ExitCode, Failure> {
    let at = register::needed(&args.plain.at)?;
    let wish = Wish {
        provider: args.provider.clone(),
        credential: args.kind.clone(),
        purpose: args.purpose.clone(),
        why_not: args.why_not.iter().cloned().collect(),
        owner: args.owner.clone(),
        expires: args.expires,
        consumers: args.consumer.clone(),
        facts: args.fact.clone(),
        in_name_of: args.in_name_of.clone(),
    };
    if args.dry_run {
        let forecast = register::look(&at, async |desk, _| desk.forecast(&wish).await)?;
        if args.plain.format == "json" {
            return command::print_json(&forecast);
        }
        return command::print(None, told(&forecast).as_bytes());
    }
    let shown = register::look(&at, async |desk, _| desk.request_key(&wish).await)?;
    show(&shown, &args.plain)
}

fn told(forecast: &Forecast) -> String {
    let mut rows = vec![vec![
        "would be".to_owned(),
        format!("{}, {}", forecast.verdict, forecast.level),
    ]];
    rows.extend(
        forecast
            .because
            .iter()
            .map(|fact| vec!["because".to_owned(), fact.clone()]),
    );
    rows.extend(forecast.options.iter().map(|note| {
        let state = note
            .state
            .as_str()
            .map_or_else(|| note.state.to_string(), str::to_owned);
        let told = format!("{} ({state}): {}", note.option, note.note);
        vec!["in its place".to_owned(), told]
    }));
    rows.extend(
        forecast
            .to_explain()
            .map(|option| vec!["say why not".to_owned(), option.word().to_owned()]),
    );
    rows.extend(
        forecast
            .approval()
            .into_iter()
            .map(|line| vec!["approval".to_owned(), line]),
    );
    register::columns(&rows)
}

pub(super) fn run(command: &KeyRequestsCommand) -> Result<ExitCode, Failure> {
    match command {
        KeyRequestsCommand::List { state, plain } => list(*state, plain),
        KeyRequestsCommand::Show(args) => {
            one(&args.plain, async |desk| desk.key_request(&args.id).await)
        }
        KeyRequestsCommand::Approve(args) => approve(args),
        KeyRequestsCommand::Deny(Close { id, reason, plain }) => one(plain, async |desk| {
            desk.deny_key_request(id, reason, None).await
        }),
        KeyRequestsCommand::Withdraw(Close { id, reason, plain }) => one(plain, async |desk| {
            desk.withdraw_key_request(id, reason, None).await
        }),
    }
}

fn approve(args: &Sign) -> Result<ExitCode, Failure> {
    one(&args.plain, async |desk| {
        desk.approve_key_request(&args.id, &args.reason, &args.statement, None)
            .await
    })
}

fn one(
    plain: &Plain,
    act: impl for<'d> AsyncFnOnce(Desk<'d>) -> Done<RequestShown>,
) -> Result<ExitCode, Failure> {
    let at = register::needed(&plain.at)?;
    let shown = register::look(&at, async |desk, _| act(desk).await)?;
    show(&shown, plain)
}

fn list(state: Option<State>, plain: &Plain) -> Result<ExitCode, Failure> {
    let at = register::needed(&plain.at)?;
    let all = register::look(&at, async |desk, _| desk.key_requests(state).await)?;
    if plain.format == "json" {
        return command::print_json(&all);
    }
    if all.is_empty() {
        return command::print(None, b"There is no request.\n");
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            let request = &one.request;
            let wanted = request.wanted();
            vec![
                request.id().to_owned(),
                request.state().word().to_owned(),
                format!("{} {}", wanted.provider, wanted.credential),
                format!(
                    "{}, {}",
                    request.forecast().verdict,
                    request.forecast().level
                ),
                format!("by {} on {}", request.by(), request.at().day()),
            ]
        })
        .collect();
    command::print(None, register::columns(&rows).as_bytes())
}

fn show(shown: &RequestShown, plain: &Plain) -> Result<ExitCode, Failure> {
    if plain.format == "json" {
        return command::print_json(shown);
    }
    let mut out = crate::command::exception::statement(&shown.statement);
    let _ = writeln!(out, "State: {}", shown.request.state());
    if let Some(closing) = shown.request.closing() {
        let _ = writeln!(
            out,
            "By {} on {}: {}",
            closing.by,
            closing.at.day(),
            crate::text::tame(&closing.reason.replace('\n', " / "))
        );
    }
    if let Some(today) = &shown.today {
        let _ = writeln!(
            out,
            "The rules say something else now, so that it has to be asked for again:"
        );
        for line in shown.statement.difference(today) {
            let _ = writeln!(out, "  {}", crate::text::tame(&line));
        }
    }
    command::print(None, out.as_bytes())
}
