//! One suite for both databases: what must hold of the register's store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod accounts;
mod exceptions;
mod governance;
mod imports;
mod jobs;
mod keys;
mod list;
mod log;
mod rest;
mod setup;

/// Runs each test on both databases.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(setup) = $crate::setup::Setup::new(tenure_testkit::database::Engine::Sqlite).await {
                    super::$name(setup).await;
                }
            }
        )+ }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(setup) = $crate::setup::Setup::new(tenure_testkit::database::Engine::Postgres).await {
                    super::$name(setup).await;
                }
            }
        )+ }
    };
}
