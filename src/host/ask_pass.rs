//! What answers ssh(1) where it asks for a login's password: a program of the moment, and a pipe that
//! holds the password until it is read once. It stands in no file, argument or environment.

#![expect(clippy::disallowed_methods, reason = "this is the door to what answers ssh")]

use super::HostError;
use crate::value::Secret;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

/// Answers what ssh asks of a password, and nothing else: no host key is accepted by it.
const PROGRAM: &str = "#!/bin/sh\n\
case $1 in *assword:*) IFS= read -r answer <\"${0%/*}/pipe\" && printf '%s\\n' \"$answer\";; \
*) exit 1;; esac\n";

/// Lives as long as it may be asked.
pub struct AskPass {
    folder: TempDir,
    /// Both ends: neither side waits for the other.
    _pipe: File,
}

impl AskPass {
    /// Answers once, with this.
    ///
    /// # Errors
    /// If there is no place for it.
    pub fn answering(password: &Secret<String>) -> Result<Self, HostError> {
        let make = || -> std::io::Result<Self> {
            let private = Permissions::from_mode(0o700);
            let folder = tempfile::Builder::new().permissions(private.clone()).tempdir()?;
            let (pipe, program) = (folder.path().join("pipe"), folder.path().join("ask"));
            mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0)?;
            let mut pipe = OpenOptions::new().read(true).write(true).open(pipe)?;
            pipe.write_all(format!("{}\n", password.expose()).as_bytes())?;
            std::fs::write(&program, PROGRAM)?;
            std::fs::set_permissions(&program, private)?;
            Ok(Self { folder, _pipe: pipe })
        };
        make().map_err(|error| HostError::failed(format!("cannot answer ssh: {error}")))
    }

    /// What ssh(1) is to find in its environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let program = self.folder.path().join("ask").to_string_lossy().into_owned();
        vec![("SSH_ASKPASS", program), ("SSH_ASKPASS_REQUIRE", "force".to_owned())]
    }
}

#[cfg(test)]
mod tests {
    use super::AskPass;
    use crate::value::Secret;
    use std::process::Command;

    #[test]
    fn a_password_is_answered_once_and_nothing_else_is() {
        let asked = AskPass::answering(&Secret::new(r"corr\ect 'horse".to_owned())).unwrap();
        let program = asked.environment().swap_remove(0).1;
        let ask = |prompt: &str| {
            let output = Command::new("sh").arg(&program).arg(prompt).output().unwrap();
            (output.status.success(), String::from_utf8(output.stdout).unwrap())
        };
        let key = "The authenticity of host 'a' can't be established.\nAre you sure (yes/no)? ";
        assert_eq!(ask(key), (false, String::new()));
        assert_eq!(ask("Enter passphrase for key '/root/.ssh/id': "), (false, String::new()));
        assert_eq!(ask("ann@web1's password: "), (true, "corr\\ect 'horse\n".to_owned()));
        drop(asked);
        assert!(!std::path::Path::new(&program).exists());
    }
}
