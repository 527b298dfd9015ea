//! Vault passwords: from files, from programs that print them, or asked for on the terminal.

use super::args::InventoryArgs;
use super::prompt::{Echo, asked};
use crate::config::{Files, Vault};
use crate::host::{Disk, SessionProcess};
use crate::text::Diagnostic;
use std::io::Read;
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
            password(&format!("Vault password ({id}): "))
        } else {
            password_of(Path::new(file))
        };
        vault.add(id, password?);
    }
    if args.ask_vault_pass {
        vault.add("default", password("Vault password: ")?);
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
    let mut process = SessionProcess::start(&argv, &[]).map_err(|error| error.diagnostic())?;
    let mut password = Vec::new();
    let read = process.output.read_to_end(&mut password);
    let (status, said) = process.end();
    if status != Some(0) || read.is_err() {
        let error = Diagnostic::new(format!("{shown} printed no vault password"));
        return Err(if said.is_empty() { error } else { error.note(said) });
    }
    Ok(password)
}

/// What is typed, unseen.
fn password(words: &str) -> Result<Vec<u8>, Diagnostic> {
    asked(words, Echo::Off)
        .map_err(|error| error.help("name a file that holds it with --vault-password-file"))
}
