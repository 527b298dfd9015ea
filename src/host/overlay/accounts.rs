//! Users and groups of a dry run.

use super::Overlay;
use crate::host::{Group, HostError, User, UserEntry};
use crate::value::{Known, Origin};

impl Overlay<'_> {
    pub(super) fn virtual_user(&self, name: &str) -> Result<Known<Option<User>>, HostError> {
        if let Some(pending) = self.users.get(name) {
            return Ok(pending.clone());
        }
        let under = self.inner.user(name)?;
        Ok(self.maybe_brought(under))
    }

    pub(super) fn virtual_group(&self, name: &str) -> Result<Known<Option<Group>>, HostError> {
        if let Some(pending) = self.groups.get(name) {
            return Ok(pending.clone());
        }
        let under = self.inner.group(name)?;
        Ok(self.maybe_brought(under))
    }

    /// A package may bring accounts that are not there yet.
    fn maybe_brought<T>(&self, under: Known<Option<T>>) -> Known<Option<T>> {
        match (under, self.packages.may_bring_files()) {
            (Known::Is(None), Some(origin)) => Known::Unknown(origin),
            (under, _) => under,
        }
    }

    pub(super) fn change_user(
        &mut self,
        name: &str,
        entry: Option<&UserEntry>,
    ) -> Result<(), HostError> {
        let origin = Origin::new(format!("user {name}"));
        let after = match entry {
            None => Known::Is(None),
            Some(entry) => match self.virtual_user(name)? {
                Known::Is(Some(old)) if entry.password.is_none() => {
                    Known::Is(Some(changed(old, entry)))
                }
                // The host chooses what is not declared (number, shell, home, salt).
                _ => Known::Unknown(origin.clone()),
            },
        };
        if entry.is_some() && self.virtual_group(name)? == Known::Is(None) {
            self.groups.insert(name.to_owned(), Known::Unknown(origin));
        }
        self.users.insert(name.to_owned(), after);
        Ok(())
    }

    pub(super) fn change_group(
        &mut self,
        name: &str,
        present: bool,
        gid: Option<u32>,
    ) -> Result<(), HostError> {
        let after = match (present, gid) {
            (false, _) => Known::Is(None),
            (true, Some(gid)) => Known::Is(Some(Group { name: name.to_owned(), gid })),
            (true, None) => match self.virtual_group(name)? {
                Known::Is(Some(old)) => Known::Is(Some(old)),
                _ => Known::Unknown(Origin::new(format!("group {name}"))),
            },
        };
        self.groups.insert(name.to_owned(), after);
        Ok(())
    }

    /// Whether a file can be given to this owner or group.
    pub(super) fn can_own<T>(&self, found: &Known<Option<T>>, name: &str) -> bool {
        !matches!(found, Known::Is(None)) || name.bytes().all(|byte| byte.is_ascii_digit())
    }
}

fn changed(old: User, entry: &UserEntry) -> User {
    User {
        name: old.name,
        uid: entry.uid.unwrap_or(old.uid),
        group: entry.group.clone().unwrap_or(old.group),
        groups: entry.groups.clone().map_or(old.groups, |mut groups| {
            groups.sort();
            groups
        }),
        comment: entry.comment.clone().unwrap_or(old.comment),
        home: entry.home.clone().unwrap_or(old.home),
        shell: entry.shell.clone().unwrap_or(old.shell),
        password_hash: old.password_hash,
    }
}
