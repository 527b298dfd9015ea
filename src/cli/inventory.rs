//! `converge inventory list|graph|host`: what the inventory says, roles and secrets left unread.

use super::args::{InventoryArgs, InventoryShow, ListOutput};
use crate::config::{Group, Host, Inventory, Reader, select};
use crate::host::Disk;
use crate::text::{Diagnostic, Sources};
use serde_json::{Map, Value, json};
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
    let shown = load(from, limit, &mut sources).and_then(|(inventory, hosts)| {
        let hosts: Vec<&Host> = hosts.iter().filter_map(|name| inventory.host(name)).collect();
        match show {
            InventoryShow::List { output: ListOutput::Human, .. } => Ok(list(&inventory, &hosts)),
            InventoryShow::List { output: ListOutput::Json, .. } => {
                Ok(format!("{:#}\n", ansible_list(&inventory, &hosts)))
            }
            InventoryShow::Graph { .. } => Ok(graph(&inventory, &hosts)),
            InventoryShow::Host { host, .. } => match inventory.host(host) {
                Some(host) => Ok(format!("{:#}\n", variables(&inventory, host))),
                None => Err(vec![no_host(&inventory, host)]),
            },
        }
    });
    shown.map_err(|errors| (errors, sources))
}

/// The inventory, and the names of the hosts that `--limit` leaves.
fn load(
    from: &InventoryArgs,
    limit: Option<&str>,
    sources: &mut Sources,
) -> Result<(Inventory, Vec<String>), Vec<Diagnostic>> {
    let vault = super::vault::vault(from).map_err(|error| vec![error])?;
    let mut reader = Reader { files: &Disk, sources, vault: &vault };
    let inventory = Inventory::load(&from.inventory, &mut reader)?;
    let hosts = select(&inventory, limit.unwrap_or("all"), &reader).map_err(|error| vec![error])?;
    let hosts = hosts.iter().map(|name| name.as_str().to_owned()).collect();
    Ok((inventory, hosts))
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
fn list(inventory: &Inventory, hosts: &[&Host]) -> String {
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let groups = |host: &Host| inventory.group_names(host).join(",");
    let name_width = longest(&mut hosts.iter().map(|host| host.name.as_str().chars().count()));
    let group_width = longest(&mut hosts.iter().map(|host| groups(host).chars().count()));
    let mut out = String::new();
    for host in hosts {
        let roles: Vec<String> =
            inventory.roles_of(host).into_iter().map(|(role, _)| role).collect();
        let (name, groups, roles) = (host.name.as_str(), groups(host), roles.join(", "));
        let line = format!("{name:<name_width$}  {groups:<group_width$}  {roles}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// As `ansible-inventory --list` has it.
fn ansible_list(inventory: &Inventory, hosts: &[&Host]) -> Value {
    let hostvars: Map<String, Value> = hosts
        .iter()
        .map(|host| (host.name.as_str().to_owned(), variables(inventory, host)))
        .filter(|(_, variables)| variables.as_object().is_some_and(|all| !all.is_empty()))
        .collect();
    let mut all = Map::new();
    all.insert("_meta".to_owned(), json!({ "hostvars": hostvars }));
    for group in inventory.groups() {
        let children: Vec<&str> = inventory.children(group).map(|child| &*child.name).collect();
        let own = own_hosts(inventory, group, hosts);
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

fn own_hosts<'a>(inventory: &'a Inventory, group: &'a Group, hosts: &[&Host]) -> Vec<&'a str> {
    let own = inventory.own_hosts(group).map(|host| host.name.as_str());
    own.filter(|name| hosts.iter().any(|host| host.name.as_str() == *name)).collect()
}

/// The variables that the inventory sets for a host, templates as they are written.
fn variables(inventory: &Inventory, host: &Host) -> Value {
    let layers = inventory.variables(host);
    let all = layers
        .winners()
        .map(|(name, layer)| (name.to_owned(), layer.node.to_value().to_json_redacted()));
    Value::Object(all.collect())
}

/// As `ansible-inventory --graph` has it.
fn graph(inventory: &Inventory, hosts: &[&Host]) -> String {
    let mut out = String::new();
    if let Some(all) = inventory.group("all") {
        branch(&mut out, inventory, all, hosts, 0);
    }
    out
}

fn branch(out: &mut String, inventory: &Inventory, group: &Group, hosts: &[&Host], depth: usize) {
    let stem = |depth: usize| match depth {
        0 => String::new(),
        depth => "  |".repeat(depth) + "--",
    };
    let _ = writeln!(out, "{}@{}:", stem(depth), group.name);
    for child in inventory.children(group) {
        branch(out, inventory, child, hosts, depth + 1);
    }
    for name in own_hosts(inventory, group, hosts) {
        let _ = writeln!(out, "{}{name}", stem(depth + 1));
    }
}
