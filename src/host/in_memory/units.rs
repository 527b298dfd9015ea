//! Units of a host in memory.

use super::world::{Entry, Owned, UnitState, World};
use super::{InMemory, stale};
use crate::host::{HostError, ServiceChange, Unit, UnitTies, unit_name};
use crate::value::{Known, Mode};
use std::collections::BTreeSet;
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
        let plain =
            |enabled: &String| ["enabled", "disabled", "static"].contains(&enabled.as_str());
        let hidden = Some(unit.enabled.clone()).filter(|enabled| unit.masked && plain(enabled));
        let enabled = if unit.masked { "masked".to_owned() } else { unit.enabled };
        Unit { exists: true, enabled, active: unit.active, masked: unit.masked, hidden }
    }

    pub(super) fn is_active(&self, name: &str) -> bool {
        self.unit(name).active
    }

    fn of_file(&self, name: &str) -> Option<UnitState> {
        let content = self.unit_file(name)?;
        let installable = String::from_utf8_lossy(content).contains("[Install]");
        let wanted = self.files.keys().any(|path| {
            path.file_name().is_some_and(|file| file == name)
                && path.parent().and_then(Path::extension).is_some_and(|kind| kind == "wants")
        });
        let enabled = match (wanted, installable) {
            (true, _) => "enabled",
            (false, true) => "disabled",
            (false, false) => "static",
        };
        Some(UnitState { enabled: enabled.to_owned(), ..UnitState::default() })
    }

    fn unit_file(&self, name: &str) -> Option<&[u8]> {
        let template = name.split_once('@').and_then(|(stem, rest)| {
            let suffix = rest.rsplit_once('.')?.1;
            Some(format!("{stem}@.{suffix}"))
        });
        [Some(name), template.as_deref()].into_iter().flatten().find_map(|file| {
            FOLDERS.iter().find_map(|folder| self.content(&Path::new(folder).join(file)))
        })
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
        let ties = self.unit_says(name);
        if let Some(unit) = self.units.get_mut(name) {
            unit.active = !ties.oneshot;
        }
        self.take_along(name, &ties);
        Ok(())
    }

    /// What comes and goes with a unit that has started.
    fn take_along(&mut self, name: &str, ties: &UnitState) {
        for folder in &ties.folders {
            self.make_parents(folder);
            self.files.entry(folder.clone()).or_insert_with(|| Entry::Directory(Owned::default()));
        }
        for effect in &ties.effects {
            self.take_effect(effect);
        }
        let units: Vec<String> = self.units.keys().cloned().collect();
        for other in units {
            let clashes = ties.conflicts.contains(&other)
                || self.unit_says(&other).conflicts.iter().any(|unit| unit == name);
            if clashes {
                self.stop(&other);
            }
        }
        for needed in &ties.starts {
            if !self.is_active(needed) {
                let _ = self.start(needed);
            }
        }
    }

    /// Stops a unit, and those that cannot be without it.
    pub(super) fn stop(&mut self, name: &str) {
        let ties = self.unit_says(name);
        let Some(unit) = self.units.get_mut(name).filter(|unit| unit.active) else { return };
        unit.active = false;
        for folder in ties.folders.iter().filter(|folder| folder.starts_with("/run")) {
            self.remove(folder);
        }
        let units: Vec<String> = self.units.keys().cloned().collect();
        for other in units {
            if self.unit_says(&other).stopped_by.iter().any(|unit| unit == name) {
                self.stop(&other);
            }
        }
    }

    /// What a unit is tied to, by its entry and by its file.
    fn unit_says(&self, name: &str) -> UnitState {
        let mut says = self.units.get(name).cloned().unwrap_or_default();
        let Some(content) = self.unit_file(name) else { return says };
        let text = String::from_utf8_lossy(content).into_owned();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let units = || value.split_whitespace().map(unit_name).collect::<Vec<_>>();
            match key {
                "Wants" => says.starts.extend(units()),
                "Requires" | "BindsTo" => {
                    says.starts.extend(units());
                    says.stopped_by.extend(units());
                }
                "PartOf" => says.stopped_by.extend(units()),
                "Conflicts" => says.conflicts.extend(units()),
                "Also" => says.also.extend(units()),
                "StateDirectory" => says.folders.push(Path::new("/var/lib").join(value)),
                "RuntimeDirectory" => says.folders.push(Path::new("/run").join(value)),
                "Type" => says.oneshot = value == "oneshot",
                _ => {}
            }
        }
        says
    }

    /// As the service manager tells it.
    pub(super) fn shown_ties(&self, name: &str) -> UnitTies {
        let says = self.unit_says(name);
        let hangs =
            |other: &&String| self.unit_says(other).stopped_by.iter().any(|unit| unit == name);
        let clashes =
            |other: &&String| self.unit_says(other).conflicts.iter().any(|unit| unit == name);
        let plain = Mode::from_bits(0o755);
        let mut conflicts: BTreeSet<String> = says.conflicts.into_iter().collect();
        conflicts.extend(self.units.keys().filter(clashes).cloned());
        UnitTies {
            starts: says.starts.into_iter().collect(),
            stopped_by: says.stopped_by.into_iter().collect(),
            stops: self.units.keys().filter(hangs).cloned().collect(),
            conflicts,
            also: says.also.into_iter().collect(),
            fleeting: says
                .folders
                .iter()
                .filter(|path| path.starts_with("/run"))
                .cloned()
                .collect(),
            folders: says.folders.into_iter().map(|path| (path, Some(plain))).collect(),
            ends: says.oneshot,
            revived: false,
            reloads: true,
        }
    }

    /// A file in the place of a mask, or nothing, lifts it.
    pub(super) fn lift_mask(&mut self, path: &Path) {
        let in_etc = path.parent() == Some(Path::new("/etc/systemd/system"));
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| in_etc) else {
            return;
        };
        if let Some(unit) = self.units.get_mut(name) {
            unit.masked = false;
        }
    }

    /// A link in a folder of wanted units enables one.
    pub(super) fn link_wanted(&mut self, path: &Path, made: bool) {
        let wants = path.parent().and_then(Path::extension).is_some_and(|kind| kind == "wants");
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| wants) else {
            return;
        };
        let enabled = if made { "enabled" } else { "disabled" };
        if let Some(unit) = self.units.get_mut(name)
            && unit.enabled != "static"
        {
            unit.enabled = enabled.to_owned();
        }
    }
}

