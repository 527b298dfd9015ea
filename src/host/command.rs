//! A process, as data: what a command task runs, and what a probe asks by one.

use crate::value::Secret;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A process to run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Command {
    /// Program and arguments, given to the program as they are: no shell.
    pub argv: Vec<String>,
    /// Standard input; empty if `None`.
    pub stdin: Option<Secret<String>>,
    /// The user whose login its environment is (HOME, LOGNAME, SHELL, USER); it does not make the
    /// process his.
    pub login: Option<String>,
    /// Added to a minimal environment (PATH, LANG=C.UTF-8) and the login's.
    pub environment: Vec<(String, Secret<String>)>,
    /// Working directory; `/` if `None`.
    pub chdir: Option<PathBuf>,
    /// Milliseconds after which its whole process group is killed.
    pub timeout_ms: u64,
}
