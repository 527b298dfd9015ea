//! Who is managed: hosts, groups, their variables and their roles, in Ansible's YAML form.

mod draft;
mod entry;
mod graph;
mod range;
mod sources;
mod vars_files;

use super::Reader;
use super::variables::{Layer, LayerKind, Layers};
use crate::text::{Diagnostic, Span};
use crate::value::{HostName, Node, NodeKind};
use indexmap::{IndexMap, IndexSet};
use std::collections::BTreeSet;
use std::sync::Arc;

pub use sources::InventoryPaths;

/// Settings of one group or host, in the order they were read: a later one wins.
type Settings = Vec<(Arc<str>, Layer)>;

/// Every host and group, with variables and roles.
#[derive(Debug, Clone)]
pub struct Inventory {
    groups: IndexMap<Arc<str>, Group>,
    hosts: IndexMap<HostName, Host>,
}

/// A group of hosts. `all` and `ungrouped` always exist.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// Where it was first named.
    pub span: Option<Span>,
    /// The longest way from `all`, in steps; a deeper group's variables win.
    pub depth: usize,
    /// `ansible_group_priority`: among groups of one depth the higher one's variables win.
    pub priority: i64,
    parents: Vec<usize>,
    children: Vec<usize>,
    hosts: Vec<usize>,
    inline: Settings,
    /// For each folder that has `group_vars/`.
    files: Vec<Settings>,
    roles: Vec<(String, Span)>,
}

/// A managed host.
#[derive(Debug, Clone)]
pub struct Host {
    /// Its name.
    pub name: HostName,
    /// Where it was first named.
    pub span: Span,
    groups: Vec<usize>,
    inline: Settings,
    files: Settings,
    roles: Vec<(String, Span)>,
}

impl Inventory {
    /// Reads inventories, one after the other into one: what a later one sets wins. Beside each
    /// stand `group_vars/` and `host_vars/`.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load(
        from: impl Into<InventoryPaths>,
        reader: &mut Reader<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let paths = from.into();
        let trees = paths.trees(reader)?;
        let whole = trees.first().map(|tree| tree.span);
        let mut draft = draft::Draft::default();
        trees.into_iter().for_each(|tree| draft.root(tree));
        let mut errors = std::mem::take(&mut draft.errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut inventory = Self { groups: draft.groups, hosts: draft.hosts };
        inventory.link().map_err(|error| vec![error])?;
        if inventory.hosts.is_empty() {
            let mut error = Diagnostic::new(format!("{} names no host", paths.shown()));
            error.span = whole;
            return Err(vec![error.help("write one under `hosts:` of a group")]);
        }
        for folder in paths.variable_folders(reader.files) {
            vars_files::read(&mut inventory, &folder, reader, &mut errors);
        }
        if errors.is_empty() { Ok(inventory) } else { Err(errors) }
    }

    /// Adds this machine as `localhost`, in no group, for whom asks for it by name.
    pub fn add_localhost(&mut self, span: Span) -> Result<HostName, Diagnostic> {
        let name: HostName = "localhost".parse().map_err(|error| {
            Diagnostic::new(format!("`localhost` is no host name: {error}")).at(span)
        })?;
        let kind = NodeKind::Str("local".to_owned());
        let node = Arc::new(Node { kind, span, secret: false });
        let local = Layer { kind: LayerKind::HostInline, span, node };
        let host = Host {
            name: name.clone(),
            span,
            groups: Vec::new(),
            inline: vec![("ansible_connection".into(), local)],
            files: Vec::new(),
            roles: Vec::new(),
        };
        self.hosts.entry(name.clone()).or_insert(host);
        Ok(name)
    }

