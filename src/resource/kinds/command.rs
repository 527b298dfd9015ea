//! `command`: a program run, without a shell.

use super::copy::yes;
use crate::host::{HostError, View};
use crate::resource::parameter::Seconds;
use crate::resource::process::{Found, Process, as_user};
use crate::resource::{Look, Resource, shell_words};
use crate::text::Diagnostic;
use crate::value::Secret;
use indexmap::IndexMap;
use serde::Deserialize;
use std::path::PathBuf;

/// A program with its arguments, given to it as they are: no shell, no globs, no variables.
///
/// A command has no end state, so it needs a guard that its success turns off: `creates`,
/// `removes`, a `when` on something observed, or a handler. With `changed_when: false` or
/// `check_mode: false` it is an observation: it must change nothing, and is run in a dry run too
/// where nothing pending can change its answer.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    /// The command line, split into words as a shell does.
    cmd: Option<String>,
    /// Program and arguments as a list. Give this or `cmd`.
    argv: Option<Vec<String>>,
    /// A path that the command makes: it is not run where that is there.
    creates: Option<PathBuf>,
    /// A path that the command removes: it is not run where that is not there.
    removes: Option<PathBuf>,
    /// What else it changes: absolute paths, unit names, `network`. That it leaves the rest
    /// alone is assumed in a dry run.
    #[serde(default)]
    changes: Vec<String>,
    /// Where to run; `/` if not given.
    chdir: Option<PathBuf>,
    /// Its standard input.
    #[schemars(with = "Option<String>")]
    stdin: Option<Secret<String>>,
    /// End standard input with a line break.
    #[serde(default = "yes")]
    stdin_add_newline: bool,
    /// Seconds after which it is ended, with every process that it started.
    #[serde(default = "an_hour")]
    timeout: Seconds,
    /// The task's `environment`; the engine gives it.
    #[serde(default)]
    #[schemars(with = "Option<IndexMap<String, String>>", extend("reserved" = true))]
    environment: Option<IndexMap<String, Secret<String>>>,
    /// The task's `become_user`; the engine gives it.
    #[serde(default)]
    #[schemars(extend("reserved" = true))]
    become_user: Option<String>,
    /// The task has `changed_when: false` or `check_mode: false`; the engine gives it.
    #[serde(default)]
    #[schemars(extend("reserved" = true))]
    observe: bool,
}

pub(super) const fn an_hour() -> Seconds {
    Seconds::of(3600)
}

impl Command {
    fn process(&self) -> Result<Process<'_>, Diagnostic> {
        let argv = match (&self.argv, &self.cmd) {
            (Some(argv), None) => argv.clone(),
            (None, Some(line)) => shell_words::split(line)?,
            _ => return Err(Diagnostic::new("`command` needs `cmd` or `argv`, and not both")),
        };
        let argv = as_user(self.become_user.as_ref(), argv);
        Ok(Process {
            argv,
            creates: self.creates.as_ref(),
            removes: self.removes.as_ref(),
            changes: &self.changes,
            chdir: self.chdir.as_ref(),
            stdin: self.stdin.as_ref(),
            stdin_add_newline: self.stdin_add_newline,
            environment: self.environment.as_ref(),
            timeout_ms: self.timeout.ms,
            observe: self.observe,
        })
    }
}

impl Resource for Command {
    const NAME: &'static str = "command";
    const FREE_FORM: Option<&'static str> = Some("cmd");
    const EXAMPLE: &'static str = r#"- name: parameters for key exchange, made once
  command:
    argv: [openssl, dhparam, -out, /etc/ssl/dh.pem, "2048"]
    creates: /etc/ssl/dh.pem
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        self.process()?.check()
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        self.process().unwrap_or_default().look(view)
    }

    fn plan(&self, found: &Found) -> Result<Look, Diagnostic> {
        Ok(self.process()?.plan(found))
    }
}
