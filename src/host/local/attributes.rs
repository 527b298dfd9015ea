//! What `stat(2)` says, in the words of [`Stat`], and how two such answers differ.

use super::super::{FileBefore, Stat, StatAttributes};
use super::accounts::Accounts;
use super::walk;
use crate::value::Mode;
use rustix::fs::FileType;
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// An open descriptor's type, mode and owners.
pub(super) fn of(file: &OwnedFd, accounts: &Accounts) -> Result<Stat, Errno> {
    let stat = rustix::fs::fstat(file)?;
    let attributes = || StatAttributes {
        mode: Mode::from_bits(stat.st_mode),
        owner: accounts.user_name(stat.st_uid),
        group: accounts.group_name(stat.st_gid),
    };
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Stat::File(attributes()),
        FileType::Directory => Stat::Directory(attributes()),
        FileType::Symlink => Stat::Symlink(walk::read_link(file)?),
        FileType::Fifo => Stat::Other("named pipe".to_owned()),
        FileType::Socket => Stat::Other("socket".to_owned()),
        FileType::CharacterDevice => Stat::Other("character device".to_owned()),
        FileType::BlockDevice => Stat::Other("block device".to_owned()),
        FileType::Unknown => Stat::Other("unknown kind of file".to_owned()),
    })
}

/// What the host has instead of what the plan found; `None` if it is the same.
pub(super) fn difference(planned: &FileBefore, found: &FileBefore) -> Option<String> {
    use Stat::{Absent, Directory, File, Other, Symlink};
    match (&planned.stat, &found.stat) {
        (File(planned), File(found)) | (Directory(planned), Directory(found))
            if planned != found =>
        {
            Some(attributes_difference(planned, found))
        }
        (planned, found) if planned == found => None,
        (_, Absent) => Some("nothing is there".to_owned()),
        (_, File(_)) => Some("a file is there".to_owned()),
        (_, Directory(_)) => Some("a directory is there".to_owned()),
        (_, Symlink(target)) => Some(format!("a link to {} is there", target.display())),
        (_, Other(kind)) => Some(format!("a {kind} is there")),
    }
    .or_else(|| {
        let differs = planned.sha256.is_some() && planned.sha256 != found.sha256;
        differs.then(|| "its content is another".to_owned())
    })
}

fn attributes_difference(planned: &StatAttributes, found: &StatAttributes) -> String {
    let mut parts = Vec::new();
    if planned.mode != found.mode {
        parts.push(format!("mode {}, not {}", found.mode, planned.mode));
    }
    if planned.owner != found.owner {
        parts.push(format!("owner {}, not {}", found.owner, planned.owner));
    }
    if planned.group != found.group {
        parts.push(format!("group {}, not {}", found.group, planned.group));
    }
    parts.join("; ")
}
