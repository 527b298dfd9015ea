//! What roles and variables look up on this machine: variables of the environment, and files of the
//! role or beside the inventory. It is read once, before any host is touched, and a host is sent
//! only what its own tasks can reach.

use super::loaded_role::{LoadedRole, variables_of};
use super::options::Environment;
use super::project::{Answers, Project};
use crate::config::{Reader, Vault};
use crate::template::{Lookup, LookupKey, LookupKind};
use crate::text::{Diagnostic, SourceId, Sources};
use crate::value::{HostName, Node, NodeKind};
use std::path::{Component, Path, PathBuf};

/// Words of a variable's name that say that its value is a secret.
const SECRET: [&str; 9] = [
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "KEY",
    "PASS",
    "PASSPHRASE",
    "PASSWORD",
    "SECRET",
    "TOKEN",
];

/// Everything that these hosts of a project look up; `also` names variables that the controller itself
/// needs.
///
/// # Errors
/// Every file that is not there or not to be read.
pub(super) fn answer(
    project: &Project,
    hosts: &[HostName],
    also: &[&str],
    environment: Option<Environment>,
    reader: &mut Reader<'_>,
) -> Result<Answers, Vec<Diagnostic>> {
    // Most projects look up nothing: then no host's variables need be gone through.
    if !reader.sources.texts().any(may_hold) {
        return Ok(Answers::new());
    }
    let roles: Vec<&LoadedRole> = project.roles.values().collect();
    let in_roles = roles.iter().any(|role| {
        let own = [&role.names.lookups, &role.names.delegated_lookups];
        own.iter().any(|lookups| !lookups.is_empty())
            || variables_of(role).any(|(_, node)| may_look(node))
    });
    let in_extra = project.extra.winners().any(|(_, layer)| may_look(&layer.node));
    let (mut answers, mut errors) = (Answers::new(), Vec::new());
    for host in hosts.iter().filter_map(|name| project.inventory.host(name.as_str())) {
        let name = host.name.as_str();
        let looks = in_roles || in_extra || {
            let variables = project.inventory.variables(host);
            variables.winners().any(|(_, layer)| may_look(&layer.node))
        };
        if !looks {
            continue;
        }
        for lookup in project.lookups(name, &roles, true, also) {
            if answers.contains_key(&lookup.key) {
                continue;
            }
            match one(project, &lookup, environment, reader) {
                Ok(node) => {
                    answers.insert(lookup.key, node);
                }
                Err(error) => errors.push(error.at(lookup.span)),
            }
        }
    }
    errors.sort_by_key(|error| error.span);
    errors.dedup();
    if errors.is_empty() { Ok(answers) } else { Err(errors) }
}

impl Project {
    /// What one host is sent of it.
    pub(super) fn lookups_of<'l>(
        &self,
        host: &str,
        library: impl Iterator<Item = &'l String>,
    ) -> Vec<(LookupKey, Node)> {
        if self.answers.is_empty() {
            return Vec::new();
        }
        let roles: Vec<&LoadedRole> = library.filter_map(|name| self.roles.get(name)).collect();
        let mut sent: Vec<(LookupKey, Node)> = Vec::new();
        for Lookup { key, .. } in self.lookups(host, &roles, false, &[]) {
            if let Some(node) = self.answers.get(&key)
                && !sent.iter().any(|(known, _)| *known == key)
            {
                sent.push((key, node.clone()));
            }
        }
        sent.sort_by(|(a, _), (b, _)| a.cmp(b));
        sent
    }

    /// What these roles look up for a host, through the variables that they name too. What only
    /// delegated tasks need is left out unless it is asked for.
    fn lookups(
        &self,
        host: &str,
        roles: &[&LoadedRole],
        delegated: bool,
        also: &[&str],
    ) -> Vec<Lookup> {
        let mut found: Vec<Lookup> = Vec::new();
        let mut open: Vec<String> = also.iter().map(|name| (*name).to_owned()).collect();
        for role in roles {
            found.extend(role.names.lookups.iter().cloned());
            open.extend(role.names.in_tasks.iter().cloned());
            if delegated {
                found.extend(role.names.delegated_lookups.iter().cloned());
                open.extend(role.names.delegated.iter().flat_map(|(_, names)| names.clone()));
            }
        }
        found.extend(self.reach(&self.variables(host), roles, open).lookups);
        found
    }
}

