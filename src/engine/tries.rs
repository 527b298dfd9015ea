//! A task's condition and its tries: `when`, `until`, `retries`, `changed_when`, `failed_when`.

use super::context::Context;
use super::control::Truth;
use super::outcome::Attempt;
use super::run::Runner;
use super::scope::Layers;
use super::task::Body;
use super::task_run::Item;
use crate::event::Reason;
use crate::host::Host;
use crate::text::{Diagnostic, with_article};
use crate::value::{Known, Node, Origin, Value};
use std::sync::Arc;
use std::time::Duration;

impl Runner<'_> {
    /// Asks the condition, then tries until it is as it should be.
    pub(super) fn tried(
        &mut self,
        host: &mut dyn Host,
        item: &Item<'_>,
        context: &Context,
    ) -> Result<Attempt, Diagnostic> {
        let task = item.task;
        let mut context = context.clone();
        match self.truth(&self.conditions(task, &context), &item.layers)? {
            Truth::Yes => {}
            Truth::No => return Ok(self.passed_over(item, &context)),
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
        let mut attempts = 0;
        loop {
            // What was done stays told, whatever its judgement fails with.
            let mut attempt = self.once(host, item, &context).unwrap_or_else(Attempt::failed);
            if keywords.retries.is_some() || !keywords.until.is_empty() {
                // Before the judgement: `until` may ask for it.
                attempts += 1;
                attempt.result.insert("attempts".into(), Value::Int(attempts));
            }
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
            wait(host, delay);
        }
    }

    pub(super) fn once(
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
                        let error = error.message.clone();
                        attempt.reason = Some(Reason::FailureNotCounted { error });
                    }
                    // What ended as the role takes it to end was done.
                    attempt.actions.iter_mut().for_each(|action| action.failed = false);
                    Known::Is(None)
                }
                Truth::Unknown(origin) => {
                    attempt.may_fail = true;
                    Known::Unknown(origin)
                }
            };
            let result = match &attempt.failed {
                Known::Is(error) => Value::Bool(error.is_some()),
                Known::Unknown(origin) => Value::Unknown(origin.clone()),
            };
            attempt.result.insert("failed_when_result".into(), result);
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

    pub(super) fn number(
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
            other => Err(Diagnostic::new(format!("a number, not {}", with_article(other.kind())))
                .at(node.span)),
        }
    }
}

impl Attempt {
    /// Whether it happens at all is unknown, so everything about it is.
    fn under_unknown_condition(&mut self, origin: &Origin) {
        self.changed = Known::Unknown(origin.clone());
        if let Some(error) = self.error() {
            let (error, only_if) = (error.message.clone(), Some(origin.to_string()));
            self.reason = Some(Reason::WouldFail { error, only_if });
            self.may_fail = true;
        }
        self.failed = Known::Unknown(origin.clone());
        self.skipped = Known::Unknown(origin.clone());
        for value in self.result.values_mut() {
            *value = Value::Unknown(origin.clone());
        }
        self.reason.get_or_insert_with(|| Reason::OnlyIf { origin: origin.to_string() });
    }
}

/// Waits so many seconds, a day at most.
pub(super) fn wait(host: &dyn Host, seconds: f64) {
    host.pause(Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0)));
}
