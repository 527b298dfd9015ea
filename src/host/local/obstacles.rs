//! What a host refuses at a path whoever asks: a file that something is mounted on, an immutable
//! one, a file system that is mounted read-only.

use super::super::{HostError, PathChange};
use rustix::fs::{AtFlags, CWD, StatVfsMountFlags, StatxFlags, statvfs, statx};
use rustix::io::Errno;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// statx(2): neither changed nor removed.
const IMMUTABLE: u64 = 0x10;
/// statx(2): only appended to.
const APPEND: u64 = 0x20;

/// Refuses what the host would refuse.
///
/// # Errors
/// The refusal.
pub(super) fn check(path: &Path, change: PathChange) -> Result<(), HostError> {
    let Some((folder, real)) = real(path) else { return Ok(()) };
    let there = std::fs::symlink_metadata(&real).is_ok();
    let stands = if there && change != PathChange::Remove { &real } else { &folder };
    if statvfs(stands).is_ok_and(|all| all.f_flag.contains(StatVfsMountFlags::RDONLY)) {
        return Err(HostError::file(doing(change), path, Errno::ROFS.into()));
    }
    if change == PathChange::Within {
        return Ok(());
    }
    if change != PathChange::Attributes {
        mounted(path, &real, change)?;
        if flags(&folder) & IMMUTABLE != 0 {
            let error = HostError::file(doing(change), &folder, Errno::PERM.into());
            return Err(error);
        }
    }
    if there && flags(&real) & (IMMUTABLE | APPEND) != 0 && !real.is_dir() {
        return Err(HostError::file(doing(change), path, Errno::PERM.into()));
    }
    if there && flags(&real) & IMMUTABLE != 0 {
        return Err(HostError::file(doing(change), path, Errno::PERM.into()));
    }
    Ok(())
}

const fn doing(change: PathChange) -> &'static str {
    match change {
        PathChange::Replace | PathChange::Within => "write",
        PathChange::Remove => "remove",
        PathChange::Attributes => "set attributes of",
    }
}

/// The nearest folder that is there, and the path where it really is.
fn real(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let parent = path.parent()?;
    let folder = parent.ancestors().find_map(|above| std::fs::canonicalize(above).ok())?;
    let whole = std::fs::canonicalize(parent).ok();
    let real = whole.map_or_else(
        || path.to_path_buf(),
        |parent| path.file_name().map_or_else(|| parent.clone(), |name| parent.join(name)),
    );
    Some((folder, real))
}

/// Something is mounted there, or below what is to go.
fn mounted(path: &Path, real: &Path, change: PathChange) -> Result<(), HostError> {
    let mounts = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mounts = String::from_utf8_lossy(&mounts).into_owned();
    let points = mounts.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        Some((plain(fields.get(3)?), plain(fields.get(4)?)))
    });
    for (from, point) in points {
        let is_file = change == PathChange::Replace && point == real && !real.is_dir();
        if is_file || change == PathChange::Remove && point == real && !real.is_dir() {
            return Err(HostError::Failed {
                message: format!(
                    "cannot {} {}: it is a mount point",
                    doing(change),
                    path.display()
                ),
                notes: vec![format!("{} is mounted on it", from.display())],
                help: Some("change what is mounted there, or unmount it first".to_owned()),
            });
        }
        if change == PathChange::Remove && point.starts_with(real) {
            return Err(HostError::failed(format!(
                "cannot remove {}: a file system is mounted in it",
                path.display()
            )));
        }
    }
    Ok(())
}

/// A path as mountinfo writes it: spaces and their like in octal (proc(5)).
fn plain(written: &str) -> PathBuf {
    let bytes = written.as_bytes();
    let mut path = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let octal = (bytes[at] == b'\\')
            .then(|| written.get(at + 1..at + 4))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        path.push(octal.unwrap_or(bytes[at]));
        at += if octal.is_some() { 4 } else { 1 };
    }
    PathBuf::from(std::ffi::OsString::from_vec(path))
}

/// The attributes that a file system keeps of a file; none where it keeps none.
fn flags(path: &Path) -> u64 {
    statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::TYPE)
        .map_or(0, |all| all.stx_attributes.bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_is_told_apart() {
        // Everywhere.
        let error = check(Path::new("/proc"), PathChange::Remove).unwrap_err().to_string();
        assert!(error.contains("mounted in it"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        for change in [PathChange::Replace, PathChange::Remove, PathChange::Attributes] {
            check(&folder.path().join("x"), change).unwrap();
            check(&folder.path().join("not/there/x"), change).unwrap();
        }
    }

    #[test]
    fn names_in_mountinfo_are_read_as_they_are() {
        assert_eq!(plain("/srv/a\\040b\\134c"), Path::new("/srv/a b\\c"));
        assert_eq!(plain("/srv/\\04"), Path::new("/srv/\\04"));
    }
}
