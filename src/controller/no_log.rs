//! What roles declare of their variables, for commands that show an inventory without running it.

use super::load::role_path;
use super::options::LoadOptions;
use crate::config::{ArgumentSpec, Inventory, Layers, Reader, Roles};
use crate::engine::typing::type_role;
use crate::value::HostName;
use indexmap::IndexMap;
use std::collections::HashSet;

/// The argument specifications of every role that some hosts can reach.
#[derive(Debug, Default)]
pub struct Declarations(Vec<(String, ArgumentSpec)>);

impl Declarations {
    /// Reads the roles as far as they can be read: a mistake in one does not keep the inventory
    /// from being shown, and is told of by every command that runs it.
    pub fn read(
        inventory: &Inventory,
        hosts: &[HostName],
        options: &LoadOptions,
        reader: &mut Reader<'_>,
    ) -> Self {
        let path = role_path(options, reader.files);
        let mut wanted = IndexMap::new();
        for host in hosts.iter().filter_map(|host| inventory.host(host.as_str())) {
            for (name, span) in inventory.roles_of(host) {
                wanted.entry(name).or_insert(Some(span));
            }
        }
        let (mut roles, mut found) = (Roles::default(), Self::default());
        let (mut asked, mut taken) = (HashSet::new(), HashSet::new());
        while !wanted.is_empty() {
            asked.extend(wanted.keys().cloned());
            let _ = roles.load(wanted.drain(..), &path, reader.sources, reader.vault);
            for role in roles.iter().filter(|role| taken.insert(role.name.clone())) {
                let specs = role.argument_specs.iter().flat_map(|specs| specs.0.values());
                found.0.extend(specs.map(|spec| (role.name.clone(), spec.clone())));
                for include in type_role(role, reader.sources).includes {
                    wanted.insert(include.role, Some(include.span));
                }
            }
            wanted.retain(|name, _| !asked.contains(name));
        }
        found
    }

    /// Marks what they call secret.
    pub fn mark(&self, layers: &mut Layers) {
        for (role, spec) in &self.0 {
            let _ = spec.apply(role, layers, |_| true);
        }
    }
}
