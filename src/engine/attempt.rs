//! One look at a resource: its parameters rendered and typed, the host looked at, what it asks
//! for done, its target remembered.

use super::context::{Context, Reach};
use super::item::{Doing, Item};
use super::knowledge::Trace;
use super::outcome::Attempt;
use super::run::Runner;
use super::secrets::{learn, mark, too_short};
use super::state::Target;
use super::task::Task;
use crate::event::{ActionReport, Certainty, Change, Expected, Texts};
use crate::host::{Host, Stat, View};
use crate::resource::{self, Kind, Nature};
use crate::text::{Diagnostic, Redactor};
use crate::value::{Known, Node, Origin, Sha256, Value};
use std::collections::BTreeSet;
use std::path::Path;

impl Runner<'_> {
    pub(super) fn attempt(
        &mut self,
        host: &mut dyn Host,
        item: &Item<'_>,
        context: &Context,
        kind: &str,
        params: &Node,
    ) -> Result<Attempt, Diagnostic> {
        let Some(kind) = resource::find(kind) else {
            return Err(Diagnostic::new(format!("this agent has no resource `{kind}`")));
        };
        let written = self.with_defaults(kind, params);
        let params = written.as_ref().unwrap_or(params);
        let mut value = tracing::trace_span!("render")
            .in_scope(|| self.templates.node(params, &item.scopes.scope()))?;
        let named = too_short(&value, false);
        self.fill_in(kind, &mut value, params, item, context).map_err(|mut error| {
            error.redact(&named);
            error
        })?;
        let hidden = self.is_hidden(item, context);
        learn(&self.redactor, &value, hidden);
        let own = too_short(&value, hidden);
        let mut tried = self.attempt_of(host, item, context, (kind, params), &value, hidden, &own);
        match &mut tried {
            Ok(attempt) => attempt.redact(&own),
            Err(error) => error.redact(&own),
        }
        tried
    }

    /// The attempt at what is rendered; `own` knows what of it is secret.
    #[expect(clippy::too_many_arguments, reason = "the second half of one job")]
    pub(super) fn attempt_of(
        &mut self,
        host: &mut dyn Host,
        item: &Item<'_>,
        context: &Context,
        (kind, params): (&'static Kind, &Node),
        value: &Value,
        hidden: bool,
        own: &Redactor,
    ) -> Result<Attempt, Diagnostic> {
        let target = self.target_key(kind, value, &item.id, hidden);
        let gone = self.is_gone(host.view(), kind, value, &target, item.task);
        if let Some(origin) = value.unknown() {
            let origin = origin.clone();
            let mut attempt = self.unforeseeable(host, kind, value, &origin, &context.reach);
            attempt.change = gone.then_some(Change::Drift);
            return Ok(attempt);
        }
        let declared = kind.declare(value).map_err(|error| error.diagnostic(params))?;
        let secret = hidden || value.has_secret();
        let spec = self.spec(kind, value);
        self.settle_key(item, spec);
        let planned = tracing::trace_span!("look").in_scope(|| declared.look(host.view()))?;
        let (declared, target_of) = (&*declared, &*target);
        let doing = Doing { item, context, kind, declared, target: target_of, secret, hidden, own };
        let lasts =
            planned.steps.iter().any(|step| !step.action.is_act()) || !planned.open.is_empty();
        let mut attempt = self.perform(host, &doing, planned)?;
        if lasts && !attempt.actions.is_empty() {
            let change = self.memory.state().classify(&target, spec);
            attempt.change = if gone { Some(Change::Drift) } else { change };
        }
        if context.reach == Reach::Certain
            && context.handler.is_none()
            && kind.nature == Nature::Change
            && attempt.error().is_none()
        {
            self.declared(target, spec, item.task);
        }
        mark(&mut attempt.result, value, hidden, &self.redactor);
        Ok(attempt)
    }

    /// Whether a file that this task wrote is no longer there. Then the host is not as it was
    /// left, whatever is declared now: what is written may be made anew (a token).
    fn is_gone(
        &self,
        view: &dyn View,
        kind: &Kind,
        value: &Value,
        target: &str,
        task: &Task,
    ) -> bool {
        let wrote = |known: &Target| known.task == task.id && !self.seen.contains_key(target);
        let path = kind.target_of(value).and_then(|path| path.exposed().as_str());
        let absent = |path| matches!(view.stat(Path::new(path)), Ok(Known::Is(Stat::Absent)));
        kind.writes_whole
            && self.memory.state().targets.get(target).is_some_and(wrote)
            && path.is_some_and(absent)
    }

    /// Keeps what was declared for a target, for the memory.
    fn declared(&mut self, target: String, spec: Sha256, task: &Task) {
        let new = || Target { specs: BTreeSet::new(), task: task.id.clone() };
        self.seen.entry(target).or_insert_with(new).specs.insert(spec);
        self.evaluated.insert(task.id.clone());
    }

    /// A task whose parameters hinge on what is not known: no target can be named, or no content.
    fn unforeseeable(
        &mut self,
        host: &mut dyn Host,
        kind: &Kind,
        value: &Value,
        origin: &Origin,
        reach: &Reach,
    ) -> Attempt {
        let mut attempt = Attempt::ok();
        let name = kind.target_of(value).and_then(Value::as_str).map(str::to_owned);
        if kind.nature_of(value).observes() {
            attempt = attempt.assuming(Expected::Answer, origin);
        } else {
            attempt.changed = Known::Unknown(origin.clone());
            let unsettled = kind.touches_of(value, name.as_deref());
            host.unsettle(&unsettled, origin);
            self.trace(Trace::Unsettled(unsettled));
            attempt.may_fail = true;
            attempt.actions.push(ActionReport {
                kind: kind.name.to_owned(),
                target: name.unwrap_or_default(),
                certainty: match reach {
                    Reach::OnFailure(_) => Certainty::OnFailure,
                    Reach::Certain | Reach::OnlyIf(_) => Certainty::Open,
                },
                depends_on: Some(origin.to_string()),
                before: None,
                after: None,
                diff: None,
                notes: Vec::new(),
                failed: false,
            });
        }
        attempt.result = kind.unknown_result(origin);
        attempt
    }

    /// What the memory calls a target: results are kept per target, not per task. A secret name,
    /// or one with a secret in it, is known by its digest.
    fn target_key(&self, kind: &Kind, value: &Value, id: &str, hidden: bool) -> String {
        let family = kind.family;
        let name = kind.target_of(value);
        let shown = match name.map(Value::exposed) {
            Some(Value::Str(name)) => name.clone(),
            Some(list @ Value::List(_)) => format!("{list:?}"),
            _ => return format!("{family} {id}"),
        };
        match name {
            Some(name) if hidden || name.has_secret() || self.redactor.finds(&shown) => {
                format!("{family} #{}", self.keyed(&name.to_json_exposed().to_string()))
            }
            _ => format!("{family} {shown}"),
        }
    }
}