    /// Every host, in the order in which the file first names them.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Host> {
        self.hosts.values()
    }

    /// Every group: `all`, `ungrouped`, then in the order in which the file first names them.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.groups.values()
    }

    /// The host of this name.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name)
    }

    /// The group of this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// The groups right below a group.
    pub fn children<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = &'a Group> {
        group.children.iter().map(|&child| &self.groups[child])
    }

    /// The hosts that a group itself names, those of its children not included. `all` has none:
    /// each of its hosts is in another group, or in `ungrouped`.
    pub fn own_hosts<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = &'a Host> {
        let own = if group.depth == 0 { &[] } else { group.hosts.as_slice() };
        own.iter().map(|&host| &self.hosts[host])
    }

    /// Every host of a group and of the groups below it, in the order that Ansible gives them in
    /// `groups` and counts them in for `web[0]`: the group's own, then those of its children, then
    /// of theirs.
    pub fn hosts_of<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = &'a Host> {
        self.host_ids_of(group).into_iter().map(|host| &self.hosts[host])
    }

    /// The groups that a host is in, `all` and those above included: weakest first, which is by
    /// depth, then priority, then name.
    #[must_use]
    pub fn groups_of(&self, host: &Host) -> Vec<&Group> {
        let mut found = BTreeSet::from([0]);
        let mut open = host.groups.clone();
        while let Some(group) = open.pop() {
            if found.insert(group) {
                open.extend(&self.groups[group].parents);
            }
        }
        let mut groups: Vec<&Group> = found.into_iter().map(|group| &self.groups[group]).collect();
        groups.sort_by(|a, b| (a.depth, a.priority, &a.name).cmp(&(b.depth, b.priority, &b.name)));
        groups
    }

    /// What templates see as `group_names`: the host's groups by name, without `all`.
    #[must_use]
    pub fn group_names(&self, host: &Host) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.groups_of(host).iter().map(|group| &*group.name).filter(|n| *n != "all").collect();
        names.sort_unstable();
        names
    }

    /// The roles that a host gets, each once: those of its groups, weakest group first, then its
    /// own.
    #[must_use]
    pub fn roles_of(&self, host: &Host) -> Vec<(String, Span)> {
        let groups = self.groups_of(host);
        let every = groups.iter().flat_map(|group| &group.roles).chain(&host.roles);
        let mut roles: IndexMap<&str, Span> = IndexMap::new();
        for (name, span) in every {
            roles.entry(name).or_insert(*span);
        }
        roles.into_iter().map(|(name, span)| (name.to_owned(), span)).collect()
    }

    /// Every variable that the inventory sets for a host, with every layer that set it: the
    /// groups' in the inventory file, the groups' in `group_vars/`, the host's in the inventory
    /// file, the host's in `host_vars/`; groups in the order of [`Inventory::groups_of`]. Of
    /// several `group_vars/` all of a later one's groups are stronger, save `all`.
    #[must_use]
    pub fn variables(&self, host: &Host) -> Layers {
        let groups = self.groups_of(host);
        let inline = groups.iter().flat_map(|group| &group.inline);
        let (all, others) = groups.split_at(1);
        let folders = self.groups[0].files.len();
        let of_folder = |at: usize| others.iter().filter_map(move |group| group.files.get(at));
        let files = all.iter().flat_map(|all| &all.files).chain((0..folders).flat_map(of_folder));
        let files = files.flatten();
        let mut layers = Layers::default();
        for (name, layer) in inline.chain(files).chain(&host.inline).chain(&host.files) {
            layers.add(name.clone(), layer.clone());
        }
        layers
    }

    /// A host's number: its place in inventory order.
    pub(super) fn host_id(&self, name: &str) -> Option<usize> {
        self.hosts.get_index_of(name)
    }

    /// The numbers of the hosts that [`Inventory::hosts_of`] gives.
    pub(super) fn host_ids_of(&self, group: &Group) -> IndexSet<usize> {
        let mut hosts: IndexSet<usize> = group.hosts.iter().copied().collect();
        let mut groups: IndexSet<usize> = group.children.iter().copied().collect();
        let mut at = 0;
        while let Some(&below) = groups.get_index(at) {
            hosts.extend(&self.groups[below].hosts);
            groups.extend(&self.groups[below].children);
            at += 1;
        }
        hosts
    }
}

#[cfg(test)]
mod tests;
