//! What the outside world answers, parsed: exports of providers, inventories and people lists.
//!
//! The importers are pure: bytes in, rows and coverage out. They read no file, know no clock but the
//! day they are given, and never put a cell of a secret column into a message.

pub mod edits;
pub mod importer;
