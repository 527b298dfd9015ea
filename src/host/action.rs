//! One primitive change to a host, as data: the unit of a plan. Diffs, redaction, the journal,
//! saved plans and reports are each written once over [`Action`], not once per resource.

use super::{Assumption, Command, Group, HttpRequest, Stat, Transaction, Unit, User};
use crate::value::{Known, Map, Mode, Secret, Sha256};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// One primitive change. Each carries what it replaces (`before`); if the host no longer matches
/// that when it is performed, it is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A regular file with exactly this content and these attributes.
    WriteFile {
        /// Absolute path.
        path: PathBuf,
        /// Whole content.
        content: Content,
        /// Attributes after it was written.
        attributes: Attributes,
        /// Keep the old file beside it as `NAME.TIMESTAMP~`.
        backup: bool,
        /// A command that must accept the new file before it replaces the old.
        validate: Option<Validate>,
        /// What it replaces.
        before: Known<FileBefore>,
    },
    /// The path absent; a directory with everything in it.
    Remove {
        /// Absolute path.
        path: PathBuf,
        /// What it removes.
        before: Known<FileBefore>,
    },
    /// A directory.
    MakeDirectory {
        /// Absolute path.
        path: PathBuf,
        /// Attributes.
        attributes: Attributes,
        /// What it replaces.
        before: Known<FileBefore>,
    },
    /// A symbolic link.
    Symlink {
        /// Absolute path of the link.
        path: PathBuf,
        /// What it says.
        target: PathBuf,
        /// What it replaces.
        before: Known<FileBefore>,
    },
    /// Mode and owners of what is there.
    SetAttributes {
        /// Absolute path.
        path: PathBuf,
        /// Attributes that differ.
        attributes: Attributes,
        /// What it replaces.
        before: Known<FileBefore>,
    },
    /// One run of the package manager.
    Packages(Transaction),
    /// Finishes what an interrupted package manager left (`dpkg --configure -a`, a stale lock).
    RepairPackages {
        /// What was found, in words.
        found: String,
    },
    /// One change to a unit's state.
    Service {
        /// The unit, with its suffix.
        unit: String,
        /// What is done.
        change: ServiceChange,
        /// What it replaces.
        before: Known<Unit>,
    },
    /// Stop and start; an act, proved by a new InvocationID of an active unit.
    Restart {
        /// The unit.
        unit: String,
    },
    /// Reload the unit's own configuration; an act.
    Reload {
        /// The unit.
        unit: String,
    },
    /// The service manager reads its unit files again; an act.
    DaemonReload,
    /// A user as declared.
    User {
        /// The login name.
        name: String,
        /// The entry after it; `None` removes the user. A number of `None` lets the host choose.
        entry: Option<UserEntry>,
        /// What it replaces.
        before: Known<Option<User>>,
    },
    /// A group as declared.
    Group {
        /// The name.
        name: String,
        /// Present with this number (`Some(None)` lets the host choose) or absent.
        present: bool,
        /// The number, if it matters.
        gid: Option<u32>,
        /// A system group.
        system: bool,
        /// What it replaces.
        before: Known<Option<Group>>,
    },
    /// A command; an act.
    Run {
        /// The process.
        command: Command,
        /// What its author says it changes: absolute paths, unit names, `network`.
        changes: Vec<String>,
    },
    /// An HTTP request that is not GET or HEAD; an act.
    Request(HttpRequest),
}

/// Bytes of a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The bytes.
    #[serde(with = "crate::host::action::bytes")]
    pub bytes: Vec<u8>,
    /// They may not be shown.
    pub secret: bool,
}

/// Never shows a secret.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.secret {
            f.write_str(crate::value::REDACTED)
        } else {
            write!(f, "{:?}", String::from_utf8_lossy(&self.bytes))
        }
    }
}

/// Mode and owners to set; what is `None` stays as it is, or as the host makes it. A task gives
/// them as these parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Attributes {
    /// Permission bits, in quotes. Without it what is there keeps its own, and a new file gets
    /// 0644, a new directory 0755.
    pub mode: Option<Mode>,
    /// Owner.
    pub owner: Option<String>,
    /// Group.
    pub group: Option<String>,
}

/// A check of a file before it takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validate {
    /// Program and arguments; `%s` stands for the new file's path.
    pub argv: Vec<String>,
}

/// The fingerprint of what a file action replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBefore {
    /// Type, mode and owners.
    pub stat: Stat,
    /// Of a regular file, its content's digest.
    pub sha256: Option<Sha256>,
}

