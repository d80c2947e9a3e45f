//! The answer to an ask: all keys of one person, three answers each, on one page that fits a telephone.

use super::{
    Result,
    form::{Choice, Typed},
    frame::Frame,
    shown::filters,
};
use askama::Template;
use tenure_app::report::text;
use tenure_model::{day::Day, level::Level};

/// The page. Filled by the question's use case; opening it changes nothing, and it needs a sign-in of the person asked.
#[derive(Template)]
#[template(path = "answers.html")]
pub struct Answers {
    /// What stands around it.
    pub frame: Frame,
    /// Where the answers are sent.
    pub address: String,
    /// Who asks.
    pub asker: String,
    /// By when.
    pub due: Option<Day>,
    /// The keys.
    pub keys: Vec<Asked>,
    /// Whom a key can be handed on to.
    pub people: Vec<Choice>,
    /// What came back.
    pub typed: Typed,
    /// Everything is answered.
    pub done: bool,
}

/// One key that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is and what it opens, as a sentence.
    pub says: String,
    /// Why this person is asked.
    pub why: String,
    /// How bad it is.
    pub level: Level,
    /// The answer so far.
    pub answer: Option<Answer>,
}

tenure_model::words! {
    /// The three answers.
    pub enum Answer { Mine = "mine", NotMine = "not_mine", Off = "off" }
}

impl Answers {
    fn sentence(&self) -> String {
        let n = self.keys.iter().filter(|key| key.answer.is_none()).count();
        let n = u64::try_from(n).unwrap_or(u64::MAX);
        match (self.done, n) {
            (true, _) | (false, 0) => "Thank you, that is all".to_owned(),
            (false, n) => format!("Are these {} yours?", text::plural(n, "key", "keys"))
                .replace("Are these 1 key yours?", "Is this key yours?"),
        }
    }
}

impl Asked {
    fn has(&self, answer: &str) -> bool {
        self.answer.is_some_and(|given| given.word() == answer)
    }
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &Answers) -> Result<String> {
    view.render()
}
