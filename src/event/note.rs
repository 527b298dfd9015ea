//! What an action does besides, as data: how it is worded is the reports' business.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A side effect worth a line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// The old file stays beside the new one.
    KeepsBackup,
    /// The package manager's index is fetched first.
    FetchesIndex,
    /// Packages come that nobody asked for.
    InstallsAlso {
        /// With the versions that come.
        packages: Vec<PackageVersion>,
    },
    /// Packages go.
    Removes {
        /// With the versions that go.
        packages: Vec<PackageVersion>,
    },
    /// Units are kept from starting while it runs.
    Holds {
        /// Their names.
        units: Vec<String>,
    },
    /// What a command changes is taken from its declaration.
    AssumedToChange {
        /// Paths, units, `network`; nothing if empty.
        what: Vec<String>,
    },
    /// Of a user that is there.
    Sets {
        /// The fields' names.
        fields: Vec<String>,
    },
    /// Nothing says when it has been done, so every run does it.
    EveryRun,
}

/// A package, and the version of it that comes or goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct PackageVersion {
    /// Its name.
    pub name: String,
    /// Null if the package manager does not say.
    pub version: Option<String>,
}
