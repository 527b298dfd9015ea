//! Paths of a dry run.

use super::Overlay;
use super::entry::{Below, PACKAGE_TERRITORY, Virtual};
use super::numbers::Owners;
use crate::host::{Attributes, HostError, Stat, StatAttributes};
use crate::value::{Known, Mode, Origin};
use std::path::{Path, PathBuf};

impl Overlay<'_> {
    pub(super) fn virtual_stat(&self, path: &Path) -> Result<Known<Stat>, HostError> {
        self.stat_at(&self.place_to_look(path)?)
    }

    /// What is at a place, no link on the way to it.
    pub(super) fn stat_at(&self, place: &Path) -> Result<Known<Stat>, HostError> {
        if let Some(entry) = self.files.get(place) {
            return Ok(entry.stat.clone());
        }
        if let Some(answer) = self.covering(place) {
            return Ok(answer);
        }
        if let Some(origin) = self.may_be_linked(place).or_else(|| self.may_be_kept(place)) {
            return Ok(Known::Unknown(origin));
        }
        match self.inner.stat(place)? {
            Known::Is(Stat::Absent) => {
                let brought =
                    self.packages.may_bring_files().filter(|_| in_package_territory(place));
                let origin = brought.or_else(|| self.may_serve(place).cloned());
                Ok(origin.map_or(Known::Is(Stat::Absent), Known::Unknown))
            }
            Known::Is(stat) => self.owned_now(place, stat),
            unknown => Ok(unknown),
        }
    }

    /// What was there may be kept under a name that nobody knows yet.
    fn may_be_kept(&self, place: &Path) -> Option<Origin> {
        let kept = place.to_str().is_some_and(|name| name.ends_with('~'));
        self.kept.get(place.parent()?).filter(|_| kept).cloned()
    }

    /// The old file stays beside the new one, under a name with the time in it.
    pub(super) fn keep_backup(&mut self, path: &Path) -> Result<(), HostError> {
        let place = self.place(path)?;
        let there = !matches!(self.stat_at(&place)?, Known::Is(Stat::Absent | Stat::Symlink(_)));
        if let Some(folder) = place.parent().filter(|_| there) {
            let origin = Origin::new(format!("the backup of {}", path.display()));
            self.kept.entry(folder.to_path_buf()).or_insert(origin);
        }
        Ok(())
    }

    /// A package may bring files, units and accounts where something pending says that there are
    /// none.
    pub(super) fn packages_arrive(&mut self, origin: &Origin) {
        self.arrive_in(PACKAGE_TERRITORY, origin);
        for unit in self.units.values_mut() {
            if matches!(unit, Known::Is(unit) if !unit.exists) {
                *unit = Known::Unknown(origin.clone());
            }
        }
        for user in self.users.values_mut().filter(|user| **user == Known::Is(None)) {
            *user = Known::Unknown(origin.clone());
        }
        for group in self.groups.values_mut().filter(|group| **group == Known::Is(None)) {
            *group = Known::Unknown(origin.clone());
        }
    }

    /// Something may come to these folders where something pending says that there is nothing.
    pub(super) fn arrive_in(&mut self, folders: &[&str], origin: &Origin) {
        for (path, entry) in &mut self.files {
            if !folders.iter().any(|folder| path.starts_with(folder)) {
                continue;
            }
            if entry.stat == Known::Is(Stat::Absent) {
                entry.stat = Known::Unknown(origin.clone());
                entry.content = Known::Unknown(origin.clone());
            }
            if entry.below == Below::Nothing {
                entry.below = Below::Unknown(origin.clone());
            }
        }
    }

    pub(super) fn virtual_read(&self, path: &Path) -> Result<Known<Vec<u8>>, HostError> {
        let path = &self.place_to_look(path)?;
        if let Some(entry) = self.files.get(path) {
            return match &entry.stat {
                Known::Is(Stat::File(_)) => Ok(entry.content.clone()),
                Known::Unknown(origin) => Ok(Known::Unknown(origin.clone())),
                Known::Is(_) => Err(not_a_file(path)),
            };
        }
        match self.stat_at(path)? {
            Known::Unknown(origin) => Ok(Known::Unknown(origin)),
            Known::Is(Stat::Absent) => Err(not_a_file(path)),
            Known::Is(Stat::File(_)) if let Some(origin) = self.may_serve(path) => {
                Ok(Known::Unknown(origin.clone()))
            }
            Known::Is(_) => self.inner.read(path),
        }
    }

    /// What a directory holds: what it held, with what pending actions add and take away.
    pub(super) fn virtual_list(&self, path: &Path) -> Result<Known<Vec<String>>, HostError> {
        let place = self.place_to_look(path)?;
        let linked = self.linked.iter().next().filter(|_| place.starts_with("/etc/systemd/system"));
        match (self.list_without_links(path)?, linked) {
            (Known::Is(_), Some(name)) => Ok(Known::Unknown(super::ties::links_of(name))),
            (names, _) => Ok(names),
        }
    }

    /// The same, without the links by which units are enabled in this run.
    pub(super) fn list_without_links(&self, path: &Path) -> Result<Known<Vec<String>>, HostError> {
        let path: &Path = &self.place_to_look(path)?;
        match self.stat_at(path)? {
            Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
            Known::Is(Stat::Directory(_)) => {}
            Known::Is(_) => return Err(not_a_file(path)),
        }
        let brought = self.packages.may_bring_files().filter(|_| in_package_territory(path));
        let origin = brought
            .or_else(|| self.may_serve(path).cloned())
            .or_else(|| self.kept.get(path).cloned());
        if let Some(origin) = origin {
            return Ok(Known::Unknown(origin));
        }
        let below = self.files.get(path).map(|entry| entry.below.clone());
        let below = match below {
            Some(Below::Through) => None,
            None => self.covering(path).map(|_| Below::Nothing),
            decided => decided,
        };
        let mut names = match below {
            Some(Below::Unknown(origin)) => return Ok(Known::Unknown(origin)),
            Some(_) => Vec::new(),
            None => match self.inner.list(path)? {
                Known::Is(names) => names,
                Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
            },
        };
        for (child, entry) in self.files.iter().filter(|(child, _)| child.parent() == Some(path)) {
            let Some(name) = child.file_name().map(|name| name.to_string_lossy().into_owned())
            else {
                continue;
            };
            names.retain(|known| *known != name);
            match &entry.stat {
                Known::Unknown(origin) => return Ok(Known::Unknown(origin.clone())),
                Known::Is(Stat::Absent) => {}
                Known::Is(_) => names.push(name),
            }
        }
        names.sort();
        Ok(Known::Is(names))
    }

    /// The answer of the nearest ancestor that decides for everything below it.
    pub(super) fn covering(&self, path: &Path) -> Option<Known<Stat>> {
        path.ancestors().skip(1).find_map(|ancestor| match &self.files.get(ancestor)?.below {
            Below::Through => None,
            Below::Nothing => Some(Known::Is(Stat::Absent)),
            Below::Unknown(origin) => Some(Known::Unknown(origin.clone())),
        })
    }

    /// Puts an entry, and forgets those below it if it decides for them.
    pub(super) fn put(&mut self, path: &Path, entry: Virtual) {
        if entry.below != Below::Through {
            self.files.retain(|known, _| known == path || !known.starts_with(path));
        }
        self.files.insert(path.to_path_buf(), entry);
    }

    /// Whether a path is a directory, even where its attributes are not known.
    pub(super) fn is_marked_directory(&self, path: &Path) -> bool {
        self.files.get(path).is_some_and(|entry| entry.is_directory)
    }

    /// The same, of any place.
    pub(super) fn is_directory_at(&self, place: &Path) -> Result<bool, HostError> {
        let found = self.stat_at(place)?;
        Ok(self.is_marked_directory(place) || matches!(found, Known::Is(Stat::Directory(_))))
    }

    /// Changes what a directory is, not what it holds.
    fn put_over(&mut self, path: &Path, stat: Known<Stat>) {
        let below = self.files.get(path).map_or(Below::Through, |entry| entry.below.clone());
        let content = Known::Is(Vec::new());
        let is_directory =
            matches!(stat, Known::Is(Stat::Directory(_))) || self.is_marked_directory(path);
        self.files.insert(path.to_path_buf(), Virtual { stat, content, below, is_directory });
    }

    pub(super) fn put_absent(&mut self, path: &Path) -> Result<(), HostError> {
        let place = self.place(path)?;
        self.put(
            &place,
            Virtual {
                stat: Known::Is(Stat::Absent),
                content: Known::Is(Vec::new()),
                below: Below::Nothing,
                is_directory: false,
            },
        );
        Ok(())
    }

    /// A path is not known from here on, where it really is.
    pub(super) fn path_unknown(&mut self, path: &Path, origin: &Origin) -> Result<(), HostError> {
        let place = self.place(path)?;
        self.put_unknown(&place, origin);
        Ok(())
    }

    pub(super) fn put_unknown(&mut self, path: &Path, origin: &Origin) {
        self.put(
            path,
            Virtual {
                stat: Known::Unknown(origin.clone()),
                content: Known::Unknown(origin.clone()),
                below: Below::Unknown(origin.clone()),
                is_directory: false,
            },
        );
    }

    pub(super) fn write(
        &mut self,
        path: &Path,
        bytes: &[u8],
        attributes: &Attributes,
    ) -> Result<(), HostError> {
        let place = self.place(path)?;
        let attributes = self.named(attributes)?;
        let old = match self.stat_at(&place)? {
            Known::Is(Stat::File(old)) => Known::Is(old),
            Known::Is(_) => self.fresh(&place, "0644")?,
            Known::Unknown(origin) => Known::Unknown(origin),
        };
        let stat = merge(old, &attributes).map(Stat::File);
        let content = Known::Is(bytes.to_vec());
        self.put(&place, Virtual { stat, content, below: Below::Nothing, is_directory: false });
        Ok(())
    }

    pub(super) fn make_directory(
        &mut self,
        path: &Path,
        attributes: &Attributes,
    ) -> Result<(), HostError> {
        let place = self.place(path)?;
        let attributes = self.named(attributes)?;
        let before = self.stat_at(&place)?;
        // A new directory is empty; where one may have been, it holds what it held.
        let stat = match before {
            Known::Is(Stat::Directory(old)) => merge(Known::Is(old), &attributes),
            Known::Unknown(origin) => merge(Known::Unknown(origin), &attributes),
            Known::Is(_) => {
                let stat = merge(self.fresh(&place, "0755")?, &attributes).map(Stat::Directory);
                let content = Known::Is(Vec::new());
                let below = Below::Nothing;
                self.put(&place, Virtual { stat, content, below, is_directory: true });
                return Ok(());
            }
        };
        self.put_folder(&place, stat.map(Stat::Directory));
        Ok(())
    }

    pub(super) fn set_attributes(
        &mut self,
        path: &Path,
        attributes: &Attributes,
    ) -> Result<(), HostError> {
        let place = self.place(path)?;
        let attributes = self.named(attributes)?;
        let stat = match self.stat_at(&place)? {
            Known::Is(Stat::File(old)) => merge(Known::Is(old), &attributes).map(Stat::File),
            Known::Is(Stat::Directory(old)) => {
                merge(Known::Is(old), &attributes).map(Stat::Directory)
            }
            Known::Unknown(origin) if self.is_marked_directory(&place) => {
                merge(Known::Unknown(origin), &attributes).map(Stat::Directory)
            }
            other => other,
        };
        if let Known::Is(Stat::File(_)) = stat {
            let content = self.virtual_read(&place)?;
            self.put(&place, Virtual { stat, content, below: Below::Nothing, is_directory: false });
        } else {
            self.put_over(&place, stat);
        }
        Ok(())
    }

    pub(super) fn symlink(&mut self, path: &Path, target: PathBuf) -> Result<(), HostError> {
        let place = self.place(path)?;
        self.symlink_at(&place, target);
        Ok(())
    }

    pub(super) fn symlink_at(&mut self, place: &Path, target: PathBuf) {
        let stat = Known::Is(Stat::Symlink(target));
        let content = Known::Is(Vec::new());
        self.put(place, Virtual { stat, content, below: Below::Nothing, is_directory: false });
    }

    /// What a new file or directory gets: root's, but the group of a set-group-ID folder
    /// (inode(7)).
    fn fresh(&self, place: &Path, mode: &str) -> Result<Known<StatAttributes>, HostError> {
        let group = match place.parent().map(|folder| self.stat_at(folder)).transpose()? {
            Some(Known::Unknown(origin)) => return Ok(Known::Unknown(origin)),
            Some(Known::Is(Stat::Directory(all))) if all.mode.bits() & 0o2000 != 0 => all.group,
            _ => "root".to_owned(),
        };
        let mode = mode.parse().unwrap_or(Mode::from_bits(0o600));
        Ok(Known::Is(StatAttributes { mode, owner: "root".to_owned(), group }))
    }

    /// Owners by name, as the host will tell them.
    fn named(&self, attributes: &Attributes) -> Result<Attributes, HostError> {
        let name = |owners, name: &Option<String>| {
            name.as_ref().map(|name| self.owner_name(owners, name)).transpose()
        };
        Ok(Attributes {
            mode: attributes.mode,
            owner: name(Owners::Users, &attributes.owner)?,
            group: name(Owners::Groups, &attributes.group)?,
        })
    }
}

/// Attributes after an action: declared, else as they were.
fn merge(old: Known<StatAttributes>, new: &Attributes) -> Known<StatAttributes> {
    match old {
        Known::Is(old) => Known::Is(StatAttributes {
            mode: new.mode.unwrap_or(old.mode),
            owner: new.owner.clone().unwrap_or(old.owner),
            group: new.group.clone().unwrap_or(old.group),
        }),
        Known::Unknown(origin) => settled(new).map_or(Known::Unknown(origin), Known::Is),
    }
}

/// The attributes, if the action decides them all.
fn settled(new: &Attributes) -> Option<StatAttributes> {
    Some(StatAttributes { mode: new.mode?, owner: new.owner.clone()?, group: new.group.clone()? })
}

fn not_a_file(path: &Path) -> HostError {
    HostError::file("read", path, std::io::Error::from(std::io::ErrorKind::NotFound))
}

fn in_package_territory(path: &Path) -> bool {
    PACKAGE_TERRITORY.iter().any(|folder| path.starts_with(folder))
}
