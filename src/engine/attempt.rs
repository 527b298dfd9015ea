//! One look at a resource: render, type, look, announce, perform, look again.

use super::context::{Context, Reach};
use super::doubt::Trace;
use super::outcome::Attempt;
use super::run::Runner;
use super::state::Target;
use super::task::Task;
use super::task_run::Item;
use crate::event::{ActionReport, Certainty, Event};
use crate::host::{Action, Host, ServiceChange};
use crate::resource::{self, Declared, Gate, Kind, Look, Open, Step};
use crate::text::{Diagnostic, Redactor};
use crate::value::{Known, Map, Node, Origin, Sha256, Value};
use std::collections::BTreeSet;

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
        let mut value = self.templates.node(params, &item.layers.scope())?;
        self.fill_in(kind, &mut value, params, item, context)?;
        let hidden =
            self.flag(item.task.keywords.no_log.as_ref().or(context.no_log.as_ref()), &item.layers);
        if hidden {
            self.learn_everything(&value);
        }
        self.learn_secrets(&value);
        if let Some(origin) = value.unknown() {
            let origin = origin.clone();
            return Ok(self.unforeseeable(host, kind, &value, &origin, &context.reach));
        }
        let declared = kind.declare(&value).map_err(|error| error.diagnostic(params))?;
        let secret = hidden || value.has_secret();
        let target = target_key(kind, &value, &item.id);
        let spec =
            self.memory.keyed(format!("{} {}", kind.name, value.to_json_exposed()).as_bytes());
        let look = declared.look(host.view())?;
        let lasts = look.steps.iter().any(|step| !step.action.is_act()) || !look.open.is_empty();
        let mut attempt = self.perform(host, item, context, &*declared, look, secret, hidden)?;
        if lasts && !attempt.actions.is_empty() {
            attempt.change = Some(self.memory.state().classify(&target, spec));
        }
        if context.reach == Reach::Certain
            && context.handler.is_none()
            && has_end_state(kind)
            && attempt.error().is_none()
        {
            self.declared(target, spec, item.task);
        }
        if secret {
            for value in attempt.result.values_mut() {
                *value = std::mem::take(value).into_secret();
            }
        }
        Ok(attempt)
    }

    /// Keeps what was declared for a target, for the memory.
    fn declared(&mut self, target: String, spec: Sha256, task: &Task) {
        let new = || Target { specs: BTreeSet::new(), task: task.id.clone() };
        self.seen.entry(target).or_insert_with(new).specs.insert(spec);
        self.evaluated.insert(task.id.clone());
    }

    #[expect(clippy::too_many_arguments, reason = "one step of `attempt`, split for reading")]
    fn perform(
        &mut self,
        host: &mut dyn Host,
        item: &Item<'_>,
        context: &Context,
        declared: &dyn Declared,
        mut look: Look,
        secret: bool,
        hidden: bool,
    ) -> Result<Attempt, Diagnostic> {
        let mut attempt = Attempt::ok();
        attempt.result = std::mem::take(&mut look.result);
        match look.gate {
            Gate::Pass => {}
            Gate::Fail(error) => {
                attempt.failed = Known::Is(Some(error));
                return Ok(attempt);
            }
            Gate::Unknown(origin) => attempt = attempt.assuming("to answer as it should", &origin),
        }
        self.drop_needless_restarts(&mut look.steps, context, &mut attempt);
        if look.steps.is_empty() && look.open.is_empty() {
            if self.memory.state().changed_before(&item.id) {
                attempt.changed = Known::Is(true);
                attempt.earlier = true;
                attempt
                    .reason
                    .get_or_insert_with(|| "changed in a run that did not end well".to_owned());
            }
            return Ok(attempt);
        }
        let open = std::mem::take(&mut look.open);
        let reports: Vec<ActionReport> = look
            .steps
            .iter_mut()
            .map(|step| {
                if secret {
                    hide(&mut step.action);
                }
                self.action_report(host.view(), step, context, hidden)
            })
            .collect();
        let task = self.reference(item.task, context, item.label.as_deref(), &item.id);
        let opened = open.iter().map(|open| open_report(open, &self.redactor));
        let announced = reports.iter().cloned().chain(opened).collect();
        self.outlet.event(Event::Announced { task, actions: announced });
        self.note_before_first_action(item.task, item, context)?;
        let acts = look.steps.iter().all(|step| step.action.is_act());
        self.steps(host, context, declared, look.steps, reports, hidden, &mut attempt);
        if attempt.error().is_none() && context.reach == Reach::Certain && !acts {
            self.confirm(host, declared, &mut attempt);
        }
        self.settle_act(item.task, acts, &mut attempt);
        for open in open {
            host.unsettle(std::slice::from_ref(&open.target), &open.origin);
            self.trace(Trace::Unsettled(vec![open.target.clone()]));
            attempt.may_fail = true;
            attempt.actions.push(open_report(&open, &self.redactor));
            if attempt.changed == Known::Is(false) {
                attempt.changed = Known::Unknown(open.origin);
            }
        }
        Ok(attempt)
    }

    #[expect(clippy::too_many_arguments, reason = "one step of `perform`, split for reading")]
    /// Performs the steps in order. One that hinged on an earlier step of the same task is looked
    /// at again first, and falls away if it is as declared by then.
    fn steps(
        &mut self,
        host: &mut dyn Host,
        context: &Context,
        declared: &dyn Declared,
        steps: Vec<Step>,
        reports: Vec<ActionReport>,
        hidden: bool,
        attempt: &mut Attempt,
    ) {
        let mut certain = false;
        let mut maybe = None;
        for (mut step, mut report) in steps.into_iter().zip(reports) {
            if step.unless.is_some() && certain {
                match declared.look(host.view()) {
                    Ok(again) => {
                        let same = again
                            .steps
                            .into_iter()
                            .find(|other| is_same(&other.action, &step.action));
                        let Some(again) = same else {
                            attempt.not_needed.push(report);
                            continue;
                        };
                        maybe = maybe.or_else(|| again.unless.clone());
                        step = again;
                        report = self.action_report(host.view(), &step, context, hidden);
                    }
                    Err(error) => {
                        attempt.failed = Known::Is(Some(error));
                        return;
                    }
                }
            } else if let Some(origin) = &step.unless {
                maybe = maybe.or_else(|| Some(origin.clone()));
            }
            let performed = match context.reach.condition() {
                Some(origin) => {
                    let result =
                        if step.action.is_act() { unknown_result(origin) } else { Map::new() };
                    let performed = crate::host::Performed { result, ..Default::default() };
                    host.might(&step.action, origin).map(|()| performed)
                }
                None => host.perform(&step.action),
            };
            match performed {
                Ok(performed) => {
                    certain |= step.unless.is_none();
                    attempt.may_fail |=
                        succeeds_or_not(&step.action) || performed.assumes.is_some();
                    if let Some(what) = performed.assumes {
                        attempt.reason.get_or_insert_with(|| format!("assumed: {what}"));
                    }
                    let doubt = context.reach.condition().or(step.unless.as_ref());
                    self.note_start(&step.action, doubt);
                    self.trace(Trace::Did(Box::new(step.action)));
                    attempt.result.extend(performed.result);
                    attempt.actions.push(report);
                    if let Some(why) = performed.failed {
                        attempt.failed = Known::Is(Some(Diagnostic::new(why)));
                        break;
                    }
                }
                Err(error) => {
                    attempt.failed = Known::Is(Some(error.diagnostic()));
                    break;
                }
            }
        }
        attempt.changed = match maybe {
            Some(origin) if !certain => Known::Unknown(origin),
            _ => Known::Is(!attempt.actions.is_empty()),
        };
    }

    /// Looks again: what is certain and still to do is a resource that did not converge.
    fn confirm(&self, host: &dyn Host, declared: &dyn Declared, attempt: &mut Attempt) {
        let left = match declared.look(host.view()) {
            Ok(look) => look.steps,
            Err(error) => {
                attempt.failed = Known::Is(Some(error));
                return;
            }
        };
        let left = left.iter().find(|step| step.unless.is_none() && !step.action.is_act());
        if let Some(step) = left {
            let what = format!("{} {}", step.action.kind(), step.action.target());
            attempt.failed = Known::Is(Some(
                Diagnostic::new(format!(
                    "did not converge: `{what}` is still to do after it was done"
                ))
                .help("something on the host undoes it, or this resource has a fault"),
            ));
        }
    }

    /// That a foretold act succeeds is an assumption only where the role minds its failure.
    fn settle_act(&self, task: &Task, acts: bool, attempt: &mut Attempt) {
        let keywords = &task.keywords;
        let minds = !keywords.failed_when.is_empty() || keywords.ignore_errors.is_some();
        let unknown = attempt.result.values().find_map(Value::unknown).cloned();
        if let Some(origin) = unknown
            && acts
            && minds
            && attempt.error().is_none()
        {
            attempt.failed = Known::Unknown(origin);
        }
    }

    fn action_report(
        &self,
        view: &dyn crate::host::View,
        step: &Step,
        context: &Context,
        hidden: bool,
    ) -> ActionReport {
        let (certainty, depends_on) = certainty(&context.reach, step.unless.as_ref());
        let mut report = super::action_report::report(&step.action, view, hidden);
        report.certainty = certainty;
        report.depends_on = depends_on.map(ToString::to_string);
        super::action_report::redact(&mut report, &self.redactor);
        report
    }

    fn learn_secrets(&mut self, value: &Value) {
        match value {
            Value::Secret(inner) => self.learn_everything(inner),
            Value::List(items) => items.iter().for_each(|item| self.learn_secrets(item)),
            Value::Map(map) => map.values().for_each(|value| self.learn_secrets(value)),
            _ => {}
        }
    }

    fn learn_everything(&mut self, value: &Value) {
        match value {
            Value::Str(text) => self.redactor.add([text]),
            Value::Secret(inner) => self.learn_everything(inner),
            Value::List(items) => items.iter().for_each(|item| self.learn_everything(item)),
            Value::Map(map) => map.values().for_each(|value| self.learn_everything(value)),
            _ => {}
        }
    }

    fn note_start(&mut self, action: &Action, doubt: Option<&Origin>) {
        let unit = match action {
            Action::Service { unit, change: ServiceChange::Start, .. }
            | Action::Restart { unit } => unit,
            _ => return,
        };
        self.moment += 1;
        self.started.insert(unit.clone(), (self.moment, doubt.cloned()));
    }

    /// A unit that started after the notification has read everything already.
    fn drop_needless_restarts(
        &self,
        steps: &mut Vec<Step>,
        context: &Context,
        attempt: &mut Attempt,
    ) {
        let Some(called) = &context.handler else { return };
        steps.retain_mut(|step| {
            let (Action::Restart { unit } | Action::Reload { unit }) = &step.action else {
                return true;
            };
            let Some((started, doubt)) = self.started.get(unit) else { return true };
            let before_last = called.certain.as_ref().filter(|(last, _)| started > last);
            let after_all =
                before_last.map(|(_, origin)| origin).filter(|_| *started <= called.last);
            if let Some(origin) = doubt.as_ref().filter(|_| *started > called.last).or(after_all) {
                step.unless.get_or_insert_with(|| origin.clone());
                return true;
            }
            let needless = *started > called.last;
            if needless {
                attempt.reason = Some(format!("{unit} was started after this was notified"));
            }
            !needless
        });
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
        let known = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let name = ["path", "dest", "name"].into_iter().find_map(known);
        if observes(kind) {
            attempt = attempt.assuming("to answer as it should", origin);
        } else {
            attempt.changed = Known::Unknown(origin.clone());
            let mut unsettled: Vec<String> = name.iter().cloned().collect();
            if kind.name == "package" {
                unsettled.push("/".to_owned());
            }
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
            });
        }
        attempt.result.clone_from(&unknown_result(origin));
        attempt
    }
}

