//! From the inventory file's tree to hosts and groups, not linked up yet.

use super::entry::{self, Entry};
use super::{Group, Host, Settings, range};
use crate::config::fields::found;
use crate::config::variables::{Layer, LayerKind, check_name, refuse_boolean_words};
use crate::text::{Diagnostic, Span, nearest};
use crate::value::{HostName, Key, Node, NodeKind};
use indexmap::IndexMap;
use std::collections::HashMap;
use std::sync::Arc;

/// The keys of a group.
const GROUP_KEYS: [&str; 4] = ["hosts", "children", "vars", "roles"];

/// The group whose number is 0.
const ALL: &str = "all";

/// What was read so far.
pub(super) struct Draft {
    pub(super) groups: IndexMap<Arc<str>, Group>,
    pub(super) hosts: IndexMap<HostName, Host>,
    pub(super) errors: Vec<Diagnostic>,
    /// Each variable's name once: 100,000 hosts repeat a few.
    names: HashMap<String, Arc<str>>,
}

impl Default for Draft {
    fn default() -> Self {
        let mut draft = Self {
            groups: IndexMap::new(),
            hosts: IndexMap::new(),
            errors: Vec::new(),
            names: HashMap::new(),
        };
        let [all, ungrouped] = [ALL, "ungrouped"].map(|name| draft.group_of_name(name, None));
        draft.groups[all].children.push(ungrouped);
        draft.groups[ungrouped].parents.push(all);
        draft
    }
}

impl Draft {
    /// Reads the whole tree.
    pub(super) fn root(&mut self, root: Node) {
        let span = root.span;
        match root.kind {
            NodeKind::Null => {}
            NodeKind::Map(entries) => {
                for (key, node) in entries {
                    self.root_entry(&key, node);
                }
            }
            NodeKind::List(_) => self.errors.push(
                Diagnostic::new("an inventory is a mapping of groups, not a list").at(span).help(
                    "a playbook stands without `-i`; the inventory is the file that has `all:`",
                ),
            ),
            _ => self.errors.push(
                Diagnostic::new("an inventory is a mapping of groups")
                    .at(span)
                    .help("start it with `all:`, and below that `hosts:`"),
            ),
        }
    }

    fn root_entry(&mut self, key: &Key, node: Node) {
        if GROUP_KEYS.contains(&key.name.as_str()) {
            let name = &key.name;
            self.errors.push(
                Diagnostic::new(format!("`{name}` stands outside a group"))
                    .at(key.span)
                    .help(format!("put it under a group: `all:`, and below that `{name}:`")),
            );
        } else if key.name == "plugin" {
            self.errors
                .push(Diagnostic::new("inventory plugins are not supported").at(key.span).help(
                "save what it finds: ansible-inventory -i FILE --list --yaml --export > hosts.yml",
            ));
        } else {
            self.group(key, node);
        }
    }

    /// Reads a group and gives its number.
    fn group(&mut self, key: &Key, node: Node) -> Option<usize> {
        if key.name.parse::<HostName>().is_err() {
            self.errors.push(
                Diagnostic::new(format!("`{}` is not a group name", key.name.escape_debug()))
                    .at(key.span)
                    .label("letters, digits, `.`, `-` and `_`, not starting with `-`"),
            );
            return None;
        }
        let group = self.group_of_name(&key.name, Some(key.span));
        let (span, found_kind) = (node.span, found(&node));
        match node.kind {
            NodeKind::Null => {}
            NodeKind::Map(entries) => {
                for (key, node) in entries {
                    self.group_entry(group, &key, node);
                }
            }
            _ => self.errors.push(
                Diagnostic::new(format!("a group is a mapping, not {found_kind}"))
                    .at(span)
                    .help(format!("its keys are {}", GROUP_KEYS.join(", "))),
            ),
        }
        Some(group)
    }

    fn group_of_name(&mut self, name: &str, span: Option<Span>) -> usize {
        if let Some((number, _, group)) = self.groups.get_full_mut(name) {
            group.span = group.span.or(span);
            return number;
        }
        let name: Arc<str> = name.into();
        let group = Group {
            name: name.clone(),
            span,
            depth: 0,
            priority: 1,
            parents: Vec::new(),
            children: Vec::new(),
            hosts: Vec::new(),
            inline: Vec::new(),
            files: Vec::new(),
            roles: Vec::new(),
        };
        self.groups.insert_full(name, group).0
    }

