//! Why a task ended as it did, as data: how it is worded is the reports' business.

use crate::host::Assumption;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why it was skipped or is unknown; what it assumes; a message to show. An origin says what will
/// make the unknown known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// Its condition is false.
    ConditionFalse,
    /// It runs once, and did.
    RanAlready {
        /// When, and for whom.
        when: Ran,
    },
    /// It changed in an earlier run, which did not end well; nothing is left to do.
    ChangedBefore,
    /// The unit started after the handler was notified, and so has read everything.
    StartedSince {
        /// The unit.
        unit: String,
    },
    /// It failed, and its `failed_when` says that this is no failure.
    FailureNotCounted {
        /// What it failed with.
        error: String,
    },
    /// It would fail if the run came to it.
    WouldFail {
        /// What with.
        error: String,
        /// The origin of the condition it stands under; null: it runs only after a failure.
        only_if: Option<String>,
    },
    /// It stands under a condition that is not known.
    OnlyIf {
        /// The condition's origin.
        origin: String,
    },
    /// What it acts on is not known.
    KnownAfter {
        /// What will tell.
        origin: String,
    },
    /// It passes on an assumption about itself.
    Assumed {
        /// What it is assumed to do.
        to: Expected,
        /// What will tell.
        origin: String,
    },
    /// It succeeds on assumptions about the host.
    AssumedSo {
        /// Each; never empty.
        assumptions: Vec<Assumption>,
    },
    /// Another host did it.
    DoneBy {
        /// Which; its own report says what was done.
        host: String,
    },
    /// What the role says (`debug`).
    Message {
        /// Its words.
        message: String,
    },
}

/// When a task that runs once ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ran {
    /// On this host, in this run.
    HereInThisRun,
    /// On this host, in an earlier run.
    HereBefore,
    /// On this host, and neither its text nor its files have changed since.
    HereUnchanged,
    /// On another host, in this run.
    Elsewhere,
}

/// What a task is assumed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// To answer as it should.
    Answer,
    /// To hold.
    Hold,
    /// Not to be reached.
    NotBeReached,
}

impl Reason {
    /// Whether this is all that it says: that the task hinges on the origin.
    #[must_use]
    pub fn hinges_on(&self, on: &str) -> bool {
        match self {
            Self::OnlyIf { origin }
            | Self::KnownAfter { origin }
            | Self::Assumed { origin, .. } => origin == on,
            // Without its folder the task fails: that is to be seen.
            Self::AssumedSo { assumptions } => assumptions.iter().all(|one| {
                one.origin() == Some(on) && !matches!(one, Assumption::IsDirectory { .. })
            }),
            _ => false,
        }
    }
}
