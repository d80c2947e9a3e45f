//! Events of the log as sentences.

use super::form;
use tenure_app::report::{text, words};
use tenure_model::{
    event::{Actor, Change, Event, Outcome},
    moment::Moment,
};

/// One event as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Moment,
    /// Who.
    pub who: String,
    /// What, as a sentence.
    pub text: String,
    /// The page of what it is about.
    pub address: Option<String>,
    /// Why it was refused, where it was.
    pub denied: Option<String>,
    /// The policies that decided it.
    pub policies: Vec<String>,
}

impl Happened {
    /// An event as people read it. `name` gives the name of a key by its id, where the caller may know it.
    #[must_use]
    pub fn of(event: &Event, name: &dyn Fn(&str) -> Option<String>) -> Self {
        let (denied, policies) = match &event.outcome {
            Outcome::Done { policies, .. } => (None, policies),
            Outcome::Denied { policies, why, .. } => (Some(why.clone()), policies),
        };
        Self {
            at: event.at,
            who: who(&event.who),
            text: says(&event.change, name),
            address: about(&event.change).map(form::key),
            denied,
            policies: policies.clone(),
        }
    }
}

/// Who acts, as people say it.
#[must_use]
pub fn who(actor: &Actor) -> String {
    match actor {
        Actor::Person { id } => id.to_string(),
        Actor::Token { id, of } => format!("token {id} of {of}"),
        Actor::Operator { user } => format!("{user}, at the command line"),
        Actor::System { part } => format!("Tenure ({part})"),
        Actor::Anonymous => "somebody who was not signed in".to_owned(),
    }
}

/// The key that a change is about, where it is about one alone.
pub(crate) fn about(change: &Change) -> Option<&str> {
    match change {
        Change::KeyAdded { key, .. }
        | Change::FactsChanged { key, .. }
        | Change::KeyVanished { key, .. }
        | Change::KeyReturned { key, .. }
        | Change::KeysJoined { key, .. }
        | Change::Decided { key, .. } => Some(key.as_str()),
        Change::OwnerAssigned { keys, .. } => match keys.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        },
        Change::Exception { key, .. } => key.as_ref().map(tenure_model::id::KeyId::as_str),
        Change::Act { kind, id, .. } if kind == "key" => Some(id),
        _ => None,
    }
}

/// What happened, as a sentence without its subject.
fn says(change: &Change, name: &dyn Fn(&str) -> Option<String>) -> String {
    let called = |id: &str| name(id).unwrap_or_else(|| id.to_owned());
    match change {
        Change::RegisterMade { origin } => format!("The register {origin} was made"),
        Change::ImportBegun { source, .. } => format!("An import of {source} began"),
        Change::ImportContinued {
            source, records, ..
        } => format!("{} of {source} are written", plural(*records, "record")),
        Change::ImportFinished {
            source,
            records,
            new,
            changed,
            vanished,
            ..
        } => format!(
            "{source} was imported: {}, {} new, {} changed, {} gone",
            plural(*records, "record"),
            text::number(*new),
            text::number(*changed),
            text::number(*vanished)
        ),
        Change::ImportAbandoned { source, .. } => {
            format!("An import of {source} was given up for a newer one")
        }
        Change::KeyAdded {
            key,
            provider,
            name: given,
        } => {
            let given = given.clone().unwrap_or_else(|| called(key.as_str()));
            format!("{given} of {provider} came to be known")
        }
        Change::FactsChanged { key, facts } => {
            let some: Vec<String> = facts
                .iter()
                .take(3)
                .map(|fact| {
                    format!(
                        "{} from {} to {}",
                        fact.fact,
                        value(&fact.from),
                        value(&fact.to)
                    )
                })
                .collect();
            let more = match facts.len().saturating_sub(3) {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            format!("{}: {}{more}", called(key.as_str()), some.join("; "))
        }
        Change::KeyVanished { key, source } => {
            format!("{source} does not have {} any more", called(key.as_str()))
        }
        Change::KeyReturned { key, source } => {
            format!("{source} has {} again", called(key.as_str()))
        }
        Change::KeysJoined { key, from } => {
            format!("{} turned out to be {}", from, called(key.as_str()))
        }
        Change::Decided {
            key,
            from,
            to,
            level,
            due,
            ..
        } => {
            let before = from.map_or_else(String::new, |from| {
                format!(", before {}", words::verdict(from))
            });
            let due = due.map_or_else(String::new, |due| {
                format!(", due {}", tenure_model::reason::short(due))
            });
            format!(
                "{} is judged {} at {level}{before}{due}",
                called(key.as_str()),
                words::verdict(*to)
            )
        }
        Change::OwnerAssigned { keys, owner } => {
            let what = match keys.as_slice() {
                [one] => called(one.as_str()),
                many => text::keys(u64::try_from(many.len()).unwrap_or(u64::MAX)),
            };
            match owner {
                Some(owner) => format!("{owner} answers for {what}"),
                None => format!("Nobody answers for {what} any more"),
            }
        }
        Change::Exception {
            exception,
            key,
            step,
            ..
        } => {
            let of = key
                .as_ref()
                .map_or_else(|| "a class of keys".to_owned(), |key| called(key.as_str()));
            format!("Exception {exception} of {of} was {step}")
        }
        Change::PeopleChanged { people } => format!(
            "The people list changed: {}",
            text::plural(
                u64::try_from(people.len()).unwrap_or(u64::MAX),
                "person",
                "people"
            )
        ),
        Change::Declared { kind, id, .. } => format!("{kind} {id} is declared differently"),
        Change::Run { run, step, .. } => format!("Run {run}: {step}"),
        Change::JobFailed { job, kind, why } => format!("Job {job} ({kind}) was given up: {why}"),
        Change::Act { act, kind, id, .. } => {
            let what = if kind == "key" {
                called(id)
            } else {
                id.clone()
            };
            format!("{} {what}", act.replace(['_', '.'], " "))
                .trim_end()
                .to_owned()
        }
    }
}

fn plural(n: u64, one: &str) -> String {
    text::plural(n, one, &format!("{one}s"))
}

/// A value of a fact as people write it.
#[must_use]
pub fn value(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "unknown".to_owned(),
        serde_json::Value::String(text) => text.replace('_', " "),
        serde_json::Value::Bool(true) => "yes".to_owned(),
        serde_json::Value::Bool(false) => "no".to_owned(),
        serde_json::Value::Object(map) => map
            .iter()
            .map(|(name, inner)| format!("{} {}", name.replace('_', " "), self::value(inner)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::{facts::Verdict, id::KeyId, level::Level};

    #[test]
    fn a_decision_is_told_with_what_it_was_before() {
        let change = Change::Decided {
            key: KeyId::new("k1"),
            from: Some(Verdict::Unowned),
            to: Verdict::Replaceable,
            level: Level::B3,
            due: "2026-12-24".parse().ok(),
            facts: String::new(),
            policy: String::new(),
        };
        let name = |id: &str| (id == "k1").then(|| "stripe-live".to_owned());
        assert_eq!(
            says(&change, &name),
            "stripe-live is judged Replaceable at B3, before Unowned, due 24 Dec 2026"
        );
        assert_eq!(about(&change), Some("k1"));
    }
}
