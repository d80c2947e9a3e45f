//! What long work tells about itself while it goes on.

/// Hears of progress. Called from several threads.
pub trait Progress: Sync {
    /// Somebody looks: what only tells how far it is may cost something.
    fn is_watched(&self) -> bool {
        false
    }
    /// A step begins, with so many files ahead.
    fn begin(&self, _what: &str, _files: u64) {}
    /// So many bytes are ahead in this step.
    fn ahead(&self, _bytes: u64) {}
    /// So many bytes more were read.
    fn bytes(&self, _bytes: u64) {}
    /// One file is done.
    fn file(&self) {}
    /// All is done.
    fn end(&self) {}
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
