//! Why an observation or an action failed.

use crate::text::Diagnostic;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A host's refusal. `Display` is a lower-case fragment; [`HostError::diagnostic`] adds hints.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A system call on a path failed.
    #[error("cannot {doing} {}: {}", path.display(), .source.kind_words())]
    File {
        /// What was tried: `read`, `write`, `make directory`, …
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// What is there is not what the action was planned against.
    #[error("{target} is no longer as the plan found it: {found}")]
    Stale {
        /// What was to be replaced.
        target: String,
        /// What is there now.
        found: String,
    },
    /// A program could not be run, or failed.
    #[error("{message}")]
    Failed {
        /// One line.
        message: String,
        /// Facts that explain, such as the last lines of a log.
        notes: Vec<String>,
        /// What to do.
        help: Option<String>,
    },
}

/// The system's words for an error, without `(os error N)`.
trait KindWords {
    fn kind_words(&self) -> String;
}

impl KindWords for std::io::Error {
    fn kind_words(&self) -> String {
        let text = self.to_string();
        let words = text.split(" (os error").next().unwrap_or(&text);
        words.to_lowercase()
    }
}

/// What to do about a file system's refusal, where that can be told.
fn hint(kind: ErrorKind, path: &Path) -> Option<String> {
    let folder = path.parent().unwrap_or(path).display();
    Some(match kind {
        ErrorKind::StorageFull => format!("make room on its file system: df -h {folder}"),
        ErrorKind::QuotaExceeded => {
            format!("make room in the quota of its owner: quota, df -h {folder}")
        }
        ErrorKind::ReadOnlyFilesystem => {
            format!("mount its file system to be written: findmnt --target {folder}")
        }
        ErrorKind::PermissionDenied => {
            format!("root is refused too: is it immutable (lsattr -d {})?", path.display())
        }
        _ => return None,
    })
}

impl HostError {
    /// A failure in one line.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), notes: Vec::new(), help: None }
    }

    /// A failed system call on a path.
    pub fn file(doing: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File { doing, path: path.into(), source }
    }

    /// A unit that does its work and ends is never `started`.
    #[must_use]
    pub fn ends_by_itself(unit: &str) -> Self {
        Self::Failed {
            message: format!("{unit} does its work and ends (Type=oneshot): it is never running"),
            notes: Vec::new(),
            help: Some(
                "give it `RemainAfterExit=yes`, or run it from a handler: `state: restarted`"
                    .to_owned(),
            ),
        }
    }

    /// A mask is a link in the place of the unit's file.
    #[must_use]
    pub fn cannot_be_masked(unit: &str) -> Self {
        Self::Failed {
            message: format!("cannot mask {unit}: its file is /etc/systemd/system/{unit}"),
            notes: Vec::new(),
            help: Some("remove that file, or disable the unit".to_owned()),
        }
    }

    /// It has no way to read its configuration again.
    #[must_use]
    pub fn cannot_reload(unit: &str) -> Self {
        Self::Failed {
            message: format!("{unit} cannot reload its configuration"),
            notes: Vec::new(),
            help: Some("restart it instead".to_owned()),
        }
    }

    /// Whether an action was refused because the host changed since the plan.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        matches!(self, Self::Stale { .. })
    }

    /// As people read it.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(self.to_string());
        if let Self::Failed { notes, help, .. } = self {
            diagnostic.notes.clone_from(notes);
            diagnostic.help.clone_from(help);
        }
        if let Self::File { path, source, .. } = self {
            diagnostic.help = hint(source.kind(), path);
        }
        diagnostic
    }
}

#[cfg(test)]
mod tests {
    use super::HostError;
    use std::io::Error;

    #[test]
    fn a_file_systems_refusal_says_what_to_do() {
        // ENOSPC, EROFS and EPERM.
        for (code, message, help) in [
            (28, "cannot write /etc/x: no space left on device", "df -h /etc"),
            (30, "cannot write /etc/x: read-only file system", "findmnt --target /etc"),
            (1, "cannot write /etc/x: operation not permitted", "lsattr -d /etc/x"),
        ] {
            let error = HostError::file("write", "/etc/x", Error::from_raw_os_error(code));
            let shown = error.diagnostic();
            assert_eq!(shown.message, message);
            assert!(shown.help.is_some_and(|said| said.contains(help)), "{help}");
        }
    }
}
