//! `shell`: a line for a shell.

use crate::host::{CommandOutput, HostError, View};
use crate::resource::on_disk::absolute;
use crate::resource::process::{Found, Process};
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::Value;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A line for a shell: pipes, redirections, variables. Where none of these is needed, `command`
/// is safer. It needs a guard as `command` does.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Shell {
    /// The line.
    cmd: String,
    /// The shell that reads it.
    #[serde(default = "sh")]
    executable: PathBuf,
    #[serde(flatten)]
    process: Process,
}

fn sh() -> PathBuf {
    Path::new("/bin/sh").to_path_buf()
}

impl Shell {
    fn argv(&self) -> Vec<String> {
        vec![self.executable.display().to_string(), "-c".to_owned(), self.cmd.clone()]
    }
}

impl Resource for Shell {
    const NAME: &'static str = "shell";
    const FREE_FORM: Option<&'static str> = Some("cmd");
    const NATURE: Nature = Nature::Act;
    const TARGET: Option<&'static str> = None;
    const RESULT: &'static [&'static str] = CommandOutput::MEMBERS;
    const GUARDS: &'static [&'static str] = &["creates", "removes"];
    const ON_COMMAND_LINE: &'static [&'static str] = &["cmd"];
    const EXAMPLE: &'static str = r#"- name: a list of who may send, made once
  shell:
    cmd: "getent passwd | cut -d: -f1 > /etc/postfix/senders"
    creates: /etc/postfix/senders
"#;
    type State = Found;

    fn nature(given: &Value) -> Nature {
        Process::nature(given)
    }

    fn validate(&self) -> Result<(), Diagnostic> {
        if self.cmd.trim().is_empty() {
            return Err(Diagnostic::new("there is no command to run"));
        }
        absolute("executable", &self.executable)?;
        self.process.check(&self.argv())
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        self.process.look(view, &self.argv(), false)
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        Ok(self.process.plan(found))
    }
}
