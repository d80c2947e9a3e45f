//! Progress on standard error: a bar on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tenure_app::progress::Progress;

/// A bar that vanishes when the work is done.
pub(crate) struct Bar {
    bar: ProgressBar,
    unit: Unit,
}

/// What the bar counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Files,
    Bytes,
}

impl Bar {
    pub(crate) fn new(quiet: bool) -> Self {
        const FILES: &str = "{msg} {bar:24} {human_pos}/{human_len} files, {eta} left";
        Self::of(Unit::Files, FILES, quiet)
    }

    /// A bar of bytes, with their rate.
    pub(crate) fn of_bytes(quiet: bool) -> Self {
        const BYTES: &str = "{msg} {bar:20} {decimal_bytes}/{decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
        Self::of(Unit::Bytes, BYTES, quiet)
    }

    /// A bar of keys.
    pub(crate) fn of_keys(quiet: bool) -> Self {
        const KEYS: &str = "{msg} {bar:24} {human_pos}/{human_len} keys, {eta} left";
        Self::of(Unit::Files, KEYS, quiet)
    }

    fn of(unit: Unit, template: &str, quiet: bool) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(8)
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, unit }
    }
}

impl Progress for Bar {
    fn is_watched(&self) -> bool {
        !self.bar.is_hidden()
    }

    fn begin(&self, what: &str, files: u64) {
        self.bar.set_message(what.to_owned());
        self.bar.set_position(0);
        if self.unit == Unit::Files {
            self.bar.set_length(files);
        }
    }

    fn ahead(&self, bytes: u64) {
        if self.unit == Unit::Bytes {
            self.bar.set_length(bytes);
        }
    }

    fn bytes(&self, bytes: u64) {
        if self.unit == Unit::Bytes {
            self.bar.inc(bytes);
        }
    }

    fn file(&self) {
        if self.unit == Unit::Files {
            self.bar.inc(1);
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
