//! `templates/` and `files/` beside a playbook: of these a play takes what its own tasks name.

use crate::config::Reader;
use crate::config::role::Role;
use crate::text::Diagnostic;
use crate::value::{Node, NodeKind};
use std::collections::BTreeSet;

/// What tasks name of files.
#[derive(Default)]
struct Named {
    /// Written out.
    names: BTreeSet<String>,
    /// Some name is only known on the host.
    any: bool,
}

/// Reads them into the play's own role.
pub(super) fn read(own: &mut Role, reader: &mut Reader<'_>, errors: &mut Vec<Diagnostic>) {
    let mut named = Named::default();
    own.tasks.values().chain(&own.handlers).for_each(|node| named.collect(node));
    if !named.any && named.names.is_empty() {
        return;
    }
    own.read_folders(&["templates", "files"], reader, errors);
    let is_named = |folder: &str, name: &str| {
        named.any
            || named.names.contains(name)
            || named.names.contains(&format!("{folder}/{name}"))
            || named.names.contains(&format!("./{folder}/{name}"))
    };
    own.templates.retain(|name, _| is_named("templates", name));
    own.files.retain(|name, _| is_named("files", name));
    // As Ansible does, also right beside the playbook.
    for name in &named.names {
        let is_there = |folder: &str, name: &str| name.strip_prefix(folder).is_some();
        let plain = name.strip_prefix("./").unwrap_or(name);
        if own.templates.contains_key(plain)
            || own.files.contains_key(plain)
            || is_there("templates/", plain)
            || is_there("files/", plain)
        {
            continue;
        }
        let path = own.folder.join(plain);
        let inside = reader.files.is_inside(&own.folder, &path).unwrap_or(false);
        let leads_out = plain.split('/').any(|part| part == "..") || plain.starts_with('/');
        if !inside || leads_out {
            continue;
        }
        if let Ok(Some(bytes)) = reader.bytes(&path) {
            if std::str::from_utf8(&bytes).is_ok()
                && let Ok(Some(source)) = reader.text(&path)
            {
                own.templates.insert(name.clone(), source);
            }
            own.files.insert(name.clone(), bytes);
        }
    }
}

impl Named {
    fn collect(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::List(items) => items.iter().for_each(|item| self.collect(item)),
            NodeKind::Map(entries) => {
                for (key, node) in entries {
                    match (key.name.as_str(), node.as_str()) {
                        ("src", Some(_)) if node.has_template() => self.any = true,
                        ("src", Some(name)) => drop(self.names.insert(name.to_owned())),
                        _ => self.collect(node),
                    }
                }
            }
            // A module's parameters in one line.
            NodeKind::Str(text) if text.contains("src=") => self.any = true,
            _ => {}
        }
    }
}
