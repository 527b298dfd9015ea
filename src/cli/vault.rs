//! Vault passwords: from files, from programs that print them, or asked for on the terminal.

use super::args::InventoryArgs;
use crate::config::{Files, Vault};
use crate::host::{Disk, SessionProcess};
use crate::text::Diagnostic;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

/// Everything that decrypts, as the command line names it.
///
/// # Errors
/// A file that is not there, a program that fails, no terminal to ask on.
pub(super) fn vault(args: &InventoryArgs) -> Result<Vault, Diagnostic> {
    let mut vault = Vault::default();
    for named in &args.vault_password_file {
        let (id, file) = named.split_once('@').unwrap_or(("default", named));
        let asks = file == "prompt" && named.contains('@');
        let password = if asks {
            asked(&format!("Vault password ({id}): "))
        } else {
            password_of(Path::new(file))
        };
        vault.add(id, password?);
    }
    if args.ask_vault_pass {
        vault.add("default", asked("Vault password: ")?);
    }
    Ok(vault)
}

/// An executable file prints the password, as with Ansible; any other holds it.
fn password_of(file: &Path) -> Result<Vec<u8>, Diagnostic> {
    let shown = file.display();
    if !Disk.is_program(file) {
        return match Disk.read(file) {
            Ok(Some(password)) => Ok(password),
            Ok(None) => Err(Diagnostic::new(format!("there is no vault password file {shown}"))),
            Err(error) => Err(Diagnostic::new(format!("cannot read {shown}: {error}"))),
        };
    }
    let argv = [Disk.resolve(file).to_string_lossy().into_owned()];
    let mut process = SessionProcess::start(&argv).map_err(|error| error.diagnostic())?;
    let mut password = Vec::new();
    let read = process.output.read_to_end(&mut password);
    let (status, said) = process.end();
    if status != Some(0) || read.is_err() {
        let error = Diagnostic::new(format!("{shown} printed no vault password"));
        return Err(if said.is_empty() { error } else { error.note(said) });
    }
    Ok(password)
}

/// Asks on the terminal, whatever standard input is, without showing what is typed.
fn asked(prompt: &str) -> Result<Vec<u8>, Diagnostic> {
    let failed = |error: std::io::Error| {
        Diagnostic::new(format!("cannot ask for the vault password: {error}"))
            .help("name a file that holds it with --vault-password-file")
    };
    let mut terminal = Disk.terminal().map_err(failed)?;
    let before = tcgetattr(&terminal).map_err(|error| failed(error.into()))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(|error| failed(error.into()))?;
    let mut line = Vec::new();
    let typed = terminal
        .write_all(prompt.as_bytes())
        .and_then(|()| BufReader::new(&terminal).read_until(b'\n', &mut line));
    let restored = tcsetattr(&terminal, OptionalActions::Flush, &before);
    let _ = terminal.write_all(b"\n");
    typed.map_err(failed)?;
    restored.map_err(|error| failed(error.into()))?;
    Ok(line)
}
