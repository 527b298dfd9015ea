//! Who owns a file in a dry run: owners are numbers on disk, so a number that an account takes,
//! leaves or changes gives its files another name.

use super::Overlay;
use super::entry::Virtual;
use super::numbers::{Numbers, Owners, holder};
use crate::host::{HostError, Stat, StatAttributes};
use crate::value::Known;
use std::path::{Path, PathBuf};

impl Overlay<'_> {
    /// What the host below says of a path, under the names that its owners have now.
    pub(super) fn owned_now(&self, path: &Path, stat: Stat) -> Result<Known<Stat>, HostError> {
        if self.uids.is_empty() && self.gids.is_empty() {
            return Ok(Known::Is(stat));
        }
        let (Stat::File(all) | Stat::Directory(all)) = &stat else { return Ok(Known::Is(stat)) };
        let kept = |(home, user): &(PathBuf, String)| path.starts_with(home) && *user == all.owner;
        let owner = match self.homes.iter().any(kept) {
            true => Known::Is(all.owner.clone()),
            false => self.name_now(Owners::Users, &all.owner)?,
        };
        let group = self.name_now(Owners::Groups, &all.group)?;
        Ok(match (owner, group) {
            (Known::Is(owner), Known::Is(group)) => {
                Known::Is(with(stat.clone(), StatAttributes { mode: all.mode, owner, group }))
            }
            (Known::Unknown(origin), _) | (_, Known::Unknown(origin)) => Known::Unknown(origin),
        })
    }

    /// The name now of whom the host below calls so.
    fn name_now(&self, owners: Owners, below: &str) -> Result<Known<String>, HostError> {
        let numbers = self.numbers(owners);
        let number = match below.parse::<u32>() {
            Ok(number) => number,
            Err(_) if !numbers.contains_key(below) => return Ok(Known::Is(below.to_owned())),
            Err(_) => match self.number_below(owners, below)? {
                Known::Is(Some(number)) => number,
                Known::Is(None) => return Ok(Known::Is(below.to_owned())),
                Known::Unknown(origin) => return Ok(Known::Unknown(origin)),
            },
        };
        Ok(holder(numbers, number))
    }

    fn numbers(&self, owners: Owners) -> &Numbers {
        match owners {
            Owners::Users => &self.uids,
            Owners::Groups => &self.gids,
        }
    }

    fn number_below(&self, owners: Owners, name: &str) -> Result<Known<Option<u32>>, HostError> {
        Ok(match owners {
            Owners::Users => self.inner.user(name)?.map(|user| user.map(|user| user.uid)),
            Owners::Groups => self.inner.group(name)?.map(|group| group.map(|group| group.gid)),
        })
    }

    /// An account has another number from here on, or none. The files in the home of a user go
    /// with him (usermod(8)).
    pub(super) fn set_number(
        &mut self,
        owners: Owners,
        name: &str,
        now: Known<Option<u32>>,
        home: Option<&Path>,
    ) -> Result<(), HostError> {
        let before = match self.numbers(owners).get(name) {
            Some(pending) => pending.clone(),
            None => self.number_below(owners, name)?,
        };
        match owners {
            Owners::Users => self.uids.insert(name.to_owned(), now.clone()),
            Owners::Groups => self.gids.insert(name.to_owned(), now.clone()),
        };
        let numbers = self.numbers(owners).clone();
        for (path, entry) in &mut self.files {
            if home.is_some_and(|home| path.starts_with(home)) {
                continue;
            }
            let Known::Is(Stat::File(all) | Stat::Directory(all)) = &entry.stat else { continue };
            let owner = match owners {
                Owners::Users => &all.owner,
                Owners::Groups => &all.group,
            };
            let number = match owner.parse::<u32>() {
                Ok(number) => Known::Is(Some(number)),
                Err(_) if owner == name => before.clone(),
                Err(_) => continue,
            };
            let renamed = match number {
                Known::Is(Some(number)) => holder(&numbers, number),
                Known::Is(None) => continue,
                Known::Unknown(origin) => Known::Unknown(origin),
            };
            rename(entry, owners, renamed);
        }
        if let Some(home) = home {
            self.homes.push((home.to_path_buf(), name.to_owned()));
        }
        Ok(())
    }

    /// Who has this number; a name stands for itself.
    pub(super) fn owner_name(&self, owners: Owners, name: &str) -> Result<String, HostError> {
        let Ok(number) = name.parse::<u32>() else { return Ok(name.to_owned()) };
        let known = match owners {
            Owners::Users => self.virtual_user_of(number)?,
            Owners::Groups => self.virtual_group_of(number)?,
        };
        Ok(match known {
            Known::Is(Some(owner)) => owner,
            Known::Is(None) | Known::Unknown(_) => name.to_owned(),
        })
    }

    /// Which user has a number.
    pub(super) fn virtual_user_of(&self, uid: u32) -> Result<Known<Option<String>>, HostError> {
        self.virtual_holder(Owners::Users, uid, self.inner.user_of(uid)?)
    }

    /// Which group has a number.
    pub(super) fn virtual_group_of(&self, gid: u32) -> Result<Known<Option<String>>, HostError> {
        self.virtual_holder(Owners::Groups, gid, self.inner.group_of(gid)?)
    }

    fn virtual_holder(
        &self,
        owners: Owners,
        number: u32,
        below: Known<Option<String>>,
    ) -> Result<Known<Option<String>>, HostError> {
        let numbers = self.numbers(owners);
        let has = |now: &Known<Option<u32>>| *now == Known::Is(Some(number));
        if let Some((name, _)) = numbers.iter().find(|(_, now)| has(now)) {
            return Ok(Known::Is(Some(name.clone())));
        }
        if let Known::Is(Some(name)) = &below
            && !numbers.contains_key(name)
        {
            return Ok(below);
        }
        let unknown = numbers.values().find_map(|now| match now {
            Known::Unknown(origin) => Some(origin),
            Known::Is(_) => None,
        });
        let unknown = unknown.or(self.everything.as_ref()).cloned();
        Ok(unknown
            .or_else(|| self.packages.may_bring_files())
            .map_or(Known::Is(None), Known::Unknown))
    }
}

fn rename(entry: &mut Virtual, owners: Owners, name: Known<String>) {
    let Known::Is(stat) = &mut entry.stat else { return };
    let (Stat::File(all) | Stat::Directory(all)) = stat else { return };
    match (owners, name) {
        (Owners::Users, Known::Is(name)) => all.owner = name,
        (Owners::Groups, Known::Is(name)) => all.group = name,
        (_, Known::Unknown(origin)) => entry.stat = Known::Unknown(origin),
    }
}

fn with(stat: Stat, attributes: StatAttributes) -> Stat {
    match stat {
        Stat::File(_) => Stat::File(attributes),
        Stat::Directory(_) => Stat::Directory(attributes),
        other => other,
    }
}
