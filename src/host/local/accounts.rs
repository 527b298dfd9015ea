//! Users and groups as `/etc/passwd`, `/etc/group` and `/etc/shadow` have them (passwd(5),
//! group(5), shadow(5)). Where the host knows further sources, `getent` is asked: the name service
//! of a static binary's own C library is never entered.

use super::super::{Group, HostError, User};
use super::cache::Cached;
use super::process;
use crate::value::Secret;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The account files of a host, read when asked for.
#[derive(Debug)]
pub(super) struct Accounts {
    etc: PathBuf,
    passwd: Cached<Passwd>,
    groups: Cached<Groups>,
    shadow: Cached<HashMap<String, String>>,
    other_sources: Cached<OtherSources>,
}

/// A line of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PasswdLine {
    name: String,
    uid: u32,
    gid: u32,
    comment: String,
    home: String,
    shell: String,
}

#[derive(Debug, Default)]
struct Passwd {
    lines: Vec<PasswdLine>,
    by_name: HashMap<String, usize>,
    by_uid: HashMap<u32, usize>,
}

/// A line of `/etc/group`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct GroupLine {
    name: String,
    gid: u32,
    members: Vec<String>,
}

#[derive(Debug, Default)]
struct Groups {
    lines: Vec<GroupLine>,
    by_name: HashMap<String, usize>,
    by_gid: HashMap<u32, usize>,
}

/// Whether `nsswitch.conf(5)` names more than the files.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct OtherSources {
    passwd: bool,
    group: bool,
}

impl Accounts {
    /// The accounts under this folder, `/etc` on a real host.
    pub(super) fn new(etc: impl Into<PathBuf>) -> Self {
        Self {
            etc: etc.into(),
            passwd: Cached::default(),
            groups: Cached::default(),
            shadow: Cached::default(),
            other_sources: Cached::default(),
        }
    }

    /// A user's whole entry.
    ///
    /// # Errors
    /// If an account file is there and cannot be read.
    pub(super) fn user(&self, name: &str) -> Result<Option<User>, HostError> {
        let Some(line) = self.passwd_line(name)? else { return Ok(None) };
        let hash = self.shadow()?.get(name).cloned();
        Ok(Some(User {
            group: self.group_name(line.gid),
            groups: self.supplementary(name)?,
            name: line.name,
            uid: line.uid,
            comment: line.comment,
            home: line.home,
            shell: line.shell,
            password_hash: hash.map(Secret::new),
        }))
    }

    /// A group's entry.
    ///
    /// # Errors
    /// As [`Accounts::user`].
    pub(super) fn group(&self, name: &str) -> Result<Option<Group>, HostError> {
        let groups = self.groups()?;
        let line = groups.by_name.get(name).and_then(|index| groups.lines.get(*index)).cloned();
        let line = match line {
            None if self.other_sources().group => {
                getent("group", name)?.and_then(|line| group_line(&line))
            }
            line => line,
        };
        Ok(line.map(|line| Group { name: line.name, gid: line.gid }))
    }

    /// A user whose primary group this is.
    ///
    /// # Errors
    /// As [`Accounts::user`].
    pub(super) fn primary_user_of(&self, group: &str) -> Result<Option<String>, HostError> {
        let Some(group) = self.group(group)? else { return Ok(None) };
        let passwd = self.passwd()?;
        Ok(passwd.lines.iter().find(|line| line.gid == group.gid).map(|line| line.name.clone()))
    }

    /// A user's number; a decimal number stands for itself.
    ///
    /// # Errors
    /// If there is no such user.
    pub(super) fn uid(&self, name: &str) -> Result<u32, HostError> {
        match self.passwd_line(name)? {
            Some(line) => Ok(line.uid),
            None => name.parse().map_err(|_| HostError::failed(format!("there is no user {name}"))),
        }
    }

    /// A group's number; a decimal number stands for itself.
    ///
    /// # Errors
    /// If there is no such group.
    pub(super) fn gid(&self, name: &str) -> Result<u32, HostError> {
        match self.group(name)? {
            Some(group) => Ok(group.gid),
            None => {
                name.parse().map_err(|_| HostError::failed(format!("there is no group {name}")))
            }
        }
    }

    /// A user's name, or the number if none has it.
    pub(super) fn user_name(&self, uid: u32) -> String {
        let known = self.passwd().ok().and_then(|passwd| {
            passwd
                .by_uid
                .get(&uid)
                .and_then(|index| passwd.lines.get(*index))
                .map(|l| l.name.clone())
        });
        known
            .or_else(|| {
                let sources = self.other_sources();
                let line = getent_if(sources.passwd, "passwd", &uid.to_string());
                line.and_then(|line| passwd_line(&line)).map(|line| line.name)
            })
            .unwrap_or_else(|| uid.to_string())
    }

    /// A group's name, or the number if none has it.
    pub(super) fn group_name(&self, gid: u32) -> String {
        let known = self.groups().ok().and_then(|groups| {
            groups
                .by_gid
                .get(&gid)
                .and_then(|index| groups.lines.get(*index))
                .map(|l| l.name.clone())
        });
        known
            .or_else(|| {
                let sources = self.other_sources();
                let line = getent_if(sources.group, "group", &gid.to_string());
                line.and_then(|line| group_line(&line)).map(|line| line.name)
            })
            .unwrap_or_else(|| gid.to_string())
    }

