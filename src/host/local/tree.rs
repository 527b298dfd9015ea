//! Removes a directory with everything in it, by descriptors: no link is followed, no mounted file
//! system entered.

use super::super::HostError;
use super::walk::Place;
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2, statat, unlinkat,
};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Removes the directory at a place.
///
/// # Errors
/// If a file system is mounted in it, or the system refuses; what was removed by then is gone.
pub(super) fn remove(place: &Place, path: &Path) -> Result<(), HostError> {
    remove_at(&place.folder, &place.name).map_err(|errno| match errno {
        Errno::XDEV | Errno::BUSY => HostError::failed(format!(
            "cannot remove {}: a file system is mounted in it",
            path.display()
        )),
        errno => HostError::file("remove", path, errno.into()),
    })
}

fn remove_at(parent: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    let folder = open(parent, name)?;
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
            remove_at(&folder, &entry)?;
        } else {
            match unlinkat(&folder, &entry, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
    unlinkat(parent, name, AtFlags::REMOVEDIR)
}

/// Opens a directory on the same mount, bind mounts told apart too; on kernels without openat2, on
/// the same device.
fn open(parent: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS | ResolveFlags::BENEATH;
    match openat2(parent, name, flags, Mode::empty(), resolve) {
        Err(Errno::NOSYS | Errno::PERM) => {
            let folder = openat(parent, name, flags, Mode::empty())?;
            let same = fstat(&folder)?.st_dev == fstat(parent)?.st_dev;
            if same { Ok(folder) } else { Err(Errno::XDEV) }
        }
        opened => opened,
    }
}
