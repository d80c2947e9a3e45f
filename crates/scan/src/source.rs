//! Where texts come from. One file per kind of source.

pub mod agent;
pub mod archive;
pub mod chat;
pub mod ci_log;
pub mod files;
pub mod git;
mod html;
pub mod jira_csv;
mod json;
pub mod mail;
pub mod notebook;
pub mod office;
pub mod opened;
pub mod pdf;
pub mod ticket;
pub mod wiki;
mod xml;
