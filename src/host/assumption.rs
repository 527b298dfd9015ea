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
    /// None but root and an owner can write to the folder.
    OnlyOwnerWrites {
        /// Which folder.
        path: String,
        /// Whose.
        owner: String,
    },
    /// What the host would refuse at a path now is not so any more.
    NoLongerRefused {
        /// The refusal.
        refusal: String,
        /// What will tell.
        origin: String,
    },
    /// No other user has the number.
    FreeUserNumber {
        /// Which.
        number: u32,
        /// What will tell.
        origin: String,
    },
    /// No other group has the number.
    FreeGroupNumber {
        /// Which.
        number: u32,
        /// What will tell.
        origin: String,
    },
    /// No process of the user's runs any more.
    Idle {
        /// The user.
        name: String,
        /// What will tell.
        origin: String,
    },
    /// The unit does not end by itself.
    StaysUp {
        /// The unit.
        unit: String,
        /// What will tell.
        origin: String,
    },
    /// Nothing is at the path.
    IsAbsent {
        /// Which.
        path: String,
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
            | Self::NoPrimaryGroup { origin, .. }
            | Self::NoLongerRefused { origin, .. }
            | Self::FreeUserNumber { origin, .. }
            | Self::FreeGroupNumber { origin, .. }
            | Self::Idle { origin, .. }
            | Self::StaysUp { origin, .. }
            | Self::IsAbsent { origin, .. } => Some(origin),
            Self::OnlyOwnerWrites { .. } | Self::Accepted { .. } => None,
        }
    }

    pub(super) fn user_exists(name: &str, origin: &Origin) -> Self {
        Self::UserExists { name: name.to_owned(), origin: origin.to_string() }
    }

    pub(super) fn group_exists(name: &str, origin: &Origin) -> Self {
        Self::GroupExists { name: name.to_owned(), origin: origin.to_string() }
    }
}
