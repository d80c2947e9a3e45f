//! Attestation campaigns: whoever answers for keys says whether each is still needed, no wider than it has to be, used
//! as is known, and theirs. Rules over what happened; what day it is comes from outside.

use crate::{
    access::PersonId, assessment::ControlState, day::Day, moment::Moment, pick::Pick,
    policy::ByLevel,
};
use serde::{Deserialize, Serialize};

/// The longest note, in characters.
const LONGEST: usize = 4_000;

words! {
    /// What is said to one question.
    pub enum Said { Yes = "yes", No = "no", Unknown = "unknown" }
}

words! {
    /// What is asked of each key.
    pub enum Question {
        /// It is still needed.
        Need = "need",
        /// It opens no more than it has to.
        Scope = "scope",
        /// It is used as is known.
        Use = "use",
        /// The one who is on record answers for it.
        Ownership = "ownership",
    }
}

/// The four answers for one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "Attested")]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// It is still needed.
    pub need: Said,
    /// It opens no more than it has to.
    pub scope: Said,
    /// It is used as is known.
    #[serde(rename = "use")]
    pub usage: Said,
    /// The one who is on record answers for it.
    pub ownership: Said,
}

impl Answers {
    /// The same answer to every question.
    #[must_use]
    pub fn all(said: Said) -> Self {
        Self {
            need: said,
            scope: said,
            usage: said,
            ownership: said,
        }
    }

    /// What is said to a question.
    #[must_use]
    pub fn to(&self, question: Question) -> Said {
        match question {
            Question::Need => self.need,
            Question::Scope => self.scope,
            Question::Use => self.usage,
            Question::Ownership => self.ownership,
        }
    }

    /// Puts what is said to a question.
    pub fn set(&mut self, question: Question, said: Said) {
        *match question {
            Question::Need => &mut self.need,
            Question::Scope => &mut self.scope,
            Question::Use => &mut self.usage,
            Question::Ownership => &mut self.ownership,
        } = said;
    }

    fn asked(&self, said: Said) -> Vec<&'static str> {
        let all = Question::ALL.iter().copied();
        let fits = all.filter(|question| self.to(*question) == said);
        fits.map(Question::word).collect()
    }

    /// What comes of them.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if !self.asked(Said::No).is_empty() {
            Outcome::Contradicted
        } else if !self.asked(Said::Unknown).is_empty() {
            Outcome::Unsure
        } else {
            Outcome::Confirmed
        }
    }
}

words! {
    /// What a campaign tells of one key.
    pub enum Outcome {
        /// Yes to everything.
        Confirmed = "confirmed",
        /// No to something.
        Contradicted = "contradicted",
        /// No to nothing, and not yes to everything.
        Unsure = "unsure",
        /// Nobody answered.
        Unanswered = "unanswered",
    }
}

/// What somebody signed for one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The answers.
    pub answers: Answers,
    /// Their words; needed where something is answered with no.
    pub note: String,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Moment,
}

impl Attestation {
    /// What it is worth as evidence of the control `attested`, and why. It is evidence for as many days as the policy
    /// says for the level.
    #[must_use]
    pub fn control(
        &self,
        level: crate::level::Level,
        days: &ByLevel,
        today: Day,
    ) -> (ControlState, String) {
        let on = self.at.day();
        let until = on.plus(days.at(level));
        let who = format!("{} on {on}", self.by);
        match self.answers.outcome() {
            Outcome::Contradicted => {
                let no = self.answers.asked(Said::No).join(", ");
                (ControlState::Failing, format!("{who} said no to: {no}"))
            }
            _ if today > until => (
                ControlState::Failing,
                format!("confirmed by {who}; that was good until {until}"),
            ),
            Outcome::Confirmed => (
                ControlState::Met,
                format!("confirmed by {who}, good until {until}"),
            ),
            Outcome::Unsure | Outcome::Unanswered => {
                let unknown = self.answers.asked(Said::Unknown).join(", ");
                (
                    ControlState::Unknown,
                    format!("{who} could not say: {unknown}"),
                )
            }
        }
    }
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reviewers {
    /// Whoever answers for each key.
    Owners,
    /// These people, for every key.
    Named(Vec<PersonId>),
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Which keys it is about; they were picked when it was started.
    pub pick: Pick,
    /// Who is asked.
    pub reviewers: Reviewers,
    /// The day by which answers are due.
    pub due: Day,
    /// Who started it.
    pub started_by: String,
    /// When.
    pub started_at: Moment,
    /// When people were reminded.
    #[serde(default)]
    pub reminded: Vec<Moment>,
    /// Who closed it, and when.
    #[serde(default)]
    pub closed: Option<(String, Moment)>,
}

/// One key of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "ReviewedKey")]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The key.
    pub key: String,
    /// What people called it.
    pub name: String,
    /// Who is asked about it; empty where nobody answers for it.
    pub reviewers: Vec<PersonId>,
    /// What was answered.
    pub attestation: Option<Attestation>,
}