/// How certain an action is, and what it hinges on.
pub(super) fn certainty<'o>(
    reach: &'o Reach,
    unless: Option<&'o Origin>,
) -> (Certainty, Option<&'o Origin>) {
    match (reach, unless) {
        (Reach::OnFailure(_), _) => (Certainty::OnFailure, None),
        (Reach::OnlyIf(origin), _) => (Certainty::OnlyIf, Some(origin)),
        (Reach::Certain, Some(origin)) => (Certainty::UnlessSo, Some(origin)),
        (Reach::Certain, None) => (Certainty::Exact, None),
    }
}

/// Kinds that never have anything to do.
fn observes(kind: &Kind) -> bool {
    matches!(kind.name, "uri" | "smtp_probe" | "wait_for" | "stat" | "find" | "slurp")
}

/// Kinds whose results the memory keeps.
fn has_end_state(kind: &Kind) -> bool {
    !observes(kind) && !matches!(kind.name, "command" | "shell")
}

/// Whether a second look tells of the same step: a package task has one transaction, whichever of
/// its packages still are to be changed.
fn is_same(one: &Action, other: &Action) -> bool {
    match (one, other) {
        (Action::Packages(_), Action::Packages(_)) => true,
        (Action::Service { change: one, .. }, Action::Service { change: other, .. }) => {
            one == other
        }
        _ => one.kind() == other.kind() && one.target() == other.target(),
    }
}

