//! `group_vars/` and `host_vars/`: a file or a folder for each group and host.

use super::{Inventory, Settings, entry};
use crate::config::Reader;
use crate::config::fields::found;
use crate::config::variables::{Layer, LayerKind, check_name, refuse_boolean_words};
use crate::text::Diagnostic;
use crate::value::{Key, Node, NodeKind};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What may stand behind a group's or a host's name, as in Ansible; a folder ends in `/`.
const ENDINGS: [&str; 5] = ["", "/", ".yml", ".yaml", ".json"];

/// Reads both folders in one that an inventory lies in.
pub(super) fn read(
    inventory: &mut Inventory,
    folder: &Path,
    reader: &mut Reader<'_>,
    errors: &mut Vec<Diagnostic>,
) {
    if let Some(mut files) = VarsFolder::open(folder.join("group_vars"), reader, errors) {
        for group in inventory.groups.values_mut() {
            let entries = files.entries(&group.name, reader, errors);
            if let Some((key, _)) = entries.iter().find(|(key, _)| key.name == entry::PRIORITY) {
                errors.push(
                    Diagnostic::new(format!(
                        "`{}` must stand in the inventory file",
                        entry::PRIORITY
                    ))
                    .at(key.span)
                    .help(format!("move it to `vars:` of group `{}`", group.name)),
                );
            }
            let kind = LayerKind::GroupFile(group.name.clone());
            group.files.push(settings(&kind, entries, errors));
        }
    }
    if let Some(mut files) = VarsFolder::open(folder.join("host_vars"), reader, errors) {
        for host in inventory.hosts.values_mut() {
            let entries = files.entries(host.name.as_str(), reader, errors);
            host.files.extend(settings(&LayerKind::HostFile, entries, errors));
        }
    }
}

fn settings(kind: &LayerKind, entries: Vec<(Key, Node)>, errors: &mut Vec<Diagnostic>) -> Settings {
    let mut settings = Settings::with_capacity(entries.len());
    for (key, node) in entries {
        if let Err(error) = check_name(&key) {
            errors.push(error);
        }
        refuse_boolean_words(&node, errors);
        let layer = Layer { kind: kind.clone(), span: key.span, node: Arc::new(node) };
        settings.push((key.name.into(), layer));
    }
    settings
}

struct VarsFolder {
    path: PathBuf,
    names: HashSet<String>,
}

impl VarsFolder {
    /// Lists the folder once; `None` where there is none.
    fn open(path: PathBuf, reader: &Reader<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        match reader.list(&path) {
            Ok(names) if names.is_empty() => None,
            Ok(names) => Some(Self { path, names: names.into_iter().collect() }),
            Err(error) => {
                errors.push(error);
                None
            }
        }
    }

    /// What is written for a group or a host, in the order of reading.
    fn entries(
        &mut self,
        name: &str,
        reader: &mut Reader<'_>,
        errors: &mut Vec<Diagnostic>,
    ) -> Vec<(Key, Node)> {
        let mut entries = Vec::new();
        let found: Vec<String> = ENDINGS
            .iter()
            .map(|ending| format!("{name}{ending}"))
            .filter(|file| self.names.contains(file))
            .collect();
        match found.as_slice() {
            [] => {}
            [one] if one.ends_with('/') => {
                self.walk(&self.path.join(name), reader, &mut entries, errors)
            }
            [one] => file(&self.path.join(one), reader, &mut entries, errors),
            [one, other, ..] => {
                let folder = self.path.display();
                errors.push(
                    Diagnostic::new(format!("{folder}/{one} and {folder}/{other} both exist"))
                        .help("keep one: Ansible would read only the first"),
                );
            }
        }
        entries
    }

    fn walk(
        &self,
        folder: &Path,
        reader: &mut Reader<'_>,
        entries: &mut Vec<(Key, Node)>,
        errors: &mut Vec<Diagnostic>,
    ) {
        let names = match reader.list(folder) {
            Ok(names) => names,
            Err(error) => return errors.push(error),
        };
        for name in names.iter().filter(|name| !name.starts_with('.') && !name.ends_with('~')) {
            let path = folder.join(name.trim_end_matches('/'));
            let extension = path.extension().and_then(|extension| extension.to_str());
            if name.ends_with('/') && extension.is_some() {
                // Ansible passes over a folder such as `old.d/`.
            } else if name.ends_with('/') {
                self.walk(&path, reader, entries, errors);
            } else if matches!(extension, None | Some("yml" | "yaml" | "json")) {
                file(&path, reader, entries, errors);
            }
        }
    }
}

fn file(
    path: &Path,
    reader: &mut Reader<'_>,
    entries: &mut Vec<(Key, Node)>,
    errors: &mut Vec<Diagnostic>,
) {
    match reader.yaml(path) {
        Ok(None) => {}
        Ok(Some(node)) => match node.kind {
            NodeKind::Null => {}
            NodeKind::Map(found) => entries.extend(found),
            _ => errors.push(
                Diagnostic::new(format!("a file of variables is a mapping, not {}", found(&node)))
                    .at(node.span)
                    .help("write `NAME: VALUE`"),
            ),
        },
        Err(error) => errors.push(error),
    }
}