    /// Whether no user but root and this one belongs to a group.
    pub(super) fn is_private_group(&self, gid: u32, owner: u32) -> bool {
        let (Ok(passwd), Ok(groups)) = (self.passwd(), self.groups()) else { return false };
        if self.other_sources() != OtherSources::default() {
            return false;
        }
        let admitted = |uid: u32| uid == 0 || uid == owner;
        let primary = passwd.lines.iter().filter(|line| line.gid == gid).all(|l| admitted(l.uid));
        let lines = groups.lines.iter().filter(|line| line.gid == gid);
        let mut members = lines.flat_map(|line| &line.members);
        primary
            && members.all(|name| {
                let line = passwd.by_name.get(name).and_then(|index| passwd.lines.get(*index));
                line.is_none_or(|line| admitted(line.uid))
            })
    }

    fn passwd_line(&self, name: &str) -> Result<Option<PasswdLine>, HostError> {
        let passwd = self.passwd()?;
        match passwd.by_name.get(name).and_then(|index| passwd.lines.get(*index)) {
            Some(line) => Ok(Some(line.clone())),
            None if self.other_sources().passwd => {
                Ok(getent("passwd", name)?.and_then(|line| passwd_line(&line)))
            }
            None => Ok(None),
        }
    }

    fn supplementary(&self, name: &str) -> Result<Vec<String>, HostError> {
        let groups = self.groups()?;
        let has = |line: &&GroupLine| line.members.iter().any(|member| member == name);
        let mut names: Vec<_> =
            groups.lines.iter().filter(has).map(|line| line.name.clone()).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn file<T>(
        &self,
        cached: &Cached<T>,
        name: &str,
        parse: fn(&[u8]) -> T,
    ) -> Result<Rc<T>, HostError> {
        let path = self.etc.join(name);
        cached.get(&path, parse).map_err(|source| HostError::file("read", path, source))
    }

    fn passwd(&self) -> Result<Rc<Passwd>, HostError> {
        self.file(&self.passwd, "passwd", parse_passwd)
    }

    fn groups(&self) -> Result<Rc<Groups>, HostError> {
        self.file(&self.groups, "group", parse_groups)
    }

    fn shadow(&self) -> Result<Rc<HashMap<String, String>>, HostError> {
        self.file(&self.shadow, "shadow", parse_shadow)
    }

    fn other_sources(&self) -> OtherSources {
        let path: &Path = &self.etc.join("nsswitch.conf");
        self.other_sources
            .get(path, parse_nsswitch)
            .map_or_else(|_| OtherSources::default(), |s| *s)
    }
}

/// The environment of a user's login, as login(1) sets it; empty where there is no such user.
pub(super) fn login_environment(name: &str) -> Vec<(&'static str, String)> {
    let passwd = std::fs::read("/etc/passwd").map(|bytes| parse_passwd(&bytes)).unwrap_or_default();
    let line = passwd.by_name.get(name).and_then(|index| passwd.lines.get(*index)).cloned();
    let asked = || getent("passwd", name).ok().flatten().and_then(|line| passwd_line(&line));
    let Some(line) = line.or_else(asked) else { return Vec::new() };
    let (name, user) = (line.name.clone(), line.name);
    vec![("HOME", line.home), ("LOGNAME", name), ("SHELL", line.shell), ("USER", user)]
}

/// Asks the host's own name service.
fn getent(database: &str, key: &str) -> Result<Option<String>, HostError> {
    // A key that starts with a dash would be an option.
    if key.is_empty() || key.starts_with('-') {
        return Ok(None);
    }
    let output = process::run(&process::tool(&["getent", database, key], 10))?;
    Ok(if output.rc == 0 { output.stdout.lines().next().map(str::to_owned) } else { None })
}

fn getent_if(asked: bool, database: &str, key: &str) -> Option<String> {
    if asked { getent(database, key).ok().flatten() } else { None }
}

fn passwd_line(line: &str) -> Option<PasswdLine> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, comment, home, shell] = fields.as_slice() else { return None };
    Some(PasswdLine {
        name: (*name).to_owned(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        comment: (*comment).to_owned(),
        home: (*home).to_owned(),
        shell: (*shell).to_owned(),
    })
}

fn group_line(line: &str) -> Option<GroupLine> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, gid, members] = fields.as_slice() else { return None };
    let members = members.split(',').filter(|name| !name.is_empty());
    Some(GroupLine {
        name: (*name).to_owned(),
        gid: gid.parse().ok()?,
        members: members.map(str::to_owned).collect(),
    })
}

fn parse_passwd(bytes: &[u8]) -> Passwd {
    let mut passwd = Passwd::default();
    for line in String::from_utf8_lossy(bytes).lines().filter_map(passwd_line) {
        let index = passwd.lines.len();
        // The first entry of a name or number counts, as for getpwnam(3).
        passwd.by_name.entry(line.name.clone()).or_insert(index);
        passwd.by_uid.entry(line.uid).or_insert(index);
        passwd.lines.push(line);
    }
    passwd
}

