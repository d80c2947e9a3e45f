//! Use cases, one file per verb: the only place where rules meet I/O.

pub mod catalog;
pub mod report;
