//! What the real host would refuse is refused in a dry run too; what would have to be so for an
//! action, and cannot be known yet, is called an assumption.

use super::Overlay;
use crate::host::{
    Action, Assumption, Attributes, HostError, PathChange, ServiceChange, Stat, UserEntry,
    foreign_folder, unit_name,
};
use crate::value::{Known, Origin};
use std::path::Path;

/// What has to be so.
type Assumed = Result<Option<Assumption>, HostError>;

impl Overlay<'_> {
    /// Fails where performing it would: no parent directory, no such owner, a folder that a
    /// stranger can write to, a mount point, a number that is taken. Tells what has to be so for
    /// it and is not known yet.
    pub(super) fn possible(&self, action: &Action) -> Result<Vec<Assumption>, HostError> {
        let mut assumed = match action {
            Action::WriteFile { path, attributes, validate, .. } => vec![
                self.parent_is_directory(path)?,
                self.owners_exist(attributes)?,
                validate.as_ref().map(|one| Assumption::Accepted { by: one.argv.join(" ") }),
                self.admitted(path, PathChange::Replace)?,
            ],
            Action::MakeDirectory { path, attributes, .. } => vec![
                self.parent_is_directory(path)?,
                self.owners_exist(attributes)?,
                self.admitted(path, PathChange::Attributes)?,
            ],
            Action::Symlink { path, .. } => {
                vec![self.parent_is_directory(path)?, self.admitted(path, PathChange::Replace)?]
            }
            Action::SetAttributes { path, attributes, .. } => {
                vec![self.owners_exist(attributes)?, self.admitted(path, PathChange::Attributes)?]
            }
            Action::Remove { path, .. } => vec![self.admitted(path, PathChange::Remove)?],
            Action::User { name, entry: Some(entry), .. } => self.entry_possible(name, entry)?,
            Action::User { name, entry: None, .. } => vec![self.is_idle(name)?],
            Action::Group { name, present: true, gid, .. } => {
                let taken = gid.map(|gid| self.virtual_group_of(gid)).transpose()?;
                vec![free(taken, "group", name, gid.unwrap_or_default())?]
            }
            Action::Group { name, present: false, .. } => vec![self.is_nobodys(name)?],
            Action::Service { unit, change, .. } => vec![self.change_possible(unit, *change)?],
            Action::Reload { unit } => vec![self.can_reload(unit)?],
            Action::Run { .. } => match action.kernel_setting() {
                Some(path) => vec![self.admitted(path, PathChange::Within)?],
                None => Vec::new(),
            },
            Action::Packages(_)
            | Action::RepairPackages { .. }
            | Action::Restart { .. }
            | Action::DaemonReload
            | Action::Request(_) => Vec::new(),
        };
        assumed.push(foreign_folder::check(self, action)?);
        Ok(assumed.into_iter().flatten().collect())
    }

    fn parent_is_directory(&self, path: &Path) -> Assumed {
        let Some(parent) = path.parent() else { return Ok(None) };
        let place = self.folder_place(parent)?;
        match self.stat_at(&place)? {
            Known::Is(Stat::Absent) => Err(HostError::Failed {
                message: format!("cannot write {}: no such directory", path.display()),
                notes: Vec::new(),
                help: Some(format!(
                    "declare it first: `file: {{path: {}, state: directory}}`",
                    place.display()
                )),
            }),
            Known::Is(Stat::File(_) | Stat::Other(_)) => Err(HostError::failed(format!(
                "cannot write {}: {} is not a directory",
                path.display(),
                parent.display()
            ))),
            Known::Unknown(origin) if !self.is_marked_directory(&place) => {
                Ok(Some(is_directory(parent, &origin)))
            }
            _ => Ok(None),
        }
    }

    /// What the host below would refuse at a path that is still as it was. Something that may
    /// have been done to it since, a command, makes of the refusal an assumption.
    fn admitted(&self, path: &Path, change: PathChange) -> Assumed {
        let place = self.place(path)?;
        if self.files.contains_key(&place) || self.covering(&place).is_some() {
            return Ok(None);
        }
        match (self.inner.admits(&place, change), self.pending.commanded.as_ref()) {
            (Ok(()), _) => Ok(None),
            (Err(error), None) => Err(error),
            (Err(error), Some(origin)) => Ok(Some(Assumption::NoLongerRefused {
                refusal: error.to_string(),
                origin: origin.to_string(),
            })),
        }
    }

    fn owners_exist(&self, attributes: &Attributes) -> Assumed {
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

    fn group_exists(&self, group: Option<&String>) -> Assumed {
        let Some(group) = group else { return Ok(None) };
        match self.virtual_group(group)? {
            Known::Is(None) => Err(missing("group", group)),
            Known::Unknown(origin) if !self.sure_groups.contains(group) => {
                Ok(Some(Assumption::group_exists(group, &origin)))
            }
            _ => Ok(None),
        }
    }

    /// A user's groups are there, the number is free, the home can be made, and nobody is at work
    /// whose number or home changes (usermod(8)).
    fn entry_possible(
        &self,
        name: &str,
        entry: &UserEntry,
    ) -> Result<Vec<Option<Assumption>>, HostError> {
        let mut assumed = None;
        for group in entry.group.iter().chain(entry.groups.iter().flatten()) {
            assumed = assumed.or(self.group_exists(Some(group))?);
        }
        let taken = entry.uid.map(|uid| self.virtual_user_of(uid)).transpose()?;
        let number = free(taken, "user", name, entry.uid.unwrap_or_default())?;
        let rest = match self.virtual_user(name)? {
            Known::Is(None) if entry.create_home => self.home_possible(name, entry)?,
            Known::Is(None) => None,
            Known::Is(Some(_)) | Known::Unknown(_)
                if entry.uid.is_some() || entry.home.is_some() =>
            {
                self.is_idle(name)?
            }
            Known::Is(Some(_)) | Known::Unknown(_) => None,
        };
        Ok(vec![assumed, number, rest])
    }

    /// Nothing stands where a home, or a folder above it, is to be made.
    fn home_possible(&self, name: &str, entry: &UserEntry) -> Assumed {
        let Known::Is(home) = self.home_of(name, entry)? else { return Ok(None) };
        for above in home.ancestors().skip(1) {
            let place = self.folder_place(above)?;
            match self.stat_at(&place)? {
                Known::Is(Stat::Absent) => {}
                Known::Is(Stat::Directory(_) | Stat::Symlink(_)) => return Ok(None),
                Known::Is(_) => {
                    return Err(HostError::failed(format!(
                        "cannot make the home {}: {} is not a directory",
                        home.display(),
                        above.display()
                    )));
                }
                Known::Unknown(_) if self.is_marked_directory(&place) => return Ok(None),
                Known::Unknown(origin) => {
                    return Ok(Some(is_directory(above, &origin)));
                }
            }
        }
        Ok(None)
    }

    /// No process of this user's runs.
    fn is_idle(&self, name: &str) -> Assumed {
        let Some(process) = self.inner.process_of(name)? else { return Ok(None) };
        match &self.pending.acted {
            None => Err(HostError::failed(format!(
                "user `{name}` is at work: process {process} is his"
            ))),
            Some(origin) => {
                let origin = origin.to_string();
                Ok(Some(Assumption::Idle { name: name.to_owned(), origin }))
            }
        }
    }

    fn is_nobodys(&self, group: &str) -> Assumed {
        if let Some(user) = self.virtual_primary_user_of(group)? {
            return Err(HostError::failed(format!(
                "cannot remove group `{group}`: it is the primary group of `{user}`"
            )));
        }
        let nobodys = |origin: Origin| Assumption::NoPrimaryGroup {
            name: group.to_owned(),
            origin: origin.to_string(),
        };
        Ok(self.unknown_primary_user().map(nobodys))
    }

    /// Refuses to start what ends by itself, which never is `started`, and to mask what has a file
    /// where the mask would be.
    fn change_possible(&self, unit: &str, change: ServiceChange) -> Assumed {
        let unit = unit_name(unit);
        match change {
            ServiceChange::Start => match self.ties(&unit)? {
                Known::Is(ties) if ties.ends => Err(HostError::ends_by_itself(&unit)),
                Known::Is(_) => Ok(None),
                Known::Unknown(origin) => {
                    Ok(Some(Assumption::StaysUp { unit, origin: origin.to_string() }))
                }
            },
            ServiceChange::Mask => {
                let path = Path::new("/etc/systemd/system").join(&unit);
                match self.virtual_stat(&path)? {
                    Known::Is(Stat::Absent) => Ok(None),
                    Known::Is(Stat::Symlink(to)) if to == Path::new("/dev/null") => Ok(None),
                    Known::Is(_) => Err(HostError::cannot_be_masked(&unit)),
                    Known::Unknown(origin) => {
                        let path = path.display().to_string();
                        Ok(Some(Assumption::IsAbsent { path, origin: origin.to_string() }))
                    }
                }
            }
            ServiceChange::Enable
            | ServiceChange::Disable
            | ServiceChange::Stop
            | ServiceChange::Unmask => Ok(None),
        }
    }

    /// A unit that runs can read its configuration again; one that does not is started.
    fn can_reload(&self, unit: &str) -> Assumed {
        let unit = unit_name(unit);
        match (self.virtual_unit(&unit)?, self.ties(&unit)?) {
            (Known::Is(state), Known::Is(ties)) if state.active && !ties.reloads => {
                Err(HostError::cannot_reload(&unit))
            }
            _ => Ok(None),
        }
    }
}

/// A number that nobody else has.
fn free(taken: Option<Known<Option<String>>>, kind: &str, name: &str, number: u32) -> Assumed {
    match taken {
        Some(Known::Is(Some(other))) if other != name => Err(HostError::failed(format!(
            "cannot give {kind} `{name}` the number {number}: `{other}` has it"
        ))),
        Some(Known::Unknown(origin)) => {
            let origin = origin.to_string();
            Ok(Some(match kind {
                "user" => Assumption::FreeUserNumber { number, origin },
                _ => Assumption::FreeGroupNumber { number, origin },
            }))
        }
        _ => Ok(None),
    }
}

fn is_directory(path: &Path, origin: &Origin) -> Assumption {
    Assumption::IsDirectory { path: path.display().to_string(), origin: origin.to_string() }
}

fn missing(kind: &str, name: &str) -> HostError {
    HostError::Failed {
        message: format!("there is no {kind} `{name}`"),
        notes: Vec::new(),
        help: Some(format!("declare it before this task: `{kind}: {{name: {name}}}`")),
    }
}
