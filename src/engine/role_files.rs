//! How a role names its files, and which of them go to no host.

use crate::config::PLAY_PREFIX;
use crate::text::Diagnostic;

/// A name as it is in the folder it belongs in: `templates/a.j2` is `a.j2`.
pub(super) fn without<'n>(folder: &str, name: &'n str) -> &'n str {
    let name = name.strip_prefix("./").unwrap_or(name);
    name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name)
}

/// A role, or a play, as messages call it.
pub(super) fn called(role: &str) -> String {
    match role.strip_prefix(PLAY_PREFIX) {
        Some(play) => format!("play `{play}`"),
        None => format!("role `{role}`"),
    }
}

/// A file of a role's, or of a playbook's, as messages call it.
pub(super) fn path_of(role: &str, folder: &str, name: &str) -> String {
    match (role.strip_prefix(PLAY_PREFIX), folder) {
        (Some(_), "tasks") => name.to_owned(),
        _ => format!("{folder}/{name}"),
    }
}

/// Where a file of it is to be put.
pub(super) fn home(role: &str, folder: &str) -> String {
    match (role.strip_prefix(PLAY_PREFIX), folder) {
        (Some(_), "tasks") => "put it beside the playbook".to_owned(),
        (Some(_), _) => format!("put it into {folder}/ beside the playbook"),
        (None, _) => format!("put it into roles/{role}/{folder}/"),
    }
}

/// Why a vaulted file is not written to a host: it would arrive as it is, closed.
pub(super) fn vaulted(bytes: &[u8]) -> Option<Diagnostic> {
    bytes.starts_with(crate::config::VAULT_MARK).then(|| {
        Diagnostic::new("a vaulted file is not opened here").help(
            "write `content: \"{{ lookup('file', 'NAME') }}\"`, which opens it and keeps it secret",
        )
    })
}
