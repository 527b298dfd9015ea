//! Which variables something reaches: those that it names, and those that these name in turn.

use super::loaded_role::LoadedRole;
use super::project::Project;
use crate::config::Layers;
use crate::engine::names::{HOSTVARS, OtherValue};
use crate::template::{Lookup, Named, Templates};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// What was found on the way.
#[derive(Default)]
pub(super) struct Reach {
    /// Every name, those that it began with among them.
    pub(super) names: HashSet<String>,
    /// What the variables of these names look up.
    pub(super) lookups: Vec<Lookup>,
    /// What they ask of other hosts.
    pub(super) others: Vec<OtherValue>,
}

impl Project {
    /// Goes from these names through `-e`, a host's variables, and those of its roles.
    pub(super) fn reach(
        &self,
        variables: &Layers,
        roles: &[&LoadedRole],
        from: impl IntoIterator<Item = String>,
    ) -> Reach {
        let mut own: HashMap<&str, Vec<&Named>> = HashMap::new();
        for (name, named) in roles.iter().flat_map(|role| &role.variables) {
            own.entry(name).or_default().push(named);
        }
        let templates = Templates::new();
        let mut reach = Reach::default();
        let mut open: Vec<String> = from.into_iter().collect();
        while let Some(name) = open.pop() {
            if reach.names.contains(&name) {
                continue;
            }
            let written = [self.extra.get(&name), variables.get(&name)].into_iter().flatten();
            let written = written.map(|layer| Cow::Owned(templates.names(&layer.node)));
            let own = own.get(name.as_str()).into_iter().flatten();
            for named in written.chain(own.map(|named| Cow::Borrowed(*named))) {
                let others = named.names.iter().filter(|name| name.name == HOSTVARS);
                reach.others.extend(others.filter_map(OtherValue::of));
                open.extend(named.names.iter().map(|name| name.name.clone()));
                reach.lookups.extend(named.lookups.iter().cloned());
            }
            reach.names.insert(name);
        }
        reach
    }
}
