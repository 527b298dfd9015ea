//! Every layer that sets a variable for a host, for people to read.

use super::host_plan::check_arguments;
use super::project::{HostPlay, Project};
use crate::config::{Layer, LayerKind, Layers, PLAY_PREFIX};
use crate::engine::task::{Body, Task};
use crate::engine::typing::for_each;
use crate::text::Span;
use crate::value::{Key, Node};
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
            // What a play sets comes below, with where.
            if name.starts_with(PLAY_PREFIX) {
                continue;
            }
            let name: Arc<str> = name.as_str().into();
            layers.add_entries(&LayerKind::RoleDefault(Arc::clone(&name)), &loaded.role.defaults);
            layers.add_entries(&LayerKind::RoleVar(name), &loaded.role.vars);
        }
        for (name, settings) in self.extra.iter() {
            settings.iter().for_each(|layer| layers.add(name.into(), layer.clone()));
        }
        for play in plan.plays.iter().filter_map(|play| self.plays.get(play.place?)) {
            play.add_all_to(&mut layers);
        }
        // Everything wrong was said when the plan was made.
        let calls: Vec<_> = plan.plays.iter().flat_map(HostPlay::calls).collect();
        let _ = check_arguments(self, &calls, &plan.library, &mut layers);
        Some(layers)
    }

    /// Everything that sets one variable for a host, weakest first: [`Project::layers`], and the
    /// tasks of the roles that it can reach.
    #[must_use]
    pub fn settings(&self, host: &str, variable: &str) -> Option<Vec<Layer>> {
        let plan = self.hosts.get(host)?;
        let mut layers = self.layers(host)?;
        let roles = || plan.library.iter().filter_map(|name| self.roles.get(name));
        let is_secret = |layer: &Layer| layer.node.secret;
        let secret = layers.all(variable).iter().any(is_secret)
            || roles().any(|role| role.typed.tasks.secrets.iter().any(|name| name == variable));
        for role in roles() {
            let tasks = &role.typed.tasks;
            for list in tasks.tasks.values().chain([&tasks.handlers, &tasks.verify]) {
                for_each(list, &mut |task| {
                    for mut layer in set_by(task, variable) {
                        let hidden = secret || task.keywords.no_log.is_some();
                        let node = Arc::make_mut(&mut layer.node);
                        node.secret |= hidden && layer.kind != LayerKind::Registered;
                        layers.add(variable.into(), layer);
                    }
                });
            }
        }
        Some(layers.all(variable).to_vec())
    }
}

/// What a task itself sets a variable to.
fn set_by(task: &Task, variable: &str) -> Vec<Layer> {
    let layer = |kind: LayerKind, span: Span, node: &Node| Layer {
        kind,
        span,
        node: Arc::new(node.clone()),
    };
    let named = |entries: &[(Key, Node)], kind: &LayerKind| -> Vec<Layer> {
        let named = entries.iter().filter(|(key, _)| key.name == variable);
        named.map(|(key, node)| layer(kind.clone(), key.span, node)).collect()
    };
    let kind = match task.body {
        Body::Block { .. } => LayerKind::BlockVar,
        _ => LayerKind::TaskVar,
    };
    let mut found = named(&task.keywords.vars, &kind);
    if let Body::SetFact(facts) = &task.body {
        found.extend(named(facts.entries(), &LayerKind::Runtime));
    }
    if task.keywords.register.as_deref() == Some(variable) {
        found.push(layer(LayerKind::Registered, task.span, &task.name));
    }
    found
}
