//! One task: its loop, and what is made of each item's result.

use super::constant::not_a_list;
use super::context::Context;
use super::control::Truth;
use super::outcome::{Attempt, registered_loop};
use super::run::{Flow, Runner, millis};
use super::scope::{Layers, position};
use super::task::Task;
use super::tries::wait;
use crate::event::{Reason, TaskReport, TaskStatus};
use crate::host::Host;
use crate::text::Diagnostic;
use crate::value::{Known, Node, Value};
use std::cell::OnceCell;
use std::sync::Arc;

/// One item of a task's loop.
pub(super) struct Item<'t> {
    pub(super) task: &'t Task,
    pub(super) id: String,
    /// What the memory knows it by, once its parameters are rendered.
    pub(super) key: OnceCell<String>,
    pub(super) label: Option<String>,
    pub(super) layers: Layers,
}

impl Runner<'_> {
    pub(super) fn task(&mut self, host: &mut dyn Host, task: &Task, context: &Context) -> Flow {
        let layers = self.layers(task, context);
        *self.knows.passed.entry(task.id.clone()).or_default() += 1;
        if let Some(flow) = self.settled_before(task, context, &layers) {
            return flow;
        }
        let (result, flow) = match &task.keywords.loop_over {
            None => {
                let id = task.id.clone();
                let item = Item { task, id, key: OnceCell::new(), label: None, layers };
                self.item(host, &item, context)
            }
            Some(list) => match self.looped(host, task, list, context, &layers) {
                Ok(ended) => ended,
                Err(flow) => return *flow,
            },
        };
        let failed = result.get("failed").is_some_and(|failed| *failed != Value::Bool(false));
        self.register(task, result);
        if matches!(flow, Flow::Go) {
            self.ran_once(task, context, !failed);
        }
        flow
    }

    /// The layers as this task sees them now.
    pub(super) fn layers(&self, task: &Task, context: &Context) -> Layers {
        let mut layers = context.layers.clone();
        layers.results = Arc::clone(&self.knows.results);
        if !task.keywords.vars.is_empty() {
            layers.frames.push(Arc::new(task.keywords.vars.clone()));
        }
        layers
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
        layers: &Layers,
    ) -> Result<Vec<Value>, Box<Flow>> {
        let items = match self.templates.node(list, &layers.scope()) {
            Ok(value) => value,
            Err(error) => return Err(Box::new(self.no_items(task, context, layers, error))),
        };
        let items = if task.keywords.loop_flat { flattened(items) } else { items };
        let secret = matches!(items, Value::Secret(_));
        let items = match items.exposed() {
            Value::List(items) if secret => items.iter().cloned().map(Value::into_secret).collect(),
            Value::List(items) => items.clone(),
            Value::Unknown(origin) => {
                let origin = origin.clone();
                self.open(task, context, &origin);
                // What the controller does leaves this host as it is.
                if !task.keywords.delegated {
                    self.unsettle_everything(host, &origin);
                }
                self.notify(task, context, layers, &Known::Unknown(origin.clone()));
                self.register(task, Value::Unknown(origin));
                return Err(Box::new(Flow::Go));
            }
            other => {
                let error = not_a_list(other, list.span);
                return Err(Box::new(self.no_items(task, context, layers, error)));
            }
        };
        self.evaluated.insert(task.id.clone());
        Ok(items)
    }

    /// A loop over nothing that can be gone through. A condition that says no is stronger.
    fn no_items(
        &mut self,
        task: &Task,
        context: &Context,
        layers: &Layers,
        error: Diagnostic,
    ) -> Flow {
        match self.truth(&self.conditions(task, context), layers) {
            Ok(Truth::No) => {
                self.register(task, Attempt::skipped(Reason::ConditionFalse).registered());
                Flow::Go
            }
            Ok(Truth::Unknown(origin)) => {
                let reach = super::list::under(&context.reach, origin);
                self.stop(task, &Context { reach, ..context.clone() }, error)
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
        layers: &Layers,
    ) -> Result<(Value, Flow), Box<Flow>> {
        let items = self.items(host, task, list, context, layers)?;
        let control = task.keywords.loop_control.clone().unwrap_or_default();
        let mut results = Vec::new();
        let mut flow = Flow::Go;
        for (index, value) in items.into_iter().enumerate() {
            if index > 0 && control.pause.is_some() {
                match self.number(control.pause.as_ref(), layers, 0.0) {
                    Ok(seconds) => wait(host, seconds),
                    Err(error) => return Err(Box::new(self.stop(task, context, error))),
                }
            }
            let mut layers = layers.clone();
            layers.results = Arc::clone(&self.knows.results);
            layers.set_item(&control, index, &value);
            let label = match &control.label {
                Some(label) => match self.templates.node(label, &layers.scope()) {
                    Ok(label) => shown(&label),
                    Err(error) => return Err(Box::new(self.stop(task, context, error))),
                },
                None => label_of(&value, index),
            };
            let label = self.redactor.redact(&label).into_owned();
            let id = format!("{}[{label}]", task.id);
            let item = Item { task, id, key: OnceCell::new(), label: Some(label), layers };
            let (result, ended) = self.item(host, &item, context);
            let mut result = result.as_map().cloned().unwrap_or_default();
            result.insert(control.variable().to_owned(), value);
            if let Some(index_var) = &control.index_var {
                result.insert(index_var.clone(), Value::Int(position(index)));
            }
            results.push(Value::Map(result));
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
        let reference = self.reference(task, context, item.label.as_deref(), &item.id);
        let span = tracing::debug_span!("task", id = reference.id, resource = reference.resource);
        let span = span.entered();
        let mark = self.knows.mark();
        let mut attempt = self.tried(host, item, context).unwrap_or_else(Attempt::failed);
        let ignored = self.is_ignored(task, context, &item.layers);
        if ignored || !task.keywords.failed_when.is_empty() {
            self.doubt_answer(host, task, &mut attempt, mark);
        }
        let registered = attempt.registered();
        let status = attempt.status();
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
            self.notify(task, context, &item.layers, &attempt.changed);
        }
        let error = attempt.error().cloned().map(|error| self.redact(error.or_at(task.span)));
        drop(span);
        // What a rescue would do is no failure, and no change, of a run that does not come to it.
        let rehearsed = context.reach.is_on_failure() && status != TaskStatus::Skipped;
        let reason = match &error {
            Some(error) if rehearsed => {
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

    fn is_ignored(&self, task: &Task, context: &Context, layers: &Layers) -> bool {
        let node = task.keywords.ignore_errors.as_ref().or(context.ignore_errors.as_ref());
        self.flag(node, layers)
    }

    /// A keyword that is true or false, or an expression that gives it.
    pub(super) fn flag(&self, node: Option<&Node>, layers: &Layers) -> bool {
        let value = node.and_then(|node| self.templates.node(node, &layers.scope()).ok());
        value.is_some_and(|value| *value.exposed() == Value::Bool(true))
    }
}

/// The items of a list and of the lists in it. What is not known may be a list.
fn flattened(value: Value) -> Value {
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

pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

/// An item's name: a scalar itself, else its `name` or `path`, else its index.
fn label_of(value: &Value, index: usize) -> String {
    match value {
        Value::Str(text) => text.clone(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => format!("{value:?}"),
        Value::Map(map) => {
            let named = ["name", "path", "dest", "key"].iter().find_map(|key| map.get(*key));
            named.and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned)
        }
        _ => index.to_string(),
    }
}
