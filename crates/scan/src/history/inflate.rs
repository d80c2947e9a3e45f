//! zlib streams of a size that is known before.

use zlib_rs::{Inflate, InflateFlush, Status};

/// A decompressor that is used again and again.
pub(crate) struct Inflater(Inflate);

impl Default for Inflater {
    fn default() -> Self {
        Self(Inflate::new(true, 15))
    }
}

impl Inflater {
    /// Fills `output` exactly from the stream at the start of `input`.
    ///
    /// # Errors
    /// The stream is broken, or it is shorter or longer than `output`.
    pub(crate) fn exactly(&mut self, input: &[u8], output: &mut [u8]) -> Result<(), &'static str> {
        self.0.reset(true);
        match self.0.decompress(input, output, InflateFlush::Finish) {
            Ok(Status::StreamEnd) if self.filled(output) => Ok(()),
            Ok(Status::StreamEnd) => Err("it is shorter than it says"),
            Ok(_) if self.filled(output) => {
                // All bytes are there, and the end of the stream, which says so, is not read yet.
                self.end(input)
            }
            Ok(_) => Err("it ends in the middle"),
            Err(_) => Err("its compressed bytes are broken"),
        }
    }

    /// Fills as much of `output` as one step gives, for a stream whose size is not known yet.
    ///
    /// # Errors
    /// The stream is broken.
    pub(crate) fn start(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize, &'static str> {
        self.0.reset(true);
        self.0
            .decompress(input, output, InflateFlush::NoFlush)
            .map_err(|_| "its compressed bytes are broken")?;
        Ok(usize::try_from(self.0.total_out()).unwrap_or(usize::MAX))
    }

    /// Goes on from [`Inflater::start`] with the same input, and fills `output` to its end.
    ///
    /// # Errors
    /// The stream is broken, or it is shorter or longer than `output`.
    pub(crate) fn rest(&mut self, input: &[u8], output: &mut [u8]) -> Result<(), &'static str> {
        let before = self.0.total_out();
        let read = usize::try_from(self.0.total_in()).unwrap_or(usize::MAX);
        let left = input.get(read..).unwrap_or(&[]);
        let status = self
            .0
            .decompress(left, output, InflateFlush::Finish)
            .map_err(|_| "its compressed bytes are broken")?;
        let got = self.0.total_out().saturating_sub(before);
        if usize::try_from(got).ok() != Some(output.len()) {
            return Err("it is shorter than it says");
        }
        if status == Status::StreamEnd {
            return Ok(());
        }
        self.end(input)
    }

    fn filled(&self, output: &[u8]) -> bool {
        usize::try_from(self.0.total_out()).ok() == Some(output.len())
    }

    fn end(&mut self, input: &[u8]) -> Result<(), &'static str> {
        let read = usize::try_from(self.0.total_in()).unwrap_or(usize::MAX);
        let left = input.get(read..).unwrap_or(&[]);
        let before = self.0.total_out();
        match self.0.decompress(left, &mut [0; 1], InflateFlush::Finish) {
            Ok(Status::StreamEnd) if self.0.total_out() == before => Ok(()),
            Ok(_) => Err("it is longer than it says"),
            Err(_) => Err("its compressed bytes are broken"),
        }
    }
}
