//! Paths of a host in memory.

use super::owners::Whose;
use super::world::{Entry, FileEntry, Owned, World};
use super::{InMemory, stale};
use crate::host::foreign_folder;
use crate::host::{Action, Attributes, FileBefore, HostError, PathChange, Stat, StatAttributes};
use crate::value::{Known, Sha256};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

impl World {
    /// What is at a path; links on the way to it are followed, the last component's is not.
    #[must_use]
    pub fn stat(&self, path: &Path) -> Stat {
        self.files.get(&self.place(path)).map_or(Stat::Absent, Entry::stat)
    }

    /// Where a path leads, links on the way followed.
    pub(super) fn place(&self, path: &Path) -> PathBuf {
        self.place_within(path, 40)
    }

    fn place_within(&self, path: &Path, links: usize) -> PathBuf {
        let mut place = PathBuf::from("/");
        let mut parts = path.components().peekable();
        while let Some(part) = parts.next() {
            match part {
                Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
                Component::ParentDir => {
                    place.pop();
                    continue;
                }
                Component::Normal(name) => place.push(name),
            }
            if let (Some(Entry::Link(target)), true) =
                (self.files.get(&place), parts.peek().is_some() && links > 0)
            {
                let folder = place.parent().unwrap_or(Path::new("/"));
                let rest: PathBuf = parts.collect();
                return self.place_within(&folder.join(target).join(rest), links - 1);
            }
        }
        place
    }

    /// The content of a regular file.
    pub(super) fn content(&self, path: &Path) -> Option<&[u8]> {
        match self.files.get(&self.place(path)) {
            Some(Entry::File(file)) => Some(&file.content),
            _ => None,
        }
    }

    /// A file's content, its attributes kept if it was there.
    pub(super) fn write(&mut self, path: &Path, bytes: &[u8]) {
        self.make_parents(path);
        let path = self.place(path);
        if let Some(Entry::File(file)) = self.files.get_mut(&path) {
            file.content = bytes.to_vec();
        } else {
            let file = FileEntry { content: bytes.to_vec(), ..FileEntry::default() };
            self.files.insert(path, Entry::File(file));
        }
    }

    /// Nothing at a path, nor below it.
    pub(super) fn remove(&mut self, path: &Path) {
        let path = self.place(path);
        self.files.retain(|known, _| !known.starts_with(&path));
    }
}

impl InMemory {
    pub(super) fn read_file(&self, path: &Path) -> Result<Vec<u8>, HostError> {
        let refuse = |kind| HostError::file("read", path, std::io::Error::from(kind));
        match self.world.files.get(&self.world.place(path)) {
            Some(Entry::File(file)) => Ok(file.content.clone()),
            Some(Entry::Directory(_)) => Err(refuse(ErrorKind::IsADirectory)),
            Some(_) => Err(refuse(ErrorKind::InvalidInput)),
            None => Err(refuse(ErrorKind::NotFound)),
        }
    }

    pub(super) fn list_directory(&self, path: &Path) -> Result<Vec<String>, HostError> {
        let place = self.world.place(path);
        let refuse = |kind| HostError::file("list", path, std::io::Error::from(kind));
        match self.world.files.get(&place) {
            Some(Entry::Directory(_)) => {}
            Some(_) => return Err(refuse(ErrorKind::NotADirectory)),
            None => return Err(refuse(ErrorKind::NotFound)),
        }
        let names = self.world.files.keys().filter(|known| known.parent() == Some(&place));
        Ok(names.filter_map(|known| known.file_name()?.to_str().map(str::to_owned)).collect())
    }

