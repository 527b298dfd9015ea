//! Plans what one host is to get: its roles in order, its variables checked, the way to it.

use super::connection::Connection;
use super::project::{HostPlan, Project};
use crate::config::{Host, Layers, Roles};
use crate::engine::bundle::RoleCall;
use crate::engine::names::is_supplied;
use crate::engine::scope::Scopes;
use crate::template::Templates;
use crate::text::{Diagnostic, Redactor};
use crate::value::{HostName, Key, Map, Node, Value};
use std::sync::Arc;

/// Plans a host, and checks its variables against what its roles ask for.
pub(super) fn plan(
    project: &Project,
    read: &Roles,
    name: &HostName,
) -> Result<HostPlan, Vec<Diagnostic>> {
    let Some(host) = project.inventory.host(name.as_str()) else {
        return Err(vec![Diagnostic::new(format!("host `{name}` is not in the inventory"))]);
    };
    let wanted = project.inventory.roles_of(host);
    let order = read.in_order(wanted.iter().map(|(name, _)| name.as_str()));
    let roles: Vec<RoleCall> = order
        .iter()
        .map(|used| RoleCall { name: used.role.name.clone(), vars: used.vars.to_vec() })
        .collect();
    let library = library(project, &roles);
    let mut layers = project.inventory.variables(host);
    for (name, settings) in project.extra.iter() {
        settings.iter().for_each(|layer| layers.add(name.into(), layer.clone()));
    }
    let errors = check_arguments(project, &roles, &library, &mut layers);
    if !errors.is_empty() {
        return Err(errors);
    }
    let extra = project.extra.names().filter_map(|name| entry(name, &layers)).collect();
    let variables = connection_variables(project, host, &layers).map_err(|error| vec![error])?;
    let address = variables.get("ansible_host").and_then(Value::as_str).map(str::to_owned);
    let connection = Connection::of(name.as_str(), &variables, &project.root);
    let connection = connection.map_err(|error| vec![error])?;
    Ok(HostPlan { roles, library, connection, address, extra })
}

fn entry(name: &str, layers: &Layers) -> Option<(Key, Node)> {
    let layer = layers.get(name)?;
    Some((Key { name: name.to_owned(), span: layer.span }, (*layer.node).clone()))
}

fn library(project: &Project, roles: &[RoleCall]) -> Vec<String> {
    let mut library: Vec<String> = Vec::new();
    let mut open: Vec<&str> = roles.iter().rev().map(|call| call.name.as_str()).collect();
    while let Some(name) = open.pop() {
        if library.iter().any(|known| known == name) {
            continue;
        }
        library.push(name.to_owned());
        if let Some(loaded) = project.roles.get(name) {
            open.extend(loaded.typed.includes.iter().map(|include| include.role.as_str()));
            open.extend(loaded.role.dependencies.iter().map(|needed| needed.name.as_str()));
        }
    }
    library
}

/// The roles' argument specifications against every layer; a role's own defaults count.
pub(super) fn check_arguments(
    project: &Project,
    roles: &[RoleCall],
    library: &[String],
    layers: &mut Layers,
) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let loaded = || library.iter().filter_map(|name| project.roles.get(name));
    for role in loaded() {
        let Some(spec) = role.role.argument_specs.as_ref().and_then(|specs| specs.0.get("main"))
        else {
            continue;
        };
        let given = roles.iter().filter(|call| call.name == role.role.name);
        let given = given.flat_map(|call| &call.vars).map(|(key, _)| key.name.as_str());
        let given: Vec<&str> = given.collect();
        let own = role.role.defaults.iter().chain(&role.role.vars);
        let own: Vec<&str> = own.map(|(key, _)| key.name.as_str()).collect();
        let comes_later = |name: &str| {
            own.contains(&name)
                || given.contains(&name)
                || is_supplied(name)
                || loaded().any(|other| other.names.set.contains(name))
        };
        errors.extend(spec.apply(&role.role.name, layers, comes_later));
        for (name, argument) in &spec.options {
            let own = role.role.vars.iter().chain(&role.role.defaults);
            let own = own.filter(|(key, _)| key.name == *name).map(|(_, node)| node).next();
            if let Some(node) = own.filter(|_| layers.get(name).is_none()) {
                errors.extend(argument.check_own(name, node));
            }
        }
    }
    errors
}

/// What the inventory and `-e` say of the way to a host.
pub(super) const CONNECTION: &[&str] = &[
    "ansible_connection",
    "ansible_host",
    "ansible_port",
    "ansible_user",
    "ansible_ssh_private_key_file",
    "ansible_ssh_common_args",
    "ansible_ssh_extra_args",
    "ansible_nsenter_pid",
    "converge_agent",
    "converge_agent_dir",
];

/// A host's connection variables, rendered from the inventory and `-e` alone.
fn connection_variables(
    project: &Project,
    host: &Host,
    layers: &Layers,
) -> Result<Map, Diagnostic> {
    let wanted: Vec<&&str> = CONNECTION.iter().filter(|name| layers.get(name).is_some()).collect();
    let mut rendered = Map::new();
    if wanted.iter().any(|name| layers.get(name).is_some_and(|layer| layer.node.has_template())) {
        let mut scopes = Scopes::new(Arc::new(Templates::new()), Redactor::default());
        scopes.lookups = Arc::new(project.answers.clone());
        scopes.inventory =
            Arc::new(layers.names().filter_map(|name| entry(name, layers)).collect());
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
