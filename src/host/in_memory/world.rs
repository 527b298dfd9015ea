//! What a host in memory is: everything that can be observed of it, as data that a test writes
//! down in YAML and compares.

use crate::host::{Group, Manager, Stat, StatAttributes, User};
use crate::value::Mode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A host's whole state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct World {
    /// What lies at which path. Missing parents are made when the host is.
    pub files: BTreeMap<PathBuf, Entry>,
    /// Accounts besides root.
    pub users: Vec<User>,
    /// Groups besides root.
    pub groups: Vec<Group>,
    /// The package manager.
    pub manager: Manager,
    /// Installed packages and their versions.
    pub packages: BTreeMap<String, String>,
    /// What the repositories have.
    pub catalogue: BTreeMap<String, Offer>,
    /// The host has a package index.
    pub index: bool,
    /// The repositories answer.
    pub repositories: bool,
    /// What an interrupted package manager left.
    pub interrupted: Option<String>,
    /// Paths at which something is mounted: they are neither replaced nor removed.
    pub mounts: Vec<PathBuf>,
    /// Users at work, each with a process.
    pub busy: BTreeMap<String, u32>,
    /// Units of the service manager.
    pub units: BTreeMap<String, UnitState>,
    /// Programs and what they do.
    pub commands: Vec<Script>,
    /// Web servers that can be reached.
    pub web: Vec<WebServer>,
    /// SMTP servers that can be reached.
    pub smtp: Vec<SmtpServer>,
    /// Other ports that can be reached.
    pub listeners: Vec<Listener>,
    /// Facts under Ansible's names.
    pub facts: serde_json::Map<String, serde_json::Value>,
}

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A regular file.
    File(FileEntry),
    /// A directory.
    Directory(Owned),
    /// A symbolic link and what it says.
    Link(PathBuf),
    /// A device, socket or pipe.
    Other(String),
}

/// A regular file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileEntry {
    /// Its content.
    #[serde(with = "super::plain")]
    pub content: Vec<u8>,
    /// Permission bits; 0644 if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Owner; root if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Group; root if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A directory's attributes, as [`FileEntry`] has them, with 0755.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Owned {
    /// Permission bits; 0755 if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Owner; root if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Group; root if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A package that can be installed, and what it brings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Offer {
    /// The candidate version.
    pub version: String,
    /// Other versions that can be asked for.
    pub other_versions: Vec<String>,
    /// Packages, or what packages provide, that it needs.
    pub depends: Vec<String>,
    /// Packages, or what packages provide, that it cannot stand beside.
    pub conflicts: Vec<String>,
    /// What it provides besides its name.
    pub provides: Vec<String>,
    /// Files it brings and owns.
    pub files: BTreeMap<PathBuf, Entry>,
    /// Units it brings.
    pub units: BTreeMap<String, OfferUnit>,
    /// Users it makes.
    pub users: Vec<User>,
    /// Groups it makes.
    pub groups: Vec<Group>,
    /// What its scripts do besides, with files that it does not own.
    pub effects: Vec<Effect>,
}

/// What becomes of a package's unit that is not held.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OfferUnit {
    /// The package enables it.
    pub enabled: bool,
    /// The package starts it.
    pub started: bool,
    /// It cannot be enabled or disabled.
    #[serde(rename = "static")]
    pub is_static: bool,
    /// As [`UnitState::fails`].
    pub fails: Option<String>,
    /// As [`UnitState::needs`].
    pub needs: Vec<PathBuf>,
}

/// A unit of the service manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnitState {
    /// `enabled`, `disabled`, `static`, …; what masking hides.
    pub enabled: String,
    /// Running.
    pub active: bool,
    /// Masked.
    pub masked: bool,
    /// It does not start, and logs this.
    pub fails: Option<String>,
    /// Files without which it does not start.
    pub needs: Vec<PathBuf>,
    /// Units that are started with it.
    pub starts: Vec<String>,
    /// Units with which it is stopped.
    pub stopped_by: Vec<String>,
    /// Units beside which it cannot run.
    pub conflicts: Vec<String>,
    /// Units that are enabled with it.
    pub also: Vec<String>,
    /// Folders that it makes when it starts.
    pub folders: Vec<PathBuf>,
    /// What it does when it starts.
    pub effects: Vec<Effect>,
    /// It does its work and ends.
    pub oneshot: bool,
}

