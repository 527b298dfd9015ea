//! Who does something for other hosts: known before the run begins, so that it is there when it is asked.

use super::host_plan;
use super::outcome::RunOptions;
use super::project::Project;
use crate::engine::bundle::Purpose;
use crate::engine::memory::Forgetful;
use crate::engine::state::State;
use crate::engine::task::Body;
use crate::engine::typing::for_each;
use crate::engine::{Outlet, Runner};
use crate::event::Event;
use crate::text::{Diagnostic, Span, nearest};
use crate::value::HostName;
use std::collections::HashSet;

impl Project {
    /// Hosts that others may have do something, in inventory order.
    pub(super) fn serving(&self) -> impl Iterator<Item = &str> {
        let names = self.inventory.hosts().map(|host| host.name.as_str());
        names.filter(|name| self.serving.contains(*name))
    }

    /// Hosts that only do something for others.
    pub fn helpers(&self) -> impl Iterator<Item = &str> {
        self.helpers.keys().map(HostName::as_str)
    }

    /// Whether a host may have another do something.
    pub(super) fn delegates_any(&self, host: &str) -> bool {
        let library = self.hosts.get(host).into_iter().flat_map(|plan| &plan.library);
        library.into_iter().any(|role| self.delegating.contains(role))
    }

    /// Whether a task sets this variable on its delegate.
    pub(super) fn sets_for_others(&self, name: &str) -> bool {
        let mut found = false;
        for role in self.delegating.iter().filter_map(|role| self.roles.get(role)) {
            let tasks = &role.typed.tasks;
            for list in tasks.tasks.values().chain([&tasks.handlers, &tasks.verify]) {
                for_each(list, &mut |task| {
                    found |= task.keywords.delegate_facts
                        && matches!(&task.body, Body::SetFact(facts) if facts.get(name).is_some());
                });
            }
        }
        found
    }

    /// Finds who serves whom, and plans the way to those that the run is not about.
    pub(super) fn find_serving(&mut self) -> Result<(), Vec<Diagnostic>> {
        let mut named: Vec<(String, Span)> = Vec::new();
        let mut rendered: HashSet<&str> = HashSet::new();
        let mut delegating: HashSet<String> = HashSet::new();
        for (name, role) in &self.roles {
            let tasks = &role.typed.tasks;
            for list in tasks.tasks.values().chain([&tasks.handlers, &tasks.verify]) {
                for_each(list, &mut |task| {
                    let Some(node) = &task.keywords.delegate_to else { return };
                    delegating.insert(name.clone());
                    match node.as_str().filter(|_| !node.has_template()) {
                        Some(delegate) => named.push((delegate.to_owned(), node.span)),
                        None => drop(rendered.insert(name)),
                    }
                });
            }
        }
        if delegating.is_empty() {
            return Ok(());
        }
        for (host, plan) in &self.hosts {
            if plan.library.iter().any(|role| rendered.contains(role.as_str())) {
                named.extend(self.delegates_of(host.as_str()));
            }
        }
        // A role that no host gets names nobody.
        let used =
            |role: &str| self.hosts.values().any(|plan| plan.library.iter().any(|n| n == role));
        delegating.retain(|role| used(role));
        self.delegating = delegating;
        let mut errors = Vec::new();
        for (name, span) in named {
            if name == "localhost" && self.inventory.host(&name).is_none() {
                let _ = self.inventory.add_localhost(span).map_err(|error| errors.push(error));
            }
            let Some(host) = self.inventory.host(&name).map(|host| host.name.clone()) else {
                errors.push(unknown(&name, span, self));
                continue;
            };
            if !self.hosts.contains_key(&host) && !self.helpers.contains_key(&host) {
                match host_plan::helper(self, &host) {
                    Ok(plan) => drop(self.helpers.insert(host, plan)),
                    Err(error) => errors.push(error),
                }
            }
            self.serving.insert(name);
        }
        errors.dedup();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn delegates_of(&self, host: &str) -> Vec<(String, Span)> {
        let options =
            RunOptions { run: String::new(), purpose: Purpose::Check, forks: 1, hosts: None };
        let bundle = self.whole_bundle(host, &options);
        let mut memory = Forgetful::new(State::default(), Vec::new());
        Runner::new(&bundle, &mut memory, &mut Nobody).delegates()
    }
}

fn unknown(name: &str, span: Span, project: &Project) -> Diagnostic {
    let error =
        Diagnostic::new(format!("the delegate `{name}` is no host of the inventory")).at(span);
    let known = project.inventory.hosts().map(|host| host.name.as_str());
    match nearest(name, known) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("name a host of the inventory, or `localhost`"),
    }
}

/// Nothing happens while names are rendered.
struct Nobody;

impl Outlet for Nobody {
    fn event(&mut self, _: Event) {}
}
