//! Whether what check announced is what apply did.

use super::case::Run;
use converge::event::{
    ActionReport, Certainty, Event, HostStatus, Note, Reason, TargetState, TaskReport, TaskStatus,
};
use converge::host::Action;
use std::collections::{BTreeMap, BTreeSet};

/// Announced as exact or unless so, and how many of them fell away.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tally {
    pub(crate) announced: usize,
    pub(crate) fell_away: usize,
    pub(crate) performed: usize,
    pub(crate) failed: usize,
    /// Roles whose second run was looked at.
    pub(crate) steady: usize,
    /// Runs that were killed and begun again.
    pub(crate) killed: usize,
    /// Of those, failed for want of what an act had brought back.
    pub(crate) lost: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.announced += other.announced;
        self.fell_away += other.fell_away;
        self.performed += other.performed;
        self.failed += other.failed;
        self.steady += other.steady;
        self.killed += other.killed;
        self.lost += other.lost;
    }
}

/// One action of a report, with the task it belongs to and where that stands among the events.
struct Shown<'r> {
    id: &'r str,
    at: usize,
    report: &'r ActionReport,
    /// The action itself, where there is one.
    action: Option<&'r Action>,
}

/// Holds what check announced against what apply did.
pub(super) fn foretold(check: &Run, apply: &Run, tally: &mut Tally) -> Result<(), String> {
    compare(check, apply, tally)
        .map_err(|why| format!("{why}\ncheck:\n{}apply:\n{}", story(check), story(apply)))
}

/// What a second run finds to do, and a check before it: nothing, or that is the error.
pub(super) fn is_empty(first: &Run, check: &Run, second: &Run) -> Result<(), String> {
    if !second.actions.is_empty() || second.status() != HostStatus::Ok {
        return Err(format!("the second run is not empty:\n{}{}", story(first), story(second)));
    }
    if check.told.tasks().any(|task| !task.actions.is_empty()) {
        return Err(format!("a check after it announces something:\n{}", story(check)));
    }
    Ok(())
}

/// What is no part of an action's end state, and cannot always be known: whether the program of a
/// `validate` is there by then, whether the package index still is to be fetched.
fn essence(action: &Action) -> Action {
    let mut action = action.clone();
    match &mut action {
        Action::WriteFile { validate, .. } => *validate = None,
        // Another transaction that may be performed or not fetches it first.
        Action::Packages(transaction) => transaction.refresh_index = false,
        _ => {}
    }
    action
}

fn compare(check: &Run, apply: &Run, tally: &mut Tally) -> Result<(), String> {
    let announced = shown(check)?;
    let performed = shown(apply)?;
    let disturbed = first_surprise(check, apply)?;
    let mut refused = BTreeSet::new();
    for told in &announced {
        if told.action.is_some_and(|action| apply.refused.contains(action)) {
            refused.insert(told.id);
        }
    }
    let may_fall_away = |told: &Shown<'_>| {
        if refused.contains(told.id) { Ok(false) } else { may_fall_away(told, disturbed) }
    };
    let ids: BTreeSet<&str> = finished(check).map(|(_, told)| told.task.id.as_str()).collect();
    let mut next = 0;
    let mut dropped = 0;
    for done in &performed {
        // What stands in a block or a file that is not gone through yet is not told by itself.
        let is_inside = !done.id.contains("/handlers:") && !ids.contains(done.id);
        let fit = |told: &Shown<'_>| fits(told, done) || (is_inside && holds_others(told));
        let found = announced[next..].iter().position(fit);
        let Some(found) = found else {
            if announced.iter().any(|told| is_another_try(told, done)) {
                continue;
            }
            return Err(format!("not announced: {} {}", done.id, words(done.report)));
        };
        for skipped in &announced[next..next + found] {
            dropped += usize::from(may_fall_away(skipped)?);
        }
        let told = &announced[next + found];
        same(told, done)?;
        next += found + usize::from(told.report.certainty != Certainty::Open);
    }
    for skipped in &announced[next..] {
        dropped += usize::from(may_fall_away(skipped)?);
    }
    let counts =
        |told: &&Shown<'_>| matches!(told.report.certainty, Certainty::Exact | Certainty::UnlessSo);
    if disturbed.is_none() {
        tally.announced += announced.iter().filter(counts).count();
        tally.fell_away += dropped;
    }
    tally.performed += performed.len();
    tally.failed += usize::from(apply.status() == HostStatus::Failed);
    Ok(())
}

