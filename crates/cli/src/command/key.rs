//! `tenure key`: the keys of the last assessment as a list, as a workbook to be edited, or one by one.

use crate::{
    args::{At, Format, KeyCommand, KeyHistory, KeyList, KeyShow},
    command::{self, key_request, register as kept, remark, state, why},
    exit::Failure,
    output,
    table::{self, Look},
    text,
};
use serde_json::{Value, json};
use std::{fmt::Write as _, path::Path, process::ExitCode};
use tenure_app::{
    edits::{self, Register},
    state::State,
};
use tenure_model::{
    assessment::{Assessment, Key},
    day::Day,
    event::{Change, Event},
    id::KeyId,
    key::{Basis, Told},
    moment::Moment,
};

pub(crate) fn run(command: &KeyCommand) -> Result<ExitCode, Failure> {
    match command {
        KeyCommand::List(args) => list(args),
        KeyCommand::Show(args) => show(args),
        KeyCommand::History(args) => history(args),
        KeyCommand::Edit(args) => state::run(args),
        KeyCommand::Comment(args) => remark::key(args),
        KeyCommand::Evidence(args) => remark::evidence(args),
        KeyCommand::Request(args) => key_request::request(args),
        KeyCommand::Requests(command) => key_request::run(command),
    }
}

fn list(args: &KeyList) -> Result<ExitCode, Failure> {
    let workbook = args.output.as_deref().filter(|path| is_workbook(path));
    if args.editable != workbook.is_some() {
        return Err(Failure::input(
            "a workbook is written for editing, and only a workbook can be edited and taken back",
            "write `--editable -o FILE.xlsx`, or leave both out",
        ));
    }
    let mut assessment = if args.editable {
        why::assessment(args.assessment.as_deref())?
    } else {
        assessment(args.assessment.as_deref(), &args.at)?
    };
    assessment.keys.retain(|key| fits(key, args));
    if let Some(path) = workbook {
        return write(&assessment, path, args.assessment.is_none());
    }
    let format = output::format(args.format, args.output.as_deref());
    let look = Look {
        width: text::width(),
        colour: format == Format::Table && args.output.is_none() && text::colour(args.no_color),
        all: true,
        verbose: false,
    };
    command::print_with(args.output.as_deref(), |out| match format {
        Format::Table if assessment.keys.is_empty() => out.write_all(b"No key fits.\n"),
        Format::Table => out.write_all(table::list(&assessment, look).as_bytes()),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &assessment.keys)?;
            out.write_all(b"\n")
        }
        format => output::render(&assessment, format, look, out),
    })
}

fn is_workbook(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"))
}

fn fits(key: &Key, args: &KeyList) -> bool {
    let owner = key.owner.value.as_deref();
    let owned = args.owner.as_deref().is_none_or(|wanted| match owner {
        None => wanted == "none",
        Some(owner) => owner.to_lowercase().contains(&wanted.to_lowercase()),
    });
    (args.verdict.is_empty() || args.verdict.contains(&key.verdict.id))
        && args
            .level
            .is_none_or(|level| key.verdict.outcome.level >= level)
        && (args.provider.is_empty()
            || args
                .provider
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&key.provider)))
        && owned
}

fn write(assessment: &Assessment, path: &Path, of_user: bool) -> Result<ExitCode, Failure> {
    let register = if of_user {
        register(command::today(None))?.1
    } else {
        Register::default()
    };
    let keys: Vec<&Key> = assessment.keys.iter().collect();
    let bytes = edits::export(&keys, &register).map_err(|error| {
        Failure::input(
            error.to_string(),
            "choose fewer keys with --verdict, --level or --provider",
        )
    })?;
    command::print(Some(path), &bytes)?;
    let count = u64::try_from(keys.len()).unwrap_or(u64::MAX);
    command::say(&format!(
        "{} in {}; `tenure import edits` takes it back",
        text::count(count, "key"),
        text::tame(&path.display().to_string())
    ));
    Ok(ExitCode::SUCCESS)
}

