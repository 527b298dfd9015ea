//! Packages of a dry run: what is asked is simulated after what is pending.

use super::Overlay;
use super::entry::{Below, PACKAGE_TERRITORY, Virtual};
use crate::host::{
    HostError, Manager, Package, PackageChange, PackageRequest, Stat, Transaction, Unit,
    unit_of_file,
};
use crate::value::{Known, Origin};
use std::path::{Path, PathBuf};

/// What scripts of packages edit though it is there.
const EDITED_BY_SCRIPTS: [&str; 10] = [
    "/etc/shells",
    "/etc/passwd",
    "/etc/group",
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/subuid",
    "/etc/subgid",
    "/etc/mailcap",
    "/etc/inetd.conf",
    "/etc/ld.so.cache",
];

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

    /// What a request would change after what is pending here and is `given`; unknown if that
    /// hinges on a transaction that may not be performed.
    pub(super) fn simulate_with_pending(
        &self,
        given: &[&Transaction],
        request: &PackageRequest,
    ) -> Result<Known<Transaction>, HostError> {
        if let Some(origin) = &self.everything {
            return Ok(Known::Unknown(origin.clone()));
        }
        let pending: Vec<&Transaction> = self.packages.transactions.iter().collect();
        let with = |first: &[&Transaction], last: &[&Transaction]| {
            let all = first.iter().chain(&pending).chain(last).chain(given).copied();
            self.simulate_after(&all.collect::<Vec<_>>(), request)
        };
        let answer = with(&[], &[]);
        // It is asked only where something seems to be left to do: after the repair there may be.
        let repaired = self.packages.repaired.as_ref().or(self.packages.maybe_repaired.as_ref());
        if let (Ok(Known::Is(Transaction { changes, .. })), Some(origin)) = (&answer, repaired)
            && changes.is_empty()
        {
            return Ok(Known::Unknown(origin.clone()));
        }
        let uncertain = &self.packages.uncertain;
        let done: Vec<&Transaction> =
            uncertain.iter().map(|(transaction, _)| transaction).collect();
        for (index, (transaction, origin)) in uncertain.iter().enumerate() {
            let mut others = vec![with(&[], &[transaction])];
            if index == 0 {
                others.push(with(&[], &done));
            }
            if let Some(undone) = self.undone(transaction)? {
                others.push(with(&[&undone], &[]));
            }
            let same = |other: &Result<Known<Transaction>, HostError>| match (&answer, other) {
                (Ok(Known::Is(one)), Ok(Known::Is(other))) => one.changes == other.changes,
                (Ok(one), Ok(other)) => one == other,
                (Err(_), Err(_)) => true,
                _ => false,
            };
            if !others.iter().all(same) {
                return Ok(Known::Unknown(origin.clone()));
            }
        }
        answer
    }

    /// The opposite of a transaction that is done on the host below: a way aside that it may not
    /// have come to.
    fn undone(&self, transaction: &Transaction) -> Result<Option<Transaction>, HostError> {
        let mut is_done = false;
        for change in &transaction.changes {
            let before = Package { installed: change.from.clone() };
            is_done |= self.inner.package(&change.name)? != Known::Is(before);
        }
        let turned = |change: &PackageChange| PackageChange {
            name: change.name.clone(),
            from: change.to.clone(),
            to: change.from.clone(),
        };
        let changes = transaction.changes.iter().map(turned).collect();
        Ok(is_done.then(|| Transaction { changes, ..transaction.clone() }))
    }

    fn simulate_after(
        &self,
        pending: &[&Transaction],
        request: &PackageRequest,
    ) -> Result<Known<Transaction>, HostError> {
        // A pending fetch of the index serves this transaction too, unless it asks for its own.
        let fetched = pending.iter().any(|one| one.refresh_index);
        Ok(self.inner.simulate(pending, request)?.map(|answer| Transaction {
            refresh_index: request.refresh || answer.refresh_index && !fetched,
            ..answer
        }))
    }

    /// What a transaction makes of files and units that can be foretold. What goes goes first: what
    /// comes may bring the same again (one mailer's `sendmail` instead of another's).
    pub(super) fn apply_transaction(&mut self, transaction: &Transaction) -> Result<(), HostError> {
        let manager = transaction.manager;
        let before = self.units.clone();
        for change in transaction.changes.iter().filter(|change| change.to.is_none()) {
            let came_in_this_run =
                self.inner.package(&change.name)? == Known::Is(Package::default());
            if came_in_this_run {
                self.packages_leave(manager, &change.name);
            } else {
                let files = self.inner.package_files(&change.name)?;
                self.remove_package_files(manager, &change.name, &files)?;
            }
        }
        if let Some(change) = transaction.changes.iter().find(|change| change.to.is_some()) {
            let origin = Origin::new(format!("the files of package {}", change.name));
            self.packages_arrive(&origin);
        }
        let installs = |change: &&PackageChange| change.from.is_none() && change.to.is_some();
        let comes = transaction.changes.iter().filter(installs);
        let comes: Vec<&str> = comes.map(|change| change.name.as_str()).collect();
        for unit in transaction.hold.iter().filter(|_| !comes.is_empty()) {
            self.hold_unit(unit, &comes)?;
        }
        for change in &transaction.changes {
            if change.from.is_some() && change.to.is_some() {
                self.upgrade(change)?;
            }
        }
        if let Some(change) = transaction.changes.first() {
            self.scripts_run(&change.name)?;
        }
        self.packages.transactions.push(transaction.clone());
        self.packages.note_scripts(transaction);
        for (name, unit) in before {
            if let Known::Is(found) = &unit
                && self.units.get(&name) == Some(&unit)
                && let Some(origin) = self.packages.may_act_on(&name, found)
            {
                self.units.insert(name, Known::Unknown(origin.clone()));
            }
        }
        Ok(())
    }

    /// A newer version may bring another content; files that were written in this run stay. Its
    /// script starts what is enabled (deb-systemd-invoke(1p)).
    fn upgrade(&mut self, change: &PackageChange) -> Result<(), HostError> {
        let origin = Origin::new(format!("the files of package {}", change.name));
        for path in self.inner.package_files(&change.name)? {
            if let Some(unit) = unit_of_file(&path)
                && let Known::Is(known) = self.virtual_unit(&unit)?
                && !known.active
                && !known.masked
            {
                self.units.insert(unit, Known::Unknown(origin.clone()));
            }
            self.upgrade_file(&path, &origin)?;
        }
        Ok(())
    }

    /// Scripts of packages edit these though they are there: shells and accounts are registered,
    /// alternatives chosen.
    fn scripts_run(&mut self, package: &str) -> Result<(), HostError> {
        let origin = Origin::new(format!("the scripts of package {package}"));
        for file in EDITED_BY_SCRIPTS {
            if matches!(self.virtual_stat(Path::new(file))?, Known::Is(Stat::File(_))) {
                self.content_changes(Path::new(file), &origin)?;
            }
        }
        let alternatives = Path::new("/etc/alternatives");
        if self.virtual_stat(alternatives)? != Known::Is(Stat::Absent) {
            let place = self.folder_place(alternatives)?;
            self.put_unknown(&place, &origin);
        }
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
                if let Some(unit) = unit_of_file(&path) {
                    self.units.insert(unit, Known::Unknown(origin.clone()));
                }
                let kept = transaction.manager == Manager::Apt && path.starts_with("/etc");
                let directory = matches!(self.virtual_stat(&path)?, Known::Is(Stat::Directory(_)));
                if !kept && !directory {
                    self.path_unknown(&path, origin)?;
                }
            }
        }
        if let Some(change) = transaction.changes.first() {
            self.scripts_run(&change.name)?;
        }
        for unit in &transaction.hold {
            self.units.insert(crate::host::unit_name(unit), Known::Unknown(origin.clone()));
        }
        self.packages.note_scripts(transaction);
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
        let origin = Origin::new(format!("the removal of package {package}"));
        let mut folders = Vec::new();
        for path in files {
            if let Some(unit) = unit_of_file(path) {
                self.unit_leaves(manager, &unit, &origin)?;
            }
            let there = self.virtual_stat(path)?;
            if matches!(there, Known::Is(Stat::Directory(_))) {
                folders.push(self.place(path)?);
            } else if !path.starts_with("/etc") {
                if let Known::Is(Stat::File(_) | Stat::Symlink(_)) = there {
                    self.put_absent(path)?;
                }
            } else if manager == Manager::Pacman {
                // Unmodified ones go, modified ones are moved to `.pacsave`.
                self.path_unknown(path, &origin)?;
            }
        }
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
        for folder in folders {
            self.empty_folder_goes(&folder, &origin)?;
        }
        Ok(())
    }

    /// A folder that a removal empties goes with it, unless another package has it too.
    fn empty_folder_goes(&mut self, folder: &Path, origin: &Origin) -> Result<(), HostError> {
        let below = |path: &&PathBuf| path.parent() == Some(folder);
        let mut left = match self.inner.list(folder)? {
            Known::Is(names) => names.into_iter().map(|name| folder.join(name)).collect(),
            Known::Unknown(_) => Vec::new(),
        };
        left.extend(self.files.keys().filter(below).cloned());
        let stays = left.iter().any(|path| match self.files.get(path) {
            None => true,
            Some(entry) => matches!(&entry.stat, Known::Is(stat) if *stat != Stat::Absent),
        });
        if !stays {
            let stat = Known::Unknown(origin.clone());
            let content = Known::Unknown(origin.clone());
            let below = if left.is_empty() { Below::Nothing } else { Below::Through };
            let entry = Virtual { stat, content, below, is_directory: false };
            self.files.insert(folder.to_path_buf(), entry);
        }
        Ok(())
    }

    /// A unit goes with its package. Debian's scripts stop it first; pacman leaves running what
    /// runs. A script of SysV that stays makes a unit again.
    fn unit_leaves(
        &mut self,
        manager: Manager,
        unit: &str,
        origin: &Origin,
    ) -> Result<(), HostError> {
        let stem = unit.strip_suffix(".service").unwrap_or(unit);
        let script = Path::new("/etc/init.d").join(stem);
        let script_stays = self.virtual_stat(&script)? != Known::Is(Stat::Absent);
        let runs_on = |unit: &Unit| unit.active && manager == Manager::Pacman;
        let left = match self.virtual_unit(unit)? {
            Known::Is(unit) if runs_on(&unit) || script_stays => Known::Unknown(origin.clone()),
            // A mask is a link of its own, which no package owns.
            Known::Is(unit) if unit.masked => Known::Is(Unit { active: false, ..unit }),
            Known::Is(_) => Known::Is(Unit::default()),
            unknown => unknown,
        };
        self.unit_stops(unit, false, origin)?;
        self.units.insert(unit.to_owned(), left);
        Ok(())
    }

    /// The files of a package that is not installed yet cannot be listed.
    fn packages_leave(&mut self, manager: Manager, package: &str) {
        let origin = Origin::new(format!("the removal of package {package}"));
        for folder in PACKAGE_TERRITORY {
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
        let path = &self.place(path)?;
        let pending = self.files.contains_key(path);
        if !pending && matches!(self.inner.stat(path)?, Known::Is(Stat::File(_))) {
            self.put_unknown(path, origin);
        }
        Ok(())
    }
}
