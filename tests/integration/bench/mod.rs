//! A role on a host in memory, through the whole way that a real run takes but the wire: loaded,
//! typed, bundled, run.

use converge::config::{AdHoc, MemoryFiles, Vault};
use converge::controller::{LoadErrors, LoadOptions, Project, RunOptions};
use converge::engine::bundle::Purpose;
use converge::engine::memory::{Forgetful, Memory as _};
use converge::engine::state::State;
use converge::engine::{Outlet, Runner};
use converge::event::{ActionReport, Diff, Event, HostReport, Reason, TaskReport, TaskStatus};
use converge::host::in_memory::{InMemory, World};
use converge::host::overlay::Overlay;
use std::collections::HashSet;

/// YAML as data.
pub(crate) fn data(yaml: &str) -> serde_json::Value {
    let source = converge::text::Sources::default().add("data", yaml);
    converge::config::yaml::parse(source, yaml).unwrap().to_value().to_json_exposed()
}

/// A host in memory, as YAML describes it.
pub(crate) fn world(yaml: &str) -> World {
    serde_json::from_value(data(yaml)).unwrap()
}

/// One role, one host.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    files: MemoryFiles,
    options: LoadOptions,
    pub(crate) host: InMemory,
    pub(crate) state: State,
}

/// What a run said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) events: Vec<Event>,
    pub(crate) report: Option<HostReport>,
}

impl Bench {
    /// A role `r` with this `tasks/main.yml`, on a host in this state.
    pub(crate) fn new(world: World, tasks: &str) -> Self {
        let files = MemoryFiles::default()
            .with("hosts.yml", "all: {hosts: {h: {ansible_connection: local}}, roles: [r]}\n")
            .with("roles/r/tasks/main.yml", tasks);
        let options = LoadOptions { inventory: "hosts.yml".into(), ..LoadOptions::default() };
        Self { files, options, host: InMemory::new(world), state: State::default() }
    }

    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.files = self.files.with(path, text);
        self
    }

    /// The controller's environment.
    pub(crate) fn environment(mut self, environment: fn(&str) -> Option<String>) -> Self {
        self.options.environment = Some(environment);
        self
    }

    /// `converge run`, in the role's place.
    pub(crate) fn ad_hoc(mut self, written: AdHoc) -> Self {
        self.options.ad_hoc = Some(written);
        self
    }

    /// `--tags` and `--skip-tags`.
    pub(crate) fn tagged(mut self, tags: &[&str], skip_tags: &[&str]) -> Self {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        (self.options.tags, self.options.skip_tags) = (owned(tags), owned(skip_tags));
        self
    }

    pub(crate) fn load(&self) -> Result<Project, Box<LoadErrors>> {
        Project::load(&self.options, &self.files, &Vault::default())
    }

    /// A dry run.
    pub(crate) fn check(&self) -> Told {
        self.run(Purpose::Check, &mut self.host.clone()).0
    }

    /// A run for real; what it remembers stays.
    pub(crate) fn apply(&mut self) -> Told {
        let mut host = self.host.clone();
        let (told, state) = self.run(Purpose::Apply, &mut host);
        self.host = host;
        self.state = state;
        told
    }

    fn run(&self, purpose: Purpose, host: &mut InMemory) -> (Told, State) {
        let project = self.load().unwrap_or_else(|errors| {
            panic!("{:#?}", errors.diagnostics);
        });
        let options = RunOptions { run: "run".into(), purpose, forks: 1, hosts: None };
        let bundle = project.bundle("h", &options);
        let mut memory = Forgetful::new(self.state.clone(), b"key".to_vec());
        let mut told = Told::default();
        let report = match purpose {
            Purpose::Apply => Runner::new(&bundle, &mut memory, &mut told).run(host),
            Purpose::Check | Purpose::Verify => {
                let mut overlay = Overlay::new(&*host, HashSet::new());
                Runner::new(&bundle, &mut memory, &mut told).run(&mut overlay)
            }
        };
        told.report = Some(report.unwrap());
        (told, memory.state().clone())
    }
}

impl Outlet for Told {
    fn event(&mut self, event: Event) {
        self.events.push(event);
    }
}

impl Told {
    pub(crate) fn tasks(&self) -> impl Iterator<Item = &TaskReport> {
        self.events.iter().filter_map(|event| match event {
            Event::TaskFinished(report) => Some(report),
            _ => None,
        })
    }

    /// The report of the task of this name.
    pub(crate) fn task(&self, name: &str) -> &TaskReport {
        let found = self.tasks().find(|report| report.task.name == name);
        found.unwrap_or_else(|| {
            panic!("no task `{name}` in {:#?}", self.tasks().collect::<Vec<_>>())
        })
    }

    /// What a task says (`debug`).
    pub(crate) fn said(task: &TaskReport) -> String {
        match &task.reason {
            Some(Reason::Message { message }) => message.clone(),
            other => format!("{other:?}"),
        }
    }

    pub(crate) fn status(&self, name: &str) -> TaskStatus {
        self.task(name).status
    }

    /// Every action that was performed, or would be.
    pub(crate) fn actions(&self) -> Vec<&ActionReport> {
        self.tasks().flat_map(|task| &task.actions).collect()
    }

    pub(crate) fn errors(&self) -> Vec<String> {
        self.tasks().filter_map(|task| task.error.as_ref()).map(ToString::to_string).collect()
    }
}

/// The lines of a diff that is shown.
pub(crate) fn diff(action: &ActionReport) -> &str {
    match &action.diff {
        Some(Diff::Unified { lines }) => lines,
        other => panic!("no diff to read: {other:?}"),
    }
}
