//! `tenure owner`, `tenure ask`, `tenure backlog`: who answers for keys, and how it becomes known.

use crate::{
    args::{
        AskAnswerArgs, AskCommand, AskList, AskLook, AskSend, Backlog, In, OwnerAssign,
        OwnerCommand,
    },
    command::{self, register},
    exit::{self, Failure},
    text,
};
use serde_json::json;
use std::{fmt::Write as _, path::Path, process::ExitCode};
use tenure_app::register::{Ask, Desk, GivenAnswer, Preview};
use tenure_model::{
    access::Unit,
    ask::{Plan, Question},
    backlog::Standing,
    container::{Container, Rule},
    id::{AskId, KeyId},
};

pub(crate) fn run(command: &OwnerCommand) -> Result<ExitCode, Failure> {
    match command {
        OwnerCommand::Assign(args) => assign(args),
        OwnerCommand::Remove(args) => {
            let container = container(&args.within)?;
            let judged = with(&args.at, args.policy.as_deref(), async |desk| {
                desk.drop_container(&container).await
            })?;
            let line = format!(
                "No rule for {} any more; {} changed.\n",
                text::tame(&container.to_string()),
                text::count(judged.changed, "key"),
            );
            command::print(None, line.as_bytes())
        }
        OwnerCommand::Rules { format, at } => {
            let at = register::needed(at)?;
            let rules = register::look(&at, async |desk, _| desk.containers().await)?;
            if format == "json" {
                return command::print_json(&rules);
            }
            let mut out = String::new();
            for one in &rules {
                let _ = writeln!(out, "{}, by {}", says(&one.rule), text::tame(&one.said_by));
            }
            if rules.is_empty() {
                out.push_str("No container has a rule.\n");
            }
            command::print(None, out.as_bytes())
        }
    }
}

