//! Task lists and includes.

use super::block::Parts;
use super::context::{Context, Reach};
use super::control::Truth;
use super::facts::sources_of_all;
use super::flow::Flow;
use super::knowledge::Trace;
use super::role_files::{called, path_of};
use super::run::Runner;
use super::task::{Body, Task, count};
use super::typing::with_suffix;
use crate::event::{ActionReport, Certainty, Reason, TaskReport, TaskStatus};
use crate::host::Host;
use crate::text::Diagnostic;
use crate::value::{Origin, Value};
use std::ops::Range;

impl Runner<'_> {
    pub(super) fn list(&mut self, host: &mut dyn Host, tasks: &[Task], context: &Context) -> Flow {
        self.each(host, tasks.len(), context, &mut |runner, host, index, context| {
            let task = &tasks[index];
            if runner.outlet.gone() {
                return runner.halt(task, context, Diagnostic::new("the controller went away"));
            }
            let flow = runner.entry(host, task, context);
            if matches!(flow, Flow::Stop { .. }) && context.reach == Reach::Certain {
                runner.knows.not_run += count(&tasks[index + 1..]);
            }
            flow
        })
    }

    /// Goes through so many things in order. Once the run may have ended, the rest is a way that
    /// it may not go.
    pub(super) fn each(
        &mut self,
        host: &mut dyn Host,
        count: usize,
        context: &Context,
        go: &mut dyn FnMut(&mut Self, &mut dyn Host, usize, &Context) -> Flow,
    ) -> Flow {
        self.each_from(host, 0..count, context, go)
    }

    fn each_from(
        &mut self,
        host: &mut dyn Host,
        mut places: Range<usize>,
        context: &Context,
        go: &mut dyn FnMut(&mut Self, &mut dyn Host, usize, &Context) -> Flow,
    ) -> Flow {
        while let Some(place) = places.next() {
            match go(self, host, place, context) {
                Flow::Go => {}
                Flow::MayEnd(origin) => {
                    let context = context.only_if(&origin);
                    self.perhaps(host, &origin, |runner, host| {
                        runner.each_from(host, places, &context, go)
                    });
                    return Flow::MayEnd(origin);
                }
                flow => return flow,
            }
        }
        Flow::Go
    }

    fn entry(&mut self, host: &mut dyn Host, task: &Task, context: &Context) -> Flow {
        match &task.body {
            _ if !self.selected(task, context) => Flow::Go,
            Body::Block { block, rescue, always } => {
                self.block(host, task, Parts { block, rescue, always }, context)
            }
            Body::IncludeRole { .. } | Body::IncludeTasks { .. } => {
                self.includes(host, task, context)
            }
            Body::FlushHandlers => self.flush_here(host, task, context),
            Body::EndHost => {
                let scopes = self.scopes(task, context);
                match self.truth(&self.conditions(task, context), &scopes) {
                    Ok(Truth::Yes) => Flow::End,
                    Ok(Truth::No) => Flow::Go,
                    Ok(Truth::Unknown(origin)) => Flow::MayEnd(origin),
                    Err(error) => self.stop(task, context, error),
                }
            }
            _ => {
                let flow = self.task(host, task, context);
                self.recall(&task.id);
                flow
            }
        }
    }

    /// Runs the notified handlers where the conditions around the order hold.
    fn flush_here(&mut self, host: &mut dyn Host, task: &Task, context: &Context) -> Flow {
        let scopes = self.scopes(task, context);
        match self.truth(&self.conditions(task, context), &scopes) {
            Ok(Truth::Yes) => self.flush_handlers(host, &context.reach),
            Ok(Truth::No) => Flow::Go,
            Ok(Truth::Unknown(origin)) => {
                let reach = context.only_if(&origin).reach;
                self.perhaps(host, &origin, |runner, host| runner.flush_handlers(host, &reach))
            }
            Err(error) => self.stop(task, context, error),
        }
    }

    /// Whether `--tags` and `--skip-tags` let a task run; a handler always does.
    pub(super) fn selected(&self, task: &Task, context: &Context) -> bool {
        let bundle = self.bundle;
        let tags: Vec<&str> =
            context.tags.iter().chain(&task.keywords.tags).map(String::as_str).collect();
        context.handler.is_some() || selects(&bundle.tags, &bundle.skip_tags, task, &tags)
    }

    /// Runs what is included, once for every item of its loop.
    fn includes(&mut self, host: &mut dyn Host, task: &Task, context: &Context) -> Flow {
        let Some(list) = &task.keywords.loop_over else {
            return self.include(host, task, context);
        };
        let scopes = self.scopes(task, context);
        let items = match self.items(host, task, list, context, &scopes) {
            Ok(items) => items,
            Err(flow) => return *flow,
        };
        let control = task.keywords.loop_control.clone().unwrap_or_default();
        self.each(host, items.len(), context, &mut |runner, host, index, context| {
            let scopes = runner.scopes(task, context);
            let item = runner
                .pause(host, &control, index, &scopes)
                .and_then(|()| runner.enter_item(&control, index, &items[index], context, &scopes));
            match item {
                Ok(within) => runner.include(host, task, &within),
                Err(error) => runner.stop(task, context, error),
            }
        })
    }

    /// What is included is run if its condition allows it. An import's condition is asked again for
    /// every task, an include's once, here; what it puts around them is in `apply`.
    fn include(&mut self, host: &mut dyn Host, task: &Task, context: &Context) -> Flow {
        let mut inner = context.inside(&task.keywords);
        let (Body::IncludeRole { import, apply, .. } | Body::IncludeTasks { import, apply, .. }) =
            &task.body
        else {
            return Flow::Go;
        };
        if *import {
            return self.included(host, task, context, &inner);
        }
        let scopes = self.scopes(task, context);
        inner.when = Vec::new();
        // Its own tags choose the include, not what is in it.
        inner.tags.clone_from(&context.tags);
        let inner = inner.inside(apply);
        match self.truth(&self.conditions(task, context), &scopes) {
            Ok(Truth::Yes) => self.included(host, task, context, &inner),
            Ok(Truth::No) => Flow::Go,
            Ok(Truth::Unknown(origin)) => {
                let inner = inner.only_if(&origin);
                self.perhaps(host, &origin, |runner, host| {
                    runner.included(host, task, context, &inner)
                })
            }
            Err(error) => self.stop(task, context, error),
        }
    }

    fn included(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        context: &Context,
        inner: &Context,
    ) -> Flow {
        match &task.body {
            Body::IncludeRole { role, file, .. } => {
                self.include_role(host, task, inner, role, file)
            }
            Body::IncludeTasks { file, .. } => self.include_tasks(host, task, context, inner, file),
            _ => Flow::Go,
        }
    }

    fn include_role(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        inner: &Context,
        role: &str,
        file: &str,
    ) -> Flow {
        let bundle = self.bundle;
        let Some(tasks) = bundle.library.get(role).and_then(|role| role.tasks.get(file)) else {
            let error = Diagnostic::new(format!("role `{role}` has no tasks/{file}"));
            return self.stop(task, inner, error.at(task.span));
        };
        let inner = self.enter(role, inner);
        let flow = self.list(host, tasks, &inner);
        if matches!(flow, Flow::Go) && file == "main.yml" {
            self.completed(role, &inner);
        }
        flow
    }

    fn include_tasks(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        context: &Context,
        inner: &Context,
        file: &crate::value::Node,
    ) -> Flow {
        let scopes = self.scopes(task, context);
        let name = match self.templates.node(file, &scopes.scope()) {
            Ok(Value::Unknown(origin)) => {
                self.open(task, context, &origin);
                self.unsettle_everything(host, &origin);
                return Flow::Go;
            }
            Ok(value) if value.has_secret() => {
                let error = Diagnostic::new("the name of a file of tasks is a secret");
                return self.stop(task, inner, error.at(file.span));
            }
            Ok(value) => with_suffix(value.as_str().unwrap_or_default()),
            Err(error) => return self.stop(task, inner, error),
        };
        let bundle = self.bundle;
        let role = bundle.library.get(&context.role);
        let Some(tasks) = role.and_then(|role| role.tasks.get(&name)) else {
            let path = path_of(&context.role, "tasks", &name);
            let error = Diagnostic::new(format!("{} has no {path}", called(&context.role)));
            return self.stop(task, inner, error.at(file.span));
        };
        self.list(host, tasks, inner)
    }

    /// Nothing of the host is known any more.
    pub(super) fn unsettle_everything(&mut self, host: &mut dyn Host, origin: &Origin) {
        let everything = vec!["/".to_owned(), "network".to_owned()];
        host.unsettle(&everything, origin);
        self.gather_again(host, &sources_of_all(&[Trace::Unsettled(everything.clone())]));
        self.trace(Trace::Unsettled(everything));
    }

    /// Reports a task whose targets cannot be told yet.
    pub(super) fn open(&mut self, task: &Task, context: &Context, origin: &crate::value::Origin) {
        let reference = self.reference(task, context, None);
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
            output: None,
            error: None,
            ms: 0,
        });
    }
}

