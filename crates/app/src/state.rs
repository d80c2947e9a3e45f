//! What stays on the machine between two runs, for those above.

pub use tenure_store::state::{ENVIRONMENT, Held, State, StateError};
