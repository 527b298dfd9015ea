//! What this process was started with.

use std::path::PathBuf;

/// A variable of this process's environment; `None` where it is not set, or not text.
#[expect(clippy::disallowed_methods, reason = "here the environment is read")]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// This program's own file.
#[expect(clippy::disallowed_methods, reason = "here the environment is read")]
pub(super) fn program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| "converge".into())
}
