//! An item of a task's loop, or the task alone: what it is called, the variables it sets.

use super::context::Context;
use super::run::Runner;
use super::scope::{Scopes, position};
use super::task::{LoopControl, Task};
use super::telling::shown;
use crate::resource::{Declared, Kind};
use crate::text::{Diagnostic, Redactor};
use crate::value::Value;
use std::cell::OnceCell;

/// One item of a task's loop.
pub(super) struct Item<'t> {
    pub(super) task: &'t Task,
    pub(super) id: String,
    /// What the memory knows it by, once its parameters are rendered.
    pub(super) key: OnceCell<String>,
    pub(super) label: Option<String>,
    /// Its place in its task's loop.
    pub(super) index: Option<usize>,
    pub(super) scopes: Scopes,
}

impl Item<'_> {
    /// The task with the items of the loops around it, without its own.
    pub(super) fn place(&self) -> &str {
        let own = self.label.as_ref().map(|label| format!("[{label}]")).unwrap_or_default();
        self.id.strip_suffix(&own).unwrap_or(&self.id)
    }
}

/// An item that is being done.
pub(super) struct Doing<'d> {
    pub(super) item: &'d Item<'d>,
    pub(super) context: &'d Context,
    pub(super) kind: &'d Kind,
    pub(super) declared: &'d dyn Declared,
    /// What the memory calls its target.
    pub(super) target: &'d str,
    /// Its parameters hold a secret.
    pub(super) secret: bool,
    /// `no_log`.
    pub(super) hidden: bool,
    /// Knows its secrets, those too that are too short to be searched for elsewhere.
    pub(super) own: &'d Redactor,
}

impl Runner<'_> {
    /// Sets a loop's variables; gives what the item is called.
    pub(super) fn set_item(
        &self,
        control: &LoopControl,
        index: usize,
        value: &Value,
        scopes: &mut Scopes,
    ) -> Result<String, Diagnostic> {
        scopes.set_item(control, index, value);
        let label = match &control.label {
            Some(label) => shown(&self.templates.node(label, &scopes.scope())?),
            None => label_of(value, index),
        };
        Ok(self.redactor.redact(&label).into_owned())
    }

    /// The surroundings of what a loop's item runs. `scopes` is what its label may name.
    pub(super) fn enter_item(
        &self,
        control: &LoopControl,
        index: usize,
        value: &Value,
        context: &Context,
        scopes: &Scopes,
    ) -> Result<Context, Diagnostic> {
        let label = self.set_item(control, index, value, &mut scopes.clone())?;
        let mut inner = context.clone();
        inner.scopes.set_item(control, index, value);
        inner.within = format!("{}[{label}]", context.within);
        Ok(inner)
    }
}

/// An item's result, with the item.
pub(super) fn of_item(result: Value, control: &LoopControl, index: usize, item: Value) -> Value {
    let mut result = result.as_map().cloned().unwrap_or_default();
    result.insert(control.variable().to_owned(), item);
    if let Some(index_var) = &control.index_var {
        result.insert(index_var.clone(), Value::Int(position(index)));
    }
    Value::Map(result)
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
