//! `service`: a unit of systemd, running or not, at boot or not.

use crate::host::{Action, HostError, ServiceChange, Unit, View, unit_name};
use crate::resource::{Nature, Planned, Resource, UNITS};
use crate::text::Diagnostic;
use crate::value::{Known, Value};
use serde::Deserialize;

/// A unit of systemd: running or not, started at boot or not, masked or not.
///
/// `restarted` and `reloaded` have no end state: put them into a handler.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    /// The unit; without a suffix a `.service`.
    #[serde(alias = "unit", alias = "service")]
    #[schemars(extend("aliases" = ["unit", "service"]))]
    name: Option<String>,
    /// What it shall be, or what shall be done.
    state: Option<State>,
    /// Started at boot.
    enabled: Option<bool>,
    /// Cannot be started at all.
    masked: Option<bool>,
    /// Let systemd read unit files again: with `name`, if that unit's files have changed since
    /// it did.
    #[serde(default, alias = "daemon-reload")]
    #[schemars(extend("aliases" = ["daemon-reload"]))]
    daemon_reload: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Running.
    Started,
    /// Not running.
    Stopped,
    /// Stopped and started: an act.
    Restarted,
    /// Its configuration read again, or started where it was not running: an act.
    Reloaded,
}

/// The unit, and whether systemd knows its files.
#[derive(Debug)]
pub(super) struct Found {
    unit: Known<Unit>,
    needs_reload: Known<bool>,
}

impl Resource for Service {
    const NAME: &'static str = "service";
    const ALIASES: &'static [&'static str] = &["systemd", "systemd_service"];
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("name");
    const ON_COMMAND_LINE: &'static [&'static str] = &["name"];
    const RESULT: &'static [&'static str] = &["name"];
    const FAMILY: &'static str = UNITS;
    const EXAMPLE: &'static str = r#"- name: Postfix runs, now and after a boot
  service:
    name: postfix
    state: started
    enabled: true
"#;
    type State = Found;

    fn nature(given: &Value) -> Nature {
        match given.get("state").and_then(Value::as_str) {
            Some("restarted" | "reloaded") => Nature::Act,
            _ => Nature::Change,
        }
    }

    fn validate(&self) -> Result<(), Diagnostic> {
        let Some(name) = &self.name else {
            let wants = self.state.is_some() || self.enabled.is_some() || self.masked.is_some();
            return match (wants, self.daemon_reload) {
                (false, true) => Ok(()),
                _ => Err(Diagnostic::new("`service` needs `name`")),
            };
        };
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte);
        if name.is_empty() || name.starts_with('-') || !name.bytes().all(good) {
            return Err(Diagnostic::new(format!("`{name}` is not a unit's name")));
        }
        if self.state.is_none()
            && self.enabled.is_none()
            && self.masked.is_none()
            && !self.daemon_reload
        {
            return Err(Diagnostic::new(format!("nothing is declared of `{name}`"))
                .help("give `state`, `enabled` or `masked`"));
        }
        let runs = matches!(self.state, Some(State::Started | State::Restarted | State::Reloaded));
        if self.masked == Some(true) && (runs || self.enabled == Some(true)) {
            return Err(Diagnostic::new("a masked unit can be neither started nor enabled"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let Some(name) = &self.name else {
            return Ok(Found { unit: Known::Is(Unit::default()), needs_reload: Known::Is(true) });
        };
        let needs_reload =
            if self.daemon_reload { view.needs_daemon_reload(name)? } else { Known::Is(false) };
        Ok(Found { unit: view.unit(name)?, needs_reload })
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        let mut planned = Planned::as_declared();
        match &found.needs_reload {
            Known::Is(true) => planned = planned.exact(Action::DaemonReload),
            Known::Is(false) => {}
            Known::Unknown(origin) => {
                planned = planned.unless(Action::DaemonReload, origin.clone())
            }
        }
        let Some(name) = &self.name else { return Ok(planned) };
        let mut steps = Steps { unit: found.unit.clone(), name: unit_name(name), planned };
        self.possible(&steps)?;
        if self.masked == Some(false) {
            steps.unless_so(ServiceChange::Unmask, |unit| !unit.masked);
        }
        if self.enabled == Some(true) {
            steps.unless_so(ServiceChange::Enable, Unit::is_enabled);
        }
        match self.state {
            Some(State::Started) => steps.unless_so(ServiceChange::Start, |unit| unit.active),
            Some(State::Stopped) => steps.unless_so(ServiceChange::Stop, |unit| !unit.active),
            Some(State::Restarted) => steps.act(|unit| Action::Restart { unit }),
            Some(State::Reloaded) => steps.act(|unit| Action::Reload { unit }),
            None => {}
        }
        if self.enabled == Some(false) {
            steps.unless_so(ServiceChange::Disable, |unit| {
                !matches!(unit.enabled.as_str(), "enabled" | "enabled-runtime")
            });
        }
        if self.masked == Some(true) {
            steps.unless_so(ServiceChange::Mask, |unit| unit.masked);
        }
        Ok(steps.planned.with("name", name.as_str()))
    }
}

impl Service {
    /// Refuses what cannot be done to the unit as it is known.
    fn possible(&self, steps: &Steps) -> Result<(), Diagnostic> {
        let Known::Is(unit) = &steps.unit else { return Ok(()) };
        let runs = matches!(self.state, Some(State::Started | State::Restarted | State::Reloaded));
        let needed = runs || self.enabled == Some(true);
        if needed && !unit.exists {
            return Err(Diagnostic::new(format!("there is no unit `{}`", steps.name))
                .help("install its package or write its unit file before this task"));
        }
        if needed && unit.masked && self.masked != Some(false) {
            return Err(Diagnostic::new(format!("{} is masked", steps.name))
                .help("`masked: false` lets it start"));
        }
        Ok(())
    }
}

/// Changes of one unit, each planned against what the one before leaves.
struct Steps {
    unit: Known<Unit>,
    name: String,
    planned: Planned,
}

impl Steps {
    fn unless_so(&mut self, change: ServiceChange, is_so: impl Fn(&Unit) -> bool) {
        let unless = match &self.unit {
            Known::Is(unit) if is_so(unit) => return,
            Known::Is(_) => None,
            Known::Unknown(origin) => Some(origin.clone()),
        };
        // What a mask hides is no part of what an action replaces.
        let before = self.unit.clone().map(|unit| Unit { hidden: None, ..unit });
        let action = Action::Service { unit: self.name.clone(), change, before };
        self.planned = std::mem::take(&mut self.planned).step(action, unless);
        self.unit = match std::mem::replace(&mut self.unit, Known::Is(Unit::default())) {
            Known::Is(unit) => unit.after(change),
            unknown => unknown,
        };
    }

    fn act(&mut self, action: impl Fn(String) -> Action) {
        let action = action(self.name.clone());
        self.planned = std::mem::take(&mut self.planned).exact(action);
        if let Known::Is(unit) = &mut self.unit {
            unit.active = true;
        }
    }
}
