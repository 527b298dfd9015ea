//! A host in memory: reality for tests. It is seeded from a [`World`], answers every question and
//! performs every action as a real host would, and can be compared with another afterwards.

mod accounts;
mod commands;
mod files;
mod network;
mod owners;
mod packages;
mod plain;
mod units;
mod world;

pub use world::{
    Condition, Effect, Entry, FileEntry, Listener, Offer, OfferUnit, Owned, Script, SmtpServer,
    UnitState, WebServer, World,
};

use super::{
    Action, Group, Host, HostError, Package, PackageRequest, PathChange, Performed, Probe,
    ProbeAnswer, Stat, Transaction, Unit, UnitTies, User, View,
};
use crate::value::{Known, Map, Value};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A host in memory.
#[derive(Debug, Clone)]
pub struct InMemory {
    world: World,
    performed: Vec<Action>,
    fault: Option<Fault>,
    attempts: usize,
    waited: Cell<Duration>,
}

/// Where a run is to break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The action that breaks, counted from 1.
    pub at: usize,
    /// It is performed before it fails, as when the agent is killed right after it.
    pub after: bool,
    /// What the failure says.
    pub message: String,
}

impl InMemory {
    /// A host with what `world` says, and what every host has: `/etc`, root, …
    #[must_use]
    pub fn new(mut world: World) -> Self {
        world.complete();
        Self {
            world,
            performed: Vec::new(),
            fault: None,
            attempts: 0,
            waited: Cell::new(Duration::ZERO),
        }
    }

    /// The host's whole state.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The host's whole state, for what happens behind the run's back.
    pub const fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// What was performed, in order.
    #[must_use]
    pub fn performed(&self) -> &[Action] {
        &self.performed
    }

    /// Lets an action fail.
    pub fn fail(&mut self, fault: Fault) {
        self.attempts = 0;
        self.fault = Some(fault);
    }

    /// How long observations have waited.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited.get()
    }

    fn act(&mut self, action: &Action) -> Result<Performed, HostError> {
        match action {
            Action::Packages(transaction) => self.transact(transaction)?,
            Action::RepairPackages { found } => self.repair(found)?,
            Action::Service { unit, change, before } => self.change_unit(unit, *change, before)?,
            Action::Restart { unit } => self.start_anew(unit, "restart")?,
            Action::Reload { unit } => self.start_anew(unit, "reload")?,
            Action::DaemonReload => {}
            Action::User { name, entry, before } => {
                self.change_user(name, entry.as_ref(), before)?;
            }
            Action::Group { name, present, gid, system, before } => {
                self.change_group(name, *present, *gid, *system, before)?;
            }
            Action::Run { command, .. } => return self.run(command),
            Action::Request(request) => return self.request(request),
            file => self.change_file(file)?,
        }
        Ok(Performed::default())
    }
}

impl View for InMemory {
    fn stat(&self, path: &Path) -> Result<Known<Stat>, HostError> {
        Ok(Known::Is(self.world.stat(path)))
    }

    fn read(&self, path: &Path) -> Result<Known<Vec<u8>>, HostError> {
        self.read_file(path).map(Known::Is)
    }

    fn list(&self, path: &Path) -> Result<Known<Vec<String>>, HostError> {
        self.list_directory(path).map(Known::Is)
    }

    fn user(&self, name: &str) -> Result<Known<Option<User>>, HostError> {
        Ok(Known::Is(self.world.user(name).cloned()))
    }

    fn group(&self, name: &str) -> Result<Known<Option<Group>>, HostError> {
        Ok(Known::Is(self.world.group(name).cloned()))
    }

    fn primary_user_of(&self, group: &str) -> Result<Option<String>, HostError> {
        let found = self.world.users.iter().find(|user| user.group == group);
        Ok(found.map(|user| user.name.clone()))
    }

    fn is_private_group(&self, group: &str, owner: &str) -> Result<Option<bool>, HostError> {
        let inside =
            |user: &&User| user.group == group || user.groups.iter().any(|other| other == group);
        let admitted = |user: &User| user.name == "root" || user.name == owner;
        Ok(Some(self.world.users.iter().filter(inside).all(admitted)))
    }

    fn user_of(&self, uid: u32) -> Result<Known<Option<String>>, HostError> {
        let user = self.world.users.iter().find(|user| user.uid == uid);
        Ok(Known::Is(user.map(|user| user.name.clone())))
    }

    fn group_of(&self, gid: u32) -> Result<Known<Option<String>>, HostError> {
        let group = self.world.groups.iter().find(|group| group.gid == gid);
        Ok(Known::Is(group.map(|group| group.name.clone())))
    }

    fn process_of(&self, user: &str) -> Result<Option<u32>, HostError> {
        Ok(self.world.busy.get(user).copied())
    }

    fn admits(&self, path: &Path, change: PathChange) -> Result<(), HostError> {
        self.mounted(path, change)
    }

    fn unit_ties(&self, names: &[String]) -> Result<Vec<UnitTies>, HostError> {
        Ok(names.iter().map(|name| self.world.shown_ties(name)).collect())
    }

    fn package(&self, name: &str) -> Result<Known<Package>, HostError> {
        Ok(Known::Is(Package { installed: self.world.packages.get(name).cloned() }))
    }

    fn interrupted_packages(&self) -> Result<Known<Option<String>>, HostError> {
        Ok(Known::Is(self.world.interrupted.clone()))
    }

    fn simulate(
        &self,
        after: &[&Transaction],
        request: &PackageRequest,
    ) -> Result<Known<Transaction>, HostError> {
        self.foretell(after, request).map(Known::Is)
    }

    fn unit(&self, name: &str) -> Result<Known<Unit>, HostError> {
        Ok(Known::Is(self.world.unit(name)))
    }

    fn probe(&self, probe: &Probe) -> Result<Known<ProbeAnswer>, HostError> {
        Ok(Known::Is(self.answer(probe)))
    }

    fn facts(&self) -> Result<Map, HostError> {
        let facts = self.world.facts.clone();
        let mut facts: Map =
            facts.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        if let Ok(Known::Is(name)) = self.read(Path::new("/etc/hostname")) {
            let name = String::from_utf8_lossy(&name).trim().to_owned();
            facts.insert("ansible_hostname".into(), name.into());
        }
        Ok(facts)
    }

    fn package_files(&self, name: &str) -> Result<Vec<PathBuf>, HostError> {
        if !self.world.packages.contains_key(name) {
            return Ok(Vec::new());
        }
        let offer = self.world.catalogue.get(name);
        Ok(offer.map(|offer| offer.files.keys().cloned().collect()).unwrap_or_default())
    }

    fn pause(&self, time: Duration) {
        self.waited.set(self.waited.get() + time);
    }

    /// Only waiting takes time here.
    fn clock(&self) -> Duration {
        self.waited.get()
    }
}

impl Host for InMemory {
    fn perform(&mut self, action: &Action) -> Result<Performed, HostError> {
        self.attempts += 1;
        let fault = self.fault.clone().filter(|fault| fault.at == self.attempts);
        if let Some(fault) = &fault
            && !fault.after
        {
            return Err(HostError::failed(&fault.message));
        }
        let performed = self.act(action)?;
        self.performed.push(action.clone());
        match fault {
            Some(fault) => Err(HostError::failed(fault.message)),
            None => Ok(performed),
        }
    }

    fn view(&self) -> &dyn View {
        self
    }
}

/// The refusal of an action that was planned against something else.
fn stale(target: impl Into<String>, found: impl Into<String>) -> HostError {
    HostError::Stale { target: target.into(), found: found.into() }
}

#[cfg(test)]
mod tests;
