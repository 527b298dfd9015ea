//! The real machine: what can be seen of it and done to it. Everything that touches files,
//! processes, sockets, the clock or randomness stands in this folder.
#![allow(clippy::disallowed_methods, reason = "this is the door that the others are sent to")]

mod account_changes;
mod accounts;
mod apt;
mod apt_output;
mod attributes;
mod cache;
pub mod clock;
mod connect;
mod distribution;
mod dpkg_pending;
mod dpkg_status;
mod facts;
#[cfg(test)]
mod file_tests;
mod files;
mod guard;
mod held;
mod hold;
mod http;
mod journal;
mod locks;
mod login;
mod masked;
mod network;
mod obstacles;
mod pacman;
mod pacman_conflicts;
mod pacman_db;
mod pacman_pending;
mod ports;
mod probes;
mod process;
pub mod random;
mod resolve;
mod scratch;
mod smtp;
mod systemd;
mod temporary;
mod tls;
#[cfg(test)]
mod tls_tests;
mod transaction;
mod tree;
mod trust;
mod unfinished;
mod unit_ties;
mod units;
mod unread;
mod walk;
mod write;

pub use facts::{FACT_NAMES, fact_sources};
#[cfg(feature = "lab-fixtures")]
pub(crate) use http::exchange as http_exchange;
pub use random::bytes as random_bytes;

use super::{
    Action, Command, Group, Host, HostError, HttpRequest, Manager, Package, PackageRequest,
    PathChange, Performed, Probe, ProbeAnswer, Stat, Transaction, Unit, UnitTies, User, View,
};
use crate::value::{Known, Map, Value};
use accounts::Accounts;
use apt::Apt;
use distribution::Distribution;
use pacman::Pacman;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use units::Units;

/// This machine. What it has read it keeps until an action, or another program, changed it.
#[derive(Debug)]
pub struct Local {
    accounts: Accounts,
    packages: Packages,
    units: Units,
    facts: RefCell<Option<Map>>,
    performed: bool,
}

/// The host's package manager.
#[derive(Debug)]
enum Packages {
    Apt(Apt),
    Pacman(Pacman),
    None(String),
}

impl Default for Local {
    fn default() -> Self {
        Self::new()
    }
}

impl Local {
    /// This machine; nothing is read yet but which distribution it is.
    #[must_use]
    pub fn new() -> Self {
        // Programs that roles run make files as on a usual login.
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
        let distribution = Distribution::read(Path::new("/"));
        let packages = match distribution.manager() {
            Some(Manager::Apt) => Packages::Apt(Apt::new()),
            Some(Manager::Pacman) => Packages::Pacman(Pacman::new()),
            None => Packages::None(distribution.name),
        };
        Self {
            accounts: Accounts::new("/etc"),
            packages,
            units: Units::default(),
            facts: RefCell::new(None),
            performed: false,
        }
    }

    /// Takes away what a killed run left: its transaction where all came, and masks (`hold`), once its package manager has ended. A
    /// run that may perform calls it after it took the host's lock; the first action does so, too.
    ///
    /// # Errors
    /// If the package manager does not end, or systemd does not follow.
    pub fn release_left_over(&mut self) -> Result<(), HostError> {
        if let Packages::Apt(apt) = &self.packages {
            apt.settle()?;
        }
        // An interrupted package manager is repaired first: its units stay down until then.
        if held::left_over().is_empty() || self.interrupted()?.is_some() {
            return Ok(());
        }
        hold::release_left_over(&self.units)
    }

    fn interrupted(&self) -> Result<Option<String>, HostError> {
        match &self.packages {
            Packages::Apt(apt) => apt.interrupted(),
            Packages::Pacman(pacman) => pacman.interrupted(),
            Packages::None(_) => Ok(None),
        }
    }

