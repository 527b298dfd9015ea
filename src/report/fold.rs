//! A run as its events have told it so far: what every kind of report is made from.

use crate::event::{Event, HostReport, HostStatus, TaskRef, TaskReport, TaskStatus};
use crate::text::Diagnostic;
use indexmap::IndexMap;

/// One host's events, folded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostFold {
    /// `debian 12`; `None` before the host was looked at.
    pub system: Option<String>,
    /// The run that last ended well on it.
    pub last_run: Option<String>,
    /// A run that did not end well, which this one continues.
    pub unfinished: Option<String>,
    /// The tasks that ended, in order.
    pub tasks: Vec<TaskReport>,
    /// Things to know. Of an unreachable or locked host the last one says why.
    pub warnings: Vec<Diagnostic>,
    /// The task that is being looked at.
    pub current: Option<TaskRef>,
    /// How it ended; `None` while it runs, or if its session said nothing more.
    pub end: Option<HostReport>,
}

impl HostFold {
    /// How the host ended; one that never said so is unreachable.
    #[must_use]
    pub fn status(&self) -> HostStatus {
        self.end.as_ref().map_or(HostStatus::Unreachable, |end| end.status)
    }

    /// The task that made the host fail: the last one, because earlier failures were rescued or
    /// ignored.
    #[must_use]
    pub fn failure(&self) -> Option<&TaskReport> {
        let failed = self.status() == HostStatus::Failed;
        self.tasks.iter().rev().find(|task| failed && task.status == TaskStatus::Failed)
    }

    /// Why it was left out after a dry run, as events of an apply that did nothing on it.
    #[must_use]
    pub fn why_left_out(&self) -> Vec<Event> {
        let failure = self.failure().cloned().map(|task| {
            Event::TaskFinished(TaskReport { actions: Vec::new(), not_needed: Vec::new(), ..task })
        });
        let handlers = self.end.as_ref().map(|end| end.waiting_handlers.clone());
        let end = HostReport {
            status: self.status(),
            done: 0,
            not_run: self.tasks.len() + self.end.as_ref().map_or(0, |end| end.not_run),
            waiting_handlers: handlers.unwrap_or_default(),
            ms: 0,
        };
        let warnings = self.warnings.iter().cloned().map(Event::Warning);
        let current = self.current.iter().cloned().map(Event::TaskStarted);
        warnings.chain(current).chain(failure).chain([Event::HostFinished(end)]).collect()
    }

    fn add(&mut self, event: &Event) {
        match event {
            Event::HostStarted { system, last_run, unfinished } => {
                self.system = Some(system.clone());
                self.last_run.clone_from(last_run);
                self.unfinished.clone_from(unfinished);
            }
            Event::TaskStarted(task) | Event::Announced { task, .. } => {
                self.current = Some(task.clone());
            }
            Event::TaskFinished(task) => {
                self.current = None;
                self.tasks.push(task.clone());
            }
            Event::Warning(warning) => self.warnings.push(warning.clone()),
            Event::HostFinished(end) => self.end = Some(end.clone()),
        }
    }
}

/// Every host's events, folded; in inventory order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFold {
    hosts: IndexMap<String, HostFold>,
}

impl RunFold {
    /// Nothing has happened yet on these hosts.
    #[must_use]
    pub fn new(hosts: &[String]) -> Self {
        Self { hosts: hosts.iter().map(|name| (name.clone(), HostFold::default())).collect() }
    }

    /// What happened on a host.
    pub fn add(&mut self, host: &str, event: &Event) {
        self.hosts.entry(host.to_owned()).or_default().add(event);
    }

    /// The hosts with their names.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, &HostFold)> {
        self.hosts.iter().map(|(name, host)| (name.as_str(), host))
    }

    /// One host.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&HostFold> {
        self.hosts.get(name)
    }

    /// How many hosts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hosts.len()
    }

    /// Whether there are no hosts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// The hosts that did not end well.
    #[must_use]
    pub fn left_out(self) -> Self {
        let ill = |host: &HostFold| !matches!(host.status(), HostStatus::Ok | HostStatus::Changed);
        Self { hosts: self.hosts.into_iter().filter(|(_, host)| ill(host)).collect() }
    }

    /// The hosts of which this is not so.
    #[must_use]
    pub(super) fn without(mut self, is_so: impl Fn(&HostFold) -> bool) -> Self {
        self.hosts.retain(|_, host| !is_so(host));
        self
    }

    /// The hosts that ended so, by name.
    #[must_use]
    pub fn ended(&self, status: HostStatus) -> Vec<&str> {
        self.hosts().filter(|(_, host)| host.status() == status).map(|(name, _)| name).collect()
    }

    /// Whether any package would be removed, or was.
    #[must_use]
    pub fn removes_packages(&self) -> bool {
        let mut actions =
            self.hosts.values().flat_map(|host| &host.tasks).flat_map(|task| &task.actions);
        actions.any(|action| super::plan_line::removals(action) > 0)
    }
}
