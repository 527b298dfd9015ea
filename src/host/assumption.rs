//! What a dry run takes for granted about a host.

use crate::value::Origin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What has to be so for an action to succeed, and cannot be known in a dry run. An origin says
/// what will make it known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Assumption {
    /// The path is a directory.
    IsDirectory {
        /// Which.
        path: String,
        /// What will tell.
        origin: String,
    },
    /// There is such a user.
    UserExists {
        /// Its name.
        name: String,
        /// What will tell.
        origin: String,
    },
    /// There is such a group.
    GroupExists {
        /// Its name.
        name: String,
        /// What will tell.
        origin: String,
    },
    /// No user has the group as its primary one.
    NoPrimaryGroup {
        /// The group's name.
        name: String,
        /// What will tell.
        origin: String,
    },
    /// A program finds nothing wrong with the new file.
    Accepted {
        /// Its command line.
        by: String,
    },
}

impl Assumption {
    /// What will make it known; `None` if only the program itself can tell.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        match self {
            Self::IsDirectory { origin, .. }
            | Self::UserExists { origin, .. }
            | Self::GroupExists { origin, .. }
            | Self::NoPrimaryGroup { origin, .. } => Some(origin),
            Self::Accepted { .. } => None,
        }
    }

    pub(super) fn user_exists(name: &str, origin: &Origin) -> Self {
        Self::UserExists { name: name.to_owned(), origin: origin.to_string() }
    }

    pub(super) fn group_exists(name: &str, origin: &Origin) -> Self {
        Self::GroupExists { name: name.to_owned(), origin: origin.to_string() }
    }
}
