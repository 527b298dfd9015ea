//! A private folder for the length of a run, found and removed by a later run if this one is
//! killed.

use super::super::HostError;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// On disk, not in memory: a package index takes a hundred megabytes.
const PARENT: &str = "/var/tmp";
const PREFIX: &str = "converge-index-";

/// A folder of root's alone, locked by whoever made it.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: tempfile::TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes one, and removes those of runs that are no more.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn new() -> Result<Self, HostError> {
        remove_stale();
        let error = |source| HostError::file("make directory", PARENT, source);
        let mut builder = tempfile::Builder::new();
        let private = std::fs::Permissions::from_mode(0o700);
        let folder =
            builder.prefix(PREFIX).permissions(private).tempdir_in(PARENT).map_err(error)?;
        let lock = File::create(folder.path().join("lock")).map_err(error)?;
        lock.lock().map_err(error)?;
        Ok(Self { folder, _lock: lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn remove_stale() {
    let Ok(entries) = std::fs::read_dir(PARENT) else { return };
    let names = entries.filter_map(Result::ok);
    let ours = names.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    for folder in ours.map(|entry| entry.path()) {
        if is_abandoned(&folder) {
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
}

/// Root's own, and no living process holds its lock. One without a lock is just being made.
fn is_abandoned(folder: &PathBuf) -> bool {
    use std::os::unix::fs::MetadataExt;
    let roots = std::fs::symlink_metadata(folder).is_ok_and(|m| m.is_dir() && m.uid() == 0);
    roots && File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_folders_are_removed() {
        let living = Scratch::new().unwrap();
        let dead = PathBuf::from(PARENT).join(format!("{PREFIX}test-{}", std::process::id()));
        std::fs::create_dir(&dead).unwrap();
        std::fs::write(dead.join("lock"), "").unwrap();
        let second = Scratch::new().unwrap();
        assert!(living.path().is_dir() && second.path().is_dir() && !dead.exists());
        let path = living.path().to_owned();
        drop(living);
        assert!(!path.exists());
    }
}
