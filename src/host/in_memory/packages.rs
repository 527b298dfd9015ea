//! The package manager of a host in memory: dependencies, conflicts, and what packages bring.

use super::world::{Entry, World};
use super::{InMemory, stale};
use crate::host::{
    HostError, Manager, PackageChange, PackageRequest, PackageWish, Stat, Transaction, unit_name,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

type Installed = BTreeMap<String, String>;

impl InMemory {
    /// What this request would change once these transactions are performed.
    pub(super) fn foretell(
        &self,
        pending: &[&Transaction],
        request: &PackageRequest,
    ) -> Result<Transaction, HostError> {
        let world = &self.world;
        let refresh = request.refresh || !world.index;
        let fetches = !request.install.is_empty() || !request.upgrade.is_empty() || request.refresh;
        if refresh && !world.repositories && fetches {
            return Err(HostError::Failed {
                message: "cannot fetch the package index: no repository answers".to_owned(),
                notes: Vec::new(),
                help: None,
            });
        }
        let mut before = world.packages.clone();
        for change in pending.iter().flat_map(|transaction| &transaction.changes) {
            match &change.to {
                Some(version) => before.insert(change.name.clone(), version.clone()),
                None => before.remove(&change.name),
            };
        }
        let mut after = before.clone();
        for name in &request.remove {
            world.take_away(name, &mut after)?;
        }
        for wish in &request.install {
            world.bring(wish, &mut after)?;
        }
        for name in &request.upgrade {
            let version = world.catalogue.get(name).map(|offer| offer.version.clone());
            if version.is_none() && !after.contains_key(name) {
                return Err(not_found(name));
            }
            if version.is_some() {
                world.bring(&PackageWish { name: name.clone(), version }, &mut after)?;
            }
        }
        Ok(Transaction {
            manager: world.manager,
            request: request.clone(),
            changes: differences(&before, &after),
            refresh_index: refresh && fetches,
            hold: Vec::new(),
        })
    }

    pub(super) fn repair(&mut self, found: &str) -> Result<(), HostError> {
        match self.world.interrupted.take() {
            Some(state) if state == found => Ok(()),
            other => Err(stale("package database", other.unwrap_or_else(|| "whole".into()))),
        }
    }

    pub(super) fn transact(&mut self, transaction: &Transaction) -> Result<(), HostError> {
        if let Some(state) = &self.world.interrupted {
            return Err(HostError::failed(format!("the package database is not whole: {state}")));
        }
        let now = self.foretell(&[], &transaction.request)?;
        if now.changes != transaction.changes {
            return Err(stale("packages", format!("{:?}", now.changes)));
        }
        self.world.index |= transaction.refresh_index;
        let held: Vec<String> = transaction
            .hold
            .iter()
            .map(|unit| unit_name(unit))
            .filter(|unit| !self.world.is_active(unit))
            .collect();
        for change in transaction.changes.iter().filter(|change| change.to.is_none()) {
            self.world.packages.remove(&change.name);
            self.world.take_files(&change.name);
        }
        for change in &transaction.changes {
            if let Some(version) = &change.to {
                let upgrade = self.world.packages.contains_key(&change.name);
                self.world.packages.insert(change.name.clone(), version.clone());
                self.world.put_files(&change.name, upgrade, &held);
            }
        }
        Ok(())
    }
}

impl World {
    fn take_away(&self, name: &str, after: &mut Installed) -> Result<(), HostError> {
        if after.remove(name).is_none() {
            return Ok(());
        }
        while let Some(broken) = self.unsatisfied(after) {
            if self.manager == Manager::Pacman {
                return Err(HostError::failed(format!(
                    "cannot remove {name}: {broken} depends on it"
                )));
            }
            after.remove(&broken);
        }
        Ok(())
    }

    fn unsatisfied(&self, after: &Installed) -> Option<String> {
        let broken = |name: &&String| {
            self.catalogue.get(*name).is_some_and(|offer| {
                offer.depends.iter().any(|needed| !self.satisfied(needed, after))
            })
        };
        after.keys().find(broken).cloned()
    }

    fn satisfied(&self, needed: &str, after: &Installed) -> bool {
        after.contains_key(needed) || after.keys().any(|name| self.provides(name, needed))
    }

    fn provides(&self, name: &str, what: &str) -> bool {
        self.catalogue.get(name).is_some_and(|offer| offer.provides.iter().any(|one| one == what))
    }

    fn bring(&self, wish: &PackageWish, after: &mut Installed) -> Result<(), HostError> {
        let installed = after.get(&wish.name);
        if installed.is_some_and(|version| wish.accepts(version)) {
            return Ok(());
        }
        let Some((name, offer)) = self
            .catalogue
            .get_key_value(&wish.name)
            .or_else(|| self.catalogue.iter().find(|(name, _)| self.provides(name, &wish.name)))
        else {
            return Err(not_found(&wish.name));
        };
        let mut versions = std::iter::once(&offer.version).chain(&offer.other_versions);
        let Some(version) = versions.find(|version| wish.accepts(version)) else {
            let version = wish.version.as_deref().unwrap_or_default();
            return Err(HostError::failed(format!(
                "no repository has version {version} of package `{name}`"
            )));
        };
        let clashes = |mine: &str, other: &str| {
            self.catalogue.get(mine).is_some_and(|offer| {
                offer.conflicts.iter().any(|what| what == other || self.provides(other, what))
            })
        };
        let losers: Vec<String> = after
            .keys()
            .filter(|other| *other != name && (clashes(name, other) || clashes(other, name)))
            .cloned()
            .collect();
        for loser in losers {
            if self.manager == Manager::Pacman {
                return Err(HostError::failed(format!(
                    "{name} and {loser} are in conflict: remove {loser} in the same task"
                )));
            }
            after.remove(&loser);
        }
        after.insert(name.clone(), version.clone());
        for needed in &offer.depends {
            if !self.satisfied(needed, after) {
                self.bring(&PackageWish { name: needed.clone(), version: None }, after)?;
            }
        }
        while let Some(broken) = self.unsatisfied(after) {
            after.remove(&broken);
        }
        Ok(())
    }

    /// Removes what a package owns. Configuration stays (Debian) or is moved aside (pacman).
    fn take_files(&mut self, name: &str) {
        let Some(offer) = self.catalogue.get(name).cloned() else { return };
        for (path, offered) in &offer.files {
            let place = self.place(path);
            match self.files.get(&place) {
                None => {}
                Some(Entry::Directory(_)) => {
                    let used =
                        self.files.keys().any(|other| other != &place && other.starts_with(&place));
                    if !used {
                        self.files.remove(&place);
                    }
                }
                Some(_) if path.starts_with("/etc") && self.manager == Manager::Apt => {}
                Some(found) if path.starts_with("/etc") => {
                    if found != offered {
                        let kept = found.clone();
                        self.files.insert(beside(&place, ".pacsave"), kept);
                    }
                    self.files.remove(&place);
                }
                Some(_) => {
                    self.files.remove(&place);
                }
            }
        }
        for unit in offer.units.keys() {
            if self.units.get(unit).is_some_and(|state| !state.masked) {
                self.units.remove(unit);
            }
        }
    }

    /// Brings what a package has. What is under /etc already stays as it is.
    fn put_files(&mut self, name: &str, upgrade: bool, held: &[String]) {
        let Some(offer) = self.catalogue.get(name).cloned() else { return };
        for group in &offer.groups {
            self.ensure_group(&group.name, Some(group.gid), true);
        }
        for user in &offer.users {
            if self.user(&user.name).is_none() {
                self.ensure_group(&user.group, None, true);
                self.users.push(user.clone());
                self.sort_accounts();
            }
        }
        for (path, entry) in &offer.files {
            self.make_parents(path);
            let found = self.stat(path);
            let stays = path.starts_with("/etc") || matches!(entry, Entry::Directory(_));
            if found == Stat::Absent || !stays {
                let place = self.place(path);
                self.files.insert(place, entry.clone());
            } else if self.manager == Manager::Pacman && matches!(entry, Entry::File(_)) && !upgrade
            {
                let place = self.place(path);
                if self.files.get(&place) != Some(entry) {
                    self.files.insert(beside(&place, ".pacnew"), entry.clone());
                }
            }
        }
        for (unit, offered) in &offer.units {
            if let Some(known) = self.units.get(unit) {
                let starts = offered.started && known.enabled == "enabled" && !known.masked;
                if upgrade && self.manager == Manager::Apt && starts {
                    let _ = self.start(unit);
                }
                continue;
            }
            let is_held = held.contains(unit);
            self.units.insert(unit.clone(), offered.state(is_held));
            if offered.started && !is_held {
                // A daemon that does not start does not stop its package.
                let _ = self.start(unit);
            }
        }
        for effect in &offer.effects {
            self.take_effect(effect);
        }
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn not_found(name: &str) -> HostError {
    HostError::failed(format!("no repository has a package `{name}`"))
}

fn differences(before: &Installed, after: &Installed) -> Vec<PackageChange> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| PackageChange {
            name: name.clone(),
            from: before.get(name).cloned(),
            to: after.get(name).cloned(),
        })
        .collect()
}
