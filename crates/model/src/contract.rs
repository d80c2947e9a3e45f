//! The contracts as JSON Schema (draft 2020-12), made from the types themselves.

use crate::{assessment::Assessment, explain::Answer, scan::Scan};
use schemars::Schema;

/// The schema of `tenure.assessment/1`.
#[must_use]
pub fn assessment() -> Schema {
    schemars::schema_for!(Assessment)
}

/// The schema of one answer of `tenure decide`.
#[must_use]
pub fn answer() -> Schema {
    schemars::schema_for!(Answer)
}

/// The schema of `tenure.scan/1`.
#[must_use]
pub fn scan() -> Schema {
    schemars::schema_for!(Scan)
}
