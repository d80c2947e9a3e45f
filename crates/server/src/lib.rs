//! The register for people: who is calling, which use case, how to show it.
//!
//! It sees neither the database nor outside systems: a handler asks a use case of `tenure_app`, and shows what that
//! gives as JSON ([`api`]) or as a page ([`ui`]).

pub mod api;
pub mod ui;
