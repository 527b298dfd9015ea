//! What each action does to a dry run's host, and what it makes unknown.

use super::Overlay;
use crate::host::foreign_folder;
use crate::host::{
    Action, Assumption, Attributes, CommandOutput, HostError, HttpReply, ServiceChange, Stat,
    Touch, UserEntry, unit_name,
};
use crate::value::{Known, Map, Origin, Value};
use std::path::Path;

impl Overlay<'_> {
    /// Fails where performing it would: no parent directory, no such
    /// owner, a folder that a stranger can write to. Tells what has to be
    /// so for it and is not known yet.
    pub(super) fn possible(&self, action: &Action) -> Result<Vec<Assumption>, HostError> {
        let assumptions = match action {
            Action::WriteFile { path, attributes, validate, .. } => {
                let accepted = validate
                    .as_ref()
                    .map(|validate| Assumption::Accepted { by: validate.argv.join(" ") });
                [self.parent_is_directory(path)?, self.owners_exist(attributes)?, accepted]
            }
            Action::MakeDirectory { path, attributes, .. } => {
                [self.parent_is_directory(path)?, self.owners_exist(attributes)?, None]
            }
            Action::Symlink { path, .. } => [self.parent_is_directory(path)?, None, None],
            Action::SetAttributes { attributes, .. } => {
                [self.owners_exist(attributes)?, None, None]
            }
            Action::User { entry: Some(entry), .. } => [self.groups_exist(entry)?, None, None],
            Action::Group { name, present: false, .. } => {
                if let Some(user) = self.virtual_primary_user_of(name)? {
                    return Err(HostError::failed(format!(
                        "cannot remove group `{name}`: it is the primary group of `{user}`"
                    )));
                }
                let origin = self.unknown_primary_user();
                let nobodys = |origin: Origin| Assumption::NoPrimaryGroup {
                    name: name.clone(),
                    origin: origin.to_string(),
                };
                [origin.map(nobodys), None, None]
            }
            Action::Remove { .. }
            | Action::Packages(_)
            | Action::RepairPackages { .. }
            | Action::Service { .. }
            | Action::Restart { .. }
            | Action::Reload { .. }
            | Action::DaemonReload
            | Action::User { entry: None, .. }
            | Action::Group { present: true, .. }
            | Action::Run { .. }
            | Action::Request(_) => [None, None, None],
        };
        foreign_folder::check(self, action)?;
        Ok(assumptions.into_iter().flatten().collect())
    }

    fn parent_is_directory(&self, path: &Path) -> Result<Option<Assumption>, HostError> {
        let Some(parent) = path.parent() else { return Ok(None) };
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
            Known::Unknown(origin) if !self.is_surely_directory(parent) => {
                let path = parent.display().to_string();
                Ok(Some(Assumption::IsDirectory { path, origin: origin.to_string() }))
            }
            _ => Ok(None),
        }
    }

    fn owners_exist(&self, attributes: &Attributes) -> Result<Option<Assumption>, HostError> {
        let is_number = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
        let mut assumed = None;
        if let Some(owner) = attributes.owner.as_ref().filter(|owner| !is_number(owner)) {
            match self.virtual_user(owner)? {
                Known::Is(None) => {
                    return Err(missing("user", owner));
                }
                Known::Unknown(origin) if !self.sure_users.contains(owner) => {
                    assumed = Some(Assumption::user_exists(owner, &origin));
                }
                _ => {}
            }
        }
        let group = attributes.group.as_ref().filter(|group| !is_number(group));
        Ok(assumed.or(self.group_exists(group)?))
    }

    fn groups_exist(&self, entry: &UserEntry) -> Result<Option<Assumption>, HostError> {
        let mut assumed = None;
        for group in entry.group.iter().chain(entry.groups.iter().flatten()) {
            assumed = assumed.or(self.group_exists(Some(group))?);
        }
        Ok(assumed)
    }

    fn group_exists(&self, group: Option<&String>) -> Result<Option<Assumption>, HostError> {
        let Some(group) = group else { return Ok(None) };
        match self.virtual_group(group)? {
            Known::Is(None) => Err(missing("group", group)),
            Known::Unknown(origin) if !self.sure_groups.contains(group) => {
                Ok(Some(Assumption::group_exists(group, &origin)))
            }
            _ => Ok(None),
        }
    }

    /// The host as it is after this action.
    pub(super) fn take_effect(&mut self, action: &Action) -> Result<(), HostError> {
        self.note_unit_files(action);
        match action {
            Action::WriteFile { path, content, attributes, .. } => {
                self.unit_file_written(path, &content.bytes)?;
                self.write(path, &content.bytes, attributes)?;
            }
            Action::Remove { path, .. } => {
                let origin = Origin::new(format!("the removal of {}", path.display()));
                self.unit_file_unknown(path, true, &origin)?;
                self.put_absent(path);
            }
            Action::MakeDirectory { path, attributes, .. } => {
                self.make_directory(path, attributes)?;
            }
            Action::Symlink { path, target, .. } => {
                let origin = Origin::new(format!("the link {}", path.display()));
                self.unit_file_unknown(path, false, &origin)?;
                self.symlink(path.clone(), target.clone());
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
            Action::Restart { unit } | Action::Reload { unit } => {
                self.change_unit(unit, ServiceChange::Start)?;
            }
            Action::DaemonReload => self.stale_units = Some(Known::Is(false)),
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
                self.unit_file_unknown(path, false, origin)?;
                self.put_unknown(path, origin);
            }
            Touch::Tree(path) => {
                self.note_unit_path(path, origin);
                self.unit_file_unknown(path, true, origin)?;
                self.put_unknown(path, origin);
            }
            Touch::Attributes(path) => self.put_unknown(path, origin),
            Touch::User(name) => {
                self.sure_users.remove(*name);
                self.users.insert((*name).to_owned(), Known::Unknown(origin.clone()));
            }
            Touch::Group(name) => {
                self.sure_groups.remove(*name);
                self.groups.insert((*name).to_owned(), Known::Unknown(origin.clone()));
            }
            Touch::Unit(unit) => {
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

    /// Something that may be anything is pending.
    pub(super) fn forget_everything(&mut self, origin: &Origin) {
        self.put_unknown(Path::new("/"), origin);
        self.units.clear();
        self.users.clear();
        self.groups.clear();
        self.sure_users.clear();
        self.sure_groups.clear();
        self.stale_units = Some(Known::Unknown(origin.clone()));
        self.network = Some(origin.clone());
        self.everything = Some(origin.clone());
    }
}

fn missing(kind: &str, name: &str) -> HostError {
    HostError::Failed {
        message: format!("there is no {kind} `{name}`"),
        notes: Vec::new(),
        help: Some(format!("declare it before this task: `{kind}: {{name: {name}}}`")),
    }
}

/// What an act would bring back: every member of its result, unknown.
pub(super) fn result_of(action: &Action, origin: &Origin) -> Map {
    let members: &[&str] = match action {
        Action::Run { .. } => CommandOutput::MEMBERS,
        Action::Request(_) => HttpReply::MEMBERS,
        Action::WriteFile { .. }
        | Action::Remove { .. }
        | Action::MakeDirectory { .. }
        | Action::Symlink { .. }
        | Action::SetAttributes { .. }
        | Action::Packages(_)
        | Action::RepairPackages { .. }
        | Action::Service { .. }
        | Action::Restart { .. }
        | Action::Reload { .. }
        | Action::DaemonReload
        | Action::User { .. }
        | Action::Group { .. } => &[],
    };
    members.iter().map(|name| ((*name).to_owned(), Value::Unknown(origin.clone()))).collect()
}