    fn act(&self, action: &Action) -> Result<Performed, HostError> {
        let accounts = &self.accounts;
        match action {
            Action::WriteFile { path, .. } | Action::Symlink { path, .. } => {
                obstacles::check(path, PathChange::Replace)?;
            }
            Action::Remove { path, .. } => obstacles::check(path, PathChange::Remove)?,
            Action::MakeDirectory { path, .. } | Action::SetAttributes { path, .. } => {
                obstacles::check(path, PathChange::Attributes)?;
            }
            Action::Run { .. } => {
                if let Some(path) = action.kernel_setting() {
                    obstacles::check(path, PathChange::Within)?;
                }
            }
            _ => {}
        }
        match action {
            Action::WriteFile { path, content, attributes, backup, validate, before } => {
                let validate = validate.as_ref();
                let new =
                    write::NewFile { path, content, attributes, backup: *backup, validate, before };
                return write::file(&new, accounts);
            }
            Action::Remove { path, before } => write::remove(path, before, accounts)?,
            Action::MakeDirectory { path, attributes, before } => {
                write::directory(path, attributes, before, accounts)?;
            }
            Action::Symlink { path, target, before } => {
                write::symlink(path, target, before, accounts)?;
            }
            Action::SetAttributes { path, attributes, before } => {
                write::attributes(path, attributes, before, accounts)?;
            }
            Action::Packages(transaction) => match &self.packages {
                Packages::Apt(apt) => apt.perform(transaction)?,
                Packages::Pacman(pacman) => pacman.perform(transaction)?,
                Packages::None(name) => return Err(no_manager(name)),
            },
            Action::RepairPackages { .. } => {
                match &self.packages {
                    Packages::Apt(apt) => apt.repair()?,
                    Packages::Pacman(pacman) => pacman.repair()?,
                    Packages::None(name) => return Err(no_manager(name)),
                }
                hold::release_left_over(&self.units)?;
            }
            Action::Service { unit, change, before } => {
                systemd::change(&self.units, unit, *change, before)?;
            }
            Action::Restart { unit } => systemd::restart(&self.units, unit)?,
            Action::Reload { unit } => systemd::reload(&self.units, unit)?,
            Action::DaemonReload => self.units.read_again()?,
            Action::User { name, entry, before } => {
                account_changes::user(name, entry.as_ref(), before, accounts)?;
            }
            Action::Group { name, present, gid, system, before } => {
                let wanted = present.then_some((*gid, *system));
                account_changes::group(name, wanted, before, accounts)?;
            }
            Action::Run { command, .. } => return run(command),
            Action::Request(request) => return send(request),
        }
        Ok(Performed::default())
    }

    /// Forgets what an action may have changed.
    fn forget(&self, action: &Action) {
        match action {
            Action::WriteFile { path, .. }
            | Action::Remove { path, .. }
            | Action::MakeDirectory { path, .. }
            | Action::Symlink { path, .. }
            | Action::SetAttributes { path, .. } => {
                if path.components().any(|part| part.as_os_str() == "systemd") {
                    self.units.forget();
                }
                if fact_sources("facts").iter().any(|source| path == &PathBuf::from(source)) {
                    self.facts.take();
                }
            }
            Action::User { .. } | Action::Group { .. } => {}
            Action::Packages(_)
            | Action::RepairPackages { .. }
            | Action::Service { .. }
            | Action::Restart { .. }
            | Action::Reload { .. }
            | Action::DaemonReload
            | Action::Run { .. }
            | Action::Request(_) => {
                self.units.forget();
                self.facts.take();
            }
        }
    }
}

fn no_manager(distribution: &str) -> HostError {
    HostError::failed(format!("no package manager for {distribution} is known"))
}

/// Runs a command; its result as `register` gets it.
fn run(command: &Command) -> Result<Performed, HostError> {
    let output = login::run(command)?;
    let program = process::program(command);
    let failed = match output.rc {
        _ if output.timed_out => {
            Some(format!("`{program}` ran out of time after {} ms", command.timeout_ms))
        }
        0 => None,
        rc => Some(format!("`{program}` exited with {rc}")),
    };
    Ok(Performed { result: output.result(), failed, assumes: Vec::new() })
}

/// Sends a request; its result as `register` gets it.
fn send(request: &HttpRequest) -> Result<Performed, HostError> {
    let reply = match http::exchange(request)? {
        Ok(reply) => reply,
        Err(words) => return Ok(Performed { failed: Some(words), ..Performed::default() }),
    };
    let mut result = Map::new();
    result.insert("status".to_owned(), Value::Int(i64::from(reply.status)));
    if let Ok(json) = Value::of_json(&reply.body) {
        result.insert("json".to_owned(), json);
    }
    result.insert("headers".to_owned(), Value::Map(reply.header_map()));
    result.insert("content".to_owned(), Value::Str(reply.body));
    let expected = match request.expect.as_slice() {
        [] => (200..300).contains(&reply.status),
        statuses => statuses.contains(&reply.status),
    };
    let failed = (!expected).then(|| format!("the server answered {}", reply.status));
    Ok(Performed { result, failed, assumes: Vec::new() })
}

impl View for Local {
    fn stat(&self, path: &Path) -> Result<Known<Stat>, HostError> {
        files::stat(path, &self.accounts).map(Known::Is)
    }

    fn read(&self, path: &Path) -> Result<Known<Vec<u8>>, HostError> {
        files::read(path).map(Known::Is)
    }

