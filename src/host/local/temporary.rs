//! A file that is written whole before anybody can see it: without a name, or under a hidden one
//! that goes away if it does not take its place.

use super::walk::Place;
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, fchmod, fchown, fsync, linkat, openat, renameat,
    renameat_with, symlinkat, unlinkat,
};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The longest name that Linux's file systems take.
const LONGEST_NAME: usize = 255;

/// The new file beside its place. It is made 0600, before its first byte.
pub(super) struct Temporary<'a> {
    place: &'a Place,
    file: File,
    /// Its hidden name, while it has one.
    name: Option<OsString>,
}

impl<'a> Temporary<'a> {
    /// A file with this content, on disk.
    pub(super) fn new(place: &'a Place, content: &[u8]) -> std::io::Result<Self> {
        // What a killed run may have left in its last instant.
        let hidden = hidden_name(&place.name);
        remove_name(place, &hidden)?;
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        let private = Mode::RUSR | Mode::WUSR;
        let (file, name) = match openat(&place.folder, ".", flags | OFlags::TMPFILE, private) {
            Ok(file) => (file, None),
            // A file system without nameless files.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
                let flags = flags | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
                (openat(&place.folder, &hidden, flags, private)?, Some(hidden))
            }
            Err(errno) => return Err(errno.into()),
        };
        let mut temporary = Self { place, file: File::from(file), name };
        temporary.file.write_all(content)?;
        Ok(temporary)
    }

    /// Sets owners first: a change of owner clears set-user-ID.
    pub(super) fn attributes(
        &self,
        owner: Option<u32>,
        group: Option<u32>,
        mode: u32,
    ) -> std::io::Result<()> {
        own(&self.file, owner, group)?;
        Ok(fchmod(&self.file, Mode::from_raw_mode(mode))?)
    }

    /// A path under which another program can read it: its hidden name, or without one (so that
    /// nothing is left behind a kill) this process's descriptor.
    pub(super) fn readable_path(
        &mut self,
        path: &Path,
        nameless: bool,
    ) -> std::io::Result<PathBuf> {
        if nameless && self.name.is_none() {
            let process = std::process::id();
            return Ok(PathBuf::from(format!("/proc/{process}/fd/{}", self.file.as_raw_fd())));
        }
        let name = self.give_name()?;
        Ok(path.with_file_name(name))
    }

    /// Takes its place, over whatever file or link is there.
    pub(super) fn replace(mut self) -> std::io::Result<()> {
        fsync(&self.file)?;
        let name = self.give_name()?;
        renameat(&self.place.folder, &name, &self.place.folder, &self.place.name)?;
        self.name = None;
        sync_folder(&self.place.folder)
    }

    /// Takes its place where nothing may be: fails if something is.
    pub(super) fn appear(mut self) -> std::io::Result<()> {
        fsync(&self.file)?;
        match self.name.take() {
            None => self.link(&self.place.name)?,
            Some(name) => {
                let folder = &self.place.folder;
                let moved =
                    renameat_with(folder, &name, folder, &self.place.name, RenameFlags::NOREPLACE);
                self.name = Some(name);
                moved?;
                self.name = None;
            }
        }
        sync_folder(&self.place.folder)
    }

    fn give_name(&mut self) -> std::io::Result<OsString> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let name = hidden_name(&self.place.name);
        self.link(&name)?;
        self.name = Some(name.clone());
        Ok(name)
    }

    fn link(&self, name: &OsStr) -> Result<(), Errno> {
        let nameless = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        linkat(CWD, nameless, &self.place.folder, name, AtFlags::SYMLINK_FOLLOW)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = unlinkat(&self.place.folder, name, AtFlags::empty());
        }
    }
}

/// Puts a symbolic link in place, over whatever file or link is there.
pub(super) fn replace_by_link(place: &Place, target: &Path) -> std::io::Result<()> {
    let hidden = hidden_name(&place.name);
    remove_name(place, &hidden)?;
    symlinkat(target, &place.folder, &hidden)?;
    if let Err(errno) = renameat(&place.folder, &hidden, &place.folder, &place.name) {
        let _ = unlinkat(&place.folder, &hidden, AtFlags::empty());
        return Err(errno.into());
    }
    sync_folder(&place.folder)
}

/// Sets owner and group where given.
pub(super) fn own(
    file: impl std::os::fd::AsFd,
    owner: Option<u32>,
    group: Option<u32>,
) -> Result<(), Errno> {
    if owner.is_none() && group.is_none() {
        return Ok(());
    }
    let owner = owner.map(rustix::fs::Uid::from_raw);
    fchown(file, owner, group.map(rustix::fs::Gid::from_raw))
}

/// Makes a change of a directory's names last. The descriptor may be an `O_PATH` one.
pub(super) fn sync_folder(folder: &OwnedFd) -> std::io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = openat(folder, ".", flags, Mode::empty())?;
    match fsync(&folder) {
        // Some file systems cannot sync a directory.
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// The one hidden name that a target's next content may have: hidden, so that folders of
/// configuration snippets pass over it, with the suffix that its validator may ask for.
fn hidden_name(name: &OsStr) -> OsString {
    let mut hidden = b".converge-".to_vec();
    hidden.extend_from_slice(name.as_bytes());
    hidden.truncate(LONGEST_NAME);
    OsString::from_vec(hidden)
}

fn remove_name(place: &Place, name: &OsStr) -> Result<(), Errno> {
    match unlinkat(&place.folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno),
    }
}
