//! What another host is to do for one, made from the controller's copy of the task: so that no host
//! chooses what another does. Who it is, and which item of a loop the inventory gives, hinges on nothing
//! that the host tells.

use super::context::Context;
use super::item::Item;
use super::outlet::{Delegation, Order, What};
use super::run::Runner;
use super::scope::Scopes;
use super::secrets::too_short;
use super::state::FOR_ANOTHER;
use super::task::{Body, Keywords, Task};
use super::task_run::flattened;
use super::typing::for_each;
use crate::event::Texts;
use crate::host::local::FACT_NAMES;
use crate::resource;
use crate::text::{Diagnostic, Span};
use crate::value::{Map, Node, NodeKind, Value};
use std::cell::OnceCell;
use std::sync::Arc;

/// An order, and for whom it is.
pub struct Prepared {
    /// The delegate.
    pub delegate: String,
    /// What it is to do.
    pub order: Box<Order>,
}

impl Runner<'_> {
    /// Makes the order for the delegate of a task that the host of this bundle asks for. `around` are
    /// variables of the play that only the controller knows.
    ///
    /// # Errors
    /// If the bundle has no such delegated task, or something of it cannot be rendered.
    pub fn prepare(mut self, request: &Delegation, around: Map) -> Result<Prepared, Diagnostic> {
        Arc::make_mut(&mut self.knows.facts).extend(around);
        let (task, context) = self.asked_for(request)?;
        let mut scopes = self.scopes(task, &context);
        let mut own = scopes.clone();
        // An item that only the host can tell cannot say who does it.
        let _ = self.set_asked_item(task, request, &mut own);
        let delegate = self.delegate_of(task, &own)?;
        let told = self.told(request, &|_| false);
        let (facts, results): (Map, Map) =
            told.into_iter().partition(|(name, _)| FACT_NAMES.contains(&name.as_str()));
        Arc::make_mut(&mut scopes.facts).extend(facts);
        scopes.results = Arc::new(results);
        self.set_asked_item(task, request, &mut scopes)?;
        let (id, label) = (request.id.clone(), request.label.clone());
        let item = Item { task, key: OnceCell::new(), id, label, index: request.index, scopes };
        let hidden = self.is_hidden(&item, &context);
        let what = self.what(&item, &context)?;
        let task = Box::new(Task {
            id: format!("{FOR_ANOTHER}{}/{}", self.bundle.host, task.id),
            name: self.plain_name(&item),
            keywords: Keywords::default(),
            ..task.clone()
        });
        let host = self.bundle.host.clone();
        let only_if = request.only_if.clone();
        let Item { id, label, .. } = item;
        Ok(Prepared {
            delegate,
            order: Box::new(Order { host, task, id, label, what, hidden, only_if }),
        })
    }

    /// Every host that the bundle's tasks name as a delegate, and where, as far as the controller knows
    /// that before the run.
    #[must_use]
    pub fn delegates(mut self) -> Vec<(String, Span)> {
        let mut found = Vec::new();
        let bundle = self.bundle;
        for (place, play) in bundle.plays.iter().enumerate() {
            self.play = place;
            for role in play.library.iter().filter_map(|name| bundle.library.get(name)) {
                for list in role.tasks.values().chain([&role.handlers, &role.verify]) {
                    for_each(list, &mut |task| self.add_delegates(task, &mut found));
                }
            }
        }
        found
    }

    fn add_delegates(&self, task: &Task, found: &mut Vec<(String, Span)>) {
        let Some(node) = &task.keywords.delegate_to else { return };
        let scopes = self.scopes(task, &self.role_context(&task.role));
        let with_item = |(index, item): (usize, &Value)| {
            let mut scopes = scopes.clone();
            scopes.set_item(&task.keywords.loop_control.clone().unwrap_or_default(), index, item);
            scopes
        };
        let each = match self.asked_items(task, &scopes) {
            Some(Ok(items)) => items.iter().enumerate().map(with_item).collect(),
            None | Some(Err(_)) => vec![scopes.clone()],
        };
        for scopes in each {
            if let Ok(name) = self.delegate_of(task, &scopes)
                && !found.iter().any(|(known, _)| *known == name)
            {
                found.push((name, node.span));
            }
        }
    }

    fn delegate_of(&self, task: &Task, scopes: &Scopes) -> Result<String, Diagnostic> {
        let Some(node) = &task.keywords.delegate_to else {
            return Err(Diagnostic::new("the task has no delegate").at(task.span));
        };
        let hint =
            "only the inventory, `-e`, and the play's and its roles' variables can say who does it";
        let value = self.templates.node(node, &scopes.scope()).map_err(|error| error.help(hint))?;
        match value.exposed() {
            Value::Str(name) if !name.is_empty() => Ok(name.clone()),
            _ => Err(Diagnostic::new("`delegate_to` takes the name of a host")
                .at(node.span)
                .help(hint)),
        }
    }

    /// The items of the task's loop, if it has one.
    fn asked_items(&self, task: &Task, scopes: &Scopes) -> Option<Result<Vec<Value>, Diagnostic>> {
        let list = task.keywords.loop_over.as_ref()?;
        let items = self.templates.node(list, &scopes.keeping_scope());
        Some(items.and_then(|items| {
            let items = if task.keywords.loop_flat { flattened(items) } else { items };
            match items.exposed() {
                Value::List(items) => Ok(items.clone()),
                _ => Err(Diagnostic::new("what it goes through is not known").at(list.span)),
            }
        }))
    }

    fn set_asked_item(
        &self,
        task: &Task,
        request: &Delegation,
        scopes: &mut Scopes,
    ) -> Result<(), Diagnostic> {
        let Some(items) = self.asked_items(task, scopes) else { return Ok(()) };
        let items = items?;
        let index = request.index.unwrap_or(usize::MAX);
        let Some(item) = items.get(index) else {
            let error = Diagnostic::new("the host asked for an item that the loop does not have");
            return Err(error.at(task.span));
        };
        scopes.set_item(&task.keywords.loop_control.clone().unwrap_or_default(), index, item);
        Ok(())
    }

    fn what(&self, item: &Item<'_>, context: &Context) -> Result<What, Diagnostic> {
        match &item.task.body {
            Body::Resource { kind, params } => {
                let Some(kind) = resource::find(kind) else {
                    return Err(Diagnostic::new(format!("there is no resource `{kind}`")));
                };
                let written = self.with_defaults(kind, params);
                let params = written.as_ref().unwrap_or(params);
                let mut value = self.templates.node(params, &item.scopes.scope())?;
                let named = too_short(&value, false);
                self.fill_in(kind, &mut value, params, item, context).map_err(|mut error| {
                    error.redact(&named);
                    error
                })?;
                Ok(What::Resource(value))
            }
            Body::SetFact(facts) => self.facts_of(facts, &item.scopes).map(What::Facts),
            _ => Err(Diagnostic::new("only a resource can be delegated").at(item.task.span)),
        }
    }

    /// The task's name, rendered, as text that nobody renders again.
    fn plain_name(&self, item: &Item<'_>) -> Node {
        let written = &item.task.name;
        let name = match self.templates.node(written, &item.scopes.scope()) {
            Ok(Value::Str(name)) => name,
            _ => written.as_str().unwrap_or_default().to_owned(),
        };
        let name = name.replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #");
        Node { kind: NodeKind::Str(name), span: written.span, secret: false }
    }
}