fn parse_groups(bytes: &[u8]) -> Groups {
    let mut groups = Groups::default();
    for line in String::from_utf8_lossy(bytes).lines().filter_map(group_line) {
        let index = groups.lines.len();
        groups.by_name.entry(line.name.clone()).or_insert(index);
        groups.by_gid.entry(line.gid).or_insert(index);
        groups.lines.push(line);
    }
    groups
}

/// Name to what is stored, accounts that are only locked (`!`, `*`) left out.
fn parse_shadow(bytes: &[u8]) -> HashMap<String, String> {
    let text = String::from_utf8_lossy(bytes);
    let entries = text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        Some((fields.next()?, fields.next()?))
    });
    entries
        .filter(|(_, hash)| !crate::value::crypt::is_bare_lock(hash))
        .map(|(name, hash)| (name.to_owned(), hash.to_owned()))
        .collect()
}

fn parse_nsswitch(bytes: &[u8]) -> OtherSources {
    let text = String::from_utf8_lossy(bytes);
    let others = |database: &str| {
        text.lines()
            .filter_map(|line| line.split('#').next()?.trim().strip_prefix(database))
            .filter_map(|rest| rest.trim_start().strip_prefix(':'))
            .flat_map(str::split_whitespace)
            // systemd's and compat's entries are no more than the files', for what roles manage.
            .any(|source| {
                !matches!(source, "files" | "compat" | "systemd") && !source.starts_with('[')
            })
    };
    OtherSources { passwd: others("passwd"), group: others("group") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> (tempfile::TempDir, Accounts) {
        let etc = tempfile::tempdir().unwrap();
        let files = [
            (
                "passwd",
                "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000:Alice,,:/home/alice:/bin/sh\nbob:x:1001:100::/home/bob:/bin/sh\nbroken line\n",
            ),
            (
                "group",
                "root:x:0:\nalice:x:1000:\nmail:x:8:bob,alice\nadm:x:4:alice\nusers:x:100:\nempty:x:50:\n",
            ),
            ("shadow", "root:*:1::::::\nalice:$6$abc$def:1::::::\nbob:!:1::::::\n"),
            (
                "nsswitch.conf",
                "passwd: files systemd\ngroup:  files [SUCCESS=merge] systemd # ldap\nhosts: files dns\n",
            ),
        ];
        for (name, text) in files {
            std::fs::write(etc.path().join(name), text).unwrap();
        }
        let accounts = Accounts::new(etc.path());
        (etc, accounts)
    }

    #[test]
    fn entries_are_joined_from_the_three_files() {
        let (_etc, accounts) = accounts();
        let alice = accounts.user("alice").unwrap().unwrap();
        assert_eq!(
            (alice.uid, alice.group.as_str(), alice.comment.as_str()),
            (1000, "alice", "Alice,,")
        );
        assert_eq!(alice.groups, ["adm", "mail"]);
        assert_eq!(alice.password_hash.unwrap().expose(), "$6$abc$def");
        let bob = accounts.user("bob").unwrap().unwrap();
        assert_eq!((bob.group.as_str(), bob.password_hash), ("users", None));
        assert_eq!(accounts.user("nobody").unwrap(), None);
        assert_eq!(accounts.group("mail").unwrap().unwrap().gid, 8);
    }

    #[test]
    fn numbers_without_a_name_stand_for_themselves() {
        let (_etc, accounts) = accounts();
        assert_eq!((accounts.user_name(0), accounts.user_name(77)), ("root".into(), "77".into()));
        assert_eq!((accounts.uid("alice").unwrap(), accounts.uid("77").unwrap()), (1000, 77));
        assert_eq!(accounts.uid("eve").unwrap_err().to_string(), "there is no user eve");
    }

    #[test]
    fn a_group_is_private_without_other_members() {
        let (_etc, accounts) = accounts();
        for (gid, owner, private) in [
            (1000, 1000, true),
            (1000, 1001, false),
            (8, 1000, false),
            (50, 0, true),
            (100, 0, false),
        ] {
            assert_eq!(accounts.is_private_group(gid, owner), private, "{gid} {owner}");
        }
    }

    #[test]
    fn only_other_sources_than_files_are_asked() {
        for (text, others) in [
            ("passwd: files systemd\n", false),
            ("passwd: compat\n", false),
            ("passwd:\tfiles sss\n", true),
            ("# passwd: ldap\npasswd: files # ldap\n", false),
        ] {
            assert_eq!(parse_nsswitch(text.as_bytes()).passwd, others, "{text}");
        }
    }

    #[test]
    fn a_new_entry_is_seen() {
        let (etc, accounts) = accounts();
        assert_eq!(accounts.user("eve").unwrap(), None);
        let mut text = std::fs::read_to_string(etc.path().join("passwd")).unwrap();
        text.push_str("eve:x:1002:100::/:/bin/sh\n");
        std::fs::write(etc.path().join("passwd"), text).unwrap();
        assert_eq!(accounts.user("eve").unwrap().unwrap().uid, 1002);
    }
}
