//! What is said of the way to a host.

use super::project::{HostPlay, Project};
use crate::config::{Host, Layers};
use crate::engine::scope::Scopes;
use crate::template::Templates;
use crate::text::{Diagnostic, Redactor};
use crate::value::{Map, Value};
use std::sync::Arc;

/// What the inventory and `-e` say of the way to a host.
pub(super) const CONNECTION: &[&str] = &[
    "ansible_become",
    "ansible_become_method",
    "ansible_become_pass",
    "ansible_become_password",
    "ansible_become_user",
    "ansible_connection",
    "ansible_host",
    "ansible_nsenter_pid",
    "ansible_password",
    "ansible_port",
    "ansible_private_key_file",
    "ansible_ssh_args",
    "ansible_ssh_common_args",
    "ansible_ssh_executable",
    "ansible_ssh_extra_args",
    "ansible_ssh_host",
    "ansible_ssh_pass",
    "ansible_ssh_password",
    "ansible_ssh_port",
    "ansible_ssh_private_key_file",
    "ansible_ssh_timeout",
    "ansible_ssh_user",
    "ansible_timeout",
    "ansible_user",
    "converge_agent",
    "converge_agent_dir",
    "converge_silence_timeout",
    "converge_ssh_persist",
];

/// A host's connection variables, rendered from the inventory and `-e`; what these leave open, the
/// first play that says it (`connection`, `remote_user`).
pub(super) fn variables(
    project: &Project,
    host: &Host,
    plays: &[HostPlay],
    layers: &Layers,
) -> Result<Map, Diagnostic> {
    let mut variables = of_inventory(project, host, layers)?;
    let places = plays.iter().filter_map(|play| play.place);
    for (key, node) in places.flat_map(|place| &project.plays[place].play.connection) {
        if !variables.contains_key(&key.name) {
            variables.insert(key.name.clone(), node.to_value());
        }
    }
    Ok(variables)
}

fn of_inventory(project: &Project, host: &Host, layers: &Layers) -> Result<Map, Diagnostic> {
    let wanted: Vec<&&str> = CONNECTION.iter().filter(|name| layers.get(name).is_some()).collect();
    let mut rendered = Map::new();
    if wanted.iter().any(|name| layers.get(name).is_some_and(|layer| layer.node.has_template())) {
        let mut scopes = Scopes::new(Arc::new(Templates::new()), Redactor::default());
        scopes.lookups = Arc::new(project.answers.clone());
        scopes.inventory = Arc::new(layers.names().filter_map(|name| layers.entry(name)).collect());
        let name = Value::str(host.name.as_str());
        scopes.facts = Arc::new([("inventory_hostname".to_owned(), name)].into_iter().collect());
        let scope = scopes.scope();
        for name in wanted {
            if let Some(value) = scope.lookup(name)? {
                rendered.insert((*name).to_owned(), value);
            }
        }
    } else {
        for name in wanted {
            if let Some(layer) = layers.get(name) {
                rendered.insert((*name).to_owned(), layer.node.to_value());
            }
        }
    }
    Ok(rendered)
}
