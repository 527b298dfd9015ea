//! What a host is, as far as resources ask.

use crate::value::{Mode, Secret};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What `lstat(2)` says of a path. Owners are names, as `/etc/passwd` has them, else numbers in
/// decimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stat {
    /// Nothing there.
    Absent,
    /// A regular file.
    File(StatAttributes),
    /// A directory.
    Directory(StatAttributes),
    /// A symbolic link and what it says, unresolved.
    Symlink(PathBuf),
    /// A device, socket or pipe: never replaced.
    Other(String),
}

/// Mode and owners of a file or directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatAttributes {
    /// Permission bits.
    pub mode: Mode,
    /// Owner's name.
    pub owner: String,
    /// Group's name.
    pub group: String,
}

/// A unit of the service manager, as `systemctl show` tells.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Unit {
    /// A unit file (or an alias) is there.
    pub exists: bool,
    /// `enabled`, `disabled`, `static`, `indirect`, … (`UnitFileState`); empty if there is none.
    pub enabled: String,
    /// Running (`ActiveState` is `active`, `activating` or `reloading`).
    pub active: bool,
    /// Masked, in /etc or /run.
    pub masked: bool,
    /// What `enabled` will be once the mask is lifted, where that is known.
    #[serde(skip)]
    pub hidden: Option<String>,
}

impl Unit {
    /// Whether it starts at boot, or cannot be told to (`static`, `alias`, `generated`).
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        matches!(
            self.enabled.as_str(),
            "enabled" | "enabled-runtime" | "static" | "alias" | "generated" | "indirect"
        )
    }
}

/// A user's entry in `/etc/passwd` and `/etc/shadow`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Number.
    pub uid: u32,
    /// Name of the primary group.
    pub group: String,
    /// Names of the supplementary groups, sorted.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The comment (GECOS) field.
    #[serde(default)]
    pub comment: String,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
    /// The stored password hash, empty where none is asked for; `None` where there is only a lock
    /// (`!`, `*`).
    #[serde(default)]
    pub password_hash: Option<Secret<String>>,
}

/// A group's entry in `/etc/group`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Number.
    pub gid: u32,
}
