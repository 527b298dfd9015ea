//! Users and groups of a host in memory.

use super::world::{Entry, Owned, World};
use super::{Memory, stale};
use crate::host::{Group, HostError, User, UserEntry};
use crate::value::{Known, Secret, crypt};

impl World {
    /// A user's entry.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// A group's entry.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    pub(super) fn sort_accounts(&mut self) {
        self.users.sort_by(|a, b| a.name.cmp(&b.name));
        self.groups.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn free_uid(&self, system: bool) -> u32 {
        let taken = |id: &u32| self.users.iter().any(|user| user.uid == *id);
        free(system, taken)
    }

    fn free_gid(&self, system: bool) -> u32 {
        let taken = |id: &u32| self.groups.iter().any(|group| group.gid == *id);
        free(system, taken)
    }

    pub(super) fn ensure_group(&mut self, name: &str, gid: Option<u32>, system: bool) {
        if self.group(name).is_none() {
            let gid = gid.unwrap_or_else(|| self.free_gid(system));
            self.groups.push(Group { name: name.to_owned(), gid });
            self.sort_accounts();
        }
    }
}

/// As `useradd(8)` and `groupadd(8)` choose: system accounts downwards from 999, others upwards
/// from 1000.
fn free(system: bool, taken: impl Fn(&u32) -> bool) -> u32 {
    let found = if system {
        (100..=999).rev().find(|id| !taken(id))
    } else {
        (1000..=60_000).find(|id| !taken(id))
    };
    found.unwrap_or(65_000)
}

impl Memory {
    pub(super) fn change_user(
        &mut self,
        name: &str,
        entry: Option<&UserEntry>,
        before: &Known<Option<User>>,
    ) -> Result<(), HostError> {
        let found = self.world.user(name).cloned();
        if let Known::Is(planned) = before
            && *planned != found
        {
            return Err(stale(format!("user {name}"), format!("{found:?}")));
        }
        let Some(entry) = entry else {
            self.world.users.retain(|user| user.name != name);
            return Ok(());
        };
        for group in entry.group.iter().chain(entry.groups.iter().flatten()) {
            if self.world.group(group).is_none() {
                return Err(HostError::failed(format!("there is no group `{group}`")));
            }
        }
        let user = match found {
            Some(old) => old,
            None => self.new_user(name, entry),
        };
        if entry.create_home && !self.world.files.contains_key(std::path::Path::new(&user.home)) {
            let home = entry.home.clone().unwrap_or_else(|| user.home.clone());
            let place = self.world.place(std::path::Path::new(&home));
            self.world.make_parents(&place);
            self.world.files.entry(place).or_insert_with(|| {
                Entry::Directory(Owned {
                    mode: None,
                    owner: Some(name.to_owned()),
                    group: Some(user.group.clone()),
                })
            });
        }
        let changed = User {
            name: user.name,
            uid: entry.uid.unwrap_or(user.uid),
            group: entry.group.clone().unwrap_or(user.group),
            groups: entry.groups.clone().map_or(user.groups, |mut groups| {
                groups.sort();
                groups.dedup();
                groups
            }),
            comment: entry.comment.clone().unwrap_or(user.comment),
            home: entry.home.clone().unwrap_or(user.home),
            shell: entry.shell.clone().unwrap_or(user.shell),
            password_hash: match &entry.password {
                Some(password) => Some(Secret::new(stored_password(password.expose()))),
                None => user.password_hash,
            },
        };
        self.world.users.retain(|user| user.name != name);
        self.world.users.push(changed);
        self.world.sort_accounts();
        Ok(())
    }

    fn new_user(&mut self, name: &str, entry: &UserEntry) -> User {
        let group = entry.group.clone().unwrap_or_else(|| {
            self.world.ensure_group(name, None, entry.system);
            name.to_owned()
        });
        User {
            name: name.to_owned(),
            uid: self.world.free_uid(entry.system),
            group,
            groups: Vec::new(),
            comment: String::new(),
            home: format!("/home/{name}"),
            shell: "/bin/sh".to_owned(),
            password_hash: None,
        }
    }

    pub(super) fn change_group(
        &mut self,
        name: &str,
        present: bool,
        gid: Option<u32>,
        system: bool,
        before: &Known<Option<Group>>,
    ) -> Result<(), HostError> {
        let found = self.world.group(name).cloned();
        if let Known::Is(planned) = before
            && *planned != found
        {
            return Err(stale(format!("group {name}"), format!("{found:?}")));
        }
        if !present {
            if let Some(user) = self.world.users.iter().find(|user| user.group == name) {
                return Err(HostError::failed(format!(
                    "cannot remove group `{name}`: it is the primary group of `{}`",
                    user.name
                )));
            }
            self.world.groups.retain(|group| group.name != name);
            for user in &mut self.world.users {
                user.groups.retain(|group| group != name);
            }
            return Ok(());
        }
        self.world.ensure_group(name, gid, system);
        if let (Some(gid), Some(group)) =
            (gid, self.world.groups.iter_mut().find(|group| group.name == name))
        {
            group.gid = gid;
        }
        Ok(())
    }
}

/// What stands in `/etc/shadow` afterwards: a hash is kept, a password is hashed.
fn stored_password(password: &str) -> String {
    if crypt::is_hash(password) {
        return password.to_owned();
    }
    // No randomness: two hosts to which the same was done compare equal.
    crypt::hash(password, b"memorysalt12", 1000).unwrap_or_default()
}
