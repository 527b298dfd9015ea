//! Changes files: each change happens whole or not at all, refuses what is no longer as planned,
//! and goes through a parent that none but root and the target's owner can write to.

use super::super::{Attributes, Content, FileBefore, HostError, Performed, Stat, Validate};
use super::accounts::Accounts;
use super::temporary::{Temporary, own, replace_by_link, sync_folder};
use super::walk::{self, Guard, Place};
use super::{clock, files, process};
use crate::value::{Known, Map, Value};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, fchmod, fstat, linkat, mkdirat, openat, statat, symlinkat,
    unlinkat,
};
use rustix::io::Errno;
use std::ffi::OsString;
use std::path::Path;

/// What a new file may be where nothing is said, under the usual umask of 022.
const NEW_FILE: u32 = 0o644;
const NEW_SECRET_FILE: u32 = 0o600;
const NEW_DIRECTORY: u32 = 0o755;
/// Seconds for a command that checks a new file.
const VALIDATE_SECONDS: u64 = 60;

/// A file action's target: its place, what is there now, and what shall be its owners.
struct Target<'a> {
    path: &'a Path,
    place: Place,
    found: Option<rustix::fs::Stat>,
    owner: Option<u32>,
    group: Option<u32>,
    mode: Option<u32>,
}

impl<'a> Target<'a> {
    fn open(
        path: &'a Path,
        attributes: &Attributes,
        accounts: &Accounts,
    ) -> Result<Self, HostError> {
        let owner = attributes.owner.as_deref().map(|name| accounts.uid(name)).transpose()?;
        let group = attributes.group.as_deref().map(|name| accounts.gid(name)).transpose()?;
        let mode = attributes.mode.map(crate::value::Mode::bits);
        let unguarded = walk::parent(path, None)?;
        let found = look(&unguarded, path)?;
        let guard = Guard {
            owner: owner.or(found.map(|stat| stat.st_uid)).unwrap_or(0),
            private_group: &|gid, owner| accounts.is_private_group(gid, owner),
            user_name: &|uid| accounts.user_name(uid),
        };
        let place = walk::parent(path, Some(&guard))?;
        Ok(Self { path, place, found, owner, group, mode })
    }

    fn is(&self, kind: FileType) -> bool {
        self.found.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == kind)
    }

    fn error(&self, doing: &'static str, source: impl Into<std::io::Error>) -> HostError {
        HostError::file(doing, self.path, source.into())
    }

    /// Something is there that no file, link or directory may replace.
    fn refuse_other(&self) -> Result<(), HostError> {
        let kinds = [FileType::RegularFile, FileType::Symlink, FileType::Directory];
        if self.found.is_none() || kinds.into_iter().any(|kind| self.is(kind)) {
            return Ok(());
        }
        Err(HostError::failed(format!(
            "refusing to replace {}: it is a device, socket or pipe",
            self.path.display()
        )))
    }
}

fn look(place: &Place, path: &Path) -> Result<Option<rustix::fs::Stat>, HostError> {
    match statat(&place.folder, &place.name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(HostError::file("look at", path, errno.into())),
    }
}

/// A file to be written, and how.
pub(super) struct NewFile<'a> {
    /// Where.
    pub(super) path: &'a Path,
    /// What.
    pub(super) content: &'a Content,
    /// Whose.
    pub(super) attributes: &'a Attributes,
    /// Whether the old file is kept beside it.
    pub(super) backup: bool,
    /// Who must accept it.
    pub(super) validate: Option<&'a Validate>,
    /// What it replaces.
    pub(super) before: &'a Known<FileBefore>,
}

