//! What a look asks for, done: announced, remembered, performed step by step, looked at again.

use super::context::{Context, Reach};
use super::earlier::TaskEntries;
use super::facts::sources_of;
use super::item::{Doing, Item};
use super::knowledge::Trace;
use super::outcome::Attempt;
use super::run::Runner;
use super::task::{Body, RunOnce, Task};
use super::unproven::reads_files;
use crate::event::{ActionReport, Certainty, Event, Expected, Note, Reason, Texts};
use crate::host::{Action, Host, ServiceChange, View};
use crate::resource::{self, Declared, Gate, Nature, Open, Planned, Step};
use crate::text::{Diagnostic, Redactor};
use crate::value::{Known, Map, Origin, Value};

impl Runner<'_> {
    /// Does what the look asks for; in a dry run on a host that only pretends.
    pub(super) fn perform(
        &mut self,
        host: &mut dyn Host,
        doing: &Doing<'_>,
        mut planned: Planned,
    ) -> Result<Attempt, Diagnostic> {
        let Doing { item, context, declared, .. } = *doing;
        let mut attempt = Attempt::ok();
        attempt.result = std::mem::take(&mut planned.result);
        match planned.gate {
            Gate::Pass => {}
            Gate::Fail(error) => {
                attempt.failed = Known::Is(Some(error));
                return Ok(attempt);
            }
            Gate::Unknown(origin) => attempt = attempt.assuming(Expected::Answer, &origin),
        }
        self.drop_needless_restarts(host.view(), &mut planned.steps, context, &mut attempt);
        if planned.steps.is_empty() && planned.open.is_empty() {
            self.recall_change(doing, &mut attempt);
            if attempt.earlier
                && let Some(later) = planned.later
            {
                self.owe(host.view(), doing, later, &mut attempt)?;
            }
            return Ok(attempt);
        }
        if context.reach == Reach::Certain
            && let Some(later) = planned.later.take_if(|later| later.unasked)
        {
            self.owe(host.view(), doing, later, &mut attempt)?;
        }
        let open = std::mem::take(&mut planned.open);
        let reports: Vec<ActionReport> = planned
            .steps
            .iter_mut()
            .map(|step| {
                if doing.secret {
                    hide(&mut step.action);
                }
                self.action_report(host.view(), step, doing)
            })
            .collect();
        let task = self.reference(item.task, context, item.label.as_deref());
        let opened = open.iter().map(|open| open_report(open, &self.redactor));
        let announced = reports.iter().cloned().chain(opened).collect();
        self.tell(Event::Announced { task, actions: announced });
        let mut entries = self.entries_of(doing)?;
        let acts = planned.steps.iter().all(|step| step.action.is_act());
        let has_end = planned.steps.iter().any(Step::has_end);
        self.steps(host, doing, planned.steps, reports, &mut entries, &mut attempt);
        self.keep_result(entries);
        if attempt.error().is_none() && context.reach == Reach::Certain && has_end {
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

    /// Performs the steps in order. One that hinged on an earlier step of the same task is looked
    /// at again first, and falls away if it is as declared by then.
    fn steps(
        &mut self,
        host: &mut dyn Host,
        doing: &Doing<'_>,
        steps: Vec<Step>,
        reports: Vec<ActionReport>,
        entries: &mut TaskEntries,
        attempt: &mut Attempt,
    ) {
        let declared = doing.declared;
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
                        report = self.action_report(host.view(), &step, doing);
                    }
                    Err(error) => {
                        attempt.failed = Known::Is(Some(error));
                        return;
                    }
                }
            } else if let Some(origin) = &step.unless {
                maybe = maybe.or_else(|| Some(origin.clone()));
            }
            let mut assumed = Vec::new();
            if doing.context.reach == Reach::Certain && reads_files(&step.action) {
                match self.prove(host.view()) {
                    Ok(assumptions) => assumed = assumptions,
                    Err(error) => {
                        attempt.failed = Known::Is(Some(error));
                        break;
                    }
                }
            }
            if let Err(error) = self.append_before(entries, &step.action, host.view()) {
                attempt.failed = Known::Is(Some(error));
                break;
            }
            let span = tracing::debug_span!("action", kind = report.kind, target = report.target)
                .entered();
            let performed = host.perform(&step.action);
            drop(span);
            match performed {
                Ok(mut performed) => {
                    performed.assumes.extend(assumed);
                    certain |= step.unless.is_none();
                    // What stands in its place, unknown yet, may not let it.
                    let in_doubt =
                        step.unless.is_some() && !matches!(step.action, Action::Packages(_));
                    attempt.may_fail |=
                        succeeds_or_not(&step.action) || !performed.assumes.is_empty() || in_doubt;
                    if !performed.assumes.is_empty() {
                        let assumptions = performed.assumes;
                        attempt.reason.get_or_insert(Reason::AssumedSo { assumptions });
                    }
                    self.note_start(&step.action, step.unless.as_ref());
                    self.gather_again(host, &sources_of(&step.action));
                    self.trace(Trace::Did(Box::new(step.action)));
                    entries.brought(&performed.result);
                    attempt.result.extend(performed.result);
                    report.failed = performed.failed.is_some();
                    attempt.actions.push(report);
                    if let Some(why) = performed.failed {
                        let shown = !doing.hidden && !doing.secret;
                        let words = if shown { last_words(&attempt.result) } else { Vec::new() };
                        let error = words.into_iter().fold(Diagnostic::new(why), Diagnostic::note);
                        attempt.failed = Known::Is(Some(error));
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
            Ok(planned) => planned.steps,
            Err(error) => {
                attempt.failed = Known::Is(Some(error));
                return;
            }
        };
        let left = left.iter().find(|step| step.unless.is_none() && step.has_end());
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
        doing: &Doing<'_>,
    ) -> ActionReport {
        let (certainty, depends_on) = certainty(&doing.context.reach, step.unless.as_ref());
        let mut report = super::action_report::report(&step.action, view, doing.hidden);
        if let Action::User { entry: Some(entry), before, .. } = &step.action {
            super::account_report::tell(&mut report, entry, before, doing.hidden || doing.secret);
        }
        report.certainty = certainty;
        report.depends_on = depends_on.map(ToString::to_string);
        if !is_guarded(doing.item, doing.context) {
            report.notes.push(Note::EveryRun);
        }
        report.redact(&self.redactor);
        report.redact(doing.own);
        report
    }

    fn note_start(&mut self, action: &Action, doubt: Option<&Origin>) {
        let unit = match action {
            Action::Service { unit, change: ServiceChange::Start, .. }
            | Action::Restart { unit } => unit,
            _ => return,
        };
        self.knows.moment += 1;
        self.knows.started.insert(unit.clone(), (self.knows.moment, doubt.cloned()));
    }

    /// A unit that started after the notification has read everything already.
    fn drop_needless_restarts(
        &self,
        view: &dyn View,
        steps: &mut Vec<Step>,
        context: &Context,
        attempt: &mut Attempt,
    ) {
        let Some(called) = &context.handler else {
            return;
        };
        let is_active = |unit: &str| matches!(view.unit(unit), Ok(Known::Is(unit)) if unit.active);
        steps.retain_mut(|step| {
            let (Action::Restart { unit } | Action::Reload { unit }) = &step.action else {
                return true;
            };
            if called.started.contains(unit) && is_active(unit) {
                attempt.reason = Some(Reason::StartedSince { unit: unit.clone() });
                return false;
            }
            let Some((started, doubt)) = self.knows.started.get(unit) else {
                return true;
            };
            let before_last = called.certain.as_ref().filter(|(last, _)| started > last);
            let after_all =
                before_last.map(|(_, origin)| origin).filter(|_| *started <= called.last);
            if let Some(origin) = doubt.as_ref().filter(|_| *started > called.last).or(after_all) {
                step.unless.get_or_insert_with(|| origin.clone());
                return true;
            }
            let needless = *started > called.last;
            if needless {
                attempt.reason = Some(Reason::StartedSince { unit: unit.clone() });
            }
            !needless
        });
    }
}

