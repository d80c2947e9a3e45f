//! Where texts come from. One file per kind of source.

pub mod files;
pub mod git;
