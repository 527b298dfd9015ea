//! `converge inventory list|graph|host`: what the inventory says, as Ansible shows it, secrets redacted.

use super::args::{InventoryArgs, InventoryOutput as Form, InventoryShow};
use crate::config::{Group, Host, Inventory, Reader, select};
use crate::controller::{Declarations, LoadOptions};
use crate::host::Disk;
use crate::text::{Diagnostic, Sources};
use crate::value::HostName;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::fmt::Write;

/// What is to be printed.
///
/// # Errors
/// Everything wrong with the inventory, and the sources to show it in.
pub(super) fn text(show: &InventoryShow) -> Result<String, (Vec<Diagnostic>, Sources)> {
    let (from, limit) = match show {
        InventoryShow::List { from, limit, .. } | InventoryShow::Graph { from, limit } => {
            (from, limit.limit.as_deref())
        }
        InventoryShow::Host { from, .. } => (from, None),
    };
    let mut sources = Sources::default();
    let shown = load(from, limit, &mut sources).and_then(|(inventory, hosts, declared)| {
        let shown = Shown::new(&inventory, &hosts, &declared);
        match show {
            InventoryShow::List { output: Form::Human, .. } => Ok(list(&shown)),
            InventoryShow::List { output: Form::Json, .. } => {
                Ok(format!("{:#}\n", ansible_list(&shown)))
            }
            InventoryShow::List { output: Form::Yaml, .. } => yaml(&shown),
            InventoryShow::Graph { .. } => Ok(graph(&shown)),
            InventoryShow::Host { host, .. } => match inventory.host(host) {
                Some(host) => Ok(format!("{:#}\n", shown.variables(host))),
                None => Err(vec![no_host(&inventory, host)]),
            },
        }
    });
    shown.map_err(|errors| (errors, sources))
}

/// An inventory, and what `--limit` leaves of it.
struct Shown<'a> {
    inventory: &'a Inventory,
    /// In inventory order.
    hosts: Vec<&'a Host>,
    /// The same by name: every group asks for each of its hosts.
    names: HashSet<&'a str>,
    declared: &'a Declarations,
}

impl<'a> Shown<'a> {
    fn new(inventory: &'a Inventory, hosts: &[HostName], declared: &'a Declarations) -> Self {
        let hosts = hosts.iter().filter_map(|name| inventory.host(name.as_str()));
        let hosts: Vec<&Host> = hosts.collect();
        let names = hosts.iter().map(|host| host.name.as_str()).collect();
        Self { inventory, hosts, names, declared }
    }

