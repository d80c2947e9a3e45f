//! Who to ask about keys that nobody answers for: one question per person with all their keys, by evidence.

use crate::{
    container::Place,
    id::KeyId,
    key::PersonState,
    level::Level,
    moment::Moment,
    note::{Confidence, OwnerCandidate},
    people::People,
    policy::Backlog,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// What somebody answers about one key.
    pub enum AskAnswer {
        /// I answer for it.
        Mine = "mine",
        /// Somebody else does.
        NotMine = "not_mine",
        /// Nobody needs it any more.
        CanBeTurnedOff = "can_be_turned_off",
    }
}

/// A key that nobody is known to answer for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unowned {
    /// The key.
    pub key: KeyId,
    /// How bad it is.
    pub level: Level,
    /// Where it lies.
    pub places: BTreeSet<Place>,
    /// Who may answer for it, and what points to them.
    pub leads: Vec<OwnerCandidate>,
    /// Who said that it is not theirs, by the id that [`reached`] gives.
    pub refused: BTreeSet<String>,
}

/// One key of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct AskedKey {
    /// The key.
    pub key: KeyId,
    /// How bad it is.
    pub level: Level,
    /// What points to the person.
    pub why: String,
}

/// A question to one person about all keys that they may answer for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(rename = "PlannedQuestion")]
pub struct Question {
    /// The person: the id of the people list, else what sources call them.
    pub person: String,
    /// The keys, the worst first.
    pub keys: Vec<AskedKey>,
    /// How many more wait for another week.
    pub waiting: u64,
    /// Where most of these keys lie, with how many: an answer for a place decides all of them.
    pub places: Vec<(Place, u64)>,
}

/// Whom to ask what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
#[schemars(rename = "AskPlan")]
pub struct Plan {
    /// The questions; the one that decides the most keys first.
    pub questions: Vec<Question>,
    /// Keys to which nothing points at anybody.
    pub nobody: Vec<KeyId>,
}

/// How many places a question names.
const PLACES: usize = 3;

/// The person whom a lead means: on the people list and still there, or an e-mail address where there is no list that
/// says otherwise. A team, a bot or somebody who left cannot be asked.
#[must_use]
pub fn reached(who: &str, people: Option<&People>) -> Option<String> {
    let who = who.trim();
    let is_address = who
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
    match people {
        None => (!who.starts_with('@') && !who.is_empty()).then(|| who.to_lowercase()),
        Some(people) => match people.find(who) {
            Some(person) => (person.state != PersonState::Inactive).then(|| person.id.clone()),
            None => is_address.then(|| who.to_lowercase()),
        },
    }
}

fn weight(confidence: Confidence) -> u64 {
    match confidence {
        Confidence::High => 4,
        Confidence::Medium => 2,
        Confidence::Low => 1,
    }
}

/// Makes a plan: each key goes to the person to whom the most points, among equals to the one with the most keys, so
/// that few people are asked. `left` is how many keys each person may still be asked about this week, `cap` that of
/// everybody else.
#[must_use]
pub fn plan(
    keys: &[Unowned],
    people: Option<&People>,
    left: &BTreeMap<String, u64>,
    cap: u64,
) -> Plan {
    let scored: Vec<BTreeMap<String, (u64, Vec<&str>)>> = keys
        .iter()
        .map(|key| {
            let mut all: BTreeMap<String, (u64, Vec<&str>)> = BTreeMap::new();
            for lead in &key.leads {
                let person = reached(&lead.who, people);
                if let Some(person) = person.filter(|person| !key.refused.contains(person)) {
                    let (sum, why) = all.entry(person).or_default();
                    *sum = sum.saturating_add(weight(lead.confidence));
                    why.push(&lead.why);
                }
            }
            all
        })
        .collect();
    let mut reach: BTreeMap<&str, u64> = BTreeMap::new();
    for person in scored.iter().flat_map(BTreeMap::keys) {
        let n = reach.entry(person).or_default();
        *n = n.saturating_add(1);
    }
    let mut plan = Plan::default();
    let mut by_person: BTreeMap<&str, Vec<(&Unowned, AskedKey)>> = BTreeMap::new();
    for (key, scored) in keys.iter().zip(&scored) {
        let best = scored.iter().max_by_key(|(person, (sum, _))| {
            let reach = reach.get(person.as_str()).copied().unwrap_or_default();
            (*sum, reach, std::cmp::Reverse(*person))
        });
        let Some((person, (_, why))) = best else {
            plan.nobody.push(key.key.clone());
            continue;
        };
        let asked = AskedKey {
            key: key.key.clone(),
            level: key.level,
            why: why.join("; "),
        };
        by_person.entry(person).or_default().push((key, asked));
    }
    for (person, mut asked) in by_person {
        asked.sort_by(|(_, a), (_, b)| (b.level, &a.key).cmp(&(a.level, &b.key)));
        let may = left.get(person).copied().unwrap_or(cap);
        let may = usize::try_from(may).unwrap_or(usize::MAX);
        let waiting = asked.len().saturating_sub(may);
        asked.truncate(may);
        let mut places: BTreeMap<&Place, u64> = BTreeMap::new();
        for place in asked.iter().flat_map(|(key, _)| &key.places) {
            let n = places.entry(place).or_default();
            *n = n.saturating_add(1);
        }
        let mut places: Vec<(Place, u64)> = places
            .into_iter()
            .filter(|(_, n)| *n > 1)
            .map(|(place, n)| (place.clone(), n))
            .collect();
        places.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        places.truncate(PLACES);
        plan.questions.push(Question {
            person: person.to_owned(),
            keys: asked.into_iter().map(|(_, asked)| asked).collect(),
            waiting: u64::try_from(waiting).unwrap_or(u64::MAX),
            places,
        });
    }
    plan.questions
        .sort_by(|a, b| (b.keys.len(), &a.person).cmp(&(a.keys.len(), &b.person)));
    plan
}

