//! Who owns files of a host in memory: on disk owners are numbers, so they are renamed with the
//! accounts that have those numbers.

use super::world::{Entry, World};
use std::path::Path;

/// A user or a group.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose {
    User,
    Group,
}

impl World {
    /// Files of one owner are another's from now on; those below `but` stay.
    fn rename_owner(&mut self, whose: Whose, from: &str, to: &str, but: Option<&Path>) {
        for (path, entry) in &mut self.files {
            if but.is_some_and(|home| path.starts_with(home)) {
                continue;
            }
            let owner = match (entry, whose) {
                (Entry::File(file), Whose::User) => &mut file.owner,
                (Entry::File(file), Whose::Group) => &mut file.group,
                (Entry::Directory(folder), Whose::User) => &mut folder.owner,
                (Entry::Directory(folder), Whose::Group) => &mut folder.group,
                (Entry::Link(_) | Entry::Other(_), _) => continue,
            };
            if owner.as_deref() == Some(from) {
                *owner = Some(to.to_owned());
            }
        }
    }

    /// An account leaves its number behind on its files.
    pub(super) fn leave_number(
        &mut self,
        whose: Whose,
        name: &str,
        number: u32,
        but: Option<&Path>,
    ) {
        self.rename_owner(whose, name, &number.to_string(), but);
    }

    /// An account finds files of its number.
    pub(super) fn take_number(&mut self, whose: Whose, name: &str, number: u32) {
        self.rename_owner(whose, &number.to_string(), name, None);
    }

    /// What a number is called, if it is an account's.
    pub(super) fn called(&self, whose: Whose, owner: &str) -> String {
        let Ok(number) = owner.parse::<u32>() else { return owner.to_owned() };
        let name = match whose {
            Whose::User => self.users.iter().find(|user| user.uid == number).map(|user| &user.name),
            Whose::Group => {
                self.groups.iter().find(|group| group.gid == number).map(|group| &group.name)
            }
        };
        name.cloned().unwrap_or_else(|| owner.to_owned())
    }
}
