//! What a command said, where whoever ran it wants to read that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A command's answer, without the line ends at its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Its exit status; 128 and the number of the signal that ended it.
    pub rc: i64,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}
