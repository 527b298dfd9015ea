//! Which hosts the last run left to be run again, for `--limit @failed`: kept for this user, one file
//! for each inventory and playbook.

use super::process::environment;
use crate::config::Files;
use crate::host::{Disk, HostError, keep_text};
use crate::text::Diagnostic;
use crate::value::Sha256;
use std::path::{Path, PathBuf};

/// What stands in a pattern for them.
const NAME: &str = "@failed";

/// Where they are kept.
pub(super) struct Record(PathBuf);

impl Record {
    /// For what these files say; `None` where this user has no folder for it (the XDG base directory
    /// specification: `XDG_STATE_HOME`, else `~/.local/state`).
    pub(super) fn of(inventory: &[PathBuf], playbooks: &[PathBuf]) -> Option<Self> {
        let absolute = |name: &str| environment(name).filter(|path| path.starts_with('/'));
        let state = absolute("XDG_STATE_HOME").map(PathBuf::from);
        let state = state.or_else(|| Some(Path::new(&absolute("HOME")?).join(".local/state")))?;
        let mut key = Vec::new();
        for path in inventory.iter().chain(playbooks) {
            key.extend_from_slice(Disk.resolve(path).as_os_str().as_encoded_bytes());
            key.push(0);
        }
        Some(Self(state.join("converge/failed").join(Sha256::of(&key).to_string())))
    }

    /// Keeps these for the next run.
    pub(super) fn keep<'h>(
        &self,
        run: &str,
        hosts: impl Iterator<Item = &'h str>,
    ) -> Result<(), HostError> {
        let mut text = format!("# left to be run again by run {run}\n");
        hosts.for_each(|host| text.extend([host, "\n"]));
        keep_text(&self.0, &text)
    }

    fn hosts(&self) -> Result<Vec<String>, Diagnostic> {
        let unread = |error| {
            Diagnostic::new(format!("cannot read which hosts the last run left: {error}"))
                .note(self.0.display().to_string())
        };
        let Some(bytes) = Disk.read(&self.0).map_err(unread)? else {
            let error = Diagnostic::new("no run of this inventory and playbook is known here");
            return Err(error.help("`@failed` names the hosts that the last one left undone"));
        };
        let text = String::from_utf8_lossy(&bytes);
        let names = text.lines().filter(|line| !line.starts_with('#'));
        Ok(names.map(str::to_owned).collect())
    }
}

/// A pattern with the hosts themselves in the place of `@failed`.
pub(super) fn named(pattern: &str, record: Option<&Record>) -> Result<String, Diagnostic> {
    let separator = if pattern.contains(',') { ',' } else { ':' };
    let parts: Vec<&str> = pattern.split(separator).collect();
    if !parts.iter().any(|part| part.trim() == NAME) {
        return Ok(pattern.to_owned());
    }
    let Some(record) = record else {
        let error = Diagnostic::new("which hosts the last run left is not kept here");
        return Err(error.help("set HOME or XDG_STATE_HOME, or name the hosts"));
    };
    let hosts = record.hosts()?;
    if hosts.is_empty() {
        let error = Diagnostic::new("the last run left no host to be run again");
        return Err(error.help("leave `--limit @failed` out to run all of them"));
    }
    let hosts = hosts.join(&separator.to_string());
    let parts: Vec<&str> =
        parts.into_iter().map(|part| if part.trim() == NAME { &hosts } else { part }).collect();
    Ok(parts.join(&separator.to_string()))
}
