//! The folder in which a host remembers: `/var/lib/converge`, root's alone. One run at a time
//! holds its lock; files in it are replaced whole, on disk before the old one goes.

#![expect(clippy::disallowed_methods, reason = "this is the door to the host's own memory")]

use super::HostError;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The host's memory folder, locked for this run.
#[derive(Debug)]
pub struct Lasting {
    folder: PathBuf,
    /// Held until this is dropped; `None` where a dry run found no folder.
    _lock: Option<File>,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LastingError {
    /// Another run has it.
    #[error("another run holds this host: {0}")]
    Locked(String),
    /// It cannot be read or written.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl Lasting {
    /// Makes the folder if it is missing, and locks it for `holder` (a run's id, in words).
    ///
    /// # Errors
    /// [`LastingError::Locked`] names who holds it.
    pub fn exclusive(folder: &Path, holder: &str) -> Result<Self, LastingError> {
        std::fs::create_dir_all(folder)
            .map_err(|e| HostError::file("make directory", folder, e))?;
        let private = Permissions::from_mode(0o700);
        let mode = std::fs::metadata(folder).map(|found| found.permissions().mode() & 0o7777);
        if mode.ok() != Some(private.mode()) {
            std::fs::set_permissions(folder, private)
                .map_err(|e| HostError::file("set the mode of", folder, e))?;
        }
        let path = folder.join("lock");
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|e| HostError::file("open", &path, e))?;
        if lock.try_lock().is_err() {
            return Err(LastingError::Locked(read_holder(&mut lock)));
        }
        // In this order somebody who meets the lock just now reads a holder, never nothing.
        let _ = lock.write_all(holder.as_bytes());
        let _ = lock.set_len(holder.len() as u64);
        Ok(Self { folder: folder.to_path_buf(), _lock: Some(lock) })
    }

    /// For a dry run: writes nothing, and lets other dry runs in.
    ///
    /// # Errors
    /// [`LastingError::Locked`] names who holds it.
    pub fn shared(folder: &Path) -> Result<Self, LastingError> {
        let path = folder.join("lock");
        let lock = match File::open(&path) {
            Ok(mut lock) => {
                if lock.try_lock_shared().is_err() {
                    return Err(LastingError::Locked(read_holder(&mut lock)));
                }
                Some(lock)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(HostError::file("open", &path, error).into()),
        };
        Ok(Self { folder: folder.to_path_buf(), _lock: lock })
    }

    /// A file's content; `None` if it is not there.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, HostError> {
        let path = self.folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(HostError::file("read", path, error)),
        }
    }

    /// Replaces a file whole; on disk when this returns.
    ///
    /// # Errors
    /// If it cannot be written; the old one is still there then.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), HostError> {
        let path = self.folder.join(name);
        let failed = |error: std::io::Error| HostError::file("write", &path, error);
        let mut new = tempfile::Builder::new()
            .prefix(".new-")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(&self.folder)
            .map_err(failed)?;
        new.write_all(bytes).map_err(failed)?;
        new.as_file().sync_all().map_err(failed)?;
        new.persist(&path).map_err(|error| failed(error.error))?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Puts a file aside under another name, so that nothing is lost. Returns that name.
    ///
    /// # Errors
    /// If it cannot be renamed.
    pub fn set_aside(&self, name: &str) -> Result<String, HostError> {
        let mut number = 1;
        let aside = loop {
            let aside = format!("{name}.torn-{number}");
            if !self.folder.join(&aside).exists() {
                break aside;
            }
            number += 1;
        };
        let path = self.folder.join(name);
        std::fs::rename(&path, self.folder.join(&aside))
            .map_err(|error| HostError::file("rename", path, error))?;
        Ok(aside)
    }

    /// Removes what a killed run left half-written.
    pub fn sweep(&self) {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for entry in
            entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".new-"))
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn read_holder(lock: &mut File) -> String {
    let mut holder = String::new();
    let _ = lock.take(200).read_to_string(&mut holder);
    if holder.is_empty() { "an unnamed run".to_owned() } else { holder }
}
