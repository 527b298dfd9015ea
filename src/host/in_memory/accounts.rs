//! Users and groups of a host in memory.

use super::owners::Whose;
use super::world::{Entry, Owned, World};
use super::{InMemory, stale};
use crate::host::{Group, HostError, User, UserEntry};
use crate::value::{Known, Secret, crypt};
use std::path::{Path, PathBuf};

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
            self.take_number(Whose::Group, name, gid);
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

impl InMemory {
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
            if let Some(user) = found {
                self.remove_user(&user)?;
            }
            return Ok(());
        };
        for group in entry.group.iter().chain(entry.groups.iter().flatten()) {
            if self.world.group(group).is_none() {
                return Err(HostError::failed(format!("there is no group `{group}`")));
            }
        }
        if let Some(other) = self.world.users.iter().find(|user| Some(user.uid) == entry.uid)
            && other.name != name
        {
            return Err(HostError::failed(format!("UID {} is not unique", other.uid)));
        }
        let moves = entry.uid.is_some() || entry.home.is_some();
        if moves && found.is_some() && self.world.busy.contains_key(name) {
            return Err(HostError::failed(format!("user {name} is currently used by a process")));
        }
        let is_new = found.is_none();
        let user = match found {
            Some(old) => old,
            None => self.new_user(name, entry),
        };
        let changed = User {
            name: user.name.clone(),
            uid: entry.uid.unwrap_or(user.uid),
            group: entry.group.clone().unwrap_or_else(|| user.group.clone()),
            groups: entry.groups.clone().map_or_else(
                || user.groups.clone(),
                |mut groups| {
                    groups.sort();
                    groups.dedup();
                    groups
                },
            ),
            comment: entry.comment.clone().unwrap_or_else(|| user.comment.clone()),
            home: entry.home.clone().unwrap_or_else(|| user.home.clone()),
            shell: entry.shell.clone().unwrap_or_else(|| user.shell.clone()),
            password_hash: match &entry.password {
                Some(password) => stored_password(password.expose()).map(Secret::new),
                None => user.password_hash.clone(),
            },
        };
        if is_new {
            self.world.take_number(Whose::User, name, changed.uid);
            if entry.create_home {
                self.world.make_home(&changed)?;
            }
        } else {
            self.world.move_files(&user, &changed);
        }
        self.world.users.retain(|user| user.name != name);
        self.world.users.push(changed);
        self.world.sort_accounts();
        Ok(())
    }

    /// As `userdel(8)`: the group of the user's name goes too, if it is nobody else's.
    fn remove_user(&mut self, user: &User) -> Result<(), HostError> {
        let name = &user.name;
        if self.world.busy.contains_key(name) {
            return Err(HostError::failed(format!("user {name} is currently used by a process")));
        }
        self.world.users.retain(|other| other.name != *name);
        self.world.leave_number(Whose::User, name, user.uid, None);
        let others =
            self.world.users.iter().any(|other| {
                other.group == *name || other.groups.iter().any(|group| group == name)
            });
        if user.group == *name
            && !others
            && let Some(gid) = self.world.group(name).map(|group| group.gid)
        {
            self.world.groups.retain(|group| group.name != *name);
            self.world.leave_number(Whose::Group, name, gid, None);
        }
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
            home: entry.home.clone().unwrap_or_else(|| format!("/home/{name}")),
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
            if let Some(group) = &found {
                self.world.leave_number(Whose::Group, name, group.gid, None);
            }
            for user in &mut self.world.users {
                user.groups.retain(|group| group != name);
            }
            return Ok(());
        }
        if let Some(other) = self.world.groups.iter().find(|group| Some(group.gid) == gid)
            && other.name != name
        {
            return Err(HostError::failed(format!("GID '{}' already exists", other.gid)));
        }
        self.world.ensure_group(name, gid, system);
        if let (Some(gid), Some(group)) =
            (gid, self.world.groups.iter_mut().find(|group| group.name == name))
        {
            group.gid = gid;
            if let Some(old) = found.filter(|old| old.gid != gid) {
                self.world.leave_number(Whose::Group, name, old.gid, None);
            }
            self.world.take_number(Whose::Group, name, gid);
        }
        Ok(())
    }
}

impl World {
    /// A new user's home, with a copy of what `/etc/skel` has; one that is there stays.
    fn make_home(&mut self, user: &User) -> Result<(), HostError> {
        let home = self.place(Path::new(&user.home));
        if self.files.contains_key(&home) {
            return Ok(());
        }
        let blocked = home
            .ancestors()
            .skip(1)
            .any(|above| matches!(self.files.get(above), Some(Entry::File(_) | Entry::Other(_))));
        if blocked {
            return Err(HostError::failed(format!("cannot create directory {}", user.home)));
        }
        self.make_parents(&home);
        let (owner, group) = (Some(user.name.clone()), Some(user.group.clone()));
        let own = Owned { mode: None, owner: owner.clone(), group: group.clone() };
        let skeleton: Vec<_> = self
            .files
            .range(PathBuf::from("/etc/skel")..)
            .take_while(|(path, _)| path.starts_with("/etc/skel"))
            .map(|(path, entry)| (path.clone(), entry.clone()))
            .collect();
        self.files.insert(home.clone(), Entry::Directory(own));
        for (path, mut entry) in skeleton {
            let Some(rest) =
                path.strip_prefix("/etc/skel").ok().filter(|rest| *rest != Path::new(""))
            else {
                continue;
            };
            match &mut entry {
                Entry::File(file) => (file.owner, file.group) = (owner.clone(), group.clone()),
                Entry::Directory(all) => (all.owner, all.group) = (owner.clone(), group.clone()),
                Entry::Link(_) | Entry::Other(_) => {}
            }
            self.files.insert(home.join(rest), entry);
        }
        Ok(())
    }

    /// As `usermod(8)`: what is in a user's own home goes with number and group, the rest stays
    /// with the number.
    fn move_files(&mut self, old: &User, new: &User) {
        let home = self.place(Path::new(&old.home).join("x").as_path());
        let home = home.parent().map(Path::to_path_buf).unwrap_or_default();
        let own = matches!(self.files.get(&home),
            Some(Entry::Directory(all)) if all.owner.as_ref() == Some(&old.name));
        if old.uid != new.uid {
            let but = own.then_some(home.as_path());
            self.leave_number(Whose::User, &old.name, old.uid, but);
            self.take_number(Whose::User, &new.name, new.uid);
        }
        if old.group != new.group && own {
            for (_, entry) in self.files.iter_mut().filter(|(path, _)| path.starts_with(&home)) {
                let group = match entry {
                    Entry::File(file) => &mut file.group,
                    Entry::Directory(all) => &mut all.group,
                    Entry::Link(_) | Entry::Other(_) => continue,
                };
                if group.as_ref() == Some(&old.group) {
                    *group = Some(new.group.clone());
                }
            }
        }
    }
}

/// What stands in `/etc/shadow` afterwards: a hash is kept, a password is hashed; of a lock alone
/// nothing is kept.
fn stored_password(password: &str) -> Option<String> {
    let bare = password.trim_start_matches(['!', '*']);
    if bare.is_empty() && !password.is_empty() {
        return None;
    }
    if crypt::is_hash(bare) {
        return Some(password.to_owned());
    }
    // No randomness: two hosts to which the same was done compare equal.
    Some(crypt::hash(password, b"memorysalt12", 1000).unwrap_or_default())
}
