//! What an action replaces, kept so that it can be undone: everything that its inverse needs.

use crate::host::{
    Action, Group, HostError, Manager, PackageChange, Stat, StatAttributes, Unit, User, View,
};
use crate::value::{Known, Sha256};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Contents of more bytes are not kept.
pub const LARGEST: usize = 16 << 20;
/// A removed tree of more members is not kept.
const MOST_MEMBERS: usize = 10_000;

/// What was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Before {
    /// At a path, with everything in it.
    Path {
        /// The path itself first, then what is in it, parents first.
        members: Vec<Member>,
        /// What the action wrote there, by its digest under the host's key.
        wrote: Option<Sha256>,
        /// Why not all of it is kept.
        left_out: Option<String>,
    },
    /// Every version that comes and goes.
    Packages {
        /// Who performs it.
        manager: Manager,
        /// What changes.
        changes: Vec<PackageChange>,
    },
    /// A unit's state.
    Unit {
        /// Its name.
        unit: String,
        /// What it was.
        was: Unit,
    },
    /// A user's entry.
    User {
        /// Login name.
        name: String,
        /// The entry; `None` if there was none.
        was: Option<User>,
    },
    /// A group's entry.
    Group {
        /// Name.
        name: String,
        /// The entry; `None` if there was none.
        was: Option<Group>,
    },
    /// An act, which has no inverse, or a state that could not be looked at.
    Nothing,
}

/// One path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Absolute.
    pub path: PathBuf,
    /// What is there.
    pub stat: Stat,
    /// Of a regular file, its content's digest under the host's key.
    pub content: Option<Sha256>,
}

/// Keeps a content, and says under which digest.
pub type Keep<'k> = dyn FnMut(&[u8]) -> Result<Sha256, HostError> + 'k;

impl Before {
    /// Looks at what an action is about to replace. Contents go to `keep`.
    ///
    /// # Errors
    /// Those of `keep`. What cannot be looked at is left out: the action will meet it, too.
    pub fn of(
        action: &Action,
        view: &dyn View,
        keyed: &dyn Fn(&[u8]) -> Sha256,
        keep: &mut Keep<'_>,
    ) -> Result<Self, HostError> {
        Ok(match action {
            Action::WriteFile { path, content, .. } => {
                Self::path(path, Some(keyed(&content.bytes)), true, view, keep)?
            }
            Action::Remove { path, .. } | Action::Symlink { path, .. } => {
                Self::path(path, None, true, view, keep)?
            }
            Action::MakeDirectory { path, .. } | Action::SetAttributes { path, .. } => {
                Self::path(path, None, false, view, keep)?
            }
            Action::Packages(transaction) => Self::Packages {
                manager: transaction.manager,
                changes: transaction.changes.clone(),
            },
            Action::Service { unit, before, .. } => match known(before, || view.unit(unit)) {
                Some(was) => Self::Unit { unit: unit.clone(), was },
                None => Self::Nothing,
            },
            Action::User { name, before, .. } => match known(before, || view.user(name)) {
                Some(was) => Self::User { name: name.clone(), was },
                None => Self::Nothing,
            },
            Action::Group { name, before, .. } => match known(before, || view.group(name)) {
                Some(was) => Self::Group { name: name.clone(), was },
                None => Self::Nothing,
            },
            Action::RepairPackages { .. }
            | Action::Restart { .. }
            | Action::Reload { .. }
            | Action::DaemonReload
            | Action::Run { .. }
            | Action::Request(_) => Self::Nothing,
        })
    }

    fn path(
        path: &Path,
        wrote: Option<Sha256>,
        contents: bool,
        view: &dyn View,
        keep: &mut Keep<'_>,
    ) -> Result<Self, HostError> {
        let mut tree = Tree { view, contents, bytes: 0, members: Vec::new(), left_out: None };
        tree.add(path, keep)?;
        Ok(Self::Path { members: tree.members, wrote, left_out: tree.left_out })
    }
}

/// What the plan found, else what is there now.
fn known<T: Clone>(
    before: &Known<T>,
    look: impl FnOnce() -> Result<Known<T>, HostError>,
) -> Option<T> {
    match before {
        Known::Is(was) => Some(was.clone()),
        Known::Unknown(_) => look().ok()?.known(),
    }
}

/// A path and what is in it, as far as it is kept.
struct Tree<'v> {
    view: &'v dyn View,
    contents: bool,
    bytes: usize,
    members: Vec<Member>,
    left_out: Option<String>,
}

impl Tree<'_> {
    fn add(&mut self, path: &Path, keep: &mut Keep<'_>) -> Result<(), HostError> {
        if self.left_out.is_some() {
            return Ok(());
        }
        if self.members.len() >= MOST_MEMBERS {
            self.left_out = Some(format!("it has more than {MOST_MEMBERS} members"));
            return Ok(());
        }
        let stat = match self.view.stat(path) {
            Ok(Known::Is(stat)) => stat,
            Ok(Known::Unknown(origin)) => return self.leave_out(&origin.to_string()),
            Err(error) => return self.leave_out(&error.to_string()),
        };
        let content = match &stat {
            Stat::File(_) if self.contents => match self.read(path) {
                Ok(content) => Some(keep(&content)?),
                Err(why) => return self.leave_out(&why),
            },
            _ => None,
        };
        let folder = self.contents && matches!(stat, Stat::Directory(StatAttributes { .. }));
        self.members.push(Member { path: path.to_owned(), stat, content });
        if folder {
            match self.view.list(path) {
                Ok(Known::Is(names)) => {
                    for name in names {
                        self.add(&path.join(name), keep)?;
                    }
                }
                Ok(Known::Unknown(origin)) => return self.leave_out(&origin.to_string()),
                Err(error) => return self.leave_out(&error.to_string()),
            }
        }
        Ok(())
    }

    fn read(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        let content = match self.view.read(path) {
            Ok(Known::Is(content)) => content,
            Ok(Known::Unknown(origin)) => return Err(origin.to_string()),
            Err(error) => return Err(error.to_string()),
        };
        self.bytes += content.len();
        if self.bytes > LARGEST {
            return Err(format!("it holds more than {} MiB", LARGEST >> 20));
        }
        Ok(content)
    }

    fn leave_out(&mut self, why: &str) -> Result<(), HostError> {
        self.left_out = Some(why.to_owned());
        Ok(())
    }
}
