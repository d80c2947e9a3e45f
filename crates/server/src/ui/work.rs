//! Work: cases with their steps. Rotations, revocations and offboardings are filled in with the lifecycle.

use super::{Result, form::Act, frame::Frame, shown::filters};
use askama::Template;
use tenure_model::{day::Day, moment::Moment};

/// The page. Filled by runs and jobs; until there are plans it shows what runs by itself.
#[derive(Template)]
#[template(path = "work.html")]
pub struct Work {
    /// What stands around it.
    pub frame: Frame,
    /// Cases that are open, most urgent first.
    pub cases: Vec<Case>,
    /// What the scheduler and its workers do; empty for callers who may not see it.
    pub jobs: Vec<Job>,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// It in one line: `Rotate stripe-live`.
    pub title: String,
    /// Its page.
    pub address: String,
    /// Who works on it.
    pub owner: Option<String>,
    /// By when it is to be done.
    pub due: Option<Day>,
    /// Its steps in order.
    pub steps: Vec<Step>,
}

/// One step of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub text: String,
    /// Where it stands.
    pub state: StepState,
}

tenure_model::words! {
    /// Where a step stands.
    pub enum StepState { Done = "done", Now = "now", Waits = "waits", Failed = "failed" }
}

/// One kind of work that runs by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// What it is.
    pub name: String,
    /// When it last ended.
    pub last: Option<Moment>,
    /// When it is next to begin.
    pub next: Option<Moment>,
    /// How many wait.
    pub waiting: u64,
    /// Why the last attempt failed.
    pub failed: Option<String>,
    /// What the caller may do with it.
    pub acts: Vec<Act>,
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &Work) -> Result<String> {
    view.render()
}
