//! A task's condition and its tries: `when`, `until`, `retries`, `changed_when`, `failed_when`.

use super::context::Context;
use super::control::Truth;
use super::item::Item;
use super::outcome::Attempt;
use super::run::Runner;
use super::scope::Scopes;
use super::task::{Body, LoopControl};
use crate::event::{ActionReport, Expected, Reason};
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
        match self.truth(&self.conditions(task, context), &item.scopes)? {
            Truth::Yes => self.tries(host, item, context),
            Truth::No => Ok(self.passed_over(item, context)),
            Truth::Unknown(origin) => {
                let inner = context.only_if(&origin);
                let (attempt, way) = self.aside(host, |runner, host| {
                    runner.tries(host, item, &inner).unwrap_or_else(Attempt::failed)
                });
                self.join(host, way, &origin);
                Ok(attempt.only_if(&origin))
            }
        }
    }

    fn tries(
        &mut self,
        host: &mut dyn Host,
        item: &Item<'_>,
        context: &Context,
    ) -> Result<Attempt, Diagnostic> {
        let task = item.task;
        let keywords = &task.keywords;
        let retries = if keywords.until.is_empty() && keywords.retries.is_none() {
            0.0
        } else {
            self.number(keywords.retries.as_ref(), &item.scopes, 3.0)?
        };
        let delay = self.number(keywords.delay.as_ref(), &item.scopes, 5.0)?;
        let mut left = retries;
        let mut attempts = 0;
        let mut earlier = Vec::new();
        loop {
            // What was done stays told, whatever its judgement fails with.
            let mut attempt = self.once(host, item, context).unwrap_or_else(Attempt::failed);
            if keywords.retries.is_some() || !keywords.until.is_empty() {
                // Before the judgement: `until` may ask for it.
                attempts += 1;
                attempt.result.insert("attempts".into(), Value::Int(attempts));
            }
            if let Err(error) = self.judge(&mut attempt, item) {
                attempt.failed = Known::Is(Some(error));
            }
            let good = match (keywords.until.is_empty(), attempt.error()) {
                (true, error) => error.is_none(),
                (false, _) => {
                    let scopes = self.with_result(item, &attempt);
                    match self.truth(&keywords.until, &scopes) {
                        Ok(Truth::Unknown(origin)) => {
                            attempt.may_fail = true;
                            let (to, origin) = (Expected::Hold, origin.to_string());
                            attempt.reason.get_or_insert(Reason::Assumed { to, origin });
                            true
                        }
                        Ok(truth) => matches!(truth, Truth::Yes),
                        Err(error) => {
                            attempt.failed = Known::Is(Some(error));
                            return Ok(attempt.after(earlier));
                        }
                    }
                }
            };
            if good {
                return Ok(attempt.after(earlier));
            }
            if left < 1.0 {
                // As in Ansible, the tries before the last are counted then.
                if keywords.retries.is_some() || !keywords.until.is_empty() {
                    attempt.result.insert("attempts".into(), Value::Int((attempts - 1).max(1)));
                }
                if attempt.error().is_none() {
                    let error = Diagnostic::new(format!("not so after {attempts} tries"));
                    let span = keywords.until.first().map_or(task.span, |until| until.span);
                    attempt.give_up(error.at(span), !keywords.failed_when.is_empty());
                }
                return Ok(attempt.after(earlier));
            }
            earlier.push(attempt);
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
        if item.task.keywords.delegate_to.is_some() {
            return self.elsewhere(host, item, context);
        }
        match self.compute(item.task, &item.scopes) {
            Some(Ok(attempt)) if self.is_hidden(item, context) => Ok(attempt.without_words()),
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

    /// Between two items.
    pub(super) fn pause(
        &self,
        host: &dyn Host,
        control: &LoopControl,
        index: usize,
        scopes: &Scopes,
    ) -> Result<(), Diagnostic> {
        if index > 0 && control.pause.is_some() {
            wait(host, self.number(control.pause.as_ref(), scopes, 0.0)?);
        }
        Ok(())
    }

    /// `changed_when` and `failed_when`.
    fn judge(&mut self, attempt: &mut Attempt, item: &Item<'_>) -> Result<(), Diagnostic> {
        let keywords = &item.task.keywords;
        if attempt.skipped == Known::Is(true) {
            return Ok(());
        }
        if !keywords.failed_when.is_empty() {
            let scopes = self.with_result(item, attempt);
            attempt.failed = match self.truth(&keywords.failed_when, &scopes)? {
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
            let scopes = self.with_result(item, attempt);
            attempt.changed = match self.truth(&keywords.changed_when, &scopes)? {
                Truth::Yes => Known::Is(true),
                Truth::No => Known::Is(false),
                Truth::Unknown(origin) => Known::Unknown(origin),
            };
        }
        Ok(())
    }

    fn with_result(&self, item: &Item<'_>, attempt: &Attempt) -> Scopes {
        let mut scopes = item.scopes.clone();
        if let Some(name) = &item.task.keywords.register {
            Arc::make_mut(&mut scopes.results).insert(name.clone(), attempt.registered());
        }
        scopes
    }

    pub(super) fn number(
        &self,
        node: Option<&Node>,
        scopes: &Scopes,
        default: f64,
    ) -> Result<f64, Diagnostic> {
        let Some(node) = node else { return Ok(default) };
        let value = self.templates.node(node, &scopes.scope())?;
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
    /// After the last try. What `failed_when` does not count as a failure does not stop the run,
    /// and is registered as one all the same.
    fn give_up(&mut self, error: Diagnostic, judged: bool) {
        if judged {
            self.reason = Some(Reason::FailureNotCounted { error: error.message });
            self.result.insert("failed".into(), Value::Bool(true));
        } else {
            self.failed = Known::Is(Some(error));
        }
    }

    /// With what the tries before this one did.
    fn after(mut self, earlier: Vec<Self>) -> Self {
        for before in earlier.into_iter().rev() {
            let is_new = |one: &ActionReport| {
                !self.actions.iter().any(|own| own.kind == one.kind && own.target == one.target)
            };
            let new: Vec<_> = before.actions.into_iter().filter(is_new).collect();
            self.actions.splice(0..0, new);
            if self.changed != Known::Is(true) && before.changed != Known::Is(false) {
                self.changed = before.changed;
            }
            self.change = self.change.or(before.change);
            self.may_fail |= before.may_fail;
        }
        self
    }

    /// Whether it happens at all is unknown, so everything about it is.
    pub(super) fn only_if(mut self, origin: &Origin) -> Self {
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
        self
    }
}

/// Waits so many seconds, a day at most.
pub(super) fn wait(host: &dyn Host, seconds: f64) {
    host.pause(Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0)));
}