/// Whether a file's text may hold a lookup; of a vaulted one nobody can tell.
fn may_hold(text: &str) -> bool {
    ["lookup", "query", "q(", "q (", "$ANSIBLE_VAULT"].iter().any(|words| text.contains(words))
}

/// Whether a text in it may hold a lookup: asked of every variable of every host, so quickly.
fn may_look(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Str(text) => {
            text.contains("{{") && ["lookup", "query", "q"].iter().any(|name| text.contains(name))
        }
        NodeKind::List(items) => items.iter().any(may_look),
        NodeKind::Map(entries) => entries.iter().any(|(_, node)| may_look(node)),
        _ => false,
    }
}

/// Reads what is looked up.
fn one(
    project: &Project,
    lookup: &Lookup,
    environment: Option<Environment>,
    reader: &mut Reader<'_>,
) -> Result<Node, Diagnostic> {
    let LookupKey { source, kind, term } = &lookup.key;
    let (text, secret) = match kind {
        LookupKind::Env => {
            let value = environment.and_then(|environment| environment(term));
            (value.unwrap_or_default(), is_secret(term))
        }
        LookupKind::File => {
            let bytes = file(project, *source, term, reader)?;
            let vaulted = bytes.starts_with(crate::config::VAULT_MARK);
            let bytes = if vaulted { opened(reader.vault, &bytes)? } else { bytes };
            let text = String::from_utf8(bytes).map_err(|_| {
                Diagnostic::new(format!("`{term}` is not UTF-8"))
                    .help("use `copy` with `src`, which takes any bytes")
            })?;
            (text, vaulted)
        }
    };
    Ok(Node { kind: NodeKind::Str(text), span: lookup.span, secret })
}

fn opened(vault: &Vault, bytes: &[u8]) -> Result<Vec<u8>, Diagnostic> {
    vault.decrypt(bytes).map(|plain| plain.expose().clone())
}

/// Whether a variable's name says that its value is a secret.
fn is_secret(name: &str) -> bool {
    name.to_ascii_uppercase().split('_').any(|word| SECRET.contains(&word))
}

/// A file of the role in which it is asked for, else one beside an inventory.
fn file(
    project: &Project,
    source: SourceId,
    term: &str,
    reader: &Reader<'_>,
) -> Result<Vec<u8>, Diagnostic> {
    let path = inside(term)?;
    if let Some(role) = role_of(project, source, reader.sources)
        && let Some(bytes) = role.role.files.get(&*path.to_string_lossy())
    {
        return Ok(bytes.clone());
    }
    for folder in &project.folders {
        for candidate in [folder.join("files").join(&path), folder.join(&path)] {
            let Some(bytes) = reader.bytes(&candidate)? else { continue };
            if !reader.files.is_inside(folder, &candidate).unwrap_or(false) {
                return Err(outside(term));
            }
            return Ok(bytes);
        }
    }
    Err(Diagnostic::new(format!("there is no file `{term}` to look up"))
        .note("looked in the role's files/ and beside the inventory"))
}

fn outside(term: &str) -> Diagnostic {
    Diagnostic::new(format!("`{term}` leads out of the folder in which it is looked for"))
        .help("put the file into the role's files/, or beside the inventory")
}

/// A path below the folder in which it is looked for.
pub(super) fn inside(term: &str) -> Result<PathBuf, Diagnostic> {
    let parts = || Path::new(term).components();
    if parts().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(outside(term));
    }
    Ok(parts().filter(|part| matches!(part, Component::Normal(_))).collect())
}

/// The role in whose files a source lies.
fn role_of<'p>(
    project: &'p Project,
    source: SourceId,
    sources: &Sources,
) -> Option<&'p LoadedRole> {
    let path = sources.path(source)?;
    let inside = project.roles.values().filter(|role| path.starts_with(&role.role.folder));
    // A play's folder holds the roles beside it.
    inside.max_by_key(|role| role.role.folder.components().count())
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn a_variable_s_name_says_whether_it_is_secret() {
        for (name, secret) in [
            ("DB_PASSWORD", true),
            ("api_token", true),
            ("MAIL_PASS", true),
            ("AWS_SECRET_ACCESS_KEY", true),
            ("HOME", false),
            ("PWD", false),
            ("KEYBOARD", false),
            ("COMPASS_HOST", false),
        ] {
            assert_eq!(is_secret(name), secret, "{name}");
        }
    }
}