/// Whether an action that was not performed counts as fallen away; an error if it had to be.
fn may_fall_away(told: &Shown<'_>, disturbed: Option<usize>) -> Result<bool, String> {
    match told.report.certainty {
        _ if disturbed.is_some_and(|since| told.at >= since) => Ok(false),
        Certainty::Exact => Err(format!("not performed: {} {}", told.id, words(told.report))),
        Certainty::UnlessSo => Ok(true),
        Certainty::OnlyIf | Certainty::Open | Certainty::OnFailure => Ok(false),
    }
}

fn fits(told: &Shown<'_>, done: &Shown<'_>) -> bool {
    let (told_report, done_report) = (told.report, done.report);
    if told_report.certainty == Certainty::Open {
        return belongs(told.id, done.id);
    }
    // Where its content is not known, a rescue's task is named by its resource.
    let open_rescue = told_report.certainty == Certainty::OnFailure
        && converge::resource::find(&told_report.kind).is_some();
    let narrows = |wide: &str, narrow: &str| {
        matches!(wide, "write_file" | "make_directory") && narrow == "set_attributes"
    };
    let kind = told_report.kind == done_report.kind
        || open_rescue
        || (told_report.certainty != Certainty::Exact
            && narrows(&told_report.kind, &done_report.kind));
    let fewer = told_report.kind == "packages"
        && told_report.certainty != Certainty::Exact
        && done_report
            .target
            .split(' ')
            .all(|name| told_report.target.split(' ').any(|all| all == name));
    told.id == done.id && kind && (told_report.target == done_report.target || fewer)
}

/// A block, or an include, over what is not known yet.
fn holds_others(told: &Shown<'_>) -> bool {
    let kind = told.report.kind.as_str();
    told.report.certainty == Certainty::Open
        && matches!(kind, "block" | "include_tasks" | "include_role")
}

/// What the tries after the first would do is announced once, as long as nobody knows how many
/// there will be.
fn is_another_try(told: &Shown<'_>, done: &Shown<'_>) -> bool {
    done.id.contains("[again]") && told.report.certainty != Certainty::Exact && fits(told, done)
}

/// An exact action is the very action; what is less certain writes the same content at least.
fn same(told: &Shown<'_>, done: &Shown<'_>) -> Result<(), String> {
    if told.report.certainty == Certainty::Exact {
        let bare = |report: &ActionReport| {
            let notes = report.notes.iter().filter(|note| **note != Note::FetchesIndex);
            // That a command succeeds is assumed until it is run.
            ActionReport { notes: notes.cloned().collect(), failed: false, ..report.clone() }
        };
        if bare(told.report) != bare(done.report) {
            return Err(format!("shown as {:#?}\nperformed as {:#?}", told.report, done.report));
        }
        if told.action.map(essence) != done.action.map(essence) {
            let (told, done) = (told.action, done.action);
            return Err(format!("announced {told:#?}\nperformed {done:#?}"));
        }
    }
    if let (
        Some(Action::WriteFile { content: announced, .. }),
        Some(Action::WriteFile { content: written, .. }),
    ) = (told.action, done.action)
        && announced != written
    {
        return Err(format!("{}: announced {announced:?}, wrote {written:?}", told.id));
    }
    Ok(())
}

/// The place among check's events from which on apply went another way, for a reason that check
/// said it assumed. An error if check foretold no such thing.
fn first_surprise(check: &Run, apply: &Run) -> Result<Option<usize>, String> {
    let mut first = None;
    let mut passed: BTreeMap<&str, usize> = BTreeMap::new();
    for report in apply.told.tasks() {
        // A file that is included twice has its tasks twice.
        let count = passed.entry(&report.task.id).or_default();
        let place = std::mem::replace(count, *count + 1);
        let mut same = finished(check).filter(|(_, told)| told.task.id == report.task.id);
        let foretold = same.nth(place).is_some_and(|(_, told)| has_failed(told));
        if !has_failed(report) || foretold {
            continue;
        }
        let told = || finished(check).filter(|(_, told)| belongs(&told.task.id, &report.task.id));
        // The tasks of a block over what is not known are not told one by one.
        let opened =
            || finished(check).find(|(_, told)| told.actions.iter().any(|one| one.kind == "block"));
        let assumed = told().find(|(_, told)| is_assumed(told));
        let assumed = assumed.or_else(|| told().next().map_or_else(opened, |_| None));
        match assumed {
            Some((at, _)) => first = Some(first.map_or(at, |known: usize| known.min(at))),
            None if first.is_some() => {}
            None => {
                return Err(format!(
                    "a failure that check did not foretell: {}: {:?}",
                    report.task.id, report.error
                ));
            }
        }
    }
    if check.status() == HostStatus::Failed && first.is_none() {
        let (told, met) = (failing(check), failing(apply));
        if told != met {
            return Err(format!("check fails at {told:?}, apply at {met:?}"));
        }
    }
    Ok(first)
}

