//! Types a role's task lists: every key is known, every literal has its type, before any host is
//! touched. Rendering, and what hinges on it, is left to the loop.

mod control;
mod delegation;
mod keywords;
mod misplaced;
mod observe;
mod one_line;
mod params;
mod play;
mod refused;
mod role;
mod task;

pub(super) use control::with_suffix;
pub use keywords::names as task_keywords;
pub(super) use play::merged;
pub use play::{TypedPlay, type_play};
pub(crate) use role::for_each;
pub(super) use role::no_such_task_file;
pub use role::{TypedRole, type_role};

use crate::text::Diagnostic;
use std::collections::HashMap;

/// Types the task lists of one file.
pub(super) struct Typing<'a> {
    role: &'a str,
    file: &'a str,
    /// How often an id was given already.
    ids: HashMap<String, usize>,
    /// Everything that is wrong; typing goes on to find more.
    pub(super) errors: Vec<Diagnostic>,
}

impl<'a> Typing<'a> {
    /// For one file of a role; `file` is the part of ids (`main`, `install`, `handlers`).
    pub(super) fn new(role: &'a str, file: &'a str) -> Self {
        Self { role, file, ids: HashMap::new(), errors: Vec::new() }
    }

    fn error(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
    }

    fn id(&mut self, name: &str) -> String {
        let id = format!("{}/{}:{}", self.role, self.file, name);
        let count = self.ids.entry(id.clone()).or_insert(0);
        *count += 1;
        if *count == 1 { id } else { format!("{id}#{count}") }
    }
}