fn unknown(name: &str) -> HostError {
    HostError::failed(format!("there is no unit `{name}`"))
}

impl InMemory {
    pub(super) fn change_unit(
        &mut self,
        name: &str,
        change: ServiceChange,
        before: &Known<Unit>,
    ) -> Result<(), HostError> {
        let name = unit_name(name);
        let found = Unit { hidden: None, ..self.world.unit(&name) };
        if let Known::Is(planned) = before
            && *planned != found
        {
            return Err(stale(format!("unit {name}"), format!("{found:?}")));
        }
        if change == ServiceChange::Start {
            if self.world.unit_says(&name).oneshot {
                return Err(HostError::ends_by_itself(&name));
            }
            return self.world.start(&name);
        }
        let mask = Path::new("/etc/systemd/system").join(&name);
        if change == ServiceChange::Mask {
            if self.world.files.contains_key(&mask) && !found.masked {
                return Err(HostError::cannot_be_masked(&name));
            }
            self.world.files.entry(mask).or_insert_with(|| Entry::Link("/dev/null".into()));
            self.world.units.entry(name).or_default().masked = true;
            return Ok(());
        }
        let also = self.world.unit_says(&name).also;
        let unit = self.world.unit_mut(&name).ok_or_else(|| unknown(&name))?;
        let can_be_told =
            matches!(unit.enabled.as_str(), "enabled" | "disabled" | "enabled-runtime");
        match change {
            ServiceChange::Enable if unit.masked => {
                return Err(HostError::failed(format!("cannot enable {name}: it is masked")));
            }
            ServiceChange::Enable | ServiceChange::Disable if can_be_told => {
                let word = if change == ServiceChange::Enable { "enabled" } else { "disabled" };
                unit.enabled = word.into();
                for other in also {
                    if let Some(unit) = self.world.unit_mut(&other)
                        && unit.enabled != "static"
                    {
                        unit.enabled = word.into();
                    }
                }
            }
            ServiceChange::Stop => self.world.stop(&name),
            ServiceChange::Unmask => {
                unit.masked = false;
                if matches!(self.world.files.get(&mask), Some(Entry::Link(_))) {
                    self.world.files.remove(&mask);
                }
            }
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