/// Whether it failed, be it that the role does not count it as a failure.
fn has_failed(report: &TaskReport) -> bool {
    report.error.is_some() || matches!(report.reason, Some(Reason::FailureNotCounted { .. }))
}

fn failing(run: &Run) -> Option<&str> {
    if run.status() != HostStatus::Failed {
        return None;
    }
    let failed = run.told.tasks().filter(|report| report.status == TaskStatus::Failed);
    failed.last().map(|report| report.task.id.as_str())
}

fn belongs(told: &str, done: &str) -> bool {
    told == done || done.strip_prefix(told).is_some_and(|rest| rest.starts_with('['))
}

/// Whether check said that this task may turn out otherwise.
fn is_assumed(told: &TaskReport) -> bool {
    let said = matches!(
        told.reason,
        Some(
            Reason::Assumed { .. }
                | Reason::AssumedSo { .. }
                | Reason::WouldFail { .. }
                | Reason::KnownAfter { .. }
                | Reason::OnlyIf { .. }
        )
    );
    let uncertain = |action: &ActionReport| {
        action.certainty != Certainty::Exact
            || matches!(action.kind.as_str(), "run" | "request" | "restart" | "reload")
            || (action.kind == "service" && action.after == Some(TargetState::Started))
    };
    said || told.status == TaskStatus::Unknown || told.actions.iter().any(uncertain)
}

fn finished(run: &Run) -> impl Iterator<Item = (usize, &TaskReport)> {
    run.told.events.iter().enumerate().filter_map(|(at, event)| match event {
        Event::TaskFinished(report) => Some((at, report)),
        _ => None,
    })
}

/// Every action of a run's reports, each with the action that was given to the host.
fn shown(run: &Run) -> Result<Vec<Shown<'_>>, String> {
    let mut given = run.actions.iter().peekable();
    let mut all = Vec::new();
    for (at, task) in finished(run) {
        for report in &task.actions {
            let action = match report.certainty {
                Certainty::Open | Certainty::OnFailure | Certainty::OnlyIf => None,
                _ => {
                    let action = given.next_if(|action| {
                        action.kind() == report.kind && action.target() == report.target
                    });
                    Some(action.ok_or(format!("reported, not done: {}", words(report)))?)
                }
            };
            all.push(Shown { id: &task.task.id, at, report, action });
        }
        // A task that is tried again does the same again, announces it again, and tells it once.
        let own: Vec<&Action> =
            all.iter().filter(|one| one.at == at).filter_map(|one| one.action).collect();
        let events = run.told.events[..at].iter().rev();
        let since = events.take_while(|event| !matches!(event, Event::TaskFinished(_)));
        let tries = since.filter(|event| matches!(event, Event::Announced { .. })).count();
        for _ in 0..own.len() * tries.saturating_sub(1) {
            given.next_if(|next| own.contains(next));
        }
    }
    match given.next() {
        Some(action) if !run.killed => {
            Err(format!("done, not reported: {} {}", action.kind(), action.target()))
        }
        _ => Ok(all),
    }
}

fn words(report: &ActionReport) -> String {
    let on = report.depends_on.as_deref().map(|on| format!(" ({on})")).unwrap_or_default();
    format!("{:?} {} {}{on}", report.certainty, report.kind, report.target)
}

/// A run in a few lines, for a person who looks for what went wrong.
pub(super) fn story(run: &Run) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for (_, task) in finished(run) {
        let _ = write!(text, "  {} {:?}", task.task.id, task.status);
        if let Some(reason) = &task.reason {
            let _ = write!(text, " [{reason:?}]");
        }
        if let Some(error) = &task.error {
            let _ = write!(text, " ERROR {}", error.message);
        }
        let _ = writeln!(text);
        for report in &task.actions {
            let _ = writeln!(text, "      {}", words(report));
        }
        for report in &task.not_needed {
            let _ = writeln!(text, "      fell away: {}", words(report));
        }
    }
    let _ = writeln!(text, "  => {:?}", run.status());
    text
}
