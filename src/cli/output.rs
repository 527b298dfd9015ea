//! Standard output that may go away: a run does not stop because nobody listens any more.

use std::io::{self, Write};

/// Writes as long as it can, then swallows the rest.
pub(super) struct Output<W> {
    inner: W,
    broken: Option<io::Error>,
}

impl<W: Write> Output<W> {
    pub(super) const fn new(inner: W) -> Self {
        Self { inner, broken: None }
    }

    /// What kept something from being written. A reader that went away (`| head`) is no error.
    pub(super) fn error(mut self) -> Option<io::Error> {
        let _ = self.flush();
        self.broken.filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }

    fn keep<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.broken = Some(error);
                Ok(instead)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.broken.is_some() {
            return Ok(bytes.len());
        }
        let result = self.inner.write(bytes);
        self.keep(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.broken.is_some() {
            return Ok(());
        }
        let result = self.inner.flush();
        self.keep(result, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_went_away_stops_nothing_and_a_full_disk_is_told_of() {
        for (kind, told) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)]
        {
            let mut out = Output::new(Broken(kind));
            out.write_all(b"a long report").unwrap();
            out.flush().unwrap();
            assert_eq!(out.error().is_some(), told);
        }
    }
}
