//! The report: one self-contained page that a manager or an auditor opens, and its reasons as CSV.

pub mod anonymous;
pub mod horizon_svg;
mod page;
mod table;
pub mod text;
pub mod words;

pub use anonymous::anonymise;

use page::{Limits, Page};
use tenure_model::{assessment::Assessment, horizon::Horizon};

/// The largest page, in bytes.
pub const LARGEST: usize = 5_000_000;

/// Above this many keys reasons stand in full only for urgent keys and those at B3 and B4.
pub const REASONS_IN_FULL: usize = 1_000;

/// What a report is made with.
#[derive(Debug, Clone, Copy)]
pub struct ReportOptions<'a> {
    /// The assessment whose outline the picture shows, usually last quarter's.
    pub previous: Option<&'a Assessment>,
    /// The name of the CSV file that is written beside the page.
    pub csv_name: &'a str,
    /// The facts file that the replay command names.
    pub facts_name: &'a str,
    /// The policy file that the replay command names.
    pub policy_name: &'a str,
}

impl Default for ReportOptions<'_> {
    fn default() -> Self {
        Self {
            previous: None,
            csv_name: "reasons.csv",
            facts_name: "facts.jsonl",
            policy_name: "policy.toml",
        }
    }
}

/// A finished report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The page.
    pub html: String,
    /// Every key with its reasons, where there are too many keys for the page.
    pub csv: Option<String>,
}

/// Why no report could be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The page could not be written.
    #[error("the report page could not be made: {0}; this is a fault of Tenure")]
    Page(#[from] askama::Error),
    /// The table of reasons could not be written.
    #[error("the table of reasons could not be made: {0}; this is a fault of Tenure")]
    Table(String),
    /// Even with every list cut short the page is too large.
    #[error("the report page would have {0} bytes; write `-f csv` instead")]
    TooLarge(usize),
}

/// Makes the report of an assessment.
///
/// # Errors
/// The page cannot be rendered, or stays above [`LARGEST`] with every list cut short.
pub fn html(assessment: &Assessment, options: &ReportOptions) -> Result<Report, ReportError> {
    let horizon = Horizon::of(assessment, options.previous);
    let mut limits = Limits::for_keys(assessment.keys.len());
    loop {
        let html = Page::of(assessment, &horizon, options, &limits).write()?;
        if html.len() <= LARGEST {
            let beside = assessment.keys.len() > REASONS_IN_FULL || limits.is_cut();
            let csv = beside.then(|| table::csv(assessment)).transpose()?;
            return Ok(Report { html, csv });
        }
        limits = limits.shorter().ok_or(ReportError::TooLarge(html.len()))?;
    }
}

#[cfg(test)]
mod tests;