/// Does one thing with the register, by a policy.
fn with<T>(
    at: &crate::args::At,
    policy: Option<&Path>,
    work: impl std::ops::AsyncFnOnce(Desk<'_>) -> tenure_app::register::Result<T>,
) -> Result<T, Failure> {
    let at = register::needed(at)?;
    let policy = command::policy(policy)?;
    let providers = command::providers(None)?;
    register::with(&at, &providers, &policy, async |desk, _| work(desk).await)
}

fn container(within: &In) -> Result<Container, Failure> {
    let (kind, place) = within.named();
    Container::parse(kind, place).map_err(|error| Failure::input(error.to_string(), ""))
}

fn says(rule: &Rule) -> String {
    let mut parts = Vec::new();
    if let Some(owner) = &rule.owner {
        parts.push(format!("owner {owner}"));
    }
    if let Some(backup) = &rule.backup {
        parts.push(format!("backup {backup}"));
    }
    if let Some(unit) = &rule.unit {
        parts.push(format!("unit {unit}"));
    }
    text::tame(&format!("{}: {}", rule.container, parts.join(", ")))
}

fn assign(args: &OwnerAssign) -> Result<ExitCode, Failure> {
    let unit = args.unit.as_deref().map(Unit::parse).transpose();
    let rule = Rule {
        container: container(&args.within)?,
        owner: args.owner.clone(),
        backup: args.backup.clone(),
        unit: unit.map_err(|error| Failure::input(error.to_string(), ""))?,
    };
    let (preview, judged) = with(&args.at, args.policy.as_deref(), async |desk| {
        let preview = desk.container_preview(&rule).await?;
        let judged = if args.yes {
            Some(desk.set_container(&rule).await?)
        } else {
            None
        };
        Ok((preview, judged))
    })?;
    if args.format == "json" {
        return command::print_json(
            &json!({"rule": rule, "preview": preview, "made": judged.is_some(), "judged": judged}),
        );
    }
    let mut out = format!("{}\n", says(&rule));
    out.push_str(&told(&preview));
    match judged {
        Some(judged) => {
            let _ = writeln!(out, "Done: {} changed.", text::count(judged.changed, "key"));
        }
        None => out.push_str("Nothing was changed; add --yes to make it so.\n"),
    }
    command::print(None, out.as_bytes())
}

fn told(preview: &Preview) -> String {
    let mut out = String::new();
    let mut say = |n: u64, what: &str| {
        if n > 0 {
            let _ = writeln!(out, "  {:>6} {what}", text::number(n));
        }
    };
    say(preview.keys, "keys lie in it now");
    say(preview.without_owner, "of them nobody answers for");
    say(preview.get_owner, "get another owner");
    say(preview.get_unit, "get another unit");
    say(
        preview.keep_owner,
        "keep the owner that they were given by name",
    );
    say(preview.follow_others, "follow a longer container");
    if preview.keys == 0 {
        out.push_str("  No key lies in it now; those that come will follow it.\n");
    }
    if let Some(rule) = &preview.replaces {
        let _ = writeln!(out, "  In place of: {}", says(rule));
    }
    if !preview.names.is_empty() {
        let names: Vec<String> = preview.names.iter().map(|name| text::tame(name)).collect();
        let _ = writeln!(out, "  Among them: {}", names.join(", "));
    }
    out
}

pub(crate) fn ask(command: &AskCommand) -> Result<ExitCode, Failure> {
    match command {
        AskCommand::Plan(look) => plan(look),
        AskCommand::Send(args) => send(args),
        AskCommand::List(args) => list(args),
        AskCommand::Answer(args) => answer(args),
        AskCommand::Remind(look) => {
            let done = with(&look.at, look.policy.as_deref(), async |desk| {
                desk.ask_remind().await
            })?;
            if look.format == "json" {
                return command::print_json(&done);
            }
            let count = |n: usize, one| text::count(u64::try_from(n).unwrap_or(u64::MAX), one);
            let mut out = format!("{} reminded.\n", count(done.reminded.len(), "question"));
            for (id, to) in &done.escalated {
                let _ = writeln!(out, "{id} goes to {} too", text::tame(to));
            }
            for id in &done.stuck {
                let _ = writeln!(out, "{id} waits: the people list names no manager");
            }
            command::print(None, out.as_bytes())
        }
    }
}

fn plan(look: &AskLook) -> Result<ExitCode, Failure> {
    let plan: Plan = with(&look.at, look.policy.as_deref(), async |desk| {
        desk.ask_plan().await
    })?;
    if look.format == "json" {
        return command::print_json(&plan);
    }
    let mut out = String::new();
    for question in &plan.questions {
        out.push_str(&asked(question));
    }
    if plan.questions.is_empty() {
        out.push_str("Nobody is to be asked.\n");
    }
    if !plan.nobody.is_empty() {
        let n = u64::try_from(plan.nobody.len()).unwrap_or(u64::MAX);
        let _ = writeln!(
            out,
            "{} point at nobody: `tenure top` names accounts and places whose owner decides the most.",
            text::count(n, "key"),
        );
    }
    command::print(None, out.as_bytes())
}

fn asked(question: &Question) -> String {
    let n = u64::try_from(question.keys.len()).unwrap_or(u64::MAX);
    let waiting = match question.waiting {
        0 => String::new(),
        n => format!(", {} more wait for another week", text::number(n)),
    };
    let mut out = format!(
        "{}: {}{waiting}\n",
        text::tame(&question.person),
        text::count(n, "key"),
    );
    for (place, n) in &question.places {
        let line = format!("{n} of them in {} {}", place.kind, place.text);
        let _ = writeln!(out, "  {}", text::tame(&line));
    }
    for key in &question.keys {
        let line = format!("{} {}  {}", key.key, key.level, key.why);
        let _ = writeln!(
            out,
            "  {}",
            text::wrap(&text::tame(&line), text::width(), "      ").trim_end()
        );
    }
    out
}

fn send(args: &AskSend) -> Result<ExitCode, Failure> {
    let look = &args.look;
    let sent: Vec<Ask> = with(&look.at, look.policy.as_deref(), async |desk| {
        desk.ask_send(&args.people).await
    })?;
    shown(&sent, &look.format, "Nobody was asked.\n")
}

fn list(args: &AskList) -> Result<ExitCode, Failure> {
    let at = register::needed(&args.at)?;
    let asks = register::look(&at, async |desk, _| desk.asks(!args.all).await)?;
    shown(&asks, &args.format, "No question is open.\n")
}

fn shown(asks: &[Ask], format: &str, none: &str) -> Result<ExitCode, Failure> {
    if format == "json" {
        return command::print_json(&asks);
    }
    let mut out = String::new();
    for ask in asks {
        let answered = ask.keys.iter().filter(|key| key.answer.is_some()).count();
        let manager = ask
            .escalated_to
            .as_ref()
            .map_or_else(String::new, |to| format!(", and {to}"));
        let line = format!(
            "{}  {}{manager}: {answered} of {} answered, due {}, reminded {} times",
            ask.id,
            ask.person,
            ask.keys.len(),
            ask.due,
            ask.reminders,
        );
        let _ = writeln!(out, "{}", text::tame(&line));
        for key in &ask.keys {
            let answer = key.answer.as_ref().map_or_else(
                || "open".to_owned(),
                |answered| match &answered.next {
                    Some(next) => format!("{}, ask {next}", answered.answer),
                    None => answered.answer.to_string(),
                },
            );
            let line = format!("{}  {answer}  ({})", key.key, key.why);
            let _ = writeln!(out, "  {}", text::tame(&line));
        }
    }
    if asks.is_empty() {
        out.push_str(none);
    }
    command::print(None, out.as_bytes())
}

fn answer(args: &AskAnswerArgs) -> Result<ExitCode, Failure> {
    let given = GivenAnswer {
        key: KeyId::new(args.key.as_str()),
        answer: args.says.into(),
        next: args.next.clone(),
    };
    let id = AskId::new(args.ask.as_str());
    let at = register::needed(&args.at)?;
    let done = register::look(&at, async |desk, _| {
        desk.ask_answer(&id, std::slice::from_ref(&given)).await
    });
    done.map_err(|failure| match failure {
        Failure::Input { what, .. } => Failure::input(
            what,
            "an answer is the word of a person: they give it in the console, or by the API",
        ),
        other => other,
    })?;
    command::print(None, b"Answered.\n")
}

pub(crate) fn backlog(args: &Backlog) -> Result<ExitCode, Failure> {
    let look = &args.look;
    let standing: Standing = with(&look.at, look.policy.as_deref(), async |desk| {
        desk.backlog().await
    })?;
    let code = if args.ratchet && !standing.holds {
        1
    } else {
        0
    };
    if look.format == "json" {
        command::print_json(&standing)?;
    } else {
        command::print(None, curves(&standing).as_bytes())?;
    }
    exit::because(code, "a key that came after the baseline has no owner");
    Ok(ExitCode::from(code))
}

fn curves(standing: &Standing) -> String {
    let mut out = format!(
        "Without an owner at the baseline, {}: {}\n\n{:<12}{:>10}{:>10}\n",
        standing.baseline,
        text::count(standing.began, "key"),
        "",
        "backlog",
        "new",
    );
    for point in &standing.points {
        let _ = writeln!(
            out,
            "{:<12}{:>10}{:>10}",
            point.day.to_string(),
            text::number(point.backlog),
            text::number(point.since),
        );
    }
    out.push('\n');
    if standing.overdue > 0 {
        let _ = writeln!(
            out,
            "{} of the backlog past their term.",
            text::count(standing.overdue, "key")
        );
    }
    if let Some(due) = standing.next_due {
        let _ = writeln!(out, "The next term is {due}.");
    }
    if standing.holds {
        out.push_str("No new key is without an owner.\n");
    } else {
        let names: Vec<String> = standing.new.iter().map(|name| text::tame(name)).collect();
        let _ = writeln!(out, "New without an owner: {}", names.join(", "));
    }
    out
}