/// Whether a task with these tags is chosen, of a block whether anything in it is: Ansible's rules,
/// its words for groups of tasks (`all`, `tagged`, `untagged`) included.
fn selects(chosen: &[String], skipped: &[String], task: &Task, tags: &[&str]) -> bool {
    if let Body::Block { block, rescue, always } = &task.body {
        let mut inside = block.iter().chain(rescue).chain(always);
        return inside.any(|task| {
            let own = task.keywords.tags.iter().map(String::as_str);
            selects(chosen, skipped, task, &tags.iter().copied().chain(own).collect::<Vec<_>>())
        });
    }
    let has = |tag: &str| tags.contains(&tag);
    let in_group = |asked: &[String], group: &str| asked.iter().any(|tag| tag == group);
    let named = |asked: &[String]| {
        asked.iter().any(|tag| has(tag)) || (tags.is_empty() && in_group(asked, "untagged"))
    };
    let tagged = |asked: &[String]| !tags.is_empty() && in_group(asked, "tagged");
    let skipped = if in_group(skipped, "all") {
        !has("always") || in_group(skipped, "always")
    } else {
        named(skipped) || tagged(skipped)
    };
    if skipped {
        return false;
    }
    // An import is entered to find tagged tasks in it: it is what it imports.
    let import = matches!(
        task.body,
        Body::IncludeRole { import: true, .. } | Body::IncludeTasks { import: true, .. }
    );
    let asked = chosen.is_empty() || in_group(chosen, "all") || tagged(chosen) || import;
    has("always") || named(chosen) || (asked && !has("never"))
}