/// Writes a whole file. The result names the backup (`backup_file`), if one was made, and says
/// `validated: false` if the program that should check the content is not installed.
pub(super) fn file(new: &NewFile<'_>, accounts: &Accounts) -> Result<Performed, HostError> {
    let target = Target::open(new.path, new.attributes, accounts)?;
    target.refuse_other()?;
    if target.is(FileType::Directory) {
        return Err(target.error("write", Errno::ISDIR));
    }
    let mut temporary = Temporary::new(&target.place, &new.content.bytes)
        .map_err(|error| target.error("write", error))?;
    let kept = target.found.filter(|_| target.is(FileType::RegularFile));
    let mode = target
        .mode
        .or(kept.map(|stat| stat.st_mode & 0o7777))
        .unwrap_or(if new.content.secret { NEW_SECRET_FILE } else { NEW_FILE });
    temporary
        .attributes(
            target.owner.or(kept.map(|stat| stat.st_uid)),
            target.group.or(kept.map(|stat| stat.st_gid)),
            mode,
        )
        .map_err(|error| target.error("set attributes of", error))?;
    let mut result = Map::new();
    if let Some(validate) = new.validate
        && !accepted(validate, &mut temporary, new)?
    {
        result.insert("validated".to_owned(), Value::Bool(false));
    }
    files::unchanged(new.path, new.before, accounts)?;
    // A copy of a secret would outlive it.
    if new.backup && kept.is_some() && !new.content.secret {
        result.insert("backup_file".to_owned(), Value::Str(keep_old(&target)?));
    }
    let nothing_there = matches!(new.before, Known::Is(FileBefore { stat: Stat::Absent, .. }));
    let done = if nothing_there { temporary.appear() } else { temporary.replace() };
    done.map_err(|error| appeared(&target, "write", error))?;
    Ok(Performed { result, ..Performed::default() })
}

/// Where nothing was planned to be, something is: the plan is stale.
fn appeared(target: &Target<'_>, doing: &'static str, error: std::io::Error) -> HostError {
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        let target = target.path.display().to_string();
        return HostError::Stale { target, found: "something is there".to_owned() };
    }
    target.error(doing, error)
}

/// Whether the validator accepted the new content; `false` if there is no such program yet.
fn accepted(
    validate: &Validate,
    temporary: &mut Temporary<'_>,
    new: &NewFile<'_>,
) -> Result<bool, HostError> {
    let candidate = temporary
        .readable_path(new.path, new.content.secret)
        .map_err(|error| HostError::file("write", new.path, error))?;
    let candidate = candidate.display().to_string();
    let argv: Vec<_> = validate.argv.iter().map(|word| word.replace("%s", &candidate)).collect();
    let command = process::tool(&argv, VALIDATE_SECONDS);
    let output = process::run(&command)?;
    match output.rc {
        0 => Ok(true),
        127 if !program_exists(&argv) => Ok(false),
        _ => {
            let HostError::Failed { notes, .. } = process::refused(&command, &output) else {
                return Ok(false);
            };
            let shown = new.path.display().to_string();
            let program = validate.argv.first().map_or("", String::as_str);
            Err(HostError::Failed {
                message: format!(
                    "`{program}` does not accept the new {shown}; it was not replaced"
                ),
                notes: notes.iter().map(|line| line.replace(&candidate, &shown)).collect(),
                help: None,
            })
        }
    }
}

fn program_exists(argv: &[String]) -> bool {
    let Some(program) = argv.first() else { return false };
    let asked = process::tool(&["sh", "-c", "command -v -- \"$1\"", "sh", program.as_str()], 10);
    process::run(&asked).is_ok_and(|output| output.rc == 0)
}

/// Gives the old file a second name, `NAME.TIMESTAMP~`; its path.
fn keep_old(target: &Target<'_>) -> Result<String, HostError> {
    let stamp = clock::timestamp().replace(['-', ':'], "");
    let folder = &target.place.folder;
    for attempt in 0..100 {
        let mut name: OsString = target.place.name.clone();
        name.push(match attempt {
            0 => format!(".{stamp}~"),
            _ => format!(".{stamp}.{attempt}~"),
        });
        match linkat(folder, &target.place.name, folder, &name, AtFlags::empty()) {
            Ok(()) => return Ok(target.path.with_file_name(name).display().to_string()),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(target.error("keep a backup of", errno)),
        }
    }
    Err(target.error("keep a backup of", Errno::EXIST))
}

/// Removes what is at a path, a directory with everything in it.
pub(super) fn remove(
    path: &Path,
    before: &Known<FileBefore>,
    accounts: &Accounts,
) -> Result<(), HostError> {
    let target = match Target::open(path, &Attributes::default(), accounts) {
        Err(HostError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return files::unchanged(path, before, accounts);
        }
        other => other?,
    };
    files::unchanged(path, before, accounts)?;
    if target.found.is_none() {
        return Ok(());
    }
    if target.is(FileType::Directory) {
        super::tree::remove(&target.place, path)?;
    } else {
        unlinkat(&target.place.folder, &target.place.name, AtFlags::empty())
            .map_err(|errno| target.error("remove", errno))?;
    }
    sync_folder(&target.place.folder).map_err(|error| target.error("remove", error))
}

