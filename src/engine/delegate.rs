//! A task that another does for a host: the controller's process, or another host. The host tells only
//! which one, and the values of its own facts and results that the task names; everything else comes
//! from the controller's copy, so that what only the controller may know stays there.

use super::bundle::Bundle;
use super::context::{Context, Reach};
use super::item::Item;
use super::outcome::Attempt;
use super::outlet::{Delegated, Delegation};
use super::perform::{certainty, is_guarded};
use super::run::Runner;
use super::scope::Scopes;
use super::task::{Body, Keywords, Task};
use super::typing::for_each;
use crate::event::Note;
use crate::host::Host;
use crate::host::local::FACT_NAMES;
use crate::text::Diagnostic;
use crate::value::{Map, Origin};
use std::cell::OnceCell;
use std::sync::Arc;

impl<'a> Runner<'a> {
    /// Asks the controller to do it itself.
    pub(super) fn delegated(
        &mut self,
        host: &dyn Host,
        item: &Item<'_>,
        context: &Context,
    ) -> Result<Attempt, Diagnostic> {
        let request = self.request(host, item, context);
        let Delegated::Done(mut attempt) = self.outlet.delegate(&request)? else {
            return Err(Diagnostic::new("the controller did not do its own task"));
        };
        let guarded = is_guarded(item, context);
        for action in &mut attempt.actions {
            if !guarded {
                action.notes.push(Note::EveryRun);
            }
            if let (certainty, Some(origin)) = certainty(&context.reach, None) {
                action.certainty = certainty;
                action.depends_on = Some(origin.to_string());
            }
        }
        Ok(attempt)
    }

    /// Asks for the task to be done by its delegate; does it itself where that is this host.
    pub(super) fn elsewhere(
        &mut self,
        host: &mut dyn Host,
        item: &Item<'_>,
        context: &Context,
    ) -> Result<Attempt, Diagnostic> {
        let request = self.request(host, item, context);
        match self.outlet.delegate(&request)? {
            Delegated::Done(attempt) => Ok(attempt),
            Delegated::Yours(order) => self.carry_out(host, item, context, &order),
        }
    }

    fn request(&self, host: &dyn Host, item: &Item<'_>, context: &Context) -> Delegation {
        let names = self.bundle.delegated.get(&item.task.id);
        let given = names
            .into_iter()
            .flatten()
            .filter_map(|name| Some((name.clone(), own_value(&item.scopes, name)?)));
        let only_if = match &context.reach {
            Reach::Certain => None,
            Reach::OnlyIf(origin) | Reach::OnFailure(Some(origin)) => Some(origin.clone()),
            Reach::OnFailure(None) => Some(Origin::new("a failure")),
        };
        Delegation {
            task: item.task.id.clone(),
            play: self.play,
            id: item.id.clone(),
            label: item.label.clone(),
            index: item.index,
            only_if,
            given: given.collect(),
            pending: host.pending(),
        }
    }

    /// Does it for the host whose bundle this is, on the controller's own machine.
    ///
    /// # Errors
    /// If the bundle has no such delegated task, or it failed before it could be looked at.
    pub fn answer(
        mut self,
        host: &mut dyn Host,
        request: &Delegation,
    ) -> Result<Attempt, Diagnostic> {
        let (task, context) = self.asked_for(request)?;
        let Body::Resource { kind, params } = &task.body else {
            return Err(Diagnostic::new("only a resource can be delegated").at(task.span));
        };
        let mut scopes = self.scopes(task, &context);
        let known = scopes.scope().names();
        // The items of loops around it are such as only the host can tell.
        let unknown = |name: &str| !known.iter().any(|known| known == name);
        scopes.results = Arc::new(self.told(request, &unknown));
        let (id, label) = (request.id.clone(), request.label.clone());
        let item = Item { task, key: OnceCell::new(), id, label, index: request.index, scopes };
        self.attempt(host, &item, &context, kind, params)
    }

    /// The controller's copy of a task that a host asks for, and what it finds around it.
    pub(super) fn asked_for(
        &mut self,
        request: &Delegation,
    ) -> Result<(&'a Task, Context), Diagnostic> {
        let mut around = Vec::new();
        let Some(task) = find_delegated(self.bundle, &request.task, &mut around) else {
            let message = format!("the host asked for `{}`, which is not delegated", request.task);
            return Err(Diagnostic::new(message));
        };
        self.play = request.play;
        let mut context = self.role_context(&task.role);
        for keywords in around {
            context = context.inside(keywords);
        }
        context.guarded = true; // By what only the host can tell.
        Ok((task, context))
    }

    /// What a host tells of its facts, and of what its tasks have set: never what the controller knows
    /// itself, whatever the host says. `also`: other names that it may tell.
    pub(super) fn told(&self, request: &Delegation, also: &dyn Fn(&str) -> bool) -> Map {
        let names = self.bundle.delegated.get(&request.task);
        let named = |name: &String| names.is_some_and(|names| names.contains(name));
        let is_told = |name: &str| {
            FACT_NAMES.contains(&name) || is_set_by_tasks(self.bundle, name) || also(name)
        };
        let given = request.given.iter().filter(|(name, _)| named(name) && is_told(name));
        given.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

impl Bundle {
    /// Whether the controller's own process does this task.
    #[must_use]
    pub fn is_done_by_controller(&self, task: &str) -> bool {
        let found = find_delegated(self, task, &mut Vec::new());
        found.is_none_or(|task| task.keywords.delegated)
    }
}

/// Whether a task of the bundle sets it, so that only the host knows what to.
fn is_set_by_tasks(bundle: &Bundle, name: &str) -> bool {
    let mut found = name.starts_with("run_once_");
    for role in bundle.library.values() {
        for list in role.tasks.values().chain([&role.handlers, &role.verify]) {
            for_each(list, &mut |task| {
                found |= task.keywords.register.as_deref() == Some(name);
                if let Body::SetFact(facts) = &task.body {
                    found |= facts.get(name).is_some();
                }
            });
        }
    }
    found
}

/// A delegated task by its id, with the keywords of the blocks around it, the nearest last.
fn find_delegated<'b>(
    bundle: &'b Bundle,
    id: &str,
    around: &mut Vec<&'b Keywords>,
) -> Option<&'b Task> {
    bundle.library.values().find_map(|role| {
        let mut lists = role.tasks.values().chain([&role.handlers, &role.verify]);
        lists.find_map(|list| find(list, id, around))
    })
}

fn find<'b>(tasks: &'b [Task], id: &str, around: &mut Vec<&'b Keywords>) -> Option<&'b Task> {
    for task in tasks {
        if task.keywords.is_done_elsewhere() && task.id == id {
            return Some(task);
        }
        if let Body::Block { block, rescue, always } = &task.body {
            around.push(&task.keywords);
            for list in [block, rescue, always] {
                if let Some(found) = find(list, id, around) {
                    return Some(found);
                }
            }
            around.pop();
        }
    }
    None
}

/// What the host itself found out or set; never what the inventory says.
fn own_value(scopes: &Scopes, name: &str) -> Option<crate::value::Value> {
    let own = [&scopes.loop_vars, &scopes.results, &scopes.facts];
    own.into_iter().find_map(|map| map.get(name)).cloned()
}
