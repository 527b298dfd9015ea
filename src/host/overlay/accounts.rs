//! Users and groups of a dry run.

use super::Overlay;
use super::numbers::Owners;
use crate::host::{Group, HostError, Stat, User, UserEntry};
use crate::value::{Known, Origin};
use std::path::Path;

impl Overlay<'_> {
    pub(super) fn virtual_user(&self, name: &str) -> Result<Known<Option<User>>, HostError> {
        let user = match self.users.get(name) {
            Some(pending) => pending.clone(),
            None => self.maybe_brought(name, self.inner.user(name)?),
        };
        let Known::Is(Some(mut user)) = user else { return Ok(user) };
        // A group that goes has no members.
        let unknown = user.groups.iter().find_map(|group| match self.groups.get(group) {
            Some(Known::Unknown(origin)) if !self.sure_groups.contains(group) => Some(origin),
            _ => None,
        });
        if let Some(origin) = unknown {
            return Ok(Known::Unknown(origin.clone()));
        }
        user.groups.retain(|group| self.groups.get(group) != Some(&Known::Is(None)));
        Ok(Known::Is(Some(user)))
    }

    pub(super) fn virtual_group(&self, name: &str) -> Result<Known<Option<Group>>, HostError> {
        if let Some(pending) = self.groups.get(name) {
            return Ok(pending.clone());
        }
        let under = self.inner.group(name)?;
        Ok(self.maybe_brought(name, under))
    }

    /// A package may bring accounts that are not there yet; who edits their files may bring any.
    fn maybe_brought<T>(&self, name: &str, under: Known<Option<T>>) -> Known<Option<T>> {
        let edited = self.accounts_edited.as_ref().filter(|_| name != "root");
        if let Some(origin) = self.everything.as_ref().or(edited) {
            return Known::Unknown(origin.clone());
        }
        match (under, self.packages.may_bring_files()) {
            (Known::Is(None), Some(origin)) => Known::Unknown(origin),
            (under, _) => under,
        }
    }

    /// Something else than an account's own action writes the files that accounts are read from.
    pub(super) fn note_account_file(&mut self, path: &Path, origin: &Origin) {
        if matches!(path.to_str(), Some("/etc/passwd" | "/etc/group" | "/etc/shadow" | "/etc")) {
            self.accounts_edited = Some(origin.clone());
        }
    }

    pub(super) fn change_user(
        &mut self,
        name: &str,
        entry: Option<&UserEntry>,
    ) -> Result<(), HostError> {
        let origin = Origin::new(format!("user {name}"));
        let before = self.virtual_user(name)?;
        match entry {
            None => self.user_goes(name, &before, &origin)?,
            Some(entry) => self.user_becomes(name, entry, before, &origin)?,
        }
        self.account_files_change(&origin)
    }

    fn user_becomes(
        &mut self,
        name: &str,
        entry: &UserEntry,
        before: Known<Option<User>>,
        origin: &Origin,
    ) -> Result<(), HostError> {
        let after = match before.clone() {
            Known::Is(Some(old)) => {
                self.home_follows(&old, entry, origin)?;
                old.after(entry).map(Some)
            }
            // The host chooses what is not declared (number, shell, home).
            Known::Is(None) => {
                self.own_group(name, entry, origin)?;
                self.make_home(name, entry, origin)?;
                let uid =
                    entry.uid.map_or(Known::Unknown(origin.clone()), |uid| Known::Is(Some(uid)));
                self.set_number(Owners::Users, name, uid, None)?;
                Known::Unknown(origin.clone())
            }
            Known::Unknown(why) => {
                if entry.create_home
                    && let Known::Is(home) = self.home_of(name, entry)?
                {
                    self.path_unknown(&home, &why)?;
                }
                let number = match entry.uid {
                    Some(uid) => Known::Is(Some(uid)),
                    None => Known::Unknown(why),
                };
                self.set_number(Owners::Users, name, number, None)?;
                Known::Unknown(origin.clone())
            }
        };
        self.sure_users.insert(name.to_owned());
        self.users.insert(name.to_owned(), after);
        Ok(())
    }

    /// A new user's own group comes with it, where no other is declared.
    fn own_group(
        &mut self,
        name: &str,
        entry: &UserEntry,
        origin: &Origin,
    ) -> Result<(), HostError> {
        if entry.group.is_some() || matches!(self.virtual_group(name)?, Known::Is(Some(_))) {
            return Ok(());
        }
        match self.has_private_groups()? {
            Known::Is(false) => return Ok(()),
            Known::Is(true) => {
                self.sure_groups.insert(name.to_owned());
            }
            Known::Unknown(_) => {}
        }
        self.groups.insert(name.to_owned(), Known::Unknown(origin.clone()));
        self.set_number(Owners::Groups, name, Known::Unknown(origin.clone()), None)
    }

    /// What is in a user's home goes with its number and its primary group, if the home is its own
    /// (usermod(8)).
    fn home_follows(
        &mut self,
        old: &User,
        entry: &UserEntry,
        origin: &Origin,
    ) -> Result<(), HostError> {
        let uid = entry.uid.filter(|uid| *uid != old.uid);
        let group = entry.group.as_ref().filter(|group| **group != old.group);
        if uid.is_none() && group.is_none() {
            return Ok(());
        }
        let home = self.folder_place(Path::new(&old.home))?;
        let own = match self.stat_at(&home)? {
            Known::Is(Stat::Directory(all)) => Known::Is(all.owner == old.name),
            Known::Is(_) => Known::Is(false),
            Known::Unknown(why) => Known::Unknown(why),
        };
        if let Some(uid) = uid {
            let kept = (own == Known::Is(true)).then_some(home.as_path());
            self.set_number(Owners::Users, &old.name, Known::Is(Some(uid)), kept)?;
        }
        if own != Known::Is(false) && (group.is_some() || own != Known::Is(true)) {
            self.put_unknown(&home, origin);
        }
        Ok(())
    }

    /// The user's own group goes with it, if nobody else is in it (userdel(8)).
    fn user_goes(
        &mut self,
        name: &str,
        before: &Known<Option<User>>,
        origin: &Origin,
    ) -> Result<(), HostError> {
        let own = match (before, self.virtual_group(name)?) {
            (Known::Is(Some(user)), Known::Is(Some(_))) if user.group == name => {
                match (self.is_private(name, name)?, self.has_private_groups()?) {
                    (Some(false), _) | (_, Known::Is(false)) => Known::Is(false),
                    (Some(true), Known::Is(true)) => Known::Is(true),
                    _ => Known::Unknown(origin.clone()),
                }
            }
            (Known::Is(_), Known::Is(_)) => Known::Is(false),
            _ => Known::Unknown(origin.clone()),
        };
        match own {
            Known::Is(false) => {}
            Known::Is(true) => {
                self.sure_groups.remove(name);
                self.groups.insert(name.to_owned(), Known::Is(None));
                self.set_number(Owners::Groups, name, Known::Is(None), None)?;
            }
            Known::Unknown(why) => {
                self.sure_groups.remove(name);
                self.groups.insert(name.to_owned(), Known::Unknown(why.clone()));
                self.set_number(Owners::Groups, name, Known::Unknown(why), None)?;
            }
        }
        self.sure_users.remove(name);
        self.users.insert(name.to_owned(), Known::Is(None));
        self.set_number(Owners::Users, name, Known::Is(None), None)
    }

    /// Whether nobody but root and this user is in a group; `None` if that is not known.
    pub(super) fn is_private(&self, group: &str, owner: &str) -> Result<Option<bool>, HostError> {
        // Who is pending may become, or have been, one of its members.
        let settled = self.users.is_empty() && self.groups.is_empty() && self.everything.is_none();
        if settled { self.inner.is_private_group(group, owner) } else { Ok(None) }
    }

    /// A group is there for certain.
    pub(super) fn has_group(&self, name: &str) -> Result<bool, HostError> {
        let known = self.virtual_group(name)?;
        Ok(self.sure_groups.contains(name) || matches!(known, Known::Is(Some(_))))
    }

    pub(super) fn change_group(
        &mut self,
        name: &str,
        present: bool,
        gid: Option<u32>,
    ) -> Result<(), HostError> {
        let origin = Origin::new(format!("group {name}"));
        // What surely is there stays as it is, its unknown number too.
        if present && gid.is_none() && self.has_group(name)? {
            return Ok(());
        }
        let after = match (present, gid, self.virtual_group(name)?) {
            (false, _, _) => Known::Is(None),
            (true, Some(gid), _) => Known::Is(Some(Group { name: name.to_owned(), gid })),
            (true, None, Known::Is(Some(old))) => Known::Is(Some(old)),
            (true, None, _) => Known::Unknown(origin.clone()),
        };
        if present {
            self.sure_groups.insert(name.to_owned());
        } else {
            self.sure_groups.remove(name);
        }
        let number = after.clone().map(|group| group.map(|group| group.gid));
        self.groups.insert(name.to_owned(), after);
        self.set_number(Owners::Groups, name, number, None)?;
        self.account_files_change(&origin)
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