    pub(super) fn change_file(&mut self, action: &Action) -> Result<(), HostError> {
        foreign_folder::check(self, action)?;
        self.refuse_mounts(action)?;
        match action {
            Action::WriteFile { path, content, attributes, backup, validate, before } => {
                self.as_planned(path, before)?;
                self.parent_is_directory(path)?;
                self.owners_exist(attributes)?;
                let old = self.world.stat(path);
                if matches!(old, Stat::Directory(_) | Stat::Other(_)) {
                    return Err(refused("write", path, ErrorKind::IsADirectory));
                }
                if let Some(validate) = validate {
                    self.validate(validate, path, &content.bytes)?;
                }
                let path = self.world.place(path);
                if *backup && let Some(entry @ Entry::File(_)) = self.world.files.get(&path) {
                    let name = format!("{}.backup~", path.display());
                    let kept = entry.clone();
                    self.world.files.insert(name.into(), kept);
                }
                let old = match old {
                    Stat::File(old) => Some(old),
                    _ => None,
                };
                let all = self.merged(&path, old, attributes);
                let entry = FileEntry {
                    content: content.bytes.clone(),
                    mode: all.mode,
                    owner: all.owner,
                    group: all.group,
                };
                self.world.lift_mask(&path);
                self.world.files.insert(path, Entry::File(entry));
            }
            Action::Remove { path, before } => {
                self.as_planned(path, before)?;
                self.world.remove(path);
                let path = self.world.place(path);
                self.world.link_wanted(&path, false);
                self.world.lift_mask(&path);
            }
            Action::MakeDirectory { path, attributes, before } => {
                self.as_planned(path, before)?;
                self.parent_is_directory(path)?;
                self.owners_exist(attributes)?;
                let old = match self.world.stat(path) {
                    Stat::Directory(old) => Some(old),
                    Stat::Absent => None,
                    _ => return Err(refused("make directory", path, ErrorKind::AlreadyExists)),
                };
                let path = self.world.place(path);
                let all = self.merged(&path, old, attributes);
                self.world.files.insert(path, Entry::Directory(all));
            }
            Action::Symlink { path, target, before } => {
                self.as_planned(path, before)?;
                self.parent_is_directory(path)?;
                if matches!(self.world.stat(path), Stat::Directory(_)) {
                    return Err(refused("link", path, ErrorKind::IsADirectory));
                }
                let path = self.world.place(path);
                self.world.files.insert(path.clone(), Entry::Link(target.clone()));
                self.world.link_wanted(&path, true);
            }
            Action::SetAttributes { path, attributes, before } => {
                self.as_planned(path, before)?;
                self.owners_exist(attributes)?;
                let place = self.world.place(path);
                let old = match self.world.stat(path) {
                    Stat::File(old) | Stat::Directory(old) => Some(old),
                    _ => None,
                };
                let all = self.merged(&place, old, attributes);
                match self.world.files.get_mut(&place) {
                    Some(Entry::File(file)) => {
                        (file.mode, file.owner, file.group) = (all.mode, all.owner, all.group);
                    }
                    Some(Entry::Directory(directory)) => *directory = all,
                    _ => return Err(refused("set attributes of", path, ErrorKind::NotFound)),
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The fingerprint of what is there.
    fn fingerprint(&self, path: &Path) -> FileBefore {
        FileBefore { stat: self.world.stat(path), sha256: self.world.content(path).map(Sha256::of) }
    }

    fn as_planned(&self, path: &Path, before: &Known<FileBefore>) -> Result<(), HostError> {
        let found = self.fingerprint(path);
        let differs = |planned: &FileBefore| {
            planned.stat != found.stat || planned.sha256.is_some() && planned.sha256 != found.sha256
        };
        match before {
            Known::Is(planned) if differs(planned) => {
                Err(stale(path.display().to_string(), format!("{:?}", found.stat)))
            }
            _ => Ok(()),
        }
    }

    fn parent_is_directory(&self, path: &Path) -> Result<(), HostError> {
        let place = self.world.place(path);
        let Some(parent) = place.parent() else { return Ok(()) };
        match self.world.files.get(parent) {
            Some(Entry::Directory(_)) => Ok(()),
            Some(_) => Err(refused("write", path, ErrorKind::NotADirectory)),
            None => Err(refused("write", path, ErrorKind::NotFound)),
        }
    }

    fn owners_exist(&self, attributes: &Attributes) -> Result<(), HostError> {
        let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(owner) = &attributes.owner
            && self.world.user(owner).is_none()
            && !is_number(owner)
        {
            return Err(HostError::failed(format!("there is no user `{owner}`")));
        }
        if let Some(group) = &attributes.group
            && self.world.group(group).is_none()
            && !is_number(group)
        {
            return Err(HostError::failed(format!("there is no group `{group}`")));
        }
        Ok(())
    }
}

impl InMemory {
    /// Attributes as they were, or as a folder gives them to what is new in it, with what is
    /// declared.
    fn merged(&self, place: &Path, old: Option<StatAttributes>, new: &Attributes) -> Owned {
        let (mode, owner, group) = match old {
            Some(old) => (Some(old.mode), Some(old.owner), Some(old.group)),
            None => (None, None, self.group_of_folder(place)),
        };
        let owned = new.owner.as_ref().map(|name| self.world.called(Whose::User, name));
        let grouped = new.group.as_ref().map(|name| self.world.called(Whose::Group, name));
        // A host's own choice is written down as no choice, so that two equal hosts compare equal.
        let named = |name: Option<String>| name.filter(|name| name != "root");
        Owned {
            mode: new.mode.or(mode),
            owner: named(owned.or(owner)),
            group: named(grouped.or(group)),
        }
    }

    /// A set-group-ID folder gives its group away (inode(7)).
    fn group_of_folder(&self, place: &Path) -> Option<String> {
        match self.world.files.get(place.parent()?) {
            Some(Entry::Directory(all)) if all.mode?.bits() & 0o2000 != 0 => all.group.clone(),
            _ => None,
        }
    }

    fn refuse_mounts(&self, action: &Action) -> Result<(), HostError> {
        let (path, change) = match action {
            Action::WriteFile { path, .. } | Action::Symlink { path, .. } => {
                (path, PathChange::Replace)
            }
            Action::Remove { path, .. } => (path, PathChange::Remove),
            _ => return Ok(()),
        };
        self.mounted(path, change)
    }

    pub(super) fn mounted(&self, path: &Path, change: PathChange) -> Result<(), HostError> {
        let place = self.world.place(path);
        let stands = |mount: &PathBuf| match change {
            PathChange::Replace => *mount == place,
            PathChange::Remove => mount.starts_with(&place),
            PathChange::Attributes | PathChange::Within => false,
        };
        if self.world.mounts.iter().any(stands) {
            return Err(HostError::file("write", path, ErrorKind::ResourceBusy.into()));
        }
        Ok(())
    }
}

fn refused(doing: &'static str, path: &Path, kind: ErrorKind) -> HostError {
    HostError::file(doing, path, std::io::Error::from(kind))
}
