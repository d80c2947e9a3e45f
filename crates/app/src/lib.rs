//! Use cases: the only place where rules meet I/O.

pub mod apart;
pub mod assess;
pub mod catalog;
pub mod channels;
pub mod demo;
pub mod discreet;
pub mod edits;
pub mod exclude;
pub mod import;
mod judging;
pub mod progress;
pub mod register;
pub mod report;
pub mod reported;
pub mod rule_files;
pub mod scan;
pub mod schedule;
pub mod sources;
pub mod state;
pub mod sunsets;
pub mod tree;
pub mod validate;
pub mod watchlist;

pub use tenure_connect::healthy::ready;