/// Whether something turns an act off once it has succeeded; what has an end state needs nothing.
pub(super) fn is_guarded(item: &Item<'_>, context: &Context) -> bool {
    let keywords = &item.task.keywords;
    let Body::Resource { kind, params } = &item.task.body else { return true };
    let Some(kind) = resource::find(kind) else { return true };
    let acts = kind.nature_of(&params.to_value()) == Nature::Act;
    let remembered = matches!(keywords.run_once, Some(RunOnce::Ever | RunOnce::UntilChanged));
    let named = kind.guards.iter().any(|key| params.get(key).is_some());
    !acts
        || context.handler.is_some()
        || context.guarded
        || !context.when.is_empty()
        || !keywords.when.is_empty()
        || remembered
        || named
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
        failed: false,
    };
    report.redact(redactor);
    report
}

/// What an act that failed said at last: the end of its standard error, else of its output. What
/// was given a secret may say it in other words, which no redactor knows.
fn last_words(result: &Map) -> Vec<String> {
    const LINES: usize = 5;
    let said =
        |name: &str| result.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let text = said("stderr").or_else(|| said("stdout")).unwrap_or_default();
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skipped = lines.len().saturating_sub(LINES);
    lines[skipped..].iter().map(|line| (*line).to_owned()).collect()
}

/// Marks what the action carries as secret.
fn hide(action: &mut Action) {
    if let Action::WriteFile { content, .. } = action {
        content.secret = true;
    }
}