/// The state of this user, and the edits that were applied before.
pub(crate) fn register(today: Day) -> Result<(State, Register), Failure> {
    let state = State::of_user().map_err(|error| Failure::input(error.to_string(), ""))?;
    let text = state
        .edits()
        .map_err(|error| Failure::input(error.to_string(), ""))?;
    let register = text
        .map_or_else(
            || Ok(Register::default()),
            |text| Register::parse(&text, today),
        )
        .map_err(|error| {
            Failure::input(
                format!("{}: {error}", state.edits_path().display()),
                "mend this file, or remove it to begin anew",
            )
        })?;
    Ok((state, register))
}

fn show(args: &KeyShow) -> Result<ExitCode, Failure> {
    let assessment = assessment(args.assessment.as_deref(), &args.at)?;
    let key = why::find(&assessment, &args.key)?;
    if args.format == "json" {
        return command::print_json(key);
    }
    command::print(None, told(key).as_bytes())
}

/// The assessment that is named, else the register, else the last assessment of this machine.
fn assessment(named: Option<&Path>, at: &At) -> Result<Assessment, Failure> {
    if named.is_none()
        && let Some(at) = kept::existing(at)?
    {
        return kept::look(&at, async |desk, _| desk.assessment().await);
    }
    why::assessment(named)
}

/// The most events that are shown of one key.
const MOST_EVENTS: u64 = 1000;

fn history(args: &KeyHistory) -> Result<ExitCode, Failure> {
    let at = kept::needed(&args.at)?;
    let assessment = kept::look(&at, async |desk, _| desk.assessment().await)?;
    let id = KeyId::new(why::find(&assessment, &args.key)?.id.clone());
    let history = kept::look(&at, async |desk, _| desk.history(&id, MOST_EVENTS).await)?;
    let event = |body: &str| serde_json::from_str::<Event>(body).ok();
    if args.format == "json" {
        let facts: Vec<Value> = history
            .facts
            .iter()
            .map(|row| {
                json!({"fact": row.name, "value": row.note.value, "basis": row.note.basis,
                       "source": row.note.source, "since": row.since, "until": row.until})
            })
            .collect();
        let decisions: Vec<Value> = history
            .decisions
            .iter()
            .map(|one| {
                json!({"at": one.at, "verdict": one.verdict, "facts": one.facts, "policy": one.policy,
                       "answer": one.answer})
            })
            .collect();
        let events: Vec<Value> = history
            .events
            .iter()
            .map(|one| json!({"index": one.index, "event": event(&one.body)}))
            .collect();
        return command::print_json(
            &json!({"id": id, "facts": facts, "decisions": decisions, "events": events}),
        );
    }
    let mut out = String::new();
    for one in &history.events {
        let told = event(&one.body).map_or_else(
            || "an event that cannot be read; `tenure verify` checks the log".to_owned(),
            |event| format!("{}, by {}", happened(&event.change), event.who.label()),
        );
        let line = format!(
            "{}  event {}  {}",
            at_second(one.at),
            one.index,
            text::tame(&told)
        );
        let _ = writeln!(out, "{}", text::wrap(&line, text::width(), "  ").trim_end());
    }
    command::print(None, out.as_bytes())
}

/// Without what is smaller than a second.
fn at_second(at: Moment) -> String {
    let text = at.to_string();
    let (seconds, _) = text.split_once('.').unwrap_or((&text, ""));
    format!("{seconds}Z")
}

