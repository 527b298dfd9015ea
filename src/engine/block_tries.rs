//! The tries of a block: `until`, `retries`, `delay`. Its tasks are run again until they succeed
//! and `until` holds; `rescue` and `always` come after the last try.

use super::context::Context;
use super::control::Truth;
use super::flow::Flow;
use super::knowledge::{Doubt, Trace};
use super::run::Runner;
use super::task::Task;
use super::tries::wait;
use crate::event::{Expected, Reason, TaskReport, TaskStatus, Texts};
use crate::host::Host;
use crate::text::Diagnostic;
use crate::value::{Known, Origin, Value};
use std::sync::Arc;

/// What tasks of a second try are told as: like one more item of a loop.
const AGAIN: &str = "[again]";

impl Runner<'_> {
    /// Runs a block's tasks as often as its keywords ask for; with how often that was, if they do.
    pub(super) fn tries_of_block(
        &mut self,
        host: &mut dyn Host,
        task: &Task,
        tasks: &[Task],
        context: &Context,
    ) -> (Flow, Option<Known<i64>>) {
        let keywords = &task.keywords;
        if keywords.until.is_empty() && keywords.retries.is_none() {
            return (self.list(host, tasks, context), None);
        }
        let scopes = self.scopes(task, context);
        let retries = self.number(keywords.retries.as_ref(), &scopes, 3.0);
        let delay = self.number(keywords.delay.as_ref(), &scopes, 5.0);
        let (retries, delay) = match (retries, delay) {
            (Ok(retries), Ok(delay)) => (retries, delay),
            (Err(error), _) | (_, Err(error)) => return (self.stop(task, context, error), None),
        };
        let not_run = self.knows.not_run;
        let mut again = context.clone();
        again.within.push_str(AGAIN);
        let mut left = retries;
        let mut tries = 0;
        loop {
            let around = if tries == 0 { context } else { &again };
            tries += 1;
            let flow = self.list(host, tasks, around);
            let attempts = Some(Known::Is(tries));
            if !matches!(flow, Flow::Go | Flow::Stop { .. }) {
                return (flow, attempts);
            }
            self.register(task, self.knows.came_to.registered(&flow, attempts.clone()));
            let truth = match self.is_good(task, &flow, context) {
                Ok(truth) => truth,
                Err(error) => return (self.stop(task, context, error), attempts),
            };
            let doubt = self.knows.doubt.clone();
            let origin = match (truth, &doubt) {
                (Truth::Yes, None) => return (flow, attempts),
                (Truth::No, _) if left >= 1.0 => None,
                (Truth::No, _) => {
                    if !matches!(flow, Flow::Go) {
                        return (flow, given_up(tries));
                    }
                    let error = Diagnostic::new(format!("not so after {tries} tries"));
                    let span = keywords.until.first().map_or(task.span, |until| until.span);
                    return (self.stop(task, context, error.at(span)), given_up(tries));
                }
                (Truth::Yes, Some(doubt)) => Some(doubt.origin.clone()),
                (Truth::Unknown(origin), _) => {
                    self.tell_assumed(task, context, &origin);
                    Some(origin)
                }
            };
            if let Some(origin) = origin {
                if left >= 1.0 {
                    self.rehearse_again(host, tasks, &again, doubt.as_ref(), &origin);
                }
                let since = self.knows.mark();
                self.knows.doubt =
                    Some(doubt.unwrap_or_else(|| Doubt { origin: origin.clone(), since }));
                return (Flow::Go, Some(Known::Unknown(origin)));
            }
            if let Some(doubt) = doubt {
                self.doubt(host, &doubt);
                self.knows.doubt = None;
            }
            self.knows.not_run = not_run;
            left -= 1.0;
            wait(host, delay);
        }
    }

    /// Whether a try need not be followed by another.
    fn is_good(&self, task: &Task, flow: &Flow, context: &Context) -> Result<Truth, Diagnostic> {
        if !matches!(flow, Flow::Go) {
            return Ok(Truth::No);
        }
        let scopes = self.scopes(task, context);
        let asked = match self.truth(&context.when, &scopes)? {
            // Nothing was tried.
            Truth::No => return Ok(Truth::Yes),
            asked => asked,
        };
        Ok(match (self.truth(&task.keywords.until, &scopes)?, asked) {
            (Truth::No, Truth::Unknown(origin)) => Truth::Unknown(origin),
            (truth, _) => truth,
        })
    }

    /// Announces what the tries after this one would do, as often as there are any.
    fn rehearse_again(
        &mut self,
        host: &mut dyn Host,
        tasks: &[Task],
        again: &Context,
        doubt: Option<&Doubt>,
        origin: &Origin,
    ) {
        let trail = std::mem::take(&mut self.knows.trail);
        let failed = std::mem::take(&mut self.knows.failed);
        let inner = again.only_if(origin);
        let (flow, way) = self.aside(host, |runner, host| {
            if let Some(doubt) = doubt {
                runner.doubt_trail(host, doubt, &trail, failed);
            }
            // Any of the tries before may be the last one before this.
            let results = Arc::make_mut(&mut runner.knows.results);
            for trace in &trail {
                if let Trace::Set(name) = trace {
                    results.insert(name.clone(), Value::Unknown(origin.clone()));
                }
            }
            runner.list(host, tasks, &inner)
        });
        self.knows.trail = trail;
        if let Some(doubt) = doubt {
            self.blur(host, doubt.since.at, &doubt.origin);
        }
        if let Flow::Stop { .. } = flow {
            self.knows.fail(way);
        } else {
            self.join(host, way, origin);
        }
    }

    /// An `until` that a dry run cannot ask counts as so.
    fn tell_assumed(&mut self, task: &Task, context: &Context, origin: &Origin) {
        let mut reason = Reason::Assumed { to: Expected::Hold, origin: origin.to_string() };
        reason.redact(&self.redactor);
        self.finish(TaskReport {
            task: self.reference(task, context, None),
            status: TaskStatus::Unknown,
            reason: Some(reason),
            change: None,
            actions: Vec::new(),
            not_needed: Vec::new(),
            output: None,
            error: None,
            ms: 0,
        });
    }
}

/// What is registered after the last try: as in Ansible, the tries before it.
fn given_up(tries: i64) -> Option<Known<i64>> {
    Some(Known::Is((tries - 1).max(1)))
}
