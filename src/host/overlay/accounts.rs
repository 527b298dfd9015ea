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
        if let Some(origin) = &self.everything {
            return Known::Unknown(origin.clone());
        }
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
                Known::Is(Some(old)) => old.after(entry).map(Some),
                // The host chooses what is not declared (number, shell, home).
                _ => Known::Unknown(origin.clone()),
            },
        };
        if entry.is_some_and(|entry| entry.group.is_none())
            && self.virtual_user(name)? == Known::Is(None)
            && self.virtual_group(name)? == Known::Is(None)
        {
            self.groups.insert(name.to_owned(), Known::Unknown(origin));
            self.sure_groups.insert(name.to_owned());
        }
        if entry.is_some() {
            self.sure_users.insert(name.to_owned());
        } else {
            self.sure_users.remove(name);
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
        if present {
            self.sure_groups.insert(name.to_owned());
        } else {
            self.sure_groups.remove(name);
        }
        self.groups.insert(name.to_owned(), after);
        Ok(())
    }

    /// A user whose primary group this is for certain.
    pub(super) fn virtual_primary_user_of(&self, group: &str) -> Result<Option<String>, HostError> {
        let pending = self.users.values().find_map(|user| match user {
            Known::Is(Some(user)) if user.group == group => Some(user.name.clone()),
            _ => None,
        });
        if self.everything.is_some() {
            return Ok(pending);
        }
        let under = self.inner.primary_user_of(group)?;
        Ok(pending.or(under.filter(|user| !self.users.contains_key(user))))
    }

    /// Why there may be a user whose primary group is not known.
    pub(super) fn unknown_primary_user(&self) -> Option<Origin> {
        let pending = self.users.values().find_map(|user| match user {
            Known::Unknown(origin) => Some(origin),
            Known::Is(_) => None,
        });
        self.everything.as_ref().or(pending).cloned().or_else(|| self.packages.may_bring_files())
    }
}
