//! What becomes of a file's content, as far as it may be shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The change of a content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Diff {
    /// Line by line.
    Unified {
        /// The diff.
        lines: String,
    },
    /// It may not be shown.
    Withheld {
        /// How many lines change.
        count: usize,
        /// Why.
        why: Withheld,
    },
    /// It is no text.
    Binary {
        /// The new content's size.
        bytes: usize,
    },
    /// What it replaces is known after apply.
    Later,
}

/// Why a diff may not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// It holds a secret.
    Secret,
    /// Not everybody may read the file.
    Unreadable,
}
