//! What a task can declare: one small file per kind, all of one shape: a specification, what is
//! observed, and the actions that bring the one to the other. No resource touches a machine, and
//! none knows whether this is a dry run.

mod check;
mod file_parameters;
mod kind;
mod kinds;
mod look;
mod mismatch;
mod on_disk;
mod parameter;
mod parse_error;
mod pattern;
mod postfix;
mod process;
mod reference;
mod schema;
mod shell_words;
mod whole_file;

pub use kind::{Declared, Kind};
pub use kinds::{find, kinds};
pub use look::{Gate, Look, Open, Step};
pub use parse_error::ParseError;
pub use reference::{reference, reference_page};
pub use schema::{Parameter, Parameters};

use crate::host::{HostError, View};
use crate::text::Diagnostic;

/// A kind of resource. The type itself is its specification, deserialised from a task's rendered
/// parameters. Its schema refuses unknown ones (`deny_unknown_fields`, for schemars alone where
/// shared parameters are flattened into it), and the doc comments of its fields are the reference
/// that `converge doc` prints.
pub trait Resource: serde::de::DeserializeOwned + schemars::JsonSchema + std::fmt::Debug {
    /// Its name in a task.
    const NAME: &'static str;
    /// Further names under which Ansible's users know it, `ansible.builtin.NAME` not among them.
    const ALIASES: &'static [&'static str] = &[];
    /// The parameter that a task may give as plain text (`command: make`).
    const FREE_FORM: Option<&'static str> = None;
    /// A task that can be run, in YAML.
    const EXAMPLE: &'static str;

    /// Parameters without templates are the specification as they are written; false where the
    /// engine makes something of them first (reads `src`, evaluates `that`).
    const LITERAL: bool = true;

    /// What it looks at.
    type State: std::fmt::Debug;

    /// Refuses combinations that the types allow; called once the parameters are rendered.
    ///
    /// # Errors
    /// Says which parameters and what to write instead.
    fn validate(&self) -> Result<(), Diagnostic> {
        Ok(())
    }

    /// Looks at the host, and nothing else.
    ///
    /// # Errors
    /// If the host cannot be read.
    fn observe(&self, view: &dyn View) -> Result<Self::State, HostError>;

    /// The actions from the state to the specification. Pure: no host, no clock, no environment.
    ///
    /// # Errors
    /// If no action leads there (a directory stands where a file should be).
    fn plan(&self, state: &Self::State) -> Result<Look, Diagnostic>;
}

#[cfg(test)]
mod tests;
