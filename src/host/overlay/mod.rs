//! The host of a dry run: reads through to another view and keeps performed actions in memory,
//! so that the fifth task sees the file that the second would write. What an action makes
//! unforeseeable is [`Known::Unknown`] from then on, never guessed.

mod account_files;
mod accounts;
mod effects;
mod entry;
mod files;
mod foreseen;
mod homes;
mod links;
mod numbers;
mod owners;
mod packages;
mod pending_packages;
mod possible;
mod probes;
mod result;
mod ties;
mod unit_files;
mod units;

use super::{
    Action, Group, Host, HostError, Package, PackageRequest, PathChange, Peers, Pending, Performed,
    Probe, ProbeAnswer, Stat, Touch, Transaction, Unit, UnitTies, User, View,
};
use crate::value::{Known, Map, Origin, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// A dry run's host.
pub struct Overlay<'a> {
    inner: &'a dyn View,
    /// The run's other hosts: their answers hinge on what is pending there.
    peers: Box<dyn Peers + 'a>,
    files: BTreeMap<PathBuf, entry::Virtual>,
    users: BTreeMap<String, Known<Option<User>>>,
    groups: BTreeMap<String, Known<Option<Group>>>,
    /// Users and groups that are there for certain, whatever else is not known of them.
    sure_users: BTreeSet<String>,
    sure_groups: BTreeSet<String>,
    /// Numbers that accounts have from now on.
    uids: numbers::Numbers,
    gids: numbers::Numbers,
    /// The files of accounts were edited.
    accounts_edited: Option<Origin>,
    /// Homes whose files went with their user's number.
    homes: Vec<(PathBuf, String)>,
    /// Folders with a backup of a name that nobody knows yet.
    kept: BTreeMap<PathBuf, Origin>,
    /// Links of the host below, and where there are none.
    links: RefCell<HashMap<PathBuf, Option<PathBuf>>>,
    units: BTreeMap<String, Known<Unit>>,
    /// Units whose links came or went.
    linked: BTreeSet<String>,
    /// A service was started, and has written something.
    served: Option<Origin>,
    asked_ties: RefCell<BTreeMap<String, UnitTies>>,
    /// Whether systemd must read its unit files again; `None`: as on the host below.
    stale_units: Option<Known<bool>>,
    /// Unit files that were written since it read them; `None` for a new unit's only one, which it
    /// reads when it comes to the unit.
    unread: BTreeMap<PathBuf, Option<Origin>>,
    packages: pending_packages::PendingPackages,
    pending: Pending,
    /// Anything may have been done.
    everything: Option<Origin>,
    /// The network may be another one.
    network: Option<Origin>,
}

impl<'a> Overlay<'a> {
    /// A dry run over `inner`. `peers` knows the run's other hosts.
    pub fn new(inner: &'a dyn View, peers: impl Peers + 'a) -> Self {
        Self {
            inner,
            peers: Box::new(peers),
            files: BTreeMap::new(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            sure_users: BTreeSet::new(),
            sure_groups: BTreeSet::new(),
            uids: BTreeMap::new(),
            gids: BTreeMap::new(),
            accounts_edited: None,
            homes: Vec::new(),
            kept: BTreeMap::new(),
            links: RefCell::default(),
            units: BTreeMap::new(),
            linked: BTreeSet::new(),
            served: None,
            asked_ties: RefCell::default(),
            stale_units: None,
            unread: BTreeMap::new(),
            packages: pending_packages::PendingPackages::default(),
            pending: Pending::default(),
            everything: None,
            network: None,
        }
    }
}

impl Overlay<'_> {
    /// The same, after what another host of the run has pending.
    #[must_use]
    pub fn after(mut self, pending: Pending) -> Self {
        self.pending = pending;
        self
    }
}

