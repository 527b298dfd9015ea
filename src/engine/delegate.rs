//! A task that the controller does for a host. The host tells only which one, and the values of
//! its own facts and results that the task names; everything else comes from the controller's
//! copy, so that what only the controller may know stays there.

use super::bundle::Bundle;
use super::context::Context;
use super::item::Item;
use super::outcome::Attempt;
use super::outlet::Delegation;
use super::perform::{certainty, is_guarded};
use super::run::Runner;
use super::scope::Scopes;
use super::task::{Body, Task};
use super::typing::for_each;
use crate::event::Note;
use crate::host::Host;
use crate::text::Diagnostic;
use std::cell::OnceCell;
use std::sync::Arc;

impl Runner<'_> {
    /// Asks the controller.
    pub(super) fn delegated(
        &mut self,
        host: &dyn Host,
        item: &Item<'_>,
        context: &Context,
    ) -> Result<Attempt, Diagnostic> {
        let names = self.bundle.delegated.get(&item.task.id);
        let given = names
            .into_iter()
            .flatten()
            .filter_map(|name| Some((name.clone(), own_value(&item.scopes, name)?)));
        let request = Delegation {
            task: item.task.id.clone(),
            play: self.play,
            id: item.id.clone(),
            label: item.label.clone(),
            given: given.collect(),
            pending: host.pending(),
        };
        let mut attempt = self.outlet.delegate(&request)?;
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

    /// Does it for the host whose bundle this is, on the controller's own machine.
    ///
    /// # Errors
    /// If the bundle has no such delegated task, or it failed before it could be looked at.
    pub fn answer(
        mut self,
        host: &mut dyn Host,
        request: &Delegation,
    ) -> Result<Attempt, Diagnostic> {
        let Some(task) = find_delegated(self.bundle, &request.task) else {
            let message = format!("the host asked for `{}`, which is not delegated", request.task);
            return Err(Diagnostic::new(message));
        };
        let Body::Resource { kind, params } = &task.body else {
            return Err(Diagnostic::new("only a resource can be delegated").at(task.span));
        };
        self.play = request.play;
        let names = self.bundle.delegated.get(&request.task);
        let allowed = |name: &String| names.is_some_and(|names| names.contains(name));
        let given = request.given.iter().filter(|(name, _)| allowed(name));
        let mut context = self.role_context(&task.role);
        context.guarded = true; // By what only the host can tell.
        let mut scopes = self.scopes(task, &context);
        scopes.results =
            Arc::new(given.map(|(name, value)| (name.clone(), value.clone())).collect());
        let (id, label) = (request.id.clone(), request.label.clone());
        let item = Item { task, key: OnceCell::new(), id, label, scopes };
        self.attempt(host, &item, &context, kind, params)
    }
}

fn find_delegated<'b>(bundle: &'b Bundle, id: &str) -> Option<&'b Task> {
    let mut found = None;
    for role in bundle.library.values() {
        for list in role.tasks.values().chain([&role.handlers, &role.verify]) {
            for_each(list, &mut |task| {
                if task.keywords.delegated && task.id == id {
                    found = Some(task);
                }
            });
        }
    }
    found
}

/// What the host itself found out or set; never what the inventory says.
fn own_value(scopes: &Scopes, name: &str) -> Option<crate::value::Value> {
    let own = [&scopes.loop_vars, &scopes.results, &scopes.facts];
    own.into_iter().find_map(|map| map.get(name)).cloned()
}
