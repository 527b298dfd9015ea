//! Commands of tasks: what they find in their environment of the user that they run as.

use super::accounts::login_environment;
use super::process;
use crate::host::{Command, CommandOutput, HostError};
use crate::value::Secret;

/// Runs a command, where it is a login's with that one's environment; the command's own wins. It ends
/// with this process.
///
/// # Errors
/// If no process can be made.
pub(super) fn run(command: &Command) -> Result<CommandOutput, HostError> {
    let Some(name) = &command.login else { return process::guarded(command) };
    let login = login_environment(name).into_iter();
    let login = login.map(|(name, value)| (name.to_owned(), Secret::new(value)));
    let environment = login.chain(command.environment.iter().cloned()).collect();
    process::guarded(&Command { environment, ..command.clone() })
}
