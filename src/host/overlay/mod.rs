//! The host of a dry run: reads through to another view and keeps performed actions in memory,
//! so that the fifth task sees the file that the second would write. What an action makes
//! unforeseeable is [`Known::Unknown`] from then on, never guessed.

mod accounts;
mod effects;
mod files;
mod packages;
mod probes;
mod unit_files;
mod units;

use super::{
    Action, Group, Host, HostError, Package, PackageRequest, Pending, Performed, Probe,
    ProbeAnswer, Stat, Touch, Transaction, Unit, User, View,
};
use crate::value::{Known, Map, Origin, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// A dry run's host.
pub struct Overlay<'a> {
    inner: &'a dyn View,
    /// Names and addresses of the run's other hosts: their answers hinge on what is pending there.
    run_hosts: HashSet<String>,
    files: BTreeMap<PathBuf, files::Virtual>,
    users: BTreeMap<String, Known<Option<User>>>,
    groups: BTreeMap<String, Known<Option<Group>>>,
    /// Users and groups that are there for certain, whatever else is not known of them.
    sure_users: BTreeSet<String>,
    sure_groups: BTreeSet<String>,
    units: BTreeMap<String, Known<Unit>>,
    /// Whether systemd must read its unit files again; `None`: as on the host below.
    stale_units: Option<Known<bool>>,
    packages: packages::Pending,
    pending: Pending,
    /// Anything may have been done.
    everything: Option<Origin>,
    /// The network may be another one.
    network: Option<Origin>,
}

impl<'a> Overlay<'a> {
    /// A dry run over `inner`. `run_hosts` are names and addresses of the run's other hosts.
    pub fn new(inner: &'a dyn View, run_hosts: HashSet<String>) -> Self {
        Self {
            inner,
            run_hosts,
            files: BTreeMap::new(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            sure_users: BTreeSet::new(),
            sure_groups: BTreeSet::new(),
            units: BTreeMap::new(),
            stale_units: None,
            packages: packages::Pending::default(),
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

    fn primary_user_of(&self, group: &str) -> Result<Option<String>, HostError> {
        self.virtual_primary_user_of(group)
    }

    fn is_private_group(&self, group: &str, owner: &str) -> Result<Option<bool>, HostError> {
        // Who is pending may become, or have been, one of its members.
        let settled = self.users.is_empty() && self.groups.is_empty() && self.everything.is_none();
        if settled { self.inner.is_private_group(group, owner) } else { Ok(None) }
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

    fn simulate(&self, requests: &[PackageRequest]) -> Result<Known<Transaction>, HostError> {
        self.simulate_with_pending(requests)
    }

    fn unit(&self, name: &str) -> Result<Known<Unit>, HostError> {
        self.virtual_unit(name)
    }

    fn needs_daemon_reload(&self, unit: &str) -> Result<Known<bool>, HostError> {
        match &self.stale_units {
            Some(known) => Ok(known.clone()),
            None => self.inner.needs_daemon_reload(unit),
        }
    }

    fn probe(&self, probe: &Probe) -> Result<Known<ProbeAnswer>, HostError> {
        match self.blocks(probe) {
            Some(origin) => Ok(Known::Unknown(origin.clone())),
            None => self.inner.probe(probe),
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
        if let Some(origin) = &self.network {
            for (name, value) in &mut facts {
                if name.contains("ipv4") || name.contains("ipv6") || name.contains("interfaces") {
                    *value = Value::Unknown(origin.clone());
                }
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
        Ok(Performed { result: effects::result_of(action, &origin), failed: None, assumes })
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
