//! What one host is sent: its roles, and of the variables only those that they can reach.

use super::loaded_role::LoadedRole;
use super::named_hosts::NamedHosts;
use super::outcome::RunOptions;
use super::project::Project;
use crate::config::{Layer, Layers};
use crate::engine::bundle::{Bundle, RoleTasks};
use crate::text::Redactor;
use crate::value::{Key, Map, Node, Value};
use indexmap::IndexMap;
use std::collections::{BTreeSet, HashSet};

impl Project {
    /// The bundle of one host.
    #[must_use]
    pub fn bundle(&self, host: &str, options: &RunOptions) -> Bundle {
        let plan = self.hosts.get(host);
        let mut library: IndexMap<String, RoleTasks> = plan
            .into_iter()
            .flat_map(|plan| &plan.library)
            .filter_map(|name| Some((name.clone(), self.roles.get(name)?.typed.tasks.clone())))
            .collect();
        let variables = self.variables(host);
        // What only a delegated task names, the host is not sent.
        let loaded = self.roles_of(&library);
        let named = loaded.iter().flat_map(|role| role.names.in_tasks.iter().cloned());
        let reach = self.reach(&variables, &loaded, named);
        let sent = |(key, _): &(Key, Node)| reach.names.contains(&key.name);
        let extra = plan.into_iter().flat_map(|plan| plan.extra.iter().filter(|one| sent(one)));
        let mut inventory = entries(&variables);
        inventory.retain(sent);
        let delegated = self.delegated(&library, host);
        let lookups = self.lookups_of(host, library.keys());
        for play in &self.plays {
            if let Some(own) = library.get_mut(play.key()) {
                own.vars.retain(sent);
            }
        }
        let mut bundle = Bundle {
            run: options.run.clone(),
            host: host.to_owned(),
            purpose: options.purpose,
            plays: plan.map(|plan| self.parts(plan)).unwrap_or_default(),
            delegated,
            inventory,
            extra: extra.cloned().collect(),
            lookups,
            serves: self.serving.contains(host),
            asks_others: !reach.others.is_empty()
                || loaded.iter().any(|role| !role.names.of_others.is_empty()),
            shares: self.shares(host),
            magic: self.magic(host, &reach.names),
            run_hosts: Vec::new(),
            tags: self.tags.clone(),
            skip_tags: self.skip_tags.clone(),
            ad_hoc: self.ad_hoc,
            library,
        };
        let named = self.named_hosts.get_or_init(|| NamedHosts::of(self.addresses()));
        bundle.run_hosts = named.named_in(&bundle.written(), host);
        bundle
    }

    /// The bundle as the controller uses it for delegated tasks: with every variable.
    pub(super) fn whole_bundle(&self, host: &str, options: &RunOptions) -> Bundle {
        let mut bundle = self.bundle(host, options);
        bundle.inventory = entries(&self.variables(host));
        bundle.magic = self.magic(host, &HashSet::from(["groups".to_owned()]));
        bundle.extra = self.hosts.get(host).map(|plan| plan.extra.clone()).unwrap_or_default();
        for play in &self.plays {
            if let Some(own) = bundle.library.get_mut(play.key()) {
                own.vars.clone_from(&play.own().vars);
            }
        }
        let answers = self.answers.iter();
        bundle.lookups = answers.map(|(key, node)| (key.clone(), node.clone())).collect();
        bundle
    }

    /// Knows every secret of a host's, those too that it is not sent.
    pub(super) fn redactor(&self, bundle: &Bundle) -> Redactor {
        let mut found: Vec<String> = Vec::new();
        let mut keep = |text: &str| found.push(text.to_owned());
        let variables = self.variables(&bundle.host);
        variables.winners().for_each(|(_, layer)| layer.node.each_secret(&mut keep));
        let extra = self.hosts.get(bundle.host.as_str()).into_iter().flat_map(|plan| &plan.extra);
        extra.for_each(|(_, node)| node.each_secret(&mut keep));
        self.answers.values().for_each(|node| node.each_secret(&mut keep));
        let of_plays = self.plays.iter().flat_map(|play| &play.own().vars);
        of_plays.for_each(|(_, node)| node.each_secret(&mut keep));
        self.connection(&bundle.host).each_secret(&mut keep);
        let redactor = bundle.redactor();
        redactor.add_line_by_line(found);
        redactor
    }

    /// The names that each delegated task reaches, through variables too.
    fn delegated(
        &self,
        library: &IndexMap<String, RoleTasks>,
        host: &str,
    ) -> IndexMap<String, Vec<String>> {
        let variables = self.variables(host);
        let roles = self.roles_of(library);
        let reached = |needs: &BTreeSet<String>| {
            let reach = self.reach(&variables, &roles, needs.iter().cloned());
            let mut names: Vec<String> = reach.names.into_iter().collect();
            names.sort();
            names
        };
        let tasks = roles.iter().flat_map(|role| &role.names.delegated);
        tasks.map(|(task, needs)| (task.clone(), reached(needs))).collect()
    }

    fn roles_of(&self, library: &IndexMap<String, RoleTasks>) -> Vec<&LoadedRole> {
        library.keys().filter_map(|name| self.roles.get(name)).collect()
    }

    /// A host's variables in the inventory.
    pub(super) fn variables(&self, host: &str) -> Layers {
        let entry = self.inventory.host(host);
        entry.map(|entry| self.inventory.variables(entry)).unwrap_or_default()
    }

    /// `inventory_hostname` and its like.
    pub(super) fn magic(&self, host: &str, named: &HashSet<String>) -> Map {
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
        if named.contains("groups") {
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

    /// The names and addresses of the run's hosts, each behind its host.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (String, String)> {
        self.hosts.iter().flat_map(|(host, plan)| {
            let addresses = std::iter::once(host.to_string()).chain(plan.address.iter().cloned());
            addresses.map(|address| (host.to_string(), address))
        })
    }
}

/// The setting that wins of each, by name.
fn entries(variables: &Layers) -> Vec<(Key, Node)> {
    let entry = |(name, layer): (&str, &Layer)| {
        (Key { name: name.to_owned(), span: layer.span }, (*layer.node).clone())
    };
    let mut all: Vec<(Key, Node)> = variables.winners().map(entry).collect();
    all.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    all
}
