//! How tasks are told: their names, and the end of each.

use super::context::{Context, Reach};
use super::flow::Flow;
use super::run::Runner;
use super::task::{Body, Task};
use crate::event::{Event, Reason, TaskRef, TaskReport, TaskStatus, Texts};
use crate::resource::Steer;
use crate::text::Diagnostic;
use crate::value::{Map, Value};

/// What reports call a task: its id, with the items of the loops around it and its own.
pub(super) fn id(task: &Task, context: &Context, label: Option<&str>) -> String {
    format!("{}{}", task.id, items(context, label))
}

fn items(context: &Context, label: Option<&str>) -> String {
    let own = label.map(|label| format!("[{label}]")).unwrap_or_default();
    format!("{}{own}", context.within)
}

impl Runner<'_> {
    pub(super) fn reference(&self, task: &Task, context: &Context, label: Option<&str>) -> TaskRef {
        let scopes = self.scopes(task, context);
        let name = match self.templates.node(&task.name, &scopes.scope()) {
            Ok(value) if value.unknown().is_none() => shown(&value),
            _ => task.name.as_str().unwrap_or_default().to_owned(),
        };
        let items = items(context, label);
        let name = if items.is_empty() { name } else { format!("{name} {items}") };
        let name_of = |steer: Steer| steer.kind().map_or("", |kind| kind.name);
        let resource = match &task.body {
            Body::Resource { kind, .. } => kind.as_str(),
            Body::SetFact(_) => name_of(Steer::SetFacts),
            Body::Assert { .. } => name_of(Steer::Assert),
            Body::Fail(_) => name_of(Steer::Fail),
            Body::Debug(_) => name_of(Steer::Say),
            Body::FlushHandlers | Body::EndHost => name_of(Steer::Order),
            Body::IncludeRole { .. } => "include_role",
            Body::IncludeTasks { .. } => "include_tasks",
            Body::Block { .. } => "block",
        };
        TaskRef {
            id: self.redactor.redact(&id(task, context, label)).into_owned(),
            role: task.role.clone(),
            name: self.redactor.redact(&name).into_owned(),
            resource: resource.to_owned(),
            span: task.span,
            handler: context.handler.is_some(),
            on_behalf: self.on_behalf.clone(),
        }
    }

    /// Tells what happened, without secrets.
    pub(super) fn tell(&mut self, mut event: Event) {
        self.outlet.logged(&self.redactor);
        event.redact(&self.redactor);
        self.outlet.event(event);
    }

    pub(super) fn redact(&self, mut error: Diagnostic) -> Diagnostic {
        Texts::redact(&mut error, &self.redactor);
        error
    }

    pub(super) fn finish(&mut self, report: TaskReport) {
        self.tell(Event::TaskFinished(report));
    }

    /// A task that fails before it can be tried. Where a dry run does not know whether the run
    /// comes to it, only that way ends.
    pub(super) fn stop(&mut self, task: &Task, context: &Context, error: Diagnostic) -> Flow {
        if context.reach == Reach::Certain {
            return self.halt(task, context, error);
        }
        let (task, error) = self.tell_would_fail(task, context, error);
        Flow::Stop { task: Box::new(task), error, result: Value::Map(Map::new()) }
    }

    pub(super) fn tell_would_fail(
        &mut self,
        task: &Task,
        context: &Context,
        error: Diagnostic,
    ) -> (TaskRef, Diagnostic) {
        let reference = self.reference(task, context, None);
        let error = self.redact(error.or_at(task.span));
        let only_if = context.reach.condition().map(ToString::to_string);
        self.finish(TaskReport {
            task: reference.clone(),
            status: TaskStatus::Unknown,
            reason: Some(Reason::WouldFail { error: error.message.clone(), only_if }),
            change: None,
            actions: Vec::new(),
            not_needed: Vec::new(),
            output: None,
            error: None,
            ms: 0,
        });
        (reference, error)
    }

    /// The run ends here, with a task that was not tried.
    pub(super) fn halt(&mut self, task: &Task, context: &Context, error: Diagnostic) -> Flow {
        let reference = self.reference(task, context, None);
        self.end_with(Box::new(reference), error.or_at(task.span))
    }

    /// Tells a task's failure, at which the run ends.
    pub(super) fn end_with(&mut self, task: Box<TaskRef>, error: Diagnostic) -> Flow {
        let error = self.redact(error);
        self.finish(TaskReport {
            task: (*task).clone(),
            status: TaskStatus::Failed,
            reason: None,
            change: None,
            actions: Vec::new(),
            not_needed: Vec::new(),
            output: None,
            error: Some(error.clone()),
            ms: 0,
        });
        Flow::Stop { task, error, result: Value::Map(Map::new()) }
    }
}

pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) => text.clone(),
        other => format!("{other:?}"),
    }
}