/// A change of a unit that has an end state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceChange {
    /// Start at boot.
    Enable,
    /// Not at boot.
    Disable,
    /// Running.
    Start,
    /// Not running.
    Stop,
    /// Cannot be started.
    Mask,
    /// Can be started again.
    Unmask,
}

/// What a user's entry shall be; `None` leaves a field as it is, or as the host makes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UserEntry {
    /// Number.
    pub uid: Option<u32>,
    /// Primary group.
    pub group: Option<String>,
    /// Supplementary groups: exactly these.
    pub groups: Option<Vec<String>>,
    /// Comment.
    pub comment: Option<String>,
    /// Home directory.
    pub home: Option<String>,
    /// Login shell.
    pub shell: Option<String>,
    /// A new password, hashed with a fresh salt when performed.
    pub password: Option<Secret<String>>,
    /// Make the home directory.
    pub create_home: bool,
    /// A system account.
    pub system: bool,
}

/// What performing an action brought back: the result of an act (`rc`, `stdout`, `status`, …).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Performed {
    /// Joined into the task's registered result.
    pub result: Map,
    /// Why an act did not succeed, if it did not: an exit that is not 0, an unexpected status.
    pub failed: Option<String>,
    /// What has to be so for it, and cannot be known in a dry run.
    pub assumes: Vec<Assumption>,
}

impl Action {
    /// The kind's name, as reports have it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::WriteFile { .. } => "write_file",
            Self::Remove { .. } => "remove",
            Self::MakeDirectory { .. } => "make_directory",
            Self::Symlink { .. } => "symlink",
            Self::SetAttributes { .. } => "set_attributes",
            Self::Packages(_) => "packages",
            Self::RepairPackages { .. } => "repair_packages",
            Self::Service { .. } => "service",
            Self::Restart { .. } => "restart",
            Self::Reload { .. } => "reload",
            Self::DaemonReload => "daemon_reload",
            Self::User { .. } => "user",
            Self::Group { .. } => "group",
            Self::Run { .. } => "run",
            Self::Request(_) => "request",
        }
    }

    /// The kernel's setting, by its path below /proc/sys, that it writes with `sysctl`.
    #[must_use]
    pub fn kernel_setting(&self) -> Option<&Path> {
        let Self::Run { command, changes } = self else { return None };
        let writes = command.argv.first().is_some_and(|program| program == "sysctl");
        changes.iter().find(|path| writes && path.starts_with("/proc/sys/")).map(Path::new)
    }

    /// What it acts on, as people name it: a path, package names, a unit, a command line.
    /// May hold secrets in a command line: redact before it is shown.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Self::WriteFile { path, .. }
            | Self::Remove { path, .. }
            | Self::MakeDirectory { path, .. }
            | Self::Symlink { path, .. }
            | Self::SetAttributes { path, .. } => path.display().to_string(),
            Self::Packages(transaction) => {
                let request = &transaction.request;
                let names = request.install.iter().map(|wish| wish.name.as_str());
                let names = names.chain(request.upgrade.iter().map(String::as_str));
                names.chain(request.remove.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
            }
            Self::RepairPackages { .. } => "package database".to_owned(),
            Self::Service { unit, .. } | Self::Restart { unit } | Self::Reload { unit } => {
                unit.clone()
            }
            Self::DaemonReload => "systemd".to_owned(),
            Self::User { name, .. } | Self::Group { name, .. } => name.clone(),
            Self::Run { command, .. } => command.argv.join(" "),
            Self::Request(request) => format!("{} {}", request.method, request.url),
        }
    }

    /// Whether this is an act: without an end state, proved by its exit or status.
    #[must_use]
    pub const fn is_act(&self) -> bool {
        matches!(
            self,
            Self::Restart { .. }
                | Self::Reload { .. }
                | Self::DaemonReload
                | Self::Run { .. }
                | Self::Request(_)
        )
    }
}

/// Bytes in JSON: text where they are UTF-8, else base64.
pub(crate) mod bytes {
    use base64::Engine as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Form {
        Text(String),
        Base64(String),
    }

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Form::Text(text.to_owned()),
            Err(_) => Form::Base64(base64::engine::general_purpose::STANDARD.encode(bytes)),
        }
        .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(text.into_bytes()),
            Form::Base64(text) => base64::engine::general_purpose::STANDARD
                .decode(text)
                .map_err(serde::de::Error::custom),
        }
    }
}
