//! Hosts with the same plan are told of once.

use super::fold::{HostFold, RunFold};
use super::plan_line::{self, PlanLine};
use crate::event::{Change, Diff, HostStatus, Reason, TaskReport, TaskStatus};
use indexmap::IndexMap;

/// Hosts whose plans are line by line the same. The diffs may still differ (a file that holds the
/// host's own name).
pub(super) struct Group<'a> {
    pub(super) names: Vec<&'a str>,
    pub(super) hosts: Vec<&'a HostFold>,
    pub(super) lines: Vec<PlanLine>,
}

/// What makes two plans the same.
#[derive(PartialEq, Eq, Hash)]
struct Plan<'a> {
    lines: Vec<PlanLine>,
    /// What is assumed, and what is said.
    reasons: Vec<(&'a str, Option<&'a Reason>)>,
    /// Why each task changes, where that is news, and since which run.
    why: Vec<(Option<Change>, Option<&'a str>)>,
}

/// The hosts that have something to change, grouped, in the order of each group's first host.
pub(super) fn changed(run: &RunFold) -> Vec<Group<'_>> {
    let mut groups: IndexMap<Plan<'_>, Group<'_>> = IndexMap::new();
    for (name, host) in run.hosts().filter(|(_, host)| host.status() == HostStatus::Changed) {
        let plan = Plan::of(host);
        let lines = plan.lines.clone();
        let group = groups.entry(plan);
        let group = group.or_insert_with(|| Group { names: Vec::new(), hosts: Vec::new(), lines });
        group.names.push(name);
        group.hosts.push(host);
    }
    groups.into_values().collect()
}

impl Group<'_> {
    /// Whether a diff of any host differs from the first one's.
    pub(super) fn diffs_differ(&self) -> bool {
        self.hosts.windows(2).any(|pair| diffs(pair[0]) != diffs(pair[1]))
    }
}

impl<'a> Plan<'a> {
    fn of(host: &'a HostFold) -> Self {
        let tasks = &host.tasks;
        let lines = tasks.iter().flat_map(|task| plan_line::lines(&task.actions));
        let told = tasks
            .iter()
            .filter(|task| task.status == TaskStatus::Unknown || task.message().is_some());
        Self {
            lines: lines.map(|(line, _)| line).collect(),
            why: tasks.iter().map(|task| since(task, host)).collect(),
            reasons: told.map(|task| (task.task.name.as_str(), task.reason.as_ref())).collect(),
        }
    }
}

fn diffs(host: &HostFold) -> Vec<Option<&Diff>> {
    let actions = host.tasks.iter().flat_map(|task| &task.actions);
    actions.map(|action| action.diff.as_ref()).collect()
}

fn since<'a>(task: &TaskReport, host: &'a HostFold) -> (Option<Change>, Option<&'a str>) {
    match task.change {
        None | Some(Change::New) => (None, None),
        change => (change, host.last_run.as_deref()),
    }
}