impl View for Overlay<'_> {
    fn stat(&self, path: &Path) -> Result<Known<Stat>, HostError> {
        self.virtual_stat(path)
    }

    fn read(&self, path: &Path) -> Result<Known<Vec<u8>>, HostError> {
        self.virtual_read(path)
    }

    fn user(&self, name: &str) -> Result<Known<Option<User>>, HostError> {
        self.virtual_user(name)
    }

    fn group(&self, name: &str) -> Result<Known<Option<Group>>, HostError> {
        self.virtual_group(name)
    }

    fn is_surely_directory(&self, path: &Path) -> Result<bool, HostError> {
        self.is_directory_at(&self.place(path)?)
    }

    fn is_surely_group(&self, name: &str) -> Result<bool, HostError> {
        self.has_group(name)
    }

    fn primary_user_of(&self, group: &str) -> Result<Option<String>, HostError> {
        self.virtual_primary_user_of(group)
    }

    fn is_private_group(&self, group: &str, owner: &str) -> Result<Option<bool>, HostError> {
        self.is_private(group, owner)
    }

    fn user_of(&self, uid: u32) -> Result<Known<Option<String>>, HostError> {
        self.virtual_user_of(uid)
    }

    fn group_of(&self, gid: u32) -> Result<Known<Option<String>>, HostError> {
        self.virtual_group_of(gid)
    }

    fn process_of(&self, user: &str) -> Result<Option<u32>, HostError> {
        // What is pending may end it, or begin one.
        if self.pending.acted.is_some() { Ok(None) } else { self.inner.process_of(user) }
    }

    fn admits(&self, path: &Path, change: PathChange) -> Result<(), HostError> {
        self.inner.admits(path, change)
    }

    fn unit_ties(&self, names: &[String]) -> Result<Vec<UnitTies>, HostError> {
        let known = |name: &String| self.ties(name).map(|ties| ties.known().unwrap_or_default());
        names.iter().map(known).collect()
    }

    fn package(&self, name: &str) -> Result<Known<Package>, HostError> {
        self.virtual_package(name)
    }

    fn interrupted_packages(&self) -> Result<Known<Option<String>>, HostError> {
        if self.packages.repaired.is_some() {
            return Ok(Known::Is(None));
        }
        let under = self.inner.interrupted_packages()?;
        match (&under, self.packages.maybe_repaired.as_ref().or(self.everything.as_ref())) {
            (Known::Is(Some(_)), Some(origin)) => Ok(Known::Unknown(origin.clone())),
            _ => Ok(under),
        }
    }

    fn simulate(
        &self,
        after: &[&Transaction],
        request: &PackageRequest,
    ) -> Result<Known<Transaction>, HostError> {
        self.simulate_with_pending(after, request)
    }

    fn unit(&self, name: &str) -> Result<Known<Unit>, HostError> {
        self.virtual_unit(name)
    }

    fn needs_daemon_reload(&self, unit: &str) -> Result<Known<bool>, HostError> {
        self.must_be_read(unit)
    }

    fn probe(&self, probe: &Probe) -> Result<Known<ProbeAnswer>, HostError> {
        match (self.blocks(probe), probe) {
            (None, _) => self.inner.probe(probe),
            (Some(origin), Probe::Command(command)) => {
                let foreseen = self.foreseen(command)?.map(ProbeAnswer::Command);
                Ok(foreseen.map_or_else(|| Known::Unknown(origin.clone()), Known::Is))
            }
            (Some(origin), _) => Ok(Known::Unknown(origin.clone())),
        }
    }

    fn pending(&self) -> Pending {
        let under = self.inner.pending();
        Pending {
            acted: self.pending.acted.clone().or(under.acted),
            commanded: self.pending.commanded.clone().or(under.commanded),
        }
    }

    fn facts(&self) -> Result<Map, HostError> {
        let mut facts = self.inner.facts()?;
        for (name, value) in &mut facts {
            if let ("ansible_facts", Value::Map(all)) = (name.as_str(), &mut *value) {
                all.iter_mut().for_each(|(name, value)| self.forget_fact(name, value));
            } else {
                self.forget_fact(name, value);
            }
        }
        Ok(facts)
    }

    fn expect_units(&self, names: &[String]) {
        self.inner.expect_units(names);
    }

    fn package_files(&self, name: &str) -> Result<Vec<PathBuf>, HostError> {
        self.inner.package_files(name)
    }

    fn list(&self, path: &Path) -> Result<Known<Vec<String>>, HostError> {
        self.virtual_list(path)
    }

    fn pause(&self, time: std::time::Duration) {
        self.inner.pause(time);
    }

    fn clock(&self) -> std::time::Duration {
        self.inner.clock()
    }
}

impl Host for Overlay<'_> {
    fn perform(&mut self, action: &Action) -> Result<Performed, HostError> {
        let assumes = self.possible(action)?;
        self.take_effect(action)?;
        let origin = Origin::new(format!("the change of {}", action.target()));
        self.note_pending(action, &origin);
        Ok(Performed { result: result::result_of(action, &origin), failed: None, assumes })
    }

    fn view(&self) -> &dyn View {
        self
    }

    fn might(&mut self, action: &Action, origin: &Origin) -> Result<(), HostError> {
        self.possible(action)?;
        self.blur(action, origin)?;
        self.note_pending(action, origin);
        Ok(())
    }

    fn doubt(&mut self, action: &Action, origin: &Origin) {
        if self.blur(action, origin).is_err() {
            self.forget_everything(origin);
        }
        self.note_pending(action, origin);
    }

    fn unsettle(&mut self, names: &[String], origin: &Origin) {
        for name in names {
            // What cannot be looked at is not known, whatever else it touches.
            if self.touch_unknown(&Touch::named(name), origin).is_err() {
                self.forget_everything(origin);
            }
        }
        self.pending.acted.get_or_insert_with(|| origin.clone());
        self.pending.commanded.get_or_insert_with(|| origin.clone());
    }
}

#[cfg(test)]
mod tests;
