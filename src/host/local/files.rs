//! Looks at files: what is at a path, what is in it, and whether it still is what a plan found.

use super::super::{FileBefore, HostError, Stat};
use super::accounts::Accounts;
use super::{attributes, walk};
use crate::value::{Known, Sha256};
use rustix::fs::{Dir, FileType, OFlags, fstat};
use rustix::io::Errno;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

/// The largest file that is taken into memory.
pub(super) const LARGEST: u64 = 256 << 20;

/// What is at a path.
///
/// # Errors
/// If a parent is a foreign symbolic link, or may not be searched.
pub(super) fn stat(path: &Path, accounts: &Accounts) -> Result<Stat, HostError> {
    match walk::open(path, OFlags::PATH) {
        Ok(file) => attributes::of(&file, accounts)
            .map_err(|errno| HostError::file("look at", path, errno.into())),
        Err(error) if is_absent(&error) => Ok(Stat::Absent),
        Err(error) => Err(error),
    }
}

/// A regular file's content.
///
/// # Errors
/// If it is absent, anything else than a regular file, or larger than [`LARGEST`].
pub(super) fn read(path: &Path) -> Result<Vec<u8>, HostError> {
    read_open(open_regular(path)?, path)
}

/// Opens a regular file, without waiting where a pipe is in its place.
pub(super) fn open_regular(path: &Path) -> Result<OwnedFd, HostError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match walk::open(path, flags) {
        Err(HostError::File { source, .. }) if source.raw_os_error() == Some(40) => {
            return Err(not_regular(path, FileType::Symlink));
        }
        other => other?,
    };
    let stat = fstat(&file).map_err(|errno| HostError::file("read", path, errno.into()))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(file),
        kind => Err(not_regular(path, kind)),
    }
}

fn read_open(file: OwnedFd, path: &Path) -> Result<Vec<u8>, HostError> {
    let error = |source| HostError::file("read", path, source);
    let length = fstat(&file).map_or(0, |stat| u64::try_from(stat.st_size).unwrap_or(0));
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(LARGEST)).unwrap_or(0) + 1);
    let file = std::fs::File::from(file);
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(error)?;
    if bytes.len() as u64 > LARGEST {
        return Err(error(std::io::Error::other("larger than 256 MiB")));
    }
    Ok(bytes)
}

/// The names in a directory, sorted, without `.` and `..`.
///
/// # Errors
/// If it is absent, no directory, or cannot be read.
pub(super) fn list(path: &Path) -> Result<Vec<String>, HostError> {
    let error = |errno: Errno| HostError::file("list", path, errno.into());
    let folder = walk::open(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&folder).map_err(error)? {
        let name = entry.map_err(error)?.file_name().to_string_lossy().into_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn not_regular(path: &Path, kind: FileType) -> HostError {
    let kind = match kind {
        FileType::Directory => "it is a directory",
        FileType::Symlink => "it is a symbolic link",
        _ => "it is no regular file",
    };
    HostError::file("read", path, std::io::Error::other(kind))
}

/// Nothing at this path: it, or one of its parents, is not there.
fn is_absent(error: &HostError) -> bool {
    let HostError::File { source, .. } = error else { return false };
    matches!(source.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The fingerprint of what is at a path now.
pub(super) fn fingerprint(path: &Path, accounts: &Accounts) -> Result<FileBefore, HostError> {
    let stat = stat(path, accounts)?;
    let sha256 = match stat {
        Stat::File(_) => Some(Sha256::of(&read(path)?)),
        _ => None,
    };
    Ok(FileBefore { stat, sha256 })
}

/// Refuses if a path is no longer as the plan found it. What the plan did not know is not compared.
///
/// # Errors
/// [`HostError::Stale`], saying what is there.
pub(super) fn unchanged(
    path: &Path,
    before: &Known<FileBefore>,
    accounts: &Accounts,
) -> Result<(), HostError> {
    let Known::Is(planned) = before else { return Ok(()) };
    let found = match planned.sha256 {
        Some(_) => fingerprint(path, accounts)?,
        None => FileBefore { stat: stat(path, accounts)?, sha256: None },
    };
    attributes::difference(planned, &found)
        .map_or(Ok(()), |found| Err(HostError::Stale { target: path.display().to_string(), found }))
}
