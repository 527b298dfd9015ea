//! A file that is only appended to: what was appended is on disk, and nothing half of it.

#![expect(clippy::disallowed_methods, reason = "this is the door to the host's own memory")]

use super::HostError;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The file, and how far it is whole.
#[derive(Debug)]
pub struct Log {
    file: File,
    path: PathBuf,
    whole: u64,
}

impl Log {
    /// Makes an empty one.
    pub(super) fn begin(path: PathBuf) -> Result<Self, HostError> {
        let mut how = OpenOptions::new();
        how.create_new(true).write(true).mode(0o600);
        match super::own_file::open(&path, &mut how) {
            Ok(file) => Ok(Self { file, path, whole: 0 }),
            Err(error) => Err(HostError::file("write", path, error)),
        }
    }

    /// Appends this; on disk when this returns. If it fails, what was there before is there still,
    /// and nothing after it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        let written = self
            .file
            .seek(SeekFrom::Start(self.whole))
            .and_then(|_| self.file.write_all(bytes))
            .and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.whole += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Cut short, the next one is not read as the rest of this.
                let _ = self.file.set_len(self.whole);
                Err(HostError::file("write", &self.path, error))
            }
        }
    }
}
