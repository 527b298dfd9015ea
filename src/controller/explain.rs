//! Every layer that sets a variable for a host, for people to read.

use super::host_plan::check_arguments;
use super::project::Project;
use crate::config::{LayerKind, Layers};
use std::sync::Arc;

impl Project {
    /// Everything set for a host before it runs: by the roles it can reach, the inventory, `-e`.
    /// What an argument specification calls secret is marked so. `None` for a host that this run is not about.
    #[must_use]
    pub fn layers(&self, host: &str) -> Option<Layers> {
        let plan = self.hosts.get(host)?;
        let mut layers = self.inventory.variables(self.inventory.host(host)?);
        for name in &plan.library {
            let Some(loaded) = self.roles.get(name) else { continue };
            let name: Arc<str> = name.as_str().into();
            layers.add_entries(&LayerKind::RoleDefault(Arc::clone(&name)), &loaded.role.defaults);
            layers.add_entries(&LayerKind::RoleVar(name), &loaded.role.vars);
        }
        for (name, settings) in self.extra.iter() {
            settings.iter().for_each(|layer| layers.add(name.into(), layer.clone()));
        }
        // Everything wrong was said when the plan was made.
        let _ = check_arguments(self, &plan.roles, &plan.library, &mut layers);
        Some(layers)
    }
}
