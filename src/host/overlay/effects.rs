//! What each action does to a dry run's host, and what it makes unknown.

use super::Overlay;
use super::numbers::Owners;
use crate::host::local::fact_sources;
use crate::host::{Action, HostError, Touch, unit_name};
use crate::value::{Known, Origin, Value};
use std::path::Path;

impl Overlay<'_> {
    /// The host as it is after this action.
    pub(super) fn take_effect(&mut self, action: &Action) -> Result<(), HostError> {
        self.note_unit_files(action)?;
        let origin = || Origin::new(format!("the change of {}", action.target()));
        match action {
            Action::WriteFile { path, content, .. } => {
                self.note_written_accounts(path, &content.bytes, &origin())?;
            }
            Action::Symlink { path, .. } | Action::Remove { path, .. } => {
                self.note_account_file(path, &origin());
            }
            _ => {}
        }
        match action {
            Action::WriteFile { path, content, attributes, backup, .. } => {
                if *backup && !content.secret {
                    self.keep_backup(path)?;
                }
                self.unit_file_written(path, &content.bytes)?;
                self.write(path, &content.bytes, attributes)?;
            }
            Action::Remove { path, .. } => {
                let origin = Origin::new(format!("the removal of {}", path.display()));
                self.unit_file_unknown(path, true, &origin)?;
                self.put_absent(path)?;
            }
            Action::MakeDirectory { path, attributes, .. } => {
                self.make_directory(path, attributes)?;
            }
            Action::Symlink { path, target, .. } => {
                let origin = Origin::new(format!("the link {}", path.display()));
                self.unit_file_unknown(path, false, &origin)?;
                self.symlink(path, target.clone())?;
            }
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
            // A reload starts what is not running.
            Action::Restart { unit } | Action::Reload { unit } => self.start_anew(unit)?,
            Action::DaemonReload => {
                self.stale_units = Some(Known::Is(false));
                self.unread.clear();
            }
            Action::Run { command, .. } => {
                let origin = Origin::new(format!("the command `{}`", command.argv.join(" ")));
                self.blur(action, &origin)?;
            }
            Action::Request(request) => {
                let origin = Origin::new(format!("the request {} {}", request.method, request.url));
                self.blur(action, &origin)?;
            }
        }
        Ok(())
    }

    /// The host as it is when the action may have been performed or not.
    pub(super) fn blur(&mut self, action: &Action, origin: &Origin) -> Result<(), HostError> {
        action.touches().iter().try_for_each(|touch| self.touch_unknown(touch, origin))
    }

    /// From here on it is not known.
    pub(super) fn touch_unknown(
        &mut self,
        touch: &Touch<'_>,
        origin: &Origin,
    ) -> Result<(), HostError> {
        match touch {
            Touch::Path(path) => {
                self.note_unit_path(path, origin);
                self.note_account_file(path, origin);
                self.unit_file_unknown(path, false, origin)?;
                self.path_unknown(path, origin)?;
            }
            Touch::Tree(path) => {
                self.note_unit_path(path, origin);
                self.note_account_file(path, origin);
                self.unit_file_unknown(path, true, origin)?;
                self.path_unknown(path, origin)?;
            }
            Touch::Attributes(path) => self.path_unknown(path, origin)?,
            Touch::User(name) => {
                self.sure_users.remove(*name);
                self.users.insert((*name).to_owned(), Known::Unknown(origin.clone()));
                self.account_files_change(origin)?;
            }
            Touch::Group(name) => {
                self.sure_groups.remove(*name);
                self.groups.insert((*name).to_owned(), Known::Unknown(origin.clone()));
                self.account_files_change(origin)?;
            }
            Touch::UserNumber(name) => {
                self.set_number(Owners::Users, name, Known::Unknown(origin.clone()), None)?;
            }
            Touch::GroupNumber(name) => {
                self.set_number(Owners::Groups, name, Known::Unknown(origin.clone()), None)?;
            }
            Touch::Unit(unit) => {
                self.unit_starts(unit, false, origin)?;
                self.unit_stops(unit, false, origin)?;
                self.unit_is_linked(unit, origin)?;
                self.units.insert(unit_name(unit), Known::Unknown(origin.clone()));
            }
            Touch::UnitFiles => self.stale_units = Some(Known::Unknown(origin.clone())),
            Touch::Packages(transaction) => self.blur_transaction(transaction, origin)?,
            Touch::PackageDatabase => {
                self.packages.repaired = None;
                self.packages.maybe_repaired = Some(origin.clone());
            }
            Touch::Network => self.network = Some(origin.clone()),
            Touch::Everything => self.forget_everything(origin),
        }
        Ok(())
    }

    pub(super) fn note_pending(&mut self, action: &Action, origin: &Origin) {
        self.pending.acted.get_or_insert_with(|| origin.clone());
        if matches!(action, Action::Run { .. } | Action::Request(_)) {
            self.pending.commanded.get_or_insert_with(|| origin.clone());
        }
    }

    /// Makes a fact unknown if what it is read from is no longer as it was.
    pub(super) fn forget_fact(&self, name: &str, value: &mut Value) {
        let gone = fact_sources(name).iter().find_map(|source| match *source {
            "network" => self.network.clone(),
            path if self.files.contains_key(Path::new(path)) => {
                Some(Origin::new(format!("the change of {path}")))
            }
            _ => self.everything.clone(),
        });
        if let Some(origin) = gone {
            *value = Value::Unknown(origin);
        }
    }

    /// Something that may be anything is pending.
    pub(super) fn forget_everything(&mut self, origin: &Origin) {
        self.put_unknown(Path::new("/"), origin);
        self.units.clear();
        self.users.clear();
        self.groups.clear();
        self.sure_users.clear();
        self.sure_groups.clear();
        self.uids.clear();
        self.gids.clear();
        self.stale_units = Some(Known::Unknown(origin.clone()));
        self.network = Some(origin.clone());
        self.everything = Some(origin.clone());
    }
}