    fn group_entry(&mut self, group: usize, key: &Key, node: Node) {
        match key.name.as_str() {
            "hosts" => self.group_hosts(group, node),
            "children" => self.group_children(group, node),
            "vars" => self.group_vars(group, node),
            "roles" => match entry::roles(node) {
                Ok(roles) => self.groups[group].roles.extend(roles),
                Err(error) => self.errors.push(error),
            },
            unknown => {
                let mut error =
                    Diagnostic::new(format!("a group has no key `{unknown}`")).at(key.span);
                error = match nearest(unknown, GROUP_KEYS) {
                    Some(known) => error.help(format!("did you mean `{known}`?")),
                    None => error.help(
                        "groups stand under `children:`, hosts under `hosts:`, variables under `vars:`",
                    ),
                };
                self.errors.push(error);
            }
        }
    }

    fn group_children(&mut self, parent: usize, node: Node) {
        let what = "`children` is a mapping of groups";
        for (key, node) in entry::entries(node, what, "write `NAME:` for each", &mut self.errors) {
            if let Some(child) = self.group(&key, node)
                && !self.groups[parent].children.contains(&child)
            {
                self.groups[parent].children.push(child);
                self.groups[child].parents.push(parent);
            }
        }
    }

    fn group_vars(&mut self, group: usize, node: Node) {
        let what = "`vars` is a mapping of variables";
        let mut entries = entry::entries(node, what, "write `NAME: VALUE`", &mut self.errors);
        if let Some(at) = entries.iter().position(|(key, _)| key.name == entry::PRIORITY) {
            match entry::priority(&entries.remove(at).1) {
                Ok(priority) => self.groups[group].priority = priority,
                Err(error) => self.errors.push(error),
            }
        }
        let kind = LayerKind::GroupInline(self.groups[group].name.clone());
        let settings = self.settings(&kind, entries);
        self.groups[group].inline.extend(settings);
    }

    fn settings(&mut self, kind: &LayerKind, entries: Vec<(Key, Node)>) -> Settings {
        let mut settings = Settings::with_capacity(entries.len());
        for (key, node) in entries {
            let span = key.span;
            let name = match self.names.get(&key.name) {
                Some(name) => name.clone(),
                None => {
                    if let Err(error) = check_name(&key) {
                        self.errors.push(error);
                    }
                    let name: Arc<str> = key.name.as_str().into();
                    self.names.insert(key.name, name.clone());
                    name
                }
            };
            refuse_boolean_words(&node, &mut self.errors);
            settings.push((name, Layer { kind: kind.clone(), span, node: Arc::new(node) }));
        }
        settings
    }

    fn group_hosts(&mut self, group: usize, node: Node) {
        let (span, found_kind) = (node.span, found(&node));
        let entries = match node.kind {
            NodeKind::Null => return,
            NodeKind::Map(entries) => entries,
            NodeKind::Str(name) => {
                vec![(Key { name, span }, Node { kind: NodeKind::Null, span, secret: false })]
            }
            _ => {
                self.errors.push(
                    Diagnostic::new(format!("`hosts` is a mapping of hosts, not {found_kind}"))
                        .at(span)
                        .help("write `NAME:` for each, its variables below it"),
                );
                return;
            }
        };
        for (key, node) in entries {
            match entry::host(node) {
                Ok(entry) => self.hosts_of_pattern(group, &key, entry),
                Err(error) => self.errors.push(error),
            }
        }
    }

    fn hosts_of_pattern(&mut self, group: usize, key: &Key, entry: Entry) {
        let names = match range::expand(&key.name) {
            Ok(names) => names,
            Err(reason) => {
                self.errors.push(Diagnostic::new(reason).at(key.span));
                return;
            }
        };
        if self.hosts.len() + names.len() > range::MAX_HOSTS {
            let reason = format!("more than {} hosts", range::MAX_HOSTS);
            self.errors.push(Diagnostic::new(reason).at(key.span));
            return;
        }
        let settings = self.settings(&LayerKind::HostInline, entry.variables);
        for name in names {
            let name: HostName = match name.parse() {
                Ok(name) => name,
                Err(error) => {
                    self.errors.push(bad_host_name(&error, &name, key.span));
                    return;
                }
            };
            let slot = self.hosts.entry(name);
            let number = slot.index();
            let host = slot.or_insert_with_key(|name| Host {
                name: name.clone(),
                span: key.span,
                groups: Vec::new(),
                inline: Vec::new(),
                files: Vec::new(),
                roles: Vec::new(),
            });
            host.inline.extend(settings.iter().cloned());
            host.roles.extend(entry.roles.iter().cloned());
            if !host.groups.contains(&group) {
                host.groups.push(group);
                self.groups[group].hosts.push(number);
            }
        }
    }
}

fn bad_host_name(error: &impl std::fmt::Display, name: &str, span: Span) -> Diagnostic {
    let error = Diagnostic::new(error.to_string()).at(span);
    match name.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() && host.parse::<HostName>().is_ok() => {
            error.help(format!("write `{host}:` with `ansible_port: {port}` below it"))
        }
        _ => error.help("name the host freely and give its address as `ansible_host`"),
    }
}
