//! Keeps units down for the length of a package transaction: a unit that does not run is masked in
//! /run, so that no maintainer script starts it, and is as it was before when the mask goes. A
//! marker beside tells a later run which masks a killed one left.

use super::super::HostError;
use super::held::{MARKERS, WAS_ENABLED, left_over, was_enabled};
use super::process::{self, tool};
use super::units::{Shown, Units, daemon_reload, show};
use crate::host::unit_name;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const RUNTIME_UNITS: &str = "/run/systemd/system";

/// Units masked for as long as this lives.
pub(super) struct Hold {
    units: Vec<String>,
}

impl Hold {
    /// Masks those of these units that do not run, and remembers it on the host first.
    ///
    /// # Errors
    /// If systemd does not follow; then nothing stays masked.
    pub(super) fn begin(names: &[String]) -> Result<Self, HostError> {
        let names: Vec<String> = names.iter().map(|name| unit_name(name)).collect();
        if names.is_empty() {
            return Ok(Self { units: names });
        }
        // A removed package of Debian's leaves its units masked in /etc until it comes again.
        let shown = show(&names)?;
        let down: Vec<_> =
            names.into_iter().zip(shown).filter(|(_, unit)| !unit.is_active()).collect();
        let hold = Self { units: down.iter().map(|(name, _)| name.clone()).collect() };
        std::fs::create_dir_all(MARKERS)
            .map_err(|error| HostError::file("make directory", PathBuf::from(MARKERS), error))?;
        down.iter().try_for_each(|(name, unit)| mask(name, unit))?;
        daemon_reload()?;
        Ok(hold)
    }

    /// Takes the masks away again. Units that a maintainer script enabled meanwhile are disabled:
    /// a held unit comes out as it was.
    ///
    /// # Errors
    /// If systemd does not follow.
    pub(super) fn end(mut self) -> Result<(), HostError> {
        release(&std::mem::take(&mut self.units))
    }
}

/// Marker first: a mask without one would never be found.
fn mask(name: &str, unit: &Shown) -> Result<(), HostError> {
    let marker = Path::new(MARKERS).join(name);
    let was = if unit.unit_file == "enabled" { WAS_ENABLED } else { "" };
    std::fs::write(&marker, was).map_err(|error| HostError::file("write", &marker, error))?;
    let mask = Path::new(RUNTIME_UNITS).join(name);
    match std::os::unix::fs::symlink("/dev/null", &mask) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(HostError::file("link", mask, error))
        }
        _ => Ok(()),
    }
}

/// Also after a failure no mask may stay.
impl Drop for Hold {
    fn drop(&mut self) {
        let _ = release(&std::mem::take(&mut self.units));
    }
}

/// Takes away what a killed run left masked.
pub(super) fn release_left_over(units: &Units) -> Result<(), HostError> {
    let names: Vec<String> = left_over().into_keys().collect();
    if names.is_empty() {
        return Ok(());
    }
    units.forget();
    release(&names)
}

fn release(units: &[String]) -> Result<(), HostError> {
    if units.is_empty() {
        return Ok(());
    }
    for unit in units {
        let mask = Path::new(RUNTIME_UNITS).join(unit);
        let is_mask = std::fs::read_link(&mask).is_ok_and(|to| to == Path::new("/dev/null"));
        if is_mask {
            remove(&mask)?;
        }
    }
    daemon_reload()?;
    disable(units)?;
    units.iter().try_for_each(|unit| remove(&Path::new(MARKERS).join(unit)))
}

/// Maintainer scripts enable by links in /etc, masked or not; the unit was not enabled before.
fn disable(units: &[String]) -> Result<(), HostError> {
    let shown = show(units)?;
    let newly = units.iter().zip(&shown).map(|(name, unit)| (name.as_str(), unit));
    let newly = newly.filter(|(name, unit)| unit.unit_file == "enabled" && !was_enabled(name));
    let enabled: Vec<&str> = newly.map(|(name, _)| name).collect();
    if enabled.is_empty() {
        return Ok(());
    }
    let mut argv = vec!["systemctl", "--no-ask-password", "disable", "--"];
    argv.extend(enabled);
    process::must(&tool(&argv, 60)).map(drop)
}

fn remove(path: &Path) -> Result<(), HostError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(HostError::file("remove", path, error))
        }
        _ => Ok(()),
    }
}
