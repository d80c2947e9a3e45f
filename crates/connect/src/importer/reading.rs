//! What several importers share: text, tables, JSON, dates, and the guard against plaintext secrets.

pub(crate) mod dates;
pub(crate) mod detectors;
pub(crate) mod findings;
pub(crate) mod guard;
pub(crate) mod json;
pub(crate) mod sheet;
pub(crate) mod text;
