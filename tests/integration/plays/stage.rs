//! Playbooks whose hosts are played in this process: the whole run, with sessions and all that makes
//! hosts wait for each other, and no ssh.

use converge::agent::serve_on;
use converge::config::{MemoryFiles, Vault};
use converge::controller::{self, LoadErrors, LoadOptions, Outcome, Project, RunOptions, Stop};
use converge::engine::bundle::Purpose;
use converge::event::{Event, HostStatus, Reason, TargetState, TaskReport, TaskStatus};
use converge::host::in_memory::{InMemory, World};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What a person wrote, and the hosts as they are.
#[derive(Default)]
pub(super) struct Stage {
    files: MemoryFiles,
    pub(super) options: LoadOptions,
    hosts: Arc<Mutex<BTreeMap<String, InMemory>>>,
    forks: usize,
    pub(super) vault: Vault,
}

/// What a run said, in the order in which it did.
#[derive(Default)]
pub(super) struct Told {
    pub(super) events: Vec<(String, Event)>,
    pub(super) outcome: Outcome,
}

impl Stage {
    /// Files by their names; `hosts.yml` and `site.yml` are run.
    pub(super) fn new<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Self {
        let files = files
            .into_iter()
            .fold(MemoryFiles::default(), |files, (name, text)| files.with(name, text));
        let options = LoadOptions {
            inventory: "hosts.yml".into(),
            playbooks: vec!["site.yml".into()],
            runs: true,
            ..LoadOptions::default()
        };
        Self { files, options, hosts: Arc::default(), forks: 8, vault: Vault::default() }
    }

    /// A host as it is before the first run.
    pub(super) fn host(&self, name: &str, world: World) {
        self.hosts.lock().unwrap().insert(name.to_owned(), InMemory::new(world));
    }

    /// So many hosts at once.
    pub(super) fn forks(self, forks: usize) -> Self {
        Self { forks, ..self }
    }

    /// How a host is before the first run.
    pub(super) fn is(&self, host: &str, world: World) {
        self.hosts.lock().unwrap().insert(host.to_owned(), InMemory::new(world));
    }

    pub(super) fn load(&self) -> Result<Project, Box<LoadErrors>> {
        Project::load(&self.options, &self.files, &self.vault)
    }

    /// Everything that is wrong, with places.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let Err(errors) = self.load() else { return Vec::new() };
        errors.diagnostics.iter().map(|error| format!("{error} ({:?})", error.help)).collect()
    }

    pub(super) fn run(&self, purpose: Purpose) -> Told {
        let project = self.load().unwrap_or_else(|errors| panic!("{:#?}", errors.diagnostics));
        let hosts = Arc::clone(&self.hosts);
        let played = move |name: &str,
                           from: &mut (dyn std::io::Read + Send),
                           to: &mut (dyn std::io::Write + Send)| {
            let known = hosts.lock().unwrap().get(name).cloned();
            let mut host = known.unwrap_or_else(|| InMemory::new(World::default()));
            serve_on(from, to, &mut host).unwrap();
            hosts.lock().unwrap().insert(name.to_owned(), host);
        };
        let options = RunOptions { run: "run".into(), purpose, forks: self.forks, hosts: None };
        let mut told = Told::default();
        told.outcome = controller::run_played(
            &project,
            &options,
            &played,
            &Stop::default(),
            &mut |host, event| {
                told.events.push((host.to_owned(), event));
            },
        );
        told
    }

    pub(super) fn apply(&self) -> Told {
        self.run(Purpose::Apply)
    }

    pub(super) fn check(&self) -> Told {
        self.run(Purpose::Check)
    }
}

impl Told {
    fn tasks(&self) -> impl Iterator<Item = (&str, &TaskReport)> {
        self.events.iter().filter_map(|(host, event)| match event {
            Event::TaskFinished(report) => Some((host.as_str(), report)),
            _ => None,
        })
    }

    /// What `debug` tasks said on each host.
    pub(super) fn said(&self) -> BTreeMap<String, Vec<String>> {
        let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (host, task) in self.tasks() {
            if let (Some(Reason::Message { message }), false) =
                (&task.reason, task.status == TaskStatus::Skipped)
            {
                said.entry(host.to_owned()).or_default().push(message.clone());
            }
        }
        said
    }

    /// All that is told.
    pub(super) fn everything(&self) -> String {
        format!("{:?}", self.events)
    }

    /// The same in the order of the run: `host: what`.
    pub(super) fn in_order(&self) -> Vec<String> {
        let said = self.tasks().filter_map(|(host, task)| match &task.reason {
            Some(Reason::Message { message }) => Some(format!("{host}: {message}")),
            _ => None,
        });
        said.collect()
    }

    /// How the task of this name ended, on whichever host did.
    pub(super) fn status_of(&self, task: &str) -> TaskStatus {
        self.tasks().find(|(_, report)| report.task.name == task).unwrap().1.status
    }

    pub(super) fn failed(&self) -> Vec<&str> {
        let failed = self.outcome.hosts.iter().filter(|(_, end)| end.status == HostStatus::Failed);
        let mut names: Vec<&str> = failed.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    pub(super) fn status(&self, host: &str) -> HostStatus {
        self.outcome.hosts.iter().find(|(name, _)| name == host).unwrap().1.status
    }

    /// The modes of the files that were written.
    pub(super) fn modes(&self, host: &str) -> Vec<String> {
        let own = self.tasks().filter(|(name, _)| *name == host);
        let after =
            own.flat_map(|(_, task)| &task.actions).filter_map(|action| match &action.after {
                Some(TargetState::Attributes(attributes)) => attributes.mode,
                _ => None,
            });
        after.map(|mode| mode.to_string()).collect()
    }

    /// Every action, as a dry run announces it and an apply performs it.
    pub(super) fn actions(&self, host: &str) -> Vec<String> {
        let own = self.tasks().filter(|(name, _)| *name == host);
        let actions = own.flat_map(|(_, task)| &task.actions);
        actions
            .map(|action| format!("{} {} {:?}", action.kind, action.target, action.diff))
            .collect()
    }
}
