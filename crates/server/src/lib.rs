//! The register for people: who is calling, which use case, how to show it.
//!
//! It sees neither the database nor outside systems: a handler asks a use case of `tenure_app`, and shows what that
//! gives as JSON ([`api`]) or as a page ([`ui`]). [`router`] is the whole surface on one page.

mod answer;
pub mod api;
mod auth;
mod door;
mod error;
mod extract;
mod forwarded;
mod guard;
mod headers;
mod house;
mod idempotent;
mod metrics;
mod openapi;
mod ops;
mod page;
mod pictures;
mod rate;
pub mod route;
pub mod router;
pub mod serve;
pub mod ui;

pub use error::Problem;
pub use forwarded::{Proxies, Says};
pub use house::{House, Role, Settings, link};
pub use rate::Rates;