/// A program with these arguments, and what it does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// Program and arguments; `*` stands for any one.
    pub argv: Vec<String>,
    /// A file without which the program is not there.
    pub needs: Option<PathBuf>,
    /// When it answers so; the first that fits does.
    pub when: Option<Condition>,
    /// Its exit status.
    pub rc: i64,
    /// Its standard output.
    pub stdout: String,
    /// A file whose content is its standard output.
    pub stdout_of: Option<PathBuf>,
    /// Its standard error.
    pub stderr: String,
    /// What it changes, if its exit status is 0.
    pub effects: Vec<Effect>,
}

/// Something about the host that may hold or not. What is given must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Condition {
    /// This file contains `text`. In a `validate`, `%s` is the new file.
    pub file: Option<PathBuf>,
    /// What `file` contains; any content if empty.
    pub text: String,
    /// Nothing is at this path.
    pub absent: Option<PathBuf>,
    /// This unit is active.
    pub active: Option<String>,
}

/// What a program, a request or a package's script changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A file with this content, its attributes kept if it was there.
    Write {
        /// Where.
        path: PathBuf,
        /// What.
        content: String,
    },
    /// A file with another's content.
    Copy {
        /// What is copied.
        from: PathBuf,
        /// Where to.
        to: PathBuf,
    },
    /// Nothing at this path.
    Remove(PathBuf),
    /// A unit so.
    Unit {
        /// Its name.
        name: String,
        /// Running from now on or not.
        #[serde(default)]
        active: Option<bool>,
        /// Its new `enabled`.
        #[serde(default)]
        enabled: Option<String>,
    },
    /// A fact has this value.
    Fact {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
}

/// What a web server answers at one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebServer {
    /// The method that it answers.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The unit that serves it; refused while that is not active.
    pub unit: Option<String>,
    /// It answers only after observations have waited this long.
    pub after_ms: u64,
    /// Why there is no reply, if there is none.
    pub error: Option<String>,
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
    /// A header that must be sent with exactly this value, else 401.
    pub requires: Option<(String, String)>,
    /// What an answered request changes here.
    pub effects: Vec<Effect>,
}

/// An SMTP server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmtpServer {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The unit that serves it; refused while that is not active.
    pub unit: Option<String>,
    /// It answers only after observations have waited this long.
    pub after_ms: u64,
    /// The stage at which a dialogue fails; empty if none does.
    pub stage: String,
    /// The reply code of that failure.
    pub code: u16,
    /// The reply of that failure.
    pub message: String,
    /// Extensions.
    pub extensions: Vec<String>,
    /// Logins and passwords; another is answered 535.
    pub logins: BTreeMap<String, String>,
}

/// A port that takes connections.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listener {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The unit that serves it; refused while that is not active.
    pub unit: Option<String>,
    /// It answers only after observations have waited this long.
    pub after_ms: u64,
}

/// Directories that every host has.
const BASE: &[&str] = &[
    "/etc/systemd/system",
    "/etc/cron.d",
    "/home",
    "/opt",
    "/proc/sys",
    "/root",
    "/run",
    "/srv",
    "/tmp",
    "/usr/bin",
    "/usr/lib/systemd/system",
    "/usr/sbin",
    "/var/lib",
    "/var/spool",
];

