//! The instance's ssh keys: one that opens every host, and one of each host's own.

use std::path::Path;

use super::LabError;
use super::error::io;
use super::process::run;

/// Makes an ed25519 key pair at `path` and `path.pub`; returns the public half in one line.
pub(super) fn generate(path: &Path, comment: &str) -> Result<String, LabError> {
    let file = path.to_string_lossy();
    run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", &file])?;
    let public = path.with_extension("pub");
    let text = std::fs::read_to_string(&public).map_err(io("read", public))?;
    Ok(text.trim().to_owned())
}
