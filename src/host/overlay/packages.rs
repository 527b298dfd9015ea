//! Packages of a dry run: what is pending goes into the same simulation as what is asked.

use super::Overlay;
use crate::host::{HostError, Manager, Package, PackageChange, PackageRequest, Transaction};
use crate::value::{Known, Origin};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Pending package actions.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// In order.
    pub(super) transactions: Vec<Transaction>,
    /// Those that may or may not be performed.
    pub(super) uncertain: Vec<(Transaction, Origin)>,
    /// The database was repaired: what the repair finished is unknown.
    pub(super) repaired: Option<Origin>,
    /// It may have been.
    pub(super) maybe_repaired: Option<Origin>,
    /// A package goes that came in this run: which files and units go with it is unknown.
    pub(super) gone: Option<Origin>,
}

impl Pending {
    /// Why files, accounts or units may be there that are not there yet.
    pub(super) fn may_bring_files(&self) -> Option<Origin> {
        if let Some(origin) = self.repaired.as_ref().or(self.maybe_repaired.as_ref()) {
            return Some(origin.clone());
        }
        if let Some((_, origin)) = self.uncertain.first() {
            return Some(origin.clone());
        }
        let brings = self.transactions.iter().flat_map(|transaction| &transaction.changes);
        brings
            .into_iter()
            .find(|change| change.to.is_some())
            .map(|change| Origin::new(format!("the files of package {}", change.name)))
    }
}