/// What follows on silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nudge {
    /// They are reminded.
    Remind,
    /// Their manager is asked too.
    Escalate,
}

/// What is due for an open question: a reminder after some days of silence, the manager after some reminders, then
/// nothing more.
#[must_use]
pub fn nudge(
    (sent_at, reminded_at): (Moment, Option<Moment>),
    reminders: u32,
    is_escalated: bool,
    policy: &Backlog,
    now: Moment,
) -> Option<Nudge> {
    let wait = i64::from(policy.remind_days).saturating_mul(86_400);
    if now < reminded_at.unwrap_or(sent_at).plus_seconds(wait) {
        return None;
    }
    if reminders < policy.reminders {
        Some(Nudge::Remind)
    } else {
        (!is_escalated).then_some(Nudge::Escalate)
    }
}

/// Who answers for other keys in the same places, as leads: the one with most of them in each place.
#[must_use]
pub fn neighbours(
    places: &BTreeSet<Place>,
    owned: &BTreeMap<Place, BTreeMap<String, u64>>,
) -> Vec<OwnerCandidate> {
    let mut leads: Vec<OwnerCandidate> = Vec::new();
    for place in places {
        let Some(owners) = owned.get(place) else {
            continue;
        };
        let all: u64 = owners.values().sum();
        let most = owners
            .iter()
            .max_by_key(|(who, n)| (**n, std::cmp::Reverse(*who)));
        let Some((who, n)) = most else { continue };
        // One neighbour among many others says nothing.
        if n.saturating_mul(2) <= all || leads.iter().any(|lead| lead.who == *who) {
            continue;
        }
        leads.push(OwnerCandidate {
            who: who.clone(),
            why: format!(
                "answers for {n} of {all} keys in {} {}",
                place.kind, place.text
            ),
            confidence: if *n > 1 {
                Confidence::Medium
            } else {
                Confidence::Low
            },
        });
    }
    leads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{container::ContainerKind, key::Person};

    fn lead(who: &str, confidence: Confidence) -> OwnerCandidate {
        OwnerCandidate {
            who: who.to_owned(),
            why: format!("{who} made it"),
            confidence,
        }
    }

    fn key(id: &str, level: Level, leads: &[OwnerCandidate]) -> Unowned {
        Unowned {
            key: KeyId::new(id),
            level,
            places: BTreeSet::from([Place {
                kind: ContainerKind::Account,
                text: "main".to_owned(),
            }]),
            leads: leads.to_vec(),
            refused: BTreeSet::new(),
        }
    }

    fn asked(plan: &Plan) -> Vec<(&str, Vec<&str>, u64)> {
        let questions = plan.questions.iter();
        questions
            .map(|one| {
                let keys = one.keys.iter().map(|key| key.key.as_str());
                (one.person.as_str(), keys.collect(), one.waiting)
            })
            .collect()
    }

    #[test]
    fn each_person_is_asked_once_about_all_and_the_worst_first() {
        use Confidence::{High, Low, Medium};
        let keys = [
            key("k1", Level::B1, &[lead("ann", High)]),
            key("k2", Level::B4, &[lead("ann", High), lead("bob", Low)]),
            key("k3", Level::B2, &[lead("bob", Medium), lead("cid", Medium)]),
            key(
                "k4",
                Level::B2,
                &[lead("bob", Low), lead("cid", Low), lead("cid", Low)],
            ),
            key("k5", Level::B2, &[]),
            key("k6", Level::B2, &[lead("@acme/team", High)]),
        ];
        let plan = super::plan(&keys, None, &BTreeMap::new(), 9);
        assert_eq!(
            asked(&plan),
            [
                ("ann", vec!["k2", "k1"], 0),
                ("bob", vec!["k3"], 0),
                ("cid", vec!["k4"], 0)
            ],
            "two small hints are more than one; among equals who has more keys anyway"
        );
        assert_eq!(plan.nobody, [KeyId::new("k5"), KeyId::new("k6")]);
        assert_eq!(plan.questions[0].places[0].1, 2);
    }

    #[test]
    fn nobody_is_asked_more_than_their_cap_or_what_they_refused() {
        let mut keys: Vec<Unowned> = (0..5)
            .map(|n| {
                key(
                    &format!("k{n}"),
                    Level::B1,
                    &[lead("Ann", Confidence::High)],
                )
            })
            .collect();
        let capped = plan(&keys, None, &BTreeMap::new(), 2);
        assert_eq!(asked(&capped), [("ann", vec!["k0", "k1"], 3)]);
        let left = BTreeMap::from([("ann".to_owned(), 0)]);
        assert_eq!(asked(&plan(&keys, None, &left, 2)), [("ann", vec![], 5)]);
        keys[0].refused.insert("ann".to_owned());
        let rest = plan(&keys, None, &BTreeMap::new(), 9);
        assert_eq!(rest.nobody, [KeyId::new("k0")]);
    }

    #[test]
    fn who_left_a_team_and_a_bot_are_not_asked() {
        let person = |id: &str, state| Person {
            id: id.to_owned(),
            email: Some(format!("{id}@x.io")),
            state,
            ..Person::default()
        };
        let people = People::new(vec![
            person("ann", PersonState::Active),
            person("gone", PersonState::Inactive),
        ]);
        let reached = |who: &str| reached(who, Some(&people));
        assert_eq!(reached("ANN@x.io").as_deref(), Some("ann"));
        assert_eq!(reached("gone@x.io"), None);
        assert_eq!(reached("@acme/payments"), None);
        assert_eq!(reached("svc-deploy"), None);
        assert_eq!(reached("New@y.io").as_deref(), Some("new@y.io"));
    }

    #[test]
    fn silence_is_followed_by_two_reminders_and_the_manager_once() {
        let policy = Backlog::STANDARD;
        let start = Moment::from_micros(1_795_721_000_000_000);
        let (mut reminded, mut reminders, mut escalated) = (None, 0, false);
        let mut told = Vec::new();
        for day in 0..40 {
            let now = start.plus_seconds(day * 86_400);
            match nudge((start, reminded), reminders, escalated, &policy, now) {
                Some(Nudge::Remind) => {
                    (reminded, reminders) = (Some(now), reminders + 1);
                    told.push((day, "remind"));
                }
                Some(Nudge::Escalate) => {
                    escalated = true;
                    told.push((day, "escalate"));
                }
                None => {}
            }
        }
        assert_eq!(told, [(7, "remind"), (14, "remind"), (21, "escalate")]);
    }

    #[test]
    fn a_neighbour_counts_where_most_of_a_place_is_theirs() {
        let place = |text: &str| Place {
            kind: ContainerKind::Account,
            text: text.to_owned(),
        };
        let of = |owners: &[(&str, u64)]| -> BTreeMap<String, u64> {
            owners
                .iter()
                .map(|(who, n)| ((*who).to_owned(), *n))
                .collect()
        };
        let owned = BTreeMap::from([
            (place("a"), of(&[("ann", 5), ("bob", 1)])),
            (place("b"), of(&[("ann", 1), ("bob", 1)])),
            (place("c"), of(&[("cid", 1)])),
        ]);
        let places = BTreeSet::from(["a", "b", "c", "d"].map(place));
        let leads = neighbours(&places, &owned);
        let told: Vec<(&str, Confidence)> = leads
            .iter()
            .map(|lead| (lead.who.as_str(), lead.confidence))
            .collect();
        assert_eq!(
            told,
            [("ann", Confidence::Medium), ("cid", Confidence::Low)]
        );
        assert_eq!(leads[0].why, "answers for 5 of 6 keys in account a");
    }
}