impl Item {
    /// What the campaign tells of it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.attestation
            .as_ref()
            .map_or(Outcome::Unanswered, |signed| signed.answers.outcome())
    }
}

/// Why something about a campaign is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The due day is not ahead.
    #[error("{due} is not after {today}: name a later day")]
    DueBeforeItBegins {
        /// The day.
        due: Day,
        /// Today.
        today: Day,
    },
    /// A text is missing or too long.
    #[error("{0}")]
    Text(&'static str),
    /// It is over.
    #[error("the campaign {0} is closed: start another one")]
    Closed(String),
    /// Somebody else is asked.
    #[error("{person} is not asked about {key} in this campaign")]
    NotAsked {
        /// Who wanted to answer.
        person: PersonId,
        /// The key.
        key: String,
    },
    /// A no without words.
    #[error("say in the note why the answer is no, so that somebody can act on it")]
    NoWithoutNote,
    /// Nothing to ask about.
    #[error("`{0}` picks no key: there is nothing to ask")]
    NoKeys(String),
}

impl Campaign {
    /// A campaign that begins now.
    ///
    /// # Errors
    /// The day or the title does not do.
    pub fn start(
        id: &str,
        title: &str,
        pick: Pick,
        reviewers: Reviewers,
        due: Day,
        by: &str,
        now: Moment,
    ) -> Result<Self, Refusal> {
        let today = now.day();
        if due <= today {
            return Err(Refusal::DueBeforeItBegins { due, today });
        }
        let title = title.trim();
        if title.is_empty() || title.chars().count() > 200 {
            return Err(Refusal::Text(
                "the title has 1 to 200 characters: write what the campaign is about",
            ));
        }
        if matches!(&reviewers, Reviewers::Named(people) if people.is_empty()) {
            return Err(Refusal::Text(
                "nobody is named to be asked: name a person, or ask the owners",
            ));
        }
        Ok(Self {
            id: id.to_owned(),
            title: title.to_owned(),
            pick,
            reviewers,
            due,
            started_by: by.to_owned(),
            started_at: now,
            reminded: Vec::new(),
            closed: None,
        })
    }

    /// Who is asked about a key of these owners.
    #[must_use]
    pub fn asks(&self, owners: &[PersonId]) -> Vec<PersonId> {
        match &self.reviewers {
            Reviewers::Owners => owners.to_vec(),
            Reviewers::Named(people) => people.clone(),
        }
    }

    /// Whether the day has passed and it is open still.
    #[must_use]
    pub fn is_overdue(&self, today: Day) -> bool {
        self.closed.is_none() && today > self.due
    }

    /// People are reminded.
    ///
    /// # Errors
    /// It is closed.
    pub fn remind(&mut self, now: Moment) -> Result<(), Refusal> {
        self.is_open()?;
        self.reminded.push(now);
        Ok(())
    }

    /// Ends it; what nobody answered stays unanswered.
    ///
    /// # Errors
    /// It is closed already.
    pub fn close(&mut self, by: &str, now: Moment) -> Result<(), Refusal> {
        self.is_open()?;
        self.closed = Some((by.to_owned(), now));
        Ok(())
    }

