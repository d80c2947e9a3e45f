//! Who may do what, and why not.
//!
//! Rules are Cedar policies over a schema, shipped as files and replaceable. What no policy permits is denied; what
//! one forbids stays denied whatever others permit. Only this crate knows Cedar, and only it makes a [`Permit`].
//! It also mints what proves who calls (tokens, sessions, set-up links: `tenure_model::bearer`), and the tokens of
//! forms.

mod entity;

pub mod form;
mod mint;
pub mod permit;
pub mod rules;

pub use mint::{NoEntropy, mint};
pub use permit::{Because, Denial, Permit};
pub use rules::{Rules, RulesError};
