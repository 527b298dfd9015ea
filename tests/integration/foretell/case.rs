//! One case: a host and a role, from a fixture or from the generator, and its runs.

use super::recorder::{KeptState, Killed, Recorder};
use super::role::Role;
use crate::bench::{Bench, Told};
use converge::controller::RunOptions;
use converge::engine::Runner;
use converge::engine::bundle::{Bundle, Purpose};
use converge::engine::state::State;
use converge::event::HostStatus;
use converge::host::in_memory::World;
use converge::host::overlay::Overlay;
use converge::host::{Action, Host};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::OnceLock;

/// What `tests/fixtures/foretell/*.yml` hold.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// What the case showed.
    #[serde(default)]
    pub(super) about: String,
    /// The role does not contradict itself: a second run has nothing to do.
    #[serde(default)]
    pub(super) steady: bool,
    #[serde(default)]
    pub(super) host: Value,
    tasks: Value,
    #[serde(default)]
    more: Value,
    #[serde(default)]
    other: Value,
    #[serde(default)]
    handlers: Value,
}

/// How a run ended.
pub(super) struct Run {
    pub(super) told: Told,
    /// What was performed, or in check would be.
    pub(super) actions: Vec<Action>,
    /// What did not succeed, even if the role does not mind.
    pub(super) refused: Vec<Action>,
    pub(super) state: State,
    pub(super) killed: bool,
}

impl Run {
    pub(super) fn status(&self) -> HostStatus {
        self.told.report.as_ref().map_or(HostStatus::Failed, |report| report.status)
    }
}

impl Case {
    pub(super) fn of(role: &Role) -> Self {
        let written = role.write();
        Self {
            about: String::new(),
            steady: role.steady,
            host: written.host,
            tasks: written.main,
            more: written.more,
            other: written.other,
            handlers: written.handlers,
        }
    }

    pub(super) fn read(text: &str) -> Self {
        serde_json::from_value(crate::bench::data(text)).unwrap()
    }

    /// As a fixture holds it.
    pub(super) fn to_yaml(&self) -> String {
        let mut text = format!("about: >-\n  WHAT IT SHOWED\nsteady: {}\n", self.steady);
        for (name, value) in [
            ("host", &self.host),
            ("tasks", &self.tasks),
            ("more", &self.more),
            ("other", &self.other),
            ("handlers", &self.handlers),
        ] {
            match value {
                Value::Array(items) if !items.is_empty() => {
                    let _ = writeln!(text, "{name}:");
                    for item in items {
                        let _ = writeln!(text, "  - {item}");
                    }
                }
                Value::Object(map) if !map.is_empty() => {
                    let _ = writeln!(text, "{name}: {value}");
                }
                _ => {}
            }
        }
        text
    }

    pub(super) fn world(&self) -> World {
        let mut world = base().clone();
        for (key, own) in self.host.as_object().into_iter().flatten() {
            match (world.get_mut(key), own) {
                (Some(Value::Object(base)), Value::Object(own)) => {
                    base.extend(own.iter().map(|(name, value)| (name.clone(), value.clone())));
                }
                _ => world[key] = own.clone(),
            }
        }
        serde_json::from_value(world).unwrap()
    }

    pub(super) fn bundle(&self) -> Bundle {
        let list = |value: &Value| match value {
            Value::Null => "[]".to_owned(),
            value => value.to_string(),
        };
        let project = Bench::new(World::default(), &list(&self.tasks))
            .with("roles/r/tasks/more.yml", &list(&self.more))
            .with("roles/r/handlers/main.yml", &list(&self.handlers))
            .with("roles/r/templates/t.j2", "of {{ inventory_hostname }}\n")
            .with("roles/r/templates/fact.j2", "{{ fact_a }}\n")
            .with("roles/other/templates/fact.j2", "{{ fact_a }}\n")
            .with("roles/other/tasks/main.yml", &list(&self.other))
            .with(
                "roles/r/defaults/main.yml",
                &json!({
                    "fact_a": "none", "flag_yes": true, "flag_no": false,
                })
                .to_string(),
            )
            .with(
                "roles/other/defaults/main.yml",
                &json!({
                    "fact_a": "none", "flag_yes": true, "flag_no": false,
                })
                .to_string(),
            )
            .with("roles/other/templates/t.j2", "of {{ inventory_hostname }}\n")
            .load();
        let project = project.unwrap_or_else(|errors| panic!("{:#?}", errors.diagnostics));
        let options =
            RunOptions { run: "run".into(), purpose: Purpose::Check, forks: 1, hosts: None };
        project.bundle("h", &options)
    }
}

/// The host that every role begins with, as far as its own does not differ.
pub(super) fn base() -> &'static Value {
    static BASE: OnceLock<Value> = OnceLock::new();
    BASE.get_or_init(|| crate::bench::data(include_str!("../../fixtures/foretell/world.yml")))
}

/// Runs a bundle. `kill_after` counts actions from 1; 0 never kills.
pub(super) fn run(
    bundle: &Bundle,
    purpose: Purpose,
    host: &mut dyn Host,
    state: &State,
    kill_after: usize,
) -> Run {
    let mut bundle = bundle.clone();
    bundle.purpose = purpose;
    let killed = Killed::default();
    let mut kept = KeptState::new(state.clone(), &killed);
    let mut outlet = Listener { told: Told::default(), killed: Killed::clone(&killed) };
    let mut over;
    let door: &mut dyn Host = match purpose {
        Purpose::Apply => host,
        Purpose::Check | Purpose::Verify => {
            over = Overlay::new(host.view(), HashSet::new());
            &mut over
        }
    };
    let mut recorder = Recorder::new(door, kill_after, &killed);
    let report = Runner::new(&bundle, &mut kept, &mut outlet).run(&mut recorder);
    let (actions, refused) = (recorder.actions, recorder.refused);
    let mut told = outlet.told;
    told.report = report.ok();
    Run { told, actions, refused, state: kept.state, killed: killed.get() }
}

/// Hears nothing after the kill.
struct Listener {
    told: Told,
    killed: Killed,
}

impl converge::engine::Outlet for Listener {
    fn event(&mut self, event: converge::event::Event) {
        if !self.killed.get() {
            self.told.events.push(event);
        }
    }

    fn gone(&self) -> bool {
        self.killed.get()
    }
}
