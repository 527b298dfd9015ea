//! A host that keeps a list of what was performed on it and can be killed after an action, and a
//! memory that dies with it.

use converge::engine::journal_entry::JournalEntry;
use converge::engine::memory::Memory;
use converge::engine::state::State;
use converge::host::{
    Action, Group, Host, HostError, Package, PackageRequest, PathChange, Pending, Performed, Probe,
    ProbeAnswer, Stat, Transaction, Unit, UnitTies, User, View,
};
use converge::value::{Known, Map, Origin};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// What was done on a host, in order.
pub(super) struct Recorder<'h> {
    host: &'h mut dyn Host,
    pub(super) actions: Vec<Action>,
    /// What could not be performed, or brought back a failure.
    pub(super) refused: Vec<Action>,
    kill_after: usize,
    killed: Killed,
}

/// Whether the agent is dead.
pub(super) type Killed = Rc<Cell<bool>>;

impl<'h> Recorder<'h> {
    /// `kill_after` counts from 1; 0 never kills.
    pub(super) fn new(host: &'h mut dyn Host, kill_after: usize, killed: &Killed) -> Self {
        let killed = Rc::clone(killed);
        Self { host, actions: Vec::new(), refused: Vec::new(), kill_after, killed }
    }
}

impl Host for Recorder<'_> {
    fn perform(&mut self, action: &Action) -> Result<Performed, HostError> {
        let performed = self.host.perform(action);
        if performed.as_ref().map_or(true, |done| done.failed.is_some()) {
            self.refused.push(action.clone());
        }
        let performed = performed?;
        self.actions.push(action.clone());
        if self.actions.len() == self.kill_after {
            self.killed.set(true);
            return Err(HostError::failed("killed"));
        }
        Ok(performed)
    }

    fn view(&self) -> &dyn View {
        self
    }

    fn doubt(&mut self, action: &Action, origin: &Origin) {
        self.host.doubt(action, origin);
    }

    fn might(&mut self, action: &Action, origin: &Origin) -> Result<(), HostError> {
        self.host.might(action, origin)
    }

    fn unsettle(&mut self, names: &[String], origin: &Origin) {
        self.host.unsettle(names, origin);
    }
}

impl View for Recorder<'_> {
    fn stat(&self, path: &Path) -> Result<Known<Stat>, HostError> {
        self.host.stat(path)
    }

    fn read(&self, path: &Path) -> Result<Known<Vec<u8>>, HostError> {
        self.host.read(path)
    }

    fn user(&self, name: &str) -> Result<Known<Option<User>>, HostError> {
        self.host.user(name)
    }

    fn group(&self, name: &str) -> Result<Known<Option<Group>>, HostError> {
        self.host.group(name)
    }

    fn is_surely_directory(&self, path: &Path) -> Result<bool, HostError> {
        self.host.is_surely_directory(path)
    }

    fn is_surely_group(&self, name: &str) -> Result<bool, HostError> {
        self.host.is_surely_group(name)
    }

    fn primary_user_of(&self, group: &str) -> Result<Option<String>, HostError> {
        self.host.primary_user_of(group)
    }

    fn is_private_group(&self, group: &str, owner: &str) -> Result<Option<bool>, HostError> {
        self.host.is_private_group(group, owner)
    }

    fn process_of(&self, user: &str) -> Result<Option<u32>, HostError> {
        self.host.process_of(user)
    }

    fn user_of(&self, uid: u32) -> Result<Known<Option<String>>, HostError> {
        self.host.user_of(uid)
    }

    fn group_of(&self, gid: u32) -> Result<Known<Option<String>>, HostError> {
        self.host.group_of(gid)
    }

    fn admits(&self, path: &Path, change: PathChange) -> Result<(), HostError> {
        self.host.admits(path, change)
    }

    fn unit_ties(&self, names: &[String]) -> Result<Vec<UnitTies>, HostError> {
        self.host.unit_ties(names)
    }

    fn pending(&self) -> Pending {
        self.host.pending()
    }

    fn expect_units(&self, names: &[String]) {
        self.host.expect_units(names);
    }

    fn package(&self, name: &str) -> Result<Known<Package>, HostError> {
        self.host.package(name)
    }

    fn interrupted_packages(&self) -> Result<Known<Option<String>>, HostError> {
        self.host.interrupted_packages()
    }

    fn simulate(
        &self,
        after: &[&Transaction],
        request: &PackageRequest,
    ) -> Result<Known<Transaction>, HostError> {
        self.host.simulate(after, request)
    }

    fn unit(&self, name: &str) -> Result<Known<Unit>, HostError> {
        self.host.unit(name)
    }

    fn needs_daemon_reload(&self, unit: &str) -> Result<Known<bool>, HostError> {
        self.host.needs_daemon_reload(unit)
    }

    fn probe(&self, probe: &Probe) -> Result<Known<ProbeAnswer>, HostError> {
        self.host.probe(probe)
    }

    fn facts(&self) -> Result<Map, HostError> {
        self.host.facts()
    }

    fn package_files(&self, name: &str) -> Result<Vec<PathBuf>, HostError> {
        self.host.package_files(name)
    }

    fn list(&self, path: &Path) -> Result<Known<Vec<String>>, HostError> {
        self.host.list(path)
    }

    fn pause(&self, time: Duration) {
        self.host.pause(time);
    }

    fn clock(&self) -> Duration {
        self.host.clock()
    }
}

/// A host's memory; what a dead agent would write is lost.
pub(super) struct KeptState {
    pub(super) state: State,
    killed: Killed,
    scratch: State,
}

impl KeptState {
    pub(super) fn new(state: State, killed: &Killed) -> Self {
        Self { scratch: state.clone(), state, killed: Rc::clone(killed) }
    }
}

impl Memory for KeptState {
    fn state(&self) -> &State {
        if self.killed.get() { &self.scratch } else { &self.state }
    }

    fn append(&mut self, entry: JournalEntry) -> Result<(), HostError> {
        let state = if self.killed.get() { &mut self.scratch } else { &mut self.state };
        state.take(&entry);
        Ok(())
    }

    fn key(&self) -> &[u8] {
        b"key"
    }
}