impl World {
    /// Adds what every host has, and the parents of what this one has.
    pub(super) fn complete(&mut self) {
        if self.user("root").is_none() {
            self.users.push(User {
                name: "root".into(),
                uid: 0,
                group: "root".into(),
                groups: Vec::new(),
                comment: "root".into(),
                home: "/root".into(),
                shell: "/bin/bash".into(),
                password_hash: None,
            });
        }
        if self.group("root").is_none() {
            self.groups.push(Group { name: "root".into(), gid: 0 });
        }
        self.sort_accounts();
        for offer in self.catalogue.values_mut() {
            for unit in offer.units.keys() {
                let path = Path::new("/usr/lib/systemd/system").join(unit);
                offer.files.entry(path).or_insert_with(|| Entry::File(FileEntry::default()));
            }
        }
        let installed: Vec<_> = self.packages.keys().cloned().collect();
        for name in installed {
            let files = self.catalogue.get(&name).map(|offer| offer.files.clone());
            for (path, entry) in files.unwrap_or_default() {
                self.files.entry(path).or_insert(entry);
            }
            let units = self.catalogue.get(&name).map(|offer| offer.units.clone());
            for (unit, offered) in units.unwrap_or_default() {
                self.units.entry(unit).or_insert_with(|| offered.state(false));
            }
        }
        let paths: Vec<PathBuf> = self
            .files
            .keys()
            .cloned()
            .chain(BASE.iter().map(|base| Path::new(base).join("x")))
            .collect();
        for path in paths {
            self.make_parents(&path);
        }
    }

    /// Directories up to a path, as packages and tests make them.
    pub(super) fn make_parents(&mut self, path: &Path) {
        for parent in path.ancestors().skip(1) {
            self.files
                .entry(parent.to_path_buf())
                .or_insert_with(|| Entry::Directory(Owned::default()));
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            users: Vec::new(),
            groups: Vec::new(),
            manager: Manager::Apt,
            packages: BTreeMap::new(),
            catalogue: BTreeMap::new(),
            index: true,
            repositories: true,
            interrupted: None,
            mounts: Vec::new(),
            busy: BTreeMap::new(),
            units: BTreeMap::new(),
            commands: Vec::new(),
            web: Vec::new(),
            smtp: Vec::new(),
            listeners: Vec::new(),
            facts: serde_json::Map::new(),
        }
    }
}

impl Default for UnitState {
    fn default() -> Self {
        Self {
            enabled: "disabled".into(),
            active: false,
            masked: false,
            fails: None,
            needs: Vec::new(),
            starts: Vec::new(),
            stopped_by: Vec::new(),
            conflicts: Vec::new(),
            also: Vec::new(),
            folders: Vec::new(),
            effects: Vec::new(),
            oneshot: false,
        }
    }
}

impl Default for WebServer {
    fn default() -> Self {
        Self {
            method: "GET".into(),
            url: String::new(),
            unit: None,
            after_ms: 0,
            error: None,
            status: 200,
            headers: Vec::new(),
            body: String::new(),
            requires: None,
            effects: Vec::new(),
        }
    }
}

impl OfferUnit {
    /// The unit as its package leaves it.
    pub(super) fn state(&self, held: bool) -> UnitState {
        let enabled = match (self.is_static, self.enabled && !held) {
            (true, _) => "static",
            (false, true) => "enabled",
            (false, false) => "disabled",
        };
        UnitState {
            enabled: enabled.into(),
            active: false,
            masked: false,
            fails: self.fails.clone(),
            needs: self.needs.clone(),
            ..UnitState::default()
        }
    }
}

impl Entry {
    /// As `lstat(2)` tells.
    #[must_use]
    pub fn stat(&self) -> Stat {
        let attributes =
            |mode: Option<Mode>, fresh: u32, owner: &Option<String>, group: &Option<String>| {
                let named = |name: &Option<String>| name.clone().unwrap_or_else(|| "root".into());
                StatAttributes {
                    mode: mode.unwrap_or(Mode::from_bits(fresh)),
                    owner: named(owner),
                    group: named(group),
                }
            };
        match self {
            Self::File(file) => Stat::File(attributes(file.mode, 0o644, &file.owner, &file.group)),
            Self::Directory(all) => {
                Stat::Directory(attributes(all.mode, 0o755, &all.owner, &all.group))
            }
            Self::Link(target) => Stat::Symlink(target.clone()),
            Self::Other(what) => Stat::Other(what.clone()),
        }
    }
}
