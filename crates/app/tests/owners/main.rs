//! Owners, business units, questions and what each caller may see of all that, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod ask;
mod container;
mod house;
mod notice;
mod scope;
mod work;

/// Runs each test on both databases.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(house) = $crate::house::House::new(tenure_testkit::database::Engine::Sqlite).await {
                    super::$name(house).await;
                }
            }
        )+ }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(house) = $crate::house::House::new(tenure_testkit::database::Engine::Postgres).await {
                    super::$name(house).await;
                }
            }
        )+ }
    };
}
