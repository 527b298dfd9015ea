//! What a host changed since it was blank, read from its layers: for comparing hosts, and for
//! proving that a check changed nothing.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::LabError;
use super::boot::Machine;
use super::error::io;

/// Changed paths of a host and how each is now.
pub type Changes = BTreeMap<PathBuf, Change>;

/// How a changed path is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was removed.
    Gone,
    /// It is there.
    There {
        /// File type and permissions, as in `st_mode`.
        mode: u32,
        /// Owner.
        uid: u32,
        /// Group.
        gid: u32,
        /// A file's sha256 in hexadecimal, a symlink's target, else empty.
        content: String,
    },
}

/// Walks the host's layers, oldest first, so that the newest state of a path wins.
pub(super) fn changes(machine: &Machine, under: &[&str]) -> Result<Changes, LabError> {
    let mut found = Changes::new();
    let newest = machine.dir().join("upper");
    for layer in machine.layers().into_iter().chain([newest]) {
        for folder in under {
            let relative = folder.trim_start_matches('/');
            walk(&layer, Path::new(relative), &mut found)?;
        }
    }
    Ok(found)
}

fn walk(layer: &Path, relative: &Path, found: &mut Changes) -> Result<(), LabError> {
    let path = layer.join(relative);
    let meta = match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.map_err(io("look at", &path))?,
    };
    if !relative.as_os_str().is_empty() {
        found.insert(Path::new("/").join(relative), change(&path, &meta)?);
    }
    if meta.is_dir() {
        for entry in std::fs::read_dir(&path).map_err(io("list", &path))?.flatten() {
            walk(layer, &relative.join(entry.file_name()), found)?;
        }
    }
    Ok(())
}

fn change(path: &Path, meta: &Metadata) -> Result<Change, LabError> {
    // overlayfs marks a removed path by a character device 0/0.
    if meta.file_type().is_char_device() && meta.rdev() == 0 {
        return Ok(Change::Gone);
    }
    let content = if meta.is_file() {
        let bytes = std::fs::read(path).map_err(io("read", path))?;
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    } else if meta.is_symlink() {
        let target = std::fs::read_link(path).map_err(io("read", path))?;
        target.to_string_lossy().into_owned()
    } else {
        String::new()
    };
    Ok(Change::There { mode: meta.mode(), uid: meta.uid(), gid: meta.gid(), content })
}
