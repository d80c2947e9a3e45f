//! What looks at texts. History knows detection only through this page.

use std::ops::Range;

/// Something found in a text. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    /// The same for the same secret found by the same rule, in one run; another number in the next run.
    pub identity: u128,
    /// In which classes of paths it counts: bit `n` for class `n` of [`Look::class`].
    pub classes: u32,
}

/// The start of something that can be longer than a window: a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opener {
    /// Bytes that stand near its start, and in nothing that is common.
    pub bytes: &'static [u8],
    /// How far behind the opener such a thing can end, in bytes.
    pub reach: usize,
}

/// Looks at texts.
///
/// # Contract
/// What is found in a window depends on the window, on at most [`NEAR`] bytes around the finding where its
/// lines are longer than a window, and on nothing else of the text; and nothing that is found is longer than
/// [`LINE`] bytes unless it lies within the reach of an opener. On that rests that a history that is looked at
/// in windows tells the same as one that is looked at in full.
pub trait Look: Sync {
    /// What a finding is in the end.
    type Found: Send;

    /// A digest of all that decides what is found, so that what was looked at with the same rules need not be
    /// looked at again.
    fn digest(&self) -> [u8; 32];

    /// The class of a path, below 32: paths of one class have the same findings for the same text.
    fn class(&self, path: &str) -> u8;

    /// The starts of long things.
    fn openers(&self) -> &[Opener];

    /// Finds what there is in windows of a text, which are in order and apart. Spans are counted from the start of
    /// the text. What overlaps a window may be told in full.
    fn look(&self, text: &[u8], windows: &[Range<usize>], hits: &mut dyn FnMut(Hit));

    /// Whether a file that is no text is opened by [`Look::unpack`].
    fn opens(&self, _file: &[u8]) -> bool {
        false
    }

    /// Finds what there is in a file that is opened. Spans are numbers that tell hits apart, and nothing of a hit
    /// carries over to another version of the file.
    ///
    /// # Errors
    /// Why it was not read whole; what was found counts.
    fn unpack(&self, _file: &[u8], _hits: &mut dyn FnMut(Hit)) -> Result<(), String> {
        Ok(())
    }

    /// Finds one hit again, in a file of this path, and makes of it what is reported.
    fn take(&self, text: &[u8], hit: &Hit, path: &str) -> Option<Self::Found>;
}

/// Bytes on each side of a change that are looked at with it.
pub const AROUND: usize = 256;
/// Bytes on each side of a finding on which it may depend.
pub const NEAR: usize = 192;
/// A window grows to whole lines where these are no longer than this, in bytes.
pub const LINE: usize = 4096;
