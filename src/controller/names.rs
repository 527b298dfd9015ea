//! Whether every variable that a host's roles name can be supplied by some layer.

use super::project::{LoadedRole, Project};
use crate::engine::names::{is_supplied, undefined};
use crate::template::Name;
use crate::text::{Diagnostic, Span, nearest};
use std::collections::{BTreeMap, HashSet};

/// A name that nothing can supply, and the hosts that lack it.
struct Missing<'p> {
    name: &'p Name,
    near: Option<String>,
    hosts: usize,
}

/// One error per name and place, however many hosts lack it.
pub(super) fn check(project: &Project) -> Vec<Diagnostic> {
    let mut missing: BTreeMap<(Span, &str), Missing<'_>> = BTreeMap::new();
    for (host, plan) in &project.hosts {
        let Some(entry) = project.inventory.host(host.as_str()) else { continue };
        let roles = || plan.library.iter().filter_map(|role| project.roles.get(role));
        let variables = project.inventory.variables(entry);
        let mut known: HashSet<&str> = variables.names().collect();
        known.extend(project.extra.names());
        known.extend(
            plan.roles.iter().flat_map(|call| &call.vars).map(|(key, _)| key.name.as_str()),
        );
        roles().for_each(|role| known.extend(supplied_by(role)));
        for name in roles().flat_map(|role| &role.names.used) {
            if known.contains(name.name.as_str()) || is_supplied(&name.name) {
                continue;
            }
            let missed = missing.entry((name.span, &name.name)).or_insert_with(|| {
                let near = nearest(&name.name, known.iter().copied()).map(str::to_owned);
                Missing { name, near, hosts: 0 }
            });
            missed.hosts += 1;
        }
    }
    missing.into_values().map(Missing::diagnostic).collect()
}

/// What a role itself sets.
pub(super) fn supplied_by(role: &LoadedRole) -> impl Iterator<Item = &str> {
    let tasks = &role.typed.tasks;
    let written = tasks.defaults.iter().chain(&tasks.vars).map(|(key, _)| key.name.as_str());
    written.chain(role.names.set.iter().map(String::as_str))
}

impl Missing<'_> {
    fn diagnostic(self) -> Diagnostic {
        let hosts = if self.hosts == 1 { "1 host" } else { &format!("{} hosts", self.hosts) };
        undefined(self.name, self.near.as_deref()).note(format!("nothing sets it for {hosts}"))
    }
}
