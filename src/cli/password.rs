//! Passwords that are asked for on the terminal.

use super::args::AccessArgs;
use super::process;
use super::prompt::{self, Echo};
use crate::controller::Access;
use crate::text::Diagnostic;
use crate::value::Secret;
use std::path::Path;

/// What the command line says of the way to every host; asks for what it says is to be asked for.
///
/// # Errors
/// If there is no terminal to ask on.
pub(super) fn access(args: &AccessArgs) -> Result<Access, Diagnostic> {
    let asked = |words: &str| -> Result<Option<Secret<String>>, Diagnostic> {
        let line = prompt::asked(words, Echo::Off).map_err(|error| {
            error.help(
                "name it in the inventory, vaulted: `ansible_become_password`, `ansible_password`",
            )
        })?;
        let typed = String::from_utf8(line)
            .map_err(|_| Diagnostic::new("the password that was typed is not UTF-8"))?;
        let typed = typed.trim_end_matches(['\n', '\r']);
        Ok((!typed.is_empty()).then(|| Secret::new(typed.to_owned())))
    };
    let password = if args.ask_pass { asked("SSH password: ")? } else { None };
    let become_password = match args.ask_become_pass {
        false => None,
        true if password.is_some() => {
            asked("BECOME password [that of ssh]: ")?.or_else(|| password.clone())
        }
        true => asked("BECOME password: ")?,
    };
    Ok(Access {
        user: args.user.clone(),
        private_key: args.private_key.as_ref().map(|path| path.to_string_lossy().into_owned()),
        password,
        become_root: args.become_root,
        become_password,
        ssh_folder: process::environment("HOME").map(|home| Path::new(&home).join(".ssh")),
        not_root: !rustix::process::geteuid().is_root(),
    })
}
