//! `shell`: a line for a shell.

use super::command::an_hour;
use super::copy::yes;
use crate::host::{HostError, View};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::Seconds;
use crate::resource::process::{Found, Process, as_user};
use crate::resource::{Look, Resource};
use crate::text::Diagnostic;
use crate::value::Secret;
use indexmap::IndexMap;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A line for a shell: pipes, redirections, variables. Where none of these is needed, `command`
/// is safer. It needs a guard as `command` does.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shell {
    /// The line.
    cmd: String,
    /// The shell that reads it.
    #[serde(default = "sh")]
    executable: PathBuf,
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

fn sh() -> PathBuf {
    Path::new("/bin/sh").to_path_buf()
}

impl Shell {
    fn process(&self) -> Process<'_> {
        let argv = vec![self.executable.display().to_string(), "-c".to_owned(), self.cmd.clone()];
        Process {
            argv: as_user(self.become_user.as_ref(), argv),
            creates: self.creates.as_ref(),
            removes: self.removes.as_ref(),
            changes: &self.changes,
            chdir: self.chdir.as_ref(),
            stdin: self.stdin.as_ref(),
            stdin_add_newline: self.stdin_add_newline,
            environment: self.environment.as_ref(),
            timeout_ms: self.timeout.ms,
            observe: self.observe,
        }
    }
}

impl Resource for Shell {
    const NAME: &'static str = "shell";
    const FREE_FORM: Option<&'static str> = Some("cmd");
    const EXAMPLE: &'static str = r#"- name: a list of who may send, made once
  shell:
    cmd: "getent passwd | cut -d: -f1 > /etc/postfix/senders"
    creates: /etc/postfix/senders
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        if self.cmd.trim().is_empty() {
            return Err(Diagnostic::new("there is no command to run"));
        }
        absolute("executable", &self.executable)?;
        self.process().check()
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        self.process().look(view)
    }

    fn plan(&self, found: &Found) -> Result<Look, Diagnostic> {
        Ok(self.process().plan(found))
    }
}
