//! `tenure key edit`: facts that a person states of a key.

use crate::{
    args::KeyEdit,
    command::{self, register},
    exit::Failure,
};
use std::process::ExitCode;

pub(super) fn run(args: &KeyEdit) -> Result<ExitCode, Failure> {
    let at = register::needed(&args.plain.at)?;
    let key = register::key(&at, &args.key)?;
    let set = args
        .facts
        .iter()
        .map(|(name, value)| (name.clone(), Some(value.clone())));
    let unset = args.unset.iter().map(|name| (name.clone(), None));
    let facts: Vec<(String, Option<String>)> = set.chain(unset).collect();
    let (stated, record) = register::look(&at, async |desk, _| {
        if !facts.is_empty() {
            desk.state_facts(&key, &facts).await?;
        }
        Ok((desk.stated(&key).await?, desk.key(&key).await?))
    })?;
    let judged = &record.registered.key;
    if args.plain.format == "json" {
        return command::print_json(&serde_json::json!({
            "key": key, "stated": stated, "verdict": judged.verdict.id,
            "level": judged.verdict.outcome.level, "disputes": judged.disputes,
        }));
    }
    let mut rows: Vec<Vec<String>> = stated
        .iter()
        .map(|one| {
            let who = format!("{} on {}", one.said_by, one.said_at.day());
            vec![one.name.clone(), one.value.clone(), who]
        })
        .collect();
    rows.extend(judged.disputes.iter().map(|dispute| {
        let told = format!("took {}, also {}", dispute.taken, dispute.also);
        vec!["disputed".to_owned(), dispute.fact.clone(), told]
    }));
    rows.push(vec![
        "verdict".to_owned(),
        judged.verdict.id.word().to_owned(),
        judged.verdict.outcome.level.word().to_owned(),
    ]);
    command::print(None, register::columns(&rows).as_bytes())
}
