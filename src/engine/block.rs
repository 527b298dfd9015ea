//! Blocks: their tasks, `rescue` and `always`. A dry run goes the way on which everything
//! succeeds, rehearses the one on which something fails, and joins them where they meet.

use super::context::{Context, Reach};
use super::flow::Flow;
use super::item::of_item;
use super::knowledge::{Doubt, Trace};
use super::outcome::registered_loop;
use super::run::Runner;
use super::task::Task;
use crate::event::TaskRef;
use crate::host::Host;
use crate::text::Diagnostic;
use crate::value::{Map, Origin, Value};

/// A block's lists.
#[derive(Clone, Copy)]
pub(super) struct Parts<'t> {
    pub(super) block: &'t [Task],
    pub(super) rescue: &'t [Task],
    pub(super) always: &'t [Task],
}

impl Runner<'_> {
    /// Runs a block, once for every item of its loop.
    pub(super) fn block(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        parts: Parts<'_>,
        context: &Context,
    ) -> Flow {
        let Some(list) = &task.keywords.loop_over else {
            let inner = context.inside(&task.keywords);
            let (result, flow) = self.ways(host, task, parts, &inner);
            self.register(task, result);
            return flow;
        };
        let scopes = self.scopes(task, context);
        let items = match self.items(host, task, list, context, &scopes) {
            Ok(items) => items,
            Err(flow) => return *flow,
        };
        let control = task.keywords.loop_control.clone().unwrap_or_default();
        let mut results = Vec::new();
        let flow = self.each(host, items.len(), context, &mut |runner, host, index, context| {
            let (item, scopes) = (&items[index], runner.scopes(task, context));
            let within = runner
                .pause(host, &control, index, &scopes)
                .and_then(|()| runner.enter_item(&control, index, item, context, &scopes));
            let within = match within {
                Ok(within) => within,
                Err(error) => return runner.stop(task, context, error),
            };
            let inner = within.inside(&task.keywords);
            let (result, flow) = runner.ways(host, task, parts, &inner);
            results.push(of_item(result, &control, index, item.clone()));
            flow
        });
        self.register(task, registered_loop(results));
        flow
    }

    /// One pass of a block, and what it comes to.
    fn ways(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        parts: Parts<'_>,
        context: &Context,
    ) -> (Value, Flow) {
        let outside = self.knows.begin();
        let not_run = self.knows.not_run;
        let (flow, tries) = self.tries_of_block(host, task, parts.block, context);
        let flow = match flow {
            Flow::Stop { task, error, result } if !parts.rescue.is_empty() => {
                let doubt = self.knows.doubt.take();
                if let Some(doubt) = &doubt {
                    // It fails for certain, but perhaps before it gets there.
                    self.doubt(host, doubt);
                }
                self.knows.not_run = not_run;
                self.tell_rescue(&task, &error, &result, doubt.as_ref());
                let after_failure = Context { guarded: true, ..context.clone() };
                let flow = self.list(host, parts.rescue, &after_failure);
                self.finally(host, parts.always, context, flow)
            }
            Flow::Stop { .. } => self.finally(host, parts.always, context, flow),
            flow => self.after_success(host, parts, context, flow),
        };
        let result = self.knows.came_to.registered(&flow, tries);
        self.knows.end(outside);
        (result, flow)
    }

    /// What `rescue` finds of the failure.
    fn tell_rescue(
        &mut self,
        task: &TaskRef,
        error: &Diagnostic,
        result: &Value,
        doubt: Option<&Doubt>,
    ) {
        let mut failed = Map::new();
        failed.insert("name".into(), task.name.as_str().into());
        failed.insert("id".into(), task.id.as_str().into());
        let mut result = result.as_map().cloned().unwrap_or_default();
        result.entry("msg".into()).or_insert_with(|| error.message.as_str().into());
        let known = |value: Map| match doubt {
            Some(doubt) => Value::Unknown(doubt.origin.clone()),
            None => Value::Map(value),
        };
        self.set("ansible_failed_task", known(failed));
        self.set("ansible_failed_result", known(result));
    }

    /// Runs `always`. It comes after a failure that is assumed not to happen, too; what follows it
    /// does not.
    fn finally(
        &mut self,
        host: &mut dyn Host,
        always: &[Task],
        context: &Context,
        flow: Flow,
    ) -> Flow {
        let before = self.knows.doubt.clone().filter(|_| !always.is_empty()).map(|doubt| {
            let before = self.knows.branch();
            self.doubt(host, &doubt);
            (before, self.knows.mark())
        });
        let ended = self.list(host, always, context);
        if let (Some((success, mark)), Flow::Go) = (before, &flow) {
            self.knows.settle(success, mark);
        }
        match ended {
            Flow::Go => flow,
            ended => ended,
        }
    }

    /// A block whose tasks have succeeded; in a dry run perhaps on assumptions.
    fn after_success(
        &mut self,
        host: &mut dyn Host,
        parts: Parts<'_>,
        context: &Context,
        flow: Flow,
    ) -> Flow {
        let doubt = self.knows.doubt.clone();
        let acted =
            self.knows.trail.iter().any(|trace| !matches!(trace, Trace::Set(_) | Trace::Ran(_)));
        if !parts.rescue.is_empty() && (acted || doubt.is_some()) {
            self.rehearse(host, parts.rescue, context, doubt.as_ref());
        }
        self.finally(host, parts.always, context, flow)
    }

    /// Announces what would be done if the block failed. Where a task of the block is only assumed
    /// to succeed, what follows hinges on nothing that the two ways through do not share.
    fn rehearse(
        &mut self,
        host: &mut dyn Host,
        rescue: &[Task],
        context: &Context,
        doubt: Option<&Doubt>,
    ) {
        let trail = std::mem::take(&mut self.knows.trail);
        let failed = std::mem::take(&mut self.knows.failed);
        let inner = Context { reach: Reach::OnFailure(None), guarded: true, ..context.clone() };
        let (flow, way) = self.aside(host, |runner, host| {
            if let Some(doubt) = doubt {
                runner.doubt_trail(host, doubt, &trail, failed);
            }
            let which = Value::Unknown(Origin::new("which task of the block fails"));
            runner.set("ansible_failed_task", which.clone());
            runner.set("ansible_failed_result", which);
            runner.list(host, rescue, &inner)
        });
        self.knows.trail = trail;
        let Some(doubt) = doubt else { return };
        if let Flow::Stop { .. } = flow {
            self.knows.failed.push(way);
        } else {
            self.blur(host, doubt.since.at, &doubt.origin);
            self.join(host, way, &doubt.origin);
        }
    }
}
