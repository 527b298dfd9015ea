//! What one host is sent: its roles, and of the variables only those that they can reach.

use super::host_plan::HostPlan;
use super::project::Project;
use super::rollout::RunOptions;
use crate::engine::bundle::{Bundle, RoleTasks};
use crate::template::Templates;
use crate::value::{HostName, Key, Map, Node, Value};
use indexmap::IndexMap;
use std::collections::HashSet;

impl Project {
    /// The bundle of one host.
    #[must_use]
    pub fn bundle(&self, host: &str, options: &RunOptions) -> Bundle {
        let plan = self.hosts.get(host);
        let library: IndexMap<String, RoleTasks> = plan
            .into_iter()
            .flat_map(|plan| &plan.library)
            .filter_map(|name| Some((name.clone(), self.roles.get(name)?.typed.tasks.clone())))
            .collect();
        let roles = plan.map(|plan| plan.roles.clone()).unwrap_or_default();
        let extra = plan.map(|plan| plan.extra.clone()).unwrap_or_default();
        let mentioned: HashSet<&str> = library
            .keys()
            .filter_map(|name| self.roles.get(name))
            .flat_map(|role| role.names.mentioned.iter().map(String::as_str))
            .collect();
        Bundle {
            run: options.run.clone(),
            host: host.to_owned(),
            purpose: options.purpose,
            roles,
            delegated: self.delegated(&library, host),
            inventory: self.reachable(host, &mentioned),
            extra,
            lookups: self.lookups_of(host, library.keys()),
            magic: self.magic(host, &mentioned),
            run_hosts: self.other_addresses(host),
            tags: self.tags.clone(),
            skip_tags: self.skip_tags.clone(),
            library,
        }
    }

    /// The bundle as the controller uses it for delegated tasks: with every variable.
    pub(super) fn whole_bundle(&self, host: &str, options: &RunOptions) -> Bundle {
        let mut bundle = self.bundle(host, options);
        if let Some(entry) = self.inventory.host(host) {
            let variables = self.inventory.variables(entry);
            let all = variables.winners().map(|(name, layer)| {
                (Key { name: name.to_owned(), span: layer.span }, (*layer.node).clone())
            });
            bundle.inventory = all.collect();
        }
        let answers = self.answers.iter();
        bundle.lookups = answers.map(|(key, node)| (key.clone(), node.clone())).collect();
        bundle
    }

    /// The names that each delegated task reaches, through variables too.
    fn delegated(
        &self,
        library: &IndexMap<String, RoleTasks>,
        host: &str,
    ) -> IndexMap<String, Vec<String>> {
        let templates = Templates::new();
        let Some(entry) = self.inventory.host(host) else { return IndexMap::new() };
        let variables = self.inventory.variables(entry);
        let roles = || library.keys().filter_map(|name| self.roles.get(name));
        let written = |name: &str| {
            let own = roles()
                .flat_map(|role| role.typed.tasks.defaults.iter().chain(&role.typed.tasks.vars));
            let own = own.filter(|(key, _)| key.name == name).map(|(_, node)| node.clone());
            let inventory = variables.get(name).map(|layer| (*layer.node).clone());
            own.chain(inventory).collect::<Vec<Node>>()
        };
        let mut all = IndexMap::new();
        for (task, needs) in roles().flat_map(|role| &role.names.delegated) {
            let mut reached: Vec<String> = Vec::new();
            let mut open: Vec<String> = needs.iter().cloned().collect();
            while let Some(name) = open.pop() {
                if !reached.contains(&name) {
                    let written = written(&name).into_iter();
                    let named = written.flat_map(|node| templates.names(&node).names);
                    open.extend(named.map(|name| name.name));
                    reached.push(name);
                }
            }
            reached.sort();
            all.insert(task.clone(), reached);
        }
        all
    }

    /// The winning inventory variables that the host's roles name, and those that these name.
    fn reachable(&self, host: &str, mentioned: &HashSet<&str>) -> Vec<(Key, Node)> {
        let Some(entry) = self.inventory.host(host) else { return Vec::new() };
        let variables = self.inventory.variables(entry);
        let templates = Templates::new();
        let mut open: Vec<String> = mentioned.iter().map(|name| (*name).to_owned()).collect();
        let extra = self.extra.winners();
        let extra = extra.flat_map(|(_, layer)| templates.names(&layer.node).names);
        open.extend(extra.map(|name| name.name));
        let mut sent: IndexMap<String, (Key, Node)> = IndexMap::new();
        while let Some(name) = open.pop() {
            let Some(layer) = variables.get(&name).filter(|_| !sent.contains_key(&name)) else {
                continue;
            };
            let named = templates.names(&layer.node).names;
            open.extend(named.into_iter().map(|name| name.name));
            let key = Key { name: name.clone(), span: layer.span };
            sent.insert(name, (key, (*layer.node).clone()));
        }
        let mut sent: Vec<(Key, Node)> = sent.into_values().collect();
        sent.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        sent
    }

    /// `inventory_hostname` and its like.
    fn magic(&self, host: &str, mentioned: &HashSet<&str>) -> Map {
        let mut magic = Map::new();
        let short = host.split('.').next().unwrap_or(host);
        magic.insert("inventory_hostname".into(), host.into());
        magic.insert("inventory_hostname_short".into(), short.into());
        // Ansible's own words, so that a file that it wrote stays as it is.
        magic.insert("ansible_managed".into(), "Ansible managed".into());
        if let Some(entry) = self.inventory.host(host) {
            magic.insert("group_names".into(), Value::from(self.inventory.group_names(entry)));
        }
        // The whole fleet's groups only for those who ask.
        if mentioned.contains("groups") {
            let members = |group| {
                let hosts = self.inventory.hosts_of(group).map(|host| host.name.as_str());
                Value::from(hosts.collect::<Vec<_>>())
            };
            let groups = self.inventory.groups();
            let groups = groups.map(|group| (group.name.to_string(), members(group))).collect();
            magic.insert("groups".into(), Value::Map(groups));
        }
        magic
    }

    fn other_addresses(&self, host: &str) -> Vec<String> {
        let others = self.hosts.iter().filter(|(other, _)| other.as_str() != host);
        others.flat_map(|(other, plan)| addresses_of(other, plan)).collect()
    }

    /// The names and addresses of the run's hosts.
    pub(super) fn addresses(&self) -> impl Iterator<Item = String> {
        self.hosts.iter().flat_map(|(host, plan)| addresses_of(host, plan))
    }
}

fn addresses_of(host: &HostName, plan: &HostPlan) -> impl Iterator<Item = String> {
    std::iter::once(host.to_string()).chain(plan.address.iter().cloned())
}