    /// The hosts that a group itself names.
    fn own_hosts(&self, group: &'a Group) -> Vec<&'a str> {
        let own = self.inventory.own_hosts(group).map(|host| host.name.as_str());
        own.filter(|name| self.names.contains(name)).collect()
    }

    /// The variables that the inventory sets for a host, templates as they are written.
    fn variables(&self, host: &Host) -> Value {
        let mut layers = self.inventory.variables(host);
        self.declared.mark(&mut layers);
        let all = layers
            .winners()
            .map(|(name, layer)| (name.to_owned(), layer.node.to_value().to_json_redacted()));
        Value::Object(all.collect())
    }
}

/// The inventory, the names of the hosts that `--limit` leaves, and what their roles declare.
fn load(
    from: &InventoryArgs,
    limit: Option<&str>,
    sources: &mut Sources,
) -> Result<(Inventory, Vec<HostName>, Declarations), Vec<Diagnostic>> {
    let vault = super::vault::vault(from).map_err(|error| vec![error])?;
    let mut reader = Reader { files: &Disk, sources, vault: &vault };
    let options =
        LoadOptions { inventory: from.inventory.as_slice().into(), ..LoadOptions::default() };
    let inventory = Inventory::load(&options.inventory, &mut reader)?;
    let hosts = select(&inventory, limit.unwrap_or("all"), &reader).map_err(|error| vec![error])?;
    let declared = Declarations::read(&inventory, &hosts, &options, &mut reader);
    Ok((inventory, hosts, declared))
}

/// The error for a host that the inventory does not have.
pub(super) fn no_host(inventory: &Inventory, name: &str) -> Diagnostic {
    let error = Diagnostic::new(format!("there is no host `{name}` in the inventory"));
    let known = inventory.hosts().map(|host| host.name.as_str());
    match crate::text::nearest(name, known) {
        Some(known) => error.help(format!("did you mean `{known}`?")),
        None => error.help("`converge inventory list` names them all"),
    }
}

/// A line each host: its groups, its roles.
fn list(shown: &Shown<'_>) -> String {
    let inventory = shown.inventory;
    let groups = shown.hosts.iter().map(|host| inventory.group_names(host).join(","));
    let rows: Vec<(&Host, String)> = shown.hosts.iter().copied().zip(groups).collect();
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let name_width = longest(&mut rows.iter().map(|(host, _)| host.name.as_str().chars().count()));
    let group_width = longest(&mut rows.iter().map(|(_, groups)| groups.chars().count()));
    let mut out = String::new();
    for (host, groups) in rows {
        let roles: Vec<String> =
            inventory.roles_of(host).into_iter().map(|(role, _)| role).collect();
        let (name, roles) = (host.name.as_str(), roles.join(", "));
        let line = format!("{name:<name_width$}  {groups:<group_width$}  {roles}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// As `ansible-inventory --list` has it.
fn ansible_list(shown: &Shown<'_>) -> Value {
    let inventory = shown.inventory;
    let hostvars: Map<String, Value> = shown
        .hosts
        .iter()
        .map(|host| (host.name.as_str().to_owned(), shown.variables(host)))
        .filter(|(_, variables)| variables.as_object().is_some_and(|all| !all.is_empty()))
        .collect();
    let mut all = Map::new();
    all.insert("_meta".to_owned(), json!({ "hostvars": hostvars }));
    for group in inventory.groups() {
        let children: Vec<&str> = inventory.children(group).map(|child| &*child.name).collect();
        let own = shown.own_hosts(group);
        let mut entry = Map::new();
        if !children.is_empty() {
            entry.insert("children".to_owned(), json!(children));
        }
        if !own.is_empty() {
            entry.insert("hosts".to_owned(), json!(own));
        }
        if !entry.is_empty() {
            all.insert(group.name.to_string(), Value::Object(entry));
        }
    }
    Value::Object(all)
}

/// An inventory again, as `ansible-inventory --list --yaml` has it: every host with all of its
/// variables, where it stands first.
fn yaml(shown: &Shown<'_>) -> Result<String, Vec<Diagnostic>> {
    let all = shown.inventory.group("all");
    let tree = all.map(|all| tree(shown, all, &mut Seen::default())).unwrap_or_default();
    // Text on several lines stays so; none is folded.
    let options = serde_yaml::ser_options! { folded_wrap_chars: usize::MAX };
    serde_yaml::to_string_with_options(&json!({ "all": tree }), options)
        .map_err(|error| vec![Diagnostic::new(format!("cannot write YAML: {error}"))])
}

/// Groups and hosts may bear the same name.
#[derive(Default)]
struct Seen<'a> {
    groups: HashSet<&'a str>,
    hosts: HashSet<&'a str>,
}

/// What stood before is not told again.
fn tree<'a>(shown: &Shown<'a>, group: &'a Group, seen: &mut Seen<'a>) -> Map<String, Value> {
    let mut entry = Map::new();
    if !seen.groups.insert(&group.name) {
        return entry;
    }
    let mut children = Map::new();
    for child in shown.inventory.children(group) {
        children.insert(child.name.to_string(), Value::Object(tree(shown, child, seen)));
    }
    let mut hosts = Map::new();
    for host in shown.inventory.own_hosts(group) {
        let name = host.name.as_str();
        if !shown.names.contains(name) {
            continue;
        }
        let first = seen.hosts.insert(name);
        let variables = if first { shown.variables(host) } else { json!({}) };
        hosts.insert(name.to_owned(), variables);
    }
    for (name, members) in [("children", children), ("hosts", hosts)] {
        if !members.is_empty() {
            entry.insert(name.to_owned(), Value::Object(members));
        }
    }
    entry
}

/// As `ansible-inventory --graph` has it.
fn graph(shown: &Shown<'_>) -> String {
    let mut out = String::new();
    if let Some(all) = shown.inventory.group("all") {
        branch(&mut out, shown, all, 0);
    }
    out
}

fn branch(out: &mut String, shown: &Shown<'_>, group: &Group, depth: usize) {
    let stem = |depth: usize| match depth {
        0 => String::new(),
        depth => "  |".repeat(depth) + "--",
    };
    let _ = writeln!(out, "{}@{}:", stem(depth), group.name);
    for child in shown.inventory.children(group) {
        branch(out, shown, child, depth + 1);
    }
    for name in shown.own_hosts(group) {
        let _ = writeln!(out, "{}{name}", stem(depth + 1));
    }
}