/// One event of a key, in a few words.
fn happened(change: &Change) -> String {
    match change {
        Change::KeyAdded { provider, .. } => format!("came to be known, of {provider}"),
        Change::FactsChanged { facts, .. } => {
            let facts: Vec<String> = facts
                .iter()
                .map(|one| match one.fact.as_str() {
                    "key" => "something beside its facts".to_owned(),
                    fact => format!("{fact} {} \u{2192} {}", one.from, one.to),
                })
                .collect();
            format!("changed: {}", facts.join(", "))
        }
        Change::KeyVanished { source, .. } => format!("gone from source {source}"),
        Change::KeyReturned { source, .. } => format!("back in source {source}"),
        Change::KeysJoined { from, .. } => format!("is one with {from}"),
        Change::Decided { to, level, due, .. } => {
            let due = due.map_or_else(String::new, |day| format!(", due {day}"));
            format!("judged {to}, {level}{due}")
        }
        Change::OwnerAssigned { owner, .. } => {
            format!("owner: {}", owner.as_deref().unwrap_or("nobody"))
        }
        Change::Exception {
            exception, step, ..
        } => format!("exception {exception} {step}"),
        Change::Act { act, detail, .. } if act == "answer" => {
            let said = |field: &str| detail.get(field).and_then(Value::as_str);
            let next = said("next").map_or_else(String::new, |next| format!(", ask {next}"));
            format!("answered: {}{next}", said("answer").unwrap_or("?"))
        }
        Change::Act { act, .. } => format!("{act} was asked for"),
        other => other.about().0.replace('_', " "),
    }
}

fn told(key: &Key) -> String {
    let width = text::width();
    let mut out = String::new();
    let mut say = |name: &str, value: &str| {
        if !value.is_empty() {
            let lines: Vec<String> = value.lines().map(text::tame).collect();
            let value = text::wrap(
                &format!("{}{}", text::pad(name, 14), lines.join(" / ")),
                width,
                "              ",
            );
            let _ = writeln!(out, "{}", value.trim_end());
        }
    };
    let plain = |value: &Option<String>| value.clone().unwrap_or_default();
    say("Id", &key.id);
    say("Provider", &key.provider);
    say("Kind", &plain(&key.credential));
    say("Account", &plain(&key.account));
    say("Key id", &plain(&key.key_id));
    say("Name", &plain(&key.name));
    say("Hint", &plain(&key.hint));
    let outcome = &key.verdict.outcome;
    say(
        "Verdict",
        &format!(
            "{} ({}), {}, {}",
            key.verdict.id.title(),
            key.verdict.id,
            outcome.level,
            outcome.urgency
        ),
    );
    say("Owner", &with_source(&key.owner, "nobody is known"));
    say("System", &with_source(&key.system, ""));
    say("Purpose", key.purpose.word());
    say("Note", &plain(&key.note));
    say("Created", &day(&key.created_at));
    say("Last used", &day(&key.last_used));
    say("Ends", &day(&key.expires_at));
    for (fact, note) in &key.facts {
        let value = note
            .value
            .as_str()
            .map_or_else(|| note.value.to_string(), str::to_owned);
        say(
            "Fact",
            &format!("{fact} = {value} ({}, {})", note.basis, note.source),
        );
    }
    for who in &key.owner_candidates {
        say(
            "May own it",
            &format!("{} ({}; {})", who.who, who.why, who.confidence),
        );
    }
    for seen in &key.sightings {
        let line = seen
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        say(
            "Seen in",
            &format!(
                "{}/{}{line} ({}, {})",
                seen.source, seen.path, seen.audience, seen.liveness
            ),
        );
    }
    for dispute in &key.disputes {
        say(
            "Disputed",
            &format!(
                "{}: took {}, also {}",
                dispute.fact, dispute.taken, dispute.also
            ),
        );
    }
    out
}

fn with_source(told: &Told<String>, none: &str) -> String {
    match (&told.value, &told.source) {
        (Some(value), Some(source)) => format!("{value} ({}, {source})", told.basis),
        (Some(value), None) => format!("{value} ({})", told.basis),
        (None, _) => none.to_owned(),
    }
}

fn day(told: &Told<Day>) -> String {
    match (told.value, told.basis) {
        (Some(day), basis) => format!("{day} ({basis})"),
        (None, Basis::Observed | Basis::Declared) => "never".to_owned(),
        (None, Basis::NotOffered) => "no source can tell".to_owned(),
        (None, _) => "not known".to_owned(),
    }
}
