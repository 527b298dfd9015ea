//! Units of a dry run.

use super::Overlay;
use crate::host::{HostError, ServiceChange, Unit, unit_name};
use crate::value::{Known, Origin};

impl Overlay<'_> {
    pub(super) fn virtual_unit(&self, name: &str) -> Result<Known<Unit>, HostError> {
        let name = unit_name(name);
        let packages =
            !self.packages.transactions.is_empty() || self.packages.may_bring_files().is_some();
        Ok(self.unit_of(name)?.map(|unit| Unit {
            // Under a mask they bring and enable what they like.
            hidden: unit.hidden.filter(|_| !packages),
            ..unit
        }))
    }

    fn unit_of(&self, name: String) -> Result<Known<Unit>, HostError> {
        if let Some(pending) = self.units.get(&name) {
            return Ok(pending.clone());
        }
        if let Some(origin) = self.everything.as_ref().or(self.packages.gone.as_ref()) {
            return Ok(Known::Unknown(origin.clone()));
        }
        let under = self.inner.unit(&name)?;
        if let Known::Is(Unit { exists: false, .. }) = &under
            && let Some(instance) = self.instance(&name)?
        {
            return Ok(instance);
        }
        if let Known::Is(unit) = &under
            && let Some(origin) = self.packages.may_act_on(&name, unit)
        {
            return Ok(Known::Unknown(origin.clone()));
        }
        match (&under, self.packages.may_bring_files()) {
            (Known::Is(unit), Some(origin)) if !unit.exists => Ok(Known::Unknown(origin)),
            _ => Ok(under),
        }
    }

    /// A unit held through a transaction that brings it ends there, disabled and inactive; one
    /// that was running was not held and stays as it was.
    ///
    /// One that another package may have brought before, running, is not known: unless the package
    /// that comes has its name.
    pub(super) fn hold_unit(&mut self, name: &str, comes: &[&str]) -> Result<(), HostError> {
        let name = unit_name(name);
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
        let stem = stem.split_once('@').map_or(stem, |(template, _)| template);
        let surely_brought = comes.contains(&stem) && self.packages.gone.is_none();
        let held = match self.virtual_unit(&name)? {
            Known::Is(unit) if unit.exists => return Ok(()),
            Known::Unknown(_) if !surely_brought => return Ok(()),
            _ => Unit { exists: true, enabled: "disabled".into(), ..Unit::default() },
        };
        self.units.insert(name, Known::Is(held));
        Ok(())
    }

    pub(super) fn change_unit(
        &mut self,
        name: &str,
        change: ServiceChange,
    ) -> Result<(), HostError> {
        let name = unit_name(name);
        let origin = Origin::new(format!("the change of {name}"));
        let before = self.virtual_unit(&name)?;
        // What runs already takes nothing along.
        let runs = |active: bool| matches!(&before, Known::Is(unit) if unit.active == active);
        let (starts, stops) = (runs(false), runs(true));
        let after = match before {
            Known::Is(unit) => unit.after(change),
            unknown => unknown,
        };
        match change {
            ServiceChange::Start => self.unit_starts(&name, starts, &origin)?,
            ServiceChange::Stop => self.unit_stops(&name, stops, &origin)?,
            ServiceChange::Enable | ServiceChange::Disable => {
                self.unit_is_linked(&name, &origin)?
            }
            ServiceChange::Mask | ServiceChange::Unmask => {
                self.mask_changes(&name, change, &origin)?;
            }
        }
        self.units.insert(name, after);
        Ok(())
    }

    /// A restart, or a reload, which starts what does not run. What does its work and ends does
    /// not run afterwards.
    pub(super) fn start_anew(&mut self, name: &str) -> Result<(), HostError> {
        let name = unit_name(name);
        self.change_unit(&name, ServiceChange::Start)?;
        match (self.ties(&name)?, self.units.get_mut(&name)) {
            (Known::Is(ties), Some(Known::Is(unit))) => unit.active = !ties.ends,
            (Known::Unknown(origin), Some(unit)) => *unit = Known::Unknown(origin),
            _ => {}
        }
        Ok(())
    }
}
