//! Files and folders of the host's own memory, opened so that nothing else can stand in their place.

#![expect(clippy::disallowed_methods, reason = "this is the door to the host's own memory")]

use super::HostError;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Opens a regular file: what else is in its place neither keeps anybody waiting nor is followed.
pub(super) fn open(path: &Path, how: &mut OpenOptions) -> std::io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    let file = how.custom_flags(i32::try_from(flags.bits()).unwrap_or(0)).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(std::io::Error::other("it is no regular file"))
}

/// Makes a folder, if it is not there.
pub(super) fn make_folder(path: &Path) -> Result<PathBuf, HostError> {
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(HostError::file("make directory", path, error))
        }
        Ok(()) | Err(_) => Ok(path.to_owned()),
    }
}

/// Makes the names in a folder last.
pub(super) fn sync(folder: &Path) -> Result<(), HostError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| HostError::file("write", folder, error))
}

/// Whether it is not there.
pub(super) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