    fn user(&self, name: &str) -> Result<Known<Option<User>>, HostError> {
        self.accounts.user(name).map(Known::Is)
    }

    fn group(&self, name: &str) -> Result<Known<Option<Group>>, HostError> {
        self.accounts.group(name).map(Known::Is)
    }

    fn primary_user_of(&self, group: &str) -> Result<Option<String>, HostError> {
        self.accounts.primary_user_of(group)
    }

    fn is_private_group(&self, group: &str, owner: &str) -> Result<Option<bool>, HostError> {
        let (Ok(gid), Ok(uid)) = (self.accounts.gid(group), self.accounts.uid(owner)) else {
            return Ok(None);
        };
        Ok(Some(self.accounts.is_private_group(gid, uid)))
    }

    fn user_of(&self, uid: u32) -> Result<Known<Option<String>>, HostError> {
        Ok(Known::Is(Some(self.accounts.user_name(uid)).filter(|name| *name != uid.to_string())))
    }

    fn group_of(&self, gid: u32) -> Result<Known<Option<String>>, HostError> {
        Ok(Known::Is(Some(self.accounts.group_name(gid)).filter(|name| *name != gid.to_string())))
    }

    fn process_of(&self, user: &str) -> Result<Option<u32>, HostError> {
        Ok(self.accounts.uid(user).ok().and_then(process::of_user))
    }

    fn admits(&self, path: &Path, change: PathChange) -> Result<(), HostError> {
        obstacles::check(path, change)
    }

    fn unit_ties(&self, names: &[String]) -> Result<Vec<UnitTies>, HostError> {
        unit_ties::of(names)
    }

    fn package(&self, name: &str) -> Result<Known<Package>, HostError> {
        match &self.packages {
            Packages::Apt(apt) => apt.status.package(name),
            Packages::Pacman(pacman) => pacman.database.package(name),
            Packages::None(distribution) => Err(no_manager(distribution)),
        }
        .map(Known::Is)
    }

    fn interrupted_packages(&self) -> Result<Known<Option<String>>, HostError> {
        self.interrupted().map(Known::Is)
    }

    fn simulate(
        &self,
        after: &[&Transaction],
        request: &PackageRequest,
    ) -> Result<Known<Transaction>, HostError> {
        match &self.packages {
            Packages::Apt(apt) => apt.simulate(after, request),
            Packages::Pacman(pacman) => pacman.simulate(after, request),
            Packages::None(distribution) => Err(no_manager(distribution)),
        }
        .map(Known::Is)
    }

    fn unit(&self, name: &str) -> Result<Known<Unit>, HostError> {
        self.units.state(name)
    }

    fn needs_daemon_reload(&self, unit: &str) -> Result<Known<bool>, HostError> {
        let shown = self.units.shown(unit)?;
        Ok(Known::Is(self.units.must_be_read(&shown)))
    }

    fn probe(&self, probe: &Probe) -> Result<Known<ProbeAnswer>, HostError> {
        probes::ask(probe).map(Known::Is)
    }

    fn facts(&self) -> Result<Map, HostError> {
        if let Some(facts) = self.facts.borrow().as_ref() {
            return Ok(facts.clone());
        }
        let facts = facts::gather(&Distribution::read(Path::new("/")));
        *self.facts.borrow_mut() = Some(facts.clone());
        Ok(facts)
    }

    fn expect_units(&self, names: &[String]) {
        self.units.expect(names);
    }

    fn package_files(&self, name: &str) -> Result<Vec<PathBuf>, HostError> {
        match &self.packages {
            Packages::Apt(apt) => apt.status.files(name),
            Packages::Pacman(pacman) => pacman.database.files(name),
            Packages::None(_) => Ok(Vec::new()),
        }
    }

    fn list(&self, path: &Path) -> Result<Known<Vec<String>>, HostError> {
        files::list(path).map(Known::Is)
    }
}

impl Host for Local {
    fn perform(&mut self, action: &Action) -> Result<Performed, HostError> {
        if !self.performed && !matches!(action, Action::RepairPackages { .. }) {
            self.release_left_over()?;
            self.performed = true;
        }
        if let Action::WriteFile { path, before, .. }
        | Action::Remove { path, before }
        | Action::Symlink { path, before, .. } = action
        {
            let is_new = matches!(before, Known::Is(before) if before.stat == Stat::Absent);
            self.units.replaces(path, is_new)?;
        }
        let done = self.act(action);
        self.forget(action);
        done
    }

    fn view(&self) -> &dyn View {
        self
    }
}
