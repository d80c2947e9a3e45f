//! A page that is one form: asking for an exception, for a new key, naming an owner, opening a campaign.
//!
//! Which fields an act needs is said by whoever fills the view; how a form looks, comes back and is read aloud is the
//! same for all.

use super::{
    Result,
    form::{Choice, Typed},
    frame::Frame,
    shown::filters,
};
use askama::Template;

/// The page. Filled by the act that it is for; a form that was refused comes back with what was typed (422).
#[derive(Template)]
#[template(path = "sheet.html")]
pub struct Sheet {
    /// What stands around it.
    pub frame: Frame,
    /// Where one came from: what stands on the link, and its address.
    pub back: (String, String),
    /// What is done, as an order: `Ask for an exception`.
    pub order: String,
    /// What one should know before, as sentences.
    pub lead: Vec<String>,
    /// Where the form goes.
    pub address: String,
    /// Fields that nobody fills: names and values.
    pub fixed: Vec<(&'static str, String)>,
    /// The fields, in order.
    pub fields: Vec<Field>,
    /// What came back.
    pub typed: Typed,
    /// What stands on the button.
    pub button: String,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it asks for.
    pub label: String,
    /// What helps to fill it; may be empty.
    pub hint: String,
    /// It may be left open.
    pub optional: bool,
    /// What is filled in.
    pub kind: Kind,
}

/// What is filled into a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// One line, of at most so many characters.
    Line(u32),
    /// Sentences, at most 4,000 characters.
    Sentences,
    /// A day.
    Day,
    /// A whole number from and to.
    Number(u32, u32),
    /// One of several values.
    Choice(Vec<Choice>),
    /// A person: any text, with the likely ones offered.
    Person(Vec<Choice>),
}

impl Field {
    /// The ids of what describes it.
    fn described(&self, typed: &Typed) -> String {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("sheet-{}-hint", self.name));
        }
        if typed.problem(self.name).is_some() {
            ids.push(format!("sheet-{}-problem", self.name));
        }
        ids.join(" ")
    }
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &Sheet) -> Result<String> {
    view.render()
}
