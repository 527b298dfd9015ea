//! One host's run: its roles in order, handlers at the end, and what is remembered of it.

use super::bundle::{Bundle, Purpose};
use super::context::{Context, Reach};
use super::flow::Flow;
use super::journal_entry::{Ended, JournalEntry};
use super::knowledge::Knowledge;
use super::memory::Memory;
use super::outlet::Outlet;
use super::state::{Earlier, FOR_ANOTHER, Target};
use crate::event::{Event, HostReport, HostStatus};
use crate::host::{Host, HostError};
use crate::template::Templates;
use crate::text::{Diagnostic, Redactor};
use crate::value::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Runs one host's bundle.
pub struct Runner<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) memory: &'a mut dyn Memory,
    pub(super) outlet: &'a mut dyn Outlet,
    /// The play that is run, by its place in the bundle.
    pub(super) play: usize,
    pub(super) templates: Arc<Templates>,
    /// What it knows by now.
    pub(super) knows: Knowledge,
    pub(super) redactor: Redactor,
    /// Tasks that changed something in an earlier run that did not end well: they still count as
    /// changed.
    pub(super) changed_before: BTreeMap<String, Earlier>,
    /// Targets that were looked at, with what was declared for them.
    pub(super) seen: BTreeMap<String, Target>,
    /// The host for which it does something at present.
    pub(super) on_behalf: Option<String>,
    /// Tasks that were looked at, by id: what they no longer declare is released.
    pub(super) evaluated: HashSet<String>,
}

impl<'a> Runner<'a> {
    /// Prepares a run; nothing is looked at yet.
    pub fn new(bundle: &'a Bundle, memory: &'a mut dyn Memory, outlet: &'a mut dyn Outlet) -> Self {
        Self {
            bundle,
            memory,
            outlet,
            play: 0,
            templates: Arc::new(Templates::new().with_yaml(crate::config::yaml::data)),
            knows: Knowledge { facts: Arc::new(bundle.magic.clone()), ..Knowledge::default() },
            redactor: bundle.redactor(),
            changed_before: BTreeMap::new(),
            seen: BTreeMap::new(),
            evaluated: HashSet::new(),
            on_behalf: None,
        }
    }

    /// Runs it on this host.
    ///
    /// # Errors
    /// If the host or its memory cannot be used at all. A failed task is no error: it is in the
    /// report.
    pub fn run(mut self, host: &mut dyn Host) -> Result<HostReport, HostError> {
        let begun = host.view().clock();
        let span = tracing::info_span!("host", name = self.bundle.host.as_str()).entered();
        tracing::debug_span!("facts").in_scope(|| self.gather(host))?;
        // What one does in passing takes nothing up.
        let unfinished = self.memory.state().unfinished.as_ref().filter(|_| !self.bundle.ad_hoc);
        self.tell(Event::HostStarted {
            system: system(&self.knows.facts),
            last_run: self.memory.state().last_run.clone(),
            unfinished: unfinished.map(|run| run.run.clone()),
        });
        self.share();
        if let Some(unfinished) = &self.memory.state().unfinished {
            self.changed_before.clone_from(&unfinished.changed);
        }
        self.recall_pending();
        let flow = match self.plays(host) {
            Flow::Go => self.prove_the_rest(host.view()),
            flow => flow,
        };
        self.share();
        let failed = matches!(flow, Flow::Stop { .. });
        let gone = self.outlet.gone();
        self.remember(!failed && !gone)?;
        let status = match (failed, self.knows.changed) {
            (true, _) => HostStatus::Failed,
            (false, true) => HostStatus::Changed,
            (false, false) => HostStatus::Ok,
        };
        let report = HostReport {
            status,
            done: self.knows.done,
            not_run: self.knows.not_run,
            waiting_handlers: self.waiting_handlers(),
            ms: millis(host.view().clock().saturating_sub(begun)),
        };
        drop(span);
        self.tell(Event::HostFinished(report.clone()));
        Ok(report)
    }

    /// Sets `run_once_ROLE`: after it succeeded, never before.
    pub(super) fn completed(&mut self, role: &str, context: &Context) {
        if context.reach != Reach::Certain {
            return;
        }
        let flag = format!("run_once_{}", role.replace(['-', '.'], "_"));
        self.set(&flag, Value::Bool(true));
    }

    /// What lasts of the run: what was declared per target, and that it ended well.
    fn remember(&mut self, well: bool) -> Result<(), HostError> {
        if self.bundle.purpose == Purpose::Verify {
            return Ok(());
        }
        let released = if well { self.released() } else { Vec::new() };
        for name in &released {
            self.tell(Event::Warning(
                Diagnostic::new(format!("{name} is no longer declared; it stays as it is"))
                    .help("to remove something, declare it with `state: absent`"),
            ));
        }
        let left = if self.bundle.is_limited() { self.not_come_by() } else { Vec::new() };
        let mut seen = std::mem::take(&mut self.seen);
        let (run, acted, in_passing) =
            (self.bundle.run.clone(), self.knows.changed, self.bundle.ad_hoc);
        if in_passing {
            // What a role has declared of them is still what they are to be.
            seen.clear();
        }
        let ended = Ended { run, well, acted, seen, released, left, in_passing };
        self.memory.append(JournalEntry::Ended(ended))
    }
}

impl Runner<'_> {
    /// Targets that nothing declares any more: their task is gone, or declares others now. A task
    /// that was skipped still stands for what it declared.
    fn released(&self) -> Vec<String> {
        let bundle = self.bundle;
        if bundle.is_limited() {
            return Vec::new();
        }
        let mut present = HashSet::new();
        for list in bundle.library.values().flat_map(|role| role.tasks.values()) {
            super::typing::for_each(list, &mut |task| {
                present.insert(task.id.as_str());
            });
        }
        let gone = |target: &Target| {
            let task = target.task.as_str();
            // Whether another host's task still asks for it, that host alone can tell.
            if task.starts_with(FOR_ANOTHER) {
                return false;
            }
            let role = task.split_once('/').map_or(task, |(role, _)| role);
            bundle.speaks_for(role) && (!present.contains(task) || self.evaluated.contains(task))
        };
        let targets = self.memory.state().targets.iter();
        let released =
            targets.filter(|(name, target)| !self.seen.contains_key(*name) && gone(target));
        released.map(|(name, _)| name.clone()).collect()
    }
}

/// Whole milliseconds.
pub(super) fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn system(facts: &Map) -> String {
    let fact = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = fact("ansible_distribution").to_lowercase();
    format!("{name} {}", fact("ansible_distribution_major_version")).trim().to_owned()
}
