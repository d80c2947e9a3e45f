//! `tenure review`: attestation campaigns.

use crate::{
    args::{One, Plain, ReviewAnswer, ReviewCommand, ReviewStart},
    command::{self, register},
    exit::Failure,
    text,
};
use std::process::ExitCode;
use tenure_app::register::{ReviewShown, Starting};
use tenure_model::attest::{Answers, Outcome};

pub(super) fn run(command: &ReviewCommand) -> Result<ExitCode, Failure> {
    match command {
        ReviewCommand::Start(args) => start(args),
        ReviewCommand::Remind(args) => one(args, async |desk, id| desk.remind_review(id).await),
        ReviewCommand::Close(args) => one(args, async |desk, id| desk.close_review(id).await),
        ReviewCommand::Show(args) => one(args, async |desk, id| desk.review(id).await),
        ReviewCommand::Answer(args) => answer(args),
        ReviewCommand::List { open, plain } => list(*open, plain),
    }
}

fn start(args: &ReviewStart) -> Result<ExitCode, Failure> {
    let at = register::needed(&args.plain.at)?;
    let starting = Starting {
        title: args.title.clone(),
        selector: args.keys.clone(),
        reviewers: args.reviewer.clone(),
        due: args.due,
    };
    let shown = register::look(&at, async |desk, _| desk.start_review(&starting).await)?;
    show(&shown, &args.plain)
}

fn one(
    args: &One,
    act: impl for<'d> AsyncFnOnce(
        tenure_app::register::Desk<'d>,
        &str,
    ) -> tenure_app::register::Result<ReviewShown>,
) -> Result<ExitCode, Failure> {
    let at = register::needed(&args.plain.at)?;
    let shown = register::look(&at, async |desk, _| act(desk, &args.id).await)?;
    show(&shown, &args.plain)
}

fn answer(args: &ReviewAnswer) -> Result<ExitCode, Failure> {
    let at = register::needed(&args.plain.at)?;
    let key = register::key(&at, &args.key)?;
    let answers = Answers {
        need: args.need,
        scope: args.scope,
        usage: args.usage,
        ownership: args.ownership,
    };
    let item = register::look(&at, async |desk, _| {
        desk.answer_review(&args.id, &key, answers, &args.note)
            .await
    })?;
    command::print_json(&item)
}

fn list(open: bool, plain: &Plain) -> Result<ExitCode, Failure> {
    let at = register::needed(&plain.at)?;
    let all = register::look(&at, async |desk, _| desk.reviews(open).await)?;
    if plain.format == "json" {
        return command::print_json(&all);
    }
    if all.is_empty() {
        return command::print(None, b"There is no campaign.\n");
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            let unanswered = one.counts.get(&Outcome::Unanswered).copied();
            let told = format!(
                "{}, {} unanswered of {}",
                state(one),
                text::number(unanswered.unwrap_or_default()),
                text::number(u64::try_from(one.items.len()).unwrap_or(u64::MAX))
            );
            vec![one.campaign.id.clone(), one.campaign.title.clone(), told]
        })
        .collect();
    command::print(None, register::columns(&rows).as_bytes())
}

fn state(shown: &ReviewShown) -> String {
    let due = shown.campaign.due;
    match &shown.campaign.closed {
        Some((_, at)) => format!("closed on {}", at.day()),
        None if shown.overdue => format!("overdue since {due}"),
        None => format!("due {due}"),
    }
}

fn show(shown: &ReviewShown, plain: &Plain) -> Result<ExitCode, Failure> {
    if plain.format == "json" {
        return command::print_json(shown);
    }
    let campaign = &shown.campaign;
    let counts: Vec<String> = shown
        .counts
        .iter()
        .map(|(outcome, n)| format!("{} {outcome}", text::number(*n)))
        .collect();
    let mut rows = vec![
        vec![
            "campaign".to_owned(),
            format!("{} {}", campaign.id, campaign.title),
        ],
        vec!["keys".to_owned(), campaign.pick.to_string()],
        vec!["state".to_owned(), state(shown)],
        vec!["answers".to_owned(), counts.join(", ")],
    ];
    rows.extend(shown.waits_for.iter().map(|(who, n)| {
        vec![
            "waits for".to_owned(),
            format!("{who}: {}", text::count(*n, "key")),
        ]
    }));
    rows.extend(shown.items.iter().map(|item| {
        let said = item
            .attestation
            .as_ref()
            .map_or_else(String::new, |signed| {
                let note = signed.note.replace('\n', " / ");
                format!(", by {} on {} {note}", signed.by, signed.at.day())
            });
        let told = format!("{} ({}): {}{said}", item.name, item.key, item.outcome());
        vec!["key".to_owned(), told]
    }));
    command::print(None, register::columns(&rows).as_bytes())
}
