//! How a role names its files, and which of them go to no host.

use crate::text::Diagnostic;

/// A name as it is in the folder it belongs in: `templates/a.j2` is `a.j2`.
pub(super) fn without<'n>(folder: &str, name: &'n str) -> &'n str {
    let name = name.strip_prefix("./").unwrap_or(name);
    name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name)
}

/// Why a vaulted file is not written to a host: it would arrive as it is, closed.
pub(super) fn vaulted(bytes: &[u8]) -> Option<Diagnostic> {
    bytes.starts_with(crate::config::VAULT_MARK).then(|| {
        Diagnostic::new("a vaulted file is not opened here").help(
            "write `content: \"{{ lookup('file', 'NAME') }}\"`, which opens it and keeps it secret",
        )
    })
}
