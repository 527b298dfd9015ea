//! Paths of a dry run.

use super::Overlay;
use crate::host::{Attributes, HostError, Stat, StatAttributes};
use crate::value::{Known, Mode, Origin};
use std::path::{Path, PathBuf};

/// What a pending action makes of a path.
#[derive(Debug, Clone)]
pub(super) struct Virtual {
    pub(super) stat: Known<Stat>,
    /// Of a regular file.
    pub(super) content: Known<Vec<u8>>,
    pub(super) below: Below,
    /// A directory for certain, even where its attributes are not known.
    pub(super) is_directory: bool,
}

/// What lies below a path with a pending action, where nothing nearer says so.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Below {
    /// What the host under the overlay has.
    Through,
    /// Nothing: it was removed, or made anew.
    Nothing,
    /// Anything.
    Unknown(Origin),
}

/// Folders into which packages put files; what is absent elsewhere stays absent.
pub(super) const PACKAGE_TERRITORY: &[&str] =
    &["/etc", "/var", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt", "/run", "/boot"];

impl Overlay<'_> {
    pub(super) fn virtual_stat(&self, path: &Path) -> Result<Known<Stat>, HostError> {
        if let Some(entry) = self.files.get(path) {
            return Ok(entry.stat.clone());
        }
        if let Some(answer) = self.covering(path) {
            return Ok(answer);
        }
        let under = self.inner.stat(path)?;
        if under == Known::Is(Stat::Absent)
            && let Some(origin) = self.packages.may_bring_files()
            && in_package_territory(path)
        {
            return Ok(Known::Unknown(origin));
        }
        Ok(under)
    }

    /// A package may bring files, units and accounts where something pending says that there are
    /// none.
    pub(super) fn packages_arrive(&mut self, origin: &Origin) {
        for (path, entry) in &mut self.files {
            if !in_package_territory(path) {
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

    pub(super) fn virtual_read(&self, path: &Path) -> Result<Known<Vec<u8>>, HostError> {
        if let Some(entry) = self.files.get(path) {
            return match &entry.stat {
                Known::Is(Stat::File(_)) => Ok(entry.content.clone()),
                Known::Unknown(origin) => Ok(Known::Unknown(origin.clone())),
                Known::Is(_) => Err(not_a_file(path)),
            };
        }
        match self.virtual_stat(path)? {
            Known::Unknown(origin) => Ok(Known::Unknown(origin)),
            Known::Is(Stat::Absent) => Err(not_a_file(path)),
            Known::Is(_) => self.inner.read(path),
        }
    }

    /// What a directory holds: what it held, with what pending actions add and take away.
    pub(super) fn virtual_list(&self, path: &Path) -> Result<Known<Vec<String>>, HostError> {
        match self.virtual_stat(path)? {
            Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
            Known::Is(Stat::Directory(_)) => {}
            Known::Is(_) => return Err(not_a_file(path)),
        }
        if let Some(origin) = self.packages.may_bring_files()
            && in_package_territory(path)
        {
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
    fn covering(&self, path: &Path) -> Option<Known<Stat>> {
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
    pub(super) fn is_surely_directory(&self, path: &Path) -> bool {
        self.files.get(path).is_some_and(|entry| entry.is_directory)
    }

    /// Changes what a directory is, not what it holds.
    fn put_over(&mut self, path: &Path, stat: Known<Stat>) {
        let below = self.files.get(path).map_or(Below::Through, |entry| entry.below.clone());
        let content = Known::Is(Vec::new());
        let is_directory =
            matches!(stat, Known::Is(Stat::Directory(_))) || self.is_surely_directory(path);
        self.files.insert(path.to_path_buf(), Virtual { stat, content, below, is_directory });
    }

    pub(super) fn put_absent(&mut self, path: &Path) {
        self.put(
            path,
            Virtual {
                stat: Known::Is(Stat::Absent),
                content: Known::Is(Vec::new()),
                below: Below::Nothing,
                is_directory: false,
            },
        );
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
        let old = match self.virtual_stat(path)? {
            Known::Is(Stat::File(old)) => Known::Is(Some(old)),
            Known::Is(_) => Known::Is(None),
            Known::Unknown(origin) => Known::Unknown(origin),
        };
        let stat = match old {
            Known::Is(old) => Known::Is(Stat::File(merge(old, attributes, "0644"))),
            Known::Unknown(origin) => {
                settled(attributes).map_or(Known::Unknown(origin), |all| Known::Is(Stat::File(all)))
            }
        };
        let content = Known::Is(bytes.to_vec());
        self.put(path, Virtual { stat, content, below: Below::Nothing, is_directory: false });
        Ok(())
    }

    pub(super) fn make_directory(
        &mut self,
        path: &Path,
        attributes: &Attributes,
    ) -> Result<(), HostError> {
        let before = self.virtual_stat(path)?;
        let stat = match &before {
            Known::Is(Stat::Directory(old)) => {
                Known::Is(Stat::Directory(merge(Some(old.clone()), attributes, "0755")))
            }
            Known::Is(_) => Known::Is(Stat::Directory(merge(None, attributes, "0755"))),
            Known::Unknown(origin) => settled(attributes)
                .map_or(Known::Unknown(origin.clone()), |all| Known::Is(Stat::Directory(all))),
        };
        // A new directory is empty; where one may have been, it holds what it held.
        match before {
            Known::Is(Stat::Directory(_)) | Known::Unknown(_) => self.put_over(path, stat),
            Known::Is(_) => {
                self.put(
                    path,
                    Virtual {
                        stat,
                        content: Known::Is(Vec::new()),
                        below: Below::Nothing,
                        is_directory: true,
                    },
                );
            }
        }
        if let Some(entry) = self.files.get_mut(path) {
            entry.is_directory = true;
        }
        Ok(())
    }

    pub(super) fn set_attributes(
        &mut self,
        path: &Path,
        attributes: &Attributes,
    ) -> Result<(), HostError> {
        let stat = self.virtual_stat(path)?.map(|stat| match stat {
            Stat::File(old) => Stat::File(merge(Some(old), attributes, "0644")),
            Stat::Directory(old) => Stat::Directory(merge(Some(old), attributes, "0755")),
            other => other,
        });
        if let Known::Is(Stat::File(_)) = stat {
            let content = self.virtual_read(path)?;
            self.put(path, Virtual { stat, content, below: Below::Nothing, is_directory: false });
        } else {
            self.put_over(path, stat);
        }
        Ok(())
    }

    pub(super) fn symlink(&mut self, path: PathBuf, target: PathBuf) {
        let stat = Known::Is(Stat::Symlink(target));
        self.put(
            &path,
            Virtual {
                stat,
                content: Known::Is(Vec::new()),
                below: Below::Nothing,
                is_directory: false,
            },
        );
    }
}

/// Attributes after an action: declared, else as they were, else what a new one gets.
fn merge(old: Option<StatAttributes>, new: &Attributes, mode: &str) -> StatAttributes {
    let fresh = || StatAttributes {
        mode: mode.parse().unwrap_or(Mode::from_bits(0o600)),
        owner: "root".to_owned(),
        group: "root".to_owned(),
    };
    let old = old.unwrap_or_else(fresh);
    StatAttributes {
        mode: new.mode.unwrap_or(old.mode),
        owner: new.owner.clone().unwrap_or(old.owner),
        group: new.group.clone().unwrap_or(old.group),
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
