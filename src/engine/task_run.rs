//! One task: its loop, and what is made of each item's result.

use super::constant::not_a_list;
use super::context::{Context, Reach};
use super::control::Truth;
use super::flow::Flow;
use super::item::{Item, of_item};
use super::outcome::{Attempt, registered_loop};
use super::run::{Runner, millis};
use super::run_once::once_id;
use super::scope::Scopes;
use super::task::{Body, Task};
use super::telling::id;
use super::typing::for_each;
use crate::event::{Reason, TaskReport, TaskStatus};
use crate::host::Host;
use crate::text::Diagnostic;
use crate::value::{Known, Node, Origin, Value};
use std::cell::OnceCell;
use std::sync::Arc;

impl Runner<'_> {
    pub(super) fn task(&mut self, host: &mut dyn Host, task: &Task, context: &Context) -> Flow {
        let scopes = self.scopes(task, context);
        *self.knows.passed.entry(id(task, context, None)).or_default() += 1;
        if let Some(flow) = self.settled_before(task, context, &scopes) {
            return flow;
        }
        if let Some(origin) = self.may_have_run(task) {
            let context = context.only_if(&origin);
            return self
                .perhaps(host, &origin, |runner, host| runner.all(host, task, &context, scopes));
        }
        self.all(host, task, context, scopes)
    }

    fn all(&mut self, host: &mut dyn Host, task: &Task, context: &Context, scopes: Scopes) -> Flow {
        let (result, flow) = match &task.keywords.loop_over {
            None => {
                let id = id(task, context, None);
                let key = OnceCell::new();
                let item = Item { task, id, key, label: None, index: None, scopes };
                self.item(host, &item, context)
            }
            Some(list) => match self.looped(host, task, list, context, &scopes) {
                Ok(ended) => ended,
                Err(flow) => return *flow,
            },
        };
        if matches!(flow, Flow::Go) {
            self.ran_once(task, context, &result);
        }
        self.register(task, result);
        flow
    }

    /// The layers as this task sees them now.
    pub(super) fn scopes(&self, task: &Task, context: &Context) -> Scopes {
        let mut scopes = context.scopes.clone();
        scopes.results = Arc::clone(&self.knows.results);
        scopes.facts = Arc::clone(&self.knows.facts);
        if !task.keywords.vars.is_empty() {
            scopes.frames.push(Arc::new(task.keywords.vars.clone()));
        }
        scopes
    }

    pub(super) fn register(&mut self, task: &Task, result: Value) {
        if let Some(name) = &task.keywords.register {
            self.set(name, result);
        }
    }

    /// The items of a loop; an error is how the list goes on where there is nothing to go through.
    pub(super) fn items(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        list: &Node,
        context: &Context,
        scopes: &Scopes,
    ) -> Result<Vec<Value>, Box<Flow>> {
        let items = match self.templates.node(list, &scopes.keeping_scope()) {
            Ok(value) => value,
            Err(error) => return Err(Box::new(self.no_items(task, context, scopes, error))),
        };
        let items = if task.keywords.loop_flat { flattened(items) } else { items };
        let secret = matches!(items, Value::Secret(_));
        let items = match items.exposed() {
            Value::List(items) if secret => items.iter().cloned().map(Value::into_secret).collect(),
            Value::List(items) => items.clone(),
            Value::Unknown(origin) => {
                let (origin, since) = (origin.clone(), self.knows.mark());
                self.open(task, context, &origin);
                // What the controller does leaves this host as it is.
                if !task.keywords.is_done_elsewhere() {
                    self.unsettle_everything(host, &origin);
                }
                for_each(std::slice::from_ref(task), &mut |one| {
                    self.may_be_done(one, context, scopes, &origin);
                });
                self.note_doubt(task, &Attempt::doubtful(), since);
                return Err(Box::new(Flow::Go));
            }
            other => {
                let error = not_a_list(other, list.span);
                return Err(Box::new(self.no_items(task, context, scopes, error)));
            }
        };
        self.evaluated.insert(task.id.clone());
        Ok(items)
    }

    /// What a task leaves that is done for items which nobody knows yet.
    fn may_be_done(&mut self, task: &Task, context: &Context, scopes: &Scopes, origin: &Origin) {
        self.notify(task, context, scopes, &Known::Unknown(origin.clone()));
        self.register(task, Value::Unknown(origin.clone()));
        if let Body::SetFact(facts) = &task.body {
            for (key, _) in facts.entries() {
                self.set(&key.name, Value::Unknown(origin.clone()));
            }
        }
        if task.keywords.run_once.is_some() {
            let maybe = self.knows.ran_once.entry(once_id(task).to_owned());
            maybe.or_insert_with(|| Some(origin.clone()));
        }
    }

    /// A loop over nothing that can be gone through. A condition that says no is stronger.
    fn no_items(
        &mut self,
        task: &Task,
        context: &Context,
        scopes: &Scopes,
        error: Diagnostic,
    ) -> Flow {
        match self.truth(&self.conditions(task, context), scopes) {
            Ok(Truth::No) => {
                self.register(task, Attempt::skipped(Reason::ConditionFalse).registered());
                Flow::Go
            }
            Ok(Truth::Unknown(origin)) => {
                self.tell_would_fail(task, &context.only_if(&origin), error);
                self.note_doubt(task, &Attempt::doubtful(), self.knows.mark());
                self.register(task, Value::Unknown(origin));
                Flow::Go
            }
            Ok(Truth::Yes) | Err(_) => self.stop(task, context, error),
        }
    }

    /// Every item, and what all of them register.
    fn looped(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        list: &Node,
        context: &Context,
        scopes: &Scopes,
    ) -> Result<(Value, Flow), Box<Flow>> {
        let items = self.items(host, task, list, context, scopes)?;
        let control = task.keywords.loop_control.clone().unwrap_or_default();
        let mut results = Vec::new();
        let mut flow = Flow::Go;
        for (index, value) in items.into_iter().enumerate() {
            let mut scopes = scopes.clone();
            scopes.results = Arc::clone(&self.knows.results);
            let label = self
                .pause(host, &control, index, &scopes)
                .and_then(|()| self.set_item(&control, index, &value, &mut scopes));
            let label = match label {
                Ok(label) => label,
                Err(error) => return Err(Box::new(self.stop(task, context, error))),
            };
            let id = id(task, context, Some(&label));
            let (key, label, index_of) = (OnceCell::new(), Some(label), Some(index));
            let item = Item { task, id, key, label, index: index_of, scopes };
            let (result, ended) = self.item(host, &item, context);
            results.push(of_item(result, &control, index, value));
            if !matches!(ended, Flow::Go) {
                flow = ended;
                break;
            }
        }
        Ok((registered_loop(results), flow))
    }

    fn item(&mut self, host: &mut dyn Host, item: &Item<'_>, context: &Context) -> (Value, Flow) {
        let begun = host.view().clock();
        let task = item.task;
        let reference = self.reference(task, context, item.label.as_deref());
        let span = tracing::debug_span!("task", id = reference.id, resource = reference.resource);
        let span = span.entered();
        let mark = self.knows.mark();
        let mut attempt = self.tried(host, item, context).unwrap_or_else(Attempt::failed);
        let ignored = self.is_ignored(task, context, &item.scopes);
        if ignored || !task.keywords.failed_when.is_empty() {
            self.doubt_answer(host, task, &mut attempt, mark);
        }
        let registered = attempt.registered();
        let status = attempt.status();
        self.knows.came_to.add(&attempt.changed, &attempt.skipped.as_ref().map(|skipped| !skipped));
        if !ignored {
            self.note_doubt(task, &attempt, mark);
        }
        if !context.reach.is_on_failure() {
            self.knows.done += attempt.actions.iter().filter(|action| !action.failed).count();
            let changed = status == TaskStatus::Changed && !attempt.earlier;
            self.knows.changed |= !attempt.actions.is_empty() || changed;
        }
        // An earlier run's notification waits in the memory, or its handler has succeeded since:
        // notified again, it would run once in every run until one ends well.
        if !attempt.earlier && !matches!(status, TaskStatus::Failed | TaskStatus::Skipped) {
            self.notify(task, context, &item.scopes, &attempt.changed);
        }
        let error = attempt.error().cloned().map(|error| self.redact(error.or_at(task.span)));
        drop(span);
        // What a run may not come to is no failure of it, and no change.
        let rehearsed = context.reach != Reach::Certain && status != TaskStatus::Skipped;
        let attempt = match context.reach.condition() {
            Some(origin) if rehearsed => attempt.only_if(origin),
            _ => attempt,
        };
        let output = match self.bundle.ad_hoc && !self.is_hidden(item, context) {
            true => attempt.output().map(Box::new),
            false => None,
        };
        let reason = match &error {
            Some(error) if rehearsed && context.reach.condition().is_none() => {
                Some(Reason::WouldFail { error: error.message.clone(), only_if: None })
            }
            _ => attempt.reason,
        };
        self.finish(TaskReport {
            task: reference.clone(),
            status: match &error {
                _ if rehearsed => TaskStatus::Unknown,
                Some(_) if ignored => TaskStatus::Ok,
                _ => status,
            },
            reason,
            change: attempt.change,
            actions: attempt.actions,
            not_needed: attempt.not_needed,
            output,
            error: error.clone().filter(|_| !rehearsed),
            ms: millis(host.view().clock().saturating_sub(begun)),
        });
        match error {
            Some(error) if !ignored => {
                let task = Box::new(reference);
                (registered.clone(), Flow::Stop { task, error, result: registered })
            }
            _ => (registered, Flow::Go),
        }
    }

    fn is_ignored(&self, task: &Task, context: &Context, scopes: &Scopes) -> bool {
        let node = task.keywords.ignore_errors.as_ref().or(context.ignore_errors.as_ref());
        self.flag(node, scopes)
    }

    /// Whether `no_log` hides it; what cannot be told hides it, too.
    pub(super) fn is_hidden(&self, item: &Item<'_>, context: &Context) -> bool {
        let node = item.task.keywords.no_log.as_ref().or(context.no_log.as_ref());
        node.is_some_and(|node| {
            let value = self.templates.node(node, &item.scopes.scope());
            !value.is_ok_and(|value| *value.exposed() == Value::Bool(false))
        })
    }

    /// A keyword that is true or false, or an expression that gives it.
    pub(super) fn flag(&self, node: Option<&Node>, scopes: &Scopes) -> bool {
        let value = node.and_then(|node| self.templates.node(node, &scopes.scope()).ok());
        value.is_some_and(|value| *value.exposed() == Value::Bool(true))
    }
}

/// The items of a list and of the lists in it. What is not known may be a list.
pub(super) fn flattened(value: Value) -> Value {
    let secret = matches!(value, Value::Secret(_));
    let mut flat = Vec::new();
    let items = match value.exposed() {
        Value::List(items) => items.clone(),
        Value::Unknown(_) => return value,
        _ => vec![value.clone()],
    };
    for item in items {
        let inside = matches!(item, Value::Secret(_));
        match item.exposed() {
            Value::Unknown(_) => return item,
            Value::List(inner) if inside => {
                flat.extend(inner.iter().cloned().map(Value::into_secret));
            }
            Value::List(inner) => flat.extend(inner.iter().cloned()),
            _ => flat.push(item),
        }
    }
    let flat = Value::List(flat);
    if secret { flat.into_secret() } else { flat }
}
