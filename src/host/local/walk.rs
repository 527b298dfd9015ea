//! Opens paths without following what others than root could have planted: every component is
//! opened relative to the one before, and a symbolic link among the parents is followed only where
//! none but root could have made or can change it (`/bin`, `/var/run`).

use super::super::{HostError, StatAttributes, foreign_folder};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2, readlinkat,
    statat,
};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// As many as the kernel follows in one path (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// A path whose parent is open: the place where a name is made, replaced or removed.
pub(super) struct Place {
    /// The parent directory.
    pub(super) folder: OwnedFd,
    /// The last component.
    pub(super) name: OsString,
}

/// Who may be able to write the parents of what is changed.
pub(super) struct Guard<'a> {
    /// The target's owner, besides root.
    pub(super) owner: u32,
    /// Whether a group has no member but root and this user.
    pub(super) private_group: &'a dyn Fn(u32, u32) -> bool,
    /// A user's name, for messages.
    pub(super) user_name: &'a dyn Fn(u32) -> String,
}

impl Guard<'_> {
    /// Only root and the target's owner can put anything here, or the folder is sticky.
    fn admits(&self, folder: &Stat) -> bool {
        let mode = folder.st_mode;
        let owned = folder.st_uid == 0 || folder.st_uid == self.owner;
        let group = mode & 0o020 != 0
            && folder.st_gid != 0
            && !(self.private_group)(folder.st_gid, self.owner);
        let sticky = mode & 0o1000 != 0;
        owned && (sticky || (mode & 0o002 == 0 && !group))
    }
}

/// Opens a path as it is, no link followed but root's own among its parents. For `O_PATH`, a link
/// as last component is opened itself.
pub(super) fn open(path: &Path, flags: OFlags) -> Result<OwnedFd, HostError> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(CWD, path, flags, Mode::empty(), resolve) {
        // A link on the way, or a kernel (or its seccomp filter) without openat2.
        Err(Errno::LOOP | Errno::NOSYS | Errno::PERM) if path.is_absolute() => {
            let place = parent(path, None)?;
            openat(&place.folder, &place.name, flags, Mode::empty())
        }
        other => other,
    }
    .map_err(|errno| HostError::file("open", path, errno.into()))
}

/// Opens the parent of a path, every component checked by the guard.
///
/// # Errors
/// If it is absent, no directory, a foreign symbolic link, or the guard refuses it.
pub(super) fn parent(path: &Path, guard: Option<&Guard<'_>>) -> Result<Place, HostError> {
    let Some(name) = path.file_name().filter(|_| path.is_absolute()) else {
        let source = std::io::Error::from(std::io::ErrorKind::InvalidInput);
        return Err(HostError::file("open", path, source));
    };
    let above = path.parent().unwrap_or(Path::new("/"));
    let folder = Walk::begin(path, guard)?.to(above)?;
    Ok(Place { folder, name: name.to_owned() })
}

/// The way from the root to a directory.
struct Walk<'a> {
    path: &'a Path,
    guard: Option<&'a Guard<'a>>,
    folder: OwnedFd,
    /// Where it is, for messages.
    at: PathBuf,
    /// None but root could have changed anything from the root to here.
    trusted: bool,
    /// None but root can make anything here.
    closed: bool,
}

impl<'a> Walk<'a> {
    fn begin(path: &'a Path, guard: Option<&'a Guard<'a>>) -> Result<Self, HostError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(CWD, "/", flags, Mode::empty())
            .map_err(|errno| HostError::file("open", "/", errno.into()))?;
        let mut walk =
            Self { path, guard, folder, at: PathBuf::from("/"), trusted: true, closed: true };
        walk.check()?;
        Ok(walk)
    }

    fn to(mut self, directory: &Path) -> Result<OwnedFd, HostError> {
        let mut pending = components(directory);
        let mut links = 0;
        while let Some(name) = pending.pop() {
            match self.step(&name) {
                Ok(()) => self.check()?,
                Err(Errno::LOOP | Errno::NOTDIR) => {
                    links += 1;
                    let target = self.link(&name)?;
                    if links > MOST_LINKS {
                        return Err(self.error(Errno::LOOP));
                    }
                    if target.is_absolute() {
                        self = Self::begin(self.path, self.guard)?;
                    }
                    pending.extend(components(&target));
                }
                Err(errno) => return Err(self.error(errno)),
            }
        }
        Ok(self.folder)
    }

    fn step(&mut self, name: &OsStr) -> Result<(), Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        self.folder = openat(&self.folder, name, flags, Mode::empty())?;
        if name == ".." {
            self.at.pop();
        } else {
            self.at.push(name);
        }
        Ok(())
    }

    /// Looks at the directory it stands in.
    fn check(&mut self) -> Result<(), HostError> {
        let stat = fstat(&self.folder).map_err(|errno| self.error(errno))?;
        let root_only =
            Guard { owner: 0, private_group: &|_, _| false, user_name: &|_| String::new() };
        self.trusted &= root_only.admits(&stat);
        self.closed = stat.st_mode & 0o002 == 0 && (stat.st_mode & 0o020 == 0 || stat.st_gid == 0);
        if self.guard.is_none_or(|guard| guard.admits(&stat)) {
            return Ok(());
        }
        let name = self.guard.map_or_else(String::new, |guard| (guard.user_name)(stat.st_uid));
        let folder = StatAttributes {
            mode: crate::value::Mode::from_bits(stat.st_mode),
            owner: name,
            group: stat.st_gid.to_string(),
        };
        Err(foreign_folder::refusal(self.path, &self.at, &folder))
    }

    /// What a link of root's says.
    fn link(&self, name: &OsStr) -> Result<PathBuf, HostError> {
        let stat = statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| self.error(errno))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            return Err(self.error(Errno::NOTDIR));
        }
        if stat.st_uid != 0 || !self.trusted || !self.closed {
            return Err(HostError::Failed {
                message: format!(
                    "refusing to follow {}: others than root can change this symbolic link",
                    self.at.join(name).display()
                ),
                notes: Vec::new(),
                help: Some("name the path that it leads to".to_owned()),
            });
        }
        let target =
            readlinkat(&self.folder, name, Vec::new()).map_err(|errno| self.error(errno))?;
        Ok(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    fn error(&self, errno: Errno) -> HostError {
        HostError::file("open", self.path, errno.into())
    }
}

/// In reverse, so that the next one is popped.
fn components(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        _ => None,
    });
    let mut names: Vec<_> = names.collect();
    names.reverse();
    names
}

/// What a symbolic link says, by descriptor (`O_PATH`).
pub(super) fn read_link(link: &OwnedFd) -> Result<PathBuf, Errno> {
    let target = readlinkat(link, "", Vec::new())?;
    Ok(PathBuf::from(OsStr::from_bytes(target.as_bytes())))
}
