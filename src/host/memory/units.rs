//! Units of a host in memory.

use super::world::{UnitState, World};
use super::{Memory, stale};
use crate::host::{HostError, ServiceChange, Unit, unit_name};
use crate::value::Known;
use std::path::{Path, PathBuf};

/// Where unit files lie (systemd.unit(5)).
const FOLDERS: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

impl World {
    /// A unit's state. A unit file makes a unit.
    #[must_use]
    pub fn unit(&self, name: &str) -> Unit {
        let name = unit_name(name);
        let Some(unit) = self.units.get(&name).cloned().or_else(|| self.of_file(&name)) else {
            return Unit::default();
        };
        let enabled = if unit.masked { "masked".to_owned() } else { unit.enabled };
        Unit { exists: true, enabled, active: unit.active, masked: unit.masked }
    }

    pub(super) fn is_active(&self, name: &str) -> bool {
        self.unit(name).active
    }

    fn of_file(&self, name: &str) -> Option<UnitState> {
        let template = name.split_once('@').and_then(|(stem, rest)| {
            let suffix = rest.rsplit_once('.')?.1;
            Some(format!("{stem}@.{suffix}"))
        });
        let content = [Some(name), template.as_deref()].into_iter().flatten().find_map(|file| {
            FOLDERS.iter().find_map(|folder| self.content(&Path::new(folder).join(file)))
        })?;
        let installable = String::from_utf8_lossy(content).contains("[Install]");
        let enabled = if installable { "disabled" } else { "static" };
        Some(UnitState { enabled: enabled.to_owned(), ..UnitState::default() })
    }

    fn unit_mut(&mut self, name: &str) -> Option<&mut UnitState> {
        if !self.units.contains_key(name) {
            let made = self.of_file(name)?;
            self.units.insert(name.to_owned(), made);
        }
        self.units.get_mut(name)
    }

    /// Starts a unit.
    pub(super) fn start(&mut self, name: &str) -> Result<(), HostError> {
        let absent: Option<PathBuf> = self
            .units
            .get(name)
            .and_then(|unit| unit.needs.iter().find(|path| self.content(path).is_none()).cloned());
        let unit = self.unit_mut(name).ok_or_else(|| unknown(name))?;
        if unit.masked {
            return Err(HostError::failed(format!("cannot start {name}: it is masked")));
        }
        let log =
            unit.fails.clone().or(absent.map(|path| format!("cannot open {}", path.display())));
        if let Some(log) = log {
            unit.active = false;
            return Err(HostError::Failed {
                message: format!("{name} did not start"),
                notes: vec![format!("log: {log}")],
                help: None,
            });
        }
        unit.active = true;
        Ok(())
    }
}

fn unknown(name: &str) -> HostError {
    HostError::failed(format!("there is no unit `{name}`"))
}

impl Memory {
    pub(super) fn change_unit(
        &mut self,
        name: &str,
        change: ServiceChange,
        before: &Known<Unit>,
    ) -> Result<(), HostError> {
        let name = unit_name(name);
        let found = self.world.unit(&name);
        if let Known::Is(planned) = before
            && *planned != found
        {
            return Err(stale(format!("unit {name}"), format!("{found:?}")));
        }
        if change == ServiceChange::Start {
            return self.world.start(&name);
        }
        if change == ServiceChange::Mask {
            self.world.units.entry(name).or_default().masked = true;
            return Ok(());
        }
        let unit = self.world.unit_mut(&name).ok_or_else(|| unknown(&name))?;
        let can_be_told =
            matches!(unit.enabled.as_str(), "enabled" | "disabled" | "enabled-runtime");
        match change {
            ServiceChange::Enable if unit.masked => {
                return Err(HostError::failed(format!("cannot enable {name}: it is masked")));
            }
            ServiceChange::Enable if can_be_told => unit.enabled = "enabled".into(),
            ServiceChange::Disable if can_be_told => unit.enabled = "disabled".into(),
            ServiceChange::Stop => unit.active = false,
            ServiceChange::Unmask => unit.masked = false,
            _ => {}
        }
        Ok(())
    }

    /// A restart, or a reload (which starts what is not running).
    pub(super) fn start_anew(&mut self, name: &str, doing: &str) -> Result<(), HostError> {
        let name = unit_name(name);
        if !self.world.unit(&name).exists {
            return Err(HostError::failed(format!("cannot {doing} {name}: there is no such unit")));
        }
        self.world.start(&name)
    }
}
