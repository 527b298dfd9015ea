//! What a task can declare: one small file per kind, all of one shape: a specification, what is
//! observed, and the actions that bring the one to the other. No resource touches a machine, and
//! none knows whether this is a dry run.

mod brings;
mod check;
mod cron_time;
mod file_parameters;
mod key_line;
mod kind;
mod kinds;
mod later;
mod line_break;
mod logical_lines;
mod login;
mod mismatch;
mod nature;
mod on_disk;
mod parameter;
mod parse_error;
mod pattern;
mod planned;
mod postfix;
mod process;
mod reference;
mod schema;
mod shell_words;
mod source;
mod sysctl_files;
mod sysctl_ties;
mod whole_file;

pub use brings::may_bring;
pub use kind::{Declared, Kind};
pub use kinds::{find, kinds};
pub use later::{Later, Verdict};
pub use nature::{Nature, Steer};
pub use parse_error::ParseError;
pub use planned::{Gate, Open, Planned, Step};
pub use reference::{reference, reference_page};
pub use schema::{Parameter, Parameters};
pub use source::Source;

use crate::host::{HostError, View};
use crate::text::Diagnostic;
use crate::value::Value;

/// The family of files and folders, by path.
pub const FILES: &str = "file";
/// The family of systemd's units.
pub const UNITS: &str = "unit";
/// The family of users.
pub const USERS: &str = "user";
/// The family of groups.
pub const GROUPS: &str = "group";

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

    /// What a task of it is. Where a parameter decides, [`Resource::nature`] tells.
    const NATURE: Nature;
    /// The parameter that names what it is about; the host's memory keeps what was declared by it.
    const TARGET: Option<&'static str>;
    /// What that is: kinds that look after the same things share it, as all do that write files.
    const FAMILY: &'static str = Self::NAME;
    /// The members of its result, besides `changed`, `failed` and `skipped`.
    const RESULT: &'static [&'static str];
    /// Its target is a file that it writes whole. If that is gone, the host has drifted, whatever
    /// is declared now: what is written may be made anew (a token).
    const WRITES_WHOLE: bool = false;
    /// What it brings cannot be told from its target: where it may be done or not, nothing is
    /// known of the host any more.
    const BRINGS_ANYTHING: bool = false;
    /// Where it writes besides its target, or where its target does not say: paths, with all that
    /// is below them.
    const WRITES_TO: &'static [&'static str] = &[];
    /// The parameters that turn an act off once it has succeeded.
    const GUARDS: &'static [&'static str] = &[];
    /// The parameters that go to a process's command line, which every user can read.
    const ON_COMMAND_LINE: &'static [&'static str] = &[];
    /// Which of the role's files `src` names; the engine gives its content as `content`.
    const SOURCE: Option<Source> = None;
    /// The controller can do it for a host: it leaves the machine that it runs on as it is.
    const DELEGABLE: bool = false;
    /// Parameters without templates are the specification as they are written; false where the
    /// engine makes something of them first (evaluates `that`).
    const LITERAL: bool = true;

    /// What it looks at.
    type State: std::fmt::Debug;

    /// What a task with these parameters is, as far as they are rendered.
    #[must_use]
    fn nature(given: &Value) -> Nature {
        let _ = given;
        Self::NATURE
    }

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
    fn plan(&self, state: &Self::State) -> Result<Planned, Diagnostic>;
}

#[cfg(test)]
mod tests;
