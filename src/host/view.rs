//! The read-only view of a host, and the host that performs.

use super::local::clock;
use super::{
    Action, Command, Group, HostError, Package, PackageRequest, Pending, Performed, Probe,
    ProbeAnswer, Stat, Transaction, Unit, UnitTies, User,
};
use crate::value::{Known, Map, Origin};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a path is to be changed, as far as a host may refuse it whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathChange {
    /// Something takes its place, or is made there.
    Replace,
    /// It goes, with everything in it.
    Remove,
    /// Its mode or owners change, or a directory is made.
    Attributes,
    /// What is there is written into.
    Within,
}

/// What resources may ask of a host. Nothing here changes it. Answers that a pending action makes
/// unforeseeable are [`Known::Unknown`]; only a dry run's overlay gives those.
pub trait View {
    /// What is at a path, the last component's link not followed.
    fn stat(&self, path: &Path) -> Result<Known<Stat>, HostError>;

    /// A regular file's whole content.
    ///
    /// # Errors
    /// If it is absent, no regular file, or cannot be read.
    fn read(&self, path: &Path) -> Result<Known<Vec<u8>>, HostError>;

    /// A user's entry.
    fn user(&self, name: &str) -> Result<Known<Option<User>>, HostError>;

    /// A group's entry.
    fn group(&self, name: &str) -> Result<Known<Option<Group>>, HostError>;

    /// Whether a directory is there for certain, whatever else of it is not known.
    fn is_surely_directory(&self, path: &Path) -> Result<bool, HostError> {
        Ok(matches!(self.stat(path)?, Known::Is(Stat::Directory(_))))
    }

    /// Whether a group is there for certain, whatever its number.
    fn is_surely_group(&self, name: &str) -> Result<bool, HostError> {
        Ok(matches!(self.group(name)?, Known::Is(Some(_))))
    }

    /// A user whose primary group this is; such a group cannot be removed (groupdel(8)).
    fn primary_user_of(&self, _group: &str) -> Result<Option<String>, HostError> {
        Ok(None)
    }

    /// Whether nobody but root and this user belongs to a group; `None` if that is not known.
    fn is_private_group(&self, _group: &str, _owner: &str) -> Result<Option<bool>, HostError> {
        Ok(None)
    }

    /// The user who has a number.
    fn user_of(&self, _uid: u32) -> Result<Known<Option<String>>, HostError> {
        Ok(Known::Is(None))
    }

    /// The group that has a number.
    fn group_of(&self, _gid: u32) -> Result<Known<Option<String>>, HostError> {
        Ok(Known::Is(None))
    }

    /// A process of this user's: while there is one, neither the user nor its number or home can
    /// be changed (usermod(8)).
    fn process_of(&self, _user: &str) -> Result<Option<u32>, HostError> {
        Ok(None)
    }

    /// Refuses what the host refuses at a path whoever asks: it is a mount point, immutable, on a
    /// file system that cannot be written.
    ///
    /// # Errors
    /// The refusal.
    fn admits(&self, _path: &Path, _change: PathChange) -> Result<(), HostError> {
        Ok(())
    }

    /// Whether and in which version a package is installed.
    fn package(&self, name: &str) -> Result<Known<Package>, HostError>;

    /// What an interrupted package manager left, in words; `None` if its database is whole.
    fn interrupted_packages(&self) -> Result<Known<Option<String>>, HostError>;

    /// What this request would change once these transactions are performed, by the package
    /// manager's own simulation. `refresh_index` says that the host has no index of its own; one
    /// was fetched into a private folder for the answer.
    fn simulate(
        &self,
        after: &[&Transaction],
        request: &PackageRequest,
    ) -> Result<Known<Transaction>, HostError>;

    /// A unit's state. A name without a suffix is a `.service`.
    fn unit(&self, name: &str) -> Result<Known<Unit>, HostError>;

    /// What hangs on these units, in their order.
    fn unit_ties(&self, names: &[String]) -> Result<Vec<UnitTies>, HostError> {
        let reloads = true;
        Ok(names.iter().map(|_| UnitTies { reloads, ..UnitTies::default() }).collect())
    }

    /// Whether the files that make a unit have changed since systemd read them
    /// (`NeedDaemonReload` of org.freedesktop.systemd1(5)).
    fn needs_daemon_reload(&self, unit: &str) -> Result<Known<bool>, HostError> {
        let argv = ["systemctl", "show", "--property=NeedDaemonReload", "--value", "--", unit];
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        let command = Command { argv, timeout_ms: 30_000, ..Command::default() };
        Ok(self.probe(&Probe::Command(command))?.map(|answer| match answer {
            ProbeAnswer::Command(output) => output.stdout.trim() == "yes",
            _ => false,
        }))
    }

    /// An observation by process or connection.
    fn probe(&self, probe: &Probe) -> Result<Known<ProbeAnswer>, HostError>;

    /// What a dry run has pending; nothing on any other host.
    fn pending(&self) -> Pending {
        Pending::default()
    }

    /// Facts under Ansible's names (`ansible_distribution`, …); parts may be unknown.
    fn facts(&self) -> Result<Map, HostError>;

    /// Tells which units will be asked for, so that they can be read in one call.
    fn expect_units(&self, _names: &[String]) {}

    /// The files that an installed package brought, as its manager lists them; empty if it is not
    /// installed.
    fn package_files(&self, _name: &str) -> Result<Vec<PathBuf>, HostError> {
        Ok(Vec::new())
    }

    /// The names in a directory, sorted, without `.` and `..`.
    ///
    /// # Errors
    /// If it is absent, no directory, or cannot be read.
    fn list(&self, path: &Path) -> Result<Known<Vec<String>>, HostError> {
        Err(HostError::failed(format!("cannot list {}", path.display())))
    }

    /// Lets time pass between two looks.
    fn pause(&self, time: Duration) {
        clock::pause(time);
    }

    /// The time since some moment that stays the same for the process: for measuring.
    fn clock(&self) -> Duration {
        clock::since_start()
    }
}

/// A host that performs actions.
pub trait Host: View {
    /// Performs one action, exactly it.
    ///
    /// # Errors
    /// [`HostError::Stale`] if what it replaces is no longer there; else what went wrong. A failed
    /// action leaves the old state or the new, nothing in between.
    fn perform(&mut self, action: &Action) -> Result<Performed, HostError>;

    /// The same host, read-only.
    fn view(&self) -> &dyn View;

    /// A dry run's note that this action may be performed or not: what it touches is unknown from
    /// here on. Real hosts have nothing to note.
    ///
    /// # Errors
    /// As [`Host::perform`], if it could not be performed at all.
    fn might(&mut self, _action: &Action, _origin: &Origin) -> Result<(), HostError> {
        Ok(())
    }

    /// A dry run's note that this action, which was performed, may not have been: what it touches
    /// is unknown. Real hosts have nothing to note.
    fn doubt(&mut self, _action: &Action, _origin: &Origin) {}

    /// A dry run's note that something unforeseen happens to these: absolute paths, unit names,
    /// `network`. Real hosts have nothing to note.
    fn unsettle(&mut self, _names: &[String], _origin: &Origin) {}
}
