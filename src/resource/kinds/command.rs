//! `command`: a program run, without a shell.

use crate::host::{CommandOutput, HostError, View};
use crate::resource::parameter::yes;
use crate::resource::process::{Found, Process};
use crate::resource::{Nature, Planned, Resource, shell_words};
use crate::text::Diagnostic;
use crate::value::Value;
use serde::Deserialize;

/// A program with its arguments, given to it as they are: no shell and no globs. Filled in are `~`
/// and the variables of a login, `$HOME`, `$USER`, `$LOGNAME` and `$SHELL`; not those of the task's
/// `environment`, which may be secret, while every user can read a process's arguments.
///
/// A command has no end state, so it needs a guard that its success turns off: `creates`,
/// `removes`, a `when` on something observed, or a handler. With `changed_when: false` or
/// `check_mode: false` it is an observation: it must change nothing, and is run in a dry run too
/// where nothing pending can change its answer.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Command {
    /// The command line, split into words as a shell does.
    cmd: Option<String>,
    /// Program and arguments as a list. Give this or `cmd`.
    argv: Option<Vec<String>>,
    /// Fill in `~` and the variables of a login.
    #[serde(default = "yes")]
    expand_argument_vars: bool,
    #[serde(flatten)]
    process: Process,
}

impl Command {
    fn argv(&self) -> Result<Vec<String>, Diagnostic> {
        match (&self.argv, &self.cmd) {
            (Some(argv), None) => Ok(argv.clone()),
            (None, Some(line)) => shell_words::split(line),
            _ => Err(Diagnostic::new("`command` needs `cmd` or `argv`, and not both")),
        }
    }
}

impl Resource for Command {
    const NAME: &'static str = "command";
    const FREE_FORM: Option<&'static str> = Some("cmd");
    const NATURE: Nature = Nature::Act;
    const TARGET: Option<&'static str> = None;
    const RESULT: &'static [&'static str] = CommandOutput::MEMBERS;
    const GUARDS: &'static [&'static str] = &["creates", "removes"];
    const ON_COMMAND_LINE: &'static [&'static str] = &["cmd", "argv"];
    const EXAMPLE: &'static str = r#"- name: parameters for key exchange, made once
  command:
    argv: [openssl, dhparam, -out, /etc/ssl/dh.pem, "2048"]
    creates: /etc/ssl/dh.pem
"#;
    type State = Found;

    fn nature(given: &Value) -> Nature {
        Process::nature(given)
    }

    fn validate(&self) -> Result<(), Diagnostic> {
        self.process.check(&self.argv()?)
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        self.process.look(view, &self.argv().unwrap_or_default(), self.expand_argument_vars)
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        Ok(self.process.plan(found))
    }
}
