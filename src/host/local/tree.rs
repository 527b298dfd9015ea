//! Removes a directory with everything in it, by descriptors: no link is followed, no mounted file
//! system entered.

use super::super::HostError;
use super::walk::Place;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, openat, statat, unlinkat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Removes the directory at a place.
///
/// # Errors
/// If a file system is mounted in it, or the system refuses; what was removed by then is gone.
pub(super) fn remove(place: &Place, path: &Path, device: u64) -> Result<(), HostError> {
    // A mounted file system may have the same device (a bind mount); the kernel refuses those.
    remove_at(&place.folder, &place.name, device).map_err(|errno| match errno {
        Errno::XDEV | Errno::BUSY => HostError::failed(format!(
            "cannot remove {}: a file system is mounted in it",
            path.display()
        )),
        errno => HostError::file("remove", path, errno.into()),
    })
}

fn remove_at(parent: &OwnedFd, name: &OsStr, device: u64) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = openat(parent, name, flags, Mode::empty())?;
    if fstat(&folder)?.st_dev != device {
        return Err(Errno::XDEV);
    }
    let mut entries = Vec::new();
    for entry in Dir::read_from(folder.as_fd())? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            entries.push((OsStr::from_bytes(name).to_owned(), entry.file_type()));
        }
    }
    for (entry, kind) in entries {
        let kind = match kind {
            FileType::Unknown => {
                FileType::from_raw_mode(statat(&folder, &entry, AtFlags::SYMLINK_NOFOLLOW)?.st_mode)
            }
            kind => kind,
        };
        if kind == FileType::Directory {
            remove_at(&folder, &entry, device)?;
        } else {
            match unlinkat(&folder, &entry, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
    unlinkat(parent, name, AtFlags::REMOVEDIR)
}
