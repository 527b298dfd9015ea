//! A person's way into a host: the system's ssh on the caller's terminal.

use std::process::{Command, ExitStatus};

use crate::text::command_line;

use super::error::io;
use super::{Lab, LabError};

impl Lab {
    /// Runs a command on a host by the system's ssh, or a shell where there is none, on the
    /// caller's own terminal. A single word is a line of shell; several are a program and its
    /// arguments, and arrive as they are.
    pub fn ssh(&self, host: &str, command: &[String]) -> Result<ExitStatus, LabError> {
        // ssh joins its arguments with spaces for the host's shell to take apart again.
        let line = match command {
            [] => None,
            [line] => Some(line.clone()),
            words => Some(command_line(words)),
        };
        let config = self.state.ssh_config.clone();
        let name = self.host(host)?.name().to_owned();
        Command::new("ssh")
            .arg("-F")
            .arg(config)
            .args(["--", &name])
            .args(line)
            .status()
            .map_err(io("run", "ssh"))
    }
}
