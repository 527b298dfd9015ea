//! What a host does for another: with its own package manager, under its own lock, remembered as its
//! own, and told under its name.

use super::context::Context;
use super::item::Item;
use super::outcome::Attempt;
use super::outlet::{Next, Order, What};
use super::run::{Runner, millis};
use super::secrets::{learn, too_short};
use super::task::Body;
use crate::event::{Reason, TaskReport, Texts};
use crate::host::Host;
use crate::resource;
use crate::text::Diagnostic;
use crate::value::{Map, Value};
use std::cell::OnceCell;

impl Runner<'_> {
    /// Waits for the next play, and does meanwhile what other hosts ask for; `None` where this host
    /// takes no further part.
    pub(super) fn next(&mut self, host: &mut dyn Host, ended: bool) -> Option<Map> {
        let mut ended = ended;
        loop {
            match self.outlet.next(ended) {
                Next::Play(variables) => return Some(variables),
                Next::End => return None,
                Next::Work(order) => {
                    let answer = self.work(host, &order);
                    self.outlet.worked(answer);
                    // It has told so already.
                    ended = false;
                }
            }
        }
    }

    fn work(&mut self, host: &mut dyn Host, order: &Order) -> Result<Attempt, Diagnostic> {
        let mut context = self.context();
        context.role.clone_from(&order.task.role);
        // By what only the other host can tell.
        context.guarded = true;
        let item = Item {
            task: &order.task,
            id: order.id.clone(),
            key: OnceCell::new(),
            label: order.label.clone(),
            index: None,
            scopes: context.scopes.clone(),
        };
        if let What::Facts(_) = &order.what {
            let set = self.carry_out(host, &item, &context, order);
            self.share();
            return set;
        }
        let begun = host.view().clock();
        self.on_behalf = Some(order.host.clone());
        let attempt = match &order.only_if {
            None => self.carry_out(host, &item, &context, order),
            Some(origin) => {
                let inner = context.only_if(origin);
                let (attempt, way) = self.aside(host, |runner, host| {
                    let attempt = runner.carry_out(host, &item, &inner, order);
                    attempt.unwrap_or_else(Attempt::failed)
                });
                self.join(host, way, origin);
                Ok(attempt.only_if(origin))
            }
        };
        let mut attempt = attempt.unwrap_or_else(Attempt::failed);
        self.knows.done += attempt.actions.iter().filter(|action| !action.failed).count();
        self.knows.changed |= !attempt.actions.is_empty();
        self.told_of(&item, &context, &attempt, millis(host.view().clock().saturating_sub(begun)));
        self.on_behalf = None;
        // They are this host's, and told of here.
        attempt.actions.clear();
        attempt.not_needed.clear();
        attempt.change = None;
        if attempt.reason.is_none() {
            attempt.reason = Some(Reason::DoneBy { host: self.bundle.host.clone() });
        }
        Ok(attempt)
    }

    fn told_of(&mut self, item: &Item<'_>, context: &Context, attempt: &Attempt, ms: u64) {
        let mut task = self.reference(item.task, context, item.label.as_deref());
        task.id = self.redactor.redact(&item.id).into_owned();
        let error = attempt.error().cloned().map(|error| self.redact(error.or_at(item.task.span)));
        let status = attempt.status();
        self.finish(TaskReport {
            task,
            status,
            reason: attempt.reason.clone(),
            change: attempt.change,
            actions: attempt.actions.clone(),
            not_needed: attempt.not_needed.clone(),
            output: None,
            error,
            ms,
        });
    }

    /// Does what was ordered, on this host.
    pub(super) fn carry_out(
        &mut self,
        host: &mut dyn Host,
        item: &Item<'_>,
        context: &Context,
        order: &Order,
    ) -> Result<Attempt, Diagnostic> {
        let value = match &order.what {
            What::Resource(value) => value,
            What::Facts(facts) => return Ok(self.set_all(facts)),
        };
        let Body::Resource { kind, params } = &order.task.body else {
            return Err(Diagnostic::new("only a resource can be delegated"));
        };
        let Some(kind) = resource::find(kind) else {
            return Err(Diagnostic::new(format!("this agent has no resource `{kind}`")));
        };
        learn(&self.redactor, value, order.hidden);
        let own = too_short(value, order.hidden);
        let mut tried =
            self.attempt_of(host, item, context, (kind, params), value, order.hidden, &own);
        match &mut tried {
            Ok(attempt) => attempt.redact(&own),
            Err(error) => error.redact(&own),
        }
        tried
    }

    fn set_all(&mut self, facts: &Map) -> Attempt {
        for (name, value) in facts {
            self.set(name, value.clone());
        }
        let mut attempt = Attempt::ok();
        attempt.result.insert("ansible_facts".into(), Value::Map(facts.clone()));
        attempt
    }
}
