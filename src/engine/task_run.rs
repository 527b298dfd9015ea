//! One task: its loop, its condition, its tries, and what is made of the result.

use super::context::Context;
use super::control::Truth;
use super::outcome::{Attempt, registered_loop};
use super::run::{Flow, Runner};
use super::scope::Layers;
use super::task::{Body, Task};
use crate::event::{Event, TaskRef, TaskReport, TaskStatus};
use crate::host::Host;
use crate::text::Diagnostic;
use crate::value::{Known, Map, Node, Origin, Value};
use std::sync::Arc;
use std::time::Duration;

/// Said of a failure that `failed_when` does not call one.
const UNCOUNTED: &str = "failed, which does not count";

/// One item of a task's loop.
pub(super) struct Item<'t> {
    pub(super) task: &'t Task,
    pub(super) id: String,
    pub(super) label: Option<String>,
    pub(super) layers: Layers,
}

impl Runner<'_> {
    pub(super) fn task(&mut self, host: &mut dyn Host, task: &Task, context: &Context) -> Flow {
        let layers = self.layers(task, context);
        if let Some(flow) = self.settled_before(task, context, &layers) {
            return flow;
        }
        let flow = match &task.keywords.loop_over {
            None => {
                let item = Item { task, id: task.id.clone(), label: None, layers };
                let (result, flow) = self.item(host, &item, context);
                self.register(task, result);
                flow
            }
            Some(list) => self.looped(host, task, list, context, &layers),
        };
        if matches!(flow, Flow::Go) {
            self.ran_once(task, context);
        }
        flow
    }

    /// The layers as this task sees them now.
    pub(super) fn layers(&self, task: &Task, context: &Context) -> Layers {
        let mut layers = context.layers.clone();
        layers.results = Arc::clone(&self.results);
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

    fn looped(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        list: &Node,
        context: &Context,
        layers: &Layers,
    ) -> Flow {
        let items = match self.templates.node(list, &layers.scope()) {
            Ok(value) => value,
            Err(error) => {
                // A condition that says no is stronger than a list that is not there.
                return match self.truth(&self.conditions(task, context), layers) {
                    Ok(Truth::No) => Flow::Go,
                    _ => self.stop(task, context, error),
                };
            }
        };
        let items = match items.exposed() {
            Value::List(items) => items.clone(),
            Value::Unknown(origin) => {
                let origin = origin.clone();
                self.open(task, context, &origin);
                self.unsettle_everything(host, &origin);
                self.notify(task, context, layers, &Known::Unknown(origin.clone()));
                self.register(task, Value::Unknown(origin));
                return Flow::Go;
            }
            other => {
                let error = Diagnostic::new(format!("`loop` takes a list, not a {}", other.kind()));
                return self.stop(
                    task,
                    context,
                    error.at(list.span).help("add `| list`, or `| dict2items`"),
                );
            }
        };
        self.evaluated.insert(task.id.clone());
        let control = task.keywords.loop_control.clone().unwrap_or_default();
        let name = control.loop_var.unwrap_or_else(|| "item".to_owned());
        let mut results = Vec::new();
        let mut flow = Flow::Go;
        for (index, value) in items.into_iter().enumerate() {
            let mut layers = layers.clone();
            layers.results = Arc::clone(&self.results);
            let vars = Arc::make_mut(&mut layers.loop_vars);
            vars.insert(name.clone(), value.clone());
            let position = i64::try_from(index).unwrap_or(i64::MAX);
            if let Some(index_var) = &control.index_var {
                vars.insert(index_var.clone(), Value::Int(position));
            }
            let label = match &control.label {
                Some(label) => match self.templates.node(label, &layers.scope()) {
                    Ok(label) => shown(&label),
                    Err(error) => return self.stop(task, context, error),
                },
                None => label_of(&value, index),
            };
            let label = self.redactor.redact(&label).into_owned();
            let id = format!("{}[{label}]", task.id);
            let item = Item { task, id, label: Some(label), layers };
            let (result, ended) = self.item(host, &item, context);
            let mut result = result.as_map().cloned().unwrap_or_default();
            result.insert(name.clone(), value);
            results.push(Value::Map(result));
            if !matches!(ended, Flow::Go) {
                flow = ended;
                break;
            }
        }
        self.register(task, registered_loop(results));
        flow
    }

    fn item(&mut self, host: &mut dyn Host, item: &Item<'_>, context: &Context) -> (Value, Flow) {
        let begun = std::time::Instant::now();
        let task = item.task;
        let reference = self.reference(task, context, item.label.as_deref(), &item.id);
        let mark = self.trail.len();
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
            self.done += attempt.actions.len();
            let changed = status == TaskStatus::Changed && !attempt.earlier;
            self.changed |= !attempt.actions.is_empty() || changed;
        }
        // An earlier run's notification waits in the memory, or its handler has succeeded since:
        // notified again, it would run once in every run until one ends well.
        if !attempt.earlier && !matches!(status, TaskStatus::Failed | TaskStatus::Skipped) {
            self.notify(task, context, &item.layers, &attempt.changed);
        }
        let error = attempt.error().cloned().map(|error| self.redact(error.or_at(task.span)));
        // What a rescue would do is no failure, and no change, of a run that does not come to it.
        let rehearsed = context.reach.is_on_failure() && status != TaskStatus::Skipped;
        let reason = match &error {
            Some(error) if rehearsed => Some(format!("would fail: {}", error.message)),
            _ => attempt.reason,
        };
        self.finish(TaskReport {
            task: reference.clone(),
            status: match &error {
                _ if rehearsed => TaskStatus::Unknown,
                Some(_) if ignored => TaskStatus::Ok,
                _ => status,
            },
            reason: reason.map(|reason| self.redactor.redact(&reason).into_owned()),
            change: attempt.change,
            actions: attempt.actions,
            not_needed: attempt.not_needed,
            error: error.clone().filter(|_| !rehearsed),
            ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        match error {
            Some(error) if !ignored => {
                let task = Box::new(reference);
                (registered.clone(), Flow::Stop { task, error, result: registered })
            }
            _ => (registered, Flow::Go),
        }
    }

    /// Asks the condition, then tries until it is as it should be.
    fn tried(
        &mut self,
        host: &mut dyn Host,
        item: &Item<'_>,
        context: &Context,
    ) -> Result<Attempt, Diagnostic> {
        let task = item.task;
        let mut context = context.clone();
        match self.truth(&self.conditions(task, &context), &item.layers)? {
            Truth::Yes => {}
            Truth::No => return Ok(Attempt::skipped("its condition is false")),
            Truth::Unknown(origin) => context.reach = super::list::under(&context.reach, origin),
        }
        let keywords = &task.keywords;
        let retries = if keywords.until.is_empty() && keywords.retries.is_none() {
            0.0
        } else {
            self.number(keywords.retries.as_ref(), &item.layers, 3.0)?
        };
        let delay = self.number(keywords.delay.as_ref(), &item.layers, 5.0)?;
        let mut left = retries;
        loop {
            // What was done stays told, whatever its judgement fails with.
            let mut attempt = self.once(host, item, &context).unwrap_or_else(Attempt::failed);
            if let Err(error) = self.judge(&mut attempt, item) {
                attempt.failed = Known::Is(Some(error));
            }
            if let Some(origin) = context.reach.condition() {
                attempt.under_unknown_condition(origin);
            }
            let good = match (keywords.until.is_empty(), attempt.error()) {
                (true, error) => error.is_none(),
                (false, _) => {
                    let layers = self.with_result(item, &attempt);
                    !matches!(self.truth(&keywords.until, &layers)?, Truth::No)
                }
            };
            if good {
                return Ok(attempt);
            }
            if left < 1.0 {
                if attempt.error().is_none() {
                    let tries = retries + 1.0;
                    let error = Diagnostic::new(format!("not so after {tries} tries"));
                    let span = keywords.until.first().map_or(task.span, |until| until.span);
                    attempt.failed = Known::Is(Some(error.at(span)));
                }
                return Ok(attempt);
            }
            left -= 1.0;
            host.pause(Duration::from_secs_f64(delay.clamp(0.0, 86_400.0)));
        }
    }

    fn once(
        &mut self,
        host: &mut dyn Host,
        item: &Item<'_>,
        context: &Context,
    ) -> Result<Attempt, Diagnostic> {
        match self.compute(item.task, context, &item.layers) {
            Some(attempt) => attempt,
            None => match &item.task.body {
                Body::Resource { .. } if item.task.keywords.delegated => {
                    self.delegated(host, item, context)
                }
                Body::Resource { kind, params } => self.attempt(host, item, context, kind, params),
                _ => Ok(Attempt::ok()),
            },
        }
    }

    /// `changed_when` and `failed_when`.
    fn judge(&mut self, attempt: &mut Attempt, item: &Item<'_>) -> Result<(), Diagnostic> {
        let keywords = &item.task.keywords;
        if attempt.skipped == Known::Is(true) {
            return Ok(());
        }
        if !keywords.failed_when.is_empty() {
            let layers = self.with_result(item, attempt);
            attempt.failed = match self.truth(&keywords.failed_when, &layers)? {
                Truth::Yes => Known::Is(Some(attempt.error().cloned().unwrap_or_else(|| {
                    let span =
                        keywords.failed_when.first().map_or(item.task.span, |when| when.span);
                    Diagnostic::new("this counts as failed").at(span)
                }))),
                Truth::No => {
                    if let Some(error) = attempt.error() {
                        attempt.reason = Some(format!("{UNCOUNTED}: {}", error.message));
                    }
                    Known::Is(None)
                }
                Truth::Unknown(origin) => {
                    attempt.may_fail = true;
                    Known::Unknown(origin)
                }
            };
        }
        if !keywords.changed_when.is_empty() && attempt.error().is_none() {
            let layers = self.with_result(item, attempt);
            attempt.changed = match self.truth(&keywords.changed_when, &layers)? {
                Truth::Yes => Known::Is(true),
                Truth::No => Known::Is(false),
                Truth::Unknown(origin) => Known::Unknown(origin),
            };
        }
        Ok(())
    }

    fn with_result(&self, item: &Item<'_>, attempt: &Attempt) -> Layers {
        let mut layers = item.layers.clone();
        if let Some(name) = &item.task.keywords.register {
            Arc::make_mut(&mut layers.results).insert(name.clone(), attempt.registered());
        }
        layers
    }

    fn number(
        &self,
        node: Option<&Node>,
        layers: &Layers,
        default: f64,
    ) -> Result<f64, Diagnostic> {
        let Some(node) = node else { return Ok(default) };
        let value = self.templates.node(node, &layers.scope())?;
        match value.exposed() {
            // Only a dry run meets it, and there an answer that is not known ends the tries.
            Value::Unknown(_) => Ok(default),
            #[expect(clippy::cast_precision_loss, reason = "counts and seconds are small")]
            Value::Int(number) => Ok(*number as f64),
            Value::Float(number) => Ok(*number),
            Value::Str(text) if text.trim().parse::<f64>().is_ok() => {
                Ok(text.trim().parse().unwrap_or(default))
            }
            other => {
                Err(Diagnostic::new(format!("a number, not a {}", other.kind())).at(node.span))
            }
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

    pub(super) fn reference(
        &self,
        task: &Task,
        context: &Context,
        label: Option<&str>,
        id: &str,
    ) -> TaskRef {
        let layers = self.layers(task, context);
        let name = match self.templates.node(&task.name, &layers.scope()) {
            Ok(value) if value.unknown().is_none() => shown(&value),
            _ => task.name.as_str().unwrap_or_default().to_owned(),
        };
        let name = match label {
            Some(label) => format!("{name} [{label}]"),
            None => name,
        };
        let resource = match &task.body {
            Body::Resource { kind, .. } => kind.as_str(),
            Body::SetFact(_) => "set_fact",
            Body::Assert { .. } => "assert",
            Body::Fail(_) => "fail",
            Body::Debug(_) => "debug",
            Body::FlushHandlers | Body::EndHost => "meta",
            Body::IncludeRole { .. } => "include_role",
            Body::IncludeTasks { .. } => "include_tasks",
            Body::Block { .. } => "block",
        };
        TaskRef {
            id: self.redactor.redact(id).into_owned(),
            role: task.role.clone(),
            name: self.redactor.redact(&name).into_owned(),
            resource: resource.to_owned(),
            span: task.span,
            handler: context.handler.is_some(),
        }
    }

    pub(super) fn finish(&mut self, report: TaskReport) {
        self.outlet.event(Event::TaskFinished(report));
    }

    /// A task that failed before it could be tried.
    pub(super) fn stop(&mut self, task: &Task, context: &Context, error: Diagnostic) -> Flow {
        let reference = self.reference(task, context, None, &task.id);
        let error = self.redact(error.or_at(task.span));
        self.finish(TaskReport {
            task: reference.clone(),
            status: TaskStatus::Failed,
            reason: None,
            change: None,
            actions: Vec::new(),
            not_needed: Vec::new(),
            error: Some(error.clone()),
            ms: 0,
        });
        Flow::Stop { task: Box::new(reference), error, result: Value::Map(Map::new()) }
    }

    fn redact(&self, mut error: Diagnostic) -> Diagnostic {
        let texts = [&mut error.message].into_iter().chain(&mut error.notes);
        for text in texts.chain(&mut error.help) {
            if let std::borrow::Cow::Owned(clean) = self.redactor.redact(text) {
                *text = clean;
            }
        }
        if let Some(label) = &mut error.label {
            *label = self.redactor.redact(label).into();
        }
        error
    }
}

impl Attempt {
    /// Whether it happens at all is unknown, so everything about it is.
    fn under_unknown_condition(&mut self, origin: &Origin) {
        self.changed = Known::Unknown(origin.clone());
        if let Some(error) = self.error() {
            self.reason = Some(format!("would fail: {}; only if {origin}", error.message));
            self.may_fail = true;
        }
        self.failed = Known::Unknown(origin.clone());
        self.skipped = Known::Unknown(origin.clone());
        for value in self.result.values_mut() {
            *value = Value::Unknown(origin.clone());
        }
        self.reason.get_or_insert_with(|| format!("only if {origin}"));
    }
}

fn shown(value: &Value) -> String {
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
