//! Task lists and includes.

use super::block::Parts;
use super::context::{Context, Reach};
use super::control::Truth;
use super::knowledge::Trace;
use super::run::{Flow, Runner};
use super::task::{Body, Task};
use super::typing::with_suffix;
use crate::event::{ActionReport, Certainty, Reason, TaskReport, TaskStatus};
use crate::host::Host;
use crate::text::Diagnostic;
use crate::value::{Origin, Value};

/// How many tasks a list holds, blocks counted by what they hold.
pub(super) fn count(tasks: &[Task]) -> usize {
    tasks
        .iter()
        .map(|task| match &task.body {
            Body::Block { block, always, .. } => count(block) + count(always),
            _ => 1,
        })
        .sum()
}

impl Runner<'_> {
    pub(super) fn list(&mut self, host: &mut dyn Host, tasks: &[Task], context: &Context) -> Flow {
        for (index, task) in tasks.iter().enumerate() {
            if self.outlet.gone() {
                return self.halt(task, context, Diagnostic::new("the controller went away"));
            }
            match self.entry(host, task, context) {
                Flow::Go => {}
                flow => {
                    if matches!(flow, Flow::Stop { .. }) && !context.reach.is_on_failure() {
                        self.knows.not_run += count(&tasks[index + 1..]);
                    }
                    return flow;
                }
            }
        }
        Flow::Go
    }

    fn entry(&mut self, host: &mut dyn Host, task: &Task, context: &Context) -> Flow {
        match &task.body {
            Body::Block { block, rescue, always } => {
                let inner = context.inside(&task.keywords);
                self.block(host, Parts { block, rescue, always }, &inner)
            }
            _ if !self.selected(task, context) => Flow::Go,
            Body::IncludeRole { .. } | Body::IncludeTasks { .. } => {
                self.includes(host, task, context)
            }
            Body::FlushHandlers => {
                let facts = context.layers.facts.as_ref().clone();
                self.flush_handlers(host, &facts)
            }
            Body::EndHost => match self.truth(&self.conditions(task, context), &context.layers) {
                Ok(Truth::Yes) => Flow::End,
                Ok(_) => Flow::Go,
                Err(error) => self.stop(task, context, error),
            },
            _ => {
                let flow = self.task(host, task, context);
                if !context.reach.is_on_failure() {
                    self.recall(&task.id);
                }
                flow
            }
        }
    }

    /// Whether `--tags` and `--skip-tags` let a task run: Ansible's rules, its words for groups of
    /// tasks (`all`, `tagged`, `untagged`) included. Handlers are not subject to them.
    pub(super) fn selected(&self, task: &Task, context: &Context) -> bool {
        if context.handler.is_some() {
            return true;
        }
        let tags: Vec<&String> = context.tags.iter().chain(&task.keywords.tags).collect();
        let has = |tag: &str| tags.iter().any(|own| *own == tag);
        let in_group = |asked: &[String], group: &str| asked.iter().any(|tag| tag == group);
        let named = |asked: &[String]| {
            tags.iter().any(|tag| asked.contains(tag))
                || (tags.is_empty() && in_group(asked, "untagged"))
        };
        let (only, skip) = (&self.bundle.tags, &self.bundle.skip_tags);
        let tagged = |asked: &[String]| !tags.is_empty() && in_group(asked, "tagged");
        let skipped = if in_group(skip, "all") {
            !has("always") || in_group(skip, "always")
        } else {
            named(skip) || tagged(skip)
        };
        if skipped {
            return false;
        }
        // An include is entered to find tagged tasks in it.
        let include = matches!(task.body, Body::IncludeRole { .. } | Body::IncludeTasks { .. });
        let asked = only.is_empty() || in_group(only, "all") || tagged(only) || include;
        has("always") || named(only) || (asked && !has("never"))
    }

    /// Runs what is included, once for every item of its loop.
    fn includes(&mut self, host: &mut dyn Host, task: &Task, context: &Context) -> Flow {
        let Some(list) = &task.keywords.loop_over else { return self.include(host, task, context) };
        let layers = self.layers(task, context);
        let items = match self.items(host, task, list, context, &layers) {
            Ok(items) => items,
            Err(flow) => return *flow,
        };
        let control = task.keywords.loop_control.clone().unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let mut context = context.clone();
            context.layers.set_item(&control, index, item);
            match self.include(host, task, &context) {
                Flow::Go => {}
                flow => return flow,
            }
        }
        Flow::Go
    }

    fn include(&mut self, host: &mut dyn Host, task: &Task, context: &Context) -> Flow {
        match &task.body {
            Body::IncludeRole { role, file, import } => {
                self.include_role(host, task, context, role, file, *import)
            }
            Body::IncludeTasks { file, import } => {
                self.include_tasks(host, task, context, file, *import)
            }
            _ => Flow::Go,
        }
    }

    fn include_role(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        context: &Context,
        role: &str,
        file: &str,
        import: bool,
    ) -> Flow {
        let Some(mut inner) = (match self.included(task, context, import) {
            Ok(inner) => inner,
            Err(flow) => return *flow,
        }) else {
            return Flow::Go;
        };
        let bundle = self.bundle;
        let Some(tasks) = bundle.library.get(role).and_then(|role| role.tasks.get(file)) else {
            let error = Diagnostic::new(format!("role `{role}` has no tasks/{file}"));
            return self.stop(task, &inner, error.at(task.span));
        };
        inner = self.enter(role, &inner);
        let flow = self.list(host, tasks, &inner);
        if matches!(flow, Flow::Go) && file == "main.yml" && inner.reach == Reach::Certain {
            self.completed(role);
        }
        flow
    }

    fn include_tasks(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        context: &Context,
        file: &crate::value::Node,
        import: bool,
    ) -> Flow {
        let Some(inner) = (match self.included(task, context, import) {
            Ok(inner) => inner,
            Err(flow) => return *flow,
        }) else {
            return Flow::Go;
        };
        let layers = self.layers(task, context);
        let name = match self.templates.node(file, &layers.scope()) {
            Ok(Value::Unknown(origin)) => {
                self.open(task, context, &origin);
                self.unsettle_everything(host, &origin);
                return Flow::Go;
            }
            Ok(value) => with_suffix(value.as_str().unwrap_or_default()),
            Err(error) => return self.stop(task, &inner, error),
        };
        let bundle = self.bundle;
        let role = bundle.library.get(&context.role);
        let Some(tasks) = role.and_then(|role| role.tasks.get(&name)) else {
            let error = Diagnostic::new(format!("role `{}` has no tasks/{name}", context.role));
            return self.stop(task, &inner, error.at(file.span));
        };
        self.list(host, tasks, &inner)
    }

    /// The surroundings of what is included; `None` if its condition says no. An import's
    /// condition is asked again for every task, an include's once, here.
    fn included(
        &mut self,
        task: &Task,
        context: &Context,
        import: bool,
    ) -> Result<Option<Context>, Box<Flow>> {
        if import {
            return Ok(Some(context.inside(&task.keywords)));
        }
        let layers = self.layers(task, context);
        let truth = self.truth(&self.conditions(task, context), &layers);
        let mut inner = context.inside(&task.keywords);
        inner.when = Vec::new();
        match truth {
            Ok(Truth::Yes) => {}
            Ok(Truth::No) => return Ok(None),
            Ok(Truth::Unknown(origin)) => inner.reach = under(&context.reach, origin),
            Err(error) => return Err(Box::new(self.stop(task, context, error))),
        }
        Ok(Some(inner))
    }

    /// Nothing of the host is known any more.
    pub(super) fn unsettle_everything(&mut self, host: &mut dyn Host, origin: &Origin) {
        let everything = vec!["/".to_owned(), "network".to_owned()];
        host.unsettle(&everything, origin);
        self.trace(Trace::Unsettled(everything));
    }

    /// Reports a task whose targets cannot be told yet.
    pub(super) fn open(&mut self, task: &Task, context: &Context, origin: &crate::value::Origin) {
        let reference = self.reference(task, context, None, &task.id);
        let action = ActionReport {
            kind: reference.resource.clone(),
            target: reference.name.clone(),
            certainty: Certainty::Open,
            depends_on: Some(origin.to_string()),
            before: None,
            after: None,
            diff: None,
            notes: Vec::new(),
            failed: false,
        };
        self.finish(TaskReport {
            task: reference,
            status: TaskStatus::Unknown,
            reason: Some(Reason::KnownAfter { origin: origin.to_string() }),
            change: None,
            actions: vec![action],
            not_needed: Vec::new(),
            error: None,
            ms: 0,
        });
    }
}

/// The reach of what stands under a `when` on an unknown.
pub(super) fn under(outer: &Reach, origin: Origin) -> Reach {
    match outer {
        Reach::OnFailure(_) => Reach::OnFailure(Some(origin)),
        _ => Reach::OnlyIf(origin),
    }
}
