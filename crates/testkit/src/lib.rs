//! Reserved: see ARCHITECTURE.md.
