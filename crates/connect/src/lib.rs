//! The outside world: exports of providers, inventories and people lists, parsed; and the one way out, over
//! which providers are asked about keys, identity providers about who signs in, and notices leave.
//!
//! The importers are pure: bytes in, rows and coverage out. They read no file, know no clock but the
//! day they are given, and never put a cell of a secret column into a message.

pub mod edits;
pub mod healthy;
pub mod http;
pub mod importer;
pub mod notify;
pub mod oidc;
pub mod validate;