/// An act, or what is proved like one: whether it succeeds cannot be told before.
const fn succeeds_or_not(action: &Action) -> bool {
    action.is_act() || matches!(action, Action::Service { change: ServiceChange::Start, .. })
}

/// The members that results have, all unknown.
fn unknown_result(origin: &Origin) -> Map {
    const MEMBERS: &[&str] = &[
        "rc",
        "stdout",
        "stderr",
        "stdout_lines",
        "stderr_lines",
        "status",
        "content",
        "json",
        "stat",
        "ok",
        "stage",
        "code",
        "message",
        "refused",
        "msg",
        "elapsed",
        "extensions",
        "greeting",
    ];
    MEMBERS.iter().map(|name| ((*name).to_owned(), Value::Unknown(origin.clone()))).collect()
}

fn open_report(open: &Open, redactor: &Redactor) -> ActionReport {
    let mut report = ActionReport {
        kind: open.kind.to_owned(),
        target: open.target.clone(),
        certainty: Certainty::Open,
        depends_on: Some(open.origin.to_string()),
        before: None,
        after: None,
        diff: None,
        notes: Vec::new(),
    };
    super::action_report::redact(&mut report, redactor);
    report
}

/// What the memory calls a target: results are kept per target, not per task.
fn target_key(kind: &Kind, value: &Value, id: &str) -> String {
    let family = match kind.name {
        "copy" | "template" | "lineinfile" | "blockinfile" | "replace" | "get_url" | "file" => {
            "file"
        }
        "service" | "systemd" => "unit",
        other => other,
    };
    let name = ["path", "dest", "name", "key"].iter().find_map(|key| value.get(key));
    match name.map(Value::exposed) {
        Some(Value::Str(name)) => format!("{family} {name}"),
        Some(list @ Value::List(_)) => format!("{family} {list:?}"),
        _ => format!("{family} {id}"),
    }
}

/// Marks what the action carries as secret.
fn hide(action: &mut Action) {
    if let Action::WriteFile { content, .. } = action {
        content.secret = true;
    }
}
