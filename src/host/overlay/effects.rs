//! What each action does to a dry run's host, and what it makes unknown.

use super::Overlay;
use super::units::full_name;
use crate::host::{Action, Attributes, HostError, Stat};
use crate::value::{Known, Map, Origin, Value};
use std::path::Path;

impl Overlay<'_> {
    /// Fails where performing it would: no parent directory, no such owner.
    pub(super) fn possible(&self, action: &Action) -> Result<(), HostError> {
        match action {
            Action::WriteFile { path, attributes, .. }
            | Action::MakeDirectory { path, attributes, .. } => {
                self.parent_is_directory(path)?;
                self.owners_exist(attributes)
            }
            Action::Symlink { path, .. } => self.parent_is_directory(path),
            Action::SetAttributes { attributes, .. } => self.owners_exist(attributes),
            _ => Ok(()),
        }
    }

    fn parent_is_directory(&self, path: &Path) -> Result<(), HostError> {
        let Some(parent) = path.parent() else { return Ok(()) };
        match self.virtual_stat(parent)? {
            Known::Is(Stat::Absent) => Err(HostError::Failed {
                message: format!("cannot write {}: no such directory", path.display()),
                notes: Vec::new(),
                help: Some(format!(
                    "declare it first: `file: {{path: {}, state: directory}}`",
                    parent.display()
                )),
            }),
            Known::Is(Stat::File(_) | Stat::Other(_)) => Err(HostError::failed(format!(
                "cannot write {}: {} is not a directory",
                path.display(),
                parent.display()
            ))),
            _ => Ok(()),
        }
    }

    fn owners_exist(&self, attributes: &Attributes) -> Result<(), HostError> {
        if let Some(owner) = &attributes.owner
            && !self.can_own(&self.virtual_user(owner)?, owner)
        {
            return Err(HostError::failed(format!("there is no user `{owner}`")));
        }
        if let Some(group) = &attributes.group
            && !self.can_own(&self.virtual_group(group)?, group)
        {
            return Err(HostError::failed(format!("there is no group `{group}`")));
        }
        Ok(())
    }

    /// The host as it is after this action.
    pub(super) fn take_effect(&mut self, action: &Action) -> Result<(), HostError> {
        match action {
            Action::WriteFile { path, content, attributes, .. } => {
                self.write(path, &content.bytes, attributes)?;
            }
            Action::Remove { path, .. } => self.put_absent(path),
            Action::MakeDirectory { path, attributes, .. } => {
                self.make_directory(path, attributes)?;
            }
            Action::Symlink { path, target, .. } => self.symlink(path.clone(), target.clone()),
            Action::SetAttributes { path, attributes, .. } => {
                self.set_attributes(path, attributes)?;
            }
            Action::Packages(transaction) => self.apply_transaction(transaction)?,
            Action::RepairPackages { .. } => {
                let origin = Origin::new("the repair of the package database");
                self.packages.repaired = Some(origin);
            }
            Action::Service { unit, change, .. } => self.change_unit(unit, *change)?,
            Action::User { name, entry, .. } => self.change_user(name, entry.as_ref())?,
            Action::Group { name, present, gid, .. } => self.change_group(name, *present, *gid)?,
            Action::Restart { .. } | Action::Reload { .. } | Action::DaemonReload => {}
            Action::Run { changes, command } => {
                let origin = Origin::new(format!("the command `{}`", command.argv.join(" ")));
                self.make_unknown(changes, &origin);
            }
            Action::Request(_) => {}
        }
        Ok(())
    }

    /// The host as it is when the action may have been performed or not.
    pub(super) fn blur(&mut self, action: &Action, origin: &Origin) -> Result<(), HostError> {
        match action {
            Action::WriteFile { path, .. }
            | Action::Remove { path, .. }
            | Action::MakeDirectory { path, .. }
            | Action::Symlink { path, .. }
            | Action::SetAttributes { path, .. } => self.put_unknown(path, origin),
            Action::Packages(transaction) => {
                for unit in &transaction.hold {
                    self.units.insert(full_name(unit), Known::Unknown(origin.clone()));
                }
                self.packages.uncertain.push((transaction.clone(), origin.clone()));
            }
            Action::Service { unit, .. } => {
                self.units.insert(full_name(unit), Known::Unknown(origin.clone()));
            }
            Action::User { name, .. } => {
                self.users.insert(name.clone(), Known::Unknown(origin.clone()));
            }
            Action::Group { name, .. } => {
                self.groups.insert(name.clone(), Known::Unknown(origin.clone()));
            }
            _ => self.take_effect(action)?,
        }
        Ok(())
    }

    pub(super) fn note_pending(&mut self, action: &Action, origin: &Origin) {
        self.acted.get_or_insert_with(|| origin.clone());
        if matches!(action, Action::Run { .. } | Action::Request(_)) {
            self.commanded.get_or_insert_with(|| origin.clone());
        }
    }

    /// Paths, units or the network that something may have changed.
    pub(super) fn make_unknown(&mut self, names: &[String], origin: &Origin) {
        for name in names {
            if name.starts_with('/') {
                self.put_unknown(Path::new(name), origin);
            } else if name == "network" {
                self.network.get_or_insert_with(|| origin.clone());
            } else {
                self.units.insert(full_name(name), Known::Unknown(origin.clone()));
            }
        }
    }
}

/// What an act would bring back: every member of its result, unknown.
pub(super) fn result_of(action: &Action, origin: &Origin) -> Map {
    let members: &[&str] = match action {
        Action::Run { .. } => &["rc", "stdout", "stderr", "stdout_lines", "stderr_lines"],
        Action::Request(_) => &["status", "content", "json", "headers"],
        _ => &[],
    };
    members.iter().map(|name| ((*name).to_owned(), Value::Unknown(origin.clone()))).collect()
}
