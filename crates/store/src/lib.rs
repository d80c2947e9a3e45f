//! What stays on the machine between two runs. The database of the register will live here too.

pub mod state;
