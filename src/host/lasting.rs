//! The folder in which a host remembers: `/var/lib/converge`, root's alone. One run at a time
//! holds its lock; files in it are replaced whole, on disk before the old one goes.

#![expect(clippy::disallowed_methods, reason = "this is the door to the host's own memory")]

use super::HostError;
use super::log::Log;
use super::own_file::{is_absent, make_folder, open, sync};
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
        // Through a link the mode of somebody else's folder would be set.
        if std::fs::symlink_metadata(folder).is_ok_and(|found| found.is_symlink()) {
            let what = format!("{} is a link, and must be a folder of its own", folder.display());
            return Err(HostError::failed(what).into());
        }
        std::fs::create_dir_all(folder)
            .map_err(|e| HostError::file("make directory", folder, e))?;
        let private = Permissions::from_mode(0o700);
        let mode = std::fs::metadata(folder).map(|found| found.permissions().mode() & 0o7777);
        if mode.ok() != Some(private.mode()) {
            std::fs::set_permissions(folder, private)
                .map_err(|e| HostError::file("set the mode of", folder, e))?;
        }
        let path = folder.join("lock");
        let mut how = OpenOptions::new();
        how.create(true).truncate(false).read(true).write(true).mode(0o600);
        let mut lock = open(&path, &mut how).map_err(|e| HostError::file("open", &path, e))?;
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
        let lock = match open(&path, OpenOptions::new().read(true)) {
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

    /// A file's content; `None` if it is not there. What is no regular file (a pipe would keep
    /// its reader waiting) is told in words.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Result<Vec<u8>, String>>, HostError> {
        let path = self.folder.join(name);
        let failed = |error| HostError::file("read", &path, error);
        let found = match std::fs::symlink_metadata(&path) {
            Ok(found) => found,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if !found.is_file() {
            return Ok(Some(Err("it is no regular file".to_owned())));
        }
        let mut bytes = Vec::new();
        let mut file = open(&path, OpenOptions::new().read(true)).map_err(failed)?;
        file.read_to_end(&mut bytes).map_err(failed)?;
        Ok(Some(Ok(bytes)))
    }

    /// Begins a file in a folder of this one, to be appended to.
    ///
    /// # Errors
    /// If it cannot be made, or is there.
    pub fn begin_log(&self, folder: &str, name: &str) -> Result<Log, HostError> {
        let folder = make_folder(&self.folder.join(folder))?;
        let log = Log::begin(folder.join(name))?;
        sync(&folder)?;
        sync(&self.folder)?;
        Ok(log)
    }

    /// Moves a file: `folder/name` to `folder/into/as_name`.
    ///
    /// # Errors
    /// If it cannot be moved.
    pub fn file_away(
        &self,
        folder: &str,
        name: &str,
        into: &str,
        as_name: &str,
    ) -> Result<(), HostError> {
        let from = self.folder.join(folder);
        let to = make_folder(&from.join(into))?;
        let path = from.join(name);
        std::fs::rename(&path, to.join(as_name))
            .map_err(|error| HostError::file("rename", path, error))
    }

    /// The names of the folders in a folder, the oldest first; none if there is no such folder.
    #[must_use]
    pub fn folders(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten();
        let mut found: Vec<_> = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| {
                let time = entry.metadata().and_then(|found| found.modified()).ok();
                (time, entry.file_name().to_string_lossy().into_owned())
            })
            .collect();
        found.sort();
        found.into_iter().map(|(_, name)| name).collect()
    }

    /// Removes what is of this name, a folder with everything in it.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), HostError> {
        let path = self.folder.join(name);
        let is_folder = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        let removed =
            if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        match removed {
            Err(error) if !is_absent(&error) => Err(HostError::file("remove", path, error)),
            Ok(()) | Err(_) => Ok(()),
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
        sync(&self.folder)
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

#[cfg(test)]
mod tests {
    use super::Lasting;

    #[expect(clippy::disallowed_methods, reason = "a host's folders, played")]
    #[test]
    fn a_link_is_no_folder_of_ours() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (theirs, ours) = (folder.path().join("theirs"), folder.path().join("ours"));
        std::fs::create_dir(&theirs).unwrap();
        std::fs::set_permissions(&theirs, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink(&theirs, &ours).unwrap();
        let error = Lasting::exclusive(&ours, "a test").err().unwrap().to_string();
        assert!(error.contains("is a link"), "{error}");
        assert_eq!(theirs.metadata().unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(std::fs::read_dir(&theirs).unwrap().count(), 0);
    }
}