    /// Somebody answers for a key. A later answer takes the place of an earlier one.
    ///
    /// # Errors
    /// The campaign is over, somebody else is asked, or a no comes without words.
    pub fn answer(
        &self,
        item: &mut Item,
        answers: Answers,
        note: &str,
        by: &PersonId,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.is_open()?;
        if !item.reviewers.contains(by) {
            return Err(Refusal::NotAsked {
                person: by.clone(),
                key: item.key.clone(),
            });
        }
        let note = note.trim();
        if note.chars().count() > LONGEST {
            return Err(Refusal::Text("the note is longer than 4,000 characters"));
        }
        if answers.outcome() == Outcome::Contradicted && note.is_empty() {
            return Err(Refusal::NoWithoutNote);
        }
        item.attestation = Some(Attestation {
            answers,
            note: note.to_owned(),
            by: by.clone(),
            at: now,
        });
        Ok(())
    }

    fn is_open(&self) -> Result<(), Refusal> {
        match self.closed {
            None => Ok(()),
            Some(_) => Err(Refusal::Closed(self.id.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{level::Level, policy::Policy};
    use proptest::prelude::*;

    fn who(id: &str) -> PersonId {
        PersonId::new(id).unwrap()
    }

    fn at(day: &str) -> Moment {
        let day: Day = day.parse().unwrap();
        Moment::from_micros(i64::from(day.number()) * 86_400_000_000)
    }

    fn campaign() -> Campaign {
        let pick = Pick::parse("provider=acme").unwrap();
        let due = "2026-12-01".parse().unwrap();
        let now = at("2026-11-01");
        Campaign::start(
            "c1",
            "autumn",
            pick,
            Reviewers::Owners,
            due,
            "person:ann",
            now,
        )
        .unwrap()
    }

    fn item() -> Item {
        Item {
            key: "k1".to_owned(),
            name: "deploy".to_owned(),
            reviewers: vec![who("olga")],
            attestation: None,
        }
    }

    fn said() -> impl Strategy<Value = Said> {
        prop::sample::select(Said::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn a_key_is_attested_only_by_yes_to_everything_in_time(
            need in said(), scope in said(), usage in said(), ownership in said(), days in 0i64..1000,
        ) {
            let answers = Answers { need, scope, usage, ownership };
            let all_yes = Question::ALL.iter().all(|question| answers.to(*question) == Said::Yes);
            let signed = Attestation { answers, note: "n".to_owned(), by: who("olga"), at: at("2026-11-01") };
            let policy = Policy::builtin();
            let interval = &policy.evidence.attestation_days;
            let today = at("2026-11-01").day().plus(days);
            let (state, why) = signed.control(Level::B2, interval, today);
            prop_assert_eq!(state == ControlState::Met, all_yes && days <= interval.at(Level::B2), "{}", why);
        }
    }

    #[test]
    fn only_who_is_asked_answers_and_a_no_has_a_reason() {
        let (campaign, mut item) = (campaign(), item());
        let now = at("2026-11-02");
        let yes = Answers::all(Said::Yes);
        let no = campaign.answer(&mut item, yes.clone(), "", &who("ulf"), now);
        assert!(matches!(no, Err(Refusal::NotAsked { .. })));
        let no = Answers {
            scope: Said::No,
            ..yes.clone()
        };
        let bare = campaign.answer(&mut item, no.clone(), " ", &who("olga"), now);
        assert_eq!(bare, Err(Refusal::NoWithoutNote));
        assert_eq!(item.outcome(), Outcome::Unanswered);
        campaign
            .answer(&mut item, no, "it reads all", &who("olga"), now)
            .unwrap();
        assert_eq!(item.outcome(), Outcome::Contradicted);
        campaign
            .answer(&mut item, yes, "", &who("olga"), now)
            .unwrap();
        assert_eq!(item.outcome(), Outcome::Confirmed);
    }

    #[test]
    fn what_is_closed_takes_nothing_more() {
        let (mut campaign, mut item) = (campaign(), item());
        assert!(!campaign.is_overdue(campaign.due));
        assert!(campaign.is_overdue(campaign.due.plus(1)));
        campaign.close("person:ann", at("2026-12-02")).unwrap();
        assert!(!campaign.is_overdue(campaign.due.plus(9)));
        let yes = Answers::all(Said::Yes);
        let late = campaign.answer(&mut item, yes, "", &who("olga"), at("2026-12-03"));
        assert!(matches!(late, Err(Refusal::Closed(_))));
        assert!(campaign.remind(at("2026-12-03")).is_err());
        assert!(campaign.close("person:ann", at("2026-12-03")).is_err());
    }
}