impl Overlay<'_> {
    pub(super) fn virtual_package(&self, name: &str) -> Result<Known<Package>, HostError> {
        let touches = |transaction: &Transaction| {
            transaction.changes.iter().find(|change| change.name == name).cloned()
        };
        if let Some(origin) = &self.everything {
            return Ok(Known::Unknown(origin.clone()));
        }
        if let Some((_, origin)) =
            self.packages.uncertain.iter().find(|(transaction, _)| touches(transaction).is_some())
        {
            return Ok(Known::Unknown(origin.clone()));
        }
        if let Some(change) = self.packages.transactions.iter().rev().find_map(touches) {
            return Ok(Known::Is(Package { installed: change.to }));
        }
        match self.packages.repaired.as_ref().or(self.packages.maybe_repaired.as_ref()) {
            // A repair finishes installations, it undoes none.
            Some(origin) => match self.inner.package(name)? {
                Known::Is(Package { installed: None }) => Ok(Known::Unknown(origin.clone())),
                installed => Ok(installed),
            },
            None => self.inner.package(name),
        }
    }

    /// What these requests would change after what is pending; unknown if that hinges on a
    /// transaction that may not be performed.
    pub(super) fn simulate_with_pending(
        &self,
        requests: &[PackageRequest],
    ) -> Result<Known<Transaction>, HostError> {
        if let Some(origin) = &self.everything {
            return Ok(Known::Unknown(origin.clone()));
        }
        let pending: Vec<&Transaction> = self.packages.transactions.iter().collect();
        let uncertain = &self.packages.uncertain;
        let with = |more: &[&Transaction]| {
            let all: Vec<&Transaction> = pending.iter().chain(more).copied().collect();
            self.simulate_after(&all, requests)
        };
        let answer = with(&[]);
        let all: Vec<&Transaction> = uncertain.iter().map(|(transaction, _)| transaction).collect();
        let each = all.iter().map(std::slice::from_ref);
        for (others, (_, origin)) in
            each.chain([all.as_slice()]).zip(uncertain.iter().chain(uncertain.first()))
        {
            let same = match (&answer, &with(others)) {
                (Ok(Known::Is(one)), Ok(Known::Is(other))) => one.changes == other.changes,
                (Ok(one), Ok(other)) => one == other,
                (Err(_), Err(_)) => true,
                _ => false,
            };
            if !same {
                return Ok(Known::Unknown(origin.clone()));
            }
        }
        answer
    }

    fn simulate_after(
        &self,
        pending: &[&Transaction],
        requests: &[PackageRequest],
    ) -> Result<Known<Transaction>, HostError> {
        let all: Vec<PackageRequest> = pending
            .iter()
            .map(|transaction| transaction.request.clone())
            .chain(requests.iter().cloned())
            .collect();
        let Known::Is(mut answer) = self.inner.simulate(&all)? else {
            return self.inner.simulate(&all);
        };
        if pending.is_empty() {
            return Ok(Known::Is(answer));
        }
        // Of the combined answer, what the pending ones do not already bring about. A package that
        // they change and that the answer leaves out ends as it was before them.
        let mut before: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut now = BTreeMap::new();
        for change in pending.iter().flat_map(|transaction| &transaction.changes) {
            before.entry(change.name.clone()).or_insert_with(|| change.from.clone());
            now.insert(change.name.clone(), change.to.clone());
        }
        for change in std::mem::take(&mut answer.changes) {
            now.entry(change.name.clone()).or_insert_with(|| change.from.clone());
            before.insert(change.name, change.to);
        }
        let after = before;
        answer.changes = now
            .into_iter()
            .map(|(name, from)| PackageChange {
                to: after.get(&name).cloned().flatten(),
                name,
                from,
            })
            .filter(|change| change.from != change.to)
            .collect();
        answer.request = requests.first().cloned().unwrap_or_default();
        // A pending fetch of the index serves this transaction too, unless it asks for its own.
        answer.refresh_index = requests.iter().any(|request| request.refresh)
            || answer.refresh_index && !pending.iter().any(|one| one.refresh_index);
        Ok(Known::Is(answer))
    }

    /// What a transaction makes of files and units that can be foretold.
    pub(super) fn apply_transaction(&mut self, transaction: &Transaction) -> Result<(), HostError> {
        let installs = |change: &&PackageChange| change.from.is_none() && change.to.is_some();
        let comes = transaction.changes.iter().filter(installs);
        let comes: Vec<&str> = comes.map(|change| change.name.as_str()).collect();
        for unit in transaction.hold.iter().filter(|_| !comes.is_empty()) {
            self.hold_unit(unit, &comes)?;
        }
        if let Some(change) = transaction.changes.iter().find(|change| change.to.is_some()) {
            let origin = Origin::new(format!("the files of package {}", change.name));
            self.packages_arrive(&origin);
        }
        for change in &transaction.changes {
            let files = self.inner.package_files(&change.name)?;
            let came_in_this_run =
                self.inner.package(&change.name)? == Known::Is(Package::default());
            if change.to.is_none() && came_in_this_run {
                self.packages_leave(transaction.manager, &change.name);
            } else if change.to.is_none() {
                self.remove_package_files(transaction.manager, &change.name, &files)?;
            } else if change.from.is_some() {
                let origin = Origin::new(format!("the files of package {}", change.name));
                for path in files {
                    self.upgrade_file(&path, &origin)?;
                }
            }
        }
        self.packages.transactions.push(transaction.clone());
        Ok(())
    }

    /// What a transaction leaves where it may be performed or not.
    pub(super) fn blur_transaction(
        &mut self,
        transaction: &Transaction,
        origin: &Origin,
    ) -> Result<(), HostError> {
        self.packages_arrive(origin);
        for change in transaction.changes.iter().filter(|change| change.from.is_some()) {
            for path in self.inner.package_files(&change.name)? {
                if let Some(unit) = unit_of(&path) {
                    self.units.insert(unit, Known::Unknown(origin.clone()));
                }
                let kept = transaction.manager == Manager::Apt && path.starts_with("/etc");
                let directory =
                    matches!(self.virtual_stat(&path)?, Known::Is(crate::host::Stat::Directory(_)));
                if !kept && !directory {
                    self.put_unknown(&path, origin);
                }
            }
        }
        for unit in &transaction.hold {
            self.units.insert(crate::host::unit_name(unit), Known::Unknown(origin.clone()));
        }
        self.packages.transactions.retain(|known| known != transaction);
        self.packages.uncertain.push((transaction.clone(), origin.clone()));
        Ok(())
    }

    fn remove_package_files(
        &mut self,
        manager: Manager,
        package: &str,
        files: &[PathBuf],
    ) -> Result<(), HostError> {
        for path in files {
            if let Some(unit) = unit_of(path) {
                // A mask is a link of its own, which no package owns.
                let left = self.virtual_unit(&unit)?.map(|unit| match unit.masked {
                    true => crate::host::Unit { active: false, ..unit },
                    false => crate::host::Unit::default(),
                });
                self.units.insert(unit, left);
            }
            if !path.starts_with("/etc") {
                if let Known::Is(crate::host::Stat::File(_) | crate::host::Stat::Symlink(_)) =
                    self.virtual_stat(path)?
                {
                    self.put_absent(path);
                }
            } else if manager == Manager::Pacman {
                // Unmodified ones go, modified ones are moved to `.pacsave`.
                let origin = Origin::new(format!("the removal of package {package}"));
                if !matches!(self.virtual_stat(path)?, Known::Is(crate::host::Stat::Directory(_))) {
                    self.put_unknown(path, &origin);
                }
            }
        }
        Ok(())
    }

    /// The files of a package that is not installed yet cannot be listed.
    fn packages_leave(&mut self, manager: Manager, package: &str) {
        let origin = Origin::new(format!("the removal of package {package}"));
        for folder in super::files::PACKAGE_TERRITORY {
            // Configuration stays on Debian.
            if *folder != "/etc" || manager == Manager::Pacman {
                self.put_unknown(Path::new(folder), &origin);
            }
        }
        for unit in self.units.values_mut() {
            *unit = Known::Unknown(origin.clone());
        }
        self.packages.gone = Some(origin);
    }

    /// A newer version may bring another content; files that were written in this run stay.
    fn upgrade_file(&mut self, path: &Path, origin: &Origin) -> Result<(), HostError> {
        let pending = self.files.contains_key(path);
        if !pending && matches!(self.inner.stat(path)?, Known::Is(crate::host::Stat::File(_))) {
            self.put_unknown(path, origin);
        }
        Ok(())
    }
}

/// The unit that a file defines. A template defines none, and cannot be asked for.
pub(super) fn unit_of(path: &Path) -> Option<String> {
    let name =
        path.parent().filter(|folder| folder.ends_with("systemd/system")).and(path.file_name())?;
    let name = name.to_str()?;
    (crate::host::unit_name(name) == name && !name.contains("@.")).then(|| name.to_owned())
}
