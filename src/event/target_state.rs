//! What an action finds and what it makes of it, as data.

use super::PackageVersion;
use crate::value::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is there before an action, or after it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TargetState {
    /// Nothing.
    Absent,
    /// A user or group.
    Present,
    /// A regular file.
    File(FileAttributes),
    /// A directory.
    Directory(FileAttributes),
    /// A symbolic link.
    Link {
        /// What it says, unresolved.
        to: String,
    },
    /// A device, socket or pipe.
    Other {
        /// Which.
        what: String,
    },
    /// What is set of a file's or directory's mode and owners; null stays as it is.
    Attributes(FileAttributes),
    /// Packages that were asked for.
    Packages {
        /// With their versions.
        packages: Vec<PackageVersion>,
    },
    /// A package database that was left unfinished.
    Unfinished {
        /// What is unfinished.
        found: String,
    },
    /// A package database that was finished.
    Whole,
    /// A unit that runs.
    Started,
    /// A unit that does not run.
    Stopped,
    /// A unit that starts at boot.
    Enabled,
    /// A unit that does not start at boot.
    Disabled,
    /// Whether a unit starts at boot, in systemd's word (`static`, `indirect`, …).
    UnitFile {
        /// `UnitFileState`; empty if there is none.
        state: String,
    },
    /// A unit that cannot be started.
    Masked,
    /// A unit that can.
    Unmasked,
    /// A unit that was started anew.
    Restarted,
    /// A unit that read its configuration again.
    Reloaded,
    /// The service manager, which read its unit files again.
    UnitFilesRead,
}

/// Of a file or directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct FileAttributes {
    /// Permission bits in octal.
    pub mode: Option<Mode>,
    /// The owner's name.
    pub owner: Option<String>,
    /// The group's name.
    pub group: Option<String>,
}

impl TargetState {
    /// Whether what is set is there already, so that saying both tells nothing more.
    #[must_use]
    pub fn has_all_of(&self, set: &Self) -> bool {
        match (self, set) {
            (Self::File(own) | Self::Directory(own), Self::Attributes(set)) => {
                let FileAttributes { mode, owner, group } = set;
                (mode.is_none() || *mode == own.mode)
                    && (owner.is_none() || *owner == own.owner)
                    && (group.is_none() || *group == own.group)
            }
            _ => self == set,
        }
    }
}