/// Makes a directory; one that is there gets the attributes.
pub(super) fn directory(
    path: &Path,
    attributes: &Attributes,
    before: &Known<FileBefore>,
    accounts: &Accounts,
) -> Result<(), HostError> {
    let target = Target::open(path, attributes, accounts)?;
    files::unchanged(path, before, accounts)?;
    if target.is(FileType::Directory) {
        return set_open(&target);
    }
    let (folder, name) = (&target.place.folder, &target.place.name);
    mkdirat(folder, name, Mode::RWXU)
        .map_err(|errno| appeared(&target, "make directory", errno.into()))?;
    let finish = || -> std::io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = openat(folder, name, flags, Mode::empty())?;
        own(&made, target.owner, target.group)?;
        fchmod(&made, Mode::from_raw_mode(target.mode.unwrap_or(NEW_DIRECTORY)))?;
        sync_folder(folder)
    };
    finish().map_err(|error| {
        let _ = unlinkat(folder, name, AtFlags::REMOVEDIR);
        target.error("make directory", error)
    })
}

/// Makes a symbolic link, over whatever file or link is there.
pub(super) fn symlink(
    path: &Path,
    says: &Path,
    before: &Known<FileBefore>,
    accounts: &Accounts,
) -> Result<(), HostError> {
    let target = Target::open(path, &Attributes::default(), accounts)?;
    target.refuse_other()?;
    files::unchanged(path, before, accounts)?;
    if target.is(FileType::Directory) {
        return Err(target.error("link", Errno::ISDIR));
    }
    if target.found.is_some() {
        return replace_by_link(&target.place, says).map_err(|error| target.error("link", error));
    }
    symlinkat(says, &target.place.folder, &target.place.name)
        .map_err(|errno| appeared(&target, "link", errno.into()))?;
    sync_folder(&target.place.folder).map_err(|error| target.error("link", error))
}

/// Sets mode and owners of a file or directory.
pub(super) fn attributes(
    path: &Path,
    attributes: &Attributes,
    before: &Known<FileBefore>,
    accounts: &Accounts,
) -> Result<(), HostError> {
    let target = Target::open(path, attributes, accounts)?;
    files::unchanged(path, before, accounts)?;
    set_open(&target)
}

fn set_open(target: &Target<'_>) -> Result<(), HostError> {
    let doing = "set attributes of";
    if !target.is(FileType::RegularFile) && !target.is(FileType::Directory) {
        let words = if target.found.is_none() {
            "nothing is there"
        } else {
            "it is neither file nor directory"
        };
        return Err(target.error(doing, std::io::Error::other(words)));
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(&target.place.folder, &target.place.name, flags, Mode::empty())
        .map_err(|errno| target.error(doing, errno))?;
    refuse_foreign_link(target, &file)?;
    own(&file, target.owner, target.group).map_err(|errno| target.error(doing, errno))?;
    // A change of owner clears set-user-ID, so the mode is set again where it had any.
    let mode = target.mode.or(target.found.map(|stat| stat.st_mode & 0o7777));
    mode.map_or(Ok(()), |mode| fchmod(&file, Mode::from_raw_mode(mode)))
        .map_err(|errno| target.error(doing, errno))
}

/// In a user's own folder, a second name could be one that he gave to a file of root's.
fn refuse_foreign_link(target: &Target<'_>, file: &std::os::fd::OwnedFd) -> Result<(), HostError> {
    let stat = fstat(file).map_err(|errno| target.error("look at", errno))?;
    let folder = fstat(&target.place.folder).map_err(|errno| target.error("look at", errno))?;
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    let foreign = folder.st_uid != 0 || folder.st_mode & 0o022 != 0;
    if regular && stat.st_nlink > 1 && foreign {
        return Err(HostError::failed(format!(
            "refusing to change {}: it has further names (hard links), and its folder is not root's alone",
            target.path.display()
        )));
    }
    Ok(())
}
